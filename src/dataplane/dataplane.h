/*
 * dataplane: what executes PLANE effects: user space (tun.c) or a recorder for tests (mock.c); the kernel's XFRM joins later.
 *
 * A data plane installs Child SAs, their policies, routes and addresses, moves packets, and reports what the engine must know. It is driven by one
 * event loop thread; it never calls back: its owner polls its descriptors and takes its reports.
 */
#ifndef BRAID_DATAPLANE_DATAPLANE_H
#define BRAID_DATAPLANE_DATAPLANE_H

#include <braid/ike.h>

enum plane_report_kind {
    REPORT_SEEN,    /* an authenticated packet came from `from`, which is not the SA's remote endpoint, or the first for a while (at most one a second each SA) */
    REPORT_FAILED,  /* the last add could not be done; text says why */
    REPORT_LIMIT,   /* the SA has reached a limit of volume, `hard` or soft; each is told once */
    REPORT_ACQUIRE, /* a packet was caught in a trap: its SA is wanted (at most one a second each trap) */
};

struct plane_report {
    enum plane_report_kind kind;
    uint32_t child_id; /* or, of ACQUIRE, the trap's id */
    bool hard; /* LIMIT: nothing is sent on it any more; else it is time to rekey */
    struct endpoint from;
    struct packet_ends packet; /* ACQUIRE */
    char text[160];
};

/*
 * Limits of volume, in short: those of struct plane_child are reached when either direction has
 * carried that much, payload octets or packets, so that both ends of an SA notice at about the
 * same time whoever sends more. What the cipher and the sequence numbers bear (esp.h) limits what
 * is sent, and is always there.
 */

/*
 * A policy without an SA. Packets that match it are drawn into the tunnel as if there were one. An
 * SA with the same selectors has precedence, always; one with wider selectors has not.
 */
struct plane_trap {
    uint32_t id;                          /* its owner's choice; there is none with it yet */
    struct selectors local_ts, remote_ts; /* addresses, none `dynamic`; borrowed for the call */
};

/* Traffic counters of a Child SA, for `list`. */
struct plane_usage {
    uint64_t in_bytes, in_packets, out_bytes, out_packets;
    ike_time last_in, last_out; /* 0 = never */
    uint64_t drop_replay, drop_auth, drop_policy, drop_size;
};

struct dataplane {
    void *self;
    const char *name; /* "tun", "mock" */
    bool needs_encap; /* only ESP in UDP (struct ike_setup.force_encap) */

    /* Carry out one effect. False: a REPORT_FAILED is waiting (ADD only). Keys are copied and wiped by the plane when the SA goes. */
    bool (*apply)(void *self, ike_time now, const struct ike_plane *effect);

    /* Set a trap; false with a reason in `why`. Traps stay, whatever SAs come and go, until they are taken away. */
    bool (*trap)(void *self, const struct plane_trap *trap, char *why, size_t why_len);
    void (*untrap)(void *self, uint32_t id);

    /*
     * An ESP-in-UDP packet (no marker, SPI first) from the wire. May be modified in place. Hostile. What was inside may wait to be joined with
     * what follows: the packet's memory stays until esp_flush, which ends a batch.
     */
    void (*esp_input)(void *self, ike_time now, const struct ike_path *path, uint8_t *packet, size_t len);
    void (*esp_flush)(void *self);

    /* Descriptors to poll for reading, -1 terminated; and: read what is there, at most a batch. ESP to be sent goes through plane_output. */
    const int *(*descriptors)(void *self);
    void (*readable)(void *self, ike_time now, int fd);

    bool (*report)(void *self, struct plane_report *out); /* the next report, false when there is none */
    bool (*usage)(void *self, uint32_t child_id, struct plane_usage *out);
    /* Walk the Child SAs it has, beginning with *at = 0; false at the end. None may come or go meanwhile. */
    bool (*each)(void *self, size_t *at, uint32_t *child_id);
    void (*close)(void *self); /* takes everything away again: policies, routes, addresses, devices */
};

/* How a user-space plane sends ESP: given by its owner at creation. `packets` are sent in order, each from path->local to path->remote; borrowed for the call. */
struct plane_output {
    void *self;
    void (*send)(void *self, const struct ike_path *path, const struct bytes *packets, size_t count);
};

struct dataplane *tun_new(const struct crypto *crypto, const struct plane_output *output, const char *device /* "braid%d" */, char *why, size_t why_len);
struct dataplane *mock_new(void);

#endif
