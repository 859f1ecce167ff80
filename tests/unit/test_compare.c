/*
 * compare: two lists of proposals without anything in common are taken apart: what each side has
 * of each transform type, and the smallest change on either side.
 */
#include "../support/unit.h"

#include "ike/compare.h"
#include "wire/names.h"

#include <string.h>

#define ENCR(number, bits) {TRANSFORM_ENCR, number, bits, false}
#define PRF(number) {TRANSFORM_PRF, number, 0, false}
#define INTEG(number) {TRANSFORM_INTEG, number, 0, false}
#define KE(number) {TRANSFORM_KE, number, 0, false}
#define SN(number) {TRANSFORM_SN, number, 0, false}
#define KEX(slot, number) {(uint8_t)(5 + (slot)), number, 0, false}

#define COUNT(type, ...) (uint16_t)(sizeof(type[]){__VA_ARGS__} / sizeof(type))
/* clang-format off */
#define MADE(p, ...)                                                                       \
    {.protocol = p, .count = COUNT(struct transform, __VA_ARGS__),                         \
     .transform = (struct transform[]){__VA_ARGS__}}
/* clang-format on */
#define IKE(...) MADE(PROTOCOL_IKE, __VA_ARGS__)
#define ESP(...) MADE(PROTOCOL_ESP, __VA_ARGS__)
#define LIST(...) \
    ((struct proposals){COUNT(struct proposal, __VA_ARGS__), (struct proposal[]){__VA_ARGS__}})

static char lines[FACTS_MAX];

static void expect(struct proposals offered, struct proposals accepted, bool no_kex,
                   const char *text)
{
    struct text t = text_make(lines, sizeof lines);
    compare_proposals(&t, &offered, &accepted, no_kex);
    assert_string_equal(lines, text);
}

static void an_old_peer_is_told_type_by_type(void **state)
{
    (void)state;
    expect(LIST(IKE(ENCR(12, 128), ENCR(12, 256), INTEG(12), PRF(5), KE(14))),
           LIST(IKE(ENCR(20, 256), PRF(6), PRF(5), KE(31), KEX(1, 36))), false,
           "mismatch=ENCR\n"
           "transform=ENCR;AES_CBC_128,AES_CBC_256;AES_GCM_16_256;\n"
           "transform=PRF;PRF_HMAC_SHA2_256;PRF_HMAC_SHA2_384,PRF_HMAC_SHA2_256;PRF_HMAC_SHA2_256\n"
           "transform=INTEG;HMAC_SHA2_256_128;;\n"
           "transform=KE;MODP_2048;CURVE_25519;\n"
           "transform=KE1;;ML_KEM_768;\n"
           "accept-here=aes128-prfsha256-sha256-modp2048\n"
           "offer-there=aes256gcm16-prfsha256-x25519-ke1_mlkem768\n"
           "offered=IKE:AES_CBC_128/AES_CBC_256/HMAC_SHA2_256_128/PRF_HMAC_SHA2_256/MODP_2048\n"
           "accepted=IKE:AES_GCM_16_256/PRF_HMAC_SHA2_384/PRF_HMAC_SHA2_256/CURVE_25519/"
           "KE1_ML_KEM_768\n");
}

static void the_closest_pair_is_taken(void **state)
{
    (void)state;
    expect(LIST(IKE(ENCR(12, 128), INTEG(12), PRF(5), KE(14)), IKE(ENCR(20, 256), PRF(5), KE(19))),
           LIST(IKE(ENCR(20, 256), PRF(5), KE(31))), false,
           "mismatch=KE\n"
           "transform=ENCR;AES_GCM_16_256;AES_GCM_16_256;AES_GCM_16_256\n"
           "transform=PRF;PRF_HMAC_SHA2_256;PRF_HMAC_SHA2_256;PRF_HMAC_SHA2_256\n"
           "transform=KE;ECP_256;CURVE_25519;\n"
           "accept-here=aes256gcm16-prfsha256-ecp256\n"
           "offer-there=aes256gcm16-prfsha256-x25519\n"
           "offered=IKE:AES_CBC_128/HMAC_SHA2_256_128/PRF_HMAC_SHA2_256/MODP_2048\n"
           "offered=IKE:AES_GCM_16_256/PRF_HMAC_SHA2_256/ECP_256\n"
           "accepted=IKE:AES_GCM_16_256/PRF_HMAC_SHA2_256/CURVE_25519\n");
}

static void a_round_that_may_be_left_out_is_no_mismatch(void **state)
{
    (void)state;
    expect(LIST(ESP(ENCR(20, 256), SN(0))),
           LIST(ESP(ENCR(12, 256), INTEG(12), SN(0), KEX(1, 36), KEX(1, 0))), false,
           "mismatch=ENCR\n"
           "transform=ENCR;AES_GCM_16_256;AES_CBC_256;\n"
           "transform=INTEG;;HMAC_SHA2_256_128;\n"
           "transform=SN;NO_EXT_SEQ;NO_EXT_SEQ;NO_EXT_SEQ\n"
           "transform=KE1;;ML_KEM_768,NONE;not needed\n"
           "accept-here=aes256gcm16\n"
           "offer-there=aes256-sha256\n"
           "offered=ESP:AES_GCM_16_256/NO_EXT_SEQ\n"
           "accepted=ESP:AES_CBC_256/HMAC_SHA2_256_128/NO_EXT_SEQ/KE1_ML_KEM_768/KE1_NONE\n");
}

static void key_exchanges_do_not_count_for_the_first_child(void **state)
{
    (void)state;
    struct proposals offered = LIST(ESP(ENCR(20, 128), SN(0))),
                     accepted = LIST(ESP(ENCR(20, 256), KE(31), SN(0)));
    struct text t = text_make(lines, sizeof lines);
    compare_proposals(&t, &offered, &accepted, true);
    assert_non_null(strstr(lines, "mismatch=ENCR\n"));
    assert_null(strstr(lines, "transform=KE"));
    assert_non_null(strstr(lines, "offer-there=aes256gcm16-x25519\n"));
}

/* Numbers nobody knows cannot be written down, but they are shown. */
static void unknown_numbers_are_shown_and_not_suggested(void **state)
{
    (void)state;
    struct proposals offered = LIST(IKE(ENCR(1025, 0), PRF(5), KE(31)), {.protocol = 77}),
                     accepted = LIST(IKE(ENCR(20, 256), PRF(5), KE(31)));
    struct text t = text_make(lines, sizeof lines);
    compare_proposals(&t, &offered, &accepted, false);
    assert_non_null(strstr(lines, "transform=ENCR;UNKNOWN_1_1025;AES_GCM_16_256;\n"));
    assert_null(strstr(lines, "accept-here="));
    assert_non_null(strstr(lines, "offer-there=aes256gcm16-prfsha256-x25519\n"));
}

/* However long an offer is, the work and the text are bounded. */
static void a_huge_offer_is_cut(void **state)
{
    (void)state;
    static struct transform many[4000];
    static struct proposal rows[255];
    for (size_t i = 0; i < 4000; i++)
        many[i] = (struct transform){(uint8_t)(1 + i % 12), (uint16_t)(i + 2000), 0, false};
    for (size_t i = 0; i < 255; i++)
        rows[i] = (struct proposal){.protocol = PROTOCOL_IKE, .count = 4000, .transform = many};
    struct proposals offered = {255, rows}, accepted = LIST(IKE(ENCR(20, 256), PRF(5), KE(31)));
    struct text t = text_make(lines, sizeof lines);
    compare_proposals(&t, &offered, &accepted, false);
    assert_true(t.cut);
    assert_true(strlen(lines) < FACTS_MAX);
    assert_non_null(strstr(lines, "offer-there="));
}

static void nothing_against_nothing_says_nothing(void **state)
{
    (void)state;
    struct proposals none = {0, NULL};
    struct text t = text_make(lines, sizeof lines);
    compare_proposals(&t, &none, &none, false);
    assert_string_equal(lines, "");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_old_peer_is_told_type_by_type),
        cmocka_unit_test(the_closest_pair_is_taken),
        cmocka_unit_test(a_round_that_may_be_left_out_is_no_mismatch),
        cmocka_unit_test(key_exchanges_do_not_count_for_the_first_child),
        cmocka_unit_test(unknown_numbers_are_shown_and_not_suggested),
        cmocka_unit_test(a_huge_offer_is_cut),
        cmocka_unit_test(nothing_against_nothing_says_nothing),
    };
    return cmocka_run_group_tests_name("compare", tests, NULL, NULL);
}
