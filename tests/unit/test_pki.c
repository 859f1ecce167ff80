/*
 * pki: `braid pki` as somebody types it, right and wrong, and what OpenSSL makes of the files. A row
 * is a command, how it has to end, and what has to be said.
 */
#include "../support/program.h"

#include "cred/file.h"
#include "cred/scheme.h"

#include <openssl/x509v3.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

static char output[PROGRAM_OUTPUT_MAX], dir[] = "/tmp/braid-pki-XXXXXX";

struct row {
    const char *arguments;
    int status;
    const char *says;
};

static int begin(void **state)
{
    assert_int_equal(program_find(state), 0);
    assert_non_null(mkdtemp(dir));
    return chdir(dir);
}

static int end(void **state)
{
    char command[128];
    (void)state;
    snprintf(command, sizeof command, "rm -r %s", dir);
    return system(command);
}

static void run(const struct row *rows, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        char line[1024];
        snprintf(line, sizeof line, "$braid pki %s", rows[i].arguments);
        int status = program_shell(line, output);
        if (status != rows[i].status || !strstr(output, rows[i].says))
            fail_msg("%s: %d, and says: %s", line, status, output);
    }
}
#define RUN(rows) run(rows, sizeof(rows) / sizeof(rows)[0])

static unsigned mode_of(const char *path)
{
    struct stat st;
    assert_int_equal(stat(path, &st), 0);
    return st.st_mode & 0777;
}

static STACK_OF(X509) * read_file(const char *path)
{
    struct bytes text;
    STACK_OF(X509) *list = sk_X509_new_null();
    assert_true(file_read(path, &text));
    assert_true(file_certs(text, list) > 0);
    file_free(&text);
    return list;
}

/* ---- tests ----------------------------------------------------------------------------------- */

static void a_post_quantum_infrastructure_is_three_commands(void **state)
{
    (void)state;
    static const struct row rows[] = {
        {"ca --dir pq --type mldsa87 --subject 'O=example, CN=example CA'", 0, "pq/ca.pem: a CA"},
        {"issue --dir pq --type mldsa87 --id moon.example --out moon", 0, "moon/x509/moon.example.pem"},
        {"issue --dir pq --type mldsa87 --id sun.example --out sun", 0, "sun/x509/sun.example.pem"},
        {"verify moon/x509/moon.example.pem --dir pq", 0, "good"},
        {"show moon/x509/moon.example.pem", 0, "ML-DSA-87, 20736 bits, post-quantum"},
    };
    RUN(rows);
    assert_int_equal(mode_of("pq/ca.key"), 0600);
    assert_int_equal(mode_of("moon/private/moon.example.pem"), 0600);
    assert_int_equal(mode_of("moon/x509/moon.example.pem"), 0644);
    assert_int_equal(mode_of("moon/x509ca/ca.pem"), 0644);
}

static void every_kind_of_key_is_made_and_none_that_is_not_known(void **state)
{
    (void)state;
    static const char *const kinds[] = {"rsa2048", "rsa", "ecdsa", "ecdsa384", "ecdsa521", "ed25519", "ed448",
                                        "mldsa44", "mldsa65", "mldsa87", "slhdsa/sha2_128f", "slhdsa/shake_256f"};
    static const struct row wrong[] = {
        {"issue --dir kinds --id a --out a --type dsa", 1, "no such type of key"},
        {"issue --dir kinds --id a --out a --type rsa1024", 1, "RSA keys have 2048"},
        {"issue --dir kinds --id a --out a --type ecdsa160", 1, "ECDSA keys are"},
        {"ca --dir kinds2 --type slhdsa/sha2_1s", 1, "no such type of key"},
    };
    char line[256];
    run(&(struct row){"ca --dir kinds --type ed25519", 0, "kinds/ca.pem"}, 1);
    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
        snprintf(line, sizeof line, "issue --dir kinds --id h%zu --type %s --out kinds.out", i, kinds[i]);
        run(&(struct row){line, 0, "x509/h"}, 1);
        snprintf(line, sizeof line, "verify kinds.out/x509/h%zu.pem --dir kinds", i);
        run(&(struct row){line, 0, "good"}, 1);
    }
    RUN(wrong);
}

static void one_host_may_have_classical_and_post_quantum_certificates(void **state)
{
    (void)state;
    static const struct row rows[] = {
        {"ca --dir both --type ecdsa384", 0, "both/ca.pem"},
        {"issue --dir both --type mldsa65,ecdsa256,slhdsa/sha2_128s --id h.example --out h", 0,
         "h/x509/h.example-slhdsa-sha2_128s.pem"},
        {"show h/x509/h.example-mldsa65.pem", 0, "ML-DSA-65"},
        {"show h/x509/h.example-ecdsa256.pem", 0, "EC, 256 bits"},
    };
    RUN(rows);
}

static void names_of_all_kinds_are_in_the_certificate(void **state)
{
    (void)state;
    static const struct row rows[] = {
        {"ca --dir names --type ed25519", 0, ""},
        {"issue --dir names --type ed25519 --name n --out n --crl http://ca.example/l --ocsp http://ca.example/o"
         " --id 'h.example, 10.0.0.1,fd00::1,c@h.example,dns:b@c.example,email:x,ip:10.0.0.2'"
         " --subject 'C=CH, O=example, CN=somebody else'",
         0, "n/x509/n.pem"},
        {"show n/x509/n.pem", 0,
         "DNS:h.example, IP Address:10.0.0.1, IP Address:FD00:0:0:0:0:0:0:1, email:c@h.example, "
         "DNS:b@c.example, email:x, IP Address:10.0.0.2"},
        {"show n/x509/n.pem", 0, "subject  C=CH, O=example, CN=somebody else"},
        {"issue --dir names --type ed25519 --id dns:z.example --out n", 0, "n/x509/z.example.pem"},
        {"issue --dir names --type ed25519 --id 'a;b' --out n", 1, "are the names good?"},
        {"issue --dir names --type ed25519 --id ip:moon --name m --out n", 1, "are the names good?"},
        {"issue --dir names --type ed25519 --id a --subject nonsense --out n", 1, "must read like"},
        {"issue --dir names --type ed25519 --out n", 1, "--id says for whom"},
        {"issue --dir names --id a --name ../a --out n", 1, "not a path"},
        {"issue --dir nowhere --id a --out n", 1, "nowhere/ca.pem: No such file"},
    };
    RUN(rows);
    STACK_OF(X509) *list = read_file("n/x509/n.pem");
    X509 *cert = sk_X509_value(list, 0);
    assert_int_not_equal(X509_check_ca(cert), 1);
    assert_true(X509_get_ext_by_NID(cert, NID_crl_distribution_points, -1) >= 0);
    STACK_OF(OPENSSL_STRING) *ocsp = X509_get1_ocsp(cert);
    assert_string_equal(sk_OPENSSL_STRING_value(ocsp, 0), "http://ca.example/o");
    X509_email_free(ocsp);
    assert_int_equal(ASN1_STRING_length(X509_get0_serialNumber(cert)), 16); /* random, 126 bits */
    sk_X509_pop_free(list, X509_free);
}

static void nothing_is_written_over_without_force_and_keys_never(void **state)
{
    (void)state;
    static const struct row rows[] = {
        {"ca --dir over --type ed25519", 0, "over/ca.pem"},
        {"ca --dir over --type ed25519", 1, "over/ca.key: is there already, and no private key"},
        {"ca --dir over --type ed25519 --force", 1, "no private key is written over"},
        {"issue --dir over --type ed25519 --id a --out o", 0, "o/x509/a.pem"},
        {"issue --dir over --type ed25519 --id a --out o --force", 1, "no private key is written over"},
        {"issue --dir over --type ed25519 --id b --out o", 0, "o/x509/b.pem"}, /* the same root is no trouble */
        {"ca --dir over2 --type ed25519", 0, "over2/ca.pem"},
        {"issue --dir over2 --type ed25519 --id c --out o", 1, "o/x509ca/ca.pem: is there already (--force"},
        {"request --type ed25519 --id d --out o", 0, "o/d.csr"},
        {"sign o/d.csr --dir over --out o", 0, "o/x509/d.pem"},
        {"sign o/d.csr --dir over --out o", 1, "o/x509/d.pem: is there already (--force"},
        {"sign o/d.csr --dir over --out o --force", 0, "o/x509/d.pem"},
    };
    RUN(rows);
}

static void requests_bring_a_key_and_names_and_nothing_else(void **state)
{
    (void)state;
    static const struct row rows[] = {
        {"ca --dir asked --type mldsa44", 0, ""},
        {"request --type mldsa44 --id q.example,10.0.0.9 --out q", 0, "q/q.example.csr"},
        {"show q/q.example.csr", 0, "DNS:q.example, IP Address:10.0.0.9"},
        {"sign q/q.example.csr --dir asked --out q --days 7", 0, "q/x509/q.example.pem"},
        {"show q/x509/q.example.pem", 0, "DNS:q.example, IP Address:10.0.0.9"},
        {"verify q/x509/q.example.pem --dir asked", 0, "good"},
        {"sign q/q.example.csr --dir asked --out q2 --id r.example", 0, "q2/x509/r.example.pem"},
        {"show q2/x509/r.example.pem", 0, "for      DNS:r.example\n"},
        {"sign --dir asked", 1, "of which request?"},
        {"sign q/x509/q.example.pem --dir asked", 1, "holds no request"},
        {"sign q/nothing.csr --dir asked", 1, "No such file"},
    };
    RUN(rows);
    assert_int_equal(mode_of("q/private/q.example.pem"), 0600);
    assert_int_equal(access("q2/private", F_OK), -1);
    /* one that wishes to be a CA, and one that was changed on the way */
    static const char *const lines[] = {
        "openssl req -new -newkey ed25519 -nodes -keyout k -subj /CN=greedy -out greedy.csr "
        "-addext basicConstraints=critical,CA:TRUE -addext keyUsage=keyCertSign -addext "
        "subjectAltName=DNS:greedy",
        "openssl req -in greedy.csr -outform DER | sed 's/greedy/greely/' > bent.csr",
        "openssl req -in greedy.csr -outform DER -out greedy.der.csr",
    };
    for (size_t i = 0; i < sizeof lines / sizeof lines[0]; i++)
        assert_int_equal(program_shell(lines[i], output), 0);
    static const struct row more[] = {
        {"sign bent.csr --dir asked --out g", 1, "the signature on the request is wrong"},
        {"sign greedy.csr --dir asked --out g", 0, "g/x509/greedy.pem"},
        {"sign greedy.der.csr --dir asked --out g --name der", 0, "g/x509/der.pem"},
    };
    RUN(more);
    STACK_OF(X509) *list = read_file("g/x509/greedy.pem");
    assert_int_equal(X509_check_ca(sk_X509_value(list, 0)), 0);
    assert_int_equal(X509_get_key_usage(sk_X509_value(list, 0)), KU_DIGITAL_SIGNATURE);
    sk_X509_pop_free(list, X509_free);
}

static void lists_revoke_and_the_index_shows_it(void **state)
{
    (void)state;
    static const struct row rows[] = {
        {"ca --dir rev --type ed25519", 0, ""},
        {"crl --dir rev", 0, "rev/crl.pem: 0 revoked"},
        {"issue --dir rev --type ed25519 --id good --out v", 0, ""},
        {"issue --dir rev --type ed25519 --id bad --out v", 0, ""},
        {"verify v/x509/bad.pem --dir rev", 0, "good"},
        {"crl --dir rev --revoke v/x509/bad.pem --days 5", 0, "rev/crl.pem: 1 revoked"},
        {"verify v/x509/bad.pem --dir rev", 1, "it is revoked"},
        {"verify v/x509/good.pem --dir rev", 0, "good"},
        {"list --dir rev", 0, "CN=bad  until"},
        {"list --dir rev", 0, "REVOKED"},
        {"show rev/crl.pem", 0, "revoked  "},
        {"crl --dir rev --revoke asked/ca.pem", 1, "is not of this CA"},
        {"crl --dir rev --days -3", 1, "--days is a number"},
        {"crl --dir rev --days 40000", 1, "--days is a number"},
        {"crl --dir rev --days x", 1, "--days is a number"},
        {"verify v/x509/good.pem --dir over", 1, "no trusted CA issued it"},
        {"verify rev/ca.pem --dir rev", 1, "key usage does not allow"},
        {"verify", 1, "of which file?"},
        {"show", 1, "of which file?"},
        {"show /etc/passwd", 1, "holds no certificate, request or revocation list"},
        {"list --dir nowhere", 1, "No such file"},
    };
    RUN(rows);
}

static void sub_cas_work_and_nothing_outlives_its_ca(void **state)
{
    (void)state;
    static const struct row rows[] = {
        {"ca --dir top --type mldsa65 --days 20", 0, ""},
        {"ca --dir sub --issuer top --type mldsa44 --subject CN=sub --days 30", 0, "days only: then its CA expires"},
        {"issue --dir sub --id s.example --type mldsa44 --out s", 0, "days only: then its CA expires"},
        {"verify s/x509/s.example.pem --dir sub", 0, "good"},
        {"verify s/x509/s.example.pem --dir top", 0, "good"},
        {"list --dir top", 0, "CN=sub"},
    };
    RUN(rows);
    STACK_OF(X509) *sent = read_file("s/x509/s.example.pem"), *root = read_file("s/x509ca/ca.pem");
    assert_int_equal(sk_X509_num(sent), 2); /* the sub-CA goes along, the root does not */
    assert_int_equal(sk_X509_num(root), 1);
    assert_int_equal(X509_self_signed(sk_X509_value(root, 0), 1), 1);
    sk_X509_pop_free(sent, X509_free);
    sk_X509_pop_free(root, X509_free);
}

static void wrong_words_are_told(void **state)
{
    (void)state;
    static const struct row rows[] = {
        {"", 2, "pki needs one of"},
        {"nonsense", 2, "pki needs one of"},
        {"issue --nonsense", 2, "unknown option --nonsense"},
        {"issue word", 2, "word"},
        {"ca --dir", 2, "--dir"},
    };
    RUN(rows);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_post_quantum_infrastructure_is_three_commands),
        cmocka_unit_test(every_kind_of_key_is_made_and_none_that_is_not_known),
        cmocka_unit_test(one_host_may_have_classical_and_post_quantum_certificates),
        cmocka_unit_test(names_of_all_kinds_are_in_the_certificate),
        cmocka_unit_test(nothing_is_written_over_without_force_and_keys_never),
        cmocka_unit_test(requests_bring_a_key_and_names_and_nothing_else),
        cmocka_unit_test(lists_revoke_and_the_index_shows_it),
        cmocka_unit_test(sub_cas_work_and_nothing_outlives_its_ca),
        cmocka_unit_test(wrong_words_are_told),
    };
    return cmocka_run_group_tests(tests, begin, end);
}
