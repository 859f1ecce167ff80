/* inventory: see inventory.h. */
#include "cred/inventory.h"

#include "cred/keyring_types.h"

#include <openssl/x509.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

/* ---- as words -------------------------------------------------------------------------------- */

static void print_name(const X509_NAME *name, char *to, size_t room)
{
    BIO *out = BIO_new(BIO_s_mem());
    to[0] = '\0';
    if (out && X509_NAME_print_ex(out, name, 0, XN_FLAG_RFC2253) >= 0) {
        int len = BIO_read(out, to, (int)room - 1);
        to[len > 0 ? len : 0] = '\0';
    }
    BIO_free(out);
}

static void print_time(const ASN1_TIME *at, char to[32])
{
    struct tm tm;
    to[0] = '\0';
    if (ASN1_TIME_to_tm(at, &tm) == 1)
        strftime(to, 32, "%Y-%m-%dT%H:%M:%SZ", &tm);
}

static void print_key(EVP_PKEY *key, char to[64])
{
    char group[32];
    const char *type = key ? EVP_PKEY_get0_type_name(key) : NULL;
    if (!type)
        snprintf(to, 64, "unknown");
    else if (strncmp(type, "RSA", 3) == 0)
        snprintf(to, 64, "RSA-%d", EVP_PKEY_get_bits(key));
    else if (strcmp(type, "EC") == 0 && EVP_PKEY_get_group_name(key, group, sizeof group, NULL) == 1)
        snprintf(to, 64, "EC-%s", group);
    else
        snprintf(to, 64, "%s", type);
}

static void print_hex(const uint8_t *octets, size_t len, char *to)
{
    for (size_t i = 0; i < len; i++)
        snprintf(to + 2 * i, 3, "%02x", octets[i]);
}

static void print_fingerprint(const uint8_t *octets, size_t len, char to[65])
{
    uint8_t hash[EVP_MAX_MD_SIZE];
    size_t hash_len = 0;
    to[0] = '\0';
    if (EVP_Q_digest(NULL, "SHA256", NULL, octets, len, hash, &hash_len) == 1 && hash_len == 32)
        print_hex(hash, hash_len, to);
}

/* ---- items ----------------------------------------------------------------------------------- */

static void take_cert(inventory_take *take, void *self, enum inventory_kind kind, X509 *cert)
{
    struct inventory_item item = {.kind = kind};
    EVP_PKEY *key = X509_get0_pubkey(cert);
    const char *signature = OBJ_nid2sn(X509_get_signature_nid(cert));
    uint8_t *der = NULL;
    int len = i2d_X509(cert, &der);
    print_name(X509_get_subject_name(cert), item.subject, sizeof item.subject);
    print_name(X509_get_issuer_name(cert), item.issuer, sizeof item.issuer);
    print_time(X509_get0_notBefore(cert), item.from);
    print_time(X509_get0_notAfter(cert), item.until);
    print_key(key, item.key);
    snprintf(item.signature, sizeof item.signature, "%s", signature ? signature : "unknown");
    item.key_quantum = key && scheme_is_quantum(key);
    if (len > 0)
        print_fingerprint(der, (size_t)len, item.fingerprint);
    OPENSSL_free(der);
    take(self, &item);
}

static void take_key(inventory_take *take, void *self, EVP_PKEY *key)
{
    struct inventory_item item = {.kind = INVENTORY_KEY, .key_quantum = scheme_is_quantum(key)};
    uint8_t *der = NULL;
    int len = i2d_PUBKEY(key, &der);
    print_key(key, item.key);
    if (len > 0)
        print_fingerprint(der, (size_t)len, item.fingerprint);
    OPENSSL_free(der);
    take(self, &item);
}

void inventory_section(const struct key_section *s, inventory_take *take, void *self)
{
    for (uint16_t i = 0; s && i < s->own_count; i++)
        if (s->own[i].cert)
            take_cert(take, self, INVENTORY_OWN, s->own[i].cert);
        else
            take_key(take, self, s->own[i].public);
    for (int i = 0; s && s->pinned && i < sk_X509_num(s->pinned); i++)
        take_cert(take, self, INVENTORY_PEER, sk_X509_value(s->pinned, i));
    for (uint16_t i = 0; s && i < s->raw_count; i++)
        take_key(take, self, s->raw[i]);
}

void inventory_all(const struct keyring *k, const struct wallet *w, inventory_take *take,
                   void *self)
{
    const struct wallet_item *cert;
    for (uint32_t i = 0; i < k->section_count; i++)
        inventory_section(&k->section[i], take, self);
    for (uint64_t at = 0; (cert = wallet_after(w, WALLET_CERT, at)) != NULL; at = cert->serial)
        if (wallet_is_anchor(cert))
            take_cert(take, self, INVENTORY_CA, cert->cert);
}

enum inventory_safety inventory_safety(const struct key_section *s)
{
    unsigned safe = 0, all = 0;
    for (uint16_t i = 0; s && i < s->own_count; i++, all++)
        safe += s->own[i].quantum;
    for (int i = 0; s && s->pinned && i < sk_X509_num(s->pinned); i++, all++)
        safe += scheme_is_quantum(X509_get0_pubkey(sk_X509_value(s->pinned, i)));
    for (uint16_t i = 0; s && i < s->raw_count; i++, all++)
        safe += scheme_is_quantum(s->raw[i]);
    return all == 0      ? INVENTORY_UNKNOWN
           : safe == all ? INVENTORY_SAFE
           : safe == 0   ? INVENTORY_UNSAFE
                         : INVENTORY_MIXED;
}
