/*
 * grammar: the shapes of RFC 7296 appendix C and of the further exchanges pass; what is missing or misplaced is
 * named.
 */
#include "../support/unit.h"
#include "wire/grammar.h"

enum { REQUEST = 0,
       RESPONSE = 1 };

static struct memory memory;
static struct arena arena;

static int set_up(void **state)
{
    (void)state;
    memory_make(&memory);
    arena = arena_make(&memory.alloc, 1 << 20);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    arena_wipe(&arena);
    memory_check(&memory);
    return 0;
}

static uint8_t find_payload(struct bytes word)
{
    for (unsigned type = 0; type < 256; type++)
        if (payload_name((uint8_t)type) && bytes_equal(bytes_str(payload_name((uint8_t)type)), word))
            return (uint8_t)type;
    return 200; /* "unknown" */
}

static uint16_t find_notify(struct bytes word)
{
    for (unsigned type = 0; type < 0x10000; type++)
        if (notify_name((uint16_t)type) && bytes_equal(bytes_str(notify_name((uint16_t)type)), word))
            return (uint16_t)type;
    fail_msg("no notify %.*s", (int)word.len, (const char *)word.at);
    return 0;
}

static void add_word(struct ike_msg *m, struct bytes word)
{
    static const uint8_t nonce[NONCE_LEN_MIN];
    if (word.len > 2 && word.at[0] == 'N' && word.at[1] == ':') {
        ike_msg_add_notify(m, &arena, find_notify(bytes_make(word.at + 2, word.len - 2)), BYTES_NONE);
        return;
    }
    struct payload *p = ike_msg_add(m, &arena, find_payload(word));
    p->raw = BYTES_OF(nonce);
}

/* A message from words: payload names, or N:NOTIFY_NAME. */
static struct grammar_error check(uint8_t exchange, bool response, const char *words)
{
    struct ike_msg m = ike_msg_make();
    m.header.exchange = exchange;
    m.header.response = response;
    while (*words) {
        size_t len = strcspn(words, " ");
        add_word(&m, bytes_make(words, len));
        words += len + (words[len] == ' ');
    }
    struct grammar_error e = grammar_check(&m);
    arena_wipe(&arena);
    return e;
}

static void good(uint8_t exchange, bool response, const char *words)
{
    struct grammar_error e = check(exchange, response, words);
    if (!e.ok)
        fail_msg("%s: %s %s", words, e.what, payload_name(e.payload));
}

static void bad(uint8_t exchange, bool response, const char *words, uint8_t payload, const char *what)
{
    struct grammar_error e = check(exchange, response, words);
    if (e.ok)
        fail_msg("%s: passes", words);
    assert_string_equal(e.what, what);
    assert_int_equal(e.payload, payload);
}

static void ike_sa_init_has_sa_ke_and_nonce(void **state)
{
    (void)state;
    const uint8_t x = EXCHANGE_IKE_SA_INIT;
    good(x, REQUEST, "SA KE No");
    good(x, REQUEST, "N:COOKIE SA KE No N:NAT_DETECTION_SOURCE_IP N:NAT_DETECTION_SOURCE_IP V");
    good(x, REQUEST, "No KE SA"); /* any order (RFC 7296 2.5) */
    good(x, RESPONSE, "SA KE No CERTREQ CERTREQ V");
    bad(x, REQUEST, "SA KE", PAYLOAD_NONCE, "missing");
    bad(x, REQUEST, "", PAYLOAD_SA, "missing");
    bad(x, REQUEST, "SA KE KE No", PAYLOAD_KE, "more than allowed");
    bad(x, REQUEST, "SA KE No CERTREQ", PAYLOAD_CERTREQ, "not allowed here");
    bad(x, REQUEST, "SA KE No SK", PAYLOAD_SK, "not allowed here");
    bad(x, RESPONSE, "SA KE No IDr", PAYLOAD_IDr, "not allowed here");
}

static void an_ike_sa_init_response_may_be_a_notify_instead(void **state)
{
    (void)state;
    const uint8_t x = EXCHANGE_IKE_SA_INIT;
    good(x, RESPONSE, "N:COOKIE");
    good(x, RESPONSE, "N:PUZZLE N:COOKIE V");
    good(x, RESPONSE, "N:REDIRECT");
    good(x, RESPONSE, "N:INVALID_KE_PAYLOAD");
    good(x, RESPONSE, "N:NO_PROPOSAL_CHOSEN V");
    bad(x, RESPONSE, "N:NAT_DETECTION_SOURCE_IP", PAYLOAD_SA, "missing");
    bad(x, RESPONSE, "N:COOKIE EAP", PAYLOAD_EAP, "not allowed here");
    bad(x, REQUEST, "N:COOKIE", PAYLOAD_SA, "missing");
    bad(x, REQUEST, "N:NO_PROPOSAL_CHOSEN", PAYLOAD_SA, "missing");
}

static void ike_auth_without_eap(void **state)
{
    (void)state;
    const uint8_t x = EXCHANGE_IKE_AUTH;
    good(x, REQUEST, "IDi CERT CERT N:INITIAL_CONTACT CERTREQ IDr AUTH CP N:USE_TRANSPORT_MODE SA TSi TSr V");
    good(x, RESPONSE, "IDr CERT CERT AUTH CP SA TSi TSr N:ADDITIONAL_TS_POSSIBLE");
    good(x, RESPONSE, "IDr CERT AUTH N:TS_UNACCEPTABLE"); /* the Child SA alone has failed */
    good(x, RESPONSE, "N:AUTHENTICATION_FAILED");
    bad(x, REQUEST, "IDi IDi AUTH", PAYLOAD_IDi, "more than allowed");
    bad(x, REQUEST, "IDi AUTH KE", PAYLOAD_KE, "not allowed here");
    bad(x, RESPONSE, "IDi AUTH", PAYLOAD_IDi, "not allowed here");
}

static void ike_auth_in_several_rounds(void **state)
{
    (void)state;
    const uint8_t x = EXCHANGE_IKE_AUTH;
    good(x, REQUEST, "IDi AUTH N:ANOTHER_AUTH_FOLLOWS SA TSi TSr");
    good(x, REQUEST, ""); /* the responder has another round, the initiator has none */
    good(x, RESPONSE, "");
    good(x, RESPONSE, "SA TSi TSr");
}

static void ike_auth_with_eap_has_several_shapes(void **state)
{
    (void)state;
    const uint8_t x = EXCHANGE_IKE_AUTH;
    good(x, REQUEST, "IDi CERTREQ IDr SA TSi TSr");
    good(x, RESPONSE, "IDr CERT AUTH EAP");
    good(x, REQUEST, "EAP");
    good(x, RESPONSE, "EAP");
    good(x, REQUEST, "AUTH");
    good(x, RESPONSE, "AUTH CP SA TSi TSr");
    bad(x, REQUEST, "EAP EAP", PAYLOAD_EAP, "more than allowed");
}

static void an_ike_auth_has_a_whole_child_sa_or_none(void **state)
{
    (void)state;
    const uint8_t x = EXCHANGE_IKE_AUTH;
    good(x, REQUEST, "IDi AUTH"); /* RFC 6023 */
    good(x, RESPONSE, "IDr AUTH");
    bad(x, REQUEST, "IDi AUTH SA", PAYLOAD_TSi, "missing");
    bad(x, REQUEST, "IDi AUTH SA TSi", PAYLOAD_TSr, "missing");
    bad(x, REQUEST, "IDi AUTH TSi TSr", PAYLOAD_SA, "missing");
    bad(x, RESPONSE, "IDr AUTH SA TSr", PAYLOAD_TSi, "missing");
    good(x, RESPONSE, "IDr AUTH TSi N:TS_UNACCEPTABLE");
}

static void create_child_sa_makes_or_rekeys(void **state)
{
    (void)state;
    const uint8_t x = EXCHANGE_CREATE_CHILD_SA;
    good(x, REQUEST, "N:REKEY_SA SA No KE TSi TSr");
    good(x, REQUEST, "SA No TSi TSr N:USE_TRANSPORT_MODE CP");
    good(x, RESPONSE, "SA No TSi TSr");
    good(x, REQUEST, "SA No KE"); /* the IKE SA */
    good(x, RESPONSE, "SA No KE");
    good(x, RESPONSE, "N:NO_ADDITIONAL_SAS");
    good(x, RESPONSE, "N:INVALID_KE_PAYLOAD V");
    bad(x, REQUEST, "SA No", PAYLOAD_TSi, "missing");
    bad(x, REQUEST, "SA No TSi", PAYLOAD_TSr, "missing");
    bad(x, REQUEST, "SA No KE TSr", PAYLOAD_TSi, "missing");
    bad(x, REQUEST, "No KE", PAYLOAD_SA, "missing");
    bad(x, REQUEST, "SA No KE TSi TSr D", PAYLOAD_DELETE, "not allowed here");
}

static void informational_may_be_empty_and_hold_deletes(void **state)
{
    (void)state;
    const uint8_t x = EXCHANGE_INFORMATIONAL;
    good(x, REQUEST, "");
    good(x, RESPONSE, "");
    good(x, REQUEST, "D D N:UPDATE_SA_ADDRESSES CP");
    good(x, RESPONSE, "D");
    bad(x, REQUEST, "SA", PAYLOAD_SA, "not allowed here");
    bad(x, REQUEST, "CP CP", PAYLOAD_CP, "more than allowed");
}

/* RFC 9242 and RFC 9370 */
static void the_exchanges_of_further_key_exchanges_hold_one_ke(void **state)
{
    (void)state;
    good(43, REQUEST, "KE");
    good(43, RESPONSE, "KE N:PPK_IDENTITY");
    good(43, REQUEST, "N:PPK_IDENTITY_KEY unknown");
    good(43, REQUEST, "");
    bad(43, REQUEST, "KE KE", PAYLOAD_KE, "more than allowed");
    bad(43, REQUEST, "KE AUTH", PAYLOAD_AUTH, "not allowed here");
    good(44, REQUEST, "KE N:ADDITIONAL_KEY_EXCHANGE");
    good(44, REQUEST, "KE"); /* it names no state, and is answered so */
    good(44, RESPONSE, "KE");
    good(44, RESPONSE, "N:STATE_NOT_FOUND");
    bad(44, REQUEST, "N:ADDITIONAL_KEY_EXCHANGE", PAYLOAD_KE, "missing");
    bad(44, RESPONSE, "KE No", PAYLOAD_NONCE, "not allowed here");
}

static void vendor_ids_and_unknown_payloads_are_welcome_anywhere(void **state)
{
    (void)state;
    good(EXCHANGE_IKE_SA_INIT, REQUEST, "V unknown SA V KE unknown No V V unknown");
    good(EXCHANGE_INFORMATIONAL, RESPONSE, "V unknown V");
}

static void an_exchange_without_rules_is_not_known(void **state)
{
    (void)state;
    bad(EXCHANGE_IKE_SESSION_RESUME, REQUEST, "No", PAYLOAD_NONE, "exchange not known");
    bad(99, REQUEST, "", PAYLOAD_NONE, "exchange not known");
}

static void a_nonce_has_16_to_256_octets(void **state)
{
    (void)state;
    static const uint8_t nonce[NONCE_LEN_MAX + 1];
    for (size_t len = 0; len <= NONCE_LEN_MAX + 1; len++) {
        struct ike_msg m = ike_msg_make();
        m.header.exchange = EXCHANGE_IKE_SA_INIT;
        ike_msg_add(&m, &arena, PAYLOAD_SA);
        ike_msg_add(&m, &arena, PAYLOAD_KE);
        ike_msg_add_raw(&m, &arena, PAYLOAD_NONCE, bytes_make(nonce, len));
        struct grammar_error e = grammar_check(&m);
        assert_int_equal(e.ok, len >= NONCE_LEN_MIN && len <= NONCE_LEN_MAX);
        if (!e.ok)
            assert_string_equal(e.what, "length out of range");
        arena_wipe(&arena);
    }
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(ike_sa_init_has_sa_ke_and_nonce),
        TEST(an_ike_sa_init_response_may_be_a_notify_instead),
        TEST(ike_auth_without_eap),
        TEST(ike_auth_in_several_rounds),
        TEST(ike_auth_with_eap_has_several_shapes),
        TEST(an_ike_auth_has_a_whole_child_sa_or_none),
        TEST(create_child_sa_makes_or_rekeys),
        TEST(informational_may_be_empty_and_hold_deletes),
        TEST(the_exchanges_of_further_key_exchanges_hold_one_ke),
        TEST(vendor_ids_and_unknown_payloads_are_welcome_anywhere),
        TEST(an_exchange_without_rules_is_not_known),
        TEST(a_nonce_has_16_to_256_octets),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
