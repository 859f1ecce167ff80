/*
 * journal: see journal.h.
 */
#include "daemon/journal.h"

#include "daemon/tell.h"
#include "wire/names.h"
#include "wire/print.h"

#include <stdio.h>
#include <stdlib.h>

/* ---- entries --------------------------------------------------------------------------------- */

static void free_failures(struct journal_failure **at)
{
    while (*at) {
        struct journal_failure *f = *at;
        *at = f->next;
        free(f->detail);
        free(f->facts);
        free(f);
    }
}

const struct journal *journal_find(const struct daemon *d, const char *conn)
{
    const struct journal *j = d->journal;
    while (j && strcmp(j->conn, conn) != 0)
        j = j->next;
    return j;
}

/* The entry of this name, moved to the front; the oldest is given up if there are too many. */
static struct journal *open_entry(struct daemon *d, const char *conn)
{
    size_t count = 0;
    struct journal **at = &d->journal;
    while (*at && strcmp((*at)->conn, conn) != 0 && !(++count == JOURNAL_CONNS && !(*at)->next))
        at = &(*at)->next;
    struct journal *j = *at;
    if (j)
        *at = j->next;
    if (!j && !(j = calloc(1, sizeof *j)))
        return NULL;
    if (strcmp(j->conn, conn) != 0) {
        free_failures(&j->failures);
        *j = (struct journal){.at = 0};
        snprintf(j->conn, sizeof j->conn, "%s", conn);
    }
    j->next = d->journal;
    d->journal = j;
    j->at = loop_now();
    return j;
}

void journal_free(struct daemon *d)
{
    while (d->journal) {
        struct journal *j = d->journal;
        d->journal = j->next;
        free_failures(&j->failures);
        free(j);
    }
}

/* ---- failures -------------------------------------------------------------------------------- */

static bool is_alike(const struct journal_failure *a, const struct journal_failure *b)
{
    return a->reason == b->reason && strcmp(a->child, b->child) == 0 &&
           strcmp(a->peer, b->peer) == 0 && strcmp(a->identity, b->identity) == 0 &&
           strcmp(a->detail, b->detail) == 0;
}

/* The alert that was the reason, and the end of the SA that was its consequence. */
static bool is_consequence(const struct journal_failure *old, const struct journal_failure *new)
{
    return old->ike_id != 0 && old->ike_id == new->ike_id && old->reason == new->reason &&
           (new->detail[0] == '\0' || strcmp(old->detail, new->detail) == 0);
}

static void cut_failures(struct journal *j)
{
    struct journal_failure **at = &j->failures;
    for (size_t i = 0; i < JOURNAL_FAILURES && *at; i++)
        at = &(*at)->next;
    free_failures(at);
}

/* Takes over what `f` points to. */
static void keep(struct journal *j, struct journal_failure *f)
{
    struct journal_failure *last = j ? j->failures : NULL;
    if (last && is_consequence(last, f)) {
        free_failures(&f);
        return;
    }
    if (last && is_alike(last, f)) {
        f->times += last->times;
        j->failures = last->next;
        last->next = NULL;
        free_failures(&last);
    }
    if (!j) {
        free_failures(&f);
        return;
    }
    f->next = j->failures;
    j->failures = f;
    cut_failures(j);
}

static struct journal_failure *make(const char *detail, const char *facts)
{
    struct journal_failure *f = calloc(1, sizeof *f);
    if (!f)
        return NULL;
    f->at = loop_now();
    f->times = 1;
    f->detail = strdup(detail ? detail : "");
    f->facts = strdup(facts ? facts : "");
    if (!f->detail || !f->facts)
        free_failures(&f);
    return f;
}

static void print_peer(const struct ike_tell *t, char peer[64], char identity[256])
{
    struct text at = text_make(peer, 64), who = text_make(identity, 256);
    if (t->path.remote.addr.family != ADDR_NONE)
        print_endpoint(&at, &t->path.remote);
    if (t->theirs.type != 0)
        print_identity(&who, &t->theirs);
}

static void take_failure(struct daemon *d, const struct ike_tell *t)
{
    struct journal_failure *f = make(t->detail, t->facts);
    if (!f)
        return;
    struct text notify = text_make(f->notify, sizeof f->notify);
    f->reason = t->reason;
    f->ike_id = t->ike_id;
    if (t->notify != 0)
        print_notify_name(&notify, t->notify);
    snprintf(f->child, sizeof f->child, "%s", t->child ? t->child : "");
    print_peer(t, f->peer, f->identity);
    keep(open_entry(d, t->conn ? t->conn : ""), f);
}

void journal_note(struct daemon *d, const char *conn, const char *child, const char *message)
{
    struct journal_failure *f = make(message, NULL);
    if (!f)
        return;
    snprintf(f->child, sizeof f->child, "%s", child);
    keep(open_entry(d, conn), f);
}

/* ---- success --------------------------------------------------------------------------------- */

static void take_success(struct daemon *d, const struct ike_tell *t)
{
    struct journal *j = t->conn ? open_entry(d, t->conn) : NULL;
    struct ike_sa_info sa;
    if (!j || !ike_engine_find_sa(d->engine, t->ike_id, &sa))
        return;
    struct journal_success *s = &j->success;
    struct text kex = text_make(s->key_exchanges, sizeof s->key_exchanges);
    s->at = loop_now();
    s->quantum_safe = sa.quantum_safe;
    s->fragmentation = sa.fragmentation;
    s->cookie = sa.cookie;
    s->method_asked = sa.kex_asked ? sa.kex_asked->name : NULL;
    s->auth_ours = sa.auth_ours;
    s->auth_theirs = sa.auth_theirs;
    for (uint16_t i = 0; i < sa.kex_count; i++) {
        text_add(&kex, i > 0 ? " + " : "");
        text_add(&kex, sa.kex[i]->name);
    }
    snprintf(s->child, sizeof s->child, "%s", t->child ? t->child : "");
    struct text own = text_make(s->local_id, sizeof s->local_id);
    print_identity(&own, &sa.ours);
    print_peer(t, s->peer, s->identity);
}

void journal_tell(struct daemon *d, const struct ike_tell *t)
{
    if (tell_is_failure(t))
        take_failure(d, t);
    else if ((t->kind == TELL_IKE_UP || t->kind == TELL_CHILD_UP) && t->ike_id != 0)
        take_success(d, t);
}
