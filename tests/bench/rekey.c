/*
 * bench-rekey: what rekeying costs, with the OpenSSL backend. Two engines in one memory hold some
 * SAs; one side is told to rekey all of them: CREATE_CHILD_SA, an IKE_FOLLOWUP_KE for each further
 * key exchange, and the Delete of what was replaced.
 *
 *     both/s, ours/s, theirs/s  rekeys per second of CPU time: of both sides together, of the side
 *                               that asks, of the side that serves
 *     us                        CPU time of one rekey, both sides
 *     public, other             share of it spent in public-key operations, in the rest of
 *     engine                    cryptography, and in braid's own code
 *     bytes, dgr                of UDP payload and datagrams, both directions
 *     takes, takes'             pieces of memory the engines took, the side that asks first
 *
 * usage: bench-rekey [--json] [--quick]
 */
#include <stdio.h>
#include <stdlib.h>

#include "../support/duo.h"
#include "../support/measure.h"
#include "crypto/ossl.h"

enum {
    ROUNDS_MAX = 15,
    BATCH = 100,
};

#define LATER (60 * IKE_SECOND) /* then nothing lingers any more */

static void must(bool ok, const char *what)
{
    if (ok)
        return;
    fprintf(stderr, "bench-rekey: %s\n", what);
    exit(1);
}

/* clang-format off */
static const struct job {
    bool ike;           /* else the Child SA */
    const char *name, *ike_proposal, *esp_proposal;
} jobs[] = {
    {true,  "IKE SA, x25519",                       "aes256gcm16-prfsha256-x25519",              "aes256gcm16"},
    {true,  "IKE SA, x25519 + 1 follow-up mlkem768", "aes256gcm16-prfsha256-x25519-ke1_mlkem768", "aes256gcm16"},
    {false, "Child SA, no key exchange",            "aes256gcm16-prfsha256-x25519",              "aes256gcm16"},
    {false, "Child SA, x25519",                     "aes256gcm16-prfsha256-x25519",              "aes256gcm16-x25519"},
    {false, "Child SA, x25519 + 1 follow-up mlkem768", "aes256gcm16-prfsha256-x25519",           "aes256gcm16-x25519-ke1_mlkem768"},
};
/* clang-format on */
enum {
    JOBS = sizeof jobs / sizeof jobs[0],
};

struct result {
    double us[ROUNDS_MAX], ours_us[ROUNDS_MAX], theirs_us[ROUNDS_MAX];
    double public[ROUNDS_MAX], other[ROUNDS_MAX];
    double bytes, datagrams, takes_ours, takes_theirs;
};

struct bench {
    const struct job *job;
    struct duo_config clients, gateway;
    struct duo duo;
};

static void make_bench(struct bench *b, const struct job *job, const struct crypto *crypto)
{
    struct duo_terms terms = {
        .ike = job->ike_proposal, .esp = job->esp_proposal, .conn = "", .child = ""};
    b->job = job;
    b->clients = duo_clients(&terms, BATCH);
    b->gateway = duo_gateway(&terms);
    duo_make(&b->duo, &b->clients, &b->gateway, crypto);
    for (unsigned i = 0; i < BATCH; i++)
        duo_initiate(&b->duo, i);
    duo_expect_up(&b->duo, BATCH);
}

static void free_bench(struct bench *b)
{
    duo_free(&b->duo);
    duo_config_free(&b->clients);
    duo_config_free(&b->gateway);
}

static void rekey_one(struct bench *b, const char *conn)
{
    struct ike_order order = {.kind = ORDER_REKEY,
                              .conn = bytes_str(conn),
                              .child = b->job->ike ? BYTES_NONE : bytes_str("net")};
    must(duo_order(&b->duo, &b->duo.a, &order) == ORDER_DONE, "the order was refused");
}

static uint64_t rekeyed(const struct bench *b)
{
    return b->job->ike ? b->duo.b.ike_rekeyed : b->duo.b.child_rekeyed;
}

/* Let what was replaced go away, so that every round finds the same. */
static void rest(struct bench *b)
{
    ike_time until = b->duo.now + LATER;
    while (duo_tick(&b->duo, until))
        ;
    b->duo.now = until;
}

static void rekey_all(struct bench *b, struct duo_shares *shares) /* or NULL */
{
    uint64_t before = rekeyed(b);
    for (unsigned i = 0; i < BATCH; i++) {
        char conn[32];
        snprintf(conn, sizeof conn, "client-%u", i);
        rekey_one(b, conn);
        if (shares)
            duo_note_shares(&b->duo, shares, 0, 0);
    }
    if (rekeyed(b) != before + BATCH)
        fprintf(stderr, "%s\n%s\n", b->duo.a.detail, b->duo.b.detail);
    must(rekeyed(b) == before + BATCH, "not all were rekeyed");
}

static void run_round(struct bench *b, struct result *r, size_t round)
{
    struct duo_shares shares = {.count = 0};
    double start = cpu_now();
    rekey_all(b, NULL);
    r->us[round] = (cpu_now() - start) / BATCH / 1e3;
    rest(b);
    b->duo.a.timed = b->duo.b.timed = true;
    rekey_all(b, &shares);
    b->duo.a.timed = b->duo.b.timed = false;
    r->ours_us[round] = r->us[round] * median(shares.a, BATCH);
    r->theirs_us[round] = r->us[round] - r->ours_us[round];
    r->public[round] = median(shares.public, BATCH);
    r->other[round] = median(shares.symmetric, BATCH);
    rest(b);
}

static void count(struct bench *b, struct result *r)
{
    rekey_all(b, NULL);
    rest(b);
    const struct duo *d = &b->duo;
    size_t takes_a = d->a.takes, takes_b = d->b.takes;
    uint64_t sent = d->a.sent + d->b.sent, octets = d->a.sent_octets + d->b.sent_octets;
    rekey_all(b, NULL);
    r->takes_ours = (double)(d->a.takes - takes_a) / BATCH;
    r->takes_theirs = (double)(d->b.takes - takes_b) / BATCH;
    r->datagrams = (double)(d->a.sent + d->b.sent - sent) / BATCH;
    r->bytes = (double)(d->a.sent_octets + d->b.sent_octets - octets) / BATCH;
    rest(b);
}

static void print_row(bool json, bool last, const struct job *job, struct result *r, size_t rounds)
{
    double us = median(r->us, rounds), ours = median(r->ours_us, rounds),
           theirs = median(r->theirs_us, rounds);
    double public = median(r->public, rounds), other = median(r->other, rounds);
    if (json)
        printf("    {\"job\": \"%s\", \"per_second\": %.1f, \"ours_per_second\": %.1f, "
               "\"theirs_per_second\": %.1f, \"us\": %.2f, \"public_share\": %.4f, "
               "\"other_crypto_share\": %.4f, \"bytes\": %.0f, \"datagrams\": %.1f, "
               "\"takes_ours\": %.1f, \"takes_theirs\": %.1f}%s\n",
               job->name, 1e6 / us, 1e6 / ours, 1e6 / theirs, us, public, other, r->bytes,
               r->datagrams, r->takes_ours, r->takes_theirs, last ? "" : ",");
    else
        printf("%-40s %8.0f %8.0f %8.0f %7.0f %6.0f%% %6.0f%% %6.0f%% %6.0f %4.0f %6.0f %6.0f\n",
               job->name, 1e6 / us, 1e6 / ours, 1e6 / theirs, us, public * 100, other * 100,
               (1 - public - other) * 100, r->bytes, r->datagrams, r->takes_ours, r->takes_theirs);
}

int main(int argc, char **argv)
{
    bool json = false;
    size_t rounds = 9;
    for (int i = 1; i < argc; i++) {
        json |= strcmp(argv[i], "--json") == 0;
        rounds = strcmp(argv[i], "--quick") == 0 ? 3 : rounds;
    }
    struct crypto *crypto = ossl_crypto_new();
    must(crypto != NULL, "no OpenSSL");
    static struct bench bench[JOBS];
    static struct result result[JOBS];
    for (int j = 0; j < JOBS; j++) {
        make_bench(&bench[j], &jobs[j], crypto);
        count(&bench[j], &result[j]);
    }
    for (size_t round = 0; round < rounds; round++)
        for (int j = 0; j < JOBS; j++)
            run_round(&bench[j], &result[j], round);
    if (json)
        printf("{\n  \"rounds\": %zu, \"batch\": %d,\n  \"rekeys\": [\n", rounds, BATCH);
    else
        printf("rekeys, Deletes included; CPU time, medians of %zu rounds of %d\n\n%-40s %8s %8s "
               "%8s %7s %7s %7s %7s %6s %4s %6s %6s\n",
               rounds, BATCH, "what", "both/s", "ours/s", "theirs/s", "us", "public", "other",
               "engine", "bytes", "dgr", "takes", "takes'");
    for (int j = 0; j < JOBS; j++)
        print_row(json, j + 1 == JOBS, &jobs[j], &result[j], rounds);
    if (json)
        printf("  ]\n}\n");
    for (int j = 0; j < JOBS; j++)
        free_bench(&bench[j]);
    ossl_crypto_free(crypto);
    return 0;
}
