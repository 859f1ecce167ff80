/*
 * nat: see nat.h. SHA-1 as in FIPS 180-4 6.1, for a message of one block: the longest input here is 34
 * octets, and one block holds 55. Not for anything but NAT detection.
 */
#include "ike/nat.h"

enum {
    BLOCK_LEN = 64,
    ROUNDS = 80,
};

static uint32_t rotate(uint32_t v, unsigned by)
{
    return v << by | v >> (32 - by);
}

/* f(x, y, z) and the constant K of round t (FIPS 180-4 4.1.1, 4.2.1), already added up. */
static uint32_t round_value(unsigned t, uint32_t x, uint32_t y, uint32_t z)
{
    if (t < 20)
        return ((x & y) ^ (~x & z)) + UINT32_C(0x5a827999);
    if (t < 40)
        return (x ^ y ^ z) + UINT32_C(0x6ed9eba1);
    if (t < 60)
        return ((x & y) ^ (x & z) ^ (y & z)) + UINT32_C(0x8f1bbcdc);
    return (x ^ y ^ z) + UINT32_C(0xca62c1d6);
}

static void schedule_words(const uint8_t block[BLOCK_LEN], uint32_t word[ROUNDS])
{
    for (unsigned t = 0; t < 16; t++)
        word[t] = get_u32(block + (size_t)4 * t);
    for (unsigned t = 16; t < ROUNDS; t++)
        word[t] = rotate(word[t - 3] ^ word[t - 8] ^ word[t - 14] ^ word[t - 16], 1);
}

static void sha1_of_one_block(const uint8_t block[BLOCK_LEN], uint8_t out[NAT_HASH_LEN])
{
    static const uint32_t start[5] = {0x67452301, 0xefcdab89, 0x98badcfe, 0x10325476, 0xc3d2e1f0};
    uint32_t word[ROUNDS];
    schedule_words(block, word);

    uint32_t a = start[0], b = start[1], c = start[2], d = start[3], e = start[4];
    for (unsigned t = 0; t < ROUNDS; t++) {
        uint32_t next = rotate(a, 5) + round_value(t, b, c, d) + e + word[t];
        e = d;
        d = c;
        c = rotate(b, 30);
        b = a;
        a = next;
    }

    const uint32_t end[5] = {a, b, c, d, e};
    for (unsigned i = 0; i < 5; i++)
        put_u32(out + (size_t)4 * i, start[i] + end[i]);
}

void nat_hash(uint64_t spi_i, uint64_t spi_r, const struct endpoint *e, uint8_t out[NAT_HASH_LEN])
{
    struct bytes ip = addr_bytes(&e->addr);
    uint8_t block[BLOCK_LEN] = {0};
    size_t len = 0;
    put_u64(block, spi_i);
    put_u64(block + 8, spi_r);
    len += 16;
    memcpy(block + len, ip.at, ip.len);
    len += ip.len;
    put_u16(block + len, e->port);
    len += 2;

    block[len] = 0x80; /* padding, then the length in bits (FIPS 180-4 5.1.1) */
    put_u64(block + BLOCK_LEN - 8, (uint64_t)len * 8);
    sha1_of_one_block(block, out);
}
