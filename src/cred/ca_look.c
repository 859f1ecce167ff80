/* ca: looking at what is there. See ca.h. */
#include "cred/ca.h"

#include "cred/ca_files.h"
#include "cred/file.h"
#include "cred/scheme.h"
#include "cred/trust.h"
#include "cred/validity.h"

#include <dirent.h>
#include <errno.h>
#include <openssl/err.h>
#include <openssl/x509v3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { NAME_FLAGS = XN_FLAG_ONELINE & ~XN_FLAG_SPC_EQ };

/* ---- show ------------------------------------------------------------------------------------ */

static void show_name(BIO *out, const char *what, const X509_NAME *name)
{
    BIO_printf(out, "%-9s", what);
    X509_NAME_print_ex(out, name, 0, NAME_FLAGS);
    BIO_puts(out, "\n");
}

static void show_key(BIO *out, EVP_PKEY *key)
{
    const char *type = key ? EVP_PKEY_get0_type_name(key) : NULL;
    BIO_printf(out, "key      %s, %d bits%s\n", type ? type : "unknown",
               key ? EVP_PKEY_get_bits(key) : 0,
               key && scheme_is_quantum(key) ? ", post-quantum" : "");
}

static void show_times(BIO *out, const ASN1_TIME *from, const ASN1_TIME *until)
{
    BIO_puts(out, "valid    ");
    ASN1_TIME_print(out, from);
    BIO_puts(out, " to ");
    if (until)
        ASN1_TIME_print(out, until);
    BIO_puts(out, "\n");
}

static void show_extension(BIO *out, const char *what, X509_EXTENSION *e)
{
    if (!e)
        return;
    BIO_printf(out, "%-9s", what);
    X509V3_EXT_print(out, e, 0, 0);
    BIO_puts(out, "\n");
}

static X509_EXTENSION *extension_of(const X509 *cert, int nid)
{
    int i = X509_get_ext_by_NID(cert, nid, -1);
    return i >= 0 ? X509_get_ext(cert, i) : NULL;
}

static void show_cert(BIO *out, X509 *cert)
{
    char serial[64], complaint[VALIDITY_TEXT_MAX];
    uint8_t *der = NULL;
    int len = i2d_X509(cert, &der);
    OPENSSL_free(der);
    ca_serial_name(cert, serial);
    show_name(out, "subject", X509_get_subject_name(cert));
    show_name(out, "issuer", X509_get_issuer_name(cert));
    BIO_printf(out, "serial   %s\n", serial);
    show_key(out, X509_get0_pubkey(cert));
    show_times(out, X509_get0_notBefore(cert), X509_get0_notAfter(cert));
    show_extension(out, "for", extension_of(cert, NID_subject_alt_name));
    show_extension(out, "usage", extension_of(cert, NID_ext_key_usage));
    BIO_printf(out, "size     %d octets\n", len);
    if (X509_check_ca(cert))
        BIO_puts(out, "it is a CA\n");
    if (validity_complaint(cert, complaint))
        BIO_printf(out, "WARNING: it %s\n", complaint);
}

static void show_request(BIO *out, X509_REQ *req)
{
    STACK_OF(X509_EXTENSION) *all = X509_REQ_get_extensions(req);
    int i = X509v3_get_ext_by_NID(all, NID_subject_alt_name, -1);
    EVP_PKEY *key = X509_REQ_get0_pubkey(req);
    BIO_puts(out, "a request for a certificate\n");
    show_name(out, "subject", X509_REQ_get_subject_name(req));
    show_key(out, key);
    show_extension(out, "for", i >= 0 ? X509v3_get_ext(all, i) : NULL);
    if (!key || X509_REQ_verify(req, key) != 1)
        BIO_puts(out, "WARNING: the signature on it is wrong\n");
    sk_X509_EXTENSION_pop_free(all, X509_EXTENSION_free);
}

static void show_list(BIO *out, X509_CRL *crl)
{
    STACK_OF(X509_REVOKED) *revoked = X509_CRL_get_REVOKED(crl);
    BIO_puts(out, "a revocation list\n");
    show_name(out, "issuer", X509_CRL_get_issuer(crl));
    show_times(out, X509_CRL_get0_lastUpdate(crl), X509_CRL_get0_nextUpdate(crl));
    for (int i = 0; i < sk_X509_REVOKED_num(revoked); i++) {
        BIO_puts(out, "revoked  ");
        i2a_ASN1_INTEGER(out, X509_REVOKED_get0_serialNumber(sk_X509_REVOKED_value(revoked, i)));
        BIO_puts(out, "\n");
    }
    if (X509_CRL_get0_nextUpdate(crl) && X509_cmp_current_time(X509_CRL_get0_nextUpdate(crl)) < 0)
        BIO_puts(out, "WARNING: it has expired\n");
}

/* Whatever the text is. How many things it holds. */
static int show_text(BIO *out, struct bytes text)
{
    int count = 0;
    STACK_OF(X509) *certs = sk_X509_new_null();
    STACK_OF(X509_CRL) *lists = sk_X509_CRL_new_null();
    X509_REQ *req = file_request(text);
    file_certs(text, certs);
    file_crls(text, lists);
    for (int i = 0; i < sk_X509_num(certs); i++) {
        BIO_puts(out, count++ ? "\n" : "");
        show_cert(out, sk_X509_value(certs, i));
    }
    for (int i = 0; i < sk_X509_CRL_num(lists); i++) {
        BIO_puts(out, count++ ? "\n" : "");
        show_list(out, sk_X509_CRL_value(lists, i));
    }
    if (req) {
        BIO_puts(out, count++ ? "\n" : "");
        show_request(out, req);
    }
    X509_REQ_free(req);
    sk_X509_pop_free(certs, X509_free);
    sk_X509_CRL_pop_free(lists, X509_CRL_free);
    return count;
}

bool ca_show(const struct ca_order *o)
{
    struct bytes text;
    if (!o->file)
        return ca_fail("pki show", "of which file?");
    if (!file_read(o->file, &text))
        return ca_fail(o->file, strerror(errno));
    BIO *out = BIO_new_fp(stdout, BIO_NOCLOSE);
    bool good = out && show_text(out, text) > 0;
    BIO_free(out);
    file_free(&text);
    return good || ca_fail(o->file, "holds no certificate, request or revocation list");
}

/* ---- list ------------------------------------------------------------------------------------ */

static bool is_revoked(X509 *cert, ASN1_INTEGER *const *serials, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (ASN1_INTEGER_cmp(X509_get0_serialNumber(cert), serials[i]) == 0)
            return true;
    return false;
}

static void list_one(BIO *out, X509 *cert, bool revoked)
{
    char serial[64], complaint[VALIDITY_TEXT_MAX];
    bool complains = validity_complaint(cert, complaint);
    ca_serial_name(cert, serial);
    BIO_printf(out, "%s  ", serial);
    X509_NAME_print_ex(out, X509_get_subject_name(cert), 0, NAME_FLAGS);
    BIO_puts(out, "  until ");
    ASN1_TIME_print(out, X509_get0_notAfter(cert));
    BIO_printf(out, "  %s\n", revoked ? "REVOKED" : complains ? complaint
                                                              : "good");
}

static int is_cert_file(const struct dirent *e)
{
    const char *end = strrchr(e->d_name, '.');
    return e->d_name[0] != '.' && end && strcmp(end, ".pem") == 0;
}

bool ca_list(const struct ca_order *o)
{
    char path[CA_PATH_MAX], file[300];
    const char *dir = o->dir ? o->dir : "pki";
    struct ca ca;
    ASN1_INTEGER **serials = calloc(CA_REVOKED_MAX, sizeof(ASN1_INTEGER *));
    struct dirent **entries = NULL;
    if (!serials || !ca_open_certs(&ca, dir)) {
        free(serials);
        return false;
    }
    size_t revoked = ca_read_revoked(dir, serials);
    BIO *out = BIO_new_fp(stdout, BIO_NOCLOSE);
    list_one(out, sk_X509_value(ca.chain, 0), false);
    ca_path(path, dir, "issued");
    int count = scandir(path, &entries, is_cert_file, alphasort);
    for (int i = 0; i < count; i++) {
        snprintf(file, sizeof file, "issued/%s", entries[i]->d_name);
        ca_path(path, dir, file);
        STACK_OF(X509) *certs = ca_read_certs(path);
        if (certs)
            list_one(out, sk_X509_value(certs, 0),
                     is_revoked(sk_X509_value(certs, 0), serials, revoked));
        sk_X509_pop_free(certs, X509_free);
        free(entries[i]);
    }
    free(entries);
    BIO_free(out);
    for (size_t i = 0; i < revoked; i++)
        ASN1_INTEGER_free(serials[i]);
    free(serials);
    ca_close(&ca);
    return true;
}

/* ---- verify ---------------------------------------------------------------------------------- */

/* The CA's own list, if it has made one. */
static STACK_OF(X509_CRL) * read_own_list(const char *dir)
{
    char path[CA_PATH_MAX];
    struct bytes text;
    STACK_OF(X509_CRL) *lists = sk_X509_CRL_new_null();
    ca_path(path, dir, "crl.pem");
    if (lists && file_read(path, &text)) {
        file_crls(text, lists);
        file_free(&text);
    }
    return lists;
}

bool ca_verify(const struct ca_order *o)
{
    const char *dir = o->dir ? o->dir : "pki";
    char why[TRUST_REASON_MAX], complaint[VALIDITY_TEXT_MAX];
    struct ca ca = {.key = NULL};
    STACK_OF(X509) *certs = NULL;
    STACK_OF(X509_CRL) *lists = NULL;
    bool good = (o->file || ca_fail("pki verify", "of which file?")) && ca_open_certs(&ca, dir) &&
                (certs = ca_read_certs(o->file)) != NULL && (lists = read_own_list(dir)) != NULL;
    struct trust_demand demand = {.store = good ? trust_store_new(ca.chain, lists) : NULL};
    if (good) {
        X509 *cert = sk_X509_value(certs, 0);
        good = (demand.store && trust_chain(cert, certs, &demand, NULL, why)) ||
               ca_fail(o->file, why);
        if (good)
            printf("%s: good\n", o->file);
        if (good && validity_complaint(cert, complaint))
            printf("%s: it %s\n", o->file, complaint);
    }
    X509_STORE_free(demand.store);
    sk_X509_CRL_pop_free(lists, X509_CRL_free);
    sk_X509_pop_free(certs, X509_free);
    ca_close(&ca);
    return good;
}
