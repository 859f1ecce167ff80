/*
 * hostile: peers that hold the keys and lie, and strangers that shout.
 *
 * What must come of it is always the same: the honest end refuses, says why, is clean soon, and
 * lets an honest peer in afterwards.
 */
#include "forge.h"

#include <stdlib.h>

#include "wire/notify.h"

#define HYBRID "aes256gcm16-prfsha256-x25519-ke1_mlkem768-ke2_ecp384"
#define WHOLE "fragment_size = 0"

static struct pair hostile_pair(struct run *run)
{
    return pair_make(run, (struct site){.ike = HYBRID, .engine = WHOLE, .conn = "dpd_delay = 10"},
                     (struct site){.ike = HYBRID, .engine = WHOLE});
}

static struct payload *find(const struct forged *m, uint8_t type)
{
    for (uint16_t i = 0; i < m->msg->count; i++)
        if (m->msg->payload[i].type == type)
            return &m->msg->payload[i];
    return NULL;
}

static void append_notify(const struct forged *m, uint16_t type)
{
    (void)ike_msg_add_notify(m->msg, m->arena, type, BYTES_NONE);
}

static struct bytes resized(const struct forged *m, struct bytes from, size_t len)
{
    uint8_t *octets = ARENA_ARRAY(m->arena, uint8_t, len + 1);
    memset(octets, 0x17, len);
    if (from.len)
        memcpy(octets, from.at, from.len < len ? from.len : len);
    return bytes_make(octets, len);
}

/* ---- lies in the rounds of key exchange ---------------------------------------------------- */

static bool no_ke(struct forge *f, struct forged *m)
{
    (void)f;
    m->msg->count = 0;
    return true;
}

static bool another_method(struct forge *f, struct forged *m)
{
    find(m, PAYLOAD_KE)->u.ke.method = (uint16_t)f->arg;
    return true;
}

static bool another_length(struct forge *f, struct forged *m)
{
    struct ke_payload *ke = &find(m, PAYLOAD_KE)->u.ke;
    ke->data = resized(m, ke->data, ke->data.len + f->arg - 2);
    return true;
}

static bool empty_ke(struct forge *f, struct forged *m)
{
    (void)f;
    find(m, PAYLOAD_KE)->u.ke.data = BYTES_NONE;
    return true;
}

/* FIPS 203 7.2: a coefficient that is not below 3329. Both backends refuse it. */
static bool invalid_key(struct forge *f, struct forged *m)
{
    (void)f;
    struct ke_payload *ke = &find(m, PAYLOAD_KE)->u.ke;
    ke->data = resized(m, ke->data, ke->data.len);
    memset((uint8_t *)(uintptr_t)ke->data.at + 30, 0xff, 6);
    return true;
}

static bool two_kes(struct forge *f, struct forged *m)
{
    (void)f;
    ike_msg_add(m->msg, m->arena, PAYLOAD_KE)->u.ke = find(m, PAYLOAD_KE)->u.ke;
    return true;
}

static bool error_beside(struct forge *f, struct forged *m)
{
    append_notify(m, (uint16_t)f->arg);
    return true;
}

static bool critical_payload(struct forge *f, struct forged *m)
{
    (void)f;
    (void)ike_msg_add_raw(m->msg, m->arena, 200, BYTES_LIT("what is this"));
    m->msg->payload[m->msg->count - 1].critical = true;
    return true;
}

static bool nonsense(struct forge *f, struct forged *m)
{
    (void)f;
    m->raw = BYTES_LIT("\x22\x00\xff\xff no such length");
    m->raw_first = PAYLOAD_KE;
    return true;
}

static const struct {
    const char *text;
    forge_function *change;
    uint64_t arg;
} round_lies[] = {
    {"no KE payload", no_ke, 0},
    {"another method", another_method, 36 + 1},
    {"an unknown method", another_method, 65000},
    {"one octet too few", another_length, 1},
    {"one octet too many", another_length, 3},
    {"no octets at all", empty_ke, 0},
    {"two KE payloads", two_kes, 0},
    {"an error beside it", error_beside, NOTIFY_NO_PROPOSAL_CHOSEN},
    {"an unknown critical payload", critical_payload, 0},
    {"nonsense", nonsense, 0},
    {"an invalid key", invalid_key, 0},
};

/* In round 1 or 2, as initiator or as responder: it never comes up, and nobody keeps anything. */
static void lying_rounds(struct run *run)
{
    for (size_t i = 0; i < sizeof round_lies / sizeof round_lies[0]; i++)
        for (int k = 0; k < 4; k++) {
            bool response = k & 1;
            uint32_t mid = k & 2 ? 2 : 1;
            bool is_key_check =
                round_lies[i].change ==
                invalid_key; /* an ML-KEM ciphertext is any octets: implicit rejection */
            if ((is_key_check && (response || mid == 2)) ||
                (round_lies[i].arg == 37 && mid == 2 && response))
                continue;
            if (!run_case(run))
                continue;
            struct pair p = hostile_pair(run);
            struct forge f = {.pair = &p,
                              .bad = response ? p.b : p.a,
                              .exchange = EXCHANGE_IKE_INTERMEDIATE,
                              .response = response,
                              .mid = mid,
                              .change = round_lies[i].change,
                              .arg = round_lies[i].arg};
            struct host *good = response ? p.a : p.b;
            forge_start(&f);
            host_initiate(p.a, "net", "net");
            world_settle(p.w);
            EXPECT(p.w, f.done == 1);
            bool harmless = round_lies[i].change == error_beside &&
                            !response; /* a notify in a request that means nothing there */
            if (!harmless)
                EXPECT(p.w,
                       good->told_kind[TELL_IKE_UP] == 0 && good->told_kind[TELL_IKE_DOWN] == 1);
            p.w->tap = NULL;
            pair_expect_nothing(&p);
            pair_up(&p, 1);
            pair_end(&p);
        }
}

/* An ML-KEM ciphertext that was changed gives another secret (implicit rejection): no error, but
 * nobody comes up, and both end. */
static bool flip_ke(struct forge *f, struct forged *m)
{
    (void)f;
    struct ke_payload *ke = &find(m, PAYLOAD_KE)->u.ke;
    ke->data = resized(m, ke->data, ke->data.len);
    ((uint8_t *)(uintptr_t)ke->data.at)[100] ^= 1;
    return true;
}

static void implicit_rejection(struct run *run)
{
    struct pair p = hostile_pair(run);
    struct forge f = {.pair = &p,
                      .bad = p.b,
                      .exchange = EXCHANGE_IKE_INTERMEDIATE,
                      .response = true,
                      .mid = 1,
                      .change = flip_ke};
    forge_start(&f);
    host_initiate(p.a, "net", "net");
    world_settle(p.w);
    p.w->tap = NULL;
    EXPECT(p.w, f.done == 1 && p.a->told_reason[IKE_REASON_TIMEOUT] == 1 &&
                    p.b->told_reason[IKE_REASON_HALF_OPEN_TIMEOUT] == 1);
    pair_expect_nothing(&p);
    pair_end(&p);
}

/* ---- what is authentic though it looks odd (RFC 9242 3.3.2: the octets as they came) ------- */

static bool odd_but_right(struct forge *f, struct forged *m)
{
    if (f->arg & 1)
        (void)ike_msg_add_raw(m->msg, m->arena, 201, BYTES_LIT("not critical"));
    if (f->arg & 2)
        append_notify(m, 40000);
    if (f->arg & 4)
        m->reserved = 0x7f;
    return true;
}

static void odd_rounds(struct run *run)
{
    for (uint64_t odd = 1; odd < 8; odd++) {
        if (!run_case(run))
            continue;
        struct pair p = hostile_pair(run);
        struct forge f = {.pair = &p,
                          .bad = p.a,
                          .exchange = EXCHANGE_IKE_INTERMEDIATE,
                          .mid = -1,
                          .believe = true,
                          .change = odd_but_right,
                          .arg = odd};
        forge_start(&f);
        pair_up(&p, 1);
        EXPECT(p.w, f.done == 2);
        p.w->tap = NULL;
        pair_end(&p);
    }
}

/* ---- lies in the answer to IKE_SA_INIT ----------------------------------------------------- */

static struct transform *edit_transforms(struct forged *m, uint16_t *count)
{
    struct payload *sa = find(m, PAYLOAD_SA);
    const struct proposal *from = &sa->u.sa.at[0];
    struct proposal *to = ARENA_NEW(m->arena, struct proposal);
    struct transform *t = ARENA_ARRAY(m->arena, struct transform, from->count + 2U);
    memcpy(t, from->transform, from->count * sizeof *t);
    *to = *from;
    to->transform = t;
    to->count = *count = from->count;
    sa->u.sa = (struct proposals){1, to};
    return t;
}

static void set_count(struct forged *m, uint16_t count)
{
    ((struct proposal *)(uintptr_t)find(m, PAYLOAD_SA)->u.sa.at)->count = count;
}

static struct transform *transform_of(struct transform *t, uint16_t count, uint8_t type)
{
    for (uint16_t i = 0; i < count; i++)
        if (t[i].type == type)
            return &t[i];
    return NULL;
}

enum selection_lie {
    DUPLICATE_METHOD,
    STRIPPED_ROUND,
    ADDED_ROUND,
    NOT_OFFERED,
    TWICE_A_TYPE,
    ANOTHER_NUMBER,
    NO_ROUNDS_NOTIFY,
    ANOTHER_KE,
    WEAKER_KEY,
    SELECTION_LIES
};

static bool lie_in_selection(struct forge *f, struct forged *m)
{
    uint16_t count;
    struct transform *t = edit_transforms(m, &count);
    switch (f->arg) {
    case DUPLICATE_METHOD:
        transform_of(t, count, kex_slot_type(2))->id = transform_of(t, count, kex_slot_type(1))->id;
        break;
    case STRIPPED_ROUND:
        *transform_of(t, count, kex_slot_type(2)) = t[count - 1];
        set_count(m, (uint16_t)(count - 1));
        break;
    case ADDED_ROUND:
        t[count] = (struct transform){.type = kex_slot_type(5), .id = 37};
        set_count(m, (uint16_t)(count + 1));
        break;
    case NOT_OFFERED:
        transform_of(t, count, TRANSFORM_PRF)->id = 7;
        break;
    case TWICE_A_TYPE:
        t[count] = *transform_of(t, count, TRANSFORM_PRF);
        set_count(m, (uint16_t)(count + 1));
        break;
    case ANOTHER_NUMBER:
        ((struct proposal *)(uintptr_t)find(m, PAYLOAD_SA)->u.sa.at)->number = 7;
        break;
    case NO_ROUNDS_NOTIFY:
        for (uint16_t i = 0; i < m->msg->count; i++)
            if (m->msg->payload[i].type == PAYLOAD_NOTIFY &&
                m->msg->payload[i].u.notify.type == NOTIFY_INTERMEDIATE_EXCHANGE_SUPPORTED)
                m->msg->payload[i].u.notify.type = 40000;
        break;
    case ANOTHER_KE:
        find(m, PAYLOAD_KE)->u.ke.method = 19;
        break;
    case WEAKER_KEY:
        transform_of(t, count, TRANSFORM_ENCR)->key_bits = 128;
        break;
    }
    return true;
}

static void lying_selection(struct run *run)
{
    for (uint64_t lie = 0; lie < SELECTION_LIES; lie++) {
        if (!run_case(run))
            continue;
        struct pair p = hostile_pair(run);
        struct forge f = {.pair = &p,
                          .bad = p.b,
                          .exchange = EXCHANGE_IKE_SA_INIT,
                          .response = true,
                          .mid = -1,
                          .change = lie_in_selection,
                          .arg = lie};
        forge_start(&f);
        host_initiate(p.a, "net", "net");
        world_settle(p.w);
        p.w->tap = NULL;
        EXPECT(p.w, f.done >= 1 && p.a->told_reason[IKE_REASON_BAD_SELECTION] == 1);
        EXPECT(p.w, p.a->told_kind[TELL_EXCHANGE] == 0); /* it never went on */
        pair_expect_nothing(&p);
        pair_up(&p, 1);
        pair_end(&p);
    }
}

/* ---- errors in clear: hints, to be believed only when nothing better comes (RFC 7296 2.21.1) ----
 */

static bool answer_with_error(struct forge *f, struct forged *m)
{
    m->msg->count = 0;
    (void)ike_msg_add_notify(m->msg, m->arena, (uint16_t)f->arg,
                             f->arg == NOTIFY_INVALID_KE_PAYLOAD ? BYTES_LIT("\0\x13")
                                                                 : BYTES_NONE);
    m->msg->header.spi_r = 0;
    return true;
}

static bool error_before(struct world *w, struct packet *p, void *arg)
{
    struct forge *f = arg;
    struct ike_header h;
    if (p->sender != f->bad->index || !ike_header_read(bytes_make(p->octets, p->len), &h) ||
        !h.response || h.exchange != EXCHANGE_IKE_SA_INIT)
        return true;
    uint8_t room[64];
    struct payload notify = {.type = PAYLOAD_NOTIFY, .u.notify = {.type = (uint16_t)f->arg}};
    if (f->arg == NOTIFY_INVALID_KE_PAYLOAD)
        notify.u.notify.data = BYTES_LIT("\0\x13");
    if (f->arg == NOTIFY_COOKIE)
        notify.u.notify.data = BYTES_LIT("a cookie of nobody");
    struct ike_msg msg = {.header = h, .count = 1, .payload = &notify};
    struct writer out = writer_make(room, sizeof room);
    ike_message_encode(&out, &msg);
    world_inject(w, &p->from, &p->to, p->encap, writer_view(&out), 5 * IKE_MS);
    f->done++;
    return true;
}

static void forged_errors(struct run *run)
{
    static const uint16_t errors[] = {NOTIFY_NO_PROPOSAL_CHOSEN, NOTIFY_INVALID_SYNTAX,
                                      NOTIFY_INVALID_KE_PAYLOAD, NOTIFY_AUTHENTICATION_FAILED,
                                      NOTIFY_INVALID_MAJOR_VERSION, 9999};
    for (size_t i = 0; i < sizeof errors / sizeof errors[0]; i++) {
        if (!run_case(run))
            continue;
        struct pair p = hostile_pair(run);
        struct forge f = {.pair = &p, .bad = p.b, .arg = errors[i]};
        p.w->tap = error_before;
        p.w->tap_arg = &f;
        pair_up(&p, 1); /* the true answer comes a little later, and counts */
        EXPECT(p.w, f.done == 1);
        p.w->tap = NULL;
        pair_end(&p);
        /* And when nothing better comes, the hint is the reason. */
        p = hostile_pair(run);
        f = (struct forge){.pair = &p,
                           .bad = p.b,
                           .exchange = EXCHANGE_IKE_SA_INIT,
                           .response = true,
                           .mid = -1,
                           .change = answer_with_error,
                           .arg = errors[i]};
        forge_start(&f);
        host_initiate(p.a, "net", "net");
        world_run(p.w, 40 * IKE_SECOND);
        EXPECT(p.w, host_up_count(p.a) == 0 && p.a->told_kind[TELL_IKE_DOWN] == 1 &&
                        p.a->told_reason[IKE_REASON_TIMEOUT] == 0);
        p.w->tap = NULL;
        pair_end(&p);
    }
}

/* Whoever sees the requests and lets none through can ask for cookies without end: the initiator
 * follows a few, and no more. */
static bool ask_for_cookie(struct world *w, struct packet *p, void *arg)
{
    unsigned *asked = arg;
    struct ike_header h;
    uint8_t room[64], cookie[4];
    EXPECT(w, ike_header_read(bytes_make(p->octets, p->len), &h));
    put_u32(cookie, ++*asked);
    struct payload notify = {.type = PAYLOAD_NOTIFY,
                             .u.notify = {.type = NOTIFY_COOKIE, .data = BYTES_OF(cookie)}};
    struct ike_msg msg = {.header = h, .count = 1, .payload = &notify};
    msg.header.response = true;
    msg.header.initiator = false;
    struct writer out = writer_make(room, sizeof room);
    ike_message_encode(&out, &msg);
    world_inject(w, &p->to, &p->from, p->encap, writer_view(&out), 5 * IKE_MS);
    return false;
}

static void endless_cookies(struct run *run)
{
    unsigned asked = 0;
    struct pair p = hostile_pair(run);
    p.w->tap = ask_for_cookie;
    p.w->tap_arg = &asked;
    host_initiate(p.a, "net", "net");
    world_run(p.w, 200 * IKE_SECOND);
    EXPECT(p.w, asked <= 5 && host_up_count(p.a) == 0 && p.a->told_kind[TELL_IKE_DOWN] == 1);
    p.w->tap = NULL;
    pair_end(&p);
}

/*
 * A redirection instead of an answer (RFC 5685), which we never asked for: the only notify but
 * COOKIE that stands alone.
 */
static bool redirect(struct forge *f, struct forged *m)
{
    (void)f;
    m->msg->count = 0;
    (void)ike_msg_add_notify(m->msg, m->arena, NOTIFY_REDIRECT, BYTES_LIT("\1\4\12\0\0\3"));
    return true;
}

static void redirected(struct run *run)
{
    struct pair p = hostile_pair(run);
    struct forge f = {.pair = &p,
                      .bad = p.b,
                      .exchange = EXCHANGE_IKE_SA_INIT,
                      .response = true,
                      .mid = -1,
                      .change = redirect};
    forge_start(&f);
    host_initiate(p.a, "net", "net");
    world_run(p.w, 40 * IKE_SECOND);
    EXPECT(p.w, f.done == 1 && host_up_count(p.a) == 0);
    EXPECT(p.w, p.a->told_reason[IKE_REASON_PEER_ERROR] == 1);
    p.w->tap = NULL;
    pair_end(&p);
}

/* A first message of 60 kB, all of it proper: nobody is that much to us yet. */
static bool swell(struct forge *f, struct forged *m)
{
    (void)f;
    struct bytes filling = resized(m, BYTES_NONE, 60000);
    return ike_msg_add_raw(m->msg, m->arena, PAYLOAD_VENDOR, filling);
}

static void swollen_contact(struct run *run)
{
    struct pair p = hostile_pair(run);
    struct forge f = {
        .pair = &p, .bad = p.a, .exchange = EXCHANGE_IKE_SA_INIT, .mid = -1, .change = swell};
    forge_start(&f);
    host_initiate(p.a, "net", "net");
    world_run(p.w, 15 * IKE_MS);
    EXPECT(p.w, f.done && ike_engine_half_open_count(p.b->engine) == 0);
    p.w->tap = NULL;
    pair_end(&p);
}

/* ---- the wrong message at the wrong time --------------------------------------------------- */

/* Every exchange number, request and response, in every phase, from either side, with message ids
 * around the window. */
struct moment {
    const char *text;
    ike_time at; /* since the initiation; the handshake takes 80 ms */
};

static const struct moment moments[] = {{"after IKE_SA_INIT", 25 * IKE_MS},
                                        {"between the rounds", 45 * IKE_MS},
                                        {"before IKE_AUTH", 65 * IKE_MS},
                                        {"up", 200 * IKE_MS}};

static void say_out_of_turn(struct pair *p, struct host *bad, uint8_t exchange, bool response,
                            uint32_t mid)
{
    struct say say = forge_next(bad, exchange);
    struct arena arena = arena_make(&p->w->host[0].tally.alloc, 65536);
    struct ike_msg msg = ike_msg_make();
    uint8_t data[1184] = {1, 2, 3};
    say.response = response;
    say.mid = mid;
    switch (world_below(p->w, 4)) {
    case 0:
        break;
    case 1:
        ike_msg_add(&msg, &arena, PAYLOAD_KE)->u.ke = (struct ke_payload){36, BYTES_OF(data)};
        break;
    case 2:
        ike_msg_add(&msg, &arena, PAYLOAD_AUTH)->u.auth =
            (struct auth_payload){2, BYTES_LIT("0123456789abcdef0123456789abcdef")};
        ike_msg_add(&msg, &arena, PAYLOAD_IDi)->u.id.id =
            (struct identity){2, BYTES_LIT("alice.example")};
        break;
    default:
        (void)ike_msg_add_notify(&msg, &arena, NOTIFY_INVALID_SPI, BYTES_LIT("\1\2\3\4"));
    }
    forge_say(bad, &say, &msg);
    arena_wipe(&arena);
}

/* The liar has spoiled his own books, too, so he is taken away: the honest end notices, is clean,
 * and lets an honest peer in. */
static void leave_liar(struct pair *p, struct host *bad)
{
    host_kill(bad);
    for (int i = 0; i < 2; i++) {
        host_check_all(bad == p->a ? p->b : p->a);
        world_run(p->w, 100 * IKE_SECOND);
    }
    host_boot(bad);
    world_settle(p->w);
    pair_expect_nothing(p);
    pair_up(p, 1);
    pair_end(p);
}

static void wrong_time(struct run *run)
{
    static const uint8_t exchanges[] = {33, 34, 35, 36, 37, 38, 43, 44, 45, 0, 200};
    static const int64_t offsets[] = {-2, -1, 0, 1, 2, 0x7fffffff, 0x80000000};
    for (size_t at = 0; at < sizeof moments / sizeof moments[0]; at++)
        for (size_t x = 0; x < sizeof exchanges; x++)
            for (int side = 0; side < 4; side++)
                for (size_t o = 0; o < sizeof offsets / sizeof offsets[0]; o++) {
                    if (!run_case(run))
                        continue;
                    struct pair p = hostile_pair(run);
                    host_initiate(p.a, "net", "net");
                    world_run(p.w, moments[at].at);
                    struct host *bad = side & 1 ? p.b : p.a;
                    const struct ike_sa *sa = host_sa(bad);
                    EXPECT(p.w, sa);
                    bool response = side & 2;
                    uint32_t base = response ? sa->window.serve_next : sa->window.send_next;
                    say_out_of_turn(&p, bad, exchanges[x], response, (uint32_t)(base + offsets[o]));
                    world_run(p.w, 100 * IKE_SECOND);
                    leave_liar(&p, bad);
                }
}

/* Three that have a name in the field: a surplus round, a round after IKE_AUTH, IKE_AUTH before the
 * rounds are done. */
static void surplus_round(struct run *run)
{
    struct pair p = hostile_pair(run);
    host_initiate(p.a, "net", "net");
    world_run(
        p.w, 65 * IKE_MS); /* both rounds are done, IKE_AUTH request is on its way: get before it */
    struct payload ke = {.type = PAYLOAD_KE, .u.ke = {36, BYTES_LIT("too short anyway")}};
    struct say say = forge_next(p.a, EXCHANGE_IKE_INTERMEDIATE);
    say.mid = host_sa(p.b)->window.serve_next;
    p.w->links[0][1].delay_min = p.w->links[0][1].delay_max = 0;
    forge_say(p.a, &say, &(struct ike_msg){.count = 1, .payload = &ke});
    world_settle(p.w);
    EXPECT(p.w, p.b->told_kind[TELL_IKE_UP] == 0 && p.b->told_reason[IKE_REASON_SYNTAX] == 1);
    pair_expect_nothing(&p);
    pair_end(&p);
}

static void round_after_auth(struct run *run)
{
    struct pair p = hostile_pair(run);
    pair_up(&p, 1);
    struct payload ke = {.type = PAYLOAD_KE, .u.ke = {36, BYTES_LIT("whatever")}};
    struct say say = forge_next(p.a, EXCHANGE_IKE_INTERMEDIATE);
    uint64_t drops = host_counter(p.b, "drop-exchange");
    forge_say(p.a, &say, &(struct ike_msg){.count = 1, .payload = &ke});
    world_run(p.w, IKE_SECOND);
    EXPECT(p.w, host_counter(p.b, "drop-exchange") == drops + 1 && host_up_count(p.b) == 1);
    pair_end(&p);
}

static bool sooner(struct forge *f, struct forged *m)
{
    (void)f;
    (void)m;
    return false;
}

static void early_auth(struct run *run)
{
    struct pair p = hostile_pair(run);
    struct forge f = {
        .pair = &p, .bad = p.a, .exchange = EXCHANGE_IKE_INTERMEDIATE, .mid = 1, .change = sooner};
    forge_start(&f);
    host_initiate(p.a, "net", "net");
    world_run(p.w, 25 * IKE_MS);
    p.w->links[0][1].delay_min = p.w->links[0][1].delay_max = 0;
    struct payload auth[2] = {
        {.type = PAYLOAD_IDi, .u.id.id = {2, BYTES_LIT("alice.example")}},
        {.type = PAYLOAD_AUTH, .u.auth = {2, BYTES_LIT("0123456789abcdef0123456789abcdef")}}};
    struct say say = {.exchange = EXCHANGE_IKE_AUTH, .mid = 1, .as_initiator = true};
    forge_say(p.a, &say, &(struct ike_msg){.count = 2, .payload = auth});
    world_settle(p.w);
    p.w->tap = NULL;
    EXPECT(p.w, p.b->told_kind[TELL_IKE_UP] == 0 && p.b->told_reason[IKE_REASON_SYNTAX] == 1);
    pair_expect_nothing(&p);
    pair_end(&p);
}

/* A second IKE_SA_INIT with the SPI of an SA that is coming up, different octets, even dressed as a
 * fragment: nothing changes. */
static void repeated_contact(struct run *run)
{
    static const uint8_t nexts[] = {PAYLOAD_SA, PAYLOAD_SKF, PAYLOAD_SK, PAYLOAD_NONE};
    for (size_t i = 0; i < sizeof nexts; i++)
        for (ike_time at = 12; at < 100; at += 10) {
            if (!run_case(run))
                continue;
            struct pair p = hostile_pair(run);
            host_initiate(p.a, "net", "net");
            world_run(p.w, at * IKE_MS);
            uint8_t octets[60] = {0};
            put_u64(octets, host_sa(p.a)->spi_i);
            octets[16] = nexts[i];
            octets[17] = 0x20;
            octets[18] = EXCHANGE_IKE_SA_INIT;
            octets[19] = 0x08;
            put_u32(octets + 24, sizeof octets);
            put_u16(octets + 30, sizeof octets - 28);
            struct endpoint from = {p.a->addr, 500}, to = {p.b->addr, 500};
            world_inject(p.w, &from, &to, false, BYTES_OF(octets), 0);
            world_settle(p.w);
            EXPECT(p.w, host_up_count(p.a) == 1 && host_up_count(p.b) == 1);
            pair_end(&p);
        }
}

/* The peer deletes the IKE SA, then goes on with a series it had begun: nothing is made of it. */
static bool delete_before(struct forge *f, struct forged *m)
{
    struct payload del = {.type = PAYLOAD_DELETE, .u.del = {.protocol = PROTOCOL_IKE}};
    struct say say = forge_next(f->bad, EXCHANGE_INFORMATIONAL);
    say.mid = m->msg->header.mid;
    forge_say(f->bad, &say, &(struct ike_msg){.count = 1, .payload = &del});
    say.exchange = EXCHANGE_IKE_FOLLOWUP_KE;
    say.mid++;
    forge_say(f->bad, &say, m->msg);
    f->done++;
    return false;
}

static void late_round(struct run *run)
{
    for (int whole = 0; whole < 2; whole++) {
        if (!run_case(run))
            continue;
        struct site site = {
            .ike = HYBRID, .esp = "aes256gcm16-x25519-ke1_mlkem768", .engine = WHOLE};
        struct pair p = pair_make(run, site, site);
        struct forge f = {.pair = &p,
                          .bad = p.a,
                          .exchange = EXCHANGE_IKE_FOLLOWUP_KE,
                          .mid = -1,
                          .change = delete_before};
        struct ike_order rekey = {.kind = ORDER_REKEY, .conn = BYTES_LIT("net")};
        if (!whole)
            rekey.child = BYTES_LIT("net");
        pair_up(&p, 1);
        forge_start(&f);
        EXPECT(p.w, host_order(p.a, &rekey) == ORDER_DONE);
        world_run(p.w, IKE_SECOND);
        EXPECT(p.w, f.done && host_child_count(p.b) == 0 && host_up_count(p.b) == 0);
        p.w->tap = NULL;
        leave_liar(&p, p.a);
    }
}

/* ---- the edges of the window --------------------------------------------------------------- */

/* Message ids have run up to their end: the SA must not go on with used ones. */
static void window_end(struct run *run)
{
    struct pair p = hostile_pair(run);
    pair_up(&p, 1);
    host_sa(p.a)->window.send_next = host_sa(p.b)->window.serve_next = UINT32_MAX - 2;
    for (int i = 0; i < 8; i++) {
        host_check_all(p.a);
        world_run(p.w, IKE_SECOND);
    }
    EXPECT(p.w, host_up_count(p.a) == 0); /* it never began again at 0 */
    host_check_all(p.b);
    pair_expect_nothing(&p);
    pair_end(&p);
    /* And nobody is served who does begin again: it would be the old messages once more. */
    p = hostile_pair(run);
    pair_up(&p, 1);
    host_sa(p.b)->window.serve_next = UINT32_MAX;
    struct say say = forge_next(p.a, EXCHANGE_INFORMATIONAL);
    say.mid = UINT32_MAX;
    uint64_t served = host_counter(p.b, "requests-in");
    forge_say(p.a, &say, &(struct ike_msg){0});
    say.mid = 0;
    forge_say(p.a, &say, &(struct ike_msg){0});
    world_run(p.w, IKE_SECOND);
    EXPECT(p.w, host_counter(p.b, "requests-in") == served);
    leave_liar(&p, p.a);
}

/* ---- Deletes and notifies that make no sense ----------------------------------------------- */

static void strange_deletes(struct run *run)
{
    struct pair p = hostile_pair(run);
    pair_up(&p, 1);
    static const uint8_t spis[4096 * 4] = {0, 0, 0, 1, 0xff, 0xff, 0xff, 0xff};
    struct payload del[] = {
        {.type = PAYLOAD_DELETE,
         .u.del = {.protocol = PROTOCOL_ESP, .spi_len = 4, .count = 2, .spis = {spis, 8}}},
        {.type = PAYLOAD_DELETE,
         .u.del = {.protocol = PROTOCOL_AH, .spi_len = 4, .count = 2, .spis = {spis, 8}}},
        {.type = PAYLOAD_DELETE,
         .u.del =
             {.protocol = PROTOCOL_ESP, .spi_len = 4, .count = 4096, .spis = {spis, sizeof spis}}},
        {.type = PAYLOAD_DELETE,
         .u.del = {.protocol = 77, .spi_len = 4, .count = 1, .spis = {spis, 4}}},
    };
    struct say say = forge_next(p.a, EXCHANGE_INFORMATIONAL);
    forge_say(p.a, &say, &(struct ike_msg){.count = 4, .payload = del});
    host_sa(p.a)->window.send_next++;
    world_run(p.w, IKE_SECOND);
    EXPECT(p.w, host_child_count(p.b) == 1 && host_up_count(p.b) == 1);
    pair_end(&p);
}

/* clang-format off */
const struct scenario hostile_scenarios[] = {
    {"lying-rounds",       "KE payloads of the wrong method, length, number; invalid ML-KEM keys; nonsense", lying_rounds},
    {"implicit-rejection", "a changed ML-KEM ciphertext ends in a clean timeout at both ends", implicit_rejection},
    {"odd-rounds",         "unknown payloads and reserved bits in IKE_INTERMEDIATE are covered as they came", odd_rounds},
    {"lying-selection",    "the answer to IKE_SA_INIT selects what was not offered, twice, or without the notify", lying_selection},
    {"forged-errors",      "errors in clear arrive before the true answer, or instead of it", forged_errors},
    {"redirected",         "a redirection that nobody asked for stands where the answer to IKE_SA_INIT should", redirected},
    {"swollen-contact",    "a first message of 60 kB, all of it proper", swollen_contact},
    {"endless-cookies",    "a responder that asks for another cookie every time", endless_cookies},
    {"wrong-time",         "every exchange, both directions, in every phase, with message ids around the window", wrong_time},
    {"surplus-round",      "one IKE_INTERMEDIATE more than agreed on", surplus_round},
    {"round-after-auth",   "IKE_INTERMEDIATE when the SA is up", round_after_auth},
    {"early-auth",         "IKE_AUTH before all rounds are done", early_auth},
    {"late-round",         "a series for a Child SA, or the IKE SA, goes on after the Delete of the IKE SA", late_round},
    {"repeated-contact",   "another IKE_SA_INIT with the SPI of an SA that is coming up", repeated_contact},
    {"window-end",         "message ids reach the end of their 32 bits", window_end},
    {"strange-deletes",    "Deletes of alien SPIs, protocols and in great number", strange_deletes},
    {0},
};
/* clang-format on */
