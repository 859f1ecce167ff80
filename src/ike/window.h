/*
 * window: what an incoming message's number says about it (RFC 7296 2.2, 2.3). A pure question: nothing
 * changes here.
 *
 * The window is 1 in both directions: one request of ours under way, one of the peer's.
 */
#ifndef BRAID_IKE_WINDOW_H
#define BRAID_IKE_WINDOW_H

#include <stdbool.h>
#include <stdint.h>

/* No message has this id: an SA ends before ids would begin again (RFC 7296 2.2). */
#define WINDOW_END UINT32_MAX

struct window {
    uint32_t send_next;  /* message id of our next request */
    uint32_t serve_next; /* message id of the peer's next request */
    bool awaiting;       /* our request send_next - 1 has no answer yet */
    bool serving;        /* the peer's request serve_next is being worked on (a handler waits) */
    bool replied;        /* the answer to request serve_next - 1 is at hand */
};

enum window_verdict {
    WINDOW_NEW,     /* request: serve it */
    WINDOW_REPEAT,  /* request: the last one again, resend the cached answer */
    WINDOW_BUSY,    /* request: being worked on, drop */
    WINDOW_AWAITED, /* response to the request under way */
    WINDOW_STRAY,   /* anything else: too old, too new, not asked for */
};

enum window_verdict window_ask(const struct window *w, bool response, uint32_t mid);

#endif
