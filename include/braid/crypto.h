/*
 * crypto: what a cryptographic backend promises to libbraid.
 *
 * The core calls cryptography only through a `struct crypto`. src/crypto/ossl_*.c fills one in with
 * OpenSSL; src/crypto/toy.c fills one in with fast, insecure arithmetic for simulations. One
 * backend object serves one worker; it is not thread-safe.
 *
 * Which algorithms exist is one table, src/crypto/alg.def, read through `struct alg`. A backend may
 * lack rows (an old provider); `has` says so.
 */
#ifndef BRAID_CRYPTO_H
#define BRAID_CRYPTO_H

#include "base/alloc.h"
#include "base/secret.h"
#include <braid/types.h>

/* ---- the table of algorithms ----------------------------------------------------------------- */

enum alg_flag {
    ALG_AEAD = 1 << 0,         /* ENCR: authenticates as well; no INTEG transform goes with it */
    ALG_POST_QUANTUM = 1 << 1, /* KE: believed safe against a quantum computer */
    ALG_KEM = 1 << 2,          /* KE: offer and answer differ in kind; no key may ever be reused */
    ALG_ALONE_IN_INIT = 1 << 3, /* KE: small enough for IKE_SA_INIT over UDP */
    ALG_IKE = 1 << 4,          /* may protect IKE */
    /* may protect ESP (in INTEG and ENCR rows), or be used by its Child SA negotiation */
    ALG_ESP = 1 << 5,
    ALG_OLD = 1 << 6,          /* for old peers only: never in a default proposal */
    /* PRF with a key of fixed length (AES-XCBC, AES-CMAC): RFC 7296 2.14 has a rule of its own */
    ALG_FIXED_KEY = 1 << 7,
    ALG_KEY_ATTR = 1 << 8,     /* ENCR: the Key Length attribute is mandatory */
};

/* One row of alg.def. Lengths are octets. Rows are constant and live for ever. */
struct alg {
    /* transform type; every key exchange is type 4 here, whatever slot it is used in */
    uint8_t type;
    uint16_t id;           /* IANA transform id */
    uint16_t key_bits;     /* ENCR with several key lengths: one row each; 0 elsewhere */
    /* swanctl.conf: "aes256gcm16", "prfsha256", "sha256", "x25519", "mlkem768" */
    const char *keyword;
    /* as VICI and strongSwan print it: "AES_GCM_16", "PRF_HMAC_SHA2_256", "CURVE_25519",
     * "ML_KEM_768" */
    const char *name;
    /* ENCR: cipher key without salt. PRF: preferred key. INTEG: key. KE: shared secret (0 = at
     * most SHARED_SECRET_MAX) */
    uint16_t key_len;
    /* ENCR: the part of SK_e / KEYMAT after the key: 4 for GCM and ChaCha20, 3 for CCM, 4 for
     * CTR */
    uint16_t salt_len;
    uint16_t iv_len;       /* ENCR: explicit IV on the wire */
    /* ENCR: plaintext is padded to a multiple; 1 for stream ciphers and AEAD */
    uint16_t block_len;
    uint16_t out_len;      /* PRF: output. INTEG: truncated ICV. ENCR with ALG_AEAD: ICV */
    uint16_t offer_len;    /* KE: Key Exchange Data of the asking side */
    uint16_t answer_len;   /* KE: Key Exchange Data of the answering side */
    uint16_t strength;     /* classical bits of security, for the status page; 0 = not applicable */
    uint32_t flags;        /* enum alg_flag */
};

/*
 * The row for what a transform names, or NULL. For every further key exchange transform type pass
 * type 4. Hostile input allowed.
 */
const struct alg *alg_find(uint8_t type, uint16_t id, uint16_t key_bits);
/* The row for a configuration keyword (aliases included), or NULL. */
const struct alg *alg_by_keyword(struct bytes keyword);
/* All rows in table order: at index i, or NULL past the end. */
const struct alg *alg_at(size_t i);

/* Largest values over all rows; a vector test proves that no row exceeds them. */
enum {
    KEX_DATA_MAX = 1568,  /* ML-KEM-1024, either direction. MODP-8192: 1024 */
    PRF_LEN_MAX = 64,
    ICV_LEN_MAX = 32,
    IV_LEN_MAX = 16,
    BLOCK_LEN_MAX = 16,
};

/* ---- results --------------------------------------------------------------------------------- */

enum crypto_result {
    CRYPTO_OK = 0,
    /* the peer's value is wrong: bad ICV, point not on the curve, key exchange data of a wrong
     * length */
    CRYPTO_BAD,
    CRYPTO_FAULT, /* ours: out of memory, library failure, algorithm not available */
};

/* ---- the backend ----------------------------------------------------------------------------- */

/*
 * A key exchange between offer and finish: the private half. Opaque, made by kex_offer, freed by
 * kex_free (NULL allowed).
 */
struct kex;

/*
 * A keyed cipher for one direction of one ESP SA, kept for its life. Opaque, made by packet_new,
 * freed by packet_free (NULL allowed).
 */
struct packet_cipher;

/* What protects a message: ENCR (and INTEG unless AEAD) with their keys. Borrowed for the call. */
struct cipher_keys {
    const struct alg *encr;
    const struct alg *integ;      /* NULL with AEAD */
    const struct secret *encr_key; /* key | salt */
    const struct secret *integ_key; /* ignored with AEAD */
};

/*
 * Every function of the table takes `self` first and never keeps a pointer it was given, except
 * where it says so. On anything but CRYPTO_OK the outputs are zeroed or untouched.
 */
struct crypto {
    void *self;

    bool (*has)(void *self, const struct alg *alg);

    /* len octets fit for keys, nonces, SPIs. False only if the system's source failed. */
    bool (*random)(void *self, uint8_t *out, size_t len);

    /*
     * prf(key, parts[0] | parts[1] | ...) into out, prf->out_len octets (PRF_LEN_MAX always fits). The key may have any length, 0 included;
     * for ALG_FIXED_KEY PRFs the rules of RFC 4434 2 and RFC 4615 3 bring it to 16 octets. `parts`
     * may hold secrets.
     */
    enum crypto_result (*prf)(void *self, const struct alg *prf, struct bytes key, const struct bytes *parts, size_t count, uint8_t *out);

    /*
     * Seal in place: text[0..len) is plaintext already padded to encr->block_len, and becomes
     * ciphertext. `iv` is encr->iv_len octets,
     * `aad` what stands before it in the packet; for AEAD it is the associated data, for CBC/CTR + INTEG the MAC covers aad | iv | ciphertext
     * (encrypt-then-MAC, RFC 7296 3.14). icv receives integ->out_len or encr->out_len octets.
     * For an AEAD the IV must never repeat under one key: the caller counts.
     */
    enum crypto_result (*seal)(void *self, const struct cipher_keys *keys, struct bytes aad, const uint8_t *iv, uint8_t *text, size_t len, uint8_t *icv);

    /*
     * Open in place; CRYPTO_BAD when the ICV is wrong, and then `text` is wiped or untouched, never
     * half plaintext. Hostile input.
     */
    enum crypto_result (*open)(void *self, const struct cipher_keys *keys, struct bytes aad, const uint8_t *iv, uint8_t *text, size_t len, const uint8_t *icv);

    /*
     * ---- key exchange, KEM-shaped (RFC 9370, draft-ietf-ipsecme-ikev2-mlkem): Diffie-Hellman fits
     * into it, not the other way round ----
     */

    /*
     * Begin as the asking side: writes kex->offer_len octets to `data` (KEX_DATA_MAX fits) and
     * makes *state.
     */
    enum crypto_result (*kex_offer)(void *self, const struct alg *kex, struct kex **state, uint8_t *data);

    /*
     * Be the answering side: takes the peer's offer, writes kex->answer_len octets to `data`, and
     * the shared secret. CRYPTO_BAD when the offer has the wrong length or is not a valid public
     * value (range, curve, all-zero X25519 result, FIPS 203 7.2). Hostile input.
     */
    enum crypto_result (*kex_answer)(void *self, const struct alg *kex, struct bytes offer, uint8_t *data, struct shared_secret *secret);

    /*
     * Finish as the asking side. CRYPTO_BAD as above (FIPS 203 7.3). The state stays the caller's,
     * to be freed. Hostile input.
     */
    enum crypto_result (*kex_finish)(void *self, struct kex *state, struct bytes answer, struct shared_secret *secret);

    void (*kex_free)(void *self, struct kex *state);

    /*
     * ---- packets: the same as seal and open, with the key schedule kept (ESP) ----
     *
     * `tail` is what the MAC of a cipher with a separate INTEG covers behind the ciphertext: the
     * high half of an extended sequence number (RFC 4303 2.2.1), or nothing. An AEAD ignores it;
     * its associated data holds the high half (RFC 4106 5).
     */

    /* NULL on CRYPTO_FAULT; keys are copied */
    struct packet_cipher *(*packet_new)(void *self, const struct cipher_keys *keys, bool sealing);
    enum crypto_result (*packet_seal)(void *self, struct packet_cipher *c, struct bytes aad, struct bytes tail, const uint8_t *iv, uint8_t *text, size_t len, uint8_t *icv);
    enum crypto_result (*packet_open)(void *self, struct packet_cipher *c, struct bytes aad, struct bytes tail, const uint8_t *iv, uint8_t *text, size_t len, const uint8_t *icv);
    void (*packet_free)(void *self, struct packet_cipher *c);
};


#endif
