/*
 * pools: pools of virtual addresses, of the file and of control clients. They are kept and shown;
 * nothing is leased from them yet.
 *
 * As with connections (conns.h), reading the file again replaces what came from it, and what it
 * names.
 */
#ifndef BRAID_DAEMON_POOLS_H
#define BRAID_DAEMON_POOLS_H

#include "config/pool.h"
#include "daemon/daemon.h"

bool pools_open(struct daemon *d);
void pools_close(struct daemon *d);

void pools_take_file(struct daemon *d, struct loaded *l); /* takes the pools out of it */
bool pools_put(struct daemon *d, struct conf_pool *p);    /* takes it over, even when it fails */
bool pools_remove(struct daemon *d, struct bytes name);
const struct conf_pool *pools_at(const struct daemon *d, size_t i); /* NULL at the end */

#endif
