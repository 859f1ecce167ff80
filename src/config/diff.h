/*
 * diff: what is different between two configurations: connections and children that are new, gone
 * or changed, and of those that changed each key with its value before and after.
 *
 * A pure part over two snapshots, and over what is beside them: secrets, the files that connections
 * name, the daemon's settings. Keys and their types come from the schema; where a key was not
 * written the default that applies is compared, so only what has an effect is reported. A secret
 * that changed is named; its value is never told.
 */
#ifndef BRAID_CONFIG_DIFF_H
#define BRAID_CONFIG_DIFF_H

#include "config/load.h"

enum diff_kind { DIFF_ADDED,
                 DIFF_REMOVED,
                 DIFF_CHANGED };

struct diff_line {
    enum diff_kind kind;
    const char *conn, *child;          /* child NULL: the connection itself; conn NULL: no connection's */
    const char *key;                   /* "proposals", "local.id", "engine.port", "secrets.ike-home" */
    const char *before, *after;        /* of what CHANGED; both NULL: not to be shown */
    const struct secret_entry *secret; /* that was added, removed or changed: as it was, if it was */
    const char *note;                  /* what else is to be said, or NULL */
};
typedef void diff_say(void *self, const struct diff_line *line);

/* Calls `line` for each difference, in the order of the new configuration, then what is gone. */
void diff_configs(const struct config *before, const struct config *after, diff_say *line,
                  void *self);
/* Ports, data plane, log. */
void diff_daemon(const struct conf_daemon *before, const struct conf_daemon *after, diff_say *line,
                 void *self);
/* By the names of their sections. */
void diff_secrets(const struct secret_list *before, const struct secret_list *after, diff_say *line,
                  void *self);
/* Which certificates, CAs, keys and signatures the sections that are in both ask for. */
void diff_sections(const struct cred_sections *before, const struct cred_sections *after,
                   diff_say *line, void *self);

#endif
