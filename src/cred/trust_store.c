/* trust_store: see trust_store.h. */
#include "cred/trust_store.h"

#include <openssl/x509v3.h>

struct picking {
    const struct trust_sources *from;
    STACK_OF(X509) * anchors; /* borrowed from the wallets, as the lists are */
    STACK_OF(X509_CRL) * lists;
    bool failed;
};

static void pick_anchor(struct picking *p, X509 *cert)
{
    for (int i = 0; i < sk_X509_num(p->anchors); i++)
        if (sk_X509_value(p->anchors, i) == cert)
            return;
    if (sk_X509_num(p->anchors) < TRUST_PICKED_MAX && sk_X509_push(p->anchors, cert) <= 0)
        p->failed = true;
}

static void pick_list(struct picking *p, X509_CRL *list)
{
    for (int i = 0; i < sk_X509_CRL_num(p->lists); i++)
        if (sk_X509_CRL_value(p->lists, i) == list)
            return;
    if (sk_X509_CRL_num(p->lists) < TRUST_PICKED_MAX && sk_X509_CRL_push(p->lists, list) <= 0)
        p->failed = true;
}

/* A certificate that is itself an anchor, its issuers that are, and the lists that speak of it. */
static void pick_for(struct picking *p, X509 *cert)
{
    const struct wallet_item *i;
    for (size_t w = 0; w < TRUST_WALLETS; w++) {
        const struct wallet *anchors = p->from->anchors[w];
        const struct wallet_item *self = wallet_find_anchor(anchors, cert);
        if (self)
            pick_anchor(p, self->cert);
        struct wallet_walk walk = wallet_by_subject(anchors, X509_get_issuer_name(cert));
        while ((i = wallet_next(&walk)) != NULL)
            if (wallet_is_anchor(i) && X509_check_issued(i->cert, cert) == X509_V_OK)
                pick_anchor(p, i->cert);
    }
    struct wallet_walk walk = wallet_lists_of(p->from->lists, X509_get_issuer_name(cert));
    while ((i = wallet_next(&walk)) != NULL)
        pick_list(p, i->list);
}

X509_STORE *trust_store_for(const struct trust_sources *from, X509 *cert,
                            const STACK_OF(X509) * others)
{
    struct picking p = {.from = from};
    X509_STORE *store = NULL;
    if ((p.anchors = sk_X509_new_null()) && (p.lists = sk_X509_CRL_new_null())) {
        pick_for(&p, cert);
        for (int i = 0; i < sk_X509_num(others); i++)
            pick_for(&p, sk_X509_value(others, i));
        for (int i = 0; i < sk_X509_num(p.anchors); i++) /* more come while it goes on */
            pick_for(&p, sk_X509_value(p.anchors, i));
        if (!p.failed)
            store = trust_store_new(p.anchors, p.lists);
    }
    sk_X509_free(p.anchors);
    sk_X509_CRL_free(p.lists);
    return store;
}
