/*
 * ca: a certification authority for people who have none, as `braid pki` offers it.
 *
 * A CA is a folder: ca.pem (and its issuers behind it), ca.key, issued/SERIAL.pem, revoked,
 * crl.pem. What is issued goes where braidd looks for it: OUT/x509, OUT/private, OUT/x509ca.
 * Private keys get mode 0600 and are never written over; other files only if that is wished.
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
    const char *type;    /* of the key, see pki.h: mldsa65; issue: several with commas between */
    const char *subject; /* C=CH, O=example, CN=moon */
    const char *id;      /* for whom, with commas between */
    const char *out;     /* where it goes: the working directory; of a list the CA */
    const char *issuer;  /* make: the folder of the CA above, for a sub-CA */
    const char *revoke;  /* list: a certificate to be revoked first */
    const char *name;    /* of the files */
    const char *crl;     /* URI of the revocation list */
    const char *ocsp;    /* URI of the OCSP responder */
    const char *file;    /* sign: the request; show, verify: what it is about */
    long days;
    bool force; /* write over files that are there, but never over private keys */
};

bool ca_make(const struct ca_order *o);    /* a new CA */
bool ca_issue(const struct ca_order *o);   /* a key and a certificate for it */
bool ca_request(const struct ca_order *o); /* a key and a request for a certificate */
bool ca_sign(const struct ca_order *o);    /* a certificate for a request */
bool ca_revoke(const struct ca_order *o);  /* the list of what is revoked */
bool ca_list(const struct ca_order *o);    /* what has been issued, and how it stands */
bool ca_verify(const struct ca_order *o);  /* would braidd believe it? */
bool ca_show(const struct ca_order *o);    /* what a certificate, request or list says */

#endif
