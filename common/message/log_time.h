/* SPDX-License-Identifier: MIT */
/*
 * log_time.h - the time of an access-log line: "10/Oct/2000:13:55:36 -0700".
 *
 * Exactly 26 bytes: DD/Mon/YYYY:hh:mm:ss, a blank, and the zone as +hhmm or -hhmm. Month names are
 * the English ones as servers write them ("Oct"); nothing here looks at the locale or at TZ.
 *
 * A leap second (:60) is accepted where one can be, in the last minute of a UTC month, and becomes
 * the :59 before it: an SQL DATETIME has no :60, and MySQL shows leap seconds as :59 too. Any other
 * :60 is no such time. No line is lost by it: raw_log keeps the text.
 */
#ifndef COMMON_MESSAGE_LOG_TIME_H
#define COMMON_MESSAGE_LOG_TIME_H

#include <stdint.h>

#include "common/base/defs.h"
#include "common/base/span.h"

#define LOG_TIME_LEN 26

enum log_time_result {
	LOG_TIME_OK = 0,
	LOG_TIME_NO_FORM = -1, /* the bytes do not have the form of a time */
	LOG_TIME_NO_DATE = -2, /* they do, but there is no such time: 32/Jan, hour 24, zone +1500 */
};

struct log_time {
	int64_t utc;	    /* YYYYMMDDhhmmss as one number, in UTC: what an SQL DATETIME takes */
	int64_t unix_s;	    /* seconds since 1970-01-01 00:00:00 UTC, may be negative */
	int16_t offset_min; /* the zone as written: minutes east of UTC, -840 to 840 */
};

/*
 * Read a text that is one time and nothing else. NO_DATE also when the zone is beyond 14 hours, or
 * when the year in UTC is outside 1000 to 9999, which SQL cannot hold. *out is written on OK only.
 */
enum log_time_result log_time_parse(struct span text, struct log_time *out) MUST_CHECK;

/*
 * The first "[time]" in a line of any format whose time exists. Without one: NO_DATE when something
 * had the form of a time, else NO_FORM. Looks at each byte a bounded number of times.
 */
enum log_time_result log_time_find(struct span line, struct log_time *out) MUST_CHECK;

#endif
