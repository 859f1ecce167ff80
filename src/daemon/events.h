/*
 * events: what clients that registered for it hear of SAs: ike-updown, child-updown, ike-rekey,
 * child-rekey, alert. Keys and their order are strongSwan's; ours come behind.
 */
#ifndef BRAID_DAEMON_EVENTS_H
#define BRAID_DAEMON_EVENTS_H

#include "daemon/daemon.h"

void events_tell(struct daemon *d, const struct ike_tell *tell);

#endif
