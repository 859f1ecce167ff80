/*
 * auth: peers that hold the keys of the IKE SA and lie about who they are.
 *
 * The liar's engine is honest up to the message that is changed; the other end has to refuse, to say
 * why, to have spent no more memory than a message may take, and to let an honest peer in next.
 */
#include "forge.h"

#include <stdlib.h>

#include "ike/limits.h"

#define PLAIN "aes256gcm16-prfsha256-x25519"
#define WHOLE "fragment_size = 0"

static struct payload *find(const struct forged *m, uint8_t type)
{
    for (uint16_t i = 0; i < m->msg->count; i++)
        if (m->msg->payload[i].type == type)
            return &m->msg->payload[i];
    return NULL;
}

static void take_out(const struct forged *m, const struct payload *p)
{
    size_t at = (size_t)(p - m->msg->payload);
    memmove(&m->msg->payload[at], &m->msg->payload[at + 1],
            (m->msg->count - at - 1) * sizeof *p);
    m->msg->count--;
}

static struct bytes filled(const struct forged *m, size_t len)
{
    uint8_t *octets = ARENA_ARRAY(m->arena, uint8_t, len + 1);
    memset(octets, 0x17, len);
    return bytes_make(octets, len);
}

/* ---- lies ------------------------------------------------------------------------------------ */

static uint8_t id_type(const struct forge *f)
{
    return f->response ? PAYLOAD_IDr : PAYLOAD_IDi;
}

static bool another_octet(struct forge *f, struct forged *m)
{
    struct bytes *auth = &find(m, PAYLOAD_AUTH)->u.auth.data;
    uint8_t *copy = ARENA_ARRAY(m->arena, uint8_t, auth->len);
    memcpy(copy, auth->at, auth->len);
    copy[f->arg % auth->len] ^= 1;
    auth->at = copy;
    return true;
}

static bool another_length(struct forge *f, struct forged *m)
{
    struct bytes *auth = &find(m, PAYLOAD_AUTH)->u.auth.data;
    struct bytes longer = filled(m, auth->len + 1);
    memcpy((uint8_t *)(uintptr_t)longer.at, auth->at, auth->len);
    *auth = bytes_make(longer.at, f->arg == 3 ? 0 : auth->len + f->arg - 1);
    return true;
}

static bool another_method(struct forge *f, struct forged *m)
{
    find(m, PAYLOAD_AUTH)->u.auth.method = (uint8_t)f->arg;
    return true;
}

static bool no_auth(struct forge *f, struct forged *m)
{
    (void)f;
    take_out(m, find(m, PAYLOAD_AUTH));
    return true;
}

static bool no_identity(struct forge *f, struct forged *m)
{
    take_out(m, find(m, id_type(f)));
    return true;
}

static bool another_identity(struct forge *f, struct forged *m)
{
    find(m, id_type(f))->u.id.id = (struct identity){2, BYTES_LIT("mars.example")};
    return true;
}

/* Which fits the other end's pattern, but is not what was signed. */
static bool a_neighbours_identity(struct forge *f, struct forged *m)
{
    find(m, id_type(f))->u.id.id =
        (struct identity){2, f->response ? BYTES_LIT("bad.bob.example") : BYTES_LIT("bad.alice.example")};
    return true;
}

static bool twice(struct forge *f, struct forged *m)
{
    struct payload copy = *find(m, (uint8_t)(f->arg ? f->arg : id_type(f)));
    struct payload *p = ike_msg_add(m->msg, m->arena, copy.type);
    *p = copy;
    return true;
}

/* clang-format off */
static const struct {
    const char *text;
    forge_function *change;
    uint64_t arg;
} lies[] = {
    {"the first octet of AUTH",    another_octet, 0},
    {"the last octet of AUTH",     another_octet, 31},
    {"AUTH without its last octet", another_length, 0},
    {"AUTH with one more",         another_length, 2},
    {"AUTH without octets",        another_length, 3},
    {"method 0",                   another_method, 0},
    {"a signature by method",      another_method, 14},
    {"NULL by method",             another_method, 13},
    {"an unknown method",          another_method, 255},
    {"no AUTH",                    no_auth, 0},
    {"no identity",                no_identity, 0},
    {"another identity",           another_identity, 0},
    {"another that would be let in", a_neighbours_identity, 0},
    {"two identities",             twice, 0},
    {"AUTH twice",                 twice, PAYLOAD_AUTH},
};
/* clang-format on */

static void lying_auth(struct run *run)
{
    for (size_t i = 0; i < sizeof lies / sizeof lies[0]; i++)
        for (int response = 0; response < 2; response++) {
            if (!run_case(run))
                continue;
            struct pair p = pair_make(
                run, (struct site){.ike = PLAIN, .engine = WHOLE, .peer_id = "*bob.example"},
                (struct site){.ike = PLAIN, .engine = WHOLE, .peer_id = "*alice.example"});
            struct forge f = {.pair = &p,
                              .bad = response ? p.b : p.a,
                              .exchange = EXCHANGE_IKE_AUTH,
                              .response = response,
                              .mid = 1,
                              .change = lies[i].change,
                              .arg = lies[i].arg};
            struct host *good = response ? p.a : p.b;
            forge_start(&f);
            host_initiate(p.a, "net", "net");
            world_settle(p.w);
            EXPECT(p.w, f.done == 1);
            EXPECT(p.w, good->told_kind[TELL_IKE_UP] == 0);
            EXPECT(p.w, good->told_kind[TELL_IKE_DOWN] == 1);
            EXPECT(p.w, good->told_reason[IKE_REASON_NONE] == 0);
            p.w->tap = NULL;
            world_settle(p.w);
            pair_up(&p, 1);
            pair_end(&p);
        }
}

/* ---- several rounds (RFC 4739) --------------------------------------------------------------- */

#define SECOND(side, id) " " side "-2 {\n auth = psk\n round = 7\n id = " id "\n }\n"

static struct pair make_rounds(struct run *run)
{
    return pair_make(run,
                     (struct site){.ike = PLAIN,
                                   .engine = WHOLE,
                                   .conn = SECOND("local", "alice-2.example")
                                       SECOND("remote", "bob-2.example")},
                     (struct site){.ike = PLAIN,
                                   .engine = WHOLE,
                                   .conn = SECOND("local", "bob-2.example")
                                       SECOND("remote", "alice-2.example")});
}

static bool nothing_proved(struct forge *f, struct forged *m)
{
    take_out(m, find(m, PAYLOAD_AUTH));
    take_out(m, find(m, id_type(f)));
    return true;
}

/* One more is promised, or none. */
static bool another_promise(struct forge *f, struct forged *m)
{
    (void)f;
    for (uint16_t i = 0; i < m->msg->count; i++) {
        const struct payload *p = &m->msg->payload[i];
        if (p->type == PAYLOAD_NOTIFY && p->u.notify.type == NOTIFY_ANOTHER_AUTH_FOLLOWS) {
            take_out(m, p);
            return true;
        }
    }
    return ike_msg_add_notify(m->msg, m->arena, NOTIFY_ANOTHER_AUTH_FOLLOWS, BYTES_NONE);
}

/* Who was believed in the first round is not so in the second. */
static bool first_identity_again(struct forge *f, struct forged *m)
{
    find(m, id_type(f))->u.id.id =
        (struct identity){2, f->response ? BYTES_LIT("bob.example") : BYTES_LIT("alice.example")};
    return true;
}

/* All that is left to prove is skipped: as if everything were done. */
static bool child_at_once(struct forge *f, struct forged *m)
{
    static const uint8_t types[] = {PAYLOAD_SA, PAYLOAD_TSi, PAYLOAD_TSr};
    if (!f->response)
        return nothing_proved(f, m);
    for (size_t i = 0; i < sizeof types; i++) {
        struct payload *p = ike_msg_add(m->msg, m->arena, types[i]);
        if (types[i] == PAYLOAD_SA) {
            static const struct transform strong[] = {{.type = 1, .id = 20, .key_bits = 256},
                                                      {.type = 5, .id = 0}};
            static const struct proposal esp[] = {
                {.number = 1, .protocol = 3, .spi_len = 4, .spi = {1, 2, 3, 4}, .count = 2, .transform = strong}};
            p->u.sa = (struct proposals){1, esp};
        } else {
            static const struct selector all[] = {
                {.family = ADDR_V4, .to = {255, 255, 255, 255}, .to_port = 65535}};
            p->u.ts = (struct selectors){1, all};
        }
    }
    return true;
}

/* clang-format off */
static const struct {
    int64_t mid;
    forge_function *change;
    uint64_t arg;
} skips[] = {
    {1, another_promise, 0},
    {1, nothing_proved, 0},
    {1, child_at_once, 0},
    {2, another_promise, 0},
    {2, nothing_proved, 0},
    {2, no_auth, 0},
    {2, no_identity, 0},
    {2, first_identity_again, 0},
    {2, another_identity, 0},
    {2, another_octet, 0},
    {2, another_length, 3},
    {2, another_method, 13},
};
/* clang-format on */

/* In neither role does a peer get in with less than all its rounds, whatever it leaves out. */
static void skipped_rounds(struct run *run)
{
    for (size_t i = 0; i < sizeof skips / sizeof skips[0]; i++)
        for (int response = 0; response < 2; response++) {
            if (!run_case(run))
                continue;
            struct pair p = make_rounds(run);
            struct host *good = response ? p.a : p.b;
            struct forge f = {.pair = &p,
                              .bad = response ? p.b : p.a,
                              .exchange = EXCHANGE_IKE_AUTH,
                              .response = response,
                              .mid = skips[i].mid,
                              .change = skips[i].change,
                              .arg = skips[i].arg};
            forge_start(&f);
            host_initiate(p.a, "net", "net");
            world_settle(p.w);
            EXPECT(p.w, f.done == 1);
            EXPECT(p.w, good->told_kind[TELL_IKE_UP] == 0 && good->told_kind[TELL_CHILD_UP] == 0);
            EXPECT(p.w, good->told_kind[TELL_IKE_DOWN] == 1);
            p.w->tap = NULL;
            world_settle(p.w);
            pair_up(&p, 1);
            pair_end(&p);
        }
}

/* On a network that loses and repeats much, both sides come up or neither, and most do. */
static void lost_rounds(struct run *run)
{
    for (int i = 0; i < 40; i++) {
        if (!run_case(run))
            continue;
        struct pair p = make_rounds(run);
        world_net(p.w, (struct link_rules){.loss = 200,
                                           .duplicate = 200,
                                           .delay_min = IKE_MS,
                                           .delay_max = 700 * IKE_MS});
        EXPECT(p.w, host_initiate(p.a, "net", "net") == ORDER_DONE);
        world_settle(p.w);
        EXPECT(p.w, host_up_count(p.a) == host_up_count(p.b));
        EXPECT(p.w, host_child_count(p.a) == host_child_count(p.b));
        EXPECT(p.w, i > 0 || host_child_count(p.a) == 1);
        pair_end(&p);
    }
}

/* ---- PPKs (RFC 8784, RFC 9867) --------------------------------------------------------------- */

/* As if there were no PPK: not named, or not taken. */
static bool without_ppk(struct forge *f, struct forged *m)
{
    (void)f;
    for (uint16_t i = 0; i < m->msg->count; i++) {
        const struct payload *p = &m->msg->payload[i];
        if (p->type == PAYLOAD_NOTIFY && (p->u.notify.type == NOTIFY_PPK_IDENTITY ||
                                          p->u.notify.type == NOTIFY_PPK_IDENTITY_KEY)) {
            take_out(m, p);
            return true;
        }
    }
    return false;
}

static bool has_said(const struct host *h, const char *words)
{
    for (uint64_t i = 0; i < h->told_count && i < TOLD_MAX; i++)
        if (strstr(h->told[i].detail, words))
            return true;
    return false;
}

#define LATE "ppk_id = lab\n ppk_early = no"
#define EARLY "ppk_id = lab\n ppk_early = yes"
#define DEMAND "\n ppk_required = yes"

/* clang-format off */
static const struct {
    bool early, response;
    const char *words; /* of the other end */
} denials[] = {
    {false, false, "the use of a PPK was agreed on, but the initiator names none"},
    {false, true,  "a PPK is required, but the peer went on without it"},
    {true,  false, "a PPK is required"},
    {true,  true,  "a PPK is required, but the peer does not have it"},
};
/* clang-format on */

/* A peer that knows all but the PPK cannot talk its way around it, in either role. */
static void denied_ppk(struct run *run)
{
    for (size_t i = 0; i < sizeof denials / sizeof denials[0]; i++) {
        if (!run_case(run))
            continue;
        bool response = denials[i].response, early = denials[i].early;
        struct site liar = {.ike = PLAIN, .engine = WHOLE, .conn = early ? EARLY : LATE, .ppk = "lab"},
                    other = liar;
        other.conn = early ? EARLY DEMAND : LATE DEMAND;
        struct pair p = pair_make(run, response ? other : liar, response ? liar : other);
        struct forge f = {.pair = &p,
                          .bad = response ? p.b : p.a,
                          .exchange = early ? EXCHANGE_IKE_INTERMEDIATE : EXCHANGE_IKE_AUTH,
                          .response = response,
                          .mid = 1,
                          .believe = early && !response,
                          .change = without_ppk};
        struct host *good = response ? p.a : p.b;
        forge_start(&f);
        host_initiate(p.a, "net", "net");
        world_settle(p.w);
        EXPECT(p.w, f.done == 1 && good->told_kind[TELL_IKE_UP] == 0);
        EXPECT(p.w, has_said(good, denials[i].words));
        p.w->tap = NULL;
        pair_up(&p, 1);
        pair_end(&p);
    }
}

/* ---- floods ---------------------------------------------------------------------------------- */

enum { FLOOD_TOTAL = 60000 };

struct flood {
    uint8_t type;
    uint16_t count;
    size_t len; /* of each */
};

static const struct flood floods[] = {
    {PAYLOAD_CERT, 1, FLOOD_TOTAL},
    {PAYLOAD_CERT, 16, 3500},
    {PAYLOAD_CERT, 240, 200},
    {PAYLOAD_CERT, 240, 0},
    {PAYLOAD_CERT, 1000, 20},
    {PAYLOAD_CERTREQ, 1, FLOOD_TOTAL},
    {PAYLOAD_CERTREQ, 240, 200},
    {PAYLOAD_CERTREQ, 1000, 20},
    {PAYLOAD_NOTIFY, 240, 200},
    {PAYLOAD_VENDOR, 240, 200},
};

/* More payloads than a message may have: nothing an encoder would make. */
static struct bytes chain_of(const struct forged *m, const struct flood *flood)
{
    size_t step = PAYLOAD_HEADER_LEN + 1 + flood->len;
    struct bytes chain = filled(m, flood->count * step);
    for (uint16_t i = 0; i < flood->count; i++) {
        uint8_t *at = (uint8_t *)(uintptr_t)chain.at + i * step;
        at[0] = i + 1 < flood->count ? flood->type : 0;
        at[1] = 0;
        put_u16(at + 2, (uint16_t)step);
    }
    return chain;
}

static bool pour(struct forge *f, struct forged *m)
{
    const struct flood *flood = &floods[f->arg];
    if (flood->count > PAYLOADS_MAX) {
        m->raw = chain_of(m, flood);
        m->raw_first = flood->type;
        return true;
    }
    struct payload *all = ARENA_ARRAY(m->arena, struct payload, m->msg->count + flood->count);
    memcpy(all, m->msg->payload, m->msg->count * sizeof *all);
    for (uint16_t i = 0; i < flood->count; i++) {
        struct payload *p = &all[m->msg->count + i];
        *p = (struct payload){.type = flood->type};
        if (flood->type == PAYLOAD_NOTIFY)
            p->u.notify = (struct notify_payload){.type = 40000, .data = filled(m, flood->len)};
        else if (flood->type == PAYLOAD_VENDOR)
            p->raw = filled(m, flood->len);
        else
            p->u.cert = (struct cert_payload){4, filled(m, flood->len)};
    }
    m->msg->payload = all;
    m->msg->count = (uint16_t)(m->msg->count + flood->count);
    if (f->bad->index == 0) { /* and it proves nothing */
        struct payload *auth = find(m, PAYLOAD_AUTH);
        auth->u.auth.data = filled(m, auth->u.auth.data.len);
    }
    return true;
}

/*
 * IKE_AUTH full of certificates, requests for them and other ballast, from somebody who is not
 * believed: what the engine takes for it has a bound, and all of it comes back.
 */
static void flooded_auth(struct run *run)
{
    for (size_t i = 0; i < sizeof floods / sizeof floods[0]; i++) {
        if (!run_case(run))
            continue;
        struct pair p = pair_make(run, (struct site){.ike = PLAIN, .engine = WHOLE},
                                  (struct site){.ike = PLAIN, .engine = WHOLE});
        struct forge f = {.pair = &p, .bad = p.a, .exchange = EXCHANGE_IKE_AUTH, .mid = 1, .change = pour, .arg = i};
        forge_start(&f);
        size_t before = p.b->tally.octets;
        p.b->tally.peak = before;
        host_initiate(p.a, "net", "net");
        world_settle(p.w);
        EXPECT(p.w, f.done == 1 && p.b->told_kind[TELL_IKE_UP] == 0);
        /* the message, its values, and what is built in answer; ike/limits.h */
        EXPECT(p.w, p.b->tally.peak - before <= MESSAGE_LEN_MAX + 2 * DECODE_ARENA_MAX);
        EXPECT(p.w, ike_engine_sa_count(p.b->engine) == 0);
        p.w->tap = NULL;
        world_settle(p.w);
        pair_up(&p, 1);
        pair_end(&p);
    }
}

/* clang-format off */
const struct scenario auth_scenarios[] = {
    {"lying-auth",    "AUTH and identities that are changed, missing or there twice, from either end", lying_auth},
    {"skipped-rounds", "several rounds of authentication, of which a peer skips, adds or spoils one", skipped_rounds},
    {"lost-rounds",   "several rounds of authentication on a network that loses much", lost_rounds},
    {"denied-ppk",    "a peer that leaves out the PPK which the other end demands", denied_ppk},
    {"flooded-auth",  "hundreds of CERT and CERTREQ payloads from somebody who is not believed", flooded_auth},
    {0},
};
/* clang-format on */
