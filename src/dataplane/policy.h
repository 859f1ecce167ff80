/*
 * policy: which Child SA a packet belongs to (RFC 4301 4.4.1, 5.1, 5.2).
 *
 * A policy is the pair of traffic selector lists of one Child SA. Outbound, the most specific
 * policy whose lists hold both ends of the packet's flow wins, and among equals the newest SA's: a
 * rekeyed SA takes over from the one it replaces, and any SA from a trap (trap.h). Since that is a walk over all policies, the
 * answers for the last flows are remembered until anything changes. Inbound, the SPI has named the
 * SA already and policy_allows only checks.
 *
 * Ports that a packet does not show (later fragments, protocols without) match selectors for any
 * port, or OPAQUE. Of ICMP the type and code stand in the packet's source end; an OPAQUE selector
 * at the destination end matches it too (RFC 7296 3.13.1).
 */
#ifndef BRAID_DATAPLANE_POLICY_H
#define BRAID_DATAPLANE_POLICY_H

#include "esp/inner.h"

struct policy {
    struct policy *newer, *older;   /* in its table */
    void *owner;                    /* whoever put it in */
    bool is_trap;                   /* it has no SA */
    bool is_usable;                 /* outbound; false while its peer may not be ready for it */
    struct selectors local, remote; /* own copies */
};

enum { POLICY_MEMORY = 1024 }; /* flows remembered; a power of two */

struct policy_table {
    struct policy *newest;
    uint32_t generation; /* grows with every change */
    struct {
        struct flow flow;
        struct policy *policy; /* NULL: no policy matches */
        uint32_t generation;
    } memory[POLICY_MEMORY];
};

/* Copies the selectors. False when out of memory. */
bool policy_make(struct policy *p, const struct selectors *local, const struct selectors *remote,
                 void *owner);
void policy_free(struct policy *p);

void policy_table_init(struct policy_table *t);
/* The policy stays the caller's and must be removed before it dies. */
void policy_table_add(struct policy_table *t, struct policy *p);
void policy_table_remove(struct policy_table *t, struct policy *p);
void policy_table_set_usable(struct policy_table *t, struct policy *p, bool usable);

/* The policy for a packet that leaves, or NULL. */
struct policy *policy_table_find(struct policy_table *t, const struct flow *f);

/* May a packet with this flow come in through the SA of this policy? */
bool policy_allows(const struct policy *p, const struct flow *f);

#endif
