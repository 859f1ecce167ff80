/*
 * cred_world: a folder of credentials as the daemon reads it, and a peer that sends whatever it
 * likes. Certificates and AUTH are judged by the answers to ASK_VERIFY, as in IKE_AUTH. For cmocka
 * programs: what goes wrong in here fails the test.
 */
#ifndef BRAID_TESTS_CRED_WORLD_H
#define BRAID_TESTS_CRED_WORLD_H

#include "unit.h"

#include "cred/answer.h"
#include "cred/pki.h"

#include <stdio.h>

enum { X509_SIGNATURE = 4,
       CRL = 7,
       RAW_KEY = 15,
       IPV4 = 1,
       FQDN = 2,
       DN = 9,
       KEY_ID = 11 };
enum { ALL_HASHES = 0x3c,
       YEAR = 365 * 86400 };

/* What AUTH covers. */
extern const struct bytes octets;
/* Who the peer is. */
extern const struct identity moon;

/* ---- keys and certificates ------------------------------------------------------------------- */

/* The CA everybody trusts, and the peer's key: from make_authorities to drop_authorities, which are
 * the set-up and tear-down of a group of tests. */
extern EVP_PKEY *root_key, *peer_key;
extern X509 *root;
int make_authorities(void **state);
int drop_authorities(void **state);

/* As pki.h; whoever calls frees. */
EVP_PKEY *new_key(const char *type);
X509 *certify(struct pki_request r); /* good for a year unless the request says another time */

/* The peer's certificate as it should be; a test changes what it is about. */
struct pki_request peer_request(void);
struct pki_request ca_request(const char *subject, EVP_PKEY *key, X509 *issuer,
                              EVP_PKEY *issuer_key);

/* ---- a folder -------------------------------------------------------------------------------- */

/* What can be fetched: an answer to be freed, or `why` is set. `body` empty: GET. */
typedef struct bytes (*cred_web)(void *self, const char *uri, struct bytes body, const char **why);

/* One connection; section 0 is how we authenticate, section 1 how the peer has to. */
struct cred_world {
    char dir[64];
    char complaints[2000];
    struct conf_conn conn;
    struct cred_section section[2];
    struct wallet *wallet;
    struct keyring *keys;
    struct known *known; /* NULL: nothing is fetched */
    struct parsed *parsed;
    cred_web web;
    void *web_self;
    unsigned fetched; /* documents asked for */
};

void cred_world_begin(struct cred_world *w); /* trusts the root */
void cred_world_end(struct cred_world *w);
FILE *cred_world_open(const struct cred_world *w, const char *folder, const char *name);
void cred_world_put_cert(const struct cred_world *w, const char *folder, const char *name,
                         X509 *cert);
void cred_world_put_key(const struct cred_world *w, const char *name, EVP_PKEY *key,
                        const char *phrase); /* or NULL */
void cred_world_put_public(const struct cred_world *w, const char *name, EVP_PKEY *key);
/* The remote section alone, or both. */
bool cred_world_load(struct cred_world *w, bool both, const struct secret_list *secrets);
/* A list of one file, kept in `to`. */
struct cred_refs cred_world_ref(struct cred_ref *to, const char *file);

/* ---- a peer that authenticates --------------------------------------------------------------- */

enum { SENT_MAX = 1200 };
struct sent {
    struct ike_cert certs[SENT_MAX];
    uint16_t count;
    struct identity id;
};

/* There is one at a time; sent_drop frees what was added. */
struct sent *sending(struct identity id);
void sent_add(struct sent *s, X509 *cert);
void sent_add_octets(struct sent *s, uint8_t encoding, struct bytes octets); /* copied */
void sent_drop(struct sent *s);

/* Fetch what an answer waits for. */
void cred_world_inquire(struct cred_world *w, struct cred_reply *reply);

/* What braid thinks of AUTH by this key with these certificates. NULL: it is believed. */
const char *sent_judge(struct cred_world *w, struct sent *s, EVP_PKEY *key);
/* The same of one certificate made as the request says, for moon. */
const char *judge_request(struct cred_world *w, struct pki_request r);

#define assert_refused(call, words) check_refused((call), (words), __FILE__, __LINE__)
void check_refused(const char *why, const char *words, const char *file, int line);

#endif
