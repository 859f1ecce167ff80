/* ca: see ca.h. */
#include "cred/ca.h"

#include "cred/file.h"
#include "cred/pki.h"

#include <errno.h>
#include <fcntl.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { PATH_LEN_MAX = 4096,
       IDS_MAX = 32,
       DAY = 86400 };

static bool fail(const char *what, const char *why)
{
    fprintf(stderr, "braid: %s%s%s\n", what, why ? ": " : "", why ? why : "");
    return false;
}

/* ---- files ----------------------------------------------------------------------------------- */

static void join(char to[PATH_LEN_MAX], const char *dir, const char *name)
{
    snprintf(to, PATH_LEN_MAX, "%s/%s", dir, name);
}

static bool make_folder(const char *path)
{
    return mkdir(path, 0755) == 0 || errno == EEXIST || fail(path, strerror(errno));
}

static BIO *create(const char *path, bool is_key)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC | (is_key ? O_EXCL : O_TRUNC),
                  is_key ? 0600 : 0644);
    BIO *out = fd >= 0 ? BIO_new_fd(fd, BIO_CLOSE) : NULL;
    if (!out)
        fail(path, strerror(errno));
    return out;
}

static bool write_key(const char *path, EVP_PKEY *key)
{
    BIO *out = create(path, true);
    bool good = out && PEM_write_bio_PrivateKey(out, key, NULL, NULL, 0, NULL, NULL) == 1;
    BIO_free(out);
    return good;
}

static bool write_certs(const char *path, X509 *first, const STACK_OF(X509) * rest)
{
    BIO *out = create(path, false);
    bool good = out && PEM_write_bio_X509(out, first) == 1;
    for (int i = 0; good && i < sk_X509_num(rest); i++)
        good = PEM_write_bio_X509(out, sk_X509_value(rest, i)) == 1;
    BIO_free(out);
    return good;
}

/* ---- a CA ------------------------------------------------------------------------------------ */

struct ca {
    STACK_OF(X509) * chain; /* itself first */
    EVP_PKEY *key;
};

static void ca_free(struct ca *ca)
{
    sk_X509_pop_free(ca->chain, X509_free);
    EVP_PKEY_free(ca->key);
}

static STACK_OF(X509) * read_certs(const char *path)
{
    struct bytes text;
    STACK_OF(X509) *list = sk_X509_new_null();
    bool good = list && file_read(path, &text);
    if (!good)
        fail(path, strerror(errno));
    else {
        good = file_certs(text, list) > 0 || fail(path, "holds no certificate");
        file_free(&text);
    }
    if (good)
        return list;
    sk_X509_pop_free(list, X509_free);
    return NULL;
}

static bool ca_open(struct ca *ca, const char *dir)
{
    char path[PATH_LEN_MAX];
    struct bytes text;
    join(path, dir, "ca.pem");
    *ca = (struct ca){.chain = read_certs(path)};
    if (!ca->chain)
        return false;
    join(path, dir, "ca.key");
    if (!file_read(path, &text)) {
        fail(path, strerror(errno));
        return false;
    }
    ca->key = file_private_key(text, BYTES_NONE);
    file_free(&text);
    return ca->key || fail(path, "holds no private key");
}

/* ---- options --------------------------------------------------------------------------------- */

static const char *or_else(const char *value, const char *fallback)
{
    return value ? value : fallback;
}

static long days_of(const struct ca_order *o, long fallback)
{
    return o->days > 0 && o->days < 36500 ? o->days : fallback;
}

/* ---- ca -------------------------------------------------------------------------------------- */

bool ca_make(const struct ca_order *o)
{
    char path[PATH_LEN_MAX];
    const char *dir = or_else(o->dir, "pki"), *why = NULL;
    struct ca above = {.key = NULL};
    X509 *cert = NULL;
    bool good = !o->issuer || ca_open(&above, o->issuer);
    EVP_PKEY *key = good ? pki_key_new(or_else(o->type, "mldsa65"), &why) : NULL;
    struct pki_request r = {.subject = or_else(o->subject, "O=braid, CN=braid CA"),
                            .key = key,
                            .issuer = above.chain ? sk_X509_value(above.chain, 0) : NULL,
                            .issuer_key = above.key,
                            .is_ca = true,
                            .path_len = -1,
                            .from = -300,
                            .until = days_of(o, 3650) * DAY};
    good = good && (key || fail("pki ca", why)) && make_folder(dir) &&
           ((cert = pki_certify(&r, &why)) != NULL || fail("pki ca", why));
    join(path, dir, "ca.key");
    good = good && write_key(path, key);
    join(path, dir, "ca.pem");
    good = good && write_certs(path, cert, above.chain);
    if (good)
        printf("%s: a CA; its key is %s/ca.key\n", path, dir);
    X509_free(cert);
    EVP_PKEY_free(key);
    ca_free(&above);
    return good;
}

/* ---- issue ----------------------------------------------------------------------------------- */

/* What the ids are, apart. */
static size_t split_ids(char *text, const char *ids[IDS_MAX])
{
    size_t count = 0;
    char *part;
    while (text && (part = strsep(&text, ",")) != NULL && count < IDS_MAX) {
        while (*part == ' ')
            part++;
        if (*part)
            ids[count++] = part;
    }
    return count;
}

/* The end entity with its sub-CAs, its key, and the root, where braidd looks for them. */
static bool deliver(const char *out, const char *name, X509 *cert, EVP_PKEY *key,
                    const struct ca *ca)
{
    static const char *const folders[] = {"", "x509", "private", "x509ca"};
    char path[PATH_LEN_MAX], file[512];
    int last = sk_X509_num(ca->chain) - 1;
    bool good = true;
    for (size_t i = 0; good && i < sizeof folders / sizeof folders[0]; i++) {
        join(path, out, folders[i]);
        good = make_folder(path);
    }
    snprintf(file, sizeof file, "private/%s.pem", name);
    join(path, out, file);
    good = good && write_key(path, key);
    join(path, out, "x509ca/ca.pem");
    good = good && write_certs(path, sk_X509_value(ca->chain, last), NULL);
    X509 *root = sk_X509_pop(ca->chain);
    snprintf(file, sizeof file, "x509/%s.pem", name);
    join(path, out, file);
    good = good && write_certs(path, cert, ca->chain);
    X509_free(root);
    if (good)
        printf("%s, and its private key and its CA beside it\n", path);
    return good;
}

bool ca_issue(const struct ca_order *o)
{
    char subject[1024], *list = strdup(or_else(o->id, ""));
    const char *ids[IDS_MAX], *why = NULL;
    struct ca ca = {.key = NULL};
    EVP_PKEY *key = NULL;
    X509 *cert = NULL;
    size_t count = list ? split_ids(list, ids) : 0;
    bool good = count > 0 || o->subject ||
                fail("pki issue", "--id says for whom: host names, addresses, with commas between");
    const char *name = or_else(o->name, count ? ids[0] : "cert");
    good = good && (!strchr(name, '/') || fail("pki issue", "--name is a name, not a path"));
    good = good && ca_open(&ca, or_else(o->dir, "pki"));
    snprintf(subject, sizeof subject, "CN=%s", count ? ids[0] : "");
    key = good ? pki_key_new(or_else(o->type, "mldsa65"), &why) : NULL;
    struct pki_request r = {.subject = or_else(o->subject, subject),
                            .ids = ids,
                            .id_count = count,
                            .key = key,
                            .issuer = good ? sk_X509_value(ca.chain, 0) : NULL,
                            .issuer_key = ca.key,
                            .from = -300,
                            .until = days_of(o, 365) * DAY,
                            .usage = "serverAuth,clientAuth",
                            .crl_uri = o->crl};
    good = good && (key || fail("pki issue", why)) &&
           ((cert = pki_certify(&r, &why)) != NULL || fail("pki issue", why)) &&
           deliver(or_else(o->out, "."), name, cert, key, &ca);
    X509_free(cert);
    EVP_PKEY_free(key);
    ca_free(&ca);
    free(list);
    return good;
}

/* ---- crl ------------------------------------------------------------------------------------- */

/* Add the serial number of a certificate to the CA's list of those revoked. */
static bool add_to_revoked(const char *dir, const char *cert_path)
{
    char path[PATH_LEN_MAX];
    STACK_OF(X509) *list = read_certs(cert_path);
    if (!list)
        return false;
    join(path, dir, "revoked");
    FILE *f = fopen(path, "a");
    BIO *out = f ? BIO_new_fp(f, BIO_CLOSE) : NULL;
    bool good = out && i2a_ASN1_INTEGER(out, X509_get0_serialNumber(sk_X509_value(list, 0))) > 0 &&
                BIO_puts(out, "\n") > 0;
    if (!good)
        fail(path, strerror(errno));
    BIO_free(out);
    sk_X509_pop_free(list, X509_free);
    return good;
}

static size_t read_revoked(const char *dir, ASN1_INTEGER **serials, size_t max)
{
    char path[PATH_LEN_MAX], line[256];
    size_t count = 0;
    join(path, dir, "revoked");
    FILE *f = fopen(path, "r");
    while (f && count < max && fgets(line, sizeof line, f)) {
        BIGNUM *n = NULL;
        line[strcspn(line, "\n")] = '\0';
        if (BN_hex2bn(&n, line) > 0)
            serials[count++] = BN_to_ASN1_INTEGER(n, NULL);
        BN_free(n);
    }
    if (f)
        fclose(f);
    return count;
}

bool ca_list(const struct ca_order *o)
{
    enum { REVOKED_MAX = 10000 };
    char path[PATH_LEN_MAX];
    const char *dir = or_else(o->dir, "pki"), *why = NULL;
    struct ca ca = {.key = NULL};
    ASN1_INTEGER **serials = calloc(REVOKED_MAX, sizeof(ASN1_INTEGER *));
    X509_CRL *crl = NULL;
    size_t count = 0;
    bool good = serials && (!o->revoke || add_to_revoked(dir, o->revoke)) && ca_open(&ca, dir);
    if (good) {
        count = read_revoked(dir, serials, REVOKED_MAX);
        crl = pki_list(sk_X509_value(ca.chain, 0), ca.key, (const ASN1_INTEGER *const *)serials,
                       count, days_of(o, 30), &why);
        good = crl || fail("pki crl", why);
    }
    join(path, or_else(o->out, dir), "crl.pem");
    BIO *out = good ? create(path, false) : NULL;
    good = out && PEM_write_bio_X509_CRL(out, crl) == 1;
    BIO_free(out);
    if (good)
        printf("%s: %zu revoked; it belongs into x509crl\n", path, count);
    for (size_t i = 0; i < count; i++)
        ASN1_INTEGER_free(serials[i]);
    free(serials);
    X509_CRL_free(crl);
    ca_free(&ca);
    return good;
}

/* ---- show ------------------------------------------------------------------------------------ */

static void show_one(BIO *out, X509 *cert)
{
    BIO_puts(out, "subject  ");
    X509_NAME_print_ex(out, X509_get_subject_name(cert), 0, XN_FLAG_ONELINE & ~XN_FLAG_SPC_EQ);
    BIO_puts(out, "\nissuer   ");
    X509_NAME_print_ex(out, X509_get_issuer_name(cert), 0, XN_FLAG_ONELINE & ~XN_FLAG_SPC_EQ);
    EVP_PKEY *key = X509_get0_pubkey(cert);
    const char *type = key ? EVP_PKEY_get0_type_name(key) : NULL;
    BIO_printf(out, "\nkey      %s, %d bits\nvalid    ", type ? type : "unknown",
               key ? EVP_PKEY_get_bits(key) : 0);
    ASN1_TIME_print(out, X509_get0_notBefore(cert));
    BIO_puts(out, " to ");
    ASN1_TIME_print(out, X509_get0_notAfter(cert));
    BIO_puts(out, X509_check_ca(cert) ? "\nit is a CA\n" : "\n");
    int i = X509_get_ext_by_NID(cert, NID_subject_alt_name, -1);
    if (i >= 0) {
        BIO_puts(out, "for      ");
        X509V3_EXT_print(out, X509_get_ext(cert, i), 0, 0);
        BIO_puts(out, "\n");
    }
}

bool ca_show(const char *path)
{
    STACK_OF(X509) *list = path ? read_certs(path) : NULL;
    BIO *out = BIO_new_fp(stdout, BIO_NOCLOSE);
    for (int i = 0; out && i < sk_X509_num(list); i++) {
        if (i)
            BIO_puts(out, "\n");
        show_one(out, sk_X509_value(list, i));
    }
    BIO_free(out);
    bool good = list || path || fail("pki show", "of which file?");
    good = good && list;
    sk_X509_pop_free(list, X509_free);
    return good;
}
