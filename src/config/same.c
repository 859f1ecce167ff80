/*
 * same: see same.h. Plain members stand in two tables, by offset and length, so that none is
 * forgotten; what holds pointers has a function.
 */
#include "config/same.h"

#include <stddef.h>

/* ---- plain members --------------------------------------------------------------------------- */

struct member {
    size_t at, len;
};
#define MEMBER(type, name) {offsetof(struct type, name), sizeof(((struct type *)0)->name)}
#define COUNT(list) (sizeof(list) / sizeof((list)[0]))

static bool same_members(const void *a, const void *b, const struct member *list, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (memcmp((const char *)a + list[i].at, (const char *)b + list[i].at, list[i].len) != 0)
            return false;
    }
    return true;
}

/* ---- what holds pointers --------------------------------------------------------------------- */

static bool same_text(const char *a, const char *b)
{
    return a == b || (a && b && strcmp(a, b) == 0);
}

static bool same_proposal(const struct proposal *a, const struct proposal *b)
{
    if (a->protocol != b->protocol || a->count != b->count)
        return false;
    for (uint16_t i = 0; i < a->count; i++) {
        const struct transform *x = &a->transform[i], *y = &b->transform[i];
        if (x->type != y->type || x->id != y->id || x->key_bits != y->key_bits)
            return false;
    }
    return true;
}

static bool same_proposals(const struct proposals *a, const struct proposals *b)
{
    if (a->count != b->count)
        return false;
    for (uint16_t i = 0; i < a->count; i++) {
        if (!same_proposal(&a->at[i], &b->at[i]))
            return false;
    }
    return true;
}

static bool same_endpoints(const struct conf_endpoint *a, uint16_t a_count,
                           const struct conf_endpoint *b, uint16_t b_count)
{
    if (a_count != b_count)
        return false;
    for (uint16_t i = 0; i < a_count; i++) {
        if (!addr_equal(&a[i].from, &b[i].from) || !addr_equal(&a[i].to, &b[i].to) ||
            !same_text(a[i].host, b[i].host))
            return false;
    }
    return true;
}

static bool same_auth(const struct conf_auth *a, const struct conf_auth *b)
{
    const struct conf_identity *x = &a->id, *y = &b->id;
    return a->class == b->class && x->any == y->any && x->suffix == y->suffix &&
           x->id.type == y->id.type && bytes_equal(x->id.data, y->id.data) &&
           (a->keys == NULL) == (b->keys == NULL) && bytes_equal(a->accepts, b->accepts);
}

static bool same_auths(const struct conf_auth *a, uint8_t a_count, const struct conf_auth *b,
                       uint8_t b_count)
{
    for (uint8_t i = 0; i < a_count && i < b_count; i++)
        if (!same_auth(&a[i], &b[i]))
            return false;
    return a_count == b_count;
}

static bool same_selectors(const struct selectors *a, const struct selectors *b)
{
    if (a->count != b->count)
        return false;
    for (uint16_t i = 0; i < a->count; i++) {
        const struct selector *x = &a->at[i], *y = &b->at[i];
        if (x->family != y->family || x->protocol != y->protocol ||
            x->from_port != y->from_port || x->to_port != y->to_port || x->dynamic != y->dynamic ||
            memcmp(x->from, y->from, sizeof x->from) != 0 || memcmp(x->to, y->to, sizeof x->to) != 0)
            return false;
    }
    return true;
}

/* ---- all of it ------------------------------------------------------------------------------- */

#define CONN(name) MEMBER(conf_conn, name)
#define CHILD(name) MEMBER(conf_child, name)

bool same_conn(const struct conf_conn *a, const struct conf_conn *b)
{
    static const struct member plain[] = {
        CONN(local_port),
        CONN(remote_port),
        CONN(fragmentation),
        CONN(childless),
        CONN(late_rounds),
        CONN(unique),
        CONN(encap),
        CONN(mobike),
        CONN(dpd_for),
        CONN(rekey_for),
        CONN(reauth_for),
        CONN(over_for),
        CONN(rand_for),
        CONN(keyingtries),
        CONN(send_cert),
        CONN(ocsp),
        CONN(ppk_required),
        CONN(ppk_early),
        CONN(quantum_safe_auth),
    };
    return same_members(a, b, plain, COUNT(plain)) && same_text(a->name, b->name) &&
           same_endpoints(a->local_addrs, a->local_count, b->local_addrs, b->local_count) &&
           same_endpoints(a->remote_addrs, a->remote_count, b->remote_addrs, b->remote_count) &&
           same_proposals(&a->ike, &b->ike) &&
           same_auths(a->local, a->local_rounds, b->local, b->local_rounds) &&
           same_auths(a->remote, a->remote_rounds, b->remote, b->remote_rounds) && bytes_equal(a->ppk_id, b->ppk_id);
}

bool same_child(const struct conf_child *a, const struct conf_child *b)
{
    static const struct member plain[] = {
        CHILD(mode),
        CHILD(start_action),
        CHILD(dpd_action),
        CHILD(close_action),
        CHILD(rekey_for),
        CHILD(life_for),
        CHILD(rand_for),
        CHILD(rekey_bytes),
        CHILD(life_bytes),
        CHILD(rand_bytes),
        CHILD(rekey_packets),
        CHILD(life_packets),
        CHILD(rand_packets),
        CHILD(replay_window),
        CHILD(copy_df),
        CHILD(hostaccess),
    };
    return same_members(a, b, plain, COUNT(plain)) && same_text(a->name, b->name) &&
           same_text(a->updown, b->updown) && same_proposals(&a->esp, &b->esp) && same_selectors(&a->local_ts, &b->local_ts) &&
           same_selectors(&a->remote_ts, &b->remote_ts);
}
