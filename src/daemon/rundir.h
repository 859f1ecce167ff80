/*
 * rundir: the folder of a running braidd: its control socket, and a lock so that there is only one.
 *
 * The lock is the kernel's (flock), so it cannot be left behind; the file also names the process
 * for people.
 */
#ifndef BRAID_DAEMON_RUNDIR_H
#define BRAID_DAEMON_RUNDIR_H

#include <stdbool.h>
#include <stddef.h>

/* Make `dir` if need be and lock it. The descriptor that holds the lock, or -1 with `why`. */
int rundir_take(const char *dir, char *why, size_t why_len);
void rundir_release(const char *dir, int fd); /* removes the lock file */

/*
 * The socket for a group as well: it may enter `dir`, and the socket becomes its with mode 0660. A
 * folder that another group may use is not taken away from it. NULL: nothing is to be done.
 */
bool rundir_share(const char *dir, const char *socket, const char *group, char *why, size_t why_len);

#endif
