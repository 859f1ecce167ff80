/*
 * speak: how a message we built leaves (stages 10, 11 and 13 of the route): encode, seal, split,
 * remember, send, and send again.
 */
#ifndef BRAID_IKE_SPEAK_H
#define BRAID_IKE_SPEAK_H

#include "ike/turn.h"

/*
 * Send the request in turn->out and arm its retransmission. For V_AGAIN: replaces the one sent
 * before, under the same message id.
 */
enum crypto_result speak_request(struct turn *t);

/*
 * Build the response from turn->out: encoded and sealed, kept for repeats, not yet sent: `done` of
 * the exchange comes between (a new epoch of keys must not be in force before the response is
 * sealed).
 */
enum crypto_result speak_prepare_response(struct turn *t);
void speak_response(struct turn *t);

/*
 * Time is up for the request under way: send again, perhaps in smaller fragments. False: enough
 * tries, give up.
 */
bool speak_again(struct turn *t);

/* Send the kept response once more. */
void speak_repeat(struct turn *t);

/* How many octets the message in turn->out has, unencrypted. */
size_t speak_len(struct turn *t);

/*
 * An unprotected error in answer to a datagram that belongs to no SA; never longer than what it
 * answers.
 */
void speak_unprotected(struct ike_engine *e, struct ike_effects *fx, const struct ike_path *path,
                       const struct ike_header *request, size_t request_len, uint16_t notify,
                       struct bytes data);

#endif
