/*
 * measure: what the programs of tests/bench have in common: CPU time, medians, and goals with their
 * verdict.
 */
#ifndef BRAID_TESTS_MEASURE_H
#define BRAID_TESTS_MEASURE_H

#include <stdbool.h>
#include <stddef.h>

/* CPU time of this process in nanoseconds. */
double cpu_now(void);
/*
 * The time of day in nanoseconds, for shares of what is short: cpu_now asks the kernel, which takes
 * longer than many a call that is to be measured and leaves the caches cold for the next.
 */
double door_now(void);
/* What one call of door_now itself costs; to be taken off where it is called often. */
double door_now_cost(void);

/* Sorts. */
double median(double *values, size_t count);

/*
 * A line "goal  WHAT  LIMIT  VALUE  met|missed", which tests/bench/run collects. Nothing is printed
 * in JSON mode, but for the result; true when it is met.
 */
enum goal_kind { AT_LEAST,
                 AT_MOST };
bool goal(bool json, const char *what, enum goal_kind kind, double limit, double value,
          const char *unit);

#endif
