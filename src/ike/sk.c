/* sk: see sk.h. */
#include "ike/sk.h"

enum { FRAGMENT_FIELDS_LEN = 4 };

static size_t icv_len(const struct ike_suite *suite)
{
    return suite->integ ? suite->integ->out_len : suite->encr->out_len;
}

static size_t head_len(bool fragment)
{
    return IKE_HEADER_LEN + PAYLOAD_HEADER_LEN + (fragment ? FRAGMENT_FIELDS_LEN : 0);
}

static size_t block_len(const struct ike_suite *suite)
{
    return suite->encr->block_len ? suite->encr->block_len : 1;
}

bool sk_look(struct bytes datagram, const struct ike_header *header, struct sk_outer *outer)
{
    bool fragment = header->next == PAYLOAD_SKF;
    if (header->next != PAYLOAD_SK && !fragment)
        return false;
    struct reader r = reader_make(datagram);
    reader_skip(&r, IKE_HEADER_LEN);
    *outer = (struct sk_outer){.header = *header, .fragment = fragment, .number = 1, .total = 1};
    outer->first = reader_u8(&r);
    outer->reserved = reader_u8(&r);
    size_t payload_len = reader_u16(&r);
    if (r.fault || payload_len != datagram.len - IKE_HEADER_LEN)
        return false;
    if (fragment) {
        outer->number = reader_u16(&r);
        outer->total = reader_u16(&r);
    }
    outer->body_at = reader_offset(&r);
    return !r.fault;
}

/* Padding: its length stands in the last octet; its content is the sender's choice (RFC 7296 3.14). */
static bool cut_padding(const uint8_t *text, size_t len, struct bytes *plain)
{
    if (len == 0)
        return false;
    size_t padding = (size_t)text[len - 1] + 1;
    if (padding > len)
        return false;
    *plain = bytes_make(text, len - padding);
    return true;
}

static struct cipher_keys cipher_keys(const struct sk_keys *keys)
{
    return (struct cipher_keys){keys->suite->encr, keys->suite->integ, keys->encr, keys->integ};
}

enum crypto_result sk_open(const struct crypto *c, const struct sk_keys *keys,
                           const struct sk_outer *outer, uint8_t *datagram, size_t len,
                           struct bytes *plain)
{
    const struct ike_suite *suite = keys->suite;
    size_t text_at = outer->body_at + suite->encr->iv_len;
    if (len < text_at + icv_len(suite))
        return CRYPTO_BAD;
    size_t text_len = len - text_at - icv_len(suite);
    if (text_len % block_len(suite) != 0)
        return CRYPTO_BAD;
    struct cipher_keys ck = cipher_keys(keys);
    enum crypto_result result =
        c->open(c->self, &ck, bytes_make(datagram, outer->body_at), datagram + outer->body_at,
                datagram + text_at, text_len, datagram + text_at + text_len);
    if (result != CRYPTO_OK)
        return result;
    return cut_padding(datagram + text_at, text_len, plain) ? CRYPTO_OK : CRYPTO_BAD;
}

size_t sk_sealed_len(const struct ike_suite *suite, size_t plain_len, bool fragment)
{
    size_t block = block_len(suite);
    size_t text = (plain_len + 1 + block - 1) / block * block;
    return head_len(fragment) + suite->encr->iv_len + text + icv_len(suite);
}

size_t sk_room(const struct ike_suite *suite, size_t datagram_len, bool fragment)
{
    size_t around = head_len(fragment) + suite->encr->iv_len + icv_len(suite);
    if (datagram_len <= around)
        return 0;
    size_t text = (datagram_len - around) / block_len(suite) * block_len(suite);
    return text > 0 ? text - 1 : 0;
}

/* Counter modes need an IV that never repeats, CBC one that cannot be foreseen. */
static bool make_iv(const struct crypto *c, const struct sk_keys *keys, uint8_t *iv)
{
    size_t len = keys->suite->encr->iv_len;
    if (keys->suite->encr->block_len > 1)
        return c->random(c->self, iv, len);
    if (len != sizeof(uint64_t) || *keys->iv_counter == UINT64_MAX)
        return false;
    put_u64(iv, ++*keys->iv_counter);
    return true;
}

static void write_head(struct writer *w, const struct sk_outer *outer, size_t total_len)
{
    struct ike_header header = outer->header;
    header.next = outer->fragment ? PAYLOAD_SKF : PAYLOAD_SK;
    header.length = (uint32_t)total_len;
    ike_header_write(w, &header);
    writer_u8(w, outer->first);
    writer_u8(w, 0);
    writer_u16(w, (uint16_t)(total_len - IKE_HEADER_LEN));
    if (outer->fragment) {
        writer_u16(w, outer->number);
        writer_u16(w, outer->total);
    }
}

enum crypto_result sk_seal(const struct crypto *c, const struct sk_keys *keys,
                           const struct sk_outer *outer, struct bytes plain, uint8_t *to)
{
    const struct ike_suite *suite = keys->suite;
    size_t total_len = sk_sealed_len(suite, plain.len, outer->fragment);
    if (total_len > DATAGRAM_LEN_MAX)
        return CRYPTO_FAULT;
    struct writer w = writer_make(to, total_len);
    write_head(&w, outer, total_len);
    struct bytes aad = writer_view(&w);
    uint8_t *iv = writer_reserve(&w, suite->encr->iv_len);
    uint8_t *text = to + w.len;
    size_t text_len = total_len - w.len - icv_len(suite);
    size_t padding = text_len - plain.len - 1;
    writer_bytes(&w, plain);
    writer_zeros(&w, padding);
    writer_u8(&w, (uint8_t)padding);
    if (w.fault || !make_iv(c, keys, iv))
        return CRYPTO_FAULT;
    struct cipher_keys ck = cipher_keys(keys);
    return c->seal(c->self, &ck, aad, iv, text, text_len, text + text_len);
}
