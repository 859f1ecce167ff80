/*
 * watch: stands between an engine and its cryptography. Every message sealed is entered in one book
 * for the whole world: a key and an IV that come together twice, over different text, are the end
 * of a counter mode. It lends the engine the world's randomness, whatever backend is at work, and
 * can fail on purpose.
 */
#include "world.h"

#include <stdlib.h>

#include "base/siphash.h"
#include "chance.h"

/* ---- the book: a hash set of (key, IV) -> text --------------------------------------------- */

struct seal_book {
    size_t room, count;
    struct {
        uint64_t key, text;
    } *entry;
};

struct seal_book *seal_book_new(void)
{
    struct seal_book *book = calloc(1, sizeof *book);
    book->room = 64;
    book->entry = calloc(book->room, sizeof *book->entry);
    return book;
}

void seal_book_free(struct seal_book *book)
{
    free(book->entry);
    free(book);
}

static size_t place_of(const struct seal_book *book, uint64_t key)
{
    size_t i = key & (book->room - 1);
    while (book->entry[i].key && book->entry[i].key != key)
        i = (i + 1) & (book->room - 1);
    return i;
}

static void grow(struct seal_book *book)
{
    struct seal_book larger = {.room = book->room * 2, .count = book->count};
    larger.entry = calloc(larger.room, sizeof *larger.entry);
    for (size_t i = 0; i < book->room; i++)
        if (book->entry[i].key)
            larger.entry[place_of(&larger, book->entry[i].key)] = book->entry[i];
    free(book->entry);
    *book = larger;
}

/* False: this key and IV have sealed something else. */
static bool enter(struct seal_book *book, uint64_t key, uint64_t text)
{
    key |= 1; /* 0 marks a free place */
    size_t i = place_of(book, key);
    if (book->entry[i].key)
        return book->entry[i].text == text;
    book->entry[i].key = key;
    book->entry[i].text = text;
    if (++book->count * 2 > book->room)
        grow(book);
    return true;
}

static uint64_t hash(uint64_t k, struct bytes b)
{
    return siphash(&(struct siphash_key){k, 0x5eed}, b);
}

/* ---- the table ----------------------------------------------------------------------------- */

static bool fails(struct watch *w)
{
    return ++w->calls == w->fail_at;
}

static bool has(void *self, const struct alg *alg)
{
    struct watch *w = self;
    return w->inner->has(w->inner->self, alg);
}

static bool fill_random(void *self, uint8_t *out, size_t len)
{
    struct watch *w = self;
    for (size_t i = 0; i < len; i++) {
        uint64_t x = w->host->dice += UINT64_C(0x9e3779b97f4a7c15);
        x = (x ^ x >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
        out[i] = (uint8_t)(x >> 33);
    }
    return true;
}

static enum crypto_result prf(void *self, const struct alg *alg, struct bytes key,
                              const struct bytes *parts, size_t count, uint8_t *out)
{
    struct watch *w = self;
    return fails(w) ? CRYPTO_FAULT : w->inner->prf(w->inner->self, alg, key, parts, count, out);
}

static enum crypto_result seal(void *self, const struct cipher_keys *keys, struct bytes aad,
                               const uint8_t *iv, uint8_t *text, size_t len, uint8_t *icv)
{
    struct watch *w = self;
    if (fails(w))
        return CRYPTO_FAULT;
    uint64_t key =
        hash(hash(keys->encr->id, secret_view(keys->encr_key)), bytes_make(iv, keys->encr->iv_len));
    if (!enter(w->host->world->seals, key, hash(hash(1, aad), bytes_make(text, len))))
        world_fail(w->host->world, "%s: one key and one IV have sealed two texts", w->host->name);
    return w->inner->seal(w->inner->self, keys, aad, iv, text, len, icv);
}

static enum crypto_result open(void *self, const struct cipher_keys *keys, struct bytes aad,
                               const uint8_t *iv, uint8_t *text, size_t len, const uint8_t *icv)
{
    struct watch *w = self;
    return fails(w) ? CRYPTO_FAULT : w->inner->open(w->inner->self, keys, aad, iv, text, len, icv);
}

/* Real cryptography draws its randomness elsewhere: lend it the host's, afresh for each key. */
static void lend_chance(struct watch *w)
{
    uint8_t octets[CHANCE_LEN];
    if (!w->host->world->run->real)
        return;
    (void)fill_random(w, octets, sizeof octets);
    if (!chance_lend(octets))
        world_fail(w->host->world, "OpenSSL has no generator of given randomness");
}

static enum crypto_result kex_offer(void *self, const struct alg *alg, struct kex **state,
                                    uint8_t *data)
{
    struct watch *w = self;
    lend_chance(w);
    return fails(w) ? CRYPTO_FAULT : w->inner->kex_offer(w->inner->self, alg, state, data);
}

static enum crypto_result kex_answer(void *self, const struct alg *alg, struct bytes offer,
                                     uint8_t *data, struct shared_secret *secret)
{
    struct watch *w = self;
    lend_chance(w);
    return fails(w) ? CRYPTO_FAULT : w->inner->kex_answer(w->inner->self, alg, offer, data, secret);
}

static enum crypto_result kex_finish(void *self, struct kex *state, struct bytes answer,
                                     struct shared_secret *secret)
{
    struct watch *w = self;
    return fails(w) ? CRYPTO_FAULT : w->inner->kex_finish(w->inner->self, state, answer, secret);
}

static void kex_free(void *self, struct kex *state)
{
    struct watch *w = self;
    w->inner->kex_free(w->inner->self, state);
}

void watch_make(struct watch *watch, struct host *host, const struct crypto *inner)
{
    *watch = (struct watch){.inner = inner, .host = host};
    watch->table = (struct crypto){
        .self = watch,
        .has = has,
        .random = fill_random,
        .prf = prf,
        .seal = seal,
        .open = open,
        .kex_offer = kex_offer,
        .kex_answer = kex_answer,
        .kex_finish = kex_finish,
        .kex_free = kex_free, /* packets are the data plane's, and this one moves none */
    };
}
