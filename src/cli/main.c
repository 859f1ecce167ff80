/*
 * main: the command line of braid: common options, then a sub-command with its own. See braid(1).
 */
#include "cli/cli.h"
#include "cli/look.h"
#include "config/problem.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    COMMANDS_MAX = 64
}; /* that are guessed at */

const struct cli_command *cli_find(const char *name)
{
    for (const struct cli_command *c = cli_commands; c->name; c++) {
        if (strcmp(c->name, name) == 0)
            return c;
    }
    return NULL;
}

enum exit_code cli_usage(const struct cli *cli, const char *complaint, ...)
{
    va_list args;
    va_start(args, complaint);
    fputs("braid: ", stderr);
    vfprintf(stderr, complaint, args);
    va_end(args);
    fputc('\n', stderr);
    const struct cli_command *c = cli_find(cli->argc > 0 ? cli->argv[0] : "");
    if (c)
        fprintf(stderr, "usage: braid %s %s\n", c->name, c->arguments);
    return EXIT_USAGE;
}

/* The option of the table that argument i is, with its value; *i moves behind it. */
static bool take_option(struct cli *cli, struct cli_option *options, int *i)
{
    const char *argument = cli->argv[*i] + 2, *equals = strchr(argument, '=');
    size_t len = equals ? (size_t)(equals - argument) : strlen(argument);
    for (; options && options->name; options++) {
        if (strlen(options->name) != len || strncmp(options->name, argument, len) != 0)
            continue;
        if (options->is_flag && equals)
            break;
        options->value = options->is_flag ? "" : equals ? equals + 1
                                                        : cli->argv[++*i];
        if (!options->value)
            cli_usage(cli, "--%s needs a value", options->name);
        return options->value != NULL;
    }
    cli_usage(cli, "unknown option %s", cli->argv[*i]);
    return false;
}

static bool is_run_dir(const char *argument)
{
    return strcmp(argument, "-r") == 0 || strcmp(argument, "--run-dir") == 0;
}

bool cli_arguments(struct cli *cli, struct cli_option *options, const char **word)
{
    for (int i = 1; i < cli->argc; i++) {
        const char *argument = cli->argv[i];
        if (strcmp(argument, "--json") == 0) {
            cli->json = true;
        } else if (is_run_dir(argument) && i + 1 < cli->argc) {
            cli->run_dir = cli->argv[++i];
        } else if (argument[0] == '-' && argument[1] == '-') {
            if (!take_option(cli, options, &i))
                return false;
        } else if (argument[0] == '-' || !word || *word) {
            cli_usage(cli, "unexpected argument %s", argument);
            return false;
        } else {
            *word = argument;
        }
    }
    return true;
}

/* Options in front of the command. False: wrong. */
static bool read_common(struct cli *cli)
{
    while (cli->argc > 0 && cli->argv[0][0] == '-') {
        const char *argument = cli->argv[0];
        int used = 1;
        if (strcmp(argument, "-h") == 0 || strcmp(argument, "--help") == 0) {
            cli->argv[0] = (char *)(uintptr_t)"help";
            return true;
        }
        if (strcmp(argument, "--version") == 0 || strcmp(argument, "-V") == 0) {
            cli->argv[0] = (char *)(uintptr_t)"version";
            return true;
        }
        if (strcmp(argument, "--json") == 0)
            cli->json = true;
        else if (is_run_dir(argument) && cli->argc > 1)
            cli->run_dir = cli->argv[used++];
        else
            return false;
        cli->argc -= used;
        cli->argv += used;
    }
    return cli->argc > 0;
}

/* `braid up --help` is `braid help up`. */
static void turn_to_help(struct cli *cli)
{
    static char help[] = "help";
    for (int i = 1; i < cli->argc; i++)
        if (strcmp(cli->argv[i], "--help") == 0 || strcmp(cli->argv[i], "-h") == 0) {
            cli->argv[1] = cli->argv[0];
            cli->argv[0] = help;
            cli->argc = 2;
        }
}

static const char *guess_command(const char *written)
{
    const char *names[COMMANDS_MAX + 1] = {NULL};
    for (size_t i = 0; i < COMMANDS_MAX && cli_commands[i].name; i++)
        names[i] = cli_commands[i].name;
    return problem_guess(bytes_str(written), names);
}

int main(int argc, char **argv)
{
    struct cli cli = {.run_dir = CLI_RUN_DIR, .argc = argc - 1, .argv = argv + 1};
    look_init();
    if (!read_common(&cli)) {
        if (cli.argc > 0)
            fprintf(stderr, "braid: unknown option %s in front of a command, or it lacks a value\n",
                    cli.argv[0]);
        fputs("usage: braid [-r RUNDIR] COMMAND [ARGUMENT...]; `braid help` names the commands\n",
              stderr);
        return EXIT_USAGE;
    }
    if (cli_find(cli.argv[0]))
        turn_to_help(&cli);
    const struct cli_command *command = cli_find(cli.argv[0]);
    if (command)
        return command->run(&cli);
    const char *guess = guess_command(cli.argv[0]);
    fprintf(stderr, "braid: there is no command `%s`%s%s%s; `braid help` names them\n", cli.argv[0],
            guess ? ", did you mean `" : "", guess ? guess : "", guess ? "`?" : "");
    return EXIT_USAGE;
}
