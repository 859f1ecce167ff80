/* world: see world.h. Hosts, their verbs and what comes of them, the queue of events, failing. */
#include "world.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "cred/store.h"
#include "crypto/ossl.h"
#include "crypto/toy.h"
#include "invariants.h"

#define START (1000 * IKE_SECOND)

/* ---- runs ---------------------------------------------------------------------------------- */

bool run_case(struct run *run)
{
    run->at_case++;
    bool wanted = run->only_case < 0 || run->only_case == run->at_case;
    run->cases += wanted;
    return wanted;
}

uint64_t run_rounds(const struct run *run, uint64_t standard)
{
    uint64_t rounds = standard * run->scale / 100;
    return rounds ? rounds : 1;
}

void run_say(const struct run *run, const char *format, ...)
{
    if (run->quiet)
        return;
    va_list args;
    va_start(args, format);
    fputs("# ", stdout);
    vprintf(format, args);
    putchar('\n');
    va_end(args);
    fflush(stdout);
}

/* ---- failing and telling ------------------------------------------------------------------- */

void world_fail(const struct world *w, const char *format, ...)
{
    const struct run *run = w->run;
    va_list args;
    va_start(args, format);
    fflush(stdout);
    fprintf(stderr, "FAILED: ");
    vfprintf(stderr, format, args);
    va_end(args);
    fprintf(stderr,
            "\n  scenario %s, at %" PRIu64 ".%06" PRIu64 " s of its clock, step %" PRIu64
            "\n  replay: braid-sim --scenario %s --seed %" PRIu64,
            run->scenario, (w->now - START) / IKE_SECOND, (w->now - START) % IKE_SECOND, w->steps,
            run->scenario, run->seed);
    if (run->at_case >= 0)
        fprintf(stderr, " --case %" PRId64, run->at_case);
    if (run->scale != 100) /* decides how many cases there are */
        fprintf(stderr, " --scale %" PRIu64, run->scale);
    fprintf(stderr, "%s%s --trace\n", run->real ? " --real" : "", run->note);
    exit(1);
}

void world_trace(const struct world *w, const struct host *h, const char *format, ...)
{
    if (!w->run->trace)
        return;
    va_list args;
    va_start(args, format);
    ike_time since = w->now - START;
    printf("%4" PRIu64 ".%06" PRIu64 " %-8s ", since / IKE_SECOND, since % IKE_SECOND,
           h ? h->name : "-");
    vprintf(format, args);
    va_end(args);
    putchar('\n');
}

/* ---- randomness ---------------------------------------------------------------------------- */

static uint64_t roll(uint64_t *state)
{
    uint64_t x = *state += UINT64_C(0x9e3779b97f4a7c15);
    x = (x ^ x >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
    x = (x ^ x >> 27) * UINT64_C(0x94d049bb133111eb);
    return x ^ x >> 31;
}

uint64_t world_roll(struct world *w)
{
    return roll(&w->dice);
}

uint64_t world_below(struct world *w, uint64_t limit)
{
    return world_roll(w) % limit;
}

/* ---- cryptography ------------------------------------------------------------------------------ */

/* One object of the real backend serves all worlds: making one takes longer than most of them live.
 */
static struct crypto *real_crypto(void)
{
    static struct crypto *real;
    if (!real)
        real = ossl_crypto_new();
    return real;
}

/* ---- making and ending --------------------------------------------------------------------- */

struct world *world_new(struct run *run)
{
    struct world *w = calloc(1, sizeof *w);
    if (!w)
        abort();
    w->run = run;
    w->dice = run->seed * UINT64_C(0xd1342543de82ef95) + (uint64_t)run->at_case;
    w->now = START;
    w->seals = seal_book_new();
    run->worlds++;
    return w;
}

void host_kill(struct host *h)
{
    if (!h->engine)
        return;
    record_life(h, "kill");
    ike_engine_free(h->engine);
    ike_effects_free(h->fx);
    h->engine = NULL;
    h->plane->close(h->plane->self);
    h->plane = NULL;
    configs_free_old(h);
    invariants_memory(h);
}

void host_boot(struct host *h)
{
    struct world *w = h->world;
    struct ike_setup setup = {
        .alloc = &h->tally.alloc,
        .crypto = &h->watch.table,
        .config = h->config,
        .worker = (uint8_t)(h->index + 1),
    };
    record_life(h, "boot");
    h->fx = ike_effects_new(&h->tally.alloc);
    h->engine = ike_engine_new(&setup);
    h->plane = mock_new();
    EXPECT(w, h->fx && h->engine && h->plane);
    h->baseline_blocks = h->tally.blocks;
}

static void equip(struct host *h, const struct host_seeds *seeds, const char *swanctl,
                  const char *braid)
{
    struct world *w = h->world;
    h->swanctl = strdup(swanctl);
    h->braid = strdup(braid);
    configs_first(h);
    h->dice = seeds->dice;
    h->toy_seed = seeds->toy;
    tally_make(&h->tally);
    struct toy_crypto *toy = calloc(1, sizeof *toy);
    toy_crypto_init(toy, &h->tally.alloc, seeds->toy);
    h->toy = toy;
    watch_make(&h->watch, h, w->run->real ? real_crypto() : &toy->crypto);
}

struct host *world_host(struct world *w, const char *name, const char *addr, const char *swanctl,
                        const char *braid)
{
    EXPECT(w, w->hosts < HOSTS_MAX);
    struct host *h = &w->host[w->hosts];
    *h = (struct host){.world = w, .index = w->hosts++, .addr = world_addr(addr)};
    snprintf(h->name, sizeof h->name, "%s", name);
    struct host_seeds seeds = {h->index, world_roll(w), world_roll(w)};
    equip(h, &seeds, swanctl, braid);
    for (int i = 0; i < w->hosts; i++)
        w->links[i][h->index] = w->links[h->index][i] =
            (struct link_rules){.delay_min = 10 * IKE_MS, .delay_max = 10 * IKE_MS};
    record_open(h);
    host_boot(h);
    return h;
}

/* One that was recorded: alone in its world, and down. */
struct host *world_host_again(struct world *w, const char *name, const struct host_seeds *seeds,
                              const char *swanctl, const char *braid)
{
    struct host *h = &w->host[seeds->index];
    w->hosts = seeds->index + 1;
    *h = (struct host){.world = w, .index = seeds->index};
    snprintf(h->name, sizeof h->name, "%s", name);
    equip(h, seeds, swanctl, braid);
    return h;
}

struct nat_box *world_nat(struct world *w, const char *addr)
{
    EXPECT(w, w->nats < NATS_MAX);
    struct nat_box *nat = &w->nat[w->nats++];
    *nat = (struct nat_box){.outside = world_addr(addr), .next_port = 20000};
    return nat;
}

static void event_free(struct event *e)
{
    packet_free(e->packet);
    free(e);
}

static void host_free(struct host *h)
{
    host_kill(h);
    record_close(h);
    configs_free_all(h);
    free(h->toy);
    free(h->swanctl);
    free(h->braid);
}

void world_free(struct world *w)
{
    for (int i = 0; i < w->hosts; i++)
        host_free(&w->host[i]);
    for (size_t i = 0; i < w->queued; i++)
        event_free(w->queue[i]);
    free(w->queue);
    seal_book_free(w->seals);
    w->run->verbs += w->steps;
    w->run->datagrams += w->last_packet;
    free(w);
}

/* ---- the queue: a binary heap by time, then by order of arrival ---------------------------- */

static bool is_before(const struct event *a, const struct event *b)
{
    return a->at != b->at ? a->at < b->at : a->serial < b->serial;
}

static void swap(struct world *w, size_t a, size_t b)
{
    struct event *e = w->queue[a];
    w->queue[a] = w->queue[b];
    w->queue[b] = e;
}

static void sift_up(struct world *w, size_t i)
{
    for (; i > 0 && is_before(w->queue[i], w->queue[(i - 1) / 2]); i = (i - 1) / 2)
        swap(w, i, (i - 1) / 2);
}

static void sift_down(struct world *w, size_t i)
{
    for (;;) {
        size_t first = i;
        for (size_t child = 2 * i + 1; child <= 2 * i + 2; child++)
            if (child < w->queued && is_before(w->queue[child], w->queue[first]))
                first = child;
        if (first == i)
            return;
        swap(w, i, first);
        i = first;
    }
}

void world_queue(struct world *w, struct event *event)
{
    if (w->queued == w->queue_room) {
        w->queue_room = w->queue_room ? w->queue_room * 2 : 64;
        w->queue = realloc(w->queue, w->queue_room * sizeof *w->queue);
        if (!w->queue)
            abort();
    }
    event->serial = ++w->last_serial;
    w->queue[w->queued++] = event;
    sift_up(w, w->queued - 1);
}

static struct event *take_event(struct world *w, size_t i)
{
    struct event *event = w->queue[i];
    w->queue[i] = w->queue[--w->queued];
    if (i < w->queued) {
        sift_up(w, i);
        sift_down(w, i);
    }
    return event;
}

void world_at(struct world *w, ike_time at, struct host *h, act_function *act, uint64_t arg)
{
    struct event *e = calloc(1, sizeof *e);
    *e = (struct event){.at = at, .kind = EVENT_ACT, .host = h, .act = act, .arg = arg};
    world_queue(w, e);
}

/* ---- effects ------------------------------------------------------------------------------- */

static const char *const tell_names[] = {
    [TELL_EXCHANGE] = "EXCHANGE", [TELL_RESENT] = "RESENT", [TELL_IKE_UP] = "IKE_UP", [TELL_IKE_DOWN] = "IKE_DOWN", [TELL_IKE_REKEYED] = "IKE_REKEYED", [TELL_CHILD_UP] = "CHILD_UP", [TELL_CHILD_DOWN] = "CHILD_DOWN", [TELL_CHILD_REKEYED] = "CHILD_REKEYED", [TELL_IKE_MOVED] = "IKE_MOVED", [TELL_ALERT] = "ALERT"};

static void do_tell(struct host *h, const struct ike_tell *tell)
{
    struct told *told = &h->told[h->told_count++ % TOLD_MAX];
    *told = (struct told){.at = h->world->now, .tell = *tell};
    told->tell.theirs.data = BYTES_NONE;
    told->tell.conn = told->tell.child = told->tell.detail = NULL;
    snprintf(told->detail, sizeof told->detail, "%s", tell->detail);
    h->told_kind[tell->kind]++;
    if (tell->kind == TELL_IKE_DOWN || tell->kind == TELL_CHILD_DOWN || tell->kind == TELL_ALERT)
        h->told_reason[tell->reason]++;
    world_trace(h->world, h, "  tell %s ike %u child %u %s %s", tell_names[tell->kind],
                tell->ike_id, tell->child_id, tell->reason ? ike_reason_name(tell->reason) : "",
                tell->detail);
}

static void do_ask(struct host *h, const struct ike_ask *ask)
{
    struct world *w = h->world;
    struct event *e = calloc(1, sizeof *e);
    *e = (struct event){.kind = EVENT_ANSWER, .host = h};
    if (ask->kind == ASK_PPK)
        cred_ppk(h->secrets, NULL, ask, &e->answer, &e->ppk);
    else
        cred_answer(h->secrets, h->watch.inner, ask, &e->answer, e->auth);
    e->at = w->now + w->ask_min +
            (w->ask_max > w->ask_min ? world_below(w, w->ask_max - w->ask_min + 1) : 0);
    world_queue(w, e);
    world_trace(w, h, "  ask %s: will be %s", ask->kind == ASK_SIGN ? "SIGN" : ask->kind == ASK_PPK ? "PPK"
                                                                                                    : "VERIFY",
                e->answer.status == ANSWER_OK ? "ok" : "refused");
}

static void do_order_later(struct world *w, struct host *h, uint64_t arg)
{
    (void)w;
    struct plane_report report;
    (void)arg;
    while (h->plane->report(h->plane->self, &report)) {
        struct ike_order order = {.child_id = report.child_id, .remote = report.from};
        order.kind = report.kind == REPORT_FAILED ? ORDER_PLANE_FAILED : ORDER_PLANE_SEEN;
        host_order(h, &order);
    }
}

static void do_plane(struct host *h, const struct ike_plane *plane)
{
    static const char *const names[] = {[PLANE_ADD] = "ADD",
                                        [PLANE_RETIRE] = "RETIRE",
                                        [PLANE_MOVE] = "MOVE",
                                        [PLANE_REMOVE] = "REMOVE"};
    world_trace(h->world, h, "  plane %s child %u spi %08x/%08x", names[plane->op], plane->child.id,
                plane->child.spi_in, plane->child.spi_out);
    if (!h->plane->apply(h->plane->self, h->world->now, plane))
        world_at(h->world, h->world->now, h, do_order_later, 0);
}

/*
 * Memory ran out and effects were lost. Datagrams are lost anyway, answers that never come end in a
 * timeout; but what the data plane should have moved or removed, it must do.
 */
static void reconcile(struct host *h)
{
    uint32_t id;
    for (size_t at = 0; h->plane->each(h->plane->self, &at, &id);) {
        struct ike_plane plane = ike_engine_plane(h->engine, id);
        h->plane->apply(h->plane->self, h->world->now, &plane);
        if (plane.op == PLANE_REMOVE)
            at = 0;
    }
}

static void carry_out(struct host *h, struct step *step)
{
    for (const struct ike_effect *e = ike_effects_first(h->fx); e; e = e->next) {
        switch (e->kind) {
        case EFFECT_SEND:
            step->sent_octets += e->u.send.datagram.len;
            step->sent++;
            h->sent++;
            h->sent_octets += e->u.send.datagram.len;
            network_send(h->world, h, &e->u.send);
            break;
        case EFFECT_PLANE:
            do_plane(h, &e->u.plane);
            break;
        case EFFECT_ASK:
            do_ask(h, &e->u.ask);
            break;
        case EFFECT_TELL:
            do_tell(h, &e->u.tell);
            break;
        }
    }
    record_effects(h);
    h->world->steps++;
    step->lost_effects = ike_effects_lost(h->fx);
    if (step->lost_effects)
        reconcile(h);
    ike_effects_clear(h->fx);
    configs_free_old(h);
    invariants_step(h, step);
}

/* ---- verbs --------------------------------------------------------------------------------- */

static void input(struct host *h, const struct packet *p, const struct ike_path *path)
{
    struct world *w = h->world;
    uint8_t *exact =
        malloc(p->len ? p->len : 1); /* exact size: the address sanitizer sees each octet beyond */
    memcpy(exact, p->octets, p->len);
    struct step step = {.input = p, .before = invariants_before(h)};
    record_input(h, path, bytes_make(exact, p->len));
    h->heard++;
    ike_engine_input(h->engine, w->now, path, bytes_make(exact, p->len), h->fx);
    free(exact);
    carry_out(h, &step);
}

static void tick(struct host *h)
{
    struct step step = {.before = invariants_before(h)};
    record_tick(h);
    ike_engine_tick(h->engine, h->world->now, h->fx);
    carry_out(h, &step);
}

enum order_result host_order(struct host *h, const struct ike_order *order)
{
    struct step step = {.before = invariants_before(h)};
    record_order(h, order);
    enum order_result result = ike_engine_order(h->engine, h->world->now, order, h->fx);
    world_trace(h->world, h, "order %d: result %d", order->kind, result);
    carry_out(h, &step);
    return result;
}

void host_reload(struct host *h, const char *swanctl)
{
    struct step step = {.before = invariants_before(h)};
    configs_load(h, swanctl, h->braid);
    record_reload(h);
    world_trace(h->world, h, "reload: serial %" PRIu64, h->config->serial);
    configs_take_over(h);
    carry_out(h, &step);
}

static void answer(struct host *h, struct event *e)
{
    struct step step = {.before = invariants_before(h)};
    if (e->answer.auth.len)
        e->answer.auth.at = e->auth;
    record_answer(h, &e->answer);
    world_trace(h->world, h, "answer %" PRIu64 ": %d", e->answer.ticket.serial, e->answer.status);
    ike_engine_answer(h->engine, h->world->now, &e->answer, h->fx);
    carry_out(h, &step);
}

static struct bytes name_of(const char *name)
{
    return name ? bytes_str(name) : BYTES_NONE;
}

enum order_result host_initiate(struct host *h, const char *conn, const char *child)
{
    return host_order(
        h, &(struct ike_order){
               .kind = ORDER_INITIATE, .id = 1, .conn = name_of(conn), .child = name_of(child)});
}

enum order_result host_terminate(struct host *h, const char *conn, const char *child)
{
    return host_order(
        h, &(struct ike_order){
               .kind = ORDER_TERMINATE, .id = 2, .conn = name_of(conn), .child = name_of(child)});
}

void host_check_all(struct host *h)
{
    struct ike_sa_info info;
    for (uint32_t id = 0; ike_engine_next_sa(h->engine, id, &info); id = info.id)
        (void)host_order(h, &(struct ike_order){.kind = ORDER_CHECK, .ike_id = info.id});
}

/* ---- running ------------------------------------------------------------------------------- */

static struct host *next_deadline(struct world *w, ike_time *at)
{
    struct host *next = NULL;
    *at = IKE_NEVER;
    for (int i = 0; i < w->hosts; i++) {
        ike_time t = w->host[i].engine ? ike_engine_deadline(w->host[i].engine) : IKE_NEVER;
        if (t >= *at)
            continue;
        *at = t;
        next = &w->host[i];
    }
    return next;
}

static void advance(struct world *w, ike_time at)
{
    if (at <= w->now)
        return;
    w->now = at;
    for (int i = 0; i < w->hosts; i++)
        w->host[i].ticks_at_once = 0;
}

static void fire(struct world *w, struct event *e)
{
    if (e->at > w->now)
        advance(w, e->at);
    if (e->kind == EVENT_ACT)
        e->act(w, e->host, e->arg);
    if (e->kind == EVENT_ANSWER && e->host->engine)
        answer(e->host, e);
    if (e->kind == EVENT_PACKET) {
        struct ike_path path;
        struct host *h = network_deliver(w, e->packet, &path);
        if (h && h->engine) {
            trace_packet(w, e->packet, "hears");
            input(h, e->packet, &path);
        }
    }
    event_free(e);
}

void world_fire(struct world *w, size_t index)
{
    fire(w, take_event(w, index));
}

bool world_step(struct world *w, ike_time until)
{
    ike_time deadline;
    struct host *h = next_deadline(w, &deadline);
    ike_time event_at = w->queued ? w->queue[0]->at : IKE_NEVER;
    ike_time at = event_at <= deadline ? event_at : deadline;
    if (at == IKE_NEVER || at > until)
        return false;
    if (event_at <= deadline) {
        fire(w, take_event(w, 0));
        return true;
    }
    advance(w, deadline);
    if (++h->ticks_at_once > 1000)
        world_fail(w, "%s: its deadline does not move, however often it is called", h->name);
    tick(h);
    return true;
}

void world_run(struct world *w, ike_time duration)
{
    ike_time until = w->now + duration;
    while (world_step(w, until))
        ;
    advance(w, until);
}

static bool gathers(const struct ike_sa *sa)
{
    return (sa->gather[0] && sa->gather[0]->total) || (sa->gather[1] && sa->gather[1]->total);
}

static bool sa_is_quiet(const struct ike_sa *sa)
{
    return sa->phase == PHASE_UP && !sa->ours && !sa->theirs && !sa->wants &&
           sa->die_at == IKE_NEVER && !gathers(sa);
}

static bool host_is_quiet(const struct host *h)
{
    for (const struct ike_sa *sa = h->engine ? h->engine->oldest : NULL; sa; sa = sa->newer)
        if (!sa_is_quiet(sa))
            return false;
    return true;
}

bool world_is_quiet(const struct world *w)
{
    for (int i = 0; i < w->hosts; i++)
        if (!host_is_quiet(&w->host[i]))
            return false;
    return w->queued == 0;
}

void world_settle(struct world *w)
{
    ike_time limit = w->now + 1800 * IKE_SECOND;
    while (!world_is_quiet(w))
        if (!world_step(w, limit))
            break;
    if (!world_is_quiet(w))
        world_fail(w, "the world does not come to rest");
    invariants_quiet(w);
}

/* ---- looking ------------------------------------------------------------------------------- */

unsigned host_up_count(const struct host *h)
{
    unsigned count = 0;
    for (const struct ike_sa *sa = h->engine->oldest; sa; sa = sa->newer)
        count += sa->phase == PHASE_UP;
    return count;
}

unsigned host_child_count(const struct host *h)
{
    return (unsigned)mock_counts(h->plane).installed;
}

struct ike_sa *host_sa(const struct host *h)
{
    return h->engine->newest;
}

uint64_t host_counter(const struct host *h, const char *name)
{
    struct ike_counter counter;
    for (size_t i = 0; ike_engine_counter(h->engine, i, &counter); i++)
        if (strcmp(counter.name, name) == 0)
            return counter.value;
    world_fail(h->world, "there is no counter %s", name);
}

const struct told *host_last_told(const struct host *h, enum tell_kind kind)
{
    for (uint64_t n = 1; n <= TOLD_MAX && n <= h->told_count; n++) {
        const struct told *told = &h->told[(h->told_count - n) % TOLD_MAX];
        if (told->tell.kind == kind)
            return told;
    }
    return NULL;
}

struct ike_sa *world_other_end(const struct world *w, const struct host *h, const struct ike_sa *sa,
                               struct host **at)
{
    uint64_t spi = sa->initiator ? sa->spi_r : sa->spi_i;
    for (int i = 0; i < w->hosts; i++) {
        struct host *other = (struct host *)(uintptr_t)&w->host[i];
        struct ike_sa *found =
            other != h && other->engine ? table_get(&other->engine->by_spi, spi) : NULL;
        if (!found || found->spi_i != sa->spi_i || found->spi_r != sa->spi_r ||
            found->initiator == sa->initiator)
            continue;
        if (at)
            *at = other;
        return found;
    }
    return NULL;
}
