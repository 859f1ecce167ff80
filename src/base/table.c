/*
 * table: see table.h.
 *
 * An entry stands at its home place, or at the next free one after it. No tombstones: removal shifts the entries of the
 * same run back, so that every entry can be reached from its home without crossing a free place. That is the invariant.
 */
#include "base/table.h"

enum { FIRST_ROOM = 16 };

/* The finaliser of splitmix64: every bit of key and seed reaches every bit of the place. */
static uint64_t mix(uint64_t x)
{
    x ^= x >> 30;
    x *= UINT64_C(0xbf58476d1ce4e5b9);
    x ^= x >> 27;
    x *= UINT64_C(0x94d049bb133111eb);
    return x ^ x >> 31;
}

static size_t home_of(const struct table *t, uint64_t key)
{
    return (size_t)mix(key ^ t->seed) & (t->room - 1);
}

static size_t after(const struct table *t, size_t place)
{
    return (place + 1) & (t->room - 1);
}

/* The place of the key, or the free place where it would go. There is always a free place: a table is never full. */
static size_t find_place(const struct table *t, uint64_t key)
{
    size_t place = home_of(t, key);
    while (t->entry[place].value && t->entry[place].key != key)
        place = after(t, place);
    return place;
}

struct table table_make(const struct alloc *alloc, uint64_t seed)
{
    return (struct table){.alloc = alloc, .seed = seed};
}

void table_free(struct table *t)
{
    alloc_give(t->alloc, t->entry, t->room * sizeof *t->entry);
    *t = table_make(t->alloc, t->seed);
}

void *table_get(const struct table *t, uint64_t key)
{
    return t->room ? t->entry[find_place(t, key)].value : NULL;
}

static bool grow(struct table *t)
{
    if (t->room > SIZE_MAX / sizeof *t->entry / 2)
        return false;
    struct table bigger = *t;
    bigger.room = t->room ? t->room * 2 : FIRST_ROOM;
    bigger.entry = alloc_take(t->alloc, bigger.room * sizeof *bigger.entry);
    if (!bigger.entry)
        return false;
    for (size_t i = 0; i < t->room; i++)
        if (t->entry[i].value)
            bigger.entry[find_place(&bigger, t->entry[i].key)] = t->entry[i];
    alloc_give(t->alloc, t->entry, t->room * sizeof *t->entry);
    *t = bigger;
    return true;
}

bool table_put(struct table *t, uint64_t key, void *value)
{
    size_t place = t->room ? find_place(t, key) : 0;
    if (t->room && t->entry[place].value) {
        t->entry[place].value = value;
        return true;
    }
    if (t->count + 1 > t->room / 4 * 3) {
        if (!grow(t))
            return false;
        place = find_place(t, key);
    }
    t->entry[place] = (struct table_entry){.key = key, .value = value};
    t->count++;
    return true;
}

/* Does the entry at `place` reach back to or beyond `hole`, so that it may move there? */
static bool may_fill(const struct table *t, size_t hole, size_t place)
{
    size_t mask = t->room - 1;
    size_t from_home = (place - home_of(t, t->entry[place].key)) & mask;
    size_t from_hole = (place - hole) & mask;
    return from_home >= from_hole;
}

void table_remove(struct table *t, uint64_t key)
{
    if (!t->room)
        return;
    size_t hole = find_place(t, key);
    if (!t->entry[hole].value)
        return;
    for (size_t place = after(t, hole); t->entry[place].value; place = after(t, place)) {
        if (may_fill(t, hole, place)) {
            t->entry[hole] = t->entry[place];
            hole = place;
        }
    }
    t->entry[hole] = (struct table_entry){0};
    t->count--;
}

void *table_each(const struct table *t, size_t *at)
{
    while (*at < t->room) {
        void *value = t->entry[(*at)++].value;
        if (value)
            return value;
    }
    return NULL;
}
