/*
 * fragment: see fragment.h. The checks of RFC 7383 2.6, in its order; authenticity was checked before
 * anything is added.
 *
 * Memory is bounded twice: by FRAGMENTS_MAX places and by `max` octets. Only growing totals start a set
 * anew, so a peer cannot make fragments of two splittings meet in one message.
 */
#include "ike/fragment.h"

/* Stands for a fragment that is there but empty (the one fragment of an empty message): NULL means "missing". */
static const uint8_t EMPTY[1];

struct fragment_set fragment_set_make(const struct alloc *alloc)
{
    return (struct fragment_set){.alloc = alloc};
}

static void give_part(const struct alloc *alloc, struct bytes *part)
{
    if (part->len > 0)
        alloc_give_bytes(alloc, part);
}

void fragment_set_wipe(struct fragment_set *s)
{
    for (uint16_t i = 0; i < s->total; i++)
        give_part(s->alloc, &s->part[i]);
    alloc_give(s->alloc, s->part, s->total * sizeof *s->part);
    *s = fragment_set_make(s->alloc);
}

static bool is_plausible(uint16_t number, uint16_t total)
{
    return number >= 1 && number <= total && total <= FRAGMENTS_MAX;
}

/* Does the set already collect this message, split in this way? */
static bool is_underway(const struct fragment_set *s, uint32_t mid, bool response, uint16_t total)
{
    return s->total == total && s->mid == mid && s->response == response;
}

enum fragment_verdict fragment_look(const struct fragment_set *s, uint32_t mid, bool response, uint16_t number,
                                    uint16_t total)
{
    if (!is_plausible(number, total))
        return FRAGMENT_DROP;
    bool same_message = s->total != 0 && s->mid == mid && s->response == response;
    if (same_message && total < s->total)
        return FRAGMENT_DROP;
    if (same_message && total == s->total && s->part[number - 1].at)
        return FRAGMENT_REPEAT;
    return FRAGMENT_KEEP;
}

/* Forget what was collected and make room for `total` fragments. */
static bool start_over(struct fragment_set *s, ike_time now, uint32_t mid, bool response, uint16_t total)
{
    fragment_set_wipe(s);
    struct bytes *part = alloc_take(s->alloc, total * sizeof *part);
    if (!part)
        return false;
    s->mid = mid;
    s->response = response;
    s->total = total;
    s->since = now;
    s->part = part;
    return true;
}

static bool store_part(struct fragment_set *s, uint16_t number, struct bytes plain)
{
    struct bytes *part = &s->part[number - 1];
    if (!alloc_copy(s->alloc, plain, part))
        return false;
    if (plain.len == 0)
        part->at = EMPTY;
    s->have++;
    s->len += plain.len;
    return true;
}

enum fragment_verdict fragment_add(struct fragment_set *s, ike_time now, uint32_t mid, bool response, uint16_t number,
                                   uint16_t total, uint8_t first, uint8_t reserved, struct bytes plain, size_t max)
{
    enum fragment_verdict verdict = fragment_look(s, mid, response, number, total);
    if (verdict != FRAGMENT_KEEP)
        return verdict;
    size_t held = is_underway(s, mid, response, total) ? s->len : 0;
    if (held > max || plain.len > max - held)
        return FRAGMENT_DROP;
    if (!is_underway(s, mid, response, total) && !start_over(s, now, mid, response, total))
        return FRAGMENT_DROP;
    if (!store_part(s, number, plain))
        return FRAGMENT_DROP;
    if (number == 1) {
        s->first = first;
        s->reserved = reserved;
    }
    return s->have == s->total ? FRAGMENT_COMPLETE : FRAGMENT_KEEP;
}

void fragment_join(const struct fragment_set *s, uint8_t *to)
{
    for (uint16_t i = 0; i < s->total; i++) {
        if (s->part[i].len == 0)
            continue;
        memcpy(to, s->part[i].at, s->part[i].len);
        to += s->part[i].len;
    }
}

uint16_t fragment_plan(size_t len, size_t room)
{
    if (room == 0)
        return 0;
    size_t count = len == 0 ? 1 : (len - 1) / room + 1;
    return count <= FRAGMENTS_MAX ? (uint16_t)count : 0;
}
