/* compare: see compare.h. */
#include "ike/compare.h"

#include "wire/names.h"
#include "wire/print.h"
#include <braid/crypto.h>

#include <limits.h>

enum {
    PROPOSALS_SEEN = 8, /* of an offer */
    TRANSFORMS_SEEN = 64,
    TYPE_LAST = 12, /* transform types that we know */
};

/* ---- one transform type of two proposals ----------------------------------------------------- */

static bool is_kex(uint8_t type)
{
    return kex_slot(type) != NOT_A_KEX_SLOT;
}

/* What means the same as leaving the type out. */
static bool is_none(const struct transform *tr)
{
    return (is_kex(tr->type) || tr->type == TRANSFORM_INTEG || tr->type == TRANSFORM_SN) &&
           tr->id == 0;
}

static uint16_t seen(const struct proposal *p)
{
    return p->count < TRANSFORMS_SEEN ? p->count : TRANSFORMS_SEEN;
}

/* The next transform of this type from index *i on, or NULL. */
static const struct transform *next_of(const struct proposal *p, uint8_t type, uint16_t *i)
{
    for (; *i < seen(p); ++*i)
        if (p->transform[*i].type == type)
            return &p->transform[(*i)++];
    return NULL;
}

static bool may_be_absent(const struct proposal *p, uint8_t type)
{
    const struct transform *tr;
    uint16_t i = 0, count = 0;
    for (; (tr = next_of(p, type, &i)) != NULL; count++)
        if (is_none(tr))
            return true;
    return count == 0;
}

static bool has_transform(const struct proposal *p, const struct transform *wanted)
{
    const struct transform *tr;
    for (uint16_t i = 0; (tr = next_of(p, wanted->type, &i)) != NULL;)
        if (tr->id == wanted->id && tr->key_bits == wanted->key_bits && !tr->unknown_attr)
            return true;
    return false;
}

/* The first of ours that is theirs too; NULL: none, or none is needed. */
static const struct transform *common(const struct proposal *offered,
                                      const struct proposal *accepted, uint8_t type)
{
    const struct transform *tr;
    for (uint16_t i = 0; (tr = next_of(accepted, type, &i)) != NULL;)
        if (has_transform(offered, tr))
            return tr;
    return NULL;
}

static bool matches(const struct proposal *offered, const struct proposal *accepted, uint8_t type)
{
    return common(offered, accepted, type) != NULL ||
           (may_be_absent(offered, type) && may_be_absent(accepted, type));
}

/* Two proposals, and which types of them count. */
struct pair {
    const struct proposal *offered, *accepted;
    bool no_kex;
};

static bool counts(const struct pair *pair, uint8_t type)
{
    return !(pair->no_kex && is_kex(type));
}

static unsigned count_mismatches(const struct pair *pair)
{
    unsigned count = pair->offered->protocol != pair->accepted->protocol;
    for (uint8_t type = 1; type <= TYPE_LAST; type++)
        count += counts(pair, type) && !matches(pair->offered, pair->accepted, type);
    return count;
}

/* ---- names ----------------------------------------------------------------------------------- */

/* "KE1" for the first further key exchange: as proposals are printed and written. */
static void add_type(struct text *t, uint8_t type)
{
    int slot = kex_slot(type);
    const char *name = slot > 0 ? "KE" : transform_name(type);
    text_add(t, name ? name : "?");
    if (slot > 0)
        text_uint(t, (uint64_t)slot);
}

static const struct alg *row_of(const struct transform *tr)
{
    return alg_find(is_kex(tr->type) ? TRANSFORM_KE : tr->type, tr->id, tr->key_bits);
}

static void add_name(struct text *t, const struct transform *tr)
{
    struct transform plain = *tr;
    struct proposal one = {.protocol = PROTOCOL_IKE, .count = 1, .transform = &plain};
    char room[128];
    struct text printed = text_make(room, sizeof room);
    if (is_kex(tr->type))
        plain.type = TRANSFORM_KE;
    print_proposal(&printed, &one);
    text_add(t, room + sizeof "IKE:" - 1);
}

/* "AES_CBC_128,AES_CBC_256" */
static void add_names(struct text *t, const struct proposal *p, uint8_t type)
{
    const struct transform *tr;
    uint16_t count = 0;
    for (uint16_t i = 0; (tr = next_of(p, type, &i)) != NULL; count++) {
        text_add(t, count ? "," : "");
        add_name(t, tr);
    }
}

/* ---- the smallest change --------------------------------------------------------------------- */

/* The first of the type that can be written down in a configuration. */
static const struct transform *first_known(const struct proposal *p, uint8_t type)
{
    const struct transform *tr;
    for (uint16_t i = 0; (tr = next_of(p, type, &i)) != NULL;)
        if (is_none(tr) || (row_of(tr) && !tr->unknown_attr) || tr->type == TRANSFORM_SN)
            return tr;
    return NULL;
}

/* "ke1_mlkem768"; nothing for what goes without saying. */
static void add_word(struct text *t, const struct transform *tr, bool first)
{
    int slot = kex_slot(tr->type);
    if (tr->type == TRANSFORM_SN && tr->id != SN_64)
        return;
    if (tr->type != TRANSFORM_SN && is_none(tr))
        return;
    text_add(t, first ? "" : "-");
    if (slot > 0) {
        text_add(t, "ke");
        text_uint(t, (uint64_t)slot);
        text_char(t, '_');
    }
    text_add(t, tr->type == TRANSFORM_SN ? "esn" : row_of(tr)->keyword);
}

/*
 * A proposal like that of `base`, with its choice narrowed to what `other` has too; of a type where
 * nothing is in common, the first of `base`. False if it cannot be written down.
 */
static bool add_change(struct text *t, const struct proposal *base, const struct proposal *other,
                       bool no_kex)
{
    bool first = true;
    for (uint8_t type = 1; type <= TYPE_LAST; type++) {
        bool ignored = no_kex && is_kex(type);
        const struct transform *tr = ignored ? NULL : common(other, base, type);
        if (!tr && matches(other, base, type))
            continue;
        tr = tr ? tr : first_known(base, type);
        if (!tr && may_be_absent(base, type))
            continue;
        if (!tr)
            return false;
        size_t len = t->len;
        add_word(t, tr, first);
        first = first && t->len == len;
    }
    return !first;
}

static void change(struct text *t, const char *key, const struct proposal *base,
                   const struct proposal *other, bool no_kex)
{
    char room[256];
    struct text words = text_make(room, sizeof room);
    if (!add_change(&words, base, other, no_kex) || words.cut)
        return;
    text_add(t, key);
    text_add(t, room);
    text_char(t, '\n');
}

/* ---- all of it ------------------------------------------------------------------------------- */

static void list(struct text *t, const char *key, const struct proposals *p)
{
    for (uint16_t i = 0; i < p->count && i < PROPOSALS_SEEN; i++) {
        text_add(t, key);
        print_proposal(t, &p->at[i]);
        text_char(t, '\n');
    }
}

static void first_mismatch(struct text *t, const struct pair *pair)
{
    for (uint8_t type = 1; type <= TYPE_LAST; type++) {
        if (!counts(pair, type) || matches(pair->offered, pair->accepted, type))
            continue;
        text_add(t, "mismatch=");
        add_type(t, type);
        text_char(t, '\n');
        return;
    }
}

static void take_apart(struct text *t, const struct pair *pair, uint8_t type)
{
    const struct transform *both = common(pair->offered, pair->accepted, type);
    uint16_t i = 0, j = 0;
    if (!counts(pair, type) ||
        (!next_of(pair->offered, type, &i) && !next_of(pair->accepted, type, &j)))
        return;
    text_add(t, "transform=");
    add_type(t, type);
    text_char(t, ';');
    add_names(t, pair->offered, type);
    text_char(t, ';');
    add_names(t, pair->accepted, type);
    text_char(t, ';');
    if (both)
        add_name(t, both);
    else if (matches(pair->offered, pair->accepted, type))
        text_add(t, "not needed");
    text_char(t, '\n');
}

static struct pair closest(const struct proposals *offered, const struct proposals *accepted,
                           bool no_kex)
{
    struct pair best = {NULL, NULL, no_kex};
    unsigned fewest = UINT_MAX;
    for (uint16_t a = 0; a < accepted->count && a < PROPOSALS_SEEN; a++) {
        for (uint16_t o = 0; o < offered->count && o < PROPOSALS_SEEN; o++) {
            struct pair pair = {&offered->at[o], &accepted->at[a], no_kex};
            unsigned count = count_mismatches(&pair);
            if (count < fewest)
                best = pair;
            fewest = count < fewest ? count : fewest;
        }
    }
    return best;
}

void compare_proposals(struct text *t, const struct proposals *offered,
                       const struct proposals *accepted, bool no_kex)
{
    struct pair pair = closest(offered, accepted, no_kex);
    if (pair.offered) { /* first what matters most, should the room not suffice */
        first_mismatch(t, &pair);
        for (uint8_t type = 1; type <= TYPE_LAST; type++)
            take_apart(t, &pair, type);
        change(t, "accept-here=", pair.offered, pair.accepted, no_kex);
        change(t, "offer-there=", pair.accepted, pair.offered, no_kex);
    }
    list(t, "offered=", offered);
    list(t, "accepted=", accepted);
}

void compare_refused(struct text *t, const struct proposals *offered)
{
    list(t, "offered=", offered);
}

void compare_selectors(struct text *t, const char *key, const struct selectors *s)
{
    text_add(t, key);
    text_char(t, '=');
    for (uint16_t i = 0; i < s->count && i < TRANSFORMS_SEEN; i++) {
        text_add(t, i ? " " : "");
        print_selector(t, &s->at[i]);
    }
    text_char(t, '\n');
}
