/*
 * child: a Child SA that is installed (RFC 7296 2.9, 1.4.1). Its keys live in the data plane, not here.
 */
#ifndef BRAID_IKE_CHILD_H
#define BRAID_IKE_CHILD_H

#include "wire/names.h"
#include <braid/ike.h>

enum child_state { CHILD_INSTALLED, CHILD_DELETING };

struct child {
    struct child *next;
    uint32_t id;
    enum child_state state;
    uint32_t spi_in, spi_out;
    const struct conf_child *conf;
    const struct alg *encr, *integ;
    bool esn, transport, initiator;
    uint16_t method[KEX_SLOTS]; /* its own key exchanges by slot; all KE_NONE: keys come from the IKE SA alone */
    struct selectors local_ts, remote_ts; /* owned */
    ike_time installed_at;
    uint64_t order_id;
};

struct child *child_new(const struct alloc *alloc, const struct selectors *local_ts, const struct selectors *remote_ts);
void child_free(struct child *child, const struct alloc *alloc);

#endif
