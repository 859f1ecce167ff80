/*
 * index: IKE SAs found by what several of them may share: who talks to whom (RFC 7296 2.4,
 * INITIAL_CONTACT), and the connection they belong to.
 *
 * By peer there are those that are up, and those with which we are about to prove who we are:
 * several of one peer may come up at the same moment. By connection there are those that are up.
 */
#ifndef BRAID_IKE_INDEX_H
#define BRAID_IKE_INDEX_H

#include "ike/engine.h"
#include "ike/sa.h"

/* As its identities and its connection are now. Out of memory: it is not found, nothing else. */
void index_enter(struct ike_engine *e, struct ike_sa *sa, enum sa_index which);
void index_leave(struct ike_engine *e, struct ike_sa *sa, enum sa_index which);

/* The first SA that shares it with this one, which need not be in; or NULL. The others follow. */
struct ike_sa *index_first(const struct ike_engine *e, const struct ike_sa *sa,
                           enum sa_index which);
struct ike_sa *index_of_conn(const struct ike_engine *e, struct bytes name);
static inline struct ike_sa *index_next(const struct ike_sa *sa, enum sa_index which)
{
    return sa->link[which].after;
}

/* Another SA of the same peer that is up, or NULL. */
struct ike_sa *index_peer_up(const struct ike_engine *e, const struct ike_sa *sa);

#endif
