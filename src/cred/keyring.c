/* keyring: reading. See keyring.h; the answers are in keyring_answer.c. */
#include "cred/keyring.h"

#include "cred/announce.h"
#include "cred/file.h"
#include "cred/folder.h"
#include "cred/keyring_types.h"
#include "cred/piece.h"
#include "cred/validity.h"

#include <errno.h>
#include <openssl/err.h>
#include <openssl/x509v3.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

enum { CERTREQ_MAX = 2000, /* hashes */
       CA_ID_LEN = 20 };
enum { ID_DER_ASN1_DN = 9 };

struct loading {
    struct wallet *w;
    const char *dir; /* NULL: what is loaded came from a control client */
    const struct cred_sink *sink;
    bool has_anchor; /* the wallet, before anything of the sections came */
    bool failed;
};

/* Where something is referred to. */
struct spot {
    const char *path; /* "connections.home.local" */
    struct place place;
};

/* ---- words ----------------------------------------------------------------------------------- */

/* Where a word of a value stands, if its line shows it; else the value. */
static struct place place_of_word(struct place value, const char *word)
{
    size_t from = value.column ? value.column - 1 : 0, len = word ? strlen(word) : 0;
    size_t end = from + value.len < value.text.len ? from + value.len : value.text.len;
    const char *at =
        len > 0 && from < end ? memmem(value.text.at + from, end - from, word, len) : NULL;
    if (at) {
        value.column = (uint32_t)((const uint8_t *)at - value.text.at) + 1;
        value.len = (uint32_t)len;
    }
    return value;
}

/*
 * "connections.home.local.certs: ..."; `word` is the part of the key's value that is meant, or
 * NULL. False.
 */
__attribute__((format(printf, 6, 7))) static bool complain(struct loading *l, bool is_error,
                                                           const struct spot *at, const char *key,
                                                           const char *word, const char *format,
                                                           ...)
{
    char text[900];
    struct place place = place_of_word(at->place, word);
    va_list args;
    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    if (is_error && !l->failed && l->sink->blame)
        l->sink->blame(l->sink->self, key);
    l->failed = l->failed || is_error;
    return cred_complain(l->sink, is_error, &place, "%.400s.%s: %s", at->path, key, text);
}

static bool fail_memory(struct loading *l)
{
    l->failed = true;
    return cred_complain(l->sink, true, NULL, "out of memory");
}

static struct spot spot_of(const struct cred_section *s, enum cred_key key)
{
    return (struct spot){s->path, s->place[key]};
}

/* ---- what is referred to --------------------------------------------------------------------- */

static const char *name_of(const struct cred_ref *ref)
{
    return ref->file ? ref->file : "what was sent";
}

/* The octets of a reference; file_free gives them back if they are a file's. */
static bool read_ref(struct loading *l, const struct spot *at, const struct cred_ref *ref,
                     const char *folder, struct bytes *text)
{
    char path[FOLDER_PATH_MAX];
    *text = ref->octets;
    if (!ref->file)
        return true;
    if (!l->dir && ref->file[0] != '/')
        return complain(l, true, at, ref->key, ref->file, "%s: the path must be absolute", ref->file);
    folder_join(path, l->dir, folder, ref->file);
    return file_read(path, text) ||
           complain(l, true, at, ref->key, ref->file, "%s: %s", path, strerror(errno));
}

static void free_ref(const struct cred_ref *ref, struct bytes *text)
{
    if (ref->file)
        file_free(text);
}

/* The certificates of a reference: they go into the wallet, too. The caller frees the stack. */
static STACK_OF(X509) * load_certs(struct loading *l, const struct spot *at,
                                   const struct cred_ref *ref, const char *folder)
{
    struct bytes text;
    STACK_OF(X509) *list = sk_X509_new_null();
    if (!list || !read_ref(l, at, ref, folder, &text))
        goto fail;
    size_t count = file_certs(text, list);
    free_ref(ref, &text);
    if (count == 0)
        complain(l, true, at, ref->key, ref->file, "%s holds no certificate", name_of(ref));
    for (int i = 0; i < sk_X509_num(list); i++)
        if (!wallet_add_cert(l->w, sk_X509_value(list, i), 0))
            fail_memory(l);
    if (count > 0)
        return list;
fail:
    sk_X509_pop_free(list, X509_free);
    return NULL;
}

static EVP_PKEY *load_public(struct loading *l, const struct cred_section *s,
                             const struct cred_ref *ref)
{
    struct bytes text;
    const struct spot at = spot_of(s, CRED_PUBKEYS);
    const char *why = "it holds no public key";
    if (!read_ref(l, &at, ref, "pubkey", &text))
        return NULL;
    EVP_PKEY *key = file_public_key(text);
    free_ref(ref, &text);
    if (key && scheme_key_is_good(key, &why)) {
        if (!wallet_add_public(l->w, key))
            fail_memory(l);
        return key;
    }
    EVP_PKEY_free(key);
    complain(l, true, &at, ref->key, ref->file, "%s: %s", name_of(ref), why);
    return NULL;
}

/* ---- our own --------------------------------------------------------------------------------- */

/*
 * Is there a private key for it? A client may bring it later; what the files refer to must be
 * there.
 */
static bool check_key(struct loading *l, const struct spot *at, const struct cred_ref *ref,
                      const uint8_t id[WALLET_ID_LEN])
{
    const char *why = NULL;
    EVP_PKEY *key = wallet_find_key(l->w, id);
    if (!key && l->dir)
        return complain(l, true, at, ref->key, ref->file,
                        "no private key for %s in private, rsa, ecdsa, pkcs8 or pkcs12", name_of(ref));
    if (key && !scheme_key_is_good(key, &why))
        return complain(l, true, at, ref->key, ref->file, "%s: %s", name_of(ref), why);
    return true;
}

/* What is said of a certificate that is named; it may be replaced while the daemon runs. */
static void check_validity(struct loading *l, const struct spot *at, const char *key,
                           const char *name, const X509 *cert)
{
    char why[VALIDITY_TEXT_MAX];
    if (validity_complaint(cert, why))
        complain(l, false, at, key, name, "%s %s", name ? name : "the certificate for this identity",
                 why);
}

/* One more of our own; under quantum_safe_auth = required, it must withstand a quantum computer. */
static void add_own(struct loading *l, const struct cred_section *s, const struct spot *at,
                    const struct cred_ref *ref, struct key_section *to, const struct own_key *own)
{
    if (conf_auth_is_to_be_safe(s->conn) && !own->quantum)
        complain(l, true, at, ref->key, ref->file,
                 "quantum_safe_auth = required, but the key of %s, or of a CA above it, falls to a "
                 "quantum computer",
                 name_of(ref));
    to->own[to->own_count++] = *own;
}

/*
 * A payload has a length of 16 bits, and so has a datagram; a message in fragments has neither, but
 * both ends bound it.
 */
static void check_len(struct loading *l, const struct cred_section *s, const struct spot *at,
                      const char *key, const char *name, X509 *cert)
{
    enum { REST = 2048, /* of IKE_AUTH: identities, proposals, traffic selectors */
           CERT_HEADER = 5 };
    struct conf_engine theirs;
    struct chain chain = chain_build(l->w, cert);
    const char *what = name ? name : "the certificate for this identity";
    size_t len = chain_len(&chain) + REST;
    conf_engine_defaults(&theirs);
    if (chain_longest(&chain) + CERT_HEADER > CONF_PAYLOAD_MAX || len > CONF_MESSAGE_MAX)
        complain(l, true, at, key, name,
                 "%s: what is to be sent with it has %zu octets, the longest certificate %zu: IKE has no "
                 "room for more than %d and %d",
                 what, len, chain_longest(&chain), CONF_MESSAGE_MAX, CONF_PAYLOAD_MAX - CERT_HEADER);
    else if (len > CONF_PAYLOAD_MAX && s->conn->fragmentation != FRAGMENTATION_YES)
        complain(l, true, at, key, name,
                 "%s: IKE_AUTH would have %zu octets, and more than %d need `fragmentation = yes`", what,
                 len, CONF_PAYLOAD_MAX);
    else if (len > theirs.message_max_early)
        complain(l, false, at, key, name,
                 "%s: IKE_AUTH will have %zu octets; braid at the other end takes in so many only if its "
                 "engine.max_message_early says so",
                 what, len);
}

static struct own_key own_of(const struct loading *l, const struct wallet_item *item)
{
    struct own_key own = {.quantum = chain_build(l->w, item->cert).quantum};
    memcpy(own.key_id, item->key_id, sizeof own.key_id);
    if (X509_up_ref(item->cert) == 1)
        own.cert = item->cert;
    return own;
}

static void load_own_cert(struct loading *l, const struct cred_section *s, struct key_section *to,
                          const struct cred_ref *ref)
{
    const struct spot at = spot_of(s, CRED_CERTS);
    STACK_OF(X509) *list = load_certs(l, &at, ref, "x509");
    const struct wallet_item *item = list ? wallet_find_cert(l->w, sk_X509_value(list, 0)) : NULL;
    if (item)
        check_validity(l, &at, ref->key, name_of(ref), item->cert);
    if (item)
        check_len(l, s, &at, ref->key, name_of(ref), item->cert);
    if (item && check_key(l, &at, ref, item->key_id)) {
        struct own_key own = own_of(l, item);
        add_own(l, s, &at, ref, to, &own);
    }
    sk_X509_pop_free(list, X509_free);
}

static void load_own_raw(struct loading *l, const struct cred_section *s, struct key_section *to,
                         const struct cred_ref *ref)
{
    const struct spot at = spot_of(s, CRED_PUBKEYS);
    struct own_key own = {.public = load_public(l, s, ref)};
    if (own.public && wallet_key_id(own.public, own.key_id) && check_key(l, &at, ref, own.key_id)) {
        own.quantum = scheme_is_quantum(own.public);
        add_own(l, s, &at, ref, to, &own);
    } else {
        EVP_PKEY_free(own.public);
    }
}

/* Neither certs nor pubkeys: what the wallet has for this identity. In files it must be there. */
static void find_own(struct loading *l, const struct cred_section *s, struct key_section *to)
{
    enum { FOUND_MAX = 64 };
    const struct conf_identity *id = &s->conn->local[s->round].id;
    const struct spot at = spot_of(s, CRED_AUTH), at_id = spot_of(s, CRED_ID);
    const struct wallet_item *i;
    struct wallet_walk walk = wallet_by_identity(l->w, &id->id);
    to->by_identity = true;
    to->own = calloc(FOUND_MAX, sizeof *to->own);
    while (to->own && !id->any && to->own_count < FOUND_MAX && (i = wallet_next(&walk)) != NULL) {
        struct own_key own = own_of(l, i);
        if (wallet_find_key(l->w, i->key_id) &&
            (own.quantum || !conf_auth_is_to_be_safe(s->conn))) {
            check_validity(l, &at_id, "id", NULL, i->cert);
            check_len(l, s, &at_id, "id", NULL, i->cert);
            to->own[to->own_count++] = own;
        } else {
            X509_free(own.cert);
        }
    }
    if (!to->own)
        fail_memory(l);
    if (l->dir && !l->failed && to->own_count == 0)
        complain(l, true, &at, "auth", NULL,
                 "needs a certificate: name one in `certs` (or a raw key in `pubkeys`), or give "
                 "an `id` that a certificate in x509 is for");
}

static void load_named(struct loading *l, const struct cred_section *s, struct key_section *to)
{
    to->own = calloc(s->spec.certs.count + s->spec.pubkeys.count, sizeof *to->own);
    if (!to->own) {
        fail_memory(l);
        return;
    }
    for (uint16_t i = 0; i < s->spec.certs.count; i++)
        load_own_cert(l, s, to, &s->spec.certs.at[i]);
    for (uint16_t i = 0; i < s->spec.pubkeys.count; i++)
        load_own_raw(l, s, to, &s->spec.pubkeys.at[i]);
}

static void load_local(struct loading *l, const struct cred_section *s, struct key_section *to)
{
    struct conf_identity *id = &s->conn->local[s->round].id;
    const struct spot at = spot_of(s, CRED_ID);
    if (s->spec.certs.count + s->spec.pubkeys.count > 0)
        load_named(l, s, to);
    else
        find_own(l, s, to);
    if (to->own_count == 0 || !to->own[0].cert)
        return;
    struct bytes subject = trust_subject(to->own[0].cert);
    if (id->any && subject.len > 2)
        *id = (struct conf_identity){.id = {ID_DER_ASN1_DN, subject}};
    else if (!id->any && !trust_identity(to->own[0].cert, &id->id))
        complain(l, false, &at, "id", NULL,
                 "the certificate is not for this identity; peers will refuse it");
}

/* ---- what peers are believed by -------------------------------------------------------------- */

bool keyring_certreq(const struct wallet *const *wallets, size_t count, struct bytes *out)
{
    const struct wallet_item *i;
    size_t room = 0, n = 0;
    for (size_t w = 0; w < count; w++)
        room += wallet_count(wallets[w], WALLET_CERT);
    room = room < CERTREQ_MAX ? room : CERTREQ_MAX;
    uint8_t *hashes = malloc(room * CA_ID_LEN + 1);
    for (size_t w = 0; hashes && w < count; w++)
        for (uint64_t at = 0; n < room && (i = wallet_after(wallets[w], WALLET_CERT, at)) != NULL;) {
            at = i->serial;
            if (wallet_is_anchor(i))
                memcpy(hashes + CA_ID_LEN * n++, i->ca_id, CA_ID_LEN);
        }
    *out = bytes_make(hashes, n * CA_ID_LEN);
    return hashes != NULL;
}

bool keyring_wants_certreq(const struct key_section *s)
{
    return s->all_anchors && !s->raw_only;
}

/* Certificates a section names, as anchors of its own; `to` NULL: they are not listed. */
static void add_named(struct loading *l, const struct spot *at, struct key_section *to,
                      const struct cred_refs *refs, const char *folder, STACK_OF(X509) * list)
{
    for (uint16_t i = 0; i < refs->count; i++) {
        STACK_OF(X509) *certs = load_certs(l, at, &refs->at[i], folder);
        int count = list && sk_X509_num(certs) > 1 ? 1 : sk_X509_num(certs);
        if (count > 0 && (list || name_of(&refs->at[i])[0] == '/')) /* others: with their folder */
            check_validity(l, at, refs->at[i].key, name_of(&refs->at[i]), sk_X509_value(certs, 0));
        for (int n = 0; n < count; n++) {
            X509 *cert = sk_X509_value(certs, n);
            if (!wallet_add_cert(to->named, cert, WALLET_ANCHOR) ||
                (list && X509_add_cert(list, cert, X509_ADD_FLAG_UP_REF) != 1))
                fail_memory(l);
        }
        sk_X509_pop_free(certs, X509_free);
    }
}

static void load_anchors(struct loading *l, const struct cred_section *s, struct key_section *to)
{
    const struct spot at_cas = spot_of(s, CRED_CACERTS), at_certs = spot_of(s, CRED_CERTS);
    struct bytes certreq = BYTES_NONE;
    const struct wallet *const named = to->named;
    add_named(l, &at_cas, to, &s->spec.cacerts, "x509ca", NULL);
    to->all_anchors = s->spec.cacerts.count == 0;
    if (!to->all_anchors && s->conn->send_certreq && !keyring_certreq(&named, 1, &certreq))
        fail_memory(l);
    to->certreq = (uint8_t *)(uintptr_t)certreq.at;
    if (certreq.len || s->round == 0) /* of several rounds, one has to be enough */
        s->conn->certreq = certreq;
    add_named(l, &at_certs, to, &s->spec.certs, "x509", to->pinned);
    if (l->dir && to->all_anchors && sk_X509_num(to->pinned) == 0 && s->spec.pubkeys.count == 0 &&
        !l->has_anchor)
        complain(l, false, &at_cas, "cacerts", NULL,
                 "no CA in x509ca and none named here: no peer will be believed");
}

/* The kinds of keys a peer may have here. */
static uint32_t families_of_peers(const struct key_section *s)
{
    uint32_t set = 0;
    for (uint16_t i = 0; i < s->raw_count; i++)
        set |= scheme_families(s->raw[i]);
    for (int i = 0; i < sk_X509_num(s->pinned); i++)
        set |= scheme_families(X509_get0_pubkey(sk_X509_value(s->pinned, i)));
    return s->raw_only || sk_X509_num(s->pinned) > 0 ? set : UINT32_MAX;
}

static void load_remote(struct loading *l, const struct cred_section *s, struct key_section *to)
{
    to->pinned = sk_X509_new_null();
    to->named = wallet_new(NULL);
    to->raw = calloc(s->spec.pubkeys.count + 1u, sizeof(EVP_PKEY *));
    if (!to->pinned || !to->raw || !to->named) {
        fail_memory(l);
        return;
    }
    for (uint16_t i = 0; i < s->spec.pubkeys.count; i++) {
        EVP_PKEY *key = load_public(l, s, &s->spec.pubkeys.at[i]);
        if (key)
            to->raw[to->raw_count++] = key;
    }
    to->raw_only =
        s->spec.pubkeys.count > 0 && s->spec.certs.count == 0 && s->spec.cacerts.count == 0;
    load_anchors(l, s, to);
    to->accepts = announce_signatures(families_of_peers(to), &to->ike);
    s->conn->remote[s->round].accepts = to->accepts;
}

/* ---- authorities ----------------------------------------------------------------------------- */

static void load_authority(struct loading *l, const struct cred_authority *a)
{
    char path[300];
    const struct spot at = {path, a->place};
    snprintf(path, sizeof path, "authorities.%.250s", a->name);
    STACK_OF(X509) *list = load_certs(l, &at, &a->ca, "x509ca");
    if (!list)
        return;
    const struct wallet_authority authority = {.name = a->name,
                                               .ca = sk_X509_value(list, 0),
                                               .crl_uris = a->crl_uris,
                                               .ocsp_uris = a->ocsp_uris,
                                               .cert_uri_base = a->cert_uri_base};
    if (X509_check_ca(authority.ca) == 0)
        complain(l, true, &at, a->ca.key, a->ca.file, "%s is no CA certificate", name_of(&a->ca));
    else if (!wallet_add_authority(l->w, &authority))
        fail_memory(l);
    sk_X509_pop_free(list, X509_free);
}

bool keyring_add_authorities(struct wallet *w, const char *dir, const struct cred_authorities *all,
                             const struct cred_sink *sink)
{
    struct loading l = {.w = w, .dir = dir, .sink = sink};
    for (uint32_t i = 0; i < all->count; i++)
        load_authority(&l, &all->at[i]);
    ERR_clear_error();
    return !l.failed;
}

/* ---- the whole ------------------------------------------------------------------------------- */

static void load_section(struct loading *l, const struct cred_section *s, struct key_section *to)
{
    to->ike = s->spec.ike;
    to->chain = s->spec.chain;
    to->revocation = s->spec.revocation;
    to->policies = s->spec.policies;
    to->ca_id = s->spec.ca_id;
    if (s->is_remote)
        load_remote(l, s, to);
    else
        load_local(l, s, to);
    (s->is_remote ? s->conn->remote : s->conn->local)[s->round].keys = to;
}

struct keyring *keyring_new(struct wallet *w, const char *dir, const struct cred_sections *sections,
                            const struct cred_sink *sink)
{
    struct keyring *k = calloc(1, sizeof *k);
    struct loading l = {
        .w = w, .dir = dir, .sink = sink, .has_anchor = wallet_has_anchor(w)};
    if (k)
        k->section = calloc(sections->count + 1u, sizeof *k->section);
    if (!k || !k->section)
        fail_memory(&l);
    else
        k->section_count = sections->count;
    for (uint32_t i = 0; k && i < k->section_count; i++)
        load_section(&l, &sections->at[i], &k->section[i]);
    ERR_clear_error();
    if (!l.failed)
        return k;
    keyring_free(k);
    return NULL;
}

struct keyring *keyring_of_files(const char *dir, const struct secret_list *secrets,
                                 const struct cred_sections *sections,
                                 const struct cred_authorities *authorities,
                                 const struct wallet *below, const struct cred_sink *sink,
                                 struct wallet **w)
{
    *w = wallet_new(below);
    if (!*w) {
        cred_complain(sink, true, NULL, "out of memory");
        return NULL;
    }
    bool good = folder_load(*w, dir, secrets, sink);
    good = keyring_add_authorities(*w, dir, authorities, sink) && good;
    struct keyring *k = keyring_new(*w, dir, sections, sink);
    if (k && good)
        return k;
    keyring_free(k);
    wallet_free(*w);
    *w = NULL;
    return NULL;
}

static bool is_pinned(const struct key_section *s, const X509 *cert)
{
    for (int i = 0; i < sk_X509_num(s->pinned); i++)
        if (X509_cmp(sk_X509_value(s->pinned, i), cert) == 0)
            return true;
    return false;
}

static void take_subject(X509 *cert, keyring_take *take, void *self)
{
    char subject[512];
    piece_subject(cert, subject, sizeof subject);
    take(self, subject);
}

void keyring_each_named(const struct key_section *s, bool cas, keyring_take *take, void *self)
{
    const struct wallet_item *item;
    if (!s)
        return;
    for (uint16_t i = 0; !cas && !s->by_identity && i < s->own_count; i++)
        if (s->own[i].cert)
            take_subject(s->own[i].cert, take, self);
    for (int i = 0; !cas && i < sk_X509_num(s->pinned); i++)
        take_subject(sk_X509_value(s->pinned, i), take, self);
    for (uint64_t at = 0; cas && s->named && (item = wallet_after(s->named, WALLET_CERT, at));
         at = item->serial)
        if (!is_pinned(s, item->cert))
            take_subject(item->cert, take, self);
}

static void free_section(struct key_section *s)
{
    for (uint16_t i = 0; i < s->own_count; i++) {
        X509_free(s->own[i].cert);
        EVP_PKEY_free(s->own[i].public);
    }
    for (uint16_t i = 0; i < s->raw_count; i++)
        EVP_PKEY_free(s->raw[i]);
    free(s->own);
    free(s->raw);
    free(s->certreq);
    free((void *)(uintptr_t)s->accepts.at);
    wallet_free(s->named);
    sk_X509_pop_free(s->pinned, X509_free);
}

void keyring_free(struct keyring *k)
{
    if (!k)
        return;
    for (uint32_t i = 0; i < k->section_count; i++)
        free_section(&k->section[i]);
    free(k->section);
    free(k);
}
