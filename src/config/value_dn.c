/*
 * value_dn: a distinguished name from text to DER (X.501 Name, ITU-T X.690).
 *
 *     Name ::= SEQUENCE OF RelativeDistinguishedName        text: "C=CH, O=braid, CN=gate"  or  "/C=CH/O=braid/CN=gate"
 *     RelativeDistinguishedName ::= SET OF { OBJECT IDENTIFIER, string }
 *
 * One attribute per RDN, in the order written. Strings are PrintableString where the alphabet
 * allows it, IA5String for mail addresses and domain components, else UTF8String: what
 * certificates usually hold. `\` makes the next character an ordinary one.
 */
#include "config/value.h"

#include <ctype.h>
#include <stdio.h>
#include <strings.h>

enum {
    DN_MAX = 4096,
    DER_SEQUENCE = 0x30,
    DER_SET = 0x31,
    DER_OID = 0x06,
    DER_UTF8 = 0x0c,
    DER_PRINTABLE = 0x13,
    DER_IA5 = 0x16
};

/* Attribute types: name and the content of the OID. 2.5.4.x is 55 04 x. */
/* clang-format off */
static const struct attribute {
    const char *name;
    struct bytes oid;
    uint8_t string; /* 0 = PrintableString or UTF8String */
} attributes[] = {
    {"CN", BYTES_LIT("\x55\x04\x03"), 0},
    {"S", BYTES_LIT("\x55\x04\x04"), 0},
    {"SN", BYTES_LIT("\x55\x04\x05"), DER_PRINTABLE},
    {"serialNumber", BYTES_LIT("\x55\x04\x05"), DER_PRINTABLE},
    {"C", BYTES_LIT("\x55\x04\x06"), DER_PRINTABLE},
    {"L", BYTES_LIT("\x55\x04\x07"), 0},
    {"ST", BYTES_LIT("\x55\x04\x08"), 0},
    {"STREET", BYTES_LIT("\x55\x04\x09"), 0},
    {"O", BYTES_LIT("\x55\x04\x0a"), 0},
    {"OU", BYTES_LIT("\x55\x04\x0b"), 0},
    {"T", BYTES_LIT("\x55\x04\x0c"), 0},
    {"D", BYTES_LIT("\x55\x04\x0d"), 0},
    {"postalCode", BYTES_LIT("\x55\x04\x11"), 0},
    {"N", BYTES_LIT("\x55\x04\x29"), 0},
    {"G", BYTES_LIT("\x55\x04\x2a"), 0},
    {"I", BYTES_LIT("\x55\x04\x2b"), 0},
    {"dnQualifier", BYTES_LIT("\x55\x04\x2e"), DER_PRINTABLE},
    {"DNQ", BYTES_LIT("\x55\x04\x2e"), DER_PRINTABLE},
    {"pseudonym", BYTES_LIT("\x55\x04\x41"), 0},
    {"E", BYTES_LIT("\x2a\x86\x48\x86\xf7\x0d\x01\x09\x01"), DER_IA5},
    {"Email", BYTES_LIT("\x2a\x86\x48\x86\xf7\x0d\x01\x09\x01"), DER_IA5},
    {"emailAddress", BYTES_LIT("\x2a\x86\x48\x86\xf7\x0d\x01\x09\x01"), DER_IA5},
    {"UN", BYTES_LIT("\x2a\x86\x48\x86\xf7\x0d\x01\x09\x02"), 0},
    {"unstructuredName", BYTES_LIT("\x2a\x86\x48\x86\xf7\x0d\x01\x09\x02"), 0},
    {"UID", BYTES_LIT("\x09\x92\x26\x89\x93\xf2\x2c\x64\x01\x01"), 0},
    {"DC", BYTES_LIT("\x09\x92\x26\x89\x93\xf2\x2c\x64\x01\x19"), DER_IA5},
};
/* clang-format on */

static const struct attribute *find_attribute(struct bytes name)
{
    for (size_t i = 0; i < sizeof attributes / sizeof attributes[0]; i++) {
        if (value_is(name, attributes[i].name))
            return &attributes[i];
    }
    return NULL;
}

static bool is_printable(struct bytes s)
{
    for (size_t i = 0; i < s.len; i++) {
        if (s.at[i] >= 0x80 || (!isalnum(s.at[i]) && !strchr(" '()+,-./:=?", s.at[i])))
            return false;
    }
    return true;
}

/* Octets of a DER length field. */
static size_t len_of_len(size_t len)
{
    return 1 + (size_t)(len >= 0x80) + (size_t)(len >= 0x100);
}

static uint8_t *put_header(uint8_t *at, uint8_t tag, size_t len)
{
    *at++ = tag;
    if (len >= 0x100)
        *at++ = 0x82;
    else if (len >= 0x80)
        *at++ = 0x81;
    if (len >= 0x100)
        *at++ = (uint8_t)(len >> 8);
    *at++ = (uint8_t)len;
    return at;
}

static uint8_t *put_piece(uint8_t *at, uint8_t tag, struct bytes content)
{
    at = put_header(at, tag, content.len);
    memcpy(at, content.at, content.len);
    return at + content.len;
}

/*
 * SET { SEQUENCE { OID, string } }. Returns the octets written; `room` is enough for every value
 * up to DN_MAX.
 */
static size_t put_rdn(uint8_t *to, const struct attribute *attribute, struct bytes value)
{
    uint8_t string = attribute->string     ? attribute->string
                     : is_printable(value) ? DER_PRINTABLE
                                           : DER_UTF8;
    if (string == DER_PRINTABLE && !is_printable(value))
        string = DER_UTF8;
    size_t pair = 1 + len_of_len(attribute->oid.len) + attribute->oid.len + 1 +
                  len_of_len(value.len) + value.len;
    uint8_t *at = put_header(to, DER_SET, 1 + len_of_len(pair) + pair);
    at = put_header(at, DER_SEQUENCE, pair);
    at = put_piece(at, DER_OID, attribute->oid);
    at = put_piece(at, string, value);
    return (size_t)(at - to);
}

/* Up to the next separator that is not escaped; the value without its escapes goes to `value`. */
static struct bytes cut_rdn(struct bytes *rest, char separator, uint8_t *value, size_t *value_len)
{
    const uint8_t *start = rest->at;
    size_t i = 0;
    bool behind = false; /* the `=` */
    *value_len = 0;
    for (; i < rest->len && rest->at[i] != separator; i++) {
        if (behind && rest->at[i] == '\\' && i + 1 < rest->len)
            i++;
        if (behind)
            value[(*value_len)++] = rest->at[i];
        behind |= rest->at[i] == '=';
    }
    size_t taken = i < rest->len ? i + 1 : i;
    *rest = bytes_make(rest->at + taken, rest->len - taken);
    return bytes_make(start, i);
}

/* One "CN=gate" as DER behind `der`. */
static bool add_rdn(struct bytes whole, struct bytes rdn, struct bytes value, uint8_t *der,
                    size_t *len, struct value_fault *f)
{
    const uint8_t *equals = memchr(rdn.at, '=', rdn.len);
    struct bytes name = value_trim(equals ? bytes_make(rdn.at, (size_t)(equals - rdn.at)) : rdn);
    value = value_trim(value);
    if (!equals || value.len == 0)
        return value_fail(f, whole, rdn,
                          "`%.*s` in a distinguished name should read attribute=value",
                          (int)rdn.len, (const char *)rdn.at);
    const struct attribute *attribute = find_attribute(name);
    if (!attribute)
        return value_fail(f, whole, name,
                          "`%.*s` is no attribute of a distinguished name known here (write "
                          "keyid:... if it is a key id)",
                          (int)name.len, (const char *)name.at);
    if (value.len == 1 && value.at[0] == '*')
        return value_not_yet(f, whole, rdn, "a `*` in a distinguished name is not supported yet");
    *len += put_rdn(der + *len, attribute, value);
    return true;
}

bool value_dn(struct bytes text, struct arena *a, struct bytes *out, struct value_fault *f)
{
    uint8_t value[DN_MAX];
    struct bytes whole = text;
    char separator = text.len > 0 && text.at[0] == '/' ? '/' : ',';
    if (text.len > DN_MAX)
        return value_fail(f, whole, whole, "this distinguished name is too long");
    uint8_t *der = arena_take(
        a, 8 * DN_MAX); /* the shortest RDN, "C=x,", takes 13 octets for 4; longer ones less */
    if (!der)
        return value_fail(f, whole, whole, "out of memory");
    size_t len = 0, value_len;
    while (text.len > 0) {
        struct bytes rdn = value_trim(cut_rdn(&text, separator, value, &value_len));
        if (rdn.len > 0 && !add_rdn(whole, rdn, bytes_make(value, value_len), der + 4, &len, f))
            return false;
    }
    if (len == 0)
        return value_fail(f, whole, whole, "an empty distinguished name");
    size_t header = 1 + len_of_len(len);
    put_header(der + 4 - header, DER_SEQUENCE, len);
    *out = bytes_make(der + 4 - header, header + len);
    return true;
}
