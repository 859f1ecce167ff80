/* extension: see extension.h. */
#include "ike/extension.h"

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

uint32_t extension_ours(const struct conf_conn *conn, bool initiator, uint32_t heard)
{
    uint32_t set = 0;
    if (conn->fragmentation != FRAGMENTATION_NO)
        set |= EXTENSION_SET(FRAGMENTATION);
    if (!initiator && conn->childless != CHILDLESS_NEVER)
        set |= EXTENSION_SET(CHILDLESS);
    if (initiator ? extension_offers_rounds(&conn->ike) : (heard & EXTENSION_SET(ROUNDS)) != 0)
        set |= EXTENSION_SET(ROUNDS);
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
