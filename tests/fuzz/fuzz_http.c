/*
 * fuzz_http: answers of web servers, whole and in pieces, and addresses. A body lies within what has
 * come and within its bound; an answer that is done in a piece is done in the whole with the same body.
 */
#include "fuzz.h"

#include "run/http.h"

#include <stdlib.h>

enum { BODY_MAX = 300 };

static void read_answer(struct bytes all)
{
    char why[HTTP_WHY_MAX] = "";
    struct bytes body = BYTES_NONE, part = BYTES_NONE;
    enum http_progress whole = http_answer_read(all, true, BODY_MAX, &body, why);
    if (whole == HTTP_MORE || (whole == HTTP_BAD) != (why[0] != '\0'))
        abort();
    if (whole == HTTP_DONE &&
        (body.len > BODY_MAX || body.at < all.at || body.at + body.len > all.at + all.len))
        abort();
    for (size_t len = 0; len < all.len; len += 1 + len / 8) {
        enum http_progress p =
            http_answer_read(bytes_make(all.at, len), false, BODY_MAX, &part, why);
        if (p == HTTP_DONE && (whole != HTTP_DONE || !bytes_equal(part, body)))
            abort();
    }
}

static void read_address(struct bytes all)
{
    struct http_uri uri;
    struct bytes text;
    char *copy = calloc(1, all.len + 1);
    memcpy(copy, all.at, all.len);
    if (http_uri_read(copy, &uri)) {
        if (uri.path[0] != '/' || strpbrk(uri.path, " \r\n") || strpbrk(uri.host, " \r\n/"))
            abort();
        if (!http_request_make(&uri, BYTES_NONE, NULL, &text))
            abort();
        free((void *)(uintptr_t)text.at);
    }
    free(copy);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    uint8_t *copy = malloc(size + 1); /* so that a sanitizer sees its end */
    if (size)
        memcpy(copy, data, size);
    read_answer(bytes_make(copy, size));
    if (size)
        read_address(bytes_make(copy, size));
    free(copy);
    return 0;
}
