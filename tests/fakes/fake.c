/* SPDX-License-Identifier: MIT */
/*
 * fake.c - faults and record.
 */
#include "tests/fakes/fake.h"
#include "common/base/xalloc.h"

#include <assert.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { FAULTS_MAX = 16 };

static struct {
	struct fake_fault fault;
	unsigned seen; /* calls since it was planned that it could have met */
} faults[FAULTS_MAX];
static size_t fault_count;

static char *record;
static size_t record_len, record_size;
static unsigned failable_calls;

void
fake_reset(void)
{
	free(record);
	record = NULL;
	record_len = record_size = 0;
	failable_calls = 0;
	fault_count = 0;
}

void
fake_fail(const struct fake_fault *fault)
{
	assert(fault_count < FAULTS_MAX && fault->outcome != OUTCOME_DONE);
	faults[fault_count].fault = *fault;
	faults[fault_count].seen = 0;
	fault_count++;
}

static void record_line(const char *function, const char *format, va_list arguments)
	PRINTF_LIKE(2, 0);

static void
record_line(const char *function, const char *format, va_list arguments)
{
	char words[512], line[640];
	size_t len;

	vsnprintf(words, sizeof(words), format, arguments);
	len = (size_t)snprintf(line, sizeof(line), "%s%s%s\n", function, words[0] ? " " : "",
			       words);
	if (record_len + len + 1 > record_size) {
		record_size = 2 * (record_len + len + 1);
		record = xreallocarray(record, record_size, 1);
	}
	memcpy(record + record_len, line, len + 1);
	record_len += len;
}

const char *
fake_record(void)
{
	return record != NULL ? record : "";
}

unsigned
fake_calls(const char *function)
{
	size_t len = function != NULL ? strlen(function) : 0;
	unsigned count = 0;

	if (function == NULL)
		return failable_calls;
	for (const char *line = fake_record(); line[0] != '\0'; line = strchr(line, '\n') + 1)
		count += strncmp(line, function, len) == 0 &&
			 (line[len] == ' ' || line[len] == '\n');
	return count;
}

static const struct fake_fault *
due_fault(const char *function)
{
	const struct fake_fault *due = NULL;

	for (size_t i = 0; i < fault_count; i++) {
		const struct fake_fault *fault = &faults[i].fault;
		unsigned first = fault->nth > 0 ? fault->nth : 1;
		unsigned times = fault->times > 0 ? fault->times : 1;

		if (fault->function != NULL && strcmp(fault->function, function) != 0)
			continue;
		faults[i].seen++;
		if (due == NULL && faults[i].seen >= first && faults[i].seen < first + times)
			due = fault;
	}
	return due;
}

const struct fake_fault *
fake_call(const char *function, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	record_line(function, format, arguments);
	va_end(arguments);
	failable_calls++;
	return due_fault(function);
}

void
fake_note(const char *function, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	record_line(function, format, arguments);
	va_end(arguments);
}

enum outcome
fake_fault_fill(const struct fake_fault *fault, const char *function, struct failure *failure)
{
	failure_set(failure, fault->outcome,
		    fault->outcome == OUTCOME_FATAL ? EX_CONFIG : EX_UNAVAILABLE,
		    "%s fails as planned [%d]", function, fault->code);
	failure->code = fault->code;
	failure->reason = fault->reason;
	return fault->outcome;
}
