/*
 * fetch: documents over http, in the background of the loop (http.h says how much of it).
 *
 * Each has one deadline for everything: waiting for its turn, looking the name up, connecting,
 * the answer. How many are under way, how many wait and how long an answer may be is bounded. Only
 * trusted sources are to be asked; what they answer is hostile all the same.
 */
#ifndef BRAID_RUN_FETCH_H
#define BRAID_RUN_FETCH_H

#include "base/bytes.h"

#include <uv.h>

enum {
    FETCH_PARALLEL = 16,
    FETCH_WAITING_MAX = 1024,
    FETCH_WHY_MAX = 160,
};

struct fetcher;

/* `mark`: of the packets, so that they do not go into a tunnel; 0: none. NULL: out of memory. */
struct fetcher *fetcher_open(uv_loop_t *loop, uint32_t mark);
/* Whatever is under way ends with an error now. NULL allowed. */
void fetcher_close(struct fetcher *f);

/* `why` is NULL when it went well. Both live until the callback returns. */
typedef void (*fetch_done)(void *self, struct bytes body, const char *why);

struct fetch_request {
    const char *uri;
    struct bytes body; /* empty: GET, else POST */
    const char *type;  /* media type of the body */
    size_t max;        /* octets of the answer's body */
    unsigned limit_ms;
};

/* Calls `done` exactly once, perhaps before it returns. What the request points to is copied. */
void fetch(struct fetcher *f, const struct fetch_request *request, fetch_done done, void *self);

#endif
