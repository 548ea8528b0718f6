/* SPDX-License-Identifier: MIT */
/*
 * dlq_format.c - inputs by the paths of their files, rotated ones too.
 */
#include "supervisor/dlq/dlq_format.h"
#include "common/base/xalloc.h"

#include <fnmatch.h>
#include <stdlib.h>

static bool
is_named_by(const char *pattern, const char *path)
{
	char *rotated;
	bool result;

	if (fnmatch(pattern, path, FNM_PATHNAME) == 0)
		return true;
	rotated = xasprintf("%s[.-]*", pattern);
	result = fnmatch(rotated, path, FNM_PATHNAME) == 0;
	free(rotated);
	return result;
}

const char *
dlq_format_of_input(const struct settings *settings, struct span source)
{
	const char *format = NULL;
	char *path;

	if (source.ptr == NULL)
		return NULL;
	path = xstrndup(source.ptr, source.len);
	for (size_t i = 0; i < settings->input_count && format == NULL; i++)
		if (is_named_by(settings->inputs[i].path, path))
			format = settings->inputs[i].format;
	free(path);
	return format;
}

const char *
dlq_format_choose(const struct settings *settings, const char *format, bool keep_format,
		  const struct message *message)
{
	if (format != NULL)
		return format;
	return keep_format ? NULL : dlq_format_of_input(settings, message->source);
}
