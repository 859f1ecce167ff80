/* keyring: reading. See keyring.h; the answers are in keyring_answer.c. */
#include "cred/keyring.h"

#include "cred/announce.h"
#include "cred/file.h"
#include "cred/keyring_types.h"
#include "cred/validity.h"

#include <dirent.h>
#include <errno.h>
#include <openssl/err.h>
#include <openssl/x509v3.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

enum { CERT_X509_SIGNATURE = 4,
       CERT_RAW_KEY = 15,
       CERTREQ_MAX = 2000,
       PATH_LEN_MAX = 4096 };
enum { ID_DER_ASN1_DN = 9 };

struct loading {
    struct keyring *k;
    const char *dir;
    const struct secret_list *secrets;
    const struct cred_sink *sink;
    bool failed;
    X509_STORE *standard; /* of all CAs in x509ca, made when first needed */
};

/* ---- words ----------------------------------------------------------------------------------- */

static bool say(struct loading *l, bool is_error, const struct place *where, const char *text)
{
    l->failed = l->failed || is_error;
    l->sink->complain(l->sink->self, is_error, where, text);
    return false;
}

/* About a file in one of the folders: what is wrong with it does not stop a load. */
__attribute__((format(printf, 3, 4))) static void warn_file(struct loading *l, const char *path,
                                                            const char *format, ...)
{
    char text[1024];
    va_list args;
    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    say(l, false, &(struct place){.file = path}, text);
}

static const char *const key_words[CRED_KEYS] = {
    [CRED_AUTH] = "auth",
    [CRED_ID] = "id",
    [CRED_CERTS] = "certs",
    [CRED_CACERTS] = "cacerts",
    [CRED_PUBKEYS] = "pubkeys",
};

/* Where a word of a value stands, if its line shows it; else the value. */
static struct place place_of_word(struct place value, const char *word)
{
    size_t from = value.column ? value.column - 1 : 0, len = word ? strlen(word) : 0;
    size_t end = from + value.len < value.text.len ? from + value.len : value.text.len;
    const char *at = len > 0 && from < end
                         ? memmem(value.text.at + from, end - from, word, len)
                         : NULL;
    if (at) {
        value.column = (uint32_t)((const uint8_t *)at - value.text.at) + 1;
        value.len = (uint32_t)len;
    }
    return value;
}

/* About a key of a section; `word` is the part of its value that is meant, or NULL. */
__attribute__((format(printf, 6, 7))) static bool complain(struct loading *l, bool is_error,
                                                           const struct cred_section *s,
                                                           enum cred_key key, const char *word,
                                                           const char *format, ...)
{
    char text[1024];
    struct place place = place_of_word(s->place[key], word);
    int len = snprintf(text, sizeof text, "%.400s.%s: ", s->path, key_words[key]);
    va_list args;
    va_start(args, format);
    vsnprintf(text + len, sizeof text - (size_t)len, format, args);
    va_end(args);
    return say(l, is_error, &place, text);
}

static bool fail_memory(struct loading *l)
{
    return say(l, true, NULL, "out of memory");
}

/* ---- folders --------------------------------------------------------------------------------- */

static void join(char to[PATH_LEN_MAX], const char *dir, const char *folder, const char *name)
{
    if (name[0] == '/')
        snprintf(to, PATH_LEN_MAX, "%s", name);
    else
        snprintf(to, PATH_LEN_MAX, "%s/%s/%s", dir, folder, name);
}

static int is_visible(const struct dirent *e)
{
    return e->d_name[0] != '.';
}

/* Every file of a folder, in the order of names. A folder that is not there is empty. */
static void each_file(struct loading *l, const char *folder,
                      void (*take)(struct loading *l, const char *folder, const char *path,
                                   struct bytes text))
{
    char path[PATH_LEN_MAX];
    struct dirent **list = NULL;
    join(path, l->dir, folder, "");
    int count = scandir(path, &list, is_visible, alphasort);
    for (int i = 0; i < count; i++) {
        struct bytes text;
        struct stat st;
        join(path, l->dir, folder, list[i]->d_name);
        free(list[i]);
        if (stat(path, &st) == 0 && S_ISDIR(st.st_mode))
            continue;
        if (!file_read(path, &text)) {
            warn_file(l, path, "cannot be read: %s", strerror(errno));
            continue;
        }
        take(l, folder, path, text);
        file_free(&text);
    }
    free(list);
}

static void take_cert(struct loading *l, const char *folder, const char *path, struct bytes text)
{
    bool is_ca = strcmp(folder, "x509ca") == 0;
    STACK_OF(X509) *to = is_ca ? l->k->x509ca : l->k->x509;
    char why[VALIDITY_TEXT_MAX];
    int before = sk_X509_num(to);
    if (!file_certs(text, to))
        warn_file(l, path, "holds no certificate that can be read");
    for (int i = before; is_ca && i < sk_X509_num(to); i++)
        if (validity_complaint(sk_X509_value(to, i), why))
            warn_file(l, path, "this CA %s", why);
}

static void take_crl(struct loading *l, const char *folder, const char *path, struct bytes text)
{
    (void)folder;
    if (!file_crls(text, l->k->crls))
        warn_file(l, path, "holds no revocation list that can be read");
}

/* OCSP: a responder's certificate, or a response. */
static void take_ocsp(struct loading *l, const char *folder, const char *path, struct bytes text)
{
    struct keyring *k = l->k;
    (void)folder;
    if (file_certs(text, k->evidence.signers))
        return;
    if (!ocsp_is_answer(text)) {
        warn_file(l, path, "holds neither a certificate nor an OCSP response (DER)");
        return;
    }
    size_t count = k->evidence.files.count;
    struct bytes *more = realloc(k->responses, (count + 1) * sizeof *more);
    uint8_t *copy = malloc(text.len);
    k->responses = more ? more : k->responses;
    if (!more || !copy) {
        free(copy);
        fail_memory(l);
        return;
    }
    memcpy(copy, text.at, text.len);
    more[count] = bytes_make(copy, text.len);
    k->evidence.files = (struct answer_list){count + 1, more};
}

/* ---- private keys ---------------------------------------------------------------------------- */

static const struct {
    const char *folder;
    enum secret_kind kind;
} key_folders[] = {
    {"private", SECRET_PRIVATE},
    {"rsa", SECRET_RSA},
    {"ecdsa", SECRET_ECDSA},
    {"pkcs8", SECRET_PKCS8},
};
enum { KEY_FOLDERS = sizeof key_folders / sizeof key_folders[0] };

/* The passphrase of a file. Empty: none is given. */
static struct bytes find_passphrase(const struct loading *l, const char *folder, const char *path)
{
    const char *name = strrchr(path, '/') + 1;
    for (uint32_t i = 0; i < l->secrets->count; i++) {
        const struct secret_entry *s = &l->secrets->at[i];
        for (size_t k = 0; k < KEY_FOLDERS; k++)
            if (s->kind == key_folders[k].kind && strcmp(key_folders[k].folder, folder) == 0 &&
                s->file && strcmp(s->file, name) == 0)
                return s->data;
    }
    return BYTES_NONE;
}

/* A passphrase for a file that is not there. */
static void check_passphrases(struct loading *l)
{
    char path[PATH_LEN_MAX];
    for (uint32_t i = 0; i < l->secrets->count; i++) {
        const struct secret_entry *s = &l->secrets->at[i];
        for (size_t k = 0; k < KEY_FOLDERS && s->file; k++) {
            if (s->kind != key_folders[k].kind)
                continue;
            join(path, l->dir, key_folders[k].folder, s->file);
            if (access(path, F_OK) == 0)
                continue;
            char text[PATH_LEN_MAX + 400];
            snprintf(text, sizeof text, "secrets.%.256s.file: %s: %s", s->name, path,
                     strerror(errno));
            say(l, false, &s->place, text);
        }
    }
}

static void keep_key(struct loading *l, EVP_PKEY *key, const char *path)
{
    struct keyring *k = l->k;
    if (k->key_count == k->key_room) {
        size_t room = k->key_room ? 2 * k->key_room : 8;
        struct held_key *more = realloc(k->keys, room * sizeof *more);
        if (!more) {
            EVP_PKEY_free(key);
            fail_memory(l);
            return;
        }
        k->keys = more;
        k->key_room = room;
    }
    k->keys[k->key_count++] = (struct held_key){key, strdup(path)};
}

static void take_key(struct loading *l, const char *folder, const char *path, struct bytes text)
{
    struct stat st;
    struct bytes phrase = find_passphrase(l, folder, path);
    EVP_PKEY *key = file_private_key(text, phrase);
    if (stat(path, &st) == 0 && st.st_mode & S_IROTH)
        warn_file(l, path, "a private key that everybody may read (chmod o= %s)", path);
    if (key)
        keep_key(l, key, path);
    else
        warn_file(l, path, "holds no private key that can be read%s",
                  phrase.len ? " with its passphrase"
                             : " (encrypted? a secret with `file` gives its passphrase)");
}

static EVP_PKEY *find_key(const struct keyring *k, EVP_PKEY *public)
{
    for (size_t i = 0; public && i < k->key_count; i++)
        if (EVP_PKEY_eq(k->keys[i].key, public) == 1)
            return k->keys[i].key;
    return NULL;
}

/* ---- our own certificates -------------------------------------------------------------------- */

static bool keep_der(struct own_key *own, X509 *cert)
{
    uint8_t *der = NULL;
    int len = i2d_X509(cert, &der);
    if (len <= 0)
        return false;
    own->certs[own->count++] =
        (struct ike_cert){CERT_X509_SIGNATURE, bytes_make(der, (size_t)len)};
    return true;
}

static X509 *find_issuer(const STACK_OF(X509) * in, X509 *cert)
{
    for (int i = 0; i < sk_X509_num(in); i++)
        if (X509_check_issued(sk_X509_value(in, i), cert) == X509_V_OK)
            return sk_X509_value(in, i);
    return NULL;
}

static bool is_self_signed(X509 *cert)
{
    return X509_self_signed(cert, 0) == 1;
}

/* The end entity, then its sub-CAs as far as they are known here; never the root. */
static bool build_chain(const struct keyring *k, struct own_key *own)
{
    X509 *at = own->cert;
    own->quantum = scheme_is_quantum(own->key);
    if (!keep_der(own, at))
        return false;
    while (own->ca_count < TRUST_DEPTH_MAX && !is_self_signed(at)) {
        X509 *issuer = find_issuer(k->x509ca, at);
        issuer = issuer ? issuer : find_issuer(k->x509, at);
        if (!issuer)
            break;
        if (!own->issuer && X509_up_ref(issuer) == 1)
            own->issuer = issuer;
        if (!trust_key_hash(issuer, own->ca[own->ca_count++]))
            return false;
        own->quantum = own->quantum && scheme_is_quantum(X509_get0_pubkey(issuer));
        if (!is_self_signed(issuer) && !keep_der(own, issuer))
            return false;
        at = issuer;
    }
    return true;
}

/* Room for one more own key. */
static struct own_key *add_own(struct key_section *s)
{
    struct own_key *more = realloc(s->own, (s->own_count + 1u) * sizeof *more);
    if (!more)
        return NULL;
    s->own = more;
    more[s->own_count] = (struct own_key){.key = NULL};
    return &more[s->own_count++];
}

static bool add_own_cert(struct loading *l, struct key_section *s, X509 *cert, EVP_PKEY *key)
{
    struct own_key *own = add_own(s);
    if (!own)
        return fail_memory(l);
    own->key = key;
    own->cert = cert;
    X509_up_ref(cert);
    return build_chain(l->k, own) || fail_memory(l);
}

static bool read_named(struct loading *l, const struct cred_section *s, enum cred_key key,
                       const char *folder, const char *name, struct bytes *text)
{
    char path[PATH_LEN_MAX];
    join(path, l->dir, folder, name);
    if (file_read(path, text))
        return true;
    return complain(l, true, s, key, name, "%s: %s", path, strerror(errno));
}

/* The certificates of a file named in `certs` or `cacerts`. The caller frees the stack. */
static STACK_OF(X509) * load_certs(struct loading *l, const struct cred_section *s, enum cred_key key,
                                   const char *folder, const char *name)
{
    struct bytes text;
    STACK_OF(X509) *list = sk_X509_new_null();
    if (!list || !read_named(l, s, key, folder, name, &text))
        goto fail;
    size_t count = file_certs(text, list);
    file_free(&text);
    if (count > 0)
        return list;
    complain(l, true, s, key, name, "%s holds no certificate", name);
fail:
    sk_X509_pop_free(list, X509_free);
    return NULL;
}

/* What is said of a certificate that is named; it may be replaced while the daemon runs. */
static void check_validity(struct loading *l, const struct cred_section *s, enum cred_key key,
                           const char *name, const X509 *cert)
{
    char why[VALIDITY_TEXT_MAX];
    if (validity_complaint(cert, why))
        complain(l, false, s, key, name, "%s %s", name ? name : "the certificate for this identity",
                 why);
}

/* Under quantum_safe_auth = required, the key added last must withstand a quantum computer. */
static bool check_quantum(struct loading *l, const struct cred_section *s,
                          const struct key_section *to, enum cred_key key, const char *name)
{
    if (s->conn->quantum_safe_auth != QUANTUM_SAFE_REQUIRED || to->own[to->own_count - 1].quantum)
        return true;
    return complain(l, true, s, key, name,
                    "quantum_safe_auth = required, but the key of %s, or of a CA above it, falls "
                    "to a quantum computer",
                    name);
}

static void load_own_cert(struct loading *l, const struct cred_section *s, struct key_section *to,
                          const char *name)
{
    const char *why = NULL;
    STACK_OF(X509) *list = load_certs(l, s, CRED_CERTS, "x509", name);
    if (!list)
        return;
    X509 *cert = sk_X509_value(list, 0);
    check_validity(l, s, CRED_CERTS, name, cert);
    EVP_PKEY *public = X509_get0_pubkey(cert), *key = find_key(l->k, public);
    for (int i = 1; i < sk_X509_num(list); i++) /* sub-CAs of the same file */
        if (X509_up_ref(sk_X509_value(list, i)) == 1)
            sk_X509_push(l->k->x509, sk_X509_value(list, i));
    if (!key)
        complain(l, true, s, CRED_CERTS, name,
                 "no private key for %s in private, rsa, ecdsa or pkcs8", name);
    else if (!scheme_key_is_good(key, &why))
        complain(l, true, s, CRED_CERTS, name, "%s: %s", name, why);
    else
        (void)(add_own_cert(l, to, cert, key) && check_quantum(l, s, to, CRED_CERTS, name));
    sk_X509_pop_free(list, X509_free);
}

static EVP_PKEY *load_public(struct loading *l, const struct cred_section *s, const char *name)
{
    struct bytes text;
    const char *why = "it holds no public key";
    if (!read_named(l, s, CRED_PUBKEYS, "pubkey", name, &text))
        return NULL;
    EVP_PKEY *key = file_public_key(text);
    file_free(&text);
    if (key && scheme_key_is_good(key, &why))
        return key;
    EVP_PKEY_free(key);
    complain(l, true, s, CRED_PUBKEYS, name, "%s: %s", name, why);
    return NULL;
}

static void load_own_raw(struct loading *l, const struct cred_section *s, struct key_section *to,
                         const char *name)
{
    EVP_PKEY *public = load_public(l, s, name);
    EVP_PKEY *key = public ? find_key(l->k, public) : NULL;
    uint8_t *der = NULL;
    int len = public ? i2d_PUBKEY(public, &der) : 0;
    struct own_key *own = key && len > 0 ? add_own(to) : NULL;
    if (own) {
        own->key = key;
        own->quantum = scheme_is_quantum(key);
        own->count = 1;
        own->certs[0] = (struct ike_cert){CERT_RAW_KEY, bytes_make(der, (size_t)len)};
        der = NULL;
        check_quantum(l, s, to, CRED_PUBKEYS, name);
    } else if (public) {
        complain(l, true, s, CRED_PUBKEYS, name,
                 "no private key for %s in private, rsa, ecdsa or pkcs8", name);
    }
    OPENSSL_free(der);
    EVP_PKEY_free(public);
}

/* Neither certs nor pubkeys: what x509 holds for this identity. */
static void find_own(struct loading *l, const struct cred_section *s, struct key_section *to)
{
    const struct conf_identity *id = &s->conn->local.id;
    const char *why;
    for (int i = 0; i < sk_X509_num(l->k->x509) && !id->any; i++) {
        X509 *cert = sk_X509_value(l->k->x509, i);
        EVP_PKEY *public = trust_identity(cert, &id->id) ? X509_get0_pubkey(cert) : NULL;
        EVP_PKEY *key = find_key(l->k, public);
        bool fits = s->conn->quantum_safe_auth != QUANTUM_SAFE_REQUIRED ||
                    (key && scheme_is_quantum(key));
        if (key && fits && scheme_key_is_good(key, &why)) {
            check_validity(l, s, CRED_ID, NULL, cert);
            add_own_cert(l, to, cert, key);
        }
    }
    if (to->own_count == 0 && !l->failed)
        complain(l, true, s, CRED_AUTH, NULL,
                 "needs a certificate: name one in `certs` (or a raw key in `pubkeys`), "
                 "or give an `id` that a certificate in x509 is for");
}

static void load_local(struct loading *l, const struct cred_section *s, struct key_section *to)
{
    struct conf_identity *id = &s->conn->local.id;
    for (uint16_t i = 0; i < s->spec.certs.count; i++)
        load_own_cert(l, s, to, s->spec.certs.at[i]);
    for (uint16_t i = 0; i < s->spec.pubkeys.count; i++)
        load_own_raw(l, s, to, s->spec.pubkeys.at[i]);
    if (s->spec.certs.count + s->spec.pubkeys.count == 0)
        find_own(l, s, to);
    if (to->own_count == 0 || !to->own[0].cert)
        return;
    struct bytes subject = trust_subject(to->own[0].cert);
    if (id->any && subject.len > 2)
        *id = (struct conf_identity){.id = {ID_DER_ASN1_DN, subject}};
    else if (!id->any && !trust_identity(to->own[0].cert, &id->id))
        complain(l, false, s, CRED_ID, NULL,
                 "the certificate is not for this identity; peers will refuse it");
}

/* ---- what peers are believed by -------------------------------------------------------------- */

static bool set_certreq(struct key_section *to, const STACK_OF(X509) * anchors,
                        struct conf_conn *conn)
{
    int count = sk_X509_num(anchors);
    count = count > CERTREQ_MAX ? CERTREQ_MAX : count;
    if (count <= 0 || !conn->send_certreq)
        return true;
    to->certreq = calloc((size_t)count, 20);
    for (int i = 0; i < count; i++)
        if (!to->certreq || !trust_key_hash(sk_X509_value(anchors, i), to->certreq + 20 * i))
            return false;
    conn->certreq = bytes_make(to->certreq, 20 * (size_t)count);
    return true;
}

static bool append(STACK_OF(X509) * to, STACK_OF(X509) * from)
{
    for (int i = 0; i < sk_X509_num(from); i++) {
        X509 *cert = sk_X509_value(from, i);
        if (X509_up_ref(cert) != 1 || sk_X509_push(to, cert) <= 0)
            return false;
    }
    return true;
}

/* All files of a list, in one stack that the caller frees. */
static STACK_OF(X509) * load_list(struct loading *l, const struct cred_section *s, enum cred_key key,
                                  const char *folder, const struct name_list *names, bool first)
{
    STACK_OF(X509) *all = sk_X509_new_null();
    for (uint16_t i = 0; all && i < names->count; i++) {
        STACK_OF(X509) *list = load_certs(l, s, key, folder, names->at[i]);
        while (first && list && sk_X509_num(list) > 1)
            X509_free(sk_X509_pop(list));
        if (list && (first || names->at[i][0] == '/')) /* others were judged with their folder */
            check_validity(l, s, key, names->at[i], sk_X509_value(list, 0));
        if (list && !append(all, list))
            fail_memory(l);
        sk_X509_pop_free(list, X509_free);
    }
    return all;
}

/* The store of all CAs is shared by all sections that name none. */
static X509_STORE *standard_store(struct loading *l)
{
    if (!l->standard)
        l->standard = trust_store_new(l->k->x509ca, l->k->crls);
    if (l->standard)
        X509_STORE_up_ref(l->standard);
    return l->standard;
}

static void load_anchors(struct loading *l, const struct cred_section *s, struct key_section *to)
{
    STACK_OF(X509) *own = load_list(l, s, CRED_CACERTS, "x509ca", &s->spec.cacerts, false);
    STACK_OF(X509) *anchors = own && sk_X509_num(own) > 0 ? own : l->k->x509ca;
    STACK_OF(X509) *all = sk_X509_new_null();
    bool special = sk_X509_num(own) > 0 || sk_X509_num(to->pinned) > 0;
    if (!own || !all || !set_certreq(to, anchors, s->conn) || !append(all, anchors) ||
        !append(all, to->pinned)) {
        fail_memory(l);
    } else {
        to->store = special ? trust_store_new(all, l->k->crls) : standard_store(l);
        if (!to->store)
            fail_memory(l);
        if (sk_X509_num(all) == 0 && s->spec.pubkeys.count == 0)
            complain(l, false, s, CRED_CACERTS, NULL,
                     "no CA in x509ca and none named here: no peer will be believed");
    }
    sk_X509_pop_free(all, X509_free);
    sk_X509_pop_free(own, X509_free);
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
    to->pinned = load_list(l, s, CRED_CERTS, "x509", &s->spec.certs, true);
    to->raw = calloc(s->spec.pubkeys.count + 1u, sizeof(EVP_PKEY *));
    if (!to->pinned || !to->raw) {
        fail_memory(l);
        return;
    }
    for (uint16_t i = 0; i < s->spec.pubkeys.count; i++) {
        EVP_PKEY *key = load_public(l, s, s->spec.pubkeys.at[i]);
        if (key)
            to->raw[to->raw_count++] = key;
    }
    to->raw_only =
        s->spec.pubkeys.count > 0 && s->spec.certs.count == 0 && s->spec.cacerts.count == 0;
    to->accepts = announce_signatures(families_of_peers(to), &to->ike);
    s->conn->remote.accepts = to->accepts;
    load_anchors(l, s, to);
}

/* ---- the whole ------------------------------------------------------------------------------- */

static void load_folders(struct loading *l)
{
    for (size_t i = 0; i < KEY_FOLDERS; i++)
        each_file(l, key_folders[i].folder, take_key);
    check_passphrases(l);
    each_file(l, "x509", take_cert);
    each_file(l, "x509ca", take_cert);
    each_file(l, "x509crl", take_crl);
    each_file(l, "x509ocsp", take_ocsp);
}

static void load_sections(struct loading *l, const struct cred_sections *sections)
{
    for (uint32_t i = 0; i < sections->count; i++) {
        const struct cred_section *s = &sections->at[i];
        struct key_section *to = &l->k->section[i];
        to->whole = l->k;
        to->ike = s->spec.ike;
        to->chain = s->spec.chain;
        to->revocation = s->spec.revocation;
        to->policies = &s->spec.policies;
        to->ca_id = &s->spec.ca_id;
        if (s->is_remote)
            load_remote(l, s, to);
        else
            load_local(l, s, to);
        *(s->is_remote ? &s->conn->remote.keys : &s->conn->local.keys) = to;
    }
}

struct keyring *keyring_new(const char *dir, const struct secret_list *secrets,
                            const struct cred_sections *sections, const struct cred_sink *sink)
{
    struct keyring *k = calloc(1, sizeof *k);
    struct loading l = {.k = k, .dir = dir, .secrets = secrets, .sink = sink};
    bool made = k && (k->x509 = sk_X509_new_null()) && (k->x509ca = sk_X509_new_null()) &&
                (k->crls = sk_X509_CRL_new_null()) &&
                (k->evidence.signers = sk_X509_new_null()) &&
                (k->section = calloc(sections->count + 1u, sizeof *k->section));
    if (!made) {
        fail_memory(&l);
    } else if (sections->count > 0) {
        k->section_count = sections->count;
        load_folders(&l);
        load_sections(&l, sections);
    }
    X509_STORE_free(l.standard);
    ERR_clear_error();
    if (!l.failed)
        return k;
    keyring_free(k);
    return NULL;
}

static void free_section(struct key_section *s)
{
    for (uint16_t i = 0; i < s->own_count; i++) {
        for (uint16_t c = 0; c < s->own[i].count; c++)
            OPENSSL_free((void *)(uintptr_t)s->own[i].certs[c].data.at);
        X509_free(s->own[i].cert);
        X509_free(s->own[i].issuer);
    }
    for (uint16_t i = 0; i < s->raw_count; i++)
        EVP_PKEY_free(s->raw[i]);
    free(s->own);
    free(s->raw);
    free(s->certreq);
    free((void *)(uintptr_t)s->accepts.at);
    X509_STORE_free(s->store);
    sk_X509_pop_free(s->pinned, X509_free);
}

void keyring_free(struct keyring *k)
{
    if (!k)
        return;
    for (uint32_t i = 0; i < k->section_count; i++)
        free_section(&k->section[i]);
    for (size_t i = 0; i < k->key_count; i++) {
        EVP_PKEY_free(k->keys[i].key); /* OpenSSL wipes what is secret in it */
        free(k->keys[i].file);
    }
    sk_X509_pop_free(k->x509, X509_free);
    sk_X509_pop_free(k->x509ca, X509_free);
    sk_X509_CRL_pop_free(k->crls, X509_CRL_free);
    sk_X509_pop_free(k->evidence.signers, X509_free);
    for (size_t i = 0; i < k->evidence.files.count; i++)
        free((void *)(uintptr_t)k->responses[i].at);
    free(k->responses);
    free(k->keys);
    free(k->section);
    free(k);
}

void keyring_use(struct keyring *k, struct known *known)
{
    k->evidence.known = known;
}

size_t keyring_key_count(const struct keyring *k)
{
    return k->key_count;
}
