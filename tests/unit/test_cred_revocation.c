/*
 * revocation: every policy with every state of affairs, from files, from the net and from the
 * peer itself; and every way in which an OCSP response can be wrong.
 */
#include "../support/cred_world.h"

#include "cred/file.h"

#include <openssl/ocsp.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include <stdlib.h>

enum { OCSP_CONTENT = 14 };

/* The clock of this program, which may go ahead. */
static time_t time_passed;
time_t time(time_t *at)
{
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    now.tv_sec += time_passed;
    if (at)
        *at = now.tv_sec;
    return now.tv_sec;
}

/* ---- a net with a CA on it ------------------------------------------------------------------- */

enum ocsp_fault { FAULT_NONE,
                  FAULT_REVOKED,
                  FAULT_UNKNOWN,
                  FAULT_EXPIRED,
                  FAULT_FUTURE,
                  FAULT_NONCE,      /* another one than was asked with */
                  FAULT_NO_NONCE,   /* that is none: many responders have none */
                  FAULT_STRANGER,   /* signed by a key that nobody has certified */
                  FAULT_PEER,       /* signed by a certificate of the CA that is not for OCSP */
                  FAULT_OTHER_CERT, /* of another serial number */
                  FAULT_TRY_LATER,
                  FAULT_SHA1,
                  FAULT_PSS_SHA1, /* the hash stands in the parameters */
                  FAULT_GARBAGE,
                  FAULT_TAIL,
                  FAULT_BIT }; /* in the signature */

struct net {
    enum ocsp_fault ocsp;
    bool ocsp_down, crl_down;
    bool is_delegated; /* answers are signed by a responder that the CA has certified */
    bool bare;         /* they do not say when the next will be */
    X509_CRL *crl;
    unsigned ocsp_asked, crl_asked;
};

static EVP_PKEY *responder_key, *rsa_key;
static X509 *responder, *rsa_responder;

static struct bytes der_of_crl(X509_CRL *crl)
{
    uint8_t *der = NULL;
    int len = i2d_X509_CRL(crl, &der);
    assert_true(len > 0);
    uint8_t *copy = malloc((size_t)len);
    memcpy(copy, der, (size_t)len);
    OPENSSL_free(der);
    return bytes_make(copy, (size_t)len);
}

static void add_status(OCSP_BASICRESP *basic, OCSP_CERTID *id, const struct net *n)
{
    int status = n->ocsp == FAULT_REVOKED   ? V_OCSP_CERTSTATUS_REVOKED
                 : n->ocsp == FAULT_UNKNOWN ? V_OCSP_CERTSTATUS_UNKNOWN
                                            : V_OCSP_CERTSTATUS_GOOD;
    long from = n->ocsp == FAULT_EXPIRED ? -7200 : n->ocsp == FAULT_FUTURE ? 3600
                                                                           : -60;
    ASN1_TIME *since = X509_gmtime_adj(NULL, from), *until = X509_gmtime_adj(NULL, from + 3600);
    ASN1_TIME *revoked = status == V_OCSP_CERTSTATUS_REVOKED ? since : NULL;
    if (n->ocsp == FAULT_OTHER_CERT) {
        ASN1_INTEGER *serial = NULL;
        OCSP_id_get0_info(NULL, NULL, NULL, &serial, id);
        ASN1_INTEGER_set(serial, 4711);
    }
    assert_non_null(OCSP_basic_add1_status(basic, id, status, OCSP_REVOKED_STATUS_NOSTATUS,
                                           revoked, since, n->bare ? NULL : until));
    ASN1_TIME_free(since);
    ASN1_TIME_free(until);
}

static void add_nonce(OCSP_BASICRESP *basic, OCSP_REQUEST *asked, const struct net *n)
{
    if (n->ocsp == FAULT_NONCE)
        OCSP_basic_add1_nonce(basic, NULL, 16);
    else if (n->ocsp != FAULT_NO_NONCE && asked)
        OCSP_copy_nonce(basic, asked);
}

/* RSASSA-PSS with SHA-1, by a responder of that key. */
static EVP_MD_CTX *begin_weak_pss(void)
{
    EVP_MD_CTX *ctx = EVP_MD_CTX_new();
    EVP_PKEY_CTX *params = NULL;
    assert_int_equal(EVP_DigestSignInit(ctx, &params, EVP_sha1(), NULL, rsa_key), 1);
    assert_true(EVP_PKEY_CTX_set_rsa_padding(params, RSA_PKCS1_PSS_PADDING) > 0);
    return ctx;
}

static void sign_weakly(OCSP_BASICRESP *basic)
{
    EVP_MD_CTX *ctx = begin_weak_pss();
    assert_int_equal(OCSP_basic_sign_ctx(basic, rsa_responder, ctx, NULL, 0), 1);
    EVP_MD_CTX_free(ctx);
}

static void sign(OCSP_BASICRESP *basic, const struct net *n)
{
    if (n->ocsp == FAULT_PSS_SHA1) {
        sign_weakly(basic);
        return;
    }
    EVP_PKEY *key = n->is_delegated ? responder_key : root_key;
    X509 *cert = n->is_delegated ? responder : root, *other = NULL;
    if (n->ocsp == FAULT_STRANGER || n->ocsp == FAULT_PEER) {
        struct pki_request r = peer_request();
        key = peer_key;
        r.issuer = n->ocsp == FAULT_PEER ? root : NULL;
        cert = other = certify(r);
    }
    bool plain = EVP_PKEY_is_a(key, "EC") || EVP_PKEY_is_a(key, "RSA");
    assert_int_equal(OCSP_basic_sign(basic, cert, key,
                                     n->ocsp == FAULT_SHA1 ? EVP_sha1() : plain ? EVP_sha256()
                                                                                : NULL,
                                     NULL, 0),
                     1);
    X509_free(other);
}

/* What the responder says about the certificate an id names. */
static struct bytes respond_about(const struct net *n, OCSP_CERTID *id, OCSP_REQUEST *asked)
{
    OCSP_BASICRESP *basic = OCSP_BASICRESP_new();
    add_status(basic, id, n);
    add_nonce(basic, asked, n);
    sign(basic, n);
    OCSP_RESPONSE *r = n->ocsp == FAULT_TRY_LATER
                           ? OCSP_response_create(OCSP_RESPONSE_STATUS_TRYLATER, NULL)
                           : OCSP_response_create(OCSP_RESPONSE_STATUS_SUCCESSFUL, basic);
    uint8_t *der = NULL;
    int len = i2d_OCSP_RESPONSE(r, &der);
    assert_true(len > 0);
    uint8_t *copy = calloc(1, (size_t)len + 1);
    memcpy(copy, der, (size_t)len);
    if (n->ocsp == FAULT_GARBAGE)
        copy[1] ^= 0x55;
    if (n->ocsp == FAULT_BIT) /* RSA and ECDSA signatures end with the certificates behind them */
        for (int i = 0; i < OCSP_resp_get0_signature(basic)->length; i++) {
            const uint8_t *s = ASN1_STRING_get0_data(OCSP_resp_get0_signature(basic));
            uint8_t *in = memmem(copy, (size_t)len, s, (size_t)OCSP_resp_get0_signature(basic)->length);
            if (in) {
                in[OCSP_resp_get0_signature(basic)->length - 1] ^= 1;
                break;
            }
        }
    OPENSSL_free(der);
    OCSP_BASICRESP_free(basic);
    OCSP_RESPONSE_free(r);
    return bytes_make(copy, (size_t)len + (n->ocsp == FAULT_TAIL));
}

static struct bytes serve(void *self, const char *uri, struct bytes body, const char **why)
{
    struct net *n = self;
    bool is_ocsp = strstr(uri, "ocsp") != NULL;
    assert_int_equal(body.len > 0, is_ocsp);
    n->ocsp_asked += is_ocsp;
    n->crl_asked += !is_ocsp;
    if (is_ocsp ? n->ocsp_down : n->crl_down || !n->crl) {
        *why = "no connection: connection refused";
        return BYTES_NONE;
    }
    if (!is_ocsp)
        return der_of_crl(n->crl);
    const uint8_t *at = body.at;
    OCSP_REQUEST *asked = d2i_OCSP_REQUEST(NULL, &at, (long)body.len);
    assert_non_null(asked);
    OCSP_CERTID *id = OCSP_CERTID_dup(OCSP_onereq_get0_id(OCSP_request_onereq_get0(asked, 0)));
    struct bytes answer = respond_about(n, id, asked);
    OCSP_CERTID_free(id);
    OCSP_REQUEST_free(asked);
    return answer;
}

static struct bytes respond_for(const struct net *n, X509 *cert, X509 *issuer, const EVP_MD *md)
{
    OCSP_CERTID *id = OCSP_cert_to_id(md, cert, issuer);
    struct bytes answer = respond_about(n, id, NULL);
    OCSP_CERTID_free(id);
    return answer;
}

static X509_CRL *list_of(X509 *issuer, EVP_PKEY *key, X509 *revoked, long days)
{
    const char *why;
    const ASN1_INTEGER *serial = revoked ? X509_get0_serialNumber(revoked) : NULL;
    X509_CRL *crl = pki_list(issuer, key, &serial, revoked ? 1 : 0, days, &why);
    assert_non_null(crl);
    return crl;
}

/*
 * The same, made so long ago, and signed in another way if `how` says one; as it is read, because
 * OpenSSL tells lists apart by that.
 */
static X509_CRL *list_since(X509 *issuer, EVP_PKEY *key, X509 *revoked, long ago, EVP_MD_CTX *how)
{
    X509_CRL *crl = list_of(issuer, key, revoked, 10);
    ASN1_TIME *since = X509_gmtime_adj(NULL, -ago);
    assert_int_equal(X509_CRL_set1_lastUpdate(crl, since), 1);
    assert_true((how ? X509_CRL_sign_ctx(crl, how) : X509_CRL_sign(crl, key, EVP_sha256())) > 0);
    ASN1_TIME_free(since);
    struct bytes der = der_of_crl(crl);
    const uint8_t *at = der.at;
    X509_CRL *read = d2i_X509_CRL(NULL, &at, (long)der.len);
    assert_non_null(read);
    free((void *)(uintptr_t)der.at);
    X509_CRL_free(crl);
    return read;
}

/* ---- a world on it --------------------------------------------------------------------------- */

static X509 *plain, *with_ocsp, *with_crl, *with_both;

static int make_all(void **state)
{
    make_authorities(state);
    struct pki_request r = peer_request();
    plain = certify(r);
    r.ocsp_uri = "http://ca.example/ocsp";
    with_ocsp = certify(r);
    r.crl_uri = "http://ca.example/list";
    with_both = certify(r);
    r.ocsp_uri = NULL;
    with_crl = certify(r);
    responder_key = new_key("ecdsa256");
    r = (struct pki_request){.subject = "CN=responder", .key = responder_key, .issuer = root, .issuer_key = root_key, .usage = "OCSPSigning"};
    responder = certify(r);
    r.key = rsa_key = new_key("rsa");
    rsa_responder = certify(r);
    return 0;
}

static int drop_all(void **state)
{
    X509 *all[] = {plain, with_ocsp, with_crl, with_both, responder, rsa_responder};
    for (size_t i = 0; i < sizeof all / sizeof all[0]; i++)
        X509_free(all[i]);
    EVP_PKEY_free(responder_key);
    EVP_PKEY_free(rsa_key);
    return drop_authorities(state);
}

static void begin(struct cred_world *w, struct net *n)
{
    cred_world_begin(w);
    w->known = known_new();
    w->web = serve;
    w->web_self = n;
    assert_true(cred_world_load(w, false, NULL));
}

/* The policy is read when it is loaded. */
static void set_policy(struct cred_world *w, enum cred_revocation policy)
{
    w->section[1].spec.revocation = policy;
    assert_true(cred_world_load(w, false, NULL));
}

static const char *judge(struct cred_world *w, X509 *cert)
{
    struct sent *s = sending(moon);
    sent_add(s, cert);
    const char *why = sent_judge(w, s, peer_key);
    sent_drop(s);
    return why;
}

static const char *judge_anew(struct cred_world *w, X509 *cert, enum cred_revocation policy)
{
    known_clear(w->known);
    set_policy(w, policy);
    return judge(w, cert);
}

#define OPEN "no revocation list says that it is good, nor does an OCSP response"

/* ---- tests: policies ------------------------------------------------------------------------- */

static void ocsp_follows_the_policy(void **state)
{
    (void)state;
    static const struct {
        enum ocsp_fault fault;
        bool down;
        const char *relaxed, *ifuri, *strict; /* NULL: believed */
    } cells[] = {
        {FAULT_NONE, false, NULL, NULL, NULL},
        {FAULT_REVOKED, false, "revoked, as OCSP", "revoked, as OCSP", "revoked, as OCSP"},
        {FAULT_NONE, true, NULL, "connection refused", "connection refused"},
        {FAULT_EXPIRED, false, NULL, "has expired", "has expired"},
        {FAULT_UNKNOWN, false, NULL, "does not know", "does not know"},
        {FAULT_TRY_LATER, false, NULL, "refuses to answer", "refuses to answer"},
    };
    struct net n = {.ocsp = FAULT_NONE};
    struct cred_world w;
    begin(&w, &n);
    for (size_t i = 0; i < sizeof cells / sizeof cells[0]; i++) {
        const char *wanted[] = {cells[i].relaxed, cells[i].ifuri, cells[i].strict};
        n.ocsp = cells[i].fault;
        n.ocsp_down = cells[i].down;
        for (int p = 0; p < 3; p++) {
            const char *why = judge_anew(&w, with_ocsp, (enum cred_revocation)p);
            if (wanted[p])
                assert_refused(why, wanted[p]);
            else
                assert_null(why);
        }
    }
    assert_int_equal(n.ocsp_asked, 18);
    assert_null(judge_anew(&w, plain, REVOCATION_RELAXED));
    assert_null(judge_anew(&w, plain, REVOCATION_IFURI)); /* it names nobody to ask */
    assert_refused(judge_anew(&w, plain, REVOCATION_STRICT), OPEN);
    assert_int_equal(n.ocsp_asked, 18);
    cred_world_end(&w);
}

static void fetched_lists_follow_the_policy(void **state)
{
    (void)state;
    X509_CRL *good = list_of(root, root_key, NULL, 10), *bad = list_of(root, root_key, with_crl, 10);
    X509_CRL *old = list_of(root, root_key, NULL, -1), *alien = list_of(root, peer_key, NULL, 10);
    X509_CRL *other = list_of(responder, root_key, NULL, 10);
    const struct {
        X509_CRL *crl;
        const char *relaxed, *ifuri, *strict;
    } cells[] = {
        {good, NULL, NULL, NULL},
        {bad, "it is revoked", "it is revoked", "it is revoked"},
        {NULL, NULL, "connection refused", "connection refused"},
        {old, NULL, "has expired", "has expired"},
        {alien, NULL, "the signature on the revocation list is wrong", "is wrong"},
        {other, NULL, "of another CA", "of another CA"},
    };
    struct net n = {.ocsp_down = true};
    struct cred_world w;
    begin(&w, &n);
    for (size_t i = 0; i < sizeof cells / sizeof cells[0]; i++) {
        const char *wanted[] = {cells[i].relaxed, cells[i].ifuri, cells[i].strict};
        n.crl = cells[i].crl;
        for (int p = 0; p < 3; p++) {
            const char *why = judge_anew(&w, with_crl, (enum cred_revocation)p);
            if (wanted[p])
                assert_refused(why, wanted[p]);
            else
                assert_null(why);
        }
    }
    n.crl = good; /* the responder is down: the list decides */
    assert_null(judge_anew(&w, with_both, REVOCATION_STRICT));
    assert_int_equal(n.ocsp_asked, 1);
    X509_CRL *all[] = {good, bad, old, alien, other};
    for (size_t i = 0; i < sizeof all / sizeof all[0]; i++)
        X509_CRL_free(all[i]);
    cred_world_end(&w);
}

/* The sources of `authorities` count until the end, though nothing of them is in the certificate. */
static void sources_of_an_authority_follow_the_policy(void **state)
{
    (void)state;
    static const char *const uris[] = {"http://ca.example/list"};
    const struct wallet_authority a = {.name = "ca", .ca = root, .crl_uris = {1, uris}};
    struct net n = {.crl = NULL};
    struct cred_world w;
    begin(&w, &n);
    set_policy(&w, REVOCATION_IFURI);
    assert_non_null(wallet_add_authority(w.wallet, &a));
    assert_refused(judge(&w, plain), "connection refused");
    assert_int_equal(n.crl_asked, 1);
    known_clear(w.known);
    n.crl = list_of(root, root_key, NULL, 10);
    assert_null(judge(&w, plain));
    set_policy(&w, REVOCATION_RELAXED);
    known_clear(w.known);
    X509_CRL_free(n.crl);
    n.crl = NULL;
    assert_non_null(wallet_add_authority(w.wallet, &a));
    assert_null(judge(&w, plain));
    cred_world_end(&w);
}

static void the_newer_list_decides_wherever_it_is(void **state)
{
    (void)state;
    X509_CRL *bad = list_since(root, root_key, with_crl, 60, NULL);
    struct net n = {.crl = list_since(root, root_key, NULL, 3600, NULL)};
    struct cred_world w;
    begin(&w, &n);
    assert_null(judge_anew(&w, with_crl, REVOCATION_STRICT)); /* fetched, and known from now on */
    assert_non_null(wallet_add_list(w.wallet, bad));
    assert_refused(judge(&w, with_crl), "it is revoked");
    X509_CRL_free(n.crl);
    X509_CRL_free(bad);
    cred_world_end(&w);
}

/* Two CAs of one name, or a CA with a new key: each list is of its own key. */
static void a_list_of_another_key_takes_nothing_away(void **state)
{
    (void)state;
    struct net n = {.crl = NULL};
    struct cred_world w;
    EVP_PKEY *key = new_key("ecdsa256");
    X509 *twin = certify(ca_request("CN=twin", key, NULL, NULL));
    assert_int_equal(X509_set_subject_name(twin, X509_get_subject_name(root)), 1);
    assert_int_equal(X509_set_issuer_name(twin, X509_get_subject_name(root)), 1);
    assert_true(X509_sign(twin, key, EVP_sha256()) > 0);
    X509_CRL *bad = list_since(root, root_key, plain, 3600, NULL),
             *other = list_since(twin, key, NULL, 60, NULL),
             *good = list_since(root, root_key, NULL, 30, NULL);
    begin(&w, &n);
    cred_world_put_cert(&w, "x509ca", "twin.pem", twin);
    set_policy(&w, REVOCATION_RELAXED);
    assert_non_null(wallet_add_list(w.wallet, bad));
    assert_non_null(wallet_add_list(w.wallet, other));
    assert_refused(judge(&w, plain), "it is revoked");
    assert_non_null(wallet_add_list(w.wallet, good)); /* and this takes the place of the first */
    assert_int_equal(wallet_count(w.wallet, WALLET_LIST), 2);
    assert_null(judge(&w, plain));
    set_policy(&w, REVOCATION_RELAXED);
    known_put_list(w.known, bad);
    known_put_list(w.known, other);
    assert_refused(judge(&w, plain), "it is revoked");
    X509_CRL_free(bad);
    X509_CRL_free(other);
    X509_CRL_free(good);
    X509_free(twin);
    EVP_PKEY_free(key);
    cred_world_end(&w);
}

static void a_list_signed_with_a_weak_hash_does_not_count(void **state)
{
    (void)state;
    struct pki_request r = ca_request("O=braid, CN=rsa", rsa_key, NULL, NULL);
    X509 *ca = certify(r);
    EVP_MD_CTX *weak = begin_weak_pss();
    struct net n = {.crl = list_since(ca, rsa_key, NULL, 60, weak)};
    struct cred_world w;
    EVP_MD_CTX_free(weak);
    begin(&w, &n);
    cred_world_put_cert(&w, "x509ca", "rsa.pem", ca);
    r = peer_request();
    r.issuer = ca;
    r.issuer_key = rsa_key;
    r.crl_uri = "http://ca.example/list";
    X509 *cert = certify(r);
    assert_refused(judge_anew(&w, cert, REVOCATION_STRICT), "too weak a hash");
    X509_CRL_free(n.crl);
    n.crl = list_of(ca, rsa_key, NULL, 10);
    assert_null(judge_anew(&w, cert, REVOCATION_STRICT));
    X509_CRL_free(n.crl);
    X509_free(cert);
    X509_free(ca);
    cred_world_end(&w);
}

/* ---- tests: what counts ---------------------------------------------------------------------- */

static void wrong_answers_do_not_count(void **state)
{
    (void)state;
    static const struct {
        enum ocsp_fault fault;
        const char *words;
    } wrong[] = {
        {FAULT_FUTURE, "of the future"},
        {FAULT_NONCE, "another question"},
        {FAULT_STRANGER, "not signed by the CA"},
        {FAULT_PEER, "not signed by the CA"},
        {FAULT_OTHER_CERT, "of another certificate"},
        {FAULT_SHA1, "too weak a hash"},
        {FAULT_PSS_SHA1, "too weak a hash"},
        {FAULT_GARBAGE, "cannot be read"},
        {FAULT_TAIL, "cannot be read"},
        {FAULT_BIT, "not signed by the CA"},
    };
    struct net n = {.ocsp = FAULT_NONE};
    struct cred_world w;
    begin(&w, &n);
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        n.ocsp = wrong[i].fault;
        assert_refused(judge_anew(&w, with_ocsp, REVOCATION_STRICT), wrong[i].words);
        assert_null(judge_anew(&w, with_ocsp, REVOCATION_RELAXED));
    }
    n.ocsp = FAULT_NO_NONCE;
    assert_null(judge_anew(&w, with_ocsp, REVOCATION_STRICT));
    n.ocsp = FAULT_NONE;
    n.bare = true;
    assert_null(judge_anew(&w, with_ocsp, REVOCATION_STRICT));
    n.is_delegated = true;
    assert_null(judge_anew(&w, with_ocsp, REVOCATION_STRICT));
    n.ocsp = FAULT_REVOKED;
    assert_refused(judge_anew(&w, with_ocsp, REVOCATION_RELAXED), "revoked, as OCSP");
    cred_world_end(&w);
}

static void a_responder_must_keep_the_rule_of_the_chain(void **state)
{
    (void)state;
    struct net n = {.is_delegated = true};
    struct cred_world w;
    EVP_PKEY *strong = new_key("mldsa65");
    struct pki_request r = ca_request("O=braid, CN=strong", strong, NULL, NULL);
    X509 *ca = certify(r), *classical = responder, *classical_root = root;
    EVP_PKEY *classical_key = root_key;
    r = peer_request();
    r.issuer = ca;
    r.issuer_key = strong;
    r.key = strong; /* all of the chain is strong */
    r.ocsp_uri = "http://ca.example/ocsp";
    X509 *cert = certify(r);
    responder = certify((struct pki_request){.subject = "CN=weak responder", .key = responder_key, .issuer = ca, .issuer_key = strong, .usage = "OCSPSigning"});
    begin(&w, &n);
    cred_world_put_cert(&w, "x509ca", "strong.pem", ca);
    struct sent *s = sending(moon);
    sent_add(s, cert);
    set_policy(&w, REVOCATION_STRICT);
    assert_null(sent_judge(&w, s, strong)); /* without a rule it is good enough */
    w.section[1].spec.chain = (struct cred_rule){.families = 1 << FAMILY_MLDSA65};
    set_policy(&w, REVOCATION_STRICT);
    assert_refused(sent_judge(&w, s, strong), "not signed by the CA"); /* and is not remembered for the other */
    n.is_delegated = false;                                            /* the CA itself, with ML-DSA */
    root = ca;
    root_key = strong;
    known_clear(w.known);
    assert_null(sent_judge(&w, s, strong));
    sent_drop(s);
    root = classical_root;
    root_key = classical_key;
    X509_free(responder);
    responder = classical;
    X509_free(cert);
    X509_free(ca);
    EVP_PKEY_free(strong);
    cred_world_end(&w);
}

/* ---- tests: when something is fetched -------------------------------------------------------- */

static void nothing_is_fetched_before_there_is_trust(void **state)
{
    (void)state;
    struct net n = {.ocsp = FAULT_NONE};
    struct cred_world w;
    begin(&w, &n);
    set_policy(&w, REVOCATION_STRICT);
    struct sent *s = sending((struct identity){FQDN, BYTES_LIT("sun.example")});
    sent_add(s, with_both);
    assert_refused(sent_judge(&w, s, peer_key), "not for the identity");
    s->id = moon;
    assert_refused(sent_judge(&w, s, responder_key), "the signature is wrong");
    sent_drop(s);
    struct pki_request r = peer_request(); /* of a CA that nobody knows */
    r.issuer = NULL;
    r.ocsp_uri = r.crl_uri = "http://ca.example/ocsp";
    assert_refused(judge_request(&w, r), "self-signed");
    assert_int_equal(w.fetched, 0);
    cred_world_end(&w);
}

static void what_was_fetched_is_remembered_and_failures_for_a_while(void **state)
{
    (void)state;
    struct net n = {.ocsp = FAULT_NONE, .crl_down = true};
    struct cred_world w;
    begin(&w, &n);
    set_policy(&w, REVOCATION_STRICT);
    for (int i = 0; i < 3; i++)
        assert_null(judge(&w, with_ocsp));
    assert_int_equal(w.fetched, 1);
    set_policy(&w, REVOCATION_STRICT); /* a reload forgets nothing */
    assert_null(judge(&w, with_ocsp));
    assert_int_equal(w.fetched, 1);
    for (int i = 0; i < 3; i++)
        assert_refused(judge(&w, with_crl), "http://ca.example/list: no connection");
    assert_int_equal(w.fetched, 2);
    known_clear(w.known);
    assert_null(judge(&w, with_ocsp));
    assert_int_equal(w.fetched, 3);
    cred_world_end(&w);
}

static void ftp_and_the_like_are_no_sources_that_help(void **state)
{
    (void)state;
    struct net n = {.ocsp = FAULT_NONE};
    struct cred_world w;
    begin(&w, &n);
    struct pki_request r = peer_request();
    r.crl_uri = "ldap://ca.example/list"; /* whoever fetches says that it cannot */
    X509 *cert = certify(r);
    assert_refused(judge_anew(&w, cert, REVOCATION_IFURI), "ldap://ca.example/list: ");
    assert_null(judge_anew(&w, cert, REVOCATION_RELAXED));
    X509_free(cert);
    cred_world_end(&w);
}

static void every_certificate_of_the_chain_is_asked_about(void **state)
{
    (void)state;
    struct net n = {.crl = list_of(root, root_key, NULL, 10), .ocsp_down = true};
    struct cred_world w;
    EVP_PKEY *key = new_key("ecdsa256");
    struct pki_request r = ca_request("CN=sub", key, root, root_key);
    r.crl_uri = "http://ca.example/list";
    X509 *sub = certify(r);
    r = peer_request();
    r.issuer = sub;
    r.issuer_key = key;
    X509 *leaf = certify(r);
    begin(&w, &n);
    set_policy(&w, REVOCATION_STRICT);
    struct sent *s = sending(moon);
    sent_add(s, leaf);
    sent_add(s, sub);
    assert_refused(sent_judge(&w, s, peer_key), OPEN); /* of the leaf; the sub-CA is good */
    assert_int_equal(n.crl_asked, 1);
    set_policy(&w, REVOCATION_IFURI);
    assert_null(sent_judge(&w, s, peer_key));
    known_clear(w.known);
    X509_CRL_free(n.crl);
    n.crl = list_of(root, root_key, sub, 10);
    assert_refused(sent_judge(&w, s, peer_key), "CN=sub");
    sent_drop(s);
    X509_CRL_free(n.crl);
    X509_free(sub);
    X509_free(leaf);
    EVP_PKEY_free(key);
    cred_world_end(&w);
}

/* ---- tests: files and the peer --------------------------------------------------------------- */

static void put_octets(struct cred_world *w, const char *name, struct bytes octets_of)
{
    FILE *f = cred_world_open(w, "x509ocsp", name);
    fwrite(octets_of.at, 1, octets_of.len, f);
    fclose(f);
}

static void responses_and_responders_in_files_count(void **state)
{
    (void)state;
    struct net n = {.ocsp_down = true};
    struct cred_world w;
    begin(&w, &n);
    struct bytes good = respond_for(&n, plain, root, EVP_sha256()); /* by another hash than ours */
    put_octets(&w, "good.der", good);
    assert_null(judge_anew(&w, plain, REVOCATION_STRICT));
    n.ocsp = FAULT_REVOKED;
    struct bytes bad = respond_for(&n, with_ocsp, root, EVP_sha1());
    put_octets(&w, "bad.der", bad);
    assert_refused(judge_anew(&w, with_ocsp, REVOCATION_RELAXED), "revoked, as OCSP");
    assert_int_equal(w.fetched, 0);
    /* a responder of nobody's, until it is put there */
    n = (struct net){.ocsp = FAULT_STRANGER};
    assert_refused(judge_anew(&w, with_both, REVOCATION_STRICT), OPEN);
    EVP_PKEY *key = new_key("ecdsa256");
    X509 *own = certify((struct pki_request){.subject = "CN=own responder", .key = key});
    X509 *before = responder;
    EVP_PKEY *before_key = responder_key;
    n = (struct net){.is_delegated = true};
    responder = own;
    responder_key = key;
    n.crl_down = true;
    assert_refused(judge_anew(&w, with_both, REVOCATION_STRICT), OPEN);
    cred_world_put_cert(&w, "x509ocsp", "own.pem", own);
    assert_null(judge_anew(&w, with_both, REVOCATION_STRICT));
    responder = before;
    responder_key = before_key;
    X509_free(own);
    EVP_PKEY_free(key);
    free((void *)(uintptr_t)good.at);
    free((void *)(uintptr_t)bad.at);
    cred_world_end(&w);
}

static void a_peer_may_bring_its_own_response_if_it_was_asked_to(void **state)
{
    (void)state;
    struct net n = {.ocsp_down = true};
    struct cred_world w;
    begin(&w, &n);
    set_policy(&w, REVOCATION_STRICT);
    struct sent *s = sending(moon);
    sent_add(s, with_ocsp);
    struct net up = {.ocsp = FAULT_NONE};
    struct bytes response = respond_for(&up, with_ocsp, root, EVP_sha1());
    sent_add_octets(s, OCSP_CONTENT, BYTES_LIT("no response at all"));
    sent_add_octets(s, OCSP_CONTENT, response);
    w.conn.ocsp = CONF_OCSP_REPLY;
    assert_refused(sent_judge(&w, s, peer_key), OPEN);
    w.conn.ocsp = CONF_OCSP_REQUEST;
    known_clear(w.known);
    assert_null(sent_judge(&w, s, peer_key));
    sent_drop(s);
    free((void *)(uintptr_t)response.at);
    known_clear(w.known);
    sent_add(s, with_ocsp); /* more than may be sent: the good one is not looked at */
    for (int i = 0; i < REVOCATION_SENT_MAX; i++)
        sent_add_octets(s, OCSP_CONTENT, BYTES_LIT("0"));
    response = respond_for(&up, with_ocsp, root, EVP_sha1());
    sent_add_octets(s, OCSP_CONTENT, response);
    assert_refused(sent_judge(&w, s, peer_key), OPEN);
    sent_drop(s);
    free((void *)(uintptr_t)response.at);
    cred_world_end(&w);
}

static void an_older_answer_does_not_displace_a_newer_one(void **state)
{
    (void)state;
    struct known *k = known_new();
    struct ocsp_case c = {.cert = with_ocsp, .issuer = root};
    time_t now = time(NULL);
    const struct ocsp_finding revoked = {STANDING_REVOKED, now - 10, now + 1000},
                              good = {STANDING_GOOD, now - 500, now + 500};
    known_put_answer(k, &c, &revoked, BYTES_NONE);
    known_put_answer(k, &c, &good, BYTES_NONE);
    assert_int_equal(known_answer(k, &c, NULL), STANDING_REVOKED);
    const struct ocsp_finding past = {STANDING_GOOD, now, now - 1};
    known_put_answer(k, &c, &past, BYTES_NONE);
    assert_int_equal(known_answer(k, &c, NULL), STANDING_UNKNOWN);
    known_free(k);
}

/* Good is asked for anew after a while; revoked is so as long as the answer holds. */
static void a_revocation_is_not_forgotten_for_an_older_answer(void **state)
{
    (void)state;
    struct known *k = known_new();
    struct ocsp_case c = {.cert = with_ocsp, .issuer = root}, other = {.cert = with_both, .issuer = root};
    time_t now = time(NULL);
    const struct ocsp_finding revoked = {STANDING_REVOKED, now - 10, now + 3 * KNOWN_FOR},
                              good = {STANDING_GOOD, now - 10, now + 3 * KNOWN_FOR},
                              older = {STANDING_GOOD, now - 20, now + 3 * KNOWN_FOR};
    known_put_answer(k, &c, &revoked, BYTES_NONE);
    known_put_answer(k, &other, &good, BYTES_NONE);
    time_passed = KNOWN_FOR + 1;
    known_put_answer(k, &c, &older, BYTES_NONE);
    assert_int_equal(known_answer(k, &c, NULL), STANDING_REVOKED);
    assert_int_equal(known_answer(k, &other, NULL), STANDING_UNKNOWN);
    time_passed = 0;
    known_free(k);
}

static void what_is_known_has_its_bounds(void **state)
{
    (void)state;
    struct known *k = known_new();
    struct cred_rule rule = {.rsa_bits = 1};
    struct ocsp_case c = {.cert = with_ocsp, .issuer = root, .rule = &rule};
    time_t now = time(NULL);
    const struct ocsp_finding good = {STANDING_GOOD, now, now + 1000};
    for (unsigned i = 0; i < KNOWN_ANSWERS_MAX + 10; i++) {
        rule.rsa_bits = i;
        known_put_answer(k, &c, &good, BYTES_LIT("octets"));
    }
    assert_int_equal(known_count(k), KNOWN_ANSWERS_MAX);
    assert_int_equal(known_answer(k, &c, NULL), STANDING_GOOD);
    rule.rsa_bits = 3;
    assert_int_equal(known_answer(k, &c, NULL), STANDING_UNKNOWN); /* gone */
    for (int i = 0; i < 3 * KNOWN_LISTS_MAX; i++) {                /* of one CA: the newer takes the older's place */
        X509_CRL *crl = list_of(root, root_key, NULL, i + 1);
        known_put_list(k, crl);
        X509_CRL_free(crl);
    }
    assert_true(sk_X509_CRL_num(known_lists(k)) <= KNOWN_LISTS_MAX);
    for (int i = 0; i < 2 * KNOWN_FAILED_MAX; i++) {
        char uri[32];
        snprintf(uri, sizeof uri, "http://%d/", i);
        known_put_failure(k, uri, "no");
    }
    assert_null(known_failure(k, "http://0/"));
    assert_non_null(known_failure(k, "http://127/"));
    known_free(k);
}

/* ---- tests: our own responses ---------------------------------------------------------------- */

static void sign_as_us(struct cred_world *w, bool asked, struct cred_reply *reply)
{
    struct ike_ask ask = {.kind = ASK_SIGN, .conn = &w->conn, .octets = octets, .hashes = ALL_HASHES, .asked_for_cert = true, .asked_for_ocsp = asked};
    cred_reply_make(&(struct cred_stock){.wallet = w->wallet, .known = w->known}, NULL, &ask, reply);
    if (reply->keys.inquiry) { /* what waits has to outlive its configuration */
        keyring_free(w->keys);
        wallet_free(w->wallet);
        w->keys = NULL;
        w->wallet = NULL;
    }
    cred_world_inquire(w, reply);
    assert_int_equal(reply->answer.status, ANSWER_OK);
}

static void ours_is_sent_to_a_peer_that_asks(void **state)
{
    (void)state;
    static const char *const names[] = {"own.pem"};
    struct net n = {.ocsp = FAULT_NONE};
    struct cred_world w;
    struct cred_reply reply;
    struct cred_ref ref;
    begin(&w, &n);
    cred_world_put_cert(&w, "x509", "own.pem", with_ocsp);
    cred_world_put_key(&w, "own.pem", peer_key, NULL);
    w.section[0].spec.certs = cred_world_ref(&ref, names[0]);
    w.conn.ocsp = CONF_OCSP_REPLY;
    for (int round = 0; round < 2; round++) { /* fetched, then remembered */
        assert_true(cred_world_load(&w, true, NULL));
        sign_as_us(&w, true, &reply);
        assert_int_equal(w.fetched, 1);
        assert_int_equal(reply.answer.cert_count, 2);
        assert_int_equal(reply.answer.certs[0].encoding, X509_SIGNATURE);
        assert_int_equal(reply.answer.certs[1].encoding, OCSP_CONTENT);
        X509 *same = file_cert_of(reply.answer.certs[0].data);
        assert_int_equal(X509_cmp(same, with_ocsp), 0);
        X509_free(same);
        assert_true(ocsp_is_answer(reply.answer.certs[1].data));
        cred_reply_wipe(&reply);
    }
    sign_as_us(&w, false, &reply);
    assert_int_equal(reply.answer.cert_count, 1);
    cred_reply_wipe(&reply);
    w.conn.ocsp = CONF_OCSP_REQUEST;
    sign_as_us(&w, true, &reply);
    assert_int_equal(reply.answer.cert_count, 1);
    cred_reply_wipe(&reply);
    w.conn.ocsp = CONF_OCSP_REPLY;
    known_clear(w.known);
    n.ocsp_down = true; /* then without */
    sign_as_us(&w, true, &reply);
    assert_int_equal(reply.answer.cert_count, 1);
    cred_reply_wipe(&reply);
    struct net up = {.ocsp = FAULT_NONE};
    struct bytes response = respond_for(&up, with_ocsp, root, EVP_sha1());
    put_octets(&w, "own.der", response);
    assert_true(cred_world_load(&w, true, NULL));
    sign_as_us(&w, true, &reply);
    assert_int_equal(reply.answer.cert_count, 2);
    assert_bytes_equal(reply.answer.certs[1].data, response);
    cred_reply_wipe(&reply);
    free((void *)(uintptr_t)response.at);
    cred_world_end(&w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(ocsp_follows_the_policy),
        cmocka_unit_test(fetched_lists_follow_the_policy),
        cmocka_unit_test(sources_of_an_authority_follow_the_policy),
        cmocka_unit_test(the_newer_list_decides_wherever_it_is),
        cmocka_unit_test(a_list_of_another_key_takes_nothing_away),
        cmocka_unit_test(a_list_signed_with_a_weak_hash_does_not_count),
        cmocka_unit_test(wrong_answers_do_not_count),
        cmocka_unit_test(a_responder_must_keep_the_rule_of_the_chain),
        cmocka_unit_test(nothing_is_fetched_before_there_is_trust),
        cmocka_unit_test(what_was_fetched_is_remembered_and_failures_for_a_while),
        cmocka_unit_test(ftp_and_the_like_are_no_sources_that_help),
        cmocka_unit_test(every_certificate_of_the_chain_is_asked_about),
        cmocka_unit_test(responses_and_responders_in_files_count),
        cmocka_unit_test(a_peer_may_bring_its_own_response_if_it_was_asked_to),
        cmocka_unit_test(an_older_answer_does_not_displace_a_newer_one),
        cmocka_unit_test(a_revocation_is_not_forgotten_for_an_older_answer),
        cmocka_unit_test(what_is_known_has_its_bounds),
        cmocka_unit_test(ours_is_sent_to_a_peer_that_asks),
    };
    return cmocka_run_group_tests(tests, make_all, drop_all);
}
