/*
 * writer: builds a message in a buffer the caller owns.
 *
 * Overflow is sticky: once something does not fit, `fault` is set, nothing more is written and the caller asks once
 * at the end. Lengths that are known only later are reserved with writer_hole16 and filled with writer_fill_len16.
 */
#ifndef BRAID_BASE_WRITER_H
#define BRAID_BASE_WRITER_H

#include "base/bytes.h"

struct writer {
    uint8_t *at; /* start of the buffer */
    size_t len;  /* octets written */
    size_t cap;  /* octets that fit */
    bool fault;
};

struct writer writer_make(void *buffer, size_t cap);

void writer_u8(struct writer *w, uint8_t v);
void writer_u16(struct writer *w, uint16_t v); /* network byte order, as all of these */
void writer_u32(struct writer *w, uint32_t v);
void writer_u64(struct writer *w, uint64_t v);
void writer_bytes(struct writer *w, struct bytes b);
void writer_zeros(struct writer *w, size_t len);

/* Reserve len octets and return them for the caller to fill, or NULL on overflow. */
uint8_t *writer_reserve(struct writer *w, size_t len);

/* Reserve a 16-bit field; returns its offset. */
size_t writer_hole16(struct writer *w);
/* Put into the field at `hole` the number of octets written since offset `from` (often the start of the structure). */
void writer_fill_len16(struct writer *w, size_t hole, size_t from);
void writer_set_u8(struct writer *w, size_t offset, uint8_t v);
void writer_set_u16(struct writer *w, size_t offset, uint16_t v);

static inline struct bytes writer_view(const struct writer *w)
{
    return (struct bytes){w->at, w->len};
}

#endif
