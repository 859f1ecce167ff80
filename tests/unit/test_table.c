/* table: it behaves like the plainest of lists, whatever is put in and taken out. */
#include "../support/unit.h"
#include "base/table.h"

enum { KEYS = 200 };

static struct memory memory;

static int set_up(void **state)
{
    (void)state;
    memory_make(&memory);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    memory_check(&memory);
    return 0;
}

static void what_was_put_is_found_until_it_is_removed(void **state)
{
    (void)state;
    struct table t = table_make(&memory.alloc, 42);
    int a, b;
    assert_null(table_get(&t, 1));
    table_remove(&t, 1);
    assert_true(table_put(&t, 1, &a));
    assert_true(table_put(&t, 0, &b));
    assert_ptr_equal(table_get(&t, 1), &a);
    assert_ptr_equal(table_get(&t, 0), &b);
    assert_true(table_put(&t, 1, &b));
    assert_ptr_equal(table_get(&t, 1), &b);
    assert_int_equal(t.count, 2);
    table_remove(&t, 1);
    assert_null(table_get(&t, 1));
    assert_int_equal(t.count, 1);
    table_free(&t);
    assert_null(table_get(&t, 0));
}

static void compare_with_model(const struct table *t, void *const *model)
{
    size_t count = 0, seen = 0, at = 0;
    for (uint64_t key = 0; key < KEYS; key++) {
        assert_ptr_equal(table_get(t, key), model[key]);
        count += model[key] != NULL;
    }
    assert_int_equal(t->count, count);
    while (table_each(t, &at))
        seen++;
    assert_int_equal(seen, count);
}

static void it_agrees_with_a_list_over_many_changes(void **state)
{
    (void)state;
    static int values[KEYS];
    for (uint64_t seed = 0; seed < 30; seed++) {
        struct table t = table_make(&memory.alloc, seed);
        struct dice dice = {seed};
        void *model[KEYS] = {0};
        for (int step = 0; step < 2000; step++) {
            size_t key = dice_below(&dice, KEYS);
            bool is_put = dice_below(&dice, 100) < (step / 500 % 2 ? 30u : 70u);
            model[key] = is_put ? &values[dice_below(&dice, KEYS)] : NULL;
            if (is_put)
                assert_true(table_put(&t, key, model[key]));
            else
                table_remove(&t, key);
            if (step % 50 == 0)
                compare_with_model(&t, model);
        }
        compare_with_model(&t, model);
        table_free(&t);
    }
}

static void keys_that_differ_in_one_bit_spread(void **state)
{
    (void)state;
    struct table t = table_make(&memory.alloc, 7);
    int value;
    for (uint64_t i = 0; i < 1000; i++)
        assert_true(table_put(&t, i << 48, &value));
    size_t longest = 0, run = 0;
    for (size_t i = 0; i < t.room; i++) {
        run = t.entry[i].value ? run + 1 : 0;
        longest = run > longest ? run : longest;
    }
    assert_true(longest < 60);
    table_free(&t);
}

static void out_of_memory_changes_nothing(void **state)
{
    (void)state;
    struct table t = table_make(&memory.alloc, 0);
    int value;
    memory.fail_at = 1;
    assert_false(table_put(&t, 1, &value));
    assert_int_equal(t.count, 0);
    memory.fail_at = 0;
    uint64_t key = 0;
    while (t.room < 32)
        assert_true(table_put(&t, key++, &value));
    memory.fail_at = memory.takes + 1;
    while (table_put(&t, key, &value))
        key++;
    assert_int_equal(t.count, key);
    for (uint64_t k = 0; k < key; k++)
        assert_ptr_equal(table_get(&t, k), &value);
    assert_null(table_get(&t, key));
    assert_true(table_put(&t, 0, &value)); /* replacing needs no room */
    table_free(&t);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(what_was_put_is_found_until_it_is_removed),
        TEST(it_agrees_with_a_list_over_many_changes),
        TEST(keys_that_differ_in_one_bit_spread),
        TEST(out_of_memory_changes_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
