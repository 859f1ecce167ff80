/* announce: see announce.h. */
#include "ike/announce.h"

#include "ike/contact.h"
#include "ike/limits.h"
#include "ike/speak.h"
#include "wire/notify.h"

enum {
    CANDIDATES_MAX = 256, /* connections for the addresses of a peer */
    LIST_LEN_MAX = 1024,  /* ours */
    KEPT_LEN_MAX = 4096,  /* of a peer's: what stands behind is ignored */
    LIST_SHORT = 64,      /* three or four methods */
};

/* ---- ours ------------------------------------------------------------------------------------ */

/* The next announcement of a list, its length octet included; empty at the end. */
static struct bytes next_item(struct reader *r)
{
    struct auth_announcement a;
    const uint8_t *from = r->at;
    return notify_auth_methods_next(r, &a) ? bytes_make(from, (size_t)(r->at - from)) : BYTES_NONE;
}

static bool holds(struct bytes list, struct bytes item)
{
    struct reader r = reader_make(list);
    for (struct bytes at = next_item(&r); at.len; at = next_item(&r))
        if (bytes_equal(at, item))
            return true;
    return false;
}

/*
 * Append what is not there yet; an announcement without room is left out. A list of our own says
 * nothing twice.
 */
static void merge(struct writer *w, struct bytes list)
{
    struct reader r = reader_make(list);
    struct bytes there = writer_view(w);
    for (struct bytes item = next_item(&r); item.len; item = next_item(&r))
        if (!holds(there, item) && w->len + item.len <= LIST_LEN_MAX)
            writer_bytes(w, item);
}

/* What one of the rounds of authentication accepts. */
static void merge_rounds(struct writer *w, const struct conf_conn *c)
{
    for (uint8_t i = 0; i < c->remote_rounds; i++)
        merge(w, c->remote[i].accepts);
}

/*
 * Before identities are known the peer may be that of any connection for these addresses: all that
 * one of them accepts. Neighbours often say the same. Where there are very many, nothing is said:
 * a stranger must not cost that much, and a list with gaps would mislead.
 */
static bool list_candidates(struct turn *t, struct bytes *list)
{
    const struct ike_sa *sa = t->sa;
    struct bytes last = BYTES_NONE;
    unsigned count = 0;
    *list = BYTES_NONE;
    uint8_t *room = arena_take(&t->slot->arena, LIST_LEN_MAX);
    struct writer w = writer_make(room, LIST_LEN_MAX);
    if (!room)
        return false;
    for (const struct conf_conn *c = contact_conn(sa->config, &sa->path, NULL); c;
         c = contact_conn(sa->config, &sa->path, c)) {
        if (++count > CANDIDATES_MAX)
            return true;
        if (c->remote_rounds > 1 || !bytes_equal(c->remote->accepts, last))
            merge_rounds(&w, c);
        last = c->remote->accepts;
    }
    *list = writer_view(&w);
    return true;
}

static bool add_list(struct turn *t, struct bytes list)
{
    return list.len == 0 || ike_msg_add_notify(&t->out, &t->slot->arena,
                                               NOTIFY_SUPPORTED_AUTH_METHODS, list);
}

/*
 * IKE_SA_INIT has no fragments of its own, those of IP are often lost (RFC 9593 3.1), and nobody
 * vouches for the request: the answer must not become much longer than it.
 */
static bool is_too_long(struct turn *t, struct bytes list)
{
    enum { DATAGRAM_MAX = 1280 - 48 }; /* without a fragment anywhere: RFC 8200 5, IP and UDP */
    size_t len = speak_len(t);
    return list.len > LIST_SHORT && (len > t->slot->heard.plain.len || len > DATAGRAM_MAX);
}

bool announce_first(struct turn *t)
{
    struct larval *birth = t->sa->birth;
    struct bytes list;
    struct ike_msg before = t->out;
    if (!list_candidates(t, &list) || !add_list(t, list))
        return false;
    if (list.len == 0 || !is_too_long(t, list))
        return true;
    t->out = before;
    birth->methods_promised = (t->sa->extensions & EXTENSION_SET(ROUNDS)) != 0;
    return !birth->methods_promised ||
           ike_msg_add_notify(&t->out, &t->slot->arena, NOTIFY_SUPPORTED_AUTH_METHODS, BYTES_NONE);
}

bool announce_promised(struct turn *t)
{
    struct bytes list;
    if (!t->sa->birth->methods_promised)
        return true;
    t->sa->birth->methods_promised = false;
    return list_candidates(t, &list) && add_list(t, list);
}

bool announce_ours(struct turn *t)
{
    uint8_t *room = arena_take(&t->slot->arena, LIST_LEN_MAX);
    struct writer w = writer_make(room, LIST_LEN_MAX);
    if (!room)
        return false;
    merge_rounds(&w, t->sa->conn);
    return add_list(t, writer_view(&w));
}

/* ---- the peer's ------------------------------------------------------------------------------ */

static uint16_t count_items(struct bytes list)
{
    struct reader r = reader_make(list);
    struct auth_announcement a;
    uint16_t count = 0;
    while (count < ANNOUNCED_MAX && notify_auth_methods_next(&r, &a))
        count++;
    return count;
}

bool announce_take(struct turn *t)
{
    struct larval *birth = t->sa->birth;
    const struct notify_payload *n = ike_msg_notify(t->in, NOTIFY_SUPPORTED_AUTH_METHODS);
    struct bytes kept = n ? n->data : BYTES_NONE;
    if (kept.len > KEPT_LEN_MAX)
        kept.len = KEPT_LEN_MAX;
    if (!n || !arena_copy(&birth->arena, kept, &kept))
        return !n;
    birth->methods_promised = n->data.len == 0;
    uint16_t count = count_items(kept);
    struct ike_announced *list = ARENA_ARRAY(&birth->arena, struct ike_announced, count);
    struct reader r = reader_make(kept);
    if (!list)
        return false;
    for (uint16_t i = 0; i < count; i++) {
        struct auth_announcement a;
        (void)notify_auth_methods_next(&r, &a);
        list[i] = (struct ike_announced){a.method, a.algorithm};
    }
    birth->announced = list;
    birth->announced_count = count;
    return true;
}
