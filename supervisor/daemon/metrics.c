/* SPDX-License-Identifier: MIT */
/*
 * metrics.c - Prometheus text. One function per family of metrics; each prints its HELP and TYPE
 * once.
 */
#include "supervisor/daemon/metrics.h"
#include "common/base/clock.h"
#include "common/base/xalloc.h"
#include "common/base/log.h"
#include "supervisor/daemon/load.h"

#include <inttypes.h>
#include <stdlib.h>

static void
print_head(FILE *out, const char *name, const char *type, const char *help)
{
	fprintf(out, "# HELP sluice_%s %s\n# TYPE sluice_%s %s\n", name, help, name, type);
}

static void
print_process(const struct supervisor *supervisor, FILE *out)
{
	int64_t age_ms = clock_mono_ms() - supervisor->started_ms;

	print_head(out, "build_info", "gauge", "always 1; the version is in the label");
	fprintf(out, "sluice_build_info{version=\"%s\"} 1\n", SLUICE_VERSION);
	print_head(out, "start_time_seconds", "gauge", "when sluiced started, seconds since 1970");
	fprintf(out, "sluice_start_time_seconds %.3f\n", (double)(clock_wall_ms() - age_ms) / 1000);
	print_head(out, "child_deaths_total", "counter",
		   "children that ended without having been asked to");
	for (unsigned role = 0; role < ROLE_COUNT; role++)
		fprintf(out, "sluice_child_deaths_total{role=\"%s\"} %" PRIu64 "\n",
			role_table[role].name, supervisor->pool.deaths.by_role[role]);
}

/* The children's are among the counters. */
static void
print_own_log(FILE *out)
{
	print_head(out, "supervisor_log_lines_dropped_total", "counter",
		   "sluiced's own log lines dropped because nobody read standard error");
	fprintf(out, "sluice_supervisor_log_lines_dropped_total %" PRIu64 "\n", log_dropped());
}

static unsigned
count_state(const struct pool *pool, enum role_id role, enum child_state state)
{
	unsigned count = 0;

	for (unsigned i = 0; i < role_table[role].max; i++)
		count += pool->slots[role_table[role].first_slot + i].child.state == state;
	return count;
}

static uint64_t
count_starts(const struct pool *pool, enum role_id role)
{
	uint64_t count = 0;

	for (unsigned i = 0; i < role_table[role].max; i++)
		count += pool->slots[role_table[role].first_slot + i].starts;
	return count;
}

static void
print_children(const struct pool *pool, FILE *out)
{
	print_head(out, "children", "gauge", "children by state; STOPPED ones are not counted");
	for (unsigned role = 0; role < ROLE_COUNT; role++)
		for (unsigned state = CHILD_STARTING; state < CHILD_STATE_COUNT; state++)
			fprintf(out, "sluice_children{role=\"%s\",state=\"%s\"} %u\n",
				role_table[role].name, child_state_name((enum child_state)state),
				count_state(pool, (enum role_id)role, (enum child_state)state));
	print_head(out, "children_wanted", "gauge", "children that are to run");
	for (unsigned role = 0; role < ROLE_COUNT; role++)
		fprintf(out, "sluice_children_wanted{role=\"%s\"} %u\n", role_table[role].name,
			pool->wanted[role]);
	print_head(out, "children_ready", "gauge", "children that say they are ready");
	for (unsigned role = 0; role < ROLE_COUNT; role++)
		fprintf(out, "sluice_children_ready{role=\"%s\"} %u\n", role_table[role].name,
			load_ready(pool->slots, (enum role_id)role));
	print_head(out, "paused", "gauge", "1 when the role was told to take no more work");
	for (unsigned role = 0; role < ROLE_COUNT; role++)
		fprintf(out, "sluice_paused{role=\"%s\"} %d\n", role_table[role].name,
			pool->loads[role].paused);
	print_head(out, "child_starts_total", "counter", "processes started");
	for (unsigned role = 0; role < ROLE_COUNT; role++)
		fprintf(out, "sluice_child_starts_total{role=\"%s\"} %" PRIu64 "\n",
			role_table[role].name, count_starts(pool, (enum role_id)role));
}

static void
print_counters(const struct pool *pool, FILE *out)
{
	for (unsigned i = 0; i < COUNTER_COUNT; i++) {
		char name[64];

		snprintf(name, sizeof(name), "%s_total", counter_name((enum counter)i));
		print_head(out, name, "counter", counter_help((enum counter)i));
		for (unsigned role = 0; role < ROLE_COUNT; role++)
			fprintf(out, "sluice_%s{role=\"%s\"} %" PRIu64 "\n", name,
				role_table[role].name,
				load_counter(pool->slots, (enum role_id)role, (enum counter)i));
	}
	print_head(out, "dead_letters_total", "counter",
		   "lines that became dead letters, by reason");
	for (unsigned role = 0; role < ROLE_COUNT; role++)
		for (unsigned i = REASON_NONE + 1; i < REASON_COUNT; i++)
			fprintf(out,
				"sluice_dead_letters_total{role=\"%s\",reason=\"%s\"} %" PRIu64
				"\n",
				role_table[role].name, reason_name((enum reason)i),
				load_rejected(pool->slots, (enum role_id)role, (enum reason)i));
}

/* What nobody has looked at lately is left out rather than told wrong: the HELP says so. */
static void
print_queue_gauge(const struct pool *pool, FILE *out, const char *name, const char *help,
		  int64_t (*value)(const struct load_queue *queue))
{
	char full_help[160];

	snprintf(full_help, sizeof(full_help),
		 "%s; asked by workers: absent while the role has none", help);
	print_head(out, name, "gauge", full_help);
	for (unsigned role = 0; role < ROLE_COUNT; role++) {
		struct load_queue queue =
			load_queue(pool->slots, (enum role_id)role, clock_mono_ms());

		if (queue.known && value(&queue) >= 0)
			fprintf(out, "sluice_%s{queue=\"%s\"} %" PRId64 "\n", name,
				role_table[role].queue, value(&queue));
	}
}

static int64_t
queue_ready(const struct load_queue *queue)
{
	return queue->ready;
}

static int64_t
queue_in_hand(const struct load_queue *queue)
{
	return queue->in_hand;
}

static int64_t
queue_consumers(const struct load_queue *queue)
{
	return queue->consumers;
}

static int64_t
queue_dead(const struct load_queue *queue)
{
	return queue->dead;
}

static int64_t
queue_oldest(const struct load_queue *queue)
{
	return queue->oldest_s;
}

static void
print_queues(const struct pool *pool, FILE *out)
{
	print_queue_gauge(pool, out, "queue_messages_ready", "messages that wait in the queue",
			  queue_ready);
	print_queue_gauge(pool, out, "queue_messages_in_hand",
			  "messages taken by workers of this sluiced, not yet acknowledged",
			  queue_in_hand);
	print_queue_gauge(pool, out, "queue_consumers", "consumers of the queue, on any host",
			  queue_consumers);
	print_queue_gauge(pool, out, "queue_dead_letters", "messages in its dead-letter queue",
			  queue_dead);
	print_queue_gauge(pool, out, "queue_oldest_seconds", "age of the oldest message in hand",
			  queue_oldest);
}

static void
print_histogram(const struct pool *pool, FILE *out, enum histogram_kind kind)
{
	const char *name = histogram_name(kind);
	const int64_t *bounds_ms = histogram_bounds_ms(kind);

	print_head(out, name, "histogram", histogram_help(kind));
	for (unsigned role = 0; role < ROLE_COUNT; role++) {
		struct histogram_sum sum = load_histogram(pool->slots, (enum role_id)role, kind);
		const char *role_name = role_table[role].name;
		uint64_t so_far = 0;

		if (role_table[role].queue == NULL)
			continue;
		for (unsigned i = 0; i < HISTOGRAM_BOUNDS; i++) {
			so_far += sum.counts[i];
			fprintf(out, "sluice_%s_bucket{role=\"%s\",le=\"%g\"} %" PRIu64 "\n", name,
				role_name, (double)bounds_ms[i] / 1000, so_far);
		}
		so_far += sum.counts[HISTOGRAM_BOUNDS];
		fprintf(out,
			"sluice_%s_bucket{role=\"%s\",le=\"+Inf\"} %" PRIu64
			"\nsluice_%s_sum{role=\"%s\"} %.3f\nsluice_%s_count{role=\"%s\"} %" PRIu64
			"\n",
			name, role_name, so_far, name, role_name, (double)sum.sum_ms / 1000, name,
			role_name, so_far);
	}
}

/* Absent until a producer of this host has reported. */
static void
print_inputs(const struct input_table *shared, FILE *out)
{
	struct input_table *table = xcalloc(1, sizeof(*table));
	bool known = input_table_read(shared, table);
	const struct {
		const char *name, *help;
		double value;
	} gauges[] = {
		{"input_files", "files that are followed", (double)table->total},
		{"input_files_open", "of them, those that hold a descriptor", (double)table->open},
		{"input_behind_bytes", "bytes in them that the broker has not confirmed",
		 (double)table->behind_bytes},
		{"input_behind_seconds", "how long the oldest of those bytes has been there",
		 (double)table->lag_ms / 1000},
		{"input_unread_files",
		 "files that were packed before they were read, not acknowledged",
		 (double)table->unread_total},
		{"input_unread_bytes", "bytes in them that were not read, as far as known",
		 (double)table->unread_bytes},
	};

	for (size_t i = 0; i < ARRAY_LEN(gauges) && known; i++) {
		print_head(out, gauges[i].name, "gauge", gauges[i].help);
		fprintf(out, "sluice_%s %.15g\n", gauges[i].name, gauges[i].value);
	}
	free(table);
}

void
metrics_print(const struct supervisor *supervisor, FILE *out)
{
	const struct pool *pool = &supervisor->pool;

	print_process(supervisor, out);
	print_own_log(out);
	print_children(pool, out);
	print_counters(pool, out);
	print_queues(pool, out);
	print_inputs(supervisor->spawner.inputs, out);
	for (unsigned i = 0; i < HISTOGRAM_COUNT; i++)
		print_histogram(pool, out, (enum histogram_kind)i);
}
