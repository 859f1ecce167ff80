/*
 * proposal: see proposal.h. Three steps:
 *
 *   sort     one proposal into columns, one per transform type: what is unknown, unusable or repeated stays
 *            behind here, so that a hostile offer of thousands of transforms is looked at once
 *   meet     the columns of two proposals: what both contain, in the order of whoever's preference counts
 *   settle   one transform per column; the eight columns of key exchanges together, because no method may
 *            appear twice
 *
 * The key exchanges are a matching problem: slots {A, B} and {A} can only be A in the second and so B in
 * the first. Slot by slot the first option is taken that leaves the rest possible, and "possible" is a
 * bipartite matching found with augmenting paths (Kuhn). So the result is the first in order of preference
 * that exists at all, and the work is bounded by slots x options x slots x options, whatever the peer
 * wrote.
 */
#include "ike/proposal.h"

/*
 * Columns stand in the order in which a search that failed is explained: the further it got, the closer it was.
 * Slots 1 to 7 follow COLUMN_SN.
 */
enum {
    COLUMN_ENCR,
    COLUMN_PRF,
    COLUMN_INTEG,
    COLUMN_KE,
    COLUMN_SN,
};

enum {
    COLUMNS = COLUMN_SN + KEX_SLOTS,
    NOT_A_COLUMN = -1, /* protocol or structure */
    OPTIONS_MAX = 32,  /* usable transforms of one type; alg.def has at most 25 */
    ID_NONE = 0,       /* KE and INTEG: the type is proposed, and nothing is chosen in it */
};

struct option {
    uint16_t id;
    const struct alg *alg; /* NULL: NONE, or a kind of sequence numbers */
};

struct column {
    bool proposed; /* the proposal has a transform of this type, usable or not */
    uint8_t count;
    struct option option[OPTIONS_MAX];
};

struct sorted {
    struct column column[COLUMNS];
};

static const struct choose_rules NO_RULES = {0};

/* ---- columns --------------------------------------------------------------------------------- */

/* Of the columns before the further key exchanges. */
static const uint8_t first_types[] = {
    [COLUMN_ENCR] = TRANSFORM_ENCR,
    [COLUMN_PRF] = TRANSFORM_PRF,
    [COLUMN_INTEG] = TRANSFORM_INTEG,
    [COLUMN_KE] = TRANSFORM_KE,
    [COLUMN_SN] = TRANSFORM_SN,
};

static int slot_column(int slot)
{
    return slot == 0 ? COLUMN_KE : COLUMN_SN + slot;
}

/* The slot that a column stands for, or NOT_A_KEX_SLOT. */
static int column_slot(int column)
{
    if (column == COLUMN_KE)
        return 0;
    return column > COLUMN_SN ? column - COLUMN_SN : NOT_A_KEX_SLOT;
}

static int type_column(uint8_t type)
{
    for (int column = 0; column <= COLUMN_SN; column++)
        if (first_types[column] == type)
            return column;
    int slot = kex_slot(type);
    return slot == NOT_A_KEX_SLOT ? NOT_A_COLUMN : slot_column(slot);
}

static uint8_t column_type(int column)
{
    if (column == NOT_A_COLUMN)
        return 0;
    return column > COLUMN_SN ? kex_slot_type(column_slot(column)) : first_types[column];
}

/* Which types a protocol uses (RFC 7296 3.3.2). AH is not negotiated. */
static bool may_stand(uint8_t protocol, int column)
{
    if (column == NOT_A_COLUMN)
        return false;
    if (protocol == PROTOCOL_IKE)
        return column != COLUMN_SN;
    return protocol == PROTOCOL_ESP && column != COLUMN_PRF;
}

static bool option_equal(struct option a, struct option b)
{
    return a.id == b.id && a.alg == b.alg;
}

static bool column_has(const struct column *c, struct option o)
{
    for (uint8_t i = 0; i < c->count; i++)
        if (option_equal(c->option[i], o))
            return true;
    return false;
}

static bool column_has_none(const struct column *c)
{
    return column_has(c, (struct option){ID_NONE, NULL});
}

static void column_add(struct column *c, struct option o)
{
    if (c->count < OPTIONS_MAX && !column_has(c, o))
        c->option[c->count++] = o;
}

/* ---- sort ------------------------------------------------------------------------------------ */

/* Is the row one that this protocol may use and this backend has? */
static bool is_usable(const struct alg *alg, uint8_t protocol, const struct choose_rules *rules)
{
    uint32_t needed = protocol == PROTOCOL_IKE ? ALG_IKE : ALG_ESP;
    return (alg->flags & needed) && (!rules->has || rules->has(rules->self, alg));
}

/*
 * What a transform stands for, or false when it can never be chosen. The Key Length must be the row's
 * (RFC 7296 3.3.5).
 */
static bool read_option(const struct transform *t, int column, uint8_t protocol, const struct choose_rules *rules,
                        struct option *out)
{
    int slot = column_slot(column);
    bool may_be_none = slot != NOT_A_KEX_SLOT || column == COLUMN_INTEG;
    bool is_plain = t->key_bits == 0 && !t->unknown_attr;
    *out = (struct option){.id = t->id};
    if (column == COLUMN_SN)
        return is_plain && (t->id == SN_32 || t->id == SN_64);
    if (may_be_none && t->id == ID_NONE)
        return is_plain;
    if (t->unknown_attr || (slot > 0 && rules->slot0_only))
        return false;
    out->alg = alg_find(slot == NOT_A_KEX_SLOT ? t->type : TRANSFORM_KE, t->id, t->key_bits);
    return out->alg && is_usable(out->alg, protocol, rules);
}

/*
 * False when the proposal holds a type that its protocol does not use, or that we do not know: it is not acceptable
 * (RFC 7296 3.3.6).
 */
static bool sort(const struct proposal *p, const struct choose_rules *rules, bool without_kex, struct sorted *out)
{
    memset(out, 0, sizeof *out);
    for (uint16_t i = 0; i < p->count; i++) {
        const struct transform *t = &p->transform[i];
        int column = type_column(t->type);
        struct option option;
        if (!may_stand(p->protocol, column))
            return false;
        if (without_kex && column_slot(column) != NOT_A_KEX_SLOT)
            continue;
        out->column[column].proposed = true;
        if (read_option(t, column, p->protocol, rules, &option))
            column_add(&out->column[column], option);
    }
    struct column *sn = &out->column[COLUMN_SN];
    if (p->protocol == PROTOCOL_ESP && !sn->proposed)
        column_add(sn, (struct option){SN_32, NULL}); /* what the absence of the type has always meant */
    return true;
}

/* ---- meet ------------------------------------------------------------------------------------ */

struct meeting {
    const struct sorted *ours, *theirs;
    const struct choose_rules *rules;
    uint8_t protocol;
};

/* What both columns contain, in the order of whoever's preference counts. */
static void meet(const struct meeting *m, int column, struct column *out)
{
    const struct column *ours = &m->ours->column[column], *theirs = &m->theirs->column[column];
    const struct column *first = m->rules->peers_order ? theirs : ours;
    const struct column *second = m->rules->peers_order ? ours : theirs;
    memset(out, 0, sizeof *out);
    out->proposed = theirs->proposed;
    for (uint8_t i = 0; i < first->count; i++)
        if (column_has(second, first->option[i]))
            column_add(out, first->option[i]);
}

/*
 * The same for a key exchange. A slot that only one side names is NONE there: the side that names it must
 * have said that NONE is good enough (RFC 9370).
 */
static void meet_slot(const struct meeting *m, int slot, struct column *out)
{
    const struct option none = {ID_NONE, NULL};
    const struct column *ours = &m->ours->column[slot_column(slot)];
    const struct column *theirs = &m->theirs->column[slot_column(slot)];
    meet(m, slot_column(slot), out);
    bool is_enough_for_us = !ours->proposed || column_has_none(ours);
    bool is_enough_for_them = !theirs->proposed || column_has_none(theirs);
    if (is_enough_for_us && is_enough_for_them)
        column_add(out, none);
}

/* ---- settle: ciphers ------------------------------------------------------------------------- */

/* The integrity algorithm of this cipher: none with an AEAD, else a real one, in ESP too (RFC 7296 3.3.3). */
static bool settle_integ(const struct meeting *m, const struct alg *encr, const struct column *integ,
                         struct choice *out)
{
    const struct column *theirs = &m->theirs->column[COLUMN_INTEG];
    out->encr = encr;
    out->integ = NULL;
    out->integ_none = false;
    if (encr->flags & ALG_AEAD) {
        out->integ_none = theirs->proposed;
        return !theirs->proposed || column_has_none(theirs);
    }
    for (uint8_t i = 0; i < integ->count && !out->integ; i++)
        out->integ = integ->option[i].alg;
    return out->integ != NULL;
}

/* ENCR, PRF, INTEG, SN. On failure the column that has no match. */
static bool settle_ciphers(const struct meeting *m, struct choice *out, int *failed)
{
    struct column encr, prf, integ;
    meet(m, COLUMN_ENCR, &encr);
    meet(m, COLUMN_PRF, &prf);
    meet(m, COLUMN_INTEG, &integ);
    *failed = COLUMN_ENCR;
    if (encr.count == 0)
        return false;
    *failed = COLUMN_PRF;
    if (m->protocol == PROTOCOL_IKE && prf.count == 0)
        return false;
    out->prf = prf.count > 0 ? prf.option[0].alg : NULL;
    *failed = COLUMN_INTEG;
    for (uint8_t i = 0; i < encr.count; i++)
        if (settle_integ(m, encr.option[i].alg, &integ, out))
            return true;
    return false;
}

static bool settle_sn(const struct meeting *m, struct choice *out)
{
    struct column sn;
    if (m->protocol != PROTOCOL_ESP)
        return true;
    meet(m, COLUMN_SN, &sn);
    if (sn.count == 0)
        return false;
    out->has_sn = sn.proposed;
    out->sn = sn.option[0].id;
    return true;
}

/* ---- settle: key exchanges ------------------------------------------------------------------- */

/*
 * What may stand in each slot. Methods are numbered by their place in `method`, so that a set of them is a
 * word of bits.
 */
struct slots {
    struct column column[KEX_SLOTS];
    bool may_be_none[KEX_SLOTS];
    uint32_t domain[KEX_SLOTS]; /* bit i: method[i] may stand here */
    uint16_t method[OPTIONS_MAX];
    uint8_t methods;
};

static uint32_t method_bit(struct slots *s, uint16_t method)
{
    for (uint8_t i = 0; i < s->methods; i++)
        if (s->method[i] == method)
            return UINT32_C(1) << i;
    if (s->methods == OPTIONS_MAX)
        return 0;
    s->method[s->methods] = method;
    return UINT32_C(1) << s->methods++;
}

static void fill_domain(struct slots *s, int slot)
{
    const struct column *c = &s->column[slot];
    s->domain[slot] = 0;
    s->may_be_none[slot] = column_has_none(c);
    for (uint8_t i = 0; i < c->count; i++)
        if (c->option[i].id != KE_NONE)
            s->domain[slot] |= method_bit(s, c->option[i].id);
}

static void fill_slots(const struct meeting *m, struct slots *s)
{
    memset(s, 0, sizeof *s);
    for (int slot = 0; slot < KEX_SLOTS; slot++) {
        meet_slot(m, slot, &s->column[slot]);
        fill_domain(s, slot);
    }
    if (m->protocol == PROTOCOL_IKE)
        s->may_be_none[0] = false; /* an IKE SA has a key exchange, always (RFC 7296 2.18) */
}

/* One augmenting path of the matching: give `slot` a method, moving others if they can move. At most eight deep. */
static bool give_method(const uint32_t *domain, int slot, uint32_t *tried, int8_t *owner)
{
    for (int i = 0; i < OPTIONS_MAX; i++) {
        uint32_t bit = UINT32_C(1) << i;
        if (!(domain[slot] & bit & ~*tried))
            continue;
        *tried |= bit;
        if (owner[i] < 0 || give_method(domain, owner[i], tried, owner)) {
            owner[i] = (int8_t)slot;
            return true;
        }
    }
    return false;
}

/* Can slots from..to-1 still be filled, each with a method of its own that is not among `taken`, or with NONE? */
static bool is_possible(const struct slots *s, int from, int to, uint32_t taken)
{
    int8_t owner[OPTIONS_MAX];
    memset(owner, -1, sizeof owner);
    for (int slot = from; slot < to; slot++) {
        uint32_t tried = taken;
        if (!s->may_be_none[slot] && !give_method(s->domain, slot, &tried, owner))
            return false;
    }
    return true;
}

/* Without a key exchange in slot 0 nothing carries the others: they must be NONE as well. */
static bool may_all_be_none(const struct slots *s)
{
    for (int slot = 0; slot < KEX_SLOTS; slot++)
        if (!s->may_be_none[slot])
            return false;
    return true;
}

/* The first option of this slot that leaves the slots behind it possible, as a bit; 0 for NONE. */
static bool settle_slot(struct slots *s, int slot, uint32_t *taken, uint16_t *method)
{
    const struct column *c = &s->column[slot];
    for (uint8_t i = 0; i < c->count; i++) {
        uint16_t id = c->option[i].id;
        uint32_t bit = id == KE_NONE ? 0 : method_bit(s, id);
        bool is_allowed = id == KE_NONE ? s->may_be_none[slot] && (slot != 0 || may_all_be_none(s))
                                        : bit != 0 && !(*taken & bit);
        if (is_allowed && is_possible(s, slot + 1, KEX_SLOTS, *taken | bit)) {
            *taken |= bit;
            *method = id;
            return true;
        }
    }
    return false;
}

/* All slots in order of preference; the number of key exchanges in *rounds. */
static bool settle_slots(struct slots *s, uint16_t method[KEX_SLOTS], int *rounds)
{
    uint32_t taken = 0;
    *rounds = 0;
    for (int slot = 0; slot < KEX_SLOTS; slot++) {
        method[slot] = KE_NONE;
        if (slot > 0 && method[0] == KE_NONE)
            continue; /* checked when slot 0 was settled */
        if (!settle_slot(s, slot, &taken, &method[slot]))
            return false;
        *rounds += method[slot] != KE_NONE;
    }
    return true;
}

/* The first slot that cannot be filled beside those before it. */
static int failed_slot(const struct slots *s)
{
    if (!s->may_be_none[0] && s->domain[0] == 0)
        return 0;
    for (int slot = 1; slot < KEX_SLOTS; slot++)
        if (!is_possible(s, 0, slot + 1, 0) || (s->domain[0] == 0 && !s->may_be_none[slot]))
            return slot;
    return 0;
}

/* The peer's KE payload is at hand for this method: take it for slot 0, unless that costs a round. */
static void prefer_method(const struct slots *slots, uint16_t preferred, uint16_t method[KEX_SLOTS], int rounds)
{
    const struct alg *alg = preferred == KE_NONE ? NULL : alg_find(TRANSFORM_KE, preferred, 0);
    const struct option wish = {preferred, alg};
    if (!alg || method[0] == KE_NONE || !column_has(&slots->column[0], wish))
        return;
    struct slots narrow = *slots;
    narrow.column[0].count = 0;
    column_add(&narrow.column[0], wish);
    fill_domain(&narrow, 0);
    uint16_t other[KEX_SLOTS];
    int other_rounds;
    if (settle_slots(&narrow, other, &other_rounds) && other_rounds >= rounds)
        memcpy(method, other, sizeof other);
}

static bool settle_kex(const struct meeting *m, struct choice *out, int *failed)
{
    struct slots slots;
    uint16_t method[KEX_SLOTS];
    int rounds;
    fill_slots(m, &slots);
    if (!settle_slots(&slots, method, &rounds)) {
        *failed = slot_column(failed_slot(&slots));
        return false;
    }
    prefer_method(&slots, m->rules->prefer_method, method, rounds);
    for (int slot = 0; slot < KEX_SLOTS; slot++) {
        out->kex[slot].proposed = m->theirs->column[slot_column(slot)].proposed;
        out->kex[slot].method = method[slot];
    }
    return true;
}

/* One transform per type, or false and the first column without a match. */
static bool settle(const struct meeting *m, struct choice *out, int *failed)
{
    int failed_kex = COLUMNS;
    if (!settle_ciphers(m, out, failed))
        return false;
    bool has_kex = settle_kex(m, out, &failed_kex);
    bool has_sn = settle_sn(m, out);
    *failed = has_sn || failed_kex < COLUMN_SN ? failed_kex : COLUMN_SN;
    return has_kex && has_sn;
}

/* ---- SPIs ------------------------------------------------------------------------------------ */

/*
 * An ESP proposal carries 4 octets, one of IKE 8 or (IKE_SA_INIT) none; zero is nobody's (RFC 7296 3.3.1, RFC 4303
 * 2.1).
 */
static bool read_spi(const struct proposal *p, struct choice *out)
{
    bool is_right_len = p->protocol == PROTOCOL_ESP ? p->spi_len == 4 : p->spi_len == 0 || p->spi_len == 8;
    if (!is_right_len)
        return false;
    out->number = p->number;
    out->protocol = p->protocol;
    out->spi_len = p->spi_len;
    out->spi = 0;
    for (uint8_t i = 0; i < p->spi_len; i++)
        out->spi = out->spi << 8 | p->spi[i];
    return p->spi_len == 0 || out->spi != 0;
}

static void write_spi(struct proposal *p, uint64_t spi, uint8_t spi_len)
{
    p->spi_len = spi_len;
    for (uint8_t i = 0; i < spi_len; i++)
        p->spi[i] = (uint8_t)(spi >> 8 * (spi_len - 1 - i));
}

/* ---- choose ---------------------------------------------------------------------------------- */

/* Keeps the explanation of the proposal that came closest. */
struct closest {
    int column;
    struct mismatch why;
};

static void note_failure(struct closest *c, int column, uint8_t number)
{
    if (column <= c->column)
        return;
    c->column = column;
    c->why = (struct mismatch){.type = column_type(column), .number = number};
}

/* The first of our proposals below `limit` that this one fits; `limit` when none does. */
static uint16_t choose_ours(const struct proposal *theirs, const struct proposals *acceptable,
                            const struct choose_rules *rules, uint16_t limit, struct choice *out,
                            struct closest *closest)
{
    struct sorted their_columns, our_columns;
    struct choice choice = {0};
    if (!read_spi(theirs, &choice) || !sort(theirs, rules, false, &their_columns)) {
        note_failure(closest, NOT_A_COLUMN, theirs->number);
        return limit;
    }
    for (uint16_t i = 0; i < limit; i++) {
        const struct proposal *ours = &acceptable->at[i];
        const struct meeting m = {&our_columns, &their_columns, rules, theirs->protocol};
        int failed = NOT_A_COLUMN;
        bool is_same = ours->protocol == theirs->protocol && sort(ours, rules, rules->no_kex, &our_columns);
        if (is_same && settle(&m, &choice, &failed)) {
            *out = choice;
            return i;
        }
        note_failure(closest, failed, theirs->number);
    }
    return limit;
}

bool proposal_choose(const struct proposals *offered, const struct proposals *acceptable,
                     const struct choose_rules *rules, struct choice *out, struct mismatch *why)
{
    struct closest closest = {.column = NOT_A_COLUMN - 1};
    uint16_t best = acceptable->count; /* none yet */
    if (!rules)
        rules = &NO_RULES;
    for (uint16_t i = 0; i < offered->count && best > 0; i++) {
        uint16_t found = choose_ours(&offered->at[i], acceptable, rules, best, out, &closest);
        if (found < best && rules->peers_order)
            return true;
        best = found;
    }
    if (best < acceptable->count)
        return true;
    *why = closest.why;
    return false;
}

/* ---- accept ---------------------------------------------------------------------------------- */

static const struct proposal *find_number(const struct proposals *list, uint8_t number)
{
    for (uint16_t i = 0; i < list->count; i++)
        if (list->at[i].number == number)
            return &list->at[i];
    return NULL;
}

static bool holds_transform(const struct proposal *p, const struct transform *t)
{
    for (uint16_t i = 0; i < p->count; i++) {
        const struct transform *o = &p->transform[i];
        if (o->type == t->type && o->id == t->id && o->key_bits == t->key_bits)
            return true;
    }
    return false;
}

static uint16_t count_type(const struct proposal *p, uint8_t type)
{
    uint16_t count = 0;
    for (uint16_t i = 0; i < p->count; i++)
        if (p->transform[i].type == type)
            count++;
    return count;
}

/*
 * May the answer leave this type of the offer out? Only where NONE was offered: both shapes of saying NONE
 * are seen.
 */
static bool may_be_absent(const struct proposal *offer, uint8_t type)
{
    const struct transform none = {.type = type, .id = ID_NONE};
    return (kex_slot(type) != NOT_A_KEX_SLOT || type == TRANSFORM_INTEG) && holds_transform(offer, &none);
}

/* One transform of every type offered, none added, none changed (RFC 7296 3.3.6). On failure the type. */
static bool is_selection(const struct proposal *offer, const struct proposal *answer, uint8_t *type)
{
    for (uint16_t i = 0; i < answer->count; i++) {
        const struct transform *t = &answer->transform[i];
        *type = type_column(t->type) == NOT_A_COLUMN ? 0 : t->type;
        if (t->unknown_attr || !holds_transform(offer, t) || count_type(answer, t->type) != 1)
            return false;
    }
    for (uint16_t i = 0; i < offer->count; i++) {
        *type = offer->transform[i].type;
        if (count_type(answer, *type) == 0 && !may_be_absent(offer, *type))
            return false;
    }
    return true;
}

bool proposal_accept(const struct proposals *offered, const struct proposals *answer, struct choice *out,
                     struct mismatch *why)
{
    struct choice choice = {0};
    struct sorted offer_columns, answer_columns;
    *why = (struct mismatch){0};
    if (answer->count != 1)
        return false;
    const struct proposal *chosen = &answer->at[0];
    const struct proposal *offer = find_number(offered, chosen->number);
    why->number = chosen->number;
    if (!offer || offer->protocol != chosen->protocol || offer->spi_len != chosen->spi_len)
        return false;
    if (!read_spi(chosen, &choice) || !is_selection(offer, chosen, &why->type))
        return false;
    why->type = 0;
    if (!sort(offer, &NO_RULES, false, &offer_columns) || !sort(chosen, &NO_RULES, false, &answer_columns))
        return false;
    const struct meeting m = {&offer_columns, &answer_columns, &NO_RULES, chosen->protocol};
    int failed = NOT_A_COLUMN;
    if (!settle(&m, &choice, &failed)) {
        why->type = column_type(failed);
        return false;
    }
    *out = choice;
    return true;
}

/* ---- answer ---------------------------------------------------------------------------------- */

static void put_transform(struct transform *list, uint16_t *count, uint8_t type, uint16_t id, uint16_t key_bits)
{
    list[(*count)++] = (struct transform){.type = type, .id = id, .key_bits = key_bits};
}

bool proposal_answer(const struct choice *choice, struct arena *arena, uint64_t spi, struct proposal *out)
{
    struct transform *list = ARENA_ARRAY(arena, struct transform, COLUMNS);
    uint16_t count = 0;
    if (!list)
        return false;
    if (choice->encr)
        put_transform(list, &count, TRANSFORM_ENCR, choice->encr->id, choice->encr->key_bits);
    if (choice->prf)
        put_transform(list, &count, TRANSFORM_PRF, choice->prf->id, 0);
    if (choice->integ || choice->integ_none)
        put_transform(list, &count, TRANSFORM_INTEG, choice->integ ? choice->integ->id : ID_NONE, 0);
    if (choice->has_sn)
        put_transform(list, &count, TRANSFORM_SN, choice->sn, 0);
    for (int slot = 0; slot < KEX_SLOTS; slot++)
        if (choice->kex[slot].proposed)
            put_transform(list, &count, kex_slot_type(slot), choice->kex[slot].method, 0);
    *out = (struct proposal){
        .number = choice->number,
        .protocol = choice->protocol,
        .count = count,
        .transform = list,
    };
    write_spi(out, spi, choice->spi_len);
    return true;
}

/* ---- offer ----------------------------------------------------------------------------------- */

/* Was this transform kept by sort, and is it its first appearance? */
static bool is_kept(const struct proposal *p, uint16_t at, const struct sorted *columns,
                    const struct choose_rules *rules)
{
    const struct transform *t = &p->transform[at];
    int column = type_column(t->type);
    struct option option;
    if (!columns->column[column].proposed || !read_option(t, column, p->protocol, rules, &option))
        return false;
    for (uint16_t i = 0; i < at; i++) {
        const struct transform *before = &p->transform[i];
        if (before->type == t->type && before->id == t->id && before->key_bits == t->key_bits)
            return false;
    }
    return column_has(&columns->column[column], option);
}

/*
 * Drop slots in which nothing but NONE is left. False when a type lost everything: the proposal cannot be
 * offered.
 */
static bool prune(const struct proposal *p, struct sorted *columns)
{
    for (int column = 0; column < COLUMNS; column++) {
        struct column *c = &columns->column[column];
        if (c->proposed && c->count == 0)
            return false;
        bool is_only_none = c->count == 1 && column_has_none(c);
        if (column_slot(column) != NOT_A_KEX_SLOT && is_only_none)
            *c = (struct column){0};
    }
    return p->protocol != PROTOCOL_IKE || columns->column[COLUMN_KE].proposed;
}

static bool is_same_offer(const struct proposal *a, const struct proposal *b)
{
    if (a->protocol != b->protocol || a->count != b->count)
        return false;
    for (uint16_t i = 0; i < a->count; i++) {
        const struct transform *x = &a->transform[i], *y = &b->transform[i];
        if (x->type != y->type || x->id != y->id || x->key_bits != y->key_bits)
            return false;
    }
    return true;
}

/* One configured proposal as it will be offered; count 0 when it cannot be. False when out of memory. */
static bool make_offer(const struct proposal *configured, const struct choose_rules *rules, struct arena *arena,
                       struct proposal *out)
{
    struct sorted columns;
    *out = (struct proposal){.protocol = configured->protocol};
    if (!sort(configured, rules, rules->no_kex, &columns) || !prune(configured, &columns))
        return true;
    struct transform *list = ARENA_ARRAY(arena, struct transform, configured->count);
    if (!list)
        return false;
    uint16_t count = 0;
    for (uint16_t i = 0; i < configured->count && count < TRANSFORMS_MAX; i++)
        if (is_kept(configured, i, &columns, rules))
            list[count++] = configured->transform[i];
    out->count = count;
    out->transform = list;
    return true;
}

static uint16_t first_method_of(const struct proposals *p)
{
    for (uint16_t i = 0; i < p->count; i++)
        for (uint16_t k = 0; k < p->at[i].count; k++) {
            const struct transform *t = &p->at[i].transform[k];
            if (t->type == TRANSFORM_KE && t->id != KE_NONE)
                return t->id;
        }
    return KE_NONE;
}

bool proposal_offer(const struct proposals *configured, struct arena *arena, uint64_t spi, uint8_t spi_len,
                    const struct choose_rules *rules, struct proposals *out, uint16_t *first_method)
{
    uint16_t room = configured->count < PROPOSALS_MAX ? configured->count : PROPOSALS_MAX;
    struct proposal *list = ARENA_ARRAY(arena, struct proposal, room);
    uint16_t count = 0;
    if (!list)
        return false;
    for (uint16_t i = 0; i < configured->count && count < room; i++) {
        struct proposal *p = &list[count];
        if (!make_offer(&configured->at[i], rules ? rules : &NO_RULES, arena, p))
            return false;
        bool is_known = p->count == 0;
        for (uint16_t k = 0; k < count && !is_known; k++)
            is_known = is_same_offer(&list[k], p);
        if (is_known)
            continue;
        count++;
        p->number = (uint8_t)count;
        write_spi(p, spi, spi_len);
    }
    *out = (struct proposals){count, list};
    *first_method = first_method_of(out);
    return true;
}

bool proposal_has_method(const struct proposals *p, uint16_t method)
{
    for (uint16_t i = 0; i < p->count; i++) {
        const struct transform wanted = {.type = TRANSFORM_KE, .id = method};
        if (holds_transform(&p->at[i], &wanted))
            return true;
    }
    return false;
}
