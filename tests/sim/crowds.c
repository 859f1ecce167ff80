/*
 * crowds: many at once. Floods of first messages, a hub with its spokes, and random lives over bad
 * networks.
 */
#include "scenario.h"

#include <stdio.h>
#include <stdlib.h>

/* ---- floods -------------------------------------------------------------------------------- */

/* A proper IKE_SA_INIT request, to be multiplied. */
struct template
{
    size_t len;
    uint8_t octets[1024];
};

static bool keep_template(struct world *w, struct packet *p, void *arg)
{
    struct template *t = arg;
    EXPECT(w, p->len <= sizeof t->octets);
    memcpy(t->octets, p->octets, p->len);
    t->len = p->len;
    return false;
}

static struct template make_template(struct pair *p)
{
    struct template t = {0};
    p->w->tap = keep_template;
    p->w->tap_arg = &t;
    host_initiate(p->a, "net", "net");
    p->w->tap = NULL;
    host_terminate(p->a, "net", NULL);
    EXPECT(p->w, t.len > 0);
    return t;
}

/* One from a random address, or from `source`, with an SPI of its own. */
static void shout(struct pair *p, struct template *t, const struct addr *source)
{
    struct endpoint from = {source ? *source : world_addr("203.0.113.1"),
                            (uint16_t)(1024 + world_below(p->w, 60000))};
    struct endpoint to = {p->b->addr, 500};
    if (!source)
        put_u32(from.addr.ip, 0xc6120000U | (uint32_t)world_below(p->w, 0x10000));
    put_u64(t->octets, world_roll(p->w) | 1);
    world_inject(p->w, &from, &to, false, bytes_make(t->octets, t->len),
                 world_below(p->w, IKE_SECOND));
}

/* Nobody shouts twice from one address, nobody answers: cookies are asked for, memory is bounded,
 * and who is honest gets in. */
static void flood(struct run *run)
{
    enum { HALF_OPEN_OCTETS = 24 * 1024 }; /* that an unauthenticated SA may cost */
    struct pair p = pair_make(
        run, (struct site){0},
        (struct site){
            .peer = "%any",
            .engine = "cookie_threshold = 64\n half_open_limit = 256\n half_open_timeout = 10"});
    struct template t = make_template(&p);
    size_t before = p.b->tally.octets;
    uint64_t count = run_rounds(run, 30000);
    for (uint64_t i = 0; i < count; i++) {
        shout(&p, &t, NULL);
        if (i % 1000 == 999)
            world_run(p.w, IKE_SECOND);
    }
    world_run(p.w, IKE_SECOND);
    EXPECT(p.w, count < 1000 || host_counter(p.b, "cookies-sent") > count / 2);
    EXPECT(p.w, ike_engine_half_open_count(p.b->engine) <= 64);
    EXPECT(p.w, p.b->tally.peak - before < 64 * HALF_OPEN_OCTETS);
    host_initiate(p.a, "net", "net");
    for (int i = 0; i < 5; i++) { /* it goes on while the honest one comes */
        for (int k = 0; k < 200; k++)
            shout(&p, &t, NULL);
        world_run(p.w, IKE_SECOND);
    }
    EXPECT(p.w, host_up_count(p.a) == 1 && host_child_count(p.b) == 1);
    world_settle(p.w);
    pair_end(&p);
}

/* One address alone: it gets its share of half-open SAs and no more. */
static void one_shouts(struct run *run)
{
    struct pair p =
        pair_make(run, (struct site){0},
                  (struct site){.peer = "%any",
                                .engine = "half_open_per_source = 16\n half_open_timeout = 10"});
    struct template t = make_template(&p);
    struct addr source = world_addr("203.0.113.9");
    for (int i = 0; i < 1000; i++)
        shout(&p, &t, &source);
    world_run(p.w, IKE_SECOND);
    EXPECT(p.w, ike_engine_half_open_count(p.b->engine) == 16 &&
                    host_counter(p.b, "drop-half-open-limit") == 984);
    pair_up(&p, 1);
    pair_end(&p);
}

/* Half-open SAs that nobody comes back to time out and leave nothing. */
static void half_open(struct run *run)
{
    struct pair p = pair_make(run, (struct site){0},
                              (struct site){.peer = "%any", .engine = "half_open_timeout = 30"});
    struct template t = make_template(&p);
    for (int i = 0; i < 40; i++)
        shout(&p, &t, NULL);
    world_run(p.w, 2 * IKE_SECOND);
    EXPECT(p.w, ike_engine_half_open_count(p.b->engine) == 40);
    world_run(p.w, 30 * IKE_SECOND);
    EXPECT(p.w, ike_engine_half_open_count(p.b->engine) == 0);
    pair_expect_nothing(&p);
    pair_end(&p);
}

/* Noise on the port: random octets, random headers, random payload chains behind good headers. */
static void noise(struct run *run)
{
    struct pair p = pair_make(run, (struct site){0}, (struct site){0});
    pair_up(&p, 1);
    struct endpoint from = {world_addr("203.0.113.9"), 500}, to = {p.b->addr, 500};
    uint64_t count = run_rounds(run, 20000);
    for (uint64_t i = 0; i < count; i++) {
        uint8_t octets[600];
        size_t len = world_below(p.w, sizeof octets);
        for (size_t k = 0; k < len; k++)
            octets[k] = (uint8_t)world_roll(p.w);
        if (len >= 28 && i % 2) {
            static const uint8_t nexts[] = {33, 34, 40, 41, 46, 53, 0};
            octets[16] = nexts[world_below(p.w, sizeof nexts)];
            octets[17] = 0x20;
            octets[18] = (uint8_t)(34 + world_below(p.w, 11));
            octets[19] = (uint8_t)(world_below(p.w, 4) << 3);
            put_u32(octets + 20, (uint32_t)world_below(p.w, 4));
            put_u32(octets + 24, (uint32_t)len);
            if (i % 4 == 1)
                put_u64(octets + 8, i % 8 == 1 ? host_sa(p.b)->spi_r : 0);
        }
        world_inject(p.w, i % 16 ? &from : &(struct endpoint){p.a->addr, 500}, &to, false,
                     bytes_make(octets, len), world_below(p.w, 1000) * IKE_MS);
        if (i % 500 == 499)
            world_run(p.w, IKE_SECOND);
    }
    world_settle(p.w);
    EXPECT(p.w, host_up_count(p.a) == 1 && host_up_count(p.b) == 1);
    pair_end(&p);
}

/* ---- a hub and its spokes ------------------------------------------------------------------ */

static struct host *spoke(struct world *w, int i)
{
    char name[16], addr[32], id[32], ts[32];
    snprintf(name, sizeof name, "spoke%d", i);
    snprintf(addr, sizeof addr, "10.0.1.%d", i + 1);
    snprintf(id, sizeof id, "spoke%d.example", i);
    snprintf(ts, sizeof ts, "10.%d.0.0/16", 10 + i);
    return site_host(w, &(struct site){.name = name,
                                       .addr = addr,
                                       .peer = "10.0.0.1",
                                       .id = id,
                                       .peer_id = "hub.example",
                                       .local_ts = ts,
                                       .remote_ts = "10.0.0.0/8",
                                       .conn = "dpd_delay = 20",
                                       .engine = i % 2 ? "fragment_size = 576" : ""});
}

static struct host *hub(struct world *w)
{
    return site_host(w, &(struct site){.name = "hub",
                                       .addr = "10.0.0.1",
                                       .peer = "%any",
                                       .id = "hub.example",
                                       .peer_id = "*.example",
                                       .local_ts = "10.0.0.0/8",
                                       .remote_ts = "10.0.0.0/8",
                                       .conn = "dpd_delay = 20"});
}

/* ---- random lives -------------------------------------------------------------------------- */

static void one_order(struct world *w, struct host *h, bool rekeys)
{
    static const struct bytes net = {(const uint8_t *)"net", 3};
    struct ike_order order = {.id = world_roll(w) >> 1, .conn = net};
    switch (world_below(w, rekeys ? 12 : 8)) {
    case 0:
    case 1:
    case 2:
    case 3:
        order.kind = ORDER_INITIATE;
        order.child = world_below(w, 4) ? net : BYTES_NONE;
        break;
    case 4:
        order.kind = ORDER_TERMINATE;
        order.force = world_below(w, 8) == 0;
        break;
    case 5:
        order.kind = ORDER_TERMINATE;
        order.child = net;
        break;
    case 6:
    case 7:
        host_check_all(h);
        return;
    case 8:
    case 9:
        order.kind = ORDER_REKEY;
        break;
    default:
        order.kind = ORDER_REKEY;
        order.child = net;
    }
    (void)host_order(h, &order);
}

static struct link_rules random_network(struct world *w)
{
    return (struct link_rules){.loss = (uint32_t)world_below(w, 300),
                               .duplicate = (uint32_t)world_below(w, 200),
                               .corrupt = (uint32_t)world_below(w, 60),
                               .truncate = (uint32_t)world_below(w, 30),
                               .delay_min = IKE_MS,
                               .delay_max = IKE_MS * (1 + world_below(w, 1500))};
}

static bool can_initiate(const struct host *h)
{
    return h->config->conn[0].remote_count &&
           h->config->conn[0].remote_addrs[0].from.family != ADDR_NONE;
}

/* A good network, and everybody asks everybody for a sign of life: what differs must be gone now.
 */
static void heal(struct world *w)
{
    world_net(w, (struct link_rules){.delay_min = 10 * IKE_MS, .delay_max = 10 * IKE_MS});
    world_run(w, 300 * IKE_SECOND);
    for (int i = 0; i < 2; i++) {
        for (int k = 0; k < w->hosts; k++)
            host_check_all(&w->host[k]);
        world_run(w, 200 * IKE_SECOND);
    }
    world_settle(w);
}

static void end_all(struct world *w)
{
    for (int k = 0; k < w->hosts; k++)
        host_terminate(&w->host[k], NULL, NULL);
    world_settle(w);
    for (int k = 0; k < w->hosts; k++)
        EXPECT(w,
               ike_engine_sa_count(w->host[k].engine) == 0 && host_child_count(&w->host[k]) == 0 &&
                   ike_engine_oldest_config(w->host[k].engine) == w->host[k].config->serial);
}

/* What happens in a life besides the usual. */
enum { REKEYS = 1,
       DEATHS = 2,
       RELOADS = 4 };

/* The proposals stay: both ends shall find each other again. */
static void read_anew(struct host *h, const struct site *site)
{
    static const char *const names[] = {"net", "net", "other"};
    static const char *const lifetimes[] = {"", "rekey_time = 90s", "rekey_time = 1d"};
    struct world *w = h->world;
    struct site new = *site;
    new.conn_name = names[world_below(w, 3)];
    new.child_name = names[world_below(w, 3)];
    new.child = lifetimes[world_below(w, 3)];
    site_reload(h, new);
}

static void random_life(struct world *w, unsigned orders, unsigned what, const struct site *site)
{
    world_net(w, random_network(w));
    w->ask_max = world_below(w, 500) * IKE_MS;
    for (unsigned i = 0; i < orders; i++) {
        struct host *h = &w->host[world_below(w, (uint64_t)w->hosts)];
        if ((what & DEATHS) && world_below(w, 25) == 0) {
            host_kill(h);
            host_boot(h);
        } else if ((what & RELOADS) && world_below(w, 6) == 0) {
            read_anew(h, site);
        } else if (can_initiate(h) || world_below(w, 2)) {
            one_order(w, h, what & REKEYS);
        }
        world_run(w, world_below(w, 4000) * IKE_MS);
        if (world_below(w, 10) == 0)
            world_net(w, random_network(w));
    }
    heal(w);
    end_all(w);
    world_free(w);
}

static void soak_with(struct run *run, uint64_t lives, unsigned what)
{
    for (uint64_t i = 0; i < lives; i++) {
        if (!run_case(run))
            continue;
        struct site site = {.ike = i % 2 ? "aes256gcm16-prfsha256-x25519" : NULL,
                            .engine = i % 3 ? "fragment_size = 576" : "",
                            .esp = i % 4 ? "aes256gcm16" : "aes256gcm16-x25519-ke1_mlkem512",
                            .conn = i % 5 ? "dpd_delay = 15" : ""};
        struct pair p = pair_make(run, site, site);
        random_life(p.w, 40, what, &site);
    }
}

static void soak(struct run *run)
{
    soak_with(run, run_rounds(run, 1000), 0);
}

static void soak_deaths(struct run *run)
{
    soak_with(run, run_rounds(run, 1000), DEATHS);
}

static void soak_rekeys(struct run *run)
{
    soak_with(run, run_rounds(run, 1000), REKEYS);
}

static void soak_reloads(struct run *run)
{
    soak_with(run, run_rounds(run, 1000), REKEYS | RELOADS);
}

static void soak_hub(struct run *run)
{
    for (uint64_t i = 0; i < run_rounds(run, 100); i++) {
        if (!run_case(run))
            continue;
        struct world *w = world_new(run);
        hub(w);
        for (int k = 0; k < 5; k++)
            spoke(w, k);
        random_life(w, 150, (i % 2 ? REKEYS : 0) | (i % 3 ? 0 : DEATHS), NULL);
    }
}

/* clang-format off */
const struct scenario crowd_scenarios[] = {
    {"flood",       "IKE_SA_INIT from many sources: memory bounded, cookies, the honest peer gets in", flood},
    {"one-shouts",  "one source gets no more than its share of half-open SAs", one_shouts},
    {"half-open",   "half-open SAs time out and leave nothing", half_open},
    {"noise",       "random octets, random headers, random payloads beside a living SA", noise},
    {"soak",        "random orders at both ends over a changing bad network", soak},
    {"soak-deaths", "the same, and hosts die and come back", soak_deaths},
    {"soak-rekeys", "the same, with rekeying of IKE and Child SAs", soak_rekeys},
    {"soak-reloads", "the same, and hosts read new configurations", soak_reloads},
    {"soak-hub",    "a hub with five spokes", soak_hub},
    {0},
};
/* clang-format on */
