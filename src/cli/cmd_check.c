/*
 * check: everything that is wrong with a configuration, without a daemon. What it accepts, braidd
 * loads.
 */
#include "cli/cli.h"
#include "cli/json.h"
#include "cli/look.h"
#include "config/load.h"
#include "cred/keyring.h"

#include <stdio.h>
#include <stdlib.h>

static void show_problem(const struct problem *p)
{
    char *text = problem_text(p, true);
    char *below = text ? strchr(text, '\n') : NULL;
    if (below)
        *below = '\0';
    look_print(stdout, p->kind == PROBLEM_ERROR ? LOOK_BAD : LOOK_WARN, "%s",
               text ? text : "out of memory");
    printf("%s%s\n", below ? "\n" : "", below ? below + 1 : "");
    free(text);
}

static json_t *problem_object(const struct problem *p)
{
    return json_pack("{s:s, s:s?, s:i, s:i, s:s?}", "kind",
                     p->kind == PROBLEM_ERROR ? "error" : "warning", "file", p->file, "line",
                     (int)p->line, "column", (int)p->column, "message", p->message);
}

static void show_json(const struct problem_list *problems)
{
    json_t *list = json_array();
    for (const struct problem *p = problems->first; p; p = p->next)
        json_array_append_new(list, problem_object(p));
    json_show(json_pack("{s:i, s:i, s:i, s:o}", "schema", 1, "errors", (int)problems->errors,
                        "warnings", (int)problems->warnings, "problems", list));
}

static void show_text(const struct problem_list *problems, const struct loaded *l, const char *dir)
{
    size_t shown = 0;
    for (const struct problem *p = problems->first; p; p = p->next, shown++)
        show_problem(p);
    if (problems->errors + problems->warnings > shown)
        printf("and %zu more\n", problems->errors + problems->warnings - shown);
    if (l)
        look_print(stdout, LOOK_GOOD, "%s: good, %u connection%s, %u secret%s", dir,
                   l->config->conn_count, l->config->conn_count == 1 ? "" : "s", l->secrets.count,
                   l->secrets.count == 1 ? "" : "s");
    else
        look_print(stdout, LOOK_BAD, "%s: %zu error%s", dir, problems->errors,
                   problems->errors == 1 ? "" : "s");
    if (problems->warnings)
        printf(", %zu warning%s", problems->warnings, problems->warnings == 1 ? "" : "s");
    putchar('\n');
}

enum exit_code cmd_check(struct cli *cli)
{
    const char *dir = NULL;
    struct problem_list problems;
    if (!cli_arguments(cli, NULL, &dir))
        return EXIT_USAGE;
    dir = dir ? dir : CLI_CONF_DIR;
    problem_list_init(&problems);
    struct loaded *l = config_load(dir, &problems);
    struct cred_sink sink = {&problems, problem_say};
    struct keyring *keys = l ? keyring_new(dir, &l->secrets, &l->sections, &sink) : NULL;
    if (!keys) {
        loaded_free(l);
        l = NULL;
    }
    if (cli->json)
        show_json(&problems);
    else
        show_text(&problems, l, dir);
    enum exit_code code = l ? EXIT_GOOD : EXIT_FAILED;
    loaded_free(l);
    keyring_free(keys);
    problem_list_free(&problems);
    return code;
}
