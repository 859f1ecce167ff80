/* ppk: see ppk.h. */
#include "ike/ppk.h"

#include "ike/explain.h"
#include "ike/limits.h"
#include "wire/notify.h"

bool ppk_is_early(const struct ike_sa *sa)
{
    return (sa->extensions & EXTENSION_SET(PPK_ROUND)) && (sa->extensions & EXTENSION_SET(ROUNDS));
}

bool ppk_is_late(const struct ike_sa *sa)
{
    return (sa->extensions & EXTENSION_SET(PPK)) && !ppk_is_early(sa);
}

bool ppk_is_in(const struct larval *birth)
{
    return birth->has_ppk || birth->early_ppk;
}

struct verdict ppk_ask(struct turn *t, struct bytes id)
{
    struct ike_ask question = {
        .kind = ASK_PPK, .ours = t->sa->ours_id, .theirs = t->sa->theirs_id, .ppk_id = id, .ppk_named = !t->sa->initiator};
    return turn_ask(t, &question);
}

static bool add_named(struct turn *t, uint16_t notify, const struct notify_ppk_key *key)
{
    size_t len = 1 + key->ppk.id.len + key->confirmation.len;
    struct writer body = writer_make(arena_take(&t->slot->arena, len), len);
    if (!body.at)
        return false;
    if (key->confirmation.len)
        notify_ppk_key_write(&body, key);
    else
        notify_ppk_write(&body, &key->ppk);
    return ike_msg_add_notify(&t->out, &t->slot->arena, notify, writer_view(&body));
}

/* ---- late (RFC 8784) ------------------------------------------------------------------------- */

/* SK_d, SK_pi and SK_pr with the PPK; encryption keys stay as they are. */
enum crypto_result ppk_mix(struct turn *t)
{
    struct larval *birth = t->sa->birth;
    birth->ppk_keys = t->sa->keys;
    enum crypto_result result = keys_mix_ppk(t->e->crypto, t->sa->suite.prf,
                                             shared_secret_view(t->answer->ppk), &birth->ppk_keys);
    birth->has_ppk = result == CRYPTO_OK;
    birth->ppk_strong = t->answer->quantum_safe;
    return result;
}

void ppk_commit(struct turn *t)
{
    struct larval *birth = t->sa->birth;
    if (birth->has_ppk)
        t->sa->keys = birth->ppk_keys;
    t->sa->ppk = ppk_is_in(birth);
    t->sa->ppk_strong = t->sa->ppk && birth->ppk_strong;
}

bool ppk_add(struct turn *t)
{
    const struct larval *birth = t->sa->birth;
    struct notify_ppk_key key = {.ppk = {PPK_FIXED, birth->ppk_id}};
    if (!birth->has_ppk)
        return true;
    return add_named(t, NOTIFY_PPK_IDENTITY, &key) &&
           (!birth->plain_auth.len || ike_msg_add_notify(&t->out, &t->slot->arena,
                                                         NOTIFY_NO_PPK_AUTH, birth->plain_auth));
}

/* ---- early (RFC 9867) ------------------------------------------------------------------------ */

static struct ike_seed seed_of(const struct ike_sa *sa)
{
    return (struct ike_seed){sa->birth->ni, sa->birth->nr, sa->spi_i, sa->spi_r};
}

/* Keep the PPK that came until its exchange is done; it is wiped with the larva. */
static bool keep(struct turn *t, struct bytes id)
{
    struct larval *birth = t->sa->birth;
    birth->ppk = ARENA_NEW(&birth->arena, struct shared_secret);
    if (!birth->ppk || !arena_copy(&birth->arena, id, &birth->ppk_id) ||
        !arena_copy(&birth->arena, t->answer->ppk_source, &birth->ppk_source))
        return false;
    *birth->ppk = *t->answer->ppk;
    birth->ppk_strong = t->answer->quantum_safe;
    return true;
}

static enum crypto_result confirm(struct turn *t, uint8_t out[PPK_CONFIRMATION_LEN])
{
    struct ike_seed seed = seed_of(t->sa);
    return keys_confirm_ppk(t->e->crypto, t->sa->suite.prf, &seed,
                            shared_secret_view(t->answer->ppk), out, PPK_CONFIRMATION_LEN);
}

/* The last thing that happens to the keys before IKE_AUTH: behind any key exchange's. */
static enum crypto_result mix_all(struct turn *t)
{
    struct ike_sa *sa = t->sa;
    struct larval *birth = sa->birth;
    struct ike_seed seed = seed_of(sa);
    struct secret d = birth->has_next_keys ? birth->next_keys.d : sa->keys.d;
    enum crypto_result result = keys_with_ppk(t->e->crypto, &sa->suite, &seed,
                                              shared_secret_view(birth->ppk), &d,
                                              &birth->next_keys);
    secret_wipe(&d);
    shared_secret_wipe(birth->ppk);
    birth->has_next_keys = birth->early_ppk = result == CRYPTO_OK;
    return result;
}

bool ppk_is_due(const struct ike_sa *sa)
{
    return ppk_is_early(sa) && schedule_left(&sa->birth->schedule) <= 1 && !sa->birth->ppk;
}

struct verdict ppk_offer(struct turn *t)
{
    uint8_t confirmation[PPK_CONFIRMATION_LEN];
    if (t->answer->status != ANSWER_OK)
        return t->sa->conn->ppk_required
                   ? verdict_because(
                         verdict_kill(IKE_REASON_NO_SECRET, NOTIFY_AUTHENTICATION_FAILED),
                         explain_ppk(t, "the PPK that is required is not at hand",
                                     t->sa->conn->ppk_id))
                   : VERDICT_OK;
    if (!keep(t, t->answer->ppk_id) || confirm(t, confirmation) != CRYPTO_OK)
        return verdict_fault();
    struct notify_ppk_key key = {.ppk = {PPK_FIXED, t->sa->birth->ppk_id},
                                 .confirmation = BYTES_OF(confirmation)};
    return add_named(t, NOTIFY_PPK_IDENTITY_KEY, &key) ? VERDICT_OK : verdict_fault();
}

/* The nth that the request names. */
static bool find_candidate(const struct turn *t, unsigned n, struct notify_ppk_key *key)
{
    for (const struct payload *p = ike_msg_find(t->in, PAYLOAD_NOTIFY); p;
         p = ike_msg_next(t->in, p))
        if (p->u.notify.type == NOTIFY_PPK_IDENTITY_KEY && n-- == 0)
            return notify_ppk_key_read(p->u.notify.data, key);
    return false;
}

/* Whoever waits for this PPK should know: without it the SA comes up, if it may, less well. */
static void tell_unusable(struct turn *t, const char *what, struct bytes id)
{
    struct ike_tell *tell = turn_tell(t, TELL_ALERT, IKE_REASON_NO_SECRET);
    if (tell)
        tell->detail = explain_ppk(t, what, id);
}

static struct verdict judge_candidate(struct turn *t, const struct notify_ppk_key *key)
{
    uint8_t ours[PPK_CONFIRMATION_LEN];
    if (t->answer->status != ANSWER_OK) {
        tell_unusable(t, "the PPK the initiator names is not known here", key->ppk.id);
        return VERDICT_OK;
    }
    if (confirm(t, ours) != CRYPTO_OK)
        return verdict_fault();
    /* a mistake or an attack: no reason to go on with less, even if that were allowed */
    if (!bytes_equal_ct(BYTES_OF(ours), key->confirmation))
        return verdict_because(
            verdict_kill(IKE_REASON_AUTH_REFUSED, NOTIFY_AUTHENTICATION_FAILED),
            explain_ppk(t, "the PPK is not the same on both sides", key->ppk.id));
    return keep(t, key->ppk.id) ? VERDICT_OK : verdict_fault();
}

struct verdict ppk_look(struct turn *t)
{
    struct notify_ppk_key key;
    uint8_t asked = t->slot->step;
    if (!ppk_is_early(t->sa) || t->sa->birth->ppk)
        return VERDICT_OK;
    if (asked > 0 && find_candidate(t, asked - 1u, &key)) {
        struct verdict v = judge_candidate(t, &key);
        if (v.class != V_OK || t->sa->birth->ppk)
            return v;
    }
    if (asked >= PPK_CANDIDATES_MAX || !find_candidate(t, asked, &key))
        return VERDICT_OK;
    t->slot->step = asked + 1u;
    return ppk_ask(t, key.ppk.id);
}

enum crypto_result ppk_answer(struct turn *t)
{
    struct larval *birth = t->sa->birth;
    struct notify_ppk_key key = {.ppk = {PPK_FIXED, birth->ppk_id}};
    if (!birth->ppk || birth->early_ppk)
        return CRYPTO_OK;
    if (!add_named(t, NOTIFY_PPK_IDENTITY, &key))
        return CRYPTO_FAULT;
    return mix_all(t);
}

struct verdict ppk_finish(struct turn *t)
{
    struct larval *birth = t->sa->birth;
    const struct notify_payload *n = ike_msg_notify(t->in, NOTIFY_PPK_IDENTITY);
    struct notify_ppk chosen;
    if (!birth->ppk || birth->early_ppk)
        return VERDICT_OK;
    if (!n && t->sa->conn->ppk_required)
        return verdict_because(
            verdict_kill(IKE_REASON_AUTH_REFUSED, NOTIFY_AUTHENTICATION_FAILED),
            explain_ppk(t, "a PPK is required, but the peer does not have it",
                        birth->ppk_id));
    if (!n) {
        tell_unusable(t, "the peer does not have this PPK", birth->ppk_id);
        shared_secret_wipe(birth->ppk);
        return VERDICT_OK;
    }
    if (!notify_ppk_read(n->data, &chosen) || !bytes_equal(chosen.id, birth->ppk_id))
        return verdict_because(verdict_kill(IKE_REASON_SYNTAX, NOTIFY_INVALID_SYNTAX),
                               "the peer chose a PPK that was not named");
    return mix_all(t) == CRYPTO_OK ? VERDICT_OK : verdict_fault();
}

struct verdict ppk_check(struct turn *t)
{
    const struct conf_conn *conn = t->sa->conn;
    const struct larval *birth = t->sa->birth;
    bool wrong = conn->ppk_id.len && !bytes_equal(conn->ppk_id, birth->ppk_source);
    if (conn->ppk_required && !birth->early_ppk)
        return verdict_because(
            verdict_kill(IKE_REASON_AUTH_REFUSED, NOTIFY_AUTHENTICATION_FAILED),
            ppk_is_early(t->sa) ? "a PPK is required, but the initiator named none that is here"
                                : "a PPK is required, but the initiator uses none");
    if (birth->early_ppk && wrong)
        return verdict_because(
            verdict_kill(IKE_REASON_AUTH_REFUSED, NOTIFY_AUTHENTICATION_FAILED),
            explain_ppk(t, "this PPK is not for the initiator's connection", birth->ppk_id));
    return VERDICT_OK;
}
