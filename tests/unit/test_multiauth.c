/*
 * Several rounds of authentication (RFC 4739) between two engines, each as its configuration says.
 * Peers that keep to none are in the simulator: skipped-rounds.
 */
#include "../support/duo.h"
#include "../support/unit.h"

#include "crypto/ossl.h"

#include <stdio.h>
#include <string.h>

static struct crypto *backend;

static int begin(void **state)
{
    (void)state;
    backend = ossl_crypto_new();
    return backend ? 0 : -1;
}

static int end(void **state)
{
    (void)state;
    ossl_crypto_free(backend);
    return 0;
}

#define ROUND(section, id) " " section " {\n auth = psk\n id = " id "\n }\n"
#define MOON(side) ROUND(side "-1", "moon.example")
#define MOON_2(side) ROUND(side "-2", "moon-2.example")
#define SUN(side) ROUND(side "-1", "sun.example")
#define SUN_2(side) ROUND(side "-2", "sun-2.example")
#define LATE(section, id) " " section " {\n auth = psk\n round = 7\n id = " id "\n }\n"
#define STRANGE "the peer does not do that (RFC 4739)"
#define OTHER "not what the other side knows here"
#define ON_MOON MOON("local") SUN("remote")
#define ON_SUN SUN("local") MOON("remote")

static struct duo_config configure(bool is_moon, const char *rounds, const char *conn,
                                   const char *second_secret)
{
    char text[4096];
    int len = snprintf(
        text, sizeof text,
        "connections {\n net {\n local_addrs = 192.0.2.%d\n remote_addrs = 192.0.2.%d\n"
        " proposals = aes256gcm16-prfsha256-x25519-ke1_mlkem768\n %s\n%s"
        " children {\n net {\n esp_proposals = aes256gcm16\n local_ts = 10.%d.0.0/16\n"
        " remote_ts = 10.%d.0.0/16\n }\n }\n }\n}\n"
        "secrets {\n ike-1 {\n secret = \"a key of thirty-two characters..\"\n"
        " id-1 = moon.example\n id-2 = sun.example\n }\n"
        " ike-2 {\n secret = \"%s\"\n id-1 = moon-2.example\n id-2 = sun-2.example\n"
        " id-3 = moon.example\n id-4 = sun.example\n }\n"
        " ppk-1 {\n id = lab\n secret = 0x%064d\n }\n}\n",
        is_moon ? 1 : 2, is_moon ? 2 : 1, conn ? conn : "", rounds, is_moon ? 1 : 2,
        is_moon ? 2 : 1, second_secret ? second_secret : "and one more key of some characters", 5);
    assert_in_range(len, 1, sizeof text - 1);
    return duo_config_make(text, "");
}

struct row {
    const char *what, *moon, *sun;    /* the sections */
    const char *moon_says, *sun_says; /* both NULL: it comes up */
    const char *conn;                 /* more keys, on both sides */
    const char *second_secret;        /* that sun has */
};

static void try_row(const struct row *row)
{
    struct duo d;
    struct duo_config a = configure(true, row->moon, row->conn, NULL),
                      b = configure(false, row->sun, row->conn, row->second_secret);
    struct ike_order up = {
        .kind = ORDER_INITIATE, .conn = BYTES_LIT("net"), .child = BYTES_LIT("net")};
    bool good = !row->moon_says && !row->sun_says;
    duo_make(&d, &a, &b, backend);
    assert_int_equal(duo_order(&d, &d.a, &up), ORDER_DONE);
    while (d.a.ike_up + d.a.ike_down == 0 && duo_tick(&d, d.now + 300 * IKE_SECOND))
        ;
    bool is_up = d.a.child_up == 1 && d.b.child_up == 1 && d.a.ike_up == 1 && d.b.ike_up == 1;
    /* the responder may be done already when its last proof is refused */
    bool nothing = d.a.child_up + d.a.ike_up == 0 && (!row->sun_says || d.b.child_up + d.b.ike_up == 0);
    if ((good ? !is_up : !nothing) || (row->moon_says && !strstr(d.a.detail, row->moon_says)) ||
        (row->sun_says && !strstr(d.b.detail, row->sun_says)))
        fail_msg("%s: moon: \"%s\", sun: \"%s\"", row->what, d.a.detail, d.b.detail);
    if (good) {
        struct ike_sa_info info;
        assert_true(ike_engine_next_sa(d.b.engine, 0, &info));
        assert_true(bytes_equal(info.theirs.data, BYTES_LIT("moon.example")));
        assert_int_equal(info.ppk, row->conn != NULL);
    }
    while (!good && duo_tick(&d, d.now + 60 * IKE_SECOND))
        ;
    assert_int_equal(ike_engine_sa_count(d.b.engine), good ? 1 : 0);
    duo_free(&d);
    duo_config_free(&a);
    duo_config_free(&b);
}

/* clang-format off */
static const struct row rows[] = {
    {"1+1", ON_MOON, ON_SUN, NULL, NULL, NULL, NULL},
    {"2+1", ON_MOON MOON_2("local"), ON_SUN MOON_2("remote"), NULL, NULL, NULL, NULL},
    {"1+2", ON_MOON SUN_2("remote"), ON_SUN SUN_2("local"), NULL, NULL, NULL, NULL},
    {"2+2", ON_MOON MOON_2("local") SUN_2("remote"), ON_SUN MOON_2("remote") SUN_2("local"),
     NULL, NULL, NULL, NULL},
    {"4+1", ON_MOON MOON_2("local") ROUND("local-3", "moon.example") ROUND("local-4", "moon-2.example"),
     ON_SUN MOON_2("remote") ROUND("remote-3", "*.example") ROUND("remote-4", "%any"),
     NULL, NULL, NULL, NULL},
    {"1+3", ON_MOON SUN_2("remote") ROUND("remote-3", "%any"), ON_SUN SUN_2("local") ROUND("local-3", "sun.example"),
     NULL, NULL, NULL, NULL},
    {"by `round`, not as they stand", LATE("local-b", "moon-2.example") MOON("local") SUN("remote"),
     LATE("remote-b", "moon-2.example") MOON("remote") SUN("local"), NULL, NULL, NULL, NULL},
    {"with a PPK", ON_MOON MOON_2("local") SUN_2("remote"), ON_SUN MOON_2("remote") SUN_2("local"),
     NULL, NULL, "ppk_id = lab\n ppk_early = no", NULL},
    {"with a PPK that is required", ON_MOON MOON_2("local"), ON_SUN MOON_2("remote"),
     NULL, NULL, "ppk_id = lab\n ppk_early = no\n ppk_required = yes", NULL},
    {"with an early PPK", ON_MOON MOON_2("local"), ON_SUN MOON_2("remote"),
     NULL, NULL, "ppk_id = lab\n ppk_early = yes\n ppk_required = yes", NULL},

    {"another second secret", ON_MOON MOON_2("local"), ON_SUN MOON_2("remote"),
     "AUTHENTICATION_FAILED", "wrong secret or signature", NULL, OTHER},
    {"another second secret of the responder's", ON_MOON SUN_2("remote"), ON_SUN SUN_2("local"),
     "wrong secret or signature", NULL, NULL, OTHER},
    {"another second identity", ON_MOON ROUND("local-2", "moon-3.example"), ON_SUN MOON_2("remote"),
     "AUTHENTICATION_FAILED", "this round is not for the initiator's", NULL, NULL},
    {"a second identity the responder does not have", ON_MOON MOON_2("local") ROUND("remote-2", "sun.example"),
     ON_SUN MOON_2("remote") SUN_2("local"), "AUTHENTICATION_FAILED", "in this round we are not", NULL, NULL},
    {"another second identity of the responder's", ON_MOON ROUND("remote-2", "sun-3.example"), ON_SUN SUN_2("local"),
     "the responder says it is", NULL, NULL, NULL},
    {"the other way round", MOON_2("local") LATE("local-b", "moon.example") SUN("remote"), ON_SUN MOON_2("remote"),
     "AUTHENTICATION_FAILED", "no connection fits", NULL, NULL},
    {"the responder knows nothing of it", ON_MOON MOON_2("local"), ON_SUN, STRANGE, NULL, NULL, NULL},
    {"the responder has one round alone", ON_MOON SUN_2("remote"), ON_SUN, STRANGE, NULL, NULL, NULL},
    {"the initiator knows nothing of it", ON_MOON, ON_SUN MOON_2("remote"),
     "AUTHENTICATION_FAILED", STRANGE, NULL, NULL},
    {"one too few", ON_MOON SUN_2("remote"), ON_SUN MOON_2("remote") SUN_2("local"),
     "AUTHENTICATION_FAILED", "less often than is configured", NULL, NULL},
    {"one too many", ON_MOON MOON_2("local") SUN_2("remote"), ON_SUN SUN_2("local"),
     "AUTHENTICATION_FAILED", "more often than is configured", NULL, NULL},
    {"the responder has one too few", ON_MOON MOON_2("local") SUN_2("remote"), ON_SUN MOON_2("remote"),
     "less often than is configured", NULL, NULL, NULL},
    {"the responder has one too many", ON_MOON MOON_2("local"), ON_SUN MOON_2("remote") SUN_2("local"),
     "more often than is configured", NULL, NULL, NULL},
};
/* clang-format on */

static void all_rounds_of_both_sides_or_nothing(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        try_row(&rows[i]);
}

/* The Child SA of the first request is judged in the last exchange; the IKE SA does without. */
static void a_child_that_fails_does_not_end_the_rest(void **state)
{
    (void)state;
    struct duo d;
    struct duo_config a = configure(true, ON_MOON MOON_2("local"), "childless = never", NULL),
                      b = configure(false, ON_SUN MOON_2("remote"), "childless = force", NULL);
    struct ike_order up = {
        .kind = ORDER_INITIATE, .conn = BYTES_LIT("net"), .child = BYTES_LIT("net")};
    duo_make(&d, &a, &b, backend);
    assert_int_equal(duo_order(&d, &d.a, &up), ORDER_DONE);
    while (d.a.ike_up + d.a.ike_down == 0 && duo_tick(&d, d.now + 300 * IKE_SECOND))
        ;
    assert_int_equal(d.a.ike_up + d.b.ike_up, 2);
    assert_int_equal(d.a.child_up + d.b.child_up, 0);
    assert_true(d.a.child_down > 0);
    duo_free(&d);
    duo_config_free(&a);
    duo_config_free(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(all_rounds_of_both_sides_or_nothing),
        cmocka_unit_test(a_child_that_fails_does_not_end_the_rest),
    };
    return cmocka_run_group_tests(tests, begin, end);
}
