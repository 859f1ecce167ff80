/*
 * audit: what `braid audit` makes of certificates and keys, and the bill of materials, held to the
 * structure of CycloneDX 1.6 (tests/checks/cyclonedx.py).
 */
#include "../support/program.h"

#include <stdlib.h>
#include <string.h>

static char output[PROGRAM_OUTPUT_MAX];

/* A shell in a fresh folder, $dir, which is gone with the test. */
static void expect_shell(int status, const char *line)
{
    int is = program_shell(line, output);
    if (is != status)
        fail_msg("status %d of `%s`: %s", is, line, output);
}

static int make_folder(void **state)
{
    static char dir[] = "/tmp/braid-audit-XXXXXX";
    (void)state;
    strcpy(dir + sizeof dir - 7, "XXXXXX");
    return setenv("dir", mkdtemp(dir), 1);
}

static int drop_folder(void **state)
{
    (void)state;
    return program_shell("rm -r $dir", output);
}

static void expect_part(const char *part)
{
    if (!strstr(output, part))
        fail_msg("no \"%s\" in: %s", part, output);
}

#define NEW \
    "$braid new site-to-site --left 192.0.2.1 --right 192.0.2.2 --left-net 10.1.0.0/24 " \
    "--right-net 10.2.0.0/24 --out $dir/pair "
#define AUDIT "$braid -r /nonexistent audit $dir/pair/left "

static void keys_that_are_here_are_judged_by_themselves(void **state)
{
    (void)state;
    expect_shell(0, NEW "--auth mldsa65");
    expect_shell(0, AUDIT);
    /* unconstrained: our key is known, the peer's is not */
    expect_shell(0, "sed -i 's/auth = mldsa65/auth = pubkey/' $dir/pair/*/swanctl.conf");
    expect_shell(1, AUDIT);
    expect_part("UP TO THE PEER");
    expect_part("the peer may sign with any kind of key");
    assert_null(strstr(output, "our side"));
    /* unless its certificate is pinned */
    expect_shell(0, "cp $dir/pair/right/x509/right.pem $dir/pair/left/x509 && "
                    "sed -i '/id = right/a certs = right.pem' $dir/pair/left/swanctl.conf");
    expect_shell(0, AUDIT "--json");
    expect_part("ML-DSA-65 signed by ");
    expect_part("\"authentication\": \"safe\"");
}

static void a_classical_key_or_chain_is_not_safe(void **state)
{
    (void)state;
    expect_shell(0, NEW "--auth ecdsa384");
    expect_shell(0, "sed -i 's/auth = ecdsa/auth = pubkey/' $dir/pair/*/swanctl.conf");
    expect_shell(1, AUDIT);
    expect_part("our side authenticates with a key or a chain that falls to a quantum computer");
    /* a post-quantum key with a classical CA */
    expect_shell(0, "rm $dir/pair/left/*/left.pem && $braid pki issue --dir $dir/pair/ca --type mldsa65 "
                    "--id left.example.org --name left --out $dir/pair/left");
    expect_shell(1, AUDIT);
    expect_part("our side authenticates with a key or a chain that falls to a quantum computer");
}

static void the_bill_of_materials_is_cyclonedx(void **state)
{
    (void)state;
    expect_shell(0, NEW "--auth mldsa87");
    expect_shell(0, AUDIT "--cbom $dir/bom.json");
    expect_shell(0, "python3 tests/checks/cyclonedx.py $dir/bom.json");
    expect_shell(0, "grep -c '\"assetType\": \"certificate\"' $dir/bom.json");
    assert_string_equal(output, "2\n"); /* our own and the CA */
    expect_shell(0, "grep -A1 'signature/ML-DSA-87' $dir/bom.json");
    expect_shell(0, "grep '\"subjectName\": \"CN=left.example.org\"' $dir/bom.json");
    expect_shell(0,
                 "for e in examples/*/*; do $braid -r /nonexistent audit $e --cbom $dir/bom.json "
                 ">$dir/said; python3 tests/checks/cyclonedx.py $dir/bom.json || exit 1; done");
}

/* The check checks: a bill with one thing changed is refused. */
static void a_bill_of_another_structure_is_refused(void **state)
{
    (void)state;
    static const char *const changes[] = {
        "s/\"specVersion\": \"1.6\"/\"specVersion\": \"1.5\"/",
        "s/\"assetType\": \"certificate\"/\"assetType\": \"cert\"/",
        "s/\"assetType\": \"certificate\"/\"assetType\": \"protocol\"/",
        "s/\"primitive\": \"kem\"/\"primitive\": \"key-encapsulation\"/",
        "s/\"certificateFormat\"/\"format\"/",
        "s/\"nistQuantumSecurityLevel\": 5/\"nistQuantumSecurityLevel\": 7/",
        "s/\"esn\": false/\"esn\": \"no\"/",
        "s/T\\(..\\):\\(..\\):..Z/ \\1:\\2/",
        "s/\"signatureAlgorithmRef\": \"/&x/",
        "0,/\"name\":/{/\"name\":/d}",
        "s/\"bom-ref\": \"crypto.key.*\"/\"bom-ref\": \"braidd\"/",
        "s/urn:uuid:/urn:/",
    };
    expect_shell(0, NEW "--auth mldsa87");
    expect_shell(0, AUDIT "--cbom $dir/bom.json");
    for (size_t i = 0; i < sizeof changes / sizeof changes[0]; i++) {
        setenv("change", changes[i], 1);
        expect_shell(0, "sed \"$change\" $dir/bom.json >$dir/changed; ! cmp -s $dir/bom.json $dir/changed");
        expect_shell(1, "python3 tests/checks/cyclonedx.py $dir/changed");
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(keys_that_are_here_are_judged_by_themselves, make_folder,
                                        drop_folder),
        cmocka_unit_test_setup_teardown(a_classical_key_or_chain_is_not_safe, make_folder,
                                        drop_folder),
        cmocka_unit_test_setup_teardown(the_bill_of_materials_is_cyclonedx, make_folder,
                                        drop_folder),
        cmocka_unit_test_setup_teardown(a_bill_of_another_structure_is_refused, make_folder,
                                        drop_folder),
    };
    return cmocka_run_group_tests(tests, program_find, NULL);
}
