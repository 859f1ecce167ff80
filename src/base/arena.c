/* arena: see arena.h. A list of chunks; a piece that does not fit the newest chunk opens another one. */
#include "base/arena.h"

#include <stdalign.h>

enum { CHUNK_LEN = 2048 };

struct arena_chunk {
    struct arena_chunk *next;
    size_t len, used; /* of the whole chunk, this header included */
};

static size_t align_up(size_t n)
{
    return (n + alignof(max_align_t) - 1) & ~(alignof(max_align_t) - 1);
}

struct arena arena_make(const struct alloc *alloc, size_t limit)
{
    return (struct arena){.alloc = alloc, .limit = limit};
}

static struct arena_chunk *open_chunk(struct arena *a, size_t piece)
{
    size_t header = align_up(sizeof(struct arena_chunk));
    size_t len = header + piece > CHUNK_LEN ? header + piece : CHUNK_LEN;
    if (len > a->limit - a->used)
        return NULL;
    struct arena_chunk *chunk = alloc_take(a->alloc, len);
    if (!chunk)
        return NULL;
    *chunk = (struct arena_chunk){.next = a->chunks, .len = len, .used = header};
    a->chunks = chunk;
    a->used += len;
    return chunk;
}

void *arena_take(struct arena *a, size_t len)
{
    if (len > a->limit)
        return NULL;
    size_t piece = align_up(len ? len : 1);
    struct arena_chunk *chunk = a->chunks;
    if (!chunk || piece > chunk->len - chunk->used)
        chunk = open_chunk(a, piece);
    if (!chunk)
        return NULL;
    void *at = (uint8_t *)chunk + chunk->used;
    chunk->used += piece;
    return at;
}

bool arena_copy(struct arena *a, struct bytes from, struct bytes *to)
{
    *to = BYTES_NONE;
    if (from.len == 0)
        return true;
    uint8_t *at = arena_take(a, from.len);
    if (!at)
        return false;
    memcpy(at, from.at, from.len);
    *to = bytes_make(at, from.len);
    return true;
}

void arena_wipe(struct arena *a)
{
    while (a->chunks) {
        struct arena_chunk *chunk = a->chunks;
        a->chunks = chunk->next;
        alloc_give(a->alloc, chunk, chunk->len);
    }
    a->used = 0;
}
