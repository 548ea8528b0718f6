/* SPDX-License-Identifier: MIT */
/*
 * ctl_status.c - `sluicectl status`: one row per child, as a table or as the JSON that sluiced
 * gave.
 */
#include "common/base/xalloc.h"
#include "supervisor/cli/ctl.h"
#include "supervisor/shared/human.h"
#include "supervisor/shared/request.h"

#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>
#include <time.h>

enum { OPTION_JSON = 256, OPTION_CHECK, OPTION_WATCH };
enum { DEATHS_SHOWN = 5, RECENT_S = 3600 };

/* The columns, in order; make gives the cell's text in new memory. */
struct column {
	const char *title;
	bool right;
	char *(*make)(const json_t *slot);
};

static char *
make_stage(const json_t *slot)
{
	return xstrdup(ctl_text(slot, "role", "?"));
}

static char *
make_slot(const json_t *slot)
{
	return xasprintf("%d", (int)ctl_number(slot, "slot", 0));
}

static char *
make_state(const json_t *slot)
{
	if (json_is_true(json_object_get(slot, "paused")))
		return xstrdup("PAUSED");
	return xstrdup(ctl_text(slot, "state", "?"));
}

static char *
make_ready(const json_t *slot)
{
	return xstrdup(json_is_true(json_object_get(slot, "ready")) ? "yes" : "no");
}

static char *
make_pid(const json_t *slot)
{
	if (!json_is_integer(json_object_get(slot, "pid")))
		return xstrdup("-");
	return xasprintf("%d", (int)ctl_number(slot, "pid", 0));
}

static char *
make_uptime(const json_t *slot)
{
	double seconds = ctl_number(slot, "uptime_s", -1);
	char text[32];

	if (seconds < 0)
		return xstrdup("-");
	return xstrdup(human_duration((int64_t)(seconds * 1000), text, sizeof(text)));
}

static char *
make_rate(const json_t *slot)
{
	return xasprintf("%.1f", ctl_number(slot, "rate_per_s", 0));
}

static char *
make_count(const json_t *slot, const char *name)
{
	json_int_t count = json_integer_value(json_object_get(slot, name));
	char text[32];

	return xstrdup(human_count((uint64_t)MAX(count, 0), text, sizeof(text)));
}

static char *
make_total(const json_t *slot)
{
	return make_count(slot, "total");
}

static char *
make_rejected(const json_t *slot)
{
	return make_count(slot, "rejected");
}

/* "mysql 2006 ... (next start in 8.1s, failure 3)" */
static char *
make_error(const json_t *slot)
{
	char *error = ctl_visible(ctl_text(slot, "last_error", ""));
	double restart_s = ctl_number(slot, "restart_in_s", -1);
	char when[32], *text;

	if (restart_s < 0)
		text = xasprintf("%s%s", error,
				 json_is_true(json_object_get(slot, "held")) ? "(stopped by hand)"
									     : "");
	else
		text = xasprintf("%s (next start in %s, failure %d)", error,
				 human_duration((int64_t)(restart_s * 1000), when, sizeof(when)),
				 (int)ctl_number(slot, "failures", 0));
	free(error);
	if (text[0] == '\0') {
		free(text);
		text = xstrdup("-");
	}
	return text;
}

static const struct column columns[] = {
	{.title = "STAGE", .make = make_stage},
	{.title = "SLOT", .make = make_slot, .right = true},
	{.title = "STATE", .make = make_state},
	{.title = "READY", .make = make_ready},
	{.title = "PID", .make = make_pid, .right = true},
	{.title = "UPTIME", .make = make_uptime, .right = true},
	{.title = "RATE/s", .make = make_rate, .right = true},
	{.title = "TOTAL", .make = make_total, .right = true},
	{.title = "REJECTED", .make = make_rejected, .right = true},
	{.title = "LAST ERROR", .make = make_error},
};

static const char *
colour_of(const json_t *slot)
{
	const char *state = ctl_text(slot, "state", "");

	if (json_is_true(json_object_get(slot, "paused")))
		return "yellow";
	if (strcmp(state, "RUNNING") == 0)
		return json_is_true(json_object_get(slot, "ready")) ? "green" : "yellow";
	if (strcmp(state, "FATAL") == 0 || strcmp(state, "BACKOFF") == 0)
		return "red";
	return "yellow";
}

static void
ctl_status_print_head(const json_t *status)
{
	char *settings = ctl_visible(ctl_text(status, "settings", "?"));
	const json_t *roles = json_object_get(status, "roles");
	char uptime[32];

	human_duration((int64_t)(ctl_number(status, "uptime_s", 0) * 1000), uptime, sizeof(uptime));
	printf("sluiced %s, pid %d, up %s%s, settings %s\n", ctl_text(status, "version", "?"),
	       (int)ctl_number(status, "pid", 0), uptime,
	       json_is_true(json_object_get(status, "draining")) ? ", ENDING" : "", settings);
	for (unsigned i = 0; i < ROLE_COUNT; i++) {
		const json_t *role = json_object_get(roles, role_table[i].name);

		printf("%s%s %d of %d ready", i > 0 ? ", " : "", role_table[i].name,
		       (int)ctl_number(role, "ready", 0), (int)ctl_number(role, "wanted", 0));
	}
	printf("\n\n");
	free(settings);
}

static bool
is_recent(const json_t *death)
{
	struct tm utc = {0};

	return strptime(ctl_text(death, "at", ""), "%Y-%m-%dT%H:%M:%S", &utc) != NULL &&
	       time(NULL) - timegm(&utc) < RECENT_S;
}

static void
print_death(const json_t *death)
{
	char *cause = ctl_visible(ctl_text(death, "cause", "?"));
	char *in_hand = ctl_visible(ctl_text(death, "in_hand", ""));
	const char *why = ctl_text(death, "why", "");
	char uptime[32];

	human_duration((int64_t)(ctl_number(death, "uptime_s", 0) * 1000), uptime, sizeof(uptime));
	printf("  %.19sZ  %s (pid %d): %s%s%s after %s%s%s\n", ctl_text(death, "at", "?"),
	       ctl_text(death, "name", "?"), (int)ctl_number(death, "pid", 0), why,
	       why[0] != '\0' ? ", " : "", cause, uptime, in_hand[0] != '\0' ? ", in hand: " : "",
	       in_hand);
	free(cause);
	free(in_hand);
}

static void
ctl_status_print_deaths(const json_t *deaths)
{
	const json_t *death;
	size_t recent = 0, i;

	json_array_foreach(deaths, i, death) recent += is_recent(death) ? 1 : 0;
	if (recent == 0)
		return;
	printf("\ndied in the last hour: %zu%s\n", recent, recent == DEATHS_KEPT ? " or more" : "");
	for (i = 0; i < MIN(recent, (size_t)DEATHS_SHOWN); i++)
		print_death(json_array_get(deaths, i));
	if (recent > DEATHS_SHOWN)
		printf("  and %zu more: sluicectl status --json\n", recent - DEATHS_SHOWN);
}

static void
ctl_status_print_status(const json_t *status)
{
	struct libscols_table *table = ctl_table_new();
	const json_t *slot;
	size_t i;

	ctl_status_print_head(status);
	for (i = 0; i < ARRAY_LEN(columns); i++)
		ctl_table_column(table, columns[i].title, columns[i].right);
	json_array_foreach(json_object_get(status, "slots"), i, slot)
	{
		struct libscols_line *line = ctl_table_row(table);

		for (size_t c = 0; c < ARRAY_LEN(columns); c++)
			ctl_table_cell(line, c, columns[c].make(slot),
				       columns[c].make == make_state ? colour_of(slot) : NULL);
	}
	ctl_table_print(table);
	ctl_status_print_deaths(json_object_get(status, "deaths"));
}

struct status_options {
	bool json, check;
	int64_t watch_ms;
};

/* Nothing when all is as wanted. */
static int
check(const json_t *status, bool as_json)
{
	static const struct ctl_limits no_limits = {.deaths_s = 0};
	json_t *problems = json_array();
	enum ctl_severity worst = ctl_judge(status, &no_limits, problems);
	const json_t *problem;
	size_t i;

	if (as_json)
		ctl_print_json(problems);
	else
		json_array_foreach(problems, i, problem) puts(ctl_text(problem, "text", "?"));
	json_decref(problems);
	return worst == CTL_FINE ? CTL_OK : CTL_FAILED;
}

static int
ctl_status_show(struct ctl *ctl, void *context)
{
	const struct status_options *options = context;
	int exit_code;
	json_t *status = ctl_ask(ctl, "status", NULL, &exit_code);

	if (status == NULL)
		return exit_code;
	if (options->check)
		exit_code = check(status, options->json);
	else if (options->json)
		ctl_print_json(status);
	else
		ctl_status_print_status(status);
	json_decref(status);
	return exit_code;
}

int
ctl_status(struct ctl *ctl, int argc, char **argv)
{
	static const struct option long_options[] = {
		{"json", no_argument, NULL, OPTION_JSON},
		{"check", no_argument, NULL, OPTION_CHECK},
		{"watch", optional_argument, NULL, OPTION_WATCH},
		{NULL, 0, NULL, 0},
	};
	struct status_options options = {.json = false};
	int option;

	while ((option = ctl_getopt(argc, argv, ":", long_options)) != -1) {
		switch (option) {
		case OPTION_JSON:
			options.json = true;
			break;
		case OPTION_CHECK:
			options.check = true;
			break;
		case OPTION_WATCH:
			if (ctl_parse_watch(argv[0], optarg, &options.watch_ms) != 0)
				return EX_USAGE;
			break;
		default:
			return EX_USAGE;
		}
	}
	if (ctl_expect_end(argc, argv) != 0)
		return EX_USAGE;
	return ctl_repeat(ctl, options.watch_ms, ctl_status_show, &options);
}
