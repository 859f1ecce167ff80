/* proofs: see proofs.h. */
#include "proofs.h"

#include <openssl/evp.h>
#include <stdlib.h>

static void must(bool ok, const char *what)
{
    if (ok)
        return;
    fprintf(stderr, "%s\n", what);
    exit(1);
}

/* ---- making ---------------------------------------------------------------------------------- */

static X509 *issue(struct proofs *p, const char *name, EVP_PKEY *key)
{
    char id[64], file[64];
    const char *const ids[] = {id};
    snprintf(id, sizeof id, "%s.example.org", name);
    snprintf(file, sizeof file, "%s.pem", name);
    X509 *cert = certify((struct pki_request){.subject = "O=braid",
                                              .ids = ids,
                                              .id_count = 1,
                                              .key = key,
                                              .issuer = p->ca,
                                              .issuer_key = p->ca_key,
                                              .path_len = -1});
    cred_world_put_cert(&p->folder, "x509", file, cert);
    cred_world_put_key(&p->folder, file, key, NULL);
    return cert;
}

void proofs_make(struct proofs *p, const char *type, unsigned clients)
{
    *p = (struct proofs){.ca_key = new_key(type), .key = new_key(type)};
    p->ca = certify(ca_request("O=braid, CN=CA", p->ca_key, NULL, NULL));
    root = p->ca;
    cred_world_begin(&p->folder);
    p->cert = issue(p, "gateway", p->key);
    for (unsigned i = 0; i < clients; i++) {
        char name[32];
        EVP_PKEY *key = new_key(type);
        snprintf(name, sizeof name, "client-%u", i);
        X509_free(issue(p, name, key));
        EVP_PKEY_free(key);
    }
}

void proofs_free(struct proofs *p)
{
    cred_world_end(&p->folder);
    X509_free(p->ca);
    X509_free(p->cert);
    EVP_PKEY_free(p->ca_key);
    EVP_PKEY_free(p->key);
}

/* ---- the same work without a protocol ---------------------------------------------------------- */

static void sign_and_verify(EVP_PKEY *key)
{
    static const uint8_t text[400]; /* a message of IKE_SA_INIT, nonce, PRF */
    static uint8_t signature[50000];
    size_t len = sizeof signature;
    const EVP_MD *hash = EVP_PKEY_is_a(key, "EC") ? EVP_sha256() : NULL;
    EVP_MD_CTX *one = EVP_MD_CTX_new(), *two = EVP_MD_CTX_new();
    must(EVP_DigestSignInit(one, NULL, hash, NULL, key) == 1 &&
             EVP_DigestSign(one, signature, &len, text, sizeof text) == 1,
         "signing failed");
    must(EVP_DigestVerifyInit(two, NULL, hash, NULL, key) == 1 &&
             EVP_DigestVerify(two, signature, len, text, sizeof text) == 1,
         "verifying failed");
    EVP_MD_CTX_free(one);
    EVP_MD_CTX_free(two);
}

void proofs_repeat(const struct proofs *p)
{
    for (int side = 0; side < 2; side++) {
        sign_and_verify(p->key);
        must(X509_verify(p->cert, X509_get0_pubkey(p->ca)) == 1, "the certificate is bad");
    }
}
