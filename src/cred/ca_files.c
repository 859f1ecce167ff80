/* ca_files: see ca_files.h. */
#include "cred/ca_files.h"

#include "cred/file.h"

#include <errno.h>
#include <fcntl.h>
#include <openssl/pem.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

bool ca_fail(const char *what, const char *why)
{
    fprintf(stderr, "braid: %s%s%s\n", what, why ? ": " : "", why ? why : "");
    return false;
}

/* ---- files ----------------------------------------------------------------------------------- */

void ca_path(char to[CA_PATH_MAX], const char *dir, const char *name)
{
    snprintf(to, CA_PATH_MAX, "%s/%s", dir, name);
}

bool ca_make_folder(const char *path)
{
    return mkdir(path, 0755) == 0 || errno == EEXIST || ca_fail(path, strerror(errno));
}

BIO *ca_create(const char *path, enum ca_mode mode)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC | (mode == CA_REPLACE ? O_TRUNC : O_EXCL),
                  mode == CA_SECRET ? 0600 : 0644);
    BIO *out = fd >= 0 ? BIO_new_fd(fd, BIO_CLOSE) : NULL;
    if (out)
        return out;
    if (errno == EEXIST)
        ca_fail(path, mode == CA_SECRET ? "is there already, and no private key is written over"
                                        : "is there already (--force writes over it)");
    else
        ca_fail(path, strerror(errno));
    return NULL;
}

bool ca_write_key(const char *path, EVP_PKEY *key)
{
    BIO *out = ca_create(path, CA_SECRET);
    bool good = out && PEM_write_bio_PrivateKey(out, key, NULL, NULL, 0, NULL, NULL) == 1;
    BIO_free(out);
    return good;
}

bool ca_write_certs(const char *path, X509 *first, const STACK_OF(X509) * rest, enum ca_mode mode)
{
    BIO *out = ca_create(path, mode);
    bool good = out && PEM_write_bio_X509(out, first) == 1;
    for (int i = 0; good && i < sk_X509_num(rest); i++)
        good = PEM_write_bio_X509(out, sk_X509_value(rest, i)) == 1;
    BIO_free(out);
    return good;
}

STACK_OF(X509) * ca_read_certs(const char *path)
{
    struct bytes text;
    STACK_OF(X509) *list = sk_X509_new_null();
    bool good = list && file_read(path, &text);
    if (!good)
        ca_fail(path, strerror(errno));
    else {
        good = file_certs(text, list) > 0 || ca_fail(path, "holds no certificate");
        file_free(&text);
    }
    if (good)
        return list;
    sk_X509_pop_free(list, X509_free);
    return NULL;
}

/* ---- a CA ------------------------------------------------------------------------------------ */

bool ca_open_certs(struct ca *ca, const char *dir)
{
    char path[CA_PATH_MAX];
    ca_path(path, dir, "ca.pem");
    *ca = (struct ca){.chain = ca_read_certs(path)};
    return ca->chain != NULL;
}

bool ca_open(struct ca *ca, const char *dir)
{
    char path[CA_PATH_MAX];
    struct bytes text;
    if (!ca_open_certs(ca, dir))
        return false;
    ca_path(path, dir, "ca.key");
    if (!file_read(path, &text))
        return ca_fail(path, strerror(errno));
    ca->key = file_private_key(text, BYTES_NONE);
    file_free(&text);
    return ca->key || ca_fail(path, "holds no private key");
}

void ca_close(struct ca *ca)
{
    sk_X509_pop_free(ca->chain, X509_free);
    EVP_PKEY_free(ca->key);
}

/* ---- what it has issued and revoked ---------------------------------------------------------- */

void ca_serial_name(const X509 *cert, char name[64])
{
    BIGNUM *n = ASN1_INTEGER_to_BN(X509_get0_serialNumber(cert), NULL);
    char *hex = n ? BN_bn2hex(n) : NULL;
    snprintf(name, 64, "%s", hex ? hex : "");
    OPENSSL_free(hex);
    BN_free(n);
}

bool ca_record(const char *dir, X509 *cert)
{
    char path[CA_PATH_MAX], file[128], serial[64];
    ca_path(path, dir, "issued");
    if (!ca_make_folder(path))
        return false;
    ca_serial_name(cert, serial);
    snprintf(file, sizeof file, "issued/%s.pem", serial);
    ca_path(path, dir, file);
    return ca_write_certs(path, cert, NULL, CA_NEW);
}

bool ca_add_revoked(const char *dir, const X509 *cert)
{
    char path[CA_PATH_MAX], serial[64];
    ca_serial_name(cert, serial);
    ca_path(path, dir, "revoked");
    FILE *f = fopen(path, "a");
    bool good = f && fprintf(f, "%s\n", serial) > 0;
    good = f && fclose(f) == 0 && good;
    return good || ca_fail(path, strerror(errno));
}

size_t ca_read_revoked(const char *dir, ASN1_INTEGER *serials[CA_REVOKED_MAX])
{
    char path[CA_PATH_MAX], line[256];
    size_t count = 0;
    ca_path(path, dir, "revoked");
    FILE *f = fopen(path, "r");
    while (f && count < CA_REVOKED_MAX && fgets(line, sizeof line, f)) {
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
