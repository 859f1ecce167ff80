/* diff: see diff.h. */
#include "config/diff.h"

#include "config/quantum.h"
#include "config/schema.h"
#include "wire/print.h"

#include <stdio.h>
#include <string.h>

enum { TEXT_LEN = 4096,
       KEY_LEN = 64 };

/* ---- values as text -------------------------------------------------------------------------- */

static void print_text(struct text *t, const struct schema_key *key, const void *at)
{
    const char *text;
    (void)key;
    memcpy(&text, at, sizeof text);
    text_add(t, text ? text : "");
}

static void print_bool(struct text *t, const struct schema_key *key, const void *at)
{
    (void)key;
    text_add(t, *(const bool *)at ? "yes" : "no");
}

static void print_u32(struct text *t, const struct schema_key *key, const void *at)
{
    (void)key;
    text_uint(t, *(const uint32_t *)at);
}

static void print_u16(struct text *t, const struct schema_key *key, const void *at)
{
    (void)key;
    text_uint(t, *(const uint16_t *)at);
}

static void print_u64(struct text *t, const struct schema_key *key, const void *at)
{
    (void)key;
    text_uint(t, *(const uint64_t *)at);
}

/* In the largest unit that leaves no remainder. */
static void print_time(struct text *t, const struct schema_key *key, const void *at)
{
    static const struct {
        uint64_t of;
        const char *unit;
    } units[] = {{86400 * IKE_SECOND, "d"}, {3600 * IKE_SECOND, "h"}, {60 * IKE_SECOND, "m"}, {IKE_SECOND, "s"}, {IKE_MS, "ms"}, {1, "us"}};
    ike_time time = *(const ike_time *)at;
    size_t i = time == 0 ? 3 : 0;
    (void)key;
    while (time % units[i].of != 0)
        i++;
    text_uint(t, time / units[i].of);
    text_add(t, units[i].unit);
}

static void print_permille(struct text *t, const struct schema_key *key, const void *at)
{
    uint32_t n = *(const uint32_t *)at;
    (void)key;
    text_uint(t, n / 1000);
    text_char(t, '.');
    text_uint(t, n / 100 % 10);
}

static void print_word(struct text *t, const struct schema_key *key, const void *at)
{
    int value;
    memcpy(&value, at, sizeof value);
    for (const struct value_word *w = key->of; w && w->word; w++)
        if (w->value == value) {
            text_add(t, w->word);
            return;
        }
}

static void print_actions(struct text *t, const struct schema_key *key, const void *at)
{
    static const char *const names[] = {"none", "trap", "start", "trap|start"};
    (void)key;
    text_add(t, names[*(const uint8_t *)at & 3]);
}

static void print_proposals(struct text *t, const struct schema_key *key, const void *at)
{
    const struct proposals *list = at;
    (void)key;
    for (uint16_t i = 0; i < list->count; i++) {
        char room[TEXT_LEN];
        struct text one = text_make(room, sizeof room);
        quantum_words(&one, &list->at[i]);
        text_add(t, i > 0 ? ", " : "");
        text_add(t, room);
    }
}

static void print_selectors(struct text *t, const struct schema_key *key, const void *at)
{
    const struct selectors *list = at;
    (void)key;
    for (uint16_t i = 0; i < list->count; i++) {
        text_add(t, i > 0 ? ", " : "");
        print_selector(t, &list->at[i]);
    }
}

static void print_endpoints(struct text *t, const struct conf_endpoint *list, uint16_t count)
{
    for (uint16_t i = 0; i < count; i++) {
        const struct conf_endpoint *e = &list[i];
        text_add(t, i > 0 ? ", " : "");
        if (e->host || e->from.family == ADDR_NONE)
            text_add(t, e->host ? e->host : "%any");
        else
            print_addr(t, &e->from);
        if (!e->host && e->from.family != ADDR_NONE && !addr_equal(&e->from, &e->to)) {
            text_char(t, '-');
            print_addr(t, &e->to);
        }
    }
}

static void print_local_addrs(struct text *t, const struct schema_key *key, const void *at)
{
    const struct conf_conn *c = at;
    (void)key;
    print_endpoints(t, c->local_addrs, c->local_count);
}

static void print_remote_addrs(struct text *t, const struct schema_key *key, const void *at)
{
    const struct conf_conn *c = at;
    (void)key;
    print_endpoints(t, c->remote_addrs, c->remote_count);
}

static void print_own_identity(struct text *t, const struct schema_key *key, const void *at)
{
    const struct conf_auth *auth = at;
    (void)key;
    if (auth->id.any)
        text_add(t, "%any");
    else if (auth->id.suffix)
        text_char(t, '*');
    if (!auth->id.any)
        print_identity(t, &auth->id.id);
}

static void print_auth(struct text *t, const struct schema_key *key, const void *at)
{
    static const char *const names[] = {
        [CONF_AUTH_ANY] = "any",
        [CONF_AUTH_PSK] = "psk",
        [CONF_AUTH_PUBKEY] = "pubkey",
        [CONF_AUTH_EAP] = "eap",
        [CONF_AUTH_NULL] = "null",
    };
    const struct conf_auth *auth = at;
    (void)key;
    text_add(t, names[auth->class]);
}

/* Those that are not here leave no trace in a snapshot. `whole`: reads the structure. */
static const struct {
    void (*print)(struct text *t, const struct schema_key *key, const void *at);
    bool whole;
} printers[TYPES] = {
    [TYPE_TEXT] = {print_text, false},
    [TYPE_BOOL] = {print_bool, false},
    [TYPE_UINT] = {print_u32, false},
    [TYPE_PORT] = {print_u16, false},
    [TYPE_FRAGMENT] = {print_u16, false},
    [TYPE_TIME] = {print_time, false},
    [TYPE_FINE_TIME] = {print_time, false},
    [TYPE_PERMILLE] = {print_permille, false},
    [TYPE_SIZE] = {print_u64, false},
    [TYPE_PACKETS] = {print_u64, false},
    [TYPE_WORD] = {print_word, false},
    [TYPE_ACTIONS] = {print_actions, false},
    [TYPE_START] = {print_actions, false},
    [TYPE_LOCAL_ADDRS] = {print_local_addrs, true},
    [TYPE_REMOTE_ADDRS] = {print_remote_addrs, true},
    [TYPE_IKE_PROPOSALS] = {print_proposals, false},
    [TYPE_ESP_PROPOSALS] = {print_proposals, false},
    [TYPE_LOCAL_TS] = {print_selectors, false},
    [TYPE_REMOTE_TS] = {print_selectors, false},
    [TYPE_AUTH] = {print_auth, true},
    [TYPE_IDENTITY] = {print_own_identity, true},
    [TYPE_DEVICE] = {print_text, false},
    [TYPE_GROUP] = {print_text, false},
    [TYPE_FOLDER] = {print_text, false},
    [TYPE_COMMAND] = {print_text, false},
};

/* ---- comparing ------------------------------------------------------------------------------- */

struct diffing {
    diff_say *line;
    void *self;
    const char *conn, *child, *note; /* of what a reload does not change */
};

/* Subjects and format of the log change at once; where keys are logged does not. */
static bool is_fixed(const struct schema_key *key)
{
    return key->section != SCHEMA_LOG || key->target == offsetof(struct conf_daemon, wireshark_keys);
}

static void tell(const struct diffing *d, enum diff_kind kind, const char *key, const char *before,
                 const char *after)
{
    struct diff_line line = {.kind = kind,
                             .conn = d->conn,
                             .child = d->child,
                             .key = key,
                             .before = before,
                             .after = after,
                             .note = d->note};
    d->line(d->self, &line);
}

/* All keys of a section of the schema that are in both structures. */
static void compare(const struct diffing *d, enum schema_section section, const char *prefix,
                    const void *before, const void *after)
{
    const struct schema_key *key;
    struct diffing at_once = *d;
    at_once.note = NULL;
    for (size_t i = 0; (key = schema_key_at(i)) != NULL; i++) {
        char was[TEXT_LEN], is[TEXT_LEN], name[KEY_LEN];
        struct text a = text_make(was, sizeof was), b = text_make(is, sizeof is);
        if (key->section != section || key->target == SCHEMA_NOWHERE || !printers[key->type].print)
            continue;
        if (section == SCHEMA_AUTH && !printers[key->type].whole)
            continue; /* that is beside the snapshot */
        size_t at = printers[key->type].whole ? 0 : key->target;
        printers[key->type].print(&a, key, (const char *)before + at);
        printers[key->type].print(&b, key, (const char *)after + at);
        snprintf(name, sizeof name, "%s%s", prefix, key->name);
        if (strcmp(was, is) != 0)
            tell(is_fixed(key) ? d : &at_once, DIFF_CHANGED, name, was, is);
    }
}

static void compare_children(struct diffing *d, const struct conf_conn *before,
                             const struct conf_conn *after)
{
    for (uint16_t i = 0; i < after->child_count; i++) {
        const struct conf_child *is = &after->child[i],
                                *was = config_child(before, bytes_str(is->name));
        d->child = is->name;
        if (was)
            compare(d, SCHEMA_CHILD, "", was, is);
        else
            tell(d, DIFF_ADDED, NULL, NULL, NULL);
    }
    for (uint16_t i = 0; i < before->child_count; i++) {
        d->child = before->child[i].name;
        if (!config_child(after, bytes_str(d->child)))
            tell(d, DIFF_REMOVED, NULL, NULL, NULL);
    }
    d->child = NULL;
}

/* Rounds of authentication, by their place in the order: the first is `local`, then `local-2`. */
static void compare_rounds(const struct diffing *d, const char *side, const struct conf_auth *before,
                           uint8_t was, const struct conf_auth *after, uint8_t is)
{
    for (unsigned i = 0; i < was || i < is; i++) {
        char name[KEY_LEN];
        if (i == 0)
            snprintf(name, sizeof name, "%s.", side);
        else
            snprintf(name, sizeof name, "%s-%u%s", side, i + 1, i < was && i < is ? "." : "");
        if (i < was && i < is)
            compare(d, SCHEMA_AUTH, name, &before[i], &after[i]);
        else
            tell(d, DIFF_CHANGED, name, i < was ? "a round" : "", i < is ? "a round" : "");
    }
}

static void compare_conns(struct diffing *d, const struct conf_conn *before,
                          const struct conf_conn *after)
{
    compare(d, SCHEMA_CONN, "", before, after);
    compare_rounds(d, "local", before->local, before->local_rounds, after->local,
                   after->local_rounds);
    compare_rounds(d, "remote", before->remote, before->remote_rounds, after->remote,
                   after->remote_rounds);
    compare_children(d, before, after);
}

void diff_daemon(const struct conf_daemon *before, const struct conf_daemon *after, diff_say *line,
                 void *self)
{
    struct diffing d = {.line = line, .self = self, .note = "when braidd is started again"};
    compare(&d, SCHEMA_LOG, "log.", before, after);
    compare(&d, SCHEMA_NETWORK, "network.", before, after);
    compare(&d, SCHEMA_PLANE, "plane.", before, after);
    compare(&d, SCHEMA_CONTROL, "control.", before, after);
}

void diff_configs(const struct config *before, const struct config *after, diff_say *line,
                  void *self)
{
    struct diffing d = {.line = line, .self = self};
    compare(&d, SCHEMA_ENGINE, "engine.", &before->engine, &after->engine);
    for (uint16_t i = 0; i < after->conn_count; i++) {
        const struct conf_conn *is = &after->conn[i],
                               *was = config_conn(before, bytes_str(is->name));
        d.conn = is->name;
        if (was)
            compare_conns(&d, was, is);
        else
            tell(&d, DIFF_ADDED, NULL, NULL, NULL);
    }
    for (uint16_t i = 0; i < before->conn_count; i++) {
        d.conn = before->conn[i].name;
        if (!config_conn(after, bytes_str(d.conn)))
            tell(&d, DIFF_REMOVED, NULL, NULL, NULL);
    }
}
