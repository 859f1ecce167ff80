/*
 * scheme: AUTH payloads made with key pairs: RFC 7427 Digital Signature and the older methods.
 *
 *     Digital Signature (14):  length (1) | AlgorithmIdentifier, DER | signature
 *     RSA (1):                 RSASSA-PKCS1-v1_5
 *     ECDSA (9, 10, 11):       r | s, each as long as the curve's order (RFC 4754)
 *
 * Which AlgorithmIdentifiers there are is the table signature.def; one that is not in it fails,
 * whatever the key. SHA-1 is neither made nor believed, with no method. OpenSSL does the
 * computing; encodings are judged here, strictly (DER, no octet left over).
 */
#ifndef BRAID_CRED_SCHEME_H
#define BRAID_CRED_SCHEME_H

#include "base/bytes.h"
#include <braid/ike.h>
#include <braid/secrets.h>

#include <openssl/evp.h>

enum {
    SCHEME_RSA_BITS_MIN = 2048, /* NIST SP 800-131A */
    SCHEME_RSA_BITS_MAX = 16384,
    SCHEME_AUTH_MAX = 49856 + 128, /* SLH-DSA-256f and its AlgorithmIdentifier */
};

struct scheme {
    const char *name; /* "ML_DSA_87", as status pages show it */
    enum cred_family family;
    uint8_t hash; /* id of RFC 7427 */
    struct bytes oid;
    uint8_t parameters;
};

/* Rows in table order; NULL past the end. */
const struct scheme *scheme_at(size_t i);

/* May a key be used at all? If not, *why is a sentence. */
bool scheme_key_is_good(EVP_PKEY *key, const char **why);
/* The families a key can sign with, bit n = enum cred_family n. 0: none. */
uint32_t scheme_families(EVP_PKEY *key);
bool scheme_is_quantum(EVP_PKEY *key);

/* Does a rule (NULL: none) allow signatures of this scheme with this key? */
bool scheme_rule_allows(const struct cred_rule *rule, const struct scheme *s, EVP_PKEY *key);

/* What is wanted of a signature to be made. */
struct scheme_wish {
    uint32_t hashes; /* the peer announced; 0 = it does not know Digital Signature */
    const struct cred_rule *rule;
    /* the methods the peer accepts (RFC 9593); 0 = it did not say */
    uint16_t announced_count;
    const struct ike_announced *announced;
};

/* Does a peer's list hold this method, and with Digital Signature this scheme? */
bool scheme_is_announced(const struct ike_announced *list, uint16_t count, uint8_t method,
                         const struct scheme *s);

/* Length octet and AlgorithmIdentifier of a scheme, as in AUTH. */
enum { SCHEME_ALGORITHM_MAX = 96 };
struct bytes scheme_write(const struct scheme *s, uint8_t room[SCHEME_ALGORITHM_MAX]);
/* Which scheme an AlgorithmIdentifier (hostile) names; NULL: none of ours. */
const struct scheme *scheme_read(struct bytes der);

/*
 * Make the data of an AUTH payload, to be freed by the caller with free(). False: *why is a
 * sentence. `used` is NULL for an old method.
 */
bool scheme_sign(EVP_PKEY *key, const struct scheme_wish *wish, struct bytes octets,
                 uint8_t *method, struct bytes *auth, const struct scheme **used, const char **why);

/* Did this key sign these octets? `auth` is hostile. False: *why is a sentence. */
bool scheme_verify(EVP_PKEY *key, uint8_t method, struct bytes octets, struct bytes auth,
                   const struct cred_rule *rule, const struct scheme **used, const char **why);

#endif
