/* trap: see trap.h. */
#include "dataplane/trap.h"

#include <stdlib.h>

/* Who sent it has tried again by then, or does not care any more. */
static const ike_time wait_for = 10 * IKE_SECOND;

struct trap *trap_by_id(const struct traps *t, uint32_t id)
{
    struct trap *trap = t->first;
    while (trap && trap->id != id)
        trap = trap->next;
    return trap;
}

struct trap *trap_add(struct traps *t, const struct plane_trap *p)
{
    struct trap *trap = calloc(1, sizeof *trap);
    if (!trap || !policy_make(&trap->policy, &p->local_ts, &p->remote_ts, trap)) {
        free(trap);
        return NULL;
    }
    trap->policy.is_trap = trap->policy.is_usable = true;
    trap->id = p->id;
    trap->last = &trap->first;
    trap->next = t->first;
    t->first = trap;
    return trap;
}

void trap_remove(struct traps *t, struct trap *trap)
{
    struct trap **link = &t->first;
    while (*link != trap)
        link = &(*link)->next;
    *link = trap->next;
    while (trap->first) {
        struct caught *c = trap->first;
        trap->first = c->next;
        t->octets -= c->len;
        trap_release(c);
    }
    policy_free(&trap->policy);
    free(trap);
}

void trap_wait_on(struct traps *t, struct trap *trap, struct caught *c)
{
    c->next = NULL;
    *trap->last = c;
    trap->last = &c->next;
    trap->count++;
    t->octets += c->len;
}

void trap_release(struct caught *c)
{
    free(c);
}

static struct caught *take_first(struct traps *t, struct trap *trap)
{
    struct caught *c = trap->first;
    trap->first = c->next;
    if (!trap->first)
        trap->last = &trap->first;
    trap->count--;
    t->octets -= c->len;
    return c;
}

static void drop_old(struct traps *t, struct trap *trap, ike_time now)
{
    while (trap->first && now - trap->first->since >= wait_for)
        trap_release(take_first(t, trap));
}

bool trap_catch(struct traps *t, struct trap *trap, ike_time now, struct bytes packet,
                const struct offload *offload)
{
    drop_old(t, trap, now);
    if (trap->count == TRAP_PACKETS_MAX || packet.len > TRAP_OCTETS_MAX - t->octets)
        return false;
    struct caught *c = malloc(sizeof *c + packet.len);
    if (!c)
        return false;
    c->since = now;
    c->offload = *offload;
    c->len = packet.len;
    memcpy(c->packet, packet.at, packet.len);
    trap_wait_on(t, trap, c);
    return true;
}

bool trap_must_tell(struct trap *trap, ike_time now)
{
    if (trap->told_at && now - trap->told_at < IKE_SECOND)
        return false;
    trap->told_at = now;
    return true;
}

struct caught *trap_take(struct traps *t, struct trap *trap, ike_time now)
{
    drop_old(t, trap, now);
    struct caught *all = trap->first;
    for (const struct caught *c = all; c; c = c->next)
        t->octets -= c->len;
    trap->first = NULL;
    trap->last = &trap->first;
    trap->count = 0;
    return all;
}
