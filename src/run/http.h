/*
 * http: as much of HTTP/1.0 (RFC 1945) as it takes to fetch a revocation list and to ask an OCSP
 * responder. A pure part: text in, text out, no sockets.
 *
 * Only http is spoken: what is fetched is signed, and TLS would need certificates whose revocation
 * is to be found out (RFC 5280 8). Redirections are not followed, so nobody is sent elsewhere.
 */
#ifndef BRAID_RUN_HTTP_H
#define BRAID_RUN_HTTP_H

#include "base/bytes.h"

enum {
    HTTP_URI_MAX = 1024,
    HTTP_HOST_MAX = 256,
    HTTP_HEAD_MAX = 16 << 10, /* octets of an answer before its body */
    HTTP_WHY_MAX = 64,
};

struct http_uri {
    char host[HTTP_HOST_MAX]; /* an IPv6 address without its brackets */
    char port[6];
    char path[HTTP_URI_MAX];
};

/* False: not http, too long, or with characters that do not belong there. */
bool http_uri_read(const char *text, struct http_uri *out);

/* GET; with a body of this media type POST. To be freed with free(). False: out of memory. */
bool http_request_make(const struct http_uri *uri, struct bytes body, const char *type,
                       struct bytes *out);

enum http_progress { HTTP_MORE,
                     HTTP_DONE,
                     HTTP_BAD };

/*
 * Look at what has come so far; `ended`: no more will. DONE: *body is a view of it. BAD: `why` is
 * a sentence. Hostile.
 */
enum http_progress http_answer_read(struct bytes so_far, bool ended, size_t body_max,
                                    struct bytes *body, char why[HTTP_WHY_MAX]);

#endif
