/*
 * engine: the verbs other than input (which is route.c), making and ending an engine. The engine is
 * single-threaded and does no I/O; see include/braid/ike.h.
 */
#include "ike/engine.h"

#include "ike/drive.h"
#include "ike/limits.h"
#include "ike/reauth.h"
#include "ike/series.h"
#include "ike/speak.h"

/* ---- making and ending ----------------------------------------------------------------------- */

static bool make_seed(struct ike_engine *e)
{
    uint8_t octets[16];
    if (!e->crypto->random(e->crypto->self, octets, sizeof octets))
        return false;
    e->seed = (struct siphash_key){get_u64(octets), get_u64(octets + 8)};
    return true;
}

struct ike_engine *ike_engine_new(const struct ike_setup *setup)
{
    struct ike_engine *e = setup->worker < WORKERS_MAX ? alloc_take(setup->alloc, sizeof *e) : NULL;
    if (!e)
        return NULL;
    e->alloc = setup->alloc;
    e->crypto = setup->crypto;
    e->config = setup->config;
    e->worker = setup->worker;
    e->port = setup->port ? setup->port : IKE_PORT;
    e->port_encap = setup->port_encap ? setup->port_encap : IKE_PORT_ENCAP;
    e->force_encap = setup->force_encap;
    e->scratch = alloc_take(e->alloc, MESSAGE_LEN_MAX);
    if (!e->scratch || !make_seed(e)) {
        alloc_give(e->alloc, e->scratch, MESSAGE_LEN_MAX);
        alloc_give(e->alloc, e, sizeof *e);
        return NULL;
    }
    struct table *tables[] = {&e->by_spi, &e->by_contact, &e->by_source, &e->by_id, &e->by_child,
                              &e->by_child_spi, &e->index[INDEX_PEER], &e->index[INDEX_CONN]};
    for (size_t i = 0; i < sizeof tables / sizeof tables[0]; i++)
        *tables[i] = table_make(e->alloc, e->seed.k0 + i);
    e->timers = heap_make(e->alloc);
    return e;
}

void engine_end_verb(struct ike_engine *e)
{
    while (e->dead) {
        struct ike_sa *sa = e->dead;
        e->dead = sa->next_dead;
        sa_free(sa, e->crypto, e->alloc);
    }
}

void ike_engine_free(struct ike_engine *e)
{
    if (!e)
        return;
    heap_free(&e->timers); /* before the SAs, which hold its nodes */
    while (e->oldest) {
        struct ike_sa *sa = e->oldest;
        e->oldest = sa->newer;
        sa_free(sa, e->crypto, e->alloc);
    }
    struct table *tables[] = {&e->by_spi, &e->by_contact, &e->by_source, &e->by_id, &e->by_child,
                              &e->by_child_spi, &e->index[INDEX_PEER], &e->index[INDEX_CONN]};
    for (size_t i = 0; i < sizeof tables / sizeof tables[0]; i++)
        table_free(tables[i]);
    alloc_give(e->alloc, e->scratch, MESSAGE_LEN_MAX);
    alloc_give(e->alloc, e, sizeof *e);
}

/* ---- time ------------------------------------------------------------------------------------ */

ike_time ike_engine_deadline(const struct ike_engine *e)
{
    const struct heap_node *top = heap_top(&e->timers);
    return top ? top->at : IKE_NEVER;
}

static void send_keepalive(struct turn *t)
{
    static const uint8_t keepalive[] = {0xff}; /* RFC 3948 2.3 */
    effects_send(t->e, t->fx, &t->sa->path, BYTES_OF(keepalive));
    t->sa->keepalive_at = t->now + t->sa->config->engine.keepalive_for;
}

/* Limits of Child SAs: rekey, then delete; the inbound half of a replaced one stays a little. */
static void expire_child(struct turn *t, struct child *c)
{
    struct want rekey = {.kind = WANT_REKEY_CHILD, .child_id = c->id};
    struct want delete = {.kind = WANT_DELETE_CHILD, .child_id = c->id};
    if (t->now < child_deadline(c))
        return;
    if (c->state == CHILD_LINGERING) {
        turn_drop_child(t, c, IKE_REASON_REPLACED);
    } else if (t->now >= c->life_at) {
        c->expiring = sa_want(t->sa, delete);
        if (!c->expiring) /* many end at once: one after the other */
            c->life_at = t->now + EXPIRE_RETRY_FOR;
    } else {
        c->rekey_at = turn_retry_at(t, REKEY_RETRY_FOR); /* should this one come to nothing */
        (void)sa_want(t->sa, rekey);
    }
}

static void expire_parts(struct turn *t)
{
    struct child *next_child;
    for (struct child *c = t->sa->children; c; c = next_child) {
        next_child = c->next;
        expire_child(t, c);
    }
    struct larval *l = t->sa->larvals;
    while (l && t->now < l->die_at)
        l = l->next;
    if (l)
        series_expire(t, l);
    if (t->sa->phase == PHASE_UP && t->now >= t->sa->reauth_at) {
        t->sa->reauth_at = turn_retry_at(t, REAUTH_RETRY_FOR);
        (void)reauth_begin(t, 0);
    }
    if (t->sa->phase == PHASE_UP && t->now >= t->sa->rekey_at) {
        t->sa->rekey_at = turn_retry_at(t, REKEY_RETRY_FOR);
        (void)sa_want(t->sa, (struct want){.kind = WANT_REKEY_IKE});
    }
}

/* Fragments whose missing ones do not come any more. */
static void expire_fragments(struct turn *t)
{
    for (int i = 0; i < 2; i++) {
        struct fragment_set *set = t->sa->gather[i];
        if (set && set->total && t->now >= set->since + FRAGMENT_STORE_FOR)
            fragment_set_wipe(set);
    }
}

/* One deadline of one SA has passed; which one, its fields say. */
static void expire(struct turn *t)
{
    struct ike_sa *sa = t->sa;
    if (sa->phase == PHASE_UP && t->now >= sa->expire_at) {
        struct verdict over = verdict_peer(IKE_REASON_LIFETIME, 0);
        drive_end(t, &over);
        return;
    }
    if (t->now >= sa->die_at) {
        enum ike_reason reason =
            sa_is_initial(sa) ? IKE_REASON_HALF_OPEN_TIMEOUT : IKE_REASON_DELETED;
        struct verdict over = verdict_peer(reason, 0);
        turn_close(t, &over, false);
        return;
    }
    expire_fragments(t);
    if (t->now >= sa->keepalive_at)
        send_keepalive(t);
    if (sa->ours && t->now >= sa->ours->resend_at) {
        t->slot = sa->ours;
        if (sa->ours->hint != IKE_REASON_NONE || !speak_again(t)) {
            drive_give_up(t);
            return;
        }
    }
    expire_parts(t);
    bool silent = sa->phase == PHASE_UP && !sa->ours && sa->conn->dpd_for &&
                  t->now >= sa->heard_at + sa->conn->dpd_for;
    if (silent)
        (void)sa_want(sa, (struct want){.kind = WANT_CHECK});
    drive_pursue(t);
    turn_arm(t);
}

void ike_engine_tick(struct ike_engine *e, ike_time now, struct ike_effects *fx)
{
    for (struct heap_node *top = heap_top(&e->timers);
         top && top->at <= now && !effects_are_enough(fx); top = heap_top(&e->timers)) {
        struct turn t = {.e = e, .sa = HEAP_OWNER(top, struct ike_sa, timer), .now = now, .fx = fx};
        expire(&t);
        if (t.sa->phase != PHASE_GONE &&
            t.sa->timer.at <= now) /* something is due but has to wait its turn */
            (void)heap_set(&e->timers, &t.sa->timer, now + IKE_MS);
    }
    engine_end_verb(e);
}

/* ---- answers --------------------------------------------------------------------------------- */

void ike_engine_answer(struct ike_engine *e, ike_time now, const struct ike_answer *answer,
                       struct ike_effects *fx)
{
    struct turn t = {.e = e, .sa = table_get(&e->by_spi, answer->ticket.spi), .now = now, .fx = fx};
    if (t.sa)
        drive_resume(&t, answer);
    engine_end_verb(e);
}

/* ---- walking --------------------------------------------------------------------------------- */

struct ike_sa *engine_next_sa(const struct ike_engine *e, uint32_t after)
{
    struct ike_sa *sa = table_get(&e->by_id, after);
    if (sa)
        return sa->newer;
    sa = e->oldest;
    while (sa && sa->id <= after)
        sa = sa->newer;
    return sa;
}

/* ---- what is in use -------------------------------------------------------------------------- */

uint64_t ike_engine_oldest_config(const struct ike_engine *e)
{
    uint64_t oldest = e->config->serial;
    for (const struct ike_sa *sa = e->oldest; sa; sa = sa->newer)
        if (sa->config->serial < oldest)
            oldest = sa->config->serial;
    return oldest;
}
