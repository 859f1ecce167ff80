/*
 * creds: the secrets there are, those of the file and those control clients have loaded, and the
 * store that is made of them when it is asked the next time.
 *
 * A secret has a unique id; that of one from the file is the name of its section. One loaded with
 * the id of another takes its place. Reading the file again brings back what it names.
 */
#ifndef BRAID_DAEMON_CREDS_H
#define BRAID_DAEMON_CREDS_H

#include "daemon/daemon.h"
#include "vici/read.h"

bool creds_open(struct daemon *d);
void creds_close(struct daemon *d); /* wipes */

/* Takes the whole load over, without its configuration. False: out of memory, nothing changed. */
bool creds_take_file(struct daemon *d, struct loaded *l);
bool creds_put(struct daemon *d, struct vici_shared *s); /* takes it over, even when it fails */
void creds_remove(struct daemon *d, struct bytes id);
void creds_clear(struct daemon *d); /* what clients have loaded */

/* What was read from files last; NULL before that. Its configuration is gone. */
const struct loaded *creds_file(const struct daemon *d);

/* The unique ids, one after the other: *at begins with 0. NULL at the end. */
const char *creds_next_id(const struct daemon *d, size_t *at);
size_t creds_count(const struct daemon *d);

/* The store, made anew if anything has changed. */
const struct cred_store *creds_store(struct daemon *d);

#endif
