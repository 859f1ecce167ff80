/* ossl_cipher: see ossl_cipher.h. */
#include "crypto/ossl_cipher.h"

#include <limits.h>

#include <openssl/err.h>

#include "crypto/alg.h"

/* What is peculiar to a mode. */
enum mode_trait {
    FIRST_BLOCK = 1 << 0,  /* the nonce ends with a 32-bit block counter, which starts at 1 (RFC 3686 4, RFC 5930 2) */
    LENGTH_FIRST = 1 << 1, /* CCM has to be told the lengths of ICV and text before anything else (RFC 3610 2.2) */
};

/* clang-format off */
static const struct mode {
    uint16_t id;
    unsigned traits;
    const char *name[3]; /* key of 128, 192, 256 bits */
} modes[] = {
    {12, 0,            {"AES-128-CBC", "AES-192-CBC", "AES-256-CBC"}},
    {13, FIRST_BLOCK,  {"AES-128-CTR", "AES-192-CTR", "AES-256-CTR"}},
    {14, LENGTH_FIRST, {"AES-128-CCM", "AES-192-CCM", "AES-256-CCM"}},
    {15, LENGTH_FIRST, {"AES-128-CCM", "AES-192-CCM", "AES-256-CCM"}},
    {16, LENGTH_FIRST, {"AES-128-CCM", "AES-192-CCM", "AES-256-CCM"}},
    {18, 0,            {"AES-128-GCM", "AES-192-GCM", "AES-256-GCM"}},
    {19, 0,            {"AES-128-GCM", "AES-192-GCM", "AES-256-GCM"}},
    {20, 0,            {"AES-128-GCM", "AES-192-GCM", "AES-256-GCM"}},
    {28, 0,            {NULL,          NULL,          "ChaCha20-Poly1305"}},
};
/* clang-format on */

static const struct mode *find_mode(const struct alg *encr)
{
    for (size_t i = 0; i < sizeof modes / sizeof modes[0]; i++) {
        if (modes[i].id == encr->id)
            return &modes[i];
    }
    return NULL;
}

/* ---- contexts ------------------------------------------------------------------------------------------------ */

EVP_CIPHER_CTX *ossl_cipher_context(const struct ossl_cipher *c, const struct alg *encr, bool sealing)
{
    const struct mode *mode = find_mode(encr);
    EVP_CIPHER_CTX *ctx = mode ? EVP_CIPHER_CTX_new() : NULL;
    bool ok = ctx && EVP_CipherInit_ex2(ctx, c->cipher, NULL, NULL, sealing, NULL) == 1;
    if (encr->flags & ALG_AEAD) {
        int nonce_len = encr->salt_len + encr->iv_len;
        ok = ok && EVP_CIPHER_CTX_ctrl(ctx, EVP_CTRL_AEAD_SET_IVLEN, nonce_len, NULL) == 1;
        if (ok && (mode->traits & LENGTH_FIRST)) /* before any key */
            ok = ok && EVP_CIPHER_CTX_ctrl(ctx, EVP_CTRL_AEAD_SET_TAG, encr->out_len, NULL) == 1;
    } else {
        ok = ok && EVP_CIPHER_CTX_set_padding(ctx, 0) == 1;
    }
    if (ok)
        return ctx;
    EVP_CIPHER_CTX_free(ctx);
    return NULL;
}

bool ossl_cipher_make(struct ossl_cipher *c, const struct alg *encr)
{
    const struct mode *mode = find_mode(encr);
    if (!mode)
        return false;
    c->cipher = EVP_CIPHER_fetch(NULL, mode->name[encr->key_len / 8 - 2], NULL);
    if (!c->cipher)
        return false;
    c->seal = ossl_cipher_context(c, encr, true);
    c->open = ossl_cipher_context(c, encr, false);
    return c->seal && c->open;
}

void ossl_cipher_drop(struct ossl_cipher *c)
{
    EVP_CIPHER_CTX_free(c->seal);
    EVP_CIPHER_CTX_free(c->open);
    EVP_CIPHER_free(c->cipher);
    *c = (struct ossl_cipher){0};
}

bool ossl_keyed_set(struct ossl_keyed *k, const struct cipher_keys *keys, bool keep_mac_key)
{
    const struct alg *encr = keys->encr;
    const struct mode *mode = find_mode(encr);
    if (!mode)
        return false;
    k->encr = encr;
    k->traits = mode->traits;
    k->integ = encr->flags & ALG_AEAD ? NULL : keys->integ;
    if (keys->encr_key->len != encr->key_len + encr->salt_len)
        return false;
    memcpy(k->nonce, keys->encr_key->data + encr->key_len, encr->salt_len);
    if (mode->traits & FIRST_BLOCK)
        put_u32(k->nonce + encr->salt_len + encr->iv_len, 1);
    if (EVP_CipherInit_ex2(k->ctx, NULL, keys->encr_key->data, NULL, -1, NULL) != 1)
        return false;
    if (encr->flags & ALG_AEAD)
        return true;
    if (!k->mac || keys->integ_key->len != k->integ->key_len)
        return false;
    k->mac_key = keep_mac_key ? NULL : keys->integ_key;
    return !keep_mac_key || ossl_mac_key(k->mac, secret_view(keys->integ_key));
}

void ossl_keyed_forget(struct ossl_keyed *k)
{
    static const uint8_t zero[SECRET_MAX];
    if (k->ctx)
        (void)EVP_CipherInit_ex2(k->ctx, NULL, zero, NULL, -1, NULL);
    wipe(k, sizeof *k);
}

/* ---- sealing and opening ------------------------------------------------------------------------------------- */

/* The rest of the nonce is in its place already. The direction is the context's. */
static bool set_nonce(struct ossl_keyed *k, const uint8_t *iv)
{
    memcpy(k->nonce + k->encr->salt_len, iv, k->encr->iv_len);
    return EVP_CipherInit_ex2(k->ctx, NULL, NULL, k->nonce, -1, NULL) == 1;
}

static bool run_cipher(EVP_CIPHER_CTX *ctx, uint8_t *out, const uint8_t *in, size_t len)
{
    int done;
    return EVP_CipherUpdate(ctx, out, &done, in, (int)len) == 1;
}

/* The associated data of an AEAD; CCM wants the length of the text before it. */
static bool begin_aead(struct ossl_keyed *k, struct bytes aad, const uint8_t *iv, size_t len)
{
    if (!set_nonce(k, iv))
        return false;
    if ((k->traits & LENGTH_FIRST) && !run_cipher(k->ctx, NULL, NULL, len))
        return false;
    return aad.len == 0 || run_cipher(k->ctx, NULL, aad.at, aad.len);
}

static bool seal_aead(struct ossl_keyed *k, struct bytes aad, const uint8_t *iv, uint8_t *text, size_t len,
                      uint8_t *icv)
{
    int done;
    return begin_aead(k, aad, iv, len) && run_cipher(k->ctx, text, text, len) &&
           EVP_CipherFinal_ex(k->ctx, text + len, &done) == 1 &&
           EVP_CIPHER_CTX_ctrl(k->ctx, EVP_CTRL_AEAD_GET_TAG, k->encr->out_len, icv) == 1;
}

/* Whether the ICV is right shows in the text call (CCM) or in the final one (GCM, ChaCha20-Poly1305). */
static enum crypto_result open_aead(struct ossl_keyed *k, struct bytes aad, const uint8_t *iv, uint8_t *text,
                                    size_t len, const uint8_t *icv)
{
    int done;
    if (EVP_CIPHER_CTX_ctrl(k->ctx, EVP_CTRL_AEAD_SET_TAG, k->encr->out_len, (void *)(uintptr_t)icv) != 1 ||
        !begin_aead(k, aad, iv, len))
        return CRYPTO_FAULT;
    bool good = run_cipher(k->ctx, text, text, len) && EVP_CipherFinal_ex(k->ctx, text + len, &done) == 1;
    return good ? CRYPTO_OK : CRYPTO_BAD;
}

/* RFC 7296 3.14, RFC 4303 2.8: over what stands before the IV, the IV, the ciphertext, and the tail. */
static bool compute_icv(struct ossl_keyed *k, struct bytes aad, struct bytes tail, const uint8_t *iv,
                        const uint8_t *text, size_t len, uint8_t *icv)
{
    const struct bytes parts[] = {aad, {iv, k->encr->iv_len}, {text, len}, tail};
    if (k->mac_key)
        return ossl_mac_once(k->mac, secret_view(k->mac_key), parts, 4, icv);
    return ossl_mac_run(k->mac, parts, 4, icv);
}

static bool seal_and_mac(struct ossl_keyed *k, struct bytes aad, struct bytes tail, const uint8_t *iv, uint8_t *text,
                         size_t len, uint8_t *icv)
{
    uint8_t whole[OSSL_MAC_MAX];
    if (len % k->encr->block_len != 0 || !set_nonce(k, iv) || !run_cipher(k->ctx, text, text, len) ||
        !compute_icv(k, aad, tail, iv, text, len, whole))
        return false;
    memcpy(icv, whole, k->integ->out_len);
    return true;
}

static enum crypto_result mac_and_open(struct ossl_keyed *k, struct bytes aad, struct bytes tail, const uint8_t *iv,
                                       uint8_t *text, size_t len, const uint8_t *icv)
{
    uint8_t whole[OSSL_MAC_MAX];
    if (!compute_icv(k, aad, tail, iv, text, len, whole))
        return CRYPTO_FAULT;
    if (!bytes_equal_ct(bytes_make(whole, k->integ->out_len), bytes_make(icv, k->integ->out_len)))
        return CRYPTO_BAD;
    if (len % k->encr->block_len != 0)
        return CRYPTO_BAD;
    return set_nonce(k, iv) && run_cipher(k->ctx, text, text, len) ? CRYPTO_OK : CRYPTO_FAULT;
}

enum crypto_result ossl_keyed_seal(struct ossl_keyed *k, struct bytes aad, struct bytes tail, const uint8_t *iv,
                                   uint8_t *text, size_t len, uint8_t *icv)
{
    if (len > INT_MAX || aad.len > INT_MAX)
        return CRYPTO_FAULT;
    if (k->integ ? seal_and_mac(k, aad, tail, iv, text, len, icv) : seal_aead(k, aad, iv, text, len, icv))
        return CRYPTO_OK;
    ERR_clear_error();
    wipe(text, len); /* half of it may still be plaintext */
    return CRYPTO_FAULT;
}

enum crypto_result ossl_keyed_open(struct ossl_keyed *k, struct bytes aad, struct bytes tail, const uint8_t *iv,
                                   uint8_t *text, size_t len, const uint8_t *icv)
{
    if (len > INT_MAX || aad.len > INT_MAX)
        return CRYPTO_BAD;
    enum crypto_result result =
        k->integ ? mac_and_open(k, aad, tail, iv, text, len, icv) : open_aead(k, aad, iv, text, len, icv);
    if (result == CRYPTO_OK)
        return result;
    ERR_clear_error();
    wipe(text, len); /* an AEAD has decrypted before it could tell */
    return result;
}
