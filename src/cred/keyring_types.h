/*
 * keyring_types: what a keyring holds, shared by the file that reads it (keyring.c) and the one
 * that uses it (keyring_answer.c).
 */
#ifndef BRAID_CRED_KEYRING_TYPES_H
#define BRAID_CRED_KEYRING_TYPES_H

#include "cred/keyring.h"

/* A private key, and where it came from. */
struct held_key {
    EVP_PKEY *key;
    char *file;
};

/* One way to authenticate as us. */
struct own_key {
    EVP_PKEY *key;  /* borrowed from the keys held */
    X509 *cert;     /* NULL: a raw key */
    X509 *issuer;   /* of the certificate; NULL: not known here */
    bool quantum;   /* nothing of its chain, as far as it is known here, falls to a quantum computer */
    uint16_t count; /* to be sent: the end entity and its sub-CAs, as DER of their own */
    struct ike_cert certs[KEYRING_CHAIN_MAX];
    uint16_t ca_count; /* those it hangs from, the root included */
    uint8_t ca[KEYRING_CHAIN_MAX][20];
};

/* What a `local` or `remote` section refers to. */
struct key_section {
    const struct keyring *whole;
    struct cred_rule ike, chain;
    enum cred_revocation revocation;
    const struct name_list *policies;  /* of the configuration, as `ca_id` */
    const struct conf_identity *ca_id;
    uint16_t own_count;
    struct own_key *own;
    X509_STORE *store;       /* anchors */
    bool raw_only;           /* it names raw keys and nothing of certificates */
    STACK_OF(X509) * pinned; /* only these end entities; empty: any */
    uint16_t raw_count;
    EVP_PKEY **raw;   /* and these raw keys */
    uint8_t *certreq; /* what the connection's CERTREQ borrows */
    struct bytes accepts; /* and what its list of methods does */
};

struct keyring {
    STACK_OF(X509) * x509, *x509ca;
    STACK_OF(X509_CRL) * crls;
    struct revocation_evidence evidence; /* x509ocsp */
    struct bytes *responses;             /* what its `files` views */
    size_t key_count, key_room;
    struct held_key *keys;
    uint32_t section_count;
    struct key_section *section;
};

#endif
