/*
 * options: see options.h. The table is the help text.
 */
#include "daemon/options.h"

#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>

static const struct {
    struct option option;
    const char *value, *help;
} table[] = {
    {{"config", required_argument, NULL, 'c'}, "DIR", "folder with swanctl.conf and braid.conf (/etc/braid)"},
    {{"run", required_argument, NULL, 'r'}, "DIR", "folder for the control socket and the lock (/run/braid)"},
    {{"check", no_argument, NULL, 'k'}, "", "read the configuration, say what is wrong with it, and end"},
    {{"json", no_argument, NULL, 'j'}, "", "log one JSON object a line"},
    {{"verbose", no_argument, NULL, 'v'}, "", "log everything"},
    {{"no-sandbox", no_argument, NULL, 'S'}, "", "keep all privileges: for debuggers and the like"},
    {{"help", no_argument, NULL, 'h'}, "", "this text"},
    {{"version", no_argument, NULL, 'V'}, "", "the version"},
};
enum { OPTIONS = sizeof table / sizeof table[0] };

static void help(FILE *to)
{
    fputs("usage: braidd [OPTION]...\n"
          "The IKEv2 daemon: sets up IPsec tunnels with post-quantum key exchange. Stays in the "
          "foreground.\n\n",
          to);
    for (size_t i = 0; i < OPTIONS; i++)
        fprintf(to, "  -%c, --%-10s %-4s %s\n", table[i].option.val, table[i].option.name, table[i].value,
                table[i].help);
    fputs(
        "\nsignals: SIGHUP reads the configuration again; SIGTERM and SIGINT end all tunnels, then the "
        "daemon.\n"
        "exit status: 0 ended on request, 1 could not run, 64 wrong usage, 78 the configuration is wrong.\n",
        to);
}

static bool end(int *status, int value)
{
    *status = value;
    return false;
}

bool options_read(int argc, char **argv, struct options *out, int *status)
{
    struct option list[OPTIONS + 1] = {0};
    for (size_t i = 0; i < OPTIONS; i++)
        list[i] = table[i].option;
    *out = (struct options){.conf_dir = "/etc/braid", .run_dir = "/run/braid"};
    for (int c; (c = getopt_long(argc, argv, "c:r:kjvShV", list, NULL)) != -1;) {
        switch (c) {
        case 'c':
            out->conf_dir = optarg;
            break;
        case 'r':
            out->run_dir = optarg;
            break;
        case 'k':
            out->check = true;
            break;
        case 'j':
            out->json = true;
            break;
        case 'v':
            out->verbose = true;
            break;
        case 'S':
            out->no_sandbox = true;
            break;
        case 'h':
            help(stdout);
            return end(status, EXIT_SUCCESS);
        case 'V':
            printf("braidd %s\n", BRAID_VERSION);
            return end(status, EXIT_SUCCESS);
        default:
            fputs("Try 'braidd --help'.\n", stderr);
            return end(status, EXIT_USAGE);
        }
    }
    if (optind < argc) {
        fprintf(stderr, "braidd: unexpected argument '%s'\nTry 'braidd --help'.\n", argv[optind]);
        return end(status, EXIT_USAGE);
    }
    return true;
}
