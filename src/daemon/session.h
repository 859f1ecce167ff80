/*
 * session: one client of the control socket, speaking VICI.
 *
 * Requests of a client are served one after the other; while one waits for its answer no further
 * octets are taken in once a whole request has come. Events a client registered for may come at any
 * time. A long list is built piece by piece as the client reads it.
 */
#ifndef BRAID_DAEMON_SESSION_H
#define BRAID_DAEMON_SESSION_H

#include "daemon/daemon.h"

/* clang-format off */
#define EVENTS(X) \
    X(LOG,            "log") \
    X(CONTROL_LOG,    "control-log") \
    X(LIST_SA,        "list-sa") \
    X(LIST_POLICY,    "list-policy") \
    X(LIST_CONN,      "list-conn") \
    X(LIST_CERT,      "list-cert") \
    X(LIST_AUTHORITY, "list-authority") \
    X(IKE_UPDOWN,     "ike-updown") \
    X(IKE_REKEY,      "ike-rekey") \
    X(IKE_UPDATE,     "ike-update") \
    X(CHILD_UPDOWN,   "child-updown") \
    X(CHILD_REKEY,    "child-rekey") \
    X(ALERT,          "alert") \
    X(PROGRESS,       "progress") \
    X(EXPLAINED,      "explained")
/* clang-format on */

enum event {
#define X(name, text) EVENT_##name,
    EVENTS(X)
#undef X
        EVENT_COUNT,
};

_Static_assert(EVENT_COUNT + 0 <= EVENTS_MAX + 0, "room for their listeners");

/* A list on its way out. `next` appends one event and returns false at the end. */
struct list {
    bool (*next)(struct session *s);
    uint32_t after; /* id or index of the last one sent */
    uint32_t ike_id, child_id;
    char ike[256], child[256];
    /* of certificates and authorities: how far it is, and what is asked for; an identity is in `ike` */
    uint8_t phase, cert_type, cert_flag, id_type;
    uint16_t id_len;
};

struct session {
    struct session *next;
    struct daemon *d;
    struct control_client *client;
    struct vici_frames in;
    uint32_t events; /* bit of each event registered for */
    bool busy;       /* a request waits for its answer */
    int64_t log_level; /* of the control-log it wants for that */
    struct list list;
    struct attempt *attempt;
    struct ending *ending;
    struct renewal *renewal;
};

/* For control_open. */
void *session_open(void *self, struct control_client *client);
void session_octets(void *session, struct bytes octets);
void session_drained(void *session);
void session_closed(void *session);

/* ---- answering: begin, add to the message, send ---------------------------------------------- */
struct vici_out *session_answer(struct session *s);
void session_send_answer(struct session *s); /* ends the request */
void session_succeed(struct session *s);
void session_fail(struct session *s, const char *message);
void session_advance(struct session *s); /* the next part of s->list, and the answer at its end */

/* ---- events ---------------------------------------------------------------------------------- */
bool session_wants(const struct session *s, enum event event);
struct vici_out *event_begin(struct daemon *d, enum event event);
void event_send_to(struct session *s);               /* what was begun, to one */
void event_send(struct daemon *d, enum event event); /* to all that registered */
bool event_wanted(const struct daemon *d, enum event event);

#endif
