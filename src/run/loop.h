/*
 * loop: the one event loop of a process: its clock, the deadline of the engine, and signals.
 *
 * The clock is CLOCK_MONOTONIC in microseconds, the time every verb of the engine is told. libuv's
 * timers count milliseconds, so a deadline is rounded up: the engine is never woken too early,
 * which would make it spin.
 */
#ifndef BRAID_RUN_LOOP_H
#define BRAID_RUN_LOOP_H

#include <braid/types.h>
#include <uv.h>

enum { LOOP_SIGNALS = 3 }; /* SIGTERM, SIGINT, SIGHUP */

struct loop_handlers {
    void *self;
    void (*deadline)(void *self, ike_time now);
    void (*signal)(void *self, int number);
};

struct loop {
    uv_loop_t uv;
    uv_timer_t timer;
    uv_signal_t signal[LOOP_SIGNALS];
    struct loop_handlers handlers;
    ike_time deadline; /* IKE_NEVER when none is set */
};

ike_time loop_now(void);

bool loop_open(struct loop *l, const struct loop_handlers *handlers);
void loop_set_deadline(struct loop *l, ike_time at); /* replaces the one before */
void loop_run(struct loop *l);                       /* returns after loop_stop */
void loop_stop(struct loop *l);
/*
 * Close what the loop itself opened, then run until all handles are closed. False: something is still
 * under way after CLOSE_MS, a name that is being looked up for example; then the loop must stay.
 */
bool loop_close(struct loop *l);

#endif
