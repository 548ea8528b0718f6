/* SPDX-License-Identifier: MIT */
/*
 * test_log_time.c - reading of access-log times: forms, dates that do not exist, and the C
 * library's view.
 */
#include "common/message/log_time.h"
#include "common/base/defs.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <cmocka.h>
#include <stdio.h>
#include <time.h>

static enum log_time_result
parse(const char *text, struct log_time *out)
{
	/* In memory of exactly its size, so that a sanitizer sees reads past the end. */
	size_t len = strlen(text);
	char *bytes = malloc(len > 0 ? len : 1);
	assert_non_null(bytes);
	memcpy(bytes, text, len);
	enum log_time_result result = log_time_parse((struct span){bytes, len}, out);
	free(bytes);
	return result;
}

static void
test_good(void **state)
{
	static const struct {
		const char *text;
		int64_t utc;
		int64_t unix_s;
		int16_t offset_min;
	} cases[] = {
		{"10/Oct/2000:13:55:36 -0700", 20001010205536, 971211336, -420},
		{"01/Jan/1970:00:00:00 +0000", 19700101000000, 0, 0},
		{"01/Jan/1970:00:00:00 -0000", 19700101000000, 0, 0},
		{"01/Jan/1970:00:00:00 +0001", 19691231235900, -60, 1},
		{"31/Dec/2023:23:30:00 -0100", 20240101003000, 1704069000, -60},
		{"01/Mar/2024:00:15:00 +0530", 20240229184500, 1709232300, 330},
		{"01/Mar/2023:00:15:00 +0530", 20230228184500, 1677609900, 330},
		{"29/Feb/2024:12:00:00 +0000", 20240229120000, 1709208000, 0},
		{"29/Feb/2000:12:00:00 +0000", 20000229120000, 951825600, 0},
		{"15/Jun/2024:12:00:00 +1400", 20240614220000, 1718402400, 840},
		{"15/Jun/2024:12:00:00 -1400", 20240616020000, 1718503200, -840},
		{"31/Dec/9999:23:59:59 +0000", 99991231235959, 253402300799, 0},
		{"01/Jan/1000:00:00:00 +0000", 10000101000000, -30610224000, 0},
		{"31/Dec/0999:23:00:00 -0100", 10000101000000, -30610224000, -60},
		/* Leap seconds, in UTC and in zones where the minute has another name. */
		{"31/Dec/2016:23:59:60 +0000", 20161231235959, 1483228799, 0},
		{"01/Jan/2017:08:59:60 +0900", 20161231235959, 1483228799, 540},
		{"30/Jun/2015:16:59:60 -0700", 20150630235959, 1435708799, -420},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct log_time time;
		print_message("%s\n", cases[i].text);
		assert_int_equal(parse(cases[i].text, &time), LOG_TIME_OK);
		assert_int_equal(time.utc, cases[i].utc);
		assert_int_equal(time.unix_s, cases[i].unix_s);
		assert_int_equal(time.offset_min, cases[i].offset_min);
	}
}

static void
test_no_date(void **state)
{
	static const char *const cases[] = {
		"00/Jan/2024:00:00:00 +0000", "32/Jan/2024:00:00:00 +0000",
		"31/Apr/2024:00:00:00 +0000", "31/Jun/2024:00:00:00 +0000",
		"31/Sep/2024:00:00:00 +0000", "31/Nov/2024:00:00:00 +0000",
		"30/Feb/2024:00:00:00 +0000", "29/Feb/2023:00:00:00 +0000",
		"29/Feb/1900:00:00:00 +0000", "10/Okt/2024:00:00:00 +0000",
		"10/oct/2024:00:00:00 +0000", "10/OCT/2024:00:00:00 +0000",
		"10/Oct/2024:24:00:00 +0000", "10/Oct/2024:23:60:00 +0000",
		"10/Oct/2024:23:59:61 +0000", "10/Oct/2024:23:59:60 +0000",
		"31/Dec/2016:23:58:60 +0000", "31/Dec/2016:23:59:60 +0100",
		"30/Dec/2016:23:59:60 +0000", "10/Oct/2024:00:00:00 +1401",
		"10/Oct/2024:00:00:00 -1401", "10/Oct/2024:00:00:00 +9900",
		"10/Oct/2024:00:00:00 +0060", "31/Dec/0999:23:59:59 +0000",
		"01/Jan/1000:00:00:00 +0001", "31/Dec/9999:23:59:59 -0001",
		"01/Jan/0000:00:00:00 +0000", "01/Jan/0000:00:00:00 +1400",
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct log_time time = {.utc = 7};
		print_message("%s\n", cases[i]);
		assert_int_equal(parse(cases[i], &time), LOG_TIME_NO_DATE);
		assert_int_equal(time.utc, 7);
	}
}

static void
test_no_form(void **state)
{
	static const char good[] = "10/Oct/2000:13:55:36 -0700";
	static const char *const cases[] = {
		"",
		"-",
		"10/Oct/2000:13:55:36 -07000",
		"10/Oct/2000:13:55:36 Z",
		"10/Oct/2000:13:55:36",
		"10/Oct/2000:13:55:36 +07:0",
		"2000-10-10T13:55:36.000000",
		" 1/Oct/2000:13:55:36 -0700",
	};
	struct log_time time;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++)
		assert_int_equal(parse(cases[i], &time), LOG_TIME_NO_FORM);
	for (size_t len = 0; len < strlen(good); len++) {
		char text[sizeof(good)];
		memcpy(text, good, sizeof(good));
		text[len] = '\0';
		assert_int_equal(parse(text, &time), LOG_TIME_NO_FORM);
		/* Any byte that does not belong at a place spoils it; NUL and high bytes too. */
		static const char wrong[] = {'\0', '\x80', '\xff', '@', '[', '`', '{', ';', ','};
		for (size_t i = 0; i < sizeof(wrong); i++) {
			memcpy(text, good, sizeof(good));
			text[len] = wrong[i];
			struct span span = {text, LOG_TIME_LEN};
			assert_int_equal(log_time_parse(span, &time), LOG_TIME_NO_FORM);
		}
	}
}

static void
test_against_timegm(void **state)
{
	static const char *const months[] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
					     "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
	(void)state;
	srandom(20241010);
	for (int i = 0; i < 300000; i++) {
		struct tm tm = {.tm_mday = (int)(random() % 31) + 1,
				.tm_mon = (int)(random() % 12)};
		tm.tm_year = (int)(random() % 8998) + 1001 - 1900;
		tm.tm_hour = (int)(random() % 24);
		tm.tm_min = (int)(random() % 60);
		tm.tm_sec = (int)(random() % 60);
		int offset = (int)(random() % 1681) - 840;
		char text[64];
		struct tm asked = tm, utc;
		snprintf(text, sizeof(text), "%02d/%s/%04d:%02d:%02d:%02d %c%02d%02d", tm.tm_mday,
			 months[tm.tm_mon], tm.tm_year + 1900, tm.tm_hour, tm.tm_min, tm.tm_sec,
			 offset < 0 ? '-' : '+', abs(offset) / 60, abs(offset) % 60);
		time_t want = timegm(&tm) - offset * 60;
		struct log_time got;
		enum log_time_result result = parse(text, &got);
		/* timegm() turns 31 April into 1 May: for us there is no such day. */
		if (tm.tm_mday != asked.tm_mday) {
			assert_int_equal(result, LOG_TIME_NO_DATE);
			continue;
		}
		gmtime_r(&want, &utc);
		int64_t number = (utc.tm_year + 1900) * INT64_C(10000) + (utc.tm_mon + 1) * 100 +
				 utc.tm_mday;
		number = number * 1000000 + utc.tm_hour * 10000 + utc.tm_min * 100 + utc.tm_sec;
		assert_int_equal(result, LOG_TIME_OK);
		assert_int_equal(got.unix_s, want);
		assert_int_equal(got.utc, number);
		assert_int_equal(got.offset_min, offset);
	}
}

static void
test_every_day(void **state)
{
	(void)state;
	/* The way back from days to dates, over all years: the zone pushes each date to its
	 * neighbour. */
	for (time_t t = -30610137600; t < 253402300800 - 86400; t += 86400) {
		struct tm tm;
		char text[64];
		struct log_time got;
		gmtime_r(&t, &tm);
		strftime(text, sizeof(text), "%d/%b/", &tm);
		size_t len = strlen(text);
		snprintf(text + len, sizeof(text) - len, "%04d:23:59:59 -0001", tm.tm_year + 1900);
		assert_int_equal(parse(text, &got), LOG_TIME_OK);
		assert_int_equal(got.unix_s, t + 86400 + 59);
		time_t next = t + 86400;
		gmtime_r(&next, &tm);
		int64_t day =
			(tm.tm_year + 1900) * INT64_C(10000) + (tm.tm_mon + 1) * 100 + tm.tm_mday;
		assert_int_equal(got.utc, day * 1000000 + 59);
	}
}

static void
test_find(void **state)
{
	static const struct {
		const char *line;
		enum log_time_result result;
		int64_t utc;
	} cases[] = {
		{"", LOG_TIME_NO_FORM, 0},
		{"[", LOG_TIME_NO_FORM, 0},
		{"no time here", LOG_TIME_NO_FORM, 0},
		{"[10/Oct/2000:13:55:36 -0700]", LOG_TIME_OK, 20001010205536},
		{"a [10/Oct/2000:13:55:36 -0700] b", LOG_TIME_OK, 20001010205536},
		{"a 10/Oct/2000:13:55:36 -0700] b", LOG_TIME_NO_FORM, 0},
		{"a [10/Oct/2000:13:55:36 -0700", LOG_TIME_NO_FORM, 0},
		{"a [10/Oct/2000:13:55:36 -0700) b", LOG_TIME_NO_FORM, 0},
		{"[[10/Oct/2000:13:55:36 -0700]", LOG_TIME_OK, 20001010205536},
		{"[x] [10/Oct/2000:13:55:36 -0700] [11/Oct/2000:13:55:36 -0700]", LOG_TIME_OK,
		 20001010205536},
		{"[32/Oct/2000:13:55:36 -0700] [10/Oct/2000:13:55:36 -0700]", LOG_TIME_OK,
		 20001010205536},
		{"[32/Oct/2000:13:55:36 -0700] [x]", LOG_TIME_NO_DATE, 0},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct log_time time = {.utc = 0};
		size_t len = strlen(cases[i].line);
		char *bytes = malloc(len > 0 ? len : 1);
		memcpy(bytes, cases[i].line, len);
		print_message("%s\n", cases[i].line);
		assert_int_equal(log_time_find((struct span){bytes, len}, &time), cases[i].result);
		if (cases[i].result == LOG_TIME_OK)
			assert_int_equal(time.utc, cases[i].utc);
		free(bytes);
	}
	struct log_time time;
	assert_int_equal(log_time_find(SPAN_NULL, &time), LOG_TIME_NO_FORM);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_good),	  cmocka_unit_test(test_no_date),
		cmocka_unit_test(test_no_form),	  cmocka_unit_test(test_against_timegm),
		cmocka_unit_test(test_every_day), cmocka_unit_test(test_find),
	};

	return cmocka_run_group_tests_name("log_time", tests, NULL, NULL);
}
