/*
 * resolve: from a connection's local_addrs and remote_addrs to the two endpoints of an initiation.
 *
 * Names are looked up in the background. The first remote address that can be used wins: a concrete
 * one, or the first the name has of a family that local_addrs allow. The local address is the
 * configured one, or the one the routing table chooses.
 */
#ifndef BRAID_DAEMON_RESOLVE_H
#define BRAID_DAEMON_RESOLVE_H

#include "daemon/daemon.h"

struct resolved {
    struct endpoint local, remote; /* family ADDR_NONE in remote: `error` says why there is none */
    char error[256];
};

typedef void (*resolve_done)(void *self, const struct resolved *result);

/*
 * Calls `done` exactly once, perhaps before it returns, unless it was cancelled. NULL when it has
 * been called already.
 */
struct resolve *resolve_begin(struct daemon *d, const struct conf_conn *conn, resolve_done done, void *self);
void resolve_cancel(struct resolve *r); /* done will not be called; NULL allowed */

#endif
