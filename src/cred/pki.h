/*
 * pki: making keys, certificates, requests for them and revocation lists, for `braid pki` and for tests.
 *
 * What is made follows RFC 5280 and what RFC 4945 asks of certificates for IKE. Functions give
 * NULL and set *why to a sentence when they fail.
 */
#ifndef BRAID_CRED_PKI_H
#define BRAID_CRED_PKI_H

#include <openssl/evp.h>
#include <openssl/x509.h>
#include <stdbool.h>
#include <stddef.h>

/*
 * A new key: rsa (3072 bits) or rsa4096, ecdsa (P-256) or ecdsa384, ecdsa521, ed25519, ed448,
 * mldsa44, mldsa65, mldsa87, slhdsa/sha2_128s and its like.
 */
EVP_PKEY *pki_key_new(const char *type, const char **why);

struct pki_request {
    const char *subject; /* "C=CH, O=braid, CN=moon" */
    /*
     * subjectAltName: host names, mail and IP addresses; dns:, email:, ip: in front of one say
     * which of them it is
     */
    const char *const *ids;
    size_t id_count;
    X509_REQ *wish; /* subject and ids that are not given are taken from here; or NULL */
    EVP_PKEY *key;
    X509 *issuer; /* NULL: self-signed */
    EVP_PKEY *issuer_key;
    bool is_ca;
    int path_len;           /* of a CA; -1: none is said */
    long from, until;       /* seconds from now */
    const char *usage;      /* extendedKeyUsage as OpenSSL's configuration has it; NULL: none */
    const char *key_usage;  /* NULL: what fits */
    const char *constraint; /* nameConstraints, or NULL */
    const char *crl_uri;    /* or NULL */
    const char *ocsp_uri;   /* or NULL */
    const char *policy;     /* certificatePolicies, or NULL */
};
X509 *pki_certify(const struct pki_request *r, const char **why);

/* A request (PKCS#10) of `key` for `subject` and `ids`. */
X509_REQ *pki_ask(const struct pki_request *r, const char **why);

/* A list of these serial numbers, good for `days`. */
X509_CRL *pki_list(X509 *issuer, EVP_PKEY *issuer_key, const ASN1_INTEGER *const *serials,
                   size_t count, long days, const char **why);

#endif
