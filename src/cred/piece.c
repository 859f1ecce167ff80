/* piece: see piece.h. */
#include "cred/piece.h"

#include "cred/file.h"

#include <openssl/err.h>
#include <openssl/x509v3.h>
#include <stdlib.h>

/* ---- in -------------------------------------------------------------------------------------- */

static enum piece_result result_of(const struct wallet_item *i)
{
    return i ? PIECE_ADDED : PIECE_NO_ROOM;
}

enum piece_result piece_add_cert(struct wallet *w, struct bytes text, uint8_t uses)
{
    STACK_OF(X509) *list = sk_X509_new_null();
    enum piece_result result = PIECE_UNREADABLE;
    if (list && file_certs(text, list) > 0) {
        X509 *cert = sk_X509_value(list, 0);
        result = (uses & WALLET_ANCHOR) && X509_check_ca(cert) == 0
                     ? PIECE_NO_CA
                     : result_of(wallet_add_cert(w, cert, uses));
    }
    sk_X509_pop_free(list, X509_free);
    ERR_clear_error();
    return result;
}

enum piece_result piece_add_list(struct wallet *w, struct bytes text)
{
    STACK_OF(X509_CRL) *list = sk_X509_CRL_new_null();
    enum piece_result result = PIECE_UNREADABLE;
    if (list && file_crls(text, list) > 0)
        result = result_of(wallet_add_list(w, sk_X509_CRL_value(list, 0)));
    sk_X509_CRL_pop_free(list, X509_CRL_free);
    return result;
}

enum piece_result piece_add_public(struct wallet *w, struct bytes text)
{
    EVP_PKEY *key = file_public_key(text);
    enum piece_result result = key ? result_of(wallet_add_public(w, key)) : PIECE_UNREADABLE;
    EVP_PKEY_free(key);
    return result;
}

static bool is_of_type(EVP_PKEY *key, const char *type)
{
    /* clang-format off */
    static const struct {
        const char *word, *names[2]; /* as OpenSSL has them */
    } types[] = {
        {"rsa",     {"RSA", "RSA-PSS"}},
        {"ecdsa",   {"EC", NULL}},
        {"ed25519", {"ED25519", NULL}},
        {"ed448",   {"ED448", NULL}},
    };
    /* clang-format on */
    for (size_t i = 0; i < sizeof types / sizeof types[0]; i++)
        if (strcmp(type, types[i].word) == 0)
            return EVP_PKEY_is_a(key, types[i].names[0]) == 1 ||
                   (types[i].names[1] && EVP_PKEY_is_a(key, types[i].names[1]) == 1);
    return true;
}

enum piece_result piece_add_key(struct wallet *w, struct bytes text, const char *type,
                                uint8_t id[WALLET_ID_LEN])
{
    enum piece_result result = PIECE_UNREADABLE;
    EVP_PKEY *key = file_private_key(text, BYTES_NONE);
    if (key && is_of_type(key, type)) {
        const struct wallet_item *i = wallet_add_key(w, key);
        result = result_of(i);
        if (i)
            memcpy(id, i->key_id, WALLET_ID_LEN);
    }
    EVP_PKEY_free(key);
    return result;
}

/* ---- out ------------------------------------------------------------------------------------- */

enum piece_flag piece_flag_of(const struct wallet_item *i)
{
    if (X509_check_ca(i->cert) != 0)
        return PIECE_CA;
    if (i->uses & WALLET_AA)
        return PIECE_AA;
    if ((i->uses & WALLET_OCSP) || (X509_get_extended_key_usage(i->cert) != UINT32_MAX &&
                                    X509_get_extended_key_usage(i->cert) & XKU_OCSP_SIGN))
        return PIECE_OCSP;
    return PIECE_PLAIN;
}

bool piece_octets(const struct wallet_item *i, struct bytes *der)
{
    uint8_t *made = NULL;
    int len = i->kind == WALLET_CERT   ? i2d_X509(i->cert, &made)
              : i->kind == WALLET_LIST ? i2d_X509_CRL(i->list, &made)
                                       : i2d_PUBKEY(i->key, &made);
    uint8_t *copy = len > 0 ? malloc((size_t)len) : NULL;
    if (copy)
        memcpy(copy, made, (size_t)len);
    OPENSSL_free(made);
    ERR_clear_error();
    *der = bytes_make(copy, copy ? (size_t)len : 0);
    return copy != NULL;
}

void piece_subject(X509 *cert, char *to, size_t room)
{
    BIO *out = BIO_new(BIO_s_mem());
    if (out)
        X509_NAME_print_ex(out, X509_get_subject_name(cert), 0,
                           (XN_FLAG_ONELINE & ~(unsigned)ASN1_STRFLGS_ESC_QUOTE &
                            ~(unsigned)XN_FLAG_SPC_EQ) |
                               ASN1_STRFLGS_ESC_MSB);
    int len = out ? BIO_read(out, to, (int)room - 1) : 0;
    to[len > 0 ? len : 0] = '\0';
    BIO_free(out);
    for (char *c = to; *c; c++)
        *c = *c >= ' ' && *c < 127 ? *c : '?';
    ERR_clear_error();
}
