/* SPDX-License-Identifier: MIT */
/*
 * ctl_dead.c - dead letters in a few words.
 */
#include "supervisor/ctl/ctl_dead.h"
#include "common/base/defs.h"
#include "supervisor/cli/member.h"
#include "supervisor/shared/human.h"

#include <stdio.h>
#include <string.h>

/* Lines rejected within the window that sluiced keeps; "" when there are none. */
static void
describe_rate(const json_t *dead, char *out, size_t out_size)
{
	const char *reason = member_text(dead, "reason", "");
	char span[32];

	out[0] = '\0';
	if (member_number(dead, "rejected", 0) <= 0)
		return;
	snprintf(out, out_size, "%.0f line%s per minute (%.0f %% of the last %s)%s%s",
		 member_number(dead, "per_minute", 0), PLURAL(member_number(dead, "per_minute", 0)),
		 member_number(dead, "percent", 0),
		 human_duration((int64_t)(member_number(dead, "window_s", 0) * 1000), span,
				sizeof(span)),
		 reason[0] != '\0' ? ", most for " : "", reason);
}

enum ctl_severity
ctl_dead_describe(const json_t *role, char out[CTL_DEAD_TEXT])
{
	const json_t *dead = json_object_get(role, "dead_letters");
	double waiting = member_number(dead, "waiting", -1);
	char rate[CTL_DEAD_TEXT / 2], count[32];

	describe_rate(dead, rate, sizeof(rate));
	if (waiting < 0)
		snprintf(out, CTL_DEAD_TEXT, "unknown%s%s", rate[0] != '\0' ? ", " : "", rate);
	else if (waiting == 0 && rate[0] == '\0')
		snprintf(out, CTL_DEAD_TEXT, "none");
	else
		snprintf(out, CTL_DEAD_TEXT, "%s wait%s%s%s",
			 human_count((uint64_t)waiting, count, sizeof(count)),
			 waiting == 1 ? "s" : "", rate[0] != '\0' ? ", " : "", rate);
	if (strcmp(member_text(dead, "state", ""), "critical") == 0)
		return CTL_CRITICAL;
	return waiting > 0 || rate[0] != '\0' ? CTL_WARNING : CTL_FINE;
}
