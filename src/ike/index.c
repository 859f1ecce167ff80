/* index: see index.h. Chains of SAs in tables, by a hash of what they share. */
#include "ike/index.h"

/* ---- identities as keys ---------------------------------------------------------------------- */

/* From here on letters are equal in either case: domain names are so (RFC 4945 3.1). */
static size_t domain_at(const struct identity *id)
{
    size_t at = id->data.len;
    if (id->type == ID_FQDN)
        return 0;
    if (id->type != ID_RFC822_ADDR)
        return at;
    while (at > 0 && id->data.at[at - 1] != '@')
        at--;
    return at;
}

static uint8_t lower(uint8_t c)
{
    return c >= 'A' && c <= 'Z' ? (uint8_t)(c + ('a' - 'A')) : c;
}

/* In pieces, each keyed with the hash of what stands before it: identities have any length. */
static uint64_t hash_identity(const struct ike_engine *e, const struct identity *id)
{
    struct siphash_key key = {e->seed.k0, e->seed.k1 ^ id->type};
    size_t domain = domain_at(id), at = 0;
    uint8_t piece[64];
    do {
        size_t len = 0;
        for (; len < sizeof piece && at < id->data.len; len++, at++)
            piece[len] = at < domain ? id->data.at[at] : lower(id->data.at[at]);
        key.k0 ^= siphash(&key, bytes_make(piece, len));
    } while (at < id->data.len);
    return key.k0;
}

static uint64_t key_of_peer(const struct ike_engine *e, const struct ike_sa *sa)
{
    return hash_identity(e, &sa->ours_id) * UINT64_C(0x9e3779b97f4a7c15) ^
           hash_identity(e, &sa->theirs_id);
}

static uint64_t key_of(const struct ike_engine *e, const struct ike_sa *sa, enum sa_index which)
{
    return which == INDEX_PEER ? key_of_peer(e, sa)
                               : siphash(&e->seed, bytes_str(sa->conn->name));
}

/* ---- the chains ------------------------------------------------------------------------------ */

void index_enter(struct ike_engine *e, struct ike_sa *sa, enum sa_index which)
{
    struct sa_link *link = &sa->link[which];
    index_leave(e, sa, which);
    uint64_t key = key_of(e, sa, which);
    struct ike_sa *after = table_get(&e->index[which], key);
    if (!table_put(&e->index[which], key, sa))
        return;
    *link = (struct sa_link){.after = after, .key = key, .is_in = true};
    if (after)
        after->link[which].before = sa;
}

void index_leave(struct ike_engine *e, struct ike_sa *sa, enum sa_index which)
{
    struct sa_link link = sa->link[which];
    if (!link.is_in)
        return;
    sa->link[which] = (struct sa_link){0};
    if (link.after)
        link.after->link[which].before = link.before;
    if (link.before)
        link.before->link[which].after = link.after;
    else if (link.after)
        (void)table_put(&e->index[which], link.key, link.after); /* replaces: cannot fail */
    else
        table_remove(&e->index[which], link.key);
}

struct ike_sa *index_first(const struct ike_engine *e, const struct ike_sa *sa,
                           enum sa_index which)
{
    return table_get(&e->index[which], key_of(e, sa, which));
}

struct ike_sa *index_of_conn(const struct ike_engine *e, struct bytes name)
{
    return table_get(&e->index[INDEX_CONN], siphash(&e->seed, name));
}

struct ike_sa *index_peer_up(const struct ike_engine *e, const struct ike_sa *sa)
{
    struct ike_sa *other = index_first(e, sa, INDEX_PEER);
    while (other && (other == sa || other->phase != PHASE_UP))
        other = index_next(other, INDEX_PEER);
    return other;
}
