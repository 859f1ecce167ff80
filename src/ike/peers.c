/* peers: see peers.h. Chains of SAs in a table by a hash of both identities. */
#include "ike/peers.h"

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

static uint64_t key_of(const struct ike_engine *e, const struct ike_sa *sa)
{
    return hash_identity(e, &sa->ours_id) * UINT64_C(0x9e3779b97f4a7c15) ^
           hash_identity(e, &sa->theirs_id);
}

/* ---- the chains ------------------------------------------------------------------------------ */

void peers_enter(struct ike_engine *e, struct ike_sa *sa)
{
    peers_leave(e, sa);
    uint64_t key = key_of(e, sa);
    sa->next_same_peer = table_get(&e->by_peer, key);
    sa->has_peer_key = table_put(&e->by_peer, key, sa);
    sa->peer_key = key;
    if (!sa->has_peer_key)
        sa->next_same_peer = NULL;
}

void peers_leave(struct ike_engine *e, struct ike_sa *sa)
{
    struct ike_sa *before = sa->has_peer_key ? table_get(&e->by_peer, sa->peer_key) : NULL;
    struct ike_sa *next = sa->next_same_peer;
    bool is_first = before == sa;
    while (before && before->next_same_peer != sa)
        before = before->next_same_peer;
    if (before)
        before->next_same_peer = next;
    else if (is_first && next)
        (void)table_put(&e->by_peer, sa->peer_key, next); /* replaces: cannot fail */
    else if (is_first)
        table_remove(&e->by_peer, sa->peer_key);
    sa->next_same_peer = NULL;
    sa->has_peer_key = false;
}

struct ike_sa *peers_first(const struct ike_engine *e, const struct ike_sa *sa)
{
    return table_get(&e->by_peer, key_of(e, sa));
}

struct ike_sa *peers_up(const struct ike_engine *e, const struct ike_sa *sa)
{
    struct ike_sa *other = peers_first(e, sa);
    while (other && (other == sa || other->phase != PHASE_UP))
        other = other->next_same_peer;
    return other;
}
