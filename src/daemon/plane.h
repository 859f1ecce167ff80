/*
 * plane: the data plane within the daemon: opened as the configuration says, polled by the loop,
 * its reports taken to the engine.
 */
#ifndef BRAID_DAEMON_PLANE_H
#define BRAID_DAEMON_PLANE_H

#include "daemon/daemon.h"

uint32_t plane_mark(const struct daemon *d); /* what our packets must carry, as configured; 0 = nothing */
bool plane_open(struct daemon *d, char *why, size_t why_len);
void plane_close(struct daemon *d); /* takes devices, routes and policies away */
void plane_input(struct daemon *d, const struct ike_path *path, uint8_t *packet,
                 size_t len); /* ESP from the wire */
void plane_flush(struct daemon *d); /* ends a batch of that */
void plane_reports(struct daemon *d);
/* Effects were lost: the data plane moves or removes what it should have. */
void plane_reconcile(struct daemon *d);

#endif
