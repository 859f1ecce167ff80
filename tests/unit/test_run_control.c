/* run/control: clients that are slow, many, or gone do no harm. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "run/control.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

enum { SESSIONS = CONTROL_CLIENTS + 8 };

struct session {
    struct fixture *f;
    struct control_client *client;
    size_t octets, drained;
    bool closed;
    bool echo;
};

struct fixture {
    uv_loop_t loop;
    struct control *control;
    char dir[64], path[96];
    struct session session[SESSIONS];
    size_t opened, closed;
    bool echo, refuse;
};

static void *on_opened(void *self, struct control_client *client)
{
    struct fixture *f = self;
    assert_true(f->opened < SESSIONS);
    if (f->refuse)
        return NULL;
    struct session *s = &f->session[f->opened++];
    s->f = f;
    s->client = client;
    s->echo = f->echo;
    return s;
}

static void on_octets(void *session, struct bytes octets)
{
    struct session *s = session;
    assert_false(s->closed);
    s->octets += octets.len;
    if (s->echo)
        control_send(s->client, octets);
}

static void on_drained(void *session)
{
    ((struct session *)session)->drained++;
}

static void on_closed(void *session)
{
    struct session *s = session;
    assert_false(s->closed);
    s->closed = true;
    s->f->closed++;
}

static int open_fixture(void **state)
{
    char why[256] = "";
    struct fixture *f = calloc(1, sizeof *f);
    assert_non_null(f);
    strcpy(f->dir, "/tmp/braid-control-XXXXXX");
    assert_non_null(mkdtemp(f->dir));
    snprintf(f->path, sizeof f->path, "%s/vici", f->dir);
    assert_int_equal(uv_loop_init(&f->loop), 0);
    struct control_handlers handlers = {
        .self = f, .opened = on_opened, .octets = on_octets, .drained = on_drained, .closed = on_closed};
    f->control = control_open(&f->loop, f->path, &handlers, why, sizeof why);
    assert_non_null(f->control);
    f->echo = true;
    *state = f;
    return 0;
}

static int close_fixture(void **state)
{
    struct fixture *f = *state;
    control_close(f->control);
    uv_run(&f->loop, UV_RUN_DEFAULT);
    assert_int_equal(uv_loop_close(&f->loop), 0);
    assert_int_equal(f->opened, f->closed);
    assert_int_equal(access(f->path, F_OK), -1);
    assert_int_equal(rmdir(f->dir), 0);
    free(f);
    return 0;
}

static void turn(struct fixture *f, int times)
{
    for (int i = 0; i < times; i++)
        uv_run(&f->loop, UV_RUN_NOWAIT);
}

static int connect_client(struct fixture *f)
{
    struct sockaddr_un to = {.sun_family = AF_UNIX};
    snprintf(to.sun_path, sizeof to.sun_path, "%s", f->path);
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_true(fd >= 0);
    if (fd < 0)
        return -1; /* for the analyser, which does not know that assertions end a test */
    assert_int_equal(connect(fd, (const struct sockaddr *)&to, sizeof to), 0);
    turn(f, 3);
    return fd;
}

static void what_a_client_says_is_heard_and_answered(void **state)
{
    struct fixture *f = *state;
    char back[8] = "";
    int fd = connect_client(f);
    assert_int_equal(write(fd, "hello", 5), 5);
    turn(f, 3);
    assert_int_equal(read(fd, back, sizeof back), 5);
    assert_memory_equal(back, "hello", 5);
    assert_true(f->session[0].drained >= 1);
    close(fd);
    turn(f, 3);
    assert_int_equal(f->closed, 1);
}

static void only_the_owner_may_connect(void **state)
{
    struct fixture *f = *state;
    struct stat s;
    assert_int_equal(stat(f->path, &s), 0);
    assert_int_equal(s.st_mode & 0777, 0600);
}

static void a_client_that_never_reads_is_closed_when_its_queue_is_full(void **state)
{
    struct fixture *f = *state;
    static uint8_t chunk[100000];
    int slow = connect_client(f), other = connect_client(f);
    int sent = 0;
    while (control_send(f->session[0].client, BYTES_OF(chunk)) && sent < 1000)
        sent++;
    assert_true(sent > 30 && sent < 60);
    turn(f, 5);
    assert_true(f->session[0].closed);
    char back[8];
    assert_int_equal(write(other, "still", 5), 5);
    turn(f, 3);
    assert_int_equal(read(other, back, sizeof back), 5);
    close(slow);
    close(other);
}

static void a_paused_client_is_not_read_until_it_is_resumed(void **state)
{
    struct fixture *f = *state;
    int fd = connect_client(f);
    control_pause(f->session[0].client);
    assert_int_equal(write(fd, "later", 5), 5);
    turn(f, 3);
    assert_int_equal(f->session[0].octets, 0);
    control_resume(f->session[0].client);
    turn(f, 3);
    assert_int_equal(f->session[0].octets, 5);
    close(fd);
}

static void one_client_too_many_is_turned_away_and_the_others_stay(void **state)
{
    struct fixture *f = *state;
    int fd[CONTROL_CLIENTS + 1];
    char octet;
    for (size_t i = 0; i <= CONTROL_CLIENTS; i++)
        fd[i] = connect_client(f);
    turn(f, 5);
    assert_int_equal(f->opened, CONTROL_CLIENTS);
    assert_int_equal(read(fd[CONTROL_CLIENTS], &octet, 1), 0);
    for (size_t i = 0; i <= CONTROL_CLIENTS; i++)
        close(fd[i]);
    turn(f, 5);
    assert_int_equal(f->closed, CONTROL_CLIENTS);
    int again = connect_client(f);
    assert_int_equal(f->opened, CONTROL_CLIENTS + 1);
    close(again);
}

static void a_client_may_be_dropped_from_within_its_own_call(void **state)
{
    struct fixture *f = *state;
    int fd = connect_client(f);
    control_drop(f->session[0].client);
    control_drop(f->session[0].client);
    assert_false(control_send(f->session[0].client, BYTES_LIT("x")));
    turn(f, 3);
    assert_int_equal(f->closed, 1);
    close(fd);
    f->refuse = true;
    fd = connect_client(f);
    turn(f, 3);
    close(fd);
}

static void a_client_that_vanishes_with_octets_on_their_way_is_just_gone(void **state)
{
    struct fixture *f = *state;
    static uint8_t chunk[1000000];
    int fd = connect_client(f);
    assert_true(control_send(f->session[0].client, BYTES_OF(chunk)));
    close(fd);
    turn(f, 5);
    assert_true(f->session[0].closed);
}

static void a_path_too_long_for_a_socket_is_refused(void **state)
{
    struct fixture *f = *state;
    char why[256] = "", path[300];
    struct control_handlers handlers = {
        .self = f, .opened = on_opened, .octets = on_octets, .drained = on_drained, .closed = on_closed};
    memset(path, 'x', sizeof path - 1);
    path[sizeof path - 1] = '\0';
    assert_null(control_open(&f->loop, path, &handlers, why, sizeof why));
    assert_non_null(strstr(why, "too long"));
}

/* Each client takes two descriptors here. */
static void allow_descriptors(void)
{
    struct rlimit limit;
    assert_int_equal(getrlimit(RLIMIT_NOFILE, &limit), 0);
    limit.rlim_cur = limit.rlim_max;
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &limit), 0);
}

int main(void)
{
    allow_descriptors();
    signal(SIGPIPE, SIG_IGN);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(what_a_client_says_is_heard_and_answered, open_fixture,
                                        close_fixture),
        cmocka_unit_test_setup_teardown(only_the_owner_may_connect, open_fixture, close_fixture),
        cmocka_unit_test_setup_teardown(a_client_that_never_reads_is_closed_when_its_queue_is_full,
                                        open_fixture, close_fixture),
        cmocka_unit_test_setup_teardown(a_paused_client_is_not_read_until_it_is_resumed, open_fixture,
                                        close_fixture),
        cmocka_unit_test_setup_teardown(one_client_too_many_is_turned_away_and_the_others_stay, open_fixture,
                                        close_fixture),
        cmocka_unit_test_setup_teardown(a_client_may_be_dropped_from_within_its_own_call, open_fixture,
                                        close_fixture),
        cmocka_unit_test_setup_teardown(a_client_that_vanishes_with_octets_on_their_way_is_just_gone,
                                        open_fixture, close_fixture),
        cmocka_unit_test_setup_teardown(a_path_too_long_for_a_socket_is_refused, open_fixture, close_fixture),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
