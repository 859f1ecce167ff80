/* device: see device.h, tun(4), and virtio 1.2 5.1.6 for the header. */
#include "dataplane/device.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/if_tun.h>
#include <linux/virtio_net.h>
#include <stdio.h>
#include <sys/ioctl.h>
#include <sys/uio.h>
#include <unistd.h>

/* Since Linux 6.2; older headers do not have them. */
#ifndef TUN_F_USO4
#define TUN_F_USO4 0x20
#define TUN_F_USO6 0x40
#endif
#ifndef VIRTIO_NET_HDR_GSO_UDP_L4
#define VIRTIO_NET_HDR_GSO_UDP_L4 5
#endif

/* ---- opening --------------------------------------------------------------------------------- */

static const char *advice(int error)
{
    switch (error) {
    case ENOENT:
    case ENODEV:
    case ENXIO:
        return ": load the module (modprobe tun), or give the container --device /dev/net/tun";
    case EPERM:
    case EACCES:
        return ": it needs CAP_NET_ADMIN; run as root, or give the container --cap-add NET_ADMIN";
    case EBUSY:
        return ": the device exists and is in use; choose another name";
    default:
        return "";
    }
}

/* TCP in large packets, and UDP too where the kernel has that. */
static bool ask_for_offloads(int fd)
{
    static const unsigned long tcp = TUN_F_CSUM | TUN_F_TSO4 | TUN_F_TSO6,
                               udp = TUN_F_USO4 | TUN_F_USO6;
    return ioctl(fd, TUNSETOFFLOAD, tcp | udp) == 0 || ioctl(fd, TUNSETOFFLOAD, tcp) == 0;
}

/* errno says why not. */
static bool attach(struct device *d, const char *pattern, short more_flags)
{
    struct ifreq request = {.ifr_flags = (short)(IFF_TUN | IFF_NO_PI | more_flags)};
    snprintf(request.ifr_name, sizeof request.ifr_name, "%s", pattern);
    if (ioctl(d->fd, TUNSETIFF, &request) != 0)
        return false;
    memcpy(d->name, request.ifr_name, IFNAMSIZ);
    return true;
}

bool device_open(struct device *d, const char *pattern, char *why, size_t why_len)
{
    *d = (struct device){.fd = open("/dev/net/tun", O_RDWR | O_NONBLOCK | O_CLOEXEC)};
    if (d->fd < 0) {
        snprintf(why, why_len, "cannot open /dev/net/tun: %s%s", strerror(errno), advice(errno));
        return false;
    }
    /* with the header even where no offload comes of it: that costs ten octets a packet */
    if (attach(d, pattern, IFF_VNET_HDR)) {
        d->offloads = true;
        (void)ask_for_offloads(d->fd);
        return true;
    }
    if (errno == EINVAL && attach(d, pattern, 0))
        return true;
    snprintf(why, why_len, "cannot make the TUN device %s: %s%s", pattern, strerror(errno),
             advice(errno));
    close(d->fd);
    return false;
}

/* ---- headers --------------------------------------------------------------------------------- */

static bool read_header(const struct virtio_net_hdr *h, struct offload *o)
{
    *o = (struct offload){
        .size = h->gso_size,
        .header_len = h->hdr_len,
        .needs_sum = h->flags & VIRTIO_NET_HDR_F_NEEDS_CSUM,
        .sum_from = h->csum_start,
        .sum_at = h->csum_offset,
    };
    switch (h->gso_type & ~VIRTIO_NET_HDR_GSO_ECN) {
    case VIRTIO_NET_HDR_GSO_NONE:
        return true;
    case VIRTIO_NET_HDR_GSO_TCPV4:
    case VIRTIO_NET_HDR_GSO_TCPV6:
        o->kind = OFFLOAD_TCP;
        return true;
    case VIRTIO_NET_HDR_GSO_UDP_L4:
        o->kind = OFFLOAD_UDP;
        return true;
    default:
        return false;
    }
}

/* Only TCP is ever joined (coalesce.h). */
static struct virtio_net_hdr make_header(const struct coalesced *p)
{
    const struct offload *o = &p->offload;
    struct virtio_net_hdr h = {.hdr_len = o->header_len};
    if (o->needs_sum) {
        h.flags = VIRTIO_NET_HDR_F_NEEDS_CSUM;
        h.csum_start = o->sum_from;
        h.csum_offset = o->sum_at;
    }
    if (o->kind == OFFLOAD_TCP) {
        bool v4 = p->part[0].at[0] >> 4 == 4;
        h.gso_type = v4 ? VIRTIO_NET_HDR_GSO_TCPV4 : VIRTIO_NET_HDR_GSO_TCPV6;
        h.gso_size = o->size;
    }
    return h;
}

/* ---- reading and writing --------------------------------------------------------------------- */

size_t device_read(const struct device *d, uint8_t *at, struct offload *offload)
{
    struct virtio_net_hdr h = {.flags = 0};
    size_t header_len = d->offloads ? sizeof h : 0;
    struct iovec part[2] = {{&h, header_len}, {at, DEVICE_PACKET_MAX}};
    for (;;) {
        ssize_t len = readv(d->fd, part, 2);
        if (len <= 0)
            return 0;
        if ((size_t)len > header_len && read_header(&h, offload))
            return (size_t)len - header_len;
    }
}

bool device_write(const struct device *d, const struct coalesced *packet)
{
    struct virtio_net_hdr h = make_header(packet);
    struct iovec part[1 + COALESCE_PARTS] = {{&h, d->offloads ? sizeof h : 0}};
    for (size_t i = 0; i < packet->count; i++)
        part[i + 1] = (struct iovec){(void *)(uintptr_t)packet->part[i].at, packet->part[i].len};
    return writev(d->fd, part, (int)packet->count + 1) >= 0;
}
