/*
 * payload_ts: Traffic Selectors of the initiator and the responder (RFC 7296 3.13, figures 19 and 20).
 *
 *     TS payload:        Number of TSs (1) | RESERVED (3) | Traffic Selector ...
 *     Traffic Selector:  TS Type (1) | IP Protocol ID (1) | Selector Length (2)
 *                        Start Port (2) | End Port (2) | Starting Address (4 or 16) | Ending Address (4 or 16)
 *
 * A selector of an unknown type is skipped by its length and kept with family ADDR_NONE, so that positions stay
 * true; it cannot be sent. Whether a range runs backwards is not asked here: ports 65535 to 0 mean OPAQUE, and what
 * a selector matches is the business of ike/selector.c.
 */
#include "wire/payload.h"

enum { SELECTOR_HEADER_LEN = 4 };

static uint8_t family_of(uint8_t ts_type)
{
    switch (ts_type) {
    case TS_IPV4_ADDR_RANGE:
        return ADDR_V4;
    case TS_IPV6_ADDR_RANGE:
        return ADDR_V6;
    default:
        return ADDR_NONE;
    }
}

static size_t address_len(uint8_t family)
{
    return family == ADDR_V4 ? 4 : 16;
}

static void decode_range(struct decoder *d, struct reader *r, struct selector *s)
{
    s->from_port = reader_u16(r);
    s->to_port = reader_u16(r);
    reader_copy(r, s->from, address_len(s->family));
    reader_copy(r, s->to, address_len(s->family));
    decode_end(d, r, "selector length of 16 (IPv4) or 40 (IPv6)");
}

static void decode_selector(struct decoder *d, struct reader *r, struct selector *s)
{
    s->family = family_of(reader_u8(r));
    s->protocol = reader_u8(r);
    uint16_t len = reader_u16(r);
    decode_expect(d, r, len >= SELECTOR_HEADER_LEN, "selector length of 4 or more");
    if (r->fault)
        return;
    struct reader sub = reader_sub(r, (size_t)len - SELECTOR_HEADER_LEN);
    if (s->family != ADDR_NONE && !r->fault)
        decode_range(d, &sub, s);
    if (sub.fault)
        reader_fail(r);
}

void payload_ts_decode(struct decoder *d, struct reader *r, struct payload *p)
{
    uint8_t count = reader_u8(r);
    reader_skip(r, 3);
    decode_expect(d, r, count >= 1, "a traffic selector or more");
    decode_expect(d, r, (size_t)count * SELECTOR_HEADER_LEN <= reader_left(r), "as many selectors as announced");
    struct selector *at = decode_array(d, r, r->fault ? 0 : count, sizeof *at);
    p->u.ts = (struct selectors){.count = count, .at = at};
    for (unsigned i = 0; i < count && !r->fault; i++)
        decode_selector(d, r, &at[i]);
    decode_end(d, r, "as many selectors as announced");
}

static void encode_selector(struct writer *w, const struct selector *s)
{
    size_t start = w->len;
    if ((s->family != ADDR_V4 && s->family != ADDR_V6) || s->dynamic) {
        w->fault = true;
        return;
    }
    writer_u8(w, s->family == ADDR_V4 ? TS_IPV4_ADDR_RANGE : TS_IPV6_ADDR_RANGE);
    writer_u8(w, s->protocol);
    size_t len = writer_hole16(w);
    writer_u16(w, s->from_port);
    writer_u16(w, s->to_port);
    writer_bytes(w, bytes_make(s->from, address_len(s->family)));
    writer_bytes(w, bytes_make(s->to, address_len(s->family)));
    writer_fill_len16(w, len, start);
}

void payload_ts_encode(struct writer *w, const struct payload *p)
{
    const struct selectors *ts = &p->u.ts;
    if (ts->count < 1 || ts->count > SELECTORS_MAX)
        w->fault = true;
    writer_u8(w, (uint8_t)ts->count);
    writer_zeros(w, 3);
    for (unsigned i = 0; i < ts->count && !w->fault; i++)
        encode_selector(w, &ts->at[i]);
}
