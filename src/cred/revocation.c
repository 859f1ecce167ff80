/* revocation: see revocation.h. */
#include "cred/revocation.h"

#include "cred/wallet.h"

#include <openssl/err.h>
#include <openssl/x509v3.h>
#include <stdlib.h>

enum { URI_LEN_MAX = 1023 };

/* ---- at hand --------------------------------------------------------------------------------- */

static enum standing search(const struct answer_list *list, const struct revocation_evidence *e,
                            const struct ocsp_case *c)
{
    struct ocsp_finding found;
    const char *why;
    for (size_t i = 0; i < list->count; i++) {
        if (!ocsp_judge(list->at[i], c, NULL, &found, &why))
            continue;
        if (e->known)
            known_put_answer(e->known, c, &found, list->at[i]);
        return found.standing;
    }
    return STANDING_UNKNOWN;
}

enum standing revocation_look(const struct revocation_evidence *e, const struct ocsp_case *of)
{
    struct ocsp_case c = *of;
    c.signers = e->signers;
    enum standing s = e->known ? known_answer(e->known, &c, NULL) : STANDING_UNKNOWN;
    if (s == STANDING_UNKNOWN)
        s = search(&e->files, e, &c);
    return s == STANDING_UNKNOWN ? search(&e->sent, e, &c) : s;
}

/* ---- sources --------------------------------------------------------------------------------- */

struct sources {
    size_t count;
    struct revocation_source *at;
};

static void add(struct sources *s, bool is_ocsp, const char *text, size_t len)
{
    if (s->count == REVOCATION_SOURCES_MAX || len == 0 || len > URI_LEN_MAX ||
        memchr(text, '\0', len))
        return;
    for (size_t i = 0; i < s->count; i++)
        if (strlen(s->at[i].uri) == len && memcmp(s->at[i].uri, text, len) == 0)
            return;
    char *copy = strndup(text, len);
    if (copy)
        s->at[s->count++] = (struct revocation_source){is_ocsp, copy};
}

static void add_list(struct sources *s, bool is_ocsp, const struct name_list *list)
{
    for (uint16_t i = 0; i < list->count; i++)
        add(s, is_ocsp, list->at[i], strlen(list->at[i]));
}

static void add_authority(struct sources *s, bool ocsp, X509 *issuer,
                          const struct revocation_evidence *e)
{
    const struct wallet_item *i;
    struct wallet_walk walk = {.w = NULL};
    if (issuer)
        walk = wallet_authorities_of(e->wallet, X509_get_subject_name(issuer));
    while ((i = wallet_next(&walk)) != NULL)
        if (X509_cmp(i->authority.ca, issuer) == 0)
            add_list(s, ocsp, ocsp ? &i->authority.ocsp_uris : &i->authority.crl_uris);
}

static void add_name(struct sources *s, bool is_ocsp, const GENERAL_NAME *name)
{
    if (name->type == GEN_URI)
        add(s, is_ocsp, (const char *)ASN1_STRING_get0_data(name->d.uniformResourceIdentifier),
            (size_t)ASN1_STRING_length(name->d.uniformResourceIdentifier));
}

static void add_responders(struct sources *s, X509 *cert)
{
    AUTHORITY_INFO_ACCESS *all = X509_get_ext_d2i(cert, NID_info_access, NULL, NULL);
    for (int i = 0; i < sk_ACCESS_DESCRIPTION_num(all); i++) {
        const ACCESS_DESCRIPTION *d = sk_ACCESS_DESCRIPTION_value(all, i);
        if (OBJ_obj2nid(d->method) == NID_ad_OCSP)
            add_name(s, true, d->location);
    }
    AUTHORITY_INFO_ACCESS_free(all);
}

/* Points with a cRLIssuer are left out: lists signed by others than the issuer are not fetched. */
static void add_points(struct sources *s, X509 *cert)
{
    CRL_DIST_POINTS *all = X509_get_ext_d2i(cert, NID_crl_distribution_points, NULL, NULL);
    for (int i = 0; i < sk_DIST_POINT_num(all); i++) {
        const DIST_POINT *p = sk_DIST_POINT_value(all, i);
        if (p->CRLissuer || !p->distpoint || p->distpoint->type != 0)
            continue;
        for (int n = 0; n < sk_GENERAL_NAME_num(p->distpoint->name.fullname); n++)
            add_name(s, false, sk_GENERAL_NAME_value(p->distpoint->name.fullname, n));
    }
    CRL_DIST_POINTS_free(all);
}

size_t revocation_sources(X509 *cert, X509 *issuer, const struct revocation_evidence *e,
                          bool ocsp_only, struct revocation_source out[REVOCATION_SOURCES_MAX])
{
    struct sources s = {0, out};
    add_authority(&s, true, issuer, e);
    add_responders(&s, cert);
    if (!ocsp_only) {
        add_authority(&s, false, issuer, e);
        add_points(&s, cert);
    }
    ERR_clear_error();
    return s.count;
}

bool revocation_has_sources(X509 *cert, const struct revocation_evidence *e)
{
    const struct wallet_item *i;
    for (int n = 0; e && n < sk_X509_num(e->sourced); n++)
        if (X509_cmp(sk_X509_value(e->sourced, n), cert) == 0)
            return true;
    struct wallet_walk walk =
        wallet_authorities_of(e ? e->wallet : NULL, X509_get_issuer_name(cert));
    while ((i = wallet_next(&walk)) != NULL)
        if (i->authority.crl_uris.count + i->authority.ocsp_uris.count > 0 &&
            X509_check_issued(i->authority.ca, cert) == X509_V_OK)
            return true;
    return X509_get_ext_by_NID(cert, NID_crl_distribution_points, -1) >= 0 ||
           X509_get_ext_by_NID(cert, NID_info_access, -1) >= 0;
}
