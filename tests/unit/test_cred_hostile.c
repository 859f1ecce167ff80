/*
 * hostile: certificates no honest CA issues, encodings that are not DER, chains that lead nowhere or
 * in circles, and what else a peer may put into CERT and CERTREQ payloads. Each is refused with its
 * reason, and the good one after it is believed.
 */
#include "../support/cred_world.h"

#include "cred/file.h"

#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/param_build.h>
#include <openssl/rsa.h>
#include <openssl/x509v3.h>
#include <stdlib.h>
#include <string.h>

/* ---- keys no certificate should have ------------------------------------------------------------- */

/* A public RSA key of this modulus' length and this exponent, as if somebody had made it. */
static EVP_PKEY *rsa_key(unsigned bits, unsigned long exponent)
{
    EVP_PKEY *from = EVP_PKEY_Q_keygen(NULL, NULL, "RSA", (size_t)bits), *key = NULL;
    BIGNUM *n = NULL, *e = BN_new();
    assert_int_equal(EVP_PKEY_get_bn_param(from, OSSL_PKEY_PARAM_RSA_N, &n), 1);
    BN_set_word(e, exponent);
    OSSL_PARAM_BLD *b = OSSL_PARAM_BLD_new();
    OSSL_PARAM_BLD_push_BN(b, OSSL_PKEY_PARAM_RSA_N, n);
    OSSL_PARAM_BLD_push_BN(b, OSSL_PKEY_PARAM_RSA_E, e);
    OSSL_PARAM *params = OSSL_PARAM_BLD_to_param(b);
    EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_name(NULL, "RSA", NULL);
    assert_int_equal(EVP_PKEY_fromdata_init(ctx), 1);
    assert_int_equal(EVP_PKEY_fromdata(ctx, &key, EVP_PKEY_PUBLIC_KEY, params), 1);
    OSSL_PARAM_free(params);
    OSSL_PARAM_BLD_free(b);
    EVP_PKEY_CTX_free(ctx);
    BN_free(n);
    BN_free(e);
    EVP_PKEY_free(from);
    return key;
}

/* P-256 with its numbers written out instead of its name (forbidden by RFC 5480 2.1.1). */
static EVP_PKEY *explicit_key(void)
{
    EVP_PKEY *key = NULL;
    EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_name(NULL, "EC", NULL);
    assert_int_equal(EVP_PKEY_keygen_init(ctx), 1);
    assert_int_equal(EVP_PKEY_CTX_set_group_name(ctx, "P-256"), 1);
    assert_int_equal(EVP_PKEY_CTX_set_ec_param_enc(ctx, 0), 1);
    assert_int_equal(EVP_PKEY_generate(ctx, &key), 1);
    EVP_PKEY_CTX_free(ctx);
    return key;
}

/* The peer's certificate with this key; AUTH is made with another. The key is freed. */
static void check_key(struct cred_world *w, EVP_PKEY *key, const char *words)
{
    struct pki_request r = peer_request();
    assert_non_null(key);
    r.key = key;
    X509 *cert = certify(r);
    struct sent *s = sending(moon);
    sent_add(s, cert);
    assert_refused(sent_judge(w, s, peer_key), words);
    sent_drop(s);
    X509_free(cert);
    EVP_PKEY_free(key);
}

static void weak_and_strange_keys_are_refused(void **state)
{
    (void)state;
    struct cred_world w;
    cred_world_begin(&w);
    assert_true(cred_world_load(&w, false, NULL));
    check_key(&w, rsa_key(2048, 0), "is refused: the RSA key has a bad exponent");
    check_key(&w, rsa_key(2048, 1), "is refused: the RSA key has a bad exponent");
    check_key(&w, rsa_key(2048, 2), "is refused: the RSA key has a bad exponent");
    check_key(&w, rsa_key(2048, 65536), "is refused: the RSA key has a bad exponent");
    check_key(&w, rsa_key(512, 65537), "its key is too weak");
    check_key(&w, rsa_key(1024, 65537), "its key is too weak");
    check_key(&w, rsa_key(2040, 65537), "is refused: the RSA key is too short");
    check_key(&w, rsa_key(2048, 65537), "does not fit the key"); /* a good one, of somebody else */
    check_key(&w, explicit_key(), "explicit ECC parameters");
    check_key(&w, EVP_PKEY_Q_keygen(NULL, NULL, "EC", "P-224"), "is refused: only the curves");
    check_key(&w, EVP_PKEY_Q_keygen(NULL, NULL, "EC", "secp256k1"), "is refused: only the curves");
    check_key(&w, EVP_PKEY_Q_keygen(NULL, NULL, "EC", "brainpoolP256r1"), "is refused: only the curves");
    check_key(&w, EVP_PKEY_Q_keygen(NULL, NULL, "X25519"), "is refused: keys of this type are not supported");
    check_key(&w, EVP_PKEY_Q_keygen(NULL, NULL, "ML-KEM-768"), "is refused: keys of this type are not supported");
    assert_null(judge_request(&w, peer_request()));
    cred_world_end(&w);
}

/* The same for CAs below the root, whose keys sign the peer's certificate. */
static void weak_cas_are_refused(void **state)
{
    (void)state;
    struct cred_world w;
    cred_world_begin(&w);
    assert_true(cred_world_load(&w, false, NULL));
    EVP_PKEY *weak = EVP_PKEY_Q_keygen(NULL, NULL, "RSA", (size_t)1024);
    X509 *ca = certify(ca_request("CN=weak", weak, root, root_key));
    struct pki_request r = peer_request();
    r.issuer = ca;
    r.issuer_key = weak;
    X509 *leaf = certify(r);
    struct sent *s = sending(moon);
    sent_add(s, leaf);
    sent_add(s, ca);
    assert_refused(sent_judge(&w, s, peer_key), "its CA's key is too weak");
    sent_drop(s);
    X509_free(ca);
    X509_free(leaf);
    EVP_PKEY_free(weak);
    cred_world_end(&w);
}

/* ---- certificates made by hand ------------------------------------------------------------------- */

/* Something done to the peer's certificate before it is signed. */
typedef void spoil_function(X509 *cert);

static X509 *spoiled(spoil_function *spoil, const EVP_MD *hash)
{
    X509 *cert = certify(peer_request());
    if (spoil)
        spoil(cert);
    assert_true(X509_sign(cert, root_key, hash) > 0);
    return cert;
}

static const char *judge_spoiled(struct cred_world *w, spoil_function *spoil)
{
    X509 *cert = spoiled(spoil, EVP_sha256());
    struct sent *s = sending(moon);
    sent_add(s, cert);
    const char *why = sent_judge(w, s, peer_key);
    sent_drop(s);
    X509_free(cert);
    return why;
}

static void add_extension(X509 *cert, int nid, bool critical, struct bytes content)
{
    ASN1_OCTET_STRING *data = ASN1_OCTET_STRING_new();
    ASN1_OCTET_STRING_set(data, content.at, (int)content.len);
    X509_EXTENSION *e = X509_EXTENSION_create_by_NID(NULL, nid, critical, data);
    assert_int_equal(X509_add_ext(cert, e, -1), 1);
    X509_EXTENSION_free(e);
    ASN1_OCTET_STRING_free(data);
}

static void replace_extension(X509 *cert, int nid, struct bytes content)
{
    int at = X509_get_ext_by_NID(cert, nid, -1);
    if (at >= 0)
        X509_EXTENSION_free(X509_delete_ext(cert, at));
    add_extension(cert, nid, false, content);
}

static void unknown_and_critical(X509 *cert)
{
    add_extension(cert, NID_netscape_comment, true, BYTES_LIT("\x16\x01x"));
}

static void alternatives_twice(X509 *cert)
{
    add_extension(cert, NID_subject_alt_name, false, BYTES_LIT("\x30\x0e\x82\x0cmoon.example"));
}

static void usage_twice(X509 *cert)
{
    add_extension(cert, NID_ext_key_usage, false, BYTES_LIT("\x30\x0a\x06\x08\x2b\x06\x01\x05\x05\x07\x03\x01"));
}

static void usage_broken(X509 *cert)
{
    replace_extension(cert, NID_ext_key_usage, BYTES_LIT("\x30\x0a\x06\x08\x2b\x06\x01"));
}

static void usage_empty(X509 *cert)
{
    replace_extension(cert, NID_ext_key_usage, BYTES_LIT("\x30\x00"));
}

static void key_usage_twice(X509 *cert)
{
    add_extension(cert, NID_key_usage, true, BYTES_LIT("\x03\x02\x07\x80"));
}

static void alternatives_broken(X509 *cert)
{
    replace_extension(cert, NID_subject_alt_name, BYTES_LIT("\x30\x0e\x82\x0dmoon.example"));
}

static void no_alternatives(X509 *cert)
{
    X509_EXTENSION_free(X509_delete_ext(cert, X509_get_ext_by_NID(cert, NID_subject_alt_name, -1)));
}

static void wildcard(X509 *cert)
{
    replace_extension(cert, NID_subject_alt_name, BYTES_LIT("\x30\x0b\x82\x09*.example"));
}

static void with_a_zero(X509 *cert)
{
    replace_extension(cert, NID_subject_alt_name,
                      BYTES_LIT("\x30\x13\x82\x11moon.example\0.com"));
}

static void as_a_uri(X509 *cert)
{
    replace_extension(cert, NID_subject_alt_name, BYTES_LIT("\x30\x0e\x86\x0cmoon.example"));
}

static void as_mail(X509 *cert)
{
    replace_extension(cert, NID_subject_alt_name, BYTES_LIT("\x30\x0e\x81\x0cmoon.example"));
}

static void ends_before_it_begins(X509 *cert)
{
    X509_gmtime_adj(X509_getm_notBefore(cert), YEAR);
    X509_gmtime_adj(X509_getm_notAfter(cert), -YEAR);
}

static void time_that_is_none(X509 *cert)
{
    ASN1_STRING_set(X509_getm_notAfter(cert), "999999999999Z", 13);
}

/* A name that would run over a line of the log. */
static void shouting(X509 *cert)
{
    X509_NAME *name = X509_NAME_new();
    for (int i = 0; i < 200; i++)
        X509_NAME_add_entry_by_NID(name, NID_commonName, MBSTRING_ASC,
                                   (const uint8_t *)"\x1b[31m\nit is 'trusted'\r", -1, -1, 0);
    X509_set_subject_name(cert, name);
    X509_NAME_free(name);
    X509_gmtime_adj(X509_getm_notAfter(cert), -YEAR);
}

static void extensions_that_lie_are_refused(void **state)
{
    (void)state;
    static const struct {
        const char *what;
        spoil_function *spoil;
        const char *words;
    } rows[] = {
        {"an unknown critical extension", unknown_and_critical, "unhandled critical extension"},
        {"two lists of alternative names", alternatives_twice, "cannot be read, or is there twice"},
        {"alternative names that cannot be read", alternatives_broken, "refused"},
        {"no alternative names", no_alternatives, "not for the identity it claims"},
        {"a wildcard", wildcard, "not for the identity it claims"},
        {"a name with a zero in it", with_a_zero, "not for the identity it claims"},
        {"the name as a URI", as_a_uri, "not for the identity it claims"},
        {"the name as a mail address", as_mail, "not for the identity it claims"},
        {"two extended key usages", usage_twice, "refused"},
        {"an extended key usage that cannot be read", usage_broken, "refused"},
        {"an extended key usage that is empty", usage_empty, "extended key usage"},
        {"two key usages", key_usage_twice, "refused"},
        {"an end before the beginning", ends_before_it_begins, "not valid yet"},
        {"a time that is none", time_that_is_none, "refused"},
        {"a subject that shouts", shouting, "it has expired"},
    };
    struct cred_world w;
    cred_world_begin(&w);
    assert_true(cred_world_load(&w, false, NULL));
    assert_null(judge_spoiled(&w, NULL));
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        const char *why = judge_spoiled(&w, rows[i].spoil);
        if (!why || !strstr(why, rows[i].words))
            fail_msg("%s: %s", rows[i].what, why ? why : "believed");
        for (const char *c = why; *c; c++) /* what is hostile does not reach the log */
            assert_true(*c >= ' ' && *c < 127);
    }
    cred_world_end(&w);
}

/* As long as the right one, and in another case: names are compared to the last letter. */
static void names_are_compared_letter_by_letter(void **state)
{
    (void)state;
    static const struct {
        struct identity id;
        bool good;
    } rows[] = {
        {{FQDN, BYTES_LIT("moon.example")}, true},
        {{FQDN, BYTES_LIT("MOON.EXAMPLE")}, true},
        {{FQDN, BYTES_LIT("noon.example")}, false},
        {{FQDN, BYTES_LIT("moon.exampld")}, false},
        {{3, BYTES_LIT("carol@moon.example")}, true},
        {{3, BYTES_LIT("karol@moon.example")}, false},
        {{IPV4, BYTES_LIT("\x0a\x00\x00\x07")}, true},
        {{IPV4, BYTES_LIT("\x0a\x00\x00\x06")}, false},
    };
    struct cred_world w;
    cred_world_begin(&w);
    assert_true(cred_world_load(&w, false, NULL));
    X509 *cert = certify(peer_request());
    struct bytes subject = trust_subject(cert);
    uint8_t longer[256] = {0};
    memcpy(longer, subject.at, subject.len);
    assert_true(trust_identity(cert, &(struct identity){DN, bytes_make(longer, subject.len)}));
    assert_false(trust_identity(cert, &(struct identity){DN, bytes_make(longer, subject.len + 1)}));
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct sent *s = sending(rows[i].id);
        sent_add(s, cert);
        const char *why = sent_judge(&w, s, peer_key);
        if (rows[i].good)
            assert_null(why);
        else
            assert_refused(why, "not for the identity it claims");
        sent_drop(s);
    }
    X509_free(cert);
    cred_world_end(&w);
}

static void hashes_that_are_broken_sign_no_certificate(void **state)
{
    (void)state;
    struct cred_world w;
    cred_world_begin(&w);
    assert_true(cred_world_load(&w, false, NULL));
    X509 *old = spoiled(NULL, EVP_sha1());
    struct sent *s = sending(moon);
    sent_add(s, old);
    assert_refused(sent_judge(&w, s, peer_key), "it is signed with too weak a hash");
    sent_drop(s);
    X509_free(old);
    cred_world_end(&w);
}

/* ---- octets that are almost a certificate -------------------------------------------------------- */

static const char *judge_octets(struct cred_world *w, struct bytes der)
{
    struct sent *s = sending(moon);
    sent_add_octets(s, X509_SIGNATURE, der);
    const char *why = sent_judge(w, s, peer_key);
    sent_drop(s);
    return why;
}

/* Content and trailer of a certificate under another tag and length. */
static const char *judge_wrapped(struct cred_world *w, struct bytes head, struct bytes content,
                                 struct bytes tail)
{
    uint8_t room[4096];
    assert_true(head.len + content.len + tail.len <= sizeof room);
    memcpy(room, head.at, head.len);
    memcpy(room + head.len, content.at, content.len);
    if (tail.len)
        memcpy(room + head.len + content.len, tail.at, tail.len);
    return judge_octets(w, bytes_make(room, head.len + content.len + tail.len));
}

static void certificates_are_der_to_the_last_octet(void **state)
{
    (void)state;
    struct cred_world w;
    cred_world_begin(&w);
    assert_true(cred_world_load(&w, false, NULL));
    X509 *cert = certify(peer_request());
    uint8_t *der = NULL, lengths[3];
    size_t len = (size_t)i2d_X509(cert, &der);
    assert_int_equal(der[1], 0x82);
    struct bytes content = bytes_make(der + 4, len - 4);
    memcpy(lengths, der + 1, 3);
    const uint8_t high = lengths[1], low = lengths[2];
    const uint8_t longer[] = {0x30, 0x83, 0x00, high, low},
                  longest[] = {0x30, 0x88, 0, 0, 0, 0, 0, 0, high, low},
                  one_more[] = {0x30, 0x82, high, (uint8_t)(low + 1)},
                  one_less[] = {0x30, 0x82, high, (uint8_t)(low - 1)},
                  set[] = {0x31, 0x82, high, low}, huge[] = {0x30, 0x84, 0x7f, 0xff, 0xff, 0xff},
                  beyond[] = {0x30, 0x84, 0xff, 0xff, 0xff, 0xff};
    assert_null(judge_octets(&w, bytes_make(der, len)));
    const struct {
        struct bytes head, tail;
    } rows[] = {
        {BYTES_OF(longer), BYTES_NONE},
        {BYTES_OF(longest), BYTES_NONE},
        {BYTES_LIT("\x30\x80"), BYTES_LIT("\0\0")},
        {BYTES_OF(one_more), BYTES_NONE},
        {BYTES_OF(one_more), BYTES_LIT("\0")},
        {BYTES_OF(one_less), BYTES_NONE},
        {BYTES_OF(set), BYTES_NONE},
        {BYTES_OF(huge), BYTES_NONE},
        {BYTES_OF(beyond), BYTES_NONE},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        assert_refused(judge_wrapped(&w, rows[i].head, content, rows[i].tail), "cannot be read");
    for (size_t cut = 0; cut < len; cut++)
        assert_refused(judge_octets(&w, bytes_make(der, cut)), "cannot be read");
    for (size_t at = 0; at < len; at++) { /* no octet but counts */
        der[at] ^= (uint8_t)(1 << (at % 8));
        assert_non_null(judge_octets(&w, bytes_make(der, len)));
        der[at] ^= (uint8_t)(1 << (at % 8));
    }
    assert_null(judge_octets(&w, bytes_make(der, len)));
    OPENSSL_free(der);
    X509_free(cert);
    cred_world_end(&w);
}

/* RFC 7296 3.6 has fifteen encodings: of these only X.509 and raw keys are looked at, and nothing
 * is fetched from where a hash and URL point to. */
static void other_encodings_are_nothing(void **state)
{
    (void)state;
    struct cred_world w;
    cred_world_begin(&w);
    assert_true(cred_world_load(&w, false, NULL));
    X509 *cert = certify(peer_request());
    uint8_t *der = NULL;
    struct bytes octets_of = bytes_make(NULL, (size_t)i2d_X509(cert, &der));
    octets_of.at = der;
    for (unsigned encoding = 0; encoding < 256; encoding++) {
        struct sent *s = sending(moon);
        sent_add_octets(s, (uint8_t)encoding, octets_of);
        const char *why = sent_judge(&w, s, peer_key);
        sent_drop(s);
        if (encoding == X509_SIGNATURE)
            assert_null(why);
        else
            assert_refused(why, "it sent no certificate");
    }
    OPENSSL_free(der);
    X509_free(cert);
    cred_world_end(&w);
}

/* ---- chains -------------------------------------------------------------------------------------- */

enum { LINKS = TRUST_DEPTH_MAX + 1 };

struct links {
    EVP_PKEY *key[LINKS];
    X509 *cert[LINKS]; /* each issued by the one before, the first by the root */
    X509 *leaf[LINKS]; /* issued by the CA of the same index */
};

static void make_links(struct links *l)
{
    for (int i = 0; i < LINKS; i++) {
        char name[32];
        snprintf(name, sizeof name, "CN=link %d", i);
        l->key[i] = new_key("ecdsa256");
        l->cert[i] = certify(ca_request(name, l->key[i], i ? l->cert[i - 1] : root,
                                        i ? l->key[i - 1] : root_key));
        struct pki_request r = peer_request();
        r.issuer = l->cert[i];
        r.issuer_key = l->key[i];
        l->leaf[i] = certify(r);
    }
}

static void free_links(struct links *l)
{
    for (int i = 0; i < LINKS; i++) {
        EVP_PKEY_free(l->key[i]);
        X509_free(l->cert[i]);
        X509_free(l->leaf[i]);
    }
}

static void chains_have_so_many_links_and_no_more(void **state)
{
    (void)state;
    struct cred_world w;
    struct links l;
    cred_world_begin(&w);
    assert_true(cred_world_load(&w, false, NULL));
    make_links(&l);
    for (int count = 1; count <= LINKS; count++) {
        struct sent *s = sending(moon);
        sent_add(s, l.leaf[count - 1]);
        for (int i = 0; i < count; i++) /* in the wrong order, which is no fault */
            sent_add(s, l.cert[i]);
        const char *why = sent_judge(&w, s, peer_key);
        if (count <= TRUST_DEPTH_MAX)
            assert_null(why);
        else
            assert_refused(why, "its chain is too long");
        for (int i = 0; i < TRUST_CERTS_MAX - LINKS - 1; i++) /* doubles change nothing */
            sent_add(s, l.cert[0]);
        assert_int_equal(!sent_judge(&w, s, peer_key), count <= TRUST_DEPTH_MAX);
        sent_drop(s);
    }
    struct sent *s = sending(moon); /* a gap */
    sent_add(s, l.leaf[2]);
    sent_add(s, l.cert[2]);
    sent_add(s, l.cert[0]);
    assert_refused(sent_judge(&w, s, peer_key), "no trusted CA issued it");
    sent_drop(s);
    free_links(&l);
    cred_world_end(&w);
}

/* One CA with three certificates: by another that it has itself certified, by that one's twin, and
 * by the root. Chains may go around, but end. */
static void cross_signed_loops_end(void **state)
{
    (void)state;
    struct cred_world w;
    cred_world_begin(&w);
    assert_true(cred_world_load(&w, false, NULL));
    EVP_PKEY *a = new_key("ecdsa256"), *b = new_key("ecdsa256");
    X509 *a_self = certify(ca_request("CN=a", a, NULL, NULL));
    X509 *b_by_a = certify(ca_request("CN=b", b, a_self, a));
    X509 *a_by_b = certify(ca_request("CN=a", a, b_by_a, b));
    X509 *a_by_root = certify(ca_request("CN=a", a, root, root_key));
    struct pki_request r = peer_request();
    r.issuer = a_self;
    r.issuer_key = a;
    X509 *leaf = certify(r);
    X509 *const circle[] = {a_by_b, b_by_a, a_self};
    for (int first = 0; first < 3; first++) {
        struct sent *s = sending(moon);
        sent_add(s, leaf);
        for (int i = 0; i < 3; i++)
            sent_add(s, circle[(first + i) % 3]);
        assert_refused(sent_judge(&w, s, peer_key), "refused");
        sent_drop(s);
        sent_add(s, leaf); /* the way out comes first */
        sent_add(s, a_by_root);
        for (int i = 0; i < 3; i++)
            sent_add(s, circle[(first + i) % 3]);
        assert_null(sent_judge(&w, s, peer_key));
        sent_drop(s);
    }
    X509 *all[] = {a_self, b_by_a, a_by_b, a_by_root, leaf};
    for (size_t i = 0; i < sizeof all / sizeof all[0]; i++)
        X509_free(all[i]);
    EVP_PKEY_free(a);
    EVP_PKEY_free(b);
    cred_world_end(&w);
}

/* The root's name on somebody else's key; a sub-CA without the right to sign; one that has expired. */
static void impostors_are_refused(void **state)
{
    (void)state;
    struct cred_world w;
    cred_world_begin(&w);
    assert_true(cred_world_load(&w, false, NULL));
    EVP_PKEY *thief = new_key("ecdsa256");
    struct pki_request cas[] = {
        ca_request("O=braid, CN=root", thief, NULL, NULL),
        ca_request("CN=no signer", thief, root, root_key),
        ca_request("CN=old", thief, root, root_key),
        ca_request("CN=below", thief, root, root_key),
    };
    static const char *const words[] = {"refused", "refused", "it has expired", NULL};
    cas[1].key_usage = "critical,digitalSignature";
    cas[2].from = -2 * YEAR;
    cas[2].until = -YEAR;
    for (size_t i = 0; i < 4; i++) {
        X509 *ca = certify(cas[i]);
        struct pki_request r = peer_request();
        r.issuer = ca;
        r.issuer_key = thief;
        X509 *leaf = certify(r);
        struct sent *s = sending(moon);
        sent_add(s, leaf);
        sent_add(s, ca);
        const char *why = sent_judge(&w, s, peer_key);
        if (words[i])
            assert_refused(why, words[i]);
        else
            assert_null(why);
        sent_drop(s);
        X509_free(ca);
        X509_free(leaf);
    }
    EVP_PKEY_free(thief);
    cred_world_end(&w);
}

static void pad(X509 *cert)
{
    static uint8_t filler[3500];
    filler[0] = 0x04;
    filler[1] = 0x82;
    filler[2] = (sizeof filler - 4) >> 8;
    filler[3] = (sizeof filler - 4) & 0xff;
    add_extension(cert, NID_netscape_comment, false, BYTES_OF(filler));
}

/* As much as fits into a message: 64 kB. Size alone is no fault and no help. */
static void chains_of_64_kb_are_judged_like_others(void **state)
{
    (void)state;
    struct cred_world w;
    cred_world_begin(&w);
    assert_true(cred_world_load(&w, false, NULL));
    X509 *cert = spoiled(pad, EVP_sha256()), *stranger;
    EVP_PKEY *other = new_key("ecdsa256");
    struct pki_request r = peer_request();
    r.issuer = NULL;
    r.key = other;
    stranger = certify(r);
    struct sent *s = sending(moon);
    for (int i = 0; i < TRUST_CERTS_MAX; i++)
        sent_add(s, cert);
    assert_null(sent_judge(&w, s, peer_key));
    sent_drop(s);
    sent_add(s, stranger);
    for (int i = 1; i < TRUST_CERTS_MAX; i++)
        sent_add(s, cert);
    assert_refused(sent_judge(&w, s, other), "self-signed");
    sent_drop(s);
    X509_free(cert);
    X509_free(stranger);
    EVP_PKEY_free(other);
    cred_world_end(&w);
}

/* ---- CERTREQ ------------------------------------------------------------------------------------- */

/* Sixty kilobytes of CAs we do not hang from: our certificate goes out all the same. */
static void floods_of_certreq_change_little(void **state)
{
    (void)state;
    static const char *const names[] = {"own.pem"};
    static uint8_t hashes[60019];
    struct cred_world w;
    struct cred_ref ref;
    cred_world_begin(&w);
    X509 *own = certify(peer_request());
    cred_world_put_cert(&w, "x509", "own.pem", own);
    cred_world_put_key(&w, "own.pem", peer_key, NULL);
    w.section[0].spec.certs = cred_world_ref(&ref, names[0]);
    assert_true(cred_world_load(&w, true, NULL));
    memset(hashes, 0x55, sizeof hashes);
    for (size_t len = 0; len <= sizeof hashes; len += len < 45 ? 1 : 19991) {
        struct ike_ask ask = {.kind = ASK_SIGN, .conn = &w.conn, .octets = octets, .hashes = ALL_HASHES, .asked_for_cert = true, .issuers = bytes_make(hashes, len)};
        struct cred_reply reply;
        struct bytes copy = exact(ask.issuers);
        ask.issuers = copy;
        cred_reply_make(&(struct cred_stock){.wallet = w.wallet}, NULL, &ask, &reply);
        assert_int_equal(reply.answer.status, ANSWER_OK);
        assert_int_equal(reply.answer.cert_count, 1);
        cred_reply_wipe(&reply);
        free_bytes(copy);
    }
    X509_free(own);
    cred_world_end(&w);
}

/* ---- another kind of authentication -------------------------------------------------------------- */

/* Where a signature is asked for, a MAC is none, whatever certificates come along. */
static void a_shared_key_is_no_signature(void **state)
{
    (void)state;
    static const uint8_t methods[] = {0, 2, 3, 12, 13, 15, 255};
    struct cred_world w;
    cred_world_begin(&w);
    assert_true(cred_world_load(&w, false, NULL));
    X509 *cert = certify(peer_request());
    struct sent *s = sending(moon);
    sent_add(s, cert);
    for (size_t i = 0; i < sizeof methods; i++) {
        struct ike_ask ask = {.kind = ASK_VERIFY, .conn = &w.conn, .octets = octets, .theirs = moon, .method = methods[i], .auth = octets, .cert_count = s->count, .certs = s->certs};
        struct cred_reply reply;
        cred_reply_make(&(struct cred_stock){.wallet = w.wallet, .known = w.known}, NULL, &ask, &reply);
        assert_int_equal(reply.answer.status, ANSWER_REFUSED);
        assert_refused(reply.answer.detail, methods[i] == 2 ? "the peer used a shared key" : "not supported");
        cred_reply_wipe(&reply);
    }
    sent_drop(s);
    X509_free(cert);
    cred_world_end(&w);
}

/* ---- raw keys ------------------------------------------------------------------------------------ */

static void raw_keys_are_der_to_the_last_octet(void **state)
{
    (void)state;
    static const char *const names[] = {"moon.pem"};
    struct cred_world w;
    struct cred_ref ref;
    cred_world_begin(&w);
    cred_world_put_public(&w, "moon.pem", peer_key);
    w.section[1].spec.pubkeys = cred_world_ref(&ref, names[0]);
    assert_true(cred_world_load(&w, false, NULL));
    uint8_t room[256], *der = room;
    size_t len = (size_t)i2d_PUBKEY(peer_key, &der);
    for (size_t cut = 0; cut <= len + 1; cut++) {
        struct sent *s = sending(moon);
        sent_add_octets(s, RAW_KEY, bytes_make(room, cut));
        const char *why = sent_judge(&w, s, peer_key);
        sent_drop(s);
        if (cut == len)
            assert_null(why);
        else
            assert_refused(why, "not one of those `pubkeys` names");
    }
    for (size_t at = 0; at < len; at++) {
        room[at] ^= (uint8_t)(1 << (at % 8));
        struct sent *s = sending(moon);
        sent_add_octets(s, RAW_KEY, bytes_make(room, len));
        assert_refused(sent_judge(&w, s, peer_key), "not one of those `pubkeys` names");
        sent_drop(s);
        room[at] ^= (uint8_t)(1 << (at % 8));
    }
    cred_world_end(&w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(weak_and_strange_keys_are_refused),
        cmocka_unit_test(weak_cas_are_refused),
        cmocka_unit_test(extensions_that_lie_are_refused),
        cmocka_unit_test(names_are_compared_letter_by_letter),
        cmocka_unit_test(hashes_that_are_broken_sign_no_certificate),
        cmocka_unit_test(certificates_are_der_to_the_last_octet),
        cmocka_unit_test(other_encodings_are_nothing),
        cmocka_unit_test(chains_have_so_many_links_and_no_more),
        cmocka_unit_test(cross_signed_loops_end),
        cmocka_unit_test(impostors_are_refused),
        cmocka_unit_test(chains_of_64_kb_are_judged_like_others),
        cmocka_unit_test(floods_of_certreq_change_little),
        cmocka_unit_test(a_shared_key_is_no_signature),
        cmocka_unit_test(raw_keys_are_der_to_the_last_octet),
    };
    return cmocka_run_group_tests(tests, make_authorities, drop_authorities);
}
