/*
 * commands_policy: requests about policies without an SA.
 */
#include "daemon/commands.h"

#include "daemon/conns.h"
#include "daemon/report.h"
#include "daemon/standby.h"

#include <stdio.h>

enum { TEXT_LEN = 512 };

/* ---- list-policies --------------------------------------------------------------------------- */

static bool next_trap(struct session *s)
{
    struct list *l = &s->list;
    struct standby_info trap;
    if (!standby_next(s->d, l->after, &trap))
        return false;
    l->after = trap.id;
    if ((l->ike[0] != '\0' && strcmp(l->ike, trap.conn) != 0) ||
        (l->child[0] != '\0' && strcmp(l->child, trap.child) != 0))
        return true;
    report_trap(event_begin(s->d, EVENT_LIST_POLICY), &trap);
    event_send_to(s);
    return true;
}

static bool next_nothing(struct session *s)
{
    (void)s;
    return false;
}

/* Kinds are wished for by the mere presence of a key; of `drop` and `pass` there are none. */
static void cmd_list_policies(struct session *s, struct bytes message)
{
    struct bytes value;
    bool traps = vici_find(message, "trap", &value);
    conns_settle(s->d);
    list_begin_named(s, message, EVENT_LIST_POLICY, traps ? next_trap : next_nothing);
}

/* ---- install, uninstall ---------------------------------------------------------------------- */

/* The first connection that has the child, if no connection is named. */
static const struct conf_conn *find_conn(const struct daemon *d, struct bytes ike,
                                         struct bytes child, const struct conf_child **found)
{
    const struct config *c = daemon_config(d);
    for (uint16_t i = 0; i < c->conn_count; i++) {
        if (ike.len > 0 && !bytes_equal(ike, bytes_str(c->conn[i].name)))
            continue;
        *found = config_child(&c->conn[i], child);
        if (*found)
            return &c->conn[i];
    }
    return NULL;
}

static void cmd_install(struct session *s, struct bytes message)
{
    struct bytes child = request_text(message, "child");
    const struct conf_child *found = NULL;
    char why[TEXT_LEN / 2] = "", text[TEXT_LEN];
    if (child.len == 0) {
        session_fail(s, "missing configuration name");
        return;
    }
    conns_settle(s->d);
    const struct conf_conn *conn = find_conn(s->d, request_text(message, "ike"), child, &found);
    if (!conn) {
        session_fail(s, "configuration name not found");
        return;
    }
    if (standby_install(s->d, conn->name, found->name, why, sizeof why)) {
        session_succeed(s);
        return;
    }
    snprintf(text, sizeof text, "installing policy '%.200s' failed: %s", found->name, why);
    session_fail(s, text);
}

static void cmd_uninstall(struct session *s, struct bytes message)
{
    struct bytes child = request_text(message, "child");
    char text[TEXT_LEN];
    snprintf(text, sizeof text, "policy '%.*s' not found", child.len < 256 ? (int)child.len : 256,
             child.at ? (const char *)child.at : "");
    if (child.len == 0)
        session_fail(s, "missing configuration name");
    else if (standby_uninstall(s->d, request_text(message, "ike"), child))
        session_succeed(s);
    else
        session_fail(s, text);
}

/* ---- the table ------------------------------------------------------------------------------- */

const struct command commands_policy[] = {
    {"list-policies", cmd_list_policies},
    {"install", cmd_install},
    {"uninstall", cmd_uninstall},
    {NULL, NULL},
};
