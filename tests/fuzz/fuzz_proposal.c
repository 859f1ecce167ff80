/*
 * fuzz_proposal: any SA payload, as an offer to us and as an answer to ours.
 *
 * Octet 0 holds the rules: bit 0 the peer's order, bit 1 slot 0 only, bit 2 no key exchange, bits 4 to 7 the preferred
 * method. What follows is the body of the payload. Whatever is chosen must have been offered and be acceptable, without a
 * method twice; and the answer we would give must be acceptable to whoever made the offer.
 */
#include "fuzz.h"

#include <stdlib.h>

#include "../support/unit.h"
#include "ike/proposal.h"

enum {
    ARENA_LIMIT = 1 << 22,
    RULES_LEN = 1,
};

static void require(bool ok)
{
    if (!ok)
        abort();
}

/* ---- a rich configuration ---- */

/* clang-format off */
#define T(type, id, bits) {TRANSFORM_##type, id, bits, false}
#define SLOT(n) T(ADDKE##n, 36, 0), T(ADDKE##n, 19, 0), T(ADDKE##n, 20, 0)

static const struct transform ike_aead[] = {
    T(ENCR, 20, 256), T(ENCR, 28, 0), T(ENCR, 20, 128), T(PRF, 5, 0), T(PRF, 6, 0),
    T(KE, 31, 0), T(KE, 19, 0), T(KE, 20, 0), T(KE, 14, 0),
    SLOT(1), T(ADDKE1, 0, 0), SLOT(2), T(ADDKE2, 0, 0), SLOT(3), T(ADDKE3, 0, 0), T(ADDKE7, 37, 0), T(ADDKE7, 0, 0),
};
static const struct transform ike_mac[] = {
    T(ENCR, 12, 256), T(ENCR, 12, 128), T(INTEG, 12, 0), T(INTEG, 14, 0), T(PRF, 5, 0), T(PRF, 8, 0),
    T(KE, 31, 0), T(KE, 14, 0), T(ADDKE1, 36, 0),
};
static const struct transform esp_aead[] = {
    T(ENCR, 20, 256), T(ENCR, 28, 0), T(KE, 31, 0), T(KE, 0, 0), SLOT(1), T(ADDKE1, 0, 0), SLOT(4), T(ADDKE4, 0, 0),
    T(SN, 0, 0), T(SN, 1, 0),
};
static const struct transform esp_mac[] = {T(ENCR, 12, 256), T(INTEG, 12, 0), T(KE, 31, 0), T(SN, 1, 0), T(SN, 0, 0)};

#define P(protocol, number, spi_len, list) \
    {number, PROTOCOL_##protocol, spi_len, {1, 2, 3, 4, 5, 6, 7, 8}, sizeof(list) / sizeof(list)[0], list}
static const struct proposal configured[] = {P(IKE, 1, 0, ike_aead), P(ESP, 2, 4, esp_aead), P(IKE, 3, 0, ike_mac),
                                             P(ESP, 4, 4, esp_mac)};
/* clang-format on */
static const struct proposals acceptable = {4, configured};

/* ---- invariants ---- */

static bool lists(const struct proposal *p, uint8_t type, uint16_t id, uint16_t key_bits)
{
    for (uint16_t i = 0; i < p->count; i++) {
        const struct transform *t = &p->transform[i];
        if (t->type == type && t->id == id && t->key_bits == key_bits && !t->unknown_attr)
            return true;
    }
    return false;
}

static bool names(const struct proposal *p, uint8_t type)
{
    for (uint16_t i = 0; i < p->count; i++)
        if (p->transform[i].type == type)
            return true;
    return false;
}

/* Does the choice follow from this proposal: each transform listed, or the type left open? */
static bool follows(const struct choice *c, const struct proposal *p, bool no_kex)
{
    if (c->protocol != p->protocol || !c->encr || !lists(p, TRANSFORM_ENCR, c->encr->id, c->encr->key_bits))
        return false;
    if (c->prf && !lists(p, TRANSFORM_PRF, c->prf->id, 0))
        return false;
    if (c->integ && !lists(p, TRANSFORM_INTEG, c->integ->id, 0))
        return false;
    if (names(p, TRANSFORM_SN) ? !lists(p, TRANSFORM_SN, c->sn, 0) : c->sn != SN_32)
        return false;
    for (int slot = 0; slot < KEX_SLOTS; slot++) {
        uint8_t type = kex_slot_type(slot);
        bool is_open = no_kex || !names(p, type);
        if (is_open ? c->kex[slot].method != KE_NONE : !lists(p, type, c->kex[slot].method, 0))
            return false;
    }
    return true;
}

static bool follows_one_of(const struct choice *c, const struct proposals *list, bool no_kex)
{
    for (uint16_t i = 0; i < list->count; i++)
        if (follows(c, &list->at[i], no_kex))
            return true;
    return false;
}

static void require_sound(const struct choice *c, bool slot0_only)
{
    bool is_aead = c->encr->flags & ALG_AEAD;
    require(is_aead == (c->integ == NULL));
    require((c->prf != NULL) == (c->protocol == PROTOCOL_IKE));
    require(c->protocol != PROTOCOL_IKE || c->kex[0].method != KE_NONE);
    for (int i = 0; i < KEX_SLOTS; i++) {
        require(c->kex[i].proposed || c->kex[i].method == KE_NONE);
        require(i == 0 || c->kex[i].method == KE_NONE || (c->kex[0].method != KE_NONE && !slot0_only));
        for (int k = 0; k < i; k++)
            require(c->kex[i].method == KE_NONE || c->kex[i].method != c->kex[k].method);
    }
}

/* ---- both directions ---- */

static bool has_unique_numbers(const struct proposals *list)
{
    for (uint16_t i = 0; i < list->count; i++)
        for (uint16_t k = 0; k < i; k++)
            if (list->at[i].number == list->at[k].number)
                return false;
    return true;
}

static void try_offer(const struct proposals *offered, const struct choose_rules *rules, struct arena *arena)
{
    struct choice choice, accepted;
    struct mismatch why;
    struct proposal answer;
    if (!proposal_choose(offered, &acceptable, rules, &choice, &why))
        return;
    require(follows_one_of(&choice, offered, false));
    require(follows_one_of(&choice, &acceptable, rules->no_kex));
    require_sound(&choice, rules->slot0_only);
    if (!proposal_answer(&choice, arena, UINT64_C(0x1111111111111111), &answer) ||
        !has_unique_numbers(offered))
        return;
    const struct proposals answers = {1, &answer};
    require(proposal_accept(offered, &answers, &accepted, &why));
    require(accepted.encr == choice.encr && accepted.integ == choice.integ && accepted.prf == choice.prf);
    for (int slot = 0; slot < KEX_SLOTS; slot++)
        require(accepted.kex[slot].method == choice.kex[slot].method);
}

static void try_answer(const struct proposals *answer)
{
    struct choice choice;
    struct mismatch why;
    if (!proposal_accept(&acceptable, answer, &choice, &why))
        return;
    require(answer->count == 1 && follows(&choice, &answer->at[0], false));
    require(follows_one_of(&choice, &acceptable, false));
    require_sound(&choice, false);
}

static void try_configuration(const struct proposals *list, const struct choose_rules *rules,
                              struct arena *arena)
{
    struct proposals out;
    uint16_t method;
    if (!proposal_offer(list, arena, 1, 4, rules, &out, &method))
        return;
    require(out.count <= list->count && has_unique_numbers(&out));
    require(method == KE_NONE || proposal_has_method(&out, method));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size < RULES_LEN || size > UINT16_MAX - PAYLOAD_HEADER_LEN)
        return 0;
    static const uint16_t methods[] = {0, 31, 19, 20, 14, 36, 35, 37, 1, 999};
    const struct choose_rules rules = {
        .peers_order = data[0] & 1,
        .slot0_only = data[0] & 2,
        .no_kex = data[0] & 4,
        .prefer_method = methods[(data[0] >> 4) % 10],
    };
    struct memory memory;
    memory_make(&memory);
    struct arena arena = arena_make(&memory.alloc, ARENA_LIMIT);
    size_t len = size - RULES_LEN + PAYLOAD_HEADER_LEN;
    uint8_t *chain = malloc(len);
    require(chain != NULL);
    memcpy(chain, (const uint8_t[]){0, 0, (uint8_t)(len >> 8), (uint8_t)len}, PAYLOAD_HEADER_LEN);
    memcpy(chain + PAYLOAD_HEADER_LEN, data + RULES_LEN, size - RULES_LEN);

    struct ike_msg m = ike_msg_make();
    if (ike_payloads_decode(bytes_make(chain, len), PAYLOAD_SA, &arena, &m).class == DECODE_OK) {
        try_offer(&m.payload[0].u.sa, &rules, &arena);
        try_answer(&m.payload[0].u.sa);
        try_configuration(&m.payload[0].u.sa, &rules, &arena);
    }
    arena_wipe(&arena);
    free(chain);
    require(memory.blocks == 0);
    return 0;
}
