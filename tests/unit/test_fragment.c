/* fragment: the store of RFC 7383 2.6: any order, growing totals, bounded memory. */
#include "../support/unit.h"

#include "ike/fragment.h"

enum { ROOMY = 65535 };

/* A message of some octets, cut into `total` pieces of different lengths. */
struct cut_message {
    uint8_t octet[1024];
    size_t len;
    uint16_t total;
    size_t from[FRAGMENTS_MAX + 1];
};

static struct cut_message cut_message(struct dice *dice, uint16_t total)
{
    struct cut_message m = {.total = total};
    for (uint16_t i = 0; i < total; i++) {
        m.from[i] = m.len;
        m.len += dice_below(dice, sizeof m.octet / FRAGMENTS_MAX + 1);
    }
    m.from[total] = m.len;
    for (size_t i = 0; i < m.len; i++)
        m.octet[i] = (uint8_t)dice_roll(dice);
    return m;
}

static enum fragment_verdict add(struct fragment_set *s, const struct cut_message *m, uint16_t number)
{
    size_t from = m->from[number - 1];
    uint8_t first = number == 1 ? 34 : 0, reserved = number == 1 ? 0x81 : 0x7f;
    return fragment_add(s, 5, 3, false, number, m->total, first, reserved,
                        bytes_make(m->octet + from, m->from[number] - from), ROOMY);
}

static void assert_whole(const struct fragment_set *s, const struct cut_message *m)
{
    uint8_t joined[sizeof m->octet];
    assert_int_equal(s->len, m->len);
    fragment_join(s, joined);
    assert_memory_equal(joined, m->octet, m->len);
    assert_int_equal(s->first, 34);
    assert_int_equal(s->reserved, 0x81);
}

/* Give all fragments in this order, each twice, and look before each. */
static void assert_order_works(struct memory *heap, const struct cut_message *m, const uint16_t *order)
{
    struct fragment_set s = fragment_set_make(&heap->alloc);
    for (uint16_t i = 0; i < m->total; i++) {
        assert_int_equal(fragment_look(&s, 3, false, order[i], m->total), FRAGMENT_KEEP);
        enum fragment_verdict wanted = i + 1 == m->total ? FRAGMENT_COMPLETE : FRAGMENT_KEEP;
        assert_int_equal(add(&s, m, order[i]), wanted);
        assert_int_equal(fragment_look(&s, 3, false, order[i], m->total), FRAGMENT_REPEAT);
        assert_int_equal(add(&s, m, order[i]), FRAGMENT_REPEAT);
    }
    assert_whole(&s, m);
    fragment_set_wipe(&s);
    memory_check(heap);
}

static void try_orders(struct memory *heap, const struct cut_message *m, uint16_t *order, uint16_t fixed)
{
    if (fixed == m->total) {
        assert_order_works(heap, m, order);
        return;
    }
    for (uint16_t i = fixed; i < m->total; i++) {
        uint16_t swapped = order[fixed];
        order[fixed] = order[i];
        order[i] = swapped;
        try_orders(heap, m, order, (uint16_t)(fixed + 1));
        order[i] = order[fixed];
        order[fixed] = swapped;
    }
}

static void small_messages_come_together_in_every_order(void **state)
{
    (void)state;
    struct memory heap;
    memory_make(&heap);
    struct dice dice = {1};
    for (uint16_t total = 1; total <= 5; total++) {
        struct cut_message m = cut_message(&dice, total);
        uint16_t order[] = {1, 2, 3, 4, 5};
        try_orders(&heap, &m, order, 0);
    }
}

static void large_messages_come_together_in_random_orders(void **state)
{
    (void)state;
    struct memory heap;
    memory_make(&heap);
    struct dice dice = {2};
    for (int round = 0; round < 300; round++) {
        uint16_t total = (uint16_t)(6 + dice_below(&dice, FRAGMENTS_MAX - 5));
        struct cut_message m = cut_message(&dice, total);
        uint16_t order[FRAGMENTS_MAX] = {0};
        for (uint16_t i = 0; i < total; i++) {
            uint16_t k = (uint16_t)dice_below(&dice, i + 1u);
            order[i] = order[k];
            order[k] = (uint16_t)(i + 1);
        }
        assert_order_works(&heap, &m, order);
    }
}

static void impossible_numbers_are_dropped(void **state)
{
    (void)state;
    struct memory heap;
    memory_make(&heap);
    const struct fragment_set s = fragment_set_make(&heap.alloc);
    assert_int_equal(fragment_look(&s, 1, false, 0, 3), FRAGMENT_DROP);
    assert_int_equal(fragment_look(&s, 1, false, 0, 0), FRAGMENT_DROP);
    assert_int_equal(fragment_look(&s, 1, false, 1, 0), FRAGMENT_DROP);
    assert_int_equal(fragment_look(&s, 1, false, 4, 3), FRAGMENT_DROP);
    assert_int_equal(fragment_look(&s, 1, false, 1, FRAGMENTS_MAX + 1), FRAGMENT_DROP);
    assert_int_equal(fragment_look(&s, 1, false, 1, UINT16_MAX), FRAGMENT_DROP);
    assert_int_equal(fragment_look(&s, 1, false, FRAGMENTS_MAX, FRAGMENTS_MAX), FRAGMENT_KEEP);
}

static void a_larger_total_starts_anew(void **state)
{
    (void)state;
    struct memory heap;
    memory_make(&heap);
    struct dice dice = {3};
    struct cut_message two = cut_message(&dice, 2), three = cut_message(&dice, 3);
    struct fragment_set s = fragment_set_make(&heap.alloc);
    assert_int_equal(add(&s, &two, 1), FRAGMENT_KEEP);
    assert_int_equal(add(&s, &three, 2), FRAGMENT_KEEP);
    assert_int_equal(s.have, 1);
    assert_int_equal(add(&s, &two, 2), FRAGMENT_DROP); /* the old splitting: shrinking totals are dropped */
    assert_int_equal(fragment_look(&s, 3, false, 2, 2), FRAGMENT_DROP);
    assert_int_equal(add(&s, &three, 1), FRAGMENT_KEEP);
    assert_int_equal(add(&s, &three, 3), FRAGMENT_COMPLETE);
    assert_whole(&s, &three);
    fragment_set_wipe(&s);
    memory_check(&heap);
}

static void another_message_starts_anew(void **state)
{
    (void)state;
    struct memory heap;
    memory_make(&heap);
    struct fragment_set s = fragment_set_make(&heap.alloc);
    fragment_add(&s, 1, 4, false, 1, 3, 34, 0, BYTES_LIT("abc"), ROOMY);
    assert_int_equal(fragment_add(&s, 2, 5, false, 1, 2, 34, 0, BYTES_LIT("de"), ROOMY), FRAGMENT_KEEP);
    assert_int_equal(s.have, 1);
    assert_int_equal(s.since, 2);
    assert_int_equal(fragment_add(&s, 3, 5, true, 2, 2, 0, 0, BYTES_LIT("fg"), ROOMY), FRAGMENT_KEEP);
    assert_int_equal(s.have, 1); /* a request and a response of the same number are two messages */
    fragment_set_wipe(&s);
    memory_check(&heap);
}

static void a_message_may_be_empty(void **state)
{
    (void)state;
    struct memory heap;
    memory_make(&heap);
    struct fragment_set s = fragment_set_make(&heap.alloc);
    assert_int_equal(fragment_add(&s, 1, 4, false, 1, 1, 0, 0, BYTES_NONE, ROOMY), FRAGMENT_COMPLETE);
    assert_int_equal(s.len, 0);
    assert_int_equal(fragment_look(&s, 4, false, 1, 1), FRAGMENT_REPEAT);
    uint8_t nothing;
    fragment_join(&s, &nothing);
    fragment_set_wipe(&s);
    memory_check(&heap);
}

static void the_whole_message_is_bounded(void **state)
{
    (void)state;
    struct memory heap;
    memory_make(&heap);
    struct fragment_set s = fragment_set_make(&heap.alloc);
    assert_int_equal(fragment_add(&s, 1, 4, false, 1, 3, 34, 0, BYTES_LIT("12345"), 8), FRAGMENT_KEEP);
    assert_int_equal(fragment_add(&s, 1, 4, false, 2, 3, 0, 0, BYTES_LIT("1234"), 8), FRAGMENT_DROP);
    assert_int_equal(s.len, 5);
    assert_int_equal(fragment_add(&s, 1, 4, false, 2, 3, 0, 0, BYTES_LIT("123"), 8), FRAGMENT_KEEP);
    assert_int_equal(fragment_add(&s, 1, 4, false, 3, 3, 0, 0, BYTES_LIT("1"), 8), FRAGMENT_DROP);
    /* A new splitting is measured alone, and does not destroy what is there when it cannot fit. */
    assert_int_equal(fragment_add(&s, 1, 4, false, 1, 4, 34, 0, BYTES_LIT("123456789"), 8), FRAGMENT_DROP);
    assert_int_equal(s.have, 2);
    assert_int_equal(fragment_add(&s, 1, 4, false, 1, 4, 34, 0, BYTES_LIT("12345678"), 8), FRAGMENT_KEEP);
    assert_int_equal(s.have, 1);
    fragment_set_wipe(&s);
    memory_check(&heap);
}

static void running_out_of_memory_drops_the_fragment_and_leaks_nothing(void **state)
{
    (void)state;
    for (size_t fail_at = 1; fail_at <= 4; fail_at++) {
        struct memory heap;
        memory_make(&heap);
        heap.fail_at = fail_at;
        struct fragment_set s = fragment_set_make(&heap.alloc);
        int dropped = 0;
        for (uint16_t number = 1; number <= 3; number++)
            dropped +=
                fragment_add(&s, 1, 4, false, number, 3, 34, 0, BYTES_LIT("xyz"), ROOMY) == FRAGMENT_DROP;
        assert_in_range(dropped, 1, 3);
        fragment_set_wipe(&s);
        memory_check(&heap);
    }
}

static void a_plan_fills_every_fragment_but_the_last(void **state)
{
    (void)state;
    assert_int_equal(fragment_plan(0, 100), 1);
    assert_int_equal(fragment_plan(1, 100), 1);
    assert_int_equal(fragment_plan(100, 100), 1);
    assert_int_equal(fragment_plan(101, 100), 2);
    assert_int_equal(fragment_plan((size_t)100 * FRAGMENTS_MAX, 100), FRAGMENTS_MAX);
    assert_int_equal(fragment_plan((size_t)100 * FRAGMENTS_MAX + 1, 100), 0);
    assert_int_equal(fragment_plan(10, 0), 0);
    assert_int_equal(fragment_plan(SIZE_MAX, 1), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(small_messages_come_together_in_every_order),
        cmocka_unit_test(large_messages_come_together_in_random_orders),
        cmocka_unit_test(impossible_numbers_are_dropped),
        cmocka_unit_test(a_larger_total_starts_anew),
        cmocka_unit_test(another_message_starts_anew),
        cmocka_unit_test(a_message_may_be_empty),
        cmocka_unit_test(the_whole_message_is_bounded),
        cmocka_unit_test(running_out_of_memory_drops_the_fragment_and_leaks_nothing),
        cmocka_unit_test(a_plan_fills_every_fragment_but_the_last),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
