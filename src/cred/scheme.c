/* scheme: see scheme.h. */
#include "cred/scheme.h"

#include "base/reader.h"

#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/ecdsa.h>
#include <openssl/err.h>
#include <openssl/rsa.h>
#include <stdlib.h>

/* The few IANA numbers that matter here. */
enum {
#define AUTH_METHOD(number, name) AUTH_##name = number,
#define HASH_ID(number, name) HASH_##name = number,
#include "wire/iana.def"
};

enum { QUANTUM = 1 };
enum { PARAMETERS_NO,
       PARAMETERS_ABSENT,
       PARAMETERS_NULL,
       PARAMETERS_PSS };

static const struct family {
    const char *type;
    bool quantum;
} families[FAMILIES] = {
#define FAMILY(name, word, key, flags) [FAMILY_##name] = {key, flags},
#include <braid/signature.def>
};

static const struct scheme schemes[] = {
#define SCHEME(text, kind, id, object, params) \
    {.name = text, \
     .family = FAMILY_##kind, \
     .hash = HASH_##id, \
     .oid = {(const uint8_t *)(object), sizeof(object) - 1}, \
     .parameters = PARAMETERS_##params},
#include <braid/signature.def>
};
enum { SCHEMES = sizeof schemes / sizeof schemes[0] };

/* What RFC 7427 calls a hash, in OpenSSL and as an AlgorithmIdentifier of RSASSA-PSS-params. */
static const struct hash {
    uint8_t id;
    const char *name;
    int salt_len; /* recommended: as long as the hash */
    struct bytes oid;
} hashes[] = {
    {HASH_SHA2_256, "SHA256", 32, BYTES_LIT("\x60\x86\x48\x01\x65\x03\x04\x02\x01")},
    {HASH_SHA2_384, "SHA384", 48, BYTES_LIT("\x60\x86\x48\x01\x65\x03\x04\x02\x02")},
    {HASH_SHA2_512, "SHA512", 64, BYTES_LIT("\x60\x86\x48\x01\x65\x03\x04\x02\x03")},
};
enum { HASHES = sizeof hashes / sizeof hashes[0] };

static const struct curve {
    const char *name;
    uint8_t hash;   /* that fits it, and goes with it in RFC 4754 */
    uint8_t method; /* of RFC 4754 */
    uint16_t bits;
    size_t number_len; /* octets of r and of s */
} curves[] = {
    {"prime256v1", HASH_SHA2_256, AUTH_ECDSA_256, 256, 32},
    {"secp384r1", HASH_SHA2_384, AUTH_ECDSA_384, 384, 48},
    {"secp521r1", HASH_SHA2_512, AUTH_ECDSA_521, 521, 66},
};
enum { CURVES = sizeof curves / sizeof curves[0] };

const struct scheme *scheme_at(size_t i)
{
    return i < SCHEMES ? &schemes[i] : NULL;
}

static const struct hash *find_hash(uint8_t id)
{
    for (size_t i = 0; i < HASHES; i++)
        if (hashes[i].id == id)
            return &hashes[i];
    return NULL;
}

/* ---- keys ------------------------------------------------------------------------------------ */

static const struct curve *find_curve(EVP_PKEY *key)
{
    char name[64];
    size_t len;
    if (EVP_PKEY_get_group_name(key, name, sizeof name, &len) != 1)
        return NULL;
    for (size_t i = 0; i < CURVES; i++)
        if (strcmp(curves[i].name, name) == 0)
            return &curves[i];
    return NULL;
}

static bool rsa_is_good(EVP_PKEY *key, const char **why)
{
    BIGNUM *e = NULL;
    int bits = EVP_PKEY_get_bits(key);
    bool odd = EVP_PKEY_get_bn_param(key, OSSL_PKEY_PARAM_RSA_E, &e) == 1 && BN_is_odd(e) &&
               !BN_is_one(e) && !BN_is_negative(e);
    BN_free(e);
    if (bits < SCHEME_RSA_BITS_MIN)
        *why = "the RSA key is too short";
    else if (bits > SCHEME_RSA_BITS_MAX)
        *why = "the RSA key is too long";
    else if (!odd)
        *why = "the RSA key has a bad exponent";
    return bits >= SCHEME_RSA_BITS_MIN && bits <= SCHEME_RSA_BITS_MAX && odd;
}

bool scheme_key_is_good(EVP_PKEY *key, const char **why)
{
    uint32_t can = scheme_families(key);
    *why = "keys of this type are not supported";
    if (!can)
        return false;
    if (can & (UINT32_C(1) << FAMILY_RSA_PSS))
        return rsa_is_good(key, why);
    *why = "only the curves P-256, P-384 and P-521 are supported";
    return !(can & (UINT32_C(1) << FAMILY_ECDSA)) || find_curve(key);
}

/* By the name OpenSSL gives a type: asking EVP_PKEY_is_a for each family costs as much as a hash. */
uint32_t scheme_families(EVP_PKEY *key)
{
    const char *type = EVP_PKEY_get0_type_name(key);
    uint32_t set = 0;
    if (!type)
        return 0;
    if (strcmp(type, "RSA-PSS") == 0) /* a key that may do nothing else (RFC 4055) */
        return UINT32_C(1) << FAMILY_RSA_PSS;
    for (unsigned i = 0; i < FAMILIES; i++)
        if (strcmp(type, families[i].type) == 0)
            set |= UINT32_C(1) << i;
    return set;
}

bool scheme_is_quantum(EVP_PKEY *key)
{
    uint32_t set = scheme_families(key);
    for (unsigned i = 0; i < FAMILIES; i++)
        if (set & (UINT32_C(1) << i))
            return families[i].quantum;
    return false;
}

/* ---- rules ----------------------------------------------------------------------------------- */

static bool has(uint32_t set, unsigned bit)
{
    return bit < 32 && (set & (UINT32_C(1) << bit));
}

bool scheme_rule_allows(const struct cred_rule *rule, const struct scheme *s, EVP_PKEY *key)
{
    if (!rule)
        return true;
    if (rule->families && !has(rule->families, s->family))
        return false;
    if (rule->hashes && !has(rule->hashes, s->hash))
        return false;
    uint32_t bits = (uint32_t)EVP_PKEY_get_bits(key);
    if (s->family == FAMILY_RSA_PSS || s->family == FAMILY_RSA_PKCS1)
        return bits >= rule->rsa_bits;
    return s->family != FAMILY_ECDSA || bits >= rule->ecdsa_bits;
}

/* ---- OpenSSL --------------------------------------------------------------------------------- */

/* One signature: which padding, which hash, how long a salt. */
struct way {
    enum cred_family family;
    uint8_t hash;
    int salt_len;
};

/* The part that making and judging share. NULL: not with this key. */
static EVP_MD_CTX *begin(EVP_PKEY *key, const struct way *way, bool sign)
{
    EVP_MD_CTX *ctx = EVP_MD_CTX_new();
    EVP_PKEY_CTX *p = NULL;
    const struct hash *hash = find_hash(way->hash);
    const char *name = hash ? hash->name : NULL;
    bool ok = ctx && (sign ? EVP_DigestSignInit_ex(ctx, &p, name, NULL, NULL, key, NULL)
                           : EVP_DigestVerifyInit_ex(ctx, &p, name, NULL, NULL, key, NULL)) == 1;
    if (ok && way->family == FAMILY_RSA_PKCS1)
        ok = EVP_PKEY_CTX_set_rsa_padding(p, RSA_PKCS1_PADDING) == 1;
    if (ok && way->family == FAMILY_RSA_PSS)
        ok = EVP_PKEY_CTX_set_rsa_padding(p, RSA_PKCS1_PSS_PADDING) == 1 &&
             EVP_PKEY_CTX_set_rsa_pss_saltlen(p, way->salt_len) == 1;
    if (ok)
        return ctx;
    EVP_MD_CTX_free(ctx);
    ERR_clear_error();
    return NULL;
}

static bool is_signature(EVP_PKEY *key, const struct way *way, struct bytes octets,
                         struct bytes signature)
{
    bool rsa = way->family == FAMILY_RSA_PKCS1 || way->family == FAMILY_RSA_PSS;
    if (rsa && signature.len != (size_t)EVP_PKEY_get_size(key))
        return false; /* RFC 8017 8.1.2; OpenSSL lets PSS go without its leading zeros */
    EVP_MD_CTX *ctx = begin(key, way, false);
    bool good =
        ctx && EVP_DigestVerify(ctx, signature.at, signature.len, octets.at, octets.len) == 1;
    EVP_MD_CTX_free(ctx);
    ERR_clear_error();
    return good;
}

/* A signature behind `prefix`, in memory to be freed. */
static bool make_signature(EVP_PKEY *key, const struct way *way, struct bytes prefix,
                           struct bytes octets, struct bytes *out)
{
    EVP_MD_CTX *ctx = begin(key, way, true);
    size_t len = 0;
    uint8_t *room = NULL;
    bool good = ctx && EVP_DigestSign(ctx, NULL, &len, octets.at, octets.len) == 1 &&
                len <= SCHEME_AUTH_MAX && (room = malloc(prefix.len + len)) != NULL;
    if (good && prefix.len)
        memcpy(room, prefix.at, prefix.len);
    good = good && EVP_DigestSign(ctx, room + prefix.len, &len, octets.at, octets.len) == 1;
    EVP_MD_CTX_free(ctx);
    ERR_clear_error();
    if (good)
        *out = bytes_make(room, prefix.len + len);
    else
        free(room);
    return good;
}

/* ---- AlgorithmIdentifiers (DER) -------------------------------------------------------------- */

enum { DER_INTEGER = 0x02,
       DER_NULL = 0x05,
       DER_OID = 0x06,
       DER_SEQUENCE = 0x30,
       DER_CONTEXT = 0xa0 };

/* The next element, which must have this tag. Lengths here fit one octet, or 0x81 and one. */
static struct reader der_take(struct reader *r, uint8_t tag)
{
    if (reader_u8(r) != tag)
        reader_fail(r);
    size_t len = reader_u8(r);
    if (len == 0x81) {
        len = reader_u8(r);
        if (len < 0x80)
            reader_fail(r);
    } else if (len >= 0x80) {
        reader_fail(r);
    }
    return reader_sub(r, len);
}

static bool der_is_next(const struct reader *r, uint8_t tag)
{
    return !r->fault && reader_left(r) > 0 && *r->at == tag;
}

/* Nothing, or NULL. */
static bool der_null_or_end(struct reader *r)
{
    if (der_is_next(r, DER_NULL)) {
        struct reader null = der_take(r, DER_NULL);
        if (!reader_end(&null))
            return false;
    }
    return reader_end(r);
}

/* AlgorithmIdentifier of a hash. 0: none we know. */
static uint8_t read_hash(struct reader *in)
{
    struct reader seq = der_take(in, DER_SEQUENCE), oid = der_take(&seq, DER_OID);
    struct bytes name = reader_rest(&oid);
    if (oid.fault || !der_null_or_end(&seq))
        return 0;
    for (size_t i = 0; i < HASHES; i++)
        if (bytes_equal(hashes[i].oid, name))
            return hashes[i].id;
    return 0;
}

/*
 * RSASSA-PSS-params (RFC 4055 3.1). What is absent means SHA-1 there, which is not believed here;
 * the mask must use the hash of the message.
 */
static bool read_pss(struct reader *r, struct way *way)
{
    static const struct bytes mgf1 = BYTES_LIT("\x2a\x86\x48\x86\xf7\x0d\x01\x01\x08");
    struct reader seq = der_take(r, DER_SEQUENCE);
    struct reader part = der_take(&seq, DER_CONTEXT);
    way->hash = read_hash(&part);
    if (!way->hash || !reader_end(&part))
        return false;
    part = der_take(&seq, DER_CONTEXT + 1);
    struct reader mask = der_take(&part, DER_SEQUENCE), oid = der_take(&mask, DER_OID);
    bool is_mgf1 = bytes_equal(reader_rest(&oid), mgf1);
    if (!is_mgf1 || read_hash(&mask) != way->hash || !reader_end(&mask) || !reader_end(&part))
        return false;
    way->salt_len = 20;
    if (der_is_next(&seq, DER_CONTEXT + 2)) {
        part = der_take(&seq, DER_CONTEXT + 2);
        struct reader number = der_take(&part, DER_INTEGER);
        uint8_t n = reader_u8(&number);
        if (!reader_end(&number) || !reader_end(&part) || n >= 0x80)
            return false;
        way->salt_len = n;
    }
    if (der_is_next(&seq, DER_CONTEXT + 3)) { /* the default, written out */
        part = der_take(&seq, DER_CONTEXT + 3);
        struct reader number = der_take(&part, DER_INTEGER);
        if (reader_u8(&number) != 1 || !reader_end(&number) || !reader_end(&part))
            return false;
    }
    return reader_end(&seq) && reader_end(r);
}

static bool read_parameters(const struct scheme *s, struct reader *r, struct way *way)
{
    switch (s->parameters) {
    case PARAMETERS_PSS:
        return read_pss(r, way);
    case PARAMETERS_NO:
        return reader_end(r);
    default:
        return der_null_or_end(r);
    }
}

/* Which scheme an AlgorithmIdentifier names. NULL: none of ours. */
static const struct scheme *read_algorithm(struct bytes der, struct way *way)
{
    struct reader in = reader_make(der);
    struct reader seq = der_take(&in, DER_SEQUENCE), oid = der_take(&seq, DER_OID);
    struct bytes name = reader_rest(&oid);
    const struct scheme *found = NULL;
    if (in.fault || !reader_end(&in) || seq.fault || oid.fault)
        return NULL;
    for (size_t i = 0; i < SCHEMES && !found; i++)
        if (bytes_equal(schemes[i].oid, name))
            found = &schemes[i];
    if (!found)
        return NULL;
    *way = (struct way){.family = found->family, .hash = found->hash};
    if (!read_parameters(found, &seq, way))
        return NULL;
    while (found->hash != way->hash) /* the rows of PSS differ in their hash alone */
        found++;
    return found;
}

const struct scheme *scheme_read(struct bytes der)
{
    struct way way;
    return read_algorithm(der, &way);
}

struct bytes scheme_write(const struct scheme *s, uint8_t room[SCHEME_ALGORITHM_MAX])
{
    static const uint8_t pss[] = {
        0x30, 0x34, 0xa0, 0x0f, 0x30, 0x0d, 0x06, 0x09, 0x60, 0x86, 0x48, 0x01, 0x65, 0x03,
        0x04, 0x02, 0x01, 0x05, 0x00, 0xa1, 0x1c, 0x30, 0x1a, 0x06, 0x09, 0x2a, 0x86, 0x48,
        0x86, 0xf7, 0x0d, 0x01, 0x01, 0x08, 0x30, 0x0d, 0x06, 0x09, 0x60, 0x86, 0x48, 0x01,
        0x65, 0x03, 0x04, 0x02, 0x01, 0x05, 0x00, 0xa2, 0x03, 0x02, 0x01, 0x20};
    enum { FIRST_HASH = 16,
           SECOND_HASH = 46,
           SALT_LEN = 53 };
    size_t at = 3;
    room[at++] = DER_OID;
    room[at++] = (uint8_t)s->oid.len;
    memcpy(room + at, s->oid.at, s->oid.len);
    at += s->oid.len;
    if (s->parameters == PARAMETERS_NULL) {
        room[at++] = DER_NULL;
        room[at++] = 0;
    } else if (s->parameters == PARAMETERS_PSS) {
        const struct hash *hash = find_hash(s->hash);
        memcpy(room + at, pss, sizeof pss);
        room[at + FIRST_HASH] = room[at + SECOND_HASH] = hash->oid.at[hash->oid.len - 1];
        room[at + SALT_LEN] = (uint8_t)hash->salt_len;
        at += sizeof pss;
    }
    room[1] = DER_SEQUENCE;
    room[2] = (uint8_t)(at - 3);
    room[0] = (uint8_t)(at - 1);
    return bytes_make(room, at);
}

/* ---- ECDSA as RFC 4754 writes it ------------------------------------------------------------- */

static const struct curve *curve_of_method(uint8_t method)
{
    for (size_t i = 0; i < CURVES; i++)
        if (curves[i].method == method)
            return &curves[i];
    return NULL;
}

static bool verify_ecdsa_old(EVP_PKEY *key, const struct curve *c, struct bytes octets,
                             struct bytes auth)
{
    uint8_t *der = NULL;
    ECDSA_SIG *sig = ECDSA_SIG_new();
    size_t half = c->number_len;
    bool good = auth.len == 2 * half && find_curve(key) == c && sig;
    BIGNUM *r = good ? BN_bin2bn(auth.at, (int)half, NULL) : NULL;
    BIGNUM *s = good ? BN_bin2bn(auth.at + half, (int)half, NULL) : NULL;
    if (good && r && s && ECDSA_SIG_set0(sig, r, s) == 1) {
        int len = i2d_ECDSA_SIG(sig, &der);
        struct way way = {.family = FAMILY_ECDSA, .hash = c->hash};
        good = len > 0 && is_signature(key, &way, octets, bytes_make(der, (size_t)len));
    } else {
        BN_free(r);
        BN_free(s);
        good = false;
    }
    OPENSSL_free(der);
    ECDSA_SIG_free(sig);
    return good;
}

static bool sign_ecdsa_old(EVP_PKEY *key, const struct curve *c, struct bytes octets,
                           struct bytes *out)
{
    struct way way = {.family = FAMILY_ECDSA, .hash = c->hash};
    struct bytes der;
    if (!make_signature(key, &way, BYTES_NONE, octets, &der))
        return false;
    const uint8_t *at = der.at;
    ECDSA_SIG *sig = d2i_ECDSA_SIG(NULL, &at, (long)der.len);
    int half = (int)c->number_len;
    uint8_t *room = malloc(2 * c->number_len);
    bool good = sig && room && BN_bn2binpad(ECDSA_SIG_get0_r(sig), room, half) == half &&
                BN_bn2binpad(ECDSA_SIG_get0_s(sig), room + half, half) == half;
    ECDSA_SIG_free(sig);
    free((void *)(uintptr_t)der.at);
    if (good)
        *out = bytes_make(room, 2 * c->number_len);
    else
        free(room);
    return good;
}

/* ---- making ---------------------------------------------------------------------------------- */

/* Its OID stands in there: only then it is worth to read it. */
static bool is_named(const struct scheme *s, struct bytes algorithm)
{
    return memmem(algorithm.at, algorithm.len, s->oid.at, s->oid.len) &&
           scheme_read(algorithm) == s;
}

bool scheme_is_announced(const struct ike_announced *list, uint16_t count, uint8_t method,
                         const struct scheme *s)
{
    for (uint16_t i = 0; i < count; i++)
        if (list[i].method == method &&
            (!s || !list[i].algorithm.len || is_named(s, list[i].algorithm)))
            return true;
    return false;
}

static bool is_wished(const struct scheme_wish *wish, uint8_t method, const struct scheme *s)
{
    return wish->announced_count == 0 ||
           scheme_is_announced(wish->announced, wish->announced_count, method, s);
}

/* The method that RFC 7296 has for this key, for a peer that knows nothing newer. */
static bool sign_old(EVP_PKEY *key, const struct scheme_wish *wish, struct bytes octets,
                     uint8_t *method, struct bytes *auth, const char **why)
{
    const struct curve *c = EVP_PKEY_is_a(key, "EC") ? find_curve(key) : NULL;
    struct way way = {.family = FAMILY_RSA_PKCS1, .hash = HASH_SHA2_256};
    struct scheme as = {.family = c ? FAMILY_ECDSA : FAMILY_RSA_PKCS1,
                        .hash = c ? c->hash : HASH_SHA2_256};
    *method = c ? c->method : AUTH_RSA;
    *why = "the peer knows no Digital Signature (RFC 7427), and this key needs it";
    if (!has(scheme_families(key), as.family) || !scheme_rule_allows(wish->rule, &as, key) ||
        !is_wished(wish, *method, NULL))
        return false;
    *why = "the signature could not be made";
    return c ? sign_ecdsa_old(key, c, octets, auth)
             : make_signature(key, &way, BYTES_NONE, octets, auth);
}

/* How well a hash goes with a key: the one made for a curve first. */
static bool fits_curve(const struct scheme *s, EVP_PKEY *key)
{
    const struct curve *c = s->family == FAMILY_ECDSA ? find_curve(key) : NULL;
    return !c || c->hash == s->hash;
}

static const struct scheme *choose(EVP_PKEY *key, const struct scheme_wish *wish, const char **why)
{
    const struct scheme *second = NULL;
    uint32_t can = scheme_families(key);
    bool allowed = false;
    for (size_t i = 0; i < SCHEMES; i++) {
        const struct scheme *s = &schemes[i];
        if (!has(can, s->family) || !scheme_rule_allows(wish->rule, s, key))
            continue;
        allowed = true;
        if (!has(wish->hashes, s->hash) || !is_wished(wish, AUTH_DIGITAL_SIGNATURE, s))
            continue;
        if (fits_curve(s, key))
            return s;
        second = second ? second : s;
    }
    *why = allowed ? "the peer does not announce the hash that our key needs (RFC 7427)"
                   : "our key does not fit what `auth` demands of signatures";
    return second;
}

bool scheme_sign(EVP_PKEY *key, const struct scheme_wish *wish, struct bytes octets,
                 uint8_t *method, struct bytes *auth, const struct scheme **used, const char **why)
{
    uint8_t room[SCHEME_ALGORITHM_MAX];
    *used = NULL;
    const struct scheme *s = wish->hashes ? choose(key, wish, why) : NULL;
    if (!s && (!wish->hashes || wish->announced_count))
        return sign_old(key, wish, octets, method, auth, why);
    if (!s)
        return false;
    const struct hash *hash = find_hash(s->hash);
    struct way way = {.family = s->family, .hash = s->hash, .salt_len = hash ? hash->salt_len : 0};
    *method = AUTH_DIGITAL_SIGNATURE;
    *used = s;
    *why = "the signature could not be made";
    return make_signature(key, &way, scheme_write(s, room), octets, auth);
}

/* ---- judging --------------------------------------------------------------------------------- */

static const struct scheme *scheme_of(enum cred_family family, uint8_t hash)
{
    for (size_t i = 0; i < SCHEMES; i++)
        if (schemes[i].family == family && schemes[i].hash == hash)
            return &schemes[i];
    return NULL;
}

static bool verify_digital(EVP_PKEY *key, struct bytes octets, struct bytes auth,
                           const struct cred_rule *rule, const struct scheme **used,
                           const char **why)
{
    struct way way;
    struct reader in = reader_make(auth);
    struct bytes der = reader_take(&in, reader_u8(&in)), signature = reader_rest(&in);
    const struct scheme *s = in.fault ? NULL : read_algorithm(der, &way);
    *why = "the signature's algorithm is unknown or not supported";
    if (!s)
        return false;
    *why = "the signature's algorithm does not fit the key";
    if (!has(scheme_families(key), s->family))
        return false;
    *why = "the signature's algorithm is not one that `auth` allows";
    if (!scheme_rule_allows(rule, s, key))
        return false;
    *why = "the signature is wrong";
    *used = s;
    return is_signature(key, &way, octets, signature);
}

static bool verify_rsa_old(EVP_PKEY *key, struct bytes octets, struct bytes auth,
                           const struct cred_rule *rule)
{
    for (size_t i = 0; i < HASHES; i++) {
        struct way way = {.family = FAMILY_RSA_PKCS1, .hash = hashes[i].id};
        if (scheme_rule_allows(rule, scheme_of(way.family, way.hash), key) &&
            is_signature(key, &way, octets, auth))
            return true;
    }
    return false;
}

bool scheme_verify(EVP_PKEY *key, uint8_t method, struct bytes octets, struct bytes auth,
                   const struct cred_rule *rule, const struct scheme **used, const char **why)
{
    const struct curve *c = curve_of_method(method);
    *used = NULL;
    if (!scheme_key_is_good(key, why))
        return false;
    if (method == AUTH_DIGITAL_SIGNATURE)
        return verify_digital(key, octets, auth, rule, used, why);
    *why = "the signature is wrong, or made with SHA-1";
    if (method == AUTH_RSA)
        return has(scheme_families(key), FAMILY_RSA_PKCS1) &&
               verify_rsa_old(key, octets, auth, rule);
    *why = "the method of authentication is not supported";
    if (!c)
        return false;
    *why = "the signature is wrong";
    return EVP_PKEY_is_a(key, "EC") &&
           scheme_rule_allows(rule, scheme_of(FAMILY_ECDSA, c->hash), key) &&
           verify_ecdsa_old(key, c, octets, auth);
}
