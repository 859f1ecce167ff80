/*
 * cookie: stateless cookies (RFC 7296 2.6). A pure part.
 *
 *   cookie = version of the secret (4 octets) | first 20 octets of MAC
 *   MAC    = prf(secret, SPIi | version | port | family | IPi | Ni)
 *
 * The secret changes every COOKIE_SECRET_FOR; the previous one stays valid. Nothing is stored per peer.
 */
#ifndef BRAID_IKE_COOKIE_H
#define BRAID_IKE_COOKIE_H

#include "ike/limits.h"
#include <braid/crypto.h>

struct cookie_jar {
    struct secret secret[2]; /* [version & 1] */
    uint32_t version;        /* of the newest; 0 = none yet */
    ike_time renewed_at;
};

/* Make a cookie for this initiator into out[COOKIE_LEN]; renews the secret when it is old. */
enum crypto_result cookie_make(struct cookie_jar *jar, const struct crypto *c, ike_time now,
                               const struct endpoint *from, uint64_t spi_i, struct bytes ni, uint8_t *out);
/* Is `cookie` one of ours for this initiator, not older than two periods? Hostile input; constant-time compare. */
bool cookie_check(struct cookie_jar *jar, const struct crypto *c, ike_time now, const struct endpoint *from,
                  uint64_t spi_i, struct bytes ni, struct bytes cookie);

#endif
