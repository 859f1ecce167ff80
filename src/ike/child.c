/* child: see child.h. */
#include "ike/child.h"

static bool copy_selectors(const struct alloc *alloc, const struct selectors *from,
                           struct selectors *to)
{
    struct bytes copy;
    if (!alloc_copy(alloc, bytes_make(from->at, from->count * sizeof *from->at), &copy))
        return false;
    *to = (struct selectors){from->count, (const void *)copy.at};
    return true;
}

static void free_selectors(const struct alloc *alloc, struct selectors *s)
{
    alloc_give(alloc, (void *)(uintptr_t)s->at, s->count * sizeof *s->at);
    *s = (struct selectors){0};
}

ike_time child_deadline(const struct child *child)
{
    if (child->state == CHILD_LINGERING)
        return child->gone_at;
    if (child->expiring)
        return IKE_NEVER; /* its Delete is wanted already */
    return child->state == CHILD_INSTALLED && child->rekey_at < child->life_at ? child->rekey_at
                                                                               : child->life_at;
}

struct child *child_new(const struct alloc *alloc, const struct selectors *local_ts,
                        const struct selectors *remote_ts)
{
    struct child *child = alloc_take(alloc, sizeof *child);
    if (!child)
        return NULL;
    if (copy_selectors(alloc, local_ts, &child->local_ts) &&
        copy_selectors(alloc, remote_ts, &child->remote_ts))
        return child;
    child_free(child, alloc);
    return NULL;
}

void child_free(struct child *child, const struct alloc *alloc)
{
    if (!child)
        return;
    free_selectors(alloc, &child->local_ts);
    free_selectors(alloc, &child->remote_ts);
    alloc_give(alloc, child, sizeof *child);
}
