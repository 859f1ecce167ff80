/* The ENCR rows of the OpenSSL backend against published vectors and the oracle: messages and packets, both ways. */
#include "vectors.h"

#include <stdlib.h>

#include "encr_vectors.h"

struct example {
    struct secret encr_key, integ_key;
    struct cipher_keys keys;
    struct bytes iv, aad, plain, text, icv;
    uint8_t *buffer; /* of exact size */
};

static void read_example(struct example *e, const struct encr_vector *v)
{
    *e = (struct example){
        .encr_key = read_secret(v->key),
        .integ_key = read_secret(v->mac_key),
        .keys = {.encr = find_vector_row(v->row), .encr_key = &e->encr_key, .integ_key = &e->integ_key},
        .iv = hex(v->iv),
        .aad = hex(v->aad),
        .plain = hex(v->plain),
        .text = hex(v->text),
        .icv = hex(v->icv),
    };
    if (!(e->keys.encr->flags & ALG_AEAD))
        e->keys.integ = find_vector_row("sha256");
    assert_int_equal(e->icv.len, e->keys.integ ? e->keys.integ->out_len : e->keys.encr->out_len);
    e->buffer = malloc(e->plain.len ? e->plain.len : 1);
    assert_non_null(e->buffer);
}

static void free_example(struct example *e)
{
    const struct bytes all[] = {e->iv, e->aad, e->plain, e->text, e->icv};
    for (size_t i = 0; i < COUNT(all); i++)
        free_bytes(all[i]);
    free(e->buffer);
}

static void load(struct example *e, struct bytes from)
{
    if (from.len > 0)
        memcpy(e->buffer, from.at, from.len);
}

static void check_seal(struct crypto *crypto, struct example *e)
{
    uint8_t icv[ICV_LEN_MAX];
    load(e, e->plain);
    assert_int_equal(crypto->seal(crypto->self, &e->keys, e->aad, e->iv.at, e->buffer, e->plain.len, icv), CRYPTO_OK);
    assert_bytes_equal(bytes_make(e->buffer, e->plain.len), e->text);
    assert_bytes_equal(bytes_make(icv, e->icv.len), e->icv);
}

static void check_open(struct crypto *crypto, struct example *e)
{
    load(e, e->text);
    assert_int_equal(crypto->open(crypto->self, &e->keys, e->aad, e->iv.at, e->buffer, e->text.len, e->icv.at),
                     CRYPTO_OK);
    assert_bytes_equal(bytes_make(e->buffer, e->plain.len), e->plain);
}

/* The same message twice over one packet_cipher: the key schedule stays, nothing else does. */
static void check_packets(struct crypto *crypto, struct example *e)
{
    uint8_t icv[ICV_LEN_MAX];
    struct packet_cipher *seal = crypto->packet_new(crypto->self, &e->keys, true);
    struct packet_cipher *open = crypto->packet_new(crypto->self, &e->keys, false);
    assert_non_null(seal);
    assert_non_null(open);
    for (int again = 0; again < 2; again++) {
        load(e, e->plain);
        assert_int_equal(crypto->packet_seal(crypto->self, seal, e->aad, BYTES_NONE, e->iv.at, e->buffer, e->plain.len,
                                             icv),
                         CRYPTO_OK);
        assert_bytes_equal(bytes_make(e->buffer, e->plain.len), e->text);
        assert_bytes_equal(bytes_make(icv, e->icv.len), e->icv);
        assert_int_equal(crypto->packet_open(crypto->self, open, e->aad, BYTES_NONE, e->iv.at, e->buffer, e->text.len,
                                             icv),
                         CRYPTO_OK);
        assert_bytes_equal(bytes_make(e->buffer, e->plain.len), e->plain);
    }
    crypto->packet_free(crypto->self, seal);
    crypto->packet_free(crypto->self, open);
}

static void every_cipher_gives_the_known_answer(void **state)
{
    for (size_t i = 0; i < COUNT(encr_vectors); i++) {
        struct example e;
        read_example(&e, &encr_vectors[i]);
        check_seal(*state, &e);
        check_open(*state, &e);
        check_packets(*state, &e);
        free_example(&e);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_cipher_gives_the_known_answer),
    };
    return cmocka_run_group_tests(tests, make_backend, free_backend);
}
