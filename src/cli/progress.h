/*
 * progress: a line for each exchange that a command of ours leads to, as `progress` events tell it:
 *
 *     CREATE_CHILD_SA   x25519     → 233 B  ← 241 B    1+1 datagrams      1.9 ms
 */
#ifndef BRAID_CLI_PROGRESS_H
#define BRAID_CLI_PROGRESS_H

#include "base/bytes.h"

void progress_show(struct bytes message);

#endif
