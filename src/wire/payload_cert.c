/*
 * payload_cert: Certificate and Certificate Request (RFC 7296 3.6 and 3.7, figures 12 and 13).
 *
 *     Cert Encoding (1) | Certificate Data, or Certification Authority
 */
#include "wire/payload.h"

void payload_cert_decode(struct decoder *d, struct reader *r, struct payload *p)
{
    p->u.cert.encoding = reader_u8(r);
    p->u.cert.data = reader_rest(r);
    decode_end(d, r, "certificate encoding");
}

void payload_cert_encode(struct writer *w, const struct payload *p)
{
    writer_u8(w, p->u.cert.encoding);
    writer_bytes(w, p->u.cert.data);
}
