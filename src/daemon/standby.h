/*
 * standby: Child SAs that are not up but may be any moment: the data plane has a trap for each, and
 * the first packet that falls into it brings the SA up.
 *
 *     what comes back by itself ----+  (for as long as that takes)
 *     start_action = trap ----------+
 *     dpd_action, close_action -----+--> a trap --ACQUIRE--> an attempt --> an SA, in front of the
 *     the command `install` --------+                                      trap, which stays
 *
 * A trap stays until its child leaves the configuration or `uninstall` takes it away. When the child
 * changes, the new trap is set before the old one goes, and one for a Child SA that is down stands
 * before its policies go: nothing slips through unprotected.
 */
#ifndef BRAID_DAEMON_STANDBY_H
#define BRAID_DAEMON_STANDBY_H

#include "daemon/daemon.h"

/* Compare with the newest configuration: set what is new, take away what has gone. */
void standby_update(struct daemon *d);
/* A child has changed, or will be gone with the next update. */
void standby_outdate(struct daemon *d, const char *conn, const char *child);

/* False: no trap could be set; `why` says what is the matter. Names of the newest configuration. */
bool standby_install(struct daemon *d, const char *conn, const char *child, char *why,
                     size_t why_len);
bool standby_uninstall(struct daemon *d, struct bytes conn /* or none */, struct bytes child);

/* A packet fell into this trap. */
void standby_acquire(struct daemon *d, uint32_t id, const struct packet_ends *packet);
/* The child that is told to be down is set up again: its packets wait until it is released. */
void standby_hold(struct daemon *d, const struct ike_tell *tell);
void standby_release(struct daemon *d, const char *conn, const char *child);
void standby_tell(struct daemon *d, const struct ike_tell *tell);
void standby_end(struct daemon *d); /* no further attempts; traps stay until the plane is closed */

struct standby_info {
    uint32_t id;
    const char *conn, *child;
    enum conf_mode mode;
    const struct selectors *local_ts, *remote_ts; /* without `dynamic` */
};

/* The trap with the smallest id above `after`. Valid until the next change. */
bool standby_next(const struct daemon *d, uint32_t after, struct standby_info *out);

#endif
