/*
 * tell: see tell.h.
 */
#include "daemon/tell.h"

#include "daemon/attempt.h"
#include "daemon/counters.h"
#include "daemon/ending.h"
#include "daemon/events.h"
#include "daemon/facts.h"
#include "daemon/history.h"
#include "daemon/journal.h"
#include "daemon/keylog.h"
#include "daemon/renewal.h"
#include "daemon/report.h"
#include "daemon/standby.h"
#include "daemon/start.h"
#include "daemon/trouble.h"
#include "daemon/updown.h"
#include "wire/names.h"
#include "wire/print.h"

#include <stdio.h>
#include <string.h>

enum {
    TEXT_LEN = 256,
    KEX_TYPE = 4,
};

/* ---- texts ----------------------------------------------------------------------------------- */

struct printed {
    char at[TEXT_LEN];
};

static const char *endpoint_text(const struct endpoint *e, struct printed *out)
{
    struct text t = text_make(out->at, sizeof out->at);
    if (e->addr.family != ADDR_NONE)
        print_endpoint(&t, e);
    return out->at;
}

static const char *identity_text(const struct identity *id, struct printed *out)
{
    struct text t = text_make(out->at, sizeof out->at);
    if (id->type != 0)
        print_identity(&t, id);
    return out->at;
}

static const char *notify_text(uint16_t notify, struct printed *out)
{
    struct text t = text_make(out->at, sizeof out->at);
    if (notify != 0)
        print_notify_name(&t, notify);
    return out->at;
}

static const char *method_text(uint16_t method)
{
    const struct alg *alg = method != 0 ? alg_find(KEX_TYPE, method, 0) : NULL;
    return alg ? alg->name : NULL;
}

static const char *exchange_text(uint8_t exchange)
{
    const char *name = exchange_name(exchange);
    return name ? name : "unknown";
}

/* "CURVE_25519,ML_KEM_768" */
static const char *kex_text(const struct ike_sa_info *sa, struct printed *out)
{
    struct text t = text_make(out->at, sizeof out->at);
    for (uint16_t i = 0; i < sa->kex_count; i++) {
        text_add(&t, i > 0 ? "," : "");
        text_add(&t, sa->kex[i]->name);
    }
    return out->at;
}

static bool find_sa(const struct daemon *d, uint32_t id, struct ike_sa_info *sa)
{
    return ike_engine_find_sa(d->engine, id, sa);
}

/* ---- the log --------------------------------------------------------------------------------- */

/* Ends that somebody wanted are no reason to worry. */
static bool is_ordinary(enum ike_reason reason)
{
    return reason == IKE_REASON_NONE || reason == IKE_REASON_DELETED ||
           reason == IKE_REASON_DELETED_BY_PEER || reason == IKE_REASON_REPLACED ||
           reason == IKE_REASON_CONFIG_GONE || reason == IKE_REASON_REAUTHENTICATION;
}

bool tell_is_failure(const struct ike_tell *t)
{
    bool is_end = t->kind == TELL_IKE_DOWN || t->kind == TELL_CHILD_DOWN;
    return (t->kind == TELL_ALERT || is_end) && !is_ordinary(t->reason);
}

static void log_exchange(const struct daemon *d, const struct ike_tell *t)
{
    const struct tell_exchange *x = &t->exchange;
    struct log_field fields[] = {
        F_TEXT("conn", t->conn),
        F_ID("id", t->ike_id),
        F_TEXT("exchange", exchange_text(x->exchange)),
        F_UINT("mid", x->mid),
        F_TEXT("ours", x->ours ? "yes" : "no"),
        F_TEXT("method", method_text(x->kex_method)),
        F_UINT("sent", x->sent),
        F_UINT("received", x->received),
        F_UINT("sent-fragments", x->sent_fragments),
        F_UINT("received-fragments", x->received_fragments),
        F_UINT("transmissions", x->transmissions),
        F_UINT("us", x->took),
        {.kind = FIELD_END},
    };
    log_event(&d->log, x->exchange == EXCHANGE_INFORMATIONAL ? LEVEL_DEBUG : LEVEL_INFO, SUB_IKE, "exchange",
              fields);
}

static void log_resent(const struct daemon *d, const struct ike_tell *t)
{
    struct printed remote;
    LOG(&d->log, INFO, IKE, "resent", F_TEXT("conn", t->conn), F_ID("id", t->ike_id),
        F_TEXT("exchange", exchange_text(t->exchange.exchange)), F_UINT("mid", t->exchange.mid),
        F_TEXT("remote", endpoint_text(&t->path.remote, &remote)),
        F_UINT("transmissions", t->exchange.transmissions), F_TEXT("detail", t->detail));
}

static void log_up(const struct daemon *d, const struct ike_tell *t)
{
    struct printed local, remote, peer, kex;
    struct ike_sa_info sa;
    if (!find_sa(d, t->ike_id, &sa))
        return;
    LOG(&d->log, NOTICE, IKE, "ike-up", F_TEXT("conn", t->conn), F_ID("id", t->ike_id),
        F_HEX("spi-i", t->spi_i), F_HEX("spi-r", t->spi_r),
        F_TEXT("local", endpoint_text(&t->path.local, &local)),
        F_TEXT("remote", endpoint_text(&t->path.remote, &remote)),
        F_TEXT("peer", identity_text(&t->theirs, &peer)), F_TEXT("key-exchanges", kex_text(&sa, &kex)),
        F_TEXT("quantum-safe", sa.quantum_safe ? "yes" : "no"));
}

static void log_other(const struct daemon *d, const struct ike_tell *t)
{
    static const char *const events[] = {
        [TELL_IKE_DOWN] = "ike-down",
        [TELL_CHILD_UP] = "child-up",
        [TELL_CHILD_DOWN] = "child-down",
        [TELL_IKE_REKEYED] = "ike-rekeyed",
        [TELL_CHILD_REKEYED] = "child-rekeyed",
        [TELL_IKE_MOVED] = "ike-moved",
        [TELL_ALERT] = "alert",
    };
    struct printed local, remote, peer, notify, type, here, there;
    /* there is something to say about a success */
    bool doubtful = t->kind == TELL_IKE_REKEYED && t->detail[0] != '\0';
    bool ordinary = t->kind != TELL_ALERT && is_ordinary(t->reason) && !doubtful;
    enum log_level usual = t->kind == TELL_IKE_MOVED ? LEVEL_INFO : LEVEL_NOTICE;
    enum log_level level = ordinary ? usual : LEVEL_WARN;
    struct log_field fields[] = {
        F_TEXT("conn", t->conn),
        F_ID("id", t->ike_id),
        F_TEXT("child", t->child),
        F_ID("child-id", t->child_id),
        F_ID("replaced-id", t->replaced_id),
        F_TEXT("local", endpoint_text(&t->path.local, &local)),
        F_TEXT("remote", endpoint_text(&t->path.remote, &remote)),
        F_TEXT("peer", identity_text(&t->theirs, &peer)),
        F_TEXT("reason", t->reason != IKE_REASON_NONE ? ike_reason_name(t->reason) : ""),
        F_TEXT("notify", notify_text(t->notify, &notify)),
        F_TEXT("text", t->reason != IKE_REASON_NONE ? ike_reason_text(t->reason) : ""),
        F_TEXT("detail", t->detail),
        F_TEXT("mismatch", facts_find(t->facts, "mismatch", type.at, sizeof type.at)),
        F_TEXT("accept-here", facts_find(t->facts, "accept-here", here.at, sizeof here.at)),
        F_TEXT("offer-there", facts_find(t->facts, "offer-there", there.at, sizeof there.at)),
        {.kind = FIELD_END},
    };
    log_event(&d->log, level, SUB_IKE, events[t->kind], fields);
}

static void log_tell(const struct daemon *d, const struct ike_tell *t)
{
    if (t->kind == TELL_EXCHANGE)
        log_exchange(d, t);
    else if (t->kind == TELL_RESENT)
        log_resent(d, t);
    else if (t->kind == TELL_IKE_UP)
        log_up(d, t);
    else
        log_other(d, t);
}

/* ---- what a client hears of its own requests --------------------------------------------------- */

void tell_progress(struct vici_out *o, const struct ike_tell *t)
{
    const struct tell_exchange *x = &t->exchange;
    const char *method = method_text(x->kex_method);
    vici_key_str(o, "state", t->kind == TELL_RESENT ? "resent" : "done");
    vici_key_str(o, "ike", t->conn ? t->conn : "");
    vici_key_uint(o, "ike-id", t->ike_id);
    vici_key_str(o, "exchange", exchange_text(x->exchange));
    vici_key_uint(o, "mid", x->mid);
    vici_key_bool(o, "initiator", x->ours);
    if (method)
        vici_key_str(o, "method", method);
    vici_key_uint(o, "sent-bytes", x->sent);
    vici_key_uint(o, "received-bytes", x->received);
    vici_key_uint(o, "sent-fragments", x->sent_fragments);
    vici_key_uint(o, "received-fragments", x->received_fragments);
    vici_key_uint(o, "transmissions", x->transmissions);
    vici_key_uint(o, "microseconds", x->took);
    if (t->detail && t->detail[0] != '\0')
        vici_key_str(o, "detail", t->detail);
}

static void key_message(struct vici_out *o, const struct ike_tell *t)
{
    const char *method = method_text(t->exchange.kex_method),
               *detail = t->detail && t->detail[0] != '\0' ? t->detail : NULL;
    if (t->kind == TELL_IKE_DOWN && is_ordinary(t->reason)) {
        vici_keyf(o, "msg", "IKE_SA %s[%u] closed: %s", t->conn ? t->conn : "", t->ike_id,
                  ike_reason_text(t->reason));
        return;
    }
    switch (t->kind) {
    case TELL_EXCHANGE:
        vici_keyf(o, "msg", "%s %u%s%s: sent %u octets, received %u, %llu us",
                  exchange_text(t->exchange.exchange), t->exchange.mid, method ? " with " : "",
                  method ? method : "", t->exchange.sent, t->exchange.received,
                  (unsigned long long)t->exchange.took);
        break;
    case TELL_RESENT:
        vici_keyf(o, "msg", "retransmit %u of %s %u%s%s", t->exchange.transmissions - 1,
                  exchange_text(t->exchange.exchange), t->exchange.mid, detail ? ": " : "",
                  detail ? detail : "");
        break;
    case TELL_IKE_UP:
        vici_keyf(o, "msg", "IKE_SA %s[%u] established", t->conn ? t->conn : "", t->ike_id);
        break;
    case TELL_CHILD_UP:
        vici_keyf(o, "msg", "CHILD_SA %s{%u} established", t->child ? t->child : "", t->child_id);
        break;
    case TELL_CHILD_DOWN:
        vici_keyf(o, "msg", "CHILD_SA %s{%u} closed: %s", t->child ? t->child : "", t->child_id,
                  detail ? detail : ike_reason_text(t->reason));
        break;
    default:
        vici_keyf(o, "msg", "%s%s%s", ike_reason_text(t->reason), detail ? ": " : "", detail ? detail : "");
    }
}

int tell_control_level(const struct ike_tell *t)
{
    return t->kind == TELL_EXCHANGE || t->kind == TELL_RESENT ? 1 : 0;
}

void tell_control_log(struct vici_out *o, const struct ike_tell *t)
{
    vici_key_str(o, "group", "IKE");
    vici_key_int(o, "level", tell_control_level(t));
    if (t->ike_id != 0) {
        vici_key_str(o, "ikesa-name", t->conn ? t->conn : "");
        vici_key_uint(o, "ikesa-uniqueid", t->ike_id);
    }
    key_message(o, t);
}

void tell_log_line(void *self, enum log_level level, enum log_subsystem sub, const char *text)
{
    static const char *const groups[] = {
        [SUB_DAEMON] = "DMN",
        [SUB_IKE] = "IKE",
        [SUB_NET] = "NET",
        [SUB_PLANE] = "KNL",
        [SUB_CONFIG] = "CFG",
        [SUB_VICI] = "CFG",
    };
    struct daemon *d = self;
    if (level > LEVEL_INFO || !event_wanted(d, EVENT_LOG) || d->building_event)
        return;
    d->building_event = true;             /* what sending it logs is not sent */
    struct vici_out interrupted = d->out; /* a line may come while something else is being built */
    d->out = d->log_out;
    struct vici_out *o = event_begin(d, EVENT_LOG);
    vici_key_str(o, "group", groups[sub]);
    vici_key_uint(o, "level", level == LEVEL_INFO ? 1 : 0);
    vici_key_uint(o, "thread", 0);
    vici_key_str(o, "msg", text);
    event_send(d, EVENT_LOG);
    d->log_out = d->out;
    d->out = interrupted;
    d->building_event = false;
}

/* ---- all of it ------------------------------------------------------------------------------- */

/* The engine measured `took` a little before it is told, and we look at the clock. */
#define CLOCK_SLACK (100 * IKE_MS)

/* What the network said goes with the silence of a peer. */
struct silence {
    struct ike_tell tell;
    char detail[2 * TEXT_LEN], facts[2 * TEXT_LEN];
};

static const struct ike_tell *explain_silence(struct daemon *d, const struct ike_tell *t,
                                              struct silence *s)
{
    if (t->kind == TELL_RESENT)
        trouble_forget(d, &t->path.remote, loop_now() - t->exchange.took - CLOCK_SLACK);
    bool silent = t->kind == TELL_RESENT || t->reason == IKE_REASON_TIMEOUT;
    int error = silent ? trouble_find(d, &t->path.remote) : 0;
    if (error == 0)
        return t;
    bool more = t->detail && t->detail[0] != '\0';
    snprintf(s->detail, sizeof s->detail, "%s%sthe network says: %s", more ? t->detail : "", more ? "; " : "",
             trouble_text(error));
    snprintf(s->facts, sizeof s->facts, "network=%s\n%s", strerrorname_np(error), t->facts ? t->facts : "");
    s->tell = *t;
    s->tell.detail = s->detail;
    s->tell.facts = s->facts;
    return &s->tell;
}

void tell(struct daemon *d, const struct ike_tell *told)
{
    struct silence silence;
    if (told->kind == TELL_KEYS) { /* secrets: nobody else sees them */
        keylog_tell(d, told);
        return;
    }
    const struct ike_tell *t = explain_silence(d, told, &silence);
    log_tell(d, t);
    events_tell(d, t);
    d->sa_gone |= t->kind == TELL_IKE_DOWN || t->kind == TELL_IKE_REKEYED;
    counters_tell(d, t);
    attempt_tell(d, t);
    ending_tell(d, t);
    history_tell(d, t);
    journal_tell(d, t);
    renewal_tell(d, t);
    standby_tell(d, t);
    start_tell(d, t);
    updown_tell(d, t);
}
