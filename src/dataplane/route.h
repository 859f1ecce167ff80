/*
 * route: makes the kernel send the right packets into the tunnel device, and no others.
 *
 * Routes live in a routing table of our own (ROUTE_TABLE), which one rule per family puts before
 * the main table:
 *
 *     9370: not from all fwmark 0x9370 lookup 9370
 *
 *     REMOTE   every remote traffic selector: unicast, through the device, with a source address
 *              inside the local selectors where this host has one
 *     LOCAL    every local traffic selector: throw, "look further", so that a remote selector of
 *              0.0.0.0/0 does not swallow our own side
 *
 * What carries the mark is not looked up there: the sockets for IKE and ESP have it (SO_MARK), so
 * the tunnel's own packets never go into the tunnel, even when a remote selector covers the peer's
 * address. (A host with strict reverse path filtering then needs rp_filter 2 on its outer device.)
 *
 * Routes are counted: an SA that replaces another adds the same ones before the old one takes its
 * own away, and nothing happens in the kernel.
 */
#ifndef BRAID_DATAPLANE_ROUTE_H
#define BRAID_DATAPLANE_ROUTE_H

#include "base/table.h"
#include "dataplane/prefix.h"

enum {
    ROUTE_TABLE = 9370,
    ROUTE_PRIORITY = 9370, /* of the rule; the main table has 32766 */
    ROUTE_MARK = 0x9370,
};

enum route_kind {
    ROUTE_REMOTE,
    ROUTE_LOCAL,
};

struct router;

struct router_setup {
    const char *device; /* exists already; it is brought up */
    unsigned mtu;
    const struct alloc *alloc; /* outlives the router */
};

/* NULL with a reason in `why`. */
struct router *router_open(const struct router_setup *setup, char *why, size_t why_len);
/* Takes away every route and rule it made. NULL is allowed. */
void router_close(struct router *r);

bool router_set_mtu(struct router *r, unsigned mtu);

/*
 * Add or take away the routes for a list of selectors. New REMOTE routes prefer a source address
 * inside `ours`. On false nothing was added and `why` says which route failed.
 */
bool router_add(struct router *r, enum route_kind kind, const struct selectors *s,
                const struct selectors *ours, char *why, size_t why_len);
void router_remove(struct router *r, enum route_kind kind, const struct selectors *s);

/*
 * The MTU of the path towards an address outside the tunnel, as far as the kernel knows it; 1500 if
 * it does not say.
 */
unsigned route_outer_mtu(const struct endpoint *remote);

#endif
