/*
 * multiauth: several authentications, one after the other (RFC 4739). Each side has as many rounds
 * as its configuration says; what it has in exchange n of IKE_AUTH is its nth round:
 *
 *   exchange   request                                    response
 *   1          IDi, AUTH, [SA, TSi, TSr,]                 IDr, AUTH
 *              N(MULTIPLE_AUTH_SUPPORTED)
 *   2 ...      IDi, AUTH while the initiator has rounds,  IDr, AUTH while the responder has rounds,
 *              then nothing                               then nothing
 *   the last   the same                                   the same, and [SA, TSi, TSr]
 *
 * N(ANOTHER_AUTH_FOLLOWS) stands beside AUTH when its sender has one more round. What is not as the
 * configuration of the receiver has it ends the SA: a round that is missing, one too many, a payload
 * of the Child SA that comes early. An SA is up when all rounds of both sides have succeeded.
 *
 * The octets that AUTH covers are those of a single round, with the identity of this one; the
 * message ID in them is that of the first exchange (RFC 9242 3.3.2). A side that has no round any
 * more stays who it was in its last. The first identities are those
 * of the SA, and find the connection. A PPK (RFC 8784) is named in the first exchange; the keys it
 * went into are those of all rounds.
 */
#ifndef BRAID_IKE_MULTIAUTH_H
#define BRAID_IKE_MULTIAUTH_H

#include "ike/turn.h"

/* Have we (`ours`), or has the peer, something to prove in this exchange of IKE_AUTH? */
bool multiauth_is_due(const struct ike_sa *sa, bool ours);
bool multiauth_is_first(const struct ike_sa *sa);
bool multiauth_is_last(const struct ike_sa *sa);
/* The section for the round under way of a side that is due. */
const struct conf_auth *multiauth_section(const struct ike_sa *sa, bool ours);

/* As responder, in IKE_SA_INIT: the bit of the extension, if a connection may need it. */
uint32_t multiauth_announced(const struct ike_sa *sa);
/* In the first exchange: where several rounds are demanded, does the peer know of such? */
struct verdict multiauth_agree(const struct turn *t);
/* Is what came what is due? Without errors in it, which the caller has judged. */
struct verdict multiauth_check(const struct turn *t);
/* What our message says of rounds. */
bool multiauth_add(struct turn *t);

/* As responder: keep the Child SA's payloads of the first request until it is chosen, in the last. */
bool multiauth_keep_request(struct turn *t);
/* They, decoded; or the request under way, where that is the first. NULL: out of memory. */
const struct ike_msg *multiauth_first_request(struct turn *t, struct ike_msg *room);
/* As initiator: the Child SA that was asked for in the first exchange is judged in this one. */
void multiauth_resume_child(struct turn *t);
/* An exchange is done, more follow. */
void multiauth_next(struct turn *t);

/* Of several rounds one that withstands a quantum computer is worth a mention before others. */
void multiauth_note(struct proof *kept, struct proof round);

#endif
