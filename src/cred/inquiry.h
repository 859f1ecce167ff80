/*
 * inquiry: an answer to the engine that waits for what has to be fetched first.
 *
 *     keyring_verify ──→ chain trusted, AUTH good, revocation open ──┐
 *     keyring_sign   ──→ the peer asked for an OCSP response of ours ┴─→ inquiry
 *
 *     inquiry_next    what to fetch          ←─┐
 *     inquiry_take    what came, or why not  ──┘  until there is nothing more
 *     inquiry_end     the answer
 *
 * Nothing is fetched for a peer before its chain is trusted and its AUTH is good. It does no I/O,
 * and it holds all it needs: sections and keyrings may go while it waits.
 */
#ifndef BRAID_CRED_INQUIRY_H
#define BRAID_CRED_INQUIRY_H

#include "cred/trust.h"
#include <braid/ike.h>

enum { INQUIRY_SOURCES_MAX = 16 }; /* documents fetched for one answer at most */

struct inquiry;

/* `demand` and `open` are those of trust_chain; what they refer to is copied or held. */
struct inquiry *inquiry_of_peer(X509 *cert, STACK_OF(X509) * others,
                                const struct trust_demand *demand, const struct trust_open *open);
/* An OCSP response for a certificate of ours. */
struct inquiry *inquiry_of_own(X509 *cert, X509 *issuer, const struct revocation_evidence *e);
void inquiry_free(struct inquiry *q); /* NULL allowed */

struct inquiry_want {
    const char *uri;
    struct bytes body; /* empty: GET, else POST */
    const char *type;
    size_t max; /* octets of the answer */
};

/* False: nothing more, or enough is known. */
bool inquiry_next(struct inquiry *q, struct inquiry_want *out);
/* `why` not NULL: it could not be fetched. `body` is hostile. False: it was of no use; *why. */
bool inquiry_take(struct inquiry *q, struct bytes body, const char **why);

/* Judge again: another inquiry may have found out what this one asks for. */
void inquiry_look_again(struct inquiry *q);

/* Is the peer to be believed? If not, `why` is a sentence. */
bool inquiry_judge(struct inquiry *q, char why[TRUST_REASON_MAX]);
/* The OCSP response for our certificate, or nothing; it borrows from the inquiry. */
struct bytes inquiry_response(struct inquiry *q);

/* Is an OCSP response for this certificate of ours at hand? It is verified; the caller frees. */
bool inquiry_own_response(X509 *cert, X509 *issuer, const struct revocation_evidence *e,
                          struct bytes *response);

#endif
