/* checksum: see checksum.h. */
#include "esp/checksum.h"

static uint32_t fold(uint64_t sum)
{
    while (sum >> 16)
        sum = (sum & 0xffff) + (sum >> 16);
    return (uint32_t)sum;
}

/*
 * Words are added in the machine's own order, four at a time (2^16 is 1 modulo 2^16 - 1), and the
 * sum is turned round once at the end: RFC 1071 2 (B) and (C).
 */
uint32_t checksum_add(uint32_t sum, struct bytes b)
{
    uint64_t total[2] = {0, 0}, carried = 0, words[2];
    size_t at = 0;
    for (; at + sizeof words <= b.len; at += sizeof words) {
        memcpy(words, b.at + at, sizeof words);
        total[0] += words[0];
        carried += total[0] < words[0];
        total[1] += words[1];
        carried += total[1] < words[1];
    }
    if (at < b.len) {
        memset(words, 0, sizeof words);
        memcpy(words, b.at + at, b.len - at);
        total[0] += words[0];
        carried += total[0] < words[0];
        total[1] += words[1];
        carried += total[1] < words[1];
    }
    uint16_t own = (uint16_t)fold((uint64_t)fold(total[0]) + fold(total[1]) + carried);
    uint8_t octets[sizeof own];
    memcpy(octets, &own, sizeof own);
    return fold((uint64_t)sum + get_u16(octets));
}

uint32_t checksum_pseudo(struct bytes src, struct bytes dst, uint8_t protocol, size_t upper_len)
{
    return fold((uint64_t)checksum_add(checksum_add(0, src), dst) + protocol + upper_len);
}

uint16_t checksum_end(uint32_t sum)
{
    return (uint16_t)~fold(sum);
}

void checksum_replace(uint8_t *field, uint16_t before, uint16_t after)
{
    uint32_t sum = (uint16_t)~get_u16(field);
    put_u16(field, checksum_end(sum + (uint16_t)~before + after));
}
