/* SPDX-License-Identifier: MIT */
/*
 * ctl_status.c - `sluicectl status`: one row per child, as a table or as the JSON that sluiced
 * gave.
 */
#include "common/base/xalloc.h"
#include "common/base/visible_text.h"
#include "supervisor/cli/member.h"
#include "supervisor/cli/text_table.h"
#include "supervisor/cli/watch.h"
#include "supervisor/ctl/ctl.h"
#include "supervisor/ctl/ctl_dead.h"
#include "supervisor/ctl/ctl_judge.h"
#include "supervisor/shared/human.h"
#include "supervisor/shared/roles.h"
#include "supervisor/shared/request.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { DEATHS_SHOWN = 5, RECENT_S = 3600 };

/* The columns, in order; make gives the cell's text in new memory. */
struct status_column {
	const char *title;
	bool right;
	char *(*make)(const json_t *slot);
};

static char *
ctl_status_stage(const json_t *slot)
{
	return xstrdup(member_text(slot, "role", "?"));
}

static char *
ctl_status_slot(const json_t *slot)
{
	return xasprintf("%d", (int)member_number(slot, "slot", 0));
}

static char *
ctl_status_state(const json_t *slot)
{
	if (member_is_true(slot, "paused"))
		return xstrdup("PAUSED");
	return xstrdup(member_text(slot, "state", "?"));
}

static char *
ctl_status_ready(const json_t *slot)
{
	return xstrdup(member_is_true(slot, "ready") ? "yes" : "no");
}

static char *
ctl_status_pid(const json_t *slot)
{
	if (!json_is_integer(json_object_get(slot, "pid")))
		return xstrdup("-");
	return xasprintf("%d", (int)member_number(slot, "pid", 0));
}

static char *
ctl_status_uptime(const json_t *slot)
{
	double seconds = member_number(slot, "uptime_s", -1);
	char text[32];

	if (seconds < 0)
		return xstrdup("-");
	return xstrdup(human_duration((int64_t)(seconds * 1000), text, sizeof(text)));
}

static char *
ctl_status_rate(const json_t *slot)
{
	return xasprintf("%.1f", member_number(slot, "rate_per_s", 0));
}

static char *
ctl_status_count(const json_t *slot, const char *name)
{
	json_int_t count = json_integer_value(json_object_get(slot, name));
	char text[32];

	return xstrdup(human_count((uint64_t)MAX(count, 0), text, sizeof(text)));
}

static char *
ctl_status_total(const json_t *slot)
{
	return ctl_status_count(slot, "total");
}

static char *
ctl_status_rejected(const json_t *slot)
{
	return ctl_status_count(slot, "rejected");
}

/* "mysql 2006 ... (next start in 8.1s, failure 3)" */
static char *
ctl_status_error(const json_t *slot)
{
	const char *error = member_text(slot, "last_error", "");
	double restart_s = member_number(slot, "restart_in_s", -1);
	char when[32];

	if (restart_s >= 0)
		return xasprintf("%s (next start in %s, failure %d)", error,
				 human_duration((int64_t)(restart_s * 1000), when, sizeof(when)),
				 (int)member_number(slot, "failures", 0));
	if (member_is_true(slot, "held"))
		return xasprintf("%s(stopped by hand)", error);
	return xstrdup(error[0] != '\0' ? error : "-");
}

static const struct status_column columns[] = {
	{.title = "STAGE", .make = ctl_status_stage},
	{.title = "SLOT", .make = ctl_status_slot, .right = true},
	{.title = "STATE", .make = ctl_status_state},
	{.title = "READY", .make = ctl_status_ready},
	{.title = "PID", .make = ctl_status_pid, .right = true},
	{.title = "UPTIME", .make = ctl_status_uptime, .right = true},
	{.title = "RATE/s", .make = ctl_status_rate, .right = true},
	{.title = "TOTAL", .make = ctl_status_total, .right = true},
	{.title = "REJECTED", .make = ctl_status_rejected, .right = true},
	{.title = "LAST ERROR", .make = ctl_status_error},
};

static const char *
ctl_status_colour(const json_t *slot)
{
	const char *state = member_text(slot, "state", "");

	if (member_is_true(slot, "paused"))
		return "yellow";
	if (strcmp(state, "RUNNING") == 0)
		return member_is_true(slot, "ready") ? "green" : "yellow";
	if (strcmp(state, "FATAL") == 0 || strcmp(state, "BACKOFF") == 0)
		return "red";
	return "yellow";
}

static void
ctl_status_print_head(const json_t *status, FILE *out)
{
	char *settings = visible_text_new(span_of(member_text(status, "settings", "?")), 0);
	const json_t *roles = json_object_get(status, "roles");
	char uptime[32];

	human_duration((int64_t)(member_number(status, "uptime_s", 0) * 1000), uptime,
		       sizeof(uptime));
	fprintf(out, "sluiced %s, pid %d, up %s%s, settings %s\n",
		member_text(status, "version", "?"), (int)member_number(status, "pid", 0), uptime,
		member_is_true(status, "draining") ? ", ENDING" : "", settings);
	for (unsigned i = 0; i < ROLE_COUNT; i++) {
		const json_t *role = json_object_get(roles, role_table[i].name);

		fprintf(out, "%s%s %d of %d ready", i > 0 ? ", " : "", role_table[i].name,
			(int)member_number(role, "ready", 0),
			(int)member_number(role, "wanted", 0));
	}
	fprintf(out, "\n");
	for (unsigned i = 0; i < ROLE_COUNT; i++) {
		const json_t *role = json_object_get(roles, role_table[i].name);
		char dead[CTL_DEAD_TEXT];

		if (role_table[i].queue != NULL && ctl_dead_describe(role, dead) != CTL_FINE)
			fprintf(out, "dead letters of %s: %s\n", role_table[i].name, dead);
	}
	fprintf(out, "\n");
	free(settings);
}

static bool
ctl_status_is_recent(const json_t *death)
{
	struct tm utc = {0};

	return strptime(member_text(death, "at", ""), "%Y-%m-%dT%H:%M:%S", &utc) != NULL &&
	       time(NULL) - timegm(&utc) < RECENT_S;
}

static void
ctl_status_print_death(const json_t *death, FILE *out)
{
	const char *in_hand = member_text(death, "in_hand", "");
	const char *why = member_text(death, "why", "");
	char uptime[32], *line;

	human_duration((int64_t)(member_number(death, "uptime_s", 0) * 1000), uptime,
		       sizeof(uptime));
	line = xasprintf("%.19sZ  %s (pid %d): %s%s%s after %s%s%s", member_text(death, "at", "?"),
			 member_text(death, "name", "?"), (int)member_number(death, "pid", 0), why,
			 why[0] != '\0' ? ", " : "", member_text(death, "cause", "?"), uptime,
			 in_hand[0] != '\0' ? ", in hand: " : "", in_hand);
	fputs("  ", out);
	visible_text_print(out, span_of(line), 0, NULL);
	fputc('\n', out);
	free(line);
}

static void
ctl_status_print_deaths(const json_t *deaths, FILE *out)
{
	const json_t *death;
	size_t recent = 0, i;

	json_array_foreach(deaths, i, death) recent += ctl_status_is_recent(death) ? 1 : 0;
	if (recent == 0)
		return;
	fprintf(out, "\ndied in the last hour: %zu%s\n", recent,
		recent == DEATHS_KEPT ? " or more" : "");
	for (i = 0; i < MIN(recent, (size_t)DEATHS_SHOWN); i++)
		ctl_status_print_death(json_array_get(deaths, i), out);
	if (recent > DEATHS_SHOWN)
		fprintf(out, "  and %zu more: sluicectl status --json\n", recent - DEATHS_SHOWN);
}

static void
ctl_status_print(const json_t *status, FILE *out)
{
	struct libscols_table *table = text_table_new();
	const json_t *slot;
	size_t i;

	ctl_status_print_head(status, out);
	for (i = 0; i < ARRAY_LEN(columns); i++)
		text_table_column(table, columns[i].title, columns[i].right);
	json_array_foreach(json_object_get(status, "slots"), i, slot)
	{
		struct libscols_line *line = text_table_row(table);

		for (size_t c = 0; c < ARRAY_LEN(columns); c++)
			text_table_cell(line, c, columns[c].make(slot),
					columns[c].make == ctl_status_state
						? ctl_status_colour(slot)
						: NULL);
	}
	text_table_print(table, out);
	ctl_status_print_deaths(json_object_get(status, "deaths"), out);
}

/* Nothing when all is as wanted. */
static void
ctl_status_print_problems(const json_t *problems, FILE *out)
{
	const json_t *problem;
	size_t i;

	json_array_foreach(problems, i, problem)
	{
		visible_text_print(out, span_of(member_text(problem, "text", "?")), 0, NULL);
		fputc('\n', out);
	}
}

static int
ctl_status_check(const struct call *call, const json_t *status)
{
	static const struct ctl_limits no_limits = {.deaths_s = 0};
	json_t *problems = json_array();
	enum ctl_severity worst = ctl_judge(status, &no_limits, problems);

	output_value(&call->output, problems, ctl_status_print_problems);
	json_decref(problems);
	return worst == CTL_FINE ? CTL_OK : CTL_FAILED;
}

static int
ctl_status_show(void *context)
{
	struct call *call = context;
	int exit_code;
	json_t *status = client_ask(call->client, "status", NULL, &exit_code);

	if (status == NULL)
		return exit_code;
	if (options_has(&call->options, "check"))
		exit_code = ctl_status_check(call, status);
	else
		output_value(&call->output, status, ctl_status_print);
	json_decref(status);
	return exit_code;
}

int
ctl_status(struct call *call)
{
	return watch_repeat(options_number(&call->options, "watch"), ctl_status_show, call);
}
