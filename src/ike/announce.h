/*
 * announce: which methods of authentication each side accepts (RFC 9593).
 *
 *   responder  N(SUPPORTED_AUTH_METHODS) in its IKE_SA_INIT response; where that would become too
 *              large, an empty one there, and the list in an exchange before IKE_AUTH
 *   initiator  N(SUPPORTED_AUTH_METHODS) in its IKE_AUTH request
 *
 * A list is advice: it helps whoever has several credentials to take one that will be believed,
 * and to say why it was not. Nothing fails for a list alone.
 */
#ifndef BRAID_IKE_ANNOUNCE_H
#define BRAID_IKE_ANNOUNCE_H

#include "ike/turn.h"

/*
 * As responder, into the IKE_SA_INIT response, which is built otherwise: the list, or the promise
 * of one, or nothing. False: out of memory.
 */
bool announce_first(struct turn *t);
/* What was promised, into the answer of a later exchange, if it was. */
bool announce_promised(struct turn *t);
/* As initiator, into the IKE_AUTH request. */
bool announce_ours(struct turn *t);
/* Keep what the peer announces in t->in. */
bool announce_take(struct turn *t);

#endif
