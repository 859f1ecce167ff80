/*
 * inner, fit, transport, checksum: what is read from, mended in and answered to the packets inside
 * a tunnel.
 */
#include "../support/unit.h"

#include "esp/checksum.h"
#include "esp/fit.h"
#include "esp/transport.h"

/* ---- flows ----------------------------------------------------------------------------------- */

static bool parse(const char *text, struct flow *f)
{
    struct bytes packet = hex(text);
    bool ok = flow_parse(packet, f);
    free_bytes(packet);
    return ok;
}

#define V4(len, fragment, protocol) \
    "450000" len "0001" fragment "40" protocol "0000 0a010001 0a020002"
#define V6(len, next) \
    "600000000" len next "40 20010db8000000000000000000000001 20010db8000000000000000000000002"

static void ports_are_read_from_ipv4(void **state)
{
    (void)state;
    struct flow f;
    assert_true(parse(V4("1c", "0000", "11") "1234 0035 00080000", &f));
    assert_int_equal(f.family, ADDR_V4);
    assert_int_equal(f.protocol, 17);
    assert_true(f.has_ports && f.is_first && !f.is_fragment);
    assert_int_equal(f.src_port, 0x1234);
    assert_int_equal(f.dst_port, 0x35);
    assert_int_equal(f.upper_at, 20);
    assert_memory_equal(f.src, "\x0a\1\0\1", 4);
    assert_memory_equal(f.dst, "\x0a\2\0\2", 4);
    /* with an option */
    assert_true(parse("4600001c 00010000 40060000 0a010001 0a020002 01010100 00160017", &f));
    assert_int_equal(f.src_port, 22);
    assert_int_equal(f.upper_at, 24);
}

static void icmp_shows_type_and_code(void **state)
{
    (void)state;
    struct flow f;
    assert_true(parse(V4("1c", "0000", "01") "0301 0000 00000000", &f));
    assert_true(f.has_ports);
    assert_int_equal(f.src_port, 0x0301);
    assert_int_equal(f.dst_port, 0x0301);
    assert_true(parse(V6("008", "3a") "8000 0000 00000000", &f));
    assert_int_equal(f.src_port, 0x8000);
}

static void fragments_hide_their_ports(void **state)
{
    (void)state;
    struct flow f;
    assert_true(parse(V4("1c", "2000", "11") "1234 0035 00080000", &f)); /* the first shows them */
    assert_true(f.has_ports && f.is_fragment && f.is_first);
    assert_true(parse(V4("1c", "0001", "11") "1234 0035 00080000", &f));
    assert_true(!f.has_ports && f.is_fragment && !f.is_first);
    assert_true(parse(V4("16", "0000", "11") "1234", &f)); /* cut off */
    assert_false(f.has_ports);
    assert_true(parse(V4("1c", "0000", "2f") "1234 0035 00080000", &f)); /* GRE has none */
    assert_false(f.has_ports);
}

static void extension_headers_are_walked(void **state)
{
    (void)state;
    struct flow f;
    assert_true(parse(V6("014", "00") "3c00000000000000 1100000000000000 12340035", &f));
    assert_int_equal(f.protocol, 17);
    assert_int_equal(f.dst_port, 0x35);
    assert_int_equal(f.upper_at, 56);
    assert_true(parse(V6("00c", "2c") "0600000100000001 12340035", &f)); /* first fragment */
    assert_true(f.has_ports && f.is_fragment && f.is_first);
    assert_true(parse(V6("00c", "2c") "0600000900000001 12340035", &f)); /* a later one */
    assert_true(!f.has_ports && f.is_fragment && !f.is_first);
    assert_int_equal(f.protocol, 6);
}

#define HOP "0000000000000000" /* an extension header: hop-by-hop options, again and again */

static void malformed_packets_have_no_flow(void **state)
{
    (void)state;
    /* clang-format off */
    static const char *const bad[] = {
        "",
        "45",
        "55000014 00000000 40010000 0a010001 0a020002",
        "44000014 00000000 40010000 0a010001 0a020002",
        V4("15", "0000", "11"),             /* longer than there is */
        V6("001", "11"),                    /* longer than there is */
        V6("008", "00") "0001000000000000", /* an extension header beyond the end */
        V6("004", "2c") "06000001",
        V6("048", "00") HOP HOP HOP HOP HOP HOP HOP HOP "1100000000000000", /* too many */
    };
    /* clang-format on */
    struct flow f, none = {0};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        assert_false(parse(bad[i], &f));
        assert_memory_equal(&f, &none, sizeof f);
    }
}

static void any_octets_can_be_asked(void **state)
{
    (void)state;
    struct dice d = {1};
    for (int i = 0; i < 200000; i++) {
        uint8_t noise[96];
        for (size_t k = 0; k < sizeof noise; k++)
            noise[k] = (uint8_t)dice_roll(&d);
        noise[0] = (uint8_t)(dice_below(&d, 2) ? 0x45 : 0x60);
        noise[2] = noise[4] = 0;
        noise[5] %= 60;
        noise[6] = dice_below(&d, 2) ? (uint8_t[]){0, 43, 44, 60}[dice_below(&d, 4)] : noise[6];
        struct bytes packet = exact(bytes_make(noise, dice_below(&d, sizeof noise + 1)));
        struct flow f;
        if (flow_parse(packet, &f)) {
            assert_true(f.upper_at <= inner_len(packet));
            fit_mss((uint8_t *)(uintptr_t)packet.at, inner_len(packet), &f, 1400);
        }
        free_bytes(packet);
    }
}

/* ---- checksums ------------------------------------------------------------------------------- */

static uint16_t plain_sum(struct bytes b)
{
    uint32_t sum = 0;
    for (size_t i = 0; i < b.len; i++)
        sum += (uint32_t)b.at[i] << (i % 2 ? 0 : 8);
    while (sum >> 16)
        sum = (sum & 0xffff) + (sum >> 16);
    return (uint16_t)~sum;
}

static void checksums_agree_with_the_definition(void **state)
{
    (void)state;
    struct dice d = {3};
    uint8_t data[200];
    for (int i = 0; i < 10000; i++) {
        size_t len = dice_below(&d, sizeof data);
        for (size_t k = 0; k < len; k++)
            data[k] = dice_below(&d, 4) ? (uint8_t)dice_roll(&d) : 0xff;
        assert_int_equal(checksum_end(checksum_add(0, bytes_make(data, len))),
                         plain_sum(bytes_make(data, len)));
    }
}

static void a_replaced_word_keeps_the_checksum_right(void **state)
{
    (void)state;
    struct dice d = {4};
    for (int i = 0; i < 10000; i++) {
        uint8_t data[20];
        for (size_t k = 0; k < sizeof data; k++)
            data[k] = (uint8_t)dice_roll(&d);
        put_u16(data, 0);
        put_u16(data, plain_sum(BYTES_OF(data)));
        size_t at = 2 + 2 * dice_below(&d, 9);
        uint16_t before = get_u16(data + at), after = (uint16_t)dice_roll(&d);
        put_u16(data + at, after);
        checksum_replace(data, before, after);
        assert_int_equal(plain_sum(BYTES_OF(data)), 0);
    }
}

/* ---- TCP MSS --------------------------------------------------------------------------------- */

/* 20 octets of IPv4, 20 of TCP and the options; checksums right. */
static size_t make_tcp(uint8_t *p, uint8_t flags, const char *options)
{
    struct bytes o = hex(options);
    size_t upper = 20 + o.len;
    memset(p, 0, 40);
    memcpy(p, "\x45\0\0\0\0\1\0\0\x40\6\0\0\x0a\1\0\1\x0a\2\0\1", 20);
    put_u16(p + 2, (uint16_t)(20 + upper));
    p[32] = (uint8_t)(upper / 4 << 4);
    p[33] = flags;
    memcpy(p + 40, o.at, o.len);
    uint32_t sum = checksum_pseudo(bytes_make(p + 12, 4), bytes_make(p + 16, 4), 6, upper);
    put_u16(p + 36, checksum_end(checksum_add(sum, bytes_make(p + 20, upper))));
    free_bytes(o);
    return 20 + upper;
}

static bool tcp_sum_is_right(const uint8_t *p, size_t len)
{
    uint32_t sum = checksum_pseudo(bytes_make(p + 12, 4), bytes_make(p + 16, 4), 6, len - 20);
    return checksum_end(checksum_add(sum, bytes_make(p + 20, len - 20))) == 0;
}

static void check_mss(uint8_t flags, const char *options, size_t mtu, size_t at, unsigned want)
{
    uint8_t p[80], before[80];
    struct flow f;
    size_t len = make_tcp(p, flags, options);
    memcpy(before, p, len);
    struct bytes packet = exact(bytes_make(p, len));
    uint8_t *data = (uint8_t *)(uintptr_t)packet.at;
    assert_true(flow_parse(packet, &f));
    fit_mss(data, packet.len, &f, mtu);
    assert_true(tcp_sum_is_right(data, packet.len));
    if (want)
        assert_int_equal(get_u16(data + 40 + at), want);
    else
        assert_memory_equal(data, before, len);
    free_bytes(packet);
}

static void the_mss_of_a_syn_is_lowered_and_nothing_else(void **state)
{
    (void)state;
    check_mss(0x02, "020405b4", 1400, 2, 1360);
    check_mss(0x12, "020405b4", 1400, 2, 1360);         /* SYN ACK */
    check_mss(0x02, "01020405b4010101", 1400, 3, 1360); /* at an odd offset */
    check_mss(0x02, "0402080a0000000000000000 020405b4", 1400, 14, 1360);
    check_mss(0x02, "02040218", 1400, 0, 0);         /* small already */
    check_mss(0x10, "020405b4", 1400, 0, 0);         /* not a SYN */
    check_mss(0x02, "00020405b4010101", 1400, 0, 0); /* behind the end of options */
    check_mss(0x02, "08000000", 1400, 0, 0);         /* an option without length */
    check_mss(0x02, "08ff0000", 1400, 0, 0);         /* longer than there is */
    check_mss(0x02, "01010108", 1400, 0, 0);         /* cut off behind its kind */
    check_mss(0x02, "", 1400, 0, 0);
    check_mss(0x02, "020405b4", 30, 0, 0); /* nonsense */
}

/* ---- packets that are too big ---------------------------------------------------------------- */

static struct bytes too_big(const char *start, size_t len, size_t mtu, uint8_t *out)
{
    uint8_t packet[1600] = {0};
    struct bytes head = hex(start);
    struct flow f;
    memcpy(packet, head.at, head.len);
    free_bytes(head);
    if (packet[0] >> 4 == 4)
        put_u16(packet + 2, (uint16_t)len);
    else
        put_u16(packet + 4, (uint16_t)(len - 40));
    assert_true(flow_parse(bytes_make(packet, len), &f));
    return bytes_make(out, fit_too_big(bytes_make(packet, len), &f, mtu, out));
}

static void the_sender_of_a_large_ipv4_packet_is_told(void **state)
{
    (void)state;
    uint8_t out[FIT_ERROR_MAX];
    struct flow f;
    struct bytes e = too_big(V4("00", "4000", "06"), 1500, 1400, out);
    assert_int_equal(e.len, 576);
    assert_true(flow_parse(e, &f));
    assert_int_equal(f.protocol, PROTO_ICMP);
    assert_int_equal(f.src_port, 0x0304);
    assert_memory_equal(f.src, "\x0a\2\0\2", 4);
    assert_memory_equal(f.dst, "\x0a\1\0\1", 4);
    assert_int_equal(get_u16(e.at + 26), 1400);
    assert_int_equal(plain_sum(bytes_make(e.at, 20)), 0);
    assert_int_equal(plain_sum(bytes_make(e.at + 20, e.len - 20)), 0);
    assert_memory_equal(e.at + 28, "\x45\0\x05\xdc", 4);
}

static void the_sender_of_a_large_ipv6_packet_is_told(void **state)
{
    (void)state;
    uint8_t out[FIT_ERROR_MAX];
    struct flow f;
    struct bytes e = too_big(V6("000", "11"), 1500, 1400, out);
    assert_int_equal(e.len, 1280);
    assert_true(flow_parse(e, &f));
    assert_int_equal(f.protocol, PROTO_ICMPV6);
    assert_int_equal(f.src_port, 0x0200);
    assert_int_equal(get_u32(e.at + 44), 1400);
    uint32_t sum =
        checksum_pseudo(bytes_make(f.src, 16), bytes_make(f.dst, 16), PROTO_ICMPV6, e.len - 40);
    assert_int_equal(checksum_end(checksum_add(sum, bytes_make(e.at + 40, e.len - 40))), 0);
}

static void errors_are_not_answered_with_errors(void **state)
{
    (void)state;
    uint8_t out[FIT_ERROR_MAX];
    assert_int_equal(too_big(V4("00", "4000", "01") "0304", 1500, 1400, out).len, 0);
    assert_int_equal(too_big(V4("00", "4000", "01") "0b00", 1500, 1400, out).len, 0);
    /* a ping is */
    assert_int_not_equal(too_big(V4("00", "4000", "01") "0800", 1500, 1400, out).len, 0);
    /* a later fragment is not */
    assert_int_equal(too_big(V4("00", "4001", "06"), 1500, 1400, out).len, 0);
    assert_int_equal(too_big(V6("000", "3a") "0100", 1500, 1400, out).len, 0);
    assert_int_not_equal(too_big(V6("000", "3a") "8000", 1500, 1400, out).len, 0);
    /* to a group */
    assert_int_equal(too_big("45000000 00014000 40060000 0a010001 e0000001", 1500, 1400, out).len,
                     0);
    /* from nobody */
    assert_int_equal(too_big("45000000 00014000 40060000 00000000 0a010001", 1500, 1400, out).len,
                     0);
}

static void only_what_may_not_be_fragmented_is_whole(void **state)
{
    (void)state;
    assert_true(fit_is_whole(bytes_make("\x60\0\0\0\0\0\0\0", 8)));
    assert_true(fit_is_whole(bytes_make("\x45\0\0\0\0\0\x40\0", 8)));
    assert_false(fit_is_whole(bytes_make("\x45\0\0\0\0\0\0\0", 8)));
}

/* ---- transport mode -------------------------------------------------------------------------- */

static void a_transport_packet_survives_a_nat(void **state)
{
    (void)state;
    uint8_t p[80], header[TRANSPORT_HEADER_MAX];
    struct flow f;
    struct bytes upper;
    struct addr src = {ADDR_V4, {192, 0, 2, 7}}, dst = {ADDR_V4, {198, 51, 100, 9}};
    size_t len = make_tcp(p, 0x10, "");
    assert_true(flow_parse(bytes_make(p, len), &f));
    assert_true(transport_strip(bytes_make(p, len), &f, &upper));
    assert_ptr_equal(upper.at, p + 20);
    assert_int_equal(upper.len, 20);
    assert_int_equal(transport_rebuild(header, p + 20, 20, 6, &src, &dst), 20);
    memcpy(p, header, 20);
    assert_true(flow_parse(bytes_make(p, len), &f));
    assert_memory_equal(f.src, src.ip, 4);
    assert_int_equal(plain_sum(bytes_make(p, 20)), 0);
    assert_true(tcp_sum_is_right(p, len));
}

static void fragments_do_not_travel_in_transport_mode(void **state)
{
    (void)state;
    struct flow f;
    struct bytes upper, packet = hex(V4("1c", "2000", "11") "1234 0035 00080000");
    assert_true(flow_parse(packet, &f));
    assert_false(transport_strip(packet, &f, &upper));
    free_bytes(packet);
    packet = hex(V6("014", "00") "3c00000000000000 1100000000000000 12340035");
    assert_true(flow_parse(packet, &f));
    assert_false(transport_strip(packet, &f, &upper));
    free_bytes(packet);
}

static void impossible_headers_are_not_built(void **state)
{
    (void)state;
    uint8_t header[TRANSPORT_HEADER_MAX], upper[8] = {0};
    struct addr v4 = {ADDR_V4, {1, 2, 3, 4}}, v6 = {ADDR_V6, {0x20, 1}}, none = {0};
    assert_int_equal(transport_rebuild(header, upper, 8, 6, &v4, &v6), 0);
    assert_int_equal(transport_rebuild(header, upper, 8, 6, &none, &none), 0);
    assert_int_equal(transport_rebuild(header, upper, 65530, 6, &v4, &v4), 0);
    /* too short for a checksum: passed as it is */
    assert_int_equal(transport_rebuild(header, upper, 3, 6, &v6, &v6), 40);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(ports_are_read_from_ipv4),
        cmocka_unit_test(icmp_shows_type_and_code),
        cmocka_unit_test(fragments_hide_their_ports),
        cmocka_unit_test(extension_headers_are_walked),
        cmocka_unit_test(malformed_packets_have_no_flow),
        cmocka_unit_test(any_octets_can_be_asked),
        cmocka_unit_test(checksums_agree_with_the_definition),
        cmocka_unit_test(a_replaced_word_keeps_the_checksum_right),
        cmocka_unit_test(the_mss_of_a_syn_is_lowered_and_nothing_else),
        cmocka_unit_test(the_sender_of_a_large_ipv4_packet_is_told),
        cmocka_unit_test(the_sender_of_a_large_ipv6_packet_is_told),
        cmocka_unit_test(errors_are_not_answered_with_errors),
        cmocka_unit_test(only_what_may_not_be_fragmented_is_whole),
        cmocka_unit_test(a_transport_packet_survives_a_nat),
        cmocka_unit_test(fragments_do_not_travel_in_transport_mode),
        cmocka_unit_test(impossible_headers_are_not_built),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
