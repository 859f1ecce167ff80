/*
 * sandbox: what a process that has opened all it needs gives up for good, so that somebody who
 * takes it over through a datagram finds little to do with it.
 *
 *     capabilities   all but those it works with, also for programs it might start
 *     Landlock       it writes, makes and removes files in one directory, runs no program, and
 *                    listens on no TCP port; reading stays, because a reload may name any file
 *     seccomp        system calls that only an attacker would make end the process: programs,
 *                    other processes' memory, mounts, namespaces, kernel modules, new executable
 *                    memory
 *
 * Call it after the last file, device and socket was opened and before the first thread starts.
 * Nothing of it can be undone.
 */
#ifndef BRAID_RUN_SANDBOX_H
#define BRAID_RUN_SANDBOX_H

#include <stdbool.h>
#include <stddef.h>

enum sandbox_part {
    SANDBOX_CAPABILITIES,
    SANDBOX_LANDLOCK,
    SANDBOX_SECCOMP,
    SANDBOX_PART_COUNT,
};

struct sandbox_setup {
    const char *write_dir; /* where files may still be written, made and removed; it exists */
    bool may_run;          /* whether other programs may be started */
};

/*
 * Enters each part and says in `entered` which of them hold. A part that this kernel, or the
 * container around us, does not give is left out; that is for the caller to report. A build with
 * sanitizers enters none: they need what is forbidden here.
 */
void sandbox_enter(const struct sandbox_setup *setup, bool entered[SANDBOX_PART_COUNT]);

#endif
