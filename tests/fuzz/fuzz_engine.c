/*
 * fuzz_engine: a live engine, before and behind decryption.
 *
 * Two engines with toy cryptography, the target and its honest peer, are brought to a stage of
 * their life. Then the input speaks: whole datagrams, payloads that are sealed with the live keys
 * (so that the handlers are reached, not only the ICV check), fragments, honest messages with a few
 * octets changed inside the seal, time that passes, orders, honest traffic in between. In the end
 * the peer falls silent, time runs out, and both engines are freed: they must come to rest, and
 * every block of memory must have come back.
 *
 *     input := stage (1 octet) action*
 *     action := what (1 octet) its arguments, as read in `actions` below
 */
#include "fuzz.h"
#include "script.h"

#include <stdio.h>
#include <stdlib.h>

#include "config/load.h"
#include "cred/store.h"
#include "crypto/toy.h"
#include "ike/exchange.h"

enum {
    QUEUE_MAX = 64, /* datagrams under way; more are lost */
    ACTIONS_MAX = 48,
    TICKS_MAX = 4000, /* until everything must have ended */
    MEMORY_MAX = 16 << 20,
};

static void require(bool ok, const char *what)
{
    if (ok)
        return;
    fprintf(stderr, "fuzz_engine: %s\n", what);
    abort();
}

/* ---- memory that is counted ---------------------------------------------------------------- */

static size_t blocks, octets;

static void *take(void *self, size_t len)
{
    (void)self;
    blocks++;
    octets += len;
    require(octets < MEMORY_MAX, "memory without bound");
    return malloc(len);
}

static void give(void *self, void *at, size_t len)
{
    (void)self;
    blocks--;
    octets -= len;
    free(at);
}

static const struct alloc counted = {.take = take, .give = give};

/* ---- the two sides ------------------------------------------------------------------------- */

struct side {
    struct ike_engine *engine;
    struct ike_effects *fx;
    struct toy_crypto toy;
    struct loaded *loaded; /* its configuration, for all inputs */
    struct cred_store *secrets;
};

struct datagram {
    struct side *to;
    struct ike_path path; /* as the receiver sees it */
    size_t len;
    uint8_t *at;
};

struct answer {
    struct side *to;
    struct ike_answer answer;
    uint8_t auth[PRF_LEN_MAX];
};

static struct side sides[2];
static struct datagram queue[QUEUE_MAX];
static struct answer answers[QUEUE_MAX];
static size_t queued, asked;
static ike_time now;

static const char config_text[] =
    "connections { net { local_addrs = %s\n remote_addrs = %s\n proposals = "
    "aes256gcm16-prfsha256-x25519-ecp256-ke1_mlkem512-ke2_x448\n"
    " dpd_delay = 30\n rekey_time = 0\n local { auth = psk\n id = %s.example }\n remote { auth = "
    "psk\n id = %s.example }\n"
    " children { net { esp_proposals = aes256gcm16-x25519-ke1_mlkem512,aes256gcm16\n local_ts = "
    "10.%d.0.0/16\n remote_ts = 10.%d.0.0/16\n rekey_time = 0 }\n"
    " other { esp_proposals = aes128-sha256\n local_ts = 10.%d.0.0/16[tcp]\n remote_ts = "
    "fd00::/8,10.0.0.0/8\n mode = transport\n rekey_time = 0 } } } }\n"
    "secrets { ike { secret = \"fuzz\" } }\n";

static void load(struct side *s, int which)
{
    static const char *const addr[] = {"192.0.2.1", "192.0.2.2"};
    char text[2048];
    struct problem_list problems;
    problem_list_init(&problems);
    snprintf(text, sizeof text, config_text, addr[which], addr[!which], which ? "bob" : "alice",
             which ? "alice" : "bob", which, !which, which);
    s->loaded = config_load_text(
        bytes_str(text), bytes_str(which ? "engine { fragment_size = 576\n }\n" : ""), &problems);
    require(s->loaded != NULL, problems.first ? problems.first->message : "configuration");
    problem_list_free(&problems);
    s->secrets = cred_store_new(&s->loaded->secrets);
}

static struct endpoint endpoint_of(const struct side *s, uint16_t port)
{
    return (struct endpoint){{ADDR_V4, {192, 0, 2, s == sides ? 1 : 2}}, port};
}

static struct side *other(const struct side *s)
{
    return &sides[s == sides];
}

static void drop_datagram(size_t i)
{
    free(queue[i].at);
    memmove(&queue[i], &queue[i + 1], (--queued - i) * sizeof queue[0]);
}

static void queue_datagram(struct side *to, const struct ike_path *path, struct bytes b)
{
    if (queued == QUEUE_MAX)
        drop_datagram(0);
    struct datagram *d = &queue[queued++];
    *d = (struct datagram){.to = to, .path = *path, .len = b.len, .at = malloc(b.len ? b.len : 1)};
    if (b.len)
        memcpy(d->at, b.at, b.len);
}

static void carry_out(struct side *s)
{
    for (const struct ike_effect *e = ike_effects_first(s->fx); e; e = e->next) {
        if (e->kind == EFFECT_SEND && e->u.send.datagram.len > 1) {
            struct ike_path back = {endpoint_of(other(s), e->u.send.path.remote.port),
                                    endpoint_of(s, e->u.send.path.local.port),
                                    e->u.send.path.encap};
            queue_datagram(other(s), &back, e->u.send.datagram);
        }
        if (e->kind == EFFECT_ASK && asked < QUEUE_MAX) {
            struct answer *a = &answers[asked++];
            a->to = s;
            cred_answer(s->secrets, &s->toy.crypto, &e->u.ask, &a->answer, a->auth);
        }
    }
    require(!s->fx->lost, "an effect was lost");
    ike_effects_clear(s->fx);
}

static void answer_all(void)
{
    while (asked) {
        struct answer a = answers[--asked];
        if (a.answer.auth.len)
            a.answer.auth.at = a.auth;
        ike_engine_answer(a.to->engine, now, &a.answer, a.to->fx);
        carry_out(a.to);
    }
}

static void input(struct side *s, const struct ike_path *path, struct bytes b)
{
    uint8_t *exact = malloc(b.len ? b.len : 1);
    if (b.len)
        memcpy(exact, b.at, b.len);
    ike_engine_input(s->engine, now, path, bytes_make(exact, b.len), s->fx);
    free(exact);
    carry_out(s);
    answer_all();
}

/* The oldest datagram arrives. False: none is under way. */
static bool deliver(void)
{
    if (!queued)
        return false;
    struct datagram d = queue[0];
    queue[0].at = NULL;
    drop_datagram(0);
    input(d.to, &d.path, bytes_make(d.at, d.len));
    free(d.at);
    return true;
}

static void order(struct side *s, struct ike_order o)
{
    (void)ike_engine_order(s->engine, now, &o, s->fx);
    carry_out(s);
    answer_all();
}

static void pass_time(ike_time duration)
{
    ike_time until = now + duration;
    for (unsigned ticks = 0;; ticks++) {
        ike_time a = ike_engine_deadline(sides[0].engine), b = ike_engine_deadline(sides[1].engine);
        struct side *s = &sides[b < a];
        ike_time at = b < a ? b : a;
        if (at > until)
            break;
        require(ticks < TICKS_MAX, "a deadline that does not move");
        now = at > now ? at : now;
        ike_engine_tick(s->engine, now, s->fx);
        carry_out(s);
        answer_all();
    }
    now = until;
}

/* ---- stages -------------------------------------------------------------------------------- */

static void start(void)
{
    for (int i = 0; i < 2; i++) {
        struct side *s = &sides[i];
        if (!s->loaded)
            load(s, i);
        toy_crypto_init(&s->toy, &counted, (uint64_t)i + 1);
        struct ike_setup setup = {.alloc = &counted,
                                  .crypto = &s->toy.crypto,
                                  .config = s->loaded->config,
                                  .worker = (uint8_t)i};
        s->engine = ike_engine_new(&setup);
        s->fx = ike_effects_new(&counted);
    }
    now = 1000 * IKE_SECOND;
}

static void end(void)
{
    while (queued)
        drop_datagram(0);
    asked = 0;
    for (int i = 0; i < 2; i++) {
        ike_effects_free(sides[i].fx);
        ike_engine_free(sides[i].engine);
    }
    require(blocks == 0 && octets == 0, "memory was not given back");
}

/* Nothing is heard any more: every SA must be gone when time has passed, for liveness is checked.
 */
static void run_out(void)
{
    for (int i = 0;
         i < 600 && (ike_engine_sa_count(sides[0].engine) || ike_engine_sa_count(sides[1].engine));
         i++) {
        while (queued)
            drop_datagram(0);
        pass_time(10 * IKE_SECOND);
    }
    require(ike_engine_sa_count(sides[0].engine) == 0 && ike_engine_sa_count(sides[1].engine) == 0,
            "an SA does not end");
}

static const struct ike_order bring_up = {.kind = ORDER_INITIATE,
                                          .conn = {(const uint8_t *)"net", 3},
                                          .child = {(const uint8_t *)"net", 3}};
static const struct ike_order rekey_child = {.kind = ORDER_REKEY,
                                             .child = {(const uint8_t *)"net", 3}};
static const struct ike_order rekey_ike = {.kind = ORDER_REKEY,
                                           .conn = {(const uint8_t *)"net", 3}};
static const struct ike_order new_child = {.kind = ORDER_INITIATE,
                                           .conn = {(const uint8_t *)"net", 3},
                                           .child = {(const uint8_t *)"other", 5}};
static const struct ike_order end_child = {.kind = ORDER_TERMINATE,
                                           .child = {(const uint8_t *)"net", 3}};
static const struct ike_order end_ike = {.kind = ORDER_TERMINATE,
                                         .conn = {(const uint8_t *)"net", 3}};

/* How far the honest life has gone when the input begins: so many datagrams were delivered, then an
 * order of the initiator or responder was given. */
static const struct {
    unsigned delivered;
    const struct ike_order *by_initiator, *by_responder;
    unsigned then;
} stages[] = {
    {0, NULL, NULL, 0}, /* the initiator has sent IKE_SA_INIT */
    {1, NULL, NULL, 0}, /* the responder has answered it */
    {2, NULL, NULL, 0}, /* keys; round 1 is asked for */
    {3, NULL, NULL, 0},
    {5, NULL, NULL, 0}, /* between the rounds */
    {7, NULL, NULL, 0},
    {8, NULL, NULL, 0},
    {9, NULL, NULL, 0},  /* IKE_AUTH */
    {99, NULL, NULL, 0}, /* up */
    {99, &rekey_child, NULL, 0},
    {99, &rekey_child, NULL, 1},
    {99, &rekey_child, NULL, 3},
    {99, NULL, &rekey_child, 1},
    {99, &rekey_ike, NULL, 0},
    {99, &rekey_ike, NULL, 1},
    {99, &rekey_ike, NULL, 3},
    {99, &rekey_ike, NULL, 6},
    {99, NULL, &rekey_ike, 1},
    {99, &rekey_child, &rekey_child, 0},
    {99, &rekey_ike, &rekey_ike, 0},
    {99, &rekey_ike, &rekey_child, 2},
    {99, &new_child, NULL, 0},
    {99, &new_child, &end_ike, 0},
    {99, &end_child, &end_child, 0},
    {99, &end_ike, NULL, 0},
    {99, &rekey_ike, NULL, 99},
};

static void go_to_stage(uint8_t n)
{
    size_t i = n % (sizeof stages / sizeof stages[0]);
    order(&sides[0], bring_up);
    for (unsigned k = 0; k < stages[i].delivered && deliver(); k++)
        ;
    if (stages[i].by_initiator)
        order(&sides[0], *stages[i].by_initiator);
    if (stages[i].by_responder)
        order(&sides[1], *stages[i].by_responder);
    for (unsigned k = 0; k < stages[i].then && deliver(); k++)
        ;
}

/* ---- what the input says ------------------------------------------------------------------- */

static struct ike_path path_to(const struct side *s, bool encap)
{
    uint16_t port = encap ? 4500 : 500;
    return (struct ike_path){endpoint_of(s, port), endpoint_of(other(s), port), encap};
}

/* The SA that messages are made for: the oldest or the newest. */
static struct ike_sa *pick_sa(const struct side *s, uint8_t how)
{
    return how & 1 ? s->engine->newest : s->engine->oldest;
}

/* Header of a message the target may expect, a little wrong if the input wants it so. */
static struct ike_header expected_header(const struct ike_sa *sa, uint8_t how, uint8_t exchange)
{
    static const int8_t offsets[] = {0, 0, 0, 0, -1, 1, -2, 127};
    bool response = how & 2;
    uint32_t mid = response ? sa->window.send_next - 1 : sa->window.serve_next;
    return (struct ike_header){
        .spi_i = sa->spi_i,
        .spi_r = sa->spi_r,
        .major = 2,
        .exchange = exchange               ? exchange
                    : sa->ours && response ? sa->ours->exchange->type
                                           : EXCHANGE_INFORMATIONAL,
        .initiator = !sa->initiator,
        .response = response,
        .mid = mid + (uint32_t)(int32_t)offsets[how >> 5],
    };
}

/* Seal as the peer would, in the keys that the target expects now, and let it arrive. */
static void say_sealed(struct side *target, struct ike_sa *sa, struct sk_outer outer,
                       struct bytes plain)
{
    static uint8_t room[MESSAGE_LEN_MAX];
    static uint64_t iv = UINT64_C(1) << 40;
    struct sk_keys keys = sa_keys(sa, &sa->keys, !sa->initiator);
    keys.iv_counter = &iv;
    if (!sa->suite.prf || sk_sealed_len(&sa->suite, plain.len, outer.fragment) > sizeof room)
        return;
    require(sk_seal(&target->toy.crypto, &keys, &outer, plain, room) == CRYPTO_OK, "sealing");
    struct ike_path path = sa->path;
    input(target, &path, bytes_make(room, sk_sealed_len(&sa->suite, plain.len, outer.fragment)));
}

static void do_datagram(struct side *target, struct script *s)
{
    struct ike_path path = path_to(target, next_octet(s) & 1);
    input(target, &path, next_bytes(s));
}

static void do_sealed(struct side *target, struct script *s)
{
    uint8_t how = next_octet(s), exchange = next_octet(s), first = next_octet(s);
    struct bytes plain = next_bytes(s);
    struct ike_sa *sa = pick_sa(target, how);
    if (!sa)
        return;
    struct sk_outer outer = {
        .header = expected_header(sa, how, exchange), .first = first, .number = 1, .total = 1};
    if (how & 4) {
        outer.fragment = true;
        outer.number = next_number(s);
        outer.total = next_number(s);
    }
    say_sealed(target, sa, outer, plain);
}

/* The message to the target that has waited longest, opened, changed in places, and sealed again.
 */
static bool open_waiting(struct side *target, size_t *which, struct ike_sa **sa,
                         struct sk_outer *outer, uint8_t *room, struct bytes *plain)
{
    for (size_t i = 0; i < queued; i++) {
        struct ike_header h;
        struct bytes d = bytes_make(queue[i].at, queue[i].len);
        if (queue[i].to != target || !ike_header_read(d, &h) || !sk_look(d, &h, outer))
            continue;
        *sa = table_get(&target->engine->by_spi, h.initiator ? h.spi_r : h.spi_i);
        if (!*sa)
            continue;
        struct sk_keys keys = sa_keys(*sa, &(*sa)->keys, h.initiator);
        memcpy(room, d.at, d.len);
        if (!(*sa)->suite.prf ||
            sk_open(&target->toy.crypto, &keys, outer, room, d.len, plain) != CRYPTO_OK)
            continue;
        *which = i;
        return true;
    }
    return false;
}

static void do_edited(struct side *target, struct script *s)
{
    static uint8_t room[MESSAGE_LEN_MAX], text[MESSAGE_LEN_MAX];
    struct ike_sa *sa;
    struct sk_outer outer;
    struct bytes plain;
    size_t which;
    uint8_t edits = next_octet(s);
    if (!open_waiting(target, &which, &sa, &outer, room, &plain)) {
        (void)deliver();
        return;
    }
    size_t len = plain.len;
    memcpy(text, plain.at, len);
    for (unsigned i = 0; i < edits % 8U; i++)
        edit(s, text, &len, sizeof text - 256);
    if (edits & 0x80)
        outer.first = next_octet(s);
    if (edits & 0x40)
        outer.header.exchange = next_octet(s);
    if (!(edits & 0x20)) /* else the good one comes as well */
        drop_datagram(which);
    say_sealed(target, sa, outer, bytes_make(text, len));
}

/* An honest datagram in clear with an octet changed. */
static void do_bent(struct side *target, struct script *s)
{
    uint16_t at = next_number(s);
    uint8_t value = next_octet(s);
    for (size_t i = 0; i < queued; i++)
        if (queue[i].to == target && queue[i].len) {
            queue[i].at[at % queue[i].len] ^= value;
            break;
        }
    (void)deliver();
}

static void do_order(struct side *target, struct script *s)
{
    static const struct ike_order *const orders[] = {&bring_up, &rekey_child, &rekey_ike,
                                                     &new_child, &end_child, &end_ike};
    uint8_t n = next_octet(s);
    struct side *who = n & 0x80 ? other(target) : target;
    struct ike_order o = {.kind = ORDER_CHECK,
                          .ike_id = who->engine->newest ? who->engine->newest->id : 0};
    if ((n & 0x7f) % 7 < 6)
        o = *orders[(n & 0x7f) % 7];
    o.force = n & 0x40;
    order(who, o);
}

static void do_time(struct side *target, struct script *s)
{
    (void)target;
    uint8_t n = next_octet(s);
    pass_time(n < 128 ? n * 10 * IKE_MS : (n - 127U) * IKE_SECOND);
}

static void do_deliver(struct side *target, struct script *s)
{
    (void)target;
    for (unsigned n = next_octet(s) % 16U; n > 0 && deliver(); n--)
        ;
}

static void do_lose(struct side *target, struct script *s)
{
    (void)target;
    (void)s;
    if (queued)
        drop_datagram(0);
}

static void (*const actions[])(struct side *target, struct script *s) = {
    do_datagram,
    do_sealed,
    do_edited,
    do_bent,
    do_order,
    do_time,
    do_deliver,
    do_lose,
};

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct script s = {data, size};
    start();
    go_to_stage(next_octet(&s));
    for (unsigned n = 0; n < ACTIONS_MAX && s.left; n++) {
        uint8_t what = next_octet(&s);
        actions[(what & 0x7f) % (sizeof actions / sizeof actions[0])](&sides[what >> 7], &s);
    }
    run_out();
    end();
    return 0;
}
