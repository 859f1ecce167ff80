/*
 * pools: pools of virtual addresses that control clients have loaded. They are kept and shown;
 * nothing is leased from them yet.
 */
#ifndef BRAID_DAEMON_POOLS_H
#define BRAID_DAEMON_POOLS_H

#include "daemon/daemon.h"
#include "vici/read.h"

bool pools_open(struct daemon *d);
void pools_close(struct daemon *d);

bool pools_put(struct daemon *d, struct vici_pool *p); /* takes it over, even when it fails */
bool pools_remove(struct daemon *d, struct bytes name);
const struct vici_pool *pools_at(const struct daemon *d, size_t i); /* NULL at the end */

#endif
