/*
 * net: see net.h. The kernel is asked for a source address by connecting a UDP socket, which sends
 * nothing.
 */
#include "run/net.h"

#include <arpa/inet.h>
#include <ifaddrs.h>
#include <netinet/in.h>
#include <stdio.h>
#include <unistd.h>

socklen_t net_to_sockaddr(const struct endpoint *e, struct sockaddr_storage *out)
{
    memset(out, 0, sizeof *out);
    if (e->addr.family == ADDR_V4) {
        struct sockaddr_in *in = (struct sockaddr_in *)out;
        in->sin_family = AF_INET;
        in->sin_port = htons(e->port);
        memcpy(&in->sin_addr, e->addr.ip, 4);
        return sizeof *in;
    }
    if (e->addr.family == ADDR_V6) {
        struct sockaddr_in6 *in6 = (struct sockaddr_in6 *)out;
        in6->sin6_family = AF_INET6;
        in6->sin6_port = htons(e->port);
        memcpy(&in6->sin6_addr, e->addr.ip, 16);
        return sizeof *in6;
    }
    return 0;
}

bool net_from_sockaddr(const struct sockaddr *from, struct endpoint *out)
{
    memset(out, 0, sizeof *out);
    if (from->sa_family == AF_INET) {
        struct sockaddr_in in;
        memcpy(&in, from, sizeof in);
        out->addr.family = ADDR_V4;
        out->port = ntohs(in.sin_port);
        memcpy(out->addr.ip, &in.sin_addr, 4);
        return true;
    }
    if (from->sa_family == AF_INET6) {
        struct sockaddr_in6 in6;
        memcpy(&in6, from, sizeof in6);
        out->addr.family = ADDR_V6;
        out->port = ntohs(in6.sin6_port);
        memcpy(out->addr.ip, &in6.sin6_addr, 16);
        return true;
    }
    return false;
}

bool net_source_towards(const struct endpoint *remote, uint32_t mark, struct addr *out)
{
    struct sockaddr_storage to, own = {0};
    socklen_t to_len = net_to_sockaddr(remote, &to), own_len = sizeof own;
    struct endpoint found;
    if (to_len == 0)
        return false;
    int fd = socket(to.ss_family, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return false;
    if (mark != 0)
        (void)setsockopt(fd, SOL_SOCKET, SO_MARK, &mark, sizeof mark);
    bool ok = connect(fd, (const struct sockaddr *)&to, to_len) == 0 &&
              getsockname(fd, (struct sockaddr *)&own, &own_len) == 0 &&
              net_from_sockaddr((const struct sockaddr *)&own, &found);
    close(fd);
    if (ok)
        *out = found.addr;
    return ok;
}

void net_device_of(const struct addr *address, char out[NET_DEVICE_MAX])
{
    struct ifaddrs *all = NULL;
    struct endpoint found;
    out[0] = '\0';
    if (getifaddrs(&all) != 0)
        return;
    for (const struct ifaddrs *i = all; i && out[0] == '\0'; i = i->ifa_next)
        if (i->ifa_addr && net_from_sockaddr(i->ifa_addr, &found) && addr_equal(&found.addr, address))
            snprintf(out, NET_DEVICE_MAX, "%s", i->ifa_name);
    freeifaddrs(all);
}
