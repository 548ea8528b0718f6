/* SPDX-License-Identifier: MIT */
/*
 * command_status.c - how everything is, as JSON. Members are only ever added; readers ignore those
 * they do not know.
 *
 * version, pid, uptime_s, settings (path), draining (sluiced is ending)
 * roles     one object per role: wanted (count), running (processes), ready, rate_per_s, total,
 *           rejected, counters (sums over all slots, also of children that are gone: they never go
 * down) slots     the slots that are wanted or in use, in order: name ("lake/0"), role, slot
 * (number in the role), state (STOPPED STARTING RUNNING BACKOFF STOPPING FATAL), wanted, held
 * (stopped by an operator), ready, report (starting ready waiting draining: what the child last
 * said), restart_pending, pid, uptime_s (null without a process), restarts (since sluiced began),
 * restart_in_s (null unless BACKOFF), failures (in a row), rate_per_s (over the last 5 s), total
 * (producer: lines confirmed; worker: rows stored + known + lines rejected), rejected, counters
 * (each by its name), last_error, last_error_at (ISO 8601, null without one), in_hand deaths    the
 * last ones, newest first: at, name, pid, exit_code, signal (one of them null), cause (text), why
 * ("hung" or the like; "" = by itself), uptime_s, in_hand
 */
#include "supervisor/commands.h"
#include "common/clock.h"

#include <stdio.h>
#include <unistd.h>

static json_t *
moment(int64_t wall_ms)
{
	time_t seconds = (time_t)(wall_ms / 1000);
	struct tm utc;
	char text[40] = "";
	size_t used;

	if (gmtime_r(&seconds, &utc) == NULL)
		return json_null();
	used = strftime(text, sizeof(text), "%Y-%m-%dT%H:%M:%S", &utc);
	snprintf(text + used, sizeof(text) - used, ".%03dZ", (int)(wall_ms % 1000));
	return json_string(text);
}

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
add_counters(const struct slot *slot, uint64_t counters[COUNTER_COUNT])
{
	for (unsigned i = 0; i < COUNTER_COUNT; i++)
		counters[i] += status_counter(slot->page, (enum counter)i);
}

static void
add_texts(json_t *object, const struct slot *slot)
{
	char text[STATUS_TEXT_MAX];
	int64_t wall_ms = status_read_text(&slot->page->last_error, text, sizeof(text));

	json_object_set_new(object, "last_error", request_text(text));
	json_object_set_new(object, "last_error_at",
			    text[0] != '\0' ? moment(wall_ms) : json_null());
	status_in_hand_text(slot->page, text, sizeof(text));
	json_object_set_new(object, "in_hand", request_text(text));
}

static json_t *
slot_json(const struct pool *pool, const struct slot *slot, int64_t now_ms)
{
	const struct child *child = &slot->child;
	bool alive = slot->pid > 0;
	uint64_t counters[COUNTER_COUNT] = {0};
	json_t *object = json_object();

	add_counters(slot, counters);
	json_object_set_new(object, "name", json_string(slot->name));
	json_object_set_new(object, "role", json_string(role_table[slot->role].name));
	json_object_set_new(object, "slot", json_integer(slot->index));
	json_object_set_new(object, "state", json_string(child_state_name(child->state)));
	json_object_set_new(object, "wanted", json_boolean(slot_is_wanted(pool, slot)));
	json_object_set_new(object, "held", json_boolean(slot->held));
	json_object_set_new(object, "ready", json_boolean(slot_is_ready(slot)));
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
	json_object_set_new(object, "rate_per_s", json_real(alive ? rate_per_s(&slot->rate) : 0));
	json_object_set_new(object, "total", count_json(role_total(slot->role, slot->page)));
	json_object_set_new(object, "rejected", count_json(counters[COUNTER_LINES_REJECTED]));
	json_object_set_new(object, "counters", counters_json(counters));
	add_texts(object, slot);
	return object;
}

static json_t *
role_json(struct pool *pool, enum role_id role)
{
	uint64_t counters[COUNTER_COUNT] = {0}, total = 0;
	unsigned running = 0, ready = 0;
	double rate = 0;

	for (unsigned i = 0; i < role_table[role].max; i++) {
		const struct slot *slot = pool_slot(pool, role, i);

		if (slot->starts == 0)
			continue; /* its page is untouched, and shall not cost memory */
		add_counters(slot, counters);
		total += role_total(role, slot->page);
		rate += slot->pid > 0 ? rate_per_s(&slot->rate) : 0;
		running += slot->pid > 0 ? 1 : 0;
		ready += slot_is_ready(slot) ? 1 : 0;
	}
	return json_pack("{s:i, s:i, s:i, s:f, s:o, s:o, s:o}", "wanted", (int)pool->wanted[role],
			 "running", (int)running, "ready", (int)ready, "rate_per_s", rate, "total",
			 count_json(total), "rejected",
			 count_json(counters[COUNTER_LINES_REJECTED]), "counters",
			 counters_json(counters));
}

static json_t *
deaths_json(const struct deaths *deaths)
{
	json_t *list = json_array();
	const struct death *death;

	for (size_t back = 0; (death = deaths_get(deaths, back)) != NULL; back++) {
		char cause[96];

		death_cause(death->exit_code, death->signal, cause, sizeof(cause));
		json_array_append_new(
			list,
			json_pack("{s:o, s:s, s:i, s:o, s:o, s:s, s:s, s:o, s:o}", "at",
				  moment(death->wall_ms), "name", death->name, "pid",
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
	struct pool *pool = &supervisor->pool;
	int64_t now_ms = clock_mono_ms();
	json_t *roles = json_object(), *slots = json_array();

	for (unsigned role = 0; role < ROLE_COUNT; role++)
		json_object_set_new(roles, role_table[role].name,
				    role_json(pool, (enum role_id)role));
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
