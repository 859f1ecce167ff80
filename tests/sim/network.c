/* network: what happens to a datagram between two hosts: the tap, the link's rules, NATs. */
#include "world.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "config/value.h"
#include "wire/print.h"

struct addr world_addr(const char *text)
{
    struct addr a = {0};
    if (!value_addr(bytes_str(text), &a))
        abort();
    return a;
}

/* ---- packets ------------------------------------------------------------------------------- */

struct packet *packet_new(struct world *w, const struct endpoint *from, const struct endpoint *to,
                          bool encap, struct bytes octets)
{
    struct packet *p = calloc(1, sizeof *p);
    uint8_t *copy = malloc(octets.len ? octets.len : 1);
    if (!p || !copy)
        abort();
    if (octets.len)
        memcpy(copy, octets.at, octets.len);
    *p = (struct packet){.number = w->last_packet++,
                         .sender = -1,
                         .from = *from,
                         .to = *to,
                         .encap = encap,
                         .len = octets.len,
                         .octets = copy};
    return p;
}

struct packet *packet_copy(struct world *w, const struct packet *p)
{
    struct packet *copy = packet_new(w, &p->from, &p->to, p->encap, bytes_make(p->octets, p->len));
    copy->sender = p->sender;
    copy->genuine = p->genuine;
    return copy;
}

void packet_free(struct packet *p)
{
    if (!p)
        return;
    free(p->octets);
    free(p);
}

/* "IKE_AUTH request 1 SKF 2/3" as far as the outside shows it. */
static void describe(const struct packet *p, struct text *t)
{
    struct ike_header h;
    if (p->len == 1) {
        text_add(t, "keepalive");
        return;
    }
    if (!ike_header_read(bytes_make(p->octets, p->len), &h)) {
        text_add(t, "no IKE message");
        return;
    }
    const char *name = exchange_name(h.exchange);
    text_add(t, name ? name : "unknown exchange");
    text_add(t, h.response ? " response " : " request ");
    text_uint(t, h.mid);
    if (h.next == PAYLOAD_SKF && p->len >= IKE_HEADER_LEN + 8) {
        text_add(t, " fragment ");
        text_uint(t, get_u16(p->octets + IKE_HEADER_LEN + 4));
        text_char(t, '/');
        text_uint(t, get_u16(p->octets + IKE_HEADER_LEN + 6));
    }
}

void trace_packet(const struct world *w, const struct packet *p, const char *what)
{
    char room[256];
    if (!w->run->trace)
        return;
    struct text t = text_make(room, sizeof room);
    print_endpoint(&t, &p->from);
    text_add(&t, " > ");
    print_endpoint(&t, &p->to);
    text_add(&t, p->encap ? " (encap) " : " ");
    text_uint(&t, p->len);
    text_add(&t, " octets: ");
    describe(p, &t);
    world_trace(w, NULL, "#%" PRIu64 " %s %s", p->number, what, room);
}

/* ---- NAT ----------------------------------------------------------------------------------- */

static uint16_t nat_port(struct world *w, struct nat_box *nat, const struct endpoint *inside)
{
    for (unsigned i = 0; i < nat->maps; i++)
        if (endpoint_equal(&nat->map[i].inside, inside))
            return nat->map[i].port;
    EXPECT(w, nat->maps < sizeof nat->map / sizeof nat->map[0]);
    nat->map[nat->maps].inside = *inside;
    nat->map[nat->maps].port = nat->next_port++;
    return nat->map[nat->maps++].port;
}

/* The way back in. False: nobody inside has opened this port. */
static bool nat_enter(struct world *w, struct endpoint *to)
{
    for (unsigned n = 0; n < w->nats; n++) {
        struct nat_box *nat = &w->nat[n];
        if (!addr_equal(&nat->outside, &to->addr))
            continue;
        for (unsigned i = 0; i < nat->maps; i++)
            if (nat->map[i].port == to->port) {
                *to = nat->map[i].inside;
                return true;
            }
        return false;
    }
    return true;
}

/* ---- links --------------------------------------------------------------------------------- */

static struct host *host_at(struct world *w, const struct addr *addr)
{
    for (int i = 0; i < w->hosts; i++)
        if (addr_equal(&w->host[i].addr, addr))
            return &w->host[i];
    return NULL;
}

/* Who would get it, without changing anything. */
static struct host *receiver(struct world *w, const struct packet *p)
{
    struct endpoint to = p->to;
    return nat_enter(w, &to) ? host_at(w, &to.addr) : NULL;
}

struct link_rules *world_link(struct world *w, const struct host *from, const struct host *to)
{
    return &w->links[from->index][to->index];
}

void world_net(struct world *w, struct link_rules rules)
{
    for (int from = 0; from < w->hosts; from++)
        for (int to = 0; to < w->hosts; to++)
            w->links[from][to] = rules;
}

static bool chance(struct world *w, uint32_t permille)
{
    return permille && world_below(w, 1000) < permille;
}

static bool fits_mtu(const struct link_rules *rules, const struct packet *p)
{
    size_t around = (p->to.addr.family == ADDR_V6 ? 40U : 20U) + 8U + (p->encap ? 4U : 0U);
    return rules->mtu == 0 || p->len + around <= rules->mtu;
}

static void spoil(struct world *w, const struct link_rules *rules, struct packet *p)
{
    if (p->len && chance(w, rules->corrupt)) {
        uint64_t bit = world_below(w, p->len * 8);
        p->octets[bit / 8] ^= (uint8_t)(1U << bit % 8);
        p->genuine = false;
    }
    if (p->len && chance(w, rules->truncate)) {
        p->len = world_below(w, p->len);
        p->genuine = false;
    }
}

void world_put(struct world *w, struct packet *p, ike_time delay)
{
    struct event *e = calloc(1, sizeof *e);
    *e = (struct event){.at = w->now + delay, .kind = EVENT_PACKET, .packet = p};
    world_queue(w, e);
}

void world_send(struct world *w, struct packet *p)
{
    struct host *to = receiver(w, p);
    const struct link_rules *rules =
        to && p->sender >= 0 ? &w->links[p->sender][to->index] : &w->outside;
    if (!to || rules->cut || !fits_mtu(rules, p) || chance(w, rules->loss)) {
        trace_packet(w, p, "lost");
        packet_free(p);
        return;
    }
    if (chance(w, rules->duplicate))
        world_put(w, packet_copy(w, p),
                  rules->delay_min + world_below(w, rules->delay_max - rules->delay_min + 1) * 2);
    spoil(w, rules, p);
    world_put(w, p, rules->delay_min + world_below(w, rules->delay_max - rules->delay_min + 1));
}

void network_send(struct world *w, struct host *h, const struct ike_send *send)
{
    struct endpoint from = send->path.local;
    from.addr = h->addr;
    struct packet *p = packet_new(w, &from, &send->path.remote, send->path.encap, send->datagram);
    p->sender = h->index;
    p->genuine = true;
    if (h->nat)
        p->from = (struct endpoint){h->nat->outside, nat_port(w, h->nat, &from)};
    trace_packet(w, p, "sent");
    if (w->tap && !w->tap(w, p, w->tap_arg)) {
        trace_packet(w, p, "swallowed");
        packet_free(p);
        return;
    }
    world_send(w, p);
}

void world_inject(struct world *w, const struct endpoint *from, const struct endpoint *to,
                  bool encap, struct bytes octets, ike_time delay)
{
    world_put(w, packet_new(w, from, to, encap, octets), delay);
}

/* ---- arriving ------------------------------------------------------------------------------ */

/* On port 4500 IKE carries a marker, on 500 it does not; anything else is ESP or noise there. A
 * keepalive is nothing to the engine. */
static bool is_for_ike(const struct packet *p, const struct endpoint *to)
{
    return p->len > 1 && p->encap == (to->port == 4500);
}

struct host *network_deliver(struct world *w, const struct packet *p, struct ike_path *path)
{
    struct endpoint to = p->to;
    if (!nat_enter(w, &to) || !is_for_ike(p, &to))
        return NULL;
    *path = (struct ike_path){.local = to, .remote = p->from, .encap = p->encap};
    return host_at(w, &to.addr);
}
