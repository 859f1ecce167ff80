/*
 * status: descriptions of SAs that outlive them, for events.
 */
#ifndef BRAID_IKE_STATUS_H
#define BRAID_IKE_STATUS_H

#include "ike/sa.h"

/* Copies in the arena; NULL when it is full. */
const struct ike_sa_info *status_keep_sa(struct arena *arena, const struct ike_sa *sa);
const struct ike_child_info *status_keep_child(struct arena *arena, const struct ike_sa *sa,
                                               const struct child *c);

#endif
