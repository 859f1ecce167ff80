/*
 * braid-sim: runs scenarios of the simulation. See --help.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "scenario.h"

static const struct scenario *const tables[] = {flow_scenarios, loss_scenarios, fault_scenarios,
                                                hostile_scenarios, auth_scenarios, crowd_scenarios,
                                                order_scenarios, traffic_scenarios, matrix_scenarios, round_scenarios,
                                                reload_scenarios, corner_scenarios, reauth_scenarios};

static const char help[] =
    "usage: braid-sim [--scenario NAME[,NAME...]] [--seed S] [--seeds N] [--seconds N] [--case N] [--scale "
    "PERCENT] [--real] [--trace]\n"
    "                 [--path CHOICES] [--record HOST FILE] | --replay FILE [--trace] | --list\n"
    "\n"
    "Runs the scenarios named, or all. Equal seeds give equal runs. With --seeds N the seeds S, "
    "S+1, ... are run one after the\n"
    "other; --scale asks for more or fewer rounds than `make check` runs; --real takes OpenSSL's "
    "cryptography instead of the toy.\n";

struct options {
    struct run run;
    const char *names;
    const char *replay;
    uint64_t seeds, seconds;
    bool list;
};

static bool is_named(const char *names, const char *name)
{
    size_t len = strlen(name);
    for (const char *at = names; at && *at; at = strchr(at, ',') ? strchr(at, ',') + 1 : NULL)
        if (strncmp(at, name, len) == 0 && (at[len] == ',' || at[len] == '\0'))
            return true;
    return false;
}

static void run_one(const struct scenario *s, const struct options *options)
{
    struct run run = options->run;
    for (uint64_t i = 0; i < options->seeds; i++) {
        run.scenario = s->name;
        run.seed = options->run.seed + i;
        run.at_case = -1;
        s->run(&run);
    }
    printf("ok %-22s %8" PRIu64 " worlds %10" PRIu64 " verbs %10" PRIu64 " datagrams\n", s->name,
           run.worlds, run.verbs, run.datagrams);
    fflush(stdout);
}

static int run_all(const struct options *options)
{
    unsigned count = 0;
    for (size_t i = 0; i < sizeof tables / sizeof tables[0]; i++)
        for (const struct scenario *s = tables[i]; s->name; s++) {
            if (options->names && !is_named(options->names, s->name))
                continue;
            count++;
            if (options->list)
                printf("%-22s %s\n", s->name, s->text);
            else
                run_one(s, options);
        }
    if (count == 0)
        fprintf(stderr, "braid-sim: no such scenario\n");
    return count == 0;
}

/* One seed after the other, until the time is over. */
static int soak(const struct options *options)
{
    static const char *const ends[] = {"\n", "\r"};
    time_t start = time(NULL), told = 0, now = start;
    bool terminal = isatty(STDOUT_FILENO);
    uint64_t worlds = 0, verbs = 0, seeds = 0;
    for (; now < start + (time_t)options->seconds; seeds++)
        for (size_t i = 0; i < sizeof tables / sizeof tables[0]; i++)
            for (const struct scenario *s = tables[i]; s->name; s++) {
                if (options->names && !is_named(options->names, s->name))
                    continue;
                struct run run = options->run;
                run.scenario = s->name;
                run.seed += seeds;
                run.at_case = -1;
                run.quiet = true;
                s->run(&run);
                worlds += run.worlds;
                verbs += run.verbs;
                now = time(NULL);
                if (now < told + (terminal ? 1 : 60))
                    continue;
                told = now;
                printf("%6" PRIu64 " s of %" PRIu64 ", seed %" PRIu64 ": %" PRIu64
                       " worlds, %" PRIu64 " verbs%s",
                       (uint64_t)(now - start), options->seconds, run.seed, worlds, verbs,
                       ends[terminal]);
                fflush(stdout);
            }
    printf("ok soak: %" PRIu64 " seeds, %" PRIu64 " worlds, %" PRIu64 " verbs in %" PRIu64 " s\n",
           seeds, worlds, verbs, (uint64_t)(now - start));
    return 0;
}

static int parse(int argc, char **argv, struct options *o)
{
    for (int i = 1; i < argc; i++) {
        const char *next = i + 1 < argc ? argv[i + 1] : NULL;
        if (strcmp(argv[i], "--trace") == 0) {
            o->run.trace = true;
        } else if (strcmp(argv[i], "--real") == 0) {
            o->run.real = true;
        } else if (strcmp(argv[i], "--list") == 0) {
            o->list = true;
        } else if (!next) {
            return 2;
        } else if (strcmp(argv[i], "--scenario") == 0) {
            o->names = argv[++i];
        } else if (strcmp(argv[i], "--seed") == 0) {
            o->run.seed = strtoull(argv[++i], NULL, 0);
        } else if (strcmp(argv[i], "--seeds") == 0) {
            o->seeds = strtoull(argv[++i], NULL, 0);
        } else if (strcmp(argv[i], "--seconds") == 0) {
            o->seconds = strtoull(argv[++i], NULL, 0);
        } else if (strcmp(argv[i], "--case") == 0) {
            o->run.only_case = strtoll(argv[++i], NULL, 0);
        } else if (strcmp(argv[i], "--scale") == 0) {
            o->run.scale = strtoull(argv[++i], NULL, 0);
        } else if (strcmp(argv[i], "--path") == 0) {
            o->run.path = argv[++i];
        } else if (strcmp(argv[i], "--replay") == 0) {
            o->replay = argv[++i];
        } else if (strcmp(argv[i], "--record") == 0 && i + 2 < argc) {
            o->run.record_host = argv[++i];
            o->run.record = argv[++i];
        } else {
            return 2;
        }
    }
    return 0;
}

int main(int argc, char **argv)
{
    struct options options = {.run = {.seed = 1, .only_case = -1, .scale = 100}, .seeds = 1};
    if (parse(argc, argv, &options) != 0) {
        fputs(help, stderr);
        return 2;
    }
    if (options.seconds)
        return soak(&options);
    return options.replay ? record_replay(options.replay, options.run.trace) : run_all(&options);
}
