/*
 * payload_sa: Security Association (RFC 7296 3.3, figures 6 to 9).
 *
 *     SA payload:  Proposal ...
 *     Proposal:    Last (1: 0, or 2 if more follow) | RESERVED (1) | Length (2)
 *                  Proposal Num (1) | Protocol ID (1) | SPI Size (1) | Num Transforms (1) | SPI | Transform ...
 *     Transform:   Last (1: 0, or 3 if more follow) | RESERVED (1) | Length (2)
 *                  Transform Type (1) | RESERVED (1) | Transform ID (2) | Attribute ...
 *     Attribute:   AF (1 bit) | Type (15 bits) | AF=1: Value (2), AF=0: Length (2) | Value
 *
 * Whether a proposal is acceptable is not asked here: numbers may stand in any order, transform types may be
 * unknown. A transform with an attribute that we do not know, or with a Key Length that cannot be (twice, zero, of
 * variable length), is kept and marked `unknown_attr`: it is never to be chosen, while its neighbours may be (RFC
 * 7296 3.3.6). Such a transform cannot be sent.
 */
#include "wire/payload.h"

enum {
    MORE_PROPOSALS = 2,
    MORE_TRANSFORMS = 3,
    SUBSTRUCTURE_MIN = 8,     /* octets of either without what varies: SPI, transforms, attributes */
    ATTRIBUTE_FIXED = 0x8000, /* AF: a value of two octets stands where the length would be */
};

/* ---- decoding ------------------------------------------------------------------------------------------------- */

static void decode_attribute(struct reader *r, struct transform *t)
{
    uint16_t type = reader_u16(r);
    uint16_t value = reader_u16(r);
    if (!(type & ATTRIBUTE_FIXED))
        reader_skip(r, value);
    if (type == (ATTRIBUTE_FIXED | ATTRIBUTE_KEY_LENGTH) && t->key_bits == 0 && value != 0)
        t->key_bits = value;
    else
        t->unknown_attr = true;
}

/* The four octets that begin a proposal or a transform; gives a reader for the rest of it. */
static struct reader decode_substructure(struct decoder *d, struct reader *r, uint8_t more, bool *is_last)
{
    uint8_t last = reader_u8(r);
    reader_skip(r, 1);
    uint16_t len = reader_u16(r);
    decode_expect(d, r, last == 0 || last == more, "Last Substruc of 0, or 2 (proposal), or 3 (transform)");
    decode_expect(d, r, len >= SUBSTRUCTURE_MIN, "substructure length of 8 or more");
    decode_expect(d, r, (size_t)len - 4 <= reader_left(r), "substructure inside its container");
    *is_last = last == 0;
    struct reader sub = reader_sub(r, (size_t)len - 4);
    decode_expect(d, r, *is_last == (reader_left(r) == 0), "Last Substruc of 0 in the last one only");
    return sub;
}

static void decode_transform(struct decoder *d, struct reader *r, struct transform *t)
{
    t->type = reader_u8(r);
    reader_skip(r, 1);
    t->id = reader_u16(r);
    while (reader_left(r) > 0)
        decode_attribute(r, t);
    decode_end(d, r, "attribute inside its transform");
}

static void decode_transforms(struct decoder *d, struct reader *r, struct proposal *p)
{
    decode_expect(d, r, p->count >= 1, "a transform or more");
    decode_expect(d, r, (size_t)p->count * SUBSTRUCTURE_MIN <= reader_left(r), "as many transforms as announced");
    struct transform *t = decode_array(d, r, r->fault ? 0 : p->count, sizeof *t);
    p->transform = t;
    for (unsigned i = 0; i < p->count && !r->fault; i++) {
        bool is_last;
        struct reader sub = decode_substructure(d, r, MORE_TRANSFORMS, &is_last);
        decode_expect(d, r, is_last == (i + 1 == p->count), "as many transforms as announced");
        if (!r->fault)
            decode_transform(d, &sub, &t[i]);
        if (sub.fault)
            reader_fail(r);
    }
}

static void decode_proposal(struct decoder *d, struct reader *r, struct proposal *p)
{
    p->number = reader_u8(r);
    p->protocol = reader_u8(r);
    p->spi_len = reader_u8(r);
    p->count = reader_u8(r);
    decode_expect(d, r, p->spi_len <= SPI_LEN_MAX, "SPI of at most 8 octets");
    if (!r->fault)
        reader_copy(r, p->spi, p->spi_len);
    decode_transforms(d, r, p);
    decode_end(d, r, "nothing after the last transform");
}

/* How many proposals there are, by their lengths alone; decode_substructure judges them later. */
static size_t count_proposals(struct reader r)
{
    size_t count = 0;
    while (reader_left(&r) > 0) {
        reader_skip(&r, 2);
        uint16_t len = reader_u16(&r);
        reader_skip(&r, len >= 4 ? (size_t)len - 4 : 0);
        count++;
    }
    return count;
}

void payload_sa_decode(struct decoder *d, struct reader *r, struct payload *p)
{
    size_t count = count_proposals(*r);
    decode_expect(d, r, count >= 1 && count <= PROPOSALS_MAX, "1 to 64 proposals");
    struct proposal *at = decode_array(d, r, r->fault ? 0 : count, sizeof *at);
    p->u.sa = (struct proposals){.count = (uint16_t)count, .at = at};
    for (size_t i = 0; i < count && !r->fault; i++) {
        bool is_last;
        struct reader sub = decode_substructure(d, r, MORE_PROPOSALS, &is_last);
        if (!r->fault)
            decode_proposal(d, &sub, &at[i]);
        if (sub.fault)
            reader_fail(r);
    }
    decode_end(d, r, "nothing after the last proposal");
}

/* ---- encoding ------------------------------------------------------------------------------------------------- */

static void encode_transform(struct writer *w, const struct transform *t, bool is_last)
{
    size_t start = w->len;
    if (t->unknown_attr)
        w->fault = true;
    writer_u8(w, is_last ? 0 : MORE_TRANSFORMS);
    writer_u8(w, 0);
    size_t len = writer_hole16(w);
    writer_u8(w, t->type);
    writer_u8(w, 0);
    writer_u16(w, t->id);
    if (t->key_bits) {
        writer_u16(w, ATTRIBUTE_FIXED | ATTRIBUTE_KEY_LENGTH);
        writer_u16(w, t->key_bits);
    }
    writer_fill_len16(w, len, start);
}

static void encode_proposal(struct writer *w, const struct proposal *p, bool is_last)
{
    size_t start = w->len;
    if (p->spi_len > SPI_LEN_MAX || p->count < 1 || p->count > TRANSFORMS_MAX) {
        w->fault = true;
        return;
    }
    writer_u8(w, is_last ? 0 : MORE_PROPOSALS);
    writer_u8(w, 0);
    size_t len = writer_hole16(w);
    writer_u8(w, p->number);
    writer_u8(w, p->protocol);
    writer_u8(w, p->spi_len);
    writer_u8(w, (uint8_t)p->count);
    writer_bytes(w, bytes_make(p->spi, p->spi_len));
    for (unsigned i = 0; i < p->count; i++)
        encode_transform(w, &p->transform[i], i + 1 == p->count);
    writer_fill_len16(w, len, start);
}

void payload_sa_encode(struct writer *w, const struct payload *p)
{
    const struct proposals *sa = &p->u.sa;
    if (sa->count < 1 || sa->count > PROPOSALS_MAX)
        w->fault = true;
    for (unsigned i = 0; i < sa->count && !w->fault; i++)
        encode_proposal(w, &sa->at[i], i + 1 == sa->count);
}
