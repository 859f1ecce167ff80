/*
 * order: what the owner of the engine wants (ike_engine_order): one small function per kind, found
 * in a table.
 */
#include "ike/contact.h"
#include "ike/drive.h"
#include "ike/index.h"
#include "ike/limits.h"
#include "ike/reauth.h"

/* ---- initiate -------------------------------------------------------------------------------- */

/* The one concrete address of a list of patterns that can be used as an endpoint. */
static bool concrete(const struct conf_endpoint *patterns, uint16_t count, struct addr *out)
{
    for (uint16_t i = 0; i < count; i++)
        if (!patterns[i].host && patterns[i].from.family != ADDR_NONE &&
            addr_equal(&patterns[i].from, &patterns[i].to)) {
            *out = patterns[i].from;
            return true;
        }
    return false;
}

bool order_choose_path(const struct turn *t, const struct conf_conn *conn,
                       const struct ike_order *order, struct ike_path *path)
{
    *path = (struct ike_path){.local = order->local, .remote = order->remote};
    if (path->local.addr.family == ADDR_NONE)
        (void)concrete(conn->local_addrs, conn->local_count, &path->local.addr);
    if (path->remote.addr.family == ADDR_NONE &&
        !concrete(conn->remote_addrs, conn->remote_count, &path->remote.addr))
        return false;
    if (path->remote.port == 0)
        path->remote.port = conn->remote_port ? conn->remote_port : IKE_PORT;
    /*
     * Any port but 500 is spoken to with the marker of RFC 3948, from our port for it: the peer
     * tells IKE from ESP by it.
     */
    path->encap = path->remote.port != IKE_PORT;
    if (path->local.port == 0)
        path->local.port = path->encap ? t->e->port_encap : t->e->port;
    return path->local.addr.family != ADDR_NONE;
}

static bool tell_existing(struct turn *t, const struct conf_child *child, uint64_t order_id)
{
    struct ike_tell *tell = child ? NULL : turn_tell(t, TELL_IKE_UP, IKE_REASON_NONE);
    for (const struct child *c = t->sa->children; c && child && !tell; c = c->next)
        if (c->state == CHILD_INSTALLED &&
            bytes_equal(bytes_str(c->conf->name), bytes_str(child->name)))
            tell = turn_tell_child(t, TELL_CHILD_UP, c, IKE_REASON_NONE);
    if (tell) {
        tell->order_id = order_id;
        tell->again = true;
    }
    return tell != NULL;
}

static bool add_child(struct turn *t, const struct conf_child *child, const struct ike_order *order)
{
    const struct conf_child *conf =
        child ? config_child(t->sa->conn, bytes_str(child->name)) : NULL;
    struct want want = {.kind = WANT_NEW_CHILD, .conf = conf, .order_id = order->id};
    if (!conf || !sa_want(t->sa, want))
        return false;
    sa_note_packet(t->sa, t->e->alloc, conf, &order->packet);
    drive_pursue(t);
    return true;
}

/*
 * There is an SA with this peer already. What is wanted exists: say so again, for whoever gave the
 * order. Or the Child SA is still missing: it is made on the SA that exists.
 */
static bool use_existing(struct turn *t, const struct conf_conn *conn,
                         const struct conf_child *child, const struct ike_order *order)
{
    struct bytes name = bytes_str(conn->name);
    for (struct ike_sa *sa = index_of_conn(t->e, name); sa; sa = index_next(sa, INDEX_CONN)) {
        struct turn other = {.e = t->e, .sa = sa, .now = t->now, .fx = t->fx};
        if (sa->phase == PHASE_UP && bytes_equal(bytes_str(sa->conn->name), name) &&
            (tell_existing(&other, child, order->id) || add_child(&other, child, order)))
            return true;
    }
    return false;
}

/* By child name alone: the first connection that has such a child. */
static enum order_result find_names(const struct config *config, const struct ike_order *order,
                                    const struct conf_conn **conn, const struct conf_child **child)
{
    *conn = NULL;
    *child = NULL;
    if (order->conn.len)
        *conn = config_conn(config, order->conn);
    for (uint16_t i = 0; !order->conn.len && i < config->conn_count && !*conn; i++)
        if (config_child(&config->conn[i], order->child))
            *conn = &config->conn[i];
    if (!*conn)
        return ORDER_UNKNOWN_NAME;
    if (order->child.len)
        *child = config_child(*conn, order->child);
    return order->child.len && !*child ? ORDER_UNKNOWN_NAME : ORDER_DONE;
}

static enum order_result initiate(struct turn *t, const struct ike_order *order)
{
    const struct conf_conn *conn;
    const struct conf_child *child;
    struct ike_path path;
    enum order_result found = find_names(t->e->config, order, &conn, &child);
    if (found != ORDER_DONE)
        return found;
    if (t->e->closing)
        return ORDER_REFUSED;
    if (use_existing(t, conn, child, order))
        return ORDER_DONE;
    if (!order_choose_path(t, conn, order, &path))
        return ORDER_NO_ADDRESS;
    t->sa = turn_new_sa(t, true, conn, &path);
    if (!t->sa)
        return ORDER_FAULT;
    t->sa->order_id = order->id;
    t->sa->birth->wanted = child;
    if (child)
        sa_note_packet(t->sa, t->e->alloc, child, &order->packet);
    drive_pursue(t);
    return ORDER_DONE;
}

/* ---- terminate ------------------------------------------------------------------------------- */

/* Begin the end of an SA: a Delete to the peer if it knows us, else just forget. */
static void end_sa(struct turn *t, bool force, uint64_t order_id)
{
    struct ike_sa *sa = t->sa;
    struct verdict over = verdict_peer(IKE_REASON_DELETED, 0);
    sa->order_id = order_id ? order_id : sa->order_id;
    if (sa->phase == PHASE_CLOSING)
        return;
    if (sa->phase == PHASE_REPLACED && !force)
        return; /* it waits for its Delete; the peer may not have heard the answer to its rekey yet */
    if (sa->phase != PHASE_UP) {
        turn_close(t, &over, false);
        return;
    }
    bool told = sa_want(sa, (struct want){.kind = WANT_DELETE_IKE, .order_id = order_id});
    drive_pursue(t);
    if (force || !told)
        turn_close(t, &over, false);
    else if (sa->ours && sa->ours->want.kind != WANT_DELETE_IKE)
        sa->die_at = t->now + DELETE_LINGER_FOR; /* busy: the Delete waits, but not for ever */
    turn_arm(t);
}

static bool name_fits(struct bytes wanted, const char *name)
{
    return wanted.len == 0 || bytes_equal(wanted, bytes_str(name));
}

static bool child_fits(const struct child *c, const struct ike_order *order)
{
    return (order->child_id == 0 || c->id == order->child_id) &&
           name_fits(order->child, c->conf->name);
}

static bool sa_fits(const struct ike_sa *sa, const struct ike_order *order)
{
    return (order->ike_id == 0 || sa->id == order->ike_id) &&
           (order->conn.len == 0 || (sa->conn && name_fits(order->conn, sa->conn->name)));
}

static unsigned end_children(struct turn *t, const struct ike_order *order)
{
    unsigned matches = 0;
    for (struct child *c = t->sa->children; c; c = c->next) {
        if (!child_fits(c, order) || c->state == CHILD_DELETING || c->state == CHILD_LINGERING)
            continue;
        c->order_id = order->id ? order->id : c->order_id;
        matches += sa_want(
            t->sa,
            (struct want){.kind = WANT_DELETE_CHILD, .child_id = c->id, .order_id = order->id});
    }
    if (matches)
        drive_pursue(t);
    return matches;
}

static enum order_result terminate(struct turn *t, const struct ike_order *order)
{
    unsigned matches = 0;
    bool children = order->child.len || order->child_id;
    for (struct ike_sa *sa = engine_next_sa(t->e, 0); sa; sa = engine_next_sa(t->e, sa->id)) {
        if (!sa_fits(sa, order))
            continue;
        struct turn one = {.e = t->e, .sa = sa, .now = t->now, .fx = t->fx};
        if (children) {
            matches += end_children(&one, order);
        } else {
            end_sa(&one, order->force, order->id);
            matches++;
        }
    }
    return matches ? ORDER_DONE : ORDER_NO_MATCH;
}

static enum order_result shutdown(struct turn *t, const struct ike_order *order)
{
    for (struct ike_sa *sa = engine_next_sa(t->e, 0); sa; sa = engine_next_sa(t->e, sa->id)) {
        struct turn one = {.e = t->e, .sa = sa, .now = t->now, .fx = t->fx};
        struct verdict over = verdict_peer(IKE_REASON_DELETED, 0);
        if (sa->mourned)
            turn_close(&one, &over, false);
        else
            end_sa(&one, order->force, order->id);
    }
    t->e->closing = true;
    return ORDER_DONE;
}

/* ---- rekey ----------------------------------------------------------------------------------- */

static unsigned rekey_children(struct turn *t, const struct ike_order *order)
{
    unsigned matches = 0;
    for (const struct child *c = t->sa->children; c; c = c->next)
        if (c->state == CHILD_INSTALLED && child_fits(c, order))
            matches += sa_want(
                t->sa,
                (struct want){.kind = WANT_REKEY_CHILD, .child_id = c->id, .order_id = order->id});
    return matches;
}

static enum order_result rekey(struct turn *t, const struct ike_order *order)
{
    unsigned matches = 0;
    bool children = order->child.len || order->child_id;
    for (struct ike_sa *sa = engine_next_sa(t->e, 0); sa; sa = engine_next_sa(t->e, sa->id)) {
        if (sa->phase != PHASE_UP || !sa_fits(sa, order))
            continue;
        struct turn one = {.e = t->e, .sa = sa, .now = t->now, .fx = t->fx};
        matches += order->reauth ? reauth_begin(&one, order->id)
                   : children
                       ? rekey_children(&one, order)
                       : sa_want(sa, (struct want){.kind = WANT_REKEY_IKE, .order_id = order->id});
        drive_pursue(&one);
    }
    return matches ? ORDER_DONE : ORDER_NO_MATCH;
}

/* ---- the rest -------------------------------------------------------------------------------- */

static enum order_result check(struct turn *t, const struct ike_order *order)
{
    t->sa = table_get(&t->e->by_id, order->ike_id);
    if (!t->sa || t->sa->phase != PHASE_UP)
        return ORDER_NO_MATCH;
    if (!sa_want(t->sa, (struct want){.kind = WANT_CHECK, .order_id = order->id}))
        return ORDER_REFUSED;
    drive_pursue(t);
    return ORDER_DONE;
}

static enum order_result configure(struct turn *t, const struct ike_order *order)
{
    t->e->config = order->config;
    return ORDER_DONE;
}

static struct child *find_child(struct turn *t, uint32_t child_id)
{
    t->sa = table_get(&t->e->by_child, child_id);
    struct child *c = t->sa ? t->sa->children : NULL;
    while (c && c->id != child_id)
        c = c->next;
    return c;
}

/* The data plane could not do it: the peer must not believe in the Child SA any longer. */
static enum order_result plane_failed(struct turn *t, const struct ike_order *order)
{
    struct child *child = find_child(t, order->child_id);
    if (!child)
        return ORDER_NO_MATCH;
    struct ike_tell *tell = turn_tell_child(t, TELL_ALERT, child, IKE_REASON_PLANE);
    if (tell)
        tell->detail = "the data plane could not install the Child SA";
    (void)sa_want(t->sa, (struct want){.kind = WANT_DELETE_CHILD, .child_id = child->id});
    drive_pursue(t);
    return ORDER_DONE;
}

/* So much went through it that it is to be replaced, or may not be used at all any more. */
static enum order_result plane_limit(struct turn *t, const struct ike_order *order)
{
    struct child *child = find_child(t, order->child_id);
    if (!child || child->state != CHILD_INSTALLED)
        return ORDER_NO_MATCH;
    enum want_kind kind = order->force ? WANT_DELETE_CHILD : WANT_REKEY_CHILD;
    (void)sa_want(t->sa, (struct want){.kind = kind, .child_id = child->id});
    drive_pursue(t);
    return ORDER_DONE;
}

/*
 * ESP that only the peer can have made: it lives; and where a NAT sits before it, this is where it
 * is now.
 */
static enum order_result plane_seen(struct turn *t, const struct ike_order *order)
{
    struct child *child = find_child(t, order->child_id);
    if (!child)
        return ORDER_NO_MATCH;
    struct ike_sa *sa = t->sa;
    sa->heard_at = t->now;
    bool moved =
        order->remote.addr.family != ADDR_NONE && !endpoint_equal(&order->remote, &sa->path.remote);
    if (moved && sa->phase == PHASE_UP && sa->nat_remote && !sa->nat_local) {
        struct ike_path path = sa->path;
        path.remote = order->remote;
        turn_move(t, &path);
    }
    turn_arm(t);
    return ORDER_DONE;
}

static enum order_result (*const orders[])(struct turn *t, const struct ike_order *order) = {
    [ORDER_INITIATE] = initiate,
    [ORDER_TERMINATE] = terminate,
    [ORDER_REKEY] = rekey,
    [ORDER_CHECK] = check,
    [ORDER_CONFIG] = configure,
    [ORDER_SHUTDOWN] = shutdown,
    [ORDER_PLANE_FAILED] = plane_failed,
    [ORDER_PLANE_LIMIT] = plane_limit,
    [ORDER_PLANE_SEEN] = plane_seen,
};

enum order_result ike_engine_order(struct ike_engine *e, ike_time now,
                                   const struct ike_order *order, struct ike_effects *fx)
{
    struct turn t = {.e = e, .now = now, .fx = fx};
    if ((size_t)order->kind >= sizeof orders / sizeof orders[0])
        return ORDER_FAULT;
    enum order_result result = orders[order->kind](&t, order);
    engine_end_verb(e);
    return result;
}
