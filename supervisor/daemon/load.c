/* SPDX-License-Identifier: MIT */
/*
 * load.c - what a role has to do.
 *
 * sluiced talks to no network: the depth of a queue comes from the workers that empty it.
 */
#include "supervisor/daemon/load.h"
#include "common/base/clock.h"
#include "common/base/log.h"

enum {
	FRESH_MS = 15000, /* an older look at a queue says nothing about now */
};

uint64_t
load_counter(const struct pool *pool, enum role_id role, enum counter counter)
{
	uint64_t total = 0;

	for (unsigned i = 0; i < role_table[role].max; i++) {
		const struct slot *slot = &pool->slots[role_table[role].first_slot + i];

		if (slot->starts > 0) /* else its page is untouched, and shall not cost memory */
			total += status_counter(slot->page, counter);
	}
	return total;
}

uint64_t
load_rejected(const struct pool *pool, enum role_id role, enum reason reason)
{
	uint64_t total = 0;

	for (unsigned i = 0; i < role_table[role].max; i++) {
		const struct slot *slot = &pool->slots[role_table[role].first_slot + i];

		if (slot->starts > 0)
			total += atomic_load_explicit(&slot->page->rejected[reason],
						      memory_order_relaxed);
	}
	return total;
}

struct histogram_sum
load_histogram(const struct pool *pool, enum role_id role, enum histogram_kind kind)
{
	struct histogram_sum sum = {.sum_ms = 0};

	for (unsigned i = 0; i < role_table[role].max; i++) {
		const struct slot *slot = &pool->slots[role_table[role].first_slot + i];

		if (slot->starts > 0)
			histogram_collect(&slot->page->histograms[kind], &sum);
	}
	return sum;
}

struct role_queue
pool_queue(const struct pool *pool, enum role_id role, int64_t now_ms)
{
	struct role_queue queue = {.oldest_s = -1};
	int64_t newest_ms = 0, published_s = 0;

	for (unsigned i = 0; i < role_table[role].max && role_table[role].queue != NULL; i++) {
		const struct slot *slot = &pool->slots[role_table[role].first_slot + i];
		const struct queue_report *report = &slot->page->queue;
		int64_t at_ms;

		if (slot->pid == 0)
			continue;
		at_ms = atomic_load(&report->at_ms);
		queue.in_hand += atomic_load(&report->in_hand);
		if (atomic_load(&report->in_hand) > 0)
			published_s = MAX(published_s, atomic_load(&report->published_s));
		if (at_ms == 0 || now_ms - at_ms > FRESH_MS || at_ms <= newest_ms)
			continue;
		newest_ms = at_ms;
		queue.known = true;
		queue.ready = atomic_load(&report->ready);
		queue.consumers = atomic_load(&report->consumers);
		queue.dead = atomic_load(&report->dead);
	}
	if (published_s > 0)
		queue.oldest_s = MAX(0, clock_wall_ms() / 1000 - published_s);
	else if (queue.known && queue.ready == 0)
		queue.oldest_s = 0;
	return queue;
}

static unsigned
ready_count(const struct pool *pool, enum role_id role)
{
	unsigned ready = 0;

	for (unsigned i = 0; i < pool->wanted[role]; i++)
		ready += slot_is_ready(&pool->slots[role_table[role].first_slot + i]);
	return ready;
}

static void
autoscale(struct pool *pool, enum role_id role, const struct role_queue *queue, int64_t now_ms)
{
	struct role_load *load = &pool->loads[role];
	struct autoscale_load seen = {
		.wanted = pool->wanted[role],
		.ready = ready_count(pool, role),
		.waiting = queue->known ? queue->ready : -1,
		.taken_per_s = rate_per_s(&load->messages, LOAD_RATE_S),
		.growth_per_s = rate_change_per_s(&load->depth, LOAD_RATE_S),
	};
	char reason[160] = "";
	unsigned to;

	/* What people have stopped, they start again. */
	if (load->limits.max == 0 || load->paused || pool->draining || seen.wanted == 0)
		return;
	to = autoscale_decide(&load->autoscale, &load->limits, &seen, now_ms, reason,
			      sizeof(reason));
	if (to == seen.wanted)
		return;
	log_info("autoscale %s: %u -> %u: %s", role_table[role].name, seen.wanted, to, reason);
	events_add(&pool->events, EVENT_AUTOSCALE, role_table[role].name, "autoscale",
		   "%u -> %u: %s", seen.wanted, to, reason);
	pool_want(pool, role, to);
}

void
load_look(struct pool *pool, enum role_id role, int64_t now_ms)
{
	struct role_load *load = &pool->loads[role];
	struct role_queue queue;
	uint64_t total = 0;

	if (!rate_is_due(&load->work, now_ms))
		return;
	for (unsigned i = 0; i < role_table[role].max; i++) {
		const struct slot *slot = pool_slot(pool, role, i);

		total += slot->starts > 0 ? role_total(role, slot->page) : 0;
	}
	rate_sample(&load->work, total, now_ms);
	rate_sample(&load->messages,
		    load_counter(pool, role,
				 role == ROLE_PRODUCER ? COUNTER_FRAMES_OUT : COUNTER_FRAMES_IN),
		    now_ms);
	queue = pool_queue(pool, role, now_ms);
	if (queue.known)
		rate_sample(&load->depth, (uint64_t)queue.ready, now_ms);
	autoscale(pool, role, &queue, now_ms);
}
