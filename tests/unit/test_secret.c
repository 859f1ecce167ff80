/* secret: seen as octets by those who may, and gone when wiped. */
#include "../support/unit.h"
#include "base/secret.h"

static void a_secret_is_seen_by_its_length_and_gone_when_wiped(void **state)
{
    (void)state;
    struct secret s = {.len = 3, .data = "key"};
    struct shared_secret shared = {.len = SHARED_SECRET_MAX, .data = "g^ir"};
    assert_bytes_equal(secret_view(&s), BYTES_LIT("key"));
    assert_int_equal(shared_secret_view(&shared).len, 1024);
    secret_wipe(&s);
    shared_secret_wipe(&shared);
    static const struct secret none;
    static const struct shared_secret no_shared;
    assert_memory_equal(&s, &none, sizeof s);
    assert_memory_equal(&shared, &no_shared, sizeof shared);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(a_secret_is_seen_by_its_length_and_gone_when_wiped)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
