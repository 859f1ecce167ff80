/* auth: see auth.h. */
#include "ike/auth.h"

#include "ike/contact.h"
#include "ike/limits.h"
#include "wire/dn.h"

/* ---- identities ------------------------------------------------------------------------------ */

bool auth_our_identity(const struct conf_auth *auth, const struct ike_path *path,
                       struct arena *arena, struct identity *out)
{
    if (!auth->id.any) {
        *out = auth->id.id;
        return true;
    }
    if (auth->class == CONF_AUTH_NULL) {
        *out = (struct identity){.type = ID_NULL};
        return true;
    }
    out->type = path->local.addr.family == ADDR_V6 ? ID_IPV6_ADDR : ID_IPV4_ADDR;
    return arena_copy(arena, addr_bytes(&path->local.addr), &out->data);
}

static uint8_t lower(uint8_t c)
{
    return c >= 'A' && c <= 'Z' ? (uint8_t)(c + ('a' - 'A')) : c;
}

/*
 * Names compare without regard to case (RFC 7296 3.5 leaves it open; domain names are so),
 * everything else octet by octet.
 */
static bool data_equal(uint8_t type, struct bytes a, struct bytes b)
{
    if (type == ID_DER_ASN1_DN)
        return dn_equal(a, b);
    if (type != ID_FQDN && type != ID_RFC822_ADDR)
        return bytes_equal(a, b);
    if (a.len != b.len)
        return false;
    for (size_t i = 0; i < a.len; i++)
        if (lower(a.at[i]) != lower(b.at[i]))
            return false;
    return true;
}

bool auth_identity_fits(const struct conf_identity *pattern, const struct identity *id)
{
    if (pattern->any)
        return true;
    if (pattern->id.type != id->type)
        return false;
    struct bytes data = id->data;
    if (pattern->suffix) {
        if (data.len < pattern->id.data.len)
            return false;
        data = bytes_make(data.at + (data.len - pattern->id.data.len), pattern->id.data.len);
    }
    return data_equal(id->type, pattern->id.data, data);
}

bool auth_peer_fits(const struct conf_auth *auth, const struct identity *theirs)
{
    bool anonymous = theirs->type == ID_NULL;
    if (anonymous || auth->class == CONF_AUTH_NULL)
        return anonymous && auth->class == CONF_AUTH_NULL;
    return auth_identity_fits(&auth->id, theirs);
}

bool auth_id_body(struct arena *arena, const struct identity *id, struct bytes *body)
{
    uint8_t *at = arena_take(arena, 4 + id->data.len);
    if (!at)
        return false;
    at[0] = id->type;
    if (id->data.len)
        memcpy(at + 4, id->data.at, id->data.len);
    *body = bytes_make(at, 4 + id->data.len);
    return true;
}

/* ---- connections by identity ----------------------------------------------------------------- */

static int precision(const struct conf_identity *pattern)
{
    return pattern->any ? 0 : pattern->suffix ? 1
                                              : 2;
}

/* Would this connection have allowed what was chosen before the identities were known? */
static bool allows_choice(const struct turn *t, const struct conf_conn *conn)
{
    if (conn == t->sa->conn)
        return true;
    struct arena scratch = arena_make(t->e->alloc, DECODE_ARENA_MAX);
    struct choice choice = t->sa->birth->choice, same;
    struct choose_rules rules = {.has = t->e->crypto->has, .self = t->e->crypto->self};
    struct mismatch why;
    struct proposal chosen;
    choice.number = 1;
    bool allowed = false;
    if (proposal_answer(&choice, &scratch, 0, &chosen))
        allowed = proposal_choose(&(struct proposals){1, &chosen}, &conn->ike, &rules, &same, &why);
    arena_wipe(&scratch);
    return allowed;
}

const struct conf_conn *auth_find_conn(const struct turn *t, const struct identity *theirs,
                                       const struct identity *ours)
{
    const struct ike_sa *sa = t->sa;
    const struct conf_conn *best = NULL;
    int best_score = -1;
    for (const struct conf_conn *c = contact_conn(sa->config, &sa->path, NULL); c;
         c = contact_conn(sa->config, &sa->path, c)) {
        bool fits = auth_peer_fits(c->remote, theirs) &&
                    (ours->type == 0 || auth_identity_fits(&c->local->id, ours));
        int score = precision(&c->remote->id) * 3 + precision(&c->local->id);
        if (fits && score > best_score && allows_choice(t, c)) {
            best = c;
            best_score = score;
        }
    }
    return best;
}

/* ---- questions ------------------------------------------------------------------------------- */

/* SK_pi or SK_pr, as AUTH uses it. */
static const struct secret *auth_key(const struct ike_sa *sa, bool initiator)
{
    const struct larval *birth = sa->birth;
    const struct ike_keys *keys = birth->has_ppk ? &birth->ppk_keys : &sa->keys;
    return initiator ? &keys->pi : &keys->pr;
}

/* What the side `initiator` signs: see transcript.h. */
static bool signed_octets(struct turn *t, bool initiator, struct bytes *octets)
{
    struct ike_sa *sa = t->sa;
    struct larval *birth = sa->birth;
    struct bytes nonce = initiator ? birth->nr : birth->ni;
    struct bytes id_body = initiator ? birth->id_i : birth->id_r;
    const struct secret *sk_p = auth_key(sa, initiator);
    size_t len = transcript_octets_len(&birth->transcript, sa->suite.prf, initiator, nonce);
    uint8_t *room = arena_take(&t->slot->arena, len);
    if (!room)
        return false;
    struct writer w = writer_make(room, len);
    enum crypto_result result = transcript_octets(&birth->transcript, t->e->crypto, sa->suite.prf,
                                                  initiator, nonce, id_body, sk_p, birth->auth_mid,
                                                  &w);
    *octets = writer_view(&w);
    return result == CRYPTO_OK && !w.fault;
}

static bool list_certs(struct turn *t, struct ike_ask *question)
{
    uint16_t count = 0;
    for (const struct payload *p = ike_msg_find(t->in, PAYLOAD_CERT); p; p = ike_msg_next(t->in, p))
        count++;
    struct ike_cert *certs = ARENA_ARRAY(&t->slot->arena, struct ike_cert, count);
    if (!certs)
        return false;
    question->cert_count = count;
    question->certs = certs;
    for (const struct payload *p = ike_msg_find(t->in, PAYLOAD_CERT); p; p = ike_msg_next(t->in, p))
        *certs++ = (struct ike_cert){p->u.cert.encoding, p->u.cert.data};
    return true;
}

static struct verdict ask(struct turn *t, enum ask_kind kind, bool initiator,
                          const struct auth_payload *auth)
{
    const struct larval *birth = t->sa->birth;
    struct ike_ask question = {.kind = kind,
                               .conn = t->sa->conn,
                               .round = birth->auths,
                               .ours = birth->id_ours,
                               .theirs = birth->id_theirs};
    if (!signed_octets(t, initiator, &question.octets))
        return verdict_fault();
    question.hashes = t->sa->birth->hashes;
    if (ike_ask_auth(&question)->class == CONF_AUTH_NULL)
        question.own_key = auth_key(t->sa, initiator);
    if (auth) {
        question.method = auth->method;
        question.auth = auth->data;
        if (!list_certs(t, &question))
            return verdict_fault();
    } else {
        question.asked_for_cert = t->sa->birth->asked_for_cert;
        question.asked_for_ocsp = t->sa->birth->asked_for_ocsp;
        question.issuers = t->sa->birth->issuers;
        question.announced_count = t->sa->birth->announced_count;
        question.announced = t->sa->birth->announced;
    }
    return turn_ask(t, &question);
}

struct verdict auth_ask_sign(struct turn *t)
{
    return ask(t, ASK_SIGN, t->sa->initiator, NULL);
}

struct verdict auth_ask_verify(struct turn *t, const struct auth_payload *auth)
{
    return ask(t, ASK_VERIFY, !t->sa->initiator, auth);
}

/* ---- certificates ---------------------------------------------------------------------------- */

bool auth_take_certreq(struct turn *t)
{
    struct larval *birth = t->sa->birth;
    size_t len = 0, at = 0;
    birth->asked_for_ocsp = false;
    for (const struct payload *p = ike_msg_find(t->in, PAYLOAD_CERTREQ); p;
         p = ike_msg_next(t->in, p)) {
        len += p->u.cert.encoding == CERT_X509_SIGNATURE ? p->u.cert.data.len : 0;
        birth->asked_for_ocsp |= p->u.cert.encoding == CERT_OCSP_CONTENT;
    }
    birth->asked_for_cert = ike_msg_find(t->in, PAYLOAD_CERTREQ) != NULL;
    uint8_t *octets = arena_take(&birth->arena, len);
    if (!octets)
        return false;
    for (const struct payload *p = ike_msg_find(t->in, PAYLOAD_CERTREQ); p;
         p = ike_msg_next(t->in, p)) {
        if (p->u.cert.encoding != CERT_X509_SIGNATURE || p->u.cert.data.len == 0)
            continue;
        memcpy(octets + at, p->u.cert.data.at, p->u.cert.data.len);
        at += p->u.cert.data.len;
    }
    birth->issuers = bytes_make(octets, len);
    return true;
}

static bool add_certreq(struct turn *t, uint8_t encoding, struct bytes hashes)
{
    struct payload *p = ike_msg_add(&t->out, &t->slot->arena, PAYLOAD_CERTREQ);
    if (p)
        p->u.cert = (struct cert_payload){encoding, hashes};
    return p != NULL;
}

/* For OCSP responses no responder is named: the CA's own and those it has certified are believed. */
bool auth_add_certreq(struct turn *t)
{
    const struct conf_conn *conn = t->sa->conn;
    if (!conn->certreq.len)
        return true;
    return add_certreq(t, CERT_X509_SIGNATURE, conn->certreq) &&
           (!(conn->ocsp & CONF_OCSP_REQUEST) || add_certreq(t, CERT_OCSP_CONTENT, BYTES_NONE));
}

bool auth_add_certs(struct turn *t)
{
    for (uint16_t i = 0; i < t->answer->cert_count; i++) {
        struct payload *p = ike_msg_add(&t->out, &t->slot->arena, PAYLOAD_CERT);
        struct bytes copy;
        if (!p || !arena_copy(&t->slot->arena, t->answer->certs[i].data, &copy))
            return false;
        p->u.cert = (struct cert_payload){t->answer->certs[i].encoding, copy};
    }
    return true;
}
