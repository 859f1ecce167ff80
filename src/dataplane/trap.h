/*
 * trap: policies without an SA: the first packet that matches one brings its SA up.
 *
 * The first packets that are caught wait, for a short time and within narrow limits, so that what
 * woke the tunnel up is not what gets lost. No I/O here.
 */
#ifndef BRAID_DATAPLANE_TRAP_H
#define BRAID_DATAPLANE_TRAP_H

#include "dataplane/dataplane.h"
#include "dataplane/policy.h"
#include "esp/segment.h"

enum {
    TRAP_PACKETS_MAX = 8,      /* that wait in one trap */
    TRAP_OCTETS_MAX = 1 << 20, /* and in all of a plane */
};

/* A packet that waits, as it came from the device. */
struct caught {
    struct caught *next;
    ike_time since;
    struct offload offload;
    size_t len;
    uint8_t packet[];
};

struct trap {
    struct trap *next;
    uint32_t id;
    struct policy policy; /* its owner is the trap */
    ike_time told_at;     /* when a packet was last reported; 0 = never */
    size_t count;         /* packets that wait, oldest first */
    struct caught *first, **last;
};

struct traps {
    struct trap *first;
    size_t octets; /* that wait in all traps */
};

/* NULL when out of memory. Its policy is not in any table yet. */
struct trap *trap_add(struct traps *t, const struct plane_trap *p);
/* Its policy must be out of its table. What waits is dropped. */
void trap_remove(struct traps *t, struct trap *trap);
struct trap *trap_by_id(const struct traps *t, uint32_t id);

/* A packet is to wait. False: there is no room, it is dropped. */
bool trap_catch(struct traps *t, struct trap *trap, ike_time now, struct bytes packet,
                const struct offload *offload);
/* Is this the time to tell that somebody wants the SA? At most once a second. */
bool trap_must_tell(struct trap *trap, ike_time now);

/*
 * All that waits, to be given back one by one: with trap_wait_on when there is no SA for it still,
 * else with trap_release. Packets that have waited too long are not among it.
 */
struct caught *trap_take(struct traps *t, struct trap *trap, ike_time now);
void trap_wait_on(struct traps *t, struct trap *trap, struct caught *c);
void trap_release(struct caught *c);

#endif
