/*
 * udp: see udp.h. Four sockets, each with its own ring of datagrams that wait for room in the
 * kernel.
 *
 * Receiving takes at most READ_ROUNDS batches before the loop gets its turn again, so that a flood
 * on one socket does not starve timers and the other sockets.
 */
#include "run/udp.h"

#include "run/net.h"
#include "run/ring.h"

#include <errno.h>
#include <linux/errqueue.h>
#include <netinet/in.h>
#include <netinet/ip.h>
#include <netinet/udp.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

enum {
    SOCKETS = 4,
    BATCH = 32,       /* datagrams received in one call */
    SEND_BATCH = 128, /* and sent */
    READ_ROUNDS = 4,
    SEND_BUFFER = 1 << 20, /* some batches; longer queues are for the device to keep */
    DATAGRAM_MAX = 65536,
    MARKER_LEN = 4,
    CONTROL_MAX = CMSG_SPACE(sizeof(struct in6_pktinfo)) + CMSG_SPACE(sizeof(int)),
    JOINED_MAX = 64,         /* datagrams sent as one: UDP_MAX_SEGMENTS of older kernels */
    JOINED_LEN_MAX = 65000,  /* and their octets, so that IP headers still fit */
    JOINED_EACH_MAX = 16384, /* a larger one saves nothing */
    SAFE_LEN = 1200,         /* smaller datagrams need no leave to be fragmented */
    IPV6_LEAST_MTU = 1280,
    NEXT_PAYLOAD_AT = 16, /* in the IKE header, RFC 7296 3.1 */
    NEXT_PAYLOAD_SKF = 53,
};

static const uint8_t marker[MARKER_LEN];

struct udp_socket {
    struct udp *owner;
    int fd; /* -1: not there */
    uint8_t family;
    bool encap, handle_open;
    bool may_join; /* until the kernel says that it cannot */
    int polled;    /* the events that are waited for */
    uint16_t port;
    uv_poll_t poll;
    struct ring waiting;
};

struct udp {
    struct udp_handlers handlers;
    struct udp_counters counters;
    struct udp_socket socket[SOCKETS];
    unsigned handles_open;
    bool closing;
    uint8_t *buffer; /* BATCH times DATAGRAM_MAX */
};

/* ---- opening --------------------------------------------------------------------------------- */

struct option {
    uint8_t family;
    int level, name, value;
};

static const struct option options[] = {
    {ADDR_V4, IPPROTO_IP, IP_PKTINFO, 1},
    {ADDR_V4, IPPROTO_IP, IP_MTU_DISCOVER, IP_PMTUDISC_WANT},
    {ADDR_V4, IPPROTO_IP, IP_RECVERR, 1},
    {ADDR_V6, IPPROTO_IPV6, IPV6_V6ONLY, 1},
    {ADDR_V6, IPPROTO_IPV6, IPV6_RECVPKTINFO, 1},
    {ADDR_V6, IPPROTO_IPV6, IPV6_MTU_DISCOVER, IPV6_PMTUDISC_WANT},
    {ADDR_V6, IPPROTO_IPV6, IPV6_RECVERR, 1},
};

/* The kernel's own limit holds for those who may not exceed it. */
static void ask_for_buffer(const struct udp_socket *s, int wish, int forced, int plain)
{
    if (wish > 0 && setsockopt(s->fd, SOL_SOCKET, forced, &wish, sizeof wish) != 0)
        (void)setsockopt(s->fd, SOL_SOCKET, plain, &wish, sizeof wish);
}

static bool set_options(struct udp_socket *s, const struct udp_setup *setup)
{
    for (size_t i = 0; i < sizeof options / sizeof options[0]; i++) {
        const struct option *o = &options[i];
        if (o->family == s->family && setsockopt(s->fd, o->level, o->name, &o->value, sizeof o->value) != 0)
            return false;
    }
    if (setup->mark != 0 && setsockopt(s->fd, SOL_SOCKET, SO_MARK, &setup->mark, sizeof setup->mark) != 0)
        return false;
    int on = 1;
    ask_for_buffer(s, setup->receive_buffer, SO_RCVBUFFORCE, SO_RCVBUF);
    ask_for_buffer(s, SEND_BUFFER, SO_SNDBUFFORCE, SO_SNDBUF);
    s->may_join = s->encap;
    if (s->encap)
        (void)setsockopt(s->fd, IPPROTO_UDP, UDP_GRO, &on, sizeof on);
    return true;
}

static bool bind_any(struct udp_socket *s)
{
    struct sockaddr_storage at;
    struct endpoint any = {.addr.family = s->family, .port = s->port}, bound;
    socklen_t len = net_to_sockaddr(&any, &at);
    if (bind(s->fd, (const struct sockaddr *)&at, len) != 0 ||
        getsockname(s->fd, (struct sockaddr *)&at, &len) != 0)
        return false;
    if (net_from_sockaddr((const struct sockaddr *)&at, &bound))
        s->port = bound.port;
    return true;
}

/* False: errno says why. A family this host does not have is no failure. */
static bool open_socket(struct udp_socket *s, const struct udp_setup *setup)
{
    s->fd = socket(s->family == ADDR_V4 ? AF_INET : AF_INET6, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC,
                   IPPROTO_UDP);
    if (s->fd < 0)
        return errno == EAFNOSUPPORT;
    if (set_options(s, setup) && bind_any(s))
        return true;
    int error = errno;
    close(s->fd);
    s->fd = -1;
    errno = error;
    return error == EADDRNOTAVAIL && s->family == ADDR_V6; /* IPv6 is switched off */
}

static void on_poll(uv_poll_t *handle, int status, int events);

/* Starting anew costs a system call, so only where something changes, or libuv has stopped. */
static int poll_for(struct udp_socket *s, int events, bool has_stopped)
{
    if (events == s->polled && !has_stopped)
        return 0;
    s->polled = events;
    return uv_poll_start(&s->poll, events, on_poll);
}

static bool watch(struct udp_socket *s, uv_loop_t *loop)
{
    s->poll.data = s;
    if (uv_poll_init(loop, &s->poll, s->fd) != 0)
        return false;
    s->handle_open = true;
    s->owner->handles_open++;
    return poll_for(s, UV_READABLE, true) == 0;
}

static void explain(char *why, size_t why_len, const struct udp_socket *s, int error)
{
    snprintf(why, why_len, "UDP port %u (%s): %s%s", s->port, s->family == ADDR_V4 ? "IPv4" : "IPv6",
             strerror(error),
             error == EADDRINUSE ? "; is another IKE daemon running?"
             : error == EACCES || error == EPERM
                 ? "; this needs root or CAP_NET_BIND_SERVICE and CAP_NET_ADMIN"
                 : "");
}

/* A free port is chosen once, for both families. */
static uint16_t port_for(const struct udp *u, size_t i, const struct udp_setup *setup)
{
    bool encap = i >= 2;
    uint16_t port = encap ? setup->port_encap : setup->port;
    return i % 2 == 1 && u->socket[i - 1].fd >= 0 ? u->socket[i - 1].port : port;
}

struct udp *udp_open(uv_loop_t *loop, const struct udp_setup *setup, const struct udp_handlers *handlers,
                     char *why, size_t why_len)
{
    struct udp *u = calloc(1, sizeof *u);
    if (u)
        u->buffer = malloc((size_t)BATCH * DATAGRAM_MAX);
    if (!u || !u->buffer) {
        snprintf(why, why_len, "out of memory");
        free(u);
        return NULL;
    }
    u->handlers = *handlers;
    for (size_t i = 0; i < SOCKETS; i++)
        u->socket[i] = (struct udp_socket){
            .owner = u, .fd = -1, .family = i % 2 == 0 ? ADDR_V4 : ADDR_V6, .encap = i >= 2};
    for (size_t i = 0; i < SOCKETS; i++) {
        struct udp_socket *s = &u->socket[i];
        s->port = port_for(u, i, setup);
        if (!open_socket(s, setup) || (s->fd >= 0 && !watch(s, loop))) {
            explain(why, why_len, s, errno);
            udp_close(u);
            return NULL;
        }
    }
    return u;
}

/* ---- closing --------------------------------------------------------------------------------- */

static void free_when_closed(struct udp *u)
{
    if (u->handles_open > 0)
        return;
    free(u->buffer);
    free(u);
}

static void on_closed(uv_handle_t *handle)
{
    struct udp_socket *s = handle->data;
    s->owner->handles_open--;
    close(s->fd);
    free_when_closed(s->owner);
}

void udp_close(struct udp *u)
{
    if (!u || u->closing)
        return;
    u->closing = true;
    bool none = u->handles_open == 0;
    for (size_t i = 0; i < SOCKETS; i++) {
        struct udp_socket *s = &u->socket[i];
        ring_clear(&s->waiting);
        if (s->handle_open)
            uv_close((uv_handle_t *)&s->poll, on_closed);
        else if (s->fd >= 0)
            close(s->fd);
    }
    if (none)
        free_when_closed(u);
}

/* ---- errors ---------------------------------------------------------------------------------- */

/* Count what an errno of sending, receiving or of the error queue means. */
static void count_error(struct udp *u, int error, uint64_t *otherwise)
{
    switch (error) {
    case EMSGSIZE:
        u->counters.too_big++;
        break;
    case ECONNREFUSED:
        u->counters.refused++;
        break;
    case EHOSTUNREACH:
    case ENETUNREACH:
        u->counters.unreachable++;
        break;
    default:
        if (otherwise)
            (*otherwise)++;
    }
}

/* Somebody may want to know which peer it was about. */
static void tell_refused(struct udp *u, const void *to, int error)
{
    struct endpoint remote;
    if (u->handlers.refused && net_from_sockaddr(to, &remote))
        u->handlers.refused(u->handlers.self, &remote, error);
}

/*
 * ICMP errors wait in a queue of their own (IP_RECVERR); they are hints that anybody can forge, so
 * they are counted and told, and no more.
 */
static void drain_errors(struct udp_socket *s)
{
    char control[512];
    for (int i = 0; i < BATCH; i++) {
        struct sockaddr_storage to = {.ss_family = AF_UNSPEC}; /* of the datagram that was refused */
        struct msghdr m = {.msg_name = &to,
                           .msg_namelen = sizeof to,
                           .msg_control = control,
                           .msg_controllen = sizeof control};
        if (recvmsg(s->fd, &m, MSG_ERRQUEUE | MSG_DONTWAIT) < 0)
            return;
        for (struct cmsghdr *c = CMSG_FIRSTHDR(&m); c; c = CMSG_NXTHDR(&m, c)) {
            struct sock_extended_err e;
            if (c->cmsg_len < CMSG_LEN(sizeof e))
                continue;
            memcpy(&e, CMSG_DATA(c), sizeof e);
            count_error(s->owner, (int)e.ee_errno, NULL);
            tell_refused(s->owner, &to, (int)e.ee_errno);
        }
    }
}

/* ---- receiving ------------------------------------------------------------------------------- */

/*
 * The local address, and the length of each datagram when the kernel has joined several (UDP_GRO).
 */
static void read_control(struct msghdr *m, struct addr *out, size_t *each)
{
    *out = (struct addr){.family = ADDR_NONE};
    for (struct cmsghdr *c = CMSG_FIRSTHDR(m); c; c = CMSG_NXTHDR(m, c)) {
        if (c->cmsg_level == IPPROTO_IP && c->cmsg_type == IP_PKTINFO) {
            struct in_pktinfo info;
            memcpy(&info, CMSG_DATA(c), sizeof info);
            out->family = ADDR_V4;
            memcpy(out->ip, &info.ipi_addr, 4);
        } else if (c->cmsg_level == IPPROTO_IPV6 && c->cmsg_type == IPV6_PKTINFO) {
            struct in6_pktinfo info;
            memcpy(&info, CMSG_DATA(c), sizeof info);
            out->family = ADDR_V6;
            memcpy(out->ip, &info.ipi6_addr, 16);
        } else if (c->cmsg_level == IPPROTO_UDP && c->cmsg_type == UDP_GRO) {
            int size;
            memcpy(&size, CMSG_DATA(c), sizeof size);
            *each = size > 0 ? (size_t)size : *each;
        }
    }
}

/* Is it IKE, ESP or nothing? RFC 3948 2.1 to 2.3. */
static void take(struct udp_socket *s, const struct ike_path *path, uint8_t *at, size_t len)
{
    struct udp *u = s->owner;
    u->counters.received++;
    u->counters.received_bytes += len;
    if (len == 1 && at[0] == 0xff) {
        u->counters.keepalive++;
    } else if (!s->encap) {
        u->handlers.ike(u->handlers.self, path, bytes_make(at, len));
    } else if (len <= MARKER_LEN) {
        u->counters.drop_short++;
    } else if (memcmp(at, marker, MARKER_LEN) == 0) {
        u->handlers.ike(u->handlers.self, path, bytes_make(at + MARKER_LEN, len - MARKER_LEN));
    } else {
        u->counters.received_esp++;
        u->handlers.esp(u->handlers.self, path, at, len);
    }
}

/* What one call of the kernel brought from one address: a datagram, or several joined. */
static void take_joined(struct udp_socket *s, struct msghdr *m, uint8_t *at, size_t len)
{
    struct ike_path path = {.encap = s->encap};
    size_t each = len;
    if (!net_from_sockaddr(m->msg_name, &path.remote))
        return;
    read_control(m, &path.local.addr, &each);
    path.local.port = s->port;
    do {
        size_t one = each < len ? each : len;
        take(s, &path, at, one);
        at += one;
        len -= one;
    } while (len > 0 && !s->owner->closing);
}

/* One batch. False when there is nothing more to read, or the socket was closed meanwhile. */
static bool read_batch(struct udp_socket *s)
{
    struct udp *u = s->owner;
    struct mmsghdr message[BATCH];
    struct iovec part[BATCH];
    struct sockaddr_storage from[BATCH];
    _Alignas(struct cmsghdr) uint8_t control[BATCH][CONTROL_MAX];
    for (size_t i = 0; i < BATCH; i++) {
        part[i] = (struct iovec){u->buffer + i * DATAGRAM_MAX, DATAGRAM_MAX};
        message[i].msg_hdr = (struct msghdr){.msg_name = &from[i],
                                             .msg_namelen = sizeof from[i],
                                             .msg_iov = &part[i],
                                             .msg_iovlen = 1,
                                             .msg_control = control[i],
                                             .msg_controllen = CONTROL_MAX};
    }
    int count = recvmmsg(s->fd, message, BATCH, MSG_DONTWAIT, NULL);
    if (count < 0) {
        if (errno == EAGAIN)
            return false;
        count_error(u, errno, &u->counters.receive_error);
        return errno != EBADF;
    }
    uint64_t esp_before = u->counters.received_esp;
    for (int i = 0; i < count && !u->closing; i++)
        take_joined(s, &message[i].msg_hdr, u->buffer + (size_t)i * DATAGRAM_MAX, message[i].msg_len);
    if (u->counters.received_esp != esp_before && u->handlers.esp_done)
        u->handlers.esp_done(u->handlers.self);
    return count == BATCH && !u->closing;
}

/* ---- sending --------------------------------------------------------------------------------- */

/* Where to and from where: shared by all datagrams of one call. */
struct address {
    struct sockaddr_storage to;
    socklen_t to_len;
    _Alignas(struct cmsghdr) uint8_t control[CONTROL_MAX];
    size_t control_len;
};

static void put_control(struct address *a, int level, int type, const void *info, size_t len)
{
    struct cmsghdr *c = (struct cmsghdr *)a->control;
    *c = (struct cmsghdr){.cmsg_level = level, .cmsg_type = type, .cmsg_len = CMSG_LEN(len)};
    memcpy(CMSG_DATA(c), info, len);
    a->control_len = CMSG_SPACE(len);
}

static struct address address_of(const struct ike_path *path)
{
    struct address a = {.control_len = 0};
    a.to_len = net_to_sockaddr(&path->remote, &a.to);
    if (path->local.addr.family == ADDR_V4) {
        struct in_pktinfo info = {.ipi_ifindex = 0};
        memcpy(&info.ipi_spec_dst, path->local.addr.ip, 4);
        put_control(&a, IPPROTO_IP, IP_PKTINFO, &info, sizeof info);
    } else if (path->local.addr.family == ADDR_V6) {
        struct in6_pktinfo info = {.ipi6_ifindex = 0};
        memcpy(&info.ipi6_addr, path->local.addr.ip, 16);
        put_control(&a, IPPROTO_IPV6, IPV6_PKTINFO, &info, sizeof info);
    }
    return a;
}

/* May IP split this IKE message? Only where RFC 7383 did not, and where it is large. */
static bool may_be_fragmented(enum udp_kind kind, struct bytes datagram)
{
    return kind == UDP_IKE && datagram.len > SAFE_LEN && datagram.at[NEXT_PAYLOAD_AT] != NEXT_PAYLOAD_SKF;
}

static void allow_fragments(const struct udp_socket *s, bool allowed)
{
    int v4 = allowed ? IP_PMTUDISC_DONT : IP_PMTUDISC_WANT, v6 = allowed ? IPV6_LEAST_MTU : 0;
    if (s->family == ADDR_V4)
        (void)setsockopt(s->fd, IPPROTO_IP, IP_MTU_DISCOVER, &v4, sizeof v4);
    else
        (void)setsockopt(s->fd, IPPROTO_IPV6, IPV6_MTU, &v6, sizeof v6);
}

/* One call's worth of messages to one address. A message is one datagram, or several joined. */
struct outgoing {
    size_t count;
    struct mmsghdr message[SEND_BATCH];
    size_t datagrams[SEND_BATCH];      /* in each message */
    struct iovec part[2 * SEND_BATCH]; /* of each datagram: the marker, if it gets one; all of it */
    _Alignas(struct cmsghdr) uint8_t control[SEND_BATCH][CONTROL_MAX];
};

/*
 * How many of these the kernel may take as one: equal lengths, but that the last may be shorter.
 */
static size_t count_joined(const struct bytes *datagrams, size_t count)
{
    size_t joined = 1, each = datagrams[0].len, len = each;
    bool may_go_on = each > 0 && each <= JOINED_EACH_MAX;
    while (may_go_on && joined < count && joined < JOINED_MAX) {
        size_t next = datagrams[joined].len;
        if (next == 0 || next > each || len + next > JOINED_LEN_MAX)
            break;
        len += next;
        joined++;
        may_go_on = next == each;
    }
    return joined;
}

/* The address's control data, and how to split the message again. */
static void put_segment_size(struct outgoing *out, const struct address *a, size_t each)
{
    struct msghdr *m = &out->message[out->count].msg_hdr;
    uint8_t *control = out->control[out->count];
    uint16_t size = (uint16_t)each;
    memcpy(control, a->control, a->control_len);
    struct cmsghdr c = {
        .cmsg_level = IPPROTO_UDP, .cmsg_type = UDP_SEGMENT, .cmsg_len = CMSG_LEN(sizeof size)};
    memset(control + a->control_len, 0, CMSG_SPACE(sizeof size));
    memcpy(control + a->control_len, &c, sizeof c);
    memcpy(control + a->control_len + CMSG_LEN(0), &size, sizeof size);
    m->msg_control = control;
    m->msg_controllen = a->control_len + CMSG_SPACE(sizeof size);
}

static void fill(struct outgoing *out, const struct address *a, bool marked, bool may_join,
                 const struct bytes *datagrams, size_t count)
{
    struct iovec *part = out->part;
    out->count = 0;
    for (size_t i = 0; i < count; out->count++) {
        size_t joined = may_join ? count_joined(datagrams + i, count - i) : 1;
        struct msghdr *m = &out->message[out->count].msg_hdr;
        *m = (struct msghdr){
            .msg_name = (void *)(uintptr_t)&a->to,
            .msg_namelen = a->to_len,
            .msg_iov = part,
            .msg_control = (void *)(uintptr_t)a->control,
            .msg_controllen = a->control_len,
        };
        if (joined > 1)
            put_segment_size(out, a, datagrams[i].len);
        out->datagrams[out->count] = joined;
        for (size_t end = i + joined; i < end; i++) {
            if (marked)
                *part++ = (struct iovec){(void *)(uintptr_t)marker, MARKER_LEN};
            *part++ = (struct iovec){(void *)(uintptr_t)datagrams[i].at, datagrams[i].len};
        }
        m->msg_iovlen = (size_t)(part - m->msg_iov);
    }
}

static size_t count_sent(struct udp *u, const struct outgoing *out, size_t first, size_t count)
{
    size_t datagrams = 0;
    for (size_t i = first; i < first + count; i++) {
        datagrams += out->datagrams[i];
        u->counters.sent_bytes += out->message[i].msg_len;
    }
    u->counters.sent += datagrams;
    return datagrams;
}

/*
 * How many of them the kernel took, or refused for good; fewer than count means the socket is full.
 * A refusal is believed only the second time: the first may be the late news (ICMP) of an earlier
 * datagram and not about this one. Joined datagrams that are refused go again one by one: the path
 * may have become too narrow, or the device cannot do it, which EIO says.
 */
static size_t send_batch(struct udp_socket *s, const struct address *a, enum udp_kind kind,
                         const struct bytes *datagrams, size_t count, bool may_join)
{
    struct outgoing out;
    fill(&out, a, kind == UDP_IKE && s->encap, may_join && kind == UDP_RAW, datagrams, count);
    size_t at = 0, done = 0, refused = 0;
    while (at < out.count) {
        int sent = sendmmsg(s->fd, out.message + at, (unsigned)(out.count - at), MSG_DONTWAIT);
        if (sent < 0 && (errno == EAGAIN || errno == EINTR))
            break;
        if (sent < 0 && ++refused < 2)
            continue;
        if (sent > 0) {
            done += count_sent(s->owner, &out, at, (size_t)sent);
        } else if (out.datagrams[at] > 1) {
            s->may_join = errno != EIO;
            size_t singly = send_batch(s, a, kind, datagrams + done, out.datagrams[at], false);
            done += singly;
            if (singly < out.datagrams[at])
                break;
        } else {
            count_error(s->owner, errno, NULL);
            tell_refused(s->owner, &a->to, errno);
            s->owner->counters.drop_send++;
            done++;
        }
        at += sent > 0 ? (size_t)sent : 1;
        refused = 0;
    }
    return done;
}

/* As send_batch for one that may need leave to be fragmented. */
static size_t send_one(struct udp_socket *s, const struct address *a, enum udp_kind kind,
                       const struct bytes *datagram)
{
    bool allow = may_be_fragmented(kind, *datagram);
    if (allow)
        allow_fragments(s, true);
    size_t done = send_batch(s, a, kind, datagram, 1, false);
    if (allow)
        allow_fragments(s, false);
    return done;
}

/*
 * The longest run that goes out in one call: up to a batch of datagrams that are not to be
 * fragmented, or one that may be.
 */
static size_t send_run(struct udp_socket *s, const struct address *a, enum udp_kind kind,
                       const struct bytes *datagrams, size_t count, size_t *run)
{
    *run = 0;
    while (*run < count && *run < SEND_BATCH && !may_be_fragmented(kind, datagrams[*run]))
        ++*run;
    if (*run > 0)
        return send_batch(s, a, kind, datagrams, *run, s->may_join);
    *run = 1;
    return send_one(s, a, kind, datagrams);
}

static struct udp_socket *socket_for(struct udp *u, const struct ike_path *path)
{
    for (size_t i = 0; i < SOCKETS; i++) {
        struct udp_socket *s = &u->socket[i];
        if (s->fd >= 0 && s->family == path->remote.addr.family && s->encap == path->encap)
            return s;
    }
    return NULL;
}

static void wait_for_room(struct udp_socket *s, const struct ike_path *path, enum udp_kind kind,
                          const struct bytes *datagrams, size_t count)
{
    struct udp *u = s->owner;
    for (size_t i = 0; i < count; i++) {
        if (ring_put(&s->waiting, path, kind, datagrams[i]))
            u->counters.waited++;
        else
            u->counters.drop_full++;
    }
    poll_for(s, UV_READABLE | UV_WRITABLE, false);
}

void udp_send(struct udp *u, const struct ike_path *path, enum udp_kind kind, const struct bytes *datagrams,
              size_t count)
{
    struct udp_socket *s = socket_for(u, path);
    if (!s || u->closing) {
        u->counters.drop_send += count;
        return;
    }
    struct address a = address_of(path);
    size_t done = 0;
    while (done < count && ring_first(&s->waiting) == NULL) {
        size_t run, sent = send_run(s, &a, kind, datagrams + done, count - done, &run);
        done += sent;
        if (sent < run)
            break;
    }
    if (done < count)
        wait_for_room(s, path, kind, datagrams + done, count - done);
}

/* The datagrams from this one on that go the same way. */
static size_t gather(const struct ring_item *first, struct bytes *out)
{
    size_t count = 0;
    for (const struct ring_item *i = first; i && count < SEND_BATCH; i = i->next) {
        if (i->kind != first->kind || !ike_path_equal(&i->path, &first->path))
            break;
        out[count++] = bytes_make(i->data, i->len);
    }
    return count;
}

/* The socket has room again: what waits goes first. */
static void flush(struct udp_socket *s)
{
    const struct ring_item *first;
    while ((first = ring_first(&s->waiting)) != NULL) {
        struct bytes datagrams[SEND_BATCH];
        struct address a = address_of(&first->path);
        size_t run, count = gather(first, datagrams);
        size_t sent = send_run(s, &a, (enum udp_kind)first->kind, datagrams, count, &run);
        for (size_t i = 0; i < sent; i++)
            ring_drop(&s->waiting);
        if (sent < run)
            return;
    }
}

/* ---- events ---------------------------------------------------------------------------------- */

static void on_poll(uv_poll_t *handle, int status, int events)
{
    struct udp_socket *s = handle->data;
    struct udp *u = s->owner;
    /* libuv's way to say POLLERR: the error queue holds something; it has stopped polling */
    bool has_stopped = status != 0 || events == 0;
    if (has_stopped)
        drain_errors(s);
    if (status != 0 || (events & UV_READABLE) != 0)
        for (int i = 0; i < READ_ROUNDS && read_batch(s); i++)
            ;
    if (u->closing)
        return;
    if ((events & UV_WRITABLE) != 0)
        flush(s);
    poll_for(s, UV_READABLE | (ring_first(&s->waiting) ? UV_WRITABLE : 0), has_stopped);
}

uint16_t udp_port(const struct udp *u, bool encap)
{
    const struct udp_socket *s = &u->socket[encap ? 2 : 0];
    return s[0].fd >= 0 ? s[0].port : s[1].port;
}

const struct udp_counters *udp_counters(const struct udp *u)
{
    return &u->counters;
}
