/*
 * ossl_mac: one keyed hash in three kinds behind one face: HMAC (RFC 2104), AES-CMAC (RFC 4493), AES-XCBC (RFC 3566).
 *
 * The PRF and INTEG rows of alg.def both come down to these. A MAC keeps its key schedule: key once, then any number of
 * begin, add ..., end. Functions return false only when OpenSSL fails.
 */
#ifndef BRAID_CRYPTO_OSSL_MAC_H
#define BRAID_CRYPTO_OSSL_MAC_H

#include <braid/crypto.h>

enum { OSSL_MAC_MAX = 64 }; /* HMAC-SHA2-512, before truncation */

struct ossl_mac;

/* The MAC of a PRF or INTEG row, or NULL: no such row, not available, or out of memory. */
struct ossl_mac *ossl_mac_new(const struct alg *alg);
void ossl_mac_free(struct ossl_mac *mac);

bool ossl_mac_key(struct ossl_mac *mac, struct bytes key); /* AES kinds: exactly 16 octets */
bool ossl_mac_begin(struct ossl_mac *mac);
bool ossl_mac_add(struct ossl_mac *mac, struct bytes part);
bool ossl_mac_end(struct ossl_mac *mac, uint8_t out[OSSL_MAC_MAX]); /* untruncated; the row knows what it keeps */

/* Overwrite the key schedule of a MAC that others will use with other keys. */
void ossl_mac_forget(struct ossl_mac *mac);

#endif
