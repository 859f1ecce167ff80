/*
 * IKE_INTERMEDIATE (RFC 9242), used for the key exchanges of RFC 9370 2.2.2 that follow the one in
 * IKE_SA_INIT: one round each. The responder's list of methods that was promised (RFC 9593) comes
 * with the last of them, and so does a PPK (RFC 9867, ppk.h); where there is none, the initiator
 * sends a message without a key exchange.
 *
 *   SK{ KEi(n) }   -->
 *             <--   SK{ KEr(n) }
 *
 * Both messages are protected by the keys in force before the round. When both are final they are
 * covered by IntAuth, and SKEYSEED(n) =
 * prf(SK_d(n-1), SK(n) | Ni | Nr) makes the keys of the next epoch (round_done). A failure ends the SA: it is not authenticated yet.
 */
#include "ike/announce.h"
#include "ike/explain.h"
#include "ike/limits.h"
#include "ike/ppk.h"
#include "ike/turn.h"

enum start_step { START_ROUND,
                  START_PPK };

/* The round is done, its secret is there: the keys of the next epoch. */
static struct verdict chain_keys(struct turn *t)
{
    struct ike_sa *sa = t->sa;
    struct larval *birth = sa->birth;
    struct ike_seed seed = {birth->ni, birth->nr, sa->spi_i, sa->spi_r};
    uint8_t round = birth->schedule.at - 1;
    uint16_t method = birth->schedule.round[round].kex->id;
    enum crypto_result result = keys_chain(t->e->crypto, &sa->suite, &seed, &sa->keys.d,
                                           schedule_last(&birth->schedule), &birth->next_keys);
    schedule_forget(&birth->schedule, t->e->alloc);
    if (result != CRYPTO_OK)
        return verdict_fault();
    birth->has_next_keys = true;
    sa->method[birth->schedule.round[round].slot] = method;
    t->slot->facts.kex_method = method;
    return VERDICT_OK;
}

static struct verdict bad_exchange(enum crypto_result result)
{
    return result == CRYPTO_BAD ? verdict_kill(IKE_REASON_BAD_KEY_EXCHANGE, NOTIFY_INVALID_SYNTAX)
                                : verdict_fault();
}

static const struct ke_payload *find_key_exchange(const struct turn *t)
{
    const struct payload *ke = ike_msg_find(t->in, PAYLOAD_KE);
    return ke ? &ke->u.ke : NULL;
}

bool round_is_due(const struct larval *birth)
{
    return schedule_left(&birth->schedule) || birth->bare_round;
}

static struct verdict offer_key_exchange(struct turn *t)
{
    struct schedule *schedule = &t->sa->birth->schedule;
    if (!schedule_left(schedule))
        return VERDICT_OK;
    uint8_t *data = arena_take(&t->slot->arena, KEX_DATA_MAX);
    size_t len;
    if (!data || schedule_offer(schedule, t->e->crypto, data, &len) != CRYPTO_OK)
        return verdict_fault();
    uint16_t method = schedule_method(schedule)->id;
    bool built = turn_add_key_exchange(t, method, bytes_make(data, len));
    return built ? VERDICT_OK : verdict_fault();
}

struct verdict round_start(struct turn *t)
{
    struct verdict v = VERDICT_OK;
    if (t->slot->step == START_ROUND && ppk_is_due(t->sa)) {
        t->slot->step = START_PPK;
        return ppk_ask(t, t->sa->conn->ppk_id);
    }
    if (t->slot->step == START_PPK)
        v = ppk_offer(t);
    return v.class == V_OK ? offer_key_exchange(t) : v;
}

static struct verdict answer_key_exchange(struct turn *t, const struct ke_payload *ke)
{
    struct schedule *schedule = &t->sa->birth->schedule;
    uint8_t *data = arena_take(&t->slot->arena, KEX_DATA_MAX);
    size_t len;
    if (!data)
        return verdict_fault();
    enum crypto_result result =
        schedule_answer(schedule, t->e->crypto, t->e->alloc, ke->method, ke->data, data, &len);
    if (result != CRYPTO_OK)
        return bad_exchange(result);
    struct verdict v = chain_keys(t);
    if (v.class != V_OK)
        return v;
    bool built = turn_add_key_exchange(t, ke->method, bytes_make(data, len));
    return built ? VERDICT_OK : verdict_fault();
}

/* Without a key exchange it is for something else; a peer may ask for that a few times. */
static struct verdict count_bare(struct turn *t)
{
    if (t->sa->birth->bare_rounds++ < BARE_ROUNDS_MAX)
        return VERDICT_OK;
    return verdict_because(verdict_kill(IKE_REASON_SYNTAX, NOTIFY_INVALID_SYNTAX),
                           "no key exchange in the message");
}

struct verdict round_request(struct turn *t)
{
    struct schedule *schedule = &t->sa->birth->schedule;
    const struct ke_payload *ke = find_key_exchange(t);
    if (t->sa->birth->auths)
        return verdict_because(verdict_kill(IKE_REASON_SYNTAX, NOTIFY_INVALID_SYNTAX),
                               "IKE_AUTH has begun already");
    if (ke && !schedule_left(schedule))
        return verdict_because(verdict_kill(IKE_REASON_SYNTAX, NOTIFY_INVALID_SYNTAX),
                               "a key exchange more than agreed on");
    struct verdict v = ppk_look(t);
    if (v.class == V_OK)
        v = ke ? answer_key_exchange(t, ke) : count_bare(t);
    if (v.class != V_OK || schedule_left(schedule))
        return v;
    return ppk_answer(t) == CRYPTO_OK && announce_promised(t) ? VERDICT_OK : verdict_fault();
}

static struct verdict finish_key_exchange(struct turn *t)
{
    const struct ke_payload *ke = find_key_exchange(t);
    if (!ke)
        return verdict_because(verdict_peer(IKE_REASON_SYNTAX, 0), "no key exchange in the answer");
    enum crypto_result result =
        schedule_finish(&t->sa->birth->schedule, t->e->crypto, t->e->alloc, ke->method, ke->data);
    /* Fail and stop: nothing more is sent (ML-KEM draft, recipient tests). */
    if (result == CRYPTO_BAD)
        return verdict_peer(IKE_REASON_BAD_KEY_EXCHANGE, 0);
    return result == CRYPTO_OK ? chain_keys(t) : verdict_fault();
}

struct verdict round_response(struct turn *t)
{
    struct larval *birth = t->sa->birth;
    const struct notify_payload *error = ike_msg_error(t->in);
    if (error && error->type == NOTIFY_AUTHENTICATION_FAILED && birth->ppk)
        return verdict_because(verdict_peer(IKE_REASON_AUTH_REFUSED_BY_PEER, error->type),
                               explain_ppk(t, "the peer refuses the PPK, or has another one",
                                           birth->ppk_id));
    if (error)
        return verdict_peer(IKE_REASON_PEER_ERROR, error->type);
    if (!announce_take(t))
        return verdict_fault();
    struct verdict v = VERDICT_OK;
    if (schedule_left(&birth->schedule))
        v = finish_key_exchange(t);
    else
        birth->bare_round = false;
    return v.class == V_OK && t->slot->step == START_PPK ? ppk_finish(t) : v;
}

static enum crypto_result cover(struct turn *t, const struct spoken *message, bool initiator)
{
    struct ike_sa *sa = t->sa;
    return transcript_cover(&sa->birth->transcript, t->e->crypto, sa->suite.prf,
                            initiator ? &sa->keys.pi : &sa->keys.pr, initiator, &message->header,
                            message->first, message->reserved, message->plain);
}

/*
 * Cover both messages under the epoch that protected them, then let the next epoch come into force:
 * the same for both roles.
 */
enum crypto_result round_done(struct turn *t)
{
    struct ike_sa *sa = t->sa;
    struct larval *birth = sa->birth;
    const struct spoken *request = sa->initiator ? &t->slot->said : &t->slot->heard;
    const struct spoken *response = sa->initiator ? &t->slot->heard : &t->slot->said;
    enum crypto_result result = cover(t, request, true);
    if (result == CRYPTO_OK)
        result = cover(t, response, false);
    if (result != CRYPTO_OK || !birth->has_next_keys)
        return result;
    birth->past_keys = sa->keys;
    birth->has_past_keys = true;
    sa->keys = birth->next_keys;
    sa->iv_counter = 0;
    ike_keys_wipe(&birth->next_keys);
    birth->has_next_keys = false;
    turn_tell_keys(t, sa);
    return CRYPTO_OK;
}
