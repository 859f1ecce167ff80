/*
 * fit: keep what goes through a tunnel small enough for it.
 *
 * A tunnel adds octets to every packet, so the largest inner packet is smaller than the path's. Two
 * measures keep TCP and everything else working: the MSS option of SYNs is lowered in both
 * directions (RFC 4459 3.2), and a packet that is still too large and must not be fragmented is
 * answered with "fragmentation needed" (RFC 1191 4) or "packet too big" (RFC 4443 3.2), as a router
 * with that MTU would (RFC 4301 8.2).
 *
 * A packet that no policy lets through is answered in the same way (RFC 4301 5.1).
 */
#ifndef BRAID_ESP_FIT_H
#define BRAID_ESP_FIT_H

#include "esp/inner.h"

/*
 * Lower the MSS option of a TCP SYN so that full segments make packets of at most `mtu`. Touches
 * nothing else. Hostile input.
 */
void fit_mss(uint8_t *packet, size_t len, const struct flow *f, size_t mtu);

/* Must a packet that is too large be refused (IPv6, or IPv4 with DF)? */
bool fit_is_whole(struct bytes packet);

/* an ICMPv6 error is as long as fits the minimum MTU: RFC 4443 2.4 (c) */
enum { FIT_ERROR_MAX = 1280 };

/*
 * Build the ICMP error that tells the sender of `packet` the largest size that fits, as if it came
 * from the packet's destination. Returns its length in `out`, or 0 when none may be sent: for ICMP
 * errors, later fragments, multicast, unspecified sources (RFC 1122 3.2.2, RFC 4443 2.4 (e)).
 */
size_t fit_too_big(struct bytes packet, const struct flow *f, size_t mtu,
                   uint8_t out[FIT_ERROR_MAX]);

/* The same for "communication administratively prohibited" (RFC 4301 5.1). */
size_t fit_prohibited(struct bytes packet, const struct flow *f, uint8_t out[FIT_ERROR_MAX]);

#endif
