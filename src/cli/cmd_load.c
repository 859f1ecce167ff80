/*
 * load: the sections of a file, sent to the daemon one by one as other VICI clients do: load-conn,
 * load-shared, load-pool, load-authority. They are forgotten at the next reload.
 *
 * The keys are sent as they stand, but certificates in the place of the names of their files; which
 * are which, and which are lists, is known from the schema. The daemon judges them. Private keys are
 * not sent: they are where the daemon finds them.
 */
#include "cli/client.h"
#include "cli/json.h"
#include "cli/look.h"
#include "config/schema.h"
#include "config/settings.h"
#include "cred/file.h"

#include <errno.h>
#include <stdio.h>
#include <strings.h>

enum { TEXT_LEN = 1024,
       PATH_LEN = 4096 };

struct loading {
    struct settings *settings;
    struct client *client;
    json_t *json; /* array of what was loaded, or NULL */
    size_t loaded, refused;
    char dir[PATH_LEN]; /* of the file */
    bool unreadable;    /* something the section in the making refers to */
};

/* ---- a section as VICI ----------------------------------------------------------------------- */

static bool is_list(enum schema_section section, const char *name)
{
    const struct schema_key *key;
    for (size_t i = 0; (key = schema_key_at(i)) != NULL; i++)
        if (key->section == section && strcmp(key->name, name) == 0)
            return key->kind == KIND_LIST;
    return false;
}

/* Where a certificate or key that a key of the schema names lies, beside the configuration. */
static const char *folder_of(const char *key)
{
    return strncmp(key, "cacert", 6) == 0 ? "x509ca" : strcmp(key, "pubkeys") == 0 ? "pubkey"
                                                                                   : "x509";
}

static bool is_named_file(enum schema_section section, const char *name)
{
    const struct schema_key *key;
    for (size_t i = 0; (key = schema_key_at(i)) != NULL; i++)
        if (key->section == section && strcmp(key->name, name) == 0)
            return key->type == TYPE_FILE || key->type == TYPE_FILES;
    return false;
}

/* The daemon gets the certificate itself. What cannot be read is said, and nothing is sent. */
static void add_file(struct loading *l, struct vici_out *o, const char *key, struct bytes name,
                     bool as_item)
{
    char path[2 * PATH_LEN + 16];
    int len = name.len < PATH_LEN ? (int)name.len : PATH_LEN;
    struct bytes text;
    if (name.len > 0 && name.at[0] == '/')
        snprintf(path, sizeof path, "%.*s", len, (const char *)name.at);
    else
        snprintf(path, sizeof path, "%s/%s/%.*s", l->dir, folder_of(key), len,
                 (const char *)name.at);
    if (!file_read(path, &text)) {
        look_print(stderr, LOOK_BAD, "braid: %s: %s\n", path, strerror(errno));
        l->unreadable = true;
        return;
    }
    if (as_item)
        vici_item(o, text);
    else
        vici_key(o, key, text);
    file_free(&text);
}

static void add_items(struct loading *l, struct vici_out *o, bool are_files, const char *name,
                      const char *value)
{
    vici_list(o, name);
    while (*value) {
        size_t skip = strspn(value, ", \t\n");
        value += skip;
        size_t len = strcspn(value, ",");
        size_t end = len;
        while (end > 0 && strchr(" \t\n", value[end - 1]))
            end--;
        if (end > 0 && are_files)
            add_file(l, o, name, bytes_make(value, end), true);
        else if (end > 0)
            vici_item(o, bytes_make(value, end));
        value += len;
    }
    vici_list_end(o);
}

/* Sections inside sections: at most connection, children, child, and local or remote, cert. */
static void add_content(struct loading *l, struct vici_out *o, enum schema_section section,
                        const struct view *v, bool any_name)
{
    struct view_at at = {.layer = 0};
    struct setting *setting;
    struct section *s;
    while ((setting = view_next_setting(l->settings, v, &at)) != NULL) {
        bool is_file = is_named_file(section, setting->name);
        if (setting->value && is_list(section, setting->name))
            add_items(l, o, is_file, setting->name, setting->value);
        else if (setting->value && is_file)
            add_file(l, o, setting->name, bytes_make(setting->value, setting->len), false);
        else if (setting->value)
            vici_key(o, setting->name, bytes_make(setting->value, setting->len));
    }
    at = (struct view_at){.layer = 0};
    while ((s = view_next_section(l->settings, v, &at)) != NULL) {
        const struct schema_part *part = schema_find_part(section, s->name);
        struct view inside;
        view_section(l->settings, v, s->name, &inside);
        vici_section(o, s->name);
        add_content(l, o, any_name || !part ? section : part->of, &inside,
                    !any_name && strcmp(s->name, "children") == 0);
        vici_section_end(o);
    }
}

/* ---- sending --------------------------------------------------------------------------------- */

static enum exit_code send_section(struct loading *l, const char *kind, const char *name)
{
    struct bytes response;
    char message[TEXT_LEN];
    enum exit_code code = client_call(l->client, CLIENT_PATIENCE, NULL, NULL, &response);
    if (code != EXIT_GOOD)
        return code;
    bool ok = client_succeeded(response);
    client_text(response, "errmsg", message, sizeof message);
    l->loaded += ok;
    l->refused += !ok;
    if (l->json)
        json_array_append_new(l->json,
                              json_pack("{s:s, s:s, s:b, s:s}", "kind", kind, "name", name,
                                        "success", ok, "errmsg", message));
    else if (ok)
        printf("%s %s loaded\n", kind, name);
    fflush(stdout);
    if (!l->json && !ok)
        look_print(stderr, LOOK_BAD, "braid: %s %s not loaded: %s\n", kind, name, message);
    return EXIT_GOOD;
}

/* {NAME {...}}: connections, pools, authorities. */
static void build_named(struct loading *l, struct vici_out *o, enum schema_section section,
                        const char *name, const struct view *v)
{
    vici_section(o, name);
    add_content(l, o, section, v, false);
    vici_section_end(o);
}

/* {id, type, data, owners [...]} */
static void build_secret(struct loading *l, struct vici_out *o, enum schema_section section,
                         const char *name, const struct view *v)
{
    struct view_at at = {.layer = 0};
    struct setting *setting = view_setting(l->settings, v, "secret");
    (void)section;
    vici_key_str(o, "id", name);
    vici_key_str(o, "type", strncasecmp(name, "ppk", 3) == 0 ? "PPK" : "IKE");
    if (setting && setting->value)
        vici_key(o, "data", bytes_make(setting->value, setting->len));
    vici_list(o, "owners");
    while ((setting = view_next_setting(l->settings, v, &at)) != NULL)
        if (setting->value && strncmp(setting->name, "id", 2) == 0)
            vici_item(o, bytes_make(setting->value, setting->len));
    vici_list_end(o);
}

static const struct {
    const char *section, *kind, *command;
    enum schema_section keys;
    void (*build)(struct loading *l, struct vici_out *o, enum schema_section section,
                  const char *name, const struct view *v);
} parts[] = {
    /* what others refer to goes first */
    {"secrets", "secret", "load-shared", SCHEMA_SECRET, build_secret},
    {"authorities", "authority", "load-authority", SCHEMA_AUTHORITY, build_named},
    {"pools", "pool", "load-pool", SCHEMA_POOL, build_named},
    {"connections", "connection", "load-conn", SCHEMA_CONN, build_named},
};

static bool is_shared(const char *name)
{
    const struct schema_part *part = schema_find_part(SCHEMA_SECRETS, name);
    return part && part->of == SCHEMA_SECRET;
}

static enum exit_code load_all(struct loading *l)
{
    struct view root, list;
    enum exit_code code = EXIT_GOOD;
    settings_root(l->settings, &root);
    for (size_t i = 0; i < sizeof parts / sizeof parts[0]; i++) {
        struct view_at at = {.layer = 0};
        struct section *s;
        if (!view_section(l->settings, &root, parts[i].section, &list))
            continue;
        while (code == EXIT_GOOD && (s = view_next_section(l->settings, &list, &at)) != NULL) {
            struct view v;
            if (parts[i].keys == SCHEMA_SECRET && !is_shared(s->name))
                continue; /* a passphrase is for whoever reads the file it opens */
            view_section(l->settings, &list, s->name, &v);
            l->unreadable = false;
            parts[i].build(l, client_request(l->client, parts[i].command), parts[i].keys, s->name, &v);
            l->refused += l->unreadable;
            if (!l->unreadable)
                code = send_section(l, parts[i].kind, s->name);
        }
    }
    return code;
}

enum exit_code cmd_load(struct cli *cli)
{
    struct problem_list problems;
    struct client c;
    const char *file = NULL;
    if (!cli_arguments(cli, NULL, &file))
        return EXIT_USAGE;
    if (!file)
        return cli_usage(cli, "which file?");
    problem_list_init(&problems);
    struct loading l = {.settings = settings_new(&problems), .client = &c};
    const char *slash = strrchr(file, '/');
    snprintf(l.dir, sizeof l.dir, "%.*s", slash ? (int)(slash - file) : 1, slash ? file : ".");
    if (l.settings)
        settings_read_file(l.settings, file);
    bool readable = l.settings && settings_finish(l.settings) && problems.errors == 0;
    problem_list_print(&problems, stderr);
    enum exit_code code = readable ? client_open(&c, cli) : EXIT_FAILED;
    if (code == EXIT_GOOD) {
        l.json = cli->json ? json_array() : NULL;
        code = load_all(&l);
        if (code == EXIT_GOOD && cli->json)
            json_show(json_pack("{s:i, s:O}", "schema", 1, "loaded", l.json));
        json_decref(l.json);
        client_close(&c);
    }
    settings_free(l.settings);
    problem_list_free(&problems);
    return code == EXIT_GOOD && l.refused > 0 ? EXIT_FAILED : code;
}
