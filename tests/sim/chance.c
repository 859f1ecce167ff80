/* chance: see chance.h. The generator is the provider's TEST-RAND (EVP_RAND-TEST-RAND(7)). */
#include "chance.h"

#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/params.h>
#include <openssl/rand.h>

enum { STRENGTH = 256 };

static EVP_RAND_CTX *make(void)
{
    EVP_RAND *rand = EVP_RAND_fetch(NULL, "TEST-RAND", NULL);
    EVP_RAND_CTX *ctx = rand ? EVP_RAND_CTX_new(rand, NULL) : NULL;
    EVP_RAND_free(rand);
    return ctx;
}

/* Whatever was drawn before is forgotten. */
static bool fill(EVP_RAND_CTX *ctx, const uint8_t *octets)
{
    unsigned strength = STRENGTH;
    OSSL_PARAM params[] = {
        OSSL_PARAM_construct_uint(OSSL_RAND_PARAM_STRENGTH, &strength),
        OSSL_PARAM_construct_octet_string(OSSL_RAND_PARAM_TEST_ENTROPY,
                                          (void *)(uintptr_t)octets, CHANCE_LEN),
        OSSL_PARAM_construct_end(),
    };
    (void)EVP_RAND_uninstantiate(ctx);
    return EVP_RAND_instantiate(ctx, STRENGTH, 0, NULL, 0, params) == 1;
}

/* The thread owns the two when they are set; it frees them at its end. */
bool chance_lend(const uint8_t octets[CHANCE_LEN])
{
    static EVP_RAND_CTX *open_one, *secret_one;
    if (!open_one) {
        open_one = make();
        secret_one = make();
        if (!open_one || !secret_one || RAND_set0_public(NULL, open_one) != 1 ||
            RAND_set0_private(NULL, secret_one) != 1)
            return false;
    }
    return fill(open_one, octets) && fill(secret_one, octets);
}
