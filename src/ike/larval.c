/* larval: see larval.h. */
#include "ike/larval.h"

#include "ike/limits.h"

struct larval *larval_new(const struct alloc *alloc, enum larval_kind kind, bool ours)
{
    struct larval *l = alloc_take(alloc, sizeof *l);
    if (!l)
        return NULL;
    l->kind = kind;
    l->ours = ours;
    l->die_at = IKE_NEVER;
    l->arena = arena_make(alloc, DECODE_ARENA_MAX);
    l->transcript = transcript_make(alloc);
    return l;
}

void larval_free(struct larval *l, const struct crypto *c, const struct alloc *alloc)
{
    if (!l)
        return;
    schedule_wipe(&l->schedule, c, alloc);
    transcript_wipe(&l->transcript);
    arena_wipe(&l->arena);
    alloc_give(alloc, l, sizeof *l); /* wipes the keys in it */
}
