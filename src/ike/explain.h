/*
 * explain: sentences that say why a negotiation failed: what was offered, what is accepted, what
 * did not match. They go into events, and with them the same facts for programs (compare.h), which
 * the turn keeps for the event to come.
 */
#ifndef BRAID_IKE_EXPLAIN_H
#define BRAID_IKE_EXPLAIN_H

#include "ike/turn.h"

const char *explain_proposals(struct turn *t, const struct proposals *offered,
                              const struct proposals *accepted, const struct mismatch *why);
/* The peer refused all we offered, and does not say why. */
const char *explain_refused(struct turn *t, const struct proposals *offered);
/* local and remote: what we would accept; NULL when it was the peer who refused. */
const char *explain_selectors(struct turn *t, const struct selectors *offered_local,
                              const struct selectors *offered_remote, const struct selectors *local,
                              const struct selectors *remote);
/* "<why> (the peer says it is 'moon')" */
const char *explain_refusal(struct turn *t, const char *why, const struct identity *id);
/* Authentication with this scheme (may be NULL) falls short of quantum_safe_auth = required. */
const char *explain_demand(struct turn *t, const char *scheme);
/* "<what>: 'name of the PPK'" */
const char *explain_ppk(struct turn *t, const char *what, struct bytes id);
const char *explain_identity(struct turn *t, const char *what, const struct identity *id);
const char *explain_notify(struct turn *t, const char *what, uint16_t notify);
/* These facts, and behind them how far this SA has come and what it asks of the peer. */
const char *explain_course(struct turn *t, const char *facts);

#endif
