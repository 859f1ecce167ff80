/*
 * same: do two configurations of a connection or a child say the same? What a reload or a load-conn
 * leaves alone, and what it has to end and begin anew.
 */
#ifndef BRAID_CONFIG_SAME_H
#define BRAID_CONFIG_SAME_H

#include <braid/config.h>

/* All but the children, and where it was read from. */
bool same_conn(const struct conf_conn *a, const struct conf_conn *b);
bool same_child(const struct conf_child *a, const struct conf_child *b);

#endif
