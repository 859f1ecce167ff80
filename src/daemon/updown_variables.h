/*
 * updown_variables: what a command of `updown` is told, in the variables that scripts for strongSwan
 * (and before it for FreeS/WAN's pluto) read.
 */
#ifndef BRAID_DAEMON_UPDOWN_VARIABLES_H
#define BRAID_DAEMON_UPDOWN_VARIABLES_H

#include "base/text.h"
#include <braid/ike.h>

struct updown_event {
    bool up;
    const struct ike_sa_info *sa;
    const struct ike_child_info *child;
    const char *interface; /* that has our address; "" = none known */
    const char *device;    /* that the tunnel's packets go through */
};

/* Do packets between these exist: of one IP version, of one protocol? */
bool updown_is_pair(const struct selector *ours, const struct selector *theirs);

/* "up-client", "down-host-v6": host: our selector is the very address of the tunnel's end. */
const char *updown_verb(const struct updown_event *e, const struct selector *ours);

/* Lines `NAME=value`, printable ASCII. What does not fit sets t->cut. */
void updown_variables(struct text *t, const struct updown_event *e, const struct selector *ours,
                      const struct selector *theirs);

#endif
