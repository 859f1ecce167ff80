/*
 * gate: which Child SA a data plane would send on (dataplane/sad.h): the newest that may be used
 * for that. One that the peer asked for, in place of another, has to wait for the first packet on
 * it, or for the end of the other.
 */
#ifndef BRAID_SIM_GATE_H
#define BRAID_SIM_GATE_H

#include "world.h"

/* What a data plane remembers of its Child SAs beyond what the mock keeps. */
struct gate {
    uint8_t heard[8192]; /* by id: a packet came in on it */
};

/* NULL: there is none. */
const struct mock_child *gate_way_out(const struct gate *gate, const struct host *h);
/* A packet came in. The Child SA it came on, or NULL. */
const struct mock_child *gate_hear(struct gate *gate, const struct host *h, uint32_t spi);

#endif
