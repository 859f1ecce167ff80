/*
 * schedule: the rounds of key exchange of one SA under negotiation (RFC 9370). It owns them; exchanges only
 * carry them.
 *
 *   plan    from the chosen proposal: the slots in ascending transform type, NONE left out
 *   offer   begin the round as the asking side: the data for our KE payload
 *   answer  serve the round: the peer's KE payload in, the data for ours out
 *   finish  end the round as the asking side
 *   next    one round is done, go to the following
 *
 * Round 0 of an IKE_SA_INIT begins before anything is chosen: schedule_guess.
 *
 * In IKE_SA_INIT and CREATE_CHILD_SA the first round travels along; what remains goes through
 * IKE_INTERMEDIATE or IKE_FOLLOWUP_KE, one round each.
 */
#ifndef BRAID_IKE_SCHEDULE_H
#define BRAID_IKE_SCHEDULE_H

#include "ike/proposal.h"
#include <braid/crypto.h>

struct schedule {
    uint8_t count, at; /* rounds planned, and the one under way; at == count: all done */
    struct {
        uint8_t slot;
        const struct alg *kex;
    } round[KEX_SLOTS];
    bool planned;                            /* before the plan there is a guess at most */
    struct kex *pending;                     /* our half of the round under way, as the asking side */
    const struct alg *pending_kex;           /* the method it belongs to: a wrong guess is never finished */
    uint8_t held;                            /* secrets collected */
    struct shared_secret *secret[KEX_SLOTS]; /* in order of the rounds; see schedule_forget */
};

/*
 * Plan from a choice. False when a method has no row in alg.def (cannot happen for a choice) or a round was
 * done already. Keeps a guess whose method was chosen for slot 0; any other is freed with the next offer or
 * the end. May be repeated until the first round is done (an IKE_SA_INIT response may be forged).
 */
bool schedule_plan(struct schedule *s, const struct choice *choice);

/*
 * Begin round 0 with this method before anything is chosen; a second call replaces the first
 * (INVALID_KE_PAYLOAD). data: KEX_DATA_MAX octets, *len receives the length.
 */
enum crypto_result schedule_guess(struct schedule *s, const struct crypto *c, const struct alg *kex,
                                  uint8_t *data, size_t *len);

/* The method of the round under way, or of the guess before the plan; NULL when all are done. */
const struct alg *schedule_method(const struct schedule *s);
/* Rounds that remain, the one under way included. */
uint8_t schedule_left(const struct schedule *s);
/*
 * Does the choice need rounds beyond the one that travels along? Then both sides must have announced the
 * extension.
 */
bool schedule_needs_more(const struct choice *choice);

enum crypto_result schedule_offer(struct schedule *s, const struct crypto *c, uint8_t *data, size_t *len);
/*
 * `method` is what the peer's KE payload says; a wrong one is CRYPTO_BAD. Collects the secret and goes to
 * the next round. Hostile.
 */
enum crypto_result schedule_answer(struct schedule *s, const struct crypto *c, const struct alloc *alloc,
                                   uint16_t method, struct bytes offer, uint8_t *data, size_t *len);
enum crypto_result schedule_finish(struct schedule *s, const struct crypto *c, const struct alloc *alloc,
                                   uint16_t method, struct bytes answer);

/* The secret collected last, NULL if none. */
const struct shared_secret *schedule_last(const struct schedule *s);
/* Wipe and free the secrets collected so far (they went into keys); the count of rounds done stays. */
void schedule_forget(struct schedule *s, const struct alloc *alloc);
/* Give everything back. */
void schedule_wipe(struct schedule *s, const struct crypto *c, const struct alloc *alloc);

#endif
