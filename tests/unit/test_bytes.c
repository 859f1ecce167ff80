/* bytes: comparison, in constant time and in order, and numbers in network byte order. */
#include "../support/unit.h"

static void bytes_are_equal_when_length_and_octets_are(void **state)
{
    (void)state;
    assert_true(bytes_equal(BYTES_LIT("abc"), bytes_str("abc")));
    assert_false(bytes_equal(BYTES_LIT("abc"), BYTES_LIT("abd")));
    assert_false(bytes_equal(BYTES_LIT("abc"), BYTES_LIT("ab")));
    assert_true(bytes_equal(BYTES_NONE, BYTES_LIT("")));
}

static void constant_time_comparison_agrees_with_the_other(void **state)
{
    (void)state;
    uint8_t a[33] = {0}, b[33] = {0};
    assert_true(bytes_equal_ct(BYTES_OF(a), BYTES_OF(b)));
    for (size_t i = 0; i < sizeof a; i++) {
        for (int bit = 0; bit < 8; bit++) {
            b[i] = (uint8_t)(1 << bit);
            assert_false(bytes_equal_ct(BYTES_OF(a), BYTES_OF(b)));
        }
        b[i] = 0;
    }
    assert_false(bytes_equal_ct(bytes_make(a, 32), bytes_make(b, 33)));
    assert_true(bytes_equal_ct(BYTES_NONE, BYTES_NONE));
}

static void order_is_octet_wise_and_a_prefix_comes_first(void **state)
{
    (void)state;
    assert_true(bytes_compare(BYTES_LIT("abc"), BYTES_LIT("abd")) < 0);
    assert_true(bytes_compare(BYTES_LIT("\xff"), BYTES_LIT("\x01zz")) > 0);
    assert_true(bytes_compare(BYTES_LIT("ab"), BYTES_LIT("abc")) < 0);
    assert_true(bytes_compare(BYTES_LIT("abc"), BYTES_LIT("ab")) > 0);
    assert_int_equal(bytes_compare(BYTES_LIT("abc"), BYTES_LIT("abc")), 0);
    assert_int_equal(bytes_compare(BYTES_NONE, BYTES_NONE), 0);
    assert_true(bytes_compare(BYTES_NONE, BYTES_LIT("a")) < 0);
}

static void numbers_are_in_network_byte_order(void **state)
{
    (void)state;
    uint8_t at[8];
    put_u64(at, UINT64_C(0x0102030405060708));
    assert_memory_equal(at, "\x01\x02\x03\x04\x05\x06\x07\x08", 8);
    assert_int_equal(get_u64(at), UINT64_C(0x0102030405060708));
    assert_int_equal(get_u32(at), 0x01020304);
    assert_int_equal(get_u16(at + 6), 0x0708);
    put_u32(at, 0xfffefdfc);
    assert_int_equal(get_u32(at), 0xfffefdfc);
    put_u16(at, 0xff00);
    assert_int_equal(get_u16(at), 0xff00);
}

static void wiping_leaves_zeros(void **state)
{
    (void)state;
    char secret[] = "secret";
    wipe(secret, sizeof secret);
    for (size_t i = 0; i < sizeof secret; i++)
        assert_int_equal(secret[i], 0);
    wipe(NULL, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(bytes_are_equal_when_length_and_octets_are),
        cmocka_unit_test(constant_time_comparison_agrees_with_the_other),
        cmocka_unit_test(order_is_octet_wise_and_a_prefix_comes_first),
        cmocka_unit_test(numbers_are_in_network_byte_order),
        cmocka_unit_test(wiping_leaves_zeros),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
