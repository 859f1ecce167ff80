/* tally: see tally.h. Blocks are malloc's own, of exact size, so that the address sanitizer sees
 * each octet beyond. */
#include "tally.h"

#include <stdlib.h>

/* The entry in the books of one block; apart from it, so that the block itself has nothing before
 * or behind. */
struct tally_block {
    struct tally_block *older, *newer;
    size_t len, number;
};

/* What malloc gave: a pointer to the entry stands before the block. */
struct cell {
    struct tally_block *block;
    max_align_t at[];
};

static bool shall_fail(struct tally *t)
{
    bool now = t->fail_at && t->takes >= t->fail_at && t->takes <= t->fail_at + t->fail_count;
    t->failed += now;
    return now;
}

static void *take(void *self, size_t len)
{
    struct tally *t = self;
    t->takes++;
    if (shall_fail(t))
        return NULL;
    struct cell *cell = malloc(sizeof *cell + len);
    struct tally_block *block = malloc(sizeof *block);
    if (!cell || !block)
        abort();
    *block = (struct tally_block){.older = t->newest, .len = len, .number = t->takes};
    if (t->newest)
        t->newest->newer = block;
    t->newest = block;
    cell->block = block;
    memset(cell->at, 0xa5, len);
    t->blocks++;
    t->octets += len;
    t->peak = t->octets > t->peak ? t->octets : t->peak;
    return cell->at;
}

static bool is_zero(const uint8_t *at, size_t len)
{
    return len == 0 || (at[0] == 0 && memcmp(at, at + 1, len - 1) == 0);
}

static void give(void *self, void *at, size_t len)
{
    struct tally *t = self;
    struct cell *cell = (struct cell *)(void *)((uint8_t *)at - offsetof(struct cell, at));
    struct tally_block *block = cell->block;
    t->wrong_len += block->len != len;
    t->unwiped += !is_zero(at, block->len);
    *(block->newer ? &block->newer->older : &t->newest) = block->older;
    if (block->older)
        block->older->newer = block->newer;
    t->blocks--;
    t->octets -= block->len;
    free(block);
    free(cell);
}

void tally_make(struct tally *t)
{
    *t = (struct tally){.alloc = {.take = take, .give = give, .self = t}};
}

size_t tally_oldest(const struct tally *t, size_t *len)
{
    const struct tally_block *block = t->newest;
    while (block && block->older)
        block = block->older;
    *len = block ? block->len : 0;
    return block ? block->number : 0;
}
