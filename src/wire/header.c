/*
 * header: the 28 octets in front of every message (RFC 7296 3.1, figure 4).
 *
 * +-------------------------------+
 * |     IKE SA Initiator's SPI    |   8
 * |     IKE SA Responder's SPI    |   8
 * | Next | Mj Mn | Exch  | Flags  |   4     Flags: x x R V I x x x
 * |           Message ID          |   4
 * |             Length            |   4
 * +-------------------------------+
 */
#include "wire/message.h"

enum {
    FLAG_INITIATOR = 0x08,
    FLAG_VERSION = 0x10,
    FLAG_RESPONSE = 0x20,
};

bool ike_header_read(struct bytes datagram, struct ike_header *h)
{
    struct reader r = reader_make(datagram);
    struct ike_header read = {0};
    read.spi_i = reader_u64(&r);
    read.spi_r = reader_u64(&r);
    read.next = reader_u8(&r);
    uint8_t version = reader_u8(&r);
    read.major = version >> 4;
    read.minor = version & 0x0f;
    read.exchange = reader_u8(&r);
    uint8_t flags = reader_u8(&r);
    read.initiator = flags & FLAG_INITIATOR;
    read.higher = flags & FLAG_VERSION;
    read.response = flags & FLAG_RESPONSE;
    read.mid = reader_u32(&r);
    read.length = reader_u32(&r);
    if (r.fault)
        return false;
    *h = read;
    return true;
}

/* The V bit is cleared: we speak nothing higher than version 2 (RFC 7296 3.1). */
void ike_header_write(struct writer *w, const struct ike_header *h)
{
    unsigned flags = (h->initiator ? FLAG_INITIATOR : 0) | (h->response ? FLAG_RESPONSE : 0);
    writer_u64(w, h->spi_i);
    writer_u64(w, h->spi_r);
    writer_u8(w, h->next);
    writer_u8(w, (uint8_t)(h->major << 4 | (h->minor & 0x0f)));
    writer_u8(w, h->exchange);
    writer_u8(w, (uint8_t)flags);
    writer_u32(w, h->mid);
    writer_u32(w, h->length);
}
