/*
 * audit: what a configuration and the SAs there are mean once quantum computers exist.
 *
 * Two questions for each: does traffic that is recorded today stay secret, and could somebody with
 * such a computer pass himself off as the peer. The result is JSON, the one model from which the
 * table for people is printed:
 *
 *     {kind, name, recorded, authentication, methods [..], key-exchanges [..],
 *      missing [{what, change}]}
 *
 * kind: connection, child, ike-sa, child-sa. recorded, authentication: safe, depends (on what the
 * peer chooses), unsafe, and for authentication unknown (an SA whose connection is gone).
 */
#ifndef BRAID_CLI_AUDIT_H
#define BRAID_CLI_AUDIT_H

#include "config/load.h"
#include "cred/keyring.h"

#include <jansson.h>

/* Connections and their children, appended to the array. */
void audit_configuration(json_t *rows, const struct loaded *l);
/* An IKE SA of a `list-sa` event and its Child SAs. */
void audit_sa(json_t *rows, struct bytes name, struct bytes sa);
/* Is every row safe in both respects? */
bool audit_is_safe(const json_t *rows);

/* CycloneDX 1.6: algorithms, certificates, protocols and what depends on what. A new reference. */
json_t *cbom_make(const struct loaded *l, const struct keyring *keys, const struct wallet *w);

#endif
