/*
 * history: see history.h.
 */
#include "daemon/history.h"

#include <stdio.h>
#include <stdlib.h>

enum {
    ENTRIES_MAX = 1024,
    NAME_MAX_LEN = 256,
};

struct history {
    struct history *next;                         /* newest first */
    char conn[NAME_MAX_LEN], child[NAME_MAX_LEN]; /* child "": of the IKE SA */
    struct last_rekey last;
};

static bool is_of(const struct history *h, const char *conn, const char *child)
{
    return strcmp(h->conn, conn) == 0 && strcmp(h->child, child ? child : "") == 0;
}

/* The entry of this name, taken out of the list; else the oldest if there are too many, or a new one. */
static struct history *take(struct daemon *d, const char *conn, const char *child)
{
    size_t count = 0;
    struct history **at = &d->history;
    while (*at && !is_of(*at, conn, child) && !(++count == ENTRIES_MAX && !(*at)->next))
        at = &(*at)->next;
    struct history *h = *at;
    if (!h)
        return calloc(1, sizeof *h);
    *at = h->next;
    if (!is_of(h, conn, child))
        *h = (struct history){.next = NULL};
    return h;
}

void history_tell(struct daemon *d, const struct ike_tell *t)
{
    bool went_well = t->kind == TELL_IKE_REKEYED || t->kind == TELL_CHILD_REKEYED;
    bool failed = t->kind == TELL_ALERT && t->replaced_id != 0;
    struct history *h = t->conn && (went_well || failed) ? take(d, t->conn, t->child) : NULL;
    if (!h)
        return;
    snprintf(h->conn, sizeof h->conn, "%s", t->conn);
    snprintf(h->child, sizeof h->child, "%s", t->child ? t->child : "");
    h->last.at = loop_now();
    h->last.reason = t->reason;
    h->last.rekeyed += went_well;
    snprintf(h->last.detail, sizeof h->last.detail, "%s", failed && t->detail ? t->detail : "");
    h->next = d->history;
    d->history = h;
}

const struct last_rekey *history_find(const struct daemon *d, const char *conn, const char *child)
{
    const struct history *h = d->history;
    while (h && !(conn && is_of(h, conn, child)))
        h = h->next;
    return h ? &h->last : NULL;
}

void history_free(struct daemon *d)
{
    while (d->history) {
        struct history *h = d->history;
        d->history = h->next;
        free(h);
    }
}
