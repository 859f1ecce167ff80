/*
 * enumerate: two operations at the same moment, one at each host, in every order in which their
 * datagrams can arrive.
 *
 * What can happen next is the set of datagrams under way and of orders not given yet; each is given
 * the chance to be next, depth first. A world cannot be copied, so the prefix of choices is played
 * again in a new world with the same seed. When nothing is under way, the clock goes on.
 *
 * Deliveries to different hosts commute: each changes one engine, which has its own randomness, and
 * sends what it would have sent anyway. So of all orders that differ only in how the two hosts'
 * deliveries interleave, one is enough ("sleep sets"), and the others can be counted: the deliveries
 * to each host form a chain, a datagram cannot arrive before it was sent, and the ways to merge two
 * such chains are counted by going through their grid. Without loss every order is played all the
 * same, and then the few: their counts must agree.
 *
 * In the second mode one datagram, each in turn, is lost as well, and comes again by
 * retransmission. There only orders that differ at a host are played; all with --scale 1000.
 *
 * A failure names its choices: --path goes that way once more.
 */
#include "gate.h"
#include "invariants.h"
#include "scenario.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

enum { DEPTH_MAX = 200,
       CHOICES_MAX = 16,
       EVERY_ORDER = 1000 };

/* ---- the operations ------------------------------------------------------------------------ */

enum operation { NOTHING,
                 REKEY_CHILD,
                 REKEY_IKE,
                 DELETE_CHILD,
                 DELETE_IKE,
                 NEW_CHILD };

static const char *const operation_texts[] = {
    [REKEY_CHILD] = "Child rekey", [REKEY_IKE] = "IKE rekey", [DELETE_CHILD] = "Child Delete", [DELETE_IKE] = "IKE SA Delete", [NEW_CHILD] = "new Child SA"};

/* Alice does one thing, bob the other, each with so many further key exchanges. */
struct duel {
    enum operation op[2];
    int rounds[2];
    bool lossy;
};

static void operate(struct world *w, struct host *h, uint64_t arg)
{
    struct ike_order order = {.conn = BYTES_LIT("net")};
    (void)w;
    switch ((enum operation)arg) {
    case REKEY_CHILD:
        order.child = BYTES_LIT("net");
        order.kind = ORDER_REKEY;
        break;
    case REKEY_IKE:
        order.kind = ORDER_REKEY;
        break;
    case DELETE_CHILD:
        order.child = BYTES_LIT("net");
        order.kind = ORDER_TERMINATE;
        break;
    case DELETE_IKE:
        order.kind = ORDER_TERMINATE;
        break;
    case NEW_CHILD:
        order.child = BYTES_LIT("two");
        order.kind = ORDER_INITIATE;
        break;
    case NOTHING:
        return;
    }
    (void)host_order(h, &order); /* what it is about may be gone already */
}

static bool is_about_ike(enum operation op)
{
    return op == REKEY_IKE || op == DELETE_IKE;
}

static bool is_rekey(enum operation op)
{
    return op == REKEY_CHILD || op == REKEY_IKE;
}

static bool is_delete(enum operation op)
{
    return op == DELETE_CHILD || op == DELETE_IKE;
}

/* The proposals of one end, that with as many rounds as its operation shall have comes first; the
 * peer goes by it. */
static const char *proposals(char *text, size_t room, const struct duel *d, int side, bool ike)
{
    static const char *const rounds[] = {"", "-ke1_ecp256", "-ke1_ecp256-ke2_ecp384"};
    const char *base = ike ? "aes256gcm16-prfsha256-x25519" : "aes256gcm16-x25519";
    bool mine = is_about_ike(d->op[side]) == ike, theirs = is_about_ike(d->op[1 - side]) == ike;
    int first = mine ? d->rounds[side] : theirs ? d->rounds[1 - side]
                                                : 0;
    int second = theirs ? d->rounds[1 - side] : first;
    snprintf(text, room, "%s%s, %s%s", base, rounds[first], base, rounds[second]);
    return text;
}

static struct pair make_world(struct run *run, const struct duel *d)
{
    struct site site[2] = {{0}};
    char text[2][3][512];
    for (int i = 0; i < 2; i++) {
        site[i].ike = proposals(text[i][0], sizeof text[i][0], d, i, true);
        site[i].esp = proposals(text[i][1], sizeof text[i][1], d, i, false);
        site[i].conn = "rekey_time = 0";
        site[i].engine = "prefer_configured_proposals = no";
        snprintf(text[i][2], sizeof text[i][2],
                 "rekey_time = 0\n }\n two {\n esp_proposals = %s\n local_ts = 10.%d.0.0/16\n"
                 " remote_ts = 10.%d.0.0/16\n rekey_time = 0",
                 site[i].esp, 3 + i, 4 - i);
        site[i].child = text[i][2];
    }
    struct pair p = pair_make(run, site[0], site[1]);
    pair_up(&p, 1);
    world_net(p.w, (struct link_rules){0});
    for (int i = 0; i < 2; i++)
        world_at(p.w, p.w->now, i ? p.b : p.a, operate, d->op[i]);
    return p;
}

/* ---- choices ------------------------------------------------------------------------------- */

struct choice_of {
    uint64_t serial; /* of the event; stays the same however the prefix is played */
    int host;        /* that it happens at */
    bool lose;       /* the datagram vanishes */
};

struct node {
    struct choice_of can[CHOICES_MAX];
    unsigned count, taken;    /* `taken`: the one of the present path */
    bool asleep[CHOICES_MAX]; /* what follows has been played already, in another order */
};

struct search {
    const struct duel *duel;
    struct run *run;
    bool every;      /* do not prune */
    const char *way; /* what is left of a path that was asked for, or NULL */
    struct node node[DEPTH_MAX];
    unsigned depth; /* nodes on the present path */
    uint64_t played, cut, orders;
};

/* Happens to one host, or to the network: does it matter which of them is first? */
static bool commute(const struct choice_of *a, const struct choice_of *b)
{
    if (a->lose || b->lose)
        return a->serial != b->serial && !(a->lose && b->lose);
    return a->host != b->host;
}

static void list_choices(const struct world *w, struct node *n, bool may_lose)
{
    n->count = n->taken = 0;
    for (size_t i = 0; i < w->queued; i++) {
        const struct event *e = w->queue[i];
        struct ike_path path;
        const struct host *h =
            e->packet ? network_deliver((struct world *)(uintptr_t)w, e->packet, &path) : e->host;
        EXPECT(w, h && n->count + 2 <= CHOICES_MAX);
        n->asleep[n->count] = false;
        n->can[n->count++] = (struct choice_of){e->serial, h->index, false};
        if (!may_lose || !e->packet)
            continue;
        n->asleep[n->count] = false;
        n->can[n->count++] = (struct choice_of){e->serial, h->index, true};
    }
    /* by age: the heap's own order would do as well, but this reads better in a path */
    for (unsigned i = 1; i < n->count; i++)
        for (unsigned k = i; k && n->can[k].serial < n->can[k - 1].serial; k--) {
            struct choice_of c = n->can[k];
            n->can[k] = n->can[k - 1];
            n->can[k - 1] = c;
        }
}

/* What slept before this choice sleeps on, as long as the choice has nothing to do with it. So does
 * what was tried here before. */
static void hand_down(const struct node *from, struct node *to)
{
    for (unsigned i = 0; i < from->count; i++) {
        if (!from->asleep[i] && i >= from->taken)
            continue;
        if (i == from->taken || !commute(&from->can[i], &from->can[from->taken]))
            continue;
        for (unsigned k = 0; k < to->count; k++)
            if (to->can[k].serial == from->can[i].serial && to->can[k].lose == from->can[i].lose)
                to->asleep[k] = true;
    }
}

/* The first that may be taken, from `at` on. False: there is none. */
static bool take(struct node *n, unsigned at, bool every)
{
    while (at < n->count && n->asleep[at] && !every)
        at++;
    n->taken = at;
    return at < n->count;
}

/* ---- counting orders ----------------------------------------------------------------------- */

/* What happened between two moves of the clock: the chain of each host, and what each link of it
 * had to wait for. */
struct chains {
    unsigned len[2];
    unsigned needs[2][DEPTH_MAX]; /* so many links of the other chain come first */
    struct {
        uint64_t serial;
        int host;
        unsigned place; /* sent by that link of that host's chain, counted from 1; 0 = before */
    } origin[DEPTH_MAX * 4];
    unsigned origins;
    uint64_t known; /* the last serial whose origin is noted */
};

static void note_origins(struct chains *c, const struct world *w, int host)
{
    for (size_t i = 0; i < w->queued; i++) {
        uint64_t serial = w->queue[i]->serial;
        if (serial <= c->known)
            continue;
        EXPECT(w, c->origins < DEPTH_MAX * 4);
        c->origin[c->origins].serial = serial;
        c->origin[c->origins].host = host;
        c->origin[c->origins++].place = host < 0 ? 0 : c->len[host];
    }
    c->known = w->last_serial;
}

static void add_link(struct chains *c, const struct choice_of *choice)
{
    unsigned needs = 0;
    for (unsigned i = 0; i < c->origins; i++)
        if (c->origin[i].serial == choice->serial && c->origin[i].host == 1 - choice->host)
            needs = c->origin[i].place;
    c->needs[choice->host][c->len[choice->host]++] = needs;
}

/* In how many ways the two chains can be merged. */
static uint64_t count_merges(const struct chains *c)
{
    static uint64_t ways[DEPTH_MAX + 1][DEPTH_MAX + 1];
    for (unsigned a = 0; a <= c->len[0]; a++)
        for (unsigned b = 0; b <= c->len[1]; b++) {
            ways[a][b] = a + b == 0;
            if (a && c->needs[0][a - 1] <= b)
                ways[a][b] += ways[a - 1][b];
            if (b && c->needs[1][b - 1] <= a)
                ways[a][b] += ways[a][b - 1];
        }
    return ways[c->len[0]][c->len[1]];
}

/* ---- what must be true in the end ---------------------------------------------------------- */

static void expect_children(struct pair *p, const struct duel *d)
{
    struct world *w = p->w;
    unsigned least = 1, most = 1;
    for (int i = 0; i < 2; i++) {
        if (is_delete(d->op[i]))
            least = most = 0;
        if (d->op[i] == NEW_CHILD)
            least = most = 2;
    }
    unsigned count = host_child_count(p->a);
    if (count < least || count > most || host_child_count(p->b) != count)
        world_fail(w, "alice has %u Child SAs, bob %u", count, host_child_count(p->b));
    for (int i = 0; i < 2; i++)
        for (const struct ike_sa *sa = w->host[i].engine->oldest; sa; sa = sa->newer)
            for (const struct child *c = sa->children; c; c = c->next)
                EXPECT(w, c->state == CHILD_INSTALLED &&
                              !mock_child_by_id(w->host[i].plane, c->id)->retired);
}

static void expect_end(struct pair *p, const struct duel *d)
{
    struct world *w = p->w;
    unsigned sas = d->op[0] != DELETE_IKE && d->op[1] != DELETE_IKE;
    for (int i = 0; i < 2; i++) {
        const struct host *h = &w->host[i];
        if (h->engine->sa_count != sas || host_up_count(h) != sas)
            world_fail(w, "%s has %u IKE SAs, %u of them up", h->name, h->engine->sa_count,
                       host_up_count(h));
        EXPECT(w, h->told_reason[IKE_REASON_TIMEOUT] == 0 && h->told_reason[IKE_REASON_FAULT] == 0);
        if (!is_delete(d->op[0]) && !is_delete(d->op[1]))
            EXPECT(w, h->told_kind[TELL_CHILD_DOWN] == 0 && h->told_kind[TELL_IKE_DOWN] == 0);
    }
    expect_children(p, d);
    invariants_quiet(w);
    const struct ike_sa *a = host_sa(p->a), *b = host_sa(p->b);
    if (sas) /* and they understand each other */
        EXPECT(w, a->window.send_next == b->window.serve_next &&
                      b->window.send_next == a->window.serve_next);
}

/* ---- what must be true all the time -------------------------------------------------------- */

/* What a host would send now, the other could receive; whether packets flow at every moment, or
 * none ever does. */
static void expect_flow(struct pair *p, struct gate gate[2], bool flows)
{
    struct world *w = p->w;
    for (int i = 0; i < 2; i++) {
        const struct host *h = &w->host[i], *other = &w->host[1 - i];
        const struct mock_child *out = gate_way_out(&gate[i], h), *in = NULL;
        if (!out)
            world_fail(w, "%s has no Child SA to send on", h->name);
        if (flows)
            in = gate_hear(&gate[1 - i], other, out->spi_out);
        for (size_t k = 0; !flows && (in = mock_child(other->plane, k)) && in->spi_in != out->spi_out;
             k++)
            ;
        if (!in || in->key_in != out->key_out)
            world_fail(w, "%s would send on Child SA %u, which %s does not have", h->name, out->id,
                       other->name);
    }
}

/* ---- one run ------------------------------------------------------------------------------- */

static void note_path(struct search *s)
{
    struct run *run = s->run;
    size_t len = (size_t)snprintf(run->note, sizeof run->note, " --path ");
    for (unsigned i = 0; i < s->depth && len + 8 < sizeof run->note; i++)
        len += (size_t)snprintf(run->note + len, sizeof run->note - len, "%s%u", i ? "." : "",
                                s->node[i].taken);
}

static void carry_out(struct world *w, const struct choice_of *c)
{
    size_t i = 0;
    while (i < w->queued && w->queue[i]->serial != c->serial)
        i++;
    EXPECT(w, i < w->queued);
    if (c->lose) {
        trace_packet(w, w->queue[i]->packet, "lost");
        w->queue[i]->packet->to.port = 9; /* nobody is there */
        w->queue[i]->packet->encap = true;
    }
    world_fire(w, i);
}

/* The next node: what is given by the path so far, or a new one. False: all that could follow was
 * played in another order. */
static bool next_node(struct search *s, const struct world *w, unsigned at, bool lost)
{
    struct node *n = &s->node[at];
    EXPECT(w, at < DEPTH_MAX);
    if (at < s->depth)
        return true;
    list_choices(w, n, s->duel->lossy && !lost);
    if (at && !s->every)
        hand_down(&s->node[at - 1], n);
    unsigned first = 0;
    if (s->way && *s->way) {
        char *end;
        first = (unsigned)strtoul(s->way, &end, 10);
        s->way = *end == '.' ? end + 1 : end;
    }
    if (!take(n, first, s->every))
        return false;
    s->depth = at + 1;
    note_path(s);
    return true;
}

static void play(struct search *s)
{
    struct pair p = make_world(s->run, s->duel);
    struct world *w = p.w;
    struct chains chains = {0};
    uint64_t orders = 1;
    bool lost = false, rekeys = is_rekey(s->duel->op[0]) && is_rekey(s->duel->op[1]);
    unsigned at = 0;
    static struct gate flowing[2], silent[2];
    memset(flowing, 0, sizeof flowing);
    memset(silent, 0, sizeof silent);
    note_origins(&chains, w, -1);
    for (;;) {
        if (rekeys) {
            expect_flow(&p, flowing, true);
            expect_flow(&p, silent, false);
        }
        if (w->queued == 0) {
            orders *= count_merges(&chains);
            chains = (struct chains){0};
            if (!world_step(w, w->now + 3600 * IKE_SECOND))
                break;
            note_origins(&chains, w, -1);
            continue;
        }
        if (!next_node(s, w, at, lost)) {
            s->cut++;
            world_free(w);
            return;
        }
        const struct choice_of *c = &s->node[at].can[s->node[at].taken];
        if (!c->lose)
            add_link(&chains, c);
        lost |= c->lose;
        carry_out(w, c);
        note_origins(&chains, w, c->lose ? -1 : c->host);
        at++;
    }
    expect_end(&p, s->duel);
    s->played++;
    s->orders += orders;
    pair_end(&p);
}

/* On to the next path. False: there is none. */
static bool advance(struct search *s)
{
    while (s->depth) {
        struct node *n = &s->node[s->depth - 1];
        if (take(n, n->taken + 1, s->every))
            return true;
        s->depth--;
    }
    return false;
}

static void search_all(struct search *s, bool every)
{
    s->every = every;
    s->depth = 0;
    s->played = s->orders = 0;
    s->way = s->run->path;
    do
        play(s);
    while (!s->run->path && advance(s));
    s->run->note[0] = '\0';
}

/* Who wins, of two that rekey the same, is up to the nonces: four draws of them. */
static uint64_t enumerate(struct run *run, const struct duel *d)
{
    int draws = d->op[0] == d->op[1] ? 4 : 1;
    static struct search search;
    bool every = run->path || !d->lossy || run->scale >= EVERY_ORDER;
    uint64_t played = 0, orders = 0, differ = 0;
    search = (struct search){.duel = d, .run = run};
    for (int draw = 0; draw < draws; draw++) {
        if (!run_case(run))
            continue;
        search_all(&search, every);
        played += search.played;
        if (d->lossy || run->path)
            continue;
        search_all(&search, false);
        orders += search.orders;
        differ += search.played;
    }
    if (!played)
        return 0;
    if (orders && orders != played) {
        fprintf(stderr, "FAILED: %" PRIu64 " orders were played, but there are %" PRIu64 "\n", played,
                orders);
        exit(1);
    }
    run_say(run, "%s (%d rounds more) and %s (%d)%s: %" PRIu64 " interleavings, %" PRIu64 " differ at a host",
            operation_texts[d->op[0]], d->rounds[0], operation_texts[d->op[1]], d->rounds[1],
            d->lossy ? ", each datagram lost once" : "", played, orders ? differ : played);
    return played;
}

/* ---- the scenarios ------------------------------------------------------------------------- */

static bool has_rounds(enum operation op)
{
    return op == REKEY_CHILD || op == REKEY_IKE || op == NEW_CHILD;
}

/* With every number of rounds; and each operation at either end. */
static void all_rounds(struct run *run, enum operation a, enum operation b, bool lossy)
{
    uint64_t played = 0;
    for (int swap = 0; swap <= (a != b); swap++)
        for (int i = 0; i <= 2; i++)
            for (int k = 0; k <= (has_rounds(b) ? 2 : 0); k++) {
                struct duel duel = {{a, b}, {i, k}, lossy};
                if (swap)
                    duel = (struct duel){{b, a}, {k, i}, lossy};
                played += enumerate(run, &duel);
            }
    run_say(run, "total: %" PRIu64 " interleavings", played);
}

#define DUEL(name, a, b) \
    static void name(struct run *run) \
    { \
        all_rounds(run, a, b, false); \
    } \
    static void name##_lossy(struct run *run) \
    { \
        all_rounds(run, a, b, true); \
    }

DUEL(child_child, REKEY_CHILD, REKEY_CHILD)
DUEL(ike_ike, REKEY_IKE, REKEY_IKE)
DUEL(ike_child, REKEY_IKE, REKEY_CHILD)
DUEL(child_delete, REKEY_CHILD, DELETE_CHILD)
DUEL(ike_delete, REKEY_IKE, DELETE_IKE)
DUEL(ike_new, REKEY_IKE, NEW_CHILD)
DUEL(rekey_new, REKEY_CHILD, NEW_CHILD)
DUEL(ike_child_delete, REKEY_IKE, DELETE_CHILD)
DUEL(child_ike_delete, REKEY_CHILD, DELETE_IKE)

/* clang-format off */
const struct scenario order_scenarios[] = {
    {"orders-child-child",  "both rekey the Child SA, in every order in which their datagrams can arrive", child_child},
    {"orders-ike-ike",      "both rekey the IKE SA, in every order", ike_ike},
    {"orders-ike-child",    "one rekeys the IKE SA, the other the Child SA, in every order", ike_child},
    {"orders-child-delete", "one rekeys the Child SA, the other deletes it, in every order", child_delete},
    {"orders-ike-delete",   "one rekeys the IKE SA, the other deletes it, in every order", ike_delete},
    {"orders-ike-new",      "one rekeys the IKE SA, the other makes a Child SA, in every order", ike_new},
    {"orders-child-new",    "one rekeys the Child SA, the other makes another, in every order", rekey_new},
    {"orders-ike-child-delete", "one rekeys the IKE SA, the other deletes the Child SA, in every order", ike_child_delete},
    {"orders-child-ike-delete", "one rekeys the Child SA, the other deletes the IKE SA, in every order", child_ike_delete},
    {"loss-child-child",    "both rekey the Child SA, in every order, and one datagram, each in turn, is lost", child_child_lossy},
    {"loss-ike-ike",        "both rekey the IKE SA, one datagram is lost", ike_ike_lossy},
    {"loss-ike-child",      "one rekeys the IKE SA, the other the Child SA, one datagram is lost", ike_child_lossy},
    {"loss-child-delete",   "one rekeys the Child SA, the other deletes it, one datagram is lost", child_delete_lossy},
    {"loss-ike-delete",     "one rekeys the IKE SA, the other deletes it, one datagram is lost", ike_delete_lossy},
    {"loss-ike-new",        "one rekeys the IKE SA, the other makes a Child SA, one datagram is lost", ike_new_lossy},
    {"loss-child-new",      "one rekeys the Child SA, the other makes another, one datagram is lost", rekey_new_lossy},
    {"loss-ike-child-delete", "one rekeys the IKE SA, the other deletes the Child SA, one datagram is lost", ike_child_delete_lossy},
    {"loss-child-ike-delete", "one rekeys the Child SA, the other deletes the IKE SA, one datagram is lost", child_ike_delete_lossy},
    {0},
};
/* clang-format on */
