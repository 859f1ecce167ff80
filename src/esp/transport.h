/*
 * transport: transport mode (RFC 4303 3.1.1) where the IP header outside belongs to somebody else.
 *
 * With ESP in UDP from an ordinary socket, the kernel writes and removes the outer header; only the
 * upper layer's octets travel. Outbound the header of the packet is taken off; inbound a fresh one
 * is made from the addresses of the SA's path. Since a NAT may have changed those, the checksum of
 * TCP, UDP and ICMPv6 is computed anew: the ICV has proved the octets right (RFC 3948 3.1.2). IP
 * options and hop limits do not survive; RFC 4301 5.1 allows no fragments.
 */
#ifndef BRAID_ESP_TRANSPORT_H
#define BRAID_ESP_TRANSPORT_H

#include "esp/inner.h"

/* The part of a packet that travels. False for fragments and IPv6 extension headers. */
bool transport_strip(struct bytes packet, const struct flow *f, struct bytes *upper);

enum { TRANSPORT_HEADER_MAX = IPV6_HEADER_LEN };

/*
 * Writes the header for `upper` and mends its checksum; returns the header's length, or 0 if that
 * is not possible. Hostile input.
 */
size_t transport_rebuild(uint8_t header[TRANSPORT_HEADER_MAX], uint8_t *upper, size_t len,
                         uint8_t protocol, const struct addr *src, const struct addr *dst);

#endif
