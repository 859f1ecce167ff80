/*
 * peers: IKE SAs by who talks to whom (RFC 7296 2.4, INITIAL_CONTACT). Those that are up, and those
 * with which we are about to prove who we are: several of one peer may come up at the same moment.
 */
#ifndef BRAID_IKE_PEERS_H
#define BRAID_IKE_PEERS_H

#include "ike/engine.h"
#include "ike/sa.h"

/* Under its identities as they are now. Out of memory: it is not found, nothing else is wrong. */
void peers_enter(struct ike_engine *e, struct ike_sa *sa);
void peers_leave(struct ike_engine *e, struct ike_sa *sa);

/* The first SA between the same two identities, or NULL; the others are behind it. */
struct ike_sa *peers_first(const struct ike_engine *e, const struct ike_sa *sa);
/* Another one that is up, or NULL. */
struct ike_sa *peers_up(const struct ike_engine *e, const struct ike_sa *sa);

#endif
