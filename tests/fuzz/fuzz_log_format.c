/* SPDX-License-Identifier: MIT */
/*
 * fuzz_log_format.c - libFuzzer: any first line as a log format, and the rest as a line of it.
 */
#include "clean_worker/log_format.h"
#include "clean_worker/log_parse.h"
#include "tests/fuzz/fuzz.h"

static void
check_parts(const struct access_line *parts, struct span line)
{
	const struct span all[] = {parts->host,	    parts->session, parts->user,
				   parts->request,  parts->method,  parts->url,
				   parts->protocol, parts->referer, parts->user_agent};

	for (size_t i = 0; i < ARRAY_LEN(all); i++)
		fuzz_check_inside(all[i], line);
	FUZZ_CHECK(parts->host.len > 0 && parts->status <= 999 && parts->size <= INT64_MAX);
	FUZZ_CHECK(parts->time.offset_min >= -840 && parts->time.offset_min <= 840);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct span input = fuzz_span(data, size), line = input;
	struct parse_error where = {.expected = NULL};
	struct log_format *format;
	struct access_line parts;
	const char *lf = memchr(input.ptr, '\n', input.len);
	size_t len = lf != NULL ? (size_t)(lf - input.ptr) : input.len;
	char *text = xstrndup(input.ptr, len), *error = NULL, *copy;

	format = log_format_compile("fuzz", text, &error);
	FUZZ_CHECK((format == NULL) == (error != NULL));
	free(error);
	free(text);
	if (format == NULL)
		return 0;
	line.ptr += MIN(len + 1, input.len);
	line.len -= MIN(len + 1, input.len);
	copy = fuzz_copy(line);
	line.ptr = copy;
	if (log_parse(format, line, &parts, &where) == REASON_NONE)
		check_parts(&parts, line);
	else
		FUZZ_CHECK(where.expected != NULL && where.offset <= line.len);
	free(copy);
	log_format_free(&format);
	FUZZ_CHECK(format == NULL);
	return 0;
}
