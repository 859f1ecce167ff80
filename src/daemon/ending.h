/*
 * ending: one termination on its way: which SAs it is to end, and how many have gone.
 */
#ifndef BRAID_DAEMON_ENDING_H
#define BRAID_DAEMON_ENDING_H

#include "daemon/daemon.h"

struct ending_wish {
    struct bytes conn, child; /* names, or empty */
    uint32_t ike_id, child_id;
    bool force;
    uint32_t cancelled; /* attempts to set such SAs up: ending them is success, too */
    int64_t timeout_ms; /* > 0: report then what has gone; < 0: report at once */
    void *self;
    /* Once, unless detached. `message` NULL: all went well. */
    void (*done)(void *self, uint32_t matches, uint32_t terminated, const char *message);
    void (*told)(void *self, const struct ike_tell *tell); /* on the way there; may be NULL */
};

/* NULL when `done` was called already. */
struct ending *ending_begin(struct daemon *d, const struct ending_wish *wish);
void ending_detach(struct ending *e); /* NULL allowed */
void ending_tell(struct daemon *d, const struct ike_tell *tell);

#endif
