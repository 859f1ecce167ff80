/* ossl_xcbc: see ossl_xcbc.h. */
#include "crypto/ossl_xcbc.h"

static EVP_CIPHER_CTX *new_context(const char *name)
{
    EVP_CIPHER *cipher = EVP_CIPHER_fetch(NULL, name, NULL);
    EVP_CIPHER_CTX *ctx = cipher ? EVP_CIPHER_CTX_new() : NULL;
    bool ok = ctx && EVP_EncryptInit_ex2(ctx, cipher, NULL, NULL, NULL) == 1 && EVP_CIPHER_CTX_set_padding(ctx, 0) == 1;
    EVP_CIPHER_free(cipher); /* the context holds a reference */
    if (ok)
        return ctx;
    EVP_CIPHER_CTX_free(ctx);
    return NULL;
}

bool ossl_xcbc_make(struct ossl_xcbc *x)
{
    x->ecb = new_context("AES-128-ECB");
    x->cbc = new_context("AES-128-CBC");
    return x->ecb && x->cbc;
}

void ossl_xcbc_drop(struct ossl_xcbc *x)
{
    EVP_CIPHER_CTX_free(x->ecb);
    EVP_CIPHER_CTX_free(x->cbc);
    wipe(x, sizeof *x);
}

/* Encrypt whole blocks; in CBC mode the context chains them. */
static bool run_blocks(EVP_CIPHER_CTX *ctx, uint8_t *out, const uint8_t *in, size_t len)
{
    int done;
    return EVP_EncryptUpdate(ctx, out, &done, in, (int)len) == 1;
}

bool ossl_xcbc_key(struct ossl_xcbc *x, const uint8_t key[XCBC_BLOCK])
{
    uint8_t k[3][XCBC_BLOCK]; /* K1, K2, K3: RFC 3566 4, step (1) */
    for (size_t i = 0; i < 3; i++)
        memset(k[i], (int)i + 1, XCBC_BLOCK);
    bool ok = EVP_EncryptInit_ex2(x->ecb, NULL, key, NULL, NULL) == 1 && run_blocks(x->ecb, k[0], k[0], sizeof k) &&
              EVP_EncryptInit_ex2(x->cbc, NULL, k[0], NULL, NULL) == 1;
    memcpy(x->k2, k[1], XCBC_BLOCK);
    memcpy(x->k3, k[2], XCBC_BLOCK);
    wipe(k, sizeof k);
    return ok;
}

/* Blocks that are certainly not the last. */
static bool absorb_blocks(struct ossl_xcbc *x, const uint8_t *at, size_t len)
{
    uint8_t chain[16 * XCBC_BLOCK];
    while (len > 0) {
        size_t now = len < sizeof chain ? len : sizeof chain;
        if (!run_blocks(x->cbc, chain, at, now))
            return false;
        at += now;
        len -= now;
    }
    return true;
}

static bool add_part(struct ossl_xcbc *x, struct bytes part)
{
    while (part.len > 0) {
        size_t now;
        if (x->held_len == XCBC_BLOCK) {
            if (!absorb_blocks(x, x->held, XCBC_BLOCK))
                return false;
            x->held_len = 0;
        }
        if (x->held_len == 0 && part.len > XCBC_BLOCK) {
            now = (part.len - 1) / XCBC_BLOCK * XCBC_BLOCK; /* at least one octet stays for the last block */
            if (!absorb_blocks(x, part.at, now))
                return false;
        } else {
            size_t room = XCBC_BLOCK - x->held_len;
            now = part.len < room ? part.len : room;
            memcpy(x->held + x->held_len, part.at, now);
            x->held_len += now;
        }
        part = bytes_make(part.at + now, part.len - now);
    }
    return true;
}

static bool end_message(struct ossl_xcbc *x, uint8_t *out)
{
    const uint8_t *mix = x->k2;
    if (x->held_len < XCBC_BLOCK) {
        memset(x->held + x->held_len, 0, XCBC_BLOCK - x->held_len);
        x->held[x->held_len] = 0x80;
        mix = x->k3;
    }
    for (size_t i = 0; i < XCBC_BLOCK; i++)
        x->held[i] ^= mix[i];
    bool ok = run_blocks(x->cbc, out, x->held, XCBC_BLOCK);
    wipe(x->held, sizeof x->held);
    return ok;
}

bool ossl_xcbc_run(struct ossl_xcbc *x, const struct bytes *parts, size_t count, uint8_t out[XCBC_BLOCK])
{
    static const uint8_t zero[XCBC_BLOCK];
    x->held_len = 0;
    bool ok = EVP_EncryptInit_ex2(x->cbc, NULL, NULL, zero, NULL) == 1;
    for (size_t i = 0; ok && i < count; i++)
        ok = add_part(x, parts[i]);
    return ok && end_message(x, out);
}
