/* messages: see messages.h. */
#include "messages.h"

#include <string.h>

/* ---- at random -------------------------------------------------------------------------------------------------- */

static struct bytes random_bytes(struct dice *d, struct arena *arena, size_t max)
{
    size_t len = dice_below(d, max + 1);
    uint8_t *at = arena_take(arena, len);
    for (size_t i = 0; i < len; i++)
        at[i] = (uint8_t)dice_roll(d);
    return bytes_make(at, len);
}

static struct transform random_transform(struct dice *d)
{
    return (struct transform){
        .type = (uint8_t)dice_below(d, 16),
        .id = (uint16_t)dice_below(d, 40),
        .key_bits = (uint16_t)(dice_below(d, 2) ? 64 * dice_below(d, 5) : 0),
    };
}

static struct proposal random_proposal(struct dice *d, struct arena *arena)
{
    static const uint8_t spi_lens[] = {0, 4, 8, 2};
    struct proposal p = {.number = (uint8_t)dice_roll(d), .protocol = (uint8_t)dice_below(d, 5)};
    p.spi_len = spi_lens[dice_below(d, 4)];
    for (unsigned i = 0; i < p.spi_len; i++)
        p.spi[i] = (uint8_t)dice_roll(d);
    p.count = (uint16_t)(1 + dice_below(d, dice_below(d, 50) ? 8 : TRANSFORMS_MAX));
    struct transform *t = ARENA_ARRAY(arena, struct transform, p.count);
    for (unsigned i = 0; i < p.count; i++)
        t[i] = random_transform(d);
    p.transform = t;
    return p;
}

static void random_sa(struct dice *d, struct arena *arena, struct payload *p)
{
    p->u.sa.count = (uint16_t)(1 + dice_below(d, dice_below(d, 50) ? 4 : PROPOSALS_MAX));
    struct proposal *at = ARENA_ARRAY(arena, struct proposal, p->u.sa.count);
    for (unsigned i = 0; i < p->u.sa.count; i++)
        at[i] = random_proposal(d, arena);
    p->u.sa.at = at;
}

static void random_ts(struct dice *d, struct arena *arena, struct payload *p)
{
    p->u.ts.count = (uint16_t)(1 + dice_below(d, dice_below(d, 50) ? 4 : SELECTORS_MAX));
    struct selector *at = ARENA_ARRAY(arena, struct selector, p->u.ts.count);
    for (unsigned i = 0; i < p->u.ts.count; i++) {
        at[i].family = dice_below(d, 2) ? ADDR_V4 : ADDR_V6;
        at[i].protocol = (uint8_t)dice_roll(d);
        at[i].from_port = (uint16_t)dice_roll(d);
        at[i].to_port = (uint16_t)dice_roll(d);
        for (int k = 0; k < (at[i].family == ADDR_V4 ? 4 : 16); k++) {
            at[i].from[k] = (uint8_t)dice_roll(d);
            at[i].to[k] = (uint8_t)dice_roll(d);
        }
    }
    p->u.ts.at = at;
}

static void random_cp(struct dice *d, struct arena *arena, struct payload *p)
{
    p->u.cp.type = (uint8_t)dice_roll(d);
    p->u.cp.count = (uint16_t)dice_below(d, 6);
    struct cp_attribute *at = ARENA_ARRAY(arena, struct cp_attribute, p->u.cp.count);
    for (unsigned i = 0; i < p->u.cp.count; i++)
        at[i] = (struct cp_attribute){.type = dice_roll(d) & 0x7fff, .value = random_bytes(d, arena, 20)};
    p->u.cp.attribute = at;
}

static void random_notify(struct dice *d, struct arena *arena, struct payload *p)
{
    struct notify_payload *n = &p->u.notify;
    n->protocol = (uint8_t)dice_below(d, 5);
    n->spi = random_bytes(d, arena, dice_below(d, 2) ? SPI_LEN_MAX : 0);
    n->spi_len = (uint8_t)n->spi.len;
    n->type = (uint16_t)(dice_below(d, 2) ? 16384 + dice_below(d, 70) : dice_below(d, 50));
    n->data = random_bytes(d, arena, 40);
}

static void random_delete(struct dice *d, struct arena *arena, struct payload *p)
{
    struct delete_payload *del = &p->u.del;
    del->protocol = (uint8_t)dice_below(d, 5);
    del->spis = random_bytes(d, arena, 12);
    del->spi_len = del->spis.len % 4 == 0 ? 4 : 1;
    del->count = (uint16_t)(del->spis.len / del->spi_len);
}

static void random_sk(struct dice *d, struct arena *arena, struct payload *p)
{
    bool is_whole = p->type == PAYLOAD_SK;
    p->u.sk.inner = (uint8_t)dice_below(d, 60);
    p->u.sk.number = (uint16_t)(is_whole ? 1 : dice_roll(d));
    p->u.sk.total = (uint16_t)(is_whole ? 1 : dice_roll(d));
    p->u.sk.body = random_bytes(d, arena, 100);
}

void random_payload(struct dice *d, struct arena *arena, struct ike_msg *m, uint8_t type)
{
    struct payload *p = ike_msg_add(m, arena, type);
    p->critical = dice_below(d, 8) == 0 && payload_name(type);
    switch (type) {
    case PAYLOAD_SA:
        random_sa(d, arena, p);
        break;
    case PAYLOAD_KE:
        p->u.ke = (struct ke_payload){(uint16_t)dice_below(d, 40), random_bytes(d, arena, 200)};
        break;
    case PAYLOAD_IDi:
    case PAYLOAD_IDr:
        p->u.id.id = (struct identity){(uint8_t)dice_below(d, 14), random_bytes(d, arena, 30)};
        break;
    case PAYLOAD_CERT:
    case PAYLOAD_CERTREQ:
        p->u.cert = (struct cert_payload){(uint8_t)dice_below(d, 16), random_bytes(d, arena, 200)};
        break;
    case PAYLOAD_AUTH:
        p->u.auth = (struct auth_payload){(uint8_t)dice_below(d, 15), random_bytes(d, arena, 64)};
        break;
    case PAYLOAD_NOTIFY:
        random_notify(d, arena, p);
        break;
    case PAYLOAD_DELETE:
        random_delete(d, arena, p);
        break;
    case PAYLOAD_TSi:
    case PAYLOAD_TSr:
        random_ts(d, arena, p);
        break;
    case PAYLOAD_CP:
        random_cp(d, arena, p);
        break;
    case PAYLOAD_SK:
    case PAYLOAD_SKF:
        random_sk(d, arena, p);
        break;
    default:
        p->raw = random_bytes(d, arena, 60);
    }
}

struct ike_msg random_message(struct dice *d, struct arena *arena)
{
    struct ike_msg m = ike_msg_make();
    m.header.spi_i = dice_roll(d);
    m.header.spi_r = dice_roll(d);
    m.header.minor = dice_roll(d) & 0x0f;
    m.header.exchange = (uint8_t)(33 + dice_below(d, 13));
    m.header.initiator = dice_below(d, 2);
    m.header.response = dice_below(d, 2);
    m.header.mid = (uint32_t)dice_roll(d);
    size_t count = dice_below(d, dice_below(d, 20) ? 8 : 40);
    for (size_t i = 0; i < count; i++) {
        uint8_t type = (uint8_t)(33 + dice_below(d, 24)); /* all families, and types that we do not know */
        bool is_sealed = type == PAYLOAD_SK || type == PAYLOAD_SKF;
        random_payload(d, arena, &m, is_sealed ? (uint8_t)PAYLOAD_NOTIFY : type);
    }
    if (dice_below(d, 4) == 0)
        random_payload(d, arena, &m, dice_below(d, 2) ? PAYLOAD_SK : PAYLOAD_SKF);
    return m;
}

/* ---- comparing -------------------------------------------------------------------------------------------------- */

static bool headers_equal(const struct ike_header *a, const struct ike_header *b)
{
    return a->spi_i == b->spi_i && a->spi_r == b->spi_r && a->major == b->major && a->minor == b->minor &&
           a->exchange == b->exchange && a->initiator == b->initiator && a->response == b->response && a->mid == b->mid;
}

static bool proposals_equal(const struct proposals *a, const struct proposals *b)
{
    if (a->count != b->count)
        return false;
    for (unsigned i = 0; i < a->count; i++) {
        const struct proposal *p = &a->at[i], *q = &b->at[i];
        if (p->number != q->number || p->protocol != q->protocol || p->spi_len != q->spi_len || p->count != q->count ||
            memcmp(p->spi, q->spi, sizeof p->spi) != 0)
            return false;
        for (unsigned k = 0; k < p->count; k++) {
            const struct transform *t = &p->transform[k], *u = &q->transform[k];
            if (t->type != u->type || t->id != u->id || t->key_bits != u->key_bits || t->unknown_attr != u->unknown_attr)
                return false;
        }
    }
    return true;
}

static bool selectors_equal(const struct selectors *a, const struct selectors *b)
{
    if (a->count != b->count)
        return false;
    for (unsigned i = 0; i < a->count; i++) {
        const struct selector *s = &a->at[i], *t = &b->at[i];
        if (s->family != t->family || s->protocol != t->protocol || s->from_port != t->from_port ||
            s->to_port != t->to_port || s->dynamic != t->dynamic || memcmp(s->from, t->from, sizeof s->from) != 0 ||
            memcmp(s->to, t->to, sizeof s->to) != 0)
            return false;
    }
    return true;
}

static bool cp_equal(const struct cp_payload *a, const struct cp_payload *b)
{
    if (a->type != b->type || a->count != b->count)
        return false;
    for (unsigned i = 0; i < a->count; i++)
        if (a->attribute[i].type != b->attribute[i].type ||
            !bytes_equal(a->attribute[i].value, b->attribute[i].value))
            return false;
    return true;
}

static bool notifies_equal(const struct notify_payload *a, const struct notify_payload *b)
{
    return a->protocol == b->protocol && a->spi_len == b->spi_len && bytes_equal(a->spi, b->spi) &&
           a->type == b->type && bytes_equal(a->data, b->data);
}

static bool deletes_equal(const struct delete_payload *a, const struct delete_payload *b)
{
    return a->protocol == b->protocol && a->spi_len == b->spi_len && a->count == b->count &&
           bytes_equal(a->spis, b->spis);
}

static bool sealed_equal(const struct sk_payload *a, const struct sk_payload *b)
{
    return a->inner == b->inner && a->number == b->number && a->total == b->total && bytes_equal(a->body, b->body);
}

static bool payloads_equal(const struct payload *a, const struct payload *b)
{
    if (a->type != b->type || a->critical != b->critical)
        return false;
    switch (a->type) {
    case PAYLOAD_SA:
        return proposals_equal(&a->u.sa, &b->u.sa);
    case PAYLOAD_KE:
        return a->u.ke.method == b->u.ke.method && bytes_equal(a->u.ke.data, b->u.ke.data);
    case PAYLOAD_IDi:
    case PAYLOAD_IDr:
        return a->u.id.id.type == b->u.id.id.type && bytes_equal(a->u.id.id.data, b->u.id.id.data);
    case PAYLOAD_CERT:
    case PAYLOAD_CERTREQ:
        return a->u.cert.encoding == b->u.cert.encoding && bytes_equal(a->u.cert.data, b->u.cert.data);
    case PAYLOAD_AUTH:
        return a->u.auth.method == b->u.auth.method && bytes_equal(a->u.auth.data, b->u.auth.data);
    case PAYLOAD_NOTIFY:
        return notifies_equal(&a->u.notify, &b->u.notify);
    case PAYLOAD_DELETE:
        return deletes_equal(&a->u.del, &b->u.del);
    case PAYLOAD_TSi:
    case PAYLOAD_TSr:
        return selectors_equal(&a->u.ts, &b->u.ts);
    case PAYLOAD_CP:
        return cp_equal(&a->u.cp, &b->u.cp);
    case PAYLOAD_SK:
    case PAYLOAD_SKF:
        return sealed_equal(&a->u.sk, &b->u.sk);
    default:
        return bytes_equal(a->raw, b->raw);
    }
}

bool messages_equal(const struct ike_msg *a, const struct ike_msg *b)
{
    if (!headers_equal(&a->header, &b->header) || a->count != b->count)
        return false;
    for (unsigned i = 0; i < a->count; i++)
        if (!payloads_equal(&a->payload[i], &b->payload[i]))
            return false;
    return true;
}
