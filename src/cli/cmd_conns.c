/* conns: the connections the daemon has loaded, whether they are up or not. */
#include "cli/client.h"
#include "cli/json.h"
#include "cli/look.h"

#include <stdio.h>

struct listing {
    json_t *json; /* array, or NULL */
    size_t count;
};

static void print_list(struct bytes message, const char *name)
{
    struct vici_in in;
    bool first = true;
    if (!vici_find_list(message, name, &in))
        return;
    for (; vici_next(&in) == VICI_LIST_ITEM; first = false)
        printf("%s%.*s", first ? "" : " ", (int)in.value.len, (const char *)in.value.at);
}

static void show_side(struct bytes conn, const char *addrs, const char *section)
{
    char path[32], class[64], id[256];
    snprintf(path, sizeof path, "%s.class", section);
    client_text(conn, path, class, sizeof class);
    snprintf(path, sizeof path, "%s.id", section);
    client_text(conn, path, id, sizeof id);
    print_list(conn, addrs);
    printf(" (%s%s%s)", id, id[0] ? ", " : "", class);
}

static void show_child(struct bytes name, struct bytes child)
{
    char mode[32];
    printf("    %.*s  %s  ", (int)name.len, (const char *)name.at,
           client_text(child, "mode", mode, sizeof mode));
    print_list(child, "local-ts");
    printf(" %s ", look_both());
    print_list(child, "remote-ts");
    putchar('\n');
}

static void show_conn(struct bytes name, struct bytes conn)
{
    look_print(stdout, LOOK_BOLD, "%.*s", (int)name.len, (const char *)name.at);
    fputs("\n    ", stdout);
    show_side(conn, "local_addrs", "local-1");
    printf(" %s ", look_both());
    show_side(conn, "remote_addrs", "remote-1");
    putchar('\n');
    struct vici_in in = vici_in_make(conn);
    enum vici_element e;
    while ((e = vici_next(&in)) != VICI_END && e != VICI_BAD) {
        if (e != VICI_SECTION_START)
            continue;
        struct bytes section = in.name, content = vici_content(&in);
        struct vici_in children = vici_in_make(content);
        while (bytes_equal(section, BYTES_LIT("children")) &&
               vici_next(&children) == VICI_SECTION_START) {
            struct bytes child = children.name;
            show_child(child, vici_content(&children));
        }
    }
}

static void on_event(void *self, struct bytes event, struct bytes message)
{
    struct listing *l = self;
    struct vici_in in = vici_in_make(message);
    if (!bytes_equal(event, BYTES_LIT(VICI_EVENT_LIST_CONN)) ||
        vici_next(&in) != VICI_SECTION_START)
        return;
    struct bytes name = in.name, conn = vici_content(&in);
    l->count++;
    if (!l->json) {
        show_conn(name, conn);
        return;
    }
    json_add_named(l->json, name, conn);
}

enum exit_code cmd_conns(struct cli *cli)
{
    struct listing l = {.count = 0};
    struct client c;
    struct bytes response;
    if (!cli_arguments(cli, NULL, NULL))
        return EXIT_USAGE;
    enum exit_code code = client_open(&c, cli);
    if (code == EXIT_GOOD)
        code = client_register(&c, VICI_EVENT_LIST_CONN);
    l.json = cli->json ? json_array() : NULL;
    if (code == EXIT_GOOD) {
        client_request(&c, VICI_CMD_LIST_CONNS);
        code = client_call(&c, CLIENT_PATIENCE, on_event, &l, &response);
    }
    if (code == EXIT_GOOD && cli->json)
        json_show(json_pack("{s:i, s:O}", "schema", 1, "connections", l.json));
    else if (code == EXIT_GOOD && l.count == 0)
        puts("no connections");
    json_decref(l.json);
    client_close(&c);
    return code;
}
