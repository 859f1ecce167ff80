/*
 * keys: what a configuration may hold, straight from the schema table, for people or
 * (--format=roff) as the part of braid.conf(5) that is made from it.
 */
#include "cli/cli.h"
#include "cli/look.h"
#include "config/schema.h"

#include <stdio.h>

/* Where the keys of a section of the schema stand. */
/* clang-format off */
static const char *const places[] = {
    [SCHEMA_SWANCTL] = "swanctl.conf",
    [SCHEMA_CONN] = "connections.<conn>",
    [SCHEMA_AUTH] = "connections.<conn>.local*, .remote*",
    [SCHEMA_CERT] = "connections.<conn>.local*.cert*, .remote*.cert*, .cacert*",
    [SCHEMA_CHILD] = "connections.<conn>.children.<child>",
    [SCHEMA_SECRETS] = "secrets",
    [SCHEMA_SECRET] = "secrets.ike*",
    [SCHEMA_FILE] = "secrets.private*, rsa*, ecdsa*, pkcs8*, pkcs12*",
    [SCHEMA_TOKEN] = "secrets.token*",
    [SCHEMA_POOL] = "pools.<name>",
    [SCHEMA_AUTHORITY] = "authorities.<name>",
    [SCHEMA_BRAID] = "braid.conf",
    [SCHEMA_ENGINE] = "braid.conf: engine",
    [SCHEMA_NETWORK] = "braid.conf: network",
    [SCHEMA_PLANE] = "braid.conf: plane",
    [SCHEMA_CONTROL] = "braid.conf: control",
    [SCHEMA_LOG] = "braid.conf: log",
};
/* clang-format on */

/* clang-format off */
static const char *const states[] = {[STATUS_NOW] = "",
                                     [STATUS_LATER] = " [no effect yet]",
                                     [STATUS_NOT_YET] = " [not supported yet]"};
/* clang-format on */

static bool is_wanted(const struct schema_key *key, const char *word)
{
    return !word || strstr(key->name, word) || strstr(key->help, word) ||
           strstr(places[key->section], word);
}

static void show_key(const struct schema_key *key)
{
    printf("  %-28s ", key->name);
    fputs(key->help, stdout);
    if (key->fallback)
        printf(" (default: %s)", key->fallback + (key->fallback[0] == '='));
    look_print(stdout, LOOK_DIM, "%s", states[key->status]);
    putchar('\n');
}

/* The same as a manual page has it. */
static void print_roff(const char *text)
{
    for (; *text; text++)
        fputs(*text == '-' ? "\\-" : (char[]){*text, '\0'}, stdout);
}

static void show_roff(const struct schema_key *key, bool new_section)
{
    if (new_section)
        printf(".SS %s\n", places[key->section]);
    printf(".TP\n.B %s%s\n", key->name, key->kind == KIND_PREFIX ? "*" : "");
    print_roff(key->help);
    if (key->fallback) {
        fputs(" (default: ", stdout);
        print_roff(key->fallback + (key->fallback[0] == '='));
        putchar(')');
    }
    printf("%s%s%s\n", key->status == STATUS_NOW ? "" : " \\fI",
           states[key->status] + (key->status != STATUS_NOW),
           key->status == STATUS_NOW ? "" : "\\fR");
}

enum exit_code cmd_keys(struct cli *cli)
{
    struct cli_option options[] = {{.name = "format"}, {.name = NULL}};
    const char *word = NULL;
    const struct schema_key *key;
    bool any = false;
    int section = -1;
    if (!cli_arguments(cli, options, &word))
        return EXIT_USAGE;
    bool roff = options[0].value && strcmp(options[0].value, "roff") == 0;
    if (options[0].value && !roff)
        return cli_usage(cli, "the format is roff");
    for (size_t i = 0; (key = schema_key_at(i)) != NULL; i++) {
        if (!is_wanted(key, word))
            continue;
        bool new_section = section != (int)key->section;
        if (new_section && !roff)
            look_print(stdout, LOOK_BOLD, "%s%s\n", any ? "\n" : "", places[key->section]);
        if (roff)
            show_roff(key, new_section);
        else
            show_key(key);
        section = (int)key->section;
        any = true;
    }
    if (!any)
        fprintf(stderr, "braid: no key has to do with `%s`\n", word);
    return any ? EXIT_GOOD : EXIT_FAILED;
}
