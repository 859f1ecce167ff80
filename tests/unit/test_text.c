/* text: what fits is there, what does not is cut off, and hostile octets are escaped. */
#include "../support/unit.h"
#include "base/text.h"

static void text_is_built_piece_by_piece(void **state)
{
    (void)state;
    char buffer[100];
    struct text t = text_make(buffer, sizeof buffer);
    text_add(&t, "mid ");
    text_uint(&t, 0);
    text_char(&t, ' ');
    text_uint(&t, UINT64_MAX);
    text_char(&t, ' ');
    text_hex(&t, 0xbeef, 8);
    text_char(&t, ' ');
    text_hex_bytes(&t, BYTES_LIT("\x00\xfa"));
    assert_string_equal(buffer, "mid 0 18446744073709551615 0000beef 00fa");
    assert_int_equal(t.len, strlen(buffer));
    assert_false(t.cut);
}

static void hexadecimal_has_as_many_digits_as_asked_for(void **state)
{
    (void)state;
    char buffer[100];
    struct text t = text_make(buffer, sizeof buffer);
    text_hex(&t, 0x123, 2);
    text_char(&t, ' ');
    text_hex(&t, UINT64_C(0xfedcba9876543210), 16);
    text_char(&t, ' ');
    text_hex(&t, 1, 18);
    text_hex(&t, 1, 0);
    assert_string_equal(buffer, "23 fedcba9876543210 000000000000000001");
}

static void what_does_not_fit_is_cut_off(void **state)
{
    (void)state;
    char buffer[5] = "....";
    struct text t = text_make(buffer, 4);
    text_add(&t, "abc");
    assert_false(t.cut);
    text_char(&t, 'd');
    assert_true(t.cut);
    assert_string_equal(buffer, "abc");
    struct text one = text_make(buffer, 1);
    text_uint(&one, 7);
    assert_true(one.cut);
    assert_string_equal(buffer, "");
}

static void hostile_octets_are_escaped(void **state)
{
    (void)state;
    char buffer[100];
    struct text t = text_make(buffer, sizeof buffer);
    text_safe(&t, BYTES_LIT("a b~\n\x1b\x7f\\\xc3\xa4\0"));
    assert_string_equal(buffer, "a b~\\x0a\\x1b\\x7f\\x5c\\xc3\\xa4\\x00");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(text_is_built_piece_by_piece),
        cmocka_unit_test(hexadecimal_has_as_many_digits_as_asked_for),
        cmocka_unit_test(what_does_not_fit_is_cut_off),
        cmocka_unit_test(hostile_octets_are_escaped),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
