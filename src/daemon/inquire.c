/*
 * inquire: see inquire.h. One document after the other is fetched for each answer that waits. All
 * of it has to be done in INQUIRE_FOR, well before the peer gives up; then what is known decides.
 * A list that several answers wait for is fetched once.
 */
#include "daemon/inquire.h"

#include "run/fetch.h"

#include <stdlib.h>

enum { FETCH_MS = 4000 };
#define INQUIRE_FOR (8 * IKE_SECOND)

struct inquest {
    struct inquest *next; /* of those under way */
    struct daemon *d;
    struct ike_answer *answer;
    struct key_reply *reply;
    inquire_done done;
    void *self;
    ike_time until;
    bool fetches; /* the document of `uri`; false: waits for another that fetches it */
    bool woken;   /* waits no more, and goes on as soon as it is its turn */
    char uri[1024];
};

static void step(struct inquest *i);

static void end(struct inquest *i)
{
    struct inquest last = *i;
    struct inquest **at = &i->d->inquests;
    while (*at != i)
        at = &(*at)->next;
    *at = i->next;
    free(i);
    keyring_conclude(last.answer, last.reply);
    last.done(last.d, last.self);
}

/* Somebody else who fetches the same list. */
static bool is_fetched(const struct inquest *i)
{
    for (const struct inquest *other = i->d->inquests; other; other = other->next)
        if (other != i && other->fetches && strcmp(other->uri, i->uri) == 0)
            return true;
    return false;
}

static struct inquest *find_woken(const struct daemon *d)
{
    struct inquest *i = d->inquests;
    while (i && !i->woken)
        i = i->next;
    return i;
}

/* Those that waited for this document go on, each of which may end others or wait anew. */
static void wake_waiting(struct daemon *d, const char *uri)
{
    for (struct inquest *i = d->inquests; i; i = i->next)
        i->woken = i->woken || (!i->fetches && strcmp(i->uri, uri) == 0);
    for (struct inquest *i = find_woken(d); i; i = find_woken(d)) {
        i->woken = false;
        inquiry_look_again(i->reply->inquiry);
        step(i);
    }
}

static void on_fetched(void *self, struct bytes body, const char *why)
{
    struct inquest *i = self;
    if (inquiry_take(i->reply->inquiry, body, &why))
        LOG(&i->d->log, INFO, NET, "fetched", F_TEXT("uri", i->uri), F_UINT("octets", body.len));
    else
        LOG(&i->d->log, WARN, NET, "not-fetched", F_TEXT("uri", i->uri), F_TEXT("text", why));
    struct daemon *d = i->d;
    char uri[sizeof i->uri];
    memcpy(uri, i->uri, sizeof uri);
    i->fetches = false;
    i->uri[0] = '\0';
    step(i);
    wake_waiting(d, uri);
}

static void step(struct inquest *i)
{
    struct inquiry_want want;
    ike_time now = loop_now();
    if (!i->d->fetcher || now >= i->until || !inquiry_next(i->reply->inquiry, &want)) {
        end(i);
        return;
    }
    unsigned left = (unsigned)((i->until - now) / IKE_MS) + 1;
    struct fetch_request request = {.uri = want.uri,
                                    .body = want.body,
                                    .type = want.type,
                                    .max = want.max,
                                    .limit_ms = left < FETCH_MS ? left : FETCH_MS};
    strncpy(i->uri, want.uri, sizeof i->uri - 1);
    if (want.body.len == 0 && is_fetched(i))
        return;
    i->fetches = true;
    fetch(i->d->fetcher, &request, on_fetched, i);
}

void inquire(struct daemon *d, struct ike_answer *answer, struct key_reply *reply,
             inquire_done done, void *self)
{
    struct inquest *i = calloc(1, sizeof *i);
    if (!i) {
        keyring_conclude(answer, reply);
        done(d, self);
        return;
    }
    *i = (struct inquest){.d = d,
                          .answer = answer,
                          .reply = reply,
                          .done = done,
                          .self = self,
                          .until = loop_now() + INQUIRE_FOR};
    i->next = d->inquests;
    d->inquests = i;
    step(i);
}

/* ---- life ------------------------------------------------------------------------------------ */

bool inquire_open(struct daemon *d)
{
    d->known = known_new();
    return d->known != NULL;
}

bool inquire_start(struct daemon *d)
{
    d->fetcher = fetcher_open(&d->loop.uv, d->mark);
    return d->fetcher != NULL;
}

void inquire_stop(struct daemon *d)
{
    struct fetcher *f = d->fetcher;
    d->fetcher = NULL;
    fetcher_close(f);
}

void inquire_close(struct daemon *d)
{
    known_free(d->known);
    d->known = NULL;
}

void inquire_forget(struct daemon *d)
{
    known_clear(d->known);
}
