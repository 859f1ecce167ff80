/*
 * fuzz_selector: two TS payloads, one offered, one of our configuration.
 *
 * Octet 0 says how much of the rest belongs to the first. The result of narrowing must lie in both, and near every
 * corner of every selector a packet is in the result exactly if it is in both.
 */
#include "fuzz.h"

#include <stdlib.h>

#include "../support/unit.h"
#include "ike/selector.h"
#include "wire/message.h"

enum { ARENA_LIMIT = 1 << 20 };

static void require(bool ok)
{
    if (!ok)
        abort();
}

/* The body of one payload, decoded; false when it is not one. */
static bool decode(struct bytes body, struct arena *arena, struct selectors *out)
{
    size_t len = body.len + PAYLOAD_HEADER_LEN;
    uint8_t *chain = arena_take(arena, len);
    struct ike_msg m = ike_msg_make();
    if (!chain || len > UINT16_MAX)
        return false;
    put_u32(chain, (uint32_t)len);
    if (body.len > 0)
        memcpy(chain + PAYLOAD_HEADER_LEN, body.at, body.len);
    if (ike_payloads_decode(bytes_make(chain, len), PAYLOAD_TSi, arena, &m).class != DECODE_OK)
        return false;
    *out = m.payload[0].u.ts;
    return true;
}

/* Only well-formed members count; a malformed one matches nothing that the data plane would be told of. */
static struct selectors keep_valid(const struct selectors *s, struct arena *arena)
{
    struct selector *at = ARENA_ARRAY(arena, struct selector, s->count);
    struct selectors kept = {0, at};
    for (uint16_t i = 0; at && i < s->count; i++)
        if (selector_valid(&s->at[i]))
            at[kept.count++] = s->at[i];
    return kept;
}

struct world {
    struct selectors offered, configured, result;
    bool is_cut;
};

static void look_at_packet(struct world *w, uint8_t family, const uint8_t *ip, uint8_t protocol,
                           uint16_t port)
{
    if (port == 0)
        return; /* stands for "cannot be seen" as well: OPAQUE and a range from 0 both match it, and do not intersect */
    bool in_offer = selectors_match(&w->offered, family, ip, protocol, port);
    bool in_both = in_offer && selectors_match(&w->configured, family, ip, protocol, port);
    require(selectors_match(&w->result, family, ip, protocol, port) == in_both);
    w->is_cut |= in_offer && !in_both;
}

/* The corners of a selector, and one step beyond. */
static void look_around(struct world *w, const struct selector *s)
{
    static const uint8_t protocols[] = {1, 6, 17};
    for (int corner = 0; corner < 4; corner++) {
        uint8_t ip[16];
        memcpy(ip, corner < 2 ? s->from : s->to, sizeof ip);
        if (corner % 2)
            ip[s->family == ADDR_V4 ? 3 : 15] ^= 1;
        const uint16_t ports[] = {s->from_port, s->to_port, (uint16_t)(s->from_port - 1),
                                  (uint16_t)(s->to_port + 1)};
        for (int p = 0; p < 4; p++) {
            look_at_packet(w, s->family, ip, s->protocol ? s->protocol : protocols[p % 3], ports[p]);
            look_at_packet(w, s->family, ip, protocols[p % 3], ports[p]);
        }
    }
}

static void compare(struct world *w, bool narrowed)
{
    enum { LOOKED_AT = 16 }; /* of each list: the rest costs time and finds nothing new */
    for (uint16_t i = 0; i < w->offered.count && i < LOOKED_AT; i++)
        look_around(w, &w->offered.at[i]);
    for (uint16_t i = 0; i < w->configured.count && i < LOOKED_AT; i++)
        look_around(w, &w->configured.at[i]);
    require(narrowed || !w->is_cut);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size < 1 || size > 8192)
        return 0;
    struct memory memory;
    memory_make(&memory);
    struct arena arena = arena_make(&memory.alloc, ARENA_LIMIT);
    size_t split = 1 + (size - 1) * data[0] / 255;
    struct selectors offered, configured, out;
    bool narrowed;
    if (decode(bytes_make(data + 1, split - 1), &arena, &offered) &&
        decode(bytes_make(data + split, size - split), &arena, &configured) &&
        selectors_narrow(&offered, &configured, &arena, &out, &narrowed)) {
        require(out.count <= SELECTORS_MAX);
        require(selectors_subset(&out, &offered) && selectors_subset(&out, &configured));
        struct world w = {keep_valid(&offered, &arena), keep_valid(&configured, &arena), out, false};
        if (out.count < SELECTORS_MAX)
            compare(&w, narrowed);
    }
    arena_wipe(&arena);
    require(memory.blocks == 0);
    return 0;
}
