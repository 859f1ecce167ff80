/*
 * updown: commands of the configuration that are run when a Child SA comes and goes, one after the
 * other, in the order of events, by a process of their own (run/runner.h). The engine never waits
 * for one, and how one ends changes no SA.
 *
 * Which commands there may be is settled when the daemon starts: those of its files then. A later
 * configuration, or a control client, may use these and no other.
 */
#ifndef BRAID_DAEMON_UPDOWN_H
#define BRAID_DAEMON_UPDOWN_H

#include "daemon/daemon.h"

/* First of all: before anything that is secret is read. */
bool updown_start(struct daemon *d);
/* The commands of the first configuration. False and a problem: they are too many. */
bool updown_allow(struct daemon *d, const struct config *c, struct problem_list *problems);
/* The list is complete; without a command in it, the process goes. */
bool updown_open(struct daemon *d, char *why, size_t why_len);
/* False and a problem for each command that was not in the list. */
bool updown_check(const struct daemon *d, const struct config *c, struct problem_list *problems);

void updown_tell(struct daemon *d, const struct ike_tell *tell);

/* The daemon ends: as if the Child SAs there are had gone. */
void updown_end(struct daemon *d);
bool updown_is_busy(const struct daemon *d);
void updown_close(struct daemon *d); /* what it holds of the loop is closed with that */
void updown_free(struct daemon *d);

#endif
