/*
 * keys: lengths, limits, failures and wiping of the key derivation. That the values are right is the business of
 * tests/vectors/test_kdf.c, with an independent oracle.
 */
#include "../support/unit.h"

#include "crypto/toy.h"
#include "ike/keys.h"
#include "wire/message.h"

static struct memory heap;
static struct toy_crypto toy;
static struct crypto flaky; /* toy, but its PRF fails at a given call */
static int prf_calls, prf_fails_at;
static struct ike_suite gcm, cbc;

static enum crypto_result flaky_prf(void *self, const struct alg *alg, struct bytes key,
                                    const struct bytes *parts, size_t count, uint8_t *out)
{
    if (++prf_calls == prf_fails_at)
        return CRYPTO_FAULT;
    return toy.crypto.prf(self, alg, key, parts, count, out);
}

static int start(void **state)
{
    (void)state;
    memory_make(&heap);
    toy_crypto_init(&toy, &heap.alloc, 1);
    flaky = toy.crypto;
    flaky.prf = flaky_prf;
    prf_calls = prf_fails_at = 0;
    gcm = (struct ike_suite){alg_find(TRANSFORM_ENCR, 20, 256), alg_find(TRANSFORM_PRF, 5, 0), NULL};
    cbc = (struct ike_suite){alg_find(TRANSFORM_ENCR, 12, 128), alg_find(TRANSFORM_PRF, 6, 0),
                             alg_find(TRANSFORM_INTEG, 13, 0)};
    return 0;
}

static const uint8_t NI[32] = {1}, NR[32] = {2};
static const struct ike_seed SEED = {{NI, 32}, {NR, 32}, 3, 4};
static const struct shared_secret SK = {32, {5}}, SK_1 = {66, {6}};
static const struct secret SK_D = {32, {7}};

static bool is_zero(const void *at, size_t len)
{
    for (size_t i = 0; i < len; i++)
        if (((const uint8_t *)at)[i] != 0)
            return false;
    return true;
}

static void an_aead_has_a_salt_and_no_integrity_key(void **state)
{
    (void)state;
    struct ike_keys k;
    assert_int_equal(keys_first(&toy.crypto, &gcm, &SEED, &SK, &k), CRYPTO_OK);
    assert_int_equal(k.ei.len, 36);
    assert_int_equal(k.er.len, 36);
    assert_int_equal(k.ai.len, 0);
    assert_int_equal(k.ar.len, 0);
    assert_int_equal(k.d.len, 32);
    assert_int_equal(k.pi.len, 32);
    assert_int_equal(k.pr.len, 32);
}

static void a_cipher_with_hmac_has_both_keys(void **state)
{
    (void)state;
    struct ike_keys k;
    assert_int_equal(keys_first(&toy.crypto, &cbc, &SEED, &SK, &k), CRYPTO_OK);
    assert_int_equal(k.ei.len, 16);
    assert_int_equal(k.ai.len, 48);
    assert_int_equal(k.d.len, 48);
}

static void prf_plus_ends_at_255_blocks(void **state)
{
    (void)state;
    static uint8_t out[256 * 32];
    const struct bytes seed = BYTES_LIT("seed");
    assert_int_equal(prf_plus(&flaky, gcm.prf, BYTES_LIT("key"), &seed, 1, out, (size_t)255 * 32), CRYPTO_OK);
    assert_int_equal(prf_calls, 255);
    assert_int_equal(prf_plus(&flaky, gcm.prf, BYTES_LIT("key"), &seed, 1, out, (size_t)255 * 32 + 1), CRYPTO_FAULT);
    assert_int_equal(prf_calls, 255);
    assert_int_equal(prf_plus(&flaky, gcm.prf, BYTES_LIT("key"), &seed, 1, out, 0), CRYPTO_OK);
    assert_int_equal(prf_calls, 255);
}

static void a_shorter_output_is_a_prefix_of_a_longer_one(void **state)
{
    (void)state;
    uint8_t longest[200], out[200];
    const struct bytes seed = BYTES_LIT("seed");
    prf_plus(&toy.crypto, gcm.prf, BYTES_LIT("key"), &seed, 1, longest, sizeof longest);
    for (size_t len = 0; len < sizeof out; len++) {
        memset(out, 0xee, sizeof out);
        assert_int_equal(prf_plus(&toy.crypto, gcm.prf, BYTES_LIT("key"), &seed, 1, out, len), CRYPTO_OK);
        assert_memory_equal(out, longest, len);
        assert_int_equal(out[len], 0xee);
    }
}

static void too_many_seed_parts_are_a_fault(void **state)
{
    (void)state;
    struct bytes parts[KEX_SLOTS + 3] = {{0}};
    uint8_t out[8];
    assert_int_equal(prf_plus(&toy.crypto, gcm.prf, BYTES_LIT("key"), parts, KEX_SLOTS + 3, out, 8),
                     CRYPTO_FAULT);
}

static void chaining_into_the_same_keys_works(void **state)
{
    (void)state;
    struct ike_keys before, apart, same;
    keys_first(&toy.crypto, &gcm, &SEED, &SK, &before);
    same = before;
    assert_int_equal(keys_chain(&toy.crypto, &gcm, &SEED, &before.d, &SK_1, &apart), CRYPTO_OK);
    assert_int_equal(keys_chain(&toy.crypto, &gcm, &SEED, &same.d, &SK_1, &same), CRYPTO_OK);
    assert_memory_equal(&apart, &same, sizeof same);
    assert_memory_not_equal(apart.d.data, before.d.data, 32);
}

static void a_rekeyed_ike_sa_needs_a_fresh_secret(void **state)
{
    (void)state;
    struct ike_keys k;
    assert_int_equal(keys_rekey(&toy.crypto, gcm.prf, &SK_D, &gcm, &SEED, NULL, 0, &k), CRYPTO_FAULT);
    assert_true(is_zero(&k, sizeof k));
}

static void more_secrets_than_slots_are_a_fault(void **state)
{
    (void)state;
    const struct shared_secret *many[KEX_SLOTS + 1];
    struct ike_keys k;
    struct child_keys child;
    for (int i = 0; i <= KEX_SLOTS; i++)
        many[i] = &SK;
    assert_int_equal(keys_rekey(&toy.crypto, gcm.prf, &SK_D, &gcm, &SEED, many, KEX_SLOTS, &k), CRYPTO_OK);
    assert_int_equal(keys_rekey(&toy.crypto, gcm.prf, &SK_D, &gcm, &SEED, many, KEX_SLOTS + 1, &k),
                     CRYPTO_FAULT);
    assert_int_equal(keys_child(&toy.crypto, gcm.prf, &SK_D, SEED.ni, SEED.nr, many, KEX_SLOTS + 1, gcm.encr,
                                NULL, &child),
                     CRYPTO_FAULT);
    assert_true(is_zero(&child, sizeof child));
}

static void child_keys_have_the_lengths_of_their_algorithms(void **state)
{
    (void)state;
    struct child_keys k;
    assert_int_equal(keys_child(&toy.crypto, gcm.prf, &SK_D, SEED.ni, SEED.nr, NULL, 0, gcm.encr, NULL, &k),
                     CRYPTO_OK);
    assert_int_equal(k.encr_i.len, 36);
    assert_int_equal(k.integ_i.len, 0);
    assert_int_equal(
        keys_child(&toy.crypto, gcm.prf, &SK_D, SEED.ni, SEED.nr, NULL, 0, cbc.encr, cbc.integ, &k),
        CRYPTO_OK);
    assert_int_equal(k.encr_r.len, 16);
    assert_int_equal(k.integ_r.len, 48);
    assert_memory_not_equal(k.encr_i.data, k.encr_r.data, 16);
}

static void a_ppk_changes_only_d_and_p(void **state)
{
    (void)state;
    struct ike_keys before, after;
    keys_first(&toy.crypto, &cbc, &SEED, &SK, &before);
    after = before;
    assert_int_equal(keys_mix_ppk(&toy.crypto, cbc.prf, BYTES_LIT("post-quantum pre-shared key"), &after),
                     CRYPTO_OK);
    assert_memory_equal(&after.ai, &before.ai, 4 * sizeof before.ai); /* ai ar ei er */
    assert_memory_not_equal(after.d.data, before.d.data, 48);
    assert_memory_not_equal(after.pi.data, before.pi.data, 48);
    assert_memory_not_equal(after.pr.data, before.pr.data, 48);
    assert_int_equal(after.d.len, 48);
}

static void nonces_longer_than_they_can_be_are_a_fault(void **state)
{
    (void)state;
    static const uint8_t large[NONCE_LEN_MAX + 1];
    struct ike_keys k;
    struct ike_seed seed = SEED;
    seed.nr = BYTES_OF(large);
    assert_int_equal(keys_first(&toy.crypto, &gcm, &seed, &SK, &k), CRYPTO_FAULT);
    seed.nr.len = NONCE_LEN_MAX;
    assert_int_equal(keys_first(&toy.crypto, &gcm, &seed, &SK, &k), CRYPTO_OK);
}

/* Whichever call of the PRF fails: the result says so, and nothing is left in the output. */
static void every_failure_wipes_the_output(void **state)
{
    (void)state;
    const struct shared_secret *const sk[] = {&SK, &SK_1};
    struct ike_keys k[4];
    struct child_keys child;
    int failures = 0;
    for (prf_fails_at = 1; prf_fails_at <= 12; prf_fails_at++) {
        memset(k, 0xee, sizeof k);
        memset(&child, 0xee, sizeof child);
        memset(&k[3], 0, sizeof k[3]);
        k[3].d.len = k[3].pi.len = k[3].pr.len = 32;
        enum crypto_result r[5];
        prf_calls = 0, r[0] = keys_first(&flaky, &gcm, &SEED, &SK, &k[0]);
        prf_calls = 0, r[1] = keys_chain(&flaky, &gcm, &SEED, &SK_D, &SK_1, &k[1]);
        prf_calls = 0, r[2] = keys_rekey(&flaky, gcm.prf, &SK_D, &gcm, &SEED, sk, 2, &k[2]);
        prf_calls = 0, r[3] = keys_mix_ppk(&flaky, gcm.prf, BYTES_LIT("ppk"), &k[3]);
        prf_calls = 0,
        r[4] = keys_child(&flaky, gcm.prf, &SK_D, SEED.ni, SEED.nr, sk, 2, gcm.encr, NULL, &child);
        for (int i = 0; i < 4; i++) {
            assert_true(r[i] == CRYPTO_OK || is_zero(&k[i], sizeof k[i]));
            failures += r[i] != CRYPTO_OK;
        }
        assert_true(r[4] == CRYPTO_OK || is_zero(&child, sizeof child));
        failures += r[4] != CRYPTO_OK;
    }
    /* SKEYSEED and six blocks for the first three, three single blocks, three blocks of KEYMAT */
    assert_int_equal(failures, 3 * 7 + 3 + 3);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(an_aead_has_a_salt_and_no_integrity_key, start),
        cmocka_unit_test_setup(a_cipher_with_hmac_has_both_keys, start),
        cmocka_unit_test_setup(prf_plus_ends_at_255_blocks, start),
        cmocka_unit_test_setup(a_shorter_output_is_a_prefix_of_a_longer_one, start),
        cmocka_unit_test_setup(too_many_seed_parts_are_a_fault, start),
        cmocka_unit_test_setup(chaining_into_the_same_keys_works, start),
        cmocka_unit_test_setup(a_rekeyed_ike_sa_needs_a_fresh_secret, start),
        cmocka_unit_test_setup(more_secrets_than_slots_are_a_fault, start),
        cmocka_unit_test_setup(child_keys_have_the_lengths_of_their_algorithms, start),
        cmocka_unit_test_setup(a_ppk_changes_only_d_and_p, start),
        cmocka_unit_test_setup(nonces_longer_than_they_can_be_are_a_fault, start),
        cmocka_unit_test_setup(every_failure_wipes_the_output, start),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
