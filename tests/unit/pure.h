/* pure: what the tests of the pure parts of src/ike share: an allocator that counts, and seeded randomness. */
#ifndef BRAID_TESTS_PURE_H
#define BRAID_TESTS_PURE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "base/alloc.h"

/* An allocator that knows how much is out, and fails at the n-th request when told to. */
struct counting {
    struct alloc alloc;
    size_t out;      /* octets not given back */
    size_t requests; /* so far */
    size_t fail_at;  /* this request gets NULL; 0 = none */
};

static inline void *counting_take(void *self, size_t len)
{
    struct counting *c = self;
    c->requests++;
    if (c->requests == c->fail_at)
        return NULL;
    c->out += len;
    return malloc(len ? len : 1);
}

static inline void counting_give(void *self, void *at, size_t len)
{
    struct counting *c = self;
    assert_true(len <= c->out);
    c->out -= len;
    free(at);
}

/* The object must not move afterwards. */
static inline void counting_start(struct counting *c)
{
    *c = (struct counting){.alloc = {counting_take, counting_give, c}};
}

/* splitmix64 */
static inline uint64_t dice_roll(uint64_t *dice)
{
    uint64_t z = (*dice += UINT64_C(0x9e3779b97f4a7c15));
    z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
    return z ^ z >> 31;
}

/* 0 .. sides - 1 */
static inline unsigned dice_pick(uint64_t *dice, unsigned sides)
{
    return (unsigned)(dice_roll(dice) % sides);
}

#endif
