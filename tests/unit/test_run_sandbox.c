/* run/sandbox: each thing is tried by a process of its own, inside the sandbox and outside it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "run/sandbox.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

enum outcome {
    ALLOWED,
    REFUSED,
    KILLED,
};

static char inside[64], outside[64];

static bool can_write(const char *dir)
{
    char path[96];
    snprintf(path, sizeof path, "%s/file", dir);
    int fd = open(path, O_CREAT | O_WRONLY | O_CLOEXEC, 0600);
    return fd >= 0 && close(fd) == 0 && unlink(path) == 0;
}

static bool write_inside(void)
{
    return can_write(inside);
}

static bool write_outside(void)
{
    return can_write(outside);
}

static bool read_anything(void)
{
    int fd = open("/etc/passwd", O_RDONLY | O_CLOEXEC);
    return fd >= 0 && close(fd) == 0;
}

static bool run_program(void)
{
    execl("/bin/true", "true", (char *)NULL);
    return false;
}

static bool trace(void)
{
    return ptrace(PTRACE_TRACEME, 0, NULL, NULL) == 0;
}

static bool mount_something(void)
{
    return mount("none", outside, "tmpfs", 0, NULL) == 0 && umount2(outside, 0) == 0;
}

static bool write_then_run(void)
{
    uint8_t *at = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    return at != MAP_FAILED && mprotect(at, 4096, PROT_READ | PROT_EXEC) == 0;
}

static bool map_to_run(void)
{
    return mmap(NULL, 4096, PROT_READ | PROT_WRITE | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) !=
           MAP_FAILED;
}

static bool change_owner(void)
{
    return chown(inside, 1, 1) == 0;
}

static bool bind_low_port(void)
{
    struct sockaddr_in to = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    return fd >= 0 && bind(fd, (struct sockaddr *)&to, sizeof to) == 0;
}

static bool listen_tcp(void)
{
    struct sockaddr_in at = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    return fd >= 0 && bind(fd, (struct sockaddr *)&at, sizeof at) == 0;
}

/* What becomes of a process that enters a sandbox, unless `setup` is NULL, and then tries. */
static enum outcome try(const struct sandbox_setup *setup, bool (*attempt)(void))
{
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        bool entered[SANDBOX_PART_COUNT];
        if (setup)
            sandbox_enter(setup, entered);
        _exit(attempt() ? 0 : 1);
    }
    int status;
    assert_int_equal(waitpid(child, &status, 0), child);
    if (WIFSIGNALED(status)) {
        assert_int_equal(WTERMSIG(status), SIGSYS);
        return KILLED;
    }
    return WEXITSTATUS(status) == 0 ? ALLOWED : REFUSED;
}

static void what_it_needs_stays_and_what_an_intruder_needs_goes(void **state)
{
    /* clang-format off */
    static const struct {
        const char *name;
        bool (*attempt)(void);
        enum outcome within;
    } cases[] = {
        {"write in its directory",  write_inside,    ALLOWED},
        {"read a file",             read_anything,   ALLOWED},
        {"bind a UDP port",         bind_low_port,   ALLOWED},
        {"write elsewhere",         write_outside,   REFUSED},
        {"change a file's owner",   change_owner,    REFUSED},
        {"listen on a TCP port",    listen_tcp,      REFUSED},
        {"run a program",           run_program,     KILLED},
        {"trace a process",         trace,           KILLED},
        {"mount a file system",     mount_something, KILLED},
        {"run what it has written", write_then_run,  KILLED},
        {"memory to write and run", map_to_run,      KILLED},
    };
    /* clang-format on */
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct sandbox_setup setup = {.write_dir = inside};
        print_message("# %s\n", cases[i].name);
        assert_int_equal(try(NULL, cases[i].attempt), ALLOWED);
        assert_int_equal(try(&setup, cases[i].attempt), cases[i].within);
    }
}

static void programs_run_where_they_may(void **state)
{
    struct sandbox_setup setup = {.write_dir = inside, .may_run = true};
    (void)state;
    assert_int_equal(try(&setup, run_program), ALLOWED);
    assert_int_equal(try(&setup, trace), KILLED);
    assert_int_equal(try(&setup, write_outside), REFUSED);
}

static bool all_parts_entered(void)
{
    bool entered[SANDBOX_PART_COUNT];
    sandbox_enter(&(struct sandbox_setup){.write_dir = inside}, entered);
    return entered[SANDBOX_CAPABILITIES] && entered[SANDBOX_LANDLOCK] && entered[SANDBOX_SECCOMP];
}

static void every_part_is_reported(void **state)
{
    (void)state;
    assert_int_equal(try(NULL, all_parts_entered), ALLOWED);
}

static int set_up(void **state)
{
    (void)state;
    snprintf(inside, sizeof inside, "/tmp/braid-sandbox-XXXXXX");
    snprintf(outside, sizeof outside, "/tmp/braid-outside-XXXXXX");
    return mkdtemp(inside) && mkdtemp(outside) ? 0 : -1;
}

static int tear_down(void **state)
{
    (void)state;
    return rmdir(inside) + rmdir(outside);
}

int main(void)
{
#ifdef BRAID_SANITIZED
    puts("1..0 # no sandbox in a build with sanitizers");
    return 0;
#endif
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_it_needs_stays_and_what_an_intruder_needs_goes),
        cmocka_unit_test(programs_run_where_they_may),
        cmocka_unit_test(every_part_is_reported),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
