/* writer: nothing is written beyond the buffer, and lengths can be filled in later. */
#include "../support/unit.h"
#include "base/writer.h"

static void what_is_written_stands_there(void **state)
{
    (void)state;
    uint8_t buffer[32];
    struct writer w = writer_make(buffer, sizeof buffer);
    writer_u8(&w, 1);
    writer_u16(&w, 0x0203);
    writer_u32(&w, 0x04050607);
    writer_u64(&w, UINT64_C(0x08090a0b0c0d0e0f));
    writer_bytes(&w, BYTES_LIT("ab"));
    writer_bytes(&w, BYTES_NONE);
    writer_zeros(&w, 2);
    struct bytes expected = hex("01 0203 04050607 08090a0b0c0d0e0f 6162 0000");
    assert_false(w.fault);
    assert_bytes_equal(writer_view(&w), expected);
    free_bytes(expected);
}

static void a_length_is_filled_in_where_it_was_left_open(void **state)
{
    (void)state;
    uint8_t buffer[32];
    struct writer w = writer_make(buffer, sizeof buffer);
    writer_u8(&w, 9);
    size_t start = w.len;
    writer_u8(&w, 0);
    size_t hole = writer_hole16(&w);
    writer_bytes(&w, BYTES_LIT("abcd"));
    writer_fill_len16(&w, hole, start);
    assert_int_equal(get_u16(buffer + hole), 7);
    writer_set_u8(&w, 0, 8);
    assert_int_equal(buffer[0], 8);
}

static void overflow_is_remembered_and_nothing_more_is_written(void **state)
{
    (void)state;
    uint8_t buffer[4] = {0xee, 0xee, 0xee, 0xee};
    struct writer w = writer_make(buffer, 3);
    writer_u16(&w, 0x0102);
    writer_u16(&w, 0x0304);
    assert_true(w.fault);
    assert_int_equal(w.len, 2);
    writer_u8(&w, 5);
    writer_set_u8(&w, 0, 7);
    writer_set_u16(&w, 0, 7);
    assert_int_equal(w.len, 2);
    assert_memory_equal(buffer, "\x01\x02\xee\xee", 4);
    assert_null(writer_reserve(&w, 0));
}

static void a_huge_reservation_does_not_wrap(void **state)
{
    (void)state;
    uint8_t buffer[4];
    struct writer w = writer_make(buffer, sizeof buffer);
    writer_u8(&w, 1);
    assert_null(writer_reserve(&w, SIZE_MAX));
    assert_true(w.fault);
}

static void a_length_of_more_than_16_bits_is_a_fault(void **state)
{
    (void)state;
    static uint8_t buffer[70000];
    struct writer w = writer_make(buffer, sizeof buffer);
    size_t hole = writer_hole16(&w);
    writer_zeros(&w, 65533);
    writer_fill_len16(&w, hole, 0);
    assert_false(w.fault);
    assert_int_equal(get_u16(buffer), 65535);
    writer_zeros(&w, 1);
    writer_fill_len16(&w, hole, 0);
    assert_true(w.fault);
}

static void setting_outside_of_what_was_written_does_nothing(void **state)
{
    (void)state;
    uint8_t buffer[4] = {0};
    struct writer w = writer_make(buffer, sizeof buffer);
    writer_set_u16(&w, 0, 0xffff);
    writer_u8(&w, 1);
    writer_set_u16(&w, 0, 0xffff);
    writer_set_u8(&w, 1, 0xff);
    assert_memory_equal(buffer, "\x01\0\0\0", 4);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_written_stands_there),
        cmocka_unit_test(a_length_is_filled_in_where_it_was_left_open),
        cmocka_unit_test(overflow_is_remembered_and_nothing_more_is_written),
        cmocka_unit_test(a_huge_reservation_does_not_wrap),
        cmocka_unit_test(a_length_of_more_than_16_bits_is_a_fault),
        cmocka_unit_test(setting_outside_of_what_was_written_does_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
