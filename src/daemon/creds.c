/*
 * creds: see creds.h.
 */
#include "daemon/creds.h"

#include "daemon/conns.h"

#include <stdlib.h>

enum { SHARED_MAX = 100000 };

struct creds {
    struct loaded *file; /* NULL before the first load */
    bool *hidden;        /* of each secret of the file: removed, or replaced by a client's */
    struct vici_shared **shared;
    size_t count, room;
    struct cred_store *store;
    struct ppk_used *used; /* one-time keys: whatever is loaded, they served */
    struct wallet *files, *clients;
    struct parsed *parsed; /* of peers */
    bool dirty;
};

static uint32_t file_count(const struct creds *c)
{
    return c->file ? c->file->secrets.count : 0;
}

/* ---- the store ------------------------------------------------------------------------------- */

static struct cred_store *store_new(const struct creds *c)
{
    struct secret_entry *all = calloc(file_count(c) + c->count + 1, sizeof *all);
    struct secret_list list = {.at = all};
    if (!all)
        return NULL;
    for (uint32_t i = 0; i < file_count(c); i++)
        if (!c->hidden[i])
            all[list.count++] = c->file->secrets.at[i];
    for (size_t i = 0; i < c->count; i++)
        all[list.count++] = c->shared[i]->entry;
    struct cred_store *store = cred_store_new(&list);
    free(all);
    return store;
}

struct cred_stock creds_stock(struct daemon *d)
{
    struct creds *c = d->creds;
    struct cred_store *store = c->dirty ? store_new(c) : NULL;
    if (store) {
        cred_store_free(c->store);
        c->store = store;
        c->dirty = false;
    }
    return (struct cred_stock){.store = c->store,
                               .wallet = c->files,
                               .used = c->used,
                               .known = d->known,
                               .parsed = c->parsed};
}

void creds_forget_peers(struct daemon *d)
{
    parsed_clear(d->creds->parsed);
}

/* ---- changes --------------------------------------------------------------------------------- */

static void free_shared(struct vici_shared *s)
{
    vici_shared_free(s);
    free(s);
}

static bool is_named(const char *name, struct bytes id)
{
    return name && id.len > 0 && bytes_equal(bytes_str(name), id);
}

void creds_remove(struct daemon *d, struct bytes id)
{
    struct creds *c = d->creds;
    for (uint32_t i = 0; i < file_count(c); i++)
        c->hidden[i] = c->hidden[i] || is_named(c->file->secrets.at[i].name, id);
    for (size_t i = 0; i < c->count; i++)
        if (is_named(c->shared[i]->entry.name, id)) {
            free_shared(c->shared[i]);
            memmove(&c->shared[i], &c->shared[i + 1], (--c->count - i) * sizeof *c->shared);
            break;
        }
    creds_changed(d);
}

static bool has_room(struct creds *c)
{
    if (c->count < c->room)
        return true;
    size_t room = c->room ? 2 * c->room : 16;
    struct vici_shared **shared =
        c->count < SHARED_MAX ? realloc(c->shared, room * sizeof(struct vici_shared *)) : NULL;
    if (!shared)
        return false;
    c->shared = shared;
    c->room = room;
    return true;
}

bool creds_put(struct daemon *d, struct vici_shared *s)
{
    struct creds *c = d->creds;
    struct vici_shared *kept = has_room(c) ? malloc(sizeof *kept) : NULL;
    if (!kept) {
        vici_shared_free(s);
        return false;
    }
    creds_remove(d, bytes_str(s->entry.name));
    *kept = *s;
    c->shared[c->count++] = kept;
    creds_changed(d);
    return true;
}

void creds_clear(struct daemon *d)
{
    struct creds *c = d->creds;
    while (c->count > 0)
        free_shared(c->shared[--c->count]);
    wallet_clear(c->clients);
    creds_changed(d);
}

bool creds_take_file(struct daemon *d, struct loaded *l, struct wallet *w)
{
    struct creds *c = d->creds;
    struct creds fresh = *c;
    fresh.file = l;
    fresh.hidden = calloc(l->secrets.count + 1, sizeof *fresh.hidden);
    fresh.store = fresh.hidden ? store_new(&fresh) : NULL;
    fresh.dirty = false;
    if (!fresh.store) {
        free(fresh.hidden);
        return false;
    }
    loaded_free(c->file);
    free(c->hidden);
    cred_store_free(c->store);
    wallet_free(c->files);
    *c = fresh;
    c->files = w;
    return true;
}

const struct loaded *creds_file(const struct daemon *d)
{
    return d->creds->file;
}

/*
 * The store is made when it is needed; connections get their new CERTREQ with the next snapshot.
 */
void creds_changed(struct daemon *d)
{
    d->creds->dirty = true;
    conns_outdate(d);
}

struct wallet *creds_of_files(const struct daemon *d)
{
    return d->creds->files;
}

struct wallet *creds_of_clients(const struct daemon *d)
{
    return d->creds->clients;
}

/* ---- looking --------------------------------------------------------------------------------- */

const char *creds_next_id(const struct daemon *d, size_t *at)
{
    const struct creds *c = d->creds;
    while (*at < file_count(c)) {
        size_t i = (*at)++;
        if (!c->hidden[i] && c->file->secrets.at[i].name)
            return c->file->secrets.at[i].name;
    }
    while (*at - file_count(c) < c->count) {
        const char *name = c->shared[(*at)++ - file_count(c)]->entry.name;
        if (name[0] != '\0')
            return name;
    }
    return NULL;
}

size_t creds_count(const struct daemon *d)
{
    size_t at = 0, count = 0;
    while (creds_next_id(d, &at))
        count++;
    return count;
}

static bool is_ppk(const struct secret_entry *s, struct bytes name)
{
    if (s->kind != SECRET_PPK)
        return false;
    for (uint16_t i = 0; i < s->owner_count; i++)
        if (name.len == 0 || bytes_equal(s->owner[i].id.data, name))
            return true;
    return false;
}

bool creds_have_ppk(const struct daemon *d, struct bytes name)
{
    const struct creds *c = d->creds;
    for (uint32_t i = 0; i < file_count(c); i++)
        if (!c->hidden[i] && is_ppk(&c->file->secrets.at[i], name))
            return true;
    for (size_t i = 0; i < c->count; i++)
        if (is_ppk(&c->shared[i]->entry, name))
            return true;
    return false;
}

bool creds_certreq(const struct daemon *d, struct bytes *out)
{
    const struct wallet *const wallets[] = {d->creds->files, d->creds->clients};
    return keyring_certreq(wallets, CREDS_WALLETS, out);
}

/* ---- life ------------------------------------------------------------------------------------ */

bool creds_open(struct daemon *d)
{
    d->creds = calloc(1, sizeof *d->creds);
    if (d->creds)
        d->creds->clients = wallet_new(NULL);
    if (d->creds)
        d->creds->used = ppk_used_new();
    if (d->creds)
        d->creds->parsed = parsed_new();
    return d->creds && d->creds->clients && d->creds->used && d->creds->parsed;
}

void creds_close(struct daemon *d)
{
    if (!d->creds)
        return;
    while (d->creds->count > 0)
        free_shared(d->creds->shared[--d->creds->count]);
    wallet_free(d->creds->files);
    wallet_free(d->creds->clients);
    loaded_free(d->creds->file);
    cred_store_free(d->creds->store);
    ppk_used_free(d->creds->used);
    parsed_free(d->creds->parsed);
    free(d->creds->hidden);
    free(d->creds->shared);
    free(d->creds);
    d->creds = NULL;
}
