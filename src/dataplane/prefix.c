/*
 * prefix: see prefix.h. From the left edge on, the largest aligned block that does not pass the
 * right edge is taken each time.
 */
#include "dataplane/prefix.h"

static unsigned bit_of(const uint8_t *ip, unsigned i)
{
    return ip[i / 8] >> (7 - i % 8) & 1;
}

/* The last address of the block that begins at ip and has this many fixed bits. */
static void block_end(const uint8_t *ip, unsigned bits, unsigned all, uint8_t *end)
{
    memcpy(end, ip, all / 8);
    for (unsigned i = bits; i < all; i++)
        end[i / 8] |= (uint8_t)(1u << (7 - i % 8));
}

/*
 * How short may a prefix at ip be, so that ip begins its block and the block ends at or before
 * `to`?
 */
static unsigned shortest(const uint8_t *ip, const uint8_t *to, unsigned all)
{
    unsigned bits = all;
    uint8_t end[16];
    while (bits > 0 && bit_of(ip, bits - 1) == 0) {
        block_end(ip, bits - 1, all, end);
        if (memcmp(end, to, all / 8) > 0)
            break;
        bits--;
    }
    return bits;
}

/* The address after ip; false past the last one. */
static bool increment(uint8_t *ip, unsigned all)
{
    for (unsigned i = all / 8; i-- > 0;) {
        if (++ip[i] != 0)
            return true;
    }
    return false;
}

size_t prefix_cover(const struct selector *range, struct prefix out[PREFIXES_MAX])
{
    struct addr whole = {.family = range->family};
    unsigned all = (unsigned)addr_len(&whole) * 8;
    uint8_t at[16];
    size_t count = 0;
    memcpy(at, range->from, sizeof at);
    bool more = all != 0;
    while (more && count < PREFIXES_MAX && memcmp(at, range->to, all / 8) <= 0) {
        struct prefix *p = &out[count++];
        *p = (struct prefix){.addr.family = range->family,
                             .bits = (uint8_t)shortest(at, range->to, all)};
        memcpy(p->addr.ip, at, all / 8);
        block_end(p->addr.ip, p->bits, all, at);
        more = increment(at, all);
    }
    return count;
}

bool prefix_equal(const struct prefix *a, const struct prefix *b)
{
    return a->bits == b->bits && addr_equal(&a->addr, &b->addr);
}
