/*
 * folders: keys and certificates in every form people have them in, made by the openssl program. A
 * row is a line for the shell that makes a file, its passphrase, and what has to be found.
 */
#include "../support/cred_world.h"
#include "../support/program.h"

#include <openssl/pem.h>
#include <stdlib.h>

static char output[PROGRAM_OUTPUT_MAX];

enum { NO_PHRASE = -1 };

struct row {
    const char *line; /* key.pem and cert.pem are in $dir, and the folders */
    int kind;         /* enum secret_kind, or NO_PHRASE */
    const char *file, *phrase;
    unsigned keys, certs, lists;
    const char *complaint; /* NULL: none */
};

static void shell(const char *line)
{
    if (program_shell(line, output) != 0)
        fail_msg("%s: %s", line, output);
}

/* A folder with a key and a certificate for each row, in no form yet. */
static void try_row(const struct row *row)
{
    struct cred_world w;
    struct secret_entry phrase = {.kind = (enum secret_kind)row->kind, .name = "x", .file = row->file};
    struct secret_list secrets = {row->kind == NO_PHRASE ? 0 : 1, &phrase};
    cred_world_begin(&w);
    if (row->phrase)
        phrase.data = bytes_str(row->phrase);
    X509 *cert = certify(peer_request());
    cred_world_put_key(&w, "../key.pem", peer_key, NULL);
    cred_world_put_cert(&w, "x509", "../cert.pem", cert);
    setenv("dir", w.dir, 1);
    shell("cd $dir && mkdir -p private rsa ecdsa pkcs8 pkcs12 x509 x509crl");
    shell(row->line);
    assert_true(cred_world_load(&w, false, &secrets));
    if (wallet_count(w.wallet, WALLET_KEY) != row->keys ||
        wallet_count(w.wallet, WALLET_CERT) != row->certs + 1 || /* the root */
        wallet_count(w.wallet, WALLET_LIST) != row->lists ||
        (row->complaint ? !strstr(w.complaints, row->complaint) : w.complaints[0] != '\0'))
        fail_msg("%s: %zu keys, %zu certificates, %zu lists, complaints: %s", row->line,
                 wallet_count(w.wallet, WALLET_KEY), wallet_count(w.wallet, WALLET_CERT) - 1,
                 wallet_count(w.wallet, WALLET_LIST), w.complaints);
    X509_free(cert);
    cred_world_end(&w);
}

static void try_rows(const struct row *rows, size_t count)
{
    for (size_t i = 0; i < count; i++)
        try_row(&rows[i]);
}
#define TRY(rows) try_rows(rows, sizeof(rows) / sizeof(rows)[0])

#define IN "umask 077; cd $dir && "
#define P12 IN "openssl pkcs12 -export -in cert.pem -inkey key.pem -out pkcs12/a.p12 "

/* ---- tests ----------------------------------------------------------------------------------- */

static void private_keys_are_read_in_every_form(void **state)
{
    (void)state;
    static const struct row rows[] = {
        {IN "openssl pkey -in key.pem -out private/k", NO_PHRASE, NULL, NULL, 1, 0, 0, NULL},
        {IN "openssl pkey -in key.pem -outform DER -out private/k", NO_PHRASE, NULL, NULL, 1, 0, 0, NULL},
        {IN "openssl pkey -in key.pem -traditional -out ecdsa/k", NO_PHRASE, NULL, NULL, 1, 0, 0, NULL},
        {IN "openssl pkey -in key.pem -traditional -outform DER -out ecdsa/k", NO_PHRASE, NULL, NULL, 1, 0, 0, NULL},
        {IN "openssl pkey -in key.pem -traditional -aes256 -passout pass:open -out ecdsa/k", SECRET_ECDSA, "k", "open",
         1, 0, 0, NULL},
        {IN "openssl pkcs8 -topk8 -in key.pem -v2 aes-256-cbc -passout pass:open -out pkcs8/k", SECRET_PKCS8, "k", "open",
         1, 0, 0, NULL},
        {IN "openssl pkcs8 -topk8 -in key.pem -scrypt -passout pass:open -outform DER -out pkcs8/k", SECRET_PKCS8, "k",
         "open", 1, 0, 0, NULL},
        {IN "openssl pkcs8 -topk8 -in key.pem -v2 aes-256-cbc -passout pass:open -out pkcs8/k", SECRET_PKCS8, "k", "shut",
         0, 0, 0, "with its passphrase"},
        {IN "openssl pkcs8 -topk8 -in key.pem -v2 aes-256-cbc -passout pass:open -out pkcs8/k", SECRET_RSA, "k", "open",
         0, 0, 0, "encrypted?"},
        {IN "openssl pkcs8 -topk8 -in key.pem -v2 aes-256-cbc -passout pass:open -out pkcs8/k", NO_PHRASE, NULL, NULL,
         0, 0, 0, "encrypted?"},
        {IN "openssl genpkey -algorithm RSA -out k1 2>/dev/null && openssl pkey -in k1 -traditional -out rsa/k && "
            "openssl genpkey -algorithm ML-DSA-65 -outform DER -out private/m && openssl genpkey -algorithm "
            "SLH-DSA-SHA2-128s -out private/s && openssl genpkey -algorithm ed448 -out private/e",
         NO_PHRASE, NULL, NULL, 4, 0, 0, NULL},
        {IN "openssl pkey -in key.pem -pubout -out private/k", NO_PHRASE, NULL, NULL, 0, 0, 0, "holds no private key"},
        {IN "openssl pkey -in key.pem -out private/k && chmod 644 private/k", NO_PHRASE, NULL, NULL, 1, 0, 0,
         "everybody may read"},
    };
    TRY(rows);
}

static void containers_are_opened(void **state)
{
    (void)state;
    static const struct row rows[] = {
        {P12 "-passout pass:open", SECRET_PKCS12, "a.p12", "open", 1, 1, 0, NULL},
        {P12 "-passout pass:open -certfile x509ca/root.pem", SECRET_PKCS12, "a.p12", "open", 1, 1, 0, NULL},
        {P12 "-passout pass:open -keypbe NONE -certpbe NONE", SECRET_PKCS12, "a.p12", "open", 1, 1, 0, NULL},
        {P12 "-passout pass:open -nomac", SECRET_PKCS12, "a.p12", "open", 1, 1, 0, NULL},
        {P12 "-passout pass:", NO_PHRASE, NULL, NULL, 1, 1, 0, NULL},
        {P12 "-passout pass: -keypbe NONE -certpbe NONE -nomac", NO_PHRASE, NULL, NULL, 1, 1, 0, NULL},
        {IN "openssl pkcs12 -export -nokeys -in cert.pem -passout pass:open -out pkcs12/a.p12", SECRET_PKCS12, "a.p12",
         "open", 0, 1, 0, NULL},
        {P12 "-passout pass:open", SECRET_PKCS12, "a.p12", "shut", 0, 0, 0, "cannot be opened with its passphrase"},
        {P12 "-passout pass:open", NO_PHRASE, NULL, NULL, 0, 0, 0, "cannot be opened with its passphrase"},
        {P12 "-passout pass:open", SECRET_PKCS8, "a.p12", "open", 0, 0, 0, "cannot be opened with its passphrase"},
        {P12 "-passout pass:open -legacy -certpbe PBE-SHA1-RC2-40", SECRET_PKCS12, "a.p12", "open", 0, 0, 0, "does not offer"},
        {IN "cp cert.pem pkcs12/a", NO_PHRASE, NULL, NULL, 0, 0, 0, "holds no PKCS#12 container"},
        {P12 "-passout pass:open && echo >>pkcs12/a.p12", SECRET_PKCS12, "a.p12", "open", 0, 0, 0, "holds no PKCS#12"},
        {IN "true", SECRET_PKCS12, "b.p12", "open", 0, 0, 0, "pkcs12/b.p12: No such file"},
    };
    TRY(rows);
}

static void certificates_and_lists_are_pem_or_der(void **state)
{
    (void)state;
    static const struct row rows[] = {
        {IN "cp cert.pem x509/c", NO_PHRASE, NULL, NULL, 0, 1, 0, NULL},
        {IN "openssl x509 -in cert.pem -outform DER -out x509/c", NO_PHRASE, NULL, NULL, 0, 1, 0, NULL},
        {IN "openssl x509 -in cert.pem -text -out x509/c", NO_PHRASE, NULL, NULL, 0, 1, 0, NULL},
        {IN "cat cert.pem x509ca/root.pem >x509/c", NO_PHRASE, NULL, NULL, 0, 1, 0, NULL},
        {IN "echo nothing >x509/c", NO_PHRASE, NULL, NULL, 0, 0, 0, "holds no certificate"},
        {IN "echo nothing >x509crl/c", NO_PHRASE, NULL, NULL, 0, 0, 0, "holds no revocation list"},
        {"cd $dir && $braid pki ca --dir o --type ed25519 && $braid pki crl --dir o && cp o/crl.pem x509crl/a && "
         "openssl crl -in o/crl.pem -outform DER -out x509crl/b",
         NO_PHRASE, NULL, NULL, 0, 0, 1, NULL}, /* the same list twice is one */
    };
    TRY(rows);
}

static int begin(void **state)
{
    return program_find(state) || make_authorities(state);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(private_keys_are_read_in_every_form),
        cmocka_unit_test(containers_are_opened),
        cmocka_unit_test(certificates_and_lists_are_pem_or_der),
    };
    return cmocka_run_group_tests(tests, begin, drop_authorities);
}
