/* SPDX-License-Identifier: MIT */
/*
 * ctl_judge.c - what is not as it should be, read off a status.
 */
#include "supervisor/ctl/ctl_judge.h"
#include "supervisor/cli/member.h"
#include "supervisor/shared/human.h"
#include "supervisor/shared/request.h"
#include "supervisor/shared/roles.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

struct judgement {
	json_t *problems;
	enum ctl_severity worst;
};

static void judge_add(struct judgement *judge, enum ctl_severity severity, const char *format, ...)
	PRINTF_LIKE(3, 4);

static void
judge_add(struct judgement *judge, enum ctl_severity severity, const char *format, ...)
{
	char text[700];
	va_list args;

	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	json_array_append_new(judge->problems, json_pack("{s:i, s:o}", "severity", (int)severity,
							 "text", request_text(text)));
	judge->worst = MAX(judge->worst, severity);
}

static void
judge_role(struct judgement *judge, const char *name, const json_t *role)
{
	int wanted = (int)member_number(role, "wanted", 0),
	    ready = (int)member_number(role, "ready", 0);

	if (member_is_true(role, "paused"))
		judge_add(judge, CTL_WARNING, "%s is paused", name);
	if (wanted > 0 && ready == 0)
		judge_add(judge, CTL_CRITICAL, "no %s is ready, %d wanted", name, wanted);
	else if (ready < wanted)
		judge_add(judge, CTL_WARNING, "only %d of %d %s ready", ready, wanted, name);
}

/*
 * A stage that was scaled away while lines still come in. One that the settings file does not want
 * either runs on another host.
 */
static void
judge_emptied(struct judgement *judge, const char *name, const json_t *role, const json_t *producer)
{
	int configured = (int)member_number(role, "configured", 0);

	if (configured > 0 && member_number(role, "wanted", 0) == 0 &&
	    !member_is_true(role, "paused") && member_number(producer, "running", 0) > 0)
		judge_add(judge, CTL_WARNING,
			  "no %s is wanted while the producer runs: its queue fills up (sluicectl "
			  "scale %s=%d)",
			  name, name, configured);
}

static void
judge_slot(struct judgement *judge, const json_t *slot)
{
	const char *name = member_text(slot, "name", "?"), *state = member_text(slot, "state", "?");
	const char *error = member_text(slot, "last_error", "");
	const char *colon = error[0] != '\0' ? ": " : "";

	if (member_is_true(slot, "held"))
		judge_add(judge, CTL_WARNING, "%s is stopped by hand", name);
	else if (strcmp(state, "FATAL") == 0)
		judge_add(judge, CTL_CRITICAL, "%s is FATAL%s%s", name, colon, error);
	else if (member_is_true(slot, "wanted") && !member_is_true(slot, "ready"))
		judge_add(judge, CTL_WARNING, "%s is %s, not ready%s%s", name, state, colon, error);
	else if (member_is_true(slot, "wanted") && error[0] != '\0')
		judge_add(judge, CTL_WARNING, "%s%s%s", name, colon, error);
}

static void
judge_figure(struct judgement *judge, const char *queue, double value, const int64_t limit[2],
	     const char *one, const char *more)
{
	for (int i = 1; i >= 0; i--) {
		if (limit[i] == 0 || value < (double)limit[i])
			continue;
		judge_add(judge, i == 1 ? CTL_CRITICAL : CTL_WARNING, "%s: %.0f %s", queue, value,
			  value == 1 ? one : more);
		return;
	}
}

static void
judge_queue(struct judgement *judge, const json_t *queue, const struct ctl_limits *limits)
{
	const char *name = member_text(queue, "name", "?");

	if (!member_is_true(queue, "known"))
		return; /* whoever should report it is a problem already */
	judge_figure(judge, name, member_number(queue, "ready", 0), limits->waiting,
		     "message waits", "messages wait");
	judge_figure(judge, name, member_number(queue, "oldest_s", 0), limits->age_s,
		     "second old is the oldest", "seconds old is the oldest");
	judge_figure(judge, name, member_number(queue, "dead", 0), limits->dead, "dead letter",
		     "dead letters");
}

/* sluiced knows the limits: they are settings. */
static void
judge_dead_letters(struct judgement *judge, const char *name, const json_t *letters)
{
	const char *state = member_text(letters, "state", "ok");
	char span[32];

	if (strcmp(state, "ok") == 0)
		return;
	human_duration((int64_t)(member_number(letters, "window_s", 0) * 1000), span, sizeof(span));
	judge_add(judge, strcmp(state, "critical") == 0 ? CTL_CRITICAL : CTL_WARNING,
		  "%s: %.3g %% of the lines of the last %s are dead letters (%.0f of %.0f), most "
		  "for %s: sluicectl dlq groups %s",
		  name, member_number(letters, "percent", 0), span,
		  member_number(letters, "rejected", 0), member_number(letters, "lines", 0),
		  member_text(letters, "reason", "?"), name);
}

static void
judge_deaths(struct judgement *judge, const json_t *deaths, int64_t within_s)
{
	unsigned count = 0;
	const json_t *death;
	size_t i;
	char span[32];

	json_array_foreach(deaths, i, death)
	{
		struct tm utc = {0};

		if (strptime(member_text(death, "at", ""), "%Y-%m-%dT%H:%M:%S", &utc) != NULL &&
		    time(NULL) - timegm(&utc) < within_s)
			count++;
	}
	if (count == 0)
		return;
	death = json_array_get(deaths, 0);
	judge_add(judge, CTL_WARNING, "%u died within %s, the last: %s, %s", count,
		  human_duration(within_s * 1000, span, sizeof(span)),
		  member_text(death, "name", "?"), member_text(death, "cause", "?"));
}

enum ctl_severity
ctl_judge(const json_t *status, const struct ctl_limits *limits, json_t *problems)
{
	struct judgement judge = {.problems = problems};
	const json_t *roles = json_object_get(status, "roles"), *slot;
	size_t i;

	if (member_is_true(status, "draining"))
		judge_add(&judge, CTL_CRITICAL, "sluiced is ending");
	for (unsigned role = 0; role < ROLE_COUNT; role++) {
		const char *name = role_table[role].name;
		const json_t *object = json_object_get(roles, name);

		judge_role(&judge, name, object);
		judge_emptied(&judge, name, object, json_object_get(roles, "producer"));
		judge_queue(&judge, json_object_get(object, "queue"), limits);
		judge_dead_letters(&judge, name, json_object_get(object, "dead_letters"));
	}
	json_array_foreach(json_object_get(status, "slots"), i, slot) judge_slot(&judge, slot);
	if (limits->deaths_s > 0)
		judge_deaths(&judge, json_object_get(status, "deaths"), limits->deaths_s);
	return judge.worst;
}
