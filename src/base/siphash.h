/*
 * siphash: a keyed 64-bit hash (SipHash-2-4, Aumasson and Bernstein 2012) for what peers can influence: table keys and fingerprints of datagrams.
 * Not a MAC for messages: those use the negotiated algorithms.
 */
#ifndef BRAID_BASE_SIPHASH_H
#define BRAID_BASE_SIPHASH_H

#include "base/bytes.h"

struct siphash_key {
    uint64_t k0, k1;
};

uint64_t siphash(const struct siphash_key *key, struct bytes input);

#endif
