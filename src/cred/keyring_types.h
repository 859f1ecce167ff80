/*
 * keyring_types: what a keyring holds, shared by the file that reads it (keyring.c) and the one
 * that uses it (keyring_answer.c).
 */
#ifndef BRAID_CRED_KEYRING_TYPES_H
#define BRAID_CRED_KEYRING_TYPES_H

#include "cred/keyring.h"

/* One way to authenticate as us. Its private key is in the wallet, or will be. */
struct own_key {
    X509 *cert;       /* NULL: a raw key */
    EVP_PKEY *public; /* a raw key's */
    bool quantum;     /* no key of it, or of its chain when it was loaded, falls to a quantum computer */
    uint8_t key_id[WALLET_ID_LEN];
};

/* What a `local` or `remote` section refers to. */
struct key_section {
    struct cred_rule ike, chain;
    enum cred_revocation revocation;
    struct name_list policies; /* what these two view belongs to the configuration */
    struct conf_identity ca_id;
    uint16_t own_count;
    struct own_key *own;
    bool by_identity;        /* it names none of its own: those that were there for our identity */
    struct wallet *named;    /* CAs and end entities the section names, as anchors */
    bool all_anchors;        /* it names no CAs: those of the wallet count, too */
    bool raw_only;           /* it names raw keys and nothing of certificates */
    STACK_OF(X509) * pinned; /* only these end entities; empty: any */
    uint16_t raw_count;
    EVP_PKEY **raw;       /* and these raw keys */
    uint8_t *certreq;     /* what the connection's CERTREQ borrows */
    struct bytes accepts; /* and what its list of methods does */
};

struct keyring {
    uint32_t section_count;
    struct key_section *section;
};

#endif
