/*
 * loop: see loop.h.
 */
#include "run/loop.h"

#include <signal.h>

enum { CLOSE_MS = 300 };

static const int signals[LOOP_SIGNALS] = {SIGTERM, SIGINT, SIGHUP};

ike_time loop_now(void)
{
    return uv_hrtime() / 1000;
}

static void on_signal(uv_signal_t *handle, int number)
{
    struct loop *l = handle->data;
    l->handlers.signal(l->handlers.self, number);
}

bool loop_open(struct loop *l, const struct loop_handlers *handlers)
{
    *l = (struct loop){.handlers = *handlers, .deadline = IKE_NEVER};
    if (uv_loop_init(&l->uv) != 0)
        return false;
    l->timer.data = l;
    if (uv_timer_init(&l->uv, &l->timer) != 0)
        return false;
    for (size_t i = 0; i < LOOP_SIGNALS; i++) {
        l->signal[i].data = l;
        if (uv_signal_init(&l->uv, &l->signal[i]) != 0 ||
            uv_signal_start(&l->signal[i], on_signal, signals[i]) != 0)
            return false;
    }
    return true;
}

static void on_timer(uv_timer_t *timer)
{
    struct loop *l = timer->data;
    l->deadline = IKE_NEVER;
    l->handlers.deadline(l->handlers.self, loop_now());
}

void loop_set_deadline(struct loop *l, ike_time at)
{
    if (at == l->deadline)
        return;
    l->deadline = at;
    if (at == IKE_NEVER) {
        uv_timer_stop(&l->timer);
        return;
    }
    ike_time now = loop_now();
    uv_update_time(&l->uv); /* the timer counts from the loop's own idea of now, which may be old */
    uv_timer_start(&l->timer, on_timer, at <= now ? 0 : (at - now + IKE_MS - 1) / IKE_MS, 0);
}

void loop_run(struct loop *l)
{
    uv_run(&l->uv, UV_RUN_DEFAULT);
}

void loop_stop(struct loop *l)
{
    uv_stop(&l->uv);
}

static void on_close_limit(uv_timer_t *timer)
{
    uv_stop(timer->loop);
}

bool loop_close(struct loop *l)
{
    uv_close((uv_handle_t *)&l->timer, NULL);
    for (size_t i = 0; i < LOOP_SIGNALS; i++)
        uv_close((uv_handle_t *)&l->signal[i], NULL);
    uv_timer_t limit;
    if (uv_timer_init(&l->uv, &limit) == 0) {
        uv_timer_start(&limit, on_close_limit, CLOSE_MS, 0);
        uv_unref((uv_handle_t *)&limit);
        uv_run(&l->uv, UV_RUN_DEFAULT);
        uv_close((uv_handle_t *)&limit, NULL);
    }
    uv_run(&l->uv, UV_RUN_NOWAIT);
    return uv_loop_close(&l->uv) == 0;
}
