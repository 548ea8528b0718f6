/* SPDX-License-Identifier: MIT */
/*
 * ctl_health.c - `sluicectl health`: one line and an exit code, as monitoring plugins do.
 *
 * The exit codes are theirs, not those of the other verbs: 0 ok, 1 warning, 2 critical, 3 unknown.
 */
#include "common/base/log.h"
#include "supervisor/cli/ctl.h"

#include <getopt.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sysexits.h>

enum { PLUGIN_OK, PLUGIN_WARNING, PLUGIN_CRITICAL, PLUGIN_UNKNOWN };

static const char *const plugin_words[] = {"OK", "WARNING", "CRITICAL", "UNKNOWN"};

struct health_options {
	struct ctl_limits limits;
	bool json;
};

/* The options that set a limit, and what they are counted in. */
static const struct limit_option {
	const char *name;
	size_t offset; /* of an int64_t in struct ctl_limits */
	bool is_duration;
} limit_options[] = {
	{"queue-warning", offsetof(struct ctl_limits, waiting[0]), false},
	{"queue-critical", offsetof(struct ctl_limits, waiting[1]), false},
	{"age-warning", offsetof(struct ctl_limits, age_s[0]), true},
	{"age-critical", offsetof(struct ctl_limits, age_s[1]), true},
	{"dead-warning", offsetof(struct ctl_limits, dead[0]), false},
	{"dead-critical", offsetof(struct ctl_limits, dead[1]), false},
	{"deaths", offsetof(struct ctl_limits, deaths_s), true},
};

enum { OPTION_LIMIT = 256, OPTION_JSON = OPTION_LIMIT + ARRAY_LEN(limit_options) };

static int
read_limit(struct ctl_limits *limits, const struct limit_option *option, const char *text)
{
	int64_t *field = (int64_t *)(void *)((char *)limits + option->offset);
	int64_t ms;

	if (option->is_duration) {
		if (ctl_parse_duration(text, &ms) != 0)
			return -1;
		*field = ms / 1000;
		return 0;
	}
	return ctl_parse_number(text, "", field);
}

static int
ctl_health_read_options(struct health_options *options, int argc, char **argv)
{
	struct option long_options[ARRAY_LEN(limit_options) + 2] = {{0}};
	int option;

	for (size_t i = 0; i < ARRAY_LEN(limit_options); i++)
		long_options[i] = (struct option){.name = limit_options[i].name,
						  .has_arg = required_argument,
						  .val = OPTION_LIMIT + (int)i};
	long_options[ARRAY_LEN(limit_options)] =
		(struct option){.name = "json", .val = OPTION_JSON};
	while ((option = ctl_getopt(argc, argv, ":", long_options)) != -1) {
		if (option == OPTION_JSON) {
			options->json = true;
			continue;
		}
		if (option < OPTION_LIMIT || option >= OPTION_JSON)
			return -1;
		if (read_limit(&options->limits, &limit_options[option - OPTION_LIMIT], optarg) !=
		    0) {
			ctl_usage("health", "--%s: \"%s\" is no %s",
				  limit_options[option - OPTION_LIMIT].name, optarg,
				  limit_options[option - OPTION_LIMIT].is_duration ? "duration"
										   : "number");
			return -1;
		}
	}
	return ctl_expect_end(argc, argv) == 0 ? 0 : -1;
}

static int
ctl_health_report(int code, const char *text, const json_t *problems, const json_t *status,
		  bool as_json)
{
	if (as_json) {
		json_t *all = json_pack("{s:s, s:i, s:s, s:O}", "state", plugin_words[code], "code",
					code, "text", text, "problems", problems);

		ctl_print_json(all);
		json_decref(all);
		return code;
	}
	printf("SLUICE %s - %s", plugin_words[code], text);
	for (unsigned i = 0; i < ROLE_COUNT && status != NULL; i++) {
		const json_t *role =
			json_object_get(json_object_get(status, "roles"), role_table[i].name);
		const json_t *queue = json_object_get(role, "queue");

		printf("%s%s_ready=%d %s_total=%.0fc", i == 0 ? " | " : " ", role_table[i].name,
		       (int)ctl_number(role, "ready", 0), role_table[i].name,
		       ctl_number(role, "total", 0));
		if (json_is_true(json_object_get(queue, "known")))
			printf(" %s_waiting=%.0f %s_dead=%.0f", role_table[i].name,
			       ctl_number(queue, "ready", 0), role_table[i].name,
			       ctl_number(queue, "dead", 0));
	}
	printf("\n");
	for (size_t i = 1; i < json_array_size(problems); i++)
		printf("%s\n", ctl_text(json_array_get(problems, i), "text", "?"));
	return code;
}

/* There is no status; why, as an exit code of the other verbs. */
static int
report_silence(int why, const json_t *problems, bool as_json)
{
	switch (why) {
	case EX_NOPERM:
		return ctl_health_report(PLUGIN_UNKNOWN, "no permission to ask sluiced", problems,
					 NULL, as_json);
	case EX_CONFIG:
		return ctl_health_report(PLUGIN_UNKNOWN,
					 "the settings are not accepted, and no sluiced answers",
					 problems, NULL, as_json);
	default:
		return ctl_health_report(PLUGIN_CRITICAL, "sluiced does not answer", problems, NULL,
					 as_json);
	}
}

static void
ctl_health_describe(const json_t *status, char *out, size_t out_size)
{
	size_t used = 0;

	for (unsigned i = 0; i < ROLE_COUNT; i++) {
		const json_t *role =
			json_object_get(json_object_get(status, "roles"), role_table[i].name);

		used += (size_t)snprintf(out + used, out_size - used, "%s%s %d of %d ready",
					 i > 0 ? ", " : "", role_table[i].name,
					 (int)ctl_number(role, "ready", 0),
					 (int)ctl_number(role, "wanted", 0));
	}
}

/* The worst problem stands first: it is all that some monitors show. */
static void
worst_first(json_t *problems, enum ctl_severity worst)
{
	json_t *problem;
	size_t i;

	json_array_foreach(problems, i, problem)
	{
		if ((enum ctl_severity)(int)ctl_number(problem, "severity", 0) != worst)
			continue;
		json_incref(problem);
		json_array_remove(problems, i);
		json_array_insert_new(problems, 0, problem);
		return;
	}
}

int
ctl_health(struct ctl *ctl, int argc, char **argv)
{
	struct health_options options = {.limits = {.deaths_s = 600}};
	json_t *status, *problems;
	char text[512] = "";
	int exit_code;

	if (ctl_health_read_options(&options, argc, argv) != 0)
		return PLUGIN_UNKNOWN;
	problems = json_array();
	ctl->quiet = true;
	status = ctl_ask(ctl, "status", NULL, &exit_code);
	if (status == NULL) {
		exit_code = report_silence(exit_code, problems, options.json);
	} else {
		enum ctl_severity worst = ctl_judge(status, &options.limits, problems);

		worst_first(problems, worst);
		ctl_health_describe(status, text, sizeof(text));
		exit_code = ctl_health_report(
			(int)worst,
			worst == CTL_FINE ? text
					  : ctl_text(json_array_get(problems, 0), "text", "?"),
			problems, status, options.json);
	}
	json_decref(status);
	json_decref(problems);
	return exit_code;
}
