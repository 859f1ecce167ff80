/*
 * revocation: what is at hand about a certificate, and where more could be had.
 *
 * What is at hand: revocation lists of x509crl (in the X509_STORE), answers of OCSP responders in
 * x509ocsp, those a peer has sent along when it was asked to (RFC 4806), and what has been fetched
 * before (known.h). Where more could be had: what `authorities` says of the issuer, then what the
 * certificate says itself (RFC 5280 4.2.1.13, 4.2.2.1). OCSP is asked first; it is fresher and
 * smaller.
 */
#ifndef BRAID_CRED_REVOCATION_H
#define BRAID_CRED_REVOCATION_H

#include "cred/known.h"

enum {
    REVOCATION_SOURCES_MAX = 8, /* of one certificate */
    REVOCATION_SENT_MAX = 8,    /* answers of OCSP responders that a peer may send */
};

struct wallet;

struct answer_list {
    size_t count;
    const struct bytes *at;
};

struct revocation_evidence {
    struct known *known;      /* NULL: nothing is fetched, and nothing remembered */
    STACK_OF(X509) * signers; /* OCSP responders that are believed as they are */
    struct answer_list files, sent;
    const struct wallet *wallet; /* its authorities are where to ask; NULL: there are none */
    STACK_OF(X509) * sourced;    /* of these there was somebody to ask; or NULL */
};

/* Do OCSP responses at hand speak of it? They are verified, and then known. */
enum standing revocation_look(const struct revocation_evidence *e, const struct ocsp_case *c);

struct revocation_source {
    bool is_ocsp;
    char *uri;
};

/* In the order of asking; each uri is to be freed with free(). How many. */
size_t revocation_sources(X509 *cert, X509 *issuer, const struct revocation_evidence *e,
                          bool ocsp_only, struct revocation_source out[REVOCATION_SOURCES_MAX]);
/* Is there one at all, whatever the protocol? `e` may be NULL. */
bool revocation_has_sources(X509 *cert, const struct revocation_evidence *e);

#endif
