/*
 * keys: the formulas of IKEv2's key derivation, as pure functions. Every input is an argument, SPIs and
 * both PRFs included: what is not passed in cannot be taken from the wrong SA (the classic bug of rekeying
 * with further key exchanges).
 *
 *   first keys     SKEYSEED = prf(Ni | Nr, SK(0))                                         RFC 7296 2.14
 *   chain          SKEYSEED = prf(SK_d, SK(n) | Ni | Nr)                                  RFC 9370 2.2.2
 *   concatenation  SKEYSEED = prf(SK_d, SK(0) | Ni | Nr | SK(1) | ... | SK(n))            RFC 7296 2.18, RFC 9370 2.2.4
 *   expansion      {SK_d | SK_ai | SK_ar | SK_ei | SK_er | SK_pi | SK_pr} = prf+(SKEYSEED, Ni | Nr | SPIi | SPIr)
 *   Child SA       KEYMAT = prf+(SK_d, [SK(0) |] Ni | Nr [| SK(1) | ... | SK(n)])         RFC 7296 2.17, RFC 9370 2.2.4
 *   PPK            SK_d = prf+(PPK, SK_d'), likewise SK_pi and SK_pr                      RFC 8784 3
 *   PPK, early     SKEYSEED' = prf+(PPK, SK_d), then expansion                            RFC 9867
 *
 * Letters are the RFCs'. "i" is who sent the request of the exchange that makes the keys. All functions
 * wipe what they computed on the way and, on failure, their output.
 */
#ifndef BRAID_IKE_KEYS_H
#define BRAID_IKE_KEYS_H

#include <braid/crypto.h>

/* The algorithms of an IKE SA. integ is NULL with an AEAD. Rows of alg.def. */
struct ike_suite {
    const struct alg *encr, *prf, *integ;
};

struct ike_keys {
    struct secret d, ai, ar, ei, er, pi, pr;
};

/*
 * What expansion needs beside SKEYSEED. Nonces whole, as in the Nonce payloads' bodies. SPIs of the IKE SA
 * that the keys are for.
 */
struct ike_seed {
    struct bytes ni, nr;
    uint64_t spi_i, spi_r;
};

/* prf+ (RFC 7296 2.13) over the concatenation of `seed` parts; fills len octets, len <= 255 * prf->out_len. */
enum crypto_result prf_plus(const struct crypto *c, const struct alg *prf, struct bytes key,
                            const struct bytes *seed, size_t seed_count, uint8_t *out, size_t len);

enum crypto_result keys_first(const struct crypto *c, const struct ike_suite *suite,
                              const struct ike_seed *seed, const struct shared_secret *sk0,
                              struct ike_keys *out);

enum crypto_result keys_chain(const struct crypto *c, const struct ike_suite *suite,
                              const struct ike_seed *seed, const struct secret *d_before,
                              const struct shared_secret *skn, struct ike_keys *out);

/*
 * Keys of a rekeyed IKE SA. `prf_old` belongs to the SA on which CREATE_CHILD_SA ran and makes SKEYSEED;
 * suite->prf, the new SA's, expands it (RFC 7296 2.18). seed->spi_* are the NEW SPIs, from the SA payloads'
 * proposals. sk[0] is SK(0), then the further ones in order.
 */
enum crypto_result keys_rekey(const struct crypto *c, const struct alg *prf_old, const struct secret *d_old,
                              const struct ike_suite *suite, const struct ike_seed *seed,
                              const struct shared_secret *const *sk, size_t sk_count, struct ike_keys *out);

/*
 * Keys of a Child SA: initiator-to-responder first, encryption before integrity (RFC 7296 2.17). sk_count 0
 * = no fresh exchange. integ may be NULL.
 */
struct child_keys {
    struct secret encr_i, integ_i, encr_r, integ_r; /* _i: traffic from the exchange's initiator to its responder */
};
enum crypto_result keys_child(const struct crypto *c, const struct alg *prf, const struct secret *d,
                              struct bytes ni, struct bytes nr, const struct shared_secret *const *sk,
                              size_t sk_count, const struct alg *encr, const struct alg *integ,
                              struct child_keys *out);

enum crypto_result keys_mix_ppk(const struct crypto *c, const struct alg *prf, struct bytes ppk,
                                struct ike_keys *keys);

/*
 * RFC 9867: all keys anew from SK_d and a PPK, and the first `len` octets of prf(PPK, Ni | Nr | SPIi |
 * SPIr), with which two sides know that it is the same PPK.
 */
enum crypto_result keys_with_ppk(const struct crypto *c, const struct ike_suite *suite,
                                 const struct ike_seed *seed, struct bytes ppk,
                                 const struct secret *d_before, struct ike_keys *out);
enum crypto_result keys_confirm_ppk(const struct crypto *c, const struct alg *prf,
                                    const struct ike_seed *seed, struct bytes ppk, uint8_t *out,
                                    size_t len);

void ike_keys_wipe(struct ike_keys *k);
void child_keys_wipe(struct child_keys *k);

#endif
