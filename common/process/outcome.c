/* SPDX-License-Identifier: MIT */
/*
 * outcome.c - filling a failure, naming an outcome.
 */
#include "common/process/outcome.h"

#include <assert.h>
#include <stdarg.h>
#include <stdio.h>

enum outcome
failure_set(struct failure *failure, enum outcome outcome, int exit_code, const char *format, ...)
{
	va_list args;

	*failure = (struct failure){.outcome = outcome, .exit_code = exit_code};
	va_start(args, format);
	vsnprintf(failure->text, sizeof(failure->text), format, args);
	va_end(args);
	return outcome;
}

const char *
outcome_name(enum outcome outcome)
{
	static const char *const names[] = {
		[OUTCOME_DONE] = "done",
		[OUTCOME_RETRY] = "retry",
		[OUTCOME_REJECT] = "reject",
		[OUTCOME_FATAL] = "fatal",
	};

	assert((size_t)outcome < ARRAY_LEN(names));
	return names[outcome];
}
