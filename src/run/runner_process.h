/*
 * runner_process: the other side of runner.h, and what the two say to each other: messages of a
 * SOCK_SEQPACKET socket, a head and a text that is the rest.
 */
#ifndef BRAID_RUN_RUNNER_PROCESS_H
#define BRAID_RUN_RUNNER_PROCESS_H

#include "run/runner.h"
#include <sys/types.h>

/* To the runner; its own are those of enum runner_kind. */
enum {
    RUNNER_MESSAGE_ALLOW, /* text: a command */
    RUNNER_MESSAGE_SEAL,
    RUNNER_MESSAGE_RUN, /* number: of a command; text: variables */
};

struct runner_head {
    uint32_t kind, number, unsaid;
};

struct runner_message {
    struct runner_head head;
    uint8_t text[RUNNER_VARIABLES_MAX];
};

/* Serves until the socket is closed or `owner` is gone. */
_Noreturn void runner_process(int fd, pid_t owner, unsigned seconds);

#endif
