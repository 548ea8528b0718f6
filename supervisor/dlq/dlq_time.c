/* SPDX-License-Identifier: MIT */
/*
 * dlq_time.c - reading and writing times.
 */
#include "supervisor/dlq/dlq_time.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static int
parse_ago(const char *text, int64_t now_s, int64_t *out_s)
{
	static const struct {
		char unit;
		int64_t seconds;
	} units[] = {{'s', 1}, {'m', 60}, {'h', 3600}, {'d', 86400}, {'w', 604800}};
	size_t digits = strspn(text, "0123456789");

	if (digits == 0 || digits > 9 || text[digits] == '\0' || text[digits + 1] != '\0')
		return -1;
	for (size_t i = 0; i < ARRAY_LEN(units); i++) {
		if (units[i].unit != text[digits])
			continue;
		*out_s = now_s - strtoll(text, NULL, 10) * units[i].seconds;
		return 0;
	}
	return -1;
}

/* "Z", "+01:00", "-0530": seconds east of UTC. */
static int
parse_zone(const char *text, int64_t *seconds)
{
	int hours, minutes, used = 0;
	char sign;

	*seconds = 0;
	if (strcmp(text, "Z") == 0)
		return 0;
	if ((sscanf(text, "%c%2d:%2d%n", &sign, &hours, &minutes, &used) != 3 &&
	     sscanf(text, "%c%2d%2d%n", &sign, &hours, &minutes, &used) != 3) ||
	    text[used] != '\0' || (sign != '+' && sign != '-') || hours < 0 || hours > 14 ||
	    minutes < 0 || minutes > 59)
		return -1;
	*seconds = (hours * 3600 + minutes * 60) * (sign == '-' ? -1 : 1);
	return 0;
}

int
dlq_time_parse(const char *text, int64_t now_s, int64_t *out_s)
{
	static const char *const forms[] = {"%Y-%m-%dT%H:%M:%S", "%Y-%m-%d %H:%M:%S",
					    "%Y-%m-%dT%H:%M", "%Y-%m-%d %H:%M", "%Y-%m-%d"};
	int64_t zone = 0;

	if (parse_ago(text, now_s, out_s) == 0)
		return 0;
	if (text[0] == '@' && strspn(text + 1, "0123456789") == strlen(text + 1) &&
	    strlen(text) > 1 && strlen(text) < 14) {
		*out_s = strtoll(text + 1, NULL, 10);
		return 0;
	}
	for (size_t i = 0; i < ARRAY_LEN(forms); i++) {
		struct tm tm = {.tm_isdst = 0};
		const char *rest = strptime(text, forms[i], &tm);

		if (rest != NULL && (*rest == '\0' || parse_zone(rest, &zone) == 0)) {
			*out_s = timegm(&tm) - zone;
			return 0;
		}
	}
	return -1;
}

const char *
dlq_time_text(int64_t when_s, char out[32])
{
	time_t when = when_s;
	struct tm tm;

	if (gmtime_r(&when, &tm) == NULL || strftime(out, 32, "%Y-%m-%dT%H:%M:%SZ", &tm) == 0)
		snprintf(out, 32, "-");
	return out;
}

const char *
dlq_time_or_dash(int64_t when_s, char out[32])
{
	if (when_s != 0)
		return dlq_time_text(when_s, out);
	snprintf(out, 32, "-");
	return out;
}
