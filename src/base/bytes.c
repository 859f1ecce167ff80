/* bytes: comparison and wiping. See bytes.h. */
#include "base/bytes.h"

bool bytes_equal_ct(struct bytes a, struct bytes b)
{
    if (a.len != b.len)
        return false;
    uint8_t differs = 0;
    for (size_t i = 0; i < a.len; i++)
        differs |= (uint8_t)(a.at[i] ^ b.at[i]);
    return differs == 0;
}

int bytes_compare(struct bytes a, struct bytes b)
{
    size_t shorter = a.len < b.len ? a.len : b.len;
    int order = shorter == 0 ? 0 : memcmp(a.at, b.at, shorter);
    if (order != 0)
        return order;
    return a.len < b.len ? -1 : a.len > b.len;
}

void wipe(void *at, size_t len)
{
    if (len == 0)
        return;
    memset(at, 0, len);
    /* The memory is "used" here, so the memset above is not dead. */
    __asm__ __volatile__("" : : "r"(at) : "memory");
}
