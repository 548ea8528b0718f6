/* SPDX-License-Identifier: MIT */
/*
 * input_set.c - the open files: whose turn it is, what has changed, what has ended.
 */
#include "producer/input_set.h"
#include "common/base/clock.h"
#include "common/base/log.h"
#include "common/base/xalloc.h"

#include <stdlib.h>

/* --- the list --- */

void
input_set_add(struct input_set *set, struct log_file *file)
{
	if (set->count == set->room) {
		set->room = MAX(16, set->room * 2);
		set->files = xreallocarray(set->files, set->room, sizeof(struct log_file *));
	}
	set->files[set->count++] = file;
	if (!set->once && file->watch < 0)
		file->watch = file_watch_add_file(&set->watch, file->fd);
	file->finish = set->once;
	set->changed = true;
}

void
input_set_open(struct input_set *set, const struct settings *settings,
	       struct checkpoint *checkpoint, bool once)
{
	*set = (struct input_set){
		.settings = settings,
		.once = once,
		.retained = *checkpoint,
		.watch = {.fd = -1},
		.quiet_ms = INPUT_QUIET_MS,
	};
	*checkpoint = (struct checkpoint){0};
	if (!once)
		file_watch_open(&set->watch);
	input_scan(set);
	input_rotated_resume(set);
	set->scanned = true;
	set->last_scan_ms = clock_mono_ms();
	set->next_scan_ms = set->last_scan_ms + INPUT_SCAN_MS;
	set->next_poll_ms = set->last_scan_ms + INPUT_POLL_MS;
}

void
input_set_close(struct input_set *set)
{
	for (size_t i = 0; i < set->count; i++) {
		set->files[i]->track.frames = 0; /* the window is gone too */
		log_file_free(&set->files[i]);
	}
	free(set->files);
	input_scan_clear(set);
	checkpoint_clear(&set->retained);
	file_watch_close(&set->watch);
	*set = (struct input_set){.watch = {.fd = -1}};
}

int
input_set_fd(const struct input_set *set)
{
	return set->watch.fd;
}

int64_t
input_set_due_ms(const struct input_set *set)
{
	int64_t due_ms = set->next_poll_ms;

	if (!set->once)
		due_ms = MIN(due_ms, set->next_scan_ms);
	if (set->scan_again)
		due_ms = MIN(due_ms, set->last_scan_ms + 20 * set->scan_cost_ms);
	return due_ms;
}

bool
input_set_all_ended(const struct input_set *set)
{
	for (size_t i = 0; i < set->count; i++)
		if (set->files[i]->state != LOG_FILE_ENDED)
			return false;
	return true;
}

struct log_file *
input_set_next_ready(struct input_set *set)
{
	for (size_t tries = 0; tries < set->count; tries++) {
		struct log_file *file = set->files[set->turn % set->count];

		set->turn = (set->turn + 1) % set->count;
		if (file->ready && file->state != LOG_FILE_ENDED)
			return file;
	}
	return NULL;
}

bool
input_set_has_ready(const struct input_set *set)
{
	for (size_t i = 0; i < set->count; i++)
		if (set->files[i]->ready && set->files[i]->state != LOG_FILE_ENDED)
			return true;
	return false;
}

int64_t
input_set_bytes_left(const struct input_set *set)
{
	int64_t left = 0;

	for (size_t i = 0; i < set->count; i++)
		if (set->files[i]->state != LOG_FILE_ENDED)
			left += MAX(0, set->files[i]->size - set->files[i]->next);
	return left;
}

void
input_set_replaced(struct input_set *set, struct log_file *file)
{
	struct log_file *successor = log_file_succeed(file);

	if (successor != NULL)
		input_set_add(set, successor);
}

/* --- what goes on --- */

static void
on_file_changed(void *context, int number)
{
	struct input_set *set = context;

	for (size_t i = 0; i < set->count; i++) {
		if (set->files[i]->watch != number)
			continue;
		set->files[i]->ready = true;
		set->files[i]->quiet_since_ms = clock_mono_ms();
		return;
	}
}

static void
poll_files(struct input_set *set, int64_t now_ms)
{
	/* A successor is added at the end and needs no look now. */
	for (size_t i = 0, count = set->count; i < count; i++) {
		struct log_file *file = set->files[i];

		if (file->state == LOG_FILE_ENDED)
			continue;
		if (log_file_poll(file) != 0) {
			input_set_replaced(set, file);
			continue;
		}
		if (file->state == LOG_FILE_ROTATED && !file->finish &&
		    now_ms - file->quiet_since_ms >= set->quiet_ms) {
			file->finish = true;
			file->ready = true;
		}
	}
}

/* Of a file and its successors on the same inode, only the newest generation counts. */
static bool
has_successor(const struct input_set *set, const struct log_file *file)
{
	if (file->state != LOG_FILE_ENDED)
		return false;
	for (size_t i = 0; i < set->count; i++)
		if (set->files[i]->identity.generation > file->identity.generation &&
		    file_identity_same(&set->files[i]->identity, &file->identity))
			return true;
	return false;
}

/* Files that have ended and have nothing on its way any more become entries to be remembered. */
static void
let_go(struct input_set *set)
{
	for (size_t i = set->count; i-- > 0;) {
		struct log_file *file = set->files[i];

		if (file->state != LOG_FILE_ENDED || file->track.frames > 0 || file->in_buffer ||
		    file->verified.offset < file->track.confirmed)
			continue;
		if (!has_successor(set, file)) {
			struct checkpoint_entry entry = log_file_entry(file);

			entry.gone_s = clock_wall_ms() / 1000;
			checkpoint_add(&set->retained, &entry);
			log_info("%s is read to its end, byte %lld", file->path,
				 (long long)entry.offset);
		}
		file_watch_remove(&set->watch, file->watch);
		log_file_free(&set->files[i]);
		set->files[i] = set->files[--set->count];
		set->changed = true;
	}
}

void
input_set_turn(struct input_set *set, int64_t now_ms)
{
	if (file_watch_take(&set->watch, on_file_changed, set))
		set->scan_again = true;
	if (now_ms >= set->next_poll_ms) {
		poll_files(set, now_ms);
		set->next_poll_ms = now_ms + INPUT_POLL_MS;
	}
	if (set->once)
		return;
	let_go(set);
	/* A busy folder must not keep us looking through it all the time. */
	if (now_ms >= set->next_scan_ms ||
	    (set->scan_again && now_ms - set->last_scan_ms >= 20 * set->scan_cost_ms)) {
		set->scan_again = false;
		input_scan(set);
		set->scan_cost_ms = clock_mono_ms() - now_ms;
		set->last_scan_ms = now_ms;
		set->next_scan_ms = now_ms + INPUT_SCAN_MS;
	}
}

void
input_set_asked(struct input_set *set)
{
	for (size_t i = 0; i < set->count; i++)
		log_file_asked(set->files[i]);
}

void
input_set_verified(struct input_set *set)
{
	for (size_t i = 0; i < set->count; i++) {
		struct log_file *file = set->files[i];

		set->changed = set->changed || file->asked.offset != file->verified.offset;
		log_file_verified(file);
	}
}

void
input_set_rewind(struct input_set *set)
{
	for (size_t i = 0; i < set->count; i++) {
		struct log_file *file = set->files[i];
		long long from = file->verified.offset, to = file->track.confirmed;

		file->track.frames = 0; /* the window was emptied */
		if (from < to && has_successor(set, file))
			log_error("%s: bytes %lld to %lld may have reached only one queue, and the "
				  "file was truncated or overwritten since: they cannot be sent "
				  "again",
				  file->path, from, to);
		else if (log_file_rewind(file) > 0)
			log_warning("%s: bytes %lld to %lld may have reached only one queue: they "
				    "are sent again",
				    file->path, from, to);
	}
	set->changed = true;
}

void
input_set_checkpoint(struct input_set *set, struct checkpoint *checkpoint)
{
	int64_t now_s = clock_wall_ms() / 1000;

	checkpoint_expire(&set->retained, now_s - INPUT_KEEP_GONE_S, INPUT_KEEP_GONE);
	checkpoint_reset(checkpoint);
	for (size_t i = 0; i < set->retained.count; i++)
		checkpoint_add(checkpoint, &set->retained.entries[i]);
	for (size_t i = 0; i < set->count; i++) {
		struct checkpoint_entry entry = log_file_entry(set->files[i]);

		if (!has_successor(set, set->files[i]))
			checkpoint_add(checkpoint, &entry);
	}
	set->changed = false;
}
