/*
 * faults: memory runs out and cryptography fails, at every single place where it can, on either
 * side of a whole life of an SA. Nothing may crash, leak, hang or come up with keys that differ;
 * and when all is well again, so is the next attempt.
 */
#include "scenario.h"

enum failing { ONE_TAKE,
               ALL_TAKES_FROM,
               CRYPTO_CALL };

/* A life with a bit of everything: retries, fragments, rounds, a liveness check, Deletes of both
 * kinds. */
static void live(struct pair *p)
{
    host_initiate(p->a, "net", "net");
    world_run(p->w, 2 * IKE_SECOND);
    host_check_all(p->b);
    world_run(p->w, IKE_SECOND);
    host_terminate(p->b, NULL, "net");
    world_run(p->w, IKE_SECOND);
    host_terminate(p->a, "net", NULL);
    world_run(p->w, 300 * IKE_SECOND);
}

static struct pair faulty_pair(struct run *run)
{
    return pair_make(run,
                     (struct site){.ike = "aes256gcm16-prfsha256-x25519-ecp256-ke1_mlkem768",
                                   .conn = "dpd_delay = 2",
                                   .engine = "fragment_size = 576"},
                     (struct site){.ike = "aes256gcm16-prfsha256-ecp256-ke1_mlkem768",
                                   .engine = "fragment_size = 576\n cookie_threshold = 0"});
}

/* What was lost is lost at one end only: liveness checks make both ends agree. */
static void heal(struct pair *p)
{
    for (int i = 0; i < 2; i++) {
        struct host *h = i ? p->b : p->a;
        h->tally.fail_at = 0;
        h->watch.fail_at = 0;
    }
    for (int i = 0; i < 2; i++) {
        host_check_all(p->a);
        host_check_all(p->b);
        world_run(p->w, 300 * IKE_SECOND);
    }
    world_settle(p->w);
}

/* False: the life was over before anything failed. */
static bool live_with_fault(struct run *run, bool at_bob, enum failing failing, uint64_t n)
{
    struct pair p = faulty_pair(run);
    struct host *h = at_bob ? p.b : p.a;
    h->may_lose_effects = true;
    if (failing == CRYPTO_CALL) {
        h->watch.fail_at = h->watch.calls + n;
    } else {
        h->tally.fail_at = h->tally.takes + n;
        h->tally.fail_count = failing == ALL_TAKES_FROM ? 1000000 : 0;
    }
    live(&p);
    bool failed = failing == CRYPTO_CALL ? h->watch.calls >= h->watch.fail_at : h->tally.failed > 0;
    heal(&p);
    if (host_up_count(p.a) == 0)
        pair_up(&p, 1);
    pair_end(&p);
    return failed;
}

/* Cases are numbered alike whatever happens in them: even ones at alice, odd ones at bob. */
static void fault_at_every_place(struct run *run, enum failing failing)
{
    bool failed[2] = {true, true};
    for (uint64_t n = 1; (failed[0] || failed[1]) && n < 10000; n++)
        for (int at_bob = 0; at_bob < 2; at_bob++)
            if (run_case(run) && failed[at_bob])
                failed[at_bob] = live_with_fault(run, at_bob, failing, n);
}

static void oom(struct run *run)
{
    fault_at_every_place(run, ONE_TAKE);
}

static void oom_for_good(struct run *run)
{
    fault_at_every_place(run, ALL_TAKES_FROM);
}

static void crypto_faults(struct run *run)
{
    fault_at_every_place(run, CRYPTO_CALL);
}

/* clang-format off */
const struct scenario fault_scenarios[] = {
    {"oom",           "the n-th allocation fails, for all n, at either end", oom},
    {"oom-for-good",  "from the n-th allocation on all fail, for all n, until the world is healed", oom_for_good},
    {"crypto-faults", "the n-th cryptographic operation fails, for all n, at either end", crypto_faults},
    {0},
};
/* clang-format on */
