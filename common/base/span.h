/* SPDX-License-Identifier: MIT */
/*
 * span.h - borrowed bytes: a pointer and a length, not ended by NUL, owned by somebody else.
 *
 * ptr == NULL means "no value" (SQL NULL); an empty text has a ptr and len 0.
 */
#ifndef COMMON_BASE_SPAN_H
#define COMMON_BASE_SPAN_H

#include <stdbool.h>
#include <stddef.h>
#include <string.h>

struct span {
	const char *ptr;
	size_t len;
};

#define SPAN_NULL ((struct span){.ptr = NULL, .len = 0})
#define SPAN_LITERAL(text) ((struct span){.ptr = (text), .len = sizeof(text) - 1})

/* The bytes of a C string, without its NUL. NULL gives SPAN_NULL. */
static inline struct span
span_of(const char *text)
{
	return (struct span){.ptr = text, .len = text != NULL ? strlen(text) : 0};
}

static inline bool
span_equals(struct span a, struct span b)
{
	return a.len == b.len && (a.len == 0 || memcmp(a.ptr, b.ptr, a.len) == 0);
}

/* Without the bytes c at both ends. */
static inline struct span
span_trim(struct span span, char c)
{
	while (span.len > 0 && span.ptr[0] == c) {
		span.ptr++;
		span.len--;
	}
	while (span.len > 0 && span.ptr[span.len - 1] == c)
		span.len--;
	return span;
}

#endif
