/*
 * value_selector: traffic selectors as text (swanctl.conf local_ts, remote_ts).
 *
 *     selector := address [ "[" [protocol] [ "/" port ] "]" ]
 *     address  := "dynamic" | address | CIDR block | a "-" b
 *     port     := number | n "-" m | service | "any" | "opaque"
 *
 * ICMP types and codes travel in the port fields (RFC 7296 3.13.1): a number below 256 is a type
 * with all its codes, a larger one is type << 8 | code.
 */
#include "config/value.h"

#include <netdb.h>
#include <stdio.h>

enum { PROTO_ICMP = 1,
       PROTO_ICMPV6 = 58 };

/* The common ones, so that they work where there is no /etc/protocols or /etc/services. */
/* clang-format off */
static const struct value_word protocols[] = {
    {"any", 0},   {"icmp", 1},   {"ipip", 4}, {"tcp", 6},        {"udp", 17},
    {"gre", 47},  {"esp", 50},   {"ah", 51},  {"ipv6-icmp", 58}, {"icmpv6", 58},
    {"ospf", 89}, {"sctp", 132}, {NULL, 0}};
/* clang-format on */
/* clang-format off */
static const struct value_word services[] = {{"ssh", 22},    {"smtp", 25}, {"domain", 53},
                                             {"http", 80},   {"ntp", 123}, {"https", 443},
                                             {"l2tp", 1701}, {NULL, 0}};
/* clang-format on */

static bool copy_word(struct bytes text, char *to, size_t room)
{
    if (text.len == 0 || text.len >= room || memchr(text.at, 0, text.len))
        return false;
    memcpy(to, text.at, text.len);
    to[text.len] = '\0';
    return true;
}

static bool read_protocol(struct bytes text, uint8_t *out)
{
    char name[32];
    int known;
    uint64_t number;
    if (text.len == 0 || value_word(text, protocols, &known)) {
        *out = text.len ? (uint8_t)known : 0;
        return true;
    }
    if (value_uint(text, 255, &number)) {
        *out = (uint8_t)number;
        return true;
    }
    const struct protoent *entry = copy_word(text, name, sizeof name) ? getprotobyname(name) : NULL;
    if (!entry || entry->p_proto < 0 || entry->p_proto > 255)
        return false;
    *out = (uint8_t)entry->p_proto;
    return true;
}

static bool read_port(struct bytes text, uint16_t *out)
{
    char name[40];
    int known;
    uint64_t number;
    if (value_uint(text, 65535, &number)) {
        *out = (uint16_t)number;
        return true;
    }
    if (value_word(text, services, &known)) {
        *out = (uint16_t)known;
        return true;
    }
    const struct servent *entry =
        copy_word(text, name, sizeof name) ? getservbyname(name, NULL) : NULL;
    if (!entry)
        return false;
    *out = (uint16_t)((entry->s_port & 0xff) << 8 | (entry->s_port >> 8 & 0xff));
    return true;
}

/* n or n-m. A service name may hold a dash itself, so the whole is tried first. */
static bool read_port_range(struct bytes text, struct selector *s)
{
    if (read_port(text, &s->from_port)) {
        s->to_port = s->from_port;
        return true;
    }
    const uint8_t *dash = text.len ? memchr(text.at, '-', text.len) : NULL;
    if (!dash)
        return false;
    struct bytes first = value_trim(bytes_make(text.at, (size_t)(dash - text.at)));
    struct bytes last = value_trim(bytes_make(dash + 1, text.len - (size_t)(dash - text.at) - 1));
    return read_port(first, &s->from_port) && read_port(last, &s->to_port) &&
           s->from_port <= s->to_port;
}

static bool read_ports(struct bytes text, struct selector *s)
{
    s->from_port = 0;
    s->to_port = 65535;
    if (text.len == 0 || value_is(text, "any"))
        return true;
    if (value_is(text, "opaque")) {
        s->from_port = 65535;
        s->to_port = 0;
        return true;
    }
    if (!read_port_range(text, s))
        return false;
    if (s->protocol == PROTO_ICMP || s->protocol == PROTO_ICMPV6) {
        s->from_port = s->from_port < 256 ? (uint16_t)(s->from_port << 8) : s->from_port;
        s->to_port = s->to_port < 256 ? (uint16_t)(s->to_port << 8 | 255) : s->to_port;
    }
    return true;
}

/* What stands between the brackets. */
static bool read_upper(struct bytes whole, struct bytes text, struct selector *out,
                       struct value_fault *f)
{
    const uint8_t *slash = text.len ? memchr(text.at, '/', text.len) : NULL;
    struct bytes protocol =
        value_trim(slash ? bytes_make(text.at, (size_t)(slash - text.at)) : text);
    struct bytes ports =
        slash ? value_trim(bytes_make(slash + 1, text.len - (size_t)(slash - text.at) - 1))
              : BYTES_NONE;
    if (!read_protocol(protocol, &out->protocol))
        return value_fail(f, whole, protocol,
                          "`%.*s` is no protocol (a number to 255, or a name like tcp)",
                          (int)protocol.len, (const char *)protocol.at);
    if (!read_ports(ports, out))
        return value_fail(f, whole, ports,
                          "`%.*s` is no port (a number, n-m, a service, any or opaque)",
                          (int)ports.len, (const char *)ports.at);
    return true;
}

static bool read_address(struct bytes whole, struct bytes text, struct selector *out,
                         struct value_fault *f)
{
    struct addr from, to;
    if (value_is(text, "dynamic")) {
        out->dynamic = true;
        return true;
    }
    if (!value_range(text, &from, &to))
        return value_fail(f, whole, text,
                          "`%.*s` is no address, CIDR block or range, nor `dynamic`", (int)text.len,
                          (const char *)text.at);
    out->family = from.family;
    memcpy(out->from, from.ip, sizeof out->from);
    memcpy(out->to, to.ip, sizeof out->to);
    return true;
}

bool value_selector(struct bytes text, struct selector *out, struct value_fault *f)
{
    const uint8_t *open = text.len ? memchr(text.at, '[', text.len) : NULL;
    size_t len = open ? (size_t)(open - text.at) : text.len;
    struct bytes upper = BYTES_NONE;
    *out = (struct selector){.family = ADDR_NONE, .to_port = 65535};
    if (open && text.at[text.len - 1] != ']')
        return value_fail(f, text, bytes_make(open, 1), "the `]` for this bracket is missing");
    if (open)
        upper = value_trim(bytes_make(open + 1, text.len - len - 2));
    return read_address(text, value_trim(bytes_make(text.at, len)), out, f) &&
           read_upper(text, upper, out, f);
}
