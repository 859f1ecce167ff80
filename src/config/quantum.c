/* quantum: see quantum.h. */
#include "config/quantum.h"

#include "wire/names.h"
#include <braid/crypto.h>

static bool is_post_quantum(const struct transform *tr)
{
    const struct alg *alg = alg_find(TRANSFORM_KE, tr->id, 0);
    return tr->id != KE_NONE && alg && (alg->flags & ALG_POST_QUANTUM) != 0;
}

/* What may be chosen in one slot. */
static enum quantum quantum_of_slot(const struct proposal *p, int slot)
{
    bool any_safe = false, any_unsafe = false;
    for (uint16_t i = 0; i < p->count; i++) {
        if (kex_slot(p->transform[i].type) != slot)
            continue;
        if (is_post_quantum(&p->transform[i]))
            any_safe = true;
        else
            any_unsafe = true;
    }
    return !any_safe ? QUANTUM_UNSAFE : any_unsafe ? QUANTUM_DEPENDS
                                                   : QUANTUM_SAFE;
}

enum quantum quantum_of_proposal(const struct proposal *p)
{
    enum quantum best = QUANTUM_UNSAFE;
    for (int slot = 0; slot < KEX_SLOTS; slot++) {
        enum quantum one = quantum_of_slot(p, slot);
        best = one > best ? one : best;
    }
    return best;
}

enum quantum quantum_of_proposals(const struct proposals *list)
{
    size_t counts[3] = {0};
    for (uint16_t i = 0; i < list->count; i++)
        counts[quantum_of_proposal(&list->at[i])]++;
    if (counts[QUANTUM_SAFE] == list->count && list->count > 0)
        return QUANTUM_SAFE;
    return counts[QUANTUM_UNSAFE] == list->count ? QUANTUM_UNSAFE : QUANTUM_DEPENDS;
}

/* ---- words ----------------------------------------------------------------------------------- */

static void add_word(struct text *t, const char *prefix, int slot, const char *word)
{
    text_add(t, t->len > 0 ? "-" : "");
    if (slot > 0) {
        text_add(t, prefix);
        text_uint(t, (uint64_t)slot);
        text_char(t, '_');
    }
    text_add(t, word);
}

static const char *word_of(const struct transform *tr)
{
    int slot = kex_slot(tr->type);
    if (tr->type == TRANSFORM_SN)
        return tr->id == SN_64 ? "esn" : "noesn";
    if (slot != NOT_A_KEX_SLOT && tr->id == KE_NONE)
        return "none";
    const struct alg *alg = alg_find(slot == NOT_A_KEX_SLOT ? tr->type : TRANSFORM_KE, tr->id, tr->key_bits);
    return alg ? alg->keyword : "?";
}

/* `noesn` alone goes without saying. */
static bool goes_without_saying(const struct proposal *p, const struct transform *tr)
{
    if (tr->type != TRANSFORM_SN || tr->id == SN_64)
        return false;
    for (uint16_t i = 0; i < p->count; i++)
        if (p->transform[i].type == TRANSFORM_SN && p->transform[i].id == SN_64)
            return false;
    return true;
}

void quantum_words(struct text *t, const struct proposal *p)
{
    for (uint16_t i = 0; i < p->count; i++) {
        const struct transform *tr = &p->transform[i];
        if (!goes_without_saying(p, tr))
            add_word(t, "ke", kex_slot(tr->type), word_of(tr));
    }
}

/* The slot to be made safe: one that is already half of it, or the first free one. */
static int slot_to_mend(const struct proposal *p)
{
    for (int slot = KEX_SLOTS - 1; slot >= 0; slot--)
        if (quantum_of_slot(p, slot) == QUANTUM_DEPENDS)
            return slot;
    for (int slot = 1; slot < KEX_SLOTS; slot++) {
        bool used = false;
        for (uint16_t i = 0; i < p->count; i++)
            used |= kex_slot(p->transform[i].type) == slot;
        if (!used)
            return slot;
    }
    return NOT_A_KEX_SLOT;
}

void quantum_remedy(struct text *t, const struct proposal *p)
{
    int slot = slot_to_mend(p);
    bool half = slot != NOT_A_KEX_SLOT && quantum_of_slot(p, slot) == QUANTUM_DEPENDS;
    for (uint16_t i = 0; i < p->count; i++) {
        const struct transform *tr = &p->transform[i];
        bool drop = half && kex_slot(tr->type) == slot && !is_post_quantum(tr);
        if (!drop && !goes_without_saying(p, tr))
            add_word(t, "ke", kex_slot(tr->type), word_of(tr));
    }
    if (!half && slot != NOT_A_KEX_SLOT)
        add_word(t, "ke", slot, "mlkem768");
}
