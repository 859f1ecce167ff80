/* collision: see collision.h. */
#include "ike/collision.h"

uint16_t collision_child_rekey(const struct collision_state *s)
{
    if (!s->known)
        return s->coming ? NOTIFY_TEMPORARY_FAILURE : NOTIFY_CHILD_SA_NOT_FOUND;
    if (s->ending || s->others_busy || (s->asked && s->answered))
        return NOTIFY_TEMPORARY_FAILURE;
    return 0;
}

uint16_t collision_child_new(const struct collision_state *s)
{
    return s->ending || s->others_busy ? NOTIFY_TEMPORARY_FAILURE : 0;
}

uint16_t collision_ike_rekey(const struct collision_state *s)
{
    if (s->ending || s->others_busy || (s->asked && s->answered))
        return NOTIFY_TEMPORARY_FAILURE;
    return 0;
}

static struct bytes lower(struct bytes a, struct bytes b)
{
    return bytes_compare(a, b) <= 0 ? a : b;
}

bool collision_ours_is_redundant(const struct collision_nonces *ours,
                                 const struct collision_nonces *theirs)
{
    return bytes_compare(lower(ours->ni, ours->nr), lower(theirs->ni, theirs->nr)) <= 0;
}
