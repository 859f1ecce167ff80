/*
 * negotiate: what a Child SA is made of: proposals, traffic selectors, mode (RFC 7296 2.9, 2.17,
 * 1.3.1). Used wherever a Child SA comes from.
 */
#ifndef BRAID_IKE_NEGOTIATE_H
#define BRAID_IKE_NEGOTIATE_H

#include "ike/turn.h"

/*
 * A larval SA for this exchange, in the SA's list and in the slot; NULL when out of memory or too
 * many.
 */
struct larval *negotiate_larval(struct turn *t, enum larval_kind kind, bool ours);

/* How the Child SA gets its keys. */
struct child_rules {
    /* IKE_AUTH: from the IKE SA alone, with the nonces of IKE_SA_INIT; no Nonce and KE payloads */
    bool no_kex;
    /* ours: the first key exchange method, when the peer demanded one; 0 = the configured one */
    uint16_t method;
};

/*
 * ours: the payloads into t->out. Selectors that are set already (those of a Child SA that is
 * rekeyed) are offered as they are.
 */
struct verdict negotiate_offer(struct turn *t, struct larval *l, const struct child_rules *how);
/* ours: what this notify in the answer means (V_PEER), in words. */
struct verdict negotiate_refused(struct turn *t, const struct larval *l, uint16_t notify);
/* ours: the peer's answer: V_PEER when it is an error or no subset of the offer. */
struct verdict negotiate_finish(struct turn *t, struct larval *l, const struct child_rules *how);
/*
 * theirs: choose the configured child (l->conf if it is set: a rekey), algorithms, selectors, and
 * write the answer's payloads: V_NOTIFY when nothing fits.
 */
struct verdict negotiate_choose(struct turn *t, struct larval *l, const struct child_rules *how);

#endif
