/* http: see http.h. */
#include "run/http.h"

#include <stdio.h>
#include <stdlib.h>
#include <strings.h>

/* ---- addresses ------------------------------------------------------------------------------- */

static bool is_plain(const char *text)
{
    for (; *text; text++)
        if (*text <= ' ' || *text >= 127)
            return false;
    return true;
}

static bool copy(char *to, size_t room, const char *from, size_t len)
{
    if (len >= room)
        return false;
    memcpy(to, from, len);
    to[len] = '\0';
    return true;
}

static bool read_port(const char *at, const char *end, char port[6])
{
    size_t len = (size_t)(end - at);
    return len > 0 && strspn(at, "0123456789") >= len && copy(port, 6, at, len) &&
           atoi(port) > 0 && atoi(port) < 65536;
}

bool http_uri_read(const char *text, struct http_uri *out)
{
    static const char scheme[] = "http://";
    size_t len = strlen(text);
    *out = (struct http_uri){.port = "80"};
    if (len >= HTTP_URI_MAX || !is_plain(text) || strncasecmp(text, scheme, sizeof scheme - 1) != 0)
        return false;
    const char *host = text + sizeof scheme - 1, *end = host + strcspn(host, "/?#");
    if (memchr(host, '@', (size_t)(end - host)))
        return false;
    const char *stop = host[0] == '[' ? strchr(host, ']') : host + strcspn(host, ":/?#");
    if (!stop || stop > end)
        return false;
    const char *after = stop + (*stop == ']');
    host += host[0] == '[';
    if (stop == host || !copy(out->host, sizeof out->host, host, (size_t)(stop - host)))
        return false;
    if (after != end && (*after != ':' || !read_port(after + 1, end, out->port)))
        return false;
    size_t path = strcspn(end, "#");
    if (*end != '/')
        out->path[0] = '/';
    return copy(out->path + (*end != '/'), sizeof out->path - 1, end, path);
}

/* ---- asking ---------------------------------------------------------------------------------- */

bool http_request_make(const struct http_uri *uri, struct bytes body, const char *type,
                       struct bytes *out)
{
    enum { ROOM = HTTP_URI_MAX + HTTP_HOST_MAX + 512 };
    char *text = malloc(ROOM + body.len);
    bool v6 = strchr(uri->host, ':') != NULL;
    if (!text)
        return false;
    int len = snprintf(text, ROOM,
                       "%s %s HTTP/1.0\r\nHost: %s%s%s:%s\r\nUser-Agent: braid\r\nAccept: */*\r\n"
                       "Connection: close\r\n",
                       body.len ? "POST" : "GET", uri->path, v6 ? "[" : "", uri->host,
                       v6 ? "]" : "", uri->port);
    if (body.len)
        len += snprintf(text + len, (size_t)(ROOM - len),
                        "Content-Type: %s\r\nContent-Length: %zu\r\n", type, body.len);
    len += snprintf(text + len, (size_t)(ROOM - len), "\r\n");
    if (body.len)
        memcpy(text + len, body.at, body.len);
    *out = bytes_make(text, (size_t)len + body.len);
    return true;
}

/* ---- the answer ------------------------------------------------------------------------------ */

static enum http_progress bad(char why[HTTP_WHY_MAX], const char *what)
{
    snprintf(why, HTTP_WHY_MAX, "%s", what);
    return HTTP_BAD;
}

/* Octets up to the end of the blank line; 0: it is not there yet. */
static size_t find_body(struct bytes text)
{
    for (size_t i = 0; i < text.len; i++) {
        if (text.at[i] != '\n')
            continue;
        if (i + 1 < text.len && text.at[i + 1] == '\n')
            return i + 2;
        if (i + 2 < text.len && text.at[i + 1] == '\r' && text.at[i + 2] == '\n')
            return i + 3;
    }
    return 0;
}

/* "HTTP/1.1 200 OK" */
static int read_status(const char *head)
{
    if (strncmp(head, "HTTP/1.", 7) != 0 || head[7] < '0' || head[7] > '9' || head[8] != ' ')
        return -1;
    for (int i = 9; i < 12; i++)
        if (head[i] < '0' || head[i] > '9')
            return -1;
    return 100 * (head[9] - '0') + 10 * (head[10] - '0') + head[11] - '0';
}

/* The value of a field of the head, or NULL. */
static const char *find_field(const char *head, const char *name)
{
    size_t len = strlen(name);
    for (const char *line = strchr(head, '\n'); line; line = strchr(line + 1, '\n'))
        if (strncasecmp(line + 1, name, len) == 0 && line[1 + len] == ':')
            return line + 2 + len + strspn(line + 2 + len, " \t");
    return NULL;
}

static enum http_progress read_head(const char *head, size_t *body_len, char why[HTTP_WHY_MAX])
{
    int status = read_status(head);
    const char *length = find_field(head, "Content-Length"), *end;
    *body_len = SIZE_MAX;
    if (status < 0)
        return bad(why, "the answer is not HTTP");
    if (status != 200) {
        snprintf(why, HTTP_WHY_MAX, "the server answers with status %d", status);
        return HTTP_BAD;
    }
    if (find_field(head, "Transfer-Encoding") || find_field(head, "Content-Encoding"))
        return bad(why, "the answer has an encoding that was not asked for");
    if (length) {
        size_t digits = strspn(length, "0123456789");
        end = length + digits;
        if (digits == 0 || digits > 10 || !strchr("\r\n \t", *end))
            return bad(why, "the length of the answer cannot be read");
        *body_len = (size_t)strtoull(length, NULL, 10);
    }
    return HTTP_DONE;
}

enum http_progress http_answer_read(struct bytes so_far, bool ended, size_t body_max,
                                    struct bytes *body, char why[HTTP_WHY_MAX])
{
    char head[HTTP_HEAD_MAX + 1];
    size_t len = so_far.len < HTTP_HEAD_MAX ? so_far.len : HTTP_HEAD_MAX, wanted;
    size_t at = find_body(bytes_make(so_far.at, len));
    if (at == 0 && so_far.len >= HTTP_HEAD_MAX)
        return bad(why, "the head of the answer is too long");
    if (at == 0)
        return ended ? bad(why, "the answer broke off") : HTTP_MORE;
    memcpy(head, so_far.at, at);
    head[at] = '\0';
    if (strlen(head) != at)
        return bad(why, "the answer is not HTTP");
    if (read_head(head, &wanted, why) != HTTP_DONE)
        return HTTP_BAD;
    size_t have = so_far.len - at;
    if ((wanted != SIZE_MAX ? wanted : have) > body_max) /* what comes behind the end is left alone */
        return bad(why, "the answer is too long");
    if (wanted != SIZE_MAX ? have < wanted : !ended)
        return ended ? bad(why, "the answer broke off") : HTTP_MORE;
    *body = bytes_make(so_far.at + at, wanted != SIZE_MAX ? wanted : have);
    return HTTP_DONE;
}
