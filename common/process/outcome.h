/* SPDX-License-Identifier: MIT */
/*
 * outcome.h - the closed vocabulary of how an operation on a foreign system ended.
 *
 * Every error of the broker client and of the database client is mapped to one of these four by one
 * table per library (broker_errors.c, db_errors.c); nothing else decides what happens next.
 */
#ifndef COMMON_PROCESS_OUTCOME_H
#define COMMON_PROCESS_OUTCOME_H

#include <sysexits.h>

#include "common/base/defs.h"
#include "common/message/reason.h"

enum outcome {
	OUTCOME_DONE,	/* it happened */
	OUTCOME_RETRY,	/* transient: roll back, back off, reconnect, the whole batch again */
	OUTCOME_REJECT, /* this line can never be stored: dead letter with a reason */
	OUTCOME_FATAL,	/* schema, permission, configuration: stop, say it once, try again slowly */
};

/* Why something did not happen, filled by whoever returned an outcome other than DONE. */
struct failure {
	enum outcome outcome;
	enum reason reason; /* for OUTCOME_REJECT */
	int code;	    /* the library's or server's number, 0 if it has none */
	int exit_code;	    /* of sysexits.h: what a program that cannot wait exits with */
	char text[512];	    /* what, where and what to do; one line */
};

/* Fill all of it (reason none, code 0) and return the outcome, so that `return failure_set(...)`
 * works. */
enum outcome failure_set(struct failure *failure, enum outcome outcome, int exit_code,
			 const char *format, ...) PRINTF_LIKE(4, 5);

/* "done", "retry", "reject", "fatal". */
const char *outcome_name(enum outcome outcome);

#endif
