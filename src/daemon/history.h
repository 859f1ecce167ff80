/*
 * history: how the last rekey of each IKE SA and Child SA of the configuration went, by name, so
 * that it is known after the SA itself has gone. A bounded number of entries; the oldest make room.
 */
#ifndef BRAID_DAEMON_HISTORY_H
#define BRAID_DAEMON_HISTORY_H

#include "daemon/daemon.h"

struct last_rekey {
    ike_time at;
    enum ike_reason reason; /* NONE: it went well */
    uint32_t rekeyed;       /* how often it went well since the daemon started */
    char detail[160];       /* "" or what the peer said */
};

void history_tell(struct daemon *d, const struct ike_tell *tell);
/* `child` NULL: of the IKE SA. NULL when there was none. */
const struct last_rekey *history_find(const struct daemon *d, const char *conn, const char *child);
void history_free(struct daemon *d);

#endif
