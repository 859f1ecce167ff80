/*
 * tell: what becomes of an event of the engine: a log line, events for control clients, news for
 * those who wait for it.
 */
#ifndef BRAID_DAEMON_TELL_H
#define BRAID_DAEMON_TELL_H

#include "daemon/daemon.h"

void tell(struct daemon *d, const struct ike_tell *t);
bool tell_is_failure(const struct ike_tell *t);                   /* an alert, or an end that nobody wanted */
void tell_progress(struct vici_out *o, const struct ike_tell *t); /* the keys of a `progress` event */
/* The keys of a `control-log` event, and its level: 0 what has come about or ended, 1 the way there. */
void tell_control_log(struct vici_out *o, const struct ike_tell *t);
int tell_control_level(const struct ike_tell *t);
/* Lines of the log for clients that registered for `log`. */
void tell_log_line(void *self, enum log_level level, enum log_subsystem sub, const char *text);

#endif
