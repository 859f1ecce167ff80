/* merge: see merge.h. */
#include "ike/merge.h"

#include "ike/limits.h"
#include "ike/reauth.h"
#include "ike/status.h"

size_t merge_secrets(const struct larval *l, const struct shared_secret *sk[KEX_SLOTS])
{
    for (uint8_t i = 0; i < l->schedule.held; i++)
        sk[i] = l->schedule.secret[i];
    return l->schedule.held;
}

/* Which key exchanges made the keys, by slot. */
static void note_methods(const struct larval *l, uint16_t method[KEX_SLOTS])
{
    for (uint8_t i = 0; i < l->schedule.count; i++)
        method[l->schedule.round[i].slot] = l->schedule.round[i].kex->id;
}

/* ---- Child SAs ------------------------------------------------------------------------------- */

static struct child *make_child(struct turn *t, const struct larval *l)
{
    struct ike_engine *e = t->e;
    struct child *child = table_get(&e->by_child_spi, l->spi_in)
                              ? NULL /* another larva chose it, too, and was faster */
                              : child_new(e->alloc, &l->local_ts, &l->remote_ts);
    if (!child)
        return NULL;
    const struct child *old = l->rekeys ? sa_child(t->sa, l->rekeys) : NULL;
    child->id = ++e->last_child_id;
    child->reqid = old ? old->reqid : child->id;
    child->spi_in = l->spi_in;
    child->spi_out = l->spi_out;
    child->conf = l->conf;
    child->encr = l->choice.encr;
    child->integ = l->choice.integ;
    child->esn = l->choice.has_sn && l->choice.sn == SN_64;
    child->transport = l->transport;
    child->initiator = l->ours;
    child->known_from = l->ours ? 0 : t->slot->facts.mid + 1;
    note_methods(l, child->method);
    child->installed_at = t->now;
    child->gone_at = IKE_NEVER;
    turn_set_child_limits(t, child);
    child->order_id = l->order_id;
    if (!table_put(&e->by_child, child->id, t->sa) ||
        !table_put(&e->by_child_spi, child->spi_in, t->sa)) {
        table_remove(&e->by_child, child->id);
        child_free(child, e->alloc);
        return NULL;
    }
    child->next = t->sa->children;
    t->sa->children = child;
    t->sa->child_count++;
    return child;
}

static enum crypto_result derive(struct turn *t, const struct larval *l, struct child_keys *keys)
{
    const struct shared_secret *sk[KEX_SLOTS];
    size_t count = merge_secrets(l, sk);
    return keys_child(t->e->crypto, t->sa->suite.prf, &t->sa->keys.d, l->ni, l->nr, sk, count,
                      l->choice.encr, l->choice.integ, keys);
}

static bool lend_selectors(struct turn *t, const struct selectors *from, struct selectors *to)
{
    struct bytes copy;
    if (!arena_copy(&t->fx->arena, bytes_make(from->at, from->count * sizeof *from->at), &copy))
        return false;
    *to = (struct selectors){from->count, (const void *)copy.at};
    return true;
}

static void fill_plane(struct turn *t, const struct child *child, const struct child_keys *keys,
                       uint32_t replaces, struct ike_plane *plane)
{
    const struct selectors local_ts = plane->child.local_ts, remote_ts = plane->child.remote_ts;
    plane->op = PLANE_ADD;
    plane->child = (struct plane_child){
        .ike_spi = sa_spi_ours(t->sa),
        .id = child->id,
        .ike_id = t->sa->id,
        .spi_in = child->spi_in,
        .spi_out = child->spi_out,
        .conn = t->sa->conn->name,
        .child = child->conf->name,
        .encr = child->encr,
        .integ = child->integ,
        .esn = child->esn,
        .transport = child->transport,
        .encap = t->sa->path.encap,
        .initiator = child->initiator,
        .path = t->sa->path,
        .local_ts = local_ts,
        .remote_ts = remote_ts,
        .replay_window = child->conf->replay_window,
        .copy_df = child->conf->copy_df,
    };
    plane->child.replaces = replaces;
    plane->child.soft_bytes =
        turn_soft_volume(t, child->conf->rekey_bytes, child->conf->rand_bytes);
    plane->child.hard_bytes = child->conf->life_bytes;
    plane->child.soft_packets =
        turn_soft_volume(t, child->conf->rekey_packets, child->conf->rand_packets);
    plane->child.hard_packets = child->conf->life_packets;
    struct plane_keys *from_i = child->initiator ? &plane->out : &plane->in;
    struct plane_keys *from_r = child->initiator ? &plane->in : &plane->out;
    *from_i = (struct plane_keys){keys->encr_i, keys->integ_i};
    *from_r = (struct plane_keys){keys->encr_r, keys->integ_r};
}

struct child *merge_child(struct turn *t, struct larval *l)
{
    struct ike_effect *effect = effects_make(t->fx, EFFECT_PLANE);
    struct child_keys keys;
    if (!effect || !lend_selectors(t, &l->local_ts, &effect->u.plane.child.local_ts) ||
        !lend_selectors(t, &l->remote_ts, &effect->u.plane.child.remote_ts) ||
        derive(t, l, &keys) != CRYPTO_OK)
        return NULL;
    struct child *child = make_child(t, l);
    if (child) {
        fill_plane(t, child, &keys, l->rekeys, &effect->u.plane);
        effects_append(t->fx, effect);
        t->e->counts[COUNT_CHILD_UP]++;
    }
    child_keys_wipe(&keys);
    if (!child)
        return NULL;
    if (t->sa->acquired && t->sa->acquired->conf == l->conf)
        t->sa->acquired->conf = NULL; /* it has what it wanted */
    struct child *old = l->rekeys ? sa_child(t->sa, l->rekeys) : NULL;
    if (old && old->state == CHILD_INSTALLED) {
        old->state = CHILD_REKEYED;
        old->replaced_by = child->id;
    }
    turn_arm(t);
    return child;
}

/* ---- IKE SAs --------------------------------------------------------------------------------- */

static struct ike_suite suite_of(const struct choice *choice)
{
    return (struct ike_suite){.encr = choice->encr, .prf = choice->prf, .integ = choice->integ};
}

/*
 * SKEYSEED with the old SA's PRF and SK_d, expansion with the new PRF, the new nonces and the new
 * SPIs (RFC 7296 2.18, RFC 9370 2.2.4).
 */
static enum crypto_result derive_ike(struct turn *t, const struct larval *l, struct ike_sa *heir)
{
    const struct shared_secret *sk[KEX_SLOTS];
    size_t count = merge_secrets(l, sk);
    struct ike_seed seed = {l->ni, l->nr, heir->spi_i, heir->spi_r};
    heir->suite = suite_of(&l->choice);
    return keys_rekey(t->e->crypto, t->sa->suite.prf, &t->sa->keys.d, &heir->suite, &seed, sk,
                      count, &heir->keys);
}

/* What the new SA knows from the old one: who talks to whom, and how they reach each other. */
static bool inherit(struct turn *t, const struct larval *l, struct ike_sa *heir)
{
    const struct ike_sa *old = t->sa;
    heir->spi_i = l->ours ? l->spi_ours : l->choice.spi;
    heir->spi_r = l->ours ? l->choice.spi : l->spi_ours;
    heir->config = old->config;
    heir->nat_local = old->nat_local;
    heir->nat_remote = old->nat_remote;
    heir->extensions = old->extensions;
    heir->heard_at = t->now;
    heir->ppk = old->ppk;
    heir->ppk_strong = old->ppk_strong;
    heir->proof_ours = old->proof_ours;
    heir->proof_theirs = old->proof_theirs;
    heir->asked_first = old->asked_first;
    heir->authenticated_at = old->authenticated_at;
    heir->reauth_at = old->reauth_at;
    heir->keepalive_at = old->keepalive_at;
    heir->order_id = l->order_id;
    heir->ours_id.type = old->ours_id.type;
    heir->theirs_id.type = old->theirs_id.type;
    note_methods(l, heir->method);
    return alloc_copy(t->e->alloc, old->ours_id.data, &heir->ours_id.data) &&
           alloc_copy(t->e->alloc, old->theirs_id.data, &heir->theirs_id.data);
}

static void hand_over_children(struct turn *t, struct ike_sa *heir)
{
    struct ike_sa *old = t->sa;
    heir->children = old->children;
    heir->child_count = old->child_count;
    old->children = NULL;
    old->child_count = 0;
    for (struct child *c = heir->children; c; c = c->next) {
        (void)table_put(&t->e->by_child, c->id, heir); /* replaces: cannot fail */
        c->known_from = 0;
        (void)table_put(&t->e->by_child_spi, c->spi_in, heir);
    }
    /* Who wanted the SA gone wants its heir gone, too. */
    for (uint8_t i = 0; i < old->wants; i++)
        if (old->want[i].kind != WANT_REKEY_IKE)
            (void)sa_want(heir, old->want[i]);
    old->wants = 0;
    heir->acquired = old->acquired;
    old->acquired = NULL;
}

/*
 * RFC 7296 2.18 derives with both PRFs. Implementations are known that do not, and then the new SA
 * is mute: whoever looks for the reason shall find it.
 */
static const char *warn_of_prf(struct turn *t, const struct alg *before, const struct alg *after)
{
    char room[SENTENCE_MAX];
    struct text text = text_make(room, sizeof room);
    if (before == after)
        return "";
    text_add(&text, "the PRF changes from ");
    text_add(&text, before->name);
    text_add(&text, " to ");
    text_add(&text, after->name);
    return turn_sentence(t, &text);
}

struct ike_sa *merge_ike(struct turn *t, struct larval *l, bool heir)
{
    struct ike_sa *sa = turn_open_sa(t, l->ours, t->sa->conn, &t->sa->path, l->spi_ours);
    if (!sa)
        return NULL;
    struct turn fresh = {.e = t->e, .sa = sa, .now = t->now, .fx = t->fx};
    if (!inherit(t, l, sa) || derive_ike(t, l, sa) != CRYPTO_OK) {
        struct verdict nothing = verdict_peer(IKE_REASON_NONE, 0);
        turn_close(&fresh, &nothing, false);
        return NULL;
    }
    if (!heir) {
        sa->phase = PHASE_REPLACED;
        sa->established_at = t->now; /* its peer is the one we know */
        sa->mourned = true;
        sa->die_at = t->now + REPLACED_FOR;
        turn_arm(&fresh);
        return sa;
    }
    turn_tell_keys(t, sa);
    hand_over_children(t, sa);
    reauth_rekeyed(t, sa);
    turn_replace_sa(t, sa);
    turn_sa_up(&fresh);
    struct ike_tell *tell = turn_tell(&fresh, TELL_IKE_REKEYED, IKE_REASON_NONE);
    if (tell) {
        tell->replaced_id = t->sa->id;
        tell->detail = warn_of_prf(t, t->sa->suite.prf, sa->suite.prf);
        tell->gone = status_keep_sa(&t->fx->arena, t->sa);
    }
    return sa;
}
