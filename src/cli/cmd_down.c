/* down: end SAs, by the name of a connection or child, or by number. The peer is told. */
#include "cli/client.h"
#include "cli/look.h"

#include <stdio.h>

/* One terminate request. *matches says how many SAs it was about. */
static enum exit_code terminate(struct client *c, const char *key, const char *value,
                                int64_t *matches)
{
    struct bytes response;
    char message[512];
    client_name_sa(client_request(c, VICI_CMD_TERMINATE), key, value);
    enum exit_code code = client_call(c, 0, NULL, NULL, &response);
    if (code != EXIT_GOOD)
        return code;
    *matches = vici_find_int(response, "matches", 0);
    if (client_succeeded(response)) {
        printf("%lld SA%s ended\n", (long long)vici_find_int(response, "terminated", *matches),
               *matches == 1 ? "" : "s");
        return EXIT_GOOD;
    }
    if (*matches > 0)
        look_print(stderr, LOOK_BAD, "braid: %s\n",
                   client_text(response, "errmsg", message, sizeof message));
    return EXIT_FAILED;
}

static bool is_number(const char *text)
{
    return *text && text[strspn(text, "0123456789")] == '\0';
}

/* A plain name may be a connection's, a child's, or both with a slash between. */
static enum exit_code end_named(struct client *c, const char *name)
{
    int64_t matches = 0;
    enum exit_code code = terminate(c, "ike", name, &matches);
    if (code == EXIT_FAILED && matches == 0)
        code = terminate(c, "child", name, &matches);
    if (code == EXIT_FAILED && matches == 0 && strchr(name, '/'))
        code = terminate(c, NULL, name, &matches);
    if (code == EXIT_FAILED && matches == 0)
        look_print(stderr, LOOK_BAD, "braid: there is no SA of a connection or child '%s'\n", name);
    return code;
}

static enum exit_code end_by(struct client *c, const char *key, const char *value)
{
    int64_t matches = 0;
    enum exit_code code = terminate(c, key, value, &matches);
    if (code == EXIT_FAILED && matches == 0)
        look_print(stderr, LOOK_BAD, "braid: there is no SA with %s %s\n", key, value);
    return code;
}

enum exit_code cmd_down(struct cli *cli)
{
    struct cli_option options[] = {{.name = "ike"}, {.name = "child"}, {.name = "id"}, {.name = NULL}};
    static const char *const keys[] = {"ike", "child", "ike-id"};
    const char *name = NULL, *key = NULL, *value = NULL;
    struct client c;
    int given = 0;
    if (!cli_arguments(cli, options, &name))
        return EXIT_USAGE;
    for (size_t i = 0; options[i].name; i++) {
        if (!options[i].value)
            continue;
        key = keys[i];
        value = options[i].value;
        given++;
    }
    if (given + (name != NULL) != 1)
        return cli_usage(cli, given || name ? "say it in one way only" : "what is to be ended?");
    if (options[2].value && !is_number(options[2].value))
        return cli_usage(cli, "--id is the number of an IKE SA, as `braid list` shows it");
    enum exit_code code = client_open(&c, cli);
    if (code == EXIT_GOOD)
        code = name ? end_named(&c, name) : end_by(&c, key, value);
    client_close(&c);
    return code;
}
