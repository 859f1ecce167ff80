/* known: see known.h. */
#include "cred/known.h"

#include "cred/list.h"

#include <openssl/err.h>
#include <stdio.h>
#include <stdlib.h>

enum { KEY_LEN = 32,
       FAILED_URI_MAX = 1024,
       FAILED_WHY_MAX = 160 };

struct answer {
    uint8_t key[KEY_LEN];
    struct ocsp_finding finding; /* UNKNOWN: an empty place */
    time_t until;
    struct bytes der;
};

struct failure {
    char uri[FAILED_URI_MAX], why[FAILED_WHY_MAX];
    time_t until;
};

struct known {
    size_t count, room, next; /* of answers; the next to be replaced when all places are taken */
    struct answer *answer;
    STACK_OF(X509_CRL) * lists;
    size_t next_failure;
    struct failure failure[KNOWN_FAILED_MAX];
};

/* ---- answers --------------------------------------------------------------------------------- */

static bool make_key(const struct ocsp_case *c, uint8_t key[KEY_LEN])
{
    uint8_t all[2 * EVP_MAX_MD_SIZE + sizeof *c->rule] = {0};
    unsigned first = 0, second = 0;
    if (X509_digest(c->cert, EVP_sha256(), all, &first) != 1 ||
        X509_digest(c->issuer, EVP_sha256(), all + first, &second) != 1)
        return false;
    if (c->rule)
        memcpy(all + first + second, c->rule, sizeof *c->rule);
    return EVP_Digest(all, sizeof all, key, NULL, EVP_sha256(), NULL) == 1;
}

static struct answer *find(const struct known *k, const uint8_t key[KEY_LEN])
{
    for (size_t i = 0; i < k->count; i++)
        if (memcmp(k->answer[i].key, key, KEY_LEN) == 0)
            return &k->answer[i];
    return NULL;
}

static void drop(struct answer *a)
{
    free((void *)(uintptr_t)a->der.at);
    *a = (struct answer){.finding = {STANDING_UNKNOWN, 0, 0}};
}

/* A place for one more: a new one, or that of the oldest. */
static struct answer *make_place(struct known *k)
{
    if (k->count == k->room && k->room < KNOWN_ANSWERS_MAX) {
        size_t room = k->room ? 2 * k->room : 16;
        struct answer *more = realloc(k->answer, room * sizeof *more);
        if (more) {
            k->answer = more;
            k->room = room;
        }
    }
    if (k->count < k->room) {
        k->answer[k->count] = (struct answer){.finding = {STANDING_UNKNOWN, 0, 0}};
        return &k->answer[k->count++];
    }
    if (k->room == 0)
        return NULL;
    struct answer *oldest = &k->answer[k->next++ % k->room];
    drop(oldest);
    return oldest;
}

void known_put_answer(struct known *k, const struct ocsp_case *c, const struct ocsp_finding *f,
                      struct bytes der)
{
    uint8_t key[KEY_LEN];
    if (!make_key(c, key))
        return;
    struct answer *a = find(k, key);
    if (a && a->finding.since > f->since && a->until > time(NULL))
        return;
    if (a)
        drop(a);
    else
        a = make_place(k);
    if (!a)
        return;
    /* one that has been revoked stays so: an older answer must not have its turn */
    time_t later = f->standing == STANDING_REVOKED ? f->until : time(NULL) + KNOWN_FOR;
    uint8_t *copy = der.len ? malloc(der.len) : NULL;
    memcpy(a->key, key, KEY_LEN);
    a->finding = *f;
    a->until = f->until < later ? f->until : later;
    if (copy) {
        memcpy(copy, der.at, der.len);
        a->der = bytes_make(copy, der.len);
    }
}

enum standing known_answer(const struct known *k, const struct ocsp_case *c, struct bytes *der)
{
    uint8_t key[KEY_LEN];
    const struct answer *a = k->count && make_key(c, key) ? find(k, key) : NULL;
    if (!a || a->until <= time(NULL))
        return STANDING_UNKNOWN;
    if (der)
        *der = a->der;
    return a->finding.standing;
}

/* ---- lists ----------------------------------------------------------------------------------- */

void known_put_list(struct known *k, X509_CRL *crl)
{
    for (int i = sk_X509_CRL_num(k->lists) - 1; i >= 0; i--) {
        X509_CRL *old = sk_X509_CRL_value(k->lists, i);
        bool over = X509_cmp_current_time(X509_CRL_get0_nextUpdate(old)) < 0;
        if (over || list_replaces(crl, old) || X509_CRL_match(old, crl) == 0)
            X509_CRL_free(sk_X509_CRL_delete(k->lists, i));
    }
    if (sk_X509_CRL_num(k->lists) >= KNOWN_LISTS_MAX)
        X509_CRL_free(sk_X509_CRL_shift(k->lists));
    if (X509_CRL_up_ref(crl) == 1 && sk_X509_CRL_push(k->lists, crl) <= 0)
        X509_CRL_free(crl);
    ERR_clear_error();
}

STACK_OF(X509_CRL) * known_lists(const struct known *k)
{
    return k->lists;
}

/* ---- failures -------------------------------------------------------------------------------- */

void known_put_failure(struct known *k, const char *uri, const char *why)
{
    struct failure *f = &k->failure[k->next_failure++ % KNOWN_FAILED_MAX];
    snprintf(f->uri, sizeof f->uri, "%s", uri);
    snprintf(f->why, sizeof f->why, "%s", why);
    f->until = time(NULL) + KNOWN_FAILED_FOR;
}

const char *known_failure(const struct known *k, const char *uri)
{
    for (size_t i = 0; i < KNOWN_FAILED_MAX; i++)
        if (k->failure[i].until > time(NULL) && strcmp(k->failure[i].uri, uri) == 0)
            return k->failure[i].why;
    return NULL;
}

/* ---- life ------------------------------------------------------------------------------------ */

struct known *known_new(void)
{
    struct known *k = calloc(1, sizeof *k);
    if (k && (k->lists = sk_X509_CRL_new_null()) != NULL)
        return k;
    free(k);
    return NULL;
}

void known_clear(struct known *k)
{
    for (size_t i = 0; i < k->count; i++)
        drop(&k->answer[i]);
    k->count = k->next = 0;
    while (sk_X509_CRL_num(k->lists) > 0)
        X509_CRL_free(sk_X509_CRL_pop(k->lists));
    memset(k->failure, 0, sizeof k->failure);
}

void known_free(struct known *k)
{
    if (!k)
        return;
    known_clear(k);
    sk_X509_CRL_free(k->lists);
    free(k->answer);
    free(k);
}

size_t known_count(const struct known *k)
{
    return k->count + (size_t)sk_X509_CRL_num(k->lists);
}
