/*
 * payload_id: Identification of the initiator and the responder (RFC 7296 3.5, figure 11).
 *
 *     ID Type (1) | RESERVED (3) | Identification Data
 *
 * AUTH covers the body as it came (RestOfInitIDPayload, RFC 7296 2.15): take payload.raw for that, whose reserved
 * octets are the peer's.
 */
#include "wire/payload.h"

void payload_id_decode(struct decoder *d, struct reader *r, struct payload *p)
{
    p->u.id.id.type = reader_u8(r);
    reader_skip(r, 3);
    p->u.id.id.data = reader_rest(r);
    decode_end(d, r, "identification header");
}

void payload_id_encode(struct writer *w, const struct payload *p)
{
    writer_u8(w, p->u.id.id.type);
    writer_zeros(w, 3);
    writer_bytes(w, p->u.id.id.data);
}
