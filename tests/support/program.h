/*
 * program: runs `braid` as a child process. For cmocka programs: what goes wrong in here fails the
 * test.
 */
#ifndef BRAID_TESTS_PROGRAM_H
#define BRAID_TESTS_PROGRAM_H

#include "unit.h"

enum { PROGRAM_OUTPUT_MAX = 65536 };

/* A group's set-up: finds the program beside the test. */
int program_find(void **state);
const char *program_path(void);

/*
 * A line for the shell in the C locale, in which $braid is the program; its standard output and
 * standard error together are left in `output`. Gives the exit status.
 */
int program_shell(const char *line, char output[PROGRAM_OUTPUT_MAX]);
/* Run `braid -r RUNDIR ARGUMENTS`. */
int program_run(const char *run_dir, const char *arguments, char output[PROGRAM_OUTPUT_MAX]);

#endif
