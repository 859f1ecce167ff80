/* negotiate: see negotiate.h. */
#include "ike/negotiate.h"

#include "ike/explain.h"
#include "ike/fresh.h"
#include "ike/limits.h"
#include "ike/selector.h"

/* ---- larvae ---------------------------------------------------------------------------------- */

static bool has_room(const struct ike_sa *sa)
{
    unsigned count = sa->child_count;
    for (const struct larval *l = sa->larvals; l; l = l->next)
        count++;
    return count < CHILDREN_PER_IKE_MAX;
}

static unsigned count_theirs(const struct ike_sa *sa)
{
    unsigned count = 0;
    for (const struct larval *l = sa->larvals; l; l = l->next)
        count += !l->ours;
    return count;
}

struct larval *negotiate_larval(struct turn *t, enum larval_kind kind, bool ours)
{
    struct ike_sa *sa = t->sa;
    if (!has_room(sa) || (!ours && count_theirs(sa) >= SERIES_PER_IKE_MAX))
        return NULL;
    struct larval *l = larval_new(t->e->alloc, kind, ours);
    if (!l)
        return NULL;
    l->id = ++t->e->last_larval_id;
    if (kind == LARVAL_CHILD)
        l->spi_in = turn_choose_child_spi(t->e);
    else
        l->spi_ours = turn_choose_spi(t->e);
    if (sa->birth) { /* in IKE_AUTH: the nonces of IKE_SA_INIT */
        l->ni = sa->birth->ni;
        l->nr = sa->birth->nr;
    }
    l->next = sa->larvals;
    sa->larvals = l;
    t->slot->larval = l;
    return l;
}

static struct choose_rules rules_of(const struct turn *t, bool no_kex)
{
    return (struct choose_rules){
        .no_kex = no_kex,
        .peers_order = !t->sa->config->engine.follow_configured_order,
        .has = t->e->crypto->has,
        .self = t->e->crypto->self,
    };
}

/* ---- payloads -------------------------------------------------------------------------------- */

static bool add_selectors(struct turn *t, uint8_t type, const struct selectors *ts)
{
    struct payload *p = ike_msg_add(&t->out, &t->slot->arena, type);
    if (p)
        p->u.ts = *ts;
    return p != NULL;
}

/* TSi is the side of whoever asks in this exchange. */
static bool add_child_payloads(struct turn *t, const struct larval *l,
                               const struct proposals *proposals)
{
    struct payload *sa = ike_msg_add(&t->out, &t->slot->arena, PAYLOAD_SA);
    if (!sa)
        return false;
    sa->u.sa = *proposals;
    if (!fresh_write(t, l))
        return false;
    if (l->transport &&
        !ike_msg_add_notify(&t->out, &t->slot->arena, NOTIFY_USE_TRANSPORT_MODE, BYTES_NONE))
        return false;
    return add_selectors(t, PAYLOAD_TSi, l->ours ? &l->local_ts : &l->remote_ts) &&
           add_selectors(t, PAYLOAD_TSr, l->ours ? &l->remote_ts : &l->local_ts);
}

/*
 * Behind a NAT the addresses of transport mode selectors are not those we see: use the ones we see,
 * as both ends do (RFC 7296 2.23.1).
 */
static void substitute_address(struct selectors *ts, struct arena *arena, const struct addr *seen)
{
    struct selector *copy = ts->count == 1 ? ARENA_NEW(arena, struct selector) : NULL;
    if (!copy || ts->at[0].family != seen->family ||
        memcmp(ts->at[0].from, ts->at[0].to, addr_len(seen)) != 0)
        return;
    *copy = ts->at[0];
    memcpy(copy->from, seen->ip, addr_len(seen));
    memcpy(copy->to, seen->ip, addr_len(seen));
    ts->at = copy;
}

static void undo_nat(struct turn *t, struct arena *arena, struct selectors *local,
                     struct selectors *remote)
{
    if (t->sa->nat_remote)
        substitute_address(remote, arena, &t->sa->path.remote.addr);
    if (t->sa->nat_local)
        substitute_address(local, arena, &t->sa->path.local.addr);
}

static bool resolve(struct turn *t, const struct conf_child *conf, struct arena *arena,
                    struct selectors *local, struct selectors *remote)
{
    return selectors_resolve(&conf->local_ts, &t->sa->path.local.addr, arena, local) &&
           selectors_resolve(&conf->remote_ts, &t->sa->path.remote.addr, arena, remote);
}

/*
 * What was configured, behind the packet that made us ask: so that a peer that must narrow keeps what
 * is needed (RFC 7296 2.9).
 */
static bool put_first(struct arena *arena, const struct selector *first, struct selectors *ts)
{
    struct selector *all = ARENA_ARRAY(arena, struct selector, ts->count + 1u);
    if (!all)
        return false;
    all[0] = *first;
    memcpy(all + 1, ts->at, ts->count * sizeof *ts->at);
    *ts = (struct selectors){(uint16_t)(ts->count + 1u), all};
    return true;
}

static bool may_be_first(const struct selector *s, const struct selectors *ts)
{
    return ts->count < SELECTORS_MAX && selectors_subset(&(struct selectors){1, s}, ts);
}

/* In transport mode there is one address each anyway, and a NAT may change it. */
static bool ask_for(struct turn *t, struct larval *l)
{
    const struct acquired *a = t->sa->acquired;
    if (!resolve(t, l->conf, &l->arena, &l->local_ts, &l->remote_ts))
        return false;
    if (!a || a->conf != l->conf || l->transport || !may_be_first(&a->packet.local, &l->local_ts) ||
        !may_be_first(&a->packet.remote, &l->remote_ts))
        return true;
    return put_first(&l->arena, &a->packet.local, &l->local_ts) &&
           put_first(&l->arena, &a->packet.remote, &l->remote_ts);
}

/* ---- we ask ---------------------------------------------------------------------------------- */

struct verdict negotiate_offer(struct turn *t, struct larval *l, const struct child_rules *how)
{
    struct choose_rules rules = rules_of(t, how->no_kex);
    uint16_t method = 0;
    if (!l->spi_in ||
        !proposal_offer(&l->conf->esp, &l->arena, l->spi_in, 4, &rules, &l->offered, &method) ||
        l->offered.count == 0)
        return verdict_because(
            verdict_fault(),
            "no ESP proposal of this child can be offered by this machine's cryptography");
    if (!l->local_ts.count && !ask_for(t, l))
        return verdict_fault();
    if (l->single_pair)
        l->local_ts.count = l->remote_ts.count = 1;
    if (!how->no_kex && fresh_offer(t, l, how->method ? how->method : method) != CRYPTO_OK)
        return verdict_fault();
    return add_child_payloads(t, l, &l->offered) ? VERDICT_OK : verdict_fault();
}

struct verdict negotiate_refused(struct turn *t, const struct larval *l, uint16_t notify)
{
    if (notify == NOTIFY_SINGLE_PAIR_REQUIRED)
        return verdict_because(verdict_peer(IKE_REASON_TS_UNACCEPTABLE, notify),
                               "the peer makes Child SAs for single pairs of addresses only, and "
                               "which pair is wanted is not known");
    if (notify == NOTIFY_TS_UNACCEPTABLE)
        return verdict_because(verdict_peer(IKE_REASON_TS_UNACCEPTABLE, notify),
                               explain_selectors(t, &l->local_ts, &l->remote_ts, NULL, NULL));
    if (notify == NOTIFY_NO_PROPOSAL_CHOSEN)
        return verdict_because(verdict_peer(IKE_REASON_NO_PROPOSAL, notify),
                               explain_refused(t, &l->offered));
    return verdict_because(verdict_peer(IKE_REASON_CHILD_REFUSED, notify),
                           explain_notify(t, "the peer answered", notify));
}

static bool take_selectors(struct larval *l, const struct selectors *from, struct selectors *to)
{
    struct bytes copy;
    if (!arena_copy(&l->arena, bytes_make(from->at, from->count * sizeof *from->at), &copy))
        return false;
    *to = (struct selectors){from->count, (const void *)copy.at};
    return true;
}

struct verdict negotiate_finish(struct turn *t, struct larval *l, const struct child_rules *how)
{
    const struct notify_payload *error = ike_msg_error(t->in);
    const struct payload *sa = ike_msg_find(t->in, PAYLOAD_SA);
    const struct payload *tsi = ike_msg_find(t->in, PAYLOAD_TSi),
                         *tsr = ike_msg_find(t->in, PAYLOAD_TSr);
    struct mismatch why = {0};
    if (error)
        return negotiate_refused(t, l, error->type);
    if (!sa || !tsi || !tsr)
        return verdict_because(verdict_peer(IKE_REASON_CHILD_REFUSED, 0),
                               "the answer holds no Child SA");
    if (!proposal_accept(&l->offered, &sa->u.sa, &l->choice, &why) || l->choice.spi < 256)
        return verdict_because(verdict_peer(IKE_REASON_BAD_SELECTION, 0),
                               explain_proposals(t, &sa->u.sa, &l->offered, &why));
    /* else tunnel mode (RFC 7296 1.3.1) */
    l->transport = l->transport && ike_msg_notify(t->in, NOTIFY_USE_TRANSPORT_MODE);
    struct selectors local = tsi->u.ts, remote = tsr->u.ts;
    if (l->transport)
        undo_nat(t, &l->arena, &local, &remote);
    if (!local.count || !remote.count || !selectors_subset(&local, &l->local_ts) ||
        !selectors_subset(&remote, &l->remote_ts))
        return verdict_because(
            verdict_peer(IKE_REASON_BAD_SELECTION, 0),
            explain_selectors(t, &tsi->u.ts, &tsr->u.ts, &l->local_ts, &l->remote_ts));
    if (!take_selectors(l, &local, &l->local_ts) || !take_selectors(l, &remote, &l->remote_ts))
        return verdict_fault();
    l->spi_out = (uint32_t)l->choice.spi;
    return how->no_kex ? VERDICT_OK : fresh_finish(t, l);
}

/* ---- the peer asks --------------------------------------------------------------------------- */

/* What the peer offered for our side and for its own. */
static void offered_selectors(struct turn *t, const struct larval *l, struct selectors *local,
                              struct selectors *remote)
{
    *remote = ike_msg_find(t->in, PAYLOAD_TSi)->u.ts;
    *local = ike_msg_find(t->in, PAYLOAD_TSr)->u.ts;
    if (l->transport)
        undo_nat(t, &t->slot->arena, local, remote);
}

static bool is_single_pair(const struct selectors *a, const struct selectors *b)
{
    return a->count == 1 && b->count == 1 && selector_is_address(&a->at[0]) &&
           selector_is_address(&b->at[0]);
}

static bool narrow_to(struct turn *t, struct larval *l, const struct conf_child *conf,
                      const struct selectors *local, const struct selectors *remote)
{
    struct selectors our_local, our_remote;
    bool narrowed;
    return resolve(t, conf, &l->arena, &our_local, &our_remote) &&
           selectors_narrow(local, &our_local, &l->arena, &l->local_ts, &narrowed) &&
           selectors_narrow(remote, &our_remote, &l->arena, &l->remote_ts, &narrowed) &&
           l->local_ts.count && l->remote_ts.count;
}

/* The first selectors of the offer are those of the packet that caused it (RFC 7296 2.9). */
static bool narrow_to_pair(struct turn *t, struct larval *l, const struct conf_child *conf,
                           struct selectors local, struct selectors remote)
{
    local.count = remote.count = 1;
    return narrow_to(t, l, conf, &local, &remote) && is_single_pair(&l->local_ts, &l->remote_ts);
}

/* May what the offer begins with go through this child? */
static bool holds_first(struct turn *t, struct larval *l, const struct conf_child *conf,
                        struct selectors local, struct selectors remote)
{
    struct selectors our_local, our_remote;
    local.count = remote.count = 1;
    return resolve(t, conf, &l->arena, &our_local, &our_remote) &&
           selectors_subset(&local, &our_local) && selectors_subset(&remote, &our_remote);
}

/*
 * Of the configured children whose selectors have something in common with the offer the first that
 * accepts one of its proposals; those that hold what it begins with go before the others (RFC 7296
 * 2.9).
 */
static struct verdict choose_child(struct turn *t, struct larval *l, bool no_kex)
{
    const struct conf_conn *conn = t->sa->conn;
    const struct proposals *offered = &ike_msg_find(t->in, PAYLOAD_SA)->u.sa;
    struct choose_rules rules = rules_of(t, no_kex);
    struct selectors local, remote;
    struct mismatch why = {0};
    const struct conf_child *fits = NULL;
    bool too_wide = false;
    offered_selectors(t, l, &local, &remote);
    for (uint32_t i = 0; i < 2u * conn->child_count; i++) {
        const struct conf_child *conf = &conn->child[i % conn->child_count];
        bool first_round = i < conn->child_count;
        if ((l->conf && conf != l->conf) ||
            holds_first(t, l, conf, local, remote) != first_round ||
            !narrow_to(t, l, conf, &local, &remote))
            continue;
        if (conf->single_pair && !narrow_to_pair(t, l, conf, local, remote)) {
            too_wide = true;
            continue;
        }
        fits = conf;
        if (proposal_choose(offered, &conf->esp, &rules, &l->choice, &why) &&
            l->choice.spi >= 256) {
            l->conf = conf;
            return VERDICT_OK;
        }
    }
    if (fits)
        return verdict_because(verdict_notify(IKE_REASON_NO_PROPOSAL, NOTIFY_NO_PROPOSAL_CHOSEN),
                               explain_proposals(t, offered, &fits->esp, &why));
    if (too_wide)
        return verdict_because(
            verdict_notify(IKE_REASON_TS_UNACCEPTABLE, NOTIFY_SINGLE_PAIR_REQUIRED),
            explain_selectors(t, &local, &remote, NULL, NULL));
    const struct selectors *our_local = conn->child_count ? &conn->child->local_ts : NULL;
    const struct selectors *our_remote = conn->child_count ? &conn->child->remote_ts : NULL;
    return verdict_because(verdict_notify(IKE_REASON_TS_UNACCEPTABLE, NOTIFY_TS_UNACCEPTABLE),
                           explain_selectors(t, &local, &remote, our_local, our_remote));
}

struct verdict negotiate_choose(struct turn *t, struct larval *l, const struct child_rules *how)
{
    bool asked = ike_msg_notify(t->in, NOTIFY_USE_TRANSPORT_MODE) != NULL;
    l->transport = asked;
    struct verdict v = choose_child(t, l, how->no_kex);
    if (v.class == V_OK && !how->no_kex)
        v = fresh_serve(t, l);
    if (v.class != V_OK)
        return v;
    l->transport = asked && l->conf->mode == MODE_TRANSPORT;
    l->spi_out = (uint32_t)l->choice.spi;
    struct proposal *answer = ARENA_NEW(&t->slot->arena, struct proposal);
    bool built = l->spi_in && answer &&
                 proposal_answer(&l->choice, &t->slot->arena, l->spi_in, answer) &&
                 add_child_payloads(t, l, &(struct proposals){1, answer});
    return built ? VERDICT_OK : verdict_fault();
}
