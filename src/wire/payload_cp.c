/*
 * payload_cp: Configuration (RFC 7296 3.15, figures 22 and 23).
 *
 *     CP payload:  CFG Type (1) | RESERVED (3) | Attribute ...
 *     Attribute:   R (1 bit, ignored) | Attribute Type (15 bits) | Length (2) | Value
 *
 * Lengths of values are not judged: an empty value is a wish, and a wrong one spoils its attribute alone.
 */
#include "wire/payload.h"

enum { ATTRIBUTE_TYPE_MASK = 0x7fff };

static void decode_attribute(struct reader *r, struct cp_attribute *a)
{
    a->type = reader_u16(r) & ATTRIBUTE_TYPE_MASK;
    a->value = reader_take(r, reader_u16(r));
}

static size_t count_attributes(struct reader r)
{
    size_t count = 0;
    for (struct cp_attribute skipped; reader_left(&r) > 0; count++)
        decode_attribute(&r, &skipped);
    return count;
}

void payload_cp_decode(struct decoder *d, struct reader *r, struct payload *p)
{
    p->u.cp.type = reader_u8(r);
    reader_skip(r, 3);
    size_t count = count_attributes(*r);
    decode_expect(d, r, count <= CP_ATTRIBUTES_MAX, "at most 1024 attributes");
    struct cp_attribute *at = decode_array(d, r, r->fault ? 0 : count, sizeof *at);
    p->u.cp.count = (uint16_t)count;
    p->u.cp.attribute = at;
    for (size_t i = 0; i < count && !r->fault; i++)
        decode_attribute(r, &at[i]);
    decode_end(d, r, "attribute inside its payload");
}

void payload_cp_encode(struct writer *w, const struct payload *p)
{
    const struct cp_payload *cp = &p->u.cp;
    if (cp->count > CP_ATTRIBUTES_MAX)
        w->fault = true;
    writer_u8(w, cp->type);
    writer_zeros(w, 3);
    for (unsigned i = 0; i < cp->count && !w->fault; i++) {
        const struct cp_attribute *a = &cp->attribute[i];
        if (a->type > ATTRIBUTE_TYPE_MASK || a->value.len > UINT16_MAX)
            w->fault = true;
        writer_u16(w, a->type);
        writer_u16(w, (uint16_t)a->value.len);
        writer_bytes(w, a->value);
    }
}
