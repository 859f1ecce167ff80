/* flows: what two willing peers do with each other. */
#include "ike/selector.h"
#include "scenario.h"

#include <stdio.h>

static void plain(struct run *run)
{
    struct pair p = pair_usual(run, "aes256gcm16-prfsha256-x25519");
    pair_up(&p, 1);
    EXPECT(p.w, p.a->told_kind[TELL_IKE_UP] == 1 && p.b->told_kind[TELL_IKE_UP] == 1);
    EXPECT(p.w, p.a->told_kind[TELL_CHILD_UP] == 1 && p.b->told_kind[TELL_CHILD_UP] == 1);
    EXPECT(p.w, p.a->told_kind[TELL_EXCHANGE] == 2);
    pair_end(&p);
}

/* ---- rounds of key exchange (RFC 9370) ----------------------------------------------------- */

/* How many key exchanges are in the keys, and how many exchanges it took. */
static void expect_rounds(struct pair *p, uint16_t count, bool quantum_safe)
{
    struct ike_sa_info a, b;
    EXPECT(p->w,
           ike_engine_next_sa(p->a->engine, 0, &a) && ike_engine_next_sa(p->b->engine, 0, &b));
    EXPECT(p->w, a.kex_count == count && b.kex_count == count);
    EXPECT(p->w, a.quantum_safe == quantum_safe && b.quantum_safe == quantum_safe);
    EXPECT(p->w, p->a->told_kind[TELL_EXCHANGE] == 1U + count);
}

static void rounds(struct run *run)
{
    static const char *const methods[] = {"x25519", "ke1_mlkem768", "ke2_ecp384",
                                          "ke3_mlkem1024", "ke4_x448", "ke5_mlkem512",
                                          "ke6_modp3072", "ke7_ecp521"};
    static const char *const suites[] = {"aes256gcm16-prfsha256", "aes128-sha256-prfsha384",
                                         "chacha20poly1305-prfsha512",
                                         "aes128ctr-sha512-prfaescmac"};
    for (unsigned s = 0; s < sizeof suites / sizeof suites[0]; s++)
        for (uint16_t count = 1; count <= 8; count++) {
            if (!run_case(run))
                continue;
            char ike[256];
            int len = snprintf(ike, sizeof ike, "%s", suites[s]);
            for (int i = 0; i < count; i++)
                len += snprintf(ike + len, sizeof ike - (size_t)len, "-%s", methods[i]);
            struct pair p = pair_usual(run, ike);
            pair_up(&p, 1);
            expect_rounds(&p, count, count > 1);
            pair_end(&p);
        }
}

#define S "aes256gcm16-prfsha256-"

/* What alice offers, what bob takes, and how many rounds come of it; 0 = they do not agree. */
static void choices(struct run *run)
{
    static const struct {
        const char *alice, *bob;
        uint16_t rounds;
        bool quantum_safe;
    } rows[] = {
        /* clang-format off */
        {S "x25519-ke2_mlkem768-ke4_ecp384-ke6_x448",
         S "x25519-ke2_mlkem768-ke4_ecp384-ke6_x448", 4, true},
        {S "x25519-ke7_mlkem768",
         S "x25519-ke7_mlkem768", 2, true},
        {S "x25519-ke1_mlkem768-ke1_none",
         S "x25519-ke1_mlkem768", 2, true},
        {S "x25519-ke1_mlkem768-ke1_none",
         S "x25519", 1, false},
        {S "x25519-ke1_mlkem768-ke1_none",
         S "x25519-ke1_none", 1, false},
        {S "x25519-ke1_none-ke2_mlkem768",
         S "x25519-ke1_none-ke2_mlkem768", 2, true},
        {S "x25519-ke1_mlkem768",
         S "x25519", 0, false},
        {S "x25519-ke1_mlkem768, " S "x25519",
         S "x25519", 1, false},
        {S "x25519-ke1_ecp256-ke1_ecp384-ke2_ecp256",
         S "x25519-ke1_ecp256-ke1_ecp384-ke2_ecp256", 3, false},
        {S "mlkem512-x25519",
         S "mlkem512", 1, true},
        /* clang-format on */
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        if (!run_case(run))
            continue;
        struct pair p =
            pair_make(run, (struct site){.ike = rows[i].alice}, (struct site){.ike = rows[i].bob});
        if (rows[i].rounds) {
            pair_up(&p, 1);
            expect_rounds(&p, rows[i].rounds, rows[i].quantum_safe);
        } else {
            host_initiate(p.a, "net", "net");
            world_settle(p.w);
            EXPECT(p.w, p.a->told_reason[IKE_REASON_NO_PROPOSAL] == 1 &&
                            p.b->told_reason[IKE_REASON_NO_PROPOSAL] == 1);
        }
        pair_end(&p);
    }
}

/* ---- shapes of SAs ------------------------------------------------------------------------- */

static void childless(struct run *run)
{
    struct pair p = pair_make(run, (struct site){0}, (struct site){0});
    pair_up(&p, 0);
    pair_end(&p);
    p = pair_make(run, (struct site){0}, (struct site){.conn = "childless = never"});
    host_initiate(p.a, "net", NULL);
    pair_expect_nothing(&p);
    EXPECT(p.w, p.a->told_reason[IKE_REASON_CHILD_REFUSED] == 1);
    pair_end(&p);
}

/*
 * Further key exchanges only when the IKE SA is up: it is rekeyed before its first child, so that
 * that has nothing of keys without them (the flow of RFC 9370's appendix with additional exchanges in
 * CREATE_CHILD_SA only). Either end may want it so.
 */
static void late_rounds(struct run *run)
{
    enum { LATE = 1 };
    for (unsigned who = 0; who < 4; who++) {
        if (!run_case(run))
            continue;
        struct site site[2];
        for (unsigned i = 0; i < 2; i++)
            site[i] = (struct site){.ike = "aes256gcm16-prfsha256-x25519-ke1_mlkem768, aes256gcm16-prfsha256-x25519",
                                    .esp = "aes256gcm16-x25519-ke1_mlkem512",
                                    .conn = who >> i & LATE ? "childless = force\n late_rounds = yes" : "childless = force"};
        struct pair p = pair_make(run, site[0], site[1]);
        struct ike_sa_info sa;
        struct ike_child_info c;
        pair_up(&p, 1);
        EXPECT(p.w, p.a->told_kind[TELL_IKE_REKEYED] == (who ? 1 : 0));
        for (int i = 0; i < 2; i++) {
            const struct ike_engine *e = p.w->host[i].engine;
            EXPECT(p.w, ike_engine_next_sa(e, 0, &sa) && sa.quantum_safe && sa.kex_count == 2);
            EXPECT(p.w, ike_engine_next_child(e, sa.id, 0, &c) && c.kex_count == 2 && c.id == 1);
            EXPECT(p.w, !who || sa.id == 2); /* the child was made on the heir */
        }
        pair_end(&p);
    }
}

static void modes(struct run *run)
{
    static const struct {
        const char *a, *b;
        bool transport;
    } rows[] = {
        {"mode = transport", "mode = transport", true},
        {"mode = transport", "mode = tunnel", false},
        {"mode = tunnel", "mode = transport", false},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        if (!run_case(run))
            continue;
        struct pair p = pair_make(
            run, (struct site){.child = rows[i].a, .local_ts = "dynamic", .remote_ts = "dynamic"},
            (struct site){.child = rows[i].b, .local_ts = "dynamic", .remote_ts = "dynamic"});
        pair_up(&p, 1);
        EXPECT(p.w, mock_child(p.a->plane, 0)->transport == rows[i].transport);
        pair_end(&p);
    }
}

static void selectors(struct run *run)
{
    static const struct {
        const char *a_local, *a_remote, *b_local, *b_remote;
        bool fits;
    } rows[] = {
        {"10.1.0.0/16", "10.2.0.0/16", "10.2.0.0/16", "10.1.0.0/16", true},
        {"10.0.0.0/8", "0.0.0.0/0", "10.2.0.0/16", "10.1.0.0/16", true},
        {"10.1.0.0/16[tcp]", "10.2.0.0/16", "10.2.0.0/16[tcp/443]", "10.1.0.0/16[tcp]", true},
        {"fd01::/64,10.1.0.0/16", "fd02::/64,10.2.0.0/16", "fd02::/64", "fd01::/64", true},
        {"10.1.0.0/16", "10.2.0.0/16", "10.3.0.0/16", "10.1.0.0/16", false},
        {"10.1.0.0/16[tcp]", "10.2.0.0/16[tcp]", "10.2.0.0/16[udp]", "10.1.0.0/16[udp]", false},
        {"fd01::/64", "fd02::/64", "10.2.0.0/16", "10.1.0.0/16", false},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        if (!run_case(run))
            continue;
        struct pair p = pair_make(
            run, (struct site){.local_ts = rows[i].a_local, .remote_ts = rows[i].a_remote},
            (struct site){.local_ts = rows[i].b_local, .remote_ts = rows[i].b_remote});
        if (rows[i].fits) {
            pair_up(&p, 1);
            pair_end(&p);
            continue;
        }
        host_initiate(p.a, "net", "net");
        pair_expect_nothing(&p);
        EXPECT(p.w, p.a->told_reason[IKE_REASON_TS_UNACCEPTABLE] == 1 &&
                        p.b->told_reason[IKE_REASON_TS_UNACCEPTABLE] == 1);
        pair_end(&p);
    }
}

static void ipv6(struct run *run)
{
    struct pair p = pair_make(run,
                              (struct site){.addr = "2001:db8::1",
                                            .peer = "2001:db8::2",
                                            .local_ts = "dynamic",
                                            .remote_ts = "dynamic"},
                              (struct site){.addr = "2001:db8::2",
                                            .peer = "2001:db8::1",
                                            .local_ts = "dynamic",
                                            .remote_ts = "dynamic"});
    pair_up(&p, 1);
    EXPECT(p.w, mock_child(p.a->plane, 0)->path.remote.addr.family == ADDR_V6);
    pair_end(&p);
}

/* ---- NAT ----------------------------------------------------------------------------------- */

static struct pair pair_behind_nat(struct run *run)
{
    struct pair p =
        pair_make(run, (struct site){.addr = "192.168.1.2", .engine = "keep_alive = 20"},
                  (struct site){.peer = "%any", .conn = "dpd_delay = 0"});
    p.a->nat = world_nat(p.w, "198.51.100.7");
    return p;
}

/* The float to port 4500 comes with the first message after IKE_SA_INIT; the keepalives flow; the
 * ends agree on ESP in UDP. */
static void nat(struct run *run)
{
    struct pair p = pair_behind_nat(run);
    pair_up(&p, 1);
    struct ike_sa_info a, b;
    EXPECT(p.w, ike_engine_next_sa(p.a->engine, 0, &a) && ike_engine_next_sa(p.b->engine, 0, &b));
    EXPECT(p.w, a.nat_local && !a.nat_remote && !b.nat_local && b.nat_remote);
    EXPECT(p.w,
           a.path.encap && b.path.encap && a.path.local.port == 4500 && b.path.local.port == 4500);
    EXPECT(p.w, mock_child(p.a->plane, 0)->encap && mock_child(p.b->plane, 0)->encap);
    EXPECT(p.w, b.path.remote.port >= 20000);
    uint64_t sent = p.a->sent;
    world_run(p.w, 100 * IKE_SECOND);
    EXPECT(p.w, p.a->sent == sent + 5);
    pair_end(&p);
}

/* The NAT forgets and gives another port: the next authentic request shows bob the way, and what he
 * sends then arrives. */
static void nat_rebinding(struct run *run)
{
    struct pair p = pair_behind_nat(run);
    pair_up(&p, 1);
    uint16_t before = mock_child(p.b->plane, 0)->path.remote.port;
    p.a->nat->maps = 0;
    host_check_all(p.a);
    world_settle(p.w);
    EXPECT(p.w, mock_child(p.b->plane, 0)->path.remote.port != before &&
                    mock_counts(p.b->plane).moves >= 1);
    host_check_all(p.b);
    world_settle(p.w);
    EXPECT(p.w, host_up_count(p.a) == 1 && host_up_count(p.b) == 1);

    /* And now only ESP tells: the data plane has seen the peer elsewhere. */
    struct endpoint elsewhere = mock_child(p.b->plane, 0)->path.remote;
    p.a->nat->map[0].port = elsewhere.port = 33333;
    host_order(p.b, &(struct ike_order){.kind = ORDER_PLANE_SEEN,
                                        .child_id = mock_child(p.b->plane, 0)->id,
                                        .remote = elsewhere});
    EXPECT(p.w, mock_child(p.b->plane, 0)->path.remote.port == 33333);
    host_check_all(p.b);
    pair_end(&p);
}

static void nat_transport(struct run *run)
{
    struct pair p = pair_make(run,
                              (struct site){.addr = "192.168.1.2",
                                            .child = "mode = transport",
                                            .local_ts = "dynamic",
                                            .remote_ts = "dynamic"},
                              (struct site){.peer = "%any",
                                            .child = "mode = transport",
                                            .local_ts = "dynamic",
                                            .remote_ts = "dynamic"});
    p.a->nat = world_nat(p.w, "198.51.100.7");
    pair_up(&p, 1);
    EXPECT(p.w, mock_child(p.a->plane, 0)->transport && mock_child(p.b->plane, 0)->transport);
    pair_end(&p);
}

/* encap = yes: there is no NAT, but one is pretended. */
static void pretended_nat(struct run *run)
{
    struct pair p = pair_make(run, (struct site){.conn = "encap = yes"}, (struct site){0});
    pair_up(&p, 1);
    EXPECT(p.w, mock_child(p.a->plane, 0)->encap && mock_child(p.b->plane, 0)->encap);
    pair_end(&p);
}

/* ---- retries of IKE_SA_INIT ---------------------------------------------------------------- */

static void cookies(struct run *run)
{
    struct pair p =
        pair_make(run, (struct site){0}, (struct site){.engine = "cookie_threshold = 0"});
    pair_up(&p, 1);
    EXPECT(p.w, host_counter(p.b, "cookies-sent") == 1);
    pair_end(&p);
}

/* Alice guesses a method that bob will not take; he names his; she comes again, with or without a
 * cookie in between. */
static void invalid_ke(struct run *run)
{
    static const char *const engines[] = {"", "cookie_threshold = 0"};
    for (int i = 0; i < 2; i++) {
        if (!run_case(run))
            continue;
        struct pair p =
            pair_make(run, (struct site){.ike = "aes256gcm16-prfsha256-x25519-ecp384-ke1_mlkem768"},
                      (struct site){.ike = "aes256gcm16-prfsha256-ecp384-ke1_mlkem768",
                                    .engine = engines[i]});
        pair_up(&p, 1);
        struct ike_sa_info info;
        EXPECT(p.w, ike_engine_next_sa(p.a->engine, 0, &info) && info.kex[0]->id == 20);
        pair_end(&p);
    }
}

/* ---- identities and secrets ---------------------------------------------------------------- */

static void wrong_secret(struct run *run)
{
    struct pair p = pair_make(run, (struct site){.psk = "one"}, (struct site){.psk = "another"});
    host_initiate(p.a, "net", "net");
    pair_expect_nothing(&p);
    EXPECT(p.w, p.a->told_reason[IKE_REASON_AUTH_REFUSED_BY_PEER] == 1 &&
                    p.b->told_reason[IKE_REASON_AUTH_REFUSED] == 1);
    EXPECT(p.w, p.a->told_kind[TELL_IKE_UP] == 0 && p.b->told_kind[TELL_IKE_UP] == 0);
    pair_end(&p);
}

static void wrong_identity(struct run *run)
{
    struct pair p = pair_make(run, (struct site){.id = "mallory.example"}, (struct site){0});
    host_initiate(p.a, "net", "net");
    pair_expect_nothing(&p);
    EXPECT(p.w, p.b->told_reason[IKE_REASON_NO_CONFIG] == 1 &&
                    p.a->told_reason[IKE_REASON_AUTH_REFUSED_BY_PEER] == 1);
    pair_end(&p);
    /* The responder is somebody else: alice tells it that she does not believe it. */
    p = pair_make(run, (struct site){.peer_id = "%any", .more = ""},
                  (struct site){.id = "eve.example"});
    pair_up(&p, 1);
    pair_end(&p);
    p = pair_make(run, (struct site){.peer_id = "*.org"}, (struct site){.id = "eve.example"});
    host_initiate(p.a, "net", "net");
    pair_expect_nothing(&p);
    EXPECT(p.w, p.a->told_reason[IKE_REASON_WRONG_ID] == 1 &&
                    p.b->told_reason[IKE_REASON_AUTH_REFUSED_BY_PEER] == 2);
    EXPECT(p.w, p.b->told_kind[TELL_IKE_UP] == 1); /* it believed alice, and had sent its proof */
    pair_end(&p);
}

static void no_proposal(struct run *run)
{
    struct pair p = pair_make(run, (struct site){.ike = "aes256gcm16-prfsha256-x25519"},
                              (struct site){.ike = "aes128-sha256-modp2048"});
    host_initiate(p.a, "net", "net");
    pair_expect_nothing(&p);
    EXPECT(p.w, p.a->told_reason[IKE_REASON_NO_PROPOSAL] == 1 &&
                    p.b->told_reason[IKE_REASON_NO_PROPOSAL] == 1);
    EXPECT(p.w, host_counter(p.b, "drop-half-open-limit") == 0);
    pair_end(&p);
    p = pair_make(run, (struct site){.esp = "aes256gcm16"},
                  (struct site){.esp = "chacha20poly1305"});
    host_initiate(p.a, "net", "net");
    pair_expect_nothing(&p);
    EXPECT(p.w, p.a->told_reason[IKE_REASON_NO_PROPOSAL] == 1 &&
                    p.b->told_reason[IKE_REASON_NO_PROPOSAL] == 1);
    pair_end(&p);
}

/* ---- life ---------------------------------------------------------------------------------- */

static void liveness(struct run *run)
{
    struct pair p = pair_make(run, (struct site){.conn = "dpd_delay = 10"}, (struct site){0});
    pair_up(&p, 1);
    uint64_t sent = p.a->sent;
    world_run(p.w, 65 * IKE_SECOND);
    EXPECT(p.w, p.a->sent == sent + 6);
    world_link(p.w, p.a, p.b)->cut = true;
    world_run(p.w, 600 * IKE_SECOND);
    EXPECT(p.w, host_up_count(p.a) == 0 && host_child_count(p.a) == 0 &&
                    p.a->told_reason[IKE_REASON_TIMEOUT] >= 1);
    world_link(p.w, p.a, p.b)->cut = false;
    host_check_all(p.b); /* bob finds out as well */
    pair_end(&p);
}

static void delete_child(struct run *run)
{
    struct pair p = pair_usual(run, NULL);
    pair_up(&p, 1);
    EXPECT(p.w, host_terminate(p.b, NULL, "net") == ORDER_DONE);
    world_settle(p.w);
    EXPECT(p.w, host_child_count(p.a) == 0 && host_child_count(p.b) == 0);
    EXPECT(p.w, host_up_count(p.a) == 1 && host_up_count(p.b) == 1);
    pair_end(&p);
}

/*
 * The packet that wants the tunnel is what the offer begins with. Bob narrows to the child that holds
 * it, though another stands before it and has something in common with the rest.
 */
static void packet_first(struct run *run)
{
    for (int i = 0; i < 4; i++) {
        if (!run_case(run))
            continue;
        bool is_up = i & 1, inside = i & 2;
        struct pair p = pair_make(run, (struct site){0},
                                  (struct site){.remote_ts = "10.1.7.0/24", .child = "}\n rest {\n esp_proposals = aes256gcm16\n local_ts = 10.2.0.0/24\n remote_ts = 10.1.0.0/24\n"});
        struct ike_order order = {.kind = ORDER_INITIATE, .conn = BYTES_LIT("net"), .child = BYTES_LIT("net")};
        struct addr here = world_addr(inside ? "10.1.0.5" : "10.9.0.5"), there = world_addr("10.2.0.9");
        order.packet = (struct packet_ends){selector_host(&here), selector_host(&there)};
        order.packet.local.protocol = order.packet.remote.protocol = 6;
        order.packet.remote.from_port = order.packet.remote.to_port = 443;
        if (is_up)
            pair_up(&p, 0);
        EXPECT(p.w, host_order(p.a, &order) == ORDER_DONE);
        world_settle(p.w);
        struct ike_child_info c;
        EXPECT(p.w, ike_engine_next_child(p.b->engine, host_sa(p.b)->id, 0, &c));
        EXPECT(p.w, strcmp(c.name, inside ? "rest" : "net") == 0);
        EXPECT(p.w, c.local_ts.count == 1 && c.remote_ts.count == 1);
        pair_end(&p);
    }
}

/* Both ends delete at the same moment: the Child SA, the IKE SA, and one each. */
static void deletes_cross(struct run *run)
{
    static const char *const what[][2] = {
        {"net", "net"}, {NULL, NULL}, {"net", NULL}, {NULL, "net"}};
    for (int i = 0; i < 4; i++)
        for (unsigned late = 0; late < 30; late += 3) {
            if (!run_case(run))
                continue;
            struct pair p = pair_usual(run, NULL);
            pair_up(&p, 1);
            host_terminate(p.a, "net", what[i][0]);
            world_run(p.w, late * IKE_MS);
            host_terminate(p.b, "net", what[i][1]);
            world_settle(p.w);
            EXPECT(p.w, host_child_count(p.a) == 0 && host_child_count(p.b) == 0);
            if (i != 0)
                EXPECT(p.w, host_up_count(p.a) == 0 && host_up_count(p.b) == 0);
            pair_end(&p);
        }
}

/* Alice loses everything and comes back: INITIAL_CONTACT clears what bob still held. */
static void reboot(struct run *run)
{
    struct pair p = pair_usual(run, NULL);
    pair_up(&p, 1);
    host_kill(p.a);
    host_boot(p.a);
    pair_up(&p, 1);
    EXPECT(p.w,
           p.b->told_reason[IKE_REASON_REPLACED] == 2); /* the IKE SA, and its Child SA with it */
    pair_end(&p);
}

/* What bob held before he died is gone: alice notices by liveness, not by what anybody says in
 * clear. */
static void responder_reboots(struct run *run)
{
    struct pair p = pair_make(run, (struct site){.conn = "dpd_delay = 10"}, (struct site){0});
    pair_up(&p, 1);
    host_kill(p.b);
    host_boot(p.b);
    world_run(p.w, 11 * IKE_SECOND);
    EXPECT(p.w, host_counter(p.b, "invalid-ike-spi-sent") == 1 && host_up_count(p.a) == 1);
    world_run(p.w, 300 * IKE_SECOND);
    EXPECT(p.w, host_up_count(p.a) == 0);
    pair_up(&p, 1);
    pair_end(&p);
}

/* The data plane refuses: the peer is told, nothing stays at one end. */
static void plane_refuses(struct run *run)
{
    for (int i = 0; i < 2; i++) {
        if (!run_case(run))
            continue;
        struct pair p = pair_usual(run, NULL);
        mock_fail_next((i ? p.b : p.a)->plane, "no room");
        host_initiate(p.a, "net", "net");
        world_run(p.w, IKE_SECOND);
        EXPECT(p.w, (i ? p.b : p.a)->told_reason[IKE_REASON_PLANE] >= 1);
        pair_end(&p);
    }
}

static void shutdown(struct run *run)
{
    struct pair p = pair_usual(run, NULL);
    pair_up(&p, 1);
    EXPECT(p.w, host_order(p.a, &(struct ike_order){.kind = ORDER_SHUTDOWN}) == ORDER_DONE);
    pair_expect_nothing(&p);
    EXPECT(p.w, host_initiate(p.a, "net", "net") == ORDER_REFUSED);
    host_initiate(p.b, "net", "net"); /* alice takes in nothing new */
    pair_expect_nothing(&p);
    EXPECT(p.w, p.b->told_reason[IKE_REASON_TIMEOUT] == 1);
    pair_end(&p);
}

/* Both initiate at once: each SA that comes up is whole, and the world comes to rest. */
static void both_initiate(struct run *run)
{
    for (unsigned late = 0; late < 60; late++) {
        if (!run_case(run))
            continue;
        struct pair p = pair_usual(run, NULL);
        host_initiate(p.a, "net", "net");
        world_run(p.w, late * IKE_MS);
        host_initiate(p.b, "net", "net");
        world_settle(p.w);
        EXPECT(p.w, host_up_count(p.a) >= 1 && host_up_count(p.b) >= 1);
        pair_end(&p);
    }
}

/* Secrets are slow: hosts wait for them while everything else goes on. */
static void slow_secrets(struct run *run)
{
    for (uint64_t i = 0; i < run_rounds(run, 50); i++) {
        if (!run_case(run))
            continue;
        struct pair p = pair_usual(run, NULL);
        p.w->ask_max = 5 * IKE_SECOND;
        pair_up(&p, 1);
        EXPECT(p.w, p.a->told_kind[TELL_IKE_UP] == 1 && p.b->told_kind[TELL_IKE_UP] == 1);
        pair_end(&p);
    }
}

/* More children of the connection: n0 to n39, with networks of their own. */
enum { MANY = 40 };

static const char *many_children(char *text, size_t room, int ours, int theirs)
{
    size_t len = 0;
    for (int i = 0; i < MANY; i++)
        len += (size_t)snprintf(text + len, room - len,
                                "rekey_time = 0\n }\n n%d {\n esp_proposals = aes256gcm16\n"
                                " local_ts = 10.%d.%d.0/24\n remote_ts = 10.%d.%d.0/24\n ",
                                i, ours, i, theirs, i);
    return text;
}

/* Many Child SAs reach their hard limit while an exchange is under way: all of them go. */
static void many_expire(struct run *run)
{
    char a_text[8192], b_text[8192], name[8];
    struct site a = {.local_ts = "10.1.255.0/24", .remote_ts = "10.2.255.0/24"};
    struct site b = {.local_ts = "10.2.255.0/24", .remote_ts = "10.1.255.0/24"};
    a.child = many_children(a_text, sizeof a_text, 1, 2);
    b.child = many_children(b_text, sizeof b_text, 2, 1);
    struct pair p = pair_make(run, a, b);
    pair_up(&p, 1);
    for (int i = 0; i < MANY; i++) {
        snprintf(name, sizeof name, "n%d", i);
        EXPECT(p.w, host_initiate(p.a, "net", name) == ORDER_DONE);
        world_run(p.w, 100 * IKE_MS);
    }
    EXPECT(p.w, host_child_count(p.a) == 1 + MANY && host_child_count(p.b) == 1 + MANY);
    p.w->links[0][1].cut = true;
    host_check_all(p.a);
    for (struct child *c = host_sa(p.a)->children; c; c = c->next)
        c->life_at = p.w->now;
    world_run(p.w, 2 * IKE_SECOND);
    p.w->links[0][1].cut = false;
    world_run(p.w, 60 * IKE_SECOND);
    EXPECT(p.w, host_child_count(p.a) == 0 && host_child_count(p.b) == 0);
    EXPECT(p.w, host_up_count(p.a) == 1);
    pair_end(&p);
}

/* A Delete waits behind an exchange that nobody answers, but not for long; and it is a Delete. */
static void busy_delete(struct run *run)
{
    struct pair p = pair_usual(run, NULL);
    pair_up(&p, 1);
    p.w->links[0][1].cut = true;
    host_check_all(p.a);
    EXPECT(p.w, host_terminate(p.a, "net", NULL) == ORDER_DONE);
    world_run(p.w, 5 * IKE_SECOND);
    EXPECT(p.w, ike_engine_sa_count(p.a->engine) == 0);
    EXPECT(p.w, host_last_told(p.a, TELL_IKE_DOWN)->tell.reason == IKE_REASON_DELETED);
    p.w->links[0][1].cut = false;
    EXPECT(p.w, host_terminate(p.b, "net", NULL) == ORDER_DONE);
    pair_end(&p);
}

/* The machine sleeps for an hour: whatever was due meanwhile is done, a bit at a time. */
static void sleep_of_many(struct run *run)
{
    enum { SLEEPERS = 2000 };
    struct pair p = pair_make(run, (struct site){.ike = "aes256gcm16-prfsha256-x25519"},
                              (struct site){.ike = "aes256gcm16-prfsha256-x25519"});
    p.w->links[0][1].cut = true;
    for (int i = 0; i < SLEEPERS; i++)
        EXPECT(p.w, host_initiate(p.a, "net", "net") == ORDER_DONE);
    p.w->now += 3600 * IKE_SECOND;
    world_run(p.w, 300 * IKE_SECOND);
    EXPECT(p.w, p.a->told_kind[TELL_IKE_DOWN] == SLEEPERS);
    pair_expect_nothing(&p);
    pair_end(&p);
}

/* clang-format off */
const struct scenario flow_scenarios[] = {
    {"plain",             "one key exchange, pre-shared keys, one Child SA; up, and closed again", plain},
    {"rounds",            "1 to 8 key exchanges, under ciphers of every kind", rounds},
    {"choices",           "NONE, gaps between the slots, fallback proposals, offers a greedy choice would miss", choices},
    {"childless",         "an IKE SA alone; and a peer that does not want one", childless},
    {"late-rounds",       "further key exchanges only in a rekey before the first child", late_rounds},
    {"modes",             "tunnel and transport mode, and ends that differ", modes},
    {"selectors",         "traffic selectors that fit, are narrowed, or have nothing in common", selectors},
    {"packet-first",      "the packet that wants the tunnel begins the traffic selectors", packet_first},
    {"ipv6",              "everything over IPv6", ipv6},
    {"nat",               "behind a NAT: port 4500 from the second exchange on, keepalives, ESP in UDP", nat},
    {"nat-rebinding",     "the NAT changes its mapping; the peer follows what is authentic", nat_rebinding},
    {"nat-transport",     "transport mode through a NAT", nat_transport},
    {"pretended-nat",     "encap = yes", pretended_nat},
    {"cookies",           "a responder that always asks for a cookie", cookies},
    {"invalid-ke",        "the initiator guessed another method; with and without cookie", invalid_ke},
    {"wrong-secret",      "pre-shared keys differ: both ends clean, both say why", wrong_secret},
    {"wrong-identity",    "identities that no configuration fits", wrong_identity},
    {"no-proposal",       "nothing in common for the IKE SA, for the Child SA", no_proposal},
    {"liveness",          "dpd_delay: checks while it lives, the end when the peer is silent", liveness},
    {"delete-child",      "the responder deletes the Child SA, the IKE SA stays", delete_child},
    {"many-expire",       "forty Child SAs reach their hard limit at once while an exchange is under way", many_expire},
    {"busy-delete",       "a Delete waits behind an exchange that nobody answers", busy_delete},
    {"deletes-cross",     "both ends delete within one round trip", deletes_cross},
    {"reboot",            "the initiator reboots: INITIAL_CONTACT", reboot},
    {"responder-reboots", "the responder reboots: INVALID_IKE_SPI is only a hint, liveness decides", responder_reboots},
    {"plane-refuses",     "the data plane cannot install the Child SA", plane_refuses},
    {"shutdown",          "ORDER_SHUTDOWN: Deletes go out, nothing new comes in", shutdown},
    {"both-initiate",     "both ends initiate, within a few round trips", both_initiate},
    {"slow-secrets",      "signing and verifying take up to five seconds", slow_secrets},
    {"sleep",             "the machine sleeps for an hour while two thousand SAs come up", sleep_of_many},
    {0},
};
/* clang-format on */
