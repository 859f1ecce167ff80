/*
 * toy: a cryptographic backend that protects nothing, for simulations alone. It is never installed, and braidd is not
 * linked with it.
 *
 * It keeps every promise of braid/crypto.h that a protocol can observe: the lengths of alg.def, outputs that depend on
 * every bit of every input, ICVs that fail when a bit flips, key exchanges whose two sides agree exactly when nothing
 * was touched, offers that are refused. It costs nanoseconds, and equal seeds give equal worlds.
 */
#ifndef BRAID_CRYPTO_TOY_H
#define BRAID_CRYPTO_TOY_H

#include <braid/crypto.h>

struct toy_crypto {
    struct crypto crypto;      /* pass &toy.crypto to the engine; the object must not move after toy_crypto_init */
    const struct alloc *alloc; /* for kex and packet_cipher objects, so that leaks and failing allocations are seen */
    uint64_t random;           /* the state of the seeded source */
};

void toy_crypto_init(struct toy_crypto *toy, const struct alloc *alloc, uint64_t seed);

#endif
