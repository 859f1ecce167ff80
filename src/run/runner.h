/*
 * runner: a small process that runs the programs a configuration names, for a process that may run
 * none (sandbox.h).
 *
 *     braidd                                   runner, root without secrets
 *     runner_start  ---- fork, before anything else is read or opened ---->
 *     runner_allow  ---- a command ---------------------------------------> kept in a list
 *     runner_seal   ---- the list is complete ----------------------------> nothing is added any more
 *     runner_run    ---- number of a command, variables ------------------> fork, execve
 *     runner_read   <--- a line of its output, or how it ended ------------
 *
 * Whoever takes braidd over can have these very commands run, and say what stands in variables whose
 * names begin with PLUTO_ or BRAID_: no other program, no other word, no other variable. There is no
 * shell. A program finds standard input empty, no other descriptor, and a directory of "/"; it is
 * ended, with all of its process group, when its time is over. One runs at a time.
 *
 * The runner ends with its owner. Signals that end a service do not end it: programs that are run
 * when the service stops need it still.
 */
#ifndef BRAID_RUN_RUNNER_H
#define BRAID_RUN_RUNNER_H

#include "base/bytes.h"
#include <stdint.h>

enum {
    RUNNER_COMMANDS = 1024,       /* different ones */
    RUNNER_COMMAND_MAX = 1023,    /* characters of one */
    RUNNER_WORDS = 32,            /* of one, the program included */
    RUNNER_VARIABLES = 64,        /* for one run */
    RUNNER_VARIABLES_MAX = 16384, /* and their octets */
    RUNNER_LINES = 64,            /* of output that are told; what follows is only counted */
    RUNNER_LINE_MAX = 512,        /* octets of one; a longer line is several */
    RUNNER_SECONDS = 30,          /* how long a program may take */
    RUNNER_NOT_RUN = 127,         /* status of a program that could not be started, as in a shell */
};

enum runner_kind {
    RUNNER_NOTHING, /* no report yet */
    RUNNER_LINE,    /* the program said something */
    RUNNER_EXITED,  /* number: its status */
    RUNNER_KILLED,  /* number: the signal */
    RUNNER_LATE,    /* its time was over */
    RUNNER_REFUSED, /* the request was wrong, or there was no process or memory for it */
    RUNNER_GONE,    /* the runner has ended; so will every further call */
};

struct runner_report {
    enum runner_kind kind;
    int number;
    uint32_t unsaid;   /* at the end of a program: lines that were not told */
    struct bytes line; /* of LINE: any octets; valid until the next call */
};

struct runner;

/* `seconds`: RUNNER_SECONDS, or less for tests. NULL: no process, or no memory. */
struct runner *runner_start(unsigned seconds);
/* Before runner_seal. A command that is there already is not added. False: too many, or too long. */
bool runner_allow(struct runner *r, const char *command);
size_t runner_count(const struct runner *r);
/* From now on no command is added: not by us, and not by who takes our place. */
bool runner_seal(struct runner *r);
int runner_find(const struct runner *r, const char *command); /* its number, or -1 */

int runner_fd(const struct runner *r); /* readable when there is a report */
/*
 * Lines `NAME=value`, printable, each with its end. One run at a time: the next after EXITED, KILLED,
 * LATE or REFUSED. Does not wait. False: too long, or the runner is gone.
 */
bool runner_run(struct runner *r, int command, struct bytes variables);
struct runner_report runner_read(struct runner *r); /* does not wait */

/* The runner ends, and the program that it is running. NULL allowed. */
void runner_end(struct runner *r);

/* Splits a command at blanks, in place; false: no word, or too many. `words` ends with NULL. */
bool runner_split(char *command, char *words[RUNNER_WORDS + 1]);
/* May this line be a variable of a program? */
bool runner_is_variable(struct bytes line);

#endif
