/* selector: traffic selectors of RFC 7296 2.9 and 3.13.1, against a packet-sampling oracle. */
#include "../support/unit.h"

#include "ike/selector.h"
#include "wire/message.h"

static struct memory heap;
static struct arena arena;

static int start(void **state)
{
    (void)state;
    memory_make(&heap);
    arena = arena_make(&heap.alloc, 1 << 20);
    return 0;
}

static int stop(void **state)
{
    (void)state;
    arena_wipe(&arena);
    memory_check(&heap);
    return 0;
}

/* 10.0.0.from to 10.0.0.to */
static struct selector range(uint8_t from, uint8_t to, uint8_t protocol, uint16_t from_port, uint16_t to_port)
{
    return (struct selector){ADDR_V4, protocol, from_port, to_port, {10, 0, 0, from}, {10, 0, 0, to}, false};
}

static struct selector net(uint8_t from, uint8_t to)
{
    return range(from, to, 0, 0, 65535);
}

static const struct selector OPAQUE_TCP = {ADDR_V4, 6, 65535, 0, {10, 0, 0, 0}, {10, 0, 0, 255}, false};

#define LIST(...) \
    ((struct selectors){sizeof(struct selector[]){__VA_ARGS__} / sizeof(struct selector), \
                        (struct selector[]){__VA_ARGS__}})

static struct selectors narrow(struct selectors offered, struct selectors configured, bool *narrowed)
{
    struct selectors out;
    assert_true(selectors_narrow(&offered, &configured, &arena, &out, narrowed));
    return out;
}

/* ---- one selector ---- */

static void a_host_and_a_family_have_selectors(void **state)
{
    (void)state;
    const struct addr host = {ADDR_V6, {0x20, 0x01, [15] = 9}};
    struct selector s = selector_host(&host), all = selector_all(ADDR_V6), all4 = selector_all(ADDR_V4);
    assert_true(selector_valid(&s) && selector_valid(&all) && selector_valid(&all4));
    assert_true(selector_contains(&all, &s));
    assert_false(selector_contains(&s, &all));
    assert_false(selector_contains(&all4, &s));
    assert_memory_equal(s.from, host.ip, 16);
    assert_memory_equal(s.to, host.ip, 16);
}

static void malformed_selectors_are_known(void **state)
{
    (void)state;
    struct selector backwards = net(9, 8), ports = range(1, 2, 6, 81, 80), family = net(1, 2);
    family.family = ADDR_NONE;
    assert_false(selector_valid(&backwards));
    assert_false(selector_valid(&ports));
    assert_false(selector_valid(&family));
    assert_true(selector_valid(&OPAQUE_TCP));
    struct selector same = net(8, 8);
    assert_true(selector_valid(&same));
}

static void the_intersection_takes_the_stricter_of_everything(void **state)
{
    (void)state;
    struct selector a = range(0, 100, 0, 0, 65535), b = range(50, 200, 17, 53, 1000), both;
    assert_true(selector_intersect(&a, &b, &both));
    struct selector wanted = range(50, 100, 17, 53, 1000);
    assert_true(selector_equal(&both, &wanted));
    assert_true(selector_intersect(&b, &a, &both));
    assert_true(selector_equal(&both, &wanted));
}

static void what_has_nothing_in_common_does_not_intersect(void **state)
{
    (void)state;
    struct selector a = range(0, 9, 6, 80, 80), before = a, both = {.protocol = 77},
                    v6 = selector_all(ADDR_V6);
    struct selector far = range(10, 20, 6, 80, 80), port = range(0, 9, 6, 81, 90),
                    protocol = range(0, 9, 17, 80, 80);
    assert_false(selector_intersect(&a, &far, &both));
    assert_false(selector_intersect(&a, &port, &both));
    assert_false(selector_intersect(&a, &protocol, &both));
    assert_false(selector_intersect(&a, &v6, &both));
    assert_int_equal(both.protocol, 77); /* untouched */
    assert_true(selector_equal(&a, &before));
}

static void opaque_meets_any_and_opaque_only(void **state)
{
    (void)state;
    struct selector any = range(0, 255, 6, 0, 65535), some = range(0, 255, 6, 0, 65534),
                    last = range(0, 255, 6, 65535, 65535), both;
    assert_true(selector_intersect(&OPAQUE_TCP, &any, &both));
    assert_true(selector_equal(&both, &OPAQUE_TCP));
    assert_true(selector_intersect(&OPAQUE_TCP, &OPAQUE_TCP, &both));
    assert_true(selector_equal(&both, &OPAQUE_TCP));
    assert_false(selector_intersect(&OPAQUE_TCP, &some, &both));
    assert_false(selector_intersect(&last, &OPAQUE_TCP, &both));
    assert_true(selector_contains(&any, &OPAQUE_TCP));
    assert_false(selector_contains(&OPAQUE_TCP, &any));
    assert_false(selector_contains(&some, &OPAQUE_TCP));
}

static void icmp_types_and_codes_compare_as_ports(void **state)
{
    (void)state;
    struct selector echo = range(0, 255, 1, 8 << 8, 8 << 8 | 255), all = range(0, 255, 1, 0, 65535);
    struct selector reply = range(0, 255, 1, 0, 255), both;
    assert_true(selector_contains(&all, &echo));
    assert_true(selector_intersect(&all, &echo, &both));
    assert_true(selector_equal(&both, &echo));
    assert_false(selector_intersect(&reply, &echo, &both));
}

/* ---- lists ---- */

static void dynamic_selectors_become_the_host(void **state)
{
    (void)state;
    const struct addr host = {ADDR_V6, {0x20, 0x01, [15] = 9}};
    struct selector dynamic = {.protocol = 17, .from_port = 53, .to_port = 54, .dynamic = true};
    struct selectors configured = LIST(net(1, 2), dynamic), out;
    assert_true(selectors_resolve(&configured, &host, &arena, &out));
    assert_int_equal(out.count, 2);
    struct selector first = net(1, 2);
    assert_true(selector_equal(&out.at[0], &first));
    assert_int_equal(out.at[1].family, ADDR_V6);
    assert_int_equal(out.at[1].protocol, 17);
    assert_int_equal(out.at[1].from_port, 53);
    assert_int_equal(out.at[1].to_port, 54);
    assert_memory_equal(out.at[1].from, host.ip, 16);
    assert_false(out.at[1].dynamic);
}

static void everything_allowed_comes_back_whole(void **state)
{
    (void)state;
    bool narrowed = true;
    struct selectors out = narrow(LIST(net(0, 10), net(20, 30)), LIST(net(0, 255)), &narrowed);
    assert_false(narrowed);
    assert_int_equal(out.count, 2);
    struct selector first = net(0, 10), second = net(20, 30);
    assert_true(selector_equal(&out.at[0], &first));
    assert_true(selector_equal(&out.at[1], &second));
}

static void nothing_allowed_is_an_empty_result(void **state)
{
    (void)state;
    bool narrowed = false;
    assert_int_equal(narrow(LIST(net(0, 10)), LIST(net(20, 30)), &narrowed).count, 0);
    assert_true(narrowed);
    assert_int_equal(narrow((struct selectors){0}, LIST(net(20, 30)), &narrowed).count, 0);
    assert_false(narrowed);
}

static void the_packet_that_asked_stays_first_and_inside(void **state)
{
    (void)state;
    bool narrowed = false;
    /* RFC 7296 2.9: first the packet, then the wish; we allow .0 to .127 and .200 */
    struct selectors out =
        narrow(LIST(range(43, 43, 17, 53, 53), net(0, 255)), LIST(net(200, 200), net(0, 127)), &narrowed);
    assert_true(narrowed);
    assert_int_equal(out.count, 2);
    const uint8_t packet[] = {10, 0, 0, 43};
    assert_true(selectors_match(&out, ADDR_V4, packet, 17, 53));
}

static void contained_members_are_dropped_whichever_comes_first(void **state)
{
    (void)state;
    bool narrowed = true;
    struct selectors out =
        narrow(LIST(net(5, 6), net(0, 10), net(0, 10), net(7, 7)), LIST(net(0, 255)), &narrowed);
    struct selector wanted = net(0, 10);
    assert_int_equal(out.count, 1);
    assert_true(selector_equal(&out.at[0], &wanted));
    assert_false(narrowed);
}

static void unknown_and_malformed_members_are_ignored(void **state)
{
    (void)state;
    bool narrowed = false;
    struct selector unknown = net(0, 255), backwards = net(9, 8);
    unknown.family = ADDR_NONE;
    struct selectors out = narrow(LIST(unknown, backwards, net(1, 2)), LIST(net(0, 255), unknown), &narrowed);
    assert_int_equal(out.count, 1);
    assert_true(narrowed);
}

static void the_result_is_bounded(void **state)
{
    (void)state;
    struct selector offered[SELECTORS_MAX], configured[4];
    for (unsigned i = 0; i < SELECTORS_MAX; i++)
        offered[i] = range(0, 255, 0, (uint16_t)(2 * i), (uint16_t)(2 * i));
    for (uint8_t i = 0; i < 4; i++)
        configured[i] = net((uint8_t)(i * 10), (uint8_t)(i * 10 + 5));
    bool narrowed = false;
    struct selectors out =
        narrow((struct selectors){SELECTORS_MAX, offered}, (struct selectors){4, configured}, &narrowed);
    assert_int_equal(out.count, SELECTORS_MAX);
    assert_true(narrowed);
}

static void an_answer_outside_the_offer_is_no_subset(void **state)
{
    (void)state;
    struct selectors offer = LIST(net(0, 10), range(20, 30, 6, 0, 65535));
    struct selectors good = LIST(net(1, 2), range(20, 20, 6, 80, 80)), wider = LIST(net(1, 11)),
                     protocol = LIST(net(20, 21));
    struct selectors malformed = LIST(net(3, 2)), empty = {0};
    assert_true(selectors_subset(&good, &offer));
    assert_true(selectors_subset(&empty, &offer));
    assert_false(selectors_subset(&wider, &offer));
    assert_false(selectors_subset(&protocol, &offer));
    assert_false(selectors_subset(&malformed, &offer));
}

static void out_of_memory_is_said(void **state)
{
    (void)state;
    struct arena tiny = arena_make(&heap.alloc, 8);
    struct selectors in = LIST(net(0, 1)), out;
    bool narrowed;
    assert_false(selectors_narrow(&in, &in, &tiny, &out, &narrowed));
    const struct addr host = {ADDR_V4, {1, 2, 3, 4}};
    assert_false(selectors_resolve(&in, &host, &tiny, &out));
}

/* ---- property: a packet is in the result exactly if it is in both lists ---- */

static struct selector random_selector(struct dice *dice)
{
    static const uint8_t protocols[] = {0, 0, 6, 17};
    uint8_t a = (uint8_t)dice_below(dice, 8), b = (uint8_t)dice_below(dice, 8);
    uint16_t p = (uint16_t)dice_below(dice, 6), q = (uint16_t)dice_below(dice, 6);
    struct selector s = net(a < b ? a : b, a < b ? b : a);
    s.protocol = protocols[dice_below(dice, 4)];
    if (dice_below(dice, 2)) {
        s.from_port = p < q ? p : q;
        s.to_port = p < q ? q : p;
    }
    if (dice_below(dice, 4) == 0) { /* the same in IPv6 */
        s.family = ADDR_V6;
        memmove(s.from + 12, s.from, 4);
        memmove(s.to + 12, s.to, 4);
        s.from[3] = s.to[3] = 0;
    }
    return s;
}

static struct selectors random_list(struct dice *dice, struct selector *room)
{
    struct selectors list = {(uint16_t)dice_below(dice, 5), room};
    for (uint16_t i = 0; i < list.count; i++)
        room[i] = random_selector(dice);
    return list;
}

/* Every packet of the small world that random_selector builds in: true if both lists agree on each. */
static void compare_packets(struct selectors offered, struct selectors configured, struct selectors result,
                            bool *is_cut)
{
    static const uint8_t protocols[] = {6, 17, 50};
    *is_cut = false;
    for (unsigned packet = 0; packet < 2 * 9 * 3 * 7; packet++) {
        uint8_t family = packet % 2 ? ADDR_V6 : ADDR_V4;
        uint8_t ip[16] = {10, 0, 0, 0};
        uint8_t last = (uint8_t)(packet / 2 % 9);
        ip[3] = last;
        if (family == ADDR_V6)
            memcpy(ip, (const uint8_t[16]){10, 0, 0, [12] = 10, 0, 0, last}, 16);
        uint8_t protocol = protocols[packet / 18 % 3];
        uint16_t port = (uint16_t)(packet / 54);
        bool in_offer = selectors_match(&offered, family, ip, protocol, port);
        bool in_both = in_offer && selectors_match(&configured, family, ip, protocol, port);
        assert_true(selectors_match(&result, family, ip, protocol, port) == in_both);
        *is_cut |= in_offer && !in_both;
    }
}

static void narrowing_is_intersection_packet_by_packet(void **state)
{
    (void)state;
    struct dice dice = {1};
    for (int round = 0; round < 4000; round++) {
        struct selector room[2][5];
        struct selectors offered = random_list(&dice, room[0]), configured = random_list(&dice, room[1]);
        bool narrowed, is_cut;
        struct selectors out = narrow(offered, configured, &narrowed);
        compare_packets(offered, configured, out, &is_cut);
        assert_true(narrowed || !is_cut);
        assert_true(selectors_subset(&out, &offered));
        assert_true(selectors_subset(&out, &configured));
        for (uint16_t i = 0; i < out.count; i++)
            for (uint16_t k = 0; k < out.count; k++)
                assert_true(i == k || !selector_contains(&out.at[i], &out.at[k]));
        arena_wipe(&arena);
    }
}

static void an_address_is_one_whatever_its_ports(void **state)
{
    struct selector one = range(7, 7, 17, 53, 53), two = range(7, 8, 0, 0, 65535),
                    dynamic = {.dynamic = true}, all = selector_all(ADDR_V6);
    (void)state;
    assert_true(selector_is_address(&one));
    assert_false(selector_is_address(&two));
    assert_false(selector_is_address(&dynamic));
    assert_false(selector_is_address(&all));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_host_and_a_family_have_selectors),
        cmocka_unit_test(malformed_selectors_are_known),
        cmocka_unit_test(the_intersection_takes_the_stricter_of_everything),
        cmocka_unit_test(what_has_nothing_in_common_does_not_intersect),
        cmocka_unit_test(opaque_meets_any_and_opaque_only),
        cmocka_unit_test(icmp_types_and_codes_compare_as_ports),
        cmocka_unit_test(dynamic_selectors_become_the_host),
        cmocka_unit_test(everything_allowed_comes_back_whole),
        cmocka_unit_test(nothing_allowed_is_an_empty_result),
        cmocka_unit_test(the_packet_that_asked_stays_first_and_inside),
        cmocka_unit_test(contained_members_are_dropped_whichever_comes_first),
        cmocka_unit_test(unknown_and_malformed_members_are_ignored),
        cmocka_unit_test(the_result_is_bounded),
        cmocka_unit_test(an_answer_outside_the_offer_is_no_subset),
        cmocka_unit_test(out_of_memory_is_said),
        cmocka_unit_test(narrowing_is_intersection_packet_by_packet),
        cmocka_unit_test(an_address_is_one_whatever_its_ports),
    };
    return cmocka_run_group_tests(tests, start, stop);
}
