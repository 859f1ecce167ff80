/*
 * reload: have the daemon read its configuration again. With an error in it nothing changes, and
 * all of them are shown.
 */
#include "cli/client.h"
#include "cli/look.h"

#include <stdio.h>

static void show_problems(struct bytes response)
{
    struct vici_in in;
    if (!vici_find_list(response, "problems", &in))
        return;
    while (vici_next(&in) == VICI_LIST_ITEM)
        fprintf(stderr, "%.*s\n", (int)in.value.len, (const char *)in.value.at);
}

enum exit_code cmd_reload(struct cli *cli)
{
    struct client c;
    struct bytes response;
    char message[512];
    if (!cli_arguments(cli, NULL, NULL))
        return EXIT_USAGE;
    enum exit_code code = client_open(&c, cli);
    if (code == EXIT_GOOD) {
        client_request(&c, VICI_CMD_RELOAD);
        code = client_call(&c, CLIENT_PATIENCE, NULL, NULL, &response);
    }
    if (code == EXIT_GOOD) {
        show_problems(response);
        bool good = client_succeeded(response);
        if (good)
            puts("reloaded");
        else
            look_print(stderr, LOOK_BAD, "braid: not reloaded: %s\n",
                       client_text(response, "errmsg", message, sizeof message));
        code = good ? EXIT_GOOD : EXIT_FAILED;
    }
    client_close(&c);
    return code;
}
