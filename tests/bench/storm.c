/*
 * bench-storm: do SAs that were set up together all rekey together? Two engines in one memory, a
 * gateway and its clients, under a virtual clock, with toy cryptography. All SAs have equal
 * lifetimes and come up within one minute; then time passes.
 *
 * What is counted are finished rekeys, minute by minute. `peak/mean` compares the busiest minute
 * with the mean of the minutes from the first rekey to the last of the same generation: a flat
 * spread over the time that jitter may use has 1.00. `span` is how long that is, from the 1st to
 * the 99th percentile. `lost` counts SAs that went down, which none should.
 *
 * usage: bench-storm [--json] [--quick]
 */
#include <stdio.h>

#include "../support/duo.h"
#include "../support/measure.h"
#include "crypto/toy.h"

#define MINUTE (60 * IKE_SECOND)

enum {
    BINS_MAX = 24 * 60,
};

/* clang-format off */
static const struct storm {
    const char *name;
    bool ike;                  /* count rekeys of IKE SAs, else of Child SAs */
    bool clients, gateway;     /* who rekeys by its own clock */
    const char *conn, *child;
    unsigned hours;            /* a little more than the first generation */
} storms[] = {
    {"Child SAs, rekey_time 1h, both sides",    false, true,  true,  "rekey_time = 0", "rekey_time = 1h", 2},
    {"Child SAs, rekey_time 1h, clients alone", false, true,  false, "rekey_time = 0", "rekey_time = 1h", 2},
    {"Child SAs, rekey_time 1h, gateway alone", false, false, true,  "rekey_time = 0", "rekey_time = 1h", 2},
    {"IKE SAs, rekey_time 4h, both sides",      true,  true,  true,  "rekey_time = 4h", "rekey_time = 0", 6},
};
/* clang-format on */
enum {
    STORMS = sizeof storms / sizeof storms[0],
};

struct result {
    double first, last; /* minute of the first and the last rekey of the generation */
    double span, peak, ratio;
    double lost;
    double us; /* CPU time of a rekey, both sides, toy cryptography: the engine alone */
};

static uint64_t finished(const struct duo *d, bool ike)
{
    return ike ? d->b.ike_rekeyed : d->b.child_rekeyed;
}

/* Busiest minute and spread of one generation: `count` rekeys, whatever comes later is the next
 * one. */
static void judge(const uint32_t *bins, unsigned count, struct result *r)
{
    uint64_t sum = 0;
    unsigned low = 0, high = 0;
    r->first = -1;
    for (unsigned i = 0; i < BINS_MAX && sum < count; i++) {
        if (bins[i] && r->first < 0)
            r->first = i;
        sum += bins[i];
        r->last = bins[i] ? i : r->last;
        low = sum <= count / 100 ? i + 1 : low;
        high = sum <= count - count / 100 ? i + 1 : high;
        r->peak = bins[i] > r->peak ? bins[i] : r->peak;
    }
    r->span = (double)(high - low + 1);
    r->ratio = r->peak / ((double)count / r->span);
}

/* The first generation of rekeys, minute by minute. */
static struct result run_storm(const struct storm *storm, unsigned count)
{
    static uint32_t bins[BINS_MAX];
    static struct toy_crypto toy;
    struct duo_terms clients = {.ike = "aes256gcm16-prfsha256-x25519-ke1_mlkem768",
                                .esp = "aes256gcm16-x25519-ke1_mlkem768"};
    struct duo_terms gateway = clients;
    clients.conn = storm->clients ? storm->conn : "rekey_time = 0";
    clients.child = storm->clients ? storm->child : "rekey_time = 0";
    gateway.conn = storm->gateway ? storm->conn : "rekey_time = 0";
    gateway.child = storm->gateway ? storm->child : "rekey_time = 0";
    struct duo_config a = duo_clients(&clients, count), b = duo_gateway(&gateway);
    struct duo d;
    memset(bins, 0, sizeof bins);
    toy_crypto_init(&toy, duo_libc(), 9370);
    duo_make(&d, &a, &b, &toy.crypto);
    ike_time start = d.now;
    for (unsigned i = 0; i < count; i++) {
        d.now = start + MINUTE * i / count;
        duo_initiate(&d, i);
    }
    duo_expect_up(&d, count);
    double began = cpu_now();
    uint64_t seen = 0;
    while (duo_tick(&d, start + storm->hours * 60 * MINUTE) && finished(&d, storm->ike) < count) {
        uint64_t now = finished(&d, storm->ike);
        bins[(d.now - start) / MINUTE] += (uint32_t)(now - seen);
        seen = now;
    }
    struct result r = {.us = (cpu_now() - began) / 1e3 / count};
    judge(bins, count, &r);
    r.lost = (double)(d.a.ike_down + d.b.ike_down + d.a.child_down + d.b.child_down);
    duo_free(&d);
    duo_config_free(&a);
    duo_config_free(&b);
    return r;
}

int main(int argc, char **argv)
{
    bool json = false, met = true;
    unsigned count = 10000;
    for (int i = 1; i < argc; i++) {
        json |= strcmp(argv[i], "--json") == 0;
        count = strcmp(argv[i], "--quick") == 0 ? 2000 : count;
    }
    struct result result[STORMS];
    for (int i = 0; i < STORMS; i++)
        result[i] = run_storm(&storms[i], count);
    if (json)
        printf("{\n  \"sas\": %u,\n  \"storms\": [\n", count);
    else
        printf("%u SAs with equal lifetimes, set up in one minute; the first rekey of "
               "each\n\n%-42s %8s %8s %6s %8s %9s %6s %6s\n",
               count, "what", "from min", "to min", "span", "peak/min", "peak/mean", "lost", "us");
    for (int i = 0; i < STORMS; i++) {
        const struct result *r = &result[i];
        if (json)
            printf("    {\"what\": \"%s\", \"first_minute\": %.0f, \"last_minute\": %.0f, "
                   "\"span\": %.0f, \"peak\": %.0f, \"peak_over_mean\": %.3f, \"sas_lost\": %.0f, "
                   "\"engine_us\": %.2f}%s\n",
                   storms[i].name, r->first, r->last, r->span, r->peak, r->ratio, r->lost, r->us,
                   i + 1 < STORMS ? "," : "");
        else
            printf("%-42s %8.0f %8.0f %6.0f %8.0f %9.2f %6.0f %6.0f\n", storms[i].name, r->first,
                   r->last, r->span, r->peak, r->ratio, r->lost, r->us);
    }
    if (!json)
        printf("\n");
    for (int i = 0; i < STORMS; i++) {
        char what[128];
        snprintf(what, sizeof what, "storm, %s: peak over mean", storms[i].name);
        met &= goal(json, what, AT_MOST, 1.3, result[i].ratio, "");
        met &= result[i].lost == 0;
    }
    if (json)
        printf("  ],\n  \"goals_met\": %s\n}\n", met ? "true" : "false");
    return 0;
}
