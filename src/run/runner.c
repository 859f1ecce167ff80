/*
 * runner: see runner.h. This file is the owner's side; the process itself is runner_process.c.
 */
#include "run/runner.h"

#include "run/runner_process.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum {
    END_TRIES = 100, /* how often we look whether it has ended */
    END_PAUSE_NS = 10 * 1000 * 1000,
};

struct runner {
    int fd;
    pid_t pid;
    size_t count;
    char *command[RUNNER_COMMANDS];
    struct runner_message message;
};

struct runner *runner_start(unsigned seconds)
{
    int pair[2];
    struct runner *r = calloc(1, sizeof *r);
    if (!r || socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) != 0) {
        free(r);
        return NULL;
    }
    pid_t owner = getpid();
    r->fd = pair[0];
    r->pid = fork();
    if (r->pid == 0)
        runner_process(pair[1], owner, seconds);
    close(pair[1]);
    if (r->pid < 0) {
        close(r->fd);
        free(r);
        return NULL;
    }
    return r;
}

/* The socket is full only when the other side does not take what it has to: then it is of no use. */
static bool send_message(struct runner *r, uint32_t kind, uint32_t number, struct bytes text, int flags)
{
    r->message.head = (struct runner_head){.kind = kind, .number = number};
    if (text.len > sizeof r->message.text)
        return false;
    if (text.len > 0)
        memcpy(r->message.text, text.at, text.len);
    size_t len = sizeof r->message.head + text.len;
    return send(r->fd, &r->message, len, flags | MSG_NOSIGNAL) == (ssize_t)len;
}

int runner_find(const struct runner *r, const char *command)
{
    for (size_t i = 0; i < r->count; i++)
        if (strcmp(r->command[i], command) == 0)
            return (int)i;
    return -1;
}

bool runner_allow(struct runner *r, const char *command)
{
    if (runner_find(r, command) >= 0)
        return true;
    char *copy = r->count < RUNNER_COMMANDS && strlen(command) <= RUNNER_COMMAND_MAX ? strdup(command)
                                                                                     : NULL;
    if (!copy || !send_message(r, RUNNER_MESSAGE_ALLOW, 0, bytes_str(copy), 0)) {
        free(copy);
        return false;
    }
    r->command[r->count++] = copy;
    return true;
}

size_t runner_count(const struct runner *r)
{
    return r->count;
}

bool runner_seal(struct runner *r)
{
    return send_message(r, RUNNER_MESSAGE_SEAL, 0, BYTES_NONE, 0);
}

int runner_fd(const struct runner *r)
{
    return r->fd;
}

bool runner_run(struct runner *r, int command, struct bytes variables)
{
    return command >= 0 &&
           send_message(r, RUNNER_MESSAGE_RUN, (uint32_t)command, variables, MSG_DONTWAIT);
}

struct runner_report runner_read(struct runner *r)
{
    ssize_t got = recv(r->fd, &r->message, sizeof r->message, MSG_DONTWAIT);
    if (got < 0 && (errno == EAGAIN || errno == EINTR))
        return (struct runner_report){.kind = RUNNER_NOTHING};
    if (got < (ssize_t)sizeof r->message.head)
        return (struct runner_report){.kind = RUNNER_GONE};
    const struct runner_head *head = &r->message.head;
    return (struct runner_report){
        .kind = head->kind > RUNNER_NOTHING && head->kind < RUNNER_GONE ? (enum runner_kind)head->kind
                                                                        : RUNNER_GONE,
        .number = (int)head->number,
        .unsaid = head->unsaid,
        .line = bytes_make(r->message.text, (size_t)got - sizeof *head),
    };
}

/* It ends when it sees the socket closed, which takes a moment and no longer. */
static void wait_for_end(pid_t pid)
{
    for (int i = 0; i < END_TRIES; i++) {
        pid_t ended = waitpid(pid, NULL, WNOHANG);
        if (ended != 0 && !(ended < 0 && errno == EINTR))
            return;
        nanosleep(&(struct timespec){.tv_nsec = END_PAUSE_NS}, NULL);
    }
    kill(pid, SIGKILL);
    (void)waitpid(pid, NULL, 0);
}

void runner_end(struct runner *r)
{
    if (!r)
        return;
    close(r->fd);
    wait_for_end(r->pid);
    for (size_t i = 0; i < r->count; i++)
        free(r->command[i]);
    free(r);
}

/* ---- what both sides know -------------------------------------------------------------------- */

bool runner_split(char *command, char *words[RUNNER_WORDS + 1])
{
    size_t count = 0;
    char *rest = NULL;
    for (char *word = strtok_r(command, " \t", &rest); word; word = strtok_r(NULL, " \t", &rest)) {
        if (count == RUNNER_WORDS)
            return false;
        words[count++] = word;
    }
    words[count] = NULL;
    return count > 0;
}

static bool starts_with(struct bytes line, const char *prefix)
{
    size_t len = strlen(prefix);
    return line.len > len && memcmp(line.at, prefix, len) == 0;
}

bool runner_is_variable(struct bytes line)
{
    size_t name = 0;
    if (!starts_with(line, "PLUTO_") && !starts_with(line, "BRAID_"))
        return false;
    while (name < line.len && ((line.at[name] >= 'A' && line.at[name] <= 'Z') || line.at[name] == '_' ||
                               (line.at[name] >= '0' && line.at[name] <= '9')))
        name++;
    if (name == line.len || line.at[name] != '=')
        return false;
    for (size_t i = name; i < line.len; i++)
        if (line.at[i] < ' ' || line.at[i] > '~')
            return false;
    return true;
}
