/*
 * replay: which sequence numbers an inbound SA has taken already (RFC 4303 3.4.3, appendix A; the
 * ring of RFC 6479).
 *
 * A window covers the last `window` sequence numbers up to the highest authenticated one. On the
 * wire there are 32 bits; with extended sequence numbers the receiver infers the high half from
 * where its window stands (RFC 4303 A2.2). Asking changes nothing: replay_check before decrypting,
 * replay_accept only after the packet has been authenticated.
 *
 *          stale             window (bits in the ring)          ahead
 *     <----------------|-------------------------------|---------------->
 *                 top - window                        top
 *
 * Pure: no crypto, no clock, no memory of its own (the ring is the caller's).
 */
#ifndef BRAID_ESP_REPLAY_H
#define BRAID_ESP_REPLAY_H

#include "base/bytes.h"

enum { REPLAY_WINDOW_MAX = 4096 }; /* packets; larger wishes are cut to this */

struct replay {
    uint64_t top;    /* highest authenticated sequence number, 0 = none yet */
    uint64_t *ring;  /* one bit per sequence number, a word holds 64 of them */
    uint32_t window; /* packets, a multiple of 64; 0 = repeats are not looked for */
    uint32_t words;  /* in the ring, a power of two */
    bool esn;
};

enum replay_verdict {
    REPLAY_FRESH,   /* never seen: worth decrypting */
    REPLAY_SEEN,    /* taken before */
    REPLAY_STALE,   /* left of the window */
    REPLAY_INVALID, /* a number no sender may use: zero, or beyond the last one */
};

/*
 * How many words a ring for this wish needs (the wish is rounded up to 64 packets and cut to
 * REPLAY_WINDOW_MAX). At least 1.
 */
size_t replay_words(uint32_t window);

/* `ring` has replay_words(window) words and lives as long as the result. */
struct replay replay_make(uint32_t window, bool esn, uint64_t *ring);

/*
 * May a packet with these 32 bits be fresh? *seq gets the whole number whatever the verdict.
 * Hostile input.
 */
enum replay_verdict replay_check(const struct replay *r, uint32_t low, uint64_t *seq);

/* The packet that replay_check found fresh, with this *seq, has been authenticated. */
void replay_accept(struct replay *r, uint64_t seq);

#endif
