/*
 * examples: the two sides of every example fit together: their configurations are given to two
 * engines, which set up a tunnel and take it down. And README.md shows the first one as it is.
 */
#include "../support/unit.h"

#include <stdio.h>
#include <stdlib.h>

#include "../support/duo.h"
#include "crypto/ossl.h"

#define V4(last) {.addr = {.family = ADDR_V4, .ip = {192, 0, 2, last}}, .port = 500}
#define V6(last) {.addr = {.family = ADDR_V6, .ip = {0x20, 1, 0xd, 0xb8, [15] = last}}, .port = 500}

static struct crypto *crypto;

static void end_all(struct duo *d)
{
    struct ike_order order = {.kind = ORDER_TERMINATE};
    assert_int_equal(duo_order(d, &d->a, &order), ORDER_DONE);
    while (duo_tick(d, d->now + 3600 * IKE_SECOND))
        ;
    assert_int_equal(ike_engine_sa_count(d->a.engine), 0);
    assert_int_equal(ike_engine_sa_count(d->b.engine), 0);
}

static void expect_tunnel(const char *a, const char *b, const char *conn,
                          const struct ike_path *path, uint16_t kex_count, bool quantum_safe)
{
    struct duo_config config_a = duo_config_load(a), config_b = duo_config_load(b);
    struct duo d;
    duo_make_on(&d, path, &config_a, &config_b, crypto);
    struct ike_order order = {
        .kind = ORDER_INITIATE,
        .conn = bytes_str(conn),
        .child = bytes_str("net"),
        .local = path->local,
        .remote = path->remote,
    };
    assert_int_equal(duo_order(&d, &d.a, &order), ORDER_DONE);
    duo_expect_up(&d, 1);
    struct ike_sa_info sa;
    assert_true(ike_engine_next_sa(d.b.engine, 0, &sa));
    assert_int_equal(sa.kex_count, kex_count);
    assert_int_equal(sa.quantum_safe, quantum_safe);
    end_all(&d);
    duo_free(&d);
    duo_config_free(&config_a);
    duo_config_free(&config_b);
}

static const struct ike_path v4 = {.local = V4(1), .remote = V4(2)};
static const struct ike_path v4_back = {.local = V4(2), .remote = V4(1)};
static const struct ike_path v6 = {.local = V6(1), .remote = V6(2)};

static void two_sites_get_a_hybrid_tunnel_from_either_side(void **state)
{
    (void)state;
    expect_tunnel("examples/site-to-site/north", "examples/site-to-site/south", "south", &v4, 2,
                  true);
    expect_tunnel("examples/site-to-site/south", "examples/site-to-site/north", "north", &v4_back,
                  2, true);
}

static void three_rounds_are_three(void **state)
{
    (void)state;
    expect_tunnel("examples/three-rounds/north", "examples/three-rounds/south", "south", &v4, 3,
                  true);
}

static void an_old_branch_falls_back_and_a_new_one_does_not(void **state)
{
    (void)state;
    expect_tunnel("examples/classical-fallback/old-branch", "examples/classical-fallback/gateway",
                  "headquarters", &v4, 1, false);
    expect_tunnel("examples/classical-fallback/new-branch", "examples/classical-fallback/gateway",
                  "headquarters", &v4, 2, true);
}

static void a_tunnel_over_ipv6(void **state)
{
    (void)state;
    expect_tunnel("examples/ipv6/north", "examples/ipv6/south", "south", &v6, 2, true);
}

static void a_traveller_comes_home(void **state)
{
    (void)state;
    static const struct ike_path from_anywhere = {.local = V4(77), .remote = V4(2)};
    expect_tunnel("examples/roadwarrior/alice", "examples/roadwarrior/gateway", "home",
                  &from_anywhere, 2, true);
}

static char *read_file(const char *path)
{
    enum { ROOM = 1 << 16 };
    FILE *file = fopen(path, "r");
    char *text = calloc(1, ROOM);
    assert_true(file && text);
    assert_true(fread(text, 1, ROOM - 1, file) < ROOM - 1);
    fclose(file);
    return text;
}

static void the_readme_shows_the_first_example_word_for_word(void **state)
{
    (void)state;
    static const char *const files[] = {
        "examples/site-to-site/north/swanctl.conf",
        "examples/site-to-site/south/swanctl.conf",
    };
    char *readme = read_file("README.md");
    for (size_t i = 0; i < sizeof files / sizeof files[0]; i++) {
        char *text = read_file(files[i]);
        assert_non_null(strstr(readme, text));
        free(text);
    }
    free(readme);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(two_sites_get_a_hybrid_tunnel_from_either_side),
        cmocka_unit_test(three_rounds_are_three),
        cmocka_unit_test(an_old_branch_falls_back_and_a_new_one_does_not),
        cmocka_unit_test(a_tunnel_over_ipv6),
        cmocka_unit_test(a_traveller_comes_home),
        cmocka_unit_test(the_readme_shows_the_first_example_word_for_word),
    };
    crypto = ossl_crypto_new();
    if (!crypto)
        return 1;
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    ossl_crypto_free(crypto);
    return failed;
}
