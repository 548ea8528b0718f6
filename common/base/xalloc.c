/* SPDX-License-Identifier: MIT */
/*
 * xalloc.c - memory or death.
 */
#include "common/base/xalloc.h"
#include "common/base/fault.h"
#include "common/base/log.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void *
xcalloc(size_t count, size_t size)
{
	void *memory =
		FAULT_FAILS("xalloc") ? NULL : calloc(count > 0 ? count : 1, size > 0 ? size : 1);

	if (memory == NULL)
		fatal("out of memory: %zu x %zu bytes", count, size);
	return memory;
}

void *
xreallocarray(void *old, size_t count, size_t size)
{
	void *memory = FAULT_FAILS("xalloc")
			       ? NULL
			       : reallocarray(old, count > 0 ? count : 1, size > 0 ? size : 1);

	if (memory == NULL)
		fatal("out of memory: %zu x %zu bytes", count, size);
	return memory;
}

char *
xstrdup(const char *text)
{
	return xstrndup(text, strlen(text));
}

char *
xstrndup(const char *bytes, size_t len)
{
	char *copy = xcalloc(len + 1, 1);

	memcpy(copy, bytes, len);
	return copy;
}

char *
xasprintf(const char *format, ...)
{
	va_list args;
	char *text = NULL;
	int length;

	va_start(args, format);
	length = vasprintf(&text, format, args);
	va_end(args);
	if (length < 0 || text == NULL)
		fatal("out of memory while formatting a text");
	return text;
}
