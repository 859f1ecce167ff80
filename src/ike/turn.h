/*
 * turn: what handlers and stages do to the world: ask, tell, install, close. Everything goes into the list of effects.
 */
#ifndef BRAID_IKE_TURN_H
#define BRAID_IKE_TURN_H

#include "base/text.h"
#include "ike/exchange.h"

/* Park the slot behind a question. The octets and identities of `ask` are copied into the effects. */
struct verdict turn_ask(struct turn *t, const struct ike_ask *ask);

/* An event about this SA (t->sa may be NULL for first contacts). The caller fills in what is special; NULL when effects are exhausted. */
struct ike_tell *turn_tell(struct turn *t, enum tell_kind kind, enum ike_reason reason);
struct ike_tell *turn_tell_child(struct turn *t, enum tell_kind kind, const struct child *child, enum ike_reason reason);

/* A sentence for an event, in the effects' arena: "%" is replaced by the next part. */
const char *turn_sentence(struct turn *t, const struct text *text);
/* Room for such a sentence. */
enum { SENTENCE_MAX = 512 };

/* ---- the life of SAs ---- */

/* A new IKE SA in phase NEW with a birth larva and an SPI of ours; not in any table but by_spi and by_id. NULL: memory or randomness. */
struct ike_sa *turn_new_sa(struct turn *t, bool initiator, const struct conf_conn *conn, const struct ike_path *path);

/* The SA authenticated: out of the budget, into the table by identity. */
void turn_sa_up(struct turn *t);

/*
 * The SA is over: events, data plane, tables. With `linger` it stays a while in phase CLOSING, without children, to answer repeats; else it is gone. Calling it
 * again for a lingering SA ends the lingering.
 */
void turn_close(struct turn *t, const struct verdict *why, bool linger);
/* The same, for an SA that is not the turn's. */
void turn_close_other(struct turn *t, struct ike_sa *sa, enum ike_reason reason);

/* Take a Child SA away: data plane and event. It is freed. */
void turn_remove_child(struct turn *t, struct child *child, enum ike_reason reason);

/* The SA's endpoints changed: its Child SAs move along. */
void turn_move(struct turn *t, const struct ike_path *path);

/* Recompute when the SA's next deadline is. To be called whenever one changed. */
void turn_arm(struct turn *t);

#endif
