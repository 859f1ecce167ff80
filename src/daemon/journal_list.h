/*
 * journal_list: the command `explain`: what the journal knows, one event `explained` for each
 * connection (vici/names.h).
 */
#ifndef BRAID_DAEMON_JOURNAL_LIST_H
#define BRAID_DAEMON_JOURNAL_LIST_H

#include "daemon/session.h"

void journal_list(struct session *s, struct bytes message);

#endif
