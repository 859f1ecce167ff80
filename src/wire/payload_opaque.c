/*
 * payload_opaque: payloads whose body the codec does not look into: Nonce (RFC 7296 3.9), Vendor ID (3.12), EAP (3.16),
 * and every type it does not know. They live in payload.raw. The length of a nonce is a rule of the grammar.
 */
#include "wire/payload.h"

void payload_opaque_decode(struct decoder *d, struct reader *r, struct payload *p)
{
    (void)p;
    (void)reader_rest(r);
    decode_end(d, r, "payload body");
}

void payload_opaque_encode(struct writer *w, const struct payload *p)
{
    writer_bytes(w, p->raw);
}
