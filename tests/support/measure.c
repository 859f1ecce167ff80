/* measure: see measure.h. */
#include "measure.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

double cpu_now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return (double)t.tv_sec * 1e9 + (double)t.tv_nsec;
}

double cpu_now_cost(void)
{
    enum { CALLS = 20000 };
    static double cost;
    if (cost > 0)
        return cost;
    double start = cpu_now();
    for (int i = 0; i < CALLS; i++)
        (void)cpu_now();
    cost = (cpu_now() - start) / CALLS;
    return cost;
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

bool goal(bool json, const char *what, enum goal_kind kind, double limit, double value,
          const char *unit)
{
    bool met = kind == AT_LEAST ? value >= limit : value <= limit;
    if (!json)
        printf("goal  %-64s %s %8.4g %-3s is %8.4g %-3s %s\n", what,
               kind == AT_LEAST ? ">=" : "<=", limit, unit, value, unit, met ? "met" : "missed");
    return met;
}
