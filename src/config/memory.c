/* memory: see memory.h. */
#include "config/memory.h"

#include <stdlib.h>

static void *take(void *self, size_t len)
{
    (void)self;
    return malloc(len);
}

static void give(void *self, void *at, size_t len)
{
    (void)self;
    (void)len;
    free(at);
}

const struct alloc memory_libc = {.take = take, .give = give};

char *memory_text(struct arena *a, struct bytes text)
{
    char *copy = arena_take(a, text.len + 1);
    if (copy && text.len > 0)
        memcpy(copy, text.at, text.len);
    return copy;
}
