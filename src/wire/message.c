/*
 * message: the chain of payloads (RFC 7296 3.2), and the table of the codecs of its links.
 *
 *     Next Payload (1) | C (1 bit) | RESERVED (7 bits) | Payload Length (2) | body
 *
 * The type of a payload stands in the link before it. SK and SKF end the chain: their Next Payload names the first
 * payload inside them (RFC 7296 3.14, RFC 7383 2.5).
 */
#include "wire/payload.h"

enum {
    CRITICAL = 0x80,
    HEADER_NEXT_AT = 16, /* offsets of fields in the header */
    HEADER_VERSION_AT = 17,
    HEADER_LENGTH_AT = 24,
    FIRST_ROOM = 16, /* payloads; most messages have fewer, and no second array is taken */
};

/* clang-format off */
static const struct codec {
    payload_decoder *decode;
    payload_encoder *encode;
} codecs[] = {
    [PAYLOAD_SA]      = {payload_sa_decode,     payload_sa_encode},
    [PAYLOAD_KE]      = {payload_ke_decode,     payload_ke_encode},
    [PAYLOAD_IDi]     = {payload_id_decode,     payload_id_encode},
    [PAYLOAD_IDr]     = {payload_id_decode,     payload_id_encode},
    [PAYLOAD_CERT]    = {payload_cert_decode,   payload_cert_encode},
    [PAYLOAD_CERTREQ] = {payload_cert_decode,   payload_cert_encode},
    [PAYLOAD_AUTH]    = {payload_auth_decode,   payload_auth_encode},
    [PAYLOAD_NONCE]   = {payload_opaque_decode, payload_opaque_encode},
    [PAYLOAD_NOTIFY]  = {payload_notify_decode, payload_notify_encode},
    [PAYLOAD_DELETE]  = {payload_delete_decode, payload_delete_encode},
    [PAYLOAD_VENDOR]  = {payload_opaque_decode, payload_opaque_encode},
    [PAYLOAD_TSi]     = {payload_ts_decode,     payload_ts_encode},
    [PAYLOAD_TSr]     = {payload_ts_decode,     payload_ts_encode},
    [PAYLOAD_SK]      = {payload_sk_decode,     payload_sk_encode},
    [PAYLOAD_CP]      = {payload_cp_decode,     payload_cp_encode},
    [PAYLOAD_EAP]     = {payload_opaque_decode, payload_opaque_encode},
    [PAYLOAD_SKF]     = {payload_skf_decode,    payload_skf_encode},
};
/* clang-format on */

/* The codec of a type, or NULL for one that we do not know. */
static const struct codec *find_codec(uint8_t type)
{
    bool is_known = type < sizeof codecs / sizeof *codecs && codecs[type].decode;
    return is_known ? &codecs[type] : NULL;
}

static bool is_sealed(uint8_t type)
{
    return type == PAYLOAD_SK || type == PAYLOAD_SKF;
}

/* ---- decoding ------------------------------------------------------------------------------------------------- */

static void note_error(struct decoder *d, const uint8_t *at, enum decode_class class, const char *what)
{
    if (d->error.class != DECODE_OK)
        return;
    d->error.class = class;
    d->error.offset = d->start_at + (size_t)(at - d->start);
    d->error.what = what;
}

void decode_fail(struct decoder *d, struct reader *r, enum decode_class class, const char *what)
{
    note_error(d, r->fault ? r->start + r->fault_at : r->at, class, what);
    reader_fail(r);
}

void decode_expect(struct decoder *d, struct reader *r, bool ok, const char *what)
{
    if (!ok || r->fault)
        decode_fail(d, r, DECODE_SYNTAX, what);
}

bool decode_end(struct decoder *d, struct reader *r, const char *what)
{
    decode_expect(d, r, reader_end(r), what);
    return !r->fault;
}

void *decode_array(struct decoder *d, struct reader *r, size_t count, size_t size)
{
    if (count == 0)
        return NULL;
    void *at = arena_take(d->arena, count * size);
    if (!at)
        decode_fail(d, r, DECODE_MEMORY, "memory");
    return at;
}

static struct payload *add_payload(struct decoder *d, struct reader *r, struct ike_msg *m, uint8_t type)
{
    decode_expect(d, r, m->count < PAYLOADS_MAX, "at most 256 payloads");
    if (r->fault)
        return NULL;
    struct payload *p = ike_msg_add(m, d->arena, type);
    if (!p)
        decode_fail(d, r, DECODE_MEMORY, "memory");
    return p;
}

static void decode_body(struct decoder *d, struct reader *r, struct payload *p)
{
    const struct codec *codec = find_codec(p->type);
    struct reader body = reader_make(p->raw);
    if (codec)
        codec->decode(d, &body, p);
    else if (p->critical)
        decode_fail(d, &body, DECODE_CRITICAL, "a payload type we know, or one without the critical bit");
    if (body.fault)
        reader_fail(r);
}

/* One link of the chain. Returns the type of the next, 0 when this was the last. */
static uint8_t decode_link(struct decoder *d, struct reader *r, struct ike_msg *m, uint8_t type)
{
    d->error.payload = type;
    uint8_t next = reader_u8(r);
    uint8_t flags = reader_u8(r);
    uint16_t len = reader_u16(r);
    decode_expect(d, r, len >= PAYLOAD_HEADER_LEN, "payload length of 4 or more");
    decode_expect(d, r, (size_t)len - PAYLOAD_HEADER_LEN <= reader_left(r), "payload inside the message");
    struct payload *p = add_payload(d, r, m, type);
    if (!p)
        return 0;
    p->critical = flags & CRITICAL;
    p->raw = reader_take(r, (size_t)len - PAYLOAD_HEADER_LEN);
    decode_body(d, r, p);
    if (!is_sealed(type))
        return next;
    p->u.sk.inner = next;
    return 0;
}

static struct decode_error decode_chain(struct decoder *d, struct bytes chain, uint8_t first, struct ike_msg *msg)
{
    struct ike_msg m = {0};
    struct reader r = reader_make(chain);
    d->start = r.start;
    uint8_t next = first;
    while (next != PAYLOAD_NONE && !r.fault)
        next = decode_link(d, &r, &m, next);
    if (decode_end(d, &r, "nothing after the last payload")) {
        d->error.payload = 0;
        m.header = msg->header;
        *msg = m;
    }
    return d->error;
}

struct decode_error ike_payloads_decode(struct bytes chain, uint8_t first, struct arena *arena, struct ike_msg *msg)
{
    struct decoder d = {.arena = arena};
    return decode_chain(&d, chain, first, msg);
}

struct decode_error ike_message_decode(struct bytes datagram, struct arena *arena, struct ike_msg *msg)
{
    struct ike_msg m = {0};
    if (!ike_header_read(datagram, &m.header))
        return (struct decode_error){.class = DECODE_SYNTAX, .offset = datagram.len, .what = "a header of 28 octets"};
    if (m.header.major != 2)
        return (struct decode_error){.class = DECODE_VERSION, .offset = HEADER_VERSION_AT, .what = "major version 2"};
    if (m.header.length != datagram.len)
        return (struct decode_error){.class = DECODE_SYNTAX, .offset = HEADER_LENGTH_AT, .what = "its own length"};
    struct decoder d = {.arena = arena, .start_at = IKE_HEADER_LEN};
    struct bytes chain = bytes_make(datagram.at + IKE_HEADER_LEN, datagram.len - IKE_HEADER_LEN);
    struct decode_error error = decode_chain(&d, chain, m.header.next, &m);
    if (error.class == DECODE_OK)
        *msg = m;
    return error;
}

/* ---- encoding ------------------------------------------------------------------------------------------------- */

static void encode_link(struct writer *w, const struct payload *p, uint8_t next)
{
    size_t start = w->len;
    const struct codec *codec = find_codec(p->type);
    writer_u8(w, next);
    writer_u8(w, p->critical ? CRITICAL : 0);
    size_t len = writer_hole16(w);
    (codec ? codec->encode : payload_opaque_encode)(w, p);
    writer_fill_len16(w, len, start);
}

static uint8_t next_type(const struct ike_msg *m, size_t i)
{
    if (is_sealed(m->payload[i].type))
        return m->payload[i].u.sk.inner;
    return i + 1 < m->count ? m->payload[i + 1].type : PAYLOAD_NONE;
}

/* Type 0 would end the chain early, and so would SK or SKF anywhere but at the end. */
static bool may_stand(const struct ike_msg *m, size_t i)
{
    uint8_t type = m->payload[i].type;
    return type != PAYLOAD_NONE && (!is_sealed(type) || i + 1 == m->count);
}

void ike_payloads_encode(struct writer *w, const struct ike_msg *msg, uint8_t *first)
{
    *first = msg->count ? msg->payload[0].type : PAYLOAD_NONE;
    if (msg->count > PAYLOADS_MAX)
        w->fault = true;
    for (size_t i = 0; i < msg->count && !w->fault; i++) {
        if (!may_stand(msg, i))
            w->fault = true;
        encode_link(w, &msg->payload[i], next_type(msg, i));
    }
}

void ike_message_encode(struct writer *w, const struct ike_msg *msg)
{
    size_t start = w->len;
    uint8_t first;
    ike_header_write(w, &msg->header);
    ike_payloads_encode(w, msg, &first);
    size_t len = w->len - start;
    if (len > DATAGRAM_LEN_MAX)
        w->fault = true;
    writer_set_u8(w, start + HEADER_NEXT_AT, first);
    writer_set_u16(w, start + HEADER_LENGTH_AT, 0);
    writer_set_u16(w, start + HEADER_LENGTH_AT + 2, (uint16_t)len);
}

/* ---- building and looking ------------------------------------------------------------------------------------- */

struct ike_msg ike_msg_make(void)
{
    return (struct ike_msg){.header.major = 2};
}

/* The array is doubled in the arena; the old one stays there until the arena is wiped. */
static bool grow(struct ike_msg *m, struct arena *arena)
{
    uint16_t room = m->room ? (uint16_t)(m->room * 2) : FIRST_ROOM;
    struct payload *payload = ARENA_ARRAY(arena, struct payload, room);
    if (!payload)
        return false;
    if (m->count)
        memcpy(payload, m->payload, m->count * sizeof *payload);
    m->payload = payload;
    m->room = room;
    return true;
}

struct payload *ike_msg_add(struct ike_msg *m, struct arena *arena, uint8_t type)
{
    if (m->count >= PAYLOADS_MAX)
        return NULL;
    if (m->count == m->room && !grow(m, arena))
        return NULL;
    struct payload *p = &m->payload[m->count++];
    *p = (struct payload){.type = type};
    return p;
}

bool ike_msg_add_raw(struct ike_msg *m, struct arena *arena, uint8_t type, struct bytes body)
{
    struct payload *p = ike_msg_add(m, arena, type);
    if (p)
        p->raw = body;
    return p != NULL;
}

bool ike_msg_add_notify(struct ike_msg *m, struct arena *arena, uint16_t type, struct bytes data)
{
    struct payload *p = ike_msg_add(m, arena, PAYLOAD_NOTIFY);
    if (p)
        p->u.notify = (struct notify_payload){.type = type, .data = data};
    return p != NULL;
}

static const struct payload *find_from(const struct ike_msg *m, size_t i, uint8_t type)
{
    for (; i < m->count; i++)
        if (m->payload[i].type == type)
            return &m->payload[i];
    return NULL;
}

const struct payload *ike_msg_find(const struct ike_msg *m, uint8_t type)
{
    return find_from(m, 0, type);
}

const struct payload *ike_msg_next(const struct ike_msg *m, const struct payload *after)
{
    return find_from(m, (size_t)(after - m->payload) + 1, after->type);
}

const struct notify_payload *ike_msg_notify(const struct ike_msg *m, uint16_t type)
{
    const struct payload *p = ike_msg_find(m, PAYLOAD_NOTIFY);
    while (p && p->u.notify.type != type)
        p = ike_msg_next(m, p);
    return p ? &p->u.notify : NULL;
}

const struct notify_payload *ike_msg_error(const struct ike_msg *m)
{
    const struct payload *p = ike_msg_find(m, PAYLOAD_NOTIFY);
    while (p && !notify_is_error(p->u.notify.type))
        p = ike_msg_next(m, p);
    return p ? &p->u.notify : NULL;
}
