/*
 * Who is believed, between two engines with pre-shared keys: identities, secrets and PPKs (RFC
 * 8784), allowed, demanded, unknown, wrong. Every row says who may come up, with what, and what is
 * told where it may not.
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

/* One side: whatever is NULL is as in `plain`. */
struct lines {
    const char *local_id, *remote_id, *conn, *secrets;
    bool robbed; /* of its PPKs, when it has begun */
};

static const struct lines moon = {"moon.example", "sun.example", "", "", false},
                          sun = {"sun.example", "moon.example", "", "", false};

static struct duo_config configure(const struct lines *given, const struct lines *plain)
{
    char text[2048];
    bool is_moon = plain == &moon;
    int len = snprintf(
        text, sizeof text,
        "connections {\n net {\n local_addrs = 192.0.2.%d\n remote_addrs = 192.0.2.%d\n"
        " proposals = aes256gcm16-prfsha256-x25519\n %s\n"
        " local {\n auth = psk\n id = %s\n }\n remote {\n auth = psk\n id = %s\n }\n"
        " children {\n net {\n esp_proposals = aes256gcm16\n local_ts = 10.%d.0.0/16\n"
        " remote_ts = 10.%d.0.0/16\n }\n }\n }\n}\n"
        "secrets {\n ike-1 {\n secret = \"a key of thirty-two characters..\"\n }\n %s\n}\n",
        is_moon ? 1 : 2, is_moon ? 2 : 1, given->conn ? given->conn : plain->conn,
        given->local_id ? given->local_id : plain->local_id,
        given->remote_id ? given->remote_id : plain->remote_id, is_moon ? 1 : 2, is_moon ? 2 : 1,
        given->secrets ? given->secrets : plain->secrets);
    assert_in_range(len, 1, sizeof text - 1);
    return duo_config_make(text, "");
}

/* What a client of the control socket may do while a connection demands them. */
static void rob(struct duo_config *c)
{
    struct secret_entry left[4];
    struct secret_list list = {0, left};
    for (uint32_t i = 0; i < c->loaded->secrets.count; i++)
        if (c->loaded->secrets.at[i].kind != SECRET_PPK)
            left[list.count++] = c->loaded->secrets.at[i];
    cred_store_free(c->secrets);
    c->secrets = cred_store_new(&list);
    assert_non_null(c->secrets);
}

static struct ike_sa_info only_sa(const struct side *s)
{
    struct ike_sa_info info;
    assert_true(ike_engine_next_sa(s->engine, 0, &info));
    return info;
}

/* What is expected: it comes up with or without a PPK, or one of them says this. */
enum outcome { UP,
               UP_WITH_PPK,
               MOON_SAYS,
               SUN_SAYS };

struct row {
    const char *what;
    struct lines moon, sun;
    enum outcome outcome;
    const char *words;
};

static bool is_as_expected(const struct row *row, const struct duo *d)
{
    bool up = d->a.child_up == 1 && d->b.child_up == 1;
    switch (row->outcome) {
    case UP:
    case UP_WITH_PPK:
        return up && only_sa(&d->a).ppk == (row->outcome == UP_WITH_PPK) &&
               only_sa(&d->b).ppk == (row->outcome == UP_WITH_PPK);
    case MOON_SAYS:
        return !up && d->a.child_up == 0 && strstr(d->a.detail, row->words);
    default:
        return !up && d->b.child_up == 0 && strstr(d->b.detail, row->words);
    }
}

static void try_row(const struct row *row)
{
    struct duo d;
    struct duo_config a = configure(&row->moon, &moon), b = configure(&row->sun, &sun);
    struct ike_order up = {
        .kind = ORDER_INITIATE, .conn = BYTES_LIT("net"), .child = BYTES_LIT("net")};
    if (row->moon.robbed)
        rob(&a);
    if (row->sun.robbed)
        rob(&b);
    duo_make(&d, &a, &b, backend);
    assert_int_equal(duo_order(&d, &d.a, &up), ORDER_DONE);
    while (d.a.ike_up + d.a.ike_down == 0 && duo_tick(&d, d.now + 300 * IKE_SECOND))
        ;
    if (!is_as_expected(row, &d))
        fail_msg("%s: moon: \"%s\", sun: \"%s\"", row->what, d.a.detail, d.b.detail);
    duo_free(&d);
    duo_config_free(&a);
    duo_config_free(&b);
}

static void try_rows(const struct row *rows, size_t count)
{
    for (size_t i = 0; i < count; i++)
        try_row(&rows[i]);
}

/* ---- identities ------------------------------------------------------------------------------ */

static void identities_must_be_those_expected(void **state)
{
    (void)state;
    static const struct row rows[] = {
        {"as they are", {.conn = NULL}, {.conn = NULL}, UP, NULL},
        {"names know no case", {.remote_id = "SUN.Example"}, {.remote_id = "Moon.EXAMPLE"}, UP, NULL},
        {"a pattern", {.remote_id = "*.example"}, {.remote_id = "*.example"}, UP, NULL},
        {"anybody", {.remote_id = "%any"}, {.remote_id = "%any"}, UP, NULL},
        {"the responder is somebody else", {.conn = NULL}, {.local_id = "mars.example"}, SUN_SAYS, "no connection fits"},
        {"the responder is not in the pattern", {.remote_id = "*.org"}, {.conn = NULL}, MOON_SAYS, "the responder says it is 'sun.example'"},
        {"the pattern is longer than the name", {.remote_id = "*.very.long.sun.example"}, {.conn = NULL}, MOON_SAYS, "the responder says it is"},
        {"the initiator is somebody else", {.local_id = "mars.example"}, {.conn = NULL}, SUN_SAYS, "no connection fits the initiator 'mars.example'"},
        {"the initiator is not in the pattern", {.conn = NULL}, {.remote_id = "*.org"}, SUN_SAYS, "no connection fits the initiator"},
        {"a name is no mail address", {.local_id = "\"keyid:moon.example\""}, {.conn = NULL}, SUN_SAYS, "no connection fits the initiator"},
        {"a name that goes on", {.local_id = "moon.example.org"}, {.conn = NULL}, SUN_SAYS, "no connection fits the initiator"},
        {"a name that ends early", {.local_id = "moon.exam"}, {.conn = NULL}, SUN_SAYS, "no connection fits the initiator"},
        {"names of one length", {.local_id = "noon.example"}, {.conn = NULL}, SUN_SAYS, "no connection fits the initiator"},
        {"an address", {.local_id = "192.0.2.1"}, {.remote_id = "192.0.2.1"}, UP, NULL},
        {"another address", {.local_id = "192.0.2.1"}, {.remote_id = "192.0.2.3"}, SUN_SAYS, "no connection fits"},
        {"a DN", {.local_id = "\"C=CH, CN=moon\""}, {.remote_id = "\"C=CH, CN=Moon\""}, UP, NULL},
        {"another DN", {.local_id = "\"C=CH, CN=moon\""}, {.remote_id = "\"C=CH, CN=noon\""}, SUN_SAYS, "no connection fits"},
        {"a shorter DN", {.local_id = "\"C=CH, CN=moon\""}, {.remote_id = "\"C=CH\""}, SUN_SAYS, "no connection fits"},
    };
    try_rows(rows, sizeof rows / sizeof rows[0]);
}

/* The initiator names nobody and takes whom it finds, within the pattern it has. */
static void whoever_answers_must_fit(void **state)
{
    (void)state;
    static const struct row rows[] = {
        {"an expected one", {.remote_id = "*.example"}, {.local_id = "mars.example"}, UP, NULL},
        {"another", {.remote_id = "*.example"}, {.local_id = "mars.example.org"}, MOON_SAYS, "the responder says it is 'mars.example.org'"},
        {"of another kind", {.remote_id = "*.example"}, {.local_id = "sun@sun.example"}, MOON_SAYS, "the responder says it is"},
    };
    try_rows(rows, sizeof rows / sizeof rows[0]);
}

/* ---- secrets --------------------------------------------------------------------------------- */

#define OTHER "ike-2 {\n id = moon.example\n secret = \"quite another key of 33 characters\"\n }\n"
#define OF_SUN "ike-2 {\n id = sun.example\n secret = \"quite another key of 33 characters\"\n }\n"

/* moon.example as a key id */
#define OF_A_KEY_ID \
    "ike-2 {\n id = \"@#6d6f6f6e2e6578616d706c65\"\n secret = \"quite another key of 33 characters\"\n }\n"

static void secrets_must_be_the_same(void **state)
{
    (void)state;
    static const struct row rows[] = {
        {"the initiator's is another", {.secrets = OF_SUN}, {.conn = NULL}, SUN_SAYS, "wrong secret"},
        {"the responder's is another", {.conn = NULL}, {.secrets = OTHER}, SUN_SAYS, "wrong secret"},
        {"it is of the same octets of another kind", {.conn = NULL}, {.secrets = OF_A_KEY_ID}, UP, NULL},
        {"both have the other", {.secrets = OF_SUN}, {.secrets = OTHER}, UP, NULL},
    };
    try_rows(rows, sizeof rows / sizeof rows[0]);
}

/* ---- PPKs ------------------------------------------------------------------------------------ */

#define KEY "0x5555555555555555555555555555555555555555555555555555555555555555"
#define OTHER_KEY "0x6666666666666666666666666666666666666666666666666666666666666666"
#define HAS(name, key) "ppk-" name " {\n id = " name "\n secret = " key "\n }\n"
#define LAB HAS("lab", KEY)
#define NAMED "ppk_id = lab"
#define DEMANDED "ppk_id = lab\n ppk_required = yes"

static void a_ppk_is_used_or_refused_as_both_sides_demand(void **state)
{
    (void)state;
    static const struct lines has = {.secrets = LAB}, names = {.conn = NAMED, .secrets = LAB},
                              demands = {.conn = DEMANDED, .secrets = LAB},
                              names_in_vain = {.conn = NAMED},
                              wrong = {.conn = NAMED, .secrets = HAS("lab", OTHER_KEY)},
                              demands_wrong = {.conn = DEMANDED, .secrets = HAS("lab", OTHER_KEY)},
                              another = {.conn = "ppk_id = attic", .secrets = HAS("attic", KEY)},
                              demands_another = {.conn = "ppk_id = attic\n ppk_required = yes",
                                                 .secrets = HAS("attic", KEY)};
    const struct row rows[] = {
        {"both name it", names, names, UP_WITH_PPK, NULL},
        {"the initiator names it, the responder has it", names, has, UP_WITH_PPK, NULL},
        {"both demand it", demands, demands, UP_WITH_PPK, NULL},
        {"the initiator demands what the responder names", demands, names, UP_WITH_PPK, NULL},
        {"the responder demands what the initiator names", names, demands, UP_WITH_PPK, NULL},
        {"the responder knows nothing of PPKs", names, {.conn = NULL}, UP, NULL},
        {"the initiator knows nothing of PPKs", {.conn = NULL}, names, UP, NULL},
        {"the responder has another", names, another, UP, NULL},
        {"the initiator lacks the one it names", names_in_vain, names, UP, NULL},
        {"the initiator demands, the responder knows none", demands, {.conn = NULL}, MOON_SAYS, "a PPK is required, but the peer uses none"},
        {"the initiator demands, the responder has another", demands, another, SUN_SAYS, "the PPK the initiator names is not known here"},
        {"the responder demands, the initiator knows none", {.conn = NULL}, demands, SUN_SAYS, "a PPK is required, but the initiator uses none"},
        {"the responder demands, the initiator lacks it", names_in_vain, demands, SUN_SAYS, "a PPK is required"},
        {"the responder demands another", names, demands_another, SUN_SAYS, "a PPK is required"},
        {"the responder has it, but for others", names, {.conn = "ppk_id = attic", .secrets = LAB HAS("attic", KEY)}, SUN_SAYS, "this PPK is not for the initiator's connection"},
        {"both demand, each another", demands, demands_another, SUN_SAYS, "is not known here: 'lab'"},
        {"one name, two keys", names, wrong, SUN_SAYS, "the PPK is not the same on both sides"},
        {"one name, two keys, demanded", demands, demands_wrong, SUN_SAYS, "the PPK is not the same on both sides"},
    };
    try_rows(rows, sizeof rows / sizeof rows[0]);
}

/* The same without the exchange of RFC 9867: then AUTH alone shows who has what (RFC 8784 3). */
static void a_late_ppk_is_never_done_without_where_it_is_demanded(void **state)
{
    (void)state;
#define LATE "\n ppk_early = no"
    static const struct lines names = {.conn = NAMED LATE, .secrets = LAB},
                              demands = {.conn = DEMANDED LATE, .secrets = LAB},
                              lacks = {.conn = NAMED LATE, .secrets = LAB, .robbed = true},
                              demands_and_lacks = {.conn = DEMANDED LATE, .secrets = LAB, .robbed = true},
                              wrong = {.conn = NAMED LATE, .secrets = HAS("lab", OTHER_KEY)};
    const struct row rows[] = {
        {"both name it", names, names, UP_WITH_PPK, NULL},
        {"both demand it", demands, demands, UP_WITH_PPK, NULL},
        {"the responder lacks it", names, lacks, UP, NULL},
        {"the initiator lacks what it announced", lacks, names, SUN_SAYS, "the initiator names none"},
        {"the initiator demands what it lacks", demands_and_lacks, names, MOON_SAYS, "the PPK that is required is not at hand"},
        {"the responder demands what it lacks", names, demands_and_lacks, SUN_SAYS, "the PPK the initiator names is not known here"},
        {"the initiator demands what the responder lacks", demands, lacks, SUN_SAYS, "the PPK the initiator names is not known here"},
        {"the responder demands what the initiator lacks", lacks, demands, SUN_SAYS, "PPK"},
        {"one name, two keys", names, wrong, SUN_SAYS, "PPK is not the same on both sides"},
    };
    try_rows(rows, sizeof rows / sizeof rows[0]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(identities_must_be_those_expected),
        cmocka_unit_test(whoever_answers_must_fit),
        cmocka_unit_test(secrets_must_be_the_same),
        cmocka_unit_test(a_ppk_is_used_or_refused_as_both_sides_demand),
        cmocka_unit_test(a_late_ppk_is_never_done_without_where_it_is_demanded),
    };
    return cmocka_run_group_tests(tests, begin, end);
}
