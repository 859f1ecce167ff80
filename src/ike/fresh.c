/* fresh: see fresh.h. */
#include "ike/fresh.h"

#include "ike/limits.h"

static bool make_nonce(struct turn *t, struct larval *l)
{
    uint8_t *octets = arena_take(&l->arena, NONCE_LEN);
    if (!octets || !t->e->crypto->random(t->e->crypto->self, octets, NONCE_LEN))
        return false;
    l->nonce = bytes_make(octets, NONCE_LEN);
    return true;
}

static bool keep_data(struct larval *l, uint16_t method, const uint8_t *data, size_t len)
{
    l->ke_method = method;
    return arena_copy(&l->arena, bytes_make(data, len), &l->ke_data);
}

enum crypto_result fresh_offer(struct turn *t, struct larval *l, uint16_t method)
{
    uint8_t data[KEX_DATA_MAX];
    size_t len = 0;
    if (!make_nonce(t, l))
        return CRYPTO_FAULT;
    l->ni = l->nonce;
    if (method == KE_NONE)
        return CRYPTO_OK;
    const struct alg *kex = alg_find(TRANSFORM_KE, method, 0);
    enum crypto_result result =
        kex ? schedule_guess(&l->schedule, t->e->crypto, kex, data, &len) : CRYPTO_FAULT;
    return result == CRYPTO_OK && !keep_data(l, method, data, len) ? CRYPTO_FAULT : result;
}

static const struct ke_payload *find_key_exchange(const struct turn *t)
{
    const struct payload *ke = ike_msg_find(t->in, PAYLOAD_KE);
    return ke ? &ke->u.ke : NULL;
}

static uint16_t chosen_method(const struct larval *l)
{
    return l->choice.kex[0].proposed ? l->choice.kex[0].method : KE_NONE;
}

struct verdict fresh_finish(struct turn *t, struct larval *l)
{
    const struct ke_payload *ke = find_key_exchange(t);
    uint16_t method = chosen_method(l);
    if (!schedule_plan(&l->schedule, &l->choice) ||
        !arena_copy(&l->arena, ike_msg_find(t->in, PAYLOAD_NONCE)->raw, &l->nr))
        return verdict_fault();
    if (method == KE_NONE)
        return VERDICT_OK;
    if (!ke || ke->method != method || method != l->ke_method)
        return verdict_because(verdict_peer(IKE_REASON_BAD_SELECTION, 0),
                               "the key exchange is not the one chosen");
    t->slot->facts.kex_method = method;
    switch (schedule_finish(&l->schedule, t->e->crypto, t->e->alloc, ke->method, ke->data)) {
    case CRYPTO_OK:
        return VERDICT_OK;
    case CRYPTO_BAD: /* the ML-KEM draft wants the IKE SA deleted: a peer that cannot be trusted with keys */
        return verdict_kill(IKE_REASON_BAD_KEY_EXCHANGE, 0);
    default:
        return verdict_fault();
    }
}

static struct verdict demand_method(uint16_t method)
{
    struct verdict v = verdict_notify(IKE_REASON_NONE, NOTIFY_INVALID_KE_PAYLOAD);
    put_u16(v.data, method);
    v.data_len = 2;
    return v;
}

struct verdict fresh_serve(struct turn *t, struct larval *l)
{
    const struct ke_payload *ke = find_key_exchange(t);
    uint16_t method = chosen_method(l);
    if (!arena_copy(&l->arena, ike_msg_find(t->in, PAYLOAD_NONCE)->raw, &l->ni) ||
        !make_nonce(t, l) || !schedule_plan(&l->schedule, &l->choice))
        return verdict_fault();
    l->nr = l->nonce;
    if (method == KE_NONE)
        return VERDICT_OK;
    if (!ke || ke->method != method)
        return demand_method(method);
    uint8_t data[KEX_DATA_MAX];
    size_t len = 0;
    t->slot->facts.kex_method = method;
    switch (schedule_answer(&l->schedule, t->e->crypto, t->e->alloc, ke->method, ke->data, data,
                            &len)) {
    case CRYPTO_OK:
        return keep_data(l, method, data, len) ? VERDICT_OK : verdict_fault();
    case CRYPTO_BAD:
        return verdict_notify(IKE_REASON_BAD_KEY_EXCHANGE, NOTIFY_INVALID_SYNTAX);
    default:
        return verdict_fault();
    }
}

bool fresh_write(struct turn *t, const struct larval *l)
{
    if (l->nonce.len && !ike_msg_add_raw(&t->out, &t->slot->arena, PAYLOAD_NONCE, l->nonce))
        return false;
    if (!l->ke_data.len)
        return true;
    return turn_add_key_exchange(t, l->ke_method, l->ke_data);
}
