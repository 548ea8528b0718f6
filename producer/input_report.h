/* SPDX-License-Identifier: MIT */
/*
 * input_report.h - how far each file is read, told to sluiced once a second (input_table.h).
 */
#ifndef PRODUCER_INPUT_REPORT_H
#define PRODUCER_INPUT_REPORT_H

#include <stdint.h>

#include "common/process/input_table.h"
#include "common/process/process.h"
#include "producer/input_set.h"

struct input_report {
	struct input_table *table;
	struct input_table *next; /* what is written to it */
	uint32_t acknowledged;	  /* how often somebody said so, as far as it was heeded */
	int64_t next_ms;
};

/* Ends the program when sluiced's table cannot be had. */
void input_report_open(struct input_report *report, const struct process *process);
void input_report_close(struct input_report *report);

/*
 * Report, when a second has passed since the last time. Somebody may have said that files that were
 * packed before they were read are known to him: they are forgotten then.
 */
void input_report_turn(struct input_report *report, struct input_set *inputs, int64_t now_ms);

#endif
