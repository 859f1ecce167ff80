/* keyring: using it. See keyring.h. */
#include "cred/keyring.h"

#include "cred/announce.h"
#include "cred/chain.h"
#include "cred/file.h"
#include "cred/keyring_types.h"
#include "cred/trust_store.h"

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
    for (uint16_t i = 0; i < r->cert_count; i++)
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

static bool should_send(const struct ike_ask *ask)
{
    enum conf_send_cert how = ask->conn->send_cert;
    return how == SEND_CERT_ALWAYS || (how == SEND_CERT_IFASKED && ask->asked_for_cert);
}

/* One CERT payload more; takes the octets over, which were malloc's. */
static bool send_octets(struct key_reply *room, uint8_t encoding, struct bytes octets)
{
    if (octets.at)
        room->certs[room->cert_count++] = (struct ike_cert){encoding, octets};
    return octets.at != NULL;
}

static struct bytes copy_of(struct bytes from)
{
    uint8_t *copy = from.len ? malloc(from.len) : NULL;
    if (copy)
        memcpy(copy, from.at, from.len);
    return bytes_make(copy, copy ? from.len : 0);
}

static struct bytes der_of(X509 *cert)
{
    int len = i2d_X509(cert, NULL);
    uint8_t *der = len > 0 ? malloc((size_t)len) : NULL, *end = der;
    if (der)
        i2d_X509(cert, &end);
    return bytes_make(der, der ? (size_t)len : 0);
}

static struct bytes spki_of(EVP_PKEY *key)
{
    int len = i2d_PUBKEY(key, NULL);
    uint8_t *der = len > 0 ? malloc((size_t)len) : NULL, *end = der;
    if (der)
        i2d_PUBKEY(key, &end);
    return bytes_make(der, der ? (size_t)len : 0);
}

/* The end entity, then its sub-CAs; never the root. */
static bool send_chain(struct key_reply *room, const struct chain *chain)
{
    for (uint16_t i = 0; i < chain->count; i++)
        if ((i == 0 || !chain_is_root(chain->cert[i])) &&
            !send_octets(room, CERT_X509_SIGNATURE, der_of(chain->cert[i])))
            return false;
    return true;
}

/* ---- what is at hand about revocation -------------------------------------------------------- */

struct evidence {
    struct revocation_evidence is;
    struct bytes *files; /* what `is` views */
};

/* To be given to evidence_drop. What memory does not suffice for is not there. */
static struct evidence evidence_of(const struct wallet *w, struct known *known)
{
    struct evidence e = {.is = {.known = known, .wallet = w}};
    const struct wallet_item *i;
    size_t room = 0;
    struct wallet_walk responders = wallet_responders(w), responses = wallet_responses(w),
                       again = responses;
    while ((i = wallet_next(&responders)) != NULL) {
        e.is.signers = e.is.signers ? e.is.signers : sk_X509_new_null();
        if (e.is.signers)
            X509_add_cert(e.is.signers, i->cert, X509_ADD_FLAG_UP_REF);
    }
    while (wallet_next(&responses))
        room++;
    e.files = room ? calloc(room, sizeof *e.files) : NULL;
    while (e.files && (i = wallet_next(&again)) != NULL)
        e.files[e.is.files.count++] = i->response;
    e.is.files.at = e.files;
    return e;
}

static void evidence_drop(struct evidence *e)
{
    sk_X509_pop_free(e->is.signers, X509_free);
    free(e->files);
}

/* What is tried, one after the other, and why the last one did not do. */
struct signing {
    const struct wallet *w;
    struct known *known;
    const struct key_section *s;
    const struct ike_ask *ask;
    struct ike_answer *out;
    struct key_reply *room;
    bool announced; /* only with what the peer announces (RFC 9593) */
    bool of_issuer; /* of a CA the peer knows, or of none that it does */
    const char *why;
};

/* An OCSP response for our own certificate, if the peer asked for it (RFC 4806). */
static void attach_response(struct signing *g, const struct chain *chain)
{
    struct bytes response;
    if (!g->ask->asked_for_ocsp || !(g->ask->conn->ocsp & CONF_OCSP_REPLY) || chain->count < 2)
        return;
    struct evidence e = evidence_of(g->w, g->known);
    if (inquiry_own_response(chain->cert[0], chain->cert[1], &e.is, &response))
        send_octets(g->room, CERT_OCSP_CONTENT, response);
    else
        g->room->inquiry = inquiry_of_own(chain->cert[0], chain->cert[1], &e.is);
    evidence_drop(&e);
}

static bool send_certs(struct signing *g, const struct own_key *own, const struct chain *chain)
{
    if (!should_send(g->ask))
        return true;
    if (!own->cert)
        return send_octets(g->room, CERT_RAW_KEY, spki_of(own->public));
    if (!send_chain(g->room, chain))
        return false;
    attach_response(g, chain);
    return true;
}

static bool sign_with(struct signing *g, EVP_PKEY *key, const struct own_key *own,
                      const struct chain *chain)
{
    struct scheme_wish wish = {.hashes = g->ask->hashes, .rule = &g->s->ike};
    struct ike_answer *out = g->out;
    const struct scheme *used;
    if (g->announced) {
        wish.announced_count = g->ask->announced_count;
        wish.announced = g->ask->announced;
    }
    if (!scheme_key_is_good(key, &g->why) ||
        !scheme_sign(key, &wish, g->ask->octets, &out->method, &g->room->auth, &used, &g->why))
        return false;
    out->status = ANSWER_OK;
    out->auth = g->room->auth;
    out->scheme = name_of(used, out->method);
    out->quantum_safe = chain->count ? chain->quantum : scheme_is_quantum(key);
    if (announce_misses(g->ask, out->method, used, g->room->why, sizeof g->room->why))
        out->detail = g->room->why;
    if (!send_certs(g, own, chain))
        out->status = ANSWER_FAULT;
    out->certs = g->room->certs;
    out->cert_count = g->room->cert_count;
    return true;
}

static bool try_one(struct signing *g, const struct own_key *own)
{
    struct chain chain = {.count = 0};
    EVP_PKEY *key = wallet_find_key(g->w, own->key_id);
    if (!key) {
        g->why = "the private key of its certificate is not loaded";
        return false;
    }
    if (own->cert)
        chain = chain_build(g->w, own->cert);
    if (g->ask->conn->quantum_safe_auth == QUANTUM_SAFE_REQUIRED &&
        !(own->cert ? chain.quantum : scheme_is_quantum(key))) {
        g->why = "quantum_safe_auth = required, but its key, or that of a CA above it, falls to a "
                 "quantum computer";
        return false;
    }
    bool fits = !own->cert || chain_hangs_from(&chain, g->ask->issuers);
    return fits == g->of_issuer && sign_with(g, key, own, &chain);
}

static bool try_all(struct signing *g)
{
    const struct wallet_item *i;
    for (uint16_t n = 0; !g->s->by_identity && n < g->s->own_count; n++)
        if (try_one(g, &g->s->own[n]))
            return true;
    if (!g->s->by_identity)
        return false;
    struct wallet_walk walk = wallet_by_identity(g->w, &g->ask->ours);
    while ((i = wallet_next(&walk)) != NULL) {
        struct own_key own = {.cert = i->cert};
        memcpy(own.key_id, i->key_id, sizeof own.key_id);
        if (try_one(g, &own))
            return true;
    }
    return false;
}

void keyring_sign(const struct wallet *w, struct known *known, const struct ike_ask *ask,
                  struct ike_answer *out, struct key_reply *room)
{
    struct signing g = {.w = w,
                        .known = known,
                        .s = ike_ask_auth(ask)->keys,
                        .ask = ask,
                        .out = out,
                        .room = room,
                        .why = "no certificate with a private key is loaded for its identity"};
    bool done = false;
    /* what the peer announces first; in that, those of a CA it knows; the others after */
    for (int rank = 3; g.s && !done && rank >= 0; rank--) {
        g.announced = rank >> 1;
        g.of_issuer = rank & 1;
        done = try_all(&g);
    }
    if (!done)
        refuse(out, room, ANSWER_NO_SECRET, g.why);
    ERR_clear_error();
}

/* ---- ASK_VERIFY: whose key ------------------------------------------------------------------- */

/* What is known of the peer's key while it is judged. */
struct peer {
    EVP_PKEY *key;           /* its own reference */
    X509 *cert;              /* or NULL: a raw key */
    STACK_OF(X509) * others; /* that came along */
    size_t response_count;   /* of OCSP responders, that came along */
    struct bytes responses[REVOCATION_SENT_MAX];
    bool fresh;   /* one of its certificates had to be read */
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
static bool parse_certs(const struct parsed *parsed, const struct ike_ask *ask, struct peer *p,
                        const char **why)
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
        X509 *cert = parsed_find(parsed, ask->certs[i].data);
        p->fresh = p->fresh || !cert;
        cert = cert ? cert : file_cert_of(ask->certs[i].data);
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

/* The peer has authenticated: what it sent need not be read again. */
static void keep_certs(struct parsed *parsed, const struct ike_ask *ask, const struct peer *p)
{
    int seen = 0;
    for (uint16_t i = 0; p->fresh && i < ask->cert_count; i++) {
        if (ask->certs[i].encoding != CERT_X509_SIGNATURE)
            continue;
        X509 *cert = seen ? sk_X509_value(p->others, seen - 1) : p->cert;
        parsed_keep(parsed, ask->certs[i].data, cert);
        seen++;
    }
}

/*
 * An address of a certificate (RFC 7296 3.6) is never fetched: it comes from somebody who is not
 * trusted yet, and who may as well send the certificate itself.
 */
static const char *why_none(const struct ike_ask *ask)
{
    for (uint16_t i = 0; i < ask->cert_count; i++)
        if (ask->certs[i].encoding == CERT_HASH_URL_X509 ||
            ask->certs[i].encoding == CERT_HASH_URL_BUNDLE)
            return "it sent no certificate but the address of one (hash and URL), which is not "
                   "fetched, and none is known here";
    return "it sent no certificate, and none is known here";
}

/* It sent none: one of those that are here for it. */
static X509 *find_cert(const struct wallet *w, const struct key_section *s,
                       const struct identity *id)
{
    for (int i = 0; i < sk_X509_num(s->pinned); i++)
        if (trust_identity(sk_X509_value(s->pinned, i), id))
            return sk_X509_value(s->pinned, i);
    struct wallet_walk walk = wallet_by_identity(w, id);
    const struct wallet_item *i = wallet_next(&walk);
    return i ? i->cert : NULL;
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
    p->trusted = demand->store && trust_chain(p->cert, p->others, demand, open, why);
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

static void verify_cert(const struct wallet *w, struct known *known, const struct key_section *s,
                        const struct ike_ask *ask, struct peer *p, struct ike_answer *out,
                        struct key_reply *room)
{
    const struct trust_sources from = {{s->named, s->all_anchors ? w : NULL},
                                       w};
    struct evidence evidence = evidence_of(w, known);
    struct trust_demand demand = {.store = trust_store_for(&from, p->cert, p->others),
                                  .revocation = s->revocation,
                                  .chain = &s->chain,
                                  .policies = &s->policies,
                                  .ca_id = &s->ca_id,
                                  .evidence = &evidence.is};
    struct trust_open open = {.count = 0};
    const char *why = room->why;
    snprintf(room->why, sizeof room->why, "out of memory");
    evidence.is.sent = (struct answer_list){p->response_count, p->responses};
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
    X509_STORE_free(demand.store);
    evidence_drop(&evidence);
}

void keyring_verify(const struct wallet *w, struct known *known, struct parsed *parsed,
                    const struct ike_ask *ask, struct ike_answer *out, struct key_reply *room)
{
    const struct key_section *s = ike_ask_auth(ask)->keys;
    struct peer p = {.key = NULL};
    const char *why = "nothing is configured to believe it by";
    if (!s || !parse_certs(parsed, ask, &p, &why)) {
        refuse(out, room, ANSWER_REFUSED, why);
    } else {
        X509 *here = p.cert || s->raw_count > 0 ? NULL : find_cert(w, s, &ask->theirs);
        if (here && X509_up_ref(here) == 1)
            p.cert = here;
        if (p.cert && !s->raw_only)
            verify_cert(w, known, s, ask, &p, out, room);
        else if (s->raw_count > 0)
            verify_raw(s, ask, out, room);
        else
            refuse(out, room, ANSWER_REFUSED, why_none(ask));
    }
    if (out->status == ANSWER_OK && !room->inquiry)
        keep_certs(parsed, ask, &p);
    peer_free(&p);
    ERR_clear_error();
}

/* ---- after an inquiry ------------------------------------------------------------------------ */

void keyring_conclude(struct ike_answer *out, struct key_reply *room)
{
    struct bytes response = copy_of(inquiry_response(room->inquiry));
    if (send_octets(room, CERT_OCSP_CONTENT, response))
        out->cert_count = room->cert_count;
    else if (!out->auth.len && !inquiry_judge(room->inquiry, room->why))
        refuse(out, room, ANSWER_REFUSED, room->why);
    inquiry_free(room->inquiry);
    room->inquiry = NULL;
}
