/*
 * collision: what happens when both sides want something of the same SA at the same moment. Pure
 * functions; the rules are RFC 7296 2.8.1, 2.8.2, 2.25.1, 2.25.2 and RFC 9370 2.2.4.
 *
 *   the peer asks to ...         while we ...                                       we answer
 *   ---------------------------  -------------------------------------------------  ------------------------------------------------
 *   rekey a Child SA             do not know it                                     CHILD_SA_NOT_FOUND
 *                                may not know it yet: our own series is unanswered  TEMPORARY_FAILURE
 *                                are deleting it, or have replaced it already       TEMPORARY_FAILURE
 *                                have asked to rekey it, no answer yet              serve; both nonces of both exchanges decide later
 *                                are past CREATE_CHILD_SA with our own rekey of it  TEMPORARY_FAILURE
 *   create or rekey a Child SA   rekey or have replaced or are closing the IKE SA   TEMPORARY_FAILURE
 *   rekey the IKE SA             create, rekey or delete a Child SA                 TEMPORARY_FAILURE
 *                                serve an unfinished series for a Child SA          TEMPORARY_FAILURE
 *                                have asked to rekey it, no answer yet              serve; the nonces decide later
 *                                are past CREATE_CHILD_SA with our own rekey        TEMPORARY_FAILURE
 *                                have replaced it or are closing it                 TEMPORARY_FAILURE
 *   delete what we rekey         (anything)                                         serve; our rekey is void
 *
 * When two exchanges that rekey the same SA both succeed, the one with the lowest of the four
 * nonces is redundant; who asked for it undoes it: by deleting the new SA, or, when key exchanges
 * are still to come, by not going on.
 */
#ifndef BRAID_IKE_COLLISION_H
#define BRAID_IKE_COLLISION_H

#include "base/bytes.h"
#include "wire/names.h"

/* What we are doing about an SA. */
struct collision_state {
    bool known;    /* the Child SA exists (of an IKE SA always true) */
    bool coming;   /* an answer to a series of ours is awaited: it may make it known */
    bool ending;   /* being deleted, or replaced by another already */
    bool asked;    /* our own rekey of it is under way */
    bool answered; /* ... and its CREATE_CHILD_SA was answered: further rounds are under way */
    /* for Child SAs: the IKE SA is being rekeyed by us or by the peer. For the IKE SA: some
     * Child SA is under way */
    bool others_busy;
};

/* The notify with which to refuse the peer's rekey, or 0: serve it. */
uint16_t collision_child_rekey(const struct collision_state *s);
uint16_t collision_ike_rekey(const struct collision_state *s);
/* The same for a Child SA that is entirely new. */
uint16_t collision_child_new(const struct collision_state *s);

struct collision_nonces {
    struct bytes ni, nr;
};

/*
 * Of two successful exchanges that rekey the same SA: is ours the redundant one? Equal nonces
 * cannot be; then ours is.
 */
bool collision_ours_is_redundant(const struct collision_nonces *ours,
                                 const struct collision_nonces *theirs);

#endif
