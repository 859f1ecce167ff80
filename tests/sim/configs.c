/*
 * configs: the configurations of hosts. What a host boots with first is read once and kept for the
 * life of the program, since thousands of hosts share few texts; what it reloads is its own.
 */
#include "world.h"

#include <stdio.h>
#include <stdlib.h>

#include "config/load.h"
#include "cred/store.h"

struct parsed {
    struct parsed *next;
    char *swanctl, *braid;
    struct loaded *loaded;
    struct cred_store *secrets;
};

static struct parsed *all_parsed;

/* A new one with a serial number above that of the one before. */
struct reloaded {
    struct reloaded *older;
    struct loaded *loaded;
    struct cred_store *secrets;
};

static struct loaded *load(struct world *w, const char *swanctl, const char *braid)
{
    struct problem_list problems;
    problem_list_init(&problems);
    struct loaded *loaded = config_load_text(bytes_str(swanctl), bytes_str(braid), &problems);
    for (const struct problem *p = problems.first; p && !loaded; p = p->next)
        fprintf(stderr, "%s:%u: %s\n", p->file, p->line, p->message);
    problem_list_free(&problems);
    if (!loaded)
        world_fail(w, "the scenario's configuration does not load:\n%s", swanctl);
    return loaded;
}

static void forget_parsed(void)
{
    while (all_parsed) {
        struct parsed *p = all_parsed;
        all_parsed = p->next;
        cred_store_free(p->secrets);
        loaded_free(p->loaded);
        free(p->swanctl);
        free(p->braid);
        free(p);
    }
}

static const struct parsed *parse(struct world *w, const char *swanctl, const char *braid)
{
    for (const struct parsed *p = all_parsed; p; p = p->next)
        if (strcmp(p->swanctl, swanctl) == 0 && strcmp(p->braid, braid) == 0)
            return p;
    if (!all_parsed)
        atexit(forget_parsed);
    struct loaded *loaded = load(w, swanctl, braid);
    struct parsed *parsed = calloc(1, sizeof *parsed);
    *parsed = (struct parsed){all_parsed, strdup(swanctl), strdup(braid), loaded,
                              cred_store_new(&loaded->secrets)};
    all_parsed = parsed;
    return parsed;
}

void configs_first(struct host *h)
{
    const struct parsed *parsed = parse(h->world, h->swanctl, h->braid);
    h->config = parsed->loaded->config;
    h->secrets = parsed->secrets;
}

void configs_load(struct host *h, const char *swanctl, const char *braid)
{
    struct reloaded *new = calloc(1, sizeof *new);
    *new = (struct reloaded){.older = h->reloads, .loaded = load(h->world, swanctl, braid)};
    new->secrets = cred_store_new(&new->loaded->secrets);
    new->loaded->config->serial = h->config->serial + 1;
    h->reloads = new;
    h->config = new->loaded->config;
    h->secrets = new->secrets;
    char *texts[] = {h->swanctl, h->braid}; /* perhaps these are the arguments */
    h->swanctl = strdup(swanctl);
    h->braid = strdup(braid);
    free(texts[0]);
    free(texts[1]);
}

void configs_take_over(struct host *h)
{
    struct ike_order order = {.kind = ORDER_CONFIG, .config = h->config};
    EXPECT(h->world, ike_engine_order(h->engine, h->world->now, &order, h->fx) == ORDER_DONE);
}

static void free_from(struct reloaded **at)
{
    while (*at) {
        struct reloaded *old = *at;
        *at = old->older;
        cred_store_free(old->secrets);
        loaded_free(old->loaded);
        free(old);
    }
}

void configs_free_old(struct host *h)
{
    uint64_t oldest = h->engine ? ike_engine_oldest_config(h->engine) : h->config->serial;
    struct reloaded **at = &h->reloads;
    while (*at && (*at)->loaded->config->serial >= oldest)
        at = &(*at)->older;
    free_from(at);
}

void configs_free_all(struct host *h)
{
    free_from(&h->reloads);
}
