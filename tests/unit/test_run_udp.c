/* run/udp: two sets of sockets on the loopback talk to each other in both families; markers, local addresses, order. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "run/net.h"
#include "run/ring.h"
#include "run/udp.h"

enum {
    KEPT = 64,
    KEPT_LEN = 65536,
};

struct got {
    struct ike_path path;
    size_t len;
    bool esp;
    uint8_t data[KEPT_LEN];
};

struct side {
    struct udp *udp;
    size_t count, batches;
    struct got *got; /* KEPT of them */
};

struct pair {
    uv_loop_t loop;
    uv_timer_t timer;
    struct side a, b;
};

static void keep(struct side *s, const struct ike_path *path, bool esp, const uint8_t *at, size_t len)
{
    assert_true(s->count < KEPT);
    struct got *g = &s->got[s->count++];
    g->path = *path;
    g->esp = esp;
    g->len = len;
    memcpy(g->data, at, len);
}

static void on_ike(void *self, const struct ike_path *path, struct bytes datagram)
{
    keep(self, path, false, datagram.at, datagram.len);
}

static void on_esp(void *self, const struct ike_path *path, uint8_t *packet, size_t len)
{
    keep(self, path, true, packet, len);
}

static void on_esp_done(void *self)
{
    ((struct side *)self)->batches++;
}

static void open_side(struct pair *p, struct side *s)
{
    char why[256] = "";
    struct udp_setup setup = {.port = 0, .port_encap = 0};
    struct udp_handlers handlers = {.self = s, .ike = on_ike, .esp = on_esp, .esp_done = on_esp_done};
    s->got = calloc(KEPT, sizeof *s->got);
    assert_non_null(s->got);
    s->udp = udp_open(&p->loop, &setup, &handlers, why, sizeof why);
    assert_non_null(s->udp);
}

static int open_pair(void **state)
{
    struct pair *p = calloc(1, sizeof *p);
    assert_non_null(p);
    assert_int_equal(uv_loop_init(&p->loop), 0);
    assert_int_equal(uv_timer_init(&p->loop, &p->timer), 0);
    open_side(p, &p->a);
    open_side(p, &p->b);
    *state = p;
    return 0;
}

static int close_pair(void **state)
{
    struct pair *p = *state;
    udp_close(p->a.udp);
    udp_close(p->b.udp);
    uv_close((uv_handle_t *)&p->timer, NULL);
    uv_run(&p->loop, UV_RUN_DEFAULT);
    assert_int_equal(uv_loop_close(&p->loop), 0);
    free(p->a.got);
    free(p->b.got);
    free(p);
    return 0;
}

static void on_timeout(uv_timer_t *timer)
{
    *(bool *)timer->data = true;
}

/* Until `count` came to s, or a second has passed. */
static void run_until(struct pair *p, const struct side *s, size_t count)
{
    bool late = false;
    p->timer.data = &late;
    uv_timer_start(&p->timer, on_timeout, 1000, 0);
    while (s->count < count && !late)
        uv_run(&p->loop, UV_RUN_ONCE);
    uv_timer_stop(&p->timer);
    assert_int_equal(s->count, count);
}

static struct addr loopback(uint8_t family, uint8_t last)
{
    struct addr a = {.family = family};
    if (family == ADDR_V4)
        memcpy(a.ip, (const uint8_t[]){127, 0, 0, last}, 4);
    else
        a.ip[15] = 1;
    return a;
}

static struct ike_path path_to(const struct pair *p, uint8_t family, bool encap)
{
    return (struct ike_path){
        .local = {loopback(family, 7), udp_port(p->a.udp, encap)},
        .remote = {loopback(family, 9), udp_port(p->b.udp, encap)},
        .encap = encap,
    };
}

static void send_one(struct pair *p, const struct ike_path *path, enum udp_kind kind, struct bytes datagram)
{
    udp_send(p->a.udp, path, kind, &datagram, 1);
}

static void check_arrival(struct pair *p, uint8_t family, bool encap)
{
    struct ike_path path = path_to(p, family, encap);
    size_t before = p->b.count;
    send_one(p, &path, UDP_IKE, BYTES_LIT("an IKE message"));
    run_until(p, &p->b, before + 1);
    const struct got *g = &p->b.got[before];
    assert_false(g->esp);
    assert_int_equal(g->len, strlen("an IKE message"));
    assert_memory_equal(g->data, "an IKE message", g->len);
    assert_true(g->path.encap == encap);
    assert_true(endpoint_equal(&g->path.local, &path.remote));
    assert_true(endpoint_equal(&g->path.remote, &path.local));
}

static void a_message_arrives_with_both_its_addresses_in_both_families_and_on_both_ports(void **state)
{
    struct pair *p = *state;
    check_arrival(p, ADDR_V4, false);
    check_arrival(p, ADDR_V4, true);
    check_arrival(p, ADDR_V6, false);
    check_arrival(p, ADDR_V6, true);
}

static void the_kernel_chooses_a_source_address_where_the_path_names_none(void **state)
{
    struct pair *p = *state;
    struct ike_path path = path_to(p, ADDR_V4, false);
    path.local.addr = (struct addr){.family = ADDR_NONE};
    send_one(p, &path, UDP_IKE, BYTES_LIT("x"));
    run_until(p, &p->b, 1);
    assert_int_equal(p->b.got[0].path.remote.addr.family, ADDR_V4);
}

static void on_the_encapsulated_port_the_first_octets_decide(void **state)
{
    struct pair *p = *state;
    struct ike_path path = path_to(p, ADDR_V4, true);
    send_one(p, &path, UDP_RAW, BYTES_LIT("\xff"));     /* keepalive */
    send_one(p, &path, UDP_RAW, BYTES_LIT("\0\0\0"));   /* nothing at all */
    send_one(p, &path, UDP_RAW, BYTES_LIT("\0\0\0\0")); /* a marker with nothing behind it */
    send_one(p, &path, UDP_RAW,
             BYTES_LIT("\x01\x02\x03\x04"
                       "E"));                            /* ESP */
    send_one(p, &path, UDP_RAW, BYTES_LIT("\0\0\0\0I")); /* IKE */
    run_until(p, &p->b, 2);
    assert_true(p->b.got[0].esp);
    assert_int_equal(p->b.got[0].len, 5);
    assert_false(p->b.got[1].esp);
    assert_memory_equal(p->b.got[1].data, "I", 1);
    const struct udp_counters *c = udp_counters(p->b.udp);
    assert_int_equal(c->keepalive, 1);
    assert_int_equal(c->drop_short, 2);
    assert_int_equal(c->received, 5);
    assert_int_equal(c->received_esp, 1);
}

static void a_batch_arrives_in_order_and_large_messages_survive(void **state)
{
    struct pair *p = *state;
    struct ike_path path = path_to(p, ADDR_V6, true);
    static uint8_t large[60000];
    uint8_t small[40][4];
    struct bytes batch[41];
    for (size_t i = 0; i < 40; i++) {
        put_u32(small[i], (uint32_t)i + 1);
        batch[i] = bytes_make(small[i], 4);
    }
    memset(large, 0x5a, sizeof large);
    batch[40] = bytes_make(large, sizeof large); /* an IKE_SA_INIT that IP has to fragment */
    udp_send(p->a.udp, &path, UDP_IKE, batch, 41);
    run_until(p, &p->b, 41);
    for (size_t i = 0; i < 40; i++)
        assert_int_equal(get_u32(p->b.got[i].data), i + 1);
    assert_int_equal(p->b.got[40].len, sizeof large);
    assert_memory_equal(p->b.got[40].data, large, sizeof large);
}

/* Of equal and unequal lengths, so that some travel joined and some do not. */
static void packets_of_any_lengths_arrive_one_by_one_and_in_order(void **state)
{
    struct pair *p = *state;
    static const size_t lens[] = {1400, 1400, 1400, 700, 1400, 1400, 1400, 1401, 60, 60, 60, 60, 5, 1400, 20000, 20000};
    enum { COUNT = sizeof lens / sizeof lens[0] };
    static uint8_t octets[COUNT][20000];
    struct bytes batch[COUNT];
    for (int v6 = 0; v6 < 2; v6++) {
        struct ike_path path = path_to(p, v6 ? ADDR_V6 : ADDR_V4, true);
        for (size_t i = 0; i < COUNT; i++) {
            memset(octets[i], (int)(i + 1), lens[i]);
            batch[i] = bytes_make(octets[i], lens[i]);
        }
        p->b.count = 0;
        udp_send(p->a.udp, &path, UDP_RAW, batch, COUNT);
        run_until(p, &p->b, COUNT);
        for (size_t i = 0; i < COUNT; i++) {
            assert_true(p->b.got[i].esp);
            assert_int_equal(p->b.got[i].len, lens[i]);
            assert_memory_equal(p->b.got[i].data, octets[i], lens[i]);
            assert_true(endpoint_equal(&p->b.got[i].path.local, &path.remote));
        }
    }
    assert_true(p->b.batches >= 2 && p->b.batches <= 2 * COUNT);
    assert_int_equal(udp_counters(p->a.udp)->sent, 2 * COUNT);
    assert_int_equal(udp_counters(p->b.udp)->received_esp, 2 * COUNT);
}

/* A batch that is too large for any path is refused joined, and each for itself. */
static void packets_that_cannot_travel_joined_go_one_by_one(void **state)
{
    struct pair *p = *state;
    static uint8_t octets[70000];
    struct ike_path path = path_to(p, ADDR_V4, true);
    struct bytes batch[3];
    memset(octets, 1, sizeof octets);
    path.local.addr.ip[0] = 8; /* not an address of this host */
    for (size_t i = 0; i < 3; i++)
        batch[i] = bytes_make(octets, 1000);
    udp_send(p->a.udp, &path, UDP_RAW, batch, 3);
    assert_int_equal(udp_counters(p->a.udp)->drop_send, 3);
    path.local.addr.ip[0] = 127;
    batch[1].len = sizeof octets;
    udp_send(p->a.udp, &path, UDP_RAW, batch, 3);
    assert_int_equal(udp_counters(p->a.udp)->drop_send, 4);
    run_until(p, &p->b, 2);
}

static void what_cannot_be_sent_is_counted_and_forgotten(void **state)
{
    struct pair *p = *state;
    static uint8_t huge[70000];
    struct ike_path path = path_to(p, ADDR_V4, false);
    send_one(p, &path, UDP_IKE, bytes_make(huge, sizeof huge));
    assert_int_equal(udp_counters(p->a.udp)->drop_send, 1);
    assert_int_equal(udp_counters(p->a.udp)->too_big, 1);
    path.local.addr.ip[0] = 8; /* not an address of this host */
    send_one(p, &path, UDP_IKE, BYTES_LIT("x"));
    assert_int_equal(udp_counters(p->a.udp)->drop_send, 2);
    path.remote.addr.family = ADDR_NONE;
    send_one(p, &path, UDP_IKE, BYTES_LIT("x"));
    assert_int_equal(udp_counters(p->a.udp)->drop_send, 3);
    check_arrival(p, ADDR_V4, false);
}

static void a_refusal_by_icmp_harms_neither_the_next_message_nor_the_socket(void **state)
{
    struct pair *p = *state;
    struct ike_path path = path_to(p, ADDR_V4, false), closed = path;
    closed.remote.port = 9; /* nobody listens */
    send_one(p, &closed, UDP_IKE, BYTES_LIT("x"));
    send_one(p, &closed, UDP_IKE, BYTES_LIT("y"));
    check_arrival(p, ADDR_V4, false);
    send_one(p, &closed, UDP_IKE, BYTES_LIT("z"));
    uv_timer_start(&p->timer, on_timeout, 20, 0);
    bool late = false;
    p->timer.data = &late;
    while (!late)
        uv_run(&p->loop, UV_RUN_ONCE);
    assert_true(udp_counters(p->a.udp)->refused >= 1);
    check_arrival(p, ADDR_V4, false);
}

static void a_port_in_use_is_named_in_the_reason(void **state)
{
    struct pair *p = *state;
    char why[256] = "";
    struct udp_setup setup = {.port = udp_port(p->a.udp, false)};
    struct udp_handlers handlers = {.self = &p->b, .ike = on_ike, .esp = on_esp};
    assert_null(udp_open(&p->loop, &setup, &handlers, why, sizeof why));
    assert_non_null(strstr(why, "in use"));
}

static void the_ring_keeps_order_and_limits(void **state)
{
    (void)state;
    struct ring r = {0};
    struct ike_path path = {.encap = true};
    static uint8_t big[RING_OCTETS / 2];
    for (size_t i = 0; i < RING_ITEMS; i++) {
        uint8_t octet = (uint8_t)i;
        assert_true(ring_put(&r, &path, 0, bytes_make(&octet, 1)));
    }
    assert_false(ring_put(&r, &path, 0, BYTES_LIT("x")));
    for (size_t i = 0; i < RING_ITEMS; i++) {
        assert_int_equal(ring_first(&r)->data[0], (uint8_t)i);
        ring_drop(&r);
    }
    assert_null(ring_first(&r));
    assert_true(ring_put(&r, &path, 0, bytes_make(big, sizeof big)));
    assert_true(ring_put(&r, &path, 0, bytes_make(big, sizeof big)));
    assert_false(ring_put(&r, &path, 0, BYTES_LIT("x")));
    ring_clear(&r);
    assert_int_equal(r.octets, 0);
    ring_drop(&r);
}

static void addresses_go_to_the_kernel_and_back(void **state)
{
    (void)state;
    struct sockaddr_storage at;
    struct endpoint back = {.port = 0}, v4 = {loopback(ADDR_V4, 3), 500}, v6 = {loopback(ADDR_V6, 0), 4500},
                    none = {.port = 1};
    assert_true(net_to_sockaddr(&v4, &at) > 0 && net_from_sockaddr((const struct sockaddr *)&at, &back));
    assert_true(endpoint_equal(&v4, &back));
    assert_true(net_to_sockaddr(&v6, &at) > 0 && net_from_sockaddr((const struct sockaddr *)&at, &back));
    assert_true(endpoint_equal(&v6, &back));
    assert_int_equal(net_to_sockaddr(&none, &at), 0);
    struct addr source;
    assert_true(net_source_towards(&v4, 0, &source));
    assert_int_equal(source.ip[0], 127);
    assert_false(net_source_towards(&none, 0, &source));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(
            a_message_arrives_with_both_its_addresses_in_both_families_and_on_both_ports, open_pair,
            close_pair),
        cmocka_unit_test_setup_teardown(the_kernel_chooses_a_source_address_where_the_path_names_none,
                                        open_pair, close_pair),
        cmocka_unit_test_setup_teardown(on_the_encapsulated_port_the_first_octets_decide, open_pair,
                                        close_pair),
        cmocka_unit_test_setup_teardown(a_batch_arrives_in_order_and_large_messages_survive, open_pair,
                                        close_pair),
        cmocka_unit_test_setup_teardown(packets_of_any_lengths_arrive_one_by_one_and_in_order,
                                        open_pair, close_pair),
        cmocka_unit_test_setup_teardown(packets_that_cannot_travel_joined_go_one_by_one, open_pair,
                                        close_pair),
        cmocka_unit_test_setup_teardown(what_cannot_be_sent_is_counted_and_forgotten, open_pair, close_pair),
        cmocka_unit_test_setup_teardown(a_refusal_by_icmp_harms_neither_the_next_message_nor_the_socket,
                                        open_pair, close_pair),
        cmocka_unit_test_setup_teardown(a_port_in_use_is_named_in_the_reason, open_pair, close_pair),
        cmocka_unit_test(the_ring_keeps_order_and_limits),
        cmocka_unit_test(addresses_go_to_the_kernel_and_back),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
