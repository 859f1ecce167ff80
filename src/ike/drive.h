/*
 * drive: what carries an exchange through its handler and out again (stages 9 to 13), and the one
 * place where a verdict becomes an action.
 */
#ifndef BRAID_IKE_DRIVE_H
#define BRAID_IKE_DRIVE_H

#include "ike/turn.h"

/* A decoded request or response is in t->slot (and t->in); let its handler judge it. */
void drive_request(struct turn *t);
void drive_response(struct turn *t);
/* The same with a verdict that was reached before the handler: bad syntax, grammar. */
void drive_request_verdict(struct turn *t, struct verdict v);
void drive_response_verdict(struct turn *t, struct verdict v);

/* The answer to a question: call the handler that waits again. */
void drive_resume(struct turn *t, const struct ike_answer *answer);

/* If the `ours` slot is free: the next step of setting the SA up, or the most urgent want. */
void drive_pursue(struct turn *t);

/* The SA that was up is over, now; the peer is told of it if it listens. */
void drive_end(struct turn *t, const struct verdict *why);

/* The exchange under way ends without an answer. */
void drive_give_up(struct turn *t);

#endif
