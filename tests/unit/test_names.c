/* names: every number of iana.def has its name, and no number stands there twice. */
#include "../support/unit.h"
#include "wire/names.h"

static void known_numbers_have_names_and_unknown_ones_have_none(void **state)
{
    (void)state;
    assert_string_equal(exchange_name(34), "IKE_SA_INIT");
    assert_string_equal(payload_name(40), "No");
    assert_string_equal(transform_name(5), "SN");
    assert_string_equal(notify_name(14), "NO_PROPOSAL_CHOSEN");
    assert_string_equal(notify_name(16441), "ADDITIONAL_KEY_EXCHANGE");
    assert_string_equal(protocol_name(PROTOCOL_ESP), "ESP");
    assert_string_equal(id_type_name(ID_NULL), "NULL");
    assert_string_equal(auth_method_name(AUTH_DIGITAL_SIGNATURE), "DIGITAL_SIGNATURE");
    assert_string_equal(cert_encoding_name(CERT_X509_SIGNATURE), "X509_SIGNATURE");
    assert_string_equal(cp_type_name(CP_REPLY), "REPLY");
    assert_string_equal(cp_attribute_name(CP_ATTR_INTERNAL_IP4_DNS), "INTERNAL_IP4_DNS");
    assert_string_equal(hash_name(HASH_IDENTITY), "IDENTITY");
    assert_null(exchange_name(0));
    assert_null(payload_name(49));
    assert_null(transform_name(255));
    assert_null(notify_name(16383));
    assert_null(protocol_name(0));
    assert_null(id_type_name(4));
    assert_null(auth_method_name(4));
    assert_null(cert_encoding_name(0));
    assert_null(cp_type_name(5));
    assert_null(cp_attribute_name(5));
    assert_null(hash_name(0));
}

/* A number that stood there twice would not compile: every function is a switch. */
static void every_number_of_the_list_has_its_name(void **state)
{
    (void)state;
#define EXCHANGE(number, name) assert_string_equal(exchange_name(number), #name);
#define PAYLOAD(number, name, text) assert_string_equal(payload_name(number), text);
#define TRANSFORM(number, name) assert_string_equal(transform_name(number), #name);
#define NOTIFY(number, name) assert_string_equal(notify_name(number), #name);
#define PROTOCOL(number, name) assert_string_equal(protocol_name(number), #name);
#define ID_TYPE(number, name) assert_string_equal(id_type_name(number), #name);
#define AUTH_METHOD(number, name) assert_string_equal(auth_method_name(number), #name);
#define CERT_ENCODING(number, name) assert_string_equal(cert_encoding_name(number), #name);
#define CP_TYPE(number, name) assert_string_equal(cp_type_name(number), #name);
#define CP_ATTRIBUTE(number, name) assert_string_equal(cp_attribute_name(number), #name);
#define HASH_ID(number, name) assert_string_equal(hash_name(number), #name);
#include "wire/iana.def"
}

static void errors_are_below_16384(void **state)
{
    (void)state;
    assert_true(notify_is_error(NOTIFY_REGISTRATION_FAILED));
    assert_true(notify_is_error(16383));
    assert_false(notify_is_error(NOTIFY_INITIAL_CONTACT));
}

/* RFC 9370 2.2.1: type 4, then 6 to 12 in ascending order. */
static void key_exchanges_have_eight_slots(void **state)
{
    (void)state;
    assert_int_equal(kex_slot(TRANSFORM_KE), 0);
    assert_int_equal(kex_slot(6), 1);
    assert_int_equal(kex_slot(12), 7);
    for (int slot = 0; slot < KEX_SLOTS; slot++)
        assert_int_equal(kex_slot(kex_slot_type(slot)), slot);
    for (unsigned type = 0; type < 256; type++) {
        bool is_kex = type == 4 || (type >= 6 && type <= 12);
        assert_int_equal(kex_slot((uint8_t)type) != NOT_A_KEX_SLOT, is_kex);
    }
    assert_int_equal(kex_slot_type(8), 0);
    assert_int_equal(kex_slot_type(-1), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(known_numbers_have_names_and_unknown_ones_have_none),
        cmocka_unit_test(every_number_of_the_list_has_its_name),
        cmocka_unit_test(errors_are_below_16384),
        cmocka_unit_test(key_exchanges_have_eight_slots),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
