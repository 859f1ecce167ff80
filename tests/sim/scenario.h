/*
 * scenario: what scenarios share: the usual pair of hosts, and the table that main.c runs.
 */
#ifndef BRAID_SIM_SCENARIO_H
#define BRAID_SIM_SCENARIO_H

#include "world.h"

/* One end of the usual pair. What is NULL is as usual. Texts are in the grammar of swanctl.conf. */
struct site {
    const char *name, *addr, *peer; /* alice 10.0.0.1, bob 10.0.0.2 */
    const char *id, *peer_id;
    const char *conn_name, *child_name; /* net */
    const char *ike, *esp;              /* proposals */
    const char *local_ts, *remote_ts;
    const char *psk, *ppk;              /* the latter: the name of one, for all the same */
    const char *conn;   /* more keys of the connection "net" */
    const char *child;  /* more keys of the child "net" */
    const char *more;   /* more connections */
    const char *engine; /* keys of braid.conf's section engine */
};

/* alice and bob, each configured for the other, the connection and its child both called "net". */
struct pair {
    struct world *w;
    struct host *a, *b;
};

struct pair pair_make(struct run *run, struct site a, struct site b);
/* The same configuration at both ends. */
struct pair pair_usual(struct run *run, const char *ike);
struct host *site_host(struct world *w, const struct site *site);
/* Alice or bob reads another configuration. */
void site_reload(struct host *h, struct site site);

/* Alice initiates and the world settles: both must be up, with `children` Child SAs each. */
void pair_up(struct pair *p, unsigned children);
/* Nothing is left at either end. */
void pair_expect_nothing(struct pair *p);
/* Close everything from alice's side, settle, expect nothing, end the world. */
void pair_end(struct pair *p);

typedef void scenario_function(struct run *run);

struct scenario {
    const char *name;
    const char *text; /* one sentence: what happens and what must come of it */
    scenario_function *run;
};

/* Tables, one for each file of scenarios; the last row is empty. */
extern const struct scenario flow_scenarios[], loss_scenarios[], fault_scenarios[],
    hostile_scenarios[], auth_scenarios[], crowd_scenarios[], order_scenarios[], traffic_scenarios[],
    matrix_scenarios[], round_scenarios[], reload_scenarios[],
    corner_scenarios[], reauth_scenarios[];

#endif
