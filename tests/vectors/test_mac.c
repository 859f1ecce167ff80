/* The PRF and INTEG rows of the OpenSSL backend against published vectors and the oracle. */
#include "vectors.h"

#include "integ_vectors.h"
#include "prf_vectors.h"

static void check_prf(struct crypto *crypto, const struct prf_vector *v, const struct bytes *parts, size_t count)
{
    const struct alg *prf = find_vector_row(v->row);
    struct bytes key = hex(v->key), output = hex(v->output);
    uint8_t out[PRF_LEN_MAX];
    assert_int_equal(output.len, prf->out_len);
    assert_int_equal(crypto->prf(crypto->self, prf, key, parts, count, out), CRYPTO_OK);
    assert_bytes_equal(bytes_make(out, prf->out_len), output);
    free_bytes(key);
    free_bytes(output);
}

static void every_prf_gives_the_known_answer(void **state)
{
    for (size_t i = 0; i < COUNT(prf_vectors); i++) {
        struct bytes message = hex(prf_vectors[i].message);
        check_prf(*state, &prf_vectors[i], &message, 1);
        free_bytes(message);
    }
}

/* prf(key, a | b | c) for every a and c up to two blocks of the digest, so that the cuts meet every block edge. */
static void how_the_input_is_cut_does_not_matter(void **state)
{
    for (size_t i = 0; i < COUNT(prf_vectors); i++) {
        struct bytes message = hex(prf_vectors[i].message);
        for (size_t cut = 0; cut <= message.len && cut < 260; cut++) {
            size_t second = cut + (message.len - cut) / 3;
            struct bytes parts[] = {
                {message.at, cut},
                BYTES_NONE,
                {message.at + cut, second - cut},
                {message.at + second, message.len - second},
            };
            check_prf(*state, &prf_vectors[i], parts, 4);
        }
        free_bytes(message);
    }
}

/* Counter mode without text: the MAC covers associated data | IV, and that is the message. */
static void every_integ_gives_the_known_answer(void **state)
{
    struct crypto *crypto = *state;
    for (size_t i = 0; i < COUNT(integ_vectors); i++) {
        const struct integ_vector *v = &integ_vectors[i];
        struct secret encr_key = {.len = 20}, integ_key = read_secret(v->key);
        struct cipher_keys keys = {
            .encr = find_vector_row("aes128ctr"),
            .integ = find_vector_row(v->row),
            .encr_key = &encr_key,
            .integ_key = &integ_key,
        };
        struct bytes message = hex(v->message), icv = hex(v->icv);
        struct bytes aad = bytes_make(message.at, message.len - 8);
        uint8_t text[1] = {0}, out[ICV_LEN_MAX];
        assert_int_equal(icv.len, keys.integ->out_len);
        assert_int_equal(crypto->seal(crypto->self, &keys, aad, message.at + aad.len, text, 0, out), CRYPTO_OK);
        assert_bytes_equal(bytes_make(out, icv.len), icv);
        free_bytes(message);
        free_bytes(icv);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_prf_gives_the_known_answer),
        cmocka_unit_test(how_the_input_is_cut_does_not_matter),
        cmocka_unit_test(every_integ_gives_the_known_answer),
    };
    return cmocka_run_group_tests(tests, make_backend, free_backend);
}
