/* record: see world.h; to come. */
#include "world.h"

void record_open(struct host *h)
{
    (void)h;
}

void record_close(struct host *h)
{
    (void)h;
}

void record_input(struct host *h, const struct ike_path *path, struct bytes datagram)
{
    (void)h;
    (void)path;
    (void)datagram;
}

void record_tick(struct host *h)
{
    (void)h;
}

void record_order(struct host *h, const struct ike_order *order)
{
    (void)h;
    (void)order;
}

void record_answer(struct host *h, const struct ike_answer *answer)
{
    (void)h;
    (void)answer;
}

void record_effects(struct host *h)
{
    (void)h;
}
