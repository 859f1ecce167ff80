/* print: values as people write them, in the notation of RFC 5952 and of the logs they know. */
#include "../support/unit.h"
#include "wire/print.h"

#include <stdio.h>

static char buffer[512];

static struct text fresh(void)
{
    return text_make(buffer, sizeof buffer);
}

static struct addr parse_v6(const char *digits)
{
    struct addr a = {.family = ADDR_V6};
    struct bytes octets = hex(digits);
    assert_int_equal(octets.len, 16);
    memcpy(a.ip, octets.at, 16);
    free_bytes(octets);
    return a;
}

static void addresses_follow_rfc_5952(void **state)
{
    (void)state;
    static const struct {
        const char *octets, *text;
    } examples[] = {
        {"00000000000000000000000000000000", "::"},
        {"00000000000000000000000000000001", "::1"},
        {"20010db8000000000000000000000001", "2001:db8::1"},
        {"20010db8000000010001000100010001", "2001:db8:0:1:1:1:1:1"}, /* one group is not shortened */
        {"20010000000000010000000000000001", "2001:0:0:1::1"},        /* the longest run */
        {"20010db8000000000001000000000001", "2001:db8::1:0:0:1"},    /* the first of equals */
        {"fe800000000000000000000000000000", "fe80::"},
        {"00010002000300040005000600070000", "1:2:3:4:5:6:7:0"},
        {"abcd0bcd00cd000d1000010000100001", "abcd:bcd:cd:d:1000:100:10:1"},
        {"00000000000000000000ffffc0000201", "::ffff:192.0.2.1"},
    };
    for (size_t i = 0; i < sizeof examples / sizeof *examples; i++) {
        struct addr a = parse_v6(examples[i].octets);
        struct text t = fresh();
        print_addr(&t, &a);
        assert_string_equal(buffer, examples[i].text);
    }
    struct addr none = {0}, v4 = {.family = ADDR_V4, .ip = {192, 0, 2, 255}};
    struct text t = fresh();
    print_addr(&t, &v4);
    text_char(&t, ' ');
    print_addr(&t, &none);
    assert_string_equal(buffer, "192.0.2.255 no address");
}

static void endpoints_have_brackets_around_ipv6(void **state)
{
    (void)state;
    struct endpoint e4 = {.addr = {.family = ADDR_V4, .ip = {192, 0, 2, 1}}, .port = 500};
    struct endpoint e6 = {.addr = parse_v6("20010db8000000000000000000000001"), .port = 4500};
    struct text t = fresh();
    print_endpoint(&t, &e4);
    text_char(&t, ' ');
    print_endpoint(&t, &e6);
    assert_string_equal(buffer, "192.0.2.1:500 [2001:db8::1]:4500");
}

static void check_identity(uint8_t type, struct bytes data, const char *text)
{
    struct identity id = {.type = type, .data = data};
    struct text t = fresh();
    print_identity(&t, &id);
    assert_string_equal(buffer, text);
}

static void identities_are_printed_by_their_type(void **state)
{
    (void)state;
    check_identity(ID_FQDN, BYTES_LIT("gw.example.org"), "gw.example.org");
    check_identity(ID_FQDN, BYTES_LIT("gw\x1b[31m"), "gw\\x1b[31m");
    check_identity(ID_RFC822_ADDR, BYTES_LIT("a@example.org"), "a@example.org");
    check_identity(ID_IPV4_ADDR, BYTES_LIT("\xc0\x00\x02\x01"), "192.0.2.1");
    check_identity(ID_IPV4_ADDR, BYTES_LIT("\xc0\x00\x02"), "0xc00002");
    check_identity(ID_IPV6_ADDR, BYTES_LIT("\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\x01"), "::1");
    check_identity(ID_IPV6_ADDR, BYTES_NONE, "0x");
    check_identity(ID_KEY_ID, BYTES_LIT("key 7"), "key 7");
    check_identity(ID_KEY_ID, BYTES_LIT("\x01\x02"), "0x0102");
    check_identity(ID_NULL, BYTES_NONE, "%null");
    check_identity(200, BYTES_LIT("\xff"), "0xff");
}

static void distinguished_names_are_readable(void **state)
{
    (void)state;
    struct bytes dn = hex("3033 310b 3009 0603550406 13024348"  /* C=CH */
                          "310e 300c 060355040a 0c056272616964" /* O=braid */
                          "3114 3012 0603550403 0c0b67772e6578616d706c6500" /* CN, with a NUL in it */);
    check_identity(ID_DER_ASN1_DN, dn, "C=CH, O=braid, CN=gw.example\\x00");
    free_bytes(dn);
    struct bytes unknown = hex("300e 310c 300a 06042a030405 0c0241 42");
    check_identity(ID_DER_ASN1_DN, unknown, "0x2a030405=AB");
    free_bytes(unknown);
}

static void what_is_not_a_distinguished_name_is_hexadecimal(void **state)
{
    (void)state;
    static const char *const bad[] = {"", "30", "3000", "310b", "300d310b300906035504061302434800"};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        char expected[100];
        struct bytes der = hex(bad[i]);
        snprintf(expected, sizeof expected, "0x%s", bad[i]);
        check_identity(ID_DER_ASN1_DN, der, expected);
        free_bytes(der);
    }
    struct bytes good = hex("300d310b3009060355040613024348");
    check_identity(ID_DER_ASN1_DN, good, "C=CH");
    for (size_t len = 0; len < good.len; len++) { /* cut anywhere, nothing half printed remains */
        struct bytes cut = exact(bytes_make(good.at, len));
        struct text t = fresh();
        print_dn(&t, cut);
        assert_memory_equal(buffer, "0x", 2);
        assert_int_equal(t.len, 2 + 2 * len);
        free_bytes(cut);
    }
    free_bytes(good);
}

static void check_selector(struct selector s, const char *text)
{
    struct text t = fresh();
    print_selector(&t, &s);
    assert_string_equal(buffer, text);
}

#define V4(a, b, c, d, e, f, g, h) .family = ADDR_V4, .from = {a, b, c, d}, .to = {e, f, g, h}
#define ANY_PORT .from_port = 0, .to_port = 0xffff

static void selectors_are_prefixes_where_they_can_be(void **state)
{
    (void)state;
    check_selector((struct selector){V4(10, 1, 0, 0, 10, 1, 255, 255), ANY_PORT}, "10.1.0.0/16");
    check_selector((struct selector){V4(0, 0, 0, 0, 255, 255, 255, 255), ANY_PORT}, "0.0.0.0/0");
    check_selector((struct selector){V4(10, 1, 0, 1, 10, 1, 0, 1), ANY_PORT}, "10.1.0.1/32");
    check_selector((struct selector){V4(10, 1, 0, 1, 10, 1, 0, 5), ANY_PORT}, "10.1.0.1..10.1.0.5");
    check_selector((struct selector){V4(10, 1, 0, 5, 10, 1, 0, 1), ANY_PORT}, "10.1.0.5..10.1.0.1");
    check_selector((struct selector){.dynamic = true, ANY_PORT}, "dynamic");
    check_selector((struct selector){.family = ADDR_NONE, ANY_PORT}, "unknown");
    struct selector v6 = {.family = ADDR_V6, ANY_PORT};
    v6.from[0] = v6.to[0] = 0x20;
    memset(v6.to + 8, 0xff, 8);
    check_selector(v6, "2000::/64");
}

static void selectors_show_protocol_and_ports(void **state)
{
    (void)state;
#define HOST V4(10, 1, 0, 1, 10, 1, 0, 1)
    check_selector((struct selector){HOST, .protocol = 6, .from_port = 80, .to_port = 80}, "10.1.0.1/32[tcp/80]");
    check_selector((struct selector){HOST, .protocol = 17, .from_port = 1, .to_port = 9}, "10.1.0.1/32[udp/1-9]");
    check_selector((struct selector){HOST, .protocol = 6, ANY_PORT}, "10.1.0.1/32[tcp]");
    check_selector((struct selector){HOST, .protocol = 200, ANY_PORT}, "10.1.0.1/32[200]");
    check_selector((struct selector){HOST, .from_port = 53, .to_port = 53}, "10.1.0.1/32[any/53]");
    check_selector((struct selector){HOST, .protocol = 6, .from_port = 65535}, "10.1.0.1/32[tcp/OPAQUE]");
    check_selector((struct selector){HOST, .protocol = 1, .from_port = 0x0800, .to_port = 0x0800},
                   "10.1.0.1/32[icmp/8(0)]");
    check_selector((struct selector){HOST, .protocol = 1, .from_port = 0x0800, .to_port = 0x08ff},
                   "10.1.0.1/32[icmp/8]");
    check_selector((struct selector){HOST, .protocol = 58, .from_port = 0x8000, .to_port = 0x81ff},
                   "10.1.0.1/32[ipv6-icmp/128-129]");
    check_selector((struct selector){.dynamic = true, .protocol = 17, .from_port = 4, .to_port = 4}, "dynamic[udp/4]");
}

static void proposals_read_as_strongswan_prints_them(void **state)
{
    (void)state;
    const struct transform ike[] = {
        {.type = TRANSFORM_ENCR, .id = 20, .key_bits = 256},
        {.type = TRANSFORM_PRF, .id = 6},
        {.type = TRANSFORM_KE, .id = 31},
        {.type = 6, .id = 36},
        {.type = 8, .id = 0},
    };
    struct proposal p = {.protocol = PROTOCOL_IKE, .count = 5, .transform = ike};
    struct text t = fresh();
    print_proposal(&t, &p);
    assert_string_equal(buffer, "IKE:AES_GCM_16_256/PRF_HMAC_SHA2_384/CURVE_25519/KE1_ML_KEM_768/KE3_NONE");

    const struct transform esp[] = {
        {.type = TRANSFORM_ENCR, .id = 4711, .key_bits = 64},
        {.type = TRANSFORM_SN, .id = SN_32},
        {.type = 99, .id = 7},
        {.type = TRANSFORM_ENCR, .id = 20, .key_bits = 128, .unknown_attr = true},
    };
    p = (struct proposal){.protocol = 9, .count = 4, .transform = esp};
    t = fresh();
    print_proposal(&t, &p);
    assert_string_equal(buffer,
                        "protocol 9:UNKNOWN_1_4711_64/NO_EXT_SEQ/UNKNOWN_99_7/AES_GCM_16_128_UNKNOWN_ATTRIBUTE");
}

static void add_all(struct ike_msg *m, struct arena *arena)
{
    static const struct selector net = {V4(10, 1, 0, 0, 10, 1, 0, 255), ANY_PORT};
    static const struct cp_attribute dns = {.type = CP_ATTR_INTERNAL_IP4_DNS};
    ike_msg_add(m, arena, PAYLOAD_SA);
    ike_msg_add(m, arena, PAYLOAD_KE)->u.ke = (struct ke_payload){31, BYTES_LIT("secret")};
    ike_msg_add_raw(m, arena, PAYLOAD_NONCE, BYTES_LIT("noncenoncenonce!"));
    ike_msg_add_notify(m, arena, NOTIFY_COOKIE, BYTES_NONE);
    ike_msg_add_notify(m, arena, 12345, BYTES_NONE);
    ike_msg_add(m, arena, PAYLOAD_IDi)->u.id.id = (struct identity){ID_FQDN, BYTES_LIT("gw")};
    ike_msg_add(m, arena, PAYLOAD_AUTH)->u.auth = (struct auth_payload){AUTH_PSK, BYTES_LIT("secret")};
    ike_msg_add(m, arena, PAYLOAD_CERT)->u.cert = (struct cert_payload){CERT_X509_SIGNATURE, BYTES_LIT("cert")};
    ike_msg_add(m, arena, PAYLOAD_DELETE)->u.del = (struct delete_payload){PROTOCOL_ESP, 4, 2, BYTES_LIT("\x0a\x0b\x0c\x0d\1\2\3\4")};
    ike_msg_add(m, arena, PAYLOAD_TSi)->u.ts = (struct selectors){1, &net};
    ike_msg_add(m, arena, PAYLOAD_CP)->u.cp = (struct cp_payload){CP_REQUEST, 1, &dns};
    ike_msg_add_raw(m, arena, 200, BYTES_LIT("secret"));
    ike_msg_add(m, arena, PAYLOAD_SKF)->u.sk = (struct sk_payload){.number = 1, .total = 3, .body = BYTES_LIT("secret")};
}

static void a_message_is_one_line_without_anything_secret(void **state)
{
    (void)state;
    struct memory memory;
    memory_make(&memory);
    struct arena arena = arena_make(&memory.alloc, 1 << 16);
    struct ike_msg m = ike_msg_make();
    m.header.exchange = EXCHANGE_IKE_SA_INIT;
    add_all(&m, &arena);
    struct text t = fresh();
    print_ike_msg(&t, &m);
    assert_string_equal(buffer,
                        "IKE_SA_INIT request 0 [SA KE(CURVE_25519) Nonce(16) N(COOKIE) N(notify 12345) IDi(gw) AUTH(PSK 6) "
                        "CERT(X509_SIGNATURE 4) D(ESP 0a0b0c0d 01020304) TSi(10.1.0.0/24) CP(REQUEST INTERNAL_IP4_DNS) "
                        "payload 200(6) SKF(1/3 6)]");
    arena_wipe(&arena);

    m = ike_msg_make();
    m.header.exchange = 99;
    m.header.response = true;
    m.header.mid = 7;
    t = fresh();
    print_ike_msg(&t, &m);
    assert_string_equal(buffer, "exchange 99 response 7 []");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(addresses_follow_rfc_5952),
        cmocka_unit_test(endpoints_have_brackets_around_ipv6),
        cmocka_unit_test(identities_are_printed_by_their_type),
        cmocka_unit_test(distinguished_names_are_readable),
        cmocka_unit_test(what_is_not_a_distinguished_name_is_hexadecimal),
        cmocka_unit_test(selectors_are_prefixes_where_they_can_be),
        cmocka_unit_test(selectors_show_protocol_and_ports),
        cmocka_unit_test(proposals_read_as_strongswan_prints_them),
        cmocka_unit_test(a_message_is_one_line_without_anything_secret),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
