/*
 * list: the SAs there are, for people or as JSON.
 *
 *     home #1  ESTABLISHED 45 s  quantum-safe
 *         192.0.2.1:4500 (moon.example) ↔ 192.0.2.2:4500 (sun.example)
 *         AES_GCM_16_256 / PRF_HMAC_SHA2_384, keys from CURVE_25519 + ML_KEM_768 + ECP_384
 *         net #1  INSTALLED 45 s  TUNNEL in UDP  AES_GCM_16_256  quantum-safe
 *             10.1.0.0/16 ↔ 10.2.0.0/16
 *             in 1.2 MB (900 packets)  out 3.4 MB (2000 packets)
 */
#include "cli/client.h"
#include "cli/json.h"
#include "cli/look.h"

#include <stdio.h>

enum { TEXT_LEN = 1024 };

struct listing {
    json_t *json; /* array, or NULL */
    size_t count;
};

/* ---- for people ------------------------------------------------------------------------------ */

static void join_list(struct bytes message, const char *name, const char *between, char *to,
                      size_t room)
{
    struct vici_in in;
    size_t len = 0;
    to[0] = '\0';
    if (!vici_find_list(message, name, &in))
        return;
    while (vici_next(&in) == VICI_LIST_ITEM && len < room)
        len += (size_t)snprintf(to + len, room - len, "%s%.*s", len ? between : "",
                                (int)in.value.len, (const char *)in.value.at);
}

static void show_safety(struct bytes sa)
{
    bool safe = vici_find_bool(sa, "quantum-safe", false);
    look_print(stdout, safe ? LOOK_GOOD : LOOK_WARN, safe ? "quantum-safe" : "NOT quantum-safe");
}

/* "  ESTABLISHED 45 s" */
static void show_state(struct bytes sa, const char *age_key)
{
    char state[64], age[32];
    client_text(sa, "state", state, sizeof state);
    printf("  %s", state);
    int64_t seconds = vici_find_int(sa, age_key, -1);
    if (seconds >= 0)
        printf(" %s", look_age(seconds, age));
}

/* "AES_GCM_16_256", "AES_CBC_128/HMAC_SHA2_256_128" */
static void show_cipher(struct bytes sa)
{
    char encr[64], bits[16], integ[64];
    client_text(sa, "encr-alg", encr, sizeof encr);
    client_text(sa, "encr-keysize", bits, sizeof bits);
    client_text(sa, "integ-alg", integ, sizeof integ);
    printf("%s%s%s%s%s", encr, bits[0] ? "_" : "", bits, integ[0] ? "/" : "", integ);
}

static void show_address(struct bytes sa, const char *side)
{
    char key[32], host[64], port[16], id[TEXT_LEN];
    snprintf(key, sizeof key, "%s-host", side);
    client_text(sa, key, host, sizeof host);
    snprintf(key, sizeof key, "%s-port", side);
    client_text(sa, key, port, sizeof port);
    snprintf(key, sizeof key, "%s-id", side);
    client_text(sa, key, id, sizeof id);
    bool brackets = strchr(host, ':') != NULL;
    printf("%s%s%s:%s (%s)", brackets ? "[" : "", host, brackets ? "]" : "", port, id);
}

static void show_traffic(struct bytes child, const char *direction, const char *octets_key,
                         const char *packets_key)
{
    char size[32];
    int64_t octets = vici_find_int(child, octets_key, -1);
    if (octets >= 0)
        printf("%s %s (%lld packets)  ", direction, look_size((uint64_t)octets, size),
               (long long)vici_find_int(child, packets_key, 0));
}

static void show_child(struct bytes child)
{
    char name[TEXT_LEN], mode[64], ours[TEXT_LEN], theirs[TEXT_LEN], own[TEXT_LEN];
    fputs("    ", stdout);
    look_print(stdout, LOOK_BOLD, "%s #%lld", client_text(child, "name", name, sizeof name),
               (long long)vici_find_int(child, "uniqueid", 0));
    show_state(child, "install-time");
    printf("  %s%s  ", client_text(child, "mode", mode, sizeof mode),
           vici_find_bool(child, "encap", false) ? " in UDP" : "");
    show_cipher(child);
    join_list(child, "key-exchanges", " + ", own, sizeof own);
    printf("%s%s  ", own[0] ? ", keys from " : "", own);
    show_safety(child);
    join_list(child, "local-ts", " ", ours, sizeof ours);
    join_list(child, "remote-ts", " ", theirs, sizeof theirs);
    printf("\n        %s %s %s\n        ", ours, look_both(), theirs);
    show_traffic(child, "in", "bytes-in", "packets-in");
    show_traffic(child, "out", "bytes-out", "packets-out");
    putchar('\n');
}

static void show_children(struct bytes sa)
{
    struct vici_in in = vici_in_make(sa);
    enum vici_element e;
    while ((e = vici_next(&in)) != VICI_END && e != VICI_BAD) {
        if (e != VICI_SECTION_START || bytes_equal(in.name, BYTES_LIT("child-sas")))
            continue; /* into it: its sections are the children */
        show_child(vici_content(&in));
    }
}

static void show_sa(struct bytes name, struct bytes sa)
{
    char prf[64], kex[TEXT_LEN];
    look_print(stdout, LOOK_BOLD, "%.*s #%lld", (int)name.len, (const char *)name.at,
               (long long)vici_find_int(sa, "uniqueid", 0));
    show_state(sa, "established");
    fputs("  ", stdout);
    show_safety(sa);
    fputs("\n    ", stdout);
    show_address(sa, "local");
    printf(" %s ", look_both());
    show_address(sa, "remote");
    fputs("\n    ", stdout);
    show_cipher(sa);
    join_list(sa, "key-exchanges", " + ", kex, sizeof kex);
    printf(" / %s, keys from %s\n", client_text(sa, "prf-alg", prf, sizeof prf),
           kex[0] ? kex : "no key exchange yet");
    show_children(sa);
}

/* ---- both ------------------------------------------------------------------------------------ */

static void on_event(void *self, struct bytes event, struct bytes message)
{
    struct listing *l = self;
    struct vici_in in = vici_in_make(message);
    if (!bytes_equal(event, BYTES_LIT(VICI_EVENT_LIST_SA)) || vici_next(&in) != VICI_SECTION_START)
        return;
    struct bytes name = in.name, sa = vici_content(&in);
    l->count++;
    if (!l->json) {
        show_sa(name, sa);
        return;
    }
    json_t *object = json_object();
    json_object_set_new(object, "name", json_from_bytes(name));
    json_object_update_new(object, json_from_vici(sa));
    json_array_append_new(l->json, object);
}

enum exit_code cmd_list(struct cli *cli)
{
    struct listing l = {.count = 0};
    struct client c;
    struct bytes response;
    if (!cli_arguments(cli, NULL, NULL))
        return EXIT_USAGE;
    enum exit_code code = client_open(&c, cli);
    if (code == EXIT_GOOD)
        code = client_register(&c, VICI_EVENT_LIST_SA);
    l.json = cli->json ? json_array() : NULL;
    if (code == EXIT_GOOD) {
        client_request(&c, VICI_CMD_LIST_SAS);
        code = client_call(&c, CLIENT_PATIENCE, on_event, &l, &response);
    }
    if (code == EXIT_GOOD && cli->json)
        json_show(json_pack("{s:i, s:O}", "schema", 1, "sas", l.json));
    else if (code == EXIT_GOOD && l.count == 0)
        puts("no SAs");
    json_decref(l.json);
    client_close(&c);
    return code;
}
