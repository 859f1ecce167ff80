/*
 * reauths: IKE SAs authenticated anew, with the new one before the old one's end and after it.
 */
#include "ike/limits.h"
#include "scenario.h"

#define SECOND "}\n two {\n esp_proposals = aes256gcm16-x25519-ke1_mlkem512\n"
#define BREAK "make_before_break = no"

/* With a second child, and a third whose selectors differ. */
static struct site site_of(int side, const char *conn, const char *engine)
{
    static const char *const child[] = {
        SECOND "local_ts = 10.3.0.0/16\n remote_ts = 10.4.0.0/16\n"
               "}\n three {\n local_ts = 10.5.0.0/16\n remote_ts = 10.6.0.0/16\n",
        SECOND "local_ts = 10.4.0.0/16\n remote_ts = 10.3.0.0/16\n"
               "}\n three {\n local_ts = 10.6.0.0/16\n remote_ts = 10.5.0.0/16\n"};
    return (struct site){.conn = conn, .engine = engine, .child = child[side]};
}

static const char *const names[] = {"net", "two", "three"};

static void up_with_three(struct pair *p)
{
    pair_up(p, 1);
    for (int i = 1; i < 3; i++)
        EXPECT(p->w, host_initiate(p->a, "net", names[i]) == ORDER_DONE);
    world_settle(p->w);
    EXPECT(p->w, host_child_count(p->a) == 3 && host_child_count(p->b) == 3);
}

static enum order_result reauthenticate(struct host *h)
{
    return host_order(h, &(struct ike_order){.kind = ORDER_REKEY, .conn = BYTES_LIT("net"), .reauth = true});
}

static unsigned children_called(const struct host *h, const char *name)
{
    struct ike_sa_info sa = {.id = 0};
    unsigned count = 0;
    while (ike_engine_next_sa(h->engine, sa.id, &sa)) {
        struct ike_child_info c = {.id = 0};
        while (ike_engine_next_child(h->engine, sa.id, c.id, &c))
            count += strcmp(c.name, name) == 0;
    }
    return count;
}

/* One IKE SA with each child once, at both ends. */
static void expect_all(struct pair *p)
{
    for (int i = 0; i < 2; i++) {
        EXPECT(p->w, host_up_count(&p->w->host[i]) == 1);
        for (int k = 0; k < 3; k++)
            EXPECT(p->w, children_called(&p->w->host[i], names[k]) == 1);
    }
}

/* Never is there a child less than before. */
static void run_and_watch(struct pair *p, ike_time duration)
{
    ike_time until = p->w->now + duration;
    while (world_step(p->w, until))
        for (int k = 0; k < 3; k++)
            EXPECT(p->w, children_called(p->a, names[k]) >= 1 && children_called(p->b, names[k]) >= 1);
}

/* By order and by time, from a network that loses nothing to one that loses much. */
static void make_before_break(struct run *run)
{
    for (unsigned loss = 0; loss < 300; loss += 30) {
        if (!run_case(run))
            continue;
        struct pair p = pair_make(run, site_of(0, "reauth_time = 0", NULL), site_of(1, NULL, NULL));
        up_with_three(&p);
        uint32_t before = host_sa(p.a)->id;
        world_net(p.w, (struct link_rules){.loss = loss, .duplicate = loss, .delay_min = IKE_MS, .delay_max = 40 * IKE_MS});
        EXPECT(p.w, reauthenticate(p.a) == ORDER_DONE);
        EXPECT(p.w, reauthenticate(p.a) == ORDER_DONE); /* once is enough */
        run_and_watch(&p, 200 * IKE_SECOND);
        world_net(p.w, (struct link_rules){.delay_min = IKE_MS, .delay_max = IKE_MS});
        host_check_all(p.b); /* the Delete may be lost; then he finds out now */
        world_run(p.w, 200 * IKE_SECOND);
        world_settle(p.w);
        expect_all(&p);
        const struct told *up = host_last_told(p.a, TELL_IKE_UP);
        EXPECT(p.w, up->tell.ike_id == before + 1 && up->tell.replaced_id == before);
        pair_end(&p);
    }
}

/* While it goes on the peer, too, is busy: rekeys the old IKE SA or makes a child on it. */
static void amid(struct run *run)
{
    static const struct ike_order orders[] = {
        {.kind = ORDER_REKEY, .conn = BYTES_LIT("net")},
        {.kind = ORDER_REKEY, .child = BYTES_LIT("two")},
        {.kind = ORDER_INITIATE, .conn = BYTES_LIT("net"), .child = BYTES_LIT("three")},
    };
    for (size_t i = 0; i < 3; i++)
        for (unsigned late = 0; late < 30; late++)
            for (int side = 0; side < 2; side++) {
                if (!run_case(run))
                    continue;
                struct pair p = pair_make(run, site_of(0, NULL, NULL), site_of(1, NULL, NULL));
                up_with_three(&p);
                if (i == 2) {
                    host_terminate(p.a, "net", "three");
                    world_settle(p.w);
                }
                EXPECT(p.w, reauthenticate(p.a) == ORDER_DONE);
                world_run(p.w, late * 5 * IKE_MS);
                (void)host_order(side ? p.b : p.a, &orders[i]);
                world_run(p.w, 60 * IKE_SECOND);
                world_settle(p.w);
                for (int k = 0; k < 2; k++) {
                    EXPECT(p.w, host_up_count(&p.w->host[k]) == 1);
                    for (int n = 0; n < (i == 2 ? 2 : 3); n++)
                        EXPECT(p.w, children_called(&p.w->host[k], names[n]) >= 1);
                }
                pair_end(&p);
            }
}

/*
 * The old one ends first; its children are told to be down for this very reason, and whoever owns
 * the engine sets them up again. Though the peer be silent.
 */
static void break_before_make(struct run *run)
{
    for (int silent = 0; silent < 2; silent++) {
        if (!run_case(run))
            continue;
        struct pair p = pair_make(run, site_of(0, NULL, BREAK), site_of(1, NULL, NULL));
        up_with_three(&p);
        p.w->links[0][1].cut = silent;
        EXPECT(p.w, reauthenticate(p.a) == ORDER_DONE);
        world_run(p.w, DELETE_LINGER_FOR + IKE_SECOND);
        EXPECT(p.w, host_up_count(p.a) == 0 && host_child_count(p.a) == 0);
        EXPECT(p.w, p.a->told_reason[IKE_REASON_REAUTHENTICATION] == 4);
        EXPECT(p.w, silent || p.b->told_reason[IKE_REASON_DELETED_BY_PEER] == 4);
        p.w->links[0][1].cut = false;
        host_terminate(p.b, NULL, NULL);
        pair_expect_nothing(&p);
        pair_end(&p);
    }
}

/* The side that set it up does it, however often the SA was rekeyed; the other only when it must. */
static void who(struct run *run)
{
    struct pair p = pair_make(run, site_of(0, "reauth_time = 1h\n rekey_time = 0", NULL),
                              site_of(1, "reauth_time = 1h\n rekey_time = 0", NULL));
    up_with_three(&p);
    ike_time began = p.w->now;
    EXPECT(p.w, host_order(p.b, &(struct ike_order){.kind = ORDER_REKEY, .conn = BYTES_LIT("net")}) == ORDER_DONE);
    world_run(p.w, 60 * IKE_SECOND);
    EXPECT(p.w, !host_sa(p.a)->initiator && host_sa(p.a)->asked_first);
    EXPECT(p.w, host_sa(p.a)->reauth_at < host_sa(p.b)->reauth_at);
    run_and_watch(&p, 3600 * IKE_SECOND);
    EXPECT(p.w, p.a->told_kind[TELL_IKE_UP] == 2 && host_sa(p.a)->initiator);
    EXPECT(p.w, host_sa(p.a)->established_at < began + 3600 * IKE_SECOND);
    expect_all(&p);
    pair_end(&p);

    /* bob alone wants it, and knows where alice is */
    p = pair_make(run, site_of(0, NULL, NULL), site_of(1, "reauth_time = 1h\n rekey_time = 0", NULL));
    up_with_three(&p);
    run_and_watch(&p, 4000 * IKE_SECOND);
    EXPECT(p.w, p.b->told_kind[TELL_IKE_UP] == 2 && host_sa(p.b)->initiator);
    expect_all(&p);
    pair_end(&p);

    /* he does not: it ends with its time, and alice hears of it */
    struct site bob = site_of(1, "reauth_time = 1h\n rekey_time = 0", NULL);
    bob.peer = "%any";
    p = pair_make(run, site_of(0, NULL, NULL), bob);
    up_with_three(&p);
    EXPECT(p.w, reauthenticate(p.b) == ORDER_NO_MATCH);
    world_run(p.w, 4000 * IKE_SECOND);
    EXPECT(p.w, host_last_told(p.b, TELL_IKE_DOWN)->tell.reason == IKE_REASON_LIFETIME);
    EXPECT(p.w, host_last_told(p.a, TELL_IKE_DOWN)->tell.reason == IKE_REASON_DELETED_BY_PEER);
    pair_end(&p);
}

/* It fails: the old SA stays, it is tried again, and in the end its time is over. */
static void in_vain(struct run *run)
{
    struct pair p = pair_make(run, site_of(0, "reauth_time = 1h\n rekey_time = 0", NULL), site_of(1, NULL, NULL));
    up_with_three(&p);
    site_reload(p.b, (struct site){.psk = "another"});
    world_run(p.w, 3600 * IKE_SECOND);
    EXPECT(p.w, host_up_count(p.a) == 1 && p.a->told_reason[IKE_REASON_AUTH_REFUSED_BY_PEER] >= 1);
    EXPECT(p.w, host_last_told(p.a, TELL_IKE_DOWN)->tell.replaced_id == 1);
    world_run(p.w, 500 * IKE_SECOND);
    EXPECT(p.w, p.a->told_reason[IKE_REASON_LIFETIME] == 4);
    pair_end(&p);
}

/* The new SA is made as is written now; what is not any more ends with the old one. */
static void as_written_now(struct run *run)
{
    enum { ECP256 = 19 };
    struct pair p = pair_make(run, site_of(0, NULL, NULL), site_of(1, NULL, NULL));
    up_with_three(&p);
    for (int i = 0; i < 2; i++)
        site_reload(&p.w->host[i], (struct site){.ike = "aes256gcm16-prfsha256-ecp256"});
    EXPECT(p.w, reauthenticate(p.a) == ORDER_DONE);
    world_run(p.w, 10 * IKE_SECOND);
    world_settle(p.w);
    EXPECT(p.w, host_up_count(p.a) == 1 && host_sa(p.a)->method[0] == ECP256);
    EXPECT(p.w, host_child_count(p.a) == 1 && host_child_count(p.b) == 1 && children_called(p.a, "net") == 1);
    EXPECT(p.w, ike_engine_oldest_config(p.a->engine) == p.a->config->serial);
    pair_end(&p);
}

/* clang-format off */
const struct scenario reauth_scenarios[] = {
    {"reauth-make",    "a new SA with all children, then the old one's Delete; over networks that lose more and more", make_before_break},
    {"reauth-amid",    "and meanwhile either end rekeys or makes a child on the old one", amid},
    {"reauth-break",   "the Delete first, though the peer be silent", break_before_make},
    {"reauth-who",     "who set it up does it; the other side when it must and can; else the SA ends", who},
    {"reauth-in-vain", "the old SA stays, until its time is over", in_vain},
    {"reauth-new",     "with the newest configuration", as_written_now},
    {0},
};
/* clang-format on */
