/* SPDX-License-Identifier: MIT */
/*
 * alert.c - when a lasting problem is worth a message.
 */
#include "common/base/alert.h"

const struct alert_policy alert_every_minute = {.repeat_ms = 60000};
const struct alert_policy alert_once = {0};

static bool
is_told_enough(const struct alert *alert, const struct alert_policy *policy, uint64_t cause,
	       int64_t now_ms)
{
	if (!alert->was_told)
		return false;
	if (cause != alert->cause)
		return now_ms - alert->told_ms < policy->change_ms;
	if (!alert->is_active)
		return now_ms - alert->ended_ms < policy->relapse_ms;
	return policy->repeat_ms == 0 || now_ms - alert->told_ms < policy->repeat_ms;
}

bool
alert_raise(struct alert *alert, const struct alert_policy *policy, uint64_t cause, int64_t now_ms)
{
	if (is_told_enough(alert, policy, cause, now_ms))
		return false;
	if (!alert->is_active)
		alert->since_ms = now_ms;
	alert->cause = cause;
	alert->was_told = true;
	alert->is_active = true;
	alert->told_ms = now_ms;
	return true;
}

bool
alert_clear(struct alert *alert, int64_t now_ms)
{
	if (!alert->is_active)
		return false;
	alert->is_active = false;
	alert->ended_ms = now_ms;
	return true;
}

uint64_t
alert_cause_of(const char *text)
{
	uint64_t hash = 0xcbf29ce484222325u; /* FNV-1a */

	for (const unsigned char *p = (const unsigned char *)text; *p != '\0'; p++)
		if (*p < '0' || *p > '9')
			hash = (hash ^ *p) * 0x100000001b3u;
	return hash;
}
