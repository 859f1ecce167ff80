/*
 * ML-KEM of the OpenSSL backend: against the oracle's vectors, against the accumulated vectors of C2SP's CCTV
 * collection, and the input checks of FIPS 203 7.2 and 7.3 that draft-ietf-ipsecme-ikev2-mlkem demands.
 */
#include "vectors.h"

#include <openssl/core_names.h>
#include <openssl/evp.h>

#include "crypto/ossl_kex.h"
#include "mlkem_vectors.h"

enum {
    Q = 3329,
    SEED_LEN = 64,
    M_LEN = 32,
    SECRET_LEN = 32,
    DK_MAX = 3168,
};

static void check_secret(struct crypto *crypto, struct kex *kex, const char *answer, const char *secret)
{
    struct bytes ct = hex(answer), expected = hex(secret);
    struct shared_secret got;
    assert_int_equal(crypto->kex_finish(crypto->self, kex, ct, &got), CRYPTO_OK);
    assert_bytes_equal(shared_secret_view(&got), expected);
    free_bytes(ct);
    free_bytes(expected);
}

static void key_generation_and_decapsulation_give_the_known_answer(void **state)
{
    struct crypto *crypto = *state;
    for (size_t i = 0; i < COUNT(mlkem_vectors); i++) {
        const struct mlkem_vector *v = &mlkem_vectors[i];
        const struct alg *alg = find_vector_row(v->row);
        struct bytes seed = hex(v->seed), offer = hex(v->offer);
        uint8_t data[KEX_DATA_MAX];
        struct kex *kex = ossl_kex_import(ossl_crypto_group(crypto, alg), seed, BYTES_NONE);
        assert_non_null(kex);
        assert_int_equal(ossl_kex_public(kex, data), CRYPTO_OK);
        assert_bytes_equal(bytes_make(data, alg->offer_len), offer);
        check_secret(crypto, kex, v->answer, v->secret);
        check_secret(crypto, kex, v->flipped, v->flipped_secret); /* implicit rejection, FIPS 203 6.3 */
        crypto->kex_free(crypto->self, kex);
        free_bytes(seed);
        free_bytes(offer);
    }
}

static void encapsulation_gives_the_known_answer(void **state)
{
    struct crypto *crypto = *state;
    for (size_t i = 0; i < COUNT(mlkem_vectors); i++) {
        const struct mlkem_vector *v = &mlkem_vectors[i];
        const struct alg *alg = find_vector_row(v->row);
        struct bytes m = hex(v->m), offer = hex(v->offer), answer = hex(v->answer), secret = hex(v->secret);
        uint8_t data[KEX_DATA_MAX];
        struct shared_secret got;
        assert_int_equal(ossl_kex_answer_fixed(ossl_crypto_group(crypto, alg), m, offer, data, &got), CRYPTO_OK);
        assert_bytes_equal(bytes_make(data, alg->answer_len), answer);
        assert_bytes_equal(shared_secret_view(&got), secret);
        free_bytes(m);
        free_bytes(offer);
        free_bytes(answer);
        free_bytes(secret);
    }
}

/* ---- accumulated vectors ------------------------------------------------------------------------------------- */

static EVP_MD_CTX *new_shake128(void)
{
    EVP_MD_CTX *ctx = EVP_MD_CTX_new();
    assert_non_null(ctx);
    assert_int_equal(EVP_DigestInit_ex2(ctx, EVP_shake128(), NULL), 1);
    return ctx;
}

/* The expanded private key, which no other test looks at. */
static void add_private(EVP_MD_CTX *total, const char *type, struct bytes seed)
{
    uint8_t dk[DK_MAX];
    size_t len = 0;
    EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_name(NULL, type, NULL);
    EVP_PKEY *key = NULL;
    OSSL_PARAM params[] = {
        OSSL_PARAM_construct_octet_string(OSSL_PKEY_PARAM_ML_KEM_SEED, (void *)(uintptr_t)seed.at, seed.len),
        OSSL_PARAM_construct_end(),
    };
    assert_int_equal(EVP_PKEY_fromdata_init(ctx), 1);
    assert_int_equal(EVP_PKEY_fromdata(ctx, &key, EVP_PKEY_KEYPAIR, params), 1);
    assert_int_equal(EVP_PKEY_get_octet_string_param(key, OSSL_PKEY_PARAM_PRIV_KEY, dk, sizeof dk, &len), 1);
    assert_int_equal(EVP_DigestUpdate(total, dk, len), 1);
    EVP_PKEY_free(key);
    EVP_PKEY_CTX_free(ctx);
}

/* One round: key, encapsulation, decapsulation of it, and of a ciphertext that is noise. */
static void add_round(struct crypto *crypto, const struct alg *alg, const char *type, EVP_MD_CTX *random,
                      EVP_MD_CTX *total)
{
    uint8_t seed[SEED_LEN], m[M_LEN], noise[KEX_DATA_MAX], ek[KEX_DATA_MAX], ct[KEX_DATA_MAX];
    struct shared_secret theirs, ours;
    struct ossl_group *group = ossl_crypto_group(crypto, alg);
    assert_int_equal(EVP_DigestSqueeze(random, seed, sizeof seed), 1);
    assert_int_equal(EVP_DigestSqueeze(random, m, sizeof m), 1);
    assert_int_equal(EVP_DigestSqueeze(random, noise, alg->answer_len), 1);
    struct kex *kex = ossl_kex_import(group, BYTES_OF(seed), BYTES_NONE);
    assert_non_null(kex);
    assert_int_equal(ossl_kex_public(kex, ek), CRYPTO_OK);
    assert_int_equal(ossl_kex_answer_fixed(group, BYTES_OF(m), bytes_make(ek, alg->offer_len), ct, &theirs), CRYPTO_OK);
    assert_int_equal(crypto->kex_finish(crypto->self, kex, bytes_make(ct, alg->answer_len), &ours), CRYPTO_OK);
    assert_bytes_equal(shared_secret_view(&ours), shared_secret_view(&theirs));
    assert_int_equal(EVP_DigestUpdate(total, ek, alg->offer_len), 1);
    add_private(total, type, BYTES_OF(seed));
    assert_int_equal(EVP_DigestUpdate(total, ct, alg->answer_len), 1);
    assert_int_equal(EVP_DigestUpdate(total, theirs.data, SECRET_LEN), 1);
    assert_int_equal(crypto->kex_finish(crypto->self, kex, bytes_make(noise, alg->answer_len), &ours), CRYPTO_OK);
    assert_int_equal(EVP_DigestUpdate(total, ours.data, SECRET_LEN), 1);
    crypto->kex_free(crypto->self, kex);
}

/* C2SP/CCTV, ML-KEM/README.md, "Accumulated pq-crystals vectors": 10,000 rounds each. */
static void ten_thousand_random_cases_hash_to_the_published_value(void **state)
{
    static const struct {
        const char *row, *type, *hash;
    } sets[] = {
        {"mlkem512", "ML-KEM-512", "705dcffc87f4e67e35a09dcaa31772e86f3341bd3ccf1e78a5fef99ae6a35a13"},
        {"mlkem768", "ML-KEM-768", "f959d18d3d1180121433bf0e05f11e7908cf9d03edc150b2b07cb90bef5bc1c1"},
        {"mlkem1024", "ML-KEM-1024", "e3bf82b013307b2e9d47dde791ff6dfc82e694e6382404abdb948b908b75bad5"},
    };
    for (size_t i = 0; i < COUNT(sets); i++) {
        EVP_MD_CTX *random = new_shake128(), *total = new_shake128();
        for (int round = 0; round < 10000; round++)
            add_round(*state, find_vector_row(sets[i].row), sets[i].type, random, total);
        uint8_t hash[32];
        struct bytes expected = hex(sets[i].hash);
        assert_int_equal(EVP_DigestFinalXOF(total, hash, sizeof hash), 1);
        assert_bytes_equal(BYTES_OF(hash), expected);
        free_bytes(expected);
        EVP_MD_CTX_free(random);
        EVP_MD_CTX_free(total);
    }
}

/* ---- input checks -------------------------------------------------------------------------------------------- */

/* Put a 12-bit coefficient into an encapsulation key (FIPS 203, algorithm 5 with d = 12). */
static void set_coefficient(uint8_t *ek, size_t i, unsigned value)
{
    uint8_t *at = ek + i / 2 * 3;
    if (i % 2 == 0) {
        at[0] = (uint8_t)value;
        at[1] = (uint8_t)((at[1] & 0xf0) | value >> 8);
    } else {
        at[1] = (uint8_t)((at[1] & 0x0f) | (value & 0xf) << 4);
        at[2] = (uint8_t)(value >> 4);
    }
}

static enum crypto_result answer_changed(struct crypto *crypto, const struct alg *alg, const uint8_t *ek, size_t i,
                                         unsigned value)
{
    uint8_t changed[KEX_DATA_MAX], data[KEX_DATA_MAX];
    struct shared_secret secret;
    memcpy(changed, ek, alg->offer_len);
    set_coefficient(changed, i, value);
    return crypto->kex_answer(crypto->self, alg, bytes_make(changed, alg->offer_len), data, &secret);
}

/* FIPS 203 7.2, the modulus check: every place takes q - 1 and refuses q and 4095; one place refuses all between. */
static void a_coefficient_of_q_or_more_is_refused_wherever_it_stands(void **state)
{
    struct crypto *crypto = *state;
    for (size_t v = 0; v < COUNT(mlkem_vectors); v++) {
        const struct alg *alg = find_vector_row(mlkem_vectors[v].row);
        struct bytes ek = hex(mlkem_vectors[v].offer);
        size_t octets = alg->offer_len - 32u, count = octets / 3 * 2; /* without the seed of the matrix */
        for (size_t i = 0; i < count; i++) {
            assert_int_equal(answer_changed(crypto, alg, ek.at, i, Q), CRYPTO_BAD);
            assert_int_equal(answer_changed(crypto, alg, ek.at, i, 4095), CRYPTO_BAD);
            if (i % 16 == 0)
                assert_int_equal(answer_changed(crypto, alg, ek.at, i, Q - 1), CRYPTO_OK);
        }
        for (unsigned value = Q; value < 4096; value++)
            assert_int_equal(answer_changed(crypto, alg, ek.at, 77, value), CRYPTO_BAD);
        free_bytes(ek);
    }
}

static void a_flipped_bit_in_the_answer_gives_another_secret(void **state)
{
    struct crypto *crypto = *state;
    for (uint16_t id = 35; id <= 37; id++) {
        const struct alg *alg = alg_find(ALG_TYPE_KE, id, 0);
        uint8_t offer[KEX_DATA_MAX], answer[KEX_DATA_MAX];
        struct shared_secret theirs, ours;
        struct kex *kex;
        assert_int_equal(crypto->kex_offer(crypto->self, alg, &kex, offer), CRYPTO_OK);
        assert_int_equal(crypto->kex_answer(crypto->self, alg, bytes_make(offer, alg->offer_len), answer, &theirs),
                         CRYPTO_OK);
        struct bytes view = bytes_make(answer, alg->answer_len);
        for (size_t i = 0; i < alg->answer_len; i += 7) {
            answer[i] ^= (uint8_t)(1u << i % 8);
            assert_int_equal(crypto->kex_finish(crypto->self, kex, view, &ours), CRYPTO_OK);
            assert_int_equal(ours.len, SECRET_LEN);
            assert_memory_not_equal(ours.data, theirs.data, SECRET_LEN);
            answer[i] ^= (uint8_t)(1u << i % 8);
        }
        assert_int_equal(crypto->kex_finish(crypto->self, kex, view, &ours), CRYPTO_OK);
        assert_bytes_equal(shared_secret_view(&ours), shared_secret_view(&theirs));
        crypto->kex_free(crypto->self, kex);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(key_generation_and_decapsulation_give_the_known_answer),
        cmocka_unit_test(encapsulation_gives_the_known_answer),
        cmocka_unit_test(ten_thousand_random_cases_hash_to_the_published_value),
        cmocka_unit_test(a_coefficient_of_q_or_more_is_refused_wherever_it_stands),
        cmocka_unit_test(a_flipped_bit_in_the_answer_gives_another_secret),
    };
    return cmocka_run_group_tests(tests, make_backend, free_backend);
}
