/* replay: the window against a simple model that remembers everything. */
#include "../support/unit.h"

#include <stdlib.h>

#include "esp/replay.h"

/* ---- the model: a set of numbers in a plain array around a base, and the highest of them ----- */

enum {
    SPAN = 1 << 16,
    RING_MAX = REPLAY_WINDOW_MAX / 64 * 2,
};

struct model {
    uint64_t base, top;
    uint32_t window;
    bool seen[SPAN];
};

static enum replay_verdict judge(const struct model *m, uint64_t seq)
{
    if (seq == 0)
        return REPLAY_INVALID;
    if (m->window && seq <= m->top && m->top - seq >= m->window)
        return REPLAY_STALE;
    return m->window && m->seen[seq - m->base] ? REPLAY_SEEN : REPLAY_FRESH;
}

static void remember(struct model *m, uint64_t seq)
{
    m->seen[seq - m->base] = true;
    m->top = seq > m->top ? seq : m->top;
}

struct rig {
    uint64_t ring[RING_MAX];
    struct replay replay;
    struct model model;
};

static struct rig *rig_new(uint32_t window, bool esn, uint64_t base)
{
    struct rig *g = calloc(1, sizeof *g);
    assert_non_null(g);
    assert_true(replay_words(window) <= sizeof g->ring / sizeof g->ring[0]);
    g->replay = replay_make(window, esn, g->ring);
    g->model.base = base;
    g->model.window = g->replay.window;
    g->replay.top = g->model.top = base;
    if (base)
        replay_accept(&g->replay, base), remember(&g->model, base);
    return g;
}

/*
 * The packet arrives; sometimes it is a forgery that fails to authenticate after the check. With
 * extended sequence numbers whatever is left of the window looks like a packet of the next
 * subspace, and fails to authenticate (RFC 4303 A2.2).
 */
static void arrive(struct rig *g, uint64_t seq, bool forged)
{
    uint64_t inferred;
    enum replay_verdict want = judge(&g->model, seq);
    enum replay_verdict got = replay_check(&g->replay, (uint32_t)seq, &inferred);
    if (want == REPLAY_STALE && g->replay.esn) {
        assert_int_equal(got, REPLAY_FRESH);
        assert_int_equal(inferred, seq + (UINT64_C(1) << 32));
        return;
    }
    assert_int_equal(got, want);
    assert_int_equal(inferred, seq);
    if (want != REPLAY_FRESH || forged)
        return;
    replay_accept(&g->replay, seq);
    remember(&g->model, seq);
    assert_int_equal(g->replay.top, g->model.top);
}

/* Mostly near the top on both sides, sometimes at an edge of the window, now and then a jump. */
static uint64_t choose(struct dice *d, const struct rig *g)
{
    uint64_t top = g->model.top, w = g->replay.window ? g->replay.window : 64,
             low = g->model.base + 1;
    uint64_t far = dice_below(d, 8) ? 4 : w * 3, seq = top;
    switch (dice_below(d, 4)) {
    case 0:
        return top + 1 + dice_below(d, far);
    case 1:
        seq = top - dice_below(d, w + 2);
        break;
    case 2:
        seq = top - w + dice_below(d, 3);
        break;
    default:
        seq = top - dice_below(d, 8);
    }
    return seq < low || seq > top ? low : seq;
}

static void run_random(uint32_t window, bool esn, uint64_t base, uint64_t seed)
{
    struct rig *g = rig_new(window, esn, base);
    struct dice d = {seed};
    uint64_t stop = base + SPAN - 4 * (g->replay.window + 64u);
    for (int i = 0; i < 20000 && g->model.top < stop; i++)
        arrive(g, choose(&d, g), dice_below(&d, 10) == 0);
    free(g);
}

static const uint32_t windows[] = {0, 1, 32, 64, 65, 128, 192, 1000, 1024, 4095, 4096};

static void random_orders_agree_with_the_model(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof windows / sizeof windows[0]; i++) {
        for (uint64_t seed = 1; seed <= 20; seed++) {
            run_random(windows[i], false, 0, seed);
            run_random(windows[i], true, 0, seed);
        }
    }
}

static void random_orders_across_2_to_the_32_agree_with_the_model(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof windows / sizeof windows[0]; i++) {
        for (uint64_t seed = 1; seed <= 20; seed++) {
            run_random(windows[i], true, UINT64_C(0xffffffff) - 5000, seed);
            run_random(windows[i], true, UINT64_C(0x7fffffffffffffff) - 100, seed);
        }
    }
}

/* Every order of a few numbers around each edge: exhaustive where it is cheap. */
static void every_short_history_agrees_with_the_model(void **state)
{
    (void)state;
    static const int64_t step[] = {-65, -64, -63, -1, 0, 1, 2, 64, 65, 128};
    enum {
        STEPS = sizeof step / sizeof step[0],
        DEPTH = 4,
    };
    static const uint64_t bases[] = {70, 1000, UINT64_C(0xffffffff) - 130,
                                     UINT64_C(0x100000000) - 1, UINT64_C(0x100000000) + 70};
    struct rig *g = calloc(1, sizeof *g);
    for (size_t b = 0; b < sizeof bases / sizeof bases[0]; b++) {
        for (size_t code = 0; code < (size_t)STEPS * STEPS * STEPS * STEPS; code++) {
            memset(g->model.seen, 0, 2048);
            g->replay = replay_make(64, true, g->ring);
            g->model = (struct model){.base = bases[b] - 70, .window = 64};
            replay_accept(&g->replay, bases[b]);
            remember(&g->model, bases[b]);
            size_t c = code;
            for (int i = 0; i < DEPTH; i++, c /= STEPS)
                arrive(g, g->model.top + (uint64_t)step[c % STEPS], false);
        }
    }
    free(g);
}

static void sixty_four_packets_in_any_order_are_taken_once(void **state)
{
    (void)state;
    struct dice d = {42};
    for (int round = 0; round < 200; round++) {
        struct rig *g = rig_new(64, round % 2, 0);
        uint64_t order[64];
        for (size_t i = 0; i < 64; i++)
            order[i] = i + 1;
        for (size_t i = 63; i > 0; i--) {
            size_t k = dice_below(&d, i + 1);
            uint64_t kept = order[i];
            order[i] = order[k];
            order[k] = kept;
        }
        for (size_t i = 0; i < 64; i++) {
            uint64_t seq;
            assert_int_equal(replay_check(&g->replay, (uint32_t)order[i], &seq), REPLAY_FRESH);
            replay_accept(&g->replay, seq);
        }
        for (size_t i = 0; i < 64; i++) {
            uint64_t seq;
            assert_int_equal(replay_check(&g->replay, (uint32_t)order[i], &seq), REPLAY_SEEN);
        }
        free(g);
    }
}

static void zero_is_never_a_sequence_number(void **state)
{
    (void)state;
    uint64_t ring[2], seq;
    struct replay r = replay_make(64, false, ring);
    assert_int_equal(replay_check(&r, 0, &seq), REPLAY_INVALID);
    r = replay_make(64, true, ring);
    assert_int_equal(replay_check(&r, 0, &seq), REPLAY_INVALID);
    r = replay_make(0, false, ring);
    assert_int_equal(replay_check(&r, 0, &seq), REPLAY_INVALID);
}

static void without_esn_numbers_end_at_2_to_the_32(void **state)
{
    (void)state;
    uint64_t ring[2], seq;
    struct replay r = replay_make(64, false, ring);
    replay_accept(&r, UINT32_MAX);
    assert_int_equal(replay_check(&r, 0, &seq), REPLAY_INVALID);
    assert_int_equal(replay_check(&r, 1, &seq), REPLAY_STALE);
    assert_int_equal(replay_check(&r, UINT32_MAX, &seq), REPLAY_SEEN);
    assert_int_equal(replay_check(&r, UINT32_MAX - 1, &seq), REPLAY_FRESH);
}

static void with_esn_numbers_neither_begin_before_zero_nor_wrap(void **state)
{
    (void)state;
    uint64_t ring[2], seq;
    struct replay r = replay_make(64, true, ring);
    assert_int_equal(replay_check(&r, UINT32_MAX, &seq), REPLAY_INVALID); /* would be -1 */
    replay_accept(&r, UINT64_MAX - 1);
    assert_int_equal(replay_check(&r, UINT32_MAX, &seq), REPLAY_FRESH);
    assert_true(seq == UINT64_MAX);
    replay_accept(&r, seq);
    assert_int_equal(replay_check(&r, 1, &seq), REPLAY_INVALID); /* would be 2^64 + 1 */
    assert_int_equal(replay_check(&r, UINT32_MAX, &seq), REPLAY_SEEN);
}

static void a_leap_forgets_the_whole_window(void **state)
{
    (void)state;
    uint64_t ring[RING_MAX], seq;
    struct replay r = replay_make(4096, true, ring);
    for (uint64_t s = 1; s <= 4096; s++)
        replay_accept(&r, s);
    replay_accept(&r, 4096 + UINT64_C(0x40000000));
    for (uint64_t s = r.top - 4095; s < r.top; s++)
        assert_int_equal(replay_check(&r, (uint32_t)s, &seq), REPLAY_FRESH);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(random_orders_agree_with_the_model),
        cmocka_unit_test(random_orders_across_2_to_the_32_agree_with_the_model),
        cmocka_unit_test(every_short_history_agrees_with_the_model),
        cmocka_unit_test(sixty_four_packets_in_any_order_are_taken_once),
        cmocka_unit_test(zero_is_never_a_sequence_number),
        cmocka_unit_test(without_esn_numbers_end_at_2_to_the_32),
        cmocka_unit_test(with_esn_numbers_neither_begin_before_zero_nor_wrap),
        cmocka_unit_test(a_leap_forgets_the_whole_window),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
