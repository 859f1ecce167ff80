/* fit: see fit.h. */
#include "esp/fit.h"

#include "base/writer.h"
#include "esp/checksum.h"

enum {
    TCP_HEADER_LEN = 20,
    TCP_FLAG_SYN = 2,
    TCP_CHECKSUM_AT = 16,
};
enum {
    OPTION_END = 0,
    OPTION_NOP = 1,
    OPTION_MSS = 2,
};
enum { IPV4_ECHO_MAX = 548 }; /* RFC 1812 4.3.2.3: an ICMP error has at most 576 octets */

/* ---- TCP maximum segment size ---------------------------------------------------------------- */

static size_t header_len(uint8_t family)
{
    return family == ADDR_V4 ? IPV4_HEADER_LEN : IPV6_HEADER_LEN;
}

/* Offset of the MSS value among the TCP options, or 0. */
static size_t find_mss(const uint8_t *tcp, size_t options_end)
{
    size_t at = TCP_HEADER_LEN;
    while (at < options_end && tcp[at] != OPTION_END) {
        if (tcp[at] == OPTION_NOP) {
            at++;
            continue;
        }
        if (options_end - at < 2 || tcp[at + 1] < 2 || tcp[at + 1] > options_end - at)
            return 0;
        if (tcp[at] == OPTION_MSS && tcp[at + 1] == 4)
            return at + 2;
        at += tcp[at + 1];
    }
    return 0;
}

/*
 * The value may stand at an odd offset. The checksum is a sum of 16-bit words, so its two octets
 * then weigh the other way round, and the update is that of the swapped values.
 */
static uint16_t weigh(uint16_t v, size_t offset)
{
    return offset % 2 ? (uint16_t)(v << 8 | v >> 8) : v;
}

void fit_mss(uint8_t *packet, size_t len, const struct flow *f, size_t mtu)
{
    if (f->protocol != PROTO_TCP || !f->has_ports || len < (size_t)f->upper_at + TCP_HEADER_LEN)
        return;
    uint8_t *tcp = packet + f->upper_at;
    size_t end = (tcp[12] >> 4) * (size_t)4, most = mtu - header_len(f->family) - TCP_HEADER_LEN;
    if (!(tcp[13] & TCP_FLAG_SYN) || end > len - f->upper_at ||
        mtu < header_len(f->family) + TCP_HEADER_LEN)
        return;
    size_t at = find_mss(tcp, end);
    if (at == 0 || get_u16(tcp + at) <= most)
        return;
    uint16_t before = get_u16(tcp + at), after = (uint16_t)most;
    put_u16(tcp + at, after);
    checksum_replace(tcp + TCP_CHECKSUM_AT, weigh(before, at), weigh(after, at));
}

/* ---- packets that do not fit ----------------------------------------------------------------- */

bool fit_is_whole(struct bytes packet)
{
    return packet.at[0] >> 4 == 6 || packet.at[6] & 0x40;
}

static bool is_icmp_error(const struct flow *f)
{
    uint8_t type = (uint8_t)(f->src_port >> 8);
    if (f->protocol == PROTO_ICMPV6)
        return !f->has_ports || type < 128;
    if (f->protocol != PROTO_ICMP)
        return false;
    return !f->has_ports || type == 3 || type == 4 || type == 5 || type == 11 || type == 12;
}

static bool is_one_host(uint8_t family, const uint8_t *ip)
{
    static const uint8_t zero[16];
    if (memcmp(ip, zero, family == ADDR_V4 ? 4 : 16) == 0)
        return false;
    return family == ADDR_V4 ? ip[0] < 224 : ip[0] != 0xff;
}

static bool may_answer(const struct flow *f)
{
    return f->is_first && !is_icmp_error(f) && is_one_host(f->family, f->src) &&
           is_one_host(f->family, f->dst);
}

/* What an error says: its type and code, and the second word of its header. */
struct icmp_error {
    uint8_t type, code;
    uint32_t rest;
};

static void write_icmp(struct writer *w, const struct flow *f, struct bytes echo,
                       const struct icmp_error *e)
{
    size_t total = IPV4_HEADER_LEN + 8 + echo.len;
    writer_u16(w, 0x45c0); /* precedence as RFC 1812 4.3.2.5 wants it */
    writer_u16(w, (uint16_t)total);
    writer_u32(w, 0);
    writer_u16(w, 64 << 8 | PROTO_ICMP);
    writer_u16(w, 0);
    writer_bytes(w, bytes_make(f->dst, 4));
    writer_bytes(w, bytes_make(f->src, 4));
    writer_set_u16(w, 10, checksum_end(checksum_add(0, writer_view(w))));
    writer_u8(w, e->type);
    writer_u8(w, e->code);
    writer_u16(w, 0);
    writer_u32(w, e->rest);
    writer_bytes(w, echo);
    struct bytes icmp = {w->at + IPV4_HEADER_LEN, w->len - IPV4_HEADER_LEN};
    writer_set_u16(w, IPV4_HEADER_LEN + 2, checksum_end(checksum_add(0, icmp)));
}

static void write_icmpv6(struct writer *w, const struct flow *f, struct bytes echo,
                         const struct icmp_error *e)
{
    size_t upper_len = 8 + echo.len;
    writer_u32(w, 6u << 28);
    writer_u16(w, (uint16_t)upper_len);
    writer_u16(w, PROTO_ICMPV6 << 8 | 64);
    writer_bytes(w, bytes_make(f->dst, 16));
    writer_bytes(w, bytes_make(f->src, 16));
    writer_u8(w, e->type);
    writer_u8(w, e->code);
    writer_u16(w, 0);
    writer_u32(w, e->rest);
    writer_bytes(w, echo);
    uint32_t sum =
        checksum_pseudo(bytes_make(f->dst, 16), bytes_make(f->src, 16), PROTO_ICMPV6, upper_len);
    sum = checksum_add(sum, bytes_make(w->at + IPV6_HEADER_LEN, upper_len));
    writer_set_u16(w, IPV6_HEADER_LEN + 2, checksum_end(sum));
}

static size_t answer(struct bytes packet, const struct flow *f, const struct icmp_error *v4,
                     const struct icmp_error *v6, uint8_t out[FIT_ERROR_MAX])
{
    if (!may_answer(f))
        return 0;
    size_t echo_max = f->family == ADDR_V4 ? IPV4_ECHO_MAX : FIT_ERROR_MAX - IPV6_HEADER_LEN - 8;
    struct bytes echo = {packet.at, packet.len < echo_max ? packet.len : echo_max};
    struct writer w = writer_make(out, FIT_ERROR_MAX);
    if (f->family == ADDR_V4)
        write_icmp(&w, f, echo, v4);
    else
        write_icmpv6(&w, f, echo, v6);
    return w.fault ? 0 : w.len;
}

/* RFC 1191 4: the MTU in the last two octets of the header. RFC 4443 3.2: in 32 bits. */
size_t fit_too_big(struct bytes packet, const struct flow *f, size_t mtu,
                   uint8_t out[FIT_ERROR_MAX])
{
    struct icmp_error v4 = {.type = 3, .code = 4, .rest = (uint32_t)mtu},
                      v6 = {.type = 2, .code = 0, .rest = (uint32_t)mtu};
    return answer(packet, f, &v4, &v6, out);
}

/* RFC 1812 5.2.7.1 and RFC 4443 3.1. */
size_t fit_prohibited(struct bytes packet, const struct flow *f, uint8_t out[FIT_ERROR_MAX])
{
    static const struct icmp_error v4 = {.type = 3, .code = 13}, v6 = {.type = 1, .code = 1};
    return answer(packet, f, &v4, &v6, out);
}
