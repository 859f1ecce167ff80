/*
 * read: see read.h. A message becomes a settings tree whose places name the command; what is said
 * about a tree is said in config/. Everything else is a table of keys and a few checks.
 */
#include "vici/read.h"

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

#define CONN_ORIGIN "load-conn"

/* The list whose start was just read. */
static bool add_list(struct settings *tree, struct section *to, struct bytes name,
                     struct vici_in *in)
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
              settings_add_list(tree, to, name, items, count, CONN_ORIGIN);
    free(items);
    return ok;
}

/* The elements of a message that is known to be sound, down to the end of its last section. */
static bool add_elements(struct settings *tree, struct section *top, struct bytes message)
{
    struct vici_in in = vici_in_make(message);
    struct section *stack[VICI_DEPTH_MAX + 1] = {top};
    for (enum vici_element e = vici_next(&in); e != VICI_END; e = vici_next(&in)) {
        struct section *at = stack[in.depth - (e == VICI_SECTION_START)];
        bool ok = e != VICI_BAD;
        if (e == VICI_SECTION_START)
            ok = (stack[in.depth] = settings_add_section(tree, at, in.name, CONN_ORIGIN)) != NULL;
        else if (e == VICI_KEY_VALUE)
            ok = settings_add_value(tree, at, in.name, in.value, CONN_ORIGIN);
        else if (e == VICI_LIST_START)
            ok = add_list(tree, at, in.name, &in);
        if (!ok)
            return false;
    }
    return true;
}

static void say_blame(const struct conf_blame *blame, const struct problem_list *problems,
                      struct vici_refusal *why)
{
    /* clang-format off */
    static const struct {
        const char *before, *after;
    } words[] = {
        [BLAME_NONE] = {"", ", config discarded"},
        [BLAME_KEY] = {"unknown option: ", ", config discarded"},
        [BLAME_VALUE] = {"invalid value for: ", ", config discarded"},
        [BLAME_SECTION] = {"invalid section: ", ""},
        [BLAME_NOT_YET] = {"not supported yet: ", ", config discarded"},
    };
    /* clang-format on */
    const struct problem *p = problems->first;
    while (p && p->kind != PROBLEM_ERROR)
        p = p->next;
    const char *first = p && p->message ? p->message : "out of memory";
    refuse(why, "%s%.400s%s", words[blame->kind].before,
           blame->kind == BLAME_NONE ? first : blame->name, words[blame->kind].after);
}

struct config *vici_read_conn(struct bytes name, struct bytes content,
                              struct problem_list *problems, struct vici_refusal *why)
{
    struct conf_blame blame = {.kind = BLAME_NONE};
    struct config *config = NULL;
    struct settings *tree = settings_new(problems);
    struct section *conns =
        tree ? settings_add_section(tree, NULL, BYTES_LIT("connections"), CONN_ORIGIN) : NULL;
    struct section *conn = conns ? settings_add_section(tree, conns, name, CONN_ORIGIN) : NULL;
    if (conn && add_elements(tree, conn, content))
        config = config_load_conns(tree, problems, &blame); /* takes the tree over */
    else
        settings_free(tree);
    if (!config)
        say_blame(&blame, problems, why);
    return config;
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

static bool check_shared_type(struct bytes type, struct vici_refusal *why)
{
    static const char *const later[] = {"EAP", "XAUTH", "NTLM", "PPK", NULL};
    if (type.len == 0)
        return refuse(why, "shared key type missing");
    if (value_is(type, "IKE"))
        return true;
    if (is_one_of(type, later))
        return refuse(why, "shared keys of type %.*s are not supported yet", shown(type),
                      (const char *)type.at);
    return refuse(why, "invalid shared key type: %.*s", shown(type), (const char *)type.at);
}

bool vici_read_shared(struct bytes message, struct vici_shared *out, struct vici_refusal *why)
{
    struct bytes data;
    *out = (struct vici_shared){.arena = arena_make(&memory_libc, ARENA_MAX)};
    out->entry.kind = SECRET_IKE;
    if (!check_shared_type(find_text(message, "type"), why))
        return false;
    if (!vici_find(message, "data", &data) || data.len == 0)
        return refuse(why, "shared key data missing");
    out->entry.name = memory_text(&out->arena, find_text(message, "id"));
    out->entry.guessable = !strength_is_enough(data, out->entry.kind == SECRET_PPK);
    bool ok = out->entry.name && arena_copy(&out->arena, data, &out->entry.data);
    if (ok && read_owners(message, out))
        return true;
    vici_shared_free(out);
    return refuse(why, ok ? "parsing shared key owners failed" : "out of memory");
}

void vici_shared_free(struct vici_shared *s)
{
    arena_wipe(&s->arena);
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

/* ---- certificates, keys, authorities --------------------------------------------------------- */

bool vici_check_cert_type(struct bytes message, struct vici_refusal *why)
{
    static const char *const types[] = {
        "X509", "X509_AC", "X509_CRL", "OCSP_RESPONSE", "PUBKEY", "ANY", "x509",
        "x509ca", "x509ocsp", "x509aa", "x509ac", "x509crl", "pubkey", NULL};
    struct bytes type = find_text(message, "type");
    return type.len == 0 || is_one_of(type, types) ||
           refuse(why, "invalid certificate type '%.*s'", shown(type), (const char *)type.at);
}

bool vici_check_cert(struct bytes message, struct vici_refusal *why)
{
    static const char *const flags[] = {"NONE", "CA", "AA", "OCSP", NULL};
    struct bytes flag = find_text(message, "flag"), data;
    struct bytes type = find_text(message, "type");
    if (type.len == 0)
        return refuse(why, "certificate type missing");
    if (value_is(type, "ANY"))
        return refuse(why, "invalid certificate type 'ANY'");
    if (!vici_check_cert_type(message, why))
        return false;
    if (flag.len > 0 && !is_one_of(flag, flags))
        return refuse(why, "invalid certificate flag '%.*s'", shown(flag), (const char *)flag.at);
    if (!vici_find(message, "data", &data) || data.len == 0)
        return refuse(why, "certificate data missing");
    return true;
}

bool vici_check_key(struct bytes message, struct vici_refusal *why)
{
    static const char *const types[] = {"any", "rsa", "ecdsa", "ed25519", "ed448", NULL};
    struct bytes type = find_text(message, "type"), data;
    if (type.len == 0)
        return refuse(why, "key type missing");
    if (!is_one_of(type, types))
        return refuse(why, "invalid key type: %.*s", shown(type), (const char *)type.at);
    if (!vici_find(message, "data", &data) || data.len == 0)
        return refuse(why, "key data missing");
    return true;
}

bool vici_check_authority(struct bytes name, struct bytes content, struct vici_refusal *why)
{
    static const char *const keys[] = {"cacert", "file", "handle", "slot", "module", "cert_uri_base",
                                       NULL};
    static const char *const lists[] = {"crl_uris", "ocsp_uris", NULL};
    struct vici_in in = vici_in_make(content);
    bool has_ca = false;
    for (enum vici_element e = vici_next(&in); e != VICI_END; e = vici_next(&in)) {
        struct bytes key = in.name;
        if (e != VICI_KEY_VALUE && e != VICI_LIST_START)
            return refuse(why, "invalid section: %.*s", shown(key), (const char *)key.at);
        if (!is_one_of(key, e == VICI_LIST_START ? lists : keys))
            return refuse(why, "unknown option: %.*s, authority discarded", shown(key),
                          (const char *)key.at);
        has_ca = has_ca || value_is(key, "cacert") || value_is(key, "file") ||
                 value_is(key, "handle");
        if (e == VICI_LIST_START && !vici_skip(&in))
            return refuse(why, "parsing request failed");
    }
    return has_ca ||
           refuse(why, "CA certificate missing: %.*s", shown(name), (const char *)name.at);
}

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
