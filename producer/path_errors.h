/* SPDX-License-Identifier: MIT */
/*
 * path_errors.h - the paths that cannot be read: each is logged once, and not every few seconds.
 */
#ifndef PRODUCER_PATH_ERRORS_H
#define PRODUCER_PATH_ERRORS_H

#include <stdbool.h>
#include <stddef.h>

#include "common/base/alert.h"

enum { PATH_ERRORS_MAX = 1000 };

struct path_error {
	char *path;
	int error;
	bool is_failure; /* somebody has to mend it; a folder that a pattern matches is just skipped */
	bool is_current; /* met in this scan */
	struct alert alert;
};

struct path_errors {
	bool once; /* nothing is tried again */
	struct path_error *list;
	size_t count, room;
};

/* A scan begins. */
void path_errors_begin(struct path_errors *errors);

/* Something is wrong with the path: log it if it was not so before. */
void path_errors_note(struct path_errors *errors, const char *path, int error, bool is_failure);

/* A scan has ended: what it did not meet is fine again, and logged again if it comes back. */
void path_errors_end(struct path_errors *errors);

void path_errors_free(struct path_errors *errors);

#endif
