/* ca: making things. See ca.h; looking at them is in ca_look.c. */
#include "cred/ca.h"

#include "cred/ca_files.h"
#include "cred/file.h"
#include "cred/pki.h"

#include <errno.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { IDS_MAX = 32,
       DAY = 86400,
       DAYS_MAX = 36500,
       BACKDATE = 300, /* seconds, for clocks that are slow */
       CA_DAYS = 3650,
       CERT_DAYS = 365,
       LIST_DAYS = 30 };

/* ---- options --------------------------------------------------------------------------------- */

static const char *or_else(const char *value, const char *fallback)
{
    return value ? value : fallback;
}

static enum ca_mode mode_of(const struct ca_order *o)
{
    return o->force ? CA_REPLACE : CA_NEW;
}

static bool days_of(const struct ca_order *o, long fallback, long *seconds)
{
    *seconds = (o->days ? o->days : fallback) * DAY;
    return (o->days >= 0 && o->days <= DAYS_MAX) ||
           ca_fail("pki", "--days is a number from 1 to 36500");
}

/* Nothing is good for longer than the CA that vouches for it. */
static long not_beyond(const X509 *ca, long seconds)
{
    struct tm tm;
    time_t end = ASN1_TIME_to_tm(X509_get0_notAfter(ca), &tm) == 1 ? timegm(&tm) : 0;
    long left = (long)(end - time(NULL));
    if (left >= seconds)
        return seconds;
    fprintf(stderr, "braid: it is good for %ld days only: then its CA expires\n",
            left > 0 ? left / DAY : 0);
    return left;
}

/* What the ids are, apart. */
static size_t split(char *text, const char *parts[IDS_MAX])
{
    size_t count = 0;
    char *part;
    while (text && (part = strsep(&text, ",")) != NULL && count < IDS_MAX) {
        while (*part == ' ')
            part++;
        if (*part)
            parts[count++] = part;
    }
    return count;
}

/* For whom a key or a certificate is to be. */
struct whom {
    char *text;
    const char *ids[IDS_MAX];
    size_t count;
    char subject[1024], name[256];
};

static bool read_whom(const struct ca_order *o, struct whom *w)
{
    *w = (struct whom){.text = strdup(or_else(o->id, ""))};
    w->count = split(w->text, w->ids);
    const char *first = w->count ? w->ids[0] : "cert", *colon = strchr(first, ':');
    bool has_kind = colon && (strncasecmp(first, "dns:", 4) == 0 ||
                              strncasecmp(first, "ip:", 3) == 0 ||
                              strncasecmp(first, "email:", 6) == 0);
    first = has_kind ? colon + 1 : first;
    snprintf(w->subject, sizeof w->subject, "CN=%s", first);
    snprintf(w->name, sizeof w->name, "%s", or_else(o->name, first));
    if (strchr(w->name, '/') || w->name[0] == '.')
        return ca_fail("pki", "--name is a name, not a path");
    return true;
}

static bool is_for_somebody(const struct whom *w, const struct ca_order *o)
{
    return w->count || o->subject ||
           ca_fail("pki", "--id says for whom: host names, addresses, with commas between");
}

/* ---- ca -------------------------------------------------------------------------------------- */

bool ca_make(const struct ca_order *o)
{
    char path[CA_PATH_MAX];
    const char *dir = or_else(o->dir, "pki"), *why = NULL;
    struct ca above = {.key = NULL};
    X509 *cert = NULL;
    EVP_PKEY *key = NULL;
    long seconds;
    bool good = days_of(o, CA_DAYS, &seconds) && (!o->issuer || ca_open(&above, o->issuer));
    if (good && above.chain)
        seconds = not_beyond(sk_X509_value(above.chain, 0), seconds);
    good = good &&
           ((key = pki_key_new(or_else(o->type, "mldsa65"), &why)) || ca_fail("pki ca", why));
    struct pki_request r = {.subject = or_else(o->subject, "O=braid, CN=braid CA"),
                            .key = key,
                            .issuer = above.chain ? sk_X509_value(above.chain, 0) : NULL,
                            .issuer_key = above.key,
                            .is_ca = true,
                            .path_len = -1,
                            .from = -BACKDATE,
                            .until = seconds,
                            .crl_uri = o->issuer ? o->crl : NULL,
                            .ocsp_uri = o->issuer ? o->ocsp : NULL};
    good = good && ((cert = pki_certify(&r, &why)) || ca_fail("pki ca", why)) &&
           ca_make_folder(dir);
    ca_path(path, dir, "ca.key");
    good = good && ca_write_key(path, key);
    ca_path(path, dir, "ca.pem");
    good = good && ca_write_certs(path, cert, above.chain, mode_of(o)) &&
           (!o->issuer || ca_record(o->issuer, cert));
    if (good)
        printf("%s: a CA; its key is %s/ca.key\n", path, dir);
    X509_free(cert);
    EVP_PKEY_free(key);
    ca_close(&above);
    return good;
}

/* ---- where things go ------------------------------------------------------------------------- */

static bool make_folders(const char *out, const char *const folders[], size_t count)
{
    char path[CA_PATH_MAX];
    bool good = ca_make_folder(out);
    for (size_t i = 0; good && i < count; i++) {
        ca_path(path, out, folders[i]);
        good = ca_make_folder(path);
    }
    return good;
}

static bool deliver_key(const char *out, const char *name, EVP_PKEY *key)
{
    static const char *const folders[] = {"private"};
    char path[CA_PATH_MAX], file[512];
    snprintf(file, sizeof file, "private/%s.pem", name);
    ca_path(path, out, file);
    return make_folders(out, folders, 1) && ca_write_key(path, key);
}

/* The root may be there already, from another certificate of the same CA. */
static bool deliver_root(const char *out, X509 *root, const struct ca_order *o)
{
    char path[CA_PATH_MAX];
    struct bytes text;
    bool same = false;
    ca_path(path, out, "x509ca/ca.pem");
    if (file_read(path, &text)) {
        STACK_OF(X509) *there = sk_X509_new_null();
        same = file_certs(text, there) == 1 && X509_cmp(sk_X509_value(there, 0), root) == 0;
        sk_X509_pop_free(there, X509_free);
        file_free(&text);
    }
    return same || ca_write_certs(path, root, NULL, mode_of(o));
}

/* The end entity with its sub-CAs, and the root, where braidd looks for them. */
static bool deliver_cert(const char *out, const char *name, X509 *cert, const struct ca *ca,
                         const struct ca_order *o)
{
    static const char *const folders[] = {"x509", "x509ca"};
    char path[CA_PATH_MAX], file[512];
    X509 *root = sk_X509_pop(ca->chain);
    snprintf(file, sizeof file, "x509/%s.pem", name);
    ca_path(path, out, file);
    bool good = make_folders(out, folders, 2) && deliver_root(out, root, o) &&
                ca_write_certs(path, cert, ca->chain, mode_of(o));
    sk_X509_push(ca->chain, root);
    if (good)
        printf("%s, and its CA beside it\n", path);
    return good;
}

/* ---- issue ----------------------------------------------------------------------------------- */

static bool certify(const struct ca_order *o, const struct whom *w, const struct ca *ca,
                    EVP_PKEY *key,
                    X509_REQ *wish, X509 **cert)
{
    const char *why = NULL;
    long seconds;
    if (!days_of(o, CERT_DAYS, &seconds))
        return false;
    X509 *issuer = sk_X509_value(ca->chain, 0);
    struct pki_request r = {.subject = o->subject ? o->subject : w->count || !wish ? w->subject
                                                                                   : NULL,
                            .ids = w->ids,
                            .id_count = w->count,
                            .wish = wish,
                            .key = key,
                            .issuer = issuer,
                            .issuer_key = ca->key,
                            .from = -BACKDATE,
                            .until = not_beyond(issuer, seconds),
                            .usage = "serverAuth,clientAuth",
                            .crl_uri = o->crl,
                            .ocsp_uri = o->ocsp};
    *cert = pki_certify(&r, &why);
    return *cert || ca_fail("pki", why);
}

/* One type of key of perhaps several. `name`: of the files. */
static bool issue_one(const struct ca_order *o, const struct whom *w, const struct ca *ca,
                      const char *type, const char *name)
{
    const char *out = or_else(o->out, "."), *why = NULL;
    X509 *cert = NULL;
    EVP_PKEY *key = pki_key_new(type, &why);
    bool good = (key || ca_fail("pki issue", why)) && certify(o, w, ca, key, NULL, &cert) &&
                deliver_key(out, name, key) && deliver_cert(out, name, cert, ca, o) &&
                ca_record(or_else(o->dir, "pki"), cert);
    X509_free(cert);
    EVP_PKEY_free(key);
    return good;
}

bool ca_issue(const struct ca_order *o)
{
    struct ca ca = {.key = NULL};
    struct whom w;
    const char *types[IDS_MAX];
    char *text = strdup(or_else(o->type, "mldsa65"));
    size_t count = split(text, types);
    bool good = read_whom(o, &w) && is_for_somebody(&w, o) && ca_open(&ca, or_else(o->dir, "pki"));
    for (size_t i = 0; good && i < count; i++) {
        char name[512];
        snprintf(name, sizeof name, count > 1 ? "%s-%s" : "%s", w.name, types[i]);
        for (char *c = name; *c; c++)
            *c = *c == '/' ? '-' : *c;
        good = issue_one(o, &w, &ca, types[i], name);
    }
    ca_close(&ca);
    free(w.text);
    free(text);
    return good;
}

/* ---- requests -------------------------------------------------------------------------------- */

bool ca_request(const struct ca_order *o)
{
    char path[CA_PATH_MAX], file[512];
    const char *out = or_else(o->out, "."), *why = NULL;
    struct whom w;
    bool good = read_whom(o, &w) && is_for_somebody(&w, o);
    EVP_PKEY *key = good ? pki_key_new(or_else(o->type, "mldsa65"), &why) : NULL;
    struct pki_request r = {
        .subject = or_else(o->subject, w.subject), .ids = w.ids, .id_count = w.count, .key = key};
    X509_REQ *req = key ? pki_ask(&r, &why) : NULL;
    good = good && (req || ca_fail("pki request", why)) && deliver_key(out, w.name, key);
    snprintf(file, sizeof file, "%s.csr", w.name);
    ca_path(path, out, file);
    BIO *to = good ? ca_create(path, mode_of(o)) : NULL;
    good = to && PEM_write_bio_X509_REQ(to, req) == 1;
    BIO_free(to);
    if (good)
        printf("%s: for a CA to sign; its private key is in %s/private\n", path, out);
    X509_REQ_free(req);
    EVP_PKEY_free(key);
    free(w.text);
    return good;
}

/* Whoever asks for a certificate must have the key (RFC 2986 3). */
static X509_REQ *read_request(const char *path)
{
    struct bytes text;
    if (!path || !file_read(path, &text)) {
        ca_fail(path ? path : "pki sign", path ? strerror(errno) : "of which request?");
        return NULL;
    }
    X509_REQ *req = file_request(text);
    EVP_PKEY *key = req ? X509_REQ_get0_pubkey(req) : NULL;
    file_free(&text);
    if (key && X509_REQ_verify(req, key) == 1)
        return req;
    ca_fail(path, req ? "the signature on the request is wrong" : "holds no request");
    ERR_clear_error();
    X509_REQ_free(req);
    return NULL;
}

bool ca_sign(const struct ca_order *o)
{
    struct ca ca = {.key = NULL};
    struct whom w;
    X509 *cert = NULL;
    X509_REQ *req = read_request(o->file);
    bool good = read_whom(o, &w) && req != NULL;
    if (good && !o->name && !w.count) { /* the name of the request's file */
        const char *slash = strrchr(o->file, '/'), *base = slash ? slash + 1 : o->file;
        snprintf(w.name, sizeof w.name, "%.*s", (int)strcspn(base, "."), base);
        const char *suffix = strstr(base, ".csr");
        if (suffix)
            snprintf(w.name, sizeof w.name, "%.*s", (int)(suffix - base), base);
    }
    good = good && ca_open(&ca, or_else(o->dir, "pki")) &&
           certify(o, &w, &ca, X509_REQ_get0_pubkey(req), req, &cert) &&
           deliver_cert(or_else(o->out, "."), w.name, cert, &ca, o) &&
           ca_record(or_else(o->dir, "pki"), cert);
    X509_free(cert);
    X509_REQ_free(req);
    ca_close(&ca);
    free(w.text);
    return good;
}

/* ---- crl ------------------------------------------------------------------------------------- */

static bool revoke(const char *dir, const struct ca *ca, const char *path)
{
    STACK_OF(X509) *list = ca_read_certs(path);
    X509 *cert = list ? sk_X509_value(list, 0) : NULL;
    bool ours = cert && X509_check_issued(sk_X509_value(ca->chain, 0), cert) == X509_V_OK;
    bool good = cert && (ours || ca_fail(path, "is not of this CA")) &&
                ca_add_revoked(dir, cert);
    sk_X509_pop_free(list, X509_free);
    return good;
}

bool ca_revoke(const struct ca_order *o)
{
    char path[CA_PATH_MAX];
    const char *dir = or_else(o->dir, "pki"), *why = NULL;
    struct ca ca = {.key = NULL};
    ASN1_INTEGER **serials = calloc(CA_REVOKED_MAX, sizeof(ASN1_INTEGER *));
    X509_CRL *crl = NULL;
    size_t count = 0;
    long seconds;
    bool good = serials && days_of(o, LIST_DAYS, &seconds) && ca_open(&ca, dir) &&
                (!o->revoke || revoke(dir, &ca, o->revoke));
    if (good) {
        count = ca_read_revoked(dir, serials);
        crl = pki_list(sk_X509_value(ca.chain, 0), ca.key, (const ASN1_INTEGER *const *)serials,
                       count, seconds / DAY, &why);
        good = crl || ca_fail("pki crl", why);
    }
    ca_path(path, or_else(o->out, dir), "crl.pem");
    BIO *out = good ? ca_create(path, CA_REPLACE) : NULL;
    good = out && PEM_write_bio_X509_CRL(out, crl) == 1;
    BIO_free(out);
    if (good)
        printf("%s: %zu revoked; it belongs into x509crl\n", path, count);
    for (size_t i = 0; i < count; i++)
        ASN1_INTEGER_free(serials[i]);
    free(serials);
    X509_CRL_free(crl);
    ca_close(&ca);
    return good;
}
