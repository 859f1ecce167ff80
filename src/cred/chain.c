/* chain: see chain.h. */
#include "cred/chain.h"

#include "cred/scheme.h"

#include <openssl/x509v3.h>

bool chain_is_root(X509 *cert)
{
    return X509_self_signed(cert, 0) == 1;
}

/* Anchors before other certificates: the way up is theirs. */
static const struct wallet_item *find_issuer(const struct wallet *w, X509 *cert)
{
    struct wallet_walk walk = wallet_by_subject(w, X509_get_issuer_name(cert));
    const struct wallet_item *i, *found = NULL;
    while ((i = wallet_next(&walk)) != NULL) {
        if (X509_check_issued(i->cert, cert) != X509_V_OK)
            continue;
        if (wallet_is_anchor(i))
            return i;
        found = found ? found : i;
    }
    return found;
}

static bool is_quantum(X509 *cert)
{
    EVP_PKEY *key = X509_get0_pubkey(cert);
    return key && scheme_is_quantum(key);
}

struct chain chain_build(const struct wallet *w, X509 *cert)
{
    const struct wallet_item *issuer;
    struct chain chain = {.count = 1, .cert = {cert}, .quantum = is_quantum(cert)};
    while (chain.count < CHAIN_MAX && !chain_is_root(cert) &&
           (issuer = find_issuer(w, cert)) != NULL) {
        cert = issuer->cert;
        chain.quantum = chain.quantum && is_quantum(cert);
        chain.ca_id[chain.count] = issuer->ca_id;
        chain.cert[chain.count++] = cert;
    }
    return chain;
}

bool chain_hangs_from(const struct chain *chain, struct bytes ca_ids)
{
    if (ca_ids.len < WALLET_ID_LEN)
        return true;
    for (size_t at = 0; at + WALLET_ID_LEN <= ca_ids.len; at += WALLET_ID_LEN)
        for (uint16_t i = 1; i < chain->count; i++)
            if (memcmp(chain->ca_id[i], ca_ids.at + at, WALLET_ID_LEN) == 0)
                return true;
    return false;
}

/* ---- lengths --------------------------------------------------------------------------------- */

static size_t len_of(const struct chain *chain, uint16_t i)
{
    int len = chain_is_root(chain->cert[i]) && i > 0 ? 0 : i2d_X509(chain->cert[i], NULL);
    return len > 0 ? (size_t)len : 0;
}

size_t chain_longest(const struct chain *chain)
{
    size_t longest = 0;
    for (uint16_t i = 0; i < chain->count; i++)
        longest = len_of(chain, i) > longest ? len_of(chain, i) : longest;
    return longest;
}

size_t chain_len(const struct chain *chain)
{
    EVP_PKEY *key = chain->count ? X509_get0_pubkey(chain->cert[0]) : NULL;
    size_t len = key ? (size_t)EVP_PKEY_get_size(key) : 0;
    for (uint16_t i = 0; i < chain->count; i++)
        len += len_of(chain, i);
    return len;
}
