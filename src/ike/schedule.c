/*
 * schedule: see schedule.h. The rounds are those of RFC 9370: slot 0 is transform type 4, slots 1 to 7 are
 * ADDKE1 to 7.
 *
 * A round begins with an offer or serves one, and is over when its secret is collected. Whatever the peer
 * says is checked against the table of algorithms before any cryptography: the method must be the one of
 * the round, the length the one that the method has for that role.
 *
 * A guess that turned out wrong stays pending until the next offer or the end; finish never uses it,
 * because pending_kex says what it is for.
 */
#include "ike/schedule.h"

/* ---- the plan -------------------------------------------------------------------------------- */

bool schedule_plan(struct schedule *s, const struct choice *choice)
{
    struct schedule plan = *s;
    if (s->at != 0 || s->held != 0)
        return false; /* rounds are under way: too late to plan anew */
    plan.planned = true;
    plan.count = 0;
    for (int slot = 0; slot < KEX_SLOTS; slot++) {
        if (!choice->kex[slot].proposed || choice->kex[slot].method == KE_NONE)
            continue;
        const struct alg *kex = alg_find(TRANSFORM_KE, choice->kex[slot].method, 0);
        if (!kex)
            return false;
        plan.round[plan.count].slot = (uint8_t)slot;
        plan.round[plan.count].kex = kex;
        plan.count++;
    }
    *s = plan;
    return true;
}

const struct alg *schedule_method(const struct schedule *s)
{
    if (!s->planned)
        return s->pending_kex;
    return s->at < s->count ? s->round[s->at].kex : NULL;
}

uint8_t schedule_left(const struct schedule *s)
{
    if (!s->planned)
        return s->pending ? 1 : 0;
    return (uint8_t)(s->count - s->at);
}

bool schedule_needs_more(const struct choice *choice)
{
    for (int slot = 1; slot < KEX_SLOTS; slot++)
        if (choice->kex[slot].proposed && choice->kex[slot].method != KE_NONE)
            return true;
    return false;
}

/* ---- the asking side ------------------------------------------------------------------------- */

static void drop_pending(struct schedule *s, const struct crypto *c)
{
    if (s->pending)
        c->kex_free(c->self, s->pending);
    s->pending = NULL;
    s->pending_kex = NULL;
}

static enum crypto_result begin(struct schedule *s, const struct crypto *c, const struct alg *kex, uint8_t *data,
                                size_t *len)
{
    drop_pending(s, c);
    struct kex *fresh = NULL;
    enum crypto_result result = c->kex_offer(c->self, kex, &fresh, data);
    if (result != CRYPTO_OK)
        return result;
    s->pending = fresh;
    s->pending_kex = kex;
    *len = kex->offer_len;
    return CRYPTO_OK;
}

enum crypto_result schedule_guess(struct schedule *s, const struct crypto *c, const struct alg *kex, uint8_t *data,
                                  size_t *len)
{
    if (s->planned)
        return CRYPTO_FAULT;
    return begin(s, c, kex, data, len);
}

enum crypto_result schedule_offer(struct schedule *s, const struct crypto *c, uint8_t *data, size_t *len)
{
    const struct alg *kex = schedule_method(s);
    if (!s->planned || !kex)
        return CRYPTO_FAULT;
    return begin(s, c, kex, data, len);
}

/* ---- collecting secrets ---------------------------------------------------------------------- */

/* The secret of the round under way is there: keep it and go on. Takes ownership. */
static void collect(struct schedule *s, struct shared_secret *secret)
{
    s->secret[s->held++] = secret;
    s->at++;
}

/* A table row may say how long the secret is; a backend that disagrees is broken. */
static enum crypto_result check_secret(const struct alg *kex, const struct shared_secret *secret)
{
    bool is_right = kex->key_len != 0 ? secret->len == kex->key_len
                                      : secret->len != 0 && secret->len <= SHARED_SECRET_MAX;
    return is_right ? CRYPTO_OK : CRYPTO_FAULT;
}

enum crypto_result schedule_answer(struct schedule *s, const struct crypto *c, const struct alloc *alloc,
                                   uint16_t method, struct bytes offer, uint8_t *data, size_t *len)
{
    const struct alg *kex = s->planned ? schedule_method(s) : NULL;
    if (!kex || method != kex->id || offer.len != kex->offer_len)
        return CRYPTO_BAD;
    struct shared_secret *secret = alloc_take(alloc, sizeof *secret);
    if (!secret)
        return CRYPTO_FAULT;
    enum crypto_result result = c->kex_answer(c->self, kex, offer, data, secret);
    if (result == CRYPTO_OK)
        result = check_secret(kex, secret);
    if (result != CRYPTO_OK) {
        alloc_give(alloc, secret, sizeof *secret);
        return result;
    }
    *len = kex->answer_len;
    collect(s, secret);
    return CRYPTO_OK;
}

enum crypto_result schedule_finish(struct schedule *s, const struct crypto *c, const struct alloc *alloc,
                                   uint16_t method, struct bytes answer)
{
    const struct alg *kex = s->planned ? schedule_method(s) : NULL;
    if (!kex || !s->pending || s->pending_kex != kex)
        return CRYPTO_BAD;
    if (method != kex->id || answer.len != kex->answer_len)
        return CRYPTO_BAD;
    struct shared_secret *secret = alloc_take(alloc, sizeof *secret);
    if (!secret)
        return CRYPTO_FAULT;
    enum crypto_result result = c->kex_finish(c->self, s->pending, answer, secret);
    if (result == CRYPTO_OK)
        result = check_secret(kex, secret);
    if (result != CRYPTO_OK) {
        alloc_give(alloc, secret, sizeof *secret);
        return result;
    }
    drop_pending(s, c);
    collect(s, secret);
    return CRYPTO_OK;
}

const struct shared_secret *schedule_last(const struct schedule *s)
{
    return s->held > 0 ? s->secret[s->held - 1] : NULL;
}

/* ---- the end --------------------------------------------------------------------------------- */

void schedule_forget(struct schedule *s, const struct alloc *alloc)
{
    for (uint8_t i = 0; i < s->held; i++) {
        alloc_give(alloc, s->secret[i], sizeof *s->secret[i]);
        s->secret[i] = NULL;
    }
    s->held = 0;
}

void schedule_wipe(struct schedule *s, const struct crypto *c, const struct alloc *alloc)
{
    drop_pending(s, c);
    schedule_forget(s, alloc);
    *s = (struct schedule){0};
}
