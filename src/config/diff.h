/*
 * diff: what is different between two configurations: connections and children that are new, gone
 * or changed, and of those that changed each key with its value before and after.
 *
 * A pure part over two snapshots. Keys and their types come from the schema; where a key was not
 * written the default that applies is compared, so only what has an effect is reported.
 */
#ifndef BRAID_CONFIG_DIFF_H
#define BRAID_CONFIG_DIFF_H

#include <braid/config.h>

enum diff_kind { DIFF_ADDED,
                 DIFF_REMOVED,
                 DIFF_CHANGED };

struct diff_line {
    enum diff_kind kind;
    const char *conn, *child; /* child NULL: the connection itself; conn NULL: the engine's settings */
    const char *key;          /* CHANGED: "proposals", "local.id", "rekey_time" */
    const char *before, *after;
};

/* Calls `line` for each difference, in the order of the new configuration, then what is gone. */
void diff_configs(const struct config *before, const struct config *after,
                  void (*line)(void *self, const struct diff_line *line), void *self);

#endif
