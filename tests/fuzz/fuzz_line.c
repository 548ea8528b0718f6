/* SPDX-License-Identifier: MIT */
/*
 * fuzz_line.c - libFuzzer: any bytes as a message body, through all that looks at lines.
 *
 * What comes out must be inside what went in, and agree with itself.
 */
#include "clean_worker/log_parse.h"
#include "clean_worker/status_phrase.h"
#include "clean_worker/url_parts.h"
#include "clean_worker/user_parts.h"
#include "common/message/lines.h"
#include "common/base/utf8.h"
#include "tests/fuzz/fuzz.h"

static void
check_time(const struct log_time *time)
{
	FUZZ_CHECK(time->utc >= INT64_C(10000101000000) && time->utc <= INT64_C(99991231235959));
	FUZZ_CHECK(time->offset_min >= -840 && time->offset_min <= 840);
}

static void
check_format(const char *name, struct span line, struct url_cache *cache)
{
	struct access_line out;
	struct parse_error error = {.expected = NULL};
	enum reason reason = log_parse(log_format_find(span_of(name)), line, &out, &error);

	if (reason != REASON_NONE) {
		FUZZ_CHECK(error.expected != NULL && error.offset <= line.len);
		return;
	}
	const struct span parts[] = {out.host, out.session,  out.user,	  out.request,	 out.method,
				     out.url,  out.protocol, out.referer, out.user_agent};
	for (size_t i = 0; i < ARRAY_LEN(parts); i++)
		fuzz_check_inside(parts[i], line);
	fuzz_check_inside(out.url, out.request);
	FUZZ_CHECK(out.host.len > 0 && out.status <= 999 && out.size <= INT64_MAX);
	FUZZ_CHECK((out.method.ptr == NULL) == (out.url.ptr == NULL));
	FUZZ_CHECK(status_phrase(out.status) != NULL);
	check_time(&out.time);
	struct url_parts url = url_parts_split(cache, out.method, out.url);
	fuzz_check_inside(url.schema, out.url);
	fuzz_check_inside(url.host, out.url);
	struct url_parts again = url_parts_split(cache, out.method, out.url);
	FUZZ_CHECK(again.host.ptr == url.host.ptr && again.host.len == url.host.len);
	fuzz_check_inside(user_parts_email_domain(out.user), out.user);
}

static void
check_utf8(struct span text)
{
	size_t len = utf8_escaped_len(text);
	char *escaped = xcalloc(len, 1);

	FUZZ_CHECK(len <= 4 * text.len && utf8_escape(text, escaped, len) == len);
	FUZZ_CHECK(utf8_valid((struct span){.ptr = escaped, .len = len}));
	FUZZ_CHECK(utf8_valid(text) == (len == text.len));
	free(escaped);
}

static void
check_line(struct span line, struct url_cache *cache)
{
	struct log_time time;

	if (log_time_find(line, &time) == LOG_TIME_OK)
		check_time(&time);
	check_format("ezproxy", line, cache);
	check_format("common", line, cache);
	check_format("combined", line, cache);
	struct url_parts parts = url_parts_split(cache, SPAN_LITERAL("CONNECT"), line);
	fuzz_check_inside(parts.schema, line);
	fuzz_check_inside(parts.host, line);
	fuzz_check_inside(user_parts_email_domain(line), line);
	check_utf8(line);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct url_cache *cache;
	if (cache == NULL)
		cache = url_cache_new();

	struct span body = fuzz_span(data, size);
	struct line_reader reader = lines_of(body);
	struct span line;
	size_t end = 0;
	while (lines_next(&reader, &line)) {
		FUZZ_CHECK(reader.offset == end && line.ptr == body.ptr + reader.offset);
		fuzz_check_inside(line, body);
		FUZZ_CHECK(memchr(line.ptr, '\n', line.len) == NULL);
		end = reader.next;
		char *copy = fuzz_copy(line);
		check_line((struct span){.ptr = copy, .len = line.len}, cache);
		free(copy);
	}
	FUZZ_CHECK(end == size);
	return 0;
}
