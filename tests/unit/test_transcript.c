/* transcript: what AUTH covers (RFC 7296 2.15, RFC 9242 3.3.2). A recording PRF shows which octets go into the MACs. */
#include "../support/unit.h"

#include "crypto/toy.h"
#include "ike/transcript.h"

static struct memory heap;
static struct toy_crypto toy;
static struct transcript t;
static const struct alg *prf;
static const struct secret KEY = {4, "keyI"};
static uint8_t seen[1024]; /* what the PRF was given last */
static size_t seen_len;

static enum crypto_result record_prf(void *self, const struct alg *alg, struct bytes key,
                                     const struct bytes *parts, size_t count, uint8_t *out)
{
    struct writer w = writer_make(seen, sizeof seen);
    for (size_t i = 0; i < count; i++)
        writer_bytes(&w, parts[i]);
    seen_len = w.len;
    enum crypto_result (*real)(void *, const struct alg *, struct bytes, const struct bytes *, size_t,
                               uint8_t *) = toy.crypto.prf;
    return real(self, alg, key, parts, count, out);
}

static struct crypto recording;

static int start(void **state)
{
    (void)state;
    memory_make(&heap);
    toy_crypto_init(&toy, &heap.alloc, 1);
    recording = toy.crypto;
    recording.prf = record_prf;
    prf = alg_find(TRANSFORM_PRF, 5, 0);
    t = transcript_make(&heap.alloc);
    return 0;
}

static int stop(void **state)
{
    (void)state;
    transcript_wipe(&t);
    memory_check(&heap);
    return 0;
}

static const struct ike_header REQUEST = {.spi_i = UINT64_C(0x0102030405060708),
                                          .spi_r = UINT64_C(0xa1a2a3a4a5a6a7a8),
                                          .next = PAYLOAD_SKF,
                                          .major = 2,
                                          .exchange = EXCHANGE_IKE_INTERMEDIATE,
                                          .initiator = true,
                                          .mid = 1,
                                          .length = 77};

static enum crypto_result cover(bool initiator, uint8_t first, uint8_t reserved, struct bytes plain)
{
    struct ike_header h = REQUEST;
    h.initiator = initiator;
    h.response = !initiator;
    return transcript_cover(&t, &recording, prf, &KEY, initiator, &h, first, reserved, plain);
}

/* One message by its hexadecimal digits. */
static void assert_seen(size_t from, const char *hex)
{
    static const char digits[] = "0123456789abcdef";
    for (size_t i = 0; hex[i]; i += 2) {
        char got[3] = {digits[seen[from + i / 2] >> 4], digits[seen[from + i / 2] & 15], 0};
        char wanted[3] = {hex[i], hex[i + 1], 0};
        assert_string_equal(got, wanted);
    }
    assert_int_equal(seen_len - from, strlen(hex) / 2);
}

static void a_fragmented_message_is_covered_as_if_it_were_whole(void **state)
{
    (void)state;
    const uint8_t plain[] = {0, 0, 0, 12, 0, 36, 0, 0, 0xde, 0xad, 0xbe, 0xef};
    assert_int_equal(cover(true, PAYLOAD_KE, 0, BYTES_OF(plain)), CRYPTO_OK);
    assert_seen(0,
                "0102030405060708a1a2a3a4a5a6a7a82e202b08000000010000002c220000100000000c00240000deadbeef");
}

static void reserved_bits_and_the_version_flag_are_covered_as_they_came(void **state)
{
    (void)state;
    struct ike_header h = REQUEST;
    h.higher = true;
    assert_int_equal(transcript_cover(&t, &recording, prf, &KEY, true, &h, PAYLOAD_KE, 0x85, BYTES_LIT("x")),
                     CRYPTO_OK);
    assert_seen(0, "0102030405060708a1a2a3a4a5a6a7a82e202b18000000010000002122850005"
                   "78");
}

static void an_empty_message_is_covered_without_p(void **state)
{
    (void)state;
    assert_int_equal(cover(false, PAYLOAD_NONE, 0, BYTES_NONE), CRYPTO_OK);
    assert_seen(0, "0102030405060708a1a2a3a4a5a6a7a82e202b20000000010000002000000004");
}

static void each_side_chains_its_own_value(void **state)
{
    (void)state;
    uint8_t first_i[PRF_LEN_MAX], first_r[PRF_LEN_MAX];
    cover(true, PAYLOAD_KE, 0, BYTES_LIT("request 1"));
    assert_int_equal(seen_len, 32 + 9);
    memcpy(first_i, t.int_i, prf->out_len);
    cover(false, PAYLOAD_KE, 0, BYTES_LIT("response 1"));
    assert_int_equal(seen_len, 32 + 10); /* nothing of the initiator's in front */
    memcpy(first_r, t.int_r, prf->out_len);
    cover(true, PAYLOAD_KE, 0, BYTES_LIT("request 2"));
    assert_int_equal(seen_len, prf->out_len + 32u + 9);
    assert_memory_equal(seen, first_i, prf->out_len);
    cover(false, PAYLOAD_KE, 0, BYTES_LIT("response 2"));
    assert_memory_equal(seen, first_r, prf->out_len);
}

static void a_message_too_long_for_its_length_field_is_a_fault(void **state)
{
    (void)state;
    static const uint8_t large[UINT16_MAX - 3];
    assert_int_equal(
        transcript_cover(&t, &toy.crypto, prf, &KEY, true, &REQUEST, PAYLOAD_KE, 0, BYTES_OF(large)),
        CRYPTO_FAULT);
    assert_false(t.ran);
    assert_int_equal(transcript_cover(&t, &toy.crypto, prf, &KEY, true, &REQUEST, PAYLOAD_KE, 0,
                                      bytes_make(large, sizeof large - 1)),
                     CRYPTO_OK);
}

static struct bytes octets(bool initiator, uint8_t room[512])
{
    struct writer w = writer_make(room, 512);
    struct bytes nonce = initiator ? BYTES_LIT("nonce r") : BYTES_LIT("nonce i");
    assert_int_equal(
        transcript_octets(&t, &toy.crypto, prf, initiator, nonce, BYTES_LIT("id body"), &KEY, 3, &w),
        CRYPTO_OK);
    assert_int_equal(w.len, transcript_octets_len(&t, prf, initiator, nonce));
    return writer_view(&w);
}

static void without_such_an_exchange_there_is_no_int_auth(void **state)
{
    (void)state;
    uint8_t room[512], maced[PRF_LEN_MAX];
    const struct bytes id = BYTES_LIT("id body");
    assert_true(transcript_message(&t, true, BYTES_LIT("message one")));
    assert_true(transcript_message(&t, false, BYTES_LIT("message two")));
    assert_int_equal(toy.crypto.prf(toy.crypto.self, prf, secret_view(&KEY), &id, 1, maced), CRYPTO_OK);
    struct bytes got = octets(true, room);
    assert_int_equal(got.len, 11 + 7 + prf->out_len);
    assert_memory_equal(got.at, "message onenonce r", 18);
    assert_memory_equal(got.at + 18, maced, prf->out_len);
    got = octets(false, room);
    assert_memory_equal(got.at, "message twononce i", 18);
}

static void both_sides_sign_the_same_int_auth_initiators_half_first(void **state)
{
    (void)state;
    uint8_t room_i[512], room_r[512];
    transcript_message(&t, true, BYTES_LIT("message one"));
    transcript_message(&t, false, BYTES_LIT("message two"));
    cover(true, PAYLOAD_KE, 0, BYTES_LIT("request"));
    cover(false, PAYLOAD_KE, 0, BYTES_LIT("response"));
    size_t tail = 2u * prf->out_len + 4;
    struct bytes i = octets(true, room_i), r = octets(false, room_r);
    const uint8_t *int_auth = i.at + i.len - tail;
    assert_memory_equal(int_auth, r.at + r.len - tail, tail);
    assert_memory_equal(int_auth, t.int_i, prf->out_len);
    assert_memory_equal(int_auth + prf->out_len, t.int_r, prf->out_len);
    assert_memory_equal(int_auth + tail - 4, "\0\0\0\3", 4);
}

static void the_last_message_of_each_side_counts(void **state)
{
    (void)state;
    uint8_t room[512];
    transcript_message(&t, true, BYTES_LIT("first try, longer"));
    transcript_message(&t, true, BYTES_LIT("second"));
    assert_memory_equal(octets(true, room).at, "secondnonce r", 13);
}

static void half_an_exchange_or_a_missing_message_is_a_fault(void **state)
{
    (void)state;
    uint8_t room[512];
    struct writer w = writer_make(room, sizeof room);
    assert_int_equal(
        transcript_octets(&t, &toy.crypto, prf, true, BYTES_LIT("n"), BYTES_LIT("id"), &KEY, 3, &w),
        CRYPTO_FAULT);
    transcript_message(&t, true, BYTES_LIT("message"));
    cover(true, PAYLOAD_KE, 0, BYTES_LIT("request"));
    assert_int_equal(
        transcript_octets(&t, &toy.crypto, prf, true, BYTES_LIT("n"), BYTES_LIT("id"), &KEY, 3, &w),
        CRYPTO_FAULT);
    assert_int_equal(w.len, 0);
    cover(false, PAYLOAD_KE, 0, BYTES_LIT("response"));
    struct writer small = writer_make(room, 20);
    assert_int_equal(
        transcript_octets(&t, &toy.crypto, prf, true, BYTES_LIT("n"), BYTES_LIT("id"), &KEY, 3, &small),
        CRYPTO_FAULT);
}

static void out_of_memory_keeps_the_message_before(void **state)
{
    (void)state;
    uint8_t room[512];
    transcript_message(&t, true, BYTES_LIT("before"));
    heap.fail_at = heap.takes + 1;
    assert_false(transcript_message(&t, true, BYTES_LIT("after")));
    assert_memory_equal(octets(true, room).at, "before", 6);
}

static void wiping_twice_is_harmless(void **state)
{
    (void)state;
    transcript_message(&t, true, BYTES_LIT("message"));
    transcript_wipe(&t);
    transcript_wipe(&t);
    struct transcript zero = {0};
    transcript_wipe(&zero);
    assert_true(transcript_message(&t, true, BYTES_LIT("usable again")));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, start, stop)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_fragmented_message_is_covered_as_if_it_were_whole),
        TEST(reserved_bits_and_the_version_flag_are_covered_as_they_came),
        TEST(an_empty_message_is_covered_without_p),
        TEST(each_side_chains_its_own_value),
        TEST(a_message_too_long_for_its_length_field_is_a_fault),
        TEST(without_such_an_exchange_there_is_no_int_auth),
        TEST(both_sides_sign_the_same_int_auth_initiators_half_first),
        TEST(the_last_message_of_each_side_counts),
        TEST(half_an_exchange_or_a_missing_message_is_a_fault),
        TEST(out_of_memory_keeps_the_message_before),
        TEST(wiping_twice_is_harmless),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
