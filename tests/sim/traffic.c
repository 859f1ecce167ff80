/*
 * traffic: rekeying without end while packets flow, over networks that lose, double and reorder
 * IKE messages.
 *
 * Packets choose their Child SA as a data plane does (gate.h). The network only delays them, by less
 * than what an old inbound SA stays for them: each must arrive on an SA that is installed, under the
 * right key.
 */
#include "gate.h"
#include "ike/limits.h"
#include "invariants.h"
#include "scenario.h"
#include "wire/message.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

enum { FLYING_MAX = 1024,
       IDS_MAX = 16384 };

static const ike_time SEND_EVERY = 100 * IKE_MS;

/* An ESP packet on its way. */
struct esp_packet {
    uint32_t spi;
    uint64_t key;
};

struct traffic {
    struct pair *pair;
    struct gate gate[2];
    struct esp_packet flying[FLYING_MAX]; /* slot 0 is nobody's */
    ike_time slowest;
    bool flows;
    uint64_t sent, unsent, lost, wrong;
};

struct totals {
    uint64_t child, ike, collisions, packets;
};

static struct traffic *now_flowing; /* acts know their world and host alone */

/* ---- packets ------------------------------------------------------------------------------- */

static void packet_arrives(struct world *w, struct host *h, uint64_t arg)
{
    struct traffic *t = now_flowing;
    struct esp_packet *p = &t->flying[arg];
    const struct mock_child *c = gate_hear(&t->gate[h->index], h, p->spi);
    if (!c) {
        t->lost++;
        world_trace(w, h, "ESP on %08x: there is no such SA", p->spi);
    } else {
        t->wrong += c->key_in != p->key;
    }
    p->spi = 0;
}

static void packet_leaves(struct world *w, struct host *h, uint64_t arg)
{
    struct traffic *t = now_flowing;
    const struct mock_child *c = gate_way_out(&t->gate[h->index], h);
    uint64_t slot = 1;
    (void)arg;
    if (!t->flows)
        return;
    world_at(w, w->now + SEND_EVERY / 2 + world_below(w, SEND_EVERY), h, packet_leaves, 0);
    while (slot < FLYING_MAX && t->flying[slot].spi)
        slot++;
    EXPECT(w, slot < FLYING_MAX);
    t->sent++;
    if (!c) {
        t->unsent++;
        world_trace(w, h, "ESP: no SA to send on");
        return;
    }
    t->flying[slot] = (struct esp_packet){c->spi_out, c->key_out};
    world_at(w, w->now + IKE_MS + world_below(w, t->slowest), &w->host[1 - h->index],
             packet_arrives, slot);
}

static void traffic_start(struct traffic *t, struct pair *p)
{
    *t = (struct traffic){.pair = p, .flows = true};
    t->slowest = IKE_MS * (1 + world_below(p->w, CHILD_LINGER_FOR / IKE_MS - 100));
    now_flowing = t;
    for (int i = 0; i < 2; i++)
        packet_leaves(p->w, &p->w->host[i], 0);
}

static void traffic_check(const struct traffic *t)
{
    if (t->lost || t->unsent || t->wrong)
        world_fail(t->pair->w,
                   "of %" PRIu64 " packets %" PRIu64 " came to an SA that is not there, %" PRIu64
                   " had none to be sent on, %" PRIu64 " were sealed with another key",
                   t->sent, t->lost, t->unsent, t->wrong);
}

/* ---- rekeying ------------------------------------------------------------------------------ */

static bool rekeys_now(const struct host *h)
{
    for (const struct ike_sa *sa = h->engine->oldest; sa; sa = sa->newer)
        for (const struct larval *l = sa->larvals; l; l = l->next)
            if (l->ours)
                return true;
    return false;
}

/* Returns whether the other side was at it already. */
static bool order_rekey(struct pair *p, bool ike)
{
    struct ike_order order = {.kind = ORDER_REKEY, .conn = BYTES_LIT("net")};
    int side = (int)world_below(p->w, 2);
    if (!ike)
        order.child = BYTES_LIT("net");
    EXPECT(p->w, host_order(&p->w->host[side], &order) == ORDER_DONE);
    return rekeys_now(&p->w->host[side]) && rekeys_now(&p->w->host[1 - side]);
}

static struct link_rules bad_network(struct world *w)
{
    return (struct link_rules){.loss = (uint32_t)world_below(w, 150),
                               .duplicate = (uint32_t)world_below(w, 150),
                               .corrupt = (uint32_t)world_below(w, 10),
                               .delay_min = IKE_MS,
                               .delay_max = IKE_MS * (1 + world_below(w, 800))};
}

static struct pair rekeying_pair(struct run *run, uint64_t i)
{
    static const char *const rounds[] = {"", "-ke1_mlkem512", "-ke1_ecp256-ke2_mlkem768"};
    char ike[2][256], esp[2][256];
    struct site site[2] = {{0}};
    for (int k = 0; k < 2; k++) {
        uint64_t n = i + (uint64_t)k * (i / 27);
        snprintf(ike[k], sizeof ike[k],
                 "aes256gcm16-prfsha256-x25519%s, aes256gcm16-prfsha256-x25519%s", rounds[n % 3],
                 rounds[i % 3]);
        snprintf(esp[k], sizeof esp[k], "aes256gcm16%s%s, aes256gcm16%s%s",
                 n / 3 % 3 || i % 2 ? "-x25519" : "", rounds[n / 3 % 3],
                 i / 3 % 3 || i % 2 ? "-x25519" : "", rounds[i / 3 % 3]);
        site[k] = (struct site){.ike = ike[k],
                                .esp = esp[k],
                                .conn = "rekey_time = 0",
                                .child = "rekey_time = 0",
                                .engine = i % 2 ? "retransmit_tries = 20\n retransmit_limit = 4\n"
                                                  " prefer_configured_proposals = no"
                                                : "retransmit_tries = 20\n retransmit_limit = 4\n"
                                                  " fragment_size = 576"};
    }
    return pair_make(run, site[0], site[1]);
}

static uint64_t rekeys_of(const struct host *h)
{
    return h->told_kind[TELL_CHILD_REKEYED] + h->told_kind[TELL_IKE_REKEYED];
}

/* One pair of hosts, until it has rekeyed so often. */
static void rekey_on(struct run *run, uint64_t count, struct totals *totals)
{
    static struct traffic traffic;
    struct pair p = rekeying_pair(run, (uint64_t)run->at_case);
    struct world *w = p.w;
    pair_up(&p, 1);
    world_net(w, bad_network(w));
    traffic_start(&traffic, &p);
    for (uint64_t i = 0; rekeys_of(p.a) < count; i++) {
        totals->collisions += order_rekey(&p, world_below(w, 3) == 0);
        world_run(w, world_below(w, 3) ? world_below(w, 4000 * IKE_MS) : world_below(w, 60 * IKE_MS));
        if (i % 64 == 63)
            world_net(w, bad_network(w));
        traffic_check(&traffic);
    }
    world_net(w, (struct link_rules){.delay_min = 10 * IKE_MS, .delay_max = 10 * IKE_MS});
    world_run(w, 60 * IKE_SECOND);
    traffic.flows = false;
    world_run(w, CHILD_LINGER_FOR + IKE_SECOND);
    world_settle(w);
    traffic_check(&traffic);
    for (int i = 0; i < 2; i++) {
        struct host *h = &w->host[i];
        EXPECT(w, host_up_count(h) == 1 && host_child_count(h) == 1);
        EXPECT(w, h->told_kind[TELL_IKE_DOWN] == 0 && h->told_kind[TELL_CHILD_DOWN] == 0);
        EXPECT(w, h->tally.octets < MESSAGE_LEN_MAX + 192 * 1024); /* nothing piles up */
    }
    totals->child += p.a->told_kind[TELL_CHILD_REKEYED];
    totals->ike += p.a->told_kind[TELL_IKE_REKEYED];
    totals->packets += traffic.sent;
    pair_end(&p);
}

static void rekeys(struct run *run)
{
    enum { EACH = 500 };
    struct totals totals = {0};
    uint64_t count = run_rounds(run, 100000);
    for (uint64_t i = 0; i * EACH < count; i++)
        if (run_case(run))
            rekey_on(run, count < EACH ? count : EACH, &totals);
    run_say(run, "total: %" PRIu64 " rekeys: %" PRIu64 " child, %" PRIu64 " IKE, %" PRIu64 " collisions, 0 SAs lost; %" PRIu64 " packets, 0 lost",
            totals.child + totals.ike, totals.child, totals.ike, totals.collisions, totals.packets);
}

/* clang-format off */
const struct scenario traffic_scenarios[] = {
    {"rekeys", "100,000 rekeys over bad networks, while packets flow: none is lost, nor any SA", rekeys},
    {0},
};
/* clang-format on */
