/*
 * The Diffie-Hellman rows of the OpenSSL backend against published vectors and the oracle, and the values a peer may
 * not send: RFC 6989 2, RFC 8031 4.
 *
 * Private keys go in through ossl_kex_import, because the promise of braid/crypto.h has no way to fix them.
 */
#include "vectors.h"

#include <stdlib.h>

#include "crypto/ossl_kex.h"
#include "kex_vectors.h"

static void check_side(struct crypto *crypto, const struct alg *alg, const char *private_key, const char *public_value,
                       const char *peer, const char *secret)
{
    struct bytes ours = hex(private_key), our_public = hex(public_value), theirs = hex(peer), expected = hex(secret);
    uint8_t data[KEX_DATA_MAX];
    struct shared_secret got;
    assert_int_equal(our_public.len, alg->offer_len);
    assert_int_equal(expected.len, alg->key_len);
    struct kex *state = ossl_kex_import(ossl_crypto_group(crypto, alg), ours, our_public);
    assert_non_null(state);
    assert_int_equal(ossl_kex_public(state, data), CRYPTO_OK);
    assert_bytes_equal(bytes_make(data, alg->offer_len), our_public);
    assert_int_equal(crypto->kex_finish(crypto->self, state, theirs, &got), CRYPTO_OK);
    assert_bytes_equal(shared_secret_view(&got), expected);
    crypto->kex_free(crypto->self, state);
    free_bytes(ours);
    free_bytes(our_public);
    free_bytes(theirs);
    free_bytes(expected);
}

static void both_sides_reach_the_known_secret(void **state)
{
    for (size_t i = 0; i < COUNT(kex_vectors); i++) {
        const struct kex_vector *v = &kex_vectors[i];
        const struct alg *alg = find_vector_row(v->row);
        check_side(*state, alg, v->private_i, v->public_i, v->public_r, v->secret);
        check_side(*state, alg, v->private_r, v->public_r, v->public_i, v->secret);
    }
}

/* The value is refused by whoever gets it, asking side or answering side, and no output is left. */
static void check_refused(struct crypto *crypto, const struct alg *alg, struct bytes value)
{
    uint8_t data[KEX_DATA_MAX] = {0};
    static const uint8_t zero[KEX_DATA_MAX];
    static const struct shared_secret none;
    struct shared_secret secret = {0};
    struct kex *kex;
    assert_int_equal(crypto->kex_answer(crypto->self, alg, value, data, &secret), CRYPTO_BAD);
    assert_memory_equal(data, zero, sizeof data);
    assert_memory_equal(&secret, &none, sizeof secret);
    assert_int_equal(crypto->kex_offer(crypto->self, alg, &kex, data), CRYPTO_OK);
    assert_int_equal(crypto->kex_finish(crypto->self, kex, value, &secret), CRYPTO_BAD);
    assert_memory_equal(&secret, &none, sizeof secret);
    crypto->kex_free(crypto->self, kex);
}

static void check_hex_refused(struct crypto *crypto, const char *keyword, const char *value)
{
    struct bytes b = hex(value);
    assert_int_equal(b.len, find_vector_row(keyword)->offer_len); /* it must not be refused for its length */
    check_refused(crypto, find_vector_row(keyword), b);
    free_bytes(b);
}

/* p is 2^n - 2^(n-64) - ... - 1: read it from the group itself, whose secrets the vectors above have proved right. */
static struct bytes read_prime(struct crypto *crypto, const struct alg *alg)
{
    uint8_t *p = malloc(alg->offer_len);
    assert_non_null(p);
    memcpy(p, ossl_crypto_group(crypto, alg)->range_end, alg->offer_len);
    p[alg->offer_len - 1] |= 1;
    return bytes_make(p, alg->offer_len);
}

static void check_number_refused(struct crypto *crypto, const struct alg *alg, struct bytes prime, int offset)
{
    uint8_t y[SHARED_SECRET_MAX];
    memcpy(y, prime.at, prime.len);
    int carry = offset;
    for (size_t i = prime.len; i-- > 0 && carry != 0;) {
        carry += y[i];
        y[i] = (uint8_t)carry;
        carry >>= 8;
    }
    check_refused(crypto, alg, bytes_make(y, prime.len));
}

static void modp_values_outside_2_to_p_minus_2_are_refused(void **state)
{
    for (uint16_t id = 14; id <= 18; id++) {
        const struct alg *alg = alg_find(ALG_TYPE_KE, id, 0);
        struct bytes prime = read_prime(*state, alg);
        uint8_t value[SHARED_SECRET_MAX] = {0};
        check_refused(*state, alg, bytes_make(value, alg->offer_len));
        value[alg->offer_len - 1] = 1;
        check_refused(*state, alg, bytes_make(value, alg->offer_len));
        check_number_refused(*state, alg, prime, -1);
        check_number_refused(*state, alg, prime, 0);
        check_number_refused(*state, alg, prime, 1);
        memset(value, 0xff, sizeof value);
        check_refused(*state, alg, bytes_make(value, alg->offer_len));
        free_bytes(prime);
    }
}

static void modp_values_at_the_edges_are_taken(void **state)
{
    struct crypto *crypto = *state;
    const struct alg *alg = alg_find(ALG_TYPE_KE, 14, 0);
    uint8_t value[SHARED_SECRET_MAX] = {0}, data[KEX_DATA_MAX];
    struct shared_secret secret;
    struct bytes prime = read_prime(crypto, alg);
    struct bytes view = bytes_make(value, alg->offer_len);
    value[view.len - 1] = 2;
    assert_int_equal(crypto->kex_answer(crypto->self, alg, view, data, &secret), CRYPTO_OK);
    memcpy(value, prime.at, prime.len);
    value[view.len - 1] -= 2;
    assert_int_equal(crypto->kex_answer(crypto->self, alg, view, data, &secret), CRYPTO_OK);
    free_bytes(prime);
}

static const char *const curves[] = {"ecp256", "ecp384", "ecp521", "ecp256bp", "ecp384bp", "ecp512bp"};

static void points_that_are_not_on_the_curve_are_refused(void **state)
{
    for (size_t i = 0; i < COUNT(kex_vectors); i++) {
        const struct alg *alg = find_vector_row(kex_vectors[i].row);
        if (alg->id < 19 || alg->id > 30)
            continue;
        struct bytes point = hex(kex_vectors[i].public_i);
        uint8_t *octets = (uint8_t *)(uintptr_t)point.at;
        const size_t spots[] = {point.len / 4, point.len * 3 / 4, point.len - 1}; /* amid x, amid y, the end of y */
        for (size_t s = 0; s < COUNT(spots); s++) {
            octets[spots[s]] ^= 1;
            check_refused(*state, alg, point);
            octets[spots[s]] ^= 1;
        }
        free_bytes(point);
    }
}

/* Infinity has no affine form; its usual stand-in, zeros, is on none of these curves. */
static void zeros_and_coordinates_beyond_p_are_refused(void **state)
{
    for (size_t i = 0; i < COUNT(curves); i++) {
        const struct alg *alg = find_vector_row(curves[i]);
        uint8_t value[132] = {0};
        check_refused(*state, alg, bytes_make(value, alg->offer_len));
        memset(value, 0xff, sizeof value);
        check_refused(*state, alg, bytes_make(value, alg->offer_len));
    }
}

/* x + p is another way to write x, and P-521 has room for it: (x - 1) + 2^521. */
static void coordinates_that_are_not_reduced_are_refused(void **state)
{
    const struct alg *alg = find_vector_row("ecp521");
    for (size_t i = 0; i < COUNT(kex_vectors); i++) {
        if (strcmp(kex_vectors[i].row, alg->keyword) != 0)
            continue;
        struct bytes point = hex(kex_vectors[i].public_i);
        uint8_t *x = (uint8_t *)(uintptr_t)point.at;
        assert_int_not_equal(x[65], 0); /* so that there is nothing to borrow */
        x[65]--;
        x[0] += 2;
        check_refused(*state, alg, point);
        free_bytes(point);
    }
}

/* Points of order 1, 2, 4 and 8, reduced and not: the secret would be zero whatever our key is (RFC 7748 6, 7). */
static void small_order_points_are_refused(void **state)
{
    static const char *const x25519[] = {
        "0000000000000000000000000000000000000000000000000000000000000000",
        "0100000000000000000000000000000000000000000000000000000000000000",
        "e0eb7a7c3b41b8ae1656e3faf19fc46ada098deb9c32b1fd866205165f49b800",
        "5f9c95bca3508c24b1d0b1559c83ef5b04445cc4581c8e86d8224eddd09f1157",
        "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
        "edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
        "eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
        "e0eb7a7c3b41b8ae1656e3faf19fc46ada098deb9c32b1fd866205165f49b880",
        "0000000000000000000000000000000000000000000000000000000000000080",
    };
    static const char *const x448[] = {
        "00000000000000000000000000000000000000000000000000000000"
        "00000000000000000000000000000000000000000000000000000000",
        "01000000000000000000000000000000000000000000000000000000"
        "00000000000000000000000000000000000000000000000000000000",
        "feffffffffffffffffffffffffffffffffffffffffffffffffffffff"
        "feffffffffffffffffffffffffffffffffffffffffffffffffffffff",
        "ffffffffffffffffffffffffffffffffffffffffffffffffffffffff"
        "feffffffffffffffffffffffffffffffffffffffffffffffffffffff",
        "00000000000000000000000000000000000000000000000000000000"
        "ffffffffffffffffffffffffffffffffffffffffffffffffffffffff",
    };
    for (size_t i = 0; i < COUNT(x25519); i++)
        check_hex_refused(*state, "x25519", x25519[i]);
    for (size_t i = 0; i < COUNT(x448); i++)
        check_hex_refused(*state, "x448", x448[i]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(both_sides_reach_the_known_secret),
        cmocka_unit_test(modp_values_outside_2_to_p_minus_2_are_refused),
        cmocka_unit_test(modp_values_at_the_edges_are_taken),
        cmocka_unit_test(points_that_are_not_on_the_curve_are_refused),
        cmocka_unit_test(zeros_and_coordinates_beyond_p_are_refused),
        cmocka_unit_test(coordinates_that_are_not_reduced_are_refused),
        cmocka_unit_test(small_order_points_are_refused),
    };
    return cmocka_run_group_tests(tests, make_backend, free_backend);
}
