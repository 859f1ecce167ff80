/* progress: see progress.h. */
#include "cli/progress.h"

#include "cli/client.h"
#include "cli/look.h"

#include <braid/crypto.h>

#include <stdio.h>

/* "ML_KEM_768" as one writes it in a proposal. */
static const char *keyword_of(const char *name)
{
    const struct alg *alg;
    for (size_t i = 0; (alg = alg_at(i)) != NULL; i++) {
        if (strcmp(alg->name, name) == 0 && alg->offer_len > 0)
            return alg->keyword;
    }
    return name;
}

/*
 *       IKE_SA_INIT       no answer yet, sent 3 times; nothing listens there (ICMP: port unreachable)
 */
static void show_resent(struct bytes m, const char *exchange)
{
    char detail[256];
    client_text(m, "detail", detail, sizeof detail);
    look_print(stdout, LOOK_WARN, "  %-17s no answer yet, sent %lld times%s%s\n", exchange,
               (long long)vici_find_int(m, "transmissions", 1), detail[0] ? "; " : "", detail);
}

void progress_show(struct bytes m)
{
    char state[16], exchange[64], method[64], sent[32], received[32];
    int64_t transmissions = vici_find_int(m, "transmissions", 1),
            took = vici_find_int(m, "microseconds", 0);
    client_text(m, "exchange", exchange, sizeof exchange);
    client_text(m, "state", state, sizeof state);
    if (strcmp(state, "resent") == 0) {
        show_resent(m, exchange);
        return;
    }
    client_text(m, "method", method, sizeof method);
    look_size((uint64_t)vici_find_int(m, "sent-bytes", 0), sent);
    look_size((uint64_t)vici_find_int(m, "received-bytes", 0), received);
    printf("  %-17s %-10s %s %8s  %s %8s  %3lld+%lld datagrams %8.1f ms", exchange,
           method[0] ? keyword_of(method) : "", look_right(), sent, look_left(), received,
           (long long)vici_find_int(m, "sent-fragments", 1),
           (long long)vici_find_int(m, "received-fragments", 1), (double)took / 1000);
    if (transmissions > 1)
        look_print(stdout, LOOK_WARN, "  sent %lld times", (long long)transmissions);
    putchar('\n');
    fflush(stdout);
}
