/*
 * replay: see replay.h.
 *
 * RFC 6479: the ring is one word longer than the window needs, so moving the window clears whole
 * words and never shifts bits. Bit (seq mod 64) of word (seq / 64 mod words) stands for seq. The
 * window always fits into the word of `top` and the words - 1 before it.
 */
#include "esp/replay.h"

/* Without a window the high half is still to be inferred: take the nearest number then. */
#define INFER_SPAN UINT64_C(0x80000000)

static uint32_t round_window(uint32_t window)
{
    if (window > REPLAY_WINDOW_MAX)
        return REPLAY_WINDOW_MAX;
    return (window + 63) / 64 * 64;
}

size_t replay_words(uint32_t window)
{
    size_t need = round_window(window) / 64 + 1, words = 1;
    while (words < need)
        words *= 2;
    return words;
}

struct replay replay_make(uint32_t window, bool esn, uint64_t *ring)
{
    size_t words = replay_words(window);
    memset(ring, 0, words * sizeof *ring);
    return (struct replay){
        .ring = ring, .window = round_window(window), .words = (uint32_t)words, .esn = esn};
}

/*
 * RFC 4303 A2.2, with Tl, Th the halves of top and Bl = Tl - W + 1 modulo 2^32, the low half of the
 * window's left edge. False: the number would lie before the first or behind the last subspace.
 */
static bool infer_high(const struct replay *r, uint32_t low, uint32_t *high)
{
    uint64_t w = r->window ? r->window : INFER_SPAN;
    uint32_t tl = (uint32_t)r->top, th = (uint32_t)(r->top >> 32), bl = (uint32_t)(tl - w + 1);
    if (tl >= w - 1) { /* case A: the window lies in one subspace */
        *high = low >= bl ? th : th + 1;
        return low >= bl || th != UINT32_MAX;
    }
    *high = low >= bl ? th - 1 : th; /* case B: it spans two */
    return low < bl || th != 0;
}

static uint64_t *word_of(const struct replay *r, uint64_t seq)
{
    return &r->ring[(seq / 64) & (r->words - 1)];
}

static uint64_t bit_of(uint64_t seq)
{
    return UINT64_C(1) << (seq % 64);
}

enum replay_verdict replay_check(const struct replay *r, uint32_t low, uint64_t *seq)
{
    uint32_t high = 0;
    bool valid = !r->esn || infer_high(r, low, &high);
    *seq = (uint64_t)high << 32 | low;
    if (!valid || *seq == 0)
        return REPLAY_INVALID;
    if (r->window == 0 || *seq > r->top)
        return REPLAY_FRESH;
    if (r->top - *seq >= r->window)
        return REPLAY_STALE;
    return *word_of(r, *seq) & bit_of(*seq) ? REPLAY_SEEN : REPLAY_FRESH;
}

/* The window moves right: the words it enters are cleared, all of them at most once. */
static void advance(struct replay *r, uint64_t seq)
{
    uint64_t from = r->top / 64 + 1, to = seq / 64;
    if (to >= from && to - from >= r->words)
        from = to - r->words + 1;
    for (uint64_t w = from; w <= to; w++)
        r->ring[w & (r->words - 1)] = 0;
    r->top = seq;
}

void replay_accept(struct replay *r, uint64_t seq)
{
    if (seq > r->top)
        advance(r, seq);
    if (r->window && r->top - seq < r->window)
        *word_of(r, seq) |= bit_of(seq);
}
