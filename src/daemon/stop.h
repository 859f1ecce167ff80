/*
 * stop: the orderly end: every SA is deleted at its peer, then all we made is taken away.
 */
#ifndef BRAID_DAEMON_STOP_H
#define BRAID_DAEMON_STOP_H

#include "daemon/daemon.h"

void stop_begin(struct daemon *d); /* at the first signal; a second call ends at once */
void stop_check(struct daemon *d); /* after each verb: has the last SA gone? */

#endif
