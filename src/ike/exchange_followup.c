/*
 * IKE_FOLLOWUP_KE (RFC 9370 2.2.4): the key exchanges after the one in CREATE_CHILD_SA, one round
 * each.
 *
 *   SK{ KEi(n), N(ADDITIONAL_KEY_EXCHANGE)(link) }   -->
 *                                       <--   SK{ KEr(n) [, N(ADDITIONAL_KEY_EXCHANGE)(link)] }
 *
 * All under the keys of the existing IKE SA. The link is the responder's ticket for its larva:
 * opaque to the initiator, echoed as it came; present in a response exactly when another round must
 * follow. Ours holds the larva's id and the number of rounds done. An unknown one is answered with
 * STATE_NOT_FOUND.
 */
#include "ike/limits.h"
#include "ike/series.h"

enum { LINK_LEN = 8 };

static struct bytes make_link(struct arena *arena, const struct larval *l)
{
    uint8_t *octets = arena_take(arena, LINK_LEN);
    if (!octets)
        return BYTES_NONE;
    put_u32(octets, l->id);
    put_u32(octets + 4, l->schedule.at);
    return bytes_make(octets, LINK_LEN);
}

bool round_write_link(struct turn *t, struct larval *l)
{
    struct bytes link = make_link(&t->slot->arena, l);
    return link.len &&
           ike_msg_add_notify(&t->out, &t->slot->arena, NOTIFY_ADDITIONAL_KEY_EXCHANGE, link);
}

bool round_has_link(const struct turn *t)
{
    return ike_msg_notify(t->in, NOTIFY_ADDITIONAL_KEY_EXCHANGE) != NULL;
}

bool round_read_link(struct turn *t, struct larval *l)
{
    const struct notify_payload *n = ike_msg_notify(t->in, NOTIFY_ADDITIONAL_KEY_EXCHANGE);
    return n && n->data.len && arena_copy(&l->arena, n->data, &l->link);
}

/* ---- we ask ---------------------------------------------------------------------------------- */

struct verdict later_round_start(struct turn *t)
{
    struct larval *l = sa_larval(t->sa, t->slot->want.larval_id);
    if (!l)
        return (struct verdict){.class = V_SKIP};
    t->slot->larval = l;
    l->die_at = IKE_NEVER; /* the exchange has its own end */
    const struct alg *kex = schedule_method(&l->schedule);
    uint8_t *data = arena_take(&t->slot->arena, KEX_DATA_MAX);
    size_t len;
    if (!data || !kex || schedule_offer(&l->schedule, t->e->crypto, data, &len) != CRYPTO_OK)
        return verdict_fault();
    bool built =
        turn_add_key_exchange(t, kex->id, bytes_make(data, len)) &&
        ike_msg_add_notify(&t->out, &t->slot->arena, NOTIFY_ADDITIONAL_KEY_EXCHANGE, l->link);
    return built ? VERDICT_OK : verdict_fault();
}

/* ---- the peer answers ------------------------------------------------------------------------ */

struct verdict later_round_response(struct turn *t)
{
    struct larval *l = t->slot->larval;
    const struct notify_payload *error = ike_msg_error(t->in);
    if (error)
        return series_refused(t, l, error);
    const struct ke_payload *ke = &ike_msg_find(t->in, PAYLOAD_KE)->u.ke;
    t->slot->facts.kex_method = ke->method;
    enum crypto_result result =
        schedule_finish(&l->schedule, t->e->crypto, t->e->alloc, ke->method, ke->data);
    if (result == CRYPTO_BAD) /* the ML-KEM draft wants the IKE SA deleted */
        return verdict_kill(IKE_REASON_BAD_KEY_EXCHANGE, 0);
    if (result != CRYPTO_OK)
        return series_rejected(t, l, verdict_fault());
    /* A link after the last round is a peer's mistake without consequence: it is not read. */
    if (schedule_left(&l->schedule) && !round_read_link(t, l))
        return verdict_because(verdict_peer(IKE_REASON_BAD_SELECTION, 0),
                               "the answer leaves key exchanges open, but holds no link to them");
    return VERDICT_OK;
}

/* ---- the peer asks --------------------------------------------------------------------------- */

/* An SA on its way out makes nothing any more: its series are over. */
static struct larval *find_by_link(const struct turn *t)
{
    const struct notify_payload *n = ike_msg_notify(t->in, NOTIFY_ADDITIONAL_KEY_EXCHANGE);
    if (t->sa->phase != PHASE_UP || !n || n->data.len != LINK_LEN)
        return NULL;
    struct larval *l = sa_larval(t->sa, get_u32(n->data.at));
    bool fits = l && !l->ours && l->state == LARVAL_ROUNDS &&
                l->schedule.at == get_u32(n->data.at + 4);
    return fits ? l : NULL;
}

struct verdict later_round_request(struct turn *t)
{
    const struct ke_payload *ke = &ike_msg_find(t->in, PAYLOAD_KE)->u.ke;
    struct larval *l = find_by_link(t);
    uint8_t *data = arena_take(&t->slot->arena, KEX_DATA_MAX);
    size_t len = 0;
    if (!l)
        return verdict_notify(IKE_REASON_NONE, NOTIFY_STATE_NOT_FOUND);
    if (!data)
        return verdict_fault();
    t->slot->larval = l; /* on failure it goes with the slot: the series is over */
    t->slot->facts.kex_method = ke->method;
    switch (schedule_answer(&l->schedule, t->e->crypto, t->e->alloc, ke->method, ke->data, data,
                            &len)) {
    case CRYPTO_OK:
        break;
    case CRYPTO_BAD:
        return verdict_notify(IKE_REASON_BAD_KEY_EXCHANGE, NOTIFY_INVALID_SYNTAX);
    default:
        return verdict_fault();
    }
    bool built = turn_add_key_exchange(t, ke->method, bytes_make(data, len)) &&
                 (!schedule_left(&l->schedule) || round_write_link(t, l));
    return built ? VERDICT_OK : verdict_fault();
}
