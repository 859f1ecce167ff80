/*
 * effects: see effects.h.
 */
#include "daemon/effects.h"

#include "daemon/conns.h"
#include "cred/answer.h"
#include "daemon/creds.h"
#include "daemon/inquire.h"
#include "daemon/keylog.h"
#include "daemon/plane.h"
#include "daemon/stop.h"
#include "daemon/tell.h"

#include <stdlib.h>

enum { SEND_BATCH = 64 };

/* A verb that waits. */
struct work {
    struct work *next;
    bool is_answer;
    struct cred_reply reply;
    struct ike_order order;
};

static struct work *work_new(struct daemon *d)
{
    struct work *w = calloc(1, sizeof *w);
    if (!w)
        LOG(&d->log, ERROR, DAEMON, "out-of-memory", F_TEXT("lost", "an answer to the engine"));
    return w;
}

static void work_free(struct work *w)
{
    cred_reply_wipe(&w->reply);
    free(w);
}

static void work_add(struct daemon *d, struct work *w)
{
    *d->work_last = w;
    d->work_last = &w->next;
}

static void drain(struct daemon *d);

/* ---- the four kinds -------------------------------------------------------------------------- */

/* A run of datagrams for one path goes out in one call. Returns the last effect it took. */
static const struct ike_effect *send_run(struct daemon *d, const struct ike_effect *first)
{
    struct bytes datagram[SEND_BATCH];
    const struct ike_send *head = &first->u.send;
    size_t count = 0;
    const struct ike_effect *last = first;
    for (const struct ike_effect *at = first; at && at->kind == EFFECT_SEND && count < SEND_BATCH;
         at = at->next) {
        const struct ike_send *send = &at->u.send;
        if (send->keepalive != head->keepalive || !ike_path_equal(&send->path, &head->path))
            break;
        datagram[count++] = send->datagram;
        last = at;
    }
    udp_send(d->udp, &head->path, head->keepalive ? UDP_RAW : UDP_IKE, datagram, count);
    return last;
}

static void change_plane(struct daemon *d, const struct ike_plane *plane)
{
    keylog_plane(d, plane);
    if (d->plane->apply(d->plane->self, loop_now(), plane))
        return;
    plane_reports(d);
}

/* What had to be fetched for an answer is there, or the daemon ends. */
static void on_inquired(struct daemon *d, void *self)
{
    if (!d->fetcher) {
        work_free(self);
        return;
    }
    work_add(d, self);
    if (!d->draining)
        drain(d);
}

static void answer_question(struct daemon *d, const struct ike_ask *ask)
{
    struct work *w = work_new(d);
    if (!w)
        return;
    w->is_answer = true;
    struct cred_stock stock = creds_stock(d);
    cred_reply_make(&stock, d->crypto, ask, &w->reply);
    if (w->reply.keys.inquiry)
        inquire(d, &w->reply.answer, &w->reply.keys, on_inquired, w);
    else
        work_add(d, w);
}

static void execute(struct daemon *d)
{
    for (const struct ike_effect *at = ike_effects_first(d->fx); at; at = at->next) {
        switch (at->kind) {
        case EFFECT_SEND:
            at = send_run(d, at);
            break;
        case EFFECT_PLANE:
            change_plane(d, &at->u.plane);
            break;
        case EFFECT_ASK:
            answer_question(d, &at->u.ask);
            break;
        case EFFECT_TELL:
            tell(d, &at->u.tell);
            break;
        }
    }
    bool lost = ike_effects_lost(d->fx);
    ike_effects_clear(d->fx);
    if (lost) {
        LOG(&d->log, ERROR, DAEMON, "out-of-memory", F_TEXT("lost", "effects of the engine"));
        plane_reconcile(d);
    }
}

/* ---- the drain ------------------------------------------------------------------------------- */

static void feed(struct daemon *d)
{
    struct work *w = d->work;
    d->work = w->next;
    if (!d->work)
        d->work_last = &d->work;
    if (w->is_answer)
        ike_engine_answer(d->engine, loop_now(), &w->reply.answer, d->fx);
    else
        (void)ike_engine_order(d->engine, loop_now(), &w->order, d->fx);
    work_free(w);
}

/* Execute what the verb just called has ordered, and all that follows from it. */
static void drain(struct daemon *d)
{
    d->draining = true;
    execute(d);
    while (d->work) {
        feed(d);
        execute(d);
    }
    d->draining = false;
    loop_set_deadline(&d->loop, ike_engine_deadline(d->engine));
    conns_free_old(d);
    stop_check(d);
}

void effects_input(struct daemon *d, const struct ike_path *path, struct bytes datagram)
{
    ike_engine_input(d->engine, loop_now(), path, datagram, d->fx);
    drain(d);
}

void effects_tick(struct daemon *d)
{
    ike_engine_tick(d->engine, loop_now(), d->fx);
    drain(d);
}

enum order_result effects_order(struct daemon *d, const struct ike_order *order)
{
    if (d->draining)
        return ORDER_FAULT;
    enum order_result result = ike_engine_order(d->engine, loop_now(), order, d->fx);
    drain(d);
    return result;
}

void effects_later(struct daemon *d, const struct ike_order *order)
{
    struct work *w = work_new(d);
    if (!w)
        return;
    w->order = *order;
    work_add(d, w);
    if (!d->draining)
        drain(d);
}
