/*
 * turn: what handlers and stages do to the world: ask, tell, install, close. Everything goes into
 * the list of effects.
 */
#ifndef BRAID_IKE_TURN_H
#define BRAID_IKE_TURN_H

#include "base/text.h"
#include "ike/exchange.h"

/* Park the slot behind a question. The octets and identities of `ask` are copied into the effects. */
struct verdict turn_ask(struct turn *t, const struct ike_ask *ask);

/* A KE payload into t->out; `data` must live as long as the slot. False when out of memory. */
bool turn_add_key_exchange(struct turn *t, uint16_t method, struct bytes data);

/*
 * An event about this SA (t->sa may be NULL for first contacts). The caller fills in what is
 * special; NULL when effects are exhausted.
 */
struct ike_tell *turn_tell(struct turn *t, enum tell_kind kind, enum ike_reason reason);
struct ike_tell *turn_tell_child(struct turn *t, enum tell_kind kind, const struct child *child,
                                 enum ike_reason reason);
/* EXCHANGE or RESENT, about the one in t->slot. */
void turn_tell_exchange(struct turn *t, enum tell_kind kind, bool ours);

/* A copy of a sentence for an event, in the effects' arena; "" when that is full. */
/*
 * This SA's keys are in force. They leave the engine only if the configuration asks for it: the one
 * place where they do, beside the keys of Child SAs for the data plane.
 */
void turn_tell_keys(struct turn *t, const struct ike_sa *sa);
const char *turn_sentence(struct turn *t, const struct text *text);
/* Room for such a sentence. */
enum { SENTENCE_MAX = 512 };

/* ---- the life of SAs ------------------------------------------------------------------------- */

/*
 * A new IKE SA in phase NEW with a birth larva and an SPI of ours; not in any table but by_spi and
 * by_id. NULL: memory or randomness.
 */
struct ike_sa *turn_new_sa(struct turn *t, bool initiator, const struct conf_conn *conn,
                           const struct ike_path *path);

/* The same with a given SPI of ours and without a birth larva: an SA that comes from a rekey. */
struct ike_sa *turn_open_sa(struct turn *t, bool initiator, const struct conf_conn *conn,
                            const struct ike_path *path, uint64_t spi);
/* A free SPI of an IKE SA, of an inbound Child SA; 0 without randomness. */
uint64_t turn_choose_spi(struct ike_engine *e);
uint32_t turn_choose_child_spi(struct ike_engine *e);

/* The turn's SA was rekeyed into `heir`: it only waits for its Delete. */
void turn_replace_sa(struct turn *t, struct ike_sa *heir);

/*
 * Soft and hard limits from the configuration, with their jitter (RFC 7296 2.8: so that not
 * everything is rekeyed at once).
 */
void turn_set_child_limits(struct turn *t, struct child *child);
/* `volume` less a random part of at most `jitter`; 0 stays 0. */
uint64_t turn_soft_volume(struct turn *t, uint64_t volume, uint64_t jitter);
/* A moment between now + at_least and now + twice that. */
ike_time turn_retry_at(struct turn *t, ike_time at_least);

/* The SA authenticated: out of the budget, into the table by identity. */
void turn_sa_up(struct turn *t);

/*
 * The SA is over: events, data plane, tables. With `linger` it stays a while in phase CLOSING,
 * without children, to answer repeats; else it is gone. Calling it again for a lingering SA ends
 * the lingering.
 */
void turn_close(struct turn *t, const struct verdict *why, bool linger);

/*
 * A Child SA is over. One that was replaced lingers: it sends no more, but its inbound half stays
 * for packets on their way; the others go at once. Rekeys of it are void.
 */
void turn_remove_child(struct turn *t, struct child *child, enum ike_reason reason);
/* The end of it all for a Child SA: data plane, tables, event unless it was replaced. It is freed. */
void turn_drop_child(struct turn *t, struct child *child, enum ike_reason reason);

/* Have the data plane retire, move or remove a Child SA that it has. */
void turn_plane(struct turn *t, enum plane_op op, const struct child *child);

/* The SA's endpoints changed: its Child SAs move along. */
void turn_move(struct turn *t, const struct ike_path *path);

/* Recompute when the SA's next deadline is. To be called whenever one changed. */
void turn_arm(struct turn *t);

#endif
