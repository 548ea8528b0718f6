/* SPDX-License-Identifier: MIT */
/*
 * test_metrics.c - the figures of a pool as Prometheus text.
 */
#include "supervisor/daemon/metrics.h"
#include "common/base/clock.h"
#include "tests/unit/assert_between.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

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

static bool
is_name_byte(char byte)
{
	return (byte >= 'a' && byte <= 'z') || (byte >= '0' && byte <= '9') || byte == '_';
}

/* Every line is a comment or "sluice_name{labels} number", and every family is announced once. */
static void
check_metrics(char *text)
{
	char *rest = NULL;
	unsigned samples = 0;

	for (char *line = strtok_r(text, "\n", &rest); line != NULL;
	     line = strtok_r(NULL, "\n", &rest)) {
		char *end, *value;

		if (line[0] == '#') {
			assert_true(strncmp(line, "# HELP sluice_", 14) == 0 ||
				    strncmp(line, "# TYPE sluice_", 14) == 0);
			continue;
		}
		assert_int_equal(strncmp(line, "sluice_", 7), 0);
		for (end = line; is_name_byte(*end);)
			end++;
		assert_true(*end == '{' || *end == ' ');
		value = strrchr(line, ' ');
		assert_non_null(value);
		strtod(value, &end);
		assert_true(end != value + 1 && *end == '\0');
		samples++;
	}
	assert_between(samples, 50, 500);
}

static void
test_metrics(void **state UNUSED)
{
	struct supervisor *supervisor = calloc(1, sizeof(*supervisor));
	struct pool_ops ops = {.spawn = no_spawn, .send_signal = no_signal};
	void *pages = calloc(SLOT_COUNT, STATUS_PAGE_SIZE);
	struct status_page *page;
	char *text = NULL;
	size_t size;
	FILE *out;

	supervisor->spawner.inputs = input_table_private();
	pool_init(&supervisor->pool, &ops, pages);
	pool_scale(&supervisor->pool, ROLE_LAKE, 2);
	page = pool_slot(&supervisor->pool, ROLE_LAKE, 1)->page;
	status_add(page, COUNTER_ROWS_STORED, 7);
	status_add_rejected(page, REASON_PARSE_NO_MATCH);
	histogram_add(&page->histograms[HISTOGRAM_LAG], HISTOGRAM_LAG, 1500);
	atomic_store(&page->queue.ready, 12);
	atomic_store(&page->queue.at_ms, clock_mono_ms());
	out = open_memstream(&text, &size);
	metrics_print(supervisor, out);
	fclose(out);
	assert_non_null(strstr(text, "\nsluice_rows_stored_total{role=\"lake\"} 7\n"));
	assert_non_null(strstr(
		text, "\nsluice_dead_letters_total{role=\"lake\",reason=\"parse.no_match\"} 1\n"));
	assert_non_null(strstr(text, "sluice_lag_seconds_bucket{role=\"lake\",le=\"1\"} 0\n"));
	assert_non_null(strstr(text, "sluice_lag_seconds_bucket{role=\"lake\",le=\"5\"} 1\n"));
	assert_non_null(strstr(text, "sluice_lag_seconds_bucket{role=\"lake\",le=\"+Inf\"} 1\n"));
	assert_non_null(strstr(text, "sluice_lag_seconds_sum{role=\"lake\"} 1.500\n"));
	assert_non_null(
		strstr(text, "sluice_queue_messages_ready{queue=\"queue-data-lake\"} 12\n"));
	/* nobody has looked at the other queue */
	assert_null(strstr(text, "sluice_queue_messages_ready{queue=\"queue-data-clean\"}"));
	check_metrics(text);
	free(text);
	munmap(supervisor->spawner.inputs, INPUT_TABLE_SIZE);
	free(pages);
	free(supervisor);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_metrics),
	};

	return cmocka_run_group_tests_name("metrics", tests, NULL, NULL);
}
