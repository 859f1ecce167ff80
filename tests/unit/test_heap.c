/* heap: the earliest deadline is on top, whatever was moved or removed before. */
#include "../support/unit.h"
#include "base/heap.h"

enum { NODES = 100 };

struct timer {
    int name;
    struct heap_node node;
};

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

static void check_order(const struct heap *h)
{
    for (size_t i = 0; i < h->count; i++) {
        assert_int_equal(h->node[i]->place, i + 1);
        if (i)
            assert_true(h->node[(i - 1) / 2]->at <= h->node[i]->at);
    }
}

static void deadlines_come_out_in_order(void **state)
{
    (void)state;
    struct heap h = heap_make(&memory.alloc);
    static struct timer timers[NODES];
    struct dice dice = {1};
    assert_null(heap_top(&h));
    for (int i = 0; i < NODES; i++) {
        timers[i].name = i;
        assert_true(heap_set(&h, &timers[i].node, dice_below(&dice, 50)));
        check_order(&h);
    }
    ike_time last = 0;
    for (int i = 0; i < NODES; i++) {
        struct heap_node *top = heap_top(&h);
        struct timer *timer = HEAP_OWNER(top, struct timer, node);
        assert_ptr_equal(&timers[timer->name], timer);
        assert_true(top->at >= last);
        last = top->at;
        assert_true(heap_set(&h, top, IKE_NEVER));
        assert_int_equal(top->place, 0);
        check_order(&h);
    }
    assert_null(heap_top(&h));
    heap_free(&h);
}

static ike_time earliest(const struct timer *timers)
{
    ike_time first = IKE_NEVER;
    for (int i = 0; i < NODES; i++)
        if (timers[i].node.place && timers[i].node.at < first)
            first = timers[i].node.at;
    return first;
}

static void moving_and_removing_keeps_the_earliest_on_top(void **state)
{
    (void)state;
    for (uint64_t seed = 0; seed < 20; seed++) {
        struct heap h = heap_make(&memory.alloc);
        struct timer timers[NODES] = {0};
        struct dice dice = {seed};
        for (int step = 0; step < 1000; step++) {
            struct heap_node *n = &timers[dice_below(&dice, NODES)].node;
            ike_time at = dice_below(&dice, 4) ? dice_below(&dice, 1000) : IKE_NEVER;
            assert_true(heap_set(&h, n, at));
            assert_int_equal(n->place != 0, at != IKE_NEVER);
            check_order(&h);
            assert_int_equal(heap_top(&h) ? heap_top(&h)->at : IKE_NEVER, earliest(timers));
        }
        heap_free(&h);
        for (int i = 0; i < NODES; i++)
            assert_int_equal(timers[i].node.place, 0);
    }
}

static void after_a_reservation_setting_cannot_fail(void **state)
{
    (void)state;
    struct heap h = heap_make(&memory.alloc);
    struct heap_node node[40] = {0};
    size_t n = 0;
    assert_true(heap_reserve(&h));
    memory.fail_at = memory.takes + 1;
    for (; n < 40 && heap_reserve(&h); n++)
        assert_true(heap_set(&h, &node[n], n));
    assert_true(n > 0 && n < 40);
    assert_false(heap_set(&h, &node[n], 5));
    assert_int_equal(node[n].place, 0);
    assert_true(heap_set(&h, &node[0], 1000)); /* moving needs no room */
    assert_true(heap_set(&h, &node[1], IKE_NEVER));
    check_order(&h);
    heap_free(&h);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(deadlines_come_out_in_order),
        TEST(moving_and_removing_keeps_the_earliest_on_top),
        TEST(after_a_reservation_setting_cannot_fail),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
