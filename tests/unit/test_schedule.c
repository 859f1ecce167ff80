/* schedule: the rounds of RFC 9370: planned from a choice, carried out one after another, wiped in the end. */
#include "../support/unit.h"

#include "crypto/toy.h"
#include "ike/schedule.h"

static struct toy_crypto toy;
static struct memory heap;
static struct schedule ours, theirs; /* asking, answering */
static uint8_t data[KEX_DATA_MAX], reply[KEX_DATA_MAX];
static size_t data_len, reply_len;

static int start(void **state)
{
    (void)state;
    memory_make(&heap);
    toy_crypto_init(&toy, &heap.alloc, 1);
    ours = (struct schedule){0};
    theirs = (struct schedule){0};
    return 0;
}

static int stop(void **state)
{
    (void)state;
    schedule_wipe(&ours, &toy.crypto, &heap.alloc);
    schedule_wipe(&theirs, &toy.crypto, &heap.alloc);
    memory_check(&heap);
    return 0;
}

/* A choice of these methods in slots 0, 1, ...; 0xffff: the slot was not proposed. */
enum { ABSENT = 0xffff };
static struct choice choose(const uint16_t *method, int count)
{
    struct choice c = {0};
    for (int slot = 0; slot < count; slot++)
        if (method[slot] != ABSENT) {
            c.kex[slot].proposed = true;
            c.kex[slot].method = method[slot];
        }
    return c;
}

#define CHOICE(...) \
    choose((const uint16_t[]){__VA_ARGS__}, (int)(sizeof(uint16_t[]){__VA_ARGS__} / sizeof(uint16_t)))

static void plan_both(struct choice c)
{
    assert_true(schedule_plan(&ours, &c));
    assert_true(schedule_plan(&theirs, &c));
}

static enum crypto_result answer(void)
{
    return schedule_answer(&theirs, &toy.crypto, &heap.alloc, schedule_method(&theirs)->id,
                           bytes_make(data, data_len), reply, &reply_len);
}

static enum crypto_result finish(void)
{
    return schedule_finish(&ours, &toy.crypto, &heap.alloc, schedule_method(&ours)->id,
                           bytes_make(reply, reply_len));
}

static void run_round(void)
{
    assert_int_equal(schedule_offer(&ours, &toy.crypto, data, &data_len), CRYPTO_OK);
    assert_int_equal(answer(), CRYPTO_OK);
    assert_int_equal(finish(), CRYPTO_OK);
    assert_true(
        bytes_equal(shared_secret_view(schedule_last(&ours)), shared_secret_view(schedule_last(&theirs))));
}

static void rounds_run_in_ascending_order_without_none(void **state)
{
    (void)state;
    plan_both(CHOICE(31, ABSENT, 36, KE_NONE, 20, ABSENT, ABSENT, 37));
    static const uint16_t method[] = {31, 36, 20, 37};
    static const uint8_t slot[] = {0, 2, 4, 7};
    assert_int_equal(ours.count, 4);
    for (int i = 0; i < 4; i++) {
        assert_int_equal(schedule_left(&ours), 4 - i);
        assert_int_equal(schedule_method(&ours)->id, method[i]);
        assert_int_equal(ours.round[i].slot, slot[i]);
        run_round();
        assert_int_equal(ours.held, i + 1);
    }
    assert_null(schedule_method(&ours));
    assert_int_equal(schedule_left(&ours), 0);
    assert_int_equal(schedule_offer(&ours, &toy.crypto, data, &data_len), CRYPTO_FAULT);
}

static void secrets_stay_in_the_order_of_the_rounds(void **state)
{
    (void)state;
    plan_both(CHOICE(31, 36, 19));
    struct shared_secret seen[3];
    for (int i = 0; i < 3; i++) {
        run_round();
        seen[i] = *schedule_last(&ours);
    }
    for (int i = 0; i < 3; i++)
        assert_true(bytes_equal(shared_secret_view(ours.secret[i]), shared_secret_view(&seen[i])));
}

static void forgetting_keeps_the_place(void **state)
{
    (void)state;
    plan_both(CHOICE(31, 36));
    run_round();
    size_t before = heap.octets;
    schedule_forget(&ours, &heap.alloc);
    assert_true(heap.octets < before);
    assert_null(schedule_last(&ours));
    assert_int_equal(schedule_left(&ours), 1);
    run_round();
    assert_int_equal(ours.held, 1);
    assert_int_equal(schedule_left(&ours), 0);
}

static void no_key_exchange_at_all_is_an_empty_plan(void **state)
{
    (void)state;
    plan_both(CHOICE(KE_NONE, KE_NONE));
    assert_int_equal(schedule_left(&ours), 0);
    assert_null(schedule_method(&ours));
    struct choice none = CHOICE(31, KE_NONE), one = CHOICE(31, KE_NONE, 36);
    assert_false(schedule_needs_more(&none));
    assert_true(schedule_needs_more(&one));
}

static void a_right_guess_is_kept(void **state)
{
    (void)state;
    assert_int_equal(schedule_guess(&ours, &toy.crypto, alg_find(TRANSFORM_KE, 31, 0), data, &data_len),
                     CRYPTO_OK);
    assert_int_equal(schedule_method(&ours)->id, 31);
    assert_int_equal(schedule_left(&ours), 1);
    assert_int_equal(data_len, 32);
    plan_both(CHOICE(31, 36));
    assert_int_equal(answer(), CRYPTO_OK);
    assert_int_equal(finish(), CRYPTO_OK);
    assert_true(
        bytes_equal(shared_secret_view(schedule_last(&ours)), shared_secret_view(schedule_last(&theirs))));
    run_round();
}

static void a_second_guess_replaces_the_first(void **state)
{
    (void)state;
    assert_int_equal(schedule_guess(&ours, &toy.crypto, alg_find(TRANSFORM_KE, 31, 0), data, &data_len),
                     CRYPTO_OK);
    assert_int_equal(schedule_guess(&ours, &toy.crypto, alg_find(TRANSFORM_KE, 19, 0), data, &data_len),
                     CRYPTO_OK);
    assert_int_equal(data_len, 64);
    plan_both(CHOICE(19));
    assert_int_equal(answer(), CRYPTO_OK);
    assert_int_equal(finish(), CRYPTO_OK);
}

static void a_wrong_guess_is_never_finished(void **state)
{
    (void)state;
    assert_int_equal(schedule_guess(&ours, &toy.crypto, alg_find(TRANSFORM_KE, 31, 0), data, &data_len),
                     CRYPTO_OK);
    plan_both(CHOICE(32, 36));
    reply_len = 56;
    assert_int_equal(finish(), CRYPTO_BAD);
    assert_int_equal(schedule_left(&ours), 2);
    run_round(); /* begins anew, and the guess is freed */
}

static void a_guess_for_a_plan_without_key_exchange_is_only_freed(void **state)
{
    (void)state;
    assert_int_equal(schedule_guess(&ours, &toy.crypto, alg_find(TRANSFORM_KE, 31, 0), data, &data_len),
                     CRYPTO_OK);
    plan_both(CHOICE(KE_NONE));
    assert_null(schedule_method(&ours));
    assert_int_equal(schedule_left(&ours), 0);
}

static void a_plan_may_be_repeated_until_a_round_is_done(void **state)
{
    (void)state;
    assert_int_equal(schedule_guess(&ours, &toy.crypto, alg_find(TRANSFORM_KE, 31, 0), data, &data_len),
                     CRYPTO_OK);
    struct choice forged = CHOICE(19), real = CHOICE(31, 36);
    assert_true(schedule_plan(&ours, &forged));
    assert_true(schedule_plan(&ours, &real));
    assert_true(schedule_plan(&theirs, &real));
    assert_int_equal(answer(), CRYPTO_OK);
    assert_int_equal(finish(), CRYPTO_OK);
    assert_false(schedule_plan(&ours, &real));
    assert_int_equal(schedule_left(&ours), 1);
}

static void an_unknown_method_cannot_be_planned(void **state)
{
    (void)state;
    struct choice c = CHOICE(31, 1035);
    assert_false(schedule_plan(&ours, &c));
    assert_int_equal(ours.count, 0);
}

static void another_method_is_refused_by_both_sides(void **state)
{
    (void)state;
    plan_both(CHOICE(31));
    assert_int_equal(schedule_offer(&ours, &toy.crypto, data, &data_len), CRYPTO_OK);
    struct bytes offer = bytes_make(data, data_len);
    assert_int_equal(schedule_answer(&theirs, &toy.crypto, &heap.alloc, 32, offer, reply, &reply_len),
                     CRYPTO_BAD);
    assert_int_equal(schedule_answer(&theirs, &toy.crypto, &heap.alloc, KE_NONE, offer, reply, &reply_len),
                     CRYPTO_BAD);
    assert_int_equal(answer(), CRYPTO_OK);
    assert_int_equal(schedule_finish(&ours, &toy.crypto, &heap.alloc, 32, bytes_make(reply, reply_len)),
                     CRYPTO_BAD);
    assert_int_equal(finish(), CRYPTO_OK);
}

static void every_other_length_is_refused_by_role(void **state)
{
    (void)state;
    plan_both(CHOICE(36)); /* 1184 one way, 1088 the other */
    assert_int_equal(schedule_offer(&ours, &toy.crypto, data, &data_len), CRYPTO_OK);
    assert_int_equal(data_len, 1184);
    for (size_t len = 0; len <= KEX_DATA_MAX; len++)
        if (len != 1184)
            assert_int_equal(schedule_answer(&theirs, &toy.crypto, &heap.alloc, 36, bytes_make(data, len),
                                             reply, &reply_len),
                             CRYPTO_BAD);
    assert_int_equal(answer(), CRYPTO_OK);
    assert_int_equal(reply_len, 1088);
    for (size_t len = 0; len <= KEX_DATA_MAX; len++)
        if (len != 1088)
            assert_int_equal(schedule_finish(&ours, &toy.crypto, &heap.alloc, 36, bytes_make(reply, len)),
                             CRYPTO_BAD);
    assert_int_equal(finish(), CRYPTO_OK); /* a bad answer does not cost the round: it may have been forged */
}

static void surplus_rounds_are_refused(void **state)
{
    (void)state;
    plan_both(CHOICE(31));
    run_round();
    assert_int_equal(
        schedule_answer(&theirs, &toy.crypto, &heap.alloc, 31, bytes_make(data, 32), reply, &reply_len),
        CRYPTO_BAD);
    assert_int_equal(schedule_finish(&ours, &toy.crypto, &heap.alloc, 31, bytes_make(reply, 32)), CRYPTO_BAD);
}

static void an_unplanned_schedule_serves_nothing(void **state)
{
    (void)state;
    assert_int_equal(
        schedule_answer(&theirs, &toy.crypto, &heap.alloc, 31, bytes_make(data, 32), reply, &reply_len),
        CRYPTO_BAD);
    assert_int_equal(schedule_offer(&ours, &toy.crypto, data, &data_len), CRYPTO_FAULT);
    assert_int_equal(schedule_guess(&ours, &toy.crypto, alg_find(TRANSFORM_KE, 31, 0), data, &data_len),
                     CRYPTO_OK);
    assert_int_equal(schedule_finish(&ours, &toy.crypto, &heap.alloc, 31, bytes_make(reply, 32)), CRYPTO_BAD);
}

static void an_answer_without_an_offer_is_refused(void **state)
{
    (void)state;
    plan_both(CHOICE(31));
    assert_int_equal(schedule_finish(&ours, &toy.crypto, &heap.alloc, 31, bytes_make(reply, 32)), CRYPTO_BAD);
}

static enum crypto_result bad_answer(void *self, const struct alg *kex, struct bytes offer, uint8_t *to,
                                     struct shared_secret *secret)
{
    (void)self;
    (void)offer;
    memset(to, 0, kex->answer_len);
    shared_secret_wipe(secret);
    return CRYPTO_BAD;
}

static enum crypto_result short_answer(void *self, const struct alg *kex, struct bytes offer, uint8_t *to,
                                       struct shared_secret *secret)
{
    (void)self;
    (void)offer;
    memset(to, 0, kex->answer_len);
    secret->len = 31;
    return CRYPTO_OK;
}

static void what_cryptography_refuses_leaves_the_round_open(void **state)
{
    (void)state;
    plan_both(CHOICE(31));
    struct crypto broken = toy.crypto;
    broken.kex_answer = bad_answer;
    assert_int_equal(
        schedule_answer(&theirs, &broken, &heap.alloc, 31, bytes_make(data, 32), reply, &reply_len),
        CRYPTO_BAD);
    broken.kex_answer = short_answer;
    assert_int_equal(
        schedule_answer(&theirs, &broken, &heap.alloc, 31, bytes_make(data, 32), reply, &reply_len),
        CRYPTO_FAULT);
    assert_int_equal(schedule_left(&theirs), 1);
    memory_check(&heap);
}

static void running_out_of_memory_is_a_fault_that_can_be_repeated(void **state)
{
    (void)state;
    plan_both(CHOICE(31));
    assert_int_equal(schedule_offer(&ours, &toy.crypto, data, &data_len), CRYPTO_OK);
    heap.fail_at = heap.takes + 1;
    assert_int_equal(answer(), CRYPTO_FAULT);
    heap.fail_at = 0;
    assert_int_equal(answer(), CRYPTO_OK);
    heap.fail_at = heap.takes + 1;
    assert_int_equal(finish(), CRYPTO_FAULT);
    heap.fail_at = 0;
    assert_int_equal(finish(), CRYPTO_OK);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, start, stop)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(rounds_run_in_ascending_order_without_none),
        TEST(secrets_stay_in_the_order_of_the_rounds),
        TEST(forgetting_keeps_the_place),
        TEST(no_key_exchange_at_all_is_an_empty_plan),
        TEST(a_right_guess_is_kept),
        TEST(a_second_guess_replaces_the_first),
        TEST(a_wrong_guess_is_never_finished),
        TEST(a_guess_for_a_plan_without_key_exchange_is_only_freed),
        TEST(a_plan_may_be_repeated_until_a_round_is_done),
        TEST(an_unknown_method_cannot_be_planned),
        TEST(another_method_is_refused_by_both_sides),
        TEST(every_other_length_is_refused_by_role),
        TEST(surplus_rounds_are_refused),
        TEST(an_unplanned_schedule_serves_nothing),
        TEST(an_answer_without_an_offer_is_refused),
        TEST(what_cryptography_refuses_leaves_the_round_open),
        TEST(running_out_of_memory_is_a_fault_that_can_be_repeated),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
