/* gate: see gate.h. */
#include "gate.h"

static bool may_send(const struct gate *gate, const struct host *h, const struct mock_child *c)
{
    const struct mock_child *old = c->replaces ? mock_child_by_id(h->plane, c->replaces) : NULL;
    EXPECT(h->world, c->id < sizeof gate->heard);
    if (c->retired)
        return false;
    return c->initiator || !old || old->retired || gate->heard[c->id];
}

const struct mock_child *gate_way_out(const struct gate *gate, const struct host *h)
{
    const struct mock_child *c, *newest = NULL;
    for (size_t i = 0; (c = mock_child(h->plane, i)) != NULL; i++)
        if (may_send(gate, h, c))
            newest = c;
    return newest;
}

const struct mock_child *gate_hear(struct gate *gate, const struct host *h, uint32_t spi)
{
    const struct mock_child *c = NULL;
    for (size_t i = 0; (c = mock_child(h->plane, i)) != NULL && c->spi_in != spi; i++)
        ;
    if (c)
        gate->heard[c->id] = 1;
    return c;
}
