/*
 * message: the payload chain. What is decoded and encoded again is the same; what cannot be is refused, at its
 * place.
 */
#include "../support/messages.h"
#include "../support/unit.h"

#include <stdlib.h>

enum { ARENA_LIMIT = 1 << 20 };

static struct memory memory;
static struct arena arena;

static int set_up(void **state)
{
    (void)state;
    memory_make(&memory);
    arena = arena_make(&memory.alloc, ARENA_LIMIT);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    arena_wipe(&arena);
    memory_check(&memory);
    return 0;
}

static struct bytes encode(const struct ike_msg *m)
{
    uint8_t *buffer = malloc(MESSAGE_LEN_MAX);
    struct writer w = writer_make(buffer, MESSAGE_LEN_MAX);
    ike_message_encode(&w, m);
    struct bytes result = w.fault ? BYTES_NONE : exact(writer_view(&w));
    free(buffer);
    return result;
}

static struct decode_error decode(struct bytes datagram, struct ike_msg *m)
{
    return ike_message_decode(datagram, &arena, m);
}

/*
 * An IKE_SA_INIT request, written by hand after the figures of RFC 7296 3: two proposals, the first with a further key
 * exchange (RFC 9370), X25519 data of 32 octets, a nonce of 32, and the notifies of a peer of our time.
 */
static const char ike_sa_init[] =
    "0102030405060708 0000000000000000" /* SPIs */
    "21 20 22 08 00000000 0000012c"     /* SA first, 2.0, IKE_SA_INIT, I, mid 0, length 300 */
    "22 00 0064"                        /* SA, then KE */
    "02 00 0034 01 01 00 05"            /* proposal 1: IKE, no SPI, 5 transforms, more follow */
    "03 00 000c 01 00 0014 800e 0100"   /* ENCR AES-GCM-16, key length 256 */
    "03 00 0008 02 00 0006"             /* PRF HMAC-SHA2-384 */
    "03 00 0008 04 00 001f"             /* KE X25519 */
    "03 00 0008 06 00 0024"             /* further KE: ML-KEM-768 */
    "00 00 0008 06 00 0000"             /*         or none */
    "00 00 002c 02 01 00 04"            /* proposal 2, the last: 4 transforms */
    "03 00 000c 01 00 000c 800e 0080"   /* ENCR AES-CBC, key length 128 */
    "03 00 0008 02 00 0005"             /* PRF HMAC-SHA2-256 */
    "03 00 0008 03 00 000c"             /* INTEG HMAC-SHA2-256-128 */
    "00 00 0008 04 00 0013"             /* KE ECP-256 */
    "28 00 0028 001f 0000"              /* KE X25519, then Nonce */
    "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f"
    "29 00 0024" /* Nonce, then Notify */
    "202122232425262728292a2b2c2d2e2f303132333435363738393a3b3c3d3e3f"
    "29 00 001c 00 00 4004 404142434445464748494a4b4c4d4e4f50515253" /* NAT_DETECTION_SOURCE_IP */
    "29 00 001c 00 00 4005 606162636465666768696a6b6c6d6e6f70717273" /* NAT_DETECTION_DESTINATION_IP */
    "29 00 0008 00 00 402e"                                          /* IKEV2_FRAGMENTATION_SUPPORTED */
    "2b 00 0010 00 00 402f 0002 0003 0004 0005"                      /* SIGNATURE_HASH_ALGORITHMS */
    "00 00 0010 0b1ecafe0b1ecafe0b1ecafe";                           /* Vendor ID */

static void an_ike_sa_init_request_is_decoded_field_by_field(void **state)
{
    (void)state;
    struct bytes datagram = hex(ike_sa_init);
    struct ike_msg m = ike_msg_make();
    assert_int_equal(decode(datagram, &m).class, DECODE_OK);
    assert_int_equal(m.header.spi_i, UINT64_C(0x0102030405060708));
    assert_int_equal(m.header.exchange, EXCHANGE_IKE_SA_INIT);
    assert_true(m.header.initiator);
    assert_false(m.header.response);
    assert_int_equal(m.count, 8);

    const struct proposals *sa = &ike_msg_find(&m, PAYLOAD_SA)->u.sa;
    assert_int_equal(sa->count, 2);
    assert_int_equal(sa->at[0].count, 5);
    assert_int_equal(sa->at[0].transform[0].type, TRANSFORM_ENCR);
    assert_int_equal(sa->at[0].transform[0].id, 20);
    assert_int_equal(sa->at[0].transform[0].key_bits, 256);
    assert_int_equal(kex_slot(sa->at[0].transform[3].type), 1);
    assert_int_equal(sa->at[0].transform[3].id, 36);
    assert_int_equal(sa->at[0].transform[4].id, KE_NONE);
    assert_int_equal(sa->at[1].number, 2);
    assert_int_equal(sa->at[1].transform[2].id, 12);

    const struct ke_payload *ke = &ike_msg_find(&m, PAYLOAD_KE)->u.ke;
    assert_int_equal(ke->method, 31);
    assert_int_equal(ke->data.len, 32);
    assert_int_equal(ke->data.at[31], 0x1f);
    assert_int_equal(ike_msg_find(&m, PAYLOAD_NONCE)->raw.len, 32);
    assert_int_equal(ike_msg_notify(&m, NOTIFY_SIGNATURE_HASH_ALGORITHMS)->data.len, 8);
    assert_int_equal(ike_msg_find(&m, PAYLOAD_VENDOR)->raw.len, 12);
    free_bytes(datagram);
}

static void an_ike_sa_init_request_is_encoded_bit_for_bit_again(void **state)
{
    (void)state;
    struct bytes datagram = hex(ike_sa_init);
    struct ike_msg m = ike_msg_make();
    assert_int_equal(decode(datagram, &m).class, DECODE_OK);
    struct bytes again = encode(&m);
    assert_bytes_equal(again, datagram);
    free_bytes(again);
    free_bytes(datagram);
}

static void any_message_survives_encoding_and_decoding(void **state)
{
    (void)state;
    for (uint64_t seed = 0; seed < 100000; seed++) {
        struct dice dice = {seed};
        struct ike_msg m = random_message(&dice, &arena);
        struct bytes datagram = encode(&m);
        if (datagram.len == 0) { /* too long for one message: several SA payloads of full size */
            arena_wipe(&arena);
            continue;
        }
        struct ike_msg decoded = ike_msg_make();
        struct decode_error e = decode(datagram, &decoded);
        if (e.class != DECODE_OK || !messages_equal(&m, &decoded))
            fail_msg("seed %llu: payload %u at %zu: %s", (unsigned long long)seed, e.payload, e.offset,
                     e.what ? e.what : "decoded, but different");
        struct bytes again = encode(&decoded);
        assert_bytes_equal(again, datagram);
        free_bytes(again);
        free_bytes(datagram);
        arena_wipe(&arena);
    }
}

/* One payload of each family, and one that we do not know. */
static struct bytes sample(uint8_t type, uint64_t seed)
{
    struct dice dice = {seed};
    struct ike_msg m = ike_msg_make();
    m.header.exchange = EXCHANGE_INFORMATIONAL;
    random_payload(&dice, &arena, &m, type);
    m.payload[0].critical = false;
    return encode(&m);
}

static void a_message_cut_at_any_length_is_an_error(void **state)
{
    (void)state;
    for (uint8_t type = 33; type < 56; type++) {
        struct bytes whole = sample(type, type);
        for (size_t len = 0; len < whole.len; len++) {
            struct bytes cut = exact(bytes_make(whole.at, len));
            struct ike_msg m = ike_msg_make();
            assert_int_equal(decode(cut, &m).class, DECODE_SYNTAX);
            if (len >= IKE_HEADER_LEN) { /* the header's length made to agree */
                put_u32((uint8_t *)(uintptr_t)cut.at + 24, (uint32_t)len);
                struct decode_error e = decode(cut, &m);
                assert_int_equal(e.class, DECODE_SYNTAX);
                assert_true(e.offset <= len);
            }
            free_bytes(cut);
        }
        free_bytes(whole);
        arena_wipe(&arena);
    }
}

/* Decode an exact copy; whatever comes out and can be sent must survive another round. */
static void check_total(struct bytes datagram)
{
    struct bytes copy = exact(datagram);
    struct ike_msg m = ike_msg_make(), again = ike_msg_make();
    struct decode_error e = decode(copy, &m);
    if (e.class == DECODE_OK) {
        struct bytes sent = encode(&m);
        if (sent.len) {
            assert_int_equal(decode(sent, &again).class, DECODE_OK);
            assert_true(messages_equal(&m, &again));
        }
        free_bytes(sent);
    } else {
        assert_non_null(e.what);
        assert_true(e.offset <= datagram.len);
        assert_int_equal(m.count, 0);
        assert_null(m.payload);
    }
    free_bytes(copy);
    arena_wipe(&arena);
}

/* All lengths made to agree with a shorter body: what is inside it must not be over-read. */
static void a_body_cut_at_any_length_gives_an_error_or_a_message(void **state)
{
    (void)state;
    for (uint8_t type = 33; type < 56; type++) {
        for (uint64_t seed = 0; seed < 20; seed++) {
            struct bytes whole = sample(type, seed);
            for (size_t len = IKE_HEADER_LEN + PAYLOAD_HEADER_LEN; len < whole.len && len < 2000; len++) {
                struct bytes cut = exact(bytes_make(whole.at, len));
                uint8_t *at = (uint8_t *)(uintptr_t)cut.at;
                put_u32(at + 24, (uint32_t)len);
                put_u16(at + IKE_HEADER_LEN + 2, (uint16_t)(len - IKE_HEADER_LEN));
                check_total(cut);
                free_bytes(cut);
            }
            free_bytes(whole);
        }
    }
}

static void any_single_octet_may_be_anything(void **state)
{
    (void)state;
    struct bytes init = hex(ike_sa_init);
    for (uint8_t type = 32; type < 56; type++) {
        struct bytes datagram = type == 32 ? exact(init) : sample(type, 3);
        arena_wipe(&arena);
        uint8_t *at = (uint8_t *)(uintptr_t)datagram.at;
        for (size_t i = 0; i < datagram.len && i < 1000; i++) {
            uint8_t was = at[i];
            for (unsigned value = 0; value < 256; value++) {
                at[i] = (uint8_t)value;
                check_total(datagram);
            }
            at[i] = was;
        }
        free_bytes(datagram);
    }
    free_bytes(init);
}

static void noise_is_never_more_than_an_error(void **state)
{
    (void)state;
    struct dice dice = {9370};
    for (int round = 0; round < 20000; round++) {
        uint8_t noise[300];
        size_t len = dice_below(&dice, sizeof noise);
        for (size_t i = 0; i < len; i++)
            noise[i] = (uint8_t)(dice_below(&dice, 3) ? dice_below(&dice, 60) : dice_roll(&dice));
        struct bytes chain = exact(bytes_make(noise, len));
        struct ike_msg m = ike_msg_make();
        (void)ike_payloads_decode(chain, (uint8_t)(33 + dice_below(&dice, 21)), &arena, &m);
        free_bytes(chain);
        arena_wipe(&arena);
    }
}

static void an_empty_chain_is_a_message_without_payloads(void **state)
{
    (void)state;
    struct ike_msg m = ike_msg_make();
    assert_int_equal(ike_payloads_decode(BYTES_NONE, PAYLOAD_NONE, &arena, &m).class, DECODE_OK);
    assert_int_equal(m.count, 0);
    assert_int_equal(ike_payloads_decode(BYTES_NONE, PAYLOAD_NONCE, &arena, &m).class, DECODE_SYNTAX);

    uint8_t buffer[4], first = 77;
    struct writer w = writer_make(buffer, sizeof buffer);
    ike_payloads_encode(&w, &m, &first);
    assert_false(w.fault);
    assert_int_equal(w.len, 0);
    assert_int_equal(first, PAYLOAD_NONE);
}

static void octets_after_the_last_payload_are_an_error(void **state)
{
    (void)state;
    struct bytes chain = hex("00 00 0006 abcd 00");
    struct ike_msg m = ike_msg_make();
    struct decode_error e = ike_payloads_decode(chain, PAYLOAD_NONCE, &arena, &m);
    assert_int_equal(e.class, DECODE_SYNTAX);
    assert_int_equal(e.offset, 6);
    free_bytes(chain);
}

static void a_payload_shorter_than_its_header_is_an_error(void **state)
{
    (void)state;
    struct bytes chain = hex("00 00 0003");
    struct ike_msg m = ike_msg_make();
    assert_int_equal(ike_payloads_decode(chain, PAYLOAD_NONCE, &arena, &m).class, DECODE_SYNTAX);
    free_bytes(chain);
}

static void an_unknown_payload_is_kept_and_sent_on(void **state)
{
    (void)state;
    struct bytes chain = hex("29 00 0007 010203 00 00 0008 00 00 4000");
    struct ike_msg m = ike_msg_make();
    assert_int_equal(ike_payloads_decode(chain, 200, &arena, &m).class, DECODE_OK);
    assert_int_equal(m.count, 2);
    assert_int_equal(m.payload[0].type, 200);
    assert_int_equal(m.payload[0].raw.len, 3);
    assert_non_null(ike_msg_notify(&m, NOTIFY_INITIAL_CONTACT));

    uint8_t buffer[64], first;
    struct writer w = writer_make(buffer, sizeof buffer);
    ike_payloads_encode(&w, &m, &first);
    assert_int_equal(first, 200);
    assert_bytes_equal(writer_view(&w), chain);
    free_bytes(chain);
}

static void an_unknown_critical_payload_is_reported_by_its_type(void **state)
{
    (void)state;
    struct bytes chain = hex("00 80 0007 010203");
    struct ike_msg m = ike_msg_make();
    struct decode_error e = ike_payloads_decode(chain, 54, &arena, &m);
    assert_int_equal(e.class, DECODE_CRITICAL);
    assert_int_equal(e.payload, 54);
    free_bytes(chain);
}

static void the_critical_bit_of_a_known_payload_and_reserved_bits_are_ignored(void **state)
{
    (void)state;
    struct bytes chain = hex("00 ff 0007 010203");
    struct ike_msg m = ike_msg_make();
    assert_int_equal(ike_payloads_decode(chain, PAYLOAD_NONCE, &arena, &m).class, DECODE_OK);
    assert_true(m.payload[0].critical);
    free_bytes(chain);
}

static void another_major_version_is_reported_as_such(void **state)
{
    (void)state;
    struct bytes datagram = hex(ike_sa_init);
    uint8_t *at = (uint8_t *)(uintptr_t)datagram.at;
    struct ike_msg m = ike_msg_make();
    at[17] = 0x30;
    assert_int_equal(decode(datagram, &m).class, DECODE_VERSION);
    at[17] = 0x10;
    assert_int_equal(decode(datagram, &m).class, DECODE_VERSION);
    at[17] = 0x2f; /* any minor version is ours too (RFC 7296 2.5) */
    assert_int_equal(decode(datagram, &m).class, DECODE_OK);
    free_bytes(datagram);
}

static void offsets_of_errors_count_from_the_start_of_the_datagram(void **state)
{
    (void)state;
    struct bytes datagram = hex(ike_sa_init);
    ((uint8_t *)(uintptr_t)datagram.at)[28 + 4 + 3] = 0x2a; /* length of the first proposal */
    struct ike_msg m = ike_msg_make();
    struct decode_error e = decode(datagram, &m);
    assert_int_equal(e.class, DECODE_SYNTAX);
    assert_int_equal(e.payload, PAYLOAD_SA);
    assert_in_range(e.offset, 28 + 4, 28 + 4 + 0x60);
    free_bytes(datagram);
}

static void an_arena_that_runs_out_is_reported_as_memory(void **state)
{
    (void)state;
    struct bytes datagram = hex(ike_sa_init);
    size_t fails = 0;
    for (size_t limit = 0;; limit += 64) {
        struct arena small = arena_make(&memory.alloc, limit);
        struct ike_msg m = ike_msg_make();
        struct decode_error e = ike_message_decode(datagram, &small, &m);
        arena_wipe(&small);
        if (e.class == DECODE_OK)
            break;
        assert_int_equal(e.class, DECODE_MEMORY);
        assert_int_equal(m.count, 0);
        fails++;
    }
    assert_true(fails > 0);
    free_bytes(datagram);
}

static void a_message_holds_at_most_256_payloads(void **state)
{
    (void)state;
    struct ike_msg m = ike_msg_make(), decoded = ike_msg_make();
    for (int i = 0; i < PAYLOADS_MAX; i++)
        assert_true(ike_msg_add_notify(&m, &arena, NOTIFY_INITIAL_CONTACT, BYTES_NONE));
    assert_null(ike_msg_add(&m, &arena, PAYLOAD_NOTIFY));
    struct bytes datagram = encode(&m);
    assert_int_equal(decode(datagram, &decoded).class, DECODE_OK);
    assert_int_equal(decoded.count, PAYLOADS_MAX);

    static const uint8_t one_more[8] = {[3] = 8, [6] = 0x40}; /* by hand */
    struct bytes longer = exact(bytes_make(datagram.at, datagram.len));
    uint8_t *at = realloc((void *)(uintptr_t)longer.at, longer.len + 8);
    at[longer.len - 8] = PAYLOAD_NOTIFY;
    memcpy(at + longer.len, one_more, sizeof one_more);
    put_u32(at + 24, (uint32_t)(longer.len + 8));
    struct decode_error e = decode(bytes_make(at, longer.len + 8), &decoded);
    assert_int_equal(e.class, DECODE_SYNTAX);
    free(at);
    free_bytes(datagram);
}

static void adding_fails_when_the_arena_is_exhausted(void **state)
{
    (void)state;
    memory.fail_at = 1;
    struct ike_msg m = ike_msg_make();
    assert_null(ike_msg_add(&m, &arena, PAYLOAD_SA));
    assert_false(ike_msg_add_raw(&m, &arena, PAYLOAD_NONCE, BYTES_LIT("x")));
    assert_false(ike_msg_add_notify(&m, &arena, NOTIFY_COOKIE, BYTES_NONE));
    assert_int_equal(m.count, 0);
}

static void payloads_are_found_in_the_order_of_the_message(void **state)
{
    (void)state;
    struct ike_msg m = ike_msg_make();
    ike_msg_add_raw(&m, &arena, PAYLOAD_NONCE, BYTES_LIT("nonce"));
    ike_msg_add_notify(&m, &arena, NOTIFY_COOKIE, BYTES_LIT("a"));
    ike_msg_add_raw(&m, &arena, PAYLOAD_VENDOR, BYTES_LIT("v"));
    ike_msg_add_notify(&m, &arena, NOTIFY_COOKIE, BYTES_LIT("b"));
    const struct payload *p = ike_msg_find(&m, PAYLOAD_NOTIFY);
    assert_ptr_equal(p, &m.payload[1]);
    p = ike_msg_next(&m, p);
    assert_ptr_equal(p, &m.payload[3]);
    assert_null(ike_msg_next(&m, p));
    assert_null(ike_msg_find(&m, PAYLOAD_SA));
    assert_int_equal(ike_msg_notify(&m, NOTIFY_COOKIE)->data.at[0], 'a');
    assert_null(ike_msg_notify(&m, NOTIFY_REKEY_SA));
    assert_null(ike_msg_error(&m));
    ike_msg_add_notify(&m, &arena, NOTIFY_TS_UNACCEPTABLE, BYTES_NONE);
    assert_int_equal(ike_msg_error(&m)->type, NOTIFY_TS_UNACCEPTABLE);
}

static void what_no_octets_can_express_is_not_encoded(void **state)
{
    (void)state;
    struct ike_msg m = ike_msg_make();
    ike_msg_add_raw(&m, &arena, PAYLOAD_NONE, BYTES_LIT("x")); /* type 0 ends a chain */
    assert_int_equal(encode(&m).len, 0);

    static const uint8_t half[DATAGRAM_LEN_MAX / 2];
    m = ike_msg_make();
    for (int i = 0; i < 2; i++)
        ike_msg_add_raw(&m, &arena, PAYLOAD_VENDOR, BYTES_OF(half)); /* the header makes it too long */
    assert_int_equal(encode(&m).len, 0);

    m = ike_msg_make();
    struct payload *p = ike_msg_add(&m, &arena, PAYLOAD_SK);
    p->u.sk = (struct sk_payload){.number = 1, .total = 1, .body = BYTES_LIT("sealed")};
    struct bytes alone = encode(&m);
    assert_true(alone.len > 0);
    free_bytes(alone);
    ike_msg_add_raw(&m, &arena, PAYLOAD_NONCE, BYTES_LIT("x")); /* nothing stands behind SK */
    assert_int_equal(encode(&m).len, 0);
}

static void a_buffer_too_small_is_the_writers_fault(void **state)
{
    (void)state;
    struct bytes datagram = hex(ike_sa_init);
    struct ike_msg m = ike_msg_make();
    assert_int_equal(decode(datagram, &m).class, DECODE_OK);
    for (size_t cap = 0; cap <= datagram.len; cap++) {
        uint8_t *buffer = malloc(cap ? cap : 1);
        struct writer w = writer_make(buffer, cap);
        ike_message_encode(&w, &m);
        assert_int_equal(w.fault, cap < datagram.len);
        free(buffer);
    }
    free_bytes(datagram);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(an_ike_sa_init_request_is_decoded_field_by_field),
        TEST(an_ike_sa_init_request_is_encoded_bit_for_bit_again),
        TEST(any_message_survives_encoding_and_decoding),
        TEST(a_message_cut_at_any_length_is_an_error),
        TEST(a_body_cut_at_any_length_gives_an_error_or_a_message),
        TEST(any_single_octet_may_be_anything),
        TEST(noise_is_never_more_than_an_error),
        TEST(an_empty_chain_is_a_message_without_payloads),
        TEST(octets_after_the_last_payload_are_an_error),
        TEST(a_payload_shorter_than_its_header_is_an_error),
        TEST(an_unknown_payload_is_kept_and_sent_on),
        TEST(an_unknown_critical_payload_is_reported_by_its_type),
        TEST(the_critical_bit_of_a_known_payload_and_reserved_bits_are_ignored),
        TEST(another_major_version_is_reported_as_such),
        TEST(offsets_of_errors_count_from_the_start_of_the_datagram),
        TEST(an_arena_that_runs_out_is_reported_as_memory),
        TEST(a_message_holds_at_most_256_payloads),
        TEST(adding_fails_when_the_arena_is_exhausted),
        TEST(payloads_are_found_in_the_order_of_the_message),
        TEST(what_no_octets_can_express_is_not_encoded),
        TEST(a_buffer_too_small_is_the_writers_fault),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
