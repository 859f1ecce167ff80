/*
 * print_dn: a distinguished name (RFC 5280 4.1.2.4) in the order and notation people know from configuration files and
 * logs: "C=CH, O=example, CN=gw.example.org". Hostile input: what is not a DN is printed as hexadecimal.
 *
 *     Name                 SEQUENCE OF RelativeDistinguishedName
 *     RelativeDN           SET OF AttributeTypeAndValue
 *     AttributeTypeAndValue SEQUENCE { type OBJECT IDENTIFIER, value string }
 */
#include "base/reader.h"
#include "wire/print.h"

enum {
    DER_OID = 0x06,
    DER_SEQUENCE = 0x30,
    DER_SET = 0x31,
};

/* clang-format off */
#define OID(octets) {(const uint8_t *)(octets), sizeof(octets) - 1}

static const struct attribute_type {
    struct bytes oid; /* the contents octets of the OBJECT IDENTIFIER */
    const char *name;
} attribute_types[] = {
    {OID("\x55\x04\x03"),                               "CN"},
    {OID("\x55\x04\x04"),                               "SN"},
    {OID("\x55\x04\x05"),                               "serialNumber"},
    {OID("\x55\x04\x06"),                               "C"},
    {OID("\x55\x04\x07"),                               "L"},
    {OID("\x55\x04\x08"),                               "ST"},
    {OID("\x55\x04\x09"),                               "STREET"},
    {OID("\x55\x04\x0a"),                               "O"},
    {OID("\x55\x04\x0b"),                               "OU"},
    {OID("\x55\x04\x0c"),                               "T"},
    {OID("\x55\x04\x2a"),                               "G"},
    {OID("\x55\x04\x2b"),                               "I"},
    {OID("\x2a\x86\x48\x86\xf7\x0d\x01\x09\x01"),       "E"},
    {OID("\x09\x92\x26\x89\x93\xf2\x2c\x64\x01\x01"),   "UID"},
    {OID("\x09\x92\x26\x89\x93\xf2\x2c\x64\x01\x19"),   "DC"},
};
/* clang-format on */

/* The length of a definite-form DER value (X.690 8.1.3), up to the two length octets that 65,535 octets need. */
static size_t read_len(struct reader *r)
{
    uint8_t first = reader_u8(r);
    if (first < 0x80)
        return first;
    if (first == 0x81)
        return reader_u8(r);
    if (first == 0x82)
        return reader_u16(r);
    reader_fail(r);
    return 0;
}

/* The contents of the next value, whatever its tag. */
static struct reader enter_any(struct reader *r, uint8_t *tag)
{
    *tag = reader_u8(r);
    size_t len = read_len(r);
    return reader_sub(r, len);
}

static struct reader enter(struct reader *r, uint8_t tag)
{
    uint8_t found;
    struct reader sub = enter_any(r, &found);
    if (found != tag) {
        reader_fail(r);
        reader_fail(&sub);
    }
    return sub;
}

static void print_type(struct text *t, struct bytes oid)
{
    for (size_t i = 0; i < sizeof attribute_types / sizeof *attribute_types; i++) {
        if (bytes_equal(attribute_types[i].oid, oid)) {
            text_add(t, attribute_types[i].name);
            return;
        }
    }
    text_add(t, "0x");
    text_hex_bytes(t, oid);
}

static bool print_rdn(struct text *t, struct reader *set, bool is_first)
{
    while (reader_left(set) > 0) {
        struct reader pair = enter(set, DER_SEQUENCE);
        struct reader oid = enter(&pair, DER_OID);
        uint8_t tag;
        struct reader value = enter_any(&pair, &tag);
        struct bytes type = reader_rest(&oid), text = reader_rest(&value);
        if (!reader_end(&pair) || oid.fault || value.fault)
            return false;
        text_add(t, is_first ? "" : ", ");
        is_first = false;
        print_type(t, type);
        text_char(t, '=');
        text_safe(t, text);
    }
    return !set->fault;
}

static bool try_dn(struct text *t, struct bytes der)
{
    struct reader r = reader_make(der);
    struct reader name = enter(&r, DER_SEQUENCE);
    bool is_first = true;
    if (!reader_end(&r) || reader_left(&name) == 0)
        return false;
    while (reader_left(&name) > 0) {
        struct reader set = enter(&name, DER_SET);
        if (name.fault || reader_left(&set) == 0 || !print_rdn(t, &set, is_first))
            return false;
        is_first = false;
    }
    return true;
}

void print_dn(struct text *t, struct bytes der)
{
    struct text start = *t;
    if (try_dn(t, der))
        return;
    *t = start;
    t->at[t->len] = '\0';
    text_add(t, "0x");
    text_hex_bytes(t, der);
}
