/*
 * payload_ke: Key Exchange (RFC 7296 3.4, figure 10).
 *
 *     Method (2, a transform id of type 4) | RESERVED (2) | Key Exchange Data
 *
 * How long the data must be depends on the method and on who sends it: the crypto backend judges that.
 */
#include "wire/payload.h"

void payload_ke_decode(struct decoder *d, struct reader *r, struct payload *p)
{
    p->u.ke.method = reader_u16(r);
    reader_skip(r, 2);
    p->u.ke.data = reader_rest(r);
    decode_end(d, r, "key exchange header");
}

void payload_ke_encode(struct writer *w, const struct payload *p)
{
    writer_u16(w, p->u.ke.method);
    writer_zeros(w, 2);
    writer_bytes(w, p->u.ke.data);
}
