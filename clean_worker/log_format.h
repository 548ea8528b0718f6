/* SPDX-License-Identifier: MIT */
/*
 * log_format.h - one access-log line into its fields, by a format as Apache and EZproxy write them.
 *
 * A format is compiled once; a line is then read without allocation, in time linear in its length,
 * and every field is a span into the line, escapes and all as the server wrote them.
 *
 * How the ends of fields are found:
 * - An unquoted field ends at the first byte of the text that follows it in the format: mostly a
 * blank.
 * - A user (%u) right before the time may hold blanks: it ends at the first place where the time
 * and the text after it (` [time] "`) follow. First, because what stands behind, the request, is in
 * the hands of strangers, who could write a second time there.
 * - The request. Servers that escape (Apache \", nginx \x22) never leave a `"` in it, so it ends at
 * its first `"` that is not behind an odd number of backslashes; so do later quoted fields. When
 * the line fits the format to its end that way, that is it. Otherwise the server does not escape
 *   (EZproxy): the request ends at the last `"` from which status and all the rest of the format
 * fit, preferring one before which the request ends in a protocol; a later quoted field then ends
 * where the text after it first follows, the line's last one at the end of the line. For formats
 * with no quoted field behind the request both ways give the last `"` of the line. With quoted
 * fields, a line without escapes can be read in two ways on purpose; no rule helps there.
 *
 * Requests that are none (TLS bytes, "-", nothing, blanks) are normal and never fail a line.
 */
#ifndef CLEAN_WORKER_LOG_FORMAT_H
#define CLEAN_WORKER_LOG_FORMAT_H

#include <stdint.h>

#include "common/base/defs.h"
#include "common/message/log_time.h"
#include "common/message/reason.h"
#include "common/base/span.h"

/* A longer "method" is no method but garbage; the longest registered one has 17 bytes. */
#define LOG_METHOD_MAX 32

struct log_format;

/* Fields that the format does not have are SPAN_NULL; so are session, user, referer, user_agent
 * "-". */
struct access_line {
	struct span host; /* %h, as written */
	struct span session;
	struct span user;
	struct span request; /* %r, whatever it is */
	/*
	 * All three when the request is METHOD url HTTP/d[.d]; the url may hold blanks. Method and
	 * url only when it is METHOD url, without blanks, and the url starts with '/' or has "://"
	 * in it. Else none: what is left of such a request is the raw line.
	 */
	struct span method;
	struct span url;
	struct span protocol; /* "HTTP/1.1" */
	struct span referer;
	struct span user_agent;
	struct log_time time;
	uint16_t status; /* 0 to 999 */
	bool has_size;	 /* false for "-" */
	uint64_t size;	 /* at most INT64_MAX */
};

struct parse_error {
	size_t offset;	      /* the byte of the line where matching stopped; may be line.len */
	const char *expected; /* static, for people: "the request's closing quote" */
};

/*
 * Compile a format string of %h %l %u %t %r %s %>s %b %% and %{Name}i (ezproxy-session, Referer,
 * User-Agent in any case; others, and %l, are read and dropped). It must have %h, %t, "%r" in
 * quotes and, behind that, a status; each of them at most once, and some text between any two.
 * On failure NULL, and *error (free() it) says what is wrong with which directive at which
 * position, counted from 1. Free with log_format_free().
 */
struct log_format *log_format_compile(const char *name, const char *string,
				      char **error) MUST_CHECK;

/* Frees and sets to NULL; not for what log_format_find() gave. */
void log_format_free(struct log_format **format);

/*
 * A built-in format: "common", "combined", or "ezproxy", whose lines may end in " -"; NULL when
 * there is none of that name. They are compiled on the first call and live as long as the process.
 */
const struct log_format *log_format_find(struct span name);

/* The name it was compiled with. */
const char *log_format_name(const struct log_format *format);

/*
 * Read one line (without its line end). REASON_NONE and *out; or PARSE_NO_MATCH, PARSE_BAD_TIME
 * (the form is right, but there is no such time), PARSE_BAD_NUMBER (a size above INT64_MAX),
 * *error, and whatever in *out.
 */
enum reason log_format_parse(const struct log_format *format, struct span line,
			     struct access_line *out, struct parse_error *error) MUST_CHECK;

#endif
