/* SPDX-License-Identifier: MIT */
/*
 * trouble.c - which last errors are events.
 */
#include "supervisor/daemon/trouble.h"

#include <stdio.h>

static const struct alert_policy trouble_policy = {.change_ms = 10 * 1000, .relapse_ms = 60 * 1000};

bool
trouble_begins(struct trouble *trouble, const char *error, int64_t now_ms)
{
	if (!alert_raise(&trouble->alert, &trouble_policy, alert_cause_of(error), now_ms))
		return false;
	snprintf(trouble->text, sizeof(trouble->text), "%s", error);
	return true;
}

bool
trouble_ends(struct trouble *trouble, int64_t now_ms)
{
	return alert_clear(&trouble->alert, now_ms);
}
