/* window: RFC 7296 2.2 and 2.3 with a window of one. */
#include "../support/unit.h"

#include "ike/window.h"

static void a_new_request_is_served(void **state)
{
    (void)state;
    const struct window w = {.serve_next = 7};
    assert_int_equal(window_ask(&w, false, 7), WINDOW_NEW);
}

static void a_request_that_is_being_served_is_busy(void **state)
{
    (void)state;
    const struct window w = {.serve_next = 7, .serving = true};
    assert_int_equal(window_ask(&w, false, 7), WINDOW_BUSY);
}

static void the_last_request_again_is_a_repeat_if_it_was_answered(void **state)
{
    (void)state;
    struct window w = {.serve_next = 7, .replied = true};
    assert_int_equal(window_ask(&w, false, 6), WINDOW_REPEAT);
    w.serving = true; /* the next one is being worked on: the answer to the last is still at hand */
    assert_int_equal(window_ask(&w, false, 6), WINDOW_REPEAT);
    w.replied = false;
    assert_int_equal(window_ask(&w, false, 6), WINDOW_STRAY);
}

static void requests_too_old_or_too_new_are_strays(void **state)
{
    (void)state;
    const struct window w = {.serve_next = 7, .replied = true};
    assert_int_equal(window_ask(&w, false, 5), WINDOW_STRAY);
    assert_int_equal(window_ask(&w, false, 8), WINDOW_STRAY);
    assert_int_equal(window_ask(&w, false, 0), WINDOW_STRAY);
    assert_int_equal(window_ask(&w, false, UINT32_MAX), WINDOW_STRAY);
}

static void before_the_first_request_nothing_is_a_repeat(void **state)
{
    (void)state;
    const struct window w = {.serve_next = 0};
    assert_int_equal(window_ask(&w, false, UINT32_MAX), WINDOW_STRAY);
    assert_int_equal(window_ask(&w, false, 0), WINDOW_NEW);
}

static void only_the_response_waited_for_is_awaited(void **state)
{
    (void)state;
    const struct window w = {.send_next = 3, .awaiting = true};
    assert_int_equal(window_ask(&w, true, 2), WINDOW_AWAITED);
    assert_int_equal(window_ask(&w, true, 1), WINDOW_STRAY);
    assert_int_equal(window_ask(&w, true, 3), WINDOW_STRAY);
}

static void a_response_nobody_waits_for_is_a_stray(void **state)
{
    (void)state;
    const struct window w = {.send_next = 3};
    assert_int_equal(window_ask(&w, true, 2), WINDOW_STRAY);
    const struct window fresh = {0};
    assert_int_equal(window_ask(&fresh, true, UINT32_MAX), WINDOW_STRAY);
}

static void the_two_directions_do_not_mix(void **state)
{
    (void)state;
    const struct window w = {.send_next = 8, .awaiting = true, .serve_next = 3};
    assert_int_equal(window_ask(&w, false, 7), WINDOW_STRAY);
    assert_int_equal(window_ask(&w, true, 3), WINDOW_STRAY);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_new_request_is_served),
        cmocka_unit_test(a_request_that_is_being_served_is_busy),
        cmocka_unit_test(the_last_request_again_is_a_repeat_if_it_was_answered),
        cmocka_unit_test(requests_too_old_or_too_new_are_strays),
        cmocka_unit_test(before_the_first_request_nothing_is_a_repeat),
        cmocka_unit_test(only_the_response_waited_for_is_awaited),
        cmocka_unit_test(a_response_nobody_waits_for_is_a_stray),
        cmocka_unit_test(the_two_directions_do_not_mix),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
