/*
 * contact: first contact: a datagram that belongs to no SA (RFC 7296 2.6, 2.21.4). Nothing is
 * allocated before the budget and the cookie allow it.
 */
#ifndef BRAID_IKE_CONTACT_H
#define BRAID_IKE_CONTACT_H

#include "ike/turn.h"

/* The half-open SA that an IKE_SA_INIT request belongs to already, or NULL. */
struct ike_sa *contact_find(const struct ike_engine *e, const struct ike_header *h,
                            const struct ike_path *path);

/*
 * An IKE_SA_INIT request from a stranger. May answer with a COOKIE. V_OK: the stranger is admitted
 * and turn->sa is a new half-open SA; else a V_DROP. Hostile input.
 */
struct verdict contact_admit(struct turn *t, const struct ike_header *h,
                             const struct ike_path *path, struct bytes datagram);

/*
 * A protected message for an SPI we do not know: perhaps tell the sender, in clear, seldom (RFC
 * 7296 2.21.4).
 */
void contact_unknown(struct ike_engine *e, ike_time now, struct ike_effects *fx,
                     const struct ike_header *h, const struct ike_path *path, size_t len);

/* An unsupported major version: likewise (RFC 7296 2.5). */
void contact_version(struct ike_engine *e, ike_time now, struct ike_effects *fx,
                     const struct ike_header *h, const struct ike_path *path, size_t len);

/*
 * The connections whose addresses fit a path, one after the other: pass NULL first, NULL at the
 * end.
 */
const struct conf_conn *contact_conn(const struct config *c, const struct ike_path *path,
                                     const struct conf_conn *after);

#endif
