/*
 * ossl_cipher: the ENCR rows on EVP ciphers: sealing and opening of IKE messages and of ESP packets.
 *
 * One function seals and one opens. Both work on a `struct ossl_keyed`: a cipher context that has its key, the salt,
 * and the MAC where the cipher is not an AEAD. For messages the contexts belong to the backend and are keyed for the
 * call; for packets they belong to one direction of one SA and keep their key schedule.
 */
#ifndef BRAID_CRYPTO_OSSL_CIPHER_H
#define BRAID_CRYPTO_OSSL_CIPHER_H

#include <openssl/evp.h>

#include "crypto/ossl_mac.h"

enum { OSSL_NONCE_MAX = 4 + IV_LEN_MAX };

/* One ENCR row, ready for use. */
struct ossl_cipher {
    EVP_CIPHER *cipher;
    EVP_CIPHER_CTX *seal, *open; /* for messages; they hold no key between calls */
};

struct ossl_keyed {
    const struct alg *encr, *integ; /* integ is NULL with an AEAD */
    EVP_CIPHER_CTX *ctx;
    struct ossl_mac *mac;
    const struct secret *mac_key;  /* borrowed for the call; NULL when the MAC keeps its key */
    unsigned traits;               /* of the mode; see ossl_cipher.c */
    uint8_t nonce[OSSL_NONCE_MAX]; /* salt | room for the IV | what the mode wants behind it */
};

/* False when the row is not available; what was made is to be dropped all the same. */
bool ossl_cipher_make(struct ossl_cipher *c, const struct alg *encr);
void ossl_cipher_drop(struct ossl_cipher *c);

/* A context of its own for one direction, without a key; NULL on failure. */
EVP_CIPHER_CTX *ossl_cipher_context(const struct ossl_cipher *c, const struct alg *encr, bool sealing);

/* Bring the keys into k->ctx and k->mac, which are set already. False on failure. */
bool ossl_keyed_set(struct ossl_keyed *k, const struct cipher_keys *keys, bool keep_mac_key);
/* Overwrite the key schedule of a context that others will use. */
void ossl_keyed_forget(struct ossl_keyed *k);

enum crypto_result ossl_keyed_seal(struct ossl_keyed *k, struct bytes aad, struct bytes tail, const uint8_t *iv,
                                   uint8_t *text, size_t len, uint8_t *icv);
enum crypto_result ossl_keyed_open(struct ossl_keyed *k, struct bytes aad, struct bytes tail, const uint8_t *iv,
                                   uint8_t *text, size_t len, const uint8_t *icv);

#endif
