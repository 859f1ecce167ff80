/* audit: see audit.h. */
#include "cli/audit.h"

#include "config/owner.h"
#include "config/quantum.h"
#include "cred/inventory.h"
#include "vici/codec.h"
#include "wire/names.h"
#include <braid/crypto.h>

#include <stdio.h>
#include <string.h>

enum { WORDS_LEN = 1024 };

static const char *const judgements[] = {
    [QUANTUM_UNSAFE] = "unsafe", [QUANTUM_DEPENDS] = "depends", [QUANTUM_SAFE] = "safe"};

static json_t *add_row(json_t *rows, const char *kind, const char *name)
{
    json_t *row = json_pack("{s:s, s:s, s:s, s:s, s:[], s:[], s:[]}", "kind", kind, "name", name,
                            "recorded", "safe", "authentication", "safe", "methods",
                            "key-exchanges", "missing");
    json_array_append_new(rows, row);
    return row;
}

static void set(json_t *row, const char *key, const char *value)
{
    json_object_set_new(row, key, json_string(value));
}

static void add_missing(json_t *row, const char *what, const char *change)
{
    json_t *list = json_object_get(row, "missing");
    json_t *item = json_pack("{s:s, s:s}", "what", what, "change", change);
    for (size_t i = 0; i < json_array_size(list); i++)
        if (json_equal(json_array_get(list, i), item)) {
            json_decref(item);
            return;
        }
    json_array_append_new(list, item);
}

/* ---- recorded traffic ------------------------------------------------------------------------ */

static void add_once(json_t *list, const char *name)
{
    size_t i;
    json_t *item;
    json_array_foreach(list, i, item)
    {
        if (strcmp(json_string_value(item), name) == 0)
            return;
    }
    json_array_append_new(list, json_string(name));
}

static void add_key_exchanges(json_t *row, const struct proposals *list)
{
    for (uint16_t i = 0; i < list->count; i++)
        for (uint16_t j = 0; j < list->at[i].count; j++) {
            const struct transform *tr = &list->at[i].transform[j];
            const struct alg *alg = kex_slot(tr->type) != NOT_A_KEX_SLOT
                                        ? alg_find(TRANSFORM_KE, tr->id, 0)
                                        : NULL;
            if (alg)
                add_once(json_object_get(row, "key-exchanges"), alg->name);
        }
}

/* Every proposal with which a peer could talk us out of a post-quantum key exchange. */
static void miss_proposals(json_t *row, const char *key, const struct proposals *list)
{
    for (uint16_t i = 0; i < list->count; i++) {
        char words[WORDS_LEN], better[WORDS_LEN], what[3 * WORDS_LEN], change[3 * WORDS_LEN];
        struct text before = text_make(words, sizeof words),
                    after = text_make(better, sizeof better);
        enum quantum q = quantum_of_proposal(&list->at[i]);
        if (q == QUANTUM_SAFE)
            continue;
        quantum_words(&before, &list->at[i]);
        quantum_remedy(&after, &list->at[i]);
        snprintf(what, sizeof what, "%s %s", words,
                 q == QUANTUM_UNSAFE ? "has no post-quantum key exchange"
                                     : "lets the peer do without a post-quantum key exchange");
        snprintf(change, sizeof change, "in %s replace it by %s", key, better);
        add_missing(row, what, change);
    }
}

static enum quantum judge_recorded(json_t *row, const char *path, const struct conf_conn *c)
{
    enum quantum q = quantum_of_proposals(&c->ike);
    char key[WORDS_LEN];
    if (c->has_ppk && c->ppk_required)
        q = QUANTUM_SAFE; /* of Child SAs; the IKE SA's own messages carry no traffic */
    snprintf(key, sizeof key, "%.900s.proposals", path);
    if (q != QUANTUM_SAFE)
        miss_proposals(row, key, &c->ike);
    set(row, "recorded", judgements[q]);
    return q;
}

/* ---- authentication -------------------------------------------------------------------------- */

/* Of the secrets that may serve, the first that can be guessed; else any; else NULL. */
static const struct secret_entry *weakest_secret(const struct loaded *l, const struct conf_conn *c)
{
    const struct secret_entry *any = NULL;
    for (uint32_t i = 0; i < l->secrets.count; i++) {
        const struct secret_entry *s = &l->secrets.at[i];
        if (!owner_secret_may_serve(s, c))
            continue;
        if (s->guessable)
            return s;
        any = s;
    }
    return any;
}

static enum quantum judge_psk(json_t *row, const struct loaded *l, const struct conf_conn *c)
{
    const struct secret_entry *s = weakest_secret(l, c);
    char what[WORDS_LEN];
    if (!s) {
        add_missing(row, "no pre-shared key is configured for its identities",
                    "add a section secrets.ike-NAME with the peer's identity");
        return QUANTUM_UNSAFE;
    }
    if (!s->guessable)
        return QUANTUM_SAFE;
    snprintf(what, sizeof what, "secrets.%.200s (%zu octets) can be guessed", s->name, s->data.len);
    add_missing(row, what, "use 32 random octets, as `braid new` does, on both sides");
    return QUANTUM_UNSAFE;
}

/* What a section's keys are, if its files tell; else what it demands of signatures. */
static enum quantum judge_signatures(const struct loaded *l, const struct conf_conn *c,
                                     const struct conf_auth *auth)
{
    static const enum quantum known[] = {
        [INVENTORY_UNSAFE] = QUANTUM_UNSAFE,
        [INVENTORY_MIXED] = QUANTUM_DEPENDS,
        [INVENTORY_SAFE] = QUANTUM_SAFE,
    };
    enum inventory_safety safety = inventory_safety(auth->keys);
    uint32_t families = 0;
    if (safety != INVENTORY_UNKNOWN)
        return known[safety];
    for (uint32_t i = 0; i < l->sections.count; i++) {
        const struct cred_section *s = &l->sections.at[i];
        if (s->conn == c && auth == &(s->is_remote ? c->remote : c->local)[s->round])
            families = s->spec.ike.families;
    }
    if (families == 0)
        families = UINT32_MAX; /* any that the key is of */
    if ((families & QUANTUM_FAMILIES) == 0)
        return QUANTUM_UNSAFE;
    return families & ~(uint32_t)QUANTUM_FAMILIES ? QUANTUM_DEPENDS : QUANTUM_SAFE;
}

/* "with ML-DSA-65 (CN=moon)": the methods of a section's keys, in the words of the inventory. */
static void add_key_method(void *self, const struct inventory_item *item)
{
    char text[WORDS_LEN];
    if (item->kind == INVENTORY_KEY)
        snprintf(text, sizeof text, "raw key %s", item->key);
    else
        snprintf(text, sizeof text, "%s signed by %s", item->key, item->signature);
    add_once(self, text);
}

static enum quantum judge_side(json_t *row, const struct loaded *l, const struct conf_conn *c,
                               const struct conf_auth *auth, const char *side)
{
    char what[128];
    enum quantum q = QUANTUM_UNSAFE;
    if (auth->class == CONF_AUTH_PSK)
        return judge_psk(row, l, c);
    if (auth->class == CONF_AUTH_PUBKEY) {
        inventory_section(auth->keys, add_key_method, json_object_get(row, "methods"));
        q = judge_signatures(l, c, auth);
    }
    if (q == QUANTUM_SAFE)
        return q;
    snprintf(what, sizeof what, "%s %s", side,
             auth->class == CONF_AUTH_NULL ? "is not authenticated at all"
             : q == QUANTUM_DEPENDS
                 ? "may sign with any kind of key, also one that falls to a quantum computer"
                 : "authenticates with a key or a chain that falls to a quantum computer");
    add_missing(row, what,
                "take ML-DSA (`braid pki`) and demand it (auth = mldsa65), or use a strong secret "
                "(auth = psk)");
    return q;
}

/* The PPK that is required, of those that may serve: can one of them be guessed? */
static bool judge_ppk(json_t *row, const struct loaded *l, const struct conf_conn *c)
{
    bool safe = true;
    for (uint32_t i = 0; i < l->secrets.count; i++) {
        const struct secret_entry *s = &l->secrets.at[i];
        bool serves = s->kind == SECRET_PPK && !s->file && c->ppk_id.len == 0;
        for (uint16_t k = 0; s->kind == SECRET_PPK && !s->file && k < s->owner_count; k++)
            serves = serves || bytes_equal(s->owner[k].id.data, c->ppk_id);
        if (!serves || !s->guessable)
            continue;
        char what[WORDS_LEN];
        snprintf(what, sizeof what, "secrets.%.200s (%zu octets) is too weak for a PPK", s->name,
                 s->data.len);
        add_missing(row, what, "use 32 random octets, on both sides");
        safe = false;
    }
    return safe;
}

/*
 * All rounds of a side must succeed, and each covers the same key exchange: one that withstands a
 * quantum computer is enough. Where none does, each says what it lacks.
 */
static enum quantum judge_rounds(json_t *row, const struct loaded *l, const struct conf_conn *c,
                                 const struct conf_auth *auth, uint8_t count, const char *side)
{
    json_t *missing = json_object_get(row, "missing");
    size_t before = json_array_size(missing);
    enum quantum best = QUANTUM_UNSAFE;
    for (uint8_t i = 0; i < count; i++) {
        enum quantum q = judge_side(row, l, c, &auth[i], side);
        best = q > best ? q : best;
    }
    while (best == QUANTUM_SAFE && json_array_size(missing) > before)
        json_array_remove(missing, json_array_size(missing) - 1);
    return best;
}

static void judge_authentication(json_t *row, const struct loaded *l, const struct conf_conn *c)
{
    json_t *list = json_object_get(row, "methods");
    if (c->has_ppk && c->ppk_required) { /* it goes into SK_pi and SK_pr, too (RFC 8784 3) */
        add_once(list, "post-quantum pre-shared key");
        set(row, "authentication", judgements[judge_ppk(row, l, c) ? QUANTUM_SAFE : QUANTUM_UNSAFE]);
        return;
    }
    for (uint8_t i = 0; i < c->local_rounds; i++)
        add_once(list, conf_auth_name(c->local[i].class));
    for (uint8_t i = 0; i < c->remote_rounds; i++)
        add_once(list, conf_auth_name(c->remote[i].class));
    enum quantum ours = judge_rounds(row, l, c, c->local, c->local_rounds, "our side"),
                 theirs = judge_rounds(row, l, c, c->remote, c->remote_rounds, "the peer");
    set(row, "authentication", judgements[ours < theirs ? ours : theirs]);
}

/* ---- rows of the configuration --------------------------------------------------------------- */

static void audit_child(json_t *rows, const struct conf_conn *c, const struct conf_child *child,
                        enum quantum ike, const char *authentication)
{
    char name[WORDS_LEN];
    snprintf(name, sizeof name, "%.500s/%.500s", c->name, child->name);
    json_t *row = add_row(rows, "child", name);
    add_key_exchanges(row, &child->esp);
    set(row, "recorded", judgements[ike]); /* its first keys come from those of the IKE SA */
    set(row, "authentication", authentication);
    if (ike != QUANTUM_SAFE)
        add_missing(row, "its keys come from the IKE SA, which is not safe",
                    "mend the connection");
}

void audit_configuration(json_t *rows, const struct loaded *l)
{
    for (uint16_t i = 0; i < l->config->conn_count; i++) {
        const struct conf_conn *c = &l->config->conn[i];
        char path[WORDS_LEN];
        json_t *row = add_row(rows, "connection", c->name);
        snprintf(path, sizeof path, "connections.%.900s", c->name);
        add_key_exchanges(row, &c->ike);
        enum quantum q = judge_recorded(row, path, c);
        judge_authentication(row, l, c);
        const char *authentication = json_string_value(json_object_get(row, "authentication"));
        for (uint16_t k = 0; k < c->child_count; k++)
            audit_child(rows, c, &c->child[k], q, authentication);
    }
}

/* ---- rows of SAs ----------------------------------------------------------------------------- */

static void copy_key_exchanges(json_t *row, struct bytes sa)
{
    struct vici_in in;
    json_t *list = json_object_get(row, "key-exchanges");
    if (!vici_find_list(sa, "key-exchanges", &in))
        return;
    while (vici_next(&in) == VICI_LIST_ITEM)
        json_array_append_new(list, json_stringn((const char *)in.value.at, in.value.len));
}

/* What the configuration says about the authentication of this connection; NULL: not there. */
static const json_t *find_row(const json_t *rows, const char *kind, const char *name)
{
    size_t i;
    json_t *row;
    json_array_foreach(rows, i, row)
    {
        if (strcmp(json_string_value(json_object_get(row, "kind")), kind) == 0 &&
            strcmp(json_string_value(json_object_get(row, "name")), name) == 0)
            return row;
    }
    return NULL;
}

static void audit_one(json_t *rows, const char *kind, const char *conn, const char *name,
                      struct bytes sa)
{
    const json_t *conf = find_row(rows, "connection", conn);
    const char *recorded = conf ? json_string_value(json_object_get(conf, "recorded")) : "unsafe";
    json_t *row = add_row(rows, kind, name);
    bool safe = vici_find_bool(sa, "quantum-safe", false) || vici_find_bool(sa, "ppk", false);
    copy_key_exchanges(row, sa);
    set(row, "recorded", judgements[safe ? QUANTUM_SAFE : QUANTUM_UNSAFE]);
    struct bytes known;
    if (vici_find(sa, "auth-quantum-safe", &known))
        set(row, "authentication",
            judgements[bytes_equal(known, BYTES_LIT("yes")) ? QUANTUM_SAFE : QUANTUM_UNSAFE]);
    else
        set(row, "authentication",
            conf ? json_string_value(json_object_get(conf, "authentication")) : "unknown");
    if (!safe)
        add_missing(row, "no post-quantum key exchange is in its keys",
                    strcmp(recorded, "safe") == 0
                        ? "end it and set it up again: its connection would be safe now"
                        : "mend the connection, reload, and set it up again");
}

static void audit_children(json_t *rows, const char *conn, struct bytes children)
{
    struct vici_in in = vici_in_make(children);
    while (vici_next(&in) == VICI_SECTION_START) {
        char name[WORDS_LEN];
        struct bytes child = vici_content(&in), own = BYTES_NONE;
        vici_find(child, "name", &own);
        snprintf(name, sizeof name, "%.400s/%.*s #%lld", conn, (int)(own.len < 400 ? own.len : 400),
                 (const char *)own.at, (long long)vici_find_int(child, "uniqueid", 0));
        audit_one(rows, "child-sa", conn, name, child);
    }
}

void audit_sa(json_t *rows, struct bytes name, struct bytes sa)
{
    char conn[VICI_NAME_MAX + 1], full[WORDS_LEN];
    snprintf(conn, sizeof conn, "%.*s", (int)name.len, (const char *)name.at);
    snprintf(full, sizeof full, "%s #%lld", conn, (long long)vici_find_int(sa, "uniqueid", 0));
    audit_one(rows, "ike-sa", conn, full, sa);
    struct vici_in in = vici_in_make(sa);
    enum vici_element e;
    while ((e = vici_next(&in)) != VICI_END && e != VICI_BAD) {
        if (e == VICI_SECTION_START && bytes_equal(in.name, BYTES_LIT("child-sas")))
            audit_children(rows, conn, vici_content(&in));
        else if (e == VICI_SECTION_START || e == VICI_LIST_START)
            vici_skip(&in);
    }
}

bool audit_is_safe(const json_t *rows)
{
    size_t i;
    json_t *row;
    json_array_foreach(rows, i, row)
    {
        const char *recorded = json_string_value(json_object_get(row, "recorded")),
                   *authentication = json_string_value(json_object_get(row, "authentication"));
        if (strcmp(recorded, "safe") != 0 || strcmp(authentication, "safe") != 0)
            return false;
    }
    return true;
}
