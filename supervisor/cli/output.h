/* SPDX-License-Identifier: MIT */
/*
 * output.h - what a verb prints, as text or as JSON: which of the two is decided here alone.
 *
 * Data goes to standard output, messages go to standard error (log.h). JSON is printed in ASCII,
 * with \uXXXX for the rest, so that it is harmless on a terminal, too.
 */
#ifndef SUPERVISOR_CLI_OUTPUT_H
#define SUPERVISOR_CLI_OUTPUT_H

#include <jansson.h>
#include <stdbool.h>
#include <stdio.h>

#include "common/base/defs.h"

struct output {
	FILE *stream;
	bool json;
};

/*
 * The answer: JSON indented over several lines, or what print makes of it. print NULL: people are
 * told nothing, or were by output_note(). data stays the caller's.
 */
void output_value(const struct output *output, const json_t *data,
		  void (*print)(const json_t *data, FILE *out));

/*
 * The same for an answer that is no JSON yet: make makes it when it is wanted (and it is released
 * then). answer is whatever the two functions understand.
 */
void output_answer(const struct output *output, const void *answer,
		   json_t *(*make)(const void *answer),
		   void (*print)(const void *answer, FILE *out));

/* One of many, printed as they come: one line of JSON, or what print prints. */
void output_record(const struct output *output, const void *record,
		   json_t *(*make)(const void *record),
		   void (*print)(const void *record, FILE *out));

/* For people only: how far it is, a sum below a list. Reaches the stream at once. */
void output_note(const struct output *output, const char *format, ...) PRINTF_LIKE(2, 3);

/* Write JSON in ASCII, without a line end; flags are jansson's. Returns 0 or -1. */
int output_write_json(FILE *out, const json_t *data, size_t flags);

/* Is colour wanted? Standard output is a terminal and NO_COLOR is not set. */
bool output_has_colour(void);

#endif
