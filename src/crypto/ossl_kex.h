/*
 * ossl_kex: the KE rows on EVP_PKEY, KEM-shaped: offer, answer, finish.
 *
 * One `struct ossl_group` per row holds what OpenSSL needs to make a key of that kind quickly. Diffie-Hellman fits the
 * shape: its answer is a fresh key and the derivation in one go. A key pair serves one exchange and is freed with it.
 * Peer values are checked here: length, range (RFC 6989 2.1), curve membership (RFC 6989 2.3), the all-zero result
 * (RFC 8031 4), FIPS 203 7.2 and 7.3.
 */
#ifndef BRAID_CRYPTO_OSSL_KEX_H
#define BRAID_CRYPTO_OSSL_KEX_H

#include <braid/crypto.h>
#include <openssl/evp.h>

struct kex_family;

struct ossl_group {
    const struct alg *alg;
    const struct kex_family *family;
    EVP_PKEY *parameters; /* the named group, without a key; NULL where the key type says it all */
    EVP_PKEY_CTX *keygen; /* ready to generate */
    EVP_PKEY_CTX *import; /* ready to take a public key; NULL where `parameters` does that */
    uint8_t *range_end;   /* MODP: p - 1, offer_len octets */
};

/* The group of a KE row, or NULL: not available, or out of memory. */
struct ossl_group *ossl_group_new(const struct alg *alg);
void ossl_group_free(struct ossl_group *group);

enum crypto_result ossl_kex_offer(struct ossl_group *group, struct kex **state, uint8_t *data);
enum crypto_result ossl_kex_answer(struct ossl_group *group, struct bytes offer, uint8_t *data,
                                   struct shared_secret *secret);
enum crypto_result ossl_kex_finish(struct kex *state, struct bytes answer, struct shared_secret *secret);
void ossl_kex_free(struct kex *state);

/* ---- for known-answer tests alone: what is random otherwise, fixed ------------------------------------------- */

/* The backend's group for a row, or NULL if it has none. */
struct ossl_group *ossl_crypto_group(struct crypto *crypto, const struct alg *kex);
/* A Diffie-Hellman private value (big-endian; X25519 and X448 as in RFC 7748) and the public value in the form of the
 * payload; or an ML-KEM seed d | z, and nothing. */
struct kex *ossl_kex_import(struct ossl_group *group, struct bytes private_key, struct bytes public_value);
/* The offer that belongs to it. */
enum crypto_result ossl_kex_public(struct kex *state, uint8_t *data);
/* ML-KEM encapsulation with its 32 random octets m given. */
enum crypto_result ossl_kex_answer_fixed(struct ossl_group *group, struct bytes m, struct bytes offer, uint8_t *data,
                                         struct shared_secret *secret);

#endif
