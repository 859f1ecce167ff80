/*
 * fuzz_offload: splitting and joining.
 *
 * The first octet chooses:
 *     even  eight octets of struct offload, then a packet, which is split
 *     odd   records of four octets, each a TCP packet that follows the one before, with one octet
 *           changed; they are joined, and split again they must be what they were
 */
#include "fuzz.h"

#include <stdlib.h>
#include <string.h>

#include "esp/checksum.h"
#include "esp/coalesce.h"

enum {
    PACKETS_MAX = 200,
    PACKET_LEN_MAX = 1500,
};

/* ---- splitting ------------------------------------------------------------------------------- */

static void split(const uint8_t *data, size_t size)
{
    struct offload o = {.kind = data[0] % 3,
                        .size = get_u16(data + 1),
                        .needs_sum = data[3] & 1,
                        .sum_from = get_u16(data + 4),
                        .sum_at = get_u16(data + 6)};
    struct bytes packet = {data + 8, inner_len(bytes_make(data + 8, size - 8))};
    struct segments s;
    struct flow f;
    size_t len, payload = 0;
    if (!flow_parse(packet, &f) || !segments_begin(&s, packet, &f, &o))
        return;
    size_t longest = segments_longest(&s);
    uint8_t *out = malloc(longest); /* of exact size, for the address sanitizer */
    while ((len = segments_next(&s, out))) {
        if (len > longest || len <= s.header_len || inner_len(bytes_make(out, len)) != len)
            abort();
        payload += len - s.header_len;
    }
    if (payload != packet.len - s.header_len)
        abort();
    free(out);
}

/* ---- joining --------------------------------------------------------------------------------- */

struct sent {
    size_t count;
    struct bytes packet[PACKETS_MAX]; /* len 0 when it has come out */
};

/* But for the identification, and so the IP header's checksum, of a packet with DF. */
static bool is_same(struct bytes a, struct bytes b)
{
    bool is_atomic = a.at[0] >> 4 == 4 && a.at[6] & 0x40;
    if (!is_atomic || a.len != b.len)
        return bytes_equal(a, b);
    return memcmp(a.at, b.at, 4) == 0 && memcmp(a.at + 6, b.at + 6, 4) == 0 &&
           memcmp(a.at + 12, b.at + 12, a.len - 12) == 0;
}

/* The first of these octets' flow that has not come out yet is this one. */
static void expect(struct sent *sent, struct bytes got)
{
    struct flow f, other;
    if (!flow_parse(got, &f))
        abort();
    for (size_t i = 0; i < sent->count; i++) {
        struct bytes *p = &sent->packet[i];
        if (p->len == 0 || !flow_parse(*p, &other) || memcmp(&f, &other, sizeof f) != 0)
            continue;
        if (!is_same(*p, got))
            abort();
        p->len = 0;
        return;
    }
    abort();
}

static void split_again(void *self, const struct coalesced *c)
{
    static uint8_t whole[UINT16_MAX], piece[UINT16_MAX];
    struct segments s;
    struct flow f;
    size_t len = 0;
    for (size_t i = 0; i < c->count; i++) {
        if (c->part[i].len > sizeof whole - len)
            abort();
        memcpy(whole + len, c->part[i].at, c->part[i].len);
        len += c->part[i].len;
    }
    struct bytes packet = {whole, len};
    if (len != c->len || inner_len(packet) != len || !flow_parse(packet, &f) ||
        !segments_begin(&s, packet, &f, &c->offload))
        abort();
    while ((len = segments_next(&s, piece)))
        expect(self, bytes_make(piece, len));
}

static void mend(uint8_t *p, size_t len)
{
    struct flow f;
    if (!flow_parse(bytes_make(p, len), &f) || f.protocol != PROTO_TCP || len < f.upper_at + 20u)
        return;
    size_t n = flow_addr_len(&f);
    put_u16(p + f.upper_at + 16, 0);
    uint32_t sum =
        checksum_pseudo(bytes_make(f.src, n), bytes_make(f.dst, n), PROTO_TCP, len - f.upper_at);
    sum = checksum_add(sum, bytes_make(p + f.upper_at, len - f.upper_at));
    put_u16(p + f.upper_at + 16, checksum_end(sum));
    if (f.family == ADDR_V4) {
        put_u16(p + 10, 0);
        put_u16(p + 10, checksum_end(checksum_add(0, bytes_make(p, (p[0] & 15) * 4u))));
    }
}

/* A record: what to do, where, with which octet, and how long the payload is. */
static size_t make(uint8_t *p, const uint8_t record[4], uint32_t seq, uint16_t id)
{
    bool v6 = record[0] & 0x80;
    size_t ip = v6 ? 40 : 20, payload = record[3] * 5u, len = ip + 20 + payload;
    memset(p, 0x33, len);
    if (v6) {
        memcpy(p, "\x60\0\0\0\0\0\x06\x40", 8);
        put_u16(p + 4, (uint16_t)(len - ip));
    } else {
        memcpy(p, "\x45\0\0\0\0\0\x40\0\x40\x06\0\0", 12);
        put_u16(p + 2, (uint16_t)len);
        put_u16(p + 4, id);
    }
    put_u16(p + ip, 1000 + (record[0] & 3));
    put_u32(p + ip + 4, seq);
    p[ip + 12] = 0x50;
    p[ip + 13] = 0x10;
    if (record[0] & 4)
        p[record[1] % (ip + 20)] = record[2];
    if (!(record[0] & 8))
        mend(p, len);
    return inner_len(bytes_make(p, len));
}

static void join(const uint8_t *data, size_t size)
{
    static struct coalesce c;
    struct sent sent = {.count = 0};
    uint8_t *packet[PACKETS_MAX], made[PACKET_LEN_MAX];
    uint32_t seq[8] = {0};
    coalesce_init(&c, &(struct coalesce_output){.self = &sent, .put = split_again});
    for (; size >= 4 && sent.count < PACKETS_MAX; data += 4, size -= 4) {
        size_t which = (data[0] & 3) + (data[0] >> 7) * 4u;
        struct flow f;
        size_t len = make(made, data, seq[which], (uint16_t)sent.count);
        seq[which] += data[3] * 5u;
        if (!flow_parse(bytes_make(made, len), &f))
            continue;
        packet[sent.count] = malloc(len);
        memcpy(packet[sent.count], made, len);
        uint8_t *original = malloc(len);
        memcpy(original, made, len);
        sent.packet[sent.count] = bytes_make(original, len);
        sent.count++;
        coalesce_add(&c, packet[sent.count - 1], len, &f);
    }
    coalesce_flush(&c);
    for (size_t i = 0; i < sent.count; i++) {
        if (sent.packet[i].len != 0)
            abort();
        free(packet[i]);
        free((void *)(uintptr_t)sent.packet[i].at);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size < 10)
        return 0;
    (data[0] % 2 ? join : split)(data + 1, size - 1);
    return 0;
}
