/*
 * stop: see stop.h. Peers get STOP_MS to confirm; main.c takes devices and routes away afterwards,
 * and all of it fits three seconds. Where updown commands are still to be run they get UPDOWN_MS
 * more, and are not waited for beyond.
 */
#include "daemon/stop.h"

#include "daemon/attempt.h"
#include "daemon/effects.h"
#include "daemon/notify.h"
#include "daemon/renewal.h"
#include "daemon/standby.h"
#include "daemon/start.h"
#include "daemon/updown.h"

enum { STOP_MS = 2500,
       UPDOWN_MS = 5000 };

static void finish(struct daemon *d)
{
    if (d->stopped)
        return;
    d->stopped = true;
    uint32_t left = ike_engine_sa_count(d->engine);
    if (left > 0)
        LOG(&d->log, WARN, DAEMON, "unconfirmed", F_UINT("ike-sas", left),
            F_TEXT("text", "these peers did not confirm the end"));
    loop_stop(&d->loop);
}

static void on_timer(uv_timer_t *timer)
{
    struct daemon *d = timer->data;
    if (!d->mourning)
        updown_end(d);
    if (d->mourning || !updown_is_busy(d)) {
        finish(d);
        return;
    }
    d->mourning = true;
    uv_timer_start(&d->stop_timer, on_timer, UPDOWN_MS, 0);
}

void stop_begin(struct daemon *d)
{
    if (d->stopping) {
        finish(d);
        return;
    }
    LOG(&d->log, NOTICE, DAEMON, "stopping", F_UINT("ike-sas", ike_engine_sa_count(d->engine)));
    notify_send("STOPPING=1");
    d->stopping = true;
    start_end(d);
    standby_end(d);
    uv_timer_start(&d->stop_timer, on_timer, STOP_MS, 0);
    struct ike_order order = {.kind = ORDER_SHUTDOWN};
    (void)effects_order(d, &order);
    attempt_end_all(d, "the daemon is stopping");
    renewal_end_all(d, "the daemon is stopping");
}

void stop_check(struct daemon *d)
{
    if (d->stopping && (d->mourning || ike_engine_sa_count(d->engine) == 0) && !updown_is_busy(d))
        finish(d);
}
