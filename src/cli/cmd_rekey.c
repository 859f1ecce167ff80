/*
 * rekey: new keys now, for an IKE SA or a Child SA, and show each exchange as it is carried out:
 *
 *     CREATE_CHILD_SA   x25519     → 233 B   ← 241 B    1+1 datagrams    1.9 ms
 *     ...               mlkem768   → 1.3 kB  ← 1.2 kB   2+1 datagrams    2.4 ms
 *     1 SA rekeyed
 *
 * or, with --reauth, to set the IKE SA up anew.
 */
#include "cli/client.h"
#include "cli/json.h"
#include "cli/look.h"
#include "cli/progress.h"

#include <stdio.h>
#include <stdlib.h>

enum { TEXT_LEN = 512 };

struct wish {
    const char *key, *value; /* "ike" or "child", and a name */
    unsigned long timeout;   /* seconds, 0 = none */
    bool reauth;
    json_t *exchanges; /* array, or NULL: for people */
};

static void on_event(void *self, struct bytes event, struct bytes message)
{
    struct wish *w = self;
    if (!bytes_equal(event, BYTES_LIT(VICI_EVENT_PROGRESS)))
        return;
    if (w->exchanges)
        json_array_append_new(w->exchanges, json_from_vici(message));
    else
        progress_show(message);
}

static void show_failure(struct bytes response)
{
    char message[TEXT_LEN], reason[64], detail[TEXT_LEN];
    client_text(response, "errmsg", message, sizeof message);
    client_text(response, "reason", reason, sizeof reason);
    client_text(response, "detail", detail, sizeof detail);
    fflush(stdout);
    look_print(stderr, LOOK_BAD, "braid: %s", message);
    fprintf(stderr, "%s%s%s\n", reason[0] ? " [" : "", reason, reason[0] ? "]" : "");
    if (detail[0])
        fprintf(stderr, "  %s\n", detail);
}

static void show(struct wish *w, struct bytes response)
{
    long long rekeyed = vici_find_int(response, "rekeyed", 0);
    if (w->exchanges) {
        json_t *object = json_pack("{s:i, s:s, s:O}", "schema", 1, w->key ? w->key : "child", w->value, "exchanges",
                                   w->exchanges);
        json_object_update_new(object, json_from_vici(response));
        json_show(object);
    } else if (client_succeeded(response)) {
        look_print(stdout, LOOK_GOOD, "%lld SA%s %s", rekeyed, rekeyed == 1 ? "" : "s",
                   w->reauth ? "authenticated anew" : "rekeyed");
        putchar('\n');
    } else {
        show_failure(response);
    }
}

/* *response is valid until the next call. */
static enum exit_code request(struct client *c, struct wish *w, struct bytes *response)
{
    struct vici_out *o = client_request(c, VICI_CMD_REKEY);
    client_name_sa(o, w->key, w->value);
    vici_key_str(o, "wait", "yes");
    vici_key_bool(o, "reauth", w->reauth);
    if (w->timeout > 0)
        vici_key_uint(o, "timeout", w->timeout * 1000);
    return client_call(c, 0, on_event, w, response);
}

static bool is_about_nothing(struct bytes response)
{
    return !client_succeeded(response) && vici_find_int(response, "matches", 0) == 0;
}

/* A plain name may be a connection's, a child's, or both with a slash between. */
static enum exit_code rekey(struct client *c, struct wish *w)
{
    struct bytes response;
    bool plain = w->key == NULL && !w->reauth;
    if (!w->key)
        w->key = "ike";
    enum exit_code code = request(c, w, &response);
    if (code == EXIT_GOOD && plain && is_about_nothing(response)) {
        w->key = strchr(w->value, '/') ? NULL : "child";
        code = request(c, w, &response);
    }
    if (code != EXIT_GOOD)
        return code;
    if (is_about_nothing(response) && !w->exchanges)
        look_print(stderr, LOOK_BAD, "braid: there is no SA of a %s '%s' to rekey\n",
                   plain                        ? "connection or child"
                   : strcmp(w->key, "ike") == 0 ? "connection"
                                                : "child",
                   w->value);
    else
        show(w, response);
    return client_succeeded(response) ? EXIT_GOOD : EXIT_FAILED;
}

enum exit_code cmd_rekey(struct cli *cli)
{
    struct cli_option options[] = {{.name = "ike"}, {.name = "child"}, {.name = "timeout"}, {.name = "reauth", .is_flag = true}, {.name = NULL}};
    struct wish w = {.key = NULL};
    struct client c;
    char *end = NULL;
    if (!cli_arguments(cli, options, &w.value))
        return EXIT_USAGE;
    int given = w.value != NULL;
    for (size_t i = 0; i < 2; i++) {
        if (!options[i].value)
            continue;
        w.key = options[i].name;
        w.value = options[i].value;
        given++;
    }
    if (given != 1)
        return cli_usage(cli, given ? "say it in one way only" : "what is to be rekeyed?");
    w.reauth = options[3].value != NULL;
    if (w.reauth && options[1].value)
        return cli_usage(cli, "Child SAs are not authenticated; --reauth is for connections");
    w.timeout = options[2].value ? strtoul(options[2].value, &end, 10) : 0;
    if (end && (*end || end == options[2].value || w.timeout > 86400))
        return cli_usage(cli, "--timeout is a number of seconds");
    enum exit_code code = client_open(&c, cli);
    if (code == EXIT_GOOD && client_register(&c, VICI_EVENT_PROGRESS) == EXIT_BROKEN)
        code = EXIT_BROKEN;
    w.exchanges = cli->json ? json_array() : NULL;
    if (code == EXIT_GOOD)
        code = rekey(&c, &w);
    json_decref(w.exchanges);
    client_close(&c);
    return code;
}
