/*
 * pki: the command line of cred/ca.h. A post-quantum public key infrastructure is three commands:
 *
 *     braid pki ca    --dir pki --type mldsa87 --subject "O=example, CN=example CA"
 *     braid pki issue --dir pki --type mldsa87 --id moon.example --out moon
 *     braid pki issue --dir pki --type mldsa87 --id sun.example  --out sun
 */
#include "cli/cli.h"
#include "cred/ca.h"

#include <stdlib.h>
#include <string.h>

/* Options with a value, and where the value goes. */
static bool read_options(struct cli *cli, struct ca_order *o, const char **word)
{
    /* clang-format off */
    struct cli_option options[] = {{.name = "dir"},  {.name = "type"},   {.name = "subject"},
                                   {.name = "id"},   {.name = "out"},    {.name = "issuer"},
                                   {.name = "name"}, {.name = "revoke"}, {.name = "crl"},
                                   {.name = "days"}, {.name = NULL}};
    /* clang-format on */
    if (!cli_arguments(cli, options, word))
        return false;
    *o = (struct ca_order){.dir = options[0].value,
                           .type = options[1].value,
                           .subject = options[2].value,
                           .id = options[3].value,
                           .out = options[4].value,
                           .issuer = options[5].value,
                           .name = options[6].value,
                           .revoke = options[7].value,
                           .crl = options[8].value};
    if (options[9].value)
        o->days = strtol(options[9].value, NULL, 10);
    return true;
}

enum exit_code cmd_pki(struct cli *cli)
{
    const char *verb = cli->argc > 1 ? cli->argv[1] : "", *word = NULL;
    struct cli rest = {.argc = cli->argc - 1, .argv = cli->argv + 1};
    struct ca_order order = {.dir = NULL};
    bool takes_word = strcmp(verb, "show") == 0, good;
    if (cli->argc > 1 && !read_options(&rest, &order, takes_word ? &word : NULL))
        return EXIT_USAGE;
    if (strcmp(verb, "ca") == 0)
        good = ca_make(&order);
    else if (strcmp(verb, "issue") == 0)
        good = ca_issue(&order);
    else if (strcmp(verb, "crl") == 0)
        good = ca_list(&order);
    else if (takes_word && word)
        good = ca_show(word);
    else
        return cli_usage(cli, "pki needs one of ca, issue, crl, show FILE");
    return good ? EXIT_GOOD : EXIT_FAILED;
}
