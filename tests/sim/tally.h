/*
 * tally: an allocator that keeps the books of one host: what is alive, whether a block comes back
 * in full and wiped, and whether this is the allocation that shall fail.
 */
#ifndef BRAID_SIM_TALLY_H
#define BRAID_SIM_TALLY_H

#include "base/alloc.h"

struct tally_block;

struct tally {
    struct alloc alloc;
    size_t blocks, octets; /* alive */
    size_t peak;           /* the most octets there ever were */
    size_t takes;          /* so far; failed ones included */
    size_t fail_at;        /* this take, counted from 1, fails; 0 = none */
    size_t fail_count;     /* and so many more in a row */
    size_t failed;         /* takes that did fail */
    size_t unwiped;        /* blocks that came back with anything but zeros in them */
    size_t wrong_len;      /* blocks that came back with another length than they were taken with */
    struct tally_block *newest;
};

void tally_make(struct tally *t);
/* The number of the take that made the oldest block alive: run again and stop there to find a leak.
 * 0: nothing is alive. */
size_t tally_oldest(const struct tally *t, size_t *len);

#endif
