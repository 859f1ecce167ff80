/*
 * dataplane: two user-space planes back to back. Their "devices" are socket pairs, so no privilege
 * is needed; what one sends the other gets at once.
 */
#include "../support/unit.h"

#include <fcntl.h>
#include <linux/virtio_net.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "crypto/ossl.h"
#include "dataplane/tun.h"
#include "esp/checksum.h"
#include "esp/inner.h"

enum {
    PACKET_MAX = 65536,
    BATCH_MAX = 256,
};

static struct crypto *crypto;
static ike_time now = IKE_SECOND;

struct host {
    struct dataplane *plane;
    struct host *peer;
    int kernel;                  /* the other end of the device */
    struct endpoint self;        /* outer */
    uint8_t net;                 /* inner addresses: 10.net.0.0/16, 2001:db8:net::/48 */
    size_t sends, packets, lost; /* calls of send, packets in them, of these lost on purpose */
    bool lose;
    struct ike_path last_path;
};

static struct host a, b;

static void deliver(void *self, const struct ike_path *path, const struct bytes *packets,
                    size_t count)
{
    struct host *h = self;
    struct ike_path theirs = {.local = path->remote, .remote = path->local, .encap = true};
    h->sends++;
    h->last_path = *path;
    h->packets += count;
    if (h->lose) {
        h->lost += count;
        return;
    }
    struct bytes copy[BATCH_MAX];
    assert_true(count <= BATCH_MAX);
    for (size_t i = 0; i < count; i++) {
        copy[i] = exact(packets[i]);
        h->peer->plane->esp_input(h->peer->plane->self, now, &theirs,
                                  (uint8_t *)(uintptr_t)copy[i].at, copy[i].len);
    }
    h->peer->plane->esp_flush(h->peer->plane->self);
    for (size_t i = 0; i < count; i++)
        free_bytes(copy[i]);
}

static void host_make(struct host *h, struct host *peer, uint8_t net, bool offloads)
{
    int fd[2], room = 4 << 20;
    assert_int_equal(socketpair(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK, 0, fd), 0);
    setsockopt(fd[0], SOL_SOCKET, SO_SNDBUF, &room, sizeof room);
    setsockopt(fd[1], SOL_SOCKET, SO_SNDBUF, &room, sizeof room);
    *h = (struct host){
        .peer = peer, .kernel = fd[1], .net = net, .self = {{ADDR_V4, {192, 0, 2, net}}, 4500}};
    struct plane_output output = {h, deliver};
    h->plane = tun_new_on(crypto, &output, fd[0], offloads);
    assert_non_null(h->plane);
}

static int start(void **state)
{
    (void)state;
    now = IKE_SECOND;
    host_make(&a, &b, 1, false);
    host_make(&b, &a, 2, false);
    return 0;
}

static int start_with_offloads(void **state)
{
    (void)state;
    now = IKE_SECOND;
    host_make(&a, &b, 1, true);
    host_make(&b, &a, 2, true);
    return 0;
}

static int stop(void **state)
{
    (void)state;
    a.plane->close(a.plane->self);
    b.plane->close(b.plane->self);
    close(a.kernel);
    close(b.kernel);
    return 0;
}

/* ---- Child SAs ------------------------------------------------------------------------------- */

static struct selector net4(uint8_t net)
{
    return (struct selector){
        .family = ADDR_V4, .from = {10, net}, .to = {10, net, 255, 255}, .to_port = UINT16_MAX};
}

static struct selector net6(uint8_t net)
{
    struct selector s = {.family = ADDR_V6,
                         .from = {0x20, 1, 0x0d, 0xb8, 0, net},
                         .to = {0x20, 1, 0x0d, 0xb8, 0, net},
                         .to_port = UINT16_MAX};
    memset(s.to + 6, 0xff, 10);
    return s;
}

static struct plane_keys make_keys(uint32_t spi, const struct alg *encr, const struct alg *integ)
{
    struct plane_keys k = {.encr.len = (uint8_t)(encr->key_len + encr->salt_len),
                           .integ.len = (uint8_t)(integ ? integ->key_len : 0)};
    memset(k.encr.data, (int)(spi & 0xff), k.encr.len);
    memset(k.integ.data, (int)(spi >> 8 & 0xff), k.integ.len);
    return k;
}

struct child {
    uint32_t id, replaces;
    bool transport, a_asked, esn;
    const char *encr, *integ;
    uint64_t soft_bytes, soft_packets, hard_bytes, hard_packets;
};

/* The SPI inbound at host `net` of the Child SA `id`. */
static uint32_t spi_of(const struct host *h, uint32_t id)
{
    return 0xc0000000u + id * 256 + h->net;
}

static struct ike_plane make_add(const struct host *h, const struct child *c)
{
    static struct selector ts[2][2];
    const struct alg *encr = alg_by_keyword(bytes_str(c->encr ? c->encr : "aes256gcm16"));
    const struct alg *integ = c->integ ? alg_by_keyword(bytes_str(c->integ)) : NULL;
    ts[0][0] = net4(h->net);
    ts[0][1] = net6(h->net);
    ts[1][0] = net4(h->peer->net);
    ts[1][1] = net6(h->peer->net);
    struct ike_plane p = {
        .op = PLANE_ADD,
        .in = make_keys(spi_of(h, c->id), encr, integ),
        .out = make_keys(spi_of(h->peer, c->id), encr, integ),
    };
    p.child = (struct plane_child){
        .id = c->id,
        .spi_in = spi_of(h, c->id),
        .spi_out = spi_of(h->peer, c->id),
        .conn = "site",
        .child = "net",
        .encr = encr,
        .integ = integ,
        .esn = c->esn,
        .transport = c->transport,
        .encap = true,
        .initiator = (h == &a) == c->a_asked,
        .path = {.local = h->self, .remote = h->peer->self, .encap = true},
        .local_ts = {2, ts[0]},
        .remote_ts = {2, ts[1]},
        .replay_window = 64,
        .replaces = c->replaces,
        .soft_bytes = c->soft_bytes,
        .soft_packets = c->soft_packets,
        .hard_bytes = c->hard_bytes,
        .hard_packets = c->hard_packets,
    };
    return p;
}

static void add_at(const struct host *h, const struct child *c)
{
    struct ike_plane p = make_add(h, c);
    assert_true(h->plane->apply(h->plane->self, now, &p));
}

static void add(const struct child *c)
{
    add_at(&b, c);
    add_at(&a, c);
}

static void remove_at(const struct host *h, uint32_t id)
{
    struct ike_plane p = {.op = PLANE_REMOVE, .child = {.id = id}};
    assert_true(h->plane->apply(h->plane->self, now, &p));
}

static struct plane_usage usage(const struct host *h, uint32_t id)
{
    struct plane_usage u;
    assert_true(h->plane->usage(h->plane->self, id, &u));
    return u;
}

/* ---- packets --------------------------------------------------------------------------------- */

static size_t make_v4(uint8_t *p, const struct host *from, uint8_t to_net, size_t len, unsigned tag)
{
    memset(p, 0, len);
    memcpy(p, "\x45\0\0\0\0\0\x40\0\x40\x11\0\0\x0a\0\0\1\x0a\0\0\1", 20);
    put_u16(p + 2, (uint16_t)len);
    p[13] = from->net;
    p[17] = to_net;
    put_u16(p + 20, 7);
    put_u16(p + 22, (uint16_t)tag);
    return len;
}

static size_t make_v6(uint8_t *p, const struct host *from, uint8_t to_net, size_t len, unsigned tag)
{
    memset(p, 0, len);
    memcpy(p, "\x60\0\0\0\0\0\x11\x40", 8);
    put_u16(p + 4, (uint16_t)(len - 40));
    memcpy(p + 8, net6(from->net).from, 16);
    memcpy(p + 24, net6(to_net).from, 16);
    put_u16(p + 40, 7);
    put_u16(p + 42, (uint16_t)tag);
    return len;
}

/* The kernel routes a packet into the device. */
static void route(const struct host *h, const uint8_t *p, size_t len)
{
    assert_int_equal(send(h->kernel, p, len, 0), (ssize_t)len);
}

static void turn(const struct host *h)
{
    h->plane->readable(h->plane->self, now, h->plane->descriptors(h->plane->self)[0]);
}

/* What the device gave to the kernel; 0 if nothing. */
static size_t received(const struct host *h, uint8_t p[PACKET_MAX])
{
    ssize_t len = recv(h->kernel, p, PACKET_MAX, MSG_DONTWAIT);
    return len > 0 ? (size_t)len : 0;
}

/* One packet goes from one host to the other and arrives as it was. */
static void expect_through(const struct host *from, size_t len, unsigned tag, bool v6)
{
    uint8_t sent[PACKET_MAX], got[PACKET_MAX];
    (v6 ? make_v6 : make_v4)(sent, from, from->peer->net, len, tag);
    route(from, sent, len);
    turn(from);
    assert_bytes_equal(bytes_make(got, received(from->peer, got)), bytes_make(sent, len));
}

static void expect_nothing(const struct host *h)
{
    uint8_t got[PACKET_MAX];
    assert_int_equal(received(h, got), 0);
}

/* ---- tests: moving packets ------------------------------------------------------------------- */

static void packets_go_through_in_both_directions(void **state)
{
    (void)state;
    static const struct {
        const char *encr, *integ;
    } suite[] = {{"aes256gcm16", NULL},
                 {"chacha20poly1305", NULL},
                 {"aes128", "sha256"},
                 {"aes256ctr", "sha512"},
                 {"aes128ccm12", NULL}};
    for (uint32_t i = 0; i < sizeof suite / sizeof suite[0]; i++) {
        struct child c = {
            .id = i + 1, .encr = suite[i].encr, .integ = suite[i].integ, .esn = i % 2};
        add(&c);
        for (size_t len = 44; len <= 1300; len += 157) {
            expect_through(&a, len, 1, false);
            expect_through(&b, len, 2, false);
            expect_through(&a, len, 3, true);
            expect_through(&b, len, 4, true);
        }
        struct plane_usage at_a = usage(&a, c.id), at_b = usage(&b, c.id);
        assert_int_equal(at_a.out_packets, 18);
        assert_int_equal(at_a.out_packets, at_b.in_packets);
        assert_int_equal(at_a.out_bytes, at_b.in_bytes);
        assert_int_equal(at_b.out_bytes, at_a.in_bytes);
        assert_int_equal(at_b.drop_auth + at_b.drop_policy + at_b.drop_replay + at_b.drop_size, 0);
        remove_at(&a, c.id);
        remove_at(&b, c.id);
    }
}

static void a_batch_leaves_in_one_call_and_in_order(void **state)
{
    (void)state;
    uint8_t p[PACKET_MAX], got[PACKET_MAX];
    add(&(struct child){.id = 1});
    for (unsigned i = 0; i < 64; i++)
        route(&a, p, make_v4(p, &a, 2, 100, i));
    turn(&a);
    assert_int_equal(a.sends, 1);
    assert_int_equal(a.packets, 64);
    for (unsigned i = 0; i < 64; i++) {
        assert_int_equal(received(&b, got), 100);
        assert_int_equal(get_u16(got + 22), i);
    }
    for (unsigned i = 0; i < 70; i++) /* more than a batch wait for the next turn */
        route(&a, p, make_v4(p, &a, 2, 100, i));
    turn(&a);
    assert_int_equal(a.packets, 128);
    turn(&a);
    assert_int_equal(a.packets, 134);
}

static void what_no_sa_covers_is_dropped(void **state)
{
    (void)state;
    uint8_t p[PACKET_MAX];
    add(&(struct child){.id = 1});
    route(&a, p, make_v4(p, &a, 3, 100, 0)); /* elsewhere */
    route(&a, p, make_v4(p, &b, 2, 100, 0)); /* from elsewhere */
    route(&a, (const uint8_t *)"\x45\0", 2);
    turn(&a);
    assert_int_equal(a.packets, 0);
    assert_int_equal(tun_drops(a.plane).no_policy, 2);
    assert_int_equal(tun_drops(a.plane).malformed, 1);
}

static void what_no_sa_covers_is_answered_but_not_without_end(void **state)
{
    (void)state;
    uint8_t p[PACKET_MAX], got[PACKET_MAX];
    struct flow f;
    size_t answers = 0;
    add(&(struct child){.id = 1});
    route(&a, p, make_v4(p, &a, 3, 100, 0));
    turn(&a);
    assert_true(flow_parse(bytes_make(got, received(&a, got)), &f));
    assert_int_equal(f.protocol, PROTO_ICMP);
    assert_int_equal(f.src_port, 0x030d); /* administratively prohibited */
    assert_memory_equal(got + 28, p, 100);
    route(&a, p, make_v6(p, &a, 3, 100, 0));
    turn(&a);
    assert_true(flow_parse(bytes_make(got, received(&a, got)), &f));
    assert_int_equal(f.protocol, PROTO_ICMPV6);
    assert_int_equal(f.src_port, 0x0101);
    for (int i = 0; i < 500; i++) {
        route(&a, p, make_v4(p, &a, 3, 100, 0));
        turn(&a);
        answers += received(&a, got) > 0;
    }
    assert_int_equal(answers, 48);
    now += IKE_SECOND;
    route(&a, p, make_v4(p, &a, 3, 100, 0));
    turn(&a);
    assert_true(received(&a, got) > 0);
}

static void noise_from_the_wire_is_dropped(void **state)
{
    (void)state;
    struct ike_path path = {.local = a.self, .remote = b.self, .encap = true};
    struct dice d = {5};
    add(&(struct child){.id = 1});
    for (int i = 0; i < 2000; i++) {
        uint8_t noise[200];
        for (size_t k = 0; k < sizeof noise; k++)
            noise[k] = (uint8_t)dice_roll(&d);
        if (i % 2)
            put_u32(noise, spi_of(&a, 1));
        struct bytes packet = exact(bytes_make(noise, dice_below(&d, sizeof noise)));
        a.plane->esp_input(a.plane->self, now, &path, (uint8_t *)(uintptr_t)packet.at, packet.len);
        a.plane->esp_flush(a.plane->self);
        free_bytes(packet);
    }
    struct plane_report r;
    assert_false(a.plane->report(a.plane->self, &r));
    assert_int_equal(usage(&a, 1).in_packets, 0);
    assert_true(usage(&a, 1).drop_auth > 200);
    assert_true(tun_drops(a.plane).unknown_spi >= 1000);
    expect_nothing(&a);
    expect_through(&b, 100, 1, false);
}

static uint8_t captured[PACKET_MAX];
static size_t captured_len;

static void capture(void *self, const struct ike_path *path, const struct bytes *packets,
                    size_t count)
{
    (void)self, (void)path;
    assert_int_equal(count, 1);
    memcpy(captured, packets[0].at, packets[0].len);
    captured_len = packets[0].len;
}

static void a_repeated_packet_is_dropped(void **state)
{
    (void)state;
    struct ike_path path = {.local = b.self, .remote = a.self, .encap = true};
    struct plane_output output = {NULL, capture};
    uint8_t p[PACKET_MAX], copy[PACKET_MAX];
    a.plane->close(a.plane->self);
    close(a.kernel);
    int fd[2];
    assert_int_equal(socketpair(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK, 0, fd), 0);
    a.kernel = fd[1];
    a.plane = tun_new_on(crypto, &output, fd[0], false);
    add(&(struct child){.id = 1});
    route(&a, p, make_v4(p, &a, 2, 100, 0));
    turn(&a);
    for (int i = 0; i < 3; i++) {
        memcpy(copy, captured, captured_len);
        b.plane->esp_input(b.plane->self, now, &path, copy, captured_len);
        b.plane->esp_flush(b.plane->self);
    }
    assert_int_equal(received(&b, p), 100);
    expect_nothing(&b);
    assert_int_equal(usage(&b, 1).drop_replay, 2);
}

/* The peer's selectors are wider than ours: it may send what we must not let in (RFC 4301 5.2). */
static void what_the_selectors_do_not_allow_is_not_let_in(void **state)
{
    (void)state;
    uint8_t p[PACKET_MAX];
    struct ike_plane wide = make_add(&a, &(struct child){.id = 1});
    struct selector all = {.family = ADDR_V4, .to = {255, 255, 255, 255}, .to_port = UINT16_MAX};
    add_at(&b, &(struct child){.id = 1});
    wide.child.local_ts = wide.child.remote_ts = (struct selectors){1, &all};
    assert_true(a.plane->apply(a.plane->self, now, &wide));
    route(&a, p, make_v4(p, &b, 2, 100, 0)); /* spoofed source */
    route(&a, p, make_v4(p, &a, 3, 100, 0)); /* for somebody behind */
    turn(&a);
    expect_nothing(&b);
    assert_int_equal(usage(&b, 1).drop_policy, 2);
    expect_through(&a, 100, 0, false);
}

/* ---- tests: sizes ---------------------------------------------------------------------------- */

static void the_mtu_leaves_room_for_everything_around(void **state)
{
    (void)state;
    add(&(struct child){.id = 1});
    assert_int_equal(tun_mtu(a.plane), 1438); /* 1500 - 20 - 8 - (8 + 8 + 16) - 2 */
    expect_through(&a, 1438, 0, false);
    add(&(struct child){.id = 2, .encr = "aes256", .integ = "sha512"});
    assert_int_equal(tun_mtu(a.plane), 1406); /* (1500 - 28 - 8 - 16 - 32) / 16 * 16 - 2 */
    remove_at(&a, 2);
    assert_int_equal(tun_mtu(a.plane), 1438);
}

static void a_packet_that_does_not_fit_is_answered(void **state)
{
    (void)state;
    uint8_t p[PACKET_MAX], got[PACKET_MAX];
    struct flow f;
    add(&(struct child){.id = 1});
    route(&a, p, make_v4(p, &a, 2, 1439, 0));
    turn(&a);
    assert_int_equal(a.packets, 0);
    assert_true(flow_parse(bytes_make(got, received(&a, got)), &f));
    assert_int_equal(f.protocol, PROTO_ICMP);
    assert_int_equal(f.src_port, 0x0304);
    assert_int_equal(get_u16(got + 26), 1438);
    route(&a, p, make_v6(p, &a, 2, 1439, 0));
    turn(&a);
    assert_true(flow_parse(bytes_make(got, received(&a, got)), &f));
    assert_int_equal(f.protocol, PROTO_ICMPV6);
    assert_int_equal(get_u32(got + 44), 1438);
    assert_int_equal(usage(&a, 1).drop_size, 2);
    make_v4(p, &a, 2, 1439, 0);
    p[6] = 0; /* may be fragmented: it is the outer packet that will be */
    route(&a, p, 1439);
    turn(&a);
    assert_int_equal(received(&b, got), 1439);
}

static void syns_are_clamped_on_both_ways(void **state)
{
    (void)state;
    uint8_t p[PACKET_MAX], got[PACKET_MAX];
    add(&(struct child){.id = 1});
    make_v4(p, &a, 2, 44, 0);
    p[9] = 6;
    memcpy(p + 20, "\0\x07\0\x50\0\0\0\0\0\0\0\0\x60\2\0\0\0\0\0\0\2\4\5\xb4", 24);
    route(&a, p, 44);
    turn(&a);
    assert_int_equal(received(&b, got), 44);
    assert_int_equal(get_u16(got + 42), 1438 - 40);
}

/* ---- tests: rekeying ------------------------------------------------------------------------- */

/* Through which of two Child SAs does a packet of this host leave? */
static uint32_t leaves_by(const struct host *h, uint32_t old, uint32_t new)
{
    uint8_t p[PACKET_MAX];
    uint64_t before = usage(h, old).out_packets;
    route(h, p, make_v4(p, h, h->peer->net, 100, 0));
    turn(h);
    received(h->peer, p);
    return usage(h, old).out_packets > before ? old : new;
}

static void who_asked_for_a_rekeying_uses_it_at_once_and_the_other_when_it_sees_it(void **state)
{
    (void)state;
    add(&(struct child){.id = 1});
    struct child new = {.id = 2, .replaces = 1, .a_asked = true};
    add_at(&b, &new); /* b answers; a has not installed it yet */
    assert_int_equal(leaves_by(&b, 1, 2), 1);
    add_at(&a, &new);
    assert_int_equal(leaves_by(&b, 1, 2), 1);
    assert_int_equal(leaves_by(&a, 1, 2), 2);
    assert_int_equal(leaves_by(&b, 1, 2), 2);
    expect_through(&a, 100, 0, false);
    assert_int_equal(usage(&a, 1).drop_auth + usage(&b, 1).drop_auth + usage(&b, 2).drop_auth, 0);
}

static void deleting_the_old_sa_brings_in_its_successor(void **state)
{
    (void)state;
    add(&(struct child){.id = 1});
    add(&(struct child){.id = 2, .replaces = 1, .a_asked = true});
    remove_at(&b, 1);
    expect_through(&b, 100, 0, false);
    assert_int_equal(usage(&b, 2).out_packets, 1);
}

static void the_old_sa_takes_packets_until_it_is_removed(void **state)
{
    (void)state;
    uint8_t p[PACKET_MAX], got[PACKET_MAX];
    add(&(struct child){.id = 1});
    /* b asked and uses the new one; a still sends with the old */
    add_at(&b, &(struct child){.id = 2, .replaces = 1});
    expect_through(&a, 100, 0, false);
    assert_int_equal(usage(&b, 1).in_packets, 1);
    remove_at(&b, 1);
    route(&a, p, make_v4(p, &a, 2, 100, 0));
    turn(&a);
    assert_int_equal(received(&b, got), 0);
    assert_int_equal(tun_drops(b.plane).unknown_spi, 1);
}

static void retire_at(const struct host *h, uint32_t id)
{
    struct ike_plane p = {.op = PLANE_RETIRE, .child = {.id = id}};
    assert_true(h->plane->apply(h->plane->self, now, &p));
}

static void a_retired_sa_sends_nothing_but_still_receives(void **state)
{
    (void)state;
    uint8_t p[PACKET_MAX];
    add(&(struct child){.id = 1});
    retire_at(&a, 1);
    route(&a, p, make_v4(p, &a, 2, 100, 0));
    turn(&a);
    assert_int_equal(a.packets, 0);
    assert_int_equal(tun_drops(a.plane).no_policy, 1);
    received(&a, p);
    expect_through(&b, 100, 0, false); /* what comes in does not bring it back */
    route(&a, p, make_v4(p, &a, 2, 100, 0));
    turn(&a);
    assert_int_equal(a.packets, 0);
    retire_at(&a, 77); /* unknown: nothing happens */
}

static void retiring_the_old_sa_brings_in_its_successor(void **state)
{
    (void)state;
    add(&(struct child){.id = 1});
    add(&(struct child){.id = 2, .replaces = 1, .a_asked = true});
    assert_int_equal(leaves_by(&b, 1, 2), 1);
    retire_at(&b, 1);
    assert_int_equal(leaves_by(&b, 1, 2), 2);
    assert_int_equal(usage(&b, 1).out_packets, 1);
}

/* ---- tests: limits --------------------------------------------------------------------------- */

/* The reports about limits: 's' for a soft one, 'h' for a hard one. */
static const char *limits_told(const struct host *h)
{
    static char told[16];
    size_t n = 0;
    struct plane_report r;
    while (h->plane->report(h->plane->self, &r)) {
        if (r.kind == REPORT_LIMIT && n + 1 < sizeof told)
            told[n++] = r.hard ? 'h' : 's';
    }
    told[n] = '\0';
    return told;
}

static void send_some(const struct host *from, int count)
{
    for (int i = 0; i < count; i++)
        expect_through(from, 100, 0, false);
}

static void a_soft_limit_is_told_once_by_both_ends(void **state)
{
    (void)state;
    add(&(struct child){.id = 1, .soft_packets = 10});
    send_some(&b, 9);
    assert_string_equal(limits_told(&a), "");
    send_some(&a, 9); /* each direction for itself */
    assert_string_equal(limits_told(&a), "");
    send_some(&a, 1);
    assert_string_equal(limits_told(&a), "s");
    assert_string_equal(limits_told(&b), "s");
    send_some(&a, 20);
    assert_string_equal(limits_told(&a), "");
    assert_string_equal(limits_told(&b), "");
    remove_at(&a, 1);
    remove_at(&b, 1);
    add(&(struct child){.id = 2, .soft_bytes = 1000, .hard_bytes = 5000});
    send_some(&a, 9);
    assert_string_equal(limits_told(&a), "");
    send_some(&a, 1);
    assert_string_equal(limits_told(&a), "s");
}

static void at_a_hard_limit_sending_ends(void **state)
{
    (void)state;
    uint8_t p[PACKET_MAX];
    add_at(&b, &(struct child){.id = 1});
    add_at(&a, &(struct child){.id = 1, .soft_packets = 3, .hard_packets = 5});
    send_some(&a, 5);
    assert_string_equal(limits_told(&a), "sh");
    route(&a, p, make_v4(p, &a, 2, 100, 0));
    turn(&a);
    assert_int_equal(a.packets, 5);
    assert_int_equal(tun_drops(a.plane).exhausted, 1);
    send_some(&b, 3);
    assert_string_equal(limits_told(&a), "");
    assert_string_equal(limits_told(&b), "");
}

static void a_spent_sa_hands_over_to_a_successor_that_waited(void **state)
{
    (void)state;
    add_at(&a, &(struct child){.id = 1});
    add_at(&b, &(struct child){.id = 1, .hard_bytes = 300});
    add(&(struct child){.id = 2, .replaces = 1, .a_asked = true});
    for (int i = 0; i < 3; i++)
        assert_int_equal(leaves_by(&b, 1, 2), 1);
    assert_string_equal(limits_told(&b), "h");
    assert_int_equal(leaves_by(&b, 1, 2), 2);
}

static void a_retired_sa_tells_no_limit(void **state)
{
    (void)state;
    add(&(struct child){.id = 1, .soft_packets = 2, .hard_packets = 4});
    retire_at(&a, 1);
    for (int i = 0; i < 4; i++)
        expect_through(&b, 100, 0, false);
    assert_string_equal(limits_told(&a), "");
    assert_string_equal(limits_told(&b), "sh");
}

/* ---- tests: reports -------------------------------------------------------------------------- */

static size_t take_reports(const struct host *h, struct plane_report *last)
{
    size_t n = 0;
    while (h->plane->report(h->plane->self, last))
        n++;
    return n;
}

static void the_peer_is_reported_once_a_second(void **state)
{
    (void)state;
    struct plane_report r = {0};
    add(&(struct child){.id = 1});
    for (int i = 0; i < 10; i++)
        expect_through(&a, 100, 0, false);
    assert_int_equal(take_reports(&b, &r), 1);
    assert_int_equal(r.kind, REPORT_SEEN);
    assert_int_equal(r.child_id, 1);
    assert_true(endpoint_equal(&r.from, &a.self));
    now += IKE_SECOND;
    expect_through(&a, 100, 0, false);
    assert_int_equal(take_reports(&b, &r), 1);
}

static void another_address_of_the_peer_is_reported_but_not_used(void **state)
{
    (void)state;
    struct plane_report r = {0};
    add(&(struct child){.id = 1});
    expect_through(&a, 100, 0, false);
    assert_int_equal(take_reports(&b, &r), 1);
    struct ike_plane move = {.op = PLANE_MOVE,
                             .child = {.id = 1,
                                       .encap = true,
                                       .path = {.local = a.self, .remote = b.self, .encap = true}}};
    move.child.path.local.port = 61000; /* a sits behind a NAT, which gave it another port */
    a.plane->apply(a.plane->self, now, &move);
    expect_through(&a, 100, 0, false);
    assert_int_equal(take_reports(&b, &r), 1);
    assert_int_equal(r.from.port, 61000);
    expect_through(&b, 100, 0, false);
    assert_int_equal(b.last_path.remote.port, 4500); /* until the engine says so */
    move.child.path = (struct ike_path){.local = b.self, .remote = r.from, .encap = true};
    b.plane->apply(b.plane->self, now, &move);
    expect_through(&b, 100, 0, false);
    assert_int_equal(b.last_path.remote.port, 61000);
}

/* ---- tests: traps ---------------------------------------------------------------------------- */

static void set_trap(const struct host *h, uint32_t id)
{
    struct selector local[] = {net4(h->net), net6(h->net)};
    struct selector remote[] = {net4(h->peer->net), net6(h->peer->net)};
    struct plane_trap trap = {.id = id, .local_ts = {2, local}, .remote_ts = {2, remote}};
    char why[160];
    assert_true(h->plane->trap(h->plane->self, &trap, why, sizeof why));
}

/* How many ACQUIREs are waiting; nothing else is. */
static size_t acquires(const struct host *h, uint32_t id)
{
    struct plane_report r;
    size_t count = 0;
    for (; h->plane->report(h->plane->self, &r); count++) {
        assert_int_equal(r.kind, REPORT_ACQUIRE);
        assert_int_equal(r.child_id, id);
    }
    return count;
}

static void wish(const struct host *h, unsigned tag)
{
    uint8_t p[PACKET_MAX];
    route(h, p, make_v4(p, h, h->peer->net, 100, tag));
    turn(h);
}

static void a_packet_in_a_trap_is_reported_once_a_second_and_not_answered(void **state)
{
    (void)state;
    set_trap(&a, 7);
    for (unsigned i = 0; i < 20; i++)
        wish(&a, i);
    assert_int_equal(acquires(&a, 7), 1);
    now += IKE_SECOND;
    wish(&a, 0);
    assert_int_equal(acquires(&a, 7), 1);
    assert_int_equal(a.packets, 0);
    assert_int_equal(tun_drops(a.plane).no_sa_yet, 21 - 8);
    expect_nothing(&a);
    uint8_t p[PACKET_MAX];
    route(&a, p, make_v4(p, &a, 3, 100, 0)); /* no trap for it */
    turn(&a);
    assert_int_equal(acquires(&a, 7), 0);
    assert_int_equal(tun_drops(a.plane).no_policy, 1);
}

static void what_waits_in_a_trap_goes_when_there_is_an_sa(void **state)
{
    (void)state;
    uint8_t p[PACKET_MAX], got[PACKET_MAX];
    set_trap(&a, 7);
    for (unsigned i = 0; i < 3; i++)
        wish(&a, i);
    add(&(struct child){.id = 1});
    for (unsigned i = 0; i < 3; i++)
        assert_bytes_equal(bytes_make(got, received(&b, got)),
                           bytes_make(p, make_v4(p, &a, b.net, 100, i)));
    expect_nothing(&b);
    expect_through(&a, 500, 1, false);
    expect_through(&a, 500, 2, true);
    assert_int_equal(acquires(&a, 7), 1);
}

static void what_waited_too_long_is_dropped(void **state)
{
    (void)state;
    uint8_t p[PACKET_MAX], got[PACKET_MAX];
    set_trap(&a, 7);
    wish(&a, 0);
    now += 9 * IKE_SECOND;
    wish(&a, 1);
    now += IKE_SECOND;
    add(&(struct child){.id = 1});
    assert_bytes_equal(bytes_make(got, received(&b, got)),
                       bytes_make(p, make_v4(p, &a, b.net, 100, 1)));
    expect_nothing(&b);
}

static void a_trap_is_there_again_when_its_sa_is_gone(void **state)
{
    (void)state;
    struct plane_report r;
    add(&(struct child){.id = 1});
    set_trap(&a, 7); /* set later, and yet the SA is preferred */
    expect_through(&a, 100, 0, false);
    while (b.plane->report(b.plane->self, &r))
        ;
    assert_int_equal(acquires(&a, 7), 0);
    remove_at(&a, 1);
    wish(&a, 1);
    assert_int_equal(acquires(&a, 7), 1);
    a.plane->untrap(a.plane->self, 7);
    a.plane->untrap(a.plane->self, 7);
    wish(&a, 2);
    assert_int_equal(acquires(&a, 7), 0);
    assert_int_equal(tun_drops(a.plane).no_policy, 1);
}

/* ---- tests: refusals ------------------------------------------------------------------------- */

static void expect_refusal(struct ike_plane p, const char *part)
{
    struct plane_report r;
    assert_false(a.plane->apply(a.plane->self, now, &p));
    assert_true(a.plane->report(a.plane->self, &r));
    assert_int_equal(r.kind, REPORT_FAILED);
    assert_int_equal(r.child_id, p.child.id);
    assert_non_null(strstr(r.text, part));
    assert_false(a.plane->report(a.plane->self, &r));
}

static void what_cannot_be_installed_is_refused_with_a_reason(void **state)
{
    (void)state;
    struct child c = {.id = 1};
    struct plane_usage u;
    struct ike_plane p = make_add(&a, &c);
    p.child.encap = false;
    expect_refusal(p, "UDP");
    p = make_add(&a, &c);
    p.child.encr = alg_by_keyword(BYTES_LIT("aes128"));
    expect_refusal(p, "integrity");
    p = make_add(&a, &c);
    p.out.encr.len--;
    expect_refusal(p, "AES_GCM_16");
    p = make_add(&a, &c);
    p.child.remote_ts.count = 0;
    expect_refusal(p, "selectors");
    assert_false(a.plane->usage(a.plane->self, 1, &u));
    add_at(&a, &c);
    expect_refusal(make_add(&a, &c), "id");
    p = make_add(&a, &c);
    p.child.id = 2;
    expect_refusal(p, "SPI");
    add_at(&b, &c);
    expect_through(&a, 100, 0, false);
}

static void orders_about_unknown_sas_do_nothing(void **state)
{
    (void)state;
    struct plane_report r;
    struct ike_plane p = {.op = PLANE_REMOVE, .child = {.id = 77}};
    assert_true(a.plane->apply(a.plane->self, now, &p));
    p.op = PLANE_MOVE;
    assert_true(a.plane->apply(a.plane->self, now, &p));
    assert_false(a.plane->report(a.plane->self, &r));
}

/* ---- tests: transport mode ------------------------------------------------------------------- */

static void transport_mode_carries_what_runs_between_the_hosts(void **state)
{
    (void)state;
    struct selector hosts[2] = {
        {.family = ADDR_V4, .from = {192, 0, 2, 1}, .to = {192, 0, 2, 1}, .to_port = UINT16_MAX},
        {.family = ADDR_V4, .from = {192, 0, 2, 2}, .to = {192, 0, 2, 2}, .to_port = UINT16_MAX}};
    const struct host *side[2] = {&a, &b};
    for (int i = 0; i < 2; i++) {
        struct ike_plane p = make_add(side[i], &(struct child){.id = 1, .transport = true});
        p.child.local_ts = (struct selectors){1, &hosts[i]};
        p.child.remote_ts = (struct selectors){1, &hosts[1 - i]};
        assert_true(side[i]->plane->apply(side[i]->plane->self, now, &p));
    }
    assert_int_equal(tun_mtu(a.plane), 1458);
    uint8_t sent[PACKET_MAX], got[PACKET_MAX];
    make_v4(sent, &a, 2, 300, 9);
    memcpy(sent + 12, hosts[0].from, 4);
    memcpy(sent + 16, hosts[1].from, 4);
    route(&a, sent, 300);
    turn(&a);
    assert_int_equal(received(&b, got), 300);
    assert_memory_equal(got + 12, sent + 12, 300 - 12);
    sent[6] = 0x20; /* a fragment */
    route(&a, sent, 300);
    turn(&a);
    expect_nothing(&b);
    assert_int_equal(usage(&a, 1).drop_policy, 1);
}

/* ---- tests: large packets -------------------------------------------------------------------- */

/* A large TCP packet as the kernel hands it over: all checksums left to us. */
static size_t make_large(uint8_t *p, const struct host *from, uint8_t to_net, size_t payload,
                         uint32_t seq)
{
    struct virtio_net_hdr h = {.flags = VIRTIO_NET_HDR_F_NEEDS_CSUM,
                               .gso_type = VIRTIO_NET_HDR_GSO_TCPV4,
                               .gso_size = 1398,
                               .hdr_len = 40,
                               .csum_start = 20,
                               .csum_offset = 16};
    memcpy(p, &h, sizeof h);
    p += sizeof h;
    make_v4(p, from, to_net, 40 + payload, 0x50);
    p[9] = PROTO_TCP;
    put_u32(p + 24, seq);
    p[32] = 0x50;
    p[33] = 0x10;
    put_u16(p + 36, (uint16_t)checksum_pseudo(bytes_make(p + 12, 4), bytes_make(p + 16, 4),
                                              PROTO_TCP, 20 + payload));
    for (size_t i = 0; i < payload; i++)
        p[40 + i] = (uint8_t)(seq + i);
    return sizeof h + 40 + payload;
}

static void a_large_packet_travels_in_pieces_and_arrives_large(void **state)
{
    (void)state;
    static uint8_t sent[PACKET_MAX], got[PACKET_MAX];
    struct virtio_net_hdr h;
    add(&(struct child){.id = 1});
    size_t len = make_large(sent, &a, 2, 1398 * 40 + 10, 77);
    route(&a, sent, len);
    turn(&a);
    assert_int_equal(a.packets, 41);
    assert_int_equal(a.sends, 1);
    assert_int_equal(usage(&a, 1).out_packets, 41);
    assert_int_equal(received(&b, got), len);
    memcpy(&h, got, sizeof h);
    assert_int_equal(h.gso_type, VIRTIO_NET_HDR_GSO_TCPV4);
    assert_int_equal(h.gso_size, 1398);
    assert_int_equal(h.csum_start, 20);
    assert_memory_equal(got + sizeof h + 12, sent + sizeof h + 12, len - sizeof h - 12);
    expect_nothing(&b);
}

static void a_large_packet_of_too_large_pieces_is_answered(void **state)
{
    (void)state;
    static uint8_t sent[PACKET_MAX], got[PACKET_MAX];
    struct flow f;
    add(&(struct child){.id = 1, .encr = "aes256", .integ = "sha512"}); /* 1406 octets */
    route(&a, sent, make_large(sent, &a, 2, 1398 * 3, 77));
    turn(&a);
    assert_int_equal(a.packets, 0);
    size_t len = received(&a, got), header = sizeof(struct virtio_net_hdr);
    assert_true(len > header && flow_parse(bytes_make(got + header, len - header), &f));
    assert_int_equal(f.src_port, 0x0304);
    assert_int_equal(get_u16(got + header + 26), 1406);
}

static void many_large_packets_go_in_several_batches(void **state)
{
    (void)state;
    static uint8_t sent[PACKET_MAX], got[PACKET_MAX];
    add(&(struct child){.id = 1});
    for (uint32_t i = 0; i < 10; i++)
        route(&a, sent, make_large(sent, &a, 2, 40000, i * 40000));
    while (a.packets < 290) {
        size_t before = a.packets;
        turn(&a);
        assert_true(a.packets > before);
    }
    assert_int_equal(a.packets, 290); /* 29 each */
    size_t octets = 0, len;
    while ((len = received(&b, got)) > 0) {
        len -= sizeof(struct virtio_net_hdr) + 40;
        for (size_t i = 0; i < len; i++)
            assert_int_equal(got[sizeof(struct virtio_net_hdr) + 40 + i], (uint8_t)(octets + i));
        octets += len;
    }
    assert_int_equal(octets, 400000);
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
#define TEST_LARGE(name) cmocka_unit_test_setup_teardown(name, start_with_offloads, stop)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(packets_go_through_in_both_directions),
        TEST(a_batch_leaves_in_one_call_and_in_order),
        TEST(what_no_sa_covers_is_dropped),
        TEST(what_no_sa_covers_is_answered_but_not_without_end),
        TEST(noise_from_the_wire_is_dropped),
        TEST(a_repeated_packet_is_dropped),
        TEST(what_the_selectors_do_not_allow_is_not_let_in),
        TEST(the_mtu_leaves_room_for_everything_around),
        TEST(a_packet_that_does_not_fit_is_answered),
        TEST(syns_are_clamped_on_both_ways),
        TEST(who_asked_for_a_rekeying_uses_it_at_once_and_the_other_when_it_sees_it),
        TEST(deleting_the_old_sa_brings_in_its_successor),
        TEST(the_old_sa_takes_packets_until_it_is_removed),
        TEST(a_retired_sa_sends_nothing_but_still_receives),
        TEST(retiring_the_old_sa_brings_in_its_successor),
        TEST(a_soft_limit_is_told_once_by_both_ends),
        TEST(at_a_hard_limit_sending_ends),
        TEST(a_spent_sa_hands_over_to_a_successor_that_waited),
        TEST(a_retired_sa_tells_no_limit),
        TEST(the_peer_is_reported_once_a_second),
        TEST(another_address_of_the_peer_is_reported_but_not_used),
        TEST(a_packet_in_a_trap_is_reported_once_a_second_and_not_answered),
        TEST(what_waits_in_a_trap_goes_when_there_is_an_sa),
        TEST(what_waited_too_long_is_dropped),
        TEST(a_trap_is_there_again_when_its_sa_is_gone),
        TEST(what_cannot_be_installed_is_refused_with_a_reason),
        TEST(orders_about_unknown_sas_do_nothing),
        TEST(transport_mode_carries_what_runs_between_the_hosts),
        TEST_LARGE(a_large_packet_travels_in_pieces_and_arrives_large),
        TEST_LARGE(a_large_packet_of_too_large_pieces_is_answered),
        TEST_LARGE(many_large_packets_go_in_several_batches),
    };
    return cmocka_run_group_tests(tests, make_crypto, free_crypto);
}
