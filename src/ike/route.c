/*
 * route: the way of a datagram through the engine. Read this file first.
 *
 * A datagram passes the stages of the table below, in order. Each either lets it pass or gives a
 * verdict that ends the way. Before `accept` nothing of an SA changes: the stages above it are
 * questions, and what fails there is counted and dropped without an answer. From `decode` on the
 * message is authentic (but for IKE_SA_INIT, which cannot be) and errors are answered. Stages 9 to
 * 13 are in drive.c and speak.c, where the engine's own orders and deadlines enter as well.
 */
#include "ike/contact.h"
#include "ike/drive.h"
#include "ike/limits.h"
#include "ike/speak.h"
#include "wire/grammar.h"

/* A datagram on its way, and what is known of it so far. */
struct passage {
    struct turn turn;
    const struct ike_path *path;
    struct bytes datagram;
    struct ike_header header;
    const struct exchange *exchange;
    enum window_verdict window;
    /* opened and joined; borrows scratch memory, `joined` or the datagram */
    struct spoken heard;
    uint16_t fragments;  /* it came in */
    size_t octets;       /* of all of them */
    bool opened;         /* scratch memory holds clear text */
    struct bytes joined; /* memory to be given back, when fragments were joined */
};

/* ---- 1: header ------------------------------------------------------------------------------- */

static struct verdict read_header(struct passage *p)
{
    if (p->datagram.len > DATAGRAM_LEN_MAX || !ike_header_read(p->datagram, &p->header) ||
        p->header.length != p->datagram.len)
        return verdict_drop(DROP_HEADER);
    if (p->header.major != 2) {
        contact_version(p->turn.e, p->turn.now, p->turn.fx, &p->header, p->path, p->datagram.len);
        return verdict_drop(DROP_VERSION);
    }
    return VERDICT_OK;
}

/* ---- 2: owner -------------------------------------------------------------------------------- */

/*
 * Both SPIs must be the SA's; only the answer to our first message may bring one we do not know
 * yet.
 */
static bool spis_fit(const struct ike_sa *sa, const struct ike_header *h)
{
    if (sa->initiator == h->initiator)
        return false;
    bool first_answer = sa->phase == PHASE_NEW && sa->initiator && h->response;
    return h->spi_i == sa->spi_i && (first_answer || h->spi_r == sa->spi_r);
}

static struct verdict find_owner(struct passage *p)
{
    const struct ike_header *h = &p->header;
    struct turn *t = &p->turn;
    if (h->initiator && h->spi_r == 0) {
        t->sa = contact_find(t->e, h, p->path);
        if (t->sa)
            return VERDICT_OK;
        return contact_admit(t, h, p->path, p->datagram);
    }
    t->sa = table_get(&t->e->by_spi, h->initiator ? h->spi_r : h->spi_i);
    if (!t->sa) {
        contact_unknown(t->e, t->now, t->fx, h, p->path, p->datagram.len);
        return verdict_drop(DROP_UNKNOWN_SPI);
    }
    return spis_fit(t->sa, h) ? VERDICT_OK : verdict_drop(DROP_DIRECTION);
}

/* ---- 3: window ------------------------------------------------------------------------------- */

static uint64_t fingerprint(const struct passage *p)
{
    return siphash(&p->turn.e->seed, p->datagram);
}

static struct verdict ask_window(struct passage *p)
{
    struct turn *t = &p->turn;
    p->window = window_ask(&t->sa->window, p->header.response, p->header.mid);
    switch (p->window) {
    case WINDOW_NEW:
    case WINDOW_AWAITED:
        return VERDICT_OK;
    case WINDOW_BUSY:
        return verdict_drop(DROP_BUSY);
    case WINDOW_STRAY:
        return verdict_drop(DROP_STRAY);
    case WINDOW_REPEAT:
        break;
    }
    /* Perhaps in other fragments than before: opened below, under the keys it was sent with. */
    if (p->header.next == PAYLOAD_SKF)
        return VERDICT_OK;
    /* The very same octets again: no need to open them. */
    if (t->sa->reply_mark == fingerprint(p))
        speak_repeat(t);
    return verdict_drop(DROP_REPEAT);
}

/* ---- 4: plausible ---------------------------------------------------------------------------- */

static struct verdict ask_exchange(struct passage *p)
{
    const struct ike_sa *sa = p->turn.sa;
    p->exchange = exchange_find(p->header.exchange);
    if (!p->exchange)
        return verdict_drop(DROP_EXCHANGE);
    if (p->header.response)
        return sa->ours && sa->ours->exchange == p->exchange ? VERDICT_OK
                                                             : verdict_drop(DROP_EXCHANGE);
    if (p->window == WINDOW_REPEAT) /* only of what is sealed can we tell that it is the same */
        return p->exchange->clear ? verdict_drop(DROP_REPEAT) : VERDICT_OK;
    /*
     * Who sets an SA up serves nothing before it is up: a responder that is ahead of us may delete a
     * Child SA we do not know yet. It will ask again.
     */
    bool too_early = sa->initiator && (sa_is_initial(sa) || p->exchange->opening);
    /* One that failed before it was up has said its last word; it only repeats that. */
    bool too_late = sa->phase == PHASE_CLOSING && !sa->established_at;
    bool allowed = exchange_may(p->exchange, sa->phase) && !too_early && !too_late;
    return allowed ? VERDICT_OK : verdict_drop(DROP_EXCHANGE);
}

/* ---- 5: open --------------------------------------------------------------------------------- */

/*
 * Once an SA that comes up has answered, a repeated request is still under the keys of the epoch
 * before.
 */
static struct sk_keys keys_to_open(const struct passage *p)
{
    struct ike_sa *sa = p->turn.sa;
    bool past = p->window == WINDOW_REPEAT && sa->birth && sa->birth->has_past_keys;
    return sa_keys(sa, past ? &sa->birth->past_keys : &sa->keys, !sa->initiator);
}

static struct verdict gather_fragment(struct passage *p, const struct sk_outer *outer,
                                      struct bytes plain)
{
    struct turn *t = &p->turn;
    const struct conf_engine *conf = &t->sa->config->engine;
    struct fragment_set **set = &t->sa->gather[p->header.response];
    if (!*set) {
        *set = alloc_take(t->e->alloc, sizeof **set);
        if (!*set)
            return verdict_drop(DROP_MEMORY);
        **set = fragment_set_make(t->e->alloc);
    }
    size_t max = t->sa->phase == PHASE_UP ? conf->message_max : conf->message_max_early;
    enum fragment_verdict v =
        fragment_add(*set, t->now, p->header.mid, p->header.response, outer->number, outer->total,
                     outer->first, outer->reserved, plain, max);
    if (v == FRAGMENT_KEEP) {
        turn_arm(t); /* they are not kept for ever */
        return verdict_drop(DROP_PARTIAL);
    }
    if (v != FRAGMENT_COMPLETE)
        return verdict_drop(DROP_FRAGMENT);
    uint8_t *whole = alloc_take(t->e->alloc, (*set)->len ? (*set)->len : 1);
    if (!whole)
        return verdict_drop(DROP_MEMORY);
    fragment_join(*set, whole);
    p->joined = bytes_make(whole, (*set)->len ? (*set)->len : 1);
    p->heard.plain = bytes_make(whole, (*set)->len);
    p->heard.first = (*set)->first;
    p->heard.reserved = (*set)->reserved;
    p->fragments = (*set)->total;
    p->octets = (*set)->len + p->fragments * (p->datagram.len - plain.len); /* but for padding */
    fragment_set_wipe(*set);
    return VERDICT_OK;
}

static bool fragment_welcome(const struct passage *p, const struct sk_outer *outer)
{
    const struct ike_sa *sa = p->turn.sa;
    const struct fragment_set *set = sa->gather[p->header.response];
    if (!(sa->extensions & EXTENSION_SET(FRAGMENTATION)))
        return false;
    if (outer->number == 0 || outer->number > outer->total || outer->total > FRAGMENTS_MAX)
        return false;
    return !set || fragment_look(set, p->header.mid, p->header.response, outer->number,
                                 outer->total) != FRAGMENT_DROP;
}

static struct verdict open_message(struct passage *p)
{
    struct turn *t = &p->turn;
    struct sk_outer outer;
    p->heard.header = p->header;
    p->fragments = 1;
    p->octets = p->datagram.len;
    if (p->exchange->clear) {
        p->heard.plain = p->datagram;
        return VERDICT_OK;
    }
    if (!sk_look(p->datagram, &p->header, &outer))
        return verdict_drop(DROP_SEALED);
    if (outer.fragment && !fragment_welcome(p, &outer))
        return verdict_drop(DROP_FRAGMENT);
    struct sk_keys keys = keys_to_open(p);
    struct bytes plain;
    memcpy(t->e->scratch, p->datagram.at, p->datagram.len);
    p->opened = true;
    if (sk_open(t->e->crypto, &keys, &outer, t->e->scratch, p->datagram.len, &plain) != CRYPTO_OK)
        return verdict_drop(DROP_SEALED);
    if (p->window == WINDOW_REPEAT) {
        /* One answer for all fragments of a repeated request (RFC 7383 2.6.1). */
        if (outer.number == 1)
            speak_repeat(t);
        return verdict_drop(DROP_REPEAT);
    }
    if (outer.fragment)
        return gather_fragment(p, &outer, plain);
    p->heard.plain = plain;
    p->heard.first = outer.first;
    p->heard.reserved = outer.reserved;
    return VERDICT_OK;
}

/* ---- 6: accept ------------------------------------------------------------------------------- */

/*
 * The peer's address may move while the SA comes up (the float to port 4500), and afterwards if a
 * NAT sits before it (RFC 7296 2.23).
 */
static void follow_peer(struct passage *p)
{
    struct turn *t = &p->turn;
    struct ike_sa *sa = t->sa;
    bool may_move = sa->phase == PHASE_KEYED || (sa->nat_remote && !sa->nat_local);
    if (ike_path_equal(&sa->path, p->path) || !may_move || p->header.response)
        return;
    turn_move(t, p->path);
}

/* The slot in which the message is worked on, and an own copy of its text. */
static bool take_in(struct passage *p)
{
    struct turn *t = &p->turn;
    struct ike_sa *sa = t->sa;
    if (p->header.response) {
        t->slot = sa->ours;
        arena_wipe(&t->slot->in_arena);
    } else {
        t->slot = slot_new(t->e->alloc, p->exchange, t->now);
        sa->theirs = t->slot;
    }
    if (!t->slot)
        return false;
    t->slot->heard = p->heard;
    t->slot->from = *p->path;
    t->slot->facts.mid = p->header.mid;
    t->slot->facts.received = (uint32_t)p->octets;
    t->slot->facts.received_fragments = p->fragments;
    struct arena *arena = p->header.response ? &t->slot->in_arena : &t->slot->arena;
    return arena_copy(arena, p->heard.plain, &t->slot->heard.plain);
}

static struct verdict accept(struct passage *p)
{
    struct turn *t = &p->turn;
    struct ike_sa *sa = t->sa;
    if (!take_in(p)) {
        struct verdict fault = verdict_fault();
        turn_close(t, &fault, false);
        return verdict_drop(DROP_MEMORY);
    }
    if (!p->exchange->clear) {
        sa->heard_at = t->now;
        follow_peer(p);
    }
    t->e->counts[p->header.response ? COUNT_RESPONSES_IN : COUNT_REQUESTS_IN]++;
    if (!p->header.response) {
        sa->window.serving = true;
        sa->reply_mark = fingerprint(p);
        /* an answer that nobody vouches for does not end the waiting */
    } else if (!p->exchange->clear) {
        sa->window.awaiting = false;
        t->slot->answered = true;
        t->slot->resend_at = IKE_NEVER;
    }
    return VERDICT_OK;
}

/* ---- 7, 8: decode and grammar ---------------------------------------------------------------- */

static struct verdict decode(struct passage *p)
{
    struct turn *t = &p->turn;
    struct slot *slot = t->slot;
    struct arena *arena = p->header.response ? &slot->in_arena : &slot->arena;
    struct bytes chain = slot->heard.plain;
    uint8_t first = slot->heard.first;
    if (p->exchange->clear) {
        chain = bytes_make(chain.at + IKE_HEADER_LEN, chain.len - IKE_HEADER_LEN);
        first = p->header.next;
    }
    struct decode_error error = ike_payloads_decode(chain, first, arena, &slot->in);
    slot->in.header = p->header;
    t->in = &slot->in;
    struct verdict v = VERDICT_OK;
    if (error.class == DECODE_CRITICAL) {
        v = verdict_notify(IKE_REASON_SYNTAX, NOTIFY_UNSUPPORTED_CRITICAL_PAYLOAD);
        v.data[0] = error.payload;
        v.data_len = 1;
    } else if (error.class == DECODE_MEMORY) {
        v = verdict_fault();
    } else if (error.class != DECODE_OK) {
        v = verdict_kill(IKE_REASON_SYNTAX, NOTIFY_INVALID_SYNTAX);
    }
    return verdict_because(v, error.what);
}

static struct verdict check_grammar(struct passage *p)
{
    struct grammar_error error = grammar_check(p->turn.in);
    if (error.ok)
        return VERDICT_OK;
    return verdict_because(verdict_kill(IKE_REASON_SYNTAX, NOTIFY_INVALID_SYNTAX), error.what);
}

/* ---- 9 to 13: handle, and what comes of it --------------------------------------------------- */

static struct verdict handle(struct passage *p)
{
    if (p->header.response)
        drive_response(&p->turn);
    else
        drive_request(&p->turn);
    return VERDICT_OK;
}

/* ---- the route ------------------------------------------------------------------------------- */

static const struct stage {
    const char *name;
    struct verdict (*pass)(struct passage *p);
} route[] = {
    /* clang-format off */
    {"header",    read_header},    /*  1 */
    {"owner",     find_owner},     /*  2 */
    {"window",    ask_window},     /*  3 */
    {"plausible", ask_exchange},   /*  4 */
    {"open",      open_message},   /*  5: until here nothing of an SA may change */
    {"accept",    accept},         /*  6 */
    {"decode",    decode},         /*  7 */
    {"grammar",   check_grammar},  /*  8 */
    {"handle",    handle},         /*  9 to 13 */
    /* clang-format on */
};

/*
 * A malformed first message is dropped: errors in clear would help nobody but an attacker (RFC 7296
 * 3.10.1, INVALID_SYNTAX).
 */
static bool is_silent(const struct passage *p, const struct verdict *v)
{
    return p->exchange->clear && v->reason == IKE_REASON_SYNTAX &&
           v->notify == NOTIFY_INVALID_SYNTAX;
}

static void stop(struct passage *p, struct verdict v)
{
    struct turn *t = &p->turn;
    if (v.class == V_DROP) {
        t->e->drops[v.drop]++;
        return;
    }
    if (p->header.response) {
        drive_response_verdict(t, v);
    } else if (is_silent(p, &v)) {
        t->e->drops[DROP_CONTACT]++;
        turn_close(t, &v, false);
    } else {
        drive_request_verdict(t, v);
    }
}

void ike_engine_input(struct ike_engine *e, ike_time now, const struct ike_path *path,
                      struct bytes datagram, struct ike_effects *fx)
{
    struct passage p = {.turn = {.e = e, .now = now, .fx = fx}, .path = path, .datagram = datagram};
    for (size_t i = 0; i < sizeof route / sizeof route[0]; i++) {
        struct verdict v = route[i].pass(&p);
        if (v.class != V_OK) {
            stop(&p, v);
            break;
        }
    }
    alloc_give_bytes(e->alloc, &p.joined);
    if (p.opened)
        wipe(e->scratch, datagram.len);
    engine_end_verb(e);
}
