/*
 * secret: key material, by value, in a type of its own.
 *
 * A secret is never printed, never compared except in constant time, never turned into `struct bytes` outside
 * crypto, keys and sk, and is wiped by its owner in one place. `struct secret` holds a symmetric key (SK_d, SK_e
 * with its salt, a PRF output); `struct shared_secret` holds what a key exchange yields, up to the 1,024 octets of
 * MODP-8192.
 */
#ifndef BRAID_BASE_SECRET_H
#define BRAID_BASE_SECRET_H

#include "base/bytes.h"

enum {
    SECRET_MAX = 64,          /* HMAC-SHA2-512 keys; AES-256 with a salt needs 36 */
    SHARED_SECRET_MAX = 1024, /* g^ir of MODP-8192, padded to the modulus (RFC 7296 2.14) */
};

struct secret {
    uint8_t len;
    uint8_t data[SECRET_MAX];
};

struct shared_secret {
    uint16_t len;
    uint8_t data[SHARED_SECRET_MAX];
};

static inline struct bytes secret_view(const struct secret *s)
{
    return (struct bytes){s->data, s->len};
}

static inline struct bytes shared_secret_view(const struct shared_secret *s)
{
    return (struct bytes){s->data, s->len};
}

static inline void secret_wipe(struct secret *s)
{
    wipe(s, sizeof *s);
}

static inline void shared_secret_wipe(struct shared_secret *s)
{
    wipe(s, sizeof *s);
}

#endif
