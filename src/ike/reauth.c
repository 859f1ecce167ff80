/*
 * reauth: see reauth.h. Child SAs are made anew one after the other: there may be more than an SA
 * can want at once. A new one has precedence in the data plane as soon as it is there, so nothing
 * is lost when the old one goes.
 */
#include "ike/reauth.h"

#include "ike/drive.h"
#include "ike/limits.h"

/* ---- who may ----------------------------------------------------------------------------------- */

static bool says_where(const struct conf_conn *conn)
{
    for (uint16_t i = 0; i < conn->remote_count; i++) {
        const struct conf_endpoint *e = &conn->remote_addrs[i];
        if (e->host || (e->from.family != ADDR_NONE && addr_equal(&e->from, &e->to)))
            return true;
    }
    return false;
}

static bool may_call(const struct ike_sa *sa)
{
    return sa->asked_first || says_where(sa->conn);
}

ike_time reauth_due(struct turn *t, ike_time soft)
{
    if (soft == IKE_NEVER || !may_call(t->sa))
        return IKE_NEVER;
    return t->sa->asked_first ? soft : soft + t->sa->conn->over_for / 2;
}

/* ---- make before break ------------------------------------------------------------------------- */

static struct child *next_child(struct ike_sa *old)
{
    struct child *c = old->children;
    while (c && (c->state != CHILD_INSTALLED || c->remade))
        c = c->next;
    return c;
}

/* As it is configured now; NULL: not any more. */
static const struct conf_child *remake(const struct ike_sa *sa, struct child *child)
{
    child->remade = true;
    return config_child(sa->conn, bytes_str(child->conf->name));
}

/* With the newest configuration of that name, if there is one still. */
static bool make(struct turn *t, uint64_t order_id)
{
    struct ike_sa *old = t->sa;
    struct ike_order order = {.local = {.addr = old->path.local.addr},
                              .remote = {.addr = old->path.remote.addr}};
    const struct conf_conn *newest = config_conn(t->e->config, bytes_str(old->conn->name));
    const struct conf_conn *conn = newest ? newest : old->conn;
    struct turn fresh = {.e = t->e, .now = t->now, .fx = t->fx};
    struct ike_path path;
    if (!order_choose_path(t, conn, &order, &path))
        return false;
    fresh.sa = turn_new_sa(&fresh, true, conn, &path);
    if (!fresh.sa)
        return false;
    if (!newest)
        fresh.sa->config = old->config;
    fresh.sa->order_id = order_id;
    fresh.sa->reauthenticates = old->id;
    old->reauthenticated_by = fresh.sa->id;
    for (struct child *c = old->children; c; c = c->next)
        c->remade = false;
    struct child *first = next_child(old);
    fresh.sa->birth->wanted = first ? remake(fresh.sa, first) : NULL;
    drive_pursue(&fresh);
    return true;
}

void reauth_up(struct turn *t)
{
    if (t->sa->reauthenticates)
        (void)sa_want(t->sa, (struct want){.kind = WANT_SUCCEED});
}

void reauth_next(struct turn *t)
{
    struct ike_sa *old = table_get(&t->e->by_id, t->sa->reauthenticates);
    struct want again = {.kind = WANT_SUCCEED};
    if (!old || old->phase != PHASE_UP)
        return;
    struct child *child = next_child(old);
    const struct conf_child *conf = child ? remake(t->sa, child) : NULL;
    if (conf)
        (void)sa_want(t->sa, (struct want){.kind = WANT_NEW_CHILD, .conf = conf});
    if (old->larvals)
        again.not_before = t->now + SUCCEED_RETRY_FOR; /* there may be another soon */
    if (child || old->larvals) {
        (void)sa_want(t->sa, again);
        return;
    }
    struct turn other = {.e = t->e, .sa = old, .now = t->now, .fx = t->fx};
    (void)sa_want(old, (struct want){.kind = WANT_DELETE_IKE});
    drive_pursue(&other);
}

void reauth_rekeyed(struct turn *t, struct ike_sa *heir)
{
    const struct ike_sa *sa = t->sa;
    struct ike_sa *successor = table_get(&t->e->by_id, sa->reauthenticated_by);
    struct ike_sa *predecessor = table_get(&t->e->by_id, sa->reauthenticates);
    heir->reauthenticated_by = sa->reauthenticated_by;
    heir->reauthenticates = sa->reauthenticates;
    if (successor)
        successor->reauthenticates = heir->id;
    if (predecessor)
        predecessor->reauthenticated_by = heir->id;
}

/* ---- either ------------------------------------------------------------------------------------ */

bool reauth_begin(struct turn *t, uint64_t order_id)
{
    const struct ike_sa *sa = t->sa;
    if (t->e->closing || sa->phase != PHASE_UP || !may_call(sa))
        return false;
    if (table_get(&t->e->by_id, sa->reauthenticated_by))
        return true; /* it is under way */
    if (t->e->config->engine.make_before_break)
        return make(t, order_id);
    struct verdict over = verdict_peer(IKE_REASON_REAUTHENTICATION, 0);
    drive_end(t, &over);
    return true;
}
