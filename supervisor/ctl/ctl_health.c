/* SPDX-License-Identifier: MIT */
/*
 * ctl_health.c - `sluicectl health`: one line and an exit code, as monitoring plugins do.
 *
 * The exit codes are theirs, not those of the other verbs: 0 ok, 1 warning, 2 critical, 3 unknown.
 */
#include "common/base/visible_text.h"
#include "supervisor/cli/member.h"
#include "supervisor/ctl/ctl.h"
#include "supervisor/ctl/ctl_judge.h"
#include "supervisor/shared/roles.h"

#include <stdio.h>
#include <sysexits.h>

enum { PLUGIN_OK, PLUGIN_WARNING, PLUGIN_CRITICAL, PLUGIN_UNKNOWN };

static const char *const ctl_health_states[] = {"OK", "WARNING", "CRITICAL", "UNKNOWN"};

static struct ctl_limits
ctl_health_limits(const struct options *options)
{
	return (struct ctl_limits){
		.waiting = {options_number(options, "queue-warning"),
			    options_number(options, "queue-critical")},
		.age_s = {options_number(options, "age-warning") / 1000,
			  options_number(options, "age-critical") / 1000},
		.dead = {options_number(options, "dead-warning"),
			 options_number(options, "dead-critical")},
		.deaths_s = options_number(options, "deaths") / 1000,
	};
}

struct health {
	int code;
	const char *text;
	const json_t *problems, *status; /* status: NULL = it is not known */
};

static json_t *
ctl_health_json(const void *answer)
{
	const struct health *health = answer;

	return json_pack("{s:s, s:i, s:s, s:O}", "state", ctl_health_states[health->code], "code",
			 health->code, "text", health->text, "problems", health->problems);
}

static void
ctl_health_print_figures(const json_t *roles, FILE *out)
{
	for (unsigned i = 0; i < ROLE_COUNT; i++) {
		const char *name = role_table[i].name;
		const json_t *role = json_object_get(roles, name);
		const json_t *queue = json_object_get(role, "queue");

		fprintf(out, "%s%s_ready=%d %s_total=%.0fc", i == 0 ? " | " : " ", name,
			(int)member_number(role, "ready", 0), name,
			member_number(role, "total", 0));
		if (member_is_true(queue, "known"))
			fprintf(out, " %s_waiting=%.0f %s_dead=%.0f", name,
				member_number(queue, "ready", 0), name,
				member_number(queue, "dead", 0));
	}
}

/* The worst problem is the text of the first line. */
static void
ctl_health_print(const void *answer, FILE *out)
{
	const struct health *health = answer;

	fprintf(out, "SLUICE %s - ", ctl_health_states[health->code]);
	visible_text_print(out, span_of(health->text), 0, NULL);
	if (health->status != NULL)
		ctl_health_print_figures(json_object_get(health->status, "roles"), out);
	fputc('\n', out);
	for (size_t i = 1; i < json_array_size(health->problems); i++) {
		const json_t *problem = json_array_get(health->problems, i);

		visible_text_print(out, span_of(member_text(problem, "text", "?")), 0, NULL);
		fputc('\n', out);
	}
}

/* There is no status; why, as an exit code of the other verbs. */
static void
ctl_health_without_status(struct health *health, int why)
{
	health->code = why == EX_NOPERM || why == EX_CONFIG ? PLUGIN_UNKNOWN : PLUGIN_CRITICAL;
	health->text = why == EX_NOPERM	  ? "no permission to ask sluiced"
		       : why == EX_CONFIG ? "the settings are not accepted, and no sluiced answers"
					  : "sluiced does not answer";
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
					 (int)member_number(role, "ready", 0),
					 (int)member_number(role, "wanted", 0));
	}
}

/* The worst problem stands first: it is all that some monitors show. */
static void
ctl_health_worst_first(json_t *problems, enum ctl_severity worst)
{
	json_t *problem;
	size_t i;

	json_array_foreach(problems, i, problem)
	{
		if ((enum ctl_severity)(int)member_number(problem, "severity", 0) != worst)
			continue;
		json_incref(problem);
		json_array_remove(problems, i);
		json_array_insert_new(problems, 0, problem);
		return;
	}
}

int
ctl_health(struct call *call)
{
	struct ctl_limits limits = ctl_health_limits(&call->options);
	json_t *problems = json_array(), *status;
	struct health health = {.problems = problems};
	char text[512] = "";
	int exit_code;

	call->client->quiet = true;
	status = client_ask(call->client, "status", NULL, &exit_code);
	health.status = status;
	if (status == NULL) {
		ctl_health_without_status(&health, exit_code);
	} else {
		enum ctl_severity worst = ctl_judge(status, &limits, problems);

		health.code = (int)worst;
		ctl_health_worst_first(problems, worst);
		ctl_health_describe(status, text, sizeof(text));
		health.text = worst == CTL_FINE
				      ? text
				      : member_text(json_array_get(problems, 0), "text", "?");
	}
	output_answer(&call->output, &health, ctl_health_json, ctl_health_print);
	json_decref(status);
	json_decref(problems);
	return health.code;
}
