/*
 * wallet: see wallet.h.
 *
 * Items stand in one list per kind, in order of arrival. Each is tied to the few words it can be
 * found by: ties hang in the buckets of one hash table, in order of arrival, too. A hash is only a
 * hint: whoever follows a tie compares what is held with what was asked for.
 */
#include "cred/wallet.h"

#include "base/siphash.h"
#include "cred/list.h"
#include "cred/trust.h"

#include <openssl/err.h>
#include <openssl/x509v3.h>
#include <stdlib.h>

enum {
#define ID_TYPE(number, name) ID_##name = number,
#include "wire/iana.def"
};

/* What a tie is about. */
enum word { WORD_OCTETS,
            WORD_KEY_ID,
            WORD_SUBJECT,
            WORD_IDENTITY,
            WORD_LIST_ISSUER,
            WORD_RESPONDER,
            WORD_RESPONSE,
            WORD_AUTHORITY_NAME,
            WORD_AUTHORITY_CA };

enum { BUCKETS_FIRST = 64,
       NAMES_MAX = 64,           /* of one certificate that it can be found by */
       TIES_MAX = NAMES_MAX + 8, /* beside: its octets, its key, its subject twice, its key identifier */
       WORD_LEN_MAX = 512 };     /* longer names are tied by their beginning */

struct tie {
    struct tie *next;
    uint64_t hash;
    struct wallet_item *item;
};

struct bucket {
    struct tie *first, **last;
};

struct shelf {
    struct wallet_item **at;
    size_t count, room;
};

struct wallet {
    const struct wallet *below;
    struct bucket *bucket;
    size_t buckets, ties; /* buckets is a power of two, or 0 before the first tie */
    struct shelf shelf[WALLET_KINDS];
    uint64_t serials;
};

/* ---- words and their hashes ------------------------------------------------------------------ */

static uint64_t hash_of(enum word what, uint8_t type, struct bytes octets)
{
    static const struct siphash_key key; /* nobody hostile chooses what is held here */
    uint8_t text[WORD_LEN_MAX + 2] = {(uint8_t)what, type};
    size_t len = octets.len < WORD_LEN_MAX ? octets.len : WORD_LEN_MAX;
    for (size_t i = 0; i < len; i++) /* names differ in more than their case, or match */
        text[2 + i] = octets.at[i] >= 'A' && octets.at[i] <= 'Z' ? octets.at[i] | 0x20
                                                                 : octets.at[i];
    return siphash(&key, bytes_make(text, len + 2));
}

/* Names that are the same in another spelling have the same hash. */
static uint64_t hash_of_name(enum word what, const X509_NAME *name)
{
    int ok;
    uint8_t octets[4];
    put_u32(octets, (uint32_t)X509_NAME_hash_ex(name, NULL, NULL, &ok));
    return hash_of(what, 0, BYTES_OF(octets));
}

static uint64_t hash_of_identity(const struct identity *id)
{
    if (id->type != ID_DER_ASN1_DN)
        return hash_of(WORD_IDENTITY, id->type, id->data);
    const uint8_t *at = id->data.at;
    X509_NAME *name = d2i_X509_NAME(NULL, &at, (long)id->data.len);
    uint64_t hash = name ? hash_of_name(WORD_IDENTITY, name) : 0;
    X509_NAME_free(name);
    ERR_clear_error();
    return hash;
}

static struct bytes view(const ASN1_STRING *s)
{
    return bytes_make(ASN1_STRING_get0_data(s), (size_t)ASN1_STRING_length(s));
}

/* The hash of a name in a subjectAltName. False: of a kind that is no identity. */
static bool hash_of_alternative(const GENERAL_NAME *n, uint64_t *hash)
{
    struct identity id;
    switch (n->type) {
    case GEN_DNS:
        id = (struct identity){ID_FQDN, view(n->d.dNSName)};
        break;
    case GEN_EMAIL:
        id = (struct identity){ID_RFC822_ADDR, view(n->d.rfc822Name)};
        break;
    case GEN_IPADD:
        id = (struct identity){ASN1_STRING_length(n->d.iPAddress) == 4 ? ID_IPV4_ADDR : ID_IPV6_ADDR,
                               view(n->d.iPAddress)};
        break;
    default:
        return false;
    }
    *hash = hash_of_identity(&id);
    return true;
}

bool wallet_key_id(EVP_PKEY *key, uint8_t id[WALLET_ID_LEN])
{
    X509_PUBKEY *public = NULL;
    const uint8_t *bits = NULL;
    int len = 0;
    bool good = X509_PUBKEY_set(&public, key) == 1 &&
                X509_PUBKEY_get0_param(NULL, &bits, &len, NULL, public) == 1 && len > 0 &&
                EVP_Digest(bits, (size_t)len, id, NULL, EVP_sha1(), NULL) == 1;
    X509_PUBKEY_free(public);
    ERR_clear_error();
    return good;
}

/* ---- ties ------------------------------------------------------------------------------------ */

static struct bucket *bucket_of(const struct wallet *w, uint64_t hash)
{
    return &w->bucket[hash & (w->buckets - 1)];
}

static void hang(struct wallet *w, struct tie *t)
{
    struct bucket *b = bucket_of(w, t->hash);
    t->next = NULL;
    *b->last = t;
    b->last = &t->next;
}

/* Room for one tie more: twice the buckets, when there are as many ties. */
static bool grow(struct wallet *w)
{
    struct bucket *old = w->bucket;
    size_t count = w->buckets, room = count ? 2 * count : BUCKETS_FIRST;
    if (w->ties < count)
        return true;
    struct bucket *bucket = calloc(room, sizeof *bucket);
    if (!bucket)
        return count > 0; /* it only gets slower */
    for (size_t i = 0; i < room; i++)
        bucket[i].last = &bucket[i].first;
    w->bucket = bucket;
    w->buckets = room;
    for (size_t i = 0; i < count; i++)
        for (struct tie *t = old[i].first, *next; t; t = next) {
            next = t->next;
            hang(w, t);
        }
    free(old);
    return true;
}

static bool tie_in(struct wallet *w, struct tie *t)
{
    if (!grow(w))
        return false;
    hang(w, t);
    w->ties++;
    return true;
}

static void untie(struct wallet *w, struct tie *t)
{
    struct bucket *b = bucket_of(w, t->hash);
    struct tie **at = &b->first;
    while (*at != t)
        at = &(*at)->next;
    *at = t->next;
    if (!t->next)
        b->last = at;
    w->ties--;
}

static struct tie *same_hash(struct tie *t, uint64_t hash)
{
    while (t && t->hash != hash)
        t = t->next;
    return t;
}

static struct tie *first_tie(const struct wallet *w, uint64_t hash)
{
    return w && w->buckets ? same_hash(bucket_of(w, hash)->first, hash) : NULL;
}

static struct tie *next_tie(const struct tie *t)
{
    return same_hash(t->next, t->hash);
}

/* ---- items ----------------------------------------------------------------------------------- */

static void free_names(struct name_list *list)
{
    for (uint16_t i = 0; i < list->count; i++)
        free((void *)(uintptr_t)list->at[i]);
    free((void *)(uintptr_t)list->at);
}

static void item_free(struct wallet_item *i)
{
    X509_free(i->cert);
    X509_CRL_free(i->list);
    EVP_PKEY_free(i->key); /* OpenSSL wipes what is secret in it */
    X509_free(i->authority.ca);
    free((void *)(uintptr_t)i->authority.name);
    free((void *)(uintptr_t)i->authority.cert_uri_base);
    free_names(&i->authority.crl_uris);
    free_names(&i->authority.ocsp_uris);
    free((void *)(uintptr_t)i->response.at);
    free(i->ties);
    free(i);
}

static bool has_room(struct shelf *s)
{
    if (s->count < s->room)
        return true;
    size_t room = s->room ? 2 * s->room : 16;
    struct wallet_item **at =
        s->count < WALLET_ITEMS_MAX ? realloc(s->at, room * sizeof(struct wallet_item *)) : NULL;
    if (!at)
        return false;
    s->at = at;
    s->room = room;
    return true;
}

/* Put an item in, found by these hashes. On failure it is freed. */
static struct wallet_item *put(struct wallet *w, struct wallet_item *i, const uint64_t *hash,
                               size_t count)
{
    struct shelf *s = &w->shelf[i->kind];
    i->ties = has_room(s) ? calloc(count, sizeof *i->ties) : NULL;
    for (size_t n = 0; i->ties && n < count; n++) {
        i->ties[n] = (struct tie){.hash = hash[n], .item = i};
        if (!tie_in(w, &i->ties[n])) {
            while (n-- > 0)
                untie(w, &i->ties[n]);
            free(i->ties);
            i->ties = NULL;
        }
    }
    if (!i->ties) {
        item_free(i);
        return NULL;
    }
    i->tie_count = count;
    i->serial = ++w->serials;
    s->at[s->count++] = i;
    return i;
}

/* Where the first item with a serial above `after` stands. */
static size_t place_after(const struct shelf *s, uint64_t after)
{
    size_t low = 0, high = s->count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (s->at[middle]->serial > after)
            high = middle;
        else
            low = middle + 1;
    }
    return low;
}

static void drop(struct wallet *w, struct wallet_item *i)
{
    struct shelf *s = &w->shelf[i->kind];
    size_t at = place_after(s, i->serial - 1);
    for (size_t n = 0; n < i->tie_count; n++)
        untie(w, &i->ties[n]);
    memmove(&s->at[at], &s->at[at + 1], (--s->count - at) * sizeof(struct wallet_item *));
    item_free(i);
}

static struct wallet_item *item_new(enum wallet_kind kind)
{
    struct wallet_item *i = calloc(1, sizeof *i);
    if (i)
        i->kind = kind;
    return i;
}

/* ---- certificates ---------------------------------------------------------------------------- */

/* OpenSSL keeps a hash of the whole for comparisons; ours is over what makes one unique anyway. */
static uint64_t hash_of_cert(const X509 *cert)
{
    const ASN1_BIT_STRING *signature;
    X509_get0_signature(&signature, NULL, cert);
    return hash_of(WORD_OCTETS, WALLET_CERT, view(signature));
}

static size_t hashes_of_names(X509 *cert, uint64_t *to)
{
    size_t count = 0;
    GENERAL_NAMES *names = X509_get_ext_d2i(cert, NID_subject_alt_name, NULL, NULL);
    for (int n = 0; n < sk_GENERAL_NAME_num(names) && count < NAMES_MAX; n++)
        count += hash_of_alternative(sk_GENERAL_NAME_value(names, n), &to[count]);
    GENERAL_NAMES_free(names);
    ERR_clear_error();
    return count;
}

static size_t hashes_of_cert(const struct wallet_item *i, uint64_t to[TIES_MAX])
{
    size_t count = 0;
    const ASN1_OCTET_STRING *id = X509_get0_subject_key_id(i->cert);
    to[count++] = hash_of_cert(i->cert);
    to[count++] = hash_of(WORD_KEY_ID, WALLET_CERT, BYTES_OF(i->key_id));
    to[count++] = hash_of_name(WORD_SUBJECT, X509_get_subject_name(i->cert));
    to[count++] = hash_of_name(WORD_IDENTITY, X509_get_subject_name(i->cert));
    if (id)
        to[count++] = hash_of(WORD_IDENTITY, ID_KEY_ID, view(id));
    if (i->uses & WALLET_OCSP)
        to[count++] = hash_of(WORD_RESPONDER, 0, BYTES_NONE);
    return count + hashes_of_names(i->cert, to + count);
}

static struct wallet_item *same_cert(const struct wallet *w, const X509 *cert)
{
    struct tie *t = w->ties ? first_tie(w, hash_of_cert(cert)) : NULL;
    for (; t; t = next_tie(t))
        if (t->item->kind == WALLET_CERT && X509_cmp(t->item->cert, cert) == 0)
            return t->item;
    return NULL;
}

struct wallet_item *wallet_add_cert(struct wallet *w, X509 *cert, uint8_t uses)
{
    uint64_t hash[TIES_MAX];
    struct wallet_item *i = same_cert(w, cert);
    if (i && (uses & ~i->uses & WALLET_OCSP)) { /* it has to be found as a responder, too */
        uses |= i->uses;
        drop(w, i);
        i = NULL;
    }
    if (i) {
        i->uses |= uses;
        return i;
    }
    i = item_new(WALLET_CERT);
    if (!i || X509_up_ref(cert) != 1) {
        free(i);
        return NULL;
    }
    i->cert = cert;
    i->uses = uses;
    if (X509_pubkey_digest(cert, EVP_sha1(), i->key_id, NULL) != 1 ||
        !trust_key_hash(cert, i->ca_id)) {
        item_free(i);
        return NULL;
    }
    return put(w, i, hash, hashes_of_cert(i, hash));
}

bool wallet_is_anchor(const struct wallet_item *i)
{
    return (i->uses & WALLET_ANCHOR) || i->authorities > 0;
}

bool wallet_has_anchor(const struct wallet *w)
{
    for (; w; w = w->below)
        for (size_t i = 0; i < w->shelf[WALLET_CERT].count; i++)
            if (wallet_is_anchor(w->shelf[WALLET_CERT].at[i]))
                return true;
    return false;
}

const struct wallet_item *wallet_find_cert(const struct wallet *w, X509 *cert)
{
    const struct wallet_item *found = NULL;
    for (; w && !found; w = w->below)
        found = same_cert(w, cert);
    return found;
}

const struct wallet_item *wallet_find_anchor(const struct wallet *w, X509 *cert)
{
    for (; w; w = w->below) {
        const struct wallet_item *i = same_cert(w, cert);
        if (i && wallet_is_anchor(i))
            return i;
    }
    return NULL;
}

/* ---- revocation lists ------------------------------------------------------------------------ */

static struct wallet_item *same_list(const struct wallet *w, const X509_CRL *list)
{
    uint64_t hash = hash_of_name(WORD_LIST_ISSUER, X509_CRL_get_issuer(list));
    for (struct tie *t = first_tie(w, hash); t; t = next_tie(t))
        if (t->item->kind == WALLET_LIST && X509_CRL_match(t->item->list, list) == 0)
            return t->item;
    return NULL;
}

/* The list there is that takes the other's place (`newer`), or whose place the other takes. */
static struct wallet_item *rival_of(const struct wallet *w, const X509_CRL *list, bool newer)
{
    struct wallet_walk walk = wallet_lists_of(w, X509_CRL_get_issuer(list));
    for (struct tie *t = first_tie(w, walk.hash); t; t = next_tie(t))
        if (t->item->kind == WALLET_LIST && (newer ? list_replaces(t->item->list, list)
                                                   : list_replaces(list, t->item->list)))
            return t->item;
    return NULL;
}

struct wallet_item *wallet_add_list(struct wallet *w, X509_CRL *list)
{
    uint64_t hash = hash_of_name(WORD_LIST_ISSUER, X509_CRL_get_issuer(list));
    struct wallet_item *i = same_list(w, list), *old;
    if (!i)
        i = rival_of(w, list, true);
    if (i)
        return i;
    i = item_new(WALLET_LIST);
    if (!i || X509_CRL_up_ref(list) != 1) {
        free(i);
        return NULL;
    }
    i->list = list;
    i = put(w, i, &hash, 1);
    while (i && (old = rival_of(w, list, false)) != NULL)
        drop(w, old);
    return i;
}

/* ---- OCSP responses -------------------------------------------------------------------------- */

struct wallet_item *wallet_add_response(struct wallet *w, struct bytes der)
{
    struct wallet_item *i = item_new(WALLET_RESPONSE);
    uint8_t *copy = i ? malloc(der.len + 1) : NULL;
    uint64_t hash = hash_of(WORD_RESPONSE, 0, BYTES_NONE);
    if (!copy) {
        free(i);
        return NULL;
    }
    memcpy(copy, der.at, der.len);
    i->response = bytes_make(copy, der.len);
    return put(w, i, &hash, 1);
}

/* ---- keys ------------------------------------------------------------------------------------ */

static struct wallet_item *find_by_id(const struct wallet *w, enum wallet_kind kind,
                                      const uint8_t id[WALLET_ID_LEN])
{
    uint64_t hash = hash_of(WORD_KEY_ID, kind, bytes_make(id, WALLET_ID_LEN));
    for (struct tie *t = first_tie(w, hash); t; t = next_tie(t))
        if (t->item->kind == kind && memcmp(t->item->key_id, id, WALLET_ID_LEN) == 0)
            return t->item;
    return NULL;
}

static struct wallet_item *add_key(struct wallet *w, EVP_PKEY *key, enum wallet_kind kind)
{
    uint8_t id[WALLET_ID_LEN];
    if (!wallet_key_id(key, id))
        return NULL;
    struct wallet_item *i = find_by_id(w, kind, id);
    if (i)
        return i;
    i = item_new(kind);
    if (!i || EVP_PKEY_up_ref(key) != 1) {
        free(i);
        return NULL;
    }
    i->key = key;
    memcpy(i->key_id, id, sizeof id);
    uint64_t hash = hash_of(WORD_KEY_ID, kind, BYTES_OF(id));
    return put(w, i, &hash, 1);
}

struct wallet_item *wallet_add_key(struct wallet *w, EVP_PKEY *key)
{
    return add_key(w, key, WALLET_KEY);
}

struct wallet_item *wallet_add_public(struct wallet *w, EVP_PKEY *key)
{
    return add_key(w, key, WALLET_PUBLIC);
}

bool wallet_remove_key(struct wallet *w, const uint8_t id[WALLET_ID_LEN])
{
    struct wallet_item *i = find_by_id(w, WALLET_KEY, id);
    if (i)
        drop(w, i);
    return i != NULL;
}

EVP_PKEY *wallet_find_key(const struct wallet *w, const uint8_t id[WALLET_ID_LEN])
{
    const struct wallet_item *i = NULL;
    for (; w && !i; w = w->below)
        i = find_by_id(w, WALLET_KEY, id);
    return i ? i->key : NULL;
}

/* ---- authorities ----------------------------------------------------------------------------- */

static struct wallet_item *find_authority(const struct wallet *w, struct bytes name)
{
    uint64_t hash = hash_of(WORD_AUTHORITY_NAME, 0, name);
    for (struct tie *t = first_tie(w, hash); t; t = next_tie(t))
        if (t->item->kind == WALLET_AUTHORITY &&
            bytes_equal(bytes_str(t->item->authority.name), name))
            return t->item;
    return NULL;
}

static bool copy_names(const struct name_list *from, struct name_list *to)
{
    const char **at = calloc(from->count + 1u, sizeof *at);
    *to = (struct name_list){.at = at};
    for (uint16_t i = 0; at && i < from->count; i++) {
        at[i] = strdup(from->at[i]);
        if (!at[i])
            return false;
        to->count++;
    }
    return at != NULL;
}

static bool copy_authority(const struct wallet_authority *from, struct wallet_authority *to)
{
    to->name = strdup(from->name);
    to->cert_uri_base = from->cert_uri_base ? strdup(from->cert_uri_base) : NULL;
    if (X509_up_ref(from->ca) != 1)
        return false;
    to->ca = from->ca;
    return copy_names(&from->crl_uris, &to->crl_uris) &&
           copy_names(&from->ocsp_uris, &to->ocsp_uris) && to->name &&
           (to->cert_uri_base || !from->cert_uri_base);
}

struct wallet_item *wallet_add_authority(struct wallet *w, const struct wallet_authority *a)
{
    struct wallet_item *old = find_authority(w, bytes_str(a->name)), *i = item_new(WALLET_AUTHORITY);
    struct wallet_item *cert = i ? wallet_add_cert(w, a->ca, 0) : NULL;
    if (!cert || !copy_authority(a, &i->authority)) {
        if (i)
            item_free(i);
        return NULL;
    }
    uint64_t hash[] = {
        hash_of(WORD_AUTHORITY_NAME, 0, bytes_str(a->name)),
        hash_of_name(WORD_AUTHORITY_CA, X509_get_subject_name(a->ca)),
    };
    i = put(w, i, hash, 2);
    if (!i)
        return NULL;
    cert->authorities++;
    i->authorities = 1;
    if (old)
        wallet_remove_authority(w, bytes_str(old->authority.name));
    return i;
}

bool wallet_remove_authority(struct wallet *w, struct bytes name)
{
    struct wallet_item *i = find_authority(w, name);
    struct wallet_item *cert = i && i->authorities ? same_cert(w, i->authority.ca) : NULL;
    if (cert)
        cert->authorities--;
    if (i)
        drop(w, i);
    return i != NULL;
}

/* ---- the same -------------------------------------------------------------------------------- */

bool wallet_holds(const struct wallet *w, const struct wallet_item *i)
{
    switch (i->kind) {
    case WALLET_CERT:
        return same_cert(w, i->cert) != NULL;
    case WALLET_LIST:
        return same_list(w, i->list) != NULL;
    case WALLET_AUTHORITY:
        return find_authority(w, bytes_str(i->authority.name)) != NULL;
    case WALLET_RESPONSE:
        return false;
    default:
        return find_by_id(w, i->kind, i->key_id) != NULL;
    }
}

/* ---- searches -------------------------------------------------------------------------------- */

static struct wallet_walk walk_begin(const struct wallet *w, enum word what, uint64_t hash)
{
    return (struct wallet_walk){
        .w = w, .at = first_tie(w, hash), .what = (uint8_t)what, .hash = hash};
}

static bool is_empty(const struct wallet *w)
{
    while (w && w->ties == 0)
        w = w->below;
    return !w;
}

/* To hash a name costs more than all the rest, and many a section has no anchors of its own. */
static struct wallet_walk walk_by_name(const struct wallet *w, enum word what,
                                       const X509_NAME *name)
{
    struct wallet_walk walk = {.w = NULL};
    if (!is_empty(w))
        walk = walk_begin(w, what, hash_of_name(what, name));
    walk.name = name;
    return walk;
}

struct wallet_walk wallet_by_identity(const struct wallet *w, const struct identity *id)
{
    struct wallet_walk walk = walk_begin(w, WORD_IDENTITY, hash_of_identity(id));
    walk.id = id;
    return walk;
}

struct wallet_walk wallet_by_subject(const struct wallet *w, const X509_NAME *subject)
{
    return walk_by_name(w, WORD_SUBJECT, subject);
}

struct wallet_walk wallet_lists_of(const struct wallet *w, const X509_NAME *issuer)
{
    return walk_by_name(w, WORD_LIST_ISSUER, issuer);
}

struct wallet_walk wallet_responders(const struct wallet *w)
{
    return walk_begin(w, WORD_RESPONDER, hash_of(WORD_RESPONDER, 0, BYTES_NONE));
}

struct wallet_walk wallet_responses(const struct wallet *w)
{
    return walk_begin(w, WORD_RESPONSE, hash_of(WORD_RESPONSE, 0, BYTES_NONE));
}

struct wallet_walk wallet_authorities_of(const struct wallet *w, const X509_NAME *subject)
{
    return walk_by_name(w, WORD_AUTHORITY_CA, subject);
}

static bool is_meant(const struct wallet_walk *walk, const struct wallet_item *i)
{
    switch (walk->what) {
    case WORD_IDENTITY:
        return i->kind == WALLET_CERT && trust_identity(i->cert, walk->id);
    case WORD_SUBJECT:
        return i->kind == WALLET_CERT &&
               X509_NAME_cmp(X509_get_subject_name(i->cert), walk->name) == 0;
    case WORD_LIST_ISSUER:
        return i->kind == WALLET_LIST &&
               X509_NAME_cmp(X509_CRL_get_issuer(i->list), walk->name) == 0;
    case WORD_AUTHORITY_CA:
        return i->kind == WALLET_AUTHORITY &&
               X509_NAME_cmp(X509_get_subject_name(i->authority.ca), walk->name) == 0;
    case WORD_RESPONDER:
        return i->kind == WALLET_CERT && (i->uses & WALLET_OCSP);
    case WORD_RESPONSE:
        return i->kind == WALLET_RESPONSE;
    default:
        return false;
    }
}

const struct wallet_item *wallet_next(struct wallet_walk *walk)
{
    while (walk->w) {
        while (walk->at) {
            const struct wallet_item *i = walk->at->item;
            walk->at = next_tie(walk->at);
            if (is_meant(walk, i))
                return i;
        }
        walk->w = walk->w->below;
        walk->at = walk->w ? first_tie(walk->w, walk->hash) : NULL;
    }
    return NULL;
}

const struct wallet_item *wallet_after(const struct wallet *w, enum wallet_kind kind,
                                       uint64_t after)
{
    const struct shelf *s = &w->shelf[kind];
    size_t at = place_after(s, after);
    return at < s->count ? s->at[at] : NULL;
}

const struct wallet_item *wallet_before(const struct wallet *w, enum wallet_kind kind,
                                        uint64_t before)
{
    const struct shelf *s = &w->shelf[kind];
    size_t at = before ? place_after(s, before - 1) : s->count;
    return at > 0 ? s->at[at - 1] : NULL;
}

size_t wallet_count(const struct wallet *w, enum wallet_kind kind)
{
    return w->shelf[kind].count;
}

/* ---- life ------------------------------------------------------------------------------------ */

struct wallet *wallet_new(const struct wallet *below)
{
    struct wallet *w = calloc(1, sizeof *w);
    if (w)
        w->below = below;
    return w;
}

void wallet_clear(struct wallet *w)
{
    for (size_t k = 0; k < WALLET_KINDS; k++) {
        struct shelf *s = &w->shelf[k];
        while (k != WALLET_AUTHORITY && s->count > 0)
            drop(w, s->at[s->count - 1]);
        for (size_t i = 0; i < s->count; i++)
            s->at[i]->authorities = 0;
    }
}

void wallet_free(struct wallet *w)
{
    if (!w)
        return;
    for (size_t k = 0; k < WALLET_KINDS; k++) {
        for (size_t i = 0; i < w->shelf[k].count; i++)
            item_free(w->shelf[k].at[i]);
        free(w->shelf[k].at);
    }
    free(w->bucket);
    free(w);
}
