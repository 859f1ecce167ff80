/*
 * ending: see ending.h. What matches is written down before the order is given; each SA that is
 * told to be down is crossed off.
 */
#include "daemon/ending.h"

#include "daemon/effects.h"

#include <stdlib.h>

/* Watched one by one; beyond that the command answers without waiting for the rest. */
enum { TARGETS_MAX = 4096 };

struct ending {
    struct ending *next;
    struct daemon *d;
    struct ending_wish wish;
    bool of_children; /* the ids are those of Child SAs */
    uint32_t matches, left;
    uint32_t *target;
    uint64_t id;
    bool has_timer, finished;
    uv_timer_t timer;
};

static void on_timer_closed(uv_handle_t *handle)
{
    free(handle->data);
}

static void report(struct ending *e, const char *message)
{
    if (e->wish.done)
        e->wish.done(e->wish.self, e->matches, e->matches - e->left, message);
    e->wish.done = NULL;
    e->wish.told = NULL;
}

static void finish(struct ending *e, const char *message)
{
    if (e->finished)
        return;
    e->finished = true;
    for (struct ending **at = &e->d->endings; *at; at = &(*at)->next)
        if (*at == e) {
            *at = e->next;
            break;
        }
    report(e, message);
    free(e->target);
    e->target = NULL;
    if (e->has_timer)
        uv_close((uv_handle_t *)&e->timer, on_timer_closed);
    else
        free(e);
}

static void on_timeout(uv_timer_t *timer)
{
    finish(timer->data, "not all matching SAs could be terminated");
}

void ending_detach(struct ending *e)
{
    if (!e)
        return;
    e->wish.done = NULL;
    e->wish.told = NULL;
}

/* ---- which SAs ------------------------------------------------------------------------------- */

static bool name_matches(struct bytes wanted, const char *name)
{
    return wanted.len == 0 || (name && bytes_equal(wanted, bytes_str(name)));
}

static void add_target(struct ending *e, uint32_t id)
{
    if (e->matches < TARGETS_MAX)
        e->target[e->matches++] = id;
}

/* One that was replaced goes anyway, and nobody would tell us when. */
static void find_children(struct ending *e, uint32_t ike_id)
{
    struct ike_child_info child = {.id = 0};
    while (ike_engine_next_child(e->d->engine, ike_id, child.id, &child))
        if (!child.replaced && (e->wish.child_id == 0 || child.id == e->wish.child_id) &&
            name_matches(e->wish.child, child.name))
            add_target(e, child.id);
}

static void find_targets(struct ending *e)
{
    struct ike_sa_info sa = {.id = 0};
    while (ike_engine_next_sa(e->d->engine, sa.id, &sa)) {
        if ((e->wish.ike_id != 0 && sa.id != e->wish.ike_id) || !name_matches(e->wish.conn, sa.conn))
            continue;
        if (e->of_children)
            find_children(e, sa.id);
        else
            add_target(e, sa.id);
    }
}

/* ---- beginning ------------------------------------------------------------------------------- */

static struct ending *by_id(struct daemon *d, uint64_t id)
{
    struct ending *e = d->endings;
    while (e && e->id != id)
        e = e->next;
    return e;
}

static struct ending *give_order(struct daemon *d, struct ending *e)
{
    uint64_t id = e->id;
    struct ike_order order = {.kind = ORDER_TERMINATE,
                              .id = id,
                              .conn = e->wish.conn,
                              .child = e->wish.child,
                              .ike_id = e->wish.ike_id,
                              .child_id = e->wish.child_id,
                              .force = e->wish.force};
    e->wish.conn = e->wish.child = BYTES_NONE; /* borrowed for this call only */
    bool at_once = e->wish.timeout_ms < 0;
    enum order_result result = effects_order(d, &order);
    e = by_id(d, id); /* it may be over */
    if (e && result != ORDER_DONE) {
        finish(e, result == ORDER_NO_MATCH ? "no matching SAs to terminate found" : "terminating SA failed");
        return NULL;
    }
    if (e && at_once) {
        report(e, NULL);
        finish(e, NULL);
        return NULL;
    }
    return e;
}

struct ending *ending_begin(struct daemon *d, const struct ending_wish *wish)
{
    struct ending *e = calloc(1, sizeof *e);
    uint32_t *target = calloc(TARGETS_MAX, sizeof *target);
    if (!e || !target) {
        free(e);
        free(target);
        wish->done(wish->self, 0, 0, "out of memory");
        return NULL;
    }
    *e = (struct ending){.d = d,
                         .wish = *wish,
                         .target = target,
                         .id = ++d->last_order,
                         .next = d->endings,
                         .of_children = wish->child_id != 0 || wish->child.len > 0};
    d->endings = e;
    find_targets(e);
    e->left = e->matches;
    if (e->matches == 0) {
        finish(e, wish->cancelled ? NULL : "no matching SAs to terminate found");
        return NULL;
    }
    if (wish->timeout_ms > 0) {
        e->timer.data = e;
        e->has_timer = uv_timer_init(&d->loop.uv, &e->timer) == 0;
        if (e->has_timer)
            uv_timer_start(&e->timer, on_timeout, (uint64_t)wish->timeout_ms, 0);
    }
    return give_order(d, e);
}

/* ---- what the engine tells ------------------------------------------------------------------- */

static void cross_off(struct ending *e, uint32_t id)
{
    for (uint32_t i = 0; i < e->matches; i++)
        if (e->target[i] == id && id != 0) {
            e->target[i] = 0;
            e->left--;
        }
    if (e->left == 0)
        finish(e, NULL);
}

/*
 * What is to end was rekeyed at the same moment: its heir has to go instead. Of an IKE SA the heir
 * takes over what was wanted of it; a Child SA's has to be asked for.
 */
static void follow_heir(struct ending *e, const struct ike_tell *t)
{
    uint32_t heir = e->of_children ? t->child_id : t->ike_id;
    for (uint32_t i = 0; i < e->matches; i++) {
        if (e->target[i] != t->replaced_id)
            continue;
        e->target[i] = heir;
        struct ike_order order = {.kind = ORDER_TERMINATE, .id = e->id, .child_id = heir};
        if (e->of_children)
            effects_later(e->d, &order);
    }
}

static bool is_target(const struct ending *e, uint32_t id)
{
    for (uint32_t i = 0; i < e->matches; i++)
        if (e->target[i] == id && id != 0)
            return true;
    return false;
}

void ending_tell(struct daemon *d, const struct ike_tell *t)
{
    struct ending *next;
    for (struct ending *e = d->endings; e; e = next) {
        next = e->next;
        if (e->wish.told && is_target(e, e->of_children ? t->child_id : t->ike_id))
            e->wish.told(e->wish.self, t);
        if (t->kind == TELL_CHILD_DOWN && e->of_children)
            cross_off(e, t->child_id);
        else if (t->kind == TELL_IKE_DOWN && !e->of_children)
            cross_off(e, t->ike_id);
        else if (t->kind == (e->of_children ? TELL_CHILD_REKEYED : TELL_IKE_REKEYED))
            follow_heir(e, t);
    }
}
