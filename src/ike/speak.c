/* speak: see speak.h. RFC 7296 2.1 (retransmission), RFC 7383 2.5 (fragmentation). */
#include "ike/speak.h"

#include "ike/limits.h"

enum { UDP_HEADER_LEN = 8,
       IPV4_HEADER_LEN = 20,
       IPV6_HEADER_LEN = 40,
       MARKER_LEN = 4 };

/* ---- encode ---------------------------------------------------------------------------------- */

static struct ike_header header_for(const struct ike_sa *sa, uint8_t exchange, bool response,
                                    uint32_t mid)
{
    return (struct ike_header){
        .spi_i = sa->spi_i,
        /* a refused IKE_SA_INIT gives no SPI away (RFC 7296 2.6) */
        .spi_r = sa->suite.prf ? sa->spi_r : 0,
        .major = 2,
        .exchange = exchange,
        .initiator = sa->initiator,
        .response = response,
        .mid = mid,
    };
}

/*
 * The message as octets, into slot->said. One without encryption is kept whole, the others as their
 * inner payloads.
 */
static enum crypto_result encode(struct turn *t, bool response, uint32_t mid)
{
    struct slot *slot = t->slot;
    struct spoken *said = &slot->said;
    *said = (struct spoken){.header = header_for(t->sa, slot->exchange->type, response, mid)};
    struct writer w = writer_make(t->e->scratch, MESSAGE_LEN_MAX);
    t->out.header = said->header;
    if (slot->exchange->clear)
        ike_message_encode(&w, &t->out);
    else
        ike_payloads_encode(&w, &t->out, &said->first);
    bool copied = !w.fault && arena_copy(&slot->arena, writer_view(&w), &said->plain);
    wipe(t->e->scratch, w.len);
    return copied ? CRYPTO_OK : CRYPTO_FAULT;
}

size_t speak_len(struct turn *t)
{
    struct writer w = writer_make(t->e->scratch, MESSAGE_LEN_MAX);
    ike_message_encode(&w, &t->out);
    wipe(t->e->scratch, w.len);
    return w.len;
}

/* ---- seal and split -------------------------------------------------------------------------- */

static bool keep_datagram(const struct alloc *alloc, struct sealed *s, uint16_t at, size_t len,
                          uint8_t **to)
{
    *to = alloc_take(alloc, len);
    if (!*to)
        return false;
    s->datagram[at] = bytes_make(*to, len);
    s->len += len;
    return true;
}

static bool start_sealed(const struct alloc *alloc, struct sealed *s, uint16_t count)
{
    *s = (struct sealed){.datagram = alloc_take(alloc, count * sizeof *s->datagram)};
    if (s->datagram)
        s->count = count;
    return s->datagram != NULL;
}

/* How long the UDP payload of one fragment may be; 0: this peer gets no fragments. */
static size_t datagram_limit(const struct ike_sa *sa, uint16_t fragment_size)
{
    bool agreed = sa->extensions & EXTENSION_SET(FRAGMENTATION);
    if (!agreed || fragment_size == 0 || sa->conn->fragmentation != FRAGMENTATION_YES)
        return 0;
    size_t around = (sa->path.remote.addr.family == ADDR_V6 ? IPV6_HEADER_LEN : IPV4_HEADER_LEN) +
                    UDP_HEADER_LEN;
    around += sa->path.encap ? MARKER_LEN : 0;
    size_t size = fragment_size < FRAGMENT_LEN_MIN ? FRAGMENT_LEN_MIN : fragment_size;
    return size - around;
}

/* How many datagrams the text becomes, and how much of it each holds. */
static uint16_t plan_datagrams(const struct ike_sa *sa, size_t plain_len, uint16_t fragment_size,
                               size_t *room)
{
    size_t limit = datagram_limit(sa, fragment_size);
    *room = plain_len;
    if (limit == 0 || sk_sealed_len(&sa->suite, plain_len, false) <= limit)
        return 1;
    *room = sk_room(&sa->suite, limit, true);
    return *room ? fragment_plan(plain_len, *room) : 0;
}

static enum crypto_result seal_parts(struct turn *t, const struct spoken *said, uint16_t count,
                                     size_t room, struct sealed *out)
{
    struct ike_sa *sa = t->sa;
    struct sk_keys keys = sa_keys(sa, &sa->keys, sa->initiator);
    for (uint16_t i = 0; i < count; i++) {
        size_t from = i * room;
        size_t len = i + 1 == count ? said->plain.len - from : room;
        struct sk_outer outer = {
            .header = said->header,
            .first = i == 0 ? said->first : 0,
            .fragment = count > 1,
            .number = (uint16_t)(i + 1),
            .total = count,
        };
        uint8_t *to;
        if (!keep_datagram(t->e->alloc, out, i, sk_sealed_len(&sa->suite, len, outer.fragment),
                           &to))
            return CRYPTO_FAULT;
        struct bytes part = len ? bytes_make(said->plain.at + from, len) : BYTES_NONE;
        enum crypto_result result = sk_seal(t->e->crypto, &keys, &outer, part, to);
        if (result != CRYPTO_OK)
            return result;
    }
    return CRYPTO_OK;
}

static enum crypto_result seal(struct turn *t, const struct spoken *said, uint16_t fragment_size,
                               struct sealed *out)
{
    size_t room = said->plain.len;
    bool clear = t->slot->exchange->clear;
    uint16_t count = clear ? 1 : plan_datagrams(t->sa, said->plain.len, fragment_size, &room);
    if (count == 0 || !start_sealed(t->e->alloc, out, count))
        return CRYPTO_FAULT;
    if (!clear)
        return seal_parts(t, said, count, room, out);
    uint8_t *to;
    if (!keep_datagram(t->e->alloc, out, 0, said->plain.len, &to))
        return CRYPTO_FAULT;
    memcpy(to, said->plain.at, said->plain.len);
    return CRYPTO_OK;
}

static void send_all(struct turn *t, const struct ike_path *path, const struct sealed *s)
{
    for (uint16_t i = 0; i < s->count; i++)
        effects_send(t->e, t->fx, path, s->datagram[i]);
}

static void note_sent(struct slot *slot, const struct sealed *s)
{
    slot->facts.sent = (uint32_t)s->len;
    slot->facts.sent_fragments = s->count;
    slot->facts.transmissions++;
}

/* ---- requests -------------------------------------------------------------------------------- */

enum crypto_result speak_request(struct turn *t)
{
    struct slot *slot = t->slot;
    const struct conf_engine *conf = &t->sa->config->engine;
    bool again = t->sa->window.awaiting;
    uint32_t mid = again ? t->sa->window.send_next - 1 : t->sa->window.send_next;
    enum crypto_result result = mid == WINDOW_END ? CRYPTO_FAULT : encode(t, false, mid);
    sealed_free(t->e->alloc, &slot->out);
    if (result == CRYPTO_OK)
        result = seal(t, &slot->said, conf->fragment_size, &slot->out);
    if (result != CRYPTO_OK)
        return result;
    t->sa->window.send_next = mid + 1;
    t->sa->window.awaiting = true;
    slot->facts.mid = mid;
    slot->fragment_size = conf->fragment_size;
    slot->tries = 0;
    slot->wait_for = conf->retransmit_first_for;
    slot->resend_at = t->now + slot->wait_for;
    note_sent(slot, &slot->out);
    send_all(t, &t->sa->path, &slot->out);
    t->e->counts[COUNT_REQUESTS_OUT]++;
    turn_arm(t);
    return CRYPTO_OK;
}

/*
 * After some silence the large datagrams may be what is lost: split anew, as RFC 7383 2.5.2 allows
 * (same clear text, more fragments).
 */
static void split_smaller(struct turn *t)
{
    struct slot *slot = t->slot;
    bool v6 = t->sa->path.remote.addr.family == ADDR_V6;
    uint16_t fallback = v6 ? FRAGMENT_SIZE_FALLBACK_V6 : FRAGMENT_SIZE_FALLBACK_V4;
    if (slot->exchange->clear || slot->fragment_size <= fallback || slot->tries != REFRAGMENT_AFTER)
        return;
    struct sealed smaller = {0};
    if (seal(t, &slot->said, fallback, &smaller) == CRYPTO_OK && smaller.count > slot->out.count) {
        sealed_free(t->e->alloc, &slot->out);
        slot->out = smaller;
        slot->fragment_size = fallback;
        slot->facts.sent = (uint32_t)smaller.len;
        slot->facts.sent_fragments = smaller.count;
        return;
    }
    sealed_free(t->e->alloc, &smaller);
}

static ike_time longer(ike_time wait, const struct conf_engine *conf)
{
    ike_time next = wait / 1000 * conf->retransmit_base_permille;
    return next > conf->retransmit_max_for ? conf->retransmit_max_for : next;
}

bool speak_again(struct turn *t)
{
    struct slot *slot = t->slot;
    const struct conf_engine *conf = &t->sa->config->engine;
    if (slot->tries >= conf->retransmit_tries)
        return false;
    slot->tries++;
    slot->wait_for = longer(slot->wait_for, conf);
    slot->resend_at = t->now + slot->wait_for;
    split_smaller(t);
    slot->facts.transmissions++;
    t->e->counts[COUNT_RETRANSMIT]++;
    send_all(t, &t->sa->path, &slot->out);
    turn_tell_exchange(t, TELL_RESENT, true);
    turn_arm(t);
    return true;
}

/* ---- responses ------------------------------------------------------------------------------- */

enum crypto_result speak_prepare_response(struct turn *t)
{
    enum crypto_result result = encode(t, true, t->slot->in.header.mid);
    if (result != CRYPTO_OK)
        return result;
    sealed_free(t->e->alloc, &t->sa->reply);
    result = seal(t, &t->slot->said, t->sa->config->engine.fragment_size, &t->sa->reply);
    if (result != CRYPTO_OK)
        sealed_free(t->e->alloc, &t->sa->reply);
    else
        note_sent(t->slot, &t->sa->reply);
    return result;
}

void speak_response(struct turn *t)
{
    t->sa->window.serving = false;
    t->sa->window.replied = true;
    t->sa->window.serve_next = t->slot->in.header.mid + 1;
    t->e->counts[COUNT_RESPONSES_OUT]++;
    send_all(t, &t->slot->from, &t->sa->reply);
}

void speak_repeat(struct turn *t)
{
    t->e->counts[COUNT_REPEATED]++;
    send_all(t, &t->sa->path, &t->sa->reply); /* anybody can repeat what was seen on the way */
}

void speak_unprotected(struct ike_engine *e, struct ike_effects *fx, const struct ike_path *path,
                       const struct ike_header *request, size_t request_len, uint16_t notify,
                       struct bytes data)
{
    uint8_t octets[IKE_HEADER_LEN + 8 + COOKIE_LEN_MAX];
    struct payload payload = {.type = PAYLOAD_NOTIFY, .u.notify = {.type = notify, .data = data}};
    struct ike_msg reply = {
        .header = {.spi_i = request->spi_i,
                   .spi_r = request->spi_r,
                   .major = 2,
                   .exchange = request->exchange,
                   .initiator = !request->initiator,
                   .response = true,
                   .mid = request->mid},
        .count = 1,
        .payload = &payload,
    };
    struct writer w = writer_make(octets, sizeof octets);
    ike_message_encode(&w, &reply);
    if (!w.fault && w.len <= request_len)
        effects_send(e, fx, path, writer_view(&w));
}
