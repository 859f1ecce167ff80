/* list: see list.h. */
#include "cred/list.h"

#include <openssl/x509v3.h>

/* Of all certificates of its issuer. */
static bool is_whole(const X509_CRL *list)
{
    return X509_CRL_get_ext_by_NID(list, NID_issuing_distribution_point, -1) < 0 &&
           X509_CRL_get_ext_by_NID(list, NID_delta_crl, -1) < 0;
}

/* The key that signed, as the list names it (RFC 5280 5.2.1); NULL: it does not. */
static const ASN1_OCTET_STRING *key_of(const X509_CRL *list)
{
    int at = X509_CRL_get_ext_by_NID(list, NID_authority_key_identifier, -1);
    return at < 0 ? NULL : X509_EXTENSION_get_data(X509_CRL_get_ext(list, at));
}

static bool same_signer(const X509_CRL *a, const X509_CRL *b)
{
    const ASN1_OCTET_STRING *key_a = key_of(a), *key_b = key_of(b);
    return X509_NAME_cmp(X509_CRL_get_issuer(a), X509_CRL_get_issuer(b)) == 0 &&
           (key_a && key_b ? ASN1_OCTET_STRING_cmp(key_a, key_b) == 0 : key_a == key_b);
}

static bool is_newer(const X509_CRL *a, const X509_CRL *b)
{
    int days = 0, seconds = 0;
    return ASN1_TIME_diff(&days, &seconds, X509_CRL_get0_lastUpdate(b),
                          X509_CRL_get0_lastUpdate(a)) == 1 &&
           (days > 0 || seconds > 0);
}

bool list_replaces(const X509_CRL *a, const X509_CRL *b)
{
    return is_whole(a) && is_whole(b) && same_signer(a, b) && is_newer(a, b);
}
