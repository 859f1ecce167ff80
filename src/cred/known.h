/*
 * known: what has been found out about revocation, for as long as it holds: answers of OCSP
 * responders, revocation lists that were fetched, and addresses that did not answer lately.
 *
 * It outlives configurations. Everything in it was verified before it came here, and the number of
 * each is bounded: the oldest go first. An answer is known for a certificate, its issuer and a rule
 * for signatures, for whoever has another rule may not believe its signer.
 */
#ifndef BRAID_CRED_KNOWN_H
#define BRAID_CRED_KNOWN_H

#include "cred/ocsp.h"

enum {
    KNOWN_ANSWERS_MAX = 4096,
    KNOWN_FOR = 3600, /* seconds after which is asked again, though the answer may hold longer */
    KNOWN_LISTS_MAX = 64,
    KNOWN_LIST_LEN_MAX = 8 << 20, /* octets of one revocation list */
    KNOWN_FAILED_MAX = 64,
    KNOWN_FAILED_FOR = 60, /* seconds for which an address that failed is left alone */
};

struct known;

struct known *known_new(void); /* NULL: out of memory */
void known_free(struct known *k);
void known_clear(struct known *k);
size_t known_count(const struct known *k); /* answers and lists */

/* None takes the place of a newer one. `der` is copied; empty: not to be kept. */
void known_put_answer(struct known *k, const struct ocsp_case *c, const struct ocsp_finding *f,
                      struct bytes der);
/* UNKNOWN: nothing is. *der (or NULL) borrows until the next change. */
enum standing known_answer(const struct known *k, const struct ocsp_case *c, struct bytes *der);

void known_put_list(struct known *k, X509_CRL *crl);     /* takes another reference */
STACK_OF(X509_CRL) * known_lists(const struct known *k); /* borrowed */

/* `why` is static text or copied up to some length. */
void known_put_failure(struct known *k, const char *uri, const char *why);
const char *known_failure(const struct known *k, const char *uri); /* NULL: none lately */

#endif
