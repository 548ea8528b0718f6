/* SPDX-License-Identifier: MIT */
/*
 * input_copy.h - a new file that begins with the lines of one that was read before: rsync, an editor
 * and `sed -i` write a new file and rename it over the log, `copytruncate` puts a copy beside it.
 *
 * Its lines are read, as those of any new file: equal bytes may as well be new lines. But whoever
 * wants a row for each line has to know that these get a second one.
 */
#ifndef PRODUCER_INPUT_COPY_H
#define PRODUCER_INPUT_COPY_H

#include <stdbool.h>
#include <stdint.h>

#include "producer/file_table.h"

struct input_copy {
	const char *path; /* what it is a copy of; borrowed from the table */
	int64_t offset;	  /* up to this byte it holds what was read */
};

/*
 * file is read from its start: does it hold what was read of another file of the same path, or of
 * one where one path begins with the other? True with the longest one in copy. It is the marker of
 * the place that is compared; a file that is shorter than what was read is known for a copy as long
 * as the other one is open.
 */
bool input_copy_find(const struct file_table *table, const struct log_file *file,
		     struct input_copy *copy) MUST_CHECK;

#endif
