/* dn: which distinguished names are the same. */
#include "../support/unit.h"

#include "wire/dn.h"

/* O=b, CN=moon, each value with its own tag */
#define NAME(tag1, o, tag2, cn) \
    "\x30\x1b\x31\x0a\x30\x08\x06\x03\x55\x04\x0a" tag1 "\x01" o "\x31\x0d\x30\x0b\x06\x03\x55\x04\x03" tag2 "\x04" cn

static bool same(struct bytes a, struct bytes b)
{
    assert_int_equal(dn_equal(a, b), dn_equal(b, a));
    return dn_equal(a, b);
}

static void the_kind_of_string_and_capitals_do_not_count(void **state)
{
    (void)state;
    struct bytes utf8 = BYTES_LIT(NAME("\x0c", "b", "\x0c", "moon"));
    assert_true(same(utf8, utf8));
    assert_true(same(utf8, BYTES_LIT(NAME("\x13", "b", "\x0c", "moon"))));
    assert_true(same(utf8, BYTES_LIT(NAME("\x13", "B", "\x16", "MOON"))));
}

static void everything_else_does(void **state)
{
    (void)state;
    struct bytes utf8 = BYTES_LIT(NAME("\x0c", "b", "\x0c", "moon"));
    assert_false(same(utf8, BYTES_LIT(NAME("\x0c", "b", "\x0c", "moor"))));
    assert_false(same(utf8, BYTES_LIT(NAME("\x1e", "b", "\x0c", "moon")))); /* BMPString */
    assert_false(same(utf8, BYTES_LIT("\x30\x0c\x31\x0a\x30\x08\x06\x03\x55\x04\x0a\x0c\x01"
                                      "b")));
    assert_false(same(utf8, BYTES_NONE));
    assert_false(same(BYTES_NONE, BYTES_NONE));
}

static void what_is_cut_or_extended_is_equal_to_nothing(void **state)
{
    (void)state;
    static const uint8_t name[] = NAME("\x0c", "b", "\x0c", "moon");
    size_t len = sizeof name - 1;
    for (size_t cut = 0; cut < len; cut++)
        assert_false(same(bytes_make(name, cut), bytes_make(name, len)));
    assert_false(dn_equal(bytes_make(name, len - 1), bytes_make(name, len - 1)));
    assert_false(same(bytes_make(name, len + 1), bytes_make(name, len)));
}

static void deep_nesting_ends(void **state)
{
    (void)state;
    uint8_t deep[400];
    for (size_t i = 0; i < sizeof deep; i += 2) {
        deep[i] = 0x30;
        deep[i + 1] = (uint8_t)(sizeof deep - i - 2 < 0x80 ? sizeof deep - i - 2 : 0);
    }
    (void)dn_equal(BYTES_OF(deep), BYTES_OF(deep));
    assert_false(dn_equal(bytes_make(deep + 300, 100), bytes_make(deep + 300, 100)));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_kind_of_string_and_capitals_do_not_count),
        cmocka_unit_test(everything_else_does),
        cmocka_unit_test(what_is_cut_or_extended_is_equal_to_nothing),
        cmocka_unit_test(deep_nesting_ends),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
