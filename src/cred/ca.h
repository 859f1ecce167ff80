/*
 * ca: a certification authority for people who have none, as `braid pki` offers it.
 *
 * A CA is a folder: ca.pem (and its issuers behind it), ca.key, crl.pem, revoked. What is issued
 * goes where braidd looks for it: OUT/x509, OUT/private, OUT/x509ca. Private keys get mode 0600
 * and are never written over.
 *
 * The functions say on standard output what they made and on standard error what went wrong;
 * false: it did.
 */
#ifndef BRAID_CRED_CA_H
#define BRAID_CRED_CA_H

#include <stdbool.h>

/* What is wanted; NULL and 0: the default. */
struct ca_order {
    const char *dir;     /* of the CA: pki */
    const char *type;    /* of the key, see pki.h: mldsa65 */
    const char *subject; /* C=CH, O=example, CN=moon */
    const char *id;      /* issue: for whom, with commas between */
    const char *out;     /* where it goes: issue the working directory, list the CA */
    const char *issuer;  /* make: the folder of the CA above, for a sub-CA */
    const char *revoke;  /* list: a certificate to be revoked first */
    const char *name;    /* issue: of the files */
    const char *crl;     /* issue: URI of the revocation list */
    long days;
};

bool ca_make(const struct ca_order *o);
bool ca_issue(const struct ca_order *o);
bool ca_list(const struct ca_order *o);
bool ca_show(const char *path);

#endif
