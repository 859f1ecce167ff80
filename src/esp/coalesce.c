/* coalesce: see coalesce.h. */
#include "esp/coalesce.h"

#include "esp/checksum.h"

enum {
    PACKET_MAX = UINT16_MAX, /* IPv4's total length; for IPv6 a little less than it allows */
    TCP_HEADER_LEN = 20,
    TCP_SEQ_AT = 4,
    TCP_ACK_AT = 8,
    TCP_FLAGS_AT = 13,
    TCP_WINDOW_AT = 14,
    TCP_SUM_AT = 16,
    TCP_URGENT_AT = 18,
    TCP_PSH = 0x08,
    TCP_ACK = 0x10,
    IPV4_DF = 0x40,
};

void coalesce_init(struct coalesce *c, const struct coalesce_output *output)
{
    c->output = *output;
    c->count = 0;
}

/* ---- what may be joined at all --------------------------------------------------------------- */

static size_t header_len(const uint8_t *packet, const struct flow *f)
{
    return f->upper_at + (packet[f->upper_at + 12] >> 4) * (size_t)4;
}

/* IPv4 without options, IPv6 without extension headers. */
static bool has_plain_header(const uint8_t *packet, const struct flow *f)
{
    if (f->family == ADDR_V6)
        return f->upper_at == IPV6_HEADER_LEN;
    return f->upper_at == IPV4_HEADER_LEN &&
           checksum_end(checksum_add(0, bytes_make(packet, IPV4_HEADER_LEN))) == 0;
}

static bool has_right_sum(const uint8_t *packet, size_t len, const struct flow *f)
{
    size_t addr_len = flow_addr_len(f), upper_len = len - f->upper_at;
    uint32_t sum = checksum_pseudo(bytes_make(f->src, addr_len), bytes_make(f->dst, addr_len),
                                   PROTO_TCP, upper_len);
    return checksum_end(checksum_add(sum, bytes_make(packet + f->upper_at, upper_len))) == 0;
}

/* A data segment in the midst of a connection. */
static bool is_candidate(const uint8_t *packet, size_t len, const struct flow *f)
{
    if (f->protocol != PROTO_TCP || f->is_fragment || len > PACKET_MAX ||
        len < (size_t)f->upper_at + TCP_HEADER_LEN)
        return false;
    size_t header = header_len(packet, f);
    return (packet[f->upper_at + TCP_FLAGS_AT] & ~TCP_PSH) == TCP_ACK &&
           header >= (size_t)f->upper_at + TCP_HEADER_LEN && header < len &&
           has_plain_header(packet, f) && has_right_sum(packet, len, f);
}

/* ---- what follows what ----------------------------------------------------------------------- */

static bool same_flow(const struct flow *a, const struct flow *b)
{
    return a->src_port == b->src_port && a->dst_port == b->dst_port && a->family == b->family &&
           a->protocol == b->protocol && memcmp(a->src, b->src, sizeof a->src) == 0 &&
           memcmp(a->dst, b->dst, sizeof a->dst) == 0;
}

/*
 * Everything in the IP headers but length and checksum. Without DF the identification must count
 * on.
 */
static bool same_ip(const struct coalesce_flow *w, const uint8_t *packet)
{
    const uint8_t *first = w->first;
    if (w->flow.family == ADDR_V6)
        return memcmp(first, packet, 4) == 0 && first[7] == packet[7];
    uint16_t expected = (uint16_t)(get_u16(first + 4) + w->packet.count);
    return first[1] == packet[1] && get_u16(first + 6) == get_u16(packet + 6) &&
           first[8] == packet[8] && (packet[6] & IPV4_DF || get_u16(packet + 4) == expected);
}

static bool same_tcp(const struct coalesce_flow *w, const uint8_t *packet)
{
    const uint8_t *a = w->first + w->flow.upper_at, *b = packet + w->flow.upper_at;
    size_t options = w->packet.offload.header_len - w->flow.upper_at - TCP_HEADER_LEN;
    return a[12] == b[12] && get_u32(a + TCP_ACK_AT) == get_u32(b + TCP_ACK_AT) &&
           get_u16(a + TCP_WINDOW_AT) == get_u16(b + TCP_WINDOW_AT) &&
           get_u16(a + TCP_URGENT_AT) == get_u16(b + TCP_URGENT_AT) && /* although nobody looks */
           memcmp(a + TCP_HEADER_LEN, b + TCP_HEADER_LEN, options) == 0;
}

static bool may_follow(const struct coalesce_flow *w, const uint8_t *packet, size_t len)
{
    const struct coalesced *p = &w->packet;
    size_t payload = len - p->offload.header_len;
    return !w->is_full && p->count < COALESCE_PARTS && p->len + payload <= PACKET_MAX &&
           get_u32(packet + w->flow.upper_at + TCP_SEQ_AT) == w->next_seq && same_ip(w, packet) &&
           same_tcp(w, packet) && payload <= p->offload.size;
}

/* ---- leaving --------------------------------------------------------------------------------- */

/* The first packet's header becomes that of the whole, with the checksum left to the kernel. */
static void make_whole(struct coalesce_flow *w)
{
    const struct flow *f = &w->flow;
    size_t addr_len = flow_addr_len(f), upper_len = w->packet.len - f->upper_at;
    uint8_t *ip = w->first, *tcp = ip + f->upper_at;
    if (f->family == ADDR_V4) {
        put_u16(ip + 2, (uint16_t)w->packet.len);
        put_u16(ip + 10, 0);
        put_u16(ip + 10, checksum_end(checksum_add(0, bytes_make(ip, IPV4_HEADER_LEN))));
    } else {
        put_u16(ip + 4, (uint16_t)upper_len);
    }
    uint32_t sum = checksum_pseudo(bytes_make(f->src, addr_len), bytes_make(f->dst, addr_len),
                                   PROTO_TCP, upper_len);
    put_u16(tcp + TCP_SUM_AT, (uint16_t)~checksum_end(sum));
    struct offload *o = &w->packet.offload;
    o->kind = OFFLOAD_TCP;
    o->needs_sum = true;
    o->sum_from = f->upper_at;
    o->sum_at = TCP_SUM_AT;
}

static void let_out(struct coalesce *c, struct coalesce_flow *w)
{
    if (w->packet.count > 1)
        make_whole(w);
    else
        w->packet.offload = (struct offload){.kind = OFFLOAD_NONE};
    c->output.put(c->output.self, &w->packet);
}

void coalesce_flush(struct coalesce *c)
{
    for (size_t i = 0; i < c->count; i++)
        let_out(c, &c->flow[i]);
    c->count = 0;
}

static void put_single(struct coalesce *c, const uint8_t *packet, size_t len)
{
    struct coalesced single;
    single.offload = (struct offload){.kind = OFFLOAD_NONE};
    single.len = len;
    single.count = 1;
    single.part[0] = bytes_make(packet, len);
    c->output.put(c->output.self, &single);
}

/* ---- coming in ------------------------------------------------------------------------------- */

static struct coalesce_flow *find(struct coalesce *c, const struct flow *f)
{
    for (size_t i = 0; i < c->count; i++) {
        if (same_flow(&c->flow[i].flow, f))
            return &c->flow[i];
    }
    return NULL;
}

static void start(struct coalesce_flow *w, uint8_t *packet, size_t len, const struct flow *f)
{
    size_t header = header_len(packet, f), payload = len - header;
    w->flow = *f;
    w->first = packet;
    w->next_seq = get_u32(packet + f->upper_at + TCP_SEQ_AT) + (uint32_t)payload;
    w->is_full = packet[f->upper_at + TCP_FLAGS_AT] & TCP_PSH;
    w->packet.offload =
        (struct offload){.size = (uint16_t)payload, .header_len = (uint16_t)header};
    w->packet.len = len;
    w->packet.count = 1;
    w->packet.part[0] = bytes_make(packet, len);
}

static void append(struct coalesce_flow *w, const uint8_t *packet, size_t len)
{
    struct coalesced *p = &w->packet;
    size_t header = p->offload.header_len, payload = len - header;
    uint8_t pushed = packet[w->flow.upper_at + TCP_FLAGS_AT] & TCP_PSH;
    p->part[p->count++] = bytes_make(packet + header, payload);
    p->len += payload;
    w->next_seq += (uint32_t)payload;
    w->first[w->flow.upper_at + TCP_FLAGS_AT] |= pushed;
    w->is_full = pushed || payload < p->offload.size;
}

void coalesce_add(struct coalesce *c, uint8_t *packet, size_t len, const struct flow *f)
{
    struct coalesce_flow *waiting = find(c, f);
    bool candidate = is_candidate(packet, len, f);
    if (waiting && candidate && may_follow(waiting, packet, len)) {
        append(waiting, packet, len);
        return;
    }
    if (waiting)
        let_out(c, waiting);
    if (!candidate) {
        if (waiting)
            *waiting = c->flow[--c->count];
        put_single(c, packet, len);
        return;
    }
    if (!waiting && c->count == COALESCE_FLOWS)
        coalesce_flush(c);
    start(waiting ? waiting : &c->flow[c->count++], packet, len, f);
}
