/* rounds: series of key exchanges after CREATE_CHILD_SA that do not go as they should. */
#include "forge.h"
#include "ike/limits.h"
#include "invariants.h"

#include <inttypes.h>
#include <stdio.h>

#define HYBRID "aes256gcm16-prfsha256-x25519-ke1_mlkem512-ke2_ecp384"
#define ENGINE "fragment_size = 0\n series_timeout = 10"
#define NO_REKEY "rekey_time = 0"

static struct pair rounds_pair(struct run *run, const char *esp)
{
    struct site site = {
        .ike = HYBRID, .esp = esp, .conn = NO_REKEY, .child = NO_REKEY, .engine = ENGINE};
    struct pair p = pair_make(run, site, site);
    pair_up(&p, 1);
    return p;
}

static void rekey(struct pair *p, struct host *h, bool ike)
{
    struct ike_order order = {.kind = ORDER_REKEY, .conn = BYTES_LIT("net")};
    if (!ike)
        order.child = BYTES_LIT("net");
    EXPECT(p->w, host_order(h, &order) == ORDER_DONE);
}

static uint64_t rekeyed(const struct host *h)
{
    return h->told_kind[TELL_CHILD_REKEYED] + h->told_kind[TELL_IKE_REKEYED];
}

/* Both still have what they had: one IKE SA, one Child SA. */
static void expect_one(struct pair *p)
{
    world_run(p->w, 60 * IKE_SECOND);
    world_settle(p->w);
    EXPECT(p->w, host_up_count(p->a) == 1 && host_up_count(p->b) == 1);
    EXPECT(p->w, host_child_count(p->a) == 1 && host_child_count(p->b) == 1);
    for (int i = 0; i < 2; i++)
        EXPECT(p->w, p->w->host[i].told_kind[TELL_CHILD_DOWN] == 0 &&
                         p->w->host[i].told_kind[TELL_IKE_DOWN] == 0);
}

static struct payload *find_link(struct ike_msg *m)
{
    for (uint16_t i = 0; i < m->count; i++)
        if (m->payload[i].type == PAYLOAD_NOTIFY &&
            m->payload[i].u.notify.type == NOTIFY_ADDITIONAL_KEY_EXCHANGE)
            return &m->payload[i];
    return NULL;
}

static struct payload *find_ke(struct ike_msg *m)
{
    for (uint16_t i = 0; i < m->count; i++)
        if (m->payload[i].type == PAYLOAD_KE)
            return &m->payload[i];
    return NULL;
}

/* ---- several forgeries at once ------------------------------------------------------------- */

enum { FORGES = 3 };

struct forges {
    struct forge at[FORGES];
    tap_function *tap;
};

static bool each_forge(struct world *w, struct packet *p, void *arg)
{
    struct forges *f = arg;
    for (int i = 0; i < FORGES; i++)
        if (f->at[i].change && !f->tap(w, p, &f->at[i]))
            return false;
    return true;
}

static void start_all(struct forges *f, struct pair *p)
{
    for (int i = 0; i < FORGES; i++)
        if (f->at[i].change) {
            f->at[i].pair = p;
            f->at[i].mid = -1;
            forge_start(&f->at[i]);
        }
    f->tap = p->w->tap;
    p->w->tap = each_forge;
    p->w->tap_arg = f;
}

/* ---- links --------------------------------------------------------------------------------- */

static uint8_t true_link[64], long_link[1000];
static size_t true_len, long_len;

/* Bob's link is as long as he likes ... */
static bool lengthen_link(struct forge *f, struct forged *m)
{
    struct payload *link = find_link(m->msg);
    (void)f;
    if (!link)
        return false;
    true_len = link->u.notify.data.len;
    memcpy(true_link, link->u.notify.data.at, true_len);
    for (size_t i = 0; i < long_len; i++)
        long_link[i] = (uint8_t)(i * 7 + true_link[7]);
    link->u.notify.data = bytes_make(long_link, long_len);
    return true;
}

/* ... and alice gives back what she got. */
static bool restore_link(struct forge *f, struct forged *m)
{
    struct payload *link = find_link(m->msg);
    EXPECT(f->pair->w, link && link->u.notify.data.len == long_len &&
                           memcmp(link->u.notify.data.at, long_link, long_len) == 0);
    link->u.notify.data = bytes_make(true_link, true_len);
    return true;
}

static void link_lengths(struct run *run)
{
    static const size_t lengths[] = {1, 2, 7, 8, 9, 64, 255, 256, 1000};
    for (size_t i = 0; i < sizeof lengths / sizeof lengths[0]; i++)
        for (int ike = 0; ike < 2; ike++) {
            if (!run_case(run))
                continue;
            long_len = lengths[i];
            struct pair p = rounds_pair(run, "aes256gcm16-x25519-ke1_mlkem512-ke2_ecp384");
            struct forges f = {
                .at = {{.bad = p.b,
                        .exchange = EXCHANGE_CREATE_CHILD_SA,
                        .response = true,
                        .change = lengthen_link},
                       {.bad = p.b,
                        .exchange = EXCHANGE_IKE_FOLLOWUP_KE,
                        .response = true,
                        .change = lengthen_link},
                       {.bad = p.a, .exchange = EXCHANGE_IKE_FOLLOWUP_KE, .change = restore_link}}};
            start_all(&f, &p);
            rekey(&p, p.a, ike);
            expect_one(&p);
            p.w->tap = NULL;
            EXPECT(p.w, f.at[0].done == 1 && f.at[1].done == 1 && f.at[2].done == 2);
            EXPECT(p.w, rekeyed(p.a) == 1 && rekeyed(p.b) == 1);
            pair_end(&p);
        }
}

/* A link after the last round: some implementations send one. It is ignored. */
static bool add_link(struct forge *f, struct forged *m)
{
    (void)f;
    return !find_link(m->msg) &&
           ike_msg_add_notify(m->msg, m->arena, NOTIFY_ADDITIONAL_KEY_EXCHANGE,
                              BYTES_LIT("more to come"));
}

static void surplus_link(struct run *run)
{
    static const char *const esp[] = {"aes256gcm16-x25519", "aes256gcm16-x25519-ke1_mlkem512",
                                      "aes256gcm16-x25519-ke1_mlkem512-ke2_ecp384"};
    for (int i = 0; i < 6; i++) {
        if (!run_case(run))
            continue;
        struct pair p = rounds_pair(run, esp[i % 3]);
        struct forges f = {.at = {{.bad = p.b,
                                   .exchange = i == 0 ? EXCHANGE_CREATE_CHILD_SA
                                                      : EXCHANGE_IKE_FOLLOWUP_KE,
                                   .response = true,
                                   .change = add_link}}};
        start_all(&f, &p);
        rekey(&p, p.a, i >= 3);
        expect_one(&p);
        p.w->tap = NULL;
        EXPECT(p.w, f.at[0].done == 1 && rekeyed(p.a) == 1 && rekeyed(p.b) == 1);
        pair_end(&p);
    }
}

/* Rounds are left, but there is no link to them: the series fails, what there was stays. */
static bool strip_link(struct forge *f, struct forged *m)
{
    struct payload *link = find_link(m->msg);
    if (!link || f->done)
        return false;
    link->u.notify.type = 40961;
    return true;
}

static void missing_link(struct run *run)
{
    for (int i = 0; i < 4; i++) {
        if (!run_case(run))
            continue;
        struct pair p = rounds_pair(run, "aes256gcm16-x25519-ke1_mlkem512-ke2_ecp384");
        struct forges f = {.at = {{.bad = p.b,
                                   .exchange = i & 1 ? EXCHANGE_CREATE_CHILD_SA
                                                     : EXCHANGE_IKE_FOLLOWUP_KE,
                                   .response = true,
                                   .change = strip_link}}};
        start_all(&f, &p);
        rekey(&p, p.a, i & 2);
        expect_one(&p);
        p.w->tap = NULL;
        EXPECT(p.w, f.at[0].done == 1 && p.a->told_reason[IKE_REASON_BAD_SELECTION] == 1);
        rekey(&p, p.a, i & 2); /* and can be tried again */
        expect_one(&p);
        EXPECT(p.w, rekeyed(p.a) == 1 && rekeyed(p.b) == 1);
        pair_end(&p);
    }
}

/* ---- STATE_NOT_FOUND ----------------------------------------------------------------------- */

static bool spoil_link(struct forge *f, struct forged *m)
{
    struct payload *link = find_link(m->msg);
    EXPECT(f->pair->w, link);
    if (f->done >= f->arg)
        return false;
    link->u.notify.data = BYTES_LIT("who else");
    return true;
}

static bool count_only(struct forge *f, struct forged *m)
{
    (void)m;
    f->believe = false;
    f->arg++;
    return false;
}

/* The responder does not know the link: begin again; after some attempts give up, and keep what
 * there is. */
static void lost_state(struct run *run)
{
    for (unsigned times = 0; times <= SERIES_TRIES_MAX + 1; times++)
        for (int ike = 0; ike < 2; ike++) {
            if (!run_case(run))
                continue;
            struct pair p = rounds_pair(run, "aes256gcm16-x25519-ke1_mlkem512-ke2_ecp384");
            struct forges f = {.at = {{.bad = p.a,
                                       .exchange = EXCHANGE_IKE_FOLLOWUP_KE,
                                       .change = spoil_link,
                                       .arg = times},
                                      {.bad = p.a,
                                       .exchange = EXCHANGE_CREATE_CHILD_SA,
                                       .change = count_only}}};
            start_all(&f, &p);
            rekey(&p, p.a, ike);
            world_run(p.w, 5 * IKE_SECOND);
            bool gave_up = times >= SERIES_TRIES_MAX;
            EXPECT(p.w, rekeyed(p.a) == !gave_up);
            EXPECT(p.w, f.at[1].arg == (gave_up ? SERIES_TRIES_MAX : times + 1));
            EXPECT(p.w, (p.a->told_reason[IKE_REASON_PEER_ERROR] == 1) == gave_up);
            expect_one(&p); /* much later it is tried anew */
            p.w->tap = NULL;
            EXPECT(p.w, rekeyed(p.a) == 1 && rekeyed(p.b) == 1);
            pair_end(&p);
        }
}

/* The responder has forgotten the series when the next round comes, late. */
static void late_follow_up(struct run *run)
{
    for (int ike = 0; ike < 2; ike++) {
        if (!run_case(run))
            continue;
        struct pair p = rounds_pair(run, "aes256gcm16-x25519-ke1_mlkem512-ke2_ecp384");
        rekey(&p, p.a, ike);
        world_run(p.w, 15 * IKE_MS); /* the answer is on its way */
        world_link(p.w, p.a, p.b)->cut = true;
        world_run(p.w, 5 * IKE_SECOND);
        EXPECT(p.w, host_sa(p.b)->larvals);
        world_run(p.w, 6 * IKE_SECOND);
        EXPECT(p.w, !host_sa(p.b)->larvals);
        world_link(p.w, p.a, p.b)->cut = false;
        expect_one(&p);
        EXPECT(p.w, rekeyed(p.a) == 1 && rekeyed(p.b) == 1);
        pair_end(&p);
    }
}

/* ---- many series --------------------------------------------------------------------------- */

struct taken {
    uint8_t octets[2048], first;
    size_t len;
};

static bool take_request(struct forge *f, struct forged *m)
{
    struct taken *taken = (struct taken *)(uintptr_t)f->arg;
    struct writer w = writer_make(taken->octets, sizeof taken->octets);
    ike_payloads_encode(&w, m->msg, &taken->first);
    taken->len = w.len;
    return false;
}

/* A thousand series are begun and not one is gone on with: what they cost is bounded, and when they
 * are forgotten nothing is left of them. */
static void abandoned_series(struct run *run)
{
    enum { SERIES = 1000,
           SERIES_OCTETS = 24 * 1024 };
    for (int kind = 0; kind < 2; kind++) {
        if (!run_case(run))
            continue;
        struct taken taken = {.len = 0};
        struct pair p = rounds_pair(run, "aes256gcm16-x25519-ke1_mlkem512-ke2_ecp384");
        struct forges f = {.at = {{.bad = p.a,
                                   .exchange = EXCHANGE_CREATE_CHILD_SA,
                                   .change = take_request,
                                   .arg = (uintptr_t)&taken}}};
        start_all(&f, &p);
        rekey(&p, p.a, kind);
        expect_one(&p);
        p.w->tap = NULL;
        size_t before = p.b->tally.octets;
        struct arena arena = arena_make(&p.a->tally.alloc, 65536);
        struct ike_msg msg;
        EXPECT(p.w, ike_payloads_decode(bytes_make(taken.octets, taken.len), taken.first, &arena,
                                        &msg)
                            .class
                        == DECODE_OK);
        if (!kind) /* new Child SAs: without REKEY_SA, which comes first */
            EXPECT(p.w, msg.payload[0].type == PAYLOAD_NOTIFY);
        struct ike_msg sent = kind ? msg : (struct ike_msg){.count = (uint16_t)(msg.count - 1), .payload = msg.payload + 1};
        for (int i = 0; i < SERIES; i++) {
            struct say say = forge_next(p.a, EXCHANGE_CREATE_CHILD_SA);
            unsigned larvals = 0;
            forge_say(p.a, &say, &sent);
            host_sa(p.a)->window.send_next++;
            world_run(p.w, 25 * IKE_MS);
            for (const struct larval *l = host_sa(p.b)->larvals; l; l = l->next)
                larvals++;
            EXPECT(p.w, (i || larvals) && larvals <= SERIES_PER_IKE_MAX);
            EXPECT(p.w, p.b->tally.octets < before + SERIES_PER_IKE_MAX * SERIES_OCTETS);
        }
        arena_wipe(&arena);
        world_run(p.w, 11 * IKE_SECOND);
        EXPECT(p.w, !host_sa(p.b)->larvals);
        uint64_t had = rekeyed(p.b);
        rekey(&p, p.a, kind);
        expect_one(&p);
        EXPECT(p.w, rekeyed(p.b) == had + 1);
        pair_end(&p);
    }
}

/* ---- several series at once ---------------------------------------------------------------- */

#define TWO_ROUNDS "aes256gcm16-x25519-ke1_mlkem512-ke2_ecp384"

enum { CHILDREN = SERIES_PER_IKE_MAX };

/* The children n0 ... of a connection, behind its first one. */
static const char *more_children(char *text, size_t room, int ours, int theirs)
{
    size_t len = (size_t)snprintf(text, room, NO_REKEY "\n");
    for (int i = 0; i < CHILDREN; i++)
        len += (size_t)snprintf(text + len, room - len,
                                "}\n n%d {\n esp_proposals = " TWO_ROUNDS "\n local_ts = 10.%d.%d.0/24\n"
                                " remote_ts = 10.%d.%d.0/24\n " NO_REKEY "\n",
                                i, ours, i, theirs, i);
    return text;
}

static struct pair many_pair(struct run *run)
{
    static char of_a[4096], of_b[4096];
    struct site site = {.ike = HYBRID, .esp = TWO_ROUNDS, .conn = NO_REKEY, .engine = ENGINE};
    struct site a = site, b = site;
    a.child = more_children(of_a, sizeof of_a, 3, 4);
    b.child = more_children(of_b, sizeof of_b, 4, 3);
    struct pair p = pair_make(run, a, b);
    pair_up(&p, 1);
    return p;
}

static struct want *wanted_round(struct ike_sa *sa, bool held)
{
    for (uint8_t i = 0; i < sa->wants; i++)
        if (sa->want[i].kind == WANT_ROUND && (sa->want[i].not_before != 0) == held)
            return &sa->want[i];
    return NULL;
}

/*
 * Alice begins a series, and when CREATE_CHILD_SA is answered something more urgent is to be said:
 * meanwhile the next round is put off until `later`. An honest engine has no reason to do so.
 */
static void begin_and_hold(struct pair *p, struct want want, ike_time later)
{
    struct ike_sa *sa = host_sa(p->a);
    struct want urgent = {.kind = WANT_DELETE_CHILD, .spi = 0x1000 + want.child_id};
    struct want *round = NULL;
    EXPECT(p->w, !sa->ours && sa_want(sa, want));
    host_check_all(p->a); /* looks what is wanted */
    EXPECT(p->w, sa->ours && sa->ours->exchange->type == EXCHANGE_CREATE_CHILD_SA);
    EXPECT(p->w, sa_want(sa, urgent));
    for (int i = 0; i < 100 && !round; i++) {
        world_run(p->w, IKE_MS);
        round = wanted_round(sa, false);
    }
    EXPECT(p->w, round && sa->ours);
    round->not_before = later;
    world_run(p->w, 50 * IKE_MS);
    EXPECT(p->w, !sa->ours);
}

static unsigned count_larvals(const struct ike_sa *sa)
{
    unsigned count = 0;
    for (const struct larval *l = sa->larvals; l; l = l->next)
        count++;
    return count;
}

/*
 * The peer may go on with its series in any order: what belongs together the links say. As many as
 * we serve at once are begun, new Child SAs and a rekey, then their rounds go in turns. Liveness
 * checks and one Child SA more, which is refused, come in between.
 */
static void interleaved(struct run *run)
{
    struct pair p = many_pair(run);
    struct ike_sa *sa = host_sa(p.a);
    ike_time later = p.w->now + 3 * IKE_SECOND;
    const struct conf_child *conf = sa->conn->child;
    begin_and_hold(&p, (struct want){.kind = WANT_REKEY_CHILD, .child_id = sa->children->id}, later);
    for (int i = 1; i < SERIES_PER_IKE_MAX; i++)
        begin_and_hold(&p, (struct want){.kind = WANT_NEW_CHILD, .conf = &conf[i]}, later);
    EXPECT(p.w, count_larvals(host_sa(p.b)) == SERIES_PER_IKE_MAX);
    EXPECT(p.w, sa_want(sa, (struct want){.kind = WANT_NEW_CHILD, .conf = &conf[SERIES_PER_IKE_MAX]}));
    host_check_all(p.a);
    world_run(p.w, 100 * IKE_MS);
    EXPECT(p.w, host_last_told(p.a, TELL_CHILD_DOWN)->tell.notify == NOTIFY_NO_ADDITIONAL_SAS);
    EXPECT(p.w, p.w->now < later && host_child_count(p.b) == 1);
    world_run(p.w, later - p.w->now + 10 * IKE_MS);
    for (int i = 0; i < 20; i++) { /* between the rounds */
        host_check_all(p.b);
        world_run(p.w, 30 * IKE_MS);
    }
    world_run(p.w, 10 * IKE_SECOND);
    world_settle(p.w);
    EXPECT(p.w, rekeyed(p.a) == 1 && rekeyed(p.b) == 1);
    EXPECT(p.w, host_child_count(p.a) == SERIES_PER_IKE_MAX);
    EXPECT(p.w, host_child_count(p.b) == SERIES_PER_IKE_MAX);
    pair_end(&p);
}

/* ---- SPIs and SAs that are not the right ones ---------------------------------------------- */

static bool reuse_spi(struct forge *f, struct forged *m)
{
    const struct mock_child *c = mock_child(f->bad->plane, 0);
    for (uint16_t i = 0; i < m->msg->count; i++)
        if (m->msg->payload[i].type == PAYLOAD_SA) {
            struct proposal *p = (struct proposal *)(uintptr_t)m->msg->payload[i].u.sa.at;
            if (p->spi_len == 4)
                put_u32(p->spi, c->spi_in);
            else
                put_u64(p->spi, sa_spi_ours(host_sa(f->bad)));
        }
    return true;
}

/* The peer gives a new SA the SPI of an old one. */
static void reused_spi(struct run *run)
{
    for (int i = 0; i < 4; i++) {
        if (!run_case(run))
            continue;
        struct pair p = rounds_pair(run, "aes256gcm16-x25519");
        struct forges f = {.at = {{.bad = i & 2 ? p.b : p.a,
                                   .exchange = EXCHANGE_CREATE_CHILD_SA,
                                   .response = i & 2,
                                   .change = reuse_spi}}};
        struct host *bad = f.at[0].bad;
        p.w->keys_may_differ = true;
        start_all(&f, &p);
        rekey(&p, p.a, i & 1);
        world_run(p.w, 20 * IKE_SECOND);
        EXPECT(p.w, f.at[0].done >= 1);
        p.w->tap = NULL;
        host_kill(bad);
        for (int k = 0; k < 2; k++) {
            host_check_all(bad == p.a ? p.b : p.a);
            world_run(p.w, 100 * IKE_SECOND);
        }
        host_boot(bad);
        p.w->keys_may_differ = false;
        pair_expect_nothing(&p);
        pair_up(&p, 1);
        pair_end(&p);
    }
}

/* ---- ML-KEM -------------------------------------------------------------------------------- */

static bool cut_data(struct forge *f, struct forged *m)
{
    struct payload *ke = find_ke(m->msg);
    (void)f;
    ke->u.ke.data.len--;
    return true;
}

static bool flip_data(struct forge *f, struct forged *m)
{
    static uint8_t copy[2048];
    struct payload *ke = find_ke(m->msg);
    (void)f;
    memcpy(copy, ke->u.ke.data.at, ke->u.ke.data.len);
    copy[100] ^= 4;
    ke->u.ke.data.at = copy;
    return true;
}

/* A ciphertext of the wrong length, in CREATE_CHILD_SA or in a follow-up: the IKE SA is deleted. */
static void bad_ciphertext(struct run *run)
{
    static const char *const esp[] = {"aes256gcm16-mlkem512", "aes256gcm16-x25519-ke1_mlkem512",
                                      "aes256gcm16-x25519-ke1_mlkem512"};
    for (int i = 0; i < 3; i++) {
        if (!run_case(run))
            continue;
        struct pair p = rounds_pair(run, esp[i]);
        struct forges f = {
            .at = {{.bad = p.b,
                    .exchange = i ? EXCHANGE_IKE_FOLLOWUP_KE : EXCHANGE_CREATE_CHILD_SA,
                    .response = true,
                    .change = cut_data}}};
        start_all(&f, &p);
        p.w->keys_may_differ = true; /* bob has gone on */
        rekey(&p, p.a, i == 2);
        world_run(p.w, 3 * IKE_SECOND);
        p.w->tap = NULL;
        p.w->keys_may_differ = false;
        EXPECT(p.w, f.at[0].done == 1 && p.a->told_reason[IKE_REASON_BAD_KEY_EXCHANGE] == 1);
        EXPECT(p.w, host_up_count(p.a) == 0 && host_child_count(p.a) == 0);
        if (i == 2) { /* bob's heir of the SA nobody knows of at the other end */
            host_check_all(p.b);
            world_run(p.w, 100 * IKE_SECOND);
        }
        pair_expect_nothing(&p);
        pair_up(&p, 1);
        pair_end(&p);
    }
}

/* A public key of the wrong length: refused, and what there is stays. */
static void bad_public_key(struct run *run)
{
    for (int i = 0; i < 2; i++) {
        if (!run_case(run))
            continue;
        struct pair p =
            rounds_pair(run, i ? "aes256gcm16-x25519-ke1_mlkem512" : "aes256gcm16-mlkem512");
        struct forges f = {
            .at = {{.bad = p.a,
                    .exchange = i ? EXCHANGE_IKE_FOLLOWUP_KE : EXCHANGE_CREATE_CHILD_SA,
                    .change = cut_data}}};
        start_all(&f, &p);
        rekey(&p, p.a, false);
        world_run(p.w, 3 * IKE_SECOND);
        p.w->tap = NULL;
        EXPECT(p.w, f.at[0].done == 1 && p.b->told_reason[IKE_REASON_BAD_KEY_EXCHANGE] == 1);
        expect_one(&p);
        EXPECT(p.w, rekeyed(p.a) == 1); /* at the next attempt */
        pair_end(&p);
    }
}

/*
 * A changed ciphertext of the right length makes another secret (implicit rejection). The new IKE
 * SA understands nothing: a liveness check ends in a timeout, and both ends are clean.
 */
static void rejected_quietly(struct run *run)
{
    for (int side = 0; side < 2; side++) {
        if (!run_case(run))
            continue;
        struct pair p = rounds_pair(run, "aes256gcm16");
        struct host *asks = side ? p.b : p.a;
        struct forges f = {.at = {{.bad = side ? p.a : p.b,
                                   .exchange = EXCHANGE_IKE_FOLLOWUP_KE,
                                   .response = true,
                                   .change = flip_data}}};
        start_all(&f, &p);
        p.w->keys_may_differ = true;
        rekey(&p, asks, true);
        world_run(p.w, 45 * IKE_MS); /* after the round with ML-KEM */
        p.w->tap = NULL;
        EXPECT(p.w, f.at[0].done == 1);
        world_run(p.w, IKE_SECOND);
        EXPECT(p.w, rekeyed(p.a) == 1 && rekeyed(p.b) == 1);
        host_check_all(p.a);
        host_check_all(p.b);
        world_run(p.w, 200 * IKE_SECOND);
        p.w->keys_may_differ = false;
        EXPECT(p.w, p.a->told_reason[IKE_REASON_TIMEOUT] >= 1 &&
                        p.b->told_reason[IKE_REASON_TIMEOUT] >= 1);
        pair_expect_nothing(&p);
        pair_up(&p, 1);
        pair_end(&p);
    }
}

/* ---- what we cannot accept although the peer has made it ------------------------------------- */

static bool widen_selectors(struct forge *f, struct forged *m)
{
    (void)f;
    for (uint16_t i = 0; i < m->msg->count; i++)
        if (m->msg->payload[i].type == PAYLOAD_TSr)
            memset(((struct selector *)(uintptr_t)m->msg->payload[i].u.ts.at)->from, 0, 4);
    return true;
}

static bool choose_another_suite(struct forge *f, struct forged *m)
{
    (void)f;
    for (uint16_t i = 0; i < m->msg->count; i++)
        if (m->msg->payload[i].type == PAYLOAD_SA)
            ((struct transform *)(uintptr_t)m->msg->payload[i].u.sa.at->transform)->key_bits = 128;
    return true;
}

static bool choose_a_reserved_spi(struct forge *f, struct forged *m)
{
    (void)f;
    for (uint16_t i = 0; i < m->msg->count; i++)
        if (m->msg->payload[i].type == PAYLOAD_SA)
            memset(((struct proposal *)(uintptr_t)m->msg->payload[i].u.sa.at)->spi, 0,
                   m->msg->payload[i].u.sa.at->spi_len);
    return true;
}

static bool drop_data(struct forge *f, struct forged *m)
{
    struct payload *ke = find_ke(m->msg);
    (void)f;
    m->msg->count--;
    *ke = m->msg->payload[m->msg->count];
    return true;
}

/* Our own cryptography fails while the keys of the new SA are made. */
static bool break_crypto(struct forge *f, struct forged *m)
{
    if (find_link(m->msg)) /* not the last round */
        return false;
    f->pair->a->watch.fail_at = f->pair->a->watch.calls + f->arg;
    return true;
}

static const struct {
    const char *esp;
    uint8_t exchange;
    forge_function *change;
    uint64_t arg;
} rejected[] = {
    {"aes256gcm16-x25519", EXCHANGE_CREATE_CHILD_SA, widen_selectors, 0},
    {"aes256gcm16-x25519", EXCHANGE_CREATE_CHILD_SA, choose_another_suite, 0},
    {"aes256gcm16-x25519", EXCHANGE_CREATE_CHILD_SA, choose_a_reserved_spi, 0},
    {"aes256gcm16-x25519", EXCHANGE_CREATE_CHILD_SA, drop_data, 0},
    {"aes256gcm16-x25519", EXCHANGE_CREATE_CHILD_SA, break_crypto, 2},
    {"aes256gcm16", EXCHANGE_CREATE_CHILD_SA, break_crypto, 2},
    {"aes256gcm16-x25519-ke1_mlkem512", EXCHANGE_IKE_FOLLOWUP_KE, break_crypto, 2},
    {"aes256gcm16-x25519-ke1_mlkem512", EXCHANGE_IKE_FOLLOWUP_KE, break_crypto, 3},
};

/*
 * A Child SA, new or in place of another, that the peer has made and we refuse is deleted at the
 * peer; what was there before stays in use at both ends.
 */
static void rejected_late(struct run *run)
{
    for (size_t i = 0; i < 2 * sizeof rejected / sizeof rejected[0]; i++) {
        if (!run_case(run))
            continue;
        bool anew = i & 1;
        struct pair p = rounds_pair(run, rejected[i / 2].esp);
        struct forges f = {.at = {{.bad = p.b,
                                   .exchange = rejected[i / 2].exchange,
                                   .response = true,
                                   .change = rejected[i / 2].change,
                                   .arg = rejected[i / 2].arg}}};
        start_all(&f, &p);
        p.w->keys_may_differ = true;
        if (anew) {
            struct want want = {.kind = WANT_NEW_CHILD, .conf = host_sa(p.a)->conn->child};
            EXPECT(p.w, sa_want(host_sa(p.a), want));
            host_check_all(p.a); /* begins what is wanted */
        } else {
            rekey(&p, p.a, false);
        }
        world_run(p.w, 3 * IKE_SECOND);
        p.w->tap = NULL;
        EXPECT(p.w, f.at[0].done >= 1 && rekeyed(p.a) == 0);
        EXPECT(p.w, host_up_count(p.a) == 1 && host_up_count(p.b) == 1);
        EXPECT(p.w, host_child_count(p.a) == 1);
        world_run(p.w, 6 * IKE_SECOND); /* what was replaced for a while lingers */
        EXPECT(p.w, host_child_count(p.b) == 1);
        EXPECT(p.w, host_sa(p.b)->children->state == CHILD_INSTALLED);
        p.w->keys_may_differ = false;
        world_settle(p.w);
        rekey(&p, p.a, false);
        world_run(p.w, 20 * IKE_SECOND);
        EXPECT(p.w, rekeyed(p.a) == 1 && host_child_count(p.a) == 1);
        pair_end(&p);
    }
}

/*
 * The same in place of a Child SA: nothing in IKE says that its keys differ, and what is sent on it
 * is refused at the other end. The IKE SA knows nothing of it and lives, the next rekey heals it.
 */
static void rejected_in_child(struct run *run)
{
    for (int side = 0; side < 2; side++) {
        if (!run_case(run))
            continue;
        struct pair p = rounds_pair(run, "aes256gcm16-x25519-ke1_mlkem512");
        struct forges f = {.at = {{.bad = side ? p.a : p.b,
                                   .exchange = EXCHANGE_IKE_FOLLOWUP_KE,
                                   .response = true,
                                   .change = flip_data}}};
        start_all(&f, &p);
        rekey(&p, side ? p.b : p.a, false);
        world_run(p.w, 8 * IKE_SECOND);
        p.w->tap = NULL;
        EXPECT(p.w, f.at[0].done == 1 && rekeyed(p.a) == 1 && rekeyed(p.b) == 1);
        const struct mock_child *a = mock_child(p.a->plane, 0), *b = mock_child(p.b->plane, 0);
        EXPECT(p.w, a->spi_in == b->spi_out && a->key_in != b->key_out && a->key_out != b->key_in);
        host_check_all(p.a);
        host_check_all(p.b);
        world_run(p.w, IKE_SECOND);
        EXPECT(p.w, host_up_count(p.a) == 1 && host_up_count(p.b) == 1);
        rekey(&p, p.a, false);
        expect_one(&p); /* which asks for equal keys */
        pair_end(&p);
    }
}

/* clang-format off */
const struct scenario round_scenarios[] = {
    {"link-lengths",     "links of 1 to 1000 octets from the peer come back as they were", link_lengths},
    {"surplus-link",     "a link after the last round is ignored", surplus_link},
    {"missing-link",     "a missing one ends the series, and nothing else", missing_link},
    {"lost-state",       "STATE_NOT_FOUND: begin again, give up after several times", lost_state},
    {"late-follow-up",   "a round that comes when the series is forgotten", late_follow_up},
    {"abandoned-series", "a thousand series are begun and abandoned: memory is bounded", abandoned_series},
    {"interleaved",      "the rounds of eight series of the peer go in turns; a ninth is refused", interleaved},
    {"reused-spi",       "the peer gives a new SA the SPI of an old one", reused_spi},
    {"bad-ciphertext",   "an ML-KEM ciphertext of the wrong length deletes the IKE SA", bad_ciphertext},
    {"bad-public-key",   "an ML-KEM public key of the wrong length is refused", bad_public_key},
    {"rejected-late",    "a Child SA that the peer has made and we cannot accept is deleted there", rejected_late},
    {"rejected-quietly", "a changed ML-KEM ciphertext: the rekeyed IKE SA ends in a clean timeout", rejected_quietly},
    {"rejected-in-child", "... in place of a Child SA: the next rekey heals it", rejected_in_child},
    {0},
};
/* clang-format on */
