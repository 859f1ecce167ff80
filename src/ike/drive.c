/*
 * drive: see drive.h.
 *
 *            start                     request                         response
 *   OK       send the request          send the response, done         done, next
 *   WAIT     parked                    parked                          parked
 *   AGAIN    -                         -                               send the request again, changed
 *   SKIP     on to the next want       -                               -
 *   NOTIFY   the SA or larva fails     send the notify                 the SA or larva fails
 *   KILL     the SA fails              send the notify, close          report to the peer, close
 *   PEER     the SA or larva fails     -                               the SA or larva fails
 *   FAULT    the SA or larva fails     close while it comes up         the SA or larva fails
 *
 * While an SA is coming up (exchange->opening) any failure is the end of it.
 */
#include "ike/drive.h"

#include "ike/compare.h"
#include "ike/limits.h"
#include "ike/series.h"
#include "ike/speak.h"
#include "wire/print.h"

/* ---- ends of exchanges ----------------------------------------------------------------------- */

/*
 * What the exchange negotiated goes with its slot, unless `done` took it out: then further rounds
 * follow.
 */
static void free_slot(struct turn *t)
{
    if (t->slot->larval)
        sa_drop_larval(t->sa, t->slot->larval, t->e->crypto, t->e->alloc);
    if (t->slot == t->sa->ours)
        t->sa->ours = NULL;
    else
        t->sa->theirs = NULL;
    slot_free(t->e->alloc, t->slot);
    t->slot = NULL;
    t->in = NULL;
}

static void alert(struct turn *t, const struct verdict *v)
{
    if (v->reason == IKE_REASON_NONE)
        return; /* nothing that anybody must know: it is retried, or refused for now */
    struct ike_tell *tell = turn_tell(t, TELL_ALERT, v->reason);
    if (!tell)
        return;
    tell->notify = v->notify;
    if (v->detail)
        tell->detail = v->detail;
}

static void after_exchange(struct turn *t, const struct exchange *x)
{
    if (x->after && t->sa->phase != PHASE_GONE)
        x->after(t);
}

/* ---- we asked -------------------------------------------------------------------------------- */

/*
 * What was wanted of an SA that is up will not be; the SA itself lives, unless the verdict says
 * that it must not.
 */
static void fail_want(struct turn *t, const struct verdict *v)
{
    const struct exchange *x = t->slot->exchange;
    if (x->failed)
        x->failed(t, v);
    else
        alert(t, v);
    free_slot(t);
    if (v->class == V_FAULT && !x->failed) { /* it could not be built, nor could it the next time */
        turn_close(t, v, false);
        return;
    }
    if (v->class == V_KILL) {
        (void)sa_want(t->sa, (struct want){.kind = WANT_DELETE_IKE});
        t->sa->die_at = t->now + DELETE_LINGER_FOR;
    }
    series_settle_waiting(t);
    drive_pursue(t);
}

/*
 * What we asked for will not be. While the SA comes up that is its end; later only of what was
 * negotiated.
 */
static void fail_ours(struct turn *t, const struct verdict *v)
{
    bool opening = t->slot->exchange->opening;
    bool report = v->class == V_KILL && v->notify && t->sa->phase == PHASE_KEYED;
    if (!opening) {
        fail_want(t, v);
        return;
    }
    free_slot(t);
    t->sa->window.awaiting = false;
    if (!report || !sa_want(t->sa, (struct want){.kind = WANT_REPORT, .notify = v->notify})) {
        turn_close(t, v, false);
        return;
    }
    turn_close(t, v, true); /* lingers to tell the peer why (RFC 7296 2.21.2) */
    drive_pursue(t);
}

static void finish_ours(struct turn *t)
{
    const struct exchange *x = t->slot->exchange;
    t->sa->window.awaiting = false;
    turn_tell_exchange(t, TELL_EXCHANGE, true); /* before what follows from it is told */
    if (x->done && x->done(t) != CRYPTO_OK) {
        struct verdict fault = verdict_fault();
        fail_ours(t, &fault);
        return;
    }
    free_slot(t);
    after_exchange(t, x);
    series_settle_waiting(t);
    drive_pursue(t);
}

static void start_again(struct turn *t);

/* A copy that lives as long as the slot; NULL for NULL. */
static const char *keep_text(struct slot *slot, const char *text)
{
    struct bytes copy;
    if (!text || !arena_copy(&slot->arena, bytes_make(text, bytes_str(text).len + 1), &copy))
        return NULL;
    return (const char *)copy.at;
}

/*
 * Nobody has proved anything in the answer to IKE_SA_INIT: an error in it is a hint. We wait for a
 * better answer until the next retransmission would be due, and only then believe it (RFC 7296
 * 2.21.1).
 */
static bool take_as_hint(struct turn *t, const struct verdict *v)
{
    if (!t->slot->exchange->clear || !t->in || v->class == V_FAULT)
        return false;
    t->slot->hint = v->reason;
    t->slot->hint_notify = v->notify;
    t->slot->hint_detail = keep_text(t->slot, v->detail);
    if (!t->slot->hint_facts) /* the first is enough: who floods us with hints gets no memory */
        t->slot->hint_facts = keep_text(t->slot, t->facts);
    return true;
}

static void conclude_ours(struct turn *t, bool starting, struct verdict v)
{
    switch (v.class) {
    case V_OK:
        if (!starting) {
            finish_ours(t);
        } else if (speak_request(t) != CRYPTO_OK) {
            v = verdict_fault();
            fail_ours(t, &v);
        }
        return;
    case V_WAIT:
        return;
    case V_AGAIN:
        start_again(t);
        return;
    case V_SKIP:
        free_slot(t);
        drive_pursue(t);
        return;
    default:
        if (!take_as_hint(t, &v))
            fail_ours(t, &v);
    }
}

static void call_start(struct turn *t)
{
    t->out = ike_msg_make();
    t->in = NULL;
    conclude_ours(t, true, t->slot->exchange->start(t));
}

static void start_again(struct turn *t)
{
    t->slot->step = 0;
    t->slot->hint = IKE_REASON_NONE;
    t->slot->hint_facts = NULL;
    call_start(t);
}

/* Begin an exchange as the asking side. The `ours` slot is free. */
static void begin(struct turn *t, const struct exchange *x, const struct want *want)
{
    t->slot = slot_new(t->e->alloc, x, t->now);
    if (!t->slot) {
        struct verdict fault = verdict_fault();
        turn_close(t, &fault, false);
        return;
    }
    if (want)
        t->slot->want = *want;
    t->sa->ours = t->slot;
    call_start(t);
}

/* What was still wanted of an SA that was rekeyed is wanted of its heir now. */
static void pursue_heir(struct turn *t)
{
    struct ike_sa *heir = table_get(&t->e->by_id, t->sa->rekeyed_into);
    struct turn other = {.e = t->e, .sa = heir, .now = t->now, .fx = t->fx};
    if (other.sa && other.sa->wants && !other.sa->ours)
        drive_pursue(&other);
}

void drive_pursue(struct turn *t)
{
    struct ike_sa *sa = t->sa;
    pursue_heir(t);
    if (sa->phase == PHASE_GONE || sa->ours)
        return;
    struct want want;
    const struct exchange *next = sa->initiator ? exchange_next(sa) : NULL;
    if (next)
        begin(t, next, NULL);
    else if (!sa_is_initial(sa) && sa_take_want(sa, t->now, &want))
        begin(t, exchange_for(want.kind), &want);
    else
        turn_arm(t);
}

void drive_end(struct turn *t, const struct verdict *why)
{
    turn_close(t, why, true);
    if (t->sa->phase == PHASE_CLOSING &&
        sa_want(t->sa, (struct want){.kind = WANT_DELETE_IKE}))
        drive_pursue(t);
}

void drive_response_verdict(struct turn *t, struct verdict v)
{
    conclude_ours(t, false, v);
}

void drive_response(struct turn *t)
{
    conclude_ours(t, false, t->slot->exchange->response(t));
}

/* What nobody answered, as a sentence and as facts. */
static const char *explain_silence(struct turn *t)
{
    char room[SENTENCE_MAX], lines[SENTENCE_MAX];
    struct text text = text_make(room, sizeof room), facts = text_make(lines, sizeof lines);
    const char *name = exchange_name(t->slot->exchange->type);
    text_add(&facts, "exchange=");
    text_add(&facts, name);
    text_add(&facts, "\ntransmissions=");
    text_uint(&facts, t->slot->tries + 1);
    text_add(&facts, "\n");
    t->facts = turn_sentence(t, &facts);
    text_add(&text, "no answer to ");
    text_add(&text, name);
    text_add(&text, ": ");
    text_uint(&text, t->slot->tries + 1);
    text_add(&text, " transmissions to ");
    print_endpoint(&text, &t->sa->path.remote);
    text_add(&text, ", nothing came back");
    return turn_sentence(t, &text);
}

/* A text of the slot, which will not live as long as an event. */
static const char *keep_for_event(struct turn *t, const char *text)
{
    char room[FACTS_MAX];
    struct text copy = text_make(room, sizeof room);
    text_add(&copy, text ? text : "");
    return turn_sentence(t, &copy);
}

void drive_give_up(struct turn *t)
{
    const struct slot *slot = t->slot;
    struct verdict v = verdict_peer(IKE_REASON_TIMEOUT, 0);
    if (slot->hint != IKE_REASON_NONE) {
        v = verdict_peer(slot->hint, slot->hint_notify);
        v.detail = keep_for_event(t, slot->hint_detail);
        t->facts = keep_for_event(t, slot->hint_facts);
    } else {
        v.detail = explain_silence(t);
    }
    turn_close(t, &v, false);
}

/* ---- the peer asked -------------------------------------------------------------------------- */

static void close_after_reply(struct turn *t, const struct verdict *v)
{
    /* An IKE_SA_INIT that failed leaves nothing behind, not even a lingering SA. */
    bool linger = !t->slot->exchange->clear;
    free_slot(t);
    turn_close(t, v, linger);
    pursue_heir(t);
}

/*
 * The response stands in turn->out: seal it, let the exchange come into force, send it. `v` is set
 * when it reports an error.
 */
static void reply(struct turn *t, const struct verdict *v)
{
    const struct exchange *x = t->slot->exchange;
    struct verdict fault = verdict_fault();
    enum crypto_result result = speak_prepare_response(t);
    if (result == CRYPTO_OK && !v && x->done)
        result = x->done(t);
    if (result != CRYPTO_OK) {
        free_slot(t);
        turn_close(t, &fault, false);
        return;
    }
    speak_response(t);
    turn_tell_exchange(t, TELL_EXCHANGE, false);
    if (v && (v->class == V_KILL || x->opening)) {
        close_after_reply(t, v);
        return;
    }
    if (v)
        alert(t, v);
    free_slot(t);
    after_exchange(t, x);
    drive_pursue(t);
}

static void reply_error(struct turn *t, const struct verdict *v)
{
    t->out = ike_msg_make();
    bool built = !v->notify || ike_msg_add_notify(&t->out, &t->slot->arena, v->notify,
                                                  bytes_make(v->data, v->data_len));
    if (built) {
        reply(t, v);
        return;
    }
    struct verdict fault = verdict_fault();
    free_slot(t);
    turn_close(t, &fault, false);
}

static void conclude_theirs(struct turn *t, struct verdict v)
{
    switch (v.class) {
    case V_OK:
        reply(t, NULL);
        return;
    case V_WAIT:
        return;
    case V_FAULT:
        if (t->slot->exchange->opening) {
            free_slot(t);
            turn_close(t, &v, false);
            return;
        }
        v.notify = NOTIFY_TEMPORARY_FAILURE;
        reply_error(t, &v);
        return;
    default:
        reply_error(t, &v);
    }
}

void drive_request_verdict(struct turn *t, struct verdict v)
{
    conclude_theirs(t, v);
}

void drive_request(struct turn *t)
{
    t->out = ike_msg_make();
    conclude_theirs(t, t->slot->exchange->request(t));
}

/* ---- answers --------------------------------------------------------------------------------- */

void drive_resume(struct turn *t, const struct ike_answer *answer)
{
    struct ike_sa *sa = t->sa;
    bool ours = sa->ours && sa->ours->serial == answer->ticket.serial;
    bool theirs = sa->theirs && sa->theirs->serial == answer->ticket.serial;
    if (!ours && !theirs)
        return;
    t->slot = ours ? sa->ours : sa->theirs;
    t->slot->serial = 0;
    t->answer = answer;
    const struct exchange *x = t->slot->exchange;
    t->out = ike_msg_make();
    /*
     * A request of ours that was not sent yet waits in `start`, one that was answered in
     * `response`.
     */
    bool starting = ours && !t->slot->answered;
    t->in = starting ? NULL : &t->slot->in;
    if (theirs)
        conclude_theirs(t, x->request(t));
    else
        conclude_ours(t, starting, starting ? x->start(t) : x->response(t));
}
