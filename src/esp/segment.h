/*
 * segment: one large TCP or UDP packet, as a kernel hands it to a device that takes such, becomes
 * packets of the size the path takes.
 *
 *     | IP | TCP | payload ......................................... |
 *
 *     | IP'| TCP'| size | IP'| TCP'| size | IP'| TCP'| size | IP'| TCP'| rest |
 *
 * Headers are copied and mended: lengths, identification (RFC 791; one more each time), sequence
 * numbers and checksums. FIN and PSH belong to the last segment, CWR to the first (RFC 3168 6.1.2).
 * A packet that is not large comes out as it is, but for a checksum that was left to us.
 */
#ifndef BRAID_ESP_SEGMENT_H
#define BRAID_ESP_SEGMENT_H

#include "esp/inner.h"

enum offload_kind {
    OFFLOAD_NONE, /* one packet */
    OFFLOAD_TCP,
    OFFLOAD_UDP,
};

/*
 * What kernel and device agree to leave to each other, beside a packet: struct virtio_net_hdr of
 * linux/virtio_net.h in our own words.
 */
struct offload {
    enum offload_kind kind;
    uint16_t size;       /* octets of payload in each segment but the last; 0 with NONE */
    uint16_t header_len; /* IP and TCP or UDP together; only a hint when it comes from the kernel */
    /*
     * The checksum field at sum_from + sum_at holds the sum of the pseudo header; what lies from
     * sum_from to the end is still to be added.
     */
    bool needs_sum;
    uint16_t sum_from, sum_at;
};

struct segments {
    struct bytes packet; /* borrowed until the last one is made */
    struct offload offload;
    struct flow flow;
    size_t header_len, size, at; /* at: where the next one's payload begins */
    unsigned count;              /* made so far */
};

/*
 * False when the packet is not what `offload` says it is. Hostile input. The packet has no octets
 * behind inner_len, which `f` was parsed from.
 */
bool segments_begin(struct segments *s, struct bytes packet, const struct flow *f,
                    const struct offload *offload);

/* The length of the longest packet that will come out. */
size_t segments_longest(const struct segments *s);

/* The next packet, to `out`, which has room for segments_longest; 0: that was all. */
size_t segments_next(struct segments *s, uint8_t *out);

#endif
