/*
 * ocsp: questions to OCSP responders and their answers (RFC 6960). OpenSSL encodes, decodes and
 * verifies; what is decided here is which answers count:
 *
 *     signed by the CA itself, by one it has certified for that (id-kp-OCSPSigning), or by one the
 *     operator has put into x509ocsp; with a key that the rule for the chain allows; now between
 *     thisUpdate and nextUpdate; and with our nonce, if it has one at all (many responders sign
 *     in advance and have none).
 */
#ifndef BRAID_CRED_OCSP_H
#define BRAID_CRED_OCSP_H

#include "base/bytes.h"
#include <braid/secrets.h>

#include <openssl/ocsp.h>
#include <time.h>

enum {
    OCSP_LEN_MAX = 128 << 10, /* octets of an answer: SLH-DSA makes two of 50 kB */
    OCSP_NONCE_LEN = 32,      /* RFC 9654 */
    OCSP_SKEW = 300,          /* seconds by which clocks may differ */
    OCSP_BARE_AGE_MAX = 3600, /* of an answer that does not say when the next will be */
    OCSP_SINGLES_MAX = 64,    /* certificates one answer may speak of */
};

enum standing { STANDING_UNKNOWN,
                STANDING_GOOD,
                STANDING_REVOKED };

/* Of what is to be known, and who is believed about it. */
struct ocsp_case {
    X509 *cert, *issuer; /* the issuer is trusted already */
    X509_STORE *store;
    STACK_OF(X509) * chain;       /* may help to build the responder's chain */
    STACK_OF(X509) * signers;     /* believed as they are; or NULL */
    const struct cred_rule *rule; /* or NULL */
};

struct ocsp_finding {
    enum standing standing;
    time_t since, until;
};

/* A question with a fresh nonce. NULL: out of memory. *der: to be given to OPENSSL_free. */
OCSP_REQUEST *ocsp_question(X509 *cert, X509 *issuer, struct bytes *der);

/*
 * What an answer says of the certificate. `asked`: the question it answers; NULL: none. Hostile.
 * False: it says nothing that counts; *why is a sentence.
 */
bool ocsp_judge(struct bytes answer, const struct ocsp_case *c, OCSP_REQUEST *asked,
                struct ocsp_finding *out, const char **why);

/* Are these octets an answer at all, to the last? */
bool ocsp_is_answer(struct bytes der);

#endif
