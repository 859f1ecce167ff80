/*
 * file: certificates, keys and revocation lists from files, PEM or DER. OpenSSL does the parsing.
 *
 * Files are the operator's, not hostile, but may be anything: a file of more than FILE_LEN_MAX
 * octets is refused, and nothing ever asks on a terminal.
 */
#ifndef BRAID_CRED_FILE_H
#define BRAID_CRED_FILE_H

#include "base/bytes.h"

#include <openssl/evp.h>
#include <openssl/x509.h>

enum { FILE_LEN_MAX = 16 << 20 };

/* The whole file, to be given to file_free, which wipes it. False: errno says why. */
bool file_read(const char *path, struct bytes *out);
/* The same, of at most `max` octets. */
bool file_read_short(const char *path, size_t max, struct bytes *out);
void file_free(struct bytes *text);

/* All certificates or lists of a text, put at the end of `to`. How many. */
size_t file_certs(struct bytes text, STACK_OF(X509) * to);
size_t file_crls(struct bytes text, STACK_OF(X509_CRL) * to);

/* The first request for a certificate (PKCS#10). NULL: there is none. */
X509_REQ *file_request(struct bytes text);

/*
 * What a PKCS#12 container (DER) holds: a private key, or NULL, and certificates, put at the end of
 * `certs`, that of the key first. False: *why says it.
 */
bool file_container(struct bytes text, struct bytes passphrase, EVP_PKEY **key,
                    STACK_OF(X509) * certs, const char **why);

/* NULL: there is none, or the passphrase (empty: none) does not open it. */
EVP_PKEY *file_private_key(struct bytes text, struct bytes passphrase);
EVP_PKEY *file_public_key(struct bytes text);

/* The one certificate that these octets are, to the last; the one SubjectPublicKeyInfo. Hostile. */
X509 *file_cert_of(struct bytes der);
EVP_PKEY *file_spki_of(struct bytes der);

#endif
