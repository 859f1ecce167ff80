/*
 * ppk: post-quantum pre-shared keys, in the two ways there are.
 *
 *   late   RFC 8784  N(USE_PPK). The PPK is named in IKE_AUTH and changes SK_d, SK_pi and SK_pr:
 *                    AUTH is made with the changed ones, and they come into force when the peer is
 *                    believed. Unless it is required, AUTH without it goes along for a responder
 *                    that does not have it.
 *   early  RFC 9867  N(USE_PPK_INT). The PPK is named in the last exchange before IKE_AUTH, with
 *                    eight octets that prove it is the same one, and changes all keys:
 *
 *       Confirmation = first 8 octets of prf(PPK, Ni | Nr | SPIi | SPIr)
 *       SKEYSEED' = prf+(PPK, SK_d), from which all keys follow; IKE_AUTH is protected by them
 *
 * One that is named but has another value ends the SA in either way, required or not.
 *
 * Both are announced by an initiator that has a PPK for its peer; a responder takes the early way
 * if it can. A PPK is asked for by name, and its owner may have to fetch it.
 */
#ifndef BRAID_IKE_PPK_H
#define BRAID_IKE_PPK_H

#include "ike/turn.h"

bool ppk_is_late(const struct ike_sa *sa);
bool ppk_is_early(const struct ike_sa *sa);
/* One went into the keys that AUTH uses. */
bool ppk_is_in(const struct larval *birth);

/* Ask for the PPK of that name; empty: any for these identities. */
struct verdict ppk_ask(struct turn *t, struct bytes id);

/* ---- late ------------------------------------------------------------------------------------ */

/* Mix the one that came into a copy of the keys. */
enum crypto_result ppk_mix(struct turn *t);
/* AUTH is believed: what was mixed is in the SA. */
void ppk_commit(struct turn *t);
/* As initiator: name it in IKE_AUTH, with the AUTH that does without. */
bool ppk_add(struct turn *t);

/* ---- early ----------------------------------------------------------------------------------- */

/* As initiator: is the exchange under way the one that brings the PPK? */
bool ppk_is_due(const struct ike_sa *sa);
/* It came, or did not: into the request. */
struct verdict ppk_offer(struct turn *t);
/*
 * As responder: look for one of those that the request names, asking for one after the other in
 * slot->step. OK when there is nothing more to ask.
 */
struct verdict ppk_look(struct turn *t);
/* As responder: the one that was found, into the answer and the next keys. */
enum crypto_result ppk_answer(struct turn *t);
/* As initiator: what the responder chose. */
struct verdict ppk_finish(struct turn *t);
/* As responder, when it is known who the peer is: is the PPK one for this connection? */
struct verdict ppk_check(struct turn *t);

#endif
