/*
 * matrix: every state of an SA, every exchange, both directions, both roles: what comes of a
 * message of any exchange that is as it should be, or lacks a payload, or has one too many, or one
 * of another exchange, or a link that is unknown, missing, oversized.
 *
 * The messages are those of honest hosts, taken down once; the changes are generated. The honest
 * side is brought into a state, hears the message under the right keys and with the right message
 * id, and must live through it: nothing crashes, nothing leaks, what an answer nobody waits for
 * says changes nothing, and a Child SA in use stays as long as its IKE SA does and nobody deletes
 * it.
 */
#include "forge.h"
#include "invariants.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#define HYBRID "aes256gcm16-prfsha256-x25519-ke1_ecp256-ke2_ecp384"
#define PFS "aes256gcm16-x25519-ke1_ecp256-ke2_ecp384"

/* ---- states -------------------------------------------------------------------------------- */

enum state {
    NEW,   /* waits for the answer to IKE_SA_INIT */
    KEYED, /* before the rounds, between them, before IKE_AUTH */
    KEYED_BETWEEN,
    KEYED_LAST,
    UP,
    ASKED_CHILD, /* its own CREATE_CHILD_SA is not answered */
    ASKED_IKE,
    ASKED_NEW,
    SERIES_CHILD, /* its own series has a round open */
    SERIES_IKE,
    SERVING_CHILD, /* the peer's series has */
    SERVING_IKE,
    DELETING, /* its Delete of the Child SA is not answered */
    CLOSING,  /* its Delete of the IKE SA is not */
    REPLACED, /* the IKE SA was rekeyed by the peer, whose Delete has not come */
    STATES,
};

/* Datagrams that never arrive. */
struct hold {
    int sender;
    uint8_t exchange;
    bool response;
    bool all;
};

static bool hold_back(struct world *w, struct packet *p, void *arg)
{
    const struct hold *hold = arg;
    struct ike_header h;
    (void)w;
    return p->sender != hold->sender || !ike_header_read(bytes_make(p->octets, p->len), &h) ||
           (!hold->all && (h.exchange != hold->exchange || h.response != hold->response));
}

static void order(struct host *h, enum order_kind kind, const char *child)
{
    struct ike_order o = {.kind = kind, .conn = BYTES_LIT("net")};
    o.child = child ? bytes_str(child) : BYTES_NONE;
    EXPECT(h->world, host_order(h, &o) == ORDER_DONE);
}

static struct pair matrix_pair(struct run *run)
{
    struct site site[2];
    static const char *const children[] = {
        "rekey_time = 0\n }\n two {\n esp_proposals = " PFS
        "\n local_ts = 10.3.0.0/16\n remote_ts = 10.4.0.0/16\n rekey_time = 0",
        "rekey_time = 0\n }\n two {\n esp_proposals = " PFS
        "\n local_ts = 10.4.0.0/16\n remote_ts = 10.3.0.0/16\n rekey_time = 0"};
    for (int i = 0; i < 2; i++)
        site[i] = (struct site){.ike = HYBRID,
                                .esp = PFS,
                                .conn = "rekey_time = 0",
                                .child = children[i],
                                .engine = "series_timeout = 10"};
    return pair_make(run, site[0], site[1]);
}

/* The SA of the honest host that the message will be for; NULL: there is no such state. */
static struct ike_sa *bring(struct pair *p, enum state state, struct host *good, struct hold *hold)
{
    static const ike_time moments[] = {
        [NEW] = 12, [KEYED] = 25, [KEYED_BETWEEN] = 45, [KEYED_LAST] = 65};
    struct host *bad = good == p->a ? p->b : p->a;
    if (state <= KEYED_LAST) {
        host_initiate(p->a, "net", "net");
        world_run(p->w, moments[state] * IKE_MS);
        return state == NEW && good == p->b ? NULL : host_sa(good);
    }
    pair_up(p, 1);
    *hold = (struct hold){.sender = good->index, .exchange = EXCHANGE_CREATE_CHILD_SA};
    p->w->tap = hold_back;
    p->w->tap_arg = hold;
    struct host *asks = state == SERVING_CHILD || state == SERVING_IKE || state == REPLACED ? bad : good;
    hold->sender = asks->index;
    bool in_series = state == SERIES_CHILD || state == SERVING_CHILD || state == SERIES_IKE ||
                     state == SERVING_IKE;
    if (in_series)
        hold->exchange = EXCHANGE_IKE_FOLLOWUP_KE;
    switch (state) {
    case SERIES_CHILD:
    case SERVING_CHILD:
    case ASKED_CHILD:
        order(asks, ORDER_REKEY, "net");
        break;
    case SERIES_IKE:
    case SERVING_IKE:
    case ASKED_IKE:
        order(asks, ORDER_REKEY, NULL);
        break;
    case ASKED_NEW:
        order(asks, ORDER_INITIATE, "two");
        break;
    case DELETING:
    case CLOSING:
        hold->exchange = EXCHANGE_INFORMATIONAL;
        order(asks, ORDER_TERMINATE, state == DELETING ? "net" : NULL);
        break;
    case REPLACED:
        hold->exchange = EXCHANGE_INFORMATIONAL;
        order(asks, ORDER_REKEY, NULL);
        break;
    default:
        break;
    }
    struct ike_sa *sa = host_sa(good);
    world_run(p->w, 120 * IKE_MS);
    return sa;
}

/* ---- messages of honest hosts -------------------------------------------------------------- */

struct base {
    uint8_t exchange, first;
    bool response;
    uint16_t payloads;
    size_t len;
    uint8_t octets[2048];
};

struct bases {
    unsigned count;
    struct base at[32];
};

static bool take_down(struct forge *f, struct forged *m)
{
    struct bases *bases = (struct bases *)(uintptr_t)f->arg;
    EXPECT(f->pair->w, bases->count < sizeof bases->at / sizeof bases->at[0]);
    struct base *b = &bases->at[bases->count++];
    struct writer w = writer_make(b->octets, sizeof b->octets);
    *b = (struct base){
        .exchange = f->exchange, .response = f->response, .payloads = m->msg->count};
    ike_payloads_encode(&w, m->msg, &b->first);
    EXPECT(f->pair->w, !w.fault);
    b->len = w.len;
    return false;
}

/* What alice says in this exchange, or bob answers, while she carries out the order. */
static void overhear(struct run *run, struct bases *bases, uint8_t exchange, enum order_kind kind,
                     const char *child)
{
    for (int response = 0; response < 2; response++) {
        struct pair p = matrix_pair(run);
        struct forge f = {.pair = &p,
                          .bad = response ? p.b : p.a,
                          .exchange = exchange,
                          .response = response,
                          .mid = -1,
                          .change = take_down,
                          .arg = (uintptr_t)bases};
        bool early = kind == ORDER_INITIATE && strcmp(child, "net") == 0;
        if (early)
            forge_start(&f);
        pair_up(&p, 1);
        forge_start(&f);
        if (!early)
            order(p.a, kind, child);
        world_settle(p.w);
        p.w->tap = NULL;
        world_free(p.w);
    }
}

static void overhear_all(struct run *run, struct bases *bases)
{
    overhear(run, bases, EXCHANGE_IKE_INTERMEDIATE, ORDER_INITIATE, "net");
    overhear(run, bases, EXCHANGE_IKE_AUTH, ORDER_INITIATE, "net");
    overhear(run, bases, EXCHANGE_CREATE_CHILD_SA, ORDER_INITIATE, "two");
    overhear(run, bases, EXCHANGE_CREATE_CHILD_SA, ORDER_REKEY, "net");
    overhear(run, bases, EXCHANGE_CREATE_CHILD_SA, ORDER_REKEY, NULL);
    overhear(run, bases, EXCHANGE_IKE_FOLLOWUP_KE, ORDER_REKEY, "net");
    overhear(run, bases, EXCHANGE_INFORMATIONAL, ORDER_TERMINATE, "net");
    overhear(run, bases, EXCHANGE_INFORMATIONAL, ORDER_TERMINATE, NULL);
}

/* ---- changes ------------------------------------------------------------------------------- */

/* Payloads to be added to any message. */
static const uint8_t zeros[40000];

static const struct payload strange[] = {
    {.type = PAYLOAD_KE, .u.ke = {31, {zeros, 32}}},
    {.type = PAYLOAD_KE, .u.ke = {0, {zeros, 1}}},
    {.type = PAYLOAD_NONCE, .raw = {zeros, 32}},
    {.type = PAYLOAD_AUTH, .u.auth = {2, {zeros, 32}}},
    {.type = PAYLOAD_IDi, .u.id.id = {2, {zeros, 5}}},
    {.type = PAYLOAD_DELETE, .u.del = {PROTOCOL_ESP, 4, 3, {zeros, 12}}},
    {.type = PAYLOAD_DELETE, .u.del = {PROTOCOL_IKE, 0, 0, {0}}},
    {.type = PAYLOAD_NOTIFY, .u.notify = {PROTOCOL_ESP, 4, {zeros, 4}, NOTIFY_REKEY_SA, {0}}},
    {.type = PAYLOAD_NOTIFY, .u.notify = {PROTOCOL_IKE, 8, {zeros, 8}, NOTIFY_REKEY_SA, {0}}},
#define LINK(len) \
    { \
        .type = PAYLOAD_NOTIFY, .u.notify = {.type = NOTIFY_ADDITIONAL_KEY_EXCHANGE, \
                                             .data = {zeros, len} } \
    }
    LINK(0),
    LINK(1),
    LINK(7),
    LINK(8),
    LINK(9),
    LINK(64),
    LINK(1000),
    LINK(40000),
#undef LINK
#define ERROR(name) \
    { \
        .type = PAYLOAD_NOTIFY, .u.notify = {.type = NOTIFY_##name } \
    }
    ERROR(INVALID_SYNTAX),
    ERROR(NO_PROPOSAL_CHOSEN),
    ERROR(TEMPORARY_FAILURE),
    ERROR(CHILD_SA_NOT_FOUND),
    ERROR(STATE_NOT_FOUND),
    ERROR(NO_ADDITIONAL_SAS),
    ERROR(TS_UNACCEPTABLE),
    ERROR(INVALID_KE_PAYLOAD),
    ERROR(AUTHENTICATION_FAILED),
    ERROR(SINGLE_PAIR_REQUIRED),
    ERROR(INVALID_SELECTORS),
#undef ERROR
    {.type = 200, .critical = true, .raw = {zeros, 4}},
    {.type = 201, .raw = {zeros, 4}},
};

enum {
    STRANGE = sizeof strange / sizeof strange[0],
    BENDS = 8, /* see bend() */
};

static struct payload *find(struct ike_msg *m, uint8_t type)
{
    for (uint16_t i = 0; i < m->count; i++)
        if (m->payload[i].type == type)
            return &m->payload[i];
    return NULL;
}

/* Something inside a payload is not as it should be. False: there is no such payload. */
static bool bend(struct ike_msg *m, unsigned how)
{
    struct payload *ke = find(m, PAYLOAD_KE), *nonce = find(m, PAYLOAD_NONCE),
                   *sa = find(m, PAYLOAD_SA), *ts = find(m, PAYLOAD_TSi);
    switch (how) {
    case 0:
        return ke && ++ke->u.ke.method;
    case 1:
        return ke && ke->u.ke.data.len--;
    case 2:
        return ke && (ke->u.ke.data = bytes_make(zeros, 4000)).len;
    case 3:
        return nonce && (nonce->raw = bytes_make(zeros, NONCE_LEN_MIN - 1)).len;
    case 4:
        return nonce && (nonce->raw = bytes_make(zeros, NONCE_LEN_MAX)).len;
    case 5: /* a proposal without an SPI */
        return sa && sa->u.sa.count &&
               ((struct proposal *)(uintptr_t)sa->u.sa.at)->spi_len &&
               !(((struct proposal *)(uintptr_t)sa->u.sa.at)->spi_len = 0);
    case 6:
        return sa && sa->u.sa.count && ++((struct proposal *)(uintptr_t)sa->u.sa.at)->protocol;
    default:
        return ts && (ts->u.ts.count = 0, true);
    }
}

/* The n-th payload of all that honest hosts say, whatever the exchange. */
static bool borrow(struct ike_msg *m, struct arena *arena, const struct bases *bases, unsigned n)
{
    const struct base *from = bases->at;
    struct ike_msg all = ike_msg_make();
    for (; n >= from->payloads; from++)
        n -= from->payloads;
    if (ike_payloads_decode(bytes_make(from->octets, from->len), from->first, arena, &all).class !=
        DECODE_OK)
        return false;
    *ike_msg_add(m, arena, all.payload[n].type) = all.payload[n];
    return true;
}

/*
 * The n-th change of a message: none, one payload missing, one twice, all in the other order, one
 * bent, one added that is strange, or that belongs elsewhere. False: it does not apply.
 */
static bool change(struct ike_msg *m, struct arena *arena, const struct bases *bases, unsigned n)
{
    if (n == 0) /* as it is */
        return true;
    n--;
    if (n < m->count) {
        memmove(&m->payload[n], &m->payload[n + 1], (m->count - n - 1U) * sizeof *m->payload);
        m->count--;
        return true;
    }
    n -= m->count;
    if (n < m->count) {
        struct payload again = m->payload[n];
        *ike_msg_add(m, arena, again.type) = again;
        return true;
    }
    n -= m->count;
    if (n == 0) {
        for (uint16_t i = 0; i < m->count / 2; i++) {
            struct payload last = m->payload[m->count - 1 - i];
            m->payload[m->count - 1 - i] = m->payload[i];
            m->payload[i] = last;
        }
        return true;
    }
    n--;
    if (n < BENDS)
        return bend(m, n);
    n -= BENDS;
    if (n >= STRANGE)
        return borrow(m, arena, bases, n - STRANGE);
    *ike_msg_add(m, arena, strange[n].type) = strange[n];
    return true;
}

static unsigned own_changes(const struct base *b)
{
    return 2U * b->payloads + 2 + BENDS + STRANGE;
}

static unsigned changes_of(const struct bases *bases, const struct base *b)
{
    unsigned count = own_changes(b);
    for (unsigned i = 0; i < bases->count; i++)
        count += bases->at[i].payloads;
    return count;
}

/* What only this world knows: the SPI of the Child SA, the link of the series. */
static void make_current(struct ike_msg *m, const struct ike_sa *good, const struct host *at,
                         uint8_t room[12])
{
    const struct mock_child *c = mock_child(at->plane, 0);
    const struct larval *l = good->larvals;
    put_u32(room, c ? c->spi_out : 0);
    put_u32(room + 4, l ? l->id : 0);
    put_u32(room + 8, l ? l->schedule.at : 0);
    for (uint16_t i = 0; i < m->count; i++) {
        struct payload *p = &m->payload[i];
        if (p->type == PAYLOAD_NOTIFY && p->u.notify.type == NOTIFY_REKEY_SA)
            p->u.notify.spi = bytes_make(room, 4);
        if (p->type == PAYLOAD_NOTIFY && p->u.notify.type == NOTIFY_ADDITIONAL_KEY_EXCHANGE)
            p->u.notify.data = bytes_make(room + 4, 8);
        if (p->type == PAYLOAD_DELETE && p->u.del.count == 1)
            p->u.del.spis = bytes_make(room, 4);
    }
}

/* ---- what must not change ------------------------------------------------------------------ */

struct digest {
    uint64_t sas, children, adds, larvals, phases, awaiting, serve, send;
};

static struct digest digest_of(const struct host *h)
{
    struct digest d = {.sas = h->engine->sa_count,
                       .children = mock_counts(h->plane).installed,
                       .adds = mock_counts(h->plane).adds};
    for (const struct ike_sa *sa = h->engine->oldest; sa; sa = sa->newer) {
        for (const struct larval *l = sa->larvals; l; l = l->next)
            d.larvals++;
        d.phases = d.phases * 8 + (uint64_t)sa->phase;
        d.awaiting = d.awaiting * 2 + sa->window.awaiting;
        d.serve += sa->window.serve_next;
        d.send += sa->window.send_next;
    }
    return d;
}

/* Some changes no encoder can express. */
static bool has_octets(const struct ike_msg *m)
{
    static uint8_t room[65536];
    struct writer w = writer_make(room, sizeof room);
    uint8_t first;
    ike_payloads_encode(&w, m, &first);
    return !w.fault;
}

/* It says that the Child SA is gone. */
static bool deletes(const struct ike_msg *m)
{
    for (uint16_t i = 0; i < m->count; i++)
        if (m->payload[i].type == PAYLOAD_DELETE ||
            (m->payload[i].type == PAYLOAD_NOTIFY &&
             m->payload[i].u.notify.type == NOTIFY_CHILD_SA_NOT_FOUND))
            return true;
    return false;
}

/* ---- one case ------------------------------------------------------------------------------ */

struct trial {
    struct run *run;
    const struct bases *bases;
    const struct base *base;
    enum state state;
    uint8_t exchange; /* in which it is sent */
    bool response, by_initiator;
    int64_t offset; /* of the message id from the right one */
    unsigned change;
    bool rare; /* one of very many: only some of these are tried */
    uint64_t *count;
};

/* Another part of them with each seed; all with --scale 4700 or one by its number. */
static bool is_chosen(const struct trial *t)
{
    enum { EVERY = 47 };
    const struct run *run = t->run;
    uint64_t every = run->scale < 100 * EVERY ? 100 * EVERY / run->scale : 1;
    return !t->rare || run->only_case >= 0 || ((uint64_t)run->at_case + run->seed) % every == 0;
}

/* The peer vanishes: the honest side notices, is clean, and lets an honest peer in. */
static void outlive(struct pair *p, struct host *bad)
{
    p->w->tap = NULL;
    host_kill(bad);
    for (int i = 0; i < 2; i++) {
        host_check_all(bad == p->a ? p->b : p->a);
        world_run(p->w, 100 * IKE_SECOND);
    }
    host_boot(bad);
    pair_expect_nothing(p);
    pair_up(p, 1);
    pair_end(p);
}

static void say_it(const struct trial *t, struct pair *p, struct host *good, struct ike_sa *sa,
                   struct ike_msg *msg)
{
    struct world *w = p->w;
    struct host *bad = good == p->a ? p->b : p->a;
    struct ike_sa *at_bad = t->state == NEW ? host_sa(bad) : world_other_end(w, good, sa, NULL);
    EXPECT(w, at_bad);
    uint32_t right = t->response ? sa->window.send_next - 1 : sa->window.serve_next;
    struct say say = {.exchange = t->exchange,
                      .response = t->response,
                      .mid = (uint32_t)(right + t->offset),
                      .as_initiator = at_bad->initiator,
                      .sa = at_bad};
    struct digest before = digest_of(good);
    uint32_t id = sa->id;
    bool awaited = sa->window.awaiting && t->offset == 0;
    bool repeat = !t->response && t->offset == -1;
    const struct mock_child *child = mock_child(good->plane, 0);
    uint32_t child_id = child ? child->id : 0;
    world_link(w, bad, good)->delay_min = world_link(w, bad, good)->delay_max = 0;
    forge_say(bad, &say, msg);
    world_run(w, 0);
    struct digest after = digest_of(good);
    if (!repeat && (t->response ? !awaited : t->offset != 0))
        EXPECT(w, memcmp(&before, &after, sizeof before) == 0);
    EXPECT(w, after.sas <= before.sas + 1 && after.adds <= before.adds + 1 &&
                  after.larvals <= before.larvals + 1);
    const struct ike_sa *now = table_get(&good->engine->by_id, id);
    if (now && (now->phase == PHASE_UP || now->phase == PHASE_REPLACED) && child_id &&
        t->state >= UP && t->state != DELETING && !deletes(msg))
        EXPECT(w, mock_child_by_id(good->plane, child_id));
    world_run(w, 30 * IKE_SECOND);
}

static void try_one(const struct trial *t)
{
    struct run *run = t->run;
    uint8_t room[12];
    struct hold hold = {0};
    if (!run_case(run) || !is_chosen(t))
        return;
    struct pair p = matrix_pair(run);
    struct host *good = t->by_initiator ? p.b : p.a, *bad = t->by_initiator ? p.a : p.b;
    struct tally tally;
    tally_make(&tally);
    struct arena arena = arena_make(&tally.alloc, 1 << 20);
    struct ike_msg decoded = ike_msg_make(), msg = ike_msg_make();
    EXPECT(p.w, ike_payloads_decode(bytes_make(t->base->octets, t->base->len), t->base->first,
                                    &arena, &decoded)
                        .class
                    == DECODE_OK);
    for (uint16_t i = 0; i < decoded.count; i++)
        *ike_msg_add(&msg, &arena, decoded.payload[i].type) = decoded.payload[i];
    struct ike_sa *sa = bring(&p, t->state, good, &hold);
    if (sa)
        make_current(&msg, sa, good, room);
    bool applies = change(&msg, &arena, t->bases, t->change) && has_octets(&msg);
    if (sa && applies) {
        ++*t->count;
        say_it(t, &p, good, sa, &msg);
    }
    arena_wipe(&arena);
    if (sa && applies && run->at_case % 8 == 0)
        outlive(&p, bad);
    else
        world_free(p.w);
}

/* ---- the matrix ---------------------------------------------------------------------------- */

static const uint8_t exchanges[] = {EXCHANGE_IKE_SA_INIT, EXCHANGE_IKE_AUTH,
                                    EXCHANGE_CREATE_CHILD_SA, EXCHANGE_INFORMATIONAL,
                                    EXCHANGE_IKE_INTERMEDIATE, EXCHANGE_IKE_FOLLOWUP_KE};

static void each_exchange(struct run *run, const struct bases *bases, enum state state,
                          uint64_t *count)
{
    struct trial t = {.run = run, .bases = bases, .state = state, .count = count};
    for (int side = 0; side < 4; side++)
        for (unsigned b = 0; b < bases->count; b++) {
            t.base = &bases->at[b];
            t.response = side & 1;
            t.by_initiator = side & 2;
            unsigned changes = changes_of(bases, t.base);
            for (size_t x = 0; x < sizeof exchanges; x++) {
                t.exchange = exchanges[x];
                bool own = t.exchange == t.base->exchange && t.response == t.base->response;
                for (t.change = 0; t.change < changes; t.change++) {
                    t.rare = t.change >= (own ? own_changes(t.base) : 1);
                    try_one(&t);
                }
            }
        }
}

static void matrix(struct run *run)
{
    static struct bases bases;
    uint64_t count = 0;
    bases.count = 0;
    overhear_all(run, &bases);
    for (unsigned state = 0; state < STATES; state++)
        each_exchange(run, &bases, (enum state)state, &count);
    run_say(run, "total: %" PRIu64 " messages in %d states, of %u kinds", count, STATES, bases.count);
}

/* Honest messages with message ids around the window, at the other end of the numbers, and at
 * their end. */
static void edges(struct run *run)
{
    static const int64_t offsets[] = {-2, -1, 1, 2, 0x7fffffff, 0x80000000, -3, UINT32_MAX};
    static struct bases bases;
    uint64_t count = 0;
    bases.count = 0;
    overhear_all(run, &bases);
    struct trial t = {.run = run, .bases = &bases, .count = &count};
    for (unsigned state = 0; state < STATES; state++)
        for (int side = 0; side < 4; side++)
            for (unsigned b = 0; b < bases.count; b++)
                for (size_t o = 0; o < sizeof offsets / sizeof offsets[0]; o++) {
                    t.state = (enum state)state;
                    t.base = &bases.at[b];
                    t.exchange = t.base->exchange;
                    t.response = side & 1;
                    t.by_initiator = side & 2;
                    t.offset = offsets[o];
                    try_one(&t);
                }
    run_say(run, "total: %" PRIu64 " messages out of the window", count);
}

/* clang-format off */
const struct scenario matrix_scenarios[] = {
    {"matrix", "every state, exchange, direction and role, with messages changed in every way", matrix},
    {"edges",  "honest messages in every state with wrong message ids", edges},
    {0},
};
/* clang-format on */
