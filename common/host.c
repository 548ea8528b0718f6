/* SPDX-License-Identifier: MIT */
/*
 * host.c - "host:port" into its parts.
 */
#include "host.h"

#include <stdlib.h>
#include <string.h>

int
host_split(const char *text, int default_port, char *host, size_t host_size, int *port)
{
	const char *colon = strrchr(text, ':');
	size_t len = strlen(text);
	char *end;
	long number;

	*port = default_port;
	if (text[0] == '[') {
		const char *bracket = strchr(text, ']');

		if (bracket == NULL)
			return -1;
		colon = bracket[1] == ':' ? bracket + 1 : NULL;
		len = (size_t)(bracket - text) - 1;
		text++;
	} else if (colon != NULL) {
		len = (size_t)(colon - text);
	}
	if (colon != NULL) {
		number = strtol(colon + 1, &end, 10);
		if (end == colon + 1 || *end != '\0' || number < 1 || number > 65535)
			return -1;
		*port = (int)number;
	}
	if (len == 0 || len >= host_size)
		return -1;
	memcpy(host, text, len);
	host[len] = '\0';
	return 0;
}
