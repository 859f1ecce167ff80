/*
 * fresh: the nonces of a CREATE_CHILD_SA exchange and the key exchange that travels in it (RFC 7296
 * 1.3, 2.17). Later rounds are nobody's business here: the schedule knows whether there are any.
 */
#ifndef BRAID_IKE_FRESH_H
#define BRAID_IKE_FRESH_H

#include "ike/turn.h"

/* ours: a nonce, and the first key exchange with `method` (0 = none). */
enum crypto_result fresh_offer(struct turn *t, struct larval *l, uint16_t method);
/* ours: what the response holds for l->choice. */
struct verdict fresh_finish(struct turn *t, struct larval *l);
/* theirs: serve the request's nonce and key exchange for l->choice. */
struct verdict fresh_serve(struct turn *t, struct larval *l);
/* Our Nonce and KE payloads, if any. */
bool fresh_write(struct turn *t, const struct larval *l);

#endif
