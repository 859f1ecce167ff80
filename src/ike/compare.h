/*
 * compare: two lists of proposals that have nothing in common, side by side, for people.
 *
 * A pure part: text out, nothing decided. Of all pairs of an offered and an accepted proposal the
 * one with the fewest transform types without a match is taken apart. The result is lines
 * `key=value`, which travel with an event and end up in `braid explain`:
 *
 *     offered=IKE:AES_CBC_256/HMAC_SHA2_256_128/PRF_HMAC_SHA2_256/MODP_2048     one a proposal
 *     accepted=IKE:AES_GCM_16_256/PRF_HMAC_SHA2_384/CURVE_25519/KE1_ML_KEM_768
 *     mismatch=ENCR                                         the first type without a match
 *     transform=ENCR;AES_CBC_256;AES_GCM_16_256;           type; offered; accepted; the match
 *     accept-here=aes256-sha256-modp2048     what we would have to accept, as one writes it
 *     offer-there=aes256gcm16-prfsha384-x25519-ke1_mlkem768  what the peer would have to offer
 *
 * The offer is hostile: only so much of it is looked at, and only names of numbers are printed.
 */
#ifndef BRAID_IKE_COMPARE_H
#define BRAID_IKE_COMPARE_H

#include "base/text.h"
#include <braid/types.h>

/* Room for such lines. */
enum { FACTS_MAX = 4096 };

/* `no_kex`: key exchange methods do not count (the first Child SA of an IKE SA has none). */
void compare_proposals(struct text *t, const struct proposals *offered,
                       const struct proposals *accepted, bool no_kex);
/* What we offered, when it is the peer who refused and does not say what it would accept. */
void compare_refused(struct text *t, const struct proposals *offered);
/* KEY=a b c */
void compare_selectors(struct text *t, const char *key, const struct selectors *s);

#endif
