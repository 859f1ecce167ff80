/*
 * prefix: a range of addresses as the shortest list of prefixes, because routes know only those.
 */
#ifndef BRAID_DATAPLANE_PREFIX_H
#define BRAID_DATAPLANE_PREFIX_H

#include <braid/types.h>

struct prefix {
    struct addr addr; /* bits behind `bits` are zero */
    uint8_t bits;
};

enum { PREFIXES_MAX = 254 }; /* 2 * 128 - 2: no range needs more */

/*
 * Writes the prefixes that cover from..to exactly, in ascending order; returns how many. None when
 * from > to or the family is unknown.
 */
size_t prefix_cover(const struct selector *range, struct prefix out[PREFIXES_MAX]);

bool prefix_equal(const struct prefix *a, const struct prefix *b);

#endif
