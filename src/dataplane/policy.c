/* policy: see policy.h. */
#include "dataplane/policy.h"

#include <stdlib.h>

/* ---- one selector ---------------------------------------------------------------------------- */

/* One end of a flow, as a selector sees it. */
struct end {
    const uint8_t *ip;
    uint16_t port;
    bool has_port;
    bool may_be_opaque; /* an OPAQUE selector matches although there is a port */
};

static bool is_any_port(const struct selector *s)
{
    return s->from_port == 0 && s->to_port == UINT16_MAX;
}

static bool is_opaque(const struct selector *s)
{
    return s->from_port > s->to_port;
}

static bool port_matches(const struct selector *s, const struct end *e)
{
    if (is_any_port(s))
        return true;
    if (is_opaque(s))
        return !e->has_port || e->may_be_opaque;
    return e->has_port && s->from_port <= e->port && e->port <= s->to_port;
}

static bool matches(const struct selector *s, const struct flow *f, const struct end *e)
{
    size_t len = flow_addr_len(f);
    return s->family == f->family && (s->protocol == 0 || s->protocol == f->protocol) &&
           memcmp(s->from, e->ip, len) <= 0 && memcmp(e->ip, s->to, len) <= 0 && port_matches(s, e);
}

/* The number of leading bits that all addresses of the selector share. */
static unsigned common_bits(const struct selector *s)
{
    unsigned bits = 0, all = s->family == ADDR_V4 ? 32 : 128;
    while (bits < all && ((s->from[bits / 8] ^ s->to[bits / 8]) >> (7 - bits % 8) & 1) == 0)
        bits++;
    return bits;
}

/* Addresses count most; a protocol or ports break ties. */
static unsigned weight(const struct selector *s)
{
    return 1 + common_bits(s) * 4 + (s->protocol != 0) * 2 + !is_any_port(s);
}

/* The weight of the most specific selector that matches this end, 0 if none does. */
static unsigned best_weight(const struct selectors *list, const struct flow *f, const struct end *e)
{
    unsigned best = 0;
    for (size_t i = 0; i < list->count; i++) {
        if (!matches(&list->at[i], f, e))
            continue;
        unsigned w = weight(&list->at[i]);
        best = w > best ? w : best;
    }
    return best;
}

/* Both ends; 0 if either does not match. */
static unsigned match(const struct selectors *src, const struct selectors *dst,
                      const struct flow *f)
{
    bool is_icmp = f->protocol == PROTO_ICMP || f->protocol == PROTO_ICMPV6;
    struct end from = {.ip = f->src, .port = f->src_port, .has_port = f->has_ports};
    struct end to = {
        .ip = f->dst, .port = f->dst_port, .has_port = f->has_ports, .may_be_opaque = is_icmp};
    unsigned a = best_weight(src, f, &from);
    unsigned b = a ? best_weight(dst, f, &to) : 0;
    return b ? a + b : 0;
}

/* ---- a policy -------------------------------------------------------------------------------- */

static bool copy_selectors(struct selectors *to, const struct selectors *from)
{
    struct selector *at = calloc(from->count ? from->count : 1u, sizeof *at);
    if (!at)
        return false;
    if (from->count)
        memcpy(at, from->at, from->count * sizeof *at);
    *to = (struct selectors){.count = from->count, .at = at};
    return true;
}

bool policy_make(struct policy *p, const struct selectors *local, const struct selectors *remote,
                 void *owner)
{
    *p = (struct policy){.owner = owner};
    if (copy_selectors(&p->local, local) && copy_selectors(&p->remote, remote))
        return true;
    policy_free(p);
    return false;
}

void policy_free(struct policy *p)
{
    free((void *)(uintptr_t)p->local.at);
    free((void *)(uintptr_t)p->remote.at);
    *p = (struct policy){0};
}

bool policy_allows(const struct policy *p, const struct flow *f)
{
    return match(&p->remote, &p->local, f) != 0;
}

/* ---- the table ------------------------------------------------------------------------------- */

void policy_table_init(struct policy_table *t)
{
    *t = (struct policy_table){.generation = 1};
}

/* Forget all answers. When the number comes round, answers of another age must not look fresh. */
static void forget(struct policy_table *t)
{
    if (++t->generation != 0)
        return;
    memset(t->memory, 0, sizeof t->memory);
    t->generation = 1;
}

void policy_table_add(struct policy_table *t, struct policy *p)
{
    p->older = t->newest;
    p->newer = NULL;
    if (p->older)
        p->older->newer = p;
    t->newest = p;
    forget(t);
}

void policy_table_remove(struct policy_table *t, struct policy *p)
{
    if (p->newer)
        p->newer->older = p->older;
    else
        t->newest = p->older;
    if (p->older)
        p->older->newer = p->newer;
    forget(t);
}

void policy_table_set_usable(struct policy_table *t, struct policy *p, bool usable)
{
    p->is_usable = usable;
    forget(t);
}

static struct policy *search(const struct policy_table *t, const struct flow *f)
{
    struct policy *best = NULL;
    unsigned best_match = 0;
    for (struct policy *p = t->newest; p; p = p->older) {
        unsigned m = p->is_usable ? match(&p->local, &p->remote, f) : 0;
        if (m > best_match || (m && m == best_match && best->is_trap && !p->is_trap)) {
            best_match = m;
            best = p;
        }
    }
    return best;
}

/* FNV-1a over what tells flows apart. A collision costs a walk, nothing else. */
static uint32_t hash_flow(const struct flow *f)
{
    uint32_t hash = 2166136261u;
    for (size_t i = 0, len = flow_addr_len(f); i < len; i++)
        hash = ((hash ^ f->src[i]) * 16777619u ^ f->dst[i]) * 16777619u;
    hash = (hash ^ f->src_port) * 16777619u;
    hash = (hash ^ f->dst_port) * 16777619u;
    hash = (hash ^ f->protocol) * 16777619u;
    return hash ^ hash >> 15;
}

static bool same_flow(const struct flow *a, const struct flow *b)
{
    return a->family == b->family && a->protocol == b->protocol && a->has_ports == b->has_ports &&
           a->src_port == b->src_port && a->dst_port == b->dst_port &&
           memcmp(a->src, b->src, sizeof a->src) == 0 && memcmp(a->dst, b->dst, sizeof a->dst) == 0;
}

struct policy *policy_table_find(struct policy_table *t, const struct flow *f)
{
    size_t at = hash_flow(f) & (POLICY_MEMORY - 1);
    if (t->memory[at].generation == t->generation && same_flow(&t->memory[at].flow, f))
        return t->memory[at].policy;
    struct policy *found = search(t, f);
    t->memory[at].flow = *f;
    t->memory[at].policy = found;
    t->memory[at].generation = t->generation;
    return found;
}
