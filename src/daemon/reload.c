/*
 * reload: see reload.h.
 */
#include "daemon/reload.h"

#include "config/diff.h"
#include "daemon/conns.h"
#include "daemon/creds.h"
#include "daemon/inquire.h"
#include "daemon/notify.h"
#include "daemon/pools.h"
#include "daemon/updown.h"

#include <stdlib.h>
#include <string.h>

/* Take connections, certificates and secrets over, and with them the load; false frees it. */
static bool adopt(struct daemon *d, struct loaded *l, struct problem_list *problems)
{
    struct wallet *w;
    const struct cred_sink sink = {.self = problems, .complain = problem_say};
    struct keyring *keys =
        keyring_of_files(d->options.conf_dir, &l->secrets, &l->sections, &l->authorities,
                         creds_of_clients(d), &sink, &w);
    bool ok = keys && creds_take_file(d, l, w);
    if (!ok) {
        loaded_free(l);
        keyring_free(keys);
        wallet_free(w);
    }
    if (ok)
        pools_take_file(d, l);
    ok = ok && conns_take_file(d, l, keys);
    if (ok)
        conns_settle(d);
    if (!keys)
        return false;
    if (ok && d->snapshot)
        return true;
    problem_add(problems, PROBLEM_ERROR, NULL, "out of memory");
    return false;
}

static void set_log(struct daemon *d, const struct conf_daemon *conf)
{
    static const enum log_subsystem subs[CONF_LOG_GROUPS] = {
        [CONF_LOG_DAEMON] = SUB_DAEMON,
        [CONF_LOG_IKE] = SUB_IKE,
        [CONF_LOG_NET] = SUB_NET,
        [CONF_LOG_PLANE] = SUB_PLANE,
        [CONF_LOG_CONFIG] = SUB_CONFIG,
        [CONF_LOG_VICI] = SUB_VICI,
    };
    _Static_assert(CONF_LOG_SILENT + 0 == LEVEL_SILENT + 0 && CONF_LOG_DEBUG + 0 == LEVEL_DEBUG + 0,
                   "the same levels");
    d->conf.log_format = conf->log_format;
    d->conf.log_default = conf->log_default;
    memcpy(d->conf.log, conf->log, sizeof d->conf.log);
    d->log.json = d->options.json || conf->log_format == CONF_LOG_JSON;
    for (size_t i = 0; i < CONF_LOG_GROUPS && !d->options.verbose; i++)
        d->log.level[subs[i]] = (enum log_level)conf->log[i];
}

bool reload_first(struct daemon *d, struct problem_list *problems)
{
    struct loaded *l = conns_open(d) && creds_open(d) && pools_open(d) && inquire_open(d)
                           ? config_load(d->options.conf_dir, problems)
                           : NULL;
    if (!l)
        return false;
    d->conf = l->daemon;
    strncat(d->plane_device, l->daemon.plane_device ? l->daemon.plane_device : "",
            sizeof d->plane_device - 1);
    d->conf.plane_device = d->plane_device;
    if (l->daemon.control_group) {
        strncat(d->control_group, l->daemon.control_group, sizeof d->control_group - 1);
        d->conf.control_group = d->control_group;
    }
    set_log(d, &l->daemon);
    if (updown_allow(d, l->config, problems))
        return adopt(d, l, problems);
    loaded_free(l);
    return false;
}

static void warn_if_fixed(void *self, const struct diff_line *line)
{
    struct problem_list *problems = self;
    if (line->note)
        problem_add(problems, PROBLEM_WARNING, NULL, "%s: %s instead of %s takes effect %s", line->key,
                    line->after[0] ? line->after : "nothing", line->before[0] ? line->before : "nothing", line->note);
}

/* Sockets, plane and the file of keys are opened once. */
static void take_settings(struct daemon *d, const struct conf_daemon *conf, struct problem_list *problems)
{
    size_t before = problems->warnings;
    set_log(d, conf);
    diff_daemon(&d->conf, conf, warn_if_fixed, problems);
    if (problems->warnings > before)
        LOG(&d->log, WARN, CONFIG, "restart-needed", F_UINT("settings", problems->warnings - before));
}

bool reload(struct daemon *d, struct problem_list *problems)
{
    struct loaded *l = config_load(d->options.conf_dir, problems);
    if (!l || !updown_check(d, l->config, problems)) {
        loaded_free(l);
        return false;
    }
    if (!adopt(d, l, problems))
        return false;
    take_settings(d, &l->daemon, problems);
    LOG(&d->log, NOTICE, CONFIG, "loaded", F_UINT("serial", daemon_config(d)->serial),
        F_UINT("connections", daemon_config(d)->conn_count), F_UINT("secrets", creds_count(d)));
    return true;
}

bool reload_settings(struct daemon *d, struct problem_list *problems)
{
    struct loaded *l = config_load_settings(d->options.conf_dir, problems);
    if (!l)
        return false;
    take_settings(d, &l->daemon, problems);
    conns_take_settings(d, &l->config->engine);
    conns_settle(d);
    loaded_free(l);
    LOG(&d->log, NOTICE, CONFIG, "settings-loaded", F_UINT("serial", daemon_config(d)->serial));
    return true;
}

void reload_log_problems(const struct daemon *d, const struct problem_list *problems)
{
    for (const struct problem *p = problems->first; p; p = p->next) {
        char *text = problem_text(p, false);
        if (p->kind == PROBLEM_ERROR)
            LOG(&d->log, ERROR, CONFIG, "problem", F_TEXT("text", text));
        else
            LOG(&d->log, WARN, CONFIG, "problem", F_TEXT("text", text));
        free(text);
    }
}

void reload_and_log(struct daemon *d)
{
    struct problem_list problems;
    problem_list_init(&problems);
    notify_send("RELOADING=1");
    bool ok = reload(d, &problems);
    reload_log_problems(d, &problems);
    if (!ok)
        LOG(&d->log, ERROR, CONFIG, "not-loaded", F_UINT("errors", problems.errors),
            F_TEXT("text", "the old configuration stays in force"));
    problem_list_free(&problems);
    notify_send("READY=1");
}

void reload_free_all(struct daemon *d)
{
    conns_close(d);
    creds_close(d);
    pools_close(d);
    inquire_close(d);
}
