/*
 * keyring: certificates, key pairs and revocation lists of a configuration, and the answers to
 * the engine's ASKs that need them.
 *
 *     DIR/x509     end entities (a file may hold its sub-CAs too)      DIR/private   private keys,
 *     DIR/x509ca   CAs: every one is trusted; sub-CAs to send along   DIR/rsa       with or without
 *     DIR/x509crl  revocation lists                                    DIR/ecdsa     a passphrase
 *     DIR/x509ocsp OCSP responders believed as they are, and responses DIR/pkcs8
 *     DIR/pubkey   raw public keys (RFC 7670)
 *
 * Everything is read once, when a configuration is loaded; sections of the configuration refer to
 * what was read. The private key of a certificate is the one with its public key, whatever the
 * file is called. A section that says neither `certs` nor `pubkeys` takes the certificates in x509
 * that are for its identity and whose private keys are there.
 *
 * Nothing of a peer's is kept, and its certificates are bounded in number before any is parsed.
 * Answers may have to wait for what is to be fetched first: inquiry.h.
 */
#ifndef BRAID_CRED_KEYRING_H
#define BRAID_CRED_KEYRING_H

#include "cred/inquiry.h"
#include "cred/scheme.h"
#include <braid/ike.h>

struct keyring;

/* Whoever wants to know what is wrong. `where` may be NULL. */
struct cred_sink {
    void *self;
    void (*complain)(void *self, bool is_error, const struct place *where, const char *text);
};

/*
 * Load all that the sections speak of, complain about all that is wrong, and complete the sections'
 * connections: identity and CERTREQ, which live as long as the keyring. NULL: there was an error.
 */
struct keyring *keyring_new(const char *dir, const struct secret_list *secrets,
                            const struct cred_sections *sections, const struct cred_sink *sink);
void keyring_free(struct keyring *k); /* NULL allowed */
size_t keyring_key_count(const struct keyring *k);

/* What has been found out about revocation; it outlives the keyring. Without, nothing is fetched. */
void keyring_use(struct keyring *k, struct known *known);

enum { KEYRING_CHAIN_MAX = TRUST_DEPTH_MAX + 1 };

/*
 * What an answer borrows. Zero before use; to be given to key_reply_wipe. With an inquiry, it is
 * not the answer yet: keyring_conclude makes it.
 */
struct key_reply {
    struct bytes auth;
    struct ike_cert certs[KEYRING_CHAIN_MAX + 1]; /* an OCSP response may be the last */
    uint32_t held;                                /* bit n: the nth belongs to the reply */
    char why[TRUST_REASON_MAX];
    struct inquiry *inquiry;
};
void key_reply_wipe(struct key_reply *r);

/* The answer after its inquiry, which it frees. */
void keyring_conclude(struct ike_answer *out, struct key_reply *room);

/* ASK_SIGN and ASK_VERIFY of sections that authenticate with keys. All but the ticket is set. */
void keyring_sign(const struct ike_ask *ask, struct ike_answer *out, struct key_reply *room);
void keyring_verify(const struct ike_ask *ask, struct ike_answer *out, struct key_reply *room);

#endif
