/*
 * reload: see reload.h.
 */
#include "daemon/reload.h"

#include "daemon/effects.h"
#include "daemon/notify.h"
#include "daemon/start.h"

#include <stdlib.h>

/* Take snapshot and secrets over. On failure nothing has changed. */
static bool adopt(struct daemon *d, struct loaded *l)
{
    struct snapshot *s = calloc(1, sizeof *s);
    struct cred_store *creds = cred_store_new(&l->secrets);
    if (!s || !creds) {
        free(s);
        cred_store_free(creds);
        return false;
    }
    s->config = l->config;
    l->config = NULL;
    s->config->serial = d->snapshot ? d->snapshot->config->serial + 1 : 1;
    s->older = d->snapshot;
    d->snapshot = s;
    cred_store_free(d->creds);
    d->creds = creds;
    return true;
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
    for (size_t i = 0; i < CONF_LOG_GROUPS && !d->options.verbose; i++)
        d->log.level[subs[i]] = (enum log_level)conf->log[i];
}

bool reload_first(struct daemon *d, struct problem_list *problems)
{
    struct loaded *l = config_load(d->options.conf_dir, problems);
    if (!l)
        return false;
    bool ok = adopt(d, l);
    if (ok) {
        d->conf = l->daemon;
        strncat(d->plane_device, l->daemon.plane_device ? l->daemon.plane_device : "",
                sizeof d->plane_device - 1);
        d->conf.plane_device = d->plane_device;
        set_log(d, &l->daemon);
    } else {
        problem_add(problems, PROBLEM_ERROR, NULL, "out of memory");
    }
    loaded_free(l);
    return ok;
}

/* Sockets and plane are opened once. */
static void warn_of_fixed(const struct daemon *d, const struct conf_daemon *conf)
{
    bool changed = conf->port != d->conf.port || conf->port_nat_t != d->conf.port_nat_t ||
                   conf->plane != d->conf.plane || conf->plane_mtu != d->conf.plane_mtu ||
                   (conf->plane_device && strcmp(conf->plane_device, d->plane_device) != 0);
    if (changed)
        LOG(&d->log, WARN, CONFIG, "restart-needed",
            F_TEXT("text", "changed ports or data plane settings take effect at the next start"));
}

bool reload(struct daemon *d, struct problem_list *problems)
{
    struct loaded *l = config_load(d->options.conf_dir, problems);
    if (!l)
        return false;
    bool ok = adopt(d, l);
    if (!ok)
        problem_add(problems, PROBLEM_ERROR, NULL, "out of memory");
    else
        set_log(d, &l->daemon);
    warn_of_fixed(d, &l->daemon);
    loaded_free(l);
    if (!ok)
        return false;
    d->sa_gone = true; /* perhaps no SA used the old one */
    struct ike_order order = {.kind = ORDER_CONFIG, .config = daemon_config(d)};
    (void)effects_order(d, &order);
    start_update(d);
    LOG(&d->log, NOTICE, CONFIG, "loaded", F_UINT("serial", daemon_config(d)->serial),
        F_UINT("connections", daemon_config(d)->conn_count), F_UINT("secrets", cred_store_count(d->creds)));
    return true;
}

void reload_and_log(struct daemon *d)
{
    struct problem_list problems;
    problem_list_init(&problems);
    notify_send("RELOADING=1");
    bool ok = reload(d, &problems);
    for (const struct problem *p = problems.first; p; p = p->next) {
        char *text = problem_text(p, false);
        if (p->kind == PROBLEM_ERROR)
            LOG(&d->log, ERROR, CONFIG, "problem", F_TEXT("text", text));
        else
            LOG(&d->log, WARN, CONFIG, "problem", F_TEXT("text", text));
        free(text);
    }
    if (!ok)
        LOG(&d->log, ERROR, CONFIG, "not-loaded", F_UINT("errors", problems.errors),
            F_TEXT("text", "the old configuration stays in force"));
    problem_list_free(&problems);
    notify_send("READY=1");
}

/* ---- old snapshots --------------------------------------------------------------------------- */

static void free_from(struct snapshot **at)
{
    while (*at) {
        struct snapshot *s = *at;
        *at = s->older;
        config_free(s->config);
        free(s);
    }
}

void reload_free_old(struct daemon *d)
{
    if (!d->sa_gone || !d->snapshot || !d->snapshot->older)
        return;
    d->sa_gone = false;
    uint64_t oldest = ike_engine_oldest_config(d->engine);
    struct snapshot **at = &d->snapshot->older;
    while (*at && (*at)->config->serial >= oldest)
        at = &(*at)->older;
    free_from(at);
}

void reload_free_all(struct daemon *d)
{
    free_from(&d->snapshot);
    cred_store_free(d->creds);
    d->creds = NULL;
}
