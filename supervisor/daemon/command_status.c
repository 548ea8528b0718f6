/* SPDX-License-Identifier: MIT */
/*
 * command_status.c - how everything is, as JSON.
 */
#include "supervisor/daemon/command_status.h"
#include "common/base/clock.h"
#include "supervisor/daemon/load.h"

#include <stdio.h>
#include <unistd.h>

static json_t *
seconds_or_null(bool known, int64_t ms)
{
	return known ? json_real((double)MAX(ms, 0) / 1000) : json_null();
}

/* Counters are the children's to write; JSON's integers are signed. */
static json_t *
count_json(uint64_t count)
{
	return json_integer((json_int_t)MIN(count, (uint64_t)INT64_MAX));
}

static json_t *
counters_json(const uint64_t counters[COUNTER_COUNT])
{
	json_t *object = json_object();

	for (unsigned i = 0; i < COUNTER_COUNT; i++)
		json_object_set_new(object, counter_name((enum counter)i), count_json(counters[i]));
	return object;
}

static void
add_texts(json_t *object, const struct slot *slot, int64_t now_ms)
{
	char text[STATUS_TEXT_MAX];
	int64_t wall_ms = slot_read_error(slot, now_ms, text, sizeof(text));

	json_object_set_new(object, "last_error", request_text(text));
	json_object_set_new(object, "last_error_at",
			    text[0] != '\0' ? request_time(wall_ms > 0 ? wall_ms : clock_wall_ms())
					    : json_null());
	status_in_hand_text(slot->page, text, sizeof(text));
	json_object_set_new(object, "in_hand", request_text(text));
}

static json_t *
slot_json(const struct pool *pool, const struct slot *slot, int64_t now_ms)
{
	const struct child *child = &slot->child;
	bool alive = slot->pid > 0;
	uint64_t counters[COUNTER_COUNT];
	json_t *object = json_object();

	for (unsigned i = 0; i < COUNTER_COUNT; i++)
		counters[i] = status_counter(slot->page, (enum counter)i);
	json_object_set_new(object, "name", json_string(slot->name));
	json_object_set_new(object, "role", json_string(role_table[slot->role].name));
	json_object_set_new(object, "slot", json_integer(slot->index));
	json_object_set_new(object, "state", json_string(child_state_name(child->state)));
	json_object_set_new(object, "wanted", json_boolean(pool_wants(pool, slot)));
	json_object_set_new(object, "held", json_boolean(slot->held));
	json_object_set_new(object, "ready", json_boolean(slot_is_ready(slot)));
	json_object_set_new(object, "pause_wanted", json_boolean(pool->loads[slot->role].paused));
	json_object_set_new(object, "paused", json_boolean(slot_is_paused(slot)));
	json_object_set_new(
		object, "report",
		json_string(report_name((enum child_report)atomic_load(&slot->page->report))));
	json_object_set_new(object, "restart_pending", json_boolean(slot->roll != ROLL_NONE));
	json_object_set_new(object, "pid", alive ? json_integer(slot->pid) : json_null());
	json_object_set_new(object, "uptime_s", seconds_or_null(alive, now_ms - child->started_ms));
	json_object_set_new(object, "restarts",
			    json_integer(slot->starts > 0 ? slot->starts - 1 : 0));
	json_object_set_new(
		object, "restart_in_s",
		seconds_or_null(child->state == CHILD_BACKOFF, child->deadline_ms - now_ms));
	json_object_set_new(object, "failures", json_integer(child->backoff.tries));
	json_object_set_new(object, "rate_per_s",
			    json_real(alive ? rate_per_s(&slot->rate, RATE_SHORT_S) : 0));
	json_object_set_new(object, "total", count_json(slot_total(slot)));
	json_object_set_new(object, "rejected", count_json(counters[COUNTER_LINES_REJECTED]));
	json_object_set_new(object, "counters", counters_json(counters));
	json_object_set_new(
		object, "storing_s",
		seconds_or_null(slot_storing_ms(slot, now_ms) >= 0, slot_storing_ms(slot, now_ms)));
	add_texts(object, slot, now_ms);
	return object;
}

static json_t *
queue_json(const struct pool *pool, enum role_id role, int64_t now_ms)
{
	const struct load *load = &pool->loads[role];
	struct load_queue queue = load_queue(pool->slots, role, now_ms);
	double taken = rate_per_s(&load->messages, LOAD_RATE_S);
	int64_t left = queue.ready + queue.in_hand;
	json_t *drain = json_null();

	if (role_table[role].queue == NULL)
		return json_null();
	if (queue.known && (left == 0 || taken > 0))
		drain = json_real(left == 0 ? 0 : (double)left / taken);
	return json_pack("{s:s, s:b, s:I, s:I, s:I, s:I, s:o, s:f, s:f, s:o}", "name",
			 role_table[role].queue, "known", (int)queue.known, "ready",
			 (json_int_t)queue.ready, "consumers", (json_int_t)queue.consumers, "dead",
			 (json_int_t)queue.dead, "in_hand", (json_int_t)queue.in_hand, "oldest_s",
			 queue.oldest_s >= 0 ? json_integer((json_int_t)queue.oldest_s)
					     : json_null(),
			 "taken_per_s", taken, "growth_per_s",
			 rate_change_per_s(&load->depth, LOAD_RATE_S), "drain_s", drain);
}

static json_t *
histogram_json(const struct pool *pool, enum role_id role, enum histogram_kind kind)
{
	struct histogram_sum sum = load_histogram(pool->slots, role, kind);
	json_t *bounds = json_array(), *counts = json_array();

	for (unsigned i = 0; i < HISTOGRAM_BOUNDS; i++)
		json_array_append_new(bounds,
				      json_real((double)histogram_bounds_ms(kind)[i] / 1000));
	for (unsigned i = 0; i <= HISTOGRAM_BOUNDS; i++)
		json_array_append_new(counts, count_json(sum.counts[i]));
	return json_pack("{s:o, s:o, s:f}", "bounds", bounds, "counts", counts, "sum",
			 (double)sum.sum_ms / 1000);
}

static json_t *
reasons_json(const struct pool *pool, enum role_id role)
{
	json_t *object = json_object();

	for (unsigned i = REASON_NONE + 1; i < REASON_COUNT; i++) {
		uint64_t count = load_rejected(pool->slots, role, (enum reason)i);

		if (count > 0)
			json_object_set_new(object, reason_name((enum reason)i), count_json(count));
	}
	return object;
}

static json_t *
dead_letters_json(const struct pool *pool, enum role_id role, int64_t now_ms)
{
	const struct rejects *rejects = &pool->loads[role].rejects;
	struct rejects_totals totals = load_rejects_totals(pool->slots, role);
	struct rejects_view view = rejects_view(rejects, &totals, now_ms);
	struct load_queue queue = load_queue(pool->slots, role, now_ms);

	if (role_table[role].queue == NULL)
		return json_null();
	return json_pack("{s:o, s:s, s:o, s:o, s:f, s:f, s:f, s:s}", "waiting",
			 queue.known ? json_integer((json_int_t)queue.dead) : json_null(), "state",
			 rejects_state_name(rejects->state), "lines", count_json(view.lines),
			 "rejected", count_json(view.rejected), "percent", view.percent,
			 "per_minute", view.per_minute, "window_s",
			 (double)rejects->limits.window_ms / 1000, "reason",
			 view.rejected > 0 ? reason_name(view.reason) : "");
}

static json_t *
autoscale_json(const struct autoscale_limits *limits)
{
	if (limits->max == 0)
		return json_null();
	return json_pack("{s:i, s:i, s:I}", "min", (int)limits->min, "max", (int)limits->max,
			 "drain_s", (json_int_t)limits->drain_s);
}

static json_t *
role_json(const struct pool *pool, enum role_id role, int64_t now_ms)
{
	const struct load *load = &pool->loads[role];
	const struct rate *work = &load->work;
	uint64_t counters[COUNTER_COUNT];
	json_t *object;

	for (unsigned i = 0; i < COUNTER_COUNT; i++)
		counters[i] = load_counter(pool->slots, role, (enum counter)i);
	object = json_pack("{s:i, s:i, s:i, s:b, s:f, s:[f, f, f]}", "wanted",
			   (int)pool->wanted[role], "running", (int)load_running(pool->slots, role),
			   "ready", (int)load_ready(pool->slots, role), "paused", (int)load->paused,
			   "rate_per_s", rate_per_s(work, RATE_SHORT_S), "rates",
			   rate_per_s(work, 2), rate_per_s(work, 10), rate_per_s(work, 60));
	json_object_set_new(object, "total", count_json(load_total(pool->slots, role)));
	json_object_set_new(object, "rejected", count_json(counters[COUNTER_LINES_REJECTED]));
	json_object_set_new(object, "rejected_by_reason", reasons_json(pool, role));
	json_object_set_new(object, "dead_letters", dead_letters_json(pool, role, now_ms));
	json_object_set_new(object, "counters", counters_json(counters));
	json_object_set_new(object, "queue", queue_json(pool, role, now_ms));
	for (unsigned i = 0; i < HISTOGRAM_COUNT && role_table[role].queue != NULL; i++)
		json_object_set_new(object, histogram_name((enum histogram_kind)i),
				    histogram_json(pool, role, (enum histogram_kind)i));
	json_object_set_new(object, "autoscale", autoscale_json(&load->limits));
	return object;
}

static json_t *
deaths_json(const struct deaths *deaths)
{
	json_t *list = json_array();
	const struct death *death;

	for (size_t age = 0; (death = deaths_get(deaths, age)) != NULL; age++) {
		char cause[96];

		death_cause(death->exit_code, death->signal, cause, sizeof(cause));
		json_array_append_new(
			list,
			json_pack("{s:o, s:s, s:i, s:o, s:o, s:s, s:s, s:o, s:o}", "at",
				  request_time(death->wall_ms), "name", death->name, "pid",
				  (int)death->pid, "exit_code",
				  death->signal == 0 ? json_integer(death->exit_code) : json_null(),
				  "signal",
				  death->signal != 0 ? json_integer(death->signal) : json_null(),
				  "cause", cause, "why", death->why, "uptime_s",
				  seconds_or_null(true, death->uptime_ms), "in_hand",
				  request_text(death->in_hand)));
	}
	return list;
}

static bool
is_shown(const struct pool *pool, const struct slot *slot)
{
	return slot->index < pool->wanted[slot->role] || slot->child.state != CHILD_STOPPED;
}

json_t *
command_status(struct supervisor *supervisor, json_t *arguments UNUSED,
	       struct request_error *error UNUSED)
{
	const struct pool *pool = &supervisor->pool;
	int64_t now_ms = clock_mono_ms();
	json_t *roles = json_object(), *slots = json_array();

	for (unsigned role = 0; role < ROLE_COUNT; role++) {
		json_t *object = role_json(pool, (enum role_id)role, now_ms);

		json_object_set_new(
			object, "configured",
			json_integer(role_wanted((enum role_id)role, supervisor->settings)));
		json_object_set_new(roles, role_table[role].name, object);
	}
	for (unsigned i = 0; i < SLOT_COUNT; i++)
		if (is_shown(pool, &pool->slots[i]))
			json_array_append_new(slots, slot_json(pool, &pool->slots[i], now_ms));
	return json_pack("{s:s, s:i, s:o, s:o, s:b, s:o, s:o, s:o}", "version", SLUICE_VERSION,
			 "pid", (int)getpid(), "uptime_s",
			 seconds_or_null(true, now_ms - supervisor->started_ms), "settings",
			 request_text(supervisor->settings_path), "draining",
			 pool->draining ? 1 : 0, "roles", roles, "slots", slots, "deaths",
			 deaths_json(&pool->deaths));
}
