/*
 * value_identity: an IKE identity (RFC 7296 3.5) from text, by the rules of swanctl.conf. The
 * first that applies:
 *
 *     1  type:text or type:#hex     the type is said: ipv4 ipv6 fqdn dns rfc822 email userfqdn keyid asn1dn asn1gn
 *     2  {n}:text or {n}:#hex       the same by number
 *     3  contains `=`               a distinguished name
 *     4  no `@`                     %any, an IPv4 or IPv6 address, else a host name (a key id if it holds a colon)
 *     5  with `@`                   @#hex a key id, @@x a mail address, @x a host name, x@y a mail address
 *
 * Where an identity is to be matched, `*` in front of a host name or mail address stands for
 * anything.
 */
#include "config/value.h"

#include "wire/names.h"

/* clang-format off */
static const struct value_word types[] = {{"ipv4", ID_IPV4_ADDR},
                                          {"ipv6", ID_IPV6_ADDR},
                                          {"fqdn", ID_FQDN},
                                          {"dns", ID_FQDN},
                                          {"rfc822", ID_RFC822_ADDR},
                                          {"email", ID_RFC822_ADDR},
                                          {"userfqdn", ID_RFC822_ADDR},
                                          {"keyid", ID_KEY_ID},
                                          {"asn1dn", ID_DER_ASN1_DN},
                                          {"asn1gn", ID_DER_ASN1_GN},
                                          {NULL, 0}};
/* clang-format on */

/* Of swanctl.conf, but nothing braid can compare yet. */
/* clang-format off */
static const struct value_word later_types[] = {{"ipv4net", 1},   {"ipv6net", 1},  {"ipv4range", 1},
                                                {"ipv6range", 1}, {"xmppaddr", 1}, {"uri", 1},
                                                {NULL, 0}};
/* clang-format on */

/* What all steps work on. */
struct reading {
    struct bytes whole;
    bool may_match;
    struct arena *arena;
    struct conf_identity *out;
    struct value_fault *fault;
};

static bool give(struct reading *r, int type, struct bytes data)
{
    if (data.len == 0)
        return value_fail(r->fault, r->whole, r->whole,
                          "this identity is empty (a value that holds `#` must be quoted)");
    r->out->id.type = (uint8_t)type;
    return arena_copy(r->arena, data, &r->out->id.data) ||
           value_fail(r->fault, r->whole, r->whole, "out of memory");
}

static bool refuse_later(struct reading *r, const char *what)
{
    return value_not_yet(r->fault, r->whole, r->whole, "%s are not supported yet as identities",
                         what);
}

/* A host name or mail address, perhaps a pattern. */
static bool give_name(struct reading *r, int type, struct bytes name)
{
    bool pattern = name.len > 0 && name.at[0] == '*';
    if (name.len > 1 && name.at[0] == '^' && name.at[name.len - 1] == '$')
        return refuse_later(r, "regular expressions");
    if (pattern && !r->may_match)
        return value_fail(r->fault, r->whole, r->whole, "one's own identity cannot hold a `*`");
    if (pattern) {
        r->out->suffix = true;
        name = bytes_make(name.at + 1, name.len - 1);
    }
    if (name.len > 0 && memchr(name.at, '*', name.len))
        return value_fail(r->fault, r->whole, r->whole, "a `*` may stand only at the beginning");
    return give(r, type, name);
}

static bool give_dn(struct reading *r, struct bytes text)
{
    r->out->id.type = ID_DER_ASN1_DN;
    size_t shift = (size_t)(text.at - r->whole.at);
    if (value_dn(text, r->arena, &r->out->id.data, r->fault))
        return true;
    r->fault->at += r->fault->len ? shift : 0;
    return false;
}

static bool give_address(struct reading *r, int type, struct bytes text)
{
    struct addr addr;
    int family = type == ID_IPV4_ADDR ? ADDR_V4 : ADDR_V6;
    if (!value_addr(text, &addr) || addr.family != family)
        return value_fail(r->fault, r->whole, text, "`%.*s` is no IPv%d address", (int)text.len,
                          (const char *)text.at, family);
    return give(r, type, addr_bytes(&addr));
}

/* Rules 1 and 2, behind the colon. */
static bool read_typed(struct reading *r, int type, struct bytes text)
{
    struct bytes data;
    if (text.len > 0 && text.at[0] == '#') {
        if (!value_hex(bytes_make(text.at + 1, text.len - 1), r->arena, &data))
            return value_fail(r->fault, r->whole, text, "what follows # is not hexadecimal");
        size_t wanted = data.len;
        if (type == ID_IPV4_ADDR || type == ID_IPV6_ADDR)
            wanted = type == ID_IPV4_ADDR ? 4 : 16;
        if (data.len != wanted)
            return value_fail(r->fault, r->whole, text,
                              "an address of this type has %zu octets, not %zu", wanted, data.len);
        return give(r, type, data);
    }
    switch (type) {
    case ID_IPV4_ADDR:
    case ID_IPV6_ADDR:
        return give_address(r, type, text);
    case ID_FQDN:
    case ID_RFC822_ADDR:
        return give_name(r, type, text);
    case ID_DER_ASN1_DN:
        return give_dn(r, text);
    default:
        return give(r, type, text);
    }
}

/* {n}:... */
static bool read_numbered(struct reading *r, struct bytes number, struct bytes text)
{
    uint64_t type;
    if (!value_uint(number, 255, &type) || !id_type_name((uint8_t)type) || type == ID_NULL)
        return value_fail(r->fault, r->whole, number, "`%.*s` is no type of identity",
                          (int)number.len, (const char *)number.at);
    return read_typed(r, (int)type, text);
}

/* Rule 4. */
static bool read_plain(struct reading *r, struct bytes text)
{
    /* clang-format off */
    static const struct value_word any[] = {{"%any", 1}, {"%any6", 1}, {"0.0.0.0", 1}, {"*", 1},
                                            {"::", 1},   {"0::0", 1},  {NULL, 0}};
    /* clang-format on */
    struct addr from, to;
    int truth;
    if (text.len == 0 || value_word(text, any, &truth)) {
        r->out->any = true;
        return true;
    }
    if (value_range(text, &from, &to)) {
        if (!addr_equal(&from, &to))
            return refuse_later(r, "blocks and ranges of addresses");
        return give(r, from.family == ADDR_V4 ? ID_IPV4_ADDR : ID_IPV6_ADDR, addr_bytes(&from));
    }
    if (memchr(text.at, ':', text.len))
        return give(r, ID_KEY_ID, text);
    return give_name(r, ID_FQDN, text);
}

/* Rule 5. */
static bool read_with_at(struct reading *r, struct bytes text)
{
    struct bytes rest = bytes_make(text.at + 1, text.len - 1);
    if (text.at[0] != '@')
        return give_name(r, ID_RFC822_ADDR, text);
    if (rest.len > 0 && rest.at[0] == '#')
        return read_typed(r, ID_KEY_ID, rest);
    if (rest.len > 0 && rest.at[0] == '@')
        return give_name(r, ID_RFC822_ADDR, bytes_make(rest.at + 1, rest.len - 1));
    return give_name(r, ID_FQDN, rest);
}

bool value_identity(struct bytes text, bool may_match, struct arena *a, struct conf_identity *out,
                    struct value_fault *f)
{
    struct reading r = {.whole = text, .may_match = may_match, .arena = a, .out = out, .fault = f};
    *out = (struct conf_identity){.any = false};
    const uint8_t *colon = text.len ? memchr(text.at, ':', text.len) : NULL;
    struct bytes prefix = colon ? bytes_make(text.at, (size_t)(colon - text.at)) : BYTES_NONE;
    struct bytes behind = colon ? bytes_make(colon + 1, text.len - prefix.len - 1) : BYTES_NONE;
    int type;
    if (colon && value_word(prefix, types, &type))
        return read_typed(&r, type, behind);
    if (colon && value_word(prefix, later_types, &type))
        return refuse_later(&r, "this type and others like it");
    if (prefix.len > 2 && prefix.at[0] == '{' && prefix.at[prefix.len - 1] == '}')
        return read_numbered(&r, bytes_make(prefix.at + 1, prefix.len - 2), behind);
    if (text.len && memchr(text.at, '=', text.len))
        return give_dn(&r, text);
    if (text.len && memchr(text.at, '@', text.len))
        return read_with_at(&r, text);
    return read_plain(&r, text);
}
