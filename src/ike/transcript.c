/*
 * transcript: see transcript.h. What is MACed of an IKE_INTERMEDIATE message (RFC 9242 3.3.2, figure 1):
 *
 *      A   IKE header, Next Payload = SK, Length = |A| + |P|
 *          generic header of SK: type of the first inner payload | critical and reserved bits | 4 + |P|
 *      P   inner payloads in clear; no IV, no padding, no ICV
 *
 * It is the message as it was before encryption and fragmentation, so neither a change of fragment sizes nor a
 * retransmission alters it. Nothing stands between the two headers: the grammar allows no payload outside SK.
 */
#include "ike/transcript.h"

enum {
    COVERED_HEADER_LEN = IKE_HEADER_LEN + PAYLOAD_HEADER_LEN, /* |A| */
    AUTH_MID_LEN = 4,
    FLAG_INITIATOR = 0x08, /* RFC 7296 3.1 */
    FLAG_VERSION = 0x10,
    FLAG_RESPONSE = 0x20,
};

struct transcript transcript_make(const struct alloc *alloc)
{
    return (struct transcript){.alloc = alloc};
}

void transcript_wipe(struct transcript *t)
{
    const struct alloc *alloc = t->alloc;
    if (alloc) {
        alloc_give_bytes(alloc, &t->message_i);
        alloc_give_bytes(alloc, &t->message_r);
    }
    wipe(t, sizeof *t);
    t->alloc = alloc;
}

bool transcript_message(struct transcript *t, bool initiator, struct bytes message)
{
    struct bytes *slot = initiator ? &t->message_i : &t->message_r;
    struct bytes copy;
    if (!alloc_copy(t->alloc, message, &copy))
        return false;
    alloc_give_bytes(t->alloc, slot);
    *slot = copy;
    return true;
}

/* ---- IntAuth --------------------------------------------------------------------------------- */

/* A of figure 1. The flags are written here as they came: a peer may have set the version bit. */
static void write_covered_header(struct writer *w, const struct ike_header *h, uint8_t first, uint8_t reserved,
                                 size_t plain_len)
{
    unsigned flags = (h->initiator ? FLAG_INITIATOR : 0u) | (h->higher ? FLAG_VERSION : 0u) |
                     (h->response ? FLAG_RESPONSE : 0u);
    writer_u64(w, h->spi_i);
    writer_u64(w, h->spi_r);
    writer_u8(w, PAYLOAD_SK);
    writer_u8(w, (uint8_t)(h->major << 4 | (h->minor & 0x0f)));
    writer_u8(w, h->exchange);
    writer_u8(w, (uint8_t)flags);
    writer_u32(w, h->mid);
    writer_u32(w, (uint32_t)(COVERED_HEADER_LEN + plain_len));
    writer_u8(w, first);
    writer_u8(w, reserved);
    writer_u16(w, (uint16_t)(PAYLOAD_HEADER_LEN + plain_len));
}

enum crypto_result transcript_cover(struct transcript *t, const struct crypto *c, const struct alg *prf,
                                    const struct secret *key, bool initiator, const struct ike_header *header,
                                    uint8_t first, uint8_t reserved, struct bytes plain)
{
    if (plain.len > UINT16_MAX - PAYLOAD_HEADER_LEN)
        return CRYPTO_FAULT;
    uint8_t *running = initiator ? t->int_i : t->int_r;
    uint8_t *running_len = initiator ? &t->int_i_len : &t->int_r_len;

    uint8_t a[COVERED_HEADER_LEN];
    struct writer w = writer_make(a, sizeof a);
    write_covered_header(&w, header, first, reserved, plain.len);

    const struct bytes parts[] = {bytes_make(running, *running_len), writer_view(&w), plain};
    uint8_t next[PRF_LEN_MAX];
    enum crypto_result result = c->prf(c->self, prf, secret_view(key), parts, 3, next);
    if (result == CRYPTO_OK) {
        memcpy(running, next, prf->out_len);
        *running_len = (uint8_t)prf->out_len;
        t->ran = true;
    }
    wipe(next, sizeof next);
    return result;
}

/* ---- the octets under AUTH ------------------------------------------------------------------- */

/*
 * What a side signs, piece by piece: the one place that knows the order. A standard that covers
 * IKE_SA_INIT in another way (both messages, say, against downgrades) is another list here.
 */
enum { PIECES_MAX = 6 };
struct pieces {
    struct bytes at[PIECES_MAX];
    size_t count;
};

static struct pieces list_pieces(const struct transcript *t, bool initiator, struct bytes nonce,
                                 struct bytes maced_id, struct bytes auth_mid)
{
    struct pieces p = {.at = {initiator ? t->message_i : t->message_r, nonce, maced_id}, .count = 3};
    if (!t->ran)
        return p;
    p.at[p.count++] = bytes_make(t->int_i, t->int_i_len); /* in the same order, whoever signs */
    p.at[p.count++] = bytes_make(t->int_r, t->int_r_len);
    p.at[p.count++] = auth_mid;
    return p;
}

enum crypto_result transcript_octets(const struct transcript *t, const struct crypto *c, const struct alg *prf,
                                     bool initiator, struct bytes nonce, struct bytes id_body,
                                     const struct secret *sk_p, uint32_t auth_mid, struct writer *w)
{
    struct bytes message = initiator ? t->message_i : t->message_r;
    bool is_half = t->ran && (t->int_i_len == 0 || t->int_r_len == 0); /* a request without its response */
    if (message.len == 0 || is_half)
        return CRYPTO_FAULT;
    uint8_t maced_id[PRF_LEN_MAX], mid[AUTH_MID_LEN];
    put_u32(mid, auth_mid);
    enum crypto_result result = c->prf(c->self, prf, secret_view(sk_p), &id_body, 1, maced_id);
    if (result != CRYPTO_OK)
        return result;
    struct pieces p =
        list_pieces(t, initiator, nonce, bytes_make(maced_id, prf->out_len), BYTES_OF(mid));
    for (size_t i = 0; i < p.count; i++)
        writer_bytes(w, p.at[i]);
    wipe(maced_id, sizeof maced_id);
    return w->fault ? CRYPTO_FAULT : CRYPTO_OK;
}

size_t transcript_octets_len(const struct transcript *t, const struct alg *prf, bool initiator, struct bytes nonce)
{
    const uint8_t room[PRF_LEN_MAX] = {0};
    struct pieces p = list_pieces(t, initiator, nonce, bytes_make(room, prf->out_len),
                                  bytes_make(room, AUTH_MID_LEN));
    size_t len = 0;
    for (size_t i = 0; i < p.count; i++)
        len += p.at[i].len;
    return len;
}
