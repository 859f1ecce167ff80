/*
 * keyring: the certificates and keys that sections of connections refer to, and the answers to the
 * engine's ASKs that need them.
 *
 * What a section names is read once, when its connection is loaded, and is put into a wallet, too.
 * Everything else is looked up in the wallet when there is an ASK, so that it does not matter what
 * was loaded first, and what is taken away is gone at once: private keys, by the key id of
 * certificates; CAs, where the section names none; our certificate, where the section names none:
 * the one that is for our identity and whose private key is there.
 *
 * Of a peer nothing is kept but its certificates as they were read (parsed.h); they are bounded in
 * number before any is.
 * Answers may have to wait for what is to be fetched first: inquiry.h.
 */
#ifndef BRAID_CRED_KEYRING_H
#define BRAID_CRED_KEYRING_H

#include "cred/chain.h"
#include "cred/inquiry.h"
#include "cred/parsed.h"
#include "cred/scheme.h"
#include "cred/sink.h"
#include <braid/ike.h>

struct keyring;

/*
 * Load all that the sections name, complain about all that is wrong, and complete the sections'
 * connections: their keys, identity, and the CERTREQ where they name CAs; these live as long as the
 * keyring. `dir` is that of swanctl.conf; NULL: the sections came from a control client, which may
 * bring private keys later. NULL: there was an error.
 */
struct keyring *keyring_new(struct wallet *w, const char *dir, const struct cred_sections *sections,
                            const struct cred_sink *sink);
void keyring_free(struct keyring *k); /* NULL allowed */

/* The certificates of authorities, into the wallet with all they say. False: there was an error. */
bool keyring_add_authorities(struct wallet *w, const char *dir, const struct cred_authorities *all,
                             const struct cred_sink *sink);

/*
 * All of that for the files of `dir`: what lies in its folders and what its configuration refers to.
 * The wallet stands on `below`. NULL: there was an error, and *w is NULL, too.
 */
struct keyring *keyring_of_files(const char *dir, const struct secret_list *secrets,
                                 const struct cred_sections *sections,
                                 const struct cred_authorities *authorities,
                                 const struct wallet *below, const struct cred_sink *sink,
                                 struct wallet **w);

/*
 * The CERTREQ of a connection whose section names no CAs: all anchors of the wallet, up to a limit.
 * To be freed with free(). False: out of memory.
 */
bool keyring_certreq(const struct wallet *const *wallets, size_t count, struct bytes *out);
/* Is it for this section? */
bool keyring_wants_certreq(const struct key_section *s);

/* The subjects of what a section (NULL: nothing) names: certificates, or CAs. */
typedef void keyring_take(void *self, const char *subject);
void keyring_each_named(const struct key_section *s, bool cas, keyring_take *take, void *self);

/*
 * What an answer borrows. Zero before use; to be given to key_reply_wipe. With an inquiry, it is
 * not the answer yet: keyring_conclude makes it.
 */
struct key_reply {
    struct bytes auth;
    uint16_t cert_count;
    struct ike_cert certs[CHAIN_MAX + 1]; /* an OCSP response may be the last */
    char why[TRUST_REASON_MAX];
    struct inquiry *inquiry;
};
void key_reply_wipe(struct key_reply *r);

/* The answer after its inquiry, which it frees. */
void keyring_conclude(struct ike_answer *out, struct key_reply *room);

/*
 * ASK_SIGN and ASK_VERIFY of sections that authenticate with keys. All but the ticket is set.
 * `known`: what has been found out about revocation; NULL: nothing is fetched.
 * `parsed`: where certificates of peers are kept as they were read; NULL: nowhere.
 */
void keyring_sign(const struct wallet *w, struct known *known, const struct ike_ask *ask,
                  struct ike_answer *out, struct key_reply *room);
void keyring_verify(const struct wallet *w, struct known *known, struct parsed *parsed,
                    const struct ike_ask *ask, struct ike_answer *out, struct key_reply *room);

#endif
