/*
 * text: readable text built piece by piece in a buffer of fixed size, without stdio (libbraid has none).
 *
 * The result is always NUL-terminated. What does not fit is cut off and `cut` is set; it is never an error.
 */
#ifndef BRAID_BASE_TEXT_H
#define BRAID_BASE_TEXT_H

#include "base/bytes.h"

struct text {
    char *at;
    size_t len, cap; /* len excludes the terminator */
    bool cut;
};

struct text text_make(char *buffer, size_t cap); /* cap >= 1 */
void text_add(struct text *t, const char *s);
void text_char(struct text *t, char c);
void text_uint(struct text *t, uint64_t v);
void text_hex(struct text *t, uint64_t v, unsigned digits); /* lower case, that many digits */
void text_hex_bytes(struct text *t, struct bytes b);
/* Octets that may be hostile: printable ASCII as it stands, the rest as \xNN. */
void text_safe(struct text *t, struct bytes b);

#endif
