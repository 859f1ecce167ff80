/*
 * ossl: the cryptographic backend of braid on OpenSSL 3.5 (EVP only).
 *
 * One object per worker; it is not thread-safe. Every algorithm is fetched once, when the object is made, and its
 * contexts are used again for each operation. A row that the installed providers lack is simply missing: `has` says so.
 */
#ifndef BRAID_CRYPTO_OSSL_H
#define BRAID_CRYPTO_OSSL_H

#include <braid/crypto.h>

/* NULL when memory runs out. */
struct crypto *ossl_crypto_new(void);
/* Every kex and packet_cipher made from it must have been freed before. NULL is allowed. */
void ossl_crypto_free(struct crypto *crypto);

#endif
