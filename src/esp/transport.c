/* transport: see transport.h. */
#include "esp/transport.h"

#include "base/writer.h"
#include "esp/checksum.h"

enum { HOP_LIMIT = 64 };

bool transport_strip(struct bytes packet, const struct flow *f, struct bytes *upper)
{
    if (f->is_fragment || (f->family == ADDR_V6 && f->upper_at != IPV6_HEADER_LEN))
        return false;
    *upper = bytes_make(packet.at + f->upper_at, inner_len(packet) - f->upper_at);
    return true;
}

/* Where a protocol keeps its checksum over the pseudo header, or 0. */
static size_t checksum_at(uint8_t protocol)
{
    switch (protocol) {
    case PROTO_TCP:
        return 16;
    case PROTO_UDP:
        return 6;
    case PROTO_ICMPV6:
        return 2;
    default:
        return 0;
    }
}

static void mend_checksum(uint8_t *upper, size_t len, uint8_t protocol, const struct addr *src,
                          const struct addr *dst)
{
    size_t at = checksum_at(protocol);
    if (at == 0 || len < at + 2 || (protocol == PROTO_UDP && get_u16(upper + at) == 0))
        return;
    put_u16(upper + at, 0);
    uint32_t sum = checksum_pseudo(addr_bytes(src), addr_bytes(dst), protocol, len);
    uint16_t value = checksum_end(checksum_add(sum, bytes_make(upper, len)));
    /* RFC 768: zero means none */
    put_u16(upper + at, value == 0 && protocol == PROTO_UDP ? UINT16_MAX : value);
}

static void write_ipv4(struct writer *w, size_t len, uint8_t protocol, const struct addr *src,
                       const struct addr *dst)
{
    writer_u16(w, 0x4500);
    writer_u16(w, (uint16_t)(IPV4_HEADER_LEN + len));
    writer_u32(w, 0x4000); /* no identification needed: it is not fragmented any more (RFC 6864) */
    writer_u8(w, HOP_LIMIT);
    writer_u8(w, protocol);
    writer_u16(w, 0);
    writer_bytes(w, addr_bytes(src));
    writer_bytes(w, addr_bytes(dst));
    writer_set_u16(w, 10, checksum_end(checksum_add(0, writer_view(w))));
}

static void write_ipv6(struct writer *w, size_t len, uint8_t protocol, const struct addr *src,
                       const struct addr *dst)
{
    writer_u32(w, 6u << 28);
    writer_u16(w, (uint16_t)len);
    writer_u8(w, protocol);
    writer_u8(w, HOP_LIMIT);
    writer_bytes(w, addr_bytes(src));
    writer_bytes(w, addr_bytes(dst));
}

size_t transport_rebuild(uint8_t header[TRANSPORT_HEADER_MAX], uint8_t *upper, size_t len,
                         uint8_t protocol, const struct addr *src, const struct addr *dst)
{
    if (src->family != dst->family || src->family == ADDR_NONE ||
        len > UINT16_MAX - IPV4_HEADER_LEN)
        return 0;
    mend_checksum(upper, len, protocol, src, dst);
    struct writer w = writer_make(header, TRANSPORT_HEADER_MAX);
    if (src->family == ADDR_V4)
        write_ipv4(&w, len, protocol, src, dst);
    else
        write_ipv6(&w, len, protocol, src, dst);
    return w.fault ? 0 : w.len;
}
