/*
 * verdict: the outcome of a stage or a handler. Its class names the consequence, which
 * conclude_ours and conclude_theirs in drive.c carry out.
 */
#ifndef BRAID_IKE_VERDICT_H
#define BRAID_IKE_VERDICT_H

#include "wire/names.h"
#include <braid/ike.h>

enum verdict_class {
    V_OK = 0,
    V_DROP,   /* stages before acceptance: count it; nothing leaves the box, nothing has changed */
    V_WAIT,   /* a handler asked something: the slot is parked */
    /* response handlers of IKE_SA_INIT: send the request anew, changed (COOKIE,
     * INVALID_KE_PAYLOAD) */
    V_AGAIN,
    V_SKIP,   /* start handlers: there is nothing to ask any more */
    V_NOTIFY, /* reply with that notify; the exchange is over, the SA lives */
    V_KILL,   /* reply with that notify, then close the SA */
    /* response handlers: the peer reported or did something that ends what was negotiated */
    V_PEER,
    V_FAULT,  /* memory, crypto library, impossible: what is negotiated fails, loudly */
};

/* Why datagrams are dropped; each is a counter. */
#define DROPS(X) \
    X(HEADER, "drop-bad-header") \
    X(VERSION, "drop-version") \
    X(UNKNOWN_SPI, "drop-unknown-spi") \
    X(CONTACT, "drop-first-contact") \
    X(HALF_OPEN, "drop-half-open-limit") \
    X(COOKIE, "drop-cookie") \
    X(DIRECTION, "drop-wrong-direction") \
    X(STRAY, "drop-stray") \
    X(BUSY, "drop-busy") \
    X(REPEAT, "drop-repeat") \
    X(EXCHANGE, "drop-exchange") \
    X(SEALED, "drop-bad-seal") \
    X(FRAGMENT, "drop-fragment") \
    X(PARTIAL, "fragments-kept") \
    X(MEMORY, "drop-memory")

enum drop {
#define X(name, text) DROP_##name,
    DROPS(X)
#undef X
        DROP_COUNT
};

struct verdict {
    enum verdict_class class;
    enum drop drop;          /* V_DROP */
    enum ike_reason reason;  /* the others */
    uint16_t notify;         /* V_NOTIFY, V_KILL: sent; V_PEER: received */
    uint8_t data_len;        /* of the notify sent */
    uint8_t data[4];
    const char *detail;      /* for people; static, or in the effects' arena; NULL = none */
};

#define VERDICT_OK ((struct verdict){.class = V_OK})
#define VERDICT_WAIT ((struct verdict){.class = V_WAIT})

static inline struct verdict verdict_drop(enum drop drop)
{
    return (struct verdict){.class = V_DROP, .drop = drop};
}

static inline struct verdict verdict_notify(enum ike_reason reason, uint16_t notify)
{
    return (struct verdict){.class = V_NOTIFY, .reason = reason, .notify = notify};
}

static inline struct verdict verdict_kill(enum ike_reason reason, uint16_t notify)
{
    return (struct verdict){.class = V_KILL, .reason = reason, .notify = notify};
}

static inline struct verdict verdict_peer(enum ike_reason reason, uint16_t notify)
{
    return (struct verdict){.class = V_PEER, .reason = reason, .notify = notify};
}

static inline struct verdict verdict_fault(void)
{
    return (struct verdict){.class = V_FAULT, .reason = IKE_REASON_FAULT};
}

static inline struct verdict verdict_because(struct verdict v, const char *detail)
{
    v.detail = detail;
    return v;
}

#endif
