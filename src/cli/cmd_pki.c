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

/* clang-format off */
static const struct {
    const char *name;
    bool (*run)(const struct ca_order *o);
    bool takes_file;
} verbs[] = {
    {"ca",      ca_make,    false}, {"issue", ca_issue, false}, {"request", ca_request, false},
    {"sign",    ca_sign,    true},  {"crl",   ca_revoke, false}, {"list",   ca_list,    false},
    {"verify",  ca_verify,  true},  {"show",  ca_show,  true},
};
/* clang-format on */

/* Options with a value, and where the value goes. */
static bool read_options(struct cli *cli, struct ca_order *o, const char **word)
{
    const struct {
        const char *name, **to;
    } texts[] = {{"dir", &o->dir}, {"type", &o->type}, {"subject", &o->subject}, {"id", &o->id}, {"out", &o->out}, {"issuer", &o->issuer}, {"name", &o->name}, {"revoke", &o->revoke}, {"crl", &o->crl}, {"ocsp", &o->ocsp}};
    enum { TEXTS = sizeof texts / sizeof texts[0] };
    struct cli_option options[TEXTS + 3] = {
        [TEXTS] = {.name = "days"}, {.name = "force", .is_flag = true}, {.name = NULL}};
    for (size_t i = 0; i < TEXTS; i++)
        options[i].name = texts[i].name;
    if (!cli_arguments(cli, options, word))
        return false;
    for (size_t i = 0; i < TEXTS; i++)
        *texts[i].to = options[i].value;
    const char *days = options[TEXTS].value;
    char *end = NULL;
    o->days = days ? strtol(days, &end, 10) : 0;
    if (days && (*end || o->days <= 0))
        o->days = -1;
    o->force = options[TEXTS + 1].value != NULL;
    return true;
}

enum exit_code cmd_pki(struct cli *cli)
{
    const char *verb = cli->argc > 1 ? cli->argv[1] : "";
    struct cli rest = {.argc = cli->argc - 1, .argv = cli->argv + 1};
    struct ca_order order = {.dir = NULL};
    for (size_t i = 0; i < sizeof verbs / sizeof verbs[0]; i++) {
        if (strcmp(verbs[i].name, verb) != 0)
            continue;
        if (!read_options(&rest, &order, verbs[i].takes_file ? &order.file : NULL))
            return EXIT_USAGE;
        return verbs[i].run(&order) ? EXIT_GOOD : EXIT_FAILED;
    }
    return cli_usage(cli, "pki needs one of ca, issue, request, sign FILE, crl, list, verify FILE, "
                          "show FILE");
}
