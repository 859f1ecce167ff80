/*
 * net: our address values as the kernel's socket addresses, and back.
 *
 * `struct addr` and `struct endpoint` are what the core speaks; struct sockaddr is spoken only by
 * the files of src/run and by the resolver. An IPv6 address carries no scope: link-local peers are
 * not supported.
 */
#ifndef BRAID_RUN_NET_H
#define BRAID_RUN_NET_H

#include <braid/types.h>
#include <sys/socket.h>

/* How many octets of *out are used; 0 when the endpoint has no address. */
socklen_t net_to_sockaddr(const struct endpoint *e, struct sockaddr_storage *out);
/* False for families that are neither IPv4 nor IPv6. */
bool net_from_sockaddr(const struct sockaddr *from, struct endpoint *out);

/*
 * The address this host would use towards `remote`, for packets that carry `mark`. Nothing is sent.
 * False: no route.
 */
bool net_source_towards(const struct endpoint *remote, uint32_t mark, struct addr *out);

enum { NET_DEVICE_MAX = 16 }; /* the name of a network device and its end */

/* Which network device has this address; "" when none does. */
void net_device_of(const struct addr *address, char out[NET_DEVICE_MAX]);

#endif
