/*
 * start: see start.h.
 */
#include "daemon/start.h"

#include "daemon/attempt.h"
#include "daemon/conns.h"
#include "daemon/effects.h"
#include "daemon/standby.h"

#include <stdio.h>
#include <stdlib.h>

#define FIRST_PAUSE (1 * IKE_SECOND)
#define LAST_PAUSE (60 * IKE_SECOND)

struct start {
    struct start *next;
    struct daemon *d;
    char conn[256], child[256]; /* child "": the IKE SA alone */
    struct attempt *attempt;    /* under way, or NULL */
    ike_time at;                /* of the next attempt; IKE_NEVER: none is due */
    uint32_t tries;             /* that failed in a row */
    bool configured;            /* start_action asks for it */
    bool endless;               /* nobody wanted it down */
};

static const struct conf_child *find_child(const struct daemon *d, const char *conn_name,
                                           const char *child_name, const struct conf_conn **conn)
{
    *conn = conns_find(d, bytes_str(conn_name));
    return *conn ? config_child(*conn, bytes_str(child_name)) : NULL;
}

/* The connection of what is still configured; else NULL. */
static const struct conf_conn *find_conn(const struct start *s)
{
    const struct conf_conn *conn;
    const struct conf_child *child = find_child(s->d, s->conn, s->child, &conn);
    return s->child[0] == '\0' || child ? conn : NULL;
}

/* ---- attempts -------------------------------------------------------------------------------- */

static ike_time pause_after(uint32_t tries)
{
    ike_time pause = FIRST_PAUSE;
    for (uint32_t i = 1; i < tries && pause < LAST_PAUSE; i++)
        pause *= 2;
    return pause < LAST_PAUSE ? pause : LAST_PAUSE;
}

static void set_timer(struct daemon *d);

/* It is up, or will not be. */
static void give_over(struct start *s)
{
    s->tries = 0;
    s->endless = false;
    standby_release(s->d, s->conn, s->child);
}

static void on_done(void *self, const struct outcome *outcome)
{
    struct start *s = self;
    const struct conf_conn *conn = find_conn(s);
    s->attempt = NULL;
    s->at = IKE_NEVER;
    if (outcome->ok) {
        give_over(s);
        return;
    }
    s->tries++;
    bool again = conn && outcome->reason != IKE_REASON_DELETED &&
                 (s->endless || conn->keyingtries == 0 || s->tries < conn->keyingtries);
    if (again)
        s->at = loop_now() + pause_after(s->tries);
    else
        give_over(s);
    LOG(&s->d->log, WARN, DAEMON, "start-failed", F_TEXT("conn", s->conn), F_TEXT("child", s->child),
        F_UINT("tries", s->tries), F_TEXT("again", again ? "yes" : "no"),
        F_UINT("pause-s", again ? pause_after(s->tries) / IKE_SECOND : 0), F_TEXT("text", outcome->message),
        F_TEXT("detail", outcome->detail));
    set_timer(s->d);
}

static void begin(struct start *s)
{
    struct attempt_wish wish = {
        .conn = bytes_str(s->conn), .child = bytes_str(s->child), .self = s, .done = on_done};
    s->at = IKE_NEVER;
    struct attempt *a = attempt_begin(s->d, &wish);
    if (a)
        s->attempt = a;
}

static void on_timer(uv_timer_t *timer)
{
    struct daemon *d = timer->data;
    for (struct start *s = d->starts; s; s = s->next)
        if (!s->attempt && s->at <= loop_now())
            begin(s);
    set_timer(d);
}

/* One timer for all; attempts begin in it and nowhere else, so never while effects are being executed. */
static void set_timer(struct daemon *d)
{
    ike_time first = IKE_NEVER, now = loop_now();
    for (const struct start *s = d->starts; s; s = s->next)
        if (!s->attempt && s->at < first)
            first = s->at;
    if (first == IKE_NEVER || d->stopping) {
        uv_timer_stop(&d->starts_timer);
        return;
    }
    uv_timer_start(&d->starts_timer, on_timer, first <= now ? 0 : (first - now) / IKE_MS + 1, 0);
}

/* ---- the list -------------------------------------------------------------------------------- */

static struct start *find_start(struct daemon *d, const char *conn, const char *child)
{
    struct start *s = d->starts;
    while (s && (strcmp(s->conn, conn) != 0 || strcmp(s->child, child) != 0))
        s = s->next;
    return s;
}

static struct start *add(struct daemon *d, const char *conn, const char *child)
{
    struct start *s = calloc(1, sizeof *s);
    if (!s)
        return NULL;
    s->d = d;
    s->at = IKE_NEVER;
    snprintf(s->conn, sizeof s->conn, "%s", conn);
    snprintf(s->child, sizeof s->child, "%s", child);
    s->next = d->starts;
    d->starts = s;
    return s;
}

/* What start_action brought up ends when it is taken out of the configuration. */
static void end_child(struct daemon *d, const struct start *s)
{
    struct ike_order order = {
        .kind = ORDER_TERMINATE,
        .id = ++d->last_order,
        .conn = bytes_str(s->conn),
        .child = bytes_str(s->child),
    };
    if (s->configured)
        (void)effects_order(d, &order);
}

/* Out of the list first: what the order leads to may add to it. */
static void forget(struct daemon *d, struct start **at)
{
    struct start *s = *at;
    *at = s->next;
    if (!d->stopping) {
        end_child(d, s);
        standby_release(d, s->conn, s->child);
    }
    attempt_abandon(s->attempt);
    free(s);
}

/* Is there no Child SA on it but this one, and those that are on their way out? */
static bool is_alone(const struct daemon *d, uint32_t ike_id, const char *child)
{
    struct ike_child_info c = {.id = 0};
    while (ike_engine_next_child(d->engine, ike_id, c.id, &c))
        if (strcmp(c.name, child) != 0 && strcmp(c.state, "DELETING") != 0)
            return false;
    return true;
}

/* The IKE SAs of a connection that would be left without children. */
static void end_empty(struct daemon *d, const char *conn, const char *child)
{
    struct ike_sa_info sa = {.id = 0};
    while (ike_engine_next_sa(d->engine, sa.id, &sa)) {
        if (!sa.conn || strcmp(sa.conn, conn) != 0 || !is_alone(d, sa.id, child))
            continue;
        struct ike_order order = {
            .kind = ORDER_TERMINATE, .id = ++d->last_order, .ike_id = sa.id};
        (void)effects_order(d, &order);
    }
}

void start_undo(struct daemon *d, const char *conn, const char *child, bool whole)
{
    struct start **at = &d->starts;
    while (*at && (strcmp((*at)->conn, conn) != 0 || strcmp((*at)->child, child) != 0))
        at = &(*at)->next;
    if (!*at || d->stopping)
        return;
    if (whole && (*at)->configured)
        end_empty(d, conn, child);
    forget(d, at);
}

static void add_configured(struct daemon *d, const struct conf_conn *conn)
{
    for (uint16_t i = 0; i < conn->child_count; i++) {
        const struct conf_child *child = &conn->child[i];
        if ((child->start_action & ACTION_START) == 0)
            continue;
        struct start *s = find_start(d, conn->name, child->name);
        bool is_new = s == NULL;
        if (is_new)
            s = add(d, conn->name, child->name);
        if (!s)
            continue;
        if (is_new)
            s->at = loop_now();
        s->configured = true;
    }
}

void start_update(struct daemon *d)
{
    const struct config *c = daemon_config(d);
    for (struct start **at = &d->starts; *at;) {
        if (!find_conn(*at)) {
            forget(d, at);
            continue;
        }
        (*at)->configured = false;
        at = &(*at)->next;
    }
    for (uint16_t i = 0; i < c->conn_count; i++)
        add_configured(d, &c->conn[i]);
    set_timer(d);
}

uint8_t start_action_after(const struct daemon *d, const struct ike_tell *t)
{
    const struct conf_conn *conn;
    const struct conf_child *child = t->conn && t->child ? find_child(d, t->conn, t->child, &conn) : NULL;
    if (!child || d->stopping)
        return ACTION_NONE;
    switch (t->reason) {
    case IKE_REASON_TIMEOUT:
        return child->dpd_action;
    case IKE_REASON_DELETED_BY_PEER:
        return child->close_action;
    case IKE_REASON_REAUTHENTICATION:
        return ACTION_START;
    default:
        return ACTION_NONE;
    }
}

static void start_again(struct daemon *d, const struct ike_tell *t, const char *child, ike_time pause)
{
    struct start *s = find_start(d, t->conn, child);
    if (!s)
        s = add(d, t->conn, child);
    if (!s)
        return;
    s->endless = t->reason == IKE_REASON_REAUTHENTICATION;
    if (!s->attempt)
        s->at = loop_now() + pause;
    set_timer(d);
}

static bool is_any_due(const struct daemon *d, const char *conn)
{
    const struct start *s = d->starts;
    while (s && (strcmp(s->conn, conn) != 0 || (!s->attempt && s->at == IKE_NEVER)))
        s = s->next;
    return s != NULL;
}

/* Who breaks to make anew does so at once; a peer that is lost or has closed gets a moment. */
void start_tell(struct daemon *d, const struct ike_tell *t)
{
    bool reauth = t->reason == IKE_REASON_REAUTHENTICATION && !d->stopping;
    if (t->kind == TELL_CHILD_DOWN && (start_action_after(d, t) & ACTION_START)) {
        standby_hold(d, t);
        start_again(d, t, t->child, reauth ? 0 : FIRST_PAUSE);
    } else if (t->kind == TELL_IKE_DOWN && reauth && !is_any_due(d, t->conn)) {
        start_again(d, t, "", 0); /* it had no children */
    }
}

uint32_t start_cancel(struct daemon *d, struct bytes conn, struct bytes child)
{
    uint32_t count = 0;
    for (struct start *s = d->starts; s; s = s->next) {
        bool is_meant = (conn.len == 0 || bytes_equal(conn, bytes_str(s->conn))) &&
                        (child.len == 0 || bytes_equal(child, bytes_str(s->child)));
        if (!is_meant || (!s->attempt && s->at == IKE_NEVER))
            continue;
        count++;
        s->at = IKE_NEVER;
        attempt_abandon(s->attempt);
        s->attempt = NULL;
        give_over(s);
    }
    set_timer(d);
    return count;
}

void start_end(struct daemon *d)
{
    uv_timer_stop(&d->starts_timer);
    while (d->starts)
        forget(d, &d->starts);
}
