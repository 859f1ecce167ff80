/*
 * store: long-term secrets, and the answers to the engine's ASKs that need them.
 *
 * Pre-shared keys. The engine never sees one; it sends the octets to be MACed and gets the MAC
 * (RFC 7296 2.15):
 *
 *     AUTH = prf( prf(Shared Secret, "Key Pad for IKEv2"), octets )
 *
 * Which key: a secret names its owners (`id` keys; none = anybody's). It may serve a pair (ours,
 * theirs) if it has no owners, or if the peer is one of them, or if all its owners are us. Among
 * those the one that fits the peer best wins, then the one that fits us best, then one that names
 * nobody else, then the first; a full identity fits better than a pattern, a pattern better than
 * %any.
 *
 * And post-quantum pre-shared keys (RFC 8784), which the engine gets for as long as it mixes them
 * in. They are found by name alone: the octets of any identity of theirs.
 *
 * All keys live in one block of memory that is locked, kept out of core dumps, and wiped.
 */
#ifndef BRAID_CRED_STORE_H
#define BRAID_CRED_STORE_H

#include "cred/ppk_file.h"
#include <braid/crypto.h>
#include <braid/ike.h>
#include <braid/secrets.h>

struct cred_store;

/* Copies everything it needs; `list` may be freed afterwards. NULL: out of memory. */
struct cred_store *cred_store_new(const struct secret_list *list);
void cred_store_free(struct cred_store *store); /* wipes. NULL allowed */
size_t cred_store_count(const struct cred_store *store);

/*
 * Answer an ASK_SIGN or ASK_VERIFY. Fills *out with ticket, status, method and, for ASK_SIGN, a
 * view of `buffer`. A verification compares in constant time. ANSWER_NO_SECRET: no key for these
 * identities. ANSWER_REFUSED: the MAC is wrong, or the connection asks for another kind of
 * authentication.
 */
void cred_answer(const struct cred_store *store, const struct crypto *crypto,
                 const struct ike_ask *ask, struct ike_answer *out, uint8_t buffer[PRF_LEN_MAX]);

/*
 * Answer an ASK_PPK. The answer borrows `room`, which the caller wipes, and the store. Without
 * `used` no key comes from a file.
 */
void cred_ppk(const struct cred_store *store, struct ppk_used *used, const struct ike_ask *ask,
              struct ike_answer *out, struct ppk_taken *room);

#endif
