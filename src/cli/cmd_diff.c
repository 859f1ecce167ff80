/*
 * diff: what `braid reload` would change, without doing it:
 *
 *     + connections.new
 *     - connections.old                                  SA #3 stays until it ends
 *     ~ connections.home.proposals   (in use by SA #1, #2, which keeps what it was set up with)
 *           aes256-sha256-ecp256
 *        →  aes256gcm16-prfsha384-x25519-ke1_mlkem768
 *     ~ secrets.ike-home.secret   (not shown)
 *     ~ network.port   (when braidd is started again)
 *           500
 *        →  1500
 */
#include "cli/client.h"
#include "cli/json.h"
#include "cli/look.h"

#include <stdio.h>
#include <stdlib.h>

enum { TEXT_LEN = 4096 };

static void show_sas(struct bytes change)
{
    struct vici_in in;
    unsigned count = 0;
    if (!vici_find_list(change, "ike-sas", &in))
        return;
    for (; vici_next(&in) == VICI_LIST_ITEM; count++)
        printf("%s#%.*s", count ? ", " : "   (in use by SA ", (int)in.value.len,
               (const char *)in.value.at);
    if (count > 0)
        fputs(", which keeps what it was set up with)", stdout);
}

static void show_change(struct bytes change)
{
    char kind[16], conn[TEXT_LEN], child[TEXT_LEN], key[512], before[TEXT_LEN], after[TEXT_LEN],
        note[TEXT_LEN];
    struct bytes value;
    bool has_values = vici_find(change, "before", &value);
    client_text(change, "kind", kind, sizeof kind);
    client_text(change, "conn", conn, sizeof conn);
    client_text(change, "child", child, sizeof child);
    client_text(change, "key", key, sizeof key);
    client_text(change, "before", before, sizeof before);
    client_text(change, "after", after, sizeof after);
    enum look look = kind[0] == 'a' ? LOOK_GOOD : kind[0] == 'r' ? LOOK_BAD
                                                                 : LOOK_WARN;
    look_print(stdout, look, "%c ", kind[0] == 'a' ? '+' : kind[0] == 'r' ? '-'
                                                                          : '~');
    look_print(stdout, look, "%s%s%s%s%s%s", conn[0] ? "connections." : "", conn,
               child[0] ? ".children." : "", child, conn[0] && key[0] ? "." : "", key);
    client_text(change, "note", note, sizeof note);
    if (note[0] || (kind[0] == 'c' && !has_values))
        printf("   (%s)", note[0] ? note : "not shown");
    show_sas(change);
    putchar('\n');
    if (has_values)
        printf("      %s\n   %s  %s\n", before[0] ? before : "(nothing)", look_right(),
               after[0] ? after : "(nothing)");
}

static unsigned show_changes(struct bytes response)
{
    struct vici_in in = vici_in_make(response);
    enum vici_element e;
    unsigned count = 0;
    while ((e = vici_next(&in)) != VICI_END && e != VICI_BAD) {
        if (e != VICI_SECTION_START) {
            if (e == VICI_LIST_START)
                vici_skip(&in);
            continue;
        }
        struct vici_in changes = vici_in_make(vici_content(&in));
        for (; vici_next(&changes) == VICI_SECTION_START; count++)
            show_change(vici_content(&changes));
    }
    return count;
}

static void show_problems(struct bytes response)
{
    struct vici_in in;
    if (!vici_find_list(response, "problems", &in))
        return;
    while (vici_next(&in) == VICI_LIST_ITEM)
        fprintf(stderr, "%.*s\n", (int)in.value.len, (const char *)in.value.at);
}

static enum exit_code show_response(struct bytes response)
{
    char message[512];
    show_problems(response);
    if (!client_succeeded(response)) {
        look_print(stderr, LOOK_BAD, "braid: %s\n",
                   client_text(response, "errmsg", message, sizeof message));
        return EXIT_FAILED;
    }
    int64_t count = vici_find_int(response, "count", 0);
    unsigned shown = show_changes(response);
    if (count == 0)
        puts("a reload would change nothing");
    else if (count > shown)
        printf("and %lld more\n", (long long)count - shown);
    return EXIT_GOOD;
}

enum exit_code cmd_diff(struct cli *cli)
{
    struct client c;
    struct bytes response;
    const char *dir = NULL;
    if (!cli_arguments(cli, NULL, &dir))
        return EXIT_USAGE;
    char *path = dir ? realpath(dir, NULL) : NULL;
    if (dir && !path)
        return cli_usage(cli, "there is no folder %s", dir);
    enum exit_code code = client_open(&c, cli);
    if (code == EXIT_GOOD) {
        struct vici_out *o = client_request(&c, VICI_CMD_DIFF);
        if (path)
            vici_key_str(o, "dir", path);
        code = client_call(&c, CLIENT_PATIENCE, NULL, NULL, &response);
    }
    if (code == EXIT_GOOD && cli->json) {
        json_t *object = json_from_vici(response);
        json_object_set_new(object, "schema", json_integer(1));
        json_show(object);
        code = client_succeeded(response) ? EXIT_GOOD : EXIT_FAILED;
    } else if (code == EXIT_GOOD) {
        code = show_response(response);
    }
    free(path);
    client_close(&c);
    return code;
}
