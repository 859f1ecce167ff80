/*
 * schema: the rows of schema.def, the types they speak of, and the way a section is read by them.
 * See schema.h.
 *
 * A type is a row of the table `types`: a function from text to the member, and what to say when
 * the text is not one. Keys are told apart by their row alone: nothing in here mentions a key by
 * name.
 */
#include "config/schema.h"

#include "config/memory.h"

#include "wire/names.h"

#include <grp.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

/* ---- words and ranges that rows refer to ----------------------------------------------------- */

enum { NOT_YET_WORD = -1 }; /* a word of swanctl.conf whose meaning is not there yet */

/* clang-format off */
static const struct value_word words_fragmentation[] = {{"yes", FRAGMENTATION_YES},
                                                        {"accept", FRAGMENTATION_ACCEPT},
                                                        {"no", FRAGMENTATION_NO},
                                                        {"force", NOT_YET_WORD},
                                                        {NULL, 0}};
/* clang-format on */
/* clang-format off */
static const struct value_word words_quantum[] = {{"no", QUANTUM_SAFE_NO},
                                                  {"preferred", QUANTUM_SAFE_PREFERRED},
                                                  {"required", QUANTUM_SAFE_REQUIRED},
                                                  {NULL, 0}};
/* clang-format on */
static const struct value_word words_quantum_auth[] = {
    {"no", QUANTUM_SAFE_NO}, {"required", QUANTUM_SAFE_REQUIRED}, {NULL, 0}};
/* clang-format off */
static const struct value_word words_childless[] = {{"allow", CHILDLESS_ALLOW},
                                                    {"prefer", CHILDLESS_PREFER},
                                                    {"force", CHILDLESS_FORCE},
                                                    {"never", CHILDLESS_NEVER},
                                                    {NULL, 0}};
/* clang-format on */
/* clang-format off */
static const struct value_word words_unique[] = {{"no", UNIQUE_NO},
                                                 {"never", UNIQUE_NEVER},
                                                 {"replace", UNIQUE_REPLACE},
                                                 {"keep", UNIQUE_KEEP},
                                                 {NULL, 0}};
/* clang-format on */
/* clang-format off */
static const struct value_word words_mode[] = {{"tunnel", MODE_TUNNEL},
                                               {"transport", MODE_TRANSPORT},
                                               {"transport_proxy", NOT_YET_WORD},
                                               {"beet", NOT_YET_WORD},
                                               {"iptfs", NOT_YET_WORD},
                                               {"pass", NOT_YET_WORD},
                                               {"drop", NOT_YET_WORD},
                                               {NULL, 0}};
/* clang-format on */
/* clang-format off */
static const struct value_word words_send_cert[] = {
    {"ifasked", SEND_CERT_IFASKED},
    {"always", SEND_CERT_ALWAYS},
    {"never", SEND_CERT_NEVER},
    {NULL, 0}};
/* clang-format on */
/* clang-format off */
static const struct value_word words_ocsp[] = {
    {"reply", CONF_OCSP_REPLY},
    {"request", CONF_OCSP_REQUEST},
    {"both", CONF_OCSP_REPLY | CONF_OCSP_REQUEST},
    {"never", 0},
    {NULL, 0}};
/* clang-format on */
/* clang-format off */
static const struct value_word words_revocation[] = {
    {"strict", REVOCATION_STRICT},
    {"ifuri", REVOCATION_IFURI},
    {"relaxed", REVOCATION_RELAXED},
    {NULL, 0}};
/* clang-format on */
/* clang-format off */
static const struct value_word words_label_mode[] = {
    {"system", 0}, {"simple", 1}, {"selinux", 2}, {NULL, 0}};
/* clang-format on */
/* clang-format off */
static const struct value_word words_per_cpu[] = {
    {"no", 0},   {"false", 0}, {"0", 0},       {"disabled", 0}, {"yes", 1},
    {"true", 1}, {"1", 1},     {"enabled", 1}, {"encap", 2},    {NULL, 0}};
/* clang-format on */
/* clang-format off */
static const struct value_word words_offload[] = {{"no", 0},     {"yes", 1},  {"crypto", 1},
                                                  {"packet", 2}, {"auto", 3}, {NULL, 0}};
/* clang-format on */
/* clang-format off */
static const struct value_word words_copy_dscp[] = {
    {"out", 0}, {"in", 1}, {"yes", 2}, {"no", 3}, {NULL, 0}};
/* clang-format on */
/* clang-format off */
static const struct value_word words_plane[] = {
    {"tun", CONF_PLANE_TUN}, {"mock", CONF_PLANE_MOCK}, {"kernel", NOT_YET_WORD}, {NULL, 0}};
/* clang-format on */
/* clang-format off */
static const struct value_word words_log_format[] = {
    {"text", CONF_LOG_TEXT}, {"json", CONF_LOG_JSON}, {NULL, 0}};
static const struct value_word words_log[] = {{"silent", CONF_LOG_SILENT},
                                              {"error", CONF_LOG_ERROR},
                                              {"warning", CONF_LOG_WARNING},
                                              {"notice", CONF_LOG_NOTICE},
                                              {"info", CONF_LOG_INFO},
                                              {"debug", CONF_LOG_DEBUG},
                                              {NULL, 0}};
/* clang-format on */

static const struct schema_range range_any = {0, UINT32_MAX};
static const struct schema_range range_some = {1, 1000000};
static const struct schema_range range_tries = {0, 100};
static const struct schema_range range_window = {0, 4096};
static const struct schema_range range_fragment = {256, 65535};
static const struct schema_range range_message = {2048, CONF_MESSAGE_MAX};
static const struct schema_range range_mtu = {0, 65535};

/* ---- rows ------------------------------------------------------------------------------------ */

#define NOWHERE SCHEMA_NOWHERE
#define WHOLE 0
/* clang-format off */
static const struct schema_key keys[] = {
#define KEY(sect, word, k, t, what, state, now, at, standard, text) \
    {.section = SCHEMA_##sect, \
     .name = word, \
     .kind = KIND_##k, \
     .type = TYPE_##t, \
     .of = what, \
     .status = STATUS_##state, \
     .today = now, \
     .target = at, \
     .fallback = standard, \
     .help = text},
#include "config/schema.def"
};
/* clang-format on */
#undef NOWHERE
#undef WHOLE

/* clang-format off */
static const struct schema_part parts[] = {
#define PART(sect, word, how, what, state, text) \
    {.section = SCHEMA_##sect, \
     .name = word, \
     .match = MATCH_##how, \
     .of = SCHEMA_##what, \
     .status = STATUS_##state, \
     .help = text},
#include "config/schema.def"
};
/* clang-format on */
enum { PARTS = sizeof parts / sizeof parts[0] };

const struct schema_key *schema_key_at(size_t i)
{
    return i < SCHEMA_KEYS ? &keys[i] : NULL;
}

const struct schema_part *schema_part_at(size_t i)
{
    return i < PARTS ? &parts[i] : NULL;
}

static const struct schema_key *find_key(enum schema_section section, const char *name)
{
    for (size_t i = 0; i < SCHEMA_KEYS; i++) {
        if (keys[i].section != section)
            continue;
        if (keys[i].kind == KIND_PREFIX ? strncmp(name, keys[i].name, strlen(keys[i].name)) == 0
                                        : strcmp(name, keys[i].name) == 0)
            return &keys[i];
    }
    return NULL;
}

const struct schema_part *schema_find_part(enum schema_section section, const char *name)
{
    for (size_t i = 0; i < PARTS; i++) {
        if (parts[i].section != section)
            continue;
        if (parts[i].match == MATCH_PREFIX
                ? strncasecmp(name, parts[i].name, strlen(parts[i].name)) == 0
                : strcmp(name, parts[i].name) == 0)
            return &parts[i];
    }
    return NULL;
}

bool schema_saw(const struct schema_run *run, enum schema_section section, const char *name)
{
    const struct schema_key *key = find_key(section, name);
    return key && run->seen[key - keys];
}

const char *schema_guess_key(enum schema_section section, const char *written)
{
    const char *words[SCHEMA_KEYS + 1];
    size_t count = 0;
    for (size_t i = 0; i < SCHEMA_KEYS; i++) {
        if (keys[i].section == section)
            words[count++] = keys[i].name;
    }
    words[count] = NULL;
    return problem_guess(bytes_str(written), words);
}

const char *schema_guess_part(enum schema_section section, const char *written)
{
    const char *words[PARTS + 1];
    size_t count = 0;
    for (size_t i = 0; i < PARTS; i++) {
        if (parts[i].section == section)
            words[count++] = parts[i].name;
    }
    words[count] = NULL;
    return problem_guess(bytes_str(written), words);
}

/* ---- types ----------------------------------------------------------------------------------- */

/*
 * What a type's function works with. `to` is the member, or the whole structure for types that
 * fill in several.
 */
struct reading {
    struct schema_run *run;
    const struct schema_key *key;
    const struct setting *setting; /* that holds the text; NULL for a default */
    struct bytes text;
    void *to;
    struct value_fault *fault;
};

static bool read_text(struct reading *r)
{
    char *copy = arena_take(r->run->arena, r->text.len + 1);
    if (!copy)
        return value_fail(r->fault, r->text, r->text, "out of memory");
    memcpy(copy, r->text.at, r->text.len);
    *(const char **)r->to = copy;
    return true;
}

static bool read_bool(struct reading *r)
{
    return value_bool(r->text, r->to);
}

static bool read_uint(struct reading *r)
{
    const struct schema_range *range = r->key->of;
    uint64_t n;
    if (!value_uint(r->text, range->max, &n) || n < range->min)
        return false;
    *(uint32_t *)r->to = (uint32_t)n;
    return true;
}

static bool read_port(struct reading *r)
{
    uint64_t n;
    if (!value_uint(r->text, 65535, &n))
        return false;
    *(uint16_t *)r->to = (uint16_t)n;
    return true;
}

static bool read_fragment(struct reading *r)
{
    const struct schema_range *range = r->key->of;
    uint64_t n;
    if (!value_uint(r->text, range->max, &n) || (n > 0 && n < range->min))
        return false;
    *(uint16_t *)r->to = (uint16_t)n;
    return true;
}

static bool read_time(struct reading *r)
{
    return value_time(r->text, r->to);
}

static bool read_fine_time(struct reading *r)
{
    return value_fine_time(r->text, r->to);
}

static bool read_permille(struct reading *r)
{
    uint32_t n;
    if (!value_permille(r->text, &n) || n < 1000 || n > 10000)
        return false;
    *(uint32_t *)r->to = n;
    return true;
}

static bool read_size(struct reading *r)
{
    return value_size(r->text, r->to);
}

static bool read_packets(struct reading *r)
{
    return value_uint(r->text, UINT64_MAX, r->to);
}

static bool refuse_yet(struct reading *r)
{
    return value_not_yet(r->fault, r->text, r->text, "`%.*s` is not supported yet", (int)r->text.len,
                         (const char *)r->text.at);
}

static bool read_word(struct reading *r)
{
    int value;
    if (!value_word(r->text, r->key->of, &value))
        return false;
    if (value == NOT_YET_WORD)
        return refuse_yet(r);
    memcpy(r->to, &value, sizeof value);
    return true;
}

/* IKEv1 is not there. */
static bool read_version(struct reading *r)
{
    uint64_t n;
    if (!value_uint(r->text, UINT32_MAX, &n))
        return false;
    return n == 1 ? refuse_yet(r) : n == 0 || n == 2;
}

static bool read_dscp(struct reading *r)
{
    return value_dscp(r->text, r->to);
}

static bool read_if_id(struct reading *r)
{
    return value_if_id(r->text, r->to);
}

/* Of SAs and policies. */
static bool read_mark(struct reading *r)
{
    struct value_mark *mark = r->to;
    return value_mark(r->text, mark) && mark->kind != MARK_SAME;
}

/* Put on packets. */
static bool read_set_mark(struct reading *r)
{
    struct value_mark *mark = r->to;
    return value_mark(r->text, mark) && mark->kind != MARK_UNIQUE && mark->kind != MARK_UNIQUE_DIR;
}

/* A size, or that of what fits. */
static bool read_padding(struct reading *r)
{
    static const struct schema_key any = {.of = &range_any};
    struct reading number = *r;
    number.key = &any;
    if (strncmp((const char *)r->text.at, "mtu", r->text.len) != 0 || r->text.len != 3)
        return read_uint(&number);
    *(uint32_t *)r->to = UINT32_MAX;
    return true;
}

/* Addresses; nothing is kept of them. */
static bool read_hosts(struct reading *r)
{
    struct bytes rest = r->text, item;
    struct addr addr;
    while (value_item(&rest, &item))
        if (!value_addr(item, &addr))
            return value_fail(r->fault, r->text, item, "`%.*s` is no address", (int)item.len,
                              (const char *)item.at);
    return r->text.len > 0;
}

static bool read_start(struct reading *r)
{
    uint8_t bits;
    if (!value_actions(r->text, &bits))
        return false;
    *(uint8_t *)r->to = bits;
    return true;
}

enum { LIST_MAX = 255 };

static bool read_endpoints(struct reading *r, uint16_t *count, const struct conf_endpoint **out)
{
    struct conf_endpoint list[LIST_MAX];
    struct bytes rest = r->text, item;
    uint16_t n = 0;
    while (value_item(&rest, &item)) {
        if (n == LIST_MAX)
            return value_fail(r->fault, r->text, item, "more than %d addresses", LIST_MAX);
        if (!value_endpoint(item, r->run->arena, &list[n], r->fault)) {
            r->fault->at += (size_t)(item.at - r->text.at);
            return false;
        }
        n++;
    }
    struct conf_endpoint *kept = ARENA_ARRAY(r->run->arena, struct conf_endpoint, n);
    if (!kept)
        return value_fail(r->fault, r->text, r->text, "out of memory");
    memcpy(kept, list, n * sizeof *kept);
    *count = n;
    *out = kept;
    return true;
}

static bool read_local_addrs(struct reading *r)
{
    struct conf_conn *conn = r->to;
    return read_endpoints(r, &conn->local_count, &conn->local_addrs);
}

static bool read_remote_addrs(struct reading *r)
{
    struct conf_conn *conn = r->to;
    return read_endpoints(r, &conn->remote_count, &conn->remote_addrs);
}

/* The built-in proposals are the same for everybody and read once a load. */
static bool read_proposals(struct reading *r, uint8_t protocol)
{
    struct proposals *standard = &r->run->standard[protocol == PROTOCOL_ESP];
    bool is_standard = value_is(value_trim(r->text), "default");
    if (is_standard && standard->count > 0) {
        *(struct proposals *)r->to = *standard;
        return true;
    }
    if (!value_proposals(r->text, protocol, r->run->arena, r->to, r->fault))
        return false;
    if (is_standard)
        *standard = *(struct proposals *)r->to;
    return true;
}

static bool read_ike_proposals(struct reading *r)
{
    return read_proposals(r, PROTOCOL_IKE);
}

static bool read_esp_proposals(struct reading *r)
{
    return read_proposals(r, PROTOCOL_ESP);
}

static bool read_selectors(struct reading *r)
{
    struct selector list[LIST_MAX];
    struct bytes rest = r->text, item;
    uint16_t n = 0;
    while (value_item(&rest, &item)) {
        if (n == LIST_MAX)
            return value_fail(r->fault, r->text, item, "more than %d traffic selectors", LIST_MAX);
        if (!value_selector(item, &list[n], r->fault)) {
            r->fault->at += (size_t)(item.at - r->text.at);
            return false;
        }
        n++;
    }
    struct selector *kept = ARENA_ARRAY(r->run->arena, struct selector, n);
    if (!kept || n == 0)
        return value_fail(r->fault, r->text, r->text,
                          kept ? "no traffic selector is given" : "out of memory");
    memcpy(kept, list, n * sizeof *kept);
    *(struct selectors *)r->to = (struct selectors){.count = n, .at = kept};
    return true;
}

static bool read_auth(struct reading *r)
{
    struct schema_auth *auth = r->to;
    return value_auth(r->text, &auth->auth.class, &auth->spec.ike, &auth->spec.chain, r->fault);
}

/* A copy of a text, with an end. It lives as long as the load. */
static char *keep_text(struct reading *r, struct bytes text)
{
    char *copy = memory_text(r->run->secrets, text);
    if (!copy)
        value_fail(r->fault, r->text, r->text, "out of memory");
    return copy;
}

static bool read_path(struct reading *r)
{
    struct cred_ref *ref = r->to;
    if (r->text.at[0] != '/')
        return value_fail(r->fault, r->text, r->text, "the path must be absolute");
    *ref = (struct cred_ref){.key = r->key->name, .file = keep_text(r, r->text)};
    return ref->file != NULL;
}

/*
 * A message carries the certificate itself; a file names one, or holds one in hexadecimal or
 * Base64.
 */
static bool read_ref(struct reading *r, struct bytes text, struct cred_ref *ref)
{
    bool sent = r->setting && r->setting->form != SETTING_TEXT;
    *ref = (struct cred_ref){.key = r->key->name};
    if (sent)
        return arena_copy(r->run->secrets, text, &ref->octets) ||
               value_fail(r->fault, r->text, r->text, "out of memory");
    if (text.len > 2 && text.at[0] == '0' && (text.at[1] == 'x' || text.at[1] == 's'))
        return value_secret(text, r->run->secrets, &ref->octets, r->fault);
    ref->file = keep_text(r, text);
    return ref->file != NULL;
}

static bool read_file(struct reading *r)
{
    return read_ref(r, r->text, r->to);
}

/* The next item of a list: of a message as it came. */
static bool next_item(const struct reading *r, struct bytes *rest, uint16_t n, struct bytes *item)
{
    if (!r->setting || r->setting->form != SETTING_LIST)
        return value_item(rest, item);
    if (n == r->setting->item_count)
        return false;
    *item = r->setting->item[n];
    return true;
}

static bool read_files(struct reading *r)
{
    struct cred_refs *list = r->to;
    struct cred_ref refs[LIST_MAX];
    struct bytes rest = r->text, item;
    uint16_t n = 0;
    for (; next_item(r, &rest, n, &item); n++) {
        if (n == LIST_MAX)
            return value_fail(r->fault, r->text, r->text, "more than %d files", LIST_MAX);
        if (!read_ref(r, item, &refs[n]))
            return false;
    }
    struct cred_ref *kept = ARENA_ARRAY(r->run->secrets, struct cred_ref, n);
    if (!kept)
        return value_fail(r->fault, r->text, r->text, "out of memory");
    memcpy(kept, refs, n * sizeof *kept);
    *list = (struct cred_refs){.count = n, .at = kept};
    return true;
}

/* Texts, as long-lived as their arena; `check` may have something against one. */
static bool read_names(struct reading *r, struct arena *arena,
                       bool (*check)(struct reading *r, struct bytes item))
{
    struct name_list *list = r->to;
    const char *names[LIST_MAX];
    struct bytes rest = r->text, item;
    uint16_t n = 0;
    for (; next_item(r, &rest, n, &item); n++) {
        if (n == LIST_MAX)
            return value_fail(r->fault, r->text, item, "more than %d words", LIST_MAX);
        if (!check(r, item))
            return false;
        names[n] = memory_text(arena, item);
        if (!names[n])
            return value_fail(r->fault, r->text, r->text, "out of memory");
    }
    const char **kept = ARENA_ARRAY(arena, const char *, n);
    if (!kept)
        return value_fail(r->fault, r->text, r->text, "out of memory");
    memcpy(kept, names, n * sizeof *kept);
    *list = (struct name_list){.count = n, .at = kept};
    return true;
}

static bool check_uri(struct reading *r, struct bytes item)
{
    if (!bytes_equal(bytes_make(item.at, item.len < 7 ? item.len : 7), BYTES_LIT("http://")))
        snprintf(r->fault->warning, sizeof r->fault->warning,
                 "only addresses that begin with http:// are asked");
    return true;
}

static bool read_uris(struct reading *r)
{
    return read_names(r, r->run->secrets, check_uri);
}

static bool read_ca_id(struct reading *r)
{
    return value_identity(r->text, false, r->run->arena, r->to, r->fault);
}

/* 1.3.6.1: numbers with dots between, two at least (X.660). */
static bool check_oid(struct reading *r, struct bytes item)
{
    size_t dots = 0;
    bool good = item.len >= 3 && item.at[0] <= '2' && item.at[1] == '.';
    for (size_t i = 0; good && i < item.len; i++) {
        bool is_dot = item.at[i] == '.';
        dots += is_dot;
        good = is_dot ? i > 0 && i + 1 < item.len && item.at[i + 1] != '.'
                      : item.at[i] >= '0' && item.at[i] <= '9';
    }
    return (good && dots > 0) ||
           value_fail(r->fault, r->text, item,
                      "`%.*s` is no object identifier such as 2.5.29.32.0",
                      item.len < 200 ? (int)item.len : 200, (const char *)item.at);
}

/* They live as long as the connection. */
static bool read_policies(struct reading *r)
{
    return read_names(r, r->run->arena, check_oid);
}

/* RFC 8784 names a PPK by octets alone: those of the identity. */
static bool read_ppk_id(struct reading *r)
{
    struct conf_identity id;
    if (!value_identity(r->text, false, r->run->arena, &id, r->fault))
        return false;
    if (id.any)
        return value_fail(r->fault, r->text, r->text, "a PPK must be named");
    *(struct bytes *)r->to = id.id.data;
    return true;
}

static bool read_secret_file(struct reading *r)
{
    struct schema_secret *secret = r->to;
    secret->entry.file = keep_text(r, r->text);
    return secret->entry.file != NULL;
}

static bool read_identity(struct reading *r)
{
    struct conf_auth *auth = r->to;
    char *text = arena_take(r->run->arena, r->text.len + 1);
    if (!text)
        return value_fail(r->fault, r->text, r->text, "out of memory");
    memcpy(text, r->text.at, r->text.len);
    auth->id_text = text;
    return value_identity(r->text, true, r->run->arena, &auth->id, r->fault);
}

static bool read_secret(struct reading *r)
{
    struct schema_secret *secret = r->to;
    return value_secret(r->text, r->run->secrets, &secret->entry.data, r->fault);
}

static bool read_owner(struct reading *r)
{
    struct schema_secret *secret = r->to;
    if (secret->entry.owner_count == SCHEMA_OWNERS_MAX)
        return value_fail(r->fault, r->text, r->text, "more than %d identities", SCHEMA_OWNERS_MAX);
    if (!value_identity(r->text, true, r->run->secrets, &secret->owner[secret->entry.owner_count],
                        r->fault))
        return false;
    secret->entry.owner_count++;
    return true;
}

/* A name Linux takes for a network device. */
static bool read_device(struct reading *r)
{
    for (size_t i = 0; i < r->text.len; i++) {
        if (r->text.at[i] <= ' ' || r->text.at[i] >= 127 || strchr("/:%", r->text.at[i]))
            return false;
    }
    return r->text.len < 16 && r->text.at[0] != '.' && read_text(r);
}

/* One that this machine has. */
static bool read_group(struct reading *r)
{
    char name[CONF_GROUP_MAX + 1];
    if (r->text.len > CONF_GROUP_MAX || memchr(r->text.at, 0, r->text.len))
        return false;
    memcpy(name, r->text.at, r->text.len);
    name[r->text.len] = '\0';
    return getgrnam(name) ? read_text(r) : value_fail(r->fault, r->text, r->text, "there is no such group");
}

static bool read_folder(struct reading *r)
{
    return r->text.len > 1 && r->text.at[0] == '/' && !memchr(r->text.at, 0, r->text.len) &&
           read_text(r);
}

static bool read_command(struct reading *r)
{
    return value_command(r->text, r->fault) && read_text(r);
}

/* clang-format off */
static const struct type {
    bool (*read)(struct reading *r);
    const char *expected; /* what a value of this type looks like */
} types[TYPES] = {
    [TYPE_TEXT] = {read_text, "text"},
    [TYPE_COMMAND] = {read_command, "the absolute path of a program, and words for it"},
    [TYPE_FOLDER] = {read_folder, "the absolute path of a folder"},
    [TYPE_BOOL] = {read_bool, "yes or no"},
    [TYPE_UINT] = {read_uint, "a number"},
    [TYPE_PORT] = {read_port, "a port number, 0 to 65535"},
    [TYPE_FRAGMENT] = {read_fragment, "0, or a number from 256 to 65535"},
    [TYPE_TIME] = {read_time, "a time such as 90s, 15m, 4h or 1d"},
    [TYPE_FINE_TIME] = {read_fine_time, "a time such as 200ms, 0.5s, 30s or 2m"},
    [TYPE_PERMILLE] = {read_permille, "a factor from 1 to 10, such as 1.8"},
    [TYPE_SIZE] = {read_size, "a size such as 500m or 2g"},
    [TYPE_PACKETS] = {read_packets, "a number of packets"},
    [TYPE_WORD] = {read_word, NULL},
    [TYPE_VERSION] = {read_version, "2, or 0 for all there are"},
    [TYPE_DSCP] = {read_dscp, "binary digits such as 101110"},
    [TYPE_IF_ID] = {read_if_id, "a number, %unique or %unique-dir"},
    [TYPE_MARK] = {read_mark, "a number, %unique or %unique-dir, with or without a /mask"},
    [TYPE_SET_MARK] = {read_set_mark, "a number or %same, with or without a /mask"},
    [TYPE_PADDING] = {read_padding, "a number of octets, or mtu"},
    [TYPE_HOSTS] = {read_hosts, "addresses"},
    [TYPE_ACTIONS] = {read_start, "clear, trap or restart"},
    [TYPE_START] = {read_start, "none, trap, start or trap|start"},
    [TYPE_LOCAL_ADDRS] = {read_local_addrs, "addresses"},
    [TYPE_REMOTE_ADDRS] = {read_remote_addrs, "addresses"},
    [TYPE_IKE_PROPOSALS] = {read_ike_proposals, "proposals"},
    [TYPE_ESP_PROPOSALS] = {read_esp_proposals, "proposals"},
    [TYPE_LOCAL_TS] = {read_selectors, "traffic selectors"},
    [TYPE_REMOTE_TS] = {read_selectors, "traffic selectors"},
    [TYPE_AUTH] = {read_auth, "psk, null, pubkey, or a kind of key such as rsa, ecdsa or mldsa65"},
    [TYPE_IDENTITY] = {read_identity, "an identity"},
    [TYPE_SECRET] = {read_secret, "a secret"},
    [TYPE_OWNER] = {read_owner, "an identity"},
    [TYPE_DEVICE] = {read_device, "the name of a network device, at most 15 characters"},
    [TYPE_GROUP] = {read_group, "the name of a group"},
    [TYPE_FILE] = {read_file, "the name of a file"},
    [TYPE_FILES] = {read_files, "names of files"},
    [TYPE_PATH] = {read_path, "the path of a file"},
    [TYPE_URIS] = {read_uris, "addresses that begin with http://"},
    [TYPE_PPK_ID] = {read_ppk_id, "the name of a PPK"},
    [TYPE_CA_ID] = {read_ca_id, "an identity"},
    [TYPE_POLICIES] = {read_policies, "object identifiers such as 2.5.29.32.0"},
    [TYPE_SECRET_FILE] = {read_secret_file, "the name of a file"},
};
/* clang-format on */

const char *schema_type_text(const struct schema_key *key)
{
    return types[key->type].expected ? types[key->type].expected : "one of several words";
}

/* What would have been right, for a message. */
static void describe_expected(const struct schema_key *key, char *to, size_t room)
{
    const struct schema_range *range = key->of;
    if (key->type == TYPE_UINT) {
        snprintf(to, room, "a number from %llu to %llu", (unsigned long long)range->min,
                 (unsigned long long)range->max);
        return;
    }
    if (key->type != TYPE_WORD) {
        snprintf(to, room, "%s", schema_type_text(key));
        return;
    }
    size_t len = (size_t)snprintf(to, room, "one of");
    for (const struct value_word *w = key->of; w->word && len < room; w++) {
        if (w->value != NOT_YET_WORD)
            len +=
                (size_t)snprintf(to + len, room - len, "%s %s", w == key->of ? "" : ",", w->word);
    }
}

static const char *guess_word(const struct schema_key *key, struct bytes written)
{
    const char *words[32];
    size_t count = 0;
    const struct value_word *w = key->type == TYPE_WORD ? key->of : NULL;
    for (; w && w->word && count < 31; w++)
        words[count++] = w->word;
    words[count] = NULL;
    return problem_guess(written, words);
}

/* ---- blame ----------------------------------------------------------------------------------- */

void schema_blame(struct schema_run *run, enum conf_blame_kind kind, const char *name)
{
    if (run->blame.kind != BLAME_NONE)
        return;
    run->blame.kind = kind;
    snprintf(run->blame.name, sizeof run->blame.name, "%s", name);
}

/* ---- reading one key ------------------------------------------------------------------------- */

/*
 * Where a fault is: the part of the value if the line shows it as it is, else the value; never a
 * secret.
 */
static struct place fault_place(const struct schema_key *key, const struct setting *s,
                                const struct value_fault *f)
{
    if (key->type == TYPE_SECRET)
        return s->place;
    struct place place = s->value_place;
    if (s->exact && f->len > 0 && f->at + f->len <= s->len) {
        place.column += (uint32_t)f->at;
        place.len = (uint32_t)f->len;
    }
    return place;
}

static void complain_value(struct schema_run *run, const struct schema_key *key,
                           const struct setting *s, const char *path, struct value_fault *f)
{
    char expected[256];
    struct place place = fault_place(key, s, f);
    schema_blame(run, f->not_yet ? BLAME_NOT_YET : BLAME_VALUE, s->name);
    if (f->text[0]) {
        problem_add(run->problems, PROBLEM_ERROR, &place, "%s.%s: %s", path, s->name, f->text);
        return;
    }
    const char *guess = guess_word(key, bytes_make(s->value, s->len));
    describe_expected(key, expected, sizeof expected);
    problem_add(run->problems, PROBLEM_ERROR, &place, "%s.%s: `%s` is not %s%s%s%s", path, s->name,
                s->value, expected, guess ? "; did you mean `" : "", guess ? guess : "",
                guess ? "`?" : "");
}

/* Read a text for a key. With no object it is only checked. */
static bool read_value(struct schema_run *run, const struct schema_key *key,
                       const struct setting *s, struct bytes text, void *object,
                       struct value_fault *f)
{
    uint64_t scratch[sizeof(struct conf_conn) / sizeof(uint64_t) +
                     1]; /* the largest thing a key without a target is read into */
    memset(f, 0, sizeof *f);
    struct reading r = {
        .run = run, .key = key, .setting = s, .text = text, .fault = f, .to = scratch};
    if (object && key->target != SCHEMA_NOWHERE)
        r.to = (uint8_t *)object + key->target;
    return types[key->type].read(&r);
}

/* Does the value say what `today` says? For types whose value is a number or a word. */
static bool is_today(struct schema_run *run, const struct schema_key *key, struct bytes text)
{
    uint64_t a[8] = {0}, b[8] = {0};
    struct value_fault f = {.at = 0};
    if (!key->today)
        return false;
    if (key->type == TYPE_TEXT)
        return value_is(text, key->today);
    struct reading written = {.run = run, .key = key, .text = text, .fault = &f, .to = a};
    struct reading today = {
        .run = run, .key = key, .text = bytes_str(key->today), .fault = &f, .to = b};
    return types[key->type].read(&written) && types[key->type].read(&today) &&
           memcmp(a, b, sizeof a) == 0;
}

/*
 * A key whose feature is missing. True if the value asks for nothing that braid does not do. One
 * that will be wrong when the feature is there is wrong today.
 */
static bool check_not_yet(struct schema_run *run, const struct schema_key *key,
                          const struct setting *s, const char *path)
{
    struct value_fault f;
    struct bytes text = bytes_make(s->value, s->len);
    if (is_today(run, key, text))
        return true;
    if (!read_value(run, key, s, text, NULL, &f)) {
        complain_value(run, key, s, path, &f);
        return false;
    }
    bool one_value = key->today != NULL;
    schema_blame(run, BLAME_NOT_YET, s->name);
    problem_add(run->problems, PROBLEM_ERROR, &s->place, "%s.%s is not supported yet%s%s%s", path,
                s->name, one_value ? " (except the value `" : "", one_value ? key->today : "",
                one_value ? "`)" : "");
    return false;
}

static bool complain_unknown(struct schema_run *run, enum schema_section section,
                             const struct setting *s, const char *path)
{
    const char *guess = schema_guess_key(section, s->name);
    const struct schema_part *part = schema_find_part(section, s->name);
    /* `local_adrs` begins like a section, but it is a slip in a key */
    bool is_part = part && (!guess || strcmp(part->name, s->name) == 0);
    schema_blame(run, BLAME_KEY, s->name);
    problem_add(run->problems, PROBLEM_ERROR, &s->place, "%s.%s: %s%s%s%s", path, s->name,
                is_part ? "this is a section: write `{` instead of `=`" : "unknown key",
                guess && !is_part ? ", did you mean `" : "", guess && !is_part ? guess : "",
                guess && !is_part ? "`?" : "");
    return false;
}

/* A message says which values are lists; it has to be right about it. */
static bool has_right_form(const struct schema_key *key, const struct setting *s)
{
    return s->form == SETTING_TEXT || (s->form == SETTING_LIST) == (key->kind == KIND_LIST);
}

static bool complain_form(struct schema_run *run, const struct schema_key *key,
                          const struct setting *s, const char *path)
{
    schema_blame(run, BLAME_KEY, s->name);
    problem_add(run->problems, PROBLEM_ERROR, &s->place, "%s.%s: this must be a %s", path, s->name,
                key->kind == KIND_LIST ? "list, not a single value" : "single value, not a list");
    return false;
}

/* A file cannot hold control characters; a message can, but has to where a certificate goes. */
static bool is_printable(const struct schema_key *key, const struct setting *s)
{
    if (key->type == TYPE_FILE || key->type == TYPE_FILES)
        return true;
    for (size_t i = 0; s->form != SETTING_TEXT && i < s->len; i++) {
        if ((uint8_t)s->value[i] < ' ' || (uint8_t)s->value[i] > '~')
            return false;
    }
    return true;
}

static bool complain_unprintable(struct schema_run *run, const struct setting *s, const char *path)
{
    schema_blame(run, BLAME_VALUE, s->name);
    problem_add(run->problems, PROBLEM_ERROR, &s->place,
                "%s.%s: this value must be printable ASCII", path, s->name);
    return false;
}

/* One key of the section. A mistake in an inherited key is shown once, at its first heir. */
static bool apply_setting(struct schema_run *run, enum schema_section section, struct setting *s,
                          const char *path, void *object)
{
    const struct schema_key *key = find_key(section, s->name);
    struct value_fault f;
    bool shown = s->reported;
    s->reported = true;
    if (!key)
        return !shown && complain_unknown(run, section, s, path);
    if (!has_right_form(key, s))
        return complain_form(run, key, s, path);
    if (s->form == SETTING_LIST && s->item_count == 0)
        return true; /* as if it were not there */
    if (!is_printable(key, s))
        return complain_unprintable(run, s, path);
    run->seen[key - keys] = true;
    if (key->status == STATUS_NOT_YET)
        return shown ? is_today(run, key, bytes_make(s->value, s->len))
                     : check_not_yet(run, key, s, path);
    if (s->len == 0 || !read_value(run, key, s, bytes_make(s->value, s->len), object, &f)) {
        if (s->len == 0)
            value_fail(&f, BYTES_NONE, BYTES_NONE, "the value is empty");
        if (!shown)
            complain_value(run, key, s, path, &f);
        return false;
    }
    if (f.warning[0] && !shown)
        problem_add(run->problems, PROBLEM_WARNING, &s->value_place, "%s.%s: %s", path, s->name,
                    f.warning);
    if (key->status == STATUS_LATER && !shown && !is_today(run, key, bytes_make(s->value, s->len)))
        problem_add(run->problems, PROBLEM_WARNING, &s->place,
                    "%s.%s is read but has no effect yet", path, s->name);
    return true;
}

/*
 * A key that is absent takes its default. A default that is not supported makes the key mandatory
 * for now.
 */
static bool apply_fallback(struct schema_run *run, const struct schema_key *key, const char *path,
                           const struct place *place, void *object)
{
    struct value_fault f;
    if (key->status == STATUS_NOT_YET || !key->fallback || key->fallback[0] == '=')
        return true;
    if (read_value(run, key, NULL, bytes_str(key->fallback), object, &f))
        return true;
    problem_add(run->problems, PROBLEM_ERROR, place,
                "%s.%s is not given, and its default, %s, is not supported yet; supported: %s",
                path, key->name, key->fallback, schema_type_text(key));
    return false;
}

bool schema_apply(struct schema_run *run, enum schema_section section, const struct view *v,
                  const char *path, const struct place *place, void *object)
{
    struct view_at at = {.layer = 0};
    struct setting *s;
    bool good = true;
    memset(run->seen, 0, sizeof run->seen);
    while ((s = view_next_setting(run->settings, v, &at)) != NULL)
        good = apply_setting(run, section, s, path, object) && good;
    for (size_t i = 0; i < SCHEMA_KEYS; i++) {
        if (keys[i].section == section && !run->seen[i])
            good = apply_fallback(run, &keys[i], path, place, object) && good;
    }
    return good;
}

bool schema_check_parts(struct schema_run *run, enum schema_section section, const struct view *v,
                        const char *path)
{
    struct view_at at = {.layer = 0};
    struct section *s;
    bool good = true;
    while ((s = view_next_section(run->settings, v, &at)) != NULL) {
        const struct schema_part *part = schema_find_part(section, s->name);
        bool shown = s->reported, is_later = part && part->status == STATUS_LATER;
        if (part && part->status == STATUS_NOW)
            continue;
        good = good && is_later;
        s->reported = true;
        if (!shown && is_later)
            problem_add(run->problems, PROBLEM_WARNING, &s->place,
                        "%s.%s is read but has no effect yet", path, s->name);
        if (shown || is_later)
            continue;
        bool is_key = !part && find_key(section, s->name);
        schema_blame(run, part ? BLAME_NOT_YET : BLAME_SECTION, s->name);
        const char *guess = part || is_key ? NULL : schema_guess_part(section, s->name);
        const char *what = part     ? " is not supported yet"
                           : is_key ? ": this is a key: write `=` instead of `{`"
                                    : ": unknown section";
        problem_add(run->problems, PROBLEM_ERROR, &s->place, "%s.%s%s%s%s%s", path, s->name, what,
                    guess ? ", did you mean `" : "", guess ? guess : "", guess ? "`?" : "");
    }
    return good;
}
