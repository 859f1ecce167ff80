/*
 * conns: the connections there are, wherever they came from, and the snapshots the engine gets.
 *
 *     swanctl.conf --reload----+--> entries, by name --settle--> an immutable snapshot --> the engine
 *     load-conn, unload-conn --+
 *
 * Each connection remembers whether the file or a control client brought it. Reading the file
 * again replaces what came from the file, and what it names; a connection that only a client
 * brought stays.
 *
 * A snapshot is made when the engine is to have it: at once for a reload and before commands that
 * ask for connections, else a moment after the last change. That moment is longer the longer the
 * last snapshot took, so that ten thousand load-conns take linear time, and no client keeps the
 * engine waiting by loading connections.
 */
#ifndef BRAID_DAEMON_CONNS_H
#define BRAID_DAEMON_CONNS_H

#include "cred/keyring.h"
#include "daemon/daemon.h"

/* A configuration some of whose connections are in use. */
struct conns_part;

bool conns_open(struct daemon *d);  /* without the loop */
bool conns_start(struct daemon *d); /* with the loop */
void conns_stop(struct daemon *d);  /* before the loop is closed */
void conns_close(struct daemon *d); /* with all snapshots */

/*
 * What the file says now; takes the configuration out of `l`, and, even when it fails, the keyring
 * that it refers to. False: out of memory.
 */
bool conns_take_file(struct daemon *d, struct loaded *l, struct keyring *keys);
/*
 * The one connection of a configuration, which is taken over with the keyring it refers to. False:
 * out of memory.
 */
bool conns_put(struct daemon *d, struct config *c, struct keyring *keys);
bool conns_remove(struct daemon *d, struct bytes name); /* false: there is none */

/* The newest, be it in a snapshot yet or not; valid until the next change. NULL: there is none. */
const struct conf_conn *conns_find(const struct daemon *d, struct bytes name);
/* A connection of the files, which reading them again without it removes. */
bool conns_is_from_file(const struct daemon *d, const char *name);
/* The engine's settings alone. */
void conns_take_settings(struct daemon *d, const struct conf_engine *engine);
/*
 * Give the engine what has changed since the last snapshot, if anything. Not while effects are
 * executed.
 */
void conns_settle(struct daemon *d);
void conns_outdate(struct daemon *d);  /* credentials have changed: a snapshot is due */
void conns_free_old(struct daemon *d); /* snapshots that no SA uses any more */

#endif
