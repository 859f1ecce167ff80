/*
 * inner: what a data plane must know about the IP packet inside a tunnel: its length and its flow
 * (RFC 4301 4.4.1.1).
 *
 * The flow holds the selector fields: addresses, protocol, ports. A fragment that is not the first
 * one, or a header that is cut short, has no ports: RFC 4301 calls them OPAQUE, and only a selector
 * for OPAQUE or any port matches. IPv6 extension headers are walked, a bounded number.
 *
 * All input is hostile: it comes from a peer, or from any program on this host.
 */
#ifndef BRAID_ESP_INNER_H
#define BRAID_ESP_INNER_H

#include <braid/types.h>

enum {
    PROTO_ICMP = 1,
    PROTO_TCP = 6,
    PROTO_UDP = 17,
    PROTO_ICMPV6 = 58,
};

enum {
    IPV4_HEADER_LEN = 20,
    IPV6_HEADER_LEN = 40,
};

struct flow {
    uint8_t family; /* enum addr_family */
    uint8_t protocol;
    bool has_ports;              /* false: OPAQUE, or a protocol without */
    bool is_fragment, is_first;  /* an unfragmented packet is its own first */
    uint16_t src_port, dst_port; /* ICMP: type << 8 | code in both; Mobility Header: type << 8 */
    uint16_t upper_at;           /* where the upper layer's header begins */
    uint8_t src[16], dst[16];
};

/* The length an IP packet says it has, 0 if that is less than its header or more than there is. */
size_t inner_len(struct bytes packet);

/*
 * False when the packet is not well-formed IP; then *f is zeroed. Octets behind inner_len are
 * ignored.
 */
bool flow_parse(struct bytes packet, struct flow *f);

/*
 * The flow of a packet whose IP header is not there: transport mode. `upper` is what would follow
 * it; upper_at is 0.
 */
struct flow flow_of_upper(const struct addr *src, const struct addr *dst, uint8_t protocol,
                          struct bytes upper);

static inline size_t flow_addr_len(const struct flow *f)
{
    return f->family == ADDR_V4 ? 4 : 16;
}

#endif
