/*
 * attempt: see attempt.h.
 *
 *     begin --> waiting --> resolving --> ordered --> done
 *
 * One that needs an IKE SA waits while another attempt sets up one for the same connection: all its
 * Child SAs go into one.
 * TELLs find their attempt by the number of the order, and, once it is known, by the IKE SA's id.
 */
#include "daemon/attempt.h"

#include "daemon/effects.h"
#include "daemon/journal.h"
#include "daemon/resolve.h"

#include <stdio.h>
#include <stdlib.h>

enum {
    NAME_MAX_LEN = 256,
    TEXT_MAX_LEN = 512,
};

struct attempt {
    struct attempt *next;
    struct daemon *d;
    struct attempt_wish wish; /* its names are empty: see below. done is NULL once called or detached */
    char conn[NAME_MAX_LEN], child[NAME_MAX_LEN];
    uint64_t order_id;
    uint32_t ike_id, child_id;
    bool has_child, has_timer, finished;
    bool waits; /* for another to end */
    struct resolve *resolve;
    uv_timer_t timer;
    enum ike_reason reason; /* of the last alert about it */
    char detail[TEXT_MAX_LEN];
};

/* ---- the end --------------------------------------------------------------------------------- */

static void on_timer_closed(uv_handle_t *handle)
{
    free(handle->data);
}

static void wake(uv_timer_t *timer);

static void finish(struct attempt *a, const struct outcome *outcome)
{
    struct daemon *d = a->d;
    if (a->finished)
        return;
    a->finished = true;
    for (struct attempt **at = &d->attempts; *at; at = &(*at)->next)
        if (*at == a) {
            *at = a->next;
            break;
        }
    resolve_cancel(a->resolve);
    if (d->attempts && !d->stopping) /* later: no verb may be called now */
        uv_timer_start(&d->attempts_timer, wake, 0, 0);
    if (a->wish.done)
        a->wish.done(a->wish.self, outcome);
    a->wish.done = NULL;
    if (a->has_timer)
        uv_close((uv_handle_t *)&a->timer, on_timer_closed);
    else
        free(a);
}

static void succeed(struct attempt *a)
{
    finish(a, &(struct outcome){
                  .ok = true, .message = "", .detail = "", .ike_id = a->ike_id, .child_id = a->child_id});
}

static void fail(struct attempt *a, enum ike_reason reason, const char *message, const char *detail)
{
    finish(a, &(struct outcome){.reason = reason, .message = message, .detail = detail, .ike_id = a->ike_id});
}

/* A reason of the engine; the detail of an earlier alert serves where this one has none. */
static void fail_because(struct attempt *a, enum ike_reason reason, const char *detail)
{
    if (a->reason != IKE_REASON_NONE && (reason == IKE_REASON_NONE || !detail || detail[0] == '\0')) {
        reason = reason == IKE_REASON_NONE ? a->reason : reason;
        detail = a->detail;
    }
    char kept[TEXT_MAX_LEN];
    snprintf(kept, sizeof kept, "%s", detail ? detail : "");
    fail(a, reason, ike_reason_text(reason), kept);
}

static void on_timeout(uv_timer_t *timer)
{
    struct attempt *a = timer->data;
    char message[TEXT_MAX_LEN];
    if (!a->wish.done)
        return;
    snprintf(message, sizeof message, "%s '%s' not established after %lldms",
             a->has_child ? "CHILD_SA" : "IKE_SA", a->has_child ? a->child : a->conn,
             (long long)a->wish.timeout_ms);
    struct outcome late = {
        .reason = IKE_REASON_TIMEOUT, .message = message, .detail = "", .ike_id = a->ike_id};
    a->wish.done(a->wish.self, &late);
    attempt_detach(a);
}

void attempt_detach(struct attempt *a)
{
    if (!a)
        return;
    a->wish.done = NULL;
    a->wish.told = NULL;
}

void attempt_abandon(struct attempt *a)
{
    attempt_detach(a);
    if (a && a->waits)
        fail(a, IKE_REASON_DELETED, "", "");
}

void attempt_end_all(struct daemon *d, const char *why)
{
    while (d->attempts)
        fail(d->attempts, IKE_REASON_DELETED, why, "");
}

/* ---- ordering -------------------------------------------------------------------------------- */

static const char *const refusals[] = {
    [ORDER_UNKNOWN_NAME] = "its configuration is gone",
    [ORDER_NO_MATCH] = "nothing matches",
    [ORDER_NO_ADDRESS] = "its remote_addrs name no single address to connect to",
    [ORDER_REFUSED] = "not possible at the moment due to limits, or because the daemon is stopping",
    [ORDER_FAULT] = "an internal error",
};

static struct attempt *by_order(const struct daemon *d, uint64_t id)
{
    struct attempt *a = d->attempts;
    while (a && a->order_id != id)
        a = a->next;
    return a;
}

static void on_resolved(void *self, const struct resolved *r)
{
    struct attempt *a = self;
    struct daemon *d = a->d;
    a->resolve = NULL;
    if (r->remote.addr.family == ADDR_NONE) {
        journal_note(d, a->conn, a->child, r->error);
        fail(a, IKE_REASON_NONE, r->error, "");
        return;
    }
    struct ike_order order = {.kind = ORDER_INITIATE,
                              .id = a->order_id,
                              .conn = bytes_str(a->conn),
                              .child = bytes_str(a->child),
                              .packet = a->wish.packet,
                              .local = r->local,
                              .remote = r->remote};
    uint64_t id = a->order_id;
    enum order_result result = effects_order(d, &order);
    if (result == ORDER_DONE)
        return;
    a = by_order(d, id); /* an alert may have ended it */
    if (!a)
        return;
    journal_note(d, a->conn, a->child, refusals[result]);
    fail(a, IKE_REASON_NONE, refusals[result], "");
}

/* ---- waiting --------------------------------------------------------------------------------- */

static bool is_up(const struct daemon *d, const char *conn)
{
    struct ike_sa_info sa = {.id = 0};
    while (ike_engine_next_sa(d->engine, sa.id, &sa))
        if (sa.conn && strcmp(sa.conn, conn) == 0 && strcmp(sa.state, "ESTABLISHED") == 0)
            return true;
    return false;
}

static bool must_wait(const struct attempt *a)
{
    const struct attempt *other = a->d->attempts;
    while (other && (other == a || other->waits || strcmp(other->conn, a->conn) != 0))
        other = other->next;
    return other && !is_up(a->d, a->conn);
}

/* NULL: it is over already. */
static struct attempt *go_on(struct attempt *a, const struct conf_conn *conn)
{
    struct daemon *d = a->d;
    uint64_t id = a->order_id;
    a->waits = false;
    struct resolve *r = resolve_begin(d, conn, on_resolved, a);
    a = by_order(d, id);
    if (a && r)
        a->resolve = r;
    return a;
}

/* The oldest that need not wait any longer. */
static struct attempt *next_ready(const struct daemon *d)
{
    struct attempt *ready = NULL;
    for (struct attempt *a = d->attempts; a; a = a->next)
        if (a->waits && !must_wait(a))
            ready = a;
    return ready;
}

static void wake(uv_timer_t *timer)
{
    struct daemon *d = timer->data;
    struct attempt *a;
    while ((a = next_ready(d)) != NULL) {
        const struct conf_conn *conn = config_conn(daemon_config(d), bytes_str(a->conn));
        if (conn)
            (void)go_on(a, conn);
        else
            fail(a, IKE_REASON_CONFIG_GONE, refusals[ORDER_UNKNOWN_NAME], "");
    }
}

/* Which connection is meant when only a child was named? */
static const struct conf_conn *conn_with_child(const struct config *c, struct bytes child)
{
    for (uint16_t i = 0; i < c->conn_count; i++)
        if (config_child(&c->conn[i], child))
            return &c->conn[i];
    return NULL;
}

/* Does what the wish names exist? NULL: *message says what does not. */
static const struct conf_conn *find(struct daemon *d, const struct attempt_wish *wish, char *message,
                                    size_t len)
{
    const struct config *c = daemon_config(d);
    const struct conf_conn *conn =
        wish->conn.len > 0 ? config_conn(c, wish->conn) : conn_with_child(c, wish->child);
    bool child_missing = wish->child.len > 0 && (!conn || !config_child(conn, wish->child));
    if (wish->conn.len > 0 && !conn)
        snprintf(message, len, "IKE_SA config '%.*s' not found", (int)wish->conn.len,
                 (const char *)wish->conn.at);
    else if (child_missing)
        snprintf(message, len, "CHILD_SA config '%.*s' not found", (int)wish->child.len,
                 (const char *)wish->child.at);
    return child_missing ? NULL : conn;
}

static void start_timer(struct attempt *a)
{
    if (a->wish.timeout_ms <= 0)
        return;
    a->timer.data = a;
    a->has_timer = uv_timer_init(&a->d->loop.uv, &a->timer) == 0;
    if (a->has_timer)
        uv_timer_start(&a->timer, on_timeout, (uint64_t)a->wish.timeout_ms, 0);
}

struct attempt *attempt_begin(struct daemon *d, const struct attempt_wish *wish)
{
    char message[TEXT_MAX_LEN] = "out of memory";
    const struct conf_conn *conn = find(d, wish, message, sizeof message);
    struct attempt *a = conn ? calloc(1, sizeof *a) : NULL;
    if (!a) {
        wish->done(wish->self, &(struct outcome){.message = message, .detail = ""});
        return NULL;
    }
    a->d = d;
    a->wish = *wish;
    a->wish.conn = a->wish.child = BYTES_NONE;
    a->has_child = wish->child.len > 0;
    a->order_id = ++d->last_order;
    snprintf(a->conn, sizeof a->conn, "%s", conn->name);
    snprintf(a->child, sizeof a->child, "%.*s", (int)wish->child.len, (const char *)wish->child.at);
    a->next = d->attempts;
    d->attempts = a;
    start_timer(a);
    a->waits = must_wait(a);
    return a->waits ? a : go_on(a, conn);
}

/* ---- what the engine tells ------------------------------------------------------------------- */

static bool is_about(const struct attempt *a, const struct ike_tell *t)
{
    return (t->order_id != 0 && t->order_id == a->order_id) || (a->ike_id != 0 && t->ike_id == a->ike_id);
}

bool attempt_is_under_way(const struct daemon *d, const char *conn, const char *child)
{
    const struct attempt *a = d->attempts;
    while (a && (strcmp(a->conn, conn) != 0 || strcmp(a->child, child) != 0))
        a = a->next;
    return a != NULL;
}

static bool is_our_child(const struct attempt *a, const struct ike_tell *t)
{
    return a->has_child && t->child && strcmp(t->child, a->child) == 0;
}

static bool ike_is_up(const struct daemon *d, uint32_t id)
{
    struct ike_sa_info sa;
    return ike_engine_find_sa(d->engine, id, &sa) && sa.established_at != 0;
}

/* An alert ends an attempt only if its IKE SA stays: else the end of that is still to come. */
static void on_alert(struct attempt *a, const struct ike_tell *t)
{
    a->reason = t->reason;
    snprintf(a->detail, sizeof a->detail, "%s", t->detail ? t->detail : "");
    if ((t->order_id == a->order_id || is_our_child(a, t)) && ike_is_up(a->d, a->ike_id))
        fail_because(a, t->reason, t->detail);
}

static void on_tell(struct attempt *a, const struct ike_tell *t)
{
    if (a->ike_id == 0 && t->order_id == a->order_id)
        a->ike_id = t->ike_id;
    if (a->wish.told)
        a->wish.told(a->wish.self, t);
    switch (t->kind) {
    case TELL_EXCHANGE:
    case TELL_RESENT:
    case TELL_KEYS:
    case TELL_IKE_MOVED:
        break;
    case TELL_IKE_UP:
        if (!a->has_child)
            succeed(a);
        break;
    case TELL_CHILD_UP:
        if (is_our_child(a, t)) {
            a->child_id = t->child_id;
            succeed(a);
        }
        break;
    case TELL_CHILD_DOWN:
        if (t->order_id == a->order_id)
            fail_because(a, t->reason, t->detail);
        break;
    case TELL_IKE_DOWN:
        fail_because(a, t->reason, t->detail);
        break;
    case TELL_IKE_REKEYED:
    case TELL_CHILD_REKEYED:
        break;
    case TELL_ALERT:
        on_alert(a, t);
        break;
    }
}

void attempt_tell(struct daemon *d, const struct ike_tell *t)
{
    struct attempt *next;
    for (struct attempt *a = d->attempts; a; a = next) {
        next = a->next;
        if (t->kind == TELL_IKE_REKEYED && a->ike_id != 0 && a->ike_id == t->replaced_id)
            a->ike_id = t->ike_id; /* what is still to come is told of its heir */
        if (is_about(a, t))
            on_tell(a, t);
    }
}
