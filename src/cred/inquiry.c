/* inquiry: see inquiry.h. */
#include "cred/inquiry.h"

#include "cred/file.h"

#include <openssl/err.h>
#include <stdio.h>
#include <stdlib.h>

struct question {
    X509 *cert, *issuer;
    struct revocation_source source;
};

struct inquiry {
    X509 *cert;
    STACK_OF(X509) * others;
    struct cred_rule rule;
    struct revocation_evidence evidence;
    struct trust_demand demand;
    struct trust_open open; /* what is still to be found out */
    bool is_own, trusted;
    char why[TRUST_REASON_MAX]; /* not trusted: why */
    char failure[TRUST_REASON_MAX];
    size_t count, next;
    struct question at[INQUIRY_SOURCES_MAX];
    OCSP_REQUEST *asked; /* of the question under way, if it is one of OCSP */
    struct bytes body;
    struct bytes response;
};

/* ---- life ------------------------------------------------------------------------------------ */

static bool hold_certs(STACK_OF(X509) * from, STACK_OF(X509) * *to)
{
    *to = from ? X509_chain_up_ref(from) : NULL;
    return !from || *to;
}

static void add_questions(struct inquiry *q, X509 *cert, X509 *issuer)
{
    struct revocation_source found[REVOCATION_SOURCES_MAX];
    size_t count = revocation_sources(cert, issuer, &q->evidence, q->is_own, found);
    for (size_t i = 0; i < count; i++) {
        if (q->count == INQUIRY_SOURCES_MAX || X509_up_ref(cert) != 1) {
            free(found[i].uri);
            continue;
        }
        X509_up_ref(issuer);
        q->at[q->count++] = (struct question){cert, issuer, found[i]};
    }
}

/* The authorities that say whom to ask may go; that they said so is kept, for `ifuri`. */
static bool keep_sourced(struct inquiry *q, const struct trust_open *open)
{
    bool good = (q->evidence.sourced = sk_X509_new_null()) != NULL;
    for (uint16_t i = 0; good && i < open->count; i++)
        good = !revocation_has_sources(open->at[i].cert, &q->evidence) ||
               X509_add_cert(q->evidence.sourced, open->at[i].cert, X509_ADD_FLAG_UP_REF) == 1;
    return good;
}

/* Of the evidence only what outlives sections is kept; the rest has been looked at already. */
static struct inquiry *make(const struct revocation_evidence *e, bool is_own)
{
    struct inquiry *q = calloc(1, sizeof *q);
    if (!q)
        return NULL;
    q->is_own = is_own;
    q->evidence = *e;
    q->evidence.signers = q->evidence.sourced = NULL;
    if (hold_certs(e->signers, &q->evidence.signers))
        return q;
    free(q);
    return NULL;
}

static struct inquiry *settle_down(struct inquiry *q, bool good)
{
    q->evidence = (struct revocation_evidence){.known = q->evidence.known,
                                               .signers = q->evidence.signers,
                                               .sourced = q->evidence.sourced};
    q->demand.evidence = &q->evidence;
    if (good && q->count > 0)
        return q;
    inquiry_free(q);
    return NULL;
}

struct inquiry *inquiry_of_peer(X509 *cert, STACK_OF(X509) * others,
                                const struct trust_demand *demand, const struct trust_open *open)
{
    if (!demand->evidence || !demand->evidence->known || open->count == 0)
        return NULL;
    struct inquiry *q = make(demand->evidence, false);
    if (!q)
        return NULL;
    q->demand = *demand;
    q->demand.policies = NULL; /* these have been met, and may go */
    q->demand.ca_id = NULL;
    X509_STORE_up_ref(q->demand.store);
    if (demand->chain) {
        q->rule = *demand->chain;
        q->demand.chain = &q->rule;
    }
    for (uint16_t i = 0; i < open->count; i++)
        add_questions(q, open->at[i].cert, open->at[i].issuer);
    bool good = keep_sourced(q, open) && hold_certs(others, &q->others) && X509_up_ref(cert) == 1;
    q->cert = good ? cert : NULL;
    q->trusted = good && trust_chain(cert, q->others, &q->demand, &q->open, q->why);
    return settle_down(q, good);
}

struct inquiry *inquiry_of_own(X509 *cert, X509 *issuer, const struct revocation_evidence *e)
{
    struct inquiry *q = e->known && issuer ? make(e, true) : NULL;
    if (!q)
        return NULL;
    add_questions(q, cert, issuer);
    return settle_down(q, true);
}

static void end_question(struct inquiry *q)
{
    OCSP_REQUEST_free(q->asked);
    OPENSSL_free((void *)(uintptr_t)q->body.at);
    q->asked = NULL;
    q->body = BYTES_NONE;
}

void inquiry_free(struct inquiry *q)
{
    if (!q)
        return;
    end_question(q);
    for (size_t i = 0; i < q->count; i++) {
        X509_free(q->at[i].cert);
        X509_free(q->at[i].issuer);
        free(q->at[i].source.uri);
    }
    trust_open_drop(&q->open);
    sk_X509_pop_free(q->evidence.signers, X509_free);
    sk_X509_pop_free(q->evidence.sourced, X509_free);
    sk_X509_pop_free(q->others, X509_free);
    X509_STORE_free(q->demand.store);
    X509_free(q->cert);
    free((void *)(uintptr_t)q->response.at);
    free(q);
}

/* ---- questions ------------------------------------------------------------------------------- */

static void note_failure(struct inquiry *q, const char *uri, const char *why)
{
    snprintf(q->failure, sizeof q->failure, "%.200s: %s", uri, why);
}

static bool is_open(const struct inquiry *q, X509 *cert)
{
    for (uint16_t i = 0; i < q->open.count; i++)
        if (q->open.at[i].cert == cert)
            return true;
    return q->is_own && q->response.len == 0;
}

bool inquiry_next(struct inquiry *q, struct inquiry_want *out)
{
    for (; q->next < q->count; q->next++) {
        const struct question *at = &q->at[q->next];
        const char *why =
            is_open(q, at->cert) ? known_failure(q->evidence.known, at->source.uri) : NULL;
        if (why)
            note_failure(q, at->source.uri, why);
        if (why || !is_open(q, at->cert))
            continue;
        *out = (struct inquiry_want){.uri = at->source.uri, .max = KNOWN_LIST_LEN_MAX};
        if (!at->source.is_ocsp)
            return true;
        q->asked = ocsp_question(at->cert, at->issuer, &q->body);
        out->body = q->body;
        out->type = "application/ocsp-request";
        out->max = OCSP_LEN_MAX;
        if (q->asked)
            return true;
    }
    return false;
}

/* ---- answers --------------------------------------------------------------------------------- */

/* For a response of our own the CA is believed, and so is whom it has certified. */
static X509_STORE *store_of(X509 *issuer)
{
    STACK_OF(X509) *one = sk_X509_new_null();
    X509_STORE *store =
        one && sk_X509_push(one, issuer) > 0 ? trust_store_new(one, NULL) : NULL;
    sk_X509_free(one);
    return store;
}

static bool take_answer(struct inquiry *q, const struct question *at, struct bytes body,
                        const char **why)
{
    struct ocsp_finding found;
    struct ocsp_case c = {.cert = at->cert,
                          .issuer = at->issuer,
                          .store = q->is_own ? store_of(at->issuer) : q->demand.store,
                          .chain = sk_X509_new_null(),
                          .signers = q->evidence.signers,
                          .rule = q->demand.chain};
    *why = "out of memory";
    bool good = c.store && c.chain && sk_X509_push(c.chain, at->issuer) > 0;
    for (int i = 0; good && i < sk_X509_num(q->others); i++)
        good = sk_X509_push(c.chain, sk_X509_value(q->others, i)) > 0;
    good = good && ocsp_judge(body, &c, q->asked, &found, why);
    if (good)
        known_put_answer(q->evidence.known, &c, &found, q->is_own ? body : BYTES_NONE);
    if (good && q->is_own && (q->response.at = malloc(body.len)) != NULL) {
        memcpy((void *)(uintptr_t)q->response.at, body.at, body.len);
        q->response.len = body.len;
    }
    if (q->is_own)
        X509_STORE_free(c.store);
    sk_X509_free(c.chain);
    return good;
}

static bool list_is_good(X509_CRL *crl, X509 *issuer, const char **why)
{
    const ASN1_TIME *next = X509_CRL_get0_nextUpdate(crl);
    const X509_ALGOR *algorithm;
    *why = "the revocation list is of another CA";
    if (X509_NAME_cmp(X509_CRL_get_issuer(crl), X509_get_subject_name(issuer)) != 0)
        return false;
    *why = "the revocation list has expired, or does not say when it will";
    if (!next || X509_cmp_current_time(next) < 0)
        return false;
    *why = "the revocation list is signed with too weak a hash";
    X509_CRL_get0_signature(crl, NULL, &algorithm);
    if (!trust_hash_is_strong(algorithm))
        return false;
    *why = "the signature on the revocation list is wrong";
    return X509_CRL_verify(crl, X509_get0_pubkey(issuer)) == 1;
}

static bool take_list(struct inquiry *q, const struct question *at, struct bytes body,
                      const char **why)
{
    STACK_OF(X509_CRL) *lists = sk_X509_CRL_new_null();
    *why = "it is no revocation list";
    bool good = lists && file_crls(body, lists) == 1 &&
                list_is_good(sk_X509_CRL_value(lists, 0), at->issuer, why);
    if (good)
        known_put_list(q->evidence.known, sk_X509_CRL_value(lists, 0));
    sk_X509_CRL_pop_free(lists, X509_CRL_free);
    ERR_clear_error();
    return good;
}

void inquiry_look_again(struct inquiry *q)
{
    end_question(q);
    if (q->is_own)
        return;
    trust_open_drop(&q->open);
    q->trusted = trust_chain(q->cert, q->others, &q->demand, &q->open, q->why);
}

bool inquiry_take(struct inquiry *q, struct bytes body, const char **why)
{
    const struct question *at = &q->at[q->next++];
    bool good = !*why && (at->source.is_ocsp ? take_answer(q, at, body, why)
                                             : take_list(q, at, body, why));
    end_question(q);
    if (!good) {
        note_failure(q, at->source.uri, *why);
        known_put_failure(q->evidence.known, at->source.uri, *why);
    }
    inquiry_look_again(q);
    return good;
}

/* ---- endings --------------------------------------------------------------------------------- */

bool inquiry_judge(struct inquiry *q, char why[TRUST_REASON_MAX])
{
    bool open = q->open.count > 0 && q->failure[0] != '\0';
    if (!q->trusted)
        snprintf(why, TRUST_REASON_MAX, "%.250s%s%.130s%s", q->why, open ? " (" : "",
                 open ? q->failure : "", open ? ")" : "");
    return q->trusted;
}

struct bytes inquiry_response(struct inquiry *q)
{
    return q->response;
}

static struct bytes find_in_files(const struct ocsp_case *of, const struct revocation_evidence *e)
{
    struct bytes der = BYTES_NONE;
    struct ocsp_case c = *of;
    struct ocsp_finding found;
    const char *why;
    c.store = store_of(c.issuer);
    c.chain = sk_X509_new_null();
    for (size_t i = 0; c.store && c.chain && der.len == 0 && i < e->files.count; i++)
        if (ocsp_judge(e->files.at[i], &c, NULL, &found, &why))
            der = e->files.at[i];
    X509_STORE_free(c.store);
    sk_X509_free(c.chain);
    return der;
}

bool inquiry_own_response(X509 *cert, X509 *issuer, const struct revocation_evidence *e,
                          struct bytes *response)
{
    struct bytes der = BYTES_NONE;
    struct ocsp_case c = {.cert = cert, .issuer = issuer, .signers = e->signers};
    if (e->known)
        (void)known_answer(e->known, &c, &der);
    if (der.len == 0 && e->files.count > 0)
        der = find_in_files(&c, e);
    uint8_t *copy = der.len ? malloc(der.len) : NULL;
    if (copy)
        memcpy(copy, der.at, der.len);
    *response = bytes_make(copy, copy ? der.len : 0);
    return copy != NULL;
}
