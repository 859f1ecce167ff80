/*
 * value: plain types, addresses and secrets. See value.h; selectors, identities and proposals
 * have files of their own.
 */
#include "config/value.h"

#include <arpa/inet.h>
#include <ctype.h>
#include <stdarg.h>
#include <stdio.h>
#include <strings.h>

__attribute__((format(printf, 4, 0))) static void say(struct value_fault *f, struct bytes whole, struct bytes part, const char *format,
                                                      va_list args)
{
    vsnprintf(f->text, sizeof f->text, format, args);
    bool inside =
        part.at && whole.at && part.at >= whole.at && part.at + part.len <= whole.at + whole.len;
    f->at = inside ? (size_t)(part.at - whole.at) : 0;
    f->len = inside ? part.len : 0;
}

bool value_fail(struct value_fault *f, struct bytes whole, struct bytes part, const char *format,
                ...)
{
    va_list args;
    va_start(args, format);
    say(f, whole, part, format, args);
    va_end(args);
    return false;
}

bool value_not_yet(struct value_fault *f, struct bytes whole, struct bytes part, const char *format,
                   ...)
{
    va_list args;
    va_start(args, format);
    say(f, whole, part, format, args);
    va_end(args);
    f->not_yet = true;
    return false;
}

struct bytes value_trim(struct bytes text)
{
    while (text.len > 0 && isspace(text.at[0])) {
        text.at++;
        text.len--;
    }
    while (text.len > 0 && isspace(text.at[text.len - 1]))
        text.len--;
    return text;
}

bool value_item(struct bytes *rest, struct bytes *item)
{
    while (rest->len > 0) {
        const uint8_t *comma = memchr(rest->at, ',', rest->len);
        size_t len = comma ? (size_t)(comma - rest->at) : rest->len;
        *item = value_trim(bytes_make(rest->at, len));
        len += comma != NULL;
        *rest = bytes_make(rest->at + len, rest->len - len);
        if (item->len > 0)
            return true;
    }
    return false;
}

bool value_is(struct bytes text, const char *word)
{
    return strlen(word) == text.len && strncasecmp((const char *)text.at, word, text.len) == 0;
}

/* ---- numbers --------------------------------------------------------------------------------- */

/* clang-format off */
static const struct value_word truths[] = {{"yes", 1},      {"true", 1}, {"enabled", 1},
                                           {"1", 1},        {"no", 0},   {"false", 0},
                                           {"disabled", 0}, {"0", 0},    {NULL, 0}};
/* clang-format on */

bool value_word(struct bytes text, const struct value_word *words, int *out)
{
    for (; words->word; words++) {
        if (value_is(text, words->word)) {
            *out = words->value;
            return true;
        }
    }
    return false;
}

bool value_bool(struct bytes text, bool *out)
{
    int truth;
    if (!value_word(text, truths, &truth))
        return false;
    *out = truth != 0;
    return true;
}

static int digit_of(int c)
{
    return c >= '0' && c <= '9'   ? c - '0'
           : c >= 'a' && c <= 'f' ? c - 'a' + 10
           : c >= 'A' && c <= 'F' ? c - 'A' + 10
                                  : -1;
}

/* The digits a text begins with; they are taken off it. */
static bool take_digits(struct bytes *text, unsigned base, uint64_t max, uint64_t *out)
{
    uint64_t n = 0;
    size_t i = 0;
    for (; i < text->len; i++) {
        int digit = digit_of(text->at[i]);
        if (digit < 0 || (unsigned)digit >= base)
            break;
        if ((unsigned)digit > max || n > (max - (unsigned)digit) / base)
            return false;
        n = n * base + (unsigned)digit;
    }
    *text = bytes_make(text->at + i, text->len - i);
    *out = n;
    return i > 0;
}

/* The number a text begins with, as C writes numbers. */
static bool take_uint(struct bytes *text, uint64_t max, uint64_t *out)
{
    bool zero = text->len > 1 && text->at[0] == '0';
    bool hex = zero && text->len > 2 && (text->at[1] | 0x20) == 'x' && digit_of(text->at[2]) >= 0;
    if (hex)
        *text = bytes_make(text->at + 2, text->len - 2);
    return take_digits(text, hex ? 16 : zero ? 8
                                             : 10,
                       max, out);
}

bool value_uint(struct bytes text, uint64_t max, uint64_t *out)
{
    uint64_t n;
    if (!take_uint(&text, max, &n) || text.len > 0)
        return false;
    *out = n;
    return true;
}

/* What follows a number: nothing, which means `plain`, or one of the units. */
static bool read_unit(struct bytes rest, const struct value_word *units, int plain, int *factor)
{
    *factor = plain;
    while (rest.len > 0 && isspace(rest.at[0]))
        rest = bytes_make(rest.at + 1, rest.len - 1);
    return rest.len == 0 || value_word(rest, units, factor);
}

bool value_time(struct bytes text, ike_time *out)
{
    /* clang-format off */
    static const struct value_word units[] = {
        {"s", 1}, {"m", 60}, {"h", 3600}, {"d", 86400}, {NULL, 0}};
    /* clang-format on */
    enum { TIME_TEXT_MAX = 15 }; /* strongSwan's limit */
    int factor;
    uint64_t n;
    if (text.len > TIME_TEXT_MAX || !take_uint(&text, UINT32_MAX, &n) ||
        !read_unit(text, units, 1, &factor))
        return false;
    *out = n * (unsigned)factor * IKE_SECOND;
    return true;
}

/* A decimal number in thousandths, further decimals cut off: "1.8" is 1800. */
static bool read_thousandths(struct bytes text, uint64_t *out)
{
    uint64_t n = 0;
    int decimals = -1; /* seen so far; -1 before the point */
    if (text.len == 0 || !isdigit(text.at[0]) || !isdigit(text.at[text.len - 1]))
        return false;
    for (size_t i = 0; i < text.len; i++) {
        int c = text.at[i];
        if (c == '.' && decimals < 0) {
            decimals = 0;
            continue;
        }
        if (!isdigit(c) || n > UINT64_C(1000000000000))
            return false;
        if (decimals == 3)
            continue;
        n = n * 10 + (unsigned)(c - '0');
        decimals += decimals >= 0;
    }
    for (int i = decimals < 0 ? 0 : decimals; i < 3; i++)
        n *= 10;
    *out = n;
    return true;
}

bool value_fine_time(struct bytes text, ike_time *out)
{
    /* clang-format off */
    static const struct value_word units[] = {
        {"ms", 1}, {"s", 1000}, {"m", 60000}, {"h", 3600000}, {NULL, 0}};
    /* clang-format on */
    size_t len = text.len;
    int factor;
    uint64_t n;
    while (len > 0 && isalpha(text.at[len - 1]))
        len--;
    if (!read_unit(bytes_make(text.at + len, text.len - len), units, 1000, &factor) ||
        !read_thousandths(value_trim(bytes_make(text.at, len)), &n))
        return false;
    *out = n * (unsigned)factor * IKE_MS / 1000;
    return true;
}

bool value_permille(struct bytes text, uint32_t *out)
{
    uint64_t n;
    if (!read_thousandths(text, &n) || n > UINT32_MAX)
        return false;
    *out = (uint32_t)n;
    return true;
}

bool value_size(struct bytes text, uint64_t *out)
{
    static const struct value_word units[] = {{"k", 10}, {"m", 20}, {"g", 30}, {NULL, 0}};
    int shift;
    uint64_t n;
    if (!take_uint(&text, UINT64_MAX, &n) || !read_unit(text, units, 0, &shift))
        return false;
    *out = n > UINT64_MAX >> shift ? UINT64_MAX : n << shift;
    return true;
}

bool value_actions(struct bytes text, uint8_t *out)
{
    /* clang-format off */
    static const struct value_word actions[] = {{"none", ACTION_NONE},
                                                {"clear", ACTION_NONE},
                                                {"trap", ACTION_TRAP},
                                                {"route", ACTION_TRAP},
                                                {"start", ACTION_START},
                                                {"restart", ACTION_START},
                                                {NULL, 0}};
    /* clang-format on */
    int bits = 0;
    for (;;) {
        const uint8_t *bar = text.len ? memchr(text.at, '|', text.len) : NULL;
        size_t len = bar ? (size_t)(bar - text.at) : text.len;
        int action;
        if (!value_word(value_trim(bytes_make(text.at, len)), actions, &action))
            return false;
        bits |= action;
        if (!bar)
            break;
        text = bytes_make(bar + 1, text.len - len - 1);
    }
    *out = (uint8_t)bits;
    return true;
}

bool value_dscp(struct bytes text, uint8_t *out)
{
    enum { DSCP_MASK = 0x3f };
    uint64_t n;
    if (!take_digits(&text, 2, UINT64_MAX, &n) || text.len > 0)
        return false;
    *out = n & DSCP_MASK;
    return true;
}

bool value_if_id(struct bytes text, struct value_mark *out)
{
    /* clang-format off */
    static const struct value_word words[] = {
        {"%unique", MARK_UNIQUE}, {"%unique-dir", MARK_UNIQUE_DIR}, {NULL, 0}};
    /* clang-format on */
    int kind = MARK_NUMBER;
    uint64_t n = 0;
    if (!value_word(text, words, &kind) && !value_uint(text, UINT32_MAX, &n))
        return false;
    *out = (struct value_mark){.value = (uint32_t)n, .mask = UINT32_MAX, .kind = (uint32_t)kind};
    return true;
}

bool value_mark(struct bytes text, struct value_mark *out)
{
    const uint8_t *slash = text.len ? memchr(text.at, '/', text.len) : NULL;
    struct bytes number = slash ? bytes_make(text.at, (size_t)(slash - text.at)) : text;
    uint64_t mask = UINT32_MAX;
    if (slash && !value_uint(bytes_make(slash + 1, text.len - number.len - 1), UINT32_MAX, &mask))
        return false;
    if (value_is(number, "%same"))
        *out = (struct value_mark){.kind = MARK_SAME};
    else if (!value_if_id(number, out))
        return false;
    out->mask = (uint32_t)mask;
    out->value &= out->mask;
    return true;
}

/* ---- addresses ------------------------------------------------------------------------------- */

bool value_addr(struct bytes text, struct addr *out)
{
    char copy[INET6_ADDRSTRLEN];
    if (text.len == 0 || text.len >= sizeof copy || memchr(text.at, 0, text.len))
        return false;
    memcpy(copy, text.at, text.len);
    copy[text.len] = '\0';
    *out = (struct addr){.family = ADDR_NONE};
    if (inet_pton(AF_INET, copy, out->ip) == 1)
        out->family = ADDR_V4;
    else if (inet_pton(AF_INET6, copy, out->ip) == 1)
        out->family = ADDR_V6;
    return out->family != ADDR_NONE;
}

/* The first and last address of a block. */
static bool read_block(struct bytes text, size_t slash, struct addr *from, struct addr *to)
{
    uint64_t prefix;
    if (!value_addr(bytes_make(text.at, slash), from))
        return false;
    struct bytes bits = bytes_make(text.at + slash + 1, text.len - slash - 1);
    if (!take_digits(&bits, 10, addr_len(from) * 8, &prefix) || bits.len > 0)
        return false;
    *to = *from;
    for (size_t i = 0; i < addr_len(from) * 8; i++) {
        uint8_t mask = (uint8_t)(0x80 >> (i % 8));
        if (i < prefix)
            continue;
        from->ip[i / 8] &= (uint8_t)~mask;
        to->ip[i / 8] |= mask;
    }
    return true;
}

bool value_range(struct bytes text, struct addr *from, struct addr *to)
{
    const uint8_t *slash = text.len ? memchr(text.at, '/', text.len) : NULL;
    const uint8_t *dash = text.len ? memchr(text.at, '-', text.len) : NULL;
    if (slash)
        return read_block(text, (size_t)(slash - text.at), from, to);
    if (!dash) {
        *to = *from = (struct addr){.family = ADDR_NONE};
        bool good = value_addr(text, from);
        *to = *from;
        return good;
    }
    struct bytes first = value_trim(bytes_make(text.at, (size_t)(dash - text.at)));
    struct bytes last = value_trim(bytes_make(dash + 1, text.len - (size_t)(dash - text.at) - 1));
    return value_addr(first, from) && value_addr(last, to) && from->family == to->family &&
           memcmp(from->ip, to->ip, sizeof from->ip) <= 0;
}

/* The words for "any address". */
static bool read_any(struct bytes text, struct conf_endpoint *out)
{
    /* clang-format off */
    static const struct value_word words[] = {
        {"%any", ADDR_NONE}, {"0.0.0.0", ADDR_V4}, {"%any4", ADDR_V4}, {"::", ADDR_V6},
        {"0::0", ADDR_V6},   {"%any6", ADDR_V6},   {NULL, 0}};
    /* clang-format on */
    int family;
    if (!value_word(text, words, &family))
        return false;
    out->from.family = out->to.family = (uint8_t)family;
    memset(out->to.ip, 0xff, addr_len(&out->to));
    return true;
}

static bool is_host_name(struct bytes text)
{
    bool letter = false;
    for (size_t i = 0; i < text.len; i++) {
        if (!isalnum(text.at[i]) && !strchr("-._", text.at[i]))
            return false;
        letter |= isalpha(text.at[i]) != 0;
    }
    return letter && text.len <= 253 && isalnum(text.at[0]);
}

bool value_endpoint(struct bytes text, struct arena *a, struct conf_endpoint *out,
                    struct value_fault *f)
{
    *out = (struct conf_endpoint){.host = NULL};
    if (read_any(text, out) || value_range(text, &out->from, &out->to))
        return true;
    *out = (struct conf_endpoint){.host = NULL};
    if (!is_host_name(text))
        return value_fail(f, text, text, "`%.*s` is no address, range, CIDR block or host name",
                          (int)text.len, (const char *)text.at);
    char *copy = arena_take(a, text.len + 1);
    if (!copy)
        return value_fail(f, text, text, "out of memory");
    memcpy(copy, text.at, text.len);
    out->host = copy;
    return true;
}

/* ---- secrets --------------------------------------------------------------------------------- */

bool value_hex(struct bytes digits, struct arena *a, struct bytes *out)
{
    uint8_t *at = arena_take(a, digits.len / 2 + 1);
    size_t len = 0;
    if (!at)
        return false;
    for (size_t i = 0; i < digits.len; i += 2) {
        if (i > 0 && digits.at[i] == ':')
            i++;
        if (digits.len - i < 2 || i >= digits.len)
            return false;
        int high = digit_of(digits.at[i]), low = digit_of(digits.at[i + 1]);
        if (high < 0 || low < 0)
            return false;
        at[len++] = (uint8_t)(high << 4 | low);
    }
    *out = bytes_make(at, len);
    return len > 0;
}

static int base64_of(int c)
{
    return c >= 'A' && c <= 'Z'   ? c - 'A'
           : c >= 'a' && c <= 'z' ? c - 'a' + 26
           : c >= '0' && c <= '9' ? c - '0' + 52
           : c == '+'             ? 62
           : c == '/'             ? 63
                                  : -1;
}

/* RFC 4648; padding at the end may be left out, white space may be in between. */
static bool read_base64(struct bytes text, struct arena *a, struct bytes *out)
{
    uint8_t *at = arena_take(a, text.len);
    uint32_t bits = 0;
    size_t len = 0, digits = 0;
    while (text.len > 0 && text.at[text.len - 1] == '=')
        text.len--;
    for (size_t i = 0; at && i < text.len; i++) {
        if (isspace(text.at[i]))
            continue;
        int digit = base64_of(text.at[i]);
        if (digit < 0)
            return false;
        bits = bits << 6 | (unsigned)digit;
        if (digits++ % 4 != 0)
            at[len++] = (uint8_t)(bits >> (6 - 2 * ((digits - 1) % 4)));
    }
    *out = bytes_make(at, len);
    return at && len > 0 && digits % 4 != 1;
}

bool value_secret(struct bytes text, struct arena *a, struct bytes *out, struct value_fault *f)
{
    struct bytes rest = text.len >= 2 ? bytes_make(text.at + 2, text.len - 2) : BYTES_NONE;
    if (text.len == 0)
        return value_fail(f, text, text, "the secret is empty");
    if (text.len >= 2 && text.at[0] == '0' && (text.at[1] | 0x20) == 'x')
        return value_hex(rest, a, out) ||
               value_fail(f, text, text, "what follows 0x is not hexadecimal");
    if (text.len >= 2 && text.at[0] == '0' && (text.at[1] | 0x20) == 's')
        return read_base64(rest, a, out) ||
               value_fail(f, text, text, "what follows 0s is not Base64");
    return arena_copy(a, text, out) || value_fail(f, text, text, "out of memory");
}
