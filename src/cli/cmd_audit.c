/*
 * audit: which connections and SAs withstand a quantum computer, and what to change where they do
 * not:
 *
 *                recorded traffic  authentication  key exchanges
 *     home       safe              safe            CURVE_25519, ML_KEM_768
 *     home/net   safe              safe
 *     old        UNSAFE            safe            ECP_256
 *
 *     old: aes256-sha256-ecp256 has no post-quantum key exchange
 *         in connections.old.proposals replace it by aes256-sha256-ecp256-ke1_mlkem768
 *
 * The configuration is read from its files; the SAs come from the daemon, if there is one.
 */
#include "cli/audit.h"

#include "cli/client.h"
#include "cli/json.h"
#include "cli/look.h"
#include "cli/table.h"

#include <stdio.h>
#include <stdlib.h>

enum { TEXT_LEN = 1024 };

static const char *text_of(const json_t *row, const char *key)
{
    const char *text = json_string_value(json_object_get(row, key));
    return text ? text : "";
}

/* ---- the table ------------------------------------------------------------------------------- */

static const struct {
    const char *judgement, *shown;
    enum look look;
} shows[] = {
    {"safe", "safe", LOOK_GOOD},
    {"depends", "UP TO THE PEER", LOOK_WARN},
    {"unsafe", "NOT SAFE", LOOK_BAD},
    {"unknown", "unknown", LOOK_WARN},
};

static size_t find_show(const char *judgement)
{
    size_t i = 0;
    while (i < 3 && strcmp(shows[i].judgement, judgement) != 0)
        i++;
    return i;
}

static void join(const json_t *list, char *to, size_t room)
{
    size_t i, len = 0;
    json_t *item;
    to[0] = '\0';
    json_array_foreach(list, i, item)
    {
        if (len < room)
            len += (size_t)snprintf(to + len, room - len, "%s%s", i ? ", " : "",
                                    json_string_value(item));
    }
}

static void show_row(struct table *table, const json_t *row)
{
    char kex[TEXT_LEN];
    size_t recorded = find_show(text_of(row, "recorded")),
           authentication = find_show(text_of(row, "authentication"));
    join(json_object_get(row, "key-exchanges"), kex, sizeof kex);
    table_add(table, LOOK_PLAIN,
              (const char *[]){text_of(row, "kind"), text_of(row, "name"), shows[recorded].shown,
                               shows[authentication].shown, kex});
    table_look(table, 2, shows[recorded].look);
    table_look(table, 3, shows[authentication].look);
}

static void show_missing(const json_t *row)
{
    size_t i;
    json_t *missing;
    json_array_foreach(json_object_get(row, "missing"), i, missing)
    {
        look_print(stdout, LOOK_BOLD, "%s", text_of(row, "name"));
        printf(": %s\n", text_of(missing, "what"));
        look_print(stdout, LOOK_GOOD, "    %s\n", text_of(missing, "change"));
    }
}

static void show_text(const json_t *rows)
{
    struct table table = table_make(5);
    size_t i;
    json_t *row;
    table_add(&table, LOOK_DIM,
              (const char *[]){"", "", "recorded traffic", "authentication", "key exchanges"});
    json_array_foreach(rows, i, row)
        show_row(&table, row);
    if (json_array_size(rows) > 0)
        table_print(&table, stdout, 0);
    else
        table_free(&table);
    putchar('\n');
    json_array_foreach(rows, i, row)
        show_missing(row);
    if (audit_is_safe(rows))
        look_print(stdout, LOOK_GOOD, "all safe against a quantum computer\n");
    else
        look_print(stdout, LOOK_BAD, "not all safe against a quantum computer\n");
}

/* ---- where it comes from --------------------------------------------------------------------- */

static void on_event(void *self, struct bytes event, struct bytes message)
{
    struct vici_in in = vici_in_make(message);
    if (!bytes_equal(event, BYTES_LIT(VICI_EVENT_LIST_SA)) || vici_next(&in) != VICI_SECTION_START)
        return;
    struct bytes name = in.name;
    audit_sa(self, name, vici_content(&in));
}

static enum exit_code add_live(const struct cli *cli, json_t *rows)
{
    struct client c;
    struct bytes response;
    enum exit_code code = client_open(&c, cli);
    if (code == EXIT_GOOD)
        code = client_register(&c, VICI_EVENT_LIST_SA);
    if (code == EXIT_GOOD) {
        client_request(&c, VICI_CMD_LIST_SAS);
        code = client_call(&c, CLIENT_PATIENCE, on_event, rows, &response);
    }
    client_close(&c);
    return code;
}

/* What is to be audited. */
struct audited {
    struct loaded *loaded;
    struct keyring *keys;
    struct wallet *wallet;
};

static void audited_free(struct audited *a)
{
    loaded_free(a->loaded);
    keyring_free(a->keys);
    wallet_free(a->wallet);
}

static bool load(const char *dir, struct audited *a)
{
    struct problem_list problems;
    problem_list_init(&problems);
    const struct cred_sink sink = {.self = &problems, .complain = problem_say};
    struct loaded *l = config_load(dir, &problems);
    *a = (struct audited){.loaded = l};
    if (l)
        a->keys = keyring_of_files(dir, &l->secrets, &l->sections, &l->authorities, NULL, &sink,
                                   &a->wallet);
    if (!a->keys) {
        problem_list_print(&problems, stderr);
        fprintf(stderr, "braid: %s cannot be audited before its mistakes are mended\n", dir);
        audited_free(a);
    }
    problem_list_free(&problems);
    return a->keys != NULL;
}

static bool write_cbom(const struct audited *a, const char *path)
{
    json_t *bom = cbom_make(a->loaded, a->keys, a->wallet);
    bool ok = bom && (strcmp(path, "-") == 0 ? json_dumpf(bom, stdout, JSON_INDENT(2)) == 0
                                             : json_dump_file(bom, path, JSON_INDENT(2)) == 0);
    if (ok && strcmp(path, "-") == 0)
        putchar('\n');
    json_decref(bom);
    if (!ok)
        fprintf(stderr, "braid: cannot write %s\n", path);
    return ok;
}

enum exit_code cmd_audit(struct cli *cli)
{
    struct cli_option options[] = {{.name = "cbom"}, {.name = NULL}};
    const char *dir = NULL;
    if (!cli_arguments(cli, options, &dir))
        return EXIT_USAGE;
    struct audited a;
    if (!load(dir ? dir : CLI_CONF_DIR, &a))
        return EXIT_USAGE;
    json_t *rows = json_array();
    enum exit_code code = EXIT_GOOD;
    audit_configuration(rows, a.loaded);
    if (client_has_daemon(cli))
        code = add_live(cli, rows);
    bool to_stdout = options[0].value && strcmp(options[0].value, "-") == 0;
    if (code == EXIT_GOOD && options[0].value && !write_cbom(&a, options[0].value))
        code = EXIT_USAGE;
    bool safe = audit_is_safe(rows);
    if (code == EXIT_GOOD && cli->json && !to_stdout)
        json_show(json_pack("{s:i, s:b, s:O}", "schema", 1, "safe", safe, "audited", rows));
    else if (code == EXIT_GOOD && !to_stdout)
        show_text(rows);
    json_decref(rows);
    audited_free(&a);
    return code == EXIT_GOOD && !safe ? EXIT_FAILED : code;
}
