/* SPDX-License-Identifier: MIT */
/*
 * test_obituary.c - what is recorded of a child that has ended, and what is not.
 */
#include "supervisor/daemon/obituary.h"
#include "common/base/log.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>

enum { STARTED_MS = 1000, NOW_MS = 304000 };

static struct slot slots[SLOT_COUNT];
static struct slot *slot;
static struct deaths deaths;
static struct events events;

static int
init_slots(void **state)
{
	*state = calloc(SLOT_COUNT, STATUS_PAGE_SIZE);
	log_open("test", LOG_LEVEL_ERROR, LOG_STYLE_LOGFMT);
	memset(&deaths, 0, sizeof(deaths));
	memset(&events, 0, sizeof(events));
	slots_init(slots, *state);
	slot = &slots[role_table[ROLE_LAKE].first_slot];
	slot->pid = 4711;
	return 0;
}

static int
free_slots(void **state)
{
	free(*state);
	return 0;
}

/* The child was ending like this, ended like that, and is now in that state. */
static void
end(enum child_ending ending, int exit_code, int signal_number, enum child_state after)
{
	struct child_event event = {
		.kind = CHILD_EXITED, .exit_code = exit_code, .signal = signal_number};
	struct child before = {.state =
				       ending == CHILD_ENDING_NONE ? CHILD_RUNNING : CHILD_STOPPING,
			       .ending = ending,
			       .started_ms = STARTED_MS};

	slot->child.state = after;
	slot->child.deadline_ms = NOW_MS + 1500;
	obituary_write(slot, &event, &before, NOW_MS, &deaths, &events);
}

static void
assert_event(enum event_kind kind, const char *text)
{
	const struct event *event = events_get(&events, events.count);

	assert_int_equal(event->kind, kind);
	assert_string_equal(event->subject, "lake/0");
	assert_string_equal(event->text, text);
}

static void
assert_last_error(const char *text)
{
	char error[STATUS_TEXT_MAX];

	status_read_text(&slot->page->last_error, error, sizeof(error));
	assert_string_equal(error, text);
}

static void
test_as_asked(void **state UNUSED)
{
	end(CHILD_ENDING_DRAIN, 0, 0, CHILD_STOPPED);
	assert_event(EVENT_ENDED, "pid 4711, after 5m03s, as asked");
	assert_int_equal(deaths.count, 0);
	assert_last_error("");
}

static void
test_crash(void **state UNUSED)
{
	const struct death *death;

	status_set_in_hand(slot->page, "a:1");
	status_set_line(slot->page, 3);
	end(CHILD_ENDING_NONE, 0, SIGSEGV, CHILD_BACKOFF);
	assert_event(EVENT_DEATH, "pid 4711: signal 11 (Segmentation fault) after 5m03s, in hand: "
				  "a:1, line 3, restart in 1.5 s");
	assert_last_error("died: signal 11 (Segmentation fault)");
	death = deaths_get(&deaths, 0);
	assert_string_equal(death->name, "lake/0");
	assert_string_equal(death->in_hand, "a:1, line 3");
	assert_string_equal(death->why, "");
	assert_int_equal(death->pid, 4711);
	assert_int_equal(death->signal, SIGSEGV);
	assert_int_equal(death->uptime_ms, NOW_MS - STARTED_MS);
}

/* A child that has said why it ends has said it better. */
static void
test_its_own_word_stays(void **state UNUSED)
{
	status_set_error(slot->page, "no such table");
	end(CHILD_ENDING_NONE, EX_CONFIG, 0, CHILD_FATAL);
	assert_event(EVENT_FATAL, "pid 4711: exit code 78 (set up wrongly: its own log line says "
				  "how) after 5m03s, in hand: nothing, not restarted: mend the "
				  "cause, then sluicectl start lake/0");
	assert_last_error("no such table");
}

static void
test_how_it_was_ending(void **state UNUSED)
{
	end(CHILD_ENDING_HUNG, 0, SIGABRT, CHILD_BACKOFF);
	assert_string_equal(deaths_get(&deaths, 0)->why, "hung");
	assert_last_error("died, hung: signal 6 (Aborted)");
	end(CHILD_ENDING_KILLED, 0, SIGKILL, CHILD_STOPPED);
	assert_string_equal(deaths_get(&deaths, 0)->why, "killed before its work was finished");
	assert_non_null(strstr(events_get(&events, events.count)->text, "not wanted any more"));
	/* Asked to end, it failed to: that is a death. */
	end(CHILD_ENDING_DRAIN, EX_SOFTWARE, 0, CHILD_STARTING);
	assert_string_equal(deaths_get(&deaths, 0)->why, "while finishing its work");
	assert_non_null(strstr(events_get(&events, events.count)->text, "restarted at once"));
	assert_int_equal(deaths.count, 3);
}

#define OBITUARY_TEST(function) cmocka_unit_test_setup_teardown(function, init_slots, free_slots)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		OBITUARY_TEST(test_as_asked),
		OBITUARY_TEST(test_crash),
		OBITUARY_TEST(test_its_own_word_stays),
		OBITUARY_TEST(test_how_it_was_ending),
	};

	return cmocka_run_group_tests_name("obituary", tests, NULL, NULL);
}
