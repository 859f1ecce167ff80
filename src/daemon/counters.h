/*
 * counters: messages and rekeys, of everything and of each connection, under strongSwan's names;
 * and those of the engine and the sockets under ours. Of a bounded number of connections.
 */
#ifndef BRAID_DAEMON_COUNTERS_H
#define BRAID_DAEMON_COUNTERS_H

#include "daemon/daemon.h"

void counters_tell(struct daemon *d, const struct ike_tell *tell);
/*
 * A section for each that is asked for: of a connection, of all of them (`all`), or without a name
 * the global ones. False: there are none of this name.
 */
bool counters_report(const struct daemon *d, struct vici_out *o, struct bytes name, bool all);
bool counters_reset(struct daemon *d, struct bytes name, bool all);
void counters_free(struct daemon *d);

#endif
