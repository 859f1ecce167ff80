/*
 * mock: a data plane that moves nothing and remembers what it was told. For tests, and for machines
 * without TUN.
 *
 * It keeps no keys: whether the two directions of two hosts fit together is told by fingerprints of
 * what was installed.
 */
#ifndef BRAID_DATAPLANE_MOCK_H
#define BRAID_DATAPLANE_MOCK_H

#include "dataplane/dataplane.h"

/* One Child SA as installed. Selectors are copies and live until the SA is removed. */
struct mock_child {
    uint32_t id, ike_id, spi_in, spi_out, replaces;
    const struct alg *encr, *integ;
    bool esn, transport, encap, initiator, retired;
    struct ike_path path;
    struct selectors local_ts, remote_ts;
    uint32_t replay_window;
    uint64_t soft_bytes, soft_packets, hard_bytes, hard_packets;
    uint64_t key_in, key_out; /* the same number at both hosts if and only if the keys agree */
};

/* How often each operation was carried out. */
struct mock_counts {
    size_t adds, moves, removes, refused;
    size_t installed; /* now */
    size_t packets;   /* given to esp_input */
    size_t traps;     /* now */
};

/* A trap that is set. Selectors are copies and live until it is taken away. */
struct mock_trap {
    uint32_t id;
    struct selectors local_ts, remote_ts;
};

struct mock_counts mock_counts(const struct dataplane *plane);
/* The i-th installed Child SA in order of installation, or NULL. Lives until the next apply. */
const struct mock_child *mock_child(const struct dataplane *plane, size_t i);
const struct mock_child *mock_child_by_id(const struct dataplane *plane, uint32_t id);

/* The i-th trap in order of setting, or NULL. Lives until the next untrap. */
const struct mock_trap *mock_trap(const struct dataplane *plane, size_t i);

/* The next ADD fails with this text. */
void mock_fail_next(struct dataplane *plane, const char *text);
/* Report that the peer was seen, as a real plane does when an authentic packet comes in. */
void mock_see(struct dataplane *plane, uint32_t child_id, const struct endpoint *from);
/* Report that a limit of volume was reached. */
void mock_exhaust(struct dataplane *plane, uint32_t child_id, bool hard);
/* Report that a packet fell into a trap. */
void mock_acquire(struct dataplane *plane, uint32_t trap_id);
/* What `usage` gives for this SA from now on. False if it is not installed. */
bool mock_set_usage(struct dataplane *plane, uint32_t child_id, const struct plane_usage *usage);

#endif
