/* conflict: see conflict.h. */
#include "config/conflict.h"

#include "config/owner.h"
#include "config/quantum.h"
#include "wire/names.h"

#include <stdio.h>
#include <string.h>

enum { PATH_LEN = 768,
       WORDS_LEN = 1024,
       PAIRS_MAX = 1 << 22 }; /* connections times secrets: beyond, loading would take seconds */

/* A connection, or a child of it, with its place in the file. */
struct checking {
    struct settings *settings;
    struct problem_list *problems;
    const struct secret_list *secrets;
    struct view view;
    char path[PATH_LEN];
};

/* About a key, or about the section if the key is not written there. */
static void complain(struct checking *x, enum problem_kind kind, const char *key, const char *what)
{
    struct setting *s = view_setting(x->settings, &x->view, key);
    const struct place *place = s ? &s->value_place : &x->view.layer[0]->place;
    problem_add(x->problems, kind, place, "%s.%s: %s", x->path, key, what);
}

/* ---- post-quantum ---------------------------------------------------------------------------- */

static void complain_proposal(struct checking *x, const struct proposal *p, const char *demand)
{
    char words[WORDS_LEN], better[WORDS_LEN], what[3 * WORDS_LEN];
    struct text before = text_make(words, sizeof words), after = text_make(better, sizeof better);
    quantum_words(&before, p);
    quantum_remedy(&after, p);
    snprintf(what, sizeof what,
             "quantum_safe = %s, but %s can come about without a post-quantum key exchange; write %s",
             demand, words, better);
    complain(x, PROBLEM_ERROR, "proposals", what);
}

/* required: whatever is chosen. preferred: the first choice. */
static void check_quantum(struct checking *x, const struct conf_conn *c)
{
    if (c->quantum_safe == QUANTUM_SAFE_NO || (c->has_ppk && c->ppk_required))
        return;
    if (c->quantum_safe == QUANTUM_SAFE_PREFERRED) {
        if (c->ike.count > 0 && quantum_of_proposal(&c->ike.at[0]) == QUANTUM_UNSAFE)
            complain_proposal(x, &c->ike.at[0], "preferred");
        return;
    }
    for (uint16_t i = 0; i < c->ike.count; i++)
        if (quantum_of_proposal(&c->ike.at[i]) != QUANTUM_SAFE)
            complain_proposal(x, &c->ike.at[i], "required");
}

/* Does every choice of it have an additional key exchange? */
static bool demands_rounds(const struct proposal *p)
{
    bool has[KEX_SLOTS] = {false}, has_none[KEX_SLOTS] = {false};
    for (uint16_t i = 0; i < p->count; i++) {
        int slot = kex_slot(p->transform[i].type);
        if (slot == NOT_A_KEX_SLOT)
            continue;
        has[slot] = true;
        has_none[slot] |= p->transform[i].id == KE_NONE;
    }
    for (int slot = 1; slot < KEX_SLOTS; slot++)
        if (has[slot] && !has_none[slot])
            return true;
    return false;
}

static void check_rounds(struct checking *x, const struct conf_conn *c)
{
    bool all = c->late_rounds && c->ike.count > 0;
    for (uint16_t i = 0; i < c->ike.count; i++)
        all &= demands_rounds(&c->ike.at[i]);
    if (all)
        complain(x, PROBLEM_ERROR, "late_rounds",
                 "there is nothing to begin with: every proposal demands an additional key exchange; "
                 "add one without, behind them");
}

/* ---- lifetimes ------------------------------------------------------------------------------- */

/* Only what somebody wrote: what follows from other keys is the loader's business. */
static bool is_written(struct checking *x, const char *key)
{
    return view_setting(x->settings, &x->view, key) != NULL;
}

/* Rekeying takes a random part off; it must leave something, and time for the exchange itself. */
static void check_times(struct checking *x, ike_time rekey_for, ike_time rand_for)
{
    if (rekey_for == 0)
        return;
    if (rand_for >= rekey_for && is_written(x, "rand_time"))
        complain(x, PROBLEM_ERROR, "rand_time",
                 "not less than rekey_time: the SA would be rekeyed as soon as it is there");
    else if (rekey_for < 10 * IKE_SECOND)
        complain(x, PROBLEM_WARNING, "rekey_time",
                 "after less than 10s a rekey may begin before the last one is through");
}

static void check_volume(struct checking *x, const char *key, uint64_t rekey, uint64_t random)
{
    if (rekey != 0 && random >= rekey && is_written(x, key))
        complain(x, PROBLEM_ERROR, key,
                 "not less than the limit it is taken off: the SA would be rekeyed at once");
}

/* ---- the two sides --------------------------------------------------------------------------- */

static bool same_identity(const struct conf_identity *a, const struct conf_identity *b)
{
    return !a->any && !b->any && !a->suffix && !b->suffix && a->id.type == b->id.type &&
           bytes_equal(a->id.data, b->id.data);
}

/* A single address that stands on both sides. */
static bool same_address(const struct conf_conn *c)
{
    for (uint16_t i = 0; i < c->local_count; i++)
        for (uint16_t k = 0; k < c->remote_count; k++) {
            const struct conf_endpoint *a = &c->local_addrs[i], *b = &c->remote_addrs[k];
            bool single = !a->host && !b->host && a->from.family != ADDR_NONE &&
                          addr_equal(&a->from, &a->to) && addr_equal(&b->from, &b->to);
            if (single && addr_equal(&a->from, &b->from))
                return true;
        }
    return false;
}

static bool same_selectors(const struct selectors *a, const struct selectors *b)
{
    if (a->count != b->count || a->count == 0)
        return false;
    for (uint16_t i = 0; i < a->count; i++) {
        const struct selector *x = &a->at[i], *y = &b->at[i];
        if (x->dynamic || y->dynamic || x->family != y->family ||
            memcmp(x->from, y->from, sizeof x->from) != 0 || memcmp(x->to, y->to, sizeof x->to) != 0)
            return false;
    }
    return true;
}

static bool is_everything(const struct selectors *s)
{
    static const uint8_t zeros[16];
    for (uint16_t i = 0; i < s->count; i++) {
        size_t len = s->at[i].family == ADDR_V4 ? 4 : 16;
        if (memcmp(s->at[i].from, zeros, len) != 0 || s->at[i].to[0] != 0xff)
            return false;
    }
    return true;
}

static void check_sides(struct checking *x, const struct conf_conn *c)
{
    if (same_address(c))
        complain(x, PROBLEM_ERROR, "remote_addrs", "the peer has the same address as this host");
    if (same_identity(&c->local[0].id, &c->remote[0].id))
        complain(x, PROBLEM_WARNING, "remote",
                 "both sides have the same identity: one secret would fit every such host");
}

/* ---- secrets --------------------------------------------------------------------------------- */

static void check_secret(struct checking *x, const struct conf_conn *c)
{
    bool wanted = conf_uses(c, CONF_AUTH_PSK);
    if (!x->secrets || x->secrets->count == 0 || !wanted) /* none at all: they come over VICI */
        return;
    for (uint32_t i = 0; i < x->secrets->count; i++)
        if (owner_secret_may_serve(&x->secrets->at[i], c))
            return;
    problem_add(x->problems, PROBLEM_WARNING, &x->view.layer[0]->place,
                "%s: no secret fits its identities: a section secrets.ike-%s with the peer's "
                "identity as id is missing",
                x->path, c->name);
}

/* Under quantum_safe_auth = required, a pre-shared key must not be one that can be guessed. */
static void check_strength(struct checking *x, const struct conf_conn *c)
{
    bool psk = conf_uses(c, CONF_AUTH_PSK);
    if (!conf_auth_is_to_be_safe(c) || !psk || !x->secrets)
        return;
    for (uint32_t i = 0; i < x->secrets->count; i++) {
        const struct secret_entry *s = &x->secrets->at[i];
        char what[400];
        if (!s->guessable || !owner_secret_may_serve(s, c))
            continue;
        snprintf(what, sizeof what,
                 "required, but the secret %.200s, which may serve, can be guessed", s->name);
        complain(x, PROBLEM_ERROR, "quantum_safe_auth", what);
    }
}

/* ---- all of it ------------------------------------------------------------------------------- */

static void check_child(const struct checking *conn, const struct view *children,
                        const struct conf_child *c)
{
    struct checking x = *conn;
    if (!c->name || !view_section(x.settings, children, c->name, &x.view))
        return;
    snprintf(x.path, sizeof x.path, "%.400s.children.%.300s", conn->path, c->name);
    check_times(&x, c->rekey_for, c->rand_for);
    check_volume(&x, "rand_bytes", c->rekey_bytes, c->rand_bytes);
    check_volume(&x, "rand_packets", c->rekey_packets, c->rand_packets);
    if (same_selectors(&c->local_ts, &c->remote_ts) && !is_everything(&c->local_ts))
        complain(&x, PROBLEM_WARNING, "remote_ts", "the same networks on both sides of the tunnel");
}

static void check_conn(struct checking *x, const struct view *conns, const struct conf_conn *c)
{
    struct view children;
    if (!c->name || !view_section(x->settings, conns, c->name, &x->view))
        return;
    snprintf(x->path, sizeof x->path, "connections.%.300s", c->name);
    check_quantum(x, c);
    check_rounds(x, c);
    check_times(x, c->rekey_for, c->rand_for);
    check_sides(x, c);
    check_secret(x, c);
    check_strength(x, c);
    if (!view_section(x->settings, &x->view, "children", &children))
        return;
    for (uint16_t i = 0; i < c->child_count; i++)
        check_child(x, &children, &c->child[i]);
}

void conflict_check(struct settings *settings, struct problem_list *problems,
                    const struct view *root, const struct config *config,
                    const struct secret_list *secrets)
{
    struct checking x = {.settings = settings, .problems = problems, .secrets = secrets};
    struct view conns;
    if (!view_section(settings, root, "connections", &conns))
        return;
    if (secrets && (uint64_t)secrets->count * config->conn_count > PAIRS_MAX)
        x.secrets = NULL;
    for (uint16_t i = 0; i < config->conn_count; i++)
        check_conn(&x, &conns, &config->conn[i]);
}
