/*
 * types: the values that configuration, wire format and engine share.
 *
 * All of them are plain data. Arrays behind pointers belong to whoever made the value (an arena, a
 * configuration snapshot).
 */
#ifndef BRAID_TYPES_H
#define BRAID_TYPES_H

#include "base/bytes.h"

/*
 * Time: microseconds since an arbitrary start, never going back. The core reads no clock; it is
 * told.
 */
typedef uint64_t ike_time;
#define IKE_SECOND UINT64_C(1000000)
#define IKE_MS UINT64_C(1000)
#define IKE_NEVER UINT64_MAX

/* ---- addresses ------------------------------------------------------------------------------- */

enum addr_family { ADDR_NONE = 0, ADDR_V4 = 4, ADDR_V6 = 6 };

struct addr {
    uint8_t family; /* enum addr_family */
    uint8_t ip[16]; /* network byte order; the first 4 octets for IPv4, the rest zero */
};

struct endpoint {
    struct addr addr;
    uint16_t port; /* host byte order */
};

/*
 * Between which two endpoints a datagram travels, seen from us. On port 4500 IKE carries a non-ESP
 * marker (RFC 3948 2.2).
 */
struct ike_path {
    struct endpoint local, remote;
    /* datagrams carry the non-ESP marker; run/udp.c adds and strips it, the core never sees it */
    bool encap;
};

static inline size_t addr_len(const struct addr *a)
{
    return a->family == ADDR_V4 ? 4 : a->family == ADDR_V6 ? 16 : 0;
}

static inline struct bytes addr_bytes(const struct addr *a)
{
    return (struct bytes){a->ip, addr_len(a)};
}

static inline bool addr_equal(const struct addr *a, const struct addr *b)
{
    return a->family == b->family && bytes_equal(addr_bytes(a), addr_bytes(b));
}

static inline bool endpoint_equal(const struct endpoint *a, const struct endpoint *b)
{
    return a->port == b->port && addr_equal(&a->addr, &b->addr);
}

static inline bool ike_path_equal(const struct ike_path *a, const struct ike_path *b)
{
    return a->encap == b->encap && endpoint_equal(&a->local, &b->local) && endpoint_equal(&a->remote, &b->remote);
}

/* ---- proposals (RFC 7296 3.3) ---------------------------------------------------------------- */

struct transform {
    /* enum transform_type of wire/names.h: 1 ENCR, 2 PRF, 3 INTEG, 4 KE, 5 SN, 6.. further key
     * exchanges */
    uint8_t type;
    uint16_t id;       /* within the type */
    uint16_t key_bits; /* Key Length attribute (type 14), 0 = none */
    /* it carried an attribute we do not know: never to be chosen (RFC 7296 3.3.6) */
    bool unknown_attr;
};

struct proposal {
    uint8_t number;   /* 1, 2, ... in an SA payload; 0 in a configuration */
    uint8_t protocol; /* enum protocol_id: 1 IKE, 2 AH, 3 ESP */
    uint8_t spi_len;  /* 0, 4 or 8 */
    uint8_t spi[8];
    uint16_t count;
    const struct transform *transform; /* count of them, in order of preference within each type */
};

struct proposals {
    uint16_t count;
    const struct proposal *at; /* in order of preference */
};

/* ---- identities (RFC 7296 3.5) --------------------------------------------------------------- */

struct identity {
    /* enum id_type: 1 IPV4_ADDR, 2 FQDN, 3 RFC822, 5 IPV6_ADDR, 9 DER_ASN1_DN, 10 DER_ASN1_GN,
     * 11 KEY_ID, 13 NULL */
    uint8_t type;
    struct bytes data; /* without the type and the three reserved octets */
};

/* ---- traffic selectors (RFC 7296 3.13) ------------------------------------------------------- */

struct selector {
    uint8_t family;   /* enum addr_family; ADDR_NONE for a type we do not know */
    uint8_t protocol; /* 0 = any */
    uint16_t from_port, to_port; /* 0 to 65535 = any; 65535 to 0 = OPAQUE; ICMP: type << 8 | code */
    uint8_t from[16], to[16];    /* inclusive, network byte order, 4 or 16 octets used */
    /* configuration only: "the address of the tunnel's endpoint", replaced before use */
    bool dynamic;
};

struct selectors {
    uint16_t count;
    const struct selector *at;
};

#endif
