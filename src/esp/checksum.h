/*
 * checksum: the Internet checksum (RFC 1071) and its incremental update (RFC 1624).
 *
 * Sums are kept as 32-bit partial sums of 16-bit words; each piece added must begin at an even
 * offset of the whole.
 */
#ifndef BRAID_ESP_CHECKSUM_H
#define BRAID_ESP_CHECKSUM_H

#include "base/bytes.h"

/* Add octets to a partial sum; an odd last octet counts as if a zero followed it. */
uint32_t checksum_add(uint32_t sum, struct bytes b);
/*
 * The pseudo header of TCP, UDP and ICMPv6 (RFC 793 3.1, RFC 8200 8.1); src and dst are 4 or 16
 * octets.
 */
uint32_t checksum_pseudo(struct bytes src, struct bytes dst, uint8_t protocol, size_t upper_len);
/* What goes into the checksum field. */
uint16_t checksum_end(uint32_t sum);
/*
 * A 16-bit word covered by the checksum at `field` changes from `before` to `after`: RFC 1624
 * equation 3.
 */
void checksum_replace(uint8_t *field, uint16_t before, uint16_t after);

#endif
