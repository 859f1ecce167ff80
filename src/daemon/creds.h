/*
 * creds: the secrets, certificates and private keys there are, those of the files and those control
 * clients have loaded, and the stock for answers that is made of them.
 *
 * A shared secret has a unique id; that of one from the file is the name of its section. One loaded
 * with the id of another takes its place. Private keys go by their key id, certificates by their
 * octets. Reading the files again brings back what they name; what a client alone has brought stays
 * until a client takes it away.
 */
#ifndef BRAID_DAEMON_CREDS_H
#define BRAID_DAEMON_CREDS_H

#include "cred/answer.h"
#include "daemon/daemon.h"
#include "vici/read.h"

bool creds_open(struct daemon *d);
void creds_close(struct daemon *d); /* wipes */

/*
 * Takes the whole load over, without its configuration, and the wallet of its folders. False: out
 * of memory, nothing changed.
 */
bool creds_take_file(struct daemon *d, struct loaded *l, struct wallet *w);
bool creds_put(struct daemon *d, struct vici_shared *s); /* takes it over, even when it fails */
void creds_remove(struct daemon *d, struct bytes id);
void creds_clear(struct daemon *d); /* what clients have loaded */

/*
 * The wallets: that of the files stands on that of the clients, so it is where to look. Whoever has
 * changed one of them says so.
 */
enum { CREDS_WALLETS = 2 };
struct wallet *creds_of_files(const struct daemon *d);
struct wallet *creds_of_clients(const struct daemon *d);
void creds_changed(struct daemon *d);

/* What was read from files last; NULL before that. Its configuration is gone. */
const struct loaded *creds_file(const struct daemon *d);

/* The unique ids, one after the other: *at begins with 0. NULL at the end. */
const char *creds_next_id(const struct daemon *d, size_t *at);
size_t creds_count(const struct daemon *d);

/* For answers; secrets are put in their store anew if anything has changed. */
struct cred_stock creds_stock(struct daemon *d);
/* What is kept of peers' certificates is gone; from now on each is read anew. */
void creds_forget_peers(struct daemon *d);
/* Is there a PPK of this name? No name: any. */
bool creds_have_ppk(const struct daemon *d, struct bytes name);
/* The CERTREQ of connections that name no CAs; to be freed. False: out of memory. */
bool creds_certreq(const struct daemon *d, struct bytes *out);

#endif
