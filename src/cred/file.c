/* file: see file.h. */
#include "cred/file.h"

#include <errno.h>
#include <fcntl.h>
#include <openssl/decoder.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/pkcs12.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

/* ---- octets ---------------------------------------------------------------------------------- */

static bool read_all(int fd, uint8_t *to, size_t len)
{
    size_t at = 0;
    while (at < len) {
        ssize_t n = read(fd, to + at, len - at);
        if (n <= 0 && errno != EINTR)
            return false;
        at += n > 0 ? (size_t)n : 0;
    }
    return true;
}

bool file_read(const char *path, struct bytes *out)
{
    return file_read_short(path, FILE_LEN_MAX, out);
}

bool file_read_short(const char *path, size_t max, struct bytes *out)
{
    struct stat st;
    uint8_t *text = NULL;
    bool good = false;
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (fd < 0)
        return false;
    if (fstat(fd, &st) != 0)
        goto out;
    errno = S_ISREG(st.st_mode) ? EFBIG : EINVAL;
    if (!S_ISREG(st.st_mode) || (size_t)st.st_size > max)
        goto out;
    errno = 0;
    text = malloc((size_t)st.st_size + 1);
    good = text && read_all(fd, text, (size_t)st.st_size);
    if (good)
        *out = bytes_make(text, (size_t)st.st_size);
    else
        free(text);
out:
    close(fd);
    return good;
}

void file_free(struct bytes *text)
{
    void *at = (void *)(uintptr_t)text->at;
    if (at)
        wipe(at, text->len);
    free(at);
    *text = BYTES_NONE;
}

static BIO *open_text(struct bytes text)
{
    return BIO_new_mem_buf(text.at, (int)text.len);
}

/* ---- certificates and lists ------------------------------------------------------------------ */

/* Was it written as it came? OpenSSL reads BER too. `again` is what OpenSSL writes, and is freed. */
static bool is_same_der(uint8_t *again, int len, struct bytes der)
{
    bool same = len > 0 && bytes_equal(bytes_make(again, (size_t)len), der);
    OPENSSL_free(again);
    return same;
}

X509 *file_cert_of(struct bytes der)
{
    const uint8_t *at = der.at;
    X509 *cert = der.len ? d2i_X509(NULL, &at, (long)der.len) : NULL;
    uint8_t *again = NULL;
    int len = cert ? i2d_X509(cert, &again) : 0;
    if (!is_same_der(again, len, der)) {
        X509_free(cert);
        cert = NULL;
    }
    ERR_clear_error();
    return cert;
}

size_t file_certs(struct bytes text, STACK_OF(X509) * to)
{
    size_t count = 0;
    BIO *in = open_text(text);
    X509 *cert;
    while (in && (cert = PEM_read_bio_X509(in, NULL, NULL, NULL)) != NULL)
        count += sk_X509_push(to, cert) > 0;
    BIO_free(in);
    if (count == 0 && (cert = file_cert_of(text)) != NULL)
        count += sk_X509_push(to, cert) > 0;
    ERR_clear_error();
    return count;
}

static X509_CRL *crl_of(struct bytes der)
{
    const uint8_t *at = der.at;
    X509_CRL *crl = der.len ? d2i_X509_CRL(NULL, &at, (long)der.len) : NULL;
    uint8_t *again = NULL;
    int len = crl ? i2d_X509_CRL(crl, &again) : 0;
    if (is_same_der(again, len, der))
        return crl;
    X509_CRL_free(crl);
    return NULL;
}

size_t file_crls(struct bytes text, STACK_OF(X509_CRL) * to)
{
    size_t count = 0;
    BIO *in = open_text(text);
    X509_CRL *crl;
    while (in && (crl = PEM_read_bio_X509_CRL(in, NULL, NULL, NULL)) != NULL)
        count += sk_X509_CRL_push(to, crl) > 0;
    BIO_free(in);
    if (count == 0 && (crl = crl_of(text)) != NULL)
        count += sk_X509_CRL_push(to, crl) > 0;
    ERR_clear_error();
    return count;
}

X509_REQ *file_request(struct bytes text)
{
    BIO *in = open_text(text);
    X509_REQ *req = in ? PEM_read_bio_X509_REQ(in, NULL, NULL, NULL) : NULL;
    BIO_free(in);
    const uint8_t *at = text.at;
    if (!req && text.len)
        req = d2i_X509_REQ(NULL, &at, (long)text.len);
    ERR_clear_error();
    return req;
}

/* ---- containers ------------------------------------------------------------------------------ */

/* To the last octet. */
static PKCS12 *read_container(struct bytes der)
{
    const uint8_t *at = der.at;
    PKCS12 *p12 = der.len ? d2i_PKCS12(NULL, &at, (long)der.len) : NULL;
    if (p12 && at == der.at + der.len)
        return p12;
    PKCS12_free(p12);
    return NULL;
}

static bool open_container(PKCS12 *p12, const char *phrase, EVP_PKEY **key, STACK_OF(X509) * certs,
                           const char **why)
{
    X509 *own = NULL;
    STACK_OF(X509) *others = NULL;
    *why = "cannot be opened with its passphrase (a secret of pkcs12 with `file` gives it)";
    if (PKCS12_mac_present(p12) && PKCS12_verify_mac(p12, phrase, -1) != 1 &&
        (phrase[0] || PKCS12_verify_mac(p12, NULL, 0) != 1))
        return false;
    *why = "cannot be opened: it is encrypted in a way OpenSSL does not offer any more (RC2?)";
    if (PKCS12_parse(p12, phrase, key, &own, &others) != 1)
        return false;
    bool good = !own || sk_X509_push(certs, own) > 0;
    if (!good)
        X509_free(own);
    for (X509 *cert; good && (cert = sk_X509_shift(others)) != NULL;) {
        good = sk_X509_push(certs, cert) > 0;
        if (!good)
            X509_free(cert);
    }
    sk_X509_pop_free(others, X509_free);
    *why = "holds neither a key nor a certificate";
    return good && (*key || sk_X509_num(certs) > 0);
}

bool file_container(struct bytes text, struct bytes passphrase, EVP_PKEY **key,
                    STACK_OF(X509) * certs, const char **why)
{
    PKCS12 *p12 = read_container(text);
    char *phrase = calloc(1, passphrase.len + 1);
    bool good = false;
    *why = phrase ? "holds no PKCS#12 container (DER)" : "out of memory";
    if (phrase && passphrase.len)
        memcpy(phrase, passphrase.at, passphrase.len);
    if (phrase && p12)
        good = open_container(p12, phrase, key, certs, why);
    if (phrase)
        wipe(phrase, passphrase.len);
    free(phrase);
    PKCS12_free(p12);
    ERR_clear_error();
    return good;
}

/* ---- keys ------------------------------------------------------------------------------------ */

static EVP_PKEY *decode_key(struct bytes text, int selection, struct bytes passphrase)
{
    static const uint8_t nothing[1];
    EVP_PKEY *key = NULL;
    const uint8_t *at = text.at;
    size_t left = text.len;
    const uint8_t *phrase = passphrase.len ? passphrase.at : nothing;
    OSSL_DECODER_CTX *ctx =
        OSSL_DECODER_CTX_new_for_pkey(&key, NULL, NULL, NULL, selection, NULL, NULL);
    /* Even an empty passphrase keeps OpenSSL from asking on the terminal. */
    bool good = ctx && OSSL_DECODER_CTX_set_passphrase(ctx, phrase, passphrase.len) == 1 &&
                OSSL_DECODER_from_data(ctx, &at, &left) == 1;
    OSSL_DECODER_CTX_free(ctx);
    ERR_clear_error();
    if (good)
        return key;
    EVP_PKEY_free(key);
    return NULL;
}

EVP_PKEY *file_private_key(struct bytes text, struct bytes passphrase)
{
    return decode_key(text, EVP_PKEY_KEYPAIR, passphrase);
}

EVP_PKEY *file_public_key(struct bytes text)
{
    return decode_key(text, EVP_PKEY_PUBLIC_KEY, BYTES_NONE);
}

EVP_PKEY *file_spki_of(struct bytes der)
{
    const uint8_t *at = der.at;
    EVP_PKEY *key = der.len ? d2i_PUBKEY(NULL, &at, (long)der.len) : NULL;
    uint8_t *again = NULL;
    int len = key ? i2d_PUBKEY(key, &again) : 0;
    if (!is_same_der(again, len, der)) {
        EVP_PKEY_free(key);
        key = NULL;
    }
    ERR_clear_error();
    return key;
}
