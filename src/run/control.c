/*
 * control: see control.h.
 */
#include "run/control.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

enum {
    READ_LEN = 64 << 10,
    BACKLOG = 128,
};

struct control_client {
    struct control *server;
    struct control_client *next;
    uv_pipe_t pipe;
    void *session;
    bool closing, paused;
};

struct control {
    struct control_handlers handlers;
    struct control_client *clients;
    size_t client_count;
    uv_pipe_t listener;
    bool listener_open, closing;
    uint8_t buffer[READ_LEN]; /* shared: each read is handed on at once */
};

/* A write in flight; the octets follow. */
struct pending {
    uv_write_t request;
    struct control_client *client;
    uint8_t data[];
};

/* ---- closing --------------------------------------------------------------------------------- */

static void free_when_closed(struct control *c)
{
    if (c->closing && !c->listener_open && c->client_count == 0)
        free(c);
}

static void on_client_closed(uv_handle_t *handle)
{
    struct control_client *client = handle->data;
    struct control *c = client->server;
    for (struct control_client **at = &c->clients; *at; at = &(*at)->next)
        if (*at == client) {
            *at = client->next;
            break;
        }
    c->client_count--;
    if (client->session)
        c->handlers.closed(client->session);
    free(client);
    free_when_closed(c);
}

void control_drop(struct control_client *client)
{
    if (client->closing)
        return;
    client->closing = true;
    uv_close((uv_handle_t *)&client->pipe, on_client_closed);
}

static void on_listener_closed(uv_handle_t *handle)
{
    struct control *c = handle->data;
    c->listener_open = false;
    free_when_closed(c);
}

void control_close(struct control *c)
{
    if (!c || c->closing)
        return;
    c->closing = true;
    for (struct control_client *client = c->clients; client; client = client->next)
        control_drop(client);
    uv_close((uv_handle_t *)&c->listener, on_listener_closed); /* unlinks the socket, too */
}

/* ---- sending --------------------------------------------------------------------------------- */

size_t control_backlog(const struct control_client *client)
{
    return uv_stream_get_write_queue_size((const uv_stream_t *)&client->pipe);
}

static void on_written(uv_write_t *request, int status)
{
    struct pending *p = (struct pending *)request;
    struct control_client *client = p->client;
    free(p);
    if (status != 0)
        control_drop(client);
    else if (!client->closing && control_backlog(client) < CONTROL_QUEUE_LOW)
        client->server->handlers.drained(client->session);
}

bool control_send(struct control_client *client, struct bytes octets)
{
    if (client->closing)
        return false;
    struct pending *p =
        control_backlog(client) + octets.len > CONTROL_QUEUE_MAX ? NULL : malloc(sizeof *p + octets.len);
    if (!p) {
        control_drop(client);
        return false;
    }
    p->client = client;
    memcpy(p->data, octets.at, octets.len);
    uv_buf_t buffer = uv_buf_init((char *)p->data, (unsigned)octets.len);
    if (uv_write(&p->request, (uv_stream_t *)&client->pipe, &buffer, 1, on_written) != 0) {
        free(p);
        control_drop(client);
        return false;
    }
    return true;
}

/* ---- receiving ------------------------------------------------------------------------------- */

static void on_room(uv_handle_t *handle, size_t wish, uv_buf_t *out)
{
    struct control_client *client = handle->data;
    (void)wish;
    *out = uv_buf_init((char *)client->server->buffer, READ_LEN);
}

static void on_read(uv_stream_t *stream, ssize_t count, const uv_buf_t *buffer)
{
    struct control_client *client = stream->data;
    struct bytes octets = bytes_make(buffer->base, count > 0 ? (size_t)count : 0);
    if (count < 0)
        control_drop(client);
    else if (count > 0 && !client->closing)
        client->server->handlers.octets(client->session, octets);
    wipe(buffer->base, octets.len); /* there may be secrets in it */
}

void control_pause(struct control_client *client)
{
    if (client->closing || client->paused)
        return;
    client->paused = true;
    uv_read_stop((uv_stream_t *)&client->pipe);
}

void control_resume(struct control_client *client)
{
    if (client->closing || !client->paused)
        return;
    client->paused = false;
    if (uv_read_start((uv_stream_t *)&client->pipe, on_room, on_read) != 0)
        control_drop(client);
}

/* ---- clients come ---------------------------------------------------------------------------- */

static void on_connection(uv_stream_t *listener, int status)
{
    struct control *c = listener->data;
    struct control_client *client = status == 0 ? calloc(1, sizeof *client) : NULL;
    if (!client)
        return;
    client->server = c;
    client->pipe.data = client;
    if (uv_pipe_init(listener->loop, &client->pipe, 0) != 0) {
        free(client);
        return;
    }
    client->next = c->clients;
    c->clients = client;
    c->client_count++;
    bool welcome = uv_accept(listener, (uv_stream_t *)&client->pipe) == 0 && c->client_count <= CONTROL_CLIENTS;
    if (welcome)
        client->session = c->handlers.opened(c->handlers.self, client);
    if (!client->session || uv_read_start((uv_stream_t *)&client->pipe, on_room, on_read) != 0)
        control_drop(client);
}

/* ---- opening --------------------------------------------------------------------------------- */

/*
 * libuv would cut a path that is too long; and the socket must never be there with a wider mode,
 * not for a moment.
 */
static int bind_private(uv_pipe_t *pipe, const char *path)
{
    if (strlen(path) >= sizeof((struct sockaddr_un *)0)->sun_path)
        return UV_ENAMETOOLONG;
    if (unlink(path) != 0 && errno != ENOENT)
        return -errno;
    mode_t before = umask(0177);
    int error = uv_pipe_bind(pipe, path);
    umask(before);
    return error;
}

struct control *control_open(uv_loop_t *loop, const char *path, const struct control_handlers *handlers,
                             char *why, size_t why_len)
{
    struct control *c = calloc(1, sizeof *c);
    if (!c || uv_pipe_init(loop, &c->listener, 0) != 0) {
        snprintf(why, why_len, "out of memory");
        free(c);
        return NULL;
    }
    c->handlers = *handlers;
    c->listener.data = c;
    c->listener_open = true;
    int error = bind_private(&c->listener, path);
    if (error == 0)
        error = uv_listen((uv_stream_t *)&c->listener, BACKLOG, on_connection);
    if (error == 0)
        return c;
    snprintf(why, why_len, "control socket %.100s: %s", path, uv_strerror(error));
    control_close(c);
    return NULL;
}
