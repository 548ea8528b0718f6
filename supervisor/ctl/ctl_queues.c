/* SPDX-License-Identifier: MIT */
/*
 * ctl_queues.c - `sluicectl queues`: the broker's own counts, and beside them what the workers
 * report.
 *
 * The broker is asked by passive declares, which need no more than AMQP; who may not read the
 * password, or whose broker is away, still sees what the workers saw last. When the workers have said
 * nothing lately, as they cannot while the database hangs, growth and drain come from two looks of our
 * own. The broker counts no message that somebody holds: what is held of the dead letters is the
 * difference to what was there before.
 */
#include "common/broker/broker_errors.h"
#include "common/base/clock.h"
#include "common/base/log.h"
#include "common/broker/topology.h"
#include "common/broker/broker_declare.h"
#include "common/base/xalloc.h"
#include "supervisor/cli/member.h"
#include "supervisor/cli/text_table.h"
#include "supervisor/cli/watch.h"
#include "supervisor/ctl/ctl.h"
#include "supervisor/shared/human.h"
#include "supervisor/shared/roles.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>
#include <time.h>

enum { LOOK_AGAIN_MS = 2000 };

struct queues {
	struct call *call;
	struct broker *broker;	 /* NULL = not connected */
	bool broker_failed;	 /* this time; it is tried again at the next */
	bool broker_unreachable; /* and not for want of a password */
	bool warned;		 /* that it failed; once per outage */
	struct look {
		int64_t at_ms; /* 0 = never */
		double ready;
	} looks[STAGE_COUNT];
};

static bool
ask_broker(struct queues *queues, const char *queue, json_t *row)
{
	struct failure failure;
	uint32_t ready = 0, consumers = 0;

	if (queues->broker == NULL &&
	    broker_open(&queues->broker, &client_running_settings(queues->call->client)->broker,
			BROKER_ADMIN, "sluicectl queues", &failure) != OUTCOME_DONE)
		goto failed;
	if (broker_declare_queue(queues->broker, queue, true, NULL, 0, &ready, &consumers,
				 &failure) != OUTCOME_DONE) {
		broker_abandon(&queues->broker);
		if (failure.code != AMQP_CODE_NOT_FOUND)
			goto failed;
		json_object_set_new(row, "missing", json_true());
		return true;
	}
	json_object_set_new(row, "ready", json_integer(ready));
	json_object_set_new(row, "consumers", json_integer(consumers));
	return true;
failed:
	if (!queues->warned)
		log_warning("%s; showing what the workers saw last", failure.text);
	queues->warned = true;
	queues->broker_failed = true;
	queues->broker_unreachable = failure.exit_code == EX_UNAVAILABLE;
	return false;
}

static void
ctl_queues_copy(const json_t *from, json_t *to, const char *name, const char *as)
{
	json_t *value = json_object_get(from, name);

	json_object_set(to, as, value != NULL ? value : json_null());
}

/*
 * Growth and drain by two looks at the queue, some time apart; what is in hand does not move while
 * the workers say nothing.
 */
static void
compare_looks(struct queues *queues, const struct stage *stage, json_t *live)
{
	struct look *before = &queues->looks[stage - stage_table], now;
	double growth;

	now = (struct look){.at_ms = clock_mono_ms(), .ready = member_number(live, "ready", 0)};
	if (before->at_ms == 0) {
		const struct timespec pause = {.tv_sec = LOOK_AGAIN_MS / 1000};

		*before = now;
		nanosleep(&pause, NULL);
		if (!ask_broker(queues, stage->queue, live))
			return;
		now = (struct look){.at_ms = clock_mono_ms(),
				    .ready = member_number(live, "ready", 0)};
	}
	growth = (now.ready - before->ready) * 1000 / (double)MAX(1, now.at_ms - before->at_ms);
	json_object_set_new(live, "growth_per_s", json_real(growth));
	if (growth < 0)
		json_object_set_new(live, "drain_s", json_real(now.ready / -growth));
	*before = now;
}

/* The broker's count is fresh, and the workers' drain is of an older one. */
static void
set_drain(const json_t *report, json_t *live)
{
	double left = member_number(live, "ready", 0) + member_number(live, "unacked", 0);
	double taken = member_number(report, "taken_per_s", 0);

	if (left == 0)
		json_object_set_new(live, "drain_s", json_real(0));
	else
		json_object_set_new(live, "drain_s",
				    taken > 0 ? json_real(left / taken) : json_null());
}

/* How many lines that may be: by how many a message had until now. */
static void
set_lines(const json_t *counters, json_t *live)
{
	double messages = member_number(counters, "frames_in", 0);
	double left = member_number(live, "ready", 0) + member_number(live, "unacked", 0);

	if (messages > 0)
		json_object_set_new(
			live, "lines_about",
			json_integer((json_int_t)(left * member_number(counters, "lines_in", 0) /
						  messages)));
}

/* Somebody consumes dead letters: what is not there any more but was, is in that hand. */
static void
set_held(const json_t *report, json_t *dead)
{
	double held = member_number(report, "dead", 0) - member_number(dead, "ready", 0);

	if (member_number(dead, "consumers", 0) > 0 && held > 0)
		json_object_set_new(dead, "unacked", json_integer((json_int_t)held));
}

/* A queue of lines and its dead letters; role is what sluiced says of their workers, or NULL. */
static bool
ctl_queues_add(struct queues *queues, const struct stage *stage, const json_t *role, json_t *rows)
{
	const json_t *report = json_object_get(role, "queue");
	bool known = member_is_true(report, "known"), asked = false;
	json_t *live = json_pack("{s:s}", "name", stage->queue);
	json_t *dead = json_pack("{s:s}", "name", stage->dead_queue);

	ctl_queues_copy(known ? report : NULL, live, "ready", "ready");
	ctl_queues_copy(known ? report : NULL, live, "consumers", "consumers");
	ctl_queues_copy(report, live, "in_hand", "unacked");
	ctl_queues_copy(known ? report : NULL, live, "growth_per_s", "growth_per_s");
	ctl_queues_copy(known ? report : NULL, live, "drain_s", "drain_s");
	ctl_queues_copy(report, live, "oldest_s", "oldest_s");
	ctl_queues_copy(known ? report : NULL, dead, "dead", "ready");
	if (!queues->broker_failed)
		asked = ask_broker(queues, stage->queue, live) &&
			ask_broker(queues, stage->dead_queue, dead);
	if (asked && known)
		set_drain(report, live);
	else if (asked && !member_is_true(live, "missing"))
		compare_looks(queues, stage, live);
	if (asked && known)
		set_held(report, dead);
	if (asked || known)
		set_lines(json_object_get(role, "counters"), live);
	json_array_append_new(rows, live);
	json_array_append_new(rows, dead);
	return asked || known;
}

static char *
ctl_queues_cell(const json_t *row, const char *name, bool is_time)
{
	double value = member_number(row, name, -1e300);
	char text[32];

	if (value < -1e299)
		return xstrdup(member_is_true(row, "missing") ? "missing" : "-");
	if (is_time)
		return xstrdup(human_duration((int64_t)(value * 1000), text, sizeof(text)));
	if (strcmp(name, "growth_per_s") == 0)
		return xasprintf("%+.1f", value);
	return xstrdup(human_count((uint64_t)value, text, sizeof(text)));
}

static void
ctl_queues_print(const json_t *answer, FILE *out)
{
	static const struct {
		const char *title, *name;
		bool is_time;
	} columns[] = {
		{"QUEUE", "name", false},	   {"READY", "ready", false},
		{"UNACKED", "unacked", false},	   {"LINES ~", "lines_about", false},
		{"CONSUMERS", "consumers", false}, {"GROWTH/s", "growth_per_s", false},
		{"DRAIN", "drain_s", true},	   {"OLDEST", "oldest_s", true},
	};
	struct libscols_table *table = text_table_new();
	const json_t *row;
	size_t i;

	for (i = 0; i < ARRAY_LEN(columns); i++)
		text_table_column(table, columns[i].title, i > 0);
	json_array_foreach(json_object_get(answer, "queues"), i, row)
	{
		struct libscols_line *line = text_table_row(table);

		text_table_cell(line, 0, xstrdup(member_text(row, "name", "?")), NULL);
		for (size_t c = 1; c < ARRAY_LEN(columns); c++)
			text_table_cell(line, c,
					ctl_queues_cell(row, columns[c].name, columns[c].is_time),
					NULL);
	}
	text_table_print(table, out);
}

static int
ctl_queues_show(void *context)
{
	struct queues *queues = context;
	struct client *client = queues->call->client;
	json_t *rows = json_array(), *answer = json_pack("{s:o}", "queues", rows), *status;
	bool known = true;
	int exit_code;

	queues->broker_failed = false;
	queues->broker_unreachable = false;
	client->quiet = true;
	status = client_ask(client, "status", NULL, &exit_code);
	for (unsigned i = 0; i < ROLE_COUNT; i++) {
		const json_t *role =
			json_object_get(json_object_get(status, "roles"), role_table[i].name);

		if (role_table[i].queue != NULL)
			known &= ctl_queues_add(queues, &stage_table[role_stage(i)], role, rows);
	}
	output_value(&queues->call->output, answer, ctl_queues_print);
	json_decref(answer);
	json_decref(status);
	if (!queues->broker_failed)
		queues->warned = false;
	/* Who watches on is shown what the workers saw last, until the broker is back. */
	if (queues->broker_unreachable && !options_has(&queues->call->options, "watch"))
		return EX_UNAVAILABLE;
	return known ? CTL_OK : EX_UNAVAILABLE;
}

int
ctl_queues(struct call *call)
{
	struct queues queues = {.call = call};
	int exit_code =
		watch_repeat(options_number(&call->options, "watch"), ctl_queues_show, &queues);

	broker_close(&queues.broker);
	return exit_code;
}
