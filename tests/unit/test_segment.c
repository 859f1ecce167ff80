/*
 * segment and coalesce: large packets are split as a plain reference does it, and what is joined
 * can be split into the very same packets again.
 */
#include "../support/unit.h"

#include <stdlib.h>

#include "esp/checksum.h"
#include "esp/coalesce.h"

enum {
    PACKET_MAX = 65535,
    TCP_AT_V4 = IPV4_HEADER_LEN,
    STREAM_MAX = 300, /* packets */
};

/* ---- making packets -------------------------------------------------------------------------- */

struct shape {
    bool v6, udp;
    size_t options, payload;
    uint8_t flags;
    uint16_t port, id;
    uint32_t seq, ack;
};

static size_t ip_len(const struct shape *s)
{
    return s->v6 ? IPV6_HEADER_LEN : IPV4_HEADER_LEN;
}

static size_t upper_len(const struct shape *s)
{
    return s->udp ? 8 : 20 + s->options;
}

static uint8_t protocol_of(const struct shape *s)
{
    return s->udp ? PROTO_UDP : PROTO_TCP;
}

static uint16_t full_sum(const uint8_t *p, size_t len, const struct flow *f)
{
    size_t n = flow_addr_len(f);
    uint32_t sum = checksum_pseudo(bytes_make(f->src, n), bytes_make(f->dst, n), f->protocol,
                                   len - f->upper_at);
    return checksum_end(checksum_add(sum, bytes_make(p + f->upper_at, len - f->upper_at)));
}

static void write_ip(uint8_t *p, const struct shape *s, size_t len)
{
    if (s->v6) {
        memcpy(p, "\x60\x0a\xbc\xde\0\0\0\x40", 8);
        put_u16(p + 4, (uint16_t)(len - IPV6_HEADER_LEN));
        p[6] = protocol_of(s);
        memset(p + 8, 0x11, 16);
        memset(p + 24, 0x22, 16);
        return;
    }
    memcpy(p, "\x45\0\0\0\0\0\x40\0\x40\0\0\0\x0a\1\0\1\x0a\2\0\2", 20);
    put_u16(p + 2, (uint16_t)len);
    put_u16(p + 4, s->id);
    p[9] = protocol_of(s);
    put_u16(p + 10, checksum_end(checksum_add(0, bytes_make(p, 20))));
}

/* A whole packet with right checksums; its payload counts from its sequence number on. */
static size_t make_packet(uint8_t *p, const struct shape *s)
{
    size_t at = ip_len(s), header = at + upper_len(s), len = header + s->payload;
    struct flow f;
    memset(p, 0, header);
    write_ip(p, s, len);
    put_u16(p + at, 5000);
    put_u16(p + at + 2, s->port);
    if (s->udp) {
        put_u16(p + at + 4, (uint16_t)(len - at));
    } else {
        put_u32(p + at + 4, s->seq);
        put_u32(p + at + 8, s->ack);
        p[at + 12] = (uint8_t)((20 + s->options) / 4 << 4);
        p[at + 13] = s->flags;
        put_u16(p + at + 14, 501);
        memset(p + at + 20, 1, s->options);
    }
    for (size_t i = 0; i < s->payload; i++)
        p[header + i] = (uint8_t)((s->seq + i) * 37 >> 2);
    assert_true(flow_parse(bytes_make(p, len), &f));
    uint16_t sum = full_sum(p, len, &f);
    put_u16(p + at + (s->udp ? 6 : 16), s->udp && sum == 0 ? UINT16_MAX : sum);
    return len;
}

static struct flow flow_of(const uint8_t *p, size_t len)
{
    struct flow f;
    assert_true(flow_parse(bytes_make(p, len), &f));
    assert_int_equal(inner_len(bytes_make(p, len)), len);
    return f;
}

/* ---- splitting ------------------------------------------------------------------------------- */

/* The i-th piece, made from scratch. */
static size_t make_piece(uint8_t *p, const struct shape *whole, size_t size, size_t i)
{
    struct shape s = *whole;
    size_t before = i * size;
    s.payload = whole->payload - before < size ? whole->payload - before : size;
    s.seq += (uint32_t)before;
    s.id = (uint16_t)(s.id + i);
    if (before + s.payload < whole->payload)
        s.flags &= (uint8_t)~0x09;
    if (i > 0)
        s.flags &= 0x7f;
    return make_packet(p, &s);
}

static void check_split(const struct shape *s, size_t size)
{
    static uint8_t whole[PACKET_MAX], piece[PACKET_MAX], expected[PACKET_MAX];
    size_t len = make_packet(whole, s), got, i = 0;
    struct flow f = flow_of(whole, len);
    struct offload o = {.kind = s->udp ? OFFLOAD_UDP : OFFLOAD_TCP,
                        .size = (uint16_t)size,
                        .needs_sum = true,
                        .sum_from = f.upper_at,
                        .sum_at = s->udp ? 6 : 16};
    struct segments segments;
    struct bytes copy = exact(bytes_make(whole, len));
    assert_true(segments_begin(&segments, copy, &f, &o));
    for (; (got = segments_next(&segments, piece)); i++) {
        assert_true(got <= segments_longest(&segments));
        size_t expected_len = make_piece(expected, s, size, i);
        assert_bytes_equal(bytes_make(piece, got), bytes_make(expected, expected_len));
    }
    assert_int_equal(i, (s->payload + size - 1) / size);
    free_bytes(copy);
}

static void a_large_packet_is_split_as_if_its_pieces_were_made_one_by_one(void **state)
{
    (void)state;
    struct dice d = {1};
    for (int i = 0; i < 400; i++) {
        struct shape s = {
            .v6 = dice_below(&d, 2),
            .udp = dice_below(&d, 4) == 0,
            .options = dice_below(&d, 11) * 4,
            .payload = 1 + dice_below(&d, 60000),
            .flags = (uint8_t)dice_roll(&d),
            .port = 80,
            .id = (uint16_t)dice_roll(&d),
            .seq = (uint32_t)dice_roll(&d),
            .ack = (uint32_t)dice_roll(&d),
        };
        if (s.udp)
            s.seq = 0; /* the payload's pattern; the pieces of UDP do not number theirs */
        check_split(&s, s.udp ? s.payload : 1 + dice_below(&d, 9000));
    }
}

static void the_pieces_of_a_large_datagram_have_headers_of_their_own(void **state)
{
    (void)state;
    static uint8_t whole[PACKET_MAX], piece[PACKET_MAX];
    struct shape s = {.v6 = true, .udp = true, .payload = 3500, .port = 443};
    size_t len = make_packet(whole, &s), got, total = 0;
    struct flow f = flow_of(whole, len);
    struct offload o = {.kind = OFFLOAD_UDP, .size = 1200};
    struct segments segments;
    assert_true(segments_begin(&segments, bytes_make(whole, len), &f, &o));
    while ((got = segments_next(&segments, piece))) {
        struct flow own = flow_of(piece, got);
        assert_int_equal(full_sum(piece, got, &own), 0);
        assert_int_equal(get_u16(piece + 44), got - 40);
        assert_memory_equal(piece + 48, whole + 48 + total, got - 48);
        total += got - 48;
    }
    assert_int_equal(total, 3500);
}

static void a_checksum_left_to_us_is_finished(void **state)
{
    (void)state;
    uint8_t p[200], got[200], expected[200];
    struct shape s = {.payload = 33, .port = 80, .flags = 0x18};
    size_t len = make_packet(p, &s);
    struct flow f = flow_of(p, len);
    struct offload o = {.needs_sum = true, .sum_from = TCP_AT_V4, .sum_at = 16};
    struct segments segments;
    memcpy(expected, p, len);
    put_u16(p + TCP_AT_V4 + 16,
            (uint16_t)checksum_pseudo(bytes_make(f.src, 4), bytes_make(f.dst, 4), PROTO_TCP,
                                      len - TCP_AT_V4));
    assert_true(segments_begin(&segments, bytes_make(p, len), &f, &o));
    assert_int_equal(segments_longest(&segments), len);
    assert_int_equal(segments_next(&segments, got), len);
    assert_bytes_equal(bytes_make(got, len), bytes_make(expected, len));
    assert_int_equal(segments_next(&segments, got), 0);
}

static void what_is_not_as_announced_is_refused(void **state)
{
    (void)state;
    uint8_t p[2000];
    struct shape tcp = {.payload = 1000, .port = 80}, udp = {.payload = 1000, .udp = true};
    struct segments s;
    size_t len = make_packet(p, &tcp);
    struct flow f = flow_of(p, len);
    struct bytes packet = {p, len};
    assert_false(segments_begin(&s, packet, &f, &(struct offload){.kind = OFFLOAD_UDP, .size = 9}));
    assert_false(segments_begin(&s, packet, &f, &(struct offload){.kind = OFFLOAD_TCP, .size = 0}));
    struct offload beyond = {.needs_sum = true, .sum_from = 1000, .sum_at = 39};
    assert_false(segments_begin(&s, packet, &f, &beyond));
    beyond.sum_at--;
    assert_true(segments_begin(&s, packet, &f, &beyond));
    beyond.sum_from = 10; /* in the IP header */
    assert_false(segments_begin(&s, packet, &f, &beyond));
    struct offload large = {.kind = OFFLOAD_TCP, .size = 500};
    assert_true(segments_begin(&s, packet, &f, &large));
    p[TCP_AT_V4 + 12] = 0x40; /* a header that is too short */
    assert_false(segments_begin(&s, packet, &f, &large));
    p[TCP_AT_V4 + 12] = 0xf0;
    packet.len = TCP_AT_V4 + 60; /* nothing behind the header */
    assert_false(segments_begin(&s, packet, &f, &large));
    len = make_packet(p, &udp);
    f = flow_of(p, len);
    assert_false(segments_begin(&s, bytes_make(p, len), &f, &large));
    f.is_fragment = true;
    large.kind = OFFLOAD_UDP;
    assert_false(segments_begin(&s, bytes_make(p, len), &f, &large));
}

/* ---- joining --------------------------------------------------------------------------------- */

/* What came out, split again; and how many large ones there were. */
struct outlet {
    size_t puts, large, count;
    struct bytes packet[STREAM_MAX];
};

static void split_again(void *self, const struct coalesced *c)
{
    struct outlet *out = self;
    static uint8_t whole[PACKET_MAX], piece[PACKET_MAX];
    struct segments s;
    size_t len = 0;
    for (size_t i = 0; i < c->count; i++) {
        assert_true(len + c->part[i].len <= sizeof whole);
        memcpy(whole + len, c->part[i].at, c->part[i].len);
        len += c->part[i].len;
    }
    assert_int_equal(len, c->len);
    struct flow f = flow_of(whole, len);
    out->puts++;
    out->large += c->count > 1;
    assert_true((c->count > 1) == (c->offload.kind == OFFLOAD_TCP));
    assert_true(segments_begin(&s, bytes_make(whole, len), &f, &c->offload));
    while ((len = segments_next(&s, piece))) {
        assert_true(out->count < STREAM_MAX);
        out->packet[out->count++] = exact(bytes_make(piece, len));
    }
}

static void outlet_free(struct outlet *out)
{
    for (size_t i = 0; i < out->count; i++)
        free_bytes(out->packet[i]);
    *out = (struct outlet){0};
}

static struct outlet outlet;
static struct coalesce coalesce;

static void begin(void)
{
    outlet_free(&outlet);
    coalesce_init(&coalesce, &(struct coalesce_output){.self = &outlet, .put = split_again});
}

/* Packets go in, all at once, and must come out as they were: those of one port in order. */
static void check_stream(struct bytes *in, size_t count)
{
    struct bytes copy[STREAM_MAX];
    begin();
    for (size_t i = 0; i < count; i++) {
        copy[i] = exact(in[i]);
        struct flow f = flow_of(copy[i].at, copy[i].len);
        coalesce_add(&coalesce, (uint8_t *)(uintptr_t)copy[i].at, copy[i].len, &f);
    }
    coalesce_flush(&coalesce);
    assert_int_equal(outlet.count, count);
    bool taken[STREAM_MAX] = {false};
    for (size_t i = 0; i < count; i++) {
        struct flow f = flow_of(in[i].at, in[i].len);
        size_t k = 0;
        for (; k < count; k++) { /* the first of its flow that has not come yet */
            struct flow other = flow_of(outlet.packet[k].at, outlet.packet[k].len);
            if (!taken[k] && other.dst_port == f.dst_port && other.protocol == f.protocol &&
                other.family == f.family)
                break;
        }
        assert_true(k < count);
        taken[k] = true;
        assert_bytes_equal(outlet.packet[k], in[i]);
    }
    for (size_t i = 0; i < count; i++)
        free_bytes(copy[i]);
}

static struct bytes made(const struct shape *s)
{
    static uint8_t p[PACKET_MAX];
    return exact(bytes_make(p, make_packet(p, s)));
}

static void a_stream_becomes_one_packet(void **state)
{
    (void)state;
    struct bytes in[40];
    for (int v6 = 0; v6 < 2; v6++) {
        struct shape s = {
            .v6 = v6, .options = 12, .payload = 1386, .flags = 0x10, .port = 80, .id = 65530};
        for (size_t i = 0; i < 40; i++) {
            s.payload = i == 39 ? 100 : 1386;
            s.flags = i == 39 ? 0x18 : 0x10;
            in[i] = made(&s);
            s.seq += (uint32_t)s.payload;
            s.id++;
        }
        check_stream(in, 40);
        assert_int_equal(outlet.puts, 1);
        for (size_t i = 0; i < 40; i++)
            free_bytes(in[i]);
    }
}

/* One thing about the second of three packets is changed. */
static size_t puts_with(void (*change)(struct shape *s, uint8_t *p), bool resum)
{
    struct bytes in[3];
    struct shape s = {.payload = 1000, .flags = 0x10, .port = 80, .ack = 5};
    for (size_t i = 0; i < 3; i++) {
        struct shape own = s;
        if (i == 1)
            change(&own, NULL);
        in[i] = made(&own);
        uint8_t *p = (uint8_t *)(uintptr_t)in[i].at;
        if (i == 1)
            change(&own, p);
        if (i == 1 && resum) {
            put_u16(p + 10, 0);
            put_u16(p + 10, checksum_end(checksum_add(0, bytes_make(p, 20))));
            struct flow f = flow_of(p, in[i].len);
            put_u16(p + 36, 0);
            put_u16(p + 36, full_sum(p, in[i].len, &f));
        }
        s.seq += 1000;
        s.id++;
    }
    check_stream(in, 3);
    for (size_t i = 0; i < 3; i++)
        free_bytes(in[i]);
    return outlet.puts;
}

/* clang-format off */
static void nothing(struct shape *s, uint8_t *p)       { (void)s; (void)p; }
static void other_ack(struct shape *s, uint8_t *p)     { (void)p; s->ack++; }
static void gap(struct shape *s, uint8_t *p)           { (void)p; s->seq++; }
static void pushed(struct shape *s, uint8_t *p)        { (void)p; s->flags |= 0x08; }
static void fin(struct shape *s, uint8_t *p)           { (void)p; s->flags |= 0x01; }
static void urgent(struct shape *s, uint8_t *p)        { (void)p; s->flags |= 0x20; }
static void options(struct shape *s, uint8_t *p)       { (void)p; s->options = 4; }
static void longer(struct shape *s, uint8_t *p)        { (void)p; s->payload++; }
static void shorter(struct shape *s, uint8_t *p)       { (void)p; s->payload--; }
static void empty(struct shape *s, uint8_t *p)         { (void)p; s->payload = 0; }
static void other_window(struct shape *s, uint8_t *p)  { (void)s; if (p) p[34]++; }
static void other_class(struct shape *s, uint8_t *p)   { (void)s; if (p) p[1] = 3; }
static void other_hops(struct shape *s, uint8_t *p)    { (void)s; if (p) p[8]--; }
static void no_df(struct shape *s, uint8_t *p)         { (void)s; if (p) p[6] = 0; }
static void wrong_sum(struct shape *s, uint8_t *p)     { (void)s; if (p) p[36]++; }
static void wrong_ip_sum(struct shape *s, uint8_t *p)  { (void)s; if (p) p[10]++; }
static void wrong_octet(struct shape *s, uint8_t *p)   { (void)s; if (p) p[500]++; }

static const struct {
    void (*change)(struct shape *, uint8_t *);
    bool resum;
    size_t puts; /* of three packets */
} changes[] = {
    {nothing,      true,  1},
    {other_ack,    true,  3},
    {gap,          true,  3},
    {pushed,       true,  2},
    {fin,          true,  3},
    {urgent,       true,  3},
    {options,      true,  3},
    {longer,       true,  3},
    {shorter,      true,  2}, /* and then a gap */
    {empty,        true,  3},
    {other_window, true,  3},
    {other_class,  true,  3},
    {other_hops,   true,  3},
    {no_df,        true,  3},
    {wrong_sum,    false, 3},
    {wrong_ip_sum, false, 3},
    {wrong_octet,  false, 3},
};
/* clang-format on */

static void what_could_not_be_split_again_is_not_joined(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof changes / sizeof changes[0]; i++) {
        size_t puts = puts_with(changes[i].change, changes[i].resum);
        if (puts != changes[i].puts)
            fail_msg("change %zu: %zu packets, not %zu", i, puts, changes[i].puts);
    }
}

static void without_df_identifications_must_count_on(void **state)
{
    (void)state;
    struct bytes in[4];
    struct shape s = {.payload = 1000, .flags = 0x10, .port = 80};
    for (size_t i = 0; i < 4; i++) {
        in[i] = made(&s);
        uint8_t *p = (uint8_t *)(uintptr_t)in[i].at;
        p[6] = 0;
        put_u16(p + 10, 0);
        put_u16(p + 10, checksum_end(checksum_add(0, bytes_make(p, 20))));
        s.seq += 1000;
        s.id = (uint16_t)(i == 1 ? 77 : s.id + 1);
    }
    check_stream(in, 4);
    assert_int_equal(outlet.puts, 2);
    for (size_t i = 0; i < 4; i++)
        free_bytes(in[i]);
}

/* More flows than are joined at a time, gaps, odd ends: nothing is lost or changed. */
static void many_flows_at_once_come_out_as_they_went_in(void **state)
{
    (void)state;
    struct dice d = {7};
    size_t large = 0;
    for (int round = 0; round < 200; round++) {
        struct bytes in[STREAM_MAX];
        struct shape s[12];
        size_t flows = 1 + dice_below(&d, 12), count = 1 + dice_below(&d, STREAM_MAX - 1);
        for (size_t i = 0; i < flows; i++)
            s[i] = (struct shape){.v6 = i % 2,
                                  .udp = i == 11,
                                  .options = dice_below(&d, 4) * 4,
                                  .flags = 0x10,
                                  .port = (uint16_t)(100 + i),
                                  .seq = (uint32_t)dice_roll(&d)};
        for (size_t i = 0, flow = 0; i < count; i++) {
            if (dice_below(&d, 4) == 0)
                flow = dice_below(&d, flows);
            struct shape *own = &s[flow];
            own->payload = dice_below(&d, 20) == 0 ? dice_below(&d, 1000) : 1000;
            own->flags = dice_below(&d, 20) == 0 ? 0x18 : 0x10;
            if (dice_below(&d, 30) == 0)
                own->seq += 3;
            in[i] = made(own);
            own->seq += (uint32_t)own->payload;
            own->id++;
        }
        check_stream(in, count);
        large += outlet.large;
        for (size_t i = 0; i < count; i++)
            free_bytes(in[i]);
    }
    assert_true(large > 1000);
    outlet_free(&outlet);
}

/* The sum is right at every length and alignment, word order notwithstanding. */
static void a_checksum_is_the_same_however_it_is_added(void **state)
{
    (void)state;
    struct dice d = {3};
    uint8_t octets[200];
    for (int i = 0; i < 2000; i++) {
        size_t len = dice_below(&d, sizeof octets), cut = len ? dice_below(&d, len) & ~1u : 0;
        uint64_t sum = 0;
        for (size_t k = 0; k < len; k++)
            octets[k] = (uint8_t)(dice_below(&d, 8) ? dice_roll(&d) : 0xff);
        for (size_t k = 0; k < len; k++)
            sum += (uint64_t)octets[k] << (k % 2 ? 0 : 8);
        while (sum >> 16)
            sum = (sum & 0xffff) + (sum >> 16);
        uint32_t got = checksum_add(0, bytes_make(octets, cut));
        got = checksum_add(got, bytes_make(octets + cut, len - cut));
        assert_int_equal(checksum_end(got), (uint16_t)~sum);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_large_packet_is_split_as_if_its_pieces_were_made_one_by_one),
        cmocka_unit_test(the_pieces_of_a_large_datagram_have_headers_of_their_own),
        cmocka_unit_test(a_checksum_left_to_us_is_finished),
        cmocka_unit_test(what_is_not_as_announced_is_refused),
        cmocka_unit_test(a_stream_becomes_one_packet),
        cmocka_unit_test(what_could_not_be_split_again_is_not_joined),
        cmocka_unit_test(without_df_identifications_must_count_on),
        cmocka_unit_test(many_flows_at_once_come_out_as_they_went_in),
        cmocka_unit_test(a_checksum_is_the_same_however_it_is_added),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
