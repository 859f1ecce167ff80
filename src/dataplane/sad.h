/*
 * sad: the Security Association Database of a user-space data plane (RFC 4301 4.4.2): Child SAs by
 * SPI, by id, and by policy.
 *
 * One entry is both directions of a Child SA. Inbound it works from the moment it is added until it
 * is removed, whatever replaces it meanwhile. Outbound the newest wins, with one delay: when the
 * peer asked for the rekeying, it may not have installed the new SA yet, so the old one carries on
 * until the first authentic packet on the new SA, or until the old one is deleted (RFC 7296 2.8).
 * No I/O here.
 */
#ifndef BRAID_DATAPLANE_SAD_H
#define BRAID_DATAPLANE_SAD_H

#include "base/table.h"
#include "dataplane/dataplane.h"
#include "dataplane/policy.h"
#include "esp/esp.h"

struct volume {
    uint64_t bytes, packets;
};

enum sad_limit {
    SAD_LIMIT_NONE,
    SAD_LIMIT_SOFT,
    SAD_LIMIT_HARD,
};

struct sad_entry {
    uint32_t id, replaces, spi_in, spi_out;
    bool transport;
    bool is_retired;
    bool is_spent;  /* a hard limit was reached: nothing may be sent on it */
    bool told_soft; /* and a soft one before */
    struct ike_path path;
    struct esp_in in;
    struct esp_out out;
    struct policy policy;
    unsigned mtu;             /* largest inner packet that fits */
    ike_time measured_at;     /* when that was found out */
    struct volume soft, hard; /* 0 = no limit */
    struct plane_usage usage;
    /* when SEEN was last reported, from the right endpoint and from another; 0 = never */
    ike_time seen_at, moved_at;
};

struct sad {
    const struct crypto *crypto;
    struct alloc alloc;
    struct esp_pool pool;
    struct table by_spi, by_id;
    struct policy_table policies;
};

/* False: the backend has no randomness. `sad` must not move afterwards. */
bool sad_init(struct sad *s, const struct crypto *crypto);
void sad_clear(struct sad *s);

/*
 * A new Child SA, inbound ready, its policy in place. NULL with a reason in `why`, and then nothing
 * has changed.
 */
struct sad_entry *sad_add(struct sad *s, const struct ike_plane *effect, char *why, size_t why_len);
/*
 * Nothing is sent on it any more; a successor that waited for this takes over. Inbound it works as
 * before.
 */
void sad_retire(struct sad *s, struct sad_entry *e);
/* Keys are wiped; a successor that waited for this takes over. */
void sad_remove(struct sad *s, struct sad_entry *e);

struct sad_entry *sad_by_id(const struct sad *s, uint32_t id);
struct sad_entry *sad_by_spi(const struct sad *s, uint32_t spi_in);
/* Walk: *at = 0 first, NULL at the end. */
struct sad_entry *sad_each(const struct sad *s, size_t *at);

/* An authentic packet came in: the peer uses this SA, so may we. */
void sad_confirm(struct sad *s, struct sad_entry *e);

/*
 * The limit of volume that was reached since the last time; each is returned once. From the hard
 * one on `is_spent`; the policy stays, so that its packets are not sent another way, unless a
 * successor was waiting.
 */
enum sad_limit sad_check_limits(struct sad *s, struct sad_entry *e);

/* What fits through the tunnel when the outer path takes packets of `outer_mtu`. */
unsigned sad_inner_mtu(const struct sad_entry *e, unsigned outer_mtu);

#endif
