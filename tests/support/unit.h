/*
 * unit: what every unit test of a pure part includes: cmocka with its prerequisites, an allocator that can run dry and
 * checks what it gets back, and octets written as hexadecimal text.
 */
#ifndef BRAID_TESTS_UNIT_H
#define BRAID_TESTS_UNIT_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/alloc.h"

/* An allocator over malloc. Every block is of exact size, so that the address sanitizer sees each octet beyond it. */
struct memory {
    struct alloc alloc;
    size_t blocks, octets; /* alive */
    size_t takes;          /* so far */
    size_t fail_at;        /* this take, counted from 1, fails, and all after it; 0 = never */
    size_t unwiped;        /* blocks that came back with anything but zeros in them */
};

void memory_make(struct memory *m);
/* Nothing is alive and everything was wiped. */
void memory_check(const struct memory *m);

/* Octets from hexadecimal text, white space ignored, in a block of exact size. free_bytes gives it back. */
struct bytes hex(const char *text);
/* The same from octets: a copy of exact size. */
struct bytes exact(struct bytes b);
void free_bytes(struct bytes b);

#define assert_bytes_equal(a, b) check_bytes_equal((a), (b), __FILE__, __LINE__)
void check_bytes_equal(struct bytes a, struct bytes b, const char *file, int line);

/* A small generator of pseudo-random numbers (splitmix64): the same seed gives the same numbers everywhere. */
struct dice {
    uint64_t state;
};

uint64_t dice_roll(struct dice *d);
size_t dice_below(struct dice *d, size_t limit); /* 0 <= result < limit, limit >= 1 */

#endif
