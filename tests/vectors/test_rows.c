/* Every row of alg.def has a vector, and the OpenSSL of this machine has every row. */
#include "vectors.h"

#include "encr_vectors.h"
#include "integ_vectors.h"
#include "kex_vectors.h"
#include "mlkem_vectors.h"
#include "prf_vectors.h"

#define COUNT_ROW(table, total, keyword) \
    for (size_t n_ = 0; n_ < COUNT(table); n_++) \
    (total) += strcmp((table)[n_].row, (keyword)) == 0 ? 1 : 0

static void every_row_has_a_vector(void **state)
{
    (void)state;
    for (size_t i = 0; i < ALG_COUNT; i++) {
        const char *keyword = alg_at(i)->keyword;
        size_t total = 0;
        COUNT_ROW(encr_vectors, total, keyword);
        COUNT_ROW(integ_vectors, total, keyword);
        COUNT_ROW(prf_vectors, total, keyword);
        COUNT_ROW(kex_vectors, total, keyword);
        COUNT_ROW(mlkem_vectors, total, keyword);
        if (total == 0)
            fail_msg("%s has no test vector", keyword);
    }
}

static void the_backend_has_every_row(void **state)
{
    struct crypto *crypto = *state;
    for (size_t i = 0; i < ALG_COUNT; i++) {
        if (!crypto->has(crypto->self, alg_at(i)))
            fail_msg("OpenSSL has no %s", alg_at(i)->keyword);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_row_has_a_vector),
        cmocka_unit_test(the_backend_has_every_row),
    };
    return cmocka_run_group_tests(tests, make_backend, free_backend);
}
