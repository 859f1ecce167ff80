/*
 * commands_load: requests that bring or take configuration and credentials, and list what was
 * brought. What they carry is read by vici/read.c; where it goes is the business of conns, creds
 * and pools.
 */
#include "daemon/commands.h"

#include "daemon/conns.h"
#include "daemon/creds.h"
#include "daemon/pools.h"
#include "vici/read.h"

#include <stdio.h>
#include <stdlib.h>

/* ---- requests made of one section for each thing to be loaded -------------------------------- */

/* The next section at the top. False: the end, or something else stands there, which is refused. */
static bool next_section(struct vici_in *in, struct vici_refusal *why)
{
    enum vici_element e = vici_next(in);
    if (e == VICI_SECTION_START)
        return true;
    if (e != VICI_END)
        snprintf(why->text, sizeof why->text, "parsing request failed");
    return false;
}

static void answer_refusal(struct session *s, const struct vici_refusal *why)
{
    if (why->text[0] == '\0')
        session_succeed(s);
    else
        session_fail(s, why->text);
}

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

static void log_problems(const struct daemon *d, const struct problem_list *problems)
{
    for (const struct problem *p = problems->first; p; p = p->next) {
        char *text = problem_text(p, false);
        LOG(&d->log, WARN, CONFIG, "problem", F_TEXT("text", text ? text : "out of memory"));
        free(text);
    }
}

static void cmd_load_conn(struct session *s, struct bytes message)
{
    struct vici_in in = vici_in_make(message);
    struct vici_refusal why = {""};
    struct problem_list problems;
    problem_list_init(&problems);
    while (why.text[0] == '\0' && next_section(&in, &why)) {
        struct bytes name = in.name;
        struct config *c = vici_read_conn(name, vici_content(&in), &problems, &why);
        if (c && !conns_put(s->d, c))
            snprintf(why.text, sizeof why.text, "out of memory");
    }
    log_problems(s->d, &problems);
    answer_problems(s, &why, &problems);
    problem_list_free(&problems);
}

static void fail_named(struct session *s, const char *format, struct bytes name)
{
    char text[400];
    snprintf(text, sizeof text, "%s: %s '%.*s' not found", "unload", format,
             name.len < 256 ? (int)name.len : 256, (const char *)name.at);
    session_fail(s, text);
}

static void cmd_unload_conn(struct session *s, struct bytes message)
{
    struct bytes name = request_text(message, "name");
    if (name.len == 0)
        session_fail(s, "unload: missing connection name");
    else if (!conns_remove(s->d, name))
        fail_named(s, "connection", name);
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

/* ---- shared secrets -------------------------------------------------------------------------- */

static void cmd_load_shared(struct session *s, struct bytes message)
{
    struct vici_shared shared;
    struct vici_refusal why = {""};
    if (vici_read_shared(message, &shared, &why) && !creds_put(s->d, &shared))
        snprintf(why.text, sizeof why.text, "out of memory");
    answer_refusal(s, &why);
}

static void cmd_unload_shared(struct session *s, struct bytes message)
{
    struct bytes id = request_text(message, "id");
    if (id.len == 0) {
        session_fail(s, "unique identifier missing");
        return;
    }
    creds_remove(s->d, id);
    session_succeed(s);
}

static void cmd_get_shared(struct session *s, struct bytes message)
{
    size_t at = 0;
    const char *id;
    (void)message;
    struct vici_out *o = session_answer(s);
    vici_list(o, "keys");
    while ((id = creds_next_id(s->d, &at)) != NULL)
        vici_item_str(o, id);
    vici_list_end(o);
    session_send_answer(s);
}

static void cmd_clear_creds(struct session *s, struct bytes message)
{
    (void)message;
    creds_clear(s->d);
    session_succeed(s);
}

/* ---- certificates and keys, as far as there are any ------------------------------------------ */

static void refuse_after(struct session *s, struct bytes message,
                         bool (*check)(struct bytes message, struct vici_refusal *why),
                         const char *otherwise)
{
    struct vici_refusal why = {""};
    session_fail(s, check(message, &why) ? otherwise : why.text);
}

static void cmd_load_cert(struct session *s, struct bytes message)
{
    refuse_after(s, message, vici_check_cert,
                 "certificates over the control socket are not supported yet");
}

static void cmd_load_key(struct session *s, struct bytes message)
{
    refuse_after(s, message, vici_check_key,
                 "private keys over the control socket are not supported yet");
}

static void cmd_unload_key(struct session *s, struct bytes message)
{
    session_fail(s, request_text(message, "id").len > 0 ? "key not found" : "key id missing");
}

static void cmd_get_keys(struct session *s, struct bytes message)
{
    (void)message;
    struct vici_out *o = session_answer(s);
    vici_list(o, "keys");
    vici_list_end(o);
    session_send_answer(s);
}

static void cmd_load_token(struct session *s, struct bytes message)
{
    session_fail(s, request_text(message, "handle").len > 0 ? "loading private key from token failed"
                                                            : "keyid missing");
}

static void cmd_flush_certs(struct session *s, struct bytes message)
{
    struct vici_refusal why = {""};
    (void)vici_check_cert_type(message, &why);
    answer_refusal(s, &why);
}

/* ---- authorities ----------------------------------------------------------------------------- */

static void cmd_load_authority(struct session *s, struct bytes message)
{
    struct vici_in in = vici_in_make(message);
    struct vici_refusal why = {""};
    while (why.text[0] == '\0' && next_section(&in, &why)) {
        struct bytes name = in.name;
        if (vici_check_authority(name, vici_content(&in), &why))
            snprintf(why.text, sizeof why.text,
                     "authorities over the control socket are not supported yet");
    }
    answer_refusal(s, &why);
}

static void cmd_unload_authority(struct session *s, struct bytes message)
{
    struct bytes name = request_text(message, "name");
    if (name.len == 0)
        session_fail(s, "unload: missing authority name");
    else
        fail_named(s, "authority", name);
}

static void cmd_get_authorities(struct session *s, struct bytes message)
{
    (void)message;
    struct vici_out *o = session_answer(s);
    vici_list(o, "authorities");
    vici_list_end(o);
    session_send_answer(s);
}

/* ---- pools ----------------------------------------------------------------------------------- */

static void cmd_load_pool(struct session *s, struct bytes message)
{
    struct vici_in in = vici_in_make(message);
    struct vici_refusal why = {""};
    while (why.text[0] == '\0' && next_section(&in, &why)) {
        struct conf_pool pool;
        struct bytes name = in.name;
        if (vici_read_pool(name, vici_content(&in), &pool, &why) && !pools_put(s->d, &pool))
            snprintf(why.text, sizeof why.text, "too many pools");
    }
    answer_refusal(s, &why);
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
    {"load-shared", cmd_load_shared},
    {"unload-shared", cmd_unload_shared},
    {"get-shared", cmd_get_shared},
    {"clear-creds", cmd_clear_creds},
    {"load-cert", cmd_load_cert},
    {"load-key", cmd_load_key},
    {"unload-key", cmd_unload_key},
    {"get-keys", cmd_get_keys},
    {"load-token", cmd_load_token},
    {"flush-certs", cmd_flush_certs},
    {"load-authority", cmd_load_authority},
    {"unload-authority", cmd_unload_authority},
    {"get-authorities", cmd_get_authorities},
    {"load-pool", cmd_load_pool},
    {"unload-pool", cmd_unload_pool},
    {"get-pools", cmd_get_pools},
    {NULL, NULL},
};
