/* series: see series.h. */
#include "ike/series.h"

#include "ike/collision.h"
#include "ike/drive.h"
#include "ike/explain.h"
#include "ike/limits.h"
#include "ike/merge.h"
#include "ike/selector.h"
#include "wire/notify.h"

static void drop(struct turn *t, struct larval *l)
{
    sa_drop_larval(t->sa, l, t->e->crypto, t->e->alloc);
}

static bool in_slot(const struct ike_sa *sa, const struct larval *l)
{
    return (sa->ours && sa->ours->larval == l) || (sa->theirs && sa->theirs->larval == l);
}

struct larval *series_ours(const struct ike_sa *sa, enum larval_kind kind, uint32_t rekeys)
{
    struct larval *l = sa->larvals;
    while (l && !(l->ours && l->kind == kind && l->rekeys == rekeys))
        l = l->next;
    return l;
}

/* ---- rivals ---------------------------------------------------------------------------------- */

bool series_note_rival(struct turn *t, const struct larval *theirs)
{
    struct larval *ours = series_ours(t->sa, theirs->kind, theirs->rekeys);
    if (!ours || (theirs->kind == LARVAL_CHILD && !theirs->rekeys))
        return true;
    if (!arena_copy(&ours->arena, theirs->ni, &ours->rival_ni) ||
        !arena_copy(&ours->arena, theirs->nr, &ours->rival_nr))
        return false;
    ours->rival = theirs->id;
    return true;
}

static bool ours_is_redundant(const struct larval *l)
{
    struct collision_nonces ours = {l->ni, l->nr}, theirs = {l->rival_ni, l->rival_nr};
    return l->rival && collision_ours_is_redundant(&ours, &theirs);
}

/* ---- Child SAs ------------------------------------------------------------------------------- */

static void tell_child(struct turn *t, const struct child *child, uint32_t replaced)
{
    struct ike_tell *tell =
        turn_tell_child(t, replaced ? TELL_CHILD_REKEYED : TELL_CHILD_UP, child, IKE_REASON_NONE);
    if (tell)
        tell->replaced_id = replaced;
}

/*
 * Ours, complete: if it won, the old SA goes; if it is redundant, it goes itself, never used. Who
 * asked for an SA deletes it.
 */
static enum crypto_result settle_our_child(struct turn *t, struct larval *l)
{
    bool redundant = l->state == LARVAL_UNWANTED || ours_is_redundant(l);
    struct child *child = merge_child(t, l);
    if (!child)
        return CRYPTO_FAULT;
    struct child *old = l->rekeys ? sa_child(t->sa, l->rekeys) : NULL;
    struct child *rival = l->rival_child ? sa_child(t->sa, l->rival_child) : NULL;
    if (rival && rival->state == CHILD_INSTALLED && !redundant) { /* the peer will delete it */
        rival->replaced_by = child->id;
        rival->state = CHILD_REKEYED;
    }
    if (redundant) {
        child->replaced_by = l->rival_child ? l->rival_child : l->rekeys;
        child->state = CHILD_REKEYED;
        turn_plane(t, PLANE_RETIRE, child);
    } else {
        if (old)
            old->replaced_by = child->id;
        tell_child(t, child, l->rekeys);
    }
    struct child *doomed = redundant ? child : old;
    if (doomed)
        (void)sa_want(t->sa, (struct want){.kind = WANT_DELETE_CHILD, .child_id = doomed->id});
    return CRYPTO_OK;
}

static enum crypto_result settle_their_child(struct turn *t, struct larval *l)
{
    struct child *child = merge_child(t, l);
    struct larval *ours = l->rekeys ? series_ours(t->sa, LARVAL_CHILD, l->rekeys) : NULL;
    if (!child)
        return CRYPTO_FAULT;
    if (ours)
        ours->rival_child = child->id;
    tell_child(t, child, l->rekeys);
    return CRYPTO_OK;
}

/* ---- deleted before it was known ------------------------------------------------------------- */

void series_note_delete(struct turn *t, uint32_t spi)
{
    enum { ROOM = sizeof((struct larval *)0)->deleted_spi / sizeof(uint32_t) };
    for (struct larval *l = t->sa->larvals; l; l = l->next)
        if (l->ours && l->kind == LARVAL_CHILD)
            l->deleted_spi[l->deleted++ % ROOM] = spi;
}

static bool is_deleted(const struct larval *l)
{
    for (size_t i = 0; i < sizeof l->deleted_spi / sizeof l->deleted_spi[0]; i++)
        if (l->ours && l->spi_out && l->deleted_spi[i] == l->spi_out)
            return true;
    return false;
}

static void tell_deleted(struct turn *t, const struct larval *l)
{
    struct ike_tell *tell = turn_tell(t, TELL_CHILD_DOWN, IKE_REASON_DELETED_BY_PEER);
    if (!tell)
        return;
    tell->child = l->conf->name;
    tell->order_id = l->order_id;
}

/* ---- IKE SAs --------------------------------------------------------------------------------- */

static void delete_sa(struct turn *t, struct ike_sa *sa)
{
    struct turn other = {.e = t->e, .sa = sa, .now = t->now, .fx = t->fx};
    (void)sa_want(sa, (struct want){.kind = WANT_DELETE_IKE});
    if (sa != t->sa) /* this turn's SA goes on by itself when its slot is free */
        drive_pursue(&other);
}

static enum crypto_result settle_our_ike(struct turn *t, struct larval *l)
{
    struct larval *rival = sa_larval(t->sa, l->rival);
    bool redundant = ours_is_redundant(l);
    struct ike_sa *sa = merge_ike(t, l, !redundant);
    if (!sa)
        return CRYPTO_FAULT;
    delete_sa(t, redundant ? sa : t->sa);
    if (!rival)
        return CRYPTO_OK;
    bool complete = rival->state == LARVAL_COMPLETE;
    bool merged = !complete || merge_ike(t, rival, redundant);
    if (complete || !redundant) /* a rival that won and has rounds to go lives on */
        drop(t, rival);
    return merged ? CRYPTO_OK : CRYPTO_FAULT;
}

/* While our own rekey has no answer yet, it is open which of the two will inherit. */
static enum crypto_result settle_their_ike(struct turn *t, struct larval *l)
{
    const struct larval *ours = series_ours(t->sa, LARVAL_IKE, 0);
    if (ours && ours->state == LARVAL_ASKED) {
        t->slot->larval = NULL;
        l->state = LARVAL_COMPLETE;
        l->die_at = t->now + t->sa->config->engine.series_for;
        turn_arm(t);
        return CRYPTO_OK;
    }
    return merge_ike(t, l, true) ? CRYPTO_OK : CRYPTO_FAULT;
}

void series_settle_waiting(struct turn *t)
{
    struct larval *l = t->sa->larvals;
    while (l && l->state != LARVAL_COMPLETE)
        l = l->next;
    if (!l || t->sa->mourned)
        return;
    (void)merge_ike(t, l, true);
    drop(t, l);
}

/* ---- what only the peer has ------------------------------------------------------------------ */

/* Of an IKE SA it has the heir of the one we are left with: neither side can go on with that. */
static void disown(struct turn *t, const struct larval *l)
{
    struct want want = {.kind = WANT_DELETE_IKE};
    if (l->kind == LARVAL_CHILD)
        want = (struct want){.kind = WANT_DELETE_CHILD, .spi = l->spi_in};
    (void)sa_want(t->sa, want);
}

struct verdict series_rejected(struct turn *t, const struct larval *l, struct verdict v)
{
    if (v.class != V_KILL && !round_has_link(t))
        disown(t, l);
    return v;
}

/* ---- on and on ------------------------------------------------------------------------------- */

static enum crypto_result settle(struct turn *t, struct larval *l)
{
    static enum crypto_result (*const settle_as[2][2])(struct turn *t, struct larval *l) = {
        [LARVAL_IKE] = {settle_their_ike, settle_our_ike},
        [LARVAL_CHILD] = {settle_their_child, settle_our_child},
    };
    if (l->kind == LARVAL_CHILD && is_deleted(l)) {
        tell_deleted(t, l);
        return CRYPTO_OK;
    }
    enum crypto_result result = settle_as[l->kind][l->ours](t, l);
    if (result != CRYPTO_OK && l->ours)
        disown(t, l);
    return result;
}

/*
 * The larva waits in the SA's list for its next round. A redundant series of ours just stops:
 * nothing of it exists yet.
 */
static void wait_for_round(struct turn *t, struct larval *l)
{
    if (l->ours && (l->state == LARVAL_UNWANTED || ours_is_redundant(l)))
        return;
    struct larval *rival = l->ours ? sa_larval(t->sa, l->rival) : NULL;
    if (rival && !in_slot(t->sa, rival))
        drop(t, rival); /* it lost; the peer stops as well */
    t->slot->larval = NULL;
    l->state = LARVAL_ROUNDS;
    l->die_at = t->now + t->sa->config->engine.series_for;
    if (l->ours)
        (void)sa_want(t->sa, (struct want){.kind = WANT_ROUND, .larval_id = l->id});
    turn_arm(t);
}

enum crypto_result series_done(struct turn *t)
{
    struct larval *l = t->slot->larval;
    if (!l)
        return CRYPTO_OK;
    if (schedule_left(&l->schedule) == 0)
        return settle(t, l);
    wait_for_round(t, l);
    return CRYPTO_OK;
}

void series_void(struct turn *t, uint32_t child_id)
{
    struct larval *next;
    for (struct larval *l = t->sa->larvals; l; l = next) {
        next = l->next;
        if (l->kind != LARVAL_CHILD || l->rekeys != child_id)
            continue;
        if (in_slot(t->sa, l)) /* ours: the peer's requests are served at once */
            l->state = LARVAL_UNWANTED;
        else
            drop(t, l);
    }
}

void series_undone(struct turn *t, struct child *child)
{
    struct child *old = t->sa->children;
    while (old && !(old->state == CHILD_REKEYED && old->replaced_by == child->id))
        old = old->next;
    if (!old || child->initiator || child->state != CHILD_INSTALLED)
        return;
    old->state = CHILD_INSTALLED;
    old->replaced_by = 0;
    child->replaced_by = old->id;
}

void series_expire(struct turn *t, struct larval *l)
{
    if (in_slot(t->sa, l)) {
        l->die_at = IKE_NEVER; /* the exchange under way ends it, one way or the other */
        return;
    }
    if (l->state == LARVAL_COMPLETE)
        series_settle_waiting(t);
    else
        drop(t, l);
}

/* ---- failures -------------------------------------------------------------------------------- */

void create_failed(struct turn *t, const struct verdict *v)
{
    const struct larval *l = t->slot->larval;
    bool fresh_child = l && l->kind == LARVAL_CHILD && !l->rekeys;
    if (v->reason == IKE_REASON_NONE)
        return;
    struct ike_tell *tell = turn_tell(t, fresh_child ? TELL_CHILD_DOWN : TELL_ALERT, v->reason);
    if (!tell)
        return;
    tell->notify = v->notify;
    tell->detail = v->detail ? v->detail : "";
    tell->order_id = l ? l->order_id : 0;
    tell->child = l && l->conf ? l->conf->name : NULL;
    if (l && !fresh_child)
        tell->replaced_id = l->kind == LARVAL_IKE ? t->sa->id : l->rekeys;
}

/* ---- refusals -------------------------------------------------------------------------------- */

static struct want same_again(const struct larval *l)
{
    return (struct want){
        .kind = l->kind == LARVAL_IKE ? WANT_REKEY_IKE
                : l->rekeys           ? WANT_REKEY_CHILD
                                      : WANT_NEW_CHILD,
        .child_id = l->rekeys,
        .conf = l->kind == LARVAL_CHILD && !l->rekeys ? l->conf : NULL,
        .single_pair = l->single_pair,
        .order_id = l->order_id,
        .tries = (uint8_t)(l->tries + 1),
    };
}

/* Another method is demanded: begin again, with new nonces. */
static bool retry_with_method(struct turn *t, const struct larval *l, struct bytes data)
{
    struct want again = same_again(l);
    return notify_invalid_ke_read(data, &again.method) && again.method != l->ke_method &&
           again.tries < SERIES_TRIES_MAX && proposal_has_method(&l->offered, again.method) &&
           sa_want(t->sa, again);
}

bool series_wants_pair(struct turn *t, const struct larval *l, uint16_t notify)
{
    struct want again = same_again(l);
    bool wider = l->local_ts.count > 1 || l->remote_ts.count > 1;
    if (notify != NOTIFY_SINGLE_PAIR_REQUIRED || again.kind != WANT_NEW_CHILD || !wider ||
        again.tries >= SERIES_TRIES_MAX ||
        !selector_is_address(&l->local_ts.at[0]) || !selector_is_address(&l->remote_ts.at[0]))
        return false;
    again.single_pair = true;
    return sa_want(t->sa, again);
}

/* Not now: later, if the timers still want it then. */
static void retry_later(struct turn *t, const struct larval *l)
{
    struct child *child = l->rekeys ? sa_child(t->sa, l->rekeys) : NULL;
    if (l->kind == LARVAL_IKE)
        t->sa->rekey_at = turn_retry_at(t, REKEY_RETRY_FOR);
    else if (child)
        child->rekey_at = turn_retry_at(t, REKEY_RETRY_FOR);
    turn_arm(t);
}

/* A new Child SA has no timer that would want it again: it waits among the wants. */
static bool new_child_later(struct turn *t, const struct larval *l)
{
    struct want again = same_again(l);
    if (again.kind != WANT_NEW_CHILD || again.tries >= TEMPORARY_TRIES_MAX)
        return false;
    again.not_before = turn_retry_at(t, NEW_CHILD_RETRY_FOR << l->tries);
    return sa_want(t->sa, again);
}

/* The peer does not know the Child SA we rekey: it is worth nothing; make another. */
static void replace_lost_child(struct turn *t, const struct larval *l)
{
    struct child *child = l->rekeys ? sa_child(t->sa, l->rekeys) : NULL;
    if (!child)
        return;
    const struct conf_child *conf = child->conf;
    turn_remove_child(t, child, IKE_REASON_PEER_ERROR);
    (void)sa_want(t->sa,
                  (struct want){.kind = WANT_NEW_CHILD, .conf = conf, .order_id = l->order_id});
}

static bool is_about_terms(uint16_t notify)
{
    return notify == NOTIFY_NO_PROPOSAL_CHOSEN || notify == NOTIFY_TS_UNACCEPTABLE ||
           notify == NOTIFY_SINGLE_PAIR_REQUIRED;
}

struct verdict series_refused(struct turn *t, struct larval *l, const struct notify_payload *error)
{
    static const struct verdict quietly = {.class = V_PEER, .reason = IKE_REASON_NONE};
    uint16_t notify = error ? error->type : 0;
    if (l->state == LARVAL_UNWANTED)
        return quietly;
    if (notify == NOTIFY_INVALID_KE_PAYLOAD && retry_with_method(t, l, error->data))
        return quietly;
    if (notify == NOTIFY_STATE_NOT_FOUND && l->tries + 1 < SERIES_TRIES_MAX &&
        sa_want(t->sa, same_again(l)))
        return quietly;
    if (series_wants_pair(t, l, notify))
        return quietly;
    if (notify == NOTIFY_TEMPORARY_FAILURE && new_child_later(t, l))
        return quietly;
    if (notify == NOTIFY_CHILD_SA_NOT_FOUND && l->early) {
        if (l->tries + 1 >= SERIES_TRIES_MAX || !sa_want(t->sa, same_again(l)))
            retry_later(t, l);
        return quietly;
    }
    if (notify == NOTIFY_CHILD_SA_NOT_FOUND) {
        replace_lost_child(t, l);
        return quietly;
    }
    retry_later(t, l);
    if (notify == NOTIFY_TEMPORARY_FAILURE && (l->rekeys || l->kind == LARVAL_IKE))
        return quietly;
    if (l->kind == LARVAL_CHILD && is_about_terms(notify))
        return negotiate_refused(t, l, notify);
    return verdict_because(verdict_peer(IKE_REASON_PEER_ERROR, notify),
                           explain_notify(t, "the peer answered", notify));
}
