/*
 * daemon: everything one braidd process holds, and how its parts reach each other.
 *
 *      sockets (udp) ----+                          +--> udp          SEND
 *      deadline (loop) --+--> verbs of the engine --+--> data plane   PLANE
 *      wishes (vici) ----+      (effects.c)         +--> secrets      ASK
 *      answers ----------+                          +--> log, vici    TELL
 *
 * There is one thread. Every part is called from the loop; no part calls the engine but effects.c,
 * which executes all effects of a verb, in order, before the next verb begins.
 */
#ifndef BRAID_DAEMON_DAEMON_H
#define BRAID_DAEMON_DAEMON_H

#include "config/load.h"
#include "cred/store.h"
#include "daemon/options.h"
#include "dataplane/dataplane.h"
#include "run/control.h"
#include "run/log.h"
#include "run/loop.h"
#include "run/udp.h"
#include "vici/codec.h"
#include <braid/ike.h>

enum { PLANE_POLLS = 8,
       EVENTS_MAX = 32,
       STANDBY_BUCKETS = 4096,
       TROUBLES = 64 };

struct attempt;
struct conns;
struct conns_part;
struct counters;
struct creds;
struct ending;
struct fetcher;
struct pools;
struct history;
struct inquest;
struct journal;
struct keylog;
struct known;
struct renewal;
struct session;
struct standby;
struct start;
struct updown;
struct work;

/* A configuration snapshot, alive as long as an SA uses it. */
struct snapshot {
    struct snapshot *older;
    struct config config;
    struct conf_conn *conn; /* of config: copies; what they point to belongs to the parts */
    struct bytes certreq;   /* of the connections that name no CAs */
    bool has_ppks;
    struct conns_part **part; /* see conns.c */
    size_t part_count;
};

/* What the network said of a peer (trouble.h). */
struct trouble {
    struct endpoint remote;
    int error; /* 0: nothing */
    ike_time at;
};

/* What a plane's descriptor needs in the loop. */
struct plane_poll {
    struct daemon *d;
    uv_poll_t poll;
    int fd;
    bool open;
};

/* NOLINTNEXTLINE(clang-analyzer-optin.performance.Padding): there is one; its order is for readers */
struct daemon {
    struct options options;
    struct loop loop;
    struct log log;
    time_t started;
    ike_time started_at;
    int lock_fd;

    struct conf_daemon conf; /* as at start; a reload does not change it */
    char plane_device[16], control_group[CONF_GROUP_MAX + 1]; /* its texts */
    struct keylog *keylog; /* NULL: keys are written nowhere */
    bool sa_gone;              /* since old snapshots were last looked through */
    struct snapshot *snapshot; /* newest first */
    struct conns *conns;
    struct creds *creds;
    struct pools *pools;
    struct known *known;     /* about revocation */
    struct fetcher *fetcher; /* NULL: nothing is fetched, not yet or not any more */
    struct inquest *inquests; /* answers that wait for something that is fetched */
    struct crypto *crypto;
    struct alloc alloc;

    struct ike_engine *engine;
    struct ike_effects *fx;
    bool draining;                  /* effects are being executed: no verb may be called */
    struct work *work, **work_last; /* verbs for when that is done */

    struct udp *udp;
    struct trouble troubles[TROUBLES];
    uint32_t mark; /* of the packets we send, so that routing can tell them from those of the tunnel */
    struct plane_output output;
    struct dataplane *plane;
    struct plane_poll plane_poll[PLANE_POLLS];

    struct control *control;
    char socket_path[108];
    struct vici_out out;     /* answers and events are built here, one at a time */
    struct vici_out log_out; /* and those of the log here */
    bool building_event;
    struct session *sessions;
    unsigned listeners[EVENTS_MAX]; /* clients registered for each event (session.h) */
    struct attempt *attempts;       /* initiations under way */
    struct ending *endings;         /* terminations under way */
    struct renewal *renewals;       /* rekeys somebody waits for */
    struct history *history;        /* how the last rekeys went */
    struct journal *journal;        /* last failures and successes of each connection */
    struct counters *counters;
    struct start *starts; /* connections to be kept up */
    uint32_t alerted_id; /* the last alert: about which IKE SA, and why */
    enum ike_reason alerted_reason;
    uint64_t last_order;
    uv_timer_t attempts_timer, starts_timer;
    struct standby *standbys; /* connections that traffic brings up */
    struct standby *standby_bucket[STANDBY_BUCKETS]; /* the same, by their names */
    uint32_t last_trap;
    uv_timer_t standbys_timer;

    struct updown *updown; /* commands that are run when Child SAs come and go */

    bool stopping, stopped;
    bool mourning; /* time for the peers is over, updown commands have theirs */
    uv_timer_t stop_timer;
    int exit_code;
};

/* main.c */
const struct config *daemon_config(const struct daemon *d); /* the newest snapshot */

#endif
