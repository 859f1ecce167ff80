/* contact: see contact.h. */
#include "ike/contact.h"

#include "ike/limits.h"
#include "ike/speak.h"

/* ---- connections by address ------------------------------------------------------------------ */

static bool endpoint_fits(const struct conf_endpoint *patterns, uint16_t count,
                          const struct addr *a)
{
    for (uint16_t i = 0; i < count; i++) {
        const struct conf_endpoint *p = &patterns[i];
        /* A name not resolved yet, or %any: identities decide later. */
        if (p->host || p->from.family == ADDR_NONE)
            return true;
        if (p->from.family == a->family &&
            bytes_compare(addr_bytes(&p->from), addr_bytes(a)) <= 0 &&
            bytes_compare(addr_bytes(a), addr_bytes(&p->to)) <= 0)
            return true;
    }
    return count == 0;
}

const struct conf_conn *contact_conn(const struct config *c, const struct ike_path *path,
                                     const struct conf_conn *after)
{
    for (const struct conf_conn *conn = after ? after + 1 : c->conn; conn < c->conn + c->conn_count;
         conn++)
        if (endpoint_fits(conn->local_addrs, conn->local_count, &path->local.addr) &&
            endpoint_fits(conn->remote_addrs, conn->remote_count, &path->remote.addr))
            return conn;
    return NULL;
}

/* ---- the budget of half-open SAs ------------------------------------------------------------- */

static uint64_t source_key(const struct ike_engine *e, const struct addr *a)
{
    return siphash(&e->seed, addr_bytes(a));
}

static uint64_t contact_key(const struct ike_engine *e, uint64_t spi_i, const struct endpoint *from)
{
    uint8_t octets[8 + 2 + 16] = {0};
    put_u64(octets, spi_i);
    put_u16(octets + 8, from->port);
    memcpy(octets + 10, from->addr.ip, sizeof from->addr.ip);
    return siphash(&e->seed, BYTES_OF(octets));
}

static bool is_first_message(const struct ike_header *h)
{
    return h->exchange == EXCHANGE_IKE_SA_INIT && !h->response && h->initiator && h->mid == 0 &&
           h->spi_i != 0 && h->spi_r == 0;
}

/* The table holds the number of half-open SAs of a source as its value. */
static uintptr_t source_count(const struct ike_engine *e, const struct addr *a)
{
    return (uintptr_t)table_get(&e->by_source, source_key(e, a));
}

static bool set_source_count(struct ike_engine *e, const struct addr *a, uintptr_t count)
{
    if (count)
        return table_put(&e->by_source, source_key(e, a), (void *)count);
    table_remove(&e->by_source, source_key(e, a));
    return true;
}

/* A repeated first message; whatever else has no SPI of ours is for nobody. */
struct ike_sa *contact_find(const struct ike_engine *e, const struct ike_header *h,
                            const struct ike_path *path)
{
    if (!is_first_message(h))
        return NULL;
    return table_get(&e->by_contact, contact_key(e, h->spi_i, &path->remote));
}

static bool enter_half_open(struct ike_engine *e, struct ike_sa *sa)
{
    if (!table_put(&e->by_contact, contact_key(e, sa->spi_i, &sa->path.remote), sa))
        return false;
    if (!set_source_count(e, &sa->path.remote.addr, source_count(e, &sa->path.remote.addr) + 1)) {
        table_remove(&e->by_contact, contact_key(e, sa->spi_i, &sa->path.remote));
        return false;
    }
    sa->contact_from = sa->path.remote;
    sa->half_open = true;
    e->half_open++;
    return true;
}

void engine_leave_half_open(struct ike_engine *e, struct ike_sa *sa)
{
    if (!sa->half_open)
        return;
    sa->half_open = false;
    e->half_open--;
    table_remove(&e->by_contact, contact_key(e, sa->spi_i, &sa->contact_from));
    (void)set_source_count(e, &sa->contact_from.addr, source_count(e, &sa->contact_from.addr) - 1);
}

/* ---- cookies --------------------------------------------------------------------------------- */

/* What a stateless answer needs of the request, found without decoding it. */
struct glimpse {
    struct bytes cookie, nonce;
};

static bool glimpse_notify(struct bytes body, struct bytes *cookie)
{
    struct reader r = reader_make(body);
    reader_skip(&r, 1);
    size_t spi_len = reader_u8(&r);
    uint16_t type = reader_u16(&r);
    reader_skip(&r, spi_len);
    if (!r.fault && type == NOTIFY_COOKIE)
        *cookie = reader_rest(&r);
    return !r.fault;
}

static bool glimpse_request(struct bytes datagram, uint8_t next, struct glimpse *g)
{
    *g = (struct glimpse){BYTES_NONE, BYTES_NONE};
    struct reader r = reader_make(datagram);
    reader_skip(&r, IKE_HEADER_LEN);
    for (unsigned count = 0; next != PAYLOAD_NONE && !r.fault; count++) {
        uint8_t type = next;
        next = reader_u8(&r);
        reader_skip(&r, 1);
        size_t len = reader_u16(&r);
        if (len < PAYLOAD_HEADER_LEN || count == PAYLOADS_MAX)
            return false;
        struct bytes body = reader_take(&r, len - PAYLOAD_HEADER_LEN);
        if (type == PAYLOAD_NONCE)
            g->nonce = body;
        if (type == PAYLOAD_NOTIFY && !glimpse_notify(body, &g->cookie))
            return false;
    }
    return reader_end(&r) && g->nonce.len >= NONCE_LEN_MIN && g->nonce.len <= NONCE_LEN_MAX;
}

static bool send_cookie(struct turn *t, const struct ike_header *h, const struct ike_path *path,
                        struct bytes ni, size_t request_len)
{
    uint8_t cookie[COOKIE_LEN];
    if (cookie_make(&t->e->cookies, t->e->crypto, t->now, &path->remote, h->spi_i, ni, cookie) !=
        CRYPTO_OK)
        return false;
    speak_unprotected(t->e, t->fx, path, h, request_len, NOTIFY_COOKIE, BYTES_OF(cookie));
    t->e->counts[COUNT_COOKIES_SENT]++;
    return true;
}

/*
 * Does the budget allow another half-open SA, and, when it is crowded, has the stranger shown that
 * it receives at its address?
 */
static struct verdict check_budget(struct turn *t, const struct ike_header *h,
                                   const struct ike_path *path, struct bytes datagram, bool *crowded)
{
    struct ike_engine *e = t->e;
    const struct conf_engine *conf = &e->config->engine;
    struct glimpse g;
    if (datagram.len > CONTACT_LEN_MAX || !glimpse_request(datagram, h->next, &g))
        return verdict_drop(DROP_CONTACT);
    *crowded = e->half_open >= conf->cookie_threshold;
    if (*crowded && !(g.cookie.len && cookie_check(&e->cookies, e->crypto, t->now, &path->remote,
                                                   h->spi_i, g.nonce, g.cookie))) {
        (void)send_cookie(t, h, path, g.nonce, datagram.len);
        return verdict_drop(DROP_COOKIE);
    }
    if (e->half_open >= conf->half_open_max ||
        source_count(e, &path->remote.addr) >= conf->half_open_per_source)
        return verdict_drop(DROP_HALF_OPEN);
    return VERDICT_OK;
}

struct verdict contact_admit(struct turn *t, const struct ike_header *h,
                             const struct ike_path *path, struct bytes datagram)
{
    struct ike_engine *e = t->e;
    if (!is_first_message(h) || e->closing)
        return verdict_drop(DROP_CONTACT);
    bool crowded;
    struct verdict v = check_budget(t, h, path, datagram, &crowded);
    if (v.class != V_OK)
        return v;
    struct ike_sa *sa = turn_new_sa(t, false, NULL, path);
    if (!sa)
        return verdict_drop(DROP_MEMORY);
    sa->spi_i = h->spi_i;
    sa->detour.cookie = crowded;
    t->sa = sa;
    if (!enter_half_open(e, sa)) {
        struct verdict fault = verdict_fault();
        turn_close(t, &fault, false);
        return verdict_drop(DROP_MEMORY);
    }
    sa->die_at = t->now + e->config->engine.half_open_for;
    turn_arm(t);
    return VERDICT_OK;
}

/* ---- messages for nobody --------------------------------------------------------------------- */

static bool may_speak_in_clear(struct ike_engine *e, ike_time now, const struct ike_header *h)
{
    if (h->response || now < e->invalid_spi_after)
        return false;
    e->invalid_spi_after = now + INVALID_SPI_EVERY;
    return true;
}

void contact_unknown(struct ike_engine *e, ike_time now, struct ike_effects *fx,
                     const struct ike_header *h, const struct ike_path *path, size_t len)
{
    if (h->exchange == EXCHANGE_IKE_SA_INIT || !may_speak_in_clear(e, now, h))
        return;
    speak_unprotected(e, fx, path, h, len, NOTIFY_INVALID_IKE_SPI, BYTES_NONE);
    e->counts[COUNT_INVALID_SPI_SENT]++;
}

void contact_version(struct ike_engine *e, ike_time now, struct ike_effects *fx,
                     const struct ike_header *h, const struct ike_path *path, size_t len)
{
    if (h->major > 2 && may_speak_in_clear(e, now, h))
        speak_unprotected(e, fx, path, h, len, NOTIFY_INVALID_MAJOR_VERSION, BYTES_NONE);
}
