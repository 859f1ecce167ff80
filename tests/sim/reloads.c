/*
 * reloads: a new configuration while SAs live and exchanges, series and rekeys are under way. What
 * is there keeps the configuration it was made with; what is new takes the newest; and no snapshot
 * is used longer than the engine says (a host frees it then).
 */
#include "ike/limits.h"
#include "scenario.h"

static bool keeps_only_newest(const struct host *h)
{
    return ike_engine_oldest_config(h->engine) == h->config->serial;
}

static uint16_t first_method(const struct host *h)
{
    return host_sa(h)->method[0];
}

/* An SA is rekeyed as it was made; after its end the next one is made as is written now. */
static void reload(struct run *run)
{
    enum { CURVE25519 = 31,
           ECP256 = 19 };
    struct site before = {.ike = "aes256gcm16-prfsha256-x25519"},
                after = {.ike = "aes256gcm16-prfsha256-ecp256", .conn_name = "other"};
    struct pair p = pair_make(run, before, before);
    site_reload(p.a, before); /* the first snapshot is never freed */
    pair_up(&p, 1);
    site_reload(p.a, after);
    site_reload(p.b, after);
    EXPECT(p.w, !keeps_only_newest(p.a) && !keeps_only_newest(p.b));
    EXPECT(p.w, host_initiate(p.a, "net", "net") == ORDER_UNKNOWN_NAME);
    struct ike_order rekey = {.kind = ORDER_REKEY, .conn = BYTES_LIT("net")};
    EXPECT(p.w, host_order(p.a, &rekey) == ORDER_DONE);
    world_settle(p.w);
    EXPECT(p.w, p.a->told_kind[TELL_IKE_REKEYED] == 1 && first_method(p.a) == CURVE25519);
    EXPECT(p.w, host_terminate(p.b, "net", NULL) == ORDER_DONE);
    pair_expect_nothing(&p);
    EXPECT(p.w, keeps_only_newest(p.a) && keeps_only_newest(p.b));
    EXPECT(p.w, host_initiate(p.a, "other", "net") == ORDER_DONE);
    world_settle(p.w);
    EXPECT(p.w, first_method(p.a) == ECP256 && first_method(p.b) == ECP256);
    EXPECT(p.w, host_terminate(p.a, "other", NULL) == ORDER_DONE);
    pair_expect_nothing(&p);
    world_free(p.w);
}

/* ---- amid an operation --------------------------------------------------------------------- */

struct operation {
    struct ike_order order;
    bool before_up;             /* it is what makes the SA */
    unsigned ike_sas, children; /* in the end */
};

/* clang-format off */
static const struct operation operations[] = {
    {{.kind = ORDER_INITIATE,  .conn  = BYTES_LIT("net"), .child = BYTES_LIT("net")}, true,  1, 1},
    {{.kind = ORDER_INITIATE,  .conn  = BYTES_LIT("net"), .child = BYTES_LIT("two")}, false, 1, 2},
    {{.kind = ORDER_REKEY,     .child = BYTES_LIT("net")},                            false, 1, 1},
    {{.kind = ORDER_REKEY,     .conn  = BYTES_LIT("net")},                            false, 1, 1},
    {{.kind = ORDER_TERMINATE, .child = BYTES_LIT("net")},                            false, 1, 0},
    {{.kind = ORDER_TERMINATE, .conn  = BYTES_LIT("net")},                            false, 0, 0},
};
/* clang-format on */

#define IKE "aes256gcm16-prfsha256-x25519-ke1_mlkem512-ke2_ecp256"
#define ESP "aes256gcm16-x25519-ke1_mlkem512-ke2_ecp256"
#define SECOND(ours, theirs) \
    "}\n two {\n esp_proposals = " ESP "\n local_ts = " ours "\n remote_ts = " theirs

static struct site site_of(int side)
{
    return (struct site){.ike = IKE,
                         .esp = ESP,
                         .child = side ? SECOND("10.4.0.0/16", "10.3.0.0/16")
                                       : SECOND("10.3.0.0/16", "10.4.0.0/16")};
}

/* Nothing is called as before; and with `gone` it is for another peer. */
static void read_another(struct world *w, struct host *h, uint64_t gone)
{
    struct site site = site_of(h->index);
    (void)w;
    site.conn_name = "other";
    site.child_name = "third";
    site.peer = gone ? "192.0.2.1" : NULL;
    site_reload(h, site);
}

/*
 * Whatever is under way goes on as if nothing had happened: at both ends there is what there would
 * have been, and in the end no SA, and no snapshot but the newest.
 */
static void operate_and_reload(struct run *run, const struct operation *o, unsigned who, bool gone,
                               ike_time late)
{
    struct pair p = pair_make(run, site_of(0), site_of(1));
    for (int i = 0; i < 2; i++)
        site_reload(&p.w->host[i], site_of(i)); /* the first snapshot is never freed */
    if (!o->before_up)
        pair_up(&p, 1);
    EXPECT(p.w, host_order(p.a, &o->order) == ORDER_DONE);
    for (unsigned i = 0; i < 2; i++)
        if (who >> i & 1)
            world_at(p.w, p.w->now + late, &p.w->host[i], read_another, gone);
    world_run(p.w, late + CHILD_LINGER_FOR + IKE_SECOND);
    world_settle(p.w);
    for (int i = 0; i < 2; i++) {
        EXPECT(p.w, host_up_count(&p.w->host[i]) == o->ike_sas);
        EXPECT(p.w, host_child_count(&p.w->host[i]) == o->children);
    }
    (void)host_terminate(p.b, NULL, NULL);
    pair_expect_nothing(&p);
    EXPECT(p.w, keeps_only_newest(p.a) && keeps_only_newest(p.b));
    world_free(p.w);
}

static void reload_amid(struct run *run)
{
    enum { LATEST = 20 }; /* in steps of half a link's delay: longer than two follow-ups take */
    for (size_t i = 0; i < sizeof operations / sizeof operations[0]; i++)
        for (unsigned who = 1; who < 4; who++)
            for (unsigned gone = 0; gone < 2; gone++)
                for (unsigned late = 0; late < LATEST; late++)
                    /* a first message to who knows this peer no longer is another story */
                    if (!(operations[i].before_up && gone && late < 3) && run_case(run))
                        operate_and_reload(run, &operations[i], who, gone, late * 5 * IKE_MS);
}

/* clang-format off */
const struct scenario reload_scenarios[] = {
    {"reload",       "an SA keeps the configuration it was made with, the next has the newest", reload},
    {"reload-amid",  "a new configuration at either end or both, at any moment of every operation", reload_amid},
    {0},
};
/* clang-format on */
