/*
 * table: a hash table from 64-bit keys to pointers (open addressing, linear probing, backward-shift deletion).
 *
 * The engine finds SAs by SPI with it, the replay of half-open SAs by a hash of the peer. Keys are chosen by us or
 * mixed with a secret seed, so a peer cannot aim at one bucket. It grows by doubling at three quarters; it never
 * shrinks below its first size. Values are not owned.
 */
#ifndef BRAID_BASE_TABLE_H
#define BRAID_BASE_TABLE_H

#include "base/alloc.h"

struct table_entry {
    uint64_t key;
    void *value; /* NULL: free place */
};

struct table {
    const struct alloc *alloc;
    uint64_t seed;
    struct table_entry *entry;
    size_t room, count; /* room is a power of two, or 0 before the first put */
};

struct table table_make(const struct alloc *alloc, uint64_t seed);
void table_free(struct table *t);
void *table_get(const struct table *t, uint64_t key);
/* Put or replace; value is not NULL. False when out of memory, and then nothing has changed. */
bool table_put(struct table *t, uint64_t key, void *value);
void table_remove(struct table *t, uint64_t key);
/* Walk all entries: start with *at = 0; NULL at the end. The table must not change meanwhile. */
void *table_each(const struct table *t, size_t *at);

#endif
