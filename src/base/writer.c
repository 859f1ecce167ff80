/* writer: see writer.h. Every write goes through writer_reserve. */
#include "base/writer.h"

struct writer writer_make(void *buffer, size_t cap)
{
    return (struct writer){.at = buffer, .cap = cap};
}

uint8_t *writer_reserve(struct writer *w, size_t len)
{
    if (w->fault || len > w->cap - w->len) {
        w->fault = true;
        return NULL;
    }
    uint8_t *at = w->at + w->len;
    w->len += len;
    return at;
}

void writer_u8(struct writer *w, uint8_t v)
{
    uint8_t *at = writer_reserve(w, 1);
    if (at)
        at[0] = v;
}

void writer_u16(struct writer *w, uint16_t v)
{
    uint8_t *at = writer_reserve(w, 2);
    if (at)
        put_u16(at, v);
}

void writer_u32(struct writer *w, uint32_t v)
{
    uint8_t *at = writer_reserve(w, 4);
    if (at)
        put_u32(at, v);
}

void writer_u64(struct writer *w, uint64_t v)
{
    uint8_t *at = writer_reserve(w, 8);
    if (at)
        put_u64(at, v);
}

void writer_bytes(struct writer *w, struct bytes b)
{
    uint8_t *at = writer_reserve(w, b.len);
    if (at && b.len)
        memcpy(at, b.at, b.len);
}

void writer_zeros(struct writer *w, size_t len)
{
    uint8_t *at = writer_reserve(w, len);
    if (at)
        memset(at, 0, len);
}

size_t writer_hole16(struct writer *w)
{
    size_t hole = w->len;
    writer_u16(w, 0);
    return hole;
}

void writer_fill_len16(struct writer *w, size_t hole, size_t from)
{
    size_t len = w->len - from;
    if (len > UINT16_MAX)
        w->fault = true;
    writer_set_u16(w, hole, (uint16_t)len);
}

void writer_set_u8(struct writer *w, size_t offset, uint8_t v)
{
    if (!w->fault && offset < w->len)
        w->at[offset] = v;
}

void writer_set_u16(struct writer *w, size_t offset, uint16_t v)
{
    if (!w->fault && w->len >= 2 && offset <= w->len - 2)
        put_u16(w->at + offset, v);
}
