/* SPDX-License-Identifier: MIT */
/*
 * log_parse.h - one access-log line into its fields, by a format.
 *
 * A line is read without allocation, in time linear in its length, and every field is a span into
 * the line, escapes and all as the server wrote them.
 *
 * How the ends of fields are found:
 * - An unquoted field ends at the first byte of the text that follows it in the format: mostly a
 *   blank.
 * - A user (%u) right before the time may hold blanks: it ends at the first place where the time
 *   and the text after it (` [time] "`) follow. First, because what stands behind, the request, is
 *   in the hands of strangers, who could write a second time there.
 * - The request. Servers that escape (Apache \", nginx \x22) never leave a `"` in it, so it ends at
 *   its first `"` that is not behind an odd number of backslashes; so do later quoted fields. When
 *   the line fits the format to its end that way, that is it. Otherwise the server does not escape
 *   (EZproxy): the request ends at the last `"` from which status and all the rest of the format
 *   fit, preferring one before which the request ends in a protocol; a later quoted field then ends
 *   where the text after it first follows, the line's last one at the end of the line. For formats
 *   with no quoted field behind the request both ways give the last `"` of the line. With quoted
 *   fields, a line without escapes can be read in two ways on purpose; no rule helps there.
 *
 * Requests that are none (TLS bytes, "-", nothing, blanks) are normal and never fail a line.
 */
#ifndef CLEAN_WORKER_LOG_PARSE_H
#define CLEAN_WORKER_LOG_PARSE_H

#include <stddef.h>

#include "clean_worker/access_line.h"
#include "clean_worker/log_format.h"
#include "common/base/defs.h"
#include "common/message/reason.h"

struct parse_error {
	size_t offset;	      /* the byte of the line where matching stopped; may be line.len */
	const char *expected; /* static, for people: "the request's closing quote" */
};

/*
 * Read one line (without its line end). REASON_NONE and *out; or PARSE_NO_MATCH, PARSE_BAD_TIME
 * (the form is right, but there is no such time), PARSE_BAD_NUMBER (a size above INT64_MAX),
 * *error, and whatever in *out.
 */
enum reason log_parse(const struct log_format *format, struct span line, struct access_line *out,
		      struct parse_error *error) MUST_CHECK;

#endif
