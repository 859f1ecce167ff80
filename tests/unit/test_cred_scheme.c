/* scheme: every way to sign, and that nothing but the right signature is believed. */
#include "../support/unit.h"

#include "cred/pki.h"
#include "cred/scheme.h"

#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/param_build.h>
#include <stdlib.h>
#include <string.h>

enum { RSA_PKCS1 = 1,
       ECDSA_256 = 9,
       ECDSA_384 = 10,
       ECDSA_521 = 11,
       DIGITAL_SIGNATURE = 14 };
enum { SHA1_BIT = 1 << 1,
       ALL_HASHES = 0x3c,
       AUTH_MAX = SCHEME_AUTH_MAX + 8 };

static const char octets_text[] = "the octets that AUTH covers";
static const struct bytes octets = BYTES_LIT(octets_text);

static EVP_PKEY *key_of(const char *type)
{
    const char *why;
    EVP_PKEY *key = pki_key_new(type, &why);
    assert_non_null(key);
    return key;
}

static bool verifies_as(EVP_PKEY *key, uint8_t method, struct bytes auth)
{
    const struct scheme *used;
    const char *why;
    return scheme_verify(key, method, octets, auth, NULL, &used, &why);
}

/* AUTH made with this key, in memory to be freed. */
static uint8_t *sign(EVP_PKEY *key, uint32_t hashes, uint32_t families, uint8_t *method, size_t *len)
{
    struct cred_rule rule = {.families = families};
    struct scheme_wish wish = {.hashes = hashes, .rule = &rule};
    const struct scheme *used;
    struct bytes auth;
    const char *why;
    assert_true(scheme_sign(key, &wish, octets, method, &auth, &used, &why));
    *len = auth.len;
    return (uint8_t *)(uintptr_t)auth.at;
}

/* ---- the table ------------------------------------------------------------------------------- */

static void refuse_changes(EVP_PKEY *key, uint8_t method, uint8_t *auth, size_t len)
{
    size_t head = method == DIGITAL_SIGNATURE ? 1u + auth[0] : 0;
    size_t step = (len - head) / 48 + 1;
    for (size_t at = 0; at < len; at += at < head ? 1 : step) {
        for (uint8_t bit = 1; bit; bit = (uint8_t)(at < head ? bit << 1 : 0)) {
            auth[at] ^= bit;
            assert_false(verifies_as(key, method, bytes_make(auth, len)));
            auth[at] ^= bit;
        }
    }
    auth[len - 1] ^= 0x80;
    assert_false(verifies_as(key, method, bytes_make(auth, len)));
    auth[len - 1] ^= 0x80;
    for (size_t cut = 0; cut < head + 4; cut++)
        assert_false(verifies_as(key, method, bytes_make(auth, cut)));
    assert_false(verifies_as(key, method, bytes_make(auth, len - 1)));
    uint8_t *longer = calloc(1, len + 1);
    memcpy(longer, auth, len);
    assert_false(verifies_as(key, method, bytes_make(longer, len + 1)));
    free(longer);
}

static EVP_PKEY *key_for(const struct scheme *s)
{
    static const char *const words[] = {
#define FAMILY(name, word, type, flags) word,
#include <braid/signature.def>
    };
    const char *word = words[s->family];
    return key_of(strncmp(word, "rsa", 3) == 0 ? "rsa2048" : word);
}

static void every_scheme_signs_and_nothing_else_verifies(void **state)
{
    (void)state;
    const struct scheme *s;
    for (size_t i = 0; (s = scheme_at(i)) != NULL; i++) {
        EVP_PKEY *key = key_for(s), *other = key_for(s);
        uint8_t method;
        size_t len;
        const struct scheme *used;
        const char *why;
        uint8_t *auth = sign(key, UINT32_C(1) << s->hash, UINT32_C(1) << s->family, &method, &len);
        assert_int_equal(method, DIGITAL_SIGNATURE);
        assert_true(len <= SCHEME_AUTH_MAX);
        assert_true(scheme_verify(key, method, octets, bytes_make(auth, len), NULL, &used, &why));
        assert_ptr_equal(used, s);
        assert_false(verifies_as(other, method, bytes_make(auth, len)));
        struct bytes shorter = bytes_make(octets.at, octets.len - 1);
        assert_false(scheme_verify(key, method, shorter, bytes_make(auth, len), NULL, &used, &why));
        refuse_changes(key, method, auth, len);
        free(auth);
        EVP_PKEY_free(key);
        EVP_PKEY_free(other);
    }
}

static void old_methods_work_without_sha1(void **state)
{
    (void)state;
    static const struct {
        const char *type;
        uint8_t method;
        size_t len;
    } rows[] = {{"rsa2048", RSA_PKCS1, 256},
                {"ecdsa256", ECDSA_256, 64},
                {"ecdsa384", ECDSA_384, 96},
                {"ecdsa521", ECDSA_521, 132}};
    for (size_t i = 0; i < 4; i++) {
        EVP_PKEY *key = key_of(rows[i].type);
        uint8_t method;
        size_t len;
        uint8_t *auth = sign(key, 0, 0, &method, &len);
        assert_int_equal(method, rows[i].method);
        assert_int_equal(len, rows[i].len);
        assert_true(verifies_as(key, method, bytes_make(auth, len)));
        for (uint8_t m = 0; m < 20; m++)
            assert_int_equal(verifies_as(key, m, bytes_make(auth, len)), m == method);
        refuse_changes(key, method, auth, len);
        free(auth);
        EVP_PKEY_free(key);
    }
}

static void rsa_with_sha1_is_refused(void **state)
{
    (void)state;
    EVP_PKEY *key = key_of("rsa2048");
    EVP_MD_CTX *ctx = EVP_MD_CTX_new();
    uint8_t auth[256];
    size_t len = sizeof auth;
    assert_int_equal(EVP_DigestSignInit_ex(ctx, NULL, "SHA1", NULL, NULL, key, NULL), 1);
    assert_int_equal(EVP_DigestSign(ctx, auth, &len, octets.at, octets.len), 1);
    assert_false(verifies_as(key, RSA_PKCS1, bytes_make(auth, len)));
    EVP_MD_CTX_free(ctx);
    EVP_PKEY_free(key);
}

/* ---- choosing -------------------------------------------------------------------------------- */

static void check_choice(const char *type, uint32_t hashes, const char *expected)
{
    EVP_PKEY *key = key_of(type);
    struct scheme_wish wish = {.hashes = hashes};
    const struct scheme *used;
    const char *why = NULL;
    struct bytes auth = BYTES_NONE;
    uint8_t method;
    bool done = scheme_sign(key, &wish, octets, &method, &auth, &used, &why);
    assert_int_equal(done, expected != NULL);
    if (expected)
        assert_string_equal(used->name, expected);
    else
        assert_non_null(why);
    free((void *)(uintptr_t)auth.at);
    EVP_PKEY_free(key);
}

static void the_key_and_the_peers_hashes_choose(void **state)
{
    (void)state;
    check_choice("ecdsa384", ALL_HASHES, "ECDSA_WITH_SHA2_384");
    check_choice("ecdsa384", 1 << 2, "ECDSA_WITH_SHA2_256");
    check_choice("rsa2048", ALL_HASHES, "RSA_EMSA_PSS_SHA2_256");
    check_choice("rsa2048", 1 << 4, "RSA_EMSA_PSS_SHA2_512");
    check_choice("mldsa65", ALL_HASHES, "ML_DSA_65");
    check_choice("mldsa65", 1 << 2, NULL); /* Identity was not announced */
    check_choice("ed25519", 1 << 2, NULL);
    check_choice("rsa2048", SHA1_BIT, NULL);
    check_choice("ecdsa", 1 << 6, NULL); /* Streebog: known to others */
    check_choice("mldsa65", SHA1_BIT | 1 << 6, NULL);
    check_choice("ed25519", 0, NULL); /* it knows no Digital Signature */
}

static void rules_bind_the_peer(void **state)
{
    (void)state;
    static const struct cred_rule rules[] = {
        {.families = 1 << FAMILY_MLDSA65}, {.hashes = 1 << 4}, {.ecdsa_bits = 384}};
    EVP_PKEY *key = key_of("ecdsa256");
    const struct scheme *used;
    const char *why;
    for (uint32_t hashes = 0; hashes <= ALL_HASHES; hashes += ALL_HASHES) {
        uint8_t method;
        size_t len;
        uint8_t *auth = sign(key, hashes, 0, &method, &len);
        assert_true(verifies_as(key, method, bytes_make(auth, len)));
        for (size_t i = 0; i < 3; i++)
            assert_false(scheme_verify(key, method, octets, bytes_make(auth, len), &rules[i], &used,
                                       &why));
        free(auth);
    }
    EVP_PKEY_free(key);
}

/* ---- AlgorithmIdentifiers -------------------------------------------------------------------- */

/* The same signature under another AlgorithmIdentifier. */
static bool verifies_under(EVP_PKEY *key, const uint8_t *auth, size_t len, struct bytes algorithm)
{
    static uint8_t room[AUTH_MAX];
    size_t head = 1u + auth[0];
    room[0] = (uint8_t)algorithm.len;
    if (algorithm.len)
        memcpy(room + 1, algorithm.at, algorithm.len);
    memcpy(room + 1 + algorithm.len, auth + head, len - head);
    return verifies_as(key, DIGITAL_SIGNATURE, bytes_make(room, len - head + 1 + algorithm.len));
}

#define SHA256 "\x30\x0d\x06\x09\x60\x86\x48\x01\x65\x03\x04\x02\x01\x05\x00"
#define HASH(h) "\xa0\x0f" h
#define MASK(h) "\xa1\x1c\x30\x1a" MGF1_OID h
#define SHA256_ABSENT "\x30\x0b\x06\x09\x60\x86\x48\x01\x65\x03\x04\x02\x01"
#define SHA384 "\x30\x0d\x06\x09\x60\x86\x48\x01\x65\x03\x04\x02\x02\x05\x00"
#define PSS "\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x01\x0a"
#define MGF1_OID "\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x01\x08"
#define PKCS1 "\x2a\x86\x48\x86\xf7\x0d\x01\x01"
#define ECDSA "\x2a\x86\x48\xce\x3d\x04"

static void parameters_of_pss_are_parsed(void **state)
{
    (void)state;
    EVP_PKEY *key = key_of("rsa2048");
    uint8_t method;
    size_t len;
    uint8_t *auth = sign(key, 1 << 2, 1 << FAMILY_RSA_PSS, &method, &len);
    /* clang-format off */
    static const struct {
        bool good;
        struct bytes algorithm;
        const char *what;
    } rows[] = {
        {true, BYTES_LIT("\x30\x41" PSS "\x30\x34" HASH(SHA256) MASK(SHA256) "\xa2\x03\x02\x01\x20"),
         "as we write it"},
        {true, BYTES_LIT("\x30\x46" PSS "\x30\x39" HASH(SHA256) MASK(SHA256)
                         "\xa2\x03\x02\x01\x20\xa3\x03\x02\x01\x01"), "the trailer written out"},
        {true, BYTES_LIT("\x30\x3d" PSS "\x30\x30\xa0\x0d" SHA256_ABSENT "\xa1\x1a\x30\x18" MGF1_OID
                         SHA256_ABSENT "\xa2\x03\x02\x01\x20"), "without NULLs"},
        {false, BYTES_LIT("\x30\x46" PSS "\x30\x39" HASH(SHA256) MASK(SHA256)
                          "\xa2\x03\x02\x01\x20\xa3\x03\x02\x01\x02"), "another trailer"},
        {false, BYTES_LIT("\x30\x41" PSS "\x30\x34" HASH(SHA256) MASK(SHA256) "\xa2\x03\x02\x01\x1f"),
         "another salt"},
        {false, BYTES_LIT("\x30\x41" PSS "\x30\x34" HASH(SHA256) MASK(SHA256) "\xa2\x03\x02\x01\xff"),
         "a negative salt"},
        {false, BYTES_LIT("\x30\x3c" PSS "\x30\x2f" HASH(SHA256) MASK(SHA256)), "the default salt"},
        {false, BYTES_LIT("\x30\x41" PSS "\x30\x34" HASH(SHA256) MASK(SHA384) "\xa2\x03\x02\x01\x20"),
         "another hash in the mask"},
        {false, BYTES_LIT("\x30\x41" PSS "\x30\x34" HASH(SHA384) MASK(SHA384) "\xa2\x03\x02\x01\x20"),
         "another hash"},
        {false, BYTES_LIT("\x30\x0d" PSS "\x30\x00"), "all defaults, SHA-1"},
        {false, BYTES_LIT("\x30\x0b" PSS), "nothing"},
        {false, BYTES_LIT("\x30\x0d" PSS "\x05\x00"), "NULL"},
    };
    /* clang-format on */
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        if (verifies_under(key, auth, len, rows[i].algorithm) != rows[i].good)
            fail_msg("%s: %s", rows[i].what, rows[i].good ? "refused" : "believed");
    free(auth);
    EVP_PKEY_free(key);
}

static void absent_parameters_and_null_are_one_where_both_are_seen(void **state)
{
    (void)state;
    EVP_PKEY *rsa = key_of("rsa2048"), *ec = key_of("ecdsa256"), *ed = key_of("ed25519");
    uint8_t method;
    size_t len;
    uint8_t *auth = sign(rsa, 1 << 2, 1 << FAMILY_RSA_PKCS1, &method, &len);
    assert_true(verifies_under(rsa, auth, len, BYTES_LIT("\x30\x0d\x06\x09" PKCS1 "\x0b\x05\x00")));
    assert_true(verifies_under(rsa, auth, len, BYTES_LIT("\x30\x0b\x06\x09" PKCS1 "\x0b")));
    assert_false(verifies_under(rsa, auth, len, BYTES_LIT("\x30\x0d\x06\x09" PKCS1 "\x0c\x05\x00")));
    assert_false(verifies_under(rsa, auth, len, BYTES_LIT("\x30\x0e\x06\x09" PKCS1 "\x0b\x05\x01\x00")));
    assert_false(verifies_under(rsa, auth, len, BYTES_LIT("\x30\x81\x0d\x06\x09" PKCS1 "\x0b\x05\x00")));
    free(auth);
    auth = sign(ec, 1 << 2, 0, &method, &len);
    assert_true(verifies_under(ec, auth, len, BYTES_LIT("\x30\x0a\x06\x08" ECDSA "\x03\x02")));
    assert_true(verifies_under(ec, auth, len, BYTES_LIT("\x30\x0c\x06\x08" ECDSA "\x03\x02\x05\x00")));
    assert_false(verifies_under(ec, auth, len, BYTES_LIT("\x30\x0a\x06\x08" ECDSA "\x03\x03")));
    assert_false(verifies_under(ec, auth, len, BYTES_LIT("\x30\x09\x06\x07\x2a\x86\x48\xce\x3d\x04\x01"))); /* ecdsa-with-SHA1 */
    free(auth);
    auth = sign(ed, 1 << 5, 0, &method, &len);
    assert_true(verifies_under(ed, auth, len, BYTES_LIT("\x30\x05\x06\x03\x2b\x65\x70")));
    assert_false(verifies_under(ed, auth, len, BYTES_LIT("\x30\x07\x06\x03\x2b\x65\x70\x05\x00")));
    assert_false(verifies_under(ed, auth, len, BYTES_LIT("\x30\x05\x06\x03\x2b\x65\x71")));
    assert_false(verifies_under(ed, auth, len, BYTES_NONE));
    free(auth);
    EVP_PKEY_free(rsa);
    EVP_PKEY_free(ec);
    EVP_PKEY_free(ed);
}

/* ---- keys ------------------------------------------------------------------------------------ */

static EVP_PKEY *rsa_with_exponent(unsigned long e)
{
    EVP_PKEY *from = key_of("rsa2048"), *key = NULL;
    BIGNUM *n = NULL, *small = BN_new();
    assert_int_equal(EVP_PKEY_get_bn_param(from, OSSL_PKEY_PARAM_RSA_N, &n), 1);
    BN_set_word(small, e);
    OSSL_PARAM_BLD *b = OSSL_PARAM_BLD_new();
    OSSL_PARAM_BLD_push_BN(b, OSSL_PKEY_PARAM_RSA_N, n);
    OSSL_PARAM_BLD_push_BN(b, OSSL_PKEY_PARAM_RSA_E, small);
    OSSL_PARAM *params = OSSL_PARAM_BLD_to_param(b);
    EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_name(NULL, "RSA", NULL);
    EVP_PKEY_fromdata_init(ctx);
    (void)EVP_PKEY_fromdata(ctx, &key, EVP_PKEY_PUBLIC_KEY, params);
    OSSL_PARAM_free(params);
    OSSL_PARAM_BLD_free(b);
    EVP_PKEY_CTX_free(ctx);
    BN_free(n);
    BN_free(small);
    EVP_PKEY_free(from);
    return key;
}

static void bad_keys_are_refused(void **state)
{
    (void)state;
    const char *why;
    static const unsigned long exponents[] = {0, 1, 2, 65536};
    for (size_t i = 0; i < 4; i++) {
        EVP_PKEY *key = rsa_with_exponent(exponents[i]);
        assert_false(key && scheme_key_is_good(key, &why));
        /* with e = 1 the message itself would be its signature */
        assert_false(key && verifies_as(key, RSA_PKCS1, BYTES_LIT("\x01")));
        EVP_PKEY_free(key);
    }
    EVP_PKEY *bad[] = {EVP_PKEY_Q_keygen(NULL, NULL, "RSA", (size_t)1024),
                       EVP_PKEY_Q_keygen(NULL, NULL, "EC", "P-224"),
                       EVP_PKEY_Q_keygen(NULL, NULL, "EC", "secp256k1"),
                       EVP_PKEY_Q_keygen(NULL, NULL, "X25519")};
    for (size_t i = 0; i < 4; i++) {
        assert_non_null(bad[i]);
        assert_false(scheme_key_is_good(bad[i], &why));
        EVP_PKEY_free(bad[i]);
    }
    EVP_PKEY *good = rsa_with_exponent(65537);
    assert_true(scheme_key_is_good(good, &why));
    EVP_PKEY_free(good);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_scheme_signs_and_nothing_else_verifies),
        cmocka_unit_test(old_methods_work_without_sha1),
        cmocka_unit_test(rsa_with_sha1_is_refused),
        cmocka_unit_test(the_key_and_the_peers_hashes_choose),
        cmocka_unit_test(rules_bind_the_peer),
        cmocka_unit_test(parameters_of_pss_are_parsed),
        cmocka_unit_test(absent_parameters_and_null_are_one_where_both_are_seen),
        cmocka_unit_test(bad_keys_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
