/* scenario: see scenario.h. The usual pair of hosts. */
#include "scenario.h"

#include <stdio.h>

#define OR(value, usual) ((value) ? (value) : (usual))

enum { TEXT_MAX = 8192 };

static void write_swanctl(struct world *w, const struct site *s, char swanctl[TEXT_MAX])
{
    int len = snprintf(
        swanctl, TEXT_MAX,
        "connections {\n %s {\n  local_addrs = %s\n  remote_addrs = %s\n  proposals = %s\n  %s\n"
        "  local {\n   auth = psk\n   id = %s\n  }\n  remote {\n   auth = psk\n   id = %s\n  }\n"
        "  children {\n   %s {\n    esp_proposals = %s\n    local_ts = %s\n    remote_ts = %s\n   "
        " %s\n   }\n  }\n }\n %s\n}\n"
        "secrets {\n ike {\n  secret = \"%s\"\n }\n ppk-1 {\n  id = %s\n  secret = 0x%064d\n }\n}\n",
        OR(s->conn_name, "net"), s->addr, s->peer, OR(s->ike, "aes256gcm16-prfsha256-x25519-ke1_mlkem768"), OR(s->conn, ""),
        s->id, s->peer_id, OR(s->child_name, "net"), OR(s->esp, "aes256gcm16"), s->local_ts, s->remote_ts, OR(s->child, ""),
        OR(s->more, ""), OR(s->psk, "as in all examples"), OR(s->ppk, "unused"), 5);
    EXPECT(w, len < TEXT_MAX);
}

struct host *site_host(struct world *w, const struct site *s)
{
    char swanctl[TEXT_MAX], braid[1024];
    write_swanctl(w, s, swanctl);
    snprintf(braid, sizeof braid, "engine {\n %s\n}\n", OR(s->engine, ""));
    return world_host(w, s->name, s->addr, swanctl, braid);
}

static const struct site alice = {.name = "alice",
                                  .addr = "10.0.0.1",
                                  .peer = "10.0.0.2",
                                  .id = "alice.example",
                                  .peer_id = "bob.example",
                                  .local_ts = "10.1.0.0/16",
                                  .remote_ts = "10.2.0.0/16"};
static const struct site bob = {.name = "bob",
                                .addr = "10.0.0.2",
                                .peer = "10.0.0.1",
                                .id = "bob.example",
                                .peer_id = "alice.example",
                                .local_ts = "10.2.0.0/16",
                                .remote_ts = "10.1.0.0/16"};

static void fill_in(struct site *s, const struct site *usual)
{
    s->name = OR(s->name, usual->name);
    s->addr = OR(s->addr, usual->addr);
    s->peer = OR(s->peer, usual->peer);
    s->id = OR(s->id, usual->id);
    s->peer_id = OR(s->peer_id, usual->peer_id);
    s->local_ts = OR(s->local_ts, usual->local_ts);
    s->remote_ts = OR(s->remote_ts, usual->remote_ts);
}

struct pair pair_make(struct run *run, struct site a, struct site b)
{
    struct pair p = {.w = world_new(run)};
    fill_in(&a, &alice);
    fill_in(&b, &bob);
    p.a = site_host(p.w, &a);
    p.b = site_host(p.w, &b);
    return p;
}

struct pair pair_usual(struct run *run, const char *ike)
{
    return pair_make(run, (struct site){.ike = ike}, (struct site){.ike = ike});
}

void site_reload(struct host *h, struct site s)
{
    char swanctl[TEXT_MAX];
    fill_in(&s, strcmp(h->name, alice.name) == 0 ? &alice : &bob);
    write_swanctl(h->world, &s, swanctl);
    host_reload(h, swanctl);
}

void pair_up(struct pair *p, unsigned children)
{
    EXPECT(p->w, host_initiate(p->a, "net", children ? "net" : NULL) == ORDER_DONE);
    world_settle(p->w);
    EXPECT(p->w, host_up_count(p->a) == 1 && host_up_count(p->b) == 1);
    EXPECT(p->w, host_child_count(p->a) == children && host_child_count(p->b) == children);
}

void pair_expect_nothing(struct pair *p)
{
    world_settle(p->w);
    for (int i = 0; i < p->w->hosts; i++) {
        EXPECT(p->w, ike_engine_sa_count(p->w->host[i].engine) == 0);
        EXPECT(p->w, host_child_count(&p->w->host[i]) == 0);
    }
}

void pair_end(struct pair *p)
{
    if (ike_engine_sa_count(p->a->engine))
        EXPECT(p->w, host_terminate(p->a, "net", NULL) == ORDER_DONE);
    pair_expect_nothing(p);
    world_free(p->w);
}
