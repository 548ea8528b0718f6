/* SPDX-License-Identifier: MIT */
/*
 * host.h - "host:port" as it stands in broker.hosts and database.hosts.
 */
#ifndef COMMON_HOST_H
#define COMMON_HOST_H

#include <stddef.h>

#include "defs.h"

/*
 * Split "host", "host:port" or "[::1]:port"; *port is default_port when there is none. Returns 0,
 * or -1 when it has none of these forms or the host does not fit.
 */
int host_split(const char *text, int default_port, char *host, size_t host_size,
	       int *port) MUST_CHECK;

#endif
