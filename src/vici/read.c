/*
 * read: see read.h. A message becomes a settings tree whose places name the command; what is said
 * about a tree is said in config/. Everything else is a table of keys and a few checks.
 */
#include "vici/read.h"

#include "base/secret.h"
#include "config/memory.h"
#include "config/settings.h"
#include "config/strength.h"
#include "config/value.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <strings.h>

enum {
    ARENA_MAX = 1 << 20,
    ITEMS_MAX = 4096, /* of one list */
};

#define COUNT(list) (sizeof(list) / sizeof((list)[0]))

static bool refuse(struct vici_refusal *why, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

static bool refuse(struct vici_refusal *why, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    vsnprintf(why->text, sizeof why->text, format, args);
    va_end(args);
    return false;
}

/* ---- connections ----------------------------------------------------------------------------- */

/* What a section of the message becomes. */
struct sort {
    const char *command, *top, *discarded;
};
static const struct sort a_connection = {"load-conn", "connections", ", config discarded"};
static const struct sort an_authority = {"load-authority", "authorities",
                                         ", authority discarded"};

/* The list whose start was just read. */
static bool add_list(struct settings *tree, struct section *to, struct bytes name,
                     const char *origin, struct vici_in *in)
{
    size_t count = 0, room = 16;
    struct bytes *items = malloc(room * sizeof *items);
    while (items && vici_next(in) == VICI_LIST_ITEM && count < ITEMS_MAX) {
        if (count == room) {
            struct bytes *more = realloc(items, 2 * room * sizeof *items);
            if (!more)
                break;
            items = more;
            room *= 2;
        }
        items[count++] = in->value;
    }
    bool ok = items && !in->in_list &&
              settings_add_list(tree, to, name, items, count, origin);
    free(items);
    return ok;
}

/* The elements of a message that is known to be sound, down to the end of its last section. */
static bool add_elements(struct settings *tree, struct section *top, const char *origin,
                         struct bytes message)
{
    struct vici_in in = vici_in_make(message);
    struct section *stack[VICI_DEPTH_MAX + 1] = {top};
    for (enum vici_element e = vici_next(&in); e != VICI_END; e = vici_next(&in)) {
        struct section *at = stack[in.depth - (e == VICI_SECTION_START)];
        bool ok = e != VICI_BAD;
        if (e == VICI_SECTION_START)
            ok = (stack[in.depth] = settings_add_section(tree, at, in.name, origin)) != NULL;
        else if (e == VICI_KEY_VALUE)
            ok = settings_add_value(tree, at, in.name, in.value, origin);
        else if (e == VICI_LIST_START)
            ok = add_list(tree, at, in.name, origin, &in);
        if (!ok)
            return false;
    }
    return true;
}

static void say_blame(const struct sort *sort, const struct conf_blame *blame,
                      const struct problem_list *problems, struct vici_refusal *why)
{
    /* clang-format off */
    static const struct {
        const char *before;
        bool is_all; /* and there are no words behind the name */
    } words[] = {
        [BLAME_NONE] = {"", false},
        [BLAME_KEY] = {"unknown option: ", false},
        [BLAME_VALUE] = {"invalid value for: ", false},
        [BLAME_SECTION] = {"invalid section: ", true},
        [BLAME_NOT_YET] = {"not supported yet: ", false},
        [BLAME_FILE] = {"handle or file path missing: ", true},
        [BLAME_CA] = {"CA certificate missing: ", true},
    };
    /* clang-format on */
    const struct problem *p = problems->first;
    while (p && p->kind != PROBLEM_ERROR)
        p = p->next;
    const char *first = p && p->message ? p->message : "out of memory";
    refuse(why, "%s%.400s%s", words[blame->kind].before,
           blame->kind == BLAME_NONE ? first : blame->name,
           words[blame->kind].is_all ? "" : sort->discarded);
}

static struct loaded *read_section(const struct sort *sort, struct bytes name,
                                   struct bytes content, struct problem_list *problems,
                                   struct vici_refusal *why)
{
    struct conf_blame blame = {.kind = BLAME_NONE};
    struct loaded *loaded = NULL;
    struct settings *tree = settings_new(problems);
    struct section *all =
        tree ? settings_add_section(tree, NULL, bytes_str(sort->top), sort->command) : NULL;
    struct section *one = all ? settings_add_section(tree, all, name, sort->command) : NULL;
    if (one && add_elements(tree, one, sort->command, content))
        loaded = config_load_message(tree, problems, &blame); /* takes the tree over */
    else
        settings_free(tree);
    if (!loaded)
        say_blame(sort, &blame, problems, why);
    return loaded;
}

struct loaded *vici_read_conn(struct bytes name, struct bytes content,
                              struct problem_list *problems, struct vici_refusal *why)
{
    return read_section(&a_connection, name, content, problems, why);
}

struct loaded *vici_read_authority(struct bytes name, struct bytes content,
                                   struct problem_list *problems, struct vici_refusal *why)
{
    return read_section(&an_authority, name, content, problems, why);
}

/* ---- words ----------------------------------------------------------------------------------- */

/* A value of printable characters; others count as absent. */
static struct bytes find_text(struct bytes message, const char *key)
{
    struct bytes value;
    if (!vici_find(message, key, &value))
        return BYTES_NONE;
    for (size_t i = 0; i < value.len; i++) {
        if (value.at[i] < ' ' || value.at[i] > '~')
            return BYTES_NONE;
    }
    return value;
}

static bool is_one_of(struct bytes text, const char *const *words)
{
    for (; *words; words++) {
        if (value_is(text, *words))
            return true;
    }
    return false;
}

static int shown(struct bytes text)
{
    return text.len < 200 ? (int)text.len : 200;
}

/* ---- load-shared ----------------------------------------------------------------------------- */

static bool read_owners(struct bytes message, struct vici_shared *s)
{
    struct conf_identity owners[VICI_OWNERS_MAX] = {{.any = false}};
    struct vici_in in;
    struct value_fault fault;
    uint16_t count = 0;
    bool more = vici_find_list(message, "owners", &in);
    for (; more && vici_next(&in) == VICI_LIST_ITEM; count++) {
        if (count == VICI_OWNERS_MAX || memchr(in.value.at, 0, in.value.len) ||
            !value_identity(in.value, true, &s->arena, &owners[count], &fault))
            return false;
    }
    struct conf_identity *kept = ARENA_ARRAY(&s->arena, struct conf_identity, count);
    if (!kept)
        return false;
    memcpy(kept, owners, count * sizeof *kept);
    s->entry.owner = kept;
    s->entry.owner_count = count;
    return true;
}

static bool read_shared_type(struct bytes type, enum secret_kind *kind, struct vici_refusal *why)
{
    static const char *const later[] = {"EAP", "XAUTH", "NTLM", NULL};
    if (type.len == 0)
        return refuse(why, "shared key type missing");
    *kind = value_is(type, "PPK") ? SECRET_PPK : SECRET_IKE;
    if (value_is(type, "IKE") || value_is(type, "PPK"))
        return true;
    if (is_one_of(type, later))
        return refuse(why, "shared keys of type %.*s are not supported yet", shown(type),
                      (const char *)type.at);
    return refuse(why, "invalid shared key type: %.*s", shown(type), (const char *)type.at);
}

/* A PPK is found by its name, and fits the engine. */
static bool check_ppk(const struct secret_entry *e, struct vici_refusal *why)
{
    if (e->kind != SECRET_PPK)
        return true;
    if (e->data.len > SECRET_MAX)
        return refuse(why, "a PPK may have at most %d octets", SECRET_MAX);
    return e->owner_count > 0 || refuse(why, "a PPK needs an owner: its name");
}

bool vici_read_shared(struct bytes message, struct vici_shared *out, struct vici_refusal *why)
{
    struct bytes data;
    *out = (struct vici_shared){.arena = arena_make(&memory_libc, ARENA_MAX)};
    if (!read_shared_type(find_text(message, "type"), &out->entry.kind, why))
        return false;
    if (!vici_find(message, "data", &data) || data.len == 0)
        return refuse(why, "shared key data missing");
    out->entry.name = memory_text(&out->arena, find_text(message, "id"));
    out->entry.guessable = !strength_is_enough(data, out->entry.kind == SECRET_PPK);
    bool ok = out->entry.name && arena_copy(&out->arena, data, &out->entry.data);
    if (!ok)
        refuse(why, "out of memory");
    else if (!read_owners(message, out))
        refuse(why, "parsing shared key owners failed");
    else if (check_ppk(&out->entry, why))
        return true;
    vici_shared_free(out);
    return false;
}

void vici_shared_free(struct vici_shared *s)
{
    arena_wipe(&s->arena);
}

/* ---- certificates and keys ------------------------------------------------------------------- */

/* Words of the protocol, and what they mean together: those in small letters are the older ones. */
/* clang-format off */
static const struct {
    const char *word;
    enum vici_cert_type type;
    enum vici_cert_flag flag;
} cert_types[] = {
    {"ANY",           VICI_CERT_ANY,    VICI_FLAG_ANY},
    {"X509",          VICI_CERT_X509,   VICI_FLAG_ANY},
    {"X509_AC",       VICI_CERT_AC,     VICI_FLAG_ANY},
    {"X509_CRL",      VICI_CERT_CRL,    VICI_FLAG_ANY},
    {"OCSP_RESPONSE", VICI_CERT_OCSP,   VICI_FLAG_ANY},
    {"PUBKEY",        VICI_CERT_PUBKEY, VICI_FLAG_ANY},
    {"x509ca",        VICI_CERT_X509,   VICI_FLAG_CA},
    {"x509ocsp",      VICI_CERT_X509,   VICI_FLAG_OCSP},
    {"x509aa",        VICI_CERT_X509,   VICI_FLAG_AA},
    {"x509ac",        VICI_CERT_AC,     VICI_FLAG_ANY},
    {"x509crl",       VICI_CERT_CRL,    VICI_FLAG_ANY},
};
/* clang-format on */
static const char *const cert_flags[] = {[VICI_FLAG_NONE] = "NONE", [VICI_FLAG_CA] = "CA", [VICI_FLAG_AA] = "AA", [VICI_FLAG_OCSP] = "OCSP", [VICI_FLAG_ANY] = "ANY"};

/* `type` and, of X509, `flag`. */
static bool read_cert_type(struct bytes message, struct bytes type, struct vici_cert *out,
                           struct vici_refusal *why)
{
    struct bytes flag = find_text(message, "flag");
    size_t i = 0, f = 0;
    while (i < COUNT(cert_types) && !value_is(type, cert_types[i].word))
        i++;
    if (i == COUNT(cert_types))
        return refuse(why, "invalid certificate type '%.*s'", shown(type), (const char *)type.at);
    out->type = cert_types[i].type;
    out->flag = cert_types[i].flag;
    if (flag.len == 0 || out->type != VICI_CERT_X509 || out->flag != VICI_FLAG_ANY)
        return true;
    while (f < COUNT(cert_flags) && !value_is(flag, cert_flags[f]))
        f++;
    out->flag = (enum vici_cert_flag)f;
    return f < COUNT(cert_flags) ||
           refuse(why, "invalid certificate flag '%.*s'", shown(flag), (const char *)flag.at);
}

bool vici_read_cert(struct bytes message, struct vici_cert *out, struct vici_refusal *why)
{
    struct bytes type = find_text(message, "type");
    if (type.len == 0)
        return refuse(why, "certificate type missing");
    if (!read_cert_type(message, type, out, why))
        return false;
    if (out->type == VICI_CERT_ANY)
        return refuse(why, "invalid certificate type '%.*s'", shown(type), (const char *)type.at);
    out->flag = out->flag == VICI_FLAG_ANY ? VICI_FLAG_NONE : out->flag;
    if (!vici_find(message, "data", &out->data) || out->data.len == 0)
        return refuse(why, "certificate data missing");
    return true;
}

bool vici_read_cert_filter(struct bytes message, struct vici_cert *out, struct vici_refusal *why)
{
    struct bytes type = find_text(message, "type");
    *out = (struct vici_cert){.type = VICI_CERT_ANY, .flag = VICI_FLAG_ANY};
    return type.len == 0 || read_cert_type(message, type, out, why);
}

bool vici_read_key(struct bytes message, struct vici_key *out, struct vici_refusal *why)
{
    static const char *const types[][2] = {
        {"any", "ANY"}, {"rsa", "RSA"}, {"ecdsa", "ECDSA"}, {"ed25519", "ED25519"}, {"ed448", "ED448"}};
    struct bytes type = find_text(message, "type");
    size_t i = 0;
    if (type.len == 0)
        return refuse(why, "key type missing");
    while (i < COUNT(types) && !value_is(type, types[i][0]))
        i++;
    if (i == COUNT(types))
        return refuse(why, "invalid key type: %.*s", shown(type), (const char *)type.at);
    out->type = types[i][0];
    out->shown = types[i][1];
    if (!vici_find(message, "data", &out->data) || out->data.len == 0)
        return refuse(why, "key data missing");
    return true;
}

/* ---- load-pool ------------------------------------------------------------------------------- */

/* The list whose start was just read. */
static bool read_attribute(struct conf_pool *pool, struct bytes name, struct vici_in *in,
                           struct vici_refusal *why)
{
    if (!pool_has_attribute(name))
        return refuse(why, "invalid attribute: %.*s", shown(name), (const char *)name.at);
    while (vici_next(in) == VICI_LIST_ITEM)
        if (!pool_add_attribute(pool, name, in->value))
            return refuse(why, "invalid attribute value for %.*s", shown(name),
                          (const char *)name.at);
    return true;
}

static bool read_addrs(struct conf_pool *pool, struct bytes text, struct vici_refusal *why)
{
    if (pool->base)
        return refuse(why, "multiple addrs defined");
    return pool_set_addrs(pool, text) ||
           refuse(why, "invalid addrs value: %.*s", shown(text), (const char *)text.at);
}

static bool read_pool_keys(struct bytes content, struct conf_pool *pool, struct vici_refusal *why)
{
    struct vici_in in = vici_in_make(content);
    for (enum vici_element e = vici_next(&in); e != VICI_END; e = vici_next(&in)) {
        struct bytes name = in.name;
        bool ok;
        if (e == VICI_LIST_START)
            ok = read_attribute(pool, name, &in, why);
        else if (e == VICI_KEY_VALUE && bytes_equal(name, bytes_str("addrs")))
            ok = read_addrs(pool, in.value, why);
        else
            ok = refuse(why, "invalid attribute: %.*s", shown(name), (const char *)name.at);
        if (!ok)
            return false;
    }
    return pool->base || refuse(why, "missing addrs for pool '%s'", pool->name);
}

bool vici_read_pool(struct bytes name, struct bytes content, struct conf_pool *out,
                    struct vici_refusal *why)
{
    if (!pool_begin(out, name))
        return refuse(why, "out of memory");
    if (read_pool_keys(content, out, why))
        return true;
    pool_free(out);
    return false;
}

/* ---- redirect -------------------------------------------------------------------------------- */

bool vici_check_redirect(struct bytes message, struct vici_refusal *why)
{
    static const char *const selectors[] = {"ike", "ike-id", "peer-ip", "peer-id"};
    struct addr from, to;
    struct bytes ip = find_text(message, "peer-ip");
    bool selected = false;
    if (find_text(message, "gateway").len == 0)
        return refuse(why, "missing target gateway");
    if (ip.len > 0 && !value_range(ip, &from, &to))
        return refuse(why, "invalid peer IP selector");
    for (size_t i = 0; i < sizeof selectors / sizeof selectors[0]; i++)
        selected = selected || find_text(message, selectors[i]).len > 0;
    return selected || refuse(why, "missing redirect selector");
}
