/*
 * start: brings up what the configuration wants up: Child SAs with start_action = start, those whose
 * dpd_action or close_action says so when they are lost, and what was broken to be authenticated
 * anew. Packets of what was up wait meanwhile (standby.h).
 *
 * A failed attempt is repeated after a pause that doubles up to a minute, as often as `keyingtries`
 * says (0 = for ever); what nobody wanted down, because it is authenticated anew, without end.
 */
#ifndef BRAID_DAEMON_START_H
#define BRAID_DAEMON_START_H

#include "daemon/daemon.h"

/* Compare the list with the newest configuration: begin what is new, end and forget what has gone. */
void start_update(struct daemon *d);
/*
 * What was begun for a child ends, and is forgotten. With `whole` an IKE SA of its connection that
 * has no other children ends, too.
 */
void start_undo(struct daemon *d, const char *conn, const char *child, bool whole);
/* Nothing of these names is tried any more; none of both: all. How many there were. */
uint32_t start_cancel(struct daemon *d, struct bytes conn, struct bytes child);
void start_tell(struct daemon *d, const struct ike_tell *tell);
/* What the configuration wants for a child that went for this reason: enum conf_action bits. */
uint8_t start_action_after(const struct daemon *d, const struct ike_tell *tell);
void start_end(struct daemon *d); /* no further attempts */

#endif
