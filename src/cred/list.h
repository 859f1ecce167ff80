/*
 * list: revocation lists beside each other. A store keeps of each CA the newest; but lists of parts
 * of the certificates, of changes, and of another CA or key of the same name say what no other says.
 */
#ifndef BRAID_CRED_LIST_H
#define BRAID_CRED_LIST_H

#include <openssl/x509.h>
#include <stdbool.h>

/* Does `a` say all that `b` does, and later? */
bool list_replaces(const X509_CRL *a, const X509_CRL *b);

#endif
