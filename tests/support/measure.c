/* measure: see measure.h. */
#include "measure.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

static double now(clockid_t clock)
{
    struct timespec t;
    clock_gettime(clock, &t);
    return (double)t.tv_sec * 1e9 + (double)t.tv_nsec;
}

double cpu_now(void)
{
    return now(CLOCK_PROCESS_CPUTIME_ID);
}

double door_now(void)
{
    return now(CLOCK_MONOTONIC);
}

static int compare(const void *x, const void *y)
{
    double d = *(const double *)x - *(const double *)y;
    return d < 0 ? -1 : d > 0;
}

double median(double *values, size_t count)
{
    qsort(values, count, sizeof *values, compare);
    return count % 2 ? values[count / 2] : (values[count / 2 - 1] + values[count / 2]) / 2;
}

/* A median, for the machine is busy with other things now and then. */
double door_now_cost(void)
{
    enum { TIMES = 101,
           CALLS = 200 };
    static double cost;
    double of[TIMES];
    for (int t = 0; t < TIMES && cost == 0; t++) {
        double start = door_now();
        for (int i = 0; i < CALLS; i++)
            (void)door_now();
        of[t] = (door_now() - start) / CALLS;
    }
    cost = cost > 0 ? cost : median(of, TIMES);
    return cost;
}

bool goal(bool json, const char *what, enum goal_kind kind, double limit, double value,
          const char *unit)
{
    bool met = kind == AT_LEAST ? value >= limit : value <= limit;
    if (!json)
        printf("goal  %-64s %s %8.4g %-3s is %8.4g %-3s %s\n", what,
               kind == AT_LEAST ? ">=" : "<=", limit, unit, value, unit, met ? "met" : "missed");
    return met;
}
