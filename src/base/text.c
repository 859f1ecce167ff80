/* text: see text.h. Every character goes through text_char, which keeps room for the terminator. */
#include "base/text.h"

struct text text_make(char *buffer, size_t cap)
{
    buffer[0] = '\0';
    return (struct text){.at = buffer, .cap = cap};
}

void text_char(struct text *t, char c)
{
    if (t->len + 1 >= t->cap) {
        t->cut = true;
        return;
    }
    t->at[t->len++] = c;
    t->at[t->len] = '\0';
}

void text_add(struct text *t, const char *s)
{
    while (*s)
        text_char(t, *s++);
}

void text_uint(struct text *t, uint64_t v)
{
    char digits[20]; /* 2^64 - 1 has twenty */
    size_t n = 0;
    do {
        digits[n++] = (char)('0' + v % 10);
        v /= 10;
    } while (v);
    while (n)
        text_char(t, digits[--n]);
}

void text_hex(struct text *t, uint64_t v, unsigned digits)
{
    while (digits--)
        text_char(t, "0123456789abcdef"[digits < 16 ? (v >> (4 * digits)) & 0xf : 0]);
}

void text_hex_bytes(struct text *t, struct bytes b)
{
    for (size_t i = 0; i < b.len; i++)
        text_hex(t, b.at[i], 2);
}

void text_safe(struct text *t, struct bytes b)
{
    for (size_t i = 0; i < b.len; i++) {
        bool is_plain = b.at[i] >= ' ' && b.at[i] <= '~' && b.at[i] != '\\';
        if (is_plain) {
            text_char(t, (char)b.at[i]);
        } else {
            text_add(t, "\\x");
            text_hex(t, b.at[i], 2);
        }
    }
}
