/*
 * wallet: what is held is found by what it is about, gone when it is taken away, and comes in and
 * goes out as control clients send and see it, whatever they send.
 */
#include "../support/cred_world.h"

#include "cred/piece.h"

#include <openssl/pem.h>
#include <stdlib.h>
#include <string.h>

static struct bytes pem_of_key(EVP_PKEY *key, const char *phrase)
{
    BIO *out = BIO_new(BIO_s_mem());
    char *at;
    PEM_write_bio_PKCS8PrivateKey(out, key, phrase ? EVP_aes_256_cbc() : NULL, phrase,
                                  phrase ? (int)strlen(phrase) : 0, NULL, NULL);
    long len = BIO_get_mem_data(out, &at);
    void *copy = malloc((size_t)len);
    memcpy(copy, at, (size_t)len);
    BIO_free(out);
    return bytes_make(copy, (size_t)len);
}

static struct bytes der_of(X509 *cert)
{
    uint8_t *der = NULL;
    int len = i2d_X509(cert, &der);
    return bytes_make(der, (size_t)len);
}

static void drop_octets(struct bytes b)
{
    free((void *)(uintptr_t)b.at);
}

static const struct wallet_item *first_of(const struct wallet *w, const struct identity *id)
{
    struct wallet_walk walk = wallet_by_identity(w, id);
    return wallet_next(&walk);
}

static void certificates_are_found_by_each_of_their_names(void **state)
{
    (void)state;
    static const uint8_t address[] = {10, 0, 0, 7};
    struct wallet *below = wallet_new(NULL), *w = wallet_new(below);
    X509 *cert = certify(peer_request());
    const ASN1_OCTET_STRING *key_id = X509_get0_subject_key_id(cert);
    const struct identity names[] = {
        moon,
        {FQDN, BYTES_LIT("Moon.Example")},
        {3, BYTES_LIT("carol@moon.example")},
        {IPV4, BYTES_OF(address)},
        {DN, trust_subject(cert)},
        {KEY_ID, bytes_make(ASN1_STRING_get0_data(key_id), (size_t)ASN1_STRING_length(key_id))},
    };
    const struct identity other = {FQDN, BYTES_LIT("sun.example")}, broken = {DN, BYTES_LIT("0")};
    assert_non_null(wallet_add_cert(below, cert, 0));
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        assert_ptr_equal(first_of(w, &names[i])->cert, cert);
    assert_null(first_of(w, &other));
    assert_null(first_of(w, &broken));
    assert_non_null(wallet_find_cert(w, cert));
    wallet_clear(below);
    assert_null(first_of(w, &moon));
    X509_free(cert);
    wallet_free(w);
    wallet_free(below);
}

static void nothing_is_held_twice_and_uses_add_up(void **state)
{
    (void)state;
    struct wallet *w = wallet_new(NULL);
    struct bytes der = der_of(root);
    for (int i = 0; i < 3; i++)
        assert_int_equal(piece_add_cert(w, der, i == 1 ? WALLET_ANCHOR : 0), PIECE_ADDED);
    assert_int_equal(wallet_count(w, WALLET_CERT), 1);
    assert_true(wallet_is_anchor(wallet_find_cert(w, root)));
    assert_int_equal(piece_add_cert(w, der, WALLET_OCSP), PIECE_ADDED);
    assert_int_equal(wallet_count(w, WALLET_CERT), 1);
    struct wallet_walk responders = wallet_responders(w);
    const struct wallet_item *i = wallet_next(&responders);
    assert_true(i && wallet_is_anchor(i) && piece_flag_of(i) == PIECE_CA);
    assert_null(wallet_next(&responders));
    OPENSSL_free((void *)(uintptr_t)der.at);
    wallet_free(w);
}

static void private_keys_come_and_go_by_their_id(void **state)
{
    (void)state;
    struct wallet *w = wallet_new(NULL);
    uint8_t id[WALLET_ID_LEN], again[WALLET_ID_LEN];
    struct bytes pem = pem_of_key(peer_key, NULL), locked = pem_of_key(peer_key, "sesame");
    X509 *cert = certify(peer_request());
    assert_int_equal(piece_add_key(w, pem, "rsa", id), PIECE_UNREADABLE);
    assert_int_equal(piece_add_key(w, locked, "any", id), PIECE_UNREADABLE);
    assert_int_equal(piece_add_key(w, pem, "ecdsa", id), PIECE_ADDED);
    assert_int_equal(piece_add_key(w, pem, "any", again), PIECE_ADDED);
    assert_memory_equal(id, again, sizeof id);
    assert_int_equal(wallet_count(w, WALLET_KEY), 1);
    assert_memory_equal(wallet_add_cert(w, cert, 0)->key_id, id, sizeof id);
    assert_non_null(wallet_find_key(w, id));
    assert_true(wallet_remove_key(w, id));
    assert_false(wallet_remove_key(w, id));
    assert_null(wallet_find_key(w, id));
    X509_free(cert);
    drop_octets(pem);
    drop_octets(locked);
    wallet_free(w);
}

static void an_authority_is_trusted_while_it_is_there(void **state)
{
    (void)state;
    static const char *const uris[] = {"http://crl.example/"};
    struct wallet *w = wallet_new(NULL);
    struct wallet_authority a = {.name = "root", .ca = root, .crl_uris = {1, uris}};
    assert_non_null(wallet_add_authority(w, &a));
    assert_true(wallet_has_anchor(w));
    a.crl_uris.count = 0; /* again, with less */
    assert_non_null(wallet_add_authority(w, &a));
    assert_int_equal(wallet_count(w, WALLET_AUTHORITY), 1);
    struct wallet_walk walk = wallet_authorities_of(w, X509_get_subject_name(root));
    assert_int_equal(wallet_next(&walk)->authority.crl_uris.count, 0);
    assert_null(wallet_next(&walk));
    wallet_clear(w); /* what it says stays, its certificate goes */
    assert_int_equal(wallet_count(w, WALLET_AUTHORITY), 1);
    assert_false(wallet_has_anchor(w));
    a.name = "twin";
    assert_non_null(wallet_add_authority(w, &a));
    assert_true(wallet_remove_authority(w, BYTES_LIT("root")));
    assert_false(wallet_remove_authority(w, BYTES_LIT("root")));
    assert_true(wallet_has_anchor(w));
    assert_true(wallet_remove_authority(w, BYTES_LIT("twin")));
    assert_false(wallet_has_anchor(w));
    wallet_free(w);
}

static void what_is_no_credential_is_refused(void **state)
{
    (void)state;
    struct wallet *w = wallet_new(NULL);
    uint8_t id[WALLET_ID_LEN], *huge = calloc(1, 600000);
    X509 *cert = certify(peer_request());
    struct bytes der = der_of(cert), pem = pem_of_key(peer_key, NULL);
    assert_int_equal(piece_add_cert(w, der, WALLET_ANCHOR), PIECE_NO_CA);
    for (size_t cut = 0; cut < der.len; cut += 3) {
        struct bytes part = bytes_make(der.at, cut);
        assert_int_equal(piece_add_cert(w, part, 0), PIECE_UNREADABLE);
        assert_int_equal(piece_add_list(w, part), PIECE_UNREADABLE);
        assert_int_equal(piece_add_public(w, part), PIECE_UNREADABLE);
    }
    for (size_t cut = 0; cut + 20 < pem.len; cut += 3)
        assert_int_equal(piece_add_key(w, bytes_make(pem.at, cut), "any", id), PIECE_UNREADABLE);
    assert_int_equal(piece_add_list(w, der), PIECE_UNREADABLE);
    assert_int_equal(piece_add_key(w, der, "any", id), PIECE_UNREADABLE);
    assert_int_equal(piece_add_cert(w, pem, 0), PIECE_UNREADABLE);
    assert_int_equal(piece_add_public(w, pem), PIECE_UNREADABLE);
    assert_int_equal(piece_add_cert(w, bytes_make(huge, 600000), 0), PIECE_UNREADABLE);
    for (size_t k = 0; k < WALLET_KINDS; k++)
        assert_int_equal(wallet_count(w, (enum wallet_kind)k), 0);
    OPENSSL_free((void *)(uintptr_t)der.at);
    drop_octets(pem);
    X509_free(cert);
    free(huge);
    wallet_free(w);
}

/* As it comes from a file: OpenSSL tells lists apart by what it has read. */
static X509_CRL *read_again(X509_CRL *made)
{
    uint8_t *der = NULL;
    int len = i2d_X509_CRL(made, &der);
    const uint8_t *at = der;
    X509_CRL *read = d2i_X509_CRL(NULL, &at, len);
    OPENSSL_free(der);
    X509_CRL_free(made);
    return read;
}

static void the_newest_revocation_list_counts(void **state)
{
    (void)state;
    const char *why;
    struct wallet *w = wallet_new(NULL);
    X509_CRL *now = pki_list(root, root_key, NULL, 0, 10, &why),
             *then = pki_list(root, root_key, NULL, 0, 10, &why);
    assert_true(now && then);
    ASN1_TIME *before = X509_gmtime_adj(NULL, -7200);
    X509_CRL_set1_lastUpdate(then, before);
    X509_CRL_sign(then, root_key, EVP_sha256());
    now = read_again(now);
    then = read_again(then);
    for (int i = 0; i < 2; i++) { /* whatever comes first */
        assert_non_null(wallet_add_list(w, i ? now : then));
        assert_non_null(wallet_add_list(w, i ? then : now));
        assert_int_equal(wallet_count(w, WALLET_LIST), 1);
        assert_ptr_equal(wallet_after(w, WALLET_LIST, 0)->list, now);
        wallet_clear(w);
    }
    ASN1_TIME_free(before);
    X509_CRL_free(now);
    X509_CRL_free(then);
    wallet_free(w);
}

/* Removal from the middle, the ends and all leaves what stays where it was. */
static void thousands_come_and_go(void **state)
{
    (void)state;
    enum { COUNT = 3000 };
    struct wallet *w = wallet_new(NULL);
    uint8_t(*id)[WALLET_ID_LEN] = calloc(COUNT, sizeof *id);
    for (int i = 0; i < COUNT; i++) {
        EVP_PKEY *key = EVP_PKEY_Q_keygen(NULL, NULL, "ED25519");
        assert_non_null(key);
        memcpy(id[i], wallet_add_key(w, key)->key_id, WALLET_ID_LEN);
        EVP_PKEY_free(key);
    }
    for (int i = 0; i < COUNT; i += 3)
        assert_true(wallet_remove_key(w, id[i]));
    for (int i = 0; i < COUNT; i++)
        assert_int_equal(wallet_find_key(w, id[i]) != NULL, i % 3 != 0);
    size_t seen = 0;
    const struct wallet_item *item;
    for (uint64_t at = 0; (item = wallet_after(w, WALLET_KEY, at)) != NULL; at = item->serial)
        seen++;
    assert_int_equal(seen, wallet_count(w, WALLET_KEY));
    for (uint64_t at = 0; (item = wallet_before(w, WALLET_KEY, at)) != NULL; at = item->serial)
        seen--;
    assert_int_equal(seen, 0);
    wallet_clear(w);
    assert_int_equal(wallet_count(w, WALLET_KEY), 0);
    assert_null(wallet_find_key(w, id[1]));
    free(id);
    wallet_free(w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(certificates_are_found_by_each_of_their_names),
        cmocka_unit_test(nothing_is_held_twice_and_uses_add_up),
        cmocka_unit_test(private_keys_come_and_go_by_their_id),
        cmocka_unit_test(an_authority_is_trusted_while_it_is_there),
        cmocka_unit_test(what_is_no_credential_is_refused),
        cmocka_unit_test(the_newest_revocation_list_counts),
        cmocka_unit_test(thousands_come_and_go),
    };
    return cmocka_run_group_tests(tests, make_authorities, drop_authorities);
}
