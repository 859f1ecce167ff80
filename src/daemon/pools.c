/*
 * pools: see pools.h.
 */
#include "daemon/pools.h"

#include <stdlib.h>

enum { POOLS_MAX = 1024 };

struct pools {
    struct vici_pool at[POOLS_MAX];
    size_t count;
};

bool pools_open(struct daemon *d)
{
    d->pools = calloc(1, sizeof *d->pools);
    return d->pools != NULL;
}

void pools_close(struct daemon *d)
{
    for (size_t i = 0; d->pools && i < d->pools->count; i++)
        vici_pool_free(&d->pools->at[i]);
    free(d->pools);
    d->pools = NULL;
}

static size_t find(const struct pools *p, struct bytes name)
{
    size_t i = 0;
    while (i < p->count && !bytes_equal(bytes_str(p->at[i].name), name))
        i++;
    return i;
}

bool pools_put(struct daemon *d, struct vici_pool *pool)
{
    struct pools *p = d->pools;
    size_t i = find(p, bytes_str(pool->name));
    if (i == POOLS_MAX) {
        vici_pool_free(pool);
        return false;
    }
    if (i < p->count)
        vici_pool_free(&p->at[i]);
    else
        p->count++;
    p->at[i] = *pool;
    return true;
}

bool pools_remove(struct daemon *d, struct bytes name)
{
    struct pools *p = d->pools;
    size_t i = find(p, name);
    if (i == p->count)
        return false;
    vici_pool_free(&p->at[i]);
    memmove(&p->at[i], &p->at[i + 1], (--p->count - i) * sizeof p->at[0]);
    return true;
}

const struct vici_pool *pools_at(const struct daemon *d, size_t i)
{
    return i < d->pools->count ? &d->pools->at[i] : NULL;
}
