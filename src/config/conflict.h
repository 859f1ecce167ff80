/*
 * conflict: contradictions that no single key shows: between keys, between the two sides of a
 * connection, between connections and secrets. Run over what was loaded; every complaint points to
 * the key that one would change.
 */
#ifndef BRAID_CONFIG_CONFLICT_H
#define BRAID_CONFIG_CONFLICT_H

#include "config/load.h"
#include "config/settings.h"

/*
 * `root` is the tree of swanctl.conf the connections came from. `secrets` NULL: what there is of
 * them is not known, and nothing is said about them.
 */
void conflict_check(struct settings *settings, struct problem_list *problems,
                    const struct view *root, const struct config *config,
                    const struct secret_list *secrets);

#endif
