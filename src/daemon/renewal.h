/*
 * renewal: one rekey on its way, for somebody who wants to know how it ends: which SAs are to be
 * replaced, and how many have been.
 */
#ifndef BRAID_DAEMON_RENEWAL_H
#define BRAID_DAEMON_RENEWAL_H

#include "daemon/daemon.h"

struct renewal_outcome {
    uint32_t matches, rekeyed;
    const char *message;    /* NULL: all went well */
    enum ike_reason reason; /* of the last failure */
    const char *detail;     /* "" or what the peer said */
};

struct renewal_wish {
    struct bytes conn, child; /* names, or empty; none of child and child_id: IKE SAs */
    uint32_t ike_id, child_id;
    bool reauth;        /* of IKE SAs: authenticated anew instead */
    bool wait;          /* until they are replaced; else the outcome says only how many match */
    int64_t timeout_ms; /* > 0: wait no longer than that */
    void *self;
    /* Once, unless detached. */
    void (*done)(void *self, const struct renewal_outcome *outcome);
    /* Each event about these SAs, before `done`; may be NULL. */
    void (*told)(void *self, const struct ike_tell *tell);
};

/* NULL when `done` was called already. */
struct renewal *renewal_begin(struct daemon *d, const struct renewal_wish *wish);
void renewal_detach(struct renewal *r); /* NULL allowed */
void renewal_tell(struct daemon *d, const struct ike_tell *tell);
void renewal_end_all(struct daemon *d, const char *why);

#endif
