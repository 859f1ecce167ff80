/*
 * trust: is this certificate good, and is it the peer's? (RFC 4945)
 *
 * OpenSSL builds the chain and judges it: signatures, validity, path length, name constraints,
 * key usage of CAs, revocation lists. What is added here is what IKE says of the end entity: key
 * usage and extended key usage (RFC 4945 5.1.3.2, 5.1.3.12), and identities (5.1.3.6, 3.1): an
 * identity must stand in the subjectAltName, or be the subject, octet by octet but for the case
 * of names. There is no fall-back to the common name and there are no wildcards.
 */
#ifndef BRAID_CRED_TRUST_H
#define BRAID_CRED_TRUST_H

#include "cred/revocation.h"

#include <openssl/x509.h>
#include <openssl/x509_vfy.h>

enum {
    TRUST_DEPTH_MAX = 8,    /* sub-CAs between an end entity and its anchor */
    TRUST_CERTS_MAX = 16,   /* certificates a peer may send */
    TRUST_REASON_MAX = 400, /* octets of a sentence, its end included */
};

/* A store of these anchors and lists, to be given to X509_STORE_free. NULL: out of memory. */
X509_STORE *trust_store_new(const STACK_OF(X509) * anchors, const STACK_OF(X509_CRL) * crls);

struct trust_demand {
    X509_STORE *store;
    enum cred_revocation revocation;
    const struct cred_rule *chain;              /* of the signatures and keys in the chain */
    const struct name_list *policies;           /* the chain must be good for all of them; or NULL */
    const struct conf_identity *ca_id;          /* of one CA in the chain; or NULL */
    const struct revocation_evidence *evidence; /* beside the lists in the store; or NULL */
};

/* Certificates of a trusted chain of which nobody says whether they are revoked. */
struct trust_pair {
    X509 *cert, *issuer;
};
struct trust_open {
    bool quantum; /* nothing in the whole chain falls to a quantum computer */
    uint16_t count;
    struct trust_pair at[TRUST_DEPTH_MAX + 2];
};
void trust_open_drop(struct trust_open *open);

/*
 * False: `why` is a sentence that names the certificate and the reason. `open` (or NULL) gets what
 * could be found out about revocation by asking; without it, the policy has decided. It stays empty
 * when there is another reason to refuse. To be given to trust_open_drop.
 */
bool trust_chain(X509 *cert, STACK_OF(X509) * others, const struct trust_demand *demand,
                 struct trust_open *open, char why[TRUST_REASON_MAX]);
/* Is the hash of a signature one that is believed in certificates? Hostile. */
bool trust_hash_is_strong(const X509_ALGOR *algorithm);
/* Does a rule allow signatures of this certificate's key? */
bool trust_key_fits(X509 *cert, const struct cred_rule *rule);
bool trust_identity(X509 *cert, const struct identity *id);

/* SHA-1 of its SubjectPublicKeyInfo, as CERTREQ names CAs (RFC 7296 3.7). */
bool trust_key_hash(X509 *cert, uint8_t hash[20]);
/* DER of the subject. Borrowed from the certificate. */
struct bytes trust_subject(X509 *cert);

#endif
