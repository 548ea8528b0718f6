/* SPDX-License-Identifier: MIT */
/*
 * trouble.c - which last errors are news.
 */
#include "supervisor/daemon/trouble.h"

#include <ctype.h>
#include <stdio.h>

static const char *
skip_digits(const char *text)
{
	while (isdigit((unsigned char)*text))
		text++;
	return text;
}

/* Waiting times, ports and positions change, the cause does not. */
static bool
is_same_cause(const char *one, const char *other)
{
	for (;; one++, other++) {
		one = skip_digits(one);
		other = skip_digits(other);
		if (*one != *other)
			return false;
		if (*one == '\0')
			return true;
	}
}

enum trouble_news
trouble_seen(struct trouble *trouble, const char *error, int64_t now_ms)
{
	bool is_first = trouble->cause[0] == '\0';
	char cause[TROUBLE_TEXT_MAX];

	snprintf(cause, sizeof(cause), "%s", error);
	if (is_same_cause(trouble->cause, cause)) {
		if (trouble->is_told || now_ms - trouble->ended_ms < TROUBLE_SAME_MS)
			return TROUBLE_NO_NEWS;
	} else if (!is_first && now_ms - trouble->told_ms < TROUBLE_OTHER_MS) {
		return TROUBLE_NO_NEWS;
	}
	snprintf(trouble->cause, sizeof(trouble->cause), "%s", cause);
	trouble->is_told = true;
	trouble->told_ms = now_ms;
	return TROUBLE_BEGINS;
}

enum trouble_news
trouble_over(struct trouble *trouble, int64_t now_ms)
{
	if (!trouble->is_told)
		return TROUBLE_NO_NEWS;
	trouble->is_told = false;
	trouble->ended_ms = now_ms;
	return TROUBLE_ENDS;
}
