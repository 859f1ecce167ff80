/*
 * check: everything that is wrong with a configuration, without a daemon. What it accepts, braidd
 * loads; what it warns of, braidd loads too, but it will hardly do what was meant.
 */
#include "cli/cli.h"
#include "cli/json.h"
#include "cli/look.h"
#include "config/load.h"
#include "cred/keyring.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

/* What is checked: a file as swanctl.conf, and the folder of everything else. To be freed. */
struct target {
    char *file, *dir;
};

struct counts {
    unsigned connections, secrets;
};

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
    return json_pack("{s:s, s:s?, s:i, s:i, s:i, s:s?, s:s?}", "kind",
                     p->kind == PROBLEM_ERROR ? "error" : "warning", "file", p->file, "line",
                     (int)p->line, "column", (int)p->column, "length", (int)p->len, "message",
                     p->message, "text", p->text);
}

static void show_json(const struct problem_list *problems)
{
    json_t *list = json_array();
    for (const struct problem *p = problems->first; p; p = p->next)
        json_array_append_new(list, problem_object(p));
    json_show(json_pack("{s:i, s:i, s:i, s:o}", "schema", 1, "errors", (int)problems->errors,
                        "warnings", (int)problems->warnings, "problems", list));
}

static void show_text(const struct problem_list *problems, const struct counts *counts,
                      const char *dir)
{
    size_t shown = 0;
    for (const struct problem *p = problems->first; p; p = p->next, shown++)
        show_problem(p);
    if (problems->errors + problems->warnings > shown)
        printf("and %zu more\n", problems->errors + problems->warnings - shown);
    if (problems->errors == 0)
        look_print(stdout, LOOK_GOOD, "%s: good, %u connection%s, %u secret%s", dir,
                   counts->connections, counts->connections == 1 ? "" : "s", counts->secrets,
                   counts->secrets == 1 ? "" : "s");
    else
        look_print(stdout, LOOK_BAD, "%s: %zu error%s", dir, problems->errors,
                   problems->errors == 1 ? "" : "s");
    if (problems->warnings)
        printf(", %zu warning%s", problems->warnings, problems->warnings == 1 ? "" : "s");
    putchar('\n');
}

/* ---- what to check --------------------------------------------------------------------------- */

/* The part of a path before its last slash, "." if there is none, "/" if that is all. In place. */
static char *folder_of(char *path)
{
    char *slash = strrchr(path, '/');
    if (!slash)
        strcpy(path, ".");
    else
        slash[slash == path] = '\0';
    return path;
}

/*
 * A folder, or a file in the folder of its certificates and keys; files of a folder conf.d are
 * parts of the configuration above it, as in strongSwan's packages.
 */
static bool find_target(const char *word, struct target *t)
{
    struct stat st;
    const char *path = word ? word : CLI_CONF_DIR, *name = strrchr(path, '/');
    bool is_file = stat(path, &st) == 0 && !S_ISDIR(st.st_mode);
    t->dir = malloc(strlen(path) + 2);
    if (!t->dir)
        return false;
    strcpy(t->dir, path);
    if (is_file)
        folder_of(t->dir);
    const char *last = strrchr(t->dir, '/');
    if (is_file && strcmp(last ? last + 1 : t->dir, "conf.d") == 0)
        folder_of(t->dir);
    bool is_other = is_file && strcmp(name ? name + 1 : path, "braid.conf") == 0;
    const char *slash = t->dir[strlen(t->dir) - 1] == '/' ? "" : "/";
    return is_file && !is_other ? (t->file = strdup(path)) != NULL
                                : asprintf(&t->file, "%s%sswanctl.conf", t->dir, slash) >= 0;
}

/* What would keep the program of a command from running, or let others say what it does. */
static const char *program_trouble(const char *path)
{
    struct stat st;
    if (stat(path, &st) != 0)
        return "cannot be read, so that nothing would be run";
    if (!S_ISREG(st.st_mode) || (st.st_mode & 0111) == 0)
        return "is no program: it may not be executed";
    if (st.st_mode & 0022)
        return "can be written by others than its owner, who could have anything run as root";
    if (st.st_uid != 0 && st.st_uid != geteuid())
        return "belongs to another user, who could have anything run as root";
    return NULL;
}

static void look_at_commands(const struct config *c, struct problem_list *problems)
{
    for (uint16_t i = 0; i < c->conn_count; i++)
        for (uint16_t k = 0; k < c->conn[i].child_count; k++) {
            const struct conf_conn *conn = &c->conn[i];
            const struct conf_child *child = &conn->child[k];
            const struct place place = {.file = conn->file, .line = child->line};
            char path[CONF_COMMAND_MAX + 1];
            if (!child->updown)
                continue;
            snprintf(path, sizeof path, "%.*s", (int)strcspn(child->updown, " \t"), child->updown);
            const char *trouble = program_trouble(path);
            if (trouble)
                problem_add(problems, PROBLEM_WARNING, conn->file ? &place : NULL,
                            "connections.%s.children.%s.updown: %s %s", conn->name, child->name, path,
                            trouble);
        }
}

/* Certificates and keys are looked at whatever is wrong elsewhere, so that the list is complete. */
static void look_at(const struct target *t, struct problem_list *problems, struct counts *counts)
{
    const struct cred_sink sink = {.self = problems, .complain = problem_say};
    struct wallet *w = NULL;
    struct loaded *l = config_look(t->file, t->dir, problems);
    if (!l)
        problem_add(problems, PROBLEM_ERROR, NULL, "out of memory");
    if (l) {
        *counts = (struct counts){l->config->conn_count, l->secrets.count};
        look_at_commands(l->config, problems);
        keyring_free(keyring_of_files(t->dir, &l->secrets, &l->sections, &l->authorities, NULL,
                                      &sink, &w));
    }
    loaded_free(l);
    wallet_free(w);
}

enum exit_code cmd_check(struct cli *cli)
{
    struct cli_option options[] = {{.name = "strict", .is_flag = true}, {.name = NULL}};
    const char *word = NULL;
    struct target t = {NULL, NULL};
    struct problem_list problems;
    struct counts counts = {0, 0};
    if (!cli_arguments(cli, options, &word))
        return EXIT_USAGE;
    problem_list_init(&problems);
    if (find_target(word, &t))
        look_at(&t, &problems, &counts);
    problem_list_sort(&problems);
    if (cli->json)
        show_json(&problems);
    else
        show_text(&problems, &counts, word ? word : CLI_CONF_DIR);
    bool good = problems.errors == 0 && !(options[0].value && problems.warnings > 0);
    problem_list_free(&problems);
    free(t.file);
    free(t.dir);
    return good ? EXIT_GOOD : EXIT_FAILED;
}
