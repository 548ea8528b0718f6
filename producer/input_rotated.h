/* SPDX-License-Identifier: MIT */
/*
 * input_rotated.h - finding files that were renamed while nobody looked, beside where they stood.
 *
 * They are no longer under a name that an input matches, so they are known by their identity in the
 * checkpoint, or by having been born between two files that are known. They keep the path that they
 * were, or would have been, read under: the checkpoint finds their input and folder by it.
 */
#ifndef PRODUCER_INPUT_ROTATED_H
#define PRODUCER_INPUT_ROTATED_H

#include <stdbool.h>

#include "common/settings/settings.h"
#include "producer/file_table.h"

/* After the first scan: look for files of the checkpoint that were renamed while nobody looked. */
void input_rotated_resume(struct file_table *table, const struct settings *settings);

/*
 * What was packed before it was read to its end, and unpacked since: a file that was read from its
 * start, past the bytes that were read of that one, and has these bytes. One that has them when it
 * is found goes on behind them, see file_table_start(); this is for those that came bit by bit.
 */
void input_rotated_unpacked(struct file_table *table);

/*
 * A new file stands where another one stood. If files were rotated more than once since the last
 * look (or while the producer was stopped), those in between were never seen: they lie beside it
 * under rotated names, and were born after the one that was known and before the new one. Needs
 * birth times.
 */
void input_rotated_missed(struct file_table *table, const struct log_file *file,
			  bool is_first_scan);

#endif
