/*
 * proposal: choosing, accepting, answering and offering (RFC 7296 2.7, 3.3; RFC 9370 2.2.2).
 *
 * The property test at the end compares thousands of random offers with a search that tries every assignment.
 */
#include "../support/unit.h"

#include "ike/proposal.h"

static struct memory heap;
static struct arena arena;

static int start(void **state)
{
    (void)state;
    memory_make(&heap);
    arena = arena_make(&heap.alloc, 1 << 20);
    return 0;
}

static int stop(void **state)
{
    (void)state;
    arena_wipe(&arena);
    memory_check(&heap);
    return 0;
}

/* ---- writing proposals down ---- */

#define ENCR(number, bits) {TRANSFORM_ENCR, number, bits, false}
#define PRF(number) {TRANSFORM_PRF, number, 0, false}
#define INTEG(number) {TRANSFORM_INTEG, number, 0, false}
#define KE(number) {TRANSFORM_KE, number, 0, false}
#define SN(number) {TRANSFORM_SN, number, 0, false}
#define ADDKE(slot, number) {TRANSFORM_ADDKE1 + (slot) - 1, number, 0, false}
#define GCM ENCR(20, 256)
#define CBC ENCR(12, 256)
#define SUITE GCM, PRF(5)

#define COUNT(type, ...) (uint16_t)(sizeof(type[]){__VA_ARGS__} / sizeof(type))
/* clang-format off */
#define IKE(n, ...)                                                                        \
    {.number = n, .protocol = PROTOCOL_IKE, .count = COUNT(struct transform, __VA_ARGS__), \
     .transform = (struct transform[]){__VA_ARGS__}}
#define ESP(n, ...)                                                                              \
    {.number = n, .protocol = PROTOCOL_ESP, .spi_len = 4, .spi = {0xc0, 0, 0, 1},                \
     .count = COUNT(struct transform, __VA_ARGS__), .transform = (struct transform[]){__VA_ARGS__}}
/* clang-format on */
#define LIST(...) ((struct proposals){COUNT(struct proposal, __VA_ARGS__), (struct proposal[]){__VA_ARGS__}})

static struct choice choice;
static struct mismatch why;

static bool choose(struct proposals offered, struct proposals acceptable)
{
    choice = (struct choice){0};
    return proposal_choose(&offered, &acceptable, NULL, &choice, &why);
}

static bool choose_by(struct proposals offered, struct proposals acceptable, struct choose_rules rules)
{
    choice = (struct choice){0};
    return proposal_choose(&offered, &acceptable, &rules, &choice, &why);
}

static bool accept(struct proposals offered, struct proposals answer)
{
    choice = (struct choice){0};
    return proposal_accept(&offered, &answer, &choice, &why);
}

#define METHOD(slot) (choice.kex[slot].method)

static void assert_mismatch(uint8_t type, uint8_t number)
{
    assert_int_equal(why.type, type);
    assert_int_equal(why.number, number);
}

/* ---- choosing: ciphers ---- */

static void a_plain_offer_is_chosen(void **state)
{
    (void)state;
    assert_true(
        choose(LIST(IKE(1, CBC, PRF(5), INTEG(12), KE(31))), LIST(IKE(0, CBC, PRF(5), INTEG(12), KE(31)))));
    assert_int_equal(choice.number, 1);
    assert_int_equal(choice.protocol, PROTOCOL_IKE);
    assert_string_equal(choice.encr->keyword, "aes256");
    assert_string_equal(choice.integ->keyword, "sha256");
    assert_string_equal(choice.prf->keyword, "prfsha256");
    assert_true(choice.kex[0].proposed);
    assert_int_equal(METHOD(0), 31);
    assert_false(choice.kex[1].proposed);
    assert_false(choice.has_sn);
}

static void our_order_decides_unless_the_peers_should(void **state)
{
    (void)state;
    struct proposals offered = LIST(IKE(1, SUITE, KE(19)), IKE(2, SUITE, KE(31), KE(20)));
    struct proposals ours = LIST(IKE(0, SUITE, KE(20), KE(31)), IKE(0, SUITE, KE(19)));
    assert_true(choose(offered, ours));
    assert_int_equal(choice.number, 2);
    assert_int_equal(METHOD(0), 20);
    assert_true(choose_by(offered, ours, (struct choose_rules){.peers_order = true}));
    assert_int_equal(choice.number, 1);
    assert_int_equal(METHOD(0), 19);
    struct proposals turned = LIST(IKE(1, SUITE, KE(31), KE(20)), IKE(2, SUITE, KE(19)));
    assert_true(choose_by(turned, ours, (struct choose_rules){.peers_order = true}));
    assert_int_equal(METHOD(0), 31);
}

static void the_key_length_must_match_exactly(void **state)
{
    (void)state;
    struct proposals ours = LIST(IKE(0, ENCR(20, 256), PRF(5), KE(31)));
    assert_false(choose(LIST(IKE(1, ENCR(20, 128), PRF(5), KE(31))), ours));
    assert_mismatch(TRANSFORM_ENCR, 1);
    assert_false(choose(LIST(IKE(1, ENCR(20, 0), PRF(5), KE(31))), ours));
    assert_false(choose(LIST(IKE(1, ENCR(20, 256), {TRANSFORM_PRF, 5, 256, false}, KE(31))), ours));
    assert_mismatch(TRANSFORM_PRF, 1);
    assert_false(
        choose(LIST(IKE(1, ENCR(28, 256), PRF(5), KE(31))), LIST(IKE(0, ENCR(28, 0), PRF(5), KE(31)))));
    assert_true(choose(LIST(IKE(1, ENCR(28, 0), PRF(5), KE(31))), LIST(IKE(0, ENCR(28, 0), PRF(5), KE(31)))));
}

static void a_transform_with_an_unknown_attribute_is_never_chosen(void **state)
{
    (void)state;
    struct proposals ours = LIST(IKE(0, SUITE, KE(31), KE(19)));
    assert_false(choose(LIST(IKE(1, SUITE, {TRANSFORM_KE, 31, 0, true})), ours));
    assert_mismatch(TRANSFORM_KE, 1);
    assert_true(choose(LIST(IKE(1, SUITE, {TRANSFORM_KE, 31, 0, true}, KE(19))), ours));
    assert_int_equal(METHOD(0), 19);
}

static void unknown_ids_are_passed_over(void **state)
{
    (void)state;
    struct proposals ours = LIST(IKE(0, SUITE, KE(31)));
    assert_true(choose(LIST(IKE(1, ENCR(999, 0), GCM, PRF(77), PRF(5), KE(1035), KE(31))), ours));
    assert_int_equal(METHOD(0), 31);
}

static void an_unknown_transform_type_spoils_its_proposal_alone(void **state)
{
    (void)state;
    struct proposals ours = LIST(IKE(0, SUITE, KE(31)));
    assert_false(choose(LIST(IKE(1, SUITE, KE(31), {13, 1, 0, false})), ours));
    assert_mismatch(0, 1);
    assert_true(choose(LIST(IKE(1, SUITE, KE(31), {200, 1, 0, false}), IKE(2, SUITE, KE(31))), ours));
    assert_int_equal(choice.number, 2);
}

static void types_of_another_protocol_spoil_a_proposal(void **state)
{
    (void)state;
    assert_false(choose(LIST(IKE(1, SUITE, KE(31), SN(0))), LIST(IKE(0, SUITE, KE(31)))));
    assert_false(choose(LIST(ESP(1, GCM, PRF(5), SN(0))), LIST(ESP(0, GCM, SN(0)))));
    assert_false(choose(LIST(ESP(1, GCM, SN(0))), LIST(IKE(0, SUITE, KE(31)))));
    assert_mismatch(0, 1);
}

static void an_aead_goes_with_no_integrity_transform_or_none(void **state)
{
    (void)state;
    struct proposals ours = LIST(IKE(0, SUITE, KE(31)));
    assert_true(choose(LIST(IKE(1, SUITE, KE(31))), ours));
    assert_false(choice.integ_none);
    assert_true(choose(LIST(IKE(1, SUITE, INTEG(0), KE(31))), ours));
    assert_null(choice.integ);
    assert_true(choice.integ_none);
    assert_false(choose(LIST(IKE(1, SUITE, INTEG(12), KE(31))), ours));
    assert_mismatch(TRANSFORM_INTEG, 1);
}

static void a_cipher_without_integrity_is_never_chosen(void **state)
{
    (void)state;
    assert_false(choose(LIST(IKE(1, CBC, PRF(5), KE(31))), LIST(IKE(0, CBC, PRF(5), KE(31)))));
    assert_mismatch(TRANSFORM_INTEG, 1);
    assert_false(choose(LIST(ESP(1, CBC, SN(0))), LIST(ESP(0, CBC, SN(0)))));
    assert_false(choose(LIST(ESP(1, CBC, INTEG(0), SN(0))), LIST(ESP(0, CBC, INTEG(0), SN(0)))));
    assert_mismatch(TRANSFORM_INTEG, 1);
}

static void mixed_ciphers_find_their_integrity(void **state)
{
    (void)state;
    struct proposals mixed = LIST(IKE(1, GCM, CBC, PRF(5), INTEG(12), KE(31)));
    assert_true(choose(mixed, LIST(IKE(0, GCM, CBC, PRF(5), INTEG(12), KE(31)))));
    assert_string_equal(choice.encr->keyword, "aes256");
    assert_string_equal(choice.integ->keyword, "sha256");
    struct proposals both = LIST(IKE(1, CBC, GCM, PRF(5), INTEG(12), INTEG(0), KE(31)));
    assert_true(choose(both, LIST(IKE(0, GCM, CBC, PRF(5), INTEG(12), KE(31)))));
    assert_string_equal(choice.encr->keyword, "aes256gcm16");
    assert_true(choice.integ_none);
}

static bool lacks_gcm(void *self, const struct alg *alg)
{
    (void)self;
    return alg->type != TRANSFORM_ENCR || alg->id != 20;
}

static void what_the_backend_lacks_is_not_chosen(void **state)
{
    (void)state;
    struct proposals offered = LIST(IKE(1, GCM, ENCR(28, 0), PRF(5), KE(31)));
    struct proposals ours = LIST(IKE(0, GCM, ENCR(28, 0), PRF(5), KE(31)));
    assert_true(choose_by(offered, ours, (struct choose_rules){.has = lacks_gcm}));
    assert_string_equal(choice.encr->keyword, "chacha20poly1305");
}

/* ---- choosing: ESP ---- */

static void esp_takes_its_spi_and_sequence_numbers(void **state)
{
    (void)state;
    assert_true(choose(LIST(ESP(1, GCM, SN(1), SN(0))), LIST(ESP(0, GCM, SN(0), SN(1)))));
    assert_int_equal(choice.spi, 0xc0000001);
    assert_int_equal(choice.spi_len, 4);
    assert_true(choice.has_sn);
    assert_int_equal(choice.sn, SN_32);
    assert_null(choice.prf);
    assert_false(choice.kex[0].proposed);
    assert_int_equal(METHOD(0), KE_NONE);
}

static void absent_sequence_numbers_mean_32_bits(void **state)
{
    (void)state;
    assert_true(choose(LIST(ESP(1, GCM)), LIST(ESP(0, GCM, SN(1), SN(0)))));
    assert_false(choice.has_sn);
    assert_int_equal(choice.sn, SN_32);
    assert_true(choose(LIST(ESP(1, GCM, SN(0))), LIST(ESP(0, GCM))));
    assert_true(choice.has_sn);
    assert_false(choose(LIST(ESP(1, GCM)), LIST(ESP(0, GCM, SN(1)))));
    assert_mismatch(TRANSFORM_SN, 1);
    assert_false(choose(LIST(ESP(1, GCM, SN(1))), LIST(ESP(0, GCM))));
}

static void esp_without_a_usable_spi_is_refused(void **state)
{
    (void)state;
    struct proposal p = ESP(1, GCM);
    p.spi_len = 0;
    assert_false(choose((struct proposals){1, &p}, LIST(ESP(0, GCM))));
    p.spi_len = 8;
    assert_false(choose((struct proposals){1, &p}, LIST(ESP(0, GCM))));
    p.spi_len = 4;
    memset(p.spi, 0, sizeof p.spi);
    assert_false(choose((struct proposals){1, &p}, LIST(ESP(0, GCM))));
    assert_mismatch(0, 1);
}

static void an_ike_rekey_carries_eight_octets_of_spi(void **state)
{
    (void)state;
    struct proposal p = IKE(1, SUITE, KE(31));
    p.spi_len = 8;
    memcpy(p.spi, "\1\2\3\4\5\6\7\10", 8);
    assert_true(choose((struct proposals){1, &p}, LIST(IKE(0, SUITE, KE(31)))));
    assert_int_equal(choice.spi, UINT64_C(0x0102030405060708));
    p.spi_len = 4;
    assert_false(choose((struct proposals){1, &p}, LIST(IKE(0, SUITE, KE(31)))));
}

static void the_first_child_needs_no_key_exchange(void **state)
{
    (void)state;
    struct proposals ours = LIST(ESP(0, GCM, KE(31), ADDKE(1, 36), SN(0)));
    const struct choose_rules in_auth = {.no_kex = true};
    assert_false(choose(LIST(ESP(1, GCM, SN(0))), ours));
    assert_true(choose_by(LIST(ESP(1, GCM, SN(0))), ours, in_auth));
    assert_false(choice.kex[0].proposed);
    assert_true(
        choose_by(LIST(ESP(1, GCM, KE(0), SN(0))), ours, in_auth)); /* NONE is allowed there (RFC 7296 1.2) */
    assert_true(choice.kex[0].proposed);
    assert_false(choose_by(LIST(ESP(1, GCM, KE(31), SN(0))), ours, in_auth));
}

static void a_child_may_do_without_a_key_exchange_where_both_say_so(void **state)
{
    (void)state;
    assert_true(choose(LIST(ESP(1, GCM, KE(31), KE(0))), LIST(ESP(0, GCM))));
    assert_int_equal(METHOD(0), KE_NONE);
    assert_true(choose(LIST(ESP(1, GCM)), LIST(ESP(0, GCM, KE(31), KE(0)))));
    assert_false(choice.kex[0].proposed);
    assert_false(choose(LIST(ESP(1, GCM)), LIST(ESP(0, GCM, KE(31)))));
    assert_mismatch(TRANSFORM_KE, 1);
}

static void further_exchanges_need_a_first_one(void **state)
{
    (void)state;
    struct proposals bare = LIST(ESP(1, GCM, ADDKE(1, 36)));
    assert_false(choose(bare, LIST(ESP(0, GCM, ADDKE(1, 36)))));
    assert_mismatch(TRANSFORM_ADDKE1, 1);
    /* KE {NONE, 31}: with a further exchange, NONE cannot be meant */
    struct proposals offer = LIST(ESP(1, GCM, KE(0), KE(31), ADDKE(1, 36)));
    assert_true(choose(offer, LIST(ESP(0, GCM, KE(0), KE(31), ADDKE(1, 36)))));
    assert_int_equal(METHOD(0), 31);
    /* and where the further one is optional, our preference for NONE stands */
    struct proposals optional = LIST(ESP(1, GCM, KE(0), KE(31), ADDKE(1, 36), ADDKE(1, 0)));
    assert_true(choose(optional, LIST(ESP(0, GCM, KE(0), KE(31), ADDKE(1, 36), ADDKE(1, 0)))));
    assert_int_equal(METHOD(0), KE_NONE);
    assert_int_equal(METHOD(1), KE_NONE);
    assert_true(choice.kex[1].proposed);
}

static void an_ike_sa_never_does_without_a_key_exchange(void **state)
{
    (void)state;
    assert_false(choose(LIST(IKE(1, SUITE, KE(0))), LIST(IKE(0, SUITE, KE(0)))));
    assert_mismatch(TRANSFORM_KE, 1);
    assert_false(choose(LIST(IKE(1, SUITE)), LIST(IKE(0, SUITE))));
    assert_mismatch(TRANSFORM_KE, 1);
}

/* ---- choosing: several key exchanges (RFC 9370) ---- */

static void none_may_be_chosen_or_left_out(void **state)
{
    (void)state;
    struct proposals both = LIST(IKE(1, SUITE, KE(31), ADDKE(1, 36), ADDKE(1, 0)));
    assert_true(choose(both, LIST(IKE(0, SUITE, KE(31), ADDKE(1, 36)))));
    assert_int_equal(METHOD(1), 36);
    assert_true(choose(both, LIST(IKE(0, SUITE, KE(31)))));
    assert_int_equal(METHOD(1), KE_NONE);
    assert_true(choice.kex[1].proposed);
    assert_true(choose(LIST(IKE(1, SUITE, KE(31))), both));
    assert_false(choice.kex[1].proposed);
    assert_false(choose(LIST(IKE(1, SUITE, KE(31))), LIST(IKE(0, SUITE, KE(31), ADDKE(1, 36)))));
    assert_mismatch(TRANSFORM_ADDKE1, 1);
    assert_false(choose(LIST(IKE(1, SUITE, KE(31), ADDKE(1, 36))), LIST(IKE(0, SUITE, KE(31)))));
    assert_mismatch(TRANSFORM_ADDKE1, 1);
}

static void no_method_is_chosen_twice_the_first_exchange_included(void **state)
{
    (void)state;
    struct proposals twice = LIST(IKE(1, SUITE, KE(19), ADDKE(1, 19)));
    assert_false(choose(twice, LIST(IKE(0, SUITE, KE(19), ADDKE(1, 19)))));
    assert_mismatch(TRANSFORM_ADDKE1, 1);
    struct proposals later = LIST(IKE(1, SUITE, KE(31), ADDKE(3, 36), ADDKE(5, 36)));
    assert_false(choose(later, LIST(IKE(0, SUITE, KE(31), ADDKE(3, 36), ADDKE(5, 36)))));
    assert_mismatch(TRANSFORM_ADDKE5, 1);
    struct proposals none = LIST(IKE(1, SUITE, KE(31), ADDKE(1, 0), ADDKE(2, 0), ADDKE(3, 36)));
    assert_true(choose(none, LIST(IKE(0, SUITE, KE(31), ADDKE(1, 0), ADDKE(2, 0), ADDKE(3, 36)))));
    assert_int_equal(METHOD(3), 36);
}

static void a_greedy_pick_is_taken_back(void **state)
{
    (void)state;
    struct proposals offer = LIST(IKE(1, SUITE, KE(31), ADDKE(1, 19), ADDKE(1, 20), ADDKE(2, 19)));
    assert_true(choose(offer, offer));
    assert_int_equal(METHOD(1), 20);
    assert_int_equal(METHOD(2), 19);
    struct proposals first = LIST(IKE(1, SUITE, KE(19), KE(20), ADDKE(1, 19)));
    assert_true(choose(first, first));
    assert_int_equal(METHOD(0), 20);
    assert_int_equal(METHOD(1), 19);
}

static void the_example_of_rfc_9370_works(void **state)
{
    (void)state;
    /* ADDKE2 {A, B}, ADDKE3 {A, B}, ADDKE5 {C, NONE}; the responder wants B before A, and has no C */
    struct proposals offer = LIST(IKE(1, SUITE, KE(31), ADDKE(2, 35), ADDKE(2, 36), ADDKE(3, 35),
                                      ADDKE(3, 36), ADDKE(5, 37), ADDKE(5, 0)));
    struct proposals ours =
        LIST(IKE(0, SUITE, KE(31), ADDKE(2, 36), ADDKE(2, 35), ADDKE(3, 36), ADDKE(3, 35)));
    assert_true(choose(offer, ours));
    assert_int_equal(METHOD(2), 36);
    assert_int_equal(METHOD(3), 35);
    assert_int_equal(METHOD(5), KE_NONE);
    assert_true(choice.kex[5].proposed);
    assert_false(choice.kex[1].proposed);
    assert_false(choice.kex[4].proposed);
}

static void seven_further_exchanges_fit(void **state)
{
    (void)state;
    struct proposals offer = LIST(IKE(1, SUITE, KE(31), ADDKE(7, 21), ADDKE(6, 37), ADDKE(5, 14),
                                      ADDKE(4, 36), ADDKE(3, 20), ADDKE(2, 35), ADDKE(1, 19)));
    assert_true(choose(offer, offer));
    static const uint16_t wanted[KEX_SLOTS] = {31, 19, 35, 20, 36, 14, 37, 21};
    for (int slot = 0; slot < KEX_SLOTS; slot++)
        assert_int_equal(METHOD(slot), wanted[slot]);
}

static void without_the_extension_only_none_is_chosen(void **state)
{
    (void)state;
    const struct choose_rules plain = {.slot0_only = true};
    struct proposals ours = LIST(IKE(0, SUITE, KE(31), ADDKE(1, 36), ADDKE(1, 0)));
    assert_true(choose_by(LIST(IKE(1, SUITE, KE(31), ADDKE(1, 36), ADDKE(1, 0))), ours, plain));
    assert_int_equal(METHOD(1), KE_NONE);
    assert_false(choose_by(LIST(IKE(1, SUITE, KE(31), ADDKE(1, 36))), ours, plain));
    assert_mismatch(TRANSFORM_ADDKE1, 1);
    assert_true(choose_by(LIST(IKE(1, SUITE, KE(31), ADDKE(1, 36)), IKE(2, SUITE, KE(31))), ours, plain));
    assert_int_equal(choice.number, 2);
    assert_false(choose_by(LIST(IKE(1, SUITE, KE(31))), LIST(IKE(0, SUITE, KE(31), ADDKE(1, 36))), plain));
}

static void a_plain_proposal_behind_a_hybrid_one_is_the_way_back(void **state)
{
    (void)state;
    struct proposals offer = LIST(IKE(1, SUITE, KE(31), ADDKE(1, 36)), IKE(2, SUITE, KE(31)));
    assert_true(choose(offer, LIST(IKE(0, SUITE, KE(31)))));
    assert_int_equal(choice.number, 2);
    assert_false(choice.kex[1].proposed);
    assert_true(choose(offer, LIST(IKE(0, SUITE, KE(31), ADDKE(1, 36)), IKE(0, SUITE, KE(31)))));
    assert_int_equal(choice.number, 1);
}

static void the_method_at_hand_is_preferred_inside_the_chosen_pair(void **state)
{
    (void)state;
    struct proposals offer = LIST(IKE(1, SUITE, KE(31), KE(20)));
    struct proposals ours = LIST(IKE(0, SUITE, KE(20), KE(31)), IKE(0, SUITE, KE(19)));
    assert_true(choose_by(offer, ours, (struct choose_rules){.prefer_method = 31}));
    assert_int_equal(METHOD(0), 31);
    assert_true(
        choose_by(offer, ours, (struct choose_rules){.prefer_method = 14})); /* not in the lists: ignored */
    assert_int_equal(METHOD(0), 20);
    assert_true(choose_by(offer, ours, (struct choose_rules){.prefer_method = 999}));
    assert_int_equal(METHOD(0), 20);
    /* never another pair of proposals for its sake */
    struct proposals two = LIST(IKE(1, SUITE, KE(19)), IKE(2, SUITE, KE(20)));
    assert_true(choose_by(two, ours, (struct choose_rules){.prefer_method = 19}));
    assert_int_equal(METHOD(0), 20);
}

static void the_method_at_hand_is_not_worth_a_round(void **state)
{
    (void)state;
    struct proposals offer = LIST(IKE(1, SUITE, KE(31), KE(20), ADDKE(1, 20), ADDKE(1, 0)));
    assert_true(choose_by(offer, offer, (struct choose_rules){.prefer_method = 20}));
    assert_int_equal(METHOD(0), 31);
    assert_int_equal(METHOD(1), 20);
    struct proposals forced = LIST(IKE(1, SUITE, KE(31), KE(20), ADDKE(1, 20)));
    assert_true(choose_by(forced, forced, (struct choose_rules){.prefer_method = 20}));
    assert_int_equal(METHOD(0), 31);
}

/* ---- choosing: explanations, and cost ---- */

static void the_explanation_is_that_of_the_closest_proposal(void **state)
{
    (void)state;
    struct proposals ours = LIST(IKE(0, SUITE, KE(31), ADDKE(1, 36)), IKE(0, ENCR(28, 0), PRF(7), KE(32)));
    assert_false(choose(
        LIST(IKE(1, ENCR(1, 0), PRF(5), KE(31)), IKE(2, SUITE, KE(31), ADDKE(1, 37)), IKE(3, SUITE, KE(14))),
        ours));
    assert_mismatch(TRANSFORM_ADDKE1, 2);
    assert_false(choose(LIST(IKE(1, ENCR(1, 0), PRF(5)), IKE(2, ENCR(28, 0), PRF(5), KE(32))), ours));
    assert_mismatch(TRANSFORM_PRF, 2);
    assert_false(choose((struct proposals){0}, ours));
    assert_mismatch(0, 0);
    assert_false(choose(LIST(IKE(1, SUITE, KE(31))), (struct proposals){0}));
}

static unsigned alg_looked_at;

static bool count_looks(void *self, const struct alg *alg)
{
    (void)self;
    (void)alg;
    alg_looked_at++;
    return true;
}

static void a_hostile_offer_costs_little(void **state)
{
    (void)state;
    /* All eight slots full of transforms, each method in all of them but two, which can only be the same. */
    static struct transform hostile[2048];
    static const uint16_t methods[] = {14, 15, 16, 17, 18, 19, 20, 21, 28, 29, 30, 31, 32, 35, 36, 37};
    uint16_t count = 0;
    hostile[count++] = (struct transform)GCM;
    hostile[count++] = (struct transform)PRF(5);
    for (int slot = 0; slot < KEX_SLOTS; slot++)
        for (uint16_t i = 0; i < 250; i++) {
            uint16_t id = i < 16 ? methods[i] : (uint16_t)(2000 + i);
            if (slot >= 6)
                id = 31;
            hostile[count++] = (struct transform){kex_slot_type(slot), id, 0, false};
        }
    struct proposal each = {.number = 1, .protocol = PROTOCOL_IKE, .count = count, .transform = hostile};
    struct proposal offers[PROPOSALS_MAX];
    for (int i = 0; i < PROPOSALS_MAX; i++)
        offers[i] = each;
    struct proposal ours =
        each; /* the part of it that we know is the richest list we could be configured with */
    struct proposals offered = {PROPOSALS_MAX, offers}, acceptable = {1, &ours};
    alg_looked_at = 0;
    assert_false(choose_by(offered, acceptable, (struct choose_rules){.has = count_looks}));
    assert_int_equal(why.type, TRANSFORM_ADDKE7);
    assert_true(alg_looked_at <= (unsigned)PROPOSALS_MAX * 2 * count); /* linear in the input */
}

/* ---- accepting an answer ---- */

static void the_answer_we_would_give_is_accepted(void **state)
{
    (void)state;
    struct proposals offer =
        LIST(IKE(1, SUITE, KE(19)), IKE(2, SUITE, KE(31), KE(19), ADDKE(1, 36), ADDKE(1, 0)));
    assert_true(accept(offer, LIST(IKE(2, SUITE, KE(31), ADDKE(1, 36)))));
    assert_int_equal(choice.number, 2);
    assert_int_equal(METHOD(0), 31);
    assert_int_equal(METHOD(1), 36);
    assert_true(accept(offer, LIST(IKE(2, ADDKE(1, 36), KE(31), PRF(5), GCM)))); /* any order */
}

static void both_shapes_of_none_are_accepted_where_none_was_offered(void **state)
{
    (void)state;
    struct proposals offer = LIST(IKE(1, SUITE, KE(31), ADDKE(1, 36), ADDKE(1, 0)));
    assert_true(accept(offer, LIST(IKE(1, SUITE, KE(31), ADDKE(1, 0)))));
    assert_int_equal(METHOD(1), KE_NONE);
    assert_true(accept(offer, LIST(IKE(1, SUITE, KE(31)))));
    assert_int_equal(METHOD(1), KE_NONE);
    assert_false(choice.kex[1].proposed);
    struct proposals firm = LIST(IKE(1, SUITE, KE(31), ADDKE(1, 36)));
    assert_false(accept(firm, LIST(IKE(1, SUITE, KE(31)))));
    assert_mismatch(TRANSFORM_ADDKE1, 1);
    assert_false(accept(firm, LIST(IKE(1, SUITE, KE(31), ADDKE(1, 0)))));
    assert_mismatch(TRANSFORM_ADDKE1, 1);
}

static void an_answer_that_is_no_selection_is_refused(void **state)
{
    (void)state;
    struct proposals offer = LIST(IKE(1, CBC, PRF(5), INTEG(12), KE(31), KE(19)));
    assert_true(accept(offer, LIST(IKE(1, CBC, PRF(5), INTEG(12), KE(19)))));
    assert_false(accept(offer, LIST(IKE(2, CBC, PRF(5), INTEG(12), KE(19)))));
    assert_mismatch(0, 2);
    assert_false(accept(offer, LIST(ESP(1, CBC, INTEG(12)))));
    assert_false(accept(offer, LIST(IKE(1, CBC, PRF(5), INTEG(12), KE(19), KE(31)))));
    assert_mismatch(TRANSFORM_KE, 1);
    assert_false(accept(offer, LIST(IKE(1, CBC, PRF(5), INTEG(12), KE(20)))));
    assert_mismatch(TRANSFORM_KE, 1);
    assert_false(accept(offer, LIST(IKE(1, CBC, PRF(5), INTEG(12)))));
    assert_mismatch(TRANSFORM_KE, 1);
    assert_false(accept(offer, LIST(IKE(1, CBC, PRF(5), KE(19)))));
    assert_mismatch(TRANSFORM_INTEG, 1);
    assert_false(accept(offer, LIST(IKE(1, ENCR(12, 128), PRF(5), INTEG(12), KE(19)))));
    assert_mismatch(TRANSFORM_ENCR, 1);
    assert_false(accept(offer, LIST(IKE(1, CBC, PRF(5), INTEG(12), KE(19), ADDKE(1, 36)))));
    assert_mismatch(TRANSFORM_ADDKE1, 1);
    assert_false(accept(offer, LIST(IKE(1, CBC, PRF(5), INTEG(12), KE(19), {99, 0, 0, false}))));
    assert_mismatch(0, 1);
    assert_false(accept(offer, LIST(IKE(1, CBC, PRF(5), INTEG(12), {TRANSFORM_KE, 19, 0, true}))));
    assert_false(accept(offer, (struct proposals){0}));
    assert_false(
        accept(offer, LIST(IKE(1, CBC, PRF(5), INTEG(12), KE(19)), IKE(1, CBC, PRF(5), INTEG(12), KE(19)))));
}

static void an_answer_with_a_method_twice_is_refused(void **state)
{
    (void)state;
    struct proposals offer =
        LIST(IKE(1, SUITE, KE(31), KE(19), ADDKE(1, 19), ADDKE(1, 20), ADDKE(2, 20), ADDKE(2, 19)));
    assert_true(accept(offer, LIST(IKE(1, SUITE, KE(31), ADDKE(1, 20), ADDKE(2, 19)))));
    assert_false(accept(offer, LIST(IKE(1, SUITE, KE(31), ADDKE(1, 20), ADDKE(2, 20)))));
    assert_mismatch(TRANSFORM_ADDKE2, 1);
    assert_false(accept(offer, LIST(IKE(1, SUITE, KE(19), ADDKE(1, 19), ADDKE(2, 20)))));
    assert_mismatch(TRANSFORM_ADDKE1, 1);
}

static void an_answer_of_further_exchanges_without_a_first_is_refused(void **state)
{
    (void)state;
    struct proposals offer = LIST(ESP(1, GCM, KE(31), KE(0), ADDKE(1, 36), ADDKE(1, 0), SN(0)));
    assert_true(accept(offer, LIST(ESP(1, GCM, KE(0), ADDKE(1, 0), SN(0)))));
    assert_true(accept(offer, LIST(ESP(1, GCM, SN(0)))));
    assert_false(accept(offer, LIST(ESP(1, GCM, KE(0), ADDKE(1, 36), SN(0)))));
    assert_false(accept(offer, LIST(ESP(1, GCM, KE(31), ADDKE(1, 0)))));
    assert_mismatch(TRANSFORM_SN, 1);
}

static void an_answer_needs_the_peers_spi(void **state)
{
    (void)state;
    struct proposals offer = LIST(ESP(1, GCM, SN(0)));
    struct proposal answer = ESP(1, GCM, SN(0));
    memcpy(answer.spi, "\xca\xfe\xba\xbe", 4);
    assert_true(accept(offer, (struct proposals){1, &answer}));
    assert_int_equal(choice.spi, 0xcafebabe);
    answer.spi_len = 0;
    assert_false(accept(offer, (struct proposals){1, &answer}));
    struct proposal rekey = IKE(1, SUITE, KE(31)), missing = rekey;
    rekey.spi_len = 8;
    rekey.spi[7] = 1;
    assert_false(accept((struct proposals){1, &rekey}, (struct proposals){1, &missing}));
    assert_true(accept((struct proposals){1, &rekey}, (struct proposals){1, &rekey}));
}

/* ---- answering and offering ---- */

static void the_answer_holds_one_transform_per_type_and_says_none(void **state)
{
    (void)state;
    struct proposals offer = LIST(ESP(7, GCM, INTEG(0), SN(1), KE(31), ADDKE(4, 36), ADDKE(2, 0)));
    struct proposal answer;
    assert_true(choose(offer, offer));
    assert_true(proposal_answer(&choice, &arena, 0x12345678, &answer));
    assert_int_equal(answer.number, 7);
    assert_int_equal(answer.protocol, PROTOCOL_ESP);
    assert_int_equal(answer.spi_len, 4);
    assert_memory_equal(answer.spi, "\x12\x34\x56\x78", 4);
    assert_int_equal(answer.count, 6);
    static const struct transform wanted[] = {GCM, INTEG(0), SN(1), KE(31), ADDKE(2, 0), ADDKE(4, 36)};
    for (uint16_t i = 0; i < answer.count; i++) {
        assert_int_equal(answer.transform[i].type, wanted[i].type);
        assert_int_equal(answer.transform[i].id, wanted[i].id);
        assert_int_equal(answer.transform[i].key_bits, wanted[i].key_bits);
    }
    assert_true(accept(offer, (struct proposals){1, &answer}));
    assert_int_equal(choice.spi, 0x12345678);
}

static struct proposals out;
static uint16_t first_method;

static void offer_of(struct proposals configured, struct choose_rules rules)
{
    assert_true(
        proposal_offer(&configured, &arena, UINT64_C(0x0102030405060708), 8, &rules, &out, &first_method));
}

static void an_offer_is_numbered_and_carries_our_spi(void **state)
{
    (void)state;
    offer_of(LIST(IKE(0, SUITE, KE(31), KE(19)), IKE(0, SUITE, KE(20))), (struct choose_rules){0});
    assert_int_equal(out.count, 2);
    assert_int_equal(out.at[0].number, 1);
    assert_int_equal(out.at[1].number, 2);
    assert_memory_equal(out.at[1].spi, "\1\2\3\4\5\6\7\10", 8);
    assert_int_equal(out.at[0].count, 4);
    assert_int_equal(first_method, 31);
    assert_true(proposal_has_method(&out, 20));
    assert_false(proposal_has_method(&out, 36));
}

static void the_offer_in_ike_auth_has_no_key_exchange_and_no_double(void **state)
{
    (void)state;
    offer_of(LIST(ESP(0, GCM, KE(31), ADDKE(1, 36), SN(0)), ESP(0, GCM, KE(19), SN(0)),
                  ESP(0, CBC, INTEG(12), KE(19), SN(0))),
             (struct choose_rules){.no_kex = true});
    assert_int_equal(out.count, 2);
    assert_int_equal(out.at[0].count, 2);
    assert_int_equal(out.at[1].count, 3);
    assert_int_equal(out.at[1].number, 2);
    assert_int_equal(first_method, 0);
}

static void what_the_backend_lacks_is_not_offered(void **state)
{
    (void)state;
    offer_of(LIST(IKE(0, GCM, PRF(5), KE(31)), IKE(0, GCM, ENCR(28, 0), PRF(5), KE(19))),
             (struct choose_rules){.has = lacks_gcm});
    assert_int_equal(out.count, 1);
    assert_int_equal(out.at[0].number, 1);
    assert_int_equal(out.at[0].count, 3);
    assert_int_equal(first_method, 19);
}

static void without_the_extension_hybrid_proposals_are_not_offered(void **state)
{
    (void)state;
    offer_of(LIST(IKE(0, SUITE, KE(31), ADDKE(1, 36)), IKE(0, SUITE, KE(19), ADDKE(1, 36), ADDKE(1, 0)),
                  IKE(0, SUITE, KE(19))),
             (struct choose_rules){.slot0_only = true});
    assert_int_equal(out.count, 1);
    assert_int_equal(out.at[0].count, 3);
    assert_int_equal(first_method, 19);
}

static void repeated_transforms_are_offered_once(void **state)
{
    (void)state;
    offer_of(LIST(IKE(0, SUITE, PRF(5), KE(31), KE(31))), (struct choose_rules){0});
    assert_int_equal(out.at[0].count, 3);
}

static void an_offer_without_anything_left_is_empty(void **state)
{
    (void)state;
    offer_of(LIST(IKE(0, SUITE), IKE(0, GCM, PRF(99), KE(31))), (struct choose_rules){0});
    assert_int_equal(out.count, 0);
    assert_int_equal(first_method, 0);
}

static void running_out_of_memory_is_said(void **state)
{
    (void)state;
    struct arena tiny = arena_make(&heap.alloc, 8);
    struct proposals configured = LIST(IKE(0, SUITE, KE(31)));
    struct proposal answer;
    assert_false(proposal_offer(&configured, &tiny, 0, 0, NULL, &out, &first_method));
    assert_true(choose(configured, configured));
    assert_false(proposal_answer(&choice, &tiny, 0, &answer));
}

/* ---- property: against a search that tries everything ---- */

enum {
    SLOTS_TRIED = 4,
    TRANSFORMS_TRIED = 24,
};

struct random_proposal {
    struct transform transform[TRANSFORMS_TRIED];
    struct proposal proposal;
};

static void put(struct random_proposal *p, uint8_t type, uint16_t id, uint16_t bits)
{
    p->transform[p->proposal.count++] = (struct transform){type, id, bits, false};
}

static void random_proposal(struct dice *dice, struct random_proposal *p, uint8_t protocol, uint8_t number)
{
    static const uint16_t methods[] = {0, 19, 20, 31};
    *p = (struct random_proposal){.proposal = {.number = number, .protocol = protocol}};
    if (protocol == PROTOCOL_ESP)
        p->proposal.spi_len = 4, p->proposal.spi[3] = 9;
    unsigned ciphers = dice_below(dice, 4), integs = dice_below(dice, 4), sns = dice_below(dice, 4);
    if (ciphers != 1)
        put(p, TRANSFORM_ENCR, 20, 256);
    if (ciphers >= 1)
        put(p, TRANSFORM_ENCR, 12, 256);
    if (integs & 1)
        put(p, TRANSFORM_INTEG, 12, 0);
    if (integs & 2)
        put(p, TRANSFORM_INTEG, 0, 0);
    if (protocol == PROTOCOL_IKE)
        put(p, TRANSFORM_PRF, (uint16_t)(5 + (dice_below(dice, 8) == 0)), 0);
    for (uint16_t sn = 0; sn < 2 && protocol == PROTOCOL_ESP; sn++)
        if (sns & 1u << sn)
            put(p, TRANSFORM_SN, sn, 0);
    for (int slot = 0; slot < SLOTS_TRIED; slot++) {
        unsigned start = dice_below(dice, 4), listed = dice_below(dice, slot ? 4 : 5);
        for (unsigned i = 0; i < listed; i++)
            put(p, kex_slot_type(slot), methods[(start + i) % 4], 0);
    }
    p->proposal.transform = p->transform;
}

static bool lists(const struct proposal *p, uint8_t type, uint16_t id)
{
    for (uint16_t i = 0; i < p->count; i++)
        if (p->transform[i].type == type && p->transform[i].id == id)
            return true;
    return false;
}

static bool names(const struct proposal *p, uint8_t type)
{
    for (uint16_t i = 0; i < p->count; i++)
        if (p->transform[i].type == type)
            return true;
    return false;
}

/* May both live with this id in this type? Where a side is silent, the other must have said that 0 is enough. */
static bool both_allow(const struct proposal *ours, const struct proposal *theirs, uint8_t type, uint16_t id)
{
    bool we = names(ours, type) ? lists(ours, type, id) : id == 0;
    bool they = names(theirs, type) ? lists(theirs, type, id) : id == 0;
    return we && they;
}

/* Every assignment of the slots from `slot` on, in our order of preference: the first that obeys the rules. */
static bool try_slots(const struct proposal *ours, const struct proposal *theirs, int slot, uint16_t *method)
{
    if (slot == SLOTS_TRIED) {
        bool is_bare = method[0] == 0;
        for (int i = 0; i < SLOTS_TRIED; i++)
            for (int k = 0; k < i; k++)
                if (method[i] != 0 && (method[i] == method[k] || is_bare))
                    return false;
        return !is_bare || theirs->protocol == PROTOCOL_ESP;
    }
    uint8_t type = kex_slot_type(slot);
    uint16_t order[TRANSFORMS_TRIED], count = 0;
    for (uint16_t i = 0; i < ours->count; i++)
        if (ours->transform[i].type == type)
            order[count++] = ours->transform[i].id;
    if (!lists(ours, type, 0))
        order[count++] = 0;
    for (uint16_t i = 0; i < count; i++) {
        method[slot] = order[i];
        if (both_allow(ours, theirs, type, order[i]) && try_slots(ours, theirs, slot + 1, method))
            return true;
    }
    return false;
}

static bool try_cipher(const struct proposal *ours, const struct proposal *theirs, uint16_t encr)
{
    if (!lists(ours, TRANSFORM_ENCR, encr) || !lists(theirs, TRANSFORM_ENCR, encr))
        return false;
    if (encr == 20)
        return !names(theirs, TRANSFORM_INTEG) || lists(theirs, TRANSFORM_INTEG, 0);
    return lists(ours, TRANSFORM_INTEG, 12) && lists(theirs, TRANSFORM_INTEG, 12);
}

static bool try_pair(const struct proposal *ours, const struct proposal *theirs, uint16_t *encr,
                     uint16_t *method)
{
    *encr = try_cipher(ours, theirs, 20) ? 20 : 12; /* ours lists 20 before 12, always */
    if (!try_cipher(ours, theirs, *encr))
        return false;
    if (theirs->protocol == PROTOCOL_IKE &&
        !(lists(ours, TRANSFORM_PRF, 5) && lists(theirs, TRANSFORM_PRF, 5)) &&
        !(lists(ours, TRANSFORM_PRF, 6) && lists(theirs, TRANSFORM_PRF, 6)))
        return false;
    if (theirs->protocol == PROTOCOL_ESP && !both_allow(ours, theirs, TRANSFORM_SN, 0) &&
        !both_allow(ours, theirs, TRANSFORM_SN, 1))
        return false;
    return try_slots(ours, theirs, 0, method);
}

static bool try_everything(const struct proposals *offered, const struct proposals *ours, uint8_t *number,
                           uint16_t *encr, uint16_t *method)
{
    for (uint16_t i = 0; i < ours->count; i++)
        for (uint16_t k = 0; k < offered->count; k++)
            if (try_pair(&ours->at[i], &offered->at[k], encr, method)) {
                *number = offered->at[k].number;
                return true;
            }
    return false;
}

static void assert_answer_round_trips(const struct proposals *offered)
{
    struct proposal answer;
    struct choice chosen = choice, accepted;
    assert_true(proposal_answer(&chosen, &arena, 5, &answer));
    const struct proposals answers = {1, &answer};
    assert_true(proposal_accept(offered, &answers, &accepted, &why));
    assert_ptr_equal(accepted.encr, chosen.encr);
    assert_ptr_equal(accepted.integ, chosen.integ);
    assert_ptr_equal(accepted.prf, chosen.prf);
    assert_int_equal(accepted.sn, chosen.sn);
    assert_memory_equal(accepted.kex, chosen.kex, sizeof chosen.kex);
}

static void random_offers_agree_with_a_search_that_tries_everything(void **state)
{
    (void)state;
    struct dice dice = {1};
    unsigned found = 0, rounds = 40000;
    for (unsigned round = 0; round < rounds; round++) {
        struct random_proposal theirs[2], ours[2];
        struct proposal offers[2], configured[2];
        uint8_t protocol = round % 2 ? PROTOCOL_ESP : PROTOCOL_IKE;
        for (uint8_t i = 0; i < 2; i++) {
            random_proposal(&dice, &theirs[i], protocol, (uint8_t)(i + 1));
            random_proposal(&dice, &ours[i], protocol, 0);
            offers[i] = theirs[i].proposal;
            configured[i] = ours[i].proposal;
        }
        struct proposals offered = {2, offers}, acceptable = {2, configured};
        uint8_t number = 0;
        uint16_t encr = 0, method[SLOTS_TRIED];
        bool exists = try_everything(&offered, &acceptable, &number, &encr, method);
        assert_true(choose(offered, acceptable) == exists);
        if (!exists)
            continue;
        found++;
        assert_int_equal(choice.number, number);
        assert_int_equal(choice.encr->id, encr);
        for (int slot = 0; slot < SLOTS_TRIED; slot++)
            assert_int_equal(METHOD(slot), method[slot]);
        assert_answer_round_trips(&offered);
        arena_wipe(&arena);
    }
    assert_in_range(found, rounds / 20, rounds - rounds / 20); /* the dice make both sorts */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_plain_offer_is_chosen),
        cmocka_unit_test(our_order_decides_unless_the_peers_should),
        cmocka_unit_test(the_key_length_must_match_exactly),
        cmocka_unit_test(a_transform_with_an_unknown_attribute_is_never_chosen),
        cmocka_unit_test(unknown_ids_are_passed_over),
        cmocka_unit_test(an_unknown_transform_type_spoils_its_proposal_alone),
        cmocka_unit_test(types_of_another_protocol_spoil_a_proposal),
        cmocka_unit_test(an_aead_goes_with_no_integrity_transform_or_none),
        cmocka_unit_test(a_cipher_without_integrity_is_never_chosen),
        cmocka_unit_test(mixed_ciphers_find_their_integrity),
        cmocka_unit_test(what_the_backend_lacks_is_not_chosen),
        cmocka_unit_test(esp_takes_its_spi_and_sequence_numbers),
        cmocka_unit_test(absent_sequence_numbers_mean_32_bits),
        cmocka_unit_test(esp_without_a_usable_spi_is_refused),
        cmocka_unit_test(an_ike_rekey_carries_eight_octets_of_spi),
        cmocka_unit_test(the_first_child_needs_no_key_exchange),
        cmocka_unit_test(a_child_may_do_without_a_key_exchange_where_both_say_so),
        cmocka_unit_test(further_exchanges_need_a_first_one),
        cmocka_unit_test(an_ike_sa_never_does_without_a_key_exchange),
        cmocka_unit_test(none_may_be_chosen_or_left_out),
        cmocka_unit_test(no_method_is_chosen_twice_the_first_exchange_included),
        cmocka_unit_test(a_greedy_pick_is_taken_back),
        cmocka_unit_test(the_example_of_rfc_9370_works),
        cmocka_unit_test(seven_further_exchanges_fit),
        cmocka_unit_test(without_the_extension_only_none_is_chosen),
        cmocka_unit_test(a_plain_proposal_behind_a_hybrid_one_is_the_way_back),
        cmocka_unit_test(the_method_at_hand_is_preferred_inside_the_chosen_pair),
        cmocka_unit_test(the_method_at_hand_is_not_worth_a_round),
        cmocka_unit_test(the_explanation_is_that_of_the_closest_proposal),
        cmocka_unit_test(a_hostile_offer_costs_little),
        cmocka_unit_test(the_answer_we_would_give_is_accepted),
        cmocka_unit_test(both_shapes_of_none_are_accepted_where_none_was_offered),
        cmocka_unit_test(an_answer_that_is_no_selection_is_refused),
        cmocka_unit_test(an_answer_with_a_method_twice_is_refused),
        cmocka_unit_test(an_answer_of_further_exchanges_without_a_first_is_refused),
        cmocka_unit_test(an_answer_needs_the_peers_spi),
        cmocka_unit_test(the_answer_holds_one_transform_per_type_and_says_none),
        cmocka_unit_test(an_offer_is_numbered_and_carries_our_spi),
        cmocka_unit_test(the_offer_in_ike_auth_has_no_key_exchange_and_no_double),
        cmocka_unit_test(what_the_backend_lacks_is_not_offered),
        cmocka_unit_test(without_the_extension_hybrid_proposals_are_not_offered),
        cmocka_unit_test(repeated_transforms_are_offered_once),
        cmocka_unit_test(an_offer_without_anything_left_is_empty),
        cmocka_unit_test(running_out_of_memory_is_said),
        cmocka_unit_test(random_offers_agree_with_a_search_that_tries_everything),
    };
    return cmocka_run_group_tests(tests, start, stop);
}
