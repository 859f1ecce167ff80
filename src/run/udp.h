/*
 * udp: the sockets IKE and ESP-in-UDP travel through: a plain port (500) and an encapsulated one
 * (4500), for IPv4 and IPv6.
 *
 * Sockets are bound to the wildcard address; the kernel tells the local address of each datagram,
 * and a datagram is sent from the local address its path names. On the encapsulated port the first
 * octets decide (RFC 3948 2):
 *
 *     00 00 00 00 ...   IKE behind a non-ESP marker, stripped here     --> handlers.ike
 *     ff                a NAT keepalive                                --> counted, dropped
 *     SPI ...           ESP                                            --> handlers.esp
 *
 * Nothing here is fatal after opening: what the network or the kernel refuses is counted and told. When a
 * socket is full, datagrams wait in a bounded ring, in order; when the ring is full they are
 * dropped, as a router would.
 *
 * ESP comes and goes in large pieces where the kernel can do that (UDP_SEGMENT since Linux 4.18,
 * UDP_GRO since 5.0): neighbours of one length to one address cross the kernel together. Nobody
 * above notices.
 *
 * Don't-fragment: datagrams that fit the path travel with DF. IKE messages that cannot be split by
 * RFC 7383 (IKE_SA_INIT) and are large may be fragmented by IP; a fragment of RFC 7383 never asks
 * for that.
 */
#ifndef BRAID_RUN_UDP_H
#define BRAID_RUN_UDP_H

#include <braid/types.h>
#include <uv.h>

struct udp;

enum udp_kind {
    UDP_IKE, /* gets the marker on an encapsulated path */
    UDP_RAW, /* ESP, or a keepalive: as it is */
};

struct udp_setup {
    uint16_t port, port_encap; /* 0: any free one (tests) */
    uint32_t mark;             /* SO_MARK of all we send, 0 = none */
    int receive_buffer;        /* octets wished for, 0 = leave it to the kernel */
};

struct udp_handlers {
    void *self;
    void (*ike)(void *self, const struct ike_path *path, struct bytes datagram);
    void (*esp)(void *self, const struct ike_path *path, uint8_t *packet, size_t len); /* may be modified */
    /* A datagram to `to` was refused with this errno: by our own kernel, or by ICMP, which anybody
       can forge. May be NULL. */
    void (*refused)(void *self, const struct endpoint *to, int error);
    /* After a batch with ESP in it; until then those packets' memory stays. May be NULL. */
    void (*esp_done)(void *self);
};

/* clang-format off */
#define UDP_COUNTERS(X) \
    X(received)         /* datagrams */ \
    X(received_bytes)   /* octets */ \
    X(received_esp)     /* of them ESP */ \
    X(keepalive)        /* of them NAT keepalives */ \
    X(drop_short)       /* too short for anything */ \
    X(sent)             /* datagrams */ \
    X(sent_bytes)       /* octets, markers included */ \
    X(waited)           /* the socket was full for a while */ \
    X(drop_full)        /* the ring was full, too */ \
    X(drop_send)        /* the kernel refused to send */ \
    X(too_big)          /* EMSGSIZE: larger than the path allows */ \
    X(refused)          /* ECONNREFUSED: nobody listens there */ \
    X(unreachable)      /* no route, or the host is away */ \
    X(receive_error)    /* any other error of receiving */
/* clang-format on */

struct udp_counters {
#define X(name) uint64_t name;
    UDP_COUNTERS(X)
#undef X
};

/* NULL: `why` says which port and why. A host without IPv6 gets IPv4 alone, and the reverse. */
struct udp *udp_open(uv_loop_t *loop, const struct udp_setup *setup, const struct udp_handlers *handlers,
                     char *why, size_t why_len);
void udp_close(struct udp *u); /* freed once the loop has closed the handles */

/*
 * Send in order; the datagrams are borrowed for the call. path->local may be without an address:
 * the kernel then chooses.
 */
void udp_send(struct udp *u, const struct ike_path *path, enum udp_kind kind, const struct bytes *datagrams,
              size_t count);

uint16_t udp_port(const struct udp *u, bool encap); /* as bound */
const struct udp_counters *udp_counters(const struct udp *u);

#endif
