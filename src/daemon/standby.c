/*
 * standby: see standby.h. An entry is there as long as somebody wants its trap. Where selectors are
 * `dynamic` the addresses of the tunnel have to be found first, as for an initiation.
 */
#include "daemon/standby.h"

#include "daemon/attempt.h"
#include "daemon/conns.h"
#include "daemon/resolve.h"
#include "daemon/start.h"
#include "ike/selector.h"

#include <stdio.h>
#include <stdlib.h>

#define FIRST_PAUSE (1 * IKE_SECOND)
#define LAST_PAUSE (8 * IKE_SECOND) /* somebody waits for it */
#define RETRY_PAUSE (10 * IKE_SECOND)

enum {
    NAME_MAX_LEN = 256,
    WHY_MAX_LEN = 256,
    MEMORY_MAX = 64 << 10,
};

struct standby {
    struct standby *next, *chain;
    struct daemon *d;
    char conn[NAME_MAX_LEN], child[NAME_MAX_LEN];
    bool configured; /* start_action asks for it */
    bool kept;       /* the command `install` does, or dpd_action or close_action did */
    bool held;       /* it is about to come back */
    bool forbidden;  /* `uninstall` took it away: start_action does not count until it changes */
    bool outdated;   /* the trap is that of an older configuration */

    uint32_t id; /* of its trap, 0 = there is none */
    enum conf_mode mode;
    struct arena memory;
    struct selectors local_ts, remote_ts;
    struct resolve *resolve;
    ike_time install_at; /* again, as it failed; else IKE_NEVER */
    char why[WHY_MAX_LEN];

    struct attempt *attempt;   /* under way, or NULL */
    bool wanted;               /* an attempt is due */
    struct packet_ends packet; /* that wants it */
    uint32_t tries;            /* that failed in a row */
    ike_time not_before;       /* of the next */
};

static const struct conf_child *find_child(const struct standby *s, const struct conf_conn **conn)
{
    *conn = conns_find(s->d, bytes_str(s->conn));
    return *conn ? config_child(*conn, bytes_str(s->child)) : NULL;
}

static size_t bucket_of(struct bytes conn, struct bytes child)
{
    uint32_t h = 2166136261U;
    for (size_t i = 0; i < conn.len; i++)
        h = (h ^ conn.at[i]) * 16777619U;
    for (size_t i = 0; i < child.len; i++)
        h = (h ^ child.at[i]) * 16777619U;
    return (h ^ h >> 16) % STANDBY_BUCKETS;
}

static struct standby *find_named(const struct daemon *d, struct bytes conn, struct bytes child)
{
    struct standby *s = d->standby_bucket[bucket_of(conn, child)];
    while (s && (!bytes_equal(bytes_str(s->conn), conn) || !bytes_equal(bytes_str(s->child), child)))
        s = s->chain;
    return s;
}

/* Without a connection: of any that has the child. */
static struct standby *find(const struct daemon *d, struct bytes conn, struct bytes child)
{
    if (conn.len > 0)
        return find_named(d, conn, child);
    struct standby *s = d->standbys;
    while (s && !bytes_equal(bytes_str(s->child), child))
        s = s->next;
    return s;
}

static void set_timer(struct daemon *d);

/* ---- the trap -------------------------------------------------------------------------------- */

static void take_away(struct standby *s)
{
    if (s->id)
        s->d->plane->untrap(s->d->plane->self, s->id);
    if (s->id)
        LOG(&s->d->log, INFO, PLANE, "trap-removed", F_TEXT("conn", s->conn), F_TEXT("child", s->child));
    s->id = 0;
    arena_wipe(&s->memory);
}

static void put_off(struct standby *s)
{
    LOG(&s->d->log, WARN, PLANE, "trap-failed", F_TEXT("conn", s->conn), F_TEXT("child", s->child),
        F_TEXT("text", s->why), F_UINT("pause-s", RETRY_PAUSE / IKE_SECOND));
    s->install_at = loop_now() + RETRY_PAUSE;
    set_timer(s->d);
}

/* The new one is there before the old one goes. */
static bool set_trap(struct standby *s, const struct conf_child *child, const struct resolved *r)
{
    struct daemon *d = s->d;
    struct arena memory = arena_make(&d->alloc, MEMORY_MAX);
    struct plane_trap trap = {.id = ++d->last_trap};
    snprintf(s->why, sizeof s->why, "out of memory");
    if (!selectors_resolve(&child->local_ts, &r->local.addr, &memory, &trap.local_ts) ||
        !selectors_resolve(&child->remote_ts, &r->remote.addr, &memory, &trap.remote_ts) ||
        !d->plane->trap(d->plane->self, &trap, s->why, sizeof s->why)) {
        arena_wipe(&memory);
        return false;
    }
    if (s->id)
        d->plane->untrap(d->plane->self, s->id);
    arena_wipe(&s->memory);
    s->memory = memory;
    s->id = trap.id;
    s->local_ts = trap.local_ts;
    s->remote_ts = trap.remote_ts;
    s->mode = child->mode;
    LOG(&d->log, INFO, PLANE, "trap-installed", F_TEXT("conn", s->conn), F_TEXT("child", s->child));
    return true;
}

static void on_resolved(void *self, const struct resolved *r)
{
    struct standby *s = self;
    const struct conf_conn *conn;
    const struct conf_child *child = find_child(s, &conn);
    s->resolve = NULL;
    if (!child)
        return; /* the next update forgets it */
    if (r->remote.addr.family == ADDR_NONE || r->local.addr.family == ADDR_NONE)
        snprintf(s->why, sizeof s->why, "%s", r->error[0] ? r->error : "there is no route to the peer");
    else if (set_trap(s, child, r))
        return;
    put_off(s);
}

static bool has_dynamic(const struct selectors *ts)
{
    for (uint16_t i = 0; i < ts->count; i++)
        if (ts->at[i].dynamic)
            return true;
    return false;
}

static void install(struct standby *s)
{
    static const struct resolved nowhere;
    const struct conf_conn *conn;
    const struct conf_child *child = find_child(s, &conn);
    s->outdated = false;
    s->install_at = IKE_NEVER;
    resolve_cancel(s->resolve);
    s->resolve = NULL;
    if (!child)
        return;
    if (has_dynamic(&child->local_ts) || has_dynamic(&child->remote_ts)) {
        struct resolve *r = resolve_begin(s->d, conn, on_resolved, s);
        if (r)
            s->resolve = r;
    } else if (!set_trap(s, child, &nowhere)) {
        put_off(s);
    }
}

/* ---- attempts -------------------------------------------------------------------------------- */

static ike_time pause_after(uint32_t tries)
{
    ike_time pause = FIRST_PAUSE;
    for (uint32_t i = 1; i < tries && pause < LAST_PAUSE; i++)
        pause *= 2;
    return pause;
}

static void on_done(void *self, const struct outcome *outcome)
{
    struct standby *s = self;
    s->attempt = NULL;
    if (outcome->ok) {
        s->tries = 0;
        return;
    }
    s->tries++;
    s->not_before = loop_now() + pause_after(s->tries);
    LOG(&s->d->log, WARN, DAEMON, "acquire-failed", F_TEXT("conn", s->conn), F_TEXT("child", s->child),
        F_UINT("pause-s", pause_after(s->tries) / IKE_SECOND), F_TEXT("text", outcome->message),
        F_TEXT("detail", outcome->detail));
}

static void begin(struct standby *s)
{
    struct attempt_wish wish = {.conn = bytes_str(s->conn),
                                .child = bytes_str(s->child),
                                .packet = s->packet,
                                .self = s,
                                .done = on_done};
    s->wanted = false;
    LOG(&s->d->log, INFO, DAEMON, "acquire", F_TEXT("conn", s->conn), F_TEXT("child", s->child));
    struct attempt *a = attempt_begin(s->d, &wish);
    if (a)
        s->attempt = a;
}

/*
 * Is it up, or about to be? A packet that falls into the trap all the same is one that the peer did
 * not want when it narrowed the selectors; another SA would be no wider.
 */
static bool is_up(const struct standby *s)
{
    struct ike_sa_info sa = {.id = 0};
    while (ike_engine_next_sa(s->d->engine, sa.id, &sa)) {
        struct ike_child_info c = {.id = 0};
        if (!sa.conn || strcmp(sa.conn, s->conn) != 0)
            continue;
        while (ike_engine_next_child(s->d->engine, sa.id, c.id, &c))
            if (strcmp(c.name, s->child) == 0 && strcmp(c.state, "DELETING") != 0)
                return true;
    }
    return false;
}

void standby_acquire(struct daemon *d, uint32_t id, const struct packet_ends *packet)
{
    struct standby *s = d->standbys;
    while (s && s->id != id)
        s = s->next;
    if (!s || d->stopping || s->attempt || s->not_before > loop_now() || is_up(s) ||
        attempt_is_under_way(d, s->conn, s->child))
        return;
    s->wanted = true;
    s->packet = *packet;
    set_timer(d);
}

/* ---- the timer ------------------------------------------------------------------------------- */

static void on_timer(uv_timer_t *timer)
{
    struct daemon *d = timer->data;
    for (struct standby *s = d->standbys; s; s = s->next) {
        if (s->install_at <= loop_now())
            install(s);
        if (s->wanted)
            begin(s);
    }
    set_timer(d);
}

/* One timer for all; attempts begin in it and nowhere else, so never while effects are being executed. */
static void set_timer(struct daemon *d)
{
    ike_time first = IKE_NEVER, now = loop_now();
    for (const struct standby *s = d->standbys; s; s = s->next) {
        ike_time at = s->wanted ? now : s->install_at;
        first = at < first ? at : first;
    }
    if (first == IKE_NEVER || d->stopping) {
        uv_timer_stop(&d->standbys_timer);
        return;
    }
    uv_timer_start(&d->standbys_timer, on_timer, first <= now ? 0 : (first - now) / IKE_MS + 1, 0);
}

/* ---- the list -------------------------------------------------------------------------------- */

static struct standby *find_or_add(struct daemon *d, const char *conn, const char *child)
{
    struct standby *s = find(d, bytes_str(conn), bytes_str(child));
    if (s)
        return s;
    s = calloc(1, sizeof *s);
    if (!s)
        return NULL;
    s->d = d;
    s->install_at = IKE_NEVER;
    s->memory = arena_make(&d->alloc, MEMORY_MAX);
    snprintf(s->conn, sizeof s->conn, "%s", conn);
    snprintf(s->child, sizeof s->child, "%s", child);
    s->next = d->standbys;
    d->standbys = s;
    struct standby **bucket = &d->standby_bucket[bucket_of(bytes_str(conn), bytes_str(child))];
    s->chain = *bucket;
    *bucket = s;
    return s;
}

static void release(struct standby *s)
{
    struct standby **at =
        &s->d->standby_bucket[bucket_of(bytes_str(s->conn), bytes_str(s->child))];
    while (*at != s)
        at = &(*at)->chain;
    *at = s->chain;
    resolve_cancel(s->resolve);
    attempt_abandon(s->attempt);
    arena_wipe(&s->memory);
    free(s);
}

static void forget(struct standby **at)
{
    struct standby *s = *at;
    *at = s->next;
    take_away(s);
    release(s);
}

static bool is_wanted(const struct standby *s)
{
    return s->kept || s->configured || s->held;
}

static void forget_unwanted(struct standby *s)
{
    struct standby **at = &s->d->standbys;
    while (*at != s)
        at = &(*at)->next;
    if (!is_wanted(s))
        forget(at);
}

void standby_outdate(struct daemon *d, const char *conn, const char *child)
{
    struct standby *s = find(d, bytes_str(conn), bytes_str(child));
    if (!s)
        return;
    s->outdated = true;
    s->forbidden = false;
    s->tries = 0;
    s->not_before = 0;
}

static void add_configured(struct daemon *d, const struct conf_conn *conn)
{
    for (uint16_t i = 0; i < conn->child_count; i++) {
        if ((conn->child[i].start_action & ACTION_TRAP) == 0)
            continue;
        struct standby *s = find_or_add(d, conn->name, conn->child[i].name);
        if (s)
            s->configured = true;
    }
}

void standby_update(struct daemon *d)
{
    const struct config *c = daemon_config(d);
    const struct conf_conn *conn;
    if (d->stopping)
        return;
    for (struct standby *s = d->standbys; s; s = s->next)
        s->configured = false;
    for (uint16_t i = 0; i < c->conn_count; i++)
        add_configured(d, &c->conn[i]);
    for (struct standby **at = &d->standbys; *at;) {
        struct standby *s = *at;
        if (!is_wanted(s) || !find_child(s, &conn)) {
            forget(at);
            continue;
        }
        bool is_missing = s->id == 0 && !s->resolve && s->install_at == IKE_NEVER && !s->forbidden;
        if (is_missing || s->outdated)
            install(s);
        at = &s->next;
    }
    set_timer(d);
}

bool standby_install(struct daemon *d, const char *conn, const char *child, char *why,
                     size_t why_len)
{
    struct standby *s = find_or_add(d, conn, child);
    if (!s) {
        snprintf(why, why_len, "out of memory");
        return false;
    }
    s->forbidden = false;
    if (s->id == 0 && !s->resolve)
        install(s);
    s->kept = s->kept || s->id != 0 || s->resolve != NULL;
    if (s->kept)
        return true;
    snprintf(why, why_len, "%s", s->why);
    forget_unwanted(s);
    return false;
}

bool standby_uninstall(struct daemon *d, struct bytes conn, struct bytes child)
{
    struct standby *s = find(d, conn, child);
    if (!s || s->forbidden)
        return false;
    take_away(s);
    resolve_cancel(s->resolve);
    s->resolve = NULL;
    s->install_at = IKE_NEVER;
    s->wanted = s->kept = false;
    s->forbidden = s->configured;
    forget_unwanted(s);
    return true;
}

/* Its policies are still there; where they end is where the trap's do. */
static struct standby *stand_in(struct daemon *d, const struct ike_tell *t)
{
    const struct conf_conn *conn;
    struct standby *s = find_or_add(d, t->conn, t->child);
    const struct conf_child *child = s ? find_child(s, &conn) : NULL;
    if (!s)
        return NULL;
    s->forbidden = false;
    if (s->id == 0 && !s->resolve && child &&
        !set_trap(s, child, &(struct resolved){.local = t->path.local, .remote = t->path.remote}))
        put_off(s);
    return s;
}

void standby_tell(struct daemon *d, const struct ike_tell *t)
{
    if (t->kind != TELL_CHILD_DOWN || d->stopping || !(start_action_after(d, t) & ACTION_TRAP))
        return;
    struct standby *s = stand_in(d, t);
    if (s)
        s->kept = true;
}

void standby_hold(struct daemon *d, const struct ike_tell *t)
{
    struct standby *s = stand_in(d, t);
    if (s)
        s->held = true;
}

void standby_release(struct daemon *d, const char *conn, const char *child)
{
    struct standby *s = find(d, bytes_str(conn), bytes_str(child));
    if (!s)
        return;
    s->held = false;
    forget_unwanted(s);
}

bool standby_next(const struct daemon *d, uint32_t after, struct standby_info *out)
{
    const struct standby *best = NULL;
    for (const struct standby *s = d->standbys; s; s = s->next)
        if (s->id > after && (!best || s->id < best->id))
            best = s;
    if (best)
        *out = (struct standby_info){.id = best->id,
                                     .conn = best->conn,
                                     .child = best->child,
                                     .mode = best->mode,
                                     .local_ts = &best->local_ts,
                                     .remote_ts = &best->remote_ts};
    return best != NULL;
}

void standby_end(struct daemon *d)
{
    uv_timer_stop(&d->standbys_timer);
    while (d->standbys) {
        struct standby *s = d->standbys;
        d->standbys = s->next;
        release(s);
    }
}
