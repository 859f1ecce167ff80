/*
 * watch: what happens, as it happens, until interrupted: monitor (SAs and failures), log (lines).
 *
 *     02:33:01  up      home #3         192.0.2.7:4500 (sun.example)  CURVE_25519 + ML_KEM_768
 *     02:33:01  up      home/net #3     10.1.0.0/16 <-> 10.2.0.0/16
 *     02:40:12  rekey   home #3 -> #4
 *     02:41:00  failed  home            no answer from the peer [TIMEOUT]
 */
#include "cli/client.h"
#include "cli/json.h"
#include "cli/look.h"

#include <stdio.h>
#include <time.h>

enum { TEXT_LEN = 1024 };

static void show_time(void)
{
    time_t now = time(NULL);
    struct tm tm;
    char text[16];
    strftime(text, sizeof text, "%H:%M:%S", localtime_r(&now, &tm));
    look_print(stdout, LOOK_DIM, "%s  ", text);
}

static void show_what(enum look look, const char *what, const char *name)
{
    show_time();
    look_print(stdout, look, "%-6s", what);
    printf("  %-20s  ", name);
}

/* ---- SAs ------------------------------------------------------------------------------------- */

static void show_ike(struct bytes conn, struct bytes sa, bool up)
{
    char name[TEXT_LEN], host[64], port[16], id[256], kex[TEXT_LEN];
    snprintf(name, sizeof name, "%.*s #%lld", (int)conn.len, (const char *)conn.at,
             (long long)vici_find_int(sa, "uniqueid", 0));
    show_what(up ? LOOK_GOOD : LOOK_WARN, up ? "up" : "down", name);
    client_text(sa, "remote-host", host, sizeof host);
    client_text(sa, "remote-port", port, sizeof port);
    client_text(sa, "remote-id", id, sizeof id);
    printf("%s:%s (%s)", host, port, id);
    client_join(sa, "key-exchanges", " + ", kex, sizeof kex);
    printf("%s%s\n", up && kex[0] ? "  " : "", up ? kex : "");
}

static void show_child(struct bytes conn, struct bytes child, bool up)
{
    char name[TEXT_LEN], own[256], ours[TEXT_LEN], theirs[TEXT_LEN];
    client_text(child, "name", own, sizeof own);
    snprintf(name, sizeof name, "%.*s/%s #%lld", (int)conn.len, (const char *)conn.at, own,
             (long long)vici_find_int(child, "uniqueid", 0));
    show_what(up ? LOOK_GOOD : LOOK_WARN, up ? "up" : "down", name);
    client_join(child, "local-ts", " ", ours, sizeof ours);
    client_join(child, "remote-ts", " ", theirs, sizeof theirs);
    printf(ours[0] ? "%s %s %s\n" : "\n", ours, look_both(), theirs);
}

/* Calls `each` for the sections directly inside; `only` names the ones that are wanted. */
static void for_sections(struct bytes message, const char *only, void *self,
                         void (*each)(void *self, struct bytes name, struct bytes content))
{
    struct vici_in in = vici_in_make(message);
    enum vici_element e;
    while ((e = vici_next(&in)) != VICI_END && e != VICI_BAD) {
        if (e == VICI_LIST_START)
            vici_skip(&in);
        if (e != VICI_SECTION_START)
            continue;
        struct bytes name = in.name, content = vici_content(&in);
        if (!only || bytes_equal(name, bytes_str(only)))
            each(self, name, content);
    }
}

struct updown {
    bool up, of_child;
    struct bytes conn;
};

static void each_child(void *self, struct bytes name, struct bytes content)
{
    struct updown *u = self;
    (void)name;
    show_child(u->conn, content, u->up);
}

static void each_children(void *self, struct bytes name, struct bytes content)
{
    (void)name;
    for_sections(content, NULL, self, each_child);
}

static void each_sa(void *self, struct bytes name, struct bytes content)
{
    struct updown *u = self;
    u->conn = name;
    if (u->of_child)
        for_sections(content, "child-sas", u, each_children);
    else
        show_ike(name, content, u->up);
}

static void show_updown(struct bytes message, bool of_child)
{
    struct updown u = {vici_find_bool(message, "up", false), of_child, BYTES_NONE};
    for_sections(message, NULL, &u, each_sa);
}

static void on_ike_updown(struct bytes message)
{
    show_updown(message, false);
}

static void on_child_updown(struct bytes message)
{
    show_updown(message, true);
}

static void show_rekey(const char *name, struct bytes content)
{
    show_what(LOOK_GOOD, "rekey", name);
    printf("#%lld %s #%lld\n", (long long)vici_find_int(content, "old.uniqueid", 0), look_right(),
           (long long)vici_find_int(content, "new.uniqueid", 0));
}

static void each_rekeyed(void *self, struct bytes name, struct bytes content)
{
    char text[TEXT_LEN];
    (void)self;
    snprintf(text, sizeof text, "%.*s", (int)name.len, (const char *)name.at);
    show_rekey(text, content);
}

static void on_ike_rekey(struct bytes message)
{
    for_sections(message, NULL, NULL, each_rekeyed);
}

static void each_rekeyed_children(void *self, struct bytes name, struct bytes content)
{
    (void)name;
    for_sections(content, NULL, self, each_rekeyed);
}

static void each_rekeyed_sa(void *self, struct bytes name, struct bytes content)
{
    (void)name;
    for_sections(content, "child-sas", self, each_rekeyed_children);
}

static void on_child_rekey(struct bytes message)
{
    for_sections(message, NULL, NULL, each_rekeyed_sa);
}

static void on_alert(struct bytes message)
{
    char name[TEXT_LEN], child[256], text[TEXT_LEN], reason[64], peer[64];
    client_text(message, "conn", name, sizeof name);
    client_text(message, "child", child, sizeof child);
    if (child[0])
        snprintf(name + strlen(name), sizeof name - strlen(name), "/%s", child);
    client_text(message, "text", text, sizeof text);
    client_text(message, "reason", reason, sizeof reason);
    client_text(message, "peer", peer, sizeof peer);
    show_what(reason[0] ? LOOK_BAD : LOOK_DIM, reason[0] ? "failed" : "waiting",
              name[0] ? name : "(nobody's)"); /* nothing has failed as long as there is no reason */
    printf("%s%s%s%s%s%s\n", text, reason[0] ? " [" : "", reason, reason[0] ? "]" : "",
           peer[0] ? " with " : "", peer);
}

static void on_log(struct bytes message)
{
    char group[16], text[4 * TEXT_LEN];
    show_time();
    printf("%s  %s\n", client_text(message, "group", group, sizeof group),
           client_text(message, "msg", text, sizeof text));
}

/* ---- both ------------------------------------------------------------------------------------ */

static const struct watched {
    const char *event;
    void (*show)(struct bytes message);
} sa_events[] = {
    {"ike-updown", on_ike_updown}, {"child-updown", on_child_updown}, {"ike-rekey", on_ike_rekey}, {"child-rekey", on_child_rekey}, {"alert", on_alert}, {NULL, NULL}},
  log_events[] = {{"log", on_log}, {NULL, NULL}};

struct watching {
    const struct watched *events;
    bool json;
};

static void show_json_line(struct bytes event, struct bytes message)
{
    time_t now = time(NULL);
    struct tm tm;
    char stamp[32];
    strftime(stamp, sizeof stamp, "%Y-%m-%dT%H:%M:%SZ", gmtime_r(&now, &tm));
    json_t *object = json_pack("{s:i, s:s, s:o, s:o}", "schema", 1, "time", stamp, "event",
                               json_from_bytes(event), "content", json_from_vici(message));
    json_dumpf(object, stdout, JSON_COMPACT);
    putchar('\n');
    json_decref(object);
}

static void on_event(void *self, struct bytes event, struct bytes message)
{
    const struct watching *w = self;
    for (const struct watched *x = w->events; x->event; x++) {
        if (!bytes_equal(event, bytes_str(x->event)))
            continue;
        if (w->json)
            show_json_line(event, message);
        else
            x->show(message);
        fflush(stdout);
    }
}

static enum exit_code watch(struct cli *cli, const struct watched *events)
{
    struct watching w = {events, false};
    struct client c;
    if (!cli_arguments(cli, NULL, NULL))
        return EXIT_USAGE;
    w.json = cli->json;
    enum exit_code code = client_open(&c, cli);
    for (const struct watched *x = events; code == EXIT_GOOD && x->event; x++)
        if (client_register(&c, x->event) > EXIT_FAILED)
            code = EXIT_BROKEN;
    if (code == EXIT_GOOD)
        code = client_listen(&c, on_event, &w);
    client_close(&c);
    return code;
}

enum exit_code cmd_monitor(struct cli *cli)
{
    return watch(cli, sa_events);
}

enum exit_code cmd_log(struct cli *cli)
{
    return watch(cli, log_events);
}
