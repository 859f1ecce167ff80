/*
 * preview: the command `diff`: what a reload would change, without doing it (vici/names.h).
 */
#ifndef BRAID_DAEMON_PREVIEW_H
#define BRAID_DAEMON_PREVIEW_H

#include "daemon/session.h"

void preview(struct session *s, struct bytes message);

#endif
