/*
 * fragment: the store of received fragments (RFC 7383 2.6), and the plan for sending. A pure part: it
 * neither opens nor seals.
 *
 * A set belongs to one message (message id and direction). Fragments reach the store only after each was
 * authenticated on its own.
 */
#ifndef BRAID_IKE_FRAGMENT_H
#define BRAID_IKE_FRAGMENT_H

#include "base/alloc.h"
#include "ike/limits.h"
#include <braid/types.h>

struct fragment_set {
    const struct alloc *alloc;
    uint32_t mid;
    bool response;
    uint16_t total, have; /* total 0: nothing collected */
    uint8_t first;        /* type of the first inner payload, from fragment 1 */
    uint8_t reserved;     /* critical bit and reserved bits of fragment 1's generic header: IntAuth covers them */
    size_t len;           /* octets collected */
    ike_time since;
    struct bytes *part; /* total of them, owned */
};

enum fragment_verdict {
    FRAGMENT_KEEP,     /* stored, more are missing */
    FRAGMENT_COMPLETE, /* all there: fragment_join */
    FRAGMENT_REPEAT,   /* had it already */
    FRAGMENT_DROP,     /* number 0, number > total, total smaller than seen, too many, too long, no memory */
};

struct fragment_set fragment_set_make(const struct alloc *alloc);
void fragment_set_wipe(struct fragment_set *s);

/*
 * A question before any work is done: would this fragment be taken? Same verdicts, KEEP also for one that
 * would complete the set.
 */
enum fragment_verdict fragment_look(const struct fragment_set *s, uint32_t mid, bool response,
                                    uint16_t number, uint16_t total);

/*
 * Add an opened fragment. A larger total than seen, or another message id, starts the set anew (the sender
 * split the message again, into smaller parts). max: octets of the whole message.
 */
enum fragment_verdict fragment_add(struct fragment_set *s, ike_time now, uint32_t mid, bool response,
                                   uint16_t number, uint16_t total, uint8_t first, uint8_t reserved,
                                   struct bytes plain, size_t max);

/* The whole message's inner payloads, put together in `to` (s->len octets). Afterwards wipe the set. */
void fragment_join(const struct fragment_set *s, uint8_t *to);

/*
 * How to send `len` octets when each fragment may hold `room`: the number of fragments, 0 when more than
 * FRAGMENTS_MAX. Every fragment but the last holds `room`.
 */
uint16_t fragment_plan(size_t len, size_t room);

#endif
