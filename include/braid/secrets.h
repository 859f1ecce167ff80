/*
 * secrets: what swanctl.conf says about credentials, as plain values for src/cred: the `secrets`
 * section, and the certificates, keys and constraints of each `local` and `remote` section.
 *
 * It is apart from the snapshot (braid/config.h), which must hold no long-term secret. The memory
 * belongs to a `struct loaded`; that of secrets is wiped with it.
 */
#ifndef BRAID_SECRETS_H
#define BRAID_SECRETS_H

#include "base/place.h"
#include <braid/config.h>

/* ---- the `secrets` section ------------------------------------------------------------------- */

enum secret_kind {
    SECRET_IKE, /* a pre-shared key */
    SECRET_PPK, /* a post-quantum pre-shared key (RFC 8784); its owners are names of the key */
    /* passphrases of files in the folder of that name */
    SECRET_PRIVATE,
    SECRET_RSA,
    SECRET_ECDSA,
    SECRET_PKCS8,
    SECRET_PKCS12,
};

struct secret_entry {
    enum secret_kind kind;
    const char *name;  /* of its section: "ike-home" */
    struct bytes data; /* decoded */
    /* a pre-shared key or PPK that is no match for a quantum computer, or for patience alone */
    bool guessable;
    const char *file;     /* passphrases: of which file, relative to the folder */
    struct place place;   /* of its name */
    uint16_t owner_count; /* 0 = anybody's */
    const struct conf_identity *owner;
    uint32_t line;
};

struct secret_list {
    uint32_t count;
    const struct secret_entry *at;
};

/* ---- sections that authenticate with keys ---------------------------------------------------- */

enum cred_family {
#define FAMILY(name, word, type, flags) FAMILY_##name,
#include <braid/signature.def>
    FAMILIES,
};

/* Those believed to withstand a quantum computer, as bits. */
#define QUANTUM 1
enum {
    QUANTUM_FAMILIES = 0
#define FAMILY(name, word, type, flags) | ((flags) << FAMILY_##name)
#include <braid/signature.def>
};
#undef QUANTUM

/* What `auth` demands of signatures: pubkey-mldsa87, rsa-3072-sha256, pubkey-ike:ed25519. */
struct cred_rule {
    uint32_t families;             /* bit n = enum cred_family n; 0 = all */
    uint32_t hashes;               /* bit n = hash id n of RFC 7427; 0 = all */
    uint32_t rsa_bits, ecdsa_bits; /* at least; 0 = what is sensible */
};

enum cred_revocation { REVOCATION_RELAXED,
                       REVOCATION_IFURI,
                       REVOCATION_STRICT };

struct name_list {
    uint16_t count;
    const char *const *at;
};

/*
 * A certificate or key that is referred to: a file, relative to its folder (x509, x509ca, pubkey)
 * or absolute, or, if `file` is NULL, its octets.
 */
struct cred_ref {
    const char *key; /* "certs", "cert-2": where it stands */
    const char *file;
    struct bytes octets;
};
struct cred_refs {
    uint16_t count;
    const struct cred_ref *at;
};

struct cred_spec {
    struct cred_rule ike, chain;
    struct cred_refs certs, cacerts, pubkeys;
    struct name_list policies;  /* dotted OIDs */
    struct conf_identity ca_id; /* type 0: none is asked for */
    enum cred_revocation revocation;
};

/* Keys of a section that messages about files speak of. */
enum cred_key { CRED_AUTH,
                CRED_ID,
                CRED_CERTS,
                CRED_CACERTS,
                CRED_PUBKEYS,
                CRED_KEYS };

/*
 * A section. Whoever loads the files fills in what they tell: conf_auth.keys, our identity if the
 * configuration names none, and the CERTREQ to be sent.
 */
struct cred_section {
    struct cred_spec spec;
    struct conf_conn *conn; /* of the snapshot in the making */
    bool is_remote;
    uint8_t round; /* which of conn->local or conn->remote it is */
    const char *path;              /* "connections.home.local", for messages */
    struct place place[CRED_KEYS]; /* of the keys' values; of the section where a key is not written */
};

struct cred_sections {
    uint32_t count;
    struct cred_section *at;
};

/* ---- the `authorities` section --------------------------------------------------------------- */

struct cred_authority {
    const char *name;
    struct cred_ref ca;
    struct name_list crl_uris, ocsp_uris;
    const char *cert_uri_base; /* or NULL */
    struct place place;        /* of its name */
};

struct cred_authorities {
    uint32_t count;
    struct cred_authority *at;
};

#endif
