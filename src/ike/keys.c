/*
 * keys: see keys.h for the formulas. Pure functions: nothing is remembered, every value on the way is wiped.
 *
 * The further key exchanges of one CREATE_CHILD_SA go into ONE derivation, behind the nonces; those before
 * IKE_AUTH are chained, each in front of the nonces. The two shapes are built in one place each: chain and
 * concatenation below.
 */
#include "ike/keys.h"

#include "wire/message.h"

enum {
    PRF_PLUS_BLOCKS_MAX = 255,      /* RFC 7296 2.13: the counter is one octet */
    SEED_PARTS_MAX = KEX_SLOTS + 2, /* SK(0..7), Ni, Nr */
    KEYMAT_MAX = 7 * SECRET_MAX,    /* seven keys of an IKE SA; a Child SA has four */
    FIXED_KEY_NONCE_LEN = 8,        /* RFC 7296 2.14: the first 64 bits of each nonce */
};

/* ---- prf+ (RFC 7296 2.13) -------------------------------------------------------------------- */

/* T(n) = prf(key, T(n-1) | seed | n); T(0) is empty. */
static enum crypto_result next_block(const struct crypto *c, const struct alg *prf, struct bytes key,
                                     struct bytes before, const struct bytes *seed, size_t seed_count, uint8_t n,
                                     uint8_t *out)
{
    struct bytes parts[SEED_PARTS_MAX + 2];
    parts[0] = before;
    for (size_t i = 0; i < seed_count; i++)
        parts[i + 1] = seed[i];
    parts[seed_count + 1] = bytes_make(&n, 1);
    return c->prf(c->self, prf, key, parts, seed_count + 2, out);
}

enum crypto_result prf_plus(const struct crypto *c, const struct alg *prf, struct bytes key, const struct bytes *seed,
                            size_t seed_count, uint8_t *out, size_t len)
{
    if (seed_count > SEED_PARTS_MAX || len > (size_t)PRF_PLUS_BLOCKS_MAX * prf->out_len)
        return CRYPTO_FAULT;
    uint8_t block[PRF_LEN_MAX];
    enum crypto_result result = CRYPTO_OK;
    struct bytes before = BYTES_NONE;
    size_t done = 0;
    for (uint8_t n = 1; done < len; n++) {
        result = next_block(c, prf, key, before, seed, seed_count, n, block);
        if (result != CRYPTO_OK) {
            wipe(out, len);
            break;
        }
        size_t piece = len - done < prf->out_len ? len - done : prf->out_len;
        memcpy(out + done, block, piece);
        before = bytes_make(out + done, piece);
        done += piece;
    }
    wipe(block, sizeof block);
    return result;
}

/* ---- cutting key material into keys ---------------------------------------------------------- */

struct cut {
    struct secret *to;
    size_t len;
};

static size_t encr_len(const struct alg *encr)
{
    return (size_t)encr->key_len + encr->salt_len;
}

/* An AEAD needs no integrity key (RFC 5282 7). */
static size_t integ_len(const struct alg *encr, const struct alg *integ)
{
    return !integ || (encr->flags & ALG_AEAD) ? 0 : integ->key_len;
}

/* Fill the keys one after another from prf+(key, seed), "without regard to boundaries" (RFC 7296 2.13). */
static enum crypto_result cut_keys(const struct crypto *c, const struct alg *prf, struct bytes key,
                                   const struct bytes *seed, size_t seed_count, const struct cut *cut, size_t cuts)
{
    size_t total = 0;
    for (size_t i = 0; i < cuts; i++) {
        if (cut[i].len > SECRET_MAX || cut[i].len > KEYMAT_MAX - total)
            return CRYPTO_FAULT;
        total += cut[i].len;
    }
    uint8_t keymat[KEYMAT_MAX];
    enum crypto_result result = prf_plus(c, prf, key, seed, seed_count, keymat, total);
    const uint8_t *at = keymat;
    for (size_t i = 0; i < cuts && result == CRYPTO_OK; i++) {
        secret_wipe(cut[i].to);
        cut[i].to->len = (uint8_t)cut[i].len;
        memcpy(cut[i].to->data, at, cut[i].len);
        at += cut[i].len;
    }
    wipe(keymat, sizeof keymat);
    return result;
}

/* {SK_d | SK_ai | SK_ar | SK_ei | SK_er | SK_pi | SK_pr} = prf+(SKEYSEED, Ni | Nr | SPIi | SPIr) */
static enum crypto_result expand(const struct crypto *c, const struct ike_suite *suite, const struct ike_seed *seed,
                                 struct bytes skeyseed, struct ike_keys *out)
{
    uint8_t spis[16];
    put_u64(spis, seed->spi_i);
    put_u64(spis + 8, seed->spi_r);
    const struct bytes parts[] = {seed->ni, seed->nr, BYTES_OF(spis)};

    size_t p = suite->prf->key_len, a = integ_len(suite->encr, suite->integ), e = encr_len(suite->encr);
    /* clang-format off */
    const struct cut cut[] = {
        {&out->d, p},
        {&out->ai, a}, {&out->ar, a},
        {&out->ei, e}, {&out->er, e},
        {&out->pi, p}, {&out->pr, p},
    };
    /* clang-format on */
    return cut_keys(c, suite->prf, skeyseed, parts, 3, cut, sizeof cut / sizeof cut[0]);
}

/* SKEYSEED = prf(key, parts), then the expansion. */
static enum crypto_result derive(const struct crypto *c, const struct alg *prf, struct bytes key,
                                 const struct bytes *parts, size_t count, const struct ike_suite *suite,
                                 const struct ike_seed *seed, struct ike_keys *out)
{
    uint8_t skeyseed[PRF_LEN_MAX];
    enum crypto_result result = c->prf(c->self, prf, key, parts, count, skeyseed);
    if (result == CRYPTO_OK)
        result = expand(c, suite, seed, bytes_make(skeyseed, prf->out_len), out);
    wipe(skeyseed, sizeof skeyseed);
    if (result != CRYPTO_OK)
        ike_keys_wipe(out);
    return result;
}

/* ---- the three shapes ------------------------------------------------------------------------ */

/* Ni | Nr as a key; a PRF with a key of fixed length takes the first 64 bits of each (RFC 7296 2.14). */
static struct bytes nonce_key(const struct alg *prf, const struct ike_seed *seed, uint8_t room[2 * NONCE_LEN_MAX])
{
    size_t most = prf->flags & ALG_FIXED_KEY ? FIXED_KEY_NONCE_LEN : NONCE_LEN_MAX;
    size_t ni_len = seed->ni.len < most ? seed->ni.len : most;
    size_t nr_len = seed->nr.len < most ? seed->nr.len : most;
    if (ni_len > 0)
        memcpy(room, seed->ni.at, ni_len);
    if (nr_len > 0)
        memcpy(room + ni_len, seed->nr.at, nr_len);
    return bytes_make(room, ni_len + nr_len);
}

enum crypto_result keys_first(const struct crypto *c, const struct ike_suite *suite, const struct ike_seed *seed,
                              const struct shared_secret *sk0, struct ike_keys *out)
{
    uint8_t room[2 * NONCE_LEN_MAX];
    const struct bytes secret = shared_secret_view(sk0);
    if (seed->ni.len > NONCE_LEN_MAX || seed->nr.len > NONCE_LEN_MAX) {
        ike_keys_wipe(out);
        return CRYPTO_FAULT;
    }
    return derive(c, suite->prf, nonce_key(suite->prf, seed, room), &secret, 1, suite, seed, out);
}

enum crypto_result keys_chain(const struct crypto *c, const struct ike_suite *suite, const struct ike_seed *seed,
                              const struct secret *d_before, const struct shared_secret *skn, struct ike_keys *out)
{
    const struct bytes parts[] = {shared_secret_view(skn), seed->ni, seed->nr};
    return derive(c, suite->prf, secret_view(d_before), parts, 3, suite, seed, out);
}

/* [SK(0) |] Ni | Nr [| SK(1) | ... | SK(n)]: the number of parts, 0 when there are too many secrets. */
static size_t concatenate(struct bytes ni, struct bytes nr, const struct shared_secret *const *sk, size_t sk_count,
                          struct bytes parts[SEED_PARTS_MAX])
{
    size_t count = 0;
    if (sk_count > KEX_SLOTS)
        return 0;
    if (sk_count > 0)
        parts[count++] = shared_secret_view(sk[0]);
    parts[count++] = ni;
    parts[count++] = nr;
    for (size_t i = 1; i < sk_count; i++)
        parts[count++] = shared_secret_view(sk[i]);
    return count;
}

enum crypto_result keys_rekey(const struct crypto *c, const struct alg *prf_old, const struct secret *d_old,
                              const struct ike_suite *suite, const struct ike_seed *seed,
                              const struct shared_secret *const *sk, size_t sk_count, struct ike_keys *out)
{
    struct bytes parts[SEED_PARTS_MAX];
    size_t count = concatenate(seed->ni, seed->nr, sk, sk_count, parts);
    if (sk_count == 0 || count == 0) { /* a rekeyed IKE SA has a fresh secret, always (RFC 7296 2.18) */
        ike_keys_wipe(out);
        return CRYPTO_FAULT;
    }
    return derive(c, prf_old, secret_view(d_old), parts, count, suite, seed, out);
}

enum crypto_result keys_child(const struct crypto *c, const struct alg *prf, const struct secret *d, struct bytes ni,
                              struct bytes nr, const struct shared_secret *const *sk, size_t sk_count,
                              const struct alg *encr, const struct alg *integ, struct child_keys *out)
{
    struct bytes parts[SEED_PARTS_MAX];
    size_t count = concatenate(ni, nr, sk, sk_count, parts);
    size_t e = encr_len(encr), a = integ_len(encr, integ);
    /* clang-format off */
    const struct cut cut[] = {
        {&out->encr_i, e}, {&out->integ_i, a},
        {&out->encr_r, e}, {&out->integ_r, a},
    };
    /* clang-format on */
    enum crypto_result result = CRYPTO_FAULT;
    if (count > 0)
        result = cut_keys(c, prf, secret_view(d), parts, count, cut, sizeof cut / sizeof cut[0]);
    if (result != CRYPTO_OK)
        child_keys_wipe(out);
    return result;
}

/* ---- post-quantum pre-shared keys (RFC 8784 3) ----------------------------------------------- */

static enum crypto_result mix(const struct crypto *c, const struct alg *prf, struct bytes ppk, struct secret *key)
{
    struct secret before = *key;
    const struct bytes seed = secret_view(&before);
    const struct cut cut = {key, prf->key_len};
    enum crypto_result result = cut_keys(c, prf, ppk, &seed, 1, &cut, 1);
    secret_wipe(&before);
    return result;
}

enum crypto_result keys_mix_ppk(const struct crypto *c, const struct alg *prf, struct bytes ppk, struct ike_keys *keys)
{
    struct secret *const mixed[] = {&keys->d, &keys->pi, &keys->pr};
    for (size_t i = 0; i < 3; i++) {
        enum crypto_result result = mix(c, prf, ppk, mixed[i]);
        if (result != CRYPTO_OK) {
            ike_keys_wipe(keys);
            return result;
        }
    }
    return CRYPTO_OK;
}

enum crypto_result keys_with_ppk(const struct crypto *c, const struct ike_suite *suite,
                                 const struct ike_seed *seed, struct bytes ppk,
                                 const struct secret *d_before, struct ike_keys *out)
{
    struct secret skeyseed = *d_before;
    enum crypto_result result = mix(c, suite->prf, ppk, &skeyseed);
    if (result == CRYPTO_OK)
        result = expand(c, suite, seed, secret_view(&skeyseed), out);
    secret_wipe(&skeyseed);
    if (result != CRYPTO_OK)
        ike_keys_wipe(out);
    return result;
}

enum crypto_result keys_confirm_ppk(const struct crypto *c, const struct alg *prf,
                                    const struct ike_seed *seed, struct bytes ppk, uint8_t *out,
                                    size_t len)
{
    uint8_t spis[16], whole[PRF_LEN_MAX];
    put_u64(spis, seed->spi_i);
    put_u64(spis + 8, seed->spi_r);
    const struct bytes parts[] = {seed->ni, seed->nr, BYTES_OF(spis)};
    enum crypto_result result = c->prf(c->self, prf, ppk, parts, 3, whole);
    if (result == CRYPTO_OK)
        memcpy(out, whole, len);
    wipe(whole, sizeof whole);
    return result;
}

/* ---- wiping ---------------------------------------------------------------------------------- */

void ike_keys_wipe(struct ike_keys *k)
{
    wipe(k, sizeof *k);
}

void child_keys_wipe(struct child_keys *k)
{
    wipe(k, sizeof *k);
}
