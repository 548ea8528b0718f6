/* SPDX-License-Identifier: MIT */
/*
 * input_scan.h - looking for the files that the inputs name: new ones, renamed ones, vanished ones.
 */
#ifndef PRODUCER_INPUT_SCAN_H
#define PRODUCER_INPUT_SCAN_H

#include <stdbool.h>

#include "common/process/status.h"
#include "common/settings/settings.h"
#include "producer/file_table.h"
#include "producer/path_errors.h"

struct input_scan {
	const struct settings *settings;
	struct path_errors errors;
	bool is_first;		     /* no scan is done yet */
	unsigned unreadable;	     /* files and folders that the first scan could not read */
	char error[STATUS_TEXT_MAX]; /* what is wrong now, for the status; "" = nothing */
	char copy[320];		     /* the last file that is stored twice; "" = none, and when */
	int64_t copy_ms;
};

void input_scan_init(struct input_scan *scan, const struct settings *settings, bool once);

/* Look through all inputs once. */
void input_scan_run(struct input_scan *scan, struct file_table *table);

/* Put all that is wrong now into error, the worst first; input_scan_run() does so, too. */
void input_scan_sum_up(struct input_scan *scan, const struct file_table *table);

void input_scan_free(struct input_scan *scan);

#endif
