/*
 * alg: numbers about the table of algorithms that backends need at compile time. What everybody else uses is in
 * braid/crypto.h.
 *
 * A backend keeps its own array beside the table, ALG_COUNT long, and finds its entry with alg_index.
 */
#ifndef BRAID_CRYPTO_ALG_H
#define BRAID_CRYPTO_ALG_H

#include <braid/crypto.h>

/* The transform types that have rows (RFC 7296 3.3.2). */
enum {
    ALG_TYPE_ENCR = 1,
    ALG_TYPE_PRF = 2,
    ALG_TYPE_INTEG = 3,
    ALG_TYPE_KE = 4,
};

enum {
    ALG_COUNT = 0
#define ALG_ENCR(...) +1
#define ALG_PRF(...) +1
#define ALG_INTEG(...) +1
#define ALG_KE(...) +1
#include "crypto/alg.def"
};

/* Where a row stands in the table, 0 .. ALG_COUNT - 1. */
static inline size_t alg_index(const struct alg *alg)
{
    return (size_t)(alg - alg_at(0));
}

#endif
