/*
 * resolve: see resolve.h. A lookup holds copies of all it needs, because the configuration may be
 * replaced while it runs.
 */
#include "daemon/resolve.h"

#include "run/net.h"

#include <netdb.h>
#include <stdio.h>
#include <stdlib.h>

enum {
    IKE_PORT = 500,
    HOST_MAX = 256,
};

struct resolve {
    uv_getaddrinfo_t request;
    struct daemon *d;
    resolve_done done; /* NULL: cancelled */
    void *self;
    struct addr local; /* configured, or ADDR_NONE */
    uint16_t remote_port;
    char host[HOST_MAX];
};

/* The first address in `list` that is one address and not a range, or ADDR_NONE. */
static struct addr concrete(const struct conf_endpoint *list, uint16_t count)
{
    for (uint16_t i = 0; i < count; i++)
        if (list[i].from.family != ADDR_NONE && addr_equal(&list[i].from, &list[i].to))
            return list[i].from;
    return (struct addr){.family = ADDR_NONE};
}

static const char *first_host(const struct conf_conn *conn)
{
    for (uint16_t i = 0; i < conn->remote_count; i++)
        if (conn->remote_addrs[i].host)
            return conn->remote_addrs[i].host;
    return NULL;
}

/* Complete the pair: which address do we speak from? */
static void choose_local(const struct resolve *r, struct resolved *out)
{
    out->local.port = 0; /* the engine knows which of our ports fits the remote one */
    if (r->local.family == out->remote.addr.family) {
        out->local.addr = r->local;
    } else if (r->local.family != ADDR_NONE) {
        out->remote.addr.family = ADDR_NONE;
        snprintf(out->error, sizeof out->error,
                 "local_addrs and remote_addrs are of different address families");
    } else if (!net_source_towards(&out->remote, r->d->mark, &out->local.addr)) {
        out->remote.addr.family = ADDR_NONE;
        snprintf(out->error, sizeof out->error, "there is no route to the peer's address");
    }
}

static void finish(struct resolve *r, struct resolved *out)
{
    if (out->remote.addr.family != ADDR_NONE)
        choose_local(r, out);
    if (r->done)
        r->done(r->self, out);
    free(r);
}

static void on_resolved(uv_getaddrinfo_t *request, int status, struct addrinfo *found)
{
    struct resolve *r = request->data;
    struct resolved out = {.error = ""};
    if (status != 0)
        snprintf(out.error, sizeof out.error, "cannot resolve '%.200s': %s", r->host, uv_strerror(status));
    else
        snprintf(out.error, sizeof out.error, "'%.200s' has no address of the family of local_addrs",
                 r->host);
    for (struct addrinfo *at = status == 0 ? found : NULL; at && out.remote.addr.family == ADDR_NONE;
         at = at->ai_next) {
        struct endpoint e;
        if (net_from_sockaddr(at->ai_addr, &e) &&
            (r->local.family == ADDR_NONE || r->local.family == e.addr.family))
            out.remote = (struct endpoint){e.addr, r->remote_port};
    }
    uv_freeaddrinfo(found);
    finish(r, &out);
}

static struct resolve *look_up(struct resolve *r, const char *host)
{
    static const struct addrinfo hints = {.ai_socktype = SOCK_DGRAM, .ai_flags = AI_ADDRCONFIG};
    snprintf(r->host, sizeof r->host, "%s", host);
    r->request.data = r;
    int error = uv_getaddrinfo(&r->d->loop.uv, &r->request, on_resolved, r->host, NULL, &hints);
    if (error == 0)
        return r;
    on_resolved(&r->request, error, NULL);
    return NULL;
}

struct resolve *resolve_begin(struct daemon *d, const struct conf_conn *conn, resolve_done done, void *self)
{
    struct resolved out = {.error = ""};
    struct resolve *r = calloc(1, sizeof *r);
    if (!r) {
        snprintf(out.error, sizeof out.error, "out of memory");
        done(self, &out);
        return NULL;
    }
    r->d = d;
    r->done = done;
    r->self = self;
    r->local = concrete(conn->local_addrs, conn->local_count);
    r->remote_port = conn->remote_port ? conn->remote_port : IKE_PORT;
    out.remote = (struct endpoint){concrete(conn->remote_addrs, conn->remote_count), r->remote_port};
    const char *host = first_host(conn);
    if (out.remote.addr.family == ADDR_NONE && host)
        return look_up(r, host);
    if (out.remote.addr.family == ADDR_NONE)
        snprintf(out.error, sizeof out.error, "its remote_addrs name no single address to connect to");
    finish(r, &out);
    return NULL;
}

void resolve_cancel(struct resolve *r)
{
    if (!r)
        return;
    r->done = NULL;
    (void)uv_cancel((uv_req_t *)&r->request);
}
