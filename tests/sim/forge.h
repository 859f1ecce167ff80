/*
 * forge: a peer that knows the keys and does not keep to the rules.
 *
 * The bad host runs an honest engine, and what leaves it is opened again with its own keys,
 * decoded, changed by the scenario, and sealed anew. Its engine can be made to believe that it said
 * so itself (its transcript then covers the changed message), so that what it says is authentic to
 * the end. Or it says something out of turn.
 */
#ifndef BRAID_SIM_FORGE_H
#define BRAID_SIM_FORGE_H

#include "scenario.h"

struct forge;

/* One message in clear that the bad host is about to send. Its arena lives for the call. */
struct forged {
    struct ike_msg *msg;
    struct arena *arena;
    uint8_t reserved; /* of the SK payload's generic header, to be sent */
    struct bytes
        raw; /* when not empty: send these octets as inner payloads, the first of type raw_first */
    uint8_t raw_first;
};

/* True: changed. May also inject. */
typedef bool forge_function(struct forge *f, struct forged *m);

struct forge {
    struct pair *pair;
    struct host *bad; /* alice or bob */
    uint8_t exchange; /* which messages are of interest */
    bool response;
    int64_t mid;  /* -1: any */
    bool believe; /* the bad engine's own transcript follows (requests of an initiator in
                     IKE_INTERMEDIATE) */
    forge_function *change;
    uint64_t arg;
    unsigned done; /* so many messages were changed */
};

/* Becomes the tap of the world. */
void forge_start(struct forge *f);

/* A message of the bad host out of turn, sealed with the keys its SA has now, to the other end. */
struct say {
    uint8_t exchange;
    bool response;
    uint32_t mid;
    bool as_initiator; /* I flag, and the keys of that side */
    struct ike_sa *sa; /* of the bad host; NULL: its newest */
};
void forge_say(struct host *bad, const struct say *say, const struct ike_msg *msg);
/* The same for inner payloads that no encoder would make. */
void forge_say_raw(struct host *bad, const struct say *say, uint8_t first, struct bytes plain);
/* An empty message in the right role. */
struct say forge_next(const struct host *bad, uint8_t exchange);

#endif
