/* SPDX-License-Identifier: MIT */
/*
 * pool.c - drives the state machines of all children.
 *
 * Every change goes through pool_feed(): it feeds one event to one child and carries out the
 * action, and what spawning leads to is fed back at once.
 */
#include "supervisor/daemon/pool.h"
#include "common/base/clock.h"
#include "common/base/log.h"
#include "supervisor/shared/human.h"
#include "supervisor/daemon/obituary.h"
#include "supervisor/daemon/rolling.h"

#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <sysexits.h>

enum {
	TICK_MS = 1000,		  /* an idle supervisor wakes up this often */
	TICK_STARTING_MS = 50,	  /* while somebody waits for a child to get ready ... */
	STARTING_FAST_MS = 10000, /* ... but not for ever: its broker may be away for hours */
	OWN_GAP_MS = 5000, /* a longer pause between two ticks means that sluiced did not run */
};

void
pool_init(struct pool *pool, const struct pool_ops *ops, void *pages)
{
	*pool = (struct pool){.ops = *ops};
	slots_init(pool->slots, pages);
}

void
pool_set_policy(struct pool *pool, const struct settings *settings)
{
	const struct supervisor_settings *s = &settings->supervisor;

	pool->policy = (struct child_policy){
		.drain_ms = s->drain_s * 1000,
		.stable_ms = s->stable_s * 1000,
		.restart_min_ms = s->restart_min_ms,
		.restart_max_ms = s->restart_max_ms,
	};
	pool->hang_ms = s->hang_s * 1000;
	for (unsigned role = 0; role < ROLE_COUNT; role++)
		load_set_limits(&pool->loads[role], (enum role_id)role, settings);
}

bool
pool_wants(const struct pool *pool, const struct slot *slot)
{
	return !pool->draining && !slot->held && slot->index < pool->wanted[slot->role];
}

bool
pool_is_held(const struct pool *pool, enum role_id role)
{
	bool held = false;

	for (unsigned i = 0; i < pool->wanted[role]; i++)
		held |= pool->slots[role_table[role].first_slot + i].held;
	return held;
}

/* --- events in, actions out --- */

/* The successor says anew how it is; what it counts goes on from where the dead one stopped. */
static void
prepare_page(struct pool *pool, const struct slot *slot, int64_t now_ms)
{
	struct status_page *page = slot->page;

	page->version = STATUS_VERSION;
	status_set_report(page, REPORT_STARTING);
	status_beat(page);
	status_set_error(page, "");
	status_set_storing(page, 0);
	status_set_in_hand(page, "");
	status_set_line(page, SUSPECT_LINE_NONE);
	if (suspects_expire(&pool->suspects[slot->role], now_ms) || slot->starts > 0)
		status_write_suspects(page, &pool->suspects[slot->role]);
	status_set_paused(page, false);
	atomic_store(&page->pause_wanted, pool->loads[slot->role].paused);
	atomic_store(&page->queue.in_hand, 0);
}

static void pool_feed(struct pool *pool, struct slot *slot, const struct child_event *event,
		      int64_t now_ms);

static const enum child_event_kind spawn_outcomes[] = {
	[SPAWN_OK] = CHILD_SPAWNED,
	[SPAWN_LATER] = CHILD_SPAWN_FAILED,
	[SPAWN_NEVER] = CHILD_CANNOT_RUN,
};

static void
pool_spawn(struct pool *pool, struct slot *slot, int64_t now_ms)
{
	enum spawn_result result;

	prepare_page(pool, slot, now_ms);
	slot->pid = 0;
	result = pool->ops.spawn(pool->ops.context, slot, &slot->pid);
	if (result == SPAWN_OK) {
		slot->starts++;
		log_info("%s (pid %ld) started", slot->name, (long)slot->pid);
	} else {
		slot->pid = 0;
	}
	pool_feed(pool, slot, &(struct child_event){.kind = spawn_outcomes[result]}, now_ms);
}

void
pool_signal(struct pool *pool, struct slot *slot, int signal_number)
{
	if (slot->pid > 0)
		pool->ops.send_signal(pool->ops.context, slot->pid, signal_number);
}

static void
pool_act(struct pool *pool, struct slot *slot, enum child_action action, int64_t now_ms)
{
	switch (action) {
	case CHILD_DO_SPAWN:
		pool_spawn(pool, slot, now_ms);
		break;
	case CHILD_DO_TERM:
		pool_signal(pool, slot, SIGTERM);
		break;
	case CHILD_DO_ABORT:
		events_add(&pool->events, EVENT_HANG, slot->name, "",
			   "no sign of life for %lld s, aborting it",
			   (long long)(pool->hang_ms / 1000));
		log_error("%s (pid %ld) hangs: no sign of life for %lld s, aborting it", slot->name,
			  (long)slot->pid, (long long)(pool->hang_ms / 1000));
		pool_signal(pool, slot, SIGABRT);
		break;
	case CHILD_DO_KILL:
		log_warning("%s (pid %ld) does not end in time: killing it", slot->name,
			    (long)slot->pid);
		pool_signal(pool, slot, SIGKILL);
		break;
	default:
		break;
	}
}

static void
pool_feed(struct pool *pool, struct slot *slot, const struct child_event *event, int64_t now_ms)
{
	pool_act(pool, slot, child_step(&slot->child, event, &pool->policy, now_ms), now_ms);
}

void
pool_step(struct pool *pool, struct slot *slot, enum child_event_kind kind)
{
	pool_feed(pool, slot, &(struct child_event){.kind = kind}, clock_mono_ms());
}

void
pool_reconcile(struct pool *pool, struct slot *slot)
{
	bool wanted = pool_wants(pool, slot);

	if (!wanted)
		slot->roll = ROLL_NONE;
	if (wanted != slot->child.wanted)
		pool_step(pool, slot, wanted ? CHILD_UP : CHILD_DOWN);
}

/* What people hold stays held. */
static void
pool_want(struct pool *pool, enum role_id role, unsigned count)
{
	assert(count <= role_table[role].max);
	pool->wanted[role] = count;
	for (unsigned i = 0; i < role_table[role].max; i++)
		pool_reconcile(pool, pool_slot(pool, role, i));
}

void
pool_scale(struct pool *pool, enum role_id role, unsigned count)
{
	for (unsigned i = 0; i < role_table[role].max; i++)
		pool_slot(pool, role, i)->held = false;
	pool_want(pool, role, count);
}

/* --- what happens by itself --- */

/* How much a death speaks against what the worker had in hand. */
static uint32_t
suspect_weight(const struct child_event *event, enum child_ending ending)
{
	/* One that hung is aborted, or killed when it does not even hear that. */
	if (ending == CHILD_ENDING_HUNG)
		return SUSPECT_WEIGHT_CRASHED;
	if (event->signal != 0)
		return event->signal == SIGKILL ? SUSPECT_WEIGHT_KILLED : SUSPECT_WEIGHT_CRASHED;
	if (event->exit_code == EX_OSERR)
		return SUSPECT_WEIGHT_FATAL;
	return event->exit_code == EX_SOFTWARE ? SUSPECT_WEIGHT_CRASHED : SUSPECT_WEIGHT_KILLED;
}

/* What the worker had in hand may have killed it: tell all that may get the same message. */
static void
note_suspect(struct pool *pool, const struct slot *slot, const struct child_event *event,
	     enum child_ending ending, int64_t now_ms)
{
	uint32_t line = atomic_load(&slot->page->in_hand_line);
	char name[SUSPECT_NAME_MAX];

	if (slot->role == ROLE_PRODUCER || line == SUSPECT_LINE_NONE ||
	    ending == CHILD_ENDING_KILLED || (event->signal == 0 && event->exit_code == 0))
		return;
	status_read_text(&slot->page->in_hand, name, sizeof(name));
	suspects_expire(&pool->suspects[slot->role], now_ms);
	suspects_note(&pool->suspects[slot->role], name, line, suspect_weight(event, ending),
		      now_ms);
	for (unsigned i = 0; i < role_table[slot->role].max; i++) {
		struct slot *other = pool_slot(pool, slot->role, i);

		if (other->starts > 0)
			status_write_suspects(other->page, &pool->suspects[slot->role]);
	}
}

/* The process that has ended never became its program: not a death, but a failed start. */
static bool
never_ran(struct pool *pool, struct slot *slot, int64_t now_ms)
{
	enum spawn_result result = SPAWN_OK;
	char error[STATUS_TEXT_MAX];

	if (slot->child.state == CHILD_STARTING && pool->ops.exec_result != NULL)
		result = pool->ops.exec_result(pool->ops.context, slot);
	if (result == SPAWN_OK)
		return false;
	slot->pid = 0;
	slot->starts--;
	status_read_text(&slot->page->last_error, error, sizeof(error));
	events_add(&pool->events, result == SPAWN_NEVER ? EVENT_FATAL : EVENT_DEATH, slot->name, "",
		   "%s", error);
	pool_feed(pool, slot, &(struct child_event){.kind = spawn_outcomes[result]}, now_ms);
	return true;
}

void
pool_reap(struct pool *pool, pid_t pid, int wait_status)
{
	struct child_event event = {.kind = CHILD_EXITED};
	int64_t now_ms = clock_mono_ms();
	struct slot *slot = NULL;
	enum child_action action;
	struct child before;

	for (unsigned i = 0; i < SLOT_COUNT && slot == NULL; i++)
		if (pool->slots[i].pid == pid)
			slot = &pool->slots[i];
	if (slot == NULL || pid <= 0 || never_ran(pool, slot, now_ms))
		return;
	if (WIFSIGNALED(wait_status))
		event.signal = WTERMSIG(wait_status);
	else
		event.exit_code = WEXITSTATUS(wait_status);
	before = slot->child;
	action = child_step(&slot->child, &event, &pool->policy, now_ms);
	/* This first: the successor's start empties the page that the obituary quotes. */
	obituary_write(slot, &event, &before, now_ms, &pool->deaths, &pool->events);
	note_suspect(pool, slot, &event, before.ending, now_ms);
	slot->pid = 0;
	pool_act(pool, slot, action, now_ms);
}

/*
 * A heartbeat only counts as old when sluiced itself was running all that time: after a pause of
 * the whole machine every page looks stale for a moment.
 */
static bool
is_hung(const struct pool *pool, const struct slot *slot, int64_t now_ms)
{
	int64_t alive_ms = atomic_load_explicit(&slot->page->heartbeat_ms, memory_order_relaxed);

	return MAX(alive_ms, pool->awake_since_ms) < now_ms - pool->hang_ms;
}

/*
 * Its start empties the page of a child that has died, and a death is an event of its own: only
 * what a process says of itself counts, and that all is well only when it is ready.
 */
static void
tick_trouble(struct pool *pool, struct slot *slot, int64_t now_ms)
{
	struct trouble *trouble = &slot->trouble;
	char error[STATUS_TEXT_MAX], lasted[32];

	if (slot->pid == 0)
		return;
	slot_read_error(slot, now_ms, error, sizeof(error));
	if (error[0] != '\0') {
		if (trouble_begins(trouble, error, now_ms))
			events_add(&pool->events, EVENT_TROUBLE, slot->name, "", "%s", error);
	} else if (slot_is_ready(slot) && trouble_ends(trouble, now_ms)) {
		human_duration(now_ms - trouble->alert.told_ms, lasted, sizeof(lasted));
		events_add(&pool->events, EVENT_MENDED, slot->name, "", "after %s: %s", lasted,
			   trouble->text);
	}
}

static void
tick_slot(struct pool *pool, struct slot *slot, int64_t now_ms)
{
	uint32_t report;

	/* A page that nobody has used costs no memory as long as nobody looks at it. */
	if (slot->starts == 0 && slot->child.state == CHILD_STOPPED)
		return;
	report = atomic_load(&slot->page->report);
	rate_sample(&slot->rate, slot_total(slot), now_ms);
	if (slot->child.state == CHILD_STARTING &&
	    (report == REPORT_READY || report == REPORT_WAITING)) {
		log_info("%s (pid %ld) is ready", slot->name, (long)slot->pid);
		events_add(&pool->events, EVENT_READY, slot->name, "",
			   "pid %ld, %.1f s after its start", (long)slot->pid,
			   (double)(now_ms - slot->child.started_ms) / 1000);
		pool_feed(pool, slot, &(struct child_event){.kind = CHILD_READY}, now_ms);
	}
	tick_trouble(pool, slot, now_ms);
	if (slot->pid > 0 && is_hung(pool, slot, now_ms))
		pool_feed(pool, slot, &(struct child_event){.kind = CHILD_HUNG}, now_ms);
	if (now_ms >= slot->child.deadline_ms)
		pool_feed(pool, slot, &(struct child_event){.kind = CHILD_TIMER}, now_ms);
}

/* A share of rejected lines that is too large, and its end, are told. */
static void
tick_rejects(struct pool *pool, enum role_id role, int64_t now_ms)
{
	struct rejects *rejects = &pool->loads[role].rejects;
	struct rejects_totals totals = load_rejects_totals(pool->slots, role);
	const char *name = role_table[role].name;
	struct rejects_view view;
	char text[160], lasted[32];

	if (!rejects_sample(rejects, &totals, now_ms))
		return;
	view = rejects_view(rejects, &totals, now_ms);
	human_duration(rejects->limits.window_ms, lasted, sizeof(lasted));
	snprintf(text, sizeof(text), "%.3g %% of the lines of the last %s are dead letters",
		 view.percent, lasted);
	if (rejects->state == REJECTS_OK) {
		human_duration(now_ms - rejects->since_ms, lasted, sizeof(lasted));
		log_info("%s: after %s: %s", name, lasted, text);
		events_add(&pool->events, EVENT_MENDED, name, "", "after %s: %s", lasted, text);
		return;
	}
	log_warning("%s: %s: %s, most for %s", name, rejects_state_name(rejects->state), text,
		    reason_name(view.reason));
	events_add(&pool->events, EVENT_REJECTING, name, "", "%s: %s, most for %s",
		   rejects_state_name(rejects->state), text, reason_name(view.reason));
}

static void
tick_role(struct pool *pool, enum role_id role, int64_t now_ms)
{
	const char *name = role_table[role].name;
	char reason[160] = "";
	unsigned to;

	if (!load_sample(&pool->loads[role], pool->slots, role, now_ms) || pool->draining)
		return;
	if (role_table[role].queue != NULL)
		tick_rejects(pool, role, now_ms);
	to = load_autoscale(&pool->loads[role], pool->slots, role, pool->wanted[role], now_ms,
			    reason, sizeof(reason));
	if (to == pool->wanted[role])
		return;
	log_info("autoscale %s: %u -> %u: %s", name, pool->wanted[role], to, reason);
	events_add(&pool->events, EVENT_AUTOSCALE, name, "autoscale", "%u -> %u: %s",
		   pool->wanted[role], to, reason);
	pool_want(pool, role, to);
}

void
pool_tick(struct pool *pool, int64_t now_ms)
{
	struct slot *next;

	if (now_ms - pool->last_tick_ms > OWN_GAP_MS)
		pool->awake_since_ms = now_ms;
	pool->last_tick_ms = now_ms;
	for (unsigned i = 0; i < SLOT_COUNT; i++)
		tick_slot(pool, &pool->slots[i], now_ms);
	next = rolling_next(pool->slots);
	if (next != NULL)
		pool_step(pool, next, CHILD_RESTART);
	for (unsigned i = 0; i < ROLE_COUNT; i++)
		tick_role(pool, (enum role_id)i, now_ms);
}

int64_t
pool_timeout_ms(const struct pool *pool, int64_t now_ms)
{
	int64_t timeout_ms = TICK_MS;

	for (unsigned i = 0; i < SLOT_COUNT; i++) {
		const struct child *child = &pool->slots[i].child;

		if (child->state == CHILD_STARTING && now_ms - child->started_ms < STARTING_FAST_MS)
			timeout_ms = MIN(timeout_ms, TICK_STARTING_MS);
		if (child->deadline_ms != CHILD_NO_DEADLINE)
			timeout_ms = MIN(timeout_ms, MAX(0, child->deadline_ms - now_ms));
	}
	return timeout_ms;
}

void
pool_drain(struct pool *pool)
{
	pool->draining = true;
	for (unsigned i = 0; i < SLOT_COUNT; i++)
		pool_reconcile(pool, &pool->slots[i]);
}

void
pool_kill(struct pool *pool)
{
	pool->draining = true;
	for (unsigned i = 0; i < SLOT_COUNT; i++) {
		pool->slots[i].roll = ROLL_NONE;
		pool_step(pool, &pool->slots[i], CHILD_NOW);
	}
}

bool
pool_is_empty(const struct pool *pool)
{
	for (unsigned i = 0; i < SLOT_COUNT; i++)
		if (child_is_alive(&pool->slots[i].child))
			return false;
	return true;
}
