/*
 * CREATE_CHILD_SA (RFC 7296 1.3, 2.8, 2.18): a new Child SA, a Child SA in place of another, an IKE
 * SA in place of this one.
 *
 *   SK{ SA, Ni, [KEi,] TSi, TSr }                   -->   new Child SA
 *   SK{ N(REKEY_SA), SA, Ni, [KEi,] TSi, TSr }      -->   Child SA rekey
 *   SK{ SA, Ni, KEi }                               -->   IKE SA rekey
 *                                  <--   the same without REKEY_SA, or N(error)
 *
 * If the chosen proposal has more key exchanges, the larva lives on and series.c goes on from here.
 * Collisions: collision.h.
 */
#include "ike/collision.h"
#include "ike/explain.h"
#include "ike/fresh.h"
#include "ike/limits.h"
#include "ike/series.h"

/* ---- we ask ---------------------------------------------------------------------------------- */

static const struct verdict skip = {.class = V_SKIP};

static struct larval *begin(struct turn *t, enum larval_kind kind)
{
    struct larval *l = negotiate_larval(t, kind, true);
    if (!l)
        return NULL;
    l->order_id = t->slot->want.order_id;
    l->tries = t->slot->want.tries;
    return l;
}

static struct verdict ask_new_child(struct turn *t)
{
    struct larval *l = begin(t, LARVAL_CHILD);
    struct child_rules rules = {.method = t->slot->want.method};
    if (!l)
        return verdict_fault();
    l->conf = t->slot->want.conf;
    l->single_pair = t->slot->want.single_pair;
    l->transport = l->conf->mode == MODE_TRANSPORT;
    return negotiate_offer(t, l, &rules);
}

/* Which of our SAs is to be replaced: named by the SPI on which we receive (RFC 7296 1.3.3). */
static bool add_rekey_notify(struct turn *t, const struct child *child)
{
    struct payload *p = ike_msg_add(&t->out, &t->slot->arena, PAYLOAD_NOTIFY);
    uint8_t *spi = arena_take(&t->slot->arena, 4);
    if (!p || !spi)
        return false;
    put_u32(spi, child->spi_in);
    p->u.notify = (struct notify_payload){
        .protocol = PROTOCOL_ESP, .spi_len = 4, .spi = bytes_make(spi, 4), .type = NOTIFY_REKEY_SA};
    return true;
}

static bool copy_selectors(struct arena *arena, const struct selectors *from, struct selectors *to)
{
    struct bytes copy;
    if (!arena_copy(arena, bytes_make(from->at, from->count * sizeof *from->at), &copy))
        return false;
    *to = (struct selectors){from->count, (const void *)copy.at};
    return true;
}

/* By either side: one series is enough, and two whose nonces were never compared would both win. */
static bool is_being_rekeyed(const struct ike_sa *sa, const struct child *child)
{
    const struct larval *l = sa->larvals;
    while (l && !(l->kind == LARVAL_CHILD && l->rekeys == child->id))
        l = l->next;
    return l != NULL;
}

/*
 * A Child SA that the peer asked for exists at its end when it has our answer. Its next request
 * shows that; before, a peer that works on several messages at once may see our rekey first.
 */
static bool may_be_unknown(const struct ike_sa *sa, const struct child *child)
{
    return child->known_from && sa->window.serve_next <= child->known_from && !sa->window.serving;
}

/* The new SA is offered with the selectors of the old one, so that a rekey never narrows. */
static struct verdict ask_child_rekey(struct turn *t)
{
    struct child *child = sa_child(t->sa, t->slot->want.child_id);
    struct child_rules rules = {.method = t->slot->want.method};
    if (!child || child->state != CHILD_INSTALLED || is_being_rekeyed(t->sa, child))
        return skip;
    struct larval *l = begin(t, LARVAL_CHILD);
    if (!l)
        return verdict_fault();
    l->rekeys = child->id;
    l->early = may_be_unknown(t->sa, child);
    l->conf = child->conf;
    l->transport = child->transport;
    bool built = copy_selectors(&l->arena, &child->local_ts, &l->local_ts) &&
                 copy_selectors(&l->arena, &child->remote_ts, &l->remote_ts) &&
                 add_rekey_notify(t, child);
    return built ? negotiate_offer(t, l, &rules) : verdict_fault();
}

/*
 * Peers disagree about which PRF makes SKEYSEED when it changes: where the present one is allowed,
 * offer no other.
 */
static bool keep_prf(struct arena *arena, struct proposal *p, uint16_t prf)
{
    bool has = false;
    for (uint16_t i = 0; i < p->count; i++)
        has |= p->transform[i].type == TRANSFORM_PRF && p->transform[i].id == prf;
    if (!has)
        return true;
    struct transform *kept = ARENA_ARRAY(arena, struct transform, p->count);
    uint16_t count = 0;
    for (uint16_t i = 0; kept && i < p->count; i++)
        if (p->transform[i].type != TRANSFORM_PRF || p->transform[i].id == prf)
            kept[count++] = p->transform[i];
    p->transform = kept;
    p->count = count;
    return kept != NULL;
}

static bool offer_ike(struct turn *t, struct larval *l, uint16_t *method)
{
    struct choose_rules rules = {.has = t->e->crypto->has, .self = t->e->crypto->self};
    struct proposals offer;
    if (!l->spi_ours ||
        !proposal_offer(&t->sa->conn->ike, &l->arena, l->spi_ours, 8, &rules, &offer, method) ||
        !offer.count)
        return false;
    struct proposal *own = ARENA_ARRAY(&l->arena, struct proposal, offer.count);
    for (uint16_t i = 0; own && i < offer.count; i++) {
        own[i] = offer.at[i];
        if (!keep_prf(&l->arena, &own[i], t->sa->suite.prf->id))
            return false;
    }
    l->offered = (struct proposals){offer.count, own};
    return own != NULL;
}

static bool add_ike_payloads(struct turn *t, const struct larval *l,
                             const struct proposals *proposals)
{
    struct payload *sa = ike_msg_add(&t->out, &t->slot->arena, PAYLOAD_SA);
    if (!sa)
        return false;
    sa->u.sa = *proposals;
    return fresh_write(t, l);
}

static struct verdict ask_ike_rekey(struct turn *t)
{
    uint16_t method = 0;
    struct larval *l = begin(t, LARVAL_IKE);
    if (!l || !offer_ike(t, l, &method))
        return verdict_fault();
    if (t->slot->want.method)
        method = t->slot->want.method;
    bool built = fresh_offer(t, l, method) == CRYPTO_OK && add_ike_payloads(t, l, &l->offered);
    return built ? VERDICT_OK : verdict_fault();
}

struct verdict create_start(struct turn *t)
{
    switch (t->slot->want.kind) {
    case WANT_NEW_CHILD:
        return ask_new_child(t);
    case WANT_REKEY_CHILD:
        return ask_child_rekey(t);
    default:
        return ask_ike_rekey(t);
    }
}

/* ---- the peer answers ------------------------------------------------------------------------ */

static bool suits_ike(const struct choice *choice)
{
    return choice->encr && choice->prf && choice->spi_len == 8 && choice->spi != 0 &&
           choice->kex[0].proposed && choice->kex[0].method != KE_NONE;
}

static struct verdict finish_ike(struct turn *t, struct larval *l)
{
    const struct payload *sa = ike_msg_find(t->in, PAYLOAD_SA);
    struct mismatch why = {0};
    if (!sa || !proposal_accept(&l->offered, &sa->u.sa, &l->choice, &why) || !suits_ike(&l->choice))
        return verdict_because(verdict_peer(IKE_REASON_BAD_SELECTION, 0),
                               "the answer to our rekey selects what was not offered");
    return fresh_finish(t, l);
}

struct verdict create_response(struct turn *t)
{
    struct larval *l = t->slot->larval;
    const struct notify_payload *error = ike_msg_error(t->in);
    struct child_rules rules = {0};
    struct verdict v;
    if (error)
        return series_refused(t, l, error);
    v = l->kind == LARVAL_IKE ? finish_ike(t, l) : negotiate_finish(t, l, &rules);
    if (v.class != V_OK)
        return series_rejected(t, l, v);
    if (schedule_left(&l->schedule) && !round_read_link(t, l))
        return verdict_because(verdict_peer(IKE_REASON_BAD_SELECTION, 0),
                               "the answer leaves key exchanges open, but holds no link to them");
    return VERDICT_OK;
}

/* ---- the peer asks --------------------------------------------------------------------------- */

static bool ike_is_rekeyed(const struct ike_sa *sa)
{
    return sa_larval_of_kind(sa, LARVAL_IKE) != NULL;
}

/* One rekey of the peer's at a time. */
static bool served_already(const struct ike_sa *sa)
{
    const struct larval *l = sa->larvals;
    while (l && (l->ours || l->kind != LARVAL_IKE))
        l = l->next;
    return l != NULL;
}

static bool children_are_busy(const struct ike_sa *sa)
{
    bool busy = sa_larval_of_kind(sa, LARVAL_CHILD) != NULL;
    for (const struct child *c = sa->children; c; c = c->next)
        busy |= c->state == CHILD_DELETING;
    return busy;
}

/* The Child SA the peer wants replaced, by the SPI on which it receives. */
static struct child *rekey_target(const struct turn *t, const struct notify_payload *rekey)
{
    if (rekey->spi_len != 4 || rekey->protocol != PROTOCOL_ESP)
        return NULL;
    struct child *c = t->sa->children;
    while (c && (c->spi_out != get_u32(rekey->spi.at) || c->state == CHILD_LINGERING))
        c = c->next;
    return c;
}

/* The peer is ahead of us: it has made, and we have not heard of it yet. */
static bool child_is_coming(const struct ike_sa *sa)
{
    const struct larval *l = sa->larvals;
    while (l && !(l->ours && l->kind == LARVAL_CHILD))
        l = l->next;
    return l != NULL;
}

static struct collision_state state_of(const struct turn *t, enum larval_kind kind,
                                       const struct child *child)
{
    const struct larval *ours = series_ours(t->sa, kind, child ? child->id : 0);
    bool leaving = t->sa->phase != PHASE_UP;
    return (struct collision_state){
        .known = kind == LARVAL_IKE || child,
        .coming = child_is_coming(t->sa),
        .ending = leaving || (child && child->state != CHILD_INSTALLED),
        .asked = ours,
        .answered = ours && ours->state != LARVAL_ASKED,
        .others_busy = kind == LARVAL_IKE ? children_are_busy(t->sa) || served_already(t->sa)
                                          : ike_is_rekeyed(t->sa),
    };
}

static struct verdict refuse(uint16_t notify)
{
    return verdict_notify(
        notify == NOTIFY_TEMPORARY_FAILURE ? IKE_REASON_NONE : IKE_REASON_CHILD_REFUSED, notify);
}

static struct verdict serve_child(struct turn *t, const struct notify_payload *rekey)
{
    struct child *old = rekey ? rekey_target(t, rekey) : NULL;
    struct collision_state state = state_of(t, LARVAL_CHILD, old);
    uint16_t notify = rekey ? collision_child_rekey(&state) : collision_child_new(&state);
    struct child_rules rules = {0};
    if (notify)
        return refuse(notify);
    struct larval *l = negotiate_larval(t, LARVAL_CHILD, false);
    if (!l)
        return verdict_notify(IKE_REASON_LIMIT, NOTIFY_NO_ADDITIONAL_SAS);
    if (old) {
        l->rekeys = old->id;
        l->conf = old->conf;
    }
    struct verdict v = negotiate_choose(t, l, &rules);
    return v.class == V_OK && !series_note_rival(t, l) ? verdict_fault() : v;
}

/* What the backend has, but of all PRFs only the present one. */
struct constant_prf {
    const struct crypto *crypto;
    const struct alg *prf;
};

static bool has_constant_prf(void *self, const struct alg *alg)
{
    const struct constant_prf *c = self;
    return (alg->type != TRANSFORM_PRF || alg == c->prf) && c->crypto->has(c->crypto->self, alg);
}

/* The PRF changes only where it must. */
static bool choose_suite(struct turn *t, const struct proposals *offered, struct choice *choice,
                         struct mismatch *why)
{
    struct constant_prf constant = {t->e->crypto, t->sa->suite.prf};
    const struct payload *ke = ike_msg_find(t->in, PAYLOAD_KE);
    struct choose_rules rules = {
        .peers_order = !t->sa->config->engine.follow_configured_order,
        .prefer_method = ke ? ke->u.ke.method : 0,
        .has = has_constant_prf,
        .self = &constant,
    };
    if (proposal_choose(offered, &t->sa->conn->ike, &rules, choice, why) && suits_ike(choice))
        return true;
    rules.has = t->e->crypto->has;
    rules.self = t->e->crypto->self;
    return proposal_choose(offered, &t->sa->conn->ike, &rules, choice, why) && suits_ike(choice);
}

static struct verdict choose_ike(struct turn *t, struct larval *l)
{
    const struct proposals *offered = &ike_msg_find(t->in, PAYLOAD_SA)->u.sa;
    struct mismatch why = {0};
    if (!choose_suite(t, offered, &l->choice, &why))
        return verdict_because(verdict_notify(IKE_REASON_NO_PROPOSAL, NOTIFY_NO_PROPOSAL_CHOSEN),
                               explain_proposals(t, offered, &t->sa->conn->ike, &why));
    return fresh_serve(t, l);
}

/* Who begins anew has given up its series before: with one request at a time it cannot want both. */
static void forget_unfinished(struct turn *t)
{
    struct larval *next;
    for (struct larval *l = t->sa->larvals; l; l = next) {
        next = l->next;
        if (!l->ours && l->kind == LARVAL_IKE && l->state != LARVAL_COMPLETE)
            sa_drop_larval(t->sa, l, t->e->crypto, t->e->alloc);
    }
}

static struct verdict serve_ike(struct turn *t)
{
    forget_unfinished(t);
    struct collision_state state = state_of(t, LARVAL_IKE, NULL);
    uint16_t notify = collision_ike_rekey(&state);
    if (notify)
        return refuse(notify);
    struct larval *l = negotiate_larval(t, LARVAL_IKE, false);
    if (!l)
        return refuse(NOTIFY_TEMPORARY_FAILURE);
    struct verdict v = choose_ike(t, l);
    if (v.class != V_OK)
        return v;
    struct proposal *answer = ARENA_NEW(&t->slot->arena, struct proposal);
    bool built = l->spi_ours && answer &&
                 proposal_answer(&l->choice, &t->slot->arena, l->spi_ours, answer) &&
                 add_ike_payloads(t, l, &(struct proposals){1, answer});
    return built && series_note_rival(t, l) ? VERDICT_OK : verdict_fault();
}

struct verdict create_request(struct turn *t)
{
    const struct payload *sa = ike_msg_find(t->in, PAYLOAD_SA);
    bool ike = sa->u.sa.count && sa->u.sa.at[0].protocol == PROTOCOL_IKE;
    bool has_selectors = ike_msg_find(t->in, PAYLOAD_TSi) != NULL;
    if (ike == has_selectors)
        return verdict_kill(IKE_REASON_SYNTAX, NOTIFY_INVALID_SYNTAX);
    struct verdict v = ike ? serve_ike(t) : serve_child(t, ike_msg_notify(t->in, NOTIFY_REKEY_SA));
    struct larval *l = t->slot->larval;
    if (v.class == V_OK && schedule_left(&l->schedule) && !round_write_link(t, l))
        return verdict_fault();
    return v;
}
