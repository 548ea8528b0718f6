/* SPDX-License-Identifier: MIT */
/*
 * output.c - the one place that tells text from JSON.
 */
#include "supervisor/cli/output.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* jansson escapes all but DEL, which a terminal may obey. */
static int
output_write_escaped(const char *bytes, size_t len, void *context)
{
	FILE *out = context;

	while (len > 0) {
		const char *del = memchr(bytes, 0x7f, len);
		size_t plain = del != NULL ? (size_t)(del - bytes) : len;

		if (fwrite(bytes, 1, plain, out) != plain)
			return -1;
		if (del == NULL)
			return 0;
		if (fputs("\\u007f", out) == EOF)
			return -1;
		bytes += plain + 1;
		len -= plain + 1;
	}
	return 0;
}

int
output_write_json(FILE *out, const json_t *data, size_t flags)
{
	return json_dump_callback(data, output_write_escaped, out,
				  flags | JSON_ENSURE_ASCII | JSON_ENCODE_ANY);
}

void
output_value(const struct output *output, const json_t *data,
	     void (*print)(const json_t *data, FILE *out))
{
	if (output->json) {
		output_write_json(output->stream, data, JSON_INDENT(2) | JSON_REAL_PRECISION(9));
		fputc('\n', output->stream);
	} else if (print != NULL) {
		print(data, output->stream);
	}
}

void
output_answer(const struct output *output, const void *answer, json_t *(*make)(const void *answer),
	      void (*print)(const void *answer, FILE *out))
{
	json_t *data;

	if (!output->json) {
		print(answer, output->stream);
		return;
	}
	data = make(answer);
	output_value(output, data, NULL);
	json_decref(data);
}

void
output_record(const struct output *output, const void *record, json_t *(*make)(const void *record),
	      void (*print)(const void *record, FILE *out))
{
	json_t *data;

	if (!output->json) {
		print(record, output->stream);
		return;
	}
	data = make(record);
	output_write_json(output->stream, data, JSON_COMPACT);
	fputc('\n', output->stream);
	json_decref(data);
}

void
output_note(const struct output *output, const char *format, ...)
{
	va_list args;

	if (output->json)
		return;
	va_start(args, format);
	vfprintf(output->stream, format, args);
	va_end(args);
	fflush(output->stream);
}

bool
output_has_colour(void)
{
	const char *no_color = getenv("NO_COLOR"), *term = getenv("TERM");

	return isatty(STDOUT_FILENO) && (no_color == NULL || no_color[0] == '\0') && term != NULL &&
	       strcmp(term, "dumb") != 0;
}
