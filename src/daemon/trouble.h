/*
 * trouble: what the network last said about reaching a peer: no route, nobody listens there, too
 * large. It explains a peer that does not answer, and decides nothing: anybody can forge ICMP.
 */
#ifndef BRAID_DAEMON_TROUBLE_H
#define BRAID_DAEMON_TROUBLE_H

#include "daemon/daemon.h"

/* A datagram to `remote` was refused with this errno, by our own host or by ICMP. */
void trouble_note(struct daemon *d, const struct endpoint *remote, int error);

/* What was noted before `since` is about something else. */
void trouble_forget(struct daemon *d, const struct endpoint *remote, ike_time since);

/* The errno noted last; 0: none. */
int trouble_find(const struct daemon *d, const struct endpoint *remote);

/* "nothing listens there (ICMP: port unreachable)" */
const char *trouble_text(int error);

#endif
