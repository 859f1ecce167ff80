/* value: each type takes what it should, gives the right thing, and points at what is wrong. */
#include "../support/unit.h"

#include "config/memory.h"
#include "config/value.h"
#include "wire/names.h"
#include "wire/print.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct arena arena;

static int begin(void **state)
{
    (void)state;
    arena = arena_make(&memory_libc, 1 << 24);
    return 0;
}

static int end(void **state)
{
    (void)state;
    arena_wipe(&arena);
    return 0;
}

/* ---- numbers --------------------------------------------------------------------------------- */

static void numbers_are_read_as_in_c(void **state)
{
    (void)state;
    uint64_t n;
    assert_true(value_uint(BYTES_LIT("0"), UINT32_MAX, &n) && n == 0);
    assert_true(value_uint(BYTES_LIT("42"), UINT32_MAX, &n) && n == 42);
    assert_true(value_uint(BYTES_LIT("0x2A"), UINT32_MAX, &n) && n == 42);
    assert_true(value_uint(BYTES_LIT("052"), UINT32_MAX, &n) && n == 42);
    assert_true(value_uint(BYTES_LIT("18446744073709551615"), UINT64_MAX, &n) && n == UINT64_MAX);
    static const char *const wrong[] = {"", "-1", "+1", "08", "0x",
                                        "12x", "x", " 1", "4294967296", "99999999999999999999"};
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++)
        assert_false(value_uint(bytes_str(wrong[i]), UINT32_MAX, &n));
    assert_false(value_uint(BYTES_LIT("18446744073709551616"), UINT64_MAX, &n));
    assert_false(value_uint(BYTES_LIT("2"), 1, &n));
}

static void times_have_units(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        uint64_t seconds;
    } right[] = {
        {"0", 0},
        {"30", 30},
        {"30s", 30},
        {"30 S", 30},
        {"15m", 900},
        {"4h", 14400},
        {"1d", 86400},
        {"0x10", 16},
        {"0x1d", 29},
        {"0x1e", 30},
        {"0x1dh", 29 * 3600},
        {"010s", 8},
        {"010 m", 480},
    };
    ike_time t;
    for (size_t i = 0; i < sizeof right / sizeof right[0]; i++) {
        assert_true(value_time(bytes_str(right[i].text), &t));
        assert_int_equal(t, right[i].seconds * IKE_SECOND);
    }
    static const char *const wrong[] = {
        "", "s", "1.5s", "-1s", "4 hours",
        "1w", "1 s s", "08s", "0xs", "90s ", "99999999999s",
        "1111111111111111"};
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++)
        assert_false(value_time(bytes_str(wrong[i]), &t));
    assert_true(value_fine_time(BYTES_LIT("0.5"), &t) && t == 500 * IKE_MS);
    assert_true(value_fine_time(BYTES_LIT("1.8s"), &t) && t == 1800 * IKE_MS);
    assert_true(value_fine_time(BYTES_LIT("200ms"), &t) && t == 200 * IKE_MS);
    assert_true(value_fine_time(BYTES_LIT("2m"), &t) && t == 120 * IKE_SECOND);
    assert_false(value_fine_time(BYTES_LIT("1."), &t) || value_fine_time(BYTES_LIT(".5"), &t) ||
                 value_fine_time(BYTES_LIT("1.5.2"), &t));
}

static void factors_and_sizes(void **state)
{
    (void)state;
    uint32_t p;
    uint64_t n;
    assert_true(value_permille(BYTES_LIT("1.8"), &p) && p == 1800);
    assert_true(value_permille(BYTES_LIT("2"), &p) && p == 2000);
    assert_true(value_permille(BYTES_LIT("1.23456"), &p) && p == 1234);
    assert_true(value_size(BYTES_LIT("10"), &n) && n == 10);
    assert_true(value_size(BYTES_LIT("2k"), &n) && n == 2048);
    assert_true(value_size(BYTES_LIT("3 G"), &n) && n == UINT64_C(3) << 30);
    assert_true(value_size(BYTES_LIT("99999999999999g"), &n) && n == UINT64_MAX);
    assert_true(value_size(BYTES_LIT("0x10k"), &n) && n == 16384);
    assert_false(value_size(BYTES_LIT("2t"), &n) || value_size(BYTES_LIT("k"), &n));
}

static void truths_and_actions(void **state)
{
    (void)state;
    bool b;
    uint8_t bits;
    assert_true(value_bool(BYTES_LIT("Yes"), &b) && b);
    assert_true(value_bool(BYTES_LIT("disabled"), &b) && !b);
    assert_false(value_bool(BYTES_LIT("y"), &b) || value_bool(BYTES_LIT(""), &b));
    assert_true(value_actions(BYTES_LIT("trap | start"), &bits) &&
                bits == (ACTION_TRAP | ACTION_START));
    assert_true(value_actions(BYTES_LIT("restart"), &bits) && bits == ACTION_START);
    assert_true(value_actions(BYTES_LIT("clear"), &bits) && bits == ACTION_NONE);
    assert_false(value_actions(BYTES_LIT("trap|"), &bits) || value_actions(BYTES_LIT("go"), &bits));
}

static void codepoints_are_binary_digits(void **state)
{
    (void)state;
    uint8_t d;
    assert_true(value_dscp(BYTES_LIT("101110"), &d) && d == 46);
    assert_true(value_dscp(BYTES_LIT("1"), &d) && d == 1);
    assert_true(value_dscp(BYTES_LIT("1101110"), &d) && d == 46); /* the last six */
    assert_false(value_dscp(BYTES_LIT("46"), &d) || value_dscp(BYTES_LIT("0x2e"), &d) ||
                 value_dscp(BYTES_LIT(""), &d) || value_dscp(BYTES_LIT("1 "), &d));
}

static void marks_have_masks_and_words(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        struct value_mark mark;
    } right[] = {
        {"42", {42, UINT32_MAX, MARK_NUMBER}},
        {"0x2a/0x0f", {0xa, 0xf, MARK_NUMBER}},
        {"0/0x00000000", {0, 0, MARK_NUMBER}},
        {"%unique", {0, UINT32_MAX, MARK_UNIQUE}},
        {"%unique-dir/0xff", {0, 0xff, MARK_UNIQUE_DIR}},
        {"%same/0xff", {0, 0xff, MARK_SAME}},
    };
    static const char *const wrong[] = {"", "/", "42/", "/1", "42/x", "%other", "4294967296", "1/2/3"};
    struct value_mark m;
    for (size_t i = 0; i < sizeof right / sizeof right[0]; i++) {
        assert_true(value_mark(bytes_str(right[i].text), &m));
        assert_memory_equal(&m, &right[i].mark, sizeof m);
    }
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++)
        assert_false(value_mark(bytes_str(wrong[i]), &m));
    assert_true(value_if_id(BYTES_LIT("%unique-dir"), &m) && m.kind == MARK_UNIQUE_DIR);
    assert_false(value_if_id(BYTES_LIT("42/1"), &m) || value_if_id(BYTES_LIT("%same"), &m));
}

/* ---- addresses ------------------------------------------------------------------------------- */

static void addresses_are_ranges(void **state)
{
    (void)state;
    static const struct {
        const char *text, *from, *to;
    } right[] = {{"10.1.2.3", "10.1.2.3", "10.1.2.3"},
                 {"10.1.2.3/8", "10.0.0.0", "10.255.255.255"},
                 {"0.0.0.0/0", "0.0.0.0", "255.255.255.255"},
                 {"10.0.0.1-10.0.0.9", "10.0.0.1", "10.0.0.9"},
                 {"2001:db8::1", "2001:db8::1", "2001:db8::1"},
                 {"10.1.2.3/08", "10.0.0.0", "10.255.255.255"}, /* a length is decimal */
                 {"10.1.2.3/010", "10.0.0.0", "10.63.255.255"},
                 {"2001:db8::/127", "2001:db8::", "2001:db8::1"}};
    for (size_t i = 0; i < sizeof right / sizeof right[0]; i++) {
        struct addr from, to;
        char printed[128];
        struct text t = text_make(printed, sizeof printed);
        assert_true(value_range(bytes_str(right[i].text), &from, &to));
        print_addr(&t, &from);
        assert_string_equal(printed, right[i].from);
        t = text_make(printed, sizeof printed);
        print_addr(&t, &to);
        assert_string_equal(printed, right[i].to);
    }
    static const char *const wrong[] = {
        "", "10.0.0", "10.0.0.256", "10.0.0.0/33", "10.0.0.9-10.0.0.1", "10.0.0.1-::1",
        "::1/129", "10.0.0.0/", "a-b", "/8"};
    struct addr from, to;
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++)
        assert_false(value_range(bytes_str(wrong[i]), &from, &to));
}

static void endpoints_may_be_names(void **state)
{
    (void)state;
    struct conf_endpoint e;
    struct value_fault f = {.at = 0};
    assert_true(value_endpoint(BYTES_LIT("%any"), &arena, &e, &f) && e.from.family == ADDR_NONE &&
                !e.host);
    assert_true(value_endpoint(BYTES_LIT("0.0.0.0"), &arena, &e, &f) && e.from.family == ADDR_V4 &&
                e.to.ip[0] == 255);
    assert_true(value_endpoint(BYTES_LIT("::"), &arena, &e, &f) && e.from.family == ADDR_V6 &&
                e.to.ip[15] == 255);
    assert_true(value_endpoint(BYTES_LIT("gate-1.example.com"), &arena, &e, &f) &&
                strcmp(e.host, "gate-1.example.com") == 0);
    assert_true(value_endpoint(BYTES_LIT("10.0.0.0/8"), &arena, &e, &f) && !e.host &&
                e.to.ip[3] == 255);
    assert_false(value_endpoint(BYTES_LIT("10.0.0.300"), &arena, &e, &f));
    assert_false(value_endpoint(BYTES_LIT("-x.example"), &arena, &e, &f));
    assert_false(value_endpoint(BYTES_LIT("a b"), &arena, &e, &f));
}

/* ---- traffic selectors ----------------------------------------------------------------------- */

static void selectors_of_every_form(void **state)
{
    (void)state;
    static const struct {
        const char *text, *printed;
    } right[] = {{"10.1.0.0/16", "10.1.0.0/16"},
                 {"10.1.0.1", "10.1.0.1/32"},
                 {"10.1.0.1-10.1.0.9", "10.1.0.1..10.1.0.9"},
                 {"dynamic", "dynamic"},
                 {"2001:db8::/32", "2001:db8::/32"},
                 {"10.1.0.1[tcp/80]", NULL},
                 {"10.1.0.1/32[tcp/http]", NULL},
                 {"dynamic[udp/1024-65535]", NULL},
                 {"10.1.0.1[icmp/8]", NULL},
                 {"10.1.0.1[6]", NULL},
                 {"10.1.0.1[/443]", NULL},
                 {"10.1.0.1[any/any]", NULL},
                 {"10.1.0.1[tcp/opaque]", NULL}};
    struct selector s;
    struct value_fault f;
    for (size_t i = 0; i < sizeof right / sizeof right[0]; i++) {
        char printed[128];
        struct text t = text_make(printed, sizeof printed);
        assert_true(value_selector(bytes_str(right[i].text), &s, &f));
        print_selector(&t, &s);
        if (right[i].printed)
            assert_string_equal(printed, right[i].printed);
    }
    assert_true(value_selector(BYTES_LIT("dynamic[udp/1024-65535]"), &s, &f));
    assert_true(s.dynamic && s.protocol == 17 && s.from_port == 1024 && s.to_port == 65535);
    assert_true(value_selector(BYTES_LIT("10.1.0.1[tcp/opaque]"), &s, &f) && s.from_port == 65535 &&
                s.to_port == 0);
    assert_true(value_selector(BYTES_LIT("10.1.0.1[icmp/8]"), &s, &f) && s.from_port == 0x800 &&
                s.to_port == 0x8ff);
    assert_true(value_selector(BYTES_LIT("10.1.0.1[icmp/0x0301]"), &s, &f) &&
                s.from_port == 0x301 && s.to_port == 0x301);
    assert_true(value_selector(BYTES_LIT("10.1.0.1"), &s, &f) && s.from_port == 0 &&
                s.to_port == 65535 && s.protocol == 0);
}

static void wrong_selectors_are_pointed_at(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        size_t at, len;
    } wrong[] = {
        {"10.1.0.0/33", 0, 11},
        {"10.1.0.1[tcq/80]", 9, 3},
        {"10.1.0.1[tcp/70000]", 13, 5},
        {"nowhere", 0, 7},
        {"10.1.0.1[tcp", 8, 1},
        {"10.1.0.1[tcp/90-80]", 13, 5},
        {"10.1.0.1[256]", 9, 3},
        {"10.1.0.1[tcp/nosuchservice]", 13, 13},
    };
    struct selector s;
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        struct value_fault f = {.at = 0};
        assert_false(value_selector(bytes_str(wrong[i].text), &s, &f));
        assert_true(f.text[0] != '\0');
        assert_int_equal(f.at, wrong[i].at);
        assert_int_equal(f.len, wrong[i].len);
    }
}

/* ---- identities ------------------------------------------------------------------------------ */

static void identities_of_every_kind(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        int type;
        const char *data; /* hexadecimal */
    } right[] = {
        {"192.0.2.1", ID_IPV4_ADDR, "c0000201"},
        {"2001:db8::1", ID_IPV6_ADDR, "20010db8000000000000000000000001"},
        {"moon", ID_FQDN, "6d6f6f6e"},
        {"@moon", ID_FQDN, "6d6f6f6e"},
        {"fqdn:moon", ID_FQDN, "6d6f6f6e"},
        {"DNS:moon", ID_FQDN, "6d6f6f6e"},
        {"a@b", ID_RFC822_ADDR, "614062"},
        {"@@ab", ID_RFC822_ADDR, "6162"},
        {"email:ab", ID_RFC822_ADDR, "6162"},
        {"@#c0ffee", ID_KEY_ID, "c0ffee"},
        {"keyid:moon", ID_KEY_ID, "6d6f6f6e"},
        {"keyid:#00ff", ID_KEY_ID, "00ff"},
        {"a:b", ID_KEY_ID, "613a62"},
        {"ipv4:#0a000001", ID_IPV4_ADDR, "0a000001"},
        {"ipv4:10.0.0.1", ID_IPV4_ADDR, "0a000001"},
        {"{11}:#0102", ID_KEY_ID, "0102"},
        {"{2}:moon", ID_FQDN, "6d6f6f6e"},
        {"asn1dn:#3000", ID_DER_ASN1_DN, "3000"},
        {"CN=x", ID_DER_ASN1_DN, "300c310a30080603550403130178"},
    };
    for (size_t i = 0; i < sizeof right / sizeof right[0]; i++) {
        struct conf_identity id;
        struct value_fault f = {.at = 0};
        struct bytes expected = hex(right[i].data);
        assert_true(value_identity(bytes_str(right[i].text), true, &arena, &id, &f));
        assert_int_equal(id.id.type, right[i].type);
        assert_bytes_equal(id.id.data, expected);
        assert_false(id.any || id.suffix);
        free_bytes(expected);
    }
}

static void identities_that_match_many(void **state)
{
    (void)state;
    static const char *const any[] = {"%any", "%any6", "0.0.0.0", "*", "::", "0::0", ""};
    struct conf_identity id;
    struct value_fault f;
    for (size_t i = 0; i < sizeof any / sizeof any[0]; i++) {
        assert_true(value_identity(bytes_str(any[i]), true, &arena, &id, &f));
        assert_true(id.any);
    }
    assert_true(value_identity(BYTES_LIT("*.example.org"), true, &arena, &id, &f));
    assert_true(id.suffix && id.id.type == ID_FQDN &&
                bytes_equal(id.id.data, BYTES_LIT(".example.org")));
    assert_true(value_identity(BYTES_LIT("*@example.org"), true, &arena, &id, &f));
    assert_true(id.suffix && id.id.type == ID_RFC822_ADDR &&
                bytes_equal(id.id.data, BYTES_LIT("@example.org")));
    assert_false(value_identity(BYTES_LIT("*.example.org"), false, &arena, &id, &f));
}

static void identities_that_cannot_be(void **state)
{
    (void)state;
    static const char *const wrong[] = {"@",
                                        "a*b",
                                        "a.*.b",
                                        "fqdn:",
                                        "keyid:#xyz",
                                        "ipv4:#01",
                                        "ipv6:10.0.0.1",
                                        "10.0.0.0/8",
                                        "10.0.0.1-10.0.0.2",
                                        "fqdn:^.*$",
                                        "uri:x",
                                        "{99}:x",
                                        "{13}:x",
                                        "CNN=x",
                                        "CN=*",
                                        "CN=",
                                        "=x",
                                        "@#"};
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        struct conf_identity id;
        struct value_fault f = {.at = 0};
        assert_false(value_identity(bytes_str(wrong[i]), true, &arena, &id, &f));
        assert_true(f.text[0] != '\0');
    }
}

static void names_become_der(void **state)
{
    (void)state;
    static const struct {
        const char *text, *der;
    } right[] = {
        {"C=CH, O=braid, CN=gate", "302c310b3009060355040613024348310e300c060355040a130562726169643"
                                   " 10d300b0603550403130467617465"},
        {"/C=CH/O=braid/CN=gate", "302c310b3009060355040613024348310e300c060355040a130562726169643 "
                                  "10d300b0603550403130467617465"},
        {"CN=a\\,b", "300e310c300a06035504031303612c62"},
        {"E=a@b", "30143112301006092a864886f70d01090116036140 62"},
        {"CN=\xc3\xa4", "300d310b300906035504030c02c3a4"},
    };
    for (size_t i = 0; i < sizeof right / sizeof right[0]; i++) {
        struct bytes der, expected = hex(right[i].der);
        struct value_fault f = {.at = 0};
        assert_true(value_dn(bytes_str(right[i].text), &arena, &der, &f));
        assert_bytes_equal(der, expected);
        free_bytes(expected);
    }
}

static void long_names_have_long_lengths(void **state)
{
    (void)state;
    char text[4000] = "CN=";
    struct bytes der;
    struct value_fault f;
    memset(text + 3, 'x', 300);
    assert_true(value_dn(bytes_str(text), &arena, &der, &f));
    assert_int_equal(der.len, 4 + 4 + 4 + 5 + 4 + 300);
    assert_int_equal(get_u16(der.at + 2), der.len - 4);
    memset(text + 3, 'x', 200);
    text[203] = '\0';
    assert_true(value_dn(bytes_str(text), &arena, &der, &f));
    assert_int_equal(der.len, 3 + 3 + 3 + 5 + 3 + 200);
    for (size_t i = 0; i + 4 < sizeof text; i += 4)
        memcpy(text + i, "E=x,", 5);
    assert_true(value_dn(bytes_str(text), &arena, &der, &f));
}

/* ---- secrets --------------------------------------------------------------------------------- */

static void secrets_in_three_codes(void **state)
{
    (void)state;
    static const struct {
        const char *text, *data;
    } right[] = {
        {"plain", "706c61696e"},
        {"0x00ffAB", "00ffab"},
        {"0sAP+r", "00ffab"},
        {"0sAP8=", "00ff"},
        {"0sAP8", "00ff"},
        {"0sAA==", "00"},
        {"0123", "30313233"},
        {"0X01", "01"},
    };
    static const char *const wrong[] = {"", "0x", "0xf", "0xzz", "0s", "0s=", "0sA", "0s*AAA"};
    for (size_t i = 0; i < sizeof right / sizeof right[0]; i++) {
        struct bytes data, expected = hex(right[i].data);
        struct value_fault f = {.at = 0};
        assert_true(value_secret(bytes_str(right[i].text), &arena, &data, &f));
        assert_bytes_equal(data, expected);
        free_bytes(expected);
    }
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        struct bytes data;
        struct value_fault f = {.at = 0};
        assert_false(value_secret(bytes_str(wrong[i]), &arena, &data, &f));
        if (strlen(wrong[i]) > 3)
            assert_null(strstr(f.text, wrong[i] + 2));
    }
}

/* ---- proposals ------------------------------------------------------------------------------- */

static void check_proposals(const char *text, uint8_t protocol, const char *printed)
{
    struct proposals list;
    struct value_fault f = {.at = 0};
    char out[2000];
    struct text t = text_make(out, sizeof out);
    if (!value_proposals(bytes_str(text), protocol, &arena, &list, &f)) {
        assert_string_equal(f.text, printed);
        return;
    }
    for (uint16_t i = 0; i < list.count; i++) {
        if (i > 0)
            text_add(&t, ", ");
        print_proposal(&t, &list.at[i]);
    }
    assert_string_equal(out, printed);
}

static void proposals_are_made_whole(void **state)
{
    (void)state;
    check_proposals("aes256gcm16-prfsha384-x25519-ke1_mlkem768", PROTOCOL_IKE,
                    "IKE:AES_GCM_16_256/PRF_HMAC_SHA2_384/CURVE_25519/KE1_ML_KEM_768");
    check_proposals("aes128-sha256-ecp256", PROTOCOL_IKE,
                    "IKE:AES_CBC_128/PRF_HMAC_SHA2_256/HMAC_SHA2_256_128/ECP_256");
    check_proposals("aes256gcm16-sha384-x25519", PROTOCOL_IKE,
                    "IKE:AES_GCM_16_256/PRF_HMAC_SHA2_384/CURVE_25519");
    check_proposals("aes256gcm16-prfsha256-x25519-none", PROTOCOL_IKE,
                    "IKE:AES_GCM_16_256/PRF_HMAC_SHA2_256/CURVE_25519");
    check_proposals(
        "aes256gcm16-prfsha256-x25519-KE1_mlkem768-ke1_none-ke3_ecp384", PROTOCOL_IKE,
        "IKE:AES_GCM_16_256/PRF_HMAC_SHA2_256/CURVE_25519/KE1_ML_KEM_768/KE1_NONE/KE3_ECP_384");
    check_proposals("aes256gcm16", PROTOCOL_ESP, "ESP:AES_GCM_16_256/NO_EXT_SEQ");
    check_proposals("aes256gcm16-prfsha256-sha256-esn-noesn", PROTOCOL_ESP,
                    "ESP:AES_GCM_16_256/EXT_SEQ/NO_EXT_SEQ");
    check_proposals("aes128-sha256-mlkem768", PROTOCOL_ESP,
                    "ESP:AES_CBC_128/HMAC_SHA2_256_128/ML_KEM_768/NO_EXT_SEQ");
    check_proposals(
        " aes128-sha256 , chacha20poly1305", PROTOCOL_ESP,
        "ESP:AES_CBC_128/HMAC_SHA2_256_128/NO_EXT_SEQ, ESP:CHACHA20_POLY1305/NO_EXT_SEQ");
}

static void impossible_proposals_are_explained(void **state)
{
    (void)state;
    check_proposals("aes256gcm16-x25519", PROTOCOL_IKE,
                    "a pseudo-random function is missing, for example prfsha384");
    check_proposals("aes256gcm16-prfsha256", PROTOCOL_IKE,
                    "a key exchange method is missing, for example x25519-ke1_mlkem768");
    check_proposals("sha256-x25519", PROTOCOL_IKE,
                    "an encryption algorithm is missing, for example aes256gcm16");
    check_proposals("aes256-x25519-prfsha256", PROTOCOL_IKE,
                    "an integrity algorithm is missing beside this cipher, for example sha256");
    check_proposals("aes256-aes256gcm16-sha256-x25519", PROTOCOL_IKE,
                    "AEAD ciphers (gcm, ccm, chacha20poly1305) and others cannot share a proposal; "
                    "separate them by a comma");
    check_proposals("aes256gcm16-prfsha256-mlkem1024", PROTOCOL_IKE,
                    "`mlkem1024` cannot come first: 1568 octets do not fit into IKE_SA_INIT, which "
                    "is never fragmented; write x25519-ke1_mlkem1024");
    check_proposals("aes256gcm16-prfsha256-x25519-ke1_x25519", PROTOCOL_IKE,
                    "no key exchange method may be used twice, and here nothing else is left for "
                    "one of the rounds");
    check_proposals("aes256gcm16-ke1_mlkem768", PROTOCOL_ESP,
                    "further key exchanges (ke1_ ...) need a first one, for example x25519");
    check_proposals("aes256gcm16-prfsha256-x25519-esn", PROTOCOL_IKE,
                    "sequence numbers are a matter of ESP, not of IKE");
    check_proposals("aes256gcm16-ke1_sha256", PROTOCOL_ESP, "`sha256` is no key exchange method");
    check_proposals("3des-sha1-modp1024", PROTOCOL_IKE,
                    "`3des` is left out of braid: too weak or out of use");
    check_proposals("aes256-sha256-x25591", PROTOCOL_IKE,
                    "`x25591` is no algorithm known here, did you mean `x25519`?");
    check_proposals("aes256--sha256", PROTOCOL_ESP, "a word is missing before or behind a `-`");
    check_proposals("aes256-sha256-", PROTOCOL_ESP, "a word is missing before or behind a `-`");
    check_proposals(" , ", PROTOCOL_ESP, "no proposal is given");
}

static void rounds_are_matched_not_guessed(void **state)
{
    (void)state;
    struct proposals list;
    struct value_fault f;
    assert_true(value_proposals(BYTES_LIT("aes256gcm16-prfsha256-x25519-ecp256-ke1_x25519"),
                                PROTOCOL_IKE, &arena, &list, &f));
    assert_true(value_proposals(BYTES_LIT("aes256gcm16-prfsha256-x25519-ke1_x25519-ke1_none"),
                                PROTOCOL_IKE, &arena, &list, &f));
    assert_false(
        value_proposals(BYTES_LIT("aes256gcm16-prfsha256-x25519-ecp256-ke1_x25519-ke2_ecp256"),
                        PROTOCOL_IKE, &arena, &list, &f));
    assert_true(value_proposals(
        BYTES_LIT("aes256gcm16-prfsha256-x25519-ecp256-ke1_x25519-ke2_ecp256-ke2_ecp384"),
        PROTOCOL_IKE, &arena, &list, &f));
}

static void old_algorithms_get_a_warning(void **state)
{
    (void)state;
    struct proposals list;
    struct value_fault f = {.at = 0};
    assert_true(value_proposals(BYTES_LIT("aes256-sha1-x25519"), PROTOCOL_IKE, &arena, &list, &f));
    assert_string_equal(f.warning, "`sha1` is for old peers only");
}

static void the_default_is_quantum_safe_without_exception(void **state)
{
    (void)state;
    static const uint8_t protocols[] = {PROTOCOL_IKE, PROTOCOL_ESP};
    for (size_t k = 0; k < 2; k++) {
        struct proposals list;
        struct value_fault f = {.at = 0};
        assert_true(value_proposals(BYTES_LIT("Default"), protocols[k], &arena, &list, &f));
        assert_string_equal(f.warning, "");
        for (uint16_t i = 0; i < list.count; i++) {
            bool safe = false, none = false;
            for (uint16_t j = 0; j < list.at[i].count; j++) {
                const struct transform *t = &list.at[i].transform[j];
                if (kex_slot(t->type) != 1)
                    continue;
                none |= t->id == KE_NONE;
                safe |= t->id == 36;
            }
            assert_true(safe && !none);
        }
    }
    check_proposals("default, aes128-sha256-ecp256", PROTOCOL_IKE,
                    "IKE:AES_GCM_16_256/AES_GCM_16_128/CHACHA20_POLY1305/PRF_HMAC_SHA2_384/"
                    "PRF_HMAC_SHA2_256/PRF_HMAC_SHA2_512/CURVE_25519/ECP_384/"
                    "ECP_256/KE1_ML_KEM_768/KE1_ML_KEM_1024, "
                    "IKE:AES_CBC_128/PRF_HMAC_SHA2_256/HMAC_SHA2_256_128/ECP_256");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(numbers_are_read_as_in_c),
        cmocka_unit_test(times_have_units),
        cmocka_unit_test(factors_and_sizes),
        cmocka_unit_test(truths_and_actions),
        cmocka_unit_test(codepoints_are_binary_digits),
        cmocka_unit_test(marks_have_masks_and_words),
        cmocka_unit_test(addresses_are_ranges),
        cmocka_unit_test(endpoints_may_be_names),
        cmocka_unit_test(selectors_of_every_form),
        cmocka_unit_test(wrong_selectors_are_pointed_at),
        cmocka_unit_test(identities_of_every_kind),
        cmocka_unit_test(identities_that_match_many),
        cmocka_unit_test(identities_that_cannot_be),
        cmocka_unit_test(names_become_der),
        cmocka_unit_test(long_names_have_long_lengths),
        cmocka_unit_test(secrets_in_three_codes),
        cmocka_unit_test(proposals_are_made_whole),
        cmocka_unit_test(impossible_proposals_are_explained),
        cmocka_unit_test(rounds_are_matched_not_guessed),
        cmocka_unit_test(old_algorithms_get_a_warning),
        cmocka_unit_test(the_default_is_quantum_safe_without_exception),
    };
    return cmocka_run_group_tests(tests, begin, end);
}
