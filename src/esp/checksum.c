/* checksum: see checksum.h. */
#include "esp/checksum.h"

static uint32_t fold(uint64_t sum)
{
    while (sum >> 16)
        sum = (sum & 0xffff) + (sum >> 16);
    return (uint32_t)sum;
}

uint32_t checksum_add(uint32_t sum, struct bytes b)
{
    uint64_t total = sum;
    size_t i = 0;
    for (; i + 4 <= b.len; i += 4)
        total += get_u32(b.at + i); /* two words at once: 2^16 is 1 modulo 2^16 - 1 */
    if (i + 2 <= b.len) {
        total += get_u16(b.at + i);
        i += 2;
    }
    if (i < b.len)
        total += (uint32_t)b.at[i] << 8;
    return fold(total);
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
