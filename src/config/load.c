/*
 * load: from files to a snapshot and its companions. See load.h.
 *
 *     files --settings--> tree --schema--> structures --here--> what no single key can say:
 *                                                               sections put together, defaults
 *                                                               that follow from other keys,
 *                                                               contradictions, permissions
 *
 * Everything is read to the end whatever is wrong, so that the list of problems is complete; the
 * result is kept only if there was no error. The snapshot and what it points to live in one
 * arena, the secrets in another one that is wiped sooner.
 */
#include "config/load.h"

#include "base/secret.h"
#include "config/conflict.h"
#include "config/memory.h"
#include "config/schema.h"
#include "config/settings.h"
#include "config/strength.h"

#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum {
    SNAPSHOT_MAX = 1 << 30,
    SECRETS_MAX = 64 << 20,
    CONNS_MAX = UINT16_MAX,
    CHILDREN_MAX = 4096,
    PATH_TEXT_MAX = 3 * SETTINGS_NAME_MAX,
    NAME_MAX_VICI = 255, /* names travel in VICI names */
    LINE_KEPT_MAX = 512, /* of lines that messages may show after the load */
};

/* A snapshot with the memory it stands in. */
struct snapshot {
    struct config config;
    struct arena arena;
};

/* A load with the memory of its secrets. */
struct whole {
    struct loaded loaded;
    struct arena secrets;
};

struct loader {
    struct settings *settings;
    struct problem_list *problems;
    struct snapshot *snapshot;
    struct whole *whole;
    struct schema_run run;
    struct conf_conn *conns; /* of the snapshot, still to be changed */
    bool on_disk;            /* files have permissions */
    size_t errors;           /* that were in the list before */
};

/* ---- freeing --------------------------------------------------------------------------------- */

void config_free(struct config *c)
{
    if (!c)
        return;
    struct snapshot *s = (struct snapshot *)c; /* its first member */
    arena_wipe(&s->arena);
    free(s);
}

void loaded_free(struct loaded *l)
{
    if (!l)
        return;
    struct whole *w = (struct whole *)l; /* its first member */
    config_free(l->config);
    for (size_t i = 0; i < l->pools.count; i++)
        pool_free(&l->pools.at[i]);
    arena_wipe(&w->secrets);
    free(w);
}

static bool fail_memory(struct loader *l)
{
    problem_add(l->problems, PROBLEM_ERROR, NULL, "out of memory");
    return false;
}

/* ---- names ----------------------------------------------------------------------------------- */

/* Names of connections and children are spoken of over VICI, which allows printable ASCII. */
static bool check_name(struct loader *l, struct section *s)
{
    const char *c = s->name;
    while (*c > ' ' && *c < 127)
        c++;
    if (*c == '\0' && c - s->name <= NAME_MAX_VICI)
        return true;
    if (!s->reported)
        problem_add(l->problems, PROBLEM_ERROR, &s->place,
                    "this name must be printable ASCII, at most 255 characters");
    s->reported = true;
    return false;
}

static const char *keep_name(struct loader *l, const char *name)
{
    return memory_text(&l->snapshot->arena, bytes_str(name));
}

/* How many sub-sections a view has. */
static size_t count_sections(const struct loader *l, const struct view *v)
{
    struct view_at at = {.layer = 0};
    size_t count = 0;
    while (view_next_section(l->settings, v, &at))
        count++;
    return count;
}

/* Say something about a key of a section, or about the section if the key is not written there. */
static void complain_key(struct loader *l, enum problem_kind kind, const struct view *v,
                         const char *key, const struct place *section, const char *path,
                         const char *what)
{
    struct setting *s = view_setting(l->settings, v, key);
    if (kind == PROBLEM_ERROR)
        schema_blame(&l->run, BLAME_VALUE, key);
    problem_add(l->problems, kind, s ? &s->value_place : section, "%s.%s: %s", path, key, what);
}

/* What a section lacks. */
static bool complain_missing(struct loader *l, enum conf_blame_kind kind, const struct section *s,
                             const char *path, const char *what)
{
    schema_blame(&l->run, kind, s->name);
    problem_add(l->problems, PROBLEM_ERROR, &s->place, "%s: %s", path, what);
    return false;
}

/* ---- children -------------------------------------------------------------------------------- */

/*
 * The rule of all three pairs of limits: each follows from the other, and the random part from
 * both. Of seconds, octets, packets.
 */
static void derive_limits(uint64_t *rekey, uint64_t *life, uint64_t *random, bool has_rekey,
                          bool has_life, bool has_random, uint64_t standard)
{
    if (!has_rekey)
        *rekey = has_life ? *life / 11 * 10 + *life % 11 * 10 / 11 : standard;
    if (!has_life)
        *life = *rekey > UINT64_MAX - *rekey / 10 ? UINT64_MAX : *rekey + *rekey / 10;
    if (!has_random)
        *random = *life > *rekey ? *life - *rekey : 0;
}

static void derive_child(struct loader *l, struct conf_child *c)
{
    const struct schema_run *run = &l->run;
#define SAW(key) schema_saw(run, SCHEMA_CHILD, key)
    derive_limits(&c->rekey_for, &c->life_for, &c->rand_for, SAW("rekey_time"), SAW("life_time"),
                  SAW("rand_time"), 3600 * IKE_SECOND);
    derive_limits(&c->rekey_bytes, &c->life_bytes, &c->rand_bytes, SAW("rekey_bytes"),
                  SAW("life_bytes"), SAW("rand_bytes"), 0);
    derive_limits(&c->rekey_packets, &c->life_packets, &c->rand_packets, SAW("rekey_packets"),
                  SAW("life_packets"), SAW("rand_packets"), 0);
#undef SAW
}

/* Contradictions between keys of a child. */
static bool check_child(struct loader *l, const struct view *v, const struct section *s,
                        const char *path, const struct conf_child *c)
{
    /* clang-format off */
    static const struct {
        const char *key;
        size_t rekey, life;
        const char *what;
    } pairs[] = {
        {"life_time", offsetof(struct conf_child, rekey_for), offsetof(struct conf_child, life_for),
         "the SA would be closed before rekey_time"},
        {"life_bytes", offsetof(struct conf_child, rekey_bytes),
         offsetof(struct conf_child, life_bytes), "the SA would be closed before rekey_bytes"},
        {"life_packets", offsetof(struct conf_child, rekey_packets),
         offsetof(struct conf_child, life_packets), "the SA would be closed before rekey_packets"},
    };
    /* clang-format on */
    bool good = true;
    for (size_t i = 0; i < sizeof pairs / sizeof pairs[0]; i++) {
        uint64_t rekey, life;
        memcpy(&rekey, (const char *)c + pairs[i].rekey, sizeof rekey);
        memcpy(&life, (const char *)c + pairs[i].life, sizeof life);
        if (life == 0 || rekey == 0 || life >= rekey)
            continue;
        complain_key(l, PROBLEM_ERROR, v, pairs[i].key, &s->place, path, pairs[i].what);
        good = false;
    }
    return good;
}

static bool load_child(struct loader *l, const struct view *children, struct section *s,
                       const char *conn_path, struct conf_child *c)
{
    char path[PATH_TEXT_MAX];
    struct view v;
    snprintf(path, sizeof path, "%.*s.children.%s", SETTINGS_NAME_MAX + 16, conn_path, s->name);
    view_section(l->settings, children, s->name, &v);
    c->name = keep_name(l, s->name);
    c->line = s->place.line;
    bool good = check_name(l, s) && c->name;
    if (!schema_apply(&l->run, SCHEMA_CHILD, &v, path, &s->place, c))
        good = false;
    derive_child(l, c);
    if (!schema_check_parts(&l->run, SCHEMA_CHILD, &v, path))
        good = false;
    return good && check_child(l, &v, s, path, c);
}

static bool load_children(struct loader *l, const struct view *v, const char *path,
                          struct conf_conn *conn)
{
    struct view children;
    struct view_at at = {.layer = 0};
    struct section *s;
    bool good = true;
    if (!view_section(l->settings, v, "children", &children))
        return true;
    size_t count = count_sections(l, &children);
    struct conf_child *list =
        count <= CHILDREN_MAX ? ARENA_ARRAY(&l->snapshot->arena, struct conf_child, count) : NULL;
    if (!list) {
        problem_add(l->problems, PROBLEM_ERROR, &children.layer[0]->place, "%s: too many children",
                    path);
        return false;
    }
    struct setting *stray = children.layer[0]->settings;
    if (stray) {
        problem_add(l->problems, PROBLEM_ERROR, &stray->place,
                    "%s.children.%s: a child is a section: write `{` instead of `=`", path,
                    stray->name);
        good = false;
    }
    while ((s = view_next_section(l->settings, &children, &at)) != NULL)
        good = load_child(l, &children, s, path, &list[conn->child_count++]) && good;
    conn->child = list;
    return good;
}

/* ---- authentication -------------------------------------------------------------------------- */

/* A section that is one round of authentication, and where it stands in the order of all. */
struct round {
    struct section *section; /* NULL: none is written, and all is as by default */
    uint64_t order;
};

/* Rounds are few; of the same number they stay as they stand. */
static void insert_round(struct round *rounds, uint8_t count, struct round new)
{
    uint8_t at = count;
    for (; at > 0 && rounds[at - 1].order > new.order; at--)
        rounds[at] = rounds[at - 1];
    rounds[at] = new;
}

/* What cannot be read as a number is complained of with the rest of the section. */
static uint64_t order_of(const struct loader *l, const struct view *conn, const struct section *s)
{
    struct view v;
    uint64_t order = 0;
    view_section(l->settings, conn, s->name, &v);
    const struct setting *written = view_setting(l->settings, &v, "round");
    return written && value_uint(bytes_make(written->value, written->len), UINT32_MAX, &order)
               ? order
               : 0;
}

/* The sections that begin with `local` or `remote`, in order. 0: there are too many. */
static uint8_t find_rounds(struct loader *l, const struct view *v, const char *prefix,
                           const char *path, struct round rounds[CONF_ROUNDS_MAX])
{
    struct view_at at = {.layer = 0};
    struct section *s;
    uint8_t count = 0;
    rounds[0] = (struct round){.section = NULL};
    while ((s = view_next_section(l->settings, v, &at)) != NULL) {
        const struct schema_part *part = schema_find_part(SCHEMA_CONN, s->name);
        if (!part || strcmp(part->name, prefix) != 0)
            continue;
        if (count == CONF_ROUNDS_MAX) {
            schema_blame(&l->run, BLAME_VALUE, s->name);
            problem_add(l->problems, PROBLEM_ERROR, &s->place,
                        "%s.%s: more than %d rounds of authentication", path, s->name,
                        CONF_ROUNDS_MAX);
            return 0;
        }
        insert_round(rounds, count++, (struct round){s, order_of(l, v, s)});
    }
    return count ? count : 1;
}

/* Our own identity is one identity, not a pattern. */
static bool check_own_id(struct loader *l, const struct view *v, const struct place *place,
                         const char *path, const struct conf_auth *auth)
{
    if (!auth->id.suffix)
        return true;
    complain_key(l, PROBLEM_ERROR, v, "id", place, path, "one's own identity cannot hold a `*`");
    return false;
}

/* With memory of its own: it outlives the tree. */
static bool keep_place(struct arena *arena, const struct place *from, struct place *to)
{
    struct bytes line = from->text.len <= LINE_KEPT_MAX ? from->text : BYTES_NONE;
    char *file = memory_text(arena, bytes_str(from->file));
    char *text = memory_text(arena, line);
    *to = *from;
    to->file = file;
    to->text = text ? bytes_make(text, line.len) : BYTES_NONE;
    return file && text;
}

/* Where the keys stand that speak of files, for those who read them. */
static bool keep_places(struct loader *l, const struct view *v, const struct place *section,
                        struct cred_section *to)
{
    static const char *const words[CRED_KEYS] = {
        [CRED_AUTH] = "auth",
        [CRED_ID] = "id",
        [CRED_CERTS] = "certs",
        [CRED_CACERTS] = "cacerts",
        [CRED_PUBKEYS] = "pubkeys",
    };
    for (size_t i = 0; i < CRED_KEYS; i++) {
        const struct setting *s = view_setting(l->settings, v, words[i]);
        if (!keep_place(&l->whole->secrets, s ? &s->value_place : section, &to->place[i]))
            return fail_memory(l);
    }
    return true;
}

/* A section that authenticates with keys: its certificates are loaded later, by others. */
static bool add_section(struct loader *l, const struct view *v, const struct schema_auth *from,
                        struct conf_conn *conn, bool is_remote, uint8_t round, const char *path,
                        const struct place *place)
{
    struct cred_sections *all = &l->whole->loaded.sections;
    struct arena *arena = &l->whole->secrets;
    struct cred_section *s = &all->at[all->count++];
    *s = (struct cred_section){.spec = from->spec,
                               .conn = conn,
                               .is_remote = is_remote,
                               .round = round,
                               .path = memory_text(arena, bytes_str(path))};
    return s->path ? keep_places(l, v, place, s) : fail_memory(l);
}

static bool check_files(struct loader *l, const struct view *v, const struct place *place,
                        const char *path, const struct schema_auth *auth)
{
    const struct cred_spec *s = &auth->spec;
    if (auth->auth.class == CONF_AUTH_PUBKEY || s->certs.count + s->pubkeys.count == 0)
        return true;
    complain_key(l, PROBLEM_WARNING, v, s->certs.count ? "certs" : "pubkeys", place, path,
                 "has no use with auth = psk");
    return true;
}

/* The rules of a section under quantum_safe_auth = required: nothing else is made or believed. */
static bool demand_quantum(struct loader *l, const struct view *v, const struct place *place,
                           const char *path, struct schema_auth *auth)
{
    struct cred_rule *const rules[] = {&auth->spec.ike, &auth->spec.chain};
    for (size_t i = 0; auth->auth.class == CONF_AUTH_PUBKEY && i < 2; i++) {
        uint32_t families = rules[i]->families ? rules[i]->families : QUANTUM_FAMILIES;
        rules[i]->families = families & QUANTUM_FAMILIES;
        if (rules[i]->families)
            continue;
        complain_key(l, PROBLEM_ERROR, v, "auth", place, path,
                     "quantum_safe_auth = required, but such signatures fall to a quantum "
                     "computer; write mldsa65, or another of mldsa and slhdsa");
        return false;
    }
    return true;
}

/*
 * The `cert` and `cacert` sections of a section, behind what the keys of that name hold: sections
 * in the order they stand.
 */
static bool load_cert_sections(struct loader *l, const struct view *v, const char *part_name,
                               const char *path, struct cred_refs *refs)
{
    struct view_at at = {.layer = 0};
    struct section *s;
    bool good = true;
    struct cred_ref *all = ARENA_ARRAY(&l->whole->secrets, struct cred_ref,
                                       refs->count + count_sections(l, v));
    if (!all)
        return fail_memory(l);
    if (refs->count)
        memcpy(all, refs->at, refs->count * sizeof *all);
    refs->at = all;
    while ((s = view_next_section(l->settings, v, &at)) != NULL) {
        char inside[PATH_TEXT_MAX + SETTINGS_NAME_MAX + 2];
        struct view cert;
        struct cred_ref *ref = &all[refs->count];
        const struct schema_part *part = schema_find_part(SCHEMA_AUTH, s->name);
        if (!part || strcmp(part->name, part_name) != 0)
            continue;
        *ref = (struct cred_ref){.key = NULL};
        snprintf(inside, sizeof inside, "%s.%s", path, s->name);
        view_section(l->settings, v, s->name, &cert);
        if (!schema_apply(&l->run, SCHEMA_CERT, &cert, inside, &s->place, ref))
            good = false;
        else if (!ref->file)
            good = complain_missing(l, BLAME_FILE, s, inside, "the key `file` is missing");
        ref->key = memory_text(&l->whole->secrets, bytes_str(s->name));
        refs->count += ref->file != NULL;
    }
    return good;
}

/* Nobody proves anything (RFC 7619): only where it is wanted, and not unnoticed. */
static bool check_null(struct loader *l, const struct view *v, const struct place *place,
                       const char *path, const struct conf_conn *conn, const struct conf_auth *auth,
                       bool is_remote)
{
    const char *wrong = NULL;
    if (auth->class != CONF_AUTH_NULL)
        return true;
    if (conn->quantum_safe_auth == QUANTUM_SAFE_REQUIRED)
        wrong = "null proves nothing, but quantum_safe_auth = required";
    else if (is_remote && !auth->id.any)
        wrong = "null: who is not asked for a proof has no identity; leave out `id`";
    if (wrong)
        complain_key(l, PROBLEM_ERROR, v, "auth", place, path, wrong);
    else if (is_remote)
        complain_key(l, PROBLEM_WARNING, v, "auth", place, path,
                     "null: whoever comes is let in, and nobody knows who it is");
    return !wrong;
}

static bool load_auth(struct loader *l, const struct view *conn, const struct section *conn_section,
                      const struct section *s, const char *prefix, const char *conn_path,
                      struct conf_conn *to)
{
    struct schema_auth read = {.auth.id.any = true};
    bool is_remote = prefix[0] == 'r';
    uint8_t round = is_remote ? to->remote_rounds++ : to->local_rounds++;
    struct conf_auth *auth = &(is_remote ? to->remote : to->local)[round];
    char path[PATH_TEXT_MAX];
    struct view v = {.count = 0};
    if (s)
        view_section(l->settings, conn, s->name, &v);
    const struct place *place = s ? &s->place : &conn_section->place;
    snprintf(path, sizeof path, "%.*s.%s", SETTINGS_NAME_MAX + 16, conn_path, s ? s->name : prefix);
    bool good = schema_apply(&l->run, SCHEMA_AUTH, &v, path, place, &read);
    if (!schema_check_parts(&l->run, SCHEMA_AUTH, &v, path))
        good = false;
    if (good && conf_auth_is_to_be_safe(to))
        good = demand_quantum(l, &v, place, path, &read);
    *auth = read.auth;
    good = load_cert_sections(l, &v, "cert", path, &read.spec.certs) && good;
    good = load_cert_sections(l, &v, "cacert", path, &read.spec.cacerts) && good;
    if (is_remote && read.auth.class == CONF_AUTH_PSK)
        auth->accepts = BYTES_LIT("\x02\x02"); /* RFC 9593 3.2.1: two octets, AUTH_PSK */
    if (is_remote && read.auth.class == CONF_AUTH_NULL)
        auth->accepts = BYTES_LIT("\x02\x0d"); /* the same, AUTH_NULL */
    good = check_null(l, &v, place, path, to, auth, is_remote) && good;
    if (good && read.auth.class == CONF_AUTH_PUBKEY)
        good = add_section(l, &v, &read, to, is_remote, round, path, place);
    return good && check_files(l, &v, place, path, &read) &&
           (is_remote || check_own_id(l, &v, place, path, auth));
}

static bool load_auths(struct loader *l, const struct view *conn, const struct section *section,
                       const char *prefix, const char *path, struct conf_conn *to)
{
    struct round rounds[CONF_ROUNDS_MAX];
    uint8_t count = find_rounds(l, conn, prefix, path, rounds);
    bool good = count > 0;
    for (uint8_t i = 0; i < count; i++)
        good = load_auth(l, conn, section, rounds[i].section, prefix, path, to) && good;
    return good;
}

/* ---- connections ----------------------------------------------------------------------------- */

/* The times of an IKE SA's life that are not given. */
static void derive_conn(struct loader *l, struct conf_conn *c)
{
    if (!schema_saw(&l->run, SCHEMA_CONN, "rekey_time"))
        c->rekey_for = c->reauth_for ? 0 : 4 * 3600 * IKE_SECOND;
    ike_time longer = c->rekey_for > c->reauth_for ? c->rekey_for : c->reauth_for;
    ike_time shorter = c->rekey_for + c->reauth_for - longer;
    if (!schema_saw(&l->run, SCHEMA_CONN, "over_time"))
        c->over_for = longer / 10;
    if (shorter == 0) /* never */
        shorter = longer;
    if (!schema_saw(&l->run, SCHEMA_CONN, "rand_time"))
        c->rand_for = c->over_for < shorter / 2 ? c->over_for : shorter / 2;
}

static bool names_a_peer(const struct conf_conn *c)
{
    for (uint16_t i = 0; i < c->remote_count; i++) {
        const struct conf_endpoint *e = &c->remote_addrs[i];
        if (e->host || (e->from.family != ADDR_NONE && addr_equal(&e->from, &e->to)))
            return true;
    }
    return false;
}

/* Contradictions between keys of a connection. */
static bool check_conn(struct loader *l, const struct view *v, const struct section *s,
                       const char *path, const struct conf_conn *c)
{
    for (uint16_t i = 0; i < c->child_count; i++) {
        uint8_t action = c->child[i].start_action;
        if (action == ACTION_NONE || names_a_peer(c))
            continue;
        complain_key(l, PROBLEM_ERROR, v, "remote_addrs", &s->place, path,
                     action & ACTION_START
                         ? "a child has start_action = start, but no single address or host name "
                           "says whom to call"
                         : "a child has start_action = trap, but no single address or host name "
                           "says whom to call");
        return false;
    }
    return true;
}

static bool load_conn(struct loader *l, const struct view *conns, struct section *s,
                      struct conf_conn *c)
{
    char path[PATH_TEXT_MAX];
    struct view v;
    snprintf(path, sizeof path, "connections.%s", s->name);
    view_section(l->settings, conns, s->name, &v);
    c->name = keep_name(l, s->name);
    c->file = keep_name(l, s->place.file);
    c->line = s->place.line;
    bool good = check_name(l, s) && c->name && c->file;
    good = schema_apply(&l->run, SCHEMA_CONN, &v, path, &s->place, c) && good;
    derive_conn(l, c);
    good = schema_check_parts(&l->run, SCHEMA_CONN, &v, path) && good;
    good = load_auths(l, &v, s, "local", path, c) && good;
    good = load_auths(l, &v, s, "remote", path, c) && good;
    good = load_children(l, &v, path, c) && good;
    return good && check_conn(l, &v, s, path, c);
}

/* A key where only sections may be. */
static void complain_stray_keys(struct loader *l, const struct view *v, const char *path)
{
    struct view_at at = {.layer = 0};
    struct setting *s;
    while ((s = view_next_setting(l->settings, v, &at)) != NULL)
        problem_add(l->problems, PROBLEM_ERROR, &s->place,
                    "%s.%s: only sections may stand here: write `{` instead of `=`", path, s->name);
}

static void load_conns(struct loader *l, const struct view *root)
{
    struct view conns;
    struct view_at at = {.layer = 0};
    struct section *s;
    struct config *config = &l->snapshot->config;
    if (!view_section(l->settings, root, "connections", &conns))
        return;
    complain_stray_keys(l, &conns, "connections");
    size_t count = count_sections(l, &conns);
    struct conf_conn *list =
        count <= CONNS_MAX ? ARENA_ARRAY(&l->snapshot->arena, struct conf_conn, count) : NULL;
    if (!list) {
        problem_add(l->problems, PROBLEM_ERROR, &conns.layer[0]->place, "too many connections");
        return;
    }
    l->whole->loaded.sections.at =
        ARENA_ARRAY(&l->whole->secrets, struct cred_section, 2 * CONF_ROUNDS_MAX * count);
    if (!l->whole->loaded.sections.at) {
        fail_memory(l);
        return;
    }
    while ((s = view_next_section(l->settings, &conns, &at)) != NULL)
        load_conn(l, &conns, s, &list[config->conn_count++]);
    config->conn = l->conns = list;
}

/* ---- secrets --------------------------------------------------------------------------------- */

/* A file with a secret in it that others may read. Said once a file. */
static void check_permissions(struct loader *l, const struct setting *secret, const char **last)
{
    struct stat st;
    if (!secret || !l->on_disk || secret->place.file == *last)
        return;
    *last = secret->place.file;
    if (stat(*last, &st) == 0 && st.st_mode & S_IROTH)
        problem_add(l->problems, PROBLEM_WARNING, &(struct place){.file = *last},
                    "holds secrets, but everybody may read it (chmod o= %s)", *last);
}

/* What the sections of `secrets` that work are called. */
static const struct {
    const char *part;
    enum secret_kind kind;
} secret_kinds[] = {
    {"ike", SECRET_IKE},
    {"ppk", SECRET_PPK},
    {"private", SECRET_PRIVATE},
    {"rsa", SECRET_RSA},
    {"ecdsa", SECRET_ECDSA},
    {"pkcs8", SECRET_PKCS8},
    {"pkcs12", SECRET_PKCS12},
};

static enum secret_kind kind_of(const struct schema_part *part)
{
    size_t i = 0;
    while (i + 1 < sizeof secret_kinds / sizeof secret_kinds[0] &&
           strcmp(secret_kinds[i].part, part->name) != 0)
        i++;
    return secret_kinds[i].kind;
}

/* A PPK has a name, fits the engine, and should not be guessable (RFC 8784 6: 256 bits). */
static bool check_ppk(struct loader *l, const struct section *s, const char *path,
                      const struct secret_entry *e)
{
    const char *wrong = NULL;
    if (e->owner_count == 0)
        wrong = "a PPK needs a name: the key `id` is missing";
    else if (e->data.len > SHARED_SECRET_MAX)
        wrong = "a PPK may have at most 1024 octets";
    if (wrong)
        problem_add(l->problems, PROBLEM_ERROR, &s->place, "%s: %s", path, wrong);
    else if (!e->file && e->data.len < STRENGTH_PPK_OCTETS)
        problem_add(l->problems, PROBLEM_WARNING, &s->place,
                    "%s: this PPK has %zu octets; against a quantum computer it needs 32 random ones",
                    path, e->data.len);
    return !wrong;
}

static bool check_secret(struct loader *l, const struct schema_part *part, const struct section *s,
                         const char *path, const struct secret_entry *e)
{
    bool is_file = part->of == SCHEMA_FILE, from_file = !is_file && e->file;
    if (from_file && (kind_of(part) != SECRET_PPK || e->file[0] != '/' || e->data.len)) {
        problem_add(l->problems, PROBLEM_ERROR, &s->place,
                    "%s.file: this is for PPKs, in place of `secret`, and an absolute path", path);
        return false;
    }
    const char *missing = !from_file && !schema_saw(&l->run, part->of, "secret") ? "secret"
                          : is_file && !e->file                                  ? "file"
                                                                                 : NULL;
    if (missing) {
        problem_add(l->problems, PROBLEM_ERROR, &s->place, "%s: the key `%s` is missing", path,
                    missing);
        return false;
    }
    return kind_of(part) != SECRET_PPK || check_ppk(l, s, path, e);
}

/* A pre-shared key that can be guessed is one; the place is that of the word `secret`. */
static void check_strength(struct loader *l, const struct setting *s, const char *path,
                           struct bytes secret)
{
    unsigned bits = strength_bits(secret);
    if (s && bits < STRENGTH_ENOUGH)
        problem_add(l->problems, PROBLEM_WARNING, &s->place,
                    "%s.secret: can be guessed: %zu octets, worth about %u bits; take 32 random "
                    "octets (openssl rand -base64 32)",
                    path, secret.len, bits);
}

static bool keep_secret(struct loader *l, struct section *s, const struct schema_secret *from,
                        enum secret_kind kind, struct secret_entry *to)
{
    struct arena *arena = &l->whole->secrets;
    struct conf_identity *owners =
        ARENA_ARRAY(arena, struct conf_identity, from->entry.owner_count);
    *to = from->entry;
    to->kind = kind;
    to->guessable = !strength_is_enough(to->data, kind == SECRET_PPK);
    to->name = memory_text(arena, bytes_str(s->name));
    to->line = s->place.line;
    to->owner = owners;
    if (!owners || !to->name)
        return fail_memory(l);
    memcpy(owners, from->owner, from->entry.owner_count * sizeof *owners);
    return true;
}

static bool load_secret(struct loader *l, const struct view *secrets, struct section *s,
                        const struct schema_part *part, struct secret_entry *out,
                        const char **last_file)
{
    char path[PATH_TEXT_MAX];
    struct view v;
    struct schema_secret secret = {.entry.owner_count = 0};
    snprintf(path, sizeof path, "secrets.%s", s->name);
    view_section(l->settings, secrets, s->name, &v);
    bool good = schema_apply(&l->run, part->of, &v, path, &s->place, &secret);
    good = schema_check_parts(&l->run, part->of, &v, path) && good;
    if (!check_secret(l, part, s, path, &secret.entry))
        return false;
    const struct setting *setting = view_setting(l->settings, &v, "secret");
    const struct setting *file = view_setting(l->settings, &v, "file");
    check_permissions(l, setting, last_file);
    if (file && !keep_place(&l->whole->secrets, &file->value_place, &secret.entry.place))
        return fail_memory(l);
    if (kind_of(part) == SECRET_IKE)
        check_strength(l, setting, path, secret.entry.data);
    return good && keep_secret(l, s, &secret, kind_of(part), out);
}

static void load_secrets(struct loader *l, const struct view *root)
{
    struct view secrets;
    struct view_at at = {.layer = 0};
    struct section *s;
    const char *last_file = NULL;
    if (!view_section(l->settings, root, "secrets", &secrets))
        return;
    complain_stray_keys(l, &secrets, "secrets");
    schema_check_parts(&l->run, SCHEMA_SECRETS, &secrets, "secrets");
    struct secret_entry *list =
        ARENA_ARRAY(&l->whole->secrets, struct secret_entry, count_sections(l, &secrets));
    if (!list) {
        fail_memory(l);
        return;
    }
    uint32_t count = 0;
    while ((s = view_next_section(l->settings, &secrets, &at)) != NULL) {
        const struct schema_part *part = schema_find_part(SCHEMA_SECRETS, s->name);
        if (part && part->status != STATUS_NOT_YET &&
            load_secret(l, &secrets, s, part, &list[count], &last_file) &&
            part->status == STATUS_NOW)
            count++; /* what has no effect yet is not kept */
    }
    l->whole->loaded.secrets = (struct secret_list){.count = count, .at = list};
}

/* ---- PPKs of connections --------------------------------------------------------------------- */

/* Is there a PPK of this name? No name: any. */
static bool has_ppk(const struct secret_entry *const *ppks, uint32_t count, struct bytes id)
{
    for (uint32_t i = 0; i < count; i++) {
        for (uint16_t k = 0; k < ppks[i]->owner_count; k++)
            if (id.len == 0 || bytes_equal(ppks[i]->owner[k].id.data, id))
                return true;
    }
    return false;
}

static void set_ppk_of(struct loader *l, struct conf_conn *c, bool there)
{
    c->has_ppk = c->ppk_required || there;
    if ((c->ppk_required || c->ppk_id.len) && !there)
        problem_add(l->problems, c->ppk_required ? PROBLEM_ERROR : PROBLEM_WARNING,
                    &(struct place){.file = c->file, .line = c->line},
                    "connections.%s.%s: no such PPK in the secrets", c->name,
                    c->ppk_id.len ? "ppk_id" : "ppk_required");
}

/*
 * As responder a connection takes any PPK that is here, unless it names one. The PPKs are picked out
 * first: there are few of them among many secrets.
 */
static void set_ppk(struct loader *l)
{
    const struct secret_list *secrets = &l->whole->loaded.secrets;
    const struct secret_entry **ppks = calloc(secrets->count + 1, sizeof *ppks);
    uint32_t count = 0;
    if (!ppks) {
        fail_memory(l);
        return;
    }
    for (uint32_t i = 0; i < secrets->count; i++)
        if (secrets->at[i].kind == SECRET_PPK)
            ppks[count++] = &secrets->at[i];
    for (uint16_t i = 0; i < l->snapshot->config.conn_count; i++)
        set_ppk_of(l, &l->conns[i], has_ppk(ppks, count, l->conns[i].ppk_id));
    free(ppks);
}

/* ---- pools ----------------------------------------------------------------------------------- */

static void complain_pool(struct loader *l, const struct setting *s, const char *path,
                          const char *what)
{
    problem_add(l->problems, PROBLEM_ERROR, &s->value_place, "%s.%s: %s", path, s->name, what);
}

static bool load_attribute(struct loader *l, const struct setting *s, const char *path,
                           struct conf_pool *pool)
{
    struct bytes rest = bytes_make(s->value, s->len), item;
    if (!pool_has_attribute(bytes_str(s->name))) {
        const char *guess = schema_guess_key(SCHEMA_POOL, s->name);
        problem_add(l->problems, PROBLEM_ERROR, &s->place, "%s.%s: unknown key%s%s%s", path, s->name,
                    guess ? ", did you mean `" : "", guess ? guess : "", guess ? "`?" : "");
        return false;
    }
    while (value_item(&rest, &item))
        if (!pool_add_attribute(pool, bytes_str(s->name), item)) {
            complain_pool(l, s, path,
                          pool->attribute_count < POOL_ATTRIBUTES_MAX
                              ? "an attribute is an address or a CIDR block, of the right family"
                              : "too many attributes");
            return false;
        }
    return true;
}

static bool load_pool(struct loader *l, const struct view *pools, struct section *s,
                      struct conf_pool *pool)
{
    char path[PATH_TEXT_MAX];
    struct view v;
    struct view_at at = {.layer = 0};
    struct setting *key;
    snprintf(path, sizeof path, "pools.%s", s->name);
    view_section(l->settings, pools, s->name, &v);
    bool good = check_name(l, s);
    while ((key = view_next_setting(l->settings, &v, &at)) != NULL) {
        if (strcmp(key->name, "addrs") != 0)
            good = load_attribute(l, key, path, pool) && good;
        else if (!pool_set_addrs(pool, bytes_make(key->value, key->len))) {
            complain_pool(l, key, path, "this is no CIDR block and no range a-b to lease from");
            return false;
        }
    }
    if (!pool->base)
        problem_add(l->problems, PROBLEM_ERROR, &s->place, "%s: the key `addrs` is missing", path);
    return schema_check_parts(&l->run, SCHEMA_POOL, &v, path) && good && pool->base;
}

/* They are kept and shown, but connections cannot refer to them yet. */
static void load_pools(struct loader *l, const struct view *root)
{
    struct view pools;
    struct view_at at = {.layer = 0};
    struct section *s = NULL;
    struct pool_list *list = &l->whole->loaded.pools;
    if (!view_section(l->settings, root, "pools", &pools))
        return;
    complain_stray_keys(l, &pools, "pools");
    list->at = ARENA_ARRAY(&l->whole->secrets, struct conf_pool, count_sections(l, &pools));
    while (list->at && (s = view_next_section(l->settings, &pools, &at)) != NULL) {
        struct conf_pool *pool = &list->at[list->count];
        if (!pool_begin(pool, bytes_str(s->name)))
            break;
        list->count++;
        if (load_pool(l, &pools, s, pool))
            problem_add(l->problems, PROBLEM_WARNING, &s->place,
                        "pools.%s is read, but nothing is leased from it yet", s->name);
    }
    if (!list->at || s)
        fail_memory(l);
}

/* ---- authorities ----------------------------------------------------------------------------- */

static bool load_authority(struct loader *l, const struct view *all, struct section *s,
                           struct cred_authority *a)
{
    char path[PATH_TEXT_MAX];
    struct view v;
    struct arena *arena = &l->whole->secrets;
    snprintf(path, sizeof path, "authorities.%s", s->name);
    view_section(l->settings, all, s->name, &v);
    *a = (struct cred_authority){.name = memory_text(arena, bytes_str(s->name))};
    if (!a->name || !keep_place(arena, &s->place, &a->place))
        return fail_memory(l);
    bool good = check_name(l, s);
    good = schema_apply(&l->run, SCHEMA_AUTHORITY, &v, path, &s->place, a) && good;
    good = schema_check_parts(&l->run, SCHEMA_AUTHORITY, &v, path) && good;
    if (!good)
        return false;
    bool named = schema_saw(&l->run, SCHEMA_AUTHORITY, "cacert"),
         by_path = schema_saw(&l->run, SCHEMA_AUTHORITY, "file");
    if (!named && !by_path)
        return complain_missing(l, BLAME_CA, s, path, "the key `cacert` is missing");
    if (named && by_path)
        return complain_missing(l, BLAME_VALUE, s, path, "either `cacert` or `file`, not both");
    return true;
}

static void load_authorities(struct loader *l, const struct view *root)
{
    struct view all;
    struct view_at at = {.layer = 0};
    struct section *s;
    struct cred_authorities *to = &l->whole->loaded.authorities;
    if (!view_section(l->settings, root, "authorities", &all))
        return;
    complain_stray_keys(l, &all, "authorities");
    to->at = ARENA_ARRAY(&l->whole->secrets, struct cred_authority, count_sections(l, &all));
    if (!to->at) {
        fail_memory(l);
        return;
    }
    while ((s = view_next_section(l->settings, &all, &at)) != NULL)
        to->count += load_authority(l, &all, s, &to->at[to->count]);
}

/* ---- the rest of swanctl.conf ---------------------------------------------------------------- */

/*
 * Other sections at the top are allowed: others refer to them. One that nobody refers to and that
 * looks like a slip is worth a word.
 */
static void check_top(struct loader *l, const struct view *root, enum schema_section section,
                      enum problem_kind kind)
{
    struct view_at at = {.layer = 0};
    struct section *s;
    while ((s = view_next_section(l->settings, root, &at)) != NULL) {
        const char *guess = schema_guess_part(section, s->name);
        if (schema_find_part(section, s->name) || s->referred ||
            (kind == PROBLEM_WARNING && !guess))
            continue;
        problem_add(l->problems, kind, &s->place, "%s: nothing uses this section%s%s%s", s->name,
                    guess ? ", did you mean `" : "", guess ? guess : "", guess ? "`?" : "");
    }
    struct setting *stray = root->layer[0]->settings;
    if (stray)
        problem_add(l->problems, PROBLEM_ERROR, &stray->place, "%s: a key outside of all sections",
                    stray->name);
}

/* ---- the two files --------------------------------------------------------------------------- */

static bool begin_file(struct loader *l)
{
    settings_free(l->settings);
    l->settings = l->run.settings = settings_new(l->problems);
    return l->settings || fail_memory(l);
}

static void read_swanctl(struct loader *l)
{
    struct view root;
    if (!settings_finish(l->settings))
        return;
    settings_root(l->settings, &root);
    check_top(l, &root, SCHEMA_SWANCTL, PROBLEM_WARNING);
    load_conns(l, &root);
    size_t errors = l->problems->errors;
    load_secrets(l, &root);
    bool knows_secrets = l->problems->errors == errors;
    load_authorities(l, &root);
    if (l->problems->errors == l->errors)
        set_ppk(l);
    conflict_check(l->settings, l->problems, &root, &l->snapshot->config,
                   knows_secrets ? &l->whole->loaded.secrets : NULL);
    load_pools(l, &root);
}

/* A section of braid.conf, present or not, into its structure. */
static void read_part(struct loader *l, const struct view *root, const char *name,
                      enum schema_section section, void *object)
{
    struct view v;
    struct place nowhere = {.file = "braid.conf"};
    bool present = view_section(l->settings, root, name, &v);
    schema_apply(&l->run, section, &v, name, present ? &v.layer[0]->place : &nowhere, object);
    schema_check_parts(&l->run, section, &v, name);
}

/* Nobody shall have this on without knowing. */
static void warn_of_keys(struct loader *l, const struct view *root, const struct conf_daemon *daemon)
{
    struct view v;
    struct setting *s = view_section(l->settings, root, "log", &v)
                            ? view_setting(l->settings, &v, "wireshark_keys")
                            : NULL;
    l->snapshot->config.engine.tell_keys = daemon->wireshark_keys != NULL;
    if (s && daemon->wireshark_keys)
        problem_add(l->problems, PROBLEM_WARNING, &s->place,
                    "log.wireshark_keys: all keys of all SAs are written to %s: whoever reads them "
                    "reads the traffic; take this out when the debugging is done",
                    daemon->wireshark_keys);
}

static void read_braid(struct loader *l)
{
    /* clang-format off */
    static const struct {
        const char *key;
        enum conf_log_group group;
    } groups[] = {{"daemon", CONF_LOG_DAEMON}, {"ike", CONF_LOG_IKE},
                  {"net", CONF_LOG_NET},       {"plane", CONF_LOG_PLANE},
                  {"config", CONF_LOG_CONFIG}, {"vici", CONF_LOG_VICI}};
    /* clang-format on */
    struct view root;
    struct conf_daemon *daemon = &l->whole->loaded.daemon;
    if (!settings_finish(l->settings))
        return;
    settings_root(l->settings, &root);
    check_top(l, &root, SCHEMA_BRAID, PROBLEM_ERROR);
    read_part(l, &root, "engine", SCHEMA_ENGINE, &l->snapshot->config.engine);
    read_part(l, &root, "network", SCHEMA_NETWORK, daemon);
    read_part(l, &root, "plane", SCHEMA_PLANE, daemon);
    read_part(l, &root, "control", SCHEMA_CONTROL, daemon);
    read_part(l, &root, "log", SCHEMA_LOG, daemon);
    warn_of_keys(l, &root, daemon);
    for (size_t i = 0; i < CONF_LOG_GROUPS; i++) {
        if (!schema_saw(&l->run, SCHEMA_LOG, groups[i].key))
            daemon->log[groups[i].group] = daemon->log_default;
    }
}

static bool begin(struct loader *l, struct problem_list *problems, bool on_disk)
{
    *l = (struct loader){.problems = problems, .on_disk = on_disk, .errors = problems->errors};
    l->whole = calloc(1, sizeof *l->whole);
    l->snapshot = calloc(1, sizeof *l->snapshot);
    if (!l->whole || !l->snapshot) {
        free(l->whole);
        free(l->snapshot);
        return fail_memory(l);
    }
    l->snapshot->arena = arena_make(&memory_libc, SNAPSHOT_MAX);
    l->whole->secrets = arena_make(&memory_libc, SECRETS_MAX);
    l->whole->loaded.config = &l->snapshot->config;
    conf_engine_defaults(&l->snapshot->config.engine);
    l->run = (struct schema_run){
        .problems = problems, .arena = &l->snapshot->arena, .secrets = &l->whole->secrets};
    if (begin_file(l))
        return true;
    loaded_free(&l->whole->loaded);
    return false;
}

static struct loaded *finish(struct loader *l)
{
    settings_free(l->settings);
    return &l->whole->loaded;
}

/* All or nothing. */
static struct loaded *finish_good(struct loader *l)
{
    struct loaded *result = finish(l);
    if (l->problems->errors == l->errors)
        return result;
    loaded_free(result);
    return NULL;
}

/* DIR/NAME, to be freed. */
static char *file_path(const char *dir, const char *name)
{
    char *path = NULL;
    size_t len = strlen(dir);
    return asprintf(&path, "%s%s%s", dir, len > 0 && dir[len - 1] == '/' ? "" : "/", name) < 0
               ? NULL
               : path;
}

static void read_settings(struct loader *l, const char *braid)
{
    if (access(braid, F_OK) == 0)
        settings_read_file(l->settings, braid);
    read_braid(l);
}

static void read_files(struct loader *l, const char *swanctl, const char *braid)
{
    settings_read_file(l->settings, swanctl);
    read_swanctl(l);
    if (begin_file(l))
        read_settings(l, braid);
}

struct loaded *config_look(const char *swanctl, const char *dir, struct problem_list *problems)
{
    struct loader l;
    struct loaded *result = NULL;
    char *braid = file_path(dir, "braid.conf");
    if (braid && begin(&l, problems, true)) {
        read_files(&l, swanctl, braid);
        result = finish(&l);
    }
    free(braid);
    return result;
}

struct loaded *config_load(const char *dir, struct problem_list *problems)
{
    size_t errors = problems->errors;
    char *swanctl = file_path(dir, "swanctl.conf");
    struct loaded *result = swanctl ? config_look(swanctl, dir, problems) : NULL;
    free(swanctl);
    if (result && problems->errors == errors)
        return result;
    if (problems->errors == errors)
        problem_add(problems, PROBLEM_ERROR, NULL, "out of memory");
    loaded_free(result);
    return NULL;
}

struct loaded *config_load_settings(const char *dir, struct problem_list *problems)
{
    struct loader l;
    struct loaded *result = NULL;
    char *braid = file_path(dir, "braid.conf");
    if (!braid)
        problem_add(problems, PROBLEM_ERROR, NULL, "out of memory");
    else if (begin(&l, problems, true)) {
        read_settings(&l, braid);
        result = finish_good(&l);
    }
    free(braid);
    return result;
}

struct loaded *config_load_text(struct bytes swanctl, struct bytes braid,
                                struct problem_list *problems)
{
    struct loader l;
    if (!begin(&l, problems, false))
        return NULL;
    settings_read_text(l.settings, "swanctl.conf", swanctl);
    read_swanctl(&l);
    if (begin_file(&l)) {
        settings_read_text(l.settings, "braid.conf", braid);
        read_braid(&l);
    }
    return finish_good(&l);
}

struct loaded *config_load_message(struct settings *tree, struct problem_list *problems,
                                   struct conf_blame *blame)
{
    struct loader l;
    struct view root;
    *blame = (struct conf_blame){.kind = BLAME_NONE};
    if (!begin(&l, problems, false)) {
        settings_free(tree);
        return NULL;
    }
    settings_free(l.settings);
    l.settings = l.run.settings = tree;
    settings_root(tree, &root);
    load_conns(&l, &root);
    load_authorities(&l, &root);
    conflict_check(tree, problems, &root, &l.snapshot->config, NULL);
    *blame = l.run.blame;
    return finish_good(&l);
}
