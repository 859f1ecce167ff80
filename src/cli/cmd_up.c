/*
 * up: set up a child, or a connection with all its children, and show each exchange as it is
 * carried out:
 *
 *     IKE_SA_INIT  0  x25519      → 432 B   ← 448 B    1+1 datagrams    3.2 ms
 *     ...
 *     tunnel 'net' up: CURVE_25519 + ML_KEM_768 + ECP_384, quantum-safe
 *
 * The lines come from `progress` events; a daemon that does not know them still brings the tunnel
 * up, only without the lines.
 */
#include "cli/client.h"
#include "cli/look.h"
#include "cli/progress.h"

#include <stdio.h>
#include <signal.h>
#include <stdlib.h>
#include <unistd.h>

enum { TEXT_LEN = 512,
       TARGETS_MAX = 64 };

/* What is to be brought up. An empty child: the IKE SA alone. */
struct target {
    char conn[VICI_NAME_MAX + 1], child[VICI_NAME_MAX + 1];
};

struct targets {
    const char *name; /* as the user wrote it: CHILD, CONN or CONN/CHILD */
    struct target at[TARGETS_MAX];
    size_t count;
    bool is_conn; /* the name is that of a connection */
};

/* ---- what does the name mean ----------------------------------------------------------------- */

static void copy_name(char to[VICI_NAME_MAX + 1], struct bytes name)
{
    memcpy(to, name.at, name.len);
    to[name.len] = '\0';
}

static void add_target(struct targets *t, struct bytes conn, struct bytes child)
{
    if (t->count == TARGETS_MAX)
        return;
    copy_name(t->at[t->count].conn, conn);
    copy_name(t->at[t->count].child, child);
    t->count++;
}

static bool is_wanted(const struct targets *t, struct bytes conn, struct bytes child)
{
    const char *slash = strchr(t->name, '/');
    if (t->is_conn || bytes_equal(child, bytes_str(t->name)))
        return true;
    return slash && bytes_equal(conn, bytes_make(t->name, (size_t)(slash - t->name))) &&
           bytes_equal(child, bytes_str(slash + 1));
}

/* One connection, in a list-conn event: does it, or do children of it, have the name? */
static void match_conn(void *self, struct bytes event, struct bytes message)
{
    struct targets *t = self;
    struct vici_in in = vici_in_make(message);
    if (!bytes_equal(event, BYTES_LIT(VICI_EVENT_LIST_CONN)) ||
        vici_next(&in) != VICI_SECTION_START)
        return;
    struct bytes conn = in.name, inside = vici_content(&in), first = BYTES_NONE;
    bool was_conn = t->is_conn;
    if (bytes_equal(conn, bytes_str(t->name))) {
        t->is_conn = true;
        t->count = 0; /* a connection's name goes before children of that name elsewhere */
    } else if (was_conn) {
        return;
    }
    bool any = false;
    in = vici_in_make(inside);
    for (enum vici_element e = vici_next(&in); e != VICI_END && e != VICI_BAD; e = vici_next(&in)) {
        if (e == VICI_SECTION_START && bytes_equal(in.name, BYTES_LIT("children")))
            first = vici_content(&in);
        else if (e == VICI_SECTION_START || e == VICI_LIST_START)
            vici_skip(&in);
    }
    in = vici_in_make(first);
    while (vici_next(&in) == VICI_SECTION_START) {
        struct bytes child = in.name;
        vici_skip(&in);
        if (is_wanted(t, conn, child)) {
            add_target(t, conn, child);
            any = true;
        }
    }
    if (t->is_conn && !any)
        add_target(t, conn, BYTES_NONE);
}

static enum exit_code find_targets(struct client *c, struct targets *t)
{
    struct bytes response;
    enum exit_code code = client_register(c, VICI_EVENT_LIST_CONN);
    client_request(c, VICI_CMD_LIST_CONNS);
    if (code == EXIT_GOOD)
        code = client_call(c, CLIENT_PATIENCE, match_conn, t, &response);
    if (code != EXIT_GOOD)
        return code;
    if (t->count == 0) {
        look_print(stderr, LOOK_BAD,
                   "braid: no connection and no child is called '%s'; `braid conns` names them\n",
                   t->name);
        return EXIT_FAILED;
    }
    if (t->is_conn || t->count == 1)
        return EXIT_GOOD;
    look_print(stderr, LOOK_BAD,
               "braid: several connections have a child '%s'; say which:", t->name);
    for (size_t i = 0; i < t->count; i++)
        fprintf(stderr, " %s/%s", t->at[i].conn, t->at[i].child);
    fputc('\n', stderr);
    return EXIT_USAGE;
}

/* ---- progress -------------------------------------------------------------------------------- */

static void on_event(void *self, struct bytes event, struct bytes message)
{
    (void)self;
    if (bytes_equal(event, BYTES_LIT(VICI_EVENT_PROGRESS)))
        progress_show(message);
}

/* ---- the end --------------------------------------------------------------------------------- */

/* The newest SA that carries the target. */
struct found {
    const struct target *target;
    int64_t id;
    char kex[TEXT_LEN];
    bool quantum_safe, is_there;
};

static void take_found(struct found *f, struct bytes sa, struct bytes whole, int64_t id)
{
    if (f->is_there && id < f->id)
        return;
    f->is_there = true;
    f->id = id;
    f->quantum_safe = vici_find_bool(sa, "quantum-safe", false);
    client_join(whole, "key-exchanges", " + ", f->kex, sizeof f->kex);
}

/* In a list-sa event: the child looked for, or the IKE SA. */
static void match_sa(void *self, struct bytes event, struct bytes message)
{
    struct found *f = self;
    struct vici_in in = vici_in_make(message);
    if (!bytes_equal(event, BYTES_LIT(VICI_EVENT_LIST_SA)) ||
        vici_next(&in) != VICI_SECTION_START || !bytes_equal(in.name, bytes_str(f->target->conn)))
        return;
    struct bytes sa = vici_content(&in);
    if (f->target->child[0] == '\0') {
        take_found(f, sa, sa, vici_find_int(sa, "uniqueid", 0));
        return;
    }
    in = vici_in_make(sa);
    enum vici_element e;
    while ((e = vici_next(&in)) != VICI_END && e != VICI_BAD) {
        if (e == VICI_SECTION_START && bytes_equal(in.name, BYTES_LIT("child-sas")))
            continue; /* step into it; its end is skipped over below */
        if (e != VICI_SECTION_START)
            continue;
        struct bytes child = vici_content(&in), name;
        if (vici_find(child, "name", &name) && bytes_equal(name, bytes_str(f->target->child)))
            take_found(f, child, sa, vici_find_int(child, "uniqueid", 0));
    }
}

static enum exit_code show_up(struct client *c, const struct target *target)
{
    struct found found = {.target = target};
    struct bytes response;
    vici_key_str(client_request(c, VICI_CMD_LIST_SAS), "ike", target->conn);
    enum exit_code code = client_call(c, CLIENT_PATIENCE, match_sa, &found, &response);
    if (code != EXIT_GOOD)
        return code;
    look_print(stdout, LOOK_GOOD, "%s '%s' up", target->child[0] ? "tunnel" : "IKE SA",
               target->child[0] ? target->child : target->conn);
    if (found.is_there)
        printf(": %s, ", found.kex[0] ? found.kex : "no key exchange reported");
    if (found.is_there)
        look_print(stdout, found.quantum_safe ? LOOK_GOOD : LOOK_WARN,
                   found.quantum_safe ? "quantum-safe" : "NOT quantum-safe");
    putchar('\n');
    return EXIT_GOOD;
}

static enum exit_code show_failure(const struct target *target, struct bytes response)
{
    char message[TEXT_LEN], reason[64], detail[2 * TEXT_LEN];
    client_text(response, "errmsg", message, sizeof message);
    client_text(response, "reason", reason, sizeof reason);
    client_text(response, "detail", detail, sizeof detail);
    fflush(stdout);
    look_print(stderr, LOOK_BAD, "'%s' is not up: %s",
               target->child[0] ? target->child : target->conn,
               message[0] ? message : "no reason given");
    fprintf(stderr, "%s%s%s\n", reason[0] ? " [" : "", reason, reason[0] ? "]" : "");
    if (detail[0] && !strstr(message, detail))
        fprintf(stderr, "  %s\n", detail);
    return EXIT_FAILED;
}

/* Who interrupts us only ends the waiting. */
static void on_interrupt(int signal)
{
    static const char text[] =
        "\nbraid: no longer waiting; the daemon goes on trying: `braid down NAME` ends that\n";
    (void)!write(STDERR_FILENO, text, sizeof text - 1);
    _exit(128 + signal);
}

static enum exit_code bring_up(struct client *c, const struct target *target, uint64_t timeout)
{
    struct bytes response;
    struct vici_out *o = client_request(c, VICI_CMD_INITIATE);
    vici_key_str(o, "ike", target->conn);
    if (target->child[0])
        vici_key_str(o, "child", target->child);
    if (timeout > 0)
        vici_key_uint(o, "timeout", timeout * 1000);
    printf("%s%s%s\n", target->conn, target->child[0] ? "/" : "", target->child);
    fflush(stdout);
    signal(SIGINT, on_interrupt);
    enum exit_code code = client_call(c, 0, on_event, NULL, &response);
    signal(SIGINT, SIG_DFL);
    if (code != EXIT_GOOD)
        return code;
    return client_succeeded(response) ? show_up(c, target) : show_failure(target, response);
}

enum exit_code cmd_up(struct cli *cli)
{
    struct cli_option options[] = {{.name = "timeout"}, {.name = NULL}};
    struct targets targets = {.name = NULL};
    struct client c;
    char *end = NULL;
    if (!cli_arguments(cli, options, &targets.name))
        return EXIT_USAGE;
    unsigned long timeout = options[0].value ? strtoul(options[0].value, &end, 10) : 0;
    if (!targets.name || (end && (*end || end == options[0].value || timeout > 86400)))
        return cli_usage(cli, targets.name ? "--timeout is a number of seconds"
                                           : "what is to be set up?");
    enum exit_code code = client_open(&c, cli);
    if (code != EXIT_GOOD)
        return code;
    code = find_targets(&c, &targets);
    if (code == EXIT_GOOD)
        code = client_register(&c, VICI_EVENT_LIST_SA);
    if (code == EXIT_GOOD && client_register(&c, VICI_EVENT_PROGRESS) == EXIT_BROKEN)
        code = EXIT_BROKEN;
    enum exit_code worst = code;
    for (size_t i = 0; code == EXIT_GOOD && i < targets.count; i++) {
        enum exit_code one = bring_up(&c, &targets.at[i], timeout);
        worst = one > worst ? one : worst;
        if (one > EXIT_FAILED)
            break;
    }
    client_close(&c);
    return worst;
}
