/* parsed: see parsed.h. */
#include "cred/parsed.h"

#include <openssl/evp.h>
#include <stdlib.h>

enum { HASH_LEN = 32 };

struct parsed {
    size_t count, next; /* the next to be replaced when all places are taken */
    struct {
        uint8_t hash[HASH_LEN];
        X509 *cert;
    } at[PARSED_MAX];
};

static bool hash_of(struct bytes der, uint8_t hash[HASH_LEN])
{
    return EVP_Digest(der.at, der.len, hash, NULL, EVP_sha256(), NULL) == 1;
}

static X509 *find(const struct parsed *p, const uint8_t hash[HASH_LEN])
{
    for (size_t i = 0; i < p->count; i++)
        if (memcmp(p->at[i].hash, hash, HASH_LEN) == 0)
            return p->at[i].cert;
    return NULL;
}

X509 *parsed_find(const struct parsed *p, struct bytes der)
{
    uint8_t hash[HASH_LEN];
    X509 *cert = p && p->count && hash_of(der, hash) ? find(p, hash) : NULL;
    return cert && X509_up_ref(cert) == 1 ? cert : NULL;
}

void parsed_keep(struct parsed *p, struct bytes der, X509 *cert)
{
    uint8_t hash[HASH_LEN];
    if (!p || !hash_of(der, hash) || find(p, hash) || X509_up_ref(cert) != 1)
        return;
    size_t at = p->count < PARSED_MAX ? p->count++ : p->next++ % PARSED_MAX;
    X509_free(p->at[at].cert);
    p->at[at].cert = cert;
    memcpy(p->at[at].hash, hash, HASH_LEN);
}

struct parsed *parsed_new(void)
{
    return calloc(1, sizeof(struct parsed));
}

void parsed_clear(struct parsed *p)
{
    for (size_t i = 0; i < p->count; i++)
        X509_free(p->at[i].cert);
    *p = (struct parsed){.count = 0};
}

void parsed_free(struct parsed *p)
{
    if (p)
        parsed_clear(p);
    free(p);
}
