/* forge: see forge.h. */
#include "forge.h"

#include <stdlib.h>

enum { ROOM = 65536,
       ARENA = 4 << 20 };

static void *take(void *self, size_t len)
{
    (void)self;
    return malloc(len);
}

static void give(void *self, void *at, size_t len)
{
    (void)self;
    (void)len;
    free(at);
}

static const struct alloc plain_alloc = {.take = take, .give = give};

/* ---- sealing ------------------------------------------------------------------------------- */

/* The bad host's engine counts its IVs in ascending order; the forger's come from the other end, so
 * that both never meet. */
static uint64_t next_iv(void)
{
    static uint64_t used;
    return UINT64_MAX / 2 + ++used * 16;
}

static void seal(struct host *bad, const struct sk_keys *keys, struct sk_outer outer,
                 struct bytes plain, uint8_t reserved, struct packet *p)
{
    uint64_t iv = next_iv();
    struct sk_keys own = *keys;
    own.iv_counter = &iv;
    size_t len = sk_sealed_len(keys->suite, plain.len, outer.fragment);
    uint8_t *octets = malloc(len);
    EXPECT(bad->world,
           len <= ROOM && sk_seal(bad->watch.inner, &own, &outer, plain, octets) == CRYPTO_OK);
    if (reserved) { /* the associated data changes with it: seal by hand */
        EXPECT(bad->world, keys->suite->encr->flags & ALG_AEAD);
        size_t at = IKE_HEADER_LEN + PAYLOAD_HEADER_LEN, iv_len = keys->suite->encr->iv_len,
               text_len = len - at - iv_len - keys->suite->encr->out_len;
        struct cipher_keys ck = {keys->suite->encr, NULL, keys->encr, NULL};
        struct bytes view;
        EXPECT(bad->world, sk_open(bad->watch.inner, &own,
                                   &(struct sk_outer){.header = outer.header, .body_at = at},
                                   octets, len, &view) == CRYPTO_OK);
        octets[IKE_HEADER_LEN + 1] = reserved;
        EXPECT(bad->world,
               bad->watch.inner->seal(bad->watch.inner->self, &ck, bytes_make(octets, at),
                                      octets + at, octets + at + iv_len, text_len,
                                      octets + at + iv_len + text_len) == CRYPTO_OK);
    }
    free(p->octets);
    p->octets = octets;
    p->len = len;
    p->genuine = false;
}

/* ---- changing what is sent ----------------------------------------------------------------- */

/* The SA a datagram of the bad host belongs to. */
static struct ike_sa *find_sa(const struct host *bad, const struct ike_header *h)
{
    return table_get(&bad->engine->by_spi, h->initiator ? h->spi_i : h->spi_r);
}

/* Open it with the sender's own keys: those in force, or the ones before (a responder has moved on
 * when its answer leaves). */
static bool reopen(struct host *bad, struct ike_sa *sa, const struct packet *p,
                   const struct sk_outer *outer, uint8_t *room, struct bytes *plain,
                   struct sk_keys *keys)
{
    struct ike_keys *epochs[] = {
        &sa->keys, sa->birth && sa->birth->has_past_keys ? &sa->birth->past_keys : NULL};
    for (int i = 0; i < 2; i++) {
        if (!epochs[i])
            continue;
        *keys = sa_keys(sa, epochs[i], sa->initiator);
        memcpy(room, p->octets, p->len);
        if (sk_open(bad->watch.inner, keys, outer, room, p->len, plain) == CRYPTO_OK)
            return true;
    }
    return false;
}

static void encode(const struct host *bad, const struct forged *m, uint8_t *room,
                   struct bytes *plain, uint8_t *first)
{
    struct writer w = writer_make(room, ROOM);
    if (m->raw.len) {
        *plain = m->raw;
        *first = m->raw_first;
        return;
    }
    ike_payloads_encode(&w, m->msg, first);
    EXPECT(bad->world, !w.fault);
    *plain = writer_view(&w);
}

/* The bad engine's memory of what it said, for IntAuth. */
static void make_believe(struct ike_sa *sa, uint8_t first, uint8_t reserved, struct bytes plain)
{
    struct spoken *said = &sa->ours->said;
    said->first = first;
    said->reserved = reserved;
    (void)arena_copy(&sa->ours->arena, plain, &said->plain);
}

static void change_sealed(struct forge *f, struct packet *p, const struct ike_header *h,
                          struct ike_sa *sa)
{
    static uint8_t opened[ROOM], encoded[ROOM];
    struct arena arena = arena_make(&plain_alloc, ARENA);
    struct sk_outer outer;
    struct sk_keys keys;
    struct bytes plain;
    struct ike_msg msg = ike_msg_make();
    bool ok = sk_look(bytes_make(p->octets, p->len), h, &outer) && !outer.fragment &&
              reopen(f->bad, sa, p, &outer, opened, &plain, &keys);
    EXPECT(f->pair->w, ok);
    EXPECT(f->pair->w, ike_payloads_decode(plain, outer.first, &arena, &msg).class == DECODE_OK);
    struct ike_msg copy = ike_msg_make(); /* one that can grow */
    for (uint16_t i = 0; i < msg.count; i++)
        *ike_msg_add(&copy, &arena, msg.payload[i].type) = msg.payload[i];
    copy.header = *h;
    struct forged forged = {.msg = &copy, .arena = &arena};
    if (f->change(f, &forged)) {
        encode(f->bad, &forged, encoded, &plain, &outer.first);
        seal(f->bad, &keys, outer, plain, forged.reserved, p);
        if (f->believe)
            make_believe(sa, outer.first, forged.reserved, plain);
        f->done++;
    }
    arena_wipe(&arena);
}

static void change_clear(struct forge *f, struct packet *p, const struct ike_header *h)
{
    static uint8_t encoded[ROOM];
    struct arena arena = arena_make(&plain_alloc, ARENA);
    struct ike_msg msg = ike_msg_make();
    EXPECT(f->pair->w,
           ike_message_decode(bytes_make(p->octets, p->len), &arena, &msg).class == DECODE_OK);
    struct ike_msg copy = ike_msg_make();
    for (uint16_t i = 0; i < msg.count; i++)
        *ike_msg_add(&copy, &arena, msg.payload[i].type) = msg.payload[i];
    copy.header = *h;
    struct forged forged = {.msg = &copy, .arena = &arena};
    if (f->change(f, &forged)) {
        struct writer w = writer_make(encoded, sizeof encoded);
        ike_message_encode(&w, &copy);
        EXPECT(f->pair->w, !w.fault);
        p->octets = realloc(p->octets, w.len);
        memcpy(p->octets, encoded, w.len);
        p->len = w.len;
        p->genuine = false;
        f->done++;
    }
    arena_wipe(&arena);
}

static bool tap(struct world *w, struct packet *p, void *arg)
{
    struct forge *f = arg;
    struct ike_header h;
    (void)w;
    if (p->sender != f->bad->index || !ike_header_read(bytes_make(p->octets, p->len), &h))
        return true;
    if (h.exchange != f->exchange || h.response != f->response || (f->mid >= 0 && h.mid != f->mid))
        return true;
    if (h.next != PAYLOAD_SK && h.next != PAYLOAD_SKF) {
        change_clear(f, p, &h);
        return true;
    }
    struct ike_sa *sa = find_sa(f->bad, &h);
    if (sa)
        change_sealed(f, p, &h, sa);
    return true;
}

void forge_start(struct forge *f)
{
    f->pair->w->tap = tap;
    f->pair->w->tap_arg = f;
}

/* ---- saying something out of turn ---------------------------------------------------------- */

struct say forge_next(const struct host *bad, uint8_t exchange)
{
    const struct ike_sa *sa = host_sa(bad);
    return (struct say){
        .exchange = exchange, .mid = sa->window.send_next, .as_initiator = sa->initiator};
}

void forge_say_raw(struct host *bad, const struct say *say, uint8_t first, struct bytes plain)
{
    struct world *w = bad->world;
    struct ike_sa *sa = say->sa ? say->sa : host_sa(bad);
    struct sk_keys keys = sa_keys(sa, &sa->keys, say->as_initiator);
    struct sk_outer outer = {.first = first, .number = 1, .total = 1};
    outer.header = (struct ike_header){.spi_i = sa->spi_i,
                                       .spi_r = sa->spi_r,
                                       .major = 2,
                                       .exchange = say->exchange,
                                       .initiator = say->as_initiator,
                                       .response = say->response,
                                       .mid = say->mid};
    struct endpoint from = sa->path.local;
    from.addr = bad->addr;
    struct packet *p = packet_new(w, &from, &sa->path.remote, sa->path.encap, BYTES_NONE);
    p->sender = bad->index;
    seal(bad, &keys, outer, plain, 0, p);
    trace_packet(w, p, "forged");
    world_send(w, p);
}

void forge_say(struct host *bad, const struct say *say, const struct ike_msg *msg)
{
    static uint8_t encoded[ROOM];
    struct writer w = writer_make(encoded, sizeof encoded);
    uint8_t first = PAYLOAD_NONE;
    ike_payloads_encode(&w, msg, &first);
    EXPECT(bad->world, !w.fault);
    forge_say_raw(bad, say, first, writer_view(&w));
}
