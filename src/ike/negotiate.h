/*
 * negotiate: what a Child SA is made of: proposals, traffic selectors, mode (RFC 7296 2.9, 2.17, 1.3.1). Used wherever a Child SA comes
 * from.
 */
#ifndef BRAID_IKE_NEGOTIATE_H
#define BRAID_IKE_NEGOTIATE_H

#include "ike/turn.h"

/* A larval Child SA for this exchange, in the SA's list and in the slot; NULL when out of memory or too many. */
struct larval *negotiate_larval(struct turn *t, bool ours);

/* ours: SA, TSi, TSr and notifies into t->out. no_kex: IKE_AUTH, where the first Child SA takes its keys from the IKE SA alone. */
struct verdict negotiate_offer(struct turn *t, struct larval *l, bool no_kex);
/* ours: the peer's answer: V_PEER when it is an error or no subset of the offer. */
struct verdict negotiate_finish(struct turn *t, struct larval *l);
/* theirs: choose the configured child, algorithms, selectors, and write the answer's payloads: V_NOTIFY when nothing fits. */
struct verdict negotiate_choose(struct turn *t, struct larval *l, bool no_kex);

/* Keys, data plane, event: the larva becomes a Child SA. `l` stays to be freed with the slot. NULL when out of memory or crypto failed. */
struct child *negotiate_install(struct turn *t, struct larval *l);

#endif
