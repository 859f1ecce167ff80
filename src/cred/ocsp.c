/* ocsp: see ocsp.h. */
#include "cred/ocsp.h"

#include "cred/trust.h"

#include <openssl/err.h>
#include <openssl/objects.h>

/* ---- questions ------------------------------------------------------------------------------- */

OCSP_REQUEST *ocsp_question(X509 *cert, X509 *issuer, struct bytes *der)
{
    uint8_t *octets = NULL;
    OCSP_REQUEST *q = OCSP_REQUEST_new();
    /* SHA-1 names the CA here and proves nothing; RFC 5019 2.1.1 asks for it */
    OCSP_CERTID *id = q ? OCSP_cert_to_id(EVP_sha1(), cert, issuer) : NULL;
    bool good = id && OCSP_request_add0_id(q, id);
    if (!good)
        OCSP_CERTID_free(id);
    good = good && OCSP_request_add1_nonce(q, NULL, OCSP_NONCE_LEN) == 1;
    int len = good ? i2d_OCSP_REQUEST(q, &octets) : 0;
    ERR_clear_error();
    if (len > 0) {
        *der = bytes_make(octets, (size_t)len);
        return q;
    }
    OCSP_REQUEST_free(q);
    return NULL;
}

/* ---- answers --------------------------------------------------------------------------------- */

static OCSP_RESPONSE *read_answer(struct bytes der)
{
    const uint8_t *at = der.at;
    OCSP_RESPONSE *r =
        der.len && der.len <= OCSP_LEN_MAX ? d2i_OCSP_RESPONSE(NULL, &at, (long)der.len) : NULL;
    if (r && at != der.at + der.len) {
        OCSP_RESPONSE_free(r);
        r = NULL;
    }
    ERR_clear_error();
    return r;
}

bool ocsp_is_answer(struct bytes der)
{
    OCSP_RESPONSE *r = read_answer(der);
    OCSP_RESPONSE_free(r);
    return r != NULL;
}

/* Is this the name of our certificate, with whatever hash it has been made? */
static bool names(const OCSP_CERTID *named, const struct ocsp_case *c)
{
    ASN1_OBJECT *hash = NULL;
    OCSP_id_get0_info(NULL, &hash, NULL, NULL, (OCSP_CERTID *)(uintptr_t)named);
    const EVP_MD *md = hash ? EVP_get_digestbyobj(hash) : NULL;
    OCSP_CERTID *ours = md ? OCSP_cert_to_id(md, c->cert, c->issuer) : NULL;
    bool same = ours && OCSP_id_cmp(ours, named) == 0;
    OCSP_CERTID_free(ours);
    return same;
}

static OCSP_SINGLERESP *find_single(OCSP_BASICRESP *basic, const struct ocsp_case *c)
{
    int count = OCSP_resp_count(basic);
    for (int i = 0; i < count && i < OCSP_SINGLES_MAX; i++) {
        OCSP_SINGLERESP *single = OCSP_resp_get0(basic, i);
        if (names(OCSP_SINGLERESP_get0_id(single), c))
            return single;
    }
    return NULL;
}

/* A nonce that is there must be ours (RFC 9654 2.1). */
static bool has_our_nonce(OCSP_BASICRESP *basic, OCSP_REQUEST *asked)
{
    return !asked || OCSP_check_nonce(asked, basic) != 0;
}

static bool is_signed(OCSP_BASICRESP *basic, const struct ocsp_case *c)
{
    X509 *signer = NULL;
    bool good = OCSP_basic_verify(basic, c->chain, c->store, 0) == 1 ||
                (c->signers && OCSP_basic_verify(basic, c->signers, c->store,
                                                 OCSP_TRUSTOTHER | OCSP_NOINTERN) == 1);
    STACK_OF(X509) *places = sk_X509_dup(c->chain);
    for (int i = 0; places && i < sk_X509_num(c->signers); i++)
        good = good && sk_X509_push(places, sk_X509_value(c->signers, i)) > 0;
    good = good && places && OCSP_resp_get0_signer(basic, &signer, places) == 1 &&
           (!c->rule || trust_key_fits(signer, c->rule));
    sk_X509_free(places);
    ERR_clear_error();
    return good;
}

static bool read_single(OCSP_SINGLERESP *single, struct ocsp_finding *out, const char **why)
{
    static const enum standing standings[] = {
        [V_OCSP_CERTSTATUS_GOOD] = STANDING_GOOD,
        [V_OCSP_CERTSTATUS_REVOKED] = STANDING_REVOKED,
        [V_OCSP_CERTSTATUS_UNKNOWN] = STANDING_UNKNOWN,
    };
    ASN1_GENERALIZEDTIME *since = NULL, *until = NULL;
    struct tm tm;
    int status = OCSP_single_get0_status(single, NULL, NULL, &since, &until);
    *why = "the OCSP responder does not know the certificate";
    if (status < 0 || status > V_OCSP_CERTSTATUS_UNKNOWN || standings[status] == STANDING_UNKNOWN)
        return false;
    *why = "the OCSP response has expired, or is of the future";
    if (OCSP_check_validity(since, until, OCSP_SKEW, until ? -1 : OCSP_BARE_AGE_MAX) != 1)
        return false;
    out->standing = standings[status];
    out->since = ASN1_TIME_to_tm(since, &tm) == 1 ? timegm(&tm) : 0;
    out->until = until && ASN1_TIME_to_tm(until, &tm) == 1 ? timegm(&tm)
                                                           : out->since + OCSP_BARE_AGE_MAX;
    return true;
}

static bool judge_basic(OCSP_BASICRESP *basic, const struct ocsp_case *c, OCSP_REQUEST *asked,
                        struct ocsp_finding *out, const char **why)
{
    *why = "the OCSP response is of another certificate";
    OCSP_SINGLERESP *single = find_single(basic, c);
    if (!single)
        return false;
    *why = "the OCSP response answers another question (wrong nonce)";
    if (!has_our_nonce(basic, asked))
        return false;
    *why = "the OCSP response is signed with too weak a hash";
    if (!trust_hash_is_strong(OCSP_resp_get0_tbs_sigalg(basic)))
        return false;
    *why = "the OCSP response is not signed by the CA or on its behalf";
    return is_signed(basic, c) && read_single(single, out, why);
}

bool ocsp_judge(struct bytes answer, const struct ocsp_case *c, OCSP_REQUEST *asked,
                struct ocsp_finding *out, const char **why)
{
    OCSP_RESPONSE *r = read_answer(answer);
    *out = (struct ocsp_finding){STANDING_UNKNOWN, 0, 0};
    *why = "the OCSP response cannot be read";
    if (!r)
        return false;
    bool good = false;
    if (OCSP_response_status(r) != OCSP_RESPONSE_STATUS_SUCCESSFUL) {
        *why = "the OCSP responder refuses to answer";
    } else {
        OCSP_BASICRESP *basic = OCSP_response_get1_basic(r);
        good = basic && judge_basic(basic, c, asked, out, why);
        OCSP_BASICRESP_free(basic);
    }
    OCSP_RESPONSE_free(r);
    ERR_clear_error();
    return good;
}
