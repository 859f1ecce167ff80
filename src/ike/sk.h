/*
 * sk: sealing and opening messages: the Encrypted payload (RFC 7296 3.14, RFC 5282) and Encrypted
 * Fragment payload (RFC 7383 2.5).
 *
 *   header | SK or SKF generic header [| number | total] | IV | ciphertext of (payloads | padding | pad length) | ICV
 *   '------------------ associated data ----------------'
 *
 * The protected payload must be the first and only one in the outer message: nobody sends
 * unprotected payloads beside it, and code that is not there has no bugs. sk_look and sk_open run
 * before authentication: they allocate nothing and change nothing.
 */
#ifndef BRAID_IKE_SK_H
#define BRAID_IKE_SK_H

#include "ike/keys.h"
#include "wire/message.h"

/*
 * The keys of one direction. iv_counter counts messages sealed under them: the IV of counter modes,
 * never repeated (NULL when opening).
 */
struct sk_keys {
    const struct ike_suite *suite;
    const struct secret *encr, *integ;
    uint64_t *iv_counter;
};

/* What stands around the sealed body. */
struct sk_outer {
    struct ike_header header;
    uint8_t first;          /* type of the first inner payload; 0 in fragments after the first */
    uint8_t reserved;       /* the generic header's critical bit and reserved bits, as received */
    bool fragment;          /* SKF */
    uint16_t number, total; /* 1 and 1 when not */
    size_t body_at;         /* offset of the IV */
};

/*
 * Take the outer message apart. False: not a protected message, or its lengths cannot be. Hostile
 * input.
 */
bool sk_look(struct bytes datagram, const struct ike_header *header, struct sk_outer *outer);

/*
 * Open a datagram (a writable copy, opened in place). *plain is a view of the inner payloads in it.
 * CRYPTO_BAD when it is not authentic, or its padding cannot be. Hostile input.
 */
enum crypto_result sk_open(const struct crypto *c, const struct sk_keys *keys,
                           const struct sk_outer *outer, uint8_t *datagram, size_t len,
                           struct bytes *plain);

/* How many octets of inner payloads fit a datagram of `datagram_len` octets; 0 if none. */
size_t sk_room(const struct ike_suite *suite, size_t datagram_len, bool fragment);
/* How long the datagram for so many octets of inner payloads will be. */
size_t sk_sealed_len(const struct ike_suite *suite, size_t plain_len, bool fragment);

/* Seal inner payloads into `to` (sk_sealed_len octets). outer->header.next and length are set here. */
enum crypto_result sk_seal(const struct crypto *c, const struct sk_keys *keys,
                           const struct sk_outer *outer, struct bytes plain, uint8_t *to);

#endif
