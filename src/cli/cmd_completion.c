/*
 * completion: scripts that complete commands, their options, and names of connections, for bash,
 * zsh and fish. Options are found in the arguments of the table of commands.
 */
#include "cli/cli.h"

#include <stdio.h>
#include <string.h>

/* The next option ("--json") in the arguments; false at the end. */
static bool next_option(const char **text, const char **option, size_t *len)
{
    const char *at = strstr(*text, "--");
    if (!at)
        return false;
    *option = at;
    *len = strcspn(at, " =|],:.");
    *text = at + *len;
    return true;
}

/* Those of the arguments, and those that only the long text names. */
static void print_options(const struct cli_command *c, const char *before, const char *after)
{
    const char *texts[] = {c->arguments, c->more}, *option;
    size_t len;
    for (size_t i = 0; i < 2; i++)
        for (const char *text = texts[i]; next_option(&text, &option, &len);)
            printf("%s%.*s%s", before, (int)len - 2, option + 2, after);
}

/* Plain words of the arguments that stand for themselves: "bash | zsh | fish". */
static void print_words(const struct cli_command *c, const char *before)
{
    const char *text = c->arguments;
    while (*text) {
        size_t len = strcspn(text, " ");
        if (len > 0 && text[0] >= 'a' && text[0] <= 'z')
            printf("%s%.*s", before, (int)strcspn(text, " ]"), text);
        text += len;
        text += *text == ' ';
    }
}

static bool wants_connection(const struct cli_command *c)
{
    return strstr(c->arguments, "NAME") == c->arguments || strstr(c->arguments, "CONN") != NULL;
}

static bool wants_folder(const struct cli_command *c)
{
    return strstr(c->arguments, "[DIR]") != NULL || strncmp(c->arguments, "FILE", 4) == 0;
}

/* Names of connections, one a line, for all three. */
#define NAMES "braid conns --json 2>/dev/null | sed -n 's/^      \"name\": \"\\(.*\\)\",$/\\1/p'"

static void print_bash(void)
{
    puts("# bash completion of braid, made by `braid completion bash`\n"
         "_braid() {\n"
         "    local word=${COMP_WORDS[COMP_CWORD]} command=${COMP_WORDS[1]}\n"
         "    if [ \"$COMP_CWORD\" = 1 ]; then");
    printf("        COMPREPLY=($(compgen -W \"");
    for (const struct cli_command *c = cli_commands; c->name; c++)
        printf("%s%s", c == cli_commands ? "" : " ", c->name);
    puts("\" -- \"$word\"))\n        return\n    fi\n    case $command in");
    for (const struct cli_command *c = cli_commands; c->name; c++) {
        printf("    %s) COMPREPLY=($(compgen %s-W \"", c->name, wants_folder(c) ? "-f " : "");
        print_options(c, " --", "");
        print_words(c, " ");
        if (wants_connection(c))
            printf(" $(" NAMES ")");
        puts("\" -- \"$word\")) ;;");
    }
    puts("    esac\n}\ncomplete -o filenames -F _braid braid");
}

static void print_zsh(void)
{
    puts("#compdef braid\n# zsh completion of braid, made by `braid completion zsh`\n"
         "_braid() {\n    local -a commands names\n    commands=(");
    for (const struct cli_command *c = cli_commands; c->name; c++) {
        printf("        \"%s:", c->name);
        for (const char *at = c->help; *at; at++)
            printf("%s%c", strchr(":\"$`", *at) ? "\\" : "", *at);
        puts("\"");
    }
    puts("    )\n    if (( CURRENT == 2 )); then\n        _describe command commands\n        return\n"
         "    fi\n    case $words[2] in");
    for (const struct cli_command *c = cli_commands; c->name; c++) {
        printf("    %s) compadd --", c->name);
        print_options(c, " --", "");
        print_words(c, " ");
        if (wants_connection(c))
            printf(" ${(f)\"$(" NAMES ")\"}");
        puts(wants_folder(c) ? "; _files ;;" : " ;;");
    }
    puts("    esac\n}\n_braid \"$@\"");
}

static void print_fish(void)
{
    puts("# fish completion of braid, made by `braid completion fish`\ncomplete -c braid -f");
    for (const struct cli_command *c = cli_commands; c->name; c++) {
        char condition[128];
        snprintf(condition, sizeof condition,
                 "complete -c braid -n \"__fish_seen_subcommand_from %s\" -l ", c->name);
        printf("complete -c braid -n __fish_use_subcommand -a %s -d \"", c->name);
        for (const char *at = c->help; *at; at++)
            printf("%s%c", strchr("\"$\\", *at) ? "\\" : "", *at);
        puts("\"");
        print_options(c, condition, "\n");
        printf("complete -c braid -n \"__fish_seen_subcommand_from %s\"%s -a \"", c->name,
               wants_folder(c) ? " -F" : "");
        print_words(c, " ");
        if (wants_connection(c))
            printf(" (braid conns --json 2>/dev/null | string match -rg '^      \\\"name\\\": "
                   "\\\"(.*)\\\",')");
        puts("\"");
    }
}

enum exit_code cmd_completion(struct cli *cli)
{
    static const struct {
        const char *shell;
        void (*print)(void);
    } shells[] = {{"bash", print_bash}, {"zsh", print_zsh}, {"fish", print_fish}};
    const char *word = NULL;
    if (!cli_arguments(cli, NULL, &word))
        return EXIT_USAGE;
    for (size_t i = 0; word && i < sizeof shells / sizeof shells[0]; i++) {
        if (strcmp(shells[i].shell, word) != 0)
            continue;
        shells[i].print();
        return EXIT_GOOD;
    }
    return cli_usage(cli, "for which shell?");
}
