/*
 * commands_load: requests that bring or take connections and pools, and list what was brought. What
 * they carry is read by vici/read.c; where it goes is the business of conns and pools.
 */
#include "daemon/commands.h"

#include "daemon/conns.h"
#include "daemon/pools.h"
#include "daemon/request.h"
#include "daemon/updown.h"
#include "vici/read.h"

#include <stdio.h>
#include <stdlib.h>

/* ---- connections ----------------------------------------------------------------------------- */

/* Our own key beside errmsg: each problem as `braid check` says it. */
static void answer_problems(struct session *s, const struct vici_refusal *why,
                            const struct problem_list *problems)
{
    bool ok = why->text[0] == '\0';
    struct vici_out *o = session_answer(s);
    vici_key_bool(o, "success", ok);
    if (!ok)
        vici_key_str(o, "errmsg", why->text);
    if (problems->first)
        vici_list(o, "problems");
    for (const struct problem *p = problems->first; p; p = p->next) {
        char *text = problem_text(p, false);
        vici_item_str(o, text ? text : "out of memory");
        free(text);
    }
    if (problems->first)
        vici_list_end(o);
    session_send_answer(s);
}

static void cmd_load_conn(struct session *s, struct bytes message)
{
    struct vici_in in = vici_in_make(message);
    struct vici_refusal why = {""};
    struct problem_list problems;
    problem_list_init(&problems);
    while (why.text[0] == '\0' && request_section(&in, &why)) {
        struct bytes name = in.name;
        struct loaded *l = vici_read_conn(name, vici_content(&in), &problems, &why);
        if (l && !updown_check(s->d, l->config, &problems))
            request_refuse(&why, "updown of connection %.*s names a command that braidd did not know of when "
                                 "it started: it needs a restart of braidd",
                           name.len < 256 ? (int)name.len : 256, (const char *)name.at);
        struct keyring *keys = l && why.text[0] == '\0' ? request_keys(s->d, l, &problems, &why) : NULL;
        if (keys && !conns_put(s->d, l->config, keys))
            snprintf(why.text, sizeof why.text, "out of memory");
        if (keys)
            l->config = NULL;
        loaded_free(l);
    }
    request_log_problems(s->d, &problems);
    answer_problems(s, &why, &problems);
    problem_list_free(&problems);
}

static void cmd_unload_conn(struct session *s, struct bytes message)
{
    struct bytes name = request_text(message, "name");
    if (name.len == 0)
        session_fail(s, "unload: missing connection name");
    else if (!conns_remove(s->d, name))
        request_fail_unload(s, "connection", name);
    else
        session_succeed(s);
}

static void cmd_get_conns(struct session *s, struct bytes message)
{
    (void)message;
    conns_settle(s->d);
    const struct config *c = daemon_config(s->d);
    struct vici_out *o = session_answer(s);
    vici_list(o, "conns");
    for (uint16_t i = 0; i < c->conn_count; i++)
        vici_item_str(o, c->conn[i].name);
    vici_list_end(o);
    session_send_answer(s);
}

/* ---- pools ----------------------------------------------------------------------------------- */

static void cmd_load_pool(struct session *s, struct bytes message)
{
    struct vici_in in = vici_in_make(message);
    struct vici_refusal why = {""};
    while (why.text[0] == '\0' && request_section(&in, &why)) {
        struct conf_pool pool;
        struct bytes name = in.name;
        if (vici_read_pool(name, vici_content(&in), &pool, &why) && !pools_put(s->d, &pool))
            snprintf(why.text, sizeof why.text, "too many pools");
    }
    request_answer(s, &why);
}

static void cmd_unload_pool(struct session *s, struct bytes message)
{
    struct bytes name = request_text(message, "name");
    char text[400];
    if (name.len == 0) {
        session_fail(s, "missing pool name to unload");
        return;
    }
    snprintf(text, sizeof text, "%.*s not found", name.len < 256 ? (int)name.len : 256,
             (const char *)name.at);
    if (pools_remove(s->d, name))
        session_succeed(s);
    else
        session_fail(s, text);
}

static void cmd_get_pools(struct session *s, struct bytes message)
{
    const struct conf_pool *p;
    struct bytes name = request_text(message, "name");
    bool leases = vici_find_bool(message, "leases", false);
    struct vici_out *o = session_answer(s);
    for (size_t i = 0; (p = pools_at(s->d, i)) != NULL; i++) {
        if (name.len > 0 && !bytes_equal(name, bytes_str(p->name)))
            continue;
        vici_section(o, p->name);
        vici_key_str(o, "base", p->base);
        vici_key_uint(o, "size", p->size);
        vici_key_uint(o, "online", 0);
        vici_key_uint(o, "offline", 0);
        if (leases) {
            vici_section(o, "leases");
            vici_section_end(o);
        }
        vici_section_end(o);
    }
    session_send_answer(s);
}

/* ---- the table ------------------------------------------------------------------------------- */

const struct command commands_load[] = {
    {"load-conn", cmd_load_conn},
    {"unload-conn", cmd_unload_conn},
    {"get-conns", cmd_get_conns},
    {"load-pool", cmd_load_pool},
    {"unload-pool", cmd_unload_pool},
    {"get-pools", cmd_get_pools},
    {NULL, NULL},
};
