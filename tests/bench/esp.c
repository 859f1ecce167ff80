/*
 * bench-esp: what the in-memory ESP engine costs (esp_seal, esp_open: sequence number, IV, padding,
 * replay window, ICV) next to bare OpenSSL.
 *
 * Two yardsticks are measured in the same run, in turns with ours, so that a busy or throttled
 * machine disturbs all of them alike:
 *     speed   the loop of `openssl speed -aead`: key and IV set, 13 octets of associated data, one
 *             buffer, no tag fetched when sealing
 *     lean    the least that does the same work: the key stays; IV, 12 octets of associated data,
 *             text, tag; 64 buffers, as ours
 * The ratio is yardstick time / our time for one packet: above 1 we are faster. CPU time, median of
 * the rounds.
 *
 * usage: bench-esp [milliseconds a round, default 10]
 */
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include <openssl/core_names.h>
#include <openssl/evp.h>

#include "crypto/ossl.h"
#include "esp/esp.h"

enum {
    ROUNDS = 15,
    BATCH = 64,
    SLOT_LEN = 2048,
    SIZES = 2,
    TAG_LEN = 16,
};

/* clang-format off */
static const struct suite {
    const char *encr, *integ, *cipher, *digest; /* keywords of alg.def, names of OpenSSL */
} suites[] = {
    {"aes128gcm16",      NULL,     "AES-128-GCM",       NULL},
    {"aes256gcm16",      NULL,     "AES-256-GCM",       NULL},
    {"chacha20poly1305", NULL,     "ChaCha20-Poly1305", NULL},
    {"aes128",           "sha256", "AES-128-CBC",       "SHA256"},
    {"aes256",           "sha512", "AES-256-CBC",       "SHA512"},
};
/* clang-format on */
static const size_t sizes[SIZES] = {64, 1420};

struct bench {
    const struct suite *suite;
    struct crypto *crypto;
    size_t len;
    struct esp_pool pool;
    struct esp_out out;
    struct esp_in in;
    EVP_CIPHER_CTX *seal, *open;
    EVP_MAC_CTX *mac;
    uint8_t slot[BATCH][SLOT_LEN];
    struct bytes sealed[BATCH];
    uint8_t key[36], iv[16], tag[EVP_MAX_MD_SIZE];
};

static void must(int ok, const char *what)
{
    if (ok == 1)
        return;
    fprintf(stderr, "bench-esp: %s failed\n", what);
    exit(1);
}

static double cpu_now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return (double)t.tv_sec * 1e9 + (double)t.tv_nsec;
}

/* ---- ours ------------------------------------------------------------------------------------ */

static void fill(struct bench *b)
{
    for (size_t i = 0; i < BATCH; i++) {
        uint8_t *at = b->slot[i] + ESP_HEADROOM;
        at[0] = 0x45;
        put_u16(at + 2, (uint16_t)b->len);
    }
}

static void seal_batch(struct bench *b)
{
    for (size_t i = 0; i < BATCH; i++)
        must(esp_seal(&b->out, b->slot[i] + ESP_HEADROOM, b->len, NEXT_IPV4, &b->sealed[i]) ==
                 ESP_OK,
             "seal");
}

static void open_batch(struct bench *b)
{
    struct esp_payload p;
    bool authentic;
    for (size_t i = 0; i < BATCH; i++)
        must(esp_open(&b->in, (uint8_t *)(uintptr_t)b->sealed[i].at, b->sealed[i].len, &p,
                      &authentic) == ESP_OK,
             "open");
}

/* ---- the loop of openssl speed --------------------------------------------------------------- */

static void speed_start(struct bench *b, EVP_CIPHER_CTX *ctx)
{
    static const uint8_t aad[13] = {0xcc};
    int done;
    must(EVP_CIPHER_CTX_ctrl(ctx, EVP_CTRL_AEAD_SET_IVLEN, 12, NULL), "iv length");
    must(EVP_CipherInit_ex(ctx, NULL, NULL, b->key, b->iv, -1), "key and iv");
    if (ctx == b->open)
        must(EVP_CIPHER_CTX_ctrl(ctx, EVP_CTRL_AEAD_SET_TAG, TAG_LEN, b->tag), "tag");
    must(EVP_CipherUpdate(ctx, NULL, &done, aad, sizeof aad), "aad");
}

static void speed_seal_batch(struct bench *b)
{
    int done;
    for (size_t i = 0; i < BATCH; i++) {
        speed_start(b, b->seal);
        must(EVP_CipherUpdate(b->seal, b->slot[0], &done, b->slot[0], (int)b->len), "text");
        must(EVP_CipherFinal_ex(b->seal, b->slot[0], &done), "final");
    }
}

/*
 * It opens from one buffer into another; the tag is right the first time only, as in openssl speed
 * the result is not looked at.
 */
static void speed_open_batch(struct bench *b)
{
    int done;
    for (size_t i = 0; i < BATCH; i++) {
        speed_start(b, b->open);
        must(EVP_CipherUpdate(b->open, b->slot[1], &done, b->slot[0], (int)b->len), "text");
        (void)EVP_CipherFinal_ex(b->open, b->slot[1], &done);
    }
}

/* ---- the least work -------------------------------------------------------------------------- */

static void lean_mac(struct bench *b, const uint8_t *text)
{
    size_t done;
    must(EVP_MAC_init(b->mac, NULL, 0, NULL), "mac");
    must(EVP_MAC_update(b->mac, text, b->len + 4), "mac");
    must(EVP_MAC_final(b->mac, b->tag, &done, sizeof b->tag), "mac");
}

static void lean_text(struct bench *b, EVP_CIPHER_CTX *ctx, uint8_t *text)
{
    int done;
    size_t len = b->mac ? (b->len + 2 + 15) / 16 * 16 : b->len + 4; /* with a trailer, as in ESP */
    put_u64(b->iv + 4, get_u64(b->iv + 4) + 1);
    must(EVP_CipherInit_ex2(ctx, NULL, NULL, b->iv, -1, NULL), "iv");
    if (!b->mac)
        must(EVP_CipherUpdate(ctx, NULL, &done, b->key, 12), "aad");
    must(EVP_CipherUpdate(ctx, text, &done, text, (int)len), "text");
}

static void lean_seal_batch(struct bench *b)
{
    int done;
    for (size_t i = 0; i < BATCH; i++) {
        uint8_t *text = b->slot[i] + ESP_HEADROOM;
        lean_text(b, b->seal, text);
        if (b->mac) {
            lean_mac(b, text);
            continue;
        }
        must(EVP_CipherFinal_ex(b->seal, text, &done), "final");
        must(EVP_CIPHER_CTX_ctrl(b->seal, EVP_CTRL_AEAD_GET_TAG, TAG_LEN, b->tag), "tag");
    }
}

static void lean_open_batch(struct bench *b)
{
    int done;
    for (size_t i = 0; i < BATCH; i++) {
        uint8_t *text = b->slot[i] + ESP_HEADROOM;
        if (b->mac)
            lean_mac(b, text);
        else
            must(EVP_CIPHER_CTX_ctrl(b->open, EVP_CTRL_AEAD_SET_TAG, TAG_LEN, b->tag), "tag");
        lean_text(b, b->open, text);
        if (!b->mac)
            (void)EVP_CipherFinal_ex(b->open, text, &done);
    }
}

/* ---- rounds ---------------------------------------------------------------------------------- */

enum {
    SEAL,
    OPEN,
    DIRECTIONS,
};
enum {
    OURS,
    SPEED,
    LEAN,
    METHODS,
};

/*
 * Nanoseconds a packet in one round. Opening ours needs packets sealed before: only the opening is
 * timed.
 */
static double run_round(struct bench *b, int method, int direction, double budget)
{
    static void (*const step[METHODS][DIRECTIONS])(struct bench *) = {
        [OURS] = {seal_batch, open_batch},
        [SPEED] = {speed_seal_batch, speed_open_batch},
        [LEAN] = {lean_seal_batch, lean_open_batch},
    };
    double spent = 0;
    size_t packets = 0;
    fill(b);
    while (spent < budget) {
        if (method == OURS && direction == OPEN)
            seal_batch(b);
        double start = cpu_now();
        step[method][direction](b);
        spent += cpu_now() - start;
        packets += BATCH;
        if (method == OURS && direction == SEAL)
            fill(b);
    }
    return spent / (double)packets;
}

static int compare(const void *x, const void *y)
{
    double d = *(const double *)x - *(const double *)y;
    return d < 0 ? -1 : d > 0;
}

static double median(double *v)
{
    qsort(v, ROUNDS, sizeof *v, compare);
    return v[ROUNDS / 2];
}

static void measure(struct bench *b, int direction, double budget)
{
    static double ns[METHODS][ROUNDS];
    for (int round = 0; round < ROUNDS; round++) {
        for (int method = OURS; method < METHODS; method++) {
            if (method != SPEED || !b->mac) /* openssl speed has no such pair */
                ns[method][round] = run_round(b, method, direction, budget);
        }
    }
    double ours = median(ns[OURS]), lean = median(ns[LEAN]);
    printf("%-17s %-7s %5zu %-5s %7.0f %10.0f %8.0f ", b->suite->encr,
           b->suite->integ ? b->suite->integ : "", b->len, direction == SEAL ? "seal" : "open",
           ours, 1e9 / ours, (double)b->len * 1e3 / ours);
    if (b->mac)
        printf("%7s %6s ", "-", "-");
    else
        printf("%7.0f %6.2f ", median(ns[SPEED]), ns[SPEED][ROUNDS / 2] / ours);
    printf("%7.0f %6.2f\n", lean, lean / ours);
}

/* ---- set-up ---------------------------------------------------------------------------------- */

static EVP_CIPHER_CTX *make_context(struct bench *b, int sealing)
{
    EVP_CIPHER *cipher = EVP_CIPHER_fetch(NULL, b->suite->cipher, NULL);
    EVP_CIPHER_CTX *ctx = EVP_CIPHER_CTX_new();
    must(cipher && ctx && EVP_CipherInit_ex2(ctx, cipher, b->key, b->iv, sealing, NULL), "cipher");
    EVP_CIPHER_CTX_set_padding(ctx, 0);
    EVP_CIPHER_free(cipher);
    return ctx;
}

static EVP_MAC_CTX *make_mac(struct bench *b)
{
    char digest[16];
    EVP_MAC *hmac = EVP_MAC_fetch(NULL, "HMAC", NULL);
    EVP_MAC_CTX *ctx = EVP_MAC_CTX_new(hmac);
    snprintf(digest, sizeof digest, "%s", b->suite->digest);
    OSSL_PARAM params[] = {OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, digest, 0),
                           OSSL_PARAM_construct_end()};
    must(hmac && ctx && EVP_MAC_init(ctx, b->key, 32, params), "hmac");
    EVP_MAC_free(hmac);
    return ctx;
}

static void *take(void *self, size_t len)
{
    (void)self;
    return malloc(len);
}

static void give(void *self, void *at, size_t len)
{
    (void)self, (void)len;
    free(at);
}

static void run_suite(struct crypto *crypto, const struct suite *suite, size_t len, double budget)
{
    static struct bench bench;
    static const struct alloc alloc = {.take = take, .give = give};
    struct bench *b = &bench;
    *b =
        (struct bench){.suite = suite, .crypto = crypto, .len = len, .pool = esp_pool_make(crypto)};
    const struct alg *encr = alg_by_keyword(bytes_str(suite->encr));
    const struct alg *integ = suite->integ ? alg_by_keyword(bytes_str(suite->integ)) : NULL;
    struct secret encr_key = {.len = (uint8_t)(encr->key_len + encr->salt_len)},
                  integ_key = {.len = (uint8_t)(integ ? integ->key_len : 0)};
    struct esp_params p = {.crypto = crypto,
                           .encr = encr,
                           .integ = integ,
                           .encr_key = &encr_key,
                           .integ_key = &integ_key,
                           .spi = 1,
                           .esn = true,
                           .replay_window = 128};
    must(esp_out_make(&b->out, &p, &b->pool) && esp_in_make(&b->in, &p, &alloc), "SA");
    b->seal = make_context(b, 1);
    b->open = make_context(b, 0);
    b->mac = integ ? make_mac(b) : NULL;
    measure(b, SEAL, budget);
    b->in.replay.top = b->out.seq; /* what was sealed so far never arrives */
    measure(b, OPEN, budget);
    EVP_CIPHER_CTX_free(b->seal);
    EVP_CIPHER_CTX_free(b->open);
    EVP_MAC_CTX_free(b->mac);
    esp_out_free(&b->out);
    esp_in_free(&b->in);
}

int main(int argc, char **argv)
{
    double budget = (argc > 1 ? atof(argv[1]) : 10) * 1e6;
    struct crypto *crypto = ossl_crypto_new();
    must(crypto != NULL, "OpenSSL");
    printf("esp_seal and esp_open, ESN on, window 128; medians of %d alternating rounds of %.0f ms\n"
           "compare `speed` with: openssl speed -aead -evp aes-256-gcm -bytes 1420 [-decrypt]\n\n",
           ROUNDS, budget / 1e6);
    printf("%-17s %-7s %5s %-5s %7s %10s %8s %7s %6s %7s %6s\n", "suite", "", "bytes", "", "ns",
           "packets/s", "MB/s", "speed", "ratio", "lean", "ratio");
    for (size_t i = 0; i < sizeof suites / sizeof suites[0]; i++) {
        for (size_t s = 0; s < SIZES; s++)
            run_suite(crypto, &suites[i], sizes[s], budget);
    }
    ossl_crypto_free(crypto);
    return 0;
}
