/* SPDX-License-Identifier: MIT */
/*
 * test_watch.c - what operators look at: events, histograms, metrics, the log, the manual pages.
 */
#include "common/base/clock.h"
#include "common/process/histogram.h"
#include "supervisor/daemon/commands.h"
#include "supervisor/cli/ctl.h"
#include "supervisor/ctl/ctl_view.h"
#include "supervisor/daemon/events.h"
#include "supervisor/daemon/metrics.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* --- events --- */

static void
test_events_ring(void **state UNUSED)
{
	static struct events events;

	assert_int_equal(events_first(&events), 1);
	assert_null(events_get(&events, 1));
	for (unsigned i = 1; i <= EVENTS_KEPT + 10; i++)
		events_add(&events, EVENT_SCALE, "lake", "uid 0", "change %u", i);
	assert_int_equal(events_first(&events), 11);
	assert_null(events_get(&events, 10));
	assert_string_equal(events_get(&events, 11)->text, "change 11");
	assert_int_equal(events_get(&events, EVENTS_KEPT + 10)->number, EVENTS_KEPT + 10);
	assert_null(events_get(&events, EVENTS_KEPT + 11));
	assert_string_equal(event_kind_name(EVENT_AUTOSCALE), "autoscale");
}

/* --- histograms --- */

static void
test_histogram_buckets(void **state UNUSED)
{
	for (unsigned kind = 0; kind < HISTOGRAM_COUNT; kind++) {
		const int64_t *bounds_ms = histogram_bounds_ms((enum histogram_kind)kind);
		struct histogram histogram = {.sum_ms = 0};
		struct histogram_sum sum = {.sum_ms = 0};

		for (unsigned i = 0; i < HISTOGRAM_BOUNDS; i++) {
			assert_true(i == 0 || bounds_ms[i] > bounds_ms[i - 1]);
			histogram_add(&histogram, (enum histogram_kind)kind, bounds_ms[i]);
		}
		histogram_add(&histogram, (enum histogram_kind)kind, INT64_C(1) << 40);
		histogram_collect(&histogram, &sum);
		for (unsigned i = 0; i <= HISTOGRAM_BOUNDS; i++)
			assert_int_equal(sum.counts[i], 1);
		histogram_collect(&histogram, &sum);
		assert_int_equal(histogram_total(&sum), 2 * (HISTOGRAM_BOUNDS + 1));
	}
}

static void
test_quantiles(void **state UNUSED)
{
	json_t *before = json_pack("{s:[f,f], s:[i,i,i]}", "bounds", 1.0, 2.0, "counts", 5, 0, 0);
	json_t *after = json_pack("{s:[f,f], s:[i,i,i]}", "bounds", 1.0, 2.0, "counts", 5, 10, 0);
	json_t *beyond = json_pack("{s:[f,f], s:[i,i,i]}", "bounds", 1.0, 2.0, "counts", 0, 0, 3);

	assert_true(view_quantile(before, before, 0.5) < 0);
	assert_true(view_quantile(before, after, 0.5) == 1.5);
	assert_true(view_quantile(NULL, before, 0.5) == 0.5);
	assert_true(view_quantile(NULL, beyond, 0.99) == 2.0);
	assert_true(view_quantile(NULL, NULL, 0.5) < 0);
	json_decref(before);
	json_decref(after);
	json_decref(beyond);
}

/* --- metrics --- */

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
	assert_in_range(samples, 50, 500);
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
	assert_non_null(strstr(text, "sluice_lag_seconds_bucket{role=\"lake\",le=\"2\"} 1\n"));
	assert_non_null(strstr(text, "sluice_lag_seconds_bucket{role=\"lake\",le=\"+Inf\"} 1\n"));
	assert_non_null(strstr(text, "sluice_lag_seconds_sum{role=\"lake\"} 1.500\n"));
	assert_non_null(
		strstr(text, "sluice_queue_messages_ready{queue=\"queue-data-lake\"} 12\n"));
	/* nobody has looked at the other queue */
	assert_null(strstr(text, "sluice_queue_messages_ready{queue=\"queue-data-clean\"}"));
	check_metrics(text);
	free(text);
	free(pages);
	free(supervisor);
}

/* --- the manual pages --- */

static unsigned
count_of(const char *text, const char *what)
{
	unsigned count = 0;

	for (; (text = strstr(text, what)) != NULL; text++)
		count++;
	return count;
}

static char *
read_file(const char *path)
{
	char *text = calloc(1, 1 << 20);
	FILE *file = fopen(path, "r");

	if (file == NULL)
		fail_msg("cannot read %s", path);
	else
		assert_true(fread(text, 1, (1 << 20) - 1, file) > 0);
	if (file != NULL)
		fclose(file);
	return text;
}

static void
test_manual_of_verbs(void **state UNUSED)
{
	char *manual = read_file("etc/man/sluicectl.1");
	unsigned items = count_of(manual, "\n.It Cm ");

	for (size_t i = 0; i < ctl_verb_count; i++) {
		char item[64];
		size_t len = (size_t)snprintf(item, sizeof(item), "\n.It Cm %s", ctl_verbs[i].name);
		const char *at = strstr(manual, item);

		if (at == NULL || (at[len] != ' ' && at[len] != '\n'))
			fail_msg("etc/man/sluicectl.1 does not have the verb %s",
				 ctl_verbs[i].name);
		assert_non_null(strstr(ctl_verbs[i].synopsis, "--json"));
		assert_int_equal(strncmp(ctl_verbs[i].example, "sluicectl ", 10), 0);
	}
	assert_int_equal(items, ctl_verb_count);
	free(manual);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_events_ring),	cmocka_unit_test(test_histogram_buckets),
		cmocka_unit_test(test_quantiles),	cmocka_unit_test(test_metrics),
		cmocka_unit_test(test_manual_of_verbs),
	};

	return cmocka_run_group_tests_name("watch", tests, NULL, NULL);
}
