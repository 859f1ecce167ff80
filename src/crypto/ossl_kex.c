/*
 * ossl_kex: see ossl_kex.h.
 *
 * A family is what key exchanges of one kind share: how a public value looks on the wire, how a peer's value becomes an
 * EVP_PKEY, and whether a secret is derived or encapsulated. The rows below bind transform ids to families and names.
 */
#include "crypto/ossl_kex.h"

#include <stdlib.h>

#include <openssl/core_names.h>
#include <openssl/err.h>

#include "crypto/alg.h"

enum {
    POINT_UNCOMPRESSED = 0x04,
    EC_DATA_MAX = 1 + 132,
};

struct kex {
    const struct ossl_group *group;
    EVP_PKEY *key;
};

struct kex_family {
    /* Is the value one that the import below would accept wrongly? */
    bool (*may_be_public)(const struct ossl_group *group, struct bytes value);
    EVP_PKEY *(*import)(const struct ossl_group *group, struct bytes value);
    bool (*export)(const struct ossl_group *group, EVP_PKEY *key, uint8_t *data);
    bool is_kem;
    bool is_padded; /* the derivation has to be told to keep leading zeros (RFC 7296 2.14) */
};

/* After a failure that the peer's value may have caused: was it that, or did we run out of memory? */
static enum crypto_result blame_peer(void)
{
    enum crypto_result result = CRYPTO_BAD;
    unsigned long error;
    while ((error = ERR_get_error()) != 0) {
        if (ERR_GET_REASON(error) == ERR_R_MALLOC_FAILURE)
            result = CRYPTO_FAULT;
    }
    return result;
}

static enum crypto_result blame_ourselves(void)
{
    ERR_clear_error();
    return CRYPTO_FAULT;
}

/* ---- public values ------------------------------------------------------------------------------------------- */

static bool is_any(const struct ossl_group *group, struct bytes value)
{
    (void)group;
    (void)value;
    return true;
}

/* 1 < y < p - 1 (RFC 6989 2.1). Both are public, big-endian and equally long. */
static bool is_in_range(const struct ossl_group *group, struct bytes y)
{
    uint8_t high = 0;
    for (size_t i = 0; i + 1 < y.len; i++)
        high |= y.at[i];
    if (high == 0 && y.at[y.len - 1] <= 1)
        return false;
    return memcmp(y.at, group->range_end, y.len) < 0;
}

/* The group's parameters with the peer's value put in: OpenSSL's encoding is ours. */
static EVP_PKEY *import_encoded(const struct ossl_group *group, struct bytes value)
{
    EVP_PKEY *key = EVP_PKEY_dup(group->parameters);
    if (key && EVP_PKEY_set1_encoded_public_key(key, value.at, value.len) == 1)
        return key;
    EVP_PKEY_free(key);
    return NULL;
}

/* x | y without the octet that says "uncompressed" (RFC 5903 7). That the point is on the curve is checked by
 * OpenSSL as it decodes; infinity has no such form, and all these curves have cofactor 1. */
static EVP_PKEY *import_point(const struct ossl_group *group, struct bytes value)
{
    uint8_t point[EC_DATA_MAX] = {POINT_UNCOMPRESSED};
    memcpy(point + 1, value.at, value.len);
    return import_encoded(group, bytes_make(point, 1 + value.len));
}

static EVP_PKEY *import_raw(const struct ossl_group *group, struct bytes value)
{
    OSSL_PARAM params[] = {
        OSSL_PARAM_construct_octet_string(OSSL_PKEY_PARAM_PUB_KEY, (void *)(uintptr_t)value.at, value.len),
        OSSL_PARAM_construct_end(),
    };
    EVP_PKEY *key = NULL;
    if (EVP_PKEY_fromdata(group->import, &key, EVP_PKEY_PUBLIC_KEY, params) == 1)
        return key;
    return NULL;
}

static bool export_encoded(const struct ossl_group *group, EVP_PKEY *key, uint8_t *data)
{
    size_t wanted = group->alg->offer_len, len = 0;
    return EVP_PKEY_get_octet_string_param(key, OSSL_PKEY_PARAM_ENCODED_PUBLIC_KEY, data, wanted, &len) == 1 &&
           len == wanted;
}

static bool export_point(const struct ossl_group *group, EVP_PKEY *key, uint8_t *data)
{
    uint8_t point[EC_DATA_MAX];
    size_t len = 0;
    if (EVP_PKEY_get_octet_string_param(key, OSSL_PKEY_PARAM_ENCODED_PUBLIC_KEY, point, sizeof point, &len) != 1 ||
        len != 1u + group->alg->offer_len || point[0] != POINT_UNCOMPRESSED)
        return false;
    memcpy(data, point + 1, group->alg->offer_len);
    return true;
}

/* clang-format off */
static const struct kex_family modp  = {is_in_range, import_encoded, export_encoded, false, true};
static const struct kex_family ecp   = {is_any,      import_point,   export_point,   false, false};
static const struct kex_family mont  = {is_any,      import_raw,     export_encoded, false, false};
static const struct kex_family mlkem = {is_any,      import_raw,     export_encoded, true,  false};

static const struct kex_row {
    uint16_t id;
    const struct kex_family *family;
    const char *type;  /* OpenSSL's key type */
    const char *group; /* and its named group, if the type has several */
} kex_rows[] = {
    {14, &modp,  "DH",          "modp_2048"},
    {15, &modp,  "DH",          "modp_3072"},
    {16, &modp,  "DH",          "modp_4096"},
    {17, &modp,  "DH",          "modp_6144"},
    {18, &modp,  "DH",          "modp_8192"},
    {19, &ecp,   "EC",          "P-256"},
    {20, &ecp,   "EC",          "P-384"},
    {21, &ecp,   "EC",          "P-521"},
    {28, &ecp,   "EC",          "brainpoolP256r1"},
    {29, &ecp,   "EC",          "brainpoolP384r1"},
    {30, &ecp,   "EC",          "brainpoolP512r1"},
    {31, &mont,  "X25519",      NULL},
    {32, &mont,  "X448",        NULL},
    {35, &mlkem, "ML-KEM-512",  NULL},
    {36, &mlkem, "ML-KEM-768",  NULL},
    {37, &mlkem, "ML-KEM-1024", NULL},
};
/* clang-format on */

/* ---- groups -------------------------------------------------------------------------------------------------- */

static const struct kex_row *find_row(const struct alg *alg)
{
    for (size_t i = 0; i < sizeof kex_rows / sizeof kex_rows[0]; i++) {
        if (kex_rows[i].id == alg->id)
            return &kex_rows[i];
    }
    return NULL;
}

static EVP_PKEY *make_key(const char *type, int selection, OSSL_PARAM *params)
{
    EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_name(NULL, type, NULL);
    EVP_PKEY *key = NULL;
    if (!ctx || EVP_PKEY_fromdata_init(ctx) != 1 || EVP_PKEY_fromdata(ctx, &key, selection, params) != 1)
        key = NULL;
    EVP_PKEY_CTX_free(ctx);
    return key;
}

static EVP_PKEY *load_parameters(const struct kex_row *row)
{
    OSSL_PARAM params[] = {
        OSSL_PARAM_construct_utf8_string(OSSL_PKEY_PARAM_GROUP_NAME, (char *)(uintptr_t)row->group, 0),
        OSSL_PARAM_construct_end(),
    };
    return make_key(row->type, EVP_PKEY_KEY_PARAMETERS, params);
}

/* p - 1, for the range check. p is odd, so only its last octet changes. */
static uint8_t *load_range_end(const struct ossl_group *group)
{
    BIGNUM *p = NULL;
    int len = group->alg->offer_len;
    uint8_t *end = malloc((size_t)len);
    bool ok = end && EVP_PKEY_get_bn_param(group->parameters, OSSL_PKEY_PARAM_FFC_P, &p) == 1 &&
              BN_bn2binpad(p, end, len) == len;
    BN_free(p);
    if (!ok) {
        free(end);
        return NULL;
    }
    end[len - 1] &= 0xfe;
    return end;
}

static bool make_group(struct ossl_group *group, const struct kex_row *row)
{
    group->family = row->family;
    if (row->group) {
        group->parameters = load_parameters(row);
        if (!group->parameters)
            return false;
        group->keygen = EVP_PKEY_CTX_new_from_pkey(NULL, group->parameters, NULL);
    } else {
        group->import = EVP_PKEY_CTX_new_from_name(NULL, row->type, NULL);
        if (!group->import || EVP_PKEY_fromdata_init(group->import) != 1)
            return false;
        group->keygen = EVP_PKEY_CTX_new_from_name(NULL, row->type, NULL);
    }
    if (row->family == &modp) {
        group->range_end = load_range_end(group);
        if (!group->range_end)
            return false;
    }
    return group->keygen && EVP_PKEY_keygen_init(group->keygen) == 1;
}

struct ossl_group *ossl_group_new(const struct alg *alg)
{
    const struct kex_row *row = find_row(alg);
    struct ossl_group *group = row ? calloc(1, sizeof *group) : NULL;
    if (!group)
        return NULL;
    group->alg = alg;
    if (make_group(group, row))
        return group;
    ossl_group_free(group);
    return NULL;
}

void ossl_group_free(struct ossl_group *group)
{
    if (!group)
        return;
    EVP_PKEY_free(group->parameters);
    EVP_PKEY_CTX_free(group->keygen);
    EVP_PKEY_CTX_free(group->import);
    free(group->range_end);
    free(group);
}

/* ---- secrets ------------------------------------------------------------------------------------------------- */

/* The peer's value as a key, or NULL and whose fault that is. */
static EVP_PKEY *take_peer(const struct ossl_group *group, struct bytes value, enum crypto_result *result)
{
    EVP_PKEY *peer = NULL;
    *result = CRYPTO_BAD;
    if (group->family->may_be_public(group, value)) {
        peer = group->family->import(group, value);
        *result = peer ? CRYPTO_OK : blame_peer();
    }
    return peer;
}

/* Diffie-Hellman. OpenSSL's own validation is left out: take_peer did what RFC 6989 asks for, and fails fast. */
static enum crypto_result derive_secret(const struct ossl_group *group, EVP_PKEY *ours, EVP_PKEY *peer,
                                        struct shared_secret *secret)
{
    unsigned pad = 1;
    const OSSL_PARAM params[] = {OSSL_PARAM_construct_uint(OSSL_EXCHANGE_PARAM_PAD, &pad), OSSL_PARAM_construct_end()};
    size_t len = sizeof secret->data;
    EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_pkey(NULL, ours, NULL);
    enum crypto_result result = CRYPTO_FAULT;
    if (ctx && EVP_PKEY_derive_init_ex(ctx, group->family->is_padded ? params : NULL) == 1 &&
        EVP_PKEY_derive_set_peer_ex(ctx, peer, 0) == 1)
        result = EVP_PKEY_derive(ctx, secret->data, &len) == 1 ? CRYPTO_OK : blame_peer(); /* all-zero: RFC 7748 6 */
    EVP_PKEY_CTX_free(ctx);
    if (result == CRYPTO_OK && len != group->alg->key_len)
        result = CRYPTO_FAULT;
    secret->len = (uint16_t)len;
    return result;
}

static enum crypto_result encapsulate(const struct ossl_group *group, EVP_PKEY *peer, struct bytes m, uint8_t *data,
                                      struct shared_secret *secret)
{
    const OSSL_PARAM params[] = {
        OSSL_PARAM_construct_octet_string(OSSL_KEM_PARAM_IKME, (void *)(uintptr_t)m.at, m.len),
        OSSL_PARAM_construct_end(),
    };
    size_t data_len = group->alg->answer_len, len = sizeof secret->data;
    EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_pkey(NULL, peer, NULL);
    bool ok = ctx && EVP_PKEY_encapsulate_init(ctx, m.len ? params : NULL) == 1 &&
              EVP_PKEY_encapsulate(ctx, data, &data_len, secret->data, &len) == 1;
    EVP_PKEY_CTX_free(ctx);
    secret->len = (uint16_t)len;
    return ok && data_len == group->alg->answer_len && len == group->alg->key_len ? CRYPTO_OK : CRYPTO_FAULT;
}

/* A wrong ciphertext of the right length yields another secret and no error (FIPS 203 6.3, implicit rejection). */
static enum crypto_result decapsulate(const struct ossl_group *group, EVP_PKEY *ours, struct bytes answer,
                                      struct shared_secret *secret)
{
    size_t len = sizeof secret->data;
    EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_pkey(NULL, ours, NULL);
    bool ok = ctx && EVP_PKEY_decapsulate_init(ctx, NULL) == 1 &&
              EVP_PKEY_decapsulate(ctx, secret->data, &len, answer.at, answer.len) == 1;
    EVP_PKEY_CTX_free(ctx);
    secret->len = (uint16_t)len;
    return ok && len == group->alg->key_len ? CRYPTO_OK : CRYPTO_FAULT;
}

/* ---- offer, answer, finish ----------------------------------------------------------------------------------- */

enum crypto_result ossl_kex_offer(struct ossl_group *group, struct kex **state, uint8_t *data)
{
    struct kex *kex = calloc(1, sizeof *kex);
    if (!kex)
        return CRYPTO_FAULT;
    kex->group = group;
    if (EVP_PKEY_keygen(group->keygen, &kex->key) == 1 && group->family->export(group, kex->key, data)) {
        *state = kex;
        return CRYPTO_OK;
    }
    ossl_kex_free(kex);
    wipe(data, group->alg->offer_len);
    return blame_ourselves();
}

static enum crypto_result answer_dh(struct ossl_group *group, EVP_PKEY *peer, uint8_t *data,
                                    struct shared_secret *secret)
{
    EVP_PKEY *ours = NULL;
    enum crypto_result result = CRYPTO_FAULT;
    if (EVP_PKEY_keygen(group->keygen, &ours) == 1 && group->family->export(group, ours, data))
        result = derive_secret(group, ours, peer, secret);
    EVP_PKEY_free(ours);
    return result;
}

enum crypto_result ossl_kex_answer_fixed(struct ossl_group *group, struct bytes m, struct bytes offer, uint8_t *data,
                                         struct shared_secret *secret)
{
    if (offer.len != group->alg->offer_len)
        return CRYPTO_BAD;
    enum crypto_result result;
    EVP_PKEY *peer = take_peer(group, offer, &result);
    if (!peer)
        return result;
    result = group->family->is_kem ? encapsulate(group, peer, m, data, secret) : answer_dh(group, peer, data, secret);
    EVP_PKEY_free(peer);
    if (result == CRYPTO_OK)
        return result;
    ERR_clear_error();
    wipe(data, group->alg->answer_len);
    shared_secret_wipe(secret);
    return result;
}

enum crypto_result ossl_kex_answer(struct ossl_group *group, struct bytes offer, uint8_t *data,
                                   struct shared_secret *secret)
{
    return ossl_kex_answer_fixed(group, BYTES_NONE, offer, data, secret);
}

enum crypto_result ossl_kex_finish(struct kex *state, struct bytes answer, struct shared_secret *secret)
{
    const struct ossl_group *group = state->group;
    if (answer.len != group->alg->answer_len)
        return CRYPTO_BAD;
    enum crypto_result result;
    if (group->family->is_kem) {
        result = decapsulate(group, state->key, answer, secret);
    } else {
        EVP_PKEY *peer = take_peer(group, answer, &result);
        if (!peer)
            return result;
        result = derive_secret(group, state->key, peer, secret);
        EVP_PKEY_free(peer);
    }
    if (result == CRYPTO_OK)
        return result;
    ERR_clear_error();
    shared_secret_wipe(secret);
    return result;
}

void ossl_kex_free(struct kex *state)
{
    if (!state)
        return;
    EVP_PKEY_free(state->key); /* OpenSSL clears private keys */
    free(state);
}

/* ---- for known-answer tests ---------------------------------------------------------------------------------- */

static OSSL_PARAM big_number(const char *name, struct bytes big_endian, uint8_t *native)
{
    BIGNUM *n = BN_bin2bn(big_endian.at, (int)big_endian.len, NULL);
    int len = BN_bn2nativepad(n, native, (int)big_endian.len);
    BN_clear_free(n);
    return OSSL_PARAM_construct_BN(name, native, len > 0 ? (size_t)len : 0);
}

struct kex *ossl_kex_import(struct ossl_group *group, struct bytes private_key, struct bytes public_value)
{
    const struct kex_row *row = find_row(group->alg);
    uint8_t priv[SHARED_SECRET_MAX], pub[KEX_DATA_MAX + 1];
    OSSL_PARAM params[4];
    size_t n = 0;
    void *raw = (void *)(uintptr_t)private_key.at;
    if (row->group)
        params[n++] = OSSL_PARAM_construct_utf8_string(OSSL_PKEY_PARAM_GROUP_NAME, (char *)(uintptr_t)row->group, 0);
    if (row->family == &modp || row->family == &ecp)
        params[n++] = big_number(OSSL_PKEY_PARAM_PRIV_KEY, private_key, priv);
    if (row->family == &modp)
        params[n++] = big_number(OSSL_PKEY_PARAM_PUB_KEY, public_value, pub);
    if (row->family == &ecp) {
        pub[0] = POINT_UNCOMPRESSED;
        memcpy(pub + 1, public_value.at, public_value.len);
        params[n++] = OSSL_PARAM_construct_octet_string(OSSL_PKEY_PARAM_PUB_KEY, pub, 1 + public_value.len);
    }
    if (row->family == &mont)
        params[n++] = OSSL_PARAM_construct_octet_string(OSSL_PKEY_PARAM_PRIV_KEY, raw, private_key.len);
    if (row->family == &mlkem)
        params[n++] = OSSL_PARAM_construct_octet_string(OSSL_PKEY_PARAM_ML_KEM_SEED, raw, private_key.len);
    params[n] = OSSL_PARAM_construct_end();
    struct kex *kex = calloc(1, sizeof *kex);
    if (!kex)
        return NULL;
    kex->group = group;
    kex->key = make_key(row->type, EVP_PKEY_KEYPAIR, params);
    wipe(priv, sizeof priv);
    if (kex->key)
        return kex;
    ERR_clear_error();
    free(kex);
    return NULL;
}

enum crypto_result ossl_kex_public(struct kex *state, uint8_t *data)
{
    return state->group->family->export(state->group, state->key, data) ? CRYPTO_OK : blame_ourselves();
}
