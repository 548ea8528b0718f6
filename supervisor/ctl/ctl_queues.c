/* SPDX-License-Identifier: MIT */
/*
 * ctl_queues.c - `sluicectl queues`: the broker's own counts, and beside them what the workers
 * report.
 *
 * The broker is asked by passive declares, which need no more than AMQP; who may not read the
 * password, or whose broker is away, still sees what the workers saw last.
 */
#include "common/broker/broker_errors.h"
#include "common/base/log.h"
#include "common/broker/topology.h"
#include "common/broker/broker_declare.h"
#include "common/base/xalloc.h"
#include "supervisor/cli/ctl.h"
#include "supervisor/shared/human.h"

#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>

enum { OPTION_JSON = 256, OPTION_WATCH };

struct queues_options {
	bool json;
	int64_t watch_ms;
	struct broker *broker; /* NULL = not connected */
	bool broker_failed;    /* this time; it is tried again at the next */
	bool broker_away;      /* and it was not that we may not ask it */
	bool said;
};

static bool
ask_broker(struct ctl *ctl, struct queues_options *options, const char *queue, json_t *row)
{
	struct failure failure;
	uint32_t ready = 0, consumers = 0;

	if (options->broker == NULL &&
	    broker_open(&options->broker, &ctl_running_settings(ctl)->broker, BROKER_ADMIN,
			"sluicectl queues", &failure) != OUTCOME_DONE)
		goto failed;
	if (broker_declare_queue(options->broker, queue, true, NULL, 0, &ready, &consumers,
				 &failure) != OUTCOME_DONE) {
		broker_abandon(&options->broker);
		if (failure.code != AMQP_CODE_NOT_FOUND)
			goto failed;
		json_object_set_new(row, "missing", json_true());
		return true;
	}
	json_object_set_new(row, "ready", json_integer(ready));
	json_object_set_new(row, "consumers", json_integer(consumers));
	return true;
failed:
	if (!options->said)
		log_warning("%s; showing what the workers saw last", failure.text);
	options->said = true;
	options->broker_failed = true;
	options->broker_away = failure.exit_code == EX_UNAVAILABLE;
	return false;
}

static void
copy(const json_t *from, json_t *to, const char *name, const char *as)
{
	json_t *value = json_object_get(from, name);

	json_object_set(to, as, value != NULL ? value : json_null());
}

/* A queue of lines and its dead letters; report is what the workers say, or NULL. */
static bool
add_rows(struct ctl *ctl, struct queues_options *options, const struct stage *stage,
	 const json_t *report, json_t *rows)
{
	bool known = json_is_true(json_object_get(report, "known")), asked = false;
	json_t *live = json_pack("{s:s}", "name", stage->queue);
	json_t *dead = json_pack("{s:s}", "name", stage->dead_queue);

	copy(known ? report : NULL, live, "ready", "ready");
	copy(known ? report : NULL, live, "consumers", "consumers");
	copy(known ? report : NULL, live, "in_hand", "unacked");
	copy(known ? report : NULL, live, "growth_per_s", "growth_per_s");
	copy(known ? report : NULL, live, "drain_s", "drain_s");
	copy(known ? report : NULL, live, "oldest_s", "oldest_s");
	copy(known ? report : NULL, dead, "dead", "ready");
	if (!options->broker_failed)
		asked = ask_broker(ctl, options, stage->queue, live) &&
			ask_broker(ctl, options, stage->dead_queue, dead);
	json_array_append_new(rows, live);
	json_array_append_new(rows, dead);
	return asked || known;
}

static char *
cell(const json_t *row, const char *name, bool is_time)
{
	double value = ctl_number(row, name, -1e300);
	char text[32];

	if (value < -1e299)
		return xstrdup(json_is_true(json_object_get(row, "missing")) ? "missing" : "-");
	if (is_time)
		return xstrdup(human_duration((int64_t)(value * 1000), text, sizeof(text)));
	if (strcmp(name, "growth_per_s") == 0)
		return xasprintf("%+.1f", value);
	return xstrdup(human_count((uint64_t)value, text, sizeof(text)));
}

static void
print_rows(const json_t *rows)
{
	static const struct {
		const char *title, *name;
		bool is_time;
	} columns[] = {
		{"QUEUE", "name", false},
		{"READY", "ready", false},
		{"UNACKED", "unacked", false},
		{"CONSUMERS", "consumers", false},
		{"GROWTH/s", "growth_per_s", false},
		{"DRAIN", "drain_s", true},
		{"OLDEST", "oldest_s", true},
	};
	struct libscols_table *table = ctl_table_new();
	const json_t *row;
	size_t i;

	for (i = 0; i < ARRAY_LEN(columns); i++)
		ctl_table_column(table, columns[i].title, i > 0);
	json_array_foreach(rows, i, row)
	{
		struct libscols_line *line = ctl_table_row(table);

		ctl_table_cell(line, 0, xstrdup(ctl_text(row, "name", "?")), NULL);
		for (size_t c = 1; c < ARRAY_LEN(columns); c++)
			ctl_table_cell(line, c, cell(row, columns[c].name, columns[c].is_time),
				       NULL);
	}
	ctl_table_print(table);
}

static int
ctl_queues_show(struct ctl *ctl, void *context)
{
	struct queues_options *options = context;
	json_t *rows = json_array(), *status;
	bool known = true;
	int exit_code;

	options->broker_failed = false;
	options->broker_away = false;
	ctl->quiet = true;
	status = ctl_ask(ctl, "status", NULL, &exit_code);
	for (unsigned i = 0; i < ROLE_COUNT; i++) {
		const json_t *role =
			json_object_get(json_object_get(status, "roles"), role_table[i].name);

		if (role_table[i].queue != NULL)
			known &= add_rows(ctl, options, &stage_table[role_stage(i)],
					  json_object_get(role, "queue"), rows);
	}
	if (options->json) {
		json_t *all = json_pack("{s:O}", "queues", rows);

		ctl_print_json(all);
		json_decref(all);
	} else {
		print_rows(rows);
	}
	json_decref(rows);
	json_decref(status);
	if (!options->broker_failed)
		options->said = false;
	/* Who watches on is shown what the workers saw last, until the broker is back. */
	if (options->broker_away && options->watch_ms == 0)
		return EX_UNAVAILABLE;
	return known ? CTL_OK : EX_UNAVAILABLE;
}

int
ctl_queues(struct ctl *ctl, int argc, char **argv)
{
	static const struct option long_options[] = {
		{"json", no_argument, NULL, OPTION_JSON},
		{"watch", optional_argument, NULL, OPTION_WATCH},
		{NULL, 0, NULL, 0},
	};
	struct queues_options options = {.json = false};
	int option, exit_code;

	while ((option = ctl_getopt(argc, argv, ":", long_options)) != -1) {
		if (option == OPTION_JSON)
			options.json = true;
		else if (option != OPTION_WATCH)
			return EX_USAGE;
		else if (ctl_parse_watch(argv[0], optarg, &options.watch_ms) != 0)
			return EX_USAGE;
	}
	if (ctl_expect_end(argc, argv) != 0)
		return EX_USAGE;
	exit_code = ctl_repeat(ctl, options.watch_ms, ctl_queues_show, &options);
	broker_close(&options.broker);
	return exit_code;
}
