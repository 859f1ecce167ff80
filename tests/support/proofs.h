/*
 * proofs: certificates for measurements (see duo_terms), and the work in them without a protocol.
 */
#ifndef BRAID_TESTS_PROOFS_H
#define BRAID_TESTS_PROOFS_H

#include "cred_world.h"

struct proofs {
    struct cred_world folder; /* its dir is what duo_terms want */
    EVP_PKEY *ca_key, *key;   /* the latter is the gateway's */
    X509 *ca, *cert;
};

/* A CA, a gateway and so many clients, each with a key of this type (pki.h) of its own. */
void proofs_make(struct proofs *p, const char *type, unsigned clients);
void proofs_free(struct proofs *p);

/* What OpenSSL has to do in one handshake, both sides: make and check two signatures of AUTH, check
 * those on two certificates. */
void proofs_repeat(const struct proofs *p);

#endif
