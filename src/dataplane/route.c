/*
 * route: see route.h. Every request is one netlink message that is answered at once (rtnetlink(7),
 * libmnl).
 */
#include "dataplane/route.h"

#include "base/siphash.h"

#include <arpa/inet.h>
#include <errno.h>
#include <ifaddrs.h>
#include <linux/fib_rules.h>
#include <linux/if_link.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <unistd.h>

#include <libmnl/libmnl.h>

enum {
    OUTER_MTU_DEFAULT = 1500,
    METRIC_REMOTE = 1,
    METRIC_LOCAL = 2,
};

struct route {
    struct route *next; /* with the same key */
    struct prefix prefix;
    enum route_kind kind;
    struct addr source; /* family ADDR_NONE: the kernel chooses */
    unsigned users;
};

struct router {
    struct mnl_socket *netlink;
    unsigned seq, device;
    bool has_rule[2];        /* IPv4, IPv6 */
    struct siphash_key seed; /* remote prefixes are what peers propose */
    struct table routes;
};

static int family_of(const struct addr *a)
{
    return a->family == ADDR_V4 ? AF_INET : AF_INET6;
}

/* ---- talking to the kernel ------------------------------------------------------------------- */

union request {
    struct nlmsghdr header;
    uint8_t octets[512];
};

static struct nlmsghdr *begin(union request *q, uint16_t type, uint16_t flags)
{
    memset(q, 0, sizeof *q);
    struct nlmsghdr *h = mnl_nlmsg_put_header(q);
    h->nlmsg_type = type;
    h->nlmsg_flags = (uint16_t)(NLM_F_REQUEST | NLM_F_ACK | flags);
    return h;
}

/* 0, or the kernel's errno. */
static int talk(struct router *r, struct nlmsghdr *h)
{
    uint8_t reply[2048];
    h->nlmsg_seq = ++r->seq;
    if (mnl_socket_sendto(r->netlink, h, h->nlmsg_len) < 0)
        return errno;
    for (;;) {
        ssize_t len = mnl_socket_recvfrom(r->netlink, reply, sizeof reply);
        if (len < 0)
            return errno;
        int more =
            mnl_cb_run(reply, (size_t)len, r->seq, mnl_socket_get_portid(r->netlink), NULL, NULL);
        if (more < 0 && errno == ESRCH && mnl_nlmsg_ok((struct nlmsghdr *)reply, (int)len) &&
            ((struct nlmsghdr *)reply)->nlmsg_seq != r->seq)
            continue; /* an answer to something older */
        if (more <= 0)
            return more < 0 ? errno : 0;
    }
}

/* ---- the device ------------------------------------------------------------------------------ */

static struct nlmsghdr *begin_link(const struct router *r, union request *q, unsigned up)
{
    struct nlmsghdr *h = begin(q, RTM_NEWLINK, 0);
    struct ifinfomsg *link = mnl_nlmsg_put_extra_header(h, sizeof *link);
    link->ifi_family = AF_UNSPEC;
    link->ifi_index = (int)r->device;
    link->ifi_flags = up;
    link->ifi_change = up;
    return h;
}

/*
 * No link-local address: nothing is to be said on this link but what policies allow. Kernels
 * without IPv6 refuse, and need not care.
 */
static void silence_ipv6(struct router *r)
{
    union request q;
    struct nlmsghdr *h = begin_link(r, &q, 0);
    struct nlattr *spec = mnl_attr_nest_start(h, IFLA_AF_SPEC),
                  *v6 = mnl_attr_nest_start(h, AF_INET6);
    mnl_attr_put_u8(h, IFLA_INET6_ADDR_GEN_MODE, IN6_ADDR_GEN_MODE_NONE);
    mnl_attr_nest_end(h, v6);
    mnl_attr_nest_end(h, spec);
    (void)talk(r, h);
}

bool router_set_mtu(struct router *r, unsigned mtu)
{
    union request q;
    struct nlmsghdr *h = begin_link(r, &q, IFF_UP);
    mnl_attr_put_u32(h, IFLA_MTU, mtu);
    errno = talk(r, h);
    return errno == 0;
}

/* ---- the rule -------------------------------------------------------------------------------- */

static int change_rule(struct router *r, uint16_t type, uint16_t flags, int family)
{
    union request q;
    struct nlmsghdr *h = begin(&q, type, flags);
    struct fib_rule_hdr *rule = mnl_nlmsg_put_extra_header(h, sizeof *rule);
    rule->family = (uint8_t)family;
    rule->action = FR_ACT_TO_TBL;
    rule->table = RT_TABLE_UNSPEC;
    rule->flags = FIB_RULE_INVERT;
    mnl_attr_put_u32(h, FRA_TABLE, ROUTE_TABLE);
    mnl_attr_put_u32(h, FRA_PRIORITY, ROUTE_PRIORITY);
    mnl_attr_put_u32(h, FRA_FWMARK, ROUTE_MARK);
    mnl_attr_put_u32(h, FRA_FWMASK, UINT32_MAX);
    return talk(r, h);
}

/*
 * Made with the first route of its family: a kernel without IPv6 is asked only when there is an
 * IPv6 route.
 */
static int need_rule(struct router *r, int family)
{
    bool *has = &r->has_rule[family == AF_INET6];
    if (*has)
        return 0;
    int error = change_rule(r, RTM_NEWRULE, NLM_F_CREATE | NLM_F_EXCL, family);
    *has = error == 0 || error == EEXIST;
    return *has ? 0 : error;
}

/* ---- addresses of this host ------------------------------------------------------------------ */

static bool read_address(const struct sockaddr *sa, struct addr *out)
{
    *out = (struct addr){0};
    if (sa && sa->sa_family == AF_INET) {
        out->family = ADDR_V4;
        memcpy(out->ip, &((const struct sockaddr_in *)(const void *)sa)->sin_addr, 4);
    } else if (sa && sa->sa_family == AF_INET6) {
        out->family = ADDR_V6;
        memcpy(out->ip, &((const struct sockaddr_in6 *)(const void *)sa)->sin6_addr, 16);
    }
    return out->family != ADDR_NONE;
}

static bool is_inside(const struct selectors *s, const struct addr *a)
{
    for (size_t i = 0; i < s->count; i++) {
        const struct selector *at = &s->at[i];
        if (at->family == a->family && memcmp(at->from, a->ip, addr_len(a)) <= 0 &&
            memcmp(a->ip, at->to, addr_len(a)) <= 0)
            return true;
    }
    return false;
}

/* One of this host's addresses inside the selectors; family ADDR_NONE if there is none. */
static void find_source(const struct selectors *ours, uint8_t family, struct addr *out)
{
    struct ifaddrs *all = NULL;
    bool found = false;
    *out = (struct addr){0};
    if (getifaddrs(&all) != 0)
        return;
    for (const struct ifaddrs *i = all; i && !found; i = i->ifa_next)
        found = !(i->ifa_flags & IFF_LOOPBACK) && read_address(i->ifa_addr, out) &&
                out->family == family && is_inside(ours, out);
    freeifaddrs(all);
    if (!found)
        *out = (struct addr){0};
}

/* ---- one route ------------------------------------------------------------------------------- */

static int change_route(struct router *r, uint16_t type, uint16_t flags, const struct route *route)
{
    union request q;
    struct nlmsghdr *h = begin(&q, type, flags);
    struct rtmsg *m = mnl_nlmsg_put_extra_header(h, sizeof *m);
    bool is_remote = route->kind == ROUTE_REMOTE;
    m->rtm_family = (uint8_t)family_of(&route->prefix.addr);
    m->rtm_dst_len = route->prefix.bits;
    m->rtm_table = RT_TABLE_UNSPEC;
    m->rtm_protocol = RTPROT_STATIC;
    m->rtm_scope = is_remote && m->rtm_family == AF_INET ? RT_SCOPE_LINK : RT_SCOPE_UNIVERSE;
    m->rtm_type = is_remote ? RTN_UNICAST : RTN_THROW;
    mnl_attr_put_u32(h, RTA_TABLE, ROUTE_TABLE);
    mnl_attr_put_u32(h, RTA_PRIORITY, is_remote ? METRIC_REMOTE : METRIC_LOCAL);
    if (route->prefix.bits)
        mnl_attr_put(h, RTA_DST, addr_len(&route->prefix.addr), route->prefix.addr.ip);
    if (is_remote)
        mnl_attr_put_u32(h, RTA_OIF, r->device);
    if (is_remote && route->source.family == route->prefix.addr.family)
        mnl_attr_put(h, RTA_PREFSRC, addr_len(&route->source), route->source.ip);
    return talk(r, h);
}

static uint64_t key_of(const struct router *r, enum route_kind kind, const struct prefix *p)
{
    uint8_t text[3 + sizeof p->addr.ip] = {(uint8_t)kind, (uint8_t)p->addr.family, p->bits};
    memcpy(text + 3, p->addr.ip, sizeof p->addr.ip);
    return siphash(&r->seed, bytes_make(text, sizeof text));
}

static struct route *find_route(const struct router *r, uint64_t key, enum route_kind kind,
                                const struct prefix *p)
{
    struct route *route = table_get(&r->routes, key);
    while (route && (route->kind != kind || !prefix_equal(&route->prefix, p)))
        route = route->next;
    return route;
}

static bool keep_route(struct router *r, uint64_t key, struct route *route)
{
    route->next = table_get(&r->routes, key);
    return table_put(&r->routes, key, route);
}

static void forget_route(struct router *r, uint64_t key, const struct route *route)
{
    struct route *at = table_get(&r->routes, key);
    if (at == route && route->next)
        (void)table_put(&r->routes, key, route->next); /* it replaces: that never fails */
    else if (at == route)
        table_remove(&r->routes, key);
    for (; at; at = at->next)
        if (at->next == route)
            at->next = route->next;
}

static int make_route(struct router *r, struct route *route, const struct selectors *ours)
{
    const struct prefix *p = &route->prefix;
    if (route->kind == ROUTE_REMOTE)
        find_source(ours, p->addr.family, &route->source);
    int error = need_rule(r, family_of(&p->addr));
    return error ? error : change_route(r, RTM_NEWROUTE, NLM_F_CREATE | NLM_F_REPLACE, route);
}

static int hold_route(struct router *r, enum route_kind kind, const struct prefix *p,
                      const struct selectors *ours)
{
    uint64_t key = key_of(r, kind, p);
    struct route *route = find_route(r, key, kind, p);
    if (route) {
        route->users++;
        return 0;
    }
    route = calloc(1, sizeof *route);
    if (!route)
        return ENOMEM;
    *route = (struct route){.prefix = *p, .kind = kind, .users = 1};
    int error = make_route(r, route, ours);
    if (error == 0 && keep_route(r, key, route))
        return 0;
    if (error == 0)
        (void)change_route(r, RTM_DELROUTE, 0, route);
    free(route);
    return error ? error : ENOMEM;
}

static void drop_route(struct router *r, enum route_kind kind, const struct prefix *p)
{
    uint64_t key = key_of(r, kind, p);
    struct route *route = find_route(r, key, kind, p);
    if (!route || --route->users > 0)
        return;
    forget_route(r, key, route);
    (void)change_route(r, RTM_DELROUTE, 0, route);
    free(route);
}

/* ---- the routes of a list of selectors ------------------------------------------------------- */

static void explain(const struct prefix *p, int error, char *why, size_t why_len)
{
    char text[INET6_ADDRSTRLEN] = "?";
    inet_ntop(family_of(&p->addr), p->addr.ip, text, sizeof text);
    snprintf(why, why_len, "cannot make a route for %s/%u: %s", text, (unsigned)p->bits,
             strerror(error));
}

static void remove_first(struct router *r, enum route_kind kind, const struct selectors *s,
                         size_t count)
{
    struct prefix cover[PREFIXES_MAX];
    for (size_t i = 0; i < s->count && count; i++) {
        size_t n = prefix_cover(&s->at[i], cover);
        for (size_t k = 0; k < n && count; k++, count--)
            drop_route(r, kind, &cover[k]);
    }
}

bool router_add(struct router *r, enum route_kind kind, const struct selectors *s,
                const struct selectors *ours, char *why, size_t why_len)
{
    struct prefix cover[PREFIXES_MAX];
    size_t done = 0;
    for (size_t i = 0; i < s->count; i++) {
        size_t n = prefix_cover(&s->at[i], cover);
        for (size_t k = 0; k < n; k++, done++) {
            int error = hold_route(r, kind, &cover[k], ours);
            if (error == 0)
                continue;
            explain(&cover[k], error, why, why_len);
            remove_first(r, kind, s, done);
            return false;
        }
    }
    return true;
}

void router_remove(struct router *r, enum route_kind kind, const struct selectors *s)
{
    remove_first(r, kind, s, SIZE_MAX);
}

/* ---- the path outside ------------------------------------------------------------------------ */

static socklen_t write_address(const struct endpoint *e, struct sockaddr_storage *out)
{
    memset(out, 0, sizeof *out);
    out->ss_family = (sa_family_t)family_of(&e->addr);
    if (e->addr.family == ADDR_V4) {
        struct sockaddr_in *in = (struct sockaddr_in *)out;
        in->sin_port = htons(e->port ? e->port : 4500);
        memcpy(&in->sin_addr, e->addr.ip, 4);
        return sizeof *in;
    }
    struct sockaddr_in6 *in6 = (struct sockaddr_in6 *)out;
    in6->sin6_port = htons(e->port ? e->port : 4500);
    memcpy(&in6->sin6_addr, e->addr.ip, 16);
    return sizeof *in6;
}

unsigned route_outer_mtu(const struct endpoint *remote)
{
    struct sockaddr_storage to;
    socklen_t to_len = write_address(remote, &to), value_len = sizeof(int);
    bool v4 = to.ss_family == AF_INET;
    int mark = ROUTE_MARK, mtu = 0;
    int fd = socket(to.ss_family, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return OUTER_MTU_DEFAULT;
    (void)setsockopt(fd, SOL_SOCKET, SO_MARK, &mark, sizeof mark);
    if (connect(fd, (struct sockaddr *)&to, to_len) != 0 ||
        getsockopt(fd, v4 ? IPPROTO_IP : IPPROTO_IPV6, v4 ? IP_MTU : IPV6_MTU, &mtu, &value_len) !=
            0)
        mtu = 0;
    close(fd);
    return mtu > 0 ? (unsigned)mtu : OUTER_MTU_DEFAULT;
}

/* ---- life ------------------------------------------------------------------------------------ */

static bool open_netlink(struct router *r)
{
    r->netlink = mnl_socket_open2(NETLINK_ROUTE, SOCK_CLOEXEC);
    return r->netlink && mnl_socket_bind(r->netlink, 0, MNL_SOCKET_AUTOPID) == 0;
}

struct router *router_open(const struct router_setup *setup, char *why, size_t why_len)
{
    const char *device = setup->device;
    struct router *r = calloc(1, sizeof *r);
    if (!r) {
        snprintf(why, why_len, "out of memory");
        return NULL;
    }
    r->routes = table_make(setup->alloc, 0); /* the keys are mixed with our seed already */
    r->device = if_nametoindex(device);
    if (r->device && getrandom(&r->seed, sizeof r->seed, 0) == sizeof r->seed && open_netlink(r)) {
        silence_ipv6(r);
        if (router_set_mtu(r, setup->mtu))
            return r;
    }
    snprintf(why, why_len, "cannot bring up %s: %s", device, strerror(errno));
    router_close(r);
    return NULL;
}

void router_close(struct router *r)
{
    if (!r)
        return;
    struct route *route;
    for (size_t at = 0; (route = table_each(&r->routes, &at)); at = 0) {
        route->users = 1;
        struct prefix first = route->prefix;
        drop_route(r, route->kind, &first);
    }
    table_free(&r->routes);
    for (size_t i = 0; i < 2; i++) {
        if (r->has_rule[i])
            (void)change_rule(r, RTM_DELRULE, 0, i ? AF_INET6 : AF_INET);
    }
    if (r->netlink)
        mnl_socket_close(r->netlink);
    free(r);
}
