/*
 * bench-engine: what handshakes cost. Two engines in one memory set up an IKE SA and a Child SA
 * with the OpenSSL backend, suite by suite: with a pre-shared key, and with certificates of a CA
 * that both sides trust, each side's sent along and judged as the daemon does.
 *
 *     both/s, I/s, R/s  handshakes per second of CPU time: of both sides together, of the
 *                       initiator, of the responder
 *     us                CPU time of one handshake, both sides
 *     public            share of it spent in public-key operations: key exchange, making and
 *                       checking AUTH's signatures, X509_verify_cert
 *     other             in the rest of cryptography
 *     engine            in braid's own code, and in what OpenSSL does to read certificates
 *     floor             CPU time of the same cryptographic calls without an engine, divided by that
 *                       of the handshake; 1.00: the engine costs nothing
 *     bytes, dgr        UDP payload and datagrams, both directions
 *     takesI, takesR    pieces of memory the engines took from their allocator
 *     OpenSSL           and OpenSSL from its own, both sides together
 *
 * and how much memory an engine holds for each established IKE SA with its Child SA.
 *
 * Times are medians of rounds; suites take turns, so that a busy machine disturbs all of them
 * alike. The shares come from the time of day at each door, which is the only clock cheap enough.
 *
 * usage: bench-engine [--json] [--quick] [--profile SUITE]
 *        --profile: only some handshakes of that suite, for callgrind and perf
 */
#include <stdio.h>
#include <stdlib.h>

#include <openssl/crypto.h>

#include "crypto/ossl.h"
#include "../support/duo.h"
#include "../support/measure.h"
#include "../support/proofs.h"

enum {
    ROUNDS_MAX = 15,
    BATCH = 32,
    PROFILED = 4,
};

static void must(bool ok, const char *what)
{
    if (ok)
        return;
    fprintf(stderr, "bench-engine: %s\n", what);
    exit(1);
}

/* ---- suites ---------------------------------------------------------------------------------- */

/* clang-format off */
static const struct suite {
    const char *name, *ike, *esp, *certs; /* NULL: a pre-shared key */
    bool strangers;                       /* certificates that have not been seen before */
} suites[] = {
    {"x25519",                     "aes256gcm16-prfsha256-x25519",                             "aes256gcm16", NULL, false},
    {"x25519+mlkem768",            "aes256gcm16-prfsha256-x25519-ke1_mlkem768",                "aes256gcm16", NULL, false},
    {"x25519+mlkem768 cbc",        "aes256-sha256-x25519-ke1_mlkem768",                        "aes256-sha256", NULL, false},
    {"x25519+mlkem768 chacha",     "chacha20poly1305-prfsha256-x25519-ke1_mlkem768",           "chacha20poly1305", NULL, false},
    {"x25519+mlkem768+ecp384",     "aes256gcm16-prfsha256-x25519-ke1_mlkem768-ke2_ecp384",     "aes256gcm16", NULL, false},
    {"x25519+mlkem1024",           "aes256gcm16-prfsha384-x25519-ke1_mlkem1024",               "aes256gcm16", NULL, false},
    {"ecp256",                     "aes256gcm16-prfsha256-ecp256",                             "aes256gcm16", NULL, false},
    {"ecp384+mlkem1024",           "aes256gcm16-prfsha384-ecp384-ke1_mlkem1024",               "aes256gcm16", NULL, false},
    {"modp3072+mlkem768",          "aes256gcm16-prfsha256-modp3072-ke1_mlkem768",              "aes256gcm16", NULL, false},
    {"x25519 and seven more",      "aes256gcm16-prfsha256-x25519-ke1_mlkem768-ke2_ecp384-ke3_mlkem1024-ke4_x448-ke5_mlkem512-ke6_ecp256-ke7_ecp521", "aes256gcm16", NULL, false},
    {"hybrid, ECDSA P-256",        "aes256gcm16-prfsha256-x25519-ke1_mlkem768",                "aes256gcm16", "ecdsa256", false},
    {"the same, new peers",         "aes256gcm16-prfsha256-x25519-ke1_mlkem768",                "aes256gcm16", "ecdsa256", true},
    {"hybrid, ML-DSA-65",          "aes256gcm16-prfsha256-x25519-ke1_mlkem768",                "aes256gcm16", "mldsa65", false},
    {"mlkem1024, ML-DSA-87",       "aes256gcm16-prfsha384-x25519-ke1_mlkem1024",               "aes256gcm16", "mldsa87", false},
};
/* clang-format on */
enum {
    SUITES = sizeof suites / sizeof suites[0],
    HYBRID = 1,
    SEVEN_MORE = 9,
    ECDSA_256,
    ECDSA_256_NEW,
    ML_DSA_65,
    ML_DSA_87,
};

/* ---- OpenSSL's memory ------------------------------------------------------------------------ */

static uint64_t openssl_takes;

static void *openssl_malloc(size_t len, const char *file, int line)
{
    (void)file, (void)line;
    openssl_takes++;
    return malloc(len);
}

static void *openssl_realloc(void *at, size_t len, const char *file, int line)
{
    (void)file, (void)line;
    openssl_takes++;
    return realloc(at, len);
}

static void openssl_free(void *at, const char *file, int line)
{
    (void)file, (void)line;
    free(at);
}

/* ---- OpenSSL's signatures -------------------------------------------------------------------- */

/* The linker puts these around the calls of libbraid-cred (see tests/CMakeLists.txt). */
static double signatures_ns;
static unsigned signatures_looks; /* at the clock */
static bool signatures_timed;

#define TIMED(name, parameters, arguments) \
    int __real_##name parameters; \
    int __wrap_##name parameters; \
    int __wrap_##name parameters \
    { \
        double start = signatures_timed ? door_now() : 0; \
        int result = __real_##name arguments; \
        signatures_ns += signatures_timed ? door_now() - start - door_now_cost() : 0; \
        signatures_looks += signatures_timed ? 2 : 0; \
        return result; \
    }

/* clang-format off */
TIMED(EVP_DigestSign, (EVP_MD_CTX *ctx, unsigned char *sig, size_t *sig_len, const unsigned char *text, size_t len), (ctx, sig, sig_len, text, len))
TIMED(EVP_DigestVerify, (EVP_MD_CTX *ctx, const unsigned char *sig, size_t sig_len, const unsigned char *text, size_t len), (ctx, sig, sig_len, text, len))
TIMED(X509_verify_cert, (X509_STORE_CTX *ctx), (ctx))
/* clang-format on */

static uint64_t certs_read;

X509 *__real_d2i_X509(X509 **to, const unsigned char **from, long len);
X509 *__wrap_d2i_X509(X509 **to, const unsigned char **from, long len);
X509 *__wrap_d2i_X509(X509 **to, const unsigned char **from, long len)
{
    certs_read++;
    return __real_d2i_X509(to, from, len);
}

/* ---- handshakes ------------------------------------------------------------------------------ */

struct result {
    double us[ROUNDS_MAX], initiator_us[ROUNDS_MAX], responder_us[ROUNDS_MAX], floor_us[ROUNDS_MAX],
        public[ROUNDS_MAX], other[ROUNDS_MAX];
    double bytes, datagrams, takes_i, takes_r, takes_openssl, certs;
};

struct bench {
    const struct suite *suite;
    struct duo_config clients, gateway;
    struct crypto *crypto;
    struct crypto_notes notes; /* of both sides, one handshake */
    struct proofs proofs;
};

static struct duo_terms terms_of(const struct bench *b)
{
    return (struct duo_terms){.ike = b->suite->ike,
                              .esp = b->suite->esp,
                              .conn = "",
                              .child = "",
                              .certs = b->suite->certs ? b->proofs.folder.dir : NULL,
                              .strangers = b->suite->strangers};
}

static void make_bench(struct bench *b, const struct suite *suite, struct crypto *crypto)
{
    b->suite = suite;
    b->crypto = crypto;
    if (suite->certs)
        proofs_make(&b->proofs, suite->certs, BATCH);
    struct duo_terms terms = terms_of(b);
    b->clients = duo_clients(&terms, BATCH);
    b->gateway = duo_gateway(&terms);
}

static void free_bench(struct bench *b)
{
    duo_config_free(&b->clients);
    duo_config_free(&b->gateway);
    if (b->suite->certs)
        proofs_free(&b->proofs);
}

/* As it is: only the clock around all of it. */
static double run_plain(const struct bench *b)
{
    struct duo d;
    duo_make(&d, &b->clients, &b->gateway, b->crypto);
    double start = cpu_now();
    for (unsigned i = 0; i < BATCH; i++)
        duo_initiate(&d, i);
    double spent = cpu_now() - start;
    duo_expect_up(&d, BATCH);
    duo_free(&d);
    return spent / BATCH;
}

/* The signatures of one handshake alone. */
static double run_proofs(const struct bench *b)
{
    double start = cpu_now();
    for (unsigned i = 0; i < BATCH && b->suite->certs; i++)
        proofs_repeat(&b->proofs);
    return (cpu_now() - start) / BATCH;
}

/* With a clock at every door: who spends how much of it. */
static void run_timed(const struct bench *b, struct result *r, int round)
{
    struct duo d;
    duo_make(&d, &b->clients, &b->gateway, b->crypto);
    d.a.timed = d.b.timed = signatures_timed = true;
    struct duo_shares shares = {.count = 0};
    for (unsigned i = 0; i < BATCH; i++) {
        signatures_ns = signatures_looks = 0;
        duo_initiate(&d, i);
        duo_note_shares(&d, &shares, signatures_ns, signatures_looks);
    }
    signatures_timed = false;
    duo_expect_up(&d, BATCH);
    r->initiator_us[round] = r->us[round] * median(shares.a, BATCH);
    r->responder_us[round] = r->us[round] - r->initiator_us[round];
    r->public[round] = median(shares.public, BATCH);
    r->other[round] = median(shares.symmetric, BATCH);
    duo_free(&d);
}

/* What happens in one handshake, counted. */
static void run_counted(struct bench *b, struct result *r)
{
    struct duo d;
    duo_make(&d, &b->clients, &b->gateway, b->crypto);
    duo_initiate(&d, 0); /* the first one makes tables grow */
    size_t a = d.a.takes, c = d.b.takes;
    uint64_t sent = d.a.sent + d.b.sent, total = d.a.sent_octets + d.b.sent_octets,
             openssl = openssl_takes, certs = certs_read;
    b->notes.count = 0;
    d.a.notes = d.b.notes = &b->notes;
    duo_initiate(&d, 1);
    r->takes_i = (double)(d.a.takes - a);
    r->takes_r = (double)(d.b.takes - c);
    r->takes_openssl = (double)(openssl_takes - openssl);
    r->certs = (double)(certs_read - certs);
    r->datagrams = (double)(d.a.sent + d.b.sent - sent);
    r->bytes = (double)(d.a.sent_octets + d.b.sent_octets - total);
    duo_expect_up(&d, 2);
    duo_free(&d);
}

static double run_floor(const struct bench *b)
{
    double start = cpu_now();
    for (unsigned i = 0; i < BATCH; i++)
        crypto_notes_repeat(&b->notes, b->crypto);
    return (cpu_now() - start) / BATCH;
}

static void run_round(struct bench *b, struct result *r, int round)
{
    r->us[round] = run_plain(b) / 1e3;
    r->floor_us[round] = (run_floor(b) + run_proofs(b)) / 1e3;
    run_timed(b, r, round);
}

/* ---- memory ---------------------------------------------------------------------------------- */

struct holding {
    unsigned count;
    double initiator, responder;               /* octets asked for, per established SA pair */
    double usable_initiator, usable_responder; /* as malloc counts them */
};

static struct holding measure_memory(const struct suite *suite, struct crypto *crypto,
                                     unsigned count)
{
    struct duo d;
    struct duo_terms terms = terms_of(&(struct bench){.suite = suite});
    struct duo_config clients = duo_clients(&terms, count), gateway = duo_gateway(&terms);
    duo_make(&d, &clients, &gateway, crypto);
    size_t a = d.a.octets, b = d.b.octets, usable_a = d.a.usable, usable_b = d.b.usable;
    for (unsigned i = 0; i < count; i++)
        duo_initiate(&d, i);
    duo_expect_up(&d, count);
    struct holding h = {
        .count = count,
        .initiator = (double)(d.a.octets - a) / count,
        .responder = (double)(d.b.octets - b) / count,
        .usable_initiator = (double)(d.a.usable - usable_a) / count,
        .usable_responder = (double)(d.b.usable - usable_b) / count,
    };
    duo_free(&d);
    duo_config_free(&clients);
    duo_config_free(&gateway);
    return h;
}

/* ---- output ---------------------------------------------------------------------------------- */

static void print_row(bool json, bool last, const struct suite *suite, struct result *r,
                      size_t rounds)
{
    double us = median(r->us, rounds), i = median(r->initiator_us, rounds),
           resp = median(r->responder_us, rounds);
    double public = median(r->public, rounds), other = median(r->other, rounds),
           floor = median(r->floor_us, rounds);
    if (json)
        printf("    {\"suite\": \"%s\", \"per_second\": %.1f, \"initiator_per_second\": %.1f, "
               "\"responder_per_second\": %.1f, \"us\": %.2f, \"public_share\": %.4f, "
               "\"other_crypto_share\": %.4f, \"floor_us\": %.2f, \"floor_ratio\": %.4f, "
               "\"bytes\": %.0f, \"datagrams\": %.0f, \"takes_initiator\": %.0f, "
               "\"takes_responder\": %.0f, \"takes_openssl\": %.0f}%s\n",
               suite->name, 1e6 / us, 1e6 / i, 1e6 / resp, us, public, other, floor, floor / us,
               r->bytes, r->datagrams, r->takes_i, r->takes_r, r->takes_openssl, last ? "" : ",");
    else
        printf("%-24s %8.0f %8.0f %8.0f %8.0f %6.0f%% %6.0f%% %6.0f%% %6.2f %7.0f %4.0f %6.0f "
               "%6.0f %8.0f\n",
               suite->name, 1e6 / us, 1e6 / i, 1e6 / resp, us, public * 100, other * 100,
               (1 - public - other) * 100, floor / us, r->bytes, r->datagrams, r->takes_i,
               r->takes_r, r->takes_openssl);
}

static void print_holding(bool json, bool last, const struct suite *suite, const struct holding *h)
{
    if (json)
        printf("    {\"suite\": \"%s\", \"sas\": %u, \"initiator\": %.0f, \"responder\": %.0f, "
               "\"initiator_malloc\": %.0f, \"responder_malloc\": %.0f}%s\n",
               suite->name, h->count, h->initiator, h->responder, h->usable_initiator,
               h->usable_responder, last ? "" : ",");
    else
        printf("%-24s %8u %12.0f %12.0f %16.0f %16.0f\n", suite->name, h->count, h->initiator,
               h->responder, h->usable_initiator, h->usable_responder);
}

static bool print_share(bool json, struct result *r, size_t rounds, const char *with, double least)
{
    char what[100];
    snprintf(what, sizeof what, "share of public-key operations, x25519+mlkem%s", with);
    return goal(json, what, AT_LEAST, least, median(r->public, rounds) * 100, "%");
}

static bool print_goals(bool json, struct result *result, size_t rounds, const struct holding *h)
{
    bool met = print_share(json, &result[HYBRID], rounds, "768, PSK", 60);
    met &= print_share(json, &result[ECDSA_256], rounds, "768, ECDSA P-256", 85);
    met &= print_share(json, &result[ML_DSA_65], rounds, "768, ML-DSA-65", 85);
    met &= print_share(json, &result[ML_DSA_87], rounds, "1024, ML-DSA-87", 85);
    met &= goal(json, "certificates parsed in a handshake that sends two", AT_MOST, 2,
                result[ECDSA_256_NEW].certs, "");
    met &= goal(json, "memory of IKE SA and Child SA, initiator, PSK", AT_MOST, 4096, h->initiator,
                "B");
    met &= goal(json, "memory of IKE SA and Child SA, responder, PSK", AT_MOST, 4096, h->responder,
                "B");
    return met;
}

static void profile(const char *name, struct crypto *crypto)
{
    for (int s = 0; s < SUITES; s++) {
        static struct bench bench;
        if (strcmp(suites[s].name, name) != 0)
            continue;
        make_bench(&bench, &suites[s], crypto);
        for (int i = 0; i < PROFILED; i++)
            (void)run_plain(&bench);
        free_bench(&bench);
    }
}

int main(int argc, char **argv)
{
    bool json = false;
    size_t rounds = 9;
    const char *only = NULL;
    for (int i = 1; i < argc; i++) {
        json |= strcmp(argv[i], "--json") == 0;
        rounds = strcmp(argv[i], "--quick") == 0 ? 3 : rounds;
        only = strcmp(argv[i], "--profile") == 0 && i + 1 < argc ? argv[i + 1] : only;
    }
    must(CRYPTO_set_mem_functions(openssl_malloc, openssl_realloc, openssl_free) == 1,
         "OpenSSL keeps its own allocator");
    struct crypto *crypto = ossl_crypto_new();
    must(crypto != NULL, "no OpenSSL");
    if (only) {
        profile(only, crypto);
        ossl_crypto_free(crypto);
        return 0;
    }

    static struct bench bench[SUITES];
    static struct result result[SUITES];
    for (int s = 0; s < SUITES; s++) {
        make_bench(&bench[s], &suites[s], crypto);
        run_counted(&bench[s], &result[s]);
    }
    for (size_t round = 0; round < rounds; round++)
        for (int s = 0; s < SUITES; s++)
            run_round(&bench[s], &result[s], (int)round);

    printf(json ? "{\n  \"rounds\": %zu, \"batch\": %d,\n  \"handshakes\": [\n"
                : "handshakes, IKE SA and Child SA, with a pre-shared key unless certificates are "
                  "named; CPU time, medians of %zu rounds of %d\n\n",
           rounds, BATCH);
    if (!json)
        printf("%-24s %8s %8s %8s %8s %7s %7s %7s %6s %7s %4s %6s %6s %8s\n", "suite", "both/s",
               "I/s", "R/s", "us", "public", "other", "engine", "floor", "bytes", "dgr", "takesI",
               "takesR", "OpenSSL");
    for (int s = 0; s < SUITES; s++)
        print_row(json, s + 1 == SUITES, &suites[s], &result[s], rounds);

    if (json)
        printf("  ],\n  \"memory\": [\n");
    else
        printf("\noctets of engine memory for each established IKE SA with a Child SA: as asked "
               "for, and as malloc counts them\n\n%-24s %8s %12s %12s %16s %16s\n",
               "suite", "SAs", "initiator", "responder", "initiator malloc", "responder malloc");
    struct holding first = measure_memory(&suites[HYBRID], crypto, 1000);
    struct holding more = measure_memory(&suites[HYBRID], crypto, rounds > 3 ? 4000 : 2000);
    struct holding seven = measure_memory(&suites[SEVEN_MORE], crypto, 1000);
    print_holding(json, false, &suites[HYBRID], &first);
    print_holding(json, false, &suites[HYBRID], &more);
    print_holding(json, true, &suites[SEVEN_MORE], &seven);
    printf(json ? "  ],\n" : "\n");
    bool met = print_goals(json, result, rounds, &first);
    if (json)
        printf("  \"goals_met\": %s\n}\n", met ? "true" : "false");
    for (int s = 0; s < SUITES; s++)
        free_bench(&bench[s]);
    ossl_crypto_free(crypto);
    return 0;
}
