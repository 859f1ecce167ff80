/* daemon/updown_variables: what a command of `updown` is told of an SA. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "config/value.h"
#include "daemon/updown_variables.h"
#include "run/runner.h"
#include "wire/names.h"

#include <string.h>

static struct selector selector(const char *text)
{
    struct selector s;
    struct value_fault f;
    assert_true(value_selector(bytes_str(text), &s, &f));
    return s;
}

static struct ike_sa_info sa(const char *ours, const char *theirs)
{
    struct ike_sa_info sa = {.id = 7, .path.remote.port = 4500};
    assert_true(value_addr(bytes_str(ours), &sa.path.local.addr));
    assert_true(value_addr(bytes_str(theirs), &sa.path.remote.addr));
    sa.ours = (struct identity){.type = ID_FQDN, .data = BYTES_LIT("left")};
    sa.theirs = (struct identity){.type = ID_FQDN, .data = BYTES_LIT("a\nPATH=/x\"`\xff=")};
    return sa;
}

static const char *told(const struct updown_event *e, const char *ours, const char *theirs)
{
    static char lines[RUNNER_VARIABLES_MAX];
    struct selector mine = selector(ours), other = selector(theirs);
    struct text t = text_make(lines, sizeof lines);
    updown_variables(&t, e, &mine, &other);
    assert_false(t.cut);
    return lines;
}

static void all_variables_of_a_tunnel(void **state)
{
    struct ike_sa_info of = sa("192.0.2.1", "192.0.2.2");
    struct conf_child conf = {.hostaccess = true};
    struct ike_child_info child = {.id = 5, .reqid = 3, .name = "net", .conf = &conf, .encap = true};
    struct updown_event e = {true, &of, &child, "eth0", "braid0"};
    (void)state;
    assert_string_equal(told(&e, "10.1.0.0/16", "10.2.0.7-10.2.0.9[tcp/80]"),
                        "PLUTO_VERSION=1.1\nPLUTO_VERB=up-client\nPLUTO_CONNECTION=net\n"
                        "PLUTO_INTERFACE=eth0\nPLUTO_REQID=3\nPLUTO_PROTO=esp\nPLUTO_UNIQUEID=7\n"
                        "PLUTO_ME=192.0.2.1\nPLUTO_MY_ID=left\nPLUTO_MY_CLIENT=10.1.0.0/16\n"
                        "PLUTO_MY_PORT=0\nPLUTO_MY_PROTOCOL=0\n"
                        "PLUTO_PEER=192.0.2.2\nPLUTO_PEER_ID=a\\x0aPATH=/x\"`\\xff=\n"
                        "PLUTO_PEER_CLIENT=10.2.0.0/28\nPLUTO_PEER_PORT=80\nPLUTO_PEER_PROTOCOL=6\n"
                        "PLUTO_UDP_ENC=4500\nPLUTO_HOST_ACCESS=1\nBRAID_DEVICE=braid0\n");
}

static void every_line_may_be_a_variable(void **state)
{
    struct ike_sa_info of = sa("2001:db8::1", "2001:db8::2");
    struct ike_child_info child = {.name = "odd\nname\x80"};
    struct updown_event e = {false, &of, &child, "", "braid0"};
    struct bytes rest = bytes_str(told(&e, "fd01::/64", "fd02::/64"));
    size_t lines = 0;
    (void)state;
    for (; rest.len > 0; lines++) {
        const uint8_t *end = memchr(rest.at, '\n', rest.len);
        assert_non_null(end);
        size_t len = (size_t)(end - rest.at);
        assert_true(runner_is_variable(bytes_make(rest.at, len)));
        rest = bytes_make(rest.at + len + 1, rest.len - len - 1);
    }
    assert_int_equal(lines, 18);
}

static void the_verb_tells_hosts_and_versions_apart(void **state)
{
    static const struct {
        const char *me, *ours;
        bool up;
        const char *verb;
    } cases[] = {
        {"192.0.2.1", "192.0.2.1", true, "up-host"},
        {"192.0.2.1", "192.0.2.1[udp/53]", false, "down-host"},
        {"192.0.2.1", "192.0.2.0/31", true, "up-client"},
        {"192.0.2.1", "192.0.2.2", false, "down-client"},
        {"2001:db8::1", "2001:db8::1", true, "up-host-v6"},
        {"2001:db8::1", "2001:db8::/64", false, "down-client-v6"},
        {"192.0.2.1", "2001:db8::1", true, "up-client-v6"},
        {"2001:db8::1", "32.1.13.184", true, "up-client"}, /* the same first octets */
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct ike_sa_info of = sa(cases[i].me, cases[i].me);
        struct updown_event e = {cases[i].up, &of, NULL, "", ""};
        struct selector ours = selector(cases[i].ours);
        assert_string_equal(updown_verb(&e, &ours), cases[i].verb);
    }
}

static void ports_as_packet_filters_write_them(void **state)
{
    static const struct {
        const char *ours, *theirs, *mine, *other;
    } cases[] = {
        {"10.0.0.0/8", "10.0.0.0/8", "MY_PORT=0\n", "PEER_PORT=0\n"},
        {"10.0.0.0/8[udp/5-9]", "10.0.0.0/8[udp]", "MY_PORT=5:9\n", "PEER_PORT=0\n"},
        {"10.0.0.0/8[tcp/opaque]", "10.0.0.0/8[tcp/443]", "MY_PORT=0\n", "PEER_PORT=443\n"},
        {"10.0.0.0/8[icmp/2048]", "10.0.0.0/8[icmp]", "MY_PORT=8\n", "PEER_PORT=0\n"},
        {"10.0.0.0/8[icmp]", "10.0.0.0/8[1/769]", "MY_PORT=3\n", "PEER_PORT=1\n"},
    };
    struct ike_sa_info of = sa("192.0.2.1", "192.0.2.2");
    struct ike_child_info child = {.name = "n"};
    struct updown_event e = {true, &of, &child, "", ""};
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        const char *lines = told(&e, cases[i].ours, cases[i].theirs);
        assert_non_null(strstr(lines, cases[i].mine));
        assert_non_null(strstr(lines, cases[i].other));
    }
}

static void only_what_packets_can_match_is_a_pair(void **state)
{
    struct selector v4 = selector("10.0.0.0/8"), v6 = selector("fd00::/8"), tcp = selector("10.0.0.0/8[tcp]"),
                    udp = selector("10.0.0.0/8[udp]");
    (void)state;
    assert_true(updown_is_pair(&v4, &v4));
    assert_true(updown_is_pair(&v4, &tcp));
    assert_true(updown_is_pair(&tcp, &v4));
    assert_false(updown_is_pair(&tcp, &udp));
    assert_false(updown_is_pair(&v4, &v6));
}

static void what_does_not_fit_is_no_half_truth(void **state)
{
    char lines[64];
    struct ike_sa_info of = sa("192.0.2.1", "192.0.2.2");
    struct ike_child_info child = {.name = "n"};
    struct updown_event e = {true, &of, &child, "", ""};
    struct selector s = selector("10.0.0.0/8");
    struct text t = text_make(lines, sizeof lines);
    (void)state;
    updown_variables(&t, &e, &s, &s);
    assert_true(t.cut);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(all_variables_of_a_tunnel),
        cmocka_unit_test(every_line_may_be_a_variable),
        cmocka_unit_test(the_verb_tells_hosts_and_versions_apart),
        cmocka_unit_test(ports_as_packet_filters_write_them),
        cmocka_unit_test(only_what_packets_can_match_is_a_pair),
        cmocka_unit_test(what_does_not_fit_is_no_half_truth),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
