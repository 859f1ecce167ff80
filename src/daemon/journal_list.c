/*
 * journal_list: see journal_list.h.
 *
 * First the configured connections in their order, then those that the journal remembers beyond
 * them: removed ones, and the strangers under the name "".
 */
#include "daemon/journal_list.h"

#include "daemon/facts.h"
#include "daemon/journal.h"
#include "vici/names.h"

#include <stdio.h>

static uint64_t ago(ike_time at)
{
    ike_time now = loop_now();
    return now > at ? (now - at) / IKE_SECOND : 0;
}

static void key_if(struct vici_out *o, const char *key, const char *value)
{
    if (value[0] != '\0')
        vici_key_str(o, key, value);
}

static void report_failure(struct vici_out *o, const struct journal_failure *f, bool with_facts)
{
    bool known = f->reason != IKE_REASON_NONE;
    vici_key_uint(o, "ago", ago(f->at));
    vici_key_uint(o, "times", f->times);
    if (known)
        vici_key_str(o, "reason", ike_reason_name(f->reason));
    vici_key_str(o, "text", known ? ike_reason_text(f->reason) : f->detail);
    key_if(o, "notify", f->notify);
    key_if(o, "child", f->child);
    key_if(o, "peer", f->peer);
    key_if(o, "identity", f->identity);
    if (known)
        key_if(o, "detail", f->detail);
    if (with_facts)
        facts_report(o, f->facts);
}

static void report_failures(struct vici_out *o, const struct journal *j, bool brief)
{
    unsigned number = 0;
    vici_section(o, "failures");
    for (const struct journal_failure *f = j->failures; f && !(brief && number > 0); f = f->next) {
        char name[16];
        snprintf(name, sizeof name, "%u", ++number);
        vici_section(o, name);
        report_failure(o, f, !brief);
        vici_section_end(o);
    }
    vici_section_end(o);
}

static void report_success(struct vici_out *o, const struct journal_success *s)
{
    if (s->at == 0)
        return;
    vici_section(o, "success");
    vici_key_uint(o, "ago", ago(s->at));
    key_if(o, "child", s->child);
    key_if(o, "peer", s->peer);
    key_if(o, "identity", s->identity);
    key_if(o, "key-exchanges", s->key_exchanges);
    vici_key_bool(o, "quantum-safe", s->quantum_safe);
    key_if(o, "local-id", s->local_id);
    if (s->auth_ours && s->auth_theirs) {
        vici_key_str(o, "local-auth", s->auth_ours);
        vici_key_str(o, "remote-auth", s->auth_theirs);
    }
    vici_key_bool(o, "fragmentation", s->fragmentation);
    if (s->cookie)
        vici_key_bool(o, "cookie", true);
    if (s->method_asked)
        vici_key_str(o, "method-asked", s->method_asked);
    vici_section_end(o);
}

/* Is there an SA of it? Only asked about single connections. */
static bool is_up(const struct daemon *d, const char *conn)
{
    struct ike_sa_info sa = {.id = 0};
    while (ike_engine_next_sa(d->engine, sa.id, &sa))
        if (sa.conn && strcmp(sa.conn, conn) == 0 && sa.established_at != 0)
            return true;
    return false;
}

static void send_one(struct session *s, const char *conn, const struct journal *j, bool configured)
{
    bool brief = s->list.child_id != 0;
    struct vici_out *o = event_begin(s->d, EVENT_EXPLAINED);
    vici_section(o, conn);
    vici_key_bool(o, "configured", configured);
    if (!brief)
        vici_key_bool(o, "up", is_up(s->d, conn));
    if (j) {
        report_success(o, &j->success);
        report_failures(o, j, brief);
    }
    vici_section_end(o);
    event_send_to(s);
}

/* ---- which ----------------------------------------------------------------------------------- */

/* "192.0.2.7" means "192.0.2.7:500", too. */
static bool is_address(const char *peer, const char *wanted)
{
    size_t len = strlen(wanted);
    const char *at = peer[0] == '[' ? peer + 1 : peer;
    return strcmp(peer, wanted) == 0 ||
           (strncmp(at, wanted, len) == 0 && (at[len] == ':' || at[len] == ']'));
}

static bool is_about(const struct journal *j, const char *wanted)
{
    for (const struct journal_failure *f = j->failures; f; f = f->next)
        if (is_address(f->peer, wanted) || strcmp(f->identity, wanted) == 0 ||
            (f->child[0] != '\0' && strcmp(f->child, wanted) == 0))
            return true;
    return j->success.at != 0 &&
           (is_address(j->success.peer, wanted) || strcmp(j->success.identity, wanted) == 0 ||
            strcmp(j->success.child, wanted) == 0);
}

static bool is_wanted(const struct session *s, const char *conn, const struct journal *j)
{
    const char *wanted = s->list.ike;
    if (wanted[0] == '\0' || strcmp(wanted, conn) == 0)
        return true;
    if (strcmp(wanted, "last") == 0)
        return j && j == s->d->journal;
    return j && is_about(j, wanted);
}

static bool next(struct session *s)
{
    const struct config *c = daemon_config(s->d);
    uint32_t index = s->list.after++, beyond = c->conn_count;
    if (index < c->conn_count) {
        const char *name = c->conn[index].name;
        const struct journal *j = journal_find(s->d, name);
        if (is_wanted(s, name, j))
            send_one(s, name, j, true);
        return true;
    }
    const struct journal *j = s->d->journal;
    for (; j && beyond < index; beyond++)
        j = j->next;
    if (!j)
        return false;
    if (!config_conn(c, bytes_str(j->conn)) && is_wanted(s, j->conn, j))
        send_one(s, j->conn, j, false);
    return true;
}

void journal_list(struct session *s, struct bytes message)
{
    struct bytes name = BYTES_NONE;
    vici_find(message, "name", &name);
    s->list = (struct list){.next = next, .child_id = vici_find_bool(message, "brief", false)};
    snprintf(s->list.ike, sizeof s->list.ike, "%.*s", (int)name.len, (const char *)name.at);
    if (session_wants(s, EVENT_EXPLAINED)) {
        session_advance(s);
        return;
    }
    s->list.next = NULL;
    session_fail(s, "the event explained is not registered");
}
