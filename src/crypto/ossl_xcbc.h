/*
 * ossl_xcbc: AES-XCBC-MAC (RFC 3566), which OpenSSL lacks, built from its AES-128 in ECB and CBC mode.
 *
 * K1, K2, K3 are the key's encryptions of 01.., 02.., 03..; the message is CBC-MACed under K1, its last block mixed
 * with K2 when it is whole and with K3 when it had to be padded (80 00 ..). Used only through ossl_mac.
 */
#ifndef BRAID_CRYPTO_OSSL_XCBC_H
#define BRAID_CRYPTO_OSSL_XCBC_H

#include <openssl/evp.h>

#include "base/bytes.h"

enum { XCBC_BLOCK = 16 };

struct ossl_xcbc {
    EVP_CIPHER_CTX *ecb, *cbc;
    uint8_t k2[XCBC_BLOCK], k3[XCBC_BLOCK];
    uint8_t held[XCBC_BLOCK]; /* the newest block: it may turn out to be the last */
    size_t held_len;
};

bool ossl_xcbc_make(struct ossl_xcbc *x);
void ossl_xcbc_drop(struct ossl_xcbc *x); /* also after a make that failed */

bool ossl_xcbc_key(struct ossl_xcbc *x, const uint8_t key[XCBC_BLOCK]);
bool ossl_xcbc_run(struct ossl_xcbc *x, const struct bytes *parts, size_t count, uint8_t out[XCBC_BLOCK]);

#endif
