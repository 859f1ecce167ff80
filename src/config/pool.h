/*
 * pool: addresses to be leased, and attributes that go with them (RFC 7296 3.15.1): a section of
 * `pools`, whether it stands in a file or in a message.
 *
 * Input is hostile. A pool owns its memory; what one function refuses leaves it as it was.
 */
#ifndef BRAID_CONFIG_POOL_H
#define BRAID_CONFIG_POOL_H

#include "base/arena.h"
#include <braid/config.h>

enum { POOL_ATTRIBUTES_MAX = 64 };

/* An attribute as it is to be handed out. */
struct conf_attribute {
    uint16_t type;
    struct bytes value;
};

struct conf_pool {
    struct arena arena;
    const char *name;
    struct addr from, to; /* inclusive */
    const char *base;     /* the first address as it was written; NULL: no addresses yet */
    uint64_t size;        /* saturates */
    uint16_t attribute_count;
    struct conf_attribute *attribute;
};

/* False: out of memory. */
bool pool_begin(struct conf_pool *p, struct bytes name);
/* Addresses to lease: a CIDR block or a-b. False: it is neither. */
bool pool_set_addrs(struct conf_pool *p, struct bytes text);
/* Is there an attribute of this name, or of this number? */
bool pool_has_attribute(struct bytes name);
/* One value of it. False: it is none, or there are too many. */
bool pool_add_attribute(struct conf_pool *p, struct bytes name, struct bytes value);
void pool_free(struct conf_pool *p);

#endif
