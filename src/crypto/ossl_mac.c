/*
 * ossl_mac: see ossl_mac.h. A row names a kind and a digest; the kind is a table of functions.
 *
 * HMAC is written out over EVP digests rather than taken from EVP_MAC: an IKE handshake makes some sixty PRF calls with
 * a new key and a short message each. There EVP_MAC takes twice as long once its copy of the key is wiped as well
 * (tests/bench/crypto.c).
 */
#include "crypto/ossl_mac.h"

#include <stdlib.h>

#include <openssl/core_names.h>
#include <openssl/evp.h>

#include "crypto/alg.h"
#include "crypto/ossl_xcbc.h"

enum {
    AES_KEY = 16,
    HASH_BLOCK_MAX = 128,
    IPAD = 0x36,
    OPAD = 0x5c,
};

struct hmac {
    EVP_MD *md;
    EVP_MD_CTX *work;
    EVP_MD_CTX *inner, *outer; /* after the padded key; made when a key is to be kept */
    size_t block_len, digest_len;
};

struct mac_kind {
    bool (*make)(struct ossl_mac *mac, const char *digest);
    void (*drop)(struct ossl_mac *mac);
    bool (*once)(struct ossl_mac *mac, struct bytes key, const struct bytes *parts, size_t count, uint8_t *out);
    bool (*key)(struct ossl_mac *mac, struct bytes key);
    bool (*run)(struct ossl_mac *mac, const struct bytes *parts, size_t count, uint8_t *out);
};

struct ossl_mac {
    const struct mac_kind *kind;
    union {
        struct hmac hmac;
        struct ossl_xcbc xcbc;
        EVP_MAC_CTX *cmac;
    };
};

/* ---- HMAC, RFC 2104 ------------------------------------------------------------------------------------------ */

static EVP_MD_CTX *new_digest(const struct hmac *h)
{
    EVP_MD_CTX *ctx = EVP_MD_CTX_new();
    if (ctx && EVP_DigestInit_ex2(ctx, h->md, NULL) == 1)
        return ctx;
    EVP_MD_CTX_free(ctx);
    return NULL;
}

static bool make_hmac(struct ossl_mac *mac, const char *digest)
{
    struct hmac *h = &mac->hmac;
    h->md = EVP_MD_fetch(NULL, digest, NULL);
    if (!h->md)
        return false;
    h->block_len = (size_t)EVP_MD_get_block_size(h->md);
    h->digest_len = (size_t)EVP_MD_get_size(h->md);
    h->work = new_digest(h);
    return h->work;
}

static void drop_hmac(struct ossl_mac *mac)
{
    EVP_MD_CTX_free(mac->hmac.work);
    EVP_MD_CTX_free(mac->hmac.inner);
    EVP_MD_CTX_free(mac->hmac.outer);
    EVP_MD_free(mac->hmac.md);
}

/* The key as one block of the digest: hashed if it is longer, filled up with zeros if it is shorter. */
static bool fit_key(struct hmac *h, struct bytes key, uint8_t block[HASH_BLOCK_MAX])
{
    memset(block, 0, HASH_BLOCK_MAX);
    if (key.len > h->block_len)
        return EVP_DigestInit_ex2(h->work, NULL, NULL) == 1 && EVP_DigestUpdate(h->work, key.at, key.len) == 1 &&
               EVP_DigestFinal_ex(h->work, block, NULL) == 1;
    if (key.len > 0)
        memcpy(block, key.at, key.len);
    return true;
}

/* Start a digest with the key block under ipad or opad. Starting anew also clears what the context held. */
static bool start_digest(EVP_MD_CTX *ctx, const struct hmac *h, const uint8_t *block, uint8_t with)
{
    uint8_t pad[HASH_BLOCK_MAX];
    for (size_t i = 0; i < h->block_len; i++)
        pad[i] = block[i] ^ with;
    bool ok = EVP_DigestInit_ex2(ctx, NULL, NULL) == 1 && EVP_DigestUpdate(ctx, pad, h->block_len) == 1;
    wipe(pad, sizeof pad);
    return ok;
}

static bool end_digest(EVP_MD_CTX *ctx, const struct bytes *parts, size_t count, uint8_t *out)
{
    bool ok = true;
    for (size_t i = 0; ok && i < count; i++)
        ok = parts[i].len == 0 || EVP_DigestUpdate(ctx, parts[i].at, parts[i].len) == 1;
    return ok && EVP_DigestFinal_ex(ctx, out, NULL) == 1;
}

static bool run_hmac_once(struct ossl_mac *mac, struct bytes key, const struct bytes *parts, size_t count,
                          uint8_t *out)
{
    struct hmac *h = &mac->hmac;
    uint8_t block[HASH_BLOCK_MAX];
    struct bytes inner = bytes_make(out, h->digest_len);
    bool ok = fit_key(h, key, block) && start_digest(h->work, h, block, IPAD) &&
              end_digest(h->work, parts, count, out) && start_digest(h->work, h, block, OPAD) &&
              end_digest(h->work, &inner, 1, out);
    wipe(block, sizeof block);
    return ok;
}

static bool key_hmac(struct ossl_mac *mac, struct bytes key)
{
    struct hmac *h = &mac->hmac;
    uint8_t block[HASH_BLOCK_MAX];
    if (!h->inner)
        h->inner = new_digest(h);
    if (!h->outer)
        h->outer = new_digest(h);
    bool ok = h->inner && h->outer && fit_key(h, key, block) && start_digest(h->inner, h, block, IPAD) &&
              start_digest(h->outer, h, block, OPAD);
    wipe(block, sizeof block);
    return ok;
}

static bool run_hmac(struct ossl_mac *mac, const struct bytes *parts, size_t count, uint8_t *out)
{
    struct hmac *h = &mac->hmac;
    struct bytes inner = bytes_make(out, h->digest_len);
    return EVP_MD_CTX_copy_ex(h->work, h->inner) == 1 && end_digest(h->work, parts, count, out) &&
           EVP_MD_CTX_copy_ex(h->work, h->outer) == 1 && end_digest(h->work, &inner, 1, out);
}

static const struct mac_kind hmac = {make_hmac, drop_hmac, run_hmac_once, key_hmac, run_hmac};

/* ---- what both AES kinds do ---------------------------------------------------------------------------------- */

/* The schedule of a zero key takes the place of the real one. */
static bool run_aes_once(struct ossl_mac *mac, struct bytes key, const struct bytes *parts, size_t count, uint8_t *out)
{
    static const uint8_t zero[AES_KEY];
    bool ok = mac->kind->key(mac, key) && mac->kind->run(mac, parts, count, out);
    return mac->kind->key(mac, BYTES_OF(zero)) && ok;
}

/* ---- AES-CMAC, RFC 4493 -------------------------------------------------------------------------------------- */

static bool make_cmac(struct ossl_mac *mac, const char *digest)
{
    (void)digest;
    EVP_MAC *fetched = EVP_MAC_fetch(NULL, "CMAC", NULL);
    mac->cmac = fetched ? EVP_MAC_CTX_new(fetched) : NULL;
    EVP_MAC_free(fetched); /* the context holds a reference */
    char cipher[] = "AES-128-CBC";
    const OSSL_PARAM params[] = {
        OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_CIPHER, cipher, 0),
        OSSL_PARAM_construct_end(),
    };
    return mac->cmac && EVP_MAC_CTX_set_params(mac->cmac, params) == 1;
}

static void drop_cmac(struct ossl_mac *mac)
{
    EVP_MAC_CTX_free(mac->cmac);
}

static bool key_cmac(struct ossl_mac *mac, struct bytes key)
{
    return key.len == AES_KEY && EVP_MAC_init(mac->cmac, key.at, key.len, NULL) == 1;
}

static bool run_cmac(struct ossl_mac *mac, const struct bytes *parts, size_t count, uint8_t *out)
{
    size_t len;
    bool ok = EVP_MAC_init(mac->cmac, NULL, 0, NULL) == 1;
    for (size_t i = 0; ok && i < count; i++)
        ok = parts[i].len == 0 || EVP_MAC_update(mac->cmac, parts[i].at, parts[i].len) == 1;
    return ok && EVP_MAC_final(mac->cmac, out, &len, OSSL_MAC_MAX) == 1;
}

static const struct mac_kind cmac = {make_cmac, drop_cmac, run_aes_once, key_cmac, run_cmac};

/* ---- AES-XCBC-MAC, RFC 3566 ---------------------------------------------------------------------------------- */

static bool make_xcbc(struct ossl_mac *mac, const char *digest)
{
    (void)digest;
    return ossl_xcbc_make(&mac->xcbc);
}

static void drop_xcbc(struct ossl_mac *mac)
{
    ossl_xcbc_drop(&mac->xcbc);
}

static bool key_xcbc(struct ossl_mac *mac, struct bytes key)
{
    return key.len == AES_KEY && ossl_xcbc_key(&mac->xcbc, key.at);
}

static bool run_xcbc(struct ossl_mac *mac, const struct bytes *parts, size_t count, uint8_t *out)
{
    return ossl_xcbc_run(&mac->xcbc, parts, count, out);
}

static const struct mac_kind xcbc = {make_xcbc, drop_xcbc, run_aes_once, key_xcbc, run_xcbc};

/* ---- the rows ------------------------------------------------------------------------------------------------ */

/* clang-format off */
static const struct mac_row {
    uint8_t type;
    uint16_t id;
    const struct mac_kind *kind;
    const char *digest;
} mac_rows[] = {
    {ALG_TYPE_PRF,    2, &hmac, "SHA1"},
    {ALG_TYPE_PRF,    4, &xcbc, NULL},
    {ALG_TYPE_PRF,    5, &hmac, "SHA2-256"},
    {ALG_TYPE_PRF,    6, &hmac, "SHA2-384"},
    {ALG_TYPE_PRF,    7, &hmac, "SHA2-512"},
    {ALG_TYPE_PRF,    8, &cmac, NULL},
    {ALG_TYPE_INTEG,  2, &hmac, "SHA1"},
    {ALG_TYPE_INTEG,  5, &xcbc, NULL},
    {ALG_TYPE_INTEG,  8, &cmac, NULL},
    {ALG_TYPE_INTEG, 12, &hmac, "SHA2-256"},
    {ALG_TYPE_INTEG, 13, &hmac, "SHA2-384"},
    {ALG_TYPE_INTEG, 14, &hmac, "SHA2-512"},
};
/* clang-format on */

static const struct mac_row *find_row(const struct alg *alg)
{
    for (size_t i = 0; i < sizeof mac_rows / sizeof mac_rows[0]; i++) {
        if (mac_rows[i].type == alg->type && mac_rows[i].id == alg->id)
            return &mac_rows[i];
    }
    return NULL;
}

struct ossl_mac *ossl_mac_new(const struct alg *alg)
{
    const struct mac_row *row = find_row(alg);
    struct ossl_mac *mac = row ? calloc(1, sizeof *mac) : NULL;
    if (!mac)
        return NULL;
    mac->kind = row->kind;
    if (mac->kind->make(mac, row->digest))
        return mac;
    ossl_mac_free(mac);
    return NULL;
}

void ossl_mac_free(struct ossl_mac *mac)
{
    if (!mac)
        return;
    mac->kind->drop(mac);
    wipe(mac, sizeof *mac);
    free(mac);
}

bool ossl_mac_once(struct ossl_mac *mac, struct bytes key, const struct bytes *parts, size_t count, uint8_t *out)
{
    return mac->kind->once(mac, key, parts, count, out);
}

bool ossl_mac_key(struct ossl_mac *mac, struct bytes key)
{
    return mac->kind->key(mac, key);
}

bool ossl_mac_run(struct ossl_mac *mac, const struct bytes *parts, size_t count, uint8_t *out)
{
    return mac->kind->run(mac, parts, count, out);
}
