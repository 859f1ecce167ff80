/*
 * coalesce: TCP segments that follow each other become one large packet for the kernel, which then
 * walks its stack once instead of forty times. The reverse of segment.h.
 *
 * Only what can be split again into the very same packets is joined (but for the identification of
 * packets that are not to be fragmented, which means nothing, RFC 6864 4.1): same addresses, ports, hop
 * limit, class, TCP options, acknowledgement and window; sequence numbers without a gap; equal
 * sizes, but for the last; no flags but ACK, and PSH on the last; both checksums right. Segments
 * of one flow leave in the order in which they came, and nothing waits longer than to the next
 * coalesce_flush.
 *
 * Packets are not copied: their memory must stay as it is until they have left.
 */
#ifndef BRAID_ESP_COALESCE_H
#define BRAID_ESP_COALESCE_H

#include "esp/segment.h"

enum {
    COALESCE_FLOWS = 8,  /* joined at the same time */
    COALESCE_PARTS = 64, /* packets in one */
};

/* A packet that leaves, in parts: of the first packet all, of the others the payload. */
struct coalesced {
    struct offload offload;
    size_t len, count;
    struct bytes part[COALESCE_PARTS];
};

struct coalesce_output {
    void *self;
    void (*put)(void *self, const struct coalesced *packet); /* borrowed for the call */
};

/* Segments of one flow, waiting for more of it. */
struct coalesce_flow {
    struct flow flow;
    uint8_t *first; /* its header will be that of the whole */
    uint32_t next_seq;
    bool is_full; /* nothing may follow */
    struct coalesced packet;
};

struct coalesce {
    struct coalesce_output output;
    size_t count;
    struct coalesce_flow flow[COALESCE_FLOWS];
};

void coalesce_init(struct coalesce *c, const struct coalesce_output *output);

/* A packet with the flow that was parsed from it, and no octets behind inner_len. Hostile input. */
void coalesce_add(struct coalesce *c, uint8_t *packet, size_t len, const struct flow *f);

/* All that waits leaves. */
void coalesce_flush(struct coalesce *c);

#endif
