/* pki: see pki.h. */
#include "cred/pki.h"

#include <braid/secrets.h>

#include <arpa/inet.h>
#include <openssl/core_names.h>
#include <openssl/err.h>
#include <openssl/rand.h>
#include <openssl/x509v3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

enum { TEXT_MAX = 1024 };

/* ---- keys ------------------------------------------------------------------------------------ */

static const struct {
    const char *word, *type;
} plain_types[] = {
#define FAMILY(name, word, type, flags) {word, type},
#include <braid/signature.def>
};

static EVP_PKEY *rsa_key(const char *bits, const char **why)
{
    unsigned long n = *bits ? strtoul(bits, NULL, 10) : 3072;
    *why = "RSA keys have 2048 to 16384 bits";
    return n >= 2048 && n <= 16384 ? EVP_PKEY_Q_keygen(NULL, NULL, "RSA", (size_t)n) : NULL;
}

static EVP_PKEY *ec_key(const char *bits, const char **why)
{
    static const char *const curves[][2] = {
        {"", "P-256"}, {"256", "P-256"}, {"384", "P-384"}, {"521", "P-521"}};
    *why = "ECDSA keys are ecdsa256, ecdsa384 or ecdsa521";
    for (size_t i = 0; i < sizeof curves / sizeof curves[0]; i++)
        if (strcmp(curves[i][0], bits) == 0)
            return EVP_PKEY_Q_keygen(NULL, NULL, "EC", curves[i][1]);
    return NULL;
}

EVP_PKEY *pki_key_new(const char *type, const char **why)
{
    *why = "no such type of key (rsa, ecdsa, ed25519, ed448, mldsa44, mldsa65, mldsa87, "
           "slhdsa/sha2_128s and so on)";
    if (strncmp(type, "rsa", 3) == 0)
        return rsa_key(type + 3, why);
    if (strncmp(type, "ecdsa", 5) == 0)
        return ec_key(type + 5, why);
    for (size_t i = 0; i < sizeof plain_types / sizeof plain_types[0]; i++)
        if (strcasecmp(plain_types[i].word, type) == 0)
            return EVP_PKEY_Q_keygen(NULL, NULL, plain_types[i].type);
    return NULL;
}

/* The hash that a key signs certificates with; NULL: its own. */
static const EVP_MD *hash_for(EVP_PKEY *key)
{
    int bits = EVP_PKEY_get_bits(key);
    if (EVP_PKEY_is_a(key, "EC"))
        return bits > 384 ? EVP_sha512() : bits > 256 ? EVP_sha384()
                                                      : EVP_sha256();
    return EVP_PKEY_is_a(key, "RSA") ? EVP_sha256() : NULL;
}

/* ---- names ----------------------------------------------------------------------------------- */

static char *trim(char *text)
{
    while (*text == ' ')
        text++;
    char *end = text + strlen(text);
    while (end > text && end[-1] == ' ')
        *--end = '\0';
    return text;
}

static bool set_name(X509_NAME *name, const char *subject)
{
    char text[TEXT_MAX], *rest = text, *part;
    if (strlen(subject) >= sizeof text)
        return false;
    strcpy(text, subject);
    while ((part = strsep(&rest, ",")) != NULL) {
        char *equals = strchr(part, '=');
        if (!equals)
            return false;
        *equals = '\0';
        if (X509_NAME_add_entry_by_txt(name, trim(part), MBSTRING_UTF8,
                                       (const uint8_t *)trim(equals + 1), -1, -1, 0) != 1)
            return false;
    }
    return X509_NAME_entry_count(name) > 0;
}

static bool is_address(const char *text)
{
    uint8_t room[16];
    return inet_pton(AF_INET, text, room) == 1 || inet_pton(AF_INET6, text, room) == 1;
}

/* What sort of name it is, as OpenSSL calls it; a prefix that says so is skipped. */
static const char *kind_of(const char **id)
{
    static const char *const kinds[][2] = {{"dns:", "DNS"}, {"email:", "email"}, {"ip:", "IP"}};
    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
        size_t len = strlen(kinds[i][0]);
        if (strncasecmp(*id, kinds[i][0], len) != 0)
            continue;
        *id += len;
        return kinds[i][1];
    }
    return is_address(*id) ? "IP" : strchr(*id, '@') ? "email"
                                                     : "DNS";
}

/* subjectAltName in the words of OpenSSL's configuration. */
static bool write_ids(const struct pki_request *r, char to[TEXT_MAX])
{
    size_t at = 0;
    for (size_t i = 0; i < r->id_count; i++) {
        const char *id = r->ids[i], *kind = kind_of(&id);
        if (id[0] == '\0' || strpbrk(id, ", \t\n\"'\\;"))
            return false;
        at += (size_t)snprintf(to + at, TEXT_MAX - at, "%s%s:%s", i ? "," : "", kind, id);
        if (at >= TEXT_MAX)
            return false;
    }
    return true;
}

/* ---- certificates ---------------------------------------------------------------------------- */

static bool add(X509 *cert, X509 *issuer, int nid, const char *value)
{
    X509V3_CTX ctx;
    if (!value)
        return true;
    CONF *none = NCONF_new(NULL); /* policies want a configuration, even an empty one */
    X509V3_set_ctx(&ctx, issuer, cert, NULL, NULL, 0);
    X509V3_set_nconf(&ctx, none);
    X509_EXTENSION *e = none ? X509V3_EXT_conf_nid(NULL, &ctx, nid, value) : NULL;
    bool good = e && X509_add_ext(cert, e, -1) == 1;
    NCONF_free(none);
    X509_EXTENSION_free(e);
    return good;
}

/* The names a request wishes for, and nothing else of it. */
static bool add_wished_names(X509 *cert, X509_REQ *wish)
{
    STACK_OF(X509_EXTENSION) *all = X509_REQ_get_extensions(wish);
    int i = X509v3_get_ext_by_NID(all, NID_subject_alt_name, -1);
    bool good = i < 0 || X509_add_ext(cert, X509v3_get_ext(all, i), -1) == 1;
    sk_X509_EXTENSION_pop_free(all, X509_EXTENSION_free);
    return good;
}

static bool add_extensions(X509 *cert, X509 *issuer, const struct pki_request *r)
{
    char basic[64], ids[TEXT_MAX], crl[TEXT_MAX], ocsp[TEXT_MAX];
    const char *usage = r->key_usage ? r->key_usage
                        : r->is_ca   ? "critical,keyCertSign,cRLSign"
                                     : "critical,digitalSignature";
    if (r->is_ca && r->path_len >= 0)
        snprintf(basic, sizeof basic, "critical,CA:TRUE,pathlen:%d", r->path_len);
    else
        snprintf(basic, sizeof basic, "critical,CA:%s", r->is_ca ? "TRUE" : "FALSE");
    snprintf(crl, sizeof crl, "URI:%s", r->crl_uri ? r->crl_uri : "");
    snprintf(ocsp, sizeof ocsp, "OCSP;URI:%s", r->ocsp_uri ? r->ocsp_uri : "");
    return write_ids(r, ids) && add(cert, issuer, NID_subject_key_identifier, "hash") &&
           add(cert, issuer, NID_authority_key_identifier, "keyid") &&
           add(cert, issuer, NID_basic_constraints, basic) &&
           add(cert, issuer, NID_key_usage, usage) &&
           add(cert, issuer, NID_ext_key_usage, r->usage) &&
           add(cert, issuer, NID_name_constraints, r->constraint) &&
           (r->id_count || !r->wish || add_wished_names(cert, r->wish)) &&
           add(cert, issuer, NID_subject_alt_name, r->id_count ? ids : NULL) &&
           add(cert, issuer, NID_certificate_policies, r->policy) &&
           add(cert, issuer, NID_info_access, r->ocsp_uri ? ocsp : NULL) &&
           add(cert, issuer, NID_crl_distribution_points, r->crl_uri ? crl : NULL);
}

static bool set_serial(X509 *cert)
{
    uint8_t octets[16];
    if (RAND_bytes(octets, sizeof octets) != 1)
        return false;
    octets[0] = (uint8_t)((octets[0] & 0x7f) | 0x40); /* positive, and always as long */
    BIGNUM *n = BN_bin2bn(octets, sizeof octets, NULL);
    bool good = n && BN_to_ASN1_INTEGER(n, X509_get_serialNumber(cert));
    BN_free(n);
    return good;
}

X509 *pki_certify(const struct pki_request *r, const char **why)
{
    X509 *cert = X509_new(), *issuer = r->issuer ? r->issuer : cert;
    EVP_PKEY *issuer_key = r->issuer ? r->issuer_key : r->key;
    *why = "the subject must read like C=CH, O=example, CN=moon";
    bool good = cert && (!r->subject && r->wish
                             ? X509_set_subject_name(cert, X509_REQ_get_subject_name(r->wish)) == 1
                             : set_name(X509_get_subject_name(cert), r->subject));
    if (good) {
        *why = "the certificate could not be made; are the names good?";
        good = X509_set_version(cert, X509_VERSION_3) == 1 && set_serial(cert) &&
               X509_set_issuer_name(cert, X509_get_subject_name(issuer)) == 1 &&
               X509_gmtime_adj(X509_getm_notBefore(cert), r->from) &&
               X509_gmtime_adj(X509_getm_notAfter(cert), r->until) &&
               X509_set_pubkey(cert, r->key) == 1 && add_extensions(cert, issuer, r) &&
               X509_sign(cert, issuer_key, hash_for(issuer_key)) > 0;
    }
    ERR_clear_error();
    if (good)
        return cert;
    X509_free(cert);
    return NULL;
}

/* ---- requests -------------------------------------------------------------------------------- */

static bool add_names_to(X509_REQ *req, const struct pki_request *r)
{
    char ids[TEXT_MAX];
    STACK_OF(X509_EXTENSION) *all = sk_X509_EXTENSION_new_null();
    X509_EXTENSION *e = r->id_count && all && write_ids(r, ids)
                            ? X509V3_EXT_conf_nid(NULL, NULL, NID_subject_alt_name, ids)
                            : NULL;
    bool good = all && (!r->id_count || (e && sk_X509_EXTENSION_push(all, e) > 0));
    if (e && !good)
        X509_EXTENSION_free(e);
    good = good && (!e || X509_REQ_add_extensions(req, all) == 1);
    sk_X509_EXTENSION_pop_free(all, X509_EXTENSION_free);
    return good;
}

X509_REQ *pki_ask(const struct pki_request *r, const char **why)
{
    X509_REQ *req = X509_REQ_new();
    *why = "the subject must read like C=CH, O=example, CN=moon";
    bool good = req && set_name(X509_REQ_get_subject_name(req), r->subject);
    if (good) {
        *why = "the request could not be made; are the names good?";
        good = X509_REQ_set_pubkey(req, r->key) == 1 && add_names_to(req, r) &&
               X509_REQ_sign(req, r->key, hash_for(r->key)) > 0;
    }
    ERR_clear_error();
    if (good)
        return req;
    X509_REQ_free(req);
    return NULL;
}

/* ---- lists ----------------------------------------------------------------------------------- */

static bool add_revoked(X509_CRL *crl, const ASN1_INTEGER *serial, const ASN1_TIME *when)
{
    X509_REVOKED *entry = X509_REVOKED_new();
    bool good = entry && X509_REVOKED_set_serialNumber(entry, (ASN1_INTEGER *)(uintptr_t)serial) &&
                X509_REVOKED_set_revocationDate(entry, (ASN1_TIME *)(uintptr_t)when);
    if (good && X509_CRL_add0_revoked(crl, entry) == 1)
        return true;
    X509_REVOKED_free(entry);
    return false;
}

/* The number of a list must grow: the time does. */
static bool add_number(X509_CRL *crl)
{
    ASN1_INTEGER *n = ASN1_INTEGER_new();
    bool good = n && ASN1_INTEGER_set_int64(n, (int64_t)time(NULL)) == 1 &&
                X509_CRL_add1_ext_i2d(crl, NID_crl_number, n, 0, 0) == 1;
    ASN1_INTEGER_free(n);
    return good;
}

/* Which key of the issuer has signed (RFC 5280 5.2.1). */
static bool add_signer(X509_CRL *crl, X509 *issuer)
{
    X509V3_CTX ctx;
    X509V3_set_ctx(&ctx, issuer, NULL, NULL, crl, 0);
    X509_EXTENSION *e =
        X509V3_EXT_conf_nid(NULL, &ctx, NID_authority_key_identifier, "keyid:always");
    bool good = e && X509_CRL_add_ext(crl, e, -1) == 1;
    X509_EXTENSION_free(e);
    return good;
}

X509_CRL *pki_list(X509 *issuer, EVP_PKEY *issuer_key, const ASN1_INTEGER *const *serials,
                   size_t count, long days, const char **why)
{
    X509_CRL *crl = X509_CRL_new();
    ASN1_TIME *now = X509_gmtime_adj(NULL, -60), *then = X509_gmtime_adj(NULL, days * 86400);
    *why = "the list could not be made";
    bool good = crl && now && then && X509_CRL_set_version(crl, 1) == 1 &&
                X509_CRL_set_issuer_name(crl, X509_get_subject_name(issuer)) == 1 &&
                X509_CRL_set1_lastUpdate(crl, now) == 1 &&
                X509_CRL_set1_nextUpdate(crl, then) == 1 && add_number(crl) &&
                add_signer(crl, issuer);
    for (size_t i = 0; good && i < count; i++)
        good = add_revoked(crl, serials[i], now);
    good = good && X509_CRL_sort(crl) == 1 &&
           X509_CRL_sign(crl, issuer_key, hash_for(issuer_key)) > 0;
    ASN1_TIME_free(now);
    ASN1_TIME_free(then);
    ERR_clear_error();
    if (good)
        return crl;
    X509_CRL_free(crl);
    return NULL;
}
