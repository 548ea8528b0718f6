/* SPDX-License-Identifier: MIT */
/*
 * load.c - what a role has to do.
 */
#include "supervisor/daemon/load.h"
#include "common/base/clock.h"

enum {
	LOAD_FRESH_MS = 15000, /* an older report on a queue says nothing about now */
};

void
load_set_limits(struct load *load, enum role_id role, const struct settings *settings)
{
	const struct worker_settings *s;

	load->limits = (struct autoscale_limits){.max = 0};
	load->rejects.limits = (struct rejects_limits){
		.window_ms = settings->supervisor.rejected_window_s * 1000,
		.warning_percent = settings->supervisor.rejected_warning_percent,
		.critical_percent = settings->supervisor.rejected_critical_percent,
	};
	if (role_table[role].queue == NULL)
		return;
	s = stage_settings(role_stage(role), settings);
	load->limits = (struct autoscale_limits){.min = (unsigned)s->autoscale_min,
						 .max = (unsigned)s->autoscale_max,
						 .drain_s = s->autoscale_drain_s};
}

/* --- sums --- */

uint64_t
load_total(const struct slot slots[SLOT_COUNT], enum role_id role)
{
	const struct slot *first = &slots[role_table[role].first_slot];
	uint64_t total = 0;

	for (unsigned i = 0; i < role_table[role].max; i++)
		total += slot_total(&first[i]);
	return total;
}

uint64_t
load_counter(const struct slot slots[SLOT_COUNT], enum role_id role, enum counter counter)
{
	const struct slot *first = &slots[role_table[role].first_slot];
	uint64_t total = 0;

	for (unsigned i = 0; i < role_table[role].max; i++)
		if (first[i].starts > 0)
			total += status_counter(first[i].page, counter);
	return total;
}

uint64_t
load_rejected(const struct slot slots[SLOT_COUNT], enum role_id role, enum reason reason)
{
	const struct slot *first = &slots[role_table[role].first_slot];
	uint64_t total = 0;

	for (unsigned i = 0; i < role_table[role].max; i++)
		if (first[i].starts > 0)
			total += atomic_load_explicit(&first[i].page->rejected[reason],
						      memory_order_relaxed);
	return total;
}

struct rejects_totals
load_rejects_totals(const struct slot slots[SLOT_COUNT], enum role_id role)
{
	struct rejects_totals totals = {.lines = load_total(slots, role)};

	for (unsigned i = REASON_NONE + 1; i < REASON_COUNT; i++)
		totals.rejected[i] = load_rejected(slots, role, (enum reason)i);
	return totals;
}

struct histogram_sum
load_histogram(const struct slot slots[SLOT_COUNT], enum role_id role, enum histogram_kind kind)
{
	const struct slot *first = &slots[role_table[role].first_slot];
	struct histogram_sum sum = {.sum_ms = 0};

	for (unsigned i = 0; i < role_table[role].max; i++)
		if (first[i].starts > 0)
			histogram_collect(&first[i].page->histograms[kind], &sum);
	return sum;
}

unsigned
load_ready(const struct slot slots[SLOT_COUNT], enum role_id role)
{
	const struct slot *first = &slots[role_table[role].first_slot];
	unsigned ready = 0;

	for (unsigned i = 0; i < role_table[role].max; i++)
		ready += slot_is_ready(&first[i]) ? 1 : 0;
	return ready;
}

unsigned
load_running(const struct slot slots[SLOT_COUNT], enum role_id role)
{
	const struct slot *first = &slots[role_table[role].first_slot];
	unsigned running = 0;

	for (unsigned i = 0; i < role_table[role].max; i++)
		running += first[i].pid > 0 ? 1 : 0;
	return running;
}

/* --- the queue, and how many workers it takes --- */

/* The older of two times; 0 is none. */
static int64_t
older_s(int64_t a, int64_t b)
{
	return a == 0 || b == 0 ? MAX(a, b) : MIN(a, b);
}

struct load_queue
load_queue(const struct slot slots[SLOT_COUNT], enum role_id role, int64_t now_ms)
{
	struct load_queue queue = {.oldest_s = -1};
	int64_t newest_ms = 0, published_s = 0, most_dead = 0;
	bool is_looked_at = false;

	for (unsigned i = 0; i < role_table[role].max && role_table[role].queue != NULL; i++) {
		const struct slot *slot = &slots[role_table[role].first_slot + i];
		const struct queue_report *report = &slot->page->queue;
		int64_t at_ms;

		if (slot->pid == 0)
			continue;
		at_ms = atomic_load(&report->at_ms);
		queue.in_hand += atomic_load(&report->in_hand);
		if (atomic_load(&report->in_hand) > 0)
			published_s = older_s(published_s, atomic_load(&report->published_s));
		if (at_ms == 0 || now_ms - at_ms > LOAD_FRESH_MS)
			continue;
		most_dead = MAX(most_dead, atomic_load(&report->dead));
		if (at_ms <= newest_ms)
			continue;
		newest_ms = at_ms;
		queue.known = true;
		queue.ready = atomic_load(&report->ready);
		queue.consumers = atomic_load(&report->consumers);
		queue.dead = atomic_load(&report->dead);
		is_looked_at = atomic_load(&report->dead_consumers) > 0;
	}
	/* A worker that began while somebody holds dead letters has never seen all of them. */
	if (is_looked_at)
		queue.dead = most_dead;
	if (published_s > 0)
		queue.oldest_s = MAX(0, clock_wall_ms() / 1000 - published_s);
	else if (queue.known && queue.ready == 0)
		queue.oldest_s = 0;
	return queue;
}

bool
load_sample(struct load *load, const struct slot slots[SLOT_COUNT], enum role_id role,
	    int64_t now_ms)
{
	enum counter messages = role == ROLE_PRODUCER ? COUNTER_FRAMES_OUT : COUNTER_FRAMES_IN;
	struct load_queue queue;
	uint64_t taken, in_hand;

	if (!rate_is_due(&load->work, now_ms))
		return false;
	rate_sample(&load->work, load_total(slots, role), now_ms);
	queue = load_queue(slots, role, now_ms);
	/*
	 * What is in hand is not done, however fast it was taken. It may be more than was counted: the
	 * two are read one after the other, and a message without a body is no frame.
	 */
	taken = load_counter(slots, role, messages);
	in_hand = (uint64_t)MAX(0, queue.in_hand);
	rate_sample(&load->messages, taken - MIN(taken, in_hand), now_ms);
	if (queue.known)
		rate_sample(&load->depth, (uint64_t)(queue.ready + queue.in_hand), now_ms);
	return true;
}

unsigned
load_autoscale(struct load *load, const struct slot slots[SLOT_COUNT], enum role_id role,
	       unsigned wanted, int64_t now_ms, char *reason, size_t reason_size)
{
	struct load_queue queue = load_queue(slots, role, now_ms);
	struct autoscale_load seen = {
		.wanted = wanted,
		.ready = load_ready(slots, role),
		.waiting = queue.known ? queue.ready : -1,
		.taken_per_s = rate_per_s(&load->messages, LOAD_RATE_S),
		.growth_per_s = rate_change_per_s(&load->depth, LOAD_RATE_S),
	};

	/* What people have stopped, they start again. */
	if (load->limits.max == 0 || load->paused || wanted == 0)
		return wanted;
	return autoscale_decide(&load->autoscale, &load->limits, &seen, now_ms, reason,
				reason_size);
}
