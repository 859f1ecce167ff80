/*
 * help: the table of commands as a summary, one command in full, or (--format=roff) the part of
 * braid(1) that is made from it.
 */
#include "cli/cli.h"
#include "cli/look.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

enum { WIDTH = 80 };

/* Break between words. */
static void print_wrapped(const char *text, unsigned indent)
{
    size_t column = 0;
    while (*text) {
        if (*text == '\n') {
            putchar('\n');
            column = 0;
            text++;
            continue;
        }
        size_t len = strcspn(text, " \n");
        if (column > 0 && column + 1 + len > WIDTH) {
            putchar('\n');
            column = 0;
        }
        if (column == 0)
            column = (size_t)printf("%*s%.*s", (int)indent, "", (int)len, text);
        else
            column += (size_t)printf(" %.*s", (int)len, text);
        text += len;
        text += *text == ' ';
    }
    putchar('\n');
}

static void show_all(void)
{
    puts("usage: braid [-r RUNDIR] COMMAND [ARGUMENT...]\n");
    for (const struct cli_command *c = cli_commands; c->name; c++) {
        printf("  ");
        look_print(stdout, LOOK_BOLD, "%-12s", c->name);
        printf("%s\n", c->help);
    }
    puts("\n  -r, --run-dir DIR   where the daemon's control socket is (" CLI_RUN_DIR ")\n"
         "      --json          for programs\n\n"
         "`braid help COMMAND` says more. Exit status: 0 done, 1 it did not work, 2 wrong command\n"
         "line, 3 no daemon, 4 connection to it lost.");
}

static void show_one(const struct cli_command *c)
{
    printf("usage: braid %s %s\n\n", c->name, c->arguments);
    print_wrapped(c->help, 2);
    if (c->more[0]) {
        putchar('\n');
        print_wrapped(c->more, 2);
    }
}

/* ---- the manual page ------------------------------------------------------------------------- */

static void print_roff(const char *text)
{
    for (; *text; text++) {
        if (*text == '-' || *text == '\\')
            putchar('\\');
        if (*text == '\n' && text[1] == '\n') {
            fputs("\n.sp\n", stdout);
            text++;
        } else {
            putchar(*text);
        }
    }
}

/* Capitals stand for what the user puts there. */
static void print_roff_arguments(const char *text)
{
    bool italic = false;
    for (; *text; text++) {
        bool is_word = isupper((unsigned char)*text) &&
                       (isupper((unsigned char)text[1]) || italic || text[1] == '\0');
        if (is_word != italic)
            fputs(is_word ? "\\fI" : "\\fR", stdout);
        italic = is_word;
        if (*text == '-')
            putchar('\\');
        putchar(*text);
    }
    fputs(italic ? "\\fR\n" : "\n", stdout);
}

static void show_roff(void)
{
    for (const struct cli_command *c = cli_commands; c->name; c++) {
        printf(".TP\n\\fB%s\\fR%s", c->name, c->arguments[0] ? " " : "");
        print_roff_arguments(c->arguments);
        putchar(toupper((unsigned char)c->help[0]));
        print_roff(c->help + 1);
        fputs(".\n", stdout);
        if (c->more[0]) {
            print_roff(c->more);
            putchar('\n');
        }
    }
}

enum exit_code cmd_help(struct cli *cli)
{
    struct cli_option options[] = {{.name = "format"}, {.name = NULL}};
    const char *word = NULL;
    if (!cli_arguments(cli, options, &word))
        return EXIT_USAGE;
    if (options[0].value && strcmp(options[0].value, "roff") != 0)
        return cli_usage(cli, "the format is roff");
    if (options[0].value)
        show_roff();
    else if (!word)
        show_all();
    else if (cli_find(word))
        show_one(cli_find(word));
    else
        return cli_usage(cli, "there is no command %s", word);
    return EXIT_GOOD;
}
