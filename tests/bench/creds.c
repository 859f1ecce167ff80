/*
 * creds: how long certificates and private keys take to be loaded as control clients send them,
 * and to be found again, with few and with many.
 *
 *     held          certificates, each with its private key
 *     load us       to read and keep one of both
 *     identity ns   to find a certificate by a host name
 *     key ns        to find a private key by its key id
 *     same key ns   the same for the same key again and again: without what caches do
 *     chain ns      to find the CA above a certificate of ours
 *     trust us      to pick out what OpenSSL needs to judge a peer's certificate
 *
 * Of CPU time. The last lines are the goals: with a hundred times as many, loading one and finding
 * the same one take no more than twice as long, and nothing takes 20 us to be found.
 */
#include "../support/measure.h"

#include "cred/chain.h"
#include "cred/piece.h"
#include "cred/pki.h"
#include "cred/trust_store.h"

#include <openssl/pem.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { FEW = 100,
       MANY = 10000,
       LOOKS = 200000,
       FQDN = 2 };

struct pair {
    struct bytes cert, key;
    char name[32];
};

struct result {
    double load, identity, key, same, chain, trust; /* ns */
};

static void must(bool good, const char *what)
{
    if (good)
        return;
    fprintf(stderr, "bench-creds: %s\n", what);
    exit(1);
}

/* ---- making ---------------------------------------------------------------------------------- */

static X509 *certify(const char *name, EVP_PKEY *key, X509 *ca, EVP_PKEY *ca_key)
{
    const char *why, *ids[] = {name};
    char subject[64];
    snprintf(subject, sizeof subject, "O=braid, CN=%s", name);
    struct pki_request r = {.subject = subject,
                            .ids = ids,
                            .id_count = ca ? 1 : 0,
                            .key = key,
                            .issuer = ca,
                            .issuer_key = ca_key,
                            .is_ca = !ca,
                            .path_len = -1,
                            .from = -60,
                            .until = 86400};
    X509 *cert = pki_certify(&r, &why);
    must(cert != NULL, "no certificate");
    return cert;
}

static struct bytes take_out(BIO *out)
{
    char *at;
    long len = BIO_get_mem_data(out, &at);
    uint8_t *copy = malloc((size_t)len);
    must(copy != NULL, "out of memory");
    memcpy(copy, at, (size_t)len);
    BIO_free(out);
    return bytes_make(copy, (size_t)len);
}

static struct pair *make_pairs(X509 *ca, EVP_PKEY *ca_key)
{
    const char *why;
    struct pair *all = calloc(MANY, sizeof *all);
    must(all != NULL, "out of memory");
    for (int i = 0; i < MANY; i++) {
        BIO *cert_out = BIO_new(BIO_s_mem()), *key_out = BIO_new(BIO_s_mem());
        EVP_PKEY *key = pki_key_new("ecdsa256", &why);
        must(key && cert_out && key_out, "no key");
        snprintf(all[i].name, sizeof all[i].name, "host-%d.example", i);
        X509 *cert = certify(all[i].name, key, ca, ca_key);
        PEM_write_bio_X509(cert_out, cert);
        PEM_write_bio_PKCS8PrivateKey(key_out, key, NULL, NULL, 0, NULL, NULL);
        all[i].cert = take_out(cert_out);
        all[i].key = take_out(key_out);
        X509_free(cert);
        EVP_PKEY_free(key);
    }
    return all;
}

/* ---- measuring ------------------------------------------------------------------------------- */

static const struct wallet_item *look(const struct wallet *w, const char *name)
{
    const struct identity id = {FQDN, bytes_str(name)};
    struct wallet_walk walk = wallet_by_identity(w, &id);
    const struct wallet_item *i = wallet_next(&walk);
    must(i != NULL, "a certificate is not found");
    return i;
}

static struct result measure(const struct pair *all, int count, X509 *ca)
{
    struct result r;
    struct wallet *w = wallet_new(NULL);
    uint8_t id[WALLET_ID_LEN];
    must(w && wallet_add_cert(w, ca, WALLET_ANCHOR), "out of memory");
    double began = cpu_now();
    for (int i = 0; i < count; i++)
        must(piece_add_cert(w, all[i].cert, 0) == PIECE_ADDED &&
                 piece_add_key(w, all[i].key, "any", id) == PIECE_ADDED,
             "a credential is not loaded");
    r.load = (cpu_now() - began) / count;
    began = cpu_now();
    for (int i = 0; i < LOOKS / 10; i++)
        look(w, all[(i * 7919) % count].name);
    r.identity = (cpu_now() - began) / (LOOKS / 10);
    const struct wallet_item **items = calloc((size_t)count, sizeof *items);
    must(items != NULL, "out of memory");
    for (int i = 0; i < count; i++)
        items[i] = look(w, all[i].name);
    began = cpu_now();
    for (int i = 0; i < LOOKS; i++)
        must(wallet_find_key(w, items[(i * 7919) % count]->key_id) != NULL, "a key is not found");
    r.key = (cpu_now() - began) / LOOKS;
    began = cpu_now();
    for (int i = 0; i < LOOKS; i++)
        must(wallet_find_key(w, items[count / 2]->key_id) != NULL, "a key is not found");
    r.same = (cpu_now() - began) / LOOKS;
    began = cpu_now();
    for (int i = 0; i < LOOKS / 10; i++)
        must(chain_build(w, items[(i * 7919) % count]->cert).count == 2, "the CA is not found");
    r.chain = (cpu_now() - began) / (LOOKS / 10);
    const struct trust_sources from = {{w, NULL}, w};
    began = cpu_now();
    for (int i = 0; i < LOOKS / 100; i++) {
        X509_STORE *store = trust_store_for(&from, items[(i * 7919) % count]->cert, NULL);
        must(store != NULL, "out of memory");
        X509_STORE_free(store);
    }
    r.trust = (cpu_now() - began) / (LOOKS / 100);
    free(items);
    wallet_free(w);
    return r;
}

static void show(int count, const struct result *r)
{
    printf("%8d %8.1f %12.0f %8.0f %12.0f %10.0f %9.1f\n", count, r->load / 1e3, r->identity,
           r->key, r->same, r->chain, r->trust / 1e3);
}

int main(void)
{
    const char *why;
    EVP_PKEY *ca_key = pki_key_new("ecdsa256", &why);
    must(ca_key != NULL, "no key");
    X509 *ca = certify("root", ca_key, NULL, NULL);
    struct pair *all = make_pairs(ca, ca_key);
    printf("%8s %8s %12s %8s %12s %10s %9s\n", "held", "load us", "identity ns", "key ns",
           "same key ns", "chain ns", "trust us");
    (void)measure(all, FEW, ca); /* warms up */
    struct result few = measure(all, FEW, ca), many = measure(all, MANY, ca);
    show(FEW, &few);
    show(MANY, &many);
    double slowest = many.identity > many.chain ? many.identity : many.chain;
    slowest = slowest > many.trust ? slowest : many.trust;
    goal(false, "loading one of 10,000, of 100", AT_MOST, 2, many.load / few.load, "x");
    goal(false, "the same key of 10,000, of 100", AT_MOST, 2, many.same / few.same, "x");
    goal(false, "the slowest search in 10,000", AT_MOST, 20000, slowest, "ns");
    for (int i = 0; i < MANY; i++) {
        free((void *)(uintptr_t)all[i].cert.at);
        free((void *)(uintptr_t)all[i].key.at);
    }
    free(all);
    X509_free(ca);
    EVP_PKEY_free(ca_key);
    return 0;
}
