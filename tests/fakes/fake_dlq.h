/* SPDX-License-Identifier: MIT */
/*
 * fake_dlq.h - what a verb of `sluicectl dlq` needs around it: queues at the fake broker, a state
 * directory, a call whose output is kept.
 */
#ifndef TESTS_FAKES_FAKE_DLQ_H
#define TESTS_FAKES_FAKE_DLQ_H

#include "supervisor/dlq/dlq.h"

extern struct fake_dlq {
	char state_dir[64];
	struct settings settings;
	struct call call;
	struct dlq_run run; /* for the test to fill: which letters, which options */
	char *printed;	    /* by the verb, see fake_dlq_printed() */
	size_t printed_len;
} fake_dlq;

/* Anew: empty queues of all stages, an empty state directory, made-up time. */
void fake_dlq_start(void);
void fake_dlq_stop(void); /* removes the state directory */

/* Begin a further run: its figures and selection are zero. */
void fake_dlq_begin_run(void);
const char *fake_dlq_printed(void); /* so far */

/* A dead letter of the clean stage; its message-id is made of the body. */
void fake_dlq_put(const char *body);

/* How many messages of this queue have this body; a file of the archive, lines with this body. */
size_t fake_dlq_count(const char *queue, const char *body);
size_t fake_dlq_count_archived(const char *file, const char *body);

#endif
