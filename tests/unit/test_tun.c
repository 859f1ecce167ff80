/*
 * tun: two real TUN devices with their routes, in two network namespaces of this process, joined in
 * memory instead of by UDP sockets. Packets of ordinary sockets go through, nothing goes round, and
 * everything is gone after close. Needs root and /dev/net/tun; skipped (77) without.
 */
#include "../support/unit.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "crypto/ossl.h"
#include "dataplane/tun.h"

enum { BATCH_MAX = 256 };

static struct crypto *crypto;
static ike_time now;

struct host {
    struct host *peer;
    struct dataplane *plane;
    int space; /* its network namespace */
    struct addr outer;
    const char *inner4, *inner6;
    size_t sent; /* ESP packets */
};

static struct host a = {
    .outer = {ADDR_V4, {192, 0, 2, 1}}, .inner4 = "10.1.0.1", .inner6 = "fd00:1::1"};
static struct host b = {
    .outer = {ADDR_V4, {192, 0, 2, 2}}, .inner4 = "10.2.0.1", .inner6 = "fd00:2::1"};

static void enter(const struct host *h)
{
    assert_int_equal(setns(h->space, CLONE_NEWNET), 0);
}

static struct ike_path path_of(const struct host *h)
{
    return (struct ike_path){
        .local = {h->outer, 4500}, .remote = {h->peer->outer, 4500}, .encap = true};
}

static void carry(void *self, const struct ike_path *path, const struct bytes *packets,
                  size_t count)
{
    struct host *h = self;
    struct ike_path theirs = {.local = path->remote, .remote = path->local, .encap = true};
    struct bytes copy[BATCH_MAX];
    assert_true(count <= BATCH_MAX);
    h->sent += count;
    for (size_t i = 0; i < count; i++) {
        copy[i] = exact(packets[i]);
        h->peer->plane->esp_input(h->peer->plane->self, now, &theirs,
                                  (uint8_t *)(uintptr_t)copy[i].at, copy[i].len);
    }
    h->peer->plane->esp_flush(h->peer->plane->self);
    for (size_t i = 0; i < count; i++)
        free_bytes(copy[i]);
}

static void run(const char *command)
{
    if (system(command) != 0)
        fail_msg("failed: %s", command);
}

/* The output of a command, on one line. */
static const char *output_of(const char *command)
{
    static char text[2048];
    FILE *f = popen(command, "r");
    size_t len = fread(text, 1, sizeof text - 1, f);
    pclose(f);
    while (len && text[len - 1] == '\n')
        len--;
    text[len] = '\0';
    return text;
}

static void host_start(struct host *h, struct host *peer)
{
    char command[256], why[160] = "";
    struct plane_output output = {h, carry};
    assert_int_equal(unshare(CLONE_NEWNET), 0);
    h->space = open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC);
    h->peer = peer;
    h->sent = 0;
    snprintf(command, sizeof command,
             "ip link set lo up && ip link add lan type veth peer lan-end &&"
             "ip link set lan up && ip link set lan-end up &&"
             "ip addr add %s/24 dev lan && ip addr add %s/64 dev lan nodad",
             h->inner4, h->inner6);
    run(command);
    h->plane = tun_new(crypto, &output, "braid%d", why, sizeof why);
    if (!h->plane)
        fail_msg("%s", why);
}

static int start(void **state)
{
    (void)state;
    now = IKE_SECOND;
    host_start(&a, &b);
    host_start(&b, &a);
    return 0;
}

static void host_stop(struct host *h)
{
    if (h->plane) {
        enter(h);
        h->plane->close(h->plane->self);
    }
    h->plane = NULL;
    close(h->space);
}

static int stop(void **state)
{
    (void)state;
    host_stop(&a);
    host_stop(&b);
    return 0;
}

/* ---- Child SAs ------------------------------------------------------------------------------- */

static struct selector range(const char *from, const char *to)
{
    struct selector s = {.family = strchr(from, ':') ? ADDR_V6 : ADDR_V4, .to_port = UINT16_MAX};
    inet_pton(s.family == ADDR_V6 ? AF_INET6 : AF_INET, from, s.from);
    inet_pton(s.family == ADDR_V6 ? AF_INET6 : AF_INET, to, s.to);
    return s;
}

static struct ike_plane make_add(const struct host *h, uint32_t id, struct selectors local,
                                 struct selectors remote)
{
    bool is_a = h == &a;
    struct ike_plane p = {.op = PLANE_ADD};
    p.child = (struct plane_child){
        .id = id,
        .spi_in = id * 2 + is_a,
        .spi_out = id * 2 + !is_a,
        .encr = alg_by_keyword(BYTES_LIT("aes128gcm16")),
        .encap = true,
        .initiator = is_a,
        .path = path_of(h),
        .local_ts = local,
        .remote_ts = remote,
        .replay_window = 64,
    };
    p.in.encr.len = p.out.encr.len = 20;
    p.in.encr.data[0] = is_a;
    p.out.encr.data[0] = !is_a;
    return p;
}

static void install(const struct host *h, uint32_t id, struct selectors local,
                    struct selectors remote)
{
    struct ike_plane p = make_add(h, id, local, remote);
    struct plane_report r;
    enter(h);
    if (!h->plane->apply(h->plane->self, 0, &p) && h->plane->report(h->plane->self, &r))
        fail_msg("%s", r.text);
}

static void uninstall(const struct host *h, uint32_t id)
{
    struct ike_plane p = {.op = PLANE_REMOVE, .child = {.id = id}};
    enter(h);
    assert_true(h->plane->apply(h->plane->self, 0, &p));
}

static void install_nets(uint32_t id)
{
    struct selector at_a[] = {range("10.1.0.0", "10.1.0.255"),
                              range("fd00:1::", "fd00:1::ffff:ffff:ffff:ffff")};
    struct selector at_b[] = {range("10.2.0.0", "10.2.0.255"),
                              range("fd00:2::", "fd00:2::ffff:ffff:ffff:ffff")};
    install(&b, id, (struct selectors){2, at_b}, (struct selectors){2, at_a});
    install(&a, id, (struct selectors){2, at_a}, (struct selectors){2, at_b});
}

/* ---- traffic --------------------------------------------------------------------------------- */

static int open_socket(const struct host *h, int family, int type, const char *address,
                       struct sockaddr_storage *name)
{
    socklen_t len = sizeof *name;
    enter(h);
    int fd = socket(family, type | SOCK_CLOEXEC, 0);
    memset(name, 0, sizeof *name);
    name->ss_family = (sa_family_t)family;
    if (family == AF_INET)
        inet_pton(family, address, &((struct sockaddr_in *)name)->sin_addr);
    else
        inet_pton(family, address, &((struct sockaddr_in6 *)name)->sin6_addr);
    assert_true(fd >= 0);
    assert_int_equal(bind(fd, (struct sockaddr *)name, sizeof *name), 0);
    assert_int_equal(getsockname(fd, (struct sockaddr *)name, &len), 0);
    return fd;
}

static const char *inner(const struct host *h, int family)
{
    return family == AF_INET ? h->inner4 : h->inner6;
}

static const char *any(int family)
{
    return family == AF_INET ? "0.0.0.0" : "::";
}

/* Everything the devices have to say goes over. */
static void settle(void)
{
    const struct host *side[2] = {&a, &b};
    for (int i = 0; i < 6; i++) {
        for (int s = 0; s < 2; s++) {
            const struct dataplane *p = side[s]->plane;
            int fd = p->descriptors(p->self)[0];
            struct pollfd wait = {.fd = fd, .events = POLLIN};
            if (poll(&wait, 1, 5) > 0)
                p->readable(p->self, now, fd);
        }
    }
}

/*
 * A datagram from an unbound socket at one host reaches the other, with this host's inner address
 * as its source.
 */
static void expect_datagram(const struct host *from, int family, size_t len)
{
    const struct host *to = from->peer;
    struct sockaddr_storage there, anywhere, source;
    socklen_t source_len = sizeof source;
    uint8_t sent[1400] = {0}, got[2000];
    char text[INET6_ADDRSTRLEN];
    int in = open_socket(to, family, SOCK_DGRAM, inner(to, family), &there);
    int out = open_socket(from, family, SOCK_DGRAM, any(family), &anywhere);
    sent[0] = 42;
    assert_int_equal(sendto(out, sent, len, 0, (struct sockaddr *)&there, sizeof there),
                     (ssize_t)len);
    settle();
    assert_int_equal(
        recvfrom(in, got, sizeof got, MSG_DONTWAIT, (struct sockaddr *)&source, &source_len),
        (ssize_t)len);
    assert_memory_equal(got, sent, len);
    if (family == AF_INET)
        inet_ntop(family, &((struct sockaddr_in *)&source)->sin_addr, text, sizeof text);
    else
        inet_ntop(family, &((struct sockaddr_in6 *)&source)->sin6_addr, text, sizeof text);
    assert_string_equal(text, family == AF_INET ? from->inner4 : from->inner6);
    close(in);
    close(out);
}

static void datagrams_go_through_both_ways(void **state)
{
    (void)state;
    install_nets(1);
    expect_datagram(&a, AF_INET, 100);
    expect_datagram(&b, AF_INET, 1300);
    expect_datagram(&a, AF_INET6, 100);
    expect_datagram(&b, AF_INET6, 1300);
    assert_true(a.sent >= 2 && b.sent >= 2);
}

/* TCP, which the kernel hands over in large packets and takes back so. */
static void expect_stream(const struct host *from, int family, size_t len)
{
    static uint8_t sent[1 << 16], got[1 << 16];
    const struct host *to = from->peer;
    struct sockaddr_storage there, anywhere;
    size_t out_len = 0, in_len = 0;
    enter(to);
    int listener = open_socket(to, family, SOCK_STREAM, inner(to, family), &there);
    assert_int_equal(listen(listener, 1), 0);
    int out = open_socket(from, family, SOCK_STREAM, any(family), &anywhere);
    fcntl(out, F_SETFL, O_NONBLOCK);
    connect(out, (struct sockaddr *)&there, sizeof there);
    settle();
    int in = accept(listener, NULL, NULL);
    assert_true(in >= 0);
    for (int turns = 0; in_len < len && turns < 10000; turns++) {
        for (size_t i = 0; i < sizeof sent; i++)
            sent[i] = (uint8_t)((out_len + i) * 7 >> 3);
        size_t wish = len - out_len < sizeof sent ? len - out_len : sizeof sent;
        ssize_t n = wish ? send(out, sent, wish, MSG_DONTWAIT) : 0;
        out_len += n > 0 ? (size_t)n : 0;
        settle();
        while ((n = recv(in, got, sizeof got, MSG_DONTWAIT)) > 0) {
            for (ssize_t i = 0; i < n; i++)
                assert_int_equal(got[i], (uint8_t)((in_len + (size_t)i) * 7 >> 3));
            in_len += (size_t)n;
        }
    }
    assert_int_equal(in_len, len);
    close(in);
    close(out);
    close(listener);
}

static void streams_go_through_in_large_packets(void **state)
{
    (void)state;
    install_nets(1);
    expect_stream(&a, AF_INET, 2 << 20);
    expect_stream(&b, AF_INET6, 2 << 20);
    struct tun_drops at_a = tun_drops(a.plane), at_b = tun_drops(b.plane);
    assert_int_equal(at_a.device_full + at_a.malformed, 0);
    assert_int_equal(at_b.device_full + at_b.malformed, 0);
}

static void replacing_an_sa_leaves_no_gap(void **state)
{
    (void)state;
    install_nets(1);
    install_nets(2);
    uninstall(&a, 1);
    uninstall(&b, 1);
    expect_datagram(&a, AF_INET, 100);
    expect_datagram(&b, AF_INET6, 100);
    uninstall(&a, 2);
    assert_string_equal(output_of("ip -o route show table 9370; ip -6 -o route show table 9370"),
                        "");
}

/*
 * The road warrior's case: everything goes into the tunnel, but neither our own network nor what
 * carries the mark.
 */
static void a_default_route_swallows_neither_us_nor_the_outer_packets(void **state)
{
    (void)state;
    struct selector all = range("0.0.0.0", "255.255.255.255"),
                    at_a = range("10.1.0.0", "10.1.0.255");
    install(&a, 1, (struct selectors){1, &at_a}, (struct selectors){1, &all});
    install(&b, 1, (struct selectors){1, &all}, (struct selectors){1, &at_a});
    enter(&a);
    run("ip link add wan type veth peer wan-end && ip link set wan up &&"
        "ip link set wan-end up && ip addr add 192.0.2.1/24 dev wan");
    assert_non_null(strstr(output_of("ip -o route get 198.51.100.1"), "dev braid0"));
    assert_non_null(strstr(output_of("ip -o route get 198.51.100.1"), "src 10.1.0.1"));
    assert_non_null(strstr(output_of("ip -o route get 192.0.2.2"), "dev braid0"));
    assert_non_null(strstr(output_of("ip -o route get 192.0.2.2 mark 0x9370"), "dev wan"));
    assert_non_null(strstr(output_of("ip -o route get 10.1.0.77"), "dev lan"));
    assert_int_equal(tun_fwmark(), 0x9370);
    expect_datagram(&a, AF_INET, 100);
    expect_datagram(&b, AF_INET, 100);
}

static void a_path_that_becomes_narrower_is_noticed(void **state)
{
    (void)state;
    install_nets(1);
    expect_datagram(&a, AF_INET, 100);
    enter(&a);
    run("ip link add wan mtu 1400 type veth peer wan-end && ip link set wan up &&"
        "ip link set wan-end up && ip addr add 192.0.2.1/24 dev wan");
    expect_datagram(&a, AF_INET, 100);
    assert_int_equal(tun_mtu(a.plane), 1438);
    now += 10 * IKE_SECOND;
    expect_datagram(&a, AF_INET, 100);
    assert_int_equal(tun_mtu(a.plane), 1338);
    enter(&a);
    assert_non_null(strstr(output_of("ip -o link show braid0"), "mtu 1338"));
}

static void close_takes_everything_away(void **state)
{
    (void)state;
    install_nets(1);
    enter(&a);
    assert_non_null(strstr(output_of("ip rule; ip -6 rule"), "9370"));
    assert_non_null(strstr(output_of("ip -o link"), "braid0"));
    assert_non_null(strstr(output_of("ip -o link show braid0"), "mtu 1438"));
    a.plane->close(a.plane->self);
    a.plane = NULL;
    assert_string_equal(
        output_of("ip rule | grep 9370; ip -6 rule | grep 9370; ip -o link | grep braid"), "");
    assert_string_equal(output_of("ip -o route show table 9370; ip -6 -o route show table 9370"),
                        "");
}

static void a_device_that_cannot_be_made_is_explained(void **state)
{
    (void)state;
    char why[160];
    struct plane_output output = {&a, carry};
    enter(&a);
    assert_null(tun_new(crypto, &output, "lo", why, sizeof why));
    assert_non_null(strstr(why, "lo"));
}

static int make_crypto(void **state)
{
    (void)state;
    crypto = ossl_crypto_new();
    return crypto ? 0 : -1;
}

static int free_crypto(void **state)
{
    (void)state;
    ossl_crypto_free(crypto);
    return 0;
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, start, stop)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(datagrams_go_through_both_ways),
        TEST(streams_go_through_in_large_packets),
        TEST(replacing_an_sa_leaves_no_gap),
        TEST(a_default_route_swallows_neither_us_nor_the_outer_packets),
        TEST(a_path_that_becomes_narrower_is_noticed),
        TEST(close_takes_everything_away),
        TEST(a_device_that_cannot_be_made_is_explained),
    };
    if (access("/dev/net/tun", R_OK | W_OK) != 0 || unshare(CLONE_NEWNET) != 0) {
        fprintf(stderr, "# needs root and /dev/net/tun\n");
        return 77;
    }
    return cmocka_run_group_tests(tests, make_crypto, free_crypto);
}
