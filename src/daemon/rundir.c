/*
 * rundir: see rundir.h.
 */
#include "daemon/rundir.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#define LOCK_NAME "braidd.pid"

/* mkdir -p, mode 0700 for what is made. */
static int make_dir(const char *dir)
{
    char path[PATH_MAX];
    size_t len = strlen(dir);
    if (len == 0 || len >= sizeof path)
        return ENAMETOOLONG;
    memcpy(path, dir, len + 1);
    for (char *at = path + 1; *at; at++)
        if (*at == '/') {
            *at = '\0';
            if (mkdir(path, 0755) != 0 && errno != EEXIST)
                return errno;
            *at = '/';
        }
    return mkdir(path, 0700) == 0 || errno == EEXIST ? 0 : errno;
}

static void say_who(int fd, const char *dir, char *why, size_t why_len)
{
    char pid[16] = "?";
    ssize_t len = pread(fd, pid, sizeof pid - 1, 0);
    if (len > 0)
        pid[strcspn(pid, "\n")] = '\0';
    snprintf(why, why_len, "another braidd (process %s) is already running in %s", pid, dir);
}

int rundir_take(const char *dir, char *why, size_t why_len)
{
    char path[PATH_MAX];
    int error = make_dir(dir);
    int fd = -1;
    if (error == 0) {
        snprintf(path, sizeof path, "%.4000s/%s", dir, LOCK_NAME);
        fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0644);
        error = errno;
    }
    if (fd < 0) {
        snprintf(why, why_len, "run directory %s: %s", dir, strerror(error));
        return -1;
    }
    if (flock(fd, LOCK_EX | LOCK_NB) != 0) {
        say_who(fd, dir, why, why_len);
        close(fd);
        return -1;
    }
    if (ftruncate(fd, 0) == 0)
        dprintf(fd, "%ld\n", (long)getpid());
    return fd;
}

void rundir_release(const char *dir, int fd)
{
    char path[PATH_MAX];
    if (fd < 0)
        return;
    snprintf(path, sizeof path, "%.4000s/%s", dir, LOCK_NAME);
    unlink(path);
    close(fd);
}

/* ---- for a group ----------------------------------------------------------------------------- */

/* Whoever may enter finds the socket; what else is there has modes of its own. */
static int let_in(const char *dir, gid_t group)
{
    struct stat is;
    if (stat(dir, &is) != 0)
        return errno;
    bool may_enter = (is.st_mode & S_IXOTH) || (is.st_gid == group && (is.st_mode & S_IXGRP));
    if (may_enter)
        return 0;
    if (is.st_gid != group && (is.st_mode & (S_IRGRP | S_IWGRP)))
        return EBUSY; /* it is another group's */
    if (chown(dir, (uid_t)-1, group) != 0 || chmod(dir, (is.st_mode & 07777) | S_IXGRP) != 0)
        return errno;
    return 0;
}

bool rundir_share(const char *dir, const char *socket, const char *group, char *why, size_t why_len)
{
    const struct group *g = group ? getgrnam(group) : NULL;
    if (!group)
        return true;
    if (!g) {
        snprintf(why, why_len, "control.group: there is no group %s", group);
        return false;
    }
    int error = let_in(dir, g->gr_gid);
    if (error) {
        snprintf(why, why_len, "control.group: run directory %s for %s: %s", dir, group, strerror(error));
        return false;
    }
    if (chown(socket, (uid_t)-1, g->gr_gid) == 0 && chmod(socket, 0660) == 0)
        return true;
    snprintf(why, why_len, "control.group: %s for %s: %s", socket, group, strerror(errno));
    return false;
}
