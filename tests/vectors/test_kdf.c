/*
 * kdf: src/ike/keys.c and src/ike/transcript.c against an independent oracle (oracle/kdf.py), through OpenSSL.
 *
 * The rows of kdf_vectors.inc are calls of the macros below, one kind of row per test. Behind them stand a few values
 * worked out by hand for the field's classic mistakes.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "crypto/ossl.h"
#include "ike/transcript.h"

enum { OCTETS_MAX = 2048 };

static struct crypto *crypto;

static int start(void **state)
{
    (void)state;
    crypto = ossl_crypto_new();
    return crypto ? 0 : -1;
}

static int stop(void **state)
{
    (void)state;
    ossl_crypto_free(crypto);
    return 0;
}

static void *heap_take(void *self, size_t len)
{
    (void)self;
    return malloc(len);
}

static void heap_give(void *self, void *at, size_t len)
{
    (void)self;
    (void)len;
    free(at);
}

static const struct alloc heap = {heap_take, heap_give, NULL};

/* ---- from hexadecimal digits to values ---- */

struct octets {
    size_t len;
    uint8_t at[OCTETS_MAX];
};

static unsigned digit(char c)
{
    return c <= '9' ? (unsigned)(c - '0') : (unsigned)(c - 'a') + 10;
}

static struct octets hex(const char *text)
{
    struct octets o = {.len = strlen(text) / 2};
    assert_true(o.len <= sizeof o.at);
    for (size_t i = 0; i < o.len; i++)
        o.at[i] = (uint8_t)(digit(text[2 * i]) << 4 | digit(text[2 * i + 1]));
    return o;
}

static struct bytes view(const struct octets *o)
{
    return (struct bytes){o->at, o->len};
}

static struct secret secret_of(const char *text)
{
    struct octets o = hex(text);
    struct secret s = {.len = (uint8_t)o.len};
    assert_true(o.len <= sizeof s.data);
    memcpy(s.data, o.at, o.len);
    return s;
}

static struct shared_secret shared_of(const char *text)
{
    struct octets o = hex(text);
    struct shared_secret s = {.len = (uint16_t)o.len};
    assert_true(o.len <= sizeof s.data);
    memcpy(s.data, o.at, o.len);
    return s;
}

static uint64_t spi_of(const char *text)
{
    struct octets o = hex(text);
    return get_u64(o.at);
}

static void assert_octets(struct bytes got, const char *wanted)
{
    struct octets o = hex(wanted);
    assert_int_equal(got.len, o.len);
    assert_memory_equal(got.at, o.at, o.len);
}

static const struct alg *prf_of(uint16_t id)
{
    const struct alg *prf = alg_find(TRANSFORM_PRF, id, 0);
    assert_non_null(prf);
    return prf;
}

static struct ike_suite suite_of(uint16_t encr, uint16_t bits, uint16_t integ, uint16_t prf)
{
    struct ike_suite s = {alg_find(TRANSFORM_ENCR, encr, bits), prf_of(prf),
                          integ ? alg_find(TRANSFORM_INTEG, integ, 0) : NULL};
    assert_non_null(s.encr);
    return s;
}

static const char *const key_names[] = {"SK_d", "SK_ai", "SK_ar", "SK_ei", "SK_er", "SK_pi", "SK_pr"};

static void assert_keys(const struct ike_keys *k, const char *const wanted[7])
{
    const struct secret *got[] = {&k->d, &k->ai, &k->ar, &k->ei, &k->er, &k->pi, &k->pr};
    for (int i = 0; i < 7; i++) {
        struct octets o = hex(wanted[i]);
        if (got[i]->len != o.len || memcmp(got[i]->data, o.at, o.len) != 0)
            fail_msg("%s is wrong", key_names[i]);
    }
}

/* Nonces and SPIs, and the octets behind them. */
struct inputs {
    struct octets ni, nr;
    struct ike_seed seed;
};

static void fill_inputs(struct inputs *in, const char *ni, const char *nr, const char *spi_i,
                        const char *spi_r)
{
    in->ni = hex(ni);
    in->nr = hex(nr);
    in->seed = (struct ike_seed){view(&in->ni), view(&in->nr), spi_of(spi_i), spi_of(spi_r)};
}

/* SK(0), SK(1), ... */
struct secrets {
    size_t count;
    struct shared_secret secret[KEX_SLOTS];
    const struct shared_secret *at[KEX_SLOTS];
};

static void fill_secrets(struct secrets *s, const char *const *text)
{
    for (s->count = 0; text[s->count]; s->count++) {
        s->secret[s->count] = shared_of(text[s->count]);
        s->at[s->count] = &s->secret[s->count];
    }
}

#define SECRETS(...) ((const char *const[]){__VA_ARGS__, NULL})
#define NO_SECRETS ((const char *const[]){NULL})

/* ---- one kind of row each ---- */

static unsigned rows;

static void check_first(struct ike_suite suite, const char *ni, const char *nr, const char *spi_i,
                        const char *spi_r, const char *sk0, const char *const wanted[7])
{
    struct inputs in;
    struct ike_keys keys;
    struct shared_secret sk = shared_of(sk0);
    fill_inputs(&in, ni, nr, spi_i, spi_r);
    assert_int_equal(keys_first(crypto, &suite, &in.seed, &sk, &keys), CRYPTO_OK);
    assert_keys(&keys, wanted);
    rows++;
}

static void check_chain(struct ike_suite suite, const char *ni, const char *nr, const char *spi_i,
                        const char *spi_r, const char *d, const char *skn, const char *const wanted[7])
{
    struct inputs in;
    struct ike_keys keys;
    struct secret before = secret_of(d);
    struct shared_secret sk = shared_of(skn);
    fill_inputs(&in, ni, nr, spi_i, spi_r);
    assert_int_equal(keys_chain(crypto, &suite, &in.seed, &before, &sk, &keys), CRYPTO_OK);
    assert_keys(&keys, wanted);
    rows++;
}

static void check_rekey(struct ike_suite suite, const char *ni, const char *nr, const char *spi_i,
                        const char *spi_r, uint16_t prf_old, const char *d, const char *const *sk,
                        const char *const wanted[7])
{
    struct inputs in;
    struct ike_keys keys;
    struct secrets secrets;
    struct secret d_old = secret_of(d);
    fill_inputs(&in, ni, nr, spi_i, spi_r);
    fill_secrets(&secrets, sk);
    assert_int_equal(
        keys_rekey(crypto, prf_of(prf_old), &d_old, &suite, &in.seed, secrets.at, secrets.count, &keys),
        CRYPTO_OK);
    assert_keys(&keys, wanted);
    rows++;
}

static void check_child(struct ike_suite suite, const char *d, const char *ni, const char *nr,
                        const char *const *sk, const char *encr_i, const char *integ_i, const char *encr_r,
                        const char *integ_r)
{
    struct octets i = hex(ni), r = hex(nr);
    struct secret key = secret_of(d);
    struct secrets secrets;
    struct child_keys keys;
    fill_secrets(&secrets, sk);
    assert_int_equal(keys_child(crypto, suite.prf, &key, view(&i), view(&r), secrets.at, secrets.count,
                                suite.encr, suite.integ, &keys),
                     CRYPTO_OK);
    assert_octets(secret_view(&keys.encr_i), encr_i);
    assert_octets(secret_view(&keys.integ_i), integ_i);
    assert_octets(secret_view(&keys.encr_r), encr_r);
    assert_octets(secret_view(&keys.integ_r), integ_r);
    rows++;
}

static void check_ppk(uint16_t prf, const char *ppk, const char *const before[3], const char *const after[3])
{
    struct octets key = hex(ppk);
    struct ike_keys keys = {
        .d = secret_of(before[0]), .pi = secret_of(before[1]), .pr = secret_of(before[2])};
    assert_int_equal(keys_mix_ppk(crypto, prf_of(prf), view(&key), &keys), CRYPTO_OK);
    assert_octets(secret_view(&keys.d), after[0]);
    assert_octets(secret_view(&keys.pi), after[1]);
    assert_octets(secret_view(&keys.pr), after[2]);
    rows++;
}

static void check_early_ppk(struct ike_suite suite, const char *ni, const char *nr, const char *spi_i,
                            const char *spi_r, const char *ppk, const char *confirmation,
                            const char *d, const char *const wanted[7])
{
    struct inputs in;
    struct ike_keys keys;
    struct octets key = hex(ppk);
    struct secret before = secret_of(d);
    uint8_t confirmed[8];
    fill_inputs(&in, ni, nr, spi_i, spi_r);
    assert_int_equal(keys_confirm_ppk(crypto, suite.prf, &in.seed, view(&key), confirmed, 8),
                     CRYPTO_OK);
    assert_octets(BYTES_OF(confirmed), confirmation);
    assert_int_equal(keys_with_ppk(crypto, &suite, &in.seed, view(&key), &before, &keys), CRYPTO_OK);
    assert_keys(&keys, wanted);
    rows++;
}

static void check_prf_plus(uint16_t prf, const char *key, const char *seed, const char *wanted)
{
    struct octets k = hex(key), s = hex(seed), out = hex(wanted);
    struct bytes halves[] = {{s.at, s.len / 2}, {s.at + s.len / 2, s.len - s.len / 2}};
    memset(out.at, 0, out.len);
    assert_int_equal(prf_plus(crypto, prf_of(prf), view(&k), halves, 2, out.at, out.len), CRYPTO_OK);
    assert_octets(view(&out), wanted);
    rows++;
}

static struct transcript transcript;
static const struct alg *transcript_prf;

static void check_transcript(uint16_t prf)
{
    transcript_wipe(&transcript);
    transcript = transcript_make(&heap);
    transcript_prf = prf_of(prf);
}

static void check_message(bool initiator, const char *message)
{
    struct octets m = hex(message);
    assert_true(transcript_message(&transcript, initiator, view(&m)));
}

static void check_cover(bool initiator, const char *key, const char *header, uint8_t first, uint8_t reserved,
                        const char *plain, const char *wanted)
{
    struct octets h = hex(header), p = hex(plain);
    struct secret k = secret_of(key);
    struct ike_header read;
    assert_true(ike_header_read(view(&h), &read));
    assert_int_equal(transcript_cover(&transcript, crypto, transcript_prf, &k, initiator, &read, first,
                                      reserved, view(&p)),
                     CRYPTO_OK);
    assert_octets(bytes_make(initiator ? transcript.int_i : transcript.int_r, transcript_prf->out_len),
                  wanted);
    rows++;
}

static void check_octets(bool initiator, const char *nonce, const char *id_body, const char *key,
                         uint32_t auth_mid, const char *wanted)
{
    struct octets n = hex(nonce), id = hex(id_body);
    struct secret k = secret_of(key);
    uint8_t room[OCTETS_MAX];
    struct writer w = writer_make(room, sizeof room);
    assert_int_equal(transcript_octets(&transcript, crypto, transcript_prf, initiator, view(&n), view(&id),
                                       &k, auth_mid, &w),
                     CRYPTO_OK);
    assert_int_equal(w.len, transcript_octets_len(&transcript, transcript_prf, initiator, view(&n)));
    assert_octets(writer_view(&w), wanted);
    rows++;
}

/* ---- the rows ---- */

#define KEYS(...) ((const char *const[]){__VA_ARGS__})
#define FIRST(e, b, a, p, ni, nr, spi_i, spi_r, sk, ...) \
    check_first(suite_of(e, b, a, p), ni, nr, spi_i, spi_r, sk, KEYS(__VA_ARGS__));
#define CHAIN(e, b, a, p, ni, nr, spi_i, spi_r, d, sk, ...) \
    check_chain(suite_of(e, b, a, p), ni, nr, spi_i, spi_r, d, sk, KEYS(__VA_ARGS__));
#define REKEY(e, b, a, p, ni, nr, spi_i, spi_r, old, d, sk, ...) \
    check_rekey(suite_of(e, b, a, p), ni, nr, spi_i, spi_r, old, d, sk, KEYS(__VA_ARGS__));
#define CHILD(e, b, a, p, d, ni, nr, sk, ei, ai, er, ar) \
    check_child(suite_of(e, b, a, p), d, ni, nr, sk, ei, ai, er, ar);
#define PPK(p, ppk, d, pi, pr, ...) check_ppk(p, ppk, KEYS(d, pi, pr), KEYS(__VA_ARGS__));
#define EARLY_PPK(e, b, a, p, ni, nr, spi_i, spi_r, ppk, confirmation, d, ...) \
    check_early_ppk(suite_of(e, b, a, p), ni, nr, spi_i, spi_r, ppk, confirmation, d, \
                    KEYS(__VA_ARGS__));
#define PRF_PLUS(...) check_prf_plus(__VA_ARGS__);
#define TRANSCRIPT(...) check_transcript(__VA_ARGS__);
#define MESSAGE(...) check_message(__VA_ARGS__);
#define COVER(...) check_cover(__VA_ARGS__);
#define OCTETS(...) check_octets(__VA_ARGS__);

static void every_row_agrees_with_the_oracle(void **state)
{
    (void)state;
    rows = 0;
#include "kdf_vectors.inc"
    transcript_wipe(&transcript);
    assert_in_range(rows, 200, 1000);
}

/*
 * ---- one chain of derivations followed by hand ----
 *
 * AES-256-GCM, PRF HMAC-SHA2-256; Ni 32 x 11, Nr 32 x 22, SK(k) 32 x 3k; then a rekey with Ni 32 x 44, Nr 32 x 55 and
 * new SPIs. All values hexadecimal; computed with Python's hmac alone.
 */

#define REPEAT_8(x) x x x x x x x x
#define OCTETS_32(x) REPEAT_8(x) REPEAT_8(x) REPEAT_8(x) REPEAT_8(x)
#define OLD_SPIS "0102030405060708", "a1a2a3a4a5a6a7a8"
#define NEW_SPIS "1112131415161718", "b1b2b3b4b5b6b7b8"

static struct ike_keys key_set[3]; /* after 0, 1, 2 chained exchanges */

static void follow_the_chain(void)
{
    struct inputs in;
    struct ike_suite suite = suite_of(20, 256, 0, 5);
    const struct shared_secret sk[] = {shared_of(OCTETS_32("30")), shared_of(OCTETS_32("31")),
                                       shared_of(OCTETS_32("32"))};
    fill_inputs(&in, OCTETS_32("11"), OCTETS_32("22"), OLD_SPIS);
    assert_int_equal(keys_first(crypto, &suite, &in.seed, &sk[0], &key_set[0]), CRYPTO_OK);
    for (int i = 1; i < 3; i++)
        assert_int_equal(keys_chain(crypto, &suite, &in.seed, &key_set[i - 1].d, &sk[i], &key_set[i]),
                         CRYPTO_OK);
}

static void the_chain_gives_its_known_values(void **state)
{
    (void)state;
    follow_the_chain();
    assert_octets(secret_view(&key_set[0].d),
                  "d976e48b18ff7b954655ddf47897a9eb60c2fbcc691d2bd9bcba691e0fad20c9");
    assert_octets(secret_view(&key_set[0].pi),
                  "5d4122aa0d3019bcdf714ffde3effd88e26f1359c71a2e1614c104bd13e75f98");
    assert_octets(secret_view(&key_set[0].pr),
                  "6de3a752f6e82dde386c2a228458acd6247d621d8ff876853de815050946badd");
    assert_octets(secret_view(&key_set[1].d),
                  "977479bae02776eb1323edb5a9d17e23ff5224b7f46cc0ca23bc4a619dc6f7eb");
    assert_octets(secret_view(&key_set[2].d),
                  "508ce91347a118bf7fdf84d95b703a5e2556529e72f6d1495cc877f66efc6dc0");
    assert_octets(secret_view(&key_set[2].pi),
                  "601f8203941120ba1dd09abec7bb6d47a7f4bcdff2cb0ba1d9ebb5f23564a2af");
    assert_int_equal(key_set[0].ei.len, 36);
    assert_int_equal(key_set[0].ai.len, 0);
}

static void int_auth_uses_the_keys_in_force_during_each_exchange(void **state)
{
    (void)state;
    static const char request[] = "0102030405060708a1a2a3a4a5a6a7a835202b080000000100000099";
    static const char response[] = "0102030405060708a1a2a3a4a5a6a7a82e202b200000000100000077";
    static const char request_2[] = "0102030405060708a1a2a3a4a5a6a7a82e202b080000000200000044";
    static const char response_2[] = "0102030405060708a1a2a3a4a5a6a7a835202b200000000200000044";
    static const char ke_i[] = "0000000c00240000deadbeef", ke_r[] = "0000000c00240000cafebabe";
    follow_the_chain();
    check_transcript(5);
    check_cover(true, "5d4122aa0d3019bcdf714ffde3effd88e26f1359c71a2e1614c104bd13e75f98", request, 34, 0,
                ke_i, "293fef42f80dd299484920714356f9acd5cb137630f40cbdd4126dd15d2311fe");
    check_cover(false, "6de3a752f6e82dde386c2a228458acd6247d621d8ff876853de815050946badd", response, 34, 0,
                ke_r, "20fb12ec99e3093d19ac678dac77b5e9e5bd3de1073c483cb8d5a411240200fc");
    struct octets h = hex(request_2), r = hex(response_2), p = hex(ke_i), q = hex(ke_r);
    struct ike_header header;
    assert_true(ike_header_read(view(&h), &header));
    assert_int_equal(
        transcript_cover(&transcript, crypto, transcript_prf, &key_set[1].pi, true, &header, 34, 0, view(&p)),
        CRYPTO_OK);
    assert_octets(bytes_make(transcript.int_i, 32),
                  "6cae848bfb51c6915eddfb2d56d8215412d3e9a8904deba5429aa43dc90aaa9f");
    assert_true(ike_header_read(view(&r), &header));
    assert_int_equal(transcript_cover(&transcript, crypto, transcript_prf, &key_set[1].pr, false, &header, 34,
                                      0, view(&q)),
                     CRYPTO_OK);
    assert_octets(bytes_make(transcript.int_r, 32),
                  "181e6c8fe7ae4a6e39cfb25ccff81b08f2d3e32ec0bd464e62d1f8d64772377f");
    transcript_wipe(&transcript);
}

static struct ike_keys rekeyed_with(const char *spi_i, const char *spi_r)
{
    struct inputs in;
    struct ike_keys keys;
    struct secrets sk;
    struct ike_suite suite = suite_of(20, 256, 0, 5);
    follow_the_chain();
    fill_inputs(&in, OCTETS_32("44"), OCTETS_32("55"), spi_i, spi_r);
    fill_secrets(&sk, SECRETS(OCTETS_32("30"), OCTETS_32("31"), OCTETS_32("32")));
    assert_int_equal(keys_rekey(crypto, suite.prf, &key_set[2].d, &suite, &in.seed, sk.at, sk.count, &keys),
                     CRYPTO_OK);
    return keys;
}

/* Two implementations that both expand with the SPIs of the old SA agree with each other, and with nobody else. */
static void a_rekey_takes_the_new_spis_and_not_the_old_ones(void **state)
{
    (void)state;
    static const char right[] = "d26b4de683a63093dfe797eda746faf8dc3c572a7eba085d29b9fb856050b03f";
    static const char wrong[] = "47d4b29e7c3e8325d1d590b4fab8cb62f663bfecf1a865d9dbe9963707a707de";
    struct ike_keys keys = rekeyed_with(NEW_SPIS), mistaken = rekeyed_with(OLD_SPIS);
    assert_octets(secret_view(&keys.d), right);
    assert_octets(secret_view(&keys.ei),
                  "91a0f76c5ae3e370a1cd38fc8690070fc341f45c54847c1f61659cadba19bf2b9b258d78");
    assert_octets(secret_view(&mistaken.d), wrong);
}

static void a_child_of_three_exchanges_gives_its_known_keymat(void **state)
{
    (void)state;
    follow_the_chain();
    check_child(suite_of(20, 256, 0, 5), "508ce91347a118bf7fdf84d95b703a5e2556529e72f6d1495cc877f66efc6dc0",
                OCTETS_32("44"), OCTETS_32("55"), SECRETS(OCTETS_32("30"), OCTETS_32("31"), OCTETS_32("32")),
                "0cddfd43380a97c729c1aeb6f0f9dbf8c4fc598d455391e527317b5e050e9472f3573c51", "",
                "517cd1b36fd0bc1a6a13ceff3d4c4506112c1691d9d807b1d0088f32e635bdec913a128a", "");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_row_agrees_with_the_oracle),
        cmocka_unit_test(the_chain_gives_its_known_values),
        cmocka_unit_test(int_auth_uses_the_keys_in_force_during_each_exchange),
        cmocka_unit_test(a_rekey_takes_the_new_spis_and_not_the_old_ones),
        cmocka_unit_test(a_child_of_three_exchanges_gives_its_known_keymat),
    };
    return cmocka_run_group_tests(tests, start, stop);
}
