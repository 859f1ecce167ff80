/*
 * ossl_mac: see ossl_mac.h. A row names a kind and a digest; the kind is a table of functions.
 *
 * HMAC is written out over EVP digests rather than taken from EVP_MAC, because an IKE handshake consists of some sixty
 * PRF calls over short inputs and EVP_MAC spends more on each than the hashing costs (tests/bench/bench_crypto.c).
 */
#include "crypto/ossl_mac.h"

#include <stdlib.h>

#include <openssl/core_names.h>
#include <openssl/evp.h>

#include "crypto/alg.h"
#include "crypto/ossl_xcbc.h"

enum { AES_KEY = 16, HASH_BLOCK_MAX = 128 };

struct hmac {
    EVP_MD_CTX *inner, *outer; /* after the padded key */
    EVP_MD_CTX *work;
    size_t block_len, digest_len;
};

struct mac_kind {
    bool (*make)(struct ossl_mac *mac, const char *digest);
    void (*drop)(struct ossl_mac *mac);
    bool (*key)(struct ossl_mac *mac, struct bytes key);
    bool (*begin)(struct ossl_mac *mac);
    bool (*add)(struct ossl_mac *mac, struct bytes part);
    bool (*end)(struct ossl_mac *mac, uint8_t *out);
    void (*forget)(struct ossl_mac *mac);
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

static bool make_hmac(struct ossl_mac *mac, const char *digest)
{
    struct hmac *h = &mac->hmac;
    EVP_MD *md = EVP_MD_fetch(NULL, digest, NULL);
    if (!md)
        return false;
    h->block_len = (size_t)EVP_MD_get_block_size(md);
    h->digest_len = (size_t)EVP_MD_get_size(md);
    EVP_MD_CTX **const all[] = {&h->inner, &h->outer, &h->work};
    bool ok = true;
    for (size_t i = 0; ok && i < 3; i++) {
        *all[i] = EVP_MD_CTX_new();
        ok = *all[i] && EVP_DigestInit_ex2(*all[i], md, NULL) == 1;
    }
    EVP_MD_free(md); /* the contexts hold references */
    return ok;
}

static void drop_hmac(struct ossl_mac *mac)
{
    EVP_MD_CTX_free(mac->hmac.inner);
    EVP_MD_CTX_free(mac->hmac.outer);
    EVP_MD_CTX_free(mac->hmac.work);
}

static bool absorb_pad(EVP_MD_CTX *ctx, const uint8_t *key, size_t block_len, uint8_t with)
{
    uint8_t pad[HASH_BLOCK_MAX];
    for (size_t i = 0; i < block_len; i++)
        pad[i] = key[i] ^ with;
    bool ok = EVP_DigestInit_ex2(ctx, NULL, NULL) == 1 && EVP_DigestUpdate(ctx, pad, block_len) == 1;
    wipe(pad, sizeof pad);
    return ok;
}

static bool key_hmac(struct ossl_mac *mac, struct bytes key)
{
    struct hmac *h = &mac->hmac;
    uint8_t block[HASH_BLOCK_MAX] = {0};
    bool ok = true;
    if (key.len > h->block_len)
        ok = EVP_DigestInit_ex2(h->work, NULL, NULL) == 1 && EVP_DigestUpdate(h->work, key.at, key.len) == 1 &&
             EVP_DigestFinal_ex(h->work, block, NULL) == 1;
    else if (key.len > 0)
        memcpy(block, key.at, key.len);
    ok = ok && absorb_pad(h->inner, block, h->block_len, 0x36) && absorb_pad(h->outer, block, h->block_len, 0x5c);
    wipe(block, sizeof block);
    return ok;
}

static bool begin_hmac(struct ossl_mac *mac)
{
    return EVP_MD_CTX_copy_ex(mac->hmac.work, mac->hmac.inner) == 1;
}

static bool add_hmac(struct ossl_mac *mac, struct bytes part)
{
    return EVP_DigestUpdate(mac->hmac.work, part.at, part.len) == 1;
}

static bool end_hmac(struct ossl_mac *mac, uint8_t *out)
{
    struct hmac *h = &mac->hmac;
    return EVP_DigestFinal_ex(h->work, out, NULL) == 1 && EVP_MD_CTX_copy_ex(h->work, h->outer) == 1 &&
           EVP_DigestUpdate(h->work, out, h->digest_len) == 1 && EVP_DigestFinal_ex(h->work, out, NULL) == 1;
}

/* Starting a digest anew clears what it held. */
static void forget_hmac(struct ossl_mac *mac)
{
    (void)EVP_DigestInit_ex2(mac->hmac.inner, NULL, NULL);
    (void)EVP_DigestInit_ex2(mac->hmac.outer, NULL, NULL);
    (void)EVP_DigestInit_ex2(mac->hmac.work, NULL, NULL);
}

static const struct mac_kind hmac = {make_hmac, drop_hmac, key_hmac, begin_hmac, add_hmac, end_hmac, forget_hmac};

/* ---- AES-CMAC, RFC 4493 -------------------------------------------------------------------------------------- */

static bool make_cmac(struct ossl_mac *mac, const char *digest)
{
    (void)digest;
    EVP_MAC *fetched = EVP_MAC_fetch(NULL, "CMAC", NULL);
    mac->cmac = fetched ? EVP_MAC_CTX_new(fetched) : NULL;
    EVP_MAC_free(fetched);
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

static bool begin_cmac(struct ossl_mac *mac)
{
    return EVP_MAC_init(mac->cmac, NULL, 0, NULL) == 1;
}

static bool add_cmac(struct ossl_mac *mac, struct bytes part)
{
    return EVP_MAC_update(mac->cmac, part.at, part.len) == 1;
}

static bool end_cmac(struct ossl_mac *mac, uint8_t *out)
{
    size_t len;
    return EVP_MAC_final(mac->cmac, out, &len, OSSL_MAC_MAX) == 1;
}

/* The AES kinds: the schedule of a zero key takes the place of the real one. */
static void forget_aes(struct ossl_mac *mac)
{
    static const uint8_t zero[AES_KEY];
    (void)mac->kind->key(mac, BYTES_OF(zero));
}

static const struct mac_kind cmac = {make_cmac, drop_cmac, key_cmac, begin_cmac, add_cmac, end_cmac, forget_aes};

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

static bool begin_xcbc(struct ossl_mac *mac)
{
    return ossl_xcbc_begin(&mac->xcbc);
}

static bool add_xcbc(struct ossl_mac *mac, struct bytes part)
{
    return ossl_xcbc_add(&mac->xcbc, part);
}

static bool end_xcbc(struct ossl_mac *mac, uint8_t *out)
{
    return ossl_xcbc_end(&mac->xcbc, out);
}

static const struct mac_kind xcbc = {make_xcbc, drop_xcbc, key_xcbc, begin_xcbc, add_xcbc, end_xcbc, forget_aes};

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

bool ossl_mac_key(struct ossl_mac *mac, struct bytes key)
{
    return mac->kind->key(mac, key);
}

bool ossl_mac_begin(struct ossl_mac *mac)
{
    return mac->kind->begin(mac);
}

bool ossl_mac_add(struct ossl_mac *mac, struct bytes part)
{
    return part.len == 0 || mac->kind->add(mac, part);
}

bool ossl_mac_end(struct ossl_mac *mac, uint8_t out[OSSL_MAC_MAX])
{
    return mac->kind->end(mac, out);
}

void ossl_mac_forget(struct ossl_mac *mac)
{
    mac->kind->forget(mac);
}
