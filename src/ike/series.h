/*
 * series: a larval SA on its way through CREATE_CHILD_SA and the rounds that follow: what comes
 * next, what a failure leads to, and how two series for the same SA settle who stays (RFC 7296 2.8,
 * RFC 9370 2.2.4).
 */
#ifndef BRAID_IKE_SERIES_H
#define BRAID_IKE_SERIES_H

#include "ike/negotiate.h"

/*
 * An exchange of the series in slot->larval is done: on to the next round, or the larva becomes an
 * SA. For the `done` hook of both roles.
 */
enum crypto_result series_done(struct turn *t);

/*
 * The peer refused or lost our series `l` with this notify (0 = something else). Wants again what
 * may work another time; the verdict says what is told.
 */
struct verdict series_refused(struct turn *t, struct larval *l, const struct notify_payload *error);

/*
 * A new Child SA of ours was refused with this notify. If that was because it is for more than one
 * pair of addresses, and the offer began with the pair of a packet: want one for that pair alone.
 */
bool series_wants_pair(struct turn *t, const struct larval *l, uint16_t notify);

/*
 * We cannot accept the answer in t->in for the reason `v`. If it left no round open the peer has
 * made the SA: it must not keep it.
 */
struct verdict series_rejected(struct turn *t, const struct larval *l, struct verdict v);

/*
 * The peer deletes a Child SA we do not know. It may be the one whose making we have not heard of
 * yet: its answer to our series is still on the way.
 */
void series_note_delete(struct turn *t, uint32_t spi);

/* A Child SA is gone: whoever rekeys it does so in vain. */
void series_void(struct turn *t, uint32_t child_id);

/*
 * The peer deletes this Child SA before the one it replaced: its rekey is undone. It could not
 * accept our answer; or our own rekey won, as we will hear. The old Child SA stays in use. One that
 * was replaced in its turn is just at its end: the peer has forgotten to delete the old one.
 */
void series_undone(struct turn *t, struct child *child);

/*
 * The peer's exchange `theirs` rekeys what an exchange of ours rekeys as well: remember its nonces,
 * they will decide. False when out of memory.
 */
bool series_note_rival(struct turn *t, const struct larval *theirs);

/* Our larva that rekeys this Child SA (0: the IKE SA), or NULL. */
struct larval *series_ours(const struct ike_sa *sa, enum larval_kind kind, uint32_t rekeys);

/*
 * The links between the rounds (in the file of the exchange that carries them): write ours into
 * t->out; is there one of the peer's in t->in? Read it, false when there is none.
 */
bool round_write_link(struct turn *t, struct larval *l);
bool round_has_link(const struct turn *t);
bool round_read_link(struct turn *t, struct larval *l);

/* Time is up for a series. */
void series_expire(struct turn *t, struct larval *l);

/* Our own rekey of the IKE SA came to nothing: if the peer's waits complete, it takes effect. */
void series_settle_waiting(struct turn *t);

#endif
