/* keyring: using it. See keyring.h. */
#include "cred/keyring.h"

#include "cred/announce.h"
#include "cred/file.h"
#include "cred/keyring_types.h"

#include <openssl/err.h>
#include <stdio.h>
#include <stdlib.h>

enum {
#define CERT_ENCODING(number, name) CERT_##name = number,
#include "wire/iana.def"
};

void key_reply_wipe(struct key_reply *r)
{
    free((void *)(uintptr_t)r->auth.at);
    for (unsigned i = 0; r->held >> i; i++)
        if (r->held >> i & 1)
            free((void *)(uintptr_t)r->certs[i].data.at);
    inquiry_free(r->inquiry);
    *r = (struct key_reply){.auth = BYTES_NONE};
}

static void refuse(struct ike_answer *out, struct key_reply *room, enum answer_status status,
                   const char *why)
{
    if (why != room->why)
        snprintf(room->why, sizeof room->why, "%s", why);
    out->status = status;
    out->detail = room->why;
}

static const char *name_of(const struct scheme *s, uint8_t method)
{
    /* clang-format off */
    static const char *const old[] = {
        [1] = "RSA", [9] = "ECDSA_256", [10] = "ECDSA_384", [11] = "ECDSA_521"};
    /* clang-format on */
    if (s)
        return s->name;
    return method < sizeof old / sizeof old[0] ? old[method] : NULL;
}

/* ---- ASK_SIGN -------------------------------------------------------------------------------- */

/* Does the peer know a CA this certificate hangs from? If it did not say, yes. */
static bool is_of_issuer(const struct own_key *own, struct bytes issuers)
{
    if (issuers.len < 20 || !own->cert)
        return true;
    for (size_t at = 0; at + 20 <= issuers.len; at += 20)
        for (uint16_t i = 0; i < own->ca_count; i++)
            if (memcmp(own->ca[i], issuers.at + at, 20) == 0)
                return true;
    return false;
}

static bool should_send(const struct ike_ask *ask)
{
    enum conf_send_cert how = ask->conn->send_cert;
    return how == SEND_CERT_ALWAYS || (how == SEND_CERT_IFASKED && ask->asked_for_cert);
}

/* ---- OCSP responses for our own certificate (RFC 4806) --------------------------------------- */

/* One more to be sent; takes the octets over. */
static void add_response(struct ike_answer *out, struct key_reply *room, struct bytes response)
{
    room->held |= UINT32_C(1) << out->cert_count;
    room->certs[out->cert_count++] = (struct ike_cert){CERT_OCSP_CONTENT, response};
}

/* An answer that waits may outlive the keyring: it gets copies. */
static bool hold_certs(const struct ike_answer *out, struct key_reply *room)
{
    for (uint16_t i = 0; i < out->cert_count; i++) {
        struct bytes *data = &room->certs[i].data;
        void *copy = malloc(data->len);
        if (!copy)
            return false;
        memcpy(copy, data->at, data->len);
        data->at = copy;
        room->held |= UINT32_C(1) << i;
    }
    return true;
}

static void attach_response(const struct own_key *own, const struct key_section *s,
                            const struct ike_ask *ask, struct ike_answer *out,
                            struct key_reply *room)
{
    const struct revocation_evidence *e = &s->whole->evidence;
    struct bytes response;
    if (!ask->asked_for_ocsp || !(ask->conn->ocsp & CONF_OCSP_REPLY) || !own->issuer)
        return;
    if (inquiry_own_response(own->cert, own->issuer, e, &response)) {
        add_response(out, room, response);
        return;
    }
    room->inquiry = inquiry_of_own(own->cert, own->issuer, e);
    if (room->inquiry && !hold_certs(out, room)) {
        inquiry_free(room->inquiry);
        room->inquiry = NULL;
    }
}

/* ---- ASK_SIGN: which key --------------------------------------------------------------------- */

static bool sign_with(const struct own_key *own, const struct key_section *s, bool announced,
                      const struct ike_ask *ask, struct ike_answer *out, struct key_reply *room,
                      const char **why)
{
    struct scheme_wish wish = {.hashes = ask->hashes, .rule = &s->ike};
    const struct scheme *used;
    if (announced) {
        wish.announced_count = ask->announced_count;
        wish.announced = ask->announced;
    }
    if (!scheme_sign(own->key, &wish, ask->octets, &out->method, &room->auth, &used, why))
        return false;
    out->status = ANSWER_OK;
    out->auth = room->auth;
    out->scheme = name_of(used, out->method);
    out->quantum_safe = own->quantum;
    if (announce_misses(ask, out->method, used, room->why, sizeof room->why))
        out->detail = room->why;
    if (!should_send(ask))
        return true;
    memcpy(room->certs, own->certs, own->count * sizeof room->certs[0]);
    out->certs = room->certs;
    out->cert_count = own->count;
    attach_response(own, s, ask, out, room);
    return true;
}

void keyring_sign(const struct ike_ask *ask, struct ike_answer *out, struct key_reply *room)
{
    const struct key_section *s = ask->conn->local.keys;
    const char *why = "no private key is configured";
    /* what the peer announces first; in that, those of a CA it knows; the others after */
    for (int rank = 3; s && rank >= 0; rank--)
        for (uint16_t i = 0; i < s->own_count; i++)
            if (is_of_issuer(&s->own[i], ask->issuers) == (rank & 1) &&
                sign_with(&s->own[i], s, rank >> 1, ask, out, room, &why))
                return;
    refuse(out, room, ANSWER_NO_SECRET, why);
}

/* ---- ASK_VERIFY: whose key ------------------------------------------------------------------- */

/* What is known of the peer's key while it is judged. */
struct peer {
    EVP_PKEY *key;           /* its own reference */
    X509 *cert;              /* or NULL: a raw key */
    STACK_OF(X509) * others; /* that came along */
    size_t response_count;   /* of OCSP responders, that came along */
    struct bytes responses[REVOCATION_SENT_MAX];
    bool trusted; /* what is known of revocation included */
};

static void peer_free(struct peer *p)
{
    EVP_PKEY_free(p->key);
    X509_free(p->cert);
    sk_X509_pop_free(p->others, X509_free);
}

static bool is_pinned(const struct key_section *s, X509 *cert)
{
    for (int i = 0; i < sk_X509_num(s->pinned); i++)
        if (X509_cmp(sk_X509_value(s->pinned, i), cert) == 0)
            return true;
    return sk_X509_num(s->pinned) == 0;
}

static void keep_response(const struct ike_ask *ask, struct peer *p, struct bytes response)
{
    if (ask->conn->ocsp & CONF_OCSP_REQUEST && p->response_count < REVOCATION_SENT_MAX)
        p->responses[p->response_count++] = response;
}

/* The certificates the peer sent: the first is its own (RFC 7296 3.6). False: *why says it. */
static bool parse_certs(const struct ike_ask *ask, struct peer *p, const char **why)
{
    unsigned seen = 0;
    p->others = sk_X509_new_null();
    for (uint16_t i = 0; i < ask->cert_count; i++)
        seen += ask->certs[i].encoding == CERT_X509_SIGNATURE;
    *why = "it sent too many certificates";
    if (!p->others || seen > TRUST_CERTS_MAX)
        return false;
    for (uint16_t i = 0; i < ask->cert_count; i++) {
        if (ask->certs[i].encoding == CERT_OCSP_CONTENT)
            keep_response(ask, p, ask->certs[i].data);
        if (ask->certs[i].encoding != CERT_X509_SIGNATURE)
            continue;
        X509 *cert = file_cert_of(ask->certs[i].data);
        *why = "it sent a certificate that cannot be read";
        if (!cert)
            return false;
        if (!p->cert)
            p->cert = cert;
        else if (sk_X509_push(p->others, cert) <= 0)
            X509_free(cert);
    }
    return true;
}

/* It sent none: one of those that are here for it. */
static X509 *find_cert(const struct key_section *s, const struct identity *id)
{
    const STACK_OF(X509) * places[] = {s->pinned, s->whole->x509};
    for (size_t p = 0; p < 2; p++)
        for (int i = 0; i < sk_X509_num(places[p]); i++)
            if (trust_identity(sk_X509_value(places[p], i), id))
                return sk_X509_value(places[p], i);
    return NULL;
}

/* Everything but revocation that cannot be judged yet: `open` says of what. */
static bool judge_cert(const struct key_section *s, const struct ike_ask *ask, struct peer *p,
                       const struct trust_demand *demand, struct trust_open *open,
                       char why[TRUST_REASON_MAX])
{
    if (!is_pinned(s, p->cert)) {
        snprintf(why, TRUST_REASON_MAX, "its certificate is not one of those `certs` names");
        return false;
    }
    p->trusted = s->store && trust_chain(p->cert, p->others, demand, open, why);
    if (!p->trusted && open->count == 0)
        return false;
    if (!trust_identity(p->cert, &ask->theirs)) {
        snprintf(why, TRUST_REASON_MAX, "its certificate is not for the identity it claims");
        return false;
    }
    p->key = X509_get_pubkey(p->cert);
    return p->key != NULL;
}

/* ---- ASK_VERIFY: raw keys -------------------------------------------------------------------- */

/* The raw key the peer sent, if it did: it must be one of ours. NULL and *sent: it is not. */
static EVP_PKEY *sent_raw(const struct key_section *s, const struct ike_ask *ask, bool *sent)
{
    for (uint16_t i = 0; i < ask->cert_count; i++) {
        if (ask->certs[i].encoding != CERT_RAW_KEY)
            continue;
        *sent = true;
        EVP_PKEY *key = file_spki_of(ask->certs[i].data);
        for (uint16_t n = 0; key && n < s->raw_count; n++) {
            if (EVP_PKEY_eq(key, s->raw[n]) == 1) {
                EVP_PKEY_free(key);
                return s->raw[n];
            }
        }
        EVP_PKEY_free(key);
        return NULL;
    }
    return NULL;
}

static bool check(EVP_PKEY *key, const struct key_section *s, const struct ike_ask *ask,
                  struct ike_answer *out, const char **why)
{
    const struct scheme *used;
    if (!scheme_verify(key, ask->method, ask->octets, ask->auth, &s->ike, &used, why))
        return false;
    out->status = ANSWER_OK;
    out->scheme = name_of(used, ask->method);
    out->quantum_safe = scheme_is_quantum(key);
    return true;
}

static void verify_raw(const struct key_section *s, const struct ike_ask *ask,
                       struct ike_answer *out, struct key_reply *room)
{
    bool sent = false;
    const char *why = "the raw public key it sent is not one of those `pubkeys` names";
    EVP_PKEY *key = sent_raw(s, ask, &sent);
    if (key && check(key, s, ask, out, &why))
        return;
    for (uint16_t i = 0; !sent && i < s->raw_count; i++)
        if (check(s->raw[i], s, ask, out, &why))
            return;
    refuse(out, room, ANSWER_REFUSED, why);
}

/* ---- ASK_VERIFY ------------------------------------------------------------------------------ */

static void verify_cert(const struct key_section *s, const struct ike_ask *ask, struct peer *p,
                        struct ike_answer *out, struct key_reply *room)
{
    struct revocation_evidence evidence = s->whole->evidence;
    struct trust_demand demand = {.store = s->store,
                                  .revocation = s->revocation,
                                  .chain = &s->chain,
                                  .policies = s->policies,
                                  .ca_id = s->ca_id,
                                  .evidence = &evidence};
    struct trust_open open = {.count = 0};
    const char *why = room->why;
    evidence.sent = (struct answer_list){p->response_count, p->responses};
    if (!judge_cert(s, ask, p, &demand, &open, room->why)) {
        refuse(out, room, ANSWER_REFUSED, room->why);
    } else if (!check(p->key, s, ask, out, &why)) {
        refuse(out, room, ANSWER_REFUSED, why);
    } else {
        room->inquiry = inquiry_of_peer(p->cert, p->others, &demand, &open);
        if (!room->inquiry && !p->trusted)
            refuse(out, room, ANSWER_REFUSED, room->why);
    }
    out->quantum_safe = out->quantum_safe && open.quantum;
    trust_open_drop(&open);
}

void keyring_verify(const struct ike_ask *ask, struct ike_answer *out, struct key_reply *room)
{
    const struct key_section *s = ask->conn->remote.keys;
    struct peer p = {.key = NULL};
    const char *why = "nothing is configured to believe it by";
    if (!s || !parse_certs(ask, &p, &why)) {
        refuse(out, room, ANSWER_REFUSED, why);
    } else {
        X509 *known = p.cert || s->raw_count > 0 ? NULL : find_cert(s, &ask->theirs);
        if (known && X509_up_ref(known) == 1)
            p.cert = known;
        if (p.cert && !s->raw_only)
            verify_cert(s, ask, &p, out, room);
        else if (s->raw_count > 0)
            verify_raw(s, ask, out, room);
        else
            refuse(out, room, ANSWER_REFUSED, "it sent no certificate, and none is known here");
    }
    peer_free(&p);
    ERR_clear_error();
}

/* ---- after an inquiry ------------------------------------------------------------------------ */

void keyring_conclude(struct ike_answer *out, struct key_reply *room)
{
    struct bytes response = inquiry_response(room->inquiry);
    uint8_t *copy = response.len ? malloc(response.len) : NULL;
    if (copy) {
        memcpy(copy, response.at, response.len);
        add_response(out, room, bytes_make(copy, response.len));
    } else if (!out->auth.len && !inquiry_judge(room->inquiry, room->why)) {
        refuse(out, room, ANSWER_REFUSED, room->why);
    }
    inquiry_free(room->inquiry);
    room->inquiry = NULL;
}
