/*
 * tun: the user-space data plane: a TUN device on one side, ESP in UDP on the other. Made by
 * tun_new of dataplane.h.
 */
#ifndef BRAID_DATAPLANE_TUN_H
#define BRAID_DATAPLANE_TUN_H

#include "dataplane/dataplane.h"

/*
 * The mark (SO_MARK) that the owner's IKE and ESP sockets must carry, so that their packets are
 * never routed into the tunnel (route.h).
 */
uint32_t tun_fwmark(void);

/* The name the kernel gave to the device, "" without one. */
const char *tun_device(const struct dataplane *plane);

/* The largest inner packet that fits through every SA; what the device's MTU is set to. */
unsigned tun_mtu(const struct dataplane *plane);

/* Packets that belong to no SA, by reason. Those that do are in struct plane_usage. */
struct tun_drops {
    uint64_t unknown_spi; /* from the wire */
    uint64_t no_policy;   /* from the device: no SA for it */
    uint64_t no_sa_yet;   /* from the device: it fell into a trap, where there was no room to wait */
    uint64_t malformed;   /* from the device: no IP packet */
    uint64_t device_full; /* to the device: the kernel did not take it */
    uint64_t exhausted;   /* a hard limit was reached, or the cryptographic library failed */
};
struct tun_drops tun_drops(const struct dataplane *plane);

/*
 * The plane without device and routes: packets are read from and written to `fd`, one each call,
 * non-blocking; with `offloads` each behind a header, as device.h says. Closes it at the end. For
 * tests.
 */
struct dataplane *tun_new_on(const struct crypto *crypto, const struct plane_output *output, int fd,
                             bool offloads);

#endif
