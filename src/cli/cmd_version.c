/* version: of this program, and of the daemon if one is there. */
#include "cli/client.h"
#include "cli/json.h"

#include <stdio.h>

static enum exit_code show_daemon(const struct cli *cli)
{
    struct client c;
    struct bytes response;
    char daemon[64], version[64], release[128];
    enum exit_code code = client_open(&c, cli);
    if (code == EXIT_GOOD) {
        client_request(&c, VICI_CMD_VERSION);
        code = client_call(&c, CLIENT_PATIENCE, NULL, NULL, &response);
    }
    if (code == EXIT_GOOD && cli->json)
        json_show(json_pack("{s:i, s:s, s:o}", "schema", 1, "braid", BRAID_VERSION, "daemon",
                            json_from_vici(response)));
    else if (code == EXIT_GOOD)
        printf("braid %s\n%s %s on %s\n", BRAID_VERSION,
               client_text(response, "daemon", daemon, sizeof daemon),
               client_text(response, "version", version, sizeof version),
               client_text(response, "release", release, sizeof release));
    client_close(&c);
    return code;
}

enum exit_code cmd_version(struct cli *cli)
{
    if (!cli_arguments(cli, NULL, NULL))
        return EXIT_USAGE;
    if (client_has_daemon(cli)) /* not having one is no mistake here */
        return show_daemon(cli);
    if (cli->json)
        json_show(json_pack("{s:i, s:s, s:n}", "schema", 1, "braid", BRAID_VERSION, "daemon"));
    else
        printf("braid %s (no daemon in %s)\n", BRAID_VERSION, cli->run_dir);
    return EXIT_GOOD;
}
