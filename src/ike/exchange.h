/*
 * exchange: the protocol as a table: one row per exchange, with what it needs and who handles it
 * (RFC 7296 1.2 to 1.5).
 *
 * A handler sees values, never bytes. It may read the SA, change larval SAs, build the message in
 * turn->out, emit effects, ask (V_WAIT), and give a verdict. It is called again with turn->answer
 * when what it asked is answered; slot->step says where it was.
 */
#ifndef BRAID_IKE_EXCHANGE_H
#define BRAID_IKE_EXCHANGE_H

#include "ike/engine.h"
#include "ike/sa.h"
#include "ike/verdict.h"

/* One call of a verb, as far as it concerns one SA. */
struct turn {
    struct ike_engine *e;
    struct ike_sa *sa;
    ike_time now;
    struct ike_effects *fx;
    struct slot *slot;
    const struct ike_msg *in;        /* the decoded request or response; NULL in `start` */
    struct ike_msg out;              /* the message being built, in slot->arena */
    const struct ike_answer *answer; /* when the handler is called again */
    const char *facts;               /* for the events of a failure, see explain.h; or NULL */
};

struct exchange {
    uint8_t type;   /* enum exchange_type */
    uint8_t phases; /* in which a request may come or be sent: bits of enum phase */
    bool clear;     /* not encrypted: IKE_SA_INIT */
    /* part of setting up the SA: only the original initiator asks, and an error ends the SA */
    bool opening;
    struct verdict (*start)(struct turn *t);    /* we ask: build the request */
    struct verdict (*request)(struct turn *t);  /* the peer asks: build the response */
    struct verdict (*response)(struct turn *t); /* the peer answered */
    /* both messages are final: transcript, key epoch, merge of larval SAs */
    enum crypto_result (*done)(struct turn *t);
    /* what we asked for will not be: events */
    void (*failed)(struct turn *t, const struct verdict *v);
    /* the slot is free again, the response is on its way: events, next wants */
    void (*after)(struct turn *t);
};

const struct exchange *exchange_find(uint8_t type);
/* The exchange that comes next in setting up an SA as initiator; NULL when it is up. */
const struct exchange *exchange_next(const struct ike_sa *sa);
/* The exchange that fulfils a want. */
const struct exchange *exchange_for(enum want_kind kind);
bool exchange_may(const struct exchange *x, enum phase phase);

/* handlers, one file for each exchange: exchange_*.c */
struct verdict init_start(struct turn *t);
struct verdict init_request(struct turn *t);
struct verdict init_response(struct turn *t);
enum crypto_result init_done(struct turn *t);

bool round_is_due(const struct larval *birth); /* as initiator: before IKE_AUTH */
struct verdict round_start(struct turn *t);
struct verdict round_request(struct turn *t);
struct verdict round_response(struct turn *t);
enum crypto_result round_done(struct turn *t);

struct verdict auth_start(struct turn *t);
struct verdict auth_request(struct turn *t);
struct verdict auth_response(struct turn *t);
enum crypto_result auth_done(struct turn *t);
void auth_after(struct turn *t);

struct verdict create_start(struct turn *t);
struct verdict create_request(struct turn *t);
struct verdict create_response(struct turn *t);
void create_failed(struct turn *t, const struct verdict *v);

struct verdict later_round_start(struct turn *t);
struct verdict later_round_request(struct turn *t);
struct verdict later_round_response(struct turn *t);

struct verdict info_start(struct turn *t);
struct verdict info_request(struct turn *t);
struct verdict info_response(struct turn *t);
void info_after(struct turn *t);

#endif
