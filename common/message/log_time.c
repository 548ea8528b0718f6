/* SPDX-License-Identifier: MIT */
/*
 * log_time.c - access-log times without strptime, mktime, locale or TZ.
 *
 * Called once per line by both workers. Reading one takes some nanoseconds, so nothing is
 * remembered from line to line.
 */
#include "common/message/log_time.h"

#include <assert.h>

#define DAY_S 86400
#define MAX_OFFSET_MIN (14 * 60)

struct date {
	int64_t year;
	int month; /* 1 to 12 */
	int day;   /* 1 to 31 */
};

#define MONTH_KEY(a, b, c) ((uint32_t)(a) << 16 | (uint32_t)(b) << 8 | (uint32_t)(c))

/* 1 to 12, or 0. */
static int
month_number(const char *p)
{
	switch (MONTH_KEY((unsigned char)p[0], (unsigned char)p[1], (unsigned char)p[2])) {
	case MONTH_KEY('J', 'a', 'n'):
		return 1;
	case MONTH_KEY('F', 'e', 'b'):
		return 2;
	case MONTH_KEY('M', 'a', 'r'):
		return 3;
	case MONTH_KEY('A', 'p', 'r'):
		return 4;
	case MONTH_KEY('M', 'a', 'y'):
		return 5;
	case MONTH_KEY('J', 'u', 'n'):
		return 6;
	case MONTH_KEY('J', 'u', 'l'):
		return 7;
	case MONTH_KEY('A', 'u', 'g'):
		return 8;
	case MONTH_KEY('S', 'e', 'p'):
		return 9;
	case MONTH_KEY('O', 'c', 't'):
		return 10;
	case MONTH_KEY('N', 'o', 'v'):
		return 11;
	case MONTH_KEY('D', 'e', 'c'):
		return 12;
	default:
		return 0;
	}
}

static int
days_in_month(int64_t year, int month)
{
	static const int days[] = {
		[1] = 31, [2] = 28, [3] = 31, [4] = 30,	 [5] = 31,  [6] = 30,
		[7] = 31, [8] = 31, [9] = 30, [10] = 31, [11] = 30, [12] = 31,
	};
	bool leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);

	return days[month] + (month == 2 && leap);
}

/*
 * Days since 1970-01-01 and back, in the proleptic Gregorian calendar. Years are counted from 1
 * March, so that the leap day is a year's last, and in eras of 400 years, which all have 146097
 * days.
 */
static int64_t
days_of_date(struct date date)
{
	int64_t year = date.year - (date.month <= 2) + 400; /* never negative, year 0 included */
	int64_t era = year / 400;
	int64_t year_of_era = year % 400;
	int64_t month_from_march = (date.month + 9) % 12;
	int64_t day_of_year = (153 * month_from_march + 2) / 5 + date.day - 1;

	return (era - 1) * 146097 + year_of_era * 365 + year_of_era / 4 - year_of_era / 100 +
	       day_of_year - 719468;
}

static struct date
date_of_days(int64_t days)
{
	int64_t z = days + 719468 + 146097; /* never negative for the years we let in */
	int64_t day_of_era = z % 146097;
	int64_t year_of_era =
		(day_of_era - day_of_era / 1460 + day_of_era / 36524 - day_of_era / 146096) / 365;
	int64_t day_of_year =
		day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
	int64_t month_from_march = (5 * day_of_year + 2) / 153;
	int month = (int)(month_from_march < 10 ? month_from_march + 3 : month_from_march - 9);

	return (struct date){
		.year = z / 146097 * 400 - 400 + year_of_era + (month <= 2),
		.month = month,
		.day = (int)(day_of_year - (153 * month_from_march + 2) / 5 + 1),
	};
}

/*
 * Where the digits, the letters and the rest stand: 'd' digit, 'a' letter, '+' a sign, else itself.
 */
static bool
has_form(const char *p)
{
	static const char form[] = "dd/aaa/dddd:dd:dd:dd +dddd";
	static_assert(sizeof(form) - 1 == LOG_TIME_LEN, "the form is one time long");
	unsigned wrong = 0;

	/* No early exit: one pass of simple steps is what a compiler can make wide. */
	for (size_t i = 0; i < LOG_TIME_LEN; i++) {
		unsigned char c = (unsigned char)p[i];
		if (form[i] == 'd')
			wrong |= (unsigned char)(c - '0') > 9;
		else if (form[i] == 'a')
			wrong |= (unsigned char)((c | 0x20) - 'a') > 'z' - 'a';
		else if (form[i] == '+')
			wrong |= c != '+' && c != '-';
		else
			wrong |= c != (unsigned char)form[i];
	}
	return !wrong;
}

static int
two_digits(const char *p)
{
	return (p[0] - '0') * 10 + (p[1] - '0');
}

enum log_time_result
log_time_parse(struct span text, struct log_time *out)
{
	const char *p = text.ptr;
	if (text.len != LOG_TIME_LEN || !has_form(p))
		return LOG_TIME_NO_FORM;

	struct date date = {
		.year = two_digits(p + 7) * 100 + two_digits(p + 9),
		.month = month_number(p + 3),
		.day = two_digits(p),
	};
	int hour = two_digits(p + 12), minute = two_digits(p + 15), second = two_digits(p + 18);
	int zone_hour = two_digits(p + 22), zone_minute = two_digits(p + 24);
	int offset_min = zone_hour * 60 + zone_minute;
	if (date.month == 0 || date.day < 1 || date.day > days_in_month(date.year, date.month) ||
	    hour > 23 || minute > 59 || second > 60 || zone_minute > 59 ||
	    offset_min > MAX_OFFSET_MIN)
		return LOG_TIME_NO_DATE;
	if (p[21] == '-')
		offset_min = -offset_min;

	bool leap_second = second == 60;
	int64_t local_days = days_of_date(date);
	int64_t day_s = (hour * 60 + minute - offset_min) * 60 + second - leap_second;
	int64_t carry_days = day_s < 0 ? -1 : day_s >= DAY_S;
	if (carry_days != 0) {
		date = date_of_days(local_days + carry_days);
		day_s -= carry_days * DAY_S;
	}
	if (date.year < 1000 || date.year > 9999)
		return LOG_TIME_NO_DATE;
	if (leap_second && (day_s != DAY_S - 1 || date.day != days_in_month(date.year, date.month)))
		return LOG_TIME_NO_DATE;

	out->unix_s = (local_days + carry_days) * DAY_S + day_s;
	out->utc = ((date.year * 100 + date.month) * 100 + date.day) * 1000000 +
		   day_s / 3600 * 10000 + day_s / 60 % 60 * 100 + day_s % 60;
	out->offset_min = (int16_t)offset_min;
	return LOG_TIME_OK;
}

enum log_time_result
log_time_find(struct span line, struct log_time *out)
{
	enum log_time_result result = LOG_TIME_NO_FORM;
	size_t at = 0;

	while (line.len - at >= LOG_TIME_LEN + 2) {
		/*
		 * An opening bracket too near the end cannot be one: leave those out of the search.
		 */
		const char *open = memchr(line.ptr + at, '[', line.len - at - LOG_TIME_LEN - 1);
		if (open == NULL)
			break;
		at = (size_t)(open - line.ptr) + 1;
		if (open[LOG_TIME_LEN + 1] != ']')
			continue;
		struct span text = {.ptr = open + 1, .len = LOG_TIME_LEN};
		enum log_time_result here = log_time_parse(text, out);
		if (here == LOG_TIME_OK)
			return LOG_TIME_OK;
		if (here == LOG_TIME_NO_DATE)
			result = LOG_TIME_NO_DATE;
	}
	return result;
}
