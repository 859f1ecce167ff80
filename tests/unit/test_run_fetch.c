/* run/http, run/fetch: what a server may answer, whole, in pieces and wrong; the same from real sockets. */
#include "../support/unit.h"

#include "run/fetch.h"
#include "run/http.h"

#include <stdio.h>
#include <stdlib.h>

enum { BODY_MAX = 1000 };

/* ---- addresses ------------------------------------------------------------------------------- */

static void addresses_are_taken_apart(void **state)
{
    (void)state;
    static const struct {
        const char *text, *host, *port, *path; /* host NULL: refused */
    } rows[] = {
        {"http://ca.example/list.crl", "ca.example", "80", "/list.crl"},
        {"HTTP://ca.example", "ca.example", "80", "/"},
        {"http://ca.example:8080?a=b", "ca.example", "8080", "/?a=b"},
        {"http://ca.example/a#b", "ca.example", "80", "/a"},
        {"http://ca.example#b", "ca.example", "80", "/"},
        {"http://[fd00::1]:81/x", "fd00::1", "81", "/x"},
        {"http://[fd00::1]/", "fd00::1", "80", "/"},
        {"http://10.0.0.1/", "10.0.0.1", "80", "/"},
        {"https://ca.example/", NULL, NULL, NULL},
        {"ldap://ca.example/", NULL, NULL, NULL},
        {"file:///etc/passwd", NULL, NULL, NULL},
        {"http://", NULL, NULL, NULL},
        {"http:///x", NULL, NULL, NULL},
        {"http://:80/", NULL, NULL, NULL},
        {"http://a:/", NULL, NULL, NULL},
        {"http://a:0/", NULL, NULL, NULL},
        {"http://a:65536/", NULL, NULL, NULL},
        {"http://a:123456/", NULL, NULL, NULL},
        {"http://a:8x/", NULL, NULL, NULL},
        {"http://user@a/", NULL, NULL, NULL},
        {"http://[fd00::1/", NULL, NULL, NULL},
        {"http://[fd00::1]x/", NULL, NULL, NULL},
        {"http://[]/", NULL, NULL, NULL},
        {"http://a/b c", NULL, NULL, NULL},
        {"http://a/b\r\nHost: c", NULL, NULL, NULL},
        {"http://a/\x80", NULL, NULL, NULL},
        {"", NULL, NULL, NULL},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct http_uri uri;
        bool good = http_uri_read(rows[i].text, &uri);
        if (good != (rows[i].host != NULL))
            fail_msg("%s", rows[i].text);
        if (!good)
            continue;
        assert_string_equal(uri.host, rows[i].host);
        assert_string_equal(uri.port, rows[i].port);
        assert_string_equal(uri.path, rows[i].path);
    }
    char longest[HTTP_URI_MAX + 1];
    struct http_uri uri;
    memset(longest, 'a', sizeof longest);
    memcpy(longest, "http://a/", 9);
    longest[HTTP_URI_MAX] = '\0';
    assert_false(http_uri_read(longest, &uri));
    longest[HTTP_URI_MAX - 1] = '\0';
    assert_true(http_uri_read(longest, &uri));
    memset(longest + 7, 'a', HTTP_HOST_MAX);
    assert_false(http_uri_read(longest, &uri));
}

static void requests_are_written(void **state)
{
    (void)state;
    struct http_uri uri;
    struct bytes text;
    assert_true(http_uri_read("http://[fd00::1]:81/ocsp", &uri));
    assert_true(http_request_make(&uri, BYTES_LIT("question"), "application/ocsp-request", &text));
    static const char wanted[] = "POST /ocsp HTTP/1.0\r\nHost: [fd00::1]:81\r\nUser-Agent: braid\r\n"
                                 "Accept: */*\r\nConnection: close\r\n"
                                 "Content-Type: application/ocsp-request\r\n"
                                 "Content-Length: 8\r\n\r\nquestion";
    assert_bytes_equal(text, bytes_make(wanted, sizeof wanted - 1));
    free((void *)(uintptr_t)text.at);
    assert_true(http_uri_read("http://a/l", &uri));
    assert_true(http_request_make(&uri, BYTES_NONE, NULL, &text));
    assert_memory_equal(text.at, "GET /l HTTP/1.0\r\nHost: a:80\r\n", 29);
    free((void *)(uintptr_t)text.at);
}

/* ---- answers --------------------------------------------------------------------------------- */

#define OK_HEAD "HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\n"

static const struct {
    const char *text, *body, *why; /* of what has come when the connection ends */
} answers[] = {
    {OK_HEAD "body", "body", NULL},
    {OK_HEAD "body and more", "body", NULL},
    {"HTTP/1.0 200 OK\n\nbody", "body", NULL},
    {"HTTP/1.1 200 OK\r\nServer: x\r\n\r\nto the end", "to the end", NULL},
    {"HTTP/1.1 200 OK\r\ncontent-length:0\r\n\r\n", "", NULL},
    {OK_HEAD "bod", NULL, "broke off"},
    {"HTTP/1.1 200 OK\r\nContent-Length: 4", NULL, "broke off"},
    {"", NULL, "broke off"},
    {"HTTP/1.1 404 Not Found\r\n\r\n", NULL, "status 404"},
    {"HTTP/1.1 302 Found\r\nLocation: http://b/\r\n\r\n", NULL, "status 302"},
    {"HTTP/2 200 OK\r\n\r\n", NULL, "not HTTP"},
    {"HTTP/1.1 2\r\n\r\n", NULL, "not HTTP"},
    {"ICY 200 OK\r\n\r\n", NULL, "not HTTP"},
    {"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", NULL, "encoding"},
    {"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\n\r\nx", NULL, "encoding"},
    {"HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\nx", NULL, "length"},
    {"HTTP/1.1 200 OK\r\nContent-Length: 99999999999\r\n\r\nx", NULL, "length"},
    {"HTTP/1.1 200 OK\r\nContent-Length: 1x\r\n\r\nx", NULL, "length"},
    {"HTTP/1.1 200 OK\r\nContent-Length: 1001\r\n\r\nx", NULL, "too long"},
};

static void answers_are_read_whole_or_in_pieces(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof answers / sizeof answers[0]; i++) {
        struct bytes all = bytes_str(answers[i].text), body = BYTES_NONE;
        char why[HTTP_WHY_MAX] = "";
        enum http_progress p = http_answer_read(all, true, BODY_MAX, &body, why);
        if (answers[i].why) {
            assert_int_equal(p, HTTP_BAD);
            if (!strstr(why, answers[i].why))
                fail_msg("`%s` does not say `%s`", why, answers[i].why);
            continue;
        }
        assert_int_equal(p, HTTP_DONE);
        assert_bytes_equal(body, bytes_str(answers[i].body));
        for (size_t len = 0; len < all.len; len++) { /* pieces of memory of their own, for the sanitizer */
            uint8_t *piece = malloc(len + 1);
            memcpy(piece, all.at, len);
            p = http_answer_read(bytes_make(piece, len), false, BODY_MAX, &body, why);
            assert_int_not_equal(p, HTTP_BAD);
            free(piece);
        }
    }
}

static void heads_and_bodies_have_their_bounds(void **state)
{
    (void)state;
    size_t len = HTTP_HEAD_MAX + 8;
    char *text = malloc(len), why[HTTP_WHY_MAX];
    struct bytes body;
    memset(text, 'x', len);
    assert_int_equal(http_answer_read(bytes_make(text, HTTP_HEAD_MAX - 1), false, BODY_MAX, &body, why),
                     HTTP_MORE);
    assert_int_equal(http_answer_read(bytes_make(text, len), false, BODY_MAX, &body, why), HTTP_BAD);
    memcpy(text, "HTTP/1.0 200 OK\n\n", 17);
    assert_int_equal(http_answer_read(bytes_make(text, 17 + BODY_MAX), true, BODY_MAX, &body, why),
                     HTTP_DONE);
    assert_int_equal(http_answer_read(bytes_make(text, 18 + BODY_MAX), false, BODY_MAX, &body, why),
                     HTTP_BAD);
    memcpy(text, "HTTP/1.0 200 OK\r\n\0\r\n\r\n", 22);
    assert_int_equal(http_answer_read(bytes_make(text, 40), true, BODY_MAX, &body, why), HTTP_BAD);
    free(text);
}

/* ---- sockets --------------------------------------------------------------------------------- */

struct server {
    uv_loop_t loop;
    uv_tcp_t listener;
    uint16_t port;
    const char *answer; /* NULL: silence */
    unsigned clients, most;
};

struct client {
    uv_tcp_t tcp;
    uv_write_t write;
    struct server *server;
    char room[4096];
};

static void on_client_closed(uv_handle_t *handle)
{
    struct client *c = handle->data;
    c->server->clients--;
    free(c);
}

static void on_written(uv_write_t *write, int status)
{
    struct client *c = write->data;
    (void)status;
    if (!uv_is_closing((uv_handle_t *)&c->tcp))
        uv_close((uv_handle_t *)&c->tcp, on_client_closed);
}

static void on_room(uv_handle_t *handle, size_t size, uv_buf_t *buf)
{
    struct client *c = handle->data;
    (void)size;
    *buf = uv_buf_init(c->room, sizeof c->room);
}

static void on_asked(uv_stream_t *stream, ssize_t len, const uv_buf_t *buf)
{
    struct client *c = stream->data;
    (void)buf;
    if (len < 0) {
        if (!uv_is_closing((uv_handle_t *)&c->tcp))
            uv_close((uv_handle_t *)&c->tcp, on_client_closed);
        return;
    }
    if (!c->server->answer)
        return;
    uv_buf_t text = uv_buf_init((char *)(uintptr_t)c->server->answer, (unsigned)strlen(c->server->answer));
    c->write.data = c;
    assert_int_equal(uv_write(&c->write, stream, &text, 1, on_written), 0);
}

static void on_connection(uv_stream_t *listener, int status)
{
    struct server *s = listener->data;
    struct client *c = calloc(1, sizeof *c);
    assert_int_equal(status, 0);
    c->server = s;
    c->tcp.data = c;
    s->clients++;
    s->most = s->clients > s->most ? s->clients : s->most;
    assert_int_equal(uv_tcp_init(&s->loop, &c->tcp), 0);
    assert_int_equal(uv_accept(listener, (uv_stream_t *)&c->tcp), 0);
    uv_read_start((uv_stream_t *)&c->tcp, on_room, on_asked);
}

static void server_begin(struct server *s, const char *answer)
{
    struct sockaddr_in at;
    int len = sizeof at;
    *s = (struct server){.answer = answer};
    assert_int_equal(uv_loop_init(&s->loop), 0);
    uv_ip4_addr("127.0.0.1", 0, &at);
    s->listener.data = s;
    assert_int_equal(uv_tcp_init(&s->loop, &s->listener), 0);
    assert_int_equal(uv_tcp_bind(&s->listener, (const struct sockaddr *)&at, 0), 0);
    assert_int_equal(uv_listen((uv_stream_t *)&s->listener, 64, on_connection), 0);
    uv_tcp_getsockname(&s->listener, (struct sockaddr *)&at, &len);
    s->port = ntohs(at.sin_port);
}

struct outcome {
    unsigned count;
    char body[64], why[FETCH_WHY_MAX];
};

static void on_done(void *self, struct bytes body, const char *why)
{
    struct outcome *o = self;
    o->count++;
    snprintf(o->why, sizeof o->why, "%s", why ? why : "");
    snprintf(o->body, sizeof o->body, "%.*s", (int)body.len, (const char *)body.at);
}

static void ask(struct server *s, struct fetcher *f, uint16_t port, struct outcome *o)
{
    char uri[64];
    (void)s;
    snprintf(uri, sizeof uri, "http://127.0.0.1:%u/x", port);
    *o = (struct outcome){0};
    fetch(f, &(struct fetch_request){.uri = uri, .max = BODY_MAX, .limit_ms = 300}, on_done, o);
}

static void run_until(struct server *s, const unsigned *count, unsigned wanted)
{
    while (*count < wanted)
        uv_run(&s->loop, UV_RUN_ONCE);
}

static void server_end(struct server *s, struct fetcher *f)
{
    fetcher_close(f);
    uv_close((uv_handle_t *)&s->listener, NULL);
    uv_run(&s->loop, UV_RUN_DEFAULT);
    assert_int_equal(uv_loop_close(&s->loop), 0);
}

static void documents_come_from_real_servers(void **state)
{
    (void)state;
    struct server s;
    struct outcome o;
    server_begin(&s, OK_HEAD "body");
    struct fetcher *f = fetcher_open(&s.loop, 0);
    ask(&s, f, s.port, &o);
    assert_int_equal(o.count, 0);
    run_until(&s, &o.count, 1);
    assert_string_equal(o.body, "body");
    assert_string_equal(o.why, "");
    s.answer = "HTTP/1.0 500 No\r\n\r\n";
    ask(&s, f, s.port, &o);
    run_until(&s, &o.count, 1);
    assert_string_equal(o.why, "the server answers with status 500");
    s.answer = NULL;
    ask(&s, f, s.port, &o);
    run_until(&s, &o.count, 1);
    assert_string_equal(o.why, "no answer in time");
    ask(&s, f, 1, &o); /* nobody listens there */
    run_until(&s, &o.count, 1);
    assert_string_equal(o.why, "no connection: connection refused");
    fetch(f, &(struct fetch_request){.uri = "ldap://x/"}, on_done, &o);
    assert_int_equal(o.count, 2);
    assert_string_equal(o.why, "it is not an address of http");
    server_end(&s, f);
}

static void few_are_under_way_at_once_and_all_end_with_the_daemon(void **state)
{
    (void)state;
    enum { MANY = 3 * FETCH_PARALLEL };
    struct server s;
    struct outcome *o = calloc(FETCH_WAITING_MAX + 1, sizeof *o);
    unsigned done = 0;
    server_begin(&s, OK_HEAD "body");
    struct fetcher *f = fetcher_open(&s.loop, 0);
    for (unsigned i = 0; i < MANY; i++)
        ask(&s, f, s.port, &o[i]);
    while (done < MANY) {
        uv_run(&s.loop, UV_RUN_ONCE);
        done = 0;
        for (unsigned i = 0; i < MANY; i++)
            done += o[i].count;
    }
    for (unsigned i = 0; i < MANY; i++)
        assert_string_equal(o[i].body, "body");
    assert_true(s.most <= FETCH_PARALLEL + 1);
    s.answer = NULL;
    for (unsigned i = 0; i <= FETCH_WAITING_MAX; i++)
        ask(&s, f, s.port, &o[i]);
    assert_string_equal(o[FETCH_WAITING_MAX].why, "too much is being fetched");
    uv_run(&s.loop, UV_RUN_NOWAIT);
    server_end(&s, f);
    for (unsigned i = 0; i <= FETCH_WAITING_MAX; i++)
        assert_int_equal(o[i].count, 1);
    assert_string_equal(o[0].why, "the daemon ends");
    free(o);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(addresses_are_taken_apart),
        cmocka_unit_test(requests_are_written),
        cmocka_unit_test(answers_are_read_whole_or_in_pieces),
        cmocka_unit_test(heads_and_bodies_have_their_bounds),
        cmocka_unit_test(documents_come_from_real_servers),
        cmocka_unit_test(few_are_under_way_at_once_and_all_end_with_the_daemon),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
