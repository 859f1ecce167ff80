/*
 * payload_notify: Notify (RFC 7296 3.10, figure 16).
 *
 *     Protocol ID (1) | SPI Size (1) | Notify Message Type (2) | SPI | Notification Data
 *
 * notify.h takes apart the data of those types that have a structure.
 */
#include "wire/payload.h"

void payload_notify_decode(struct decoder *d, struct reader *r, struct payload *p)
{
    struct notify_payload *n = &p->u.notify;
    n->protocol = reader_u8(r);
    n->spi_len = reader_u8(r);
    n->type = reader_u16(r);
    decode_expect(d, r, n->spi_len <= SPI_LEN_MAX, "SPI of at most 8 octets");
    n->spi = reader_take(r, n->spi_len);
    n->data = reader_rest(r);
    decode_end(d, r, "notify header and SPI");
}

void payload_notify_encode(struct writer *w, const struct payload *p)
{
    const struct notify_payload *n = &p->u.notify;
    if (n->spi.len > SPI_LEN_MAX)
        w->fault = true;
    writer_u8(w, n->protocol);
    writer_u8(w, (uint8_t)n->spi.len);
    writer_u16(w, n->type);
    writer_bytes(w, n->spi);
    writer_bytes(w, n->data);
}
