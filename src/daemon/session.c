/*
 * session: see session.h.
 */
#include "daemon/session.h"

#include "daemon/attempt.h"
#include "daemon/commands.h"
#include "daemon/ending.h"
#include "daemon/renewal.h"

#include <stdlib.h>

enum {
    AHEAD_MAX = 256 << 10, /* octets that may wait for a client to read before more are made */
    LIST_BATCH = 64,       /* events built before others get their turn */
};

static const char *const event_names[] = {
#define X(name, text) text,
    EVENTS(X)
#undef X
};

/* ---- sending --------------------------------------------------------------------------------- */

/* It asks for more than it reads. */
static bool is_behind(const struct session *s)
{
    return control_backlog(s->client) >= AHEAD_MAX;
}

static bool send_out(struct session *s)
{
    struct bytes segment;
    return vici_finish(&s->d->out, &segment) && control_send(s->client, segment);
}

static void send_bare(struct session *s, enum vici_type type)
{
    vici_begin(&s->d->out, type, NULL);
    send_out(s);
}

struct vici_out *session_answer(struct session *s)
{
    vici_begin(&s->d->out, VICI_CMD_RESPONSE, NULL);
    return &s->d->out;
}

/* The request is done; the next may have arrived long ago. */
static void end_request(struct session *s)
{
    if (!s->busy)
        return;
    s->busy = false;
    control_resume(s->client);
}

void session_send_answer(struct session *s)
{
    struct bytes segment;
    if (!vici_finish(&s->d->out, &segment)) { /* too long for the protocol: an error is better than silence */
        struct vici_out *o = session_answer(s);
        vici_key_str(o, "success", "no");
        vici_key_str(o, "errmsg", "the answer is too long");
    }
    send_out(s);
    end_request(s);
}

void session_succeed(struct session *s)
{
    vici_key_str(session_answer(s), "success", "yes");
    session_send_answer(s);
}

void session_fail(struct session *s, const char *message)
{
    struct vici_out *o = session_answer(s);
    vici_key_str(o, "success", "no");
    vici_key_str(o, "errmsg", message);
    session_send_answer(s);
}

/* ---- events ---------------------------------------------------------------------------------- */

static bool event_find(struct bytes name, enum event *out)
{
    for (size_t i = 0; i < EVENT_COUNT; i++)
        if (bytes_equal(name, bytes_str(event_names[i]))) {
            *out = (enum event)i;
            return true;
        }
    return false;
}

bool session_wants(const struct session *s, enum event event)
{
    return (s->events >> event & 1) != 0;
}

bool event_wanted(const struct daemon *d, enum event event)
{
    return d->listeners[event] > 0;
}

struct vici_out *event_begin(struct daemon *d, enum event event)
{
    vici_begin(&d->out, VICI_EVENT, event_names[event]);
    return &d->out;
}

void event_send_to(struct session *s)
{
    send_out(s);
}

void event_send(struct daemon *d, enum event event)
{
    struct bytes segment;
    if (d->listeners[event] == 0 || !vici_finish(&d->out, &segment))
        return;
    for (struct session *s = d->sessions; s; s = s->next)
        if (session_wants(s, event))
            control_send(s->client, segment);
}

static void set_event(struct session *s, enum event event, bool wanted)
{
    if (session_wants(s, event) == wanted)
        return;
    s->events ^= 1U << event;
    s->d->listeners[event] += wanted ? 1U : -1U;
}

/* Registering something known always succeeds; unregistering only what was registered. */
static void change_events(struct session *s, const struct vici_packet *p)
{
    enum event event;
    bool known = event_find(p->name, &event);
    if (p->type == VICI_EVENT_UNREGISTER && known && !session_wants(s, event))
        known = false;
    if (known)
        set_event(s, event, p->type == VICI_EVENT_REGISTER);
    send_bare(s, known ? VICI_EVENT_CONFIRM : VICI_EVENT_UNKNOWN);
}

/* ---- requests -------------------------------------------------------------------------------- */

static void drop(struct session *s)
{
    s->busy = true; /* nothing more is served */
    control_drop(s->client);
}

static void take_packet(struct session *s, struct bytes packet)
{
    struct vici_packet p;
    if (!vici_packet_read(packet, &p)) {
        LOG(&s->d->log, WARN, VICI, "bad-packet", F_UINT("octets", packet.len));
        drop(s);
        return;
    }
    switch (p.type) {
    case VICI_CMD_REQUEST:
        s->busy = true;
        if (!command_run(s, p.name, p.message)) {
            send_bare(s, VICI_CMD_UNKNOWN);
            end_request(s);
        }
        break;
    case VICI_EVENT_REGISTER:
    case VICI_EVENT_UNREGISTER:
        change_events(s, &p);
        break;
    default: /* what only a server says */
        LOG(&s->d->log, WARN, VICI, "unexpected-packet", F_UINT("type", p.type));
    }
}

/* All whole requests that are there, until one has to wait, or the client has to read. */
static void serve(struct session *s)
{
    struct bytes packet;
    while (!s->busy && !is_behind(s) && vici_frames_take(&s->in, &packet)) {
        take_packet(s, packet);
        vici_frames_forget(&s->in);
    }
}

void session_octets(void *session, struct bytes octets)
{
    struct session *s = session;
    if (!vici_frames_put(&s->in, octets)) {
        LOG(&s->d->log, WARN, VICI, "bad-segment", F_UINT("limit", VICI_SEGMENT_MAX));
        drop(s);
        return;
    }
    serve(s);
    if (is_behind(s) || (s->busy && s->in.len - s->in.taken > VICI_SEGMENT_MAX))
        control_pause(s->client);
}

/* ---- lists ----------------------------------------------------------------------------------- */

void session_advance(struct session *s)
{
    bool more = s->list.next != NULL;
    for (int i = 0; more && i < LIST_BATCH && !is_behind(s); i++)
        more = s->list.next(s);
    if (s->list.next && !more) {
        s->list.next = NULL;
        session_answer(s);
        session_send_answer(s);
    }
}

void session_drained(void *session)
{
    struct session *s = session;
    session_advance(s);
    serve(s);
    if (!s->busy && !is_behind(s))
        control_resume(s->client);
}

/* ---- life ------------------------------------------------------------------------------------ */

void *session_open(void *self, struct control_client *client)
{
    struct daemon *d = self;
    struct session *s = calloc(1, sizeof *s);
    if (!s)
        return NULL;
    s->d = d;
    s->client = client;
    vici_frames_init(&s->in);
    s->next = d->sessions;
    d->sessions = s;
    return s;
}

void session_closed(void *session)
{
    struct session *s = session;
    for (struct session **at = &s->d->sessions; *at; at = &(*at)->next)
        if (*at == s) {
            *at = s->next;
            break;
        }
    for (unsigned i = 0; i < EVENT_COUNT; i++)
        set_event(s, (enum event)i, false);
    attempt_detach(s->attempt);
    ending_detach(s->ending);
    renewal_detach(s->renewal);
    vici_frames_free(&s->in);
    free(s);
}
