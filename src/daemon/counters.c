/*
 * counters: see counters.h. An exchange is counted when it is over: a request and a response each.
 */
#include "daemon/counters.h"

#include "wire/names.h"

#include <stdio.h>
#include <stdlib.h>

enum { ENTRIES_MAX = 16384,
       BUCKETS = 4096 };

/* In the order strongSwan prints them; the last four pairs are exchanges it does not count. */
/* clang-format off */
#define COUNTERS(X) \
    X(IKE_REKEY_INIT,         "ike-rekey-init") \
    X(IKE_REKEY_RESP,         "ike-rekey-resp") \
    X(CHILD_REKEY,            "child-rekey") \
    X(INVALID,                "invalid") \
    X(INVALID_SPI,            "invalid-spi") \
    X(INIT_IN_REQ,            "ike-init-in-req") \
    X(INIT_IN_RESP,           "ike-init-in-resp") \
    X(INIT_OUT_REQ,           "ike-init-out-req") \
    X(INIT_OUT_RESP,          "ike-init-out-resp") \
    X(AUTH_IN_REQ,            "ike-auth-in-req") \
    X(AUTH_IN_RESP,           "ike-auth-in-resp") \
    X(AUTH_OUT_REQ,           "ike-auth-out-req") \
    X(AUTH_OUT_RESP,          "ike-auth-out-resp") \
    X(CREATE_CHILD_IN_REQ,    "create-child-in-req") \
    X(CREATE_CHILD_IN_RESP,   "create-child-in-resp") \
    X(CREATE_CHILD_OUT_REQ,   "create-child-out-req") \
    X(CREATE_CHILD_OUT_RESP,  "create-child-out-resp") \
    X(INFO_IN_REQ,            "info-in-req") \
    X(INFO_IN_RESP,           "info-in-resp") \
    X(INFO_OUT_REQ,           "info-out-req") \
    X(INFO_OUT_RESP,          "info-out-resp")
/* clang-format on */

enum counter {
#define X(name, text) COUNTER_##name,
    COUNTERS(X)
#undef X
        COUNTER_COUNT
};

static const char *const names[] = {
#define X(name, text) text,
    COUNTERS(X)
#undef X
};

struct entry {
    struct entry *next;
    char conn[256]; /* "": all */
    uint64_t value[COUNTER_COUNT];
};

struct counters {
    struct entry *bucket[BUCKETS];
    size_t count;
};

/* ---- finding --------------------------------------------------------------------------------- */

static struct entry **bucket_of(struct counters *all, struct bytes conn)
{
    uint32_t h = 2166136261U;
    for (size_t i = 0; i < conn.len; i++)
        h = (h ^ conn.at[i]) * 16777619U;
    return &all->bucket[(h ^ h >> 16) % BUCKETS];
}

static struct entry *find(const struct daemon *d, struct bytes conn)
{
    struct entry *c = d->counters ? *bucket_of(d->counters, conn) : NULL;
    while (c && !bytes_equal(bytes_str(c->conn), conn))
        c = c->next;
    return c;
}

/* Made when it is needed; NULL when there are too many. */
static struct entry *of_conn(struct daemon *d, const char *conn)
{
    if (!d->counters)
        d->counters = calloc(1, sizeof *d->counters);
    struct entry *c = find(d, bytes_str(conn));
    if (c || !d->counters || d->counters->count == ENTRIES_MAX)
        return c;
    c = calloc(1, sizeof *c);
    if (!c)
        return NULL;
    struct entry **at = bucket_of(d->counters, bytes_str(conn));
    snprintf(c->conn, sizeof c->conn, "%s", conn);
    c->next = *at;
    *at = c;
    d->counters->count++;
    return c;
}

/* The next of all entries, whatever their order; NULL at the end. */
static struct entry *next_entry(const struct daemon *d, const struct entry *c, size_t *bucket)
{
    if (c && c->next)
        return c->next;
    for (size_t i = c ? *bucket + 1 : 0; d->counters && i < BUCKETS; i++)
        if (d->counters->bucket[i]) {
            *bucket = i;
            return d->counters->bucket[i];
        }
    return NULL;
}

/* ---- counting -------------------------------------------------------------------------------- */

static void count(struct daemon *d, const char *conn, enum counter which)
{
    struct entry *all = of_conn(d, ""), *one = conn && conn[0] ? of_conn(d, conn) : NULL;
    if (all)
        all->value[which]++;
    if (one)
        one->value[which]++;
}

static void count_exchange(struct daemon *d, const struct ike_tell *t)
{
    static const struct {
        uint8_t exchange;
        enum counter first;
    } rows[] = {
        {EXCHANGE_IKE_SA_INIT, COUNTER_INIT_IN_REQ},
        {EXCHANGE_IKE_AUTH, COUNTER_AUTH_IN_REQ},
        {EXCHANGE_CREATE_CHILD_SA, COUNTER_CREATE_CHILD_IN_REQ},
        {EXCHANGE_INFORMATIONAL, COUNTER_INFO_IN_REQ},
    };
    enum { IN_REQ,
           IN_RESP,
           OUT_REQ,
           OUT_RESP };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        if (rows[i].exchange != t->exchange.exchange)
            continue;
        bool ours = t->exchange.ours;
        count(d, t->conn, (enum counter)(rows[i].first + (ours ? OUT_REQ : IN_REQ)));
        count(d, t->conn, (enum counter)(rows[i].first + (ours ? IN_RESP : OUT_RESP)));
    }
}

void counters_tell(struct daemon *d, const struct ike_tell *t)
{
    struct ike_sa_info sa;
    if (t->kind == TELL_EXCHANGE)
        count_exchange(d, t);
    else if (t->kind == TELL_CHILD_REKEYED)
        count(d, t->conn, COUNTER_CHILD_REKEY);
    else if (t->kind == TELL_IKE_REKEYED && t->ike_id != 0 &&
             ike_engine_find_sa(d->engine, t->ike_id, &sa))
        count(d, t->conn, sa.initiator ? COUNTER_IKE_REKEY_INIT : COUNTER_IKE_REKEY_RESP);
}

/* ---- showing --------------------------------------------------------------------------------- */

static void report_named(struct vici_out *o, const struct entry *c)
{
    for (size_t i = 0; i < COUNTER_COUNT; i++)
        vici_key_uint(o, names[i], c ? c->value[i] : 0);
}

static void keys_udp(struct vici_out *o, const struct udp_counters *c)
{
    static const struct {
        const char *name;
        size_t at;
    } rows[] = {
#define X(name) {#name, offsetof(struct udp_counters, name)},
        UDP_COUNTERS(X)
#undef X
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        char key[64];
        uint64_t value;
        snprintf(key, sizeof key, "udp-%s", rows[i].name);
        for (char *at = key; *at; at++)
            if (*at == '_')
                *at = '-';
        memcpy(&value, (const uint8_t *)c + rows[i].at, sizeof value);
        vici_key_uint(o, key, value);
    }
}

static void report_global(const struct daemon *d, struct vici_out *o)
{
    struct ike_counter counter;
    vici_section(o, "");
    report_named(o, find(d, BYTES_NONE));
    for (size_t i = 0; ike_engine_counter(d->engine, i, &counter); i++)
        vici_key_uint(o, counter.name, counter.value);
    keys_udp(o, udp_counters(d->udp));
    vici_section_end(o);
}

bool counters_report(const struct daemon *d, struct vici_out *o, struct bytes name, bool all)
{
    bool found = name.len == 0 || all;
    size_t bucket;
    if (name.len == 0 && !all)
        report_global(d, o);
    for (const struct entry *c = NULL; (c = next_entry(d, c, &bucket)) != NULL;) {
        if (c->conn[0] == '\0' || !(all || bytes_equal(bytes_str(c->conn), name)))
            continue;
        vici_section(o, c->conn);
        report_named(o, c);
        vici_section_end(o);
        found = true;
    }
    return found;
}

bool counters_reset(struct daemon *d, struct bytes name, bool all)
{
    bool found = name.len == 0 || all;
    size_t bucket;
    for (struct entry *c = NULL; (c = next_entry(d, c, &bucket)) != NULL;)
        if ((all && c->conn[0] != '\0') || (!all && bytes_equal(bytes_str(c->conn), name))) {
            memset(c->value, 0, sizeof c->value);
            found = true;
        }
    return found;
}

void counters_free(struct daemon *d)
{
    for (size_t i = 0; d->counters && i < BUCKETS; i++)
        while (d->counters->bucket[i]) {
            struct entry *c = d->counters->bucket[i];
            d->counters->bucket[i] = c->next;
            free(c);
        }
    free(d->counters);
    d->counters = NULL;
}
