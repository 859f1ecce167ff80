/*
 * payload_delete: Delete (RFC 7296 3.11, figure 17).
 *
 *     Protocol ID (1) | SPI Size (1) | Num of SPIs (2) | SPIs
 *
 * The IKE SA is deleted with SPI size 0 and no SPIs.
 */
#include "wire/payload.h"

void payload_delete_decode(struct decoder *d, struct reader *r, struct payload *p)
{
    struct delete_payload *del = &p->u.del;
    del->protocol = reader_u8(r);
    del->spi_len = reader_u8(r);
    del->count = reader_u16(r);
    decode_expect(d, r, del->spi_len <= SPI_LEN_MAX, "SPIs of at most 8 octets");
    decode_expect(d, r, del->count <= SPIS_MAX, "at most 4096 SPIs");
    del->spis = reader_take(r, (size_t)del->count * del->spi_len);
    decode_end(d, r, "as many SPIs as announced");
}

void payload_delete_encode(struct writer *w, const struct payload *p)
{
    const struct delete_payload *del = &p->u.del;
    if (del->spi_len > SPI_LEN_MAX || del->count > SPIS_MAX || del->spis.len != (size_t)del->count * del->spi_len)
        w->fault = true;
    writer_u8(w, del->protocol);
    writer_u8(w, del->spi_len);
    writer_u16(w, del->count);
    writer_bytes(w, del->spis);
}
