/*
 * inventory: which certificates and keys a configuration uses, as words, for those who look on from
 * outside: `braid audit`, its bill of materials, `braid diff`. No private key leaves the keyring.
 */
#ifndef BRAID_CRED_INVENTORY_H
#define BRAID_CRED_INVENTORY_H

#include "cred/keyring.h"

enum inventory_kind {
    INVENTORY_OWN,  /* a certificate of ours that a section authenticates with */
    INVENTORY_PEER, /* the only one a section takes from its peer */
    INVENTORY_CA,   /* believed, or sent along */
    INVENTORY_KEY,  /* a raw public key, ours or a peer's */
};

struct inventory_item {
    enum inventory_kind kind;
    char subject[512], issuer[512]; /* RFC 2253; "" of a raw key */
    char from[32], until[32];       /* 2026-11-22T04:33:00Z */
    char key[64];                   /* "ML-DSA-65", "RSA-3072", "EC-secp384r1", "ED25519" */
    char signature[64];             /* of the certificate: "ML-DSA-65", "RSA-SHA256" */
    bool key_quantum;               /* it withstands a quantum computer */
    char fingerprint[65];           /* SHA-256 of the certificate, or of the raw public key */
};
typedef void inventory_take(void *self, const struct inventory_item *item);

/* What conf_auth.keys refers to: its own certificates or keys, or those of the peer it takes. */
void inventory_section(const struct key_section *keys, inventory_take *take, void *self);
/* All: those of the keyring's sections, and the wallet's CAs. One that is used twice comes twice. */
void inventory_all(const struct keyring *k, const struct wallet *w, inventory_take *take,
                   void *self);

/*
 * What one wallet holds and the other does not, those below them left out: certificates, private
 * keys, revocation lists, as "certificate CN=moon (ML-DSA-65, until 2027-11-22)".
 */
void inventory_compare(const struct wallet *before, const struct wallet *after,
                       void (*say)(void *self, bool is_new, const char *text), void *self);

/* Of all the keys a section knows to be used, with the chains of our own. */
enum inventory_safety {
    INVENTORY_UNKNOWN, /* the files do not tell: it is up to the peer */
    INVENTORY_UNSAFE,  /* they fall to a quantum computer */
    INVENTORY_MIXED,
    INVENTORY_SAFE,
};
enum inventory_safety inventory_safety(const struct key_section *keys);

#endif
