/*
 * engine: what one worker knows: its SAs, how to find them, its budgets and counters. Internal to
 * src/ike.
 */
#ifndef BRAID_IKE_ENGINE_H
#define BRAID_IKE_ENGINE_H

#include "base/arena.h"
#include "base/heap.h"
#include "base/siphash.h"
#include "base/table.h"
#include "ike/cookie.h"
#include "ike/sa.h"
#include "ike/verdict.h"
#include <braid/ike.h>

/* Events that are worth counting beside the drops. */
#define COUNTS(X) \
    X(REQUESTS_IN, "requests-in") \
    X(RESPONSES_IN, "responses-in") \
    X(REQUESTS_OUT, "requests-out") \
    X(RESPONSES_OUT, "responses-out") \
    X(RETRANSMIT, "retransmissions") \
    X(REPEATED, "answers-repeated") \
    X(COOKIES_SENT, "cookies-sent") \
    X(INVALID_SPI_SENT, "invalid-ike-spi-sent") \
    X(SA_UP, "ike-sas-up") \
    X(SA_FAILED, "ike-sas-failed") \
    X(CHILD_UP, "child-sas-up") \
    X(UNTOLD, "strangers-untold") \
    X(EFFECTS_LOST, "effects-lost")

enum count {
#define X(name, text) COUNT_##name,
    COUNTS(X)
#undef X
        COUNT_COUNT
};

struct ike_engine {
    const struct alloc *alloc;
    const struct crypto *crypto;
    const struct config *config;
    uint8_t worker;
    uint16_t port, port_encap;
    bool force_encap;
    bool closing; /* ORDER_SHUTDOWN: take in nothing new */

    struct siphash_key seed; /* of fingerprints and table keys that peers influence */
    struct table by_spi;     /* our SPI -> SA */
    /* hash of the initiator's SPI and address -> half-open SA as responder */
    struct table by_contact;
    struct table index[INDEXES]; /* hash of what SAs share -> chain of them (index.c) */
    /* hash of a source address -> number of its half-open SAs, as a pointer value */
    struct table by_source;
    struct table by_id;             /* unique id -> SA */
    struct table by_child;          /* unique id of a Child SA -> its IKE SA */
    struct table by_child_spi;      /* our inbound ESP SPI -> its IKE SA */
    struct ike_sa *oldest, *newest; /* all SAs, in order of their ids */
    struct heap timers;
    struct cookie_jar cookies;
    uint32_t half_open;
    uint32_t sa_count;
    uint32_t last_sa_id, last_child_id, last_larval_id;
    uint64_t last_serial;
    ike_time invalid_spi_after; /* no unprotected INVALID_IKE_SPI before */
    ike_time strangers_since;   /* so many failures of strangers were told since */
    uint32_t strangers_told;
    struct ike_sa *dead;        /* closed in this verb, freed at its end */
    /* MESSAGE_LEN_MAX octets: datagrams are opened here, messages encoded here */
    uint8_t *scratch;

    uint64_t drops[DROP_COUNT];
    uint64_t counts[COUNT_COUNT];
};

/*
 * Where to send from and to: the order's addresses before the configuration's. A local address may
 * be left open (family NONE): the owner's socket layer chooses. False: not known (order.c).
 */
struct turn;
bool order_choose_path(const struct turn *t, const struct conf_conn *conn,
                       const struct ike_order *order, struct ike_path *path);

/* Take the SA out of the budget of half-open SAs, if it is in it (contact.c). */
void engine_leave_half_open(struct ike_engine *e, struct ike_sa *sa);
/*
 * The SA with the smallest id above `after`, or NULL. A walk that may close SAs holds on to nothing
 * but the id.
 */
struct ike_sa *engine_next_sa(const struct ike_engine *e, uint32_t after);
/* To be called last in every verb: frees the SAs that were closed in it. */
void engine_end_verb(struct ike_engine *e);

/* ---- effects (effects.c) --------------------------------------------------------------------- */

struct ike_effects {
    struct arena arena;
    struct ike_effect *first, **last;
    bool lost;
};

/* A tick stops here, so that its effects are carried out before it goes on. */
bool effects_are_enough(const struct ike_effects *fx);
/*
 * In two steps, for an effect without which something must not happen: make it, or NULL when out of
 * memory; and append it. One that is never appended is wiped with the rest.
 */
struct ike_effect *effects_make(struct ike_effects *fx, enum effect_kind kind);
void effects_append(struct ike_effects *fx, struct ike_effect *effect);
/* Both at once. NULL when out of memory: the effect is lost (ike_effects_lost, and counted). */
struct ike_effect *effects_add(struct ike_engine *e, struct ike_effects *fx, enum effect_kind kind);
void effects_send(struct ike_engine *e, struct ike_effects *fx, const struct ike_path *path,
                  struct bytes datagram);

#endif
