/*
 * preview: see preview.h.
 */
#include "daemon/preview.h"

#include "config/diff.h"
#include "config/owner.h"
#include "cred/inventory.h"
#include "daemon/conns.h"
#include "daemon/creds.h"

#include <stdio.h>
#include <stdlib.h>

enum { CHANGES_MAX = 2000 }; /* in an answer; the rest is counted */

struct previewing {
    struct daemon *d;
    struct vici_out *o;
    uint32_t count;
    const char *last; /* connection whose SAs were listed */
};

/* ---- SAs ------------------------------------------------------------------------------------- */

/* Does this SA's connection change, or may it use the secret that does? */
static bool is_touched(const struct previewing *p, const struct ike_sa_info *sa,
                       const struct diff_line *line)
{
    if (!sa->conn)
        return false;
    if (line->conn)
        return strcmp(sa->conn, line->conn) == 0;
    const struct conf_conn *c = config_conn(daemon_config(p->d), bytes_str(sa->conn));
    return line->secret && line->kind != DIFF_ADDED && c && owner_secret_may_serve(line->secret, c);
}

/* They go on with what they were set up with. */
static void list_sas(struct previewing *p, const struct diff_line *line)
{
    struct ike_sa_info sa = {.id = 0};
    vici_list(p->o, "ike-sas");
    while (ike_engine_next_sa(p->d->engine, sa.id, &sa)) {
        char id[16];
        if (!is_touched(p, &sa, line))
            continue;
        snprintf(id, sizeof id, "%u", sa.id);
        vici_item_str(p->o, id);
    }
    vici_list_end(p->o);
}

/* ---- changes --------------------------------------------------------------------------------- */

static void key_if(struct vici_out *o, const char *key, const char *value)
{
    if (value)
        vici_key_str(o, key, value);
}

static void on_line(void *self, const struct diff_line *line)
{
    static const char *const kinds[] = {
        [DIFF_ADDED] = "add", [DIFF_REMOVED] = "remove", [DIFF_CHANGED] = "change"};
    struct previewing *p = self;
    char number[16];
    if (line->kind == DIFF_REMOVED && line->conn && !line->child &&
        !conns_is_from_file(p->d, line->conn))
        return; /* a client has loaded it; it stays */
    if (p->count++ >= CHANGES_MAX)
        return;
    snprintf(number, sizeof number, "%u", p->count);
    vici_section(p->o, number);
    vici_key_str(p->o, "kind", kinds[line->kind]);
    key_if(p->o, "conn", line->conn);
    key_if(p->o, "child", line->child);
    key_if(p->o, "key", line->key);
    key_if(p->o, "before", line->before);
    key_if(p->o, "after", line->after);
    key_if(p->o, "note", line->note);
    bool is_new = line->kind == DIFF_ADDED && !line->child;
    bool is_next = line->conn && line->conn != p->last;
    if ((is_next || line->secret) && !is_new)
        list_sas(p, line);
    p->last = line->conn;
    vici_section_end(p->o);
}

static void list_problems(struct vici_out *o, const struct problem_list *problems)
{
    vici_list(o, "problems");
    for (const struct problem *p = problems->first; p; p = p->next) {
        char *text = problem_text(p, false);
        vici_item_str(o, text ? text : "out of memory");
        free(text);
    }
    vici_list_end(o);
}

static void on_credential(void *self, bool is_new, const char *text)
{
    on_line(self, &(struct diff_line){.kind = is_new ? DIFF_ADDED : DIFF_REMOVED, .key = text});
}

static void compare_all(struct previewing *p, const struct loaded *l, const struct wallet *w)
{
    const struct loaded *now = creds_file(p->d);
    diff_configs(daemon_config(p->d), l->config, on_line, p);
    diff_daemon(&p->d->conf, &l->daemon, on_line, p);
    if (!now)
        return;
    diff_sections(&now->sections, &l->sections, on_line, p);
    diff_secrets(&now->secrets, &l->secrets, on_line, p);
    inventory_compare(creds_of_files(p->d), w, on_credential, p);
}

void preview(struct session *s, struct bytes message)
{
    struct problem_list problems;
    struct bytes dir = BYTES_NONE;
    char path[4096];
    vici_find(message, "dir", &dir);
    snprintf(path, sizeof path, "%.*s", (int)dir.len, (const char *)dir.at);
    problem_list_init(&problems);
    const char *from = path[0] ? path : s->d->options.conf_dir;
    struct loaded *l = config_load(from, &problems);
    const struct cred_sink sink = {.self = &problems, .complain = problem_say};
    struct wallet *w = NULL;
    struct keyring *keys = l ? keyring_of_files(from, &l->secrets, &l->sections, &l->authorities,
                                                creds_of_clients(s->d), &sink, &w)
                             : NULL;
    struct vici_out *o = session_answer(s);
    vici_key_bool(o, "success", keys != NULL);
    if (!keys)
        vici_keyf(o, "errmsg", "the configuration has %zu error%s; a reload would change nothing",
                  problems.errors, problems.errors == 1 ? "" : "s");
    list_problems(o, &problems);
    if (keys) {
        struct previewing p = {.d = s->d, .o = o};
        vici_section(o, "changes");
        compare_all(&p, l, w);
        vici_section_end(o);
        vici_key_uint(o, "count", p.count);
    }
    session_send_answer(s);
    loaded_free(l);
    keyring_free(keys); /* after the configuration, which refers to it */
    wallet_free(w);
    problem_list_free(&problems);
}
