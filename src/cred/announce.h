/*
 * announce: which methods of authentication a section accepts, as SUPPORTED_AUTH_METHODS lists
 * them (RFC 9593 3.2), and what a peer's list means for us.
 *
 *     pre-shared key   2 | method
 *     older methods    3 | method | CA
 *     Digital Signature  length | 14 | CA | AlgorithmIdentifier
 *
 * CA is 0 here, for any: what a certificate of which CA may be signed with is not told apart.
 */
#ifndef BRAID_CRED_ANNOUNCE_H
#define BRAID_CRED_ANNOUNCE_H

#include "cred/scheme.h"

/*
 * Signatures of these families (bit n = enum cred_family n) under a rule, those that withstand a
 * quantum computer first. To be freed by the caller with free(); empty: out of memory, or none.
 */
struct bytes announce_signatures(uint32_t families, const struct cred_rule *rule);

/*
 * Is the AUTH that was made of a kind the peer does not list? Then `why` is a sentence about what
 * it lists.
 */
bool announce_misses(const struct ike_ask *ask, uint8_t method, const struct scheme *used,
                     char *why, size_t len);

#endif
