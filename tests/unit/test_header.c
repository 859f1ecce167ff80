/* header: the 28 octets of RFC 7296 3.1. */
#include "../support/unit.h"
#include "wire/message.h"

static const char request[] = "0102030405060708 1112131415161718 21 20 22 08 00000001 00000100";

static void every_field_is_read_and_written(void **state)
{
    (void)state;
    struct bytes octets = hex(request);
    struct ike_header h;
    uint8_t buffer[IKE_HEADER_LEN];
    assert_true(ike_header_read(octets, &h));
    assert_int_equal(h.spi_i, UINT64_C(0x0102030405060708));
    assert_int_equal(h.spi_r, UINT64_C(0x1112131415161718));
    assert_int_equal(h.next, PAYLOAD_SA);
    assert_int_equal(h.major, 2);
    assert_int_equal(h.minor, 0);
    assert_int_equal(h.exchange, EXCHANGE_IKE_SA_INIT);
    assert_true(h.initiator);
    assert_false(h.response);
    assert_false(h.higher);
    assert_int_equal(h.mid, 1);
    assert_int_equal(h.length, 256);
    struct writer w = writer_make(buffer, sizeof buffer);
    ike_header_write(&w, &h);
    assert_bytes_equal(writer_view(&w), octets);
    free_bytes(octets);
}

static void flags_are_told_apart_and_unknown_ones_ignored(void **state)
{
    (void)state;
    struct bytes octets = hex(request);
    uint8_t *flags = (uint8_t *)(uintptr_t)octets.at + 19;
    struct ike_header h;
    *flags = 0x20;
    assert_true(ike_header_read(octets, &h));
    assert_true(h.response && !h.initiator && !h.higher);
    *flags = 0x10;
    assert_true(ike_header_read(octets, &h));
    assert_true(!h.response && !h.initiator && h.higher);
    *flags = 0xc7;
    assert_true(ike_header_read(octets, &h));
    assert_true(!h.response && !h.initiator && !h.higher);
    free_bytes(octets);
}

static void the_version_bit_is_never_sent(void **state)
{
    (void)state;
    struct ike_header h = {.major = 2, .higher = true, .response = true};
    uint8_t buffer[IKE_HEADER_LEN];
    struct writer w = writer_make(buffer, sizeof buffer);
    ike_header_write(&w, &h);
    assert_int_equal(buffer[19], 0x20);
}

static void a_short_header_is_refused_and_nothing_written(void **state)
{
    (void)state;
    struct bytes octets = hex(request);
    for (size_t len = 0; len < IKE_HEADER_LEN; len++) {
        struct bytes cut = exact(bytes_make(octets.at, len));
        struct ike_header h = {.mid = 77};
        assert_false(ike_header_read(cut, &h));
        assert_int_equal(h.mid, 77);
        free_bytes(cut);
    }
    free_bytes(octets);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_field_is_read_and_written),
        cmocka_unit_test(flags_are_told_apart_and_unknown_ones_ignored),
        cmocka_unit_test(the_version_bit_is_never_sent),
        cmocka_unit_test(a_short_header_is_refused_and_nothing_written),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
