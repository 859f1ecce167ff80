/* inner: see inner.h. IPv4: RFC 791. IPv6 and its extension headers: RFC 8200 4. */
#include "esp/inner.h"

#include "base/reader.h"

enum { EXTENSIONS_MAX = 8 }; /* more than any honest packet has */

enum {
    NEXT_HOP_BY_HOP = 0,
    NEXT_ROUTING = 43,
    NEXT_FRAGMENT = 44,
    NEXT_DESTINATION = 60,
    PROTO_DCCP = 33,
    PROTO_SCTP = 132,
    PROTO_MOBILITY = 135,
    PROTO_UDPLITE = 136,
};

static size_t ipv4_len(struct bytes p)
{
    if (p.len < IPV4_HEADER_LEN)
        return 0;
    size_t header = (p.at[0] & 15) * 4u, total = get_u16(p.at + 2);
    return header >= IPV4_HEADER_LEN && header <= total && total <= p.len ? total : 0;
}

static size_t ipv6_len(struct bytes p)
{
    if (p.len < IPV6_HEADER_LEN)
        return 0;
    size_t total = IPV6_HEADER_LEN + (size_t)get_u16(p.at + 4);
    return total <= p.len ? total : 0;
}

size_t inner_len(struct bytes packet)
{
    uint8_t version = packet.len ? packet.at[0] >> 4 : 0;
    if (version == 4)
        return ipv4_len(packet);
    return version == 6 ? ipv6_len(packet) : 0;
}

/* Ports, or what RFC 7296 3.13.1 puts in their place. `upper` is what follows the IP header. */
static void read_ports(struct flow *f, struct bytes upper)
{
    struct reader r = reader_make(upper);
    uint16_t first = reader_u16(&r), second = reader_u16(&r);
    if (r.fault)
        return;
    f->has_ports = true;
    switch (f->protocol) {
    case PROTO_TCP:
    case PROTO_UDP:
    case PROTO_DCCP:
    case PROTO_SCTP:
    case PROTO_UDPLITE:
        f->src_port = first;
        f->dst_port = second;
        return;
    case PROTO_ICMP:
    case PROTO_ICMPV6:
        f->src_port = f->dst_port = first;
        return;
    case PROTO_MOBILITY: /* RFC 6275 6.1: the MH type is the third octet */
        f->src_port = f->dst_port = second & 0xff00;
        return;
    default:
        f->has_ports = false;
    }
}

static void note_fragment(struct flow *f, unsigned offset, bool more)
{
    f->is_first = offset == 0;
    f->is_fragment = offset != 0 || more;
}

static bool parse_ipv4(struct bytes p, struct flow *f)
{
    unsigned fragment = get_u16(p.at + 6);
    f->family = ADDR_V4;
    f->protocol = p.at[9];
    f->upper_at = (uint16_t)((p.at[0] & 15) * 4);
    memcpy(f->src, p.at + 12, 4);
    memcpy(f->dst, p.at + 16, 4);
    note_fragment(f, fragment & 0x1fff, fragment & 0x2000);
    return true;
}

/*
 * One extension header: takes it off and says what follows. Of a later fragment nothing more can be
 * known.
 */
static bool step_extension(struct reader *r, struct flow *f)
{
    uint8_t next = reader_u8(r), len = reader_u8(r);
    if (f->protocol == NEXT_FRAGMENT) {
        unsigned fragment = reader_u16(r);
        reader_skip(r, 4);
        note_fragment(f, fragment >> 3, fragment & 1);
    } else {
        reader_skip(r, 6 + len * 8u);
    }
    f->protocol = next;
    return !r->fault;
}

static bool is_extension(uint8_t next)
{
    return next == NEXT_HOP_BY_HOP || next == NEXT_ROUTING || next == NEXT_DESTINATION ||
           next == NEXT_FRAGMENT;
}

static bool parse_ipv6(struct bytes p, struct flow *f)
{
    struct reader r = reader_make(p);
    reader_skip(&r, 8);
    reader_copy(&r, f->src, 16);
    reader_copy(&r, f->dst, 16);
    f->family = ADDR_V6;
    f->protocol = p.at[6];
    f->is_first = true;
    for (unsigned i = 0; f->is_first && is_extension(f->protocol); i++) {
        if (i == EXTENSIONS_MAX || !step_extension(&r, f))
            return false;
    }
    f->upper_at = (uint16_t)reader_offset(&r);
    return true;
}

bool flow_parse(struct bytes packet, struct flow *f)
{
    *f = (struct flow){0};
    size_t len = inner_len(packet);
    if (len == 0)
        return false;
    struct bytes p = {packet.at, len};
    if (!(p.at[0] >> 4 == 4 ? parse_ipv4(p, f) : parse_ipv6(p, f))) {
        *f = (struct flow){0};
        return false;
    }
    if (f->is_first)
        read_ports(f, bytes_make(p.at + f->upper_at, p.len - f->upper_at));
    return true;
}

struct flow flow_of_upper(const struct addr *src, const struct addr *dst, uint8_t protocol,
                          struct bytes upper)
{
    struct flow f = {.family = src->family, .protocol = protocol, .is_first = true};
    memcpy(f.src, src->ip, sizeof f.src);
    memcpy(f.dst, dst->ip, sizeof f.dst);
    read_ports(&f, upper);
    return f;
}
