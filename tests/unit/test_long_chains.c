/*
 * long chains: certificates and signatures of many kilobytes between two engines, in fragments, over
 * a network that loses them. No message of one datagram could hold some of them.
 */
#include "../support/cred_world.h"
#include "../support/duo.h"

#include "crypto/ossl.h"
#include "ike/limits.h"
#include "wire/message.h"

#include <openssl/pem.h>
#include <sys/stat.h>

enum { SUBS_MAX = 4 };

struct long_chain {
    struct cred_world folder;
    EVP_PKEY *key[SUBS_MAX + 1]; /* of the root and the CAs below it */
    X509 *ca[SUBS_MAX + 1];
    unsigned subs;
};

static void issue(struct long_chain *c, const char *name, const char *type)
{
    char id[64], file[64];
    const char *const ids[] = {id};
    EVP_PKEY *key = new_key(type);
    snprintf(id, sizeof id, "%s.example.org", name);
    snprintf(file, sizeof file, "%s.pem", name);
    X509 *cert = certify((struct pki_request){.subject = "O=braid",
                                              .ids = ids,
                                              .id_count = 1,
                                              .key = key,
                                              .issuer = c->ca[c->subs],
                                              .issuer_key = c->key[c->subs],
                                              .path_len = -1});
    FILE *f = cred_world_open(&c->folder, "x509", file);
    PEM_write_X509(f, cert);
    for (unsigned i = c->subs; i > 0; i--)
        PEM_write_X509(f, c->ca[i]);
    fclose(f);
    cred_world_put_key(&c->folder, file, key, NULL);
    X509_free(cert);
    EVP_PKEY_free(key);
}

/* A gateway and a client, so many CAs between them and the root. */
static void chain_make(struct long_chain *c, const char *type, unsigned subs)
{
    *c = (struct long_chain){.subs = subs};
    for (unsigned i = 0; i <= subs; i++) {
        char subject[32];
        snprintf(subject, sizeof subject, "CN=CA %u", i);
        c->key[i] = new_key(type);
        c->ca[i] = certify(ca_request(subject, c->key[i], i ? c->ca[i - 1] : NULL,
                                      i ? c->key[i - 1] : NULL));
    }
    root = c->ca[0];
    cred_world_begin(&c->folder);
    issue(c, "gateway", type);
    issue(c, "client-0", type);
}

static void chain_free(struct long_chain *c)
{
    cred_world_end(&c->folder);
    for (unsigned i = 0; i <= c->subs; i++) {
        X509_free(c->ca[i]);
        EVP_PKEY_free(c->key[i]);
    }
}

/* The largest message that was sent, in octets, or 0: no tunnel. */
static size_t handshake(struct long_chain *c, unsigned loss_percent, uint32_t early)
{
    struct duo_terms terms = {.ike = "aes256gcm16-prfsha384-x25519-ke1_mlkem768",
                              .esp = "aes256gcm16",
                              .conn = "",
                              .child = "",
                              .certs = c->folder.dir};
    struct duo_config a = duo_clients(&terms, 1), b = duo_gateway(&terms);
    struct crypto *crypto = ossl_crypto_new();
    struct duo p;
    struct config *both[] = {(struct config *)(uintptr_t)a.loaded->config,
                             (struct config *)(uintptr_t)b.loaded->config};
    for (size_t i = 0; early && i < 2; i++)
        both[i]->engine.message_max_early = early;
    duo_make(&p, &a, &b, crypto);
    p.loss_percent = loss_percent;
    p.die = 4;
    duo_initiate(&p, 0);
    ike_time end = p.now + 120 * IKE_SECOND;
    while (p.a.child_up + p.b.child_up < 2 && !p.a.ike_down && duo_tick(&p, end))
        ;
    bool up = p.a.child_up == 1 && p.b.child_up == 1;
    if (loss_percent && up)
        assert_true(p.lost > 0);
    size_t sent = up ? p.a.sent_octets : 0;
    duo_free(&p);
    duo_config_free(&a);
    duo_config_free(&b);
    ossl_crypto_free(crypto);
    return sent;
}

/* ---- tests ----------------------------------------------------------------------------------- */

static void chains_of_ml_dsa_87_pass_a_bad_network(void **state)
{
    (void)state;
    for (unsigned subs = 0; subs <= 3; subs++) {
        struct long_chain c;
        chain_make(&c, "mldsa87", subs);
        size_t sent = handshake(&c, 0, 0);
        assert_true(sent > 4627 + (subs + 1) * 7300);
        assert_true(handshake(&c, 15, 0) > 0);
        chain_free(&c);
    }
}

static void slh_dsa_of_every_size_passes_a_bad_network(void **state)
{
    (void)state;
    static const struct {
        const char *type;
        size_t signature;
    } rows[] = {
        {"slhdsa/sha2_128f", 17088}, {"slhdsa/shake_192f", 35664}, {"slhdsa/sha2_256f", 49856}};
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct long_chain c;
        chain_make(&c, rows[i].type, 0);
        assert_true(handshake(&c, 0, 0) > 2 * rows[i].signature);
        assert_true(handshake(&c, 10, 0) > 0);
        chain_free(&c);
    }
}

static void more_than_the_limit_is_not_taken_in_and_the_limit_can_be_raised(void **state)
{
    (void)state;
    struct long_chain c;
    chain_make(&c, "slhdsa/sha2_256f", 1); /* three times 50 kB */
    assert_int_equal(handshake(&c, 0, 0), 0);
    assert_true(handshake(&c, 0, MESSAGE_LEN_MAX) > 3 * 49856);
    assert_int_equal(handshake(&c, 0, 65535), 0);
    chain_free(&c);
}

/* What is said when a folder is loaded that has to send this. */
static const char *load(struct long_chain *c, enum conf_fragmentation fragmentation)
{
    struct cred_world *w = &c->folder;
    w->conn.fragmentation = fragmentation;
    w->conn.local[0].id = (struct conf_identity){.id = {FQDN, BYTES_LIT("gateway.example.org")}};
    bool good = cred_world_load(w, true, NULL);
    if (good != !strstr(w->complaints, "error"))
        fail_msg("%s", w->complaints);
    return w->complaints;
}

/* Make the gateway's certificate longer than a payload. */
static void lengthen(struct long_chain *c)
{
    static uint8_t octets_of[66000];
    char path[200];
    ASN1_OCTET_STRING *value = ASN1_OCTET_STRING_new();
    snprintf(path, sizeof path, "%s/x509/gateway.pem", c->folder.dir);
    FILE *f = fopen(path, "r");
    X509 *cert = PEM_read_X509(f, NULL, NULL, NULL);
    fclose(f);
    ASN1_OCTET_STRING_set(value, octets_of, sizeof octets_of);
    ASN1_OBJECT *oid = OBJ_txt2obj("1.2.3.4", 1);
    X509_EXTENSION *e = X509_EXTENSION_create_by_OBJ(NULL, oid, 0, value);
    assert_int_equal(X509_add_ext(cert, e, -1), 1);
    assert_true(X509_sign(cert, c->key[c->subs], NULL) > 0);
    cred_world_put_cert(&c->folder, "x509", "gateway.pem", cert);
    X509_EXTENSION_free(e);
    ASN1_OBJECT_free(oid);
    ASN1_OCTET_STRING_free(value);
    X509_free(cert);
}

static void what_is_too_long_is_told_when_it_is_loaded(void **state)
{
    (void)state;
    static const struct {
        const char *type;
        unsigned subs;
        enum conf_fragmentation fragmentation;
        const char *says; /* NULL: nothing */
    } rows[] = {
        {"mldsa87", 3, FRAGMENTATION_NO, NULL},
        {"slhdsa/sha2_256s", 0, FRAGMENTATION_NO, NULL},
        {"slhdsa/sha2_192f", 0, FRAGMENTATION_NO, "error: local.id: the certificate for this identity: IKE_AUTH would have"},
        {"slhdsa/sha2_192f", 0, FRAGMENTATION_ACCEPT, "need `fragmentation = yes`"},
        {"slhdsa/sha2_256f", 0, FRAGMENTATION_YES, NULL},
        {"slhdsa/sha2_256f", 1, FRAGMENTATION_YES, "warning: local.id: the certificate for this identity: IKE_AUTH will have"},
        {"slhdsa/sha2_256f", 4, FRAGMENTATION_YES, "IKE has no room for more than 262144 and 65530"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct long_chain c;
        chain_make(&c, rows[i].type, rows[i].subs);
        const char *said = load(&c, rows[i].fragmentation);
        if (rows[i].says ? !strstr(said, rows[i].says) : said[0] != '\0')
            fail_msg("%s, %u: %s", rows[i].type, rows[i].subs, said);
        chain_free(&c);
    }
    struct long_chain c;
    chain_make(&c, "ed25519", 0);
    lengthen(&c);
    assert_non_null(strstr(load(&c, FRAGMENTATION_YES), "IKE has no room for more than"));
    chain_free(&c);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(chains_of_ml_dsa_87_pass_a_bad_network),
        cmocka_unit_test(slh_dsa_of_every_size_passes_a_bad_network),
        cmocka_unit_test(what_is_too_long_is_told_when_it_is_loaded),
        cmocka_unit_test(more_than_the_limit_is_not_taken_in_and_the_limit_can_be_raised),
    };
    umask(077); /* or keys that others may read are what is complained about */
    return cmocka_run_group_tests(tests, NULL, NULL);
}
