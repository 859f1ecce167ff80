/*
 * payload_auth: Authentication (RFC 7296 3.8, figure 14).
 *
 *     Auth Method (1) | RESERVED (3) | Authentication Data
 */
#include "wire/payload.h"

void payload_auth_decode(struct decoder *d, struct reader *r, struct payload *p)
{
    p->u.auth.method = reader_u8(r);
    reader_skip(r, 3);
    p->u.auth.data = reader_rest(r);
    decode_end(d, r, "authentication header");
}

void payload_auth_encode(struct writer *w, const struct payload *p)
{
    writer_u8(w, p->u.auth.method);
    writer_zeros(w, 3);
    writer_bytes(w, p->u.auth.data);
}
