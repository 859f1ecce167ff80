/*
 * ring: see ring.h.
 */
#include "run/ring.h"

#include <stdlib.h>

bool ring_put(struct ring *r, const struct ike_path *path, int kind, struct bytes datagram)
{
    if (r->count >= RING_ITEMS || r->octets + datagram.len > RING_OCTETS)
        return false;
    struct ring_item *item = malloc(sizeof *item + datagram.len);
    if (!item)
        return false;
    *item = (struct ring_item){.path = *path, .kind = kind, .len = datagram.len};
    if (datagram.len > 0)
        memcpy(item->data, datagram.at, datagram.len);
    if (r->last)
        r->last->next = item;
    else
        r->first = item;
    r->last = item;
    r->count++;
    r->octets += datagram.len;
    return true;
}

const struct ring_item *ring_first(const struct ring *r)
{
    return r->first;
}

void ring_drop(struct ring *r)
{
    struct ring_item *item = r->first;
    if (!item)
        return;
    r->first = item->next;
    if (!r->first)
        r->last = NULL;
    r->count--;
    r->octets -= item->len;
    free(item);
}

void ring_clear(struct ring *r)
{
    while (r->first)
        ring_drop(r);
}
