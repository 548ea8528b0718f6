/* SPDX-License-Identifier: MIT */
/*
 * host.c - "host:port" into its parts.
 */
#include "common/base/host.h"

#include <stdlib.h>
#include <string.h>

/* Digits and nothing else: strtol() alone would take " 5" and "+5". Returns 0 for no port. */
static int
read_port(const char *text)
{
	size_t digits = strspn(text, "0123456789");
	long number;

	if (digits == 0 || digits > 5 || text[digits] != '\0')
		return 0;
	number = strtol(text, NULL, 10);
	return number <= 65535 ? (int)number : 0;
}

static bool
is_host(const char *text, size_t len)
{
	for (size_t i = 0; i < len; i++) {
		unsigned char byte = (unsigned char)text[i];

		if (byte <= ' ' || byte == 0x7f || byte == '/')
			return false;
	}
	return len > 0;
}

int
host_split(const char *text, int default_port, char *host, size_t host_size, int *port)
{
	bool in_brackets = text[0] == '[';
	const char *start = in_brackets ? text + 1 : text;
	size_t len = strcspn(start, in_brackets ? "]" : ":");
	const char *rest = start + len;

	*port = default_port;
	if (!is_host(start, len) || len >= host_size)
		return -1;
	if (in_brackets && *rest++ != ']')
		return -1;
	if (*rest == ':')
		*port = read_port(rest + 1);
	else if (*rest != '\0')
		return -1;
	if (*port == 0)
		return -1;
	memcpy(host, start, len);
	host[len] = '\0';
	return 0;
}

bool
host_is_address(const char *text, bool socket_too)
{
	char host[HOST_SIZE];
	int port;

	if (socket_too && text[0] == '/')
		return strlen(text) < HOST_SIZE;
	return host_split(text, 1, host, sizeof(host), &port) == 0;
}
