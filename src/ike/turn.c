/* turn: see turn.h. The only file that opens and closes SAs. */
#include "ike/turn.h"

#include "ike/explain.h"
#include "ike/index.h"
#include "ike/limits.h"
#include "ike/reauth.h"
#include "ike/series.h"
#include "ike/status.h"

/* ---- asking and telling ---------------------------------------------------------------------- */

static struct identity copy_identity(struct arena *arena, const struct identity *id)
{
    struct identity copy = {.type = id->type};
    (void)arena_copy(arena, id->data, &copy.data);
    return copy;
}

static bool copy_certs(struct turn *t, const struct ike_ask *from, struct ike_ask *to)
{
    struct ike_cert *certs = ARENA_ARRAY(&t->fx->arena, struct ike_cert, from->cert_count);
    to->certs = certs;
    for (uint16_t i = 0; certs && i < from->cert_count; i++) {
        certs[i].encoding = from->certs[i].encoding;
        if (!arena_copy(&t->fx->arena, from->certs[i].data, &certs[i].data))
            return false;
    }
    return certs != NULL;
}

static bool copy_announced(struct turn *t, const struct ike_ask *from, struct ike_ask *to)
{
    struct ike_announced *list =
        ARENA_ARRAY(&t->fx->arena, struct ike_announced, from->announced_count);
    to->announced = list;
    for (uint16_t i = 0; list && i < from->announced_count; i++) {
        list[i].method = from->announced[i].method;
        if (!arena_copy(&t->fx->arena, from->announced[i].algorithm, &list[i].algorithm))
            return false;
    }
    return list != NULL;
}

/* It lives and is wiped with the effects. */
static bool copy_own_key(struct turn *t, const struct ike_ask *from, struct ike_ask *to)
{
    struct secret *key = from->own_key ? ARENA_NEW(&t->fx->arena, struct secret) : NULL;
    if (key)
        *key = *from->own_key;
    to->own_key = key;
    return key || !from->own_key;
}

struct verdict turn_ask(struct turn *t, const struct ike_ask *ask)
{
    struct ike_effect *effect = effects_add(t->e, t->fx, EFFECT_ASK);
    if (!effect)
        return verdict_fault();
    struct ike_ask *copy = &effect->u.ask;
    *copy = *ask;
    copy->ticket = (struct ike_ticket){sa_spi_ours(t->sa), ++t->e->last_serial};
    copy->conn = t->sa->conn;
    copy->prf = t->sa->suite.prf;
    copy->ours = copy_identity(&t->fx->arena, &ask->ours);
    copy->theirs = copy_identity(&t->fx->arena, &ask->theirs);
    if (!arena_copy(&t->fx->arena, ask->octets, &copy->octets) ||
        !arena_copy(&t->fx->arena, ask->auth, &copy->auth) ||
        !arena_copy(&t->fx->arena, ask->issuers, &copy->issuers) ||
        !arena_copy(&t->fx->arena, ask->ppk_id, &copy->ppk_id) || !copy_certs(t, ask, copy) ||
        !copy_announced(t, ask, copy) || !copy_own_key(t, ask, copy))
        return verdict_fault();
    t->slot->serial = copy->ticket.serial;
    return VERDICT_WAIT;
}

bool turn_add_key_exchange(struct turn *t, uint16_t method, struct bytes data)
{
    struct payload *ke = ike_msg_add(&t->out, &t->slot->arena, PAYLOAD_KE);
    if (ke)
        ke->u.ke = (struct ke_payload){method, data};
    return ke != NULL;
}

struct ike_tell *turn_tell(struct turn *t, enum tell_kind kind, enum ike_reason reason)
{
    struct ike_effect *effect = effects_add(t->e, t->fx, EFFECT_TELL);
    if (!effect)
        return NULL;
    struct ike_tell *tell = &effect->u.tell;
    *tell = (struct ike_tell){.kind = kind, .reason = reason, .detail = "", .facts = ""};
    if (reason != IKE_REASON_NONE && t->facts)
        tell->facts = t->facts;
    const struct ike_sa *sa = t->sa;
    if (!sa)
        return tell;
    if (reason != IKE_REASON_NONE)
        tell->facts = explain_course(t, tell->facts);
    tell->ike_id = sa->id;
    tell->spi_i = sa->spi_i;
    tell->spi_r = sa->spi_r;
    tell->conn = sa->conn ? sa->conn->name : NULL;
    tell->path = sa->path;
    tell->theirs = copy_identity(&t->fx->arena, &sa->theirs_id);
    tell->order_id = sa->order_id;
    if (kind == TELL_IKE_DOWN || kind == TELL_CHILD_DOWN || kind == TELL_IKE_MOVED)
        tell->gone = status_keep_sa(&t->fx->arena, sa);
    return tell;
}

struct ike_tell *turn_tell_child(struct turn *t, enum tell_kind kind, const struct child *child,
                                 enum ike_reason reason)
{
    struct ike_tell *tell = turn_tell(t, kind, reason);
    if (!tell)
        return NULL;
    tell->child_id = child->id;
    tell->child = child->conf->name;
    tell->order_id = child->order_id;
    if (kind == TELL_CHILD_DOWN)
        tell->gone_child = status_keep_child(&t->fx->arena, t->sa, child);
    return tell;
}

void turn_tell_exchange(struct turn *t, enum tell_kind kind, bool ours)
{
    struct ike_tell *tell = turn_tell(t, kind, IKE_REASON_NONE);
    if (!tell)
        return;
    tell->exchange = t->slot->facts;
    tell->exchange.exchange = t->slot->exchange->type;
    tell->exchange.ours = ours;
    tell->exchange.took = t->now - t->slot->began_at;
}

void turn_tell_keys(struct turn *t, const struct ike_sa *sa)
{
    struct tell_keys *keys =
        t->e->config->engine.tell_keys ? ARENA_NEW(&t->fx->arena, struct tell_keys) : NULL;
    struct ike_effect *effect = keys ? effects_add(t->e, t->fx, EFFECT_TELL) : NULL;
    if (!effect)
        return;
    *keys = (struct tell_keys){.encr = sa->suite.encr,
                               .integ = sa->suite.integ,
                               .ei = sa->keys.ei,
                               .er = sa->keys.er,
                               .ai = sa->keys.ai,
                               .ar = sa->keys.ar};
    effect->u.tell = (struct ike_tell){.kind = TELL_KEYS,
                                       .ike_id = sa->id,
                                       .spi_i = sa->spi_i,
                                       .spi_r = sa->spi_r,
                                       .conn = sa->conn ? sa->conn->name : NULL,
                                       .path = sa->path,
                                       .detail = "",
                                       .facts = "",
                                       .keys = keys};
}

const char *turn_sentence(struct turn *t, const struct text *text)
{
    struct bytes copy;
    if (!arena_copy(&t->fx->arena, bytes_make(text->at, text->len + 1), &copy))
        return "";
    return (const char *)copy.at;
}

/* ---- opening --------------------------------------------------------------------------------- */

/* A free SPI whose most significant octet names the worker. */
uint64_t turn_choose_spi(struct ike_engine *e)
{
    uint8_t octets[8];
    uint64_t spi;
    do {
        if (!e->crypto->random(e->crypto->self, octets, sizeof octets))
            return 0;
        octets[0] = e->worker;
        spi = get_u64(octets);
    } while (spi == 0 || table_get(&e->by_spi, spi));
    return spi;
}

static bool enter_tables(struct ike_engine *e, struct ike_sa *sa)
{
    uint64_t spi = sa_spi_ours(sa);
    if (!heap_reserve(&e->timers) || !table_put(&e->by_id, sa->id, sa))
        return false;
    if (table_put(&e->by_spi, spi, sa))
        return true;
    table_remove(&e->by_id, sa->id);
    return false;
}

/*
 * An inbound SPI nobody has; its first octet says which worker owns it. 1 to 255 are reserved (RFC
 * 4303 2.1).
 */
uint32_t turn_choose_child_spi(struct ike_engine *e)
{
    enum { SPI_BASE = 0xc0 };
    uint8_t octets[4];
    uint32_t spi;
    do {
        if (!e->crypto->random(e->crypto->self, octets, sizeof octets))
            return 0;
        octets[0] = (uint8_t)(SPI_BASE + e->worker);
        spi = get_u32(octets);
    } while (table_get(&e->by_child_spi, spi));
    return spi;
}

struct ike_sa *turn_open_sa(struct turn *t, bool initiator, const struct conf_conn *conn,
                            const struct ike_path *path, uint64_t spi)
{
    struct ike_engine *e = t->e;
    struct ike_sa *sa =
        spi && !table_get(&e->by_spi, spi) ? alloc_take(e->alloc, sizeof *sa) : NULL;
    if (!sa)
        return NULL;
    sa->initiator = sa->asked_first = initiator;
    *(initiator ? &sa->spi_i : &sa->spi_r) = spi;
    sa->id = ++e->last_sa_id;
    sa->conn = conn;
    sa->config = e->config;
    sa->path = *path;
    sa->heard_at = sa->born_at = t->now;
    sa->die_at = sa->keepalive_at = sa->rekey_at = sa->reauth_at = sa->expire_at = IKE_NEVER;
    if (!enter_tables(e, sa)) {
        sa_free(sa, e->crypto, e->alloc);
        return NULL;
    }
    sa->older = e->newest;
    *(e->newest ? &e->newest->newer : &e->oldest) = sa;
    e->newest = sa;
    e->sa_count++;
    return sa;
}

struct ike_sa *turn_new_sa(struct turn *t, bool initiator, const struct conf_conn *conn,
                           const struct ike_path *path)
{
    struct larval *birth = larval_new(t->e->alloc, LARVAL_IKE, initiator);
    struct ike_sa *sa =
        birth ? turn_open_sa(t, initiator, conn, path, turn_choose_spi(t->e)) : NULL;
    if (sa)
        sa->birth = birth;
    else
        larval_free(birth, t->e->crypto, t->e->alloc);
    return sa;
}

/* ---- limits ---------------------------------------------------------------------------------- */

static ike_time random_below(struct turn *t, ike_time bound)
{
    uint8_t octets[8];
    if (bound == 0 || !t->e->crypto->random(t->e->crypto->self, octets, sizeof octets))
        return 0;
    return get_u64(octets) % bound;
}

ike_time turn_retry_at(struct turn *t, ike_time at_least)
{
    return t->now + at_least + random_below(t, at_least);
}

/*
 * When to renew an SA: `after`, less a random part of the jitter. Who asked for the SA draws from the
 * earlier two thirds, the other side from the last: so they seldom ask at the same moment, and
 * among many SAs of equal lifetimes the first of two draws stays spread evenly.
 */
static ike_time soft_limit(struct turn *t, ike_time after, ike_time jitter, bool asked)
{
    if (after == 0)
        return IKE_NEVER;
    ike_time third = (jitter < after ? jitter : after / 2) / 3;
    return t->now + after - (asked ? third + random_below(t, 2 * third) : random_below(t, third));
}

uint64_t turn_soft_volume(struct turn *t, uint64_t volume, uint64_t jitter)
{
    return volume - random_below(t, jitter < volume ? jitter : volume / 2);
}

void turn_set_child_limits(struct turn *t, struct child *child)
{
    child->rekey_at =
        soft_limit(t, child->conf->rekey_for, child->conf->rand_for, child->initiator);
    child->life_at = child->conf->life_for ? t->now + child->conf->life_for : IKE_NEVER;
}

static void set_limits(struct turn *t)
{
    const struct conf_conn *conn = t->sa->conn;
    t->sa->rekey_at = soft_limit(t, conn->rekey_for, conn->rand_for, t->sa->initiator);
    if (!t->sa->authenticated_at) { /* a rekeyed SA inherits these */
        t->sa->authenticated_at = t->now;
        t->sa->reauth_at =
            reauth_due(t, soft_limit(t, conn->reauth_for, conn->rand_for, true));
    }
    ike_time keys = conn->rekey_for ? t->now + conn->rekey_for : IKE_NEVER;
    ike_time proof =
        conn->reauth_for ? t->sa->authenticated_at + conn->reauth_for : IKE_NEVER;
    ike_time first = keys < proof ? keys : proof;
    t->sa->expire_at = first == IKE_NEVER ? IKE_NEVER : first + conn->over_for;
}

/*
 * From now on the SA is found by who talks to whom; the budget of half-open SAs no longer counts
 * it.
 */
void turn_sa_up(struct turn *t)
{
    struct ike_sa *sa = t->sa;
    sa->phase = PHASE_UP;
    sa->established_at = t->now;
    sa->die_at = IKE_NEVER;
    set_limits(t);
    engine_leave_half_open(t->e, sa);
    index_enter(t->e, sa, INDEX_PEER);
    index_enter(t->e, sa, INDEX_CONN);
    larval_free(sa->birth, t->e->crypto, t->e->alloc);
    sa->birth = NULL;
    t->e->counts[COUNT_SA_UP]++;
    turn_arm(t);
}

/* ---- closing --------------------------------------------------------------------------------- */

void turn_plane(struct turn *t, enum plane_op op, const struct child *child)
{
    struct ike_effect *effect = effects_add(t->e, t->fx, EFFECT_PLANE);
    if (effect)
        effect->u.plane = (struct ike_plane){
            .op = op,
            .child = {.id = child->id,
                      .ike_id = t->sa->id,
                      .spi_in = child->spi_in,
                      .spi_out = child->spi_out,
                      .path = t->sa->path,
                      .encap = t->sa->path.encap},
        };
}

void turn_drop_child(struct turn *t, struct child *child, enum ike_reason reason)
{
    struct child **at = &t->sa->children;
    while (*at && *at != child)
        at = &(*at)->next;
    if (!*at)
        return;
    *at = child->next;
    t->sa->child_count--;
    table_remove(&t->e->by_child, child->id);
    table_remove(&t->e->by_child_spi, child->spi_in);
    /* First: the plane still knows what went through it, and its owner may want something in its
     * place without a gap. */
    if (!child->replaced_by)
        turn_tell_child(t, TELL_CHILD_DOWN, child, reason);
    turn_plane(t, PLANE_REMOVE, child);
    child_free(child, t->e->alloc);
}

void turn_remove_child(struct turn *t, struct child *child, enum ike_reason reason)
{
    series_void(t, child->id);
    if (!child->replaced_by) {
        turn_drop_child(t, child, reason);
        return;
    }
    child->state = CHILD_LINGERING;
    child->gone_at = t->now + CHILD_LINGER_FOR;
    turn_plane(t, PLANE_RETIRE, child);
    turn_arm(t);
}

static void leave_index(struct ike_engine *e, struct ike_sa *sa)
{
    index_leave(e, sa, INDEX_PEER);
    index_leave(e, sa, INDEX_CONN);
}

/* Whoever shouts at us does not fill our log with it. */
static bool may_tell_of_stranger(struct ike_engine *e, ike_time now)
{
    if (now >= e->strangers_since + STRANGERS_EVERY) {
        e->strangers_since = now;
        e->strangers_told = 0;
    }
    if (e->strangers_told < STRANGERS_TOLD_MAX)
        return ++e->strangers_told;
    e->counts[COUNT_UNTOLD]++;
    return false;
}

/*
 * Everything visible of the SA ends here: Child SAs, events, the place among those of the same
 * peer.
 */
static void mourn(struct turn *t, const struct verdict *why)
{
    struct ike_sa *sa = t->sa;
    bool failed = why->reason != IKE_REASON_NONE;
    bool stranger = !sa->initiator && sa_is_initial(sa);
    /* of some there was never more than a first message */
    enum tell_kind kind = stranger && sa->phase == PHASE_NEW ? TELL_ALERT : TELL_IKE_DOWN;
    bool worth_telling = failed && (!stranger || may_tell_of_stranger(t->e, t->now));
    sa->mourned = true;
    struct ike_tell *tell = worth_telling ? turn_tell(t, kind, why->reason) : NULL;
    if (tell) {
        tell->replaced_id = sa->established_at ? 0 : sa->reauthenticates;
        tell->notify = why->notify;
        if (why->detail)
            tell->detail = why->detail;
    }
    while (sa->children)
        turn_drop_child(t, sa->children, why->reason);
    leave_index(t->e, sa);
    if (!sa->established_at && failed)
        t->e->counts[COUNT_SA_FAILED]++;
    engine_leave_half_open(t->e, sa);
}

void turn_replace_sa(struct turn *t, struct ike_sa *heir)
{
    struct ike_sa *old = t->sa;
    leave_index(t->e, old);
    old->mourned = true;
    old->phase = PHASE_REPLACED;
    old->die_at = t->now + REPLACED_FOR;
    old->rekeyed_into = heir->id;
    turn_arm(t);
}

static void bury(struct turn *t)
{
    struct ike_engine *e = t->e;
    struct ike_sa *sa = t->sa;
    table_remove(&e->by_spi, sa_spi_ours(sa));
    table_remove(&e->by_id, sa->id);
    (void)heap_set(&e->timers, &sa->timer, IKE_NEVER);
    *(sa->older ? &sa->older->newer : &e->oldest) = sa->newer;
    *(sa->newer ? &sa->newer->older : &e->newest) = sa->older;
    sa->phase = PHASE_GONE;
    sa->next_dead = e->dead;
    e->dead = sa;
    e->sa_count--;
}

/*
 * What we asked for has lost its meaning: an answer that still comes must not bring the SA back to
 * life.
 */
static void abandon_ours(struct turn *t)
{
    struct ike_sa *sa = t->sa;
    struct slot *ours = sa->ours;
    if (!ours || ours->want.kind == WANT_DELETE_IKE || ours->want.kind == WANT_REPORT)
        return;
    sa->ours = NULL;
    sa->window.awaiting = false;
    slot_free(t->e->alloc, ours); /* a larval SA of it goes with the SA */
}

void turn_close(struct turn *t, const struct verdict *why, bool linger)
{
    struct ike_sa *sa = t->sa;
    if (sa->phase == PHASE_GONE)
        return;
    if (!sa->mourned)
        mourn(t, why);
    if (!linger || t->e->closing) {
        bury(t);
        return;
    }
    abandon_ours(t);
    larval_free(sa->birth, t->e->crypto, t->e->alloc);
    sa->birth = NULL;
    sa->phase = PHASE_CLOSING;
    sa->die_at = t->now + DELETE_LINGER_FOR;
    turn_arm(t);
}

void turn_move(struct turn *t, const struct ike_path *path)
{
    struct ike_tell *tell = turn_tell(t, TELL_IKE_MOVED, IKE_REASON_NONE);
    if (tell)
        tell->path = *path;
    t->sa->path = *path;
    for (const struct child *child = t->sa->children; child; child = child->next) {
        turn_plane(t, PLANE_MOVE, child);
    }
}

void turn_arm(struct turn *t)
{
    if (t->sa->phase != PHASE_GONE)
        /* room was reserved when the SA was made */
        (void)heap_set(&t->e->timers, &t->sa->timer, sa_deadline(t->sa));
}
