/* arena: pieces are zeroed and aligned, the limit holds, and everything goes back wiped. */
#include "../support/unit.h"
#include "base/arena.h"

#include <stdalign.h>

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

static void pieces_are_zeroed_aligned_and_apart(void **state)
{
    (void)state;
    struct arena a = arena_make(&memory.alloc, 1 << 20);
    for (size_t len = 0; len < 300; len++) {
        uint8_t *at = arena_take(&a, len);
        assert_non_null(at);
        assert_int_equal((uintptr_t)at % alignof(max_align_t), 0);
        for (size_t i = 0; i < len; i++)
            assert_int_equal(at[i], 0);
        memset(at, 0xff, len);
    }
    arena_wipe(&a);
}

static void a_large_piece_gets_a_chunk_of_its_own(void **state)
{
    (void)state;
    struct arena a = arena_make(&memory.alloc, 1 << 20);
    uint8_t *at = arena_take(&a, 100000);
    assert_non_null(at);
    memset(at, 1, 100000);
    assert_non_null(arena_take(&a, 1));
    arena_wipe(&a);
    assert_int_equal(a.used, 0);
}

static void the_limit_holds_and_wiping_gives_all_of_it_back(void **state)
{
    (void)state;
    struct arena a = arena_make(&memory.alloc, 10000);
    for (int round = 0; round < 3; round++) {
        size_t taken = 0;
        while (arena_take(&a, 100))
            taken += 100;
        assert_true(taken > 7000 && memory.octets <= 10000);
        assert_null(arena_take(&a, 100));
        assert_null(arena_take(&a, SIZE_MAX));
        arena_wipe(&a);
        assert_int_equal(memory.blocks, 0);
    }
}

static void running_out_of_memory_is_an_ordinary_error(void **state)
{
    (void)state;
    struct arena a = arena_make(&memory.alloc, 1 << 20);
    struct bytes copy;
    memory.fail_at = 1;
    assert_null(arena_take(&a, 10));
    assert_false(arena_copy(&a, BYTES_LIT("abc"), &copy));
    assert_int_equal(copy.len, 0);
    arena_wipe(&a);
}

static void copies_are_their_own(void **state)
{
    (void)state;
    struct arena a = arena_make(&memory.alloc, 1 << 20);
    char text[] = "text";
    struct bytes copy;
    assert_true(arena_copy(&a, bytes_str(text), &copy));
    text[0] = 'n';
    assert_bytes_equal(copy, BYTES_LIT("text"));
    assert_true(arena_copy(&a, BYTES_NONE, &copy));
    assert_int_equal(copy.len, 0);
    arena_wipe(&a);
}

static void owned_bytes_come_from_the_allocator_and_go_back(void **state)
{
    (void)state;
    struct bytes own;
    assert_true(alloc_copy(&memory.alloc, BYTES_LIT("own"), &own));
    assert_bytes_equal(own, BYTES_LIT("own"));
    assert_int_equal(memory.blocks, 1);
    alloc_give_bytes(&memory.alloc, &own);
    assert_null(own.at);
    alloc_give_bytes(&memory.alloc, &own);
    assert_true(alloc_copy(&memory.alloc, BYTES_NONE, &own));
    assert_int_equal(memory.blocks, 0);
    memory.fail_at = 1;
    assert_false(alloc_copy(&memory.alloc, BYTES_LIT("own"), &own));
    assert_null(alloc_take(&memory.alloc, 1));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(pieces_are_zeroed_aligned_and_apart),
        TEST(a_large_piece_gets_a_chunk_of_its_own),
        TEST(the_limit_holds_and_wiping_gives_all_of_it_back),
        TEST(running_out_of_memory_is_an_ordinary_error),
        TEST(copies_are_their_own),
        TEST(owned_bytes_come_from_the_allocator_and_go_back),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
