/*
 * ossl_mac: one keyed hash in three kinds behind one face: HMAC (RFC 2104), AES-CMAC (RFC 4493), AES-XCBC (RFC 3566).
 *
 * The PRF and INTEG rows of alg.def both come down to these. The message is the parts, one behind the other; the result
 * is not truncated, the row knows what it keeps. Functions return false only when OpenSSL fails.
 */
#ifndef BRAID_CRYPTO_OSSL_MAC_H
#define BRAID_CRYPTO_OSSL_MAC_H

#include <braid/crypto.h>

enum { OSSL_MAC_MAX = 64 }; /* HMAC-SHA2-512 */

struct ossl_mac;

/* The MAC of a PRF or INTEG row, or NULL: no such row, not available, or out of memory. */
struct ossl_mac *ossl_mac_new(const struct alg *alg);
void ossl_mac_free(struct ossl_mac *mac);

/* Key and message at once. Nothing of the key stays behind. AES kinds take keys of exactly 16 octets. */
bool ossl_mac_once(struct ossl_mac *mac, struct bytes key, const struct bytes *parts, size_t count, uint8_t *out);

/* The key schedule is kept, for any number of messages. */
bool ossl_mac_key(struct ossl_mac *mac, struct bytes key);
bool ossl_mac_run(struct ossl_mac *mac, const struct bytes *parts, size_t count, uint8_t *out);

#endif
