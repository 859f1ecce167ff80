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
 * One connection or authority: its name and the content of its section. NULL when it is refused;
 * problems, also warnings, go to the list. Whatever certificates it holds are only carried along.
 */
struct loaded *vici_read_conn(struct bytes name, struct bytes content,
                              struct problem_list *problems, struct vici_refusal *why);
struct loaded *vici_read_authority(struct bytes name, struct bytes content,
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

/* ---- certificates and keys ------------------------------------------------------------------- */

enum vici_cert_type { VICI_CERT_ANY,
                      VICI_CERT_X509,
                      VICI_CERT_AC,
                      VICI_CERT_CRL,
                      VICI_CERT_OCSP,
                      VICI_CERT_PUBKEY };
enum vici_cert_flag { VICI_FLAG_NONE,
                      VICI_FLAG_CA,
                      VICI_FLAG_AA,
                      VICI_FLAG_OCSP,
                      VICI_FLAG_ANY };

/* load-cert: never of type or flag ANY. Borrows the message. */
struct vici_cert {
    enum vici_cert_type type;
    enum vici_cert_flag flag;
    struct bytes data;
};
bool vici_read_cert(struct bytes message, struct vici_cert *out, struct vici_refusal *why);
/* What list-certs and flush-certs are about; ANY where nothing is said. */
bool vici_read_cert_filter(struct bytes message, struct vici_cert *out, struct vici_refusal *why);

/* load-key. Borrows the message. */
struct vici_key {
    const char *type;  /* "any", "rsa", "ecdsa", "ed25519", "ed448" */
    const char *shown; /* "ANY" and so on */
    struct bytes data;
};
bool vici_read_key(struct bytes message, struct vici_key *out, struct vici_refusal *why);

/* ---- redirect -------------------------------------------------------------------------------- */

bool vici_check_redirect(struct bytes message, struct vici_refusal *why);

#endif
