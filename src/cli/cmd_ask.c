/*
 * ask: commands that put one question to the daemon and show the answer as a table: stats,
 * counters, pools, certs.
 */
#include "cli/client.h"
#include "cli/json.h"
#include "cli/table.h"

#include <stdio.h>

enum { TEXT_LEN = 512 };

/* ---- answers that are a tree ----------------------------------------------------------------- */

struct tree {
    struct table table;
    size_t count;
    bool all;       /* zeros, too */
    unsigned depth; /* names of so many outer sections are left out */
};

static void add_leaf(struct tree *t, const char *path, struct bytes name, struct bytes value)
{
    char key[TEXT_LEN], text[TEXT_LEN];
    bool is_zero = value.len == 1 && value.at[0] == '0';
    if (path[0] == '\0' && bytes_equal(name, BYTES_LIT("success")))
        return;
    if (is_zero && !t->all)
        return;
    snprintf(key, sizeof key, "%s%s%.*s", path, path[0] ? "." : "", (int)name.len,
             (const char *)name.at);
    snprintf(text, sizeof text, "%.*s", (int)value.len, (const char *)value.at);
    table_add(&t->table, LOOK_PLAIN, (const char *[]){key, text});
    t->count++;
}

/* VICI messages are flat; the depth of sections is that of this walk. */
static void walk(struct tree *t, struct bytes message)
{
    struct vici_in in = vici_in_make(message);
    char path[TEXT_LEN] = "";
    unsigned depth = 0;
    for (;;) {
        enum vici_element e = vici_next(&in);
        char *dot = strrchr(path, '.');
        if (e == VICI_END || e == VICI_BAD)
            return;
        if (e == VICI_KEY_VALUE)
            add_leaf(t, path, in.name, in.value);
        else if (e == VICI_LIST_START)
            vici_skip(&in);
        else if (e == VICI_SECTION_START && ++depth > t->depth)
            snprintf(path + strlen(path), sizeof path - strlen(path), "%s%.*s", path[0] ? "." : "",
                     (int)in.name.len, (const char *)in.name.at);
        else if (e == VICI_SECTION_END && depth-- > t->depth)
            *(dot ? dot : path) = '\0';
    }
}

static enum exit_code ask(struct cli *cli, const char *command, struct tree *tree)
{
    struct client c;
    struct bytes response;
    char message[TEXT_LEN];
    enum exit_code code = client_open(&c, cli);
    tree->table = table_make(2);
    if (code == EXIT_GOOD) {
        client_request(&c, command);
        code = client_call(&c, CLIENT_PATIENCE, NULL, NULL, &response);
    }
    if (code == EXIT_GOOD && !client_succeeded(response)) {
        fprintf(stderr, "braid: %s\n", client_text(response, "errmsg", message, sizeof message));
        code = EXIT_FAILED;
    } else if (code == EXIT_GOOD && cli->json) {
        json_t *object = json_from_vici(response);
        json_object_set_new(object, "schema", json_integer(1));
        json_show(object);
    } else if (code == EXIT_GOOD) {
        walk(tree, response);
        table_print(&tree->table, stdout, 0);
    }
    table_free(&tree->table);
    client_close(&c);
    return code;
}

enum exit_code cmd_stats(struct cli *cli)
{
    struct tree tree = {.all = false};
    return cli_arguments(cli, NULL, NULL) ? ask(cli, VICI_CMD_STATS, &tree) : EXIT_USAGE;
}

enum exit_code cmd_counters(struct cli *cli)
{
    struct tree tree = {.depth = 2};
    for (int i = 1; i < cli->argc; i++) { /* an option without a value */
        if (strcmp(cli->argv[i], "--all") != 0)
            continue;
        tree.all = true;
        memmove(&cli->argv[i], &cli->argv[i + 1], (size_t)(--cli->argc - i) * sizeof *cli->argv);
        i--;
    }
    if (!cli_arguments(cli, NULL, NULL))
        return EXIT_USAGE;
    enum exit_code code = ask(cli, "get-counters", &tree);
    if (code == EXIT_GOOD && !cli->json && tree.count == 0)
        puts("nothing has been counted yet");
    return code;
}

enum exit_code cmd_pools(struct cli *cli)
{
    struct tree tree = {.all = true};
    if (!cli_arguments(cli, NULL, NULL))
        return EXIT_USAGE;
    enum exit_code code = ask(cli, "get-pools", &tree);
    if (code == EXIT_GOOD && !cli->json && tree.count == 0)
        puts("no pools");
    return code;
}

/* ---- certificates ---------------------------------------------------------------------------- */

struct certs {
    json_t *json; /* array, or NULL */
    size_t count;
};

static void on_cert(void *self, struct bytes event, struct bytes message)
{
    /* clang-format off */
    static const char *const keys[] = {"type", "flag", "subject", "not-before", "not-after"};
    /* clang-format on */
    struct certs *certs = self;
    if (!bytes_equal(event, BYTES_LIT("list-cert")))
        return;
    certs->count++;
    if (certs->json) {
        json_t *object = json_from_vici(message);
        json_object_del(object, "data"); /* octets are no text */
        json_array_append_new(certs->json, object);
        return;
    }
    struct table table = table_make(2);
    for (size_t i = 0; i < sizeof keys / sizeof keys[0]; i++) {
        char value[TEXT_LEN];
        if (client_text(message, keys[i], value, sizeof value)[0])
            table_add(&table, i == 2 ? LOOK_BOLD : LOOK_PLAIN, (const char *[]){keys[i], value});
    }
    if (vici_find_bool(message, "has_privkey", false))
        table_add(&table, LOOK_GOOD, (const char *[]){"private key", "yes"});
    table_print(&table, stdout, 0);
    putchar('\n');
}

enum exit_code cmd_certs(struct cli *cli)
{
    struct certs certs = {.count = 0};
    struct client c;
    struct bytes response;
    if (!cli_arguments(cli, NULL, NULL))
        return EXIT_USAGE;
    enum exit_code code = client_open(&c, cli);
    if (code == EXIT_GOOD)
        code = client_register(&c, "list-cert");
    certs.json = cli->json ? json_array() : NULL;
    if (code == EXIT_GOOD) {
        client_request(&c, "list-certs");
        code = client_call(&c, CLIENT_PATIENCE, on_cert, &certs, &response);
    }
    if (code == EXIT_GOOD && cli->json)
        json_show(json_pack("{s:i, s:O}", "schema", 1, "certificates", certs.json));
    else if (code == EXIT_GOOD && certs.count == 0)
        puts("no certificates");
    json_decref(certs.json);
    client_close(&c);
    return code;
}
