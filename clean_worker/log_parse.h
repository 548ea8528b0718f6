/* SPDX-License-Identifier: MIT */
/*
 * log_parse.h - one access-log line into its fields, by a format.
 *
 * A line is read without allocation, in time linear in its length, and every field is a span into
 * the line, escapes and all as the server wrote them.
 *
 * How the ends of fields are found:
 * - An unquoted field ends at the first byte of the text that follows it in the format: mostly a
 *   blank. What can stand in it is limited (field_shape.h).
 * - The client may be a list of addresses, as proxies make it: the first address is the client. Members
 *   that are none ("unknown", "-") are passed by.
 * - The ident (%l) is an address where the client is one, too: lighttpd's virtual host.
 * - A user (%u) right before the time may hold blanks: it ends at the first place where the time and
 *   the text after it (` [time] "`) follow. First, because what stands behind, the request, is in the
 *   hands of strangers, who could write a second time there. Blanks around it are no part of it; `""`
 *   and nothing are no user. It is no address where the client is none: that is a virtual host, and the
 *   client behind it.
 * - The request of a server that escapes (Apache \", nginx \x22) ends at its first `"` that is not
 *   behind an odd number of backslashes; so do later quoted fields, and then all has to fit.
 * - The request of a server that does not escape (EZproxy) ends at the last `"` from which status and
 *   all the rest of the format fit, preferring one before which the request ends in a protocol. When
 *   another line stands inside it, or an end of it with further quoted fields (combined), it is no
 *   request.
 * NULs and a byte order mark before a line, and blanks behind it, are no part of it.
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

/* What is expected where a line goes on behind its last field. */
#define LOG_PARSE_END "the end of the line"

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
