/* inventory: see inventory.h. */
#include "cred/inventory.h"

#include "cred/keyring_types.h"

#include <openssl/x509.h>
#include <stdio.h>
#include <stdlib.h>
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

/* ---- two wallets ----------------------------------------------------------------------------- */

/* Something held: found by its fingerprint, said by its text. */
struct entry {
    char fingerprint[65], text[640];
};
struct entries {
    struct entry *at;
    size_t count;
};

static void note_cert(void *self, const struct inventory_item *item)
{
    struct entry *e = self;
    memcpy(e->fingerprint, item->fingerprint, sizeof e->fingerprint);
    snprintf(e->text, sizeof e->text, "certificate %.480s (%s, until %.10s)", item->subject, item->key,
             item->until);
}

static void note_key(struct entry *e, EVP_PKEY *key)
{
    struct inventory_item item;
    take_key(note_cert, e, key); /* its fingerprint is that of the public key */
    print_key(key, item.key);
    snprintf(e->text, sizeof e->text, "private key %s, SHA-256 of the public key %.16s...", item.key,
             e->fingerprint);
}

static void note_list(struct entry *e, X509_CRL *list)
{
    char issuer[480], date[32];
    uint8_t *der = NULL;
    int len = i2d_X509_CRL(list, &der);
    print_name(X509_CRL_get_issuer(list), issuer, sizeof issuer);
    print_time(X509_CRL_get0_lastUpdate(list), date);
    snprintf(e->text, sizeof e->text, "revocation list of %s, from %.10s", issuer, date);
    if (len > 0)
        print_fingerprint(der, (size_t)len, e->fingerprint);
    OPENSSL_free(der);
}

static int by_fingerprint(const void *a, const void *b)
{
    return strcmp(((const struct entry *)a)->fingerprint, ((const struct entry *)b)->fingerprint);
}

/* All of a kind in a wallet, sorted. To be freed; empty also when memory runs out. */
static struct entries gather(const struct wallet *w, enum wallet_kind kind)
{
    struct entries list = {NULL, 0};
    const struct wallet_item *item;
    for (uint64_t at = 0; w && (item = wallet_after(w, kind, at)) != NULL; at = item->serial)
        list.count++;
    list.at = calloc(list.count + 1, sizeof *list.at);
    list.count = 0;
    for (uint64_t at = 0; w && list.at && (item = wallet_after(w, kind, at)) != NULL;
         at = item->serial) {
        struct entry *e = &list.at[list.count++];
        if (kind == WALLET_CERT)
            take_cert(note_cert, e, INVENTORY_CA, item->cert);
        else if (kind == WALLET_KEY)
            note_key(e, item->key);
        else
            note_list(e, item->list);
    }
    if (list.at)
        qsort(list.at, list.count, sizeof *list.at, by_fingerprint);
    return list;
}

void inventory_compare(const struct wallet *before, const struct wallet *after,
                       void (*say)(void *self, bool is_new, const char *text), void *self)
{
    static const enum wallet_kind kinds[] = {WALLET_CERT, WALLET_KEY, WALLET_LIST};
    for (size_t k = 0; k < sizeof kinds / sizeof kinds[0]; k++) {
        struct entries old = gather(before, kinds[k]), new = gather(after, kinds[k]);
        size_t i = 0, j = 0;
        while (old.at && new.at && (i < old.count || j < new.count)) {
            int order = i == old.count   ? 1
                        : j == new.count ? -1
                                         : by_fingerprint(&old.at[i], &new.at[j]);
            if (order != 0)
                say(self, order > 0, order > 0 ? new.at[j].text : old.at[i].text);
            i += order <= 0;
            j += order >= 0;
        }
        free(old.at);
        free(new.at);
    }
}
