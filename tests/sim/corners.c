/* corners: what comes about seldom, each in a scenario of its own. */
#include "forge.h"
#include "ike/limits.h"
#include "ike/selector.h"
#include "ike/series.h"

#include <stdio.h>

#define SINGLE "aes256gcm16-prfsha256-x25519"
#define HYBRID "aes256gcm16-prfsha256-x25519-ke1_mlkem512"
#define NO_REKEY "rekey_time = 0"

static uint64_t rekeyed(const struct host *h)
{
    return h->told_kind[TELL_CHILD_REKEYED] + h->told_kind[TELL_IKE_REKEYED];
}

/* ---- strangers ----------------------------------------------------------------------------- */

/* Bob accepts none of a hundred offers, and does not fill his log with that. */
static void many_strangers(struct run *run)
{
    enum { STRANGERS = 100 };
    struct pair p = pair_make(run, (struct site){.ike = "aes128-sha256-x25519"},
                              (struct site){.ike = HYBRID, .engine = "half_open_per_source = 200\n"
                                                                     " cookie_threshold = 200"});
    for (int i = 0; i < STRANGERS; i++)
        EXPECT(p.w, host_initiate(p.a, "net", "net") == ORDER_DONE);
    world_run(p.w, 400 * IKE_MS);
    EXPECT(p.w, p.b->told_reason[IKE_REASON_NO_PROPOSAL] == STRANGERS_TOLD_MAX);
    EXPECT(p.w, host_counter(p.b, "strangers-untold") == STRANGERS - STRANGERS_TOLD_MAX);
    world_run(p.w, 5 * IKE_SECOND);
    host_initiate(p.a, "net", "net"); /* later ones are told again */
    world_settle(p.w);
    EXPECT(p.w, p.b->told_reason[IKE_REASON_NO_PROPOSAL] > STRANGERS_TOLD_MAX);
    pair_expect_nothing(&p);
    pair_end(&p);
}

/* Sealed messages of a half-open SA that do not name our SPI are for nobody. */
static void no_spi(struct run *run)
{
    static const uint8_t exchanges[] = {EXCHANGE_IKE_INTERMEDIATE, EXCHANGE_IKE_AUTH,
                                        EXCHANGE_INFORMATIONAL, EXCHANGE_CREATE_CHILD_SA};
    for (size_t i = 0; i < sizeof exchanges; i++) {
        if (!run_case(run))
            continue;
        struct pair p = pair_usual(run, SINGLE);
        host_initiate(p.a, "net", "net");
        world_run(p.w, 25 * IKE_MS); /* IKE_AUTH is on its way */
        EXPECT(p.w, host_sa(p.a)->phase == PHASE_KEYED && host_sa(p.b)->phase == PHASE_KEYED);
        struct say say = forge_next(p.a, exchanges[i]);
        uint64_t spi = host_sa(p.a)->spi_r;
        struct ike_msg empty = ike_msg_make();
        say.mid = 1;
        host_sa(p.a)->spi_r = 0;
        world_link(p.w, p.a, p.b)->delay_min = world_link(p.w, p.a, p.b)->delay_max = 0;
        forge_say(p.a, &say, &empty);
        host_sa(p.a)->spi_r = spi;
        uint64_t dropped = host_counter(p.b, "drop-first-contact");
        world_run(p.w, IKE_MS);
        EXPECT(p.w, host_counter(p.b, "drop-first-contact") == dropped + 1);
        EXPECT(p.w, host_sa(p.b)->window.serve_next == 1);
        world_settle(p.w);
        EXPECT(p.w, host_up_count(p.a) == 1 && host_up_count(p.b) == 1);
        pair_end(&p);
    }
}

/* Who has not proved anything yet cannot chat: what it says instead of that is its last word. */
static void chat_early(struct run *run, const struct payload *said)
{
    struct pair p = pair_usual(run, SINGLE);
    struct ike_msg chat = ike_msg_make();
    struct arena arena = arena_make(&p.a->tally.alloc, 4096);
    if (said)
        *ike_msg_add(&chat, &arena, said->type) = *said;
    host_initiate(p.a, "net", "net");
    world_run(p.w, 15 * IKE_MS);
    world_link(p.w, p.b, p.a)->delay_min = world_link(p.w, p.b, p.a)->delay_max = 0;
    world_run(p.w, 6 * IKE_MS);
    EXPECT(p.w, host_sa(p.a)->phase == PHASE_KEYED && host_sa(p.b)->phase == PHASE_KEYED);
    world_link(p.w, p.a, p.b)->delay_min = world_link(p.w, p.a, p.b)->delay_max = 0;
    uint64_t answers = host_counter(p.b, "responses-out");
    for (uint32_t mid = 1; mid < 4; mid++) {
        struct say say = forge_next(p.a, EXCHANGE_INFORMATIONAL);
        say.mid = mid;
        forge_say(p.a, &say, &chat);
        world_run(p.w, 0);
    }
    arena_wipe(&arena);
    EXPECT(p.w, host_counter(p.b, "responses-out") == answers + 1);
    EXPECT(p.w, p.b->told_reason[IKE_REASON_SYNTAX] == 1 && p.b->engine->half_open == 0);
    world_run(p.w, 200 * IKE_SECOND);
    pair_expect_nothing(&p);
    pair_up(&p, 1);
    pair_end(&p);
}

static void early_chat(struct run *run)
{
    static const uint8_t spi[4] = {1, 2, 3, 4};
    static const struct payload said[] = {
        {.type = PAYLOAD_DELETE, .u.del = {PROTOCOL_ESP, 4, 1, {spi, sizeof spi}}},
        {.type = PAYLOAD_NOTIFY, .u.notify = {.type = 40000}},
    };
    for (int i = 0; i < 3; i++)
        if (run_case(run))
            chat_early(run, i ? &said[i - 1] : NULL);
}

/* ---- an answer that comes twice ------------------------------------------------------------ */

struct stale {
    struct packet *kept;
    unsigned answers;
};

/*
 * Bob demands another method; that answer comes a second time when alice has asked with that
 * method, and bob's true answer is lost once.
 */
static bool repeat_demand(struct world *w, struct packet *p, void *arg)
{
    struct stale *s = arg;
    struct ike_header h;
    if (!ike_header_read(bytes_make(p->octets, p->len), &h) || !h.response ||
        h.exchange != EXCHANGE_IKE_SA_INIT)
        return true;
    s->answers++;
    if (s->answers == 1)
        s->kept = packet_copy(w, p);
    if (s->answers != 2)
        return true;
    world_put(w, s->kept, 5 * IKE_MS);
    return false;
}

static void stale_demand(struct run *run)
{
    struct stale stale = {0};
    struct pair p = pair_make(run, (struct site){.ike = "aes256gcm16-prfsha256-x25519-ecp256"},
                              (struct site){.ike = "aes256gcm16-prfsha256-ecp256"});
    p.w->tap = repeat_demand;
    p.w->tap_arg = &stale;
    pair_up(&p, 1);
    EXPECT(p.w, stale.answers >= 3 && p.a->told_kind[TELL_IKE_DOWN] == 0);
    p.w->tap = NULL;
    pair_end(&p);
}

/* ---- two SAs of one peer at the same moment -------------------------------------------------- */

#define SECOND_CONN(addr, peer, id, peer_id, local, remote, more) \
    "again {\n local_addrs = " addr "\n remote_addrs = " peer "\n proposals = " SINGLE \
    "\n local {\n auth = psk\n id = " id "\n }\n remote {\n auth = psk\n id = " peer_id \
    "\n }\n children {\n again {\n esp_proposals = aes256gcm16\n local_ts = " local \
    "\n remote_ts = " remote "\n }\n }\n " more "\n }"

/* `late`: alice's second attempt follows so much later. */
static struct pair two_at_once(struct run *run, const char *unique, ike_time late)
{
    struct site a = {.ike = SINGLE,
                     .more = SECOND_CONN("10.0.0.1", "10.0.0.2", "alice.example", "bob.example",
                                         "10.3.0.0/16", "10.4.0.0/16", "")};
    struct site b = {.ike = SINGLE, .conn = unique};
    struct pair p = pair_make(run, a, b);
    EXPECT(p.w, host_initiate(p.a, "net", NULL) == ORDER_DONE);
    world_run(p.w, late);
    EXPECT(p.w, host_initiate(p.a, "again", NULL) == ORDER_DONE);
    world_settle(p.w);
    return p;
}

static void first_contact_twice(struct run *run)
{
    for (ike_time late = 0; late < 60 * IKE_MS; late += 5 * IKE_MS) {
        if (!run_case(run))
            continue;
        struct pair p = two_at_once(run, "unique = no", late);
        EXPECT(p.w, host_up_count(p.a) == 2 && host_up_count(p.b) == 2);
        EXPECT(p.w, host_terminate(p.a, "again", NULL) == ORDER_DONE);
        pair_end(&p);
    }
}

/* Where one is to be enough, the peer of the other hears of it. */
static void one_is_enough(struct run *run)
{
    for (ike_time late = 0; late < 60 * IKE_MS; late += 5 * IKE_MS) {
        if (!run_case(run))
            continue;
        struct pair p = two_at_once(run, "unique = replace", late);
        EXPECT(p.w, host_up_count(p.a) == 1 && host_up_count(p.b) == 1);
        EXPECT(p.w, p.b->told_reason[IKE_REASON_REPLACED] == 1 &&
                        p.a->told_reason[IKE_REASON_DELETED_BY_PEER] == 1);
        EXPECT(p.w, host_order(p.a, &(struct ike_order){.kind = ORDER_TERMINATE}) == ORDER_DONE);
        world_settle(p.w);
        pair_expect_nothing(&p);
        world_free(p.w);
    }
}

/* ---- the end of a lifetime ------------------------------------------------------------------- */

static bool spoil_suite(struct forge *f, struct forged *m)
{
    (void)f;
    for (uint16_t i = 0; i < m->msg->count; i++)
        if (m->msg->payload[i].type == PAYLOAD_SA)
            ((struct transform *)(uintptr_t)m->msg->payload[i].u.sa.at->transform)->key_bits = 192;
    return true;
}

/* Bob refuses to rekey until alice's SA is too old: it ends, and he is told. */
static void hard_lifetime(struct run *run)
{
    struct pair p = pair_make(
        run, (struct site){.ike = SINGLE, .conn = "rekey_time = 100\n over_time = 30\n rand_time = 0"},
        (struct site){.ike = SINGLE, .conn = NO_REKEY});
    pair_up(&p, 1);
    struct forge f = {.pair = &p,
                      .bad = p.a,
                      .exchange = EXCHANGE_CREATE_CHILD_SA,
                      .mid = -1,
                      .change = spoil_suite};
    forge_start(&f);
    world_run(p.w, 125 * IKE_SECOND);
    EXPECT(p.w, f.done >= 1 && host_up_count(p.a) == 1 && host_up_count(p.b) == 1);
    world_run(p.w, 6 * IKE_SECOND);
    EXPECT(p.w, p.a->told_reason[IKE_REASON_LIFETIME] == 2); /* and its Child SA */
    EXPECT(p.w, p.b->told_reason[IKE_REASON_DELETED_BY_PEER] == 2);
    p.w->tap = NULL;
    pair_expect_nothing(&p);
    pair_up(&p, 1);
    pair_end(&p);
}

/* ---- rekeys at the same moment that are not alike -------------------------------------------- */

/*
 * Each end prefers another proposal: alice's rekey has a further key exchange, bob's has none, so
 * that his is complete while hers is just begun. Whichever is redundant, there is one SA at once.
 */
static void unequal_rekeys(struct run *run)
{
    struct site a = {.ike = SINGLE "," HYBRID, .conn = NO_REKEY};
    struct site b = {.ike = HYBRID "," SINGLE, .conn = NO_REKEY};
    struct ike_order order = {.kind = ORDER_REKEY, .conn = BYTES_LIT("net")};
    for (int i = 0; i < 16; i++) {
        if (!run_case(run))
            continue;
        struct pair p = pair_make(run, a, b);
        pair_up(&p, 1);
        host_order(p.a, &order);
        host_order(p.b, &order);
        world_run(p.w, 200 * IKE_MS);
        for (int h = 0; h < 2; h++) {
            EXPECT(p.w, p.w->host[h].told_kind[TELL_IKE_REKEYED] == 1);
            EXPECT(p.w, host_up_count(&p.w->host[h]) == 1);
        }
        world_settle(p.w);
        EXPECT(p.w, host_child_count(p.a) == 1 && host_child_count(p.b) == 1);
        pair_end(&p);
    }
}

/* ---- a Child SA that its peer forgets -------------------------------------------------------- */

static struct child *child_of(const struct host *h, uint32_t id)
{
    struct child *c = host_sa(h)->children;
    while (c && c->id != id)
        c = c->next;
    return c;
}

/*
 * Alice rekeys a Child SA and never deletes it, as strongSwan does at times. When she replaces and
 * deletes its successor as she should, bob does not take the forgotten one back into use.
 */
static void forgotten_child(struct run *run)
{
    enum { FORGOTTEN = 1,
           NOBODY = 1000 };
    struct pair p = pair_make(run, (struct site){.ike = SINGLE, .conn = NO_REKEY},
                              (struct site){.ike = SINGLE, .conn = NO_REKEY});
    struct ike_order rekey = {.kind = ORDER_REKEY, .child = BYTES_LIT("net")};
    pair_up(&p, 1);
    EXPECT(p.w, host_order(p.a, &rekey) == ORDER_DONE);
    /* so that she does not find it when the answer comes */
    series_ours(host_sa(p.a), LARVAL_CHILD, FORGOTTEN)->rekeys = NOBODY;
    world_run(p.w, IKE_SECOND);
    child_of(p.a, FORGOTTEN)->state = CHILD_REKEYED;
    EXPECT(p.w, child_of(p.b, FORGOTTEN)->state == CHILD_REKEYED);
    EXPECT(p.w, host_order(p.a, &rekey) == ORDER_DONE);
    world_run(p.w, IKE_SECOND);
    EXPECT(p.w, child_of(p.b, FORGOTTEN)->state == CHILD_REKEYED);
    EXPECT(p.w, child_of(p.b, 3)->state == CHILD_INSTALLED);
    pair_end(&p);
}

/* ---- another PRF ----------------------------------------------------------------------------- */

#define PRF_256 "aes256gcm16-prfsha256-x25519-ke1_mlkem512"
#define PRF_512 "aes256gcm16-prfsha512-x25519-ke1_mlkem512"

/* The PRF stays as long as both sides allow it; whatever either prefers. */
static void constant_prf(struct run *run)
{
    struct pair p = pair_make(run, (struct site){.ike = PRF_256 "," PRF_512, .conn = NO_REKEY},
                              (struct site){.ike = PRF_512 "," PRF_256, .conn = NO_REKEY});
    struct ike_order order = {.kind = ORDER_REKEY, .conn = BYTES_LIT("net")};
    pair_up(&p, 1);
    const struct alg *prf = host_sa(p.a)->suite.prf;
    for (int i = 0; i < 4; i++) {
        host_order(i & 1 ? p.b : p.a, &order);
        world_settle(p.w);
        EXPECT(p.w, host_sa(p.a)->suite.prf == prf);
        EXPECT(p.w, host_last_told(p.a, TELL_IKE_REKEYED)->detail[0] == '\0');
    }
    EXPECT(p.w, rekeyed(p.a) == 4);
    pair_end(&p);
}

/* The peer's configuration allows another one only: both derive with it, say so, and go on. */
static void allow_only(struct host *h, uint16_t prf)
{
    const struct proposals *ike = &host_sa(h)->conn->ike;
    for (uint16_t i = 0; i < ike->count; i++)
        for (uint16_t k = 0; k < ike->at[i].count; k++) {
            struct transform *t = (struct transform *)(uintptr_t)&ike->at[i].transform[k];
            if (t->type == TRANSFORM_PRF)
                t->id = prf;
        }
}

static void another_prf(struct run *run)
{
    static const uint16_t prfs[] = {7, 6, 5}; /* HMAC-SHA2-512, -384, -256 */
    struct site site = {.ike = "aes256gcm16-prfsha256-x25519-ke1_mlkem512", .conn = NO_REKEY};
    struct ike_order order = {.kind = ORDER_REKEY, .conn = BYTES_LIT("net")};
    struct pair p = pair_make(run, site, site);
    pair_up(&p, 1);
    for (int i = 0; i < 6; i++) {
        uint16_t before = host_sa(p.a)->suite.prf->id;
        allow_only(p.a, prfs[i % 3]);
        allow_only(p.b, prfs[i % 3]);
        host_order(i & 1 ? p.b : p.a, &order);
        world_settle(p.w); /* equal keys at both ends are asked for at every step */
        EXPECT(p.w, host_sa(p.a)->suite.prf->id == prfs[i % 3] && before != prfs[i % 3]);
        for (int h = 0; h < 2; h++)
            EXPECT(p.w, strstr(host_last_told(&p.w->host[h], TELL_IKE_REKEYED)->detail,
                               "the PRF changes from PRF_HMAC_SHA2_"));
        host_check_all(p.a);
        world_settle(p.w);
    }
    EXPECT(p.w, rekeyed(p.a) == 6 && p.a->told_kind[TELL_IKE_DOWN] == 0);
    pair_end(&p);
}

/* ---- one pair of addresses at a time --------------------------------------------------------- */

/*
 * Bob makes a Child SA for each pair of addresses. Alice offers her networks: with the addresses of
 * a packet in front, he takes these, or, if he says that he wants them alone, she asks again for
 * them alone. Without, it fails in plain words. Either in IKE_AUTH or in CREATE_CHILD_SA.
 */
static struct pair pairs_pair(struct run *run, bool with_packet)
{
    struct pair p = pair_make(
        run,
        (struct site){.ike = SINGLE,
                      .local_ts = with_packet ? "10.1.0.5/32,10.1.0.0/16" : NULL,
                      .remote_ts = with_packet ? "10.2.0.9/32,10.2.0.0/16" : NULL},
        (struct site){.ike = SINGLE});
    ((struct conf_child *)(uintptr_t)p.b->config->conn[0].child)->single_pair = true;
    return p;
}

static void expect_pair(struct pair *p)
{
    world_settle(p->w);
    world_run(p->w, 6 * IKE_SECOND); /* what was replaced is gone */
    EXPECT(p->w, host_child_count(p->a) == 1 && host_child_count(p->b) == 1);
    for (int i = 0; i < 2; i++) {
        const struct mock_child *c = mock_child(p->w->host[i].plane, 0);
        EXPECT(p->w, c->local_ts.count == 1 && selector_is_address(&c->local_ts.at[0]) &&
                         c->remote_ts.count == 1 && selector_is_address(&c->remote_ts.at[0]));
    }
}

static void single_pair(struct run *run)
{
    for (int i = 0; i < 4; i++) {
        if (!run_case(run))
            continue;
        bool with_packet = i & 1, later = i & 2;
        struct pair p = pairs_pair(run, with_packet);
        if (later)
            pair_up(&p, 0);
        EXPECT(p.w, host_initiate(p.a, "net", "net") == ORDER_DONE);
        world_settle(p.w);
        if (with_packet) {
            expect_pair(&p);
            struct ike_order rekey = {
                .kind = ORDER_REKEY, .conn = BYTES_LIT("net"), .child = BYTES_LIT("net")};
            host_order(p.b, &rekey);
            expect_pair(&p);
            pair_end(&p);
            continue;
        }
        const struct told *down = host_last_told(p.a, TELL_CHILD_DOWN);
        EXPECT(p.w, down && down->tell.reason == IKE_REASON_TS_UNACCEPTABLE &&
                        down->tell.notify == NOTIFY_SINGLE_PAIR_REQUIRED &&
                        strstr(down->detail, "single pairs of addresses"));
        EXPECT(p.w, host_child_count(p.b) == 0);
        EXPECT(p.w, host_up_count(p.a) == later && host_up_count(p.b) == later);
        world_free(p.w);
    }
}

static bool demand_pair(struct forge *f, struct forged *m)
{
    if (f->done)
        return false;
    m->msg->count = 0;
    return ike_msg_add_notify(m->msg, m->arena, NOTIFY_SINGLE_PAIR_REQUIRED, BYTES_NONE);
}

/* A peer that does not narrow by itself. The pair is the first of the configuration, or a packet's. */
static void demand_once(struct run *run, bool configured)
{
    struct pair p = pairs_pair(run, configured);
    struct ike_order order = {
        .kind = ORDER_INITIATE, .conn = BYTES_LIT("net"), .child = BYTES_LIT("net")};
    struct addr here = world_addr("10.1.3.4"), there = world_addr("10.2.5.6");
    if (!configured)
        order.packet = (struct packet_ends){selector_host(&here), selector_host(&there)};
    struct forge f = {.pair = &p,
                      .bad = p.b,
                      .exchange = EXCHANGE_CREATE_CHILD_SA,
                      .response = true,
                      .mid = -1,
                      .change = demand_pair};
    pair_up(&p, 0);
    ((struct conf_child *)(uintptr_t)p.b->config->conn[0].child)->single_pair = false;
    forge_start(&f);
    p.w->keys_may_differ = true; /* bob has made one that alice never hears of */
    EXPECT(p.w, host_order(p.a, &order) == ORDER_DONE);
    world_run(p.w, 3 * IKE_SECOND);
    EXPECT(p.w, f.done == 1 && p.a->told_kind[TELL_CHILD_UP] == 1);
    const struct mock_child *c = mock_child(p.a->plane, 0);
    EXPECT(p.w, c && c->local_ts.count == 1 && selector_is_address(&c->local_ts.at[0]) &&
                    c->remote_ts.count == 1 && selector_is_address(&c->remote_ts.at[0]));
    EXPECT(p.w, configured || memcmp(c->remote_ts.at[0].to, there.ip, 4) == 0);
    p.w->tap = NULL;
    pair_end(&p);
}

static void pair_demanded(struct run *run)
{
    for (int configured = 0; configured < 2; configured++)
        if (run_case(run))
            demand_once(run, configured);
}

/* ---- one SPI, chosen twice ------------------------------------------------------------------- */

/* Two Child SAs under negotiation drew the same number: the second does not come about. */
static void spi_twice(struct run *run)
{
    struct site site = {
        .ike = SINGLE, .esp = "aes256gcm16-x25519-ke1_mlkem512", .child = NO_REKEY, .conn = NO_REKEY};
    struct ike_order order = {
        .kind = ORDER_REKEY, .conn = BYTES_LIT("net"), .child = BYTES_LIT("net")};
    struct pair p = pair_make(run, site, site);
    pair_up(&p, 1);
    host_order(p.a, &order);
    world_run(p.w, 25 * IKE_MS);
    struct ike_sa *sa = host_sa(p.b);
    EXPECT(p.w, sa->larvals && !sa->larvals->ours);
    sa->larvals->spi_in = sa->children->spi_in;
    world_run(p.w, 100 * IKE_MS); /* the books must balance, and nothing is installed twice */
    EXPECT(p.w, rekeyed(p.b) == 0 && host_up_count(p.b) == 0 && host_child_count(p.b) == 0);
    host_check_all(p.a);
    world_run(p.w, 200 * IKE_SECOND);
    pair_expect_nothing(&p);
    pair_up(&p, 1);
    pair_end(&p);
}

/* clang-format off */
const struct scenario corner_scenarios[] = {
    {"many-strangers",      "a hundred offers nobody accepts do not fill the log", many_strangers},
    {"no-spi",              "sealed messages that do not name the responder's SPI are for nobody", no_spi},
    {"early-chat",          "INFORMATIONAL before IKE_AUTH is answered once", early_chat},
    {"stale-demand",        "an INVALID_KE_PAYLOAD that comes a second time harms nothing", stale_demand},
    {"first-contact-twice", "two SAs of one peer come up at the same moment: both live", first_contact_twice},
    {"one-is-enough",       "... with unique = replace one of them, and its peer knows which", one_is_enough},
    {"hard-lifetime",       "an IKE SA at its hard limit ends, and the peer is told", hard_lifetime},
    {"unequal-rekeys",      "IKE rekeys at the same moment, one with a further key exchange", unequal_rekeys},
    {"forgotten-child",     "a Child SA that the peer replaced and forgot to delete stays out of use", forgotten_child},
    {"constant-prf",        "IKE rekeys keep the PRF where both ends allow it", constant_prf},
    {"another-prf",         "... and change it where they must, with a warning", another_prf},
    {"single-pair",         "a Child SA for each pair of addresses (SINGLE_PAIR_REQUIRED)", single_pair},
    {"pair-demanded",       "... for a peer that only says so", pair_demanded},
    {"spi-twice",           "an inbound SPI that was chosen twice", spi_twice},
    {0},
};
/* clang-format on */
