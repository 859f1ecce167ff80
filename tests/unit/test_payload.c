/* payload: the families one by one: their fields, what is refused, what is tolerated, what cannot be sent. */
#include "../support/unit.h"
#include "base/text.h"
#include "wire/message.h"

enum { ARENA_LIMIT = 1 << 20 };

static struct memory memory;
static struct arena arena;
static struct ike_msg m;
static struct bytes chain; /* the last that was decoded: what is in m points into it */

static int set_up(void **state)
{
    (void)state;
    memory_make(&memory);
    arena = arena_make(&memory.alloc, ARENA_LIMIT);
    chain = BYTES_NONE;
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    free_bytes(chain);
    arena_wipe(&arena);
    memory_check(&memory);
    return 0;
}

/* Decode one payload with this body, in memory of exact size. */
static enum decode_class decode(uint8_t type, const char *body)
{
    uint8_t buffer[2048];
    struct bytes octets = hex(body);
    struct writer w = writer_make(buffer, sizeof buffer);
    writer_u16(&w, 0);
    writer_u16(&w, (uint16_t)(octets.len + 4));
    writer_bytes(&w, octets);
    free_bytes(octets);
    free_bytes(chain);
    chain = exact(writer_view(&w));
    m = ike_msg_make();
    return ike_payloads_decode(chain, type, &arena, &m).class;
}

static void check_refused(uint8_t type, const char *body)
{
    assert_int_equal(decode(type, body), DECODE_SYNTAX);
}

/* Decode, encode, and be back at the same octets. */
static const struct payload *check_kept(uint8_t type, const char *body)
{
    uint8_t buffer[2048], first;
    assert_int_equal(decode(type, body), DECODE_OK);
    struct writer w = writer_make(buffer, sizeof buffer);
    ike_payloads_encode(&w, &m, &first);
    assert_false(w.fault);
    assert_bytes_equal(writer_view(&w), chain);
    return &m.payload[0];
}

static void check_not_sendable(const struct ike_msg *msg)
{
    uint8_t buffer[2048], first;
    struct writer w = writer_make(buffer, sizeof buffer);
    ike_payloads_encode(&w, msg, &first);
    assert_true(w.fault);
}

static struct payload *fresh(uint8_t type)
{
    m = ike_msg_make();
    return ike_msg_add(&m, &arena, type);
}

/* ---- SA --------------------------------------------------------------------------------------------------------- */

#define T_PRF "0000000802000005"      /* the last transform: PRF_HMAC_SHA2_256 */
#define T_PRF_MORE "0300000802000005" /* the same, with more to follow */

static void a_proposal_has_number_protocol_spi_and_transforms(void **state)
{
    (void)state;
    const struct proposals *sa = &check_kept(PAYLOAD_SA, "0000 001c 07 03 04 02 aabbccdd" T_PRF_MORE "0000000805000001")->u.sa;
    assert_int_equal(sa->count, 1);
    assert_int_equal(sa->at[0].number, 7);
    assert_int_equal(sa->at[0].protocol, PROTOCOL_ESP);
    assert_int_equal(sa->at[0].spi_len, 4);
    assert_memory_equal(sa->at[0].spi, "\xaa\xbb\xcc\xdd\0\0\0\0", 8);
    assert_int_equal(sa->at[0].count, 2);
    assert_int_equal(sa->at[0].transform[1].type, TRANSFORM_SN);
    assert_int_equal(sa->at[0].transform[1].id, SN_64);
}

static void substructures_that_do_not_fit_are_refused(void **state)
{
    (void)state;
    check_refused(PAYLOAD_SA, "");                                                          /* no proposal */
    check_refused(PAYLOAD_SA, "0000");                                                      /* half a header */
    check_refused(PAYLOAD_SA, "0000 0008 01 01 00 00");                                     /* no transform */
    check_refused(PAYLOAD_SA, "0200 0010 01 01 00 01" T_PRF);                               /* more announced */
    check_refused(PAYLOAD_SA, "0100 0010 01 01 00 01" T_PRF);                               /* neither 0 nor 2 */
    check_refused(PAYLOAD_SA, "0000 0010 01 01 00 01" T_PRF "0000 0010 02 01 00 01" T_PRF); /* last comes first */
    check_refused(PAYLOAD_SA, "0000 0010 01 01 00 01" T_PRF_MORE);                          /* more transforms announced */
    check_refused(PAYLOAD_SA, "0000 0018 01 01 00 02" T_PRF T_PRF);                         /* last transform comes first */
    check_refused(PAYLOAD_SA, "0000 0018 01 01 00 01" T_PRF_MORE T_PRF);                    /* one too many */
    check_refused(PAYLOAD_SA, "0000 0010 01 01 00 02" T_PRF);                               /* one too few */
    check_refused(PAYLOAD_SA, "0000 0010 01 01 00 01"
                              "0200000802000005");            /* transform with a 2 */
    check_refused(PAYLOAD_SA, "0000 0011 01 01 00 01" T_PRF); /* longer than the payload */
    check_refused(PAYLOAD_SA, "0000 000f 01 01 00 01" T_PRF); /* shorter than its content */
    check_refused(PAYLOAD_SA, "0000 0010 01 01 00 01"
                              "0000000902000005"); /* transform too long */
    check_refused(PAYLOAD_SA, "0000 0010 01 01 00 01"
                              "0000000702000005");                               /* transform too short */
    check_refused(PAYLOAD_SA, "0000 0000 01 01 00 01" T_PRF);                    /* length 0 */
    check_refused(PAYLOAD_SA, "0000 0019 01 01 09 01 010203040506070809" T_PRF); /* SPI of 9 */
    check_refused(PAYLOAD_SA, "0000 0010 01 01 08 01" T_PRF);                    /* SPI eats the transform */
}

static void too_many_proposals_are_refused(void **state)
{
    (void)state;
    char body[32 * (PROPOSALS_MAX + 1) + 1];
    struct text t = text_make(body, sizeof body);
    for (int i = 0; i < PROPOSALS_MAX; i++)
        text_add(&t, "02000010010100010000000802000005");
    text_add(&t, "00000010010100010000000802000005");
    assert_false(t.cut);
    check_refused(PAYLOAD_SA, body);
    check_kept(PAYLOAD_SA, body + 32);
}

static void reserved_octets_of_substructures_are_ignored(void **state)
{
    (void)state;
    assert_int_equal(decode(PAYLOAD_SA, "00ff 0010 01 01 00 01 00ff0008 02ff0005"), DECODE_OK);
    assert_int_equal(m.payload[0].u.sa.at[0].transform[0].id, 5);
}

static void an_unknown_transform_type_is_kept(void **state)
{
    (void)state;
    const struct payload *p = check_kept(PAYLOAD_SA, "0000 0010 01 01 00 01"
                                                     "00000008f0001234");
    assert_int_equal(p->u.sa.at[0].transform[0].type, 0xf0);
    assert_false(p->u.sa.at[0].transform[0].unknown_attr);
}

static const struct transform *decode_transform(const char *body)
{
    assert_int_equal(decode(PAYLOAD_SA, body), DECODE_OK);
    return &m.payload[0].u.sa.at[0].transform[0];
}

static void a_key_length_is_an_attribute_of_fixed_length(void **state)
{
    (void)state;
    const struct transform *t = decode_transform("0000 0014 01 01 00 01"
                                                 "0000000c01000014 800e0100");
    assert_int_equal(t->key_bits, 256);
    assert_false(t->unknown_attr);
}

static void a_transform_with_a_strange_attribute_is_marked_and_not_sent(void **state)
{
    (void)state;
    static const char *const strange[] = {
        "0000 0014 01 01 00 01 0000000c01000014 800f0100",          /* another type */
        "0000 0014 01 01 00 01 0000000c01000014 800e0000",          /* a key of no bits */
        "0000 0018 01 01 00 01 0000001001000014 800e0100 800e0080", /* two key lengths */
        "0000 0016 01 01 00 01 0000000e01000014 000e0002 0100",     /* of variable length */
        "0000 0014 01 01 00 01 0000000c01000014 00630000",          /* another type, empty */
    };
    for (size_t i = 0; i < sizeof strange / sizeof *strange; i++) {
        assert_true(decode_transform(strange[i])->unknown_attr);
        check_not_sendable(&m);
    }
    check_refused(PAYLOAD_SA, "0000 0014 01 01 00 01 0000000c01000014 000e0001"); /* value missing */
    check_refused(PAYLOAD_SA, "0000 0012 01 01 00 01 0000000a01000014 800e");     /* half an attribute */
}

static void sa_values_beyond_their_fields_are_not_sent(void **state)
{
    (void)state;
    struct transform t = {.type = TRANSFORM_PRF, .id = 5};
    struct proposal p = {.number = 1, .protocol = PROTOCOL_IKE, .count = 1, .transform = &t};
    struct payload *payload = fresh(PAYLOAD_SA);
    check_not_sendable(&m);
    payload->u.sa = (struct proposals){.count = 1, .at = &p};
    p.spi_len = 9;
    check_not_sendable(&m);
    p.spi_len = 8;
    p.count = 0;
    check_not_sendable(&m);
    p.count = 256;
    check_not_sendable(&m);
}

/* ---- the plain ones --------------------------------------------------------------------------------------------- */

static void plain_payloads_are_a_header_and_data(void **state)
{
    (void)state;
    const struct payload *p = check_kept(PAYLOAD_KE, "0024 0000 aabbcc");
    assert_int_equal(p->u.ke.method, 36);
    assert_int_equal(p->u.ke.data.len, 3);
    p = check_kept(PAYLOAD_IDi, "02 000000 677731");
    assert_int_equal(p->u.id.id.type, ID_FQDN);
    assert_bytes_equal(p->u.id.id.data, BYTES_LIT("gw1"));
    p = check_kept(PAYLOAD_IDr, "0d 000000");
    assert_int_equal(p->u.id.id.type, ID_NULL);
    assert_int_equal(p->u.id.id.data.len, 0);
    p = check_kept(PAYLOAD_CERT, "04 3000");
    assert_int_equal(p->u.cert.encoding, CERT_X509_SIGNATURE);
    p = check_kept(PAYLOAD_CERTREQ, "04");
    assert_int_equal(p->u.cert.data.len, 0);
    p = check_kept(PAYLOAD_AUTH, "02 000000 0102");
    assert_int_equal(p->u.auth.method, AUTH_PSK);
    assert_int_equal(p->u.auth.data.len, 2);
    check_kept(PAYLOAD_EAP, "01020004");
    check_kept(PAYLOAD_VENDOR, "");
    assert_int_equal(check_kept(PAYLOAD_NONCE, "0102")->raw.len, 2); /* its length is the grammar's business */
}

static void plain_payloads_shorter_than_their_header_are_refused(void **state)
{
    (void)state;
    check_refused(PAYLOAD_KE, "002400");
    check_refused(PAYLOAD_IDi, "020000");
    check_refused(PAYLOAD_IDr, "");
    check_refused(PAYLOAD_CERT, "");
    check_refused(PAYLOAD_CERTREQ, "");
    check_refused(PAYLOAD_AUTH, "020000");
}

static void the_raw_body_of_an_identity_keeps_its_reserved_octets(void **state)
{
    (void)state;
    assert_int_equal(decode(PAYLOAD_IDi, "02 a1a2a3 677731"), DECODE_OK);
    struct bytes body = hex("02 a1a2a3 677731");
    assert_bytes_equal(m.payload[0].raw, body); /* AUTH covers it (RFC 7296 2.15) */
    free_bytes(body);
}

/* ---- Notify and Delete ------------------------------------------------------------------------------------------ */

static void a_notify_has_protocol_spi_type_and_data(void **state)
{
    (void)state;
    const struct notify_payload *n = &check_kept(PAYLOAD_NOTIFY, "03 04 4009 01020304 ff")->u.notify;
    assert_int_equal(n->protocol, PROTOCOL_ESP);
    assert_int_equal(n->type, NOTIFY_REKEY_SA);
    assert_int_equal(n->spi_len, 4);
    assert_int_equal(n->spi.len, 4);
    assert_int_equal(n->data.len, 1);
    check_refused(PAYLOAD_NOTIFY, "03 04 4009 010203");
    check_refused(PAYLOAD_NOTIFY, "03 04 40");
    check_refused(PAYLOAD_NOTIFY, "03 09 4009 010203040506070809");
    fresh(PAYLOAD_NOTIFY)->u.notify.spi = BYTES_LIT("123456789");
    check_not_sendable(&m);
}

static void a_delete_has_as_many_spis_as_it_says(void **state)
{
    (void)state;
    const struct delete_payload *d = &check_kept(PAYLOAD_DELETE, "03 04 0002 01020304 05060708")->u.del;
    assert_int_equal(d->count, 2);
    assert_int_equal(d->spis.len, 8);
    d = &check_kept(PAYLOAD_DELETE, "01 00 0000")->u.del;
    assert_int_equal(d->protocol, PROTOCOL_IKE);
    assert_int_equal(d->count, 0);
    check_refused(PAYLOAD_DELETE, "03 04 0002 01020304");
    check_refused(PAYLOAD_DELETE, "03 04 0001 01020304 05");
    check_refused(PAYLOAD_DELETE, "03 00 0000 01");
    check_refused(PAYLOAD_DELETE, "03 09 0001 010203040506070809");
    check_refused(PAYLOAD_DELETE, "03 00 1001");
    check_refused(PAYLOAD_DELETE, "03 04 00");
    fresh(PAYLOAD_DELETE)->u.del = (struct delete_payload){.spi_len = 4, .count = 2, .spis = BYTES_LIT("1234")};
    check_not_sendable(&m);
}

/* ---- TS --------------------------------------------------------------------------------------------------------- */

#define TS4 "07 06 0010 0050 0051 0a010000 0a01ffff"
#define TS6 "08 00 0028 0000 ffff 20010db8000000000000000000000000 20010db8ffffffffffffffffffffffff"

static void selectors_of_both_families_are_decoded(void **state)
{
    (void)state;
    const struct selectors *ts = &check_kept(PAYLOAD_TSi, "02 000000" TS4 TS6)->u.ts;
    assert_int_equal(ts->count, 2);
    assert_int_equal(ts->at[0].family, ADDR_V4);
    assert_int_equal(ts->at[0].protocol, 6);
    assert_int_equal(ts->at[0].from_port, 80);
    assert_int_equal(ts->at[0].to_port, 81);
    assert_memory_equal(ts->at[0].from, "\x0a\x01\0\0\0\0\0\0", 8);
    assert_memory_equal(ts->at[0].to, "\x0a\x01\xff\xff\0\0\0\0", 8);
    assert_int_equal(ts->at[1].family, ADDR_V6);
    assert_int_equal(ts->at[1].to[15], 0xff);
}

static void ranges_that_run_backwards_are_not_the_codecs_business(void **state)
{
    (void)state;
    check_kept(PAYLOAD_TSr, "01 000000 07 00 0010 ffff 0000 0a01ffff 0a010000");
}

static void a_selector_of_an_unknown_type_is_kept_and_not_sent(void **state)
{
    (void)state;
    assert_int_equal(decode(PAYLOAD_TSi, "03 000000" TS4 "09 00 0006 abcd" TS6), DECODE_OK);
    assert_int_equal(m.payload[0].u.ts.count, 3);
    assert_int_equal(m.payload[0].u.ts.at[1].family, ADDR_NONE);
    assert_int_equal(m.payload[0].u.ts.at[2].family, ADDR_V6);
    check_not_sendable(&m);
    assert_int_equal(decode(PAYLOAD_TSi, "01 000000 09 00 0004"), DECODE_OK);
}

static void selectors_that_do_not_fit_are_refused(void **state)
{
    (void)state;
    check_refused(PAYLOAD_TSi, "00 000000");         /* none */
    check_refused(PAYLOAD_TSi, "01 0000");           /* half a header */
    check_refused(PAYLOAD_TSi, "02 000000" TS4);     /* one too few */
    check_refused(PAYLOAD_TSi, "01 000000" TS4 TS4); /* one too many */
    check_refused(PAYLOAD_TSi, "01 000000 07 06 0010 0050 0051 0a010000 0a01ff");
    check_refused(PAYLOAD_TSi, "01 000000 07 06 000f 0050 0051 0a010000 0a01ff");
    check_refused(PAYLOAD_TSi, "01 000000 07 06 0011 0050 0051 0a010000 0a01ffff 00");
    check_refused(PAYLOAD_TSi, "01 000000 08 06 0010 0050 0051 0a010000 0a01ffff");
    check_refused(PAYLOAD_TSi, "01 000000 07 06 0003");    /* shorter than its header */
    check_refused(PAYLOAD_TSi, "01 000000 09 00 0006 ab"); /* unknown, and too long */
    check_refused(PAYLOAD_TSi, "ff 000000 07 06 0010");
}

static void a_dynamic_selector_is_not_sent(void **state)
{
    (void)state;
    struct selector s = {.family = ADDR_V4, .dynamic = true};
    struct payload *p = fresh(PAYLOAD_TSi);
    check_not_sendable(&m);
    p->u.ts = (struct selectors){.count = 1, .at = &s};
    check_not_sendable(&m);
    p->u.ts.count = 256;
    check_not_sendable(&m);
}

/* ---- CP --------------------------------------------------------------------------------------------------------- */

static void configuration_attributes_have_values_of_any_length(void **state)
{
    (void)state;
    const struct cp_payload *cp = &check_kept(PAYLOAD_CP, "02 000000 0001 0004 0a000001 0003 0000")->u.cp;
    assert_int_equal(cp->type, CP_REPLY);
    assert_int_equal(cp->count, 2);
    assert_int_equal(cp->attribute[0].type, CP_ATTR_INTERNAL_IP4_ADDRESS);
    assert_int_equal(cp->attribute[0].value.len, 4);
    assert_int_equal(cp->attribute[1].value.len, 0);
    assert_int_equal(check_kept(PAYLOAD_CP, "01 000000")->u.cp.count, 0);
    assert_int_equal(decode(PAYLOAD_CP, "01 000000 8003 0000"), DECODE_OK); /* the reserved bit */
    assert_int_equal(m.payload[0].u.cp.attribute[0].type, CP_ATTR_INTERNAL_IP4_DNS);
    check_refused(PAYLOAD_CP, "01 0000");
    check_refused(PAYLOAD_CP, "01 000000 0001 0004 0a0000");
    check_refused(PAYLOAD_CP, "01 000000 0001 00");
}

static void configuration_values_beyond_their_fields_are_not_sent(void **state)
{
    (void)state;
    struct cp_attribute a = {.type = 0x8000};
    struct payload *p = fresh(PAYLOAD_CP);
    p->u.cp = (struct cp_payload){.type = CP_REQUEST, .count = 1, .attribute = &a};
    check_not_sendable(&m);
    p->u.cp.count = CP_ATTRIBUTES_MAX + 1;
    check_not_sendable(&m);
}

/* ---- SK and SKF ------------------------------------------------------------------------------------------------- */

static void a_sealed_payload_shows_where_its_body_lies(void **state)
{
    (void)state;
    struct bytes sk = hex("0102030405060708 1112131415161718 2e 20 23 08 00000001 00000024 2b 00 0008 a1a2a3a4");
    assert_int_equal(ike_message_decode(sk, &arena, &m).class, DECODE_OK);
    assert_int_equal(m.payload[0].u.sk.inner, PAYLOAD_VENDOR);
    assert_int_equal(m.payload[0].u.sk.number, 1);
    assert_int_equal(m.payload[0].u.sk.total, 1);
    assert_int_equal(m.payload[0].u.sk.body_at, 32);
    assert_int_equal(m.payload[0].u.sk.body.len, 4);
    free_bytes(sk);

    struct bytes skf = hex("0102030405060708 1112131415161718 35 20 23 08 00000001 00000028 00 00 000c 0002 0003 a1a2a3a4");
    assert_int_equal(ike_message_decode(skf, &arena, &m).class, DECODE_OK);
    assert_int_equal(m.payload[0].u.sk.inner, PAYLOAD_NONE);
    assert_int_equal(m.payload[0].u.sk.number, 2);
    assert_int_equal(m.payload[0].u.sk.total, 3);
    assert_int_equal(m.payload[0].u.sk.body_at, 36);
    free_bytes(skf);
}

static void nothing_may_stand_behind_a_sealed_payload(void **state)
{
    (void)state;
    struct bytes two = hex("28 00 0006 abcd 00 00 0006 abcd");
    assert_int_equal(ike_payloads_decode(two, PAYLOAD_SK, &arena, &m).class, DECODE_SYNTAX);
    assert_int_equal(ike_payloads_decode(two, PAYLOAD_NONCE, &arena, &m).class, DECODE_OK);
    free_bytes(two);
}

static void fragment_numbers_are_not_the_codecs_business(void **state)
{
    (void)state;
    check_kept(PAYLOAD_SKF, "0000 0000 ab");
    check_kept(PAYLOAD_SKF, "0005 0002");
    check_refused(PAYLOAD_SKF, "0001 00");
    fresh(PAYLOAD_SK)->u.sk.number = 2;
    check_not_sendable(&m);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_proposal_has_number_protocol_spi_and_transforms),
        TEST(substructures_that_do_not_fit_are_refused),
        TEST(too_many_proposals_are_refused),
        TEST(reserved_octets_of_substructures_are_ignored),
        TEST(an_unknown_transform_type_is_kept),
        TEST(a_key_length_is_an_attribute_of_fixed_length),
        TEST(a_transform_with_a_strange_attribute_is_marked_and_not_sent),
        TEST(sa_values_beyond_their_fields_are_not_sent),
        TEST(plain_payloads_are_a_header_and_data),
        TEST(plain_payloads_shorter_than_their_header_are_refused),
        TEST(the_raw_body_of_an_identity_keeps_its_reserved_octets),
        TEST(a_notify_has_protocol_spi_type_and_data),
        TEST(a_delete_has_as_many_spis_as_it_says),
        TEST(selectors_of_both_families_are_decoded),
        TEST(ranges_that_run_backwards_are_not_the_codecs_business),
        TEST(a_selector_of_an_unknown_type_is_kept_and_not_sent),
        TEST(selectors_that_do_not_fit_are_refused),
        TEST(a_dynamic_selector_is_not_sent),
        TEST(configuration_attributes_have_values_of_any_length),
        TEST(configuration_values_beyond_their_fields_are_not_sent),
        TEST(a_sealed_payload_shows_where_its_body_lies),
        TEST(nothing_may_stand_behind_a_sealed_payload),
        TEST(fragment_numbers_are_not_the_codecs_business),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
