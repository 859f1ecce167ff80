/*
 * IKE_SA_INIT (RFC 7296 1.2, 2.6, 2.7, 2.14, 2.23): proposals, the first key exchange, nonces,
 * addresses; in clear.
 *
 *   [N(COOKIE)] SAi1, KEi, Ni, N(NAT_DETECTION_*), N(what we can)   -->
 *                                       <--   SAr1, KEr, Nr, N(NAT_DETECTION_*), N(what both can)
 *                                        or   N(COOKIE) | N(INVALID_KE_PAYLOAD) | N(NO_PROPOSAL_CHOSEN)
 *
 * Nothing here is authentic until IKE_AUTH: what fails in a response is a hint (drive.c).
 */
#include "ike/announce.h"
#include "ike/auth.h"
#include "ike/contact.h"
#include "ike/explain.h"
#include "ike/extension.h"
#include "ike/limits.h"
#include "ike/multiauth.h"
#include "ike/nat.h"
#include "ike/ppk.h"
#include "wire/notify.h"

static struct choose_rules rules_of(const struct turn *t)
{
    return (struct choose_rules){
        .peers_order = !t->e->config->engine.follow_configured_order,
        .has = t->e->crypto->has,
        .self = t->e->crypto->self,
    };
}

/* ---- addresses (RFC 7296 2.23) --------------------------------------------------------------- */

static bool add_nat_hash(struct turn *t, uint16_t notify, const struct endpoint *e)
{
    const struct ike_sa *sa = t->sa;
    uint8_t hash[NAT_HASH_LEN];
    struct bytes copy;
    nat_hash(sa->spi_i, sa->spi_r, e, hash);
    return arena_copy(&t->slot->arena, BYTES_OF(hash), &copy) &&
           ike_msg_add_notify(&t->out, &t->slot->arena, notify, copy);
}

static bool pretends_nat(const struct turn *t)
{
    return t->e->force_encap || t->sa->conn->encap;
}

/*
 * To get ESP in UDP where there is no NAT, say we send from nowhere: the peer will believe that
 * there is one.
 */
static bool add_nat_detection(struct turn *t)
{
    static const struct endpoint nowhere = {0};
    return add_nat_hash(t, NOTIFY_NAT_DETECTION_SOURCE_IP,
                        pretends_nat(t) ? &nowhere : &t->sa->path.local) &&
           add_nat_hash(t, NOTIFY_NAT_DETECTION_DESTINATION_IP, &t->sa->path.remote);
}

/* Is there a notify of this type, and does none of them match the endpoint we see? */
static bool differs(const struct ike_msg *in, uint16_t notify, const uint8_t hash[NAT_HASH_LEN])
{
    bool any = false;
    for (const struct payload *p = ike_msg_find(in, PAYLOAD_NOTIFY); p; p = ike_msg_next(in, p)) {
        if (p->u.notify.type != notify)
            continue;
        any = true;
        if (bytes_equal(p->u.notify.data, bytes_make(hash, NAT_HASH_LEN)))
            return false;
    }
    return any;
}

static void detect_nat(struct turn *t)
{
    struct ike_sa *sa = t->sa;
    uint8_t hash[NAT_HASH_LEN];
    uint64_t spi_r = t->in->header.spi_r; /* 0 in a request */
    nat_hash(sa->spi_i, spi_r, &sa->path.remote, hash);
    sa->nat_remote = differs(t->in, NOTIFY_NAT_DETECTION_SOURCE_IP, hash);
    nat_hash(sa->spi_i, spi_r, &sa->path.local, hash);
    sa->nat_local = differs(t->in, NOTIFY_NAT_DETECTION_DESTINATION_IP, hash);
}

/* The initiator goes to port 4500 with its next message, whichever exchange that is. */
static void float_ports(struct turn *t)
{
    struct ike_sa *sa = t->sa;
    if (!(sa->nat_local || sa->nat_remote || pretends_nat(t)) || sa->path.encap)
        return;
    sa->path.local.port = t->e->port_encap;
    sa->path.remote.port = IKE_PORT_ENCAP;
    sa->path.encap = true;
}

static void start_keepalives(struct turn *t)
{
    ike_time every = t->sa->config->engine.keepalive_for;
    t->sa->keepalive_at = t->sa->nat_local && every ? t->now + every : IKE_NEVER;
}

/* ---- pieces of both roles -------------------------------------------------------------------- */

static bool make_nonce(struct turn *t, struct bytes *nonce)
{
    uint8_t *octets = arena_take(&t->sa->birth->arena, NONCE_LEN);
    if (!octets || !t->e->crypto->random(t->e->crypto->self, octets, NONCE_LEN))
        return false;
    *nonce = bytes_make(octets, NONCE_LEN);
    return true;
}

static bool add_proposals(struct turn *t, const struct proposals *p)
{
    struct payload *sa = ike_msg_add(&t->out, &t->slot->arena, PAYLOAD_SA);
    if (sa)
        sa->u.sa = *p;
    return sa != NULL;
}

static bool add_common(struct turn *t, struct bytes nonce, uint32_t extensions)
{
    return ike_msg_add_raw(&t->out, &t->slot->arena, PAYLOAD_NONCE, nonce) &&
           add_nat_detection(t) && extension_write(extensions, &t->out, &t->slot->arena) &&
           extension_write_hashes(&t->out, &t->slot->arena);
}

/*
 * SKEYSEED and the first epoch of keys. The suite is set last: an SA without one gives its SPI away
 * in no message.
 */
static enum crypto_result first_keys(struct turn *t, uint64_t spi_i, uint64_t spi_r)
{
    struct larval *birth = t->sa->birth;
    const struct choice *choice = &birth->choice;
    struct ike_suite suite = {.encr = choice->encr, .prf = choice->prf, .integ = choice->integ};
    struct ike_seed seed = {birth->ni, birth->nr, spi_i, spi_r};
    enum crypto_result result =
        keys_first(t->e->crypto, &suite, &seed, schedule_last(&birth->schedule), &t->sa->keys);
    if (result == CRYPTO_OK)
        t->sa->suite = suite;
    t->sa->method[0] = choice->kex[0].method;
    schedule_forget(&birth->schedule, t->e->alloc);
    return result;
}

static bool suits_ike(const struct choice *choice)
{
    return choice->encr && choice->prf && choice->kex[0].proposed &&
           choice->kex[0].method != KE_NONE;
}

enum crypto_result init_done(struct turn *t)
{
    struct ike_sa *sa = t->sa;
    struct transcript *transcript = &sa->birth->transcript;
    struct bytes ours = t->slot->said.plain, theirs = t->slot->heard.plain;
    if (!transcript_message(transcript, true, sa->initiator ? ours : theirs) ||
        !transcript_message(transcript, false, sa->initiator ? theirs : ours))
        return CRYPTO_FAULT;
    sa->phase = PHASE_KEYED;
    if (sa->initiator)
        float_ports(t);
    start_keepalives(t);
    turn_tell_keys(t, sa);
    turn_arm(t);
    return CRYPTO_OK;
}

/* ---- we ask ---------------------------------------------------------------------------------- */

/*
 * The private half and the data for our KE payload; the same data goes into every retry with a
 * cookie.
 */
static enum crypto_result guess_method(struct turn *t, uint16_t method)
{
    struct larval *birth = t->sa->birth;
    const struct alg *kex = alg_find(TRANSFORM_KE, method, 0);
    uint8_t data[KEX_DATA_MAX];
    size_t len;
    if (!kex)
        return CRYPTO_FAULT;
    enum crypto_result result = schedule_guess(&birth->schedule, t->e->crypto, kex, data, &len);
    if (result == CRYPTO_OK && !arena_copy(&birth->arena, bytes_make(data, len), &birth->ke_data))
        result = CRYPTO_FAULT;
    birth->ke_method = method;
    return result;
}

static bool prepare_offer(struct turn *t)
{
    struct larval *birth = t->sa->birth;
    struct choose_rules rules = rules_of(t);
    uint16_t method = 0;
    rules.slot0_only = t->sa->conn->late_rounds;
    return make_nonce(t, &birth->ni) &&
           proposal_offer(&t->sa->conn->ike, &birth->arena, 0, 0, &rules, &birth->offered,
                          &method) &&
           birth->offered.count > 0 && guess_method(t, method) == CRYPTO_OK;
}

struct verdict init_start(struct turn *t)
{
    struct larval *birth = t->sa->birth;
    if (birth->offered.count == 0 && !prepare_offer(t))
        return verdict_because(
            verdict_fault(),
            "no proposal of this connection can be offered by this machine's cryptography");
    if (birth->cookie.len &&
        !ike_msg_add_notify(&t->out, &t->slot->arena, NOTIFY_COOKIE, birth->cookie))
        return verdict_fault();
    bool built = add_proposals(t, &birth->offered) &&
                 turn_add_key_exchange(t, birth->ke_method, birth->ke_data) &&
                 add_common(t, birth->ni, extension_ours(t->sa->conn, true, 0));
    return built ? VERDICT_OK : verdict_fault();
}

/* ---- the peer answers ------------------------------------------------------------------------ */

static struct verdict retry_with_cookie(struct turn *t, struct bytes cookie)
{
    struct larval *birth = t->sa->birth;
    if (cookie.len == 0 || cookie.len > COOKIE_LEN_MAX ||
        birth->cookie_tries++ >= COOKIE_RETRIES_MAX)
        return verdict_because(verdict_peer(IKE_REASON_PEER_ERROR, NOTIFY_COOKIE),
                               "the peer asks for cookies again and again");
    if (!arena_copy(&birth->arena, cookie, &birth->cookie))
        return verdict_fault();
    t->sa->detour.cookie = true;
    return (struct verdict){.class = V_AGAIN};
}

static struct verdict retry_with_method(struct turn *t, struct bytes data)
{
    struct larval *birth = t->sa->birth;
    uint16_t method;
    bool offered =
        notify_invalid_ke_read(data, &method) && proposal_has_method(&birth->offered, method);
    /* A repeated answer to the request before, unless this one was sent again already. */
    if (offered && method == birth->ke_method && birth->ke_tries && !t->slot->tries)
        return VERDICT_WAIT;
    if (!offered || method == birth->ke_method || birth->ke_tries++ >= KE_RETRIES_MAX)
        return verdict_peer(IKE_REASON_INVALID_KE, NOTIFY_INVALID_KE_PAYLOAD);
    if (guess_method(t, method) != CRYPTO_OK)
        return verdict_fault();
    t->sa->detour.method = method;
    return (struct verdict){.class = V_AGAIN};
}

static struct verdict judge_error(struct turn *t, const struct notify_payload *error)
{
    if (error->type == NOTIFY_INVALID_KE_PAYLOAD)
        return retry_with_method(t, error->data);
    if (error->type == NOTIFY_NO_PROPOSAL_CHOSEN)
        return verdict_because(verdict_peer(IKE_REASON_NO_PROPOSAL, error->type),
                               explain_refused(t, &t->sa->birth->offered));
    return verdict_because(verdict_peer(IKE_REASON_PEER_ERROR, error->type),
                           explain_notify(t, "the peer answered", error->type));
}

/* What the peer chose must have been offered, and the extensions it needs announced by both. */
static struct verdict take_choice(struct turn *t, uint32_t heard)
{
    struct larval *birth = t->sa->birth;
    const struct payload *sa = ike_msg_find(t->in, PAYLOAD_SA);
    struct mismatch why = {0};
    if (!proposal_accept(&birth->offered, &sa->u.sa, &birth->choice, &why) ||
        !suits_ike(&birth->choice))
        return verdict_because(verdict_peer(IKE_REASON_BAD_SELECTION, 0),
                               explain_proposals(t, &sa->u.sa, &birth->offered, &why));
    if (schedule_needs_more(&birth->choice) && !(heard & EXTENSION_SET(ROUNDS)))
        return verdict_because(
            verdict_peer(IKE_REASON_BAD_SELECTION, 0),
            "further key exchanges chosen, but the notify that announces them is missing");
    return VERDICT_OK;
}

/* The responder's list of methods or a PPK is still to come: it needs an exchange to come in. */
static void plan_bare_round(struct ike_sa *sa)
{
    bool wanted = sa->birth->methods_promised || ppk_is_early(sa);
    sa->birth->bare_round = wanted && !schedule_left(&sa->birth->schedule) &&
                            (sa->extensions & EXTENSION_SET(ROUNDS));
}

struct verdict init_response(struct turn *t)
{
    struct ike_sa *sa = t->sa;
    struct larval *birth = sa->birth;
    const struct notify_payload *cookie = ike_msg_notify(t->in, NOTIFY_COOKIE);
    const struct notify_payload *error = ike_msg_error(t->in);
    if (cookie)
        return retry_with_cookie(t, cookie->data);
    if (error)
        return judge_error(t, error);
    if (ike_msg_notify(t->in, NOTIFY_REDIRECT)) /* may stand alone, and we follow none */
        return verdict_because(verdict_peer(IKE_REASON_PEER_ERROR, NOTIFY_REDIRECT),
                               "the peer redirects to another responder");
    if (t->in->header.spi_r == 0)
        return verdict_because(verdict_peer(IKE_REASON_SYNTAX, 0), "the responder's SPI is zero");

    uint32_t heard = extension_read(t->in);
    struct verdict v = take_choice(t, heard);
    if (v.class != V_OK)
        return v;
    const struct ke_payload *ke = &ike_msg_find(t->in, PAYLOAD_KE)->u.ke;
    if (ke->method != birth->ke_method || birth->choice.kex[0].method != ke->method)
        return verdict_because(verdict_peer(IKE_REASON_BAD_SELECTION, 0),
                               "the key exchange method is not the one chosen");
    if (!schedule_plan(&birth->schedule, &birth->choice) ||
        !arena_copy(&birth->arena, ike_msg_find(t->in, PAYLOAD_NONCE)->raw, &birth->nr))
        return verdict_fault();
    enum crypto_result result =
        schedule_finish(&birth->schedule, t->e->crypto, t->e->alloc, ke->method, ke->data);
    if (result != CRYPTO_OK)
        return result == CRYPTO_BAD ? verdict_peer(IKE_REASON_BAD_KEY_EXCHANGE, 0)
                                    : verdict_fault();
    sa->spi_r = t->in->header.spi_r;
    birth->hashes = extension_read_hashes(t->in);
    if (!auth_take_certreq(t) || !announce_take(t))
        return verdict_fault();
    sa->extensions = heard & (extension_ours(sa->conn, true, 0) | EXTENSION_SET(CHILDLESS) |
                              EXTENSION_SET(MULTIPLE_AUTH));
    plan_bare_round(sa);
    detect_nat(t);
    t->slot->facts.kex_method = ke->method;
    return first_keys(t, sa->spi_i, sa->spi_r) == CRYPTO_OK ? VERDICT_OK : verdict_fault();
}

/* ---- the peer asks --------------------------------------------------------------------------- */

/*
 * The first connection for these addresses that accepts one of the peer's proposals. Identities may
 * lead to another one in IKE_AUTH.
 */
static struct verdict choose_connection(struct turn *t, const struct proposals *offered,
                                        uint16_t method, uint32_t heard)
{
    struct ike_sa *sa = t->sa;
    struct choose_rules rules = rules_of(t);
    struct mismatch why = {0};
    const struct conf_conn *last = NULL;
    rules.prefer_method = method;
    for (const struct conf_conn *conn = contact_conn(sa->config, &sa->path, NULL); conn;
         conn = contact_conn(sa->config, &sa->path, conn)) {
        last = conn;
        rules.slot0_only = conn->late_rounds || !(heard & EXTENSION_SET(ROUNDS));
        if (proposal_choose(offered, &conn->ike, &rules, &sa->birth->choice, &why) &&
            suits_ike(&sa->birth->choice)) {
            sa->conn = conn;
            return VERDICT_OK;
        }
    }
    if (!last)
        return verdict_because(verdict_notify(IKE_REASON_NO_CONFIG, NOTIFY_NO_PROPOSAL_CHOSEN),
                               "no connection is configured for these addresses");
    sa->conn = last; /* for the event */
    return verdict_because(verdict_notify(IKE_REASON_NO_PROPOSAL, NOTIFY_NO_PROPOSAL_CHOSEN),
                           explain_proposals(t, offered, &last->ike, &why));
}

/* Not a failure: the initiator guessed another method than we chose, and will come again. */
static struct verdict demand_method(uint16_t method)
{
    struct verdict v = verdict_notify(IKE_REASON_NONE, NOTIFY_INVALID_KE_PAYLOAD);
    put_u16(v.data, method);
    v.data_len = 2;
    return v;
}

static struct verdict answer_key_exchange(struct turn *t, const struct ke_payload *ke,
                                          struct bytes *data)
{
    struct larval *birth = t->sa->birth;
    uint8_t *room = arena_take(&t->slot->arena, KEX_DATA_MAX);
    size_t len = 0;
    if (!room || !schedule_plan(&birth->schedule, &birth->choice))
        return verdict_fault();
    switch (schedule_answer(&birth->schedule, t->e->crypto, t->e->alloc, ke->method, ke->data, room,
                            &len)) {
    case CRYPTO_OK:
        *data = bytes_make(room, len);
        return VERDICT_OK;
    case CRYPTO_BAD:
        return verdict_because(verdict_notify(IKE_REASON_BAD_KEY_EXCHANGE, NOTIFY_INVALID_SYNTAX),
                               "the key exchange data is not valid for its method");
    default:
        return verdict_fault();
    }
}

struct verdict init_request(struct turn *t)
{
    struct ike_sa *sa = t->sa;
    struct larval *birth = sa->birth;
    const struct ke_payload *ke = &ike_msg_find(t->in, PAYLOAD_KE)->u.ke;
    uint32_t heard = extension_read(t->in);
    struct verdict v =
        choose_connection(t, &ike_msg_find(t->in, PAYLOAD_SA)->u.sa, ke->method, heard);
    if (v.class != V_OK)
        return v;
    if (birth->choice.kex[0].method != ke->method)
        return demand_method(birth->choice.kex[0].method);
    struct bytes data;
    v = answer_key_exchange(t, ke, &data);
    if (v.class != V_OK)
        return v;
    detect_nat(t);
    uint32_t ours = extension_ours(sa->conn, false, heard) | multiauth_announced(sa);
    birth->hashes = extension_read_hashes(t->in);
    sa->extensions = ours;
    t->slot->facts.kex_method = ke->method;

    struct proposal *answer = ARENA_NEW(&t->slot->arena, struct proposal);
    bool built =
        answer && arena_copy(&birth->arena, ike_msg_find(t->in, PAYLOAD_NONCE)->raw, &birth->ni) &&
        make_nonce(t, &birth->nr) && proposal_answer(&birth->choice, &t->slot->arena, 0, answer) &&
        add_proposals(t, &(struct proposals){1, answer}) &&
        turn_add_key_exchange(t, ke->method, data) &&
        add_common(t, birth->nr, ours) && auth_add_certreq(t) && announce_first(t);
    return built && first_keys(t, sa->spi_i, sa->spi_r) == CRYPTO_OK ? VERDICT_OK : verdict_fault();
}
