/*
 * proposal: which of the peer's proposals we take (RFC 7296 2.7, 3.3.6; RFC 9370 2.2.2), and whether an
 * answer fits what we offered.
 *
 * A pure part: offers and acceptable proposals in, one choice out. The key exchange slots are chosen
 * together, because no method may be chosen twice (NONE excepted) and a greedy pick fails on satisfiable
 * offers. The result is the first in order of preference that exists; the work is bounded by the table of
 * algorithms, not by what the peer wrote.
 */
#ifndef BRAID_IKE_PROPOSAL_H
#define BRAID_IKE_PROPOSAL_H

#include "wire/message.h"
#include <braid/crypto.h>

/*
 * One proposal reduced to one transform per type. Key exchange slots that were not proposed are `proposed
 * == false`.
 */
struct choice {
    uint8_t number; /* of the peer's proposal */
    uint8_t protocol;
    uint64_t spi; /* of the peer's proposal, 0 when spi_len is 0 */
    uint8_t spi_len;
    const struct alg *encr, *integ, *prf; /* NULL where the type is absent */
    bool integ_none;                      /* INTEG was proposed beside an AEAD; the answer holds its NONE */
    bool has_sn;                          /* the type was proposed; without it sequence numbers have 32 bits */
    uint16_t sn;                          /* SN_32 or SN_64 */
    struct {
        bool proposed;
        uint16_t method; /* KE_NONE: does not take place */
    } kex[KEX_SLOTS];    /* slot 0 is transform type 4 */
};

/* What the situation allows beyond the two lists. */
struct choose_rules {
    bool no_kex;                                    /* IKE_AUTH: the first Child SA has no key exchange; those transforms of ours are ignored */
    bool slot0_only;                                /* the extension was not announced: further exchanges can only be NONE */
    bool peers_order;                               /* the peer's order of preference decides instead of ours */
    uint16_t prefer_method;                         /* of the KE payload that came with the offer: chosen for slot 0 if that costs neither
                               another pair of proposals nor a round, to save a round trip; 0 = no wish */
    bool (*has)(void *self, const struct alg *alg); /* backend's promise; NULL = everything */
    void *self;
};

/*
 * Why nothing was chosen, for people: the first transform type without a match in the proposal that came
 * closest.
 */
struct mismatch {
    uint8_t type;   /* transform type; 0 = protocol or structure */
    uint8_t number; /* the peer's proposal that came closest */
};

/*
 * Choose. `offered` is hostile: unknown types, ids, attributes make a proposal (or transform) unacceptable,
 * never an error. An AEAD forbids INTEG (NONE tolerated). An IKE SA always has a key exchange in slot 0;
 * without one in slot 0 there is none in the others. rules may be NULL. True and *out filled, or false and
 * *why filled.
 */
bool proposal_choose(const struct proposals *offered, const struct proposals *acceptable,
                     const struct choose_rules *rules, struct choice *out, struct mismatch *why);

/*
 * As the asking side: is `answer` (exactly one proposal) a valid selection from what we `offered`? One
 * transform of every type offered, none added, the number and the length of the SPI repeated; a slot whose
 * offer held NONE may be answered with NONE or left out (both shapes are seen in the field); no method
 * twice. Hostile.
 */
bool proposal_accept(const struct proposals *offered, const struct proposals *answer, struct choice *out,
                     struct mismatch *why);

/*
 * The choice as a proposal to send back: one transform per type, explicit NONE where the slot was proposed
 * (RFC 9370). `spi` is ours.
 */
bool proposal_answer(const struct choice *choice, struct arena *arena, uint64_t spi, struct proposal *out);

/*
 * Our offer from configured proposals: numbers 1.., our SPI; rules->no_kex drops every key exchange
 * transform (IKE_AUTH) and merges proposals that become equal; rows that the backend lacks are left out,
 * proposals that lose a whole type are dropped; with slot0_only those that demand further exchanges are.
 * rules may be NULL. first_method: the method for the KE payload we send along, 0 if there is none.
 */
bool proposal_offer(const struct proposals *configured, struct arena *arena, uint64_t spi, uint8_t spi_len,
                    const struct choose_rules *rules, struct proposals *out, uint16_t *first_method);

/* Does any of them hold this method in slot 0? */
bool proposal_has_method(const struct proposals *p, uint16_t method);

#endif
