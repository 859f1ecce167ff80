/*
 * effects: calls the engine's verbs and executes what they order.
 *
 * A verb's effects are executed completely and in order before another verb is called. What comes
 * up meanwhile (the answer to an ASK, a data plane that refused) waits in a queue and is fed in
 * afterwards.
 */
#ifndef BRAID_DAEMON_EFFECTS_H
#define BRAID_DAEMON_EFFECTS_H

#include "daemon/daemon.h"

void effects_input(struct daemon *d, const struct ike_path *path, struct bytes datagram);
void effects_tick(struct daemon *d);
/* Not while effects are being executed: then effects_later. */
enum order_result effects_order(struct daemon *d, const struct ike_order *order);
/* An order without names, to be given when the effects at hand are done; at once if there are none. */
void effects_later(struct daemon *d, const struct ike_order *order);

#endif
