/*
 * owner: which pre-shared keys can serve a connection, as far as the configuration alone tells.
 *
 * Identities of peers may be patterns, so this says "may"; src/cred decides at run time.
 */
#ifndef BRAID_CONFIG_OWNER_H
#define BRAID_CONFIG_OWNER_H

#include <braid/config.h>
#include <braid/secrets.h>

/* May an identity be both? */
bool owner_may_fit(const struct conf_identity *a, const struct conf_identity *b);
/* May this secret be the pre-shared key of the connection? */
bool owner_secret_may_serve(const struct secret_entry *s, const struct conf_conn *c);

#endif
