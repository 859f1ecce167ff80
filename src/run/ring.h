/*
 * ring: datagrams that wait, in order, until a socket has room again.
 *
 * Bounded in number and in octets: past either limit ring_put refuses, and the datagram is lost as
 * it would be in a full router. Each waiting datagram is a copy; the ring itself takes no memory
 * until something waits.
 */
#ifndef BRAID_RUN_RING_H
#define BRAID_RUN_RING_H

#include <braid/types.h>

enum {
    RING_ITEMS = 512,
    RING_OCTETS = 1 << 20,
};

struct ring_item {
    struct ring_item *next;
    struct ike_path path;
    int kind; /* enum udp_kind */
    size_t len;
    uint8_t data[];
};

struct ring {
    struct ring_item *first, *last;
    size_t count, octets;
};

bool ring_put(struct ring *r, const struct ike_path *path, int kind, struct bytes datagram);
const struct ring_item *ring_first(const struct ring *r); /* NULL: empty */
void ring_drop(struct ring *r);                           /* the first */
void ring_clear(struct ring *r);

#endif
