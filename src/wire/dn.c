/* dn: see dn.h. */
#include "wire/dn.h"

#include "base/reader.h"

enum {
    TAG_UTF8 = 0x0c,
    TAG_PRINTABLE = 0x13,
    TAG_TELETEX = 0x14,
    TAG_IA5 = 0x16,
    TAG_SEQUENCE = 0x30,
    TAG_SET = 0x31,
};
/* Name, RDN, attribute and value. */
enum { DEPTH_MAX = 3 };

struct element {
    uint8_t tag;
    struct reader content;
};

static struct element take(struct reader *r)
{
    struct element e = {.tag = reader_u8(r)};
    size_t len = reader_u8(r);
    if (len == 0x81)
        len = reader_u8(r);
    else if (len == 0x82)
        len = reader_u16(r);
    else if (len >= 0x80)
        reader_fail(r);
    e.content = reader_sub(r, len);
    return e;
}

static bool is_text(uint8_t tag)
{
    return tag == TAG_UTF8 || tag == TAG_PRINTABLE || tag == TAG_TELETEX || tag == TAG_IA5;
}

static uint8_t lower(uint8_t c)
{
    return c >= 'A' && c <= 'Z' ? (uint8_t)(c + ('a' - 'A')) : c;
}

static bool same_text(struct bytes a, struct bytes b)
{
    if (a.len != b.len)
        return false;
    for (size_t i = 0; i < a.len; i++)
        if (lower(a.at[i]) != lower(b.at[i]))
            return false;
    return true;
}

/* NOLINTNEXTLINE(misc-no-recursion): bounded by DEPTH_MAX */
static bool same_elements(struct reader *a, struct reader *b, unsigned depth)
{
    while (reader_left(a) > 0 && reader_left(b) > 0) {
        struct element x = take(a), y = take(b);
        if (a->fault || b->fault)
            return false;
        bool text = is_text(x.tag) && is_text(y.tag);
        if (x.tag != y.tag && !text)
            return false;
        bool nested = x.tag == TAG_SEQUENCE || x.tag == TAG_SET;
        if (nested && (depth == DEPTH_MAX || !same_elements(&x.content, &y.content, depth + 1)))
            return false;
        if (nested)
            continue;
        struct bytes left = reader_rest(&x.content), right = reader_rest(&y.content);
        if (text ? !same_text(left, right) : !bytes_equal(left, right))
            return false;
    }
    return reader_end(a) && reader_end(b);
}

bool dn_equal(struct bytes a, struct bytes b)
{
    struct reader left = reader_make(a), right = reader_make(b);
    return a.len > 0 && same_elements(&left, &right, 0);
}
