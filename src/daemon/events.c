/*
 * events: see events.h. An SA that is gone is described by what the engine remembers of it.
 */
#include "daemon/events.h"

#include "daemon/facts.h"
#include "daemon/report.h"
#include "daemon/tell.h"
#include "wire/print.h"

/* ---- SAs ------------------------------------------------------------------------------------- */

/* The IKE SA that a TELL is about, gone or not. */
static bool find_sa(const struct daemon *d, const struct ike_tell *t, struct ike_sa_info *sa)
{
    bool is_gone = t->gone && t->kind != TELL_IKE_REKEYED;
    if (is_gone)
        *sa = *t->gone;
    return is_gone || ike_engine_find_sa(d->engine, t->ike_id, sa);
}

static bool find_child(const struct daemon *d, uint32_t ike_id, uint32_t id,
                       struct ike_child_info *child)
{
    return id != 0 && ike_engine_next_child(d->engine, ike_id, id - 1, child) && child->id == id;
}

/* The section of an IKE SA; what is within is up to the caller. */
static void begin_sa(struct vici_out *o, const struct ike_tell *t)
{
    vici_section(o, t->conn ? t->conn : "(unnamed)");
}

static void key_host(struct vici_out *o, const char *key, const struct addr *host)
{
    char at[64];
    struct text text = text_make(at, sizeof at);
    print_addr(&text, host);
    vici_key_str(o, key, at);
}

static void section_sa(struct vici_out *o, struct daemon *d, const char *name,
                       const struct ike_sa_info *sa)
{
    vici_section(o, name);
    if (sa)
        report_sa_keys(o, d, sa);
    vici_section_end(o);
}

static void section_child(struct vici_out *o, struct daemon *d, const char *name, const char *conn,
                          const struct ike_child_info *child)
{
    vici_section(o, name);
    if (child)
        report_child_keys(o, d, conn, child);
    vici_section_end(o);
}

/* ---- up and down ----------------------------------------------------------------------------- */

static void send_ike_updown(struct daemon *d, const struct ike_tell *t)
{
    struct ike_sa_info sa;
    if (!event_wanted(d, EVENT_IKE_UPDOWN) || !find_sa(d, t, &sa))
        return;
    struct vici_out *o = event_begin(d, EVENT_IKE_UPDOWN);
    if (t->kind == TELL_IKE_UP)
        vici_key_str(o, "up", "yes");
    section_sa(o, d, t->conn ? t->conn : "(unnamed)", &sa);
    event_send(d, EVENT_IKE_UPDOWN);
}

/* A Child SA that never came about is no news here, but an alert. */
static void send_child_updown(struct daemon *d, const struct ike_tell *t)
{
    struct ike_sa_info sa;
    struct ike_child_info child;
    bool up = t->kind == TELL_CHILD_UP;
    if (t->gone_child)
        child = *t->gone_child;
    if (!event_wanted(d, EVENT_CHILD_UPDOWN) || !find_sa(d, t, &sa) ||
        (!t->gone_child && !find_child(d, t->ike_id, t->child_id, &child)))
        return;
    struct vici_out *o = event_begin(d, EVENT_CHILD_UPDOWN);
    if (up)
        vici_key_str(o, "up", "yes");
    begin_sa(o, t);
    report_sa_keys(o, d, &sa);
    vici_section(o, "child-sas");
    report_child(o, d, t->conn, &child);
    vici_section_end(o);
    vici_section_end(o);
    event_send(d, EVENT_CHILD_UPDOWN);
}

/* ---- which took over from which -------------------------------------------------------------- */

static void send_ike_rekey(struct daemon *d, const struct ike_tell *t)
{
    struct ike_sa_info heir, old = {.id = 0};
    if (!event_wanted(d, EVENT_IKE_REKEY) || !find_sa(d, t, &heir))
        return;
    if (t->gone)
        old = *t->gone;
    old.state = "REKEYING";
    struct vici_out *o = event_begin(d, EVENT_IKE_REKEY);
    begin_sa(o, t);
    section_sa(o, d, "old", t->gone ? &old : NULL);
    section_sa(o, d, "new", &heir);
    vici_section_end(o);
    event_send(d, EVENT_IKE_REKEY);
}

static void send_child_rekey(struct daemon *d, const struct ike_tell *t)
{
    struct ike_sa_info sa;
    struct ike_child_info old, heir;
    if (!event_wanted(d, EVENT_CHILD_REKEY) || !find_sa(d, t, &sa))
        return;
    bool has_old = find_child(d, t->ike_id, t->replaced_id, &old),
         has_heir = find_child(d, t->ike_id, t->child_id, &heir);
    old.state = "REKEYING";
    struct vici_out *o = event_begin(d, EVENT_CHILD_REKEY);
    begin_sa(o, t);
    report_sa_keys(o, d, &sa);
    vici_section(o, "child-sas");
    vici_section(o, t->child ? t->child : "");
    section_child(o, d, "old", t->conn, has_old ? &old : NULL);
    section_child(o, d, "new", t->conn, has_heir ? &heir : NULL);
    vici_section_end(o);
    vici_section_end(o);
    vici_section_end(o);
    event_send(d, EVENT_CHILD_REKEY);
}

/* ---- somewhere else -------------------------------------------------------------------------- */

/* Where the two ends are now; the SA within as it was. */
static void send_ike_update(struct daemon *d, const struct ike_tell *t)
{
    struct ike_sa_info sa;
    if (!event_wanted(d, EVENT_IKE_UPDATE) || !find_sa(d, t, &sa))
        return;
    struct vici_out *o = event_begin(d, EVENT_IKE_UPDATE);
    key_host(o, "local-host", &t->path.local.addr);
    vici_key_uint(o, "local-port", t->path.local.port);
    key_host(o, "remote-host", &t->path.remote.addr);
    vici_key_uint(o, "remote-port", t->path.remote.port);
    section_sa(o, d, t->conn ? t->conn : "(unnamed)", &sa);
    event_send(d, EVENT_IKE_UPDATE);
}

/* ---- alerts ---------------------------------------------------------------------------------- */

/* As strongSwan names them; what it has no name for is "other", and our own key `reason` says more. */
static const char *const alert_types[] = {
    [IKE_REASON_TIMEOUT] = "retransmit-send-timeout",
    [IKE_REASON_HALF_OPEN_TIMEOUT] = "half-open-timeout",
    [IKE_REASON_NO_PROPOSAL] = "proposal-mismatch-ike",
    [IKE_REASON_AUTH_REFUSED] = "peer-auth-failed",
    [IKE_REASON_AUTH_REFUSED_BY_PEER] = "local-auth-failed",
    [IKE_REASON_NO_SECRET] = "peer-auth-failed",
    [IKE_REASON_WRONG_ID] = "peer-auth-failed",
    [IKE_REASON_TS_UNACCEPTABLE] = "ts-mismatch",
    [IKE_REASON_CHILD_REFUSED] = "keep-on-child-sa-failure",
    [IKE_REASON_SYNTAX] = "parse-error-body",
    [IKE_REASON_REPLACED] = "unique-replace",
    [IKE_REASON_PLANE] = "install-child-sa-failed",
};

static const char *alert_type(const struct ike_tell *t)
{
    if (t->kind == TELL_RESENT)
        return "retransmit-send";
    if (t->reason == IKE_REASON_NO_PROPOSAL && t->child)
        return "proposal-mismatch-child";
    const char *type = t->reason < sizeof alert_types / sizeof alert_types[0] ? alert_types[t->reason] : NULL;
    return type ? type : "other";
}

/*
 * One for each failure: an alert of the engine, or the end of an SA that nobody wanted, unless an
 * alert has just said why.
 */
static bool is_alert(struct daemon *d, const struct ike_tell *t)
{
    if (t->kind == TELL_RESENT)
        return true;
    if (!tell_is_failure(t))
        return t->kind == TELL_ALERT;
    bool is_end = t->kind != TELL_ALERT;
    bool said = is_end && t->ike_id == d->alerted_id && t->reason == d->alerted_reason;
    d->alerted_id = t->ike_id;
    d->alerted_reason = t->reason;
    return !said;
}

static void keys_why(struct vici_out *o, const struct ike_tell *t)
{
    char peer[64];
    struct text text = text_make(peer, sizeof peer);
    if (t->kind == TELL_RESENT) {
        vici_keyf(o, "text", "no answer yet, sent %u times", t->exchange.transmissions);
    } else {
        vici_key_str(o, "reason", ike_reason_name(t->reason));
        vici_key_str(o, "text", ike_reason_text(t->reason));
    }
    if (t->detail && t->detail[0] != '\0')
        vici_key_str(o, "detail", t->detail);
    if (t->conn)
        vici_key_str(o, "conn", t->conn);
    if (t->child)
        vici_key_str(o, "child", t->child);
    if (t->path.remote.addr.family != ADDR_NONE) {
        print_endpoint(&text, &t->path.remote);
        vici_key_str(o, "peer", peer);
    }
    facts_report(o, t->facts);
}

static void send_alert(struct daemon *d, const struct ike_tell *t)
{
    struct ike_sa_info sa;
    if (!is_alert(d, t) || !event_wanted(d, EVENT_ALERT))
        return;
    struct vici_out *o = event_begin(d, EVENT_ALERT);
    vici_key_str(o, "type", alert_type(t));
    if (t->ike_id != 0 && find_sa(d, t, &sa)) {
        vici_section(o, "ike-sa");
        section_sa(o, d, t->conn ? t->conn : "(unnamed)", &sa);
        vici_section_end(o);
    }
    keys_why(o, t);
    event_send(d, EVENT_ALERT);
}

/* ---- all of them ----------------------------------------------------------------------------- */

void events_tell(struct daemon *d, const struct ike_tell *t)
{
    static void (*const senders[])(struct daemon *d, const struct ike_tell *t) = {
        [TELL_IKE_UP] = send_ike_updown,
        [TELL_IKE_DOWN] = send_ike_updown,
        [TELL_CHILD_UP] = send_child_updown,
        [TELL_CHILD_DOWN] = send_child_updown,
        [TELL_IKE_REKEYED] = send_ike_rekey,
        [TELL_CHILD_REKEYED] = send_child_rekey,
        [TELL_IKE_MOVED] = send_ike_update,
    };
    send_alert(d, t);
    if (t->kind < sizeof senders / sizeof senders[0] && senders[t->kind])
        senders[t->kind](d, t);
}
