/*
 * status: what may be seen of the engine from outside: SAs, Child SAs, counters, names of reasons.
 * No keys.
 */
#include "ike/status.h"

#include "ike/exchange.h"

/* ---- SAs ------------------------------------------------------------------------------------- */

static const char *state_name(const struct ike_sa *sa)
{
    switch (sa->phase) {
    case PHASE_UP:
        return "ESTABLISHED";
    case PHASE_REPLACED:
        return "REKEYED";
    case PHASE_CLOSING:
    case PHASE_GONE:
        return "DELETING";
    default:
        return "CONNECTING";
    }
}

/* The key exchanges of a set of slots, in order; true if one of them is post-quantum. */
static bool list_methods(const uint16_t method[KEX_SLOTS], uint16_t *count,
                         const struct alg *kex[8], uint8_t slot[8])
{
    bool safe = false;
    *count = 0;
    for (uint8_t i = 0; i < KEX_SLOTS; i++) {
        const struct alg *alg = method[i] == KE_NONE ? NULL : alg_find(TRANSFORM_KE, method[i], 0);
        if (!alg)
            continue;
        kex[*count] = alg;
        slot[(*count)++] = i;
        safe |= (alg->flags & ALG_POST_QUANTUM) != 0;
    }
    return safe;
}

static void describe_sa(const struct ike_sa *sa, struct ike_sa_info *info)
{
    *info = (struct ike_sa_info){
        .id = sa->id,
        .conn = sa->conn ? sa->conn->name : NULL,
        .state = state_name(sa),
        .spi_i = sa->spi_i,
        .spi_r = sa->spi_r,
        .initiator = sa->initiator,
        .path = sa->path,
        .nat_local = sa->nat_local,
        .nat_remote = sa->nat_remote,
        .ours = sa->ours_id,
        .theirs = sa->theirs_id,
        .encr = sa->suite.encr,
        .integ = sa->suite.integ,
        .prf = sa->suite.prf,
        .ppk = sa->ppk,
        .auth_ours = sa->proof_ours.scheme,
        .auth_theirs = sa->proof_theirs.scheme,
        .auth_quantum_safe =
            (sa->proof_ours.quantum_safe && sa->proof_theirs.quantum_safe) || sa->ppk_strong,
        .cookie = sa->detour.cookie,
        .kex_asked = alg_find(TRANSFORM_KE, sa->detour.method, 0),
        .fragmentation = (sa->extensions & EXTENSION_SET(FRAGMENTATION)) != 0,
        .established_at = sa->established_at,
        .rekey_at = sa->rekey_at == IKE_NEVER ? 0 : sa->rekey_at,
        .reauth_at = sa->reauth_at == IKE_NEVER ? 0 : sa->reauth_at,
        .expire_at = sa->expire_at == IKE_NEVER ? 0 : sa->expire_at,
        .child_count = sa->child_count,
    };
    info->quantum_safe = list_methods(sa->method, &info->kex_count, info->kex, info->kex_slot);
}

bool ike_engine_find_sa(const struct ike_engine *e, uint32_t id, struct ike_sa_info *info)
{
    const struct ike_sa *sa = table_get(&e->by_id, id);
    if (!sa || sa->mourned)
        return false;
    describe_sa(sa, info);
    return true;
}

bool ike_engine_next_sa(const struct ike_engine *e, uint32_t after, struct ike_sa_info *info)
{
    const struct ike_sa *sa = engine_next_sa(e, after);
    while (sa && sa->mourned) /* its end was told; it only waits to repeat its last answer */
        sa = engine_next_sa(e, sa->id);
    if (sa)
        describe_sa(sa, info);
    return sa != NULL;
}

static const char *child_state_name(const struct ike_sa *sa, const struct child *c)
{
    static const char *const names[] = {
        [CHILD_INSTALLED] = "INSTALLED",
        [CHILD_REKEYED] = "REKEYED",
        [CHILD_DELETING] = "DELETING",
        [CHILD_LINGERING] = "DELETED",
    };
    for (const struct larval *l = sa->larvals; l; l = l->next)
        if (c->state == CHILD_INSTALLED && l->rekeys == c->id)
            return "REKEYING";
    return names[c->state];
}

static void describe_child(const struct ike_sa *sa, const struct child *c,
                           struct ike_child_info *info)
{
    *info = (struct ike_child_info){
        .id = c->id,
        .ike_id = sa->id,
        .reqid = c->reqid,
        .name = c->conf->name,
        .conf = c->conf,
        .state = child_state_name(sa, c),
        .replaced = c->replaced_by != 0,
        .spi_in = c->spi_in,
        .spi_out = c->spi_out,
        .encr = c->encr,
        .integ = c->integ,
        .esn = c->esn,
        .transport = c->transport,
        .encap = sa->path.encap,
        .local_ts = c->local_ts,
        .remote_ts = c->remote_ts,
        .installed_at = c->installed_at,
        .rekey_at = c->rekey_at == IKE_NEVER ? 0 : c->rekey_at,
        .life_at = c->life_at == IKE_NEVER ? 0 : c->life_at,
    };
    struct ike_sa_info parent;
    describe_sa(sa, &parent);
    bool own = list_methods(c->method, &info->kex_count, info->kex, info->kex_slot);
    info->quantum_safe = own || parent.quantum_safe || parent.ppk;
}

/* ---- SAs that end ---------------------------------------------------------------------------- */

const struct ike_sa_info *status_keep_sa(struct arena *arena, const struct ike_sa *sa)
{
    struct ike_sa_info *info = ARENA_ARRAY(arena, struct ike_sa_info, 1);
    if (!info)
        return NULL;
    describe_sa(sa, info);
    if (sa->phase == PHASE_UP && sa->mourned)
        info->state = "DELETING";
    bool kept = arena_copy(arena, sa->ours_id.data, &info->ours.data) &&
                arena_copy(arena, sa->theirs_id.data, &info->theirs.data);
    return kept ? info : NULL;
}

static bool keep_selectors(struct arena *arena, struct selectors *ts)
{
    struct selector *copy = ARENA_ARRAY(arena, struct selector, ts->count);
    if (copy && ts->count)
        memcpy(copy, ts->at, ts->count * sizeof *copy);
    ts->at = copy;
    return copy != NULL;
}

const struct ike_child_info *status_keep_child(struct arena *arena, const struct ike_sa *sa,
                                               const struct child *c)
{
    struct ike_child_info *info = ARENA_ARRAY(arena, struct ike_child_info, 1);
    if (!info)
        return NULL;
    describe_child(sa, c, info);
    if (!sa->mourned)
        info->state = "DELETED"; /* it alone */
    bool kept = keep_selectors(arena, &info->local_ts) && keep_selectors(arena, &info->remote_ts);
    return kept ? info : NULL;
}

/* ---- walks, counters ------------------------------------------------------------------------- */

bool ike_engine_next_child(const struct ike_engine *e, uint32_t ike_id, uint32_t after,
                           struct ike_child_info *info)
{
    const struct ike_sa *sa = table_get(&e->by_id, ike_id);
    const struct child *next = NULL;
    for (const struct child *c = sa ? sa->children : NULL; c; c = c->next)
        if (c->id > after && c->state != CHILD_LINGERING && (!next || c->id < next->id))
            next = c;
    if (next)
        describe_child(sa, next, info);
    return next != NULL;
}

struct ike_plane ike_engine_plane(const struct ike_engine *e, uint32_t child_id)
{
    const struct ike_sa *sa = table_get(&e->by_child, child_id);
    struct ike_plane plane = {.op = sa ? PLANE_MOVE : PLANE_REMOVE, .child = {.id = child_id}};
    const struct child *c = sa ? sa_child(sa, child_id) : NULL;
    if (!c)
        return plane;
    plane.child.spi_in = c->spi_in;
    plane.child.spi_out = c->spi_out;
    plane.child.path = sa->path;
    plane.child.encap = sa->path.encap;
    return plane;
}

uint32_t ike_engine_sa_count(const struct ike_engine *e)
{
    return e->sa_count;
}

uint32_t ike_engine_half_open_count(const struct ike_engine *e)
{
    return e->half_open;
}

/* ---- counters -------------------------------------------------------------------------------- */

bool ike_engine_counter(const struct ike_engine *e, size_t index, struct ike_counter *out)
{
    static const char *const names[] = {
#define X(name, text) text,
        DROPS(X) COUNTS(X)
#undef X
    };
    if (index >= sizeof names / sizeof names[0])
        return false;
    out->name = names[index];
    out->value = index < DROP_COUNT ? e->drops[index] : e->counts[index - DROP_COUNT];
    return true;
}

/* ---- reasons --------------------------------------------------------------------------------- */

const char *ike_reason_name(enum ike_reason r)
{
    static const char *const names[] = {
#define X(name, text) #name,
        IKE_REASONS(X)
#undef X
    };
    return (size_t)r < sizeof names / sizeof names[0] ? names[r] : "UNKNOWN";
}

const char *ike_reason_text(enum ike_reason r)
{
    static const char *const texts[] = {
#define X(name, text) text,
        IKE_REASONS(X)
#undef X
    };
    return (size_t)r < sizeof texts / sizeof texts[0] ? texts[r] : "unknown reason";
}
