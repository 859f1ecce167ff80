/*
 * heap: see heap.h. node[i] has its children at 2i + 1 and 2i + 2, and none of them is earlier than itself.
 */
#include "base/heap.h"

enum { FIRST_ROOM = 16 };

struct heap heap_make(const struct alloc *alloc)
{
    return (struct heap){.alloc = alloc};
}

void heap_free(struct heap *h)
{
    for (size_t i = 0; i < h->count; i++)
        h->node[i]->place = 0;
    alloc_give(h->alloc, (void *)h->node, h->room * sizeof(struct heap_node *));
    *h = heap_make(h->alloc);
}

bool heap_reserve(struct heap *h)
{
    if (h->count < h->room)
        return true;
    if (h->room > SIZE_MAX / sizeof(struct heap_node *) / 2)
        return false;
    size_t room = h->room ? h->room * 2 : FIRST_ROOM;
    struct heap_node **node = (struct heap_node **)alloc_take(h->alloc, room * sizeof(struct heap_node *));
    if (!node)
        return false;
    if (h->count)
        memcpy((void *)node, (const void *)h->node, h->count * sizeof(struct heap_node *));
    alloc_give(h->alloc, (void *)h->node, h->room * sizeof(struct heap_node *));
    h->node = node;
    h->room = room;
    return true;
}

static void put_at(struct heap *h, size_t i, struct heap_node *n)
{
    h->node[i] = n;
    n->place = i + 1;
}

static void sift_up(struct heap *h, size_t i, struct heap_node *n)
{
    while (i > 0 && h->node[(i - 1) / 2]->at > n->at) {
        put_at(h, i, h->node[(i - 1) / 2]);
        i = (i - 1) / 2;
    }
    put_at(h, i, n);
}

static void sift_down(struct heap *h, size_t i, struct heap_node *n)
{
    for (;;) {
        size_t child = 2 * i + 1;
        if (child + 1 < h->count && h->node[child + 1]->at < h->node[child]->at)
            child++;
        if (child >= h->count || h->node[child]->at >= n->at)
            break;
        put_at(h, i, h->node[child]);
        i = child;
    }
    put_at(h, i, n);
}

/* Place n at i, where the order may be broken in one direction. */
static void settle(struct heap *h, size_t i, struct heap_node *n)
{
    if (i > 0 && h->node[(i - 1) / 2]->at > n->at)
        sift_up(h, i, n);
    else
        sift_down(h, i, n);
}

static void take_out(struct heap *h, struct heap_node *n)
{
    size_t i = n->place - 1;
    struct heap_node *last = h->node[--h->count];
    n->place = 0;
    if (last != n)
        settle(h, i, last);
}

bool heap_set(struct heap *h, struct heap_node *n, ike_time at)
{
    bool is_new = n->place == 0 && at != IKE_NEVER;
    if (is_new && !heap_reserve(h))
        return false;
    n->at = at;
    if (is_new)
        sift_up(h, h->count++, n);
    else if (at != IKE_NEVER)
        settle(h, n->place - 1, n);
    else if (n->place)
        take_out(h, n);
    return true;
}

struct heap_node *heap_top(const struct heap *h)
{
    return h->count ? h->node[0] : NULL;
}
