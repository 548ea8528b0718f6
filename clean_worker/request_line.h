/* SPDX-License-Identifier: MIT */
/*
 * request_line.h - the parts of an HTTP request line: "GET /index.html HTTP/1.1".
 */
#ifndef CLEAN_WORKER_REQUEST_LINE_H
#define CLEAN_WORKER_REQUEST_LINE_H

#include "common/base/span.h"

struct request_line {
	struct span method, url, protocol; /* spans into the request, or SPAN_NULL */
};

/*
 * All three parts when the request is METHOD url HTTP/d[.d]; the url may hold blanks. Method and
 * url only when it is METHOD url, without blanks, and the url starts with '/' or has "://" in it.
 * Else none: requests can be anything.
 */
struct request_line request_line_split(struct span request);

/* Length of the HTTP version that the request ends in, after a blank; 0 without one. */
size_t request_line_protocol_len(struct span request);

#endif
