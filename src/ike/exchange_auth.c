/*
 * IKE_AUTH (RFC 7296 1.2, 2.15, 2.21.2; RFC 6023 for childless SAs): identities, proof of them, and
 * the first Child SA.
 *
 *   SK{ IDi, [IDr,] AUTH, [N(INITIAL_CONTACT),] [SA, TSi, TSr] }   -->
 *                                                   <--   SK{ IDr, AUTH, [SA, TSi, TSr | N(why there is no Child SA)] }
 *
 * Making and judging AUTH needs long-term secrets: both are questions, and the handlers go on where
 * slot->step says when they are answered.
 *
 *   we ask       start: [PPK, AUTH without it,] AUTH, send      response: the peer's AUTH, install
 *   peer asks    request: [PPK,] the peer's AUTH, ours, then choose, install, answer
 *
 * A post-quantum pre-shared key may go into the keys that AUTH is made with: ppk.h. Where a side
 * proves several identities all this takes place several times: multiauth.h.
 */
#include "ike/announce.h"
#include "ike/auth.h"
#include "ike/drive.h"
#include "ike/explain.h"
#include "ike/extension.h"
#include "ike/index.h"
#include "ike/limits.h"
#include "ike/merge.h"
#include "ike/multiauth.h"
#include "ike/negotiate.h"
#include "ike/ppk.h"
#include "ike/reauth.h"
#include "ike/series.h"
#include "wire/notify.h"

enum start_step { START_IDENTIFY,
                  START_PPK,
                  START_PLAIN_AUTH,
                  START_SEND };
enum response_step { RESPONSE_VERIFY,
                     RESPONSE_INSTALL };
enum request_step { REQUEST_IDENTIFY,
                    REQUEST_PPK,
                    REQUEST_BELIEVE,
                    REQUEST_ANSWER };

static const struct child_rules keys_from_ike = {.no_kex = true};

/* ---- identities of the SA -------------------------------------------------------------------- */

static bool keep_identity(struct turn *t, const struct identity *from, struct identity *to)
{
    struct bytes copy;
    if (!alloc_copy(t->e->alloc, from->data, &copy))
        return false;
    alloc_give_bytes(t->e->alloc, &to->data);
    *to = (struct identity){from->type, copy};
    return true;
}

static const struct payload *their_id_payload(const struct turn *t)
{
    return ike_msg_find(t->in, t->sa->initiator ? PAYLOAD_IDr : PAYLOAD_IDi);
}

/* Whom the round is about; the SA is with those of the first. */
static bool set_their_identity(struct turn *t, const struct identity *from)
{
    struct larval *birth = t->sa->birth;
    birth->id_theirs.type = from->type;
    return arena_copy(&birth->arena, from->data, &birth->id_theirs.data) &&
           (!multiauth_is_first(t->sa) || keep_identity(t, from, &t->sa->theirs_id));
}

/* What the peer says it is, and its payload's body as it came for AUTH. */
static bool take_their_identity(struct turn *t)
{
    struct larval *birth = t->sa->birth;
    const struct payload *id = their_id_payload(t);
    return set_their_identity(t, &id->u.id.id) &&
           arena_copy(&birth->arena, id->raw, t->sa->initiator ? &birth->id_r : &birth->id_i);
}

static bool set_our_identity(struct turn *t)
{
    struct larval *birth = t->sa->birth;
    struct identity *ours = &birth->id_ours;
    return auth_our_identity(multiauth_section(t->sa, true), &t->sa->path, &birth->arena, ours) &&
           (!multiauth_is_first(t->sa) || keep_identity(t, ours, &t->sa->ours_id)) &&
           auth_id_body(&birth->arena, ours, t->sa->initiator ? &birth->id_i : &birth->id_r);
}

/* ---- pieces ---------------------------------------------------------------------------------- */

static bool add_id(struct turn *t, uint8_t type, const struct identity *id)
{
    struct payload *p = ike_msg_add(&t->out, &t->slot->arena, type);
    if (p)
        p->u.id.id = *id;
    return p != NULL;
}

static bool add_auth(struct turn *t, const struct ike_answer *answer)
{
    struct payload *p = ike_msg_add(&t->out, &t->slot->arena, PAYLOAD_AUTH);
    struct bytes copy;
    if (!p || !arena_copy(&t->slot->arena, answer->auth, &copy))
        return false;
    p->u.auth = (struct auth_payload){answer->method, copy};
    return true;
}

static struct verdict no_secret(struct turn *t)
{
    return verdict_because(
        verdict_kill(IKE_REASON_NO_SECRET, NOTIFY_AUTHENTICATION_FAILED),
        t->answer->detail
            ? explain_refusal(t, t->answer->detail, &t->sa->birth->id_theirs)
            : explain_identity(t, "no secret is configured for us and",
                               &t->sa->birth->id_theirs));
}

/*
 * quantum_safe_auth = required holds for both sides and every method, whatever was negotiated. A
 * PPK that is required goes into SK_pi and SK_pr, so AUTH proves that the peer has it, too.
 */
static struct verdict check_demand(struct turn *t)
{
    const struct conf_conn *conn = t->sa->conn;
    const struct larval *birth = t->sa->birth;
    bool by_ppk = conn->ppk_required && ppk_is_in(birth) && birth->ppk_strong;
    if (conn->quantum_safe_auth != QUANTUM_SAFE_REQUIRED || t->answer->quantum_safe || by_ppk)
        return VERDICT_OK;
    return verdict_because(verdict_kill(IKE_REASON_AUTH_REFUSED, NOTIFY_AUTHENTICATION_FAILED),
                           explain_demand(t, t->answer->scheme));
}

static const char *refusal_of(const struct turn *t)
{
    if (t->answer->detail)
        return t->answer->detail;
    return t->sa->birth->has_ppk ? "wrong secret or signature, or the PPK is not the same on both sides"
                                 : "wrong secret or signature";
}

static struct verdict judge_answer(struct turn *t)
{
    switch (t->answer->status) {
    case ANSWER_OK:
        return check_demand(t);
    case ANSWER_NO_SECRET:
        return no_secret(t);
    case ANSWER_REFUSED:
        return verdict_because(
            verdict_kill(IKE_REASON_AUTH_REFUSED, NOTIFY_AUTHENTICATION_FAILED),
            explain_refusal(t, refusal_of(t), &t->sa->birth->id_theirs));
    default:
        return verdict_fault();
    }
}

static struct proof proof_of(const struct ike_answer *answer)
{
    return (struct proof){answer->scheme, answer->quantum_safe};
}

/* A Child SA that was wanted and will not be: an event, with nothing installed. The IKE SA lives. */
static void tell_child_failed(struct turn *t, const char *name, const struct verdict *v)
{
    struct ike_tell *tell = turn_tell(t, TELL_CHILD_DOWN, v->reason);
    if (!tell)
        return;
    tell->child = name;
    tell->notify = v->notify;
    if (v->detail)
        tell->detail = v->detail;
}

/* ---- we ask ---------------------------------------------------------------------------------- */

/* Who the peer has to be in this round, if it is due and that is one identity; else NULL. */
static const struct identity *expected_peer(const struct ike_sa *sa)
{
    const struct conf_auth *theirs =
        multiauth_is_due(sa, false) ? multiauth_section(sa, false) : NULL;
    return theirs && !theirs->id.any && !theirs->id.suffix ? &theirs->id.id : NULL;
}

static bool set_identities(struct turn *t)
{
    const struct identity *theirs = expected_peer(t->sa);
    return set_our_identity(t) && (!theirs || set_their_identity(t, theirs));
}

/* A further round, or a request that only lets the responder go on. */
static struct verdict ask_for_next_auth(struct turn *t)
{
    t->slot->step = RESPONSE_VERIFY;
    if (!multiauth_is_due(t->sa, true))
        return VERDICT_OK;
    t->slot->step = START_SEND;
    return set_identities(t) ? auth_ask_sign(t) : verdict_fault();
}

static struct verdict ask_for_auth(struct turn *t)
{
    if (!multiauth_is_first(t->sa))
        return ask_for_next_auth(t);
    struct verdict v = multiauth_agree(t);
    if (v.class != V_OK)
        return v;
    t->sa->birth->auth_mid = t->sa->window.send_next;
    if (!set_identities(t))
        return verdict_fault();
    if (t->sa->conn->ppk_required && !ppk_is_late(t->sa) && !ppk_is_in(t->sa->birth))
        return verdict_because(verdict_kill(IKE_REASON_NO_SECRET, NOTIFY_AUTHENTICATION_FAILED),
                               "a PPK is required, but the peer uses none");
    if (ppk_is_late(t->sa)) {
        t->slot->step = START_PPK;
        return ppk_ask(t, t->sa->conn->ppk_id);
    }
    t->slot->step = START_SEND;
    return auth_ask_sign(t);
}

/* The PPK is there, or is not: then we go on without, if we may. */
static struct verdict use_ppk(struct turn *t)
{
    struct larval *birth = t->sa->birth;
    bool found = t->answer->status == ANSWER_OK;
    if (!found && t->sa->conn->ppk_required)
        return verdict_because(verdict_kill(IKE_REASON_NO_SECRET, NOTIFY_AUTHENTICATION_FAILED),
                               explain_ppk(t, "the PPK that is required is not at hand",
                                           t->sa->conn->ppk_id));
    if (found && (ppk_mix(t) != CRYPTO_OK ||
                  !arena_copy(&birth->arena, t->answer->ppk_id, &birth->ppk_id)))
        return verdict_fault();
    bool both = found && !t->sa->conn->ppk_required;
    t->slot->step = both ? START_PLAIN_AUTH : START_SEND;
    birth->has_ppk = found && !both;
    return auth_ask_sign(t);
}

/* AUTH as it would be without the PPK is made; now the real one. */
static struct verdict keep_plain_auth(struct turn *t)
{
    struct larval *birth = t->sa->birth;
    struct verdict v = judge_answer(t);
    if (v.class != V_OK)
        return v;
    if (!arena_copy(&birth->arena, t->answer->auth, &birth->plain_auth))
        return verdict_fault();
    birth->has_ppk = true;
    t->slot->step = START_SEND;
    return auth_ask_sign(t);
}

static bool is_first_contact(const struct turn *t)
{
    return t->sa->conn->unique != UNIQUE_NEVER && t->sa->theirs_id.type &&
           t->sa->ours_id.type != ID_NULL &&
           !index_first(t->e, t->sa, INDEX_PEER);
}

/*
 * Begin without a Child SA, and make it when the IKE SA is up: then it has a key exchange of its
 * own. Where the further key exchanges of the configuration could not take place before IKE_AUTH,
 * the IKE SA is rekeyed first: that needs no extension (the childless flow of RFC 9370's appendix).
 */
static struct verdict postpone_child(struct turn *t, const struct conf_child *wanted)
{
    struct ike_sa *sa = t->sa;
    bool told = true;
    if (extension_offers_rounds(&sa->conn->ike) && !schedule_needs_more(&sa->birth->choice))
        told = sa_want(sa, (struct want){.kind = WANT_REKEY_IKE});
    told = told &&
           sa_want(sa,
                   (struct want){.kind = WANT_NEW_CHILD, .conf = wanted, .order_id = sa->order_id});
    return told ? VERDICT_OK : verdict_fault();
}

/*
 * The first Child SA rides along, unless none is wanted, or not yet, and the peer can do without
 * (RFC 6023).
 */
static struct verdict add_child(struct turn *t)
{
    const struct conf_child *wanted = t->sa->birth->wanted;
    enum conf_childless how = t->sa->conn->childless;
    bool can = t->sa->extensions & EXTENSION_SET(CHILDLESS);
    if (!can && (!wanted || how == CHILDLESS_FORCE))
        return verdict_because(verdict_peer(IKE_REASON_CHILD_REFUSED, 0),
                               "the peer does not set up IKE SAs without a Child SA");
    if (!wanted)
        return VERDICT_OK;
    if (can && (how == CHILDLESS_PREFER || how == CHILDLESS_FORCE))
        return postpone_child(t, wanted);
    struct larval *l = negotiate_larval(t, LARVAL_CHILD, true);
    if (!l)
        return verdict_fault();
    l->conf = wanted;
    l->transport = wanted->mode == MODE_TRANSPORT;
    l->order_id = t->sa->order_id;
    return negotiate_offer(t, l, &keys_from_ike);
}

/* What the one who signed says of our chances, for the case that the peer refuses. */
static bool keep_doubt(struct turn *t)
{
    char room[SENTENCE_MAX];
    struct text text = text_make(room, sizeof room);
    struct bytes copy = BYTES_NONE;
    if (!t->answer->detail)
        return true;
    text_add(&text, t->answer->detail);
    text_add(&text, "; it answered");
    bool kept = arena_copy(&t->sa->birth->arena, bytes_make(room, text.len + 1), &copy);
    t->sa->birth->doubt = (const char *)copy.at;
    return kept;
}

/* What only the first request holds. */
static struct verdict add_firsts(struct turn *t)
{
    bool built = ppk_add(t) && announce_ours(t) &&
                 (!is_first_contact(t) ||
                  ike_msg_add_notify(&t->out, &t->slot->arena, NOTIFY_INITIAL_CONTACT, BYTES_NONE));
    index_enter(t->e, t->sa, INDEX_PEER); /* the next one is not the first any more */
    return built ? add_child(t) : verdict_fault();
}

static struct verdict send_auth(struct turn *t)
{
    const struct identity *theirs = expected_peer(t->sa);
    bool first = multiauth_is_first(t->sa);
    struct verdict v = judge_answer(t);
    if (v.class != V_OK)
        return v;
    if (!keep_doubt(t))
        return verdict_fault();
    bool built = add_id(t, PAYLOAD_IDi, &t->sa->birth->id_ours) && auth_add_certs(t) &&
                 (!first || auth_add_certreq(t)) &&
                 (!theirs || add_id(t, PAYLOAD_IDr, theirs)) && add_auth(t, t->answer) &&
                 multiauth_add(t);
    multiauth_note(&t->sa->proof_ours, proof_of(t->answer));
    t->slot->step = RESPONSE_VERIFY;
    if (!built)
        return verdict_fault();
    return first ? add_firsts(t) : VERDICT_OK;
}

struct verdict auth_start(struct turn *t)
{
    switch ((enum start_step)t->slot->step) {
    case START_IDENTIFY:
        return ask_for_auth(t);
    case START_PPK:
        return use_ppk(t);
    case START_PLAIN_AUTH:
        return keep_plain_auth(t);
    default:
        return send_auth(t);
    }
}

/* ---- the peer answers ------------------------------------------------------------------------ */

static struct verdict judge_refusal(struct turn *t)
{
    const struct notify_payload *error = ike_msg_error(t->in);
    if (!error)
        return verdict_because(verdict_kill(IKE_REASON_SYNTAX, NOTIFY_INVALID_SYNTAX),
                               "the answer holds neither an identity with AUTH nor an error");
    if (error->type != NOTIFY_AUTHENTICATION_FAILED)
        return verdict_because(verdict_peer(IKE_REASON_PEER_ERROR, error->type),
                               explain_notify(t, "the peer answered", error->type));
    const struct larval *birth = t->sa->birth;
    const char *why = birth->doubt ? birth->doubt : "the peer answered";
    return verdict_because(
        verdict_peer(IKE_REASON_AUTH_REFUSED_BY_PEER, error->type),
        birth->has_ppk && !birth->doubt
            ? explain_ppk(t, "the peer refuses AUTH, which was made with the PPK", birth->ppk_id)
            : explain_notify(t, why, error->type));
}

/* Errors that are not about the Child SA alone (RFC 7296 1.2, 2.21.2). */
static bool ends_all(const struct ike_sa *sa, const struct notify_payload *error)
{
    static const uint16_t fatal[] = {NOTIFY_AUTHENTICATION_FAILED, NOTIFY_INVALID_SYNTAX,
                                     NOTIFY_UNSUPPORTED_CRITICAL_PAYLOAD};
    if (!multiauth_is_last(sa))
        return true;
    for (size_t i = 0; i < sizeof fatal / sizeof fatal[0]; i++)
        if (error->type == fatal[i])
            return true;
    return false;
}

/* All rounds of both sides have succeeded: what the last response says of the Child SA. */
static struct verdict finish_child(struct turn *t)
{
    ppk_commit(t);
    multiauth_resume_child(t);
    struct larval *l = t->slot->larval;
    if (!l)
        return VERDICT_OK;
    struct verdict v = negotiate_finish(t, l, &keys_from_ike);
    if (v.class == V_OK && !merge_child(t, l))
        v = verdict_fault();
    if (v.class != V_OK && !series_wants_pair(t, l, v.notify)) {
        tell_child_failed(t, l->conf->name, &v);
        /* nobody wants an IKE SA that carries nothing */
        (void)sa_want(t->sa, (struct want){.kind = WANT_DELETE_IKE});
    }
    return VERDICT_OK;
}

static struct verdict end_exchange(struct turn *t)
{
    return multiauth_is_last(t->sa) ? finish_child(t) : VERDICT_OK;
}

static struct verdict judge_responder(struct turn *t)
{
    const struct payload *auth = ike_msg_find(t->in, PAYLOAD_AUTH);
    const struct payload *id = ike_msg_find(t->in, PAYLOAD_IDr);
    if (!auth_peer_fits(multiauth_section(t->sa, false), &id->u.id.id))
        return verdict_because(verdict_kill(IKE_REASON_WRONG_ID, NOTIFY_AUTHENTICATION_FAILED),
                               explain_identity(t, "the responder says it is", &id->u.id.id));
    bool ppk = ike_msg_notify(t->in, NOTIFY_PPK_IDENTITY) != NULL;
    if (multiauth_is_first(t->sa)) {
        if (!ppk && t->sa->conn->ppk_required && !t->sa->birth->early_ppk)
            return verdict_because(
                verdict_kill(IKE_REASON_AUTH_REFUSED, NOTIFY_AUTHENTICATION_FAILED),
                "a PPK is required, but the peer went on without it");
        t->sa->birth->has_ppk = t->sa->birth->has_ppk && ppk;
    }
    if (!take_their_identity(t))
        return verdict_fault();
    t->slot->step = RESPONSE_INSTALL;
    return auth_ask_verify(t, &auth->u.auth);
}

static struct verdict ask_about_responder(struct turn *t)
{
    bool due = multiauth_is_due(t->sa, false);
    const struct notify_payload *error = ike_msg_error(t->in);
    bool whole = ike_msg_find(t->in, PAYLOAD_AUTH) && ike_msg_find(t->in, PAYLOAD_IDr);
    if (due ? !whole : error && ends_all(t->sa, error))
        return judge_refusal(t);
    struct verdict v = multiauth_check(t);
    if (v.class != V_OK)
        return v;
    return due ? judge_responder(t) : end_exchange(t);
}

struct verdict auth_response(struct turn *t)
{
    if (t->slot->step == RESPONSE_VERIFY)
        return ask_about_responder(t);
    struct verdict v = judge_answer(t);
    multiauth_note(&t->sa->proof_theirs, proof_of(t->answer));
    return v.class == V_OK ? end_exchange(t) : v;
}

/* ---- the peer asks --------------------------------------------------------------------------- */

static struct verdict verify_initiator(struct turn *t)
{
    t->slot->step = REQUEST_BELIEVE;
    return auth_ask_verify(t, &ike_msg_find(t->in, PAYLOAD_AUTH)->u.auth);
}

/* What the initiator sent for the case that we do not have its PPK is judged, if we may. */
static struct verdict do_without_ppk(struct turn *t, const char *why)
{
    const struct notify_payload *plain = ike_msg_notify(t->in, NOTIFY_NO_PPK_AUTH);
    struct auth_payload auth = ike_msg_find(t->in, PAYLOAD_AUTH)->u.auth;
    const char *sentence = explain_ppk(t, why, t->sa->birth->ppk_id);
    if (!plain || t->sa->conn->ppk_required)
        return verdict_because(verdict_kill(IKE_REASON_NO_SECRET, NOTIFY_AUTHENTICATION_FAILED),
                               sentence);
    struct ike_tell *tell = turn_tell(t, TELL_ALERT, IKE_REASON_NO_SECRET);
    if (tell)
        tell->detail = sentence;
    auth.data = plain->data;
    t->slot->step = REQUEST_BELIEVE;
    return auth_ask_verify(t, &auth);
}

/*
 * Table 1 of RFC 8784 3. The initiator names a PPK (type, then its name), unless it does not use
 * any. The one that is for this connection may be another.
 */
static struct verdict ask_for_their_ppk(struct turn *t)
{
    const struct notify_payload *n = ike_msg_notify(t->in, NOTIFY_PPK_IDENTITY);
    struct larval *birth = t->sa->birth;
    struct notify_ppk ppk = {0};
    struct verdict failed = verdict_kill(IKE_REASON_AUTH_REFUSED, NOTIFY_AUTHENTICATION_FAILED);
    if (!ppk_is_late(t->sa)) {
        struct verdict v = ppk_check(t);
        return v.class == V_OK ? verify_initiator(t) : v;
    }
    if (!n || !notify_ppk_read(n->data, &ppk))
        return verdict_because(failed, "the use of a PPK was agreed on, but the initiator names none");
    if (!arena_copy(&birth->arena, ppk.id, &birth->ppk_id))
        return verdict_fault();
    t->slot->step = REQUEST_PPK;
    return ppk_ask(t, ppk.id);
}

static struct verdict judge_ppk(struct turn *t)
{
    if (t->answer->status != ANSWER_OK)
        return do_without_ppk(t, "the PPK the initiator names is not known here");
    struct bytes wanted = t->sa->conn->ppk_id;
    if (wanted.len && !bytes_equal(wanted, t->answer->ppk_source))
        return do_without_ppk(t, "this PPK is not for the initiator's connection");
    return ppk_mix(t) == CRYPTO_OK ? verify_initiator(t) : verdict_fault();
}

static struct verdict answer_initiator(struct turn *t);

/* The initiator is believed, or has no round any more: now we, if we have one. */
static struct verdict ask_for_our_auth(struct turn *t)
{
    t->slot->step = REQUEST_ANSWER;
    if (!multiauth_is_due(t->sa, true))
        return answer_initiator(t);
    return auth_ask_sign(t);
}

/* A further request: the connection is known, and who the peer has to be. */
static struct verdict ask_about_next(struct turn *t)
{
    const struct payload *id = their_id_payload(t);
    const struct payload *wanted = ike_msg_find(t->in, PAYLOAD_IDr);
    bool due = multiauth_is_due(t->sa, false), we = multiauth_is_due(t->sa, true);
    struct verdict v = multiauth_check(t);
    if (v.class != V_OK)
        return v;
    if (due && !auth_peer_fits(multiauth_section(t->sa, false), &id->u.id.id))
        return verdict_because(
            verdict_kill(IKE_REASON_WRONG_ID, NOTIFY_AUTHENTICATION_FAILED),
            explain_identity(t, "this round is not for the initiator's", &id->u.id.id));
    if (we && wanted && !auth_identity_fits(&multiauth_section(t->sa, true)->id, &wanted->u.id.id))
        return verdict_because(verdict_kill(IKE_REASON_WRONG_ID, NOTIFY_AUTHENTICATION_FAILED),
                               explain_identity(t, "in this round we are not", &wanted->u.id.id));
    if ((due && !take_their_identity(t)) || (we && !set_our_identity(t)))
        return verdict_fault();
    return due ? verify_initiator(t) : ask_for_our_auth(t);
}

static struct verdict ask_about_initiator(struct turn *t)
{
    if (!multiauth_is_first(t->sa))
        return ask_about_next(t);
    const struct payload *id = their_id_payload(t);
    const struct payload *auth = ike_msg_find(t->in, PAYLOAD_AUTH);
    const struct payload *wanted = ike_msg_find(t->in, PAYLOAD_IDr);
    static const struct identity anybody = {0};
    if (schedule_left(&t->sa->birth->schedule))
        return verdict_because(verdict_kill(IKE_REASON_SYNTAX, NOTIFY_INVALID_SYNTAX),
                               "IKE_AUTH before all key exchanges were done");
    if (!id || !auth)
        return verdict_because(verdict_kill(IKE_REASON_AUTH_REFUSED, NOTIFY_AUTHENTICATION_FAILED),
                               "the initiator wants EAP, which is not configured");
    const struct conf_conn *conn =
        auth_find_conn(t, &id->u.id.id, wanted ? &wanted->u.id.id : &anybody);
    if (!take_their_identity(t))
        return verdict_fault();
    if (!conn)
        return verdict_because(
            verdict_kill(IKE_REASON_NO_CONFIG, NOTIFY_AUTHENTICATION_FAILED),
            explain_identity(t, "no connection fits the initiator", &id->u.id.id));
    t->sa->conn = conn;
    t->sa->birth->auth_mid = t->slot->heard.header.mid;
    struct verdict v = multiauth_agree(t);
    if (v.class == V_OK)
        v = multiauth_check(t);
    if (v.class != V_OK)
        return v;
    if (!set_our_identity(t) || !auth_take_certreq(t) || !announce_take(t))
        return verdict_fault();
    return ask_for_their_ppk(t);
}

/* Such peers cannot be told apart: none of them ends an SA of another (RFC 7619 2.3). */
static bool is_anonymous(const struct ike_sa *sa)
{
    return sa->theirs_id.type == ID_NULL;
}

static struct verdict check_unique(struct turn *t)
{
    if (is_anonymous(t->sa))
        return VERDICT_OK;
    if (t->sa->conn->unique == UNIQUE_KEEP && index_peer_up(t->e, t->sa))
        return verdict_because(verdict_kill(IKE_REASON_REPLACED, NOTIFY_AUTHENTICATION_FAILED),
                               "another SA with this peer is kept (unique = keep)");
    return VERDICT_OK;
}

static struct verdict believe_initiator(struct turn *t)
{
    struct verdict v = judge_answer(t);
    if (v.class == V_OK)
        v = check_unique(t);
    if (v.class != V_OK)
        return v;
    multiauth_note(&t->sa->proof_theirs, proof_of(t->answer));
    if (multiauth_is_first(t->sa))
        t->sa->birth->initial_contact = ike_msg_notify(t->in, NOTIFY_INITIAL_CONTACT) != NULL;
    return multiauth_keep_request(t) ? ask_for_our_auth(t) : verdict_fault();
}

/* The Child SA of the request, or why there is none. That never fails the IKE SA (RFC 7296 1.2). */
static struct verdict answer_child(struct turn *t)
{
    struct ike_msg before = t->out, first;
    struct verdict v = verdict_notify(IKE_REASON_CHILD_REFUSED, NOTIFY_NO_ADDITIONAL_SAS);
    t->in = multiauth_first_request(t, &first);
    if (!t->in)
        return verdict_fault();
    if (!ike_msg_find(t->in, PAYLOAD_SA))
        return VERDICT_OK;
    struct larval *l =
        t->sa->conn->childless == CHILDLESS_FORCE ? NULL : negotiate_larval(t, LARVAL_CHILD, false);
    if (l)
        v = negotiate_choose(t, l, &keys_from_ike);
    if (v.class == V_OK && !merge_child(t, l))
        return verdict_fault();
    if (v.class == V_OK || v.class == V_FAULT)
        return v;
    tell_child_failed(t, NULL, &v);
    t->out = before;
    return ike_msg_add_notify(&t->out, &t->slot->arena, v.notify, BYTES_NONE) ? VERDICT_OK
                                                                              : verdict_fault();
}

/* Our proof, of which the answer has come. */
static struct verdict add_our_proof(struct turn *t)
{
    struct verdict v = judge_answer(t);
    if (v.class != V_OK)
        return v;
    bool built = add_id(t, PAYLOAD_IDr, &t->sa->birth->id_ours) && auth_add_certs(t) &&
                 add_auth(t, t->answer) && multiauth_add(t) &&
                 (!multiauth_is_first(t->sa) || !t->sa->birth->has_ppk ||
                  ike_msg_add_notify(&t->out, &t->slot->arena, NOTIFY_PPK_IDENTITY, BYTES_NONE));
    multiauth_note(&t->sa->proof_ours, proof_of(t->answer));
    return built ? VERDICT_OK : verdict_fault();
}

static struct verdict answer_initiator(struct turn *t)
{
    struct verdict v = multiauth_is_due(t->sa, true) ? add_our_proof(t) : VERDICT_OK;
    if (v.class != V_OK || !multiauth_is_last(t->sa))
        return v;
    ppk_commit(t);
    const struct ike_msg *request = t->in;
    v = answer_child(t);
    t->in = request;
    return v;
}

struct verdict auth_request(struct turn *t)
{
    switch ((enum request_step)t->slot->step) {
    case REQUEST_IDENTIFY:
        return ask_about_initiator(t);
    case REQUEST_PPK:
        return judge_ppk(t);
    case REQUEST_BELIEVE:
        return believe_initiator(t);
    default:
        return answer_initiator(t);
    }
}

/* ---- up -------------------------------------------------------------------------------------- */

/*
 * The peer had no other SA with us when it began this one, it says: those we held by then are over
 * (RFC 7296 2.4). One that came up meanwhile it does not mean. Or it may have no other: then it is
 * told.
 */
static void replace_others(struct turn *t)
{
    static const struct verdict replaced = {.class = V_PEER, .reason = IKE_REASON_REPLACED};
    struct ike_sa *sa = t->sa, *next;
    if (is_anonymous(sa))
        return;
    bool contact = sa->birth->initial_contact && sa->conn->unique != UNIQUE_NEVER;
    for (struct ike_sa *other = index_first(t->e, sa, INDEX_PEER); other; other = next) {
        struct turn its = {.e = t->e, .sa = other, .now = t->now, .fx = t->fx};
        next = index_next(other, INDEX_PEER);
        if (other->phase != PHASE_UP)
            continue;
        if (contact && other->established_at <= sa->born_at)
            turn_close(&its, &replaced, false);
        else if (sa->conn->unique == UNIQUE_REPLACE)
            drive_end(&its, &replaced);
    }
}

enum crypto_result auth_done(struct turn *t)
{
    if (!multiauth_is_last(t->sa)) {
        multiauth_next(t);
        return CRYPTO_OK;
    }
    if (!t->sa->initiator)
        replace_others(t);
    turn_sa_up(t);
    return CRYPTO_OK;
}

void auth_after(struct turn *t)
{
    if (sa_is_initial(t->sa))
        return;
    reauth_up(t);
    struct ike_tell *tell = turn_tell(t, TELL_IKE_UP, IKE_REASON_NONE);
    if (tell)
        tell->replaced_id = t->sa->reauthenticates;
    for (const struct child *child = t->sa->children; child; child = child->next)
        turn_tell_child(t, TELL_CHILD_UP, child, IKE_REASON_NONE);
}
