/* effects: what is told of those that find no memory. */
#include "../support/unit.h"

#include "ike/engine.h"
#include "ike/limits.h"

static const uint8_t octets[1200];

static void effects_keep_their_order_and_are_never_too_many(void **state)
{
    enum { COUNT = 20000 };
    struct memory m;
    struct ike_engine e = {0};
    (void)state;
    memory_make(&m);
    struct ike_effects *fx = ike_effects_new(&m.alloc);
    for (unsigned i = 0; i < COUNT; i++) {
        struct ike_effect *effect = effects_add(&e, fx, EFFECT_PLANE);
        assert_non_null(effect);
        effect->u.plane.child.id = i;
    }
    assert_true(effects_are_enough(fx));
    unsigned count = 0;
    for (const struct ike_effect *at = ike_effects_first(fx); at; at = at->next)
        assert_int_equal(at->u.plane.child.id, count++);
    assert_int_equal(count, COUNT);
    assert_false(ike_effects_lost(fx));
    ike_effects_clear(fx);
    assert_false(effects_are_enough(fx));
    ike_effects_free(fx);
    memory_check(&m);
}

static void a_lost_effect_is_told_whatever_it_was(void **state)
{
    static const struct ike_path path = {0};
    (void)state;
    for (int sends = 0; sends < 2; sends++) {
        struct memory m;
        struct ike_engine e = {0};
        memory_make(&m);
        struct ike_effects *fx = ike_effects_new(&m.alloc);
        m.fail_at = m.takes + 1;
        for (int i = 0; i < 2; i++)
            if (sends)
                effects_send(&e, fx, &path, BYTES_OF(octets));
            else
                assert_null(effects_add(&e, fx, EFFECT_PLANE));
        assert_null(ike_effects_first(fx));
        assert_true(ike_effects_lost(fx));
        assert_int_equal(e.counts[COUNT_EFFECTS_LOST], 2);
        ike_effects_clear(fx);
        assert_false(ike_effects_lost(fx));
        ike_effects_free(fx);
        memory_check(&m);
    }
}

/* Nothing happens without it, so nothing is lost when it cannot be made. */
static void an_effect_that_is_made_but_not_appended_leaves_nothing(void **state)
{
    struct memory m;
    (void)state;
    memory_make(&m);
    struct ike_effects *fx = ike_effects_new(&m.alloc);
    struct ike_effect *effect = effects_make(fx, EFFECT_PLANE);
    assert_non_null(effect);
    memset(&effect->u.plane.in, 0x55, sizeof effect->u.plane.in);
    assert_null(ike_effects_first(fx));
    assert_false(ike_effects_lost(fx));
    ike_effects_free(fx);
    memory_check(&m); /* wiped, too */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(effects_keep_their_order_and_are_never_too_many),
        cmocka_unit_test(a_lost_effect_is_told_whatever_it_was),
        cmocka_unit_test(an_effect_that_is_made_but_not_appended_leaves_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
