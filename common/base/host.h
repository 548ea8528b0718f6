/* SPDX-License-Identifier: MIT */
/*
 * host.h - "host:port" as it stands in broker.hosts and database.hosts.
 */
#ifndef COMMON_BASE_HOST_H
#define COMMON_BASE_HOST_H

#include <stdbool.h>
#include <stddef.h>

#include "common/base/defs.h"

enum { HOST_SIZE = 256 }; /* of a host name, and of the path of a socket */

/*
 * Split "host", "host:port" or "[::1]:port"; *port is default_port when there is none. Returns 0,
 * or -1 when it has none of these forms, the port is not 1 to 65535, or the host does not fit.
 */
int host_split(const char *text, int default_port, char *host, size_t host_size,
	       int *port) MUST_CHECK;

/* May it stand in a list of hosts? socket_too: "/path/of/socket" may, too. */
bool host_is_address(const char *text, bool socket_too);

#endif
