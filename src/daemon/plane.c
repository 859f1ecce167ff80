/*
 * plane: see plane.h.
 */
#include "daemon/plane.h"

#include "daemon/effects.h"
#include "daemon/standby.h"
#include "dataplane/tun.h"

#include <stdio.h>

/* ---- opening and closing --------------------------------------------------------------------- */

/* ESP of a plane in user space leaves through our own socket. */
static void send_esp(void *self, const struct ike_path *path, const struct bytes *packets, size_t count)
{
    struct daemon *d = self;
    udp_send(d->udp, path, UDP_RAW, packets, count);
}

static void on_readable(uv_poll_t *handle, int status, int events)
{
    struct plane_poll *p = handle->data;
    struct daemon *d = p->d;
    (void)events;
    if (status != 0) {
        LOG(&d->log, WARN, PLANE, "poll-failed", F_TEXT("text", uv_strerror(status)));
        return;
    }
    d->plane->readable(d->plane->self, loop_now(), p->fd);
    plane_reports(d);
}

static bool watch(struct daemon *d, struct plane_poll *p, int fd)
{
    *p = (struct plane_poll){.d = d, .fd = fd};
    p->poll.data = p;
    if (uv_poll_init(&d->loop.uv, &p->poll, fd) != 0)
        return false;
    p->open = true;
    return uv_poll_start(&p->poll, UV_READABLE, on_readable) == 0;
}

uint32_t plane_mark(const struct daemon *d)
{
    return d->conf.plane == CONF_PLANE_TUN ? tun_fwmark() : 0;
}

bool plane_open(struct daemon *d, char *why, size_t why_len)
{
    d->output = (struct plane_output){.self = d, .send = send_esp};
    d->plane = d->conf.plane == CONF_PLANE_MOCK ? mock_new() : tun_new(d->crypto, &d->output, d->plane_device, why, why_len);
    if (!d->plane)
        return false;
    const int *fd = d->plane->descriptors(d->plane->self);
    for (size_t i = 0; fd && fd[i] >= 0; i++)
        if (i >= PLANE_POLLS || !watch(d, &d->plane_poll[i], fd[i])) {
            snprintf(why, why_len, "the data plane's device cannot be polled");
            return false;
        }
    return true;
}

void plane_close(struct daemon *d)
{
    if (!d->plane)
        return;
    for (size_t i = 0; i < PLANE_POLLS; i++)
        if (d->plane_poll[i].open) {
            uv_poll_stop(&d->plane_poll[i].poll);
            uv_close((uv_handle_t *)&d->plane_poll[i].poll, NULL);
        }
    d->plane->close(d->plane->self);
    d->plane = NULL;
}

/* ---- packets and reports --------------------------------------------------------------------- */

void plane_input(struct daemon *d, const struct ike_path *path, uint8_t *packet, size_t len)
{
    if (d->plane)
        d->plane->esp_input(d->plane->self, loop_now(), path, packet, len);
}

void plane_flush(struct daemon *d)
{
    if (!d->plane)
        return;
    d->plane->esp_flush(d->plane->self);
    plane_reports(d);
}

static void take_report(struct daemon *d, const struct plane_report *r)
{
    struct ike_order order = {.child_id = r->child_id};
    switch (r->kind) {
    case REPORT_SEEN:
        order.kind = ORDER_PLANE_SEEN;
        order.remote = r->from;
        break;
    case REPORT_FAILED:
        LOG(&d->log, ERROR, PLANE, "install-failed", F_UINT("child-id", r->child_id),
            F_TEXT("text", r->text));
        order.kind = ORDER_PLANE_FAILED;
        break;
    case REPORT_LIMIT:
        order.kind = ORDER_PLANE_LIMIT;
        order.force = r->hard;
        break;
    case REPORT_ACQUIRE:
        standby_acquire(d, r->child_id, &r->packet);
        return;
    }
    effects_later(d, &order);
}

void plane_reports(struct daemon *d)
{
    struct plane_report r;
    while (d->plane && d->plane->report(d->plane->self, &r))
        take_report(d, &r);
}

void plane_reconcile(struct daemon *d)
{
    uint32_t id;
    for (size_t at = 0; d->plane->each(d->plane->self, &at, &id);) {
        struct ike_plane plane = ike_engine_plane(d->engine, id);
        (void)d->plane->apply(d->plane->self, loop_now(), &plane);
        if (plane.op == PLANE_REMOVE)
            at = 0;
    }
}
