/*
 * conns: see conns.h. Entries hang in a list, in order of arrival, and in a hash table by name. A
 * part is counted by the entries and the snapshots that use it.
 */
#include "daemon/conns.h"

#include "config/same.h"
#include "daemon/creds.h"
#include "daemon/effects.h"
#include "daemon/standby.h"
#include "daemon/start.h"

#include <stdlib.h>

enum {
    BUCKETS_FIRST = 256,
    CONNS_MAX = UINT16_MAX,
    PAUSE_FACTOR = 10, /* at most a tenth of the time goes into snapshots */
    PAUSE_MAX_MS = 1000,
};

struct conns_part {
    struct config *config;
    struct keyring *keys; /* that it refers to, or NULL */
    size_t users;
};

struct entry {
    struct entry *next, **at; /* `at` points to what points here */
    struct entry *chain;
    const struct conf_conn *conn;
    struct conns_part *part;
    bool from_file;
    bool seen; /* by the reading of the file that is going on */
};

struct conns {
    struct entry *first, **last;
    struct entry **bucket;
    size_t buckets, count;
    struct conf_engine engine;
    bool dirty;
    ike_time settled_at, settle_took;
    uv_timer_t timer;
};

/* ---- parts ----------------------------------------------------------------------------------- */

static struct conns_part *part_new(struct config *c, struct keyring *keys)
{
    struct conns_part *p = calloc(1, sizeof *p);
    if (p)
        *p = (struct conns_part){.config = c, .keys = keys, .users = 1};
    return p;
}

static void part_drop(struct conns_part *p)
{
    if (--p->users > 0)
        return;
    config_free(p->config);
    keyring_free(p->keys);
    free(p);
}

/* ---- entries --------------------------------------------------------------------------------- */

static size_t hash(struct bytes name)
{
    uint64_t h = UINT64_C(14695981039346656037);
    for (size_t i = 0; i < name.len; i++)
        h = (h ^ name.at[i]) * UINT64_C(1099511628211);
    return (size_t)(h ^ h >> 32);
}

static struct entry **bucket_of(const struct conns *c, struct bytes name)
{
    return &c->bucket[hash(name) & (c->buckets - 1)];
}

static struct entry *find(const struct conns *c, struct bytes name)
{
    struct entry *e = *bucket_of(c, name);
    while (e && !bytes_equal(bytes_str(e->conn->name), name))
        e = e->chain;
    return e;
}

/* Without memory it stays as it is, only slower. */
static void grow(struct conns *c)
{
    struct entry **bucket = c->count < c->buckets ? NULL : calloc(c->buckets * 2, sizeof *bucket);
    if (!bucket)
        return;
    free(c->bucket);
    c->bucket = bucket;
    c->buckets *= 2;
    for (struct entry *e = c->first; e; e = e->next) {
        struct entry **at = bucket_of(c, bytes_str(e->conn->name));
        e->chain = *at;
        *at = e;
    }
}

static struct entry *append(struct conns *c, const struct conf_conn *conn)
{
    struct entry *e = c->count < CONNS_MAX ? calloc(1, sizeof *e) : NULL;
    if (!e)
        return NULL;
    e->conn = conn;
    e->at = c->last;
    *c->last = e;
    c->last = &e->next;
    struct entry **bucket = bucket_of(c, bytes_str(conn->name));
    e->chain = *bucket;
    *bucket = e;
    c->count++;
    grow(c);
    return e;
}

static void take_out(struct conns *c, struct entry *e)
{
    struct entry **chain = bucket_of(c, bytes_str(e->conn->name));
    while (*chain != e)
        chain = &(*chain)->chain;
    *chain = e->chain;
    *e->at = e->next;
    if (e->next)
        e->next->at = e->at;
    else
        c->last = e->at;
    c->count--;
    part_drop(e->part);
    free(e);
}

/* ---- changes --------------------------------------------------------------------------------- */

static void on_timer(uv_timer_t *timer)
{
    conns_settle(timer->data);
}

/* A snapshot is due; if one was made just now, a little later. */
static void mark_dirty(struct daemon *d)
{
    struct conns *c = d->conns;
    if (c->dirty || !d->engine)
        return;
    c->dirty = true;
    ike_time at = c->settled_at + PAUSE_FACTOR * c->settle_took, now = loop_now();
    uint64_t wait = at > now ? (at - now) / IKE_MS + 1 : 0;
    uv_timer_start(&c->timer, on_timer, wait < PAUSE_MAX_MS ? wait : PAUSE_MAX_MS, 0);
}

void conns_outdate(struct daemon *d)
{
    if (d->conns)
        mark_dirty(d);
}

/*
 * Of the children that are not the same any more, or of all, what start_action has brought up ends,
 * with the IKE SAs, and traps are renewed. Of `now` NULL the whole connection goes.
 */
static void undo_children(struct daemon *d, const struct conf_conn *before,
                          const struct conf_conn *now)
{
    bool whole = !now || !same_conn(before, now);
    for (uint16_t i = 0; i < before->child_count; i++) {
        const struct conf_child *child = &before->child[i];
        const struct conf_child *heir = now ? config_child(now, bytes_str(child->name)) : NULL;
        if (!whole && heir && same_child(child, heir))
            continue;
        standby_outdate(d, before->name, child->name);
        if (child->start_action & ACTION_START)
            start_undo(d, before->name, child->name, whole);
    }
}

static void log_change(const struct daemon *d, const char *what, const char *name)
{
    LOG(&d->log, INFO, CONFIG, what, F_TEXT("conn", name));
}

/* Add or replace one. The part is counted only on success. */
static bool put(struct daemon *d, const struct conf_conn *conn, struct conns_part *part,
                bool from_file)
{
    struct entry *e = find(d->conns, bytes_str(conn->name));
    const char *what = "conn-added";
    if (e) {
        what = same_conn(e->conn, conn) ? "conn-updated" : "conn-replaced";
        undo_children(d, e->conn, conn);
        struct conns_part *before = e->part;
        e->conn = conn; /* the same name, so it stays in its bucket */
        e->part = part;
        part->users++;
        part_drop(before);
    } else {
        e = append(d->conns, conn);
        if (!e)
            return false;
        e->part = part;
        part->users++;
    }
    e->from_file = from_file;
    e->seen = true;
    if (!from_file)
        log_change(d, what, conn->name);
    mark_dirty(d);
    return true;
}

static void remove_entry(struct daemon *d, struct entry *e)
{
    log_change(d, "conn-removed", e->conn->name);
    undo_children(d, e->conn, NULL);
    take_out(d->conns, e);
    mark_dirty(d);
}

bool conns_take_file(struct daemon *d, struct loaded *l, struct keyring *keys)
{
    struct conns *c = d->conns;
    struct conns_part *part = part_new(l->config, keys);
    if (!part) {
        keyring_free(keys);
        return false;
    }
    bool ok = true;
    c->engine = l->config->engine;
    for (struct entry *e = c->first; e; e = e->next)
        e->seen = false;
    for (uint16_t i = 0; i < l->config->conn_count; i++)
        ok = put(d, &l->config->conn[i], part, true) && ok;
    l->config = NULL;
    for (struct entry *e = c->first, *next; e; e = next) {
        next = e->next;
        if (e->from_file && !e->seen)
            remove_entry(d, e);
    }
    part_drop(part);
    c->dirty = true;
    return ok;
}

void conns_take_settings(struct daemon *d, const struct conf_engine *engine)
{
    d->conns->engine = *engine;
    conns_outdate(d);
}

bool conns_put(struct daemon *d, struct config *config, struct keyring *keys)
{
    struct conns_part *part = part_new(config, keys);
    if (!part) {
        config_free(config);
        keyring_free(keys);
        return false;
    }
    bool ok = put(d, &config->conn[0], part, false);
    part_drop(part);
    return ok;
}

bool conns_remove(struct daemon *d, struct bytes name)
{
    struct entry *e = find(d->conns, name);
    if (e)
        remove_entry(d, e);
    return e != NULL;
}

bool conns_is_from_file(const struct daemon *d, const char *name)
{
    const struct entry *e = find(d->conns, bytes_str(name));
    return e && e->from_file;
}

const struct conf_conn *conns_find(const struct daemon *d, struct bytes name)
{
    const struct entry *e = find(d->conns, name);
    return e ? e->conn : NULL;
}

/* ---- snapshots ------------------------------------------------------------------------------- */

static void snapshot_free(struct snapshot *s)
{
    for (size_t i = 0; i < s->part_count; i++)
        part_drop(s->part[i]);
    free(s->part);
    free(s->conn);
    free((void *)(uintptr_t)s->certreq.at);
    free(s);
}

/* What a connection owes to the credentials there are. */
static void complete(const struct daemon *d, const struct snapshot *s, struct conf_conn *c)
{
    c->has_ppk = c->ppk_required || (s->has_ppks && creds_have_ppk(d, c->ppk_id));
    for (uint8_t i = 0; i < c->remote_rounds && c->send_certreq; i++)
        if (c->remote[i].keys && keyring_wants_certreq(c->remote[i].keys))
            c->certreq = s->certreq;
}

static struct snapshot *snapshot_new(const struct daemon *d)
{
    const struct conns *c = d->conns;
    struct snapshot *s = calloc(1, sizeof *s);
    if (!s)
        return NULL;
    s->conn = calloc(c->count + 1, sizeof *s->conn);
    s->part = calloc(c->count + 1, sizeof(struct conns_part *));
    if (!s->conn || !s->part || !creds_certreq(d, &s->certreq)) {
        snapshot_free(s);
        return NULL;
    }
    s->has_ppks = creds_have_ppk(d, BYTES_NONE);
    size_t i = 0;
    for (const struct entry *e = c->first; e; e = e->next) {
        s->conn[i] = *e->conn;
        complete(d, s, &s->conn[i++]);
        if (s->part_count == 0 || s->part[s->part_count - 1] != e->part) {
            s->part[s->part_count++] = e->part;
            e->part->users++;
        }
    }
    s->config = (struct config){
        .engine = c->engine,
        .conn_count = (uint16_t)i,
        .conn = s->conn,
        .serial = d->snapshot ? d->snapshot->config.serial + 1 : 1,
    };
    return s;
}

void conns_settle(struct daemon *d)
{
    struct conns *c = d->conns;
    ike_time began = loop_now();
    struct snapshot *s = c->dirty ? snapshot_new(d) : NULL;
    if (!s)
        return;
    c->dirty = false;
    s->older = d->snapshot;
    d->snapshot = s;
    if (!d->engine)
        return;
    uv_timer_stop(&c->timer);
    d->sa_gone = true; /* perhaps no SA uses the old one */
    struct ike_order order = {.kind = ORDER_CONFIG, .config = &s->config};
    (void)effects_order(d, &order);
    standby_update(d);
    start_update(d);
    c->settled_at = loop_now();
    c->settle_took = c->settled_at - began;
}

static void free_from(struct snapshot **at)
{
    while (*at) {
        struct snapshot *s = *at;
        *at = s->older;
        snapshot_free(s);
    }
}

void conns_free_old(struct daemon *d)
{
    if (!d->sa_gone || !d->snapshot || !d->snapshot->older)
        return;
    d->sa_gone = false;
    uint64_t oldest = ike_engine_oldest_config(d->engine);
    struct snapshot **at = &d->snapshot->older;
    while (*at && (*at)->config.serial >= oldest)
        at = &(*at)->older;
    free_from(at);
}

/* ---- life ------------------------------------------------------------------------------------ */

bool conns_open(struct daemon *d)
{
    struct conns *c = calloc(1, sizeof *c);
    if (!c)
        return false;
    c->last = &c->first;
    c->buckets = BUCKETS_FIRST;
    c->bucket = calloc(c->buckets, sizeof(struct entry *));
    if (!c->bucket) {
        free(c);
        return false;
    }
    d->conns = c;
    return true;
}

bool conns_start(struct daemon *d)
{
    d->conns->timer.data = d;
    return uv_timer_init(&d->loop.uv, &d->conns->timer) == 0;
}

void conns_stop(struct daemon *d)
{
    uv_close((uv_handle_t *)&d->conns->timer, NULL);
}

void conns_close(struct daemon *d)
{
    free_from(&d->snapshot);
    while (d->conns && d->conns->first)
        take_out(d->conns, d->conns->first);
    if (d->conns)
        free(d->conns->bucket);
    free(d->conns);
    d->conns = NULL;
}
