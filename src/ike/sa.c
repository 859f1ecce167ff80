/* sa: see sa.h. Making, finding deadlines, freeing; no protocol here. */
#include "ike/sa.h"

static ike_time earlier(ike_time a, ike_time b)
{
    return a < b ? a : b;
}

ike_time sa_deadline(const struct ike_sa *sa)
{
    ike_time at = earlier(sa->die_at, sa->keepalive_at);
    if (sa->ours)
        at = earlier(at, sa->ours->resend_at);
    if (sa->phase == PHASE_UP && !sa->ours && sa->conn->dpd_for)
        at = earlier(at, sa->heard_at + sa->conn->dpd_for);
    for (const struct larval *l = sa->larvals; l; l = l->next)
        at = earlier(at, l->die_at);
    for (const struct child *c = sa->children; c; c = c->next)
        at = earlier(at, child_deadline(c));
    for (uint8_t i = 0; i < sa->wants && sa->phase == PHASE_UP && !sa->ours; i++)
        if (sa->want[i].not_before)
            at = earlier(at, sa->want[i].not_before);
    for (int i = 0; i < 2; i++)
        if (sa->gather[i] && sa->gather[i]->total)
            at = earlier(at, sa->gather[i]->since + FRAGMENT_STORE_FOR);
    if (sa->phase == PHASE_UP)
        at = earlier(at, earlier(sa->reauth_at, earlier(sa->rekey_at, sa->expire_at)));
    return at;
}

struct sk_keys sa_keys(struct ike_sa *sa, struct ike_keys *epoch, bool from_initiator)
{
    return (struct sk_keys){
        .suite = &sa->suite,
        .encr = from_initiator ? &epoch->ei : &epoch->er,
        .integ = from_initiator ? &epoch->ai : &epoch->ar,
        .iv_counter = &sa->iv_counter,
    };
}

struct slot *slot_new(const struct alloc *alloc, const struct exchange *exchange, ike_time now)
{
    struct slot *slot = alloc_take(alloc, sizeof *slot);
    if (!slot)
        return NULL;
    slot->exchange = exchange;
    slot->arena = arena_make(alloc, SPEAK_ARENA_MAX);
    slot->in_arena = arena_make(alloc, DECODE_ARENA_MAX);
    slot->began_at = now;
    slot->resend_at = IKE_NEVER;
    return slot;
}

void sealed_free(const struct alloc *alloc, struct sealed *s)
{
    for (uint16_t i = 0; i < s->count; i++)
        alloc_give_bytes(alloc, &s->datagram[i]);
    alloc_give(alloc, s->datagram, s->count * sizeof *s->datagram);
    *s = (struct sealed){0};
}

void slot_free(const struct alloc *alloc, struct slot *slot)
{
    if (!slot)
        return;
    sealed_free(alloc, &slot->out);
    arena_wipe(&slot->arena);
    arena_wipe(&slot->in_arena);
    alloc_give(alloc, slot, sizeof *slot);
}

void sa_free(struct ike_sa *sa, const struct crypto *c, const struct alloc *alloc)
{
    slot_free(alloc, sa->ours);
    slot_free(alloc, sa->theirs);
    sealed_free(alloc, &sa->reply);
    for (int i = 0; i < 2; i++)
        if (sa->gather[i]) {
            fragment_set_wipe(sa->gather[i]);
            alloc_give(alloc, sa->gather[i], sizeof *sa->gather[i]);
        }
    larval_free(sa->birth, c, alloc);
    while (sa->larvals) {
        struct larval *l = sa->larvals;
        sa->larvals = l->next;
        larval_free(l, c, alloc);
    }
    while (sa->children) {
        struct child *child = sa->children;
        sa->children = child->next;
        child_free(child, alloc);
    }
    alloc_give(alloc, sa->acquired, sizeof *sa->acquired);
    alloc_give_bytes(alloc, &sa->ours_id.data);
    alloc_give_bytes(alloc, &sa->theirs_id.data);
    alloc_give(alloc, sa, sizeof *sa);
}

bool sa_want(struct ike_sa *sa, struct want want)
{
    for (uint8_t i = 0; i < sa->wants; i++)
        if (sa->want[i].kind == want.kind && sa->want[i].child_id == want.child_id &&
            sa->want[i].spi == want.spi && sa->want[i].larval_id == want.larval_id && sa->want[i].conf == want.conf)
            return true;
    uint8_t room = want.kind < WANT_REKEY_IKE ? WANTS_MAX : WANTS_MAX - WANTS_URGENT;
    if (sa->wants >= room)
        return false;
    sa->want[sa->wants++] = want;
    return true;
}

void sa_note_packet(struct ike_sa *sa, const struct alloc *alloc, const struct conf_child *conf,
                    const struct packet_ends *packet)
{
    if (packet->local.family == ADDR_NONE)
        return;
    if (!sa->acquired)
        sa->acquired = alloc_take(alloc, sizeof *sa->acquired);
    if (sa->acquired)
        *sa->acquired = (struct acquired){conf, *packet};
}

struct larval *sa_larval(const struct ike_sa *sa, uint32_t id)
{
    struct larval *l = sa->larvals;
    while (l && l->id != id)
        l = l->next;
    return l;
}

struct larval *sa_larval_of_kind(const struct ike_sa *sa, enum larval_kind kind)
{
    struct larval *l = sa->larvals;
    while (l && l->kind != kind)
        l = l->next;
    return l;
}

struct child *sa_child(const struct ike_sa *sa, uint32_t id)
{
    struct child *c = sa->children;
    while (c && c->id != id)
        c = c->next;
    return c;
}

void sa_drop_larval(struct ike_sa *sa, struct larval *l, const struct crypto *c,
                    const struct alloc *alloc)
{
    struct larval **at = &sa->larvals;
    while (*at && *at != l)
        at = &(*at)->next;
    if (!*at)
        return;
    *at = l->next;
    larval_free(l, c, alloc);
}

static bool is_wanted(const struct ike_sa *sa, enum want_kind kind)
{
    for (uint8_t i = 0; i < sa->wants; i++)
        if (sa->want[i].kind == kind)
            return true;
    return false;
}

static bool may_pursue(const struct ike_sa *sa, enum want_kind kind)
{
    bool about_child =
        kind == WANT_REKEY_CHILD || kind == WANT_NEW_CHILD || kind == WANT_DELETE_CHILD;
    if (sa->phase != PHASE_UP)
        return kind < WANT_ROUND;
    if (kind == WANT_REKEY_IKE)
        return !sa->larvals;
    if (kind == WANT_SUCCEED)
        return !sa->larvals && !is_wanted(sa, WANT_NEW_CHILD);
    return !about_child || !sa_larval_of_kind(sa, LARVAL_IKE);
}

bool sa_take_want(struct ike_sa *sa, ike_time now, struct want *out)
{
    uint8_t best = WANTS_MAX;
    for (uint8_t i = 0; i < sa->wants; i++) {
        if (sa->want[i].not_before <= now)
            sa->want[i].not_before = 0;
        if (!sa->want[i].not_before && may_pursue(sa, sa->want[i].kind) &&
            (best == WANTS_MAX || sa->want[i].kind < sa->want[best].kind))
            best = i;
    }
    if (best == WANTS_MAX)
        return false;
    *out = sa->want[best];
    memmove(&sa->want[best], &sa->want[best + 1],
            (size_t)(sa->wants - best - 1) * sizeof *sa->want);
    sa->wants--;
    return true;
}
