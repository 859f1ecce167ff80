/*
 * bench-crypto: what one call of the OpenSSL backend costs, in nanoseconds of CPU time.
 *
 * Compare with `openssl speed` on the same machine: `-evp aes-256-gcm -aead -bytes 1420`, `ecdhx25519`,
 * `-kem-algorithms`.
 * Each line is the best of several rounds, so that a busy machine disturbs it little.
 */
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "crypto/alg.h"
#include "crypto/ossl.h"

enum { ROUNDS = 5 };

struct job {
    struct crypto *crypto;
    const struct alg *alg;
    struct cipher_keys keys;
    struct packet_cipher *packet;
    size_t len;
    uint64_t count;
    uint8_t text[2048], iv[IV_LEN_MAX], icv[PRF_LEN_MAX];
};

static double now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return (double)t.tv_sec * 1e9 + (double)t.tv_nsec;
}

static void check(enum crypto_result result)
{
    if (result == CRYPTO_OK)
        return;
    fprintf(stderr, "an operation failed\n");
    exit(1);
}

static double run_rounds(void (*step)(struct job *), struct job *job, double budget)
{
    double best = 1e18;
    for (int round = 0; round < ROUNDS; round++) {
        double start = now();
        uint64_t n = 0;
        do {
            for (int i = 0; i < 16; i++)
                step(job);
            n += 16;
        } while (now() - start < budget);
        double each = (now() - start) / (double)n;
        best = each < best ? each : best;
    }
    return best;
}

static void report(const char *what, const struct alg *alg, const struct alg *with, double ns, size_t len)
{
    printf("%-12s %-18s %-18s %10.0f ns %10.0f /s", what, alg->keyword, with ? with->keyword : "", ns, 1e9 / ns);
    if (len)
        printf(" %8.0f MB/s", (double)len * 1e3 / ns);
    printf("\n");
}

static void prf_step(struct job *job)
{
    struct bytes key = bytes_make(job->text, job->alg->key_len);
    struct bytes parts[2] = {bytes_make(job->text, 32), bytes_make(job->text, 49)};
    check(job->crypto->prf(job->crypto->self, job->alg, key, parts, 2, job->icv));
}

static void seal_step(struct job *job)
{
    put_u64(job->iv, job->count++);
    check(job->crypto->seal(job->crypto->self, &job->keys, bytes_make(job->text, 32), job->iv, job->text + 32, job->len,
                            job->icv));
}

static void open_step(struct job *job)
{
    seal_step(job);
    check(job->crypto->open(job->crypto->self, &job->keys, bytes_make(job->text, 32), job->iv, job->text + 32, job->len,
                            job->icv));
}

static void packet_step(struct job *job)
{
    put_u64(job->iv, job->count++);
    check(job->crypto->packet_seal(job->crypto->self, job->packet, bytes_make(job->text, 8), BYTES_NONE, job->iv,
                                   job->text + 16, job->len, job->icv));
}

static void offer_step(struct job *job)
{
    struct kex *state;
    uint8_t data[KEX_DATA_MAX];
    check(job->crypto->kex_offer(job->crypto->self, job->alg, &state, data));
    job->crypto->kex_free(job->crypto->self, state);
}

static void exchange_step(struct job *job)
{
    struct kex *state;
    struct shared_secret secret;
    uint8_t offer[KEX_DATA_MAX], answer[KEX_DATA_MAX];
    check(job->crypto->kex_offer(job->crypto->self, job->alg, &state, offer));
    check(job->crypto->kex_answer(job->crypto->self, job->alg, bytes_make(offer, job->alg->offer_len), answer,
                                  &secret));
    check(job->crypto->kex_finish(job->crypto->self, state, bytes_make(answer, job->alg->answer_len), &secret));
    job->crypto->kex_free(job->crypto->self, state);
}

static void bench_cipher(struct crypto *crypto, const char *encr, const char *integ)
{
    static const struct secret integ_key = {.len = 0};
    struct job job = {.crypto = crypto, .alg = alg_by_keyword(bytes_str(encr))};
    struct secret key = {.len = (uint8_t)(job.alg->key_len + job.alg->salt_len)}, mac = integ_key;
    job.keys = (struct cipher_keys){.encr = job.alg, .encr_key = &key, .integ_key = &mac};
    if (integ) {
        job.keys.integ = alg_by_keyword(bytes_str(integ));
        mac.len = (uint8_t)job.keys.integ->key_len;
    }
    job.len = 208;
    double seal = run_rounds(seal_step, &job, 1e8);
    double both = run_rounds(open_step, &job, 1e8);
    report("seal 208", job.alg, job.keys.integ, seal, job.len);
    report("open 208", job.alg, job.keys.integ, both - seal, job.len);
    static const size_t lens[] = {64, 1424};
    job.packet = crypto->packet_new(crypto->self, &job.keys, true);
    for (size_t i = 0; i < 2; i++) {
        job.len = lens[i];
        char what[32];
        snprintf(what, sizeof what, "packet %zu", job.len);
        report(what, job.alg, job.keys.integ, run_rounds(packet_step, &job, 1e8), job.len);
    }
    crypto->packet_free(crypto->self, job.packet);
}

int main(void)
{
    struct crypto *crypto = ossl_crypto_new();
    if (!crypto)
        return 1;
    for (size_t i = 0; i < ALG_COUNT; i++) {
        struct job job = {.crypto = crypto, .alg = alg_at(i)};
        if (job.alg->type == ALG_TYPE_PRF && crypto->has(crypto->self, job.alg))
            report("prf 81", job.alg, NULL, run_rounds(prf_step, &job, 1e8), 0);
    }
    bench_cipher(crypto, "aes128gcm16", NULL);
    bench_cipher(crypto, "aes256gcm16", NULL);
    bench_cipher(crypto, "chacha20poly1305", NULL);
    bench_cipher(crypto, "aes256ccm16", NULL);
    bench_cipher(crypto, "aes256", "sha256");
    bench_cipher(crypto, "aes256", "sha512");
    bench_cipher(crypto, "aes128ctr", "aesxcbc");
    bench_cipher(crypto, "aes128", "aescmac");
    for (size_t i = 0; i < ALG_COUNT; i++) {
        struct job job = {.crypto = crypto, .alg = alg_at(i)};
        if (job.alg->type != ALG_TYPE_KE || !crypto->has(crypto->self, job.alg))
            continue;
        report("offer", job.alg, NULL, run_rounds(offer_step, &job, 5e7), 0);
        report("exchange", job.alg, NULL, run_rounds(exchange_step, &job, 5e7), 0);
    }
    ossl_crypto_free(crypto);
    return 0;
}
