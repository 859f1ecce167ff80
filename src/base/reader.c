/* reader: see reader.h. Every access to the input goes through reader_take. */
#include "base/reader.h"

struct reader reader_make(struct bytes input)
{
    const uint8_t *at = input.at ? input.at : (const uint8_t *)"";
    return (struct reader){.start = at, .at = at, .end = at + input.len};
}

void reader_fail(struct reader *r)
{
    if (r->fault)
        return;
    r->fault = true;
    r->fault_at = reader_offset(r);
    r->at = r->end;
}

struct bytes reader_take(struct reader *r, size_t len)
{
    if (r->fault || len > reader_left(r)) {
        reader_fail(r);
        return BYTES_NONE;
    }
    struct bytes view = {r->at, len};
    r->at += len;
    return view;
}

struct bytes reader_rest(struct reader *r)
{
    return reader_take(r, reader_left(r));
}

uint8_t reader_u8(struct reader *r)
{
    struct bytes b = reader_take(r, 1);
    return b.len ? b.at[0] : 0;
}

uint16_t reader_u16(struct reader *r)
{
    struct bytes b = reader_take(r, 2);
    return b.len ? get_u16(b.at) : 0;
}

uint32_t reader_u32(struct reader *r)
{
    struct bytes b = reader_take(r, 4);
    return b.len ? get_u32(b.at) : 0;
}

uint64_t reader_u64(struct reader *r)
{
    struct bytes b = reader_take(r, 8);
    return b.len ? get_u64(b.at) : 0;
}

void reader_copy(struct reader *r, uint8_t *to, size_t len)
{
    struct bytes b = reader_take(r, len);
    if (b.len == len && len > 0)
        memcpy(to, b.at, len);
    else
        memset(to, 0, len);
}

void reader_skip(struct reader *r, size_t len)
{
    (void)reader_take(r, len);
}

struct reader reader_sub(struct reader *r, size_t len)
{
    struct bytes view = reader_take(r, len);
    struct reader sub = reader_make(view);
    if (r->fault)
        reader_fail(&sub);
    return sub;
}
