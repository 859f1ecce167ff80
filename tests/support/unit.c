/* unit: see unit.h. */
#include "unit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void *take(void *self, size_t len)
{
    struct memory *m = self;
    m->takes++;
    if (m->fail_at && m->takes >= m->fail_at)
        return NULL;
    void *at = malloc(len);
    if (!at)
        abort();
    memset(at, 0xa5, len);
    m->blocks++;
    m->octets += len;
    return at;
}

static void give(void *self, void *at, size_t len)
{
    struct memory *m = self;
    const uint8_t *octet = at;
    for (size_t i = 0; i < len; i++) {
        if (octet[i] != 0) {
            m->unwiped++;
            break;
        }
    }
    m->blocks--;
    m->octets -= len;
    free(at);
}

void memory_make(struct memory *m)
{
    *m = (struct memory){.alloc = {.take = take, .give = give, .self = m}};
}

void memory_check(const struct memory *m)
{
    assert_int_equal(m->blocks, 0);
    assert_int_equal(m->octets, 0);
    assert_int_equal(m->unwiped, 0);
}

static int digit(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    if (c >= 'a' && c <= 'f')
        return c - 'a' + 10;
    return -1;
}

struct bytes hex(const char *text)
{
    uint8_t *at = malloc(strlen(text) / 2 + 1);
    size_t digits = 0;
    for (const char *c = text; *c; c++) {
        if (*c == ' ' || *c == '\n')
            continue;
        int value = digit(*c);
        assert_true(value >= 0);
        at[digits / 2] = (uint8_t)(digits % 2 ? at[digits / 2] | value : value << 4);
        digits++;
    }
    assert_int_equal(digits % 2, 0);
    struct bytes copy = exact(bytes_make(at, digits / 2));
    free(at);
    return copy;
}

struct bytes exact(struct bytes b)
{
    uint8_t *at = malloc(b.len ? b.len : 1);
    if (b.len)
        memcpy(at, b.at, b.len);
    return bytes_make(b.len ? realloc(at, b.len) : at, b.len);
}

void free_bytes(struct bytes b)
{
    free((void *)(uintptr_t)b.at);
}

static void print_hex(const char *name, struct bytes b)
{
    fprintf(stderr, "# %s (%zu):", name, b.len);
    for (size_t i = 0; i < b.len; i++)
        fprintf(stderr, " %02x", b.at[i]);
    fputc('\n', stderr);
}

void check_bytes_equal(struct bytes a, struct bytes b, const char *file, int line)
{
    if (bytes_equal(a, b))
        return;
    print_hex("this", a);
    print_hex("that", b);
    _fail(file, line);
}

uint64_t dice_roll(struct dice *d)
{
    uint64_t x = d->state += UINT64_C(0x9e3779b97f4a7c15);
    x = (x ^ x >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
    x = (x ^ x >> 27) * UINT64_C(0x94d049bb133111eb);
    return x ^ x >> 31;
}

size_t dice_below(struct dice *d, size_t limit)
{
    return (size_t)(dice_roll(d) % limit);
}
