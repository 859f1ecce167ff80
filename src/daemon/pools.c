/*
 * pools: see pools.h.
 */
#include "daemon/pools.h"

#include <stdlib.h>

enum { POOLS_MAX = 1024 };

struct entry {
    struct conf_pool pool;
    bool from_file;
    bool seen; /* in the reading of the file that is going on */
};

struct pools {
    struct entry at[POOLS_MAX];
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
        pool_free(&d->pools->at[i].pool);
    free(d->pools);
    d->pools = NULL;
}

static size_t find(const struct pools *p, struct bytes name)
{
    size_t i = 0;
    while (i < p->count && !bytes_equal(bytes_str(p->at[i].pool.name), name))
        i++;
    return i;
}

static bool put(struct pools *p, struct conf_pool *pool, bool from_file)
{
    size_t i = find(p, bytes_str(pool->name));
    if (i == POOLS_MAX) {
        pool_free(pool);
        return false;
    }
    if (i < p->count)
        pool_free(&p->at[i].pool);
    else
        p->count++;
    p->at[i] = (struct entry){.pool = *pool, .from_file = from_file, .seen = true};
    return true;
}

static void take_out(struct pools *p, size_t i)
{
    pool_free(&p->at[i].pool);
    memmove(&p->at[i], &p->at[i + 1], (--p->count - i) * sizeof p->at[0]);
}

bool pools_put(struct daemon *d, struct conf_pool *pool)
{
    return put(d->pools, pool, false);
}

bool pools_remove(struct daemon *d, struct bytes name)
{
    size_t i = find(d->pools, name);
    if (i == d->pools->count)
        return false;
    take_out(d->pools, i);
    return true;
}

void pools_take_file(struct daemon *d, struct loaded *l)
{
    struct pools *p = d->pools;
    for (size_t i = 0; i < p->count; i++)
        p->at[i].seen = false;
    for (size_t i = 0; i < l->pools.count; i++)
        if (!put(p, &l->pools.at[i], true))
            LOG(&d->log, WARN, CONFIG, "too-many-pools", F_UINT("limit", POOLS_MAX));
    l->pools.count = 0;
    for (size_t i = p->count; i-- > 0;)
        if (p->at[i].from_file && !p->at[i].seen)
            take_out(p, i);
}

const struct conf_pool *pools_at(const struct daemon *d, size_t i)
{
    return i < d->pools->count ? &d->pools->at[i].pool : NULL;
}
