/* invariants: see invariants.h. They look into the engine: that is what they are for. */
#include "invariants.h"

struct before invariants_before(const struct host *h)
{
    struct before before = {.lost_effects = h->engine->counts[COUNT_EFFECTS_LOST]};
    for (int i = 0; i < DROP_COUNT; i++)
        before.drops += h->engine->drops[i];
    return before;
}

/* ---- after every verb ---------------------------------------------------------------------- */

static bool secrets_equal(const struct secret *a, const struct secret *b)
{
    return bytes_equal(secret_view(a), secret_view(b));
}

/* Both ends of a pair of SAs that are up hold equal keys, of equal algorithms, from equal key
 * exchanges. */
static void keys_agree(struct host *h, const struct ike_sa *sa)
{
    struct world *w = h->world;
    struct host *at;
    const struct ike_sa *other = sa->phase == PHASE_UP ? world_other_end(w, h, sa, &at) : NULL;
    if (!other || other->phase != PHASE_UP || w->keys_may_differ)
        return;
    const struct ike_keys *a = &sa->keys, *b = &other->keys;
    bool same = secrets_equal(&a->d, &b->d) && secrets_equal(&a->ai, &b->ai) &&
                secrets_equal(&a->ar, &b->ar) && secrets_equal(&a->ei, &b->ei) &&
                secrets_equal(&a->er, &b->er) && secrets_equal(&a->pi, &b->pi) &&
                secrets_equal(&a->pr, &b->pr);
    if (!same)
        world_fail(w, "%s and %s are up with different keys", h->name, at->name);
    EXPECT(w, sa->suite.encr == other->suite.encr && sa->suite.integ == other->suite.integ &&
                  sa->suite.prf == other->suite.prf);
    EXPECT(w, memcmp(sa->method, other->method, sizeof sa->method) == 0);
    EXPECT(w, sa->keys.d.len > 0 && sa->keys.ei.len > 0);
}

/* An SA is in one phase, and has what belongs to that phase: a birth until it is up, no secret of a
 * round that is over. */
static void sa_is_sound(struct host *h, const struct ike_sa *sa)
{
    struct world *w = h->world;
    EXPECT(w, sa->phase >= PHASE_NEW && sa->phase <= PHASE_CLOSING);
    EXPECT(w, sa_is_initial(sa) == (sa->birth != NULL));
    EXPECT(w, sa->phase == PHASE_NEW || sa->suite.prf || sa->mourned);
    EXPECT(w, table_get(&h->engine->by_spi, sa_spi_ours(sa)) == sa);
    EXPECT(w, table_get(&h->engine->by_id, sa->id) == sa);
    EXPECT(w, !sa->half_open || (!sa->initiator && sa_is_initial(sa)));
    EXPECT(w, !sa->ours || !sa->window.awaiting || sa->ours->answered ||
                  sa->ours->resend_at != IKE_NEVER || sa->ours->serial);
    EXPECT(w, !sa->window.serving || sa->theirs);
    if (sa->birth)
        EXPECT(w, sa->birth->schedule.held == 0);
}

/* Whatever waits for the clock is in the heap: no SA has a deadline that nobody will keep. */
static void deadline_is_kept(struct host *h, const struct ike_sa *sa)
{
    ike_time at = sa_deadline(sa);
    if (at != IKE_NEVER && (sa->timer.place == 0 || sa->timer.at > at))
        world_fail(h->world, "%s: SA %u has a deadline that the engine does not know", h->name,
                   sa->id);
}

/* An SA on the way, or on its way out, waits for something that must end: an answer, or a deadline.
 */
static void nothing_hangs(struct host *h, const struct ike_sa *sa)
{
    bool asked = (sa->ours && sa->ours->serial) || (sa->theirs && sa->theirs->serial);
    if (sa->phase != PHASE_UP && !asked && sa_deadline(sa) == IKE_NEVER)
        world_fail(h->world, "%s: SA %u is not up and waits for nothing", h->name, sa->id);
    bool later = false; /* the peer had no time: not yet */
    for (uint8_t i = 0; i < sa->wants; i++)
        later |= sa->want[i].not_before != 0;
    if (sa->phase == PHASE_UP && sa->wants && !later && !sa->ours &&
        !sa->larvals) /* some wants wait for a series to end */
        world_fail(h->world, "%s: SA %u wants something and does not begin", h->name, sa->id);
}

static unsigned count_children(const struct ike_sa *sa)
{
    unsigned count = 0;
    for (const struct child *c = sa->children; c; c = c->next)
        count++;
    return count;
}

/* The engine's counters and tables say what its list of SAs says. */
static void books_balance(struct host *h)
{
    struct world *w = h->world;
    const struct ike_engine *e = h->engine;
    uint32_t count = 0, half_open = 0, children = 0;
    for (const struct ike_sa *sa = e->oldest; sa; sa = sa->newer) {
        count++;
        half_open += sa->half_open;
        children += sa->child_count;
        EXPECT(w, count_children(sa) == sa->child_count);
        EXPECT(w, !sa->newer || sa->newer->id > sa->id);
    }
    EXPECT(w, count == e->sa_count && count == e->by_id.count && count == e->by_spi.count);
    EXPECT(w, half_open == e->half_open && half_open == e->by_contact.count);
    EXPECT(w, children == e->by_child.count && children == e->by_child_spi.count);
    EXPECT(w, e->dead == NULL);
    EXPECT(w, (half_open == 0) == (e->by_source.count == 0));
}

/* Every Child SA that the engine knows is in the data plane, and none other. */
static void plane_agrees(struct host *h)
{
    struct world *w = h->world;
    size_t children = 0;
    if (mock_counts(h->plane).refused) /* the engine will hear of it */
        return;
    for (const struct ike_sa *sa = h->engine->oldest; sa; sa = sa->newer)
        for (const struct child *c = sa->children; c; c = c->next) {
            const struct mock_child *m = mock_child_by_id(h->plane, c->id);
            EXPECT(w, m && m->spi_in == c->spi_in && m->spi_out == c->spi_out);
            children++;
        }
    EXPECT(w, children == mock_counts(h->plane).installed);
}

/*
 * What nobody vouches for does not get more back than it brought. The answer to a proper
 * IKE_SA_INIT request is a message of the same kind: at most one datagram, larger than the request
 * by no more than the fields we have and the request may lack (a nonce of 32 octets, two NAT
 * hashes, three notifies, a short list of methods). An initiator goes on when its IKE_SA_INIT is answered, whoever answered:
 * that happens once for each SA it began itself.
 */
static void nothing_amplifies(struct host *h, const struct step *step)
{
    enum { FIRST_CONTACT_EXTRA = 36 + 2 * 28 + 3 * 8 + 8 + 64 };
    struct world *w = h->world;
    struct ike_header header;
    if (!step->input || step->input->genuine || step->sent == 0)
        return;
    EXPECT(w, ike_header_read(bytes_make(step->input->octets, step->input->len), &header));
    bool first = header.exchange == EXCHANGE_IKE_SA_INIT && header.initiator && !header.response &&
                 header.spi_r == 0;
    size_t limit = step->input->len + (first ? FIRST_CONTACT_EXTRA : 0);
    uint64_t drops = invariants_before(h).drops - step->before.drops;
    bool opened = drops == 0 &&
                  header.exchange !=
                      EXCHANGE_IKE_SA_INIT; /* made with the keys of an SA: a peer, if a bad one */
    bool began = drops == 0 && header.exchange == EXCHANGE_IKE_SA_INIT && header.response;
    if (opened || began)
        return;
    if (step->sent_octets > limit || (first && step->sent > 1))
        world_fail(w, "%s: %zu octets nobody vouches for are answered with %zu", h->name,
                   step->input->len, step->sent_octets);
}

/* No effect is ever lost. */
static void effects_arrive(struct host *h, const struct step *step)
{
    if (h->may_lose_effects)
        return;
    EXPECT(h->world, !step->lost_effects);
    EXPECT(h->world, h->engine->counts[COUNT_EFFECTS_LOST] == step->before.lost_effects);
}

/* What is given back is wiped, and whole. */
static void memory_is_sound(struct host *h)
{
    EXPECT(h->world, h->tally.unwiped == 0);
    EXPECT(h->world, h->tally.wrong_len == 0);
}

void invariants_step(struct host *h, const struct step *step)
{
    enum { FEW = 64 };
    memory_is_sound(h);
    effects_arrive(h, step);
    nothing_amplifies(h, step);
    if (h->engine->sa_count > FEW && h->world->steps % 256)
        return; /* floods: the books now and then */
    for (const struct ike_sa *sa = h->engine->oldest; sa; sa = sa->newer) {
        sa_is_sound(h, sa);
        keys_agree(h, sa);
        deadline_is_kept(h, sa);
        nothing_hangs(h, sa);
    }
    books_balance(h);
    plane_agrees(h);
}

/* ---- a world at rest ----------------------------------------------------------------------- */

/* Nothing is under way: slots, fragments, larval SAs and wants are empty, and no SA is anything but
 * up. */
static void slots_are_empty(struct host *h)
{
    struct world *w = h->world;
    for (const struct ike_sa *sa = h->engine->oldest; sa; sa = sa->newer) {
        EXPECT(w, sa->phase == PHASE_UP);
        EXPECT(w, !sa->ours && !sa->theirs && !sa->birth && !sa->larvals && sa->wants == 0);
        EXPECT(w, !sa->window.awaiting && !sa->window.serving);
        for (int i = 0; i < 2; i++)
            EXPECT(w, !sa->gather[i] || sa->gather[i]->total == 0);
    }
    EXPECT(w, h->engine->half_open == 0);
}

/* Both ends believe in the same SAs: each is up at both hosts or at none. */
static void pairs_are_whole(struct host *h)
{
    for (const struct ike_sa *sa = h->engine->oldest; sa; sa = sa->newer) {
        const struct ike_sa *other = world_other_end(h->world, h, sa, NULL);
        if (!other || other->phase != PHASE_UP)
            world_fail(h->world, "%s: SA %u is up, but not at the other end", h->name, sa->id);
    }
}

static bool selectors_equal(const struct selectors *a, const struct selectors *b)
{
    if (a->count != b->count)
        return false;
    for (uint16_t i = 0; i < a->count; i++) {
        const struct selector *x = &a->at[i], *y = &b->at[i];
        if (x->family != y->family || x->protocol != y->protocol || x->from_port != y->from_port ||
            x->to_port != y->to_port || memcmp(x->from, y->from, sizeof x->from) != 0 ||
            memcmp(x->to, y->to, sizeof x->to) != 0)
            return false;
    }
    return true;
}

static const struct mock_child *other_child(const struct world *w, const struct host *h,
                                            const struct mock_child *c)
{
    for (int i = 0; i < w->hosts; i++) {
        const struct host *other = &w->host[i];
        const struct mock_child *m;
        for (size_t k = 0; other != h && other->plane && (m = mock_child(other->plane, k)) != NULL;
             k++)
            if (m->spi_in == c->spi_out && m->spi_out == c->spi_in)
                return m;
    }
    return NULL;
}

/* Every Child SA is installed at both ends, with keys and selectors that fit; or at none. */
static void children_are_whole(struct host *h)
{
    struct world *w = h->world;
    const struct mock_child *c;
    for (size_t i = 0; (c = mock_child(h->plane, i)) != NULL; i++) {
        const struct mock_child *other = other_child(w, h, c);
        if (!other)
            world_fail(w, "%s: Child SA %u is installed here only", h->name, c->id);
        EXPECT(w, c->key_in == other->key_out && c->key_out == other->key_in &&
                      c->key_in != c->key_out);
        EXPECT(w, c->encr == other->encr && c->integ == other->integ && c->esn == other->esn);
        EXPECT(w, c->transport == other->transport && c->initiator != other->initiator);
        EXPECT(w, c->encap == other->encap);
        if (!c->transport ||
            !c->encap) /* behind a NAT the ends of transport mode see different addresses */
            EXPECT(w, selectors_equal(&c->local_ts, &other->remote_ts) &&
                          selectors_equal(&c->remote_ts, &other->local_ts));
    }
}

/* An engine without SAs holds itself, its scratch memory, the tables and heap that have grown, and
 * nothing else. */
static void memory_is_baseline(struct host *h)
{
    const struct ike_engine *e = h->engine;
    if (e->sa_count)
        return;
    const struct table *tables[] = {&e->by_spi, &e->by_contact, &e->by_source, &e->by_id, &e->by_child,
                                    &e->by_child_spi, &e->index[INDEX_PEER], &e->index[INDEX_CONN]};
    size_t expected = h->baseline_blocks + (e->timers.node != NULL);
    for (size_t i = 0; i < sizeof tables / sizeof tables[0]; i++) {
        expected += tables[i]->room != 0;
        EXPECT(h->world, tables[i]->count == 0);
    }
    if (h->tally.blocks != expected)
        world_fail(h->world,
                   "%s: %zu blocks of memory are alive without an SA, where %zu are expected",
                   h->name, h->tally.blocks, expected);
}

void invariants_quiet(struct world *w)
{
    for (int i = 0; i < w->hosts; i++) {
        struct host *h = &w->host[i];
        if (!h->engine)
            continue;
        slots_are_empty(h);
        pairs_are_whole(h);
        children_are_whole(h);
        memory_is_baseline(h);
    }
}

/* ---- the end of an engine ------------------------------------------------------------------ */

void invariants_memory(struct host *h)
{
    size_t len;
    size_t number = tally_oldest(&h->tally, &len);
    if (h->tally.blocks)
        world_fail(h->world,
                   "%s: %zu blocks leaked; the oldest has %zu octets and was allocation %zu",
                   h->name, h->tally.blocks, len, number);
    memory_is_sound(h);
}
