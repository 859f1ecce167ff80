/*
 * bytes: a borrowed, read-only view of memory that somebody else owns.
 *
 * It is passed by value and never freed. Whoever hands one out says how long the memory behind it lives.
 * Secrets never travel as `struct bytes` outside crypto, keys and sk: they have their own type (secret.h).
 */
#ifndef BRAID_BASE_BYTES_H
#define BRAID_BASE_BYTES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

struct bytes {
    const uint8_t *at; /* may be NULL only when len is 0 */
    size_t len;        /* octets */
};

#define BYTES_NONE ((struct bytes){NULL, 0})
/* The octets of an array, or of a string literal without its terminator. */
#define BYTES_OF(array) ((struct bytes){(const uint8_t *)(array), sizeof(array)})
#define BYTES_LIT(literal) ((struct bytes){(const uint8_t *)(literal), sizeof(literal) - 1})

static inline struct bytes bytes_make(const void *at, size_t len)
{
    return (struct bytes){at, len};
}

/* The octets of a NUL-terminated string, without the terminator. */
static inline struct bytes bytes_str(const char *text)
{
    size_t len = 0;
    while (text[len] != '\0')
        len++;
    return (struct bytes){(const uint8_t *)text, len};
}

static inline bool bytes_equal(struct bytes a, struct bytes b)
{
    return a.len == b.len && (a.len == 0 || memcmp(a.at, b.at, a.len) == 0);
}

/* As bytes_equal, in a time that depends on the lengths alone. For MACs, AUTH data, cookies. */
bool bytes_equal_ct(struct bytes a, struct bytes b);

/* Octet-wise order as memcmp; a proper prefix comes first. Used by the nonce rule of RFC 7296 2.8. */
int bytes_compare(struct bytes a, struct bytes b);

/* Overwrite memory so that the compiler cannot leave it out. */
void wipe(void *at, size_t len);

static inline void put_u16(uint8_t *at, uint16_t v)
{
    at[0] = (uint8_t)(v >> 8);
    at[1] = (uint8_t)v;
}

static inline void put_u32(uint8_t *at, uint32_t v)
{
    put_u16(at, (uint16_t)(v >> 16));
    put_u16(at + 2, (uint16_t)v);
}

static inline void put_u64(uint8_t *at, uint64_t v)
{
    put_u32(at, (uint32_t)(v >> 32));
    put_u32(at + 4, (uint32_t)v);
}

static inline uint16_t get_u16(const uint8_t *at)
{
    return (uint16_t)((unsigned)at[0] << 8 | at[1]);
}

static inline uint32_t get_u32(const uint8_t *at)
{
    return (uint32_t)get_u16(at) << 16 | get_u16(at + 2);
}

static inline uint64_t get_u64(const uint8_t *at)
{
    return (uint64_t)get_u32(at) << 32 | get_u32(at + 4);
}

#endif
