/*
 * updown_variables: see updown_variables.h. Values that come from the peer are printed by
 * wire/print.h, which leaves nothing but printable ASCII of them.
 */
#include "daemon/updown_variables.h"

#include "wire/print.h"

#include <string.h>

enum {
    ANY_PORT = 65535,
    ICMP = 1,
    ICMPV6 = 58,
};

bool updown_is_pair(const struct selector *ours, const struct selector *theirs)
{
    return ours->family == theirs->family &&
           (ours->protocol == theirs->protocol || ours->protocol == 0 || theirs->protocol == 0);
}

static size_t address_len(const struct selector *s)
{
    return s->family == ADDR_V6 ? 16 : 4;
}

const char *updown_verb(const struct updown_event *e, const struct selector *ours)
{
    static const char *const verbs[2][2][2] = {
        {{"down-client", "down-client-v6"}, {"down-host", "down-host-v6"}},
        {{"up-client", "up-client-v6"}, {"up-host", "up-host-v6"}},
    };
    const struct addr *me = &e->sa->path.local.addr;
    size_t len = address_len(ours);
    bool host = me->family == ours->family && memcmp(ours->from, me->ip, len) == 0 &&
                memcmp(ours->to, me->ip, len) == 0;
    return verbs[e->up][host][ours->family == ADDR_V6];
}

/* ---- values ---------------------------------------------------------------------------------- */

static void name_text(struct text *t, const char *name, const char *value)
{
    text_add(t, name);
    text_char(t, '=');
    text_safe(t, bytes_str(value));
    text_char(t, '\n');
}

static void name_uint(struct text *t, const char *name, uint64_t value)
{
    text_add(t, name);
    text_char(t, '=');
    text_uint(t, value);
    text_char(t, '\n');
}

/* Bits that all addresses of the range have in common. */
static unsigned common_bits(const struct selector *s)
{
    unsigned bits = 0, all = 8 * (unsigned)address_len(s);
    while (bits < all && !((s->from[bits / 8] ^ s->to[bits / 8]) & (0x80 >> bits % 8)))
        bits++;
    return bits;
}

/* The smallest block with all of the range in it: scripts know no ranges. */
static void add_block(struct text *t, const struct selector *s)
{
    struct addr net = {.family = s->family};
    unsigned bits = common_bits(s);
    for (unsigned i = 0; i < bits; i++)
        net.ip[i / 8] |= s->from[i / 8] & (0x80 >> i % 8);
    print_addr(t, &net);
    text_char(t, '/');
    text_uint(t, bits);
}

static bool is_icmp(const struct selector *a, const struct selector *b)
{
    uint8_t protocol = a->protocol ? a->protocol : b->protocol;
    return protocol == ICMP || protocol == ICMPV6;
}

/* "0" any, "80", "1024:2047" as iptables writes it; of ICMP the type on our side and the code on theirs. */
static void add_port(struct text *t, const struct selector *s, const struct selector *other, bool is_ours)
{
    uint16_t from = s->from_port, to = s->to_port;
    if (is_icmp(s, other)) {
        uint16_t both = from ? from : other->from_port;
        text_uint(t, is_ours ? both >> 8 : both & 255);
    } else if ((from == 0 && to == ANY_PORT) || from > to) {
        text_char(t, '0');
    } else {
        text_uint(t, from);
        if (to != from) {
            text_char(t, ':');
            text_uint(t, to);
        }
    }
}

/* ---- all of them ----------------------------------------------------------------------------- */

static const struct side {
    const char *addr, *id, *client, *port, *protocol;
    bool is_ours;
} sides[] = {
    {"PLUTO_ME=", "PLUTO_MY_ID=", "PLUTO_MY_CLIENT=", "PLUTO_MY_PORT=", "PLUTO_MY_PROTOCOL", true},
    {"PLUTO_PEER=", "PLUTO_PEER_ID=", "PLUTO_PEER_CLIENT=", "PLUTO_PEER_PORT=", "PLUTO_PEER_PROTOCOL",
     false},
};

static void add_side(struct text *t, const struct side *side, const struct ike_sa_info *sa,
                     const struct selector *s, const struct selector *other)
{
    text_add(t, side->addr);
    print_addr(t, side->is_ours ? &sa->path.local.addr : &sa->path.remote.addr);
    text_char(t, '\n');
    text_add(t, side->id);
    print_identity(t, side->is_ours ? &sa->ours : &sa->theirs);
    text_char(t, '\n');
    text_add(t, side->client);
    add_block(t, s);
    text_char(t, '\n');
    text_add(t, side->port);
    add_port(t, s, other, side->is_ours);
    text_char(t, '\n');
    name_uint(t, side->protocol, s->protocol);
}

void updown_variables(struct text *t, const struct updown_event *e, const struct selector *ours,
                      const struct selector *theirs)
{
    const struct ike_child_info *child = e->child;
    name_text(t, "PLUTO_VERSION", "1.1");
    name_text(t, "PLUTO_VERB", updown_verb(e, ours));
    name_text(t, "PLUTO_CONNECTION", child->name);
    name_text(t, "PLUTO_INTERFACE", e->interface[0] ? e->interface : "unknown");
    name_uint(t, "PLUTO_REQID", child->reqid);
    name_text(t, "PLUTO_PROTO", "esp");
    name_uint(t, "PLUTO_UNIQUEID", e->sa->id);
    add_side(t, &sides[0], e->sa, ours, theirs);
    add_side(t, &sides[1], e->sa, theirs, ours);
    if (child->encap)
        name_uint(t, "PLUTO_UDP_ENC", e->sa->path.remote.port);
    if (child->conf && child->conf->hostaccess)
        name_text(t, "PLUTO_HOST_ACCESS", "1");
    name_text(t, "BRAID_DEVICE", e->device);
}
