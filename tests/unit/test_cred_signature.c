/*
 * signature: what a hostile peer could put into an AUTH payload, in the manner of Project
 * Wycheproof: signatures that are almost good, encodings that are almost DER, algorithms that are
 * almost the right one. Each test begins with the same thing done properly, which is believed.
 */
#include "../support/unit.h"

#include "cred/pki.h"
#include "cred/scheme.h"

#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/ecdsa.h>
#include <openssl/rsa.h>
#include <stdlib.h>
#include <string.h>

enum { OLD_RSA = 1,
       ECDSA_256 = 9,
       ECDSA_384 = 10,
       ECDSA_521 = 11,
       DIGITAL_SIGNATURE = 14 };
enum { AUTH_MAX = SCHEME_AUTH_MAX + 256,
       HEAD_MAX = 256,
       RSA_LEN = 256 };

static const struct bytes octets = BYTES_LIT("the octets that AUTH covers");

static const char *const words[] = {
#define FAMILY(name, word, type, flags) word,
#include <braid/signature.def>
};

/* AlgorithmIdentifiers by their row, written here once more: these are not the ones under test. */
static const struct bytes algorithms[] = {
#define SEQ(len, oid_len, oid, rest) BYTES_LIT("\x30" len "\x06" oid_len oid rest)
#define SHA(n) "\x30\x0d\x06\x09\x60\x86\x48\x01\x65\x03\x04\x02" n "\x05\x00"
#define PSS(n, salt) \
    SEQ("\x41", "\x09", "\x2a\x86\x48\x86\xf7\x0d\x01\x01\x0a", \
        "\x30\x34\xa0\x0f" SHA(n) "\xa1\x1c\x30\x1a\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x01\x08" SHA(n) "\xa2\x03\x02\x01" salt)
#define PKCS1(n) SEQ("\x0d", "\x09", "\x2a\x86\x48\x86\xf7\x0d\x01\x01" n, "\x05\x00")
#define ECDSA(n) SEQ("\x0a", "\x08", "\x2a\x86\x48\xce\x3d\x04\x03" n, "")
#define NIST(n) SEQ("\x0b", "\x09", "\x60\x86\x48\x01\x65\x03\x04\x03" n, "")
    PSS("\x01", "\x20"),
    PSS("\x02", "\x30"),
    PSS("\x03", "\x40"),
    PKCS1("\x0b"),
    PKCS1("\x0c"),
    PKCS1("\x0d"),
    ECDSA("\x02"),
    ECDSA("\x03"),
    ECDSA("\x04"),
    SEQ("\x05", "\x03", "\x2b\x65\x70", ""),
    SEQ("\x05", "\x03", "\x2b\x65\x71", ""),
    NIST("\x11"),
    NIST("\x12"),
    NIST("\x13"),
    NIST("\x14"),
    NIST("\x15"),
    NIST("\x16"),
    NIST("\x17"),
    NIST("\x18"),
    NIST("\x19"),
    NIST("\x1a"),
    NIST("\x1b"),
    NIST("\x1c"),
    NIST("\x1d"),
    NIST("\x1e"),
    NIST("\x1f"),
};
enum { ROWS = sizeof algorithms / sizeof algorithms[0] };

static size_t row_of(const char *name)
{
    size_t row = 0;
    while (strcmp(scheme_at(row)->name, name) != 0)
        row++;
    return row;
}

static EVP_PKEY *key_of(const char *type)
{
    const char *why;
    EVP_PKEY *key = pki_key_new(type, &why);
    assert_non_null(key);
    return key;
}

/* One of the right kind, made when first asked for: making them takes longer than using them. */
static EVP_PKEY *kept[FAMILIES];

static EVP_PKEY *key_of_row(size_t row)
{
    enum cred_family family = scheme_at(row)->family;
    bool rsa = strncmp(words[family], "rsa", 3) == 0;
    EVP_PKEY **at = &kept[rsa ? FAMILY_RSA_PKCS1 : family];
    if (!*at)
        *at = key_of(rsa ? "rsa2048" : words[family]);
    assert_int_equal(EVP_PKEY_up_ref(*at), 1);
    return *at;
}

static int drop_keys(void **state)
{
    (void)state;
    for (size_t i = 0; i < FAMILIES; i++)
        EVP_PKEY_free(kept[i]);
    return 0;
}

/* Rows whose keys sign fast. The sets of SLH-DSA differ in the last octet of their OID, and two of
 * them will do where that is not what is asked. */
static bool is_fast(size_t row)
{
    const char *word = words[scheme_at(row)->family];
    return strncmp(word, "slhdsa", 6) != 0 || strstr(word, "_128f");
}

/* Is it believed? What is refused has a reason. */
static bool believes(EVP_PKEY *key, uint8_t method, struct bytes auth)
{
    const struct scheme *used;
    const char *why = NULL;
    struct bytes copy = exact(auth);
    bool good = scheme_verify(key, method, octets, copy, NULL, &used, &why);
    free_bytes(copy);
    assert_true(good || (why && *why));
    return good;
}

/* Length, AlgorithmIdentifier and signature: a Digital Signature (RFC 7427 3). */
static bool believes_under(EVP_PKEY *key, struct bytes algorithm, struct bytes signature)
{
    static uint8_t room[AUTH_MAX];
    room[0] = (uint8_t)algorithm.len;
    if (algorithm.len)
        memcpy(room + 1, algorithm.at, algorithm.len);
    if (signature.len)
        memcpy(room + 1 + algorithm.len, signature.at, signature.len);
    return believes(key, DIGITAL_SIGNATURE,
                    bytes_make(room, 1 + algorithm.len + signature.len));
}

/* ---- signatures made by OpenSSL, in every way it can ------------------------------------------ */

struct making {
    const char *hash; /* NULL: none */
    int padding;      /* of RSA; 0: not RSA */
    int salt_len;
    const char *mask;               /* hash of MGF1; NULL: the same */
    const char *instance, *context; /* of EdDSA, ML-DSA, SLH-DSA */
    bool raw;                       /* ML-DSA, SLH-DSA: without the prefix of FIPS 204 and 205 */
};

static struct bytes make(EVP_PKEY *key, const struct making *m)
{
    static uint8_t room[AUTH_MAX];
    size_t len = sizeof room;
    int encoding = 0;
    OSSL_PARAM params[4] = {OSSL_PARAM_END, OSSL_PARAM_END, OSSL_PARAM_END, OSSL_PARAM_END},
               *p = params;
    if (m->instance)
        *p++ = OSSL_PARAM_construct_utf8_string(OSSL_SIGNATURE_PARAM_INSTANCE,
                                                (char *)(uintptr_t)m->instance, 0);
    if (m->context)
        *p++ = OSSL_PARAM_construct_octet_string(OSSL_SIGNATURE_PARAM_CONTEXT_STRING,
                                                 (void *)(uintptr_t)m->context,
                                                 strlen(m->context));
    if (m->raw)
        *p++ = OSSL_PARAM_construct_int(OSSL_SIGNATURE_PARAM_MESSAGE_ENCODING, &encoding);
    EVP_MD_CTX *ctx = EVP_MD_CTX_new();
    EVP_PKEY_CTX *pkey = NULL;
    assert_int_equal(EVP_DigestSignInit_ex(ctx, &pkey, m->hash, NULL, NULL, key, params), 1);
    if (m->padding)
        assert_int_equal(EVP_PKEY_CTX_set_rsa_padding(pkey, m->padding), 1);
    if (m->padding == RSA_PKCS1_PSS_PADDING)
        assert_int_equal(EVP_PKEY_CTX_set_rsa_pss_saltlen(pkey, m->salt_len), 1);
    if (m->mask)
        assert_int_equal(EVP_PKEY_CTX_set_rsa_mgf1_md_name(pkey, m->mask, NULL), 1);
    assert_int_equal(EVP_DigestSign(ctx, room, &len, octets.at, octets.len), 1);
    EVP_MD_CTX_free(ctx);
    return bytes_make(room, len);
}

static const char *hash_of(const struct scheme *s)
{
    static const char *const names[] = {[2] = "SHA256", [3] = "SHA384", [4] = "SHA512", [5] = NULL};
    return names[s->hash];
}

/* As the row wants it. */
static struct bytes make_proper(EVP_PKEY *key, size_t row)
{
    const struct scheme *s = scheme_at(row);
    struct making m = {.hash = hash_of(s), .salt_len = RSA_PSS_SALTLEN_DIGEST};
    m.padding = s->family == FAMILY_RSA_PSS     ? RSA_PKCS1_PSS_PADDING
                : s->family == FAMILY_RSA_PKCS1 ? RSA_PKCS1_PADDING
                                                : 0;
    return make(key, &m);
}

/* ---- another way to sign ----------------------------------------------------------------------- */

static void a_signature_made_in_another_way_is_refused(void **state)
{
    (void)state;
    enum { V1 = RSA_PKCS1_PADDING,
           V2 = RSA_PKCS1_PSS_PADDING };
    /* clang-format off */
    static const struct {
        const char *name, *what;
        struct making made;
    } rows[] = {
        {"RSA_EMSA_PKCS1_SHA2_256", "SHA-1",             {.hash = "SHA1", .padding = V1}},
        {"RSA_EMSA_PKCS1_SHA2_256", "MD5",               {.hash = "MD5", .padding = V1}},
        {"RSA_EMSA_PKCS1_SHA2_256", "SHA-384",           {.hash = "SHA384", .padding = V1}},
        {"RSA_EMSA_PKCS1_SHA2_256", "SHA3-256",          {.hash = "SHA3-256", .padding = V1}},
        {"RSA_EMSA_PKCS1_SHA2_512", "SHA-512/256",       {.hash = "SHA512-256", .padding = V1}},
        {"RSA_EMSA_PKCS1_SHA2_256", "PSS",               {.hash = "SHA256", .padding = V2, .salt_len = 32}},
        {"RSA_EMSA_PSS_SHA2_256",   "PKCS#1",            {.hash = "SHA256", .padding = V1}},
        {"RSA_EMSA_PSS_SHA2_256",   "SHA-1",             {.hash = "SHA1", .padding = V2, .salt_len = 32}},
        {"RSA_EMSA_PSS_SHA2_256",   "SHA-512",           {.hash = "SHA512", .padding = V2, .salt_len = 32}},
        {"RSA_EMSA_PSS_SHA2_256",   "no salt",           {.hash = "SHA256", .padding = V2, .salt_len = 0}},
        {"RSA_EMSA_PSS_SHA2_256",   "a salt of 20",      {.hash = "SHA256", .padding = V2, .salt_len = 20}},
        {"RSA_EMSA_PSS_SHA2_256",   "a salt of 33",      {.hash = "SHA256", .padding = V2, .salt_len = 33}},
        {"RSA_EMSA_PSS_SHA2_256",   "the longest salt",  {.hash = "SHA256", .padding = V2, .salt_len = RSA_PSS_SALTLEN_MAX}},
        {"RSA_EMSA_PSS_SHA2_256",   "another mask",      {.hash = "SHA256", .padding = V2, .salt_len = 32, .mask = "SHA384"}},
        {"RSA_EMSA_PSS_SHA2_384",   "a mask of SHA-1",   {.hash = "SHA384", .padding = V2, .salt_len = 48, .mask = "SHA1"}},
        {"ECDSA_WITH_SHA2_256",     "SHA-1",             {.hash = "SHA1"}},
        {"ECDSA_WITH_SHA2_256",     "SHA-384",           {.hash = "SHA384"}},
        {"ECDSA_WITH_SHA2_512",     "SHA-256",           {.hash = "SHA256"}},
        {"ED25519",                 "hashed first",      {.instance = "Ed25519ph"}},
        {"ED25519",                 "with a context",    {.instance = "Ed25519ctx", .context = "IKEv2"}},
        {"ED448",                   "hashed first",      {.instance = "Ed448ph"}},
        {"ED448",                   "with a context",    {.instance = "Ed448", .context = "IKEv2"}},
        {"ML_DSA_44",               "with a context",    {.context = "IKEv2"}},
        {"ML_DSA_44",               "without a prefix",  {.raw = true}},
        {"ML_DSA_65",               "with a context",    {.context = "IKEv2"}},
        {"ML_DSA_65",               "without a prefix",  {.raw = true}},
        {"ML_DSA_87",               "with a context",    {.context = "IKEv2"}},
        {"ML_DSA_87",               "without a prefix",  {.raw = true}},
        {"SLH_DSA_SHA2_128F",       "with a context",    {.context = "IKEv2"}},
        {"SLH_DSA_SHA2_128F",       "without a prefix",  {.raw = true}},
        {"SLH_DSA_SHAKE_128F",      "with a context",    {.context = "IKEv2"}},
        {"SLH_DSA_SHAKE_128F",      "without a prefix",  {.raw = true}},
    };
    /* clang-format on */
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        size_t row = row_of(rows[i].name);
        EVP_PKEY *key = key_of_row(row);
        if (!believes_under(key, algorithms[row], make_proper(key, row)))
            fail_msg("%s: refused as it should be", rows[i].name);
        if (believes_under(key, algorithms[row], make(key, &rows[i].made)))
            fail_msg("%s: %s is believed", rows[i].name, rows[i].what);
        EVP_PKEY_free(key);
    }
}

static void signatures_of_one_value_only_are_refused(void **state)
{
    (void)state;
    static const uint8_t values[] = {0x00, 0x01, 0x30, 0x7f, 0x80, 0xff};
    static uint8_t room[AUTH_MAX];
    for (size_t row = 0; row < ROWS; row++) {
        if (!is_fast(row))
            continue;
        EVP_PKEY *key = key_of_row(row);
        size_t whole = (size_t)EVP_PKEY_get_size(key);
        for (size_t i = 0; i < sizeof values; i++) {
            memset(room, values[i], sizeof room);
            assert_false(believes_under(key, algorithms[row], bytes_make(room, whole)));
            assert_false(believes_under(key, algorithms[row], bytes_make(room, whole / 2)));
            assert_false(believes_under(key, algorithms[row], bytes_make(room, 1)));
        }
        assert_false(believes_under(key, algorithms[row], BYTES_NONE));
        EVP_PKEY_free(key);
    }
}

/* ---- RSA ----------------------------------------------------------------------------------------- */

/* The private operation on a block of any content. False: it is no number below the modulus. */
static bool rsa_private(EVP_PKEY *key, const uint8_t block[RSA_LEN], uint8_t out[RSA_LEN])
{
    EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new(key, NULL);
    size_t len = RSA_LEN;
    bool good = EVP_PKEY_sign_init(ctx) == 1 &&
                EVP_PKEY_CTX_set_rsa_padding(ctx, RSA_NO_PADDING) == 1 &&
                EVP_PKEY_sign(ctx, out, &len, block, RSA_LEN) == 1;
    EVP_PKEY_CTX_free(ctx);
    return good;
}

static void rsa_public(EVP_PKEY *key, const uint8_t *signature, uint8_t block[RSA_LEN])
{
    EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new(key, NULL);
    size_t len = RSA_LEN;
    assert_int_equal(EVP_PKEY_verify_recover_init(ctx), 1);
    assert_int_equal(EVP_PKEY_CTX_set_rsa_padding(ctx, RSA_NO_PADDING), 1);
    assert_int_equal(EVP_PKEY_verify_recover(ctx, block, &len, signature, RSA_LEN), 1);
    EVP_PKEY_CTX_free(ctx);
}

/* Padding, separator, mask, hash, trailer: a signature over anything else is none. */
static void every_octet_of_an_rsa_block_counts(void **state)
{
    (void)state;
    static const char *const names[] = {"RSA_EMSA_PKCS1_SHA2_256", "RSA_EMSA_PSS_SHA2_256"};
    EVP_PKEY *key = key_of_row(row_of("RSA_EMSA_PSS_SHA2_256"));
    for (size_t i = 0; i < 2; i++) {
        size_t row = row_of(names[i]);
        uint8_t block[RSA_LEN], signature[RSA_LEN];
        rsa_public(key, make_proper(key, row).at, block);
        assert_true(rsa_private(key, block, signature));
        assert_true(believes_under(key, algorithms[row], BYTES_OF(signature)));
        for (size_t at = 0; at < RSA_LEN; at++) {
            uint8_t bit = (uint8_t)(1 << (at % 8));
            block[at] ^= bit;
            if (rsa_private(key, block, signature)) {
                assert_false(believes_under(key, algorithms[row], BYTES_OF(signature)));
                assert_false(believes(key, OLD_RSA, BYTES_OF(signature)));
            }
            block[at] ^= bit;
        }
    }
    EVP_PKEY_free(key);
}

/* Type 1 padding around this, then whatever follows. `fill`: so many octets of 0xff; 0: all there is room for. */
static void rsa_block(struct bytes prefix, struct bytes rest, size_t fill, uint8_t block[RSA_LEN])
{
    uint8_t hash[32];
    EVP_Digest(octets.at, octets.len, hash, NULL, EVP_sha256(), NULL);
    size_t content = prefix.len + sizeof hash + rest.len;
    fill = fill ? fill : RSA_LEN - 3 - content;
    memset(block, 0xff, RSA_LEN);
    block[0] = 0;
    block[1] = 1;
    uint8_t *at = block + 2 + fill;
    *at++ = 0;
    if (prefix.len)
        memcpy(at, prefix.at, prefix.len);
    memcpy(at + prefix.len, hash, sizeof hash);
    at += prefix.len + sizeof hash;
    if (rest.len)
        memcpy(at, rest.at, rest.len);
    at += rest.len;
    for (size_t i = 0; at < block + RSA_LEN; i++) /* what a forger with e = 3 would be free to choose */
        *at++ = (uint8_t)i;
}

#define OID_SHA256 "\x06\x09\x60\x86\x48\x01\x65\x03\x04\x02\x01"

static void rsa_blocks_hold_one_digest_info_and_nothing_else(void **state)
{
    (void)state;
    /* clang-format off */
    static const struct {
        bool good;
        const char *what;
        struct bytes prefix, rest;
        size_t fill;
    } rows[] = {
        {true,  "as it should be",    BYTES_LIT("\x30\x31\x30\x0d" OID_SHA256 "\x05\x00\x04\x20"), BYTES_NONE, 0},
        {false, "without NULL",       BYTES_LIT("\x30\x2f\x30\x0b" OID_SHA256 "\x04\x20"), BYTES_NONE, 0},
        {false, "NULL with content",  BYTES_LIT("\x30\x32\x30\x0e" OID_SHA256 "\x05\x01\x00\x04\x20"), BYTES_NONE, 0},
        {false, "other parameters",   BYTES_LIT("\x30\x31\x30\x0d" OID_SHA256 "\x04\x00\x04\x20"), BYTES_NONE, 0},
        {false, "a long length",      BYTES_LIT("\x30\x81\x31\x30\x0d" OID_SHA256 "\x05\x00\x04\x20"), BYTES_NONE, 0},
        {false, "an endless length",  BYTES_LIT("\x30\x80\x30\x0d" OID_SHA256 "\x05\x00\x04\x20"), BYTES_LIT("\0\0"), 0},
        {false, "something behind",   BYTES_LIT("\x30\x31\x30\x0d" OID_SHA256 "\x05\x00\x04\x20"), BYTES_LIT("\0\0\0"), 0},
        {false, "something inside",   BYTES_LIT("\x30\x33\x30\x0d" OID_SHA256 "\x05\x00\x04\x20"), BYTES_LIT("\x05\x00"), 0},
        {false, "another hash's name", BYTES_LIT("\x30\x31\x30\x0d\x06\x09\x60\x86\x48\x01\x65\x03\x04\x02\x02\x05\x00\x04\x20"), BYTES_NONE, 0},
        {false, "no DigestInfo",      BYTES_LIT("\x04\x20"), BYTES_NONE, 0},
        {false, "the hash alone",     BYTES_NONE, BYTES_NONE, 0},
        {false, "8 octets of padding", BYTES_LIT("\x30\x31\x30\x0d" OID_SHA256 "\x05\x00\x04\x20"), BYTES_NONE, 8},
        {false, "half the padding",   BYTES_LIT("\x30\x31\x30\x0d" OID_SHA256 "\x05\x00\x04\x20"), BYTES_NONE, 101},
    };
    /* clang-format on */
    EVP_PKEY *key = key_of_row(row_of("RSA_EMSA_PSS_SHA2_256"));
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        uint8_t block[RSA_LEN], signature[RSA_LEN];
        rsa_block(rows[i].prefix, rows[i].rest, rows[i].fill, block);
        assert_true(rsa_private(key, block, signature));
        struct bytes algorithm = algorithms[row_of("RSA_EMSA_PKCS1_SHA2_256")];
        if (believes_under(key, algorithm, BYTES_OF(signature)) != rows[i].good ||
            believes(key, OLD_RSA, BYTES_OF(signature)) != rows[i].good)
            fail_msg("%s", rows[i].what);
    }
    EVP_PKEY_free(key);
}

/* 0, 1, n - 1, n, s + n and s with fewer or more octets are no signatures. */
static void rsa_numbers_are_in_range_and_of_full_length(void **state)
{
    (void)state;
    EVP_PKEY *key = key_of_row(row_of("RSA_EMSA_PSS_SHA2_256"));
    size_t row = row_of("RSA_EMSA_PKCS1_SHA2_256");
    struct bytes algorithm = algorithms[row];
    uint8_t room[RSA_LEN + 2];
    struct bytes proper = exact(make_proper(key, row));
    assert_true(believes_under(key, algorithm, proper));
    BIGNUM *n = NULL, *value = BN_new(), *s = BN_bin2bn(proper.at, (int)proper.len, NULL);
    assert_int_equal(EVP_PKEY_get_bn_param(key, OSSL_PKEY_PARAM_RSA_N, &n), 1);
    for (int i = 0; i < 6; i++) {
        BN_copy(value, n);
        if (i == 0 || i == 1)
            BN_set_word(value, (BN_ULONG)i);
        if (i == 2)
            BN_sub_word(value, 1);
        if (i == 4 || i == 5)
            BN_add(value, n, s);
        if (i == 5)
            BN_add(value, value, n);
        int len = BN_num_bytes(value) > RSA_LEN ? RSA_LEN + 1 : RSA_LEN;
        assert_int_equal(BN_bn2binpad(value, room, len), len);
        assert_false(believes_under(key, algorithm, bytes_make(room, (size_t)len)));
        assert_false(believes(key, OLD_RSA, bytes_make(room, (size_t)len)));
    }
    for (int len = RSA_LEN + 1; len <= RSA_LEN + 2; len++) { /* zeros in front */
        BN_bn2binpad(s, room, len);
        assert_false(believes_under(key, algorithm, bytes_make(room, (size_t)len)));
    }
    BN_free(n);
    BN_free(s);
    BN_free(value);
    free_bytes(proper);
    EVP_PKEY_free(key);
}

/* One signature in 256 begins with a zero, which belongs to it. */
static void rsa_signatures_keep_their_zeros(void **state)
{
    (void)state;
    EVP_PKEY *key = key_of_row(row_of("RSA_EMSA_PSS_SHA2_256"));
    size_t row = row_of("RSA_EMSA_PSS_SHA2_256");
    struct bytes signature = make_proper(key, row);
    for (int tries = 0; signature.at[0] != 0; tries++) {
        assert_true(tries < 8192);
        signature = make_proper(key, row); /* with another salt */
    }
    assert_true(believes_under(key, algorithms[row], signature));
    assert_false(believes_under(key, algorithms[row], bytes_make(signature.at + 1, RSA_LEN - 1)));
    EVP_PKEY_free(key);
}

/* ---- ECDSA --------------------------------------------------------------------------------------- */

static const struct curve {
    const char *type, *scheme, *hash;
    uint8_t method;
    int len; /* of a number */
} curves[] = {
    {"ecdsa256", "ECDSA_WITH_SHA2_256", "SHA256", ECDSA_256, 32},
    {"ecdsa384", "ECDSA_WITH_SHA2_384", "SHA384", ECDSA_384, 48},
    {"ecdsa521", "ECDSA_WITH_SHA2_512", "SHA512", ECDSA_521, 66},
};

/* Order n and prime p of the key's curve, and a good signature. */
struct numbers {
    BIGNUM *r, *s, *n, *p, *zero, *one;
};

static void numbers_of(EVP_PKEY *key, const struct curve *c, struct numbers *out)
{
    struct making m = {.hash = c->hash};
    struct bytes der = make(key, &m);
    const uint8_t *at = der.at;
    ECDSA_SIG *sig = d2i_ECDSA_SIG(NULL, &at, (long)der.len);
    assert_non_null(sig);
    *out = (struct numbers){BN_dup(ECDSA_SIG_get0_r(sig)), BN_dup(ECDSA_SIG_get0_s(sig)), NULL,
                            NULL, BN_new(), BN_new()};
    BN_set_word(out->one, 1);
    assert_int_equal(EVP_PKEY_get_bn_param(key, OSSL_PKEY_PARAM_EC_ORDER, &out->n), 1);
    assert_int_equal(EVP_PKEY_get_bn_param(key, OSSL_PKEY_PARAM_EC_P, &out->p), 1);
    ECDSA_SIG_free(sig);
}

static void numbers_free(struct numbers *n)
{
    BIGNUM *all[] = {n->r, n->s, n->n, n->p, n->zero, n->one};
    for (size_t i = 0; i < 6; i++)
        BN_free(all[i]);
}

/* DER of an INTEGER, a leading zero in front if it needs one, and `pad` more. */
static size_t put_integer(uint8_t *to, const BIGNUM *n, size_t pad)
{
    uint8_t digits[80];
    size_t len = (size_t)BN_bn2bin(n, digits);
    size_t zeros = pad + (len == 0 || (digits[0] & 0x80 && !BN_is_negative(n)));
    to[0] = 0x02;
    to[1] = (uint8_t)(len + zeros);
    memset(to + 2, 0, zeros);
    memcpy(to + 2 + zeros, digits, len);
    return 2 + zeros + len;
}

static struct bytes put_pair(uint8_t room[160], const BIGNUM *r, const BIGNUM *s)
{
    uint8_t body[160];
    size_t len = put_integer(body, r, 0), at = 0;
    len += put_integer(body + len, s, 0);
    room[at++] = 0x30;
    if (len >= 0x80)
        room[at++] = 0x81;
    room[at++] = (uint8_t)len;
    memcpy(room + at, body, len);
    return bytes_make(room, at + len);
}

/* As a Digital Signature and, where it fits, in the form of RFC 4754; both think the same. */
static bool believes_pair(EVP_PKEY *key, const struct curve *c, const BIGNUM *r, const BIGNUM *s)
{
    uint8_t room[160], old[160];
    bool good = believes_under(key, algorithms[row_of(c->scheme)], put_pair(room, r, s));
    if (BN_num_bytes(r) > c->len || BN_num_bytes(s) > c->len)
        return good;
    BN_bn2binpad(r, old, c->len);
    BN_bn2binpad(s, old + c->len, c->len);
    assert_int_equal(believes(key, c->method, bytes_make(old, 2 * (size_t)c->len)), good);
    return good;
}

static void numbers_of_ecdsa_are_in_range(void **state)
{
    (void)state;
    for (size_t i = 0; i < 3; i++) {
        const struct curve *c = &curves[i];
        EVP_PKEY *key = key_of(c->type);
        struct numbers v;
        numbers_of(key, c, &v);
        BIGNUM *more_r = BN_new(), *more_s = BN_new(), *twin = BN_new();
        BN_add(more_r, v.r, v.n);
        BN_add(more_s, v.s, v.n);
        BN_sub(twin, v.n, v.s);
        assert_true(believes_pair(key, c, v.r, v.s));
        /* With (r, s), (r, n - s) is a signature of the same octets: nothing here relies on there
         * being only one. */
        assert_true(believes_pair(key, c, v.r, twin));
        const BIGNUM *const odd[] = {v.zero, v.one, v.n, v.p, more_r, more_s};
        for (size_t a = 0; a < 6; a++) {
            assert_false(believes_pair(key, c, odd[a], v.s));
            assert_false(believes_pair(key, c, v.r, odd[a]));
            for (size_t b = 0; b < 6; b++)
                assert_false(believes_pair(key, c, odd[a], odd[b]));
        }
        assert_false(believes_pair(key, c, v.s, v.r));
        assert_false(believes_pair(key, c, v.r, v.r));
        numbers_free(&v);
        BN_free(more_r);
        BN_free(more_s);
        BN_free(twin);
        EVP_PKEY_free(key);
    }
}

/* One value in two ways to write it: only the one of DER is believed. */
static void ecdsa_signatures_are_der_to_the_last_octet(void **state)
{
    (void)state;
    EVP_PKEY *key = key_of("ecdsa256");
    struct bytes algorithm = algorithms[row_of("ECDSA_WITH_SHA2_256")];
    struct numbers v;
    numbers_of(key, &curves[0], &v);
    while (!BN_is_bit_set(v.r, 255)) { /* so that r needs a zero in front */
        numbers_free(&v);
        numbers_of(key, &curves[0], &v);
    }
    uint8_t room[160], r[64], s[64], long_r[64], long_s[64];
    struct bytes proper = put_pair(room, v.r, v.s);
    assert_true(believes_under(key, algorithm, proper));
    struct bytes R = bytes_make(r, put_integer(r, v.r, 0)),
                 S = bytes_make(s, put_integer(s, v.s, 0)),
                 padded_r = bytes_make(long_r, put_integer(long_r, v.r, 1)),
                 padded_s = bytes_make(long_s, put_integer(long_s, v.s, 1));
    BN_set_negative(v.r, 1);
    uint8_t minus[64];
    struct bytes negative = bytes_make(minus, put_integer(minus, v.r, 0));
    /* `len` is added to the length the content has; `head` replaces tag and length when there. */
    const struct {
        const char *what, *head;
        size_t head_len;
        struct bytes part[3];
        int len;
    } rows[] = {
        {"a zero before r", NULL, 0, {padded_r, S}, 0},
        {"a zero before s", NULL, 0, {R, padded_s}, 0},
        {"r without its sign", NULL, 0, {negative, S}, 0},
        {"three numbers", NULL, 0, {R, S, S}, 0},
        {"one number", NULL, 0, {R}, 0},
        {"no number", NULL, 0, {BYTES_NONE}, 0},
        {"something behind", NULL, 0, {R, S, BYTES_LIT("\x05\x00")}, -2},
        {"something inside", NULL, 0, {R, S, BYTES_LIT("\x05\x00")}, 0},
        {"a length too short", NULL, 0, {R, S}, -1},
        {"a length too long", NULL, 0, {R, S}, 1},
        {"an endless length", "\x30\x80", 2, {R, S, BYTES_LIT("\x00\x00")}, 0},
        {"a SET", "\x31", 1, {R, S}, 0},
        {"no tag", "", 0, {R, S}, 0},
        {"a NULL for r", NULL, 0, {BYTES_LIT("\x05\x00"), S}, 0},
        {"an OCTET STRING for s", NULL, 0, {R, BYTES_LIT("\x04\x01\x01")}, 0},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        uint8_t der[256];
        size_t at = 2;
        for (size_t k = 0; k < 3; k++) {
            if (rows[i].part[k].len)
                memcpy(der + at, rows[i].part[k].at, rows[i].part[k].len);
            at += rows[i].part[k].len;
        }
        der[0] = 0x30;
        der[1] = (uint8_t)((int)at - 2 + rows[i].len);
        if (rows[i].head)
            memcpy(der, rows[i].head, rows[i].head_len);
        struct bytes whole = bytes_make(der, at);
        if (rows[i].head && rows[i].head_len == 0)
            whole = bytes_make(der + 2, at - 2);
        if (believes_under(key, algorithm, whole))
            fail_msg("%s", rows[i].what);
    }
    /* lengths in more octets than they need */
    static const struct bytes heads[] = {BYTES_LIT("\x30\x81"), BYTES_LIT("\x30\x82\x00"), BYTES_LIT("\x30\x84\x00\x00\x00")};
    for (size_t i = 0; i < 3; i++) {
        uint8_t der[256];
        memcpy(der, heads[i].at, heads[i].len);
        memcpy(der + heads[i].len, proper.at + 1, proper.len - 1);
        assert_false(believes_under(key, algorithm, bytes_make(der, heads[i].len + proper.len - 1)));
    }
    numbers_free(&v);
    EVP_PKEY_free(key);
}

static void forms_and_curves_do_not_mix(void **state)
{
    (void)state;
    static const uint8_t methods[] = {0, 1, 2, 3, 9, 10, 11, 12, 13, 14, 255};
    for (size_t i = 0; i < 3; i++) {
        const struct curve *c = &curves[i];
        EVP_PKEY *key = key_of(c->type);
        struct numbers v;
        numbers_of(key, c, &v);
        uint8_t room[160], old[160];
        struct bytes der = put_pair(room, v.r, v.s);
        BN_bn2binpad(v.r, old, c->len);
        BN_bn2binpad(v.s, old + c->len, c->len);
        struct bytes fixed = bytes_make(old, 2 * (size_t)c->len);
        assert_true(believes(key, c->method, fixed));
        assert_false(believes_under(key, algorithms[row_of(c->scheme)], fixed));
        for (size_t m = 0; m < sizeof methods; m++) {
            assert_false(believes(key, methods[m], der));
            assert_int_equal(believes(key, methods[m], fixed), methods[m] == c->method);
        }
        /* another curve's numbers, made as long as they must be there */
        for (size_t k = 0; k < 3; k++) {
            if (k == i)
                continue;
            EVP_PKEY *other = key_of(curves[k].type);
            assert_false(believes(other, c->method, fixed));
            assert_false(believes(other, curves[k].method, fixed));
            EVP_PKEY_free(other);
        }
        numbers_free(&v);
        EVP_PKEY_free(key);
    }
}

/* Numbers of a small curve fit where those of a large one belong, and so does its hash. */
static void the_method_says_which_curve(void **state)
{
    (void)state;
    EVP_PKEY *key = key_of("ecdsa256");
    for (size_t i = 0; i < 3; i++) {
        const struct curve *c = &curves[i];
        struct numbers v;
        uint8_t old[160];
        numbers_of(key, c, &v);
        BN_bn2binpad(v.r, old, c->len);
        BN_bn2binpad(v.s, old + c->len, c->len);
        assert_int_equal(believes(key, c->method, bytes_make(old, 2 * (size_t)c->len)), i == 0);
        numbers_free(&v);
    }
    EVP_PKEY_free(key);
}

/* ---- Edwards curves ------------------------------------------------------------------------------ */

/* S + L signs the same octets where S is not compared with L (RFC 8032 5.1.7). */
static void edwards_scalars_are_reduced(void **state)
{
    (void)state;
    static const struct {
        const char *name, *order;
        size_t half;
    } rows[] = {
        {"ED25519", "1000000000000000000000000000000014DEF9DEA2F79CD65812631A5CF5D3ED", 32},
        {"ED448", "3FFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFF7CCA23E9C44EDB49AED63690216"
                  "CC2728DC58F552378C292AB5844F3",
         57},
    };
    for (size_t i = 0; i < 2; i++) {
        size_t row = row_of(rows[i].name), half = rows[i].half;
        EVP_PKEY *key = key_of_row(row);
        uint8_t signature[114];
        memcpy(signature, make_proper(key, row).at, 2 * half);
        struct bytes all = bytes_make(signature, 2 * half);
        assert_true(believes_under(key, algorithms[row], all));
        BIGNUM *order = NULL, *s = BN_lebin2bn(signature + half, (int)half, NULL);
        BN_hex2bn(&order, rows[i].order);
        BN_add(s, s, order);
        assert_int_equal(BN_bn2lebinpad(s, signature + half, (int)half), (int)half);
        assert_false(believes_under(key, algorithms[row], all));
        memset(signature, 0, sizeof signature); /* the neutral point and zero */
        signature[0] = 1;
        assert_false(believes_under(key, algorithms[row], all));
        BN_free(order);
        BN_free(s);
        EVP_PKEY_free(key);
    }
}

/* ---- ML-DSA -------------------------------------------------------------------------------------- */

/* The last omega + k octets are the hint: positions, zeros where there are none, and where each
 * polynomial's end. Each value has one encoding (FIPS 204 algorithm 21). */
static void every_octet_of_an_mldsa_hint_counts(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        size_t hint;
    } rows[] = {{"ML_DSA_44", 84}, {"ML_DSA_65", 61}, {"ML_DSA_87", 83}};
    for (size_t i = 0; i < 3; i++) {
        size_t row = row_of(rows[i].name);
        EVP_PKEY *key = key_of_row(row);
        struct bytes good = make_proper(key, row);
        assert_true(believes_under(key, algorithms[row], good));
        uint8_t *octet = (uint8_t *)(uintptr_t)good.at;
        for (size_t at = good.len - rows[i].hint; at < good.len; at++) {
            octet[at]++;
            assert_false(believes_under(key, algorithms[row], good));
            octet[at] -= 2;
            assert_false(believes_under(key, algorithms[row], good));
            octet[at]++;
        }
        EVP_PKEY_free(key);
    }
}

/* ---- AlgorithmIdentifiers ------------------------------------------------------------------------ */

static void another_row_s_algorithm_is_refused(void **state)
{
    (void)state;
    assert_null(scheme_at(ROWS));
    for (size_t row = 0; row < ROWS; row++) {
        if (!is_fast(row))
            continue;
        EVP_PKEY *key = key_of_row(row);
        struct bytes good = make_proper(key, row);
        for (size_t other = 0; other < ROWS; other++)
            if (believes_under(key, algorithms[other], good) != (other == row))
                fail_msg("%s under %s", scheme_at(row)->name, scheme_at(other)->name);
        EVP_PKEY_free(key);
    }
}

/* Whatever octet is changed, left out or put in, lengths made to fit: it is another algorithm. */
static void change_everywhere(EVP_PKEY *key, struct bytes algorithm, struct bytes good)
{
    uint8_t changed[HEAD_MAX];
    for (size_t at = 0; at < algorithm.len; at++) {
        memcpy(changed, algorithm.at, algorithm.len);
        for (unsigned by = 1; by < 256; by++) {
            changed[at] = (uint8_t)(algorithm.at[at] ^ by);
            assert_false(believes_under(key, bytes_make(changed, algorithm.len), good));
        }
    }
    for (size_t at = 0; at < algorithm.len; at++) {
        memcpy(changed, algorithm.at, at);
        memcpy(changed + at, algorithm.at + at + 1, algorithm.len - at - 1);
        assert_false(believes_under(key, bytes_make(changed, algorithm.len - 1), good));
        changed[1] = (uint8_t)(algorithm.len - 3);
        assert_false(believes_under(key, bytes_make(changed, algorithm.len - 1), good));
    }
    static const uint8_t values[] = {0x00, 0x01, 0x02, 0x05, 0x06, 0x30, 0x7f, 0x80, 0x81, 0xa0, 0xff};
    for (size_t at = 0; at <= algorithm.len; at++) {
        for (size_t i = 0; i < sizeof values; i++) {
            memcpy(changed, algorithm.at, at);
            changed[at] = values[i];
            memcpy(changed + at + 1, algorithm.at + at, algorithm.len - at);
            assert_false(believes_under(key, bytes_make(changed, algorithm.len + 1), good));
            changed[1] = (uint8_t)(algorithm.len - 1);
            assert_false(believes_under(key, bytes_make(changed, algorithm.len + 1), good));
        }
    }
}

static void every_octet_of_an_algorithm_counts(void **state)
{
    (void)state;
    for (size_t row = 0; row < ROWS; row++) {
        if (!is_fast(row))
            continue;
        EVP_PKEY *key = key_of_row(row);
        struct bytes good = make_proper(key, row);
        assert_true(believes_under(key, algorithms[row], good));
        change_everywhere(key, algorithms[row], good);
        EVP_PKEY_free(key);
    }
}

/* The length octet in front lies: too little, too much, more than there is. */
static void the_length_of_the_algorithm_is_believed_in_one_case(void **state)
{
    (void)state;
    static uint8_t room[AUTH_MAX];
    for (size_t row = 0; row < ROWS; row++) {
        if (!is_fast(row))
            continue;
        EVP_PKEY *key = key_of_row(row);
        struct bytes good = make_proper(key, row), algorithm = algorithms[row];
        memcpy(room + 1, algorithm.at, algorithm.len);
        memcpy(room + 1 + algorithm.len, good.at, good.len);
        for (unsigned len = 0; len < 256; len++) {
            room[0] = (uint8_t)len;
            assert_int_equal(believes(key, DIGITAL_SIGNATURE, bytes_make(room, 1 + algorithm.len + good.len)), len == algorithm.len);
            assert_false(believes(key, DIGITAL_SIGNATURE, bytes_make(room, 1 + algorithm.len)));
            assert_false(believes(key, DIGITAL_SIGNATURE, bytes_make(room, 1)));
        }
        assert_false(believes(key, DIGITAL_SIGNATURE, BYTES_NONE));
        EVP_PKEY_free(key);
    }
}

/* Content that means the same to a lenient reader; only the parameters NULL and absent are one. */
static void other_ways_to_write_an_algorithm_are_refused(void **state)
{
    (void)state;
#define P256 "\x2a\x86\x48\xce\x3d\x04\x03\x02"
#define ED "\x2b\x65\x70"
#define MGF1 "\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x01\x08"
#define PSS_PARTS(outer, inner, hash, mask, rest) \
    SEQ(outer, "\x09", "\x2a\x86\x48\x86\xf7\x0d\x01\x01\x0a", "\x30" inner hash mask rest)
    /* clang-format off */
    static const struct {
        bool good;
        const char *name, *what;
        struct bytes algorithm;
    } rows[] = {
        {true,  "ECDSA_WITH_SHA2_256", "no parameters",    BYTES_LIT("\x30\x0a\x06\x08" P256)},
        {true,  "ECDSA_WITH_SHA2_256", "NULL",             BYTES_LIT("\x30\x0c\x06\x08" P256 "\x05\x00")},
        {false, "ECDSA_WITH_SHA2_256", "NULL twice",       BYTES_LIT("\x30\x0e\x06\x08" P256 "\x05\x00\x05\x00")},
        {false, "ECDSA_WITH_SHA2_256", "NULL outside",     BYTES_LIT("\x30\x0a\x06\x08" P256 "\x05\x00")},
        {false, "ECDSA_WITH_SHA2_256", "the curve",        BYTES_LIT("\x30\x14\x06\x08" P256 "\x06\x08\x2a\x86\x48\xce\x3d\x03\x01\x07")},
        {false, "ECDSA_WITH_SHA2_256", "an empty SEQUENCE", BYTES_LIT("\x30\x0c\x06\x08" P256 "\x30\x00")},
        {false, "ECDSA_WITH_SHA2_256", "a long length",    BYTES_LIT("\x30\x81\x0a\x06\x08" P256)},
        {false, "ECDSA_WITH_SHA2_256", "a longer length",  BYTES_LIT("\x30\x82\x00\x0a\x06\x08" P256)},
        {false, "ECDSA_WITH_SHA2_256", "an endless length", BYTES_LIT("\x30\x80\x06\x08" P256 "\x00\x00")},
        {false, "ECDSA_WITH_SHA2_256", "a long inner length", BYTES_LIT("\x30\x0b\x06\x81\x08" P256)},
        {false, "ECDSA_WITH_SHA2_256", "a padded OID",     BYTES_LIT("\x30\x0b\x06\x09\x2a\x80\x86\x48\xce\x3d\x04\x03\x02")},
        {false, "ECDSA_WITH_SHA2_256", "a relative OID",   BYTES_LIT("\x30\x0a\x0d\x08" P256)},
        {false, "ECDSA_WITH_SHA2_256", "an OID alone",     BYTES_LIT("\x06\x08" P256)},
        {false, "ECDSA_WITH_SHA2_256", "a SEQUENCE twice", BYTES_LIT("\x30\x0c\x30\x0a\x06\x08" P256)},
        {false, "ECDSA_WITH_SHA2_256", "two of them",      BYTES_LIT("\x30\x0a\x06\x08" P256 "\x30\x0a\x06\x08" P256)},
        {false, "ECDSA_WITH_SHA2_256", "an empty OID",     BYTES_LIT("\x30\x02\x06\x00")},
        {false, "ECDSA_WITH_SHA2_256", "nothing",          BYTES_LIT("\x30\x00")},
        {true,  "RSA_EMSA_PSS_SHA2_256", "as it should be", PSS_PARTS("\x41", "\x34", "\xa0\x0f" SHA("\x01"), "\xa1\x1c\x30\x1a" MGF1 SHA("\x01"), "\xa2\x03\x02\x01\x20")},
        {false, "RSA_EMSA_PSS_SHA2_256", "more in the hash", PSS_PARTS("\x43", "\x36", "\xa0\x11" SHA("\x01") "\x05\x00", "\xa1\x1c\x30\x1a" MGF1 SHA("\x01"), "\xa2\x03\x02\x01\x20")},
        {false, "RSA_EMSA_PSS_SHA2_256", "more in the mask", PSS_PARTS("\x43", "\x36", "\xa0\x0f" SHA("\x01"), "\xa1\x1e\x30\x1a" MGF1 SHA("\x01") "\x05\x00", "\xa2\x03\x02\x01\x20")},
        {false, "RSA_EMSA_PSS_SHA2_256", "more in its algorithm", PSS_PARTS("\x43", "\x36", "\xa0\x0f" SHA("\x01"), "\xa1\x1e\x30\x1c" MGF1 SHA("\x01") "\x05\x00", "\xa2\x03\x02\x01\x20")},
        {false, "RSA_EMSA_PSS_SHA2_256", "more in the salt", PSS_PARTS("\x43", "\x36", "\xa0\x0f" SHA("\x01"), "\xa1\x1c\x30\x1a" MGF1 SHA("\x01"), "\xa2\x05\x02\x01\x20\x05\x00")},
        {false, "RSA_EMSA_PSS_SHA2_256", "two octets of salt", PSS_PARTS("\x42", "\x35", "\xa0\x0f" SHA("\x01"), "\xa1\x1c\x30\x1a" MGF1 SHA("\x01"), "\xa2\x04\x02\x02\x20\x20")},
        {true,  "RSA_EMSA_PSS_SHA2_256", "the trailer",      PSS_PARTS("\x46", "\x39", "\xa0\x0f" SHA("\x01"), "\xa1\x1c\x30\x1a" MGF1 SHA("\x01"), "\xa2\x03\x02\x01\x20\xa3\x03\x02\x01\x01")},
        {false, "RSA_EMSA_PSS_SHA2_256", "another trailer",  PSS_PARTS("\x46", "\x39", "\xa0\x0f" SHA("\x01"), "\xa1\x1c\x30\x1a" MGF1 SHA("\x01"), "\xa2\x03\x02\x01\x20\xa3\x03\x02\x01\xbc")},
        {false, "RSA_EMSA_PSS_SHA2_256", "more in the trailer", PSS_PARTS("\x48", "\x3b", "\xa0\x0f" SHA("\x01"), "\xa1\x1c\x30\x1a" MGF1 SHA("\x01"), "\xa2\x03\x02\x01\x20\xa3\x05\x02\x01\x01\x05\x00")},
        {false, "RSA_EMSA_PSS_SHA2_256", "more behind all",  PSS_PARTS("\x43", "\x36", "\xa0\x0f" SHA("\x01"), "\xa1\x1c\x30\x1a" MGF1 SHA("\x01"), "\xa2\x03\x02\x01\x20\x05\x00")},
        {false, "RSA_EMSA_PSS_SHA2_256", "more behind the parameters", PSS_PARTS("\x43", "\x34", "\xa0\x0f" SHA("\x01"), "\xa1\x1c\x30\x1a" MGF1 SHA("\x01"), "\xa2\x03\x02\x01\x20\x05\x00")},
        {false, "RSA_EMSA_PSS_SHA2_256", "a mask that is no MGF1", PSS_PARTS("\x41", "\x34", "\xa0\x0f" SHA("\x01"), "\xa1\x1c\x30\x1a\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x01\x09" SHA("\x01"), "\xa2\x03\x02\x01\x20")},
        {false, "RSA_EMSA_PSS_SHA2_256", "another hash for the mask", PSS_PARTS("\x41", "\x34", "\xa0\x0f" SHA("\x01"), "\xa1\x1c\x30\x1a" MGF1 SHA("\x02"), "\xa2\x03\x02\x01\x20")},
        {false, "RSA_EMSA_PSS_SHA2_256", "NULL with content", PSS_PARTS("\x42", "\x35", "\xa0\x10\x30\x0e\x06\x09\x60\x86\x48\x01\x65\x03\x04\x02\x01\x05\x01\x00", "\xa1\x1c\x30\x1a" MGF1 SHA("\x01"), "\xa2\x03\x02\x01\x20")},
        {true,  "ED25519",             "no parameters",    BYTES_LIT("\x30\x05\x06\x03" ED)},
        {false, "ED25519",             "NULL",             BYTES_LIT("\x30\x07\x06\x03" ED "\x05\x00")},
        {false, "ML_DSA_65",           "NULL",             BYTES_LIT("\x30\x0d\x06\x09\x60\x86\x48\x01\x65\x03\x04\x03\x12\x05\x00")},
        {false, "ML_DSA_65",           "HashML-DSA",       BYTES_LIT("\x30\x0b\x06\x09\x60\x86\x48\x01\x65\x03\x04\x03\x21")},
    };
    /* clang-format on */
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        size_t row = row_of(rows[i].name);
        EVP_PKEY *key = key_of_row(row);
        if (believes_under(key, rows[i].algorithm, make_proper(key, row)) != rows[i].good)
            fail_msg("%s: %s", rows[i].name, rows[i].what);
        EVP_PKEY_free(key);
    }
}

/* ---- keys and rules ------------------------------------------------------------------------------ */

static void keys_beyond_all_measure_are_refused(void **state)
{
    (void)state;
    enum { BITS = SCHEME_RSA_BITS_MAX + 8 };
    static uint8_t modulus[BITS / 8];
    unsigned exponent = 65537;
    memset(modulus, 0x81, sizeof modulus);
    OSSL_PARAM params[] = {
        OSSL_PARAM_construct_BN(OSSL_PKEY_PARAM_RSA_N, modulus, sizeof modulus),
        OSSL_PARAM_construct_uint(OSSL_PKEY_PARAM_RSA_E, &exponent),
        OSSL_PARAM_END,
    };
    EVP_PKEY *key = NULL;
    EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_name(NULL, "RSA", NULL);
    const char *why = "";
    assert_int_equal(EVP_PKEY_fromdata_init(ctx), 1);
    assert_int_equal(EVP_PKEY_fromdata(ctx, &key, EVP_PKEY_PUBLIC_KEY, params), 1);
    assert_int_equal(EVP_PKEY_get_bits(key), BITS);
    assert_false(scheme_key_is_good(key, &why));
    assert_string_equal(why, "the RSA key is too long");
    EVP_PKEY_CTX_free(ctx);
    EVP_PKEY_free(key);
}

/* Whatever a key that is too weak has signed. */
static void weak_keys_sign_in_vain(void **state)
{
    (void)state;
    size_t row = row_of("RSA_EMSA_PKCS1_SHA2_256");
    EVP_PKEY *key = EVP_PKEY_Q_keygen(NULL, NULL, "RSA", (size_t)1024);
    struct bytes signature = make_proper(key, row);
    assert_false(believes_under(key, algorithms[row], signature));
    assert_false(believes(key, OLD_RSA, signature));
    EVP_PKEY_free(key);
}

/* Of the old method, too, which does not say its hash. */
static void rules_hold_for_old_methods(void **state)
{
    (void)state;
    static const struct cred_rule rules[] = {
        {.hashes = 1 << 2}, {.hashes = 1 << 4}, {.rsa_bits = 3072}, {.families = 1 << FAMILY_RSA_PSS}};
    size_t row = row_of("RSA_EMSA_PKCS1_SHA2_256");
    EVP_PKEY *key = key_of_row(row);
    struct bytes signature = make_proper(key, row);
    const struct scheme *used;
    const char *why;
    for (size_t i = 0; i < sizeof rules / sizeof rules[0]; i++)
        assert_int_equal(scheme_verify(key, OLD_RSA, octets, signature, &rules[i], &used, &why), i == 0);
    EVP_PKEY_free(key);
}

static void rules_ask_for_so_many_bits(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        struct cred_rule rule;
        bool good;
    } rows[] = {
        {"RSA_EMSA_PSS_SHA2_256", {.rsa_bits = 2048}, true},
        {"RSA_EMSA_PSS_SHA2_256", {.rsa_bits = 2049}, false},
        {"RSA_EMSA_PKCS1_SHA2_256", {.rsa_bits = 2048}, true},
        {"RSA_EMSA_PKCS1_SHA2_256", {.rsa_bits = 3072}, false},
        {"RSA_EMSA_PKCS1_SHA2_256", {.ecdsa_bits = 384}, true},
        {"ECDSA_WITH_SHA2_256", {.ecdsa_bits = 256}, true},
        {"ECDSA_WITH_SHA2_256", {.ecdsa_bits = 384}, false},
        {"ECDSA_WITH_SHA2_256", {.rsa_bits = 3072}, true},
        {"ECDSA_WITH_SHA2_256", {.hashes = 1 << 3}, false},
        {"ED25519", {.rsa_bits = 4096, .ecdsa_bits = 521}, true},
    };
    static uint8_t room[AUTH_MAX];
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        size_t row = row_of(rows[i].name);
        EVP_PKEY *key = key_of_row(row);
        struct bytes algorithm = algorithms[row], signature = make_proper(key, row);
        const struct scheme *used;
        const char *why;
        room[0] = (uint8_t)algorithm.len;
        memcpy(room + 1, algorithm.at, algorithm.len);
        memcpy(room + 1 + algorithm.len, signature.at, signature.len);
        struct bytes auth = bytes_make(room, 1 + algorithm.len + signature.len);
        if (scheme_verify(key, DIGITAL_SIGNATURE, octets, auth, &rows[i].rule, &used, &why) !=
            rows[i].good)
            fail_msg("row %zu: %s", i, rows[i].name);
        EVP_PKEY_free(key);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_signature_made_in_another_way_is_refused),
        cmocka_unit_test(signatures_of_one_value_only_are_refused),
        cmocka_unit_test(every_octet_of_an_rsa_block_counts),
        cmocka_unit_test(rsa_blocks_hold_one_digest_info_and_nothing_else),
        cmocka_unit_test(rsa_numbers_are_in_range_and_of_full_length),
        cmocka_unit_test(rsa_signatures_keep_their_zeros),
        cmocka_unit_test(numbers_of_ecdsa_are_in_range),
        cmocka_unit_test(ecdsa_signatures_are_der_to_the_last_octet),
        cmocka_unit_test(forms_and_curves_do_not_mix),
        cmocka_unit_test(the_method_says_which_curve),
        cmocka_unit_test(edwards_scalars_are_reduced),
        cmocka_unit_test(every_octet_of_an_mldsa_hint_counts),
        cmocka_unit_test(another_row_s_algorithm_is_refused),
        cmocka_unit_test(every_octet_of_an_algorithm_counts),
        cmocka_unit_test(the_length_of_the_algorithm_is_believed_in_one_case),
        cmocka_unit_test(other_ways_to_write_an_algorithm_are_refused),
        cmocka_unit_test(keys_beyond_all_measure_are_refused),
        cmocka_unit_test(rules_ask_for_so_many_bits),
        cmocka_unit_test(weak_keys_sign_in_vain),
        cmocka_unit_test(rules_hold_for_old_methods),
    };
    return cmocka_run_group_tests(tests, NULL, drop_keys);
}
