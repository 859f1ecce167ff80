/*
 * check: what `braid check` says about files, about certificates and keys beside them, and how it
 * ends; and how hard to guess secrets are.
 */
#include "../support/cred_world.h"
#include "../support/program.h"

#include "config/strength.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { DAY = 86400 };

static char output[PROGRAM_OUTPUT_MAX];

/* ---- a folder -------------------------------------------------------------------------------- */

static void put(const struct cred_world *w, const char *name, const char *text)
{
    char path[256];
    snprintf(path, sizeof path, "%s/%s", w->dir, name);
    FILE *f = fopen(path, "w");
    assert_non_null(f);
    fputs(text, f);
    fclose(f);
    assert_int_equal(chmod(path, 0600), 0);
}

/* `braid check` with these words behind, in which $dir is the folder. */
static int check(const struct cred_world *w, const char *words)
{
    char arguments[1024];
    setenv("dir", w->dir, 1);
    snprintf(arguments, sizeof arguments, "check %s", words);
    return program_run("/nonexistent", arguments, output);
}

/* The folder's name is left out of what is compared. */
static void expect_said(const struct cred_world *w, const char *expected)
{
    char said[PROGRAM_OUTPUT_MAX] = "";
    char *from = output, *at;
    for (; (at = strstr(from, w->dir)) != NULL; from = at + strlen(w->dir)) {
        *at = '\0';
        strcat(strcat(said, from), "DIR");
    }
    strcat(said, from);
    assert_string_equal(said, expected);
}

static void expect_part(const char *part)
{
    if (!strstr(output, part))
        fail_msg("no \"%s\" in: %s", part, output);
}

#define PSK "    local { auth = psk }\n    remote { auth = psk }\n"

/* A certificate of ours for an identity, with its key. */
static void put_own(const struct cred_world *w, const char *name, const char *id, long from,
                    long until)
{
    char file[64], path[256];
    EVP_PKEY *key = new_key("ed25519");
    struct pki_request r = peer_request();
    r.ids = &id;
    r.id_count = 1;
    r.key = key;
    r.from = from;
    r.until = until;
    X509 *cert = certify(r);
    snprintf(file, sizeof file, "%s.pem", name);
    cred_world_put_cert(w, "x509", file, cert);
    cred_world_put_key(w, file, key, NULL);
    snprintf(path, sizeof path, "%s/private/%s", w->dir, file);
    assert_int_equal(chmod(path, 0600), 0);
    X509_free(cert);
    EVP_PKEY_free(key);
}

static void put_conn(const struct cred_world *w, const char *certs, const char *id)
{
    char text[512];
    snprintf(text, sizeof text,
             "connections {\n  a {\n    local {\n      auth = pubkey\n      certs = %s\n      id = %s\n"
             "    }\n    remote { auth = pubkey }\n  }\n}\n",
             certs, id);
    put(w, "swanctl.conf", text);
}

/* ---- files ----------------------------------------------------------------------------------- */

static void a_mistake_is_underlined(void **state)
{
    (void)state;
    struct cred_world w;
    cred_world_begin(&w);
    put(&w, "swanctl.conf", "connections {\n  a {\n    versoin = 2\n" PSK "  }\n}\n");
    assert_int_equal(check(&w, "$dir"), 1);
    expect_said(&w, "DIR/swanctl.conf:3:5: connections.a.versoin: unknown key, did you mean "
                    "`version`?\n        versoin = 2\n        ^~~~~~~\nDIR: 1 error\n");
    put(&w, "swanctl.conf", "connections {\n  a {\n    version = 2\n" PSK "  }\n}\n");
    assert_int_equal(check(&w, "$dir"), 0);
    expect_said(&w, "DIR: good, 1 connection, 0 secrets\n");
    cred_world_end(&w);
}

static void a_file_anywhere_is_checked(void **state)
{
    (void)state;
    struct cred_world w;
    cred_world_begin(&w);
    put(&w, "other.conf", "connections {\n  a {\n    versoin = 2\n" PSK "  }\n}\n");
    assert_int_equal(check(&w, "$dir/other.conf"), 1);
    expect_part("/other.conf:3:5: connections.a.versoin: unknown key");
    put_own(&w, "moon", "moon.example", -DAY, 90 * DAY);
    put_conn(&w, "moon.pem", "moon.example");
    assert_int_equal(check(&w, "$dir/swanctl.conf"), 0); /* with the certificates beside it */
    assert_int_equal(program_shell("mkdir $dir/conf.d && mv $dir/swanctl.conf $dir/conf.d/a.conf",
                                   output),
                     0);
    assert_int_equal(check(&w, "$dir/conf.d/a.conf"), 0); /* with those above it */
    put(&w, "swanctl.conf", "include conf.d/*.conf\n");
    put(&w, "braid.conf", "engin { }\n");
    assert_int_equal(check(&w, "$dir/braid.conf"), 1);
    expect_part("/braid.conf:1:1: engin: nothing uses this section, did you mean `engine`?");
    assert_int_equal(check(&w, "$dir/none.conf"), 1);
    expect_part("none.conf/swanctl.conf: cannot be read: No such file or directory");
    cred_world_end(&w);
}

/* Those of an included file, too, and those that only the whole shows. */
static void problems_come_in_the_order_of_places(void **state)
{
    (void)state;
    struct cred_world w;
    cred_world_begin(&w);
    put(&w, "a.conf", "secrets {\n  ike { scret = x }\n}\n");
    put(&w, "swanctl.conf",
        "connections {\n  a {\n    quantum_safe = required\n    proposals = aes128-sha256-x25519\n"
        "    children { n { esp_proposals = aes256gcm16-ke1_mlkem768 } }\n"
        "    local { auth = pubkey }\n    remote { auth = psk }\n    dpd_delay = often\n  }\n}\n"
        "include a.conf\n");
    assert_int_equal(check(&w, "$dir"), 1);
    unsigned last_line = 0, last_column = 0;
    char last_file[128] = "";
    size_t problems = 0;
    for (char *line = strtok(output, "\n"); line; line = strtok(NULL, "\n")) {
        char file[128];
        unsigned number, column;
        if (sscanf(line, "%127[^: ]:%u:%u: ", file, &number, &column) != 3)
            continue;
        int order = strcmp(last_file, file);
        if (order > 0 || (order == 0 && (number < last_line ||
                                         (number == last_line && column < last_column))))
            fail_msg("%s comes too late", line);
        snprintf(last_file, sizeof last_file, "%s", file);
        last_line = number;
        last_column = column;
        problems++;
    }
    assert_true(problems >= 5);
    cred_world_end(&w);
}

static void programs_get_json(void **state)
{
    (void)state;
    struct cred_world w;
    cred_world_begin(&w);
    put(&w, "swanctl.conf", "connections {\n  a {\n    versoin = 2\n" PSK "  }\n}\n");
    assert_int_equal(check(&w, "$dir --json"), 1);
    static const char *const parts[] = {"\"schema\": 1", "\"errors\": 1", "\"kind\": \"error\"",
                                        "\"line\": 3", "\"column\": 5", "\"length\": 7",
                                        "\"text\": \"    versoin = 2\""};
    for (size_t i = 0; i < sizeof parts / sizeof parts[0]; i++)
        expect_part(parts[i]);
    cred_world_end(&w);
}

/* ---- certificates and keys ------------------------------------------------------------------- */

static void files_that_are_not_there_are_named(void **state)
{
    (void)state;
    struct cred_world w;
    cred_world_begin(&w);
    put(&w, "swanctl.conf",
        "connections {\n  a {\n    local {\n      auth = pubkey\n      certs = gone.pem\n    }\n"
        "    remote {\n      auth = pubkey\n      cacerts = root.pem, no-ca.pem\n    }\n  }\n}\n"
        "secrets {\n  private-x {\n    file = absent.pem\n    secret = phrase\n  }\n}\n");
    assert_int_equal(check(&w, "$dir"), 1);
    expect_said(&w,
                "DIR/swanctl.conf:5:15: connections.a.local.certs: DIR/x509/gone.pem: No such file or "
                "directory\n"
                "          certs = gone.pem\n"
                "                  ^~~~~~~~\n"
                "DIR/swanctl.conf:9:27: connections.a.remote.cacerts: DIR/x509ca/no-ca.pem: No such "
                "file or directory\n"
                "          cacerts = root.pem, no-ca.pem\n"
                "                              ^~~~~~~~~\n"
                "DIR/swanctl.conf:15:12: warning: secrets.private-x.file: DIR/private/absent.pem: No "
                "such file or directory\n"
                "        file = absent.pem\n"
                "               ^~~~~~~~~~\n"
                "DIR: 2 errors, 1 warning\n");
    cred_world_end(&w);
}

static void a_certificate_must_be_good_today(void **state)
{
    (void)state;
    struct cred_world w;
    cred_world_begin(&w);
    put_own(&w, "old", "moon.example", -90 * DAY, -2 * DAY);
    put_own(&w, "early", "moon.example", 2 * DAY, 90 * DAY);
    put_own(&w, "ending", "moon.example", -300 * DAY, 5 * DAY + 60);
    put_own(&w, "short", "moon.example", -DAY, 5 * DAY);
    put_conn(&w, "old.pem, early.pem, ending.pem, short.pem", "moon.example");
    assert_int_equal(check(&w, "$dir"), 0);
    expect_part(":5:15: warning: connections.a.local.certs: old.pem has expired on ");
    expect_part("\n          certs = old.pem, early.pem, ending.pem, short.pem\n                  ^~~~~~~\n");
    expect_part(":5:24: warning: connections.a.local.certs: early.pem is not valid before ");
    expect_part(":5:35: warning: connections.a.local.certs: ending.pem expires on ");
    expect_part(", in 5 days: have a new one issued");
    assert_null(strstr(output, "short.pem expires")); /* it always had but a few days */
    assert_int_equal(check(&w, "$dir --strict"), 1);
    cred_world_end(&w);
}

static void a_ca_must_be_good_today(void **state)
{
    (void)state;
    struct cred_world w;
    cred_world_begin(&w);
    EVP_PKEY *key = new_key("ed25519");
    struct pki_request r = ca_request("CN=past", key, NULL, NULL);
    r.from = -90 * DAY;
    r.until = -DAY;
    X509 *ca = certify(r);
    cred_world_put_cert(&w, "x509ca", "past.pem", ca);
    put_own(&w, "moon", "moon.example", -DAY, 90 * DAY);
    put_conn(&w, "moon.pem", "moon.example");
    assert_int_equal(check(&w, "$dir"), 0);
    expect_part("/x509ca/past.pem: warning: this CA has expired on ");
    expect_part("good, 1 connection, 0 secrets, 1 warning\n");
    X509_free(ca);
    EVP_PKEY_free(key);
    cred_world_end(&w);
}

static void a_certificate_needs_its_key_and_its_name(void **state)
{
    (void)state;
    struct cred_world w;
    char path[256];
    cred_world_begin(&w);
    put_own(&w, "moon", "moon.example", -DAY, 90 * DAY);
    put_conn(&w, "moon.pem", "sun.example");
    assert_int_equal(check(&w, "$dir"), 0);
    expect_part(":6:12: warning: connections.a.local.id: the certificate is not for this identity");
    expect_part("\n          id = sun.example\n               ^~~~~~~~~~~\n");
    snprintf(path, sizeof path, "%s/private/moon.pem", w.dir);
    assert_int_equal(chmod(path, 0644), 0);
    assert_int_equal(check(&w, "$dir"), 0);
    expect_part("/private/moon.pem: warning: a private key that everybody may read (chmod o= ");
    assert_int_equal(unlink(path), 0);
    assert_int_equal(check(&w, "$dir"), 1);
    expect_part(":5:15: connections.a.local.certs: no private key for moon.pem in private");
    put(&w, "private/moon.pem", "not a key\n");
    assert_int_equal(check(&w, "$dir"), 1);
    expect_part("/private/moon.pem: warning: holds no private key that can be read");
    cred_world_end(&w);
}

/* Whatever else is wrong. */
static void credentials_are_looked_at_beside_other_mistakes(void **state)
{
    (void)state;
    struct cred_world w;
    cred_world_begin(&w);
    put(&w, "swanctl.conf",
        "connections {\n  a {\n    local { auth = pubkey\n certs = gone.pem\n }\n"
        "    remote { auth = pubkey }\n    versoin = 2\n  }\n}\n");
    assert_int_equal(check(&w, "$dir"), 1);
    expect_part("gone.pem: No such file or directory");
    expect_part("unknown key, did you mean `version`?");
    cred_world_end(&w);
}

/* ---- secrets --------------------------------------------------------------------------------- */

static void weak_secrets_are_told_and_never_shown(void **state)
{
    (void)state;
    struct cred_world w;
    cred_world_begin(&w);
    put(&w, "swanctl.conf",
        "connections {\n  a {\n" PSK "  }\n}\nsecrets {\n  ike-a {\n    secret = Passwort123\n  }\n}\n");
    assert_int_equal(check(&w, "$dir"), 0);
    expect_part(":9:5: warning: secrets.ike-a.secret: can be guessed: 11 octets, worth about ");
    assert_null(strstr(output, "Passwort"));
    cred_world_end(&w);
}

static void what_people_invent_is_weak_and_what_is_random_is_not(void **state)
{
    (void)state;
    static const char *const weak[] = {
        "",
        "x",
        "secret",
        "Password2026",
        "passwordpasswordpasswordpassword",
        "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
        "abcdefghijklmnopqrstuvwxyz0123456789",
        "1234567890123456789012345678901234567890",
        "this is a very strong and secure secret",
        "put 32 random octets here: openssl rand -base64 32",
        "3f9a1c0b7e",
    };
    static const char *const strong[] = {
        "Zm9vYmFyIGJhegpxdXV4IG5vcGU0",
        "v+NkxY9LLZvwj4qCC2o/gGrWDF2d21jLhE0pT3sXyAk=",
        "9c1185a5c5e9fc54612808977ee8f548b2258d31",
        "hvac-tulip-omnibus-cobalt-fjord-exact",
        "\x9c\x11\x85\xa5\xc5\xe9\xfc\x54\x61\x28\x08\x97\x7e\xe8\xf5\x48",
    };
    for (size_t i = 0; i < sizeof weak / sizeof weak[0]; i++)
        if (strength_bits(bytes_str(weak[i])) >= STRENGTH_ENOUGH)
            fail_msg("%s passes", weak[i]);
    for (size_t i = 0; i < sizeof strong / sizeof strong[0]; i++)
        if (strength_bits(bytes_str(strong[i])) < STRENGTH_ENOUGH)
            fail_msg("%s does not pass", strong[i]);
}

static int begin(void **state)
{
    return program_find(state) || make_authorities(state);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_mistake_is_underlined),
        cmocka_unit_test(a_file_anywhere_is_checked),
        cmocka_unit_test(problems_come_in_the_order_of_places),
        cmocka_unit_test(programs_get_json),
        cmocka_unit_test(files_that_are_not_there_are_named),
        cmocka_unit_test(a_certificate_must_be_good_today),
        cmocka_unit_test(a_ca_must_be_good_today),
        cmocka_unit_test(a_certificate_needs_its_key_and_its_name),
        cmocka_unit_test(credentials_are_looked_at_beside_other_mistakes),
        cmocka_unit_test(weak_secrets_are_told_and_never_shown),
        cmocka_unit_test(what_people_invent_is_weak_and_what_is_random_is_not),
    };
    return cmocka_run_group_tests(tests, begin, drop_authorities);
}
