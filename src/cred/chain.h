/*
 * chain: a certificate of ours and the CAs it hangs from, as far as a wallet knows them.
 */
#ifndef BRAID_CRED_CHAIN_H
#define BRAID_CRED_CHAIN_H

#include "cred/trust.h"
#include "cred/wallet.h"

enum { CHAIN_MAX = TRUST_DEPTH_MAX + 1 };

/* Borrowed from the wallet. */
struct chain {
    uint16_t count; /* 0: there is none, but a raw key */
    X509 *cert[CHAIN_MAX];
    const uint8_t *ca_id[CHAIN_MAX]; /* of all but the first */
    bool quantum;                    /* no key in it falls to a quantum computer */
};

struct chain chain_build(const struct wallet *w, X509 *cert);
bool chain_is_root(X509 *cert); /* signed by itself */
/* Octets of the longest certificate of the chain that is sent, and of all of them with AUTH. */
size_t chain_longest(const struct chain *chain);
size_t chain_len(const struct chain *chain);
/* Is one of its CAs among these, 20 octets each, as CERTREQ has them? None at all: yes. */
bool chain_hangs_from(const struct chain *chain, struct bytes ca_ids);

#endif
