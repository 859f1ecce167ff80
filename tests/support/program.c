/* program: see program.h. */
#include "program.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

static char program[512];

int program_find(void **state)
{
    (void)state;
    ssize_t len = readlink("/proc/self/exe", program, sizeof program - 16);
    assert_true(len > 0);
    program[len] = '\0';
    for (int i = 0; i < 2; i++) /* BUILD/tests/unit-cli is next to BUILD/braid */
        *strrchr(program, '/') = '\0';
    strcat(program, "/braid");
    setenv("braid", program, 1);
    setenv("LC_ALL", "C", 1);
    return access(program, X_OK);
}

const char *program_path(void)
{
    return program;
}

int program_shell(const char *line, char output[PROGRAM_OUTPUT_MAX])
{
    char command[4096];
    int len = snprintf(command, sizeof command, "{ %s\n} 2>&1", line);
    assert_true(len > 0 && (size_t)len < sizeof command);
    FILE *f = popen(command, "r");
    assert_non_null(f);
    size_t got = fread(output, 1, PROGRAM_OUTPUT_MAX - 1, f);
    output[got] = '\0';
    int status = pclose(f);
    assert_true(WIFEXITED(status));
    return WEXITSTATUS(status);
}

int program_run(const char *run_dir, const char *arguments, char output[PROGRAM_OUTPUT_MAX])
{
    char line[2048];
    snprintf(line, sizeof line, "\"$braid\" -r %s %s", run_dir, arguments);
    return program_shell(line, output);
}
