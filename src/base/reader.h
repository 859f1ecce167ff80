/*
 * reader: the one bounds-checked way to take apart hostile input.
 *
 * The first read past the end sets `fault` and remembers where; every later read gives zero or an empty view, so a
 * parser can read a whole structure and ask once. Views handed out borrow the input.
 */
#ifndef BRAID_BASE_READER_H
#define BRAID_BASE_READER_H

#include "base/bytes.h"

struct reader {
    const uint8_t *start, *at, *end;
    size_t fault_at; /* offset of the first bad read, valid when fault */
    bool fault;
};

struct reader reader_make(struct bytes input);

uint8_t reader_u8(struct reader *r);
uint16_t reader_u16(struct reader *r); /* network byte order, as all of these */
uint32_t reader_u32(struct reader *r);
uint64_t reader_u64(struct reader *r);
struct bytes reader_take(struct reader *r, size_t len);      /* exactly len octets, or a fault */
struct bytes reader_rest(struct reader *r);                  /* whatever is left, possibly nothing */
void reader_copy(struct reader *r, uint8_t *to, size_t len); /* zeros on a fault */
void reader_skip(struct reader *r, size_t len);

/* A reader for the next len octets alone; faulted from birth if there are fewer. */
struct reader reader_sub(struct reader *r, size_t len);

static inline size_t reader_left(const struct reader *r)
{
    return (size_t)(r->end - r->at);
}

static inline size_t reader_offset(const struct reader *r)
{
    return (size_t)(r->at - r->start);
}

/* True if every read was inside the input and nothing is left over. */
static inline bool reader_end(const struct reader *r)
{
    return !r->fault && r->at == r->end;
}

/* Mark the input as bad here: a value that cannot be, seen by the caller. */
void reader_fail(struct reader *r);

#endif
