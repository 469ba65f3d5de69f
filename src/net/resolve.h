/*
 * resolve: getaddrinfo(3), with an end.
 *
 * The resolver waits as long as resolv.conf(5) says, 10 s a server and name, and nothing stops it. So it runs in a thread of its own,
 * which is left behind when the time is over or the caller is woken; it cleans up after itself when it comes back.
 */
#ifndef NET_RESOLVE_H
#define NET_RESOLVE_H

#include <netdb.h>
#include <stdatomic.h>

#include "base/err.h"

/*
 * The TCP addresses of a host (freeaddrinfo()), until deadline (clock_mono()). wake: a descriptor that gets readable when
 * *stop (may be NULL) is set, or -1. ERR_TEMP: none, the time is over, stopped, or 16 are waiting already.
 */
int resolve(const char *host, const char *service, int64_t deadline, int wake, const _Atomic bool *stop, struct addrinfo **out, struct err *err);

#endif
