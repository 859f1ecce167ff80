/*
 * losses: an honest handshake over a dishonest network. First every single datagram is dropped,
 * doubled, delayed, cut and bent in turn, and nothing less than both ends up will do; then chance
 * takes over.
 */
#include "scenario.h"

#include <stdlib.h>

/* ---- one datagram of a handshake ----------------------------------------------------------- */

/* A handshake with fragments in both directions: three key exchanges, fragments of 576 octets. */
static struct pair pair_with_fragments(struct run *run)
{
    static const struct site site = {.ike = "aes256gcm16-prfsha256-x25519-ke1_mlkem768-ke2_ecp384",
                                     .engine = "fragment_size = 576"};
    return pair_make(run, site, site);
}

/* What is to happen to datagram `number` of the world. */
struct mishap {
    uint64_t number;
    enum { DROP,
           DOUBLE,
           DELAY,
           CUT,
           FLIP,
           REPLACE } kind;
    ike_time delay;
    size_t len;   /* CUT: to this length */
    size_t octet; /* FLIP, REPLACE */
    uint8_t mask; /* FLIP: with this. REPLACE: instead of it */
    bool beside;  /* CUT, FLIP, REPLACE: the good one comes as well, a little later */
    bool happened;
};

static bool befall(struct world *w, struct packet *p, void *arg)
{
    struct mishap *m = arg;
    if (p->number != m->number)
        return true;
    m->happened = true;
    if (m->beside)
        world_put(w, packet_copy(w, p), 12 * IKE_MS);
    switch (m->kind) {
    case DROP:
        return false;
    case DOUBLE:
        world_put(w, packet_copy(w, p), m->delay);
        return true;
    case DELAY:
        world_put(w, packet_copy(w, p), m->delay);
        return false;
    case CUT:
        p->genuine = false;
        p->len = m->len < p->len ? m->len : p->len;
        return true;
    case FLIP:
        p->genuine = false;
        p->octets[m->octet] ^= m->mask;
        return true;
    case REPLACE:
        p->genuine = p->octets[m->octet] == m->mask;
        p->octets[m->octet] = m->mask;
        return true;
    }
    return true;
}

/* How long each datagram of the handshake is. */
struct lengths {
    size_t count, len[64];
};

static bool note_length(struct world *w, struct packet *p, void *arg)
{
    struct lengths *l = arg;
    EXPECT(w, l->count < 64);
    l->len[l->count++] = p->len;
    return true;
}

static struct lengths measure(struct run *run)
{
    struct lengths lengths = {0};
    struct pair p = pair_with_fragments(run);
    p.w->tap = note_length;
    p.w->tap_arg = &lengths;
    pair_up(&p, 1);
    p.w->tap = NULL;
    pair_end(&p);
    return lengths;
}

static void one_mishap(struct run *run, struct mishap m)
{
    if (!run_case(run))
        return;
    struct pair p = pair_with_fragments(run);
    p.w->tap = befall;
    p.w->tap_arg = &m;
    pair_up(&p, 1);
    EXPECT(p.w, m.happened);
    p.w->tap = NULL;
    pair_end(&p);
}

static void drop_each(struct run *run)
{
    struct lengths l = measure(run);
    for (size_t i = 0; i < l.count; i++)
        one_mishap(run, (struct mishap){.number = i, .kind = DROP});
}

/* A second copy: at once, between the next two, after the exchange, after the next one, after the
 * handshake, much later. */
static void double_each(struct run *run)
{
    static const ike_time delays[] = {10 * IKE_MS, 11 * IKE_MS, 25 * IKE_MS, 45 * IKE_MS,
                                      65 * IKE_MS, IKE_SECOND, 20 * IKE_SECOND};
    struct lengths l = measure(run);
    for (size_t i = 0; i < l.count; i++)
        for (size_t d = 0; d < sizeof delays / sizeof delays[0]; d++)
            one_mishap(run, (struct mishap){.number = i, .kind = DOUBLE, .delay = delays[d]});
}

static void delay_each(struct run *run)
{
    static const ike_time delays[] = {15 * IKE_MS, 100 * IKE_MS, 500 * IKE_MS, 510 * IKE_MS,
                                      IKE_SECOND, 4 * IKE_SECOND, 20 * IKE_SECOND};
    struct lengths l = measure(run);
    for (size_t i = 0; i < l.count; i++)
        for (size_t d = 0; d < sizeof delays / sizeof delays[0]; d++)
            one_mishap(run, (struct mishap){.number = i, .kind = DELAY, .delay = delays[d]});
}

/* Cut at every length; the good one comes a moment later, or has to be sent again. */
static void cut_each(struct run *run)
{
    struct lengths l = measure(run);
    for (size_t i = 0; i < l.count; i++)
        for (size_t len = 0; len < l.len[i]; len++)
            one_mishap(run,
                       (struct mishap){.number = i, .kind = CUT, .len = len, .beside = len % 2});
}

/* Every bit flipped of what nobody vouches for: the good one comes beside, else the handshake may
 * end in a refusal. */
static bool is_clear(size_t number)
{
    return number < 2;
}

static void flip_each(struct run *run)
{
    struct lengths l = measure(run);
    for (size_t i = 0; i < l.count; i++)
        for (size_t octet = 0; octet < l.len[i]; octet++) {
            if (is_clear(i))
                continue;
            one_mishap(run, (struct mishap){.number = i,
                                            .kind = FLIP,
                                            .octet = octet,
                                            .mask = (uint8_t)(1U << octet % 8),
                                            .beside = octet % 2});
        }
}

/*
 * IKE_SA_INIT is in clear: who can change it can prevent the SA. But then nothing is left of it,
 * and the next attempt, over a better network, succeeds.
 */
static void bend_clear(struct run *run, struct mishap m)
{
    if (!run_case(run))
        return;
    struct pair p = pair_with_fragments(run);
    p.w->tap = befall;
    p.w->tap_arg = &m;
    host_initiate(p.a, "net", "net");
    world_settle(p.w);
    EXPECT(p.w, m.happened);
    p.w->tap = NULL;
    if (host_up_count(p.a) == 0)
        pair_up(&p, 1);
    pair_end(&p);
}

static void bend_clear_bits(struct run *run)
{
    struct lengths l = measure(run);
    for (size_t i = 0; i < 2; i++)
        for (size_t bit = 0; bit < l.len[i] * 8; bit++)
            bend_clear(run, (struct mishap){.number = i,
                                            .kind = FLIP,
                                            .octet = bit / 8,
                                            .mask = (uint8_t)(1U << bit % 8)});
}

static void bend_clear_octets(struct run *run)
{
    static const uint8_t values[] = {0, 1, 33, 34, 35, 41, 46, 53, 127, 128, 255};
    struct lengths l = measure(run);
    for (size_t i = 0; i < l.count; i++)
        for (size_t octet = 0; octet < (i < 2 ? l.len[i] : 32U); octet++)
            for (size_t v = 0; v < sizeof values; v++) {
                if (is_clear(i))
                    bend_clear(
                        run, (struct mishap){
                                 .number = i, .kind = REPLACE, .octet = octet, .mask = values[v]});
                else
                    one_mishap(run, (struct mishap){.number = i,
                                                    .kind = REPLACE,
                                                    .octet = octet,
                                                    .mask = values[v],
                                                    .beside = v % 2});
            }
}

/*
 * A forger sees the first messages and is faster than the honest ends: what he makes of a message
 * arrives just before the good one. The responder answers the first that is acceptable; the
 * initiator waits for a better answer than a bad one. Afterwards nothing is left, and a further
 * attempt succeeds.
 */
static void race(struct run *run)
{
    struct lengths l = measure(run);
    for (size_t i = 0; i < l.count; i++)
        for (size_t bit = 0; bit < (is_clear(i) ? l.len[i] * 8 : 36U * 8); bit++)
            bend_clear(run, (struct mishap){.number = i,
                                            .kind = FLIP,
                                            .octet = bit / 8,
                                            .mask = (uint8_t)(1U << bit % 8),
                                            .beside = true});
}

/* ---- chance -------------------------------------------------------------------------------- */

/* Over a bad network a handshake ends: up at both ends, or nowhere; if the initiator has given up,
 * liveness clears the responder. */
static void bad_network(struct run *run)
{
    static const char *const ikes[] = {"aes256gcm16-prfsha256-x25519",
                                       "aes256gcm16-prfsha256-x25519-ke1_mlkem768-ke2_ecp384",
                                       "aes128-sha256-x25519-ke1_mlkem1024"};
    unsigned up = 0;
    uint64_t count = run_rounds(run, 3000);
    for (uint64_t i = 0; i < count; i++) {
        if (!run_case(run))
            continue;
        const char *engine = i % 2 ? "fragment_size = 576" : "fragment_size = 1280";
        struct site site = {
            .ike = ikes[i % 3], .engine = engine, .conn = i % 5 == 0 ? "dpd_delay = 5" : ""};
        struct pair p = pair_make(run, site, site);
        uint32_t loss = (uint32_t)world_below(p.w, 450);
        world_net(p.w, (struct link_rules){.loss = loss,
                                           .duplicate = (uint32_t)world_below(p.w, 300),
                                           .corrupt = (uint32_t)world_below(p.w, 100),
                                           .truncate = (uint32_t)world_below(p.w, 50),
                                           .delay_min = IKE_MS,
                                           .delay_max = IKE_MS * (1 + world_below(p.w, 2000)),
                                           .mtu = world_below(p.w, 4) ? 0 : 600});
        p.w->ask_max = world_below(p.w, IKE_SECOND);
        host_initiate(p.a, "net", "net");
        world_run(p.w, 300 * IKE_SECOND);
        up += host_up_count(p.a) > 0;
        world_net(p.w, (struct link_rules){.delay_min = 10 * IKE_MS, .delay_max = 10 * IKE_MS});
        world_run(p.w, 60 * IKE_SECOND);
        host_check_all(p.a);
        host_check_all(p.b);
        world_settle(p.w);
        EXPECT(p.w, host_up_count(p.a) == host_up_count(p.b));
        pair_end(&p);
    }
    if (run->only_case < 0 && up < count / 3) {
        struct world *w = world_new(run);
        world_fail(w, "only %u of %llu handshakes succeeded", up, (unsigned long long)count);
    }
}

/* A black hole for large datagrams: after some silence the sender splits smaller. */
static void black_hole(struct run *run)
{
    for (int i = 0; i < 2; i++) {
        if (!run_case(run))
            continue;
        struct pair p = pair_usual(run, "aes256gcm16-prfsha256-x25519-ke1_mlkem1024");
        p.w->links[i][1 - i].mtu = 1000;
        host_initiate(p.a, "net", "net");
        world_settle(p.w);
        if (i == 0) /* requests are split anew; the answers of a responder are as large as its
                       configuration says */
            EXPECT(p.w, host_up_count(p.a) == 1);
        pair_end(&p);
    }
}

/* ---- fragments ----------------------------------------------------------------------------- */

/* Fragments in any order: the network hands over those of one message in a random order. */
static void shuffled(struct run *run)
{
    for (uint64_t i = 0; i < run_rounds(run, 300); i++) {
        if (!run_case(run))
            continue;
        struct pair p = pair_with_fragments(run);
        world_net(p.w, (struct link_rules){
                           .delay_min = IKE_MS, .delay_max = 200 * IKE_MS, .duplicate = 200});
        pair_up(&p, 1);
        EXPECT(p.w, host_counter(p.a, "retransmissions") == 0);
        pair_end(&p);
    }
}

/* The sender splits a message again, smaller: the totals grow while old fragments are still about
 * (RFC 7383 2.5.2). */
struct first_tries {
    unsigned
        swallow; /* of each fragmented request, so many transmissions lose their last fragment */
    uint64_t seen;
};

static bool lose_last(struct world *w, struct packet *p, void *arg)
{
    struct first_tries *t = arg;
    (void)w;
    bool fragment = p->len > IKE_HEADER_LEN + 8 && p->octets[16] == PAYLOAD_SKF;
    uint16_t number = fragment ? get_u16(p->octets + IKE_HEADER_LEN + 4) : 0;
    uint16_t total = fragment ? get_u16(p->octets + IKE_HEADER_LEN + 6) : 0;
    if (!fragment || number != total)
        return true;
    return ++t->seen % 5 == 0 ? true : t->seen > 3 * t->swallow;
}

static void refragmented(struct run *run)
{
    for (unsigned swallow = 0; swallow < 6; swallow++) {
        if (!run_case(run))
            continue;
        struct first_tries tries = {.swallow = swallow};
        struct site site = {.ike = "aes256gcm16-prfsha256-x25519-ke1_mlkem1024",
                            .engine = "fragment_size = 1280"};
        struct pair p = pair_make(run, site, site);
        p.w->tap = lose_last;
        p.w->tap_arg = &tries;
        pair_up(&p, 1);
        p.w->tap = NULL;
        pair_end(&p);
    }
}

/* However often a fragmented request is repeated, it is answered once for each time (RFC
 * 7383 2.6.1). */
struct silence {
    struct host *deaf;
    unsigned transmissions, answers;
    uint32_t mid;
};

static bool count_answers(struct world *w, struct packet *p, void *arg)
{
    struct silence *s = arg;
    (void)w;
    struct ike_header h;
    if (!ike_header_read(bytes_make(p->octets, p->len), &h) || h.mid != s->mid ||
        h.exchange != EXCHANGE_IKE_INTERMEDIATE)
        return true;
    uint16_t number = h.next == PAYLOAD_SKF ? get_u16(p->octets + IKE_HEADER_LEN + 4) : 1;
    if (number == 1 && !h.response)
        s->transmissions++;
    if (number == 1 && h.response)
        s->answers++;
    return !h.response || s->transmissions > 3;
}

static void one_answer_each(struct run *run)
{
    struct silence s = {.mid = 1};
    struct pair p = pair_with_fragments(run);
    p.w->tap = count_answers;
    p.w->tap_arg = &s;
    pair_up(&p, 1);
    EXPECT(p.w, s.transmissions == 4 && s.answers == 4);
    p.w->tap = NULL;
    pair_end(&p);
}

/* clang-format off */
const struct scenario loss_scenarios[] = {
    {"drop-each",       "each datagram of a handshake with fragments is lost in turn", drop_each},
    {"double-each",     "each comes twice, the second at various later moments", double_each},
    {"delay-each",      "each is late, by milliseconds to twenty seconds", delay_each},
    {"cut-each",        "each is cut at every length", cut_each},
    {"flip-each",       "each octet of each protected datagram has a bit flipped", flip_each},
    {"bend-clear-bits", "each bit of the messages in clear is flipped; nothing is left, and the next attempt succeeds", bend_clear_bits},
    {"bend-octets",     "octets are replaced by numbers that mean something", bend_clear_octets},
    {"race",            "a forger's version of each message arrives just before the good one", race},
    {"bad-network",     "loss, duplication, corruption, reordering at random: both ends up or both clean", bad_network},
    {"black-hole",      "large datagrams vanish: requests are split smaller", black_hole},
    {"shuffled",        "fragments arrive in any order, some twice", shuffled},
    {"refragmented",    "the sender splits anew while old fragments are about", refragmented},
    {"one-answer-each", "one answer for each transmission of a fragmented request", one_answer_each},
    {0},
};
/* clang-format on */
