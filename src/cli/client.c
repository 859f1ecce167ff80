/* client: see client.h. */
#include "cli/client.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

static enum exit_code complain(enum exit_code code, const char *what, const char *why)
{
    fprintf(stderr, "braid: %s%s%s\n", what, why ? ": " : "", why ? why : "");
    return code;
}

bool client_has_daemon(const struct cli *cli)
{
    char path[sizeof((struct sockaddr_un *)0)->sun_path];
    int len = snprintf(path, sizeof path, "%s/%s", cli->run_dir, VICI_SOCKET_NAME);
    return len > 0 && (size_t)len < sizeof path && access(path, F_OK) == 0;
}

enum exit_code client_open(struct client *c, const struct cli *cli)
{
    struct sockaddr_un at = {.sun_family = AF_UNIX};
    *c = (struct client){.fd = -1};
    vici_frames_init(&c->frames);
    vici_out_init(&c->out);
    int len = snprintf(at.sun_path, sizeof at.sun_path, "%s/%s", cli->run_dir, VICI_SOCKET_NAME);
    if (len < 0 || (size_t)len >= sizeof at.sun_path)
        return complain(EXIT_USAGE, cli->run_dir, "this path is too long for a socket");
    c->fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (c->fd >= 0 && connect(c->fd, (struct sockaddr *)&at, sizeof at) == 0)
        return EXIT_GOOD;
    complain(EXIT_NO_DAEMON, at.sun_path, strerror(errno));
    if (errno == ENOENT || errno == ECONNREFUSED)
        fputs("braid: is braidd running? Another run directory is named with -r\n", stderr);
    client_close(c);
    return EXIT_NO_DAEMON;
}

void client_close(struct client *c)
{
    if (c->fd >= 0)
        close(c->fd);
    c->fd = -1;
    vici_frames_free(&c->frames);
    vici_out_free(&c->out);
}

static enum exit_code send_all(struct client *c, struct bytes b)
{
    while (b.len > 0) {
        ssize_t sent = send(c->fd, b.at, b.len, MSG_NOSIGNAL);
        if (sent < 0 && errno == EINTR)
            continue;
        if (sent <= 0)
            return complain(EXIT_BROKEN, "the daemon has closed the connection", NULL);
        b = bytes_make(b.at + sent, b.len - (size_t)sent);
    }
    return EXIT_GOOD;
}

/* More octets of the stream into the frames. */
static enum exit_code receive(struct client *c, unsigned patience)
{
    uint8_t buffer[16384];
    struct pollfd wait = {.fd = c->fd, .events = POLLIN};
    int ready;
    do
        ready = poll(&wait, 1, patience ? (int)patience * 1000 : -1);
    while (ready < 0 && errno == EINTR);
    if (ready == 0)
        return complain(EXIT_BROKEN, "the daemon does not answer", NULL);
    ssize_t got = recv(c->fd, buffer, sizeof buffer, 0);
    if (got <= 0)
        return complain(EXIT_BROKEN, "the daemon has closed the connection", NULL);
    if (!vici_frames_put(&c->frames, bytes_make(buffer, (size_t)got)))
        return complain(EXIT_BROKEN, "the daemon sends a message that is too long", NULL);
    return EXIT_GOOD;
}

/* The next packet that is no event. */
static enum exit_code await(struct client *c, unsigned patience, client_event *on_event, void *self,
                            struct vici_packet *out)
{
    for (;;) {
        struct bytes packet;
        while (vici_frames_take(&c->frames, &packet)) {
            if (!vici_packet_read(packet, out))
                return complain(EXIT_BROKEN, "the daemon sends what is not VICI", NULL);
            if (out->type != VICI_EVENT)
                return EXIT_GOOD;
            if (on_event)
                on_event(self, out->name, out->message);
        }
        enum exit_code code = receive(c, patience);
        if (code != EXIT_GOOD)
            return code;
    }
}

/* Send what has been built. */
static enum exit_code send_out(struct client *c)
{
    struct bytes segment;
    if (!vici_finish(&c->out, &segment))
        return complain(EXIT_USAGE, "a name is too long, or holds characters it may not", NULL);
    return send_all(c, segment);
}

enum exit_code client_register(struct client *c, const char *event)
{
    struct vici_packet reply;
    vici_begin(&c->out, VICI_EVENT_REGISTER, event);
    enum exit_code code = send_out(c);
    if (code == EXIT_GOOD)
        code = await(c, CLIENT_PATIENCE, NULL, NULL, &reply);
    if (code != EXIT_GOOD)
        return code;
    return reply.type == VICI_EVENT_CONFIRM ? EXIT_GOOD : EXIT_FAILED;
}

void client_name_sa(struct vici_out *o, const char *key, const char *value)
{
    const char *slash = key ? NULL : strchr(value, '/');
    if (slash) {
        vici_key(o, "ike", bytes_make(value, (size_t)(slash - value)));
        vici_key_str(o, "child", slash + 1);
    } else {
        vici_key_str(o, key ? key : "child", value);
    }
}

struct vici_out *client_request(struct client *c, const char *command)
{
    vici_begin(&c->out, VICI_CMD_REQUEST, command);
    return &c->out;
}

enum exit_code client_call(struct client *c, unsigned patience, client_event *on_event, void *self,
                           struct bytes *response)
{
    struct vici_packet reply;
    *response = BYTES_NONE;
    enum exit_code code = send_out(c);
    if (code == EXIT_GOOD)
        code = await(c, patience, on_event, self, &reply);
    if (code != EXIT_GOOD)
        return code;
    if (reply.type == VICI_CMD_UNKNOWN)
        return complain(EXIT_BROKEN, "the daemon does not know this command", NULL);
    if (reply.type != VICI_CMD_RESPONSE)
        return complain(EXIT_BROKEN, "the daemon gives an unexpected answer", NULL);
    *response = reply.message;
    return EXIT_GOOD;
}

enum exit_code client_listen(struct client *c, client_event *on_event, void *self)
{
    struct vici_packet unasked;
    enum exit_code code = await(c, 0, on_event, self, &unasked);
    return code == EXIT_GOOD ? complain(EXIT_BROKEN, "the daemon gives an unexpected answer", NULL)
                             : code;
}

bool client_succeeded(struct bytes response)
{
    return vici_find_bool(response, "success", true);
}

const char *client_text(struct bytes message, const char *path, char *to, size_t room)
{
    struct bytes value;
    vici_find(message, path, &value);
    size_t len = value.len < room - 1 ? value.len : room - 1;
    for (size_t i = 0; i < len; i++)
        to[i] = value.at[i] >= ' ' && value.at[i] != 127 ? (char)value.at[i] : '?';
    to[len] = '\0';
    return to;
}

const char *client_join(struct bytes message, const char *list, const char *between, char *to,
                        size_t room)
{
    struct vici_in in;
    size_t len = 0;
    to[0] = '\0';
    if (!vici_find_list(message, list, &in))
        return to;
    while (vici_next(&in) == VICI_LIST_ITEM && len < room)
        len += (size_t)snprintf(to + len, room - len, "%s%.*s", len ? between : "",
                                (int)in.value.len, (const char *)in.value.at);
    return to;
}
