/*
 * trust_store: what OpenSSL needs to judge one chain, picked out of wallets: the anchors that the
 * certificates may hang from, up to the top, and the revocation lists of all their issuers. It
 * takes as long with thousands of CAs as with one, and lives on when the wallets change.
 */
#ifndef BRAID_CRED_TRUST_STORE_H
#define BRAID_CRED_TRUST_STORE_H

#include "cred/trust.h"
#include "cred/wallet.h"

enum {
    TRUST_WALLETS = 2,      /* that anchors may be in */
    TRUST_PICKED_MAX = 256, /* anchors, and lists, in one store */
};

struct trust_sources {
    const struct wallet *anchors[TRUST_WALLETS]; /* NULL: none */
    const struct wallet *lists;
};

/* For a certificate and those that came along; to be given to X509_STORE_free. NULL: no memory. */
X509_STORE *trust_store_for(const struct trust_sources *from, X509 *cert,
                            const STACK_OF(X509) * others);

#endif
