/*
 * effects: the ordered list of what a verb wants done. It grows in an arena and lives until its
 * owner clears it; keys in it are wiped with it.
 */
#include "ike/engine.h"
#include "ike/limits.h"

/*
 * No limit: what a verb brings about is bounded by the SAs there are, each of which ends but once.
 */
struct ike_effects *ike_effects_new(const struct alloc *alloc)
{
    struct ike_effects *fx = alloc_take(alloc, sizeof *fx);
    if (!fx)
        return NULL;
    fx->arena = arena_make(alloc, SIZE_MAX);
    fx->last = &fx->first;
    return fx;
}

void ike_effects_clear(struct ike_effects *fx)
{
    arena_wipe(&fx->arena);
    fx->first = NULL;
    fx->last = &fx->first;
    fx->lost = false;
}

void ike_effects_free(struct ike_effects *fx)
{
    if (!fx)
        return;
    ike_effects_clear(fx);
    alloc_give(fx->arena.alloc, fx, sizeof *fx);
}

const struct ike_effect *ike_effects_first(const struct ike_effects *fx)
{
    return fx->first;
}

bool ike_effects_lost(const struct ike_effects *fx)
{
    return fx->lost;
}

bool effects_are_enough(const struct ike_effects *fx)
{
    return fx->arena.used >= EFFECTS_ENOUGH;
}

static void lose(struct ike_engine *e, struct ike_effects *fx)
{
    fx->lost = true;
    e->counts[COUNT_EFFECTS_LOST]++;
}

struct ike_effect *effects_make(struct ike_effects *fx, enum effect_kind kind)
{
    struct ike_effect *effect = ARENA_NEW(&fx->arena, struct ike_effect);
    if (effect)
        effect->kind = kind;
    return effect;
}

void effects_append(struct ike_effects *fx, struct ike_effect *effect)
{
    *fx->last = effect;
    fx->last = &effect->next;
}

struct ike_effect *effects_add(struct ike_engine *e, struct ike_effects *fx, enum effect_kind kind)
{
    struct ike_effect *effect = effects_make(fx, kind);
    if (effect)
        effects_append(fx, effect);
    else
        lose(e, fx);
    return effect;
}

void effects_send(struct ike_engine *e, struct ike_effects *fx, const struct ike_path *path,
                  struct bytes datagram)
{
    struct bytes copy;
    if (!arena_copy(&fx->arena, datagram, &copy)) {
        lose(e, fx);
        return;
    }
    struct ike_effect *effect = effects_add(e, fx, EFFECT_SEND);
    if (effect)
        effect->u.send =
            (struct ike_send){.path = *path, .datagram = copy, .keepalive = copy.len == 1};
}
