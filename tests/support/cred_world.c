/* cred_world: see cred_world.h. */
#include "cred_world.h"

#include <openssl/pem.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

const struct bytes octets = BYTES_LIT("the octets that AUTH covers");
const struct identity moon = {FQDN, BYTES_LIT("moon.example")};

/* ---- making ---------------------------------------------------------------------------------- */

EVP_PKEY *root_key, *peer_key;
X509 *root;

EVP_PKEY *new_key(const char *type)
{
    const char *why;
    EVP_PKEY *key = pki_key_new(type, &why);
    assert_non_null(key);
    return key;
}

X509 *certify(struct pki_request r)
{
    const char *why;
    r.from = r.from ? r.from : -60;
    r.until = r.until ? r.until : YEAR;
    X509 *cert = pki_certify(&r, &why);
    if (!cert)
        print_error("%s\n", why);
    assert_non_null(cert);
    return cert;
}

static const char *const peer_ids[] = {"moon.example", "10.0.0.7", "carol@moon.example"};

struct pki_request peer_request(void)
{
    return (struct pki_request){.subject = "O=braid, CN=moon",
                                .ids = peer_ids,
                                .id_count = 3,
                                .key = peer_key,
                                .issuer = root,
                                .issuer_key = root_key,
                                .usage = "serverAuth,clientAuth",
                                .path_len = -1};
}

struct pki_request ca_request(const char *subject, EVP_PKEY *key, X509 *issuer,
                              EVP_PKEY *issuer_key)
{
    return (struct pki_request){.subject = subject,
                                .key = key,
                                .issuer = issuer,
                                .issuer_key = issuer_key,
                                .is_ca = true,
                                .path_len = -1};
}

int make_authorities(void **state)
{
    (void)state;
    root_key = new_key("ecdsa256");
    peer_key = new_key("ecdsa256");
    root = certify(ca_request("O=braid, CN=root", root_key, NULL, NULL));
    return 0;
}

int drop_authorities(void **state)
{
    (void)state;
    X509_free(root);
    EVP_PKEY_free(root_key);
    EVP_PKEY_free(peer_key);
    return 0;
}

/* ---- a folder -------------------------------------------------------------------------------- */

FILE *cred_world_open(const struct cred_world *w, const char *folder, const char *name)
{
    char path[400];
    snprintf(path, sizeof path, "%s/%s", w->dir, folder);
    mkdir(path, 0700);
    snprintf(path, sizeof path, "%s/%s/%s", w->dir, folder, name);
    FILE *f = fopen(path, "w");
    assert_non_null(f);
    return f;
}

void cred_world_put_cert(const struct cred_world *w, const char *folder, const char *name, X509 *cert)
{
    FILE *f = cred_world_open(w, folder, name);
    PEM_write_X509(f, cert);
    fclose(f);
}

void cred_world_put_key(const struct cred_world *w, const char *name, EVP_PKEY *key, const char *phrase)
{
    FILE *f = cred_world_open(w, "private", name);
    PEM_write_PKCS8PrivateKey(f, key, phrase ? EVP_aes_256_cbc() : NULL, phrase,
                              phrase ? (int)strlen(phrase) : 0, NULL, NULL);
    fclose(f);
}

void cred_world_put_public(const struct cred_world *w, const char *name, EVP_PKEY *key)
{
    FILE *f = cred_world_open(w, "pubkey", name);
    PEM_write_PUBKEY(f, key);
    fclose(f);
}

static void note(void *self, bool is_error, const struct place *where, const char *text)
{
    struct cred_world *w = self;
    (void)where;
    size_t len = strlen(w->complaints);
    snprintf(w->complaints + len, sizeof w->complaints - len, "%s: %s\n",
             is_error ? "error" : "warning", text);
}

void cred_world_begin(struct cred_world *w)
{
    *w = (struct cred_world){.dir = "/tmp/braid-keyring-XXXXXX"};
    assert_non_null(mkdtemp(w->dir));
    w->parsed = parsed_new();
    assert_non_null(w->parsed);
    cred_world_put_cert(w, "x509ca", "root.pem", root);
    w->conn.local[0].class = w->conn.remote[0].class = CONF_AUTH_PUBKEY;
    w->conn.local[0].id.any = w->conn.remote[0].id.any = true;
    w->conn.send_certreq = true;
    w->section[0] = (struct cred_section){.conn = &w->conn, .path = "local"};
    w->section[1] =
        (struct cred_section){.conn = &w->conn, .is_remote = true, .path = "remote"};
}

bool cred_world_load(struct cred_world *w, bool both, const struct secret_list *secrets)
{
    const struct cred_sink sink = {.self = w, .complain = note};
    const struct cred_authorities no_authorities = {.count = 0};
    static const struct secret_list none;
    struct cred_sections sections = {both ? 2 : 1, both ? w->section : w->section + 1};
    keyring_free(w->keys);
    wallet_free(w->wallet);
    w->complaints[0] = '\0';
    w->keys = keyring_of_files(w->dir, secrets ? secrets : &none, &sections, &no_authorities, NULL,
                               &sink, &w->wallet);
    return w->keys != NULL;
}

void cred_world_end(struct cred_world *w)
{
    char command[128];
    keyring_free(w->keys);
    wallet_free(w->wallet);
    known_free(w->known);
    parsed_free(w->parsed);
    snprintf(command, sizeof command, "rm -r %s", w->dir);
    assert_int_equal(system(command), 0);
}

struct cred_refs cred_world_ref(struct cred_ref *to, const char *file)
{
    *to = (struct cred_ref){.key = "certs", .file = file};
    return (struct cred_refs){1, to};
}

/* ---- a peer that authenticates ---------------------------------------------------------------- */

static struct sent the_sent;

struct sent *sending(struct identity id)
{
    the_sent = (struct sent){.id = id};
    return &the_sent;
}

void sent_add(struct sent *s, X509 *cert)
{
    uint8_t *der = NULL;
    int len = i2d_X509(cert, &der);
    assert_true(len > 0 && s->count < SENT_MAX);
    s->certs[s->count++] = (struct ike_cert){X509_SIGNATURE, bytes_make(der, (size_t)len)};
}

void sent_add_octets(struct sent *s, uint8_t encoding, struct bytes from)
{
    uint8_t *copy = OPENSSL_malloc(from.len + 1);
    assert_true(copy && s->count < SENT_MAX);
    if (from.len)
        memcpy(copy, from.at, from.len);
    s->certs[s->count++] = (struct ike_cert){encoding, bytes_make(copy, from.len)};
}

void sent_drop(struct sent *s)
{
    for (uint16_t i = 0; i < s->count; i++)
        OPENSSL_free((void *)(uintptr_t)s->certs[i].data.at);
    s->count = 0;
}

/* As the daemon does it. */
void cred_world_inquire(struct cred_world *w, struct cred_reply *reply)
{
    struct inquiry_want want;
    if (!reply->keys.inquiry)
        return;
    while (inquiry_next(reply->keys.inquiry, &want)) {
        const char *why = NULL;
        struct bytes got = w->web(w->web_self, want.uri, want.body, &why);
        assert_true(why || got.len <= want.max);
        inquiry_take(reply->keys.inquiry, got, &why);
        free((void *)(uintptr_t)got.at);
        w->fetched++;
    }
    keyring_conclude(&reply->answer, &reply->keys);
}

const char *sent_judge(struct cred_world *w, struct sent *s, EVP_PKEY *key)
{
    static char reason[TRUST_REASON_MAX];
    struct scheme_wish wish = {.hashes = ALL_HASHES};
    const struct scheme *used;
    const char *why;
    struct cred_reply reply;
    struct ike_ask ask = {.kind = ASK_VERIFY, .conn = &w->conn, .octets = octets, .theirs = s->id, .cert_count = s->count, .certs = s->certs};
    assert_true(scheme_sign(key, &wish, octets, &ask.method, &ask.auth, &used, &why));
    const struct cred_stock stock = {
        .wallet = w->wallet, .known = w->known, .parsed = w->parsed};
    cred_reply_make(&stock, NULL, &ask, &reply);
    cred_world_inquire(w, &reply);
    bool believed = reply.answer.status == ANSWER_OK;
    if (!believed) {
        assert_non_null(reply.answer.detail);
        snprintf(reason, sizeof reason, "%s", reply.answer.detail);
    }
    free((void *)(uintptr_t)ask.auth.at);
    cred_reply_wipe(&reply);
    return believed ? NULL : reason;
}

const char *judge_request(struct cred_world *w, struct pki_request r)
{
    X509 *cert = certify(r);
    struct sent *s = sending(moon);
    sent_add(s, cert);
    const char *why = sent_judge(w, s, r.key);
    sent_drop(s);
    X509_free(cert);
    return why;
}

void check_refused(const char *why, const char *words, const char *file, int line)
{
    if (why && strstr(why, words))
        return;
    print_error("`%s` does not say `%s`\n", why ? why : "(it is believed)", words);
    _fail(file, line);
}
