/*
 * auth: who we are, who the peer may be, and the octets that AUTH covers (RFC 7296 2.15, 3.5). What
 * a method does with them is the business of whoever answers the ASK.
 */
#ifndef BRAID_IKE_AUTH_H
#define BRAID_IKE_AUTH_H

#include "ike/turn.h"

/*
 * Our identity for a section of a connection: configured, or our address. Borrowed from the
 * configuration or the arena.
 */
bool auth_our_identity(const struct conf_auth *auth, const struct ike_path *path,
                       struct arena *arena, struct identity *out);

/* Does what the peer says fit the configuration? */
bool auth_identity_fits(const struct conf_identity *pattern, const struct identity *id);

/*
 * The same of a whole section: who says nothing about itself (ID_NULL) fits where nothing is
 * asked of the peer (auth = null), and nobody else fits there (RFC 7619 2.4).
 */
bool auth_peer_fits(const struct conf_auth *auth, const struct identity *theirs);

/*
 * The body of an ID payload: type, three reserved octets, data. RFC 7296 2.15 covers it as it was
 * sent.
 */
bool auth_id_body(struct arena *arena, const struct identity *id, struct bytes *body);

/*
 * As responder: the connection for these identities, which are those of the first round. The best match first: exact before wildcard
 * before anything, then the order of the file. `ours` is empty (type 0) when the initiator did not
 * say whom it wants. Its proposals must allow what was chosen in IKE_SA_INIT. NULL if there is
 * none.
 */
const struct conf_conn *auth_find_conn(const struct turn *t, const struct identity *theirs,
                                       const struct identity *ours);

/* CERTREQ (RFC 7296 3.7): keep what the peer asks for, add what we do. */
bool auth_take_certreq(struct turn *t);
bool auth_add_certreq(struct turn *t);
/* The CERT payloads of an answer, into t->out. */
bool auth_add_certs(struct turn *t);

/*
 * Ask for our AUTH payload of this round, or for a judgement of the peer's. The identities of the
 * round must be in the larva.
 */
struct verdict auth_ask_sign(struct turn *t);
struct verdict auth_ask_verify(struct turn *t, const struct auth_payload *auth);

#endif
