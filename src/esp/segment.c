/* segment: see segment.h. */
#include "esp/segment.h"

#include "esp/checksum.h"

enum {
    UDP_HEADER_LEN = 8,
    TCP_HEADER_LEN = 20,
    TCP_SEQ_AT = 4,
    TCP_FLAGS_AT = 13,
    TCP_SUM_AT = 16,
    UDP_SUM_AT = 6,
};
enum {
    TCP_FIN = 0x01,
    TCP_PSH = 0x08,
    TCP_CWR = 0x80,
};

/* ---- beginning ------------------------------------------------------------------------------- */

static size_t upper_header_len(struct bytes packet, const struct flow *f, enum offload_kind kind)
{
    if (kind == OFFLOAD_UDP)
        return UDP_HEADER_LEN;
    if (packet.len < (size_t)f->upper_at + TCP_HEADER_LEN)
        return 0;
    size_t len = (packet.at[f->upper_at + 12] >> 4) * (size_t)4;
    return len >= TCP_HEADER_LEN ? len : 0;
}

static bool begin_large(struct segments *s)
{
    const struct flow *f = &s->flow;
    uint8_t protocol = s->offload.kind == OFFLOAD_TCP ? PROTO_TCP : PROTO_UDP;
    size_t upper = upper_header_len(s->packet, f, s->offload.kind);
    s->header_len = s->at = f->upper_at + upper;
    s->size = s->offload.size;
    return f->protocol == protocol && !f->is_fragment && upper > 0 && s->size > 0 &&
           s->header_len < s->packet.len;
}

bool segments_begin(struct segments *s, struct bytes packet, const struct flow *f,
                    const struct offload *offload)
{
    *s = (struct segments){
        .packet = packet, .offload = *offload, .flow = *f, .size = packet.len};
    if (offload->kind != OFFLOAD_NONE)
        return begin_large(s);
    return !offload->needs_sum ||
           (offload->sum_from >= f->upper_at && /* nothing in the IP header may change */
            (size_t)offload->sum_from + offload->sum_at + 2 <= packet.len);
}

size_t segments_longest(const struct segments *s)
{
    size_t len = s->header_len + s->size;
    return len < s->packet.len ? len : s->packet.len;
}

/* ---- one segment ----------------------------------------------------------------------------- */

/* RFC 768: with UDP zero means none. */
static void put_sum(const struct segments *s, uint8_t *field, uint32_t sum)
{
    uint16_t value = checksum_end(sum);
    put_u16(field, value == 0 && s->flow.protocol == PROTO_UDP ? UINT16_MAX : value);
}

static void mend_ip(const struct segments *s, uint8_t *out, size_t len)
{
    if (s->flow.family == ADDR_V6) {
        put_u16(out + 4, (uint16_t)(len - IPV6_HEADER_LEN));
        return;
    }
    put_u16(out + 2, (uint16_t)len);
    put_u16(out + 4, (uint16_t)(get_u16(out + 4) + s->count));
    put_u16(out + 10, 0);
    put_u16(out + 10, checksum_end(checksum_add(0, bytes_make(out, (out[0] & 15) * (size_t)4))));
}

static void mend_tcp(const struct segments *s, uint8_t *tcp, bool is_last)
{
    size_t before = s->at - s->header_len;
    put_u32(tcp + TCP_SEQ_AT, get_u32(tcp + TCP_SEQ_AT) + (uint32_t)before);
    if (s->count > 0)
        tcp[TCP_FLAGS_AT] &= (uint8_t)~TCP_CWR;
    if (!is_last)
        tcp[TCP_FLAGS_AT] &= (uint8_t)~(TCP_FIN | TCP_PSH);
}

static void mend_sum(const struct segments *s, uint8_t *upper, size_t len)
{
    const struct flow *f = &s->flow;
    size_t addr_len = flow_addr_len(f), at = f->protocol == PROTO_TCP ? TCP_SUM_AT : UDP_SUM_AT;
    put_u16(upper + at, 0);
    uint32_t sum = checksum_pseudo(bytes_make(f->src, addr_len), bytes_make(f->dst, addr_len),
                                   f->protocol, len);
    put_sum(s, upper + at, checksum_add(sum, bytes_make(upper, len)));
}

static size_t next_of_large(struct segments *s, uint8_t *out)
{
    size_t left = s->packet.len - s->at, size = left < s->size ? left : s->size;
    size_t len = s->header_len + size;
    uint8_t *upper = out + s->flow.upper_at;
    memcpy(out, s->packet.at, s->header_len);
    memcpy(out + s->header_len, s->packet.at + s->at, size);
    mend_ip(s, out, len);
    if (s->offload.kind == OFFLOAD_TCP)
        mend_tcp(s, upper, size == left);
    else
        put_u16(upper + 4, (uint16_t)(len - s->flow.upper_at));
    mend_sum(s, upper, len - s->flow.upper_at);
    s->at += size;
    s->count++;
    return len;
}

static size_t whole(struct segments *s, uint8_t *out)
{
    const struct offload *o = &s->offload;
    memcpy(out, s->packet.at, s->packet.len);
    if (o->needs_sum)
        put_sum(s, out + o->sum_from + o->sum_at,
                checksum_add(0, bytes_make(out + o->sum_from, s->packet.len - o->sum_from)));
    s->at = s->packet.len;
    s->count++;
    return s->packet.len;
}

size_t segments_next(struct segments *s, uint8_t *out)
{
    if (s->at >= s->packet.len)
        return 0;
    return s->offload.kind == OFFLOAD_NONE ? whole(s, out) : next_of_large(s, out);
}
