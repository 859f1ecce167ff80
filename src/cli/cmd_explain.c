/*
 * explain: why a connection is not up, or what was chosen when it came up:
 *
 *     home  DOWN
 *         4 s ago, 3 times: no proposal chosen: nothing acceptable to both sides [NO_PROPOSAL]
 *         peer 192.0.2.7:500, notify NO_PROPOSAL_CHOSEN
 *         nothing in common: ENCR
 *             type  offered            accepted here      match
 *             ENCR  AES_CBC_256        AES_GCM_16_256     none
 *             PRF   PRF_HMAC_SHA2_256  PRF_HMAC_SHA2_256  PRF_HMAC_SHA2_256
 *         the smallest change that makes them match, on either side:
 *             here         add aes256-prfsha256-sha256-modp2048 to connections.home.proposals
 *             at the peer  offer aes256gcm16-prfsha256-x25519
 */
#include "cli/client.h"
#include "cli/json.h"
#include "cli/look.h"
#include "cli/table.h"

#include <stdio.h>
#include <stdlib.h>

enum { TEXT_LEN = 2048 };

struct explaining {
    json_t *json; /* array, or NULL */
    size_t count;
};

/* ---- what to do ------------------------------------------------------------------------------ */

/* clang-format off */
static const struct {
    const char *reason, *hint;
} hints[] = {
    {"TIMEOUT",
     "is the address right, is an IKE daemon running there, and do firewalls let UDP 500 and 4500 pass?"},
    {"HALF_OPEN_TIMEOUT",
     "the peer began but did not go on: large messages may be lost on the way (lower "
     "engine.fragment_size), or it refused us silently"},
    {"AUTH_REFUSED",
     "the peer has another secret than the one configured here for its identity"},
    {"AUTH_REFUSED_BY_PEER",
     "compare the secret on both sides, and our local.id with the remote.id the peer expects; its log knows more"},
    {"NO_SECRET",
     "add a section secrets.ike-NAME with this identity as id, and the secret"},
    {"WRONG_ID",
     "set remote.id of this connection to what the peer says, or local.id at the peer"},
    {"NO_CONFIG",
     "no connection has remote_addrs, local_addrs and remote.id that fit this peer"},
    {"TS_UNACCEPTABLE",
     "local_ts on one side must be remote_ts on the other"},
    {"INVALID_KE",
     "the peer wants a key exchange method that is not among our proposals"},
    {"LIMIT",
     "see half_open_limit and half_open_per_source of braid.conf"},
};
/* clang-format on */

static void show_hint(const char *reason)
{
    for (size_t i = 0; i < sizeof hints / sizeof hints[0]; i++)
        if (strcmp(hints[i].reason, reason) == 0)
            look_print(stdout, LOOK_WARN, "    %s\n", hints[i].hint);
}

/* ---- proposals ------------------------------------------------------------------------------- */

/* The types without a match, "ENCR, KE1". */
static void show_missing(struct bytes transforms)
{
    struct vici_in in = vici_in_make(transforms);
    bool any = false;
    while (vici_next(&in) == VICI_SECTION_START) {
        struct bytes type = in.name, row = vici_content(&in), match;
        if (vici_find(row, "match", &match) && match.len > 0)
            continue;
        printf("%s%.*s", any ? ", " : "    nothing in common: ", (int)type.len,
               (const char *)type.at);
        any = true;
    }
    puts(any ? "" : "    each type has a match, but no combination of them is allowed");
}

static void show_transforms(struct bytes transforms)
{
    struct table table = table_make(4);
    struct vici_in in = vici_in_make(transforms);
    show_missing(transforms);
    table_add(&table, LOOK_DIM, (const char *[]){"type", "offered", "accepted", "match"});
    while (vici_next(&in) == VICI_SECTION_START) {
        char type[32], offered[TEXT_LEN], accepted[TEXT_LEN], match[128];
        snprintf(type, sizeof type, "%.*s", (int)in.name.len, (const char *)in.name.at);
        struct bytes row = vici_content(&in);
        client_join(row, "offered", ", ", offered, sizeof offered);
        client_join(row, "accepted", ", ", accepted, sizeof accepted);
        client_text(row, "match", match, sizeof match);
        table_add(&table, LOOK_PLAIN,
                  (const char *[]){type, offered[0] ? offered : "-", accepted[0] ? accepted : "-",
                                   match[0] ? match : "none"});
        table_look(&table, 3, match[0] ? LOOK_GOOD : LOOK_BAD);
    }
    table_print(&table, stdout, 8);
}

static void show_items(struct bytes failure, const char *list, const char *title)
{
    struct vici_in in;
    if (!vici_find_list(failure, list, &in))
        return;
    look_print(stdout, LOOK_DIM, "    %s\n", title);
    while (vici_next(&in) == VICI_LIST_ITEM)
        printf("        %.*s\n", (int)in.value.len, (const char *)in.value.at);
}

/* Where proposals of this failure are configured. */
static void find_place(struct bytes conn, struct bytes failure, char to[TEXT_LEN])
{
    struct vici_in in;
    char child[256];
    client_text(failure, "child", child, sizeof child);
    bool of_child = vici_find_list(failure, "offered", &in) && vici_next(&in) == VICI_LIST_ITEM &&
                    in.value.len > 4 && memcmp(in.value.at, "IKE:", 4) != 0;
    if (of_child)
        snprintf(to, TEXT_LEN, "connections.%.*s.children.%s.esp_proposals", (int)conn.len,
                 (const char *)conn.at, child[0] ? child : "CHILD");
    else
        snprintf(to, TEXT_LEN, "connections.%.*s.proposals", (int)conn.len, (const char *)conn.at);
}

static void show_changes(struct bytes conn, struct bytes failure)
{
    char here[TEXT_LEN], there[TEXT_LEN], place[TEXT_LEN], line[3 * TEXT_LEN];
    client_text(failure, "accept-here", here, sizeof here);
    client_text(failure, "offer-there", there, sizeof there);
    if (!here[0] && !there[0])
        return;
    struct table table = table_make(2);
    find_place(conn, failure, place);
    snprintf(line, sizeof line, "add %s to %s", here, place);
    if (here[0])
        table_add(&table, LOOK_PLAIN, (const char *[]){"here", line});
    snprintf(line, sizeof line, "offer %s", there);
    if (there[0])
        table_add(&table, LOOK_PLAIN, (const char *[]){"at the peer", line});
    look_print(stdout, LOOK_WARN, "    the smallest change that makes them match, on either side:\n");
    table_print(&table, stdout, 8);
}

static void show_proposals(struct bytes conn, struct bytes failure)
{
    struct vici_in in = vici_in_make(failure);
    enum vici_element e;
    while ((e = vici_next(&in)) != VICI_END && e != VICI_BAD) {
        if (e == VICI_SECTION_START && bytes_equal(in.name, BYTES_LIT("transforms")))
            show_transforms(vici_content(&in));
        else if (e == VICI_SECTION_START || e == VICI_LIST_START)
            vici_skip(&in);
    }
    show_items(failure, "offered", "all that was offered");
    show_items(failure, "accepted", "all that is accepted");
    struct vici_in list;
    if (vici_find_list(failure, "offered", &list) && !vici_find_list(failure, "accepted", &list))
        look_print(stdout, LOOK_WARN,
                   "    only the peer knows what it accepts; its log, or `braid explain` there, says\n");
    show_changes(conn, failure);
}

static void show_selectors(struct bytes failure)
{
    /* clang-format off */
    static const char *const rows[][3] = {
        {"offered", "offered-local-ts", "offered-remote-ts"},
        {"accepted", "accepted-local-ts", "accepted-remote-ts"},
    };
    /* clang-format on */
    struct table table = table_make(3);
    bool any = false;
    table_add(&table, LOOK_DIM, (const char *[]){"", "our side", "the peer's"});
    for (size_t i = 0; i < 2; i++) {
        char ours[TEXT_LEN], theirs[TEXT_LEN];
        client_join(failure, rows[i][1], " ", ours, sizeof ours);
        client_join(failure, rows[i][2], " ", theirs, sizeof theirs);
        any |= ours[0] != '\0';
        if (ours[0])
            table_add(&table, LOOK_PLAIN, (const char *[]){rows[i][0], ours, theirs});
    }
    if (any)
        table_print(&table, stdout, 8);
    else
        table_free(&table);
}

/* ---- a failure, a success -------------------------------------------------------------------- */

static void show_labelled(struct bytes message, const char *key, const char *before, bool *first)
{
    char value[TEXT_LEN];
    if (!client_text(message, key, value, sizeof value)[0])
        return;
    printf("%s%s %s", *first ? "    " : ", ", before, value);
    *first = false;
}

/* How it came so far: what both sides said they are and can do. */
static void show_course(struct bytes m)
{
    /* clang-format off */
    static const struct {
        const char *key, *label, *after; /* after: from this key, said in one breath */
    } lines[] = {
        {"local-id",      "we say we are",      NULL},
        {"local-auth",    "proved by",          "local-id"},
        {"remote-id",     "the peer should be", NULL},
        {"remote-auth",   "proved by",          "remote-id"},
        {"fragmentation", "fragmentation:",     NULL},
        {"cookie",        "cookie:",            NULL},
        {"method-asked",  "in place of our first guess the peer wanted", NULL},
    };
    /* clang-format on */
    bool open = false;
    for (size_t i = 0; i < sizeof lines / sizeof lines[0]; i++) {
        char value[TEXT_LEN];
        if (!client_text(m, lines[i].key, value, sizeof value)[0])
            continue;
        fputs(open ? lines[i].after ? ", " : "\n    " : "    ", stdout);
        printf("%s %s", lines[i].label, value);
        open = true;
    }
    if (open)
        putchar('\n');
}

static void show_failure(struct bytes conn, struct bytes failure)
{
    char text[TEXT_LEN], reason[64], detail[TEXT_LEN], age[32];
    bool first = true;
    int64_t times = vici_find_int(failure, "times", 1);
    client_text(failure, "text", text, sizeof text);
    client_text(failure, "reason", reason, sizeof reason);
    client_text(failure, "detail", detail, sizeof detail);
    printf("  %s ago", look_age(vici_find_int(failure, "ago", 0), age));
    if (times > 1)
        printf(", %lld times", (long long)times);
    fputs(": ", stdout);
    look_print(stdout, LOOK_BAD, "%s", text);
    printf("%s%s%s\n", reason[0] ? " [" : "", reason, reason[0] ? "]" : "");
    show_labelled(failure, "child", "child", &first);
    show_labelled(failure, "peer", "peer", &first);
    show_labelled(failure, "identity", "identity", &first);
    show_labelled(failure, "notify", "notify", &first);
    if (!first)
        putchar('\n');
    struct vici_in in;
    bool compared = vici_find_list(failure, "offered", &in) ||
                    vici_find_list(failure, "offered-local-ts", &in);
    if (detail[0] && !compared)
        printf("    %s\n", detail);
    show_proposals(conn, failure);
    show_selectors(failure);
    if (!compared) /* else that was not the reason */
        show_course(failure);
    show_hint(reason);
}

static void show_success(struct bytes success, bool up)
{
    char age[32], kex[TEXT_LEN];
    bool first = true, safe = vici_find_bool(success, "quantum-safe", false);
    client_text(success, "key-exchanges", kex, sizeof kex);
    printf("  %s up %s ago: keys from %s, ", up ? "came" : "last came",
           look_age(vici_find_int(success, "ago", 0), age), kex);
    look_print(stdout, safe ? LOOK_GOOD : LOOK_WARN, safe ? "quantum-safe\n" : "NOT quantum-safe\n");
    show_labelled(success, "child", "child", &first);
    show_labelled(success, "peer", "peer", &first);
    show_labelled(success, "identity", "identity", &first);
    if (!first)
        putchar('\n');
    show_course(success);
}

static void show_failures(struct bytes conn, struct bytes failures)
{
    struct vici_in in = vici_in_make(failures);
    while (vici_next(&in) == VICI_SECTION_START)
        show_failure(conn, vici_content(&in));
}

static void show_one(struct bytes name, struct bytes content)
{
    bool up = vici_find_bool(content, "up", false), any = false;
    if (name.len > 0)
        look_print(stdout, LOOK_BOLD, "%.*s", (int)name.len, (const char *)name.at);
    else
        look_print(stdout, LOOK_BOLD, "%s", "peers that no connection is configured for");
    if (name.len > 0)
        look_print(stdout, up ? LOOK_GOOD : LOOK_BAD, "  %s", up ? "UP" : "DOWN");
    if (name.len > 0 && !vici_find_bool(content, "configured", true))
        fputs("  no longer configured", stdout);
    putchar('\n');
    struct vici_in in = vici_in_make(content);
    enum vici_element e;
    while ((e = vici_next(&in)) != VICI_END && e != VICI_BAD) {
        if (e != VICI_SECTION_START)
            continue;
        struct bytes section = in.name, inside = vici_content(&in);
        any |= inside.len > 0;
        if (bytes_equal(section, BYTES_LIT("success")))
            show_success(inside, up);
        else if (bytes_equal(section, BYTES_LIT("failures")))
            show_failures(name, inside);
    }
    if (!any)
        puts("  nothing has happened since the daemon was started");
}

/* ---- both ------------------------------------------------------------------------------------ */

static void on_event(void *self, struct bytes event, struct bytes message)
{
    struct explaining *x = self;
    struct vici_in in = vici_in_make(message);
    if (!bytes_equal(event, BYTES_LIT(VICI_EVENT_EXPLAINED)) ||
        vici_next(&in) != VICI_SECTION_START)
        return;
    struct bytes name = in.name, content = vici_content(&in);
    x->count++;
    if (x->json)
        json_add_named(x->json, name, content);
    else
        show_one(name, content);
}

static void say_nothing_known(const char *name)
{
    if (name && strcmp(name, "last") != 0)
        fprintf(stderr, "braid: nothing is known about '%s': no connection has this name, and no "
                        "peer with it failed or came up lately\n",
                name);
    else
        fputs("braid: nothing has happened yet\n", stderr);
}

enum exit_code cmd_explain(struct cli *cli)
{
    struct explaining x = {.count = 0};
    struct client c;
    struct bytes response;
    const char *name = NULL;
    if (!cli_arguments(cli, NULL, &name))
        return EXIT_USAGE;
    enum exit_code code = client_open(&c, cli);
    if (code == EXIT_GOOD)
        code = client_register(&c, VICI_EVENT_EXPLAINED);
    x.json = cli->json ? json_array() : NULL;
    if (code == EXIT_GOOD) {
        vici_key_str(client_request(&c, VICI_CMD_EXPLAIN), "name", name ? name : "");
        code = client_call(&c, CLIENT_PATIENCE, on_event, &x, &response);
    } else if (code == EXIT_FAILED) {
        fputs("braid: this daemon keeps no failures\n", stderr);
    }
    if (code == EXIT_GOOD && cli->json)
        json_show(json_pack("{s:i, s:O}", "schema", 1, "connections", x.json));
    if (code == EXIT_GOOD && x.count == 0) {
        if (!cli->json)
            say_nothing_known(name);
        code = EXIT_FAILED;
    }
    json_decref(x.json);
    client_close(&c);
    return code;
}
