/*
 * strength: how hard is a secret to guess?
 *
 * Whoever pretends to be the responder gets from an initiator what he needs to try one secret after
 * the other, as fast as he can compute (RFC 7296 2.15, 5). So a pre-shared key must be out of
 * reach of guessing, and this estimates how far it is: common words, runs ("abcd", "1111") and
 * repetitions are cheap, the rest counts by the kinds of characters that occur.
 */
#ifndef BRAID_CONFIG_STRENGTH_H
#define BRAID_CONFIG_STRENGTH_H

#include "base/bytes.h"

enum {
    STRENGTH_ENOUGH = 80,     /* bits */
    STRENGTH_PPK_OCTETS = 32, /* of a PPK, all of them random: RFC 8784 6 */
};

/* Is it out of reach? A PPK stands alone against a quantum computer and has to be longer. */
bool strength_is_enough(struct bytes secret, bool is_ppk);
/* About so many bits; too many for what people invent, right for what is random. */
unsigned strength_bits(struct bytes secret);

#endif
