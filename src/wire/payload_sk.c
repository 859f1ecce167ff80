/*
 * payload_sk: Encrypted, whole (SK, RFC 7296 3.14, figure 21) or one fragment (SKF, RFC 7383 2.5, figure 1).
 *
 *     SK:                                                Initialization Vector | ciphertext | Integrity Checksum Data
 *     SKF: Fragment Number (2) | Total Fragments (2)  |  Initialization Vector | ciphertext | Integrity Checksum Data
 *
 * Only where the sealed body lies is found here; sk.c opens it. The Next Payload field of the generic header names the
 * first payload inside, and message.c puts it into `inner`. Fragment numbers are judged by fragment.c, which drops in
 * silence what RFC 7383 2.6 wants dropped.
 */
#include "wire/payload.h"

static void decode_body(struct decoder *d, struct reader *r, struct sk_payload *sk)
{
    sk->body_at = d->start_at + (size_t)(r->at - d->start);
    sk->body = reader_rest(r);
    decode_end(d, r, "fragment number and total");
}

void payload_sk_decode(struct decoder *d, struct reader *r, struct payload *p)
{
    p->u.sk.number = 1;
    p->u.sk.total = 1;
    decode_body(d, r, &p->u.sk);
}

void payload_skf_decode(struct decoder *d, struct reader *r, struct payload *p)
{
    p->u.sk.number = reader_u16(r);
    p->u.sk.total = reader_u16(r);
    decode_body(d, r, &p->u.sk);
}

void payload_sk_encode(struct writer *w, const struct payload *p)
{
    if (p->u.sk.number != 1 || p->u.sk.total != 1)
        w->fault = true;
    writer_bytes(w, p->u.sk.body);
}

void payload_skf_encode(struct writer *w, const struct payload *p)
{
    writer_u16(w, p->u.sk.number);
    writer_u16(w, p->u.sk.total);
    writer_bytes(w, p->u.sk.body);
}
