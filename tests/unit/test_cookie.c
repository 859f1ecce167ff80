/* cookie: stateless cookies of RFC 7296 2.6: bound to the initiator, short-lived, and made from a secret that rotates. */
#include "../support/unit.h"

#include "crypto/toy.h"
#include "ike/cookie.h"

static struct toy_crypto toy;
static struct memory heap;
static const struct endpoint FROM = {{ADDR_V4, {192, 0, 2, 1}}, 500};
static const uint64_t SPI = UINT64_C(0x1122334455667788);
#define NI BYTES_LIT("nonce of thirty-two octets, yes!")

static int start(void **state)
{
    (void)state;
    memory_make(&heap);
    toy_crypto_init(&toy, &heap.alloc, 1);
    return 0;
}

static bool check(struct cookie_jar *jar, ike_time now, const uint8_t cookie[COOKIE_LEN])
{
    return cookie_check(jar, &toy.crypto, now, &FROM, SPI, NI, bytes_make(cookie, COOKIE_LEN));
}

static void make(struct cookie_jar *jar, ike_time now, uint8_t cookie[COOKIE_LEN])
{
    assert_int_equal(cookie_make(jar, &toy.crypto, now, &FROM, SPI, NI, cookie), CRYPTO_OK);
}

static void a_cookie_comes_back(void **state)
{
    (void)state;
    struct cookie_jar jar = {0};
    uint8_t cookie[COOKIE_LEN];
    make(&jar, 1000, cookie);
    assert_true(check(&jar, 1000, cookie));
    assert_true(check(&jar, 1000, cookie)); /* also in a retry for another group (RFC 7296 2.6.1) */
}

static void it_is_good_for_one_initiator_only(void **state)
{
    (void)state;
    struct cookie_jar jar = {0};
    uint8_t cookie[COOKIE_LEN];
    make(&jar, 1000, cookie);
    const struct bytes view = BYTES_OF(cookie);
    struct endpoint other = FROM;
    other.port = 501;
    assert_false(cookie_check(&jar, &toy.crypto, 1000, &other, SPI, NI, view));
    other = FROM;
    other.addr.ip[3] = 2;
    assert_false(cookie_check(&jar, &toy.crypto, 1000, &other, SPI, NI, view));
    assert_false(cookie_check(&jar, &toy.crypto, 1000, &FROM, SPI + 1, NI, view));
    assert_false(
        cookie_check(&jar, &toy.crypto, 1000, &FROM, SPI, BYTES_LIT("another nonce of good length"), view));
}

static void an_ipv6_address_cannot_stand_for_a_nonce(void **state)
{
    (void)state;
    struct cookie_jar jar = {0};
    uint8_t cookie[COOKIE_LEN];
    /* One initiator's address ends where the other's nonce begins. */
    const struct endpoint v6 = {
        {ADDR_V6, {192, 0, 2, 1, 'a', 'b', 'c', 'd', 'e', 'f', 'g', 'h', 'i', 'j', 'k', 'l'}}, 500};
    assert_int_equal(cookie_make(&jar, &toy.crypto, 0, &v6, SPI, BYTES_LIT("mnopqrstuvwxyz01"), cookie),
                     CRYPTO_OK);
    assert_false(cookie_check(&jar, &toy.crypto, 0, &FROM, SPI, BYTES_LIT("abcdefghijklmnopqrstuvwxyz01"),
                              BYTES_OF(cookie)));
}

static void every_flipped_bit_and_every_other_length_fails(void **state)
{
    (void)state;
    struct cookie_jar jar = {0};
    uint8_t cookie[COOKIE_LEN_MAX] = {0};
    make(&jar, 1000, cookie);
    for (size_t bit = 0; bit < (size_t)8 * COOKIE_LEN; bit++) {
        cookie[bit / 8] ^= (uint8_t)(1u << bit % 8);
        assert_false(check(&jar, 1000, cookie));
        cookie[bit / 8] ^= (uint8_t)(1u << bit % 8);
    }
    for (size_t len = 0; len <= COOKIE_LEN_MAX; len++)
        assert_true(cookie_check(&jar, &toy.crypto, 1000, &FROM, SPI, NI, bytes_make(cookie, len)) ==
                    (len == COOKIE_LEN));
    assert_false(cookie_check(&jar, &toy.crypto, 1000, &FROM, SPI, NI, BYTES_NONE));
}

static void nothing_is_valid_before_the_first_cookie(void **state)
{
    (void)state;
    struct cookie_jar jar = {0};
    const uint8_t zeros[COOKIE_LEN] = {0};
    assert_false(check(&jar, 0, zeros));
}

/* For any moment of making and any renewals on the way: good for a whole period, bad after two. */
static void cookies_live_between_one_and_two_periods(void **state)
{
    (void)state;
    struct dice dice = {1};
    for (int round = 0; round < 2000; round++) {
        struct cookie_jar jar = {0};
        uint8_t cookie[COOKIE_LEN], other[COOKIE_LEN];
        ike_time now = dice_roll(&dice) % (1000 * COOKIE_SECRET_FOR);
        if (dice_below(&dice, 2)) /* an older secret is there already */
            make(&jar, now - dice_roll(&dice) % (now + 1), other);
        make(&jar, now, cookie);
        for (ike_time age = 0; age < 4 * COOKIE_SECRET_FOR; age += 1 + dice_roll(&dice) % COOKIE_SECRET_FOR) {
            if (dice_below(&dice, 2))
                make(&jar, now + age, other);
            bool is_good = check(&jar, now + age, cookie);
            assert_true(is_good || age >= COOKIE_SECRET_FOR);
            assert_false(is_good && age >= 2 * COOKIE_SECRET_FOR);
        }
    }
}

static void the_version_never_becomes_zero(void **state)
{
    (void)state;
    struct cookie_jar jar = {0};
    uint8_t last[COOKIE_LEN], next[COOKIE_LEN];
    make(&jar, 0, last);
    jar.secret[UINT32_MAX & 1] = jar.secret[jar.version & 1];
    jar.version = UINT32_MAX;
    make(&jar, 0, last);
    make(&jar, COOKIE_SECRET_FOR, next);
    assert_int_not_equal(jar.version, 0);
    assert_true(check(&jar, COOKIE_SECRET_FOR, next));
}

static bool no_random(void *self, uint8_t *out, size_t len)
{
    (void)self;
    memset(out, 0, len);
    return false;
}

static void without_randomness_there_is_a_fault_and_no_new_secret(void **state)
{
    (void)state;
    struct crypto broken = toy.crypto;
    broken.random = no_random;
    struct cookie_jar jar = {0};
    uint8_t cookie[COOKIE_LEN];
    assert_int_equal(cookie_make(&jar, &broken, 0, &FROM, SPI, NI, cookie), CRYPTO_FAULT);
    assert_int_equal(jar.version, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_cookie_comes_back),
        cmocka_unit_test(it_is_good_for_one_initiator_only),
        cmocka_unit_test(an_ipv6_address_cannot_stand_for_a_nonce),
        cmocka_unit_test(every_flipped_bit_and_every_other_length_fails),
        cmocka_unit_test(nothing_is_valid_before_the_first_cookie),
        cmocka_unit_test(cookies_live_between_one_and_two_periods),
        cmocka_unit_test(the_version_never_becomes_zero),
        cmocka_unit_test(without_randomness_there_is_a_fault_and_no_new_secret),
    };
    return cmocka_run_group_tests(tests, start, NULL);
}
