/*
 * read: what the load commands carry, as values: connections, shared secrets, pools, authorities,
 * keys and certificates. Input is hostile; no I/O, no state.
 *
 * A connection goes through the same schema as one of a file, so both know the same keys, defaults
 * and contradictions. What is wrong is said twice: in the words that clients of the protocol look
 * for ("unknown option: versoin, config discarded"), and as the problems that a file would have
 * had.
 */
#ifndef BRAID_VICI_READ_H
#define BRAID_VICI_READ_H

#include "base/arena.h"
#include "config/load.h"
#include "config/pool.h"
#include "vici/codec.h"

/* Why a request is refused: what `errmsg` says. */
struct vici_refusal {
    char text[512];
};

/*
 * One connection: its name and the content of its section. NULL when it is refused; problems, also
 * warnings, go to the list.
 */
struct config *vici_read_conn(struct bytes name, struct bytes content,
                              struct problem_list *problems, struct vici_refusal *why);

/* ---- load-shared ----------------------------------------------------------------------------- */

enum { VICI_OWNERS_MAX = 64 };

/* A shared secret with the memory it stands in: wiped by vici_shared_free. */
struct vici_shared {
    struct arena arena;
    struct secret_entry entry; /* its name is the unique id, "" if there is none */
};

bool vici_read_shared(struct bytes message, struct vici_shared *out, struct vici_refusal *why);
void vici_shared_free(struct vici_shared *s);

/* ---- load-pool ------------------------------------------------------------------------------- */

/* The caller frees it with pool_free. */
bool vici_read_pool(struct bytes name, struct bytes content, struct conf_pool *out,
                    struct vici_refusal *why);

/* ---- the rest: checked as far as the protocol has words for it ------------------------------- */

bool vici_check_authority(struct bytes name, struct bytes content, struct vici_refusal *why);
bool vici_check_cert(struct bytes message, struct vici_refusal *why);
bool vici_check_key(struct bytes message, struct vici_refusal *why);
/* The `type` of flush-certs and the like; absent is right. */
bool vici_check_cert_type(struct bytes message, struct vici_refusal *why);
bool vici_check_redirect(struct bytes message, struct vici_refusal *why);

#endif
