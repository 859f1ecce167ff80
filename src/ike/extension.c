/* extension: see extension.h. */
#include "ike/extension.h"

#include "wire/notify.h"

static const uint16_t notify_of[] = {
#define EXTENSION(name, notify, exchange) [EXTENSION_##name##_BIT] = NOTIFY_##notify,
#include "ike/extension.def"
};
enum { EXTENSION_COUNT = sizeof notify_of / sizeof notify_of[0] };

bool extension_offers_rounds(const struct proposals *p)
{
    for (uint16_t i = 0; i < p->count; i++)
        for (uint16_t k = 0; k < p->at[i].count; k++)
            if (kex_slot(p->at[i].transform[k].type) > 0)
                return true;
    return false;
}

/*
 * Who has a PPK takes one; who begins says so only where one is meant for this peer, and offers
 * both ways. The answer names one: the early one where it can be (RFC 9867).
 */
static uint32_t ppk_ours(const struct conf_conn *conn, bool initiator, uint32_t heard)
{
    const uint32_t early = EXTENSION_SET(PPK_ROUND) | EXTENSION_SET(ROUNDS);
    bool null = conf_uses(conn, CONF_AUTH_NULL);
    if (null && !conn->ppk_required) /* all or nothing: RFC 8784 5.2.3 */
        return 0;
    if (initiator && !conn->ppk_id.len && !conn->ppk_required)
        return 0;
    if (initiator)
        return EXTENSION_SET(PPK) | (conn->ppk_early ? early : 0);
    if (!conn->has_ppk)
        return 0;
    return conn->ppk_early && (heard & early) == early ? EXTENSION_SET(PPK_ROUND) : EXTENSION_SET(PPK);
}

uint32_t extension_ours(const struct conf_conn *conn, bool initiator, uint32_t heard)
{
    uint32_t set = 0;
    if (conn->fragmentation != FRAGMENTATION_NO)
        set |= EXTENSION_SET(FRAGMENTATION);
    if (!initiator && conn->childless != CHILDLESS_NEVER)
        set |= EXTENSION_SET(CHILDLESS);
    if (!conn->late_rounds &&
        (initiator ? extension_offers_rounds(&conn->ike) : (heard & EXTENSION_SET(ROUNDS)) != 0))
        set |= EXTENSION_SET(ROUNDS);
    set |= ppk_ours(conn, initiator, heard);
    if (!initiator) /* fragments, too, are only of use to a peer that knows them */
        set &= heard | EXTENSION_SET(CHILDLESS);
    return set;
}

bool extension_write(uint32_t set, struct ike_msg *out, struct arena *arena)
{
    for (unsigned bit = 0; bit < EXTENSION_COUNT; bit++)
        if (set & (UINT32_C(1) << bit) &&
            !ike_msg_add_notify(out, arena, notify_of[bit], BYTES_NONE))
            return false;
    return true;
}

uint32_t extension_read(const struct ike_msg *in)
{
    uint32_t set = 0;
    for (unsigned bit = 0; bit < EXTENSION_COUNT; bit++)
        if (ike_msg_notify(in, notify_of[bit]))
            set |= UINT32_C(1) << bit;
    return set;
}

bool extension_write_hashes(struct ike_msg *out, struct arena *arena)
{
    static const uint8_t hashes[] = {0, HASH_SHA2_256, 0, HASH_SHA2_384, 0, HASH_SHA2_512, 0, HASH_IDENTITY};
    return ike_msg_add_notify(out, arena, NOTIFY_SIGNATURE_HASH_ALGORITHMS, BYTES_OF(hashes));
}

uint32_t extension_read_hashes(const struct ike_msg *in)
{
    const struct notify_payload *n = ike_msg_notify(in, NOTIFY_SIGNATURE_HASH_ALGORITHMS);
    struct reader r = reader_make(n ? n->data : BYTES_NONE);
    uint32_t set = 0;
    uint16_t hash;
    while (notify_hashes_next(&r, &hash))
        if (hash < 32)
            set |= UINT32_C(1) << hash;
    return set;
}
