/*
 * options: the command line of braidd.
 */
#ifndef BRAID_DAEMON_OPTIONS_H
#define BRAID_DAEMON_OPTIONS_H

#include <stdbool.h>

/* Exit statuses beside 0 and 1, of sysexits.h. */
enum {
    EXIT_USAGE = 64,
    EXIT_BAD_CONFIG = 78,
};

struct options {
    const char *conf_dir, *run_dir;
    bool json;    /* log lines as JSON */
    bool verbose; /* log debug lines, too */
    bool check;   /* only read the configuration */
    bool no_sandbox;
};

/* True: go on. False: the process is to end with *status; what had to be said was said. */
bool options_read(int argc, char **argv, struct options *out, int *status);

#endif
