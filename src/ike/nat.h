/*
 * nat: NAT detection hashes (RFC 7296 2.23): SHA-1(SPIi | SPIr | IP | port). A pure part.
 *
 * SHA-1 is what the RFC demands here, and nothing rests on its strength. It is computed with a small
 * function of our own, because the crypto promise holds no bare hash and libbraid links nothing.
 */
#ifndef BRAID_IKE_NAT_H
#define BRAID_IKE_NAT_H

#include <braid/types.h>

enum { NAT_HASH_LEN = 20 };

void nat_hash(uint64_t spi_i, uint64_t spi_r, const struct endpoint *e, uint8_t out[NAT_HASH_LEN]);

#endif
