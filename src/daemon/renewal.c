/*
 * renewal: see renewal.h. What matches is written down before the order is given; each SA that is
 * told to be replaced, or that failed to be, is crossed off. It does not matter who replaced it:
 * when both sides rekey at once only one of them prevails.
 */
#include "daemon/renewal.h"

#include "daemon/effects.h"

#include <stdio.h>
#include <stdlib.h>

enum {
    TARGETS_MAX = 256, /* watched one by one; nobody waits for those beyond */
    NAME_MAX_LEN = 256,
    TEXT_MAX_LEN = 512,
};

struct target {
    uint32_t id, ike_id; /* id: of the Child SA, or of the IKE SA; 0: crossed off */
    bool is_broken;      /* it has ended so that it be authenticated anew */
    char conn[NAME_MAX_LEN];
};

struct renewal {
    struct renewal *next;
    struct daemon *d;
    struct renewal_wish wish;
    bool of_children; /* the ids are those of Child SAs */
    struct target target[TARGETS_MAX];
    uint32_t matches, left, failed;
    enum ike_reason reason; /* of the last one that failed */
    char detail[TEXT_MAX_LEN];
    uint64_t id;
    bool has_timer, finished;
    uv_timer_t timer;
};

static void on_timer_closed(uv_handle_t *handle)
{
    free(handle->data);
}

static void finish(struct renewal *r, const char *message)
{
    if (r->finished)
        return;
    r->finished = true;
    for (struct renewal **at = &r->d->renewals; *at; at = &(*at)->next)
        if (*at == r) {
            *at = r->next;
            break;
        }
    struct renewal_outcome outcome = {.matches = r->matches,
                                      .rekeyed = r->wish.wait ? r->matches - r->left - r->failed : 0,
                                      .message = message,
                                      .reason = r->reason,
                                      .detail = r->detail};
    if (r->wish.done)
        r->wish.done(r->wish.self, &outcome);
    if (r->has_timer)
        uv_close((uv_handle_t *)&r->timer, on_timer_closed);
    else
        free(r);
}

static void on_timeout(uv_timer_t *timer)
{
    finish(timer->data, "not all matching SAs were rekeyed in time");
}

void renewal_detach(struct renewal *r)
{
    if (r)
        r->wish.done = NULL;
    if (r)
        r->wish.told = NULL;
}

void renewal_end_all(struct daemon *d, const char *why)
{
    while (d->renewals)
        finish(d->renewals, why);
}

/* ---- which SAs ------------------------------------------------------------------------------- */

static bool name_matches(struct bytes wanted, const char *name)
{
    return wanted.len == 0 || (name && bytes_equal(wanted, bytes_str(name)));
}

static void add_target(struct renewal *r, uint32_t id, const struct ike_sa_info *sa)
{
    if (r->matches == TARGETS_MAX)
        return;
    struct target *target = &r->target[r->matches++];
    *target = (struct target){.id = id, .ike_id = sa->id};
    snprintf(target->conn, sizeof target->conn, "%s", sa->conn);
}

/* The states in which the engine takes the order. */
static bool is_settled(const char *state)
{
    return strcmp(state, "INSTALLED") == 0 || strcmp(state, "REKEYING") == 0;
}

static void find_children(struct renewal *r, const struct ike_sa_info *sa)
{
    struct ike_child_info child = {.id = 0};
    while (ike_engine_next_child(r->d->engine, sa->id, child.id, &child))
        if ((r->wish.child_id == 0 || child.id == r->wish.child_id) && is_settled(child.state) &&
            name_matches(r->wish.child, child.name))
            add_target(r, child.id, sa);
}

static void find_targets(struct renewal *r)
{
    struct ike_sa_info sa = {.id = 0};
    while (ike_engine_next_sa(r->d->engine, sa.id, &sa)) {
        if (strcmp(sa.state, "ESTABLISHED") != 0 || !name_matches(r->wish.conn, sa.conn) ||
            (r->wish.ike_id != 0 && sa.id != r->wish.ike_id))
            continue;
        if (r->of_children)
            find_children(r, &sa);
        else
            add_target(r, sa.id, &sa);
    }
}

/* ---- beginning ------------------------------------------------------------------------------- */

static struct renewal *by_id(struct daemon *d, uint64_t id)
{
    struct renewal *r = d->renewals;
    while (r && r->id != id)
        r = r->next;
    return r;
}

static struct renewal *give_order(struct daemon *d, struct renewal *r)
{
    uint64_t id = r->id;
    bool wait = r->wish.wait;
    struct ike_order order = {.kind = ORDER_REKEY,
                              .id = id,
                              .conn = r->wish.conn,
                              .child = r->wish.child,
                              .ike_id = r->wish.ike_id,
                              .child_id = r->wish.child_id,
                              .reauth = r->wish.reauth};
    r->wish.conn = r->wish.child = BYTES_NONE; /* borrowed for this call only */
    enum order_result result = effects_order(d, &order);
    r = by_id(d, id); /* it may be over */
    if (!r || (result == ORDER_DONE && wait))
        return r;
    finish(r, result == ORDER_DONE ? NULL
              : r->wish.reauth     ? "the SA cannot be authenticated anew from this side"
                                   : "no matching SAs to rekey found");
    return NULL;
}

static void start_timer(struct renewal *r)
{
    if (r->wish.timeout_ms <= 0)
        return;
    r->timer.data = r;
    r->has_timer = uv_timer_init(&r->d->loop.uv, &r->timer) == 0;
    if (r->has_timer)
        uv_timer_start(&r->timer, on_timeout, (uint64_t)r->wish.timeout_ms, 0);
}

struct renewal *renewal_begin(struct daemon *d, const struct renewal_wish *wish)
{
    struct renewal *r = calloc(1, sizeof *r);
    if (!r) {
        wish->done(wish->self, &(struct renewal_outcome){.message = "out of memory", .detail = ""});
        return NULL;
    }
    r->d = d;
    r->wish = *wish;
    r->id = ++d->last_order;
    r->of_children = !wish->reauth && (wish->child_id != 0 || wish->child.len > 0);
    r->next = d->renewals;
    d->renewals = r;
    find_targets(r);
    r->left = r->matches;
    if (r->matches == 0) {
        finish(r, "no matching SAs to rekey found");
        return NULL;
    }
    start_timer(r);
    return give_order(d, r);
}

/* ---- what the engine tells ------------------------------------------------------------------- */

static struct target *find_target(struct renewal *r, uint32_t id)
{
    for (uint32_t i = 0; i < r->matches; i++)
        if (r->target[i].id == id && id != 0)
            return &r->target[i];
    return NULL;
}

static void cross_off(struct renewal *r, uint32_t id, const struct ike_tell *failure)
{
    struct target *target = find_target(r, id);
    if (!target)
        return;
    target->id = 0;
    r->left--;
    if (failure) {
        r->failed++;
        r->reason = failure->reason;
        snprintf(r->detail, sizeof r->detail, "%s", failure->detail ? failure->detail : "");
    }
}

static void settle(struct renewal *r)
{
    if (r->left == 0)
        finish(r, r->failed > 0 ? "not all matching SAs could be rekeyed" : NULL);
}

static bool is_about(const struct renewal *r, const struct ike_tell *t)
{
    for (uint32_t i = 0; i < r->matches; i++)
        if (r->target[i].id != 0 && r->target[i].ike_id == t->ike_id)
            return true;
    return t->order_id == r->id; /* of an SA that takes over from one */
}

/*
 * Authenticated anew: either another SA says from which it takes over, or will not; or the old one
 * ends for that, and the next of the connection is what it was ended for.
 */
static void on_reauth(struct renewal *r, const struct ike_tell *t)
{
    bool up = t->kind == TELL_IKE_UP;
    cross_off(r, t->replaced_id, up ? NULL : t);
    for (uint32_t i = 0; i < r->matches && t->conn; i++) {
        struct target *target = &r->target[i];
        if (!up && target->id == t->ike_id && t->reason == IKE_REASON_REAUTHENTICATION)
            target->is_broken = true;
        else if (up && target->id && target->is_broken && strcmp(target->conn, t->conn) == 0)
            cross_off(r, target->id, NULL);
        else if (!up && target->id == t->ike_id)
            cross_off(r, target->id, t);
    }
}

/* Child SAs pass from an IKE SA to the one that replaces it. */
static void follow_heir(struct renewal *r, const struct ike_tell *t)
{
    for (uint32_t i = 0; i < r->matches; i++)
        if (r->target[i].ike_id == t->replaced_id)
            r->target[i].ike_id = t->ike_id;
}

static void on_rekey(struct renewal *r, const struct ike_tell *t)
{
    switch (t->kind) {
    case TELL_IKE_REKEYED:
        if (r->of_children)
            follow_heir(r, t);
        else
            cross_off(r, t->replaced_id, NULL);
        break;
    case TELL_CHILD_REKEYED:
        if (r->of_children)
            cross_off(r, t->replaced_id, NULL);
        break;
    case TELL_IKE_DOWN:
        if (!r->of_children)
            cross_off(r, t->ike_id, t);
        break;
    case TELL_CHILD_DOWN:
        if (r->of_children)
            cross_off(r, t->child_id, t);
        break;
    case TELL_ALERT:
        if (r->of_children == (t->child != NULL))
            cross_off(r, t->replaced_id, t);
        break;
    default:
        break;
    }
}

static void on_tell(struct renewal *r, const struct ike_tell *t)
{
    if (r->wish.told && is_about(r, t))
        r->wish.told(r->wish.self, t);
    if (!r->wish.reauth)
        on_rekey(r, t);
    else if (t->kind == TELL_IKE_UP || t->kind == TELL_IKE_DOWN)
        on_reauth(r, t);
    settle(r);
}

void renewal_tell(struct daemon *d, const struct ike_tell *t)
{
    struct renewal *next;
    for (struct renewal *r = d->renewals; r; r = next) {
        next = r->next;
        on_tell(r, t);
    }
}
