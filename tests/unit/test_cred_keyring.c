/*
 * keyring: a folder of credentials as the daemon reads it, and a peer that sends whatever it likes.
 * Every certificate and AUTH here is judged as in IKE_AUTH.
 */
#include "../support/cred_world.h"

#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include <stdlib.h>
#include <string.h>

/* ---- tests: certificates ----------------------------------------------------------------------- */

static void a_good_certificate_is_believed_and_a_bad_one_is_refused_with_its_reason(void **state)
{
    (void)state;
    struct cred_world w;
    cred_world_begin(&w);
    assert_true(cred_world_load(&w, false, NULL));
    struct bytes certreq;
    const struct wallet *const all = w.wallet;
    assert_true(keyring_certreq(&all, 1, &certreq));
    assert_int_equal(certreq.len, 20);
    free((void *)(uintptr_t)certreq.at);
    struct pki_request r = peer_request();
    assert_null(judge_request(&w, r));
    r.usage = NULL;
    assert_null(judge_request(&w, r));
    static const char *const good_usages[] = {"1.3.6.1.5.5.7.3.17", "anyExtendedKeyUsage", "1.3.6.1.5.5.8.2.2"};
    for (size_t i = 0; i < 3; i++) {
        r.usage = good_usages[i];
        assert_null(judge_request(&w, r));
    }
    r.usage = "codeSigning";
    assert_refused(judge_request(&w, r), "extended key usage does not allow IKE");
    r = peer_request();
    r.key_usage = "critical,keyEncipherment";
    assert_refused(judge_request(&w, r), "key usage does not allow signatures");
    r = peer_request();
    r.from = -2 * YEAR;
    r.until = -YEAR;
    assert_refused(judge_request(&w, r), "it has expired, on 20");
    r.from = YEAR;
    r.until = 2 * YEAR;
    assert_refused(judge_request(&w, r), "not valid yet, only from 20");
    r = peer_request();
    r.issuer = NULL;
    assert_refused(judge_request(&w, r), "self-signed");
    r = peer_request();
    r.issuer_key = peer_key; /* signed by somebody else than it says */
    assert_refused(judge_request(&w, r), "signature");
    cred_world_end(&w);
}

static void only_identities_in_the_certificate_are_believed(void **state)
{
    (void)state;
    static const uint8_t address[] = {10, 0, 0, 7}, other_address[] = {10, 0, 0, 8};
    struct cred_world w;
    cred_world_begin(&w);
    assert_true(cred_world_load(&w, false, NULL));
    X509 *cert = certify(peer_request());
    struct bytes subject = trust_subject(cert);
    const ASN1_OCTET_STRING *id = X509_get0_subject_key_id(cert);
    const struct identity good[] = {
        moon,
        {FQDN, BYTES_LIT("MOON.example")},
        {3, BYTES_LIT("carol@moon.example")},
        {IPV4, BYTES_OF(address)},
        {DN, subject},
        {KEY_ID, bytes_make(ASN1_STRING_get0_data(id), (size_t)ASN1_STRING_length(id))},
    };
    const struct identity bad[] = {
        {FQDN, BYTES_LIT("sun.example")},
        {FQDN, BYTES_LIT("moon")}, /* the common name is no host name */
        {FQDN, BYTES_LIT("moon.example.")},
        {FQDN, BYTES_LIT("moon.example\0.org")},
        {FQDN, BYTES_LIT("carol@moon.example")},
        {3, BYTES_LIT("moon.example")},
        {IPV4, BYTES_OF(other_address)},
        {DN, bytes_make(subject.at, subject.len - 1)},
        {DN, BYTES_LIT("\x30\x00")},
        {KEY_ID, BYTES_LIT("moon.example")},
        {FQDN, BYTES_NONE},
        {0, BYTES_NONE},
        {99, BYTES_LIT("moon.example")},
    };
    for (size_t i = 0; i < sizeof good / sizeof good[0] + sizeof bad / sizeof bad[0]; i++) {
        bool is_good = i < sizeof good / sizeof good[0];
        struct sent *s = sending(is_good ? good[i] : bad[i - sizeof good / sizeof good[0]]);
        sent_add(s, cert);
        const char *why = sent_judge(&w, s, peer_key);
        if (is_good)
            assert_null(why);
        else
            assert_refused(why, "not for the identity it claims");
        sent_drop(s);
    }
    X509_free(cert);
    cred_world_end(&w);
}

static void the_key_must_be_that_of_the_first_certificate(void **state)
{
    (void)state;
    struct cred_world w;
    cred_world_begin(&w);
    assert_true(cred_world_load(&w, false, NULL));
    EVP_PKEY *thief = new_key("ecdsa256");
    struct pki_request other = peer_request();
    other.key = thief;
    other.issuer = NULL;
    X509 *good = certify(peer_request()), *own = certify(other);
    struct sent *s = sending(moon);
    sent_add(s, good);
    sent_add(s, own);
    assert_refused(sent_judge(&w, s, thief), "the signature is wrong");
    sent_drop(s);
    sent_add(s, own);
    sent_add(s, good);
    assert_refused(sent_judge(&w, s, thief), "self-signed");
    sent_drop(s);
    assert_refused(sent_judge(&w, s, peer_key), "it sent no certificate");
    X509_free(good);
    X509_free(own);
    EVP_PKEY_free(thief);
    cred_world_end(&w);
}

/* ---- tests: chains ----------------------------------------------------------------------------- */

static void sub_cas_need_to_be_cas_and_paths_to_be_short_enough(void **state)
{
    (void)state;
    struct cred_world w;
    cred_world_begin(&w);
    assert_true(cred_world_load(&w, false, NULL));
    EVP_PKEY *key[3] = {new_key("ecdsa256"), new_key("ecdsa256"), new_key("ecdsa256")};
    struct pki_request r = ca_request("CN=one", key[0], root, root_key);
    X509 *one = certify(r);
    r.path_len = 0;
    X509 *none_below = certify(r);
    X509 *two = certify(ca_request("CN=two", key[1], one, key[0]));
    r = peer_request();
    r.issuer = two;
    r.issuer_key = key[1];
    X509 *leaf = certify(r);
    struct sent *s = sending(moon);
    sent_add(s, leaf);
    assert_refused(sent_judge(&w, s, peer_key), "no trusted CA issued it");
    sent_add(s, two);
    sent_add(s, one);
    sent_add(s, one); /* twice, and the root too */
    sent_add(s, root);
    assert_null(sent_judge(&w, s, peer_key));
    sent_drop(s);
    sent_add(s, leaf);
    sent_add(s, two);
    sent_add(s, none_below);
    assert_refused(sent_judge(&w, s, peer_key), "path length");
    sent_drop(s);
    /* an end entity that plays CA */
    X509 *middle = certify(peer_request());
    r = peer_request();
    r.subject = "CN=below";
    r.key = key[2];
    r.issuer = middle;
    r.issuer_key = peer_key;
    X509 *below = certify(r);
    sent_add(s, below);
    sent_add(s, middle);
    assert_refused(sent_judge(&w, s, key[2]), "refused");
    sent_drop(s);
    X509 *all[] = {one, none_below, two, leaf, middle, below};
    for (size_t i = 0; i < sizeof all / sizeof all[0]; i++)
        X509_free(all[i]);
    for (size_t i = 0; i < 3; i++)
        EVP_PKEY_free(key[i]);
    cred_world_end(&w);
}

static void name_constraints_bind(void **state)
{
    (void)state;
    struct cred_world w;
    cred_world_begin(&w);
    assert_true(cred_world_load(&w, false, NULL));
    EVP_PKEY *key = new_key("ecdsa256");
    struct pki_request r = ca_request("CN=sun's", key, root, root_key);
    r.constraint = "critical,permitted;DNS:sun.example";
    X509 *ca = certify(r);
    r = peer_request();
    r.issuer = ca;
    r.issuer_key = key;
    r.id_count = 1;
    X509 *leaf = certify(r);
    struct sent *s = sending(moon);
    sent_add(s, leaf);
    sent_add(s, ca);
    assert_refused(sent_judge(&w, s, peer_key), "permitted subtree");
    sent_drop(s);
    X509_free(ca);
    X509_free(leaf);
    EVP_PKEY_free(key);
    cred_world_end(&w);
}

static void loops_end_and_crowds_are_turned_away(void **state)
{
    (void)state;
    struct cred_world w;
    cred_world_begin(&w);
    assert_true(cred_world_load(&w, false, NULL));
    EVP_PKEY *a = new_key("ecdsa256"), *b = new_key("ecdsa256");
    X509 *a0 = certify(ca_request("CN=a", a, NULL, NULL));
    X509 *b_by_a = certify(ca_request("CN=b", b, a0, a));
    X509 *a_by_b = certify(ca_request("CN=a", a, b_by_a, b));
    struct pki_request r = peer_request();
    r.issuer = a_by_b;
    r.issuer_key = a;
    X509 *leaf = certify(r), *good = certify(peer_request());
    struct sent *s = sending(moon);
    sent_add(s, leaf);
    for (int i = 0; i < 7; i++) {
        sent_add(s, a_by_b);
        sent_add(s, b_by_a);
    }
    assert_refused(sent_judge(&w, s, peer_key), "refused");
    sent_drop(s);
    for (int i = 0; i < TRUST_CERTS_MAX; i++)
        sent_add(s, good);
    assert_null(sent_judge(&w, s, peer_key));
    sent_add(s, good);
    assert_refused(sent_judge(&w, s, peer_key), "too many certificates");
    while (s->count < 1000)
        sent_add(s, good);
    assert_refused(sent_judge(&w, s, peer_key), "too many certificates");
    sent_drop(s);
    X509 *all[] = {a0, b_by_a, a_by_b, leaf, good};
    for (size_t i = 0; i < sizeof all / sizeof all[0]; i++)
        X509_free(all[i]);
    EVP_PKEY_free(a);
    EVP_PKEY_free(b);
    cred_world_end(&w);
}

static void what_is_no_certificate_is_refused(void **state)
{
    (void)state;
    struct cred_world w;
    cred_world_begin(&w);
    assert_true(cred_world_load(&w, false, NULL));
    X509 *cert = certify(peer_request());
    struct sent *s = sending(moon);
    sent_add(s, cert);
    struct ike_cert whole = s->certs[0];
    uint8_t *longer = calloc(1, whole.data.len + 1);
    memcpy(longer, whole.data.at, whole.data.len);
    for (size_t cut = 0; cut < whole.data.len; cut += 7) {
        s->certs[0].data.len = cut;
        assert_refused(sent_judge(&w, s, peer_key), "cannot be read");
    }
    s->certs[0].data = bytes_make(longer, whole.data.len + 1);
    assert_refused(sent_judge(&w, s, peer_key), "cannot be read");
    s->certs[0].data.len = whole.data.len;
    assert_null(sent_judge(&w, s, peer_key));
    for (size_t at = 0; at < whole.data.len; at += 5) {
        longer[at] ^= 0x40;
        assert_non_null(sent_judge(&w, s, peer_key));
        longer[at] ^= 0x40;
    }
    s->certs[0] = whole;
    s->certs[0].encoding = CRL;
    assert_refused(sent_judge(&w, s, peer_key), "it sent no certificate");
    free(longer);
    sent_drop(s);
    X509_free(cert);
    cred_world_end(&w);
}

/* ---- tests: revocation -------------------------------------------------------------------------- */

static void put_list(const struct cred_world *w, const ASN1_INTEGER *revoked, EVP_PKEY *key)
{
    const char *why;
    X509_CRL *crl = pki_list(root, key, &revoked, revoked ? 1 : 0, 10, &why);
    assert_non_null(crl);
    FILE *f = cred_world_open(w, "x509crl", "list.pem");
    PEM_write_X509_CRL(f, crl);
    fclose(f);
    X509_CRL_free(crl);
}

static const char *judge_with(struct cred_world *w, enum cred_revocation how, X509 *cert)
{
    w->section[1].spec.revocation = how;
    assert_true(cred_world_load(w, false, NULL));
    struct sent *s = sending(moon);
    sent_add(s, cert);
    const char *why = sent_judge(w, s, peer_key);
    sent_drop(s);
    return why;
}

static void revocation_follows_the_policy(void **state)
{
    (void)state;
    struct cred_world w;
    cred_world_begin(&w);
    struct pki_request r = peer_request();
    X509 *cert = certify(r), *other = certify(r);
    r.crl_uri = "http://crl.example/";
    X509 *with_uri = certify(r);
    assert_null(judge_with(&w, REVOCATION_RELAXED, cert));
    assert_null(judge_with(&w, REVOCATION_RELAXED, with_uri));
    assert_null(judge_with(&w, REVOCATION_IFURI, cert));
    assert_refused(judge_with(&w, REVOCATION_IFURI, with_uri), "no revocation list");
    assert_refused(judge_with(&w, REVOCATION_STRICT, cert), "no revocation list");
    put_list(&w, X509_get0_serialNumber(other), root_key);
    assert_null(judge_with(&w, REVOCATION_STRICT, cert));
    assert_null(judge_with(&w, REVOCATION_IFURI, with_uri));
    assert_refused(judge_with(&w, REVOCATION_RELAXED, other), "it is revoked");
    assert_refused(judge_with(&w, REVOCATION_STRICT, other), "it is revoked");
    put_list(&w, NULL, peer_key); /* a list that somebody else has signed */
    assert_non_null(judge_with(&w, REVOCATION_STRICT, cert));
    X509_free(cert);
    X509_free(other);
    X509_free(with_uri);
    cred_world_end(&w);
}

/* ---- tests: what sections ask for ---------------------------------------------------------------- */

static void a_section_may_name_its_certificates_cas_and_kinds_of_key(void **state)
{
    (void)state;
    static const char *const names[] = {"moon.pem"}, *const cas[] = {"other.pem"};
    struct cred_world w;
    struct cred_ref ref;
    struct cred_ref ca_ref;
    cred_world_begin(&w);
    X509 *cert = certify(peer_request()), *twin = certify(peer_request());
    EVP_PKEY *other_key = new_key("ecdsa256");
    X509 *other = certify(ca_request("CN=other", other_key, NULL, NULL));
    cred_world_put_cert(&w, "x509", "moon.pem", cert);
    cred_world_put_cert(&w, "x509ca", "other.pem", other);
    w.section[1].spec.certs = cred_world_ref(&ref, names[0]);
    assert_null(judge_with(&w, REVOCATION_RELAXED, cert));
    assert_refused(judge_with(&w, REVOCATION_RELAXED, twin), "not one of those `certs` names");
    struct sent *s = sending(moon); /* what is here need not be sent */
    assert_null(sent_judge(&w, s, peer_key));
    w.section[1].spec.certs.count = 0;
    w.section[1].spec.cacerts = cred_world_ref(&ca_ref, cas[0]);
    assert_refused(judge_with(&w, REVOCATION_RELAXED, cert), "no trusted CA");
    w.section[1].spec.cacerts.count = 0;
    w.section[1].spec.chain = (struct cred_rule){.families = 1 << FAMILY_MLDSA87};
    assert_refused(judge_with(&w, REVOCATION_RELAXED, cert), "`auth` does not allow");
    w.section[1].spec.chain = (struct cred_rule){.hashes = 1 << 4};
    assert_refused(judge_with(&w, REVOCATION_RELAXED, cert), "`auth` does not allow");
    w.section[1].spec.chain = (struct cred_rule){.ecdsa_bits = 384};
    assert_refused(judge_with(&w, REVOCATION_RELAXED, cert), "`auth` does not allow");
    w.section[1].spec.chain = (struct cred_rule){.families = 1 << FAMILY_ECDSA, .hashes = 1 << 2};
    assert_null(judge_with(&w, REVOCATION_RELAXED, cert));
    w.section[1].spec.chain = (struct cred_rule){.hashes = 1 << 2 | 1 << 5}; /* and those without */
    assert_null(judge_with(&w, REVOCATION_RELAXED, cert));
    assert_true(X509_sign(cert, root_key, EVP_sha224()) > 0); /* a hash that no rule can name */
    assert_refused(judge_with(&w, REVOCATION_RELAXED, cert), "`auth` does not allow");
    X509_free(cert);
    X509_free(twin);
    X509_free(other);
    EVP_PKEY_free(other_key);
    cred_world_end(&w);
}

static void hash_and_url_is_never_fetched(void **state)
{
    (void)state;
    static const struct bytes address =
        BYTES_LIT("01234567890123456789http://ca.example/moon.der");
    struct cred_world w;
    cred_world_begin(&w);
    w.known = known_new(); /* `web` is missing: to ask for anything would be the end */
    assert_true(cred_world_load(&w, false, NULL));
    for (uint8_t encoding = 12; encoding <= 13; encoding++) {
        struct sent *s = sending(moon);
        sent_add_octets(s, encoding, address);
        assert_refused(sent_judge(&w, s, peer_key), "(hash and URL), which is not fetched");
        sent_drop(s);
    }
    X509 *cert = certify(peer_request());
    struct sent *s = sending(moon); /* beside a certificate it does no harm */
    sent_add_octets(s, 12, address);
    sent_add(s, cert);
    assert_null(sent_judge(&w, s, peer_key));
    sent_drop(s);
    cred_world_put_cert(&w, "x509", "moon.pem", cert); /* and none is needed for one that is here */
    assert_true(cred_world_load(&w, false, NULL));
    s = sending(moon);
    sent_add_octets(s, 12, address);
    assert_null(sent_judge(&w, s, peer_key));
    sent_drop(s);
    X509_free(cert);
    cred_world_end(&w);
}

static void policies_and_cas_may_be_asked_for(void **state)
{
    (void)state;
    static const char *const one[] = {"1.2.3.4"}, *const two[] = {"1.2.3.4", "1.2.3.5"};
    struct cred_world w;
    cred_world_begin(&w);
    EVP_PKEY *key = new_key("ecdsa256");
    struct pki_request r = ca_request("O=braid, CN=below", key, root, root_key);
    X509 *bare = certify(r);
    r.policy = "1.2.3.4,1.2.3.5";
    X509 *sub = certify(r);
    r = peer_request();
    r.issuer = sub;
    r.issuer_key = key;
    r.policy = "1.2.3.4";
    X509 *leaf = certify(r);
    r.policy = "1.2.3.5,1.2.3.4";
    X509 *both = certify(r);
    r.policy = NULL;
    X509 *none = certify(r);
    const struct {
        struct name_list asked;
        X509 *leaf, *sub;
        bool good;
    } rows[] = {
        {{1, one}, leaf, sub, true},
        {{1, one}, both, sub, true},
        {{2, two}, both, sub, true},
        {{2, two}, leaf, sub, false},
        {{1, two + 1}, leaf, sub, false},
        {{1, one}, none, sub, false},
        {{1, one}, leaf, bare, false},
        {{0, NULL}, none, bare, true},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        w.section[1].spec.policies = rows[i].asked;
        assert_true(cred_world_load(&w, false, NULL));
        struct sent *s = sending(moon);
        sent_add(s, rows[i].leaf);
        sent_add(s, rows[i].sub);
        const char *why = sent_judge(&w, s, peer_key);
        if (rows[i].good)
            assert_null(why);
        else
            assert_refused(why, "`cert_policy` asks for");
        sent_drop(s);
    }
    w.section[1].spec.policies.count = 0;
    struct sent *s = sending(moon);
    sent_add(s, leaf);
    sent_add(s, sub);
    X509 *wanted[] = {sub, root, leaf}; /* the end entity is no CA of its own */
    for (size_t i = 0; i < 3; i++) {
        w.section[1].spec.ca_id = (struct conf_identity){.id = {DN, trust_subject(wanted[i])}};
        assert_true(cred_world_load(&w, false, NULL));
        const char *why = sent_judge(&w, s, peer_key);
        if (i < 2)
            assert_null(why);
        else
            assert_refused(why, "`ca_id` names");
    }
    w.section[1].spec.ca_id = (struct conf_identity){.any = true};
    assert_true(cred_world_load(&w, false, NULL));
    assert_null(sent_judge(&w, s, peer_key));
    sent_drop(s);
    X509 *all[] = {bare, sub, leaf, both, none};
    for (size_t i = 0; i < sizeof all / sizeof all[0]; i++)
        X509_free(all[i]);
    EVP_PKEY_free(key);
    cred_world_end(&w);
}

static void raw_keys_are_believed_by_name_alone(void **state)
{
    (void)state;
    static const char *const names[] = {"moon.pem"};
    struct cred_world w;
    struct cred_ref ref;
    cred_world_begin(&w);
    EVP_PKEY *other = new_key("ecdsa256");
    cred_world_put_public(&w, "moon.pem", peer_key);
    w.section[1].spec.pubkeys = cred_world_ref(&ref, names[0]);
    assert_true(cred_world_load(&w, false, NULL));
    struct sent *s = sending(moon);
    assert_null(sent_judge(&w, s, peer_key));
    assert_refused(sent_judge(&w, s, other), "the signature is wrong");
    uint8_t *der = NULL;
    int len = i2d_PUBKEY(other, &der);
    s->certs[s->count++] = (struct ike_cert){RAW_KEY, bytes_make(der, (size_t)len)};
    assert_refused(sent_judge(&w, s, other), "not one of those `pubkeys` names");
    sent_drop(s);
    /* a certificate of a trusted CA does not help */
    struct pki_request r = peer_request();
    r.key = other;
    assert_refused(judge_request(&w, r), "the signature is wrong");
    EVP_PKEY_free(other);
    cred_world_end(&w);
}

/* ---- tests: our own -------------------------------------------------------------------------------- */

static void ours_is_found_sent_with_its_chain_and_names_us(void **state)
{
    (void)state;
    static const char *const names[] = {"own.pem"};
    struct cred_world w;
    struct cred_ref ref;
    cred_world_begin(&w);
    EVP_PKEY *sub_key = new_key("ecdsa256");
    X509 *sub = certify(ca_request("CN=sub", sub_key, root, root_key));
    struct pki_request r = peer_request();
    r.issuer = sub;
    r.issuer_key = sub_key;
    X509 *own = certify(r);
    FILE *f = cred_world_open(&w, "x509", "own.pem");
    PEM_write_X509(f, own);
    PEM_write_X509(f, sub);
    fclose(f);
    w.section[0].spec.certs = cred_world_ref(&ref, names[0]);
    assert_false(cred_world_load(&w, true, NULL));
    assert_non_null(strstr(w.complaints, "error: local.certs: no private key for own.pem"));
    cred_world_put_key(&w, "any-name.pem", peer_key, "open sesame");
    assert_false(cred_world_load(&w, true, NULL));
    const struct secret_entry phrase = {.kind = SECRET_PRIVATE, .file = "any-name.pem", .data = BYTES_LIT("open sesame")};
    assert_true(cred_world_load(&w, true, &(struct secret_list){1, &phrase}));
    assert_int_equal(w.conn.local[0].id.id.type, DN);
    assert_bytes_equal(w.conn.local[0].id.id.data, trust_subject(own));
    struct ike_ask ask = {.kind = ASK_SIGN, .conn = &w.conn, .octets = octets, .hashes = ALL_HASHES};
    struct cred_reply reply;
    cred_reply_make(&(struct cred_stock){.wallet = w.wallet}, NULL, &ask, &reply);
    assert_int_equal(reply.answer.status, ANSWER_OK);
    assert_int_equal(reply.answer.cert_count, 0); /* nobody asked */
    cred_reply_wipe(&reply);
    ask.asked_for_cert = true;
    cred_reply_make(&(struct cred_stock){.wallet = w.wallet}, NULL, &ask, &reply);
    assert_int_equal(reply.answer.cert_count, 2);
    assert_string_equal(reply.answer.scheme, "ECDSA_WITH_SHA2_256");
    cred_reply_wipe(&reply);
    w.conn.send_cert = SEND_CERT_NEVER;
    cred_reply_make(&(struct cred_stock){.wallet = w.wallet}, NULL, &ask, &reply);
    assert_int_equal(reply.answer.cert_count, 0);
    cred_reply_wipe(&reply);
    X509_free(own);
    X509_free(sub);
    EVP_PKEY_free(sub_key);
    cred_world_end(&w);
}

/* ---- tests: what is kept of peers -------------------------------------------------------------- */

static bool is_kept(const struct cred_world *w, const struct sent *s)
{
    X509 *cert = parsed_find(w->parsed, s->certs[0].data);
    X509_free(cert);
    return cert != NULL;
}

static void certificates_of_peers_that_came_up_are_not_read_again(void **state)
{
    (void)state;
    struct cred_world w;
    cred_world_begin(&w);
    assert_true(cred_world_load(&w, false, NULL));
    EVP_PKEY *thief = new_key("ecdsa256");
    X509 *cert = certify(peer_request());
    struct sent *s = sending(moon);
    sent_add(s, cert);
    assert_refused(sent_judge(&w, s, thief), "the signature is wrong");
    assert_false(is_kept(&w, s));
    assert_null(sent_judge(&w, s, peer_key));
    assert_true(is_kept(&w, s));
    assert_null(sent_judge(&w, s, peer_key));
    s->certs[0].data.len--;
    assert_false(is_kept(&w, s));
    s->certs[0].data.len++;
    parsed_clear(w.parsed);
    assert_false(is_kept(&w, s));
    sent_drop(s);
    X509_free(cert);
    EVP_PKEY_free(thief);
    cred_world_end(&w);
}

/* That it was believed once counts for nothing. */
static void a_certificate_that_is_kept_is_judged_anew(void **state)
{
    (void)state;
    struct cred_world w;
    struct cred_ref ref;
    cred_world_begin(&w);
    assert_true(cred_world_load(&w, false, NULL));
    EVP_PKEY *key = new_key("ecdsa256"), *thief = new_key("ecdsa256");
    X509 *ca = certify(ca_request("O=braid, CN=another", key, NULL, NULL)), *cert = certify(peer_request());
    struct sent *s = sending(moon);
    sent_add(s, cert);
    assert_null(sent_judge(&w, s, peer_key));
    assert_true(is_kept(&w, s));
    assert_refused(sent_judge(&w, s, thief), "the signature is wrong");
    s->id = (struct identity){FQDN, BYTES_LIT("sun.example")};
    assert_refused(sent_judge(&w, s, peer_key), "not for the identity it claims");
    s->id = moon;
    cred_world_put_cert(&w, "x509ca", "another.pem", ca);
    w.section[1].spec.cacerts = cred_world_ref(&ref, "another.pem");
    assert_true(cred_world_load(&w, false, NULL));
    assert_true(is_kept(&w, s));
    assert_refused(sent_judge(&w, s, peer_key), "no trusted CA issued it");
    sent_drop(s);
    X509_free(ca);
    X509_free(cert);
    EVP_PKEY_free(key);
    EVP_PKEY_free(thief);
    cred_world_end(&w);
}

static void a_bounded_number_is_kept_and_the_oldest_go_first(void **state)
{
    (void)state;
    struct parsed *p = parsed_new();
    assert_non_null(p);
    for (uint32_t i = 0; i < 2 * PARSED_MAX + 1; i++) {
        uint8_t octets_of_one[4];
        put_u32(octets_of_one, i);
        parsed_keep(p, BYTES_OF(octets_of_one), root);
        parsed_keep(p, BYTES_OF(octets_of_one), root);
        for (uint32_t back = 0; back <= PARSED_MAX && back <= i; back += PARSED_MAX / 2) {
            put_u32(octets_of_one, i - back);
            X509 *cert = parsed_find(p, BYTES_OF(octets_of_one));
            assert_ptr_equal(cert, back < PARSED_MAX ? root : NULL);
            X509_free(cert);
        }
    }
    parsed_free(p);
    parsed_keep(NULL, BYTES_LIT("octets"), root);
    assert_null(parsed_find(NULL, BYTES_LIT("octets")));
}

static void mistakes_in_files_are_told(void **state)
{
    (void)state;
    static const char *const names[] = {"not-there.pem"};
    struct cred_world w;
    struct cred_ref ref;
    cred_world_begin(&w);
    FILE *f = cred_world_open(&w, "x509ca", "broken.pem");
    fputs("-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n", f);
    fclose(f);
    assert_true(cred_world_load(&w, false, NULL));
    assert_non_null(strstr(w.complaints, "warning: holds no certificate"));
    w.section[1].spec.cacerts = cred_world_ref(&ref, names[0]);
    assert_false(cred_world_load(&w, false, NULL));
    assert_non_null(strstr(w.complaints, "not-there.pem: No such file"));
    w.section[1].spec.cacerts.count = 0;
    assert_false(cred_world_load(&w, true, NULL));
    assert_non_null(strstr(w.complaints, "local.auth: needs a certificate"));
    cred_world_end(&w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_good_certificate_is_believed_and_a_bad_one_is_refused_with_its_reason),
        cmocka_unit_test(only_identities_in_the_certificate_are_believed),
        cmocka_unit_test(the_key_must_be_that_of_the_first_certificate),
        cmocka_unit_test(sub_cas_need_to_be_cas_and_paths_to_be_short_enough),
        cmocka_unit_test(name_constraints_bind),
        cmocka_unit_test(loops_end_and_crowds_are_turned_away),
        cmocka_unit_test(what_is_no_certificate_is_refused),
        cmocka_unit_test(revocation_follows_the_policy),
        cmocka_unit_test(a_section_may_name_its_certificates_cas_and_kinds_of_key),
        cmocka_unit_test(hash_and_url_is_never_fetched),
        cmocka_unit_test(policies_and_cas_may_be_asked_for),
        cmocka_unit_test(raw_keys_are_believed_by_name_alone),
        cmocka_unit_test(ours_is_found_sent_with_its_chain_and_names_us),
        cmocka_unit_test(certificates_of_peers_that_came_up_are_not_read_again),
        cmocka_unit_test(a_certificate_that_is_kept_is_judged_anew),
        cmocka_unit_test(a_bounded_number_is_kept_and_the_oldest_go_first),
        cmocka_unit_test(mistakes_in_files_are_told),
    };
    return cmocka_run_group_tests(tests, make_authorities, drop_authorities);
}
