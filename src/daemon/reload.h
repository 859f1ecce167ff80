/*
 * reload: the configuration, read for the first time and again while running.
 *
 * A new snapshot is all or nothing: if anything in it is wrong, the old one stays in force. SAs
 * keep the snapshot they were made with; it is freed when the last of them has gone.
 */
#ifndef BRAID_DAEMON_RELOAD_H
#define BRAID_DAEMON_RELOAD_H

#include "daemon/daemon.h"

/* At start. False: `problems` says why. */
bool reload_first(struct daemon *d, struct problem_list *problems);
/* While running; also tells the engine, and begins what is newly to be started. */
bool reload(struct daemon *d, struct problem_list *problems);
/* braid.conf alone. What cannot change while the daemon runs is a warning in both. */
bool reload_settings(struct daemon *d, struct problem_list *problems);
/* The same for SIGHUP: problems go to the log. */
void reload_and_log(struct daemon *d);
/* One line each. */
void reload_log_problems(const struct daemon *d, const struct problem_list *problems);
void reload_free_all(struct daemon *d);

#endif
