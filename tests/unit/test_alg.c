/* alg: the table of algorithms is consistent in itself, and is found by number, keyword and alias. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "crypto/alg.h"

static void every_row_is_found_by_its_number_and_its_keyword(void **state)
{
    (void)state;
    for (size_t i = 0; i < ALG_COUNT; i++) {
        const struct alg *row = alg_at(i);
        assert_non_null(row);
        assert_ptr_equal(alg_find(row->type, row->id, row->key_bits), row);
        assert_ptr_equal(alg_by_keyword(bytes_str(row->keyword)), row);
        assert_int_equal(alg_index(row), i);
    }
    assert_null(alg_at(ALG_COUNT));
    assert_null(alg_at(SIZE_MAX));
}

static void no_row_exceeds_the_public_limits(void **state)
{
    (void)state;
    for (size_t i = 0; i < ALG_COUNT; i++) {
        const struct alg *row = alg_at(i);
        assert_true(row->offer_len <= KEX_DATA_MAX && row->answer_len <= KEX_DATA_MAX);
        assert_true(row->iv_len <= IV_LEN_MAX && row->block_len <= BLOCK_LEN_MAX);
        if (row->type == ALG_TYPE_PRF)
            assert_true(row->out_len <= PRF_LEN_MAX);
        else
            assert_true(row->out_len <= ICV_LEN_MAX);
        if (row->type == ALG_TYPE_KE)
            assert_true(row->key_len <= SHARED_SECRET_MAX);
        else
            assert_true(row->key_len + row->salt_len <= SECRET_MAX);
    }
}

static void flags_and_lengths_agree(void **state)
{
    (void)state;
    for (size_t i = 0; i < ALG_COUNT; i++) {
        const struct alg *row = alg_at(i);
        assert_int_equal((row->flags & ALG_KEY_ATTR) != 0, row->key_bits != 0);
        if (row->key_bits)
            assert_int_equal(row->key_bits, row->key_len * 8);
        if (row->type == ALG_TYPE_ENCR)
            assert_int_equal((row->flags & ALG_AEAD) != 0, row->out_len != 0);
        if (row->type == ALG_TYPE_KE && !(row->flags & ALG_KEM))
            assert_int_equal(row->offer_len, row->answer_len);
        if (row->flags & ALG_POST_QUANTUM)
            assert_true(row->flags & ALG_KEM);
        assert_true(row->flags & ALG_IKE);
    }
}

static void aliases_lead_to_the_same_row(void **state)
{
    (void)state;
    static const struct {
        const char *alias, *keyword;
    } all[] = {
#define ALG_ALIAS(alias, keyword) {alias, keyword},
#include "crypto/alg.def"
    };
    for (size_t i = 0; i < sizeof all / sizeof all[0]; i++) {
        assert_non_null(alg_by_keyword(bytes_str(all[i].alias)));
        assert_ptr_equal(alg_by_keyword(bytes_str(all[i].alias)), alg_by_keyword(bytes_str(all[i].keyword)));
    }
    assert_ptr_equal(alg_by_keyword(BYTES_LIT("aes256gcm")), alg_find(ALG_TYPE_ENCR, 20, 256));
    assert_ptr_equal(alg_by_keyword(BYTES_LIT("curve25519")), alg_find(ALG_TYPE_KE, 31, 0));
    assert_ptr_equal(alg_by_keyword(BYTES_LIT("sha")), alg_find(ALG_TYPE_INTEG, 2, 0));
}

static void what_does_not_exist_is_not_found(void **state)
{
    (void)state;
    assert_null(alg_by_keyword(BYTES_NONE));
    assert_null(alg_by_keyword(BYTES_LIT("AES256")));     /* keywords are case-sensitive */
    assert_null(alg_by_keyword(BYTES_LIT("aes256gcm1"))); /* a prefix is not a match */
    assert_null(alg_find(ALG_TYPE_ENCR, 20, 0));          /* GCM without its Key Length attribute */
    assert_null(alg_find(ALG_TYPE_ENCR, 28, 256));        /* ChaCha20 with one */
    assert_null(alg_find(ALG_TYPE_KE, 0, 0));
    assert_null(alg_find(ALG_TYPE_KE, 2, 0));
    assert_null(alg_find(6, 36, 0)); /* further key exchanges are looked up as type 4 */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_row_is_found_by_its_number_and_its_keyword),
        cmocka_unit_test(no_row_exceeds_the_public_limits),
        cmocka_unit_test(flags_and_lengths_agree),
        cmocka_unit_test(aliases_lead_to_the_same_row),
        cmocka_unit_test(what_does_not_exist_is_not_found),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
