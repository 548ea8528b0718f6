/* SPDX-License-Identifier: MIT */
/*
 * access_line.h - the fields of an access-log line.
 */
#ifndef CLEAN_WORKER_ACCESS_LINE_H
#define CLEAN_WORKER_ACCESS_LINE_H

#include <stdbool.h>
#include <stdint.h>

#include "common/base/span.h"
#include "common/message/log_time.h"

/*
 * Every span is a part of the line, as the server wrote it. Fields that the format does not have
 * are SPAN_NULL; so is "-" as session, user, referer or user_agent.
 */
struct access_line {
	struct span host; /* %h */
	struct span session;
	struct span user;
	struct span request; /* %r, whatever it is */
	/* the parts of the request, as request_line.h finds them */
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

#endif
