/*
 * secrets: what the `secrets` section of swanctl.conf says, as plain values for src/cred.
 *
 * It is apart from the snapshot (braid/config.h), which must hold no long-term secret. The memory
 * belongs to a `struct loaded` and is wiped with it.
 */
#ifndef BRAID_SECRETS_H
#define BRAID_SECRETS_H

#include <braid/config.h>

enum secret_kind { SECRET_IKE }; /* a pre-shared key; others follow with their features */

struct secret_entry {
    enum secret_kind kind;
    const char *name;     /* of its section: "ike-home" */
    struct bytes data;    /* decoded */
    uint16_t owner_count; /* 0 = anybody's */
    const struct conf_identity *owner;
    uint32_t line;
};

struct secret_list {
    uint32_t count;
    const struct secret_entry *at;
};

#endif
