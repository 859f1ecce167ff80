/* folder: see folder.h. */
#include "cred/folder.h"

#include "cred/file.h"
#include "cred/ocsp.h"
#include "cred/validity.h"

#include <dirent.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

struct loading {
    struct wallet *w;
    const char *dir;
    const struct secret_list *secrets;
    const struct cred_sink *sink;
    bool full; /* something did not go into the wallet */
};

struct folder {
    const char *name;
    void (*take)(struct loading *l, const struct folder *f, const char *path, struct bytes text);
    enum secret_kind kind; /* of its passphrases */
    uint8_t use;           /* of its certificates */
};

__attribute__((format(printf, 3, 4))) static void warn(struct loading *l, const char *path,
                                                       const char *format, ...)
{
    char text[FOLDER_PATH_MAX + 200];
    va_list args;
    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    cred_complain(l->sink, false, &(struct place){.file = path}, "%s", text);
}

/* ---- kinds of file --------------------------------------------------------------------------- */

static void take_certs(struct loading *l, const struct folder *f, const char *path,
                       struct bytes text)
{
    STACK_OF(X509) *list = sk_X509_new_null();
    char why[VALIDITY_TEXT_MAX];
    if (!list || file_certs(text, list) == 0)
        warn(l, path, "holds no certificate that can be read");
    for (int i = 0; i < sk_X509_num(list); i++) {
        if (f->use == WALLET_ANCHOR && validity_complaint(sk_X509_value(list, i), why))
            warn(l, path, "this CA %s", why);
        if (!wallet_add_cert(l->w, sk_X509_value(list, i), f->use))
            l->full = true;
    }
    sk_X509_pop_free(list, X509_free);
}

static void take_lists(struct loading *l, const struct folder *f, const char *path,
                       struct bytes text)
{
    STACK_OF(X509_CRL) *list = sk_X509_CRL_new_null();
    (void)f;
    if (!list || file_crls(text, list) == 0)
        warn(l, path, "holds no revocation list that can be read");
    for (int i = 0; i < sk_X509_CRL_num(list); i++)
        if (!wallet_add_list(l->w, sk_X509_CRL_value(list, i)))
            l->full = true;
    sk_X509_CRL_pop_free(list, X509_CRL_free);
}

/* OCSP: a responder's certificate, or a response. */
static void take_ocsp(struct loading *l, const struct folder *f, const char *path,
                      struct bytes text)
{
    STACK_OF(X509) *list = sk_X509_new_null();
    if (list && file_certs(text, list) > 0)
        take_certs(l, f, path, text);
    else if (!ocsp_is_answer(text))
        warn(l, path, "holds neither a certificate nor an OCSP response (DER)");
    else if (!wallet_add_response(l->w, text))
        l->full = true;
    sk_X509_pop_free(list, X509_free);
}

static void take_public(struct loading *l, const struct folder *f, const char *path,
                        struct bytes text)
{
    EVP_PKEY *key = file_public_key(text);
    (void)f;
    if (!key)
        warn(l, path, "holds no public key that can be read");
    else if (!wallet_add_public(l->w, key))
        l->full = true;
    EVP_PKEY_free(key);
}

static void take_nothing(struct loading *l, const struct folder *f, const char *path,
                         struct bytes text)
{
    (void)f;
    (void)text;
    warn(l, path, "attribute certificates are not supported yet");
}

/* The passphrase of a file. Empty: none is given. */
static struct bytes find_passphrase(const struct loading *l, const struct folder *f,
                                    const char *path)
{
    const char *name = strrchr(path, '/') + 1;
    for (uint32_t i = 0; i < l->secrets->count; i++) {
        const struct secret_entry *s = &l->secrets->at[i];
        if (s->kind == f->kind && s->file && strcmp(s->file, name) == 0)
            return s->data;
    }
    return BYTES_NONE;
}

static void warn_of_readers(struct loading *l, const char *path)
{
    struct stat st;
    if (stat(path, &st) == 0 && st.st_mode & S_IROTH)
        warn(l, path, "a private key that everybody may read (chmod o= %s)", path);
}

static void take_key(struct loading *l, const struct folder *f, const char *path,
                     struct bytes text)
{
    struct bytes phrase = find_passphrase(l, f, path);
    EVP_PKEY *key = file_private_key(text, phrase);
    warn_of_readers(l, path);
    if (!key)
        warn(l, path, "holds no private key that can be read%s",
             phrase.len ? " with its passphrase"
                        : " (encrypted? a secret with `file` gives its passphrase)");
    else if (!wallet_add_key(l->w, key))
        l->full = true;
    EVP_PKEY_free(key);
}

/* PKCS#12: a private key with its certificate and perhaps the CAs above. */
static void take_container(struct loading *l, const struct folder *f, const char *path,
                           struct bytes text)
{
    const char *why = NULL;
    EVP_PKEY *key = NULL;
    STACK_OF(X509) *certs = sk_X509_new_null();
    if (!certs || !file_container(text, find_passphrase(l, f, path), &key, certs, &why)) {
        warn(l, path, "%s", certs ? why : "out of memory");
        goto out;
    }
    warn_of_readers(l, path);
    if (key && !wallet_add_key(l->w, key))
        l->full = true;
    for (int i = 0; i < sk_X509_num(certs); i++)
        if (!wallet_add_cert(l->w, sk_X509_value(certs, i), f->use))
            l->full = true;
out:
    EVP_PKEY_free(key);
    sk_X509_pop_free(certs, X509_free);
}

/* ---- all of them ----------------------------------------------------------------------------- */

/* clang-format off */
static const struct folder folders[] = {
    {"private",  take_key,     SECRET_PRIVATE, 0},
    {"rsa",      take_key,     SECRET_RSA,     0},
    {"ecdsa",    take_key,     SECRET_ECDSA,   0},
    {"pkcs8",    take_key,     SECRET_PKCS8,   0},
    {"pkcs12",   take_container, SECRET_PKCS12, 0},
    {"x509",     take_certs,   0,              0},
    {"x509ca",   take_certs,   0,              WALLET_ANCHOR},
    {"x509ocsp", take_ocsp,    0,              WALLET_OCSP},
    {"x509aa",   take_certs,   0,              WALLET_AA},
    {"x509ac",   take_nothing, 0,              0},
    {"x509crl",  take_lists,   0,              0},
    {"pubkey",   take_public,  0,              0},
};
/* clang-format on */
enum { FOLDERS = sizeof folders / sizeof folders[0] };

void folder_join(char to[FOLDER_PATH_MAX], const char *dir, const char *folder, const char *name)
{
    if (name[0] == '/')
        snprintf(to, FOLDER_PATH_MAX, "%s", name);
    else
        snprintf(to, FOLDER_PATH_MAX, "%s/%s/%s", dir, folder, name);
}

static int is_visible(const struct dirent *e)
{
    return e->d_name[0] != '.';
}

static void take_file(struct loading *l, const struct folder *f, const char *name)
{
    char path[FOLDER_PATH_MAX];
    struct bytes text;
    struct stat st;
    folder_join(path, l->dir, f->name, name);
    if (stat(path, &st) == 0 && S_ISDIR(st.st_mode))
        return;
    if (!file_read(path, &text)) {
        warn(l, path, "cannot be read: %s", strerror(errno));
        return;
    }
    f->take(l, f, path, text);
    file_free(&text);
}

/* Every file of a folder, in the order of names. A folder that is not there is empty. */
static void take_folder(struct loading *l, const struct folder *f)
{
    char path[FOLDER_PATH_MAX];
    struct dirent **list = NULL;
    folder_join(path, l->dir, f->name, "");
    int count = scandir(path, &list, is_visible, alphasort);
    for (int i = 0; i < count; i++) {
        take_file(l, f, list[i]->d_name);
        free(list[i]);
    }
    free(list);
}

/* A passphrase for a file that is not there. */
static void check_passphrase(struct loading *l, const struct secret_entry *s)
{
    char path[FOLDER_PATH_MAX];
    for (size_t i = 0; i < FOLDERS && s->file; i++) {
        bool has_secrets = folders[i].take == take_key || folders[i].take == take_container;
        if (!has_secrets || folders[i].kind != s->kind)
            continue;
        folder_join(path, l->dir, folders[i].name, s->file);
        if (access(path, F_OK) != 0)
            cred_complain(l->sink, false, &s->place, "secrets.%.256s.file: %s: %s", s->name, path,
                          strerror(errno));
    }
}

bool folder_load(struct wallet *w, const char *dir, const struct secret_list *secrets,
                 const struct cred_sink *sink)
{
    struct loading l = {.w = w, .dir = dir, .secrets = secrets, .sink = sink};
    for (size_t i = 0; i < FOLDERS; i++)
        take_folder(&l, &folders[i]);
    for (uint32_t i = 0; i < secrets->count; i++)
        check_passphrase(&l, &secrets->at[i]);
    return !l.full || cred_complain(sink, true, NULL,
                                    "out of memory, or more than %d certificates or keys",
                                    WALLET_ITEMS_MAX);
}
