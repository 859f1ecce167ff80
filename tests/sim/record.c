/*
 * record: everything one host is told, as text, and the same told to it again.
 *
 * A recording holds the host's configuration and the seeds of its randomness, then one line for
 * each verb that was called, with a digest of the effects that came of it. Replaying makes the same
 * engine, calls the same verbs, and compares: bit for bit, for an engine has no other inputs, with
 * the toy and with OpenSSL (chance.h). A recording is complete in itself: no scenario is needed to
 * replay it.
 *
 *     braid-sim --scenario soak --case 17 [--real] --record alice FILE
 *     braid-sim --replay FILE [--trace]
 */
#include "world.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "wire/print.h"

enum { LINE_MAX_LEN = 1 << 18,
       CERTS_MAX = 16 };

/* ---- digests ------------------------------------------------------------------------------- */

static const struct siphash_key digest_key = {0x6272616964, 0x726563};

static void absorb(uint64_t *digest, struct bytes b)
{
    *digest = siphash(&(struct siphash_key){*digest ^ digest_key.k0, digest_key.k1}, b);
}

static void absorb_number(uint64_t *digest, uint64_t n)
{
    uint8_t octets[8];
    put_u64(octets, n);
    absorb(digest, BYTES_OF(octets));
}

static void absorb_endpoint(uint64_t *digest, const struct endpoint *e)
{
    absorb_number(digest, (uint64_t)e->addr.family << 16 | e->port);
    absorb(digest, addr_bytes(&e->addr));
}

static void absorb_selectors(uint64_t *digest, const struct selectors *list)
{
    for (uint16_t i = 0; i < list->count; i++) {
        const struct selector *s = &list->at[i];
        absorb_number(digest, (uint64_t)s->protocol << 32 | (uint32_t)s->from_port << 16 | s->to_port);
        absorb(digest, BYTES_OF(s->from));
        absorb(digest, BYTES_OF(s->to));
    }
}

static void absorb_keys(uint64_t *digest, const struct plane_keys *k)
{
    absorb(digest, secret_view(&k->encr));
    absorb(digest, secret_view(&k->integ));
}

static void absorb_effect(uint64_t *digest, const struct ike_effect *e)
{
    absorb_number(digest, e->kind);
    switch (e->kind) {
    case EFFECT_SEND:
        absorb_endpoint(digest, &e->u.send.path.local);
        absorb_endpoint(digest, &e->u.send.path.remote);
        absorb(digest, e->u.send.datagram);
        break;
    case EFFECT_PLANE:
        absorb_number(digest, e->u.plane.op);
        absorb_number(digest, e->u.plane.child.id);
        absorb_number(digest, e->u.plane.child.replaces);
        absorb_number(digest, (uint64_t)e->u.plane.child.spi_in << 32 | e->u.plane.child.spi_out);
        absorb_endpoint(digest, &e->u.plane.child.path.remote);
        absorb_selectors(digest, &e->u.plane.child.local_ts);
        absorb_selectors(digest, &e->u.plane.child.remote_ts);
        absorb_keys(digest, &e->u.plane.in);
        absorb_keys(digest, &e->u.plane.out);
        break;
    case EFFECT_ASK:
        absorb_number(digest, e->u.ask.kind);
        absorb_number(digest, e->u.ask.ticket.serial);
        absorb(digest, e->u.ask.octets);
        absorb(digest, e->u.ask.auth);
        break;
    case EFFECT_TELL:
        absorb_number(digest, e->u.tell.kind);
        absorb_number(digest, e->u.tell.reason);
        absorb_number(digest, e->u.tell.order_id);
        absorb_number(digest, (uint64_t)e->u.tell.ike_id << 32 | e->u.tell.child_id);
        absorb_number(digest, (uint64_t)e->u.tell.replaced_id << 16 | e->u.tell.notify);
        absorb(digest, bytes_str(e->u.tell.detail));
        absorb(digest, bytes_str(e->u.tell.facts));
        break;
    }
}

static uint64_t digest_effects(const struct ike_effects *fx)
{
    uint64_t digest = 0;
    for (const struct ike_effect *e = ike_effects_first(fx); e; e = e->next)
        absorb_effect(&digest, e);
    return digest;
}

/* ---- writing ------------------------------------------------------------------------------- */

static void put_configuration(FILE *f, const struct host *h)
{
    fprintf(f, "swanctl %zu\n%s\nbraid %zu\n%s\n", strlen(h->swanctl), h->swanctl, strlen(h->braid),
            h->braid);
}

void record_open(struct host *h)
{
    const struct run *run = h->world->run;
    if (!run->record || strcmp(run->record_host, h->name) != 0)
        return;
    FILE *f = fopen(run->record, "w"); /* of several worlds the last one stays: take one case */
    if (!f)
        world_fail(h->world, "cannot write %s", run->record);
    fprintf(f, "braid-recording 2\ncrypto %s\nhost %s %d %" PRIu64 " %" PRIu64 "\n",
            run->real ? "real" : "toy", h->name, h->index, h->dice, h->toy_seed);
    put_configuration(f, h);
    h->record = f;
}

void record_close(struct host *h)
{
    if (h->record)
        fclose(h->record);
    h->record = NULL;
}

static void put_hex(FILE *f, struct bytes b)
{
    fputc(' ', f);
    for (size_t i = 0; i < b.len; i++)
        fprintf(f, "%02x", b.at[i]);
    if (!b.len)
        fputc('-', f);
}

static void put_endpoint(FILE *f, const struct endpoint *e)
{
    fprintf(f, " %d %u", e->addr.family, e->port);
    put_hex(f, addr_bytes(&e->addr));
}

void record_life(struct host *h, const char *what)
{
    if (h->record)
        fprintf(h->record, "%s\n", what);
}

void record_input(struct host *h, const struct ike_path *path, struct bytes datagram)
{
    FILE *f = h->record;
    if (!f)
        return;
    fprintf(f, "input %" PRIu64 " %d", h->world->now, path->encap);
    put_endpoint(f, &path->local);
    put_endpoint(f, &path->remote);
    put_hex(f, datagram);
}

void record_reload(struct host *h)
{
    if (!h->record)
        return;
    fprintf(h->record, "reload %" PRIu64 "\n", h->world->now);
    put_configuration(h->record, h);
    fputs("effects", h->record);
}

void record_tick(struct host *h)
{
    if (h->record)
        fprintf(h->record, "tick %" PRIu64, h->world->now);
}

void record_order(struct host *h, const struct ike_order *order)
{
    FILE *f = h->record;
    if (!f)
        return;
    fprintf(f, "order %" PRIu64 " %d %" PRIu64 " %u %u %d", h->world->now, order->kind, order->id,
            order->ike_id, order->child_id, order->force);
    put_hex(f, order->conn);
    put_hex(f, order->child);
    put_endpoint(f, &order->local);
    put_endpoint(f, &order->remote);
}

void record_answer(struct host *h, const struct ike_answer *answer)
{
    FILE *f = h->record;
    if (!f)
        return;
    fprintf(f, "answer %" PRIu64 " %" PRIu64 " %" PRIu64 " %d %u %d", h->world->now,
            answer->ticket.spi, answer->ticket.serial, answer->status, answer->method,
            answer->quantum_safe);
    put_hex(f, answer->auth);
    put_hex(f, answer->scheme ? bytes_str(answer->scheme) : BYTES_NONE);
    put_hex(f, answer->detail ? bytes_str(answer->detail) : BYTES_NONE);
    put_hex(f, answer->ppk ? shared_secret_view(answer->ppk) : BYTES_NONE);
    put_hex(f, answer->ppk_id);
    fprintf(f, " %u", answer->cert_count);
    for (uint16_t i = 0; i < answer->cert_count; i++) {
        fprintf(f, " %u", answer->certs[i].encoding);
        put_hex(f, answer->certs[i].data);
    }
}

void record_effects(struct host *h)
{
    if (h->record)
        fprintf(h->record, " > %016" PRIx64 "\n", digest_effects(h->fx));
}

/* ---- reading ------------------------------------------------------------------------------- */

struct replay {
    FILE *f;
    char *line, *at;
    unsigned number; /* of the line */
    struct host *host;
    uint8_t *room; /* octets of the line */
    size_t used;
    uint64_t verbs;
};

static void damaged(const struct replay *r)
{
    fprintf(stderr, "line %u of the recording makes no sense\n", r->number);
    exit(1);
}

static bool read_line(struct replay *r)
{
    r->number++;
    r->at = r->line;
    r->used = 0;
    return fgets(r->line, LINE_MAX_LEN, r->f) != NULL;
}

static const char *read_word(struct replay *r)
{
    while (*r->at == ' ')
        r->at++;
    char *word = r->at;
    while (*r->at && *r->at != ' ' && *r->at != '\n')
        r->at++;
    if (word == r->at)
        damaged(r);
    if (*r->at)
        *r->at++ = '\0';
    return word;
}

static uint64_t read_number(struct replay *r)
{
    return strtoull(read_word(r), NULL, 10);
}

static struct bytes read_hex(struct replay *r)
{
    const char *word = read_word(r);
    uint8_t *start = r->room + r->used;
    if (word[0] == '-')
        return BYTES_NONE;
    for (; word[0] && word[1]; word += 2) {
        char pair[3] = {word[0], word[1], '\0'};
        r->room[r->used++] = (uint8_t)strtoul(pair, NULL, 16);
    }
    return bytes_make(start, (size_t)(r->room + r->used - start));
}

static struct endpoint read_endpoint(struct replay *r)
{
    struct endpoint e = {.addr.family = (uint8_t)read_number(r)};
    e.port = (uint16_t)read_number(r);
    struct bytes ip = read_hex(r);
    if (ip.len > sizeof e.addr.ip)
        damaged(r);
    if (ip.len)
        memcpy(e.addr.ip, ip.at, ip.len);
    return e;
}

static char *read_text(struct replay *r, const char *what)
{
    if (!read_line(r) || strcmp(read_word(r), what) != 0)
        damaged(r);
    size_t len = read_number(r);
    char *text = calloc(1, len + 1);
    if (!text || len > LINE_MAX_LEN || fread(text, 1, len, r->f) != len || fgetc(r->f) != '\n')
        damaged(r);
    return text;
}

static void replay_input(struct replay *r)
{
    struct ike_path path = {.encap = read_number(r) != 0};
    path.local = read_endpoint(r);
    path.remote = read_endpoint(r);
    ike_engine_input(r->host->engine, r->host->world->now, &path, read_hex(r), r->host->fx);
}

static void replay_order(struct replay *r)
{
    struct ike_order order = {.kind = (enum order_kind)read_number(r)};
    order.id = read_number(r);
    order.ike_id = (uint32_t)read_number(r);
    order.child_id = (uint32_t)read_number(r);
    order.force = read_number(r) != 0;
    order.conn = read_hex(r);
    order.child = read_hex(r);
    order.local = read_endpoint(r);
    order.remote = read_endpoint(r);
    (void)ike_engine_order(r->host->engine, r->host->world->now, &order, r->host->fx);
}

/* NULL where there was none. */
static const char *read_sentence(struct replay *r)
{
    struct bytes text = read_hex(r);
    if (text.len)
        r->room[r->used++] = '\0';
    return text.len ? (const char *)text.at : NULL;
}

static void read_certs(struct replay *r, struct ike_answer *answer)
{
    static struct ike_cert certs[CERTS_MAX];
    answer->cert_count = (uint16_t)read_number(r);
    answer->certs = certs;
    if (answer->cert_count > CERTS_MAX)
        damaged(r);
    for (uint16_t i = 0; i < answer->cert_count; i++) {
        certs[i].encoding = (uint8_t)read_number(r);
        certs[i].data = read_hex(r);
    }
}

static void replay_answer(struct replay *r)
{
    struct ike_answer answer = {.ticket.spi = read_number(r)};
    answer.ticket.serial = read_number(r);
    answer.status = (enum answer_status)read_number(r);
    answer.method = (uint8_t)read_number(r);
    answer.quantum_safe = read_number(r) != 0;
    answer.auth = read_hex(r);
    answer.scheme = read_sentence(r);
    answer.detail = read_sentence(r);
    struct shared_secret ppk;
    struct bytes key = read_hex(r);
    if (key.len > sizeof ppk.data)
        damaged(r);
    ppk.len = (uint16_t)key.len;
    if (key.len) {
        memcpy(ppk.data, key.at, key.len);
        answer.ppk = &ppk;
    }
    answer.ppk_id = read_hex(r);
    read_certs(r, &answer);
    ike_engine_answer(r->host->engine, r->host->world->now, &answer, r->host->fx);
}

static void compare(struct replay *r, const char *what)
{
    struct host *h = r->host;
    if (strcmp(read_word(r), ">") != 0)
        damaged(r);
    uint64_t expected = strtoull(read_word(r), NULL, 16), found = digest_effects(h->fx);
    world_trace(h->world, h, "%s: effects %016" PRIx64, what, found);
    if (found != expected)
        world_fail(h->world, "line %u, %s: the effects differ from the recording", r->number, what);
    ike_effects_clear(h->fx);
    configs_free_old(h);
    r->verbs++;
}

static void replay_reload(struct replay *r)
{
    char *swanctl = read_text(r, "swanctl"), *braid = read_text(r, "braid");
    configs_load(r->host, swanctl, braid);
    configs_take_over(r->host);
    free(swanctl);
    free(braid);
    if (!read_line(r) || strcmp(read_word(r), "effects") != 0)
        damaged(r);
    compare(r, "reload");
}

static void replay_line(struct replay *r)
{
    const char *what = read_word(r);
    if (strcmp(what, "boot") == 0) {
        if (!r->host->engine)
            host_boot(r->host);
        return;
    }
    if (strcmp(what, "kill") == 0) {
        host_kill(r->host);
        return;
    }
    r->host->world->now = read_number(r);
    if (strcmp(what, "reload") == 0) {
        replay_reload(r);
        return;
    }
    if (strcmp(what, "tick") == 0)
        ike_engine_tick(r->host->engine, r->host->world->now, r->host->fx);
    else if (strcmp(what, "input") == 0)
        replay_input(r);
    else if (strcmp(what, "order") == 0)
        replay_order(r);
    else if (strcmp(what, "answer") == 0)
        replay_answer(r);
    else
        damaged(r);
    compare(r, what);
}

static void make_host(struct replay *r, struct world *w)
{
    char name[16];
    if (!read_line(r) || strcmp(read_word(r), "braid-recording") != 0 || read_number(r) != 2)
        damaged(r);
    if (!read_line(r) || strcmp(read_word(r), "crypto") != 0)
        damaged(r);
    w->run->real = strcmp(read_word(r), "real") == 0;
    if (!read_line(r) || strcmp(read_word(r), "host") != 0)
        damaged(r);
    snprintf(name, sizeof name, "%s", read_word(r));
    struct host_seeds seeds = {.index = (int)read_number(r)};
    seeds.dice = read_number(r);
    seeds.toy = read_number(r);
    if (seeds.index < 0 || seeds.index >= HOSTS_MAX)
        damaged(r);
    char *swanctl = read_text(r, "swanctl"), *braid = read_text(r, "braid");
    r->host = world_host_again(w, name, &seeds, swanctl, braid);
    free(swanctl);
    free(braid);
}

int record_replay(const char *file, bool trace)
{
    struct run run = {
        .scenario = "a recording", .only_case = -1, .at_case = -1, .trace = trace, .scale = 100};
    struct replay r = {
        .f = fopen(file, "r"), .line = malloc(LINE_MAX_LEN), .room = malloc(LINE_MAX_LEN)};
    if (!r.f || !r.line || !r.room) {
        fprintf(stderr, "cannot read %s\n", file);
        return 1;
    }
    struct world *w = world_new(&run);
    make_host(&r, w);
    while (read_line(&r))
        replay_line(&r);
    world_free(w);
    fclose(r.f);
    free(r.line);
    free(r.room);
    printf("ok %s: %" PRIu64 " verbs, equal effects\n", file, r.verbs);
    return 0;
}
