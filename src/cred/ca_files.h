/*
 * ca_files: the files of a CA, for the commands of ca.h. Whoever fails says why on standard error.
 */
#ifndef BRAID_CRED_CA_FILES_H
#define BRAID_CRED_CA_FILES_H

#include <openssl/evp.h>
#include <openssl/x509.h>
#include <stdbool.h>
#include <stddef.h>

enum { CA_PATH_MAX = 4096,
       CA_REVOKED_MAX = 10000 };

struct ca {
    STACK_OF(X509) * chain; /* itself first, the root last */
    EVP_PKEY *key;
};

bool ca_fail(const char *what, const char *why); /* "braid: what: why"; gives false */

void ca_path(char to[CA_PATH_MAX], const char *dir, const char *name);
bool ca_make_folder(const char *path);
enum ca_mode { CA_NEW,      /* must not be there yet */
               CA_REPLACE,  /* may be */
               CA_SECRET }; /* new, and for its owner alone */
BIO *ca_create(const char *path, enum ca_mode mode);
bool ca_write_key(const char *path, EVP_PKEY *key);
bool ca_write_certs(const char *path, X509 *first, const STACK_OF(X509) * rest, enum ca_mode mode);

bool ca_open(struct ca *ca, const char *dir);
bool ca_open_certs(struct ca *ca, const char *dir); /* without its key */
void ca_close(struct ca *ca);
STACK_OF(X509) * ca_read_certs(const char *path);

/* The name of a certificate among those issued. */
void ca_serial_name(const X509 *cert, char name[64]);
bool ca_record(const char *dir, X509 *cert);
bool ca_add_revoked(const char *dir, const X509 *cert);
/* To be freed one by one. How many. */
size_t ca_read_revoked(const char *dir, ASN1_INTEGER *serials[CA_REVOKED_MAX]);

#endif
