/*
 * INFORMATIONAL (RFC 7296 1.4, 2.4, 2.21): liveness, Delete, reports of errors.
 *
 *   SK{ [N] [D] }   -->
 *              <--   SK{ [N] [D] }
 *
 * What ours are for stands in slot->want.
 */
#include "ike/explain.h"
#include "ike/limits.h"
#include "ike/reauth.h"
#include "ike/series.h"

/* ---- we ask ---------------------------------------------------------------------------------- */

static bool add_delete(struct turn *t, uint8_t protocol, const uint32_t *spis, uint16_t count)
{
    struct payload *p = ike_msg_add(&t->out, &t->slot->arena, PAYLOAD_DELETE);
    uint8_t *octets = arena_take(&t->slot->arena, (size_t)count * 4);
    if (!p || !octets)
        return false;
    for (uint16_t i = 0; i < count; i++)
        put_u32(octets + (size_t)i * 4, spis[i]);
    p->u.del = (struct delete_payload){
        .protocol = protocol,
        .spi_len = protocol == PROTOCOL_IKE ? 0 : 4,
        .count = count,
        .spis = bytes_make(octets, (size_t)count * 4),
    };
    return true;
}

/* If it went meanwhile, an empty message does no harm. */
static bool add_delete_of_child(struct turn *t, const struct want *want)
{
    struct child *child = sa_child(t->sa, want->child_id);
    if (want->spi)
        return add_delete(t, PROTOCOL_ESP, &want->spi, 1);
    if (!child || child->state == CHILD_LINGERING)
        return true;
    child->state = CHILD_DELETING;
    series_void(t, child->id); /* nobody makes a successor of it any more */
    return add_delete(t, PROTOCOL_ESP, &child->spi_in, 1);
}

struct verdict info_start(struct turn *t)
{
    const struct want *want = &t->slot->want;
    bool built = true;
    switch (want->kind) {
    case WANT_SUCCEED: /* nothing to be said on this SA */
        reauth_next(t);
        return (struct verdict){.class = V_SKIP};
    case WANT_DELETE_IKE:
        t->sa->phase = PHASE_CLOSING;
        /* nobody waits for the end of one that was replaced: it may take its time (replaced SAs
         * have a deadline already) */
        if (!t->sa->mourned)
            t->sa->die_at = t->now + DELETE_LINGER_FOR;
        built = add_delete(t, PROTOCOL_IKE, NULL, 0);
        break;
    case WANT_DELETE_CHILD:
        built = add_delete_of_child(t, want);
        break;
    case WANT_REPORT:
        built = ike_msg_add_notify(&t->out, &t->slot->arena, want->notify, BYTES_NONE);
        break;
    default:
        break;
    }
    return built ? VERDICT_OK : verdict_fault();
}

/* ---- the peer answers ------------------------------------------------------------------------ */

static void end_child(struct turn *t, uint32_t id)
{
    struct child *child = sa_child(t->sa, id);
    if (child)
        turn_remove_child(t, child, child->expiring ? IKE_REASON_LIFETIME : IKE_REASON_DELETED);
}

struct verdict info_response(struct turn *t)
{
    if (t->slot->want.kind == WANT_DELETE_CHILD)
        end_child(t, t->slot->want.child_id);
    t->sa->answered_delete =
        t->slot->want.kind == WANT_DELETE_IKE || t->slot->want.kind == WANT_REPORT;
    return VERDICT_OK;
}

void info_after(struct turn *t)
{
    struct verdict over = verdict_peer(IKE_REASON_DELETED, 0);
    if (t->sa->answered_delete)
        turn_close(t, &over, false);
}

/* ---- the peer asks --------------------------------------------------------------------------- */

/*
 * The peer names its inbound SPIs, our outbound ones. The answer names the other halves, except of
 * those we are deleting ourselves (RFC 7296 1.4.1).
 */
static uint16_t delete_children(struct turn *t, const struct delete_payload *del, uint32_t *pairs,
                                uint16_t room)
{
    uint16_t count = 0;
    for (uint16_t i = 0; i < del->count && count < room; i++) {
        uint32_t spi = get_u32(del->spis.at + (size_t)i * 4);
        struct child *child = t->sa->children;
        while (child && (child->spi_out != spi || child->state == CHILD_LINGERING))
            child = child->next;
        if (!child) {
            series_note_delete(t, spi);
            continue;
        }
        if (child->state != CHILD_DELETING)
            pairs[count++] = child->spi_in;
        series_undone(t, child);
        turn_remove_child(t, child, IKE_REASON_DELETED_BY_PEER);
    }
    return count;
}

static struct verdict serve_deletes(struct turn *t)
{
    uint32_t pairs[CHILDREN_PER_IKE_MAX];
    uint16_t count = 0;
    for (const struct payload *p = ike_msg_find(t->in, PAYLOAD_DELETE); p;
         p = ike_msg_next(t->in, p)) {
        if (p->u.del.protocol == PROTOCOL_IKE) {
            /*
             * An empty answer, then it is over. If the peer had rekeyed this SA, it deletes what
             * is replaced: its rekey prevails, whether or not it ever heard of ours.
             */
            series_settle_waiting(t);
            return verdict_kill(IKE_REASON_DELETED_BY_PEER, 0);
        }
        if (p->u.del.protocol == PROTOCOL_ESP && p->u.del.spi_len == 4)
            count += delete_children(t, &p->u.del, pairs + count,
                                     (uint16_t)(CHILDREN_PER_IKE_MAX - count));
    }
    return !count || add_delete(t, PROTOCOL_ESP, pairs, count) ? VERDICT_OK : verdict_fault();
}

/* An initiator that does not believe us says so here (RFC 7296 2.21.2). */
static bool is_fatal(const struct turn *t, const struct notify_payload *error)
{
    return error && (t->sa->phase == PHASE_KEYED || error->type == NOTIFY_AUTHENTICATION_FAILED ||
                     error->type == NOTIFY_INVALID_SYNTAX);
}

struct verdict info_request(struct turn *t)
{
    const struct notify_payload *error = ike_msg_error(t->in);
    if (is_fatal(t, error)) {
        bool auth = error->type == NOTIFY_AUTHENTICATION_FAILED;
        struct verdict v =
            verdict_kill(auth ? IKE_REASON_AUTH_REFUSED_BY_PEER : IKE_REASON_PEER_ERROR, 0);
        return verdict_because(v, explain_notify(t, "the peer reports", error->type));
    }
    struct verdict v = serve_deletes(t);
    /* Before IKE_AUTH there is nothing else to say (RFC 7296 1.4), and nobody to say it often. */
    if (t->sa->phase == PHASE_KEYED && v.class == V_OK)
        v = verdict_because(verdict_kill(IKE_REASON_SYNTAX, NOTIFY_INVALID_SYNTAX),
                            "INFORMATIONAL before IKE_AUTH, without an error to report");
    return v;
}
