/* multiauth: see multiauth.h. */
#include "ike/multiauth.h"

#include "ike/contact.h"

enum {
    CANDIDATES_MAX = 256, /* connections for the addresses of a peer that are looked at */
    GENERIC_LEN = 4,      /* the generic header of a payload (RFC 7296 3.2) */
};

static uint8_t rounds_of(const struct ike_sa *sa, bool ours)
{
    return ours ? sa->conn->local_rounds : sa->conn->remote_rounds;
}

bool multiauth_is_first(const struct ike_sa *sa)
{
    return sa->birth->auths == 0;
}

/* Whatever the configuration says, nothing is without one round. */
bool multiauth_is_due(const struct ike_sa *sa, bool ours)
{
    return multiauth_is_first(sa) || sa->birth->auths < rounds_of(sa, ours);
}

static bool has_more(const struct ike_sa *sa, bool ours)
{
    return sa->birth->auths + 1 < rounds_of(sa, ours);
}

bool multiauth_is_last(const struct ike_sa *sa)
{
    return !has_more(sa, true) && !has_more(sa, false);
}

const struct conf_auth *multiauth_section(const struct ike_sa *sa, bool ours)
{
    return &(ours ? sa->conn->local : sa->conn->remote)[sa->birth->auths];
}

/* ---- who knows of it ------------------------------------------------------------------------- */

uint32_t multiauth_announced(const struct ike_sa *sa)
{
    unsigned looked = 0;
    for (const struct conf_conn *c = contact_conn(sa->config, &sa->path, NULL);
         c && looked < CANDIDATES_MAX; c = contact_conn(sa->config, &sa->path, c), looked++)
        if (conf_has_rounds(c))
            return EXTENSION_SET(MULTIPLE_AUTH);
    return 0;
}

struct verdict multiauth_agree(const struct turn *t)
{
    const struct ike_sa *sa = t->sa;
    bool known = (sa->extensions & EXTENSION_SET(MULTIPLE_AUTH)) != 0;
    if (!sa->initiator)
        known = known && ike_msg_notify(t->in, NOTIFY_MULTIPLE_AUTH_SUPPORTED);
    if (known || !conf_has_rounds(sa->conn))
        return VERDICT_OK;
    return verdict_because(
        verdict_kill(IKE_REASON_AUTH_REFUSED, NOTIFY_AUTHENTICATION_FAILED),
        "several rounds of authentication are configured, but the peer does not do that (RFC 4739)");
}

/* ---- messages -------------------------------------------------------------------------------- */

static struct verdict refuse(const char *why)
{
    return verdict_because(verdict_kill(IKE_REASON_AUTH_REFUSED, NOTIFY_AUTHENTICATION_FAILED), why);
}

struct verdict multiauth_check(const struct turn *t)
{
    const struct ike_sa *sa = t->sa;
    bool due = multiauth_is_due(sa, false);
    bool proves = ike_msg_find(t->in, PAYLOAD_AUTH) != NULL;
    bool child = ike_msg_find(t->in, PAYLOAD_SA) != NULL;
    bool child_is_due = sa->initiator ? multiauth_is_last(sa) : multiauth_is_first(sa);
    if (proves && !ike_msg_find(t->in, sa->initiator ? PAYLOAD_IDr : PAYLOAD_IDi))
        return refuse("AUTH without an identity");
    if (due && !proves)
        return refuse("the peer did not authenticate, where a round of authentication is due");
    if (!due && proves)
        return refuse("the peer authenticates once more than is configured");
    bool follows = ike_msg_notify(t->in, NOTIFY_ANOTHER_AUTH_FOLLOWS) != NULL;
    if (follows && !has_more(sa, false))
        return refuse("the peer wants to authenticate more often than is configured");
    if (!follows && has_more(sa, false))
        return refuse("the peer authenticates less often than is configured");
    if (child && !child_is_due)
        return verdict_because(verdict_kill(IKE_REASON_SYNTAX, NOTIFY_INVALID_SYNTAX),
                               "a Child SA in the wrong round of authentication");
    return VERDICT_OK;
}

bool multiauth_add(struct turn *t)
{
    const struct ike_sa *sa = t->sa;
    struct arena *arena = &t->slot->arena;
    bool tells = sa->initiator && multiauth_is_first(sa) && conf_has_rounds(sa->conn);
    return (!tells ||
            ike_msg_add_notify(&t->out, arena, NOTIFY_MULTIPLE_AUTH_SUPPORTED, BYTES_NONE)) &&
           (!has_more(sa, true) ||
            ike_msg_add_notify(&t->out, arena, NOTIFY_ANOTHER_AUTH_FOLLOWS, BYTES_NONE));
}

/* ---- from one exchange to the next ----------------------------------------------------------- */

/* What a Child SA is asked for with; its notifies say what they say by being there. */
static bool is_about_child(const struct payload *p)
{
    return p->type == PAYLOAD_SA || p->type == PAYLOAD_TSi || p->type == PAYLOAD_TSr ||
           (p->type == PAYLOAD_NOTIFY && p->u.notify.data.len == 0);
}

/* As they came, in a chain of their own: proposals may hold what no value of ours says. */
bool multiauth_keep_request(struct turn *t)
{
    struct larval *birth = t->sa->birth;
    uint8_t *next = &birth->first_payload;
    size_t len = 0;
    if (!multiauth_is_first(t->sa) || multiauth_is_last(t->sa))
        return true;
    for (uint16_t i = 0; i < t->in->count; i++)
        len += is_about_child(&t->in->payload[i]) ? GENERIC_LEN + t->in->payload[i].raw.len : 0;
    uint8_t *at = arena_take(&birth->arena, len);
    if (!at)
        return false;
    birth->first_auth = bytes_make(at, len);
    *next = PAYLOAD_NONE;
    for (uint16_t i = 0; i < t->in->count; i++) {
        const struct payload *p = &t->in->payload[i];
        if (!is_about_child(p))
            continue;
        *next = p->type;
        next = at;
        at[0] = PAYLOAD_NONE;
        at[1] = 0;
        put_u16(at + 2, (uint16_t)(GENERIC_LEN + p->raw.len));
        if (p->raw.len)
            memcpy(at + GENERIC_LEN, p->raw.at, p->raw.len);
        at += GENERIC_LEN + p->raw.len;
    }
    return true;
}

const struct ike_msg *multiauth_first_request(struct turn *t, struct ike_msg *room)
{
    const struct larval *birth = t->sa->birth;
    if (multiauth_is_first(t->sa))
        return t->in;
    struct decode_error error =
        ike_payloads_decode(birth->first_auth, birth->first_payload, &t->slot->arena, room);
    room->header = t->in->header;
    return error.class == DECODE_OK ? room : NULL;
}

void multiauth_resume_child(struct turn *t)
{
    if (!t->slot->larval)
        t->slot->larval = sa_larval_of_kind(t->sa, LARVAL_CHILD);
}

void multiauth_next(struct turn *t)
{
    t->slot->larval = NULL; /* it waits in the SA's list */
    t->sa->birth->auths++;
}

void multiauth_note(struct proof *kept, struct proof round)
{
    if (!kept->scheme || (round.quantum_safe && !kept->quantum_safe))
        *kept = round;
}
