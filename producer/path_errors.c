/* SPDX-License-Identifier: MIT */
/*
 * path_errors.c - the paths that cannot be read.
 */
#include "producer/path_errors.h"
#include "common/base/clock.h"
#include "common/base/defs.h"
#include "common/base/log.h"
#include "common/base/xalloc.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static void
log_path_error(const struct path_errors *errors, const struct path_error *entry)
{
	const char *path = entry->path;

	if (entry->is_failure) {
		log_error("%s cannot be read: %s%s", path, strerror(entry->error),
			  errors->once ? "" : "; it is tried again every few seconds");
		return;
	}
	switch (entry->error) {
	case ENOENT:
		log_info("%s is a link to a file that is not there: skipped", path);
		break;
	case EISDIR:
		log_info("%s is a folder: skipped", path);
		break;
	case EINVAL:
		log_info("%s is not a regular file: skipped", path);
		break;
	case ENOEXEC:
		log_info("%s is compressed, or about to be: skipped", path);
		break;
	}
}

void
path_errors_begin(struct path_errors *errors)
{
	for (size_t i = 0; i < errors->count; i++)
		errors->list[i].is_current = false;
}

/* The entry of the path, a new one if need be; NULL: there are too many. */
static struct path_error *
find_or_add(struct path_errors *errors, const char *path)
{
	for (size_t i = 0; i < errors->count; i++)
		if (strcmp(errors->list[i].path, path) == 0)
			return &errors->list[i];
	if (errors->count == PATH_ERRORS_MAX)
		return NULL;
	if (errors->count == errors->room) {
		errors->room = MAX(16, errors->room * 2);
		errors->list = xreallocarray(errors->list, errors->room, sizeof(*errors->list));
	}
	errors->list[errors->count] = (struct path_error){.path = xstrdup(path)};
	return &errors->list[errors->count++];
}

void
path_errors_note(struct path_errors *errors, const char *path, int error, bool is_failure)
{
	size_t count_before = errors->count;
	struct path_error *entry = find_or_add(errors, path);

	if (entry == NULL)
		return;
	entry->error = error;
	entry->is_failure = is_failure;
	entry->is_current = true;
	if (alert_raise(&entry->alert, &alert_once, (uint64_t)error * 2 + is_failure,
			clock_mono_ms()))
		log_path_error(errors, entry);
	if (errors->count == PATH_ERRORS_MAX && count_before < PATH_ERRORS_MAX)
		log_error("%d paths cannot be read: more are not named", PATH_ERRORS_MAX);
}

void
path_errors_end(struct path_errors *errors)
{
	size_t kept = 0;

	for (size_t i = 0; i < errors->count; i++) {
		struct path_error entry = errors->list[i];

		if (entry.is_current) {
			errors->list[kept++] = entry;
			continue;
		}
		if (entry.is_failure)
			log_info("%s can be read now, or is gone", entry.path);
		free(entry.path);
	}
	errors->count = kept;
}

void
path_errors_free(struct path_errors *errors)
{
	for (size_t i = 0; i < errors->count; i++)
		free(errors->list[i].path);
	free(errors->list);
	*errors = (struct path_errors){0};
}
