/*
 * script: inputs of a fuzz target that say what is to be done, octet by octet, and changes that are
 * made to something good. What the input does not say any more is 0.
 */
#ifndef BRAID_TESTS_SCRIPT_H
#define BRAID_TESTS_SCRIPT_H

#include "base/bytes.h"

#include <string.h>

struct script {
    const uint8_t *at;
    size_t left;
};

static inline uint8_t next_octet(struct script *s)
{
    if (!s->left)
        return 0;
    s->left--;
    return *s->at++;
}

static inline uint16_t next_number(struct script *s)
{
    uint16_t high = next_octet(s);
    return (uint16_t)(high << 8 | next_octet(s));
}

/* The rest, or as much as the next two octets say. */
static inline struct bytes next_bytes(struct script *s)
{
    size_t len = next_number(s);
    len = len < s->left ? len : s->left;
    struct bytes b = bytes_make(s->at, len);
    s->at += len;
    s->left -= len;
    return b;
}

/* One change: an octet set, a bit turned, octets cut out or put in, or the end cut off. */
static inline void edit(struct script *s, uint8_t *text, size_t *len, size_t room)
{
    size_t at = *len ? next_number(s) % (*len + 1) : 0;
    uint8_t how = next_octet(s), value = next_octet(s);
    switch (how % 5) {
    case 0:
        if (at < *len)
            text[at] = value;
        break;
    case 1:
        if (at < *len)
            text[at] ^= (uint8_t)(1U << (value & 7));
        break;
    case 2: /* cut out */
        if (at + value < *len) {
            memmove(text + at, text + at + value, *len - at - value);
            *len -= value;
        }
        break;
    case 3: /* put in */
        if (*len + value < room) {
            memmove(text + at + value, text + at, *len - at);
            memset(text + at, how, value);
            *len += value;
        }
        break;
    default:
        *len = at;
    }
}

#endif
