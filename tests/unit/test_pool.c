/* SPDX-License-Identifier: MIT */
/*
 * test_pool.c - wanted and actual children, with processes that only exist on paper.
 */
#include "supervisor/daemon/operate.h"
#include "supervisor/daemon/pool.h"
#include "common/base/clock.h"
#include "common/base/log.h"
#include "tests/unit/assert_between.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>

enum { FIRST_PID = 1000, MAX_PIDS = 1000 };

/* The system as the pool sees it. */
struct paper {
	pid_t next_pid;
	enum spawn_result result; /* of the next spawns */
	unsigned spawned;
	int last_signal[MAX_PIDS]; /* by pid - FIRST_PID */
	struct pool pool;
	void *pages;
};

static enum spawn_result
paper_spawn(void *context, const struct slot *slot UNUSED, pid_t *pid)
{
	struct paper *paper = context;

	*pid = paper->next_pid++;
	paper->spawned++;
	assert_true(*pid < FIRST_PID + MAX_PIDS);
	return paper->result;
}

static void
paper_signal(void *context, pid_t pid, int signal_number)
{
	struct paper *paper = context;

	paper->last_signal[pid - FIRST_PID] = signal_number;
}

static int
make_paper(void **state)
{
	struct paper *paper = calloc(1, sizeof(*paper));
	struct pool_ops ops = {.spawn = paper_spawn, .send_signal = paper_signal, .context = paper};

	log_open("test", LOG_LEVEL_ERROR, LOG_STYLE_LOGFMT);
	paper->next_pid = FIRST_PID;
	paper->pages = aligned_alloc(STATUS_PAGE_SIZE, (size_t)SLOT_COUNT * STATUS_PAGE_SIZE);
	memset(paper->pages, 0, (size_t)SLOT_COUNT * STATUS_PAGE_SIZE);
	pool_init(&paper->pool, &ops, paper->pages);
	paper->pool.policy = (struct child_policy){.drain_ms = 30000,
						   .stable_ms = 30000,
						   .restart_min_ms = 1000,
						   .restart_max_ms = 60000};
	paper->pool.hang_ms = 60000;
	*state = paper;
	return 0;
}

static int
free_paper(void **state)
{
	struct paper *paper = *state;

	free(paper->pages);
	free(paper);
	return 0;
}

static void
look(struct paper *paper)
{
	pool_tick(&paper->pool, clock_mono_ms());
}

static unsigned
count_in(struct paper *paper, enum role_id role, enum child_state state)
{
	unsigned count = 0;

	for (unsigned i = 0; i < role_table[role].max; i++)
		count += pool_slot(&paper->pool, role, i)->child.state == state ? 1 : 0;
	return count;
}

static void
say(struct paper *paper, enum role_id role, unsigned index, enum child_report report)
{
	status_set_report(pool_slot(&paper->pool, role, index)->page, report);
}

/* Every process says that it is ready. */
static void
all_ready(struct paper *paper)
{
	for (unsigned i = 0; i < SLOT_COUNT; i++)
		if (paper->pool.slots[i].pid != 0)
			status_set_report(paper->pool.slots[i].page, REPORT_READY);
	look(paper);
}

/* wait_status as waitpid(2) gives it. */
static void
end_with_code(struct paper *paper, struct slot *slot, int exit_code)
{
	pool_reap(&paper->pool, slot->pid, exit_code << 8);
}

static void
end_with_signal(struct paper *paper, struct slot *slot, int number)
{
	pool_reap(&paper->pool, slot->pid, number);
}

static void
test_scale_touches_only_the_difference(void **state)
{
	struct paper *paper = *state;
	struct pool *pool = &paper->pool;
	pid_t kept;

	pool_scale(pool, ROLE_LAKE, 2);
	assert_int_equal(paper->spawned, 2);
	all_ready(paper);
	assert_int_equal(count_in(paper, ROLE_LAKE, CHILD_RUNNING), 2);
	kept = pool_slot(pool, ROLE_LAKE, 0)->pid;

	pool_scale(pool, ROLE_LAKE, 8);
	assert_int_equal(paper->spawned, 8);
	assert_int_equal(count_in(paper, ROLE_LAKE, CHILD_STARTING), 6);
	all_ready(paper);

	pool_scale(pool, ROLE_LAKE, 8);
	assert_int_equal(paper->spawned, 8);

	/* Down: the highest slots first, by TERM, and nobody else. */
	pool_scale(pool, ROLE_LAKE, 1);
	for (unsigned i = 1; i < 8; i++) {
		struct slot *slot = pool_slot(pool, ROLE_LAKE, i);

		assert_int_equal(slot->child.state, CHILD_STOPPING);
		assert_int_equal(paper->last_signal[slot->pid - FIRST_PID], SIGTERM);
		end_with_code(paper, slot, 0);
		assert_int_equal(slot->child.state, CHILD_STOPPED);
		assert_int_equal(slot->pid, 0);
	}
	assert_int_equal(pool_slot(pool, ROLE_LAKE, 0)->pid, kept);
	assert_int_equal(paper->last_signal[kept - FIRST_PID], 0);
	assert_int_equal(paper->spawned, 8);
	assert_int_equal(count_in(paper, ROLE_CLEAN, CHILD_STOPPED), ROLE_MAX_WORKERS);
	assert_int_equal(pool->deaths.count, 0);

	pool_scale(pool, ROLE_LAKE, 0);
	assert_false(pool_is_empty(pool));
	end_with_code(paper, pool_slot(pool, ROLE_LAKE, 0), 0);
	assert_true(pool_is_empty(pool));
}

/* A successor starts with clean texts and goes on counting. */
static void
test_counters_outlive_the_child(void **state)
{
	struct paper *paper = *state;
	struct slot *slot = pool_slot(&paper->pool, ROLE_LAKE, 0);
	char text[STATUS_TEXT_MAX];

	pool_scale(&paper->pool, ROLE_LAKE, 1);
	all_ready(paper);
	status_add(slot->page, COUNTER_ROWS_STORED, 7);
	status_set_in_hand(slot->page, "a message");
	end_with_signal(paper, slot, SIGKILL);
	assert_int_equal(slot->child.state, CHILD_BACKOFF);
	assert_string_equal(deaths_get(&paper->pool.deaths, 0)->in_hand, "a message");
	assert_int_equal(deaths_get(&paper->pool.deaths, 0)->signal, SIGKILL);
	status_read_text(&slot->page->last_error, text, sizeof(text));
	assert_string_equal(text, "died: signal 9 (Killed)");

	pool_tick(&paper->pool, slot->child.deadline_ms);
	assert_int_equal(slot->child.state, CHILD_STARTING);
	assert_int_equal(status_counter(slot->page, COUNTER_ROWS_STORED), 7);
	assert_int_equal(slot->page->report, REPORT_STARTING);
	status_read_text(&slot->page->in_hand, text, sizeof(text));
	assert_string_equal(text, "");
	status_read_text(&slot->page->last_error, text, sizeof(text));
	assert_string_equal(text, "");
}

static void
die_with(struct paper *paper, unsigned index, const char *message, uint32_t line, int wait_status)
{
	struct slot *slot = pool_slot(&paper->pool, ROLE_LAKE, index);

	status_set_in_hand(slot->page, message);
	status_set_line(slot->page, line);
	pool_reap(&paper->pool, slot->pid, wait_status);
	pool_tick(&paper->pool, slot->child.deadline_ms);
	assert_int_equal(slot->child.state, CHILD_STARTING);
}

/* What a worker died with is told to its successor and to its mates, and to nobody else. */
static void
test_suspects_are_handed_on(void **state)
{
	struct paper *paper = *state;

	pool_scale(&paper->pool, ROLE_LAKE, 2);
	pool_scale(&paper->pool, ROLE_CLEAN, 1);
	all_ready(paper);
	die_with(paper, 0, "while it waited", SUSPECT_LINE_NONE, SIGSEGV);
	die_with(paper, 0, "id:1", 3, SIGSEGV);
	die_with(paper, 1, "id:1", 3, SIGKILL);
	for (unsigned i = 0; i < 2; i++) {
		const struct status_page *page = pool_slot(&paper->pool, ROLE_LAKE, i)->page;

		assert_false(suspects_has(&page->suspects, "while it waited"));
		assert_true(suspects_has(&page->suspects, "id:1"));
		assert_null(suspects_guilty(&page->suspects, "id:1", 3));
	}
	die_with(paper, 1, "id:1", 3, SIGABRT);
	for (unsigned i = 0; i < 2; i++) {
		const struct status_page *page = pool_slot(&paper->pool, ROLE_LAKE, i)->page;

		assert_non_null(suspects_guilty(&page->suspects, "id:1", 3));
		assert_null(suspects_guilty(&page->suspects, "id:1", 2));
	}
	assert_false(suspects_has(&pool_slot(&paper->pool, ROLE_CLEAN, 0)->page->suspects, "id:1"));
	/* want of memory makes careful, but no line is guilty of it */
	for (int i = 0; i < 9; i++)
		die_with(paper, 0, "id:2", 1, EX_OSERR << 8);
	assert_true(suspects_has(&paper->pool.suspects[ROLE_LAKE], "id:2"));
	assert_null(suspects_guilty(&paper->pool.suspects[ROLE_LAKE], "id:2", 1));
	for (int i = 0; i < 2; i++)
		die_with(paper, 0, "id:2", 1, EX_SOFTWARE << 8);
	assert_non_null(suspects_guilty(&paper->pool.suspects[ROLE_LAKE], "id:2", 1));
}

static void
test_ready_is_what_the_child_says(void **state)
{
	struct paper *paper = *state;
	struct slot *slot = pool_slot(&paper->pool, ROLE_LAKE, 0);

	pool_scale(&paper->pool, ROLE_LAKE, 1);
	look(paper);
	assert_int_equal(slot->child.state, CHILD_STARTING);
	say(paper, ROLE_LAKE, 0, REPORT_READY);
	assert_false(slot_is_ready(slot));
	look(paper);
	assert_true(slot_is_ready(slot));
	/* An outage is no change of state. */
	say(paper, ROLE_LAKE, 0, REPORT_WAITING);
	look(paper);
	assert_int_equal(slot->child.state, CHILD_RUNNING);
	assert_false(slot_is_ready(slot));
	/* A child gone wild may write anything. */
	atomic_store(&slot->page->report, 4711);
	look(paper);
	assert_int_equal(slot->child.state, CHILD_RUNNING);
}

static void
test_hang(void **state)
{
	struct paper *paper = *state;
	struct slot *slot = pool_slot(&paper->pool, ROLE_LAKE, 0);
	int64_t now_ms = clock_mono_ms();
	pid_t pid;

	pool_scale(&paper->pool, ROLE_LAKE, 1);
	all_ready(paper);
	pid = slot->pid;
	for (int64_t later_ms = 0; later_ms <= 60000; later_ms += 1000)
		pool_tick(&paper->pool, now_ms + later_ms);
	assert_int_equal(slot->child.state, CHILD_RUNNING);
	for (int64_t later_ms = 61000; later_ms <= 63000; later_ms += 1000)
		pool_tick(&paper->pool, now_ms + later_ms);
	assert_int_equal(slot->child.state, CHILD_STOPPING);
	assert_int_equal(paper->last_signal[pid - FIRST_PID], SIGABRT);
	pool_tick(&paper->pool, now_ms + 63000 + CHILD_ABORT_TO_KILL_MS);
	assert_int_equal(paper->last_signal[pid - FIRST_PID], SIGKILL);
	end_with_signal(paper, slot, SIGKILL);
	assert_int_equal(slot->child.state, CHILD_BACKOFF);
	assert_string_equal(deaths_get(&paper->pool.deaths, 0)->why, "hung");
}

/* When the whole machine stood still, no heartbeat is to blame. */
static void
test_a_pause_of_sluiced_is_no_hang(void **state)
{
	struct paper *paper = *state;
	int64_t now_ms = clock_mono_ms();

	pool_scale(&paper->pool, ROLE_LAKE, 1);
	all_ready(paper);
	pool_tick(&paper->pool, now_ms + 3600000);
	assert_int_equal(count_in(paper, ROLE_LAKE, CHILD_RUNNING), 1);
}

static void
test_targets(void **state)
{
	struct paper *paper = *state;
	struct pool *pool = &paper->pool;
	struct target lake = {.role = ROLE_LAKE, .index = -1};
	struct target lake_1 = {.role = ROLE_LAKE, .index = 1},
		      lake_5 = {.role = ROLE_LAKE, .index = 5};
	struct target clean = {.role = ROLE_CLEAN, .index = -1};
	char error[256];

	pool_scale(pool, ROLE_LAKE, 2);
	all_ready(paper);
	assert_int_equal(operate_stop(pool, &clean, error, sizeof(error)), -1);
	assert_string_equal(error, "no clean is wanted: sluicectl scale clean=1");
	assert_int_equal(operate_start(pool, &lake_5, error, sizeof(error)), -1);
	assert_string_equal(error,
			    "lake/5 is beyond the wanted count of 2: sluicectl scale lake=6");

	assert_int_equal(operate_stop(pool, &lake_1, error, sizeof(error)), 0);
	end_with_code(paper, pool_slot(pool, ROLE_LAKE, 1), 0);
	assert_int_equal(count_in(paper, ROLE_LAKE, CHILD_RUNNING), 1);
	look(paper);
	assert_int_equal(paper->spawned, 2);
	assert_int_equal(operate_start(pool, &lake, error, sizeof(error)), 0);
	assert_int_equal(paper->spawned, 3);

	/* A count is meant as it is written: it lifts a stop, too. */
	assert_int_equal(operate_stop(pool, &lake, error, sizeof(error)), 0);
	end_with_code(paper, pool_slot(pool, ROLE_LAKE, 0), 0);
	end_with_code(paper, pool_slot(pool, ROLE_LAKE, 1), 0);
	assert_true(pool_is_empty(pool));
	pool_scale(pool, ROLE_LAKE, 2);
	assert_int_equal(count_in(paper, ROLE_LAKE, CHILD_STARTING), 2);
}

static void
test_fatal_stays_until_started(void **state)
{
	struct paper *paper = *state;
	struct pool *pool = &paper->pool;
	struct slot *slot = pool_slot(pool, ROLE_LAKE, 0);
	struct target lake = {.role = ROLE_LAKE, .index = -1};
	char error[256];

	pool_scale(pool, ROLE_LAKE, 1);
	end_with_code(paper, slot, EX_CONFIG);
	assert_int_equal(slot->child.state, CHILD_FATAL);
	pool_tick(pool, clock_mono_ms() + 3600000);
	pool_scale(pool, ROLE_LAKE, 1);
	assert_int_equal(slot->child.state, CHILD_FATAL);
	assert_int_equal(paper->spawned, 1);
	assert_int_equal(operate_start(pool, &lake, error, sizeof(error)), 0);
	assert_int_equal(slot->child.state, CHILD_STARTING);

	paper->result = SPAWN_NEVER;
	pool_scale(pool, ROLE_CLEAN, 1);
	assert_int_equal(count_in(paper, ROLE_CLEAN, CHILD_FATAL), 1);
	assert_int_equal(pool_slot(pool, ROLE_CLEAN, 0)->pid, 0);
	paper->result = SPAWN_OK;
	operate_renew(pool, 0);
	assert_int_equal(count_in(paper, ROLE_CLEAN, CHILD_STARTING), 1);
}

static void
test_restart_is_one_at_a_time(void **state)
{
	struct paper *paper = *state;
	struct pool *pool = &paper->pool;
	struct target all = {.all = true, .index = -1};
	char error[256];

	pool_scale(pool, ROLE_LAKE, 3);
	all_ready(paper);
	assert_int_equal(operate_restart(pool, &all, error, sizeof(error)), 0);
	for (unsigned i = 0; i < 3; i++) {
		struct slot *slot = pool_slot(pool, ROLE_LAKE, i);

		look(paper);
		look(paper);
		assert_int_equal(slot->child.state, CHILD_STOPPING);
		assert_int_equal(count_in(paper, ROLE_LAKE, CHILD_RUNNING), 2);
		end_with_code(paper, slot, 0);
		look(paper);
		assert_int_equal(slot->child.state, CHILD_STARTING);
		assert_int_equal(count_in(paper, ROLE_LAKE, CHILD_RUNNING), 2);
		say(paper, ROLE_LAKE, i, REPORT_READY);
	}
	look(paper);
	look(paper);
	assert_int_equal(count_in(paper, ROLE_LAKE, CHILD_RUNNING), 3);
	assert_int_equal(paper->spawned, 6);
}

/* New settings that the first child does not survive do not reach the others. */
static void
test_restart_ends_at_a_fatal_child(void **state)
{
	struct paper *paper = *state;
	struct pool *pool = &paper->pool;

	pool_scale(pool, ROLE_LAKE, 3);
	all_ready(paper);
	operate_renew(pool, 1u << ROLE_LAKE);
	look(paper);
	end_with_code(paper, pool_slot(pool, ROLE_LAKE, 0), 0);
	end_with_code(paper, pool_slot(pool, ROLE_LAKE, 0), EX_CONFIG);
	look(paper);
	look(paper);
	assert_int_equal(count_in(paper, ROLE_LAKE, CHILD_FATAL), 1);
	assert_int_equal(count_in(paper, ROLE_LAKE, CHILD_RUNNING), 2);
}

static void
test_end(void **state)
{
	struct paper *paper = *state;
	struct pool *pool = &paper->pool;
	struct slot *slot = pool_slot(pool, ROLE_LAKE, 0);
	struct target all = {.all = true, .index = -1};
	char error[256];

	pool_scale(pool, ROLE_LAKE, 2);
	all_ready(paper);
	end_with_signal(paper, pool_slot(pool, ROLE_LAKE, 1), SIGSEGV);
	pool_drain(pool);
	assert_int_equal(pool_slot(pool, ROLE_LAKE, 1)->child.state, CHILD_STOPPED);
	assert_int_equal(paper->last_signal[slot->pid - FIRST_PID], SIGTERM);
	assert_int_equal(operate_start(pool, &all, error, sizeof(error)), -1);
	pool_kill(pool);
	assert_int_equal(paper->last_signal[slot->pid - FIRST_PID], SIGKILL);
	assert_false(pool_is_empty(pool));
	end_with_signal(paper, slot, SIGKILL);
	assert_true(pool_is_empty(pool));
	assert_int_equal(paper->spawned, 2);
	pool_reap(pool, 4711, 0); /* nobody's */
}

static void
test_timeout(void **state)
{
	struct paper *paper = *state;
	struct pool *pool = &paper->pool;
	int64_t now_ms;

	assert_int_equal(pool_timeout_ms(pool, clock_mono_ms()), 1000);
	pool_scale(pool, ROLE_LAKE, 1);
	now_ms = clock_mono_ms();
	assert_between(pool_timeout_ms(pool, now_ms), 1, 100);
	/* Nobody is waiting that closely any more. */
	assert_int_equal(pool_timeout_ms(pool, now_ms + 60000), 1000);
	end_with_signal(paper, pool_slot(pool, ROLE_LAKE, 0), SIGKILL);
	assert_between(pool_timeout_ms(pool, clock_mono_ms()), 0, 1000);
	assert_int_equal(pool_timeout_ms(pool, clock_mono_ms() + 60000), 0);
}

static unsigned
count_events(const struct paper *paper, enum event_kind kind)
{
	const struct events *events = &paper->pool.events;
	unsigned count = 0;

	for (uint64_t i = events_first(events); i <= events->count; i++)
		count += events_get(events, i)->kind == kind ? 1 : 0;
	return count;
}

static void
look_at(struct paper *paper, const char *error, int64_t now_ms)
{
	struct slot *slot = pool_slot(&paper->pool, ROLE_LAKE, 0);

	status_set_error(slot->page, error);
	status_set_report(slot->page, error[0] == '\0' ? REPORT_READY : REPORT_WAITING);
	status_beat(slot->page);
	pool_tick(&paper->pool, now_ms);
}

static void
test_trouble_is_told_once(void **state)
{
	struct paper *paper = *state;
	int64_t now_ms = clock_mono_ms();
	const struct event *event;

	pool_scale(&paper->pool, ROLE_LAKE, 1);
	all_ready(paper);
	look_at(paper, "database: away, try 1", now_ms);
	look_at(paper, "database: away, try 27", now_ms + 1000);
	assert_int_equal(count_events(paper, EVENT_TROUBLE), 1);
	assert_int_equal(count_events(paper, EVENT_MENDED), 0);
	look_at(paper, "", now_ms + 2000);
	event = events_get(&paper->pool.events, paper->pool.events.count);
	assert_int_equal(event->kind, EVENT_MENDED);
	assert_string_equal(event->subject, "lake/0");
	assert_string_equal(event->text, "after 2.0s: database: away, try 1");

	/* It comes and goes: no news, until it stays. */
	for (int64_t ms = 3000; ms < 30000; ms += 1000)
		look_at(paper, ms % 2000 == 0 ? "" : "database: away, try 1", now_ms + ms);
	assert_int_equal(count_events(paper, EVENT_TROUBLE), 1);
	assert_int_equal(count_events(paper, EVENT_MENDED), 1);
	look_at(paper, "database: away, try 1", now_ms + 63000);
	assert_int_equal(count_events(paper, EVENT_TROUBLE), 2);

	/* Another cause is news, but not two in a moment. */
	look_at(paper, "database: read-only", now_ms + 64000);
	assert_int_equal(count_events(paper, EVENT_TROUBLE), 2);
	look_at(paper, "database: read-only", now_ms + 74000);
	assert_int_equal(count_events(paper, EVENT_TROUBLE), 3);
	look_at(paper, "", now_ms + 75000);
	assert_int_equal(count_events(paper, EVENT_MENDED), 2);
}

/* The successor's empty page says nothing before it is ready. */
static void
test_trouble_outlives_a_death(void **state)
{
	struct paper *paper = *state;
	struct slot *slot = pool_slot(&paper->pool, ROLE_LAKE, 0);
	int64_t now_ms = clock_mono_ms();

	pool_scale(&paper->pool, ROLE_LAKE, 1);
	all_ready(paper);
	look_at(paper, "database: away", now_ms);
	end_with_signal(paper, slot, SIGKILL);
	assert_int_equal(slot->child.state, CHILD_BACKOFF);
	pool_tick(&paper->pool, now_ms + 1500);
	assert_int_equal(slot->child.state, CHILD_STARTING);
	pool_tick(&paper->pool, now_ms + 2000);
	assert_int_equal(count_events(paper, EVENT_MENDED), 0);
	look_at(paper, "", now_ms + 3000);
	assert_int_equal(count_events(paper, EVENT_TROUBLE), 1);
	assert_int_equal(count_events(paper, EVENT_MENDED), 1);
}

#define POOL_TEST(function) cmocka_unit_test_setup_teardown(function, make_paper, free_paper)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		POOL_TEST(test_scale_touches_only_the_difference),
		POOL_TEST(test_counters_outlive_the_child),
		POOL_TEST(test_suspects_are_handed_on),
		POOL_TEST(test_ready_is_what_the_child_says),
		POOL_TEST(test_hang),
		POOL_TEST(test_a_pause_of_sluiced_is_no_hang),
		POOL_TEST(test_targets),
		POOL_TEST(test_fatal_stays_until_started),
		POOL_TEST(test_restart_is_one_at_a_time),
		POOL_TEST(test_restart_ends_at_a_fatal_child),
		POOL_TEST(test_end),
		POOL_TEST(test_timeout),
		POOL_TEST(test_trouble_is_told_once),
		POOL_TEST(test_trouble_outlives_a_death),
	};

	return cmocka_run_group_tests_name("pool", tests, NULL, NULL);
}
