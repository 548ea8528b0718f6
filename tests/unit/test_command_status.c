/* SPDX-License-Identifier: MIT */
/*
 * test_command_status.c - the answer to "status": every member that command_status.h promises, also
 * when a child has spoilt its page.
 */
#include "supervisor/daemon/command_status.h"
#include "common/base/log.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>

static enum spawn_result
no_spawn(void *context UNUSED, const struct slot *slot UNUSED, pid_t *pid)
{
	*pid = 4711;
	return SPAWN_OK;
}

static void
no_signal(void *context UNUSED, pid_t pid UNUSED, int signal_number UNUSED)
{
}

/* Two lake workers: 0 starts, 1 has died. */
static int
open_supervisor(void **state)
{
	struct supervisor *supervisor = calloc(1, sizeof(*supervisor));
	struct pool_ops ops = {.spawn = no_spawn, .send_signal = no_signal};

	log_open("test", LOG_LEVEL_ERROR, LOG_STYLE_LOGFMT);
	supervisor->settings_path = strdup("/nowhere/sluice.conf");
	supervisor->settings = calloc(1, sizeof(*supervisor->settings));
	supervisor->settings->lake.workers = 5;
	supervisor->spawner.pages = calloc(SLOT_COUNT, STATUS_PAGE_SIZE);
	pool_init(&supervisor->pool, &ops, supervisor->spawner.pages);
	supervisor->pool.policy.restart_min_ms = supervisor->pool.policy.restart_max_ms = 60000;
	pool_scale(&supervisor->pool, ROLE_LAKE, 2);
	pool_slot(&supervisor->pool, ROLE_LAKE, 1)->pid = 4712;
	pool_reap(&supervisor->pool, 4712, SIGKILL);
	*state = supervisor;
	return 0;
}

static int
close_supervisor(void **state)
{
	struct supervisor *supervisor = *state;

	free(supervisor->settings_path);
	free(supervisor->settings);
	free(supervisor->spawner.pages);
	free(supervisor);
	return 0;
}

static json_t *
ask(struct supervisor *supervisor)
{
	json_t *arguments = json_object(), *answer;
	struct request_error error;

	answer = command_status(supervisor, arguments, &error);
	assert_non_null(answer);
	json_decref(arguments);
	return answer;
}

/* Exactly these members: readers go by them, and a new one belongs into command_status.h. */
static void
assert_members(const json_t *object, const char *const *names, size_t count)
{
	assert_true(json_is_object(object));
	for (size_t i = 0; i < count; i++)
		if (json_object_get(object, names[i]) == NULL)
			fail_msg("no member %s", names[i]);
	assert_int_equal(json_object_size(object), count);
}

#define ASSERT_MEMBERS(object, ...)                                \
	assert_members(object, (const char *const[]){__VA_ARGS__}, \
		       ARRAY_LEN(((const char *const[]){__VA_ARGS__})))

static void
test_members(void **state)
{
	json_t *answer = ask(*state);
	const json_t *lake = json_object_get(json_object_get(answer, "roles"), "lake");
	const json_t *producer = json_object_get(json_object_get(answer, "roles"), "producer");
	const json_t *slots = json_object_get(answer, "slots");
	const json_t *deaths = json_object_get(answer, "deaths");

	ASSERT_MEMBERS(answer, "version", "pid", "uptime_s", "settings", "draining", "roles",
		       "slots", "deaths");
	ASSERT_MEMBERS(lake, "wanted", "configured", "running", "ready", "paused", "rate_per_s",
		       "rates", "total", "rejected", "rejected_by_reason", "dead_letters",
		       "counters", "queue", "batch_duration_seconds", "lag_seconds",
		       "line_lag_seconds", "autoscale");
	ASSERT_MEMBERS(json_object_get(lake, "queue"), "name", "known", "ready", "consumers",
		       "dead", "in_hand", "oldest_s", "taken_per_s", "growth_per_s", "drain_s");
	ASSERT_MEMBERS(json_object_get(lake, "dead_letters"), "waiting", "state", "lines",
		       "rejected", "percent", "per_minute", "window_s", "reason");
	ASSERT_MEMBERS(json_object_get(lake, "lag_seconds"), "bounds", "counts", "sum");
	ASSERT_MEMBERS(producer, "wanted", "configured", "running", "ready", "paused", "rate_per_s",
		       "rates", "total", "rejected", "rejected_by_reason", "dead_letters",
		       "counters", "queue", "autoscale");
	assert_true(json_is_null(json_object_get(producer, "queue")));
	assert_int_equal(json_array_size(slots), 2);
	ASSERT_MEMBERS(json_array_get(slots, 0), "name", "role", "slot", "state", "wanted", "held",
		       "ready", "pause_wanted", "paused", "report", "restart_pending", "pid",
		       "uptime_s", "restarts", "restart_in_s", "failures", "rate_per_s", "total",
		       "rejected", "counters", "storing_s", "last_error", "last_error_at",
		       "in_hand");
	assert_int_equal(json_array_size(deaths), 1);
	ASSERT_MEMBERS(json_array_get(deaths, 0), "at", "name", "pid", "exit_code", "signal",
		       "cause", "why", "uptime_s", "in_hand");
	json_decref(answer);
}

static void
test_values(void **state)
{
	json_t *answer = ask(*state);
	const json_t *lake = json_object_get(json_object_get(answer, "roles"), "lake");
	const json_t *alive = json_array_get(json_object_get(answer, "slots"), 0);
	const json_t *dead = json_array_get(json_object_get(answer, "slots"), 1);
	const json_t *death = json_array_get(json_object_get(answer, "deaths"), 0);

	assert_int_equal(json_integer_value(json_object_get(lake, "wanted")), 2);
	assert_int_equal(json_integer_value(json_object_get(lake, "configured")), 5);
	assert_int_equal(json_integer_value(json_object_get(lake, "running")), 1);
	assert_string_equal(json_string_value(json_object_get(alive, "state")), "STARTING");
	assert_int_equal(json_integer_value(json_object_get(alive, "pid")), 4711);
	assert_true(json_is_null(json_object_get(alive, "restart_in_s")));
	assert_true(json_is_null(json_object_get(alive, "last_error_at")));
	assert_true(json_is_null(json_object_get(alive, "storing_s")));
	assert_true(json_is_null(json_object_get(dead, "storing_s")));
	assert_string_equal(json_string_value(json_object_get(dead, "state")), "BACKOFF");
	assert_true(json_is_null(json_object_get(dead, "pid")));
	assert_true(json_real_value(json_object_get(dead, "restart_in_s")) > 0);
	assert_int_equal(json_integer_value(json_object_get(dead, "failures")), 1);
	assert_true(json_is_string(json_object_get(dead, "last_error_at")));
	assert_string_equal(json_string_value(json_object_get(death, "name")), "lake/1");
	assert_true(json_is_null(json_object_get(death, "exit_code")));
	assert_int_equal(json_integer_value(json_object_get(death, "signal")), SIGKILL);
	json_decref(answer);
}

/* Whatever a child has written into its page, the answer can be said in JSON. */
static void
test_child_gone_wild(void **state)
{
	struct supervisor *supervisor = *state;
	struct slot *slot = pool_slot(&supervisor->pool, ROLE_LAKE, 0);
	const json_t *shown;
	json_t *answer;
	char *text;

	memset((char *)slot->page + sizeof(slot->page->version), 0xfe,
	       STATUS_PAGE_SIZE - sizeof(slot->page->version));
	answer = ask(supervisor);
	text = json_dumps(answer, JSON_COMPACT);
	assert_non_null(text);
	free(text);
	shown = json_array_get(json_object_get(answer, "slots"), 0);
	assert_string_equal(json_string_value(json_object_get(shown, "name")), "lake/0");
	assert_string_equal(json_string_value(json_object_get(shown, "report")), "unknown");
	assert_true(json_integer_value(json_object_get(shown, "total")) >= 0);
	json_decref(answer);
}

#define STATUS_TEST(function) \
	cmocka_unit_test_setup_teardown(function, open_supervisor, close_supervisor)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		STATUS_TEST(test_members),
		STATUS_TEST(test_values),
		STATUS_TEST(test_child_gone_wild),
	};

	return cmocka_run_group_tests_name("command_status", tests, NULL, NULL);
}
