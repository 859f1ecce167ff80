/*
 * alloc: where libbraid gets its memory from. The library calls no malloc; its user passes this.
 *
 * `take` returns len octets suitably aligned for any object, or NULL: running out of memory is an ordinary error.
 * `give` returns what take gave; the length is the one asked for. Both may be called from one thread at a time per
 * `self`.
 */
#ifndef BRAID_BASE_ALLOC_H
#define BRAID_BASE_ALLOC_H

#include "base/bytes.h"

struct alloc {
    void *(*take)(void *self, size_t len);
    void (*give)(void *self, void *at, size_t len);
    void *self;
};

/* Zeroed memory, or NULL. */
static inline void *alloc_take(const struct alloc *a, size_t len)
{
    void *at = a->take(a->self, len);
    if (at)
        memset(at, 0, len);
    return at;
}

/* Everything libbraid returns is wiped first: it may have held secrets. NULL is allowed. */
static inline void alloc_give(const struct alloc *a, void *at, size_t len)
{
    if (!at)
        return;
    wipe(at, len);
    a->give(a->self, at, len);
}

/* Own bytes: a copy from the allocator. An empty input gives an empty result, which is not an error. */
static inline bool alloc_copy(const struct alloc *a, struct bytes from, struct bytes *to)
{
    *to = BYTES_NONE;
    if (from.len == 0)
        return true;
    uint8_t *at = a->take(a->self, from.len);
    if (!at)
        return false;
    memcpy(at, from.at, from.len);
    *to = bytes_make(at, from.len);
    return true;
}

static inline void alloc_give_bytes(const struct alloc *a, struct bytes *b)
{
    alloc_give(a, (void *)(uintptr_t)b->at, b->len);
    *b = BYTES_NONE;
}

#endif
