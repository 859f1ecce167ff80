/*
 * device: the kernel's end of a user-space data plane: a TUN device, through which IP packets come
 * and go, large ones included where the kernel can do that.
 *
 * With offloads (IFF_VNET_HDR) each packet is preceded by a struct virtio_net_hdr: the kernel hands
 * over TCP in packets of up to 64 KiB and leaves checksums to us, and takes the same.
 */
#ifndef BRAID_DATAPLANE_DEVICE_H
#define BRAID_DATAPLANE_DEVICE_H

#include <linux/if.h>

#include "esp/coalesce.h"

enum { DEVICE_PACKET_MAX = 65536 };

struct device {
    int fd;
    bool offloads;
    char name[IFNAMSIZ]; /* as the kernel gave it */
};

/* `pattern` is a name, or has %d in it. False with a reason in `why`. */
bool device_open(struct device *d, const char *pattern, char *why, size_t why_len);

/* One packet to `at`, which has room for DEVICE_PACKET_MAX. 0: none is there. */
size_t device_read(const struct device *d, uint8_t *at, struct offload *offload);

/* False when the kernel does not take it. A large packet is only for a device with offloads. */
bool device_write(const struct device *d, const struct coalesced *packet);

#endif
