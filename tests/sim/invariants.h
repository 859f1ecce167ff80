/*
 * invariants: what must be true whatever happens. Each is one function, with its sentence above it,
 * in invariants.c.
 */
#ifndef BRAID_SIM_INVARIANTS_H
#define BRAID_SIM_INVARIANTS_H

#include "world.h"

/* What a host's books said before a verb. */
struct before {
    uint64_t drops, lost_effects;
};

/* One verb that was called, and what came of it. */
struct step {
    const struct packet *input; /* NULL: tick, order or answer */
    struct before before;
    size_t sent, sent_octets;
    bool lost_effects;
};

struct before invariants_before(const struct host *h);
/* After every verb. */
void invariants_step(struct host *h, const struct step *step);
/* When nothing is under way any more. */
void invariants_quiet(struct world *w);
/* When an engine was freed: nothing of it is left. */
void invariants_memory(struct host *h);

#endif
