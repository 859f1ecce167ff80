/*
 * fuzz_cert: certificates, revocation lists and OCSP responses: any octets, and good ones that were
 * changed.
 *
 *     input := what (1 octet) how (1 octet) ...
 *     what  := modulo 6: the end entity, its sub-CA, the CA's list, the sub-CA's list, an OCSP
 *              response, a raw public key
 *     how   := odd: what follows takes its place; even: so many halves of changes to it
 *
 * A certificate that is not what its issuer signed is believed by nobody, nor is a list; what is
 * refused has a printable reason; whatever can be read can be asked for its identities.
 */
#include "fuzz.h"
#include "script.h"

#include <stdio.h>
#include <stdlib.h>

#include <openssl/err.h>

#include "cred/file.h"
#include "cred/ocsp.h"
#include "cred/pki.h"
#include "cred/trust.h"

enum { ROOM = 8192,
       YEAR = 365 * 86400 };

enum what { LEAF,
            SUB_CA,
            LIST,
            SUB_LIST,
            RESPONSE,
            RAW_KEY,
            WHATS };

static EVP_PKEY *keys[3];
static X509 *root;
static struct bytes good[WHATS];

static void require(bool ok, const char *what)
{
    if (ok)
        return;
    fprintf(stderr, "fuzz_cert: %s\n", what);
    abort();
}

/* ---- what is good ---------------------------------------------------------------------------- */

static X509 *certify(struct pki_request r)
{
    const char *why = "";
    r.from = -3600;
    r.until = 20L * YEAR;
    X509 *cert = pki_certify(&r, &why);
    require(cert != NULL, why);
    return cert;
}

static struct bytes keep(int len, uint8_t *der)
{
    require(len > 0, "encoding");
    return bytes_make(der, (size_t)len);
}

static struct bytes list_of(X509 *issuer, EVP_PKEY *key)
{
    const char *why = "";
    uint8_t *der = NULL;
    X509_CRL *crl = pki_list(issuer, key, NULL, 0, 3650, &why);
    require(crl != NULL, why);
    int len = i2d_X509_CRL(crl, &der);
    X509_CRL_free(crl);
    return keep(len, der);
}

static void make_all(void)
{
    static const char *const ids[] = {"moon.example", "10.0.0.7", "carol@moon.example"};
    const char *why;
    uint8_t *der = NULL;
    for (int i = 0; i < 3; i++)
        require((keys[i] = pki_key_new("ecdsa256", &why)) != NULL, why);
    root = certify((struct pki_request){.subject = "CN=root", .key = keys[0], .is_ca = true, .path_len = -1});
    X509 *sub = certify((struct pki_request){.subject = "CN=sub", .key = keys[1], .issuer = root, .issuer_key = keys[0], .is_ca = true, .path_len = 0, .constraint = "permitted;DNS:moon.example,permitted;IP:10.0.0.0/255.0.0.0,permitted;email:moon.example"});
    X509 *leaf = certify((struct pki_request){.subject = "C=CH, O=braid, CN=moon", .ids = ids, .id_count = 3, .key = keys[2], .issuer = sub, .issuer_key = keys[1], .path_len = -1, .usage = "serverAuth,clientAuth", .crl_uri = "http://crl.example/"});
    int len = i2d_X509(leaf, &der);
    good[LEAF] = keep(len, der);
    der = NULL;
    len = i2d_X509(sub, &der);
    good[SUB_CA] = keep(len, der);
    good[LIST] = list_of(root, keys[0]);
    good[SUB_LIST] = list_of(sub, keys[1]);
    der = NULL;
    len = i2d_PUBKEY(keys[2], &der);
    good[RAW_KEY] = keep(len, der);
    good[RESPONSE] = BYTES_LIT("\x30\x03\x0a\x01\x06"); /* unauthorized */
    X509_free(sub);
    X509_free(leaf);
}

/* ---- judging --------------------------------------------------------------------------------- */

static void ask_identities(X509 *cert)
{
    static const struct identity ids[] = {
        {1, BYTES_LIT("\x0a\x00\x00\x07")}, {2, BYTES_LIT("moon.example")}, {3, BYTES_LIT("carol@moon.example")}, {11, BYTES_LIT("moon")}, {9, BYTES_LIT("\x30\x0f\x31\x0d\x30\x0b\x06\x03\x55\x04\x03\x0c\x04moon")}};
    uint8_t hash[20];
    for (size_t i = 0; i < sizeof ids / sizeof ids[0]; i++)
        (void)trust_identity(cert, &ids[i]);
    const struct identity subject = {9, trust_subject(cert)};
    (void)trust_identity(cert, &subject);
    (void)trust_key_hash(cert, hash);
}

static STACK_OF(X509_CRL) * lists_of(const struct bytes *parts)
{
    STACK_OF(X509_CRL) *lists = sk_X509_CRL_new_null();
    (void)file_crls(parts[LIST], lists);
    (void)file_crls(parts[SUB_LIST], lists);
    return lists;
}

/* Is the chain of these parts believed, revocation lists demanded? */
static bool judge(const struct bytes *parts)
{
    static const struct cred_rule any;
    char why[TRUST_REASON_MAX] = "";
    X509 *leaf = file_cert_of(parts[LEAF]), *sub = file_cert_of(parts[SUB_CA]);
    STACK_OF(X509) *others = sk_X509_new_null(), *anchors = sk_X509_new_null();
    STACK_OF(X509_CRL) *lists = lists_of(parts);
    sk_X509_push(anchors, root);
    X509_STORE *store = trust_store_new(anchors, lists);
    struct trust_demand demand = {.store = store, .revocation = REVOCATION_STRICT, .chain = &any};
    if (sub)
        sk_X509_push(others, sub);
    bool believed = leaf && store && trust_chain(leaf, others, &demand, NULL, why);
    require(!leaf || !store || believed || why[0], "refused without a reason");
    for (const char *c = why; *c; c++)
        require(*c >= ' ' && *c < 127, "a reason that cannot be printed");
    if (leaf)
        ask_identities(leaf);
    X509_STORE_free(store);
    sk_X509_CRL_pop_free(lists, X509_CRL_free);
    sk_X509_free(anchors);
    sk_X509_free(others);
    X509_free(sub);
    X509_free(leaf);
    return believed;
}

static void judge_response(struct bytes octets)
{
    struct ocsp_finding found;
    const char *why = "";
    X509 *leaf = file_cert_of(good[LEAF]), *sub = file_cert_of(good[SUB_CA]);
    STACK_OF(X509) *chain = sk_X509_new_null();
    sk_X509_push(chain, root);
    X509_STORE *store = trust_store_new(chain, NULL);
    sk_X509_push(chain, sub);
    struct ocsp_case c = {.cert = leaf, .issuer = sub, .store = store, .chain = chain};
    require(!ocsp_judge(octets, &c, NULL, &found, &why) && *why, "a response that nobody signed");
    (void)ocsp_is_answer(octets);
    X509_STORE_free(store);
    sk_X509_free(chain);
    X509_free(sub);
    X509_free(leaf);
}

static void judge_key(struct bytes octets)
{
    EVP_PKEY *key = file_spki_of(octets);
    require(!key || EVP_PKEY_eq(key, keys[2]) != 1 || bytes_equal(octets, good[RAW_KEY]),
            "other octets are the same key");
    EVP_PKEY_free(key);
}

static void judge_part(enum what what, struct bytes octets)
{
    struct bytes parts[WHATS];
    if (what == RESPONSE) {
        judge_response(octets);
    } else if (what == RAW_KEY) {
        judge_key(octets);
    } else {
        memcpy(parts, good, sizeof parts);
        parts[what] = octets;
        bool same = bytes_equal(octets, good[what]), believed = judge(parts);
        require(same || !believed, "something that nobody signed is believed");
        require(!same || believed, "what is good is refused");
    }
    require(ERR_peek_error() == 0, "an error that nobody asked for");
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct script script = {data, size};
    enum what what = next_octet(&script) % WHATS;
    uint8_t how = next_octet(&script);
    uint8_t *room = malloc(ROOM > size ? ROOM : size);
    size_t len = 0;
    if (!root)
        make_all();
    if (how & 1) {
        len = script.left;
        if (len)
            memcpy(room, script.at, len);
    } else {
        len = good[what].len;
        memcpy(room, good[what].at, len);
        for (unsigned i = 0; i < how / 2; i++)
            edit(&script, room, &len, ROOM);
    }
    uint8_t *exact = realloc(room, len ? len : 1); /* so that one octet too far is seen */
    judge_part(what, bytes_make(exact, len));
    free(exact);
    return 0;
}
