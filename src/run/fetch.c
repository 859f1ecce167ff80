/*
 * fetch: see fetch.h. A job is the document, a link one attempt to connect to one of the addresses
 * of its host. Both outlive their end until libuv has closed what they hold.
 */
#include "run/fetch.h"

#include "run/http.h"

#include <netdb.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>

enum { READ_LEN = 16 << 10,
       ADDRESSES_MAX = 4 };

struct job;

struct link {
    uv_tcp_t tcp;
    uv_connect_t connect;
    uv_write_t write;
    struct job *job; /* NULL: nobody cares any more */
};

struct job {
    struct job *next;
    struct fetcher *f; /* NULL: it is over */
    fetch_done done;
    void *self;
    struct http_uri uri;
    struct bytes request;
    size_t max;
    bool running;
    uv_timer_t timer;
    uv_getaddrinfo_t lookup;
    unsigned holds; /* things of libuv that still point here */
    struct addrinfo *found, *at;
    unsigned tries;
    struct link *link;
    uint8_t *answer;
    size_t len, room;
};

struct fetcher {
    uv_loop_t *loop;
    uint32_t mark;
    struct job *jobs; /* in the order of asking */
    unsigned running, count;
    bool closing;
};

static void run_next(struct fetcher *f);

/* ---- endings --------------------------------------------------------------------------------- */

static void release(struct job *j)
{
    if (--j->holds > 0)
        return;
    free((void *)(uintptr_t)j->request.at);
    free(j->answer);
    free(j);
}

static void on_timer_closed(uv_handle_t *handle)
{
    release(handle->data);
}

static void on_link_closed(uv_handle_t *handle)
{
    free(handle->data);
}

static void drop_link(struct job *j)
{
    if (!j->link)
        return;
    j->link->job = NULL;
    uv_close((uv_handle_t *)&j->link->tcp, on_link_closed);
    j->link = NULL;
}

static void unlist(struct job *j)
{
    for (struct job **at = &j->f->jobs; *at; at = &(*at)->next)
        if (*at == j) {
            *at = j->next;
            break;
        }
    j->f->count--;
    j->f->running -= j->running;
}

static void finish(struct job *j, struct bytes body, const char *why)
{
    struct fetcher *f = j->f;
    unlist(j);
    j->f = NULL;
    drop_link(j);
    uv_freeaddrinfo(j->found);
    j->found = NULL;
    (void)uv_cancel((uv_req_t *)&j->lookup); /* fails when there is none */
    uv_close((uv_handle_t *)&j->timer, on_timer_closed);
    j->done(j->self, body, why);
    release(j); /* our own hold, so that `body` has lived until here */
    if (!f->closing)
        run_next(f);
}

static void fail(struct job *j, const char *what, int error)
{
    char why[FETCH_WHY_MAX];
    snprintf(why, sizeof why, "%s%s%s", what, error ? ": " : "", error ? uv_strerror(error) : "");
    finish(j, BYTES_NONE, why);
}

static void on_late(uv_timer_t *timer)
{
    fail(timer->data, "no answer in time", 0);
}

/* ---- the answer ------------------------------------------------------------------------------ */

static void on_room(uv_handle_t *handle, size_t wish, uv_buf_t *buf)
{
    struct job *j = ((struct link *)handle->data)->job;
    (void)wish;
    *buf = uv_buf_init(NULL, 0);
    if (!j)
        return;
    if (j->room - j->len < READ_LEN) {
        size_t room = 2 * j->room + READ_LEN;
        uint8_t *more = realloc(j->answer, room);
        if (!more)
            return;
        j->answer = more;
        j->room = room;
    }
    *buf = uv_buf_init((char *)j->answer + j->len, READ_LEN);
}

static void on_read(uv_stream_t *stream, ssize_t len, const uv_buf_t *buf)
{
    struct job *j = ((struct link *)stream->data)->job;
    struct bytes body;
    char why[HTTP_WHY_MAX];
    (void)buf;
    if (!j || len == 0)
        return;
    if (len < 0 && len != UV_EOF) {
        fail(j, "the answer broke off", (int)len);
        return;
    }
    j->len += len > 0 ? (size_t)len : 0;
    switch (http_answer_read(bytes_make(j->answer, j->len), len == UV_EOF, j->max, &body, why)) {
    case HTTP_MORE:
        break;
    case HTTP_DONE:
        finish(j, body, NULL);
        break;
    case HTTP_BAD:
        finish(j, BYTES_NONE, why);
        break;
    }
}

/* ---- connecting ------------------------------------------------------------------------------ */

static void try_next(struct job *j, int error);

static void on_written(uv_write_t *request, int status)
{
    struct job *j = ((struct link *)request->data)->job;
    if (j && status != 0)
        fail(j, "the question could not be sent", status);
}

static void on_connected(uv_connect_t *request, int status)
{
    struct link *l = request->data;
    struct job *j = l->job;
    if (!j)
        return;
    if (status != 0) {
        try_next(j, status);
        return;
    }
    uv_buf_t text = uv_buf_init((char *)(uintptr_t)j->request.at, (unsigned)j->request.len);
    int error = uv_write(&l->write, (uv_stream_t *)&l->tcp, &text, 1, on_written);
    if (error == 0)
        error = uv_read_start((uv_stream_t *)&l->tcp, on_room, on_read);
    if (error != 0)
        fail(j, "the question could not be sent", error);
}

static int set_mark(const struct link *l, uint32_t mark)
{
    uv_os_fd_t fd;
    if (mark == 0)
        return 0;
    int error = uv_fileno((const uv_handle_t *)&l->tcp, &fd);
    if (error == 0 && setsockopt(fd, SOL_SOCKET, SO_MARK, &mark, sizeof mark) != 0)
        error = UV_EPERM;
    return error;
}

static int connect_to(struct job *j, const struct addrinfo *to)
{
    struct link *l = calloc(1, sizeof *l);
    if (!l)
        return UV_ENOMEM;
    int error = uv_tcp_init_ex(j->f->loop, &l->tcp, (unsigned)to->ai_family);
    if (error != 0) {
        free(l);
        return error;
    }
    l->tcp.data = l->connect.data = l->write.data = l;
    l->job = j;
    j->link = l;
    error = set_mark(l, j->f->mark);
    return error ? error : uv_tcp_connect(&l->connect, &l->tcp, to->ai_addr, on_connected);
}

/* The next address; `error`: how it went with the last. */
static void try_next(struct job *j, int error)
{
    drop_link(j);
    while (j->at && j->tries < ADDRESSES_MAX) {
        const struct addrinfo *to = j->at;
        j->at = to->ai_next;
        j->tries++;
        error = connect_to(j, to);
        if (error == 0)
            return;
        drop_link(j);
    }
    fail(j, "no connection", error);
}

static void on_found(uv_getaddrinfo_t *request, int status, struct addrinfo *found)
{
    struct job *j = request->data;
    if (!j->f) {
        uv_freeaddrinfo(found);
    } else if (status != 0) {
        fail(j, "its host cannot be found", status);
    } else {
        j->found = j->at = found;
        try_next(j, 0);
    }
    release(j);
}

/* ---- jobs ------------------------------------------------------------------------------------ */

static void run(struct job *j)
{
    static const struct addrinfo hints = {.ai_socktype = SOCK_STREAM, .ai_flags = AI_ADDRCONFIG};
    j->running = true;
    j->f->running++;
    j->lookup.data = j;
    j->holds++;
    int error = uv_getaddrinfo(j->f->loop, &j->lookup, on_found, j->uri.host, j->uri.port, &hints);
    if (error != 0) {
        j->holds--;
        fail(j, "its host cannot be found", error);
    }
}

static void run_next(struct fetcher *f)
{
    for (struct job *j = f->jobs; j && f->running < FETCH_PARALLEL; j = j->next)
        if (!j->running) {
            run(j);
            return;
        }
}

static struct job *make_job(struct fetcher *f, const struct fetch_request *r, const char **why)
{
    struct job *j = calloc(1, sizeof *j);
    *why = "out of memory";
    if (!j)
        return NULL;
    j->max = r->max;
    j->holds = 2; /* the timer's, and our own */
    if (!http_uri_read(r->uri, &j->uri))
        *why = "it is not an address of http";
    else if (http_request_make(&j->uri, r->body, r->type, &j->request) &&
             uv_timer_init(f->loop, &j->timer) == 0)
        return j;
    free((void *)(uintptr_t)j->request.at);
    free(j);
    return NULL;
}

void fetch(struct fetcher *f, const struct fetch_request *request, fetch_done done, void *self)
{
    const char *why = "too much is being fetched";
    struct job *j = f->count < FETCH_WAITING_MAX ? make_job(f, request, &why) : NULL;
    if (!j) {
        done(self, BYTES_NONE, why);
        return;
    }
    struct job **last = &f->jobs;
    while (*last)
        last = &(*last)->next;
    *last = j;
    j->f = f;
    j->done = done;
    j->self = self;
    f->count++;
    j->timer.data = j;
    uv_timer_start(&j->timer, on_late, request->limit_ms, 0);
    if (f->running < FETCH_PARALLEL)
        run(j);
}

struct fetcher *fetcher_open(uv_loop_t *loop, uint32_t mark)
{
    struct fetcher *f = calloc(1, sizeof *f);
    if (!f)
        return NULL;
    f->loop = loop;
    f->mark = mark;
    return f;
}

void fetcher_close(struct fetcher *f)
{
    if (!f)
        return;
    f->closing = true;
    while (f->jobs)
        fail(f->jobs, "the daemon ends", 0);
    free(f);
}
