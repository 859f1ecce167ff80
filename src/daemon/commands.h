/*
 * commands: the requests a control client may make, in one table.
 */
#ifndef BRAID_DAEMON_COMMANDS_H
#define BRAID_DAEMON_COMMANDS_H

#include "daemon/session.h"

/*
 * False: there is no such command. `message` is valid for the call only; the answer comes now or
 * later, exactly once.
 */
bool command_run(struct session *s, struct bytes name, struct bytes message);

#endif
