/*
 * print: see print.h. Three layers: values (addresses, identities, selectors), proposals, and the line of a
 * message, for which there is one function per payload family and one table of them.
 *
 * Names of algorithms come from the table of algorithms in <braid/crypto.h>, which is constant data.
 */
#include "wire/print.h"

#include <braid/crypto.h>

/* "name", or "<what> <number>" for a number that we do not know. */
static void print_named(struct text *t, const char *name, const char *what, uint64_t number)
{
    if (name) {
        text_add(t, name);
        return;
    }
    text_add(t, what);
    text_char(t, ' ');
    text_uint(t, number);
}

static void print_len(struct text *t, size_t len)
{
    text_char(t, '(');
    text_uint(t, len);
    text_char(t, ')');
}

void print_notify_name(struct text *t, uint16_t type)
{
    print_named(t, notify_name(type), "notify", type);
}

/* ---- addresses ------------------------------------------------------------------------------------------------ */

static void print_ipv4(struct text *t, const uint8_t *ip)
{
    for (int i = 0; i < 4; i++) {
        if (i)
            text_char(t, '.');
        text_uint(t, ip[i]);
    }
}

static uint16_t group_at(const uint8_t *ip, int i)
{
    return get_u16(ip + (size_t)i * 2);
}

static void print_group(struct text *t, uint16_t group)
{
    unsigned digits = 1;
    while (digits < 4 && group >> (4 * digits))
        digits++;
    text_hex(t, group, digits);
}

/* The longest run of two or more zero groups, the first of equals (RFC 5952 4.2); from == to if there is none. */
struct run {
    int from, to;
};

static struct run longest_zero_run(const uint8_t *ip)
{
    struct run best = {0, 0};
    for (int from = 0; from < 8; from++) {
        int to = from;
        while (to < 8 && group_at(ip, to) == 0)
            to++;
        if (to - from >= 2 && to - from > best.to - best.from)
            best = (struct run){from, to};
    }
    return best;
}

static void print_ipv6(struct text *t, const uint8_t *ip)
{
    static const uint8_t mapped[12] = {[10] = 0xff, [11] = 0xff};
    if (memcmp(ip, mapped, sizeof mapped) == 0) { /* RFC 5952 5 */
        text_add(t, "::ffff:");
        print_ipv4(t, ip + 12);
        return;
    }
    struct run zeros = longest_zero_run(ip);
    for (int i = 0; i < 8; i++) {
        if (i == zeros.from && zeros.to > zeros.from) {
            text_add(t, "::");
            i = zeros.to - 1;
            continue;
        }
        if (i && i != zeros.to)
            text_char(t, ':');
        print_group(t, group_at(ip, i));
    }
}

void print_addr(struct text *t, const struct addr *a)
{
    if (a->family == ADDR_V4)
        print_ipv4(t, a->ip);
    else if (a->family == ADDR_V6)
        print_ipv6(t, a->ip);
    else
        text_add(t, "no address");
}

void print_endpoint(struct text *t, const struct endpoint *e)
{
    bool has_brackets = e->addr.family == ADDR_V6;
    text_add(t, has_brackets ? "[" : "");
    print_addr(t, &e->addr);
    text_add(t, has_brackets ? "]:" : ":");
    text_uint(t, e->port);
}

/* ---- identities ----------------------------------------------------------------------------------------------- */

static bool is_printable(struct bytes b)
{
    for (size_t i = 0; i < b.len; i++)
        if (b.at[i] < ' ' || b.at[i] > '~')
            return false;
    return b.len > 0;
}

static void print_opaque(struct text *t, struct bytes b)
{
    if (is_printable(b)) {
        text_safe(t, b);
        return;
    }
    text_add(t, "0x");
    text_hex_bytes(t, b);
}

void print_identity(struct text *t, const struct identity *id)
{
    switch (id->type) {
    case ID_IPV4_ADDR:
        if (id->data.len == 4)
            print_ipv4(t, id->data.at);
        else
            print_opaque(t, id->data);
        break;
    case ID_IPV6_ADDR:
        if (id->data.len == 16)
            print_ipv6(t, id->data.at);
        else
            print_opaque(t, id->data);
        break;
    case ID_FQDN:
    case ID_RFC822_ADDR:
        text_safe(t, id->data);
        break;
    case ID_DER_ASN1_DN:
        print_dn(t, id->data);
        break;
    case ID_NULL:
        text_add(t, "%null");
        break;
    default:
        print_opaque(t, id->data);
    }
}

/* ---- traffic selectors ---------------------------------------------------------------------------------------- */

enum {
    PROTO_ICMP = 1,
    PROTO_ICMPV6 = 58,
};

static void print_protocol(struct text *t, uint8_t protocol)
{
    static const struct {
        uint8_t number;
        const char *name;
    } names[] = {
        {0, "any"},
        {PROTO_ICMP, "icmp"},
        {4, "ipip"},
        {6, "tcp"},
        {17, "udp"},
        {47, "gre"},
        {50, "esp"},
        {PROTO_ICMPV6, "ipv6-icmp"},
        {89, "ospf"},
        {132, "sctp"},
    };
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        if (names[i].number == protocol) {
            text_add(t, names[i].name);
            return;
        }
    }
    text_uint(t, protocol);
}

/* ICMP has a type and a code where others have a port (RFC 4301 4.4.1.3): "8", "8(0)". */
static void print_icmp(struct text *t, uint16_t port, bool has_code)
{
    text_uint(t, port >> 8);
    if (has_code)
        print_len(t, port & 0xff);
}

static void print_ports(struct text *t, const struct selector *s)
{
    bool is_icmp = s->protocol == PROTO_ICMP || s->protocol == PROTO_ICMPV6;
    if (s->from_port > s->to_port) {
        text_add(t, "OPAQUE");
    } else if (is_icmp) {
        bool is_whole_type = (s->from_port & 0xff) == 0 && (s->to_port & 0xff) == 0xff;
        print_icmp(t, s->from_port, !is_whole_type);
        if (s->from_port >> 8 != s->to_port >> 8 || (!is_whole_type && s->from_port != s->to_port)) {
            text_char(t, '-');
            print_icmp(t, s->to_port, !is_whole_type);
        }
    } else {
        text_uint(t, s->from_port);
        if (s->from_port != s->to_port) {
            text_char(t, '-');
            text_uint(t, s->to_port);
        }
    }
}

static void print_protocol_and_ports(struct text *t, const struct selector *s)
{
    bool is_any_port = s->from_port == 0 && s->to_port == 0xffff;
    if (s->protocol == 0 && is_any_port)
        return;
    text_char(t, '[');
    print_protocol(t, s->protocol);
    if (!is_any_port) {
        text_char(t, '/');
        print_ports(t, s);
    }
    text_char(t, ']');
}

/* The prefix length if the range is one prefix, or -1. */
static int prefix_of(const struct selector *s, int bits)
{
    int same = 0;
    while (same < bits && ((s->from[same / 8] ^ s->to[same / 8]) & (0x80 >> same % 8)) == 0)
        same++;
    for (int i = same; i < bits; i++) {
        unsigned mask = 0x80u >> i % 8;
        if ((s->from[i / 8] & mask) || !(s->to[i / 8] & mask))
            return -1;
    }
    return same;
}

static void print_range(struct text *t, const struct selector *s)
{
    struct addr from = {.family = s->family}, to = {.family = s->family};
    memcpy(from.ip, s->from, sizeof from.ip);
    memcpy(to.ip, s->to, sizeof to.ip);
    int prefix = prefix_of(s, s->family == ADDR_V4 ? 32 : 128);
    print_addr(t, &from);
    if (prefix >= 0) {
        text_char(t, '/');
        text_uint(t, (uint64_t)prefix);
    } else {
        text_add(t, "..");
        print_addr(t, &to);
    }
}

void print_selector(struct text *t, const struct selector *s)
{
    if (s->dynamic)
        text_add(t, "dynamic");
    else if (s->family == ADDR_NONE)
        text_add(t, "unknown");
    else
        print_range(t, s);
    print_protocol_and_ports(t, s);
}

/* ---- proposals ------------------------------------------------------------------------------------------------ */

/* What the protocol itself speaks of, and has no row in the table of algorithms. */
static const char *plain_name(uint8_t type, uint16_t id)
{
    static const struct {
        uint8_t type;
        uint16_t id;
        const char *name;
    } names[] = {
        {TRANSFORM_SN, SN_32, "NO_EXT_SEQ"},
        {TRANSFORM_SN, SN_64, "EXT_SEQ"},
        {TRANSFORM_KE, KE_NONE, "NONE"},
        {TRANSFORM_INTEG, 0, "NONE"},
    };
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (names[i].type == type && names[i].id == id)
            return names[i].name;
    return NULL;
}

static void print_key_bits(struct text *t, uint16_t bits)
{
    if (bits == 0)
        return;
    text_char(t, '_');
    text_uint(t, bits);
}

static void print_algorithm(struct text *t, uint8_t type, uint16_t id, uint16_t key_bits)
{
    const struct alg *alg = alg_find(type, id, key_bits);
    const char *name = alg ? alg->name : plain_name(type, id);
    if (name) {
        text_add(t, name);
    } else {
        text_add(t, "UNKNOWN_");
        text_uint(t, type);
        text_char(t, '_');
        text_uint(t, id);
    }
    print_key_bits(t, key_bits);
}

static void print_transform(struct text *t, const struct transform *tr)
{
    int slot = kex_slot(tr->type);
    if (slot > 0) {
        text_add(t, "KE");
        text_uint(t, (uint64_t)slot);
        text_char(t, '_');
    }
    print_algorithm(t, slot == NOT_A_KEX_SLOT ? tr->type : TRANSFORM_KE, tr->id, tr->key_bits);
    if (tr->unknown_attr)
        text_add(t, "_UNKNOWN_ATTRIBUTE");
}

void print_proposal(struct text *t, const struct proposal *p)
{
    print_named(t, protocol_name(p->protocol), "protocol", p->protocol);
    for (unsigned i = 0; i < p->count; i++) {
        text_char(t, i ? '/' : ':');
        print_transform(t, &p->transform[i]);
    }
}

/* ---- messages ------------------------------------------------------------------------------------------------- */

static void print_ke(struct text *t, const struct payload *p)
{
    text_char(t, '(');
    print_algorithm(t, TRANSFORM_KE, p->u.ke.method, 0);
    text_char(t, ')');
}

static void print_id(struct text *t, const struct payload *p)
{
    text_char(t, '(');
    print_identity(t, &p->u.id.id);
    text_char(t, ')');
}

static void print_cert(struct text *t, const struct payload *p)
{
    text_char(t, '(');
    print_named(t, cert_encoding_name(p->u.cert.encoding), "encoding", p->u.cert.encoding);
    text_char(t, ' ');
    text_uint(t, p->u.cert.data.len);
    text_char(t, ')');
}

static void print_auth(struct text *t, const struct payload *p)
{
    text_char(t, '(');
    print_named(t, auth_method_name(p->u.auth.method), "method", p->u.auth.method);
    text_char(t, ' ');
    text_uint(t, p->u.auth.data.len);
    text_char(t, ')');
}

static void print_notify(struct text *t, const struct payload *p)
{
    text_char(t, '(');
    print_notify_name(t, p->u.notify.type);
    text_char(t, ')');
}

static void print_delete(struct text *t, const struct payload *p)
{
    const struct delete_payload *del = &p->u.del;
    text_char(t, '(');
    print_named(t, protocol_name(del->protocol), "protocol", del->protocol);
    for (size_t at = 0; del->spi_len > 0 && at < del->spis.len; at += del->spi_len) {
        text_char(t, ' ');
        text_hex_bytes(t, bytes_make(del->spis.at + at, del->spi_len));
    }
    text_char(t, ')');
}

static void print_ts(struct text *t, const struct payload *p)
{
    text_char(t, '(');
    for (unsigned i = 0; i < p->u.ts.count; i++) {
        if (i)
            text_char(t, ' ');
        print_selector(t, &p->u.ts.at[i]);
    }
    text_char(t, ')');
}

static void print_cp(struct text *t, const struct payload *p)
{
    text_char(t, '(');
    print_named(t, cp_type_name(p->u.cp.type), "type", p->u.cp.type);
    for (unsigned i = 0; i < p->u.cp.count; i++) {
        text_char(t, ' ');
        print_named(t, cp_attribute_name(p->u.cp.attribute[i].type), "attribute", p->u.cp.attribute[i].type);
    }
    text_char(t, ')');
}

static void print_sk(struct text *t, const struct payload *p)
{
    print_len(t, p->u.sk.body.len);
}

static void print_skf(struct text *t, const struct payload *p)
{
    text_char(t, '(');
    text_uint(t, p->u.sk.number);
    text_char(t, '/');
    text_uint(t, p->u.sk.total);
    text_char(t, ' ');
    text_uint(t, p->u.sk.body.len);
    text_char(t, ')');
}

static void print_raw_len(struct text *t, const struct payload *p)
{
    print_len(t, p->raw.len);
}

static void print_nothing(struct text *t, const struct payload *p)
{
    (void)t;
    (void)p;
}

typedef void detail_printer(struct text *t, const struct payload *p);

/* What stands in brackets behind the name of a payload; a type without a row shows its length. */
/* clang-format off */
static detail_printer *const details[] = {
    [PAYLOAD_SA]      = print_nothing, /* proposals are too long for this line: print_proposal */
    [PAYLOAD_KE]      = print_ke,
    [PAYLOAD_IDi]     = print_id,
    [PAYLOAD_IDr]     = print_id,
    [PAYLOAD_CERT]    = print_cert,
    [PAYLOAD_CERTREQ] = print_cert,
    [PAYLOAD_AUTH]    = print_auth,
    [PAYLOAD_NOTIFY]  = print_notify,
    [PAYLOAD_DELETE]  = print_delete,
    [PAYLOAD_TSi]     = print_ts,
    [PAYLOAD_TSr]     = print_ts,
    [PAYLOAD_SK]      = print_sk,
    [PAYLOAD_CP]      = print_cp,
    [PAYLOAD_SKF]     = print_skf,
};
/* clang-format on */

static void print_payload(struct text *t, const struct payload *p)
{
    bool has_row = p->type < sizeof details / sizeof *details;
    detail_printer *print_details = has_row ? details[p->type] : NULL;
    /* "Nonce(32)" reads better than the "No" of the log lines that people know. */
    print_named(t, p->type == PAYLOAD_NONCE ? "Nonce" : payload_name(p->type), "payload", p->type);
    if (!print_details)
        print_details = print_raw_len;
    print_details(t, p);
}

void print_ike_msg(struct text *t, const struct ike_msg *m)
{
    print_named(t, exchange_name(m->header.exchange), "exchange", m->header.exchange);
    text_add(t, m->header.response ? " response " : " request ");
    text_uint(t, m->header.mid);
    text_add(t, " [");
    for (unsigned i = 0; i < m->count; i++) {
        if (i)
            text_char(t, ' ');
        print_payload(t, &m->payload[i]);
    }
    text_char(t, ']');
}
