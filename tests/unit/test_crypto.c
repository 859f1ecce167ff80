/*
 * crypto: what include/braid/crypto.h promises, held against both backends: OpenSSL's and the toy of the simulations.
 *
 * That the numbers are right is the business of tests/vectors; here they only have to be consistent, to depend on every
 * input, and to fail the way the contract says.
 */
#include "../support/unit.h"

#include <stdlib.h>

#include <openssl/err.h>

#include "crypto/alg.h"
#include "crypto/ossl.h"
#include "crypto/toy.h"

/* A function of the backend that is called `crypto` here. */
#define CALL(name, ...) crypto->name(crypto->self, __VA_ARGS__)

enum {
    TEXT_MAX = 300,
    AAD_LEN = 32,
};

/* A way to protect a message, with keys made up for it. */
struct suite {
    struct cipher_keys keys;
    struct secret encr_key, integ_key;
    size_t icv_len;
    uint8_t aad[AAD_LEN], iv[IV_LEN_MAX];
};

static struct dice dice = {1};

static void fill(uint8_t *at, size_t len)
{
    for (size_t i = 0; i < len; i++)
        at[i] = (uint8_t)dice_roll(&dice);
}

static void make_suite(struct suite *s, const struct alg *encr, const struct alg *integ)
{
    *s = (struct suite){
        .keys = {.encr = encr, .integ = integ, .encr_key = &s->encr_key, .integ_key = &s->integ_key},
        .encr_key.len = (uint8_t)(encr->key_len + encr->salt_len),
        .integ_key.len = integ ? (uint8_t)integ->key_len : 0,
        .icv_len = integ ? integ->out_len : encr->out_len,
    };
    fill(s->encr_key.data, s->encr_key.len);
    fill(s->integ_key.data, s->integ_key.len);
    fill(s->aad, sizeof s->aad);
    fill(s->iv, sizeof s->iv);
}

/* Calls `check` for every ENCR row with every INTEG row it goes with. */
static void for_each_suite(struct crypto *crypto, void (*check)(struct crypto *, struct suite *))
{
    struct suite suite;
    for (size_t e = 0; e < ALG_COUNT; e++) {
        const struct alg *encr = alg_at(e);
        if (encr->type != ALG_TYPE_ENCR)
            continue;
        if (encr->flags & ALG_AEAD) {
            make_suite(&suite, encr, NULL);
            check(crypto, &suite);
            continue;
        }
        for (size_t i = 0; i < ALG_COUNT; i++) {
            if (alg_at(i)->type != ALG_TYPE_INTEG)
                continue;
            make_suite(&suite, encr, alg_at(i));
            check(crypto, &suite);
        }
    }
}

static void for_each_kex(struct crypto *crypto, void (*check)(struct crypto *, const struct alg *))
{
    for (size_t i = 0; i < ALG_COUNT; i++) {
        if (alg_at(i)->type == ALG_TYPE_KE)
            check(crypto, alg_at(i));
    }
}

/* ---- rows, randomness, PRF ------------------------------------------------------------------------------ */

static void every_row_is_there(void **state)
{
    struct crypto *crypto = *state;
    for (size_t i = 0; i < ALG_COUNT; i++)
        assert_true(CALL(has, alg_at(i)));
}

static void random_octets_differ_each_time(void **state)
{
    struct crypto *crypto = *state;
    uint8_t a[32] = {0}, b[32] = {0};
    assert_true(CALL(random, a, sizeof a));
    assert_true(CALL(random, b, sizeof b));
    assert_memory_not_equal(a, b, sizeof a);
    assert_true(CALL(random, a, 0));
}

static void check_prf_depends_on_everything(struct crypto *crypto, const struct alg *prf)
{
    uint8_t key[70], message[150], first[PRF_LEN_MAX], other[PRF_LEN_MAX];
    fill(key, sizeof key);
    fill(message, sizeof message);
    struct bytes part = BYTES_OF(message);
    assert_int_equal(CALL(prf, prf, BYTES_OF(key), &part, 1, first), CRYPTO_OK);
    for (size_t i = 0; i < sizeof key; i++) {
        key[i] ^= 0x10;
        assert_int_equal(CALL(prf, prf, BYTES_OF(key), &part, 1, other), CRYPTO_OK);
        assert_memory_not_equal(first, other, prf->out_len);
        key[i] ^= 0x10;
    }
    for (size_t i = 0; i < sizeof message; i++) {
        message[i] ^= 0x01;
        assert_int_equal(CALL(prf, prf, BYTES_OF(key), &part, 1, other), CRYPTO_OK);
        assert_memory_not_equal(first, other, prf->out_len);
        message[i] ^= 0x01;
    }
    assert_int_equal(CALL(prf, prf, BYTES_OF(key), &part, 1, other), CRYPTO_OK);
    assert_memory_equal(first, other, prf->out_len);
    assert_int_equal(CALL(prf, prf, BYTES_NONE, NULL, 0, other), CRYPTO_OK);
}

static void a_prf_depends_on_every_octet_of_key_and_message(void **state)
{
    for (size_t i = 0; i < ALG_COUNT; i++) {
        if (alg_at(i)->type == ALG_TYPE_PRF)
            check_prf_depends_on_everything(*state, alg_at(i));
    }
}

static void a_prf_does_not_care_how_its_input_is_cut(void **state)
{
    struct crypto *crypto = *state;
    for (size_t i = 0; i < ALG_COUNT; i++) {
        const struct alg *prf = alg_at(i);
        if (prf->type != ALG_TYPE_PRF)
            continue;
        uint8_t message[150], whole[PRF_LEN_MAX], cut[PRF_LEN_MAX];
        fill(message, sizeof message);
        struct bytes all = BYTES_OF(message);
        assert_int_equal(CALL(prf, prf, BYTES_LIT("key"), &all, 1, whole), CRYPTO_OK);
        for (size_t at = 0; at <= sizeof message; at++) {
            struct bytes parts[] = {{message, at}, {message + at, sizeof message - at}};
            assert_int_equal(CALL(prf, prf, BYTES_LIT("key"), parts, 2, cut), CRYPTO_OK);
            assert_memory_equal(whole, cut, prf->out_len);
        }
    }
}

/* ---- sealing and opening -------------------------------------------------------------------------------- */

static void check_round_trip(struct crypto *crypto, struct suite *s)
{
    struct packet_cipher *sealing = CALL(packet_new, &s->keys, true);
    struct packet_cipher *opening = CALL(packet_new, &s->keys, false);
    assert_non_null(sealing);
    assert_non_null(opening);
    for (size_t len = 0; len <= TEXT_MAX; len += s->keys.encr->block_len) {
        struct bytes aad = bytes_make(s->aad, len % (AAD_LEN + 1));
        uint8_t plain[TEXT_MAX], icv[ICV_LEN_MAX], packet_icv[ICV_LEN_MAX];
        uint8_t *text = malloc(len ? len : 1), *packet = malloc(len ? len : 1); /* of exact size, for the sanitizer */
        assert_true(text && packet);
        fill(plain, len);
        fill(s->iv, sizeof s->iv);
        memcpy(text, plain, len);
        memcpy(packet, plain, len);
        assert_int_equal(CALL(seal, &s->keys, aad, s->iv, text, len, icv), CRYPTO_OK);
        assert_int_equal(CALL(packet_seal, sealing, aad, BYTES_NONE, s->iv, packet, len, packet_icv),
                         CRYPTO_OK);
        assert_memory_equal(text, packet, len);
        assert_memory_equal(icv, packet_icv, s->icv_len);
        if (len >= 16)
            assert_memory_not_equal(text, plain, len);
        assert_int_equal(CALL(open, &s->keys, aad, s->iv, text, len, icv), CRYPTO_OK);
        assert_int_equal(CALL(packet_open, opening, aad, BYTES_NONE, s->iv, packet, len, icv), CRYPTO_OK);
        assert_memory_equal(text, plain, len);
        assert_memory_equal(packet, plain, len);
        free(text);
        free(packet);
    }
    CALL(packet_free, sealing);
    CALL(packet_free, opening);
}

static void what_was_sealed_opens_at_every_length(void **state)
{
    for_each_suite(*state, check_round_trip);
}

/* A sealed message of which one octet can be changed. */
struct sealed {
    uint8_t aad[AAD_LEN], iv[IV_LEN_MAX], text[48], tail[4], icv[ICV_LEN_MAX];
};

static enum crypto_result open_copy(struct crypto *crypto, struct suite *s, struct packet_cipher *packet,
                                    const struct sealed *sealed, bool *is_clean)
{
    static const uint8_t zero[sizeof sealed->text];
    struct sealed copy = *sealed;
    struct bytes aad = BYTES_OF(copy.aad), tail = BYTES_OF(copy.tail);
    enum crypto_result result;
    if (packet)
        result = CALL(packet_open, packet, aad, tail, copy.iv, copy.text, sizeof copy.text, copy.icv);
    else
        result = CALL(open, &s->keys, aad, copy.iv, copy.text, sizeof copy.text, copy.icv);
    *is_clean = memcmp(copy.text, sealed->text, sizeof copy.text) == 0 || memcmp(copy.text, zero, sizeof zero) == 0;
    return result;
}

static void check_each_octet(struct crypto *crypto, struct suite *s, struct packet_cipher *packet,
                             struct sealed *sealed, uint8_t *part, size_t len)
{
    for (size_t i = 0; i < len; i++) {
        bool is_clean;
        part[i] ^= (uint8_t)(1u << i % 8);
        assert_int_equal(open_copy(crypto, s, packet, sealed, &is_clean), CRYPTO_BAD);
        assert_true(is_clean);
        part[i] ^= (uint8_t)(1u << i % 8);
    }
}

static void check_tampering(struct crypto *crypto, struct suite *s)
{
    struct packet_cipher *sealing = CALL(packet_new, &s->keys, true);
    struct packet_cipher *opening = CALL(packet_new, &s->keys, false);
    for (int way = 0; way < 2; way++) {
        struct packet_cipher *packet = way == 0 ? NULL : opening;
        struct sealed sealed;
        bool is_clean;
        fill((uint8_t *)&sealed, sizeof sealed);
        if (packet)
            assert_int_equal(CALL(packet_seal, sealing, BYTES_OF(sealed.aad), BYTES_OF(sealed.tail), sealed.iv,
                                  sealed.text, sizeof sealed.text, sealed.icv),
                             CRYPTO_OK);
        else
            assert_int_equal(CALL(seal, &s->keys, BYTES_OF(sealed.aad), sealed.iv, sealed.text,
                                  sizeof sealed.text, sealed.icv),
                             CRYPTO_OK);
        check_each_octet(crypto, s, packet, &sealed, sealed.aad, sizeof sealed.aad);
        check_each_octet(crypto, s, packet, &sealed, sealed.iv, s->keys.encr->iv_len);
        check_each_octet(crypto, s, packet, &sealed, sealed.text, sizeof sealed.text);
        check_each_octet(crypto, s, packet, &sealed, sealed.icv, s->icv_len);
        if (packet && s->keys.integ)
            check_each_octet(crypto, s, packet, &sealed, sealed.tail, sizeof sealed.tail);
        assert_int_equal(open_copy(crypto, s, packet, &sealed, &is_clean), CRYPTO_OK); /* nothing of it all stuck */
    }
    CALL(packet_free, sealing);
    CALL(packet_free, opening);
}

static void a_changed_bit_anywhere_is_refused_and_leaves_no_plaintext(void **state)
{
    for_each_suite(*state, check_tampering);
    assert_int_equal(ERR_peek_error(), 0);
}

static void an_aead_ignores_the_tail_and_a_mac_covers_it(void **state)
{
    struct crypto *crypto = *state;
    static const char *const rows[][2] = {{"aes256gcm16", NULL}, {"aes256", "sha256"}};
    for (size_t i = 0; i < 2; i++) {
        struct suite s;
        uint8_t text[16] = {0}, again[16] = {0}, icv[ICV_LEN_MAX], icv_again[ICV_LEN_MAX];
        const struct alg *integ = rows[i][1] ? alg_by_keyword(bytes_str(rows[i][1])) : NULL;
        make_suite(&s, alg_by_keyword(bytes_str(rows[i][0])), integ);
        struct packet_cipher *c = CALL(packet_new, &s.keys, true);
        struct bytes aad = BYTES_OF(s.aad);
        assert_int_equal(CALL(packet_seal, c, aad, BYTES_NONE, s.iv, text, 16, icv), CRYPTO_OK);
        assert_int_equal(CALL(packet_seal, c, aad, BYTES_LIT("esn!"), s.iv, again, 16, icv_again), CRYPTO_OK);
        assert_memory_equal(text, again, sizeof text);
        assert_int_equal(memcmp(icv, icv_again, s.icv_len) == 0, integ == NULL);
        CALL(packet_free, c);
    }
}

static void check_odd_text(struct crypto *crypto, struct suite *s)
{
    if (s->keys.encr->block_len == 1)
        return;
    uint8_t text[17] = {0}, icv[ICV_LEN_MAX] = {0};
    assert_int_equal(CALL(seal, &s->keys, BYTES_NONE, s->iv, text, 17, icv), CRYPTO_FAULT);
    assert_int_equal(CALL(open, &s->keys, BYTES_NONE, s->iv, text, 17, icv), CRYPTO_BAD);
    assert_int_equal(CALL(open, &s->keys, BYTES_NONE, s->iv, text, 0, icv), CRYPTO_BAD);
}

static void text_that_is_not_whole_blocks_is_a_fault_to_seal_and_bad_to_open(void **state)
{
    for_each_suite(*state, check_odd_text);
}

static void check_wrong_keys(struct crypto *crypto, struct suite *s)
{
    uint8_t text[16] = {0}, icv[ICV_LEN_MAX] = {0};
    s->encr_key.len--;
    assert_int_equal(CALL(seal, &s->keys, BYTES_NONE, s->iv, text, 16, icv), CRYPTO_FAULT);
    assert_int_equal(CALL(open, &s->keys, BYTES_NONE, s->iv, text, 16, icv), CRYPTO_FAULT);
    assert_null(CALL(packet_new, &s->keys, true));
    s->encr_key.len++;
    if (!s->keys.integ)
        return;
    s->integ_key.len--;
    assert_int_equal(CALL(seal, &s->keys, BYTES_NONE, s->iv, text, 16, icv), CRYPTO_FAULT);
    assert_null(CALL(packet_new, &s->keys, false));
    s->integ_key.len++;
    s->keys.integ = NULL;
    assert_int_equal(CALL(seal, &s->keys, BYTES_NONE, s->iv, text, 16, icv), CRYPTO_FAULT);
    assert_null(CALL(packet_new, &s->keys, true));
}

static void keys_of_a_wrong_length_are_a_fault(void **state)
{
    for_each_suite(*state, check_wrong_keys);
    assert_int_equal(ERR_peek_error(), 0);
}

/* Two SAs take turns on the shared contexts, one direction each: each sees what it would see alone. */
static void messages_of_two_sas_do_not_disturb_each_other(void **state)
{
    struct crypto *crypto = *state;
    struct suite a, b;
    make_suite(&a, alg_by_keyword(BYTES_LIT("aes128")), alg_by_keyword(BYTES_LIT("aesxcbc")));
    make_suite(&b, alg_by_keyword(BYTES_LIT("aes128")), alg_by_keyword(BYTES_LIT("aesxcbc")));
    for (int i = 0; i < 20; i++) {
        struct suite *s = i % 3 == 0 ? &a : &b, *other = i % 3 == 0 ? &b : &a;
        uint8_t text[32] = {0}, noise[32] = {0}, icv[ICV_LEN_MAX], noise_icv[ICV_LEN_MAX];
        static const uint8_t zero[32];
        assert_int_equal(CALL(seal, &s->keys, BYTES_OF(s->aad), s->iv, text, 32, icv), CRYPTO_OK);
        assert_int_equal(CALL(seal, &other->keys, BYTES_OF(s->aad), s->iv, noise, 32, noise_icv), CRYPTO_OK);
        assert_int_equal(CALL(open, &other->keys, BYTES_OF(s->aad), s->iv, noise, 32, icv), CRYPTO_BAD);
        assert_int_equal(CALL(open, &s->keys, BYTES_OF(s->aad), s->iv, text, 32, icv), CRYPTO_OK);
        assert_memory_equal(text, zero, sizeof text);
    }
}

/* ---- key exchange --------------------------------------------------------------------------------------- */

static void check_agreement(struct crypto *crypto, const struct alg *alg)
{
    uint8_t offer[2][KEX_DATA_MAX], answer[2][KEX_DATA_MAX];
    struct shared_secret theirs[2], ours[2];
    for (int i = 0; i < 2; i++) {
        struct kex *kex;
        assert_int_equal(CALL(kex_offer, alg, &kex, offer[i]), CRYPTO_OK);
        assert_int_equal(CALL(kex_answer, alg, bytes_make(offer[i], alg->offer_len), answer[i], &theirs[i]),
                         CRYPTO_OK);
        assert_int_equal(CALL(kex_finish, kex, bytes_make(answer[i], alg->answer_len), &ours[i]), CRYPTO_OK);
        CALL(kex_free, kex);
        assert_int_equal(ours[i].len, alg->key_len);
        assert_bytes_equal(shared_secret_view(&ours[i]), shared_secret_view(&theirs[i]));
    }
    assert_memory_not_equal(offer[0], offer[1], alg->offer_len);
    assert_memory_not_equal(answer[0], answer[1], alg->answer_len);
    assert_memory_not_equal(ours[0].data, ours[1].data, alg->key_len);
}

static void both_sides_agree_and_no_key_is_used_twice(void **state)
{
    for_each_kex(*state, check_agreement);
    struct crypto *crypto = *state;
    CALL(kex_free, NULL);
    CALL(packet_free, NULL);
}

/* An offer and an answer of `len` octets: values of the right kind, cut or lengthened. */
static void check_length(struct crypto *crypto, const struct alg *alg, const uint8_t *offer, struct kex *kex,
                         const uint8_t *answer, size_t len)
{
    static const uint8_t zero[KEX_DATA_MAX];
    static const struct shared_secret none;
    uint8_t data[KEX_DATA_MAX] = {0};
    struct shared_secret secret = {0};
    if (len != alg->offer_len) {
        struct bytes view = exact(bytes_make(offer, len));
        assert_int_equal(CALL(kex_answer, alg, view, data, &secret), CRYPTO_BAD);
        free_bytes(view);
    }
    if (len != alg->answer_len) {
        struct bytes view = exact(bytes_make(answer, len));
        assert_int_equal(CALL(kex_finish, kex, view, &secret), CRYPTO_BAD);
        free_bytes(view);
    }
    assert_memory_equal(data, zero, sizeof data);
    assert_memory_equal(&secret, &none, sizeof secret);
}

static void check_lengths(struct crypto *crypto, const struct alg *alg)
{
    uint8_t offer[KEX_DATA_MAX + 1] = {0}, answer[KEX_DATA_MAX + 1] = {0};
    struct shared_secret secret;
    struct kex *kex;
    assert_int_equal(CALL(kex_offer, alg, &kex, offer), CRYPTO_OK);
    assert_int_equal(CALL(kex_answer, alg, bytes_make(offer, alg->offer_len), answer, &secret), CRYPTO_OK);
    const size_t lens[] = {0, 1, alg->offer_len - 1u, alg->offer_len + 1u, alg->answer_len - 1u, alg->answer_len + 1u};
    for (size_t i = 0; i < sizeof lens / sizeof lens[0]; i++)
        check_length(crypto, alg, offer, kex, answer, lens[i]);
    for (size_t i = 0; i < ALG_COUNT; i++) {
        if (alg_at(i)->type != ALG_TYPE_KE)
            continue;
        check_length(crypto, alg, offer, kex, answer, alg_at(i)->offer_len);
        check_length(crypto, alg, offer, kex, answer, alg_at(i)->answer_len);
    }
    CALL(kex_free, kex);
}

static void key_exchange_data_of_a_wrong_length_is_refused(void **state)
{
    for_each_kex(*state, check_lengths);
    assert_int_equal(ERR_peek_error(), 0);
}

/* Every octet of the answer matters. The highest bit of X25519 does not (RFC 7748 5), so bit 0 is flipped. */
static void check_changed_answer(struct crypto *crypto, const struct alg *alg)
{
    uint8_t offer[KEX_DATA_MAX], answer[KEX_DATA_MAX];
    struct shared_secret theirs, ours;
    struct kex *kex;
    assert_int_equal(CALL(kex_offer, alg, &kex, offer), CRYPTO_OK);
    assert_int_equal(CALL(kex_answer, alg, bytes_make(offer, alg->offer_len), answer, &theirs), CRYPTO_OK);
    for (size_t i = 0; i < alg->answer_len; i += 1u + alg->answer_len / 16) {
        answer[i] ^= 1;
        enum crypto_result result =
            CALL(kex_finish, kex, bytes_make(answer, alg->answer_len), &ours);
        if (result == CRYPTO_OK)
            assert_memory_not_equal(ours.data, theirs.data, alg->key_len);
        else
            assert_int_equal(result, CRYPTO_BAD);
        if (alg->flags & ALG_KEM)
            assert_int_equal(result, CRYPTO_OK); /* implicit rejection */
        answer[i] ^= 1;
    }
    CALL(kex_free, kex);
}

static void a_changed_answer_is_refused_or_gives_another_secret(void **state)
{
    for_each_kex(*state, check_changed_answer);
    assert_int_equal(ERR_peek_error(), 0);
}

/* ---- the toy alone -------------------------------------------------------------------------------------- */

static void toys_of_one_seed_live_in_one_world(void **state)
{
    (void)state;
    struct memory memory;
    struct toy_crypto a, b, c;
    uint8_t from_a[40], from_b[40], from_c[40];
    memory_make(&memory);
    toy_crypto_init(&a, &memory.alloc, 7);
    toy_crypto_init(&b, &memory.alloc, 7);
    toy_crypto_init(&c, &memory.alloc, 8);
    a.crypto.random(a.crypto.self, from_a, sizeof from_a);
    b.crypto.random(b.crypto.self, from_b, sizeof from_b);
    c.crypto.random(c.crypto.self, from_c, sizeof from_c);
    assert_memory_equal(from_a, from_b, sizeof from_a);
    assert_memory_not_equal(from_a, from_c, sizeof from_a);
}

static void a_toy_kem_refuses_an_offer_with_a_flipped_bit(void **state)
{
    struct crypto *crypto = *state;
    const struct alg *alg = alg_by_keyword(BYTES_LIT("mlkem768"));
    uint8_t offer[KEX_DATA_MAX], answer[KEX_DATA_MAX];
    struct shared_secret secret;
    struct kex *kex;
    assert_int_equal(CALL(kex_offer, alg, &kex, offer), CRYPTO_OK);
    for (size_t i = 0; i < alg->offer_len; i++) {
        offer[i] ^= (uint8_t)(1u << i % 8);
        assert_int_equal(CALL(kex_answer, alg, bytes_make(offer, alg->offer_len), answer, &secret),
                         CRYPTO_BAD);
        offer[i] ^= (uint8_t)(1u << i % 8);
    }
    CALL(kex_free, kex);
}

static void a_toy_without_memory_says_so(void **state)
{
    (void)state;
    struct memory memory;
    struct toy_crypto toy;
    struct suite s;
    struct kex *kex;
    uint8_t data[KEX_DATA_MAX];
    memory_make(&memory);
    memory.fail_at = 1;
    toy_crypto_init(&toy, &memory.alloc, 1);
    make_suite(&s, alg_by_keyword(BYTES_LIT("aes256gcm16")), NULL);
    assert_int_equal(toy.crypto.kex_offer(&toy, alg_by_keyword(BYTES_LIT("x25519")), &kex, data), CRYPTO_FAULT);
    assert_null(toy.crypto.packet_new(&toy, &s.keys, true));
    memory_check(&memory);
}

/* ---- backends ------------------------------------------------------------------------------------------- */

static int make_ossl(void **state)
{
    *state = ossl_crypto_new();
    return *state ? 0 : -1;
}

static int free_ossl(void **state)
{
    ossl_crypto_free(*state);
    ossl_crypto_free(NULL);
    return 0;
}

struct toy_world {
    struct memory memory;
    struct toy_crypto toy;
};

static struct toy_world world;

static int make_toy(void **state)
{
    memory_make(&world.memory);
    toy_crypto_init(&world.toy, &world.memory.alloc, 1);
    *state = &world.toy.crypto;
    return 0;
}

static int free_toy(void **state)
{
    (void)state;
    memory_check(&world.memory);
    return 0;
}

#define EVERY_BACKEND \
    cmocka_unit_test(every_row_is_there), \
        cmocka_unit_test(random_octets_differ_each_time), \
        cmocka_unit_test(a_prf_depends_on_every_octet_of_key_and_message), \
        cmocka_unit_test(a_prf_does_not_care_how_its_input_is_cut), \
        cmocka_unit_test(what_was_sealed_opens_at_every_length), \
        cmocka_unit_test(a_changed_bit_anywhere_is_refused_and_leaves_no_plaintext), \
        cmocka_unit_test(an_aead_ignores_the_tail_and_a_mac_covers_it), \
        cmocka_unit_test(text_that_is_not_whole_blocks_is_a_fault_to_seal_and_bad_to_open), \
        cmocka_unit_test(keys_of_a_wrong_length_are_a_fault), \
        cmocka_unit_test(messages_of_two_sas_do_not_disturb_each_other), \
        cmocka_unit_test(both_sides_agree_and_no_key_is_used_twice), \
        cmocka_unit_test(key_exchange_data_of_a_wrong_length_is_refused), \
        cmocka_unit_test(a_changed_answer_is_refused_or_gives_another_secret)

int main(void)
{
    const struct CMUnitTest ossl[] = {EVERY_BACKEND};
    const struct CMUnitTest toy[] = {
        EVERY_BACKEND,
        cmocka_unit_test(toys_of_one_seed_live_in_one_world),
        cmocka_unit_test(a_toy_kem_refuses_an_offer_with_a_flipped_bit),
        cmocka_unit_test(a_toy_without_memory_says_so),
    };
    int failed = cmocka_run_group_tests(ossl, make_ossl, free_ossl);
    return failed + cmocka_run_group_tests(toy, make_toy, free_toy);
}
