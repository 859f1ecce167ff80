/*
 * policy, prefix: which Child SA a packet belongs to, and which routes a range of addresses needs.
 */
#include "../support/unit.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>

#include "dataplane/policy.h"
#include "dataplane/prefix.h"

/* ---- building -------------------------------------------------------------------------------- */

static struct selector range(const char *from, const char *to)
{
    struct selector s = {.family = strchr(from, ':') ? ADDR_V6 : ADDR_V4, .to_port = UINT16_MAX};
    int family = s.family == ADDR_V6 ? AF_INET6 : AF_INET;
    assert_int_equal(inet_pton(family, from, s.from), 1);
    assert_int_equal(inet_pton(family, to, s.to), 1);
    return s;
}

static struct selector with_ports(struct selector s, uint8_t protocol, uint16_t from, uint16_t to)
{
    s.protocol = protocol;
    s.from_port = from;
    s.to_port = to;
    return s;
}

static struct flow flow(const char *src, const char *dst, uint8_t protocol, int src_port,
                        int dst_port)
{
    struct flow f = {.family = strchr(src, ':') ? ADDR_V6 : ADDR_V4,
                     .protocol = protocol,
                     .has_ports = src_port >= 0,
                     .is_first = true};
    int family = f.family == ADDR_V6 ? AF_INET6 : AF_INET;
    assert_int_equal(inet_pton(family, src, f.src), 1);
    assert_int_equal(inet_pton(family, dst, f.dst), 1);
    f.src_port = (uint16_t)(src_port < 0 ? 0 : src_port);
    f.dst_port = (uint16_t)(dst_port < 0 ? 0 : dst_port);
    return f;
}

static void make(struct policy *p, struct selector local, struct selector remote)
{
    assert_true(policy_make(p, &(struct selectors){1, &local}, &(struct selectors){1, &remote}, p));
    p->is_usable = true;
}

static struct policy_table *table_new(void)
{
    struct policy_table *t = malloc(sizeof *t);
    assert_non_null(t);
    policy_table_init(t);
    return t;
}

#define ANY4 range("0.0.0.0", "255.255.255.255")
#define NET1 range("10.1.0.0", "10.1.255.255")
#define NET2 range("10.2.0.0", "10.2.255.255")

/* ---- one policy ------------------------------------------------------------------------------ */

static bool goes_out(struct selector local, struct selector remote, struct flow f)
{
    struct policy p;
    struct policy_table *t = table_new();
    make(&p, local, remote);
    policy_table_add(t, &p);
    bool found = policy_table_find(t, &f) == &p;
    policy_free(&p);
    free(t);
    return found;
}

static void both_ends_must_match(void **state)
{
    (void)state;
    assert_true(goes_out(NET1, NET2, flow("10.1.2.3", "10.2.3.4", 17, 1, 2)));
    assert_true(goes_out(NET1, NET2, flow("10.1.0.0", "10.2.255.255", 17, 1, 2)));
    assert_false(goes_out(NET1, NET2, flow("10.0.255.255", "10.2.0.1", 17, 1, 2)));
    assert_false(goes_out(NET1, NET2, flow("10.1.0.1", "10.3.0.0", 17, 1, 2)));
    /* the other way round */
    assert_false(goes_out(NET1, NET2, flow("10.2.0.1", "10.1.0.1", 17, 1, 2)));
    assert_false(goes_out(ANY4, ANY4, flow("2001:db8::1", "2001:db8::2", 17, 1, 2)));
    assert_true(goes_out(range("2001:db8::", "2001:db8::ffff"),
                         range("::", "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff"),
                         flow("2001:db8::1", "2001:db9::2", 58, 0x8000, 0x8000)));
}

static void protocol_and_ports_must_match(void **state)
{
    (void)state;
    struct selector web = with_ports(NET2, 6, 80, 443);
    assert_true(goes_out(NET1, web, flow("10.1.0.1", "10.2.0.1", 6, 5000, 80)));
    assert_true(goes_out(NET1, web, flow("10.1.0.1", "10.2.0.1", 6, 5000, 443)));
    assert_false(goes_out(NET1, web, flow("10.1.0.1", "10.2.0.1", 6, 5000, 444)));
    assert_false(goes_out(NET1, web, flow("10.1.0.1", "10.2.0.1", 6, 80, 5000)));
    assert_false(goes_out(NET1, web, flow("10.1.0.1", "10.2.0.1", 17, 5000, 80)));
    /* a later fragment */
    assert_false(goes_out(NET1, web, flow("10.1.0.1", "10.2.0.1", 6, -1, -1)));
    assert_true(
        goes_out(NET1, with_ports(NET2, 6, 0, 65535), flow("10.1.0.1", "10.2.0.1", 6, -1, -1)));
}

static void opaque_matches_what_shows_no_ports(void **state)
{
    (void)state;
    struct selector local = with_ports(NET1, 17, 65535, 0), remote = with_ports(NET2, 17, 65535, 0);
    assert_true(goes_out(local, remote, flow("10.1.0.1", "10.2.0.1", 17, -1, -1)));
    assert_false(goes_out(local, remote, flow("10.1.0.1", "10.2.0.1", 17, 53, 53)));
}

static void icmp_types_stand_in_the_source(void **state)
{
    (void)state;
    struct selector ping = with_ports(NET1, 1, 0x0800, 0x08ff);
    struct flow request = flow("10.1.0.1", "10.2.0.1", 1, 0x0800, 0x0800),
                reply = flow("10.1.0.1", "10.2.0.1", 1, 0, 0);
    assert_true(goes_out(ping, with_ports(NET2, 1, 65535, 0), request));
    assert_true(goes_out(ping, with_ports(NET2, 1, 0x0800, 0x08ff), request));
    assert_true(goes_out(ping, NET2, request));
    assert_false(goes_out(ping, NET2, reply));
    assert_false(goes_out(with_ports(NET1, 1, 65535, 0), ping, request));
}

static void inbound_the_ends_change_places(void **state)
{
    (void)state;
    struct policy p;
    make(&p, with_ports(NET1, 6, 22, 22), NET2);
    struct flow good = flow("10.2.0.1", "10.1.0.1", 6, 5000, 22),
                bad = flow("10.2.0.1", "10.1.0.1", 6, 5000, 23),
                spoofed = flow("10.3.0.1", "10.1.0.1", 6, 5000, 22);
    assert_true(policy_allows(&p, &good));
    assert_false(policy_allows(&p, &bad));
    assert_false(policy_allows(&p, &spoofed));
    policy_free(&p);
}

static void any_of_several_selectors_will_do(void **state)
{
    (void)state;
    struct policy p;
    struct selector local[] = {NET1, range("2001:db8:1::", "2001:db8:1::ffff")},
                    remote[] = {NET2, range("2001:db8:2::", "2001:db8:2::ffff")};
    assert_true(
        policy_make(&p, &(struct selectors){2, local}, &(struct selectors){2, remote}, NULL));
    struct flow v4 = flow("10.2.0.1", "10.1.0.1", 6, 1, 2),
                v6 = flow("2001:db8:2::1", "2001:db8:1::1", 6, 1, 2);
    assert_true(policy_allows(&p, &v4));
    assert_true(policy_allows(&p, &v6));
    policy_free(&p);
}

/* ---- several policies ------------------------------------------------------------------------ */

static void the_newest_of_equals_wins(void **state)
{
    (void)state;
    struct policy old, new;
    struct policy_table *t = table_new();
    struct flow f = flow("10.1.0.1", "10.2.0.1", 17, 1, 2);
    make(&old, NET1, NET2);
    make(&new, NET1, NET2);
    policy_table_add(t, &old);
    assert_ptr_equal(policy_table_find(t, &f), &old);
    policy_table_add(t, &new);
    assert_ptr_equal(policy_table_find(t, &f), &new);
    policy_table_remove(t, &new);
    assert_ptr_equal(policy_table_find(t, &f), &old);
    policy_table_remove(t, &old);
    assert_null(policy_table_find(t, &f));
    policy_free(&old);
    policy_free(&new);
    free(t);
}

static void the_more_specific_wins_over_the_newer(void **state)
{
    (void)state;
    struct policy narrow, wide, port;
    struct policy_table *t = table_new();
    struct flow f = flow("10.1.0.1", "10.2.0.1", 17, 1, 53),
                elsewhere = flow("10.1.0.1", "192.0.2.1", 17, 1, 53);
    make(&narrow, NET1, NET2);
    make(&wide, NET1, ANY4);
    make(&port, NET1, with_ports(NET2, 17, 53, 53));
    policy_table_add(t, &narrow);
    policy_table_add(t, &wide);
    assert_ptr_equal(policy_table_find(t, &f), &narrow);
    assert_ptr_equal(policy_table_find(t, &elsewhere), &wide);
    policy_table_add(t, &port);
    assert_ptr_equal(policy_table_find(t, &f), &port);
    policy_free(&narrow);
    policy_free(&wide);
    policy_free(&port);
    free(t);
}

static void one_that_is_not_usable_is_passed_over(void **state)
{
    (void)state;
    struct policy old, new;
    struct policy_table *t = table_new();
    struct flow f = flow("10.1.0.1", "10.2.0.1", 17, 1, 2);
    make(&old, NET1, NET2);
    make(&new, NET1, NET2);
    new.is_usable = false;
    policy_table_add(t, &old);
    policy_table_add(t, &new);
    assert_ptr_equal(policy_table_find(t, &f), &old);
    policy_table_set_usable(t, &new, true);
    assert_ptr_equal(policy_table_find(t, &f), &new);
    policy_free(&old);
    policy_free(&new);
    free(t);
}

/* The memory of flows against the plain walk, with many flows per place and changes in between. */
static void remembered_answers_are_the_right_ones(void **state)
{
    (void)state;
    enum { COUNT = 16 };
    struct policy p[COUNT];
    struct policy_table *t = table_new();
    struct dice d = {11};
    bool in[COUNT] = {false};
    for (unsigned i = 0; i < COUNT; i++) {
        struct selector remote = {.family = ADDR_V4,
                                  .from = {10, (uint8_t)i},
                                  .to = {10, (uint8_t)i, 255, 255},
                                  .to_port = UINT16_MAX};
        make(&p[i], ANY4, remote);
    }
    t->generation = UINT32_MAX - 20; /* it comes round */
    for (int i = 0; i < 20000; i++) {
        size_t k = dice_below(&d, COUNT);
        if (dice_below(&d, 50) == 0) {
            in[k] ? policy_table_remove(t, &p[k]) : policy_table_add(t, &p[k]);
            in[k] = !in[k];
        }
        struct flow f = {.family = ADDR_V4,
                         .protocol = 17,
                         .has_ports = true,
                         .src = {1},
                         .dst = {10, (uint8_t)k, 0, (uint8_t)dice_roll(&d)}};
        f.dst_port = (uint16_t)dice_below(&d, 50);
        assert_ptr_equal(policy_table_find(t, &f), in[k] ? &p[k] : NULL);
    }
    for (unsigned i = 0; i < COUNT; i++)
        policy_free(&p[i]);
    free(t);
}

/* ---- prefixes -------------------------------------------------------------------------------- */

static void check_cover(struct selector r, const char *want)
{
    struct prefix out[PREFIXES_MAX];
    char got[1024] = "", one[INET6_ADDRSTRLEN + 8], text[INET6_ADDRSTRLEN];
    size_t n = prefix_cover(&r, out);
    for (size_t i = 0; i < n; i++) {
        inet_ntop(r.family == ADDR_V4 ? AF_INET : AF_INET6, out[i].addr.ip, text, sizeof text);
        snprintf(one, sizeof one, "%s%s/%u", i ? " " : "", text, (unsigned)out[i].bits);
        strncat(got, one, sizeof got - strlen(got) - 1);
    }
    assert_string_equal(got, want);
}

static void ranges_become_prefixes(void **state)
{
    (void)state;
    check_cover(ANY4, "0.0.0.0/0");
    check_cover(NET1, "10.1.0.0/16");
    check_cover(range("10.1.0.1", "10.1.0.1"), "10.1.0.1/32");
    check_cover(range("10.0.0.1", "10.0.0.6"), "10.0.0.1/32 10.0.0.2/31 10.0.0.4/31 10.0.0.6/32");
    check_cover(range("10.0.0.128", "10.0.1.255"), "10.0.0.128/25 10.0.1.0/24");
    check_cover(range("255.255.255.254", "255.255.255.255"), "255.255.255.254/31");
    check_cover(range("10.0.0.2", "10.0.0.1"), "");
    check_cover(range("::", "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff"), "::/0");
    check_cover(range("2001:db8::", "2001:db8::1:ffff"), "2001:db8::/111");
    check_cover((struct selector){0}, "");
}

static void the_worst_range_fits(void **state)
{
    (void)state;
    struct prefix out[PREFIXES_MAX];
    struct selector v6 = range("::1", "ffff:ffff:ffff:ffff:ffff:ffff:ffff:fffe"),
                    v4 = range("0.0.0.1", "255.255.255.254");
    assert_int_equal(prefix_cover(&v6, out), 254);
    assert_int_equal(out[253].bits, 128);
    assert_int_equal(prefix_cover(&v4, out), 62);
}

static void an_sa_is_preferred_to_a_trap_unless_the_trap_is_closer(void **state)
{
    (void)state;
    struct policy_table *t = table_new();
    struct policy sa, trap, close_trap;
    struct flow f = flow("10.1.0.1", "10.2.0.1", 17, 1, 2);
    make(&sa, NET1, NET2);
    make(&trap, NET1, NET2);
    make(&close_trap, NET1, range("10.2.0.0", "10.2.0.255"));
    trap.is_trap = close_trap.is_trap = true;
    policy_table_add(t, &trap);
    assert_ptr_equal(policy_table_find(t, &f), &trap);
    policy_table_add(t, &sa);
    assert_ptr_equal(policy_table_find(t, &f), &sa);
    policy_table_remove(t, &trap);
    policy_table_add(t, &trap);
    assert_ptr_equal(policy_table_find(t, &f), &sa);
    policy_table_set_usable(t, &sa, false);
    assert_ptr_equal(policy_table_find(t, &f), &trap);
    policy_table_set_usable(t, &sa, true);
    policy_table_add(t, &close_trap);
    assert_ptr_equal(policy_table_find(t, &f), &close_trap);
    policy_free(&sa);
    policy_free(&trap);
    policy_free(&close_trap);
    free(t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(both_ends_must_match),
        cmocka_unit_test(protocol_and_ports_must_match),
        cmocka_unit_test(opaque_matches_what_shows_no_ports),
        cmocka_unit_test(icmp_types_stand_in_the_source),
        cmocka_unit_test(inbound_the_ends_change_places),
        cmocka_unit_test(any_of_several_selectors_will_do),
        cmocka_unit_test(the_newest_of_equals_wins),
        cmocka_unit_test(the_more_specific_wins_over_the_newer),
        cmocka_unit_test(one_that_is_not_usable_is_passed_over),
        cmocka_unit_test(remembered_answers_are_the_right_ones),
        cmocka_unit_test(ranges_become_prefixes),
        cmocka_unit_test(the_worst_range_fits),
        cmocka_unit_test(an_sa_is_preferred_to_a_trap_unless_the_trap_is_closer),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
