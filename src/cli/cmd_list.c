/*
 * list: the SAs there are, for people or as JSON.
 *
 *     home #1  ESTABLISHED 45 s  quantum-safe
 *         192.0.2.1:4500 (moon.example) ↔ 192.0.2.2:4500 (sun.example)
 *         AES_GCM_16_256 / PRF_HMAC_SHA2_384, keys from CURVE_25519 + ML_KEM_768 + ECP_384
 *         net #1  INSTALLED 45 s  TUNNEL in UDP  AES_GCM_16_256, keys from the IKE SA's  quantum-safe
 *             10.1.0.0/16 ↔ 10.2.0.0/16
 *             in 1.2 MB (900 packets)  out 3.4 MB (2000 packets)
 *             rekeying in 52 min, ends in 64 min; rekeyed 12 times, last 45 s ago
 *
 * and behind them the connections without an SA, with their last failure (see `braid explain`):
 *
 *     away  DOWN  no answer from the peer, 3 min ago
 *     half  NO CHILD  no proposal chosen: nothing acceptable to both sides, 2 s ago
 */
#include "cli/client.h"
#include "cli/json.h"
#include "cli/look.h"

#include <stdio.h>

enum { TEXT_LEN = 1024 };

struct listing {
    json_t *json, *down; /* arrays, or NULL */
    json_t *up;          /* object: names of connections that have an SA: how many Child SAs */
    size_t count;
};

/* ---- for people ------------------------------------------------------------------------------ */

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

static void show_direction(struct bytes child, const char *direction, const char *octets_key,
                           const char *packets_key)
{
    char size[32];
    long long packets = vici_find_int(child, packets_key, 0);
    printf("%s %s (%lld packet%s)", direction,
           look_size((uint64_t)vici_find_int(child, octets_key, 0), size), packets,
           packets == 1 ? "" : "s");
}

/* A line "in 1.2 MB (900 packets)  out 3.4 MB (2000 packets)", once it is installed. */
static void show_traffic(struct bytes child, const char *indent)
{
    if (vici_find_int(child, "bytes-in", -1) < 0)
        return;
    show_direction(child, indent, "bytes-in", "packets-in");
    show_direction(child, "  out", "bytes-out", "packets-out");
    putchar('\n');
}

/* What an SA has before it: when its key is there. */
static const struct due {
    const char *key, *soon, *late;
} due_keys[] = {
    {"rekey-time", "rekeying", "rekeying is due"},
    {"reauth-time", "reauthentication", "reauthentication is due"},
    {"life-time", "ends", "its time is over"},   /* of Child SAs */
    {"expire-time", "ends", "its time is over"}, /* of IKE SAs */
};

static bool has_times(struct bytes sa)
{
    size_t i = 0, count = sizeof due_keys / sizeof due_keys[0];
    while (i < count && vici_find_int(sa, due_keys[i].key, INT64_MAX) == INT64_MAX)
        i++;
    return i < count;
}

static bool show_due(struct bytes sa, const struct due *due, bool first)
{
    char age[32];
    int64_t seconds = vici_find_int(sa, due->key, INT64_MAX);
    if (seconds == INT64_MAX)
        return false;
    fputs(first ? "" : ", ", stdout);
    if (seconds < 0)
        printf("%s", due->late);
    else
        printf("%s in %s", due->soon, look_age(seconds, age));
    return true;
}

/* A line "rekeying in 52 min, ends in 64 min; rekeyed 12 times, last 45 s ago", if there is any of it. */
static void show_times(struct bytes sa, const char *indent)
{
    char last[64], detail[TEXT_LEN], age[32];
    client_text(sa, "last-rekey", last, sizeof last);
    client_text(sa, "last-rekey-detail", detail, sizeof detail);
    if (!last[0] && !has_times(sa))
        return;
    fputs(indent, stdout);
    bool any = false;
    for (size_t i = 0; i < sizeof due_keys / sizeof due_keys[0]; i++)
        any |= show_due(sa, &due_keys[i], !any);
    if (last[0]) {
        long long times = vici_find_int(sa, "rekeyed", 0);
        printf("%srekeyed %lld time%s, last ", any ? "; " : "", times, times == 1 ? "" : "s");
        look_age(vici_find_int(sa, "last-rekey-ago", 0), age);
        if (strcmp(last, "ok") == 0)
            printf("%s ago", age);
        else
            look_print(stdout, LOOK_BAD, "attempt failed %s ago: %s%s%s", age, last,
                       detail[0] ? ", " : "", detail);
    }
    putchar('\n');
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
    client_join(child, "key-exchanges", " + ", own, sizeof own);
    printf(", keys from %s  ", own[0] ? own : "the IKE SA's");
    show_safety(child);
    client_join(child, "local-ts", " ", ours, sizeof ours);
    client_join(child, "remote-ts", " ", theirs, sizeof theirs);
    printf("\n        %s %s %s\n", ours, look_both(), theirs);
    show_traffic(child, "        in");
    show_times(child, "        ");
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

/* A line "authenticated with ML_DSA_65, the peer with PSK  quantum-safe", if it is known. */
static void show_auth(struct bytes sa)
{
    char ours[64], theirs[64];
    client_text(sa, "local-auth", ours, sizeof ours);
    client_text(sa, "remote-auth", theirs, sizeof theirs);
    if (!ours[0] || !theirs[0])
        return;
    bool safe = vici_find_bool(sa, "auth-quantum-safe", false);
    printf("    authenticated with %s, the peer with %s%s  ", ours, theirs,
           vici_find_bool(sa, "ppk", false) ? ", and a PPK" : "");
    look_print(stdout, safe ? LOOK_GOOD : LOOK_WARN,
               safe ? "quantum-safe" : "NOT quantum-safe");
    putchar('\n');
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
    client_join(sa, "key-exchanges", " + ", kex, sizeof kex);
    printf(" / %s, keys from %s\n", client_text(sa, "prf-alg", prf, sizeof prf),
           kex[0] ? kex : "no key exchange yet");
    show_auth(sa);
    show_times(sa, "    ");
    show_children(sa);
}

/* ---- what is down ---------------------------------------------------------------------------- */

static void show_last_failure(struct bytes failures)
{
    struct vici_in in = vici_in_make(failures);
    char text[TEXT_LEN], child[TEXT_LEN], age[32];
    if (vici_next(&in) != VICI_SECTION_START)
        return;
    struct bytes last = vici_content(&in);
    client_text(last, "text", text, sizeof text);
    client_text(last, "child", child, sizeof child);
    printf("  %s%s%s, %s ago", child, child[0] ? ": " : "", text,
           look_age(vici_find_int(last, "ago", 0), age));
}

static void show_down(struct bytes name, struct bytes content, bool has_sa)
{
    struct vici_in in = vici_in_make(content);
    enum vici_element e;
    look_print(stdout, LOOK_BOLD, "%.*s", (int)name.len, (const char *)name.at);
    look_print(stdout, LOOK_BAD, has_sa ? "  NO CHILD" : "  DOWN");
    while ((e = vici_next(&in)) != VICI_END && e != VICI_BAD) {
        if (e != VICI_SECTION_START)
            continue;
        struct bytes section = in.name, inside = vici_content(&in);
        if (bytes_equal(section, BYTES_LIT("failures")))
            show_last_failure(inside);
    }
    putchar('\n');
}

/* Did the last thing that happened fail? */
static bool failed_last(struct bytes content)
{
    return vici_find_int(content, "failures.1.ago", INT64_MAX) <=
           vici_find_int(content, "success.ago", INT64_MAX - 1);
}

static void on_explained(void *self, struct bytes event, struct bytes message)
{
    struct listing *l = self;
    struct vici_in in = vici_in_make(message);
    char name[VICI_NAME_MAX + 1];
    if (!bytes_equal(event, BYTES_LIT(VICI_EVENT_EXPLAINED)) ||
        vici_next(&in) != VICI_SECTION_START)
        return;
    snprintf(name, sizeof name, "%.*s", (int)in.name.len, (const char *)in.name.at);
    struct bytes section = in.name, content = vici_content(&in);
    const json_t *children = json_object_get(l->up, name);
    bool is_up = children && (json_integer_value(children) > 0 || !failed_last(content));
    if (!vici_find_bool(content, "configured", false) || is_up)
        return;
    l->count++;
    if (l->down)
        json_add_named(l->down, section, content);
    else
        show_down(section, content, children != NULL);
}

/* ---- both ------------------------------------------------------------------------------------ */

static json_int_t count_children(struct bytes sa)
{
    struct vici_in in = vici_in_make(sa);
    enum vici_element e;
    json_int_t count = 0;
    while ((e = vici_next(&in)) != VICI_END && e != VICI_BAD)
        if (e == VICI_SECTION_START && !bytes_equal(in.name, BYTES_LIT("child-sas"))) {
            (void)vici_content(&in);
            count++;
        }
    return count;
}

static void on_event(void *self, struct bytes event, struct bytes message)
{
    struct listing *l = self;
    struct vici_in in = vici_in_make(message);
    if (!bytes_equal(event, BYTES_LIT(VICI_EVENT_LIST_SA)) || vici_next(&in) != VICI_SECTION_START)
        return;
    struct bytes name = in.name, sa = vici_content(&in);
    char up[VICI_NAME_MAX + 1];
    snprintf(up, sizeof up, "%.*s", (int)name.len, (const char *)name.at);
    json_int_t before = json_integer_value(json_object_get(l->up, up));
    json_object_set_new(l->up, up, json_integer(before + count_children(sa)));
    l->count++;
    if (!l->json) {
        show_sa(name, sa);
        return;
    }
    json_add_named(l->json, name, sa);
}

static enum exit_code list_all(struct client *c, struct listing *l)
{
    struct bytes response;
    enum exit_code code = client_register(c, VICI_EVENT_LIST_SA);
    if (code != EXIT_GOOD)
        return code;
    client_request(c, VICI_CMD_LIST_SAS);
    code = client_call(c, CLIENT_PATIENCE, on_event, l, &response);
    enum exit_code explains = code == EXIT_GOOD ? client_register(c, VICI_EVENT_EXPLAINED) : code;
    if (explains != EXIT_GOOD) /* a daemon that is no braidd has nothing to say about the rest */
        return explains == EXIT_FAILED ? EXIT_GOOD : explains;
    vici_key_bool(client_request(c, VICI_CMD_EXPLAIN), "brief", true);
    return client_call(c, CLIENT_PATIENCE, on_explained, l, &response);
}

enum exit_code cmd_list(struct cli *cli)
{
    struct listing l = {.count = 0};
    struct client c;
    if (!cli_arguments(cli, NULL, NULL))
        return EXIT_USAGE;
    l.up = json_object();
    l.json = cli->json ? json_array() : NULL;
    l.down = cli->json ? json_array() : NULL;
    enum exit_code code = client_open(&c, cli);
    if (code == EXIT_GOOD)
        code = list_all(&c, &l);
    if (code == EXIT_GOOD && cli->json)
        json_show(json_pack("{s:i, s:O, s:O}", "schema", 1, "sas", l.json, "down", l.down));
    else if (code == EXIT_GOOD && l.count == 0)
        puts("no SAs");
    json_decref(l.json);
    json_decref(l.down);
    json_decref(l.up);
    client_close(&c);
    return code;
}
