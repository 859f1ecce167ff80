/* reader: nothing is read beyond the end, and the first attempt is remembered. */
#include "../support/unit.h"
#include "base/reader.h"

static void numbers_and_views_are_taken_in_turn(void **state)
{
    (void)state;
    struct bytes input = hex("01 0203 04050607 08090a0b0c0d0e0f aabb cc dd");
    struct reader r = reader_make(input);
    uint8_t copy[2];
    assert_int_equal(reader_u8(&r), 0x01);
    assert_int_equal(reader_u16(&r), 0x0203);
    assert_int_equal(reader_u32(&r), 0x04050607);
    assert_int_equal(reader_u64(&r), UINT64_C(0x08090a0b0c0d0e0f));
    reader_copy(&r, copy, 2);
    assert_memory_equal(copy, "\xaa\xbb", 2);
    reader_skip(&r, 1);
    assert_int_equal(reader_offset(&r), 18);
    assert_int_equal(reader_left(&r), 1);
    assert_false(reader_end(&r));
    assert_int_equal(reader_rest(&r).len, 1);
    assert_true(reader_end(&r));
    assert_int_equal(reader_rest(&r).len, 0);
    assert_true(reader_end(&r));
    free_bytes(input);
}

static void a_read_past_the_end_is_remembered_and_all_later_ones_give_nothing(void **state)
{
    (void)state;
    struct bytes input = hex("010203");
    struct reader r = reader_make(input);
    uint8_t copy[2] = {9, 9};
    assert_int_equal(reader_u8(&r), 1);
    assert_int_equal(reader_u32(&r), 0);
    assert_true(r.fault);
    assert_int_equal(r.fault_at, 1);
    assert_int_equal(reader_u8(&r), 0);
    assert_int_equal(reader_u64(&r), 0);
    assert_int_equal(reader_take(&r, 0).len, 0);
    assert_int_equal(reader_left(&r), 0);
    reader_copy(&r, copy, 2);
    assert_memory_equal(copy, "\0\0", 2);
    reader_fail(&r);
    assert_int_equal(r.fault_at, 1);
    assert_false(reader_end(&r));
    free_bytes(input);
}

static void a_huge_length_does_not_wrap(void **state)
{
    (void)state;
    struct bytes input = hex("0102");
    struct reader r = reader_make(input);
    assert_int_equal(reader_take(&r, SIZE_MAX).len, 0);
    assert_true(r.fault);
    free_bytes(input);
}

static void a_part_has_a_reader_of_its_own(void **state)
{
    (void)state;
    struct bytes input = hex("0102030405");
    struct reader r = reader_make(input);
    struct reader sub = reader_sub(&r, 2);
    assert_int_equal(reader_u16(&sub), 0x0102);
    assert_true(reader_end(&sub));
    assert_int_equal(reader_u8(&sub), 0);
    assert_true(sub.fault);
    assert_false(r.fault);
    assert_int_equal(reader_u8(&r), 3);
    struct reader beyond = reader_sub(&r, 3);
    assert_true(beyond.fault);
    assert_true(r.fault);
    free_bytes(input);
}

static void an_empty_input_is_at_its_end(void **state)
{
    (void)state;
    struct reader r = reader_make(BYTES_NONE);
    assert_true(reader_end(&r));
    assert_int_equal(reader_u8(&r), 0);
    assert_true(r.fault);
    assert_int_equal(r.fault_at, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(numbers_and_views_are_taken_in_turn),
        cmocka_unit_test(a_read_past_the_end_is_remembered_and_all_later_ones_give_nothing),
        cmocka_unit_test(a_huge_length_does_not_wrap),
        cmocka_unit_test(a_part_has_a_reader_of_its_own),
        cmocka_unit_test(an_empty_input_is_at_its_end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
