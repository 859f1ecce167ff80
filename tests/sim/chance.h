/*
 * chance: OpenSSL's randomness, lent by whoever plays with it.
 *
 * Key pairs and ciphertexts are made inside OpenSSL, from its own random generators. In the
 * simulation these are test generators that give what they were given, so that a world with real
 * cryptography is decided by its seed as one with the toy is. Nothing of the product knows of it.
 */
#ifndef BRAID_SIM_CHANCE_H
#define BRAID_SIM_CHANCE_H

#include "base/bytes.h"

/* What the next operation may take: more than the longest private key, drawn several times. */
enum { CHANCE_LEN = 8192 };

/* From now on the thread's OpenSSL draws these octets, from the first on; false: it cannot. */
bool chance_lend(const uint8_t octets[CHANCE_LEN]);

#endif
