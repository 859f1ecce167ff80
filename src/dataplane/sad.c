/* sad: see sad.h. */
#include "dataplane/sad.h"

#include <stdio.h>
#include <stdlib.h>

enum {
    UDP_HEADER_LEN = 8,
    /* IPv6 must get through whole (RFC 8200 5); if need be the outer packet is fragmented */
    INNER_MTU_MIN = 1280,
};

/* ---- memory for libbraid's parts ------------------------------------------------------------- */

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

bool sad_init(struct sad *s, const struct crypto *crypto)
{
    uint64_t seed;
    if (!crypto->random(crypto->self, (uint8_t *)&seed, sizeof seed))
        return false;
    s->crypto = crypto;
    s->alloc = (struct alloc){.take = take, .give = give};
    s->pool = esp_pool_make(crypto);
    s->by_spi = table_make(&s->alloc, seed);
    s->by_id = table_make(&s->alloc, seed);
    policy_table_init(&s->policies);
    return true;
}

void sad_clear(struct sad *s)
{
    struct sad_entry *e;
    for (size_t at = 0; (e = sad_each(s, &at)); at = 0)
        sad_remove(s, e);
    table_free(&s->by_spi);
    table_free(&s->by_id);
    wipe(&s->pool, sizeof s->pool);
}

/* ---- finding --------------------------------------------------------------------------------- */

struct sad_entry *sad_by_id(const struct sad *s, uint32_t id)
{
    return table_get(&s->by_id, id);
}

struct sad_entry *sad_by_spi(const struct sad *s, uint32_t spi_in)
{
    return table_get(&s->by_spi, spi_in);
}

struct sad_entry *sad_each(const struct sad *s, size_t *at)
{
    return table_each(&s->by_id, at);
}

/* ---- adding ---------------------------------------------------------------------------------- */

/* Why an SA cannot be installed at all, or NULL. */
static const char *find_obstacle(const struct sad *s, const struct plane_child *c)
{
    if (!c->encap)
        return "this data plane carries ESP only inside UDP: enable encap for the connection";
    if (!c->encr || (!c->integ && !(c->encr->flags & ALG_AEAD)))
        return "the suite has no integrity protection";
    if (c->local_ts.count == 0 || c->remote_ts.count == 0)
        return "no traffic selectors";
    if (sad_by_id(s, c->id))
        return "a Child SA with this id is installed already";
    if (sad_by_spi(s, c->spi_in))
        return "the inbound SPI is in use";
    return NULL;
}

static bool make_directions(struct sad *s, struct sad_entry *e, const struct ike_plane *effect)
{
    const struct plane_child *c = &effect->child;
    struct esp_params p = {
        .crypto = s->crypto,
        .encr = c->encr,
        .integ = c->integ,
        .encr_key = &effect->in.encr,
        .integ_key = &effect->in.integ,
        .spi = c->spi_in,
        .esn = c->esn,
        .transport = c->transport,
        .replay_window = c->replay_window,
    };
    if (!esp_in_make(&e->in, &p, &s->alloc))
        return false;
    p.encr_key = &effect->out.encr;
    p.integ_key = &effect->out.integ;
    p.spi = c->spi_out;
    return esp_out_make(&e->out, &p, &s->pool);
}

static void entry_free(struct sad_entry *e)
{
    esp_in_free(&e->in);
    esp_out_free(&e->out);
    policy_free(&e->policy);
    wipe(e, sizeof *e);
    free(e);
}

/* In both tables, or in none. */
static bool register_entry(struct sad *s, struct sad_entry *e)
{
    if (!table_put(&s->by_spi, e->spi_in, e))
        return false;
    if (table_put(&s->by_id, e->id, e))
        return true;
    table_remove(&s->by_spi, e->spi_in);
    return false;
}

struct sad_entry *sad_add(struct sad *s, const struct ike_plane *effect, char *why, size_t why_len)
{
    const struct plane_child *c = &effect->child;
    const char *obstacle = find_obstacle(s, c);
    struct sad_entry *e = obstacle ? NULL : calloc(1, sizeof *e);
    if (!e) {
        snprintf(why, why_len, "%s", obstacle ? obstacle : "out of memory");
        return NULL;
    }
    e->id = c->id;
    e->replaces = c->replaces;
    e->spi_in = c->spi_in;
    e->spi_out = c->spi_out;
    e->transport = c->transport;
    e->path = c->path;
    e->soft = (struct volume){c->soft_bytes, c->soft_packets};
    e->hard = (struct volume){c->hard_bytes, c->hard_packets};
    if (!make_directions(s, e, effect) ||
        !policy_make(&e->policy, &c->local_ts, &c->remote_ts, e) || !register_entry(s, e)) {
        snprintf(why, why_len, "the cryptographic library refused %s, or out of memory",
                 c->encr->name);
        entry_free(e);
        return NULL;
    }
    const struct sad_entry *old = c->replaces ? sad_by_id(s, c->replaces) : NULL;
    bool must_wait = !c->initiator && old && !old->is_retired;
    e->policy.is_usable = !must_wait;
    policy_table_add(&s->policies, &e->policy);
    return e;
}

/* ---- changing over, removing ----------------------------------------------------------------- */

void sad_confirm(struct sad *s, struct sad_entry *e)
{
    if (!e->policy.is_usable && !e->is_retired)
        policy_table_set_usable(&s->policies, &e->policy, true);
}

/* Whatever waited for this SA to go may be used now. */
static void confirm_successors(struct sad *s, const struct sad_entry *e)
{
    struct sad_entry *other;
    for (size_t at = 0; (other = sad_each(s, &at));) {
        if (other->replaces == e->id)
            sad_confirm(s, other);
    }
}

void sad_retire(struct sad *s, struct sad_entry *e)
{
    e->is_retired = true;
    policy_table_set_usable(&s->policies, &e->policy, false);
    confirm_successors(s, e);
}

void sad_remove(struct sad *s, struct sad_entry *e)
{
    policy_table_remove(&s->policies, &e->policy);
    table_remove(&s->by_spi, e->spi_in);
    table_remove(&s->by_id, e->id);
    confirm_successors(s, e);
    entry_free(e);
}

/* ---- limits ---------------------------------------------------------------------------------- */

static bool is_reached(const struct volume *limit, const struct plane_usage *u)
{
    uint64_t bytes = u->in_bytes > u->out_bytes ? u->in_bytes : u->out_bytes;
    uint64_t packets = u->in_packets > u->out_packets ? u->in_packets : u->out_packets;
    return (limit->bytes && bytes >= limit->bytes) || (limit->packets && packets >= limit->packets);
}

enum sad_limit sad_check_limits(struct sad *s, struct sad_entry *e)
{
    if (e->is_spent || e->is_retired)
        return SAD_LIMIT_NONE;
    enum esp_wear wear = esp_out_wear(&e->out);
    if (wear == ESP_SPENT || is_reached(&e->hard, &e->usage)) {
        e->is_spent = true;
        confirm_successors(s, e);
        return SAD_LIMIT_HARD;
    }
    if (e->told_soft || (wear == ESP_FRESH && !is_reached(&e->soft, &e->usage)))
        return SAD_LIMIT_NONE;
    e->told_soft = true;
    return SAD_LIMIT_SOFT;
}

/* ---- sizes ----------------------------------------------------------------------------------- */

unsigned sad_inner_mtu(const struct sad_entry *e, unsigned outer_mtu)
{
    unsigned header = e->path.remote.addr.family == ADDR_V4 ? IPV4_HEADER_LEN : IPV6_HEADER_LEN;
    unsigned around = header + UDP_HEADER_LEN;
    size_t room = outer_mtu > around ? esp_payload_room(&e->out.form, outer_mtu - around) : 0;
    if (e->transport)
        room += header; /* the inner header does not travel */
    return room > INNER_MTU_MIN ? (unsigned)room : INNER_MTU_MIN;
}
