/*
 * pool: see pool.h.
 */
#include "config/pool.h"

#include "config/memory.h"
#include "config/value.h"
#include "wire/print.h"

enum { ARENA_MAX = 1 << 20 };

bool pool_begin(struct conf_pool *p, struct bytes name)
{
    *p = (struct conf_pool){.arena = arena_make(&memory_libc, ARENA_MAX)};
    p->name = memory_text(&p->arena, name);
    p->attribute = ARENA_ARRAY(&p->arena, struct conf_attribute, POOL_ATTRIBUTES_MAX);
    if (p->name && p->attribute)
        return true;
    pool_free(p);
    return false;
}

void pool_free(struct conf_pool *p)
{
    arena_wipe(&p->arena);
}

/* ---- attributes ------------------------------------------------------------------------------ */

/* By name: their numbers for IPv4 and for IPv6, 0 = there is none. */
/* clang-format off */
static const struct {
    const char *name;
    uint16_t ipv4, ipv6;
} attributes[] = {
    {"address",           1,     8},
    {"dns",               3,    10},
    {"nbns",              4,    11},
    {"dhcp",              6,    12},
    {"netmask",           2,     0},
    {"server",        23456, 23457},
    {"subnet",           13,    15},
    {"p_cscf",           20,    21},
    {"split_include", 28676, 28676},
    {"split_exclude", 28678, 28678},
};
/* clang-format on */

static unsigned prefix_len(const struct addr *from, const struct addr *to, unsigned octets)
{
    unsigned bits = 0;
    while (bits < octets * 8 &&
           ((from->ip[bits / 8] ^ to->ip[bits / 8]) >> (7 - bits % 8) & 1) == 0)
        bits++;
    return bits;
}

/*
 * An address as its octets; a block of IPv4 with its mask, of IPv6 with the length of its prefix.
 */
static bool encode_address(struct conf_pool *pool, struct bytes text, bool *is_ipv6,
                           struct bytes *value)
{
    struct addr from, to;
    uint8_t at[32];
    if (!value_range(text, &from, &to) || memchr(text.at, '-', text.len))
        return false;
    size_t len = from.family == ADDR_V4 ? 4 : 16;
    unsigned bits = prefix_len(&from, &to, (unsigned)len);
    *is_ipv6 = len == 16;
    memcpy(at, from.ip, len);
    if (memchr(text.at, '/', text.len) && *is_ipv6)
        at[len++] = (uint8_t)bits;
    else if (memchr(text.at, '/', text.len))
        for (unsigned i = 0; i < 4; i++, len++)
            at[len] = bits >= 8 * (i + 1) ? 0xff
                      : bits <= 8 * i     ? 0
                                          : (uint8_t)(0xff << (8 * (i + 1) - bits));
    return arena_copy(&pool->arena, bytes_make(at, len), value);
}

static bool find_attribute(struct bytes name, uint16_t *ipv4, uint16_t *ipv6, bool *by_number)
{
    uint64_t number;
    for (size_t i = 0; i < sizeof attributes / sizeof attributes[0]; i++) {
        if (!bytes_equal(name, bytes_str(attributes[i].name)))
            continue;
        *ipv4 = attributes[i].ipv4;
        *ipv6 = attributes[i].ipv6;
        *by_number = false;
        return true;
    }
    *by_number = true;
    if (name.len == 0 || name.len > 6 || !value_uint(name, UINT16_MAX, &number) || number == 0)
        return false;
    *ipv4 = *ipv6 = (uint16_t)number;
    return true;
}

bool pool_has_attribute(struct bytes name)
{
    uint16_t ipv4, ipv6;
    bool by_number;
    return find_attribute(name, &ipv4, &ipv6, &by_number);
}

bool pool_add_attribute(struct conf_pool *p, struct bytes name, struct bytes value)
{
    struct conf_attribute a = {.type = 0};
    uint16_t ipv4, ipv6;
    bool by_number, is_ipv6 = false;
    if (p->attribute_count == POOL_ATTRIBUTES_MAX ||
        !find_attribute(name, &ipv4, &ipv6, &by_number))
        return false;
    bool ok = encode_address(p, value, &is_ipv6, &a.value) ||
              (by_number && arena_copy(&p->arena, value, &a.value));
    a.type = is_ipv6 ? ipv6 : ipv4;
    if (!ok || a.type == 0)
        return false;
    p->attribute[p->attribute_count++] = a;
    return true;
}

/* ---- addresses ------------------------------------------------------------------------------- */

/* How many addresses from one to another there are. */
static uint64_t count_addresses(const struct addr *from, const struct addr *to)
{
    uint64_t n = 0;
    size_t len = from->family == ADDR_V4 ? 4 : 16;
    for (size_t i = 0; i < len; i++) {
        if (n > UINT64_MAX >> 9)
            return UINT64_MAX;
        n = n * 256 + to->ip[i] - from->ip[i];
    }
    return n + 1;
}

/*
 * The first address as the client wrote it. Of a block the first and the last address are not
 * leased; a host part leaves out what stands before it.
 */
static bool read_base(struct conf_pool *pool, struct bytes text, bool is_block)
{
    struct addr base;
    uint64_t whole = count_addresses(&pool->from, &pool->to);
    pool->size = whole;
    pool->base = memory_text(&pool->arena, text);
    if (!is_block || whole <= 2 || !value_addr(text, &base))
        return pool->base != NULL;
    if (addr_equal(&base, &pool->to))
        return false; /* nothing left to be leased */
    size_t last = base.family == ADDR_V4 ? 3 : 15;
    if (addr_equal(&base, &pool->from)) {
        char printed[64];
        struct text t = text_make(printed, sizeof printed);
        base.ip[last]++;
        print_addr(&t, &base);
        pool->base = memory_text(&pool->arena, bytes_str(printed));
    }
    pool->from = base;
    pool->to.ip[last]--; /* the last one of a block is odd */
    pool->size = count_addresses(&pool->from, &pool->to);
    return pool->base != NULL;
}

bool pool_set_addrs(struct conf_pool *p, struct bytes text)
{
    struct bytes base = text;
    if (!value_range(text, &p->from, &p->to))
        return false;
    for (size_t i = 0; i < text.len; i++) {
        if (text.at[i] == '/' || text.at[i] == '-') {
            base.len = i;
            break;
        }
    }
    bool is_block = base.len < text.len && text.at[base.len] == '/';
    if (read_base(p, value_trim(base), is_block))
        return true;
    p->base = NULL;
    return false;
}
