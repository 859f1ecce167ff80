/*
 * selector: traffic selectors: intersection, narrowing, dynamic ones (RFC 7296 2.9, 3.13.1). A pure part.
 */
#ifndef BRAID_IKE_SELECTOR_H
#define BRAID_IKE_SELECTOR_H

#include "base/arena.h"
#include <braid/types.h>

/* The selector for one address, or for everything of a family. */
struct selector selector_host(const struct addr *a);
struct selector selector_all(enum addr_family family);

/*
 * What both allow, or false when nothing is. Port OPAQUE matches ANY and OPAQUE only; ICMP types and codes
 * compare as port ranges.
 */
bool selector_intersect(const struct selector *a, const struct selector *b, struct selector *out);
bool selector_contains(const struct selector *outer, const struct selector *inner);
bool selector_equal(const struct selector *a, const struct selector *b);
/* Is it for one address, whatever its protocol and ports? */
bool selector_is_address(const struct selector *s);
/* Is it well-formed: known family, from <= to, ports sane? Hostile input. */
bool selector_valid(const struct selector *s);

/* Replace `dynamic` selectors by the host's address (keeping protocol and ports). False when out of memory. */
bool selectors_resolve(const struct selectors *configured, const struct addr *host, struct arena *arena,
                       struct selectors *out);

/*
 * Narrow: everything of `offered` that `configured` allows, without members contained in others, in the
 * offer's order. An empty result is not an error of the function (it returns true with count 0): it is
 * TS_UNACCEPTABLE. *narrowed says whether anything was cut off; it may be true although the parts of a
 * member that several of ours allow make up the whole. Hostile input; the result is bounded by
 * SELECTORS_MAX.
 */
bool selectors_narrow(const struct selectors *offered, const struct selectors *configured,
                      struct arena *arena, struct selectors *out, bool *narrowed);

/* Is every member of inner inside some member of outer? An answer must be a subset of our offer. */
bool selectors_subset(const struct selectors *inner, const struct selectors *outer);

/*
 * Does a packet (addresses in network byte order, ports 0 for protocols without) match? Used by tests and
 * data planes.
 */
bool selectors_match(const struct selectors *s, uint8_t family, const uint8_t *ip, uint8_t protocol, uint16_t port);

#endif
