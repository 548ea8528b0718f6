/* SPDX-License-Identifier: MIT */
/*
 * fake.h - what the fakes have in common: which call is to fail, and a record of all calls.
 *
 * The fakes stand in at link time: build/tests/fakes.a comes before the rooms' archives, so a unit
 * test that calls broker_open() gets the fake broker. A test of the real module is named in
 * TESTS_OF_REAL_MODULES of the Makefile. Everything is in memory, nothing waits for real time.
 */
#ifndef TESTS_FAKES_FAKE_H
#define TESTS_FAKES_FAKE_H

#include <stdbool.h>
#include <stddef.h>

#include "common/process/outcome.h"

/* Calls that fail. Zero is: the first call of any function, once, without an effect. */
struct fake_fault {
	const char *function; /* "db_commit"; NULL = every one that can fail */
	unsigned nth;	      /* counted from 1, and from when the fault is planned; 0 = 1 */
	unsigned times;	      /* so many calls in a row; 0 = 1 */
	enum outcome outcome;
	int code; /* as the library or the server would say: 2013, 404 */
	enum reason reason;
	bool has_effect; /* what was asked for is done, only the answer is lost */
};

/* Forget record and faults. The fakes' own reset functions do not call it. */
void fake_reset(void);

/* Plan a fault, besides those that are planned; at most 16. */
void fake_fail(const struct fake_fault *fault);

/* Calls since fake_reset(): of one function, or (NULL) of all that can fail. */
unsigned fake_calls(const char *function);

/* All calls since fake_reset(), one a line: "broker_ack 3 multiple\n". Valid until the next call. */
const char *fake_record(void);

/* --- for the fakes --- */

/* Record a call that can fail; the fault that it is to show, or NULL. */
const struct fake_fault *fake_call(const char *function, const char *format, ...) PRINTF_LIKE(2, 3);

/* Record a call that cannot fail. */
void fake_note(const char *function, const char *format, ...) PRINTF_LIKE(2, 3);

/* Fill the failure; returns its outcome. */
enum outcome fake_fault_fill(const struct fake_fault *fault, const char *function,
			     struct failure *failure);

#endif
