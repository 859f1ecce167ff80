/*
 * runner_process: see runner_process.h. It holds a list of commands, a socket and /dev/null, and
 * nothing its owner knows: it was forked before there was anything to know. What comes through the
 * socket may come from somebody who has taken the owner over.
 */
#include "run/runner_process.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum {
    SOCKET_FD = 3,
    MS = 1000,
};

static char path_variable[] = "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

struct process {
    unsigned seconds;
    bool sealed;
    size_t count;
    char *command[RUNNER_COMMANDS];
    struct runner_message message; /* the last one that came */
};

/* A program at work. */
struct run {
    pid_t pid;
    int out; /* what it says; -1: it has closed it */
    int64_t end_at;
    uint8_t line[RUNNER_LINE_MAX];
    size_t len;
    uint32_t lines, unsaid;
};

static int64_t now_ms(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (int64_t)t.tv_sec * MS + t.tv_nsec / 1000000;
}

static void report(enum runner_kind kind, int number, uint32_t unsaid, struct bytes text)
{
    struct runner_message m = {.head = {(uint32_t)kind, (uint32_t)number, unsaid}};
    if (text.len > 0)
        memcpy(m.text, text.at, text.len);
    (void)!send(SOCKET_FD, &m, sizeof m.head + text.len, MSG_NOSIGNAL);
}

/* ---- becoming it ----------------------------------------------------------------------------- */

/* Only to be woken by the end of a program. */
static void on_child(int number)
{
    (void)number;
}

static void set_signals(void)
{
    static const int ignored[] = {SIGTERM, SIGINT, SIGHUP, SIGPIPE, SIGQUIT, SIGTSTP, SIGUSR1, SIGUSR2};
    struct sigaction woken = {.sa_handler = on_child};
    sigset_t child;
    for (size_t i = 0; i < sizeof ignored / sizeof ignored[0]; i++)
        signal(ignored[i], SIG_IGN);
    sigaction(SIGCHLD, &woken, NULL);
    sigemptyset(&child);
    sigaddset(&child, SIGCHLD);
    sigprocmask(SIG_SETMASK, &child, NULL);
}

/* False: the owner is gone, or something of what the programs are to find is missing. */
static bool shut_others_out(int fd, pid_t owner)
{
    if (prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0) != 0 || getppid() != owner)
        return false;
    (void)prctl(PR_SET_NAME, "braidd-runner", 0, 0, 0);
    int null = open("/dev/null", O_RDWR);
    if (null < 0 || chdir("/") != 0)
        return false;
    setsid();
    umask(022);
    int socket = fcntl(fd, F_DUPFD, SOCKET_FD + 1); /* out of the way of those that are made now */
    if (socket < 0 || dup2(null, 0) != 0 || dup2(null, 1) != 1 || dup2(null, 2) != 2 ||
        dup3(socket, SOCKET_FD, O_CLOEXEC) != SOCKET_FD)
        return false;
    return close_range(SOCKET_FD + 1, ~0U, 0) == 0;
}

/* ---- one program ----------------------------------------------------------------------------- */

/* In the new process. What can go wrong is said where the program would have spoken. */
static _Noreturn void become(const char *command, char **variables, int out)
{
    static char copy[RUNNER_COMMAND_MAX + 1];
    char *words[RUNNER_WORDS + 1];
    sigset_t none;
    (void)setpgid(0, 0);
    (void)prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
    for (int number = 1; number < NSIG; number++)
        signal(number, SIG_DFL);
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
    snprintf(copy, sizeof copy, "%s", command);
    if (dup2(out, 1) == 1 && dup2(out, 2) == 2 && runner_split(copy, words)) {
        execve(words[0], words, variables);
        dprintf(1, "%s cannot be run: %s\n", words[0], strerror(errno));
    }
    _exit(RUNNER_NOT_RUN);
}

/* Lines become texts in place. False: one of them may not be a variable, or they are too many. */
static bool take_variables(uint8_t *text, size_t len, char *variables[RUNNER_VARIABLES + 2])
{
    size_t count = 0;
    variables[count++] = path_variable;
    for (size_t at = 0; at < len;) {
        uint8_t *end = memchr(text + at, '\n', len - at);
        if (!end || count > RUNNER_VARIABLES ||
            !runner_is_variable(bytes_make(text + at, (size_t)(end - text) - at)))
            return false;
        *end = '\0';
        variables[count++] = (char *)text + at;
        at = (size_t)(end - text) + 1;
    }
    variables[count] = NULL;
    return true;
}

static bool begin(struct process *p, size_t text_len, struct run *r)
{
    char *variables[RUNNER_VARIABLES + 2];
    int pipe_fd[2];
    *r = (struct run){.pid = -1, .out = -1, .end_at = now_ms() + (int64_t)p->seconds * MS};
    if (p->message.head.number >= p->count || !take_variables(p->message.text, text_len, variables) ||
        pipe2(pipe_fd, O_CLOEXEC) != 0)
        return false;
    r->pid = fork();
    if (r->pid == 0)
        become(p->command[p->message.head.number], variables, pipe_fd[1]);
    close(pipe_fd[1]);
    if (r->pid < 0) {
        close(pipe_fd[0]);
        return false;
    }
    (void)setpgid(r->pid, r->pid); /* the child does it, too: whoever is first */
    r->out = pipe_fd[0];
    (void)fcntl(r->out, F_SETFL, O_NONBLOCK);
    return true;
}

static void flush_line(struct run *r)
{
    if (r->len == 0)
        return;
    if (r->lines < RUNNER_LINES)
        report(RUNNER_LINE, 0, 0, bytes_make(r->line, r->len));
    else
        r->unsaid++;
    r->lines++;
    r->len = 0;
}

/* One reading of what there is; more comes in the next round, unless the program's time is over. */
static bool take_output(struct run *r)
{
    uint8_t some[4096];
    ssize_t got = r->out >= 0 ? read(r->out, some, sizeof some) : -1;
    for (ssize_t i = 0; i < got; i++) {
        if (some[i] == '\n' || r->len == sizeof r->line)
            flush_line(r);
        if (some[i] != '\n')
            r->line[r->len++] = some[i];
    }
    if (got == 0) {
        close(r->out);
        r->out = -1;
    }
    return got > 0;
}

static void finish(struct run *r, enum runner_kind kind, int number)
{
    /* what it said last; a process that it left behind may go on talking, to nobody */
    for (unsigned i = 0; i < RUNNER_LINES && take_output(r); i++) {
    }
    flush_line(r);
    if (r->out >= 0)
        close(r->out);
    report(kind, number, r->unsaid, BYTES_NONE);
}

static void kill_all(const struct run *r)
{
    (void)kill(-r->pid, SIGKILL);
    while (waitpid(r->pid, NULL, 0) < 0 && errno == EINTR) {
    }
}

static bool has_ended(struct run *r)
{
    int status;
    if (waitpid(r->pid, &status, WNOHANG) != r->pid)
        return false;
    if (WIFEXITED(status))
        finish(r, RUNNER_EXITED, WEXITSTATUS(status));
    else
        finish(r, RUNNER_KILLED, WTERMSIG(status));
    return true;
}

/* False: the owner is gone. */
static bool watch(struct run *r)
{
    sigset_t none;
    sigemptyset(&none);
    for (;;) {
        if (has_ended(r))
            return true;
        int64_t left = r->end_at - now_ms();
        if (left <= 0) {
            kill_all(r);
            finish(r, RUNNER_LATE, 0);
            return true;
        }
        struct pollfd fds[] = {{.fd = SOCKET_FD, .events = POLLRDHUP}, {.fd = r->out, .events = POLLIN}};
        struct timespec wait = {.tv_sec = left / MS, .tv_nsec = left % MS * 1000000};
        if (ppoll(fds, 2, &wait, &none) > 0 && (fds[0].revents & (POLLRDHUP | POLLHUP | POLLERR))) {
            kill_all(r);
            return false;
        }
        (void)take_output(r);
    }
}

/* ---- serving --------------------------------------------------------------------------------- */

static bool on_allow(struct process *p, size_t text_len)
{
    char *copy = !p->sealed && p->count < RUNNER_COMMANDS && text_len <= RUNNER_COMMAND_MAX
                     ? strndup((const char *)p->message.text, text_len)
                     : NULL;
    if (copy)
        p->command[p->count++] = copy;
    return copy != NULL;
}

static bool on_seal(struct process *p, size_t text_len)
{
    (void)text_len;
    p->sealed = true;
    return true;
}

static bool on_run(struct process *p, size_t text_len)
{
    struct run r;
    if (p->sealed && begin(p, text_len, &r))
        return watch(&r);
    report(RUNNER_REFUSED, 0, 0, BYTES_NONE);
    return true;
}

_Noreturn void runner_process(int fd, pid_t owner, unsigned seconds)
{
    static bool (*const handlers[])(struct process *p, size_t text_len) = {
        [RUNNER_MESSAGE_ALLOW] = on_allow,
        [RUNNER_MESSAGE_SEAL] = on_seal,
        [RUNNER_MESSAGE_RUN] = on_run,
    };
    static struct process p;
    p.seconds = seconds;
    set_signals();
    bool ok = shut_others_out(fd, owner);
    while (ok) {
        ssize_t got = recv(SOCKET_FD, &p.message, sizeof p.message, 0);
        if (got < 0 && errno == EINTR)
            continue;
        ok = got >= (ssize_t)sizeof p.message.head &&
             p.message.head.kind < sizeof handlers / sizeof handlers[0] &&
             handlers[p.message.head.kind](&p, (size_t)got - sizeof p.message.head);
    }
    _exit(0);
}
