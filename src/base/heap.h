/*
 * heap: a binary heap of deadlines, the earliest on top.
 *
 * A node is embedded in what has the deadline and knows its place, so moving or removing it costs O(log n) and
 * needs no search.
 */
#ifndef BRAID_BASE_HEAP_H
#define BRAID_BASE_HEAP_H

#include "base/alloc.h"
#include <braid/types.h>

struct heap_node {
    ike_time at;
    size_t place; /* 1 + index in the heap; 0 = not in it */
};

struct heap {
    const struct alloc *alloc;
    struct heap_node **node;
    size_t count, room;
};

struct heap heap_make(const struct alloc *alloc);
void heap_free(struct heap *h);
/* Make room so that the next heap_set of a new node cannot fail. */
bool heap_reserve(struct heap *h);
/* Insert or move a node to deadline `at`; IKE_NEVER takes it out. False only for a new node when out of memory. */
bool heap_set(struct heap *h, struct heap_node *n, ike_time at);
struct heap_node *heap_top(const struct heap *h); /* NULL when empty */

#define HEAP_OWNER(node, type, member) ((type *)((uintptr_t)(node) - offsetof(type, member)))

#endif
