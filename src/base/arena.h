/*
 * arena: memory that is taken piece by piece and given back all at once.
 *
 * Decoding a message or building one takes many small objects with one lifetime. An arena has a limit, so that a
 * hostile message cannot make it grow beyond what its owner allows; past the limit arena_take gives NULL, like an
 * allocator that ran out.
 */
#ifndef BRAID_BASE_ARENA_H
#define BRAID_BASE_ARENA_H

#include "base/alloc.h"

struct arena_chunk;

struct arena {
    const struct alloc *alloc;
    struct arena_chunk *chunks; /* newest first */
    size_t used, limit;         /* octets taken from alloc, and how many may be */
};

struct arena arena_make(const struct alloc *alloc, size_t limit);
void *arena_take(struct arena *a, size_t len); /* zeroed, aligned for any object; NULL past the limit */
bool arena_copy(struct arena *a, struct bytes from, struct bytes *to);
void arena_wipe(struct arena *a); /* give everything back, wiped; the arena can be used again */

#define ARENA_NEW(a, type) ((type *)arena_take((a), sizeof(type)))
#define ARENA_ARRAY(a, type, n) ((type *)arena_take((a), sizeof(type) * (size_t)(n)))

#endif
