/* run/runner: real programs, run by a real runner; and requests of somebody who should not make them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "run/runner.h"
#include "run/runner_process.h"

#include <fcntl.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

static char folder[64], command[4][128];

enum { SAYS,
       FAILS,
       HANGS,
       CHATTERS };
/* clang-format off */
static const char *const scripts[] = {
    [SAYS] = "#!/bin/sh\necho \"$PLUTO_VERB $1 $2 $#\"\nread line || echo 'no input'\nenv | grep -c =\n",
    [FAILS] = "#!/bin/sh\nexit 3\n",
    [HANGS] = "#!/bin/sh\necho here\nsleep 1000 &\nsleep 1000\n",
    [CHATTERS] = ("#!/bin/sh\ni=0; while [ $i -lt 70 ]; do echo line $i; i=$((i + 1)); done\n"
                  "head -c 1200 /dev/zero\n"),
};
/* clang-format on */

static int write_scripts(void **state)
{
    (void)state;
    strcpy(folder, "/tmp/braid-runner-XXXXXX");
    if (!mkdtemp(folder))
        return -1;
    for (size_t i = 0; i < 4; i++) {
        snprintf(command[i], sizeof command[i], "%s/%zu", folder, i);
        FILE *f = fopen(command[i], "we");
        if (!f || fputs(scripts[i], f) < 0 || fclose(f) != 0 || chmod(command[i], 0700) != 0)
            return -1;
    }
    return 0;
}

static int remove_scripts(void **state)
{
    (void)state;
    for (size_t i = 0; i < 4; i++)
        unlink(command[i]);
    return rmdir(folder);
}

/* The next report; `line`, if it is one, as a string. */
static struct runner_report next(struct runner *r, char line[RUNNER_LINE_MAX + 1])
{
    for (;;) {
        struct runner_report report = runner_read(r);
        if (report.kind == RUNNER_NOTHING) {
            struct pollfd fd = {.fd = runner_fd(r), .events = POLLIN};
            assert_int_equal(poll(&fd, 1, 60000), 1);
            continue;
        }
        if (report.line.len > 0)
            memcpy(line, report.line.at, report.line.len);
        line[report.line.len] = '\0';
        return report;
    }
}

static void expect_line(struct runner *r, const char *expected)
{
    char line[RUNNER_LINE_MAX + 1];
    assert_int_equal(next(r, line).kind, RUNNER_LINE);
    assert_string_equal(line, expected);
}

static void expect_end(struct runner *r, enum runner_kind kind, int number)
{
    char line[RUNNER_LINE_MAX + 1];
    struct runner_report report;
    do
        report = next(r, line);
    while (report.kind == RUNNER_LINE);
    assert_int_equal(report.kind, kind);
    assert_int_equal(report.number, number);
}

static struct runner *start(unsigned seconds, const char *words)
{
    char text[256];
    struct runner *r = runner_start(seconds);
    assert_non_null(r);
    for (size_t i = 0; i < 4; i++) {
        snprintf(text, sizeof text, "%s%s", command[i], words);
        assert_true(runner_allow(r, text));
        assert_true(runner_allow(r, text));
        assert_int_equal(runner_find(r, text), i);
    }
    assert_int_equal(runner_count(r), 4);
    assert_int_equal(runner_find(r, "/bin/true"), -1);
    assert_true(runner_seal(r));
    return r;
}

static void commands_are_split_at_blanks(void **state)
{
    static const struct {
        const char *text;
        size_t words;
        const char *last;
    } cases[] = {
        {"/bin/a", 1, "/bin/a"},
        {"/bin/a b", 2, "b"},
        {" /bin/a \t b  c ", 3, "c"},
        {"", 0, NULL},
        {"  ", 0, NULL},
    };
    char *words[RUNNER_WORDS + 1], text[RUNNER_COMMAND_MAX + 1];
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        strcpy(text, cases[i].text);
        assert_int_equal(runner_split(text, words), cases[i].words > 0);
        assert_null(words[cases[i].words]);
        if (cases[i].words)
            assert_string_equal(words[cases[i].words - 1], cases[i].last);
    }
    for (size_t n = 0; n <= RUNNER_WORDS; n++)
        memcpy(text + 2 * n, "a ", 3);
    assert_false(runner_split(text, words));
    text[2 * RUNNER_WORDS] = '\0';
    assert_true(runner_split(text, words));
}

static void only_our_variables_are_variables(void **state)
{
    static const char *const good[] = {"PLUTO_A=", "PLUTO_ME=10.0.0.1", "BRAID_DEVICE=b c=d", "PLUTO_D6_1=$(x)"};
    static const char *const bad[] = {"", "PLUTO_", "PLUTO_A", "PATH=/tmp", "LD_PRELOAD=/x", "PLUTO_a=1",
                                      "PLUTO_A\x80=1", "PLUTO_A=\x80", "PLUTO_A=1\x7f", "PLUTO_A=\n", "PLUTO_A =1", " PLUTO_A=1"};
    (void)state;
    for (size_t i = 0; i < sizeof good / sizeof good[0]; i++)
        assert_true(runner_is_variable(bytes_str(good[i])));
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        assert_false(runner_is_variable(bytes_str(bad[i])));
    assert_false(runner_is_variable(BYTES_LIT("PLUTO_A=\0")));
}

static void a_program_gets_words_and_variables_and_nothing_else(void **state)
{
    (void)state;
    struct runner *r = start(RUNNER_SECONDS, " one  two");
    assert_int_equal(setenv("PLUTO_STRAY", "1", 1), 0);
    assert_true(runner_run(r, SAYS, BYTES_LIT("PLUTO_VERB=up-client\nPLUTO_B=2\n")));
    expect_line(r, "up-client one two 2");
    expect_line(r, "no input");
    expect_line(r, "4"); /* PATH, ours, and PWD, which the shell adds */
    expect_end(r, RUNNER_EXITED, 0);
    assert_true(runner_run(r, FAILS, BYTES_NONE));
    expect_end(r, RUNNER_EXITED, 3);
    runner_end(r);
}

static void a_program_whose_time_is_over_is_ended(void **state)
{
    (void)state;
    struct runner *r = start(1, "");
    assert_true(runner_run(r, HANGS, BYTES_NONE));
    expect_line(r, "here");
    expect_end(r, RUNNER_LATE, 0);
    assert_true(runner_run(r, FAILS, BYTES_NONE));
    expect_end(r, RUNNER_EXITED, 3);
    runner_end(r);
}

static void the_end_of_the_runner_ends_its_program(void **state)
{
    char alive[256];
    (void)state;
    struct runner *r = start(RUNNER_SECONDS, "");
    assert_true(runner_run(r, HANGS, BYTES_NONE));
    expect_line(r, "here");
    runner_end(r);
    snprintf(alive, sizeof alive, "pgrep -f '^/bin/sh %s' >/dev/null", command[HANGS]);
    assert_int_not_equal(system(alive), 0); /* NOLINT(cert-env33-c): our own words */
}

static void much_output_is_cut(void **state)
{
    char line[RUNNER_LINE_MAX + 1], expected[32];
    (void)state;
    struct runner *r = start(RUNNER_SECONDS, "");
    assert_true(runner_run(r, CHATTERS, BYTES_NONE));
    for (int i = 0; i < RUNNER_LINES; i++) {
        snprintf(expected, sizeof expected, "line %d", i);
        expect_line(r, expected);
    }
    struct runner_report report = next(r, line);
    assert_int_equal(report.kind, RUNNER_EXITED);
    assert_int_equal(report.unsaid, 70 - RUNNER_LINES + 3); /* and 1200 octets without an end */
    runner_end(r);
}

static void a_program_that_is_not_there_is_said(void **state)
{
    (void)state;
    struct runner *r = runner_start(RUNNER_SECONDS);
    assert_true(runner_allow(r, "/nowhere/at/all word"));
    assert_true(runner_seal(r));
    assert_true(runner_run(r, 0, BYTES_NONE));
    expect_line(r, "/nowhere/at/all cannot be run: No such file or directory");
    expect_end(r, RUNNER_EXITED, RUNNER_NOT_RUN);
    runner_end(r);
}

static void what_was_not_agreed_on_is_refused(void **state)
{
    static const char *const bad[] = {"PATH=/tmp\n", "LD_PRELOAD=/tmp/x\n", "PLUTO_A=1\nIFS=x\n", "PLUTO_A=1", "\n"};
    char many[RUNNER_VARIABLES_MAX + 1] = "";
    (void)state;
    struct runner *r = start(RUNNER_SECONDS, "");
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        assert_true(runner_run(r, FAILS, bytes_str(bad[i])));
        expect_end(r, RUNNER_REFUSED, 0);
    }
    for (int i = 0; i <= RUNNER_VARIABLES; i++)
        strcat(many, "PLUTO_A=1\n");
    assert_true(runner_run(r, FAILS, bytes_str(many)));
    expect_end(r, RUNNER_REFUSED, 0);
    many[strlen(many) - 10] = '\0';
    assert_true(runner_run(r, FAILS, bytes_str(many)));
    expect_end(r, RUNNER_EXITED, 3);
    assert_true(runner_run(r, 4, BYTES_NONE)); /* there are four: 0 to 3 */
    expect_end(r, RUNNER_REFUSED, 0);
    assert_false(runner_run(r, -1, BYTES_NONE));
    memset(many, 'x', sizeof many);
    assert_false(runner_run(r, FAILS, bytes_make((const uint8_t *)many, sizeof many)));
    runner_end(r);
}

/* Whoever took the owner's place writes into the socket what they want. */
static void nothing_is_added_after_the_seal(void **state)
{
    char line[RUNNER_LINE_MAX + 1];
    (void)state;
    struct runner *r = start(RUNNER_SECONDS, "");
    struct {
        struct runner_head head;
        char text[9];
    } m = {.head = {.kind = RUNNER_MESSAGE_ALLOW}, .text = "/bin/true"};
    assert_int_equal(send(runner_fd(r), &m, sizeof m.head + 9, MSG_NOSIGNAL), sizeof m.head + 9);
    assert_int_equal(next(r, line).kind, RUNNER_GONE);
    assert_false(runner_run(r, FAILS, BYTES_NONE));
    runner_end(r);
}

static void nothing_runs_before_the_seal(void **state)
{
    (void)state;
    struct runner *r = runner_start(RUNNER_SECONDS);
    assert_true(runner_allow(r, command[FAILS]));
    assert_true(runner_run(r, 0, BYTES_NONE));
    expect_end(r, RUNNER_REFUSED, 0);
    runner_end(r);
}

static void the_list_is_bounded(void **state)
{
    char text[RUNNER_COMMAND_MAX + 2];
    (void)state;
    struct runner *r = runner_start(RUNNER_SECONDS);
    memset(text, 'a', sizeof text);
    text[RUNNER_COMMAND_MAX + 1] = '\0';
    assert_false(runner_allow(r, text));
    for (int i = 0; i < RUNNER_COMMANDS; i++) {
        snprintf(text, sizeof text, "/bin/%d", i);
        assert_true(runner_allow(r, text));
    }
    assert_false(runner_allow(r, "/bin/more"));
    assert_true(runner_allow(r, "/bin/7"));
    runner_end(r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(commands_are_split_at_blanks),
        cmocka_unit_test(only_our_variables_are_variables),
        cmocka_unit_test(a_program_gets_words_and_variables_and_nothing_else),
        cmocka_unit_test(a_program_whose_time_is_over_is_ended),
        cmocka_unit_test(the_end_of_the_runner_ends_its_program),
        cmocka_unit_test(much_output_is_cut),
        cmocka_unit_test(a_program_that_is_not_there_is_said),
        cmocka_unit_test(what_was_not_agreed_on_is_refused),
        cmocka_unit_test(nothing_is_added_after_the_seal),
        cmocka_unit_test(nothing_runs_before_the_seal),
        cmocka_unit_test(the_list_is_bounded),
    };
    return cmocka_run_group_tests(tests, write_scripts, remove_scripts);
}
