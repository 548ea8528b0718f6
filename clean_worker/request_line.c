/* SPDX-License-Identifier: MIT */
/*
 * request_line.c - the parts of an HTTP request line.
 */
#include "clean_worker/request_line.h"
#include "common/base/defs.h"

#include <stdbool.h>

/* A longer "method" is no method but garbage; the longest registered one has 17 bytes. */
#define METHOD_MAX ((size_t)32)

static bool
is_digit_at(const char *p)
{
	return *p >= '0' && *p <= '9';
}

size_t
request_line_protocol_len(struct span request)
{
	static const char form[] = " HTTP/";
	static const size_t lens[] = {sizeof("HTTP/1.1") - 1, sizeof("HTTP/2") - 1};

	for (size_t i = 0; i < ARRAY_LEN(lens); i++) {
		if (request.len <= lens[i])
			continue;
		const char *p = request.ptr + (request.len - lens[i]);
		const char *version = p + sizeof(form) - 2;
		if (memcmp(p - 1, form, sizeof(form) - 1) != 0 || !is_digit_at(version))
			continue;
		if (i == 1 || (version[1] == '.' && is_digit_at(version + 2)))
			return lens[i];
	}
	return 0;
}

/* tchar of RFC 9110. */
static bool
is_token(struct span text)
{
	for (size_t i = 0; i < text.len; i++) {
		char c = text.ptr[i];
		if ((c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || is_digit_at(text.ptr + i))
			continue;
		if (c == '\0' || strchr("!#$%&'*+-.^_`|~", c) == NULL)
			return false;
	}
	return text.len > 0;
}

struct request_line
request_line_split(struct span request)
{
	struct request_line parts = {.method = SPAN_NULL};
	request = span_trim(request, ' '); /* RFC 9112, 3: a reader may take several blanks */
	size_t protocol = request_line_protocol_len(request);
	const char *blank = memchr(request.ptr, ' ', MIN(request.len, METHOD_MAX + 1));
	if (blank == NULL)
		return parts;
	struct span method = {.ptr = request.ptr, .len = (size_t)(blank - request.ptr)};
	struct span url = {.ptr = blank + 1, .len = request.len - method.len - 1};
	if (!is_token(method) || url.len <= protocol + (protocol > 0))
		return parts; /* the blank before the url is the one before the protocol too */
	if (protocol > 0) {
		url.len -= protocol + 1;
		parts.protocol = (struct span){url.ptr + url.len + 1, protocol};
	} else if (memchr(url.ptr, ' ', url.len) != NULL ||
		   (url.ptr[0] != '/' && memmem(url.ptr, url.len, "://", 3) == NULL)) {
		return parts;
	}
	url = span_trim(url, ' ');
	if (url.len == 0)
		return (struct request_line){.method = SPAN_NULL};
	parts.method = method;
	parts.url = url;
	return parts;
}
