/*
 * merge: where a larva becomes an SA (stage 12 of the route). Keys are derived here, once, from
 * everything that was collected.
 */
#ifndef BRAID_IKE_MERGE_H
#define BRAID_IKE_MERGE_H

#include "ike/turn.h"

/*
 * Into a Child SA: keys, data plane. If it replaces another, that one is marked. NULL when out of
 * memory or crypto failed.
 */
struct child *merge_child(struct turn *t, struct larval *l);

/*
 * Into an IKE SA that stands beside the one the exchange ran on; with `heir` it takes over the
 * Child SAs and everything still wanted, and the old SA is REPLACED; without, it is a redundant SA
 * that only waits for its Delete. NULL when out of memory or crypto failed.
 */
struct ike_sa *merge_ike(struct turn *t, struct larval *l, bool heir);

/* The secrets of all rounds that took place, in order, for keys.h. Returns how many. */
size_t merge_secrets(const struct larval *l, const struct shared_secret *sk[KEX_SLOTS]);

#endif
