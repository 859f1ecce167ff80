/*
 * updown: see updown.h.
 */
#include "daemon/updown.h"

#include "daemon/stop.h"
#include "daemon/updown_variables.h"
#include "run/net.h"
#include "run/runner.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

_Static_assert(RUNNER_COMMAND_MAX + 0 == CONF_COMMAND_MAX + 0 && RUNNER_WORDS + 0 == CONF_COMMAND_WORDS + 0,
               "what may be written can be run");

enum { JOBS_MAX = 16384 }; /* that wait: two for each pair of selectors of a large gateway */

/* One command to be run. */
struct job {
    struct job *next;
    int command;
    const char *verb;
    uint32_t child_id;
    char *variables; /* lines */
    char child[];    /* name */
};

struct updown {
    struct runner *runner; /* NULL: there is none, or not any more */
    uv_poll_t poll;
    bool polling;
    struct job *first, **last; /* the first one runs */
    size_t count;
    ike_time began_at; /* the first one */
};

/* ---- which commands there are ---------------------------------------------------------------- */

bool updown_start(struct daemon *d)
{
    struct updown *u = calloc(1, sizeof *u);
    if (!u)
        return false;
    u->last = &u->first;
    u->runner = runner_start(RUNNER_SECONDS);
    d->updown = u;
    return u->runner != NULL;
}

/* For each command of a configuration; false if one of them was not good. */
static bool each_command(const struct daemon *d, const struct config *c, struct problem_list *problems,
                         bool (*is_good)(struct runner *r, const char *command), const char *what)
{
    bool ok = true;
    for (uint16_t i = 0; i < c->conn_count; i++)
        for (uint16_t k = 0; k < c->conn[i].child_count; k++) {
            const struct conf_conn *conn = &c->conn[i];
            const struct conf_child *child = &conn->child[k];
            const struct place place = {.file = conn->file, .line = child->line};
            if (!child->updown || is_good(d->updown->runner, child->updown))
                continue;
            problem_add(problems, PROBLEM_ERROR, conn->file ? &place : NULL,
                        "connections.%s.children.%s.updown: %s", conn->name, child->name, what);
            ok = false;
        }
    return ok;
}

bool updown_allow(struct daemon *d, const struct config *c, struct problem_list *problems)
{
    return d->options.check ||
           each_command(d, c, problems, runner_allow, "too many different commands, or their process is gone");
}

static bool is_known(struct runner *r, const char *command)
{
    return r && runner_find(r, command) >= 0;
}

bool updown_check(const struct daemon *d, const struct config *c, struct problem_list *problems)
{
    return each_command(d, c, problems, is_known,
                        "this command was not in braidd's files when it started, which is when it takes note "
                        "of all it may ever run; it needs a restart of braidd");
}

/* ---- running them ---------------------------------------------------------------------------- */

static void job_free(struct updown *u)
{
    struct job *job = u->first;
    u->first = job->next;
    u->count--;
    if (!u->first)
        u->last = &u->first;
    free(job->variables);
    free(job);
}

/* The process is gone: nothing is run any more. */
static void give_up(struct daemon *d)
{
    struct updown *u = d->updown;
    LOG(&d->log, ERROR, DAEMON, "updown-gone", F_UINT("lost", u->count),
        F_TEXT("text", "the process that runs updown commands has ended; none is run until braidd is started anew"));
    while (u->first)
        job_free(u);
    if (u->polling)
        uv_poll_stop(&u->poll);
    runner_end(u->runner);
    u->runner = NULL;
    stop_check(d);
}

static void begin(struct daemon *d)
{
    struct updown *u = d->updown;
    u->began_at = loop_now();
    if (u->first && !runner_run(u->runner, u->first->command, bytes_str(u->first->variables)))
        give_up(d);
}

static void log_end(const struct daemon *d, const struct job *job, const struct runner_report *r)
{
    static const char *const ends[] = {
        [RUNNER_EXITED] = "exit",
        [RUNNER_KILLED] = "signal",
        [RUNNER_LATE] = "its time was over",
        [RUNNER_REFUSED] = "it could not be started",
    };
    bool well = r->kind == RUNNER_EXITED && r->number == 0;
    struct log_field fields[] = {
        F_TEXT("child", job->child),
        F_ID("child-id", job->child_id),
        F_TEXT("verb", job->verb),
        F_TEXT("end", ends[r->kind]),
        F_UINT("status", (uint64_t)r->number),
        F_UINT("ms", (loop_now() - d->updown->began_at) / IKE_MS),
        F_ID("lines-left-out", r->unsaid),
        {.kind = FIELD_END},
    };
    log_event(&d->log, well ? LEVEL_INFO : LEVEL_WARN, SUB_DAEMON, well ? "updown-done" : "updown-failed",
              fields);
}

static void on_report(struct daemon *d, const struct runner_report *r)
{
    struct updown *u = d->updown;
    if (r->kind == RUNNER_GONE || !u->first) {
        give_up(d);
        return;
    }
    if (r->kind == RUNNER_LINE) {
        LOG(&d->log, INFO, DAEMON, "updown-output", F_TEXT("child", u->first->child),
            F_ID("child-id", u->first->child_id), F_TEXT("verb", u->first->verb), F_BYTES("text", r->line));
        return;
    }
    log_end(d, u->first, r);
    job_free(u);
    begin(d);
    stop_check(d);
}

static void on_readable(uv_poll_t *poll, int status, int events)
{
    struct daemon *d = poll->data;
    (void)status;
    (void)events;
    while (d->updown->runner) {
        struct runner_report r = runner_read(d->updown->runner);
        if (r.kind == RUNNER_NOTHING)
            return;
        on_report(d, &r);
    }
}

bool updown_open(struct daemon *d, char *why, size_t why_len)
{
    struct updown *u = d->updown;
    if (runner_count(u->runner) == 0) {
        runner_end(u->runner);
        u->runner = NULL;
        return true;
    }
    u->poll.data = d;
    u->polling = runner_seal(u->runner) &&
                 uv_poll_init(&d->loop.uv, &u->poll, runner_fd(u->runner)) == 0 &&
                 uv_poll_start(&u->poll, UV_READABLE, on_readable) == 0;
    if (!u->polling)
        snprintf(why, why_len, "the process that runs updown commands could not be set up");
    return u->polling;
}

/* ---- when ------------------------------------------------------------------------------------ */

static void lose(const struct daemon *d, const struct ike_child_info *child, const char *why)
{
    LOG(&d->log, ERROR, DAEMON, "updown-lost", F_TEXT("child", child->name), F_ID("child-id", child->id),
        F_TEXT("text", why));
}

static void add_job(struct daemon *d, const struct updown_event *e, const struct selector *ours,
                    const struct selector *theirs)
{
    static char lines[RUNNER_VARIABLES_MAX];
    struct updown *u = d->updown;
    struct text t = text_make(lines, sizeof lines);
    updown_variables(&t, e, ours, theirs);
    if (t.cut) {
        lose(d, e->child, "what its command would be told is too long");
        return;
    }
    size_t name_len = strlen(e->child->name);
    struct job *job = u->count < JOBS_MAX ? calloc(1, sizeof *job + name_len + 1) : NULL;
    char *variables = job ? strdup(lines) : NULL;
    if (!variables) {
        lose(d, e->child, u->count < JOBS_MAX ? "out of memory" : "too many commands wait to be run");
        free(job);
        return;
    }
    memcpy(job->child, e->child->name, name_len);
    job->command = runner_find(u->runner, e->child->conf->updown);
    job->verb = updown_verb(e, ours);
    job->child_id = e->child->id;
    job->variables = variables;
    *u->last = job;
    u->last = &job->next;
    if (u->count++ == 0)
        begin(d);
}

static void add_jobs(struct daemon *d, bool up, const struct ike_sa_info *sa,
                     const struct ike_child_info *child)
{
    char interface[NET_DEVICE_MAX];
    if (!child->conf || !child->conf->updown)
        return;
    net_device_of(&sa->path.local.addr, interface);
    struct updown_event e = {up, sa, child, interface, d->plane_device};
    for (uint16_t i = 0; i < child->local_ts.count; i++)
        for (uint16_t k = 0; k < child->remote_ts.count; k++)
            if (d->updown->runner && updown_is_pair(&child->local_ts.at[i], &child->remote_ts.at[k]))
                add_job(d, &e, &child->local_ts.at[i], &child->remote_ts.at[k]);
}

static bool find_child(const struct daemon *d, const struct ike_tell *t, struct ike_child_info *child)
{
    for (*child = (struct ike_child_info){.id = 0};
         ike_engine_next_child(d->engine, t->ike_id, child->id, child);)
        if (child->id == t->child_id)
            return true;
    return false;
}

/* One that never came about has no gone_child, and an heir of one that did is no news. */
void updown_tell(struct daemon *d, const struct ike_tell *t)
{
    struct ike_sa_info sa;
    struct ike_child_info child;
    if (!d->updown->runner || d->mourning) /* updown_end has spoken for all that are left */
        return;
    if (t->kind == TELL_CHILD_DOWN && t->gone && t->gone_child)
        add_jobs(d, false, t->gone, t->gone_child);
    else if (t->kind == TELL_CHILD_UP && !t->again && ike_engine_find_sa(d->engine, t->ike_id, &sa) &&
             find_child(d, t, &child))
        add_jobs(d, true, &sa, &child);
}

/* ---- the end --------------------------------------------------------------------------------- */

/* The end of some was told; of a row of rekeys the last one stands for all. */
static bool has_gone(const struct daemon *d, const struct ike_child_info *child)
{
    bool gone = strcmp(child->state, "DELETED") == 0 || strcmp(child->state, "REKEYED") == 0;
    struct ike_child_info heir = {.id = child->id};
    while (!gone && ike_engine_next_child(d->engine, child->ike_id, heir.id, &heir))
        gone = heir.reqid == child->reqid;
    return gone;
}

void updown_end(struct daemon *d)
{
    struct ike_sa_info sa = {.id = 0};
    while (d->updown->runner && ike_engine_next_sa(d->engine, sa.id, &sa)) {
        struct ike_child_info child = {.id = 0};
        while (ike_engine_next_child(d->engine, sa.id, child.id, &child))
            if (!has_gone(d, &child))
                add_jobs(d, false, &sa, &child);
    }
}

bool updown_is_busy(const struct daemon *d)
{
    return d->updown->first != NULL;
}

void updown_close(struct daemon *d)
{
    struct updown *u = d->updown;
    if (!u)
        return;
    if (u->first)
        LOG(&d->log, WARN, DAEMON, "updown-unfinished", F_UINT("commands", u->count),
            F_TEXT("text", "the daemon ends before these were run to their end"));
    while (u->first)
        job_free(u);
    if (u->polling)
        uv_close((uv_handle_t *)&u->poll, NULL);
    runner_end(u->runner);
    u->runner = NULL;
}

void updown_free(struct daemon *d)
{
    free(d->updown);
    d->updown = NULL;
}
