/* notify: see notify.h. Each body is read by a reader that must end where the body ends. */
#include "wire/notify.h"

/* ---- numbers -------------------------------------------------------------------------------------------------- */

bool notify_u8_read(struct bytes data, uint8_t *value)
{
    struct reader r = reader_make(data);
    *value = reader_u8(&r);
    return reader_end(&r);
}

void notify_u8_write(struct writer *w, uint8_t value)
{
    writer_u8(w, value);
}

bool notify_u32_read(struct bytes data, uint32_t *value)
{
    struct reader r = reader_make(data);
    *value = reader_u32(&r);
    return reader_end(&r);
}

void notify_u32_write(struct writer *w, uint32_t value)
{
    writer_u32(w, value);
}

bool notify_invalid_ke_read(struct bytes data, uint16_t *method)
{
    struct reader r = reader_make(data);
    *method = reader_u16(&r);
    return reader_end(&r);
}

void notify_invalid_ke_write(struct writer *w, uint16_t method)
{
    writer_u16(w, method);
}

bool notify_counter_sync_read(struct bytes data, uint64_t *step)
{
    struct reader r = reader_make(data);
    *step = data.len == 4 ? reader_u32(&r) : reader_u64(&r);
    return reader_end(&r);
}

void notify_counter_sync_write(struct writer *w, uint64_t step, bool is_extended)
{
    if (is_extended)
        writer_u64(w, step);
    else
        writer_u32(w, (uint32_t)step);
}

/* ---- lists ---------------------------------------------------------------------------------------------------- */

bool notify_hashes_next(struct reader *r, uint16_t *hash)
{
    if (reader_left(r) < 2)
        return false;
    *hash = reader_u16(r);
    return true;
}

void notify_hashes_write(struct writer *w, const uint16_t *hash, size_t count)
{
    for (size_t i = 0; i < count; i++)
        writer_u16(w, hash[i]);
}

bool notify_auth_methods_next(struct reader *r, struct auth_announcement *a)
{
    uint8_t len = reader_u8(r);
    struct reader sub = reader_sub(r, len >= 2 ? (size_t)len - 1 : SIZE_MAX);
    *a = (struct auth_announcement){.method = reader_u8(&sub), .has_link = len >= 3};
    if (a->has_link)
        a->link = reader_u8(&sub);
    a->algorithm = reader_rest(&sub);
    return !sub.fault;
}

void notify_auth_methods_write(struct writer *w, const struct auth_announcement *a)
{
    size_t len = 2 + (a->has_link ? 1 + a->algorithm.len : 0);
    if (len > UINT8_MAX || (a->algorithm.len > 0 && !a->has_link))
        w->fault = true;
    writer_u8(w, (uint8_t)len);
    writer_u8(w, a->method);
    if (a->has_link)
        writer_u8(w, a->link);
    writer_bytes(w, a->algorithm);
}

/* ---- structures ----------------------------------------------------------------------------------------------- */

bool notify_address_read(struct bytes data, struct addr *a)
{
    if (data.len != 4 && data.len != 16)
        return false;
    *a = (struct addr){.family = data.len == 4 ? ADDR_V4 : ADDR_V6};
    memcpy(a->ip, data.at, data.len);
    return true;
}

void notify_address_write(struct writer *w, const struct addr *a)
{
    if (a->family == ADDR_NONE)
        w->fault = true;
    writer_bytes(w, addr_bytes(a));
}

bool notify_ipcomp_read(struct bytes data, struct notify_ipcomp *c)
{
    struct reader r = reader_make(data);
    c->cpi = reader_u16(&r);
    c->transform = reader_u8(&r);
    c->attributes = reader_rest(&r);
    return reader_end(&r);
}

void notify_ipcomp_write(struct writer *w, const struct notify_ipcomp *c)
{
    writer_u16(w, c->cpi);
    writer_u8(w, c->transform);
    writer_bytes(w, c->attributes);
}

static bool may_be_gateway(uint8_t type, size_t len)
{
    switch (type) {
    case GATEWAY_IPV4:
        return len == 4;
    case GATEWAY_IPV6:
        return len == 16;
    default:
        return len > 0;
    }
}

bool notify_redirect_read(struct bytes data, struct notify_redirect *g)
{
    struct reader r = reader_make(data);
    g->type = reader_u8(&r);
    g->gateway = reader_take(&r, reader_u8(&r));
    g->nonce = reader_rest(&r);
    return reader_end(&r) && may_be_gateway(g->type, g->gateway.len);
}

void notify_redirect_write(struct writer *w, const struct notify_redirect *g)
{
    if (g->gateway.len > UINT8_MAX)
        w->fault = true;
    writer_u8(w, g->type);
    writer_u8(w, (uint8_t)g->gateway.len);
    writer_bytes(w, g->gateway);
    writer_bytes(w, g->nonce);
}

bool notify_ticket_read(struct bytes data, struct notify_ticket *t)
{
    struct reader r = reader_make(data);
    t->lifetime = reader_u32(&r);
    t->ticket = reader_rest(&r);
    return reader_end(&r) && t->ticket.len > 0;
}

void notify_ticket_write(struct writer *w, const struct notify_ticket *t)
{
    writer_u32(w, t->lifetime);
    writer_bytes(w, t->ticket);
}

bool notify_ppk_read(struct bytes data, struct notify_ppk *p)
{
    struct reader r = reader_make(data);
    p->type = reader_u8(&r);
    p->id = reader_rest(&r);
    return reader_end(&r) && p->id.len > 0;
}

void notify_ppk_write(struct writer *w, const struct notify_ppk *p)
{
    writer_u8(w, p->type);
    writer_bytes(w, p->id);
}

bool notify_ppk_key_read(struct bytes data, struct notify_ppk_key *p)
{
    size_t ppk_len = data.len > PPK_CONFIRMATION_LEN ? data.len - PPK_CONFIRMATION_LEN : 0;
    struct reader r = reader_make(data);
    struct bytes ppk = reader_take(&r, ppk_len);
    p->confirmation = reader_take(&r, PPK_CONFIRMATION_LEN);
    return reader_end(&r) && notify_ppk_read(ppk, &p->ppk);
}

void notify_ppk_key_write(struct writer *w, const struct notify_ppk_key *p)
{
    if (p->confirmation.len != PPK_CONFIRMATION_LEN)
        w->fault = true;
    notify_ppk_write(w, &p->ppk);
    writer_bytes(w, p->confirmation);
}

bool notify_id_sync_read(struct bytes data, struct notify_id_sync *s)
{
    struct reader r = reader_make(data);
    s->nonce = reader_u32(&r);
    s->send_mid = reader_u32(&r);
    s->receive_mid = reader_u32(&r);
    return reader_end(&r);
}

void notify_id_sync_write(struct writer *w, const struct notify_id_sync *s)
{
    writer_u32(w, s->nonce);
    writer_u32(w, s->send_mid);
    writer_u32(w, s->receive_mid);
}

bool notify_puzzle_read(struct bytes data, struct notify_puzzle *p)
{
    struct reader r = reader_make(data);
    p->prf = reader_u16(&r);
    p->difficulty = reader_u8(&r);
    return reader_end(&r);
}

void notify_puzzle_write(struct writer *w, const struct notify_puzzle *p)
{
    writer_u16(w, p->prf);
    writer_u8(w, p->difficulty);
}
