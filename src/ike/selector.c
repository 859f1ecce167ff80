/*
 * selector: see selector.h. Ranges of addresses and ports, intersected member by member (RFC 7296 2.9).
 *
 * A selector of protocol 0 with ports is against the letter of RFC 7296 3.13.1, but is seen in the field
 * ("port 53 of any protocol"); it is treated as what it seems to say.
 */
#include "ike/selector.h"

#include "wire/message.h"

enum {
    PORT_FIRST = 0,
    PORT_LAST = 65535,
};

static size_t ip_len(uint8_t family)
{
    const struct addr a = {.family = family};
    return addr_len(&a);
}

/* ANY ports: 0 to 65535. OPAQUE (the port cannot be seen): 65535 to 0. ANY includes OPAQUE. */
static bool is_any_port(const struct selector *s)
{
    return s->from_port == PORT_FIRST && s->to_port == PORT_LAST;
}

static bool is_opaque_port(const struct selector *s)
{
    return s->from_port == PORT_LAST && s->to_port == PORT_FIRST;
}

/* ---- one selector ---------------------------------------------------------------------------- */

struct selector selector_host(const struct addr *a)
{
    struct selector s = {.family = a->family, .from_port = PORT_FIRST, .to_port = PORT_LAST};
    memcpy(s.from, a->ip, addr_len(a));
    memcpy(s.to, a->ip, addr_len(a));
    return s;
}

struct selector selector_all(enum addr_family family)
{
    struct selector s = {.family = (uint8_t)family, .from_port = PORT_FIRST, .to_port = PORT_LAST};
    memset(s.to, 0xff, ip_len(s.family));
    return s;
}

bool selector_valid(const struct selector *s)
{
    size_t len = ip_len(s->family);
    bool has_ports = s->from_port <= s->to_port || is_opaque_port(s);
    return len != 0 && has_ports && memcmp(s->from, s->to, len) <= 0;
}

static bool intersect_ports(const struct selector *a, const struct selector *b, struct selector *out)
{
    if (is_opaque_port(a) || is_opaque_port(b)) {
        out->from_port = PORT_LAST;
        out->to_port = PORT_FIRST;
        return (is_opaque_port(a) || is_any_port(a)) && (is_opaque_port(b) || is_any_port(b));
    }
    out->from_port = a->from_port > b->from_port ? a->from_port : b->from_port;
    out->to_port = a->to_port < b->to_port ? a->to_port : b->to_port;
    return out->from_port <= out->to_port;
}

static bool intersect_addresses(const struct selector *a, const struct selector *b, struct selector *out)
{
    size_t len = ip_len(a->family);
    if (len == 0 || a->family != b->family)
        return false;
    memcpy(out->from, memcmp(a->from, b->from, len) > 0 ? a->from : b->from, len);
    memcpy(out->to, memcmp(a->to, b->to, len) < 0 ? a->to : b->to, len);
    return memcmp(out->from, out->to, len) <= 0;
}

bool selector_intersect(const struct selector *a, const struct selector *b, struct selector *out)
{
    struct selector both = {.family = a->family, .protocol = a->protocol ? a->protocol : b->protocol};
    bool is_same_protocol = a->protocol == b->protocol || a->protocol == 0 || b->protocol == 0;
    if (!is_same_protocol || !intersect_addresses(a, b, &both) || !intersect_ports(a, b, &both))
        return false;
    *out = both;
    return true;
}

static bool contains_ports(const struct selector *outer, const struct selector *inner)
{
    if (is_any_port(outer))
        return true;
    if (is_opaque_port(outer) || is_opaque_port(inner))
        return is_opaque_port(outer) && is_opaque_port(inner);
    return outer->from_port <= inner->from_port && inner->to_port <= outer->to_port;
}

bool selector_contains(const struct selector *outer, const struct selector *inner)
{
    size_t len = ip_len(outer->family);
    if (len == 0 || outer->family != inner->family)
        return false;
    if (outer->protocol != 0 && outer->protocol != inner->protocol)
        return false;
    return contains_ports(outer, inner) && memcmp(outer->from, inner->from, len) <= 0 &&
           memcmp(inner->to, outer->to, len) <= 0;
}

bool selector_is_address(const struct selector *s)
{
    return !s->dynamic && memcmp(s->from, s->to, sizeof s->from) == 0;
}

bool selector_equal(const struct selector *a, const struct selector *b)
{
    size_t len = ip_len(a->family);
    return a->family == b->family && a->protocol == b->protocol && a->from_port == b->from_port &&
           a->to_port == b->to_port && a->dynamic == b->dynamic && memcmp(a->from, b->from, len) == 0 &&
           memcmp(a->to, b->to, len) == 0;
}

/* ---- lists ----------------------------------------------------------------------------------- */

bool selectors_resolve(const struct selectors *configured, const struct addr *host, struct arena *arena,
                       struct selectors *out)
{
    struct selector *at = ARENA_ARRAY(arena, struct selector, configured->count);
    if (!at)
        return false;
    for (uint16_t i = 0; i < configured->count; i++) {
        at[i] = configured->at[i];
        if (!at[i].dynamic)
            continue;
        at[i] = selector_host(host);
        at[i].protocol = configured->at[i].protocol;
        at[i].from_port = configured->at[i].from_port;
        at[i].to_port = configured->at[i].to_port;
    }
    *out = (struct selectors){configured->count, at};
    return true;
}

/* Is s inside one member of the list? */
static bool is_inside(const struct selector *s, const struct selector *list, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (selector_contains(&list[i], s))
            return true;
    return false;
}

/* Append, unless a member contains it; members that it contains go. False when there is no room. */
static bool add_member(struct selector *list, uint16_t *count, uint16_t room, const struct selector *s)
{
    if (is_inside(s, list, *count))
        return true;
    uint16_t kept = 0;
    for (uint16_t i = 0; i < *count; i++)
        if (!selector_contains(s, &list[i]))
            list[kept++] = list[i];
    *count = kept;
    if (kept == room)
        return false;
    list[kept] = *s;
    *count = (uint16_t)(kept + 1);
    return true;
}

/* What `configured` allows of one offered selector, appended to the list. */
static bool add_allowed(const struct selector *offered, const struct selectors *configured, struct selector *list,
                        uint16_t *count, uint16_t room)
{
    for (uint16_t i = 0; i < configured->count; i++) {
        struct selector both;
        if (!selector_valid(&configured->at[i]) || !selector_intersect(offered, &configured->at[i], &both))
            continue;
        if (!add_member(list, count, room, &both))
            return false;
    }
    return true;
}

bool selectors_narrow(const struct selectors *offered, const struct selectors *configured, struct arena *arena,
                      struct selectors *out, bool *narrowed)
{
    size_t pairs = (size_t)offered->count * configured->count;
    uint16_t room = pairs < SELECTORS_MAX ? (uint16_t)pairs : SELECTORS_MAX;
    struct selector *list = ARENA_ARRAY(arena, struct selector, room);
    if (!list)
        return false;
    uint16_t count = 0;
    for (uint16_t i = 0; i < offered->count; i++) {
        if (!selector_valid(&offered->at[i]))
            continue; /* an unknown type is ignored (RFC 7296 2.9) */
        if (!add_allowed(&offered->at[i], configured, list, &count, room))
            break;
    }
    *narrowed = false;
    for (uint16_t i = 0; i < offered->count && !*narrowed; i++)
        *narrowed = !is_inside(&offered->at[i], list, count);
    *out = (struct selectors){count, list};
    return true;
}

bool selectors_subset(const struct selectors *inner, const struct selectors *outer)
{
    for (uint16_t i = 0; i < inner->count; i++)
        if (!selector_valid(&inner->at[i]) || !is_inside(&inner->at[i], outer->at, outer->count))
            return false;
    return true;
}

/* ---- packets --------------------------------------------------------------------------------- */

/* OPAQUE is for packets whose port cannot be seen: their port is given as 0. */
static bool match_port(const struct selector *s, uint16_t port)
{
    if (is_opaque_port(s))
        return port == 0;
    return s->from_port <= port && port <= s->to_port;
}

static bool match_one(const struct selector *s, uint8_t family, const uint8_t *ip, uint8_t protocol, uint16_t port)
{
    size_t len = ip_len(s->family);
    if (len == 0 || s->family != family)
        return false;
    if (s->protocol != 0 && s->protocol != protocol)
        return false;
    return match_port(s, port) && memcmp(s->from, ip, len) <= 0 && memcmp(ip, s->to, len) <= 0;
}

bool selectors_match(const struct selectors *s, uint8_t family, const uint8_t *ip, uint8_t protocol, uint16_t port)
{
    for (uint16_t i = 0; i < s->count; i++)
        if (match_one(&s->at[i], family, ip, protocol, port))
            return true;
    return false;
}
