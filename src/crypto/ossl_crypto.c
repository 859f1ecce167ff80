/*
 * ossl_crypto: the backend object: one slot per row of alg.def, filled once, and the functions that struct crypto
 * promises.
 *
 * Nothing is computed here; ossl_mac, ossl_cipher and ossl_kex do that. This file finds the row's slot, brings the keys
 * in, and makes sure that contexts shared between SAs hold no key when a call is over.
 */
#include <stdlib.h>

#include <openssl/err.h>
#include <openssl/rand.h>

#include "crypto/alg.h"
#include "crypto/ossl.h"
#include "crypto/ossl_cipher.h"
#include "crypto/ossl_kex.h"
#include "crypto/ossl_mac.h"

enum { FIXED_KEY = 16 };

/* What a row needs; which member is in use follows from the row's type. All empty: not available. */
struct slot {
    struct ossl_mac *mac;      /* PRF, INTEG */
    struct ossl_cipher cipher; /* ENCR */
    struct ossl_group *group;  /* KE */
    bool ready;
};

struct ossl_crypto {
    struct crypto crypto;
    struct slot slot[ALG_COUNT];
};

struct packet_cipher {
    struct ossl_keyed keyed;
};

/* The slot of a row of the given type, or NULL if it cannot be used. */
static struct slot *find_slot(void *self, const struct alg *alg, uint8_t type)
{
    struct ossl_crypto *o = self;
    if (!alg || alg->type != type)
        return NULL;
    struct slot *slot = &o->slot[alg_index(alg)];
    return slot->ready ? slot : NULL;
}

static bool has_row(void *self, const struct alg *alg)
{
    return alg && find_slot(self, alg, alg->type) != NULL;
}

static bool fill_random(void *self, uint8_t *out, size_t len)
{
    (void)self;
    if (RAND_bytes_ex(NULL, out, len, 0) == 1)
        return true;
    ERR_clear_error();
    return false;
}

/* ---- PRF ----------------------------------------------------------------------------------------------------- */

/* RFC 4615 3 and RFC 4434 2: a key longer than 16 octets is hashed under the zero key; a shorter one too with CMAC,
 * but padded with zeros with XCBC. */
static bool fix_key(struct ossl_mac *mac, const struct alg *prf, struct bytes key, uint8_t fixed[OSSL_MAC_MAX])
{
    static const uint8_t zero[FIXED_KEY];
    bool is_xcbc = prf->id == 4;
    if (key.len == FIXED_KEY || (is_xcbc && key.len < FIXED_KEY)) {
        memset(fixed, 0, FIXED_KEY);
        if (key.len > 0)
            memcpy(fixed, key.at, key.len);
        return true;
    }
    return ossl_mac_once(mac, BYTES_OF(zero), &key, 1, fixed);
}

static enum crypto_result compute_prf(void *self, const struct alg *prf, struct bytes key, const struct bytes *parts,
                                      size_t count, uint8_t *out)
{
    struct slot *slot = find_slot(self, prf, ALG_TYPE_PRF);
    if (!slot)
        return CRYPTO_FAULT;
    uint8_t fixed[OSSL_MAC_MAX];
    bool ok = true;
    if (prf->flags & ALG_FIXED_KEY) {
        ok = fix_key(slot->mac, prf, key, fixed);
        key = bytes_make(fixed, FIXED_KEY);
    }
    ok = ok && ossl_mac_once(slot->mac, key, parts, count, out);
    wipe(fixed, sizeof fixed);
    if (ok)
        return CRYPTO_OK;
    ERR_clear_error();
    wipe(out, prf->out_len);
    return CRYPTO_FAULT;
}

/* ---- messages ------------------------------------------------------------------------------------------------ */

/* The shared contexts of a direction, keyed for one call. */
static bool key_message(void *self, const struct cipher_keys *keys, bool sealing, struct ossl_keyed *keyed)
{
    struct slot *encr = find_slot(self, keys->encr, ALG_TYPE_ENCR);
    if (!encr)
        return false;
    keyed->ctx = sealing ? encr->cipher.seal : encr->cipher.open;
    if (!(keys->encr->flags & ALG_AEAD)) {
        struct slot *integ = find_slot(self, keys->integ, ALG_TYPE_INTEG);
        if (!integ)
            return false;
        keyed->mac = integ->mac;
    }
    return ossl_keyed_set(keyed, keys, false);
}

static enum crypto_result seal_message(void *self, const struct cipher_keys *keys, struct bytes aad, const uint8_t *iv,
                                       uint8_t *text, size_t len, uint8_t *icv)
{
    struct ossl_keyed keyed = {0};
    enum crypto_result result = CRYPTO_FAULT;
    if (key_message(self, keys, true, &keyed))
        result = ossl_keyed_seal(&keyed, aad, BYTES_NONE, iv, text, len, icv);
    else
        wipe(text, len);
    ossl_keyed_forget(&keyed);
    return result;
}

static enum crypto_result open_message(void *self, const struct cipher_keys *keys, struct bytes aad, const uint8_t *iv,
                                       uint8_t *text, size_t len, const uint8_t *icv)
{
    struct ossl_keyed keyed = {0};
    enum crypto_result result = CRYPTO_FAULT;
    if (key_message(self, keys, false, &keyed))
        result = ossl_keyed_open(&keyed, aad, BYTES_NONE, iv, text, len, icv);
    ossl_keyed_forget(&keyed);
    return result;
}

/* ---- packets ------------------------------------------------------------------------------------------------- */

static void free_packet(void *self, struct packet_cipher *c)
{
    (void)self;
    if (!c)
        return;
    EVP_CIPHER_CTX_free(c->keyed.ctx);
    ossl_mac_free(c->keyed.mac);
    wipe(c, sizeof *c);
    free(c);
}

static struct packet_cipher *new_packet(void *self, const struct cipher_keys *keys, bool sealing)
{
    struct slot *encr = find_slot(self, keys->encr, ALG_TYPE_ENCR);
    struct packet_cipher *c = encr ? calloc(1, sizeof *c) : NULL;
    if (!c)
        return NULL;
    c->keyed.ctx = ossl_cipher_context(&encr->cipher, keys->encr, sealing);
    if (!(keys->encr->flags & ALG_AEAD) && keys->integ)
        c->keyed.mac = ossl_mac_new(keys->integ);
    if (c->keyed.ctx && ossl_keyed_set(&c->keyed, keys, true))
        return c;
    free_packet(self, c);
    ERR_clear_error();
    return NULL;
}

static enum crypto_result seal_packet(void *self, struct packet_cipher *c, struct bytes aad, struct bytes tail,
                                      const uint8_t *iv, uint8_t *text, size_t len, uint8_t *icv)
{
    (void)self;
    return ossl_keyed_seal(&c->keyed, aad, tail, iv, text, len, icv);
}

static enum crypto_result open_packet(void *self, struct packet_cipher *c, struct bytes aad, struct bytes tail,
                                      const uint8_t *iv, uint8_t *text, size_t len, const uint8_t *icv)
{
    (void)self;
    return ossl_keyed_open(&c->keyed, aad, tail, iv, text, len, icv);
}

/* ---- key exchange -------------------------------------------------------------------------------------------- */

static enum crypto_result offer_kex(void *self, const struct alg *kex, struct kex **state, uint8_t *data)
{
    struct slot *slot = find_slot(self, kex, ALG_TYPE_KE);
    return slot ? ossl_kex_offer(slot->group, state, data) : CRYPTO_FAULT;
}

static enum crypto_result answer_kex(void *self, const struct alg *kex, struct bytes offer, uint8_t *data,
                                     struct shared_secret *secret)
{
    struct slot *slot = find_slot(self, kex, ALG_TYPE_KE);
    return slot ? ossl_kex_answer(slot->group, offer, data, secret) : CRYPTO_FAULT;
}

static enum crypto_result finish_kex(void *self, struct kex *state, struct bytes answer, struct shared_secret *secret)
{
    (void)self;
    return ossl_kex_finish(state, answer, secret);
}

static void free_kex(void *self, struct kex *state)
{
    (void)self;
    ossl_kex_free(state);
}

/* ---- the object ---------------------------------------------------------------------------------------------- */

static void fill_slot(struct slot *slot, const struct alg *alg)
{
    if (alg->type == ALG_TYPE_ENCR)
        slot->ready = ossl_cipher_make(&slot->cipher, alg);
    else if (alg->type == ALG_TYPE_KE)
        slot->ready = (slot->group = ossl_group_new(alg)) != NULL;
    else
        slot->ready = (slot->mac = ossl_mac_new(alg)) != NULL;
}

struct crypto *ossl_crypto_new(void)
{
    struct ossl_crypto *o = calloc(1, sizeof *o);
    if (!o)
        return NULL;
    o->crypto = (struct crypto){
        .self = o,
        .has = has_row,
        .random = fill_random,
        .prf = compute_prf,
        .seal = seal_message,
        .open = open_message,
        .kex_offer = offer_kex,
        .kex_answer = answer_kex,
        .kex_finish = finish_kex,
        .kex_free = free_kex,
        .packet_new = new_packet,
        .packet_seal = seal_packet,
        .packet_open = open_packet,
        .packet_free = free_packet,
    };
    for (size_t i = 0; i < ALG_COUNT; i++)
        fill_slot(&o->slot[i], alg_at(i));
    ERR_clear_error(); /* a row that is missing is no error */
    return &o->crypto;
}

void ossl_crypto_free(struct crypto *crypto)
{
    if (!crypto)
        return;
    struct ossl_crypto *o = crypto->self;
    for (size_t i = 0; i < ALG_COUNT; i++) {
        ossl_mac_free(o->slot[i].mac);
        ossl_cipher_drop(&o->slot[i].cipher);
        ossl_group_free(o->slot[i].group);
    }
    free(o);
}

struct ossl_group *ossl_crypto_group(struct crypto *crypto, const struct alg *kex)
{
    struct slot *slot = find_slot(crypto->self, kex, ALG_TYPE_KE);
    return slot ? slot->group : NULL;
}
