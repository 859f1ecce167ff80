/*
 * transcript: everything that AUTH covers (RFC 7296 2.15, RFC 9242 3.3). A pure part; no authenticator
 * knows what an intermediate exchange is.
 *
 *   octets of the initiator = RealMessage1 | Nr | prf(SK_pi, IDi') [| IntAuth]
 *   octets of the responder = RealMessage2 | Ni | prf(SK_pr, IDr') [| IntAuth]
 *   IntAuth                 = IntAuth_i | IntAuth_r | message id of the first IKE_AUTH
 *                             present only if an IKE_INTERMEDIATE took place
 *   IntAuth_i(k)            = prf(SK_pi in force during exchange k, [IntAuth_i(k-1) |] A | P)
 *
 * A is the IKE header through the SK generic header, as if the message had not been fragmented; P the inner
 * payloads in clear, as they came.
 */
#ifndef BRAID_IKE_TRANSCRIPT_H
#define BRAID_IKE_TRANSCRIPT_H

#include "ike/keys.h"
#include "wire/message.h"

struct transcript {
    const struct alloc *alloc;
    struct bytes message_i, message_r; /* RealMessage1 and 2: the last IKE_SA_INIT messages, owned */
    bool ran;                          /* at least one exchange is covered by IntAuth */
    uint8_t int_i_len, int_r_len;      /* octets of the running values; 0: nothing of that side is covered yet */
    uint8_t int_i[PRF_LEN_MAX], int_r[PRF_LEN_MAX];
};

struct transcript transcript_make(const struct alloc *alloc);
void transcript_wipe(struct transcript *t);

/*
 * Remember an IKE_SA_INIT message as it was sent or received, from its IKE header on. A later one of the
 * same side (COOKIE, INVALID_KE_PAYLOAD) replaces it.
 */
bool transcript_message(struct transcript *t, bool initiator, struct bytes message);

/*
 * Cover one message of an IKE_INTERMEDIATE exchange: `header` as sent (next, length and fragmentation are
 * normalised here), `first` the type of the first inner payload, `plain` the inner payloads. key: SK_pi for
 * the initiator's message, SK_pr for the responder's, those in force while the exchange ran.
 */
enum crypto_result transcript_cover(struct transcript *t, const struct crypto *c, const struct alg *prf,
                                    const struct secret *key, bool initiator, const struct ike_header *header,
                                    uint8_t first, uint8_t reserved, struct bytes plain);

/*
 * The octets that the side `initiator` signs, appended to `w`. nonce: the OTHER side's. id: the body of
 * that side's ID payload (type, 3 reserved octets, data). sk_p: its SK_p, of the last key set. auth_mid:
 * message id of the first IKE_AUTH request. transcript_octets_len gives the room needed.
 */
enum crypto_result transcript_octets(const struct transcript *t, const struct crypto *c,
                                     const struct alg *prf, bool initiator, struct bytes nonce,
                                     struct bytes id_body, const struct secret *sk_p, uint32_t auth_mid,
                                     struct writer *w);
size_t transcript_octets_len(const struct transcript *t, const struct alg *prf, bool initiator, struct bytes nonce);

#endif
