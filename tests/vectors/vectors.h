/*
 * vectors: the shapes of the tables that oracle/make_vectors.py writes, and what the tests that read them share.
 *
 * Octets are hexadecimal text. Each table is in a header of its own; include this before it.
 */
#ifndef BRAID_TESTS_VECTORS_H
#define BRAID_TESTS_VECTORS_H

#include "../support/unit.h"

#include "crypto/alg.h"
#include "crypto/ossl.h"

struct prf_vector {
    const char *row, *source, *key, *message, *output;
};

struct integ_vector {
    const char *row, *source, *key, *message, *icv;
};

struct encr_vector {
    const char *row, *source, *key, *mac_key, *iv, *aad, *plain, *text, *icv;
};

struct kex_vector {
    const char *row, *source, *private_i, *public_i, *private_r, *public_r, *secret;
};

struct mlkem_vector {
    const char *row, *source, *seed, *m, *offer, *answer, *secret, *flipped, *flipped_secret;
};

#define COUNT(table) (sizeof(table) / sizeof((table)[0]))

static inline const struct alg *find_vector_row(const char *keyword)
{
    const struct alg *alg = alg_by_keyword(bytes_str(keyword));
    assert_non_null(alg);
    return alg;
}

static inline struct secret read_secret(const char *text)
{
    struct bytes b = hex(text);
    struct secret s = {.len = (uint8_t)b.len};
    assert_true(b.len <= sizeof s.data);
    if (b.len > 0)
        memcpy(s.data, b.at, b.len);
    free_bytes(b);
    return s;
}

/* A backend for a group of tests, in *state. */
static inline int make_backend(void **state)
{
    *state = ossl_crypto_new();
    return *state ? 0 : -1;
}

static inline int free_backend(void **state)
{
    ossl_crypto_free(*state);
    return 0;
}

#endif
