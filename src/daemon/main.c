/*
 * main: braidd from its first line to its last: options, configuration, parts opened in order, the
 * loop, parts closed in reverse.
 */
#include "crypto/ossl.h"
#include "daemon/attempt.h"
#include "daemon/conns.h"
#include "daemon/counters.h"
#include "daemon/creds.h"
#include "daemon/daemon.h"
#include "daemon/effects.h"
#include "daemon/history.h"
#include "daemon/inquire.h"
#include "daemon/journal.h"
#include "daemon/keylog.h"
#include "daemon/notify.h"
#include "daemon/plane.h"
#include "daemon/reload.h"
#include "daemon/rundir.h"
#include "daemon/session.h"
#include "daemon/standby.h"
#include "daemon/start.h"
#include "daemon/stop.h"
#include "daemon/tell.h"
#include "daemon/updown.h"
#include "daemon/trouble.h"
#include "run/sandbox.h"
#include "vici/names.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

enum {
    WHY_LEN = 512,
    RECEIVE_BUFFER = 4 << 20,
    DESCRIPTORS = CONTROL_CLIENTS + 256,
};

/* ---- small parts ----------------------------------------------------------------------------- */

static void *take_memory(void *self, size_t len)
{
    (void)self;
    return malloc(len);
}

static void give_memory(void *self, void *at, size_t len)
{
    (void)self;
    (void)len;
    free(at);
}

const struct config *daemon_config(const struct daemon *d)
{
    return &d->snapshot->config;
}

static void on_deadline(void *self, ike_time now)
{
    (void)now;
    effects_tick(self);
}

static void on_signal(void *self, int number)
{
    struct daemon *d = self;
    if (number == SIGHUP) {
        if (!d->stopping)
            reload_and_log(d);
        return;
    }
    stop_begin(d);
}

static void on_ike(void *self, const struct ike_path *path, struct bytes datagram)
{
    effects_input(self, path, datagram);
}

static void on_esp(void *self, const struct ike_path *path, uint8_t *packet, size_t len)
{
    plane_input(self, path, packet, len);
}

static void on_refused(void *self, const struct endpoint *to, int error)
{
    trouble_note(self, to, error);
}

static void on_esp_done(void *self)
{
    plane_flush(self);
}

/* ---- configuration --------------------------------------------------------------------------- */

/* For people with the lines they are about; for a journal and for programs as any event. */
static void print_problems(const struct daemon *d, const struct problem_list *problems)
{
    if (d->log.json || d->log.journal) {
        reload_log_problems(d, problems);
        return;
    }
    for (const struct problem *p = problems->first; p; p = p->next) {
        char *text = problem_text(p, true);
        fprintf(stderr, "%s\n", text ? text : "out of memory");
        free(text);
    }
}

static bool read_config(struct daemon *d)
{
    struct problem_list problems;
    problem_list_init(&problems);
    bool ok = reload_first(d, &problems);
    print_problems(d, &problems);
    if (!ok && (d->log.json || d->log.journal))
        LOG(&d->log, ERROR, CONFIG, "not-loaded", F_TEXT("folder", d->options.conf_dir),
            F_UINT("errors", problems.errors));
    else if (!ok)
        fprintf(stderr, "braidd: the configuration in %s has %zu error%s\n", d->options.conf_dir,
                problems.errors, problems.errors == 1 ? "" : "s");
    problem_list_free(&problems);
    return ok;
}

/* ---- opening --------------------------------------------------------------------------------- */

/*
 * The steps in order; each says why it failed. What was opened is closed by close_all, whichever
 * step failed.
 */
static bool open_rundir(struct daemon *d, char *why)
{
    d->lock_fd = rundir_take(d->options.run_dir, why, WHY_LEN);
    return d->lock_fd >= 0;
}

static bool open_keylog(struct daemon *d, char *why)
{
    return keylog_open(d, why, WHY_LEN);
}

static bool open_crypto(struct daemon *d, char *why)
{
    d->crypto = ossl_crypto_new();
    if (!d->crypto)
        snprintf(why, WHY_LEN, "OpenSSL could not be set up");
    return d->crypto != NULL;
}

static bool open_udp(struct daemon *d, char *why)
{
    d->mark = plane_mark(d);
    struct udp_setup setup = {.port = d->conf.port,
                              .port_encap = d->conf.port_nat_t,
                              .mark = d->mark,
                              .receive_buffer = RECEIVE_BUFFER};
    struct udp_handlers handlers = {.self = d, .ike = on_ike, .esp = on_esp, .refused = on_refused, .esp_done = on_esp_done};
    d->udp = udp_open(&d->loop.uv, &setup, &handlers, why, WHY_LEN);
    return d->udp != NULL;
}

static bool open_plane(struct daemon *d, char *why)
{
    return plane_open(d, why, WHY_LEN);
}

static bool open_engine(struct daemon *d, char *why)
{
    d->alloc = (struct alloc){.take = take_memory, .give = give_memory};
    struct ike_setup setup = {.alloc = &d->alloc,
                              .crypto = d->crypto,
                              .config = daemon_config(d),
                              .port = udp_port(d->udp, false),
                              .port_encap = udp_port(d->udp, true),
                              .force_encap = d->plane->needs_encap};
    d->fx = ike_effects_new(&d->alloc);
    d->engine = d->fx ? ike_engine_new(&setup) : NULL;
    if (!d->engine)
        snprintf(why, WHY_LEN, "the engine could not be set up: out of memory");
    return d->engine != NULL;
}

static bool open_fetcher(struct daemon *d, char *why)
{
    if (inquire_start(d))
        return true;
    snprintf(why, WHY_LEN, "out of memory");
    return false;
}

static bool open_control(struct daemon *d, char *why)
{
    struct control_handlers handlers = {.self = d,
                                        .opened = session_open,
                                        .octets = session_octets,
                                        .drained = session_drained,
                                        .closed = session_closed};
    if (snprintf(d->socket_path, sizeof d->socket_path, "%s/%s", d->options.run_dir, VICI_SOCKET_NAME) >=
        (int)sizeof d->socket_path) {
        snprintf(why, WHY_LEN, "the name of the run directory is too long for a socket in it");
        return false;
    }
    d->control = control_open(&d->loop.uv, d->socket_path, &handlers, why, WHY_LEN);
    return d->control &&
           rundir_share(d->options.run_dir, d->socket_path, d->conf.control_group, why, WHY_LEN);
}

static bool open_updown(struct daemon *d, char *why)
{
    return updown_open(d, why, WHY_LEN);
}

/* Last: from here on nothing new can be opened outside the run directory. */
static bool close_sandbox(struct daemon *d, char *why)
{
    bool entered[SANDBOX_PART_COUNT] = {false};
    (void)why;
    if (!d->options.no_sandbox)
        sandbox_enter(&(struct sandbox_setup){.write_dir = d->options.run_dir}, entered);
    LOG(&d->log, INFO, DAEMON, "sandbox",
        F_TEXT("capabilities", entered[SANDBOX_CAPABILITIES] ? "few" : "all"),
        F_TEXT("landlock", entered[SANDBOX_LANDLOCK] ? "on" : "off"),
        F_TEXT("seccomp", entered[SANDBOX_SECCOMP] ? "on" : "off"));
    return true;
}

static bool (*const steps[])(struct daemon *d, char *why) = {
    open_rundir, open_crypto, open_keylog, open_udp, open_plane, open_engine, open_fetcher,
    open_control, open_updown, close_sandbox};

static bool open_all(struct daemon *d)
{
    char why[WHY_LEN] = "";
    for (size_t i = 0; i < sizeof steps / sizeof steps[0]; i++)
        if (!steps[i](d, why)) {
            fprintf(stderr, "braidd: %s\n", why);
            return false;
        }
    return true;
}

static bool open_loop(struct daemon *d)
{
    struct loop_handlers handlers = {.self = d, .deadline = on_deadline, .signal = on_signal};
    if (!loop_open(&d->loop, &handlers))
        return false;
    d->attempts_timer.data = d->starts_timer.data = d->standbys_timer.data = d->stop_timer.data = d;
    return conns_start(d) && uv_timer_init(&d->loop.uv, &d->attempts_timer) == 0 &&
           uv_timer_init(&d->loop.uv, &d->starts_timer) == 0 &&
           uv_timer_init(&d->loop.uv, &d->standbys_timer) == 0 &&
           uv_timer_init(&d->loop.uv, &d->stop_timer) == 0;
}

/* ---- closing --------------------------------------------------------------------------------- */

/* False: a thread of the loop is busy still, and the process has to end without waiting for it. */
static bool close_all(struct daemon *d)
{
    d->log.tap.line = NULL;
    inquire_stop(d);
    updown_close(d);
    plane_close(d);
    control_close(d->control);
    udp_close(d->udp);
    conns_stop(d);
    uv_close((uv_handle_t *)&d->attempts_timer, NULL);
    uv_close((uv_handle_t *)&d->starts_timer, NULL);
    uv_close((uv_handle_t *)&d->standbys_timer, NULL);
    uv_close((uv_handle_t *)&d->stop_timer, NULL);
    bool quiet = loop_close(&d->loop); /* sessions are gone after this */
    updown_free(d);
    if (d->engine)
        ike_engine_free(d->engine);
    if (d->fx)
        ike_effects_free(d->fx);
    reload_free_all(d);
    keylog_close(d);
    history_free(d);
    counters_free(d);
    journal_free(d);
    ossl_crypto_free(d->crypto);
    vici_out_free(&d->out);
    vici_out_free(&d->log_out);
    rundir_release(d->options.run_dir, d->lock_fd);
    return quiet;
}

/* ---- running --------------------------------------------------------------------------------- */

static void run(struct daemon *d)
{
    d->log.tap = (struct log_tap){.self = d, .line = tell_log_line};
    LOG(&d->log, NOTICE, DAEMON, "started", F_TEXT("version", BRAID_VERSION),
        F_TEXT("socket", d->socket_path), F_TEXT("plane", d->plane->name),
        F_UINT("port", udp_port(d->udp, false)), F_UINT("port-nat-t", udp_port(d->udp, true)),
        F_UINT("connections", daemon_config(d)->conn_count), F_UINT("secrets", creds_count(d)));
    notify_send("READY=1");
    standby_update(d);
    start_update(d);
    loop_set_deadline(&d->loop, ike_engine_deadline(d->engine));
    loop_run(&d->loop);
    LOG(&d->log, NOTICE, DAEMON, "stopped", F_UINT("seconds", (loop_now() - d->started_at) / IKE_SECOND));
}

/* Every control client takes a descriptor. */
static void allow_descriptors(void)
{
    struct rlimit limit;
    if (getrlimit(RLIMIT_NOFILE, &limit) != 0)
        return;
    limit.rlim_cur = limit.rlim_max < DESCRIPTORS ? limit.rlim_max : DESCRIPTORS;
    (void)setrlimit(RLIMIT_NOFILE, &limit);
}

static int serve(struct daemon *d)
{
    if (!open_loop(d)) {
        fprintf(stderr, "braidd: the event loop could not be set up\n");
        return EXIT_FAILURE;
    }
    int status = EXIT_FAILURE;
    if (open_all(d)) {
        run(d);
        status = EXIT_SUCCESS;
    }
    if (!close_all(d))
        _exit(status);
    return status;
}

int main(int argc, char **argv)
{
    static struct daemon d;
    int status;
    if (!options_read(argc, argv, &d.options, &status))
        return status;
    signal(SIGPIPE, SIG_IGN);
    allow_descriptors();
    d.started = time(NULL);
    d.started_at = loop_now();
    d.lock_fd = -1;
    d.work_last = &d.work;
    d.log = log_make(d.options.verbose ? LEVEL_DEBUG : LEVEL_INFO, d.options.json);
    vici_out_init(&d.out);
    vici_out_init(&d.log_out);
    if (!d.options.check && !updown_start(&d)) {
        fprintf(stderr, "braidd: the process that runs updown commands could not be started\n");
        return EXIT_FAILURE;
    }
    if (!read_config(&d)) {
        updown_close(&d);
        updown_free(&d);
        return EXIT_BAD_CONFIG;
    }
    if (d.options.check) {
        fprintf(stderr, "braidd: the configuration in %s is good\n", d.options.conf_dir);
        reload_free_all(&d);
        return EXIT_SUCCESS;
    }
    return serve(&d);
}
