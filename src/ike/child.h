/*
 * child: a Child SA that is installed (RFC 7296 2.9, 1.4.1). Its keys live in the data plane, not
 * here.
 */
#ifndef BRAID_IKE_CHILD_H
#define BRAID_IKE_CHILD_H

#include "wire/names.h"
#include <braid/ike.h>

enum child_state {
    CHILD_INSTALLED,
    CHILD_REKEYED,  /* replaced by another: no longer used for sending */
    CHILD_DELETING, /* our Delete is under way */
    /* deleted at both ends; its inbound half stays a little for packets that were on their way */
    CHILD_LINGERING,
};

struct child {
    struct child *next;
    uint32_t id;
    uint32_t reqid; /* id of the first of a row of rekeys */
    enum child_state state;
    uint32_t spi_in, spi_out;
    const struct conf_child *conf;
    const struct alg *encr, *integ;
    bool esn, transport, initiator;
    /* its own key exchanges by slot; all KE_NONE: keys come from the IKE SA alone */
    uint16_t method[KEX_SLOTS];
    struct selectors local_ts, remote_ts; /* owned */
    uint32_t replaced_by;                 /* REKEYED: id of the Child SA that took its place */
    bool expiring;                        /* its hard limit has passed */
    bool remade;                          /* on the SA that is to succeed its own */
    ike_time installed_at;
    ike_time rekey_at, life_at; /* soft and hard limit; IKE_NEVER */
    ike_time gone_at;           /* LINGERING: end of it; else IKE_NEVER */
    /* asked for by the peer: id of its first request that shows it has our answer; 0 = it has it */
    uint32_t known_from;
    uint64_t order_id;
};

/* The earliest moment at which something is due. */
ike_time child_deadline(const struct child *child);

struct child *child_new(const struct alloc *alloc, const struct selectors *local_ts,
                        const struct selectors *remote_ts);
void child_free(struct child *child, const struct alloc *alloc);

#endif
