/*
 * wallet: the certificates, private keys, raw public keys, revocation lists and authorities there
 * are, each found at once by what one may know of it:
 *
 *     key id      SHA-1 of the subjectPublicKey: private keys, public keys, certificates
 *     subject     certificates; revocation lists by their issuer
 *     identity    certificates: names of the subjectAltName, the subject, its key identifier
 *     the octets  whatever it is: nothing is held twice
 *
 * A wallet may stand on another one, which every search goes through, too: the daemon's is that of
 * the files on that of control clients. What is found is borrowed until one of the two changes.
 *
 * A certificate is an anchor of trust if it was added as such, or is that of an authority.
 */
#ifndef BRAID_CRED_WALLET_H
#define BRAID_CRED_WALLET_H

#include "base/bytes.h"
#include <braid/secrets.h>

#include <openssl/evp.h>
#include <openssl/x509.h>

enum {
    WALLET_ITEMS_MAX = 100000, /* of each kind */
    WALLET_ID_LEN = 20,        /* octets of SHA-1 */
};

enum wallet_kind { WALLET_PUBLIC,
                   WALLET_CERT,
                   WALLET_LIST, /* a CRL */
                   WALLET_KEY,
                   WALLET_AUTHORITY,
                   WALLET_RESPONSE, /* of an OCSP responder */
                   WALLET_KINDS };

/* What a certificate is for, beside what it says itself. */
enum wallet_use { WALLET_ANCHOR = 1,
                  WALLET_AA = 2, /* of an attribute authority */
                  WALLET_OCSP = 4 };

/* What is known of a CA beside its certificate. Its texts belong to the wallet. */
struct wallet_authority {
    const char *name;
    X509 *ca;
    struct name_list crl_uris, ocsp_uris;
    const char *cert_uri_base; /* or NULL */
};

/* One thing held; which member counts is said by its kind. */
struct wallet_item {
    enum wallet_kind kind;
    uint64_t serial; /* in order of arrival, from 1 */
    X509 *cert;
    X509_CRL *list;
    EVP_PKEY *key; /* private or public */
    struct wallet_authority authority;
    struct bytes response; /* its own octets */
    uint8_t uses;          /* CERT: enum wallet_use, what it was added for */
    uint32_t authorities;  /* CERT: so many have it as theirs */
    uint8_t key_id[WALLET_ID_LEN];
    uint8_t ca_id[WALLET_ID_LEN]; /* CERT: SHA-1 of SubjectPublicKeyInfo, as CERTREQ has it */
    struct tie *ties;
    size_t tie_count;
};

struct wallet;

struct wallet *wallet_new(const struct wallet *below); /* NULL: out of memory */
void wallet_free(struct wallet *w);                    /* private keys are wiped. NULL allowed */
/* Authorities stay, with what they say, but their certificates go with the others. */
void wallet_clear(struct wallet *w);

/*
 * Add something; the wallet takes references of its own. What is there already, in this wallet, is
 * given back, a certificate with its new uses as well. NULL: out of memory, or too many.
 */
struct wallet_item *wallet_add_cert(struct wallet *w, X509 *cert, uint8_t uses);
struct wallet_item *wallet_add_list(struct wallet *w, X509_CRL *list);
struct wallet_item *wallet_add_key(struct wallet *w, EVP_PKEY *key);
struct wallet_item *wallet_add_public(struct wallet *w, EVP_PKEY *key);
struct wallet_item *wallet_add_response(struct wallet *w, struct bytes der); /* copied */
/* Copies the texts. One of the same name is replaced. */
struct wallet_item *wallet_add_authority(struct wallet *w, const struct wallet_authority *a);

/* Of this wallet alone. False: there is none. */
bool wallet_remove_key(struct wallet *w, const uint8_t id[WALLET_ID_LEN]);
bool wallet_remove_authority(struct wallet *w, struct bytes name);

bool wallet_key_id(EVP_PKEY *key, uint8_t id[WALLET_ID_LEN]);
bool wallet_is_anchor(const struct wallet_item *i);
/* Does this wallet hold the same thing, or an authority of the same name? */
bool wallet_holds(const struct wallet *w, const struct wallet_item *i);
bool wallet_has_anchor(const struct wallet *w);
size_t wallet_count(const struct wallet *w, enum wallet_kind kind); /* of this wallet alone */

/* ---- looking --------------------------------------------------------------------------------- */

EVP_PKEY *wallet_find_key(const struct wallet *w, const uint8_t id[WALLET_ID_LEN]);
/* The same thing, held in this wallet or below. */
const struct wallet_item *wallet_find_cert(const struct wallet *w, X509 *cert);
/* The same, where it is an anchor. */
const struct wallet_item *wallet_find_anchor(const struct wallet *w, X509 *cert);

/* A search that may find several things. */
struct wallet_walk {
    const struct wallet *w;
    const struct tie *at;
    uint8_t what;
    uint64_t hash;
    const struct identity *id;
    const X509_NAME *name;
};
struct wallet_walk wallet_by_identity(const struct wallet *w, const struct identity *id);
struct wallet_walk wallet_by_subject(const struct wallet *w, const X509_NAME *subject);
/* Those that were put there as OCSP responders. */
struct wallet_walk wallet_responders(const struct wallet *w);
struct wallet_walk wallet_responses(const struct wallet *w);
struct wallet_walk wallet_lists_of(const struct wallet *w, const X509_NAME *issuer);
/* What is known of the CAs of this name. */
struct wallet_walk wallet_authorities_of(const struct wallet *w, const X509_NAME *subject);
const struct wallet_item *wallet_next(struct wallet_walk *walk); /* NULL at the end */

/* Of this wallet alone, in order of arrival: the first with a serial above `after`. NULL: none. */
const struct wallet_item *wallet_after(const struct wallet *w, enum wallet_kind kind,
                                       uint64_t after);
/* The same from the newest to the oldest: the last with a serial below `before`; 0: the newest. */
const struct wallet_item *wallet_before(const struct wallet *w, enum wallet_kind kind,
                                        uint64_t before);

#endif
