/*
 * attempt: one initiation on its way: resolve, order, wait until the SA is up or has failed.
 *
 * Somebody may wait for the outcome (a control client, a connection that is to be kept up) and may
 * walk away; the attempt itself goes on until the engine is done with it.
 */
#ifndef BRAID_DAEMON_ATTEMPT_H
#define BRAID_DAEMON_ATTEMPT_H

#include "daemon/daemon.h"

struct outcome {
    bool ok;
    enum ike_reason reason;
    const char *message; /* a sentence, when not ok */
    const char *detail;  /* "" or what was offered, what is accepted */
    uint32_t ike_id, child_id;
};

/* Child without conn: the first connection that has it; conn without child: the IKE SA alone. */
struct attempt_wish {
    struct bytes conn, child;
    struct packet_ends packet; /* that wants the child, if one does */
    int64_t timeout_ms; /* > 0: report failure then, and let the attempt go on */
    void *self;
    /* Exactly once, unless detached; perhaps before attempt_begin returns. */
    void (*done)(void *self, const struct outcome *outcome);
    /* Each event about it, before `done`; may be NULL. */
    void (*told)(void *self, const struct ike_tell *tell);
};

/* NULL when `done` was called already. */
struct attempt *attempt_begin(struct daemon *d, const struct attempt_wish *wish);
void attempt_detach(struct attempt *a);  /* its owner no longer wants to know; NULL allowed */
void attempt_abandon(struct attempt *a); /* the same, and one that has not begun will not */
bool attempt_is_under_way(const struct daemon *d, const char *conn, const char *child);
void attempt_tell(struct daemon *d, const struct ike_tell *tell);
void attempt_end_all(struct daemon *d, const char *why);

#endif
