/*
 * reauth: an IKE SA is authenticated anew, by setting up another (RFC 7296 2.8.3).
 *
 *   make before break    the new SA and all Child SAs of the old one, then the old one's Delete
 *   break before make    the old one's Delete; its end has the reason REAUTHENTICATION, and the
 *                        engine's owner sets up what there was
 *
 * Whoever set up the old one does it, and keeps its role however often the SA is rekeyed. The other
 * side does it only when nothing has happened for half the grace (`over_time`) and the configuration
 * says where the peer is.
 */
#ifndef BRAID_IKE_REAUTH_H
#define BRAID_IKE_REAUTH_H

#include "ike/exchange.h"

/* The turn's SA is up. False: not from here, or not now. */
bool reauth_begin(struct turn *t, uint64_t order_id);
/* When that is due for an SA that was authenticated now; IKE_NEVER. */
ike_time reauth_due(struct turn *t, ike_time soft);

/* The turn's SA is up and takes over from another. */
void reauth_up(struct turn *t);
/* WANT_SUCCEED: the next Child SA, or the end of the old one. */
void reauth_next(struct turn *t);
/* The turn's SA was rekeyed into `heir`, which succeeds, or will be succeeded, in its place. */
void reauth_rekeyed(struct turn *t, struct ike_sa *heir);

#endif
