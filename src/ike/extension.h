/*
 * extension: what both sides announce with an empty notify in IKE_SA_INIT (the table is
 * extension.def).
 */
#ifndef BRAID_IKE_EXTENSION_H
#define BRAID_IKE_EXTENSION_H

#include "ike/turn.h"

/*
 * What we announce for this connection: bits EXTENSION_SET(...). `heard` is what the initiator
 * announced, when we respond.
 */
uint32_t extension_ours(const struct conf_conn *conn, bool initiator, uint32_t heard);
/* Do the proposals ask for key exchanges after the first? */
bool extension_offers_rounds(const struct proposals *p);
/* SIGNATURE_HASH_ALGORITHMS (RFC 7427 4): the hashes we verify; those the peer does, as bits. */
bool extension_write_hashes(struct ike_msg *out, struct arena *arena);
uint32_t extension_read_hashes(const struct ike_msg *in);
bool extension_write(uint32_t set, struct ike_msg *out, struct arena *arena);
uint32_t extension_read(const struct ike_msg *in);

#endif
