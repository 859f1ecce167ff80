/*
 * commands: see commands.h. The names, arguments and answers are those of strongSwan's VICI; ours
 * are `reload`, the event `progress` and some further keys (vici/names.h).
 */
#include "daemon/commands.h"

#include "daemon/attempt.h"
#include "daemon/conns.h"
#include "daemon/ending.h"
#include "daemon/journal_list.h"
#include "daemon/preview.h"
#include "daemon/reload.h"
#include "daemon/renewal.h"
#include "daemon/report.h"
#include "daemon/start.h"
#include "daemon/tell.h"
#include "vici/names.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/utsname.h>
#include <time.h>

static uint32_t find_id(struct bytes message, const char *key)
{
    int64_t id = vici_find_int(message, key, 0);
    return id > 0 && id <= UINT32_MAX ? (uint32_t)id : 0;
}

/* ---- about the daemon ------------------------------------------------------------------------ */

static void cmd_version(struct session *s, struct bytes message)
{
    struct utsname host;
    (void)message;
    if (uname(&host) != 0)
        memset(&host, 0, sizeof host);
    struct vici_out *o = session_answer(s);
    vici_key_str(o, "daemon", "braidd");
    vici_key_str(o, "version", BRAID_VERSION);
    vici_key_str(o, "sysname", host.sysname);
    vici_key_str(o, "release", host.release);
    vici_key_str(o, "machine", host.machine);
    session_send_answer(s);
}

/* "3 hours", as people say it. */
static void key_duration(struct vici_out *o, const char *key, uint64_t seconds)
{
    static const struct {
        uint64_t seconds;
        const char *unit;
    } units[] = {{86400, "days"}, {3600, "hours"}, {60, "minutes"}, {1, "seconds"}};
    size_t i = 0;
    while (i < 3 && seconds < 2 * units[i].seconds)
        i++;
    vici_keyf(o, key, "%llu %s", (unsigned long long)(seconds / units[i].seconds), units[i].unit);
}

static void section_of_zeros(struct vici_out *o, const char *name)
{
    static const char *const priorities[] = {"critical", "high", "medium", "low"};
    vici_section(o, name);
    for (size_t i = 0; i < 4; i++)
        vici_key_uint(o, priorities[i], 0);
    vici_section_end(o);
}

static void cmd_stats(struct session *s, struct bytes message)
{
    struct daemon *d = s->d;
    struct vici_out *o = session_answer(s);
    char since[64];
    struct tm tm;
    (void)message;
    strftime(since, sizeof since, "%b %d %H:%M:%S %Y", localtime_r(&d->started, &tm));
    vici_section(o, "uptime");
    key_duration(o, "running", (loop_now() - d->started_at) / IKE_SECOND);
    vici_key_str(o, "since", since);
    vici_section_end(o);
    vici_section(o, "workers"); /* we have one thread, and it is busy with this */
    vici_key_uint(o, "total", 1);
    vici_key_uint(o, "idle", 0);
    section_of_zeros(o, "active");
    vici_section_end(o);
    section_of_zeros(o, "queues");
    vici_key_uint(o, "scheduled", 0);
    vici_section(o, "ikesas");
    vici_key_uint(o, "total", ike_engine_sa_count(d->engine));
    vici_key_uint(o, "half-open", ike_engine_half_open_count(d->engine));
    vici_section_end(o);
    vici_list(o, "plugins");
    vici_list_end(o);
    vici_key_str(o, "plane", d->plane->name);
    session_send_answer(s);
}

/* ---- configuration --------------------------------------------------------------------------- */

static void answer_reload(struct session *s, bool (*read)(struct daemon *d, struct problem_list *problems))
{
    struct problem_list problems;
    problem_list_init(&problems);
    bool ok = read(s->d, &problems);
    struct vici_out *o = session_answer(s);
    vici_key_bool(o, "success", ok);
    if (!ok)
        vici_keyf(o, "errmsg", "the configuration has %zu error%s; the old one stays in force",
                  problems.errors, problems.errors == 1 ? "" : "s");
    vici_list(o, "problems");
    for (const struct problem *p = problems.first; p; p = p->next) {
        char *text = problem_text(p, false);
        vici_item_str(o, text ? text : "out of memory");
        free(text);
    }
    vici_list_end(o);
    session_send_answer(s);
    problem_list_free(&problems);
}

static void cmd_reload(struct session *s, struct bytes message)
{
    (void)message;
    answer_reload(s, reload);
}

static void cmd_reload_settings(struct session *s, struct bytes message)
{
    (void)message;
    answer_reload(s, reload_settings);
}

/* ---- lists ----------------------------------------------------------------------------------- */

void list_begin(struct session *s, enum event event, const struct list *list)
{
    s->list = *list;
    if (session_wants(s, event)) {
        session_advance(s);
        return;
    }
    s->list.next = NULL;
    session_answer(s);
    session_send_answer(s);
}

void list_begin_named(struct session *s, struct bytes message, enum event event,
                      bool (*next)(struct session *s))
{
    struct bytes ike = request_text(message, "ike"), child = request_text(message, "child");
    struct list list = {
        .next = next, .ike_id = find_id(message, "ike-id"), .child_id = find_id(message, "child-id")};
    snprintf(list.ike, sizeof list.ike, "%.*s", (int)ike.len, (const char *)ike.at);
    snprintf(list.child, sizeof list.child, "%.*s", (int)child.len, (const char *)child.at);
    list_begin(s, event, &list);
}

static bool next_sa(struct session *s)
{
    struct list *l = &s->list;
    struct ike_sa_info sa;
    if (!ike_engine_next_sa(s->d->engine, l->after, &sa))
        return false;
    l->after = sa.id;
    if ((l->ike_id != 0 && l->ike_id != sa.id) ||
        (l->ike[0] != '\0' && (!sa.conn || strcmp(l->ike, sa.conn) != 0)))
        return true;
    struct report_filter filter = {.child_id = l->child_id, .child = l->child};
    report_sa(event_begin(s->d, EVENT_LIST_SA), s->d, &sa, &filter);
    event_send_to(s);
    return true;
}

static void cmd_list_sas(struct session *s, struct bytes message)
{
    list_begin_named(s, message, EVENT_LIST_SA, next_sa);
}

static bool next_conn(struct session *s)
{
    const struct config *c = daemon_config(s->d);
    if (s->list.after >= c->conn_count)
        return false;
    const struct conf_conn *conn = &c->conn[s->list.after++];
    if (s->list.ike[0] != '\0' && strcmp(s->list.ike, conn->name) != 0)
        return true;
    report_conn(event_begin(s->d, EVENT_LIST_CONN), conn);
    event_send_to(s);
    return true;
}

static void cmd_list_conns(struct session *s, struct bytes message)
{
    conns_settle(s->d);
    list_begin_named(s, message, EVENT_LIST_CONN, next_conn);
}

/* ---- initiate -------------------------------------------------------------------------------- */

static void on_told(void *self, const struct ike_tell *t)
{
    struct session *s = self;
    bool of_exchange = t->kind == TELL_EXCHANGE || t->kind == TELL_RESENT;
    if (of_exchange && session_wants(s, EVENT_PROGRESS)) {
        tell_progress(event_begin(s->d, EVENT_PROGRESS), t);
        event_send_to(s);
    }
    if (session_wants(s, EVENT_CONTROL_LOG) && tell_control_level(t) <= s->log_level) {
        tell_control_log(event_begin(s->d, EVENT_CONTROL_LOG), t);
        event_send_to(s);
    }
}

static void on_attempt_done(void *self, const struct outcome *outcome)
{
    struct session *s = self;
    s->attempt = NULL;
    if (!s->busy) /* timeout < 0: it was answered at once */
        return;
    if (outcome->ok) {
        session_succeed(s);
        return;
    }
    struct vici_out *o = session_answer(s);
    vici_key_str(o, "success", "no");
    if (outcome->detail[0] != '\0')
        vici_keyf(o, "errmsg", "%s: %s", outcome->message, outcome->detail);
    else
        vici_key_str(o, "errmsg", outcome->message);
    if (outcome->reason != IKE_REASON_NONE)
        vici_key_str(o, "reason", ike_reason_name(outcome->reason));
    if (outcome->detail[0] != '\0')
        vici_key_str(o, "detail", outcome->detail);
    session_send_answer(s);
}

static void cmd_initiate(struct session *s, struct bytes message)
{
    struct attempt_wish wish = {
        .conn = request_text(message, "ike"),
        .child = request_text(message, "child"),
        .timeout_ms = vici_find_int(message, "timeout", 0),
        .self = s,
        .done = on_attempt_done,
        .told = on_told,
    };
    if (wish.conn.len == 0 && wish.child.len == 0) {
        session_fail(s, "missing configuration name");
        return;
    }
    conns_settle(s->d);
    s->log_level = vici_find_int(message, "loglevel", 1);
    s->attempt = attempt_begin(s->d, &wish);
    if (s->attempt && wish.timeout_ms < 0) {
        attempt_detach(s->attempt);
        s->attempt = NULL;
        session_succeed(s);
    }
}

/* ---- terminate ------------------------------------------------------------------------------- */

static void on_ending_done(void *self, uint32_t matches, uint32_t terminated, const char *problem)
{
    struct session *s = self;
    struct vici_out *o = session_answer(s);
    s->ending = NULL;
    vici_key_bool(o, "success", problem == NULL);
    vici_key_uint(o, "matches", matches);
    vici_key_uint(o, "terminated", terminated);
    if (problem)
        vici_key_str(o, "errmsg", problem);
    session_send_answer(s);
}

static void cmd_terminate(struct session *s, struct bytes message)
{
    struct ending_wish wish = {
        .conn = request_text(message, "ike"),
        .child = request_text(message, "child"),
        .ike_id = find_id(message, "ike-id"),
        .child_id = find_id(message, "child-id"),
        .force = vici_find_bool(message, "force", false),
        .timeout_ms = vici_find_int(message, "timeout", 0),
        .self = s,
        .done = on_ending_done,
        .told = on_told,
    };
    if (wish.conn.len == 0 && wish.child.len == 0 && wish.ike_id == 0 && wish.child_id == 0) {
        session_fail(s, "missing terminate selector");
        return;
    }
    if (wish.ike_id == 0 && wish.child_id == 0)
        wish.cancelled = start_cancel(s->d, wish.conn, wish.child);
    s->log_level = vici_find_int(message, "loglevel", 1);
    s->ending = ending_begin(s->d, &wish);
}

/* ---- rekey ----------------------------------------------------------------------------------- */

static void on_renewal_done(void *self, const struct renewal_outcome *outcome)
{
    struct session *s = self;
    struct vici_out *o = session_answer(s);
    s->renewal = NULL;
    vici_key_bool(o, "success", outcome->message == NULL);
    vici_key_uint(o, "matches", outcome->matches);
    if (outcome->rekeyed > 0)
        vici_key_uint(o, "rekeyed", outcome->rekeyed);
    if (outcome->message)
        vici_key_str(o, "errmsg", outcome->message);
    if (outcome->reason != IKE_REASON_NONE)
        vici_key_str(o, "reason", ike_reason_name(outcome->reason));
    if (outcome->detail && outcome->detail[0] != '\0')
        vici_key_str(o, "detail", outcome->detail);
    session_send_answer(s);
}

static void cmd_rekey(struct session *s, struct bytes message)
{
    struct renewal_wish wish = {
        .conn = request_text(message, "ike"),
        .child = request_text(message, "child"),
        .ike_id = find_id(message, "ike-id"),
        .child_id = find_id(message, "child-id"),
        .wait = vici_find_bool(message, "wait", false),
        .reauth = vici_find_bool(message, "reauth", false),
        .timeout_ms = vici_find_int(message, "timeout", 0),
        .self = s,
        .done = on_renewal_done,
        .told = on_told,
    };
    if (wish.conn.len == 0 && wish.child.len == 0 && wish.ike_id == 0 && wish.child_id == 0) {
        session_fail(s, "missing rekey selector");
        return;
    }
    wish.reauth = wish.reauth && wish.child.len == 0 && wish.child_id == 0; /* of IKE SAs alone */
    s->log_level = vici_find_int(message, "loglevel", 1);
    s->renewal = renewal_begin(s->d, &wish);
}

/* ---- the table ------------------------------------------------------------------------------- */

static const struct command commands_here[] = {
    {VICI_CMD_VERSION, cmd_version},
    {VICI_CMD_STATS, cmd_stats},
    {VICI_CMD_INITIATE, cmd_initiate},
    {VICI_CMD_TERMINATE, cmd_terminate},
    {VICI_CMD_REKEY, cmd_rekey},
    {VICI_CMD_LIST_SAS, cmd_list_sas},
    {VICI_CMD_LIST_CONNS, cmd_list_conns},
    {VICI_CMD_RELOAD, cmd_reload},
    {VICI_CMD_EXPLAIN, journal_list},
    {VICI_CMD_DIFF, preview},
    {"reload-settings", cmd_reload_settings},
    {NULL, NULL},
};

bool command_run(struct session *s, struct bytes name, struct bytes message)
{
    const struct command *const tables[] = {commands_here, commands_load, commands_creds, commands_info,
                                            commands_policy};
    for (size_t i = 0; i < sizeof tables / sizeof tables[0]; i++)
        for (const struct command *c = tables[i]; c->name; c++)
            if (bytes_equal(name, bytes_str(c->name))) {
                c->run(s, message);
                return true;
            }
    LOG(&s->d->log, DEBUG, VICI, "unknown-command", F_BYTES("name", name));
    return false;
}
