/*
 * trouble: see trouble.h. A small table, in which a newer peer takes an older one's place: it needs
 * to remember only those that are being called now.
 */
#include "daemon/trouble.h"

#include <errno.h>
#include <string.h>

static size_t place_of(const struct endpoint *remote)
{
    uint32_t sum = remote->port;
    for (size_t i = 0; i < sizeof remote->addr.ip; i++)
        sum = sum * 31 + remote->addr.ip[i];
    return sum % TROUBLES;
}

void trouble_note(struct daemon *d, const struct endpoint *remote, int error)
{
    d->troubles[place_of(remote)] = (struct trouble){*remote, error, loop_now()};
}

void trouble_forget(struct daemon *d, const struct endpoint *remote, ike_time since)
{
    struct trouble *t = &d->troubles[place_of(remote)];
    if (t->at < since)
        *t = (struct trouble){.error = 0};
}

int trouble_find(const struct daemon *d, const struct endpoint *remote)
{
    const struct trouble *t = &d->troubles[place_of(remote)];
    return endpoint_equal(&t->remote, remote) ? t->error : 0;
}

const char *trouble_text(int error)
{
    switch (error) {
    case ECONNREFUSED:
        return "nothing listens there (ICMP: port unreachable)";
    case EHOSTUNREACH:
        return "the host cannot be reached (no route to it, or ICMP: host unreachable)";
    case ENETUNREACH:
        return "there is no route to it";
    case EMSGSIZE:
        return "a datagram was too large for the path";
    case EPERM:
    case EACCES:
        return "a packet filter of this host, or on the way, forbids it";
    default:
        return strerror(error);
    }
}
